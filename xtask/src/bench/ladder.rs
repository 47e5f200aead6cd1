//! How many viewers to try next. Owns: the search for the most that a server sustains. Must not
//! know what a viewer is. Invariant: a number is tried at most once, and the answer was passed.

/// Viewers are counted in these: finer is noise.
const GRAIN: u32 = 25;

/// Doubles until one fails, then halves the difference.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    first: u32,
    most: u32,
    /// Halvings that remain.
    halvings: u32,
    passed: u32,
    failed: Option<u32>,
}

impl Ladder {
    /// From `first` to at most `most`, with so many halvings.
    pub(super) fn new(first: u32, most: u32, halvings: u32) -> Self {
        Self { first, most, halvings, passed: 0, failed: None }
    }

    /// What to try next; `None` when it is known well enough.
    pub(super) fn next(&self) -> Option<u32> {
        let Some(failed) = self.failed else {
            let next = if self.passed == 0 { self.first } else { self.passed.saturating_mul(2) };
            let next = next.min(self.most);
            return (next > self.passed).then_some(next);
        };
        let middle = self.passed.midpoint(failed) / GRAIN * GRAIN;
        (self.halvings > 0 && middle > self.passed && middle < failed).then_some(middle)
    }

    /// Notes how the number that [`Ladder::next`] named went.
    pub(super) fn note(&mut self, viewers: u32, passed: bool) {
        if self.failed.is_some() {
            self.halvings = self.halvings.saturating_sub(1);
        }
        if passed {
            self.passed = viewers;
        } else {
            self.failed = Some(viewers);
        }
    }

    /// Whether the machine, not the server, set the end.
    pub(super) fn is_open(&self) -> bool {
        self.failed.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is tried of a server that sustains `truth`.
    #[track_caller]
    fn check(mut ladder: Ladder, truth: u32, wanted: &[u32]) {
        let mut tried = Vec::new();
        while let Some(next) = ladder.next() {
            tried.push(next);
            ladder.note(next, next <= truth);
        }
        assert_eq!(tried, wanted);
    }

    #[test]
    fn it_doubles_and_then_halves() {
        check(Ladder::new(100, 10_000, 2), 700, &[100, 200, 400, 800, 600, 700]);
        check(Ladder::new(100, 10_000, 2), 450, &[100, 200, 400, 800, 600, 500]);
    }

    #[test]
    fn it_ends_at_the_most() {
        check(Ladder::new(100, 300, 2), 10_000, &[100, 200, 300]);
    }

    #[test]
    fn a_server_that_fails_at_once_is_tried_with_fewer() {
        check(Ladder::new(100, 300, 2), 0, &[100, 50, 25]);
    }
}
