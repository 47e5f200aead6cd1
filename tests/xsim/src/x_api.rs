//! What happens to every request to X: faults, credentials, rate limits, headers, the bill.
//!
//! Knows HTTP, not what the answers hold. Invariant: a request is counted once, meets at most
//! one fault, and is charged only when it was answered with users.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};

use crate::auth::{Caller, Credentials};
use crate::calendar::SECOND_MS;
use crate::clock::real_now_ms;
use crate::cut::CutBody;
use crate::faults::{Fired, Kind};
use crate::limits::Rate;
use crate::oauth1;
use crate::params::{self, Endpoint, Params};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::users::{self, Asked, Given};

/// How late a slow answer is, and how far ahead a 429 puts the reset, unless the fault says.
const SLOW_DEFAULT_MS: i64 = 3_000;
const RESET_DEFAULT_S: i64 = 60;

/// Marks a response that must not be sent: the connection is to be closed instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disconnect;

/// A request, taken apart once.
struct Call {
    parts: Parts,
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

/// Answers any request under `/2/`.
pub(crate) async fn answer(State(sim): State<Arc<Sim>>, request: Request<Body>) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let pairs = oauth1::query_pairs(parts.uri.query().unwrap_or(""));
    let dialect = params::dialect(pairs.as_deref().unwrap_or_default(), sim.config.dialect);
    let now_ms = sim.now_ms();
    let call = Call { parts, pairs, dialect, now_ms };
    let fault = {
        let mut state = sim.state();
        state.bill.call();
        state.faults.take(call.path(), call.token().is_some())
    };
    match fault.as_ref().map(|f| f.kind) {
        Some(Kind::Stall | Kind::Ghost) => std::future::pending().await,
        Some(Kind::Disconnect) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Disconnect);
            return response;
        }
        Some(Kind::Slow) => {
            let ms = fault.as_ref().map_or(0, |f| f.args.number("ms", SLOW_DEFAULT_MS));
            tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())).await;
        }
        _ => {}
    }
    if let Some((rate, problem)) = fault.as_ref().and_then(|f| refusal(&sim, &call, f)) {
        return send(&call, rate, problem.into(), None);
    }
    let (rate, answer) = serve(&sim, &call, fault.as_ref());
    send(&call, rate, answer, fault.as_ref().map(|f| f.kind))
}

/// The refusal of a fault that stands in for the whole answer.
fn refusal(sim: &Sim, call: &Call, fault: &Fired) -> Option<(Rate, Problem)> {
    let mut rate = current_rate(sim, call);
    let problem = match fault.kind {
        Kind::Status(401) => problem::unauthorized(),
        Kind::Status(402) => {
            let even = i64::from(fault.time.is_multiple_of(2));
            problem::credits_depleted(fault.args.number("variant", even) == 1)
        }
        Kind::Status(403) => problem::client_not_enrolled(call.dialect),
        Kind::Status(409) => problem::no_rules(call.dialect),
        Kind::Status(420) => problem::plain(420, "Enhance Your Calm"),
        Kind::Status(429) => {
            rate.remaining = 0;
            rate.reset_s = call.now_s() + fault.args.number("reset_s", RESET_DEFAULT_S);
            problem::too_many_requests()
        }
        Kind::Status(_) => problem::plain(503, "Service Unavailable"),
        Kind::TokenExpired => {
            let page = fault.args.word("what").map_or(call.token().is_some(), |w| w == "page");
            if page {
                users::invalid_token(call.dialect, call.token().unwrap_or(""))
            } else {
                problem::token_expired()
            }
        }
        _ => return None,
    };
    Some((rate, problem))
}

/// The rate headers for an answer that does not count.
fn current_rate(sim: &Sim, call: &Call) -> Rate {
    let name = Endpoint::from_path(call.path()).map_or("other", |e| e.name());
    sim.state().limits.peek(name, Caller::App, call.now_ms)
}

fn serve(sim: &Sim, call: &Call, fault: Option<&Fired>) -> (Rate, Answer) {
    let Some(caller) = authenticate(sim, call) else {
        return (current_rate(sim, call), problem::unauthorized().into());
    };
    let Some(endpoint) = Endpoint::from_path(call.path()) else {
        return (current_rate(sim, call), problem::plain(404, "Not Found").into());
    };
    if call.parts.method != "GET" {
        return (current_rate(sim, call), problem::plain(405, "Method Not Allowed").into());
    }
    let taken = sim.state().limits.take(endpoint.name(), caller, call.now_ms);
    let rate = match taken {
        Ok(rate) => rate,
        Err(rate) => return (rate, problem::too_many_requests().into()),
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

fn authenticate(sim: &Sim, call: &Call) -> Option<Caller> {
    let asked = Credentials {
        authorization: call.header(header::AUTHORIZATION),
        method: call.parts.method.as_str(),
        host: call.header(header::HOST).unwrap_or(""),
        path: call.path(),
        query: call.parts.uri.query().unwrap_or(""),
    };
    let clocks_s = [real_now_ms().div_euclid(SECOND_MS), call.now_s()];
    sim.state().auth.check(asked, clocks_s)
}

fn given(
    sim: &Sim,
    call: &Call,
    endpoint: &Endpoint,
    caller: Caller,
    fault: Option<&Fired>,
) -> Result<Given, Problem> {
    let pairs = call.pairs.as_deref().ok_or_else(|| {
        let query = call.parts.uri.query().unwrap_or("");
        problem::invalid(call.dialect, "query", query, "The query is badly encoded")
    })?;
    let params = Params::parse(endpoint, pairs, call.dialect)?;
    match fault.map(|f| f.kind) {
        Some(Kind::Empty) => {
            Ok(Given { body: br#"{"meta":{"result_count":0}}"#.to_vec(), ..Given::default() })
        }
        Some(Kind::Errors200) => {
            let uri = problem::type_uri(call.dialect, "resource-unavailable");
            let body = serde_json::json!({"errors": [{
                "title": "Resource Unavailable", "type": uri, "resource_type": "user",
                "parameter": "id", "resource_id": "12", "value": "12",
                "detail": "The user is not available right now.",
            }]});
            Ok(Given { body: body.to_string().into_bytes(), ..Given::default() })
        }
        _ => {
            let now_s = call.now_s();
            Asked { sim, endpoint, params: &params, caller, now_s, fault }.answer()
        }
    }
}

fn send(call: &Call, rate: Rate, answer: Answer, fault: Option<Kind>) -> Response<Body> {
    let mut bytes = answer.body;
    if fault == Some(Kind::BadJson) {
        // Ends inside a member, wherever that is.
        bytes.truncate(bytes.len() * 2 / 3);
    }
    let body = if fault == Some(Kind::Cut) {
        Body::new(CutBody::halfway(bytes))
    } else {
        Body::from(bytes)
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let version = if call.dialect == Dialect::Tweet { "2.166" } else { "2.167" };
    headers.insert("api-version", HeaderValue::from_static(version));
    headers.insert("x-rate-limit-limit", HeaderValue::from(rate.limit));
    headers.insert("x-rate-limit-remaining", HeaderValue::from(rate.remaining));
    headers.insert("x-rate-limit-reset", HeaderValue::from(rate.reset_s));
    headers.insert("x-sim-now", HeaderValue::from(call.now_ms));
    response
}
