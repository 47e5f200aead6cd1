//! Sorting more profiles than fit into memory. Invariant: at most 12 MB of them are held; a list
//! that fits comes back sorted and whole, a longer one as sorted chunks that each cover a narrow
//! range of ids, so that a window of ids meets few of them.

use super::{Entry, encode, keep_newest};
use crate::id::UserId;

/// Held in memory before anything is spilled, in bytes.
const HELD_MAX: usize = 12 * 1024 * 1024;
/// What one entry takes besides its text, about.
const HELD_OVERHEAD: usize = 64;
/// A chunk's text, about, in bytes.
const CHUNK_BYTES: usize = 128 * 1024;
/// Ranges of ids that are spilled apart: 64 of 128 KB are 8 MB, less than what was held.
const RANGES: usize = 64;

/// Sorted profiles that left memory. Packed as [`super::decode`] reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The lowest id in it.
    pub lo: UserId,
    /// The highest id in it.
    pub hi: UserId,
    /// Its entries, sorted by id; an id may be in other chunks too.
    pub bytes: Vec<u8>,
}

/// Everything pushed, or what of it was not yet spilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// All of it, sorted by id, one entry per id.
    InMemory(Vec<Entry>),
    /// The last chunks: with those returned before they are all of it.
    Spilled(Vec<Chunk>),
}

/// Profiles of one range of ids, in the order pushed.
#[derive(Debug, Default)]
struct Range {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Range {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.raw.len() + HELD_OVERHEAD;
        self.entries.push(entry);
    }

    /// Empties it into chunks.
    fn spill(&mut self, chunks: &mut Vec<Chunk>) {
        let mut entries = std::mem::take(&mut self.entries);
        self.bytes = 0;
        keep_newest(&mut entries);
        let mut rest = entries.as_slice();
        while let (Some(first), Some(_)) = (rest.first(), rest.last()) {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|entry| {
                let fits = bytes < CHUNK_BYTES;
                bytes += entry.raw.len() + HELD_OVERHEAD;
                fits
            });
            let (chunk, behind) = rest.split_at(fits.count());
            let hi = chunk.last().unwrap_or(first).id;
            chunks.push(Chunk { lo: first.id, hi, bytes: encode(chunk) });
            rest = behind;
        }
    }
}

/// Takes profiles in any order and gives them back by id. Of an id pushed more than once the
/// newest sight is kept; those of different chunks are told apart by [`super::repack`].
#[derive(Debug, Default)]
pub struct Sorter {
    /// One range until memory is full, then [`RANGES`].
    ranges: Vec<Range>,
    /// The lowest id of every range but the first.
    bounds: Vec<UserId>,
}

impl Sorter {
    /// An empty sorter.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one profile; returns what must be stored because memory is full.
    pub fn push(&mut self, entry: Entry) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        if self.ranges.is_empty() {
            self.ranges.push(Range::default());
        }
        let whole = self.ranges.len() == 1;
        let at = self.bounds.partition_point(|bound| *bound <= entry.id);
        let Some(range) = self.ranges.get_mut(at) else { return chunks };
        range.push(entry);
        if whole && range.bytes > HELD_MAX {
            self.part();
            for range in self.ranges.iter_mut().filter(|range| range.bytes >= CHUNK_BYTES) {
                range.spill(&mut chunks);
            }
        } else if !whole && range.bytes >= CHUNK_BYTES {
            range.spill(&mut chunks);
        }
        chunks
    }

    /// What was pushed and not yet returned.
    pub fn finish(mut self) -> Sorted {
        if self.ranges.len() <= 1 {
            let mut entries = self.ranges.pop().unwrap_or_default().entries;
            keep_newest(&mut entries);
            return Sorted::InMemory(entries);
        }
        let mut chunks = Vec::new();
        for range in &mut self.ranges {
            range.spill(&mut chunks);
        }
        Sorted::Spilled(chunks)
    }

    /// Cuts the one range into [`RANGES`] of about as many entries each. Ids are spread alike
    /// throughout a list, so those to come fall into them evenly too.
    fn part(&mut self) {
        let entries = self.ranges.pop().unwrap_or_default().entries;
        let mut ids: Vec<UserId> = entries.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        self.bounds =
            (1..RANGES).filter_map(|part| ids.get(ids.len() * part / RANGES).copied()).collect();
        self.ranges.resize_with(RANGES, Range::default);
        for entry in entries {
            let at = self.bounds.partition_point(|bound| *bound <= entry.id);
            if let Some(range) = self.ranges.get_mut(at) {
                range.push(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{decode, repack, windows};
    use crate::roster::Roster;
    use crate::time::UnixMs;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Sorts, and merges window by window as a shell does it.
    fn sort(entries: Vec<Entry>) -> Vec<Entry> {
        let roster = Roster::new(entries.iter().map(|entry| entry.id.0).collect());
        let mut sorter = Sorter::new();
        let mut chunks: Vec<Chunk> = entries.into_iter().flat_map(|e| sorter.push(e)).collect();
        match sorter.finish() {
            Sorted::InMemory(entries) => return entries,
            Sorted::Spilled(last) => chunks.extend(last),
        }
        let mut all = Vec::new();
        for window in windows(&roster) {
            let meets = |chunk: &&Chunk| {
                chunk.hi >= window.from && window.until.is_none_or(|until| chunk.lo < until)
            };
            let incoming =
                chunks.iter().filter(meets).flat_map(|chunk| decode(&chunk.bytes).unwrap());
            let inside = incoming.filter(|entry| {
                entry.id >= window.from && window.until.is_none_or(|until| entry.id < until)
            });
            for pack in repack(vec![], inside.collect()) {
                all.extend(decode(&pack.bytes).unwrap());
            }
        }
        all
    }

    fn model(entries: &[Entry]) -> Vec<Entry> {
        let mut model: BTreeMap<UserId, Entry> = BTreeMap::new();
        for entry in entries {
            if model.get(&entry.id).is_none_or(|known| known.seen <= entry.seen) {
                model.insert(entry.id, entry.clone());
            }
        }
        model.into_values().collect()
    }

    fn entry(id: u64, seen: i64, bytes: usize) -> Entry {
        Entry {
            id: UserId(id),
            seen: UnixMs(seen),
            raw: format!("{id}.{seen}.{}", "x".repeat(bytes)),
        }
    }

    #[test]
    fn a_short_list_stays_in_memory() {
        let mut sorter = Sorter::new();
        assert!([3, 1, 2].into_iter().all(|id| sorter.push(entry(id, 0, 1)).is_empty()));
        let expected = Sorted::InMemory((1..=3).map(|id| entry(id, 0, 1)).collect());
        assert_eq!(sorter.finish(), expected);
    }

    #[test]
    fn memory_is_bounded_and_chunks_are_narrow() {
        let mut sorter = Sorter::new();
        let mut chunks = Vec::new();
        for n in 0..60_000_u64 {
            chunks.extend(sorter.push(entry(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0, 600)));
            let held: usize = sorter.ranges.iter().map(|range| range.bytes).sum();
            assert!(held <= HELD_MAX + 1_000);
        }
        let Sorted::Spilled(last) = sorter.finish() else { panic!("40 MB do not fit") };
        assert!(chunks.len() > 100 && last.len() <= RANGES, "{} {}", chunks.len(), last.len());
        for chunk in chunks {
            let entries = decode(&chunk.bytes).unwrap();
            let bytes: usize = entries.iter().map(|entry| entry.raw.len()).sum();
            assert!(bytes < 2 * CHUNK_BYTES && chunk.hi.0 - chunk.lo.0 < u64::MAX / 32);
            assert_eq!(entries.first().unwrap().id, chunk.lo);
            assert_eq!(entries.last().unwrap().id, chunk.hi);
            assert!(entries.is_sorted_by(|a, b| a.id < b.id));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn sorting_is_a_map_of_the_newest(seed in any::<u64>(), spread in 1_u64..40_000) {
            let mut state = seed | 1;
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            // 14 MB: more than is held.
            let mut entries: Vec<Entry> =
                (0..7_000).map(|seen| entry(random() % spread, seen, 2_000)).collect();
            let expected = model(&entries);
            prop_assert_eq!(sort(entries.clone()), expected.clone());
            entries.sort_by_key(|entry| (entry.raw.len(), entry.id.0.reverse_bits(), entry.seen));
            prop_assert_eq!(sort(entries), expected);
        }
    }
}
