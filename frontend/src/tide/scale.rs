//! Scales and ticks of the tide. Owns: where the line and the bars lie and which values are
//! written beside them. Must not know: pixels. Invariant: the line keeps to the upper 62 % of
//! the height, the bars to the lower 34 %, whatever the data.

use super::{Bucket, float};
use crate::calendar::{Zone, clock_at, date_at};
use crate::numbers;
use shared::api::Interval;

/// Share of the height that the line may use.
const LINE_SHARE: f64 = 0.62;
/// Share that the bars may use; what is left keeps the two apart.
const BAR_SHARE: f64 = 0.34;
/// The smaller of the bars' two sides gets at least this share of them.
const SIDE_SHARE_MIN: f64 = 0.3;
/// More labels than this under the chart would touch at 600 px.
const LABELS_MAX: usize = 10;

/// Lowest and highest value of an axis, as the full height shows them.
pub(super) type Extent = (f64, f64);

/// A value with its label.
pub(super) type Tick = (f64, String);

/// The line's axis and its ticks, for values between `low` and `high`.
pub(super) fn line(low: f64, high: f64) -> (Extent, Vec<Tick>) {
    // A line of one value lies in the middle of a band of four.
    let spread = (high - low).max(4.0);
    let middle = f64::midpoint(low, high);
    let (low, high) = (middle - spread * 0.56, middle + spread * 0.56);
    let height = (high - low) / LINE_SHARE;
    let step = nice_step(spread / 5.0);
    let mut ticks = Vec::new();
    let mut value = (low / step).ceil() * step;
    while value <= high && ticks.len() < 8 {
        if value >= 0.0 {
            ticks.push((value, numbers::grouped(numbers::whole(value))));
        }
        value += step;
    }
    ((high - height, high), ticks)
}

/// The bars' axis and its ticks: `up` is the highest above the baseline, `down` below it.
pub(super) fn bars(up: f64, down: f64) -> (Extent, Vec<Tick>) {
    let all = (up + down).max(2.0);
    let (up_side, down_side) = (up.max(all * SIDE_SHARE_MIN), down.max(all * SIDE_SHARE_MIN));
    let height = (up_side + down_side) / BAR_SHARE;
    let low = -down_side - height * 0.01;
    let mut ticks = vec![(0.0, "0".to_owned())];
    for (highest, sign) in [(up, 1.0), (down, -1.0)] {
        let value = nice_below(highest);
        if value > 0.0 {
            ticks.push((sign * value, numbers::grouped(numbers::whole(sign * value))));
        }
    }
    ((low, low + height), ticks)
}

/// 1, 2 or 5 times a power of ten, at least 1.
pub(crate) fn nice_step(rough: f64) -> f64 {
    let rough = rough.max(1.0);
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough);
    factor.unwrap_or(10.0) * power
}

/// The highest nice value not above `highest`.
fn nice_below(highest: f64) -> f64 {
    if highest < 1.0 {
        return 0.0;
    }
    let power = 10_f64.powf(highest.log10().floor());
    let factor =
        [8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0].into_iter().find(|factor| factor * power <= highest);
    factor.unwrap_or(1.0) * power
}

/// Labels under the chart, by bucket.
pub(super) fn dates(buckets: &[Bucket], interval: Interval, zone: &dyn Zone) -> Vec<Tick> {
    let wanted = |stride: i64| -> Vec<Tick> {
        buckets
            .iter()
            .enumerate()
            .filter_map(|(index, bucket)| {
                let text = date_label(bucket, interval, stride, zone)?;
                Some((float(index), text))
            })
            .collect()
    };
    let mut stride = 1;
    let mut ticks = wanted(stride);
    while ticks.len() > LABELS_MAX && stride < 64 {
        stride *= 2;
        ticks = wanted(stride);
    }
    ticks
}

/// The label of a bucket if it stands at a round place of its stride: hours at 0, 6, 12 and
/// 18, days by Mondays and firsts, months by quarters.
fn date_label(bucket: &Bucket, interval: Interval, stride: i64, zone: &dyn Zone) -> Option<String> {
    let date = date_at(bucket.range.from, zone);
    let (round, label) = match interval {
        Interval::Hour => {
            let hour = clock_at(bucket.range.from, zone).0;
            let every = (3 * stride).min(24);
            let label = if hour == 0 {
                format!("{} {}", date.weekday_name(), date.day)
            } else {
                format!("{hour:02}:00")
            };
            (hour % every == 0, label)
        }
        Interval::Day => {
            let round = match stride {
                1 => true,
                2 => date.days() % 2 == 0,
                4 => date.weekday() == 0,
                8 => date.day == 1 || date.day == 15,
                _ => date.day == 1,
            };
            (round, date.short())
        }
        Interval::Week => {
            let first_of_month = date.day <= 7;
            let round = match stride {
                1 => true,
                2 => first_of_month,
                _ => first_of_month && (date.month - 1) % (stride / 2) == 0,
            };
            (round, if stride == 1 { date.short() } else { month_label(date) })
        }
        Interval::Month => ((date.month - 1) % stride.min(12) == 0, month_label(date)),
    };
    round.then_some(label)
}

/// `Oct`, in January with the year.
fn month_label(date: crate::calendar::Date) -> String {
    if date.month == 1 {
        format!("{} {}", date.month_short(), date.year)
    } else {
        date.month_short().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::tide::tests::{make, point};

    #[test]
    fn the_line_keeps_to_the_upper_part() {
        for (low, high) in [(10_218.0, 10_432.0), (0.0, 0.0), (5.0, 1_000_000.0)] {
            let ((min, max), ticks) = line(low, high);
            let share = |value: f64| (value - min) / (max - min);
            assert!(share(low) >= 1.0 - LINE_SHARE - 1e-9, "{low} {high}");
            assert!(share(high) <= 1.0, "{low} {high}");
            assert!((1..=8).contains(&ticks.len()), "{low} {high} {ticks:?}");
        }
    }

    #[test]
    fn the_bars_keep_to_the_lower_part() {
        for (up, down) in [(20.0, 12.0), (0.0, 0.0), (900.0, 1.0), (0.0, 3.0)] {
            let ((min, max), _) = bars(up, down);
            let share = |value: f64| (value - min) / (max - min);
            assert!(share(up) <= BAR_SHARE + 0.02, "{up} {down}");
            assert!(share(-down) >= 0.0, "{up} {down}");
        }
    }

    #[test]
    fn ticks_are_round() {
        let labels = |ticks: Vec<Tick>| -> Vec<String> {
            ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(line(10_218.0, 10_432.0).1), ["10,250", "10,300", "10,350", "10,400"]);
        assert_eq!(labels(bars(23.0, 12.0).1), ["0", "20", "−10"]);
        assert_eq!(labels(bars(73.0, 47.0).1), ["0", "60", "−40"]);
    }

    #[track_caller]
    fn check(days: i64, expected: &[&str]) {
        let points = (0..days).map(|day| point(day, Some(1), 0, 0)).collect();
        let ticks = dates(&make(points, &[], days).buckets, Interval::Day, &Fixed(0));
        let labels: Vec<_> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn days_are_labelled_by_round_places() {
        check(3, &["8 Nov", "9 Nov", "10 Nov"]);
        check(30, &["10 Nov", "17 Nov", "24 Nov", "1 Dec"]);
        check(91, &["15 Nov", "1 Dec", "15 Dec", "1 Jan", "15 Jan", "1 Feb"]);
    }
}
