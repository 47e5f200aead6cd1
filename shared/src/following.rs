//! Whom an account follows and blocks, by its own lists. Owns: when they are read, what that costs,
//! and what they say of the people around the account. Must not know: how pages are kept, who
//! pays. Invariant: the newer sight wins; a block explains a loss only if it can have come before
//! it, and only the account's own list says so.

mod survey;

pub use survey::{Survey, SurveyStep};

use crate::api::words;
use crate::budget::{Resource, price};
use crate::time::{DAY_MS, UnixMs};

/// The lists are read once a week.
pub const WEEK_MS: i64 = 7 * DAY_MS;
/// Profiles of the followed that were not read again for so long are forgotten: X's are to be
/// current. The ids stay.
pub const PROFILES_MS: i64 = 2 * WEEK_MS;
/// A month's price is that of 30 days.
const DAYS: u64 = 30;

words! {
    /// A list that X tells the account itself alone.
    Relation {
        /// Whom the account follows.
        Following = "following",
        /// Whom it blocks.
        Blocking = "blocking",
    }
}

impl Relation {
    /// What X bills for each of it, read by the account that `owns` the app or by another.
    pub fn resource(self, owns: bool) -> Resource {
        match self {
            Self::Following if owns => Resource::OwnedFollowing,
            Self::Following => Resource::Following,
            Self::Blocking => Resource::Block,
        }
    }
}

/// What reading the lists costs, in micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Once.
    pub once: u64,
    /// 30 days of it.
    pub month: u64,
}

/// The price of reading so many followed and blocked people.
pub fn estimate(followed: u64, blocked: u64, owns: bool) -> Price {
    let of = |count: u64, list: Relation| count.saturating_mul(price(list.resource(owns)));
    let once = of(followed, Relation::Following).saturating_add(of(blocked, Relation::Blocking));
    Price { once, month: once.saturating_mul(DAYS) / 7 }
}

/// When the lists are read next: `now` if they are due. `read` is when they were read to their
/// end, `tried` when a reading last began; one that failed is tried again on the next UTC day.
pub fn next(read: Option<UnixMs>, tried: Option<UnixMs>, now: UnixMs) -> UnixMs {
    // An instant well in the future comes of a clock put back, which must not stop everything; one
    // that is barely ahead, of two clocks, must not have X asked twice.
    let past = |at: &UnixMs| *at <= now.plus(DAY_MS);
    let week = read.filter(past).map_or(now, |read| read.plus(WEEK_MS));
    let day = tried.filter(past).map_or(now, |tried| UnixMs((tried.utc_day() + 1) * DAY_MS));
    week.max(day).max(now)
}

/// Whether the account follows someone: by what X said beside their profile at `seen`, and by
/// whether the account's own list of another instant has them. The newer of the two is right.
pub fn follows(told: Option<bool>, seen: UnixMs, listed: Option<(bool, UnixMs)>) -> Option<bool> {
    match listed {
        Some((_, at)) if at < seen && told.is_some() => told,
        Some((listed, _)) => Some(listed),
        None => told,
    }
}

/// Whether a block may be why someone left between two checks, `not_before` and `at`: they were
/// blocked when the list was read at `seen`, and not yet when it was read at `free`, if it was.
/// Since when, nobody knows otherwise: then it explains a week before.
pub fn explains(not_before: UnixMs, at: UnixMs, free: Option<UnixMs>, seen: UnixMs) -> bool {
    // Who followed after the list was read had been unblocked by then.
    seen > not_before && free.map_or(seen.since(at) <= WEEK_MS, |free| free < at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> UnixMs {
        UnixMs(days * DAY_MS)
    }

    #[test]
    fn the_price_is_that_of_each_person() {
        assert_eq!(estimate(1_000, 10, true), Price { once: 1_010_000, month: 4_328_571 });
        assert_eq!(estimate(1_000, 10, false).once, 10_010_000);
        assert_eq!(estimate(0, 0, true), Price { once: 0, month: 0 });
        assert_eq!(estimate(u64::MAX, 1, false).once, u64::MAX);
    }

    #[track_caller]
    fn check_next(read: Option<i64>, tried: Option<i64>, expected: i64) {
        assert_eq!(next(read.map(day), tried.map(day), day(100)), day(expected));
    }

    #[test]
    fn lists_are_due_weekly_and_a_failed_reading_on_the_next_day() {
        check_next(None, None, 100);
        check_next(Some(93), Some(93), 100);
        check_next(Some(94), Some(94), 101);
        check_next(Some(60), Some(99), 100);
        check_next(None, Some(100), 101);
        check_next(Some(90), Some(100), 101);
        // Two clocks, and clocks put back.
        check_next(Some(101), Some(100), 108);
        check_next(Some(400), Some(300), 100);
    }

    #[track_caller]
    fn check_follows(told: Option<bool>, listed: Option<(bool, i64)>, expected: Option<bool>) {
        let listed = listed.map(|(has, at)| (has, day(at)));
        assert_eq!(follows(told, day(10), listed), expected, "{told:?} {listed:?}");
    }

    #[test]
    fn of_two_sights_the_newer_is_right() {
        check_follows(None, None, None);
        check_follows(Some(true), None, Some(true));
        check_follows(None, Some((false, 1)), Some(false));
        check_follows(Some(true), Some((false, 9)), Some(true));
        check_follows(Some(true), Some((false, 10)), Some(false));
        check_follows(Some(false), Some((true, 11)), Some(true));
    }

    #[track_caller]
    fn check_block(not_before: i64, at: i64, free: Option<i64>, seen: i64, expected: bool) {
        let found = explains(day(not_before), day(at), free.map(day), day(seen));
        assert_eq!(found, expected, "{not_before} {at} {free:?} {seen}");
    }

    #[test]
    fn a_block_explains_only_what_it_can_have_caused() {
        // Seen blocked after they left, with nothing known before; or between the two checks.
        check_block(10, 11, None, 12, true);
        check_block(10, 12, None, 11, true);
        // Free at a look before they were missed, and free still at a look after that.
        check_block(10, 12, Some(11), 20, true);
        check_block(10, 12, Some(9), 20, true);
        check_block(10, 12, Some(12), 20, false);
        check_block(10, 12, Some(15), 20, false);
        // Left long before anything is known of blocks.
        check_block(1, 2, None, 12, false);
        check_block(1, 5, None, 12, true);
        // Blocked once, and followed again since.
        check_block(10, 12, None, 10, false);
        check_block(10, 12, Some(3), 7, false);
    }
}
