//! Windows, what is usual, tweets at an age: times are hours, and accounts are made up.

use super::*;
use crate::metrics::{Metric, Series};
use crate::time::HOUR_MS;
use proptest::prelude::*;

fn h(hours: i64) -> UnixMs {
    UnixMs(hours * HOUR_MS)
}

fn flow(from: i64, to: i64, came: u64, left: u64) -> Flow {
    Flow { from: h(from), to: h(to), came, left }
}

/// Limit in these tests: checks at most 26 hours apart.
const LIMIT_MS: i64 = 26 * HOUR_MS;

/// Came, its bounds, left, whole.
#[track_caller]
fn check_window(
    flows: &[Flow],
    from: i64,
    to: i64,
    expected: Option<(f64, (u64, u64), f64, bool)>,
) {
    let found = window(flows, h(from), h(to), LIMIT_MS);
    let short = found.map(|w| (w.came, (w.came_range.low, w.came_range.high), w.left, w.whole));
    assert_eq!(short, expected);
}

#[test]
fn checks_inside_a_stretch_are_certain() {
    let flows = [flow(0, 1, 2, 0), flow(1, 2, 3, 1), flow(2, 3, 5, 0)];
    check_window(&flows, 0, 3, Some((10.0, (10, 10), 1.0, true)));
    check_window(&flows, 1, 2, Some((3.0, (3, 3), 1.0, true)));
}

#[test]
fn checks_across_its_ends_count_by_their_share() {
    check_window(&[flow(-12, 12, 10, 4)], 0, 24, Some((5.0, (0, 10), 2.0, false)));
    let daily = [flow(-12, 12, 10, 4), flow(12, 36, 20, 0)];
    check_window(&daily, 0, 24, Some((15.0, (0, 30), 2.0, true)));
}

#[test]
fn checks_too_far_apart_observe_nothing() {
    check_window(&[flow(0, 240, 100, 0)], 24, 48, None);
    check_window(&[], 0, 24, None);
    check_window(&[flow(0, 1, 5, 0)], 1, 24, None);
    let gap = [flow(0, 12, 5, 0), flow(12, 112, 100, 0)];
    check_window(&gap, 0, 24, Some((17.0, (5, 105), 0.0, false)));
}

/// 10 weeks of hourly checks: `usual` people an hour, and more in the day after hour 1,344.
fn weeks(usual: u64, after_tweet: u64) -> Vec<Flow> {
    (0..1_680)
        .map(|at| {
            flow(at, at + 1, if (1_344..1_368).contains(&at) { after_tweet } else { usual }, 0)
        })
        .collect()
}

#[track_caller]
fn check_after(flows: &[Flow], now: i64, expected: (u64, bool, Option<(f64, u32)>, Beside)) {
    let created = h(1_344);
    let found = after(created, &earlier_weeks(created), flows, LIMIT_MS, h(now)).unwrap();
    let usual = found.usual.map(|usual| (usual.mid, usual.weeks));
    assert_eq!((found.came, found.complete, usual, found.beside), expected);
}

#[test]
fn more_than_usual_stands_out() {
    check_after(&weeks(2, 5), 1_400, (120, true, Some((48.0, 8)), Beside::More));
    check_after(&weeks(2, 2), 1_400, (48, true, Some((48.0, 8)), Beside::Usual));
    check_after(&weeks(2, 1), 1_400, (24, true, Some((48.0, 8)), Beside::Fewer));
}

#[test]
fn a_day_that_is_not_over_is_not_judged() {
    check_after(&weeks(2, 5)[..1_350], 1_350, (30, false, Some((48.0, 8)), Beside::Usual));
}

#[test]
fn a_day_with_a_gap_is_not_judged() {
    let mut flows = weeks(2, 5);
    flows.retain(|flow| !(h(1_350)..h(1_354)).contains(&flow.from));
    check_after(&flows, 1_400, (100, false, Some((48.0, 8)), Beside::Usual));
}

#[test]
fn without_earlier_weeks_nothing_is_usual() {
    check_after(&weeks(2, 5)[1_300..], 1_400, (120, true, None, Beside::Usual));
}

#[test]
fn weeks_that_were_not_observed_do_not_count() {
    let mut flows = weeks(2, 5);
    flows.retain(|flow| !(h(1_008)..h(1_020)).contains(&flow.from));
    check_after(&flows, 1_400, (120, true, Some((48.0, 7)), Beside::More));
}

#[test]
fn daily_checks_leave_doubt() {
    let daily: Vec<Flow> = (0..70)
        .map(|day| flow(day * 24 - 12, day * 24 + 12, if day == 57 { 90 } else { 48 }, 0))
        .collect();
    check_after(&daily, 1_400, (69, true, Some((48.0, 8)), Beside::Usual));
}

#[test]
fn nothing_observed_is_nothing_said() {
    assert_eq!(after(h(10), &[], &[], LIMIT_MS, h(90)), None);
}

#[track_caller]
fn check_usual(counts: &[f64], expected: Option<(f64, f64, f64)>) {
    let found = usual(counts);
    assert_eq!(found.map(|usual| (usual.low, usual.mid, usual.high)), expected, "{counts:?}");
    assert_eq!(found.map_or(0, |usual| usual.weeks as usize), counts.len());
}

#[test]
fn five_weeks_have_quartiles() {
    check_usual(&[9.0, 1.0, 3.0, 5.0, 7.0], Some((3.0, 5.0, 7.0)));
    check_usual(&[4.0; 8], Some((4.0, 4.0, 4.0)));
}

#[test]
fn few_weeks_have_wide_bounds() {
    check_usual(&[], None);
    check_usual(&[0.0], Some((0.0, 0.0, 1.0)));
    // One week with 10: half of all next weeks have 7 to 13.
    check_usual(&[10.0], Some((7.0, 10.0, 13.0)));
    check_usual(&[10.0; 4], Some((8.0, 10.0, 12.0)));
}

#[test]
fn many_people_and_few_weeks_meet_the_exact_bounds() {
    let near = usual(&[299.0]).unwrap();
    let beyond = usual(&[301.0]).unwrap();
    assert!((beyond.low - near.low - 2.0).abs() < 2.0, "{near:?} {beyond:?}");
    assert!((beyond.high - near.high - 2.0).abs() < 2.0, "{near:?} {beyond:?}");
    assert!(usual(&[1e9]).unwrap().low > 9e8);
}

proptest! {
    #[test]
    fn quantiles_ascend_and_know_no_order(
        mut values in prop::collection::vec(0.0_f64..1e6, 1..40), shift in 0.0_f64..1e5,
    ) {
        let found = usual(&values).unwrap();
        prop_assert!(found.low <= found.mid && found.mid <= found.high);
        values.reverse();
        let turned = usual(&values).unwrap();
        prop_assert!((turned.mid - found.mid).abs() < 1e-6);
        let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let moved = quantile(&shifted, 0.5).unwrap() - quantile(&values, 0.5).unwrap();
        prop_assert!((moved - shift).abs() < 1e-6);
        prop_assert_eq!(quantile(&values, 0.0), values.iter().copied().reduce(f64::min));
        prop_assert_eq!(quantile(&values, 1.0), values.iter().copied().reduce(f64::max));
    }

    #[test]
    fn windows_side_by_side_add_up(
        steps in prop::collection::vec((1_i64..26, 0_u64..50, 0_u64..50), 1..40),
        cut in 0_i64..100,
    ) {
        let mut at = 0;
        let flows: Vec<Flow> = steps.iter().map(|&(hours, came, left)| {
            at += hours;
            flow(at - hours, at, came, left)
        }).collect();
        let cut = cut.clamp(1, at.max(2) - 1);
        let of = |from, to| window(&flows, h(from), h(to), LIMIT_MS).map_or(0.0, |w| w.came);
        let all: u64 = steps.iter().map(|(_, came, _)| came).sum();
        prop_assert!((of(0, cut) + of(cut, at) - of(0, at)).abs() < 1e-6 || at < 2);
        prop_assert!((of(0, at) - count(all)).abs() < 1e-6);
        for (from, to) in [(0, cut), (cut, at)] {
            if let Some(window) = window(&flows, h(from), h(to), LIMIT_MS) {
                let Bounds { low, high } = window.came_range;
                prop_assert!(count(low) <= window.came + 1e-9 && window.came <= count(high) + 1e-9);
            }
        }
    }
}

fn views() -> Metric {
    Metric::parse("public.impression_count").unwrap()
}

/// A tweet of hour 0 with so many views an hour, read at these hours.
fn tweet(rate: u64, hours: &[i64]) -> Series {
    let mut series = Series::new();
    for &hour in hours {
        series.push(h(hour), &[(views(), rate * hour.unsigned_abs())]);
    }
    series
}

#[test]
fn the_median_tweet_is_of_those_observed_at_that_age() {
    let hourly: Vec<i64> = (1..=30).collect();
    let tweets = [tweet(1, &hourly), tweet(2, &hourly[..12]), tweet(9, &hourly)];
    let all: Vec<(UnixMs, &Series)> = tweets.iter().map(|series| (h(0), series)).collect();
    let points = band(&all, &views(), &[10 * HOUR_MS, 24 * HOUR_MS, 40 * HOUR_MS]);
    let points: Vec<_> = points.iter().map(|p| (p.low, p.mid, p.high, p.tweets)).collect();
    assert_eq!(points, [(15.0, 20.0, 55.0, 3), (72.0, 120.0, 168.0, 2)]);
}

#[track_caller]
fn check_age(hours: &[i64], age: i64, expected: Option<f64>) {
    assert_eq!(value_at_age(&tweet(10, hours), h(0), &views(), age * HOUR_MS), expected);
}

#[test]
fn a_value_at_an_age_needs_readings_near_it() {
    check_age(&[1, 3], 2, Some(20.0));
    check_age(&[1, 5], 2, None);
    check_age(&[30, 42], 36, Some(360.0));
    check_age(&[30, 60], 36, None);
    check_age(&[2], 1, Some(10.0));
    check_age(&[2], 0, Some(0.0));
    check_age(&[9], 1, None);
    check_age(&[1, 2], 3, None);
    check_age(&[], 1, None);
}

#[test]
fn hours_of_few_tweets_come_last() {
    let posted = |hour, impressions: &[f64]| -> Vec<Posted> {
        impressions.iter().map(|&impressions| Posted { hour, impressions }).collect()
    };
    let all = [
        posted(9, &[10.0, 20.0, 30.0, 40.0, 50.0]),
        posted(18, &[900.0]),
        posted(7, &[100.0, 110.0, 120.0, 130.0, 140.0]),
    ];
    let hours = best_hours(&all.concat());
    let hours: Vec<_> = hours.iter().map(|h| (h.hour, h.mid, h.tweets, h.few)).collect();
    assert_eq!(hours, [(7, 120.0, 5, false), (9, 30.0, 5, false), (18, 900.0, 1, true)]);
    assert!(best_hours(&[]).is_empty());
}
