//! What requests about streams leave behind, apart from the clock and the bill.
//!
//! Knows its parts, no HTTP. Invariant: the lock is never held across an await, nor together
//! with the one of `state`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::registry::Registry;
use super::rulebook::Rulebook;
use super::settings::{Change, Settings};
use crate::tweets::feed::Feed;

/// All of it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) feed: Arc<Feed>,
    pub(crate) settings: Settings,
    pub(crate) rules: Rulebook,
    pub(crate) connections: Registry,
    /// Tweets put into streams.
    pub(crate) delivered: u64,
    /// Lines that are no tweets, put there on request.
    pub(crate) notices: u64,
}

impl Live {
    fn new(seed: u64, rate: f64) -> Self {
        let settings = Settings::new(rate);
        Self {
            feed: Arc::new(Feed::new(seed, rate, settings.share_placed)),
            settings,
            rules: Rulebook::default(),
            connections: Registry::default(),
            delivered: 0,
            notices: 0,
        }
    }

    /// Changes the settings; the world follows from the next second on.
    ///
    /// # Errors
    /// Which value is out of its bounds.
    pub(crate) fn change(&mut self, change: &Change, now_ms: i64) -> Result<(), String> {
        let settings = self.settings.change(change)?;
        let written = |s: &Settings| (s.rate_now(), s.share_placed);
        if written(&settings) != written(&self.settings) {
            let from_s = now_ms.div_euclid(1_000) + 1;
            let (rate, share) = written(&settings);
            Arc::make_mut(&mut self.feed).change(from_s, rate, share);
        }
        self.settings = settings;
        Ok(())
    }

    /// The answer of `GET /sim/stream`.
    pub(crate) fn to_json(&self) -> Value {
        let mut answer = self.settings.to_json();
        let connections = self.connections.to_json();
        let of = |name: &str| connections.get(name).cloned().unwrap_or_default();
        let mut counters = json!({"delivered": self.delivered, "notices": self.notices,
            "rules": self.rules.rules().len(), "connections": of("open"), "peak": of("peak"),
            "total": of("total")});
        if let (Some(answer), Some(counters)) = (answer.as_object_mut(), counters.as_object_mut()) {
            answer.append(counters);
        }
        answer
    }
}

/// The lock around it.
#[derive(Debug)]
pub(crate) struct LiveCell {
    seed: u64,
    rate: f64,
    live: Mutex<Live>,
}

impl LiveCell {
    pub(crate) fn new(seed: u64, rate: f64) -> Self {
        Self { seed, rate, live: Mutex::new(Live::new(seed, rate)) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Live> {
        // Every change under the lock is complete in itself, so a panic elsewhere spoils none.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything back to the start. Open connections are told to end, and are counted anew.
    pub(crate) fn reset(&self, now_ms: i64) {
        let mut live = self.lock();
        live.connections.kill(now_ms, |_, _| true);
        let connections = live.connections.anew();
        *live = Live { connections, ..Live::new(self.seed, self.rate) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_790_000_000_500;

    #[test]
    fn a_change_of_rate_begins_with_the_next_second() {
        let cell = LiveCell::new(1, 10.0);
        let mut live = cell.lock();
        let change = |live: &mut Live, value| {
            let change: Change = serde_json::from_value(value).unwrap();
            live.change(&change, NOON_MS)
        };
        change(&mut live, json!({"rate": 100.0})).unwrap();
        let second = NOON_MS / 1_000;
        assert_eq!([live.feed.count(second), live.feed.count(second + 1)], [10, 100]);
        change(&mut live, json!({"pause": true})).unwrap();
        assert_eq!([live.feed.count(second), live.feed.count(second + 1)], [10, 0]);
        assert!(change(&mut live, json!({"rate": -1.0})).is_err());
        assert_eq!(live.to_json()["rate"], 100.0);
    }
}
