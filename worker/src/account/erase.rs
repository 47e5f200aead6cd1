//! Names of accounts that are gone. Owns: whose name and picture must not be kept any more.
//! Invariant: at most 24 hours after it is confirmed that an account is gone, no answer and no
//! export has its name; the list of them outlives replays, so that old lists do not bring names
//! back. Who is listed again has a name again.

use super::{Account, following, id_from_text, id_text, profiles};
use crate::fault::Result;
use crate::sql::{Sql, values};
use shared::id::UserId;
use shared::time::{DAY_MS, UnixMs};
use std::collections::{BTreeSet, HashMap};

/// Everyone erased, and when.
pub(super) fn erased(sql: &Sql) -> Result<HashMap<UserId, UnixMs>> {
    let rows = sql.rows("SELECT user, at FROM erased", values![])?;
    let all = rows.into_iter();
    all.map(|mut row| Ok((id_from_text(&row.text()?)?, UnixMs(row.int()?)))).collect()
}

impl Account {
    /// Erases whoever is gone for good: confirmed by a look a day after the first, or a day late
    /// because that look was not affordable.
    pub(super) fn erase_gone(&self, now: UnixMs) -> Result<()> {
        let rows = self.sql.rows(
            "SELECT DISTINCT c.user FROM changes c
             WHERE c.reason = 'gone' AND (c.settled IS NOT NULL OR c.settles <= ?)
             AND NOT EXISTS (SELECT 1 FROM erased e WHERE e.user = c.user)
             AND NOT EXISTS (SELECT 1 FROM changes l
                WHERE l.user = c.user AND l.at > c.at AND l.dir > 0)
             AND NOT EXISTS (SELECT 1 FROM verdicts v
                WHERE v.user = c.user AND v.at > c.at AND v.said = 'followed')",
            values![now.plus(-DAY_MS).0],
        )?;
        let mut gone = BTreeSet::new();
        for mut row in rows {
            gone.insert(id_from_text(&row.text()?)?);
        }
        if gone.is_empty() {
            return Ok(());
        }
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for user in &gone {
                sql.run(
                    "INSERT OR IGNORE INTO erased (user, at) VALUES (?, ?)",
                    values![id_text(*user), now.0],
                )?;
            }
            following::forget(&sql, Some(&gone))?;
            profiles::erase(&sql, &gone, now)
        })
    }
}
