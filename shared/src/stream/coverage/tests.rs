//! Counts and gaps, minute by minute.

#![allow(clippy::float_cmp, reason = "shares of small numbers are exact")]

use super::*;
use proptest::prelude::*;

/// A whole minute.
const NOON: UnixMs = UnixMs(1_763_712_000_000);

fn at(seconds: i64) -> UnixMs {
    NOON.plus(seconds * 1_000)
}

fn gap(from_ms: i64, to_ms: Option<i64>) -> CoverageGap {
    CoverageGap { from: NOON.plus(from_ms), to: to_ms.map(|ms| NOON.plus(ms)), why: "w".into() }
}

/// Rows as (second of the minute's beginning, received, delivered, missed, filled).
fn told(rows: &[Row]) -> Vec<(i64, u32, u32, u32, u32)> {
    let tell = |row: &Row| {
        let c = row.counts;
        (row.at.since(NOON) / 1_000, c.received, c.delivered, c.missed, c.filled)
    };
    rows.iter().map(tell).collect()
}

#[test]
fn counts_are_handed_out_once_when_their_minute_is_over() {
    let mut minutes = Minutes::default();
    minutes.received(at(3), 5, 4);
    minutes.received(at(59), 1, 1);
    assert!(!minutes.is_due(at(59)) && minutes.take_over(at(59)).is_empty());
    minutes.received(at(60), 2, 2);
    minutes.filled(at(-61), 9);
    assert!(minutes.is_due(at(60)));
    assert_eq!(told(&minutes.take_over(at(61))), [(-120, 0, 0, 0, 9), (0, 6, 5, 0, 0)]);
    assert!(minutes.take_over(at(61)).is_empty());
    assert_eq!(told(&minutes.unsaved()), [(60, 2, 2, 0, 0)]);
    assert_eq!(told(&minutes.take_all()), [(60, 2, 2, 0, 0)]);
    assert!(minutes.take_all().is_empty());
}

#[test]
fn a_quiet_minute_is_observed_all_the_same() {
    let mut minutes = Minutes::default();
    for second in 0..130 {
        minutes.alive(at(second));
    }
    assert_eq!(told(&minutes.take_all()), [(0, 0, 0, 0, 0), (60, 0, 0, 0, 0), (120, 0, 0, 0, 0)]);
    minutes.alive(at(131));
    assert!(minutes.take_all().is_empty(), "noted once");
}

#[test]
fn limit_notices_are_cumulative_within_a_connection() {
    let mut minutes = Minutes::default();
    minutes.connected(at(0));
    minutes.limit(at(1), 16);
    minutes.limit(at(2), 16);
    minutes.limit(at(61), 20);
    minutes.connected(at(62));
    minutes.limit(at(63), 7);
    minutes.limit(at(125), 3);
    let missed: Vec<u32> = minutes.take_all().iter().map(|row| row.counts.missed).collect();
    assert_eq!(missed, [16, 11, 3], "a count that went down began anew");
    let mut resumed = Minutes::default();
    resumed.resume_limit(minutes.last_limit());
    resumed.limit(at(130), 5);
    assert_eq!(resumed.take_all()[0].counts.missed, 2);
}

#[test]
fn counts_survive_their_bytes() {
    let counts = Counts { received: 1, delivered: 2, missed: u32::MAX, filled: 4 };
    assert_eq!(Counts::decode(&counts.encode()), Some(counts));
    assert_eq!(Counts::decode(&counts.encode()[1..]), None);
    assert_eq!(counts.plus(counts).missed, u32::MAX, "bounded, not wrapped");
}

/// Seconds without a connection by minute, from minute 0 on.
#[track_caller]
fn check(gaps: &[CoverageGap], expected: &[(i64, u32)]) {
    let seen = view(&[], gaps, NOON, at(600), at(300));
    let got: Vec<(i64, u32)> =
        seen.minutes.iter().map(|m| (minute(m.at) - minute(NOON), m.disconnected_s)).collect();
    assert_eq!(got, expected, "{gaps:?}");
    let sum: u32 = expected.iter().map(|(_, seconds)| seconds).sum();
    assert_eq!(seen.totals.disconnected_s, u64::from(sum));
}

#[test]
fn gaps_are_split_over_their_minutes() {
    check(&[gap(0, Some(60_000))], &[(0, 60)]);
    check(&[gap(50_000, Some(130_000))], &[(0, 10), (1, 60), (2, 10)]);
    check(&[gap(59_400, Some(60_600))], &[(0, 1), (1, 0)]);
    check(&[gap(10_000, Some(10_400)), gap(20_000, Some(20_400))], &[(0, 1)]);
    check(&[gap(-90_000, Some(5_000))], &[(0, 5)]);
    check(&[gap(240_000, None)], &[(4, 60)]);
    check(&[gap(10_000, Some(40_000)), gap(20_000, Some(50_000))], &[(0, 40)]);
    check(&[gap(700_000, Some(800_000)), gap(-9, Some(0))], &[]);
}

#[test]
fn rows_of_one_minute_add_up_with_what_is_unsaved() {
    let counts = Counts { received: 6, delivered: 5, missed: 2, filled: 1 };
    let mut minutes = Minutes::default();
    minutes.received(at(70), 3, 3);
    let mut rows = vec![Row { at: at(60), counts }, Row { at: at(-60), counts }];
    rows.extend(minutes.unsaved());
    let seen = view(&rows, &[gap(100_000, Some(105_000))], NOON, at(600), at(600));
    let expected = CoverageMinute {
        at: at(60),
        received: 9,
        delivered: 8,
        missed: 2,
        disconnected_s: 5,
        filled: 1,
    };
    assert_eq!(seen.minutes, [expected]);
    assert_eq!((seen.totals.received, seen.totals.share), (9, Some(9.0 / 11.0)));
    assert_eq!(seen.gaps.len(), 1);
}

#[test]
fn nothing_is_nothing() {
    let seen = view(&[], &[], NOON, NOON, NOON);
    assert_eq!((seen.minutes.len(), seen.totals.share), (0, None));
}

#[test]
fn the_view_is_bounded_and_keeps_the_newest() {
    let ever = CoverageGap { from: UnixMs(0), to: None, why: "w".into() };
    let seen = view(&[], &[ever], UnixMs(0), NOON, NOON);
    assert_eq!(seen.minutes.len(), 44_640);
    assert_eq!(seen.minutes.last().map(|m| (m.at, m.disconnected_s)), Some((at(-60), 60)));
}

proptest! {
    /// However often and whenever rows are taken, and machines lost right after a write, the
    /// rows add up to what was counted.
    #[test]
    fn nothing_is_lost_and_nothing_twice(
        steps in prop::collection::vec((0_i64..40_000, 0_u32..5, 0_u8..6), 1..200),
    ) {
        let mut minutes = Minutes::default();
        let mut saved: BTreeMap<UnixMs, Counts> = BTreeMap::new();
        let mut save = |rows: Vec<Row>| {
            for row in rows {
                let of = saved.entry(row.at).or_default();
                *of = of.plus(row.counts);
            }
        };
        let (mut now, mut track, mut missed, mut received) = (NOON, 0, 0, 0);
        for (ms, n, kind) in steps {
            now = now.plus(ms);
            match kind {
                0 => { minutes.received(now, n, n); received += n; }
                1 => { track += u64::from(n); minutes.limit(now, track); missed += n; }
                2 => { track = 0; minutes.connected(now); }
                3 => save(minutes.take_over(now)),
                4 => {
                    save(minutes.take_all());
                    let limit = minutes.last_limit();
                    minutes = Minutes::default();
                    minutes.resume_limit(limit);
                }
                _ => minutes.alive(now),
            }
        }
        save(minutes.take_all());
        let rows: Vec<Row> = saved.into_iter().map(|(at, counts)| Row { at, counts }).collect();
        let seen = view(&rows, &[], NOON, now.plus(1), now);
        prop_assert_eq!(seen.totals.received, u64::from(received));
        prop_assert_eq!(seen.totals.missed, u64::from(missed));
    }

    /// Gaps split over minutes add up to their union, to the second.
    #[test]
    fn gaps_add_up(spans in prop::collection::vec((0_i64..9_000, 0_i64..900), 0..12)) {
        let of = |&(from, len): &(i64, i64)| gap(from * 100, Some((from + len) * 100));
        let gaps: Vec<_> = spans.iter().map(of).collect();
        let seen = view(&[], &gaps, NOON, at(2_000), at(2_000));
        let covered = |t: i64| spans.iter().any(|&(from, len)| (from..from + len).contains(&t));
        let tenths: i64 = (0..9_900).filter(|&t| covered(t)).map(|_| 1).sum();
        prop_assert_eq!(seen.totals.disconnected_s, u64::try_from((tenths + 5) / 10).unwrap());
        prop_assert!(seen.minutes.iter().all(|minute| minute.disconnected_s <= 60));
    }
}
