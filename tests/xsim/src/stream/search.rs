//! Looking back over the tweets of the last seven days: search, counts, lookups.
//!
//! Knows the world and the rule language, no HTTP. Invariant: a search finds exactly what the
//! stream would have delivered for the same rule, as far as it is asked to page.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a week stay below 2^53"
)]

use crate::calendar::DAY_S;
use crate::hash::hash;
use crate::tweets::compose;
use crate::tweets::feed::Feed;
use crate::tweets::matcher::Subject;
use crate::tweets::post::{Kind, Post};
use crate::tweets::query::Query;

/// How far back a recent search reaches, in milliseconds.
pub(crate) const RECENT_MS: i64 = 7 * DAY_S * 1_000;
/// Tweets examined for one page; a page may be short, and says where to go on.
const EXAMINED_MAX: usize = 200_000;
/// Tweets examined for one count. Beyond it, every n-th is examined and counted n times.
const COUNTED_MAX: u64 = 150_000;

const SALT_TOKEN: u64 = 208;

/// A page of a search, the newest first.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) posts: Vec<Post>,
    /// Below which id to go on.
    pub(crate) next: Option<u64>,
}

/// What to look for: tweets written in `from_ms..to_ms` with ids in `above..below`, exclusive.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(crate) feed: &'a Feed,
    pub(crate) query: &'a Query,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) above: u64,
    pub(crate) below: u64,
    /// Whether reposts are found.
    pub(crate) reposts: bool,
}

impl Search<'_> {
    fn finds(&self, post: &Post) -> bool {
        if !self.reposts && matches!(post.kind, Kind::Repost(..)) {
            return false;
        }
        let words = compose::words(self.feed, post);
        Subject::new(self.feed.seed, post, &words).matches(self.query)
    }

    /// At most `most` tweets.
    pub(crate) fn page(&self, most: usize) -> Found {
        let mut posts: Vec<Post> = Vec::new();
        let within = |id: u64| self.above < id && id < self.below;
        let slots = self.feed.slots_back(self.from_ms, self.to_ms);
        let mut last = None;
        for (n, slot) in slots.filter(|slot| within(slot.id)).enumerate() {
            if n >= EXAMINED_MAX || posts.len() >= most {
                return Found { posts, next: last };
            }
            last = Some(slot.id);
            if let Some(post) = self.feed.post(slot).filter(|post| self.finds(post)) {
                posts.push(post);
            }
        }
        Found { posts, next: None }
    }

    /// How many match in each of some spans; exact for short ones, else from a sample.
    pub(crate) fn counts(&self, spans: &[(i64, i64)]) -> Vec<u64> {
        let written = |&(from_ms, to_ms): &(i64, i64)| {
            let rate = self.feed.phase(from_ms.div_euclid(1_000)).rate;
            ((to_ms - from_ms) as f64 / 1_000.0 * rate).ceil() as u64
        };
        let every = spans.iter().map(written).sum::<u64>().div_ceil(COUNTED_MAX).max(1);
        let count = |&(from_ms, to_ms): &(i64, i64)| {
            let slots = self.feed.slots(from_ms, to_ms);
            let within = slots.filter(|slot| self.above < slot.id && slot.id < self.below);
            let sample = within.step_by(every as usize).filter_map(|slot| self.feed.post(slot));
            sample.filter(|post| self.finds(post)).count() as u64 * every
        };
        spans.iter().map(count).collect()
    }
}

/// The token that goes on below an id.
pub(crate) fn token(seed: u64, below: u64) -> String {
    format!("{:016x}{:08x}", below ^ hash(seed, 0, SALT_TOKEN), check(seed, below))
}

fn check(seed: u64, below: u64) -> u32 {
    hash(seed, below, SALT_TOKEN) as u32
}

/// The id of a token, when it is one.
pub(crate) fn below_of(seed: u64, token: &str) -> Option<u64> {
    let (id, sum) = token.split_at_checked(16)?;
    let below = u64::from_str_radix(id, 16).ok()? ^ hash(seed, 0, SALT_TOKEN);
    (sum.len() == 8 && u32::from_str_radix(sum, 16).ok()? == check(seed, below)).then_some(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::query::SEARCH_MAX;

    const NOON_MS: i64 = 1_790_000_000_000;

    fn search<'a>(feed: &'a Feed, query: &'a Query, seconds: i64) -> Search<'a> {
        let (from_ms, to_ms) = (NOON_MS, NOON_MS + seconds * 1_000);
        Search { feed, query, from_ms, to_ms, above: 0, below: u64::MAX, reposts: true }
    }

    /// Every match, by asking of each tweet.
    fn all(search: &Search<'_>) -> Vec<u64> {
        let posts = search.feed.posts(search.from_ms, search.to_ms);
        let mut ids: Vec<u64> =
            posts.filter(|post| search.finds(post)).map(|post| post.slot.id).collect();
        ids.reverse();
        ids
    }

    #[test]
    fn pages_hold_every_match_once_newest_first() {
        let feed = Feed::new(1, 20.0, 0.4);
        let query = Query::parse("place_country:IN OR coffee", SEARCH_MAX).unwrap();
        for most in [10, 37, 100] {
            let mut search = search(&feed, &query, 300);
            let mut found = Vec::new();
            loop {
                let page = search.page(most);
                assert!(page.posts.len() <= most);
                found.extend(page.posts.iter().map(|post| post.slot.id));
                match page.next {
                    Some(next) => search.below = next,
                    None => break,
                }
            }
            search.below = u64::MAX;
            assert_eq!(found, all(&search), "{most}");
            assert!(found.len() > 100);
        }
    }

    #[test]
    fn reposts_can_be_left_out() {
        let feed = Feed::new(1, 50.0, 0.0);
        let query = Query::parse("rt -is:quote", SEARCH_MAX).unwrap();
        let mut search = search(&feed, &query, 60);
        assert!(!search.page(100).posts.is_empty());
        search.reposts = false;
        assert!(search.page(100).posts.is_empty());
    }

    #[test]
    fn short_counts_are_exact_and_long_ones_near() {
        let feed = Feed::new(1, 10.0, 0.4);
        let query = Query::parse("place_country:IN", SEARCH_MAX).unwrap();
        let exact = search(&feed, &query, 600);
        let halves = [(NOON_MS, NOON_MS + 300_000), (NOON_MS + 300_000, NOON_MS + 600_000)];
        let counted: u64 = exact.counts(&halves).iter().sum();
        assert_eq!(counted, all(&exact).len() as u64);
        let day = search(&feed, &query, 86_400);
        let sampled = day.counts(&[(day.from_ms, day.to_ms)])[0];
        let expected = counted * 144;
        assert!(sampled.abs_diff(expected) < expected / 5, "{sampled} for {expected}");
    }

    #[test]
    fn a_token_is_good_for_its_world_alone() {
        let token = token(1, 77);
        assert_eq!(below_of(1, &token), Some(77));
        assert_eq!(below_of(2, &token), None);
        assert_eq!(below_of(1, "77"), None);
        assert_eq!(below_of(1, &token.replace(['0', '1', '2', '3'], "4")), None);
    }
}
