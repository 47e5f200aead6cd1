//! Ids as other programs write them: text, or a JSON integer. Owns: which of them can be trusted.
//! Must not know: what the id names. Invariant: a number that may have been rounded on its way is
//! nobody's id unless its file proves that its writer does not round.
//!
//! Up to 2^53 a JSON integer is exact in every language. Above, JavaScript prints at most 17
//! significant digits and fills with zeros. An integer of 18 or more therefore proves that the
//! file's writer keeps integers whole, and then all of the file are read; without such a proof
//! those above 2^53 are not.

use super::user::object;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The largest integer below which a 64-bit float tells every integer from its neighbours.
const EXACT_MAX: u64 = 1 << 53;
/// Significant digits that no rounding writer prints.
const PROOF_DIGITS: usize = 18;
/// X's ids have at most so many digits.
const DIGITS_MAX: usize = 19;

/// What an object's id fields say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonId {
    /// The id, if it can be read.
    pub told: Option<Told>,
    /// Whether the field `id` proves that its writer does not round integers.
    pub proves: bool,
}

/// An id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Exactly this.
    Exactly(u64),
    /// An integer above 2^53: exactly this if the writer does not round.
    Unrounded(u64),
}

impl JsonId {
    /// The id, where `exact` says whether the writer is known not to round.
    pub fn by(self, exact: bool) -> Option<u64> {
        match self.told? {
            Told::Exactly(id) => Some(id),
            Told::Unrounded(id) => exact.then_some(id),
        }
    }

    /// The id by this object alone.
    pub fn alone(self) -> Option<u64> {
        self.by(self.proves)
    }
}

/// The id of a JSON object; none where the text is no object, or longer than `max_bytes`.
pub fn id_of(raw: &str, max_bytes: usize) -> Option<JsonId> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        id_str: Option<&'a RawValue>,
    }
    let fits = object(raw).filter(|raw| raw.len() <= max_bytes)?;
    let named: Named<'_> = serde_json::from_str(fits).ok()?;
    Some(read_id(named.id_str, named.id))
}

/// Reads the fields `id_str` and `id`: the first of them that is text, else an integer.
pub fn read_id(id_str: Option<&RawValue>, id: Option<&RawValue>) -> JsonId {
    let whole = id.and_then(|raw| integer(raw.get()));
    let texts = [id_str, id].into_iter().flatten().find_map(|raw| text(raw.get()));
    let number = || match whole? {
        id if id <= EXACT_MAX => Some(Told::Exactly(id)),
        id => Some(Told::Unrounded(id)),
    };
    let proves = whole.is_some_and(|id| significant(id) >= PROOF_DIGITS);
    JsonId { told: texts.map(Told::Exactly).or_else(number), proves }
}

/// An id written as text.
fn text(json: &str) -> Option<u64> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return digits(&serde_json::from_str::<String>(json).ok()?);
    }
    digits(inner)
}

/// A JSON integer without sign, fraction and exponent.
fn integer(json: &str) -> Option<u64> {
    digits(json)
}

/// One to 19 decimal digits without a leading zero.
fn digits(text: &str) -> Option<u64> {
    let plain = (1..=DIGITS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn significant(id: u64) -> usize {
    id.to_string().trim_end_matches('0').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id_str: &str, id: &str, told: Option<Told>, proves: bool) {
        let raw = |json: &str| serde_json::from_str::<Box<RawValue>>(json).unwrap();
        let (id_str, id) = (raw(id_str), raw(id));
        assert_eq!(read_id(Some(&id_str), Some(&id)), JsonId { told, proves });
    }

    use Told::{Exactly, Unrounded};

    #[test]
    fn text_is_taken_before_numbers_and_id_str_before_id() {
        check("\"7\"", "\"8\"", Some(Exactly(7)), false);
        check("null", "\"8\"", Some(Exactly(8)), false);
        check("\"\"", "9", Some(Exactly(9)), false);
        check("\"\\u0037\"", "9", Some(Exactly(7)), false);
        let big = 1_857_043_292_182_618_112;
        check("\"1857043292182618112\"", "1857043292182618000", Some(Exactly(big)), false);
        check("5", "\"x\"", None, false);
    }

    #[test]
    fn integers_are_exact_up_to_two_to_the_53rd() {
        check("null", "0", Some(Exactly(0)), false);
        check("null", "9007199254740992", Some(Exactly(1 << 53)), false);
        check("null", "9007199254740993", Some(Unrounded((1 << 53) + 1)), false);
    }

    #[test]
    fn eighteen_significant_digits_prove_an_exact_writer() {
        check("null", "12345678901234567", Some(Unrounded(12_345_678_901_234_567)), false);
        check("null", "1857043292182618000", Some(Unrounded(1_857_043_292_182_618_000)), false);
        check("null", "123456789012345678", Some(Unrounded(123_456_789_012_345_678)), true);
        check("null", "1234567890123456780", Some(Unrounded(1_234_567_890_123_456_780)), true);
        check("\"3\"", "1857043292182618112", Some(Exactly(3)), true);
    }

    #[test]
    fn anything_else_is_nobodys_id() {
        for odd in ["1.0", "1e3", "1.857043292182618e18", "-1", "-0", "true", "null", "{}", "[5]"] {
            check("null", odd, None, false);
        }
        for odd in
            ["\"012\"", "\" 5\"", "\"5.0\"", "\"99999999999999999999\"", "99999999999999999999"]
        {
            check("null", odd, None, false);
        }
    }
}
