//! The replay window. Owns: when the newest events become a row, which slot it replaces, what a
//! returning reader gets, what a purge takes away. Must not know: SQL, sockets. Invariant: a
//! reader gets every number behind its cursor in a frame, or in a gap that names it.
//!
//! Rows are numbered upwards; row `i` lives in slot `i % SLOTS`, so that the table never grows.
//! Whoever stores them writes a row (replacing its slot) and then calls [`Ring::saved`]; until
//! then its events are in [`Ring::tail`].

use super::event::Kept;
use super::slot;
use super::view::{Frame, View, poll_answer};
use crate::api::{GapReason, LiveGap, LiveKind};
use crate::id::{TweetId, UserId};
use crate::time::{SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Rows that are kept: 15 minutes of a stream that fills one every [`ROW_EVERY_MS`].
pub const SLOTS: u64 = 450;
/// Least time between rows, but for one that would grow beyond [`ROW_RAW_BYTES`].
pub const ROW_EVERY_MS: i64 = 2 * SECOND_MS;
/// Events of so many bytes become a row at once.
pub const ROW_RAW_BYTES: usize = 4_000_000;

/// An answer of the long poll ends with the event that brings it to so many bytes.
pub const POLL_BYTES: usize = 1_000_000;

/// What is known of a row without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowInfo {
    /// Its number, counted from 0.
    pub number: u64,
    /// First sequence number it covers.
    pub from: u64,
    /// Last sequence number it covers.
    pub to: u64,
    /// Lowest and highest id of its tweets: most purges pass by most rows.
    pub tweets: Option<[u64; 2]>,
}

impl RowInfo {
    /// The slot that it replaces.
    pub fn slot(&self) -> u64 {
        self.number % SLOTS
    }
}

/// A row to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is known of it.
    pub info: RowInfo,
    /// Its bytes, for [`slot::decode`].
    pub bytes: Vec<u8>,
}

/// Events that cover a range of numbers without a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// The events of these numbers that still exist.
    pub events: Vec<Kept>,
}

impl Stretch {
    /// Takes in the stretch that follows; `false`, and nothing is changed, if it does not.
    pub fn join(&mut self, next: &Self) -> bool {
        let follows = self.to.checked_add(1) == Some(next.from);
        if follows {
            self.to = next.to;
            self.events.extend_from_slice(&next.events);
        }
        follows
    }
}

/// The window: which rows there are, and what is not in one yet.
#[derive(Debug)]
pub struct Ring {
    rows: VecDeque<RowInfo>,
    next: u64,
    tail: Stretch,
    tail_bytes: usize,
    tail_since: Option<UnixMs>,
    last_row: Option<UnixMs>,
}

impl Ring {
    /// A window of the rows that are stored; the next number will be `next`.
    pub fn restore(rows: impl IntoIterator<Item = RowInfo>, next: u64) -> Self {
        let mut rows: Vec<RowInfo> = rows.into_iter().collect();
        rows.sort_by_key(|row| row.number);
        Self {
            next: rows.last().map_or(0, |row| row.number + 1),
            rows: rows.into(),
            tail: Stretch { from: next, to: next - 1, events: Vec::new() },
            tail_bytes: 0,
            tail_since: None,
            last_row: None,
        }
    }

    /// The newest number in a row; 0 where there is none: what [`super::sequence::Sequence`]
    /// needs to know after a restart.
    pub fn last_saved(rows: &[RowInfo]) -> u64 {
        rows.iter().map(|row| row.to).max().unwrap_or_default()
    }

    /// Takes the events of the next numbers, in order, up to number `to`.
    pub fn push(&mut self, events: impl IntoIterator<Item = Kept>, to: u64, now: UnixMs) {
        for event in events {
            self.tail_bytes += event.json.len();
            self.tail.events.push(event);
        }
        if to > self.tail.to {
            self.tail.to = to;
            self.tail_since.get_or_insert(now);
        }
    }

    /// What is in no row yet.
    pub fn tail(&self) -> &Stretch {
        &self.tail
    }

    /// The rows, oldest first.
    pub fn infos(&self) -> impl Iterator<Item = &RowInfo> {
        self.rows.iter()
    }

    /// The oldest number that can be asked for.
    pub fn floor(&self) -> u64 {
        self.rows.front().map_or(self.tail.from, |row| row.from)
    }

    /// When the tail becomes a row; `None` while it is empty.
    pub fn due_at(&self) -> Option<UnixMs> {
        let since = self.tail_since?;
        if self.tail_bytes >= ROW_RAW_BYTES {
            return Some(since);
        }
        Some(self.last_row.map_or(since, |last| last.max(since)).plus(ROW_EVERY_MS))
    }

    /// The rows to write now: none before [`Ring::due_at`], one as a rule, more where one would
    /// be too large. Nothing changes until [`Ring::saved`].
    pub fn rows_due(&self, now: UnixMs) -> Vec<Row> {
        if self.due_at().is_some_and(|at| at <= now) { self.rows_now() } else { Vec::new() }
    }

    /// The same, due or not: before the machine is left.
    pub fn rows_now(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.tail.from <= self.tail.to {
            divide(&self.tail.events, self.tail.from, self.tail.to, &mut rows);
        }
        for (number, row) in (self.next..).zip(&mut rows) {
            row.info.number = number;
        }
        rows
    }

    /// The rows of [`Ring::rows_due`] were written; their events leave the tail.
    pub fn saved(&mut self, rows: &[Row], now: UnixMs) {
        let Some(last) = rows.last() else { return };
        for row in rows {
            self.rows.push_back(row.info);
            while self.rows.len() as u64 > SLOTS {
                self.rows.pop_front();
            }
        }
        self.next = last.info.number + 1;
        self.tail.events.retain(|event| event.seq > last.info.to);
        self.tail.from = last.info.to + 1;
        self.tail_bytes = bytes_of(&self.tail.events);
        self.tail_since = (self.tail.from <= self.tail.to).then_some(now);
        self.last_row = Some(now);
    }

    /// Lets go of every row, as if so much time had passed that all were overwritten.
    pub fn expire(&mut self) {
        self.rows.clear();
    }

    /// Why numbers from `from` on are missing: they were overwritten, or lost with the machine.
    pub fn reason(&self, from: u64) -> GapReason {
        let overwritten = self.next > self.rows.len() as u64;
        if from < self.floor() && overwritten { GapReason::Expired } else { GapReason::Restart }
    }

    /// The gap for a reader whose cursor is beyond the last number given out: it is another
    /// deployment's. Of this one's numbers the reader has seen none, and goes on from the last.
    fn foreign(&self, after: u64) -> Option<LiveGap> {
        let last = self.tail.to;
        let gap = LiveGap { from: last.min(1), to: last, reason: GapReason::Restart };
        (after > last).then_some(gap)
    }

    /// Begins a replay of everything after a number. Behind a number that was never given out
    /// stands nothing but the gap that says so.
    pub fn replay(&self, after: u64) -> Replay<'_> {
        let foreign = self.foreign(after);
        let covered = after.min(self.tail.to);
        Replay { ring: self, foreign, covered, next: covered.saturating_add(1) }
    }

    /// Everything after a number, at once: `rows` are the stored stretches, oldest first.
    pub fn replay_all(
        &self,
        after: u64,
        rows: impl IntoIterator<Item = Stretch>,
        view: &View,
    ) -> Vec<Frame> {
        let mut replay = self.replay(after);
        let mut frames: Vec<Frame> =
            rows.into_iter().flat_map(|row| replay.stretch(&row, view)).collect();
        frames.extend(replay.stretch(&self.tail, view));
        frames.extend(replay.end(view));
        frames
    }

    /// The long poll's answer: everything after a number, as [`crate::api::LiveEvents`]; `rows` are
    /// the stored stretches behind it, oldest first. It ends early at `limit` events or at
    /// [`POLL_BYTES`], and before a gap that does not stand before its events; its `to` says so.
    /// `None` where there is nothing to say: wait, or answer [`Ring::poll_nothing`].
    pub fn poll(&self, after: u64, rows: &[Stretch], view: &View, limit: usize) -> Option<String> {
        if let Some(gap) = self.foreign(after) {
            return Some(poll_answer(gap.from, gap.to, &[], Some(gap)));
        }
        let from = after.saturating_add(1);
        let (mut next, mut gap, mut bytes) = (from, None, 0);
        let mut found: Vec<&Kept> = Vec::new();
        let stretches =
            rows.iter().chain([&self.tail]).filter(|stretch| stretch.from <= stretch.to);
        for stretch in stretches.filter(|stretch| stretch.to > after) {
            if stretch.from > next {
                if gap.is_some() || !found.is_empty() {
                    break;
                }
                let (to, reason) = (stretch.from - 1, self.reason(next));
                gap = Some(LiveGap { from: next, to, reason });
            }
            next = stretch.to + 1;
            for event in view.picked(&stretch.events) {
                if event.seq <= after {
                    continue;
                }
                if found.len() >= limit || bytes >= POLL_BYTES {
                    let to = found.last().map_or(after, |event| event.seq);
                    return Some(poll_answer(from, to, &found, gap));
                }
                bytes += event.json.len();
                found.push(event);
            }
        }
        if found.is_empty() && gap.is_none() && next <= self.tail.to {
            // Everything behind the cursor is older than the window.
            gap = Some(LiveGap { from: next, to: self.tail.to, reason: self.reason(next) });
            next = self.tail.to + 1;
        }
        let said = gap.is_some() || !found.is_empty();
        said.then(|| poll_answer(from, next - 1, &found, gap))
    }

    /// The long poll's answer where nothing new passed.
    pub fn poll_nothing(&self, after: u64) -> String {
        let last = self.tail.to.max(after);
        poll_answer(last.min(after.saturating_add(1)), last, &[], None)
    }

    /// Takes away what a purge names from what is in no row yet; whether there was any. Stored
    /// rows go through [`purge_row`].
    pub fn purge(&mut self, what: &Purge) -> bool {
        let changed = what.apply(&mut self.tail.events);
        self.tail_bytes = bytes_of(&self.tail.events);
        changed
    }
}

fn bytes_of(events: &[Kept]) -> usize {
    events.iter().map(|event| event.json.len()).sum()
}

/// Makes one row of events, or several where it would be too large.
fn divide(events: &[Kept], from: u64, to: u64, rows: &mut Vec<Row>) {
    let bytes = slot::encode(events);
    if bytes.len() <= slot::ROW_MAX_BYTES {
        let ids = events.iter().filter_map(|event| event.meta.tweet.map(|tweet| tweet.0));
        let tweets = ids.clone().min().zip(ids.max()).map(|(low, high)| [low, high]);
        let info = RowInfo { number: 0, from, to, tweets };
        return rows.push(Row { info, bytes });
    }
    // One event alone is never so large: its texts are bounded far below. Were it, its number
    // would be missing, and so be declared.
    let (first, second) = events.split_at(events.len() / 2);
    if let (Some(end), Some(begin)) = (first.last(), second.first()) {
        divide(first, from, end.seq.max(from), rows);
        divide(second, (end.seq + 1).min(begin.seq), to, rows);
    }
}

/// A replay under way: hand it every stored row from [`RowInfo`]s that reach behind the cursor,
/// oldest first, then the tail, then [`Replay::end`]. Between rows the caller may stop to let a
/// slow socket drain.
#[derive(Debug)]
pub struct Replay<'r> {
    ring: &'r Ring,
    /// The reader's cursor is another deployment's.
    foreign: Option<LiveGap>,
    /// Everything up to here is in frames that were handed out.
    covered: u64,
    /// The next number looked at.
    next: u64,
}

impl Replay<'_> {
    /// The frames of a stretch: a gap before it where it does not follow, and what passes.
    pub fn stretch(&mut self, stretch: &Stretch, view: &View) -> Vec<Frame> {
        let mut frames = Vec::new();
        if stretch.to < self.next || stretch.from > stretch.to {
            return frames;
        }
        if stretch.from > self.next {
            frames.extend(self.gap(stretch.from - 1, view));
        }
        let behind = stretch.events.partition_point(|event| event.seq < self.next);
        let events = stretch.events.get(behind..).unwrap_or_default();
        if let Some(frame) = view.frame(self.covered + 1, stretch.to, events) {
            frames.push(frame);
            self.covered = stretch.to;
        }
        self.next = stretch.to + 1;
        frames
    }

    /// Covers what is left up to the last number given out.
    pub fn end(mut self, view: &View) -> Vec<Frame> {
        if let Some(gap) = self.foreign {
            return vec![Frame::gap(gap)];
        }
        let last = self.ring.tail.to;
        if self.next <= last {
            // The newest rows or the tail were not handed in.
            return self.gap(last, view);
        }
        let left = self.covered < last;
        left.then(|| view.cover(self.covered + 1, last)).into_iter().collect()
    }

    /// Declares the numbers up to `to`, behind a frame for those that only did not pass.
    fn gap(&mut self, to: u64, view: &View) -> Vec<Frame> {
        let mut frames = Vec::new();
        if self.covered + 1 < self.next {
            frames.push(view.cover(self.covered + 1, self.next - 1));
        }
        let gap = LiveGap { from: self.next, to, reason: self.ring.reason(self.next) };
        frames.push(Frame::gap(gap));
        (self.covered, self.next) = (to, to + 1);
        frames
    }
}

/// What X said must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purge {
    /// A tweet was deleted or withheld.
    Tweet(TweetId),
    /// All tweets of a user who is gone, or protected now.
    User(UserId),
    /// The places of a user's tweets up to one of them, that one included.
    Place {
        /// Whose.
        user: UserId,
        /// Up to which.
        up_to: TweetId,
    },
}

impl Purge {
    /// Takes it out of events; whether there was any. Numbers stay covered by their stretch.
    pub fn apply(&self, events: &mut Vec<Kept>) -> bool {
        let before = events.len();
        let mut changed = false;
        events.retain_mut(|event| {
            if !self.names(event) {
                return true;
            }
            let Self::Place { .. } = self else { return false };
            if event.kind == LiveKind::GeoBlip {
                return false;
            }
            let placeless = event.without_place();
            changed |= placeless != *event;
            *event = placeless;
            true
        });
        changed || events.len() < before
    }

    fn names(&self, event: &Kept) -> bool {
        match *self {
            Self::Tweet(tweet) => event.meta.tweet == Some(tweet),
            Self::User(user) => event.meta.author == Some(user),
            Self::Place { user, up_to } => {
                event.meta.author == Some(user) && event.meta.tweet.is_some_and(|id| id <= up_to)
            }
        }
    }

    /// Whether a row may hold any of it.
    pub fn may_touch(&self, row: &RowInfo) -> bool {
        row.tweets.is_some_and(|[low, high]| match *self {
            Self::Tweet(tweet) => (low..=high).contains(&tweet.0),
            Self::User(_) => true,
            Self::Place { up_to, .. } => low <= up_to.0,
        })
    }
}

/// Takes a purge out of a stored row: the bytes to write in its stead, or `None` where it held
/// nothing of it.
///
/// # Errors
/// The row is damaged: it holds nothing that can be read, and may be deleted.
pub fn purge_row(bytes: &[u8], what: &Purge) -> Result<Option<Vec<u8>>, crate::packed::Damaged> {
    let mut events = slot::decode(bytes)?;
    Ok(what.apply(&mut events).then(|| slot::encode(&events)))
}

#[cfg(test)]
mod tests;
