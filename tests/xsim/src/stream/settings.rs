//! How the streams behave, as `POST /sim/stream` sets it.
//!
//! Knows names and bounds only. Invariant: settings that exist are within their bounds.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::profile::Dialect;
use crate::tweets::feed::{RATE_MAX, SHARE_PLACED};

/// Tweets a second when nothing else is said.
pub(crate) const RATE_DEFAULT: f64 = 10.0;
/// X sends a keep-alive at least this often, in seconds.
const KEEPALIVE_S: f64 = 20.0;

/// The form of a stream's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    V2,
    /// Version 2 with the newer names.
    V2Post,
    V11,
}

impl Wire {
    pub(crate) fn dialect(self) -> Dialect {
        if self == Self::V2Post { Dialect::Post } else { Dialect::Tweet }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V2Post => "v2post",
            Self::V11 => "v11",
        }
    }
}

/// Into which pieces a stream's bytes are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// Whole messages.
    None,
    /// Single bytes.
    Bytes,
    /// 1 to 64 bytes.
    Random,
}

impl Split {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bytes => "bytes",
            Self::Random => "random",
        }
    }
}

/// How the streams behave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    /// Tweets a second that the world writes; those that match are delivered.
    pub(crate) rate: f64,
    /// Share of them with a place.
    pub(crate) share_placed: f64,
    pub(crate) wire: Wire,
    pub(crate) split: Split,
    /// Seconds of silence after which a keep-alive is sent.
    pub(crate) keepalive_s: f64,
    /// The world writes nothing.
    pub(crate) pause: bool,
    /// Whether the sample stream is granted.
    pub(crate) sample: bool,
    /// Whether searches find reposts by keyword. X stopped that on 2026-05-04.
    pub(crate) search_reposts: bool,
}

/// A change; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    rate: Option<f64>,
    share_placed: Option<f64>,
    dialect: Option<String>,
    split: Option<String>,
    keepalive_s: Option<f64>,
    pause: Option<bool>,
    sample: Option<bool>,
    search_reposts: Option<bool>,
}

fn within(name: &str, value: Option<f64>, old: f64, most: f64) -> Result<f64, String> {
    match value {
        Some(value) if !(0.0..=most).contains(&value) => {
            Err(format!("{name} must be from 0 to {most}"))
        }
        value => Ok(value.unwrap_or(old)),
    }
}

fn one_of<T: Copy>(
    name: &str,
    value: Option<&str>,
    old: T,
    known: &[(T, &'static str)],
) -> Result<T, String> {
    let Some(value) = value else { return Ok(old) };
    let names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
    known
        .iter()
        .find(|(_, name)| *name == value)
        .map(|(item, _)| *item)
        .ok_or_else(|| format!("{name} must be one of {}", names.join(", ")))
}

impl Settings {
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            rate,
            share_placed: SHARE_PLACED,
            wire: Wire::V2,
            split: Split::None,
            keepalive_s: KEEPALIVE_S,
            pause: false,
            sample: true,
            search_reposts: true,
        }
    }

    /// # Errors
    /// Which value is out of its bounds; nothing is changed then.
    pub(crate) fn change(self, change: &Change) -> Result<Self, String> {
        let wires = [Wire::V2, Wire::V2Post, Wire::V11].map(|wire| (wire, wire.name()));
        let splits = [Split::None, Split::Bytes, Split::Random].map(|split| (split, split.name()));
        Ok(Self {
            rate: within("rate", change.rate, self.rate, RATE_MAX)?,
            share_placed: within("share_placed", change.share_placed, self.share_placed, 1.0)?,
            wire: one_of("dialect", change.dialect.as_deref(), self.wire, &wires)?,
            split: one_of("split", change.split.as_deref(), self.split, &splits)?,
            keepalive_s: within("keepalive_s", change.keepalive_s, self.keepalive_s, 3_600.0)?,
            pause: change.pause.unwrap_or(self.pause),
            sample: change.sample.unwrap_or(self.sample),
            search_reposts: change.search_reposts.unwrap_or(self.search_reposts),
        })
    }

    /// What the world writes a second.
    pub(crate) fn rate_now(&self) -> f64 {
        if self.pause { 0.0 } else { self.rate }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({
            "rate": self.rate, "share_placed": self.share_placed, "dialect": self.wire.name(),
            "split": self.split.name(), "keepalive_s": self.keepalive_s, "pause": self.pause,
            "sample": self.sample, "search_reposts": self.search_reposts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: Value, outcome: Result<Value, &str>) {
        let change: Change = serde_json::from_value(change).unwrap();
        let changed = Settings::new(10.0).change(&change).map(Settings::to_json);
        match outcome {
            Ok(part) => {
                for (name, value) in part.as_object().unwrap() {
                    assert_eq!(&changed.as_ref().unwrap()[name], value, "{name}");
                }
            }
            Err(named) => assert!(changed.unwrap_err().contains(named)),
        }
    }

    #[test]
    fn parts_are_changed_and_the_rest_stays() {
        check(json!({}), Ok(Settings::new(10.0).to_json()));
        check(json!({"rate": 250.0}), Ok(json!({"rate": 250.0, "split": "none"})));
        check(json!({"dialect": "v11", "split": "random"}), Ok(json!({"dialect": "v11"})));
        check(json!({"pause": true}), Ok(json!({"pause": true, "rate": 10.0})));
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        check(json!({"rate": 5_001.0}), Err("rate"));
        check(json!({"rate": -1.0}), Err("rate"));
        check(json!({"share_placed": 1.1}), Err("share_placed"));
        check(json!({"dialect": "v3"}), Err("dialect"));
        check(json!({"split": "lines"}), Err("split"));
    }
}
