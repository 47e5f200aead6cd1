//! The faults that stand in for an answer, and the refusals of an app without money.
//!
//! Knows X's bodies, not what was asked for. Invariant: whoever is refused is charged nothing.

use super::{Answer, Call, current_rate};
use crate::bill::Bill;
use crate::faults::{Fired, Kind};
use crate::limits::Rate;
use crate::oauth1;
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::users;

/// How far ahead a 429 puts the reset, unless the fault says.
const RESET_DEFAULT_S: i64 = 60;

/// What is charged for, by the name its rate limit goes by.
const BILLED: [&str; 23] = [
    "me",
    "users",
    "users_by",
    "user",
    "user_by",
    "followers",
    "following",
    "blocking",
    "muting",
    "timeline",
    "mentions",
    "liked",
    "quotes",
    "liking_users",
    "retweeted_by",
    "tweet_post",
    "tweets",
    "tweet",
    "analytics",
    "search",
    "counts",
    "stream",
    "sample",
];
/// What of it counts to the cap of posts.
const POSTS: [&str; 9] =
    ["timeline", "mentions", "liked", "quotes", "tweets", "tweet", "search", "stream", "sample"];

/// Why the app's money or its cap of posts forbids a call, if they do.
pub(super) fn unpaid(bill: &mut Bill, name: &str, dialect: Dialect, now_s: i64) -> Option<Problem> {
    if BILLED.contains(&name) && bill.is_depleted() {
        // Both bodies are seen from X: here in turn.
        return Some(problem::credits_depleted(bill.refuse().is_multiple_of(2)));
    }
    let capped = POSTS.contains(&name) && bill.is_capped(now_s);
    capped.then(|| problem::usage_capped(dialect, "Monthly", "Product"))
}

/// The answer of a fault that stands in for the whole answer.
pub(super) fn refusal(sim: &Sim, call: &Call, fault: &Fired) -> Option<(Rate, Answer)> {
    let mut rate = current_rate(sim, call);
    let problem = match fault.kind {
        Kind::Status(401) => problem::unauthorized(),
        Kind::Status(402) | Kind::CreditsDepleted => {
            let even = i64::from(fault.time.is_multiple_of(2));
            problem::credits_depleted(fault.args.number("variant", even) == 1)
        }
        Kind::Status(403) => problem::client_not_enrolled(call.dialect),
        Kind::Status(409) => problem::no_rules(call.dialect),
        Kind::Status(420) => problem::plain(420, "Enhance Your Calm"),
        Kind::Status(429) => {
            rate.remaining = 0;
            rate.reset_s = call.now_s() + fault.args.number("reset_s", RESET_DEFAULT_S);
            match fault.args.word("issue") {
                Some(_) => problem::too_many_connections(call.dialect),
                None => problem::too_many_requests(),
            }
        }
        Kind::Status(520) => return Some((rate, unknown_error())),
        Kind::Status(status) => problem::plain(status, title(status)),
        Kind::UsageCap => {
            let word = |name, default| fault.args.word(name).unwrap_or(default);
            let (period, scope) = (word("period", "Monthly"), word("scope", "Product"));
            problem::usage_capped(call.dialect, period, scope)
        }
        Kind::TokenExpired => {
            let page = fault.args.word("what").map_or(call.token().is_some(), |w| w == "page");
            if page {
                users::invalid_token(call.dialect, call.token().unwrap_or(""))
            } else {
                problem::token_expired()
            }
        }
        // Of a family the request finds out by itself; the fixed credentials cannot be revoked.
        Kind::TokenRevoked if revoke(sim, call) => return None,
        Kind::TokenRevoked => problem::unauthorized(),
        _ => return None,
    };
    Some((rate, problem.into()))
}

const fn title(status: u16) -> &'static str {
    match status {
        408 => "Request Timeout",
        425 => "Too Early",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        _ => "Service Unavailable",
    }
}

/// What Cloudflare, before X's servers, says when they answer what it does not understand.
fn unknown_error() -> Answer {
    let body = b"error code: 520".to_vec();
    Answer { status: 520, content_type: "text/plain; charset=UTF-8", body }
}

/// Revokes the family of the token that a request comes with; false when it is of none.
fn revoke(sim: &Sim, call: &Call) -> bool {
    let bearer = call.header(axum::http::header::AUTHORIZATION).and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let form = || {
        let pairs = oauth1::query_pairs(std::str::from_utf8(&call.body).ok()?)?;
        let refresh = pairs.into_iter().find(|(name, _)| name == "refresh_token");
        refresh.map(|(_, token)| token)
    };
    let token = bearer.or_else(form);
    token.is_some_and(|token| sim.state().grants.revoke(&token, call.now_ms))
}

/// The body of a 200 that holds nothing, for the faults that ask for one.
pub(super) fn hollow(kind: Kind, dialect: Dialect, resource: &str) -> Option<Vec<u8>> {
    let body = match kind {
        Kind::Empty => serde_json::json!({"meta": {"result_count": 0}}),
        Kind::Errors200 => {
            serde_json::json!({"errors": [problem::unavailable(dialect, resource, "id", "12")]})
        }
        _ => return None,
    };
    Some(body.to_string().into_bytes())
}
