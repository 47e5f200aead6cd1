//! When a tweet is read, and by which call. Owns: the cadence by age, X's rules for private
//! metrics, what a plan may cost. Must not know: how anything is read, or what X answered.
//! Invariant: private metrics are asked for own tweets of less than 30 days only; a plan costs
//! at most its budget; what fails is due again at once, and what was read is not.
//!
//! Readings lie on the hours of UTC that a tweet's age allows: a late one does not move those
//! after it, tweets of all ages meet in one listing, and most readings of a UTC day repeat its
//! first, which X does not bill again.

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{Batch, Plan, Read, Terms, Watched, absent, plan};

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// X tells the author's metrics of tweets created within the last 30 days (docs.x.com,
/// "Metrics"); a request may wait out a rate window before it is made.
pub const PRIVATE_MS: i64 = 30 * DAY_MS - 30 * MINUTE_MS;
/// Ticks are hourly, some minutes late or early: one so early counts for its hour.
const EARLY_MS: i64 = 5 * MINUTE_MS;
/// Up to which age a tweet is read how often.
const CADENCE: [(i64, i64); 4] =
    [(DAY_MS, HOUR_MS), (7 * DAY_MS, 6 * HOUR_MS), (30 * DAY_MS, DAY_MS), (i64::MAX, 7 * DAY_MS)];
/// Micro-dollars of a tweet by X's price list of August 2026 (docs.x.com, "Pricing",
/// pay-per-use: Posts: Read $0.005).
pub const POST_PRICE: u64 = 5_000;
/// Of one's own by its own listing with the keys of the app's owner (Owned Reads $0.001).
pub const OWNED_POST_PRICE: u64 = 1_000;
/// A month's price is that of 30 days.
const MONTH_DAYS: u64 = 30;
/// A tweet is read on this many UTC days before it is 30 days old: on its first, begun already,
/// and on 30 more.
const YOUNG_DAYS: u64 = 31;

/// How far apart the readings of a tweet of this age are.
pub fn interval_ms(age_ms: i64) -> i64 {
    let found = CADENCE.iter().find(|(end, _)| age_ms < *end);
    found.map_or(7 * DAY_MS, |(_, interval)| *interval)
}

/// When a tweet is due next: at once if it never was read, else at the first hour after its last
/// reading that its age then allows. A reading after `now` comes of a clock put back, and counts
/// as none.
pub fn due(created: UnixMs, last_read: Option<UnixMs>, now: UnixMs) -> UnixMs {
    let Some(last) = last_read.filter(|last| *last <= now) else { return created.min(now) };
    let mut begin_ms = 0;
    for (end_ms, interval_ms) in CADENCE {
        let after = last.plus(EARLY_MS).0.div_euclid(interval_ms).saturating_add(1);
        let aged = ceil(created.plus(begin_ms).0, interval_ms);
        let at = UnixMs(after.max(aged).saturating_mul(interval_ms));
        if at.since(created) < end_ms {
            return at;
        }
        begin_ms = end_ms;
    }
    last.plus(7 * DAY_MS)
}

/// Whether it is due now.
pub fn is_due(created: UnixMs, last_read: Option<UnixMs>, now: UnixMs) -> bool {
    due(created, last_read, now).plus(-EARLY_MS) <= now
}

/// The number of intervals up to the first that begins at or after an instant.
fn ceil(at_ms: i64, interval_ms: i64) -> i64 {
    at_ms.div_euclid(interval_ms) + i64::from(at_ms.rem_euclid(interval_ms) > 0)
}

/// What 30 days of reading come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Tweets billed; one counts once per UTC day.
    pub billed: u64,
    /// Micro-dollars.
    pub cost: u64,
}

/// What an account costs that writes so many tweets in 30 days and has so many older ones;
/// `owned` if the keys belong to it.
pub fn forecast(tweets: u64, older: u64, owned: bool) -> Forecast {
    let price = if owned { OWNED_POST_PRICE } else { POST_PRICE };
    let weekly = older.saturating_mul(MONTH_DAYS) / 7;
    let billed = tweets.saturating_mul(YOUNG_DAYS).saturating_add(weekly);
    Forecast { billed, cost: billed.saturating_mul(price) }
}

/// What it costs to read all of so many tweets every hour for 30 days, as the seed does:
/// micro-dollars at `price` each, billed once per UTC day.
pub fn full_fetch(tweets: u64, price: u64) -> u64 {
    tweets.saturating_mul(MONTH_DAYS).saturating_mul(price)
}
