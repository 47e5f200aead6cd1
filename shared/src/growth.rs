//! Explain growth: what came after a tweet, and what is usual. Owns: counts with their bounds,
//! the usual of an hour of the week, the account's median tweet, the best hours. Must not know:
//! why anyone came: that one thing came after another is all that is said. Invariant: every
//! number tells from how many observations it is; what was not observed is no number.

mod band;
mod stats;
#[cfg(test)]
mod tests;

pub use band::{BandPoint, Posted, band, best_hours, value_at_age};
pub use stats::{quantile, usual};

use crate::api::{Beside, Bounds, FollowersAfter, Usual};
use crate::time::{DAY_MS, UnixMs};

/// How long after a tweet is looked at.
pub const AFTER_MS: i64 = DAY_MS;
/// How many earlier weeks are looked at: two months, in which an account stays about the same.
pub const WEEKS: i64 = 8;
/// A stretch of which so much was observed is whole; hundredths.
const WHOLE_PERCENT: i64 = 90;

/// What one accepted check showed beside the one before: it happened between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The check before.
    pub from: UnixMs,
    /// The check.
    pub to: UnixMs,
    /// Who came, returned ones among them.
    pub came: u64,
    /// Who left, retracted losses left out.
    pub left: u64,
}

/// Who came and left in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Who came: by the share of each check's time that lies in the stretch.
    pub came: f64,
    /// Who left, likewise.
    pub left: f64,
    /// Who came for sure, and who can have come at most.
    pub came_range: Bounds,
    /// Who left for sure, and who can have left at most.
    pub left_range: Bounds,
    /// Checks were close enough together through (nearly) all of it.
    pub whole: bool,
}

/// What the checks tell of a stretch; `None` if nothing. `flows` ascend and do not overlap; two
/// checks more than `limit_ms` apart observed nothing that can be told the time of (see
/// [`crate::coverage::expected_ms`]).
pub fn window(flows: &[Flow], from: UnixMs, to: UnixMs, limit_ms: i64) -> Option<Window> {
    let first = flows.partition_point(|flow| flow.to <= from);
    let end = flows.partition_point(|flow| flow.from < to);
    let near = flows.get(first..end).filter(|near| !near.is_empty())?;
    let mut window = Window {
        came: 0.0,
        left: 0.0,
        came_range: Bounds { low: 0, high: 0 },
        left_range: Bounds { low: 0, high: 0 },
        whole: false,
    };
    let mut observed_ms = 0_i64;
    for flow in near {
        let width_ms = flow.to.since(flow.from).max(1);
        let shared_ms = flow.to.min(to).since(flow.from.max(from)).clamp(0, width_ms);
        let share = real(shared_ms) / real(width_ms);
        let inside = flow.from >= from && flow.to <= to;
        window.came += count(flow.came) * share;
        window.left += count(flow.left) * share;
        add(&mut window.came_range, flow.came, inside);
        add(&mut window.left_range, flow.left, inside);
        if width_ms <= limit_ms {
            observed_ms = observed_ms.saturating_add(shared_ms);
        }
    }
    let wanted_ms = to.since(from).saturating_mul(WHOLE_PERCENT) / 100;
    window.whole = observed_ms >= wanted_ms;
    (observed_ms > 0).then_some(window)
}

fn add(bounds: &mut Bounds, count: u64, inside: bool) {
    bounds.high = bounds.high.saturating_add(count);
    if inside {
        bounds.low = bounds.low.saturating_add(count);
    }
}

/// The same hour of the week in earlier weeks, by UTC, newest first. Where clocks change, the
/// caller gives [`after`] the hours of its zone instead.
pub fn earlier_weeks(at: UnixMs) -> Vec<UnixMs> {
    (1..=WEEKS).map(|week| at.plus(-week * 7 * DAY_MS)).collect()
}

/// Who came and left in the 24 hours after `created`, beside what the same hours of earlier weeks
/// (which begin at `starts`) brought; `None` if nothing of it was observed.
pub fn after(
    created: UnixMs,
    starts: &[UnixMs],
    flows: &[Flow],
    limit_ms: i64,
    now: UnixMs,
) -> Option<FollowersAfter> {
    let of = |start: UnixMs| window(flows, start, start.plus(AFTER_MS), limit_ms);
    let found = of(created)?;
    // What began less than a day before the tweet would count some of the same people.
    let earlier = starts.iter().filter(|start| created.since(**start) >= AFTER_MS);
    let earlier: Vec<Window> = earlier.filter_map(|&start| of(start)).filter(|w| w.whole).collect();
    let came: Vec<f64> = earlier.iter().map(|window| window.came).collect();
    let left: Vec<f64> = earlier.iter().map(|window| window.left).collect();
    let usual_came = usual(&came);
    let complete = found.whole && now >= created.plus(AFTER_MS);
    Some(FollowersAfter {
        came: rounded(found.came),
        left: rounded(found.left),
        came_range: found.came_range,
        left_range: found.left_range,
        complete,
        beside: beside(found.came_range, usual_came.filter(|_| complete)),
        usual: usual_came,
        usual_left: usual(&left),
    })
}

/// How a count stands beside what is usual: only where its bounds leave no doubt.
fn beside(range: Bounds, usual: Option<Usual>) -> Beside {
    match usual {
        Some(usual) if count(range.low) > usual.high => Beside::More,
        Some(usual) if count(range.high) < usual.low => Beside::Fewer,
        _ => Beside::Usual,
    }
}

#[allow(clippy::cast_precision_loss, reason = "followers and milliseconds are below 2^53")]
fn real(ms: i64) -> f64 {
    ms as f64
}

#[allow(clippy::cast_precision_loss, reason = "followers and impressions are below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; shares of counts are not negative"
)]
fn rounded(share: f64) -> u64 {
    share.round() as u64
}
