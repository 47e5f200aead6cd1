//! The Notices object, one per deployment: where the owner is told of what happened, what waits,
//! what arrived. Must not know: how news is found. Invariant: a message is written before it is
//! handed over and its outcome after, so that whatever the machine loses is known to be in doubt;
//! what is in doubt goes out again only where the receiver knows a repeat by its id.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod answers;
mod keys;
mod schema;
mod send;
mod store;

use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::http;
use crate::rpc::{self, ToNotices};
use crate::sql::Sql;
use crate::x::X;
use crate::zone;
use shared::notify::item::Item;
use std::cell::Cell;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

/// Our own trouble passes within minutes or not at all.
const AFTER_FAULT_MS: i64 = 60_000;

/// See the module.
#[durable_object(alarm)]
pub struct Notices {
    state: State,
    env: Env,
    sql: Sql,
    /// A loop that sends is running.
    sending: Cell<bool>,
    /// The time in the newest message's id.
    last_id: Cell<i64>,
}

impl DurableObject for Notices {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::open(&state, "Notices", schema::MIGRATIONS);
        let notices = Self { state, env, sql, sending: Cell::new(false), last_id: Cell::new(0) };
        // Before anything can be handed over by this memory: what is marked was so by another.
        if let Err(fault) = notices.recover() {
            worker::console_error!("notices: {}", fault.log());
        }
        notices
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        if let Err(stop) = self.sql.ready() {
            return Ok(http::problem(&stop, &request_id));
        }
        self.mind_clock().await;
        let path = request.path();
        let outcome = match path.as_str() {
            "/internal" => match rpc::command(&mut request).await {
                Ok(command) => rpc::answer(self.obey(command).await),
                Err(fault) => rpc::answer::<()>(Err(fault)),
            },
            // For tests beside the simulator alone: the worker forwards it only there.
            "/api/sim/live/notices/evict" => {
                let state: &wasm_bindgen::JsValue = self.state.as_raw().as_ref();
                crate::live::evict(state).and_then(|()| http::json(200, &()))
            }
            _ => self.serve(request).await,
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if self.sql.ready().is_err() {
            // Said when the object was loaded. The hourly tick finds it mended.
            return Response::ok("");
        }
        self.mind_clock().await;
        if let Err(fault) = self.send_due().await {
            worker::console_error!("notices: {}", fault.log());
            self.arm_in(AFTER_FAULT_MS).await.ok();
        }
        Response::ok("")
    }
}

impl Notices {
    async fn obey(&self, command: ToNotices) -> Result<serde_json::Value> {
        match command {
            ToNotices::Tell { items } => self.tell(&items).await?,
            ToNotices::Tick => {
                self.seal_old().await?;
                self.sweep()?;
                self.send_due().await?;
            }
            ToNotices::ToldLosses { account, after } => {
                return Ok(serde_json::to_value(self.told_losses(account, &after)?)?);
            }
            ToNotices::Forget { account } => self.forget(account)?,
        }
        Ok(serde_json::Value::Null)
    }

    /// Takes in news for every alert; what is due goes out by the alarm, so that whoever found it
    /// does not wait for a destination.
    async fn tell(&self, items: &[Item]) -> Result<()> {
        let now = clock::now();
        let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
        for alert in self.alerts()? {
            let zone = zone::named(&alert.tz)?;
            let mut outbox = self.outbox(alert, &keys)?;
            outbox.take(items.to_vec(), now, &zone, &mut || self.next_id(now));
            self.save(&mut outbox)?;
        }
        self.arm().await
    }

    /// The simulator's clock, where this memory has not seen it yet.
    async fn mind_clock(&self) {
        let config = Config::read(&self.env);
        if config.simulated && !clock::observed() {
            X::new(&config).sync_clock().await;
        }
    }

    /// Wakes this object after so many real milliseconds, or sooner where that was asked for.
    async fn arm_in(&self, ms: i64) -> Result<()> {
        clock::wake_in(&self.state, ms).await
    }
}
