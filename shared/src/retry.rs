//! What is done when X, or the way to it, says no. Owns: the one table of waits and stops.
//! Must not know: what was being read. Invariant: every trouble ends, by going on or by a stop
//! that says what to do; nothing is tried for longer than [`SILENT_MS`] without progress; what
//! X will not take however often it is sent is not sent again.

use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::x::problem::{Class, RESET_AHEAD_MAX_MS, Rate, XProblem};
use serde::{Deserialize, Serialize};

/// Without any progress for this long a person should look.
pub const SILENT_MS: i64 = 6 * HOUR_MS;
/// X's advice for network trouble of a stream: 250 ms more each time, up to 16 s. Single calls
/// begin and end there too, doubling in between.
const NETWORK_STEP_MS: i64 = 250;
pub(crate) const NETWORK_MAX_MS: i64 = 16 * SECOND_MS;
/// X's advice for HTTP errors: 5 s, doubling, up to 320 s.
pub(crate) const HTTP_FIRST_MS: i64 = 5 * SECOND_MS;
pub(crate) const HTTP_MAX_MS: i64 = 320 * SECOND_MS;
/// X's advice for 429 without a reset: one minute, doubling. X names no end; 16 minutes is
/// past the end of any 15-minute window.
pub(crate) const RATE_FIRST_MS: i64 = MINUTE_MS;
pub(crate) const RATE_MAX_MS: i64 = 16 * MINUTE_MS;
/// Waits are longer by up to this part of themselves, so that those who failed together do not
/// come back together; never shorter, since the waits are what X asks for.
const JITTER_PART: i64 = 4;
/// An answer that cannot be read is asked for again this often, 2 s apart and doubling.
const BAD_BODY_TRIES: u32 = 5;
const BAD_BODY_FIRST_MS: i64 = 2 * SECOND_MS;

/// What went wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No answer: name, connection or time-out.
    Network(String),
    /// The answer ended before its end.
    Cut,
    /// A good status with a body that is not what it should be.
    BadBody(String),
    /// X refused.
    Http(XProblem),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network(text) => write!(f, "X could not be reached: {text}"),
            Self::Cut => f.write_str("X's answer was cut off"),
            Self::BadBody(text) => write!(f, "X's answer could not be read: {text}"),
            Self::Http(problem) => write!(f, "X said {problem}"),
        }
    }
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The same call again, not before `at`.
    Again {
        /// When.
        at: UnixMs,
        /// What is waited for, in words for the owner.
        why: String,
    },
    /// The page token died: walk from the top, now.
    Restart {
        /// What X said.
        why: String,
    },
    /// Nothing more until someone does something.
    Stop(Stop),
}

/// What a machine that asks X waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub(crate) until: UnixMs,
    pub(crate) why: String,
}

/// Failures in a row of such a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stall {
    pub(crate) since: UnixMs,
    pub(crate) tries: u32,
}

/// The end of trying, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Why, for code.
    pub cause: StopCause,
    /// Why, in a few words.
    pub title: String,
    /// What X said, and what to do.
    pub detail: String,
}

/// Why nothing goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// The keys are missing, wrong or revoked.
    Credentials,
    /// X's prepaid credits are used up.
    Credits,
    /// The keys may not read this.
    Access,
    /// The cap set at X is reached.
    UsageCap,
    /// Roost's own budget says no.
    Budget,
    /// X no longer has the account.
    Gone,
    /// X answers, but not with anything that can be used.
    Rejected,
    /// No progress for hours, or for as many attempts as the owner allows.
    Silent,
}

/// Decides. `tries` counts the failures in a row, this one included, the first of them at
/// `first_failure`; `rate` is what the headers of this answer said. How far a doubling wait is
/// stretched follows from the first two, which differ from caller to caller.
pub fn decide(
    trouble: &Trouble,
    tries: u32,
    first_failure: UnixMs,
    rate: Option<&Rate>,
    now: UnixMs,
) -> Decision {
    let wait = |first_ms, max_ms| {
        let ms = jittered(doubled(first_ms, tries, max_ms), tries, first_failure);
        Decision::Again { at: now.plus(ms), why: trouble.to_string() }
    };
    let bad = || match tries {
        0..BAD_BODY_TRIES => wait(BAD_BODY_FIRST_MS, HTTP_MAX_MS),
        _ => Decision::Stop(unusable(trouble, tries)),
    };
    let decision = match trouble {
        Trouble::Network(_) | Trouble::Cut => wait(NETWORK_STEP_MS, NETWORK_MAX_MS),
        Trouble::BadBody(_) => bad(),
        Trouble::Http(problem) => match problem.class {
            Class::Server | Class::Conflict => wait(HTTP_FIRST_MS, HTTP_MAX_MS),
            Class::RateLimit => match next_window(rate, now) {
                Some(at) => {
                    let why = "X's rate limit: waiting for its next window".to_owned();
                    Decision::Again { at, why }
                }
                None => wait(RATE_FIRST_MS, RATE_MAX_MS),
            },
            Class::Connections => wait(RATE_FIRST_MS, RATE_MAX_MS),
            Class::PageToken => Decision::Restart { why: trouble.to_string() },
            Class::Other(_) => bad(),
            _ => Decision::Stop(refused(problem)),
        },
    };
    match decision {
        Decision::Again { .. } if now.since(first_failure) >= SILENT_MS => {
            Decision::Stop(silent(trouble))
        }
        decision => decision,
    }
}

/// A wait and up to a quarter of it: the same for the same failure, whoever asks.
fn jittered(wait_ms: i64, tries: u32, first_failure: UnixMs) -> i64 {
    // SplitMix64's finalizer (Steele, Lea, Flood 2014): neighbouring seeds end far apart.
    let mut mixed = first_failure.0.cast_unsigned() ^ (u64::from(tries) << 48);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let span = (wait_ms / JITTER_PART).max(1).cast_unsigned();
    wait_ms.saturating_add((mixed % span).cast_signed())
}

/// The wait of a stream after so many network failures in a row.
pub(crate) fn network_wait_ms(tries: u32) -> i64 {
    i64::from(tries.max(1)).saturating_mul(NETWORK_STEP_MS).min(NETWORK_MAX_MS)
}

/// `first`, twice that, four times that, … up to `max`.
pub(crate) fn doubled(first_ms: i64, tries: u32, max_ms: i64) -> i64 {
    // 2^20 times any first wait is beyond every maximum here.
    first_ms.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(max_ms)
}

fn unusable(trouble: &Trouble, tries: u32) -> Stop {
    Stop {
        cause: StopCause::Rejected,
        title: "X's answers cannot be used".to_owned(),
        detail: format!(
            "{trouble} ({tries} times in a row). The next check tries again; if this stays, X \
             has changed its answers and Roost needs an update."
        ),
    }
}

/// When the window that the headers name is over, where they can be believed.
pub(crate) fn next_window(rate: Option<&Rate>, now: UnixMs) -> Option<UnixMs> {
    let reset = rate?.reset;
    (0..=RESET_AHEAD_MAX_MS).contains(&reset.since(now)).then(|| reset.plus(SECOND_MS))
}

fn refused(problem: &XProblem) -> Stop {
    let (cause, title, advice) = match problem.class {
        Class::Unauthorized => (
            StopCause::Credentials,
            "X does not accept the keys",
            "Make new keys in X's developer console and set them with `wrangler secret put`.",
        ),
        Class::Credits => (
            StopCause::Credits,
            "X's credits are used up",
            "Buy credits in X's developer console; the next check goes on by itself.",
        ),
        Class::UsageCap => (
            StopCause::UsageCap,
            "The cap set at X is reached",
            "Raise the spending limit in X's developer console, or wait for its next period.",
        ),
        Class::Forbidden { not_enrolled: true } => (
            StopCause::Access,
            "This X app has no access",
            "In X's developer console move the app into the pay-per-use package and its \
             Production environment.",
        ),
        Class::Forbidden { not_enrolled: false } => (
            StopCause::Access,
            "X does not allow this read",
            "The account may be protected, or the keys may lack the right to read it: check \
             the app's permissions in X's developer console.",
        ),
        Class::NotFound => (
            StopCause::Gone,
            "X no longer has this account",
            "It was deleted, deactivated or suspended. Everything already kept stays.",
        ),
        _ => (
            StopCause::Rejected,
            "X rejects the request",
            "If this stays, X has changed its interface and Roost needs an update.",
        ),
    };
    let detail = format!("X said {problem}. {advice}");
    Stop { cause, title: title.to_owned(), detail }
}

fn silent(trouble: &Trouble) -> Stop {
    Stop {
        cause: StopCause::Silent,
        title: "No progress for 6 hours".to_owned(),
        detail: format!("Last: {trouble}. The next scheduled check tries again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000_000_000);

    fn http(class: Class) -> Trouble {
        Trouble::Http(XProblem { class, title: "T".into(), detail: String::new() })
    }

    /// The decision in one word: `+milliseconds` without their jitter, `restart` or the cause of
    /// the stop.
    fn word(trouble: &Trouble, tries: u32, first: UnixMs, rate: Option<&Rate>) -> String {
        match decide(trouble, tries, first, rate, NOW) {
            Decision::Again { at, why } => {
                assert!(!why.is_empty());
                let waited = at.since(NOW);
                let steps = [250, 500, 1_000, 2_000, 4_000, 5_000, 8_000, 10_000, 16_000, 20_000];
                let more = [40_000, 60_000, 80_000, 120_000, 160_000, 240_000, 320_000, 480_000];
                let mut known = steps.into_iter().chain(more).chain([960_000]);
                let step = known.find(|step| (*step..step + step / JITTER_PART).contains(&waited));
                format!("+{}", step.unwrap_or(waited))
            }
            Decision::Restart { .. } => "restart".to_owned(),
            Decision::Stop(stop) => {
                assert!(!stop.title.is_empty() && stop.detail.len() > 20, "{stop:?}");
                format!("{:?}", stop.cause)
            }
        }
    }

    #[track_caller]
    fn check(trouble: &Trouble, expected: [&str; 10]) {
        for (tries, expected) in (1..).zip(expected) {
            assert_eq!(word(trouble, tries, NOW, None), expected, "{trouble:?}, try {tries}");
        }
    }

    const SERVER: [&str; 10] = [
        "+5000", "+10000", "+20000", "+40000", "+80000", "+160000", "+320000", "+320000",
        "+320000", "+320000",
    ];
    const RATE: [&str; 10] = [
        "+60000", "+120000", "+240000", "+480000", "+960000", "+960000", "+960000", "+960000",
        "+960000", "+960000",
    ];
    const BAD: [&str; 10] = [
        "+2000", "+4000", "+8000", "+16000", "Rejected", "Rejected", "Rejected", "Rejected",
        "Rejected", "Rejected",
    ];

    #[test]
    fn every_trouble_at_every_try() {
        let network = [
            "+250", "+500", "+1000", "+2000", "+4000", "+8000", "+16000", "+16000", "+16000",
            "+16000",
        ];
        check(&Trouble::Network("dns".into()), network);
        check(&Trouble::Cut, network);
        check(&Trouble::BadBody("at 3".into()), BAD);
        check(&http(Class::Other(302)), BAD);
        check(&http(Class::Server), SERVER);
        check(&http(Class::Conflict), SERVER);
        check(&http(Class::RateLimit), RATE);
        check(&http(Class::Connections), RATE);
        check(&http(Class::PageToken), ["restart"; 10]);
        for (class, cause) in [
            (Class::BadRequest, "Rejected"),
            (Class::Unauthorized, "Credentials"),
            (Class::Credits, "Credits"),
            (Class::Forbidden { not_enrolled: true }, "Access"),
            (Class::Forbidden { not_enrolled: false }, "Access"),
            (Class::NotFound, "Gone"),
            (Class::UsageCap, "UsageCap"),
        ] {
            check(&http(class), [cause; 10]);
        }
    }

    /// The bodies of x-api.md 1.5 as X sends them, each with what it means whatever the status.
    const BODIES: [(&str, Option<[&str; 10]>); 9] = [
        ("", None),
        (
            r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
            None,
        ),
        ("<html>520: Web server is returning an unknown error</html>", None),
        (
            r#"{"title":"CreditsDepleted","detail":"Your enrolled account [1] does not have any credits to fulfill this request.","type":"https://api.twitter.com/2/problems/credits"}"#,
            Some(["Credits"; 10]),
        ),
        (
            r#"{"detail":"credits depleted","status":402,"title":"Payment Required","type":"https://api.x.com/2/problems/credits-depleted"}"#,
            Some(["Credits"; 10]),
        ),
        (r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#, Some(RATE)),
        (
            r#"{"title":"UsageCapExceeded","period":"Monthly","scope":"Product","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
            Some(["UsageCap"; 10]),
        ),
        (
            r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#,
            None,
        ),
        (
            r#"{"errors":[{"parameters":{"expansions":["x"]},"message":"no"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
            None,
        ),
    ];

    /// What a status means where the body says nothing else.
    fn of_status(status: u16) -> [&'static str; 10] {
        match status {
            420 | 429 => RATE,
            408 | 409 | 425 | 500..=599 => SERVER,
            400 => ["Rejected"; 10],
            401 => ["Credentials"; 10],
            402 => ["Credits"; 10],
            403 => ["Access"; 10],
            404 => ["Gone"; 10],
            _ => BAD,
        }
    }

    #[test]
    fn every_status_with_every_body() {
        for status in (100..=599).filter(|status| !(200..300).contains(status)) {
            for (body, meaning) in BODIES {
                let problem = crate::x::problem::classify(status, body.as_bytes());
                let expected = meaning.unwrap_or_else(|| of_status(status));
                for (tries, expected) in (1..).zip(expected) {
                    let trouble = Trouble::Http(problem.clone());
                    let word = word(&trouble, tries, NOW, None);
                    assert_eq!(word, expected, "{status} {body}, try {tries}");
                }
            }
        }
    }

    #[test]
    fn too_many_connections_is_told_apart_from_too_many_calls() {
        let body = r#"{"title":"ConnectionException","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#;
        for (status, expected) in [(429, RATE), (409, SERVER)] {
            let problem = crate::x::problem::classify(status, body.as_bytes());
            check(&Trouble::Http(problem), expected);
        }
    }

    #[test]
    fn waits_stay_bounded_at_any_try() {
        for tries in [0, 11, 64, 65, 1_000, u32::MAX] {
            assert_eq!(word(&http(Class::Server), tries.max(8), NOW, None), "+320000");
            let expected = if tries == 0 { "+250" } else { "+16000" };
            assert_eq!(word(&Trouble::Cut, tries, NOW, None), expected, "{tries}");
        }
    }

    #[test]
    fn waits_are_spread_and_never_shorter() {
        let waits: std::collections::BTreeSet<i64> = (0..100)
            .map(|ms| match decide(&http(Class::Server), 8, NOW.plus(ms), None, NOW) {
                Decision::Again { at, .. } => at.since(NOW),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(waits.len() > 90, "{}", waits.len());
        assert!(*waits.first().unwrap() >= HTTP_MAX_MS);
        assert!(*waits.last().unwrap() < HTTP_MAX_MS + HTTP_MAX_MS / JITTER_PART);
        assert!(waits.last().unwrap() - waits.first().unwrap() > HTTP_MAX_MS / JITTER_PART / 2);
    }

    #[test]
    fn a_rate_limit_waits_for_the_window_that_the_header_names() {
        let at = |reset: UnixMs| Rate { limit: 300, remaining: 0, reset };
        let limited = http(Class::RateLimit);
        let Decision::Again { at: then, .. } =
            decide(&limited, 9, NOW, Some(&at(NOW.plus(90_000))), NOW)
        else {
            panic!()
        };
        assert_eq!(then, NOW.plus(91_000));
        assert_eq!(word(&limited, 1, NOW, Some(&at(NOW.plus(-1)))), "+60000", "a reset gone by");
        let never = NOW.plus(25 * HOUR_MS);
        assert_eq!(word(&limited, 1, NOW, Some(&at(never))), "+60000", "not believed");
    }

    #[test]
    fn six_hours_without_progress_end_every_wait() {
        let waits = [
            Trouble::Cut,
            Trouble::BadBody(String::new()),
            http(Class::Server),
            http(Class::Conflict),
            http(Class::RateLimit),
            http(Class::Connections),
        ];
        for trouble in waits {
            let before = NOW.plus(1 - SILENT_MS);
            assert!(word(&trouble, 1, before, None).starts_with('+'), "{trouble:?}");
            assert_eq!(word(&trouble, 1, NOW.plus(-SILENT_MS), None), "Silent", "{trouble:?}");
        }
        let denied = http(Class::Unauthorized);
        assert_eq!(word(&denied, 1, NOW.plus(-SILENT_MS), None), "Credentials");
    }
}
