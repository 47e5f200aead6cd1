//! Histories with gaps, falls and late ticks: through bytes, through damage, into buckets.

use super::*;
use crate::time::HOUR_MS;
use proptest::prelude::*;

fn metric(name: &str) -> Metric {
    Metric::parse(name).unwrap()
}

const NAMES: [&str; 8] = [
    "public.impression_count",
    "public.like_count",
    "non_public.impression_count",
    "organic.impression_count",
    "organic.like_count",
    "promoted.impression_count",
    "promoted.dream_count",
    "public.dream_count",
];

/// A reading's instant (hours, and ms late) and, by metric, a step and whether X said it.
type Tick = (i64, i64, Vec<(i64, bool)>);

/// Histories with gaps, falls, late ticks, absent metrics and large numbers.
fn history() -> impl Strategy<Value = Vec<(UnixMs, Vec<(Metric, u64)>)>> {
    let step = prop_oneof![4 => Just(0), 4 => 0_i64..200, 1 => -50_i64..0, 1 => any::<i64>()];
    let said = prop_oneof![9 => Just(true), 1 => Just(false)];
    let tick = (
        prop_oneof![8 => Just(1_i64), 2 => 2_i64..50],
        prop_oneof![2 => Just(0_i64), 1 => (0_i64..30).prop_map(|s| s * 1_000), 1 => 0_i64..60_000],
        prop::collection::vec((step, said), NAMES.len()),
    );
    prop::collection::vec(tick, 0..40).prop_map(readings)
}

fn readings(ticks: Vec<Tick>) -> Vec<(UnixMs, Vec<(Metric, u64)>)> {
    let mut hour = 0;
    let mut counts = [0_u64; NAMES.len()];
    let mut reading = |(hours, late_ms, steps): Tick| {
        hour += hours;
        let mut values = Vec::new();
        for ((count, name), (step, said)) in counts.iter_mut().zip(NAMES).zip(steps) {
            *count = count.wrapping_add_signed(step);
            if said {
                values.push((metric(name), *count));
            }
        }
        (UnixMs(hour * HOUR_MS + late_ms), values)
    };
    ticks.into_iter().map(&mut reading).collect()
}

fn series(readings: &[(UnixMs, Vec<(Metric, u64)>)]) -> Series {
    let mut series = Series::new();
    for (at, values) in readings {
        series.push(*at, values);
    }
    series
}

fn sample() -> Series {
    size::lifelike(7, 12)
}

proptest! {
    #[test]
    fn a_history_comes_back(readings in history()) {
        let series = series(&readings);
        prop_assert_eq!(Series::decode(&series.encode()), Ok(series));
    }

    #[test]
    fn readings_may_come_in_any_order_and_again(
        (readings, shuffled) in history().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let expected = series(&readings);
        let mut found = series(&shuffled);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(found.encode(), expected.encode());
        for (at, values) in &shuffled {
            prop_assert_eq!(found.push(*at, values), Pushed::Same);
        }
        prop_assert_eq!(&found, &expected);
        let said: Vec<_> = found
            .readings()
            .map(|reading| {
                let own = reading.values.into_iter().map(|(metric, value)| (metric.clone(), value));
                let mut own: Vec<_> = own.collect();
                own.sort();
                (reading.at, own)
            })
            .collect();
        let pushed = readings.into_iter().map(|(at, mut values)| { values.sort(); (at, values) });
        prop_assert_eq!(said, pushed.collect::<Vec<_>>());
    }

    #[test]
    fn a_flipped_bit_is_refused(readings in history(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut bytes = series(&readings).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(Series::decode(&bytes).is_err());
    }

    #[test]
    fn a_cut_or_longer_text_is_refused(readings in history(), cut in any::<prop::sample::Index>()) {
        let mut bytes = series(&readings).encode();
        prop_assert!(Series::decode(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(Series::decode(&bytes).is_err());
    }

    /// Bytes with a right checksum but nonsense in them are an error or a series, never a panic
    /// or endless memory.
    #[test]
    fn nonsense_with_a_right_checksum_does_no_harm(mut body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = b"TWM1".to_vec();
        bytes.append(&mut body);
        if let Ok(series) = Series::decode(&crate::packed::seal(bytes)) {
            prop_assert!(Series::decode(&series.encode()) == Ok(series));
        }
    }

    #[test]
    fn any_range_and_interval_agree_with_the_plain_reference(
        readings in history(),
        steps in prop::collection::vec(1_i64..90, 0..40),
        begin in -50_i64..200,
        range in (-60_i64..400, 0_i64..400),
    ) {
        let series = series(&readings);
        let mut edges = vec![UnixMs(begin * HOUR_MS / 2)];
        for step in steps {
            edges.push(edges.last().unwrap().plus(step * HOUR_MS / 2));
        }
        let range = (UnixMs(range.0 * HOUR_MS), UnixMs((range.0 + range.1) * HOUR_MS));
        let metrics: Vec<Metric> = NAMES.iter().rev().map(|name| metric(name)).collect();
        let found = series.points(&edges, range, &metrics);
        prop_assert_eq!(found, reference(&readings, &edges, range, &metrics));
    }

    #[test]
    fn growths_of_buckets_add_up(
        steps in prop::collection::vec((1_i64..40, 0_u64..1_000), 0..40),
        cuts in prop::collection::btree_set(0_i64..900, 2..20),
        created in 0_i64..900,
    ) {
        let views = metric("public.impression_count");
        let (mut series, mut at) = (Series::new(), created);
        for (hours, value) in steps {
            at += hours;
            series.push(UnixMs(at * HOUR_MS), &[(views.clone(), value)]);
        }
        let edges: Vec<UnixMs> = cuts.into_iter().map(|cut| UnixMs(cut * HOUR_MS)).collect();
        let range = (edges[0], *edges.last().unwrap());
        let created = Some(UnixMs(created * HOUR_MS));
        let parts = series.growths(&views, &edges, range, created);
        prop_assert_eq!(parts.len(), edges.len() - 1);
        let sum: i64 = parts.iter().flatten().sum();
        let whole = series.growth(&views, range, created);
        prop_assert_eq!(sum, whole.map_or(0, |growth| growth.by));
        prop_assert_eq!(parts.iter().any(Option::is_some), whole.is_some());
    }

    #[test]
    fn falls_are_the_steps_down(readings in history()) {
        let mut expected = Vec::new();
        for name in NAMES {
            let said: Vec<(UnixMs, u64)> = readings
                .iter()
                .filter_map(|(at, values)| Some((*at, value_of(values, &metric(name))?)))
                .collect();
            for pair in said.windows(2).filter(|pair| pair[1].1 < pair[0].1) {
                let (at, from, to) = (pair[1].0, pair[0].1, pair[1].1);
                expected.push(Fall { at, metric: metric(name), from, to });
            }
        }
        expected.sort_by_key(|fall| (fall.at, fall.metric.clone()));
        prop_assert_eq!(series(&readings).falls(), expected);
    }
}

fn value_of(values: &[(Metric, u64)], metric: &Metric) -> Option<u64> {
    values.iter().find(|(name, _)| name == metric).map(|(_, value)| *value)
}

/// Buckets by looking at everything for each of them.
fn reference(
    readings: &[(UnixMs, Vec<(Metric, u64)>)],
    edges: &[UnixMs],
    range: (UnixMs, UnixMs),
    metrics: &[Metric],
) -> Vec<Bucket> {
    let bucket = |edge: &[UnixMs]| {
        let inside = |at: UnixMs| at >= edge[0].max(range.0) && at < edge[1].min(range.1);
        let said = |metric: &Metric| -> Vec<(UnixMs, u64)> {
            let said = readings.iter().filter_map(|(at, v)| Some((*at, value_of(v, metric)?)));
            said.collect()
        };
        let last = |metric: &Metric| {
            said(metric).into_iter().rfind(|(at, _)| inside(*at)).map(|(_, value)| value)
        };
        let fell = |metric: &Metric| {
            said(metric).windows(2).any(|pair| inside(pair[1].0) && pair[1].1 < pair[0].1)
        };
        Bucket {
            at: edge[0],
            values: metrics.iter().map(last).collect(),
            fell: metrics.iter().map(fell).collect(),
        }
    };
    edges.windows(2).map(bucket).collect()
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_series_is_refused() {
    let bytes = sample().encode();
    for at in 0..bytes.len() {
        assert!(Series::decode(&bytes[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << bit;
            assert!(Series::decode(&broken).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn damage_says_what_to_do() {
    let text = Series::decode(b"TWM1").unwrap_err().to_string();
    assert!(text.contains("tweet series") && text.contains("replay"), "{text}");
}

#[test]
fn absent_is_not_zero() {
    let like = metric("public.like_count");
    let mut series = Series::new();
    series.push(UnixMs(1), &[(like.clone(), 0)]);
    series.push(UnixMs(2), &[]);
    let series = Series::decode(&series.encode()).unwrap();
    let readings: Vec<_> = series.readings().map(|reading| reading.values).collect();
    assert_eq!(readings, [vec![(&like, 0)], vec![]]);
}

#[test]
fn a_second_reading_of_an_instant_adds_and_replaces() {
    let (like, views) = (metric("public.like_count"), metric("organic.impression_count"));
    let mut series = Series::new();
    assert_eq!(series.push(UnixMs(1), &[(like.clone(), 1)]), Pushed::Changed);
    assert_eq!(series.push(UnixMs(1), &[(views.clone(), 9)]), Pushed::Changed);
    assert_eq!(series.push(UnixMs(1), &[(like.clone(), 2)]), Pushed::Changed);
    assert_eq!(series.push(UnixMs(1), &[(like.clone(), 2)]), Pushed::Same);
    let reading = series.readings().next().unwrap();
    assert_eq!(reading.values, [(&like, 2), (&views, 9)]);
}

#[test]
fn a_reading_taken_out_leaves_nothing() {
    let mut with = sample();
    let before = with.encode();
    with.push(UnixMs(5), &[(metric("public.dream_count"), 5)]);
    assert!(with.remove(UnixMs(5)));
    assert!(!with.remove(UnixMs(5)));
    assert_eq!(with.encode(), before);
}

#[test]
fn a_series_has_an_end() {
    let mut series = Series::new();
    let many: Vec<_> =
        (0..=METRICS_MAX).map(|n| (metric(&format!("public.m{n}")), n as u64)).collect();
    assert_eq!(series.push(UnixMs(1), &many), Pushed::Refused);
    assert_eq!(series.push(UnixMs(i64::MAX), &many[1..]), Pushed::Refused);
    assert!(series.is_empty());
    assert_eq!(series.push(UnixMs(1), &many[1..]), Pushed::Changed);
    for at in 2.. {
        if series.push(UnixMs(at), &[]) == Pushed::Refused {
            assert_eq!(series.len(), CELLS_MAX / METRICS_MAX);
            return;
        }
    }
}

#[track_caller]
fn check_growth(
    said: &[(i64, u64)],
    range: (i64, i64),
    created: i64,
    expected: Option<(i64, Option<i64>, i64)>,
) {
    let like = metric("public.like_count");
    let mut series = Series::new();
    for &(at, value) in said {
        series.push(UnixMs(at), &[(like.clone(), value)]);
    }
    let found = series.growth(&like, (UnixMs(range.0), UnixMs(range.1)), Some(UnixMs(created)));
    let found = found.map(|growth| (growth.by, growth.from.map(|at| at.0), growth.to.0));
    assert_eq!(found, expected);
}

#[test]
fn growth_counts_from_the_last_reading_before_the_range() {
    check_growth(&[(5, 10), (9, 12), (15, 20), (20, 99)], (10, 20), 0, Some((8, Some(9), 15)));
    check_growth(&[(9, 12), (10, 10)], (10, 20), 0, Some((-2, Some(9), 10)));
}

#[test]
fn growth_of_a_tweet_of_the_range_counts_from_nothing() {
    check_growth(&[(12, 7), (15, 20)], (10, 20), 11, Some((20, None, 15)));
}

#[test]
fn growth_of_an_older_tweet_counts_from_its_first_reading() {
    check_growth(&[(12, 7), (15, 20)], (10, 20), 3, Some((13, Some(12), 15)));
}

#[test]
fn without_a_reading_in_the_range_there_is_no_growth() {
    check_growth(&[(5, 7), (20, 20)], (10, 20), 3, None);
    check_growth(&[], (10, 20), 3, None);
}

#[test]
fn a_value_between_two_readings_lies_on_their_line() {
    let like = metric("public.like_count");
    let mut series = Series::new();
    series.push(UnixMs(0), &[(like.clone(), 10)]);
    series.push(UnixMs(5), &[]);
    series.push(UnixMs(10), &[(like.clone(), 20)]);
    let at = |at, gap| series.value_at(&like, UnixMs(at), gap);
    assert_eq!((at(0, 10), at(5, 10), at(10, 10)), (Some(10.0), Some(15.0), Some(20.0)));
    assert_eq!((at(5, 9), at(-1, 10), at(11, 10)), (None, None, None), "too far apart, outside");
}

/// The whole report, for a thousand tweets, is printed by the benchmarks.
#[test]
fn twenty_metrics_hourly_for_thirty_days_take_under_four_kilobytes() {
    let report = size::report(6);
    println!("{report}");
    assert!(report.values > report.points * 20 - 1 && report.points > 6 * 700);
    assert!(report.packed_max < size::BYTES_MAX as u64, "{report}");
    assert!(report.packed * 4 < report.gzip, "{report}");
}

#[test]
fn a_year_by_the_hour_comes_back() {
    let year = size::lifelike(3, 8_760);
    assert_eq!(Series::decode(&year.encode()), Ok(year));
}

/// Buckets of 0 to 10 and 10 to 20: the values in each.
#[track_caller]
fn check_points(said: &[(i64, u64)], range: (i64, i64), expected: [Option<u64>; 2]) {
    let like = metric("public.like_count");
    let mut series = Series::new();
    for &(at, value) in said {
        series.push(UnixMs(at), &[(like.clone(), value)]);
    }
    let edges = [0, 10, 20].map(UnixMs);
    let points = series.points(&edges, (UnixMs(range.0), UnixMs(range.1)), &[like]);
    assert_eq!(points.iter().map(|bucket| bucket.values[0]).collect::<Vec<_>>(), expected);
}

#[test]
fn a_bucket_has_its_beginning_and_not_its_end() {
    check_points(&[(0, 1), (9, 2), (10, 3), (20, 4)], (0, 99), [Some(2), Some(3)]);
    check_points(&[(-1, 1), (20, 4)], (-9, 99), [None, None]);
}

#[test]
fn a_range_has_its_beginning_and_not_its_end() {
    check_points(&[(4, 1), (5, 2), (14, 3), (15, 4)], (5, 15), [Some(2), Some(3)]);
    check_points(&[(4, 1), (15, 4)], (5, 15), [None, None]);
}

const GOLDEN: &str = "54574d310303010bff030b647265616d5f636f756e74008c1efda10100003907604b099e1f\
    b34209febf82f0ff570e0e4abc37b2";

/// A stored series of today must be readable tomorrow.
#[test]
fn a_series_is_these_bytes() {
    let mut series = Series::new();
    let (like, own) = (metric("public.like_count"), metric("organic.like_count"));
    let odd = metric("promoted.dream_count");
    let at = |hour: i64| UnixMs(1_795_248_000_000 + hour * HOUR_MS);
    series.push(at(0), &[(like.clone(), 3), (own.clone(), 2), (odd.clone(), 900)]);
    series.push(at(1), &[(like.clone(), 9), (own, 8), (odd, 0)]);
    series.push(at(3), &[(like, 7)]);
    let bytes = series.encode();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex.concat(), GOLDEN);
}
