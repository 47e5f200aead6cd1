//! `TWEETS_` files: what each said of every tweet, and the seed's `STATS_TWEETS` made of them.
//! Invariant: a file is kept as it was read, by instant; the export is a fold over all of them in
//! order, made for a bounded number of tweets at a time.

use super::Account;
use super::ingest::{Arrived, End, Outcome};
use crate::fault::{Fault, Result};
use crate::sql::{BLOB_MAX, Sql, values};
use futures_util::StreamExt;
use shared::api::SnapshotState;
use shared::tweets::{self, Gunzip, StatsTweets};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use worker::ByteStream;

/// Tweets folded at a time: with a year of hourly files about 30 MB of metrics.
const TWEETS_AT_A_TIME: usize = 100;

impl Account {
    /// Reads a `TWEETS_` file.
    pub(super) async fn take_tweets(
        &self,
        arrived: &Arrived<'_>,
        mut body: ByteStream,
    ) -> Result<Outcome> {
        let mut gunzip = Gunzip::new();
        while let Some(bytes) = body.next().await {
            if let Err(damage) = gunzip.push(&bytes?) {
                return self.damaged_tweets(arrived, &damage).await;
            }
        }
        let sights = match gunzip.finish().and_then(|json| tweets::parse(&json)) {
            Ok(sights) => sights,
            Err(damage) => return self.damaged_tweets(arrived, &damage).await,
        };
        let packed = tweets::pack(&sights.tweets);
        let count = sights.tweets.len() as u64;
        let end = End { state: SnapshotState::Accepted, count: Some(count), reason: None };
        let conclude = arrived.conclude(end)?;
        let (sql, name) = (self.sql.clone(), arrived.name.clone());
        self.sql.atomically(move || {
            let at = name.at().0;
            sql.run("DELETE FROM tweets WHERE at = ?", values![at])?;
            for (piece, bytes) in (0_i64..).zip(packed.chunks(BLOB_MAX / 2)) {
                sql.run(
                    "INSERT INTO tweets (at, piece, stamp, bytes) VALUES (?, ?, ?, ?)",
                    values![at, piece, name.stamp(), bytes.to_vec()],
                )?;
            }
            conclude(&sql)
        })?;
        let counts = BTreeMap::from([
            ("tweets".to_owned(), i64::try_from(count).unwrap_or(i64::MAX)),
            ("dropped".to_owned(), i64::try_from(sights.dropped).unwrap_or(i64::MAX)),
        ]);
        Ok(Outcome { reason: None, counts })
    }

    async fn damaged_tweets(
        &self,
        arrived: &Arrived<'_>,
        damage: &tweets::Damage,
    ) -> Result<Outcome> {
        self.sql.run("DELETE FROM tweets WHERE at = ?", values![arrived.name.at().0])?;
        let why = format!("the file could not be read: {damage}");
        self.set_aside(arrived, None, why, BTreeMap::new()).await
    }
}

/// Every tweet ever listed, in id order, in chunks to fold one at a time.
pub(super) fn chunks(sql: &Sql) -> Result<VecDeque<Vec<shared::id::TweetId>>> {
    let mut ids = BTreeSet::new();
    for file in files(sql)? {
        let (_, bytes) = file?;
        ids.extend(unpack(&bytes)?.into_iter().map(|sight| sight.id));
    }
    let ids: Vec<_> = ids.into_iter().collect();
    Ok(ids.chunks(TWEETS_AT_A_TIME).map(<[_]>::to_vec).collect())
}

/// Folds every file's sights of these tweets, in order of the files.
pub(super) fn fold(
    sql: &Sql,
    chunk: &[shared::id::TweetId],
    stats: &mut StatsTweets,
) -> Result<()> {
    for file in files(sql)? {
        let (stamp, bytes) = file?;
        for sight in unpack(&bytes)? {
            if chunk.binary_search(&sight.id).is_ok() {
                stats.saw(&stamp, sight);
            }
        }
    }
    stats.flush();
    Ok(())
}

/// Every file kept, oldest first, one at a time in memory.
fn files(sql: &Sql) -> Result<impl Iterator<Item = Result<(String, Vec<u8>)>>> {
    let rows = sql.rows("SELECT DISTINCT at, stamp FROM tweets ORDER BY at", values![])?;
    let mut known = Vec::with_capacity(rows.len());
    for mut row in rows {
        known.push((row.int()?, row.text()?));
    }
    let sql = sql.clone();
    Ok(known.into_iter().map(move |(at, stamp)| {
        let pieces = "SELECT bytes FROM tweets WHERE at = ? ORDER BY piece";
        let mut bytes = Vec::new();
        for mut row in sql.rows(pieces, values![at])? {
            bytes.extend(row.blob()?);
        }
        Ok((stamp, bytes))
    }))
}

fn unpack(bytes: &[u8]) -> Result<Vec<tweets::Sight>> {
    tweets::unpack(bytes).map_err(|error| Fault::internal(format!("tweets: {error}")))
}
