//! Scales of a tweet's curve. Owns: which values and ages are written beside it. Must not know:
//! pixels. Invariant: every tick lies on its axis, and there are never more than fit a phone.

use crate::numbers;
use crate::tide::nice_step;

/// Lowest and highest value of an axis.
pub(crate) type Extent = (f64, f64);
/// A place on an axis with its label.
pub(crate) type Tick = (f64, String);

/// Widths between ages, in hours: from one hour to a year.
const STEPS_H: [u32; 15] = [1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1_440, 2_160, 4_320, 8_760];
/// More labels than this would touch on a phone.
const AGES_MOST: f64 = 6.0;
/// Fewer decades than this get labels between their powers of ten.
const FEW_DECADES: f64 = 1.7;

/// The ages under the curve, for one of so many hours.
pub(crate) fn ages(hours: f64) -> Vec<Tick> {
    let step = STEPS_H.into_iter().find(|&step| hours / f64::from(step) <= AGES_MOST);
    let step = step.unwrap_or(8_760);
    let mut ticks = vec![(0.0, "written".to_owned())];
    let mut at = step;
    while f64::from(at) <= hours && ticks.len() < 16 {
        let label = match (at % 24, at / 24) {
            (0, 1) => "1 day".to_owned(),
            (0, days) => format!("{days} days"),
            _ => format!("{at} h"),
        };
        ticks.push((f64::from(at), label));
        at += step;
    }
    ticks
}

/// Where a count lies on the axis; zero lies where one does on a logarithmic axis, which has
/// none.
pub(crate) fn place(value: f64, log: bool) -> f64 {
    if log { value.max(1.0).log10() } else { value }
}

/// The axis of counts up to `high` and its ticks; `low` matters on a logarithmic axis only.
pub(crate) fn counts(low: f64, high: f64, log: bool) -> (Extent, Vec<Tick>) {
    let high = high.max(if log { 10.0 } else { 4.0 });
    if !log {
        let step = nice_step(high / 5.0);
        let mut ticks = Vec::new();
        let mut value = 0.0;
        while value <= high && ticks.len() < 9 {
            ticks.push((value, label(value)));
            value += step;
        }
        return ((0.0, high * 1.06), ticks);
    }
    let (first, last) = (place(low, true).floor(), place(high, true));
    let between: &[f64] = if last - first < FEW_DECADES { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut ticks = Vec::new();
    let mut decade = first;
    while decade <= last && ticks.len() < 16 {
        for factor in between {
            let at = decade + factor.log10();
            if at <= last {
                ticks.push((at, label(factor * 10_f64.powf(decade))));
            }
        }
        decade += 1.0;
    }
    ((first, last + (last - first) * 0.06), ticks)
}

fn label(value: f64) -> String {
    numbers::compact(u64::try_from(numbers::whole(value)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ages_are_round() {
        for (hours, expected) in [
            (5.0, vec!["written", "1 h", "2 h", "3 h", "4 h", "5 h"]),
            (24.0, vec!["written", "6 h", "12 h", "18 h", "1 day"]),
            (168.0, vec!["written", "2 days", "4 days", "6 days"]),
            (1_440.0, vec!["written", "14 days", "28 days", "42 days", "56 days"]),
        ] {
            assert_eq!(labels(&ages(hours)), expected, "{hours}");
        }
    }

    #[test]
    fn counts_begin_at_nothing_unless_they_are_logarithms() {
        assert_eq!(labels(&counts(3.0, 12_400.0, false).1), ["0", "5K", "10K"]);
        assert_eq!(labels(&counts(3.0, 12_400.0, true).1), ["1", "10", "100", "1K", "10K"]);
        assert_eq!(labels(&counts(20.0, 260.0, true).1), ["10", "20", "50", "100", "200"]);
    }

    #[test]
    fn ticks_lie_on_their_axis() {
        for log in [false, true] {
            for (low, high) in [(0.0, 0.0), (1.0, 3.0), (0.0, 1e9), (999.0, 1_000.0)] {
                let ((bottom, top), ticks) = counts(low, high, log);
                assert!(bottom < top && !ticks.is_empty(), "{low} {high} {log}");
                assert!(ticks.iter().all(|(at, _)| (bottom..=top).contains(at)), "{ticks:?}");
                assert!(place(high, log) <= top && place(low, log) >= bottom, "{low} {high} {log}");
            }
        }
    }
}
