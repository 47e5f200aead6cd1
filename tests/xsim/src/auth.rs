//! Who asks: the credentials of the simulated app and how they are checked.
//!
//! Knows the fixed credentials, used nonces and who consented, no routes. Invariant: a signed
//! request is accepted at most once.

use std::collections::HashSet;

use crate::oauth1::{self, Secrets, Signed};
use crate::oauth2::grants::Grants;
use crate::oauth2::scopes::Scopes;
use crate::world::Account;

/// The app's own bearer token.
pub const APP_BEARER: &str = "sim-bearer";
/// A user's OAuth 2 access token that never ends, of the owner of account 12, for everything.
pub const USER_BEARER: &str = "sim-user";
/// OAuth 1.0a: the app's key.
pub const CONSUMER_KEY: &str = "sim-key";
/// OAuth 1.0a: the app's secret.
pub const CONSUMER_SECRET: &str = "sim-key-secret";
/// OAuth 1.0a: the access token of the owner of account 12.
pub const ACCESS_TOKEN: &str = "12-sim";
/// OAuth 1.0a: the secret of the access token.
pub const ACCESS_TOKEN_SECRET: &str = "sim-token-secret";

/// OAuth 2.0: the app's client, unless a flag says otherwise.
pub const CLIENT_ID: &str = "roost-client";
/// OAuth 2.0: its secret, unless a flag says otherwise.
pub const CLIENT_SECRET: &str = "roost-client-secret";

/// How far a signature's timestamp may be from the real or the virtual time.
const TIMESTAMP_TOLERANCE_S: i64 = 15 * 60;
/// Remembered nonces; beyond it those too old to be accepted anyway are dropped.
const NONCES_MAX: usize = 50_000;

/// The kinds of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The app alone.
    App,
    /// A user, by OAuth 1.0a or 2, and what the credential may be used for.
    User(Account, Scopes),
}

impl Caller {
    /// The owner of account 12, and of the app, who may everything.
    pub(crate) const OWNER: Self = Self::User(Account::Main, Scopes::ALL);

    pub(crate) fn is_app(self) -> bool {
        self == Self::App
    }

    /// Which of the two accounts asks.
    pub(crate) fn account(self) -> Option<Account> {
        match self {
            Self::App => None,
            Self::User(account, _) => Some(account),
        }
    }

    pub(crate) fn is(self, account: Account) -> bool {
        self.account() == Some(account)
    }

    /// Whether reading this account's things is reading one's own at the price for owners: the
    /// account asks itself, and the app is its own. Account 12 owns the app.
    pub(crate) fn owns(self, account: Account) -> bool {
        self.is(account) && account == Account::Main
    }

    /// Whether the credential was given for what the endpoint of this name needs.
    pub(crate) fn may(self, endpoint: &str) -> bool {
        match self {
            Self::App => true,
            Self::User(_, scopes) => scopes.holds(Scopes::needed(endpoint)),
        }
    }
}

/// What of a request the check needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) authorization: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

/// Remembers which signed requests were seen.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    /// (timestamp, nonce).
    seen: HashSet<(i64, String)>,
}

impl Auth {
    /// Who asks, or `None` when the credentials are missing or wrong. `clocks_s` are the times
    /// a signature may be near to, in seconds since 1970; `now_ms` is the virtual time.
    pub(crate) fn check(
        &mut self,
        asked: Credentials<'_>,
        clocks_s: [i64; 2],
        grants: &mut Grants,
        now_ms: i64,
    ) -> Option<Caller> {
        let header = asked.authorization?;
        if let Some((scheme, token)) = header.split_once(' ')
            && scheme.eq_ignore_ascii_case("bearer")
        {
            return match token.trim() {
                APP_BEARER => Some(Caller::App),
                USER_BEARER => Some(Caller::OWNER),
                token => {
                    grants.user_of(token, now_ms).map(|(user, scopes)| Caller::User(user, scopes))
                }
            };
        }
        self.check_signature(header, asked, clocks_s)
    }

    pub(crate) fn reset(&mut self) {
        self.seen.clear();
    }

    fn check_signature(
        &mut self,
        header: &str,
        asked: Credentials<'_>,
        clocks_s: [i64; 2],
    ) -> Option<Caller> {
        let own = oauth1::header_params(header)?;
        let only = |name: &str| -> Option<&str> {
            let mut values = own.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
            values.next().filter(|_| values.next().is_none())
        };
        let version_fits = own.iter().all(|(n, v)| n != "oauth_version" || v == "1.0");
        let known = only("oauth_consumer_key")? == CONSUMER_KEY
            && only("oauth_token")? == ACCESS_TOKEN
            && only("oauth_signature_method")? == "HMAC-SHA1"
            && version_fits;
        let timestamp_s: i64 = only("oauth_timestamp")?.parse().ok()?;
        let nonce = only("oauth_nonce").filter(|nonce| !nonce.is_empty())?;
        let signature = only("oauth_signature")?;

        let mut params = oauth1::query_pairs(asked.query)?;
        params.extend(own.iter().cloned());
        let request =
            Signed { method: asked.method, scheme: "http", host: asked.host, path: asked.path };
        let base = oauth1::base_string(request, &params);
        let secrets = Secrets { consumer: CONSUMER_SECRET, token: ACCESS_TOKEN_SECRET };
        let genuine = known && oauth1::verify(&base, secrets, signature);
        // Only a genuine request may use up a nonce.
        (genuine && timely(timestamp_s, clocks_s) && self.remember(timestamp_s, nonce, clocks_s))
            .then_some(Caller::OWNER)
    }

    /// Notes a nonce; false when it was used before.
    fn remember(&mut self, timestamp_s: i64, nonce: &str, clocks_s: [i64; 2]) -> bool {
        if self.seen.len() >= NONCES_MAX {
            self.seen.retain(|(t, _)| timely(*t, clocks_s));
        }
        self.seen.insert((timestamp_s, nonce.to_owned()))
    }
}

fn timely(timestamp_s: i64, clocks_s: [i64; 2]) -> bool {
    clocks_s.iter().any(|clock_s| (timestamp_s - clock_s).abs() <= TIMESTAMP_TOLERANCE_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::grants::Reuse;

    const NOW_S: i64 = 1_790_000_000;
    const SECRETS: Secrets<'_> = Secrets { consumer: CONSUMER_SECRET, token: ACCESS_TOKEN_SECRET };

    fn asked(authorization: Option<&str>) -> Credentials<'_> {
        let (method, host, path) = ("GET", "127.0.0.1:9850", "/2/users/12/followers");
        Credentials { authorization, method, host, path, query: "user.fields=id%2Cname" }
    }

    fn header(key: &str, secrets: Secrets<'_>, query: &str, nonce: &str, at_s: i64) -> String {
        let a = asked(None);
        let request = Signed { method: a.method, scheme: "http", host: a.host, path: a.path };
        oauth1::authorization(request, query, key, ACCESS_TOKEN, secrets, nonce, at_s)
    }

    #[track_caller]
    fn check(authorization: Option<&str>, caller: Option<Caller>) {
        let clocks_s = [NOW_S, NOW_S + 400 * 86_400];
        let mut grants = Grants::new(1, Reuse::Grace);
        let known = Auth::default().check(asked(authorization), clocks_s, &mut grants, 0);
        assert_eq!(known, caller);
    }

    #[test]
    fn bearers_are_told_apart() {
        check(Some("Bearer sim-bearer"), Some(Caller::App));
        check(Some("bearer sim-user"), Some(Caller::OWNER));
        check(Some("Bearer other"), None);
        check(Some("Basic sim-bearer"), None);
        check(Some(""), None);
        check(None, None);
    }

    #[test]
    fn a_signature_by_real_or_virtual_time_is_accepted() {
        let query = "user.fields=id%2Cname";
        for at_s in [NOW_S - 900, NOW_S + 900, NOW_S + 400 * 86_400] {
            check(Some(&header(CONSUMER_KEY, SECRETS, query, "n", at_s)), Some(Caller::OWNER));
        }
    }

    #[test]
    fn wrong_signatures_are_refused() {
        let query = "user.fields=id%2Cname";
        let wrong = Secrets { token: "guess", ..SECRETS };
        check(Some(&header(CONSUMER_KEY, wrong, query, "n", NOW_S)), None);
        check(Some(&header("other", SECRETS, query, "n", NOW_S)), None);
        check(Some(&header(CONSUMER_KEY, SECRETS, "user.fields=id", "n", NOW_S)), None);
        check(Some(&header(CONSUMER_KEY, SECRETS, query, "n", NOW_S - 901)), None);
        check(Some(&header(CONSUMER_KEY, SECRETS, query, "", NOW_S)), None);
    }

    #[test]
    fn a_nonce_is_good_once() {
        let mut auth = Auth::default();
        let once = header(CONSUMER_KEY, SECRETS, "user.fields=id%2Cname", "n1", NOW_S);
        let again = header(CONSUMER_KEY, SECRETS, "user.fields=id%2Cname", "n2", NOW_S);
        let mut grants = Grants::new(1, Reuse::Grace);
        let mut check = |header: &str| auth.check(asked(Some(header)), [NOW_S; 2], &mut grants, 0);
        assert_eq!(check(&once), Some(Caller::OWNER));
        assert_eq!(check(&once), None);
        assert_eq!(check(&again), Some(Caller::OWNER));
    }
}
