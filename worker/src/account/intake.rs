//! How snapshots come in: imports, queue messages, messages lost. Invariant: a snapshot is known
//! by name and etag; the same bytes under the same name are taken once, other bytes again.

use super::Account;
use super::attempts::Tried;
use super::snapshots::Known;
use crate::bucket::{self, Found};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{ControlClient, Taken};
use crate::runs;
use crate::sql::values;
use shared::api::{RunState, SnapshotKind, SnapshotState, Trigger};
use shared::id::AccountId;
use shared::snapshot::{self, Name};
use shared::time::{MINUTE_MS, UnixMs};
use std::collections::BTreeMap;
use std::time::Duration;
use worker::{Data, Delay, FixedLengthStream};

/// A message older than this was lost: queues deliver within seconds.
const LOST_AFTER_MS: i64 = 10 * MINUTE_MS;
/// How often a waiting reader looks whether the one before it is done.
const TURN_MS: u64 = 50;
/// Longest wait for a turn: a queue consumer lives 15 minutes.
const TURNS_MAX: u32 = 10 * 60 * 20;

impl Account {
    /// An import put a file into the bucket: registers it, sends its message.
    pub(super) async fn imported(&self, name: &str, etag: &str, bytes: u64) -> Result<Taken> {
        let settings = self.tracked()?;
        let name = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
        if let Some(run) = self.taken_by(&name, etag)? {
            return Ok(Taken { run: Some(run), fresh: false });
        }
        let run = runs::begin(Trigger::Fetch, "import", Some(settings.account));
        ControlClient::new(&self.env)?.open(run.clone()).await?;
        // Once more: while Control was told, the same file may have come again, or another.
        if let Some(first) = self.taken_by(&name, etag)? {
            let why = format!("run {first} was given the same file at the same time");
            self.end_replaced(&run.id, &why).await?;
            return Ok(Taken { run: Some(first), fresh: false });
        }
        let before = self.snapshot(&name)?;
        self.register(&name, etag, bytes, None, Some(&run.id))?;
        match before {
            Some(Known { state: SnapshotState::Pending, run: Some(run), .. }) => {
                let why = "another file of this name came before this one was read";
                self.end_replaced(&run, why).await?;
            }
            // Read with another run's message, whose end is this one's too.
            Some(read) => self.end_again(&read).await?,
            None => {}
        }
        SnapshotPut::new(&snapshot::key(settings.account, &name), etag).send(&self.env).await?;
        Ok(Taken { run: Some(run.id), fresh: true })
    }

    /// An import is to take the place of a stored file: it is read and judged first, and copied
    /// there only if it would be accepted. Until then the stored file is as it was.
    pub(super) async fn replace(&self, name: &str, staged: &str) -> Result<Taken> {
        let account = self.tracked()?.account;
        let parsed = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
        self.take_turn().await?;
        let placed = self.replace_in_turn(account, &parsed, staged).await;
        self.memory.ingesting.set(false);
        let found = placed?;
        self.imported(name, &found.etag, found.bytes).await
    }

    async fn replace_in_turn(
        &self,
        account: AccountId,
        name: &Name,
        staged: &str,
    ) -> Result<Found> {
        let bucket = bucket::open(&self.env)?;
        let gone = || Fault::internal(format!("{staged} is gone"));
        let (found, body) = bucket::stream(&bucket, staged).await?.ok_or_else(gone)?;
        if let Some(why) = self.rehearse(name, &found, body).await? {
            let why = format!("`{}` stays as it was: {why}", name.as_str());
            return Err(Fault::new(422, "Not replaced", why));
        }
        let (found, body) = bucket::stream(&bucket, staged).await?.ok_or_else(gone)?;
        let body = Data::Stream(FixedLengthStream::wrap(body, found.bytes));
        let key = snapshot::key(account, name);
        bucket::put(&bucket, &key, body, "application/gzip", found.metadata).await
    }

    /// `DELETE …/snapshots/{name}`: takes the file and what lies beside it out of the bucket, then
    /// derives everything from the files that are left. Lost in between, it may be asked again.
    pub(super) async fn delete_snapshot(&self, name: &str) -> Result<(String, bool)> {
        let account = self.tracked()?.account;
        let name = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
        if self.is_replaying()? {
            let why = "the ledger is being derived again: try again when that run has ended";
            return Err(Fault::new(409, "Replay under way", why));
        }
        let bucket = bucket::open(&self.env)?;
        let key = snapshot::key(account, &name);
        let known = self.snapshot(&name)?;
        if known.is_none() && bucket::head(&bucket, &key).await?.is_none() {
            return Err(Fault::missing(format!("no snapshot `{}`", name.as_str())));
        }
        if known.as_ref().is_some_and(|known| known.etag.is_empty()) {
            let why = "a check is still writing this list: try again when its run has ended";
            return Err(Fault::new(409, "Being written", why));
        }
        // Not while that very file is being read.
        self.take_turn().await?;
        let beside = [snapshot::roster_key(account, &name), snapshot::handles_key(account, &name)];
        let keys: Vec<String> = [key].into_iter().chain(beside).collect();
        let deleted = bucket.delete_multiple(keys).await;
        self.memory.ingesting.set(false);
        deleted?;
        if let Some(Known { state: SnapshotState::Pending, run: Some(run), .. }) = known {
            self.end_replaced(&run, "it was deleted before it was read").await?;
        }
        self.sql.run("DELETE FROM purge WHERE name = ?", values![name.as_str()])?;
        self.start_replay("delete").await
    }

    /// A message: reads the snapshot unless these bytes were read. One is read at a time.
    pub(super) async fn ingest(&self, key: &str, etag: &str) -> Result<Taken> {
        self.tracked()?;
        let (_, name) = snapshot::parse_key(key).map_err(|error| Fault::bad(error.to_string()))?;
        self.take_turn().await?;
        let outcome = self.ingest_in_turn(&name, etag).await;
        self.memory.ingesting.set(false);
        outcome
    }

    pub(super) async fn take_turn(&self) -> Result<()> {
        for _ in 0..TURNS_MAX {
            if !self.memory.ingesting.replace(true) {
                return Ok(());
            }
            Delay::from(Duration::from_millis(TURN_MS)).await;
        }
        Err(Fault::new(503, "Busy", "another snapshot of this account is still being read"))
    }

    async fn ingest_in_turn(&self, name: &Name, etag: &str) -> Result<Taken> {
        let known = self.snapshot(name)?;
        if let Some(known) = &known
            && known.etag == etag
            && known.state != SnapshotState::Pending
        {
            self.end_again(known).await?;
            return Ok(Taken { run: known.run.clone(), fresh: false });
        }
        match self.try_snapshot(name, etag, known, Trigger::Queue).await? {
            Tried::Read(run) => Ok(Taken { run, fresh: true }),
            // Its message is sent again when it may be tried.
            Tried::Later(_) => Ok(Taken { run: None, fresh: false }),
        }
    }

    /// Ends the run of a snapshot that was read, should nobody have heard of its end: it was read
    /// with another run's message, or the machine was lost just then. A run that has ended stays.
    async fn end_again(&self, known: &Known) -> Result<()> {
        let Some(run) = &known.run else { return Ok(()) };
        let aside = known.state == SnapshotState::Quarantined;
        let state = if aside { RunState::Quarantined } else { RunState::Done };
        let error = known.reason.as_deref().filter(|_| aside);
        let error = error.map(|reason| Fault::new(422, "Set aside", reason));
        let count = known.count.and_then(|count| i64::try_from(count).ok());
        let what = match known.name.kind() {
            SnapshotKind::Followers => "followers",
            SnapshotKind::Tweets => "tweets",
        };
        let counts = count.map(|count| (what.to_owned(), count));
        self.end(run, state, error, counts.into_iter().collect()).await
    }

    /// The run of these very bytes, if they were given before.
    fn taken_by(&self, name: &Name, etag: &str) -> Result<Option<String>> {
        let known = self.snapshot(name)?.filter(|known| known.etag == etag);
        Ok(known.and_then(|known| known.run))
    }

    /// Ends the run of a file in whose place another is read.
    async fn end_replaced(&self, run: &str, why: &str) -> Result<()> {
        let fault = Fault::new(409, "Replaced", why);
        self.end(run, RunState::Failed, Some(fault), BTreeMap::new()).await
    }

    /// Sends the messages of snapshots that wait too long: theirs was lost.
    pub(super) async fn resend_pending(&self) -> Result<()> {
        let settings = self.tracked()?;
        let now = clock::now();
        for (name, etag) in self.waiting(now)? {
            SnapshotPut::new(&snapshot::key(settings.account, &name), &etag)
                .send(&self.env)
                .await?;
            self.sql.run(
                "UPDATE snapshots SET registered = ? WHERE name = ?",
                values![now.0, name.as_str()],
            )?;
        }
        Ok(())
    }

    fn waiting(&self, now: UnixMs) -> Result<Vec<(Name, String)>> {
        let rows = self.sql.rows(
            "SELECT name, etag FROM snapshots
             WHERE state = 'pending' AND etag <> '' AND registered < ?",
            values![now.0 - LOST_AFTER_MS],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let name = Name::parse(&row.text()?).map_err(|e| Fault::internal(e.to_string()))?;
                Ok((name, row.text()?))
            })
            .collect()
    }

    /// The run of a snapshot about to be read; a file nobody announced gets one of its own.
    pub(super) async fn run_of(&self, known: Option<&Known>, trigger: Trigger) -> Result<String> {
        if let Some(run) = known.and_then(|known| known.run.clone()) {
            return Ok(run);
        }
        let run = runs::begin(trigger, "ingest", Some(self.tracked()?.account));
        ControlClient::new(&self.env)?.open(run.clone()).await?;
        Ok(run.id)
    }
}
