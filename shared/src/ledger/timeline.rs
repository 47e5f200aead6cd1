//! The accepted snapshots in order of time. Invariant: instants ascend and are distinct; a list in
//! doubt makes nobody lost and confirms nothing.

use crate::crawl::CrawlFacts;
use crate::time::UnixMs;

/// An accepted snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The instant its name says.
    pub at: UnixMs,
    /// How many it lists.
    pub count: u64,
    /// Entries beside them that could not be read.
    pub unreadable: u64,
    /// How it was read; none: it was imported.
    pub facts: Option<CrawlFacts>,
}

impl Mark {
    /// How many more X counted than the list has, right after the walk.
    fn missing(&self) -> Option<i64> {
        let counted = self.facts.as_ref()?.x_count_end?;
        Some(signed(counted).saturating_sub(signed(self.count)))
    }
}

/// Every accepted snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    marks: Vec<Mark>,
    /// Which of them are doubtful.
    doubts: Vec<bool>,
}

/// X's count may drift away from its list by this many in ten thousand between two checks
/// before the list is doubted.
const DRIFT_PER_10_000: i64 = 5;

impl Timeline {
    /// Of marks in any order; of two at the same instant the first is kept.
    pub fn new(mut marks: Vec<Mark>) -> Self {
        marks.sort_by_key(|mark| mark.at);
        marks.dedup_by_key(|mark| mark.at);
        let mut missing_before = None;
        let doubt = |mark: &Mark| {
            let missing = mark.missing();
            let doubt = in_doubt(mark, missing.zip(missing_before));
            missing_before = missing.or(missing_before);
            doubt
        };
        let doubts = marks.iter().map(doubt).collect();
        Self { marks, doubts }
    }

    /// The marks, oldest first.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The newest instant before `at`, which need not be a mark's own.
    pub fn before(&self, at: UnixMs) -> Option<UnixMs> {
        self.earlier(at).last().map(|mark| mark.at)
    }

    /// The oldest instant after `at`.
    pub fn after(&self, at: UnixMs) -> Option<UnixMs> {
        let from = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.get(from).map(|mark| mark.at)
    }

    /// The instant of the oldest list after `at` that is not [doubtful](Self::doubtful).
    pub fn sure_after(&self, at: UnixMs) -> Option<UnixMs> {
        let from = self.marks.partition_point(|mark| mark.at <= at);
        let mut later = self.marks.iter().zip(&self.doubts).skip(from);
        later.find(|(_, doubtful)| !**doubtful).map(|(mark, _)| mark.at)
    }

    /// The oldest list whose losses the list of `at` may settle: the newest before it without
    /// doubt, or else the first of all.
    pub fn settled_from(&self, at: UnixMs) -> Option<UnixMs> {
        let earlier = self.earlier(at);
        let sure = earlier.iter().zip(&self.doubts).rev().find(|(_, doubtful)| !**doubtful);
        sure.map(|(mark, _)| mark.at).or_else(|| earlier.first().map(|mark| mark.at))
    }

    /// The instant of the oldest list after `at` whose doubt may rest on what came before it.
    pub(super) fn counted_after(&self, at: UnixMs) -> Option<UnixMs> {
        let from = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.iter().skip(from).find(|mark| mark.missing().is_some()).map(|mark| mark.at)
    }

    /// The newest instant.
    pub fn last(&self) -> Option<UnixMs> {
        self.marks.last().map(|mark| mark.at)
    }

    /// Whether the list at `at` may lack people who follow: some of its entries could not be read,
    /// a page had to be kept although it looked wrong, X kept followers back, or X's own count ran
    /// away from the list since the last check that knew both.
    pub fn doubtful(&self, at: UnixMs) -> bool {
        let index = self.earlier(at).len();
        let here = self.marks.get(index).is_some_and(|mark| mark.at == at);
        here && self.doubts.get(index).copied().unwrap_or_default()
    }

    fn earlier(&self, at: UnixMs) -> &[Mark] {
        let until = self.marks.partition_point(|mark| mark.at < at);
        self.marks.get(..until).unwrap_or_default()
    }
}

/// Whether a list may lack people; `missing` is how many more than it lists X counted, and the same
/// of the last check before it that knew both.
fn in_doubt(mark: &Mark, missing: Option<(i64, i64)>) -> bool {
    if mark.unreadable > 0 {
        return true;
    }
    let Some(facts) = &mark.facts else { return false };
    if facts.doubtful || facts.refused > 0 || facts.dropped > 0 {
        return true;
    }
    let Some((missing, before)) = missing else { return false };
    let moved = match (facts.x_count_start, facts.x_count_end) {
        (Some(start), Some(end)) => signed(start.abs_diff(end)),
        _ => 0,
    };
    let allowed = signed(mark.count).saturating_mul(DRIFT_PER_10_000) / 10_000;
    missing.saturating_sub(before) > moved.saturating_add(allowed)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, count: u64, x: Option<(u64, u64)>) -> Mark {
        let facts = x.map(|(start, end)| CrawlFacts {
            x_count_start: Some(start),
            x_count_end: Some(end),
            ..CrawlFacts::default()
        });
        Mark { at: UnixMs(at), count, unreadable: 0, facts }
    }

    #[track_caller]
    fn check(marks: &[Mark], expected: bool) {
        let timeline = Timeline::new(marks.to_vec());
        assert_eq!(timeline.doubtful(marks.last().unwrap().at), expected);
    }

    #[test]
    fn neighbours_are_found_at_and_between_marks() {
        let marks = vec![mark(30, 0, None), mark(10, 0, None), mark(20, 0, None)];
        let timeline = Timeline::new(marks);
        let around = |at| {
            let ms = |at: Option<UnixMs>| at.map(|at| at.0);
            (ms(timeline.before(UnixMs(at))), ms(timeline.after(UnixMs(at))))
        };
        assert_eq!(around(5), (None, Some(10)));
        assert_eq!(around(10), (None, Some(20)));
        assert_eq!(around(15), (Some(10), Some(20)));
        assert_eq!(around(30), (Some(20), None));
        assert_eq!(around(35), (Some(30), None));
    }

    #[test]
    fn a_list_from_which_x_kept_people_back_is_doubtful() {
        let mut kept_back = mark(1, 100, Some((100, 100)));
        check(&[kept_back.clone()], false);
        kept_back.facts.as_mut().unwrap().refused = 1;
        check(&[kept_back], true);
        let mut wrong = mark(1, 100, None);
        wrong.facts = Some(CrawlFacts { doubtful: true, ..CrawlFacts::default() });
        check(&[wrong], true);
        let mut dropped = mark(1, 100, None);
        dropped.facts = Some(CrawlFacts { dropped: 1, ..CrawlFacts::default() });
        check(&[dropped], true);
    }

    #[test]
    fn an_import_with_an_entry_that_could_not_be_read_is_doubtful() {
        check(&[mark(1, 100, None)], false);
        check(&[Mark { unreadable: 1, ..mark(1, 100, None) }], true);
        check(&[Mark { unreadable: 1, ..mark(1, 100, None) }, mark(2, 100, None)], false);
    }

    #[test]
    fn a_list_without_doubt_is_found_behind_those_in_doubt() {
        let odd = |at| Mark { unreadable: 1, ..mark(at, 100, None) };
        let timeline =
            Timeline::new(vec![odd(10), mark(20, 9, None), odd(30), odd(40), mark(50, 9, None)]);
        let after = |at| timeline.sure_after(UnixMs(at)).map(|at| at.0);
        assert_eq!(
            [after(5), after(10), after(20), after(50)],
            [Some(20), Some(20), Some(50), None]
        );
        let from = |at| timeline.settled_from(UnixMs(at)).map(|at| at.0);
        assert_eq!([from(50), from(40), from(20), from(10)], [Some(20), Some(20), Some(10), None]);
    }

    #[test]
    fn a_list_that_shrinks_while_the_count_does_not_is_doubtful() {
        let first = mark(1, 1_000, Some((1_003, 1_003)));
        check(&[first.clone(), mark(2, 990, Some((993, 993)))], false);
        check(&[first.clone(), mark(2, 990, Some((994, 994)))], true);
        check(&[first.clone(), mark(2, 990, Some((993, 994)))], false);
        check(&[first.clone(), mark(2, 990, Some((995, 994)))], false);
        check(&[first, mark(2, 1_000, Some((990, 990)))], false);
    }

    #[test]
    fn a_large_list_may_drift_by_five_in_ten_thousand() {
        let first = mark(1, 10_000, Some((10_000, 10_000)));
        check(&[first.clone(), mark(2, 10_000, Some((10_005, 10_005)))], false);
        check(&[first, mark(2, 10_000, Some((10_006, 10_006)))], true);
    }

    #[test]
    fn drift_is_measured_from_the_last_check_that_knew_both() {
        let first = mark(1, 1_000, Some((1_000, 1_000)));
        check(&[first.clone(), mark(2, 995, None), mark(3, 990, Some((1_000, 1_000)))], true);
        check(&[mark(2, 995, None), mark(3, 990, Some((1_000, 1_000)))], false);
        check(&[first, mark(2, 900, None)], false);
    }
}
