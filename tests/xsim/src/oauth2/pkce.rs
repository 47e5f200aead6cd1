//! PKCE (RFC 7636): a challenge with the consent, its verifier with the code.
//!
//! Pure. Invariant: a challenge takes exactly the verifier it was made of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The longest challenge and verifier. RFC 7636, section 4.1, has 43 to 128 characters, but X's own
/// examples are shorter, and X's own SDK for JavaScript makes verifiers of 171.
const LENGTH_MAX: usize = 171;

/// How the challenge is made of the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// Its SHA-256 in base 64 for URLs.
    S256,
    /// It is the verifier.
    Plain,
}

/// A challenge as the consent carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    method: Method,
    text: String,
}

impl Challenge {
    /// # Errors
    /// Which parameter is wrong, and how.
    pub(crate) fn new(text: &str, method: &str) -> Result<Self, &'static str> {
        let method = match method {
            // X takes it in either case: a client that many use writes it in lower case.
            "S256" | "s256" => Method::S256,
            "plain" => Method::Plain,
            _ => return Err("code_challenge_method is not S256 or plain"),
        };
        let digest = method == Method::S256;
        if !fits(text) || (digest && text.len() != 43) {
            return Err("code_challenge is not one of that method");
        }
        Ok(Self { method, text: text.to_owned() })
    }

    /// Whether the challenge was made of this verifier.
    pub(crate) fn takes(&self, verifier: &str) -> bool {
        fits(verifier)
            && match self.method {
                Method::S256 => {
                    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == self.text
                }
                Method::Plain => verifier == self.text,
            }
    }
}

fn fits(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[track_caller]
    fn check(challenge: (&str, &str), verifier: &str, takes: bool) {
        let challenge = Challenge::new(challenge.0, challenge.1).unwrap();
        assert_eq!(challenge.takes(verifier), takes, "{challenge:?} {verifier}");
    }

    #[test]
    fn a_challenge_takes_its_own_verifier_only() {
        check((CHALLENGE, "S256"), VERIFIER, true);
        check((CHALLENGE, "s256"), VERIFIER, true);
        check((CHALLENGE, "s256"), CHALLENGE, false);
        check((CHALLENGE, "S256"), CHALLENGE, false);
        check((CHALLENGE, "S256"), "", false);
        check((VERIFIER, "plain"), VERIFIER, true);
        check((VERIFIER, "plain"), "other", false);
        check(("challenge", "plain"), "challenge", true);
    }

    #[test]
    fn what_is_no_challenge_is_refused() {
        let long = "a".repeat(172);
        for (text, method) in [
            (CHALLENGE, "S512"),
            (CHALLENGE, "PLAIN"),
            ("short", "S256"),
            ("", "plain"),
            ("ä", "plain"),
            (&long, "plain"),
        ] {
            assert!(Challenge::new(text, method).is_err(), "{text} {method}");
        }
    }
}
