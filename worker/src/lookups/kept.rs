//! What is kept of look-ups. Invariant: a row is written whole; keys move from their batch to a
//! line of the result in one write.

use super::Lookups;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::sql::{Row, Sql, values};
use serde::{Deserialize, Serialize};
use shared::api::{self, RunState};
use shared::budget::{BilledToday, Resource, Settlement, price, usd};
use shared::lookup::{By, Class, Lookup, Told};
use shared::time::{DAY_MS, UnixMs};
use std::collections::BTreeMap;

/// How long a result is kept.
const KEPT_MS: i64 = 7 * DAY_MS;
/// The open lease.
const LEASE: &str = "lease";

/// One look-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) by: By,
    pub(super) people: u64,
    pub(super) lookup: Lookup,
    pub(super) classes: BTreeMap<Class, u64>,
    pub(super) state: RunState,
    pub(super) reason: Option<String>,
    pub(super) started: UnixMs,
    pub(super) ended: Option<UnixMs>,
    /// Micro-dollars, at most and so far.
    pub(super) most: u64,
    pub(super) spent: u64,
}

impl Kept {
    /// What its owner sees.
    pub(super) fn view(&self) -> api::Lookup {
        let waiting = self.lookup.waiting();
        let waiting = waiting.filter(|(until, _)| self.ended.is_none() && *until > clock::now());
        let reason = waiting.map(|(_, why)| why.to_owned()).or_else(|| self.reason.clone());
        api::Lookup {
            id: self.id.clone(),
            by: self.by,
            people: self.people,
            done: self.classes.values().sum(),
            classes: self.classes.clone(),
            state: self.state,
            reason,
            waits_until: waiting.map(|(until, _)| until),
            started: self.started,
            ended: self.ended,
            expires: self.ended.map(|at| at.plus(KEPT_MS)),
            usd: usd(self.most),
            spent_usd: usd(self.spent),
        }
    }

    /// Writes it; part of one write.
    pub(super) fn put(&self, sql: &Sql) -> Result<()> {
        sql.run(
            "INSERT INTO lookups (id, ended, doc) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, doc = excluded.doc",
            values![self.id.as_str(), self.ended.map(|at| at.0), serde_json::to_string(self)?],
        )
    }
}

fn read(mut row: Row) -> Result<Kept> {
    Ok(serde_json::from_str(&row.text()?)?)
}

/// A lease being used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) settlement: Settlement,
}

/// A line of the result.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    class: Class,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Box<serde_json::value::RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// The line of a key; `why` of those that failed.
pub(super) fn line(told: &Told, why: Option<&str>) -> Result<String> {
    // X's objects may hold line feeds between fields; within texts JSON has them escaped.
    let profile = told.raw.as_ref().map(|raw| raw.replace(['\n', '\r'], " "));
    let profile = profile.map(serde_json::value::RawValue::from_string).transpose()?;
    let id = told.id.map(|id| id.to_string());
    let line = Line { key: &told.key, class: told.class, id, profile, why };
    Ok(serde_json::to_string(&line)? + "\n")
}

impl Lookups {
    pub(super) fn kept(&self, id: &str) -> Result<Option<Kept>> {
        let row = self.sql.first("SELECT doc FROM lookups WHERE id = ?", values![id])?;
        row.map(read).transpose()
    }

    /// The ids of those that have not ended, the first to come first: of two that came in one
    /// millisecond either id may be the smaller.
    pub(super) fn open(&self) -> Result<Vec<String>> {
        let open = "SELECT id FROM lookups WHERE ended IS NULL ORDER BY rowid";
        self.sql.rows(open, values![])?.into_iter().map(|mut row| row.text()).collect()
    }

    /// Ends one that Roost fails on; whom nothing is known of is kept, to be gone on with.
    pub(super) fn give_up(&self, id: &str, why: &str) -> Result<()> {
        let now = clock::now();
        match self.kept(id) {
            Ok(Some(mut kept)) => {
                kept.state = RunState::Failed;
                kept.reason = Some(format!(
                    "Roost failed on it: {why}. What was answered is kept: POST \
                     /lookups/{{lookup}}/resume goes on from there."
                ));
                kept.ended = Some(now);
                kept.put(&self.sql)
            }
            Ok(None) => Ok(()),
            // It cannot be read at all: its row ends, so that nothing tries it again.
            Err(_) => self.sql.run("UPDATE lookups SET ended = ? WHERE id = ?", values![now.0, id]),
        }
    }

    /// Newest first.
    pub(super) fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Kept>> {
        let rows = self.sql.rows(
            "SELECT doc FROM lookups WHERE id < ? ORDER BY id DESC LIMIT ?",
            // Ids are hexadecimal digits.
            values![after.unwrap_or("g"), i64::try_from(limit).unwrap_or(i64::MAX)],
        )?;
        // One that cannot be read hides none of the others.
        let read = |row| read(row).inspect_err(|f| worker::console_error!("look-up: {}", f.log()));
        Ok(rows.into_iter().filter_map(|row| read(row).ok()).collect())
    }

    /// Saves what became of one. Of one that was deleted meanwhile nothing comes back.
    pub(super) fn save(&self, kept: &Kept) -> Result<()> {
        if self.kept(&kept.id)?.is_some() { kept.put(&self.sql) } else { Ok(()) }
    }

    /// The keys of a batch that nothing is known of yet.
    pub(super) fn keys(&self, id: &str, n: u32) -> Result<Vec<String>> {
        let row = self.sql.first(
            "SELECT keys FROM batches WHERE lookup = ? AND n = ?",
            values![id, i64::from(n)],
        )?;
        row.map_or(Ok(Vec::new()), |mut row| Ok(serde_json::from_str(&row.text()?)?))
    }

    pub(super) fn open_lease(&self) -> Result<Option<Open>> {
        self.sql.meta(LEASE)
    }

    pub(super) fn drop_lease(&self) -> Result<()> {
        self.sql.drop_meta(LEASE)
    }

    pub(super) fn billed_today(&self) -> Result<BilledToday> {
        let mut bytes = Vec::new();
        for mut row in self.sql.rows("SELECT bytes FROM billed ORDER BY seq", values![])? {
            bytes.extend(row.blob()?);
        }
        // A damaged set only makes repeats look billed: dearer on paper, never in fact.
        Ok(BilledToday::decode(&bytes).unwrap_or_default())
    }

    /// Deletes a look-up and all it found.
    pub(super) fn delete(&self, id: &str) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.to_owned());
        self.sql.atomically(move || {
            for table in ["batches", "results"] {
                sql.run(&format!("DELETE FROM {table} WHERE lookup = ?"), values![id.as_str()])?;
            }
            sql.run("DELETE FROM lookups WHERE id = ?", values![id.as_str()])
        })
    }

    /// Deletes what ended long ago.
    pub(super) fn expire(&self) -> Result<()> {
        let old = clock::now().plus(-KEPT_MS);
        let rows = self.sql.rows("SELECT id FROM lookups WHERE ended < ?", values![old.0])?;
        for mut row in rows {
            self.delete(&row.text()?)?;
        }
        Ok(())
    }
}

/// Keeps the open lease; part of one write.
pub(super) fn put_lease(sql: &Sql, open: &Open) -> Result<()> {
    sql.put_meta(LEASE, open)
}

/// Keeps whom X billed today; part of one write.
pub(super) fn put_billed(sql: &Sql, today: &BilledToday) -> Result<()> {
    sql.run("DELETE FROM billed", values![])?;
    for chunk in today.encode().chunks(crate::sql::BLOB_MAX / 2) {
        sql.run("INSERT INTO billed (bytes) VALUES (?)", values![chunk.to_vec()])?;
    }
    Ok(())
}

/// Keeps lines of a result; part of one write.
pub(super) fn put_lines(sql: &Sql, id: &str, lines: &[String]) -> Result<()> {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() && text.len() + line.len() > crate::sql::BLOB_MAX / 2 {
            let full = std::mem::take(&mut text);
            sql.run("INSERT INTO results (lookup, lines) VALUES (?, ?)", values![id, full])?;
        }
        text.push_str(line);
    }
    if text.is_empty() {
        return Ok(());
    }
    sql.run("INSERT INTO results (lookup, lines) VALUES (?, ?)", values![id, text])
}

/// Micro-dollars of so many people.
pub(super) fn cost(people: u64) -> Result<u64> {
    people
        .checked_mul(price(Resource::User))
        .ok_or_else(|| Fault::internal("a price beyond all measure".to_owned()))
}
