//! One tweet object. Owns: how both dialects are read. Must not know: which answer it stood in.
//! Invariant: a metric that is null, negative, a fraction or absent is absent, never 0.

use super::entries::named;
use crate::api::TweetKind;
use crate::id::{TweetId, UserId};
use crate::metrics::{Family, Metric};
use crate::time::UnixMs;
use crate::x::count::count;
use crate::x::user::object;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Largest object taken: 25,000 characters of text, each escaped, twice, are under 400 KB.
pub(super) const TWEET_MAX_BYTES: usize = 512 * 1024;
/// The first id made of a time, in November 2010; older ones are plain numbers.
const TIMED_ID_MIN: u64 = 29_700_000_000;
/// Below these bits of such an id are its milliseconds since [`TIMED_ID_EPOCH_MS`] (X's
/// "Snowflake" announcement).
const TIMED_ID_BITS: u32 = 22;
const TIMED_ID_EPOCH_MS: i64 = 1_288_834_974_657;

/// What is read of a tweet object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tweet {
    /// Which.
    pub id: TweetId,
    /// Who wrote it, if X said so.
    pub author: Option<UserId>,
    /// The whole text; `None` if there is none.
    pub text: Option<String>,
    /// When it was written; by its id, where X did not say.
    pub created: Option<UnixMs>,
    /// Its language as X tells it (BCP 47).
    pub lang: Option<String>,
    /// What it is.
    pub kind: TweetKind,
    /// The versions it replaces, oldest first: X gives an edited tweet a new id.
    pub replaces: Vec<TweetId>,
    /// Whether X marks it as possibly sensitive.
    pub sensitive: bool,
    /// What X counted, ascending by metric.
    pub metrics: Vec<(Metric, u64)>,
    /// Metrics that are no counts: set aside.
    pub odd_metrics: u32,
    /// The object as X wrote it.
    pub raw: String,
}

impl Tweet {
    /// Reads a tweet object that stands alone; `None` if it is none, is too large or has no id that
    /// can be trusted.
    pub fn from_raw(raw: &str) -> Option<Self> {
        Self::of(TweetId(named(raw)?.alone()?), raw)
    }

    /// Reads a tweet object whose id is known: that of an integer above 2^53 can only be trusted by
    /// the file it stood in.
    pub fn of(id: TweetId, raw: &str) -> Option<Self> {
        let fields = Fields::read(raw)?;
        let (metrics, odd_metrics) = fields.metrics();
        let long = ["note_tweet", "note_post"].into_iter().find_map(|name| {
            fields.get(name)?.get("text")?.as_str().filter(|t| !t.is_empty()).map(str::to_owned)
        });
        let created = fields.text("created_at").as_deref().and_then(UnixMs::parse);
        Some(Self {
            id,
            author: fields.text("author_id").and_then(|id| id.parse().ok()),
            text: long.or_else(|| fields.text("text")),
            created: created.or_else(|| created_by_id(id)),
            lang: fields.text("lang"),
            kind: fields.kind(),
            replaces: fields.replaces(id),
            sensitive: fields.get("possibly_sensitive") == Some(Value::Bool(true)),
            metrics,
            odd_metrics,
            raw: raw.to_owned(),
        })
    }

    /// Whether an advertisement counted anything: X tells promoted metrics of promoted tweets
    /// only.
    pub fn promoted(&self) -> bool {
        self.metrics.iter().any(|(metric, _)| metric.family() == Family::Promoted)
    }
}

/// When a tweet was written, by its id; none of the plain numbers before November 2010.
pub(crate) fn created_by_id(id: TweetId) -> Option<UnixMs> {
    let ms = i64::try_from(id.0 >> TIMED_ID_BITS).ok()?;
    (id.0 >= TIMED_ID_MIN).then_some(UnixMs(TIMED_ID_EPOCH_MS.saturating_add(ms)))
}

/// The fields of an object, each read when it is asked for: one odd field must not cost others.
struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    fn read(raw: &'a str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Object<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);
        let raw = object(raw).filter(|raw| raw.len() <= TWEET_MAX_BYTES)?;
        serde_json::from_str::<Object<'a>>(raw).ok().map(|object| Self(object.0))
    }

    /// A field, if it is there and not null.
    fn get(&self, name: &str) -> Option<Value> {
        let value = serde_json::from_str(self.0.get(name)?.get()).ok()?;
        Some(value).filter(|value: &Value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The first of two dialects' fields that is a list.
    fn list(&self, names: [&str; 2]) -> Vec<Value> {
        let list = |name: &str| match self.get(name)? {
            Value::Array(items) => Some(items),
            _ => None,
        };
        names.into_iter().find_map(list).unwrap_or_default()
    }

    fn kind(&self) -> TweetKind {
        let referenced = self.list(["referenced_tweets", "referenced_posts"]);
        let refers = |kinds: &[&str]| {
            let kind = |item: &Value| item.get("type").and_then(Value::as_str).map(str::to_owned);
            referenced.iter().filter_map(kind).any(|kind| kinds.contains(&kind.as_str()))
        };
        if refers(&["retweeted", "reposted"]) {
            TweetKind::Retweet
        } else if refers(&["replied_to"]) || self.text("in_reply_to_user_id").is_some() {
            TweetKind::Reply
        } else if refers(&["quoted"]) {
            TweetKind::Quote
        } else {
            TweetKind::Tweet
        }
    }

    /// The edit history without the tweet itself and what came after it.
    fn replaces(&self, id: TweetId) -> Vec<TweetId> {
        let history = self.list(["edit_history_tweet_ids", "edit_history_post_ids"]);
        let ids = history.iter().filter_map(|id| id.as_str()?.parse::<TweetId>().ok());
        let mut before: Vec<TweetId> = ids.filter(|other| *other < id).collect();
        before.sort_unstable();
        before.dedup();
        before
    }

    /// The metrics of all families, and how many values are no counts. Where both dialects name
    /// one metric, the first is taken.
    fn metrics(&self) -> (Vec<(Metric, u64)>, u32) {
        let mut metrics = BTreeMap::new();
        let mut odd = 0;
        for family in Family::ALL {
            let Some(Value::Object(values)) = self.get(family.field()) else { continue };
            for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
                match (Metric::of(*family, name), count(value)) {
                    (Some(metric), Some(count)) => {
                        metrics.entry(metric).or_insert(count);
                    }
                    _ => odd += 1,
                }
            }
        }
        (metrics.into_iter().collect(), odd)
    }
}
