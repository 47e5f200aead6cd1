//! The tables of the Live object. Owns: what they are, version by version. Invariant: a list that
//! was released only grows at its end.

use shared::migration::Step::Run;
use shared::migration::{Migration, are_numbered};

/// From an empty database to the newest version.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    to: 1,
    steps: &[
        Run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)
                STRICT"),
        // The replay window: a ring of slots. `raw` is the same stretch of the stream as gzip NDJSON,
        // where the archive is on.
        Run("CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, number INTEGER NOT NULL,
                info TEXT NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, books TEXT NOT NULL,
                raw BLOB, raw_count INTEGER NOT NULL DEFAULT 0) STRICT"),
        // Coverage: a row per minute in which the stream was wanted, and the times without it.
        Run("CREATE TABLE IF NOT EXISTS minutes (at INTEGER PRIMARY KEY, counts BLOB NOT
                NULL) STRICT"),
        Run("CREATE TABLE IF NOT EXISTS gaps (began INTEGER PRIMARY KEY, ended INTEGER,
                why TEXT NOT NULL) STRICT"),
        Run("CREATE TABLE IF NOT EXISTS rules (value TEXT PRIMARY KEY, id TEXT, tag TEXT,
                origin TEXT NOT NULL, estimate TEXT) STRICT"),
        Run("CREATE TABLE IF NOT EXISTS archive (name TEXT PRIMARY KEY, key TEXT NOT NULL,
                began INTEGER NOT NULL, ended INTEGER NOT NULL, count INTEGER NOT NULL,
                bytes INTEGER NOT NULL, ids_only INTEGER NOT NULL, swept INTEGER NOT NULL) STRICT"),
        // What X had deleted: applied to whatever is read, until nothing stored holds it any more.
        Run("CREATE TABLE IF NOT EXISTS purged (what TEXT PRIMARY KEY, at INTEGER NOT NULL)
                STRICT"),
    ],
}];

const _: () = assert!(are_numbered(MIGRATIONS));
