//! The machine's clocks. Owns: the only reads of them in this crate. Everything else is given
//! the time.

use shared::time::UnixMs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock.
#[allow(clippy::disallowed_methods, reason = "a native program's own clock; the rule is for wasm")]
pub(crate) fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long something takes.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[allow(clippy::disallowed_methods, reason = "a native program's own clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
