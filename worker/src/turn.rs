//! One loop at a time. Owns: the mark that a loop of an object runs. Must not know: what it does.
//! Invariant: however a loop ends, its place is free again.

use std::cell::Cell;

/// The place of a loop that runs; dropped, it is free.
pub(crate) struct Turn<'a>(&'a Cell<bool>);

impl<'a> Turn<'a> {
    /// Takes the place; none while another loop has it.
    pub(crate) fn take(place: &'a Cell<bool>) -> Option<Self> {
        (!place.replace(true)).then(|| Self(place))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
