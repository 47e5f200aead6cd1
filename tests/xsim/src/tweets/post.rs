//! The facts of one tweet: who, where, in which language, of which kind, about what.
//!
//! Knows no words. Invariant: the facts follow from the seed, the slot and the feed's phases;
//! what a tweet refers to was written before it and is no repost itself.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "seconds of a minute and counts of a second are small"
)]

use super::author::Author;
use super::feed::{Feed, Slot};
use super::languages::Language;
use super::place::Spot;
use crate::hash::{Draw, below, hash, unit};

const SALT_PLACED: u64 = 128;
const SALT_KIND: u64 = 129;
const SALT_CITY: u64 = 130;
const SALT_PERSON: u64 = 131;
const SALT_FACTS: u64 = 132;
const SALT_BURST: u64 = 133;
const SALT_BURST_TOPIC: u64 = 134;

/// Of the tweets without a place; a repost never has one.
const REPOST_SHARE: f64 = 0.25;
const REPLY_SHARE: f64 = 0.22;
const QUOTE_SHARE: f64 = 0.08;
/// How far back a reference reaches, in seconds.
pub(crate) const REFERENCE_MAX_S: u64 = 1_800;
/// One minute in this many has a topic everybody speaks of.
const BURST_EVERY_MIN: u64 = 4;
/// Share of the tweets about it at its height.
const BURST_SHARE: f64 = 0.4;

/// Code points of a long one: twice what X shows of it.
const LONG_CHARS: usize = 560;

/// What everybody speaks of for a minute; hashtags.
pub(crate) const TOPICS: &[&str] = &[
    "Eclipse",
    "WorldCup",
    "Aurora",
    "GoldenGoal",
    "Earthquake",
    "MoonLanding",
    "Eurovision",
    "Blackout",
    "CometWatch",
    "Marathon",
    "SnowDay",
    "Encore",
];

/// What a tweet is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Original,
    Reply(Slot, Author),
    Quote(Slot, Author),
    Repost(Slot, Author),
}

/// One tweet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) slot: Slot,
    pub(crate) author: Author,
    pub(crate) language: &'static Language,
    pub(crate) spot: Option<Spot>,
    pub(crate) kind: Kind,
    /// The topic of the minute.
    pub(crate) topic: Option<&'static str>,
    pub(crate) sensitive: bool,
    pub(crate) photo: bool,
    /// Code points that its text has at least.
    pub(crate) long: usize,
}

/// The kinds before it is known whether there is something to refer to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Original,
    Reply,
    Quote,
    Repost,
}

fn is_placed(feed: &Feed, slot: &Slot) -> bool {
    unit(hash(feed.seed, slot.key(), SALT_PLACED)) < feed.phase(slot.second).share_placed
}

fn wish(feed: &Feed, slot: &Slot) -> Wish {
    let draw = hash(feed.seed, slot.key(), SALT_KIND);
    let reposts = if is_placed(feed, slot) { 0.0 } else { REPOST_SHARE };
    match unit(draw) {
        u if u < reposts => Wish::Repost,
        u if u < reposts + REPLY_SHARE => Wish::Reply,
        u if u < reposts + REPLY_SHARE + QUOTE_SHARE => Wish::Quote,
        _ => Wish::Original,
    }
}

fn author(feed: &Feed, slot: &Slot) -> Author {
    let of = |salt| hash(feed.seed, slot.key(), salt);
    Author::draw(of(SALT_CITY), of(SALT_PERSON))
}

/// An earlier tweet that is no repost.
fn reference(feed: &Feed, slot: &Slot, draw: &mut Draw) -> Option<(Slot, Author)> {
    let back_s = 1 + below(draw.next(), REFERENCE_MAX_S);
    let second = slot.second.checked_sub_unsigned(back_s)?;
    let nth = below(draw.next(), u64::from(feed.count(second))) as u32;
    let earlier = feed.nth(second, nth)?;
    (wish(feed, &earlier) != Wish::Repost).then(|| (earlier, author(feed, &earlier)))
}

/// What everybody speaks of in a second, and how many of them.
fn burst(seed: u64, second: i64) -> Option<(&'static str, f64)> {
    let minute = u64::try_from(second.div_euclid(60)).ok()?;
    if !hash(seed, minute, SALT_BURST).is_multiple_of(BURST_EVERY_MIN) {
        return None;
    }
    let topic = below(hash(seed, minute, SALT_BURST_TOPIC), TOPICS.len() as u64);
    let at = second.rem_euclid(60) as f64;
    // Rises for 20 s, falls for 40.
    let height = if at < 20.0 { at / 20.0 } else { (60.0 - at) / 40.0 };
    Some((TOPICS.get(topic as usize)?, height * BURST_SHARE))
}

impl Post {
    pub(crate) fn at(feed: &Feed, slot: Slot) -> Self {
        let mut draw = Draw::new(feed.seed, slot.key(), SALT_FACTS);
        let author = author(feed, &slot);
        let written_at = is_placed(feed, &slot)
            .then(|| author.city().map(|city| Spot::draw(city, &mut draw)))
            .flatten();
        let referenced = reference(feed, &slot, &mut draw);
        let kind = match (wish(feed, &slot), referenced) {
            (Wish::Reply, Some((earlier, who))) => Kind::Reply(earlier, who),
            (Wish::Quote, Some((earlier, who))) => Kind::Quote(earlier, who),
            (Wish::Repost, Some((earlier, who))) => Kind::Repost(earlier, who),
            _ => Kind::Original,
        };
        let original = kind == Kind::Original;
        let topic = burst(feed.seed, slot.second)
            .filter(|(_, share)| original && draw.unit() < *share)
            .map(|(topic, _)| topic);
        let plain = original && topic.is_none();
        let mut chance = |share: f64| draw.unit() < share;
        Self {
            slot,
            author,
            language: author.language(feed.seed),
            spot: written_at,
            kind,
            topic,
            sensitive: chance(0.02),
            photo: chance(0.10) && matches!(kind, Kind::Original | Kind::Reply(..)),
            long: if chance(0.03) && plain { LONG_CHARS } else { 0 },
        }
    }

    /// The tweet a conversation began with, as far as it is known.
    pub(crate) fn conversation(&self) -> u64 {
        match self.kind {
            Kind::Reply(earlier, _) => earlier.id,
            _ => self.slot.id,
        }
    }

    /// What it refers to: how, which tweet, and whose.
    pub(crate) fn referenced(&self) -> Option<(&'static str, Slot, Author)> {
        match self.kind {
            Kind::Original => None,
            Kind::Reply(slot, author) => Some(("replied_to", slot, author)),
            Kind::Quote(slot, author) => Some(("quoted", slot, author)),
            Kind::Repost(slot, author) => Some(("retweeted", slot, author)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::feed::SHARE_PLACED;
    use crate::tweets::place::PlaceKind;

    const NOON_MS: i64 = 1_790_000_000_000;

    fn posts(share: f64) -> Vec<Post> {
        let feed = Feed::new(1, 50.0, share);
        feed.posts(NOON_MS, NOON_MS + 400_000).collect()
    }

    #[track_caller]
    fn check_share(posts: &[Post], holds: impl Fn(&Post) -> bool, span: std::ops::Range<f64>) {
        let share = posts.iter().filter(|post| holds(post)).count() as f64 / posts.len() as f64;
        assert!(span.contains(&share), "{share} not in {span:?}");
    }

    #[test]
    fn shares_are_as_intended() {
        let posts = posts(SHARE_PLACED);
        check_share(&posts, |p| p.spot.is_some(), 0.33..0.37);
        check_share(&posts, |p| matches!(p.kind, Kind::Repost(..)), 0.10..0.18);
        check_share(&posts, |p| matches!(p.kind, Kind::Reply(..)), 0.14..0.24);
        check_share(&posts, |p| matches!(p.kind, Kind::Quote(..)), 0.04..0.10);
        check_share(&posts, |p| p.topic.is_some(), 0.01..0.15);
        check_share(&posts, |p| p.sensitive, 0.01..0.03);
        check_share(&posts, |p| p.long > 0, 0.005..0.03);
        let placed: Vec<Post> = posts.into_iter().filter(|p| p.spot.is_some()).collect();
        let spot = |p: &Post| p.spot.unwrap();
        check_share(&placed, |p| spot(p).point().is_some(), 0.22..0.28);
        check_share(
            &placed,
            |p| spot(p).precision == super::super::place::Precision::City,
            0.47..0.53,
        );
        check_share(&placed, |p| spot(p).kind() == PlaceKind::Country, 0.08..0.12);
    }

    #[test]
    fn all_or_none_can_be_placed() {
        assert!(posts(1.0).iter().all(|post| post.spot.is_some()));
        assert!(posts(0.0).iter().all(|post| post.spot.is_none()));
    }

    #[test]
    fn references_are_earlier_and_no_reposts() {
        let feed = Feed::new(1, 50.0, SHARE_PLACED);
        for post in feed.posts(NOON_MS, NOON_MS + 60_000) {
            let Some((_, earlier, author)) = post.referenced() else { continue };
            assert!(earlier.id < post.slot.id);
            let earlier = feed.post(earlier).unwrap();
            assert_eq!(earlier.author, author);
            assert!(!matches!(earlier.kind, Kind::Repost(..)));
        }
    }
}
