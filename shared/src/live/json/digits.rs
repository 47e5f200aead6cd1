//! Digits, eight at a time. Owns: what a text of digits is worth, and the digits of a number. Must
//! not know: where they stand. Invariant: exact, or `None`.
//!
//! Eight digits fit one word, a byte each; three multiplications there do the work of eight steps
//! one after the other (D. Lemire, "Quickly parsing eight digits", 2018, and the way back).

/// Every byte of a word 1.
const ONES: u64 = u64::MAX / 255;
/// Whole numbers up to here are exact as `f64`.
const EXACT: u64 = 1 << 53;
/// Powers of ten that are exact as `f64`, as far as decimals need them.
const POWERS: [f64; 20] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19,
];

/// The whole number that a text is, in its only spelling; of at most the 19 digits of X's ids,
/// none of them a sign.
pub(super) fn whole(text: &str) -> Option<u64> {
    let canonical = text.len() == 1 || !text.starts_with('0');
    // 19 digits fit: no step needs to be checked.
    if !(1..=19).contains(&text.len()) || !canonical {
        return None;
    }
    let mut rest = text.as_bytes();
    let mut sum = 0_u64;
    while let Some((eight, after)) = rest.split_first_chunk() {
        sum = sum * 100_000_000 + worth(*eight)?;
        rest = after;
    }
    append(sum, rest)
}

/// A decimal of few digits: both the digits and the power of ten are exact then, and so one
/// division rounds as reading all of it would (W. Clinger, "How to read floating point numbers
/// accurately", 1990).
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let bytes = plain.as_bytes();
    let point = bytes.iter().position(|&byte| byte == b'.').unwrap_or(bytes.len());
    let (left, right) = bytes.split_at_checked(point)?;
    let right = right.strip_prefix(b".").unwrap_or(right);
    if left.len() + right.len() > 19 {
        return None;
    }
    let digits = append(append(0, left)?, right).filter(|&digits| digits <= EXACT)?;
    #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    let value = digits as f64 / POWERS.get(right.len())?;
    Some(if plain.len() < text.len() { -value } else { value })
}

/// A number with more digits behind it; the caller has counted them.
#[inline]
fn append(sum: u64, digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(sum, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum.wrapping_mul(10).wrapping_add(u64::from(digit)))
    })
}

/// What eight digits are worth.
#[inline]
fn worth(digits: [u8; 8]) -> Option<u64> {
    const HALVES: u64 = ONES * 0xf0;
    let word = u64::from_le_bytes(digits).wrapping_sub(ONES * u64::from(b'0'));
    // Beyond 9 a byte has something in its upper half, or has when it is 6 more.
    if (word | word.wrapping_add(ONES * 6)) & HALVES != 0 {
        return None;
    }
    // The first digit is in the lowest byte: pairs, then fours, then all.
    let word = word * 10 + (word >> 8);
    let upper = (word & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let lower = ((word >> 16) & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    Some(upper.wrapping_add(lower) >> 32)
}

/// The last eight digits of a number below 10^8, zeros before them: a byte each, 0 to 9, the first
/// one lowest.
#[inline]
fn spread(value: u32) -> u64 {
    let fours = u64::from(value / 10_000) | (u64::from(value % 10_000) << 32);
    // For what is below 10,000, and below 100, these multiplications divide by 100 and by 10.
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

/// The digits of a number below 10^8, zeros before them.
#[inline]
pub(crate) fn eight(value: u32) -> [u8; 8] {
    (spread(value) | (ONES * u64::from(b'0'))).to_le_bytes()
}

/// How many zeros the eight digits of a number begin and end with; 8 of 0.
#[inline]
pub(super) fn zeros(value: u32) -> (usize, usize) {
    let word = spread(value);
    (word.trailing_zeros() as usize / 8, word.leading_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_pair_and_four_is_spread_exactly() {
        for value in 0..10_000 {
            for value in [value, value * 10_000, value * 10_001] {
                assert_eq!(eight(value).as_slice(), format!("{value:08}").as_bytes());
            }
        }
    }

    proptest! {
        #[test]
        fn digits_come_back(value in 0..100_000_000_u32) {
            let text = format!("{value:08}");
            prop_assert_eq!(eight(value).to_vec(), text.as_bytes());
            prop_assert_eq!(worth(eight(value)), Some(u64::from(value)));
            let (before, after) = zeros(value);
            prop_assert_eq!(before, 8 - text.trim_start_matches('0').len());
            prop_assert_eq!(after, 8 - text.trim_end_matches('0').len());
        }

        #[test]
        fn one_byte_that_is_no_digit_spoils_eight(value in 0..100_000_000_u32, at in 0..8_usize, byte: u8) {
            let mut digits = eight(value);
            digits[at] = byte;
            let expected = std::str::from_utf8(&digits).ok().filter(|_| byte != b'+');
            prop_assert_eq!(worth(digits), expected.and_then(|text| text.parse().ok()));
        }

        #[test]
        fn decimals_are_read_as_the_standard_library_reads_them(
            text in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,18})?",
        ) {
            if let Some(value) = decimal(&text) {
                prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
