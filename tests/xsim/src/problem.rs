//! X's refusals: status, problem document and the odd legacy body.
//!
//! Knows the dialect (which host the types name), no routes. Invariant: every body is one JSON
//! object, as documented or as seen from the live service.

use serde_json::{Value, json};

use crate::profile::Dialect;

/// A refusal: the HTTP status and the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// The URI of a problem type in a dialect.
pub(crate) fn type_uri(dialect: Dialect, name: &str) -> String {
    let host = match dialect {
        Dialect::Tweet => "api.twitter.com",
        Dialect::Post => "api.x.com",
    };
    format!("https://{host}/2/problems/{name}")
}

/// A problem that says no more than its status.
pub(crate) fn plain(status: u16, title: &str) -> Problem {
    let body = json!({"title": title, "type": "about:blank", "status": status, "detail": title});
    Problem { status, body }
}

pub(crate) fn unauthorized() -> Problem {
    plain(401, "Unauthorized")
}

/// The legacy body of a token that is no longer good.
pub(crate) fn token_expired() -> Problem {
    Problem {
        status: 401,
        body: json!({"errors": [{"code": 89, "message": "Invalid or expired token."}]}),
    }
}

pub(crate) fn too_many_requests() -> Problem {
    plain(429, "Too Many Requests")
}

/// 402 in one of the two bodies seen from X.
pub(crate) fn credits_depleted(newer: bool) -> Problem {
    let body = if newer {
        json!({"detail": "credits depleted", "status": 402, "title": "Payment Required",
            "type": type_uri(Dialect::Post, "credits-depleted")})
    } else {
        json!({"title": "CreditsDepleted",
            "detail": "Your enrolled account [12] does not have any credits to fulfill this request.",
            "type": type_uri(Dialect::Tweet, "credits")})
    };
    Problem { status: 402, body }
}

pub(crate) fn client_not_enrolled(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "Client Forbidden",
        "detail": "This app has no package and environment that allow this endpoint.",
        "reason": "client-not-enrolled",
        "registration_url": "https://developer.x.com/en/docs/projects/overview",
        "type": type_uri(dialect, "client-forbidden"),
    });
    Problem { status: 403, body }
}

/// An app-only bearer where only a user may ask.
pub(crate) fn unsupported_authentication(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "Unsupported Authentication",
        "detail": "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint. \
            Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
        "status": 403,
        "type": type_uri(dialect, "unsupported-authentication"),
    });
    Problem { status: 403, body }
}

/// A user's credential where only an app may ask.
pub(crate) fn app_only(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "Unsupported Authentication",
        "detail": "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint. \
            Supported authentication types are [OAuth 2.0 Application-Only].",
        "status": 403,
        "type": type_uri(dialect, "unsupported-authentication"),
    });
    Problem { status: 403, body }
}

/// 429 for all the posts that may be read in a period.
pub(crate) fn usage_capped(dialect: Dialect, period: &str, scope: &str) -> Problem {
    let body = json!({
        "title": "UsageCapExceeded",
        "detail": format!("Usage cap exceeded: {period} {} cap", scope.to_lowercase()),
        "account_id": 12,
        "product_name": "pay-per-use",
        "period": period,
        "scope": scope,
        "type": type_uri(dialect, "usage-capped"),
    });
    Problem { status: 429, body }
}

/// The entry of `errors` for what exists and is not given.
pub(crate) fn unavailable(dialect: Dialect, resource: &str, parameter: &str, value: &str) -> Value {
    json!({
        "title": "Resource Unavailable", "resource_type": resource,
        "type": type_uri(dialect, "resource-unavailable"),
        "parameter": parameter, "resource_id": value, "value": value,
        "detail": format!("The {resource} is not available right now."),
    })
}

/// A second connection to a stream.
pub(crate) fn too_many_connections(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "ConnectionException",
        "detail": "This stream is currently at the maximum allowed connection limit.",
        "connection_issue": "TooManyConnections",
        "type": type_uri(dialect, "streaming-connection"),
    });
    Problem { status: 429, body }
}

/// A stream that only some apps are granted.
pub(crate) fn client_forbidden(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "Client Forbidden",
        "detail": "This stream is open to enterprise apps only.",
        "reason": "client-not-enrolled",
        "registration_url": "https://developer.x.com/en/docs/projects/overview",
        "type": type_uri(dialect, "client-forbidden"),
    });
    Problem { status: 403, body }
}

/// A stream without rules.
pub(crate) fn no_rules(dialect: Dialect) -> Problem {
    let body = json!({
        "title": "ConnectionException",
        "detail": "You must define rules using the POST /2/tweets/search/stream/rules endpoint \
            before connecting to filtered stream.",
        "connection_issue": "RuleConfigurationIssue",
        "type": type_uri(dialect, "streaming-connection"),
    });
    Problem { status: 409, body }
}

/// How a single look-up of what is not there is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotFoundForm {
    /// 404, the error in `errors` and as the problem that the body is: as X does now.
    #[default]
    Now,
    /// 404 with `errors` alone.
    Bare,
    /// 200 with `errors` alone, as clients of earlier years expect.
    Ok,
}

impl NotFoundForm {
    /// By the name that a flag or a fault gives it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "now" => Some(Self::Now),
            "bare" => Some(Self::Bare),
            "ok" => Some(Self::Ok),
            _ => None,
        }
    }

    /// The answer that holds this entry of `errors`.
    pub(crate) fn answer(self, error: &Value) -> Problem {
        let mut body = json!({"errors": [error]});
        if let (Self::Now, Some(members)) = (self, body.as_object_mut()) {
            for name in ["title", "detail", "type"] {
                members.insert(name.to_owned(), error.get(name).cloned().unwrap_or_default());
            }
        }
        Problem { status: if self == Self::Ok { 200 } else { 404 }, body }
    }
}

/// 400: one parameter, its value and what is wrong.
pub(crate) fn invalid(dialect: Dialect, parameter: &str, value: &str, message: &str) -> Problem {
    let body = json!({
        "errors": [{"parameters": {parameter: [value]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": type_uri(dialect, "invalid-request"),
    });
    Problem { status: 400, body }
}

/// Why a looked-up user is not in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Never existed, or deleted or deactivated.
    NotFound,
    Suspended,
    /// Protected, and the asker does not follow.
    Protected,
}

/// The entry of `errors` for one user that a lookup could not give.
pub(crate) fn missing_user(
    dialect: Dialect,
    parameter: &str,
    value: &str,
    missing: Missing,
) -> Value {
    let (title, name, detail) = match missing {
        Missing::NotFound => (
            "Not Found Error",
            "resource-not-found",
            format!("Could not find user with {parameter}: [{value}]."),
        ),
        Missing::Suspended => {
            ("Forbidden", "resource-not-found", format!("User has been suspended: [{value}]."))
        }
        Missing::Protected => (
            "Authorization Error",
            "not-authorized-for-resource",
            format!("Sorry, you are not authorized to see the user with {parameter}: [{value}]."),
        ),
    };
    let mut error = json!({
        "value": value,
        "detail": detail,
        "title": title,
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": type_uri(dialect, name),
    });
    if let (Missing::Protected, Some(members)) = (missing, error.as_object_mut()) {
        members.insert("section".into(), "data".into());
    }
    error
}
