//! Sorting and grouping, compiled once. Owns: nothing. Must not know: what is sorted. Invariant:
//! equals keep the order they came in.
//!
//! The standard library's sort is made anew for every type, 6 KB each time, and a map of it 8 KB:
//! with these, what a page's short lists need is there once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Sorts by a comparison.
pub(crate) fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = places(items.len(), &|one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
}

fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

/// Things by a key of two numbers.
pub(crate) struct Groups<T> {
    at: BTreeMap<(i64, i64), usize>,
    all: Vec<Option<T>>,
}

impl<T> Groups<T> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { at: BTreeMap::new(), all: Vec::new() }
    }

    /// Changes what has a key; there is a first one of each.
    pub(crate) fn change(&mut self, key: (i64, i64), first: T, change: impl FnOnce(&mut T)) {
        let next = self.all.len();
        let at = place(&mut self.at, key, next);
        if at == next {
            self.all.push(Some(first));
        }
        if let Some(Some(one)) = self.all.get_mut(at) {
            change(one);
        }
    }

    /// All of them, by their keys.
    pub(crate) fn all(mut self) -> Vec<T> {
        let order: Vec<usize> = self.at.into_values().collect();
        order.into_iter().filter_map(|at| self.all.get_mut(at)?.take()).collect()
    }
}

fn place(at: &mut BTreeMap<(i64, i64), usize>, key: (i64, i64), next: usize) -> usize {
    *at.entry(key).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(items in prop::collection::vec((0_u8..6, 0_u8..99), 0..60)) {
            let mut expected = items.clone();
            expected.sort_by_key(|one| one.0);
            prop_assert_eq!(sorted(items, |one, other| one.0.cmp(&other.0)), expected);
        }
    }

    #[test]
    fn groups_come_by_their_keys() {
        let mut groups = Groups::new();
        for (key, more) in [((2, 0), 1), ((1, 5), 10), ((2, 0), 2), ((1, -5), 100)] {
            groups.change(key, 0, |sum| *sum += more);
        }
        assert_eq!(groups.all(), [100, 10, 3]);
    }
}
