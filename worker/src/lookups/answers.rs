//! The API of look-ups. Invariant: nothing that costs runs before it was asked for with its keys;
//! bad input says which key it was.

use super::Lookups;
use super::kept::{Kept, cost};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query;
use crate::rpc::{ControlClient, RunEnd};
use crate::runs;
use crate::sql::values;
use crate::x::X;
use futures_util::stream;
use shared::api::{self, LookupStarted, NewLookup, RunState, Trigger};
use shared::budget::usd;
use shared::id::UserId;
use shared::lookup::{self, BATCH_MAX, By, Lookup, POOL_MAX, Settings, TRIES_MAX};
use shared::routes::{self, Op};
use std::collections::BTreeMap;
use std::collections::VecDeque;
use worker::{Request, Response};

/// People of one look-up.
const PEOPLE_MAX: usize = 10_000;
/// Ten thousand ids or handles, each with its quotes and comma.
const BODY_MAX: usize = 512 * 1024;

impl Lookups {
    pub(super) async fn serve(&self, mut request: Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = crate::control::split_url(&url);
        let found = routes::find(request.inner().method().as_str(), path)
            .map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        let id = found.path.get("lookup").map(String::as_str).unwrap_or_default();
        match found.route.op {
            Op::StartLookup => self.start(http::large_body(&mut request, BODY_MAX).await?).await,
            Op::Lookups => {
                let limit = query::limit(&query)?;
                let after = query::id_cursor(&query)?;
                let kept = self.list(after, limit + 1)?;
                let items: Vec<api::Lookup> = kept.iter().map(Kept::view).collect();
                http::json(200, &query::page(items, limit, |item| item.id.clone()))
            }
            Op::Lookup => http::json(200, &self.known(id)?.view()),
            Op::LookupResult => self.result(id),
            Op::ResumeLookup => self.resume(id).await,
            Op::DeleteLookup => self.remove(id).await,
            _ => Err(Fault::internal(format!("{path} is no look-up's"))),
        }
    }

    fn known(&self, id: &str) -> Result<Kept> {
        self.kept(id)?.ok_or_else(|| {
            Fault::missing(format!("no look-up `{id}`: results are deleted after 7 days"))
        })
    }

    /// `POST /lookups`.
    async fn start(&self, new: NewLookup) -> Result<Response> {
        let (by, keys) = keys(&new)?;
        let settings = settings(&new)?;
        let people = keys.len() as u64;
        let batches: Vec<&[String]> = keys.chunks(settings.batch as usize).collect();
        // Whom X billed today is free today.
        let now = clock::now();
        let today = self.billed_today()?;
        let free = |key: &&String| {
            by == By::Ids && key.parse::<UserId>().is_ok_and(|id| today.contains(now, id))
        };
        let most = cost(people - keys.iter().filter(free).count() as u64)?;
        let calls = batches.len() as u64;
        let mut started = LookupStarted { run: None, people, calls, usd: usd(most) };
        if new.start == Some(false) {
            return http::json(200, &started);
        }
        let config = Config::load(&self.env, None).await?;
        let x = X::new(&config);
        if let Err(stop) = super::work::keys_of(&x) {
            return Err(Fault::new(409, &stop.title, stop.detail));
        }
        x.sync_clock().await;
        let run = runs::begin(Trigger::Fetch, "lookup", None);
        let sizes = batches.iter().map(|keys| u32::try_from(keys.len()).unwrap_or(u32::MAX));
        let kept = Kept {
            id: run.id.clone(),
            by,
            people,
            lookup: Lookup::start(settings, sizes.collect::<Vec<_>>()),
            classes: BTreeMap::new(),
            state: RunState::Running,
            reason: None,
            started: run.started,
            ended: None,
            most,
            spent: 0,
        };
        ControlClient::new(&self.env)?.open(run).await?;
        started.run = Some(kept.id.clone());
        let texts = batches.iter().map(|keys| Ok(serde_json::to_string(keys)?));
        let texts: Vec<String> = texts.collect::<Result<_>>()?;
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for (n, keys) in (0_i64..).zip(texts) {
                sql.run(
                    "INSERT INTO batches (lookup, n, keys) VALUES (?, ?, ?)",
                    values![kept.id.as_str(), n, keys],
                )?;
            }
            kept.put(&sql)
        })?;
        self.arm_in(1).await?;
        http::json(202, &started)
    }

    /// `GET /lookups/{lookup}/result`: row by row, never whole.
    fn result(&self, id: &str) -> Result<Response> {
        self.known(id)?;
        let rows =
            self.sql.rows("SELECT seq FROM results WHERE lookup = ? ORDER BY seq", values![id])?;
        let mut left = VecDeque::with_capacity(rows.len());
        for mut row in rows {
            left.push_back(row.int()?);
        }
        let sql = self.sql.clone();
        let pieces = std::iter::from_fn(move || {
            let seq = left.pop_front()?;
            let row = sql.first("SELECT lines FROM results WHERE seq = ?", values![seq]);
            let lines = row.and_then(|row| row.map_or(Ok(String::new()), |mut row| row.text()));
            Some(lines.map(String::into_bytes).map_err(|fault| {
                worker::console_error!("result: {}", fault.log());
                worker::Error::RustError("reading the result failed; see the log".to_owned())
            }))
        });
        let builder = http::attachment("application/x-ndjson", &format!("lookup-{id}.ndjson"))?;
        Ok(builder.from_stream(stream::iter(pieces))?)
    }

    /// `POST /lookups/{lookup}/resume`: goes on with one that Roost failed on.
    async fn resume(&self, id: &str) -> Result<Response> {
        let mut kept = self.known(id)?;
        let left = "SELECT 1 FROM batches WHERE lookup = ? LIMIT 1";
        if kept.ended.is_none() || self.sql.first(left, values![id])?.is_none() {
            let why = format!("look-up `{id}` did not fail, or nobody of it is left");
            return Err(Fault::new(409, "Nothing to go on with", why));
        }
        let run = api::Run { id: id.to_owned(), ..runs::begin(Trigger::Fetch, "lookup", None) };
        ControlClient::new(&self.env)?.open(run).await?;
        kept.state = RunState::Running;
        (kept.reason, kept.ended) = (None, None);
        kept.put(&self.sql)?;
        self.arm_in(1).await?;
        http::json(202, &kept.view())
    }

    /// `DELETE /lookups/{lookup}`.
    async fn remove(&self, id: &str) -> Result<Response> {
        let kept = self.known(id)?;
        self.delete(id)?;
        if kept.ended.is_none() {
            let fault = Fault::new(409, "Deleted", "its owner deleted this look-up before its end");
            let end = RunEnd {
                state: RunState::Failed,
                ended: clock::now(),
                error: Some(fault),
                counts: kept.lookup.counts(),
            };
            ControlClient::new(&self.env)?.close(id, end).await?;
        }
        Ok(http::builder(204, "application/json")?.empty())
    }
}

fn keys(new: &NewLookup) -> Result<(By, Vec<String>)> {
    let (by, texts) = match (new.ids.is_empty(), new.usernames.is_empty()) {
        (false, true) => (By::Ids, &new.ids),
        (true, false) => (By::Usernames, &new.usernames),
        _ => {
            return Err(Fault::bad("one of `ids` and `usernames` is required, with someone in it"));
        }
    };
    if texts.len() > PEOPLE_MAX {
        return Err(Fault::bad(format!(
            "`{by}`: {} are more than {PEOPLE_MAX}: ask for them in several look-ups",
            texts.len()
        )));
    }
    let keys =
        lookup::keys(by, texts).map_err(|unread| Fault::bad(lookup::refusal(by, &unread)))?;
    Ok((by, keys))
}

fn settings(new: &NewLookup) -> Result<Settings> {
    let usual = Settings::default();
    let within = |name: &str, value: Option<u32>, usual: u32, max: u32| match value {
        None => Ok(usual),
        Some(value) if (1..=max).contains(&value) => Ok(value),
        Some(value) => Err(Fault::bad(format!("`{name}`: 1 to {max} is expected, not {value}"))),
    };
    Ok(Settings {
        pool: within("pool", new.pool, usual.pool, POOL_MAX)?,
        tries: within("tries", new.tries, usual.tries, TRIES_MAX)?,
        batch: within("batch", new.batch, usual.batch, BATCH_MAX)?,
    })
}
