//! What one kind of reader sees. Owns: reading and checking a subscription, the filter, the
//! frames. Must not know: who reads. Invariant: two subscriptions that ask for the same have the
//! same [`View::key`], and a frame's `from..=to` covers what did not pass, too.
//!
//! # What a reader may rely on
//! - Its cursor is the highest `to` of any `events` or `gap` frame. A frame's `from` is at most
//!   one more than the cursor: if it is more, something is wrong.
//! - An `events` frame holds, of `from..=to`, everything that passes the subscription (or, see
//!   below, a declared part of it). A number that is in none was filtered out, or purged since.
//! - A `gap` says that numbers `from..=to` will not come, wholly or in part.
//! - With `max_per_s`, an `events` frame from which some were left out is followed at once by a
//!   `gap` with the reason `sampled` and the same `from..=to`: some of these numbers that passed
//!   are not in the frame before. It does not move the cursor. Where nothing was picked, there
//!   is no `events` frame, and the `gap` moves it.
//! - Where nothing passes, nothing is sent for a while; then an empty `events` frame.

use super::blips;
use super::event::{Kept, Meta};
use super::geo;
use super::json;
use super::words::{Country, Language};
use crate::api::{BoundingBox, FrameForm, GapReason, LiveGap, LiveKind, Subscribe};
use crate::id::AccountId;
use std::rc::Rc;

/// Most entries of any list of a subscription.
pub const LIST_MAX: usize = 50;
/// Most characters of `text`, and of a rule's tag.
pub const TEXT_MAX: usize = 200;
/// Most events a second that can be asked for: more is no limit.
pub const RATE_MAX: f64 = 10_000.0;

/// What goes out on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// JSON.
    Text(Rc<str>),
    /// Packed blips: see [`blips`].
    Packed(Rc<[u8]>),
}

impl Frame {
    /// A gap, which is JSON in every form.
    pub fn gap(gap: LiveGap) -> Self {
        let LiveGap { from, to, reason } = gap;
        Self::Text(format!(r#"{{"t":"gap","from":{from},"to":{to},"reason":"{reason}"}}"#).into())
    }

    /// Its size as sent.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Packed(bytes) => bytes.len(),
        }
    }
}

/// A subscription, checked and in its one spelling.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    kinds: Vec<LiveKind>,
    accounts: Vec<AccountId>,
    lang: Vec<Language>,
    country: Vec<Country>,
    bbox: Option<BoundingBox>,
    words: Vec<String>,
    rules: Vec<String>,
    max_per_s: Option<f64>,
    packed: bool,
    owner: bool,
    key: Rc<str>,
}

impl View {
    /// Checks a subscription. `owner`: whether follower events and runs may be seen.
    ///
    /// # Errors
    /// What is wrong with it, for the reader: every unknown word is named.
    pub fn new(ask: &Subscribe, owner: bool) -> Result<Self, String> {
        let packed = ask.form == Some(FrameForm::Packed);
        let mut view = Self {
            kinds: list("kinds", &ask.kinds, |kind| Ok(*kind))?,
            accounts: list("accounts", &ask.accounts, |account| Ok(*account))?,
            lang: list("lang", &ask.lang, |word| language(word))?,
            country: list("country", &ask.country, |word| country(word))?,
            bbox: ask.bbox.map(bounding_box).transpose()?,
            words: words(ask.text.as_deref().unwrap_or_default())?,
            rules: list("rules", &ask.rules, |tag| short("a rule's tag", tag).map(str::to_owned))?,
            max_per_s: ask.max_per_s.map(rate).transpose()?,
            packed,
            owner,
            key: Rc::from(""),
        };
        if packed && view.kinds != [LiveKind::GeoBlip] {
            return Err("`form` can be `packed` only with `kinds` of `geo_blip` alone".to_owned());
        }
        view.key = view.spelled().into();
        Ok(view)
    }

    /// The same text for all who asked for the same.
    pub fn key(&self) -> &Rc<str> {
        &self.key
    }

    /// At most so many events a second.
    pub fn max_per_s(&self) -> Option<f64> {
        self.max_per_s
    }

    /// Every part in order, each list sorted: unlike parts never make like texts, as the debug
    /// form quotes them.
    fn spelled(&self) -> String {
        let Self { kinds, accounts, lang, country, bbox, words, rules, max_per_s, .. } = self;
        let lists = format!("{kinds:?}{accounts:?}{lang:?}{country:?}{bbox:?}{words:?}{rules:?}");
        format!("{lists}{max_per_s:?}{}{}", self.packed, self.owner)
    }

    /// Whether an event is to be seen. Language, country, box, words and rules are asked of
    /// tweets and their places; accounts of follower events and runs; nothing of notices.
    pub fn passes(&self, meta: &Meta, kind: LiveKind) -> bool {
        if !(self.kinds.is_empty() || self.kinds.contains(&kind)) {
            return false;
        }
        match kind {
            LiveKind::SimpleTweet | LiveKind::GeoBlip => self.wants_tweet(meta),
            LiveKind::Notice => true,
            LiveKind::Followed
            | LiveKind::Lost
            | LiveKind::Returned
            | LiveKind::Renamed
            | LiveKind::Run => self.owner && self.wants_account(meta.account),
        }
    }

    fn wants_account(&self, account: Option<AccountId>) -> bool {
        self.accounts.is_empty() || account.is_some_and(|account| self.accounts.contains(&account))
    }

    fn wants_tweet(&self, meta: &Meta) -> bool {
        let spoken = |lang: &Language| self.lang.iter().any(|wanted| lang.is_a(wanted));
        let within = |bounds| meta.spot.is_some_and(|at| geo::contains(bounds, at.lat, at.lon));
        (self.lang.is_empty() || meta.lang.as_ref().is_some_and(spoken))
            && (self.country.is_empty()
                || meta.country.is_some_and(|it| self.country.contains(&it)))
            && self.bbox.is_none_or(within)
            && self.wants_words(meta)
    }

    /// All words must be in the text, any of the rules among those it matched.
    fn wants_words(&self, meta: &Meta) -> bool {
        if self.words.is_empty() && self.rules.is_empty() {
            return true;
        }
        let Some(told) = &meta.told else { return false };
        let told = told.words();
        self.words.iter().all(|word| told.text.contains(word.as_str()))
            && (self.rules.is_empty() || told.rules.iter().any(|rule| self.rules.contains(rule)))
    }

    /// The events that pass.
    pub fn picked<'k>(&self, events: &'k [Kept]) -> Vec<&'k Kept> {
        events.iter().filter(|event| self.passes(&event.meta, event.kind)).collect()
    }

    /// The frame that covers a range; `None` where nothing in it passes.
    pub fn frame(&self, from: u64, to: u64, events: &[Kept]) -> Option<Frame> {
        let picked = self.picked(events);
        (!picked.is_empty()).then(|| self.write(from, to, &picked))
    }

    /// The frame that covers a range in which nothing passed.
    pub fn cover(&self, from: u64, to: u64) -> Frame {
        self.write(from, to, &[])
    }

    /// The frame of these events: their JSON as it is, side by side.
    pub(crate) fn write(&self, from: u64, to: u64, events: &[&Kept]) -> Frame {
        if self.packed {
            return Frame::Packed(blips::encode(from, to, events).into());
        }
        let size: usize = events.iter().map(|event| event.json.len() + 1).sum();
        let mut out = String::with_capacity(size + 80);
        out.push_str(r#"{"t":"events","#);
        put_range(&mut out, from, to, events);
        out.push('}');
        Frame::Text(out.into())
    }
}

/// `"from":1,"to":2,"events":[…]`.
pub(crate) fn put_range(out: &mut String, from: u64, to: u64, events: &[&Kept]) {
    out.push_str(r#""from":"#);
    json::whole(out, from);
    out.push_str(r#","to":"#);
    json::whole(out, to);
    out.push_str(r#","events":["#);
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&event.json);
    }
    out.push(']');
}

/// The answer of the long poll: [`crate::api::LiveEvents`], around events that are written.
pub fn poll_answer(from: u64, to: u64, events: &[&Kept], gap: Option<LiveGap>) -> String {
    let mut out = String::from("{");
    put_range(&mut out, from, to, events);
    let gap = gap.map(|LiveGap { from, to, reason }| {
        format!(r#"{{"from":{from},"to":{to},"reason":"{reason}"}}"#)
    });
    out.push_str(r#","gap":"#);
    out.push_str(gap.as_deref().unwrap_or("null"));
    out.push('}');
    out
}

/// The gap that says that some of a range were sampled away.
pub(crate) fn sampled(from: u64, to: u64) -> Frame {
    Frame::gap(LiveGap { from, to, reason: GapReason::Sampled })
}

fn list<T, U: Ord>(
    name: &str,
    items: &[T],
    read: impl FnMut(&T) -> Result<U, String>,
) -> Result<Vec<U>, String> {
    if items.len() > LIST_MAX {
        return Err(format!("`{name}` has {} entries, at most {LIST_MAX}", items.len()));
    }
    let mut read = items.iter().map(read).collect::<Result<Vec<U>, String>>()?;
    read.sort();
    read.dedup();
    Ok(read)
}

/// A text for an answer, not longer than a line.
fn shown(text: &str) -> String {
    crate::text::cut(text, 40)
}

fn language(word: &str) -> Result<Language, String> {
    let known = Language::read(word).filter(Language::is_known);
    known.ok_or_else(|| format!("`{}` is no language that X tells: `en`, `pt`, …", shown(word)))
}

fn country(word: &str) -> Result<Country, String> {
    let known = Country::read(word).filter(Country::is_known);
    known.ok_or_else(|| {
        format!("`{}` is no country: two letters of ISO 3166-1, like `DE`", shown(word))
    })
}

fn short<'t>(what: &str, text: &'t str) -> Result<&'t str, String> {
    let length = text.chars().count();
    if length > TEXT_MAX {
        return Err(format!("{what} has {length} characters, at most {TEXT_MAX}"));
    }
    Ok(text)
}

fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> =
        short("`text`", text)?.split_whitespace().map(str::to_lowercase).collect();
    words.sort();
    words.dedup();
    Ok(words)
}

fn bounding_box(bounds: BoundingBox) -> Result<BoundingBox, String> {
    geo::is_box(bounds).then_some(bounds).ok_or_else(|| {
        "`bbox` must be [west, south, east, north] in degrees, south not above north".to_owned()
    })
}

fn rate(rate: f64) -> Result<f64, String> {
    let sane = rate > 0.0 && rate <= RATE_MAX;
    sane.then_some(rate).ok_or_else(|| format!("`max_per_s` must be above 0, at most {RATE_MAX}"))
}

#[cfg(test)]
mod tests;
