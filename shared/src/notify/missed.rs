//! Whether collection stopped. Owns: how many of a schedule's turns were missed. Must not know:
//! why. Invariant: nothing is missed that was not due, nor before a tick could have noticed.

use crate::schedule::{AccountClock, next};
use crate::time::{HOUR_MS, UnixMs};

/// So many turns in a row: one may be X's bad night.
pub const STOPPED: u32 = 2;
/// A turn is noticed by the hourly tick and takes a while: a crawl of a million about an hour.
const GRACE_MS: i64 = 2 * HOUR_MS;

/// How many turns of the schedule were missed since the last that came to something, up to
/// [`STOPPED`]. Whatever is under way, or stopped, counts as not done.
pub fn missed(clock: AccountClock, last_good: UnixMs, now: UnixMs) -> u32 {
    let (mut at, mut count) = (last_good, 0);
    while count < STOPPED {
        let clock = AccountClock {
            last_count: Some(at),
            last_crawl: Some(at),
            crawling: false,
            stopped: false,
            ..clock
        };
        match next(&clock, at) {
            // A turn that does not move on would be missed for ever.
            Some(due) if due > at && due.plus(GRACE_MS) < now => (at, count) = (due, count + 1),
            _ => break,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Schedule;
    use crate::schedule::History;
    use crate::time::{DAY_MS, MINUTE_MS};

    /// Noon of some UTC day.
    const NOON: UnixMs = UnixMs(20_000 * DAY_MS + DAY_MS / 2);

    #[track_caller]
    fn check(schedule: Schedule, hours: i64, expected: u32) {
        for (crawling, stopped) in [(false, false), (true, false), (false, true)] {
            let clock = AccountClock {
                schedule,
                last_count: None,
                last_crawl: None,
                crawling,
                stopped,
                history: History::default(),
            };
            let now = NOON.plus(hours * HOUR_MS);
            assert_eq!(missed(clock, NOON, now), expected, "{schedule} after {hours} h");
        }
    }

    #[test]
    fn a_day_is_missed_when_its_end_is_past() {
        for schedule in [Schedule::Daily, Schedule::CountOnly] {
            check(schedule, 0, 0);
            check(schedule, 14, 0);
            check(schedule, 15, 1);
            check(schedule, 38, 1);
            check(schedule, 39, 2);
            check(schedule, 24 * 365, STOPPED);
        }
    }

    #[test]
    fn hours_are_missed_with_patience() {
        check(Schedule::Hourly, 2, 0);
        check(Schedule::Hourly, 3, 1);
        check(Schedule::Hourly, 4, 2);
    }

    #[test]
    fn without_a_schedule_nothing_is_missed() {
        check(Schedule::Manual, 24 * 365, 0);
    }

    #[test]
    fn a_clock_put_back_misses_nothing() {
        check(Schedule::Daily, -1_000, 0);
        let minute = NOON.plus(MINUTE_MS);
        let clock = AccountClock {
            schedule: Schedule::Hourly,
            last_count: None,
            last_crawl: None,
            crawling: false,
            stopped: false,
            history: History::default(),
        };
        assert_eq!(missed(clock, minute, NOON), 0);
    }
}
