//! The run log. Keeps the newest [`RUNS_MAX`]; a run is one row, rewritten when it ends.

use super::Control;
use crate::fault::{Fault, Result};
use crate::query::{self, Query};
use crate::rpc::RunEnd;
use crate::sql::{Row, Value, values};
use shared::api::{List, Run, RunState};
use shared::id::AccountId;
use shared::time::{HOUR_MS, UnixMs};
use std::collections::BTreeMap;

/// A year of hourly checks of one account is 8,760 runs; a row is about 500 bytes.
const RUNS_MAX: i64 = 10_000;
/// Old rows are deleted this many at a time, so that most runs write one row.
const TRIM_EVERY: i64 = 200;
/// No request, tick or batch of a queue lives as long: the platform ends each within 15 minutes.
const LOST_MS: i64 = HOUR_MS;
/// The runs of requests are named for their routes.
const REQUEST: &str = "what LIKE '% /%'";
/// Runs that begin and end in one invocation.
const BRIEF: &str = "'tick', 'push', 'count', 'purge', 'refused', 'dead letter'";

/// Runs of work with a state of its own, which knows its run.
const LASTING: &str = "'crawl', 'tweets', 'following', 'verify', 'replay', 'import', 'ingest',
    'lookup'";

impl Control {
    pub(super) fn open_run(&self, run: &Run) -> Result<()> {
        let (sql, run) = (self.sql.clone(), run.clone());
        self.sql.atomically(move || {
            write(&sql, &run)?;
            let count = sql.first("SELECT COUNT(*) FROM runs", values![])?;
            let count = count.map_or(Ok(0), |mut row| row.int())?;
            if count >= RUNS_MAX + TRIM_EVERY {
                sql.run(
                    "DELETE FROM runs WHERE id IN (SELECT id FROM runs ORDER BY id LIMIT ?)",
                    values![count - RUNS_MAX],
                )?;
            }
            Ok(())
        })
    }

    /// The run, if this ended it.
    pub(super) fn close_run(&self, id: &str, end: RunEnd) -> Result<Option<Run>> {
        let Some(mut run) = self.run(id)? else {
            worker::console_error!("control: no run `{id}` to end");
            return Ok(None);
        };
        if run.state != RunState::Running {
            return Ok(None);
        }
        run.state = end.state;
        run.counts.extend(end.counts);
        run.error = end.error.map(|fault| fault.problem(id));
        if end.state != RunState::Running {
            run.ended = Some(end.ended);
            // A simulator's clock may be put back between the two.
            run.duration_ms = Some(end.ended.since(run.started).max(0));
        }
        write(&self.sql, &run)?;
        Ok(Some(run).filter(|run| run.state != RunState::Running))
    }

    /// Ends what still runs for an account that is deleted. The request that deletes it goes on.
    pub(super) fn end_all_of(&self, account: AccountId, now: UnixMs) -> Result<()> {
        let open = format!("account = ? AND NOT ({REQUEST})");
        let why = "the account was deleted before this had ended";
        let fault = Fault::new(409, "Deleted", why);
        self.end_where(&open, values![account.to_string()], &fault, now)
    }

    /// Ends what nobody can still be at: a request whose caller went away is given up by the
    /// platform wherever it is, and whatever was lost with a machine is begun anew, not gone on
    /// with. Crawls and their kin have a state of their own, and are.
    pub(super) fn end_lost(&self, now: UnixMs) -> Result<()> {
        let old = format!("{:012x}", now.plus(-LOST_MS).0.max(0));
        let open = format!("id < ? AND ({REQUEST} OR what IN ({BRIEF}))");
        let why = "nobody heard how this ended: its caller went away, or the machine was lost";
        self.end_where(&open, values![old], &Fault::new(500, "Lost", why), now)
    }

    /// Ends what an account, or the look-ups without one, say that they are not at (any more).
    pub(super) fn end_ownerless(
        &self,
        account: Option<AccountId>,
        held: &[String],
        now: UnixMs,
    ) -> Result<()> {
        let old = format!("{:012x}", now.plus(-LOST_MS).0.max(0));
        let held = serde_json::to_string(held)?;
        let open = format!(
            "account IS ? AND id < ? AND what IN ({LASTING})
             AND id NOT IN (SELECT value FROM json_each(?))"
        );
        let why = "nobody is at this any more: the machine was lost before it could be noted";
        let bound = values![account.map(|account| account.to_string()), old, held];
        self.end_where(&open, bound, &Fault::new(500, "Lost", why), now)
    }

    fn end_where(&self, open: &str, bound: Vec<Value>, fault: &Fault, now: UnixMs) -> Result<()> {
        let statement = format!("SELECT id FROM runs WHERE state = 'running' AND {open}");
        for mut row in self.sql.rows(&statement, bound)? {
            let (error, counts) = (Some(fault.clone()), BTreeMap::new());
            let end = RunEnd { state: RunState::Failed, ended: now, error, counts };
            self.close_run(&row.text()?, end)?;
        }
        Ok(())
    }

    pub(super) fn run(&self, id: &str) -> Result<Option<Run>> {
        let row = self.sql.first("SELECT run FROM runs WHERE id = ?", values![id])?;
        row.map(read).transpose()
    }

    pub(super) fn runs(&self, query: &Query) -> Result<List<Run>> {
        let limit = query::limit(query)?;
        let mut conditions = vec!["1".to_owned()];
        let mut bound: Vec<Value> = Vec::new();
        for (name, column) in [("account", "account"), ("what", "what"), ("state", "state")] {
            if let Some(value) = query.get(name) {
                if name == "state" && RunState::from_word(value).is_none() {
                    return Err(Fault::bad(format!("`state={value}` is no state of a run")));
                }
                conditions.push(format!("{column} = ?"));
                bound.push(value.as_str().into());
            }
        }
        if let Some(after) = query::id_cursor(query)? {
            conditions.push("id < ?".to_owned());
            bound.push(after.into());
        }
        bound.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let statement = format!(
            "SELECT run FROM runs WHERE {} ORDER BY id DESC LIMIT ?",
            conditions.join(" AND ")
        );
        let rows = self.sql.rows(&statement, bound)?;
        let runs = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(query::page(runs, limit, |run| run.id.clone()))
    }
}

fn read(mut row: Row) -> Result<Run> {
    Ok(serde_json::from_str(&row.text()?)?)
}

fn write(sql: &crate::sql::Sql, run: &Run) -> Result<()> {
    sql.run(
        "INSERT INTO runs (id, account, what, state, run) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, run = excluded.run",
        values![
            run.id.as_str(),
            run.account.map(|account| account.to_string()),
            run.what.as_str(),
            run.state.as_str(),
            serde_json::to_string(run)?,
        ],
    )
}
