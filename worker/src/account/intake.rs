//! How snapshots come in: imports, queue messages, messages lost. Invariant: a snapshot is known
//! by name and etag; the same bytes under the same name are taken once, other bytes again.

use super::Account;
use super::snapshots::Known;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{ControlClient, Taken};
use crate::runs;
use crate::sql::values;
use shared::api::{RunState, SnapshotKind, SnapshotState, Trigger};
use shared::snapshot::{self, Name};
use shared::time::{MINUTE_MS, UnixMs};
use std::collections::BTreeMap;
use std::time::Duration;
use worker::Delay;

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
        let run = self.read_snapshot(name, known, Trigger::Queue).await?;
        Ok(Taken { run, fresh: true })
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
