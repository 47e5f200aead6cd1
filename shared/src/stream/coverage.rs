//! What of the stream was observed, by minute. Owns: the counts not yet saved, and how counts
//! and gaps become what is drawn. Must not know: storage. Invariant: a count is handed out for
//! saving exactly once, as an increment to be *added* to the minute's row; so nothing is counted
//! twice and a restart within a minute loses only what was not saved yet.
//!
//! Seconds without a connection are not counted here: they follow from the gaps, whose rows are
//! written when they begin and when they end.

use crate::api::{CoverageGap, CoverageMinute, CoverageTotals, StreamCoverage};
use crate::time::{MINUTE_MS, UnixMs};
use std::collections::BTreeMap;

/// Bytes of an encoded [`Counts`].
pub const COUNTS_BYTES: usize = 16;
/// The most minutes that are drawn: 31 days. Of a longer range the newest are.
const VIEW_MAX: i64 = 31 * 24 * 60;

/// What one minute came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tweets received.
    pub received: u32,
    /// Of them handed to browsers' feeds.
    pub delivered: u32,
    /// Tweets X said it did not deliver.
    pub missed: u32,
    /// Tweets filled in later from recent search.
    pub filled: u32,
}

impl Counts {
    /// Both together: how an increment joins its minute's row.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            received: self.received.saturating_add(other.received),
            delivered: self.delivered.saturating_add(other.delivered),
            missed: self.missed.saturating_add(other.missed),
            filled: self.filled.saturating_add(other.filled),
        }
    }

    /// As bytes: the four numbers, little endian.
    pub fn encode(self) -> [u8; COUNTS_BYTES] {
        let words = [self.received, self.delivered, self.missed, self.filled];
        let mut bytes = [0; COUNTS_BYTES];
        for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From bytes; none if they are not [`COUNTS_BYTES`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; COUNTS_BYTES] = bytes.try_into().ok()?;
        let mut words = bytes.chunks_exact(4).filter_map(|word| word.try_into().ok());
        let mut next = || words.next().map(u32::from_le_bytes);
        Some(Self { received: next()?, delivered: next()?, missed: next()?, filled: next()? })
    }
}

/// One minute's counts, or an increment of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The minute's beginning.
    pub at: UnixMs,
    /// What it came to.
    pub counts: Counts,
}

/// The counts not yet saved.
#[derive(Clone, Debug, Default)]
pub struct Minutes {
    /// By the minute's number since 1970. A minute that is here with zeros was observed.
    unsaved: BTreeMap<i64, Counts>,
    /// Minute of the last observation: a quiet minute is noted once.
    seen: Option<i64>,
    /// X's last cumulative count of this connection.
    limit: u64,
}

impl Minutes {
    /// The connection stands: this minute is observed, whatever comes.
    pub fn alive(&mut self, now: UnixMs) {
        let minute = minute(now);
        if self.seen != Some(minute) {
            self.seen = Some(minute);
            self.unsaved.entry(minute).or_default();
        }
    }

    /// Tweets came; of them so many were handed on.
    pub fn received(&mut self, now: UnixMs, received: u32, delivered: u32) {
        self.add(now, Counts { received, delivered, ..Counts::default() });
    }

    /// A limit notice: so many were not delivered since the connection began. The increase is
    /// this minute's; a number that went down is of a count that began anew.
    pub fn limit(&mut self, now: UnixMs, track: u64) {
        let missed = track.checked_sub(self.limit).unwrap_or(track);
        self.limit = track;
        let missed = u32::try_from(missed).unwrap_or(u32::MAX);
        self.add(now, Counts { missed, ..Counts::default() });
    }

    /// A new connection: X counts from zero again.
    pub fn connected(&mut self, now: UnixMs) {
        self.limit = 0;
        self.alive(now);
    }

    /// Tweets of that time came later, from recent search.
    pub fn filled(&mut self, at: UnixMs, filled: u32) {
        self.add(at, Counts { filled, ..Counts::default() });
    }

    fn add(&mut self, at: UnixMs, counts: Counts) {
        let sum = self.unsaved.entry(minute(at)).or_default();
        *sum = sum.plus(counts);
    }

    /// X's cumulative count and this connection's name survive a restart of the host only if
    /// the shell keeps them: the last count, to be handed to [`Minutes::resume_limit`].
    pub fn last_limit(&self) -> u64 {
        self.limit
    }

    /// The connection that a count belongs to still stands.
    pub fn resume_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The minutes that are over and not saved, to be added to their rows in one write: so a
    /// row is written about once. They are forgotten here: write them before anything else.
    pub fn take_over(&mut self, now: UnixMs) -> Vec<Row> {
        let open = self.unsaved.split_off(&minute(now));
        rows(std::mem::replace(&mut self.unsaved, open))
    }

    /// Everything unsaved, the running minute included: before the host rests.
    pub fn take_all(&mut self) -> Vec<Row> {
        rows(std::mem::take(&mut self.unsaved))
    }

    /// Whether [`Minutes::take_over`] has anything.
    pub fn is_due(&self, now: UnixMs) -> bool {
        self.unsaved.first_key_value().is_some_and(|(&first, _)| first < minute(now))
    }

    /// What is not saved yet: to be drawn beside the saved rows.
    pub fn unsaved(&self) -> Vec<Row> {
        rows(self.unsaved.clone())
    }
}

fn minute(at: UnixMs) -> i64 {
    at.0.div_euclid(MINUTE_MS)
}

fn rows(minutes: BTreeMap<i64, Counts>) -> Vec<Row> {
    let row = |(minute, counts)| Row { at: UnixMs(minute * MINUTE_MS), counts };
    minutes.into_iter().map(row).collect()
}

/// What is drawn of `from..to`: rows of the same minute add up, gaps may overlap and are cut to
/// the range; a gap without an end lasts until `now`. Minutes are those that begin within the
/// range or contain its beginning.
pub fn view(
    rows: &[Row],
    gaps: &[CoverageGap],
    from: UnixMs,
    to: UnixMs,
    now: UnixMs,
) -> StreamCoverage {
    let last = minute(to.plus(-1));
    let first = minute(from).max(last.saturating_sub(VIEW_MAX - 1));
    let mut minutes: BTreeMap<i64, CoverageMinute> = BTreeMap::new();
    for row in rows.iter().filter(|row| (first..=last).contains(&minute(row.at))) {
        let at = minute(row.at);
        let of = minutes.entry(at).or_insert_with(|| empty(at));
        of.received = of.received.saturating_add(row.counts.received);
        of.delivered = of.delivered.saturating_add(row.counts.delivered);
        of.missed = of.missed.saturating_add(row.counts.missed);
        of.filled = of.filled.saturating_add(row.counts.filled);
    }
    let begin = UnixMs(first.saturating_mul(MINUTE_MS)).max(from);
    for (at, seconds) in seconds_without(gaps, begin, to, now) {
        minutes.entry(at).or_insert_with(|| empty(at)).disconnected_s = seconds;
    }
    let shown = |gap: &&CoverageGap| gap.from < to && gap.to.is_none_or(|end| end > from);
    StreamCoverage {
        totals: totals(minutes.values()),
        minutes: minutes.into_values().collect(),
        gaps: gaps.iter().filter(shown).cloned().collect(),
    }
}

fn empty(minute: i64) -> CoverageMinute {
    CoverageMinute {
        at: UnixMs(minute * MINUTE_MS),
        received: 0,
        delivered: 0,
        missed: 0,
        disconnected_s: 0,
        filled: 0,
    }
}

/// Seconds without a connection of every minute that has some. Split to the millisecond; rounded
/// along the way such that the sum over all minutes is the whole, rounded once.
fn seconds_without(
    gaps: &[CoverageGap],
    from: UnixMs,
    to: UnixMs,
    now: UnixMs,
) -> BTreeMap<i64, u32> {
    let mut split: BTreeMap<i64, i64> = BTreeMap::new();
    for (mut at, end) in union(gaps, from, to, now) {
        while at < end {
            let minute = minute(at);
            let next = UnixMs((minute + 1) * MINUTE_MS).min(end);
            *split.entry(minute).or_default() += next.since(at);
            at = next;
        }
    }
    let (mut ms, mut told) = (0, 0);
    let seconds = split.into_iter().map(|(minute, of)| {
        ms += of;
        let now_told = (ms + 500) / 1_000;
        let seconds = now_told - told;
        told = now_told;
        (minute, u32::try_from(seconds).unwrap_or(0))
    });
    seconds.collect()
}

/// The gaps within `from..to` as spans that do not overlap, in order.
fn union(gaps: &[CoverageGap], from: UnixMs, to: UnixMs, now: UnixMs) -> Vec<(UnixMs, UnixMs)> {
    let cut = |gap: &CoverageGap| (gap.from.max(from), gap.to.unwrap_or(now).min(to));
    let mut spans: Vec<_> = gaps.iter().map(cut).filter(|(begin, end)| begin < end).collect();
    spans.sort_unstable();
    let mut merged: Vec<(UnixMs, UnixMs)> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}

#[allow(clippy::cast_precision_loss, reason = "a share for people")]
fn totals<'a>(minutes: impl Iterator<Item = &'a CoverageMinute>) -> CoverageTotals {
    let mut sums = CoverageTotals::default();
    for minute in minutes {
        sums.received += u64::from(minute.received);
        sums.delivered += u64::from(minute.delivered);
        sums.missed += u64::from(minute.missed);
        sums.disconnected_s += u64::from(minute.disconnected_s);
        sums.filled += u64::from(minute.filled);
    }
    let all = sums.received + sums.missed;
    sums.share = (all > 0).then(|| sums.received as f64 / all as f64);
    sums
}

#[cfg(test)]
mod tests;
