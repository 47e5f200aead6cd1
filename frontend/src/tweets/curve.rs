//! One tweet's metrics over its life. Owns: the hand-over to `js/tweet_chart.js`: lines, the
//! band of the account's usual tweet, what was not observed, where X corrected itself. Must not
//! know: canvas, colours. Invariant: two readings are joined only if X was read in between as
//! often as a tweet of that age is; every text in it is final.

use super::ticks::{self, Extent, Tick};
use crate::calendar::Zone;
use crate::numbers;
use crate::tide::{TipRow, TipWords};
use crate::words::{self, tweets as told, when};
use serde::Serialize;
use shared::api::{MedianPoint, TweetPoint, TweetSeries};
use shared::cadence::{due, interval_ms};
use shared::time::{DAY_MS, HOUR_MS, UnixMs};

/// Classes of the lines' marks, in order; `js/tweet_chart.js` has a colour for each.
const MARKS: [&str; 5] = ["l0", "l1", "l2", "l3", "l4"];

/// What a curve is made of.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) series: &'a TweetSeries,
    pub(crate) created: UnixMs,
    /// Where it ends: now, its deletion, or where the chosen stretch of its life does.
    pub(crate) ends: UnixMs,
    pub(crate) log: bool,
    pub(crate) band: bool,
    pub(crate) now: UnixMs,
    pub(crate) zone: &'a dyn Zone,
}

/// A line: its mark, and a place for each reading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) values: Vec<Option<f64>>,
}

/// The account's other tweets at the same age.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Band {
    pub(crate) at: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) mid: Vec<f64>,
    pub(crate) high: Vec<f64>,
}

/// Everything `js/tweet_chart.js` needs; x is hours since the tweet was written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Curve {
    pub(crate) at: Vec<f64>,
    /// Whether a reading continues the one before it.
    pub(crate) joined: Vec<bool>,
    pub(crate) lines: Vec<Line>,
    pub(crate) band: Band,
    /// From, to (in hours), word.
    pub(crate) gaps: Vec<(f64, f64, &'static str)>,
    /// Reading and line of each fall.
    pub(crate) falls: Vec<(usize, usize)>,
    pub(crate) hours: f64,
    pub(crate) y: Extent,
    pub(crate) x_ticks: Vec<Tick>,
    pub(crate) y_ticks: Vec<Tick>,
    pub(crate) tips: Vec<TipWords>,
}

/// The points in which anything was observed.
pub(crate) fn readings(series: &TweetSeries) -> impl Iterator<Item = &TweetPoint> {
    series.points.iter().filter(|point| point.values.iter().any(Option::is_some))
}

/// Makes the curve.
pub(crate) fn curve(source: &Source) -> Curve {
    let readings: Vec<&TweetPoint> = readings(source.series).collect();
    let end_h = hours(source.ends.since(source.created)).max(1.0);
    let at: Vec<f64> = readings.iter().map(|point| age_h(source, point.at).min(end_h)).collect();
    let gaps = gaps(source, &readings);
    let joined = at.iter().enumerate().map(|(index, &here)| {
        let before = index.checked_sub(1).and_then(|index| at.get(index).copied());
        before
            .is_some_and(|before| !gaps.iter().any(|(from, to, _)| *from >= before && *to <= here))
    });
    let band = band(source, end_h);
    let known = readings.iter().flat_map(|point| &point.values).flatten().copied().map(real);
    let known: Vec<f64> = known.chain(band.iter().flat_map(|one| [one.low, one.high])).collect();
    let low = known.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let high = known.iter().copied().reduce(f64::max).unwrap_or(0.0);
    let (y, y_ticks) = ticks::counts(low, high, source.log);
    let place = |value: f64| ticks::place(value, source.log);
    let line = |(index, name): (usize, &String)| {
        let value = |point: &&TweetPoint| point.values.get(index).copied().flatten();
        let values = readings.iter().map(|point| value(point).map(|value| place(real(value))));
        Line { label: told::full(name), values: values.collect() }
    };
    let falls = readings.iter().enumerate();
    let falls = falls.flat_map(|(index, point)| point.fell.iter().map(move |&line| (index, line)));
    Curve {
        joined: joined.collect(),
        lines: source.series.metrics.iter().enumerate().map(line).collect(),
        band: Band {
            at: band.iter().map(|one| one.age_hours).collect(),
            low: band.iter().map(|one| place(one.low)).collect(),
            mid: band.iter().map(|one| place(one.mid)).collect(),
            high: band.iter().map(|one| place(one.high)).collect(),
        },
        gaps,
        falls: falls.filter(|(_, line)| *line < source.series.metrics.len()).collect(),
        hours: end_h,
        y,
        x_ticks: ticks::ages(end_h),
        y_ticks,
        tips: readings.iter().map(|point| tip(source, point)).collect(),
        at,
    }
}

fn band<'a>(source: &Source<'a>, end_h: f64) -> Vec<&'a MedianPoint> {
    let points = source.series.median.as_deref().unwrap_or_default();
    points.iter().filter(|one| source.band && one.age_hours <= end_h).collect()
}

/// What was not observed: a reading that was due had not come when the one after it was.
fn gaps(source: &Source, readings: &[&TweetPoint]) -> Vec<(f64, f64, &'static str)> {
    let width_ms = match source.series.interval {
        shared::api::Interval::Hour => HOUR_MS,
        _ => DAY_MS,
    };
    let times: Vec<UnixMs> = readings.iter().map(|point| point.at.max(source.created)).collect();
    let steps: Vec<i64> = [source.created]
        .iter()
        .chain(&times)
        .zip(&times)
        .map(|(one, other)| other.since(*one))
        .collect();
    let mut before = None;
    let mut gaps = Vec::new();
    for (index, at) in times.iter().copied().chain([source.ends]).enumerate() {
        let next = due(source.created, before, at);
        let patience = interval_ms(next.since(source.created).max(0)) + width_ms;
        if at.since(next) > patience && !paced(&steps, index) {
            let place = |at: UnixMs| hours(at.since(source.created).max(0));
            let from = before.unwrap_or(source.created);
            gaps.push((place(from), place(at), words::tide::NOT_OBSERVED));
        }
        before = before.max(Some(at));
    }
    gaps
}

/// Whether a step between readings is of a run of equals (within a half and twice): then it is
/// the pace at which the tweet was read, if not the one that its age asks for, and not a gap. Two
/// alike may be two outages.
fn paced(steps: &[i64], index: usize) -> bool {
    const RUN: usize = 3;
    let Some(&step) = steps.get(index) else { return false };
    let alike = |other: &&i64| **other * 2 >= step && **other <= step * 2;
    let after = steps.iter().skip(index).take_while(alike).count();
    let before = steps.iter().take(index).rev().take_while(alike).count();
    before + after >= RUN
}

fn tip(source: &Source, point: &TweetPoint) -> TipWords {
    let series = source.series;
    let whole = |number: f64| numbers::grouped(numbers::whole(number));
    let value = |value: &Option<u64>| value.map_or_else(|| "–".to_owned(), numbers::count);
    let mut rows: Vec<TipRow> = series
        .metrics
        .iter()
        .zip(&point.values)
        .zip(MARKS)
        .map(|((name, known), mark)| (mark, told::full(name), value(known)))
        .collect();
    let usual = series.median.as_deref().unwrap_or_default();
    let usual = usual.iter().find(|one| source.band && one.at == point.at);
    if let Some(usual) = usual {
        rows.push(("band", "Your usual tweet".to_owned(), whole(usual.mid)));
    }
    let fell = point.fell.iter().filter_map(|&line| series.metrics.get(line));
    let mut notes: Vec<String> =
        fell.map(|name| format!("X corrected itself: {} fell.", told::full(name))).collect();
    if let Some(usual) = usual {
        let tweets = numbers::plural(u64::from(usual.tweets), "tweet", "tweets");
        let (low, high) = (whole(usual.low), whole(usual.high));
        notes.push(format!("Usual: the median of {tweets} at this age; half have {low}–{high}."));
    }
    if point.partial {
        notes.push("So far.".to_owned());
    }
    let age = told::age(point.at.since(source.created));
    let moment = when::moment(point.at, source.now, source.zone);
    TipWords { title: format!("After {age} · {moment}"), rows, notes }
}

fn age_h(source: &Source, at: UnixMs) -> f64 {
    hours(at.since(source.created).max(0))
}

fn hours(ms: i64) -> f64 {
    numbers::float(ms) / numbers::float(HOUR_MS)
}

fn real(value: u64) -> f64 {
    numbers::float(i64::try_from(value).unwrap_or(i64::MAX))
}

/// The reading next to one, by key; `None` leaves it.
pub(crate) fn moved(picked: Option<usize>, key: &str, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let at = match (key, picked) {
        ("ArrowLeft" | "ArrowRight", None) | ("End", _) => last,
        ("ArrowLeft", Some(at)) => at.saturating_sub(1),
        ("ArrowRight", Some(at)) => at + 1,
        ("Home", _) => 0,
        _ => return None,
    };
    Some(at.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::tweets::tests::now;
    use shared::api::Interval;

    const CREATED: UnixMs = UnixMs(20_400 * DAY_MS);

    fn point(hour: i64, value: Option<u64>) -> TweetPoint {
        let at = CREATED.plus(hour * HOUR_MS);
        TweetPoint { at, values: vec![value, None], fell: Vec::new(), partial: false }
    }

    fn series(points: Vec<TweetPoint>) -> TweetSeries {
        TweetSeries {
            tz: "UTC".to_owned(),
            interval: Interval::Hour,
            metrics: vec!["public.like_count".to_owned(), "organic.like_count".to_owned()],
            points,
            median: Some(vec![MedianPoint {
                at: CREATED.plus(HOUR_MS),
                age_hours: 1.0,
                low: 1.0,
                mid: 2.0,
                high: 90.0,
                tweets: 31,
            }]),
        }
    }

    fn made(points: Vec<TweetPoint>, end_hours: i64, log: bool, band: bool) -> Curve {
        let series = series(points);
        let ends = CREATED.plus(end_hours * HOUR_MS);
        let zone = Fixed(0);
        curve(&Source {
            series: &series,
            created: CREATED,
            ends,
            log,
            band,
            now: now(),
            zone: &zone,
        })
    }

    #[test]
    fn readings_join_at_the_pace_of_their_age() {
        let hourly = (0..24).map(|hour| point(hour, Some(5)));
        let later = [30, 36, 42].map(|hour| point(hour, Some(9)));
        let empty = (25..30).map(|hour| point(hour, None));
        let curve = made(hourly.chain(empty).chain(later).collect(), 44, false, false);
        assert_eq!(curve.gaps, []);
        assert_eq!(curve.joined.iter().filter(|joined| !**joined).count(), 1, "only the first");
    }

    #[test]
    fn what_was_missed_is_a_gap_and_not_a_line() {
        let curve =
            made(vec![point(0, Some(1)), point(9, Some(5)), point(10, Some(6))], 20, false, false);
        let gaps: Vec<_> = curve.gaps.iter().map(|(from, to, _)| (*from, *to)).collect();
        assert_eq!(gaps, [(0.0, 9.0), (10.0, 20.0)]);
        assert_eq!(curve.joined, [false, false, true]);
    }

    #[test]
    fn readings_of_an_even_pace_hide_no_gap() {
        let daily = (1..=7).map(|day| point(day * 24, Some(5)));
        let curve = made(daily.collect(), 7 * 24 + 1, false, false);
        assert_eq!(curve.gaps, [], "seven readings are not seven gaps");
        let missed = [1, 2, 3, 4, 30, 31].map(|hour| point(hour, Some(5)));
        assert_eq!(made(missed.to_vec(), 32, false, false).gaps.len(), 1);
    }

    #[test]
    fn a_metric_that_x_did_not_tell_has_no_line() {
        let curve = made(vec![point(0, Some(1)), point(1, Some(2))], 2, false, false);
        assert_eq!(curve.lines[1].values, [None, None]);
        assert_eq!(curve.tips[0].rows[1].2, "–");
    }

    #[test]
    fn the_axis_holds_the_band_only_where_it_is_drawn() {
        let points = || vec![point(0, Some(1)), point(1, Some(20))];
        assert!(made(points(), 2, false, true).y.1 > 90.0);
        let alone = made(points(), 2, false, false);
        assert!(alone.y.1 < 90.0 && alone.band.at.is_empty());
        assert_eq!(alone.tips[1].notes, Vec::<String>::new());
    }

    #[test]
    fn falls_are_marked_and_said() {
        let mut points = vec![point(0, Some(9)), point(1, Some(7))];
        points[1].fell = vec![0, 8];
        let curve = made(points, 2, true, true);
        assert_eq!(curve.falls, [(1, 0)]);
        assert_eq!(curve.tips[1].notes[0], "X corrected itself: Likes fell.");
        assert_eq!(curve.tips[1].rows.last().map(|row| row.2.as_str()), Some("2"));
        assert!(curve.tips[1].notes[1].ends_with("half have 1–90."));
    }

    #[test]
    fn nothing_observed_is_one_gap() {
        let curve = made(vec![], 48, false, false);
        assert_eq!((curve.at.len(), curve.gaps.len()), (0, 1));
    }

    #[test]
    fn keys_move_between_readings() {
        for (picked, key, expected) in [
            (None, "ArrowLeft", Some(4)),
            (Some(4), "ArrowRight", Some(4)),
            (Some(0), "ArrowLeft", Some(0)),
            (Some(3), "Home", Some(0)),
            (Some(3), "x", None),
        ] {
            assert_eq!(moved(picked, key, 5), expected, "{picked:?} {key}");
        }
        assert_eq!(moved(None, "End", 0), None);
    }
}
