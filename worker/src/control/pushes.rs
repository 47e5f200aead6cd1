//! Events that X pushed, and calls of the webhook that were refused. Owns: which ids were taken,
//! and the counts. Invariant: an id is remembered from the moment its event was handed on until it
//! is too old to be taken anyway; whoever sends forgeries by the thousand costs a row now and then.

use super::Control;
use crate::clock;
use crate::fault::Result;
use crate::sql::values;
use shared::activity::SEEN_MS;
use shared::api::StatusPush;
use shared::time::{SECOND_MS, UnixMs};
use std::cell::{Cell, RefCell};

/// Refusals are written at most this often, in real time: the free plan's row writes are for what
/// happened.
const WRITE_EVERY_MS: i64 = 10 * SECOND_MS;
const COUNTS: &str = "push_counts";

/// Counts since this object was made or last wrote them.
#[derive(Default)]
pub(super) struct Counting {
    counts: RefCell<Option<StatusPush>>,
    written: Cell<UnixMs>,
}

impl Control {
    /// Whether an event was taken before.
    pub(super) fn was_heard(&self, uuid: &str) -> Result<bool> {
        Ok(self.sql.first("SELECT 1 FROM heard WHERE uuid = ?", values![uuid])?.is_some())
    }

    /// An event was handed on.
    pub(super) fn heard(&self, uuid: &str, now: UnixMs) -> Result<()> {
        self.sql
            .run("INSERT OR IGNORE INTO heard (uuid, at) VALUES (?, ?)", values![uuid, now.0])?;
        self.count(|counts| {
            counts.taken += 1;
            counts.last_event = Some(now);
        })
    }

    /// A call was refused, for this.
    pub(super) fn refused(&self, word: &str) -> Result<()> {
        self.count(|counts| *counts.refused.entry(word.to_owned()).or_default() += 1)
    }

    /// Forgets ids that nobody could send any more.
    pub(super) fn forget_heard(&self, now: UnixMs) -> Result<()> {
        self.sql.run("DELETE FROM heard WHERE at < ?", values![now.plus(-SEEN_MS).0])
    }

    pub(super) fn push_counts(&self) -> Result<StatusPush> {
        if let Some(counts) = &*self.pushes.counts.borrow() {
            return Ok(counts.clone());
        }
        let counts: StatusPush = self.meta(COUNTS)?.unwrap_or_default();
        self.pushes.counts.replace(Some(counts.clone()));
        Ok(counts)
    }

    fn count(&self, change: impl FnOnce(&mut StatusPush)) -> Result<()> {
        let mut counts = self.push_counts()?;
        change(&mut counts);
        let now = clock::real();
        if now.since(self.pushes.written.get()).abs() >= WRITE_EVERY_MS {
            self.put_meta(COUNTS, &counts)?;
            self.pushes.written.set(now);
        }
        self.pushes.counts.replace(Some(counts));
        Ok(())
    }
}
