//! The strip of the last 15 minutes. Owns: tweets a second over time, and when nothing was
//! observed. Must not know: pixels of the page, words. Invariant: a time without a connection
//! is a gap, whatever was counted around it; a time nobody asked for is neither.

use shared::api::{ConnectionState, StreamCoverage};
use shared::time::MINUTE_MS;

/// One bar.
pub(crate) const BAR_MS: i64 = 10_000;
/// Bars of 15 minutes.
pub(crate) const BARS: i64 = 90;

/// A stretch of the strip.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bar {
    /// Tweets a second; `None`: not known.
    pub(crate) rate: Option<f64>,
    /// Not observed while it was wanted.
    pub(crate) unseen: bool,
}

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    /// From our own connection: by bar, the last told rate.
    told: Line,
    /// By bar, from the ledger: averages of minutes, gaps to the millisecond.
    ledger: Line,
}

/// Bars by their numbers, ascending: a few hundred, most of them added at the end.
#[derive(Debug, Default)]
struct Line(Vec<(i64, Bar)>);

impl Line {
    fn place(&self, number: i64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(one, _)| *one)
    }

    fn get(&self, number: i64) -> Option<&Bar> {
        self.0.get(self.place(number).ok()?).map(|(_, bar)| bar)
    }

    /// Changes a bar; one that was not there knows nothing yet.
    fn change(&mut self, number: i64, change: impl FnOnce(&mut Bar)) {
        let place = self.place(number).unwrap_or_else(|place| {
            self.0.insert(place, (number, Bar::default()));
            place
        });
        if let Some((_, bar)) = self.0.get_mut(place) {
            change(bar);
        }
    }
}

impl Rate {
    /// Takes in what the server tells every few seconds.
    pub(crate) fn tell(&mut self, now: i64, rate: f64, stream: ConnectionState) {
        let unseen = matches!(stream, ConnectionState::Waiting | ConnectionState::Connecting);
        let wanted = !matches!(stream, ConnectionState::Off);
        self.told.change(now.div_euclid(BAR_MS), |bar| {
            bar.rate = wanted.then_some(rate);
            bar.unseen |= unseen;
        });
        let oldest = now.div_euclid(BAR_MS) - BARS;
        self.told.0.retain(|(number, _)| *number >= oldest);
    }

    /// Takes the ledger in.
    pub(crate) fn learn(&mut self, now: i64, coverage: &StreamCoverage) {
        self.ledger.0.clear();
        for minute in &coverage.minutes {
            let rate = f64::from(minute.received) / 60.0;
            for bar in bars(minute.at.0, minute.at.0 + MINUTE_MS) {
                self.ledger.change(bar, |bar| bar.rate = Some(rate));
            }
        }
        for gap in &coverage.gaps {
            let to = gap.to.map_or(now, |to| to.0);
            for bar in bars(gap.from.0, to) {
                self.ledger.change(bar, |bar| bar.unseen = true);
            }
        }
    }

    /// The bars up to now, oldest first.
    pub(crate) fn bars(&self, now: i64) -> Vec<Bar> {
        let last = now.div_euclid(BAR_MS);
        let bar = |at: i64| {
            let (told, ledger) = (self.told.get(at), self.ledger.get(at));
            let unseen = [told, ledger].into_iter().flatten().any(|bar| bar.unseen);
            let rate = told.and_then(|bar| bar.rate).or(ledger.and_then(|bar| bar.rate));
            Bar { rate: rate.filter(|_| !unseen), unseen }
        };
        (last - BARS + 1..=last).map(bar).collect()
    }
}

fn bars(from: i64, to: i64) -> std::ops::Range<i64> {
    from.div_euclid(BAR_MS)..(to - 1).div_euclid(BAR_MS) + 1
}

/// Where the bars end: 1, 2 or 5 times a power of ten above all of them.
pub(crate) fn top(bars: &[Bar]) -> f64 {
    let most = bars.iter().filter_map(|bar| bar.rate).fold(1.0_f64, f64::max);
    let unit = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|step| step * unit)
        .into_iter()
        .find(|&top| top >= most)
        .unwrap_or(most)
}

/// The outline of the bars in a box of `BARS` by 1 (down), as an SVG path; it is interrupted
/// where nothing is known.
pub(crate) fn outline(bars: &[Bar]) -> String {
    use std::fmt::Write as _;
    let top = top(bars);
    let mut path = String::new();
    let mut open = false;
    for (at, bar) in bars.iter().enumerate() {
        match bar.rate {
            Some(rate) => {
                // Whole thousandths: finer is not seen, and floats are long.
                let y = crate::numbers::whole((1.0 - (rate / top).clamp(0.0, 1.0)) * 1_000.0);
                if !open {
                    let _ = write!(path, "M{at} 1000");
                }
                let _ = write!(path, "L{at} {y}H{}", at + 1);
                open = true;
            }
            None if open => {
                let _ = write!(path, "V1000Z");
                open = false;
            }
            None => {}
        }
    }
    if open {
        path.push_str("V1000Z");
    }
    path
}

/// Stretches not observed: first bar, number of bars.
pub(crate) fn unseen(bars: &[Bar]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in bars.iter().enumerate().filter(|(_, bar)| bar.unseen) {
        match found.last_mut() {
            Some((first, count)) if *first + *count == at => *count += 1,
            _ => found.push((at, 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::{CoverageGap, CoverageMinute, CoverageTotals};
    use shared::time::UnixMs;

    const NOW: i64 = 1_700_000_040_000;

    fn coverage(gaps: &[(i64, Option<i64>)]) -> StreamCoverage {
        let minute = |at: i64| CoverageMinute {
            at: UnixMs(at),
            received: 600,
            delivered: 600,
            missed: 0,
            disconnected_s: 0,
            filled: 0,
        };
        StreamCoverage {
            minutes: vec![minute(NOW - 3 * MINUTE_MS), minute(NOW - 2 * MINUTE_MS)],
            totals: CoverageTotals::default(),
            gaps: gaps
                .iter()
                .map(|&(from, to)| CoverageGap {
                    from: UnixMs(from),
                    to: to.map(UnixMs),
                    why: String::new(),
                })
                .collect(),
        }
    }

    fn rates(rate: &Rate) -> Vec<Option<f64>> {
        rate.bars(NOW).iter().map(|bar| bar.rate).collect()
    }

    #[test]
    fn what_the_ledger_does_not_know_is_not_zero() {
        let mut rate = Rate::default();
        rate.learn(NOW, &coverage(&[]));
        let bars = rates(&rate);
        assert_eq!(bars.len(), 90);
        assert_eq!(bars.iter().flatten().count(), 12);
        assert_eq!(bars.last(), Some(&None));
        assert!(unseen(&rate.bars(NOW)).is_empty());
    }

    #[test]
    fn what_we_were_told_is_finer_than_the_ledger() {
        let mut rate = Rate::default();
        rate.learn(NOW, &coverage(&[]));
        rate.tell(NOW - 2 * MINUTE_MS, 25.0, ConnectionState::Live);
        assert_eq!(rates(&rate).iter().filter(|one| **one == Some(25.0)).count(), 1);
    }

    #[test]
    fn a_gap_is_a_gap_whatever_was_counted() {
        let mut rate = Rate::default();
        rate.learn(
            NOW,
            &coverage(&[(NOW - 3 * MINUTE_MS + 5_000, Some(NOW - 3 * MINUTE_MS + 15_000))]),
        );
        assert_eq!(rates(&rate).iter().flatten().count(), 10);
        assert_eq!(unseen(&rate.bars(NOW)).first().map(|gap| gap.1), Some(2));
        rate.learn(NOW, &coverage(&[(NOW - 30_000, None)]));
        assert_eq!(unseen(&rate.bars(NOW)), [(86, 3)]);
    }

    #[test]
    fn being_off_is_no_gap() {
        let mut rate = Rate::default();
        rate.tell(NOW, 0.0, ConnectionState::Off);
        assert_eq!(rate.bars(NOW).last(), Some(&Bar::default()));
        rate.tell(NOW, 0.0, ConnectionState::Waiting);
        assert!(rate.bars(NOW).last().unwrap().unseen);
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (most, expected) in [(0.2, 1.0), (1.0, 1.0), (3.0, 5.0), (12.0, 20.0), (501.0, 1_000.0)]
        {
            let bars = [Bar { rate: Some(most), unseen: false }];
            assert!((top(&bars) - expected).abs() < 1e-9, "{most}");
        }
    }

    #[test]
    fn the_outline_stops_where_nothing_is_known() {
        let rate = |rate: Option<f64>| Bar { rate, unseen: false };
        let bars = [rate(Some(1.0)), rate(Some(0.5)), rate(None), rate(Some(0.0))];
        assert_eq!(outline(&bars), "M0 1000L0 0H1L1 500H2V1000ZM3 1000L3 1000H4V1000Z");
    }
}
