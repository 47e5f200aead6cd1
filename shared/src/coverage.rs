//! What was observed, as stretches of time. Owns: where a gap begins and what it is called.
//! Must not know: what was found. Invariant: the stretches adjoin and fill the range up to
//! now; time between two checks too far apart is a gap, whatever they found; whether an instant
//! was observed does not depend on the range that is asked for.

use crate::api::{Coverage, Schedule, Span, SpanState};
use crate::time::{HOUR_MS, UnixMs};

/// The reason of a gap for which no run says why.
const NO_CHECK: &str = "No full check ran.";
/// The reason of the time before anything was known of the account.
const BEFORE: &str = "Not tracked yet.";

/// How far apart two full checks may be on a schedule, in milliseconds: a tick late is fine.
/// Where no schedule makes full checks, a day apart is as far as a day's changes can be told.
pub fn expected_ms(schedule: Schedule) -> i64 {
    match schedule {
        Schedule::Hourly => 2 * HOUR_MS,
        Schedule::Daily | Schedule::CountOnly | Schedule::CountAudit | Schedule::Manual => {
            26 * HOUR_MS
        }
        // What X pushes is seen at once; the rest by checks a week apart.
        Schedule::Push => 8 * 24 * HOUR_MS,
    }
}

/// Neighbours on either side that tell the rhythm of a stretch: half of them may be gaps.
const NEIGHBOURS: usize = 7;
/// A rhythm read off neighbours is never wider than a daily one with its slack: a week without a
/// check is a gap even among such weeks.
const RHYTHM_MAX_MS: i64 = 26 * HOUR_MS;

/// How long after each check the next may come without a gap between them, in milliseconds: one
/// entry for each of `accepted` (ascending). `expected_ms` is the schedule's; a stretch is also
/// whole if it is like the median of the seven before it or of the seven after it, a twelfth wider
/// at most. Lists saved daily before an hourly schedule began are so days that were observed.
pub fn limits_ms(accepted: &[UnixMs], expected_ms: i64) -> Vec<i64> {
    let apart: Vec<i64> =
        accepted.iter().zip(accepted.iter().skip(1)).map(|(a, b)| b.since(*a)).collect();
    let rhythm = |from: usize, to: usize| {
        let mut near: Vec<i64> = apart.get(from..to.min(apart.len())).unwrap_or_default().to_vec();
        near.sort_unstable();
        let median = near.get(near.len() / 2).copied().unwrap_or_default();
        median.saturating_add(median / 12).min(RHYTHM_MAX_MS)
    };
    (0..accepted.len())
        .map(|at| {
            let before = rhythm(at.saturating_sub(NEIGHBOURS), at);
            let after = rhythm(at + 1, at + 1 + NEIGHBOURS);
            expected_ms.max(before).max(after)
        })
        .collect()
}

/// The observed share of a range up to `now`, 0 to 1: what [`Coverage::observed`] says of it.
/// `limits_ms` are those of `accepted` by [`limits_ms`].
pub fn observed_share(
    from: UnixMs,
    to: UnixMs,
    accepted: &[UnixMs],
    limits_ms: &[i64],
    now: UnixMs,
) -> f64 {
    let to = to.min(now);
    let observed_ms = stretches(accepted, limits_ms, None, now)
        .filter(|stretch| stretch.gap.is_none())
        .map(|stretch| stretch.to.min(to).since(stretch.from.max(from)).max(0))
        .sum();
    share(observed_ms, to.since(from))
}

/// The coverage of a range, cut at `now`. `accepted` are the instants of all accepted
/// snapshots, ascending, `limits_ms` theirs by [`limits_ms`]; `began` is when tracking began;
/// `reasons` are runs that failed or were set aside, with words for the owner, in any order.
///
/// The time since the newest check counts as observed until the next one is overdue: that
/// check will tell what happened in it.
pub fn coverage(
    from: UnixMs,
    to: UnixMs,
    accepted: &[UnixMs],
    limits_ms: &[i64],
    began: Option<UnixMs>,
    reasons: &[(UnixMs, String)],
    now: UnixMs,
) -> Coverage {
    let to = to.min(now).max(from);
    let mut spans: Vec<Span> = Vec::new();
    for stretch in stretches(accepted, limits_ms, began, now) {
        let (start, end) = (stretch.from.max(from), stretch.to.min(to));
        if start >= end {
            continue;
        }
        let observed = stretch.gap.is_none();
        match spans.last_mut() {
            Some(last) if observed && last.state == SpanState::Observed => last.to = end,
            _ => spans.push(Span {
                from: start,
                to: end,
                state: if observed { SpanState::Observed } else { SpanState::Gap },
                reason: stretch.gap.map(|fallback| reason(&stretch, reasons, fallback)),
            }),
        }
    }
    let observed = spans.iter().filter(|span| span.state == SpanState::Observed);
    let observed_ms = observed.map(|span| span.to.since(span.from)).sum();
    Coverage { from, to, observed: share(observed_ms, to.since(from)), spans }
}

/// A stretch of all time up to now; `gap` is its reason if no run has a better one.
#[derive(Clone, Copy)]
struct Stretch {
    from: UnixMs,
    to: UnixMs,
    gap: Option<&'static str>,
}

/// All stretches, adjoining, ascending.
fn stretches(
    accepted: &[UnixMs],
    limits_ms: &[i64],
    began: Option<UnixMs>,
    now: UnixMs,
) -> impl Iterator<Item = Stretch> {
    let first = accepted.first().copied();
    // Imported lists may be older than tracking here.
    let known = began.into_iter().chain(first).min();
    let start = first.unwrap_or(now);
    let origin = UnixMs(i64::MIN);
    let before = Stretch { from: origin, to: known.unwrap_or(origin), gap: Some(BEFORE) };
    let waiting = Stretch { from: known.unwrap_or(origin), to: start, gap: Some(NO_CHECK) };
    let ends = accepted.iter().skip(1).copied().chain([now]);
    let limits = limits_ms.iter().copied();
    let between = accepted.iter().copied().zip(ends).zip(limits).map(|((from, to), limit_ms)| {
        let gap = (to.since(from) > limit_ms).then_some(NO_CHECK);
        Stretch { from, to, gap }
    });
    [before, waiting].into_iter().chain(between)
}

/// The newest reason inside a gap, its ends included.
fn reason(gap: &Stretch, reasons: &[(UnixMs, String)], fallback: &str) -> String {
    reasons
        .iter()
        .filter(|(at, _)| (gap.from..=gap.to).contains(at))
        .max_by_key(|(at, _)| *at)
        .map_or_else(|| fallback.to_owned(), |(_, words)| words.clone())
}

#[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
fn share(part_ms: i64, whole_ms: i64) -> f64 {
    if whole_ms > 0 { part_ms as f64 / whole_ms as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in these tests are hours.
    fn h(hours: i64) -> UnixMs {
        UnixMs(hours * HOUR_MS)
    }

    struct Case {
        range: (i64, i64),
        accepted: &'static [i64],
        began: Option<i64>,
        reasons: &'static [(i64, &'static str)],
        now: i64,
    }

    const CASE: Case =
        Case { range: (0, 100), accepted: &[], began: Some(0), reasons: &[], now: 100 };

    impl Case {
        fn coverage(&self) -> Coverage {
            let accepted: Vec<_> = self.accepted.iter().map(|&at| h(at)).collect();
            let reasons: Vec<_> =
                self.reasons.iter().map(|&(at, words)| (h(at), words.to_owned())).collect();
            let (from, to) = (h(self.range.0), h(self.range.1));
            let limits = limits_ms(&accepted, 26 * HOUR_MS);
            coverage(from, to, &accepted, &limits, self.began.map(h), &reasons, h(self.now))
        }
    }

    /// Spans as (from, to, reason of a gap).
    #[track_caller]
    fn check(case: &Case, observed: f64, expected: &[(i64, i64, Option<&str>)]) {
        let found = case.coverage();
        let spans: Vec<_> = found
            .spans
            .iter()
            .map(|span| {
                assert_eq!(span.reason.is_some(), span.state == SpanState::Gap);
                (span.from.0 / HOUR_MS, span.to.0 / HOUR_MS, span.reason.as_deref())
            })
            .collect();
        assert_eq!(spans, expected);
        assert!((found.observed - observed).abs() < 1e-9, "{}", found.observed);
        let ends: Vec<_> = found.spans.iter().map(|span| span.to).collect();
        let begins: Vec<_> = found.spans.iter().skip(1).map(|span| span.from).collect();
        assert_eq!(begins, ends[..ends.len().saturating_sub(1)], "no holes");
    }

    #[test]
    fn checks_close_enough_make_one_stretch() {
        let case = Case { accepted: &[0, 24, 49, 75, 99], ..CASE };
        check(&case, 1.0, &[(0, 100, None)]);
    }

    #[test]
    fn checks_too_far_apart_leave_a_gap() {
        let case = Case { accepted: &[0, 24, 51, 75, 99], ..CASE };
        check(&case, 0.73, &[(0, 24, None), (24, 51, Some(NO_CHECK)), (51, 100, None)]);
    }

    #[test]
    fn a_gap_tells_the_newest_reason_inside_it() {
        let case = Case {
            accepted: &[0, 50, 74, 99],
            reasons: &[(24, "X refused (credits)."), (48, "X was down."), (60, "Not this one.")],
            ..CASE
        };
        check(&case, 0.5, &[(0, 50, Some("X was down.")), (50, 100, None)]);
    }

    #[test]
    fn the_time_since_the_newest_check_is_open_until_the_next_is_overdue() {
        check(&Case { accepted: &[0, 20], range: (0, 46), now: 46, ..CASE }, 1.0, &[(0, 46, None)]);
        check(
            &Case { accepted: &[0, 20], range: (0, 47), now: 47, ..CASE },
            20.0 / 47.0,
            &[(0, 20, None), (20, 47, Some(NO_CHECK))],
        );
    }

    #[test]
    fn the_time_before_tracking_says_so() {
        let case = Case { began: Some(20), accepted: &[60, 80], ..CASE };
        let before = (0, 20, Some(BEFORE));
        check(&case, 0.4, &[before, (20, 60, Some(NO_CHECK)), (60, 100, None)]);
    }

    #[test]
    fn imported_lists_reach_back_before_tracking() {
        let case = Case { began: Some(80), accepted: &[40, 60, 80], ..CASE };
        check(&case, 0.6, &[(0, 40, Some(BEFORE)), (40, 100, None)]);
    }

    #[test]
    fn an_account_never_checked_was_never_observed() {
        check(&CASE, 0.0, &[(0, 100, Some(NO_CHECK))]);
        let stopped = Case { reasons: &[(3, "X refused.")], began: None, ..CASE };
        check(&stopped, 0.0, &[(0, 100, Some("X refused."))]);
    }

    #[test]
    fn a_range_cuts_stretches_and_ends_now() {
        let case = Case { accepted: &[0, 50, 70], range: (10, 200), now: 80, ..CASE };
        check(&case, 30.0 / 70.0, &[(10, 50, Some(NO_CHECK)), (50, 80, None)]);
        assert_eq!(case.coverage().to, h(80));
    }

    /// Which stretches between lists at these hours are gaps, under a schedule of so many hours.
    #[track_caller]
    fn check_gaps(accepted: &[i64], expected: i64, gaps: &[(i64, i64)]) {
        let accepted: Vec<_> = accepted.iter().map(|&at| h(at)).collect();
        let limits = limits_ms(&accepted, expected * HOUR_MS);
        let now = *accepted.last().unwrap();
        let found = coverage(accepted[0], now, &accepted, &limits, None, &[], now).spans;
        let found = found.iter().filter(|span| span.state == SpanState::Gap);
        let found: Vec<_> = found.map(|s| (s.from.0 / HOUR_MS, s.to.0 / HOUR_MS)).collect();
        assert_eq!(found, gaps);
    }

    #[test]
    fn a_stretch_is_judged_by_the_rhythm_of_its_neighbours() {
        let days = |from: i64, to: i64| (from..to).map(|day| day * 24);
        let hours = |from: i64, to: i64| from..to;
        // Saved daily, then checked hourly: no day of the first is a gap, nor the last of them.
        let both: Vec<_> = days(0, 10).chain(hours(9 * 24 + 1, 15 * 24)).collect();
        check_gaps(&both, 2, &[]);
        // Hours left out of the hourly part are gaps all the same, and days of the daily one.
        let without: Vec<_> =
            both.into_iter().filter(|at| !(240..250).contains(at) && *at != 96).collect();
        check_gaps(&without, 2, &[(72, 120), (239, 250)]);
        // A week apart is a gap though all of them are.
        check_gaps(&[0, 168, 336, 504], 2, &[(0, 168), (168, 336), (336, 504)]);
    }

    #[test]
    fn whether_a_day_was_observed_does_not_depend_on_the_range() {
        let accepted: Vec<_> = (0..30).map(|day| h(day * 24)).chain((700..840).map(h)).collect();
        let limits = limits_ms(&accepted, 2 * HOUR_MS);
        let now = h(839);
        for from in [0, 100, 500, 650, 690, 710] {
            let shown = coverage(h(from), now, &accepted, &limits, None, &[], now);
            assert!((shown.observed - 1.0).abs() < 1e-9, "from {from}: {}", shown.observed);
            let share = observed_share(h(from), h(2_000), &accepted, &limits, now);
            assert!((share - shown.observed).abs() < 1e-9, "from {from}: {share}");
        }
    }

    #[test]
    fn the_future_has_no_stretches() {
        check(&Case { accepted: &[0], range: (100, 200), now: 50, ..CASE }, 0.0, &[]);
    }
}
