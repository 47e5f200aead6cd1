//! The deployment as a whole: health, status, set-up, spending.

use super::{accounts, roll};
use crate::account::DEFAULT_CAP_USD;
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::http;
use crate::rpc::{self, ControlClient, LivePulse, Pulse, ToControl, ToLive};
use crate::x::X;
use shared::api::{Budget, CollectorState, Health, Schedule, Setup, Status, StatusCollector};
use shared::budget::{Plan, Resource, micro, price, usd};
use worker::{Env, Response};

/// `GET /health`.
pub(super) fn health() -> Result<Response> {
    http::json(200, &Health { ok: true, version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// `GET /status`: counts and states only, nothing of whom is tracked.
pub(super) async fn status(env: &Env, config: &Config) -> Result<Response> {
    if config.simulated && !clock::observed() {
        X::new(config).sync_clock().await;
    }
    let pulse: Pulse = ControlClient::new(env)?.tell(ToControl::Pulse).await?;
    let live: LivePulse = rpc::call(&rpc::live(env)?, &ToLive::Pulse).await?;
    let mut collector = StatusCollector {
        accounts: 0,
        checking: 0,
        stopped: 0,
        last_check: None,
        last_tick: pulse.last_tick,
    };
    for account in roll(env).await? {
        let Some(account) = accounts::view(env, account).await? else { continue };
        collector.accounts += 1;
        collector.last_check = collector.last_check.max(account.collector.last_check);
        match account.collector.state {
            CollectorState::Checking | CollectorState::Waiting => collector.checking += 1,
            CollectorState::Stopped => collector.stopped += 1,
            CollectorState::Idle => {}
        }
    }
    http::json(
        200,
        &Status {
            now: clock::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            simulated: config.simulated,
            collector,
            stream: live.stream,
            live: live.live,
            quotas: pulse.quotas,
            push: pulse.push,
        },
    )
}

/// `GET /setup`.
pub(super) fn setup(config: &Config) -> Result<Response> {
    http::json(
        200,
        &Setup {
            bearer: config.bearer.is_some(),
            owner: config.owner.is_some(),
            owner_id: config.owner_id(),
            upstream: config.upstream.clone(),
            simulated: config.simulated,
            owned_follower_usd: usd(price(Resource::OwnedFollower)),
            follower_usd: usd(price(Resource::Follower)),
            profile_usd: usd(price(Resource::User)),
            default_cap_usd: DEFAULT_CAP_USD,
        },
    )
}

/// `GET /budget`.
pub(super) async fn budget(env: &Env) -> Result<Response> {
    let mut plans = Vec::new();
    for id in roll(env).await? {
        let Some(account) = accounts::view(env, id).await? else { continue };
        let own = account.schedule_prices.iter().find(|one| one.schedule == account.schedule);
        let lists = own.and_then(|price| price.month_usd).map_or(0, micro);
        let tweets = if account.tweets.on { micro(account.tweets.month_usd) } else { 0 };
        let checks = !matches!(account.schedule, Schedule::CountOnly | Schedule::Manual);
        let looks = account.verify.month_usd.filter(|_| account.verify.on && checks);
        let looks = looks.map_or(0, micro);
        let following = account.following.month_usd.filter(|_| account.following.on);
        let following = following.map_or(0, micro);
        let rest = tweets.saturating_add(looks).saturating_add(following);
        plans.push(Plan {
            account: id,
            cap: micro(account.monthly_cap_usd),
            day_cap: account.daily_cap_usd.map(micro),
            monthly_estimate: lists.saturating_add(rest),
            schedules: account.schedule_prices,
        });
    }
    let budget: Budget = ControlClient::new(env)?.tell(ToControl::Budget { plans }).await?;
    http::json(200, &budget)
}
