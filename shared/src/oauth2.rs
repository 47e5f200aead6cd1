//! OAuth 2.0 with PKCE as X has it (docs.x.com, "OAuth 2.0 Authorization Code Flow with PKCE";
//! RFC 6749, RFC 7636). Owns: the addresses, the forms and the answers. Must not know: clocks,
//! randomness, where tokens are kept. Invariant: what X answers is never quoted where it could
//! hold a token: only `error` and `error_description` are.
//!
//! # Layout
//! - [`grant`]: the tokens of one sign-in over time
//! - [`attempt`]: a sign-in on its way through X's consent page, bound to a browser

pub mod attempt;
pub mod grant;

use crate::oauth1::percent_encode;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What is always asked for: one's own lists and tweets, and tokens that can be renewed.
pub const SCOPES: [&str; 4] = ["tweet.read", "users.read", "follows.read", "offline.access"];
/// Asked for only when the owner wants their own block list read.
pub const BLOCKS: &str = "block.read";
/// Below the upstream's base.
pub const TOKEN_PATH: &str = "/2/oauth2/token";
/// Below the upstream's base.
pub const REVOKE_PATH: &str = "/2/oauth2/revoke";
/// X's texts are for people to read, not to be stored whole.
const TEXT_MAX_CHARS: usize = 200;

/// The OAuth 2.0 client of the owner's app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its public name.
    pub id: String,
    /// Absent for a public client ("Native App" in X's console).
    pub secret: Option<Secret>,
}

impl Client {
    /// The `Authorization` header of a confidential client.
    pub fn authorization(&self) -> Option<Secret> {
        let secret = percent_encode(self.secret.as_ref()?.expose());
        let pair = format!("{}:{secret}", percent_encode(&self.id));
        Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
    }

    /// The form that trades a code for the first tokens.
    pub fn exchange_form(&self, code: &str, verifier: &str, redirect_uri: &str) -> Secret {
        self.form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ])
    }

    /// The form that trades a refresh token for the next pair.
    pub fn refresh_form(&self, refresh: &Secret) -> Secret {
        self.form(&[("grant_type", "refresh_token"), ("refresh_token", refresh.expose())])
    }

    /// The form that takes a refresh token, and what it stands for, back.
    pub fn revoke_form(&self, refresh: &Secret) -> Secret {
        self.form(&[("token", refresh.expose()), ("token_type_hint", "refresh_token")])
    }

    /// A public client says who it is in the form, for want of a header.
    fn form(&self, pairs: &[(&str, &str)]) -> Secret {
        let own = self.secret.is_none().then_some(("client_id", self.id.as_str()));
        let pairs = pairs.iter().copied().chain(own);
        let text: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        Secret::new(text.join("&"))
    }
}

/// The verifier of 32 random bytes: 43 characters (RFC 7636, section 4.1).
pub fn verifier(random: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// The challenge of a verifier by the method S256.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Where a browser is sent for consent.
pub struct Consent<'a> {
    /// Base URL of the upstream's API.
    pub upstream: &'a str,
    /// The app.
    pub client_id: &'a str,
    /// Where X sends the browser back to, exactly as it is written in X's console.
    pub redirect_uri: &'a str,
    /// Whether the owner's block list is to be readable too.
    pub blocks: bool,
    /// What comes back with the code.
    pub state: &'a str,
    /// See [`challenge`].
    pub challenge: &'a str,
}

impl Consent<'_> {
    /// The address of the consent page.
    pub fn url(&self) -> String {
        let scopes = SCOPES.into_iter().chain(self.blocks.then_some(BLOCKS));
        let scopes = scopes.collect::<Vec<_>>().join(" ");
        let pairs = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", scopes.as_str()),
            ("state", self.state),
            ("code_challenge", self.challenge),
            ("code_challenge_method", "S256"),
        ];
        let pairs = pairs.map(|(name, value)| format!("{name}={}", percent_encode(value)));
        format!("{}/i/oauth2/authorize?{}", consent_site(self.upstream), pairs.join("&"))
    }
}

/// X asks for consent on its site, not at its API; a simulator does both.
fn consent_site(upstream: &str) -> &str {
    match upstream {
        "https://api.x.com" | "https://api.twitter.com" => "https://x.com",
        other => other,
    }
}

/// What X gives for a code or a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For calls.
    pub access: Secret,
    /// For the next pair.
    pub refresh: Secret,
    /// How long `access` lives, in seconds.
    pub expires_in_s: i64,
    /// What they permit; `None` where X does not repeat it.
    pub scopes: Option<Vec<String>>,
}

/// What X's token endpoint may say, good or bad.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    expires_in: Option<i64>,
    scope: Option<String>,
    error: String,
    error_description: String,
}

/// Reads a good answer of the token endpoint.
///
/// # Errors
/// What it lacks, without quoting it.
pub fn tokens(body: &[u8]) -> Result<Tokens, String> {
    let told: Told = serde_json::from_slice(body)
        .map_err(|error| format!("not the JSON of tokens (line {})", error.line()))?;
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    let token = |secret: Option<Secret>| secret.filter(|secret| is_token(secret.expose()));
    let access = token(told.access_token).ok_or("no access_token in it")?;
    let refresh = token(told.refresh_token)
        .ok_or("no refresh_token in it: the scope offline.access was not granted")?;
    let expires_in_s = told.expires_in.filter(|s| (1..=31_536_000).contains(s));
    Ok(Tokens {
        access,
        refresh,
        expires_in_s: expires_in_s.ok_or("no expires_in in it that could be")?,
        scopes: told.scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect()),
    })
}

/// What a refusal of the token endpoint means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// The code or the refresh token is of no use any more.
    Spent(String),
    /// The app is not who it says: its client id or secret is wrong.
    Client(String),
    /// X is in trouble, or asks for patience: again later.
    Later(String),
}

/// Reads a refusal. X says `invalid_request` of a spent token where RFC 6749 has
/// `invalid_grant`; its description tells that from a broken request.
pub fn refusal(status: u16, body: &[u8]) -> TokenRefusal {
    let told: Told = serde_json::from_slice(body).unwrap_or_default();
    let said = match (told.error.as_str(), told.error_description.as_str()) {
        ("", _) => format!("HTTP {status}"),
        (error, "") => error.to_owned(),
        (error, description) => format!("{error}: {description}"),
    };
    let said = crate::text::cut(&said, TEXT_MAX_CHARS);
    let spent = ["token was invalid", "code was invalid"];
    let of_value = spent.iter().any(|text| told.error_description.contains(text));
    match (status, told.error.as_str()) {
        (408 | 420 | 425 | 429 | 500..=599, _) => TokenRefusal::Later(said),
        (_, "invalid_grant") => TokenRefusal::Spent(said),
        (400, "invalid_request") if of_value => TokenRefusal::Spent(said),
        (400..=403, _) => TokenRefusal::Client(said),
        _ => TokenRefusal::Later(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(secret: Option<&str>) -> Client {
        Client { id: "app:1".into(), secret: secret.map(Secret::new) }
    }

    #[test]
    fn verifier_and_challenge_are_those_of_rfc_7636() {
        // Appendix B.
        let random = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = verifier(&random);
        assert_eq!(verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn consent_is_asked_for_on_xs_site_or_at_the_simulator() {
        let url = |upstream, blocks| {
            Consent {
                upstream,
                client_id: "app:1",
                redirect_uri: "https://roost.example/auth/x/callback",
                blocks,
                state: "s",
                challenge: "c",
            }
            .url()
        };
        let query = "response_type=code&client_id=app%3A1\
            &redirect_uri=https%3A%2F%2Froost.example%2Fauth%2Fx%2Fcallback\
            &scope=tweet.read%20users.read%20follows.read%20offline.access&state=s\
            &code_challenge=c&code_challenge_method=S256";
        let at = |site: &str| format!("{site}/i/oauth2/authorize?{query}");
        assert_eq!(url("https://api.x.com", false), at("https://x.com"));
        assert_eq!(url("http://127.0.0.1:9801", false), at("http://127.0.0.1:9801"));
        assert!(url("https://api.x.com", true).contains("offline.access%20block.read&"));
    }

    #[test]
    fn a_confidential_client_has_a_header_and_a_public_one_a_field() {
        let confidential = client(Some("s/1"));
        let header = confidential.authorization().unwrap();
        assert_eq!(header.expose(), format!("Basic {}", STANDARD.encode("app%3A1:s%2F1")));
        assert_eq!(
            confidential.exchange_form("c d", "v", "http://a/b").expose(),
            "grant_type=authorization_code&code=c%20d&redirect_uri=http%3A%2F%2Fa%2Fb\
             &code_verifier=v"
        );
        let public = client(None);
        assert_eq!(public.authorization(), None);
        assert_eq!(
            public.refresh_form(&Secret::new("r")).expose(),
            "grant_type=refresh_token&refresh_token=r&client_id=app%3A1"
        );
        assert_eq!(
            public.revoke_form(&Secret::new("r")).expose(),
            "token=r&token_type_hint=refresh_token&client_id=app%3A1"
        );
    }

    #[test]
    fn good_answers_are_read() {
        let body = br#"{"token_type":"bearer","expires_in":7200,"access_token":"a",
            "refresh_token":"r","scope":"tweet.read users.read"}"#;
        let tokens = tokens(body).unwrap();
        assert_eq!((tokens.access.expose(), tokens.refresh.expose()), ("a", "r"));
        assert_eq!(tokens.expires_in_s, 7200);
        assert_eq!(tokens.scopes.unwrap(), ["tweet.read", "users.read"]);
    }

    #[test]
    fn what_an_answer_lacks_is_said_without_quoting_it() {
        for (body, said) in [
            ("", "not the JSON"),
            (r#""planted""#, "not the JSON"),
            (r#"{"access_token":["planted"]}"#, "not the JSON"),
            (r#"{"refresh_token":"planted"}"#, "no access_token"),
            (r#"{"access_token":"","refresh_token":"planted"}"#, "no access_token"),
            (r#"{"access_token":"planted","expires_in":7200}"#, "offline.access"),
            (r#"{"access_token":"planted","refresh_token":"planted"}"#, "no expires_in"),
            (r#"{"access_token":"planted","refresh_token":"p","expires_in":0}"#, "no expires_in"),
        ] {
            let error = tokens(body.as_bytes()).unwrap_err();
            assert!(error.contains(said) && !error.contains("planted"), "{body}: {error}");
        }
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: &str) {
        let found = match refusal(status, body.as_bytes()) {
            TokenRefusal::Spent(said) => format!("spent {said}"),
            TokenRefusal::Client(said) => format!("client {said}"),
            TokenRefusal::Later(said) => format!("later {said}"),
        };
        assert_eq!(found, expected, "{status} {body}");
    }

    #[test]
    fn refusals_are_told_apart() {
        check(400, r#"{"error":"invalid_grant"}"#, "spent invalid_grant");
        check(
            400,
            r#"{"error":"invalid_request","error_description":"Value passed for the token was invalid."}"#,
            "spent invalid_request: Value passed for the token was invalid.",
        );
        check(
            400,
            r#"{"error":"invalid_request","error_description":"Missing required parameter [client_id]."}"#,
            "client invalid_request: Missing required parameter [client_id].",
        );
        check(
            400,
            r#"{"error":"invalid_request","error_description":"Value passed for the redirect uri did not match the uri of the authorization code."}"#,
            "client invalid_request: Value passed for the redirect uri did not match the uri of the \
             authorization code.",
        );
        check(
            401,
            r#"{"error":"unauthorized_client","error_description":"Missing valid authorization header"}"#,
            "client unauthorized_client: Missing valid authorization header",
        );
        check(401, r#"{"error":"invalid_client"}"#, "client invalid_client");
        for status in [408, 429, 500, 503, 520] {
            check(status, "<html>", &format!("later HTTP {status}"));
        }
        check(302, "", "later HTTP 302");
    }
}
