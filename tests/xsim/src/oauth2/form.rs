//! The parameters with which an app asks for consent, checked as X checks them.
//!
//! Pure. Invariant: a [`Wish`] that exists can be granted; where it comes back to is known.

use super::pkce::Challenge;
use super::scopes::Scopes;
use crate::oauth1;

/// X's longest state.
const STATE_MAX: usize = 500;

/// What an app asks of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) redirect_uri: String,
    pub(super) scopes: Scopes,
    pub(super) state: String,
    pub(super) challenge: Challenge,
}

impl Wish {
    /// # Errors
    /// Which parameter is missing or wrong, and how.
    pub(super) fn read(pairs: &[(String, String)], client_id: &str) -> Result<Self, String> {
        let of = |name: &str| -> Result<&str, String> {
            let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| &**value);
            match (values.next(), values.next()) {
                (Some(value), None) if !value.is_empty() => Ok(value),
                (Some(_), Some(_)) => Err(format!("{name} is given more than once")),
                _ => Err(format!("{name} is missing")),
            }
        };
        if of("client_id")? != client_id {
            return Err("client_id is not that of an app".to_owned());
        }
        let redirect_uri = of("redirect_uri")?;
        if !is_callback(redirect_uri) {
            return Err("redirect_uri is not registered with the app: it must begin with \
                https://, http://127.0.0.1 or http://localhost"
                .to_owned());
        }
        if of("response_type")? != "code" {
            return Err("response_type is not code".to_owned());
        }
        let scopes =
            Scopes::parse(of("scope")?).map_err(|name| format!("scope: there is no {name}"))?;
        let state = of("state")?;
        if state.len() > STATE_MAX {
            return Err(format!("state is longer than {STATE_MAX} characters"));
        }
        let challenge = Challenge::new(of("code_challenge")?, of("code_challenge_method")?)?;
        let (redirect_uri, state) = (redirect_uri.to_owned(), state.to_owned());
        Ok(Self { redirect_uri, scopes, state, challenge })
    }

    /// Where the browser goes with these parameters and the state.
    pub(super) fn back(&self, name: &str, value: &str) -> String {
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        let (value, state) = (oauth1::encode(value), oauth1::encode(&self.state));
        format!("{}{joint}state={state}&{name}={value}", self.redirect_uri)
    }
}

/// Whether an address may be one that the app has registered: any of HTTPS, and this machine's.
fn is_callback(uri: &str) -> bool {
    let printable = uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains('#');
    let host = |rest: &str| rest.split(['/', '?']).next().unwrap_or("").to_owned();
    let local = |rest: &str| {
        let host = host(rest);
        let (name, port) = host.split_once(':').unwrap_or((&host, "80"));
        ["127.0.0.1", "localhost"].contains(&name) && port.parse::<u16>().is_ok()
    };
    printable
        && (uri.strip_prefix("https://").is_some_and(|rest| !host(rest).is_empty())
            || uri.strip_prefix("http://").is_some_and(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&client_id=app&redirect_uri=http%3A%2F%2F127.0.0.1\
        %3A8787%2Fauth%2Fx%2Fcallback&scope=tweet.read%20users.read&state=s%26t&\
        code_challenge=challenge&code_challenge_method=plain";

    fn read(query: &str) -> Result<Wish, String> {
        Wish::read(&oauth1::query_pairs(query).unwrap(), "app")
    }

    #[test]
    fn a_good_wish_leads_back_with_its_state() {
        let back = read(GOOD).unwrap().back("code", "a/b");
        assert_eq!(back, "http://127.0.0.1:8787/auth/x/callback?state=s%26t&code=a%2Fb");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, named) in [
            ("client_id=app", "client_id=other", "client_id"),
            ("client_id=app&", "", "client_id"),
            ("response_type=code", "response_type=token", "response_type"),
            ("127.0.0.1", "example.org", "redirect_uri"),
            ("scope=tweet.read", "scope=tweet.raed", "scope: there is no tweet.raed"),
            ("&state=s%26t", "", "state"),
            ("method=plain", "method=md5", "code_challenge_method"),
            ("code_challenge=challenge&", "", "code_challenge"),
            ("state=s%26t", "state=a&state=b", "state is given more than once"),
        ] {
            let wrong = read(&GOOD.replace(from, to)).unwrap_err();
            assert!(wrong.contains(named), "{from} -> {to}: {wrong}");
        }
    }

    #[test]
    fn callbacks_are_of_https_or_of_this_machine() {
        for (uri, fits) in [
            ("https://roost.example.org/auth/x/callback", true),
            ("http://127.0.0.1:8787/auth/x/callback", true),
            ("http://localhost/cb?x=1", true),
            ("http://localhost.example.org/cb", false),
            ("http://127.0.0.1:port/cb", false),
            ("https:///cb", false),
            ("https://a.example/cb#part", false),
            ("https://a.example/c b", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(is_callback(uri), fits, "{uri}");
        }
    }
}
