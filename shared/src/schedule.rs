//! What an account's schedule calls for. Owns: when a check or a count is due, and when X's count
//! calls for one. Must not know: cron, alarms, or why something failed. Invariant: nothing is
//! due twice for one UTC day (daily, counts) or within 55 minutes (hourly), and a count is never
//! due when a check is: a check counts too.

mod price;
#[cfg(test)]
mod tests;

pub use price::{Pace, Prices, monthly_estimate, prices};

use crate::api::Schedule;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// Cron ticks hourly but not on the second: an hour less five minutes has always passed.
const HOURLY_MS: i64 = 55 * MINUTE_MS;
/// A check that X's count calls for comes at most this often beside push, which sees most of
/// what happens; some hours less, so that a week of ticks always has passed.
const PUSH_AUDIT_MS: i64 = 7 * DAY_MS - 2 * HOUR_MS;
/// Beside push, losses that X does not push may balance gains for ever: a check after this long
/// even where the counts agree.
const PUSH_AUDIT_MAX_MS: i64 = 28 * DAY_MS;
/// X's count and the history may differ by so many, or by so many in a thousand if that is more:
/// accounts come and go all day.
const DIFFERENCE: u64 = 10;
const DIFFERENCE_PER_1000: u64 = 2;

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
    /// What the history says beside X's count.
    pub history: History,
}

/// What is known beside X's own count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Followers of the newest accepted list, with what was pushed since; none without a list.
    pub followers: Option<u64>,
    /// When that list was read.
    pub listed: Option<UnixMs>,
    /// By how many X's count moved since that list more than the history did.
    pub difference: u64,
    /// X pushes what happens to this account.
    pub pushed: bool,
    /// The caps have room for a full check.
    pub affordable: bool,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// A full check.
    pub crawl: bool,
    /// A read of X's own count.
    pub count: bool,
    /// A full check, but for the money: the owner may start it.
    pub offer: bool,
}

/// What is due now.
pub fn due(clock: &AccountClock, now: UnixMs) -> Due {
    let reached = next(clock, now).is_some_and(|at| at <= now);
    match clock.schedule {
        Schedule::CountOnly => Due { count: reached, ..Due::default() },
        Schedule::CountAudit | Schedule::Push => {
            let idle = !clock.crawling && !clock.stopped;
            let wanted = idle && audit_at(clock, now).is_some_and(|at| at <= now);
            let affordable = clock.history.affordable;
            let crawl = wanted && affordable;
            Due {
                crawl,
                count: !crawl && count_at(clock, now) <= now && idle,
                offer: wanted && !affordable,
            }
        }
        Schedule::Daily | Schedule::Hourly | Schedule::Manual => {
            Due { crawl: reached, ..Due::default() }
        }
    }
}

/// When something is due next: `now` if it is; none if nothing will be by itself.
pub fn next(clock: &AccountClock, now: UnixMs) -> Option<UnixMs> {
    if clock.crawling || clock.stopped {
        return None;
    }
    match clock.schedule {
        Schedule::CountOnly => Some(count_at(clock, now)),
        Schedule::CountAudit | Schedule::Push => {
            let audit = audit_at(clock, now).filter(|_| clock.history.affordable);
            Some(audit.map_or(count_at(clock, now), |at| at.min(count_at(clock, now))))
        }
        Schedule::Daily => Some(after(clock.last_crawl, now, next_utc_day)),
        Schedule::Hourly => Some(after(clock.last_crawl, now, |last| last.plus(HOURLY_MS))),
        Schedule::Manual => None,
    }
}

fn count_at(clock: &AccountClock, now: UnixMs) -> UnixMs {
    after(clock.last_count, now, next_utc_day)
}

/// When a full check is due that X's count calls for, by what is known now.
fn audit_at(clock: &AccountClock, now: UnixMs) -> Option<UnixMs> {
    let history = &clock.history;
    let Some(followers) = history.followers else {
        // Nothing to compare with: the first list, once; if that fails, daily.
        return Some(after(clock.last_crawl, now, next_utc_day));
    };
    let called = history.difference > allowed(followers);
    let weekly = clock.schedule == Schedule::Push && history.pushed;
    // One that failed is made up for the next day.
    let at = after(clock.last_crawl, now, next_utc_day);
    match (weekly, called) {
        (true, true) => Some(at.max(after(history.listed, now, |at| at.plus(PUSH_AUDIT_MS)))),
        (true, false) => Some(at.max(after(history.listed, now, |at| at.plus(PUSH_AUDIT_MAX_MS)))),
        // Without push as count and audit: everything works with polling alone.
        (false, true) => Some(at),
        (false, false) => None,
    }
}

fn after(last: Option<UnixMs>, now: UnixMs, at: fn(UnixMs) -> UnixMs) -> UnixMs {
    // An instant in the future comes of a clock put back; it must not stop everything.
    last.filter(|&last| last <= now).map_or(now, |last| at(last).max(now))
}

fn next_utc_day(last: UnixMs) -> UnixMs {
    UnixMs((last.utc_day() + 1) * DAY_MS)
}

/// By how many X's count and the history of an account of this size may differ before a full
/// check is called for.
pub fn allowed(followers: u64) -> u64 {
    DIFFERENCE.max(followers.saturating_mul(DIFFERENCE_PER_1000) / 1_000)
}

/// By how many X's count moved since the last list more than the history did. X counts some whom
/// it does not list: where its count was read with the list, what counts is how both moved since.
pub fn difference(list: u64, counted_then: Option<u64>, counted_now: u64, pushed: i64) -> u64 {
    let expected = counted_then.unwrap_or(list).saturating_add_signed(pushed);
    counted_now.abs_diff(expected)
}
