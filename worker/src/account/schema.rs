//! The tables of the Account object. Owns: what they are, version by version. Invariant: a list that
//! was released only grows at its end.

use shared::migration::Step::{Column, Run};
use shared::migration::{Migration, are_numbered};

/// From an empty database to the newest version.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        to: 1,
        steps: &[
            Run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)
                STRICT"),
            // X's own count, as read.
            Run("CREATE TABLE IF NOT EXISTS counts (at INTEGER PRIMARY KEY, count INTEGER NOT
                NULL) STRICT"),
            // The crawl under way: ids by page, gzip members not yet sent to R2, parts sent.
            Run("CREATE TABLE IF NOT EXISTS crawl_ids (page INTEGER PRIMARY KEY, ids BLOB NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS crawl_bytes (seq INTEGER PRIMARY KEY, bytes BLOB NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS crawl_parts (part INTEGER PRIMARY KEY, etag TEXT NOT
                NULL) STRICT"),
            // Ids billed on the current UTC day, in chunks of one encoded roster.
            Run("CREATE TABLE IF NOT EXISTS billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)
                STRICT"),
            Run("CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, kind TEXT NOT NULL,
                at INTEGER NOT NULL, etag TEXT NOT NULL, bytes INTEGER NOT NULL, count INTEGER, state TEXT NOT NULL,
                reason TEXT, run TEXT, facts TEXT, registered INTEGER NOT NULL) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS snapshots_by_time ON snapshots (at)"),
            // The follower lists that count: what the ledger is derived from.
            Run("CREATE VIEW IF NOT EXISTS lists AS SELECT * FROM snapshots
                WHERE kind = 'followers' AND state = 'accepted'"),
            // The ledger: raw changes of every interval between accepted snapshots, and what is shown.
            Run("CREATE TABLE IF NOT EXISTS changes (at INTEGER NOT NULL, dir INTEGER NOT NULL,
                user TEXT NOT NULL, not_before INTEGER NOT NULL, kind TEXT, state TEXT,
                was TEXT, became TEXT, reason TEXT, confidence TEXT, how TEXT, settled INTEGER,
                settles INTEGER, look INTEGER, PRIMARY KEY (at, dir, user)) STRICT, WITHOUT ROWID"),
            Run("CREATE INDEX IF NOT EXISTS changes_by_user ON changes (user, at)"),
            // What X said of people beside its lists, which outlives replays; and what is shown of pushes.
            Run("CREATE TABLE IF NOT EXISTS verdicts (seq INTEGER PRIMARY KEY, user TEXT NOT NULL,
                at INTEGER NOT NULL, said TEXT NOT NULL, listed INTEGER, kind TEXT, state TEXT,
                reason TEXT, confidence TEXT, how TEXT, settled INTEGER, settles INTEGER, look INTEGER,
                UNIQUE (user, at, said)) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at)"),
            // Who was billed today by looking up; whose name is not kept any more, which outlives replays.
            Run("CREATE TABLE IF NOT EXISTS looked (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)
                STRICT"),
            Run("CREATE TABLE IF NOT EXISTS erased (user TEXT PRIMARY KEY, at INTEGER NOT NULL)
                STRICT"),
            // All that is shown of followers, for counting.
            Run("CREATE VIEW IF NOT EXISTS shown AS
                SELECT at, user, kind, state, reason, settled FROM changes WHERE kind IS NOT NULL
                UNION ALL
                SELECT at, user, kind, state, reason, settled FROM verdicts WHERE kind IS NOT NULL"),
            // Profiles as last seen: packs of about 1,000 by id range, and the spill of a big sort.
            Run("CREATE TABLE IF NOT EXISTS packs (lo TEXT PRIMARY KEY, bytes BLOB NOT NULL)
                STRICT"),
            Run("CREATE TABLE IF NOT EXISTS spill (seq INTEGER PRIMARY KEY, lo TEXT NOT NULL,
                hi TEXT NOT NULL, bytes BLOB NOT NULL) STRICT"),
            // What every accepted TWEETS_ file said, deflated, in pieces.
            Run("CREATE TABLE IF NOT EXISTS tweets (at INTEGER NOT NULL, piece INTEGER NOT NULL,
                stamp TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (at, piece)) STRICT, WITHOUT ROWID"),
            // Every tweet ever listed: a light row, its metrics over time, which version replaced which.
            Run("CREATE TABLE IF NOT EXISTS tweet (id TEXT PRIMARY KEY, created INTEGER, kind TEXT NOT NULL,
                lang TEXT, promoted INTEGER NOT NULL, advertised INTEGER NOT NULL,
                told_at INTEGER NOT NULL, read_at INTEGER NOT NULL, metrics TEXT NOT NULL,
                head TEXT NOT NULL, text TEXT) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS tweet_by_time ON tweet (created)"),
            Run("CREATE TABLE IF NOT EXISTS tweet_series (id TEXT PRIMARY KEY, bytes BLOB NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS tweet_edit (old TEXT PRIMARY KEY, new TEXT NOT NULL)
                STRICT"),
            // What X no longer has, which outlives replays, and the files its words are still in.
            Run("CREATE TABLE IF NOT EXISTS tweet_gone (id TEXT PRIMARY KEY, at INTEGER NOT NULL)
                STRICT"),
            Run("CREATE TABLE IF NOT EXISTS purge (name TEXT PRIMARY KEY) STRICT"),
            // The reading under way: what came as X wrote it; who was billed today, or not told of.
            Run("CREATE TABLE IF NOT EXISTS tweet_raw (seq INTEGER PRIMARY KEY, text TEXT NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS tweet_billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT
                NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS tweet_asked (id TEXT PRIMARY KEY, at INTEGER NOT
                NULL) STRICT"),
            // Where lists came from that are neither checks nor plain imports: told by their files.
            Run("CREATE TABLE IF NOT EXISTS origins (file TEXT PRIMARY KEY, origin TEXT NOT NULL)
                STRICT"),
            // Whom the account follows and blocks: pages of the reading under way, the packed lists read
            // last, profiles of the followed, who was billed today.
            Run("CREATE TABLE IF NOT EXISTS relation_pages (list TEXT NOT NULL, page INTEGER NOT NULL,
                ids BLOB NOT NULL, PRIMARY KEY (list, page)) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS relation (list TEXT NOT NULL, seq INTEGER NOT NULL,
                bytes BLOB NOT NULL, PRIMARY KEY (list, seq)) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS relation_packs (seq INTEGER PRIMARY KEY, fresh INTEGER NOT NULL,
                bytes BLOB NOT NULL) STRICT"),
            Run("CREATE TABLE IF NOT EXISTS relation_billed (list TEXT PRIMARY KEY, bytes BLOB
                NOT NULL) STRICT"),
            // What X pushed, by its id, which outlives replays; who came (1) or left (-1) by it.
            Run("CREATE TABLE IF NOT EXISTS pushes (uuid TEXT PRIMARY KEY, at INTEGER NOT NULL,
                kind TEXT NOT NULL, user TEXT, came INTEGER) STRICT"),
            Run("CREATE INDEX IF NOT EXISTS pushes_by_time ON pushes (at)"),
            // The owner's own words: the one table that no replay can make again.
            Run("CREATE TABLE IF NOT EXISTS notes (user TEXT PRIMARY KEY, muted INTEGER NOT NULL,
                note TEXT) STRICT"),
            // What the first table of changes lacked.
            Column { table: "changes", name: "reason", definition: "TEXT" },
            Column { table: "changes", name: "confidence", definition: "TEXT" },
            Column { table: "changes", name: "how", definition: "TEXT" },
            Column { table: "changes", name: "settled", definition: "INTEGER" },
            Column { table: "changes", name: "settles", definition: "INTEGER" },
            Column { table: "changes", name: "look", definition: "INTEGER" },
            Run("CREATE INDEX IF NOT EXISTS changes_to_look ON changes (at) WHERE look IS NOT
                NULL"),
            Run("CREATE INDEX IF NOT EXISTS changes_gone ON changes (user) WHERE reason = 'gone'"),
    ],
    },
    Migration {
        to: 2,
        steps: &[
            // What the entries of a list came to; nothing of lists read before that was counted.
            Column { table: "snapshots", name: "entries", definition: "INTEGER" },
            Column { table: "snapshots", name: "unreadable", definition: "INTEGER" },
            Column { table: "snapshots", name: "repeated", definition: "INTEGER" },
        ],
    },
];

const _: () = assert!(are_numbered(MIGRATIONS));

/// The tables that a replay makes anew.
pub(super) const DERIVED: [&str; 9] = [
    "snapshots",
    "origins",
    "changes",
    "packs",
    "spill",
    "tweets",
    "tweet",
    "tweet_series",
    "tweet_edit",
];

/// Every table, for deleting an account.
pub(super) const TABLES: &[&str] = &[
    "meta",
    "counts",
    "crawl_ids",
    "crawl_bytes",
    "crawl_parts",
    "billed",
    "snapshots",
    "changes",
    "packs",
    "spill",
    "tweets",
    "tweet",
    "tweet_series",
    "tweet_edit",
    "tweet_gone",
    "purge",
    "tweet_raw",
    "tweet_billed",
    "tweet_asked",
    "origins",
    "relation_pages",
    "relation",
    "relation_packs",
    "relation_billed",
    "notes",
    "verdicts",
    "looked",
    "erased",
    "pushes",
];
