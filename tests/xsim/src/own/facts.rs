//! What kind of tweet one is, to what it refers, and what will happen to it.
//!
//! Knows the world's tweets, no accounts. Invariants: what X does not let people edit (replies to
//! others, retweets, advertisements) is never edited; nothing refers to a retweet.
#![allow(clippy::cast_possible_truncation, reason = "a draw from a handful of candidates is small")]

use super::diary::Campaign;
use crate::calendar::{DAY_S, SECOND_MS};
use crate::hash::{Draw, below, pick};
use crate::tweets::author::Author;
use crate::tweets::compose::{self, Words};
use crate::tweets::feed::{Feed, Slot};
use crate::tweets::languages::{self, Language};
use crate::tweets::post::{self, Post};
use crate::tweets::text::Text;
use crate::world::Account;

/// X lets a tweet be edited for half an hour, up to five times (docs.x.com, "Edit Posts").
pub(crate) const EDIT_MS: i64 = 30 * 60 * SECOND_MS;
const EDITS_MAX: usize = 5;

/// Shares of the tweets that are in no thread.
const RETWEET_SHARE: f64 = 0.15;
const REPLY_SHARE: f64 = 0.20;
const QUOTE_SHARE: f64 = 0.10;
/// How far back a reference reaches, in seconds.
const REFERENCE_MAX_S: u64 = 4 * 3_600;
const ENGLISH_SHARE: f64 = 0.6;
/// Tweets of more than 280 characters, and those of them of several thousand.
const LONG_SHARE: f64 = 0.06;
const VERY_LONG_SHARE: f64 = 0.2;
const EDITED_SHARE: f64 = 0.07;
const PROMOTED_SHARE: f64 = 0.10;
const DELETED_SHARE: f64 = 0.05;
/// A deleted tweet stood from an hour to six weeks.
const STOOD_MIN_S: f64 = 3_600.0;
const STOOD_MAX_S: f64 = 42.0 * 86_400.0;
/// Code points of a text that X shows without "show more".
const SHOWN_MAX: usize = 280;
/// Code points left of a longer one: with an ellipsis and a link they make 280.
const SHOWN_OF_LONG: usize = 255;

/// What a tweet is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tweet,
    Reply(Slot, Author),
    Quote(Slot, Author),
    Retweet(Slot, Author),
    /// A reply to the account's own tweet before it, in the conversation of the thread's first.
    Thread {
        before: u64,
        root: u64,
    },
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tweet => "tweet",
            Self::Reply(..) | Self::Thread { .. } => "reply",
            Self::Quote(..) => "quote",
            Self::Retweet(..) => "retweet",
        }
    }

    pub(crate) fn is_retweet(self) -> bool {
        matches!(self, Self::Retweet(..))
    }

    /// What of the world's tweets it refers to.
    pub(crate) fn referenced(self) -> Option<(Slot, Author)> {
        match self {
            Self::Reply(slot, author) | Self::Quote(slot, author) | Self::Retweet(slot, author) => {
                Some((slot, author))
            }
            Self::Tweet | Self::Thread { .. } => None,
        }
    }
}

/// What a tweet says and to whom.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) language: &'static Language,
    /// Code points that its text has at least.
    pub(crate) long: usize,
    /// The text of a tweet that was written on request.
    pub(crate) written: Option<String>,
    /// Whom of the two accounts it addresses.
    pub(crate) mentions: Option<Account>,
}

/// A tweet of the world that is no retweet, from before a time.
fn reference(feed: &Feed, at_ms: i64, draw: &mut Draw) -> Option<Post> {
    (0..4).find_map(|_| {
        let back_s = 60 + below(draw.next(), REFERENCE_MAX_S);
        let second = at_ms.div_euclid(SECOND_MS).checked_sub_unsigned(back_s)?;
        let nth = below(draw.next(), u64::from(feed.count(second))) as u32;
        let post = feed.post(feed.nth(second, nth)?)?;
        (!matches!(post.kind, post::Kind::Repost(..))).then_some(post)
    })
}

impl Facts {
    pub(crate) fn draw(
        feed: &Feed,
        at_ms: i64,
        thread: Option<(u64, u64)>,
        draw: &mut Draw,
    ) -> Self {
        let share = draw.unit();
        let wishes_reference = share < RETWEET_SHARE + REPLY_SHARE + QUOTE_SHARE;
        let original =
            (thread.is_none() && wishes_reference).then(|| reference(feed, at_ms, draw)).flatten();
        let referenced = original.map(|post| (post.slot, post.author));
        let kind = match (thread, referenced) {
            (Some((before, root)), _) => Kind::Thread { before, root },
            (None, Some((slot, author))) if share < RETWEET_SHARE => Kind::Retweet(slot, author),
            (None, Some((slot, author))) if share < RETWEET_SHARE + REPLY_SHARE => {
                Kind::Reply(slot, author)
            }
            (None, Some((slot, author))) => Kind::Quote(slot, author),
            (None, None) => Kind::Tweet,
        };
        let english = draw.unit() < ENGLISH_SHARE;
        let other = below(draw.next(), languages::all().count() as u64) as usize;
        let language = match (kind, original) {
            (Kind::Retweet(..), Some(original)) => Some(original.language),
            _ => languages::all().nth(other).filter(|_| !english),
        };
        let (is_long, is_very_long) = (draw.unit() < LONG_SHARE, draw.unit() < VERY_LONG_SHARE);
        let long = match (kind, is_long, is_very_long) {
            (Kind::Tweet | Kind::Thread { .. }, true, true) => 3_900,
            (Kind::Tweet | Kind::Thread { .. }, true, false) => 2 * SHOWN_MAX,
            _ => 0,
        };
        let language = language.unwrap_or(languages::english());
        Self { kind, language, long, written: None, mentions: None }
    }

    /// The words of its `nth` version, written at `at_ms` under the id of its first.
    pub(crate) fn words(&self, feed: &Feed, first_id: u64, at_ms: i64, nth: usize) -> Words {
        if let Some(text) = &self.written {
            return shown(Text::of(text), first_id);
        }
        let kind = match self.kind {
            Kind::Tweet | Kind::Thread { .. } => post::Kind::Original,
            Kind::Reply(slot, author) => post::Kind::Reply(slot, author),
            Kind::Quote(slot, author) => post::Kind::Quote(slot, author),
            Kind::Retweet(slot, author) => post::Kind::Repost(slot, author),
        };
        let words = compose::words(feed, &self.as_post(first_id, at_ms, kind));
        if nth == 0 && self.mentions.is_none() {
            return words;
        }
        let mut whole = Text::default();
        if let Some(account) = self.mentions {
            whole.address(account);
            whole.words(" ");
        }
        whole.append(&words.note.unwrap_or(words.text));
        // An edit adds to what was said.
        for tail in self.language.tails.iter().cycle().take(nth) {
            whole.words(self.language.joint);
            whole.words(tail);
        }
        shown(whole, first_id)
    }

    /// The tweet as one of the world's, whose words are then its own.
    fn as_post(&self, id: u64, at_ms: i64, kind: post::Kind) -> Post {
        // No second of the world has so many tweets that one of them has these words.
        let slot = Slot { second: at_ms.div_euclid(SECOND_MS), nth: 8_191, at_ms, id };
        Post {
            slot,
            author: Author::draw(0, 0),
            language: self.language,
            spot: None,
            kind,
            topic: None,
            sensitive: false,
            photo: false,
            long: self.long,
        }
    }
}

/// A text as X sends it: whole, or cut, with the whole in the note.
fn shown(whole: Text, id: u64) -> Words {
    if whole.chars <= SHOWN_MAX {
        return Words { text: whole, note: None };
    }
    let mut text = whole.cut(SHOWN_OF_LONG);
    text.words(" ");
    text.link(&format!("https://t.co/{:010}", id % 10_000_000_000), &status_url(id), None);
    Words { text, note: Some(whole) }
}

/// The address of a tweet, whoever wrote it.
fn status_url(id: u64) -> String {
    format!("https://x.com/i/web/status/{id}")
}

/// What happens to a tweet after it is written.
pub(crate) struct Life {
    /// When its versions after the first are written.
    pub(crate) edits_ms: Vec<i64>,
    pub(crate) deleted_ms: Option<i64>,
    pub(crate) promoted: Option<Campaign>,
}

impl Life {
    /// `threaded`: others of its thread refer to it, so that it keeps its id.
    pub(crate) fn draw(facts: &Facts, at_ms: i64, threaded: bool, draw: &mut Draw) -> Self {
        let after = |seconds: i64| at_ms + seconds * SECOND_MS;
        let plain = matches!(facts.kind, Kind::Tweet | Kind::Quote(..));
        let promoted = (draw.unit() < PROMOTED_SHARE && plain).then(|| {
            let begins_s = draw.seconds(3_600, 3 * DAY_S);
            let lasts_s = draw.seconds(2 * DAY_S, 10 * DAY_S);
            Campaign { from_ms: after(begins_s), to_ms: after(begins_s + lasts_s) }
        });
        let mut edits_ms = Vec::new();
        if draw.unit() < EDITED_SHARE && plain && promoted.is_none() && !threaded {
            let mut passed_s = 0;
            for _ in 0..pick(&[1, 1, 1, 2, EDITS_MAX], draw.next()) {
                passed_s += draw.seconds(30, 350);
                edits_ms.push(after(passed_s));
            }
        }
        let stood_s = STOOD_MIN_S * (STOOD_MAX_S / STOOD_MIN_S).powf(draw.unit());
        let deleted_ms = (draw.unit() < DELETED_SHARE).then(|| after(stood_s as i64));
        Self { edits_ms, deleted_ms, promoted }
    }
}
