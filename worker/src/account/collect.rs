//! Collection: the loop that carries out what [`Crawl`] says.
//! Invariant: at most one loop runs; every outcome is fed back to the machine and saved before
//! the next step, so that the object may be lost between any two.

use super::lease::{COST, FOLLOWER_LEASE, Leave, Open, follower_resource, profile_ask};
use super::settings::{Settings, Stopped};
use super::{Account, gather};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, RunEnd, ToControl};
use crate::runs;
use crate::turn::Turn;
use crate::x::{Answer, Refusal, X};
use shared::api::{Credential, Feature, RunState, Trigger, Work};
use shared::budget::Ask;
use shared::crawl::{Crawl, PageFacts, PageVerdict, Step};
use shared::credentials::Endpoint;
use shared::id::{AccountId, UserId};
use shared::retry::{Stop, StopCause, Trouble};
use shared::snapshot::{Place, member};
use shared::time::UnixMs;
use shared::x::page::{followers_page, latest, lookup};
use shared::x::user::{USER_FIELDS, USER_FIELDS_OWNER};
use std::collections::BTreeMap;

/// Pages of one alarm: with a call each, a lease, a settlement and some parts to R2 this stays
/// under the free plan's 50 subrequests an invocation.
const PAGES_PER_ALARM: u32 = 20;
/// Followers of one page: the most X gives.
const PAGE_SIZE: u64 = 1_000;

/// The row of a count's open lease. Not that of a check: one may begin while a count is read, and
/// would be settled before its pages came.
const COUNT_LEASE: &str = "count_lease";
/// The row of a check that was given up and whose end Control does not know yet.
const ENDED: &str = "ended";

impl Account {
    /// Starts a full check unless one is under way; says which run it is.
    pub(super) async fn start_crawl(&self, trigger: Trigger) -> Result<(String, bool)> {
        if let Some(crawl) = self.crawl()? {
            self.arm_in(1).await?;
            return Ok((crawl.run().to_owned(), false));
        }
        let account = self.tracked()?.account;
        // The snapshot is named for this instant: it must be the upstream's.
        X::new(&Config::read(&self.env)).sync_clock().await;
        let control = ControlClient::new(&self.env)?;
        if trigger == Trigger::Fetch {
            // Whoever asks may have bought credits: X is asked again.
            control.tell::<Option<()>>(ToControl::Mended { account }).await?;
        }
        if let Some(crawl) = self.crawl()? {
            // Another came first while this one waited.
            return Ok((crawl.run().to_owned(), false));
        }
        let mut settings = self.tracked()?;
        let run = runs::begin(trigger, "crawl", Some(account));
        self.drop_meta(COST)?;
        settings.last_crawl = Some(clock::now());
        settings.stopped = None;
        self.save(&settings)?;
        // Before anyone else is let in: there is one check at a time.
        let crawl = Crawl::start(run.id.clone(), clock::now());
        let (sql, begun) = (self.sql.clone(), run.clone());
        self.sql.atomically(move || {
            Self::note_run(&sql, &begun)?;
            sql.put_meta("crawl", &crawl)
        })?;
        self.forget_parked(Work::Followers)?;
        self.open_runs().await?;
        self.arm_in(1).await?;
        Ok((run.id, true))
    }

    /// The loop. Ends when the crawl does, when it has to wait, or after its share of pages.
    pub(super) async fn collect(&self) -> Result<()> {
        let Some(_turn) = Turn::take(&self.memory.collecting) else { return Ok(()) };
        let config = self.config().await?;
        let x = X::new(&config);
        x.sync_clock().await;
        self.settle().await?;
        self.tell_end().await?;
        let mut steps = 0;
        let outcome = loop {
            // Of an account deleted meanwhile no check stays: whoever adds it again has not asked
            // for one.
            let Some(settings) = self.settings()? else { break self.drop_crawl() };
            let Some(mut crawl) = self.crawl()? else { break Ok(()) };
            if crawl.resume(clock::now()) {
                self.save_crawl(&crawl)?;
            }
            if steps >= PAGES_PER_ALARM {
                break self.arm_in(1).await;
            }
            // A settlement and a lease for one page count like a page.
            steps += 1 + u32::from(self.memory.crowded.take());
            match crawl.next(clock::now()) {
                Step::Wait { until, .. } => break self.arm_in(clock::delay_ms(until)).await,
                Step::ReadProfile => self.read_profile(&x, &settings, crawl).await?,
                Step::ReadPage { token, .. } => {
                    self.read_page(&x, &settings, crawl, token).await?;
                }
                Step::Finish => self.finish_crawl(&settings, &crawl).await?,
                Step::Abort(stop) => self.abort_crawl(settings.account, &crawl, stop).await?,
            }
        };
        self.settle().await?;
        outcome
    }

    async fn read_profile(&self, x: &X<'_>, settings: &Settings, mut crawl: Crawl) -> Result<()> {
        let credential = match x.reader(settings) {
            Ok(credential) => credential,
            Err(stop) => {
                crawl.stop(stop);
                return self.save_step(&crawl);
            }
        };
        self.settle().await?;
        let ask = profile_ask(settings);
        let mut open = match self.lease(ask).await? {
            Leave::Granted(open) => open,
            Leave::Refused { until, why } => {
                crawl.refuse_budget(until, why, clock::now());
                return self.save_step(&crawl);
            }
        };
        match self.profile(x, settings, credential).await {
            Ok((raw, answer)) => {
                // One profile a day is billed once; the loop reads it twice a crawl at most.
                let again = settings.last_count.is_some_and(|at| same_day(at, clock::now()));
                (open.settlement.billed, open.settlement.repeats) =
                    if again { (0, 1) } else { (1, 0) };
                open.settlement.rate = answer.rate;
                self.put_meta("lease", &open)?;
                match self.saw_profile(&raw, clock::now())? {
                    Some(count) => crawl.profile(count, clock::now()),
                    None => crawl.trouble(
                        &Trouble::BadBody("a profile without followers_count".to_owned()),
                        None,
                        clock::now(),
                    ),
                }
            }
            Err(refusal) => self.refused(x, &mut crawl, &mut open, &refusal).await?,
        }
        self.save_step(&crawl)
    }

    /// Reads the account's own profile: the raw user object.
    async fn profile(
        &self,
        x: &X<'_>,
        settings: &Settings,
        credential: Credential,
    ) -> std::result::Result<(String, Answer), Refusal> {
        let path = format!("/2/users/{}", settings.account);
        let answer = x.get(&path, &super::lookup_query(), credential).await?;
        let bad =
            |text: String| Refusal { trouble: Trouble::BadBody(text), rate: answer.rate.clone() };
        let found = lookup(&answer.body).map_err(|fault| bad(fault.to_string()))?;
        if let Some(user) = found.users.into_iter().next() {
            Ok((user.raw, answer))
        } else {
            let said = found.errors.first().map_or("no such user", |error| &error.detail);
            Err(bad(format!("X does not show this account: {said}")))
        }
    }

    async fn read_page(
        &self,
        x: &X<'_>,
        settings: &Settings,
        mut crawl: Crawl,
        token: Option<String>,
    ) -> Result<()> {
        let credential = match x.reader(settings) {
            Ok(credential) => credential,
            Err(stop) => {
                crawl.stop(stop);
                return self.save_step(&crawl);
            }
        };
        let mut open = match self.page_lease(x, settings, &crawl, credential).await? {
            Leave::Granted(open) => open,
            Leave::Refused { until, why } => {
                crawl.refuse_budget(until, why, clock::now());
                return self.save_step(&crawl);
            }
        };
        if token.is_none() {
            // The walk begins, or begins anew after its page token died.
            self.abandon_upload(settings.account).await?;
            self.drop_pages()?;
        }
        open.calls = open.calls.saturating_sub(1);
        let own = x.acts_for(settings.account, credential);
        let fields = if own { USER_FIELDS_OWNER } else { USER_FIELDS };
        let mut query = vec![
            ("max_results".to_owned(), PAGE_SIZE.to_string()),
            ("user.fields".to_owned(), fields.to_owned()),
        ];
        query.extend(token.map(|token| ("pagination_token".to_owned(), token)));
        let path = format!("/2/users/{}/followers", settings.account);
        match x.get(&path, &query, credential).await {
            Ok(answer) => self.take_page(&mut crawl, open, &answer),
            Err(refusal) => {
                self.refused(x, &mut crawl, &mut open, &refusal).await?;
                self.save_step(&crawl)
            }
        }?;
        self.flush_parts(settings.account).await
    }

    /// Leave for the pages of this alarm, asked for once and used page by page.
    async fn page_lease(
        &self,
        x: &X<'_>,
        settings: &Settings,
        crawl: &Crawl,
        credential: Credential,
    ) -> Result<Leave> {
        if let Some(open) = self.meta::<Open>("lease")?
            && open.calls > 0
            && open.settlement.route == "followers"
        {
            return Ok(Leave::Granted(open));
        }
        self.settle().await?;
        let owned = x.config().owner_id() == Some(settings.account);
        let left = crawl.expected().unwrap_or(PAGE_SIZE).saturating_sub(crawl.read()).max(1);
        let calls = left.div_ceil(PAGE_SIZE).min(u64::from(PAGES_PER_ALARM));
        // What was billed today is free today; one in a hundred may be new since.
        let unread = crawl.expected().unwrap_or(PAGE_SIZE);
        let fresh = unread.saturating_sub(self.billed_today()?) + unread / 100 + 10;
        self.lease(Ask {
            account: settings.account,
            feature: Feature::Followers,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: "followers".to_owned(),
            calls: u32::try_from(calls).unwrap_or(PAGES_PER_ALARM),
            resource: follower_resource(owned, credential),
            // All that is left, not this alarm's share: a check that the cap does not cover to its
            // end must not begin.
            resources: fresh.min(left + left / 100 + 10),
        })
        .await
    }

    fn take_page(&self, crawl: &mut Crawl, mut open: Open, answer: &Answer) -> Result<()> {
        let now = clock::now();
        open.settlement.rate.clone_from(&answer.rate);
        if self.is_crowded(answer.rate.as_ref()) {
            open.calls = 0;
        }
        let page = match followers_page(&answer.body) {
            Ok(page) => page,
            Err(fault) => {
                let trouble = Trouble::BadBody(fault.to_string());
                crawl.trouble(&trouble, answer.rate.as_ref(), now);
                self.put_meta("lease", &open)?;
                return self.save_step(crawl);
            }
        };
        let ids: Vec<UserId> = page.users.iter().map(|user| user.id).collect();
        let (billed, repeats) = self.bill(&ids)?;
        open.settlement.billed += billed;
        open.settlement.repeats += repeats;
        if !self.is_under_way(crawl)? {
            // The account was deleted meanwhile: what X billed counts all the same.
            return self.put_meta("lease", &open);
        }
        let fresh = self.fresh(&ids)?;
        let number = crawl.pages();
        // Of the list, not of the walk: a first page may be empty.
        let first = crawl.read() == 0;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let facts = PageFacts {
            new_ids: count(fresh.len()),
            repeats: count(ids.len() - fresh.len()),
            dropped: page.dropped,
            refused: page.refused,
            next_token: page.next_token,
        };
        match crawl.page(facts, now) {
            PageVerdict::Keep { last } => {
                // Whoever an earlier page had comes again: whoever reads the file takes the last.
                let users: Vec<&str> = latest(&page.users).map(|user| user.raw.as_str()).collect();
                let member = member(&users, Place { first, last });
                self.keep(gather::Page { number, fresh, member }, crawl, &open)
            }
            PageVerdict::Discard | PageVerdict::Restart => {
                self.put_meta("lease", &open)?;
                self.save_step(crawl)
            }
        }
    }

    /// X or the way to it said no: the machine decides what that means.
    async fn refused(
        &self,
        x: &X<'_>,
        crawl: &mut Crawl,
        open: &mut Open,
        refusal: &Refusal,
    ) -> Result<()> {
        match self.heed(x, FOLLOWER_LEASE, open, refusal).await? {
            Some(stop) => crawl.stop(stop),
            None => crawl.trouble(&refusal.trouble, refusal.rate.as_ref(), clock::now()),
        }
        Ok(())
    }

    /// The check is over before its end. What its run comes to is noted where the check is dropped,
    /// so that it ends even if Control cannot be told just now.
    async fn abort_crawl(&self, account: AccountId, crawl: &Crawl, stop: Stop) -> Result<()> {
        let until = self.memory.goes_on.take().filter(|_| stop.cause == StopCause::Budget);
        self.abandon_upload(account).await?;
        let counts = self.counts_with_cost(crawl).await?;
        if let Some(mut settings) = self.settings()?
            && needs_owner(stop.cause)
        {
            let reason = format!("{}: {}", stop.title, stop.detail);
            settings.stopped = Some(Stopped { at: clock::now(), reason, until });
            self.save(&settings)?;
        }
        let error = Some(Fault::new(502, &stop.title, stop.detail));
        let end = RunEnd { state: RunState::Failed, ended: clock::now(), error, counts };
        self.put_meta(ENDED, &(crawl.run(), end))?;
        self.drop_crawl()?;
        self.tell_end().await
    }

    /// Tells Control how the last check ended, if that is still to do.
    async fn tell_end(&self) -> Result<()> {
        let Some((run, end)) = self.meta::<(String, RunEnd)>(ENDED)? else { return Ok(()) };
        ControlClient::new(&self.env)?.close(&run, end).await?;
        self.drop_meta(ENDED)
    }

    /// Drops the check under way and what it gathered.
    fn drop_crawl(&self) -> Result<()> {
        self.drop_pages()?;
        self.drop_meta("crawl")
    }

    /// What a check counted, with what it cost by X's published prices, in micro-dollars.
    pub(super) async fn counts_with_cost(&self, crawl: &Crawl) -> Result<BTreeMap<String, i64>> {
        self.settle().await?;
        let cost = self.meta::<i64>(COST)?.unwrap_or_default();
        let mut counts = crawl.counts();
        counts.insert("cost_micro_usd".to_owned(), cost);
        Ok(counts)
    }

    /// The count-only read: one profile a UTC day.
    pub(super) async fn read_count(&self, settings: &Settings, config: &Config) -> Result<()> {
        let run = runs::begin(Trigger::Cron, "count", Some(settings.account));
        let control = ControlClient::new(&self.env)?;
        control.open(run.clone()).await?;
        let outcome = self.count_once(settings, config).await;
        let (state, error, counts) = match outcome {
            Ok(count) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                (RunState::Done, None, BTreeMap::from([("x_count".to_owned(), count)]))
            }
            Err(fault) => (RunState::Failed, Some(fault), BTreeMap::new()),
        };
        control.close(&run.id, RunEnd { state, ended: clock::now(), error, counts }).await
    }

    async fn count_once(&self, settings: &Settings, config: &Config) -> Result<u64> {
        let x = X::new(config);
        let refused = |why: String| Fault::new(502, "Count not read", why);
        let credential = x.reader(settings).map_err(|stop| refused(stop.detail))?;
        self.settle_in(COUNT_LEASE).await?;
        let ask = profile_ask(settings);
        let mut open = match self.lease(ask).await? {
            Leave::Granted(open) => open,
            Leave::Refused { why, .. } => return Err(refused(why)),
        };
        let read = self.profile(&x, settings, credential).await;
        let outcome = match read {
            Ok((raw, answer)) => {
                open.settlement.billed = 1;
                open.settlement.rate = answer.rate;
                self.saw_profile(&raw, clock::now())?
                    .ok_or_else(|| refused("the profile has no followers_count".to_owned()))
            }
            Err(refusal) => {
                ControlClient::new(&self.env)?.heed(&refusal.trouble).await?;
                open.settlement.rate = refusal.rate;
                let ended = x.ended().map(|stop| stop.detail);
                Err(refused(ended.unwrap_or_else(|| refusal.trouble.to_string())))
            }
        };
        self.put_meta(COUNT_LEASE, &open)?;
        self.settle_in(COUNT_LEASE).await?;
        outcome
    }
}

fn same_day(a: UnixMs, b: UnixMs) -> bool {
    a.utc_day() == b.utc_day()
}

fn needs_owner(cause: StopCause) -> bool {
    !matches!(cause, StopCause::Silent | StopCause::Rejected)
}

impl X<'_> {
    /// The keys to read this account with, if it may be read at all.
    pub(super) fn reader(&self, settings: &Settings) -> std::result::Result<Credential, Stop> {
        self.reader_of(Endpoint::Followers, settings)
    }

    /// The same of another endpoint.
    pub(super) fn reader_of(
        &self,
        endpoint: Endpoint,
        settings: &Settings,
    ) -> std::result::Result<Credential, Stop> {
        let config = self.config();
        // Simulators differ by port only; two real upstreams, or one of each, never mix.
        let same = settings.simulated == config.simulated
            && (settings.simulated || settings.upstream == config.upstream);
        if !same {
            return Err(Stop {
                cause: StopCause::Access,
                title: "Another upstream".to_owned(),
                detail: format!(
                    "this account's data comes from {}, this deployment reads {}: set X_API_URL \
                     back, or delete the account and add it again",
                    settings.upstream, config.upstream
                ),
            });
        }
        self.credential_for(endpoint, settings.account)
    }
}
