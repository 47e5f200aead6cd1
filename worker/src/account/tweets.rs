//! `TWEETS_` files: what each said of every tweet, the rows made of them, and the seed's
//! `STATS_TWEETS`. Invariant: a file is kept as it was read, by instant; rows and export depend on
//! which files there are, never on the order in which they came.

mod collection;
mod list;
mod one;
mod purge;
mod read;
mod series;
mod store;
mod totals;

use super::Account;
use super::ingest::{Arrived, End, Outcome};
use crate::fault::{Fault, Result};
use crate::sql::{BLOB_MAX, Sql, values};
use futures_util::StreamExt;
use shared::acceptance::Entries;
use shared::api::SnapshotState;
use shared::id::TweetId;
use shared::metrics::Pushed;
use shared::snapshot::Name;
use shared::time::UnixMs;
use shared::tweet::{EntryCounts, File, Kept, Listed, kept::redact};
use shared::tweets::{self, Gunzip, StatsTweets};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use worker::ByteStream;

pub(super) use list::Wanted;

/// Tweets folded at a time: with a year of hourly files about 30 MB of metrics.
const TWEETS_AT_A_TIME: usize = 100;

/// A file read whole.
struct Told {
    packed: Vec<u8>,
    listed: Vec<Listed>,
    entries: Entries,
    /// Why none of it can be used, if so.
    set_aside: Option<String>,
    counts: BTreeMap<String, i64>,
}

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
        let told = match gunzip.finish().map(|json| self.file_told(arrived, &json)) {
            Ok(told) => told?,
            Err(damage) => Err(damage),
        };
        let mut told = match told {
            Ok(told) => told,
            Err(damage) => return self.damaged_tweets(arrived, &damage).await,
        };
        if let Some(twin) = self.twin(arrived.name)? {
            if !arrived.rehearsed {
                self.forget_file(arrived.name)?;
            }
            let why = format!("`{twin}` has the same instant: one file per instant is kept");
            return self.set_aside(arrived, None, Some(told.entries), why, told.counts).await;
        }
        if let Some(why) = told.set_aside.take() {
            if !arrived.rehearsed {
                self.forget_file(arrived.name)?;
            }
            return self.set_aside(arrived, Some(0), Some(told.entries), why, told.counts).await;
        }
        if arrived.rehearsed {
            return Ok(Outcome { reason: None, counts: told.counts });
        }
        let count = told.counts.get("tweets").copied().unwrap_or_default();
        let count = u64::try_from(count).ok();
        let entries = Some(told.entries);
        let end = End { state: SnapshotState::Accepted, count, entries, reason: None };
        let conclude = arrived.conclude(end)?;
        let (sql, name) = (self.sql.clone(), arrived.name.clone());
        let counts = std::mem::take(&mut told.counts);
        let refused = self.sql.atomically(move || {
            let refused = place(&sql, &name, &told)?;
            conclude(&sql)?;
            Ok(refused)
        })?;
        if self.has_purges()? {
            self.arm_in(1).await?;
        }
        let refused = (refused > 0).then(|| ("refused".to_owned(), refused));
        Ok(Outcome { reason: None, counts: counts.into_iter().chain(refused).collect() })
    }

    /// What a file's JSON says; the inner error is the file's.
    fn file_told(
        &self,
        arrived: &Arrived<'_>,
        json: &[u8],
    ) -> Result<std::result::Result<Told, tweets::Damage>> {
        let at = arrived.name.at();
        let gone = store::gone(&self.sql)?;
        let sights = match tweets::parse(json) {
            Ok(sights) => sights,
            Err(damage) => return Ok(Err(damage)),
        };
        let packed = pack(sights, |id| is_gone(&gone, id, at));
        let file = match File::read(json, at) {
            Ok(file) => file,
            Err(damage) => return Ok(Err(damage)),
        };
        let (set_aside, repeated) = (file.set_aside(), file.both + file.repeated);
        let EntryCounts { entries, unreadable } = file.entries;
        let dropped = arrived.dropped();
        let (entries, unreadable) = (entries + dropped, unreadable + dropped);
        let entries = Entries { entries, unreadable, repeated };
        let named = (file.tweets.len() as u64) + file.early;
        let mut listed = file.tweets;
        let before = listed.len();
        // A tweet of somebody else in the list is a mistake of whoever wrote the file.
        listed.retain(|one| one.tweet.author.is_none_or(|author| author == arrived.account));
        let foreign = (before - listed.len()) as u64;
        let counts = [
            ("tweets", named),
            ("dropped", unreadable),
            ("both", file.both),
            ("repeated", file.repeated),
            ("early", file.early),
            ("foreign", foreign),
            ("odd_metrics", file.odd_metrics),
        ];
        let always = ["tweets", "dropped"];
        let counts = counts.into_iter().filter(|(name, n)| *n > 0 || always.contains(name));
        let counts =
            counts.map(|(name, n)| (name.to_owned(), i64::try_from(n).unwrap_or(i64::MAX)));
        Ok(Ok(Told { packed, listed, entries, set_aside, counts: counts.collect() }))
    }

    async fn damaged_tweets(
        &self,
        arrived: &Arrived<'_>,
        damage: &tweets::Damage,
    ) -> Result<Outcome> {
        if !arrived.rehearsed && self.twin(arrived.name)?.is_none() {
            self.forget_file(arrived.name)?;
        }
        let why = format!("the file could not be read: {damage}");
        self.set_aside(arrived, None, None, why, BTreeMap::new()).await
    }

    /// Takes out what an earlier edition of a file said, if that was accepted.
    pub(super) fn forget_file(&self, name: &Name) -> Result<()> {
        let accepted = self.snapshot(name)?.is_some_and(|k| k.state == SnapshotState::Accepted);
        if !accepted {
            return Ok(());
        }
        let (sql, at) = (self.sql.clone(), name.at());
        self.sql.atomically(move || {
            let before = said(&sql, at)?;
            sql.run("DELETE FROM tweets WHERE at = ?", values![at.0])?;
            untake(&sql, at, &before)
        })
    }
}

fn is_gone(gone: &BTreeMap<TweetId, UnixMs>, id: TweetId, at: UnixMs) -> bool {
    gone.get(&id).is_some_and(|since| *since >= at)
}

/// The packed form, without the words of some tweets.
fn pack(mut sights: Vec<tweets::Sight>, gone: impl Fn(TweetId) -> bool) -> Vec<u8> {
    for sight in sights.iter_mut().filter(|sight| gone(sight.id)) {
        "null".clone_into(&mut sight.text);
    }
    tweets::pack(&sights)
}

/// Puts a file into the rows; tells how many tweets had too long a history. Part of one write.
fn place(sql: &Sql, name: &Name, told: &Told) -> Result<i64> {
    let at = name.at();
    let gone = store::gone(sql)?;
    let before = said(sql, at)?;
    keep_packed(sql, name, &told.packed)?;
    let mut refused = 0;
    for some in told.listed.chunks(store::AT_A_TIME) {
        let ids: Vec<TweetId> = some.iter().map(|one| one.tweet.id).collect();
        let mut known = store::load(sql, &ids)?;
        let mut rows = Vec::with_capacity(some.len());
        for one in some {
            let id = one.tweet.id;
            let mut kept = known.remove(&id).map_or_else(|| Kept::new(id), |found| found.kept);
            let purged = is_gone(&gone, id, at);
            if kept.take(at, one, purged) == Pushed::Refused {
                refused += 1;
            }
            rows.push(kept);
        }
        store::write(sql, &rows)?;
    }
    let now: BTreeSet<TweetId> = told.listed.iter().map(|one| one.tweet.id).collect();
    let left: Vec<TweetId> = before.into_iter().filter(|id| !now.contains(id)).collect();
    untake(sql, at, &left)?;
    let spoken = |one: &&Listed| redact(&one.tweet.raw).is_some();
    let words = |one: &&Listed| is_gone(&gone, one.tweet.id, at) && spoken(one);
    if told.listed.iter().any(|one| words(&one)) {
        sql.run("INSERT OR IGNORE INTO purge (name) VALUES (?)", values![name.as_str()])?;
    }
    // X told of it after it seemed gone: a protected account opened again.
    let back = now.iter().filter(|id| gone.get(id).is_some_and(|since| *since < at));
    for id in back {
        sql.run("DELETE FROM tweet_gone WHERE id = ?", values![store::text_of(*id)])?;
    }
    Ok(refused)
}

/// Takes a file's instant out of some tweets, and out of the rows whom no other file names.
fn untake(sql: &Sql, at: UnixMs, ids: &[TweetId]) -> Result<()> {
    for some in ids.chunks(store::AT_A_TIME) {
        let (mut rows, mut none) = (Vec::new(), Vec::new());
        for (id, mut found) in store::load(sql, some)? {
            if found.kept.untake(at) {
                rows.push(found.kept);
            } else {
                none.push(id);
            }
        }
        store::write(sql, &rows)?;
        store::remove(sql, &none)?;
    }
    Ok(())
}

/// Replaces the packed form of the file of an instant.
fn keep_packed(sql: &Sql, name: &Name, packed: &[u8]) -> Result<()> {
    let at = name.at().0;
    sql.run("DELETE FROM tweets WHERE at = ?", values![at])?;
    for (piece, bytes) in (0_i64..).zip(packed.chunks(BLOB_MAX / 2)) {
        sql.run(
            "INSERT INTO tweets (at, piece, stamp, bytes) VALUES (?, ?, ?, ?)",
            values![at, piece, name.stamp(), bytes.to_vec()],
        )?;
    }
    Ok(())
}

/// The tweets that the file of an instant named when it was last read.
fn said(sql: &Sql, at: UnixMs) -> Result<Vec<TweetId>> {
    let bytes = pieces(sql, at.0)?;
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(unpack(&bytes)?.into_iter().map(|sight| sight.id).collect())
}

/// Every tweet ever listed, in id order, in chunks to fold one at a time.
pub(super) fn chunks(sql: &Sql) -> Result<VecDeque<Vec<TweetId>>> {
    let mut ids = BTreeSet::new();
    for file in files(sql)? {
        let (_, bytes) = file?;
        ids.extend(unpack(&bytes)?.into_iter().map(|sight| sight.id));
    }
    let ids: Vec<_> = ids.into_iter().collect();
    Ok(ids.chunks(TWEETS_AT_A_TIME).map(<[_]>::to_vec).collect())
}

/// Folds every file's sights of these tweets, in order of the files.
pub(super) fn fold(sql: &Sql, chunk: &[TweetId], stats: &mut StatsTweets) -> Result<()> {
    let gone = store::gone(sql)?;
    for file in files(sql)? {
        let (stamp, bytes) = file?;
        for mut sight in unpack(&bytes)? {
            if chunk.binary_search(&sight.id).is_ok() {
                // Until its words are purged from what is packed.
                if gone.contains_key(&sight.id) {
                    "null".clone_into(&mut sight.text);
                }
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
    Ok(known.into_iter().map(move |(at, stamp)| Ok((stamp, pieces(&sql, at)?))))
}

fn pieces(sql: &Sql, at: i64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for mut row in sql.rows("SELECT bytes FROM tweets WHERE at = ? ORDER BY piece", values![at])? {
        bytes.extend(row.blob()?);
    }
    Ok(bytes)
}

fn unpack(bytes: &[u8]) -> Result<Vec<tweets::Sight>> {
    tweets::unpack(bytes).map_err(|error| Fault::internal(format!("tweets: {error}")))
}
