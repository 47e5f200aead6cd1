//! Carrying out what [`Watch`] says. Invariant: at most one loop runs; what an answer brought, what
//! it cost and the machine's state land in one write, so that the object may be lost between any
//! two.

use super::collection::Tweets;
use super::{purge, store};
use crate::account::Account;
use crate::account::lease::{Leave, Open};
use crate::account::settings::{Settings, Stopped};
use crate::account::snapshots::{DROPPED, ORIGIN};
use crate::bucket;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{ControlClient, RunEnd};
use crate::runs;
use crate::sql::{Sql, values};
use crate::turn::Turn;
use crate::x::{Answer, X};
use shared::api::{Feature, Origin, RunState, Trigger, Work};
use shared::budget::Ask;
use shared::cadence::plan;
use shared::export::Gz;
use shared::retry::{Stop, StopCause, Trouble};
use shared::snapshot::{self, Name};
use shared::time::{MINUTE_MS, UnixMs};
use shared::tweet::{self, Reading, Tweet};
use shared::watch::{Request, Step, Watch};
use std::collections::HashMap;

/// Calls of one alarm: with a lease and a settlement each, at worst, this stays under the free
/// plan's 50 subrequests an invocation.
const CALLS_PER_ALARM: u32 = 15;
/// Objects of tweets kept in one row, in bytes: a row ends at 2 MB.
const RAW_ROW_BYTES: usize = 1_000_000;
/// How often a reading looks whether a replay is over.
const REPLAY_WAIT_MS: i64 = MINUTE_MS;
/// The open lease of these reads.
const LEASE: &str = "tweet_lease";

impl Account {
    /// Cron ticked: begins this hour's reading, or goes on with one that waited.
    pub(in crate::account) async fn tick_tweets(&self) -> Result<()> {
        if self.watch()?.is_some() {
            return self.arm_in(1).await;
        }
        if self.tweets()?.is_due(clock::now()) {
            self.start_tweets(Trigger::Cron).await?;
        }
        Ok(())
    }

    /// `POST …/tweets/check`, and the ticks: begins a reading unless one is under way; says which
    /// run it is.
    pub(in crate::account) async fn start_tweets(
        &self,
        trigger: Trigger,
    ) -> Result<(String, bool)> {
        let settings = self.tracked()?;
        if !self.tweets()?.on {
            return Err(Fault::new(
                409,
                "Tweets are off",
                "reading tweets costs money: `tweets` of the account says how much; switch it on \
                 with PATCH {\"tweets\": true}",
            ));
        }
        // The file is named for this instant: it must be the upstream's.
        X::new(&Config::read(&self.env)).sync_clock().await;
        if let Some(watch) = self.watch()? {
            self.arm_in(1).await?;
            return Ok((watch.run().to_owned(), false));
        }
        let run = runs::begin(trigger, "tweets", Some(settings.account));
        let mut tweets = self.tweets()?;
        tweets.began = Some(clock::now());
        tweets.stopped = None;
        self.save_tweets(&tweets)?;
        // Before anyone else is let in: there is one reading at a time.
        let watch = Watch::start(run.id.clone(), clock::now());
        let (sql, begun) = (self.sql.clone(), run.clone());
        self.sql.atomically(move || {
            Self::note_run(&sql, &begun)?;
            // Of a reading that was ended: its plan is of another hour.
            sql.run("DELETE FROM tweet_raw", values![])?;
            sql.put_meta("watch", &watch)
        })?;
        self.forget_parked(Work::Tweets)?;
        self.open_runs().await?;
        self.arm_in(1).await?;
        Ok((run.id, true))
    }

    fn watch(&self) -> Result<Option<Watch>> {
        self.meta("watch")
    }

    fn save_watch(&self, watch: &Watch) -> Result<()> {
        self.put_meta("watch", watch)
    }

    /// The loop. Ends when the reading does, when it has to wait, or after its share of calls.
    pub(in crate::account) async fn read_tweets(&self) -> Result<()> {
        if self.watch()?.is_none() {
            return Ok(());
        }
        let Some(_turn) = Turn::take(&self.memory.reading) else { return Ok(()) };
        let config = self.config().await?;
        let x = X::new(&config);
        x.sync_clock().await;
        self.settle_in(LEASE).await?;
        let mut calls = 0;
        let outcome = loop {
            let (Some(mut watch), Some(settings)) = (self.watch()?, self.settings()?) else {
                // Of an account deleted meanwhile no reading stays.
                break self.drop_meta("watch");
            };
            match watch.next(clock::now()) {
                Step::Wait { until, .. } => break self.arm_in(clock::delay_ms(until)).await,
                Step::Plan => self.plan_tweets(&x, &settings, watch).await?,
                Step::Call(_) if calls == CALLS_PER_ALARM => break self.arm_in(1).await,
                Step::Call(request) => {
                    calls += 1;
                    self.call_tweets(&x, &settings, watch, &request).await?;
                }
                Step::Finish => self.finish_tweets(&settings, &watch, None).await?,
                Step::Abort(stop) => self.finish_tweets(&settings, &watch, Some(stop)).await?,
            }
        };
        self.settle_in(LEASE).await?;
        outcome
    }

    async fn plan_tweets(&self, x: &X<'_>, settings: &Settings, mut watch: Watch) -> Result<()> {
        if self.is_replaying()? {
            // What is not derived again yet would look new, and be paid for again.
            let why = "a replay is under way: its tweets first".to_owned();
            watch.refuse_budget(Some(clock::now().plus(REPLAY_WAIT_MS)), why, clock::now());
            return self.save_watch(&watch);
        }
        match x.reader(settings) {
            Ok(credential) => {
                let terms = self.terms(settings, x.config(), credential).await?;
                let now = clock::now();
                let plan = plan(&self.watched()?, &terms, now);
                watch.planned(&plan, self.tweets()?.gap, terms.owned, now);
            }
            Err(stop) => watch.stop(stop),
        }
        self.save_watch(&watch)
    }

    async fn call_tweets(
        &self,
        x: &X<'_>,
        settings: &Settings,
        mut watch: Watch,
        request: &Request,
    ) -> Result<()> {
        let credential = match x.reader(settings) {
            Ok(credential) => credential,
            Err(stop) => {
                watch.stop(stop);
                return self.save_watch(&watch);
            }
        };
        let mut open = match self.tweet_lease(settings, request).await? {
            Leave::Granted(open) => open,
            Leave::Refused { until, why } => {
                watch.refuse_budget(until, why, clock::now());
                return self.save_watch(&watch);
            }
        };
        open.calls = open.calls.saturating_sub(1);
        let path = if request.lookup {
            "/2/tweets".to_owned()
        } else {
            format!("/2/users/{}/tweets", settings.account)
        };
        match x.get(&path, &request.query, credential).await {
            Ok(answer) => self.take_answer(settings, watch, open, &answer),
            Err(refusal) => {
                match self.heed(x, LEASE, &mut open, &refusal).await? {
                    Some(stop) => watch.stop(stop),
                    None => watch.trouble(&refusal.trouble, refusal.rate.as_ref(), clock::now()),
                }
                self.save_watch(&watch)
            }
        }
    }

    /// Leave for the next call: what is left of the last lease, or one for all calls alike.
    async fn tweet_lease(&self, settings: &Settings, request: &Request) -> Result<Leave> {
        if let Some(open) = self.meta::<Open>(LEASE)?
            && open.calls > 0
            && open.left >= request.own_bills
            && open.settlement.route == request.route()
            && open.settlement.resource == request.resource
        {
            return Ok(Leave::Granted(open));
        }
        self.settle_in(LEASE).await?;
        let ask = |calls: u32, bills: u64| Ask {
            account: settings.account,
            feature: Feature::Tweets,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: request.route().to_owned(),
            calls,
            resource: request.resource,
            resources: bills,
        };
        let leave = self.lease(ask(request.calls, request.bills)).await?;
        // Not all of it may be affordable, and still the next page.
        let dear = matches!(leave, Leave::Refused { until: None, .. });
        if dear && request.bills > request.own_bills {
            return self.lease(ask(1, request.own_bills)).await;
        }
        Ok(leave)
    }

    fn take_answer(
        &self,
        settings: &Settings,
        mut watch: Watch,
        mut open: Open,
        answer: &Answer,
    ) -> Result<()> {
        let now = clock::now();
        open.settlement.rate.clone_from(&answer.rate);
        let reading = Reading { account: settings.account, now };
        let told = match tweet::read(&answer.body, &reading) {
            Ok(told) => told,
            Err(fault) => {
                watch.trouble(&Trouble::BadBody(fault.to_string()), answer.rate.as_ref(), now);
                self.put_meta(LEASE, &open)?;
                return self.save_watch(&watch);
            }
        };
        let ids = told.tweets.iter().map(|tweet| tweet.id).chain(told.foreign.iter().copied());
        let ids: Vec<u64> = ids.chain(told.early.iter().copied()).map(|id| id.0).collect();
        let mut today = self.posts_billed()?;
        let (billed, repeats) = today.fresh(now, &ids);
        open.settlement.billed += billed;
        open.settlement.repeats += repeats;
        open.left = open.left.saturating_sub(billed);
        let heard = watch.answer(&told);
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            gather(&sql, &told.tweets)?;
            sql.run("DELETE FROM tweet_billed", values![])?;
            sql.run("INSERT INTO tweet_billed (bytes) VALUES (?)", values![today.encode()])?;
            for id in &heard.silent {
                sql.run(
                    "INSERT INTO tweet_asked (id, at) VALUES (?, ?)
                     ON CONFLICT (id) DO UPDATE SET at = excluded.at",
                    values![store::text_of(*id), now.0],
                )?;
            }
            purge::gone(&sql, &heard.gone, now)?;
            sql.put_meta(LEASE, &open)?;
            sql.put_meta("watch", &watch)
        })
    }

    /// The tweets billed on the current UTC day.
    fn posts_billed(&self) -> Result<shared::budget::BilledToday> {
        let row = self.sql.first("SELECT bytes FROM tweet_billed", values![])?;
        let bytes = row.map(|mut row| row.blob()).transpose()?.unwrap_or_default();
        // A damaged set only makes repeats look billed: dearer on paper, never in fact.
        Ok(shared::budget::BilledToday::decode(&bytes).unwrap_or_default())
    }

    /// The reading is over: stores its file, sends its message, or says that nothing came. Every
    /// step may be repeated after a loss.
    async fn finish_tweets(
        &self,
        settings: &Settings,
        watch: &Watch,
        stop: Option<Stop>,
    ) -> Result<()> {
        let now = clock::now();
        let control = ControlClient::new(&self.env)?;
        let end = |state, error| RunEnd { state, ended: now, error, counts: watch.counts() };
        let over = watch.over_budget().map(str::to_owned);
        if watch.came() {
            // Before the reading of its file ends the run; a run that failed stays so.
            if stop.is_none() {
                control.close(watch.run(), end(RunState::Running, None)).await?;
            }
        } else if stop.is_none() {
            control.close(watch.run(), end(RunState::Done, None)).await?;
        }
        if let Some(stop) = &stop {
            let fault = Fault::new(502, &stop.title, stop.detail.as_str());
            control.close(watch.run(), end(RunState::Failed, Some(fault))).await?;
        }
        if watch.came() {
            self.store_tweets(settings, watch).await?;
        }
        let mut tweets = self.tweets()?;
        settle_up(&mut tweets, watch, stop.as_ref(), over, now);
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            sql.run("DELETE FROM tweet_raw", values![])?;
            sql.drop_meta("watch")?;
            sql.put_meta("tweets", &tweets)
        })
    }

    async fn store_tweets(&self, settings: &Settings, watch: &Watch) -> Result<()> {
        let mut told: Vec<Tweet> = Vec::new();
        for mut row in self.sql.rows("SELECT seq FROM tweet_raw ORDER BY seq", values![])? {
            let text = "SELECT text FROM tweet_raw WHERE seq = ?";
            let Some(mut row) = self.sql.first(text, values![row.int()?])? else { continue };
            told.extend(row.text()?.lines().filter_map(Tweet::from_raw));
        }
        let json = tweet::write(&told);
        drop(told);
        let mut gz = Gz::new();
        gz.write(&json);
        let name = Name::tweets(watch.started());
        let key = snapshot::key(settings.account, &name);
        let bucket = bucket::open(&self.env)?;
        // Registered before the object appears, so that whoever reads it finds its run.
        self.register(&name, "", 0, None, Some(watch.run()))?;
        let origin = (ORIGIN.to_owned(), Origin::Check.as_str().to_owned());
        let dropped = watch.counts().get("dropped").copied().unwrap_or_default();
        let metadata = HashMap::from([origin, (DROPPED.to_owned(), dropped.to_string())]);
        let put = bucket::put(&bucket, &key, gz.finish(), "application/gzip", metadata).await?;
        self.register(&name, &put.etag, put.bytes, None, Some(watch.run()))?;
        SnapshotPut::new(&key, &put.etag).send(&self.env).await
    }
}

/// What a reading leaves for the next one.
fn settle_up(
    tweets: &mut Tweets,
    watch: &Watch,
    stop: Option<&Stop>,
    over: Option<String>,
    now: UnixMs,
) {
    if watch.listed() {
        tweets.discovered = Some(watch.started());
    }
    tweets.gap = watch.gap(tweets.gap);
    let lasting = |stop: &&Stop| !matches!(stop.cause, StopCause::Silent | StopCause::Rejected);
    let reason = stop.filter(lasting).map(|stop| format!("{}: {}", stop.title, stop.detail));
    tweets.stopped = reason.or(over).map(|reason| Stopped { at: now, reason, until: None });
}

/// Keeps what came, as X wrote it, a line each.
fn gather(sql: &Sql, tweets: &[Tweet]) -> Result<()> {
    let mut lines = String::new();
    let keep = |lines: &mut String| {
        let lines = std::mem::take(lines);
        sql.run("INSERT INTO tweet_raw (text) VALUES (?)", values![lines])
    };
    for tweet in tweets {
        // X's pages may hold line feeds between fields; within texts JSON has them escaped.
        let raw = tweet.raw.replace(['\n', '\r'], " ");
        if !lines.is_empty() && lines.len() + raw.len() > RAW_ROW_BYTES {
            keep(&mut lines)?;
        }
        lines.push_str(&raw);
        lines.push('\n');
    }
    if lines.is_empty() { Ok(()) } else { keep(&mut lines) }
}
