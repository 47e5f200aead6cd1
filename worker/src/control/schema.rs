//! The tables of the Control object. Owns: what they are, version by version. Invariant: a list that
//! was released only grows at its end.

use shared::migration::Step::Run;
use shared::migration::{Migration, are_numbered};

/// From an empty database to the newest version.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    to: 1,
    steps: &[
            Run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)
                STRICT"),
            Run("CREATE TABLE IF NOT EXISTS accounts (account TEXT PRIMARY KEY, since INTEGER NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, account TEXT, what TEXT NOT NULL,
                state TEXT NOT NULL, run TEXT NOT NULL) STRICT"),
            // Events that X pushed, by their ids, so that none is taken twice.
            Run("CREATE TABLE IF NOT EXISTS heard (uuid TEXT PRIMARY KEY, at INTEGER NOT NULL)
                STRICT"),
            // Keys for X: sealed bytes, and what may be told of them.
            Run("CREATE TABLE IF NOT EXISTS credentials (name TEXT PRIMARY KEY, sealed BLOB NOT NULL,
                facts TEXT NOT NULL) STRICT"),
            // What X said of each when it was last checked.
            Run("CREATE TABLE IF NOT EXISTS checks (name TEXT PRIMARY KEY, at INTEGER NOT NULL,
                refusal TEXT, step TEXT) STRICT"),
    ],
}];

const _: () = assert!(are_numbered(MIGRATIONS));
