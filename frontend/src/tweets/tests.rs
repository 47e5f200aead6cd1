//! Tweets for tests. Owns: a clock and items to vary. Must not know: what is tested. Invariant: every
//! call gives the same.

use shared::api::{Beside, Bounds, FollowersAfter, TweetItem, TweetKind, Usual};
use shared::id::TweetId;
use shared::time::UnixMs;

/// 2026-11-21T10:30Z.
pub(crate) fn now() -> UnixMs {
    UnixMs::parse("2026-11-21T10:30:00Z").unwrap_or_default()
}

/// 12 came (8 to 15), 2 left; 3 to 7 are usual.
pub(crate) fn followers_after() -> FollowersAfter {
    FollowersAfter {
        came: 12,
        left: 2,
        came_range: Bounds { low: 8, high: 15 },
        left_range: Bounds { low: 2, high: 2 },
        complete: true,
        usual: Some(Usual { low: 2.6, mid: 4.0, high: 7.4, weeks: 8 }),
        usual_left: None,
        beside: Beside::More,
    }
}

/// A tweet of yesterday noon with 12,431 impressions.
pub(crate) fn item() -> TweetItem {
    TweetItem {
        id: TweetId(7),
        text: Some("Tea first,\n\neverything else later".to_owned()),
        created_at: UnixMs::parse("2026-11-20T12:00:00Z"),
        kind: TweetKind::Tweet,
        lang: Some("en".to_owned()),
        promoted: false,
        deleted_at: None,
        read_at: Some(now()),
        private_until: None,
        metrics: [("public.impression_count".to_owned(), 12_431)].into(),
        growth: [("public.impression_count".to_owned(), 1_204)].into(),
        sparkline_metric: "public.impression_count".to_owned(),
        sparkline: vec![Some(0), Some(800), Some(404)],
        followers_after: Some(followers_after()),
    }
}
