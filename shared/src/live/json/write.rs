//! JSON written by hand, into one string that is used again and again. Owns: the escapes of
//! texts and the digits of numbers. Must not know: what is written. Invariant: as `serde_json`
//! writes it, but for degrees, which may end sooner.

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
    let mut all = [b'0'; 24];
    // Eight digits at a time: wasm divides 64 bits slowly.
    let mut rest = value;
    for part in all.rchunks_exact_mut(8) {
        pairs(part, (rest % EIGHT) as u32);
        rest /= EIGHT;
    }
    let zeros = all.iter().take_while(|&&digit| digit == b'0').count().min(all.len() - 1);
    ascii(out, all.get(zeros..).unwrap_or_default());
}

/// Writes a number below 10^8 with at least so many digits.
pub(crate) fn digits(out: &mut String, value: u32, least: usize) {
    let mut all = [b'0'; 8];
    pairs(&mut all, value);
    let zeros = all.iter().take_while(|&&digit| digit == b'0').count();
    ascii(out, all.get(zeros.min(all.len() - least)..).unwrap_or_default());
}

/// Fills a place with the last digits of a number, zeros before them.
#[allow(clippy::cast_possible_truncation, reason = "digits")]
pub(crate) fn pairs(place: &mut [u8], mut value: u32) {
    for pair in place.rchunks_mut(2) {
        let two = (value % 100) as u8;
        value /= 100;
        if let [tens, ones] = pair {
            (*tens, *ones) = (b'0' + two / 10, b'0' + two % 10);
        } else if let [ones] = pair {
            *ones = b'0' + two % 10;
        }
    }
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
    let scaled = scaled as u64;
    whole(out, scaled / 10_000_000);
    let mut decimals = (scaled % 10_000_000) as u32;
    if decimals != 0 {
        let mut places = 7;
        while decimals.is_multiple_of(10) {
            (decimals, places) = (decimals / 10, places - 1);
        }
        out.push('.');
        digits(out, decimals, places);
    }
}
