//! `TWEETS_` files: `{"promoted":[…],"unpromoted":[…]}`. Owns: how one is written from X's
//! objects and read for the series. Must not know: compression, names, where files are kept.
//! Invariant: a tweet counts once; what several entries say of it is put together, and where they
//! differ the promoted one counts, which knows more, then the one read first.
//!
//! The seed's own result, `STATS_TWEETS`, takes the entry read last ([`crate::tweets`]); for
//! files written here that is the same, as they name no tweet twice.

use super::answer::is_early;
use super::entries::{Entry, EntryCounts, counts, split};
use super::kept::redact;
use super::merge::merge;
use super::object::Tweet;
use crate::figures::thousands;
use crate::id::TweetId;
use crate::time::UnixMs;
use crate::tweets::Damage;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

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
    /// What its entries came to.
    pub entries: EntryCounts,
    /// Entries of tweets that stand in the other list too: an error.
    pub both: u64,
    /// Entries of tweets that stood in the same list before.
    pub repeated: u64,
    /// Tweets written after the file.
    pub early: u64,
    /// Metrics that are no counts.
    pub odd_metrics: u64,
}

/// The entries of one tweet.
struct Told<'a> {
    id: TweetId,
    promoted: bool,
    raws: Vec<&'a str>,
}

impl File {
    /// Reads a file's JSON; `at` is the instant its name says.
    ///
    /// # Errors
    /// [`Damage::Json`] where it has not the seed's shape; [`Damage::Utf16`].
    pub fn read(json: &[u8], at: UnixMs) -> Result<Self, Damage> {
        let entries = split(json)?;
        let mut file = Self { entries: counts(&entries), ..Self::default() };
        for told in file.gather(&entries) {
            let merged = if told.raws.len() > 1 { merge(&told.raws) } else { None };
            let tweet = merged.and_then(|raw| Tweet::of(told.id, &raw));
            let tweet = tweet.or_else(|| Tweet::of(told.id, told.raws.first()?));
            let Some(tweet) = tweet else {
                file.entries.unreadable += told.raws.len() as u64;
                continue;
            };
            if is_early(&tweet, at) {
                file.early += 1;
            } else {
                file.odd_metrics += u64::from(tweet.odd_metrics);
                let promoted = told.promoted || tweet.promoted();
                file.tweets.push(Listed { tweet, promoted });
            }
        }
        Ok(file)
    }

    /// The readable entries by tweet, in the order in which tweets come.
    fn gather<'a>(&mut self, entries: &[Entry<'a>]) -> Vec<Told<'a>> {
        let mut all: Vec<Told<'a>> = Vec::new();
        let mut places: BTreeMap<TweetId, usize> = BTreeMap::new();
        for entry in entries {
            let Some(id) = entry.id else { continue };
            let place = *places.entry(id).or_insert(all.len());
            let Some(told) = all.get_mut(place) else {
                all.push(Told { id, promoted: entry.promoted, raws: vec![entry.raw.get()] });
                continue;
            };
            if told.promoted == entry.promoted {
                self.repeated += 1;
            } else {
                self.both += 1;
            }
            told.raws.push(entry.raw.get());
        }
        all
    }

    /// Why a file of entries none of which can be read is set aside, if it is one.
    pub fn set_aside(&self) -> Option<String> {
        let EntryCounts { entries, unreadable } = self.entries;
        (entries > 0 && entries == unreadable).then(|| {
            format!(
                "{} could be read: an id is expected in each, as text (`\"id\": \"12\"`), as \
                 `id_str`, or as a whole number that was not rounded. The file was set aside.",
                match entries {
                    1 => "Not even the one entry of this file".to_owned(),
                    many => format!("None of the {} entries of this file", thousands(many)),
                }
            )
        })
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
    let entries = split(json)?;
    let mut changed = false;
    let mut list = |promoted: bool| {
        let entry = |entry: &Entry<'_>| {
            let raw: &RawValue = entry.raw;
            let left = if entry.id.is_some_and(&gone) { redact(raw.get()) } else { None };
            changed |= left.is_some();
            left.unwrap_or_else(|| raw.get().to_owned())
        };
        let entries = entries.iter().filter(|entry| entry.promoted == promoted);
        entries.map(entry).collect::<Vec<_>>().join(",")
    };
    let (promoted, unpromoted) = (list(true), list(false));
    let json = format!("{{\"promoted\":[{promoted}],\"unpromoted\":[{unpromoted}]}}");
    Ok(changed.then(|| json.into_bytes()))
}
