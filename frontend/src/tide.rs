//! The tide: what the big chart shows. Owns: its buckets, scales, ticks, gaps and which bucket
//! is picked. Must not know: pixels, canvas, the API. Invariant: what was not observed is never
//! drawn as zero; every bucket has one key, and times map to buckets without overlap.

mod drawing;
mod scale;

pub(crate) use drawing::{Tip as TipWords, TipRow, drawing, strip};
pub(crate) use scale::nice_step;

use crate::calendar::{Date, Zone, clock_at, date_at};
use crate::period::{Period, Range};
use shared::api::{Interval, Point, Series, Span, SpanState, Totals};
use shared::time::UnixMs;

/// One bucket of the chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) range: Range,
    /// `2026-11-21`, or `2026-11-21T13` for hours: as the address writes a pinned bucket.
    pub(crate) key: String,
    /// `Tue 14 Oct`: as the columns' heads write it.
    pub(crate) label: String,
    /// By name, else by X's count.
    pub(crate) followers: Option<u64>,
    pub(crate) came: Option<u64>,
    /// Everyone who left, those gone from X among them.
    pub(crate) left: Option<u64>,
    /// Of those who left: suspended or gone.
    pub(crate) gone: Option<u64>,
    pub(crate) unexplained: Option<i64>,
    pub(crate) covered: f64,
    /// It is not over yet.
    pub(crate) partial: bool,
    /// Part of its week or month lies outside of the period: its numbers are those of the rest.
    pub(crate) cut: bool,
    /// It lies ahead: neither zero nor a gap.
    pub(crate) ahead: bool,
    /// The compared bucket, where both have numbers.
    pub(crate) before: Option<Before>,
}

/// A bucket beside the one of the compared period, each by its change since its period began: two
/// months are compared by how they went, not by how large the account was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Before {
    /// When it was.
    pub(crate) label: String,
    /// The change of followers until its end, in the compared period.
    pub(crate) then: i64,
    /// The same in this period; `None` where this bucket is not known.
    pub(crate) now: Option<i64>,
    /// `then` above where this period began: what the dashed line is drawn at.
    pub(crate) height: i64,
}

impl Bucket {
    /// Whether nothing at all is known of it although it has passed.
    pub(crate) fn unseen(&self) -> bool {
        !self.ahead && self.covered == 0.0 && self.came.is_none() && self.left.is_none()
    }
}

/// A stretch that was not observed, in buckets from the left edge of the first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gap {
    pub(crate) range: Range,
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Why, in words for the owner.
    pub(crate) reason: Option<String>,
}

/// The chart's content.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tide {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) gaps: Vec<Gap>,
    /// The line is X's own count because no names were read.
    pub(crate) counted_only: bool,
}

/// Followers at the beginnings of this period and of the compared one.
#[derive(Clone, Copy)]
struct Begins {
    now: i64,
    then: i64,
}

/// What a tide is made of.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) series: &'a Series,
    pub(crate) spans: &'a [Span],
    pub(crate) range: Range,
    pub(crate) now: UnixMs,
    pub(crate) zone: &'a dyn Zone,
}

/// Makes the chart's content.
pub(crate) fn tide(source: &Source) -> Tide {
    let points = &source.series.points;
    let counted_only = points.iter().all(|point| point.followers.is_none());
    let ends = points.iter().skip(1).map(|point| point.at).chain([source.range.to]);
    let begins = begins(source.series, counted_only);
    let compared = source.series.compare.as_deref().unwrap_or_default();
    let compared = if begins.is_some() { compared } else { &[] };
    let buckets: Vec<Bucket> = points
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(index, (point, to))| {
            let from = point.at.max(source.range.from);
            let range = Range { from, to: to.max(from.plus(1)) };
            let before = compared.get(index).zip(begins);
            bucket(source, point, range, before, counted_only)
        })
        .collect();
    let gaps = source.spans.iter().filter_map(|span| gap(span, &buckets, source.now)).collect();
    Tide { buckets, gaps, counted_only }
}

/// Where both lines begin; `None` if the two periods were not observed alike, or one of them by
/// X's count alone.
fn begins(series: &Series, counted_only: bool) -> Option<Begins> {
    let compared = series.compare.as_deref().filter(|_| series.comparable)?;
    let alike = compared.iter().all(|point| point.followers.is_none()) == counted_only;
    let of = |totals: &Totals| Some(signed(totals.followers?) - totals.change?);
    let then = series.compare_totals.as_ref().filter(|_| alike)?;
    Some(Begins { now: of(&series.totals)?, then: of(then)? })
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn bucket(
    source: &Source,
    point: &Point,
    range: Range,
    before: Option<(&Point, Begins)>,
    counted_only: bool,
) -> Bucket {
    let interval = source.series.interval;
    let followers = |point: &Point| if counted_only { point.x_count } else { point.followers };
    let today = date_at(source.now, source.zone);
    let partial = range.holds(source.now);
    let ahead = range.from > source.now;
    let cut = range.from > point.at || (point.partial && !partial && !ahead);
    let name = label(point.at, interval, source.zone, today);
    let before = before.and_then(|(before, begins)| {
        let then = signed(followers(before)?) - begins.then;
        let now = followers(point).map(|count| signed(count) - begins.now);
        let label = label(before.at, interval, source.zone, today);
        Some(Before { label, then, now, height: begins.now + then })
    });
    Bucket {
        range,
        key: key(point.at, interval, source.zone),
        label: if cut { format!("{name} (in part)") } else { name },
        followers: followers(point),
        came: point.gained,
        left: point.lost,
        gone: point.gone,
        unexplained: point.unexplained,
        covered: point.covered,
        partial,
        cut,
        ahead,
        before,
    }
}

fn gap(span: &Span, buckets: &[Bucket], now: UnixMs) -> Option<Gap> {
    let first = buckets.first()?.range.from;
    let last = buckets.last()?.range.to.min(now);
    let range = Range { from: span.from.max(first), to: span.to.min(last) };
    if span.state != SpanState::Gap || range.from >= range.to {
        return None;
    }
    let from = position(buckets, range.from);
    let to = position(buckets, range.to);
    Some(Gap { range, from, to, reason: span.reason.clone() })
}

/// Where an instant lies, in buckets from the left edge of the first.
pub(crate) fn position(buckets: &[Bucket], at: UnixMs) -> f64 {
    let after = buckets.partition_point(|bucket| bucket.range.to <= at);
    let whole = float(after);
    buckets.get(after).map_or(whole, |bucket| {
        let share = float_ms(at.since(bucket.range.from)) / float_ms(bucket.range.length_ms());
        whole + share.clamp(0.0, 1.0)
    })
}

/// The bucket that a key of the address names.
pub(crate) fn find(buckets: &[Bucket], key: &str) -> Option<usize> {
    buckets.iter().position(|bucket| bucket.key == key)
}

fn key(at: UnixMs, interval: Interval, zone: &dyn Zone) -> String {
    let date = date_at(at, zone).iso();
    match interval {
        Interval::Hour => format!("{date}T{:02}", clock_at(at, zone).0),
        Interval::Day | Interval::Week | Interval::Month => date,
    }
}

fn label(at: UnixMs, interval: Interval, zone: &dyn Zone, today: Date) -> String {
    let date = date_at(at, zone);
    let day = || format!("{} {}", date.weekday_name(), date.near(today));
    match interval {
        Interval::Hour => format!("{}, {:02}:00", day(), clock_at(at, zone).0),
        Interval::Day => day(),
        Interval::Week => format!("week of {}", date.near(today)),
        Interval::Month => format!("{} {}", date.month_name(), date.year),
    }
}

/// Where a key moves the pick; `None` leaves it where it is.
pub(crate) fn moved(picked: Option<usize>, key: &str, buckets: &[Bucket]) -> Option<usize> {
    // What lies ahead cannot be picked: there is nothing to see.
    let last = buckets.iter().rposition(|bucket| !bucket.ahead)?;
    let at = match (key, picked) {
        ("ArrowLeft" | "ArrowRight", None) | ("End", _) => last,
        ("ArrowLeft", Some(at)) => at.saturating_sub(1),
        ("ArrowRight", Some(at)) => at + 1,
        ("PageUp", Some(at)) => at.saturating_sub(7),
        ("PageDown", Some(at)) => at + 7,
        ("Home", _) => 0,
        _ => return None,
    };
    Some(at.min(last))
}

/// The period from one bucket to another, both part of it.
pub(crate) fn zoomed(
    buckets: &[Bucket],
    one: usize,
    other: usize,
    today: Date,
    zone: &dyn Zone,
) -> Option<Period> {
    let first = buckets.get(one.min(other))?;
    let last = buckets.get(one.max(other).min(buckets.len().checked_sub(1)?))?;
    let last = date_at(last.range.to.plus(-1), zone).min(today);
    Some(Period::between(date_at(first.range.from, zone).min(last), last, today))
}

/// An index as a float; charts have hundreds of buckets.
pub(super) fn float(index: usize) -> f64 {
    crate::numbers::float(i64::try_from(index).unwrap_or(i64::MAX))
}

fn float_ms(ms: i64) -> f64 {
    crate::numbers::float(ms)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use shared::time::{DAY_MS, HOUR_MS};

    pub(crate) const START: UnixMs = UnixMs(20_400 * DAY_MS);

    pub(crate) fn point(day: i64, followers: Option<u64>, came: u64, left: u64) -> Point {
        let seen = followers.is_some();
        Point {
            at: START.plus(day * DAY_MS),
            followers,
            gained: seen.then_some(came),
            lost: seen.then_some(left),
            gone: seen.then_some(0),
            net: None,
            x_count: followers.map(|count| count + 1),
            unexplained: Some(0),
            covered: f64::from(u8::from(seen)),
            partial: false,
        }
    }

    pub(crate) fn series(points: Vec<Point>) -> Series {
        Series {
            tz: "UTC".to_owned(),
            interval: Interval::Day,
            points,
            compare: None,
            totals: Totals::default(),
            compare_totals: None,
            compare_to: None,
            comparable: false,
            reasons: Vec::new(),
            before_watch: 0,
            retracted: 0,
            suspected: 0,
        }
    }

    pub(crate) fn make(points: Vec<Point>, spans: &[Span], now_days: i64) -> Tide {
        let days = i64::try_from(points.len()).unwrap();
        tide(&Source {
            series: &series(points),
            spans,
            range: Range { from: START, to: START.plus(days * DAY_MS) },
            now: START.plus(now_days * DAY_MS + HOUR_MS),
            zone: &Fixed(0),
        })
    }

    /// A tide beside the one of the period before, with the sums of both.
    pub(crate) fn compared(now: Vec<Point>, then: Vec<Point>, comparable: bool) -> Tide {
        let totals = |points: &[Point]| {
            let sum = |side: fn(&Point) -> Option<u64>| points.iter().filter_map(side).sum::<u64>();
            let change = signed(sum(|point| point.gained)) - signed(sum(|point| point.lost));
            let followers = points.iter().rev().find_map(|point| point.followers);
            Totals { followers, change: Some(change), ..Totals::default() }
        };
        let days = i64::try_from(now.len()).unwrap();
        let of = Series {
            totals: totals(&now),
            compare_totals: Some(totals(&then)),
            compare: Some(then),
            comparable,
            ..series(now)
        };
        tide(&Source {
            series: &of,
            spans: &[],
            range: Range { from: START, to: START.plus(days * DAY_MS) },
            now: START.plus(days * DAY_MS),
            zone: &Fixed(0),
        })
    }

    fn three() -> Vec<Point> {
        vec![point(0, Some(100), 4, 1), point(1, None, 0, 0), point(2, Some(101), 2, 4)]
    }

    #[test]
    fn an_unseen_bucket_is_neither_zero_nor_ahead() {
        let made = make(three(), &[], 1);
        let states: Vec<_> =
            made.buckets.iter().map(|b| (b.unseen(), b.partial, b.ahead)).collect();
        assert_eq!(states, [(false, false, false), (true, true, false), (false, false, true)]);
        assert_eq!(made.buckets[1].came, None);
    }

    #[test]
    fn a_bucket_that_the_period_cuts_says_so_and_holds_its_part_alone() {
        let mut points = vec![point(0, Some(100), 4, 1), point(7, Some(101), 2, 1)];
        points[0].partial = true;
        points[1].partial = true;
        let weeks = Series { interval: Interval::Week, ..series(points) };
        let range = Range { from: START.plus(5 * DAY_MS), to: START.plus(9 * DAY_MS) };
        let source = Source {
            series: &weeks,
            spans: &[],
            range,
            now: START.plus(30 * DAY_MS),
            zone: &Fixed(0),
        };
        let made = tide(&source).buckets;
        let short: Vec<_> = made.iter().map(|b| (b.cut, b.partial, b.range.length_ms())).collect();
        assert_eq!(short, [(true, false, 2 * DAY_MS), (true, false, 2 * DAY_MS)]);
        assert!(made[0].label.ends_with(" (in part)"), "{}", made[0].label);
        // It is known by the same name, whatever the period cuts off.
        let whole = Range { from: START, ..range };
        assert_eq!(tide(&Source { range: whole, ..source }).buckets[0].key, made[0].key);
    }

    #[test]
    fn gaps_lie_where_their_time_lies_and_end_now() {
        let span = |from: i64, to: i64, state| Span {
            from: START.plus(from * HOUR_MS),
            to: START.plus(to * HOUR_MS),
            state,
            reason: None,
        };
        let spans = [
            span(-48, -24, SpanState::Gap),
            span(-24, 12, SpanState::Gap),
            span(12, 36, SpanState::Observed),
            span(36, 90, SpanState::Gap),
        ];
        let made = make(three(), &spans, 2);
        let gaps: Vec<_> = made.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(gaps, [(0.0, 0.5), (1.5, 2.0 + 1.0 / 24.0)]);
    }

    #[test]
    fn without_names_the_line_is_the_count_of_x() {
        let mut points = three();
        for point in &mut points {
            point.followers = None;
            point.x_count = Some(70);
        }
        let made = make(points, &[], 2);
        assert!(made.counted_only);
        assert_eq!(made.buckets[0].followers, Some(70));
    }

    #[track_caller]
    fn check_move(picked: Option<usize>, key: &str, expected: Option<usize>) {
        // The last of the three lies ahead.
        let buckets = make(three(), &[], 1).buckets;
        assert_eq!(moved(picked, key, &buckets), expected, "{picked:?} {key}");
    }

    #[test]
    fn keys_move_the_pick_and_stop_at_now() {
        check_move(None, "ArrowLeft", Some(1));
        check_move(Some(1), "ArrowRight", Some(1));
        check_move(Some(1), "ArrowLeft", Some(0));
        check_move(Some(0), "ArrowLeft", Some(0));
        check_move(Some(0), "End", Some(1));
        check_move(Some(1), "Home", Some(0));
        check_move(Some(1), "a", None);
    }

    #[test]
    fn a_bucket_is_found_by_its_key() {
        let buckets = make(three(), &[], 2).buckets;
        for (index, bucket) in buckets.iter().enumerate() {
            assert_eq!(find(&buckets, &bucket.key), Some(index));
        }
        assert_eq!(find(&buckets, "2020-01-01"), None);
    }

    #[test]
    fn a_zoom_covers_both_ends() {
        let buckets = make(three(), &[], 2).buckets;
        let day = |days: i64| date_at(START.plus(days * DAY_MS), &Fixed(0));
        assert_eq!(
            zoomed(&buckets, 1, 0, day(2), &Fixed(0)),
            Some(Period::Custom { first: day(0), last: day(1) })
        );
        assert_eq!(zoomed(&[], 0, 1, day(2), &Fixed(0)), None);
    }
}
