//! The Lookups object, one per deployment: bulk look-ups that the owner asked for. Owns: their
//! people, their results, their open lease. Must not know: accounts, or what a class means for
//! anyone's followers. Invariant: one loop runs; what an answer brought, what it cost and the
//! machine's state land in one write, so that the object may be lost between any two; a result is
//! deleted 7 days after its end, since X's profiles must not be kept when they grow old.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod answers;
mod kept;
mod work;

use crate::fault::Result;
use crate::http;
use crate::rpc::{self, ToLookups};
use crate::sql::Sql;
use std::cell::Cell;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    // One small JSON document each: settings, machine, counts.
    "CREATE TABLE IF NOT EXISTS lookups (id TEXT PRIMARY KEY, ended INTEGER, doc TEXT NOT NULL)
        STRICT",
    // The keys of a batch that nothing is known of yet, as JSON.
    "CREATE TABLE IF NOT EXISTS batches (lookup TEXT NOT NULL, n INTEGER NOT NULL,
        keys TEXT NOT NULL, PRIMARY KEY (lookup, n)) STRICT, WITHOUT ROWID",
    // What answers said: a line of JSON for each key.
    "CREATE TABLE IF NOT EXISTS results (seq INTEGER PRIMARY KEY, lookup TEXT NOT NULL,
        lines TEXT NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS results_by_lookup ON results (lookup, seq)",
    // Whom X billed on the current UTC day.
    "CREATE TABLE IF NOT EXISTS billed (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
];

/// Our own trouble passes within minutes or not at all.
const AFTER_FAULT_MS: i64 = 60_000;

/// See the module.
#[durable_object(alarm)]
pub struct Lookups {
    state: State,
    env: Env,
    sql: Sql,
    /// The loop is running.
    working: Cell<bool>,
}

impl DurableObject for Lookups {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::open(&state, "lookups", SCHEMA);
        Self { state, env, sql, working: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        let outcome = if request.path() == "/internal" {
            match rpc::command(&mut request).await {
                Ok(ToLookups::Tick) => rpc::answer(self.tick().await),
                Err(fault) => rpc::answer::<()>(Err(fault)),
            }
        } else {
            self.serve(request).await
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if let Err(fault) = self.work().await {
            worker::console_error!("lookups: {}", fault.log());
            // The state is as it was before the failed step: try again in a while.
            self.arm_in(AFTER_FAULT_MS).await.ok();
        }
        Response::ok("")
    }
}

impl Lookups {
    /// Cron ticked: goes on with what waited, deletes what is old.
    async fn tick(&self) -> Result<()> {
        self.expire()?;
        if self.first_open()?.is_some() { self.arm_in(1).await } else { Ok(()) }
    }

    /// Wakes this object after so many real milliseconds, or sooner where that was asked before.
    async fn arm_in(&self, ms: i64) -> Result<()> {
        crate::clock::wake_in(&self.state, ms).await
    }
}
