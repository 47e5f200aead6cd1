//! The account's own tweets. Owns: how the archive's objects, which are v1.1's with numbers as
//! text, are written as the API writes them today. Invariants: a metric that the archive does not
//! tell (impressions, replies) is absent, never 0; an odd field costs itself, and an entry without
//! a readable id is counted.
//!
//! What is known of edits, each of which is a tweet of its own: `edit_info.initial.editTweetIds`
//! names all versions; in a later version it stands in `edit_info.edit.editControlInitial`, beside
//! `edit.initialTweetId` (the crate `twitter-archive`, `structs::tweets`; X's own `EditControl`).

use super::places::Places;
use super::values::{id, instant, list, text, whole};
use crate::id::{AccountId, TweetId};
use crate::time::UnixMs;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many of the newest tweets are taken: what the list of tweets is made for.
pub const TWEETS_MAX: usize = 10_000;

/// A tweet as the API tells it.
#[derive(Serialize)]
pub(super) struct Told {
    id: TweetId,
    author_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    possibly_sensitive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to_user_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    referenced_tweets: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edit_history_tweet_ids: Vec<TweetId>,
    public_metrics: BTreeMap<&'static str, u64>,
    entities: Entities,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note_tweet: Option<Long>,
}

/// The whole text of a long tweet.
#[derive(Serialize)]
pub(super) struct Long {
    pub(super) text: String,
    pub(super) entities: Entities,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Links of a text by kind, each kind in the order of the text.
pub(super) type Entities = BTreeMap<&'static str, Vec<Entity>>;

/// A link, a hashtag, a mention or a cashtag.
#[derive(Serialize)]
pub(super) struct Entity {
    start: u64,
    end: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expanded_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Tweets of one or several files: the newest [`TWEETS_MAX`], each once.
#[derive(Default)]
pub struct Tweets {
    pub(super) told: BTreeMap<TweetId, Told>,
    /// Tweets that were left out for newer ones.
    pub older: u64,
    /// Entries without a readable id.
    pub unreadable: u64,
}

impl Tweets {
    /// Takes in an entry of this author's, `{"tweet":{…}}` or, before 2020, what stands inside;
    /// `None`: it is no JSON.
    pub(super) fn take(&mut self, entry: Option<&Value>, author: AccountId) {
        let told = entry.and_then(|entry| told(entry.get("tweet").unwrap_or(entry), author));
        let Some(told) = told else {
            self.unreadable += 1;
            return;
        };
        self.told.insert(told.id, told);
        if self.told.len() > TWEETS_MAX {
            self.told.pop_first();
            self.older += 1;
        }
    }

    /// How many there are; the versions of an edited tweet are one.
    pub fn count(&self) -> u64 {
        let earlier: BTreeSet<TweetId> = self
            .told
            .values()
            .flat_map(|told| told.edit_history_tweet_ids.iter().filter(|id| **id < told.id))
            .copied()
            .collect();
        self.told.keys().filter(|id| !earlier.contains(id)).count() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The JSON of a file of them, as `POST …/snapshots` takes it, ascending by id.
    pub fn file(&self) -> String {
        let object = |told| serde_json::to_string(told).unwrap_or_default();
        let objects: Vec<String> = self.told.values().map(object).collect();
        format!("{{\"promoted\":[],\"unpromoted\":[{}]}}", objects.join(","))
    }
}

fn told(tweet: &Value, author: AccountId) -> Option<Told> {
    let own = id(tweet, &["id_str", "id"])?;
    let words = text(tweet, &["full_text", "text"]);
    let count = |name: &str| tweet.get(name).and_then(whole);
    let counts =
        [("like_count", count("favorite_count")), ("retweet_count", count("retweet_count"))];
    let user: Option<AccountId> = id(tweet, &["in_reply_to_user_id_str", "in_reply_to_user_id"]);
    let lang = text(tweet, &["lang"]).map(str::to_owned);
    Some(Told {
        id: own,
        author_id: author,
        text: words.map(str::to_owned),
        created_at: text(tweet, &["created_at"]).and_then(instant),
        lang,
        possibly_sensitive: tweet.get("possibly_sensitive").and_then(Value::as_bool),
        in_reply_to_user_id: user.map(|id| id.to_string()),
        referenced_tweets: reference(tweet, words).into_iter().collect(),
        edit_history_tweet_ids: versions(tweet, own),
        public_metrics: counts
            .into_iter()
            .filter_map(|(name, count)| Some((name, count?)))
            .collect(),
        entities: words.map(|words| entities(tweet, words)).unwrap_or_default(),
        note_tweet: None,
    })
}

/// The tweet that it answers or repeats.
fn reference(tweet: &Value, words: Option<&str>) -> Option<Reference> {
    let answered: Option<TweetId> =
        id(tweet, &["in_reply_to_status_id_str", "in_reply_to_status_id"]);
    if let Some(id) = answered {
        return Some(Reference { kind: "replied_to", id: Some(id.to_string()) });
    }
    // The archive does not say of which tweet; only these letters tell that it is one.
    let retweet = words.is_some_and(|words| words.starts_with("RT @"));
    retweet.then_some(Reference { kind: "retweeted", id: None })
}

/// All versions of an edited tweet, itself among them, oldest first; none of one that was never
/// edited.
fn versions(tweet: &Value, own: TweetId) -> Vec<TweetId> {
    let none = Value::Null;
    let info = tweet.get("edit_info").unwrap_or(&none);
    let edit = info.get("edit").unwrap_or(&none);
    let control = edit.get("editControlInitial").or_else(|| info.get("initial")).unwrap_or(&none);
    let named = list(control, &["editTweetIds"]).iter().filter_map(|id| id.as_str()?.parse().ok());
    let mut all: BTreeSet<TweetId> = named.collect();
    all.extend(id::<TweetId>(edit, &["initialTweetId"]));
    all.insert(own);
    if all.len() > 1 { all.into_iter().collect() } else { Vec::new() }
}

/// The links of a tweet's text. Pictures stand apart, and those of one tweet share one address.
fn entities(tweet: &Value, words: &str) -> Entities {
    let none = Value::Null;
    let object = tweet.get("entities").unwrap_or(&none);
    let more = tweet.get("extended_entities").unwrap_or(&none);
    let places = Places::of(words);
    let told = |entity: &Value| list(entity, &["indices"]).first().and_then(whole);
    let link = |entity: &Value| url(entity, told(entity), &places);
    let pictures = list(object, &["media"]).iter().chain(list(more, &["media"]));
    let urls = list(object, &["urls"]).iter().chain(pictures).filter_map(link);
    let tags = |name: &str, sign: &str| -> Vec<Entity> {
        let read = |entity: &Value| tag(entity, sign, told(entity), &places);
        list(object, &[name]).iter().filter_map(read).collect()
    };
    let mentions = list(object, &["user_mentions"]).iter();
    BTreeMap::from([
        ("urls", in_order(urls.collect())),
        ("hashtags", in_order(tags("hashtags", "#"))),
        ("cashtags", in_order(tags("symbols", "$"))),
        (
            "mentions",
            in_order(mentions.filter_map(|one| mention(one, told(one), &places)).collect()),
        ),
    ])
}

/// In the order of the text, one at each place.
pub(super) fn in_order(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_key(|entity| (entity.start, entity.end));
    entities.dedup_by_key(|entity| entity.start);
    entities
}

/// A link. Pictures are shown under X's address of today, as the API tells those of all years.
pub(super) fn url(entity: &Value, told: Option<u64>, places: &Places) -> Option<Entity> {
    let url = text(entity, &["url", "shortUrl", "short_url"])?;
    let (start, end) = places.find(told, &[url.to_owned(), url.replace('&', "&amp;")])?;
    let shown = text(entity, &["display_url", "displayUrl"]).map(|shown| {
        let picture = shown.strip_prefix("pic.twitter.com/");
        picture.map_or_else(|| shown.to_owned(), |rest| format!("pic.x.com/{rest}"))
    });
    let expanded_url = text(entity, &["expanded_url", "expandedUrl"]).map(str::to_owned);
    Some(Entity {
        url: Some(url.to_owned()),
        expanded_url,
        display_url: shown,
        ..Entity::at(start, end)
    })
}

/// A hashtag or a cashtag.
pub(super) fn tag(
    entity: &Value,
    sign: &str,
    told: Option<u64>,
    places: &Places,
) -> Option<Entity> {
    let tag = text(entity, &["text", "tag"])?;
    let wide = if sign == "#" { '\u{ff03}' } else { '\u{ff04}' };
    let (start, end) = places.find(told, &[format!("{sign}{tag}"), format!("{wide}{tag}")])?;
    Some(Entity { tag: Some(tag.to_owned()), ..Entity::at(start, end) })
}

/// A mention.
pub(super) fn mention(entity: &Value, told: Option<u64>, places: &Places) -> Option<Entity> {
    let name = text(entity, &["screen_name", "screenName"])?;
    let (start, end) = places.find(told, &[format!("@{name}"), format!("\u{ff20}{name}")])?;
    let id: Option<AccountId> = id(entity, &["id_str", "id"]);
    Some(Entity {
        username: Some(name.to_owned()),
        id: id.map(|id| id.to_string()),
        ..Entity::at(start, end)
    })
}

impl Entity {
    fn at(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            url: None,
            expanded_url: None,
            display_url: None,
            tag: None,
            username: None,
            id: None,
        }
    }
}
