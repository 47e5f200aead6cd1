//! A series in buckets. Owns: what a bucket shows. Must not know: where buckets begin. Invariant:
//! a bucket in which nothing was said of a metric shows nothing of it, not the value before.

use super::{Metric, Series};
use crate::time::UnixMs;

/// What a bucket shows. A bucket holds what lies at or after its beginning and before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins.
    pub at: UnixMs,
    /// The last value in it, for each metric asked for; `None`: not observed.
    pub values: Vec<Option<u64>>,
    /// Whether the metric fell in it: X corrected itself.
    pub fell: Vec<bool>,
}

impl Series {
    /// The buckets between `edges` (ascending; n + 1 of them make n buckets), of what lies in
    /// `range` (its end excluded), with a value for each of `metrics`.
    pub fn points(
        &self,
        edges: &[UnixMs],
        range: (UnixMs, UnixMs),
        metrics: &[Metric],
    ) -> Vec<Bucket> {
        let count = edges.len().saturating_sub(1);
        let bucket = |&at: &UnixMs| Bucket {
            at,
            values: vec![None; metrics.len()],
            fell: vec![false; metrics.len()],
        };
        let mut buckets: Vec<Bucket> = edges.iter().take(count).map(bucket).collect();
        let places = self.places(edges, range);
        for (index, metric) in metrics.iter().enumerate() {
            let Some(column) = self.columns.get(metric) else { continue };
            let mut before = None;
            for (value, place) in column.iter().zip(&places) {
                let Some(value) = *value else { continue };
                if let Some(bucket) = place.and_then(|place| buckets.get_mut(place)) {
                    if let Some(cell) = bucket.values.get_mut(index) {
                        *cell = Some(value);
                    }
                    if let Some(fell) = bucket.fell.get_mut(index) {
                        *fell |= before.is_some_and(|before| value < before);
                    }
                }
                before = Some(value);
            }
        }
        buckets
    }

    /// The bucket of every instant.
    fn places(&self, edges: &[UnixMs], range: (UnixMs, UnixMs)) -> Vec<Option<usize>> {
        // How many edges are at or before the instant.
        let mut passed = 0;
        let place = |at: &UnixMs| {
            while edges.get(passed).is_some_and(|edge| edge <= at) {
                passed += 1;
            }
            let within = passed < edges.len() && *at >= range.0 && *at < range.1;
            passed.checked_sub(1).filter(|_| within)
        };
        self.times.iter().map(place).collect()
    }
}
