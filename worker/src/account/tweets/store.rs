//! Tweets in SQLite: one light row each for filters and sorting, its packed series beside it.
//! Must not know: which file counts for what. Invariant: rows are written many at a time, so that
//! a file of 3,200 tweets takes about a hundred statements; a tweet X no longer has comes out of
//! here without its words, whatever is still stored.

use crate::account::{id_from_text, id_text};
use crate::fault::{Fault, Result};
use crate::sql::{Row, Sql, Value, values};
use shared::api::TweetKind;
use shared::id::{TweetId, UserId};
use shared::metrics::Series;
use shared::time::UnixMs;
use shared::tweet::Kept;
use std::collections::BTreeMap;

/// Tweets read, changed and written at a time: with a year of readings each about 2 MB.
pub(super) const AT_A_TIME: usize = 200;
/// Rows of one statement with blobs: the platform binds at most 100 values.
const SERIES_PER_INSERT: usize = 50;
/// Rows of one statement made of JSON: with texts of 25,000 characters well under 2 MB.
const ROWS_PER_INSERT: usize = 40;

/// A tweet as stored.
pub(super) struct Stored {
    pub(super) kept: Kept,
    /// When X was seen not to have it any more.
    pub(super) deleted_at: Option<UnixMs>,
    /// The version that replaced it.
    pub(super) replaced_by: Option<TweetId>,
}

pub(super) fn text_of(id: TweetId) -> String {
    id_text(UserId(id.0))
}

pub(super) fn id_of(text: &str) -> Result<TweetId> {
    Ok(TweetId(id_from_text(text)?.0))
}

fn json_ids<'a>(ids: impl Iterator<Item = &'a TweetId>) -> Result<String> {
    Ok(serde_json::to_string(&ids.map(|id| text_of(*id)).collect::<Vec<_>>())?)
}

const COLUMNS: &str = "t.id, t.created, t.kind, t.lang, t.advertised, t.told_at, t.head, t.text,
    g.at, e.new, s.bytes";

/// Reads these tweets, those that are known; at most [`AT_A_TIME`].
pub(super) fn load(sql: &Sql, ids: &[TweetId]) -> Result<BTreeMap<TweetId, Stored>> {
    let statement = format!(
        "SELECT {COLUMNS} FROM tweet t JOIN tweet_series s ON s.id = t.id
         LEFT JOIN tweet_gone g ON g.id = t.id LEFT JOIN tweet_edit e ON e.old = t.id
         WHERE t.id IN (SELECT value FROM json_each(?))"
    );
    let rows = sql.rows(&statement, values![json_ids(ids.iter())?])?;
    rows.into_iter().map(stored).map(|found| found.map(|one| (one.kept.id, one))).collect()
}

fn stored(mut row: Row) -> Result<Stored> {
    let mut kept = Kept::new(id_of(&row.text()?)?);
    kept.created = row.maybe_int()?.map(UnixMs);
    kept.kind = kind(&row.text()?)?;
    kept.lang = row.maybe_text()?;
    kept.advertised = row.int()? != 0;
    kept.told_at = Some(UnixMs(row.int()?));
    kept.head = serde_json::from_str(&row.text()?)?;
    kept.text = row.maybe_text()?;
    let deleted_at = row.maybe_int()?.map(UnixMs);
    let replaced_by = row.maybe_text()?.map(|id| id_of(&id)).transpose()?;
    kept.series = series(&row.blob()?)?;
    if deleted_at.is_some() {
        kept.forget();
    }
    Ok(Stored { kept, deleted_at, replaced_by })
}

pub(super) fn kind(word: &str) -> Result<TweetKind> {
    TweetKind::from_word(word).ok_or_else(|| Fault::internal(format!("kind `{word}` of a tweet")))
}

fn series(bytes: &[u8]) -> Result<Series> {
    Series::decode(bytes).map(Series::limited).map_err(|error| Fault::internal(error.to_string()))
}

/// Writes rows, new ones and those known.
pub(super) fn write(sql: &Sql, tweets: &[Kept]) -> Result<()> {
    for some in tweets.chunks(ROWS_PER_INSERT) {
        let rows = some.iter().map(json_row).collect::<Result<Vec<_>>>()?;
        sql.run(
            "INSERT INTO tweet (id, created, kind, lang, promoted, advertised, told_at, read_at,
                metrics, head, text)
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
                value->>7, value->>8, value->>9, value->>10 FROM json_each(?) WHERE true
             ON CONFLICT (id) DO UPDATE SET created = excluded.created, kind = excluded.kind,
                lang = excluded.lang, promoted = excluded.promoted,
                advertised = excluded.advertised, told_at = excluded.told_at,
                read_at = excluded.read_at, metrics = excluded.metrics, head = excluded.head,
                text = excluded.text",
            values![serde_json::to_string(&rows)?],
        )?;
    }
    for some in tweets.chunks(SERIES_PER_INSERT) {
        let rows = vec!["(?, ?)"; some.len()].join(", ");
        let bound = some.iter().flat_map(|tweet| values![text_of(tweet.id), tweet.series.encode()]);
        sql.run(
            &format!(
                "INSERT INTO tweet_series (id, bytes) VALUES {rows}
                 ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes"
            ),
            bound.collect(),
        )?;
    }
    edits(sql, tweets)
}

/// Remembers which version replaced which: of an edit chain the last one.
fn edits(sql: &Sql, tweets: &[Kept]) -> Result<()> {
    let pairs = |tweet: &Kept| {
        let new = text_of(tweet.id);
        let pair = |old: &TweetId| [text_of(*old), new.clone()];
        tweet.head.replaces.iter().map(pair).collect::<Vec<_>>()
    };
    let pairs: Vec<[String; 2]> = tweets.iter().flat_map(pairs).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    sql.run(
        "INSERT INTO tweet_edit (old, new) SELECT value->>0, value->>1 FROM json_each(?) WHERE true
         ON CONFLICT (old) DO UPDATE SET new = MAX(new, excluded.new)",
        values![serde_json::to_string(&pairs)?],
    )
}

fn json_row(tweet: &Kept) -> Result<serde_json::Value> {
    Ok(serde_json::json!([
        text_of(tweet.id),
        tweet.created.map(|at| at.0),
        tweet.kind.as_str(),
        tweet.lang,
        i64::from(tweet.promoted()),
        i64::from(tweet.advertised),
        tweet.told_at.map(|at| at.0),
        tweet.read_at().map(|at| at.0),
        serde_json::to_string(&tweet.latest())?,
        serde_json::to_string(&tweet.head)?,
        tweet.text,
    ]))
}

/// Takes rows out: no file names them any more.
pub(super) fn remove(sql: &Sql, ids: &[TweetId]) -> Result<()> {
    let ids = json_ids(ids.iter())?;
    for table in ["tweet", "tweet_series"] {
        sql.run(
            &format!("DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))"),
            values![ids.as_str()],
        )?;
    }
    Ok(())
}

/// The tweets X no longer has, and since when that is known.
pub(super) fn gone(sql: &Sql) -> Result<BTreeMap<TweetId, UnixMs>> {
    let rows = sql.rows("SELECT id, at FROM tweet_gone", values![])?;
    rows.into_iter().map(|mut row| Ok((id_of(&row.text()?)?, UnixMs(row.int()?)))).collect()
}

/// The series of tweets that pass some conditions, a bounded number in memory: hands each to
/// `take` with when it was written.
pub(super) fn each_series(
    sql: &Sql,
    conditions: &str,
    bound: &[Value],
    mut take: impl FnMut(TweetId, Option<UnixMs>, &Series),
) -> Result<()> {
    let mut after = String::new();
    loop {
        let statement = format!(
            "SELECT t.id, t.created, s.bytes FROM tweet t JOIN tweet_series s ON s.id = t.id
             WHERE t.id > ? AND {conditions} ORDER BY t.id LIMIT {AT_A_TIME}"
        );
        let mut values = values![after.as_str()];
        values.extend(bound.iter().cloned());
        let rows = sql.rows(&statement, values)?;
        let full = rows.len() == AT_A_TIME;
        for mut row in rows {
            after = row.text()?;
            let created = row.maybe_int()?.map(UnixMs);
            take(id_of(&after)?, created, &series(&row.blob()?)?);
        }
        if !full {
            return Ok(());
        }
    }
}
