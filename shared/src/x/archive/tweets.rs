//! The account's own tweets. Owns: how the archive's objects, which are v1.1's with numbers as
//! text, are written as the API writes them today. Invariant: a metric that the archive does not
//! tell (impressions, replies) is absent, never 0.

use crate::id::{AccountId, TweetId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of the newest tweets are taken: what the list of tweets is made for.
pub const TWEETS_MAX: usize = 10_000;

/// `data/tweets.js`.
#[derive(Deserialize)]
pub struct TweetsFile(Vec<Entry>);

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    tweet: Option<Classic>,
}

/// A tweet as the archive tells it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Classic {
    id_str: Option<String>,
    id: Option<String>,
    full_text: Option<String>,
    created_at: Option<String>,
    lang: Option<String>,
    favorite_count: Option<String>,
    retweet_count: Option<String>,
    possibly_sensitive: Option<bool>,
    in_reply_to_status_id_str: Option<String>,
    in_reply_to_user_id_str: Option<String>,
    entities: ClassicEntities,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClassicEntities {
    urls: Vec<ClassicEntity>,
    hashtags: Vec<ClassicEntity>,
    user_mentions: Vec<ClassicEntity>,
}

/// A link, a hashtag or a mention.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ClassicEntity {
    indices: Vec<String>,
    url: Option<String>,
    expanded_url: Option<String>,
    display_url: Option<String>,
    text: Option<String>,
    screen_name: Option<String>,
    id_str: Option<String>,
}

/// A tweet as the API tells it.
#[derive(Serialize)]
struct Told {
    id: TweetId,
    author_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    possibly_sensitive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to_user_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    referenced_tweets: Vec<Reference>,
    public_metrics: BTreeMap<&'static str, u64>,
    entities: BTreeMap<&'static str, Vec<Entity>>,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[derive(Default, Serialize)]
struct Entity {
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
    told: BTreeMap<TweetId, Told>,
    /// Tweets that were left out for newer ones.
    pub older: u64,
    /// Entries without a readable id.
    pub dropped: u64,
}

impl Tweets {
    /// Takes in the tweets of a further file of this author's.
    pub fn take(&mut self, file: TweetsFile, author: AccountId) {
        for entry in file.0 {
            let Some(told) = entry.tweet.and_then(|tweet| tweet.told(author)) else {
                self.dropped += 1;
                continue;
            };
            self.told.insert(told.id, told);
            if self.told.len() > TWEETS_MAX {
                self.told.pop_first();
                self.older += 1;
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.told.len()
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

impl Classic {
    fn told(self, author: AccountId) -> Option<Told> {
        let id: TweetId = self.id_str.or(self.id)?.parse().ok()?;
        let retweet = self.full_text.as_deref().is_some_and(|text| text.starts_with("RT @"));
        let reference = match self.in_reply_to_status_id_str {
            Some(id) => Some(Reference { kind: "replied_to", id: Some(id) }),
            // The archive does not say of which tweet; only these letters tell that it is one.
            None => retweet.then_some(Reference { kind: "retweeted", id: None }),
        };
        let counts = [("like_count", self.favorite_count), ("retweet_count", self.retweet_count)];
        let ClassicEntities { urls, hashtags, user_mentions } = self.entities;
        let entities = [("urls", urls), ("hashtags", hashtags), ("mentions", user_mentions)];
        let read = |list: Vec<ClassicEntity>| {
            list.into_iter().filter_map(ClassicEntity::told).collect::<Vec<_>>()
        };
        Some(Told {
            id,
            author_id: author,
            text: self.full_text,
            created_at: self.created_at.as_deref().and_then(rfc3339),
            lang: self.lang,
            possibly_sensitive: self.possibly_sensitive,
            in_reply_to_user_id: self.in_reply_to_user_id_str,
            referenced_tweets: reference.into_iter().collect(),
            public_metrics: counts
                .into_iter()
                .filter_map(|(name, count)| Some((name, count?.parse().ok()?)))
                .collect(),
            entities: entities.into_iter().map(|(name, list)| (name, read(list))).collect(),
        })
    }
}

impl ClassicEntity {
    fn told(self) -> Option<Entity> {
        let [start, end] = self.indices.as_slice() else { return None };
        Some(Entity {
            start: start.parse().ok()?,
            end: end.parse().ok()?,
            url: self.url,
            expanded_url: self.expanded_url,
            display_url: self.display_url,
            tag: self.text,
            username: self.screen_name,
            id: self.id_str,
        })
    }
}

/// v1.1's way to write an instant, `Sat Feb 18 12:33:11 +0000 2023`, as the API writes it.
fn rfc3339(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').collect();
    let [_, month, day, time, "+0000", year] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    Some(format!("{year}-{month:02}-{day}T{time}.000Z"))
}
