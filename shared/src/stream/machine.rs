//! The one owner of the upstream connection. Owns: whether there is to be one, which attempt is
//! the current one, when it is dead, what was not observed. Must not know: sockets, requests,
//! clocks. Invariant: [`Effect::Connect`] always follows an [`Effect::Abort`] in the same answer
//! and never comes while an attempt is current; from [`Input::Want`] on, every instant lies
//! within a connection or within a declared gap.
//!
//! `now` is any clock that runs evenly: one that a test may set ahead by hours would make every
//! connection look dead. The machine is written as JSON after every input, before its effects are
//! carried out; only after [`Input::Bytes`], which has none, as rarely as the shell likes: an
//! instant that was not saved widens a gap, never hides one.

mod io;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use io::{Effect, Ended, Input};

use super::reconnect::{Backoff, HEALTHY_MS, Next, Remedy, capped, no_rules};
use crate::api::{Connection, ConnectionState};
use crate::retry::{Stop, StopCause, Trouble};
use crate::time::{SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// Silence after which a connection is dead: X sends at least a keep-alive every 20 s.
pub const SILENCE_MS: i64 = 20 * SECOND_MS;
/// A keep-alive may be this late: X's advice is to tolerate jitter.
pub const JITTER_MS: i64 = SECOND_MS;
/// A connect that is not answered is dead.
const CONNECT_MS: i64 = 30 * SECOND_MS;
/// So long may the calls take that come before a connect.
const REMEDY_MS: i64 = 60 * SECOND_MS;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    want: bool,
    tries: Option<u32>,
    rules: bool,
    attempt: u64,
    phase: Phase,
    /// Since when the connection stands as it does.
    since: Option<UnixMs>,
    last_byte: Option<UnixMs>,
    /// The open gap's beginning.
    gap: Option<UnixMs>,
    backoff: Backoff,
    why: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Off,
    /// A call that must precede the connect is under way.
    Preparing {
        what: Remedy,
        since: UnixMs,
        /// The connect comes no earlier.
        connect_at: UnixMs,
    },
    Connecting {
        since: UnixMs,
    },
    Live {
        since: UnixMs,
        last: UnixMs,
        healthy: bool,
    },
    Waiting {
        until: UnixMs,
        first: Option<Remedy>,
    },
    /// The budget says no, and when to ask it again.
    Held {
        until: UnixMs,
    },
    Stopped(Stop),
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            want: false,
            tries: None,
            rules: false,
            attempt: 0,
            phase: Phase::Off,
            since: None,
            last_byte: None,
            gap: None,
            backoff: Backoff::default(),
            why: None,
        }
    }
}

impl Machine {
    /// Takes in what happened; what is about another attempt than the current one is ignored.
    pub fn handle(&mut self, now: UnixMs, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::Want { on: false, .. } => self.off(now, &mut out),
            Input::Want { on: true, tries, rules } => self.on(now, tries, rules, &mut out),
            Input::Restarted => self.restarted(now, &mut out),
            Input::Opened { attempt } if self.is_connecting(attempt) => self.opened(now, &mut out),
            Input::Refused { attempt, trouble, rate } if self.is_connecting(attempt) => {
                if matches!(trouble, Trouble::Http(_) | Trouble::BadBody(_)) {
                    self.backoff.answered(now);
                }
                let next = self.backoff.refused(&trouble, rate.as_ref(), self.tries, now);
                self.go_on(now, next, &mut out);
            }
            Input::Bytes { attempt } if attempt == self.attempt => self.bytes(now),
            Input::Said { attempt, disconnect } if self.is_live(attempt) => {
                let next = self.backoff.said(&disconnect, self.tries, now);
                self.go_on(now, next, &mut out);
            }
            Input::Ended { attempt, how } => self.ended(now, attempt, &how, &mut out),
            Input::RulesSynced(result) => self.rules_synced(now, result, &mut out),
            Input::GhostsKilled(_) if self.is_preparing(Remedy::KillGhosts) => {
                // Whether it worked the connect will tell.
                self.prepared(now, &mut out);
            }
            Input::Capped { why, until } if self.want && self.stopped().is_none() => match until {
                Some(until) => self.hold(now, why, until, &mut out),
                None => self.go_on(now, Next::Stop(capped(&why)), &mut out),
            },
            Input::Freed if self.is_held() => self.begin(now, &mut out),
            Input::Reconnect if self.want => self.reconnect(now, &mut out),
            Input::Tick => self.tick(now, &mut out),
            _ => {}
        }
        out
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn wake_at(&self) -> Option<UnixMs> {
        match self.phase {
            Phase::Off | Phase::Stopped(_) => None,
            Phase::Preparing { since, .. } => Some(since.plus(REMEDY_MS)),
            Phase::Connecting { since } => Some(since.plus(CONNECT_MS)),
            Phase::Live { last, .. } => Some(last.plus(SILENCE_MS + JITTER_MS)),
            Phase::Waiting { until, .. } | Phase::Held { until } => Some(until),
        }
    }

    /// The current attempt's number, or the last one's; 0 before the first.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// Whether this attempt is still to be made. Whoever has to wait for something before it opens
    /// the connection asks again: what was switched off meanwhile found nothing to abort yet.
    pub fn awaits(&self, attempt: u64) -> bool {
        self.is_connecting(attempt)
    }

    /// Whether the longest wait is reached: time for a person to look.
    pub fn alert(&self) -> bool {
        self.backoff.alert()
    }

    /// Since when nothing is observed, where that is so.
    pub fn gap(&self) -> Option<UnixMs> {
        self.gap
    }

    /// Why it stopped, where it did.
    pub fn stopped(&self) -> Option<&Stop> {
        match &self.phase {
            Phase::Stopped(stop) => Some(stop),
            _ => None,
        }
    }

    /// Whether it waits for the budget, which may change its mind sooner than it said.
    pub fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held { .. })
    }

    /// How the connection stands, for the owner.
    pub fn connection(&self) -> Connection {
        let (state, retry_at) = match self.phase {
            Phase::Off => (ConnectionState::Off, None),
            Phase::Preparing { .. } | Phase::Connecting { .. } => {
                (ConnectionState::Connecting, None)
            }
            Phase::Live { .. } => (ConnectionState::Live, None),
            Phase::Waiting { until, .. } | Phase::Held { until } => {
                (ConnectionState::Waiting, Some(until))
            }
            Phase::Stopped(_) => (ConnectionState::Stopped, None),
        };
        Connection {
            state,
            since: self.since,
            last_byte: self.last_byte,
            retry_at,
            attempts: self.backoff.failures(),
            why: self.why.clone(),
        }
    }

    fn is_connecting(&self, attempt: u64) -> bool {
        attempt == self.attempt && matches!(self.phase, Phase::Connecting { .. })
    }

    fn is_live(&self, attempt: u64) -> bool {
        attempt == self.attempt && matches!(self.phase, Phase::Live { .. })
    }

    fn is_preparing(&self, remedy: Remedy) -> bool {
        matches!(self.phase, Phase::Preparing { what, .. } if what == remedy)
    }

    fn enter(&mut self, now: UnixMs, phase: Phase) {
        self.phase = phase;
        self.since = Some(now);
    }

    fn off(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        abort(out);
        // Whether the connection still stood after its last byte nobody knows.
        if matches!(self.phase, Phase::Live { last, .. } if last < now) {
            self.lost(now, "the stream was switched off", false, out);
        }
        self.close_gap(now, out);
        self.want = false;
        self.why = None;
        if self.phase != Phase::Off {
            self.backoff.forgive();
            self.enter(now, Phase::Off);
        }
    }

    fn on(&mut self, now: UnixMs, tries: Option<u32>, rules: bool, out: &mut Vec<Effect>) {
        let wanted = std::mem::replace(&mut self.want, true);
        let other_stream = self.rules != rules;
        (self.tries, self.rules) = (tries, rules);
        if !wanted || self.stopped().is_some() || self.is_held() {
            self.backoff.forgive();
            abort(out);
            self.open_gap(now, "not connected yet", out);
            self.begin(now, out);
        } else if other_stream {
            self.reconnect(now, out);
        }
    }

    /// From the start: what is to be done before a connect, then the connect.
    fn begin(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        self.why = None;
        let first = self.rules.then_some(Remedy::SyncRules);
        self.prepare(now, first, now, out);
    }

    fn prepare(
        &mut self,
        now: UnixMs,
        first: Option<Remedy>,
        connect_at: UnixMs,
        out: &mut Vec<Effect>,
    ) {
        abort(out);
        // A remedy may have been decided on before the mode was changed: the sample has no rules,
        // and to find none of them is no reason to stop it.
        let first = first.filter(|what| *what != Remedy::SyncRules || self.rules);
        match first {
            Some(what) => {
                out.push(match what {
                    Remedy::SyncRules => Effect::SyncRules,
                    Remedy::KillGhosts => Effect::KillGhosts,
                });
                self.enter(now, Phase::Preparing { what, since: now, connect_at });
            }
            None => self.connect(now, connect_at, out),
        }
    }

    /// The call that came before the connect is done.
    fn prepared(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        if let Phase::Preparing { connect_at, .. } = self.phase {
            self.connect(now, connect_at, out);
        }
    }

    /// Connects, no earlier than `at` and no more often than X allows.
    fn connect(&mut self, now: UnixMs, at: UnixMs, out: &mut Vec<Effect>) {
        let until = at.max(self.backoff.allowed_at(now));
        if until > now {
            if until > at {
                self.why = Some("X allows 50 connects in 15 minutes: waiting".to_owned());
            }
            return self.enter(now, Phase::Waiting { until, first: None });
        }
        abort(out);
        self.attempt += 1;
        out.push(Effect::Connect { attempt: self.attempt });
        self.enter(now, Phase::Connecting { since: now });
    }

    fn opened(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        self.backoff.answered(now);
        self.last_byte = Some(now);
        self.why = None;
        self.enter(now, Phase::Live { since: now, last: now, healthy: false });
        self.close_gap(now, out);
        out.push(Effect::Tell { about: "connected", text: "The stream is connected".to_owned() });
    }

    fn bytes(&mut self, now: UnixMs) {
        if let Phase::Live { since, last, healthy } = &mut self.phase {
            *last = now;
            self.last_byte = Some(now);
            if !*healthy && now.since(*since) >= HEALTHY_MS {
                *healthy = true;
                self.backoff.healthy();
            }
        }
    }

    fn ended(&mut self, now: UnixMs, attempt: u64, how: &Ended, out: &mut Vec<Effect>) {
        let why = match how {
            Ended::Eof => "X ended the stream".to_owned(),
            Ended::Error(error) => format!("the connection broke: {error}"),
            Ended::Silent => format!("nothing came for {} s", SILENCE_MS / SECOND_MS),
        };
        let next = if self.is_live(attempt) {
            self.backoff.dropped(why, self.tries, now)
        } else if self.is_connecting(attempt) {
            self.backoff.refused(&Trouble::Network(why), None, self.tries, now)
        } else {
            return;
        };
        self.go_on(now, next, out);
    }

    fn rules_synced(&mut self, now: UnixMs, result: Result<u32, Trouble>, out: &mut Vec<Effect>) {
        if !self.is_preparing(Remedy::SyncRules) {
            return;
        }
        match result {
            Ok(0) => self.go_on(now, Next::Stop(no_rules()), out),
            Ok(_) => self.prepared(now, out),
            Err(trouble) => self.sync_failed(now, &trouble, out),
        }
    }

    /// What failed is done again, but not at once: that is how it failed.
    fn sync_failed(&mut self, now: UnixMs, trouble: &Trouble, out: &mut Vec<Effect>) {
        match self.backoff.refused(trouble, None, self.tries, now) {
            Next::Again { at, why, .. } => {
                self.why = Some(why);
                self.enter(now, Phase::Waiting { until: at, first: Some(Remedy::SyncRules) });
            }
            stop @ Next::Stop(_) => self.go_on(now, stop, out),
        }
    }

    /// After a failure, an end or a stop: nothing is connected any more.
    fn go_on(&mut self, now: UnixMs, next: Next, out: &mut Vec<Effect>) {
        abort(out);
        let was_live = matches!(self.phase, Phase::Live { .. });
        match next {
            Next::Again { at, first, why } => {
                self.lost(now, &why, was_live, out);
                self.why = Some(why);
                self.prepare(now, first, at, out);
            }
            Next::Stop(stop) => {
                let why = format!("{}. {}", stop.title, stop.detail);
                self.lost(now, &stop.title, false, out);
                out.push(Effect::Tell { about: "stopped", text: why.clone() });
                self.why = Some(why);
                self.enter(now, Phase::Stopped(stop));
            }
        }
    }

    /// Nothing is to be read before the budget has room again; then it goes on by itself.
    fn hold(&mut self, now: UnixMs, why: String, until: UnixMs, out: &mut Vec<Effect>) {
        let known = self.is_held() && self.why.as_ref() == Some(&why);
        if !known {
            abort(out);
            self.lost(now, &why, false, out);
            out.push(Effect::Tell { about: "stopped", text: why.clone() });
            self.why = Some(why);
        }
        self.enter(now, Phase::Held { until });
    }

    /// Declares the gap that an end begins, from the last byte.
    fn lost(&mut self, now: UnixMs, why: &str, tell: bool, out: &mut Vec<Effect>) {
        let from = match self.phase {
            Phase::Live { last, .. } => last,
            _ => now,
        };
        self.open_gap(from, why, out);
        if tell {
            let text = format!("The stream is disconnected: {why}");
            out.push(Effect::Tell { about: "disconnected", text });
        }
    }

    fn open_gap(&mut self, from: UnixMs, why: &str, out: &mut Vec<Effect>) {
        if self.gap.is_none() {
            self.gap = Some(from);
            out.push(Effect::GapBegan { from, why: why.to_owned() });
        }
    }

    fn close_gap(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        if let Some(from) = self.gap.take() {
            out.push(Effect::GapEnded { from, to: now.max(from) });
        }
    }

    fn restarted(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        abort(out);
        match self.phase {
            Phase::Off | Phase::Stopped(_) => {}
            Phase::Waiting { .. } | Phase::Held { .. } => self.tick(now, out),
            Phase::Preparing { what, connect_at, .. } => {
                if let Next::Again { at, why, .. } = self.backoff.restarted(now) {
                    self.why = Some(why);
                    let until = at.max(connect_at);
                    self.enter(now, Phase::Waiting { until, first: Some(what) });
                }
            }
            Phase::Connecting { .. } | Phase::Live { .. } => {
                let next = self.backoff.restarted(now);
                self.go_on(now, next, out);
            }
        }
    }

    /// Other settings: a connection is made anew; a wait goes on, for X asked for it; a cap
    /// that was reached stays reached.
    fn reconnect(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        match &mut self.phase {
            Phase::Off | Phase::Held { .. } => return,
            Phase::Stopped(stop) if stop.cause == StopCause::Budget => return,
            Phase::Stopped(_) => self.backoff.forgive(),
            Phase::Waiting { first, .. } => {
                let rules = self.rules.then_some(Remedy::SyncRules);
                *first = first.filter(|what| *what != Remedy::SyncRules).or(rules);
                return;
            }
            Phase::Preparing { .. } | Phase::Connecting { .. } | Phase::Live { .. } => {}
        }
        abort(out);
        self.lost(now, "the settings changed", false, out);
        self.begin(now, out);
    }

    fn tick(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        if self.wake_at().is_none_or(|at| at > now) {
            return;
        }
        match self.phase {
            Phase::Off | Phase::Stopped(_) => {}
            Phase::Waiting { first, .. } => self.prepare(now, first, now, out),
            Phase::Held { .. } => self.begin(now, out),
            Phase::Live { .. } => self.ended(now, self.attempt, &Ended::Silent, out),
            Phase::Connecting { .. } => {
                let why = format!("no answer within {} s", CONNECT_MS / SECOND_MS);
                self.ended(now, self.attempt, &Ended::Error(why), out);
            }
            Phase::Preparing { what: Remedy::KillGhosts, .. } => self.prepared(now, out),
            Phase::Preparing { what: Remedy::SyncRules, .. } => {
                let why = format!("the rules were not answered within {} s", REMEDY_MS / SECOND_MS);
                self.sync_failed(now, &Trouble::Network(why), out);
            }
        }
    }
}

/// Asks once for whatever connection there is to be dropped.
fn abort(out: &mut Vec<Effect>) {
    if !out.contains(&Effect::Abort) {
        out.push(Effect::Abort);
    }
}
