//! The machine of one reading of the account's own lists: whom it follows, then whom it blocks.
//! Owns: the order of the lists, and what the failure of one means for the other. Must not know:
//! how pages are kept. Invariant: a list counts only if it was read to its end and X's own count
//! does not say that much of it is missing; the block list's failure never costs the other list.
//!
//! Its state is written as JSON after every input, so that the machine may be lost between any two.

use super::Relation;
use crate::acceptance;
use crate::crawl::{Crawl, PageFacts, PageVerdict, Step};
use crate::retry::{Stop, StopCause, Trouble};
use crate::time::UnixMs;
use crate::x::problem::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One reading under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    started: UnixMs,
    list: Relation,
    walk: Crawl,
    /// What the lists before this one came to.
    read: BTreeMap<String, i64>,
    /// When the first list was read to its end.
    following: Option<UnixMs>,
    /// The same of the second, or why it was not.
    blocking: Option<Result<UnixMs, String>>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyStep {
    /// Read a page of a list; then [`Survey::page`].
    ReadPage {
        /// Of which list.
        list: Relation,
        /// The page token to send; none asks for the first page.
        token: Option<String>,
    },
    /// Nothing before `until`.
    Wait {
        /// When to ask for the next step again.
        until: UnixMs,
    },
    /// What could be read was: keep it.
    Finish {
        /// When the list of the followed was at its end.
        following: UnixMs,
        /// The same of the block list, or why there is none, in words for the owner.
        blocking: Result<UnixMs, String>,
    },
    /// Given up: delete what was gathered.
    Abort(Stop),
}

impl Survey {
    /// Begins. X counts the followed at `expected`, if that was read lately.
    pub fn start(run: String, expected: Option<u64>, now: UnixMs) -> Self {
        Self {
            started: now,
            list: Relation::Following,
            walk: Crawl::list(run, expected, now),
            read: BTreeMap::new(),
            following: None,
            blocking: None,
        }
    }

    /// The run this belongs to.
    pub fn run(&self) -> &str {
        self.walk.run()
    }

    /// When it began.
    pub fn started(&self) -> UnixMs {
        self.started
    }

    /// The list being read.
    pub fn list(&self) -> Relation {
        self.list
    }

    /// Pages kept of the list being read.
    pub fn pages(&self) -> u32 {
        self.walk.pages()
    }

    /// People of the list being read who are still to come, if X counted them.
    pub fn left(&self) -> Option<u64> {
        Some(self.walk.expected()?.saturating_sub(self.walk.read()))
    }

    /// Until when it waits, and for what; possibly gone by.
    pub fn waiting(&self) -> Option<(UnixMs, &str)> {
        self.walk.waiting()
    }

    /// What to do now.
    pub fn next(&self, now: UnixMs) -> SurveyStep {
        if let (Some(following), Some(blocking)) = (self.following, &self.blocking) {
            return SurveyStep::Finish { following, blocking: blocking.clone() };
        }
        match self.walk.next(now) {
            Step::ReadPage { token, .. } => SurveyStep::ReadPage { list: self.list, token },
            Step::Wait { until, .. } => SurveyStep::Wait { until },
            Step::Abort(stop) => SurveyStep::Abort(stop),
            // A bare list has neither, and its end was taken in with its last page.
            Step::Finish | Step::ReadProfile => SurveyStep::Wait { until: now.plus(1) },
        }
    }

    /// A page of the list was read.
    pub fn page(&mut self, facts: PageFacts, now: UnixMs) -> PageVerdict {
        let verdict = self.walk.page(facts, now);
        if verdict == (PageVerdict::Keep { last: true }) {
            self.end(now);
        } else {
            self.give_up();
        }
        verdict
    }

    /// A call failed.
    pub fn trouble(&mut self, trouble: &Trouble, rate: Option<&Rate>, now: UnixMs) {
        self.walk.trouble(trouble, rate, now);
        self.give_up();
    }

    /// Roost's own budget refused the next call: for a rate window until then, or for good.
    pub fn refuse_budget(&mut self, until: Option<UnixMs>, why: String, now: UnixMs) {
        self.walk.refuse_budget(until, why, now);
        self.give_up();
    }

    /// Gives the list up for a reason the shell found.
    pub fn stop(&mut self, stop: Stop) {
        self.walk.stop(stop);
        self.give_up();
    }

    /// The owner switched it off: nothing more is read, and nothing of this is kept.
    pub fn switch_off(&mut self) {
        (self.following, self.blocking) = (None, None);
        self.walk.stop(Stop {
            cause: StopCause::Rejected,
            title: "Switched off".to_owned(),
            detail: "Reading whom the account follows was switched off meanwhile.".to_owned(),
        });
    }

    /// The list came to its end.
    fn end(&mut self, now: UnixMs) {
        self.count();
        if self.list == Relation::Blocking {
            self.blocking = Some(Ok(now));
            return;
        }
        let (read, expected) = (self.walk.read(), self.walk.expected().unwrap_or(0));
        if acceptance::falls_short(read, expected) {
            return self.walk.stop(Stop {
                cause: StopCause::Rejected,
                title: "The list of the followed is incomplete".to_owned(),
                detail: format!(
                    "X listed {read} people while it counts {expected}. The list read before \
                     stays; the next day tries again."
                ),
            });
        }
        self.following = Some(now);
        self.list = Relation::Blocking;
        self.walk = Crawl::list(self.walk.run().to_owned(), None, now);
    }

    /// A block list that was given up leaves the other list as it is.
    fn give_up(&mut self) {
        if self.list == Relation::Following {
            return;
        }
        if let Step::Abort(stop) = self.walk.next(self.started) {
            self.count();
            self.blocking = Some(Err(format!("{}: {}", stop.title, stop.detail)));
        }
    }

    fn count(&mut self) {
        let counts = self.walk.counts();
        let of = |name: &str| counts.get(name).copied().unwrap_or_default();
        self.read.insert(self.list.as_str().to_owned(), of("followers"));
        for name in ["pages", "retries", "restarts"] {
            *self.read.entry(name.to_owned()).or_default() += of(name);
        }
    }

    /// The counts of its run.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        self.read.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x::problem::{Class, XProblem};

    const T0: UnixMs = UnixMs(1_000_000_000_000);

    fn page(new: u32, token: Option<&str>) -> PageFacts {
        let next_token = token.map(str::to_owned);
        PageFacts { new_ids: new, repeats: 0, dropped: 0, refused: 0, next_token }
    }

    fn http(class: Class) -> Trouble {
        Trouble::Http(XProblem { class, title: "T".into(), detail: "D".into() })
    }

    const NO: Trouble = Trouble::Cut;

    /// A survey of 1,200 followed, saved and read again between any two inputs.
    struct Bench(Survey);

    impl Bench {
        fn new() -> Self {
            Self(Survey::start("run".into(), Some(1_200), T0))
        }

        fn saved(&mut self) {
            let json = serde_json::to_string(&self.0).unwrap();
            assert_eq!(serde_json::from_str::<Survey>(&json).unwrap(), self.0);
        }

        fn page(&mut self, new: u32, token: Option<&str>) -> PageVerdict {
            let verdict = self.0.page(page(new, token), T0);
            self.saved();
            verdict
        }

        fn trouble(&mut self, class: Class) {
            self.0.trouble(&http(class), None, T0);
            self.saved();
        }

        /// The next step in a word.
        fn step(&self) -> String {
            match self.0.next(T0) {
                SurveyStep::ReadPage { list, token } => {
                    format!("{list} {}", token.unwrap_or_default())
                }
                SurveyStep::Wait { until } => format!("wait {}", until.since(T0)),
                SurveyStep::Finish { blocking: Ok(_), .. } => "finish".into(),
                SurveyStep::Finish { blocking: Err(why), .. } => format!("finish without {why}"),
                SurveyStep::Abort(stop) => format!("{:?}", stop.cause),
            }
        }

        fn followed(&mut self) {
            self.page(1_000, Some("a"));
            self.page(200, None);
        }
    }

    #[test]
    fn both_lists_are_read_one_after_the_other() {
        let mut bench = Bench::new();
        assert_eq!(bench.step(), "following ");
        assert_eq!(bench.page(1_000, Some("a")), PageVerdict::Keep { last: false });
        assert_eq!(bench.step(), "following a");
        assert_eq!(bench.0.left(), Some(200));
        assert_eq!(bench.page(200, None), PageVerdict::Keep { last: true });
        assert_eq!(bench.step(), "blocking ");
        assert_eq!((bench.0.pages(), bench.0.left()), (0, None));
        bench.page(3, None);
        assert_eq!(bench.step(), "finish");
        let counts = bench.0.counts();
        assert_eq!((counts["following"], counts["blocking"], counts["pages"]), (1_200, 3, 3));
    }

    #[test]
    fn nobody_is_blocked_or_followed() {
        let mut bench = Bench(Survey::start("run".into(), Some(0), T0));
        bench.page(0, None);
        bench.page(0, None);
        assert_eq!(bench.step(), "finish");
    }

    #[test]
    fn a_list_far_shorter_than_xs_count_does_not_count() {
        let mut bench = Bench::new();
        for _ in 0..3 {
            assert_eq!(bench.page(500, None), PageVerdict::Discard);
        }
        bench.page(500, None);
        assert_eq!(bench.step(), "Rejected");
    }

    #[test]
    fn a_refusal_of_the_first_list_ends_all() {
        let mut bench = Bench::new();
        bench.page(1_000, Some("a"));
        bench.trouble(Class::Credits);
        assert_eq!(bench.step(), "Credits");
    }

    #[test]
    fn a_refusal_of_the_block_list_keeps_the_first() {
        for (class, why) in [
            (Class::Forbidden { not_enrolled: false }, "X does not allow this read"),
            (Class::Credits, "X's credits are used up"),
        ] {
            let mut bench = Bench::new();
            bench.followed();
            bench.trouble(class);
            let step = bench.step();
            assert!(step.starts_with(&format!("finish without {why}: ")), "{step}");
        }
    }

    #[test]
    fn a_budget_that_refuses_the_block_list_keeps_the_first() {
        let mut bench = Bench::new();
        bench.followed();
        bench.0.refuse_budget(None, "the cap".into(), T0);
        assert!(bench.step().ends_with("this check: the cap"), "{}", bench.step());
    }

    #[test]
    fn switched_off_it_ends_wherever_it_is() {
        let mut bench = Bench::new();
        bench.0.switch_off();
        assert_eq!(bench.step(), "Rejected");
        let mut bench = Bench::new();
        bench.followed();
        bench.0.switch_off();
        assert_eq!(bench.step(), "Rejected");
        bench.followed();
        assert_eq!(bench.step(), "Rejected", "what comes late changes nothing");
    }

    #[test]
    fn trouble_is_waited_out_in_either_list() {
        let mut bench = Bench::new();
        bench.0.trouble(&NO, None, T0);
        assert!(bench.step().starts_with("wait "), "{}", bench.step());
        bench.followed();
        bench.0.trouble(&NO, None, T0);
        assert!(bench.step().starts_with("wait "), "{}", bench.step());
        bench.page(1, None);
        assert_eq!(bench.step(), "finish");
    }

    #[test]
    fn a_dead_token_begins_its_own_list_anew() {
        let mut bench = Bench::new();
        bench.followed();
        bench.page(1_000, Some("b"));
        bench.trouble(Class::PageToken);
        assert_eq!((bench.step().as_str(), bench.0.pages()), ("blocking ", 0));
    }
}
