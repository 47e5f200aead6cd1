//! What a schedule costs. Owns: the estimate of a month, by schedule. Must not know: what was
//! spent. Invariant: an estimate is made of X's prices and of what was measured, and never of
//! less than one read.

use super::allowed;
use crate::api::{Schedule, SchedulePrice};
use crate::budget::{Resource, price, usd};

/// A month's price is that of 30 days.
const DAYS: u64 = 30;
/// Checks of a month beside push: one a week, as X's count will call for them.
const PUSH_AUDITS_PER_7_DAYS: u64 = 1;

/// Prices that hold for an account, micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// One follower in a full check.
    pub follower: u64,
    /// One profile.
    pub profile: u64,
}

/// How an account moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Followers, as far as known.
    pub followers: Option<u64>,
    /// Whether there is an accepted list.
    pub listed: bool,
    /// Who came and who left in the last 30 days, as far as seen.
    pub month: Option<(u64, u64)>,
}

/// What 30 days of a schedule cost, micro-dollars. X bills a follower or a profile once a UTC day
/// however often it is read, so that hourly costs what daily does.
pub fn monthly_estimate(schedule: Schedule, pace: &Pace, prices: Prices) -> u64 {
    let counts = prices.profile.saturating_mul(DAYS);
    let check = pace.followers.unwrap_or_default().saturating_mul(prices.follower);
    match schedule {
        Schedule::CountOnly => counts,
        Schedule::CountAudit => counts.saturating_add(check.saturating_mul(audits(pace))),
        Schedule::Push => {
            let (came, left) = pace.month.unwrap_or_default();
            let events = came.saturating_add(left).saturating_mul(price(Resource::Event));
            let audits = check.saturating_mul(DAYS * PUSH_AUDITS_PER_7_DAYS) / 7;
            counts.saturating_add(events).saturating_add(audits)
        }
        Schedule::Daily | Schedule::Hourly => check.saturating_mul(DAYS).saturating_add(counts),
        Schedule::Manual => 0,
    }
}

/// Full checks of a month that X's count will call for, by how far it moved in the last 30 days:
/// one until that is known.
fn audits(pace: &Pace) -> u64 {
    let Some((came, left)) = pace.month else { return 1 };
    let apart = allowed(pace.followers.unwrap_or_default()).saturating_add(1);
    (came.abs_diff(left) / apart).clamp(1, DAYS)
}

/// Every schedule with its price, cheapest rhythm first.
pub fn prices(pace: &Pace, prices: Prices) -> Vec<SchedulePrice> {
    let order = [
        Schedule::Manual,
        Schedule::CountOnly,
        Schedule::CountAudit,
        Schedule::Push,
        Schedule::Daily,
        Schedule::Hourly,
    ];
    order.into_iter().map(|schedule| of(schedule, pace, prices)).collect()
}

fn of(schedule: Schedule, pace: &Pace, prices: Prices) -> SchedulePrice {
    let known = matches!(schedule, Schedule::CountOnly | Schedule::Manual);
    let month =
        (known || pace.followers.is_some()).then(|| usd(monthly_estimate(schedule, pace, prices)));
    let check = pace.followers.map(|count| usd(count.saturating_mul(prices.follower)));
    let first = if known || pace.listed { Some(0.0) } else { check };
    let followers = pace.followers.unwrap_or_default();
    let a_check = check.map_or_else(
        || "one full check".to_owned(),
        |check| format!("about ${check:.2} for {followers} followers"),
    );
    let counts = usd(prices.profile.saturating_mul(DAYS));
    let allowed = allowed(followers);
    let what = match schedule {
        Schedule::CountOnly => {
            format!("X's count once a day: the curve without names, ${counts:.2} a month.")
        }
        Schedule::CountAudit => format!(
            "X's count once a day, and a full check ({a_check}) whenever it differs from the \
             history by more than {allowed}, where the caps allow it."
        ),
        Schedule::Push => format!(
            "X tells at once who comes and goes, ${:.3} each; a full check ({a_check}) at most \
             once a week sees the suspended and deleted accounts that X does not tell of.",
            usd(price(Resource::Event))
        ),
        Schedule::Daily => format!("A full check once a day: {a_check}, each day."),
        Schedule::Hourly => format!(
            "A full check every hour: {a_check}, each day; what X bills is free for the rest of \
             the UTC day."
        ),
        Schedule::Manual => format!("Nothing by itself; {a_check} whenever you ask."),
    };
    SchedulePrice { schedule, month_usd: month, first_usd: first, what }
}
