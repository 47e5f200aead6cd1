//! What a metric did in a range. Owns: falls, growth, the value at an age. Must not know: what
//! else happened then. Invariant: every number says from which readings it comes; where nothing
//! was read there is none.

use super::{Metric, Series};
use crate::time::UnixMs;

/// A counter that fell: X corrected itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The reading that showed it.
    pub at: UnixMs,
    /// Which counter.
    pub metric: Metric,
    /// What it was before.
    pub from: u64,
    /// What it was then.
    pub to: u64,
}

/// What a metric grew by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// By how much; less than 0 if it fell.
    pub by: i64,
    /// The reading counted from; `None`: from the tweet's beginning, where everything is 0.
    pub from: Option<UnixMs>,
    /// The reading counted to.
    pub to: UnixMs,
}

impl Series {
    /// Every fall, by time, then by metric.
    pub fn falls(&self) -> Vec<Fall> {
        let mut falls = Vec::new();
        for metric in self.columns.keys() {
            let later = self.values(metric).skip(1);
            for ((_, from), (at, to)) in self.values(metric).zip(later) {
                if to < from {
                    falls.push(Fall { at, metric: metric.clone(), from, to });
                }
            }
        }
        falls.sort_by(|a, b| (a.at, &a.metric).cmp(&(b.at, &b.metric)));
        falls
    }

    /// What a metric grew by in a range (its end excluded): from the last reading before it, or
    /// from 0 if the tweet was `created` in it, or else from the first reading in it.
    pub fn growth(
        &self,
        metric: &Metric,
        range: (UnixMs, UnixMs),
        created: Option<UnixMs>,
    ) -> Option<Growth> {
        let (to, last) = self.values(metric).take_while(|(at, _)| *at < range.1).last()?;
        if to < range.0 {
            return None;
        }
        let before = self.values(metric).take_while(|(at, _)| *at < range.0).last();
        let born = created.is_some_and(|created| created >= range.0);
        let (from, first) = match before {
            Some((at, value)) => (Some(at), value),
            None if born => (None, 0),
            None => {
                let (at, value) = self.values(metric).find(|(at, _)| *at >= range.0)?;
                (Some(at), value)
            }
        };
        Some(Growth { by: difference(last, first), from, to })
    }

    /// What a metric grew by in each bucket between `edges`, of what lies in `range`; `None` where
    /// it was not read. The sum is the [`Self::growth`] of what edges and range share.
    pub fn growths(
        &self,
        metric: &Metric,
        edges: &[UnixMs],
        range: (UnixMs, UnixMs),
        created: Option<UnixMs>,
    ) -> Vec<Option<i64>> {
        let begin = edges.first().map_or(range.0, |edge| range.0.max(*edge));
        let until = self.values(metric).take_while(|(at, _)| *at < begin).last();
        let born = created.filter(|created| *created >= begin).map(|_| 0);
        let first = self.values(metric).find(|(at, _)| *at >= begin).map(|(_, value)| value);
        let mut before = until.map(|(_, value)| value).or(born).or(first);
        let buckets = self.points(edges, range, std::slice::from_ref(metric)).into_iter();
        let grew = |value: Option<u64>| {
            let (value, before) = (value?, before.replace(value?)?);
            Some(difference(value, before))
        };
        buckets.map(|bucket| bucket.values.first().copied().flatten()).map(grew).collect()
    }

    /// A metric at an instant: as read then, or on the line between the readings around it if
    /// those are at most `gap_ms` apart.
    pub fn value_at(&self, metric: &Metric, at: UnixMs, gap_ms: i64) -> Option<f64> {
        let column = self.columns.get(metric)?;
        let row = self.times.partition_point(|time| *time < at);
        let read = |row: usize| Some((*self.times.get(row)?, column.get(row).copied().flatten()?));
        let after = (row..self.times.len()).find_map(read)?;
        if after.0 == at {
            return Some(real(after.1));
        }
        let before = (0..row).rev().find_map(read)?;
        let width_ms = after.0.since(before.0);
        if width_ms > gap_ms {
            return None;
        }
        let share = real(at.since(before.0).unsigned_abs()) / real(width_ms.unsigned_abs());
        Some(real(before.1) + (real(after.1) - real(before.1)) * share)
    }
}

/// `a` less `b`, at the end of the range where it has none.
fn difference(a: u64, b: u64) -> i64 {
    let difference = i128::from(a) - i128::from(b);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

#[allow(clippy::cast_precision_loss, reason = "exact below 9 * 10^15")]
fn real(count: u64) -> f64 {
    count as f64
}
