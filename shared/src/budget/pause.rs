//! X takes no more calls, whoever asks: prepaid credits or the cap set there are used up. Owns:
//! until when nobody asks, and the one call that then sees whether X takes calls again.
//! Invariant: while a pause lasts no lease is granted but the probe's.

use super::Grant;
use crate::api::BudgetPause;
use crate::retry::Trouble;
use crate::time::{DAY_MS, MINUTE_MS, UnixMs};
use crate::x::problem::Class;
use serde::{Deserialize, Serialize};

/// A probe nobody settles is given up after this long.
const PROBE_MS: i64 = 15 * MINUTE_MS;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    since: UnixMs,
    until: UnixMs,
    why: String,
    /// The lease of the call that sees, and until when it is waited for.
    probe: Option<(u64, UnixMs)>,
}

/// Whether this trouble pauses all asking, and the pause if it does. X names no end of it: the
/// next UTC day is when its daily caps begin anew and a person has had time to buy credits.
pub fn pause(trouble: &Trouble, now: UnixMs) -> Option<Pause> {
    let Trouble::Http(problem) = trouble else { return None };
    let advice = match problem.class {
        Class::Credits => "Buy credits in X's developer console",
        Class::UsageCap => {
            "Raise the spending limit in X's developer console, or wait for its next period"
        }
        _ => return None,
    };
    let until = UnixMs((now.utc_day() + 1) * DAY_MS);
    let said = problem.to_string();
    let said = said.trim_end_matches('.');
    let why = format!("X said {said}. {advice}; Roost tries once at {until}, then goes on.");
    Some(Pause { since: now, until, why, probe: None })
}

/// What a pause says to someone who asks.
pub(super) enum Held {
    /// Not now.
    No(Grant),
    /// One call, to see.
    Probe,
}

impl Pause {
    pub(super) fn holds(&self, now: UnixMs) -> Held {
        let until = match self.probe {
            _ if now < self.until => self.until,
            Some((_, until)) if now < until => until,
            _ => return Held::Probe,
        };
        Held::No(Grant::Later { until, why: self.why.clone() })
    }

    pub(super) fn probing(&mut self, lease: u64, now: UnixMs) {
        self.probe = Some((lease, now.plus(PROBE_MS)));
    }

    /// Whether what a lease came to shows that X takes calls again: it was the probe's, or X gave
    /// and billed something after the pause.
    pub(super) fn ends_with(&self, lease: u64, billed: bool, now: UnixMs) -> bool {
        self.probe.is_some_and(|(probe, _)| probe == lease) || (billed && now >= self.until)
    }

    /// X said it again: the pause goes on, as of its beginning.
    pub(super) fn again(self, before: Option<Self>) -> Self {
        Self { since: before.map_or(self.since, |before| before.since), ..self }
    }

    /// As the owner sees it.
    pub fn view(&self) -> BudgetPause {
        BudgetPause { since: self.since, until: self.until, why: self.why.clone() }
    }
}
