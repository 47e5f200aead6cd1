//! Lists that hold one thing nearly always. Owns: where the first lies (in place), and when memory
//! is asked for (for a second). Must not know: what is listed. Invariant: it reads as one slice,
//! whichever way it is kept.
//!
//! A tweet has one author, one place, one link or two: asking for memory for each of these lists
//! took a tenth of a post's time.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// A list.
#[derive(Clone, Default)]
pub enum Few<T> {
    /// Nothing.
    #[default]
    None,
    /// One thing, in place.
    One(T),
    /// More, or as many as are left of them.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// Puts a thing behind the others.
    pub fn push(&mut self, item: T) {
        match self {
            Self::None => *self = Self::One(item),
            Self::One(_) => self.push_second(item),
            Self::Many(items) => items.push(item),
        }
    }

    fn push_second(&mut self, item: T) {
        let mut items = Vec::with_capacity(2);
        if let Self::One(first) = std::mem::take(self) {
            items.push(first);
        }
        items.push(item);
        *self = Self::Many(items);
    }

    /// Drops the last thing.
    pub fn drop_last(&mut self) {
        match self {
            Self::None => {}
            Self::One(_) => *self = Self::None,
            Self::Many(items) => drop(items.pop()),
        }
    }

    /// Drops what is not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::One(item) if !keep(item) => *self = Self::None,
            Self::None | Self::One(_) => {}
            Self::Many(items) => items.retain(keep),
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(item) => std::slice::from_mut(item),
            Self::Many(items) => items,
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut few = Self::None;
        items.into_iter().for_each(|item| few.push(item));
        few
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_vector_holds(steps in prop::collection::vec((0..4_u8, any::<u8>()), 0..24)) {
            let (mut few, mut all) = (Few::None, Vec::new());
            for (step, item) in steps {
                match step {
                    0 => {
                        few.drop_last();
                        all.pop();
                    }
                    1 => {
                        few.retain(|other| other % 4 != item % 4);
                        all.retain(|other| other % 4 != item % 4);
                    }
                    _ => {
                        few.push(item);
                        all.push(item);
                    }
                }
                prop_assert_eq!(&*few, all.as_slice());
                few.sort_unstable();
                all.sort_unstable();
                prop_assert_eq!(&few, &all.iter().copied().collect::<Few<u8>>());
            }
        }
    }
}
