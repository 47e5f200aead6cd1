//! The tables of the Lookups object. Owns: what they are, version by version. Invariant: a list that
//! was released only grows at its end.

use shared::migration::Step::Run;
use shared::migration::{Migration, are_numbered};

/// From an empty database to the newest version.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    to: 1,
    steps: &[
            Run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)
                STRICT"),
            // One small JSON document each: settings, machine, counts.
            Run("CREATE TABLE IF NOT EXISTS lookups (id TEXT PRIMARY KEY, ended INTEGER, doc TEXT NOT NULL)
                STRICT"),
            // The keys of a batch that nothing is known of yet, as JSON.
            Run("CREATE TABLE IF NOT EXISTS batches (lookup TEXT NOT NULL, n INTEGER NOT NULL,
                keys TEXT NOT NULL, PRIMARY KEY (lookup, n)) STRICT, WITHOUT ROWID"),
            // What answers said: a line of JSON for each key.
            Run("CREATE TABLE IF NOT EXISTS results (seq INTEGER PRIMARY KEY, lookup TEXT NOT NULL,
                lines TEXT NOT NULL) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS results_by_lookup ON results (lookup, seq)"),
            // Whom X billed on the current UTC day.
            Run("CREATE TABLE IF NOT EXISTS billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)
                STRICT"),
    ],
}];

const _: () = assert!(are_numbered(MIGRATIONS));
