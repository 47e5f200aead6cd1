//! Looking up those who left, so that the ledger can say why. Owns: whom, when, what it may cost.
//! Must not know: what an answer means for the ledger. Invariant: at most one loop runs; what an
//! answer said, what it cost and the machine's state land in one write, so that the object may be
//! lost between any two; whoever could not be asked is asked when there is budget again, the
//! oldest loss first.

use super::Account;
use super::lease::{Leave, Open, unsigned};
use super::ledger;
use super::settings::{Settings, Stopped};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, Money, Recalled, RunEnd, ToControl};
use crate::runs;
use crate::sql::{Sql, values};
use crate::turn::Turn;
use crate::x::{Answer, X};
use serde::{Deserialize, Serialize};
use shared::api::{self, CollectorState, Feature, RunState, Trigger, Work};
use shared::budget::{Ask, BilledToday, Resource, price, usd};
use shared::id::UserId;
use shared::lookup::{self, BATCH_MAX, By, Lookup, Step};
use shared::retry::{Stop, StopCause, Trouble};
use shared::time::{DAY_MS, HOUR_MS, UnixMs};
use shared::verdict::{Evidence, said};
use shared::x::page;
use shared::x::user::{USER_FIELDS, USER_FIELDS_OWNER};
use std::collections::BTreeMap;

/// The owner's choice, and why looking stopped.
const CHOICE: &str = "verify";
/// The run under way.
const RUN: &str = "verifying";
/// Its open lease.
const LEASE: &str = "verify_lease";
/// Its rate window: X has one for looking up many.
const ROUTE: &str = "users/lookup";
/// People of one run: its state is one row.
const PEOPLE_MAX: u64 = 500;
/// Calls of one alarm: with a lease and a settlement each, at worst, this stays under the free
/// plan's 50 subrequests an invocation.
const CALLS_PER_ALARM: u32 = 12;
/// Failures of one batch after which it waits for the next hour.
const TRIES: u32 = 8;
/// Losses older than this when looking is switched on stay as they are: looking them up costs.
const BACK_MS: i64 = DAY_MS;
/// Over how long it is measured how often a loss was none.
const MEASURED_MS: i64 = 90 * DAY_MS;
/// Before anything was measured: who leaves in a month, of a thousand followers. Accounts of
/// 10,000 lose some 40 a day.
const LOST_PER_1000: u64 = 120;

/// What the owner chose.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Choice {
    on: bool,
    /// Losses before this are history.
    since: UnixMs,
    #[serde(default)]
    stopped: Option<Stopped>,
}

/// A run under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Verifying {
    run: String,
    lookup: Lookup,
    /// Ids of each batch that nothing is known of yet.
    batches: Vec<Vec<String>>,
    counts: BTreeMap<String, i64>,
}

fn choice(sql: &Sql) -> Result<Option<Choice>> {
    sql.meta(CHOICE)
}

/// Why nobody is looked up just now, in words for the owner; empty: looks go on.
pub(super) fn why_not(sql: &Sql) -> Result<String> {
    Ok(match choice(sql)? {
        Some(Choice { on: true, stopped: None, .. }) => String::new(),
        Some(Choice { on: true, stopped: Some(stopped), .. }) => {
            format!("Not looked up yet: {}", stopped.reason)
        }
        _ => format!(
            "Not looked up: that is switched off. PATCH {{\"verify\": true}} looks up who leaves, \
             at ${:.2} a person at most.",
            usd(price(Resource::User))
        ),
    })
}

/// Losses that a look may explain: of checks, since looking was switched on.
const OPEN: &str = "FROM changes c JOIN lists s ON s.at = c.at
    WHERE c.look IS NOT NULL AND c.at >= ? AND s.facts IS NOT NULL";

impl Account {
    /// A new account: those who leave are looked up unless its owner said otherwise.
    pub(super) fn begin_verify(&self, on: bool, now: UnixMs) -> Result<()> {
        self.put_meta(CHOICE, &Choice { on, since: now, stopped: None })
    }

    /// The owner changed something: whatever stopped looking may be mended.
    pub(super) fn change_verify(&self, on: Option<bool>) -> Result<()> {
        let now = clock::now();
        let before = choice(&self.sql)?;
        let mut choice = before.unwrap_or(Choice { on: false, since: now, stopped: None });
        if on == Some(true) && !choice.on {
            choice.since = now.plus(-BACK_MS);
        }
        choice.on = on.unwrap_or(choice.on);
        choice.stopped = None;
        self.put_meta(CHOICE, &choice)
    }

    fn verifying(&self) -> Result<Option<Verifying>> {
        self.meta(RUN)
    }

    /// How many are to be looked up now, and when the next one is.
    fn looks(&self, choice: &Choice, now: UnixMs) -> Result<(u64, Option<UnixMs>)> {
        let statement = format!("SELECT COALESCE(SUM(c.look <= ?), 0), MIN(c.look) {OPEN}");
        let row = self.sql.first(&statement, values![now.0, choice.since.0])?;
        row.map_or(Ok((0, None)), |mut row| {
            Ok((unsigned(row.int()?), row.maybe_int()?.map(UnixMs)))
        })
    }

    /// Wakes this object when someone is to be looked up, if anyone is.
    pub(super) async fn arm_look(&self) -> Result<()> {
        let now = clock::now();
        let Some(choice) = choice(&self.sql)?.filter(|choice| choice.on) else { return Ok(()) };
        if self.verifying()?.is_none()
            && choice.stopped.as_ref().is_some_and(|stopped| stopped.holds(now))
        {
            // The hourly tick sees when it is over.
            return Ok(());
        }
        match self.looks(&choice, now)? {
            (_, Some(look)) => self.arm_in(clock::delay_ms(look)).await,
            (_, None) => Ok(()),
        }
    }

    /// The loop. Ends when nobody is due, when it has to wait, or after its share of calls.
    pub(super) async fn verify(&self) -> Result<()> {
        let Some(settings) = self.settings()? else { return Ok(()) };
        // While the ledger is derived anew, nobody's loss is known for sure.
        if self.is_replaying()? {
            return Ok(());
        }
        let Some(_turn) = Turn::take(&self.memory.verifying) else { return Ok(()) };
        let config = self.config().await?;
        let x = X::new(&config);
        let mut run = match self.verifying()? {
            Some(run) => run,
            None => match self.start_verify(&x, &settings).await? {
                Some(run) => run,
                None => return self.arm_look().await,
            },
        };
        x.sync_clock().await;
        self.settle_in(LEASE).await?;
        run.lookup.recover();
        let outcome = self.look_on(&x, &settings, run).await;
        self.settle_in(LEASE).await?;
        outcome
    }

    /// Begins a run for those who are due, as many as the budget covers.
    async fn start_verify(&self, x: &X<'_>, settings: &Settings) -> Result<Option<Verifying>> {
        let Some(choice) = choice(&self.sql)?.filter(|choice| choice.on) else {
            return Ok(None);
        };
        if self.looks(&choice, clock::now())?.1.is_none() {
            return Ok(None);
        }
        x.sync_clock().await;
        let now = clock::now();
        if choice.stopped.as_ref().is_some_and(|stopped| stopped.holds(now)) {
            return Ok(None);
        }
        let money: Money = ControlClient::new(&self.env)?
            .tell(ToControl::Money { ask: ask(settings, 0, 0) })
            .await?;
        // At least one: then it is Control that says why not.
        let people = (money.room / price(Resource::User)).clamp(1, PEOPLE_MAX);
        let due = format!("SELECT DISTINCT c.user {OPEN} AND c.look <= ? ORDER BY c.at LIMIT ?");
        let people = i64::try_from(people).unwrap_or(i64::MAX);
        let rows = self.sql.rows(&due, values![choice.since.0, now.0, people])?;
        let mut ids = Vec::with_capacity(rows.len());
        for mut row in rows {
            ids.push(super::id_from_text(&row.text()?)?.to_string());
        }
        // As it is now: the owner may have switched it off while Control was asked.
        let Some(mut choice) = self::choice(&self.sql)?.filter(|choice| choice.on) else {
            return Ok(None);
        };
        if ids.is_empty() {
            return Ok(None);
        }
        choice.stopped = None;
        let batches: Vec<Vec<String>> =
            ids.chunks(BATCH_MAX as usize).map(<[String]>::to_vec).collect();
        let sizes = batches.iter().map(|batch| u32::try_from(batch.len()).unwrap_or(u32::MAX));
        let lookup = Lookup::start(
            lookup::Settings { pool: 1, tries: TRIES, batch: BATCH_MAX },
            sizes.collect::<Vec<_>>(),
        );
        let run = runs::begin(Trigger::Alarm, "verify", Some(settings.account));
        let asked = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let counts = BTreeMap::from([("asked".to_owned(), asked)]);
        let verifying = Verifying { run: run.id.clone(), lookup, batches, counts };
        let (sql, kept) = (self.sql.clone(), verifying.clone());
        self.sql.atomically(move || {
            Self::note_run(&sql, &run)?;
            sql.put_meta(CHOICE, &choice)?;
            sql.put_meta(RUN, &kept)
        })?;
        self.forget_parked(Work::Verification)?;
        self.open_runs().await?;
        Ok(Some(verifying))
    }

    async fn look_on(&self, x: &X<'_>, settings: &Settings, mut run: Verifying) -> Result<()> {
        let mut calls = 0;
        loop {
            if self.settings()?.is_none() {
                // Of an account deleted meanwhile no looking stays.
                return self.drop_meta(RUN);
            }
            match run.lookup.next(clock::now()) {
                Step::Wait { until, .. } => {
                    self.put_meta(RUN, &run)?;
                    return self.arm_in(clock::delay_ms(until)).await;
                }
                Step::Ask { .. } if calls >= CALLS_PER_ALARM => {
                    self.put_meta(RUN, &run)?;
                    return self.arm_in(1).await;
                }
                Step::Ask { calls, people } => {
                    self.settle_in(LEASE).await?;
                    let ask = ask(settings, calls.min(CALLS_PER_ALARM), people);
                    match self.lease(ask).await? {
                        Leave::Granted(open) => {
                            run.lookup.grant(open.calls);
                            self.put_meta(LEASE, &open)?;
                        }
                        Leave::Refused { until: None, why } => run.lookup.stop(Stop {
                            cause: StopCause::Budget,
                            title: "Over budget".to_owned(),
                            detail: why,
                        }),
                        Leave::Refused { until, why } => {
                            run.lookup.refuse(until, why, clock::now());
                        }
                    }
                }
                Step::Call(batches) => {
                    for n in batches {
                        calls += 1;
                        self.look(x, settings, &mut run, n).await?;
                    }
                }
                Step::Finish => return self.finish_verify(run).await,
            }
        }
    }

    async fn look(
        &self,
        x: &X<'_>,
        settings: &Settings,
        run: &mut Verifying,
        n: u32,
    ) -> Result<()> {
        self.put_meta(RUN, run)?;
        let credential = match x.reader(settings) {
            Ok(credential) => credential,
            Err(stop) => {
                run.lookup.stop(stop);
                return self.put_meta(RUN, run);
            }
        };
        let own = x.acts_for(settings.account, credential);
        let keys = run.batches.get(n as usize).cloned().unwrap_or_default();
        let (path, parameter) = By::Ids.endpoint();
        let fields = if own { USER_FIELDS_OWNER } else { USER_FIELDS };
        let query =
            [(parameter.to_owned(), keys.join(",")), ("user.fields".to_owned(), fields.to_owned())];
        match x.get(path, &query, credential).await {
            Ok(answer) => self.take_look(settings, run, n, (&answer, own)).await,
            Err(refusal) => {
                ControlClient::new(&self.env)?.heed(&refusal.trouble).await?;
                if let Some(mut open) = self.meta::<Open>(LEASE)? {
                    open.settlement.rate.clone_from(&refusal.rate);
                    self.put_meta(LEASE, &open)?;
                }
                let now = clock::now();
                run.lookup.trouble(n, &refusal.trouble, refusal.rate.as_ref(), now);
                self.put_meta(RUN, run)
            }
        }
    }

    /// X answered: what it said is kept, shown, paid for and told.
    async fn take_look(
        &self,
        settings: &Settings,
        run: &mut Verifying,
        n: u32,
        (answer, own): (&Answer, bool),
    ) -> Result<()> {
        let now = clock::now();
        let keys = run.batches.get(n as usize).cloned().unwrap_or_default();
        let Some(mut open) = self.meta::<Open>(LEASE)? else {
            return Err(Fault::internal("a look without a lease".to_owned()));
        };
        open.settlement.rate.clone_from(&answer.rate);
        let found = match page::lookup(&answer.body) {
            Ok(found) => found,
            Err(fault) => {
                let trouble = Trouble::BadBody(fault.to_string());
                run.lookup.trouble(n, &trouble, answer.rate.as_ref(), now);
                self.put_meta(LEASE, &open)?;
                return self.put_meta(RUN, run);
            }
        };
        let shown: Vec<u64> = found.users.iter().map(|user| user.id.0).collect();
        let mut today = self.looked_today()?;
        let (billed, repeats) = today.fresh(now, &shown);
        open.settlement.billed += billed;
        open.settlement.repeats += repeats;
        let (told, why) = lookup::sort(By::Ids, &keys, found);
        let mut evidence = Vec::with_capacity(told.len());
        for told in &told {
            let (Ok(user), Some(said)) = (told.key.parse::<UserId>(), said(told, own)) else {
                continue;
            };
            *run.counts.entry(said.as_str().to_owned()).or_default() += 1;
            evidence.push(Evidence { user, at: now, said, listed: None, shown: None });
        }
        let left = keys.into_iter().filter(|key| told.iter().all(|told| told.key != *key));
        let left: Vec<String> = left.collect();
        run.lookup.answer(n, u32::try_from(left.len()).unwrap_or(u32::MAX), &why, now);
        if let Some(batch) = run.batches.get_mut(n as usize) {
            *batch = left;
        }
        let (sql, kept) = (self.sql.clone(), run.clone());
        let news = self.sql.atomically(move || {
            sql.put_meta(RUN, &kept)?;
            sql.put_meta(LEASE, &open)?;
            sql.run("DELETE FROM looked", values![])?;
            sql.run("INSERT INTO looked (bytes) VALUES (?)", values![today.encode()])?;
            ledger::witness(&sql, &evidence)
        })?;
        if let Err(fault) = self.tell_news(settings, &news).await {
            worker::console_error!("news of a look: {}", fault.log());
        }
        Ok(())
    }

    /// Takes looks at a simulated past in. They are no news to anyone.
    pub(super) fn recall(&self, looks: &[Recalled]) -> Result<usize> {
        let evidence = looks.iter().map(|&Recalled { user, at, said }| Evidence {
            user,
            at,
            said,
            listed: None,
            shown: None,
        });
        let evidence: Vec<Evidence> = evidence.collect();
        let sql = self.sql.clone();
        self.sql.atomically(move || ledger::witness(&sql, &evidence))?;
        Ok(looks.len())
    }

    /// The profiles billed on the current UTC day.
    fn looked_today(&self) -> Result<BilledToday> {
        let row = self.sql.first("SELECT bytes FROM looked", values![])?;
        let bytes = row.map(|mut row| row.blob()).transpose()?.unwrap_or_default();
        // A damaged set only makes repeats look billed: dearer on paper, never in fact.
        Ok(BilledToday::decode(&bytes).unwrap_or_default())
    }

    async fn finish_verify(&self, mut run: Verifying) -> Result<()> {
        // Before anyone sees that it is over.
        self.settle_in(LEASE).await?;
        let now = clock::now();
        let failed = run.lookup.left();
        run.counts.extend(run.lookup.counts());
        run.counts.insert("failed".to_owned(), i64::try_from(failed).unwrap_or(i64::MAX));
        let why = run.lookup.failed().next().map(|(_, why)| why);
        let budget = run.lookup.stopped().is_some_and(|stop| stop.cause == StopCause::Budget);
        let until = if budget {
            self.memory.goes_on.take()
        } else {
            run.lookup.stopped().is_none().then(|| now.plus(HOUR_MS))
        };
        let stopped = why.clone().map(|reason| Stopped { at: now, reason, until });
        let (state, error) = match why {
            None => (RunState::Done, None),
            Some(why) => {
                (RunState::Failed, Some(Fault::new(502, "Not all could be looked up", why)))
            }
        };
        let end = RunEnd { state, ended: now, error, counts: run.counts };
        ControlClient::new(&self.env)?.close(&run.run, end).await?;
        // Read now, not before: the owner may have chosen otherwise meanwhile.
        let choice = choice(&self.sql)?;
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            if let (Some(mut choice), Some(stopped)) = (choice, stopped) {
                choice.stopped = Some(stopped);
                sql.put_meta(CHOICE, &choice)?;
            }
            sql.drop_meta(RUN)
        })?;
        self.erase_gone(now)?;
        self.arm_look().await
    }

    /// `verify` of the account as shown. `lost`: who left in 30 days, if that is known.
    pub(super) fn verification(
        &self,
        followers: Option<u64>,
        lost: Option<u64>,
    ) -> Result<api::Verification> {
        let now = clock::now();
        let choice = choice(&self.sql)?.unwrap_or(Choice { on: false, since: now, stopped: None });
        let run = self.verifying()?;
        let waiting = run.as_ref().and_then(|run| run.lookup.waiting());
        let paused = self.paused(Work::Verification, now).filter(|_| run.is_some());
        let waiting = waiting
            .filter(|(until, _)| *until > now)
            .or(paused.as_ref().map(|(until, why)| (*until, why.as_str())));
        let stopped = choice.stopped.as_ref().filter(|_| choice.on);
        let (state, reason) = match (&run, waiting, stopped) {
            (Some(_), Some((_, why)), _) => (CollectorState::Waiting, Some(why.to_owned())),
            (Some(_), None, _) => (CollectorState::Checking, None),
            (None, _, Some(stopped)) => (CollectorState::Stopped, Some(stopped.reason.clone())),
            (None, _, None) => (CollectorState::Idle, None),
        };
        let (due, mut next_look) = self.looks(&choice, now)?;
        if let (None, Some(stopped)) = (&run, stopped) {
            next_look = Some(stopped.ends());
        }
        let next_look = waiting.map(|(until, _)| until).or(next_look).filter(|_| choice.on);
        let row = self.sql.first(
            "SELECT COALESCE(SUM(state = 'retracted'), 0), COUNT(*) FROM shown
             WHERE kind = 'lost' AND settled IS NOT NULL AND at >= ?",
            values![now.plus(-MEASURED_MS).0],
        )?;
        let (retracted, settled) =
            row.map_or(Ok((0, 0)), |mut row| Ok::<_, Fault>((row.int()?, row.int()?)))?;
        let month = lost.or(followers.map(|followers| followers * LOST_PER_1000 / 1000));
        Ok(api::Verification {
            on: choice.on,
            state,
            reason,
            run: run.map(|run| run.run),
            due: if choice.on { due } else { 0 },
            next_look,
            look_usd: usd(price(Resource::User)),
            month_usd: month.map(|people| usd(people.saturating_mul(price(Resource::User)))),
            false_loss_rate: api::share(unsigned(retracted), unsigned(settled)),
        })
    }
}

/// A lease for looking up so many people.
fn ask(settings: &Settings, calls: u32, people: u64) -> Ask {
    Ask {
        account: settings.account,
        feature: Feature::Verification,
        account_cap: settings.cap_micro,
        account_day_cap: settings.day_cap_micro,
        route: ROUTE.to_owned(),
        calls,
        resource: Resource::User,
        resources: people,
    }
}
