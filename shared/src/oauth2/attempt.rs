//! A sign-in on its way through X's consent page. Owns: the sealed cookie that binds it to one
//! browser, and the state and verifier made of it. Must not know: requests, X's answers.
//! Invariant: nothing is stored. State and verifier follow from the cookie and the deployment's
//! own secret, so that neither an eviction loses them nor the cookie alone tells them.

use crate::id::AccountId;
use crate::time::{MINUTE_MS, UnixMs};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Reading X's consent page and signing in there first takes a few minutes.
pub const ATTEMPT_MS: i64 = 15 * MINUTE_MS;
/// The first part of a sealed value: what the rest means.
const VERSION: &str = "v1";

/// What the owner wants of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The account that is to be signed in; any if `None`.
    pub account: Option<AccountId>,
}

/// A sign-in that begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    /// The cookie's value.
    pub cookie: String,
    /// What X hands back.
    pub state: String,
    /// What only the deployment and X learn.
    pub verifier: String,
}

/// Why a sign-in that came back is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOurs {
    /// No cookie, a changed one, or another sign-in's.
    Mismatch,
    /// It took too long.
    Expired,
}

/// The cookie's name. `__Host-` keeps other hosts of the site from setting it, and needs HTTPS.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-roost_x" } else { "roost_x" }
}

/// The value of a `Set-Cookie` header; an empty value takes the cookie back. `Lax`, not `Strict`:
/// it must come along when X sends the browser back.
pub fn set_cookie(value: &str, secure: bool) -> String {
    let name = cookie_name(secure);
    let age = if value.is_empty() { 0 } else { ATTEMPT_MS / 1000 };
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}

/// The cookie's value in a `Cookie` header.
pub fn cookie_from_header(header: &str, secure: bool) -> Option<&str> {
    header.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie_name(secure) && !value.is_empty()).then_some(value)
    })
}

/// Begins. `nonce` is random, of letters and digits.
pub fn begin(admin_token: &str, wish: Wish, nonce: &str, now: UnixMs) -> Begun {
    let account = wish.account.map(|account| account.to_string()).unwrap_or_default();
    let claim = format!("{VERSION}.{}.{account}.{nonce}", now.plus(ATTEMPT_MS).0);
    let part = |what| URL_SAFE_NO_PAD.encode(derive(admin_token, what, &claim));
    Begun {
        cookie: format!("{claim}.{}", part("seal")),
        state: part("state"),
        verifier: part("verifier"),
    }
}

/// Takes up the sign-in that came back with `state`: what was wanted, and the verifier.
///
/// # Errors
/// [`NotOurs`], and then the code must not be used.
pub fn resume(
    admin_token: &str,
    cookie: &str,
    state: &str,
    now: UnixMs,
) -> Result<(Wish, String), NotOurs> {
    let (claim, seal) = cookie.rsplit_once('.').ok_or(NotOurs::Mismatch)?;
    let same = |what: &str, given: &str| {
        let given = URL_SAFE_NO_PAD.decode(given).unwrap_or_default();
        // Compared in constant time.
        mac(admin_token, what, claim).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    };
    if admin_token.is_empty() || !same("seal", seal) || !same("state", state) {
        return Err(NotOurs::Mismatch);
    }
    let mut parts = claim.split('.').skip(1);
    let mut part = || parts.next().ok_or(NotOurs::Mismatch);
    let expires: i64 = part()?.parse().map_err(|_| NotOurs::Mismatch)?;
    let account = part()?.parse().ok();
    if now >= UnixMs(expires) {
        return Err(NotOurs::Expired);
    }
    let verifier = super::verifier(&derive(admin_token, "verifier", claim));
    Ok((Wish { account }, verifier))
}

fn derive(admin_token: &str, what: &str, claim: &str) -> [u8; 32] {
    let mac = mac(admin_token, what, claim);
    mac.map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default()
}

fn mac(admin_token: &str, what: &str, claim: &str) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length: there is no error to have.
    let mut mac = Hmac::<Sha256>::new_from_slice(admin_token.as_bytes()).ok()?;
    mac.update(format!("roost sign-in {what} {claim}").as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    const NOW: UnixMs = UnixMs(1_000_000);
    const WISH: Wish = Wish { account: Some(UserId(12)) };

    fn begun() -> Begun {
        begin("admin", WISH, "n0nce", NOW)
    }

    #[test]
    fn a_sign_in_comes_back_to_the_browser_it_began_in() {
        let Begun { cookie, state, verifier } = begun();
        assert_eq!(verifier.len(), 43);
        let late = NOW.plus(ATTEMPT_MS - 1);
        assert_eq!(resume("admin", &cookie, &state, late), Ok((WISH, verifier)));
        let any = Wish { account: None };
        let begun = begin("admin", any, "n", NOW);
        assert_eq!(resume("admin", &begun.cookie, &begun.state, NOW).unwrap().0, any);
    }

    #[test]
    fn it_ends_after_a_while() {
        let Begun { cookie, state, .. } = begun();
        let late = resume("admin", &cookie, &state, NOW.plus(ATTEMPT_MS));
        assert_eq!(late, Err(NotOurs::Expired));
    }

    #[test]
    fn nothing_changed_and_nobody_elses_is_taken() {
        let Begun { cookie, state, .. } = begun();
        let other = begin("admin", WISH, "other", NOW);
        for (admin, cookie, state) in [
            ("admin", cookie.as_str(), other.state.as_str()),
            ("admin", &other.cookie, &state),
            ("Admin", &cookie, &state),
            ("", &cookie, &state),
            ("admin", "", &state),
            ("admin", &cookie, ""),
            ("admin", &cookie.replacen("12", "13", 1), &state),
            ("admin", &cookie[1..], &state),
        ] {
            assert_eq!(resume(admin, cookie, state, NOW), Err(NotOurs::Mismatch), "{cookie}");
        }
    }

    #[test]
    fn the_cookie_tells_neither_state_nor_verifier() {
        let Begun { cookie, state, verifier } = begun();
        assert!(!cookie.contains(&state) && !cookie.contains(&verifier));
        assert_ne!(state, verifier);
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_and_out_of_reach_of_scripts() {
        assert_eq!(
            set_cookie("v", true),
            "__Host-roost_x=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(set_cookie("", false), "roost_x=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        let header = "a=1; roost_x=plain; __Host-roost_x=v.1";
        assert_eq!(cookie_from_header(header, true), Some("v.1"));
        assert_eq!(cookie_from_header(header, false), Some("plain"));
        assert_eq!(cookie_from_header("roost_x=", false), None);
    }
}
