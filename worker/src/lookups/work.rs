//! Carrying out what [`Lookup`](shared::lookup::Lookup) says, the look-ups in turn: one that waits
//! holds up no other.
//! Invariant: no call without a lease; a batch's answer is kept before the next is waited for.

use super::Lookups;
use super::kept::{Kept, Open, line, put_billed, put_lease, put_lines};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, RunEnd, ToControl};
use crate::sql::values;
use crate::turn::Turn;
use crate::x::{Answer, Refusal, X};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use shared::api::{Credential, Feature, RunState};
use shared::attempts::{Attempts, Ended, Next};
use shared::budget::{Ask, Grant, Resource, Settlement, price};
use shared::id::AccountId;
use shared::lookup::{self, By, Class, Step, Told};
use shared::retry::{Stop, StopCause, Trouble};
use shared::time::UnixMs;
use shared::x::page;
use shared::x::problem::Rate;
use shared::x::user::USER_FIELDS;
use std::collections::BTreeMap;

/// In Control's books look-ups are no account's: X has no user 0.
const NOBODY: AccountId = shared::id::UserId(0);
/// No cap of its own: the owner saw the price. The caps over all accounts hold.
const NO_CAP: u64 = 1 << 52;
/// Calls of one alarm: with leases and settlements this stays under the free plan's 50
/// subrequests an invocation.
const CALLS_PER_ALARM: u32 = 30;

/// The row of the look-up that was gone on with last: the next alarm begins with the one after it.
const LAST: &str = "last";

/// The open look-ups, beginning with the one after `last`.
fn in_turn(mut open: Vec<String>, last: Option<&str>) -> Vec<String> {
    let at = open.iter().position(|id| last == Some(id.as_str())).map_or(0, |at| at + 1);
    let len = open.len();
    open.rotate_left(at % len.max(1));
    open
}

/// The keys to look anyone up with.
pub(super) fn keys_of(x: &X<'_>) -> std::result::Result<Credential, Stop> {
    x.credential(NOBODY).ok_or_else(|| Stop {
        cause: StopCause::Credentials,
        title: "No keys for X".to_owned(),
        detail: "set the owner keys or X_BEARER_TOKEN, in Settings or with `wrangler secret put`"
            .to_owned(),
    })
}

/// X counts calls by ids and by handles apart.
fn route(by: By) -> &'static str {
    match by {
        By::Ids => "users/lookup",
        By::Usernames => "users/by",
    }
}

impl Lookups {
    /// The loop: each look-up in turn, as far as it goes now. Ends when nothing is left, when all
    /// have to wait, or after its share of calls.
    pub(super) async fn work(&self) -> Result<()> {
        let Some(_turn) = Turn::take(&self.working) else { return Ok(()) };
        let open = self.open()?;
        if open.is_empty() {
            return Ok(());
        }
        let config = Config::load(&self.env, None).await?;
        let x = X::new(&config);
        x.sync_clock().await;
        let last: Option<String> = self.sql.meta(LAST)?;
        let mut calls = 0;
        let mut soonest: Option<UnixMs> = None;
        for id in in_turn(open, last.as_deref()) {
            if calls >= CALLS_PER_ALARM {
                soonest = Some(clock::now());
                break;
            }
            let until = self.attempt(&x, &id, &mut calls).await?;
            self.sql.put_meta(LAST, &id)?;
            soonest = [soonest, until].into_iter().flatten().min();
        }
        match soonest {
            Some(until) => self.arm_in(clock::delay_ms(until)).await,
            None => Ok(()),
        }
    }

    /// Goes on with one look-up, unless that failed a moment ago or has failed for good. Answers
    /// when to go on with it, if it is not over.
    async fn attempt(&self, x: &X<'_>, id: &str, calls: &mut u32) -> Result<Option<UnixMs>> {
        let row = format!("attempts:{id}");
        // Rows of another form than today's say nothing.
        let mut attempts: Attempts = self.sql.meta(&row).unwrap_or_default().unwrap_or_default();
        let progress = || {
            let kept = self.kept(id).ok().flatten();
            kept.filter(|kept| kept.ended.is_none()).map(|kept| kept.lookup.left().to_string())
        };
        match attempts.next(&progress().unwrap_or_default(), clock::now()) {
            Next::Try => self.sql.put_meta(&row, &attempts)?,
            Next::Wait { until } => return Ok(Some(until)),
            Next::End { why } => {
                // What its lease came to is told as far as it is known; a lease lost counts as spent.
                if let Err(fault) = self.settle().await {
                    worker::console_error!("a lease of look-up {id}: {}", fault.log());
                    self.drop_lease()?;
                }
                let error = Some(Fault::new(500, "Failed on itself", why.as_str()));
                let (state, counts) = (RunState::Failed, BTreeMap::new());
                let end = RunEnd { state, ended: clock::now(), error, counts };
                ControlClient::new(&self.env)?.close(id, end).await?;
                self.give_up(id, &why)?;
                self.sql.drop_meta(&row)?;
                return Ok(None);
            }
        }
        let outcome = self.go_on(x, id, calls).await;
        let how = match &outcome {
            Ok(_) => Ended::Well { state: progress() },
            Err(fault) => {
                worker::console_error!("look-up {id}: {}", fault.log());
                fault.ended()
            }
        };
        let again = attempts.ended(how, clock::now());
        if attempts.is_clear() {
            self.sql.drop_meta(&row)?;
        } else {
            self.sql.put_meta(&row, &attempts)?;
        }
        Ok(outcome.map_or(again, |until| until))
    }

    async fn go_on(&self, x: &X<'_>, id: &str, calls: &mut u32) -> Result<Option<UnixMs>> {
        self.settle().await?;
        let Some(mut kept) = self.kept(id)?.filter(|kept| kept.ended.is_none()) else {
            return Ok(None);
        };
        kept.lookup.recover();
        let until = loop {
            if self.kept(&kept.id)?.is_none() {
                // Deleted meanwhile.
                break None;
            }
            match kept.lookup.next(clock::now()) {
                Step::Wait { until, .. } => {
                    self.save(&kept)?;
                    break Some(until);
                }
                Step::Ask { .. } if *calls >= CALLS_PER_ALARM => {
                    self.save(&kept)?;
                    break Some(clock::now());
                }
                Step::Ask { calls, people } => {
                    self.ask(&mut kept, calls, people).await?;
                    self.save(&kept)?;
                }
                Step::Call(batches) => {
                    *calls += u32::try_from(batches.len()).unwrap_or(CALLS_PER_ALARM);
                    // The calls count as made from here on, whatever becomes of this object.
                    self.save(&kept)?;
                    self.call(x, &mut kept, &batches).await?;
                }
                Step::Finish => {
                    self.finish(kept).await?;
                    break None;
                }
            }
        };
        self.settle().await?;
        Ok(until)
    }

    /// Asks for leave: for all that this alarm can do, or for one call if that is too dear.
    async fn ask(&self, kept: &mut Kept, calls: u32, people: u64) -> Result<()> {
        self.settle().await?;
        let ask = |calls: u32, people: u64| Ask {
            account: NOBODY,
            feature: Feature::Lookups,
            account_cap: NO_CAP,
            account_day_cap: None,
            route: route(kept.by).to_owned(),
            calls,
            resource: Resource::User,
            resources: people,
        };
        let some = calls.min(CALLS_PER_ALARM);
        let batch = kept.lookup.settings().batch;
        let of = |calls: u32| people.min(u64::from(calls) * u64::from(batch));
        let control = ControlClient::new(&self.env)?;
        let mut grant = control.ask(ask(some, of(some))).await?;
        if matches!(grant, Grant::No { .. }) && some > 1 {
            grant = control.ask(ask(1, of(1))).await?;
        }
        match grant {
            Grant::Go { lease, calls } => {
                let settlement = Settlement {
                    lease,
                    account: NOBODY,
                    route: route(kept.by).to_owned(),
                    resource: Resource::User,
                    billed: 0,
                    repeats: 0,
                    rate: None,
                };
                put_lease(&self.sql, &Open { settlement })?;
                kept.lookup.grant(calls);
            }
            Grant::Later { until, why } => kept.lookup.refuse(Some(until), why, clock::now()),
            Grant::No { why, goes_on } => kept.lookup.refuse(goes_on, why, clock::now()),
        }
        Ok(())
    }

    /// Tells Control what the last lease came to, if that is still to do.
    async fn settle(&self) -> Result<()> {
        let Some(open) = self.open_lease()? else { return Ok(()) };
        let settle = ToControl::Settle { settlement: open.settlement };
        ControlClient::new(&self.env)?.tell::<Option<()>>(settle).await?;
        self.drop_lease()
    }

    /// Makes these calls at once and takes each answer in as it comes.
    async fn call(&self, x: &X<'_>, kept: &mut Kept, batches: &[u32]) -> Result<()> {
        let credential = match keys_of(x) {
            Ok(credential) => credential,
            Err(stop) => {
                kept.lookup.recover();
                kept.lookup.stop(stop);
                return self.save(kept);
            }
        };
        let (path, parameter) = kept.by.endpoint();
        let mut calls = FuturesUnordered::new();
        for &n in batches {
            let keys = self.keys(&kept.id, n)?;
            let query = [
                (parameter.to_owned(), keys.join(",")),
                ("user.fields".to_owned(), USER_FIELDS.to_owned()),
            ];
            calls.push(async move { (n, keys, x.get(path, &query, credential).await) });
        }
        while let Some((n, keys, outcome)) = calls.next().await {
            if self.kept(&kept.id)?.is_none() {
                continue;
            }
            match outcome {
                Ok(answer) => self.take(kept, n, keys, &answer)?,
                Err(refusal) => self.refused(kept, n, &refusal).await?,
            }
        }
        Ok(())
    }

    async fn refused(&self, kept: &mut Kept, n: u32, refusal: &Refusal) -> Result<()> {
        ControlClient::new(&self.env)?.heed(&refusal.trouble).await?;
        self.trouble(kept, n, refusal)
    }

    fn trouble(&self, kept: &mut Kept, n: u32, refusal: &Refusal) -> Result<()> {
        if let Some(mut open) = self.open_lease()? {
            let told = open.settlement.rate.take();
            open.settlement.rate = Rate::latest(told, refusal.rate.clone());
            put_lease(&self.sql, &open)?;
        }
        kept.lookup.trouble(n, &refusal.trouble, refusal.rate.as_ref(), clock::now());
        self.save(kept)
    }

    /// X answered a batch: what it said of whom is kept, with what it cost.
    fn take(&self, kept: &mut Kept, n: u32, keys: Vec<String>, answer: &Answer) -> Result<()> {
        let now = clock::now();
        let found = match page::lookup(&answer.body) {
            Ok(found) => found,
            Err(fault) => {
                let trouble = Trouble::BadBody(fault.to_string());
                return self.trouble(kept, n, &Refusal { trouble, rate: answer.rate.clone() });
            }
        };
        let Some(mut open) = self.open_lease()? else {
            return Err(Fault::internal("an answer without a lease".to_owned()));
        };
        // Several are under way at once: their answers come in any order.
        let told = open.settlement.rate.take();
        open.settlement.rate = Rate::latest(told, answer.rate.clone());
        let shown: Vec<u64> = found.users.iter().map(|user| user.id.0).collect();
        let mut today = self.billed_today()?;
        let (billed, repeats) = today.fresh(now, &shown);
        open.settlement.billed += billed;
        open.settlement.repeats += repeats;
        kept.spent += billed * price(Resource::User);
        let (told, why) = lookup::sort(kept.by, &keys, found);
        let known = |key: &String| told.iter().any(|told| told.key == *key);
        let left: Vec<String> = keys.into_iter().filter(|key| !known(key)).collect();
        kept.lookup.answer(n, u32::try_from(left.len()).unwrap_or(u32::MAX), &why, now);
        let mut lines = Vec::with_capacity(told.len());
        for told in &told {
            *kept.classes.entry(told.class).or_default() += 1;
            lines.push(line(told, None)?);
        }
        let (sql, kept, left) = (self.sql.clone(), kept.clone(), serde_json::to_string(&left)?);
        self.sql.atomically(move || {
            put_lines(&sql, &kept.id, &lines)?;
            sql.run(
                "UPDATE batches SET keys = ? WHERE lookup = ? AND n = ?",
                values![left, kept.id.as_str(), i64::from(n)],
            )?;
            put_billed(&sql, &today)?;
            put_lease(&sql, &open)?;
            kept.put(&sql)
        })
    }

    /// Whoever is left failed; the rest is there.
    async fn finish(&self, mut kept: Kept) -> Result<()> {
        let now = clock::now();
        let mut lines = Vec::new();
        let mut failed = 0;
        let mut last = None;
        for (n, why) in kept.lookup.failed() {
            for key in self.keys(&kept.id, n)? {
                let told = Told { key, class: Class::Failed, id: None, raw: None };
                lines.push(line(&told, Some(&why))?);
                failed += 1;
            }
            last = Some(why);
        }
        if failed > 0 {
            kept.classes.insert(Class::Failed, failed);
        }
        let whole = failed < kept.people;
        kept.state = if whole { RunState::Done } else { RunState::Failed };
        kept.reason.clone_from(&last);
        kept.ended = Some(now);
        let mut counts = kept.lookup.counts();
        for (class, count) in &kept.classes {
            counts.insert(class.as_str().to_owned(), i64::try_from(*count).unwrap_or(i64::MAX));
        }
        let error = last.filter(|_| !whole);
        let error = error.map(|why| Fault::new(502, "Nobody could be looked up", why));
        let end = RunEnd { state: kept.state, ended: now, error, counts };
        ControlClient::new(&self.env)?.close(&kept.id, end).await?;
        if self.kept(&kept.id)?.is_none() {
            // Deleted meanwhile.
            return Ok(());
        }
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            put_lines(&sql, &kept.id, &lines)?;
            sql.run("DELETE FROM batches WHERE lookup = ?", values![kept.id.as_str()])?;
            kept.put(&sql)
        })
    }
}
