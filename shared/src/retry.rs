//! What is done when X, or the way to it, says no. Owns: the one table of waits and stops.
//! Must not know: what was being read. Invariant: every trouble ends, by going on or by a stop
//! that says what to do; nothing is tried for longer than [`SILENT_MS`] without progress.

use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::x::problem::{Class, Rate, XProblem};
use serde::{Deserialize, Serialize};

/// Without any progress for this long a person should look.
pub const SILENT_MS: i64 = 6 * HOUR_MS;
/// X's advice for network trouble: 250 ms more each time, up to 16 s.
const NETWORK_STEP_MS: i64 = 250;
pub(crate) const NETWORK_MAX_MS: i64 = 16 * SECOND_MS;
/// X's advice for HTTP errors: 5 s, doubling, up to 320 s.
pub(crate) const HTTP_FIRST_MS: i64 = 5 * SECOND_MS;
pub(crate) const HTTP_MAX_MS: i64 = 320 * SECOND_MS;
/// X's advice for 429 without a reset: one minute, doubling. X names no end; 16 minutes is
/// past the end of any 15-minute window.
pub(crate) const RATE_FIRST_MS: i64 = MINUTE_MS;
pub(crate) const RATE_MAX_MS: i64 = 16 * MINUTE_MS;
/// A reset later than any window X has is not believed.
const RESET_MAX_MS: i64 = 24 * HOUR_MS;
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
/// `first_failure`; `rate` is what the headers of this answer said.
pub fn decide(
    trouble: &Trouble,
    tries: u32,
    first_failure: UnixMs,
    rate: Option<&Rate>,
    now: UnixMs,
) -> Decision {
    let decision = match trouble {
        Trouble::Network(_) | Trouble::Cut => again(trouble, network_wait_ms(tries), now),
        Trouble::BadBody(_) => bad_answer(trouble, tries, now),
        Trouble::Http(problem) => match problem.class {
            Class::Server | Class::Conflict => {
                again(trouble, doubled(HTTP_FIRST_MS, tries, HTTP_MAX_MS), now)
            }
            Class::RateLimit => rate_limited(trouble, tries, rate, now),
            Class::Connections => again(trouble, doubled(RATE_FIRST_MS, tries, RATE_MAX_MS), now),
            Class::PageToken => Decision::Restart { why: trouble.to_string() },
            Class::Other(_) => bad_answer(trouble, tries, now),
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

fn again(trouble: &Trouble, wait_ms: i64, now: UnixMs) -> Decision {
    Decision::Again { at: now.plus(wait_ms), why: trouble.to_string() }
}

/// The wait after so many network failures in a row.
pub(crate) fn network_wait_ms(tries: u32) -> i64 {
    i64::from(tries.max(1)).saturating_mul(NETWORK_STEP_MS).min(NETWORK_MAX_MS)
}

/// `first`, twice that, four times that, … up to `max`.
pub(crate) fn doubled(first_ms: i64, tries: u32, max_ms: i64) -> i64 {
    // 2^20 times any first wait is beyond every maximum here.
    first_ms.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(max_ms)
}

fn bad_answer(trouble: &Trouble, tries: u32, now: UnixMs) -> Decision {
    if tries < BAD_BODY_TRIES {
        return again(trouble, doubled(BAD_BODY_FIRST_MS, tries, HTTP_MAX_MS), now);
    }
    Decision::Stop(Stop {
        cause: StopCause::Rejected,
        title: "X's answers cannot be used".to_owned(),
        detail: format!(
            "{trouble} ({tries} times in a row). The next check tries again; if this stays, X \
             has changed its answers and Roost needs an update."
        ),
    })
}

fn rate_limited(trouble: &Trouble, tries: u32, rate: Option<&Rate>, now: UnixMs) -> Decision {
    match next_window(rate, now) {
        Some(at) => {
            Decision::Again { at, why: "X's rate limit: waiting for its next window".to_owned() }
        }
        None => again(trouble, doubled(RATE_FIRST_MS, tries, RATE_MAX_MS), now),
    }
}

/// When the window that the headers name is over, where they can be believed.
pub(crate) fn next_window(rate: Option<&Rate>, now: UnixMs) -> Option<UnixMs> {
    let reset = rate?.reset;
    (0..=RESET_MAX_MS).contains(&reset.since(now)).then(|| reset.plus(SECOND_MS))
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

    /// The decision in one word: `+seconds`, `restart` or the cause of the stop.
    fn word(trouble: &Trouble, tries: u32, first: UnixMs, rate: Option<&Rate>) -> String {
        match decide(trouble, tries, first, rate, NOW) {
            Decision::Again { at, why } => {
                assert!(!why.is_empty());
                format!("+{}", at.since(NOW))
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

    #[test]
    fn every_trouble_at_every_try() {
        let network =
            ["+250", "+500", "+750", "+1000", "+1250", "+1500", "+1750", "+2000", "+2250", "+2500"];
        check(&Trouble::Network("dns".into()), network);
        check(&Trouble::Cut, network);
        let five = ["+2000", "+4000", "+8000", "+16000", "Rejected"];
        let bad = |i: usize| five.get(i).copied().unwrap_or("Rejected");
        check(&Trouble::BadBody("at 3".into()), std::array::from_fn(bad));
        check(&http(Class::Other(302)), std::array::from_fn(bad));
        let server = [
            "+5000", "+10000", "+20000", "+40000", "+80000", "+160000", "+320000", "+320000",
            "+320000", "+320000",
        ];
        check(&http(Class::Server), server);
        check(&http(Class::Conflict), server);
        let rate = [
            "+60000", "+120000", "+240000", "+480000", "+960000", "+960000", "+960000", "+960000",
            "+960000", "+960000",
        ];
        check(&http(Class::RateLimit), rate);
        check(&http(Class::Connections), rate);
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

    #[test]
    fn waits_stay_bounded_at_any_try() {
        for tries in [0, 11, 64, 65, 1_000, u32::MAX] {
            assert_eq!(word(&http(Class::Server), tries.max(8), NOW, None), "+320000");
            let wait = word(&Trouble::Cut, tries, NOW, None);
            let expected = match tries {
                0 => "+250",
                11 => "+2750",
                _ => "+16000",
            };
            assert_eq!(wait, expected, "{tries}");
        }
    }

    #[test]
    fn a_rate_limit_waits_for_the_window_that_the_header_names() {
        let at = |reset: UnixMs| Rate { limit: 300, remaining: 0, reset };
        let limited = http(Class::RateLimit);
        assert_eq!(word(&limited, 9, NOW, Some(&at(NOW.plus(90_000)))), "+91000");
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
