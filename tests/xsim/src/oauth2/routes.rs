//! The routes of OAuth 2.0: the consent page, the token endpoint, revocation.
//!
//! Knows forms and the app's client, not how requests are counted. Invariant: nothing is granted
//! to another client than the app's, nor, when it has a secret, without the secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::form::Wish;
use super::grants::{Consent, Refusal};
use super::page;
use crate::oauth1::{decode, query_pairs};
use crate::problem::Problem;
use crate::state::Sim;
use crate::world::{Account, MAIN_ACCOUNT};

/// The endpoints under `/2/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Token,
    Revoke,
}

impl Route {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        match path {
            "/2/oauth2/token" => Some(Self::Token),
            "/2/oauth2/revoke" => Some(Self::Revoke),
            _ => None,
        }
    }
}

/// One request to them.
pub(crate) struct Asking<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) route: Route,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) now_ms: i64,
}

/// X's body of a refusal here.
fn refused(status: u16, error: &str, description: &str) -> Problem {
    Problem { status, body: json!({"error": error, "error_description": description}) }
}

fn missing(name: &str) -> Problem {
    refused(400, "invalid_request", &format!("Missing required parameter [{name}]."))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let what = match refusal {
            Refusal::Code => "Value passed for the authorization code was invalid.",
            Refusal::RedirectUri => {
                "Value passed for the redirect uri did not match the uri of the authorization code."
            }
            Refusal::Verifier => {
                "Value passed for the code verifier did not match the code challenge."
            }
            Refusal::Token => "Value passed for the token was invalid.",
        };
        refused(400, "invalid_request", what)
    }
}

impl Asking<'_> {
    /// # Errors
    /// 400 or 401 in OAuth's own form.
    pub(crate) fn answer(&self) -> Result<Value, Problem> {
        let form = self.form()?;
        let of = |name: &str| -> Result<&str, Problem> {
            let found = form.iter().find(|(n, value)| n == name && !value.is_empty());
            found.map(|(_, value)| value.as_str()).ok_or_else(|| missing(name))
        };
        self.check_client(of("client_id").ok())?;
        let grants = &mut self.sim.state().grants;
        if self.route == Route::Revoke {
            grants.revoke(of("token")?, self.now_ms);
            return Ok(json!({"revoked": true}));
        }
        match of("grant_type")? {
            "authorization_code" => {
                let (code, uri, verifier) =
                    (of("code")?, of("redirect_uri")?, of("code_verifier")?);
                Ok(grants.exchange(code, uri, verifier, self.now_ms)?)
            }
            "refresh_token" => Ok(grants.rotate(of("refresh_token")?, self.now_ms)?),
            other => Err(refused(
                400,
                "unsupported_grant_type",
                &format!("The grant type [{other}] is not supported."),
            )),
        }
    }

    /// The fields of the body: of a form, as OAuth has it, or of an object, as a client sends it
    /// that many use.
    fn form(&self) -> Result<Vec<(String, String)>, Problem> {
        let kind = self.content_type.and_then(|kind| kind.split(';').next()).unwrap_or("").trim();
        let fields = if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            std::str::from_utf8(self.body).ok().and_then(query_pairs)
        } else if kind.eq_ignore_ascii_case("application/json") {
            let object = serde_json::from_slice::<BTreeMap<String, String>>(self.body).ok();
            object.map(|object| object.into_iter().collect())
        } else {
            None
        };
        fields.ok_or_else(|| missing("grant_type"))
    }

    /// Whether the app's own client asks: by Basic with its secret, or, without one, by name.
    fn check_client(&self, named: Option<&str>) -> Result<(), Problem> {
        let config = &self.sim.config;
        let (id, secret) = (config.client_id.as_str(), config.client_secret.as_str());
        let unknown = |what: &str| Err(refused(401, "unauthorized_client", what));
        if secret.is_empty() {
            return match named {
                Some(named) if named == id => Ok(()),
                Some(_) => unknown("Value passed for the client_id was invalid."),
                None => Err(missing("client_id")),
            };
        }
        match self.authorization.and_then(basic) {
            None => unknown("Missing valid authorization header"),
            Some((name, word)) if name == id && word == secret => match named {
                Some(named) if named != id => {
                    unknown("Value passed for the client_id was invalid.")
                }
                _ => Ok(()),
            },
            Some(_) => unknown("Value passed for the authorization header was invalid."),
        }
    }
}

/// Name and secret of a Basic header, each of them percent-encoded (RFC 6749, section 2.3.1).
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    let bytes =
        scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok())??;
    let text = String::from_utf8(bytes).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((decode(name, true)?, decode(secret, true)?))
}

fn html(status: StatusCode, page: String) -> Response<Body> {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn wish(sim: &Sim, query: Option<&str>) -> Result<Wish, String> {
    let pairs = query_pairs(query.unwrap_or("")).ok_or("the query is badly encoded")?;
    Wish::read(&pairs, &sim.config.client_id)
}

/// `GET /i/oauth2/authorize`: the page that asks.
pub(crate) async fn ask(State(sim): State<Arc<Sim>>, RawQuery(query): RawQuery) -> Response<Body> {
    match wish(&sim, query.as_deref()) {
        Ok(wish) => html(StatusCode::OK, page::asking(&wish)),
        Err(why) => html(StatusCode::BAD_REQUEST, page::wrong(&why)),
    }
}

/// `POST /i/oauth2/authorize`: what the user decided; back to the app.
pub(crate) async fn decide(
    State(sim): State<Arc<Sim>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response<Body> {
    match decided(&sim, query.as_deref(), &body) {
        Ok(location) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::FOUND;
            match HeaderValue::from_str(&location) {
                Ok(location) => {
                    response.headers_mut().insert(header::LOCATION, location);
                    response
                }
                Err(error) => html(StatusCode::BAD_REQUEST, page::wrong(&error.to_string())),
            }
        }
        Err(why) => html(StatusCode::BAD_REQUEST, page::wrong(&why)),
    }
}

fn decided(sim: &Sim, query: Option<&str>, body: &[u8]) -> Result<String, String> {
    let wish = wish(sim, query)?;
    let form = std::str::from_utf8(body).ok().and_then(query_pairs).ok_or("badly encoded")?;
    let of = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let user = of("user").unwrap_or(MAIN_ACCOUNT);
    let account = Account::from_id(user).ok_or_else(|| format!("there is no user {user}"))?;
    match of("decision") {
        Some("allow") => {
            let consent = Consent {
                account,
                scopes: wish.scopes,
                redirect_uri: wish.redirect_uri.clone(),
                challenge: wish.challenge.clone(),
            };
            let now_ms = sim.now_ms();
            let code = sim.state().grants.consent(consent, now_ms);
            Ok(wish.back("code", &code))
        }
        Some("deny") => Ok(wish.back("error", "access_denied")),
        _ => Err("decision is neither allow nor deny".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_headers_are_read() {
        for (text, read) in [
            ("app:secret", Some(("app", "secret"))),
            ("a%3Ab:s+t", Some(("a:b", "s t"))),
            ("app", None),
        ] {
            let header = format!("Basic {}", STANDARD.encode(text));
            let read = read.map(|(name, secret)| (name.to_owned(), secret.to_owned()));
            assert_eq!(basic(&header), read, "{text}");
        }
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic("Basic ???"), None);
    }
}
