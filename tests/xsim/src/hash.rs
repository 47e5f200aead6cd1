//! Deterministic randomness: every fact of the world is a hash of (seed, key, salt).
//!
//! Knows nothing of followers or time. Invariant: equal arguments give equal results on every
//! run; [`permute`] and [`unpermute`] are inverse on `0..2^bits`.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "hashes are cut to the width in use; floats here stay below 2^53"
)]

/// The finalizer of `SplitMix64`: a bijection on 64 bits that spreads every input bit.
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// One 64-bit hash of three numbers; `salt` separates the questions asked about one key.
pub(crate) const fn hash(seed: u64, key: u64, salt: u64) -> u64 {
    mix(mix(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed) ^ mix(salt))
}

/// A number in `[0, 1)` from the top 53 bits of a hash.
pub(crate) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// A number in `0..bound` from a hash; 0 when `bound` is 0.
pub(crate) fn below(hash: u64, bound: u64) -> u64 {
    ((u128::from(hash) * u128::from(bound)) >> 64) as u64
}

/// An element of a table that is not empty.
pub(crate) fn pick<T: Copy + Default>(table: &[T], hash: u64) -> T {
    table.get(below(hash, table.len() as u64) as usize).copied().unwrap_or_default()
}

/// A stream of draws for one key, for facts that need several numbers in a row.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(seed: u64, key: u64, salt: u64) -> Self {
        Self(hash(seed, key, salt))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.next())
    }

    /// Whole seconds in `low..high`.
    pub(crate) fn seconds(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0);
        low + i64::try_from(below(self.next(), span)).unwrap_or(0)
    }

    /// An exponentially distributed wait, in whole seconds.
    pub(crate) fn wait_s(&mut self, mean_s: f64) -> i64 {
        (-(1.0 - self.unit()).ln() * mean_s) as i64
    }
}

const ODD_A: u64 = 0x5851_f42d_4c95_7f2d;
const ODD_B: u64 = 0x2545_f491_4f6c_dd1d;

/// The multiplicative inverse of an odd number modulo 2^64 (Newton doubles the right bits).
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut round = 0;
    while round < 6 {
        guess = guess.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(guess)));
        round += 1;
    }
    guess
}

/// A bijection on `0..2^bits` without visible order, `2 <= bits <= 63`.
pub(crate) const fn permute(x: u64, bits: u32) -> u64 {
    let mask = (1 << bits) - 1;
    let half = bits.div_ceil(2);
    let mut x = x.wrapping_mul(ODD_A) & mask;
    x ^= x >> half;
    x = x.wrapping_mul(ODD_B) & mask;
    x ^ (x >> half)
}

/// Undoes [`permute`]: a shift by at least half the width is its own inverse.
pub(crate) const fn unpermute(x: u64, bits: u32) -> u64 {
    let mask = (1 << bits) - 1;
    let half = bits.div_ceil(2);
    let mut x = x ^ (x >> half);
    x = x.wrapping_mul(inverse(ODD_B)) & mask;
    x ^= x >> half;
    x.wrapping_mul(inverse(ODD_A)) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permute_is_undone_by_unpermute_at_every_width_in_use() {
        for bits in [28, 31] {
            for x in (0..1u64 << bits).step_by(104_729) {
                assert_eq!(unpermute(permute(x, bits), bits), x, "bits {bits}");
            }
        }
    }

    #[test]
    fn permute_maps_a_small_domain_onto_itself() {
        let mut seen: Vec<u64> = (0..256).map(|x| permute(x, 8)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..256).collect::<Vec<_>>());
    }

    #[test]
    fn below_stays_below_and_reaches_both_ends() {
        let mut seen = [0u32; 3];
        for key in 0..300 {
            seen[below(hash(1, key, 2), 3) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n > 50), "{seen:?}");
        assert_eq!(below(u64::MAX, 0), 0);
    }
}
