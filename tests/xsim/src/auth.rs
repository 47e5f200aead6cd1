//! Who asks: the credentials of the simulated app and how they are checked.
//!
//! Knows the fixed credentials, used nonces and who consented, no routes. Invariant: a signed
//! request is accepted at most once.

use std::collections::HashSet;

use crate::oauth1::{self, Secrets, Signed};
use crate::oauth2::grants::Grants;
use crate::oauth2::scopes::Scopes;
use crate::origin::Origin;
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

/// The OAuth 1.0a tokens that are always good, with their secrets and whose they are.
pub(crate) const ACCESS_TOKENS: [(&str, &str, Account); 2] = [
    (ACCESS_TOKEN, ACCESS_TOKEN_SECRET, Account::Main),
    ("13-sim", "sim-token-secret-13", Account::Second),
];

/// What of a request the check needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) authorization: Option<&'a str>,
    pub(crate) method: &'a str,
    /// Where the client may have sent it.
    pub(crate) origins: &'a [Origin],
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// The body, when it is a form: its fields are signed as well.
    pub(crate) form: &'a [(String, String)],
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
        let mut caller = None;
        self.signed(header, asked, clocks_s, |token| {
            let (_, secret, account) =
                ACCESS_TOKENS.into_iter().find(|(t, ..)| Some(*t) == token)?;
            caller = Some(Caller::User(account, Scopes::ALL));
            Some(secret.to_owned())
        })?;
        caller
    }

    /// The parameters of a genuinely signed request, of its header, query and form: `secret_of`
    /// gives the secret of the token it names, an empty one where a request needs no token.
    pub(crate) fn signed(
        &mut self,
        header: &str,
        asked: Credentials<'_>,
        clocks_s: [i64; 2],
        secret_of: impl FnOnce(Option<&str>) -> Option<String>,
    ) -> Option<Vec<(String, String)>> {
        let own = oauth1::header_params(header)?;
        let only = |name: &str| -> Option<&str> {
            let mut values = own.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
            values.next().filter(|_| values.next().is_none())
        };
        let version_fits = own.iter().all(|(n, v)| n != "oauth_version" || v == "1.0");
        let known = only("oauth_consumer_key")? == CONSUMER_KEY
            && only("oauth_signature_method")? == "HMAC-SHA1"
            && version_fits;
        let token_secret = secret_of(only("oauth_token"))?;
        let timestamp_s: i64 = only("oauth_timestamp")?.parse().ok()?;
        let nonce = only("oauth_nonce").filter(|nonce| !nonce.is_empty())?;
        let signature = only("oauth_signature")?;

        let mut params = oauth1::query_pairs(asked.query)?;
        params.extend(own.iter().chain(asked.form).cloned());
        // Clients that send a parameter both in the header and beside it sign it once.
        let mut once = params.clone();
        once.sort();
        once.dedup();
        let secrets = Secrets { consumer: CONSUMER_SECRET, token: &token_secret };
        let fits = |origin: &Origin| {
            let Origin { scheme, host } = origin;
            let request = Signed { method: asked.method, scheme, host, path: asked.path };
            let verify = |params: &[(String, String)]| {
                oauth1::verify(&oauth1::base_string(request, params), secrets, signature)
            };
            verify(&params) || verify(&once)
        };
        let genuine = known && asked.origins.iter().any(fits);
        // Only a genuine request may use up a nonce.
        (genuine && timely(timestamp_s, clocks_s) && self.remember(timestamp_s, nonce, clocks_s))
            .then_some(params)
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

    fn asked<'a>(authorization: Option<&'a str>, origins: &'a [Origin]) -> Credentials<'a> {
        let (method, path, query) = ("GET", "/2/users/12/followers", "user.fields=id%2Cname");
        Credentials { authorization, method, origins, path, query, form: &[] }
    }

    fn origins() -> Vec<Origin> {
        Origin::of("127.0.0.1:9850", Some("https"), Some("x.example.org"))
    }

    fn header(key: &str, secrets: Secrets<'_>, query: &str, nonce: &str, at_s: i64) -> String {
        let (scheme, host, path) = ("http", "127.0.0.1:9850", "/2/users/12/followers");
        let request = Signed { method: "GET", scheme, host, path };
        oauth1::authorization(request, query, key, ACCESS_TOKEN, secrets, nonce, at_s)
    }

    #[track_caller]
    fn check(authorization: Option<&str>, caller: Option<Caller>) {
        let clocks_s = [NOW_S, NOW_S + 400 * 86_400];
        let mut grants = Grants::new(1, Reuse::Grace);
        let origins = origins();
        let asked = asked(authorization, &origins);
        let known = Auth::default().check(asked, clocks_s, &mut grants, 0);
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
    fn what_was_signed_for_x_or_a_proxy_is_accepted() {
        let query = "user.fields=id%2Cname";
        for (scheme, host, caller) in [
            ("https", "127.0.0.1:9850", Some(Caller::OWNER)),
            ("https", "x.example.org", Some(Caller::OWNER)),
            ("https", "x.example.org:443", Some(Caller::OWNER)),
            ("https", "api.x.com", Some(Caller::OWNER)),
            ("https", "api.twitter.com", Some(Caller::OWNER)),
            ("http", "api.x.com", None),
            ("https", "example.org", None),
        ] {
            let request = Signed { method: "GET", scheme, host, path: "/2/users/12/followers" };
            let token = ACCESS_TOKEN;
            let header =
                oauth1::authorization(request, query, CONSUMER_KEY, token, SECRETS, "n", NOW_S);
            check(Some(&header), caller);
        }
    }

    #[test]
    fn a_nonce_is_good_once() {
        let mut auth = Auth::default();
        let once = header(CONSUMER_KEY, SECRETS, "user.fields=id%2Cname", "n1", NOW_S);
        let again = header(CONSUMER_KEY, SECRETS, "user.fields=id%2Cname", "n2", NOW_S);
        let mut grants = Grants::new(1, Reuse::Grace);
        let origins = origins();
        let mut check =
            |header: &str| auth.check(asked(Some(header), &origins), [NOW_S; 2], &mut grants, 0);
        assert_eq!(check(&once), Some(Caller::OWNER));
        assert_eq!(check(&once), None);
        assert_eq!(check(&again), Some(Caller::OWNER));
    }
}
