//! What X pushes of this account. Owns: whether it shall, what came, and how it stood up against
//! the last full check. Must not know: signatures, or who may call the webhook. Invariant: an
//! event is applied once, by X's id of it; what it claims is evidence beside the lists, which
//! outlives replays, and a list that says otherwise wins.

mod take;
mod upstream;

use super::settings::Settings;
use super::{Account, id_from_text};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, Money, ToControl};
use crate::sql::{Sql, values};
use crate::turn::Turn;
use crate::x::X;
use serde::{Deserialize, Serialize};
use shared::activity::{self, Told, address};
use shared::api::{self, Feature, PushAudit, PushState, PushSummary};
use shared::budget::{Ask, Resource, price, usd};
use shared::ledger::Raw;
use shared::roster::Roster;
use shared::time::{HOUR_MS, MINUTE_MS, UnixMs};
use std::collections::BTreeMap;

/// Where it stands.
const ROW: &str = "push";
/// With less than this many events' money left, X is asked to push no more: a burst comes all at
/// once, and X bills what it has pushed.
const EVENTS_LEFT_MIN: u64 = 10;
/// With this much again X is asked to go on.
const EVENTS_LEFT_AGAIN: u64 = 50;
/// How long after its beginning a walk may have ended, at most: later registrations are imports.
const WALK_MAX_MS: i64 = 6 * HOUR_MS;
/// What happened just before a list may show in it or in the next.
const BEFORE_MS: i64 = 2 * MINUTE_MS;

/// One small row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Standing {
    /// The owner's choice.
    on: bool,
    since: Option<UnixMs>,
    url: Option<String>,
    /// What X takes a subscription to: all that is asked for, but for what it refused.
    events: Vec<String>,
    /// When X last said that webhook and subscriptions stand.
    checked: Option<UnixMs>,
    /// Why it does not push now.
    reason: Option<String>,
    last_event: Option<UnixMs>,
    taken: u64,
    audit: Option<PushAudit>,
    /// The caps left no room: subscriptions are taken back until they do.
    #[serde(default)]
    capped: bool,
}

impl Standing {
    fn state(&self) -> PushState {
        match (self.on, &self.reason) {
            (false, _) => PushState::Off,
            (true, None) => PushState::On,
            (true, Some(_)) => PushState::Broken,
        }
    }
}

/// By how many the pushes since an instant changed the number of followers.
pub(super) fn net_since(sql: &Sql, at: UnixMs) -> Result<i64> {
    let net = "SELECT COALESCE(SUM(came), 0) FROM pushes WHERE came IS NOT NULL AND at > ?";
    sql.first(net, values![at.0])?.map_or(Ok(0), |mut row| row.int())
}

impl Account {
    fn standing(&self) -> Result<Standing> {
        Ok(self.meta(ROW)?.unwrap_or_default())
    }

    pub(super) fn push_summary(&self) -> Result<PushSummary> {
        let standing = self.standing()?;
        Ok(PushSummary {
            state: standing.state(),
            reason: standing.reason,
            last_event: standing.last_event,
        })
    }

    /// `GET …/push`. `url` is where this deployment was called at.
    pub(super) async fn push_view(&self, url: &str) -> Result<api::Push> {
        let settings = self.tracked()?;
        let config = self.config().await?;
        let standing = self.standing()?;
        let outlook = self.outlook(&settings, &config).await?;
        let event = price(Resource::Event);
        let a_month =
            |(came, left): (u64, u64)| usd(came.saturating_add(left).saturating_mul(event));
        // Before anything was asked for: whether it could be.
        let possible = || address(url, config.simulated).err();
        Ok(api::Push {
            state: standing.state(),
            reason: standing.reason.clone().or_else(|| if standing.on { None } else { possible() }),
            since: standing.since,
            url: standing.url,
            events: standing.events,
            last_event: standing.last_event,
            taken: standing.taken,
            event_usd: usd(event),
            month_usd: outlook.pace.month.map(a_month),
            audit: standing.audit,
        })
    }

    /// `PUT …/push`.
    pub(super) async fn change_push(&self, on: bool, url: &str) -> Result<()> {
        let settings = self.tracked()?;
        if !on {
            self.unsubscribe(&settings).await.map_err(refused)?;
            // What came meanwhile has changed the row.
            let standing = self.standing()?;
            let standing = Standing { on: false, since: None, reason: None, ..standing };
            return self.put_meta(ROW, &standing);
        }
        let config = self.config().await?;
        let impossible = |why: String| Fault::new(409, "Push is not possible here", why);
        let url = address(url, config.simulated).map_err(impossible)?;
        if config.consumer_secret.is_none() || config.bearer.is_none() {
            return Err(impossible(
                "X signs what it pushes with the app's API secret, and takes subscriptions from \
                 the app's bearer token: set X_API_SECRET and X_BEARER_TOKEN"
                    .to_owned(),
            ));
        }
        X::new(&config).sync_clock().await;
        let events = self.subscribe(&settings, &url).await.map_err(refused)?;
        let now = clock::now();
        let standing = self.standing()?;
        let since = standing.since.filter(|_| standing.on);
        let standing = Standing {
            on: true,
            events,
            since: Some(since.unwrap_or(now)),
            url: Some(url),
            checked: Some(now),
            reason: None,
            capped: false,
            ..standing
        };
        self.put_meta(ROW, &standing)
    }

    /// The hourly tick: X is asked once a UTC day whether all stands, hourly while it does not.
    pub(super) async fn tick_push(&self, settings: &Settings) -> Result<()> {
        let standing = self.standing()?;
        if !standing.on {
            return Ok(());
        }
        let money = self.charge(settings).await?;
        let enough = money.room >= EVENTS_LEFT_AGAIN * price(Resource::Event);
        let now = clock::now();
        let today = standing.checked.is_some_and(|at| at.utc_day() == now.utc_day());
        let due = match (standing.capped, &standing.reason) {
            (true, _) => enough,
            (false, Some(_)) => true,
            (false, None) => !today,
        };
        let Some(url) = standing.url.clone().filter(|_| due) else { return Ok(()) };
        let outcome = self.subscribe(settings, &url).await;
        // What came meanwhile has changed the row.
        let mut standing = self.standing()?;
        match outcome {
            Ok(events) => {
                standing.events = events;
                (standing.reason, standing.checked) = (None, Some(now));
                standing.capped = false;
            }
            Err(why) => standing.reason = Some(why),
        }
        self.put_meta(ROW, &standing)
    }

    /// Tells Control what X billed for pushes, if that is still to do; answers what is left.
    async fn charge(&self, settings: &Settings) -> Result<Money> {
        let ask = |events: u64| Ask {
            account: settings.account,
            feature: Feature::Push,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: String::new(),
            calls: 0,
            resource: Resource::Event,
            resources: events,
        };
        let control = ControlClient::new(&self.env)?;
        // One at a time and in turn: Control knows the last charge by its name, so that one told
        // twice counts once.
        if let Some(_turn) = Turn::take(&self.memory.charging) {
            while let Some((row, owed)) = self.owed()? {
                let charge = ToControl::Charge { ask: ask(owed.events), name: owed.name };
                control.tell::<Money>(charge).await?;
                self.drop_meta(&row)?;
            }
        }
        control.tell(ToControl::Money { ask: ask(0) }).await
    }

    /// The oldest charge that is still to be told, and its row.
    fn owed(&self) -> Result<Option<(String, take::Owed)>> {
        let row = self.sql.first(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? ORDER BY rowid LIMIT 1",
            values![i64::try_from(take::OWED.len()).unwrap_or(i64::MAX), take::OWED],
        )?;
        row.map(|mut row| Ok((row.text()?, serde_json::from_str(&row.text()?)?))).transpose()
    }

    /// Takes the subscriptions back while the caps leave no room.
    async fn mind_cap(&self, settings: &Settings, money: &Money) -> Result<()> {
        if money.room >= EVENTS_LEFT_MIN * price(Resource::Event) || self.standing()?.capped {
            return Ok(());
        }
        let outcome = self.unsubscribe(settings).await;
        let mut standing = self.standing()?;
        standing.capped = true;
        standing.reason = Some(match outcome {
            Ok(()) => "The caps leave no room for more events: X pushes again once they do. Raise \
                       them, or wait for the next UTC day or month."
                .to_owned(),
            Err(why) => format!("The caps leave no room for more events, and X goes on: {why}"),
        });
        self.put_meta(ROW, &standing)
    }

    /// The account is deleted: nothing more is pushed of it, if X can be told.
    pub(super) async fn end_push(&self, settings: &Settings) {
        let on = self.standing().is_ok_and(|standing| standing.on);
        if on && let Err(why) = self.unsubscribe(settings).await {
            worker::console_error!("push of {} goes on at X: {why}", settings.account);
        }
    }

    /// Holds the pushes of an interval against the list that ends it.
    pub(super) fn audit_push(
        &self,
        (not_before, at): (UnixMs, UnixMs),
        raw: &Raw,
        list: &Roster,
    ) -> Result<BTreeMap<String, i64>> {
        let mut standing = self.standing()?;
        let newest = self.accepted_at(None)?.map(|known| known.name.at());
        // Of an interval that push was there for only in part nothing can be said.
        let whole = standing.since.is_some_and(|since| since <= not_before);
        if !whole || newest.is_some_and(|newest| newest > at) {
            return Ok(BTreeMap::new());
        }
        let ended = self.walk_ended(at)?;
        let mut pushes = Vec::new();
        let told =
            "SELECT user, came, at FROM pushes WHERE came IS NOT NULL AND at > ? AND at <= ?";
        for mut row in self.sql.rows(told, values![not_before.plus(-BEFORE_MS).0, ended.0])? {
            let user = id_from_text(&row.text()?)?;
            let came = row.int()? > 0;
            pushes.push(Told { user, came, at: UnixMs(row.int()?) });
        }
        let began = at.plus(-BEFORE_MS).max(not_before);
        let audit = activity::audit(raw, &pushes, (began, ended), |user| list.contains(user));
        standing.audit = Some(PushAudit {
            at,
            not_before,
            told: audit.told,
            missed_came: audit.missed_came,
            missed_left: audit.missed_left,
            contradicted: audit.contradicted,
        });
        self.put_meta(ROW, &standing)?;
        let counts = [
            ("push_told", audit.told),
            ("push_missed", audit.missed_came + audit.missed_left),
            ("push_contradicted", audit.contradicted),
        ];
        let int = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Ok(counts.into_iter().map(|(name, n)| (name.to_owned(), int(n))).collect())
    }

    /// When the walk of a list ended, as far as known.
    fn walk_ended(&self, at: UnixMs) -> Result<UnixMs> {
        let row = self.sql.first(
            "SELECT registered FROM snapshots WHERE kind = 'followers' AND at = ?",
            values![at.0],
        )?;
        let ended = row.map(|mut row| row.int()).transpose()?.map(UnixMs);
        let walk = |ended: &UnixMs| (0..WALK_MAX_MS).contains(&ended.since(at));
        Ok(ended.filter(walk).unwrap_or(at))
    }
}

fn refused(why: String) -> Fault {
    Fault::new(502, "X did not answer as hoped", why)
}
