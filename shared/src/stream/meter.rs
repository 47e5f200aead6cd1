//! What streaming costs. Owns: tweets and dollars of this session and this month, how many more
//! may be read, which ids came before. Must not know: who grants money. Invariant: no more posts
//! are granted at a time than each cap leaves.
//!
//! X bills a tweet once a UTC day, however often it is delivered.

mod seen;

pub use seen::{SEEN_MAX, Seen, SeenIds};

use crate::api;
use crate::budget::{Resource, micro, price, usd};
use crate::time::{SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// Tweets granted at a time: 2 s of the fastest stream self-serve gives (250 a second), so that
/// a cap is passed by few, and the budget is asked seldom.
pub const LEASE_POSTS: u64 = 500;
/// The span of [`Rate`].
const RATE_SECONDS: usize = 10;

/// Dollars of one tweet.
pub fn post_usd() -> f64 {
    usd(price(Resource::Post))
}

/// The owner's caps, micro-dollars; none for no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Since the stream was switched on.
    pub session: Option<u64>,
    /// Within a UTC month.
    pub month: Option<u64>,
}

impl Caps {
    /// Those of the settings.
    pub fn of(settings: &api::StreamSettings) -> Self {
        Self {
            session: settings.session_cap_usd.map(micro),
            month: settings.month_cap_usd.map(micro),
        }
    }
}

/// How many more tweets may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// So many; then ask again.
    Posts(u64),
    /// None.
    Full {
        /// The numbers, and what to do.
        why: String,
        /// When there is room again whatever the owner does.
        until: Option<UnixMs>,
    },
}

/// Billed tweets, kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posts {
    session: u64,
    /// The UTC month that `in_month` is of.
    month: String,
    in_month: u64,
}

impl Posts {
    /// The stream was switched on.
    pub fn begin_session(&mut self) {
        self.session = 0;
    }

    /// So many tweets were billed.
    pub fn read(&mut self, now: UnixMs, billed: u64) {
        let month = now.utc_month();
        if self.month != month {
            self.month = month;
            self.in_month = 0;
        }
        self.session = self.session.saturating_add(billed);
        self.in_month = self.in_month.saturating_add(billed);
    }

    fn this_month(&self, now: UnixMs) -> u64 {
        if self.month == now.utc_month() { self.in_month } else { 0 }
    }

    /// How many more may be read, at most [`LEASE_POSTS`] at a time.
    pub fn room(&self, caps: Caps, now: UnixMs) -> Room {
        let again =
            "Switch the stream on again for another session, or raise the cap of a session.";
        let wait = "Raise the cap of a month, or wait for the next UTC month: then it goes on.";
        let next_month = now.next_utc_month();
        let of = [
            ("this session", self.session, caps.session, again, None),
            ("this month", self.this_month(now), caps.month, wait, Some(next_month)),
        ];
        let mut room = LEASE_POSTS;
        for (span, posts, cap, advice, until) in of {
            let Some(cap) = cap else { continue };
            let spent = cost(posts);
            let left = cap.saturating_sub(spent) / price(Resource::Post);
            if left == 0 {
                let (spent, cap) = (usd(spent), usd(cap));
                let why = format!("${spent:.2} of {span}'s ${cap:.2} is spent. {advice}");
                return Room::Full { why, until };
            }
            room = room.min(left);
        }
        Room::Posts(room)
    }

    /// For `GET /stream`.
    pub fn view(&self, rate: &Rate, now: UnixMs) -> api::Meter {
        let month = self.this_month(now);
        api::Meter {
            session_posts: self.session,
            session_usd: usd(cost(self.session)),
            month_posts: month,
            month_usd: usd(cost(month)),
            rate: rate.per_second(now),
        }
    }
}

fn cost(posts: u64) -> u64 {
    posts.saturating_mul(price(Resource::Post))
}

/// Tweets of the last ten seconds, by second.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    /// By second modulo the length.
    seconds: [u32; RATE_SECONDS],
    /// The newest second counted.
    at: i64,
}

impl Rate {
    /// So many came.
    pub fn count(&mut self, now: UnixMs, posts: u32) {
        let second = now.0.div_euclid(SECOND_MS);
        self.turn(second);
        if let Some(slot) = self.seconds.get_mut(slot(second)) {
            *slot = slot.saturating_add(posts);
        }
    }

    /// Tweets a second over the ten seconds that end with this one.
    pub fn per_second(&self, now: UnixMs) -> f64 {
        let mut rate = self.clone();
        rate.turn(now.0.div_euclid(SECOND_MS));
        let sum: f64 = rate.seconds.iter().copied().map(f64::from).sum();
        sum / 10.0
    }

    /// Empties the seconds that have gone by.
    fn turn(&mut self, second: i64) {
        let passed = second.saturating_sub(self.at).clamp(0, 10);
        for back in 0..passed {
            if let Some(slot) = self.seconds.get_mut(slot(second - back)) {
                *slot = 0;
            }
        }
        self.at = self.at.max(second);
    }
}

fn slot(second: i64) -> usize {
    usize::try_from(second.rem_euclid(10)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "tenths of small numbers are exact")]

    use super::*;
    use crate::time::DAY_MS;

    const NOW: UnixMs = UnixMs(1_763_712_000_000); // 2025-11-21T08:00:00Z

    fn caps(session: Option<f64>, month: Option<f64>) -> Caps {
        Caps { session: session.map(micro), month: month.map(micro) }
    }

    /// After so many tweets of this session and so many of the month before it.
    #[track_caller]
    fn check(session: u64, earlier: u64, caps: Caps, expected: Result<u64, &str>) {
        let mut posts = Posts::default();
        posts.read(NOW, earlier);
        posts.begin_session();
        posts.read(NOW, session);
        match (posts.room(caps, NOW), expected) {
            (Room::Posts(room), Ok(expected)) => assert_eq!(room, expected),
            (Room::Full { why, until }, Err(expected)) => {
                assert!(why.starts_with(expected), "{why}");
                let december = UnixMs::parse("2025-12-01T00:00:00Z");
                assert_eq!(until, december.filter(|_| expected.contains("month")));
            }
            (room, _) => panic!("{room:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_cap_leaves_room_until_it_is_spent() {
        check(0, 0, caps(None, None), Ok(500));
        check(0, 0, caps(Some(1.0), Some(5.0)), Ok(200));
        check(199, 0, caps(Some(1.0), Some(5.0)), Ok(1));
        check(200, 0, caps(Some(1.0), None), Err("$1.00 of this session's $1.00 is spent. Switch"));
        check(230, 0, caps(Some(1.0), None), Err("$1.15 of this session's $1.00 is spent"));
        check(10, 985, caps(Some(1.0), Some(5.0)), Ok(5));
        check(10, 990, caps(Some(1.0), Some(5.0)), Err("$5.00 of this month's $5.00 is spent"));
        check(0, 0, caps(Some(0.0), None), Err("$0.00 of this session's $0.00"));
        check(0, 0, caps(Some(0.004), None), Err("$0.00 of this session's $0.00"));
    }

    #[test]
    fn a_new_month_has_new_room_and_a_session_goes_on() {
        let mut posts = Posts::default();
        posts.read(NOW, 1_000);
        let december = NOW.plus(10 * DAY_MS);
        assert_eq!(posts.room(caps(None, Some(5.0)), december), Room::Posts(500));
        posts.read(december, 3);
        let kept = serde_json::to_string(&posts).unwrap();
        let view = serde_json::from_str::<Posts>(&kept).unwrap().view(&Rate::default(), december);
        assert_eq!((view.session_posts, view.session_usd), (1_003, 5.015));
        assert_eq!((view.month_posts, view.month_usd, view.rate), (3, 0.015, 0.0));
    }

    #[test]
    fn the_rate_is_of_ten_seconds() {
        let mut rate = Rate::default();
        for second in 0..20 {
            rate.count(NOW.plus(second * 1_000), 7);
        }
        let at = |second: i64| rate.per_second(NOW.plus(second * 1_000));
        assert_eq!(
            [at(19), at(20), at(24), at(28), at(29), at(500)],
            [7.0, 6.3, 3.5, 0.7, 0.0, 0.0]
        );
        let mut late = rate.clone();
        late.count(NOW.plus(15_000), 3);
        assert_eq!(late.per_second(NOW.plus(19_000)), 7.3, "a clock may step back");
    }
}
