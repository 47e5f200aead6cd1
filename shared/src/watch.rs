//! The machine of one reading of an account's tweets: new ones, those that are due, those that a
//! listing lacked. Owns: what is asked next, when it is asked again, what is left out. Must not
//! know: how tweets are kept, who pays. Invariant: it ends; whatever it leaves out is either still
//! due or a [`Gap`]; one tweet's trouble never costs another.
//!
//! Its state is written as JSON after every input, so that the machine may be lost between any two.

mod call;
#[cfg(test)]
mod tests;

pub use call::Request;

use crate::api::words;
use crate::cadence::{Batch, Plan, Read, absent};
use crate::id::TweetId;
use crate::metrics::Family;
use crate::retry::{Decision, SILENT_MS, Stall, Stop, StopCause, Trouble, Wait, decide};
use crate::time::{MINUTE_MS, UnixMs};
use crate::tweet::{Absence, Answer, again};
use crate::x::problem::Rate;
use call::{Call, GROUP_CALLS};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A plan older than this is made anew: within half an hour a tweet turns 30 days old (see
/// [`crate::cadence::PRIVATE_MS`]), and one file says when its metrics were read.
const REPLAN_MS: i64 = 25 * MINUTE_MS;
/// How often tweets are asked for again with fewer fields.
const AGAIN_MAX: u8 = 3;
/// How often a listing whose page token died begins anew, or a page is asked for again.
const RESTARTS_MAX: u8 = 2;
/// Pages of one listing: X lists 3,200 tweets, 100 a page, or 20 where only new ones are wanted.
const PAGES_MAX: u32 = 200;

words! {
    /// What a call is for.
    Purpose {
        /// Tweets not known yet.
        News = "news",
        /// A stretch of the listing that an earlier reading did not come to the end of.
        Gap = "gap",
        /// Tweets that are due.
        Due = "due",
    }
}

/// A stretch of the account's listing that was not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// After this tweet; none: from the beginning.
    pub since: Option<TweetId>,
    /// Up to this instant.
    pub to: UnixMs,
}

/// One reading under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    run: String,
    started: UnixMs,
    phase: Phase,
    /// A plan was made, and holds.
    planned: bool,
    /// The keys belong to the account.
    owned: bool,
    /// The front is under way.
    queue: VecDeque<Call>,
    /// Listings that did not come to their end.
    cut: Vec<Call>,
    wait: Option<Wait>,
    stall: Option<Stall>,
    /// A listing of new tweets answered.
    listed: bool,
    counts: Counts,
    /// Why a call was given up, if one was.
    failure: Option<Stop>,
    /// What the budget said, if it left something out.
    budget: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Planning,
    Reading,
    Stopped(Stop),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    calls: u64,
    tweets: u64,
    deleted: u64,
    unavailable: u64,
    refused: u64,
    foreign: u64,
    early: u64,
    dropped: u64,
    left_out: u64,
    given_up: u64,
    retries: u64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Find out what is due, then [`Watch::planned`].
    Plan,
    /// Ask X, then [`Watch::answer`] or [`Watch::trouble`].
    Call(Request),
    /// Nothing before `until`.
    Wait {
        /// When to ask for the next step again.
        until: UnixMs,
        /// What is waited for, in words for the owner.
        why: String,
    },
    /// All that could be read was.
    Finish,
    /// Given up; what came is worth keeping all the same.
    Abort(Stop),
}

/// What an answer says beside its tweets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// X no longer has them: purged at once.
    pub gone: Vec<TweetId>,
    /// X answered without telling of them: not due before their next turn.
    pub silent: Vec<TweetId>,
}

impl Watch {
    /// Begins.
    pub fn start(run: String, now: UnixMs) -> Self {
        Self {
            run,
            started: now,
            phase: Phase::Planning,
            planned: false,
            owned: false,
            queue: VecDeque::new(),
            cut: Vec::new(),
            wait: None,
            stall: None,
            listed: false,
            counts: Counts::default(),
            failure: None,
            budget: None,
        }
    }

    /// The run this belongs to.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The instant its file is named for.
    pub fn started(&self) -> UnixMs {
        self.started
    }

    /// Whether any tweet came.
    pub fn came(&self) -> bool {
        self.counts.tweets > 0
    }

    /// Until when it waits, and for what; possibly gone by.
    pub fn waiting(&self) -> Option<(UnixMs, &str)> {
        self.wait.as_ref().map(|wait| (wait.until, wait.why.as_str()))
    }

    /// What the budget said when it left something out.
    pub fn over_budget(&self) -> Option<&str> {
        self.budget.as_deref()
    }

    /// Whether the account was asked for new tweets.
    pub fn listed(&self) -> bool {
        self.listed
    }

    /// What to do now.
    pub fn next(&mut self, now: UnixMs) -> Step {
        if let Some(Wait { until, why }) = self.wait.as_ref().filter(|wait| wait.until > now) {
            return Step::Wait { until: *until, why: why.clone() };
        }
        match &self.phase {
            Phase::Stopped(stop) => return Step::Abort(stop.clone()),
            Phase::Planning => return Step::Plan,
            Phase::Reading => {}
        }
        if now.since(self.started) > REPLAN_MS && !self.queue.is_empty() {
            if !self.came() {
                self.queue.clear();
                self.cut.clear();
                self.phase = Phase::Planning;
                self.planned = false;
                return Step::Plan;
            }
            while self.leave() {}
        }
        match self.queue.front() {
            Some(call) => Step::Call(call.request(self.owned, now, self.alike())),
            None => match self.failure.clone().filter(|_| self.counts.calls == 0) {
                Some(stop) => Step::Abort(stop),
                None => Step::Finish,
            },
        }
    }

    /// The calls at the front that one lease can be for: how many, and what they may bill.
    fn alike(&self) -> (u32, u64) {
        let Some(front) = self.queue.front() else { return (0, 0) };
        let alike = |call: &&Call| call.is_lookup() == front.is_lookup();
        let group = self.queue.iter().take_while(alike).take(GROUP_CALLS as usize);
        let (calls, bills) = group.fold((0, 0), |(calls, bills), call| {
            let (more, cost) = call.expected();
            (calls + more, u64::saturating_add(bills, cost))
        });
        (calls.clamp(1, GROUP_CALLS), bills)
    }

    /// Takes in what is due now, and what of the listing is still missing.
    pub fn planned(&mut self, plan: &Plan, gap: Option<Gap>, owned: bool, now: UnixMs) {
        self.started = now;
        self.phase = Phase::Reading;
        self.planned = true;
        self.owned = owned;
        self.counts.left_out += plan.left_out.len() as u64;
        self.queue = plan.batches.iter().map(|batch| Call::of(batch, owned)).collect();
        let gap = gap.map(|Gap { since, to }| Batch {
            read: Read::Timeline { since, from: None, to: Some(to) },
            private: false,
            ids: Vec::new(),
            cost: 0,
        });
        // Behind the new tweets, before those that are due.
        let news = self.queue.iter().take_while(|call| call.purpose == Purpose::News).count();
        if let Some(gap) = gap {
            let mut call = Call::of(&gap, owned);
            call.purpose = Purpose::Gap;
            self.queue.insert(news, call);
        }
    }

    /// X answered the call at the front.
    pub fn answer(&mut self, answer: &Answer) -> Heard {
        (self.wait, self.stall) = (None, None);
        let Some(mut call) = self.queue.pop_front() else { return Heard::default() };
        self.counts.calls += 1;
        call.pages += 1;
        if call.extra {
            self.turn_page(call, answer);
            return Heard::default();
        }
        self.count(answer);
        self.listed |= call.purpose == Purpose::News;
        let mut heard = Heard::default();
        for absent in &answer.absent {
            if absent.why == Absence::Unavailable {
                heard.silent.push(absent.id);
            } else {
                heard.gone.push(absent.id);
            }
        }
        let oldest = answer.tweets.iter().filter_map(|tweet| tweet.created).min();
        if call.repeats(oldest) && call.restarts < RESTARTS_MAX {
            call.restarts += 1;
            self.queue.push_front(call);
            return heard;
        }
        let seen = answer.seen();
        call.reached = oldest.into_iter().chain(call.reached).min();
        let told: BTreeSet<TweetId> =
            seen.iter().copied().chain(answer.absent.iter().map(|absent| absent.id)).collect();
        let asks = again(answer);
        let again = self.ask_again(&call, asks, &mut heard.silent);
        call.ids.retain(|id| !told.contains(id));
        if let Some(mut call) = self.turn_page(call, answer) {
            let told: Vec<TweetId> = answer.tweets.iter().map(|tweet| tweet.id).collect();
            self.queue.extend(call.promoted(&told));
            if call.is_lookup() {
                heard.silent.append(&mut call.ids);
            }
            let missing = absent(&call.batch(), &BTreeSet::new());
            self.queue.extend(missing.map(|batch| call.lookup(&batch)));
        }
        for call in again {
            self.queue.push_front(call);
        }
        heard
    }

    /// Goes on with a listing's next page; gives the call back if that was its last.
    fn turn_page(&mut self, mut call: Call, answer: &Answer) -> Option<Call> {
        match answer.next_token.clone().filter(|_| !call.is_lookup() && call.pages < PAGES_MAX) {
            Some(token) if Some(&token) == call.token.as_ref() => {
                // X gave the page before once more: this one is still to come.
                if call.restarts == RESTARTS_MAX {
                    self.cut.extend(Some(call.clone()).filter(|call| call.purpose != Purpose::Due));
                    return Some(call);
                }
                call.restarts += 1;
                self.queue.push_front(call);
                None
            }
            Some(token) => {
                call.token = Some(token);
                self.queue.push_front(call);
                None
            }
            None => Some(call),
        }
    }

    fn count(&mut self, answer: &Answer) {
        let counts = &mut self.counts;
        counts.tweets += answer.tweets.len() as u64;
        let unavailable = |why: Absence| why == Absence::Unavailable;
        let silent = answer.absent.iter().filter(|absent| unavailable(absent.why)).count();
        counts.unavailable += silent as u64;
        counts.deleted += (answer.absent.len() - silent) as u64;
        counts.foreign += answer.foreign.len() as u64;
        counts.early += answer.early.len() as u64;
        counts.dropped += u64::from(answer.dropped);
    }

    /// The calls for tweets that did not come because of a field: the same way, so that they cost
    /// the same, with the fields they may be asked for.
    fn ask_again(
        &mut self,
        call: &Call,
        asks: Vec<(Vec<Family>, Vec<TweetId>)>,
        silent: &mut Vec<TweetId>,
    ) -> Vec<Call> {
        let mut calls = Vec::new();
        for (families, ids) in asks {
            let families: Vec<Family> =
                families.into_iter().filter(|family| call.families.contains(family)).collect();
            if call.again == AGAIN_MAX || families.len() == call.families.len() {
                self.counts.refused += ids.len() as u64;
                silent.extend(ids);
                continue;
            }
            calls.push(call.again(families, ids));
        }
        calls
    }

    /// The call at the front failed.
    pub fn trouble(&mut self, trouble: &Trouble, rate: Option<&Rate>, now: UnixMs) {
        self.counts.retries += 1;
        let stall = self.stall.get_or_insert(Stall { since: now, tries: 0 });
        stall.tries += 1;
        match decide(trouble, stall.tries, stall.since, rate, now) {
            Decision::Again { at, why } => self.wait = Some(Wait { until: at, why }),
            Decision::Restart { .. } => match self.queue.front_mut() {
                Some(call) if call.restarts < RESTARTS_MAX => {
                    call.restarts += 1;
                    call.token = None;
                    self.wait = None;
                }
                _ => self.give_up(None),
            },
            Decision::Stop(stop) if stop.cause == StopCause::Rejected => self.give_up(Some(stop)),
            Decision::Stop(stop) => self.stop(stop),
        }
    }

    /// Goes on without the call at the front: others may do better.
    fn give_up(&mut self, stop: Option<Stop>) {
        (self.wait, self.stall) = (None, None);
        self.failure = stop.or(self.failure.take());
        self.counts.given_up += 1;
        self.leave();
    }

    /// Leaves the call at the front unmade; tells whether there was one.
    fn leave(&mut self) -> bool {
        let Some(call) = self.queue.pop_front() else { return false };
        self.counts.left_out += call.ids.len() as u64;
        if call.purpose != Purpose::Due {
            self.cut.push(call);
        }
        true
    }

    /// Roost's own budget refused the call at the front: for a rate window until then, or for good.
    pub fn refuse_budget(&mut self, until: Option<UnixMs>, why: String, now: UnixMs) {
        let since = self.stall.get_or_insert(Stall { since: now, tries: 0 }).since;
        match until {
            Some(until) if now.since(since) < SILENT_MS => self.wait = Some(Wait { until, why }),
            Some(_) => self.stop(Stop {
                cause: StopCause::Silent,
                title: "No progress for 6 hours".to_owned(),
                detail: format!("Last: {why}. The next hour tries again."),
            }),
            None => {
                (self.wait, self.stall) = (None, None);
                self.budget = Some(why);
                self.leave();
            }
        }
    }

    /// Gives up for a reason the shell found.
    pub fn stop(&mut self, stop: Stop) {
        (self.wait, self.stall) = (None, None);
        while self.leave() {}
        self.phase = Phase::Stopped(stop);
    }

    /// What of the account's listing was not read, of which the next reading must know; `before`
    /// is what was known of it before.
    pub fn gap(&self, before: Option<Gap>) -> Option<Gap> {
        if !self.planned {
            return before;
        }
        let open = self.cut.iter().chain(&self.queue);
        // Without any new tweets read, the next reading looks for the same ones.
        let open = open.filter(|call| match call.purpose {
            Purpose::News => self.listed,
            Purpose::Gap => true,
            Purpose::Due => false,
        });
        open.map(|call| call.gap(self.started))
            .reduce(|one, two| Gap { since: one.since.min(two.since), to: one.to.max(two.to) })
    }

    /// The counts of its run.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let counts = &self.counts;
        let all = [
            ("calls", counts.calls),
            ("read", counts.tweets),
            ("deleted", counts.deleted),
            ("unavailable", counts.unavailable),
            ("refused", counts.refused),
            ("foreign", counts.foreign),
            ("early", counts.early),
            ("dropped", counts.dropped),
            ("left_out", counts.left_out),
            ("given_up", counts.given_up),
            ("retries", counts.retries),
        ];
        let always = ["calls", "read"];
        let shown = all.into_iter().filter(|(name, count)| *count > 0 || always.contains(name));
        shown
            .map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX)))
            .collect()
    }
}
