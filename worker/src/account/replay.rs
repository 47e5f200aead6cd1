//! Replay: the ledger made again from the snapshots in R2, oldest first; by itself once, where an
//! older Roost read the lists by other rules. Invariant: what comes out depends on the bucket
//! alone; the owner's notes and settings stay; a loss that was told and is not shown any more is
//! corrected.

use super::Account;
use super::attempts::Tried;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{self, ToNotices};
use crate::sql::values;
use crate::{bucket, runs};
use serde::{Deserialize, Serialize};
use shared::api::{RunState, Trigger, Work};
use shared::id::AccountId;
use shared::notify::review::ToldLoss;
use shared::snapshot::{self, Name};
use shared::time::{DAY_MS, UnixMs};
use std::collections::BTreeMap;

/// A replay under way: carried on by alarms, a snapshot or more each.
#[derive(Serialize, Deserialize)]
pub(super) struct Replay {
    run: String,
    left: Vec<String>,
    done: u32,
}

/// Real milliseconds of one alarm's share: snapshots differ in size a thousandfold.
const SHARE_MS: i64 = 10_000;
/// Snapshots of one alarm's share: each costs up to nine calls, and the free plan has 50 of them for
/// an invocation, of which the alarm's other work takes some.
const SHARE: u32 = 4;

/// By which rules lists are read. It is raised where lists that were read before say something
/// else now: then each account reads its lists again. 2: entries that cannot be read are counted.
const RULES: u32 = 2;
/// Under which key of `meta` an account remembers the rules by which its lists were read.
const READ_BY: &str = "lists_read_by";
/// And that losses which were told are still in doubt.
const IN_DOUBT: &str = "told_in_doubt";

impl Account {
    /// Remembers that an account has no list that was read by older rules.
    pub(super) fn reads_by_rules(&self) -> Result<()> {
        self.put_meta(READ_BY, &RULES)
    }

    /// Begins to read again what an older Roost read, if that was not done yet.
    pub(super) async fn heal(&self) -> Result<()> {
        if self.meta::<u32>(READ_BY)?.is_some_and(|rules| rules >= RULES) {
            return Ok(());
        }
        if self.sql.first("SELECT 1 FROM snapshots", values![])?.is_none() {
            return self.reads_by_rules();
        }
        self.begin_replay(Trigger::Cron, "heal").await.map(drop)
    }

    /// `POST …/replay`, and the deletion of a list: empties what is derived and begins anew; says
    /// which run it is. `what` names the run.
    pub(super) async fn start_replay(&self, what: &str) -> Result<(String, bool)> {
        self.begin_replay(Trigger::Fetch, what).await
    }

    async fn begin_replay(&self, trigger: Trigger, what: &str) -> Result<(String, bool)> {
        let account = self.tracked()?.account;
        if let Some(replay) = self.meta::<Replay>("replay")? {
            self.arm_in(1).await?;
            return Ok((replay.run, false));
        }
        let bucket = bucket::open(&self.env)?;
        let mut names: Vec<Name> = bucket::list(&bucket, &prefix(account), None)
            .await?
            .into_iter()
            .filter_map(|(key, _)| snapshot::parse_key(&key).ok())
            .map(|(_, name)| name)
            .collect();
        names.sort();
        if let Some(replay) = self.meta::<Replay>("replay")? {
            // Another came first while the files were listed.
            return Ok((replay.run, false));
        }
        self.tracked()?;
        let run = runs::begin(trigger, what, Some(account));
        let left = names.iter().map(|name| name.as_str().to_owned()).rev().collect();
        let replay = Replay { run: run.id.clone(), left, done: 0 };
        let (sql, begun) = (self.sql.clone(), run.clone());
        self.sql.atomically(move || {
            for table in super::schema::DERIVED {
                sql.run(&format!("DELETE FROM {table}"), values![])?;
            }
            super::ledger::hide_pushes(&sql)?;
            Self::note_run(&sql, &begun)?;
            sql.put_meta("replay", &replay)
        })?;
        self.forget_parked(Work::Replay)?;
        self.open_runs().await?;
        self.arm_in(1).await?;
        Ok((run.id, true))
    }

    /// Whether one is under way.
    pub(super) fn is_replaying(&self) -> Result<bool> {
        Ok(self.meta::<Replay>("replay")?.is_some())
    }

    /// Goes on with a replay, if there is one.
    pub(super) async fn go_on_replaying(&self) -> Result<()> {
        let Some(mut replay) = self.meta::<Replay>("replay")? else { return Ok(()) };
        let (began, mut read) = (clock::real(), 0);
        while let Some(text) = replay.left.pop() {
            let name = Name::parse(&text).map_err(|error| Fault::internal(error.to_string()))?;
            if let Tried::Later(until) = self.replay_one(&name).await? {
                return self.arm_in(clock::delay_ms(until)).await;
            }
            replay.done += 1;
            self.put_meta("replay", &replay)?;
            read += 1;
            if read >= SHARE || clock::real().since(began) > SHARE_MS {
                return self.arm_in(1).await;
            }
        }
        self.reshow_all()?;
        self.correct_told().await?;
        let counts = BTreeMap::from([("snapshots".to_owned(), i64::from(replay.done))]);
        self.end(&replay.run, RunState::Done, None, counts).await?;
        self.reads_by_rules()?;
        self.drop_meta("replay")
    }

    /// Corrects what was in doubt when lists were read again, once a later list has said more.
    pub(super) async fn correct_doubted(&self) -> Result<()> {
        if self.meta::<bool>(IN_DOUBT)?.is_none() || self.is_replaying()? {
            return Ok(());
        }
        self.correct_told().await
    }

    /// Corrects the losses that were told to anyone and are not shown any more.
    async fn correct_told(&self) -> Result<()> {
        let mut in_doubt = false;
        let settings = self.tracked()?;
        let (account, notices) = (settings.account, rpc::notices(&self.env)?);
        let mut after = String::new();
        loop {
            let page = ToNotices::ToldLosses { account, after };
            let keys: Vec<String> = rpc::call(&notices, &page).await?;
            let Some(last) = keys.last() else { break };
            after = last.clone();
            let told = keys.iter().filter_map(|key| ToldLoss::of_key(key)).collect();
            in_doubt |= self.correct(&settings, told).await?;
        }
        if in_doubt { self.put_meta(IN_DOUBT, &true) } else { self.drop_meta(IN_DOUBT) }
    }

    async fn replay_one(&self, name: &Name) -> Result<Tried> {
        let known = self.snapshot(name)?;
        self.take_turn().await?;
        let outcome = self.try_snapshot(name, "replay", known, Trigger::Alarm).await;
        self.memory.ingesting.set(false);
        outcome
    }

    /// Sends the messages of what is in the bucket but not known here: files put there by hand
    /// where the bucket sends no notifications. The first tick of a UTC day looks at every file,
    /// the others at those named for the last two days: listing years each hour would cost more
    /// calls than the free plan has for one invocation.
    pub(super) async fn discover(&self, now: UnixMs) -> Result<()> {
        let account = self.tracked()?.account;
        let bucket = bucket::open(&self.env)?;
        let looked: Option<i64> = self.meta("looked")?;
        let recent = Name::followers(now.plus(-2 * DAY_MS));
        let after = (looked == Some(now.utc_day())).then(|| snapshot::key(account, &recent));
        for (key, found) in bucket::list(&bucket, &prefix(account), after).await? {
            let Ok((_, name)) = snapshot::parse_key(&key) else { continue };
            let known = self.snapshot(&name)?;
            if known.is_none_or(|known| known.etag != found.etag && !known.etag.is_empty()) {
                SnapshotPut::new(&key, &found.etag).send(&self.env).await?;
            }
        }
        self.put_meta("looked", &now.utc_day())
    }
}

fn prefix(account: AccountId) -> String {
    format!("snapshots/{account}/")
}

/// Deletes every file of an account.
pub(super) async fn delete_files(env: &worker::Env, account: AccountId) -> Result<()> {
    let bucket = bucket::open(env)?;
    let files = bucket::list(&bucket, &prefix(account), None).await?;
    let keys: Vec<String> = files.into_iter().map(|(key, _)| key).collect();
    // R2 takes 1,000 keys a call.
    for keys in keys.chunks(1_000) {
        bucket.delete_multiple(keys.to_vec()).await?;
    }
    Ok(())
}
