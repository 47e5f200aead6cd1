//! The machine of one full check: profile, every page of followers, profile again; or of another
//! paged list alone ([`Crawl::list`]). Owns: what
//! is read next, when it is asked again, when it is given up. Must not know: how pages are
//! kept, who pays. Invariant: it finishes only after a page without a next token was kept, and
//! everything it keeps was read since the last [`PageVerdict::Restart`].
//!
//! Its state is written as JSON after every input, so that the machine may be lost between any
//! two. Whoever carries out [`Step::ReadPage`] with `first` set deletes whatever pages it still
//! holds before: they are of a walk that was begun anew.

mod facts;
#[cfg(test)]
mod tests;

pub use facts::CrawlFacts;

use crate::acceptance;
use crate::retry::{Decision, SILENT_MS, Stall, Stop, StopCause, Trouble, Wait, decide};
use crate::time::{HOUR_MS, SECOND_MS, UnixMs};
use crate::x::problem::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often a page that looks wrong is asked for again.
const ASKS_MAX: u32 = 3;
/// How often a walk begins anew: by then a third token dying is no accident.
const RESTARTS_MAX: u32 = 2;
/// A longer silence between two pages parts the world they tell of: the walk begins anew.
const PAGES_APART_MS: i64 = HOUR_MS;
/// A longer wait for the budget is for a day that is known: no rate window lasts as long.
const KNOWN_WAIT_MS: i64 = HOUR_MS;
/// How often a check is planned anew because it was interrupted.
const RESUMED_MAX: u32 = 3;
/// Page tokens remembered to notice a walk in circles; longer circles show as barren pages.
const RECENT_TOKENS: usize = 32;
/// Pages in a row, each asked for several times, that brought nothing new: a circle.
const BARREN_MAX: u32 = 3;
/// Followers of a full page of X.
const PAGE_SIZE: u64 = 1_000;
/// Failures of the closing profile read after which the check does without it.
const CLOSING_TRIES: u32 = 4;

/// One full check under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crawl {
    run: String,
    started: UnixMs,
    phase: Phase,
    /// The pages alone, without the profile before and after them.
    #[serde(default)]
    bare: bool,
    /// Of the page to read next; none is the first page.
    token: Option<String>,
    wait: Option<Wait>,
    stall: Option<Stall>,
    walk: Walk,
    /// Asks for the current page beyond the first.
    asks: u32,
    retries: u32,
    restarts: u32,
    x_count_start: Option<u64>,
    x_count_end: Option<u64>,
    /// When X's count was read that stands at the beginning.
    #[serde(default)]
    counted: Option<UnixMs>,
    /// How often it was planned anew after an interruption.
    #[serde(default)]
    resumed: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// The profile, for X's own count.
    Opening,
    /// The pages.
    Walking,
    /// The profile again: the count may have changed meanwhile.
    Closing,
    /// Everything is read.
    Finished,
    /// Given up.
    Stopped(Stop),
}

/// What the pages kept so far came to; begins anew with the walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Walk {
    pages: u32,
    read: u64,
    repeats: u64,
    dropped: u64,
    refused: u64,
    doubtful: bool,
    /// When its first page was read.
    #[serde(default)]
    began: Option<UnixMs>,
    /// When its last page so far was read.
    #[serde(default)]
    read_at: Option<UnixMs>,
    /// Kept pages in a row that brought nothing new.
    barren: u32,
    /// Hashes of the last tokens.
    recent: Vec<u64>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Read the account's profile; then [`Crawl::profile`].
    ReadProfile,
    /// Read a page of followers; then [`Crawl::page`].
    ReadPage {
        /// The page token to send; none asks for the first page.
        token: Option<String>,
        /// No page is kept: whatever the shell still holds is to be deleted first.
        first: bool,
    },
    /// Nothing before `until`.
    Wait {
        /// When to ask for the next step again.
        until: UnixMs,
        /// What is waited for, in words for the owner.
        why: String,
    },
    /// The list is complete: store it.
    Finish,
    /// Given up: delete what was gathered.
    Abort(Stop),
}

/// What a page came to, compared with the pages kept so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFacts {
    /// Ids that no kept page had.
    pub new_ids: u32,
    /// Ids that a kept page, or this page itself, had already.
    pub repeats: u32,
    /// Entries without a readable id.
    pub dropped: u32,
    /// Entries of `errors[]` beside the data: followers X kept back.
    pub refused: u32,
    /// The token of the page after this; none on the last.
    pub next_token: Option<String>,
}

/// What to do with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageVerdict {
    /// Keep it.
    Keep {
        /// No page comes after it.
        last: bool,
    },
    /// Forget it: the same page will be asked for again.
    Discard,
    /// Forget it and every page kept before: the walk begins anew.
    Restart,
}

impl Crawl {
    /// Begins.
    pub fn start(run: String, now: UnixMs) -> Self {
        Self {
            run,
            started: now,
            phase: Phase::Opening,
            bare: false,
            token: None,
            wait: None,
            stall: None,
            walk: Walk::default(),
            asks: 0,
            retries: 0,
            restarts: 0,
            x_count_start: None,
            x_count_end: None,
            counted: None,
            resumed: 0,
        }
    }

    /// Begins with the pages of a list that X counts at `expected`, if it does, and ends with them.
    pub fn list(run: String, expected: Option<u64>, now: UnixMs) -> Self {
        let walk = Self::start(run, now);
        Self { phase: Phase::Walking, bare: true, x_count_start: expected, ..walk }
    }

    /// The run this belongs to.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// When it began.
    pub fn started(&self) -> UnixMs {
        self.started
    }

    /// The instant its list is of: when the first page was read. X gives the newest followers
    /// first, so whoever came later is not in it; whoever left before the pages were read is not
    /// either.
    pub fn dated(&self) -> UnixMs {
        self.walk.began.unwrap_or(self.started)
    }

    /// It goes on after whatever came between: pages more than an hour apart are of two worlds, so
    /// the check is planned anew, from X's count on. Three times at most: then the list is kept as
    /// doubtful, since X or a cap may give no more than some pages at a time. Whether anything
    /// changed.
    pub fn resume(&mut self, now: UnixMs) -> bool {
        let old = |at: Option<UnixMs>| at.is_some_and(|at| now.since(at) > PAGES_APART_MS);
        match self.phase {
            Phase::Closing if old(self.walk.read_at) => {
                // A count of now says nothing about a list of then.
                self.go(Phase::Finished);
                true
            }
            Phase::Walking if old(self.walk.read_at.or(self.counted)) => {
                if self.resumed == RESUMED_MAX {
                    let changed = self.walk.pages > 0 && !self.walk.doubtful;
                    self.walk.doubtful |= self.walk.pages > 0;
                    return changed;
                }
                self.resumed += 1;
                (self.token, self.asks, self.walk) = (None, 0, Walk::default());
                if !self.bare {
                    (self.x_count_start, self.counted) = (None, None);
                    // What it waits for, and since when, stays.
                    self.phase = Phase::Opening;
                }
                true
            }
            _ => false,
        }
    }

    /// What to do now.
    pub fn next(&self, now: UnixMs) -> Step {
        match (&self.phase, &self.wait) {
            (Phase::Stopped(stop), _) => Step::Abort(stop.clone()),
            (Phase::Finished, _) => Step::Finish,
            (_, Some(Wait { until, why })) if *until > now => {
                Step::Wait { until: *until, why: why.clone() }
            }
            (Phase::Opening | Phase::Closing, _) => Step::ReadProfile,
            (Phase::Walking, _) => {
                Step::ReadPage { token: self.token.clone(), first: self.walk.pages == 0 }
            }
        }
    }

    /// The profile was read: X's own count of followers.
    pub fn profile(&mut self, followers_count: u64, now: UnixMs) {
        match self.phase {
            Phase::Opening => {
                self.x_count_start = Some(followers_count);
                self.counted = Some(now);
                self.go(Phase::Walking);
            }
            Phase::Closing => {
                self.x_count_end = Some(followers_count);
                self.go(Phase::Finished);
            }
            _ => {}
        }
    }

    /// A page was read. Of facts that arrive when no page is awaited nothing is kept.
    pub fn page(&mut self, facts: PageFacts, now: UnixMs) -> PageVerdict {
        if self.phase != Phase::Walking {
            return PageVerdict::Discard;
        }
        (self.wait, self.stall) = (None, None);
        let doubt = self.doubt(&facts);
        if let Some(why) = doubt.words()
            && self.asks < ASKS_MAX
        {
            self.asks += 1;
            // At once the first time, then after 1 s and 2 s.
            let wait_ms = i64::from(self.asks - 1) * SECOND_MS;
            self.wait = Some(Wait { until: now.plus(wait_ms), why: why.to_owned() });
            return PageVerdict::Discard;
        }
        self.asks = 0;
        if doubt == Doubt::Circle || (doubt == Doubt::Barren && self.walk.barren == BARREN_MAX) {
            return self.restart("X's pages go in circles");
        }
        self.keep(facts, doubt, now)
    }

    fn keep(&mut self, facts: PageFacts, doubt: Doubt, now: UnixMs) -> PageVerdict {
        let walk = &mut self.walk;
        if walk.pages == 0 {
            walk.began = Some(now);
        }
        walk.read_at = Some(now);
        walk.pages += 1;
        walk.read += u64::from(facts.new_ids);
        walk.repeats += u64::from(facts.repeats);
        walk.dropped += u64::from(facts.dropped);
        walk.refused += u64::from(facts.refused);
        walk.doubtful |= matches!(doubt, Doubt::Barren | Doubt::Incomplete);
        walk.barren = if doubt == Doubt::Barren { walk.barren + 1 } else { 0 };
        let Some(token) = facts.next_token else {
            self.go(if self.bare { Phase::Finished } else { Phase::Closing });
            return PageVerdict::Keep { last: true };
        };
        walk.recent.push(hash(&token));
        let surplus = walk.recent.len().saturating_sub(RECENT_TOKENS);
        walk.recent.drain(..surplus);
        self.token = Some(token);
        // Twice the pages the count calls for, and a thousand short ones.
        let pages_max = self.expected().unwrap_or(0).saturating_mul(2) / PAGE_SIZE + 1_000;
        if u64::from(self.walk.pages) >= pages_max {
            self.stop(endless("X's pages do not end"));
        }
        PageVerdict::Keep { last: false }
    }

    fn doubt(&self, facts: &PageFacts) -> Doubt {
        let circle = facts.next_token.as_ref().is_some_and(|t| self.walk.recent.contains(&hash(t)));
        let read = self.walk.read + u64::from(facts.new_ids);
        let nothing = facts.new_ids == 0 && facts.repeats == 0;
        let expected = self.expected().unwrap_or(0);
        if facts.new_ids == 0 && facts.repeats > 0 {
            // Before `Circle`: a page given twice has the next token of the page before.
            if circle && self.asks == ASKS_MAX { Doubt::Circle } else { Doubt::Barren }
        } else if circle {
            Doubt::Circle
        } else if facts.refused > 0 || facts.dropped > 0 {
            Doubt::Incomplete
        } else if facts.next_token.is_none()
            && ((nothing && read < expected) || acceptance::falls_short(read, expected))
        {
            Doubt::Short
        } else {
            Doubt::None
        }
    }

    /// A call failed.
    pub fn trouble(&mut self, trouble: &Trouble, rate: Option<&Rate>, now: UnixMs) {
        if matches!(self.phase, Phase::Finished | Phase::Stopped(_)) {
            return;
        }
        self.retries += 1;
        let stall = self.stall.get_or_insert(Stall { since: now, tries: 0 });
        stall.tries += 1;
        let (tries, since) = (stall.tries, stall.since);
        match decide(trouble, tries, since, rate, now) {
            // The list is complete without it: better no closing count than no list.
            Decision::Again { .. } if self.phase == Phase::Closing && tries >= CLOSING_TRIES => {
                self.go(Phase::Finished);
            }
            Decision::Stop(_) | Decision::Restart { .. } if self.phase == Phase::Closing => {
                self.go(Phase::Finished);
            }
            Decision::Again { at, why } => self.wait = Some(Wait { until: at, why }),
            Decision::Restart { why } => {
                self.restart(&why);
            }
            Decision::Stop(stop) => self.stop(stop),
        }
    }

    /// Roost's own budget refused the next call: for a rate window until then, or for good.
    pub fn refuse_budget(&mut self, until: Option<UnixMs>, why: String, now: UnixMs) {
        if matches!(self.phase, Phase::Finished | Phase::Stopped(_)) {
            return;
        }
        let stall = self.stall.get_or_insert(Stall { since: now, tries: 0 });
        let since = stall.since;
        if let Some(until) = until.filter(|until| until.since(now) > KNOWN_WAIT_MS) {
            // For the next UTC day, say: what is waited for is known, and silence begins after it.
            stall.since = since.max(until);
        }
        match until {
            Some(until) if now.since(since) < SILENT_MS => {
                self.wait = Some(Wait { until, why });
            }
            _ if self.phase == Phase::Closing => self.go(Phase::Finished),
            Some(_) => self.stop(Stop {
                cause: StopCause::Silent,
                title: "No progress for 6 hours".to_owned(),
                detail: format!("Last: {why}. The next scheduled check tries again."),
            }),
            None => self.stop(Stop {
                cause: StopCause::Budget,
                title: "Roost's budget does not allow this check".to_owned(),
                detail: why,
            }),
        }
    }

    /// Gives up for a reason the shell found.
    pub fn stop(&mut self, stop: Stop) {
        self.go(Phase::Stopped(stop));
    }

    fn go(&mut self, phase: Phase) {
        (self.wait, self.stall) = (None, None);
        self.phase = phase;
    }

    fn restart(&mut self, why: &str) -> PageVerdict {
        (self.wait, self.stall, self.token, self.asks) = (None, None, None, 0);
        self.walk = Walk::default();
        if self.restarts == RESTARTS_MAX {
            self.stop(endless(why));
        } else {
            self.restarts += 1;
        }
        PageVerdict::Restart
    }

    /// Pages kept.
    pub fn pages(&self) -> u32 {
        self.walk.pages
    }

    /// Distinct followers kept.
    pub fn read(&self) -> u64 {
        self.walk.read
    }

    /// Followers X says there are.
    pub fn expected(&self) -> Option<u64> {
        self.x_count_start
    }

    /// Until when it waits, and for what; possibly gone by.
    pub fn waiting(&self) -> Option<(UnixMs, &str)> {
        self.wait.as_ref().map(|wait| (wait.until, wait.why.as_str()))
    }

    /// The counts of its run.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let walk = &self.walk;
        [
            ("pages", u64::from(walk.pages)),
            ("followers", walk.read),
            ("repeats", walk.repeats),
            ("dropped", walk.dropped),
            ("refused", walk.refused),
            ("retries", u64::from(self.retries)),
            ("restarts", u64::from(self.restarts)),
        ]
        .into_iter()
        .map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX)))
        .collect()
    }

    /// What is kept beside the list.
    pub fn facts(&self) -> CrawlFacts {
        CrawlFacts {
            x_count_start: self.x_count_start,
            x_count_end: self.x_count_end,
            refused: self.walk.refused,
            repeats: self.walk.repeats,
            dropped: self.walk.dropped,
            doubtful: self.walk.doubtful,
        }
    }
}

/// Why a page is not simply kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    /// Not empty, yet nothing new: a page given twice.
    Barren,
    /// Its next token was followed before.
    Circle,
    /// Some of its followers are kept back or unreadable.
    Incomplete,
    /// It ends the list well before X's own count does.
    Short,
}

impl Doubt {
    fn words(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Barren => Some("X gave a page again: asking for the next once more"),
            Self::Circle => Some("X's pages go in circles: asking once more"),
            Self::Incomplete => Some("X kept some of a page back: asking once more"),
            Self::Short => Some("X's list ended early: asking once more"),
        }
    }
}

fn endless(why: &str) -> Stop {
    Stop {
        cause: StopCause::Rejected,
        title: "The list could not be read to its end".to_owned(),
        detail: format!("{why}, also after beginning anew. The next check tries again."),
    }
}

/// FNV-1a: tokens are compared, never ordered or kept.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
