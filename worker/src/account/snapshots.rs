//! The snapshots known to this account, one row each. Invariant: accepted rows have distinct
//! instants; the row's etag is that of the bytes last read, or to be read.

use super::Account;
use crate::bucket;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Row, Sql, values};
use shared::acceptance::Entries;
use shared::api::{self, Origin, SnapshotState};
use shared::crawl::CrawlFacts;
use shared::ledger::{Mark, Timeline};
use shared::snapshot::{self, Name};
use shared::time::UnixMs;
use worker::Response;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: Name,
    pub(super) etag: String,
    pub(super) bytes: u64,
    pub(super) count: Option<u64>,
    /// What its entries came to; none of lists that were not read, or before that was counted.
    pub(super) entries: Option<Entries>,
    pub(super) state: SnapshotState,
    pub(super) reason: Option<String>,
    pub(super) run: Option<String>,
    pub(super) facts: Option<CrawlFacts>,
    pub(super) origin: Origin,
}

const COLUMNS: &str = "name, etag, bytes, count, entries, unreadable, repeated, state, reason,
    run, facts,
    (SELECT origin FROM origins WHERE file = name)";

/// Metadata of a stored list: where it came from, if it is neither a check nor a plain import.
pub(crate) const ORIGIN: &str = "origin";

/// Metadata of a file of tweets: entries without a readable id of the answers it was written from.
pub(crate) const DROPPED: &str = "dropped";

fn read(mut row: Row) -> Result<Known> {
    let unsigned = |n: i64| u64::try_from(n).unwrap_or_default();
    let (name, etag) = (row.text()?, row.text()?);
    let (bytes, count) = (unsigned(row.int()?), row.maybe_int()?.map(unsigned));
    let mut counted = || Ok::<_, Fault>(row.maybe_int()?.map(unsigned));
    let entries = match (counted()?, counted()?, counted()?) {
        (Some(entries), Some(unreadable), Some(repeated)) => {
            Some(Entries { entries, unreadable, repeated })
        }
        _ => None,
    };
    let state = SnapshotState::from_word(&row.text()?)
        .ok_or_else(|| Fault::internal("a snapshot's state".to_owned()))?;
    let (reason, run) = (row.maybe_text()?, row.maybe_text()?);
    let facts: Option<CrawlFacts> =
        row.maybe_text()?.map(|text| serde_json::from_str(&text)).transpose()?;
    let origin = row.maybe_text()?.and_then(|word| Origin::from_word(&word));
    let usual = if facts.is_some() { Origin::Check } else { Origin::Import };
    Ok(Known {
        name: Name::parse(&name).map_err(|error| Fault::internal(error.to_string()))?,
        etag,
        bytes,
        count,
        entries,
        state,
        reason,
        run,
        facts,
        origin: origin.unwrap_or(usual),
    })
}

fn accepted(sql: &Sql) -> Result<Vec<Known>> {
    let statement = format!("SELECT {COLUMNS} FROM lists ORDER BY at");
    sql.rows(&statement, values![])?.into_iter().map(read).collect()
}

/// The accepted snapshots as the ledger sees them.
pub(super) fn timeline(sql: &Sql) -> Result<Timeline> {
    let marks = accepted(sql)?.into_iter().map(|known| Mark {
        at: known.name.at(),
        count: known.count.unwrap_or_default(),
        unreadable: known.entries.map_or(0, |entries| entries.unreadable),
        facts: known.facts,
    });
    Ok(Timeline::new(marks.collect()))
}

impl Account {
    pub(super) fn snapshot(&self, name: &Name) -> Result<Option<Known>> {
        let statement = format!("SELECT {COLUMNS} FROM snapshots WHERE name = ?");
        self.sql.first(&statement, values![name.as_str()])?.map(read).transpose()
    }

    /// The accepted follower lists, oldest first.
    pub(super) fn accepted(&self) -> Result<Vec<Known>> {
        accepted(&self.sql)
    }

    /// The first of them.
    pub(super) fn accepted_first(&self) -> Result<Option<Known>> {
        let statement = format!("SELECT {COLUMNS} FROM lists ORDER BY at LIMIT 1");
        self.sql.first(&statement, values![])?.map(read).transpose()
    }

    /// Notes where a list came from, as its file tells.
    pub(super) fn record_origin(&self, name: &Name, told: Option<&String>) -> Result<()> {
        self.sql.run("DELETE FROM origins WHERE file = ?", values![name.as_str()])?;
        let Some(origin) = told.and_then(|word| Origin::from_word(word)) else { return Ok(()) };
        self.sql.run(
            "INSERT INTO origins (file, origin) VALUES (?, ?)",
            values![name.as_str(), origin.as_str()],
        )
    }

    /// The newest accepted follower list at or before an instant (of all, without one).
    pub(super) fn accepted_at(&self, at: Option<UnixMs>) -> Result<Option<Known>> {
        let statement =
            format!("SELECT {COLUMNS} FROM lists WHERE at <= ? ORDER BY at DESC LIMIT 1");
        // 2^53 - 1: the last instant SQLite and JavaScript agree on.
        let at = at.map_or(9_007_199_254_740_991, |at| at.0);
        self.sql.first(&statement, values![at])?.map(read).transpose()
    }

    /// `GET …/snapshots`.
    pub(super) fn list_snapshots(&self, query: &Query) -> Result<Response> {
        let limit = query::limit(query)?;
        let statement = format!(
            "SELECT {COLUMNS} FROM snapshots WHERE ?1 IS NULL OR (at, name) < (?1, ?2)
             ORDER BY at DESC, name DESC LIMIT ?3"
        );
        let after = query.get("cursor").map(|text| Name::parse(text)).transpose();
        let after = after.map_err(|_| query::bad_cursor())?;
        let (at, name) = after.as_ref().map(|name| (name.at().0, name.as_str())).unzip();
        let bound = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let rows = self.sql.rows(&statement, values![at, name, bound])?;
        let known: Vec<Known> = rows.into_iter().map(read).collect::<Result<_>>()?;
        let page = query::page(known, limit, |known| known.name.as_str().to_owned());
        let items = page.items.into_iter().map(shown).collect();
        http::json(200, &api::List { items, next_cursor: page.next_cursor })
    }

    /// `GET …/snapshots/{name}`: the file as stored.
    pub(super) async fn download(&self, name: &str) -> Result<Response> {
        let settings = self.tracked()?;
        let name = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
        if let Some(purged) = self.download_purged(&name).await? {
            return Ok(purged);
        }
        let bucket = bucket::open(&self.env)?;
        let key = snapshot::key(settings.account, &name);
        let (found, body) = bucket::stream(&bucket, &key)
            .await?
            .ok_or_else(|| Fault::missing(format!("no snapshot `{}`", name.as_str())))?;
        let builder = http::attachment("application/gzip", name.as_str())?
            .with_header("etag", &format!("\"{}\"", found.etag))?;
        // No Content-Encoding: the file is gzip, it is not sent as gzip.
        Ok(builder.from_stream(body)?)
    }
}

fn shown(known: Known) -> api::Snapshot {
    api::Snapshot {
        kind: known.name.kind(),
        at: known.name.at(),
        name: known.name.as_str().to_owned(),
        bytes: known.bytes,
        count: known.count,
        entries: known.entries.map(|entries| entries.entries),
        unreadable: known.entries.map(|entries| entries.unreadable),
        repeated: known.entries.map(|entries| entries.repeated),
        origin: known.origin,
        state: known.state,
        reason: known.reason,
        etag: known.etag,
        run: known.run,
    }
}
