//! A roster: the set of follower ids at one moment, packed. Owns: its byte format, membership,
//! and the comparison of two. Must not know: what a difference means ([`crate::ledger`]).
//! Invariant: ids ascend and are unique; equal sets are equal bytes; every damaged byte is an
//! error, never a shorter list.
//!
//! # Format
//! `RST1`, the count, then the first id and the distance of every other id to the one before
//! (all unsigned LEB128, shortest form), then the CRC-32 of all that as 4 little-endian bytes.
//! A million X ids take about 4 MB.

use crate::id::UserId;
use crate::packed::{self, Input};
use std::cmp::Ordering;

pub use crate::packed::Damaged;

const MAGIC: [u8; 4] = *b"RST1";

/// A set of user ids, ascending. Eight bytes per id in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    ids: Vec<u64>,
}

impl Roster {
    /// The set of these ids, given in any order and as often as they like.
    pub fn new(mut ids: Vec<u64>) -> Self {
        if !ids.is_sorted_by(|a, b| a < b) {
            ids.sort_unstable();
            ids.dedup();
        }
        Self { ids }
    }

    /// The ids, ascending and unique.
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether `id` is in it.
    pub fn contains(&self, id: UserId) -> bool {
        self.position(id).is_some()
    }

    /// Where `id` stands among [`Self::ids`], if it is in it.
    pub fn position(&self, id: UserId) -> Option<usize> {
        self.ids.binary_search(&id.0).ok()
    }

    /// Adds ids (ascending; others are sorted first) and tells how many were not yet in it.
    pub fn insert_all(&mut self, sorted_new: &[u64]) -> usize {
        if !sorted_new.is_sorted() {
            let mut sorted = sorted_new.to_vec();
            sorted.sort_unstable();
            return self.insert_all(&sorted);
        }
        let mut fresh = Vec::new();
        let mut known = self.ids.iter().copied().peekable();
        for &id in sorted_new {
            while known.next_if(|&known| known < id).is_some() {}
            if known.peek() != Some(&id) && fresh.last() != Some(&id) {
                fresh.push(id);
            }
        }
        if !fresh.is_empty() {
            let mut all = Vec::with_capacity(self.ids.len() + fresh.len());
            let mut added = fresh.iter().copied().peekable();
            for &id in &self.ids {
                while let Some(before) = added.next_if(|&added| added < id) {
                    all.push(before);
                }
                all.push(id);
            }
            all.extend(added);
            self.ids = all;
        }
        fresh.len()
    }

    /// The packed bytes. Equal sets give equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.ids.len() * 5);
        out.extend_from_slice(&MAGIC);
        packed::put_varint(&mut out, self.ids.len() as u64);
        let mut before = 0;
        for &id in &self.ids {
            packed::put_varint(&mut out, id - before);
            before = id;
        }
        packed::seal(out)
    }

    /// Reads packed bytes back.
    ///
    /// # Errors
    /// [`Damaged`] for anything [`Self::encode`] cannot have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut input = Input::open("roster", MAGIC, bytes)?;
        let count = input.count()?;
        let mut ids: Vec<u64> = Vec::with_capacity(count);
        for index in 0..count {
            let gap = input.varint()?;
            let id = match ids.last() {
                None => gap,
                Some(before) => before
                    .checked_add(gap)
                    .filter(|id| id > before)
                    .ok_or_else(|| input.damaged(format!("id {index} does not ascend")))?,
            };
            ids.push(id);
        }
        input.end()?;
        Ok(Self { ids })
    }
}

/// One id of two rosters, with its place in each roster that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Only in the earlier one.
    Left {
        /// Who.
        id: UserId,
        /// Its index in the earlier roster.
        prev: usize,
    },
    /// Only in the later one.
    Came {
        /// Who.
        id: UserId,
        /// Its index in the later roster.
        next: usize,
    },
    /// In both.
    Both {
        /// Who.
        id: UserId,
        /// Its index in the earlier roster.
        prev: usize,
        /// Its index in the later roster.
        next: usize,
    },
}

/// Visits every id of either roster once, ascending: one pass, nothing allocated.
pub fn merge(prev: &Roster, next: &Roster, mut visit: impl FnMut(Side)) {
    let mut prevs = prev.ids.iter().copied().enumerate().peekable();
    let mut nexts = next.ids.iter().copied().enumerate().peekable();
    loop {
        let order = match (prevs.peek(), nexts.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((_, prev)), Some((_, next))) => prev.cmp(next),
        };
        let prev = if order.is_le() { prevs.next() } else { None };
        let next = if order.is_ge() { nexts.next() } else { None };
        match (prev, next) {
            (Some((prev, id)), Some((next, _))) => {
                visit(Side::Both { id: UserId(id), prev, next });
            }
            (Some((prev, id)), None) => visit(Side::Left { id: UserId(id), prev }),
            (None, Some((next, id))) => visit(Side::Came { id: UserId(id), next }),
            (None, None) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn roster(ids: &[u64]) -> Roster {
        Roster::new(ids.to_vec())
    }

    #[test]
    fn ids_are_sorted_and_unique() {
        assert_eq!(roster(&[3, 1, 3, 2, 1]).ids(), [1, 2, 3]);
        assert_eq!(roster(&[]).ids(), [0_u64; 0]);
    }

    #[test]
    fn a_member_has_a_position() {
        let roster = roster(&[5, u64::MAX, 7]);
        assert_eq!(roster.position(UserId(7)), Some(1));
        assert!(roster.contains(UserId(u64::MAX)));
        assert!(!roster.contains(UserId(6)));
    }

    #[test]
    fn merging_names_each_id_once_with_its_places() {
        let mut seen = Vec::new();
        merge(&roster(&[1, 2, 4]), &roster(&[2, 3, 5]), |side| seen.push(side));
        assert_eq!(
            seen,
            [
                Side::Left { id: UserId(1), prev: 0 },
                Side::Both { id: UserId(2), prev: 1, next: 0 },
                Side::Came { id: UserId(3), next: 1 },
                Side::Left { id: UserId(4), prev: 2 },
                Side::Came { id: UserId(5), next: 2 },
            ]
        );
    }

    #[test]
    fn unsorted_additions_are_counted_once() {
        let mut set = roster(&[1, 5, 9]);
        assert_eq!(set.insert_all(&[9, 2, 2, 0, 10]), 3);
        assert_eq!(set.ids(), [0, 1, 2, 5, 9, 10]);
    }

    proptest! {
        #[test]
        fn packing_keeps_the_set(ids in prop::collection::vec(any::<u64>(), 0..200)) {
            let set = Roster::new(ids.clone());
            prop_assert_eq!(set.ids(), BTreeSet::from_iter(ids).into_iter().collect::<Vec<_>>());
            prop_assert_eq!(Roster::decode(&set.encode()), Ok(set));
        }

        #[test]
        fn merging_is_set_arithmetic(
            prev in prop::collection::btree_set(0_u64..60, 0..40),
            next in prop::collection::btree_set(0_u64..60, 0..40),
        ) {
            let (mut left, mut came, mut both) = (vec![], vec![], vec![]);
            let (a, b) = (Roster::new(prev.iter().copied().collect()),
                          Roster::new(next.iter().copied().collect()));
            merge(&a, &b, |side| match side {
                Side::Left { id, prev } => { assert_eq!(a.ids()[prev], id.0); left.push(id.0); }
                Side::Came { id, next } => { assert_eq!(b.ids()[next], id.0); came.push(id.0); }
                Side::Both { id, prev, next } => {
                    assert_eq!((a.ids()[prev], b.ids()[next]), (id.0, id.0));
                    both.push(id.0);
                }
            });
            prop_assert_eq!(left, prev.difference(&next).copied().collect::<Vec<_>>());
            prop_assert_eq!(came, next.difference(&prev).copied().collect::<Vec<_>>());
            prop_assert_eq!(both, next.intersection(&prev).copied().collect::<Vec<_>>());
        }

        #[test]
        fn additions_are_a_union(
            known in prop::collection::btree_set(0_u64..60, 0..40),
            added in prop::collection::btree_set(0_u64..60, 0..40),
        ) {
            let mut set = Roster::new(known.iter().copied().collect());
            let fresh = set.insert_all(&added.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(fresh, added.difference(&known).count());
            prop_assert_eq!(set.ids(), known.union(&added).copied().collect::<Vec<_>>());
        }
    }
}
