//! What the chart module draws, as plain numbers and words. Owns: the hand-over to
//! `js/charts.js` and the small curve of the time-travel slider. Must not know: canvas,
//! colours. Invariant: every text in it is final; the script adds none of its own.

use super::scale::{self, Extent, Tick};
use super::{Bucket, Tide, float};
use crate::calendar::Zone;
use crate::numbers;
use crate::tweets::marks::Mark;
use crate::words;
use serde::Serialize;
use shared::api::Interval;
use std::fmt::Write as _;

/// One line of the tooltip: a mark's class, a label, a value.
pub(crate) type TipRow = (&'static str, String, String);

/// The tooltip of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tip {
    pub(crate) title: String,
    pub(crate) rows: Vec<TipRow>,
    pub(crate) notes: Vec<String>,
}

/// Everything `js/charts.js` needs. Arrays have one entry per bucket; `None` is not drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Drawing {
    pub(crate) followers: Vec<Option<u64>>,
    /// The compared period, moved up or down to begin where this one begins.
    pub(crate) before: Vec<Option<f64>>,
    pub(crate) came: Vec<u64>,
    /// Left, and still at X as far as is known.
    pub(crate) left: Vec<u64>,
    /// Left, and gone from X.
    pub(crate) gone: Vec<u64>,
    pub(crate) unexplained: Vec<i64>,
    /// What is hatched from top to bottom: from, to (in whole buckets), word.
    pub(crate) gaps: Vec<(f64, f64, &'static str)>,
    /// What was not observed of buckets that were observed in part: from, to.
    pub(crate) parts: Vec<(f64, f64)>,
    /// The bucket that is not over yet.
    pub(crate) partial: Option<usize>,
    /// The buckets that the period cuts.
    pub(crate) cut: Vec<usize>,
    pub(crate) line: Extent,
    pub(crate) bars: Extent,
    pub(crate) line_ticks: Vec<Tick>,
    pub(crate) bar_ticks: Vec<Tick>,
    pub(crate) date_ticks: Vec<Tick>,
    pub(crate) tips: Vec<Tip>,
    /// The tweets of the period, oldest first, and what one and many of them are called.
    pub(crate) tweets: Vec<Mark>,
    pub(crate) tweets_word: [&'static str; 2],
}

/// Makes the drawing of a tide.
pub(crate) fn drawing(tide: &Tide, interval: Interval, zone: &dyn Zone) -> Drawing {
    let buckets = &tide.buckets;
    let followers: Vec<_> = buckets.iter().map(|bucket| bucket.followers).collect();
    let height = |bucket: &Bucket| bucket.before.as_ref().map(|one| numbers::float(one.height));
    let before: Vec<_> = buckets.iter().map(height).collect();
    let values = followers.iter().flatten().map(|&count| to_float(count));
    let values: Vec<f64> = values.chain(before.iter().flatten().copied()).collect();
    let low = values.iter().copied().reduce(f64::min);
    let high = values.iter().copied().reduce(f64::max);
    let (line, line_ticks) = match (low, high) {
        (Some(low), Some(high)) => scale::line(low, high),
        _ => ((0.0, 1.0), Vec::new()),
    };
    let highest = |side: fn(&Bucket) -> u64| buckets.iter().map(side).max().unwrap_or(0);
    let up = highest(|bucket| bucket.came.unwrap_or(0) + above(bucket));
    let down = highest(|bucket| bucket.left.unwrap_or(0) + below(bucket));
    let (bars, bar_ticks) = scale::bars(to_float(up), to_float(down));
    let left = |bucket: &Bucket| bucket.left.unwrap_or(0).saturating_sub(bucket.gone.unwrap_or(0));
    Drawing {
        before,
        came: buckets.iter().map(|bucket| bucket.came.unwrap_or(0)).collect(),
        left: buckets.iter().map(left).collect(),
        gone: buckets.iter().map(|bucket| bucket.gone.unwrap_or(0)).collect(),
        unexplained: buckets.iter().map(|bucket| bucket.unexplained.unwrap_or(0)).collect(),
        gaps: unseen(buckets)
            .map(|(from, to)| (float(from), float(to), words::tide::NOT_OBSERVED))
            .collect(),
        parts: parts(tide),
        partial: buckets.iter().position(|bucket| bucket.partial),
        cut: (0..buckets.len())
            .filter(|&at| buckets.get(at).is_some_and(|bucket| bucket.cut))
            .collect(),
        line,
        bars,
        line_ticks,
        bar_ticks,
        date_ticks: scale::dates(buckets, interval, zone),
        tips: buckets.iter().map(|bucket| words::tide::tip(bucket, tide.counted_only)).collect(),
        tweets: Vec::new(),
        tweets_word: ["A tweet", "tweets"],
        followers,
    }
}

/// Runs of buckets of which nothing is known, from the first to behind the last.
fn unseen(buckets: &[Bucket]) -> impl Iterator<Item = (usize, usize)> {
    let runs = buckets.chunk_by(|one, other| one.unseen() == other.unseen());
    let mut at = 0;
    runs.filter_map(move |run| {
        let from = at;
        at += run.len();
        run.first().is_some_and(Bucket::unseen).then_some((from, at))
    })
}

/// The gaps that lie in buckets with something to draw: hatched through, they would cross it.
fn parts(tide: &Tide) -> Vec<(f64, f64)> {
    let seen = |gap: &super::Gap| {
        let within = tide.buckets.iter().enumerate().filter(|(_, bucket)| !bucket.unseen());
        let (from, to) = (gap.from, gap.to);
        let part = move |(at, _): (usize, &Bucket)| {
            let (from, to) = (from.max(float(at)), to.min(float(at + 1)));
            (from < to).then_some((from, to))
        };
        within.filter_map(part).collect::<Vec<_>>()
    };
    let mut parts: Vec<(f64, f64)> = Vec::new();
    for (from, to) in tide.gaps.iter().flat_map(seen) {
        match parts.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = to,
            None => parts.push((from, to)),
        }
    }
    parts
}

/// What X's count rose beyond the names.
fn above(bucket: &Bucket) -> u64 {
    u64::try_from(bucket.unexplained.unwrap_or(0)).unwrap_or(0)
}

/// What X's count fell beyond the names.
fn below(bucket: &Bucket) -> u64 {
    u64::try_from(-bucket.unexplained.unwrap_or(0)).unwrap_or(0)
}

fn to_float(count: u64) -> f64 {
    numbers::float(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The small curve over the time-travel slider, in a box of 1,000 by 100: the SVG path of the
/// line and what was not seen, as left and right edges.
pub(crate) fn strip(tide: &Tide) -> (String, Vec<(f64, f64)>) {
    let buckets = &tide.buckets;
    let values: Vec<_> = buckets.iter().filter_map(|bucket| bucket.followers).collect();
    let (Some(&low), Some(&high)) = (values.iter().min(), values.iter().max()) else {
        return (String::new(), Vec::new());
    };
    let width = 1_000.0 / float(buckets.len());
    let spread = to_float(high - low).max(1.0);
    let mut path = String::new();
    let mut pen_down = false;
    for (index, bucket) in buckets.iter().enumerate() {
        let Some(followers) = bucket.followers else {
            pen_down = false;
            continue;
        };
        let x = (float(index) + 0.5) * width;
        let y = 92.0 - to_float(followers - low) / spread * 84.0;
        let _ = write!(path, "{}{x:.1} {y:.1}", if pen_down { "L" } else { "M" });
        pen_down = true;
    }
    let gaps = unseen(buckets).map(|(from, to)| (float(from) * width, float(to) * width));
    (path, gaps.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::numbers::whole;
    use crate::tide::tests::{START, compared, make, point};
    use shared::api::{Span, SpanState};

    #[test]
    fn what_was_not_seen_is_not_drawn() {
        let tide = make(vec![point(0, Some(9), 1, 0), point(1, None, 0, 0)], &[], 1);
        let drawing = drawing(&tide, Interval::Day, &Fixed(0));
        assert_eq!(drawing.followers, [Some(9), None]);
        assert_eq!(drawing.partial, Some(1));
    }

    #[test]
    fn what_is_hatched_is_crossed_by_nothing() {
        let day = |from: f64, to: f64| Span {
            from: START.plus(whole(from * 86_400_000.0)),
            to: START.plus(whole(to * 86_400_000.0)),
            state: SpanState::Gap,
            reason: None,
        };
        // Day 1 is unseen, day 2 was seen in part, day 3 whole.
        let points = vec![
            point(0, Some(9), 1, 0),
            point(1, None, 0, 0),
            point(2, Some(9), 1, 1),
            point(3, Some(8), 0, 1),
        ];
        let tide = make(points, &[day(0.75, 1.5), day(1.5, 2.25)], 3);
        let drawing = drawing(&tide, Interval::Day, &Fixed(0));
        assert_eq!(drawing.gaps, [(1.0, 2.0, "not observed")]);
        assert_eq!(drawing.parts, [(0.75, 1.0), (2.0, 2.25)]);
    }

    #[test]
    fn leaving_is_split_without_counting_anyone_twice() {
        let mut tide = make(vec![point(0, Some(9), 1, 5)], &[], 0);
        tide.buckets[0].gone = Some(2);
        let drawing = drawing(&tide, Interval::Day, &Fixed(0));
        assert_eq!((drawing.left[0], drawing.gone[0]), (3, 2));
    }

    #[test]
    fn the_compared_line_begins_where_this_one_begins() {
        let now = vec![point(0, Some(100), 3, 0), point(1, Some(105), 5, 0)];
        let then = vec![point(-2, Some(40), 1, 0), point(-1, Some(42), 2, 0)];
        let tide = compared(now, then, true);
        let drawing = drawing(&tide, Interval::Day, &Fixed(0));
        // 97 and 39 at the beginnings.
        assert_eq!(drawing.before, [Some(98.0), Some(100.0)]);
        let rows = &drawing.tips[1].rows;
        assert!(rows.contains(&("before", "Since the start".into(), "+8".into())), "{rows:?}");
        assert!(rows.iter().any(|row| row.1.starts_with("Then, by ") && row.2 == "+3"), "{rows:?}");
    }

    #[test]
    fn a_period_that_was_not_observed_alike_is_no_line() {
        let now = vec![point(0, Some(100), 3, 0), point(1, Some(105), 5, 0)];
        let then = vec![point(-2, None, 0, 0), point(-1, Some(42), 2, 0)];
        let tide = compared(now, then, false);
        assert_eq!(drawing(&tide, Interval::Day, &Fixed(0)).before, [None, None]);
        assert_eq!(tide.buckets[0].before, None);
    }

    #[test]
    fn the_small_curve_lifts_its_pen_over_what_was_not_seen() {
        let points = vec![point(0, Some(1), 0, 0), point(1, None, 0, 0), point(2, Some(2), 0, 0)];
        let (path, gaps) = strip(&make(points, &[], 2));
        assert_eq!(path, "M166.7 92.0M833.3 8.0");
        assert_eq!(gaps.len(), 1);
        let points = (0..4).map(|day| point(day, (day == 0).then_some(1), 0, 0)).collect();
        assert_eq!(strip(&make(points, &[], 4)).1, [(250.0, 1_000.0)], "neighbours are one gap");
        assert_eq!(strip(&make(vec![], &[], 0)).0, "");
    }
}
