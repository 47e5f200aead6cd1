//! The control surface of webhooks: what was delivered, a pause, an event on request.
//!
//! Knows JSON in and out, no routes. Invariant: what is told is read from the book itself.

use serde::Deserialize;
use serde_json::Value;

use super::book::Event;
use super::kinds::Kind;
use crate::params::is_id;
use crate::state::Sim;

/// The answer of `GET /sim/webhooks`.
pub(crate) fn webhooks(sim: &Sim) -> Value {
    sim.activity().to_json()
}

/// An event that the world does not bring about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    event_type: String,
    user_id: String,
    payload: Value,
    /// Given twice, it makes a duplicate.
    event_uuid: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pause: Option<bool>,
    push: Option<Push>,
}

/// The answer of `POST /sim/webhooks`.
///
/// # Errors
/// What of the wish is wrong.
pub(crate) fn change(sim: &Sim, change: Change) -> Result<Value, String> {
    if change.pause.is_none() && change.push.is_none() {
        return Err("give pause or push".to_owned());
    }
    let event = change.push.map(|push| {
        let kind = Kind::from_name(&push.event_type)
            .ok_or_else(|| format!("event_type is not one of {}", Kind::names()))?;
        if !is_id(&push.user_id) {
            return Err(format!("user_id {} is no id", push.user_id));
        }
        // Later than any subscription there is.
        let (at_ms, parties) = (i64::MAX, vec![(push.user_id, None)]);
        Ok(Event { at_ms, kind, parties, payload: push.payload, uuid: push.event_uuid })
    });
    let event = event.transpose()?;
    let mut book = sim.activity();
    book.paused = change.pause.unwrap_or(book.paused);
    if let Some(event) = event {
        book.tell(&event);
    }
    Ok(book.to_json())
}
