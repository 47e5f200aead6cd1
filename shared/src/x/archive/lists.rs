//! Who follows and who is followed. Invariant: an id is listed once; entries without a readable
//! one are counted, never guessed.

use crate::id::UserId;
use serde::Deserialize;

/// `data/follower.js` or `data/following.js`.
#[derive(Deserialize)]
pub struct PeopleFile(Vec<Entry>);

#[derive(Deserialize)]
struct Entry {
    #[serde(default, alias = "following")]
    follower: Option<Person>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(default)]
    account_id: Option<String>,
}

/// People of one or several files. X tells their ids alone: no handle, no name, no date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Their ids, in the archive's order.
    pub ids: Vec<UserId>,
    /// Entries without a readable id.
    pub dropped: u64,
}

impl People {
    /// Takes in the people of a further file.
    pub fn take(&mut self, file: PeopleFile) {
        for entry in file.0 {
            let id = entry.follower.and_then(|person| person.account_id?.parse().ok());
            match id {
                Some(id) => self.ids.push(id),
                None => self.dropped += 1,
            }
        }
    }

    /// The JSON of a saved list of them, as `POST …/snapshots` takes it: ascending by id, each
    /// once, so that one archive is one sequence of bytes.
    pub fn snapshot(mut self) -> String {
        self.ids.sort_unstable();
        self.ids.dedup();
        let objects: Vec<String> =
            self.ids.iter().map(|id| format!("{{\"id\":\"{id}\"}}")).collect();
        format!("[{}]", objects.join(","))
    }
}
