//! Faults of single tweets: an answer in which one tweet is not as X should send it.
//!
//! Knows answers as JSON, no world. Invariant: everything else of the answer stays as it was, and
//! the bill too; an answer without tweets stays whole.

use serde_json::{Value, json};

use crate::calendar::{SECOND_MS, format_ms};
use crate::faults::{Fired, Kind};
use crate::tweets::feed::least_id;

/// How far ahead of the clock a tweet of the future is, unless the fault says.
const AHEAD_DEFAULT_S: i64 = 3_600;
/// Who writes what belongs to somebody else: no user of any world.
const STRANGER: &str = "14";
const METRICS: [&str; 4] =
    ["public_metrics", "non_public_metrics", "organic_metrics", "promoted_metrics"];

/// The answer with what the fault does to it.
pub(super) fn spoil(body: Vec<u8>, fault: &Fired, now_ms: i64) -> Vec<u8> {
    let spoils = matches!(
        fault.kind,
        Kind::NoText
            | Kind::NullMetrics
            | Kind::NoMetrics
            | Kind::ForeignTweet
            | Kind::FutureTweet
            | Kind::RefuseField
    );
    let parsed = if spoils { serde_json::from_slice::<Value>(&body).ok() } else { None };
    let Some(mut answer) = parsed else { return body };
    if let Some(Value::Array(tweets)) = answer.get_mut("data") {
        let at = usize::try_from(fault.args.number("at", 0)).unwrap_or(0);
        let at = at.min(tweets.len().saturating_sub(1));
        one(tweets, at, fault, now_ms);
    } else if let Some(tweet) = answer.get_mut("data") {
        let mut tweets = vec![tweet.take()];
        one(&mut tweets, 0, fault, now_ms);
        *tweet = tweets.pop().unwrap_or_default();
    }
    if fault.kind == Kind::RefuseField {
        refuse(&mut answer, fault);
    }
    answer.to_string().into_bytes()
}

/// Spoils the tweet at a place, or puts another before it.
fn one(tweets: &mut Vec<Value>, at: usize, fault: &Fired, now_ms: i64) {
    let Some(tweet) = tweets.get_mut(at).and_then(Value::as_object_mut) else { return };
    match fault.kind {
        Kind::NoText => {
            tweet.remove("text");
        }
        Kind::NullMetrics => {
            for (_, metrics) in tweet.iter_mut().filter(|(name, _)| METRICS.contains(&&***name)) {
                for value in metrics.as_object_mut().into_iter().flat_map(|m| m.values_mut()) {
                    *value = Value::Null;
                }
            }
        }
        Kind::NoMetrics => tweet.retain(|name, _| !METRICS.contains(&name.as_str())),
        Kind::ForeignTweet => {
            let mut foreign = tweet.clone();
            // One more than an id that is there: of the same time, and nobody's.
            let id = tweet.get("id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
            foreign.insert("id".into(), (id.unwrap_or(0) ^ 1).to_string().into());
            foreign.insert("author_id".into(), STRANGER.into());
            tweets.insert(at, Value::Object(foreign));
        }
        Kind::FutureTweet => {
            let at_ms = now_ms + fault.args.number("ahead_s", AHEAD_DEFAULT_S) * SECOND_MS;
            let mut future = tweet.clone();
            future.insert("id".into(), least_id(at_ms).to_string().into());
            if future.contains_key("created_at") {
                future.insert("created_at".into(), format_ms(at_ms).into());
            }
            tweets.insert(at, Value::Object(future));
        }
        Kind::RefuseField => {
            let field = fault.args.word("field").unwrap_or(REFUSED_DEFAULT);
            tweet.remove(field.split('.').next().unwrap_or(field));
        }
        _ => {}
    }
}

/// What is refused of a tweet unless the fault says.
const REFUSED_DEFAULT: &str = "organic_metrics.impression_count";

/// Adds the error for a refused field; with `drop`, its tweet goes.
fn refuse(answer: &mut Value, fault: &Fired) {
    let field = fault.args.word("field").unwrap_or(REFUSED_DEFAULT);
    let at = usize::try_from(fault.args.number("at", 0)).unwrap_or(0);
    let tweets = answer.get_mut("data").and_then(Value::as_array_mut);
    let Some(tweets) = tweets.filter(|tweets| !tweets.is_empty()) else { return };
    let at = at.min(tweets.len() - 1);
    let id = tweets.get(at).and_then(|tweet| tweet.get("id")).cloned().unwrap_or_default();
    if fault.args.number("drop", 0) != 0 {
        tweets.remove(at);
    }
    if tweets.is_empty()
        && let Some(members) = answer.as_object_mut()
    {
        members.remove("data");
    }
    let text = id.as_str().unwrap_or("");
    let error = json!({
        "resource_type": "tweet", "field": field, "parameter": "id", "resource_id": id,
        "value": id, "section": "data", "title": "Field Authorization Error",
        "detail": format!(
            "Sorry, you are not authorized to access '{field}' on the Tweet with id : [{text}]."
        ),
        "type": "https://api.twitter.com/2/problems/not-authorized-for-field",
    });
    match answer.get_mut("errors").and_then(Value::as_array_mut) {
        Some(errors) => errors.push(error),
        None => {
            if let Some(members) = answer.as_object_mut() {
                members.insert("errors".into(), json!([error]));
            }
        }
    }
}
