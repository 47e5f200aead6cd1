//! What the stream has spent: the lease in hand and the tweets counted on it. Owns: what a lost
//! host counts as spent. Must not know: who grants money, where books are stored. Invariant: what
//! is counted is never less than what came: a host writes its books before more tweets come than
//! they allow for, and one that is lost counts all that they allowed for.

use super::meter::Posts;
use crate::time::UnixMs;
use serde::{Deserialize, Serialize};

/// Another lease is asked for once so little is left of this one, so that a fast stream need
/// not pause for the answer.
const LOW: u64 = 100;
/// The fewest tweets that books allow for after they were written. Half of them may come before
/// they are written anew, so that as many may be on their way when the host is lost.
const AHEAD_MIN: u64 = 20;
/// Books allow for so many times the tweets that came between the last two writings: at an even
/// rate they are never written out of turn, and a burst makes them allow for more.
const AHEAD_TIMES: u64 = 3;

/// Tweets that may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number in Control's books.
    pub number: u64,
    /// Tweets still granted.
    pub left: u64,
    /// Tweets that came and are billed.
    pub used: u64,
    /// Tweets that came again on the same UTC day.
    pub repeats: u64,
}

/// The books, saved with every stretch of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Billed tweets of this session and month.
    pub posts: Posts,
    /// The lease in hand.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Tweets, billed and repeated, that came while there was no lease: the old one was being
    /// settled. They count on the next.
    #[serde(default)]
    owed: [u64; 2],
    /// Tweets with a place, and all, since the stream was switched on.
    #[serde(default)]
    pub placed: [u64; 2],
    /// Counts what was written: the books stand in two places, and the newer ones hold.
    #[serde(default)]
    edition: u64,
    /// Tweets that may come before these books are written anew.
    #[serde(default)]
    ahead: u64,
    /// Tweets that came since they were written.
    #[serde(skip)]
    unwritten: u64,
}

impl Books {
    /// The newer of two.
    #[must_use]
    pub fn newer(saved: Option<Self>, row: Self) -> Self {
        match saved {
            Some(saved) if saved.edition > row.edition => saved,
            _ => row,
        }
    }

    /// A cap was lowered: the lease in hand may be too long.
    pub fn shorten(&mut self, room: u64) {
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.min(room);
        }
    }

    /// Tweets came. Answers whether the books are to be written before more come.
    pub fn count(&mut self, billed: u64, repeats: u64, now: UnixMs) -> bool {
        self.posts.read(now, billed);
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.saturating_sub(billed);
            lease.used = lease.used.saturating_add(billed);
            lease.repeats = lease.repeats.saturating_add(repeats);
        } else {
            let [owed, again] = &mut self.owed;
            *owed = owed.saturating_add(billed);
            *again = again.saturating_add(repeats);
        }
        self.unwritten = self.unwritten.saturating_add(billed);
        billed > 0 && self.unwritten >= self.ahead / 2
    }

    /// The books are about to be written.
    pub fn writing(&mut self) {
        self.edition += 1;
        self.ahead = self.unwritten.saturating_mul(AHEAD_TIMES).max(AHEAD_MIN);
        self.unwritten = 0;
    }

    /// These were written by a host that is lost and had a connection: whatever they allowed for
    /// counts as having come, on the lease that is lost with it.
    pub fn lost(&mut self, now: UnixMs) {
        self.count(self.ahead, 0, now);
        // Counted once, however often a host is lost before tweets come again.
        self.ahead = 0;
        self.unwritten = 0;
    }

    /// So many tweets may come; those that are owed already came.
    pub fn grant(&mut self, number: u64, posts: u64) {
        let [used, repeats] = std::mem::take(&mut self.owed);
        self.lease = Some(Lease { number, left: posts.saturating_sub(used), used, repeats });
    }

    /// Whether so many more may come on this lease.
    pub fn has_left(&self, posts: u64) -> bool {
        self.lease.is_some_and(|lease| lease.left >= posts)
    }

    /// Whether the next lease is to be seen to.
    pub fn is_low(&self) -> bool {
        self.lease.is_none_or(|lease| lease.left < LOW)
    }

    /// Whether nothing more may come.
    pub fn is_out(&self) -> bool {
        self.lease.is_none_or(|lease| lease.left == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMs = UnixMs(1_763_712_000_000);

    fn kept(books: &Books) -> Books {
        serde_json::from_str(&serde_json::to_string(books).unwrap()).unwrap()
    }

    fn used(books: &Books) -> u64 {
        books.lease.map_or(0, |lease| lease.used)
    }

    #[test]
    fn what_came_without_a_lease_counts_on_the_next() {
        let mut books = Books::default();
        books.count(7, 2, NOW);
        books.grant(5, 500);
        assert_eq!(books.lease, Some(Lease { number: 5, left: 493, used: 7, repeats: 2 }));
        books.count(400, 1, NOW);
        assert!(books.is_low() && !books.is_out() && books.has_left(93) && !books.has_left(94));
        books.shorten(10);
        assert_eq!(books.lease.unwrap().left, 10);
    }

    #[test]
    fn the_newer_books_hold() {
        let mut old = Books::default();
        old.writing();
        let mut new = old.clone();
        new.writing();
        assert_eq!(Books::newer(Some(new.clone()), old.clone()), new);
        assert_eq!(Books::newer(Some(old), new.clone()), new);
        assert_eq!(Books::newer(None, new.clone()), new);
    }

    #[test]
    fn books_of_before_they_allowed_for_anything_are_written_at_once() {
        let old = r#"{"posts":{"session":1,"month":"2025-11","in_month":1},
            "lease":{"number":3,"left":40,"used":1,"repeats":0},"edition":9}"#;
        let mut books: Books = serde_json::from_str(old).unwrap();
        assert!(books.count(1, 0, NOW));
        books.writing();
        assert!(!books.count(9, 0, NOW));
        assert!(books.count(1, 0, NOW));
    }

    #[test]
    fn an_even_rate_writes_nothing_out_of_turn() {
        let mut books = Books::default();
        for turn in 0..50 {
            let forced = books.count(250, 0, NOW) && turn > 1;
            assert!(!forced, "turn {turn}");
            books.writing();
        }
    }

    proptest! {
        /// Chunks of tweets, writings in turn, and losses of the host with a few tweets under way.
        #[test]
        fn a_lost_host_never_counts_less_than_came(
            steps in prop::collection::vec((0_u64..40, 0_u8..10, 0_u64..=10), 1..200),
        ) {
            let mut books = Books::default();
            books.grant(1, 100_000);
            books.writing();
            let (mut written, mut came) = (kept(&books), 0);
            for (tweets, what, under_way) in steps {
                // Chunks are counted whole, after they came.
                let tweets = tweets.min(10);
                came += tweets;
                if books.count(tweets, 0, NOW) || what < 3 {
                    books.writing();
                    written = kept(&books);
                }
                if what == 9 {
                    // More than what may be under way is not known to have come.
                    came += under_way.min(10);
                    books = kept(&written);
                    books.lost(NOW);
                    books.writing();
                    written = kept(&books);
                }
                prop_assert!(used(&books) >= came, "{} of {came}", used(&books));
            }
        }
    }
}
