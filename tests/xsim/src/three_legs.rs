//! OAuth 1.0a in three steps (RFC 5849, section 2), and the bearer of an app's key and secret.
//!
//! Knows forms and pages, no endpoints of data. Invariant: a request token is exchanged once, by
//! whoever shows the verifier that its owner was shown.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use serde_json::json;

use crate::auth::{ACCESS_TOKENS, APP_BEARER, CONSUMER_KEY, CONSUMER_SECRET, Credentials};
use crate::calendar::SECOND_MS;
use crate::clock::real_now_ms;
use crate::hash::hash;
use crate::names;
use crate::oauth1::{encode, query_pairs};
use crate::oauth2::page;
use crate::oauth2::routes::basic;
use crate::origin::Origin;
use crate::problem::{self, Problem};
use crate::state::{self, Sim};
use crate::world::Account;

const SALT_TOKEN: u64 = 260;
const SALT_SECRET: u64 = 261;
const SALT_VERIFIER: u64 = 262;
/// Where nobody is sent back to: the page shows a number instead.
const OUT_OF_BAND: &str = "oob";
const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody who was asked for consent.
#[derive(Debug, Clone)]
struct Request {
    secret: String,
    callback: String,
    /// Who allowed it, and the verifier that shows so.
    allowed: Option<(Account, String)>,
}

/// The request tokens that are not exchanged yet.
#[derive(Debug)]
pub(crate) struct Requests {
    seed: u64,
    made: u64,
    open: HashMap<String, Request>,
}

impl Requests {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, made: 0, open: HashMap::new() }
    }

    pub(crate) fn reset(&mut self) {
        self.open.clear();
    }

    fn word(&self, salt: u64) -> String {
        format!("{:016x}", hash(self.seed, self.made, salt))
    }

    /// A new request token and its secret.
    fn ask(&mut self, callback: &str) -> (String, String) {
        self.made += 1;
        let (token, secret) = (self.word(SALT_TOKEN), self.word(SALT_SECRET));
        let callback = callback.to_owned();
        let request = Request { secret: secret.clone(), callback, allowed: None };
        self.open.insert(token.clone(), request);
        (token, secret)
    }

    /// Notes that a user allows it; the callback and the verifier.
    fn allow(&mut self, token: &str, account: Account) -> Option<(String, String)> {
        let verifier = format!("{:07}", hash(self.seed, self.made, SALT_VERIFIER) % 10_000_000);
        let request = self.open.get_mut(token)?;
        request.allowed = Some((account, verifier.clone()));
        Some((request.callback.clone(), verifier))
    }

    /// Whose consent a token and its verifier stand for; the token is gone then.
    fn exchange(&mut self, token: &str, verifier: &str) -> Option<Account> {
        let (account, known) = self.open.get(token)?.allowed.clone()?;
        (known == verifier).then(|| self.open.remove(token).map(|_| account)).flatten()
    }
}

/// The routes.
pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/oauth2/token", post(bearer))
        .route("/oauth/request_token", post(request_token))
        .route("/oauth/access_token", post(access_token))
        .route("/oauth/authorize", get(ask).post(decide))
        .route("/oauth/authenticate", get(ask).post(decide))
}

/// `POST /oauth2/token`: the app's own bearer for its key and secret.
async fn bearer(parts: Parts, body: Bytes) -> Response<Body> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = header.and_then(basic);
    if known != Some((CONSUMER_KEY.to_owned(), CONSUMER_SECRET.to_owned())) {
        return refusal(&problem::unauthorized());
    }
    let form = form(&parts, &body);
    if find(&form, "grant_type") != Some("client_credentials") {
        return refusal(&problem::plain(400, "Bad Request"));
    }
    let answer = json!({"token_type": "bearer", "access_token": APP_BEARER});
    reply(StatusCode::OK, "application/json; charset=utf-8", answer.to_string())
}

/// `POST /oauth/request_token`: the app asks to ask somebody.
async fn request_token(State(sim): State<Arc<Sim>>, parts: Parts, body: Bytes) -> Response<Body> {
    let Some(params) = signed(&sim, &parts, &body, |_, token| token.is_none().then(String::new))
    else {
        return refusal(&problem::unauthorized());
    };
    let Some(callback) = find(&params, "oauth_callback") else {
        return refusal(&problem::plain(400, "Bad Request"));
    };
    let (token, secret) = sim.state().requests.ask(callback);
    let answer = [
        ("oauth_token", &*token),
        ("oauth_token_secret", &secret),
        ("oauth_callback_confirmed", "true"),
    ];
    reply(StatusCode::OK, FORM, encoded(&answer))
}

/// `POST /oauth/access_token`: the app shows that it was allowed.
async fn access_token(State(sim): State<Arc<Sim>>, parts: Parts, body: Bytes) -> Response<Body> {
    let secret_of = |state: &state::State, token: Option<&str>| {
        state.requests.open.get(token?).map(|request| request.secret.clone())
    };
    let params = signed(&sim, &parts, &body, secret_of);
    let account = params.and_then(|params| {
        let (token, verifier) = (find(&params, "oauth_token")?, find(&params, "oauth_verifier")?);
        sim.state().requests.exchange(token, verifier)
    });
    let granted = account
        .and_then(|account| ACCESS_TOKENS.into_iter().find(|(_, _, owner)| *owner == account));
    let Some((token, secret, account)) = granted else {
        return refusal(&problem::unauthorized());
    };
    let answer = [
        ("oauth_token", token),
        ("oauth_token_secret", secret),
        ("user_id", account.id()),
        ("screen_name", names::owner(account).1),
    ];
    reply(StatusCode::OK, FORM, encoded(&answer))
}

/// `GET /oauth/authorize`: the page that asks.
async fn ask(State(sim): State<Arc<Sim>>, parts: Parts) -> Response<Body> {
    let query = query_pairs(parts.uri.query().unwrap_or("")).unwrap_or_default();
    let token = find(&query, "oauth_token").unwrap_or("");
    if !sim.state().requests.open.contains_key(token) {
        return html(StatusCode::BAD_REQUEST, page::wrong("the request token is unknown"));
    }
    html(StatusCode::OK, page::asking_by_token(token))
}

/// `POST /oauth/authorize`: what the user decided.
async fn decide(State(sim): State<Arc<Sim>>, parts: Parts, body: Bytes) -> Response<Body> {
    let form = form(&parts, &body);
    let wrong = |why: &str| html(StatusCode::BAD_REQUEST, page::wrong(why));
    let token = find(&form, "oauth_token").unwrap_or("");
    let account = Account::from_id(find(&form, "user").unwrap_or("12"));
    let Some(account) = account else { return wrong("there is no such user") };
    let open = sim.state().requests.open.get(token).cloned();
    let Some(request) = open else { return wrong("the request token is unknown") };
    if find(&form, "decision") != Some("allow") {
        sim.state().requests.open.remove(token);
        return back(&request.callback, &[("denied", token)]);
    }
    let allowed = sim.state().requests.allow(token, account);
    let Some((callback, verifier)) = allowed else { return wrong("the request token is unknown") };
    if callback == OUT_OF_BAND {
        return html(StatusCode::OK, page::number(&verifier));
    }
    back(&callback, &[("oauth_token", token), ("oauth_verifier", &verifier)])
}

/// Sends the browser to the app.
fn back(callback: &str, params: &[(&str, &str)]) -> Response<Body> {
    let joint = if callback.contains('?') { '&' } else { '?' };
    let location = HeaderValue::from_str(&format!("{callback}{joint}{}", encoded(params)));
    let Ok(location) = location else {
        return html(StatusCode::BAD_REQUEST, page::wrong("the callback is no address"));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// All parameters of a genuinely signed request. `secret_of` gives the secret of its token.
fn signed(
    sim: &Sim,
    parts: &Parts,
    body: &Bytes,
    secret_of: impl Fn(&state::State, Option<&str>) -> Option<String>,
) -> Option<Vec<(String, String)>> {
    let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (form, origins) = (form(parts, body), Origin::of_headers(&parts.headers));
    let asked = Credentials {
        authorization: Some(header),
        method: parts.method.as_str(),
        origins: &origins,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or(""),
        form: &form,
    };
    let clocks_s = [real_now_ms(), sim.now_ms()].map(|ms| ms.div_euclid(SECOND_MS));
    let mut state = sim.state();
    let token = crate::oauth1::header_params(header)?;
    let secret = secret_of(&state, find(&token, "oauth_token"))?;
    state.auth.signed(header, asked, clocks_s, |_| Some(secret))
}

/// The fields of a body that is a form.
pub(crate) fn form(parts: &Parts, body: &[u8]) -> Vec<(String, String)> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(FORM));
    let text = std::str::from_utf8(body).ok().filter(|_| is_form);
    text.and_then(query_pairs).unwrap_or_default()
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let joint = if text.is_empty() { "" } else { "&" };
        // Writing into a string cannot fail.
        let _ = write!(text, "{joint}{name}={}", encode(value));
    }
    text
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn html(status: StatusCode, page: String) -> Response<Body> {
    reply(status, "text/html; charset=utf-8", page)
}

fn refusal(problem: &Problem) -> Response<Body> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    reply(status, "application/problem+json", problem.body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_token_is_exchanged_once_and_only_by_its_verifier() {
        let mut requests = Requests::new(1);
        let (token, secret) = requests.ask(OUT_OF_BAND);
        assert_ne!(token, secret);
        assert_eq!(requests.exchange(&token, ""), None);
        let (callback, verifier) = requests.allow(&token, Account::Second).unwrap();
        assert_eq!(callback, OUT_OF_BAND);
        assert_eq!(requests.exchange(&token, "7"), None);
        assert_eq!(requests.exchange(&token, &verifier), Some(Account::Second));
        assert_eq!(requests.exchange(&token, &verifier), None);
        assert!(requests.allow("other", Account::Main).is_none());
    }
}
