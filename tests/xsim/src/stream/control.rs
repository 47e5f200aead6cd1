//! The control surface of the streams: how they behave, what was written, notices.
//!
//! Knows JSON in and out, no routes. Invariant: what is reported is read from the world and the
//! registry, never from what was sent.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::notice::{Effect, Wish};
use super::settings::Change;
use crate::calendar::parse_when;
use crate::state::Sim;
use crate::tweets::compose;
use crate::tweets::matcher::Subject;
use crate::tweets::query::{Query, RULE_MAX};

/// Tweets that one question about the truth may hold.
const TRUTH_MAX: usize = 500_000;

/// The answer of `POST /sim/stream`.
///
/// # Errors
/// What of the wish is wrong.
pub(crate) fn set_stream(sim: &Sim, change: &Change) -> Result<Value, String> {
    let now_ms = sim.now_ms();
    let mut live = sim.live.lock();
    live.change(change, now_ms)?;
    Ok(live.to_json())
}

/// The answer of `GET /sim/connections`.
pub(crate) fn connections(sim: &Sim) -> Value {
    let now_ms = sim.now_ms();
    let mut live = sim.live.lock();
    live.connections.expire(now_ms);
    live.connections.to_json()
}

/// Writes a notice into the open streams, and makes true what it says.
///
/// # Errors
/// What of the wish is wrong.
pub(crate) fn notice(sim: &Sim, mut wish: Wish) -> Result<Value, String> {
    let now_ms = sim.now_ms();
    let mut live = sim.live.lock();
    if wish.user.is_none()
        && let Some(id) = wish.tweet.as_ref().and_then(|id| id.parse().ok())
        && let Some(post) = live.feed.slot_of(id).and_then(|slot| live.feed.post(slot))
    {
        wish.user = Some(post.author.id(live.feed.seed).to_string());
    }
    let (command, effect) = wish.read(now_ms, live.settings.wire.dialect())?;
    let feed = std::sync::Arc::make_mut(&mut live.feed);
    match effect {
        Effect::None => {}
        Effect::Delete(tweet) => feed.delete(tweet),
        Effect::Scrub(user, up_to) => feed.scrub(user, up_to),
    }
    Ok(json!({"streams": live.connections.tell(&command)}))
}

/// The answer of `GET /sim/tweets`: what was written in `from..to`, or what of it matches the
/// rules (`rules=1`) or a `query`.
///
/// # Errors
/// What is missing, malformed or too much.
pub(crate) fn tweets(sim: &Sim, asked: &HashMap<String, String>) -> Result<Value, String> {
    const KNOWN: [&str; 4] = ["from", "to", "rules", "query"];
    if let Some(name) = asked.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("no parameter {name}; there are {}", KNOWN.join(", ")));
    }
    let time = |name: &str| {
        let text = asked.get(name).ok_or_else(|| format!("{name} is missing"))?;
        parse_when(text).ok_or_else(|| format!("{name}: {text} is no time"))
    };
    let (from_ms, to_ms) = (time("from")?, time("to")?);
    let (feed, rules) = {
        let live = sim.live.lock();
        (live.feed.clone(), live.rules.rules())
    };
    let query = asked.get("query").map(|text| Query::parse(text, RULE_MAX)).transpose()?;
    let by_rules = asked.get("rules").is_some_and(|value| value == "1");
    let mut placed = 0;
    let mut ids = Vec::new();
    for (n, post) in feed.posts(from_ms, to_ms).enumerate() {
        if n >= TRUTH_MAX {
            return Err(format!("more than {TRUTH_MAX} tweets: ask for a shorter span"));
        }
        let words = compose::words(&feed, &post);
        let subject = Subject::new(feed.seed, &post, &words);
        let asked_for = query.as_ref().is_none_or(|query| subject.matches(query))
            && (!by_rules || rules.iter().any(|rule| subject.matches(&rule.query)));
        if asked_for {
            placed += usize::from(post.spot.is_some());
            ids.push(post.slot.id.to_string());
        }
    }
    Ok(json!({"count": ids.len(), "placed": placed, "ids": ids}))
}
