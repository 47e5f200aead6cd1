//! What an unsuccessful answer of X means. Owns: statuses, problem types, legacy error codes,
//! rate-limit headers. Must not know: what is done about them ([`crate::retry`] decides).
//! Invariant: every status and every body, however broken, has a class; texts are bounded.

use crate::text::cut;
use crate::time::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Texts of X are kept for people to read, not to be stored whole.
const TEXT_MAX_CHARS: usize = 300;

/// The kinds of refusal that are handled differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// 400: X does not take the request as it is.
    BadRequest,
    /// 400 about `pagination_token`: the page token died.
    PageToken,
    /// 401: the keys are wrong or were revoked.
    Unauthorized,
    /// 402: the prepaid credits are used up.
    Credits,
    /// 403: these keys may not read this.
    Forbidden {
        /// The app is not in the pay-per-use package, or not in its Production environment.
        not_enrolled: bool,
    },
    /// 404: no such user, or no longer.
    NotFound,
    /// 409: at odds with what X holds (a stream without rules, say).
    Conflict,
    /// 429 (420 of old): the rate window is used up.
    RateLimit,
    /// 429 of type `usage-capped`: the spending or read cap set at X is reached.
    UsageCap,
    /// 429 of type `streaming-connection`: another connection is still open.
    Connections,
    /// 5xx, 408 and 425: X, or what stands before it, is in trouble.
    Server,
    /// Any other status.
    Other(u16),
}

/// A refusal of X.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XProblem {
    /// What it means.
    pub class: Class,
    /// X's title, or ours where X gave none; at most 300 characters.
    pub title: String,
    /// X's explanation, possibly empty; at most 300 characters.
    pub detail: String,
}

impl std::fmt::Display for XProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.detail.as_str() {
            "" => f.write_str(&self.title),
            detail if detail == self.title => f.write_str(detail),
            detail => write!(f, "{}: {detail}", self.title),
        }
    }
}

/// Reads an answer whose status is not 2xx. Problem types are told apart by their last path
/// segment: X moved them from one host to another without notice.
pub fn classify(status: u16, body: &[u8]) -> XProblem {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = Told::read(&body);
    XProblem {
        class: class(status, &body, &told),
        title: cut(&told.title.unwrap_or_else(|| format!("HTTP {status}")), TEXT_MAX_CHARS),
        detail: cut(&told.detail.unwrap_or_default(), TEXT_MAX_CHARS),
    }
}

/// What a body says, in either of X's forms.
struct Told {
    kind: String,
    title: Option<String>,
    detail: Option<String>,
    /// Code of the legacy form `{"errors":[{"code","message"}]}`.
    code: Option<u64>,
}

impl Told {
    fn read(body: &Value) -> Self {
        let first = body.get("errors").and_then(Value::as_array).and_then(|errors| errors.first());
        let text = |name: &str| {
            let of = |value: &Value| {
                let text = value.get(name)?.as_str()?;
                (!text.is_empty()).then(|| text.to_owned())
            };
            of(body).or_else(|| first.and_then(of))
        };
        let kind = text("type").unwrap_or_default();
        let message = first.and_then(|e| e.get("message")).and_then(Value::as_str);
        Self {
            kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            title: text("title"),
            // The message of a validation error names the parameter; the detail beside it is
            // the same for all.
            detail: message.map(str::to_owned).or_else(|| text("detail")),
            code: first.and_then(|e| e.get("code")).and_then(Value::as_u64),
        }
    }

    fn titled(&self, title: &str) -> bool {
        self.title.as_deref() == Some(title)
    }
}

fn class(status: u16, body: &Value, told: &Told) -> Class {
    match told.kind.as_str() {
        "usage-capped" => return Class::UsageCap,
        "credits" | "credits-depleted" => return Class::Credits,
        "streaming-connection" if status == 429 => return Class::Connections,
        _ if told.titled("UsageCapExceeded") => return Class::UsageCap,
        _ if told.titled("CreditsDepleted") => return Class::Credits,
        _ => {}
    }
    match (status, told.code) {
        (_, Some(88)) | (420 | 429, _) => Class::RateLimit,
        (400, _) if about_page_token(body) => Class::PageToken,
        (400, _) => Class::BadRequest,
        (401, _) => Class::Unauthorized,
        (402, _) => Class::Credits,
        (403, code) => Class::Forbidden { not_enrolled: not_enrolled(body, told, code) },
        (404, _) => Class::NotFound,
        (409, _) => Class::Conflict,
        (408 | 425 | 500..=599, _) => Class::Server,
        (other, _) => Class::Other(other),
    }
}

fn about_page_token(body: &Value) -> bool {
    let names = |value: &Value| {
        let parameter = value.get("parameter").and_then(Value::as_str);
        let said = ["message", "detail"].iter().filter_map(|name| value.get(name)?.as_str());
        parameter == Some("pagination_token")
            || value.get("parameters").and_then(|p| p.get("pagination_token")).is_some()
            || said.into_iter().any(|text| text.contains("pagination_token"))
    };
    let errors = body.get("errors").and_then(Value::as_array);
    names(body) || errors.is_some_and(|errors| errors.iter().any(names))
}

/// Code 453 is the legacy form of the same: an app whose access level has no such endpoint.
fn not_enrolled(body: &Value, told: &Told, code: Option<u64>) -> bool {
    let reason = body.get("reason").and_then(Value::as_str);
    (told.kind == "client-forbidden" && reason != Some("official-client-forbidden"))
        || reason == Some("client-not-enrolled")
        || code == Some(453)
}

/// A rate window as the headers of an answer describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Calls per window.
    pub limit: u32,
    /// Calls left in it.
    pub remaining: u32,
    /// When the next one begins.
    pub reset: UnixMs,
}

impl Rate {
    /// Of two answers whose order is not known, what holds: of one window the fewer calls left,
    /// of two windows the later one.
    pub fn latest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (&one, &other) else { return one.or(other) };
        let first =
            (a.reset, std::cmp::Reverse(a.remaining)) >= (b.reset, std::cmp::Reverse(b.remaining));
        if first { one } else { other }
    }
}

/// No window of X lasts longer than a day (docs.x.com, "Rate limits"): a reset further ahead is
/// none, milliseconds taken for seconds above all.
pub(crate) const RESET_AHEAD_MAX_MS: i64 = DAY_MS;
/// X's clock and ours may differ by minutes, and an answer may be as old as its window: a reset
/// longer ago than the usual window lasts says nothing of now.
const RESET_BEHIND_MAX_MS: i64 = 15 * MINUTE_MS;

/// Reads `x-rate-limit-limit`, `-remaining` and `-reset` (Unix seconds). All or nothing: headers of
/// which one cannot mean what it says are taken for absent. `now` is the clock that everything
/// else is decided by.
pub fn rate(
    limit: Option<&str>,
    remaining: Option<&str>,
    reset: Option<&str>,
    now: UnixMs,
) -> Option<Rate> {
    let number = |text: Option<&str>| text?.trim().parse::<u64>().ok();
    let count = |text| u32::try_from(number(text)?).ok();
    let reset_s = i64::try_from(number(reset)?).ok()?;
    let rate = Rate {
        limit: count(limit)?,
        remaining: count(remaining)?,
        reset: UnixMs(reset_s.checked_mul(SECOND_MS)?),
    };
    let within = -RESET_BEHIND_MAX_MS..=RESET_AHEAD_MAX_MS;
    let meant = rate.limit > 0 && rate.remaining <= rate.limit;
    (meant && within.contains(&rate.reset.since(now))).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_answers_out_of_order_the_fewer_calls_left_hold() {
        let rate = |remaining, reset| Some(Rate { limit: 9, remaining, reset: UnixMs(reset) });
        for (one, other, expected) in [
            (rate(3, 5), rate(2, 5), rate(2, 5)),
            (rate(2, 5), rate(3, 5), rate(2, 5)),
            (rate(0, 5), rate(8, 6), rate(8, 6)),
            (None, rate(1, 5), rate(1, 5)),
            (rate(1, 5), None, rate(1, 5)),
        ] {
            assert_eq!(Rate::latest(one, other), expected);
        }
    }

    #[track_caller]
    fn check(status: u16, body: &str, class: Class, text: &str) {
        let problem = classify(status, body.as_bytes());
        assert_eq!((problem.class, problem.to_string().as_str()), (class, text), "{body}");
    }

    #[test]
    fn statuses_have_their_class_whatever_the_body() {
        let forbidden = Class::Forbidden { not_enrolled: false };
        for (status, class) in [
            (400, Class::BadRequest),
            (401, Class::Unauthorized),
            (402, Class::Credits),
            (403, forbidden),
            (404, Class::NotFound),
            (408, Class::Server),
            (409, Class::Conflict),
            (420, Class::RateLimit),
            (425, Class::Server),
            (429, Class::RateLimit),
            (500, Class::Server),
            (503, Class::Server),
            (520, Class::Server),
            (599, Class::Server),
            (302, Class::Other(302)),
            (418, Class::Other(418)),
        ] {
            for body in ["", "<html>", "null", "[]", "{}", r#"{"errors":7,"type":[]}"#, "\u{fffd}"]
            {
                check(status, body, class, &format!("HTTP {status}"));
            }
        }
    }

    #[test]
    fn a_dead_page_token_is_told_apart_from_other_bad_requests() {
        check(
            400,
            r#"{"errors":[{"parameters":{"pagination_token":["x"]},"message":"The `pagination_token` query parameter value [x] is not valid"}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
            Class::PageToken,
            "Invalid Request: The `pagination_token` query parameter value [x] is not valid",
        );
        check(
            400,
            r#"{"parameter":"pagination_token","title":"Invalid Request"}"#,
            Class::PageToken,
            "Invalid Request",
        );
        check(
            400,
            r#"{"errors":[{"parameters":{"max_results":["0"]},"message":"no"}],"title":"Invalid Request"}"#,
            Class::BadRequest,
            "Invalid Request: no",
        );
    }

    #[test]
    fn credits_are_known_in_both_forms_seen() {
        check(
            402,
            r#"{"title":"CreditsDepleted","detail":"Your enrolled account [1] does not have any credits to fulfill this request.","type":"https://api.twitter.com/2/problems/credits"}"#,
            Class::Credits,
            "CreditsDepleted: Your enrolled account [1] does not have any credits to fulfill this request.",
        );
        check(
            403,
            r#"{"detail":"credits depleted","title":"Payment Required","type":"https://api.x.com/2/problems/credits-depleted"}"#,
            Class::Credits,
            "Payment Required: credits depleted",
        );
    }

    #[test]
    fn the_kinds_of_429_are_told_apart() {
        check(
            429,
            r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
            Class::RateLimit,
            "HTTP 429: Rate limit exceeded",
        );
        check(
            429,
            r#"{"title":"UsageCapExceeded","period":"Monthly","scope":"Product","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
            Class::UsageCap,
            "UsageCapExceeded",
        );
        check(
            429,
            r#"{"title":"ConnectionException","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#,
            Class::Connections,
            "ConnectionException",
        );
        check(
            409,
            r#"{"title":"ConnectionException","connection_issue":"RuleConfigurationIssue","type":"https://api.x.com/2/problems/streaming-connection"}"#,
            Class::Conflict,
            "ConnectionException",
        );
    }

    #[test]
    fn an_app_without_access_is_told_apart_from_a_refused_read() {
        let not_enrolled = Class::Forbidden { not_enrolled: true };
        check(
            403,
            r#"{"title":"Client Forbidden","reason":"client-not-enrolled","type":"https://api.x.com/2/problems/client-forbidden"}"#,
            not_enrolled,
            "Client Forbidden",
        );
        check(
            403,
            r#"{"errors":[{"code":453,"message":"You currently have access to a subset"}]}"#,
            not_enrolled,
            "HTTP 403: You currently have access to a subset",
        );
        check(
            403,
            r#"{"title":"Client Forbidden","reason":"official-client-forbidden","type":"https://api.x.com/2/problems/client-forbidden"}"#,
            Class::Forbidden { not_enrolled: false },
            "Client Forbidden",
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let body = format!(r#"{{"title":"{}","detail":"d"}}"#, "é".repeat(400));
        let problem = classify(500, body.as_bytes());
        assert_eq!((problem.title.chars().count(), problem.detail.as_str()), (300, "d"));
    }

    /// Whether the headers are believed at 2025-11-21T08:00:00Z, which is 1763712000.
    #[track_caller]
    fn check_rate(headers: [Option<&str>; 3], believed: bool) {
        let [limit, remaining, reset] = headers;
        let read = rate(limit, remaining, reset, UnixMs(1_763_712_000_000));
        assert_eq!(read.is_some(), believed, "{headers:?}: {read:?}");
    }

    #[test]
    fn rate_headers_that_mean_something_are_read() {
        let now = UnixMs(1_763_712_000_000);
        let read = rate(Some("300"), Some(" 299 "), Some("1763712900"), now);
        let reset = now.plus(15 * MINUTE_MS);
        assert_eq!(read, Some(Rate { limit: 300, remaining: 299, reset }));
        for (remaining, reset) in [
            ("0", "1763712000"),
            ("300", "1763712001"),
            ("1", "1763711999"),
            ("1", "1763711100"),
            ("1", "1763798400"),
        ] {
            check_rate([Some("300"), Some(remaining), Some(reset)], true);
        }
    }

    #[test]
    fn rate_headers_that_mean_nothing_are_taken_for_absent() {
        let good = [Some("300"), Some("299"), Some("1763712900")];
        for at in 0..3 {
            for text in [
                None,
                Some(""),
                Some("soon"),
                Some("-1"),
                Some("null"),
                Some("NaN"),
                Some("1e9"),
                Some("2.5"),
                Some("0x10"),
                Some("18446744073709551615"),
                Some("99999999999999999999"),
                Some("{}"),
                Some("300, 300"),
            ] {
                let mut headers = good;
                if let Some(header) = headers.get_mut(at) {
                    *header = text;
                }
                check_rate(headers, false);
            }
        }
        for headers in [
            ["0", "0", "1763712900"],
            ["300", "301", "1763712900"],
            ["300", "299", "1763712900000"],
            ["300", "299", "1763798401"],
            ["300", "299", "1763711099"],
            ["300", "299", "900"],
            ["300", "299", "253402300800"],
        ] {
            check_rate(headers.map(Some), false);
        }
    }
}
