//! Which tweets there are: how many each second brings, when exactly, and their ids.
//!
//! Knows no texts. Invariants: the tweets of a span are the same whenever it is asked for; ids
//! are unique snowflakes of the creation time and ascend; a change of the rate leaves the past
//! alone.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts stay below 2^13 a second, seconds of this century below 2^33"
)]

use std::collections::{HashMap, HashSet};

use super::post::Post;
use crate::hash::{hash, unit};

/// X's snowflake epoch, 2010-11-04T01:42:54.657Z, in milliseconds since 1970.
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;
/// Low bits of a snowflake: here 13 of the number within the second and 9 of noise.
const LOW_BITS: u32 = 22;
const NOISE_BITS: u32 = 9;
/// The most tweets a second; a number within the second fits 13 bits.
pub(crate) const RATE_MAX: f64 = 5_000.0;
/// Share of the tweets that carry a place, so that a map lives. X's real share is 1 to 2 %.
pub(crate) const SHARE_PLACED: f64 = 0.35;

const SALT_WITHIN: u64 = 96;
const SALT_NOISE: u64 = 97;

/// From when the world writes how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Phase {
    from_s: i64,
    /// Tweets a second, up to [`RATE_MAX`].
    pub(crate) rate: f64,
    /// Share of them with a place, 0 to 1.
    pub(crate) share_placed: f64,
}

/// One tweet's place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The second it falls into, since 1970.
    pub(crate) second: i64,
    /// Which one of that second it is.
    pub(crate) nth: u32,
    /// When it is written, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) id: u64,
}

impl Slot {
    /// What all facts of the tweet are drawn from.
    pub(crate) fn key(&self) -> u64 {
        self.second as u64 * 8_192 + u64::from(self.nth)
    }
}

/// Everything that is or will be written.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) seed: u64,
    /// Ascending; the first holds since ever.
    phases: Vec<Phase>,
    /// Tweets that are gone.
    deleted: HashSet<u64>,
    /// Authors whose tweets up to an id have lost their places.
    scrubbed: HashMap<u64, u64>,
}

impl Feed {
    pub(crate) fn new(seed: u64, rate: f64, share_placed: f64) -> Self {
        let first = Phase { from_s: i64::MIN, rate: rate.clamp(0.0, RATE_MAX), share_placed };
        Self { seed, phases: vec![first], deleted: HashSet::new(), scrubbed: HashMap::new() }
    }

    /// What holds in a second.
    pub(crate) fn phase(&self, second: i64) -> Phase {
        let after = self.phases.partition_point(|phase| phase.from_s <= second);
        let at = self.phases.get(after.saturating_sub(1)).or(self.phases.first());
        at.copied().unwrap_or(Phase { from_s: i64::MIN, rate: 0.0, share_placed: 0.0 })
    }

    /// From a second on, another rate and share.
    pub(crate) fn change(&mut self, from_s: i64, rate: f64, share_placed: f64) {
        self.phases.retain(|phase| phase.from_s < from_s);
        self.phases.push(Phase { from_s, rate: rate.clamp(0.0, RATE_MAX), share_placed });
    }

    pub(crate) fn delete(&mut self, id: u64) {
        self.deleted.insert(id);
    }

    /// Takes the places off an author's tweets up to one.
    pub(crate) fn scrub(&mut self, author: u64, up_to: u64) {
        let entry = self.scrubbed.entry(author).or_insert(0);
        *entry = up_to.max(*entry);
    }

    /// How many tweets a second brings: the rate, to the tweet over any longer span.
    pub(crate) fn count(&self, second: i64) -> u32 {
        let rate = self.phase(second).rate;
        let until = |second: i64| (second as f64 * rate).floor();
        (until(second + 1) - until(second)).max(0.0) as u32
    }

    fn slot(&self, second: i64, nth: u32, count: u32) -> Slot {
        let key = second as u64 * 8_192 + u64::from(nth);
        let within = (f64::from(nth) + unit(hash(self.seed, key, SALT_WITHIN))) / f64::from(count);
        let at_ms = second * 1_000 + ((within * 1_000.0) as i64).min(999);
        let noise = hash(self.seed, key, SALT_NOISE) >> (64 - NOISE_BITS);
        let time = (at_ms - SNOWFLAKE_EPOCH_MS).max(0) as u64;
        let id = time << LOW_BITS | u64::from(nth) << NOISE_BITS | noise;
        Slot { second, nth, at_ms, id }
    }

    /// One tweet of a second, by number; `None` beyond the last.
    pub(crate) fn nth(&self, second: i64, nth: u32) -> Option<Slot> {
        let count = self.count(second);
        (nth < count).then(|| self.slot(second, nth, count))
    }

    /// The slots of `from_ms..to_ms`, the oldest first.
    pub(crate) fn slots(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Slot> + '_ {
        let seconds = from_ms.div_euclid(1_000)..=(to_ms - 1).div_euclid(1_000);
        let within = move |slot: &Slot| (from_ms..to_ms).contains(&slot.at_ms);
        seconds.flat_map(move |second| self.numbers(second, from_ms, to_ms)).filter(within)
    }

    /// As [`Self::slots`], the newest first.
    pub(crate) fn slots_back(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Slot> + '_ {
        let seconds = from_ms.div_euclid(1_000)..=(to_ms - 1).div_euclid(1_000);
        let within = move |slot: &Slot| (from_ms..to_ms).contains(&slot.at_ms);
        let numbers = move |second| self.numbers(second, from_ms, to_ms).rev();
        seconds.rev().flat_map(numbers).filter(within)
    }

    /// The slots of a second that may lie in the span: those whose number comes near it.
    fn numbers(
        &self,
        second: i64,
        from_ms: i64,
        to_ms: i64,
    ) -> impl DoubleEndedIterator<Item = Slot> + '_ {
        let count = self.count(second);
        let near = |ms: i64| {
            let offset = (ms - second * 1_000).clamp(0, 1_000);
            (offset as f64 * f64::from(count) / 1_000.0) as u32
        };
        let numbers = near(from_ms).saturating_sub(1)..(near(to_ms) + 1).min(count);
        numbers.map(move |nth| self.slot(second, nth, count))
    }

    /// The slot of an id, when a tweet has it.
    pub(crate) fn slot_of(&self, id: u64) -> Option<Slot> {
        let at_ms = i64::try_from(id >> LOW_BITS).ok()?.checked_add(SNOWFLAKE_EPOCH_MS)?;
        let nth = (id >> NOISE_BITS) as u32 & 0x1fff;
        self.nth(at_ms.div_euclid(1_000), nth).filter(|slot| slot.id == id)
    }

    /// The tweet of a slot, unless it was deleted.
    pub(crate) fn post(&self, slot: Slot) -> Option<Post> {
        if self.deleted.contains(&slot.id) {
            return None;
        }
        let mut post = Post::at(self, slot);
        let author = post.author.id(self.seed);
        if self.scrubbed.get(&author).is_some_and(|up_to| slot.id <= *up_to) {
            post.spot = None;
        }
        Some(post)
    }

    /// The tweets of `from_ms..to_ms`, the oldest first.
    pub(crate) fn posts(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Post> + '_ {
        self.slots(from_ms, to_ms).filter_map(|slot| self.post(slot))
    }
}

/// The least id that a tweet written at `at_ms` can have.
pub(crate) fn least_id(at_ms: i64) -> u64 {
    ((at_ms - SNOWFLAKE_EPOCH_MS).max(0) as u64) << LOW_BITS
}

/// When the tweet of an id was written, in milliseconds since 1970.
pub(crate) fn written_ms(id: u64) -> i64 {
    (id >> LOW_BITS).cast_signed() + SNOWFLAKE_EPOCH_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_790_000_000_000;

    fn ids(feed: &Feed, from_ms: i64, to_ms: i64) -> Vec<u64> {
        feed.slots(from_ms, to_ms).map(|slot| slot.id).collect()
    }

    #[track_caller]
    fn check_rate(rate: f64, seconds: i64, count: usize) {
        let feed = Feed::new(1, rate, SHARE_PLACED);
        let ids = ids(&feed, NOON_MS, NOON_MS + seconds * 1_000);
        assert_eq!(ids.len(), count, "{rate}");
        assert!(ids.is_sorted_by(|a, b| a < b), "{rate}");
    }

    #[test]
    fn a_rate_brings_as_many_tweets_with_ascending_ids() {
        check_rate(0.0, 60, 0);
        check_rate(0.5, 60, 30);
        check_rate(10.0, 60, 600);
        check_rate(250.0, 8, 2_000);
        check_rate(RATE_MAX, 3, 15_000);
    }

    #[test]
    fn a_span_is_the_sum_of_its_parts() {
        for rate in [0.3, 7.0, 333.0] {
            let feed = Feed::new(2, rate, SHARE_PLACED);
            let whole = ids(&feed, NOON_MS, NOON_MS + 20_000);
            for step in [1, 37, 950, 4_001] {
                let starts = (0..=20_000 / step).map(|n| NOON_MS + n * step);
                let parts: Vec<u64> = starts
                    .flat_map(|at| ids(&feed, at, (at + step).min(NOON_MS + 20_000)))
                    .collect();
                assert_eq!(parts, whole, "{rate} by {step}");
            }
            let mut back: Vec<u64> =
                feed.slots_back(NOON_MS, NOON_MS + 20_000).map(|s| s.id).collect();
            back.reverse();
            assert_eq!(back, whole, "{rate} backwards");
        }
    }

    #[test]
    fn ids_hold_the_time_and_lead_back() {
        let feed = Feed::new(3, 41.0, SHARE_PLACED);
        for slot in feed.slots(NOON_MS + 123, NOON_MS + 5_000) {
            assert_eq!(written_ms(slot.id), slot.at_ms);
            assert!(least_id(slot.at_ms) <= slot.id && slot.id < least_id(slot.at_ms + 1));
            assert_eq!(feed.slot_of(slot.id), Some(slot));
            assert_eq!(feed.slot_of(slot.id ^ 1), None);
        }
        assert_eq!(feed.slot_of(20), None);
        assert_eq!(feed.slot_of(u64::MAX), None);
    }

    #[test]
    fn a_change_of_the_rate_leaves_the_past_alone() {
        let mut feed = Feed::new(4, 10.0, SHARE_PLACED);
        let before = ids(&feed, NOON_MS, NOON_MS + 5_000);
        feed.change(NOON_MS / 1_000 + 5, 100.0, 1.0);
        assert_eq!(ids(&feed, NOON_MS, NOON_MS + 5_000), before);
        assert_eq!(ids(&feed, NOON_MS + 5_000, NOON_MS + 6_000).len(), 100);
        feed.change(NOON_MS / 1_000 + 5, 3.0, 0.0);
        assert_eq!(ids(&feed, NOON_MS + 5_000, NOON_MS + 6_000).len(), 3);
    }

    #[test]
    fn another_seed_writes_other_tweets() {
        let at = |seed| ids(&Feed::new(seed, 10.0, SHARE_PLACED), NOON_MS, NOON_MS + 3_000);
        assert_eq!(at(5), at(5));
        assert_ne!(at(5), at(6));
    }

    #[test]
    fn what_is_deleted_or_scrubbed_is_so_for_good() {
        let mut feed = Feed::new(5, 10.0, 1.0);
        let posts: Vec<Post> = feed.posts(NOON_MS, NOON_MS + 2_000).collect();
        assert!(posts.iter().all(|post| post.spot.is_some()));
        let (first, second) = (&posts[0], &posts[1]);
        feed.delete(first.slot.id);
        feed.scrub(second.author.id(5), second.slot.id);
        assert!(feed.post(first.slot).is_none());
        assert!(feed.post(second.slot).unwrap().spot.is_none());
        assert!(feed.posts(NOON_MS, NOON_MS + 2_000).all(|post| post.slot.id != first.slot.id));
    }
}
