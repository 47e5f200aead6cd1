//! A period's tweets in four numbers. Owns: what counts as an engagement, and the rate. Must not
//! know: where totals come from. Invariant: what was not observed is not zero, and nothing is
//! divided by it.

use crate::api::TweetTotals;

/// The metrics to ask totals for: impressions, then every engagement that X counts in public.
pub const METRICS: [&str; 6] = [
    "public.impression_count",
    "public.like_count",
    "public.retweet_count",
    "public.reply_count",
    "public.quote_count",
    "public.bookmark_count",
];

/// A period's tweets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many were written.
    pub written: u64,
    /// What all tweets gained; `None`: none was read.
    pub impressions: Option<i64>,
    /// Likes, reposts, replies, quotes and bookmarks gained; `None`: none was read.
    pub engagements: Option<i64>,
}

impl Summary {
    /// Adds up totals of any metrics; those of [`METRICS`] are taken.
    pub fn of(totals: &TweetTotals) -> Self {
        let sum = |wanted: &[&str]| {
            let mut sum = None;
            for point in &totals.points {
                for (name, grew) in totals.metrics.iter().zip(&point.growth) {
                    if let (true, Some(grew)) = (wanted.contains(&name.as_str()), grew) {
                        sum = Some(sum.unwrap_or(0_i64).saturating_add(*grew));
                    }
                }
            }
            sum
        };
        let [impressions, engagements @ ..] = METRICS;
        Self {
            written: totals.points.iter().map(|point| point.written).sum(),
            impressions: sum(&[impressions]),
            engagements: sum(&engagements),
        }
    }

    /// Engagements for each impression, 0 to 1 and seldom above; `None` without an impression, or
    /// where X corrected one of the two below 0.
    #[allow(clippy::cast_precision_loss, reason = "a share of two counts, shown with two digits")]
    pub fn rate(&self) -> Option<f64> {
        let (impressions, engagements) = (self.impressions?, self.engagements?);
        (impressions > 0 && engagements >= 0).then(|| engagements as f64 / impressions as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Interval, TweetTotal};
    use crate::time::UnixMs;

    #[track_caller]
    fn check(points: &[(u64, [Option<i64>; 3])], expected: Summary, rate: Option<f64>) {
        let point = |(written, growth): &(u64, [Option<i64>; 3])| TweetTotal {
            at: UnixMs(0),
            written: *written,
            read: 1,
            growth: growth.to_vec(),
            partial: false,
        };
        let metrics = ["public.like_count", "public.impression_count", "public.url_clicks"];
        let totals = TweetTotals {
            tz: "UTC".to_owned(),
            interval: Interval::Day,
            metrics: metrics.map(str::to_owned).to_vec(),
            points: points.iter().map(point).collect(),
        };
        let summary = Summary::of(&totals);
        assert_eq!((summary, summary.rate()), (expected, rate));
    }

    #[test]
    fn a_period_is_its_points_together() {
        check(&[], Summary::default(), None);
        let unread = Summary { written: 2, ..Summary::default() };
        check(&[(2, [None, None, None])], unread, None);
        let both = Summary { written: 3, impressions: Some(200), engagements: Some(10) };
        check(
            &[(1, [Some(4), Some(50), Some(9)]), (2, [Some(6), Some(150), None]), (0, [None; 3])],
            both,
            Some(0.05),
        );
    }

    #[test]
    fn no_rate_is_made_of_nothing_or_of_a_correction() {
        let of = |impressions, engagements| Summary {
            written: 0,
            impressions: Some(impressions),
            engagements: Some(engagements),
        };
        check(&[(0, [Some(1), Some(0), None])], of(0, 1), None);
        check(&[(0, [Some(-1), Some(9), None])], of(9, -1), None);
        check(&[(0, [Some(0), Some(9), None])], of(9, 0), Some(0.0));
    }
}
