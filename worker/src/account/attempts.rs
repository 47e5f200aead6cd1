//! Trying this account's work. Owns: when each piece of it is tried, the rows of what was ended
//! because it fails on itself. Must not know: what the work is. Invariant: an attempt is written
//! before it is made; work that is ended keeps its state, its cursor and its pages, and holds up
//! nothing else.

use super::Account;
use super::lease::FOLLOWER_LEASE;
use super::snapshots::Known;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{ControlClient, RunEnd, ToControl};
use crate::runs;
use crate::sql::{Row, Sql, values};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::api::{FailedWork, Run, RunState, SnapshotState, Trigger, Work};
use shared::attempts::{Attempts, Ended, Next};
use shared::budget::Settlement;
use shared::snapshot::{self, Name};
use shared::time::UnixMs;
use std::collections::BTreeMap;
use std::future::Future;

/// The rows of work that was ended: this and the work's name.
const PARKED: &str = "parked:";
/// The rows of attempts: this and the work's name.
const ATTEMPTS: &str = "attempts:";

/// The rows of runs that Control is still to be told of: this and the run's id.
const OPENING: &str = "opening:";

/// The rows of attempts to read a file: this and its name.
const READING: &str = "attempts:read:";

/// What became of an attempt to read a file.
pub(super) enum Tried {
    /// It was read, accepted or not; its run.
    Read(Option<String>),
    /// Not before then.
    Later(UnixMs),
}

/// Work that was ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parked {
    at: UnixMs,
    why: String,
    /// Its state as it was stored, readable or not.
    state: String,
}

/// What this account's alarm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// A piece of work that has a state of its own and can be taken up again.
    Work(Work),
    /// Files that still hold what X deleted: never given up, since they must go.
    Purge,
    /// Messages of files whose reading failed.
    Resend,
}

impl Task {
    fn as_str(self) -> &'static str {
        match self {
            Self::Work(work) => work.as_str(),
            Self::Purge => "purge",
            Self::Resend => "resend",
        }
    }
}

/// The row of its state, that of its open lease, and its run's word.
fn rows(work: Work) -> (&'static str, Option<&'static str>, &'static str) {
    match work {
        Work::Followers => ("crawl", Some(FOLLOWER_LEASE), "crawl"),
        Work::Tweets => ("watch", Some("tweet_lease"), "tweets"),
        Work::Following => ("survey", Some("relation_lease"), "following"),
        Work::Verification => ("verifying", Some("verify_lease"), "verify"),
        Work::Replay => ("replay", None, "replay"),
    }
}

impl Account {
    /// Tries a task, unless it failed a moment ago or has failed for good.
    pub(super) async fn attempt(&self, task: Task, go: impl Future<Output = Result<()>>) {
        let outcome = self.attempt_once(task, go).await;
        if let Err(fault) = outcome {
            worker::console_error!("{}: {}", task.as_str(), fault.log());
            // Not even the attempt could be written.
            self.arm_in(super::AFTER_FAULT_MS).await.ok();
        }
    }

    async fn attempt_once(&self, task: Task, go: impl Future<Output = Result<()>>) -> Result<()> {
        let row = format!("{ATTEMPTS}{}", task.as_str());
        // Rows of another form than today's say nothing.
        let mut attempts: Attempts = self.meta(&row).unwrap_or_default().unwrap_or_default();
        let before = self.progress(task)?;
        match attempts.next(before.as_deref().unwrap_or_default(), clock::now()) {
            Next::Try => {}
            Next::Wait { until } => return self.arm_in(clock::delay_ms(until)).await,
            Next::End { why } => {
                worker::console_error!("{} is ended: {why}", task.as_str());
                self.end_task(task, why).await?;
                return self.drop_meta(&row);
            }
        }
        // Of what has no state nothing can be repeated: there it is enough to count its failures.
        if before.is_some() {
            self.put_meta(&row, &attempts)?;
        }
        let outcome = go.await;
        let how = match &outcome {
            Ok(()) => Ended::Well { state: self.progress(task)? },
            Err(fault) => {
                worker::console_error!("{}: {}", task.as_str(), fault.log());
                fault.ended()
            }
        };
        let again = attempts.ended(how, clock::now());
        if attempts.is_clear() {
            self.drop_meta(&row)?;
        } else {
            self.put_meta(&row, &attempts)?;
        }
        match again {
            Some(at) => self.arm_in(clock::delay_ms(at)).await,
            None => Ok(()),
        }
    }

    /// Where a task stands: a text that changes with its progress. None: there is nothing to do.
    fn progress(&self, task: Task) -> Result<Option<String>> {
        let Task::Work(work) = task else { return Ok(None) };
        let (state, lease, _) = rows(work);
        let Some(text) = self.raw(state)? else {
            // A lease that cannot be settled holds its work up as well.
            return Ok(lease.map(|lease| self.raw(lease)).transpose()?.flatten());
        };
        // Calls count as made before they are: people answered for are progress, calls are not.
        let answered =
            |value: &Value| Some((value.get("run")?.clone(), value.get("batches")?.clone()));
        let parsed: Option<Value> = serde_json::from_str(&text).ok();
        let told = parsed.as_ref().filter(|_| work == Work::Verification).and_then(answered);
        Ok(Some(told.map_or(text, |(run, batches)| format!("{run}{batches}"))))
    }

    /// A document of `meta` as it is stored.
    fn raw(&self, key: &str) -> Result<Option<String>> {
        let row = self.sql.first("SELECT value FROM meta WHERE key = ?", values![key])?;
        row.map(|mut row| row.text()).transpose()
    }

    async fn end_task(&self, task: Task, why: String) -> Result<()> {
        let Task::Work(work) = task else { return Ok(()) };
        let (state, lease, _) = rows(work);
        if let Some(lease) = lease {
            // What it came to is told if it can be read and is taken; else it counts as spent.
            if let Ok(Some(open)) = self.meta::<OpenLease>(lease) {
                let told = ToControl::Settle { settlement: open.settlement };
                if let Err(fault) = ControlClient::new(&self.env)?.tell::<Option<()>>(told).await {
                    worker::console_error!("a lease of work that ended: {}", fault.log());
                }
            }
            self.drop_meta(lease)?;
        }
        let Some(text) = self.raw(state)? else { return Ok(()) };
        let detail = format!(
            "Roost failed on it: {why}. What was read is kept: POST /accounts/{{account}}/resume \
             goes on from there."
        );
        if let Some(run) = run_of(&text) {
            let error = Some(Fault::new(500, "Failed on itself", detail));
            let (state, counts) = (RunState::Failed, BTreeMap::new());
            let end = RunEnd { state, ended: clock::now(), error, counts };
            ControlClient::new(&self.env)?.close(&run, end).await?;
        }
        let parked = Parked { at: clock::now(), why, state: text };
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            sql.put_meta(&format!("{PARKED}{work}"), &parked)?;
            sql.drop_meta(state)
        })
    }

    /// Until when a piece of work waits because its last attempt failed, and why that one did.
    pub(super) fn paused(&self, work: Work, now: UnixMs) -> Option<(UnixMs, String)> {
        let row = format!("{ATTEMPTS}{}", Task::Work(work).as_str());
        let attempts: Option<Attempts> = self.meta(&row).unwrap_or_default();
        let waiting = attempts.as_ref().and_then(|attempts| attempts.waiting(now));
        waiting.map(|(until, why)| (until, why.to_owned()))
    }

    /// Work that was ended because it fails on itself, for the account's view.
    pub(super) fn failed_work(&self) -> Result<Vec<FailedWork>> {
        let found = Work::ALL.iter().map(|&work| {
            let parked = self.meta::<Parked>(&format!("{PARKED}{work}"))?;
            Ok(parked.map(|Parked { at, why, .. }| FailedWork { work, at, reason: why }))
        });
        found.filter_map(Result::transpose).collect()
    }

    /// It is begun anew: what was kept of it is of no more use.
    pub(super) fn forget_parked(&self, work: Work) -> Result<()> {
        self.drop_meta(&format!("{PARKED}{work}"))
    }

    /// `POST …/resume`: goes on from where the work stood, as a run of its own.
    pub(super) async fn resume_work(&self, work: Work) -> Result<(String, bool)> {
        let account = self.tracked()?.account;
        let (state, _, what) = rows(work);
        let key = format!("{PARKED}{work}");
        let nothing = || {
            Fault::new(409, "Nothing to go on with", format!("`{work}` did not fail: see `failed`"))
        };
        let parked: Parked = self.meta(&key)?.ok_or_else(nothing)?;
        if self.raw(state)?.is_some() {
            let why = format!("`{work}` is under way again: nothing is to be gone on with");
            return Err(Fault::new(409, "Under way", why));
        }
        let run = runs::begin(Trigger::Fetch, what, Some(account));
        let text = with_run(&parked.state, &run.id).ok_or_else(|| {
            let why = "what was kept of it cannot be read: begin it anew";
            Fault::new(409, "Cannot go on", why)
        })?;
        ControlClient::new(&self.env)?.open(run.clone()).await?;
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            sql.run("INSERT INTO meta (key, value) VALUES (?, ?)", values![state, text])?;
            sql.drop_meta(&key)
        })?;
        self.arm_in(1).await?;
        Ok((run.id, true))
    }

    /// Reads a file, unless that failed a moment ago. One that fails on itself is set aside.
    pub(super) async fn try_snapshot(
        &self,
        name: &Name,
        etag: &str,
        known: Option<Known>,
        trigger: Trigger,
    ) -> Result<Tried> {
        let row = format!("{READING}{}", name.as_str());
        let mut attempts: Attempts = self.meta(&row).unwrap_or_default().unwrap_or_default();
        match attempts.next(etag, clock::now()) {
            Next::Try => self.put_meta(&row, &attempts)?,
            Next::Wait { until } => {
                self.arm_in(clock::delay_ms(until)).await?;
                return Ok(Tried::Later(until));
            }
            Next::End { why } => {
                let run = self.set_aside_unread(name, etag, known, &why).await?;
                self.drop_meta(&row)?;
                return Ok(Tried::Read(Some(run)));
            }
        }
        let outcome = self.read_snapshot(name, known, trigger).await;
        let how = match &outcome {
            Ok(_) => Ended::Well { state: None },
            Err(fault) => {
                worker::console_error!("{}: {}", name.as_str(), fault.log());
                fault.ended()
            }
        };
        let again = attempts.ended(how, clock::now());
        match (outcome, again) {
            (Ok(run), _) => {
                self.drop_meta(&row)?;
                Ok(Tried::Read(run))
            }
            // An account that is not tracked any more, say: whoever asked is told.
            (Err(fault), _) if fault.status < 500 => {
                self.drop_meta(&row)?;
                Err(fault)
            }
            (Err(_), again) => {
                self.put_meta(&row, &attempts)?;
                let until = again.unwrap_or_else(clock::now);
                self.arm_in(clock::delay_ms(until)).await?;
                Ok(Tried::Later(until))
            }
        }
    }

    /// A file that cannot be read for Roost's own sake: nobody of it is counted.
    async fn set_aside_unread(
        &self,
        name: &Name,
        etag: &str,
        known: Option<Known>,
        why: &str,
    ) -> Result<String> {
        let run = self.run_of(known.as_ref(), Trigger::Queue).await?;
        if known.is_none() {
            self.register(name, etag, 0, None, Some(&run))?;
        }
        let reason = format!(
            "Roost failed on this file: {why}. Nobody of it was counted. It stays in the bucket: \
             POST /accounts/{{account}}/replay reads it again"
        );
        self.sql.run(
            "UPDATE snapshots SET state = ?, reason = ? WHERE name = ? AND state = 'pending'",
            values![SnapshotState::Quarantined.as_str(), reason.as_str(), name.as_str()],
        )?;
        let error = Some(Fault::new(500, "Failed on itself", reason));
        self.end(&run, RunState::Quarantined, error, BTreeMap::new()).await?;
        Ok(run)
    }

    /// Sends the messages of files whose reading failed and may be tried again.
    pub(super) async fn resend_failed(&self) -> Result<()> {
        let rows = self.sql.rows(
            "SELECT substr(key, ?1 + 1), value FROM meta WHERE substr(key, 1, ?1) = ?2",
            values![i64::try_from(READING.len()).unwrap_or(i64::MAX), READING],
        )?;
        // A replay reads its files itself.
        if rows.is_empty() || self.memory.ingesting.get() || self.is_replaying()? {
            return Ok(());
        }
        let (account, now) = (self.tracked()?.account, clock::now());
        for mut row in rows {
            let (name, attempts) = (row.text()?, row.text()?);
            let attempts: Attempts = serde_json::from_str(&attempts).unwrap_or_default();
            let name = Name::parse(&name).ok();
            let known = name.map(|name| self.snapshot(&name)).transpose()?.flatten();
            let known = known.filter(|known| known.state == SnapshotState::Pending);
            match (known, attempts.waiting(now)) {
                (Some(_), Some((until, _))) => self.arm_in(clock::delay_ms(until)).await?,
                (Some(known), None) if !attempts.is_open() => {
                    let key = snapshot::key(account, &known.name);
                    SnapshotPut::new(&key, &known.etag).send(&self.env).await?;
                }
                // Lost in the middle: its message comes again by itself, or by the hourly tick.
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes a run that is about to begin: it lands with what it describes, and is opened before
    /// that can end.
    pub(super) fn note_run(sql: &Sql, run: &Run) -> Result<()> {
        sql.put_meta(&format!("{OPENING}{}", run.id), run)
    }

    /// Opens the runs that Control was not told of yet.
    pub(super) async fn open_runs(&self) -> Result<()> {
        let rows = self.sql.rows(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?",
            values![i64::try_from(OPENING.len()).unwrap_or(i64::MAX), OPENING],
        )?;
        for mut row in rows {
            let (key, run) = (row.text()?, row.text()?);
            // A record that cannot be read is missing from the log, and holds up nothing.
            if let Ok(run) = serde_json::from_str::<Run>(&run) {
                ControlClient::new(&self.env)?.open(run).await?;
            }
            self.drop_meta(&key)?;
        }
        Ok(())
    }

    /// Whether the alarm has something to do.
    pub(super) fn has_left(&self) -> Result<bool> {
        let row = self.sql.first(
            "SELECT 1 FROM meta WHERE key IN ('crawl', 'watch', 'survey', 'verifying', 'replay',
                'ended') OR substr(key, 1, ?1) = ?2 LIMIT 1",
            values![i64::try_from(ATTEMPTS.len()).unwrap_or(i64::MAX), ATTEMPTS],
        )?;
        Ok(row.is_some())
    }

    /// The runs that this account is still at: Control ends all others as lost.
    pub(super) fn runs_held(&self) -> Result<Vec<String>> {
        let mut held = Vec::new();
        for &work in Work::ALL {
            held.extend(self.raw(rows(work).0)?.as_deref().and_then(run_of));
        }
        // A check that was given up, of whose end Control is still to be told.
        held.extend(self.meta::<(String, Value)>("ended")?.map(|(run, _)| run));
        let waiting = "SELECT run FROM snapshots WHERE state = 'pending' AND run IS NOT NULL";
        let texts = self.sql.rows(waiting, values![])?;
        held.extend(texts.into_iter().map(|mut row: Row| row.text()).collect::<Result<Vec<_>>>()?);
        Ok(held)
    }
}

/// The part of every lease's row that Control is told.
#[derive(Deserialize)]
struct OpenLease {
    settlement: Settlement,
}

/// The run of a stored state: of its own, or of the walk within it.
fn run_of(text: &str) -> Option<String> {
    let state: Value = serde_json::from_str(text).ok()?;
    let run = state.get("run").or_else(|| state.get("walk")?.get("run"))?;
    run.as_str().map(str::to_owned)
}

/// A stored state with another run.
fn with_run(text: &str, run: &str) -> Option<String> {
    let mut state: Value = serde_json::from_str(text).ok()?;
    let own = state.get("run").is_some();
    let place = if own { state.get_mut("run") } else { state.get_mut("walk")?.get_mut("run") };
    *place? = Value::String(run.to_owned());
    serde_json::to_string(&state).ok()
}
