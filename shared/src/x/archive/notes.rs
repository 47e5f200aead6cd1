//! `data/note-tweet.js`: the whole texts of long tweets, of which `tweets.js` has the beginning.
//! Owns: which tweet a text belongs to. Invariant: a text goes to a tweet that it begins like, or
//! that it names; one that fits none is counted.
//!
//! The id of a note is not that of its tweet. What public readers join by: `tweetId`
//! (community-archive's `docs/archive_data.md`), `lifecycle.initialTweetId`, or `createdAt`, which
//! is the tweet's to the second.

use super::places::Places;
use super::tweets::{Entities, Long, Tweets, in_order, mention, tag, url};
use super::values::{id, instant, list, plain, text, whole};
use crate::id::TweetId;
use crate::time::{MINUTE_MS, SECOND_MS, UnixMs};
use crate::tweet::created_by_id;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A note is written a moment before its tweet: by more than this they are not one.
const APART_MAX_MS: i64 = MINUTE_MS;
/// A beginning of so many characters belongs to a text, also where X's sign of the cut is missing:
/// a tweet that is not long has up to 280.
const BEGINNING_MIN: usize = 140;
/// X's sign of a cut text.
const CUT: char = '…';

/// Whole texts.
#[derive(Default)]
pub(super) struct Notes {
    all: Vec<Note>,
    /// Entries without a text.
    pub(super) unreadable: u64,
}

struct Note {
    tweets: Vec<TweetId>,
    at: Option<UnixMs>,
    text: String,
    entities: Entities,
}

impl Notes {
    /// Takes in an entry; `None`: it is no JSON.
    pub(super) fn take(&mut self, entry: Option<&Value>) {
        match entry.and_then(|entry| Note::read(entry.get("noteTweet").unwrap_or(entry))) {
            Some(note) => self.all.push(note),
            None => self.unreadable += 1,
        }
    }

    /// Gives the texts to their tweets. Answers how many found none.
    pub(super) fn join(self, tweets: &mut Tweets) -> u64 {
        let mut by_time = ByTime::new();
        for (&id, told) in &tweets.told {
            if let Some(at) = told.created_at.or_else(|| created_by_id(id)) {
                by_time.entry(second(at)).or_default().push(id);
            }
        }
        // Older tweets were left out, and with them their texts.
        let oldest = by_time.keys().next().copied().filter(|_| tweets.older > 0);
        let mut joined = BTreeSet::new();
        let mut left = self.all;
        // First those that begin like their tweet, or name it.
        for find in [Note::fitting, Note::only_cut] {
            for note in std::mem::take(&mut left) {
                let found = find(&note, tweets, &by_time, &joined);
                match found.and_then(|id| tweets.told.get_mut(&id)) {
                    Some(told) => {
                        joined.extend(found);
                        told.note_tweet = Some(Long { text: note.text, entities: note.entities });
                    }
                    None => left.push(note),
                }
            }
        }
        let here =
            |note: &&Note| note.at.zip(oldest).is_none_or(|(at, oldest)| second(at) >= oldest);
        left.iter().filter(here).count() as u64
    }
}

/// Tweets by the second they were written in.
type ByTime = BTreeMap<i64, Vec<TweetId>>;

fn second(at: UnixMs) -> i64 {
    at.0.div_euclid(SECOND_MS)
}

impl Note {
    fn read(note: &Value) -> Option<Self> {
        let places = ["core", "noteTweetResults", "noteTweetContents"];
        let core = places.iter().find_map(|name| note.get(name).filter(|core| core.is_object()))?;
        let words = text(core, &["text"])?;
        let own: Option<TweetId> = id(note, &["noteTweetId"]);
        let told = text(note, &["createdAt"]).and_then(instant);
        let lifecycle =
            note.get("lifecycle").and_then(|lifecycle| id(lifecycle, &["initialTweetId"]));
        let named = [id(note, &["tweetId"]), lifecycle];
        Some(Self {
            tweets: named.into_iter().flatten().collect(),
            at: told.or_else(|| own.and_then(created_by_id)),
            text: words.to_owned(),
            entities: entities(core, words),
        })
    }

    /// The tweet that it names, or else the nearest in time that it begins like.
    fn fitting(
        &self,
        tweets: &Tweets,
        by_time: &ByTime,
        joined: &BTreeSet<TweetId>,
    ) -> Option<TweetId> {
        let named = self.tweets.iter().find(|id| tweets.told.contains_key(id));
        if let Some(&id) = named.filter(|id| !joined.contains(id)) {
            return Some(id);
        }
        let near = self.near(by_time, joined).into_iter();
        near.filter(|(_, id)| words(tweets, *id).is_some_and(|text| self.begins(text)))
            .min()
            .map(|(_, id)| id)
    }

    /// The one cut text of that very second: X may have written the beginning otherwise.
    fn only_cut(
        &self,
        tweets: &Tweets,
        by_time: &ByTime,
        joined: &BTreeSet<TweetId>,
    ) -> Option<TweetId> {
        let near = self.near(by_time, joined).into_iter();
        let cut: Vec<TweetId> = near
            .filter(|(apart, _)| *apart == 0)
            .filter(|(_, id)| words(tweets, *id).is_some_and(|text| text.contains(CUT)))
            .map(|(_, id)| id)
            .collect();
        match cut.as_slice() {
            [id] => Some(*id),
            _ => None,
        }
    }

    /// Tweets of about its time that have no whole text yet, each with the seconds between.
    fn near(&self, by_time: &ByTime, joined: &BTreeSet<TweetId>) -> Vec<(i64, TweetId)> {
        let Some(at) = self.at else { return Vec::new() };
        let (from, to) = (second(at.plus(-APART_MAX_MS)), second(at.plus(APART_MAX_MS)));
        by_time
            .range(from..=to)
            .flat_map(|(time, ids)| ids.iter().map(move |id| ((time - second(at)).abs(), *id)))
            .filter(|(_, id)| !joined.contains(id))
            .collect()
    }

    /// Whether the tweet's text is the beginning of this one.
    fn begins(&self, text: &str) -> bool {
        let (whole, text) = (plain(&self.text), plain(text));
        let (beginning, cut) = match text.rsplit_once(CUT) {
            Some((beginning, _)) => (beginning.trim_end(), true),
            None => (text.trim_end(), false),
        };
        let long =
            cut || beginning.chars().count() >= BEGINNING_MIN || beginning == whole.trim_end();
        // The names of those who are answered may stand in front of the tweet's text only.
        long && (whole.starts_with(beginning) || whole.starts_with(without_names(beginning)))
    }
}

fn words(tweets: &Tweets, id: TweetId) -> Option<&str> {
    tweets.told.get(&id)?.text.as_deref()
}

/// A text behind the handles that it begins with.
fn without_names(text: &str) -> &str {
    let mut rest = text;
    while let Some(name) = rest.strip_prefix('@') {
        rest = name.split_once(' ').map_or("", |(_, behind)| behind);
    }
    rest
}

/// The links of a whole text.
fn entities(core: &Value, words: &str) -> Entities {
    let set = core.get("entitySet").or_else(|| core.get("entities")).unwrap_or(core);
    let places = Places::of(words);
    let told = |entity: &Value| {
        let first = list(entity, &["indices"]).first();
        entity.get("fromIndex").or(first).and_then(whole)
    };
    let urls = list(set, &["urls"]).iter().filter_map(|one| url(one, told(one), &places));
    let mentions = list(set, &["mentions", "userMentions"]).iter();
    let tags = |names: &[&str], sign: &str| {
        let read = |one: &Value| tag(one, sign, told(one), &places);
        in_order(list(set, names).iter().filter_map(read).collect())
    };
    BTreeMap::from([
        ("urls", in_order(urls.collect())),
        ("hashtags", tags(&["hashtags"], "#")),
        ("cashtags", tags(&["cashtags", "symbols"], "$")),
        (
            "mentions",
            in_order(mentions.filter_map(|one| mention(one, told(one), &places)).collect()),
        ),
    ])
}
