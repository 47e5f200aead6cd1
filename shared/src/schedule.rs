//! What an account's schedule calls for. Owns: when a check or a count is due, and what a
//! schedule costs. Must not know: cron, alarms, or why something failed. Invariant: nothing is
//! due twice for one UTC day (daily, count only) or within 55 minutes (hourly), and a count is
//! never due when a check is: a check counts too.

use crate::api::Schedule;
use crate::time::{DAY_MS, MINUTE_MS, UnixMs};

/// Cron ticks hourly but not on the second: an hour less five minutes has always passed.
const HOURLY_MS: i64 = 55 * MINUTE_MS;
/// A month's price is that of 30 days.
const DAYS: u64 = 30;

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountClock {
    /// The owner's choice.
    pub schedule: Schedule,
    /// When X's own count was last read.
    pub last_count: Option<UnixMs>,
    /// When a full check last began, however it ended.
    pub last_crawl: Option<UnixMs>,
    /// A check is under way.
    pub crawling: bool,
    /// Nothing goes on before the owner does something.
    pub stopped: bool,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// A full check.
    pub crawl: bool,
    /// A read of X's own count.
    pub count: bool,
}

/// What is due now.
pub fn due(clock: &AccountClock, now: UnixMs) -> Due {
    let reached = next(clock, now).is_some_and(|at| at <= now);
    match clock.schedule {
        Schedule::CountOnly => Due { crawl: false, count: reached },
        _ => Due { crawl: reached, count: false },
    }
}

/// When something is due next: `now` if it is; none if nothing will be by itself.
pub fn next(clock: &AccountClock, now: UnixMs) -> Option<UnixMs> {
    if clock.crawling || clock.stopped {
        return None;
    }
    let after = |last: Option<UnixMs>, at: fn(UnixMs) -> UnixMs| {
        // An instant in the future comes of a clock put back; it must not stop everything.
        last.filter(|&last| last <= now).map_or(now, |last| at(last).max(now))
    };
    match clock.schedule {
        Schedule::CountOnly => Some(after(clock.last_count, next_utc_day)),
        Schedule::Daily => Some(after(clock.last_crawl, next_utc_day)),
        Schedule::Hourly => Some(after(clock.last_crawl, |last| last.plus(HOURLY_MS))),
        Schedule::Manual => None,
    }
}

fn next_utc_day(last: UnixMs) -> UnixMs {
    UnixMs((last.utc_day() + 1) * DAY_MS)
}

/// What 30 days of a schedule cost, micro-dollars, at so many followers. X bills a follower or
/// a profile once a UTC day however often it is read, so that hourly costs what daily does.
pub fn monthly_estimate(
    schedule: Schedule,
    followers: u64,
    follower_price: u64,
    profile_price: u64,
) -> u64 {
    let a_day = match schedule {
        Schedule::CountOnly => profile_price,
        Schedule::Daily | Schedule::Hourly => {
            followers.saturating_mul(follower_price).saturating_add(profile_price)
        }
        Schedule::Manual => 0,
    };
    a_day.saturating_mul(DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_MS;

    /// Noon of some UTC day.
    const NOON: UnixMs = UnixMs(20_000 * DAY_MS + DAY_MS / 2);

    fn clock(schedule: Schedule, last_hours_ago: Option<i64>) -> AccountClock {
        let last = last_hours_ago.map(|hours| NOON.plus(-hours * HOUR_MS));
        let (last_count, last_crawl) = match schedule {
            Schedule::CountOnly => (last, None),
            _ => (None, last),
        };
        AccountClock { schedule, last_count, last_crawl, crawling: false, stopped: false }
    }

    /// `crawl`, `count`, or in how many hours something is due next.
    fn word(clock: &AccountClock) -> String {
        match (due(clock, NOON), next(clock, NOON)) {
            (Due { crawl: true, count: false }, Some(NOON)) => "crawl".into(),
            (Due { crawl: false, count: true }, Some(NOON)) => "count".into(),
            (Due { crawl: false, count: false }, Some(at)) => {
                format!("in {} min", at.since(NOON) / MINUTE_MS)
            }
            (Due { crawl: false, count: false }, None) => "never".into(),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(schedule: Schedule, last_hours_ago: Option<i64>, expected: &str) {
        let clock = clock(schedule, last_hours_ago);
        assert_eq!(word(&clock), expected);
        assert_eq!(word(&AccountClock { crawling: true, ..clock }), "never");
        assert_eq!(word(&AccountClock { stopped: true, ..clock }), "never");
    }

    #[test]
    fn count_only_reads_one_count_per_utc_day() {
        check(Schedule::CountOnly, None, "count");
        check(Schedule::CountOnly, Some(13), "count");
        check(Schedule::CountOnly, Some(12), "in 720 min");
        check(Schedule::CountOnly, Some(0), "in 720 min");
    }

    #[test]
    fn daily_checks_once_per_utc_day() {
        check(Schedule::Daily, None, "crawl");
        check(Schedule::Daily, Some(13), "crawl");
        check(Schedule::Daily, Some(12), "in 720 min");
    }

    #[test]
    fn hourly_checks_at_every_tick() {
        check(Schedule::Hourly, None, "crawl");
        check(Schedule::Hourly, Some(1), "crawl");
        check(Schedule::Hourly, Some(0), "in 55 min");
        let mut late = clock(Schedule::Hourly, None);
        late.last_crawl = Some(NOON.plus(-55 * MINUTE_MS));
        assert_eq!(word(&late), "crawl");
        late.last_crawl = Some(NOON.plus(1 - 55 * MINUTE_MS));
        assert!(!due(&late, NOON).crawl);
    }

    #[test]
    fn manual_does_nothing_by_itself() {
        check(Schedule::Manual, None, "never");
        check(Schedule::Manual, Some(9_999), "never");
    }

    #[test]
    fn a_clock_put_back_stops_nothing() {
        check(Schedule::Daily, Some(-9_999), "crawl");
        check(Schedule::CountOnly, Some(-9_999), "count");
    }

    #[test]
    fn a_month_has_its_price() {
        let price = |schedule| monthly_estimate(schedule, 10_000, 1_000, 10_000);
        assert_eq!(price(Schedule::CountOnly), 300_000);
        assert_eq!(price(Schedule::Daily), 300_300_000);
        assert_eq!(price(Schedule::Hourly), 300_300_000);
        assert_eq!(price(Schedule::Manual), 0);
        assert_eq!(monthly_estimate(Schedule::Daily, u64::MAX, 2, 1), u64::MAX);
    }
}
