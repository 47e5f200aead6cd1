//! Counts as X writes them. Owns: which values are counts. Must not know: of what. Invariant: every
//! count is a number that every reader of JSON reads back the same.

use serde_json::Value;

/// The largest count taken, 2^53 - 1: above it JavaScript, and SQLite by way of it, read another
/// number than was written. Nothing of X's is counted so high.
pub const COUNT_MAX: u64 = (1 << 53) - 1;

/// A count, as a number or, as X writes some since 2.167, as digits; `None` for anything else, and
/// above [`COUNT_MAX`].
pub fn count(value: &Value) -> Option<u64> {
    let digits = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    let number = value.as_u64().or_else(|| value.as_str().and_then(digits));
    number.filter(|count| *count <= COUNT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_whole_and_can_be_read_back() {
        for (value, expected) in [
            (json!(0), Some(0)),
            (json!("17"), Some(17)),
            (json!(9_007_199_254_740_991_u64), Some(COUNT_MAX)),
            (json!(9_007_199_254_740_992_u64), None),
            (json!("9007199254740992"), None),
            (json!(u64::MAX), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!(1e30), None),
            (json!(true), None),
            (json!(""), None),
            (json!("+1"), None),
            (json!(null), None),
        ] {
            assert_eq!(count(&value), expected, "{value}");
        }
    }
}
