//! The Lookups object, one per deployment: bulk look-ups that the owner asked for. Owns: their
//! people, their results, their open lease. Must not know: accounts, or what a class means for
//! anyone's followers. Invariant: one loop runs; what an answer brought, what it cost and the
//! machine's state land in one write, so that the object may be lost between any two; a result is
//! deleted 7 days after its end, since X's profiles must not be kept when they grow old.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod answers;
mod kept;
mod schema;
mod work;

use crate::fault::Result;
use crate::http;
use crate::rpc::{self, ControlClient, ToControl, ToLookups};
use crate::sql::Sql;
use std::cell::Cell;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

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
        let sql = Sql::open(&state, "Lookups", schema::MIGRATIONS);
        Self { state, env, sql, working: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        if let Err(stop) = self.sql.ready() {
            return Ok(http::problem(&stop, &request_id));
        }
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
        if self.sql.ready().is_err() {
            // Said when the object was loaded. The hourly tick finds it mended.
            return Response::ok("");
        }
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
        let runs = self.open()?;
        if !runs.is_empty() {
            self.arm_in(1).await?;
        }
        let hold = ToControl::Hold { account: None, runs };
        ControlClient::new(&self.env)?.tell::<Option<()>>(hold).await.map(drop)
    }

    /// Wakes this object after so many real milliseconds, or sooner where that was asked before.
    async fn arm_in(&self, ms: i64) -> Result<()> {
        crate::clock::wake_in(&self.state, ms).await
    }
}
