//! The entries of a `TWEETS_` file. Owns: which of them name a tweet, and which. Must not know:
//! what is read of a tweet. Invariant: every entry is counted, and has an id only where that can
//! be trusted.

use super::object::TWEET_MAX_BYTES;
use crate::id::TweetId;
use crate::tweets::Damage;
use crate::x::json_id::{JsonId, id_of};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// The most entries of one file: ten times as many as an archive's import writes.
pub const TWEETS_FILE_MAX: usize = 100_000;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// An entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Which tweet; `None` if it is no object, is too large, or has no id that can be trusted.
    pub id: Option<TweetId>,
    /// Whether it stands in the promoted list.
    pub promoted: bool,
    /// The entry as it was written.
    pub raw: &'a RawValue,
}

/// What the entries of a file came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCounts {
    /// How many there were, of whatever kind.
    pub entries: u64,
    /// Of them: those without a readable id.
    pub unreadable: u64,
}

#[derive(Deserialize)]
struct Lists<'a> {
    #[serde(borrow)]
    promoted: List<'a>,
    #[serde(borrow)]
    unpromoted: List<'a>,
}

/// Values of one list. It ends at [`TWEETS_FILE_MAX`] while it is read, not after.
struct List<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Limited;
        impl<'de> Visitor<'de> for Limited {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {TWEETS_FILE_MAX} tweets")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    if values.len() == TWEETS_FILE_MAX {
                        return Err(serde::de::Error::invalid_length(values.len() + 1, &self));
                    }
                    values.push(value);
                }
                Ok(values)
            }
        }
        deserializer.deserialize_seq(Limited).map(Self)
    }
}

/// Splits a file's JSON: promoted, then unpromoted entries.
///
/// # Errors
/// [`Damage::Json`] where it has not the shape of a file; [`Damage::Utf16`].
pub fn split(json: &[u8]) -> Result<Vec<Entry<'_>>, Damage> {
    if matches!(json, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, ..] | [_, 0, ..]) {
        return Err(Damage::Utf16);
    }
    let json = json.strip_prefix(MARK).unwrap_or(json);
    let lists: Lists<'_> =
        serde_json::from_slice(json).map_err(|error| Damage::Json(error.to_string()))?;
    let told = |raw: &&RawValue| named(raw.get());
    let Lists { promoted: List(promoted), unpromoted: List(unpromoted) } = lists;
    let exact = promoted.iter().chain(&unpromoted).filter_map(told).any(|id| id.proves);
    let mut entries = Vec::with_capacity(promoted.len() + unpromoted.len());
    for (promoted, list) in [(true, promoted), (false, unpromoted)] {
        entries.extend(list.into_iter().map(|raw| Entry {
            id: named(raw.get()).and_then(|id| id.by(exact)).map(TweetId),
            promoted,
            raw,
        }));
    }
    Ok(entries)
}

/// How many entries there are, and how many cannot be read.
pub fn counts(entries: &[Entry<'_>]) -> EntryCounts {
    let unreadable = entries.iter().filter(|entry| entry.id.is_none()).count() as u64;
    EntryCounts { entries: entries.len() as u64, unreadable }
}

/// The id fields of a tweet object that can be read.
pub(super) fn named(raw: &str) -> Option<JsonId> {
    id_of(raw, TWEET_MAX_BYTES)
}
