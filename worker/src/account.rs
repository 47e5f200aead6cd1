//! The Account object, one per tracked account: its crawls, rosters, ledger and profiles.
//! Must not know: other accounts, spending totals, who may call. Invariant: the ledger is
//! derived; everything in here but notes and settings can be made again from R2 (`replay`).

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod changes;
mod collect;
mod erase;
mod export;
mod follower;
mod following;
mod gather;
mod ingest;
mod intake;
mod lease;
mod ledger;
mod news;
mod outlook;
mod profiles;
mod push;
mod replay;
mod roster;
mod settings;
mod sidecars;
mod snapshots;
mod tell;
mod tweets;
mod upload;
mod verify;
mod view;

use crate::fault::{Fault, Result};
use crate::http;
use crate::rpc::{self, ToAccount};
use crate::sql::Sql;
use gather::Gathered;
use shared::budget::BilledToday;
use std::cell::{Cell, RefCell};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    // X's own count, as read.
    "CREATE TABLE IF NOT EXISTS counts (at INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT",
    // The crawl under way: ids by page, gzip members not yet sent to R2, parts sent.
    "CREATE TABLE IF NOT EXISTS crawl_ids (page INTEGER PRIMARY KEY, ids BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS crawl_bytes (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS crawl_parts (part INTEGER PRIMARY KEY, etag TEXT NOT NULL) STRICT",
    // Ids billed on the current UTC day, in chunks of one encoded roster.
    "CREATE TABLE IF NOT EXISTS billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, kind TEXT NOT NULL,
        at INTEGER NOT NULL, etag TEXT NOT NULL, bytes INTEGER NOT NULL, count INTEGER, state TEXT NOT NULL,
        reason TEXT, run TEXT, facts TEXT, registered INTEGER NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS snapshots_by_time ON snapshots (at)",
    // The follower lists that count: what the ledger is derived from.
    "CREATE VIEW IF NOT EXISTS lists AS SELECT * FROM snapshots
        WHERE kind = 'followers' AND state = 'accepted'",
    // The ledger: raw changes of every interval between accepted snapshots, and what is shown.
    "CREATE TABLE IF NOT EXISTS changes (at INTEGER NOT NULL, dir INTEGER NOT NULL,
        user TEXT NOT NULL, not_before INTEGER NOT NULL, kind TEXT, state TEXT,
        was TEXT, became TEXT, reason TEXT, confidence TEXT, how TEXT, settled INTEGER,
        settles INTEGER, look INTEGER, PRIMARY KEY (at, dir, user)) STRICT, WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS changes_by_user ON changes (user, at)",
    // What X said of people beside its lists, which outlives replays; and what is shown of pushes.
    "CREATE TABLE IF NOT EXISTS verdicts (seq INTEGER PRIMARY KEY, user TEXT NOT NULL,
        at INTEGER NOT NULL, said TEXT NOT NULL, listed INTEGER, kind TEXT, state TEXT,
        reason TEXT, confidence TEXT, how TEXT, settled INTEGER, settles INTEGER, look INTEGER,
        UNIQUE (user, at, said)) STRICT",
    "CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at)",
    // Who was billed today by looking up; whose name is not kept any more, which outlives replays.
    "CREATE TABLE IF NOT EXISTS looked (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS erased (user TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT",
    // All that is shown of followers, for counting.
    "CREATE VIEW IF NOT EXISTS shown AS
        SELECT at, user, kind, state, reason, settled FROM changes WHERE kind IS NOT NULL
        UNION ALL
        SELECT at, user, kind, state, reason, settled FROM verdicts WHERE kind IS NOT NULL",
    // Profiles as last seen: packs of about 1,000 by id range, and the spill of a big sort.
    "CREATE TABLE IF NOT EXISTS packs (lo TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS spill (seq INTEGER PRIMARY KEY, lo TEXT NOT NULL,
        hi TEXT NOT NULL, bytes BLOB NOT NULL) STRICT",
    // What every accepted TWEETS_ file said, deflated, in pieces.
    "CREATE TABLE IF NOT EXISTS tweets (at INTEGER NOT NULL, piece INTEGER NOT NULL,
        stamp TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (at, piece)) STRICT, WITHOUT ROWID",
    // Every tweet ever listed: a light row, its metrics over time, which version replaced which.
    "CREATE TABLE IF NOT EXISTS tweet (id TEXT PRIMARY KEY, created INTEGER, kind TEXT NOT NULL,
        lang TEXT, promoted INTEGER NOT NULL, advertised INTEGER NOT NULL,
        told_at INTEGER NOT NULL, read_at INTEGER NOT NULL, metrics TEXT NOT NULL,
        head TEXT NOT NULL, text TEXT) STRICT",
    "CREATE INDEX IF NOT EXISTS tweet_by_time ON tweet (created)",
    "CREATE TABLE IF NOT EXISTS tweet_series (id TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS tweet_edit (old TEXT PRIMARY KEY, new TEXT NOT NULL) STRICT",
    // What X no longer has, which outlives replays, and the files its words are still in.
    "CREATE TABLE IF NOT EXISTS tweet_gone (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS purge (name TEXT PRIMARY KEY) STRICT",
    // The reading under way: what came as X wrote it; who was billed today, or not told of.
    "CREATE TABLE IF NOT EXISTS tweet_raw (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS tweet_billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS tweet_asked (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT",
    // Where lists came from that are neither checks nor plain imports: told by their files.
    "CREATE TABLE IF NOT EXISTS origins (file TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT",
    // Whom the account follows and blocks: pages of the reading under way, the packed lists read
    // last, profiles of the followed, who was billed today.
    "CREATE TABLE IF NOT EXISTS relation_pages (list TEXT NOT NULL, page INTEGER NOT NULL,
        ids BLOB NOT NULL, PRIMARY KEY (list, page)) STRICT",
    "CREATE TABLE IF NOT EXISTS relation (list TEXT NOT NULL, seq INTEGER NOT NULL,
        bytes BLOB NOT NULL, PRIMARY KEY (list, seq)) STRICT",
    "CREATE TABLE IF NOT EXISTS relation_packs (seq INTEGER PRIMARY KEY, fresh INTEGER NOT NULL,
        bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS relation_billed (list TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    // What X pushed, by its id, which outlives replays; who came (1) or left (-1) by it.
    "CREATE TABLE IF NOT EXISTS pushes (uuid TEXT PRIMARY KEY, at INTEGER NOT NULL,
        kind TEXT NOT NULL, user TEXT, came INTEGER) STRICT",
    "CREATE INDEX IF NOT EXISTS pushes_by_time ON pushes (at)",
    // The owner's own words: the one table that no replay can make again.
    "CREATE TABLE IF NOT EXISTS notes (user TEXT PRIMARY KEY, muted INTEGER NOT NULL,
        note TEXT) STRICT",
];

/// Our own trouble (a bucket that does not answer) passes within minutes or not at all.
const AFTER_FAULT_MS: i64 = 60_000;

/// The tables that a replay makes anew.
const DERIVED: [&str; 9] = [
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
const TABLES: &[&str] = &[
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

/// See the module.
#[durable_object(alarm)]
pub struct Account {
    state: State,
    env: Env,
    sql: Sql,
    memory: Memory,
}

/// What may be lost at any instant: caches of what is in SQLite, and who is at work.
#[derive(Default)]
struct Memory {
    /// A collect loop is running.
    collecting: Cell<bool>,
    /// A loop that reads tweets is running.
    reading: Cell<bool>,
    /// A loop that reads whom the account follows is running.
    surveying: Cell<bool>,
    /// A loop that looks people up is running.
    verifying: Cell<bool>,
    /// A snapshot is being read.
    ingesting: Cell<bool>,
    /// Control is being told what pushes cost.
    charging: Cell<bool>,
    /// Ids of the crawl under way.
    gathered: RefCell<Option<Gathered>>,
    /// Ids billed today.
    billed: RefCell<Option<BilledToday>>,
    /// The rate window of the follower pages, as the last answer told it.
    window: Cell<Option<(shared::time::UnixMs, u32)>>,
    /// Others use that window too: what was granted of it was asked for anew.
    crowded: Cell<bool>,
    /// When there is room again under the cap that refused last.
    goes_on: Cell<Option<shared::time::UnixMs>>,
}

impl DurableObject for Account {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::open(&state, "account", SCHEMA);
        if let Err(fault) = ledger::upgrade(&sql) {
            worker::console_error!("account: {}", fault.log());
        }
        Self { state, env, sql, memory: Memory::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        let outcome = if request.path() == "/internal" {
            match rpc::command(&mut request).await {
                Ok(command) => rpc::answer(self.obey(command).await),
                Err(fault) => rpc::answer::<()>(Err(fault)),
            }
        } else {
            self.serve(request).await
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // Each whatever becomes of the others; each arms the next alarm for itself.
        let outcomes = [
            self.collect().await,
            self.read_tweets().await,
            self.read_following().await,
            self.go_on_purging().await,
            self.go_on_replaying().await,
            self.verify().await,
        ];
        for fault in outcomes.into_iter().filter_map(Result::err) {
            worker::console_error!("alarm: {}", fault.log());
            // The state is as it was before the failed step: try again in a while.
            self.arm_in(AFTER_FAULT_MS).await.ok();
        }
        Response::ok("")
    }
}

impl Account {
    async fn obey(&self, command: ToAccount) -> Result<serde_json::Value> {
        Ok(match command {
            ToAccount::Begin { account, new, raw } => {
                serde_json::to_value(self.begin(account, new, raw).await?)?
            }
            ToAccount::Tick { at } => serde_json::to_value(self.tick(at).await?)?,
            ToAccount::Imported { name, etag, bytes } => {
                serde_json::to_value(self.imported(&name, &etag, bytes).await?)?
            }
            ToAccount::Ingest { key, etag } => {
                serde_json::to_value(self.ingest(&key, &etag).await?)?
            }
            ToAccount::Gone { tweet } => serde_json::to_value(self.tweet_gone(tweet).await?)?,
            ToAccount::Pushed { events } => serde_json::to_value(self.pushed(events).await?)?,
            ToAccount::SignedIn => serde_json::to_value(self.signed_in()?)?,
            ToAccount::View => serde_json::to_value(self.view().await?)?,
        })
    }

    /// Wakes this object after so many real milliseconds, or sooner where something else asked
    /// for that: there is one alarm for all that waits.
    async fn arm_in(&self, ms: i64) -> Result<()> {
        crate::clock::wake_in(&self.state, ms).await
    }

    fn meta<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.sql.meta(key)
    }

    fn put_meta<T: serde::Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.sql.put_meta(key, value)
    }

    fn drop_meta(&self, key: &str) -> Result<()> {
        self.sql.drop_meta(key)
    }
}

/// A user id as kept in SQLite: 20 digits, so that text order is number order.
fn id_text(id: shared::id::UserId) -> String {
    format!("{:020}", id.0)
}

fn id_from_text(text: &str) -> Result<shared::id::UserId> {
    text.parse().map(shared::id::UserId).map_err(|_| Fault::internal(format!("id `{text}`")))
}

/// The query of a profile read.
pub(crate) fn lookup_query() -> Vec<(String, String)> {
    vec![("user.fields".to_owned(), shared::x::user::USER_FIELDS.to_owned())]
}

pub(crate) use settings::{DEFAULT_CAP_USD, cap_micro};
pub(crate) use snapshots::ORIGIN;
