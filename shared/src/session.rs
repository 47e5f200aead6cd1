//! Sessions of the owner's browser. Owns: the sealed cookie and the comparison of tokens. Must
//! not know: requests, or where the `ADMIN_TOKEN` comes from. Invariant: a cookie opens only
//! with the token that sealed it and before it expires; nothing is stored, so that changing
//! the token ends every session.

use crate::time::UnixMs;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The cookie's name.
pub const COOKIE: &str = "roost_session";
/// The first part of a sealed value: what the rest means.
const VERSION: &str = "v1";

/// Seals a session that ends `ttl_ms` from now: `v1.<expires, ms>.<nonce>.<seal>`. The nonce is
/// of letters and digits, and makes every session's cookie another.
pub fn seal(admin_token: &str, now: UnixMs, ttl_ms: i64, nonce: &str) -> String {
    let claim = format!("{VERSION}.{}.{nonce}", now.plus(ttl_ms).0);
    let Some(mac) = mac(admin_token, &claim) else { return String::new() };
    format!("{claim}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Opens a sealed session: when it ends; none if it is not ours, was changed, or has ended.
pub fn open(admin_token: &str, sealed: &str, now: UnixMs) -> Option<UnixMs> {
    let (claim, seal) = sealed.rsplit_once('.')?;
    let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
    // Compared in constant time, and before anything of the claim is looked at.
    mac(admin_token, claim)?.verify_slice(&seal).ok()?;
    let expires = claim.strip_prefix(VERSION)?.strip_prefix('.')?.split('.').next()?;
    let expires = UnixMs(expires.parse().ok()?);
    (expires > now).then_some(expires)
}

/// No token opens or seals nothing: an unset `ADMIN_TOKEN` must not be a key.
fn mac(admin_token: &str, claim: &str) -> Option<Hmac<Sha256>> {
    if admin_token.is_empty() {
        return None;
    }
    // Not the token itself, so that a seal can never serve as some other signature of it.
    let key = Sha256::digest(format!("roost session {admin_token}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(claim.as_bytes());
    Some(mac)
}

/// Compares a token with the wanted one, in a time that says nothing of either.
pub fn token_matches(given: &str, wanted: &str) -> bool {
    let (given, expected) = (Sha256::digest(given), Sha256::digest(wanted));
    let differences = given.iter().zip(expected.iter()).fold(0, |all, (a, b)| all | (a ^ b));
    differences == 0 && !wanted.is_empty()
}

/// The value of a `Set-Cookie` header; an empty value with age 0 takes the cookie back.
pub fn cookie(value: &str, secure: bool, max_age_s: i64) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

/// The sealed value in a `Cookie` header.
pub fn cookie_from_header(header: &str) -> Option<&str> {
    header.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000);

    #[test]
    fn a_session_opens_until_it_expires() {
        let sealed = seal("secret", NOW, 500, "abc");
        assert_eq!(open("secret", &sealed, NOW), Some(NOW.plus(500)));
        assert_eq!(open("secret", &sealed, NOW.plus(499)), Some(NOW.plus(500)));
        assert_eq!(open("secret", &sealed, NOW.plus(500)), None);
    }

    #[test]
    fn another_token_or_none_opens_nothing() {
        let sealed = seal("secret", NOW, 500, "abc");
        assert_eq!(open("Secret", &sealed, NOW), None);
        assert_eq!(open("", &sealed, NOW), None);
        assert_eq!(seal("", NOW, 500, "abc"), "");
        assert_eq!(open("", "", NOW), None);
    }

    #[test]
    fn a_changed_session_does_not_open() {
        let sealed = seal("secret", NOW, 500, "abc");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(open("secret", &changed, NOW), None, "{changed}");
            assert_eq!(open("secret", &sealed[..at], NOW), None, "cut at {at}");
        }
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(token_matches("secret", "secret"));
        for given in ["", "secre", "secrets", "Secret"] {
            assert!(!token_matches(given, "secret"), "{given}");
        }
        assert!(!token_matches("", ""), "no token is no key");
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(
            cookie("v", true, 60),
            "roost_session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(!cookie("v", false, 60).contains("Secure"), "plain HTTP on a laptop");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = |header| cookie_from_header(header);
        assert_eq!(found("a=1; roost_session=v.1; b=2"), Some("v.1"));
        assert_eq!(found("roost_session=v=="), Some("v=="));
        assert_eq!(found("xroost_session=v"), None);
        assert_eq!(found("roost_session="), None);
        assert_eq!(found(""), None);
    }
}
