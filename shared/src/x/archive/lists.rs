//! Who follows. Invariant: entries without a readable id are counted, never guessed, and stay in
//! the saved list as entries that nobody can read.

use super::values::id;
use crate::id::UserId;
use serde_json::Value;

/// People of one or several files. X tells their ids alone: no handle, no name, no date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Their ids, in the archive's order; one may stand there twice.
    pub ids: Vec<UserId>,
    /// Entries without a readable id.
    pub unreadable: u64,
}

/// What is known of the list of followers as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followers {
    /// Every entry that X wrote is there, some of them perhaps unreadable.
    Whole {
        /// Entries read.
        read: u64,
        /// Entries that could not be read.
        unreadable: u64,
    },
    /// Nobody is listed: there is no file of them, or an empty one.
    Empty,
    /// None of so many entries can be read.
    Unreadable(u64),
    /// X says that this zip is one of several.
    Partial,
    /// X says how many there are, and these are not in the zip.
    Missing {
        /// Entries that are not there.
        missing: u64,
        /// Entries that X counted.
        of: u64,
    },
    /// A file that must be there is not.
    NoFile(String),
    /// A file is there that cannot be opened, or ends early.
    Broken(String),
    /// A file is there twice.
    Twice(String),
    /// There are more entries than X counted.
    Extra {
        /// Entries that are there.
        listed: u64,
        /// Entries that X counted.
        of: u64,
    },
}

impl Followers {
    /// Whether the list may be imported: whoever is not on it did not follow then.
    pub fn importable(&self) -> bool {
        matches!(self, Self::Whole { .. })
    }
}

impl People {
    /// Takes in an entry: `{"follower":{"accountId":"7",…}}`, or what stands inside; `None`: it is
    /// no JSON.
    pub(super) fn take(&mut self, entry: Option<&Value>) {
        let read =
            entry.and_then(|entry| id(entry.get("follower").unwrap_or(entry), &["accountId"]));
        match read {
            Some(id) => self.ids.push(id),
            None => self.unreadable += 1,
        }
    }

    /// The JSON of a saved list of them, as `POST …/snapshots` takes it: ascending by id, so that
    /// one archive is one sequence of bytes. Entries that could not be read are in it as objects
    /// without an id, for whoever reads it must know that there were more.
    pub fn snapshot(mut self) -> String {
        self.ids.sort_unstable();
        let ids = self.ids.iter().map(|id| format!("{{\"id\":\"{id}\"}}"));
        let unreadable = (0..self.unreadable).map(|_| "{}".to_owned());
        let objects: Vec<String> = ids.chain(unreadable).collect();
        format!("[{}]", objects.join(","))
    }
}
