//! Who sees what, now. Owns: the grouping of readers by view and cursor, so that each distinct
//! frame is made once however many get it; how few of many are picked. Must not know: sockets,
//! what a filter means. Invariant: a reader's frames cover its numbers without a hole, and its
//! cursor here is the last number covered for it.

use super::event::Kept;
use super::view::{Frame, View, sampled};
use crate::time::{SECOND_MS, UnixMs};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A reader for whom nothing passes is told so at least this often, so that its cursor stays
/// within the replay window.
pub const COVER_EVERY_MS: i64 = 10 * SECOND_MS;

/// Names a reader: the shell's number of its socket.
pub type Reader = u64;

/// A frame, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What.
    pub frame: Frame,
    /// To whom, in the order in which they joined.
    pub readers: Vec<Reader>,
}

/// Every reader by what it sees.
#[derive(Debug, Default)]
pub struct Views {
    groups: BTreeMap<Rc<str>, Group>,
    keys: BTreeMap<Reader, Rc<str>>,
}

#[derive(Debug)]
struct Group {
    view: Rc<View>,
    members: Vec<Member>,
    bucket: Bucket,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    reader: Reader,
    cursor: u64,
    sent: UnixMs,
}

impl Views {
    /// A reader begins to see `view`, everything up to `cursor` being covered for it already.
    /// What it saw before ends.
    pub fn join(&mut self, reader: Reader, view: View, cursor: u64, now: UnixMs) {
        self.leave(reader);
        let key = Rc::clone(view.key());
        self.keys.insert(reader, Rc::clone(&key));
        let group = self.groups.entry(key).or_insert_with(|| Group {
            bucket: Bucket::full(view.max_per_s(), now),
            view: Rc::new(view),
            members: Vec::new(),
        });
        group.members.push(Member { reader, cursor, sent: now });
    }

    /// A reader is gone.
    pub fn leave(&mut self, reader: Reader) {
        let Some(key) = self.keys.remove(&reader) else { return };
        if let Some(group) = self.groups.get_mut(&key) {
            group.members.retain(|member| member.reader != reader);
            if group.members.is_empty() {
                self.groups.remove(&key);
            }
        }
    }

    /// Everything up to `cursor` was covered for a reader by other means (a replay, a gap).
    pub fn covered(&mut self, reader: Reader, cursor: u64) {
        if let Some(member) = self.member(reader) {
            member.cursor = member.cursor.max(cursor);
        }
    }

    /// The last number covered for a reader.
    pub fn cursor(&self, reader: Reader) -> Option<u64> {
        let group = self.groups.get(self.keys.get(&reader)?)?;
        Some(group.members.iter().find(|member| member.reader == reader)?.cursor)
    }

    /// What a reader sees.
    pub fn view(&self, reader: Reader) -> Option<&Rc<View>> {
        Some(&self.groups.get(self.keys.get(&reader)?)?.view)
    }

    fn member(&mut self, reader: Reader) -> Option<&mut Member> {
        let group = self.groups.get_mut(self.keys.get(&reader)?)?;
        group.members.iter_mut().find(|member| member.reader == reader)
    }

    /// Readers.
    pub fn readers(&self) -> usize {
        self.keys.len()
    }

    /// Distinct views.
    pub fn distinct(&self) -> usize {
        self.groups.len()
    }

    /// The frames for numbers up to `to`, of which `events` are new. Readers that `skip` names
    /// get nothing and keep their cursor: they are too slow, and will get a gap.
    pub fn flush(
        &mut self,
        to: u64,
        events: &[Kept],
        now: UnixMs,
        skip: &mut dyn FnMut(Reader) -> bool,
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for group in self.groups.values_mut() {
            group.flush(to, events, now, skip, &mut deliveries);
        }
        deliveries
    }
}

impl Group {
    fn flush(
        &mut self,
        to: u64,
        events: &[Kept],
        now: UnixMs,
        skip: &mut dyn FnMut(Reader) -> bool,
        deliveries: &mut Vec<Delivery>,
    ) {
        let passed = self.view.picked(events);
        let (picked, left_out) = self.sample(passed, now);
        let silent = picked.is_empty() && !left_out;
        // As a rule all have the same cursor, and there is one frame.
        let mut by_cursor: BTreeMap<u64, Vec<Reader>> = BTreeMap::new();
        for member in &mut self.members {
            let waits = silent && now.since(member.sent) < COVER_EVERY_MS;
            if member.cursor >= to || waits || skip(member.reader) {
                continue;
            }
            by_cursor.entry(member.cursor).or_default().push(member.reader);
            (member.cursor, member.sent) = (to, now);
        }
        for (cursor, readers) in by_cursor {
            let from = cursor + 1;
            let mut send = |frame| deliveries.push(Delivery { frame, readers: readers.clone() });
            // A reader that joined in between has had some of these already.
            let seen = picked.partition_point(|event| event.seq < from);
            let picked = picked.get(seen..).unwrap_or_default();
            if !(picked.is_empty() && left_out) {
                send(self.view.write(from, to, picked));
            }
            if left_out {
                send(sampled(from, to));
            }
        }
    }

    /// As many of the events as the view's rate allows, evenly picked; whether any was left out.
    fn sample<'k>(&mut self, passed: Vec<&'k Kept>, now: UnixMs) -> (Vec<&'k Kept>, bool) {
        let Some(rate) = self.view.max_per_s() else { return (passed, false) };
        let (bucket, allowed) = self.bucket.step(rate, now, passed.len());
        self.bucket = bucket;
        if allowed == passed.len() {
            return (passed, false);
        }
        let all = passed.len();
        (evenly(all, allowed).filter_map(|at| passed.get(at).copied()).collect(), true)
    }
}

/// What a view may still send: one second's worth at most, one event at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    tokens: f64,
    at: UnixMs,
}

impl Bucket {
    /// A full one.
    pub fn full(rate: Option<f64>, now: UnixMs) -> Self {
        Self { tokens: rate.unwrap_or_default().max(1.0), at: now }
    }

    /// How many of `wanted` may go, and what is left afterwards. A clock that jumps back adds
    /// nothing.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "tokens and counts are few and not negative"
    )]
    pub fn step(self, rate: f64, now: UnixMs, wanted: usize) -> (Self, usize) {
        // A second is the most that counts, so that no precision is lost.
        let passed_ms = now.since(self.at).clamp(0, SECOND_MS) as f64;
        let refill = rate * passed_ms / SECOND_MS as f64;
        let tokens = (self.tokens + refill).min(rate.max(1.0));
        let allowed = (tokens as usize).min(wanted);
        (Self { tokens: tokens - allowed as f64, at: now }, allowed)
    }
}

/// `some` of `all` places, spread evenly; `some` is at most `all`.
fn evenly(all: usize, some: usize) -> impl Iterator<Item = usize> {
    (0..some).map(move |at| (2 * at + 1) * all / (2 * some))
}

#[cfg(test)]
mod tests;
