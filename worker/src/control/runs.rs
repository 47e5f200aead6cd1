//! The run log. Keeps the newest [`RUNS_MAX`]; a run is one row, rewritten when it ends.

use super::Control;
use crate::fault::{Fault, Result};
use crate::query::{self, Query};
use crate::rpc::RunEnd;
use crate::sql::{Row, Value, values};
use shared::api::{List, Run, RunState};

/// A year of hourly checks of one account is 8,760 runs; a row is about 500 bytes.
const RUNS_MAX: i64 = 10_000;
/// Old rows are deleted this many at a time, so that most runs write one row.
const TRIM_EVERY: i64 = 200;

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
