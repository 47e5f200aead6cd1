//! JSON written by hand, into one string that is used again and again. Owns: the escapes of
//! texts and the digits of numbers. Must not know: what is written. Invariant: as `serde_json`
//! writes it, but for degrees, which may end sooner.

use super::digits::{self, eight};
use super::plain_until;

/// Writes a text as it stands between the quotes of JSON.
pub(crate) fn escape(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut done = 0;
    loop {
        let at = plain_until(bytes, done);
        out.push_str(text.get(done..at).unwrap_or_default());
        let Some(&byte) = bytes.get(at) else { return };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x8 => out.push_str("\\b"),
            0xc => out.push_str("\\f"),
            _ => {
                out.push_str("\\u00");
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(HEX.get(usize::from(digit)).copied().unwrap_or_default()));
                }
            }
        }
        done = at + 1;
    }
}

/// Writes a whole number.
#[allow(clippy::cast_possible_truncation, reason = "below 10^8, or so after the division")]
pub(crate) fn whole(out: &mut String, value: u64) {
    const EIGHT: u64 = 100_000_000;
    // Places in a text, above all.
    if value < 100 {
        let (tens, ones) = (value as u8 / 10, value as u8 % 10);
        if tens > 0 {
            out.push(char::from(b'0' + tens));
        }
        out.push(char::from(b'0' + ones));
        return;
    }
    let mut all = [0; 24];
    let (mut rest, mut zeros) = (value, 0);
    for (at, place) in all.as_chunks_mut::<8>().0.iter_mut().enumerate().rev() {
        let part = (rest % EIGHT) as u32;
        *place = eight(part);
        rest /= EIGHT;
        if rest == 0 {
            zeros = at * 8 + digits::zeros(part).0.min(7);
            break;
        }
    }
    ascii(out, all.get(zeros..).unwrap_or_default());
}

/// Writes digits and marks.
pub(crate) fn ascii(out: &mut String, bytes: &[u8]) {
    out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
}

/// Writes degrees: exactly, and quickly where seven decimals (a centimetre) are exact.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below 4e9 and not negative"
)]
pub(crate) fn degrees(out: &mut String, value: f64) {
    const SCALE: f64 = 1e7;
    let scaled = (value.abs() * SCALE).round();
    // Beyond 400 degrees the split below would not fit; nothing here is.
    if scaled >= 4e9 || (scaled / SCALE).to_bits() != value.abs().to_bits() {
        out.push_str(&value.to_string());
        return;
    }
    if value < 0.0 {
        out.push('-');
    }
    let scaled = scaled as u32;
    let (degrees, decimals) = (scaled / 10_000_000, scaled % 10_000_000);
    ascii(out, eight(degrees).get(digits::zeros(degrees).0.min(7)..).unwrap_or_default());
    if decimals != 0 {
        // Seven decimals are the last of eight digits, with the point in place of the first.
        let mut text = eight(decimals);
        text[0] = b'.';
        ascii(out, text.get(..8 - digits::zeros(decimals).1).unwrap_or_default());
    }
}
