//! What happened when: counts and changes of a roster, kept a month at a time.
//!
//! Knows no HTTP and no names. Everything here could be computed from [`Roster`] alone; months
//! are kept so that a count costs a search and not a walk over a million followers.
//!
//! Invariant: `count(t)` equals the number of followers present at `t`.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "indices stay below 2^27"
)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::calendar::DAY_S;
use crate::life::Reason;
use crate::world::Roster;

/// How much time one kept span covers.
const SPAN_S: i64 = 32 * DAY_S;
/// Kept spans. A million followers make some 5 MB a span.
const SPANS_MAX: usize = 8;
/// Below this many followers a second thread costs more than it saves.
const PARALLEL_FROM: u32 = 100_000;

/// What happened to one follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Followed, for the first time or again.
    Followed,
    /// Left the list for this reason.
    Lost(Reason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at_s: i64,
    index: u32,
    change: Change,
}

/// The changes in `[start, start + SPAN_S)`.
#[derive(Debug, Default)]
struct Span {
    /// Followers present in the second before the span.
    before: u32,
    entries: Vec<Entry>,
    /// Followers present after each entry.
    counts: Vec<u32>,
    /// (time, index), by time.
    renames: Vec<(i64, u32)>,
}

impl Span {
    fn merge(&mut self, other: Self) {
        self.before += other.before;
        self.entries.extend(other.entries);
        self.renames.extend(other.renames);
    }
}

/// What happened in `(from, to]`, by time, and how the rosters at the two ends differ.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// (index, time).
    pub(crate) followed: Vec<(u32, i64)>,
    /// (index, time, why).
    pub(crate) lost: Vec<(u32, i64, Reason)>,
    /// (index, time).
    pub(crate) renamed: Vec<(u32, i64)>,
    /// In the roster at `to` and not at `from`.
    pub(crate) net_followed: Vec<u32>,
    /// In the roster at `from` and not at `to`.
    pub(crate) net_lost: Vec<u32>,
}

/// The kept spans of one roster, the latest used last.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    spans: Mutex<VecDeque<(i64, Arc<Span>)>>,
}

impl Ledger {
    /// Followers present at `at_s`, seconds since 1970.
    pub(crate) fn count(&self, roster: &Roster, at_s: i64) -> u32 {
        let span = self.span(roster, at_s.div_euclid(SPAN_S));
        let past = span.entries.partition_point(|e| e.at_s <= at_s);
        past.checked_sub(1).and_then(|n| span.counts.get(n)).copied().unwrap_or(span.before)
    }

    /// Everything that happened in `from_s < t <= to_s`.
    pub(crate) fn truth(&self, roster: &Roster, from_s: i64, to_s: i64) -> Truth {
        let mut truth = Truth::default();
        let mut touched = BTreeSet::new();
        let within = |at_s: i64| at_s > from_s && at_s <= to_s;
        for number in from_s.div_euclid(SPAN_S)..=to_s.div_euclid(SPAN_S) {
            let span = self.span(roster, number);
            for entry in span.entries.iter().filter(|e| within(e.at_s)) {
                touched.insert(entry.index);
                match entry.change {
                    Change::Followed => truth.followed.push((entry.index, entry.at_s)),
                    Change::Lost(reason) => truth.lost.push((entry.index, entry.at_s, reason)),
                }
            }
            let renames = span.renames.iter().filter(|(at_s, _)| within(*at_s));
            truth.renamed.extend(renames.map(|&(at_s, index)| (index, at_s)));
        }
        for index in touched {
            let timeline = roster.timeline(index);
            match (timeline.present(from_s), timeline.present(to_s)) {
                (false, true) => truth.net_followed.push(index),
                (true, false) => truth.net_lost.push(index),
                _ => {}
            }
        }
        truth
    }

    fn span(&self, roster: &Roster, number: i64) -> Arc<Span> {
        // Held while a span is built, so that two requests do not build the same one.
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let known = spans.iter().position(|(n, _)| *n == number);
        let entry = known.and_then(|at| spans.remove(at)).unwrap_or_else(|| {
            let start_s = number * SPAN_S;
            (number, Arc::new(build(roster, start_s, start_s + SPAN_S)))
        });
        let span = Arc::clone(&entry.1);
        spans.push_back(entry);
        if spans.len() > SPANS_MAX {
            spans.pop_front();
        }
        span
    }
}

fn build(roster: &Roster, start_s: i64, end_s: i64) -> Span {
    let arrived = roster.arrived_by(end_s - 1);
    let mut span = if arrived < PARALLEL_FROM {
        collect(roster, 0..arrived, start_s, end_s)
    } else {
        let middle = arrived / 2;
        std::thread::scope(|scope| {
            let older = scope.spawn(|| collect(roster, 0..middle, start_s, end_s));
            let newer = collect(roster, middle..arrived, start_s, end_s);
            match older.join() {
                Ok(mut span) => {
                    span.merge(newer);
                    span
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    };
    span.entries.sort_unstable();
    span.renames.sort_unstable();
    let mut count = span.before;
    for entry in &span.entries {
        count = match entry.change {
            Change::Followed => count + 1,
            Change::Lost(_) => count - 1,
        };
        span.counts.push(count);
    }
    span
}

fn collect(roster: &Roster, indices: std::ops::Range<u32>, start_s: i64, end_s: i64) -> Span {
    let mut span = Span::default();
    roster.scan(indices, |index, timeline| {
        let mut push = |at_s: i64, change: Change| {
            if (start_s..end_s).contains(&at_s) {
                span.entries.push(Entry { at_s, index, change });
            }
        };
        push(timeline.followed_s, Change::Followed);
        for absence in timeline.absences() {
            push(absence.left_s, Change::Lost(absence.reason));
            push(absence.back_s, Change::Followed);
        }
        span.before += u32::from(timeline.present(start_s - 1));
        let renames = roster.renames(index, &timeline, start_s - 1, end_s - 1);
        span.renames.extend(renames.map(|at_s| (at_s, index)));
    });
    span
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
mod tests {
    use super::*;
    use crate::life::{Pace, Standing};

    const START_S: i64 = 1_790_000_123;

    fn brute_count(roster: &Roster, at_s: i64) -> u32 {
        (0..roster.capacity()).filter(|&i| roster.present(i, at_s)).count() as u32
    }

    #[test]
    fn exactly_the_asked_number_is_present_at_the_start() {
        for followers in [0, 1, 7, 250, 3_000] {
            for seed in 0..4 {
                let roster = Roster::new(seed, followers, START_S);
                let ledger = Ledger::default();
                assert_eq!(ledger.count(&roster, START_S), followers, "seed {seed}");
                assert_eq!(brute_count(&roster, START_S), followers, "seed {seed}");
            }
        }
    }

    #[test]
    fn a_million_are_exactly_a_million() {
        let roster = Roster::new(9, 1_000_000, START_S);
        assert_eq!(Ledger::default().count(&roster, START_S), 1_000_000);
        assert!(roster.capacity() > 2_000_000);
        assert_eq!(roster.arrived_by(roster.follow_s(1_234_567)), 1_234_568);
    }

    #[test]
    fn counts_match_a_walk_over_everyone_at_any_time() {
        let roster = Roster::new(3, 400, START_S);
        let ledger = Ledger::default();
        for n in 0..60 {
            let at_s = START_S + (n - 20) * 11 * DAY_S + n * 3_601;
            assert_eq!(ledger.count(&roster, at_s), brute_count(&roster, at_s), "{at_s}");
        }
    }

    #[test]
    fn follow_times_never_fall_with_the_index() {
        let roster = Roster::new(5, 2_000, START_S);
        let mut last_s = i64::MIN;
        for index in 0..roster.capacity() {
            let follow_s = roster.follow_s(index);
            assert!(follow_s >= last_s, "index {index}");
            last_s = follow_s;
        }
        assert!(last_s > START_S + 800 * DAY_S);
    }

    #[test]
    fn scan_agrees_with_asking_one_by_one() {
        let roster = Roster::new(6, 500, START_S);
        let mut visited = Vec::new();
        roster.scan(17..900, |index, timeline| visited.push((index, timeline)));
        let asked: Vec<_> = (17..900).map(|index| (index, roster.timeline(index))).collect();
        assert_eq!(visited, asked);
    }

    #[test]
    fn absences_last_at_least_three_days_and_do_not_overlap() {
        let roster = Roster::new(7, 3_000, START_S);
        roster.scan(0..roster.capacity(), |index, timeline| {
            let mut here_since_s = timeline.followed_s;
            for absence in timeline.absences() {
                assert!(absence.left_s > here_since_s, "index {index}");
                assert!(absence.back_s >= absence.left_s + 3 * DAY_S, "index {index}");
                here_since_s = absence.back_s;
            }
        });
    }

    #[test]
    fn truth_tells_what_the_timelines_tell() {
        let roster = Roster::new(8, 600, START_S);
        let (from_s, to_s) = (START_S - 3 * DAY_S, START_S + 90 * DAY_S);
        let truth = Ledger::default().truth(&roster, from_s, to_s);
        let mut net_followed = Vec::new();
        let mut net_lost = Vec::new();
        for index in 0..roster.capacity() {
            let before = roster.standing(index, from_s) == Standing::Present;
            let after = roster.standing(index, to_s) == Standing::Present;
            match (before, after) {
                (false, true) => net_followed.push(index),
                (true, false) => net_lost.push(index),
                _ => {}
            }
        }
        assert_eq!((&truth.net_followed, &truth.net_lost), (&net_followed, &net_lost));
        let gained = truth.followed.len() - truth.lost.len();
        assert_eq!(gained, net_followed.len() - net_lost.len());
        assert!(truth.lost.len() > net_lost.len(), "someone must come and go in 93 days");
    }

    #[test]
    fn the_daily_rates_are_those_of_a_living_account() {
        let roster = Roster::new(11, 20_000, START_S);
        let truth = Ledger::default().truth(&roster, START_S - 120 * DAY_S, START_S + 240 * DAY_S);
        let a_day = |n: usize| n as f64 / 360.0 / 20_000.0;
        let (followed, lost) = (a_day(truth.followed.len()), a_day(truth.lost.len()));
        assert!((0.003..0.005).contains(&followed), "{followed}");
        assert!((0.003..followed).contains(&lost), "{lost} of {followed}");
        let share = |reason| {
            let n = truth.lost.iter().filter(|(.., r)| *r == reason).count();
            n as f64 / truth.lost.len() as f64
        };
        assert!((0.65..0.71).contains(&share(Reason::Unfollowed)));
        assert!((0.01..0.03).contains(&share(Reason::YouBlocked)));
        assert!((0.13..0.17).contains(&share(Reason::Suspended)));
        let renames_a_year = truth.renamed.len() as f64 / 20_000.0 / 360.0 * 365.0;
        assert!((0.13..0.18).contains(&renames_a_year), "{renames_a_year}");
    }

    #[test]
    fn a_world_with_a_rate_of_its_own_keeps_it() {
        let pace = Pace { gained: Some(60.0), lost: Some(40.0) };
        let roster = Roster::paced(12, 10_000, START_S, pace);
        let from_s = (START_S.div_euclid(DAY_S) + 1) * DAY_S;
        let truth = Ledger::default().truth(&roster, from_s, from_s + 30 * DAY_S);
        let first = truth.followed.iter().filter(|(i, at_s)| roster.follow_s(*i) == *at_s).count();
        assert_eq!(first, 1_800);
        let lost = truth.lost.len() as f64 / 30.0;
        assert!((36.0..46.0).contains(&lost), "{lost}");
        assert_eq!(Ledger::default().count(&roster, START_S), 10_000);
    }

    #[test]
    fn nobody_comes_or_goes_where_the_rates_are_nothing() {
        let pace = Pace { gained: Some(0.0), lost: Some(0.0) };
        let roster = Roster::paced(12, 1_000, START_S, pace);
        // Those who were away when the rates began come back.
        let from_s = START_S + 100 * DAY_S;
        let truth = Ledger::default().truth(&roster, from_s, from_s + 300 * DAY_S);
        assert_eq!((truth.followed, truth.lost), (Vec::new(), Vec::new()));
    }
}
