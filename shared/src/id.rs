//! Typed ids. Owns: how ids are read, written and ordered. Invariant: an id read from text
//! and written again is the same text; upstream ids are strings end to end outside this type.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Why a text is no id of X.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an X {what} id: 1 to 19 digits are expected")]
pub struct BadId {
    /// What it was to be an id of.
    pub what: &'static str,
    /// The text as given, cut to 40 characters.
    pub text: String,
}

fn parse(what: &'static str, text: &str) -> Result<u64, BadId> {
    let canonical = (1..=19).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    let number = if canonical { text.parse().ok() } else { None };
    number.ok_or_else(|| BadId { what, text: crate::text::cut(text, 40) })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse($what, text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": "^[0-9]{1,19}$",
                    "description": concat!("An X ", $what, " id"),
                })
            }
        }
    )*};
}

ids! {
    /// An X user's id: up to 19 decimal digits (`^[0-9]{1,19}$` in X's API), which fit a u64
    /// whole. On every wire it is a string: JavaScript's numbers end at 2^53.
    UserId = "user";
    /// A tweet's id, in the same form.
    TweetId = "tweet";
}

/// A tracked account, named by its X user id.
pub type AccountId = UserId;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(text.parse::<UserId>().ok().map(|id| id.0), expected, "{text}");
    }

    #[test]
    fn ids_of_one_to_nineteen_digits_are_read() {
        check("12", Some(12));
        check("0", Some(0));
        check("1857043292182618112", Some(1_857_043_292_182_618_112));
        check("9999999999999999999", Some(9_999_999_999_999_999_999));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-1", "+1", "1.0", " 1", "012", "abc", "99999999999999999999"] {
            check(text, None);
        }
    }

    #[test]
    fn an_id_is_a_string_in_json() {
        let json = serde_json::to_string(&UserId(1_857_043_292_182_618_112)).unwrap();
        assert_eq!(json, "\"1857043292182618112\"");
        assert!(serde_json::from_str::<UserId>("12").is_err(), "numbers lose digits: refused");
    }
}
