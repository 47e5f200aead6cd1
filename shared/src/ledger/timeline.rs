//! The accepted snapshots in order of time. Invariant: instants ascend and are distinct.

use crate::crawl::CrawlFacts;
use crate::time::UnixMs;

/// An accepted snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The instant its name says.
    pub at: UnixMs,
    /// How many it lists.
    pub count: u64,
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
}

/// X's count may drift away from its list by this many in ten thousand between two checks
/// before the list is doubted.
const DRIFT_PER_10_000: i64 = 5;

impl Timeline {
    /// Of marks in any order; of two at the same instant the first is kept.
    pub fn new(mut marks: Vec<Mark>) -> Self {
        marks.sort_by_key(|mark| mark.at);
        marks.dedup_by_key(|mark| mark.at);
        Self { marks }
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

    /// The newest instant.
    pub fn last(&self) -> Option<UnixMs> {
        self.marks.last().map(|mark| mark.at)
    }

    /// Whether the list at `at` may lack people who follow: a page had to be kept although it
    /// looked wrong, X kept followers back, or X's own count ran away from the list since the
    /// last check that knew both. An imported list is never doubtful.
    pub fn doubtful(&self, at: UnixMs) -> bool {
        let earlier = self.earlier(at);
        let Some(mark) = self.marks.get(earlier.len()).filter(|mark| mark.at == at) else {
            return false;
        };
        let Some(facts) = &mark.facts else { return false };
        if facts.doubtful || facts.refused > 0 {
            return true;
        }
        let before = earlier.iter().rev().find_map(Mark::missing);
        let (Some(missing), Some(before)) = (mark.missing(), before) else { return false };
        let moved = match (facts.x_count_start, facts.x_count_end) {
            (Some(start), Some(end)) => signed(start.abs_diff(end)),
            _ => 0,
        };
        let allowed = signed(mark.count).saturating_mul(DRIFT_PER_10_000) / 10_000;
        missing.saturating_sub(before) > moved.saturating_add(allowed)
    }

    fn earlier(&self, at: UnixMs) -> &[Mark] {
        let until = self.marks.partition_point(|mark| mark.at < at);
        self.marks.get(..until).unwrap_or_default()
    }
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
        Mark { at: UnixMs(at), count, facts }
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
