//! What the viewers saw since the last question. Owns: the counters and their JSON. Must not
//! know the servers' dialects.

use crate::histogram::Histogram;
use serde_json::{Value, json};

/// Counters over all viewers.
#[derive(Default)]
pub(crate) struct Stats {
    /// Websocket messages.
    pub(crate) frames: u64,
    /// Their payload, in bytes; a websocket's own 2 to 10 bytes of header are not counted.
    pub(crate) bytes: u64,
    /// Tweets or blips in them.
    pub(crate) events: u64,
    /// Numbers that a viewer should have seen and never did.
    pub(crate) lost: u64,
    /// Numbers that a viewer saw twice.
    pub(crate) repeated: u64,
    /// Numbers that the server said it left out.
    pub(crate) declared: u64,
    /// Connections that ended without our doing.
    pub(crate) closed: u64,
    /// From a post's creation to its arrival here.
    pub(crate) delivery: Histogram,
}

impl Stats {
    /// One line for whoever drives us. `seconds` is how long was counted.
    pub(crate) fn report(&self, viewers: usize, seconds: f64) -> Value {
        json!({
            "viewers": viewers,
            "seconds": seconds,
            "frames": self.frames,
            "bytes": self.bytes,
            "events": self.events,
            "lost": self.lost,
            "repeated": self.repeated,
            "declared": self.declared,
            "closed": self.closed,
            "p50": self.delivery.quantile(0.5),
            "p95": self.delivery.quantile(0.95),
            "p99": self.delivery.quantile(0.99),
            "longest": self.delivery.longest(),
        })
    }
}
