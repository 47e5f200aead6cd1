//! The tables of the Notices object. Owns: what they are, version by version. Invariant: a list that
//! was released only grows at its end.

use shared::migration::Step::Run;
use shared::migration::{Migration, are_numbered};

/// From an empty database to the newest version.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    to: 1,
    steps: &[
            // `feed`: the digest of a feed's secret; the secret itself is kept nowhere.
            Run("CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, feed TEXT,
                alert TEXT NOT NULL) STRICT"),
            // What of an alert is a secret, sealed; a feed has none.
            Run("CREATE TABLE IF NOT EXISTS seals (alert TEXT PRIMARY KEY, sealed BLOB NOT NULL)
                STRICT, WITHOUT ROWID"),
            // `open`: something is still to be done with it; `named`: it holds names of people.
            Run("CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, alert TEXT NOT NULL,
                state TEXT NOT NULL, open INTEGER NOT NULL, named INTEGER NOT NULL,
                message TEXT NOT NULL) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS messages_by_alert ON messages (alert, open, id)"),
            // What each alert was told of which piece of news, and by which message.
            Run("CREATE TABLE IF NOT EXISTS told (alert TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
                message TEXT NOT NULL, meaning TEXT NOT NULL, PRIMARY KEY (alert, key))
                STRICT, WITHOUT ROWID"),
    ],
}];

const _: () = assert!(are_numbered(MIGRATIONS));
