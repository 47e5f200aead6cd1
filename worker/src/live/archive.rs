//! The raw archive in R2: what X sent, line by line, for as long as the owner wants its texts.
//! Owns: parts, their retention, what is taken out of them. Invariant: a part is the gzip members
//! of the window's rows side by side, so that making one costs no memory but its own; a download
//! never shows what X had deleted, whether or not the part has been rewritten yet.

use super::Core;
use super::flush::int;
use crate::bucket;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Row, values};
use crate::turn::Turn;
use shared::api::ArchivePart;
use shared::stream::archive::{self, Lines};
use shared::time::{HOUR_MS, MINUTE_MS, UnixMs};
use std::collections::HashMap;
use worker::Response;

/// A part holds so much of the stream, …
const PART_MS: i64 = 5 * MINUTE_MS;
/// … or so many bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts looked at in one sweep: the free plan allows 50 calls, and each may need three.
const SWEEP_PARTS: usize = 12;

const COLUMNS: &str = "name, key, began, ended, count, bytes, ids_only";

fn part(mut row: Row) -> Result<ArchivePart> {
    Ok(ArchivePart {
        name: row.text()?,
        key: row.text()?,
        from: UnixMs(row.int()?),
        to: UnixMs(row.int()?),
        count: row.int()?.unsigned_abs(),
        bytes: row.int()?.unsigned_abs(),
        ids_only: row.int()? != 0,
    })
}

impl Core {
    /// Writes the rows of the window that are old enough, or many enough, as a part.
    pub(super) async fn archive(&self) -> Result<()> {
        // A tick and the alarm may come at once: of two that write one part the earlier, shorter one
        // could be the last to land.
        let Some(_turn) = Turn::take(&self.archiving) else { return Ok(()) };
        loop {
            let after: i64 = self.meta("archived")?.unwrap_or(-1);
            let oldest = self.sql.first(
                "SELECT at FROM slots WHERE number > ? AND raw IS NOT NULL ORDER BY number LIMIT 1",
                values![after],
            )?;
            let Some(mut oldest) = oldest else { return Ok(()) };
            let began = UnixMs(oldest.int()?);
            let due = clock::now().since(began) >= PART_MS || !self.settings.borrow().archive;
            let Some(taken) = self.take_part(after, due)? else { return Ok(()) };
            let name = archive::name(began);
            let key = archive::key(began);
            let size = taken.bytes.len();
            let store = bucket::open(&self.env)?;
            // The same rows make the same part: written twice, it is the same.
            bucket::put(&store, &key, taken.bytes, "application/gzip", HashMap::new()).await?;
            let sql = self.sql.clone();
            self.sql.atomically(move || {
                sql.run(
                    "INSERT OR REPLACE INTO archive
                        (name, key, began, ended, count, bytes, ids_only, swept)
                     VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
                    values![name, key, began.0, taken.ended, taken.count, int(size as u64)],
                )?;
                sql.put_meta("archived", &taken.last)
            })?;
        }
    }

    /// The members of the next part; none if there is not enough for one and it is not due.
    fn take_part(&self, after: i64, due: bool) -> Result<Option<Taken>> {
        let mut taken = Taken { bytes: Vec::new(), count: 0, ended: 0, last: after };
        loop {
            let row = self.sql.first(
                "SELECT number, at, raw, raw_count FROM slots
                 WHERE number > ? AND raw IS NOT NULL ORDER BY number LIMIT 1",
                values![taken.last],
            )?;
            let Some(mut row) = row else { break };
            taken.last = row.int()?;
            taken.ended = row.int()?;
            taken.bytes.extend(row.blob()?);
            taken.count += row.int()?;
            if taken.bytes.len() >= PART_BYTES {
                return Ok(Some(taken));
            }
        }
        Ok((due && taken.count > 0).then_some(taken))
    }

    /// Raw lines that stand in a part are not kept beside the window's rows as well: a stream that
    /// rests writes over no row.
    pub(super) fn forget_archived(&self) -> Result<()> {
        let last: i64 = self.meta("archived")?.unwrap_or(-1);
        self.sql.run(
            "UPDATE slots SET raw = NULL, raw_count = 0 WHERE raw IS NOT NULL AND number <= ?",
            values![last],
        )
    }

    /// Takes deleted tweets out of parts, and the texts out of parts that are old enough.
    pub(super) async fn sweep_archive(&self) -> Result<()> {
        let hours = i64::from(self.settings.borrow().archive_hours);
        let texts_until = clock::now().plus(-hours * HOUR_MS);
        let newest_purge = self.sql.first("SELECT MAX(at) FROM purged", values![])?;
        let newest_purge = newest_purge.map(|mut row| row.maybe_int()).transpose()?.flatten();
        let statement = format!(
            "SELECT {COLUMNS} FROM archive WHERE ids_only = 0 AND (ended < ? OR swept <= ?)
             ORDER BY began LIMIT {SWEEP_PARTS}"
        );
        let bound = values![texts_until.0, newest_purge.unwrap_or(-1)];
        for row in self.sql.rows(&statement, bound)? {
            let found = part(row)?;
            if found.to < texts_until {
                self.to_ids(&found).await?;
            } else {
                self.clean(&found).await?;
            }
        }
        Ok(())
    }

    async fn lines(&self, found: &ArchivePart) -> Result<Option<Lines>> {
        let store = bucket::open(&self.env)?;
        let Some((_, bytes)) = bucket::read(&store, &found.key).await? else { return Ok(None) };
        let mut lines = Lines::read(&bytes).map_err(|e| super::corrupt(&found.key, &e))?;
        for purge in self.purges()? {
            lines.purge(&purge);
        }
        Ok(Some(lines))
    }

    /// Writes a part anew without what X had deleted.
    async fn clean(&self, found: &ArchivePart) -> Result<()> {
        let now = clock::now();
        if let Some(lines) = self.lines(found).await?
            && lines.changed()
        {
            let store = bucket::open(&self.env)?;
            let (bytes, count) = (lines.encode(), lines.count());
            let size = bytes.len() as u64;
            bucket::put(&store, &found.key, bytes, "application/gzip", HashMap::new()).await?;
            self.sql.run(
                "UPDATE archive SET count = ?, bytes = ? WHERE name = ?",
                values![int(count), int(size), found.name.as_str()],
            )?;
        }
        self.sql
            .run("UPDATE archive SET swept = ? WHERE name = ?", values![now.0, found.name.as_str()])
    }

    /// What remains of a part when its time is over: ids and how many there were. The texts go
    /// before that is noted: a loss in between must not leave them to nobody.
    async fn to_ids(&self, found: &ArchivePart) -> Result<()> {
        let store = bucket::open(&self.env)?;
        let key = archive::ids_key(found.from);
        let (size, count) = if let Some(lines) = self.lines(found).await? {
            let bytes = lines.ids();
            let size = bytes.len() as u64;
            bucket::put(&store, &key, bytes, "application/gzip", HashMap::new()).await?;
            store.delete(&found.key).await?;
            (size, lines.count())
        } else {
            match bucket::head(&store, &key).await? {
                Some(ids) => (ids.bytes, found.count),
                None => return self.forget_part(found),
            }
        };
        self.sql.run(
            "UPDATE archive SET key = ?, bytes = ?, count = ?, ids_only = 1 WHERE name = ?",
            values![key, int(size), int(count), found.name.as_str()],
        )
    }

    fn forget_part(&self, found: &ArchivePart) -> Result<()> {
        self.sql.run("DELETE FROM archive WHERE name = ?", values![found.name.as_str()])
    }

    /// `GET /stream/archive`.
    pub(super) fn list_archive(&self, query: &Query) -> Result<Response> {
        let limit = query::limit(query)?;
        let before = match query.get("cursor") {
            None => "~",
            Some(name) if archive::is_name(name) => name,
            Some(_) => return Err(query::bad_cursor()),
        };
        let statement =
            format!("SELECT {COLUMNS} FROM archive WHERE name < ? ORDER BY name DESC LIMIT ?");
        let rows = self.sql.rows(&statement, values![before, int(limit as u64 + 1)])?;
        let parts = rows.into_iter().map(part).collect::<Result<Vec<_>>>()?;
        http::json(200, &query::page(parts, limit, |part| part.name.clone()))
    }

    /// `GET /stream/archive/{part}`.
    pub(super) async fn download_part(&self, name: &str) -> Result<Response> {
        let statement = format!("SELECT {COLUMNS} FROM archive WHERE name = ?");
        let row = self.sql.first(&statement, values![name])?;
        let missing = || Fault::missing(format!("no part `{name}` in the archive"));
        let found = part(row.ok_or_else(missing)?)?;
        let bytes = if found.ids_only {
            let store = bucket::open(&self.env)?;
            bucket::read(&store, &found.key).await?.ok_or_else(missing)?.1
        } else {
            self.lines(&found).await?.ok_or_else(missing)?.encode()
        };
        let file = found.key.rsplit('/').next().unwrap_or(name);
        Ok(http::attachment("application/gzip", file)?.fixed(bytes))
    }
}

/// The rows that make a part.
struct Taken {
    bytes: Vec<u8>,
    count: i64,
    ended: i64,
    /// The last row's number.
    last: i64,
}
