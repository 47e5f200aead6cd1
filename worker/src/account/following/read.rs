//! Carrying out what [`Survey`] says. Invariant: at most one loop runs; what a page brought, what
//! it cost and the machine's state land in one write, so that the object may be lost between any
//! two.

use super::store::{self, Page};
use super::{Following, endpoint, owns};
use crate::account::Account;
use crate::account::lease::{Leave, Open};
use crate::account::settings::{Settings, Stopped};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, RunEnd};
use crate::runs;
use crate::turn::Turn;
use crate::x::{Answer, X};
use shared::api::{Feature, RunState, Trigger, Work};
use shared::budget::Ask;
use shared::crawl::{PageFacts, PageVerdict};
use shared::following::{Relation, Survey, SurveyStep};
use shared::id::UserId;
use shared::profile::Entry;
use shared::retry::{Stop, StopCause, Trouble};
use shared::roster::Roster;
use shared::time::{MINUTE_MS, UnixMs};
use shared::x::page::followers_page;
use shared::x::user::USER_FIELDS;
use std::collections::HashSet;

/// Calls of one alarm: with a lease and a settlement each, at worst, this stays under the free
/// plan's 50 subrequests an invocation.
const CALLS_PER_ALARM: u32 = 15;
/// People of one page: the most X gives.
const PAGE_SIZE: u64 = 1_000;
/// People of the first page of a list whose length is not known: few block more, and what is asked
/// for is reserved.
const FIRST_PAGE: u64 = 100;
/// Ticks are hourly, some minutes late or early.
const EARLY_MS: i64 = 5 * MINUTE_MS;
/// The open lease of these reads.
const LEASE: &str = "relation_lease";

impl Account {
    /// Cron ticked: begins this week's reading, or goes on with one that waited.
    pub(in crate::account) async fn tick_following(&self) -> Result<()> {
        if self.survey()?.is_some() {
            return self.arm_in(1).await;
        }
        let now = clock::now();
        self.forget_stale(now)?;
        if self.following()?.next(now).is_some_and(|next| next <= now.plus(EARLY_MS)) {
            self.start_following(Trigger::Cron).await?;
        }
        Ok(())
    }

    /// `POST …/following/check`, and the ticks: begins a reading unless one is under way; says
    /// which run it is.
    pub(in crate::account) async fn start_following(
        &self,
        trigger: Trigger,
    ) -> Result<(String, bool)> {
        let settings = self.tracked()?;
        if !self.following()?.on {
            return Err(Fault::new(
                409,
                "Following is off",
                "reading whom the account follows and blocks costs money: `following` of the \
                 account says how much; switch it on with PATCH {\"following\": true}",
            ));
        }
        X::new(&Config::read(&self.env)).sync_clock().await;
        if let Some(survey) = self.survey()? {
            self.arm_in(1).await?;
            return Ok((survey.run().to_owned(), false));
        }
        let now = clock::now();
        let run = runs::begin(trigger, "following", Some(settings.account));
        let mut following = self.following()?;
        following.tried = Some(now);
        following.stopped = None;
        self.save_following(&following)?;
        // Before anyone else is let in: there is one reading at a time.
        let survey = Survey::start(run.id.clone(), following.expected(now), now);
        let (sql, begun) = (self.sql.clone(), run.clone());
        self.sql.atomically(move || {
            Self::note_run(&sql, &begun)?;
            sql.put_meta("survey", &survey)
        })?;
        self.forget_parked(Work::Following)?;
        self.open_runs().await?;
        self.arm_in(1).await?;
        Ok((run.id, true))
    }

    fn save_survey(&self, survey: &Survey) -> Result<()> {
        self.put_meta("survey", survey)
    }

    /// The loop. Ends when the reading does, when it has to wait, or after its share of calls.
    pub(in crate::account) async fn read_following(&self) -> Result<()> {
        if self.survey()?.is_none() {
            return Ok(());
        }
        let Some(_turn) = Turn::take(&self.memory.surveying) else { return Ok(()) };
        let config = self.config().await?;
        let x = X::new(&config);
        x.sync_clock().await;
        self.settle_in(LEASE).await?;
        let mut calls = 0;
        let outcome = loop {
            let (Some(mut survey), Some(settings)) = (self.survey()?, self.settings()?) else {
                // Of an account deleted meanwhile nothing stays.
                break self.drop_survey();
            };
            if !self.following()?.on {
                survey.switch_off();
            }
            match survey.next(clock::now()) {
                SurveyStep::Wait { until } => break self.arm_in(clock::delay_ms(until)).await,
                SurveyStep::ReadPage { .. } if calls == CALLS_PER_ALARM => {
                    break self.arm_in(1).await;
                }
                SurveyStep::ReadPage { list, token } => {
                    calls += 1;
                    self.read_relation(&x, &settings, survey, list, token).await?;
                }
                SurveyStep::Finish { following, blocking } => {
                    self.finish_following(&survey, following, blocking).await?;
                }
                SurveyStep::Abort(stop) => self.abort_following(&survey, &stop).await?,
            }
        };
        self.settle_in(LEASE).await?;
        outcome
    }

    fn drop_survey(&self) -> Result<()> {
        store::drop_gathered(&self.sql, Relation::Following)?;
        store::drop_gathered(&self.sql, Relation::Blocking)?;
        self.drop_meta("survey")
    }

    async fn read_relation(
        &self,
        x: &X<'_>,
        settings: &Settings,
        mut survey: Survey,
        list: Relation,
        token: Option<String>,
    ) -> Result<()> {
        let credential = match x.reader_of(endpoint(list), settings) {
            Ok(credential) => credential,
            Err(stop) => {
                survey.stop(stop);
                return self.save_survey(&survey);
            }
        };
        let owns = owns(settings, x.config());
        let mut open = match self.relation_lease(settings, &survey, list, owns).await? {
            Leave::Granted(open) => open,
            Leave::Refused { until, why } => {
                survey.refuse_budget(until, why, clock::now());
                return self.save_survey(&survey);
            }
        };
        if token.is_none() {
            // The walk begins, or begins anew after its page token died.
            store::drop_gathered(&self.sql, list)?;
        }
        open.calls = open.calls.saturating_sub(1);
        // Never more than what is reserved could pay for.
        let most = open.left.clamp(1, PAGE_SIZE);
        let mut query = vec![("max_results".to_owned(), most.to_string())];
        if list == Relation::Following {
            query.push(("user.fields".to_owned(), USER_FIELDS.to_owned()));
        }
        query.extend(token.map(|token| ("pagination_token".to_owned(), token)));
        let path = format!("/2/users/{}/{list}", settings.account);
        match x.get(&path, &query, credential).await {
            Ok(answer) => self.take_relation(survey, open, list, &answer),
            Err(refusal) => {
                match self.heed(x, LEASE, &mut open, &refusal).await? {
                    Some(stop) => survey.stop(stop),
                    None => survey.trouble(&refusal.trouble, refusal.rate.as_ref(), clock::now()),
                }
                self.save_survey(&survey)
            }
        }
    }

    /// Leave for the next pages: what is left of the last lease, or one for what is still to come.
    async fn relation_lease(
        &self,
        settings: &Settings,
        survey: &Survey,
        list: Relation,
        owns: bool,
    ) -> Result<Leave> {
        if let Some(open) = self.meta::<Open>(LEASE)?
            && open.calls > 0
            && open.left > 0
            && open.settlement.route == list.as_str()
        {
            return Ok(Leave::Granted(open));
        }
        self.settle_in(LEASE).await?;
        let unknown = if survey.pages() == 0 { FIRST_PAGE } else { PAGE_SIZE };
        let left = survey.left().filter(|left| *left > 0).map(|left| left + left / 100 + 10);
        let left = left.unwrap_or(unknown);
        let calls = left.div_ceil(PAGE_SIZE).min(u64::from(CALLS_PER_ALARM));
        self.lease(Ask {
            account: settings.account,
            feature: Feature::Following,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: list.as_str().to_owned(),
            calls: u32::try_from(calls).unwrap_or(CALLS_PER_ALARM),
            resource: list.resource(owns),
            // All that is left: a list that the cap does not cover to its end must not begin.
            resources: left,
        })
        .await
    }

    fn take_relation(
        &self,
        mut survey: Survey,
        mut open: Open,
        list: Relation,
        answer: &Answer,
    ) -> Result<()> {
        let now = clock::now();
        open.settlement.rate.clone_from(&answer.rate);
        let page = match followers_page(&answer.body) {
            Ok(page) => page,
            Err(fault) => {
                survey.trouble(&Trouble::BadBody(fault.to_string()), answer.rate.as_ref(), now);
                self.put_meta(LEASE, &open)?;
                return self.save_survey(&survey);
            }
        };
        let ids: Vec<u64> = page.users.iter().map(|user| user.id.0).collect();
        let mut today = store::billed(&self.sql, list)?;
        let (billed, repeats) = today.fresh(now, &ids);
        open.settlement.billed += billed;
        open.settlement.repeats += repeats;
        open.left = open.left.saturating_sub(billed);
        let mut known: HashSet<u64> = store::gathered(&self.sql, list)?.into_iter().collect();
        let fresh: Vec<UserId> =
            ids.iter().filter(|id| known.insert(**id)).map(|id| UserId(*id)).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let facts = PageFacts {
            new_ids: count(fresh.len()),
            repeats: count(ids.len() - fresh.len()),
            dropped: page.dropped,
            refused: page.refused,
            next_token: page.next_token,
        };
        let number = survey.pages();
        let kept = matches!(survey.page(facts, now), PageVerdict::Keep { .. });
        let mut profiles = Vec::new();
        if list == Relation::Following {
            let mut wanted: HashSet<UserId> = fresh.iter().copied().collect();
            let users = page.users.into_iter().filter(|user| wanted.remove(&user.id));
            profiles = users.map(|user| Entry { id: user.id, seen: now, raw: user.raw }).collect();
        }
        let page = kept.then_some(Page { list, number, fresh, profiles });
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            if let Some(page) = page {
                page.keep(&sql)?;
            }
            store::keep_billed(&sql, list, &today)?;
            sql.put_meta(LEASE, &open)?;
            sql.put_meta("survey", &survey)
        })
    }

    /// Both lists were read, or the first of them: they take the place of what was there. Every
    /// step may be repeated after a loss.
    async fn finish_following(
        &self,
        survey: &Survey,
        at: UnixMs,
        blocking: std::result::Result<UnixMs, String>,
    ) -> Result<()> {
        self.end_survey(survey, None).await?;
        let roster = |list| Ok::<_, Fault>(Roster::new(store::gathered(&self.sql, list)?));
        let followed = roster(Relation::Following)?;
        let mut following = self.following()?;
        let before = following
            .blocked
            .map(|(read, _)| Ok::<_, Fault>((store::roster(&self.sql, Relation::Blocking)?, read)));
        let before = before.transpose()?;
        following.followed = Some((at, followed.len() as u64));
        following.forgotten = false;
        let mut blocked = None;
        match blocking {
            Ok(at) => {
                let list = roster(Relation::Blocking)?;
                following.blocked = Some((at, list.len() as u64));
                following.missed = None;
                blocked = Some(list);
            }
            Err(why) => following.missed = Some(why),
        }
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            store::replace(&sql, Relation::Following, &followed)?;
            match &blocked {
                Some(list) => store::replace(&sql, Relation::Blocking, list)?,
                None => store::drop_gathered(&sql, Relation::Blocking)?,
            }
            sql.drop_meta("survey")?;
            sql.put_meta("following", &following)
        })?;
        self.witness_blocks(before.as_ref()).await
    }

    async fn abort_following(&self, survey: &Survey, stop: &Stop) -> Result<()> {
        self.end_survey(survey, Some(stop)).await?;
        let mut following: Following = self.following()?;
        if !matches!(stop.cause, StopCause::Silent | StopCause::Rejected) {
            let reason = format!("{}: {}", stop.title, stop.detail);
            following.stopped = Some(Stopped { at: clock::now(), reason, until: None });
        }
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            store::drop_gathered(&sql, Relation::Following)?;
            store::drop_gathered(&sql, Relation::Blocking)?;
            sql.drop_meta("survey")?;
            sql.put_meta("following", &following)
        })
    }

    async fn end_survey(&self, survey: &Survey, stop: Option<&Stop>) -> Result<()> {
        let error = stop.map(|stop| Fault::new(502, &stop.title, stop.detail.as_str()));
        let state = if error.is_some() { RunState::Failed } else { RunState::Done };
        let end = RunEnd { state, ended: clock::now(), error, counts: survey.counts() };
        ControlClient::new(&self.env)?.close(survey.run(), end).await
    }
}
