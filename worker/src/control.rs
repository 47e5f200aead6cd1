//! The Control object, one per deployment: which accounts are tracked, what was spent, what ran,
//! the keys for X. Must not know: followers. Invariant: spending is written before the read it
//! allows is made, and a run that has ended stays as it ended.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod book;
mod check;
mod credentials;
mod keys;
mod pushes;
mod renewal;
mod runs;
mod schema;
mod sign_in;

pub(crate) use keys::{CALLBACK, origin};

use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query;
use crate::rpc::{self, Keyring, Pulse, ToControl};
use crate::sql::{Sql, values};
use serde_json::{Value, to_value};
use shared::api::{CheckRequest, List};
use shared::id::AccountId;
use shared::routes::{self, Op};
use shared::time::UnixMs;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

/// Our own trouble passes within minutes or not at all.
const AFTER_FAULT_MS: i64 = 60_000;

/// See the module.
#[durable_object(alarm)]
pub struct Control {
    state: State,
    env: Env,
    sql: Sql,
    pushes: pushes::Counting,
    /// Sign-ins whose tokens are being renewed.
    busy: renewal::Busy,
}

impl DurableObject for Control {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::open(&state, "Control", schema::MIGRATIONS);
        let (pushes, busy) = (pushes::Counting::default(), renewal::Busy::default());
        Self { state, env, sql, pushes, busy }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        if let Err(stop) = self.sql.ready() {
            return Ok(http::problem(&stop, &request_id));
        }
        let outcome = if request.path() == "/internal" {
            let command = rpc::command(&mut request).await;
            match command {
                Ok(command) => rpc::answer(self.obey(command).await),
                Err(fault) => rpc::answer::<()>(Err(fault)),
            }
        } else {
            self.serve(&mut request).await
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if self.sql.ready().is_err() {
            // Said when the object was loaded. The hourly tick finds it mended.
            return Response::ok("");
        }
        if let Err(fault) = self.resume().await {
            worker::console_error!("alarm: {}", fault.log());
            self.wake_in(AFTER_FAULT_MS).await.ok();
        }
        Response::ok("")
    }
}

impl Control {
    async fn serve(&self, request: &mut Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = split_url(&url);
        let found = routes::find(request.inner().method().as_str(), path)
            .map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        match found.route.op {
            Op::Runs => http::json(200, &self.runs(&query)?),
            Op::Run => {
                let id = found.path.get("run").cloned().unwrap_or_default();
                let run = self.run(&id)?;
                http::json(200, &run.ok_or_else(|| Fault::missing(format!("no run `{id}`")))?)
            }
            Op::Credentials => http::json(200, &self.credentials(&url).await?),
            Op::SetCredential => {
                let change = http::quiet_body(request).await?;
                self.set_credential(named(&found), &change).await?;
                http::json(200, &self.credentials(&url).await?)
            }
            Op::DeleteCredential => {
                let local = query::flag(&query, "local")?.unwrap_or(false);
                self.delete_credential(named(&found), local).await?;
                Ok(http::builder(204, "application/json")?.empty())
            }
            Op::CheckCredentials => {
                let accepted: CheckRequest = http::body(request).await?;
                http::json(200, &self.check_credentials(accepted.accept_usd).await?)
            }
            _ => Err(Fault::internal(format!("{path} is not Control's"))),
        }
    }

    async fn obey(&self, command: ToControl) -> Result<Value> {
        let now = clock::now();
        Ok(match command {
            ToControl::Enlist { account } => to_value(self.sql.run(
                "INSERT OR IGNORE INTO accounts (account, since) VALUES (?, ?)",
                values![account.to_string(), now.0],
            )?)?,
            ToControl::Dismiss { account } => to_value(self.dismiss(account, now)?)?,
            ToControl::Roll => to_value(List { items: self.roll()?, next_cursor: None })?,
            ToControl::Open { run } => to_value(self.open_run(&run)?)?,
            ToControl::Close { id, end } => to_value(self.close_run(&id, end)?)?,
            ToControl::Ask { ask } => to_value(self.with_book(|b| b.ask(&ask, now))?)?,
            ToControl::Settle { settlement } => {
                to_value(self.with_book(|book| book.settle(&settlement, now))?)?
            }
            ToControl::Spent { account } => to_value(self.book()?.spent(account, now))?,
            ToControl::Money { ask } => to_value(self.money(&ask, now)?)?,
            ToControl::Charge { ask, name } => {
                self.with_book(|book| book.charge(&ask, &name, now))?;
                to_value(self.money(&ask, now)?)?
            }
            ToControl::Pause { pause } => to_value(self.with_book(|book| book.hold(pause))?)?,
            ToControl::Mended { account } => {
                to_value(self.with_book(|book| book.mended(account))?)?
            }
            ToControl::Knock { uuid } => to_value(self.was_heard(&uuid)?)?,
            ToControl::Heard { uuid } => to_value(self.heard(&uuid, now)?)?,
            ToControl::Refused { word } => to_value(self.refused(&word)?)?,
            ToControl::Hold { account, runs } => {
                to_value(self.end_ownerless(account, &runs, now)?)?
            }
            ToControl::Ticked { at } => {
                self.forget_heard(now)?;
                self.end_lost(now)?;
                self.put_meta("last_tick", &at)?;
                if self.is_unfinished()? {
                    self.wake_in(1).await?;
                }
                Value::Null
            }
            ToControl::Pulse => to_value(Pulse {
                last_tick: self.meta("last_tick")?,
                quotas: self.book()?.quotas(),
                push: self.push_counts()?,
            })?,
            ToControl::Budget { plans } => to_value(self.book()?.view(now, &plans))?,
            ToControl::ChangeBudget { change } => {
                let changed = self.with_book(|book| book.change(change))?;
                changed.map_err(Fault::bad)?;
                Value::Null
            }
            ToControl::Keys { account } => to_value(self.keyring(account).await?)?,
            ToControl::Renew { account, issued } => {
                let user = self.user_key(account, Some(issued)).await?;
                to_value(Keyring { user, ..Keyring::default() })?
            }
            ToControl::Revoked { account } => to_value(self.revoked(account).await?)?,
            ToControl::ClientId => to_value(self.client_id().await?)?,
            ToControl::Redeem { code, verifier, callback, wanted } => {
                to_value(self.redeem(&code, &verifier, &callback, wanted).await?)?
            }
            ToControl::NotSignedIn { outcome, detail } => {
                to_value(self.report(outcome, None, Some(detail))?)?
            }
        })
    }

    /// An account is deleted, and with it whatever ran for it.
    fn dismiss(&self, account: AccountId, now: UnixMs) -> Result<()> {
        self.sql.run("DELETE FROM accounts WHERE account = ?", values![account.to_string()])?;
        self.end_all_of(account, now)
    }

    fn roll(&self) -> Result<Vec<AccountId>> {
        let rows =
            self.sql.rows("SELECT account FROM accounts ORDER BY since, account", values![])?;
        rows.into_iter()
            .map(|mut row| {
                let text = row.text()?;
                text.parse().map_err(|_| Fault::internal(format!("account `{text}` in the roll")))
            })
            .collect()
    }

    fn meta<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.sql.meta(key)
    }

    fn put_meta<T: serde::Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.sql.put_meta(key, value)
    }
}

/// The credential that a path names.
fn named(found: &routes::Found) -> &str {
    found.path.get("name").map(String::as_str).unwrap_or_default()
}

/// The path and the query string of an absolute URL.
pub(crate) fn split_url(url: &str) -> (&str, &str) {
    let path = url.find("://").and_then(|at| {
        let rest = url.get(at + 3..)?;
        rest.get(rest.find('/')?..)
    });
    let path = path.unwrap_or("/");
    let path = path.split_once('#').map_or(path, |(before, _)| before);
    path.split_once('?').unwrap_or((path, ""))
}
