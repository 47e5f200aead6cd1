//! When the stream is connected again. Owns: the waits by kind of failure (X's advice, "Handling
//! disconnections"), the end of trying, the count of connects. Must not know: connections.
//! Invariant: every failure ends in a wait, at most [`WAIT_MAX_MS`] unless X's headers name a
//! later window, or in a stop that says what to do; X is asked for fewer connections than it
//! allows.
//!
//! Every kind keeps its own count of failures, so that kinds taking turns do not start each
//! other anew. All begin anew after health: connected, and bytes coming, for [`HEALTHY_MS`].

mod words;

use super::disconnect::{Disconnect, DisconnectMeaning};
use crate::retry::{
    HTTP_FIRST_MS, HTTP_MAX_MS, NETWORK_MAX_MS, RATE_FIRST_MS, RATE_MAX_MS, Stop, Trouble, doubled,
    network_wait_ms, next_window,
};
use crate::time::{MINUTE_MS, SECOND_MS, UnixMs};
use crate::x::problem::{Class, Rate};
use serde::{Deserialize, Serialize};
pub use words::{capped, no_rules};

/// A connection that gave bytes for so long is healthy, and the counts begin anew. Longer than
/// the shortest waits, so that a connection that breaks at once each time still backs off.
pub const HEALTHY_MS: i64 = 60 * SECOND_MS;
/// The longest wait that no header asked for.
pub const WAIT_MAX_MS: i64 = RATE_MAX_MS;
/// X allows 50 connects in 15 minutes; some are left to the owner's other programs.
const CONNECTS_MAX: usize = 45;
const CONNECTS_MS: i64 = 15 * MINUTE_MS;
/// After the ghosts are killed X needs a moment to notice.
const CONNECTIONS_FIRST_MS: i64 = 5 * SECOND_MS;
/// So often X may say that the rules do not hold, each time after they were set right.
const RULES_TRIES: u32 = 8;

/// Kinds of failure, by how long is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// TCP, TLS, an answer cut short, a connection that ended: 250 ms more each time, to 16 s.
    Network,
    /// X answered with an error: 5 s, doubling, to 320 s.
    Http,
    /// 429 or 420: until the window that the headers name, else 60 s, doubling, to 16 min.
    RateLimit,
    /// Another connection is open: ghosts are killed at once; 5 s, doubling, to 16 min.
    Connections,
    /// 409, or rules that no longer hold: they are set right at once; no wait the first time,
    /// then as [`Kind::Http`].
    Rules,
}

/// What is done at once, before the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Make X's rules what the settings say.
    SyncRules,
    /// Have X close every connection of this app.
    KillGhosts,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Connect again.
    Again {
        /// Not before.
        at: UnixMs,
        /// Done first, at once.
        first: Option<Remedy>,
        /// What happened, for people.
        why: String,
    },
    /// Not again by itself.
    Stop(Stop),
}

/// Failures since the last health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// In a row, of every kind.
    failures: u32,
    network: u32,
    http: u32,
    rate_limit: u32,
    connections: u32,
    rules: u32,
    /// A healthy connection stood: its end is followed by a connect at once.
    at_once: bool,
    /// The last wait was the longest of its kind.
    alert: bool,
    /// When X answered to a connect, in Unix milliseconds, oldest first; the last 15 minutes.
    connects: Vec<i64>,
}

impl Backoff {
    /// Attempts in a row that failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the longest wait is reached: time for a person to look.
    pub fn alert(&self) -> bool {
        self.alert
    }

    /// The connection has been healthy: everything begins anew.
    pub fn healthy(&mut self) {
        let connects = std::mem::take(&mut self.connects);
        *self = Self { at_once: true, connects, ..Self::default() };
    }

    /// The owner acted: everything begins anew, but what X counts.
    pub fn forgive(&mut self) {
        self.healthy();
        self.at_once = false;
    }

    /// X answered to a connect, well or not.
    pub fn answered(&mut self, now: UnixMs) {
        self.forget(now);
        self.connects.push(now.0);
    }

    /// When the next connect stays below X's limit; `now` if it does at once.
    pub fn allowed_at(&mut self, now: UnixMs) -> UnixMs {
        self.forget(now);
        let over = self.connects.len().checked_sub(CONNECTS_MAX);
        let first = over.and_then(|index| self.connects.get(index));
        first.map_or(now, |&at| UnixMs(at).plus(CONNECTS_MS))
    }

    fn forget(&mut self, now: UnixMs) {
        self.connects.retain(|&at| now.since(UnixMs(at)) < CONNECTS_MS);
    }

    /// A connect, or what had to precede it, failed. `tries` as in the settings.
    pub fn refused(
        &mut self,
        trouble: &Trouble,
        rate: Option<&Rate>,
        tries: Option<u32>,
        now: UnixMs,
    ) -> Next {
        let kind = match kind(trouble) {
            Ok(kind) => kind,
            Err(stop) => return Next::Stop(stop),
        };
        let next = self.wait(kind, rate, trouble.to_string(), now);
        self.count(next, tries)
    }

    /// An established connection ended without a word.
    pub fn dropped(&mut self, why: String, tries: Option<u32>, now: UnixMs) -> Next {
        if let Some(next) = self.once(&why, now) {
            return next;
        }
        let next = self.wait(Kind::Network, None, why, now);
        self.count(next, tries)
    }

    /// X said that it closes an established connection.
    pub fn said(&mut self, said: &Disconnect, tries: Option<u32>, now: UnixMs) -> Next {
        use DisconnectMeaning as M;
        let why = said.text();
        let meaning = said.meaning();
        if matches!(meaning, M::Network | M::SlowReader | M::Server)
            && let Some(next) = self.once(&why, now)
        {
            return next;
        }
        let next = match meaning {
            M::Network | M::SlowReader => self.wait(Kind::Network, None, why, now),
            M::Server | M::Access => self.wait(Kind::Http, None, why, now),
            M::Rules => self.wait(Kind::Rules, None, why, now),
            M::Duplicate => self.displaced(why, now),
            M::TokenRevoked => Next::Stop(words::revoked(&why)),
        };
        self.count(next, tries)
    }

    /// The host lost its memory: nobody's failure, but many in a row must not come fast.
    pub fn restarted(&mut self, now: UnixMs) -> Next {
        let why = "Roost restarted".to_owned();
        match self.once(&why, now) {
            Some(next) => next,
            None => self.wait(Kind::Network, None, why, now),
        }
    }

    /// The connect at once that follows the end of a healthy connection; once.
    fn once(&mut self, why: &str, now: UnixMs) -> Option<Next> {
        std::mem::take(&mut self.at_once).then(|| again(now, None, why.to_owned()))
    }

    /// Closed in favour of another connection. To kill that one would begin a fight of two
    /// programs: this one waits its turn, and kills only if X then still refuses.
    fn displaced(&mut self, why: String, now: UnixMs) -> Next {
        self.at_once = false;
        self.connections += 1;
        let ms = doubled(RATE_FIRST_MS, self.connections, RATE_MAX_MS);
        self.alert = ms == RATE_MAX_MS;
        again(now.plus(ms), None, why)
    }

    fn wait(&mut self, kind: Kind, rate: Option<&Rate>, why: String, now: UnixMs) -> Next {
        self.at_once = false;
        let step = self.step(kind);
        let (ms, max_ms) = match kind {
            Kind::Network => (network_wait_ms(step), NETWORK_MAX_MS),
            Kind::Http => (doubled(HTTP_FIRST_MS, step, HTTP_MAX_MS), HTTP_MAX_MS),
            Kind::RateLimit => (doubled(RATE_FIRST_MS, step, RATE_MAX_MS), RATE_MAX_MS),
            Kind::Connections => (doubled(CONNECTIONS_FIRST_MS, step, RATE_MAX_MS), RATE_MAX_MS),
            Kind::Rules if step > RULES_TRIES => return Next::Stop(words::rules(&why)),
            Kind::Rules if step == 1 => (0, HTTP_MAX_MS),
            Kind::Rules => (doubled(HTTP_FIRST_MS, step - 1, HTTP_MAX_MS), HTTP_MAX_MS),
        };
        self.alert = ms == max_ms;
        // Refusals of a second connection carry the headers of a window with calls left.
        let window = match kind {
            Kind::RateLimit => next_window(rate, now),
            Kind::Connections => next_window(rate.filter(|rate| rate.remaining == 0), now),
            _ => None,
        };
        let first = match kind {
            Kind::Connections => Some(Remedy::KillGhosts),
            Kind::Rules => Some(Remedy::SyncRules),
            _ => None,
        };
        again(window.unwrap_or(now.plus(ms)), first, why)
    }

    /// This failure's number among those of its kind.
    fn step(&mut self, kind: Kind) -> u32 {
        let step = match kind {
            Kind::Network => &mut self.network,
            Kind::Http => &mut self.http,
            Kind::RateLimit => &mut self.rate_limit,
            Kind::Connections => &mut self.connections,
            Kind::Rules => &mut self.rules,
        };
        *step = step.saturating_add(1);
        *step
    }

    fn count(&mut self, next: Next, tries: Option<u32>) -> Next {
        self.failures = self.failures.saturating_add(1);
        match next {
            Next::Again { why, .. } if tries.is_some_and(|tries| self.failures >= tries) => {
                Next::Stop(words::gave_up(self.failures, &why))
            }
            next => next,
        }
    }
}

fn again(at: UnixMs, first: Option<Remedy>, why: String) -> Next {
    Next::Again { at, first, why }
}

/// The kind of a failure to connect, or the stop that it is.
fn kind(trouble: &Trouble) -> Result<Kind, Stop> {
    let problem = match trouble {
        Trouble::Network(_) | Trouble::Cut => return Ok(Kind::Network),
        Trouble::BadBody(_) => return Ok(Kind::Http),
        Trouble::Http(problem) => problem,
    };
    match problem.class {
        Class::Server => Ok(Kind::Http),
        Class::RateLimit => Ok(Kind::RateLimit),
        Class::Connections => Ok(Kind::Connections),
        Class::Conflict => Ok(Kind::Rules),
        // Not acceptable, too large, not in range: the request itself is wrong.
        Class::Other(status) if !matches!(status, 406 | 413 | 416) => Ok(Kind::Http),
        _ => Err(words::refused(problem)),
    }
}

#[cfg(test)]
mod tests;
