//! The control surface of the accounts' own tweets: the truth, deletions, tweets on request.
//!
//! Knows JSON in and out, no routes. Invariant: what is told is read from the diary and the marks,
//! never from answers to X's endpoints.

use serde::Deserialize;
use serde_json::{Value, json};

use super::diary::{Tweet, id_of};
use super::growth::{self, Counter, Counts};
use super::marks::{Standing, WRITTEN_MAX, Written};
use crate::hash::hash;
use crate::state::Sim;
use crate::world::{Account, MAIN_ACCOUNT};

/// Characters of a tweet written on request: X's longest.
const TEXT_MAX: usize = 25_000;
const SALT_WRITTEN: u64 = 249;

fn counts(counts: &Counts) -> Value {
    json!({
        "impression_count": counts.get(Counter::Impressions),
        "like_count": counts.get(Counter::Likes),
        "retweet_count": counts.get(Counter::Retweets),
        "reply_count": counts.get(Counter::Replies),
        "quote_count": counts.get(Counter::Quotes),
        "bookmark_count": counts.get(Counter::Bookmarks),
        "url_link_clicks": counts.get(Counter::UrlClicks),
        "user_profile_clicks": counts.get(Counter::ProfileClicks),
    })
}

/// A tweet and what is true of it at a time.
fn truth_of(tweet: &Tweet, now_ms: i64) -> Value {
    let first = tweet.first();
    // Of a deleted tweet, the metrics it had last.
    let then_ms = tweet.deleted_ms.map_or(now_ms, |at_ms| now_ms.min(at_ms - 1));
    let version = tweet.versions.iter().rposition(|v| v.at_ms <= then_ms).unwrap_or(0);
    let mut reading = growth::reading(tweet, version, then_ms);
    if tweet.facts.kind.is_retweet() {
        reading.promoted = None;
    }
    let current = tweet.versions.get(version).map_or(0, |version| version.id);
    let mut public = counts(&reading.public());
    if let (true, Some(members)) = (tweet.facts.kind.is_retweet(), public.as_object_mut()) {
        members.insert("retweet_count".into(), growth::passed_on(tweet, then_ms).into());
    }
    let corrections = growth::corrections(tweet);
    let corrections: Vec<Value> = corrections
        .iter()
        .filter(|correction| correction.at_ms <= then_ms)
        .map(|correction| {
            let counter = format!("{:?}", correction.counter).to_lowercase();
            json!({"counter": counter, "at": correction.at_ms, "loss": correction.loss})
        })
        .collect();
    json!({
        "id": current.to_string(),
        "created_at": first.at_ms,
        "deleted_at": tweet.deleted_ms.filter(|at_ms| *at_ms <= now_ms),
        "edits": tweet.history(then_ms.max(first.at_ms)).map(|v| v.id.to_string())
            .collect::<Vec<_>>(),
        "kind": tweet.facts.kind.name(),
        "lang": tweet.facts.language.code,
        "promoted": tweet.is_promoted(then_ms),
        "public": public,
        "organic": counts(&reading.organic),
        "promoted_metrics": reading.promoted.as_ref().map(counts),
        "corrections": corrections,
    })
}

/// The answer of `GET /sim/tweets/own`: every tweet first written in `from_ms..to_ms` and not
/// after now, oldest first, also those that are deleted by now.
pub(crate) fn truth(sim: &Sim, account: Account, from_ms: i64, to_ms: i64) -> Value {
    let (now_ms, marks) = (sim.now_ms(), sim.state().marks.clone());
    let tweets = sim.diary.between(account, from_ms, to_ms.min(now_ms + 1), &marks);
    let tweets: Vec<Value> = tweets.iter().map(|tweet| truth_of(tweet, now_ms)).collect();
    json!({"count": tweets.len(), "tweets": tweets})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    id: String,
}

impl Deletion {
    pub(super) fn of(id: &str) -> Self {
        Self { id: id.to_owned() }
    }
}

/// The answer of `POST /sim/tweets/delete`: the tweet with any version of this id is gone.
///
/// # Errors
/// That there is no such tweet now.
pub(crate) fn delete(sim: &Sim, wish: &Deletion) -> Result<Value, String> {
    let (now_ms, mut state) = (sim.now_ms(), sim.state());
    let none = || format!("there is no tweet {} now", wish.id);
    let id: u64 = wish.id.parse().map_err(|_| none())?;
    let (tweet, _) = sim.diary.find(id, &state.marks).ok_or_else(none)?;
    tweet.current(now_ms).ok_or_else(none)?;
    let first = tweet.first().id;
    state.marks.delete(first, now_ms);
    Ok(json!({"id": first.to_string(), "deleted_at": now_ms}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Writing {
    text: String,
    account: Option<String>,
    #[serde(default)]
    promoted: bool,
}

impl Writing {
    /// A text without an advertisement.
    pub(super) fn plain(account: Account, text: String) -> Self {
        Self { text, account: Some(account.id().to_owned()), promoted: false }
    }
}

/// The answer of `POST /sim/tweets/own`: a tweet written now.
///
/// # Errors
/// What of the wish is wrong.
pub(crate) fn write(sim: &Sim, wish: Writing) -> Result<Value, String> {
    let (at_ms, mut state) = (sim.now_ms(), sim.state());
    let name = wish.account.as_deref().unwrap_or(MAIN_ACCOUNT);
    let account = Account::from_id(name).ok_or_else(|| format!("there is no account {name}"))?;
    if !(1..=TEXT_MAX).contains(&wish.text.chars().count()) {
        return Err(format!("a text has 1 to {TEXT_MAX} characters"));
    }
    let nth = state.marks.written().len() as u64;
    let id = id_of(hash(sim.config.seed, account.bit(), SALT_WRITTEN), nth, at_ms);
    let written = Written { account, id, at_ms, text: wish.text, promoted: wish.promoted };
    if !state.marks.write(written) {
        return Err(format!("{WRITTEN_MAX} tweets are enough; POST /sim/reset first"));
    }
    Ok(json!({"id": id.to_string(), "created_at": at_ms}))
}

/// Changes how X keeps an account's tweets; used by `POST /sim/world`.
///
/// # Errors
/// That there is no such account or standing.
pub(crate) fn set_standing(sim: &Sim, name: &str, standing: &str) -> Result<(), String> {
    let account = Account::from_id(name).ok_or_else(|| format!("there is no account {name}"))?;
    let found = Standing::ALL.into_iter().find(|(known, _)| *known == standing);
    let (_, standing) = found.ok_or_else(|| {
        format!("the standing {standing} is not one of open, protected, suspended")
    })?;
    sim.state().marks.set_standing(account, standing);
    Ok(())
}
