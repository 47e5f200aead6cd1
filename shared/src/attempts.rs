//! Work that fails on itself ends. Owns: how often a piece of work is tried on the same state, when
//! again, when no more. Must not know: what the work is. Invariant: an attempt is written before it
//! is made, so that a panic or a lost host counts; three attempts on one state, one and five minutes
//! apart, end it; an outage of what the work stands on never does.
//!
//! What X refuses is no failure of the work: [`crate::retry`] decides about that, and the work's own
//! machine has taken it in when it returns.

use crate::time::{DAY_MS, MINUTE_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// The least time between the first two attempts that failed, and between the second and the third.
const WAITS_MS: [i64; 2] = [MINUTE_MS, 5 * MINUTE_MS];
/// The waits for an outage begin with this and double, up to a day.
const OUTAGE_FIRST_MS: i64 = MINUTE_MS;
const OUTAGE_MAX_MS: i64 = DAY_MS;
/// So often may a host be lost in one attempt: a deployment or an eviction is nobody's failure, and
/// what it interrupted goes on at once, one time.
const LOSSES: u32 = 2;

/// The attempts on one state of a piece of work, kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Names the state that is tried.
    state: String,
    /// When the last attempt began.
    began: UnixMs,
    /// It was begun, and nobody said how it ended.
    open: bool,
    /// Attempts that failed.
    failures: u32,
    /// Hosts lost in the current attempt.
    losses: u32,
    /// Outages in a row.
    outages: u32,
    /// No attempt before then.
    until: Option<UnixMs>,
    /// Why the last one failed.
    why: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write the attempts, then try.
    Try,
    /// Not before then.
    Wait {
        /// When to ask again.
        until: UnixMs,
    },
    /// It fails on itself: end it.
    End {
        /// How often, and why the last time, in words for the owner.
        why: String,
    },
}

/// How an attempt ended, where its host was not lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It came to its end, or has to wait for X; `state` as it is now.
    Well {
        /// Names the state that it left; none: nothing is left to do.
        state: Option<String>,
    },
    /// It failed on itself: what was stored or came cannot be read, or a write was refused.
    Failed(String),
    /// What it stands on does not answer: the bucket, a queue, another object.
    Outage(String),
}

impl Attempts {
    /// Whether the work may be tried, `state` being where it stands: a text that changes with its
    /// progress and with nothing else.
    pub fn next(&mut self, state: &str, now: UnixMs) -> Next {
        // A clock that was put back says nothing of how long ago anything was.
        if self.state != state || now < self.began {
            *self = Self { state: state.to_owned(), ..Self::default() };
        }
        if std::mem::take(&mut self.open) {
            self.losses += 1;
            if self.losses >= LOSSES {
                let why = "the worker stopped in the middle of it, without a word".to_owned();
                self.fail(why, self.began);
            }
        }
        if self.failures as usize > WAITS_MS.len() {
            return Next::End { why: format!("{} ({} times)", self.why, self.failures) };
        }
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Next::Wait { until };
        }
        self.until = None;
        self.open = true;
        self.began = now;
        Next::Try
    }

    /// The attempt ended. Answers when to ask again, where that is not up to the work.
    pub fn ended(&mut self, how: Ended, now: UnixMs) -> Option<UnixMs> {
        self.open = false;
        match how {
            Ended::Well { state: Some(state) } if state == self.state => self.outages = 0,
            Ended::Well { .. } => *self = Self::default(),
            Ended::Failed(why) => self.fail(why, now),
            Ended::Outage(why) => {
                self.outages = self.outages.saturating_add(1);
                let wait = crate::retry::doubled(OUTAGE_FIRST_MS, self.outages, OUTAGE_MAX_MS);
                self.until = Some(now.plus(wait));
                self.why = why;
            }
        }
        // The third failure is acted on at once.
        if self.failures as usize > WAITS_MS.len() { Some(now) } else { self.until }
    }

    /// Whether there is nothing to remember.
    pub fn is_clear(&self) -> bool {
        !self.open && self.failures == 0 && self.outages == 0 && self.losses == 0
    }

    /// Whether an attempt is under way, or was when the host was lost.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// What is waited for after a failure or an outage, if anything is.
    pub fn waiting(&self, now: UnixMs) -> Option<(UnixMs, &str)> {
        self.until.filter(|until| *until > now).map(|until| (until, self.why.as_str()))
    }

    fn fail(&mut self, why: String, at: UnixMs) {
        let wait = WAITS_MS.get(self.failures as usize).copied().unwrap_or_default();
        self.until = Some(at.plus(wait));
        self.failures += 1;
        self.losses = 0;
        self.outages = 0;
        self.why = why;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_763_712_000_000);

    /// Attempts whose time passes by hand, and which go through JSON each time.
    struct Bench {
        attempts: Attempts,
        now: UnixMs,
    }

    impl Bench {
        fn new() -> Self {
            Self { attempts: Attempts::default(), now: NOW }
        }

        fn kept(&mut self) {
            let json = serde_json::to_string(&self.attempts).unwrap();
            self.attempts = serde_json::from_str(&json).unwrap();
        }

        /// The next step in a word, so many seconds later.
        fn next(&mut self, seconds: i64, state: &str) -> String {
            self.now = self.now.plus(seconds * 1_000);
            let next = self.attempts.next(state, self.now);
            self.kept();
            match next {
                Next::Try => "try".to_owned(),
                Next::Wait { until } => format!("+{}", until.since(self.now) / 1_000),
                Next::End { why } => why,
            }
        }

        fn ended(&mut self, how: Ended) -> Option<i64> {
            let again = self.attempts.ended(how, self.now);
            self.kept();
            again.map(|at| at.since(self.now) / 1_000)
        }

        fn failed(&mut self) -> Option<i64> {
            self.ended(Ended::Failed("JSON".to_owned()))
        }
    }

    #[test]
    fn three_failures_on_one_state_end_it_one_and_five_minutes_apart() {
        let mut bench = Bench::new();
        assert_eq!(bench.next(0, "a"), "try");
        assert_eq!(bench.failed(), Some(60));
        assert_eq!(bench.next(59, "a"), "+1");
        assert_eq!(bench.next(1, "a"), "try");
        assert_eq!(bench.failed(), Some(300));
        assert_eq!(bench.next(299, "a"), "+1");
        assert_eq!(bench.next(1, "a"), "try");
        assert_eq!(bench.failed(), Some(0));
        for _ in 0..3 {
            assert_eq!(bench.next(9, "a"), "JSON (3 times)");
        }
    }

    #[test]
    fn panics_and_lost_hosts_count_though_nobody_says_so() {
        let mut bench = Bench::new();
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(bench.next(20, "a"));
        }
        let tries = seen.iter().filter(|word| *word == "try").count();
        assert_eq!(tries, 6, "each of three attempts goes on once at once: {seen:?}");
        assert_eq!(seen.first().map(String::as_str), Some("try"));
        assert!(seen.last().unwrap().starts_with("the worker stopped"), "{seen:?}");
    }

    #[test]
    fn one_lost_host_costs_no_time() {
        let mut bench = Bench::new();
        assert_eq!(bench.next(0, "a"), "try");
        assert_eq!(bench.next(1, "a"), "try");
        assert_eq!(bench.ended(Ended::Well { state: None }), None);
        assert!(bench.attempts.is_clear());
    }

    #[test]
    fn progress_begins_anew_and_a_wait_is_none() {
        let mut bench = Bench::new();
        bench.next(0, "a");
        bench.failed();
        assert_eq!(bench.next(60, "a"), "try");
        bench.failed();
        assert_eq!(bench.next(300, "a"), "try");
        // It has to wait for X: nothing failed, nothing was done.
        assert_eq!(bench.ended(Ended::Well { state: Some("a".to_owned()) }), None);
        assert_eq!(bench.next(1, "a"), "try");
        assert_eq!(bench.failed(), Some(0));
        assert!(bench.next(0, "a").ends_with("(3 times)"));
        assert_eq!(bench.next(0, "b"), "try");
        assert_eq!(bench.failed(), Some(60));
    }

    #[test]
    fn an_outage_waits_longer_and_longer_up_to_a_day_and_never_ends_it() {
        let mut bench = Bench::new();
        let outage = || Ended::Outage("R2".to_owned());
        let mut wait = 0;
        let mut waits = Vec::new();
        for _ in 0..30 {
            assert_eq!(bench.next(wait, "a"), "try");
            wait = bench.ended(outage()).unwrap();
            waits.push(wait);
        }
        assert_eq!(waits[..4], [60, 120, 240, 480]);
        assert_eq!(waits[29], 86_400);
        assert_eq!(bench.attempts.waiting(bench.now).map(|(_, why)| why), Some("R2"));
        bench.next(wait, "a");
        assert_eq!(bench.failed(), Some(60), "its own failures count apart");
    }

    #[test]
    fn a_clock_put_back_does_not_stop_it() {
        let mut bench = Bench::new();
        bench.next(0, "a");
        bench.failed();
        assert_eq!(bench.next(-86_400, "a"), "try");
    }
}
