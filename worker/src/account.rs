//! The Account object, one per tracked account: its crawls, rosters, ledger and profiles.
//! Must not know: other accounts, spending totals, who may call. Invariant: the ledger is
//! derived; everything in here but notes and settings can be made again from R2 (`replay`).

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod attempts;
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
mod schema;
mod settings;
mod sidecars;
mod snapshots;
mod tell;
mod tick;
mod tweets;
mod upload;
mod verify;
mod view;

use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::rpc::{self, ToAccount};
use crate::sql::Sql;
use crate::x::X;
use attempts::Task;
use gather::Gathered;
use shared::api::Work;
use shared::budget::BilledToday;
use std::cell::{Cell, RefCell};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

/// Our own trouble (a bucket that does not answer) passes within minutes or not at all.
const AFTER_FAULT_MS: i64 = 60_000;

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
        let sql = Sql::open(&state, "Account", schema::MIGRATIONS);
        Self { state, env, sql, memory: Memory::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        if let Err(stop) = self.sql.ready() {
            return Ok(http::problem(&stop, &request_id));
        }
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
        if self.sql.ready().is_err() {
            // Said when the object was loaded. The hourly tick finds it mended.
            return Response::ok("");
        }
        // Each whatever becomes of the others; each arms the next alarm for itself.
        X::new(&Config::read(&self.env)).learn_clock().await;
        if let Err(fault) = self.open_runs().await {
            worker::console_error!("runs: {}", fault.log());
            // Nothing may end a run before it is open.
            self.arm_in(AFTER_FAULT_MS).await.ok();
            return Response::ok("");
        }
        self.attempt(Task::Work(Work::Followers), self.collect()).await;
        self.attempt(Task::Work(Work::Tweets), self.read_tweets()).await;
        self.attempt(Task::Work(Work::Following), self.read_following()).await;
        self.attempt(Task::Purge, self.go_on_purging()).await;
        // Large: it reads files and corrects what was told.
        self.attempt(Task::Work(Work::Replay), Box::pin(self.go_on_replaying())).await;
        self.attempt(Task::Work(Work::Verification), self.verify()).await;
        self.attempt(Task::Resend, self.resend_failed()).await;
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
            ToAccount::Imported { name, etag, bytes, staged: None } => {
                serde_json::to_value(self.imported(&name, &etag, bytes).await?)?
            }
            ToAccount::Imported { name, staged: Some(staged), .. } => {
                serde_json::to_value(self.replace(&name, &staged).await?)?
            }
            ToAccount::Ingest { key, etag } => {
                serde_json::to_value(self.ingest(&key, &etag).await?)?
            }
            ToAccount::Gone { tweet } => serde_json::to_value(self.tweet_gone(tweet).await?)?,
            ToAccount::Pushed { events } => serde_json::to_value(self.pushed(events).await?)?,
            ToAccount::Recall { looks } => serde_json::to_value(self.recall(&looks)?)?,
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
