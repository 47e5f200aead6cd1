//! What X had deleted: its words go out of every answer at once, and out of the files soon after.
//! Owns: the list of such tweets, and rewriting files without them. Invariant: from the instant a
//! deletion is known no answer has its words (the list is applied to all that is read); a file is
//! rewritten whole or stays, and doing it again changes nothing.

use super::{is_gone, keep_packed, pack, store};
use crate::account::Account;
use crate::bucket;
use crate::clock;
use crate::fault::Result;
use crate::http;
use crate::rpc::ControlClient;
use crate::runs;
use crate::sql::{Sql, values};
use shared::api::{RunState, Trigger};
use shared::export::Gz;
use shared::id::TweetId;
use shared::snapshot::{self, Name};
use shared::time::UnixMs;
use shared::tweet::redacted;
use shared::tweets::{self, Gunzip};
use std::collections::BTreeMap;
use worker::Response;

/// Files of one alarm: three calls to the bucket at most for each.
const FILES_PER_ALARM: i64 = 5;

/// X no longer has these: their words go at once, and the files that name them are to be rewritten.
/// Part of one write.
pub(super) fn gone(sql: &Sql, ids: &[TweetId], now: UnixMs) -> Result<()> {
    let mut all = ids.to_vec();
    for id in ids {
        // With it the versions it replaced.
        let olds = "SELECT old FROM tweet_edit WHERE new = ?";
        for mut row in sql.rows(olds, values![store::text_of(*id)])? {
            all.push(store::id_of(&row.text()?)?);
        }
    }
    for some in all.chunks(store::AT_A_TIME) {
        for id in some {
            sql.run(
                "INSERT OR IGNORE INTO tweet_gone (id, at) VALUES (?, ?)",
                values![store::text_of(*id), now.0],
            )?;
        }
        let found = store::load(sql, some)?;
        for stored in found.values() {
            let times: Vec<i64> = stored.kept.series.times().iter().map(|at| at.0).collect();
            sql.run(
                "INSERT OR IGNORE INTO purge (name) SELECT name FROM snapshots
                 WHERE kind = 'tweets' AND at IN (SELECT value FROM json_each(?))",
                values![serde_json::to_string(&times)?],
            )?;
        }
        // Loaded after they were noted as gone: without their words.
        let rows: Vec<_> = found.into_values().map(|stored| stored.kept).collect();
        store::write(sql, &rows)?;
    }
    Ok(())
}

impl Account {
    /// The stream says that X deleted a tweet of this account.
    pub(in crate::account) async fn tweet_gone(&self, tweet: TweetId) -> Result<()> {
        if self.settings()?.is_none() {
            return Ok(());
        }
        let (sql, now) = (self.sql.clone(), clock::now());
        self.sql.atomically(move || gone(&sql, &[tweet], now))?;
        if self.has_purges()? { self.arm_in(1).await } else { Ok(()) }
    }

    /// Whether any file is still to be rewritten.
    pub(in crate::account) fn has_purges(&self) -> Result<bool> {
        Ok(self.sql.first("SELECT 1 FROM purge LIMIT 1", values![])?.is_some())
    }

    /// Rewrites some of the files that hold words of deleted tweets.
    pub(in crate::account) async fn go_on_purging(&self) -> Result<()> {
        let rows = self
            .sql
            .rows("SELECT name FROM purge ORDER BY name LIMIT ?", values![FILES_PER_ALARM])?;
        if rows.is_empty() {
            return Ok(());
        }
        let run = runs::begin(Trigger::Alarm, "purge", Some(self.tracked()?.account));
        let control = ControlClient::new(&self.env)?;
        control.open(run.clone()).await?;
        let mut files = 0;
        let mut failed = None;
        for mut row in rows {
            let text = row.text()?;
            // Not while that very file is being read.
            self.take_turn().await?;
            let outcome = self.purge_file(&text).await;
            self.memory.ingesting.set(false);
            match outcome {
                Ok(()) => files += 1,
                Err(fault) => failed = Some(fault),
            }
        }
        let state = if failed.is_some() { RunState::Failed } else { RunState::Done };
        let counts = BTreeMap::from([("files".to_owned(), files)]);
        self.end(&run.id, state, failed.clone(), counts).await?;
        match failed {
            Some(fault) => Err(fault),
            None if self.has_purges()? => self.arm_in(1).await,
            None => Ok(()),
        }
    }

    async fn purge_file(&self, text: &str) -> Result<()> {
        let account = self.tracked()?.account;
        let done = || self.sql.run("DELETE FROM purge WHERE name = ?", values![text]);
        let Ok(name) = Name::parse(text) else { return done() };
        let bucket = bucket::open(&self.env)?;
        let key = snapshot::key(account, &name);
        let Some((found, bytes)) = bucket::read(&bucket, &key).await? else { return done() };
        let Some(json) = self.without_gone(&name, &bytes)? else { return done() };
        let mut gz = Gz::new();
        gz.write(&json);
        let kind = "application/gzip";
        let put = bucket::put(&bucket, &key, gz.finish(), kind, found.metadata).await?;
        let gone = store::gone(&self.sql)?;
        let (sql, text) = (self.sql.clone(), text.to_owned());
        self.sql.atomically(move || {
            // Other bytes than were read last: theirs is a message under way, which reads these.
            sql.run(
                "UPDATE snapshots SET etag = ?, bytes = ? WHERE name = ? AND etag = ?",
                values![
                    put.etag.as_str(),
                    i64::try_from(put.bytes).unwrap_or(i64::MAX),
                    text.as_str(),
                    found.etag.as_str()
                ],
            )?;
            let known = sql.first(
                "SELECT 1 FROM snapshots WHERE name = ? AND etag = ? AND state = 'accepted'",
                values![text.as_str(), put.etag.as_str()],
            )?;
            if let (Some(_), Ok(sights)) = (known, tweets::parse(&json)) {
                let at = name.at();
                keep_packed(&sql, &name, &pack(sights, |id| is_gone(&gone, id, at)))?;
            }
            sql.run("DELETE FROM purge WHERE name = ?", values![text])
        })
    }

    /// A file's JSON without the words of deleted tweets; `None` if it has none, or cannot be read.
    fn without_gone(&self, name: &Name, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let gone = store::gone(&self.sql)?;
        let mut gunzip = Gunzip::new();
        let json = gunzip.push(bytes).and_then(|()| gunzip.finish());
        let Ok(json) = json else { return Ok(None) };
        Ok(redacted(&json, |id| is_gone(&gone, id, name.at())).unwrap_or_default())
    }

    /// `GET …/snapshots/{name}` of a file that is still to be rewritten; `None` if it is not.
    pub(in crate::account) async fn download_purged(
        &self,
        name: &Name,
    ) -> Result<Option<Response>> {
        let waits = "SELECT 1 FROM purge WHERE name = ?";
        if self.sql.first(waits, values![name.as_str()])?.is_none() {
            return Ok(None);
        }
        let bucket = bucket::open(&self.env)?;
        let key = snapshot::key(self.tracked()?.account, name);
        let Some((_, bytes)) = bucket::read(&bucket, &key).await? else { return Ok(None) };
        let Some(json) = self.without_gone(name, &bytes)? else { return Ok(None) };
        let mut gz = Gz::new();
        gz.write(&json);
        Ok(Some(http::attachment("application/gzip", name.as_str())?.fixed(gz.finish())))
    }
}
