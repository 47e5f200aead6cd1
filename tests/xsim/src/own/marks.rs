//! What requests changed about the accounts' tweets.
//!
//! Knows ids and times, no diary. Invariant: a reset forgets all of it.

use std::collections::HashMap;

use crate::world::Account;

/// Tweets written on request, at most: each listing looks at all of them.
pub(crate) const WRITTEN_MAX: usize = 10_000;

/// A tweet that was written on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) account: Account,
    pub(crate) id: u64,
    /// When, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) text: String,
    pub(crate) promoted: bool,
}

/// How X keeps an account's tweets from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    #[default]
    Open,
    /// Only the account itself sees its tweets.
    Protected,
    /// Nobody does.
    Suspended,
}

impl Standing {
    pub(crate) const ALL: [(&str, Self); 3] =
        [("open", Self::Open), ("protected", Self::Protected), ("suspended", Self::Suspended)];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, standing)| *standing == self).map_or("", |(name, _)| name)
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    /// When tweets were deleted, by the id of their first version.
    deleted: HashMap<u64, i64>,
    /// In the order they were written.
    written: Vec<Written>,
    standings: [Standing; 2],
    /// Whether a tweet with a refused field stays in `data` without it. X leaves it out.
    pub(crate) keep_refused: bool,
}

impl Marks {
    /// Deletes a tweet for good, by the id of its first version; false when it was deleted
    /// before.
    pub(crate) fn delete(&mut self, first_id: u64, at_ms: i64) -> bool {
        let fresh = !self.deleted.contains_key(&first_id);
        self.deleted.entry(first_id).or_insert(at_ms);
        fresh
    }

    pub(crate) fn deleted_ms(&self, first_id: u64) -> Option<i64> {
        self.deleted.get(&first_id).copied()
    }

    /// The first ids of the tweets that were deleted in `from_ms..to_ms`.
    pub(crate) fn deleted_in(&self, from_ms: i64, to_ms: i64) -> Vec<u64> {
        let within = self.deleted.iter().filter(|(_, at_ms)| (from_ms..to_ms).contains(*at_ms));
        within.map(|(id, _)| *id).collect()
    }

    /// Adds a tweet; false when there are too many.
    pub(crate) fn write(&mut self, written: Written) -> bool {
        let room = self.written.len() < WRITTEN_MAX;
        if room {
            self.written.push(written);
        }
        room
    }

    pub(crate) fn written(&self) -> &[Written] {
        &self.written
    }

    pub(crate) fn standing(&self, account: Account) -> Standing {
        let [main, second] = self.standings;
        if account == Account::Main { main } else { second }
    }

    pub(crate) fn set_standing(&mut self, account: Account, standing: Standing) {
        let [main, second] = &mut self.standings;
        *(if account == Account::Main { main } else { second }) = standing;
    }
}
