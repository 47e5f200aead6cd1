//! The machine of one bulk look-up: many people, a hundred a call. Owns: which batches are asked
//! next, how many at once, when again, when no more. Must not know: how answers are kept, who
//! pays. Invariant: it makes no call that was not granted; it ends; every key ends in exactly one
//! class; one batch's trouble never holds up another's.
//!
//! Its state is written as JSON after every input, so that the machine may be lost between any
//! two: batches that were [under way](Step::Call) are asked again after [`Lookup::recover`], since
//! their answers are not known.

mod class;
mod name;
#[cfg(test)]
mod tests;

pub use class::{By, Class, Told, Unread, keys, refusal, sort};
pub use name::person;

use crate::retry::{Decision, Stop, StopCause, Trouble, Wait, decide};
use crate::time::{HOUR_MS, UnixMs};
use crate::x::problem::{Class as Refusal, Rate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most X takes in one call (docs.x.com, "Get Users by IDs").
pub const BATCH_MAX: u32 = 100;
/// Workers may have six calls under way at once (Cloudflare, "Simultaneous open connections").
pub const POOL_MAX: u32 = 6;
/// More tries than anyone should need.
pub const TRIES_MAX: u32 = 20;
/// How often X's credits or cap are tried anew: whoever tops up need not press anything.
const PAUSE_MS: i64 = HOUR_MS;
/// A look-up that could not go on for so long is given up.
const PAUSES_MAX: u32 = 24;

/// How a look-up is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Calls at once, 1 to [`POOL_MAX`].
    pub pool: u32,
    /// Failures of one batch after which it is given up, 1 to [`TRIES_MAX`].
    pub tries: u32,
    /// Keys of one call, 1 to [`BATCH_MAX`].
    pub batch: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { pool: 3, tries: 5, batch: BATCH_MAX }
    }
}

/// One look-up under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    settings: Settings,
    /// By number.
    batches: Vec<Batch>,
    /// Calls that may be made now.
    granted: u32,
    /// Nothing before then, whichever batch.
    wait: Option<Wait>,
    pauses: u32,
    stopped: Option<Stop>,
    calls: u64,
    retries: u64,
}

/// What is to know of a batch beside its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Batch {
    /// Keys nothing is known of yet.
    left: u32,
    flying: bool,
    tries: u32,
    since: Option<UnixMs>,
    wait: Option<Wait>,
    /// Why it was given up, if it was.
    failed: Option<String>,
}

impl Batch {
    fn is_open(&self) -> bool {
        self.left > 0 && self.failed.is_none()
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask for leave, then [`Lookup::grant`] or [`Lookup::refuse`].
    Ask {
        /// Calls wanted.
        calls: u32,
        /// People those may bill.
        people: u64,
    },
    /// Make these calls at once; then for each [`Lookup::answer`] or [`Lookup::trouble`].
    Call(Vec<u32>),
    /// Nothing before `until`.
    Wait {
        /// When to ask for the next step again.
        until: UnixMs,
        /// What is waited for, in words for the owner.
        why: String,
    },
    /// Every key has its class but those of batches that were given up: [`Lookup::failed`].
    Finish,
}

impl Lookup {
    /// Begins; `sizes` are the keys of each batch.
    pub fn start(settings: Settings, sizes: impl IntoIterator<Item = u32>) -> Self {
        let batch =
            |left| Batch { left, flying: false, tries: 0, since: None, wait: None, failed: None };
        Self {
            settings,
            batches: sizes.into_iter().map(batch).collect(),
            granted: 0,
            wait: None,
            pauses: 0,
            stopped: None,
            calls: 0,
            retries: 0,
        }
    }

    /// After a loss: whatever was under way is to be asked again. Calls granted and not made are
    /// forgotten: their lease is settled by whoever finds it.
    pub fn recover(&mut self) {
        self.granted = 0;
        for batch in &mut self.batches {
            batch.flying = false;
        }
    }

    /// How it is made.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Keys nothing is known of yet.
    pub fn left(&self) -> u64 {
        self.batches.iter().map(|batch| u64::from(batch.left)).sum()
    }

    /// Until when it waits, and for what; possibly gone by.
    pub fn waiting(&self) -> Option<(UnixMs, &str)> {
        self.wait.as_ref().map(|wait| (wait.until, wait.why.as_str()))
    }

    /// What to do now. Calls handed out count as made: they are to be saved before they are.
    pub fn next(&mut self, now: UnixMs) -> Step {
        let open = self.batches.iter().any(Batch::is_open);
        if !open || self.stopped.is_some() {
            return Step::Finish;
        }
        if let Some(Wait { until, why }) = self.wait.as_ref().filter(|wait| wait.until > now) {
            return Step::Wait { until: *until, why: why.clone() };
        }
        let ready: Vec<u32> = self.ready(now).take(self.settings.pool as usize).collect();
        if ready.is_empty() {
            let open = self.batches.iter().filter(|batch| batch.is_open());
            let soonest = open.filter_map(|batch| batch.wait.as_ref()).min_by_key(|w| w.until);
            let under_way = || Wait { until: now.plus(1), why: "X is being asked".to_owned() };
            let wait = soonest.cloned().unwrap_or_else(under_way);
            // Of all that is left, so that whoever looks sees what is waited for.
            self.wait = Some(wait.clone());
            return Step::Wait { until: wait.until, why: wait.why };
        }
        if self.granted == 0 {
            let calls = self.ready(now).count();
            let people = self.ready(now).map(|n| self.size(n)).sum();
            return Step::Ask { calls: u32::try_from(calls).unwrap_or(u32::MAX), people };
        }
        let ready: Vec<u32> = ready.into_iter().take(self.granted as usize).collect();
        self.granted -= u32::try_from(ready.len()).unwrap_or(self.granted);
        self.calls += ready.len() as u64;
        for &n in &ready {
            if let Some(batch) = self.batches.get_mut(n as usize) {
                batch.flying = true;
            }
        }
        Step::Call(ready)
    }

    fn ready(&self, now: UnixMs) -> impl Iterator<Item = u32> {
        let ready = move |batch: &Batch| {
            batch.is_open()
                && !batch.flying
                && batch.wait.as_ref().is_none_or(|wait| wait.until <= now)
        };
        (0..).zip(&self.batches).filter(move |(_, batch)| ready(batch)).map(|(n, _)| n)
    }

    fn size(&self, n: u32) -> u64 {
        self.batches.get(n as usize).map_or(0, |batch| u64::from(batch.left))
    }

    /// Leave for so many calls, possibly fewer than asked for.
    pub fn grant(&mut self, calls: u32) {
        self.granted = calls;
        self.wait = None;
    }

    /// No leave: for a rate window until then, or for as long as the budget is used up. The owner
    /// may raise it: it is asked again each hour, for a day.
    pub fn refuse(&mut self, until: Option<UnixMs>, why: String, now: UnixMs) {
        self.granted = 0;
        match until {
            Some(until) => self.wait = Some(Wait { until, why }),
            None => self.pause(
                Stop { cause: StopCause::Budget, title: "Over budget".to_owned(), detail: why },
                now,
            ),
        }
    }

    fn pause(&mut self, stop: Stop, now: UnixMs) {
        self.pauses += 1;
        if self.pauses > PAUSES_MAX {
            self.stop(stop);
        } else {
            let why = format!("{}: {}", stop.title, stop.detail);
            self.wait = Some(Wait { until: now.plus(PAUSE_MS), why });
        }
    }

    /// X answered a batch: so many of its keys are still unknown, because the answer left them
    /// out or said of them what cannot be read.
    pub fn answer(&mut self, n: u32, left: u32, why: &str, now: UnixMs) {
        self.pauses = 0;
        let Some(batch) = self.batches.get_mut(n as usize) else { return };
        batch.flying = false;
        if left < batch.left {
            // Some came: what is left begins anew.
            (batch.tries, batch.since) = (0, None);
        }
        batch.left = left;
        if left > 0 {
            self.trouble(n, &Trouble::BadBody(why.to_owned()), None, now);
        }
    }

    /// A batch's call failed.
    pub fn trouble(&mut self, n: u32, trouble: &Trouble, rate: Option<&Rate>, now: UnixMs) {
        self.retries += 1;
        let Some(batch) = self.batches.get_mut(n as usize) else { return };
        batch.flying = false;
        let since = *batch.since.get_or_insert(now);
        batch.tries += 1;
        let tries = batch.tries;
        let limited = matches!(
            trouble,
            Trouble::Http(problem) if matches!(problem.class, Refusal::RateLimit)
        );
        match decide(trouble, tries, since, rate, now) {
            Decision::Again { at, why } if limited => {
                // Of the window, not of the batch: nobody else need ask before it ends.
                batch.tries -= 1;
                self.granted = 0;
                self.wait = Some(Wait { until: at, why });
            }
            Decision::Again { why, .. } if tries >= self.settings.tries => {
                batch.failed = Some(format!("{why} ({tries} times in a row)"));
            }
            Decision::Again { at, why } => batch.wait = Some(Wait { until: at, why }),
            Decision::Restart { why } => batch.failed = Some(why),
            Decision::Stop(stop) => match stop.cause {
                StopCause::Rejected | StopCause::Silent | StopCause::Gone => {
                    batch.failed = Some(format!("{}: {}", stop.title, stop.detail));
                }
                StopCause::Credits | StopCause::UsageCap => {
                    batch.tries -= 1;
                    self.granted = 0;
                    self.pause(stop, now);
                }
                _ => self.stop(stop),
            },
        }
    }

    /// Gives up whatever is not known yet.
    pub fn stop(&mut self, stop: Stop) {
        self.stopped.get_or_insert(stop);
    }

    /// Why it was given up as a whole, if it was.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stopped.as_ref()
    }

    /// After [`Step::Finish`]: the batches of which keys are left, and why.
    pub fn failed(&self) -> impl Iterator<Item = (u32, String)> {
        let whole = self.stopped.as_ref().map(|stop| format!("{}: {}", stop.title, stop.detail));
        (0..).zip(&self.batches).filter(|(_, batch)| batch.left > 0).filter_map(
            move |(n, batch)| Some((n, batch.failed.clone().or_else(|| whole.clone())?)),
        )
    }

    /// What it counted, for its run.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let int = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        BTreeMap::from([
            ("calls".to_owned(), int(self.calls)),
            ("retries".to_owned(), int(self.retries)),
        ])
    }
}
