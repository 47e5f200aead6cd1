//! A text that must not be seen. Owns: how it stays out of logs and errors. Must not know: what
//! it opens. Invariant: neither `Debug` nor a failed reading shows any of it; whoever needs the
//! text says so with [`Secret::expose`].

use serde::{Deserialize, Deserializer, Serialize};

/// A token, a key or a secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text: for a header, a signature or a seal, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own message would quote what stands there instead of a text.
        String::deserialize(deserializer)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a text is expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_shown() {
        let secret = Secret::new("planted");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "… Some(…)");
        assert_eq!(secret.expose(), "planted");
    }

    #[test]
    fn a_failed_reading_quotes_nothing() {
        for body in ["4711", "[\"planted\"]", "{\"a\":\"planted\"}", "true"] {
            let error = serde_json::from_str::<Secret>(body).unwrap_err().to_string();
            assert!(error.contains("a text is expected"), "{error}");
            assert!(!error.contains("4711") && !error.contains("planted"), "{error}");
        }
        assert_eq!(serde_json::from_str::<Secret>("\"a\"").unwrap().expose(), "a");
    }
}
