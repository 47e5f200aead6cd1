//! The worker's one clock. Owns: what time it is. Invariant: with `ROOST_SIM=1` it is real time
//! plus the offset of the simulator's clock as last seen in any of its answers; without, it is
//! real time. Nothing else in the worker asks what time it is.

use crate::fault::Result;
use shared::time::{DAY_MS, UnixMs};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use worker::State;

/// Simulated time less real time, in milliseconds. One isolate, one upstream, one offset.
static OFFSET_MS: AtomicI64 = AtomicI64::new(0);
static SEEN: AtomicBool = AtomicBool::new(false);

/// What time it is.
pub(crate) fn now() -> UnixMs {
    real().plus(OFFSET_MS.load(Ordering::Relaxed))
}

/// The years that a simulator may be in, as of 1970: those of X.
const SIM_YEARS: std::ops::Range<i64> = 36..130;

/// Takes over the simulator's clock from the `x-sim-now` header of an answer.
pub(crate) fn observe(sim_now: &str) {
    if let Ok(sim) = sim_now.trim().parse::<i64>()
        && SIM_YEARS.contains(&(sim / (365 * DAY_MS)))
    {
        OFFSET_MS.store(UnixMs(sim).since(real()), Ordering::Relaxed);
        SEEN.store(true, Ordering::Relaxed);
    }
}

/// Whether any answer of the simulator was seen by this isolate.
pub(crate) fn observed() -> bool {
    SEEN.load(Ordering::Relaxed)
}

/// How long until an instant of this clock, in real milliseconds: at least 1, since an alarm
/// set to "now" inside an alarm is dropped (workerd#6866).
pub(crate) fn delay_ms(until: UnixMs) -> i64 {
    until.since(now()).max(1)
}

/// Real time, for measuring how long something is silent: the simulator's clock jumps, and then
/// days of silence would seem to have passed.
pub(crate) fn real() -> UnixMs {
    UnixMs(i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX))
}

/// Wakes an object after so many real milliseconds, or sooner where something else asked for
/// that: an object has one alarm for all that waits.
pub(crate) async fn wake_in(state: &State, ms: i64) -> Result<()> {
    let storage = state.storage();
    let at = real().plus(ms.max(1));
    match storage.get_alarm().await? {
        Some(armed) if armed <= at.0 => Ok(()),
        _ => Ok(storage.set_alarm(ms.max(1)).await?),
    }
}
