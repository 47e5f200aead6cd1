//! Texts, sixteen bytes at a time. Owns: where a text in JSON stops to be plain, and how many
//! characters one has. Must not know: what comes next. Invariant: both ways to look, with the
//! instructions of wasm and without, find the same.

/// Bytes looked at together.
const LANES: usize = 16;

/// The first place from `at` on with a quote, a backslash, a control character or nothing.
#[inline]
pub(super) fn plain_until(bytes: &[u8], at: usize) -> usize {
    // Most strings of a tweet, its keys above all, end here.
    match lanes(bytes, at).map(marks) {
        Some(0) => plain_further(bytes, at + LANES),
        Some(marks) => at + marks.trailing_zeros() as usize,
        None => plain_further(bytes, at),
    }
}

#[inline(never)]
fn plain_further(bytes: &[u8], mut at: usize) -> usize {
    while let Some(marks) = lanes(bytes, at).map(marks) {
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += LANES;
    }
    let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(stop).unwrap_or(rest.len())
}

#[inline]
fn lanes(bytes: &[u8], at: usize) -> Option<&[u8; LANES]> {
    bytes.get(at..)?.first_chunk()
}

/// How many characters a text has: bytes that do not continue one begin one.
pub(super) fn characters(text: &str) -> usize {
    let (blocks, rest) = text.as_bytes().as_chunks();
    let begun: u32 = blocks.iter().map(beginnings).sum();
    begun as usize + rest.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// How many of these bytes begin a character.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn beginnings(lanes: &[u8; LANES]) -> u32 {
    use std::arch::wasm32::{i8x16_bitmask, i8x16_gt, i8x16_splat, u64x2};
    let [low, high] = halves(lanes);
    // With their sign, those that continue one are the lowest, up to 0xbf.
    i8x16_bitmask(i8x16_gt(u64x2(low, high), i8x16_splat(-65))).count_ones()
}

/// How many of these bytes begin a character.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn beginnings(lanes: &[u8; LANES]) -> u32 {
    const ONES: u64 = u64::MAX / 255;
    // The upper of the two highest bits alone continues one.
    let continued = |word: u64| ((word >> 7) & !(word >> 6) & ONES).count_ones();
    let [low, high] = halves(lanes).map(continued);
    16 - low - high
}

/// One bit for each byte that is not plain, the first one lowest.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn marks(lanes: &[u8; LANES]) -> u32 {
    use std::arch::wasm32::{i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let [low, high] = halves(lanes);
    // Two words put together are one load of sixteen bytes to the compiler.
    let lanes = u64x2(low, high);
    let quote = u8x16_eq(lanes, u8x16_splat(b'"'));
    let backslash = u8x16_eq(lanes, u8x16_splat(b'\\'));
    let control = u8x16_lt(lanes, u8x16_splat(0x20));
    u32::from(i8x16_bitmask(v128_or(v128_or(quote, backslash), control)))
}

/// One bit for the first byte that is not plain; bits behind it may be anything. (A byte below a
/// limit borrows from its own high bit; what is above a hit may be marked wrongly.)
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn marks(lanes: &[u8; LANES]) -> u32 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let first = |word: u64| {
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zeros(word ^ (ONES * u64::from(b'"')));
        let backslash = zeros(word ^ (ONES * u64::from(b'\\')));
        ((control | quote | backslash) & HIGHS).trailing_zeros() / 8
    };
    let [low, high] = halves(lanes).map(first);
    match (low, high) {
        (8, 8) => 0,
        (8, high) => 1 << (8 + high),
        (low, _) => 1 << low,
    }
}

#[inline]
fn halves(lanes: &[u8; LANES]) -> [u64; 2] {
    let all = u128::from_le_bytes(*lanes);
    #[allow(clippy::cast_possible_truncation, reason = "the halves are meant")]
    [all as u64, (all >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn characters_are_counted(text in ".{0,90}", times in 1..200_usize) {
            let text = text.repeat(times);
            prop_assert_eq!(characters(&text), text.chars().count());
        }

        #[test]
        fn the_first_byte_that_is_not_plain_is_found(bytes in prop::collection::vec(any::<u8>(), 0..80), plain in 0..64_usize) {
            let bytes = [vec![b'a'; plain], bytes].concat();
            for from in 0..bytes.len() {
                let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
                let found = bytes[from..].iter().position(stop).map_or(bytes.len(), |at| from + at);
                prop_assert_eq!(plain_until(&bytes, from), found);
            }
        }
    }
}
