//! SQLite of a Durable Object. Owns: how statements run, rows are read and stored data is brought to
//! the form this Roost knows. Must not know: any table but `meta` and its own. Invariants: every cursor
//! is drained through `raw`, the only call of the platform that returns errors instead of throwing
//! through wasm (which would hang the request); no statement runs on data whose form is not known.

use crate::fault::{Fault, Result};
use js_sys::{Function, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::migration::{self, Found, Migration, Step, Stop};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use worker::{SqlStorage, SqlStorageValue, State};

pub(crate) use worker::SqlStorageValue as Value;

/// SQLite ends rows and blobs at 2,000,000 bytes (Durable Objects, platform limits); local
/// workerd does not check, so we do.
pub(crate) const BLOB_MAX: usize = 2_000_000;

/// Binds values in order: `values![a, b]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// Holds the version of all other tables: one row.
const VERSIONS: &str = "roost_version";

/// The database of one object.
#[derive(Clone)]
pub(crate) struct Sql {
    cursors: SqlStorage,
    storage: JsValue,
    /// Why no statement may run.
    stopped: Option<Rc<Fault>>,
}

impl Sql {
    /// The database of the object `what`, brought to the newest version. An object cannot refuse to
    /// be made: where that fails, every call has to ask [`Sql::ready`].
    pub(crate) fn open(state: &State, what: &str, migrations: &[Migration]) -> Self {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        let mut sql = Self { cursors: storage.sql(), storage: raw.clone(), stopped: None };
        if let Err(stop) = sql.migrate(migrations) {
            let fault = Fault::new(503, "Object stopped", stop.detail(what));
            worker::console_error!("{}", fault.log());
            sql.stopped = Some(Rc::new(fault));
        }
        sql
    }

    /// Whether the object may work.
    ///
    /// # Errors
    /// What to answer to every call, and why an alarm must do nothing.
    pub(crate) fn ready(&self) -> Result<()> {
        self.stopped.as_deref().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Runs what is lacking, each migration as one write together with the version it gives.
    fn migrate(&self, all: &[Migration]) -> std::result::Result<(), Stop> {
        let found =
            self.version().map_err(|fault| Stop::Unreadable { why: fault.cause().to_owned() })?;
        let mut reached = match &found {
            Found::Marked(versions) => versions.first().copied().unwrap_or_default(),
            Found::Unmarked => 0,
        };
        for &Migration { to, steps } in migration::plan(&found, all)? {
            let sql = self.clone();
            self.atomically(move || {
                steps.iter().try_for_each(|step| sql.step(step))?;
                sql.mark(to)
            })
            .map_err(|fault| Stop::Failed {
                found: reached,
                to,
                why: fault.cause().to_owned(),
            })?;
            reached = to;
        }
        Ok(())
    }

    fn version(&self) -> Result<Found> {
        let marked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
        if self.first(marked, values![VERSIONS])?.is_none() {
            return Ok(Found::Unmarked);
        }
        let rows = self.rows(&format!("SELECT version FROM {VERSIONS}"), values![])?;
        rows.into_iter().map(|mut row| row.int()).collect::<Result<_>>().map(Found::Marked)
    }

    fn step(&self, step: &Step) -> Result<()> {
        match *step {
            Step::Run(statement) => self.run(statement, values![]),
            Step::Column { table, name, definition } => {
                let known = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?";
                if self.first(known, values![table, name])?.is_some() {
                    return Ok(());
                }
                let add = format!("ALTER TABLE {table} ADD COLUMN {name} {definition}");
                self.run(&add, values![])
            }
        }
    }

    fn mark(&self, version: i64) -> Result<()> {
        let create = "CREATE TABLE IF NOT EXISTS";
        self.run(&format!("{create} {VERSIONS} (version INTEGER NOT NULL) STRICT"), values![])?;
        self.run(&format!("DELETE FROM {VERSIONS}"), values![])?;
        self.run(&format!("INSERT INTO {VERSIONS} (version) VALUES (?)"), values![version])
    }

    /// The document kept under a key of the table `meta`, which every object has.
    pub(crate) fn meta<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let row = self.first("SELECT value FROM meta WHERE key = ?", values![key])?;
        row.map(|mut row| Ok(serde_json::from_str(&row.text()?)?)).transpose()
    }

    /// Keeps a document under a key of `meta`.
    pub(crate) fn put_meta<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.run(
            "INSERT INTO meta (key, value) VALUES (?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            values![key, serde_json::to_string(value)?],
        )
    }

    /// Forgets what is kept under a key of `meta`.
    pub(crate) fn drop_meta(&self, key: &str) -> Result<()> {
        self.run("DELETE FROM meta WHERE key = ?", values![key])
    }

    /// Runs a statement for its effect.
    pub(crate) fn run(&self, statement: &str, values: Vec<Value>) -> Result<()> {
        self.rows(statement, values).map(drop)
    }

    /// Runs a statement and reads all its rows.
    pub(crate) fn rows(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        self.ready()?;
        if let Some(Value::Blob(blob)) =
            values.iter().find(|value| matches!(value, Value::Blob(b) if b.len() > BLOB_MAX))
        {
            return Err(Fault::internal(format!("a blob of {} bytes: {statement}", blob.len())));
        }
        let cursor = self.cursors.exec(statement, values).map_err(|e| failed(statement, &e))?;
        cursor
            .raw()
            .map(|row| row.map(|row| Row(row.into_iter().collect())))
            .collect::<worker::Result<_>>()
            .map_err(|e| failed(statement, &e))
    }

    /// The first row, if there is one.
    pub(crate) fn first(&self, statement: &str, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.rows(statement, values)?.into_iter().next())
    }

    /// Runs `work` as one write: all of it lands, or nothing. `work` must not await (it cannot).
    pub(crate) fn atomically<T: 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + 'static,
    ) -> Result<T> {
        let outcome = Rc::new(std::cell::RefCell::new(None));
        let slot = outcome.clone();
        let body = Closure::once_assert_unwind_safe(move || -> std::result::Result<(), JsValue> {
            let result = work();
            let rolled_back = result.is_err();
            slot.replace(Some(result));
            // A throw is what rolls back.
            if rolled_back { Err(JsValue::from_str("rolled back")) } else { Ok(()) }
        });
        let call = Reflect::get(&self.storage, &JsValue::from_str("transactionSync"))
            .ok()
            .and_then(|function| function.dyn_into::<Function>().ok())
            .ok_or_else(|| Fault::internal("storage has no transactionSync".to_owned()))?;
        let thrown = call.call1(&self.storage, body.as_ref()).err();
        match (outcome.take(), thrown) {
            (Some(Err(fault)), _) => Err(fault),
            (_, Some(error)) => Err(Fault::internal(format!("transactionSync: {error:?}"))),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(Fault::internal("transactionSync did not run".to_owned())),
        }
    }
}

fn failed(statement: &str, error: &worker::Error) -> Fault {
    Fault::internal(format!("SQL failed: {error}: {statement}"))
}

/// One row; columns are taken in order of the statement.
pub(crate) struct Row(std::collections::VecDeque<Value>);

impl Row {
    fn take(&mut self) -> Result<Value> {
        self.0.pop_front().ok_or_else(|| Fault::internal("a row has too few columns".to_owned()))
    }

    /// The next column, an integer below 2^53.
    pub(crate) fn int(&mut self) -> Result<i64> {
        self.maybe_int()?.ok_or_else(|| mistyped("an integer", &Value::Null))
    }

    /// The next column, an integer or null.
    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>> {
        match self.take()? {
            Value::Integer(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            other => Err(mistyped("an integer", &other)),
        }
    }

    /// The next column, a text.
    pub(crate) fn text(&mut self) -> Result<String> {
        self.maybe_text()?.ok_or_else(|| mistyped("a text", &Value::Null))
    }

    /// The next column, a text or null.
    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>> {
        match self.take()? {
            Value::String(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            other => Err(mistyped("a text", &other)),
        }
    }

    /// The next column, a blob.
    pub(crate) fn blob(&mut self) -> Result<Vec<u8>> {
        match self.take()? {
            Value::Blob(value) => Ok(value),
            other => Err(mistyped("a blob", &other)),
        }
    }
}

fn mistyped(wanted: &str, found: &SqlStorageValue) -> Fault {
    let kind = match found {
        Value::Null => "null",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::String(_) => "a text",
        Value::Blob(_) => "a blob",
    };
    Fault::internal(format!("a column holds {kind} where {wanted} was written"))
}
