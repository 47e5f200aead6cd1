//! Alerts, messages and what was told, in SQLite. Owns: rows, and how long they are kept.
//! Invariant: what an outbox changed lands in one write, or nothing of it does.

use super::Notices;
use crate::clock;
use crate::fault::Result;
use crate::http::random_hex;
use crate::sql::{Row, Sql, values};
use serde::de::DeserializeOwned;
use shared::id::AccountId;
use shared::notify::alert::Alert;
use shared::notify::message::Message;
use shared::notify::outbox::{Changes, Outbox, Told};
use shared::time::{DAY_MS, UnixMs};

/// After so long nothing is news any more, nor corrected: a deactivated account can come back
/// for 30 days (X's help pages), and a weekly check may be late.
const KEPT_MS: i64 = 60 * DAY_MS;
/// Keys of one answer: a message holds corrections of as many.
const TOLD_PAGE: i64 = 1_000;
/// Messages of one alert that are kept once they are done with: the log, and a feed's entries.
const LOG_MAX: i64 = 200;

impl Notices {
    /// Every alert, oldest first.
    pub(super) fn alerts(&self) -> Result<Vec<Alert>> {
        let rows = self.sql.rows("SELECT alert FROM alerts ORDER BY id", values![])?;
        rows.into_iter().map(read).collect()
    }

    /// One of them.
    pub(super) fn alert(&self, id: &str) -> Result<Option<Alert>> {
        let row = self.sql.first("SELECT alert FROM alerts WHERE id = ?", values![id])?;
        row.map(read).transpose()
    }

    /// The alert of a feed, by the digest of its secret.
    pub(super) fn alert_of_feed(&self, digest: &str) -> Result<Option<Alert>> {
        let row = self.sql.first("SELECT alert FROM alerts WHERE feed = ?", values![digest])?;
        row.map(read).transpose()
    }

    /// An alert's outbox: its open messages, and what was told of these pieces of news.
    pub(super) fn outbox(&self, alert: Alert, keys: &[&str]) -> Result<Outbox> {
        let keys = serde_json::to_string(keys)?;
        let (id, mut told) = (alert.id.clone(), Vec::new());
        for mut row in self.sql.rows(
            "SELECT key, message, meaning FROM told
             WHERE alert = ? AND key IN (SELECT value FROM json_each(?))",
            values![id.as_str(), keys.as_str()],
        )? {
            let (key, message) = (row.text()?, row.text()?);
            told.push((key, Told { message, meaning: read(row)? }));
        }
        let messages = self.messages(
            "SELECT message FROM messages WHERE alert = ? AND (open = 1 OR id IN
                (SELECT message FROM told
                 WHERE alert = ? AND key IN (SELECT value FROM json_each(?))))",
            values![id.as_str(), id.as_str(), keys],
        )?;
        Ok(Outbox::new(alert, messages, told))
    }

    /// An alert's outbox with the messages of a condition.
    pub(super) fn outbox_where(&self, alert: Alert, condition: &str) -> Result<Outbox> {
        let statement = format!("SELECT message FROM messages WHERE alert = ? AND {condition}");
        let messages = self.messages(&statement, values![alert.id.as_str()])?;
        Ok(Outbox::new(alert, messages, []))
    }

    pub(super) fn messages(
        &self,
        statement: &str,
        bound: Vec<crate::sql::Value>,
    ) -> Result<Vec<Message>> {
        self.sql.rows(statement, bound)?.into_iter().map(read).collect()
    }

    /// Writes what an outbox changed.
    pub(super) fn save(&self, outbox: &mut Outbox) -> Result<()> {
        let (id, changes) = (outbox.alert.id.clone(), outbox.changes());
        let (sql, now) = (self.sql.clone(), clock::now());
        self.sql.atomically(move || write(&sql, &id, changes, now))
    }

    /// Writes an alert as the owner set it.
    pub(super) fn put_alert(&self, alert: &Alert) -> Result<()> {
        put_alert(&self.sql, alert)
    }

    pub(super) fn put_feed(&self, id: &str, digest: &str) -> Result<()> {
        self.sql.run("UPDATE alerts SET feed = ? WHERE id = ?", values![digest, id])
    }

    pub(super) fn delete_alert(&self, id: &str) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.to_owned());
        self.sql.atomically(move || {
            sql.run("DELETE FROM told WHERE alert = ?", values![id.as_str()])?;
            sql.run("DELETE FROM messages WHERE alert = ?", values![id.as_str()])?;
            sql.run("DELETE FROM seals WHERE alert = ?", values![id.as_str()])?;
            sql.run("DELETE FROM alerts WHERE id = ?", values![id])
        })
    }

    /// What a memory before this one was handing over.
    pub(super) fn recover(&self) -> Result<()> {
        for alert in self.alerts()? {
            let mut outbox = self.outbox_where(alert, "state = 'sending'")?;
            outbox.restarted();
            self.save(&mut outbox)?;
        }
        Ok(())
    }

    /// Hourly: names that may not be kept any longer go, and so does what is old.
    pub(super) fn sweep(&self) -> Result<()> {
        let now = clock::now();
        for alert in self.alerts()? {
            let id = alert.id.clone();
            self.sql.run(
                "DELETE FROM messages WHERE alert = ? AND open = 0 AND id NOT IN
                    (SELECT id FROM messages WHERE alert = ? AND open = 0
                     ORDER BY id DESC LIMIT ?)",
                values![id.as_str(), id.as_str(), LOG_MAX],
            )?;
            let mut outbox = self.outbox_where(alert, "named = 1")?;
            outbox.forget_names(now);
            self.save(&mut outbox)?;
        }
        let old = now.plus(-KEPT_MS);
        self.sql.run("DELETE FROM told WHERE at < ?", values![old.0])?;
        self.sql.run(
            "DELETE FROM messages WHERE open = 0 AND id < ?",
            values![format!("{:012x}", old.0.max(0))],
        )
    }

    /// Keys of an account's losses that were told to anyone, in order, after one of them.
    pub(super) fn told_losses(&self, account: AccountId, after: &str) -> Result<Vec<String>> {
        let from = format!("{account}/").max(after.to_owned());
        let rows = self.sql.rows(
            "SELECT DISTINCT key FROM told
             WHERE key > ? AND key < ? AND json_type(meaning, '$.left') IS NOT NULL
             ORDER BY key LIMIT ?",
            values![from, format!("{account}0"), TOLD_PAGE],
        )?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }

    /// An account is deleted: nobody who followed it is named any more.
    pub(super) fn forget(&self, account: AccountId) -> Result<()> {
        for alert in self.alerts()? {
            let mut outbox = self.outbox_where(alert, "named = 1")?;
            outbox.forget(account);
            self.save(&mut outbox)?;
        }
        // `0` comes after `/`: every key that begins with the account's id and `/`.
        let bounds = values![format!("{account}/"), format!("{account}0")];
        self.sql.run("DELETE FROM told WHERE key >= ? AND key < ?", bounds)
    }

    /// An id that sorts after those before it.
    pub(super) fn next_id(&self, now: UnixMs) -> String {
        let at = now.0.max(self.last_id.get() + 1).max(0);
        self.last_id.set(at);
        format!("{at:012x}{}", random_hex(8))
    }
}

fn write(sql: &Sql, alert: &str, changes: Changes, now: UnixMs) -> Result<()> {
    if let Some(alert) = &changes.alert {
        put_alert(sql, alert)?;
    }
    for message in &changes.messages {
        sql.run(
            "INSERT INTO messages (id, alert, state, open, named, message)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
                named = excluded.named, message = excluded.message",
            values![
                message.id.as_str(),
                alert,
                message.state.as_str(),
                i64::from(message.open()),
                i64::from(!message.items.is_empty()),
                serde_json::to_string(message)?,
            ],
        )?;
    }
    for (key, told) in changes.told {
        match told {
            Some(Told { meaning, message }) => sql.run(
                "INSERT INTO told (alert, key, at, message, meaning) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (alert, key) DO UPDATE SET at = excluded.at,
                    message = excluded.message, meaning = excluded.meaning",
                values![alert, key, now.0, message, serde_json::to_string(&meaning)?],
            )?,
            None => sql.run("DELETE FROM told WHERE alert = ? AND key = ?", values![alert, key])?,
        }
    }
    Ok(())
}

pub(super) fn put_alert(sql: &Sql, alert: &Alert) -> Result<()> {
    sql.run(
        "INSERT INTO alerts (id, alert) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET alert = excluded.alert",
        values![alert.id.as_str(), serde_json::to_string(alert)?],
    )
}

fn read<T: DeserializeOwned>(mut row: Row) -> Result<T> {
    Ok(serde_json::from_str(&row.text()?)?)
}
