//! Bits and adaptive Golomb-Rice numbers. Owns: how one number becomes bits. Must not know: what
//! is counted. Invariant: what is read is what was written, for every u64; reading past the end
//! is an error.
//!
//! A Rice number of parameter k is the value's upper bits in unary (ones, ended by a zero), then
//! its lower k bits. [`Rice`] follows the mean of the numbers before, so that k needs no bits. A
//! value of [`UNARY_MAX`] ones or more is written plain behind them, its length first.

/// Ones in a row that mean: the plain value follows.
const UNARY_MAX: u32 = 12;
/// Bits of the length of a plain value (1 to 64, less one).
const LENGTH_BITS: u32 = 6;
/// The mean is over about so many numbers, as a power of two: short, as a
/// tweet's hours differ.
const WINDOW_SHIFT: u32 = 3;
/// Larger numbers count as this in the mean, which then fits its u64 with room.
const MEAN_MAX: u64 = 1 << 50;

/// Collects bits, lowest first.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    out: Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// The lowest `count` bits of a value; at most 64.
    pub(super) fn put(&mut self, value: u64, count: u32) {
        if count > 32 {
            self.put(value & 0xffff_ffff, 32);
            return self.put(value >> 32, count - 32);
        }
        self.pending |= (value & ((1_u64 << count) - 1)) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push((self.pending & 0xff) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Bits written so far.
    pub(super) fn len(&self) -> usize {
        self.out.len() * 8 + self.count as usize
    }

    /// All bits of another, behind these.
    pub(super) fn append(&mut self, other: &Self) {
        for &byte in &other.out {
            self.put(u64::from(byte), 8);
        }
        self.put(other.pending, other.count);
    }

    /// A number of at least 0, short if small: Elias gamma of one more.
    pub(super) fn put_gamma(&mut self, value: u64) {
        let value = value.saturating_add(1);
        let length = bit_length(value);
        self.put(0, length - 1);
        self.put(1, 1);
        self.put(value, length - 1);
    }

    /// The bytes; what is left of the last is zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.out.push((self.pending & 0xff) as u8);
        }
        self.out
    }
}

/// The bits ended too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short;

/// Gives bits back, lowest first.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    pending: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, pending: 0, count: 0 }
    }

    /// At least 56 bits pending, or all there are.
    #[inline]
    fn fill(&mut self) {
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            // Whole bytes that fit above those pending.
            let bytes = (63 - self.count) / 8;
            self.pending |= u64::from_le_bytes(*word) << self.count;
            self.count += bytes * 8;
            if self.count < 64 {
                self.pending &= (1_u64 << self.count) - 1;
            }
            self.rest = self.rest.get(bytes as usize..).unwrap_or_default();
            return;
        }
        while self.count <= 56 {
            let Some((&byte, rest)) = self.rest.split_first() else { return };
            self.rest = rest;
            self.pending |= u64::from(byte) << self.count;
            self.count += 8;
        }
    }

    /// The next `count` bits; at most 64.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Result<u64, Short> {
        if count > 32 {
            let low = self.take(32)?;
            return Ok(low | (self.take(count - 32)? << 32));
        }
        if self.count < count {
            self.fill();
        }
        self.count = self.count.checked_sub(count).ok_or(Short)?;
        let value = self.pending & ((1_u64 << count) - 1);
        self.pending >>= count;
        Ok(value)
    }

    /// How many ones stand before the next zero, which is taken too; at `max` ones no zero is.
    #[inline]
    fn ones(&mut self, max: u32) -> Result<u32, Short> {
        if self.count <= max {
            self.fill();
        }
        let ones = self.pending.trailing_ones().min(max);
        self.take(if ones == max { ones } else { ones + 1 })?;
        Ok(ones)
    }

    /// What [`BitWriter::put_gamma`] wrote.
    pub(super) fn gamma(&mut self) -> Result<u64, Short> {
        let mut length = 0;
        while self.take(1)? == 0 {
            length += 1;
            if length > 63 {
                return Err(Short);
            }
        }
        let low = self.take(length)?;
        Ok((low | (1 << length)) - 1)
    }

    /// Whether nothing but the zeros of a last byte is left.
    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty() && self.count < 8 && self.pending == 0
    }
}

/// Follows the mean of numbers and writes them with the parameter that suits it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rice {
    /// The mean, times 2 to the [`WINDOW_SHIFT`].
    mean: u64,
}

impl Rice {
    /// Begins by expecting numbers about `mean`.
    pub(super) fn new(mean: u64) -> Self {
        Self { mean: mean << WINDOW_SHIFT }
    }

    /// The parameter k: for numbers that fall off geometrically 2^k should be nearest to ln 2 of
    /// the mean, which the length of half the mean comes close to.
    #[inline]
    fn parameter(self) -> u32 {
        bit_length(self.mean >> (WINDOW_SHIFT + 1))
    }

    #[inline]
    fn learn(&mut self, value: u64) {
        self.mean = self.mean - (self.mean >> WINDOW_SHIFT) + value.min(MEAN_MAX);
    }

    pub(super) fn put(&mut self, out: &mut BitWriter, value: u64) {
        let k = self.parameter();
        let upper = value >> k;
        if upper < u64::from(UNARY_MAX) {
            // So many ones, and a zero.
            out.put((1 << upper) - 1, bit_cast(upper) + 1);
            out.put(value, k);
        } else {
            let length = bit_length(value);
            out.put((1 << UNARY_MAX) - 1, UNARY_MAX);
            out.put(u64::from(length - 1), LENGTH_BITS);
            out.put(value, length);
        }
        self.learn(value);
    }

    #[inline]
    pub(super) fn take(&mut self, input: &mut BitReader<'_>) -> Result<u64, Short> {
        let k = self.parameter();
        let upper = input.ones(UNARY_MAX)?;
        let value = if upper < UNARY_MAX {
            (u64::from(upper) << k) | input.take(k)?
        } else {
            let bits = input.take(LENGTH_BITS)?;
            input.take(bit_cast(bits) + 1)?
        };
        self.learn(value);
        Ok(value)
    }
}

/// Bits of a number: 0 of 0, 64 of the largest.
#[inline]
fn bit_length(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// A count of at most 64 as what shifts take.
#[inline]
fn bit_cast(count: u64) -> u32 {
    (count & 0x7f) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift)
    }

    proptest! {
        #[test]
        fn rice_numbers_come_back(values in prop::collection::vec(number(), 0..200), mean in 0_u64..1000) {
            let mut out = BitWriter::default();
            let mut rice = Rice::new(mean);
            for &value in &values {
                rice.put(&mut out, value);
            }
            let bytes = out.finish();
            let (mut input, mut rice) = (BitReader::new(&bytes), Rice::new(mean));
            for &value in &values {
                prop_assert_eq!(rice.take(&mut input), Ok(value));
            }
            prop_assert!(input.at_end());
        }

        #[test]
        fn gamma_numbers_and_bits_come_back(values in prop::collection::vec((number(), 0_u32..=64), 0..200)) {
            let (mut out, mut tail) = (BitWriter::default(), BitWriter::default());
            for &(value, bits) in &values {
                out.put_gamma(value.min(u64::MAX - 1));
                tail.put(value, bits);
            }
            let bits = out.len() + tail.len();
            out.append(&tail);
            prop_assert_eq!(out.len(), bits);
            let bytes = out.finish();
            let mut input = BitReader::new(&bytes);
            for &(value, _) in &values {
                prop_assert_eq!(input.gamma(), Ok(value.min(u64::MAX - 1)));
            }
            for &(value, bits) in &values {
                let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
                prop_assert_eq!(input.take(bits), Ok(value & mask));
            }
            prop_assert!(input.at_end());
        }
    }

    #[test]
    fn a_zero_after_zeros_takes_one_bit() {
        let (mut out, mut rice) = (BitWriter::default(), Rice::new(0));
        (0..80).for_each(|_| rice.put(&mut out, 0));
        assert_eq!(out.len(), 80);
    }

    #[test]
    fn reading_past_the_end_is_an_error() {
        assert_eq!(BitReader::new(&[0xff]).take(9), Err(Short));
        assert_eq!(Rice::new(0).take(&mut BitReader::new(&[0xff])), Err(Short));
        assert_eq!(BitReader::new(&[0, 0, 0, 0, 0, 0, 0, 0, 0]).gamma(), Err(Short));
        assert_eq!(BitReader::new(&[]).take(1), Err(Short));
    }
}
