//! Instants as bits. Owns: how the rhythm of readings is written. Must not know: what was read.
//! Invariant: instants ascend strictly; what is read is what was written.
//!
//! A tweet is read on a tick that comes some seconds late. An instant is a slot of ten minutes
//! and a place in it: slots are written as the change of their distance (zeros while the cadence
//! holds), places as they are, above the smallest. Slots are laid so that the first instant is
//! in the middle of its own: a late tick does not change slots.

use super::bits::{BitReader, BitWriter, Short};
use super::{INSTANT_MAX_MS, column};
use crate::time::{MINUTE_MS, SECOND_MS, UnixMs};

/// Width of a slot: the hourly tick is a multiple, and is never as late.
const SLOT_MS: i64 = 10 * MINUTE_MS;
/// Bits of the first instant: an `i64`.
const FIRST_BITS: u32 = 64;

/// Writes ascending instants, whose number the reader knows.
pub(super) fn put(out: &mut BitWriter, times: &[UnixMs]) {
    let Some(first) = times.first() else { return };
    let whole_seconds = times.iter().all(|at| at.since(*first) % SECOND_MS == 0);
    let unit = if whole_seconds { SECOND_MS } else { 1 };
    out.put(first.0.cast_unsigned(), FIRST_BITS);
    out.put(u64::from(whole_seconds), 1);
    let slotted = |at: &UnixMs| {
        let ms = at.since(*first) + SLOT_MS / 2;
        (ms.div_euclid(SLOT_MS), ms.rem_euclid(SLOT_MS) / unit)
    };
    let (slots, places): (Vec<i64>, Vec<i64>) = times.iter().skip(1).map(slotted).unzip();
    let (mut slot_before, mut distance_before) = (0, 0);
    let changes: Vec<i64> = slots
        .into_iter()
        .map(|slot| {
            let distance = slot - slot_before;
            let change = distance - distance_before;
            (slot_before, distance_before) = (slot, distance);
            change
        })
        .collect();
    column::put(out, &changes);
    let smallest = places.iter().copied().min().unwrap_or_default();
    out.put_gamma(smallest.unsigned_abs());
    let places: Vec<i64> = places.into_iter().map(|place| place - smallest).collect();
    column::put(out, &places);
}

/// Reads `count` instants.
pub(super) fn take(input: &mut BitReader<'_>, count: usize) -> Result<Vec<UnixMs>, Short> {
    let mut times = Vec::with_capacity(count);
    let Some(others) = count.checked_sub(1) else { return Ok(times) };
    let first = UnixMs(input.take(FIRST_BITS)?.cast_signed());
    let unit = if input.take(1)? == 1 { SECOND_MS } else { 1 };
    let (mut slot, mut distance) = (0_i64, 0_i64);
    let mut slots = Vec::with_capacity(others);
    column::take(input, others, |change| {
        distance = distance.wrapping_add(change);
        slot = slot.wrapping_add(distance);
        slots.push(slot);
    })?;
    let smallest = input.gamma()?.cast_signed();
    let mut slots = slots.into_iter();
    times.push(first);
    column::take(input, others, |place| {
        let slot = slots.next().unwrap_or_default();
        let ms = slot
            .wrapping_mul(SLOT_MS)
            .wrapping_add(smallest.wrapping_add(place).wrapping_mul(unit))
            .wrapping_sub(SLOT_MS / 2);
        times.push(UnixMs(first.0.wrapping_add(ms)));
    })?;
    let ascends = times.is_sorted_by(|a, b| a < b);
    let dated = times.iter().all(|at| at.0.unsigned_abs() <= INSTANT_MAX_MS);
    if ascends && dated { Ok(times) } else { Err(Short) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_MS;
    use proptest::prelude::*;

    #[track_caller]
    fn check(times: &[i64]) -> usize {
        let times: Vec<UnixMs> = times.iter().copied().map(UnixMs).collect();
        let mut out = BitWriter::default();
        put(&mut out, &times);
        let bits = out.len();
        let found = take(&mut BitReader::new(&out.finish()), times.len());
        assert_eq!(found, Ok(times));
        bits
    }

    proptest! {
        #[test]
        fn instants_come_back(times in prop::collection::btree_set(prop_oneof![
            0_i64..10_000_000,
            -(1_i64 << 48)..=1 << 48,
            (0_i64..5_000).prop_map(|hours| hours * HOUR_MS),
        ], 0..100)) {
            check(&times.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_steady_rhythm_takes_a_few_bytes() {
        let hourly: Vec<i64> = (0..720).map(|hour| hour * HOUR_MS).collect();
        assert!(check(&hourly) <= 8 * 24);
    }

    #[test]
    fn a_tick_up_to_16_seconds_late_takes_less_than_six_bits() {
        let late: Vec<i64> =
            (0..720).map(|hour| hour * HOUR_MS + hour * 7 % 16 * SECOND_MS).collect();
        assert!(check(&late) <= 6 * 720);
    }

    #[test]
    fn instants_that_do_not_ascend_are_refused() {
        let mut out = BitWriter::default();
        put(&mut out, &[UnixMs(5), UnixMs(5)]);
        assert_eq!(take(&mut BitReader::new(&out.finish()), 2), Err(Short));
    }
}
