//! The numbers of events. Owns: which comes next, and how many may be given out before the next
//! write. Must not know: where the ceiling is written. Invariant: no number is given out twice,
//! whenever the machine is lost: numbers are taken only below a ceiling that is already written.

use crate::api::{GapReason, LiveGap};
use std::ops::RangeInclusive;

/// Numbers that one write of the ceiling covers: at 500 events a second a write every two
/// minutes, and a restart leaves at most so many numbers unused.
pub const BLOCK: u64 = 65_536;
/// JavaScript counts whole numbers up to here.
const LAST: u64 = (1 << 53) - 1;

/// The next number, and the last one that may be given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    next: u64,
    ceiling: u64,
}

/// Write this ceiling, then call [`Sequence::raise`] with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("number {ceiling} must be reserved in storage before more are given out")]
pub struct NeedCeiling {
    /// The new last number.
    pub ceiling: u64,
}

impl Sequence {
    /// Goes on after a restart: `ceiling` as it was written (0 for the first start), `last` the
    /// newest number whose event was kept. Behind the ceiling nothing was given out; what lies
    /// between the two is lost with the machine, or never was, and is declared.
    pub fn restart(ceiling: u64, last: u64) -> (Self, Option<LiveGap>) {
        let ceiling = ceiling.max(last).min(LAST);
        let (from, reason) = (last + 1, GapReason::Restart);
        let gap = (from <= ceiling).then_some(LiveGap { from, to: ceiling, reason });
        (Self { next: ceiling + 1, ceiling }, gap)
    }

    /// The last number given out; 0 before the first.
    pub fn last(&self) -> u64 {
        self.next - 1
    }

    /// The next `count` numbers; nothing changes where there are not so many below the ceiling.
    ///
    /// # Errors
    /// The ceiling must be raised first.
    pub fn take(&mut self, count: u64) -> Result<RangeInclusive<u64>, NeedCeiling> {
        self.ready(count)?;
        let first = self.next;
        self.next += count;
        Ok(first..=self.next - 1)
    }

    /// Whether `count` numbers can be taken.
    ///
    /// # Errors
    /// The ceiling must be raised first.
    pub fn ready(&self, count: u64) -> Result<(), NeedCeiling> {
        if count <= self.ceiling + 1 - self.next {
            return Ok(());
        }
        let needed = self.next.saturating_add(count) - 1;
        // At a million events a second 2^53 lasts 285 years.
        Err(NeedCeiling { ceiling: needed.max(self.next - 1 + BLOCK).min(LAST) })
    }

    /// The ceiling was written.
    pub fn raise(&mut self, ceiling: u64) {
        self.ceiling = self.ceiling.max(ceiling.min(LAST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_start_begins_with_one_and_asks_for_a_block() {
        let (mut sequence, gap) = Sequence::restart(0, 0);
        assert_eq!((sequence.last(), gap), (0, None));
        assert_eq!(sequence.take(1), Err(NeedCeiling { ceiling: BLOCK }));
        sequence.raise(BLOCK);
        assert_eq!(sequence.take(2), Ok(1..=2));
        assert_eq!((sequence.last(), sequence.take(1)), (2, Ok(3..=3)));
    }

    #[test]
    fn a_restart_jumps_to_the_ceiling_and_declares_what_is_between() {
        let (sequence, gap) = Sequence::restart(BLOCK, 40);
        assert_eq!(gap, Some(LiveGap { from: 41, to: BLOCK, reason: GapReason::Restart }));
        assert_eq!(sequence.last(), BLOCK);
        assert_eq!(Sequence::restart(BLOCK, BLOCK).1, None);
    }

    #[test]
    fn more_than_a_block_can_be_asked_for() {
        let (sequence, _) = Sequence::restart(BLOCK, BLOCK);
        assert_eq!(sequence.ready(3 * BLOCK), Err(NeedCeiling { ceiling: 4 * BLOCK }));
    }

    #[test]
    fn numbers_end_where_javascript_ends_counting() {
        let (sequence, _) = Sequence::restart(LAST - 1, LAST - 1);
        assert_eq!(sequence.ready(9), Err(NeedCeiling { ceiling: LAST }));
        let (mut sequence, _) = Sequence::restart(u64::MAX, 5);
        assert_eq!(sequence.last(), LAST);
        sequence.raise(u64::MAX);
        assert!(sequence.take(1).is_err());
    }

    proptest! {
        #[test]
        fn no_number_comes_twice_whenever_the_machine_is_lost(
            steps in prop::collection::vec((1..30_000_u64, 0..5_u8, any::<bool>()), 1..60),
        ) {
            let (mut written, mut given) = (0, 0);
            let mut sequence = Sequence::restart(0, 0).0;
            for (count, lose, before_raise) in steps {
                if let Err(need) = sequence.ready(count) {
                    written = need.ceiling;
                    if !before_raise {
                        sequence.raise(need.ceiling);
                    }
                }
                if let Ok(range) = sequence.take(count) {
                    prop_assert!(*range.start() > given && *range.end() <= written);
                    given = *range.end();
                }
                if lose == 0 {
                    sequence = Sequence::restart(written, 0).0;
                }
            }
        }
    }
}
