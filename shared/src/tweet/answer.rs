//! Answers of `/2/users/{id}/tweets` and `/2/tweets`. Owns: the envelope, and what each of its
//! errors costs. Must not know: what is done about it. Invariant: every tweet asked for is in one
//! place at most: told, set aside, or absent; an error about one tweet never costs another.

use super::object::Tweet;
use crate::id::{AccountId, TweetId};
use crate::metrics::Family;
use crate::text::cut;
use crate::time::{MINUTE_MS, UnixMs};
use crate::x::page::PageFault;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// A page of 100 tweets of 25,000 characters with every field is under 12 MB.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// X's clock may be so far ahead of ours.
const AHEAD_MS: i64 = 5 * MINUTE_MS;
/// Texts of X are kept for people to read.
const TEXT_MAX_CHARS: usize = 300;

/// What an answer is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose tweets were asked for.
    pub account: AccountId,
    /// The clock.
    pub now: UnixMs,
}

/// An answer read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The tweets, in X's order, each once.
    pub tweets: Vec<Tweet>,
    /// Tweets X does not show, and why.
    pub absent: Vec<Absent>,
    /// Fields X refused for single tweets.
    pub refused: Vec<Refusal>,
    /// Tweets of another account: set aside.
    pub foreign: Vec<TweetId>,
    /// Tweets written after now: set aside, for X or we are wrong about the time.
    pub early: Vec<TweetId>,
    /// Entries without a readable id.
    pub dropped: u32,
    /// Entries of a tweet that came before on the same page.
    pub repeated: u32,
    /// Errors that name no tweet, in X's words.
    pub other_errors: Vec<String>,
    /// The newest tweet of a listing's page, by X.
    pub newest_id: Option<TweetId>,
    /// The oldest.
    pub oldest_id: Option<TweetId>,
    /// The token of the page after it.
    pub next_token: Option<String>,
}

/// A tweet X does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Which.
    pub id: TweetId,
    /// Why.
    pub why: Absence,
    /// X's words, at most 300 characters.
    pub detail: String,
}

/// Why X does not show a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absence {
    /// `resource-not-found`: deleted. Purged at once.
    Deleted,
    /// `not-authorized-for-resource`: its author is protected or suspended now. Purged too.
    Protected,
    /// Anything else (`resource-unavailable`, `disallowed-resource`): nothing is concluded.
    Unavailable,
}

/// A field X refused for a tweet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which tweet.
    pub id: TweetId,
    /// Which field: `organic_metrics.like_count`.
    pub field: String,
    /// Whether the tweet came without the field; else it did not come at all, for [`again`].
    pub told: bool,
}

impl Refusal {
    /// The family of metrics refused.
    pub fn family(&self) -> Option<Family> {
        Family::of_field(self.field.split('.').next().unwrap_or_default())
    }
}

impl Answer {
    /// Every tweet that is known to exist by this answer, with those it replaces: what is due
    /// and not among them is [`crate::cadence::absent`].
    pub fn seen(&self) -> BTreeSet<TweetId> {
        let told = self.tweets.iter().flat_map(|t| t.replaces.iter().chain([&t.id])).copied();
        let aside = self.foreign.iter().chain(&self.early).copied();
        told.chain(aside).chain(self.refused.iter().map(|refusal| refusal.id)).collect()
    }

    /// Older versions of edited tweets, with the version that came: no deletions.
    pub fn replaced(&self) -> BTreeMap<TweetId, TweetId> {
        let pairs = |tweet: &Tweet| {
            let new = tweet.id;
            tweet.replaces.iter().map(move |&old| (old, new)).collect::<Vec<_>>()
        };
        self.tweets.iter().flat_map(pairs).collect()
    }
}

/// What to ask for again: the tweets that did not come because a field of theirs was refused,
/// and the families they may be asked for; the public ones at least.
pub fn again(answer: &Answer) -> Vec<(Vec<Family>, Vec<TweetId>)> {
    let mut refused: BTreeMap<TweetId, BTreeSet<Family>> = BTreeMap::new();
    for refusal in answer.refused.iter().filter(|refusal| !refusal.told) {
        refused.entry(refusal.id).or_default().extend(refusal.family());
    }
    let mut asks: BTreeMap<Vec<Family>, Vec<TweetId>> = BTreeMap::new();
    for (id, without) in refused {
        // Of an error that names no family, nobody knows which field was meant.
        let public_only = without.is_empty() || without.contains(&Family::Public);
        let left = |family: &&Family| {
            **family == Family::Public || (!public_only && !without.contains(*family))
        };
        asks.entry(Family::ALL.iter().filter(left).copied().collect()).or_default().push(id);
    }
    asks.into_iter().collect()
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    meta: Option<Value>,
    #[serde(default)]
    errors: Option<Value>,
}

/// Reads an answer with a good status. `{"meta":{"result_count":0}}` is an empty page, and a
/// look-up may be all errors.
///
/// # Errors
/// The answer is cut, or no answer to this question.
pub fn read(body: &[u8], reading: &Reading) -> Result<Answer, PageFault> {
    if body.len() > BODY_MAX {
        return Err(PageFault::TooLarge);
    }
    let envelope: Envelope<'_> =
        serde_json::from_slice(body).map_err(|error| not_json(body, &error))?;
    let errors = match envelope.errors {
        Some(Value::Array(errors)) => errors,
        Some(Value::Null) | None => Vec::new(),
        Some(other) => vec![other],
    };
    if envelope.data.is_none() && envelope.meta.is_none() && errors.is_empty() {
        return Err(PageFault::NoData);
    }
    let mut answer = Answer::default();
    take_data(&mut answer, envelope.data, reading)?;
    for error in &errors {
        take_error(&mut answer, error);
    }
    let named = answer.absent.len() + answer.refused.len();
    if envelope.data.is_none() && named == 0 && !answer.other_errors.is_empty() {
        return Err(PageFault::Errors(answer.other_errors.join("; ")));
    }
    let meta = |name: &str| {
        let text = envelope.meta.as_ref()?.get(name)?.as_str()?;
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    answer.newest_id = meta("newest_id").and_then(|id| id.parse().ok());
    answer.oldest_id = meta("oldest_id").and_then(|id| id.parse().ok());
    answer.next_token = meta("next_token");
    Ok(answer)
}

fn not_json(body: &[u8], error: &serde_json::Error) -> PageFault {
    let lines = body.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(|line| line.len() + 1).sum();
    PageFault::NotJson { at: before + error.column() }
}

fn take_data(
    answer: &mut Answer,
    data: Option<&RawValue>,
    reading: &Reading,
) -> Result<(), PageFault> {
    let Some(data) = data else { return Ok(()) };
    let entries: Vec<&RawValue> = if data.get().starts_with('[') {
        serde_json::from_str(data.get())
            .map_err(|error| PageFault::NotJson { at: error.column() })?
    } else {
        vec![data]
    };
    let mut seen = BTreeSet::new();
    for entry in entries {
        match Tweet::from_raw(entry.get()) {
            None => answer.dropped += 1,
            Some(tweet) if !seen.insert(tweet.id) => answer.repeated += 1,
            Some(tweet) if tweet.author.is_some_and(|author| author != reading.account) => {
                answer.foreign.push(tweet.id);
            }
            Some(tweet) if is_early(&tweet, reading.now) => answer.early.push(tweet.id),
            Some(tweet) => answer.tweets.push(tweet),
        }
    }
    Ok(())
}

/// Whether a tweet was written after now, by what X says, or else by its id.
pub(super) fn is_early(tweet: &Tweet, now: UnixMs) -> bool {
    tweet.created.is_some_and(|created| created > now.plus(AHEAD_MS))
}

fn take_error(answer: &mut Answer, error: &Value) {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = |name: &str| text(name).parse::<TweetId>().ok();
    let about_tweet = !matches!(text("resource_type"), "user" | "place" | "media");
    let Some(id) = id("resource_id").or_else(|| id("value")).filter(|_| about_tweet) else {
        let words = [text("title"), text("detail"), text("message")];
        let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
        return answer.other_errors.push(cut(&words.join(": "), TEXT_MAX_CHARS));
    };
    let told = answer.tweets.iter().any(|tweet| tweet.id == id);
    let kind = text("type").rsplit('/').next().unwrap_or_default();
    if !text("field").is_empty()
        || matches!(kind, "not-authorized-for-field" | "field-unauthorized")
    {
        return answer.refused.push(Refusal {
            id,
            field: cut(text("field"), TEXT_MAX_CHARS),
            told,
        });
    }
    let aside = answer.foreign.contains(&id) || answer.early.contains(&id);
    if told || aside || answer.absent.iter().any(|absent| absent.id == id) {
        return;
    }
    let why = match kind {
        "resource-not-found" => Absence::Deleted,
        "not-authorized-for-resource" => Absence::Protected,
        _ => Absence::Unavailable,
    };
    answer.absent.push(Absent { id, why, detail: cut(text("detail"), TEXT_MAX_CHARS) });
}
