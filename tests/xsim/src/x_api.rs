//! What happens to every request to X: faults, credentials, money, rate limits, headers, the bill.
//!
//! Knows HTTP, not what the answers hold. Invariant: a request is counted once, meets at most
//! one fault, and is charged only for what it was answered with.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::activity;
use crate::auth::{Caller, Credentials};
use crate::calendar::SECOND_MS;
use crate::clock::real_now_ms;
use crate::cut::CutBody;
use crate::faults::{Fired, Kind};
use crate::limits::Rate;
use crate::oauth1;
use crate::oauth2;
use crate::origin::Origin;
use crate::own;
use crate::params::{self, Endpoint, Params};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::{Sim, State};
use crate::stream::connect::{self, Door};
use crate::stream::routes::{self, Route};
use crate::three_legs;
use crate::usage;
use crate::users::{Asked, Given};

mod refused;

use refused::{hollow, refusal, unpaid};

/// How late a slow answer is, unless the fault says.
const SLOW_DEFAULT_MS: i64 = 3_000;

/// Marks a response that must not be sent: the connection is to be closed instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disconnect;

/// Where an app asks how many posts it has read.
const USAGE: &str = "/2/usage/tweets";
/// The largest request body: a thousand rules of 1,024 characters, twice over.
const BODY_MAX: usize = 4 << 20;

/// A request, taken apart once.
struct Call {
    parts: Parts,
    body: Bytes,
    pairs: Option<Vec<(String, String)>>,
    dialect: Dialect,
    now_ms: i64,
}

impl Call {
    fn path(&self) -> &str {
        self.parts.uri.path()
    }

    fn token(&self) -> Option<&str> {
        let pairs = self.pairs.iter().flatten();
        pairs.into_iter().find(|(name, _)| name == "pagination_token").map(|(_, v)| v.as_str())
    }

    /// What is to be done: `HEAD` asks for what `GET` does.
    fn method(&self) -> &str {
        match self.parts.method.as_str() {
            "HEAD" => "GET",
            method => method,
        }
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    fn now_s(&self) -> i64 {
        self.now_ms.div_euclid(SECOND_MS)
    }
}

/// What is sent, apart from the headers that every answer has.
struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let legacy = problem.body.get("type").is_none();
        Self {
            status: problem.status,
            content_type: if legacy { JSON } else { "application/problem+json" },
            body: problem.body.to_string().into_bytes(),
        }
    }
}

const JSON: &str = "application/json; charset=utf-8";

fn ok(body: Vec<u8>) -> Answer {
    Answer { status: 200, content_type: JSON, body }
}

/// Answers any request under `/2/` and `/1.1/`.
pub(crate) async fn answer(
    extract::State(sim): extract::State<Arc<Sim>>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_MAX).await.unwrap_or_default();
    let pairs = oauth1::query_pairs(parts.uri.query().unwrap_or(""));
    let dialect = params::dialect(pairs.as_deref().unwrap_or_default(), sim.config.dialect);
    let now_ms = sim.now_ms();
    let call = Call { parts, body, pairs, dialect, now_ms };
    let fault = {
        let mut state = sim.state();
        state.bill.call();
        state.faults.take(call.path(), call.token().is_some())
    };
    if let Some(door) = Door::from_path(call.path()) {
        return stream(&sim, &call, door, fault).await;
    }
    match fault.as_ref().map(|f| f.kind) {
        Some(Kind::Stall | Kind::Ghost) => std::future::pending().await,
        Some(Kind::Disconnect) => return unsent(),
        Some(Kind::Slow) => {
            let ms = fault.as_ref().map_or(0, |f| f.args.number("ms", SLOW_DEFAULT_MS));
            tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())).await;
        }
        _ => {}
    }
    if let Some((rate, answer)) = fault.as_ref().and_then(|f| refusal(&sim, &call, f)) {
        return send(&call, rate, answer, None);
    }
    if let Some(route) = oauth2::routes::Route::from_path(call.path()) {
        let answer = serve_oauth(&sim, &call, route);
        return send(&call, current_rate(&sim, &call), answer, fault.as_ref().map(|f| f.kind));
    }
    if let Some(route) = activity::routes::Route::from_path(call.path()) {
        let (rate, answer) = serve_activity(&sim, &call, route).await;
        return send(&call, rate, answer, fault.as_ref().map(|f| f.kind));
    }
    if call.path() == USAGE {
        let (rate, answer) = serve_usage(&sim, &call);
        return send(&call, rate, answer, fault.as_ref().map(|f| f.kind));
    }
    let own = own::routes::Route::from_path(call.path());
    let (rate, answer) = match (own, Route::from_path(call.path())) {
        (Some(route), _) => serve_own(&sim, &call, route, fault.as_ref()),
        (None, Some(route)) => serve_route(&sim, &call, route, fault.as_ref()).await,
        (None, None) => serve(&sim, &call, fault.as_ref()),
    };
    send(&call, rate, answer, fault.as_ref().map(|f| f.kind))
}

/// The rate headers for an answer that does not count.
fn current_rate(sim: &Sim, call: &Call) -> Rate {
    let path = call.path();
    let route = || Route::from_path(path).map(|r| r.name(call.method()));
    let stream = || Door::from_path(path).map(Door::name);
    let users = Endpoint::from_path(path).map(|endpoint| endpoint.name());
    let own = || own::routes::Route::from_path(path).map(|route| route.name(call.method()));
    let activity = || activity::routes::Route::from_path(path).map(|route| route.name());
    let name = users.or_else(own).or_else(stream).or_else(route).or_else(activity);
    let name = name.unwrap_or(if path == USAGE { "usage" } else { "other" });
    sim.state().limits.peek(name, Caller::App, call.now_ms)
}

fn serve(sim: &Sim, call: &Call, fault: Option<&Fired>) -> (Rate, Answer) {
    let Some(endpoint) = Endpoint::from_path(call.path()) else {
        let known = authenticate(sim, call).is_some();
        let problem =
            if known { problem::plain(404, "Not Found") } else { problem::unauthorized() };
        return (current_rate(sim, call), problem.into());
    };
    let (rate, caller) = match admit(sim, call, endpoint.name(), call.method() == "GET") {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return (rate, problem.into()),
    };
    let given = given(sim, call, &endpoint, caller, fault);
    let answer = match given {
        Ok(given) => {
            let mut state = sim.state();
            for (class, subject) in given.charges {
                state.bill.charge(class, subject, call.now_s());
            }
            ok(given.body)
        }
        Err(problem) => problem.into(),
    };
    (rate, answer)
}

/// Answers the endpoints of webhooks and subscriptions.
async fn serve_activity(
    sim: &Arc<Sim>,
    call: &Call,
    route: activity::routes::Route,
) -> (Rate, Answer) {
    let method = call.method();
    let (rate, caller) = match admit(sim, call, route.name(), route.allows(method)) {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return (rate, problem.into()),
    };
    let Some(pairs) = &call.pairs else { return (rate, bad_query(call).into()) };
    let (body, dialect, now_ms) = (&call.body, call.dialect, call.now_ms);
    let asking =
        activity::routes::Asking { sim, route, method, caller, pairs, body, dialect, now_ms };
    match asking.answer().await {
        Ok(answer) => (rate, ok(answer.to_string().into_bytes())),
        Err(problem) => (rate, problem.into()),
    }
}

/// Answers how many posts the app has read.
fn serve_usage(sim: &Sim, call: &Call) -> (Rate, Answer) {
    let (rate, caller) = match admit(sim, call, "usage", call.method() == "GET") {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return (rate, problem.into()),
    };
    if !caller.is_app() {
        return (rate, problem::app_only(call.dialect).into());
    }
    let Some(pairs) = &call.pairs else { return (rate, bad_query(call).into()) };
    let told = usage::answer(&sim.state().bill, pairs, call.dialect, call.now_s());
    (rate, told.map_or_else(Answer::from, |body| ok(body.to_string().into_bytes())))
}

/// Answers the endpoints of OAuth 2.0: no credential of a user or the app is looked at.
fn serve_oauth(sim: &Sim, call: &Call, route: oauth2::routes::Route) -> Answer {
    if call.parts.method != "POST" {
        return problem::plain(405, "Method Not Allowed").into();
    }
    let asking = oauth2::routes::Asking {
        sim,
        route,
        authorization: call.header(header::AUTHORIZATION),
        content_type: call.header(header::CONTENT_TYPE),
        body: &call.body,
        now_ms: call.now_ms,
    };
    asking.answer().map_or_else(Answer::from, |body| ok(body.to_string().into_bytes()))
}

/// Counts a request of a credential and a method that may be, or refuses it.
fn admit(
    sim: &Sim,
    call: &Call,
    name: &'static str,
    allowed: bool,
) -> Result<(Rate, Caller), (Rate, Problem)> {
    let Some(caller) = authenticate(sim, call) else {
        return Err((current_rate(sim, call), problem::unauthorized()));
    };
    if !allowed {
        return Err((current_rate(sim, call), problem::plain(405, "Method Not Allowed")));
    }
    if !caller.may(name) {
        return Err((current_rate(sim, call), problem::plain(403, "Forbidden")));
    }
    let mut state = sim.state();
    if let Some(problem) = unpaid(&mut state.bill, name, call.dialect, call.now_s()) {
        return Err((state.limits.peek(name, caller, call.now_ms), problem));
    }
    match state.limits.take(name, caller, call.now_ms) {
        Ok(rate) => Ok((rate, caller)),
        Err(rate) => Err((rate, problem::too_many_requests())),
    }
}

/// Answers an endpoint for tweets by author or by id.
fn serve_own(
    sim: &Arc<Sim>,
    call: &Call,
    route: own::routes::Route,
    fault: Option<&Fired>,
) -> (Rate, Answer) {
    let method = call.method();
    let (rate, caller) = match admit(sim, call, route.name(method), route.allows(method)) {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return (rate, problem.into()),
    };
    let Some(pairs) = call.pairs.clone() else { return (rate, bad_query(call).into()) };
    let asking = own::routes::Asking {
        sim: Arc::clone(sim),
        route,
        method: method.to_owned(),
        caller,
        pairs,
        body: call.body.to_vec(),
        dialect: call.dialect,
        now_ms: call.now_ms,
        fault: fault.cloned(),
    };
    match asking.answer() {
        Ok(given) => (rate, Answer { status: given.status, ..ok(given.body) }),
        Err(problem) => (rate, problem.into()),
    }
}

/// Answers a plain endpoint about rules, connections or searches.
async fn serve_route(
    sim: &Arc<Sim>,
    call: &Call,
    route: Route,
    fault: Option<&Fired>,
) -> (Rate, Answer) {
    let method = call.method();
    let (rate, caller) = match admit(sim, call, route.name(method), route.allows(method)) {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return (rate, problem.into()),
    };
    if let Some(body) = fault.and_then(|f| hollow(f.kind, call.dialect, "tweet")) {
        return (rate, ok(body));
    }
    let Some(pairs) = call.pairs.clone() else { return (rate, bad_query(call).into()) };
    let asking = routes::Asking {
        sim: Arc::clone(sim),
        route,
        method: method.to_owned(),
        caller,
        pairs,
        body: call.body.to_vec(),
        dialect: call.dialect,
        now_ms: call.now_ms,
    };
    match asking.answer().await {
        Ok(given) => (rate, Answer { status: given.status, ..ok(given.body) }),
        Err(problem) => (rate, problem.into()),
    }
}

/// Opens a stream, or refuses to.
async fn stream(sim: &Arc<Sim>, call: &Call, door: Door, fault: Option<Fired>) -> Response<Body> {
    if let Some((rate, answer)) = fault.as_ref().and_then(|f| refusal(sim, call, f)) {
        return send(call, rate, answer, None);
    }
    let allowed = call.parts.method.as_str() == door.method();
    let (rate, caller) = match admit(sim, call, door.name(), allowed) {
        Ok(admitted) => admitted,
        Err((rate, problem)) => return send(call, rate, problem.into(), None),
    };
    let Some(pairs) = &call.pairs else { return send(call, rate, bad_query(call).into(), None) };
    let dialect = call.dialect;
    let asking = connect::Asking { sim, door, caller, pairs, body: &call.body, dialect, fault };
    match asking.connect().await {
        Ok((body, from_ms)) => {
            let mut response = Response::new(Body::new(body));
            headers(&mut response, call, rate, JSON);
            response.headers_mut().insert("x-sim-now", HeaderValue::from(from_ms));
            response
        }
        Err(problem) => send(call, rate, problem.into(), None),
    }
}

fn bad_query(call: &Call) -> Problem {
    let query = call.parts.uri.query().unwrap_or("");
    problem::invalid(call.dialect, "query", query, "The query is badly encoded")
}

fn authenticate(sim: &Sim, call: &Call) -> Option<Caller> {
    let origins = Origin::of_headers(&call.parts.headers);
    let form = three_legs::form(&call.parts, &call.body);
    let asked = Credentials {
        authorization: call.header(header::AUTHORIZATION),
        // What was signed is what was sent.
        method: call.parts.method.as_str(),
        origins: &origins,
        path: call.path(),
        query: call.parts.uri.query().unwrap_or(""),
        form: &form,
    };
    let clocks_s = [real_now_ms().div_euclid(SECOND_MS), call.now_s()];
    let mut state = sim.state();
    let State { auth, grants, .. } = &mut *state;
    auth.check(asked, clocks_s, grants, call.now_ms)
}

fn given(
    sim: &Sim,
    call: &Call,
    endpoint: &Endpoint,
    caller: Caller,
    fault: Option<&Fired>,
) -> Result<Given, Problem> {
    let pairs = call.pairs.as_deref().ok_or_else(|| bad_query(call))?;
    let params = Params::parse(endpoint, pairs, call.dialect)?;
    if let Some(body) = fault.and_then(|f| hollow(f.kind, call.dialect, "user")) {
        return Ok(Given { body, ..Given::default() });
    }
    let now_s = call.now_s();
    Asked { sim, endpoint, params: &params, caller, now_s, fault }.answer()
}

/// No answer at all: the connection is closed.
fn unsent() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Disconnect);
    response
}

fn send(call: &Call, rate: Rate, answer: Answer, fault: Option<Kind>) -> Response<Body> {
    if fault == Some(Kind::Lost) {
        return unsent();
    }
    let mut bytes = answer.body;
    if fault == Some(Kind::BadJson) {
        // Ends inside a member, wherever that is.
        bytes.truncate(bytes.len() * 2 / 3);
    }
    let zipped = (fault != Some(Kind::Cut)).then(|| zip(call, &bytes)).flatten();
    let body = match &zipped {
        Some(zipped) => Body::from(zipped.clone()),
        None if fault == Some(Kind::Cut) => Body::new(CutBody::halfway(bytes)),
        None => Body::from(bytes),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    headers(&mut response, call, rate, answer.content_type);
    if zipped.is_some() {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    response
}

/// The body in gzip, where the client asks for that.
fn zip(call: &Call, bytes: &[u8]) -> Option<Vec<u8>> {
    let accepted = call.header(header::ACCEPT_ENCODING)?;
    let named = |coding: &str| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && quality.trim() != "q=0"
    };
    if !accepted.split(',').any(named) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory cannot fail; were it to, the answer would go out plain.
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// The headers of every answer.
fn headers(response: &mut Response<Body>, call: &Call, rate: Rate, content_type: &'static str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let version = if call.dialect == Dialect::Tweet { "2.166" } else { "2.167" };
    headers.insert("api-version", HeaderValue::from_static(version));
    headers.insert("x-rate-limit-limit", HeaderValue::from(rate.limit));
    headers.insert("x-rate-limit-remaining", HeaderValue::from(rate.remaining));
    headers.insert("x-rate-limit-reset", HeaderValue::from(rate.reset_s));
    headers.insert("x-sim-now", HeaderValue::from(call.now_ms));
}
