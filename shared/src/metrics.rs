//! Every metric of one tweet over time. Owns: what a reading is, what a fall and a growth are,
//! and the packed bytes. Must not know: where they are kept, when a tweet is read
//! ([`crate::cadence`]), where buckets begin ([`crate::tz`]). Invariant: instants ascend and are
//! unique; what X said is kept as X said it, falls too; what X did not say is absent, never 0;
//! equal histories are equal bytes, and every damaged byte is an error, never another history.
//!
//! The byte format is in `metrics/pack.rs`, its size on a lifelike world in `metrics/size.rs`.

mod bits;
mod column;
mod growth;
mod name;
mod pack;
mod points;
pub mod size;
#[cfg(test)]
mod tests;
mod times;

pub use crate::packed::Damaged;
pub use growth::{Fall, Growth};
pub use name::{Family, Metric};
pub use points::Bucket;

use crate::time::UnixMs;
use crate::x::count::COUNT_MAX;
use std::collections::BTreeMap;

/// Most instants of one tweet: 5 years by the hour. The cadence makes about 130 in a year.
pub const ROWS_MAX: usize = 50_000;
/// Most metrics of one tweet: X has 22 (August 2026), and room for what it adds.
pub const METRICS_MAX: usize = 64;
/// Most values of one tweet, absent ones among them: 32 MB in memory, a year by the hour of
/// every metric ten times over.
pub const CELLS_MAX: usize = 2_000_000;
/// Instants are within 8,900 years of 1970: then no difference of two overflows.
const INSTANT_MAX_MS: u64 = 1 << 48;

/// What [`Series::push`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The instant was new, or something new was said of it.
    Changed,
    /// All of it was known: the same reading again.
    Same,
    /// Not taken: the series is as long or as wide as it may be, or the instant is no date.
    Refused,
}

/// The history of one tweet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// When it was read, ascending, unique.
    times: Vec<UnixMs>,
    /// One value per instant and metric; no column is without any value.
    columns: BTreeMap<Metric, Vec<Option<u64>>>,
}

/// One reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// When.
    pub at: UnixMs,
    /// What X said then, by metric.
    pub values: Vec<(&'a Metric, u64)>,
}

impl Series {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a reading. Readings come in any order; of an instant already known the values
    /// named now replace those known, and the others stay. A reading without any value is one
    /// too: X was asked, and said nothing.
    pub fn push(&mut self, at: UnixMs, values: &[(Metric, u64)]) -> Pushed {
        let fresh = values.iter().filter(|(metric, _)| !self.columns.contains_key(metric));
        let columns = self.columns.len().saturating_add(fresh.count());
        let slot = self.times.binary_search(&at);
        let rows = self.times.len().saturating_add(usize::from(slot.is_err()));
        if at.0.unsigned_abs() > INSTANT_MAX_MS
            || rows > ROWS_MAX
            || columns > METRICS_MAX
            || rows.saturating_mul(columns) > CELLS_MAX
        {
            return Pushed::Refused;
        }
        let row = slot.unwrap_or_else(|row| {
            self.times.insert(row, at);
            for column in self.columns.values_mut() {
                column.insert(row, None);
            }
            row
        });
        let mut changed = slot.is_err();
        for (metric, value) in values {
            let rows = self.times.len();
            let column = self.columns.entry(metric.clone()).or_insert_with(|| vec![None; rows]);
            if let Some(cell) = column.get_mut(row) {
                changed |= *cell != Some(*value);
                *cell = Some(*value);
            }
        }
        if changed { Pushed::Changed } else { Pushed::Same }
    }

    /// Values above [`COUNT_MAX`], which older versions stored, become that: a reader of JSON would
    /// take them for no number at all.
    #[must_use]
    pub fn limited(mut self) -> Self {
        for value in self.columns.values_mut().flatten().flatten() {
            *value = COUNT_MAX.min(*value);
        }
        self
    }

    /// Takes an instant out, for a snapshot that was replaced or removed; tells whether it was in.
    pub fn remove(&mut self, at: UnixMs) -> bool {
        let Ok(row) = self.times.binary_search(&at) else { return false };
        self.times.remove(row);
        self.columns.retain(|_, column| {
            column.remove(row);
            column.iter().any(Option::is_some)
        });
        true
    }

    /// How many instants there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether it was never read.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The instants, ascending.
    pub fn times(&self) -> &[UnixMs] {
        &self.times
    }

    /// The metrics with any value, known ones first.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.columns.keys()
    }

    /// Every reading, oldest first.
    pub fn readings(&self) -> impl Iterator<Item = Reading<'_>> {
        self.times.iter().enumerate().map(|(row, &at)| {
            let value = |(metric, column): (_, &Vec<Option<u64>>)| {
                Some((metric, column.get(row).copied().flatten()?))
            };
            Reading { at, values: self.columns.iter().filter_map(value).collect() }
        })
    }

    /// What was said of one metric, oldest first.
    pub fn values(&self, metric: &Metric) -> impl Iterator<Item = (UnixMs, u64)> {
        let column = self.columns.get(metric).map(Vec::as_slice).unwrap_or_default();
        self.times.iter().zip(column).filter_map(|(&at, value)| Some((at, (*value)?)))
    }

    /// The last value of every metric, with the instant it was said.
    pub fn latest(&self) -> impl Iterator<Item = (&Metric, UnixMs, u64)> {
        self.columns.iter().filter_map(|(metric, column)| {
            let row = column.iter().rposition(Option::is_some)?;
            Some((metric, *self.times.get(row)?, (*column.get(row)?)?))
        })
    }
}
