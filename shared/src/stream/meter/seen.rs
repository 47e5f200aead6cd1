//! Which tweets came before: X may deliver one twice, and search brings back what the stream
//! had. Invariant: of the newest [`SEEN_MAX`] ids none is taken for new twice.

use crate::id::TweetId;
use crate::time::UnixMs;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// Ids remembered: more than a minute of the fastest stream self-serve gives (250 a second).
pub const SEEN_MAX: usize = 20_000;

/// Whether a tweet came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is new: handed on, and billed.
    New,
    /// It came before on this UTC day: neither.
    Repeat,
    /// It came before, on another day: billed again, not handed on.
    BilledAgain,
}

/// The newest ids. Forgetting one early costs a repeat in the feed and a cent in the count, and
/// nothing else.
#[derive(Clone, Debug, Default)]
pub struct SeenIds {
    /// With the UTC day each was last billed on.
    days: HashMap<u64, i64, BuildHasherDefault<IdHasher>>,
    /// Oldest first.
    order: VecDeque<u64>,
    newest: Option<TweetId>,
}

impl SeenIds {
    /// Takes in an id that came.
    pub fn see(&mut self, now: UnixMs, id: TweetId) -> Seen {
        let day = now.utc_day();
        self.newest = self.newest.max(Some(id));
        match self.days.entry(id.0) {
            Entry::Occupied(mut known) => {
                if known.insert(day) == day {
                    Seen::Repeat
                } else {
                    Seen::BilledAgain
                }
            }
            Entry::Vacant(new) => {
                new.insert(day);
                self.order.push_back(id.0);
                self.forget();
                Seen::New
            }
        }
    }

    fn forget(&mut self) {
        while self.order.len() > SEEN_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.days.remove(&oldest);
            }
        }
    }

    /// The highest id that ever came: where a search for a gap's tweets begins.
    pub fn newest(&self) -> Option<TweetId> {
        self.newest
    }

    /// The last so many ids, oldest first: to be saved now and then.
    pub fn last(&self, count: usize) -> Vec<TweetId> {
        let skip = self.order.len().saturating_sub(count);
        self.order.iter().skip(skip).map(|&id| TweetId(id)).collect()
    }

    /// The last so many ids as bytes: 8 each, little endian.
    pub fn encode(&self, count: usize) -> Vec<u8> {
        self.last(count).iter().flat_map(|id| id.0.to_le_bytes()).collect()
    }

    /// From bytes, as if all had come now; what is no whole id at the end is left out.
    pub fn decode(bytes: &[u8], now: UnixMs) -> Self {
        let mut ids = Self::default();
        for id in bytes.chunks_exact(8).filter_map(|id| id.try_into().ok()) {
            ids.see(now, TweetId(u64::from_le_bytes(id)));
        }
        ids
    }
}

/// Ids are X's own, mostly times: one multiplication spreads them. (The standard hasher guards
/// against chosen keys, and costs several times as much.)
#[derive(Clone, Copy, Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        let spread = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;

    const NOW: UnixMs = UnixMs(1_763_712_000_000);

    #[test]
    fn a_repeat_is_known_and_is_free_for_the_rest_of_the_day() {
        let mut ids = SeenIds::default();
        let tomorrow = NOW.plus(DAY_MS);
        for (now, id, expected) in [
            (NOW, 7, Seen::New),
            (NOW, 7, Seen::Repeat),
            (NOW, 8, Seen::New),
            (tomorrow, 7, Seen::BilledAgain),
            (tomorrow, 7, Seen::Repeat),
            (tomorrow, 9, Seen::New),
        ] {
            assert_eq!(ids.see(now, TweetId(id)), expected, "{id}");
        }
        ids.see(tomorrow, TweetId(3));
        assert_eq!(ids.newest(), Some(TweetId(9)));
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut ids = SeenIds::default();
        let first = 1_857_043_292_182_618_112;
        let id = |n: usize| TweetId(first + ((n as u64) << 22));
        for n in 0..=SEEN_MAX {
            assert_eq!(ids.see(NOW, id(n)), Seen::New);
        }
        assert_eq!((ids.days.len(), ids.order.len()), (SEEN_MAX, SEEN_MAX));
        assert_eq!(ids.see(NOW, id(1)), Seen::Repeat);
        assert_eq!(ids.see(NOW, id(0)), Seen::New, "forgotten");
    }

    #[test]
    fn the_last_ids_survive_their_bytes() {
        let mut ids = SeenIds::default();
        for id in [5, 3, 9, 4] {
            ids.see(NOW, TweetId(id));
        }
        let bytes = ids.encode(3);
        let mut read = SeenIds::decode(&bytes, NOW);
        assert_eq!(read.last(9), [TweetId(3), TweetId(9), TweetId(4)]);
        assert_eq!(read.see(NOW, TweetId(9)), Seen::Repeat);
        assert_eq!(read.see(NOW, TweetId(5)), Seen::New);
        assert_eq!(SeenIds::decode(&bytes[..20], NOW).last(9).len(), 2);
    }

    #[test]
    fn ids_of_one_worker_spread_over_the_table() {
        let slots: std::collections::HashSet<u64> = (0..1_024_u64)
            .map(|n| {
                let mut hasher = IdHasher::default();
                hasher.write_u64((1_857_043_292_182 + n) << 22);
                hasher.finish() % 1_024
            })
            .collect();
        assert!(slots.len() > 500, "{}", slots.len());
    }
}
