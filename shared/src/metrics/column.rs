//! One list of signed steps as bits. Owns: the choice of how a list is written. Must not know:
//! what the steps are. Invariant: reading gives the same steps; the shortest way is taken, the
//! first of equals.
//!
//! A list is written in one of four ways (2 bits): its steps all at least 0 or signed, and dense
//! (every step a number) or sparse (how many zeros, then a step that is none, and so on).

use super::bits::{BitReader, BitWriter, Rice, Short};

/// Zeros in a row expected at first, and the size of the first step: a few, so that either turns
/// to what is there within some numbers.
const RUN_MEAN: u64 = 3;
const STEP_MEAN: u64 = 3;
/// Bits of the choice.
const WAY_BITS: u32 = 2;

#[derive(Clone, Copy)]
struct Way {
    signed: bool,
    sparse: bool,
}

impl Way {
    const ALL: [Self; 4] = [
        Self { signed: false, sparse: false },
        Self { signed: false, sparse: true },
        Self { signed: true, sparse: false },
        Self { signed: true, sparse: true },
    ];

    /// A step as a number, small if the step is: signed 0, -1, 1, -2, … as 0, 1, 2, 3, …
    #[inline]
    fn number(self, step: i64) -> u64 {
        let signs = if self.signed { step >> 63 } else { 0 };
        ((step << u32::from(self.signed)) ^ signs).cast_unsigned()
    }

    #[inline]
    fn step(self, number: u64) -> i64 {
        let half = (number >> u32::from(self.signed)).cast_signed();
        if self.signed && number & 1 == 1 { !half } else { half }
    }
}

/// Writes steps the shortest way.
pub(super) fn put(out: &mut BitWriter, steps: &[i64]) {
    let signed = steps.iter().any(|&step| step < 0);
    let ways = (0_u64..).zip(Way::ALL).filter(|(_, way)| way.signed == signed);
    let written = ways.map(|(code, way)| {
        let mut out = BitWriter::default();
        out.put(code, WAY_BITS);
        write(&mut out, way, steps);
        out
    });
    if let Some(shortest) = written.min_by_key(BitWriter::len) {
        out.append(&shortest);
    }
}

fn write(out: &mut BitWriter, way: Way, steps: &[i64]) {
    let (mut runs, mut sizes) = (Rice::new(RUN_MEAN), Rice::new(STEP_MEAN));
    if !way.sparse {
        for &step in steps {
            sizes.put(out, way.number(step));
        }
        return;
    }
    let mut zeros = 0;
    for &step in steps {
        if step == 0 {
            zeros += 1;
            continue;
        }
        runs.put(out, zeros);
        zeros = 0;
        // A step that is none is at least 1, signed or not.
        sizes.put(out, way.number(step).wrapping_sub(1));
    }
    if zeros > 0 {
        runs.put(out, zeros);
    }
}

/// Reads `count` steps and hands each to `each`.
#[inline]
pub(super) fn take(
    input: &mut BitReader<'_>,
    count: usize,
    mut each: impl FnMut(i64),
) -> Result<(), Short> {
    let code = usize::try_from(input.take(WAY_BITS)?).unwrap_or_default();
    let Some(&way) = Way::ALL.get(code) else { return Err(Short) };
    let (mut runs, mut sizes) = (Rice::new(RUN_MEAN), Rice::new(STEP_MEAN));
    if !way.sparse {
        for _ in 0..count {
            each(way.step(sizes.take(input)?));
        }
        return Ok(());
    }
    let mut left = count;
    while left > 0 {
        let zeros = usize::try_from(runs.take(input)?).unwrap_or(usize::MAX);
        left = left.checked_sub(zeros).ok_or(Short)?;
        (0..zeros).for_each(|_| each(0));
        if left > 0 {
            left -= 1;
            each(way.step(sizes.take(input)?.wrapping_add(1)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(steps: &[i64]) -> usize {
        let mut out = BitWriter::default();
        put(&mut out, steps);
        let bits = out.len();
        let bytes = out.finish();
        let mut found = Vec::new();
        take(&mut BitReader::new(&bytes), steps.len(), |step| found.push(step)).unwrap();
        assert_eq!(found, steps);
        bits
    }

    proptest! {
        #[test]
        fn steps_come_back(steps in prop::collection::vec(
            prop_oneof![3 => Just(0), 3 => -3_i64..50, 1 => any::<i64>()], 0..300))
        {
            check(&steps);
        }
    }

    #[test]
    fn the_ends_of_the_range_come_back() {
        check(&[i64::MIN, i64::MAX, 0, -1, 1, i64::MIN, 0]);
        check(&[i64::MAX, 0, 1]);
        check(&[]);
    }

    #[test]
    fn zeros_alone_take_a_few_bytes() {
        assert!(check(&[0; 720]) <= 40);
    }

    #[test]
    fn steps_that_only_rise_need_no_signs() {
        let rising: Vec<i64> = (0..500).map(|at| at % 7).collect();
        let mut mixed = rising.clone();
        mixed[250] = -1;
        assert!(check(&rising) + 200 < check(&mixed));
    }
}
