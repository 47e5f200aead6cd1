//! Fields of the archive, whatever shape they have. Invariant: a field of another shape is as good
//! as absent; an id that may have lost digits is none.

use crate::time::UnixMs;
use serde_json::Value;
use std::str::FromStr;

/// The largest integer that a number of JavaScript holds for sure, 2^53 - 1: what was above it may
/// be another's id by now.
const INTEGER_MAX: u64 = (1 << 53) - 1;
/// Month names of v1.1's times.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The first of some fields that is a text with something in it.
pub(super) fn text<'a>(object: &'a Value, names: &[&str]) -> Option<&'a str> {
    let text = |name: &&str| object.get(name)?.as_str().filter(|text| !text.is_empty());
    names.iter().find_map(text)
}

/// The first of some fields that is a list, without what it should not hold.
pub(super) fn list<'a>(object: &'a Value, names: &[&str]) -> &'a [Value] {
    let list = |name: &&str| object.get(name)?.as_array();
    names.iter().find_map(list).map_or(&[], Vec::as_slice)
}

/// A whole number, of digits (as X writes all of them) or as one.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        other => other.as_u64().filter(|number| *number <= INTEGER_MAX),
    }
}

/// The first of some fields that is an id.
pub(super) fn id<T: FromStr>(object: &Value, names: &[&str]) -> Option<T> {
    names.iter().find_map(|name| match object.get(name)? {
        Value::String(text) => text.parse().ok(),
        other => whole(other)?.to_string().parse().ok(),
    })
}

/// An instant as v1.1 writes it, `Sat Feb 18 12:33:11 +0000 2023`, or as the API does.
pub(super) fn instant(text: &str) -> Option<UnixMs> {
    let words: Vec<&str> = text.split(' ').collect();
    let [_, month, day, time, "+0000", year] = words.as_slice() else {
        return UnixMs::parse(text);
    };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    UnixMs::parse(&format!("{year}-{month:02}-{day:0>2}T{time}Z"))
}

/// HTML's names for `&`, `<` and `>` undone: v1.1's texts have them.
pub(super) fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use serde_json::json;

    #[test]
    fn an_id_that_may_have_lost_digits_is_none() {
        let read = |value: Value| id::<UserId>(&json!({ "a": value }), &["a"]).map(|id| id.0);
        assert_eq!(read(json!("9223372036854775807")), Some(9_223_372_036_854_775_807));
        assert_eq!(read(json!(9_007_199_254_740_991_u64)), Some(9_007_199_254_740_991));
        for odd in [
            json!(9_007_199_254_740_992_u64),
            json!(1.5),
            json!(-1),
            json!("1e3"),
            json!(true),
            json!(null),
            json!([7]),
            json!(""),
        ] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
        assert_eq!(id::<UserId>(&json!({"a": 1.5, "b": "7"}), &["a", "b"]), Some(UserId(7)));
    }

    #[test]
    fn instants_are_read_in_both_ways() {
        let at = UnixMs::parse("2023-02-08T12:33:11Z");
        assert_eq!(instant("Wed Feb 08 12:33:11 +0000 2023"), at);
        assert_eq!(instant("Wed Feb 8 12:33:11 +0000 2023"), at);
        assert_eq!(instant("2023-02-08T12:33:11.000Z"), at);
        for odd in
            ["", "yesterday", "Wed Fev 08 12:33:11 +0000 2023", "Wed Feb 31 12:33:11 +0000 2023"]
        {
            assert_eq!(instant(odd), None, "{odd}");
        }
    }
}
