//! Profiles as last seen: packs of about 1,000 raw user objects by id range. Invariant: packs
//! cover ids without overlap; a pack is rewritten whole; a newer sight of a user wins whatever
//! the order in which snapshots come.

use super::erase::erased;
use super::{Account, id_from_text, id_text};
use crate::fault::{Fault, Result};
use crate::sql::{Sql, values};
use shared::api::Person;
use shared::id::UserId;
use shared::profile::{self, Chunk, Entry, Sorted};
use shared::roster::Roster;
use shared::time::UnixMs;
use shared::x::user::Profile;
use std::collections::{BTreeSet, HashMap};

/// Packs merged in one write.
const PACKS_PER_WRITE: usize = 16;

/// Who someone is, as far as known.
pub(super) fn person(id: UserId, profile: Option<&Profile>) -> Person {
    profile.map_or_else(
        || Person { id, username: String::new(), name: String::new(), avatar: None },
        |profile| profile.person.clone(),
    )
}

impl Account {
    /// Keeps a chunk of a sort that is larger than memory.
    pub(super) fn spill(&self, chunk: Chunk) -> Result<()> {
        self.sql.run(
            "INSERT INTO spill (lo, hi, bytes) VALUES (?, ?, ?)",
            values![id_text(chunk.lo), id_text(chunk.hi), chunk.bytes],
        )
    }

    /// Takes the profiles of an accepted list over into the packs.
    pub(super) fn merge_profiles(&self, sorted: Sorted, roster: &Roster) -> Result<()> {
        let chunks = match sorted {
            Sorted::InMemory(entries) => return self.merge_entries(entries),
            Sorted::Spilled(chunks) => chunks,
        };
        for chunk in chunks {
            self.spill(chunk)?;
        }
        for window in profile::windows(roster) {
            let from = id_text(window.from);
            let until = window.until.map_or_else(|| "A".to_owned(), id_text);
            let rows = self.sql.rows(
                "SELECT seq FROM spill WHERE hi >= ? AND lo < ? ORDER BY seq",
                values![from.as_str(), until.as_str()],
            )?;
            let mut entries = Vec::new();
            for mut row in rows {
                let chunk = "SELECT bytes FROM spill WHERE seq = ?";
                let Some(mut chunk) = self.sql.first(chunk, values![row.int()?])? else { continue };
                let decoded = profile::decode(&chunk.blob()?).map_err(|error| damaged(&error))?;
                entries.extend(decoded.into_iter().filter(|entry| {
                    entry.id >= window.from && window.until.is_none_or(|until| entry.id < until)
                }));
            }
            profile::keep_newest(&mut entries);
            self.merge_entries(entries)?;
        }
        self.sql.run("DELETE FROM spill", values![])
    }

    /// Merges entries, sorted by id, pack by pack.
    pub(super) fn merge_entries(&self, mut entries: Vec<Entry>) -> Result<()> {
        self.without_erased(&mut entries)?;
        let mut los = Vec::new();
        for mut row in self.sql.rows("SELECT lo FROM packs ORDER BY lo", values![])? {
            los.push(id_from_text(&row.text()?)?);
        }
        if los.is_empty() {
            return self.write_packs(vec![(None, entries)]);
        }
        // The first pack takes whatever is below it.
        let mut work: Vec<(Option<UserId>, Vec<Entry>)> = Vec::new();
        for entry in entries {
            let pack = los.partition_point(|lo| *lo <= entry.id).saturating_sub(1);
            let lo = los.get(pack).copied();
            match work.last_mut() {
                Some((last, batch)) if *last == lo => batch.push(entry),
                _ => work.push((lo, vec![entry])),
            }
        }
        while !work.is_empty() {
            let rest = work.split_off(work.len().min(PACKS_PER_WRITE));
            self.write_packs(std::mem::replace(&mut work, rest))?;
        }
        Ok(())
    }

    /// Old lists bring no erased name back; a newer sight of someone does.
    fn without_erased(&self, entries: &mut [Entry]) -> Result<()> {
        let erased = erased(&self.sql)?;
        for entry in entries.iter_mut() {
            match erased.get(&entry.id) {
                Some(at) if entry.seen <= *at => *entry = nameless(entry.id, *at),
                // An id alone is no sight of a name.
                Some(_) if entry.tells() => {
                    self.sql
                        .run("DELETE FROM erased WHERE user = ?", values![id_text(entry.id)])?;
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    fn write_packs(&self, work: Vec<(Option<UserId>, Vec<Entry>)>) -> Result<()> {
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for (lo, incoming) in work {
                let mut existing = Vec::new();
                if let Some(lo) = lo {
                    let pack = "SELECT bytes FROM packs WHERE lo = ?";
                    if let Some(mut row) = sql.first(pack, values![id_text(lo)])? {
                        existing =
                            profile::decode(&row.blob()?).map_err(|error| damaged(&error))?;
                    }
                    sql.run("DELETE FROM packs WHERE lo = ?", values![id_text(lo)])?;
                }
                for pack in profile::repack(existing, incoming) {
                    sql.run(
                        "INSERT INTO packs (lo, bytes) VALUES (?, ?)",
                        values![id_text(pack.lo), pack.bytes],
                    )?;
                }
            }
            Ok(())
        })
    }
}

/// The profiles of these people, those that are known.
pub(super) fn find(
    sql: &Sql,
    users: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, Profile>> {
    let wanted: BTreeSet<UserId> = users.collect();
    let mut found = HashMap::with_capacity(wanted.len());
    let mut wanted = wanted.into_iter().peekable();
    // Ascending ids: each pack is decoded once.
    while let Some(first) = wanted.next() {
        let Some((entries, next_lo)) = pack_of(sql, first)? else { continue };
        let mut take = |id: UserId| {
            if let Ok(at) = entries.binary_search_by_key(&id, |entry| entry.id)
                && let Some(entry) = entries.get(at)
                && let Some(profile) = Profile::of(id, &entry.raw)
            {
                found.insert(id, profile);
            }
        };
        take(first);
        while let Some(id) = wanted.next_if(|id| next_lo.is_none_or(|lo| *id < lo)) {
            take(id);
        }
    }
    Ok(found)
}

/// The entry of one person.
pub(super) fn entry(sql: &Sql, user: UserId) -> Result<Option<Entry>> {
    let Some((entries, _)) = pack_of(sql, user)? else { return Ok(None) };
    Ok(entries.into_iter().find(|entry| entry.id == user))
}

/// Takes names and pictures out of packs. Part of one write.
pub(super) fn erase(sql: &Sql, users: &BTreeSet<UserId>, at: UnixMs) -> Result<()> {
    for user in users {
        let pack = "SELECT lo, bytes FROM packs WHERE lo <= ? ORDER BY lo DESC LIMIT 1";
        let Some(mut row) = sql.first(pack, values![id_text(*user)])? else { continue };
        let lo = row.text()?;
        let mut entries = profile::decode(&row.blob()?).map_err(|error| damaged(&error))?;
        let Some(entry) = entries.iter_mut().find(|entry| entry.id == *user) else { continue };
        *entry = nameless(*user, at);
        sql.run("DELETE FROM packs WHERE lo = ?", values![lo])?;
        for pack in profile::repack(entries, Vec::new()) {
            sql.run(
                "INSERT INTO packs (lo, bytes) VALUES (?, ?)",
                values![id_text(pack.lo), pack.bytes],
            )?;
        }
    }
    Ok(())
}

/// All that is kept of someone who is gone.
fn nameless(id: UserId, seen: UnixMs) -> Entry {
    Entry { id, seen, raw: format!("{{\"id\":\"{id}\"}}") }
}

/// The pack that holds an id's range, and where the next one begins.
fn pack_of(sql: &Sql, id: UserId) -> Result<Option<(Vec<Entry>, Option<UserId>)>> {
    let pack = "SELECT bytes FROM packs WHERE lo <= ? ORDER BY lo DESC LIMIT 1";
    let Some(mut row) = sql.first(pack, values![id_text(id)])? else { return Ok(None) };
    let entries = profile::decode(&row.blob()?).map_err(|error| damaged(&error))?;
    let next = "SELECT lo FROM packs WHERE lo > ? ORDER BY lo LIMIT 1";
    let next = sql.first(next, values![id_text(id)])?;
    let next = next.map(|mut row| id_from_text(&row.text()?)).transpose()?;
    Ok(Some((entries, next)))
}

/// Every pack's first id, in order: for walks that read one pack at a time.
pub(super) fn pack_starts(sql: &Sql) -> Result<Vec<String>> {
    let rows = sql.rows("SELECT lo FROM packs ORDER BY lo", values![])?;
    rows.into_iter().map(|mut row| row.text()).collect()
}

/// One pack by its first id.
pub(super) fn pack(sql: &Sql, lo: &str) -> Result<Vec<Entry>> {
    match sql.first("SELECT bytes FROM packs WHERE lo = ?", values![lo])? {
        Some(mut row) => profile::decode(&row.blob()?).map_err(|error| damaged(&error)),
        None => Ok(Vec::new()),
    }
}

fn damaged(error: &shared::roster::Damaged) -> Fault {
    Fault::internal(format!("profiles: {error}; replay makes them again"))
}
