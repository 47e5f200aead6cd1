//! `TWEETS_` files: `{"promoted":[…],"unpromoted":[…]}`. Owns: how one is written from X's
//! objects and read for the series. Must not know: compression, names, where files are kept.
//! Invariant: a tweet counts once; in both lists, the promoted entry counts, which knows more.
//!
//! The seed's own result, `STATS_TWEETS`, takes the entry read last ([`crate::tweets`]); for files
//! written here that is the same, as they name no tweet twice.

use super::answer::is_early;
use super::kept::redact;
use super::object::Tweet;
use crate::id::TweetId;
use crate::time::UnixMs;
use crate::tweets::Damage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// One tweet of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What the file says of it.
    pub tweet: Tweet,
    /// Whether it stands in the promoted list, or promoted metrics are told of it.
    pub promoted: bool,
}

/// A file read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its tweets: promoted, then unpromoted, each once.
    pub tweets: Vec<Listed>,
    /// Tweets in both lists: an error, of which the promoted entry was taken.
    pub both: u64,
    /// Tweets twice in one list, of which the first entry was taken.
    pub repeated: u64,
    /// Entries without a readable id.
    pub dropped: u64,
    /// Tweets written after the file.
    pub early: u64,
    /// Metrics that are no counts.
    pub odd_metrics: u64,
}

#[derive(Deserialize)]
struct Lists<'a> {
    #[serde(borrow)]
    promoted: Vec<&'a RawValue>,
    #[serde(borrow)]
    unpromoted: Vec<&'a RawValue>,
}

impl File {
    /// Reads a file's JSON; `at` is the instant its name says.
    ///
    /// # Errors
    /// [`Damage::Json`] where it has not the seed's shape.
    pub fn read(json: &[u8], at: UnixMs) -> Result<Self, Damage> {
        let lists: Lists<'_> =
            serde_json::from_slice(json).map_err(|error| Damage::Json(error.to_string()))?;
        let mut file = Self::default();
        let promoted = file.list(&lists.promoted, true, &BTreeSet::new(), at);
        file.list(&lists.unpromoted, false, &promoted, at);
        Ok(file)
    }

    /// Takes in one list; gives the ids in it.
    fn list(
        &mut self,
        entries: &[&RawValue],
        promoted: bool,
        other: &BTreeSet<u64>,
        at: UnixMs,
    ) -> BTreeSet<u64> {
        let mut ids = BTreeSet::new();
        for raw in entries {
            let Some(tweet) = Tweet::from_raw(raw.get()) else {
                self.dropped += 1;
                continue;
            };
            if !ids.insert(tweet.id.0) {
                self.repeated += 1;
            } else if other.contains(&tweet.id.0) {
                self.both += 1;
            } else if is_early(&tweet, at) {
                self.early += 1;
            } else {
                self.odd_metrics += u64::from(tweet.odd_metrics);
                let promoted = promoted || tweet.promoted();
                self.tweets.push(Listed { tweet, promoted });
            }
        }
        ids
    }
}

/// Writes a file's JSON from tweets as X told them: their objects as X wrote them, ascending by
/// id, each once (of two, the one with more metrics, then the later), so that equal tweets are
/// equal bytes.
pub fn write(tweets: &[Tweet]) -> Vec<u8> {
    let mut sorted: Vec<&Tweet> = tweets.iter().collect();
    sorted.sort_by_key(|tweet| (tweet.id, tweet.metrics.len()));
    let next = sorted.iter().skip(1).map(|tweet| Some(tweet.id)).chain([None]);
    let last_of_id = sorted.iter().zip(next).filter(|(tweet, next)| Some(tweet.id) != *next);
    let kept: Vec<&Tweet> = last_of_id.map(|(tweet, _)| *tweet).collect();
    let list = |promoted: bool| {
        let of = kept.iter().filter(|tweet| tweet.promoted() == promoted);
        of.map(|tweet| tweet.raw.as_str()).collect::<Vec<_>>().join(",")
    };
    format!("{{\"promoted\":[{}],\"unpromoted\":[{}]}}", list(true), list(false)).into_bytes()
}

/// A file's JSON without the words of some tweets (see [`redact`]); `None` if it has none of them.
///
/// # Errors
/// [`Damage::Json`] where it has not the seed's shape.
pub fn redacted(json: &[u8], gone: impl Fn(TweetId) -> bool) -> Result<Option<Vec<u8>>, Damage> {
    let lists: Lists<'_> =
        serde_json::from_slice(json).map_err(|error| Damage::Json(error.to_string()))?;
    let mut changed = false;
    let mut list = |entries: &[&RawValue]| {
        let entry = |raw: &&RawValue| {
            let purge = Tweet::from_raw(raw.get()).is_some_and(|tweet| gone(tweet.id));
            let left = if purge { redact(raw.get()) } else { None };
            changed |= left.is_some();
            left.unwrap_or_else(|| raw.get().to_owned())
        };
        entries.iter().map(entry).collect::<Vec<_>>().join(",")
    };
    let (promoted, unpromoted) = (list(&lists.promoted), list(&lists.unpromoted));
    let json = format!("{{\"promoted\":[{promoted}],\"unpromoted\":[{unpromoted}]}}");
    Ok(changed.then(|| json.into_bytes()))
}
