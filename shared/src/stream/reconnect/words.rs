//! Why the stream stopped, for the owner: what happened, and what to do.

use crate::retry::{Stop, StopCause};
use crate::x::problem::{Class, XProblem};

fn stop(cause: StopCause, title: &str, detail: String) -> Stop {
    Stop { cause, title: title.to_owned(), detail }
}

/// X refuses for good. That its credits or its cap are used up is no such refusal: whoever asks
/// tells the machine until when the budget pauses.
pub(super) fn refused(problem: &XProblem) -> Stop {
    let (cause, title, advice) = match problem.class {
        Class::Unauthorized => (
            StopCause::Credentials,
            "X does not accept the keys",
            "Streams need the app's bearer token: make a new one in X's developer console, set \
             it with `wrangler secret put`, then switch the stream on again.",
        ),
        Class::Forbidden { not_enrolled: true } => (
            StopCause::Access,
            "This X app has no access",
            "The sample stream is for enterprise apps only: if it is the one, choose the filtered \
             stream. Otherwise move the app into the pay-per-use package and its Production \
             environment in X's developer console, then switch the stream on again.",
        ),
        Class::Forbidden { not_enrolled: false } => (
            StopCause::Access,
            "X does not grant this stream",
            "The sample stream is for enterprise apps only: choose the filtered stream. If it \
             is chosen already, check the app's permissions in X's developer console.",
        ),
        Class::NotFound => (
            StopCause::Gone,
            "X no longer has this stream",
            "Choose the other mode. If this stays, X has moved the stream and Roost needs an \
             update.",
        ),
        _ => (
            StopCause::Rejected,
            "X rejects the request",
            "Look through the rules. If this stays, X has changed its interface and Roost \
             needs an update.",
        ),
    };
    let said = problem.to_string();
    stop(cause, title, format!("X said {}. {advice}", said.trim_end_matches('.')))
}

pub(super) fn revoked(said: &str) -> Stop {
    let advice = "Make a new bearer token in X's developer console, set it with `wrangler \
                  secret put`, then switch the stream on again.";
    stop(StopCause::Credentials, "The keys were revoked", format!("{said}. {advice}"))
}

pub(super) fn rules(why: &str) -> Stop {
    let advice = "Look through the rules: X does not take them as they are. Then switch the \
                  stream on again.";
    stop(StopCause::Rejected, "X does not take the rules", format!("{why}. {advice}"))
}

pub(super) fn gave_up(failures: u32, why: &str) -> Stop {
    let times = if failures == 1 { "1 attempt".to_owned() } else { format!("{failures} attempts") };
    let detail = format!(
        "Last: {why}. The setting `tries` allows no more in a row: switch the stream on again, \
         or allow more."
    );
    stop(StopCause::Silent, &format!("Gave up after {times}"), detail)
}

/// The filtered stream has nothing to filter by.
pub fn no_rules() -> Stop {
    let detail = "The filtered stream brings what matches a rule: add a word to track, an \
                  account to follow, a place, or a rule of your own.";
    stop(StopCause::Rejected, "There are no rules", detail.to_owned())
}

/// Roost's own budget says no; `why` has the numbers and what to do.
pub fn capped(why: &str) -> Stop {
    stop(StopCause::Budget, "The cap is reached", why.to_owned())
}
