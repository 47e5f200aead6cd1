//! The two lists in SQLite. Owns: pages of a reading under way, the packed rosters of what was
//! read last, and the profiles of the followed; of the blocked, ids alone. Invariant: a list is
//! replaced whole, in one write.

use crate::fault::{Fault, Result};
use crate::sql::{BLOB_MAX, Sql, values};
use shared::budget::BilledToday;
use shared::following::Relation;
use shared::id::UserId;
use shared::profile::{self, Entry};
use shared::roster::{Damaged, Roster};
use std::collections::BTreeSet;

/// A page as it will be kept.
pub(super) struct Page {
    pub(super) list: Relation,
    pub(super) number: u32,
    /// Its ids that no earlier page had.
    pub(super) fresh: Vec<UserId>,
    /// Their profiles, where they are kept.
    pub(super) profiles: Vec<Entry>,
}

impl Page {
    /// Part of the write that the reading's state is in.
    pub(super) fn keep(self, sql: &Sql) -> Result<()> {
        let packed = Roster::new(self.fresh.iter().map(|id| id.0).collect()).encode();
        sql.run(
            "INSERT INTO relation_pages (list, page, ids) VALUES (?, ?, ?)",
            values![self.list.as_str(), i64::from(self.number), packed],
        )?;
        for pack in profile::repack(Vec::new(), self.profiles) {
            sql.run(
                "INSERT INTO relation_packs (fresh, bytes) VALUES (1, ?)",
                values![pack.bytes],
            )?;
        }
        Ok(())
    }
}

/// The ids of the pages kept of a list.
pub(super) fn gathered(sql: &Sql, list: Relation) -> Result<Vec<u64>> {
    let mut ids = Vec::new();
    let pages = "SELECT ids FROM relation_pages WHERE list = ? ORDER BY page";
    for mut row in sql.rows(pages, values![list.as_str()])? {
        ids.extend_from_slice(Roster::decode(&row.blob()?).map_err(|e| damaged(&e))?.ids());
    }
    Ok(ids)
}

/// Drops what was gathered of a list.
pub(super) fn drop_gathered(sql: &Sql, list: Relation) -> Result<()> {
    sql.run("DELETE FROM relation_pages WHERE list = ?", values![list.as_str()])?;
    if list == Relation::Following {
        sql.run("DELETE FROM relation_packs WHERE fresh = 1", values![])?;
    }
    Ok(())
}

/// Puts what was gathered of a list in the place of what was there.
pub(super) fn replace(sql: &Sql, list: Relation, roster: &Roster) -> Result<()> {
    sql.run("DELETE FROM relation WHERE list = ?", values![list.as_str()])?;
    for (seq, chunk) in (0_i64..).zip(roster.encode().chunks(BLOB_MAX / 2)) {
        sql.run(
            "INSERT INTO relation (list, seq, bytes) VALUES (?, ?, ?)",
            values![list.as_str(), seq, chunk.to_vec()],
        )?;
    }
    if list == Relation::Following {
        sql.run("DELETE FROM relation_packs WHERE fresh = 0", values![])?;
        sql.run("UPDATE relation_packs SET fresh = 0", values![])?;
    }
    sql.run("DELETE FROM relation_pages WHERE list = ?", values![list.as_str()])
}

/// A list as it was last read; empty if it never was.
pub(super) fn roster(sql: &Sql, list: Relation) -> Result<Roster> {
    let mut bytes = Vec::new();
    let chunks = "SELECT bytes FROM relation WHERE list = ? ORDER BY seq";
    for mut row in sql.rows(chunks, values![list.as_str()])? {
        bytes.extend(row.blob()?);
    }
    if bytes.is_empty() {
        return Ok(Roster::default());
    }
    Roster::decode(&bytes).map_err(|error| damaged(&error))
}

/// The packs of profiles of the followed, by name.
pub(in crate::account) fn pack_starts(sql: &Sql) -> Result<Vec<String>> {
    let rows =
        sql.rows("SELECT seq FROM relation_packs WHERE fresh = 0 ORDER BY seq", values![])?;
    rows.into_iter().map(|mut row| Ok(row.int()?.to_string())).collect()
}

/// One pack by its name.
pub(in crate::account) fn pack(sql: &Sql, seq: &str) -> Result<Vec<Entry>> {
    let seq: i64 = seq.parse().map_err(|_| Fault::internal(format!("pack `{seq}`")))?;
    match sql.first("SELECT bytes FROM relation_packs WHERE seq = ?", values![seq])? {
        Some(mut row) => profile::decode(&row.blob()?).map_err(|error| damaged(&error)),
        None => Ok(Vec::new()),
    }
}

/// The profile of one of the followed.
pub(in crate::account) fn entry(sql: &Sql, user: UserId) -> Result<Option<Entry>> {
    for start in pack_starts(sql)? {
        if let Some(entry) = pack(sql, &start)?.into_iter().find(|entry| entry.id == user) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Leaves of some people, or of everyone, the id alone.
pub(in crate::account) fn forget(sql: &Sql, who: Option<&BTreeSet<UserId>>) -> Result<()> {
    for start in pack_starts(sql)? {
        let mut entries = pack(sql, &start)?;
        let mut changed = false;
        for entry in &mut entries {
            if who.is_none_or(|who| who.contains(&entry.id)) {
                entry.raw = format!(r#"{{"id":"{}"}}"#, entry.id);
                changed = true;
            }
        }
        if changed {
            let seq: i64 = start.parse().unwrap_or_default();
            sql.run(
                "UPDATE relation_packs SET bytes = ? WHERE seq = ?",
                values![profile::encode(&entries), seq],
            )?;
        }
    }
    Ok(())
}

/// Who was billed on the current UTC day.
pub(super) fn billed(sql: &Sql, list: Relation) -> Result<BilledToday> {
    let row = "SELECT bytes FROM relation_billed WHERE list = ?";
    let row = sql.first(row, values![list.as_str()])?;
    let bytes = row.map(|mut row| row.blob()).transpose()?.unwrap_or_default();
    // A damaged set only makes repeats look billed: dearer on paper, never in fact.
    Ok(BilledToday::decode(&bytes).unwrap_or_default())
}

pub(super) fn keep_billed(sql: &Sql, list: Relation, today: &BilledToday) -> Result<()> {
    let mut bytes = today.encode();
    if bytes.len() > BLOB_MAX {
        // Nobody follows so many; their repeats look billed.
        bytes.clear();
    }
    sql.run(
        "INSERT INTO relation_billed (list, bytes) VALUES (?, ?)
         ON CONFLICT (list) DO UPDATE SET bytes = excluded.bytes",
        values![list.as_str(), bytes],
    )
}

fn damaged(error: &Damaged) -> Fault {
    Fault::internal(format!("whom the account follows or blocks: {error}; read it again"))
}
