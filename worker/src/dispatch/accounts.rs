//! Accounts as a whole: the list of them, and the beginning of one.

use crate::account::{DEFAULT_CAP_USD, cap_micro, lookup_query};
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::rpc::{self, ControlClient, ToAccount, ToControl};
use crate::x::X;
use shared::api::{Account, Feature, List, NewAccount};
use shared::budget::{Ask, Grant, Resource, Settlement};
use shared::credentials::Endpoint;
use shared::id::{AccountId, UserId};
use shared::retry::Trouble;
use shared::x::page::{PageUser, lookup};
use shared::x::problem::Class;
use worker::{Env, Request, Response};

/// `GET /accounts`.
pub(super) async fn list(env: &Env, query: &Query) -> Result<Response> {
    let limit = query::limit(query)?;
    let after = match query.get("cursor") {
        None => None,
        Some(text) => Some(text.parse::<AccountId>().map_err(|_| query::bad_cursor())?),
    };
    let roll = super::roll(env).await?;
    let start = match after {
        None => 0,
        // Of an account that was deleted meanwhile nobody knows what came after it.
        Some(after) => {
            let found = roll.iter().position(|account| *account == after);
            found.ok_or_else(query::bad_cursor)? + 1
        }
    };
    let ids: Vec<AccountId> = roll.into_iter().skip(start).take(limit + 1).collect();
    let page = query::page(ids, limit, ToString::to_string);
    let mut items = Vec::with_capacity(page.items.len());
    for account in page.items {
        items.extend(view(env, account).await?);
    }
    http::json(200, &List { items, next_cursor: page.next_cursor })
}

/// An account as shown.
pub(super) async fn view(env: &Env, account: AccountId) -> Result<Option<Account>> {
    rpc::call(&rpc::account(env, account)?, &ToAccount::View).await
}

/// `POST /accounts`: reads the profile once (the only thing billed), then tracks. An account
/// that is tracked already is answered as it is, but learns its handle where none is known.
pub(super) async fn add(request: &mut Request, env: &Env) -> Result<Response> {
    let new: NewAccount = http::body(request).await?;
    if let Some(id) = new.id
        && view(env, id).await?.is_some()
    {
        // On the roll too, should that have been lost: it is nothing new otherwise.
        let begin = ToAccount::Begin { account: id, new, raw: None };
        rpc::call::<_, bool>(&rpc::account(env, id)?, &begin).await?;
        return http::json(200, &view(env, id).await?);
    }
    // Before X is asked, which costs.
    let cap = cap_micro("monthly_cap_usd", new.monthly_cap_usd.unwrap_or(DEFAULT_CAP_USD))?;
    let (id, raw) = if new.read == Some(false) {
        let id = new.id.ok_or_else(|| Fault::bad("`id` is required with `read: false`"))?;
        (id, None)
    } else {
        let user = read_profile(env, &Config::load(env, new.id).await?, &new, cap).await?;
        (user.id, Some(user.raw))
    };
    let begin = ToAccount::Begin { account: id, new, raw };
    let fresh: bool = rpc::call(&rpc::account(env, id)?, &begin).await?;
    let account = view(env, id).await?;
    http::json(if fresh { 201 } else { 200 }, &account)
}

async fn read_profile(env: &Env, config: &Config, new: &NewAccount, cap: u64) -> Result<PageUser> {
    let path = match (&new.id, &new.username) {
        (Some(id), _) => format!("/2/users/{id}"),
        (None, Some(name)) => format!("/2/users/by/username/{}", handle(name)?),
        (None, None) => return Err(Fault::bad("`id` or `username` is required")),
    };
    let x = X::new(config);
    let account = new.id.unwrap_or(UserId(0));
    let credential = x
        .credential_for(Endpoint::Users, account)
        .map_err(|stop| Fault::new(409, &stop.title, stop.detail))?;
    x.sync_clock().await;
    let control = ControlClient::new(env)?;
    // A person asks, who may have bought credits: X is asked again.
    control.tell::<Option<()>>(ToControl::Mended { account }).await?;
    let ask = Ask {
        account,
        feature: Feature::Profiles,
        account_day_cap: None,
        account_cap: cap,
        route: "users".to_owned(),
        calls: 1,
        resource: Resource::User,
        resources: 1,
    };
    let lease = match control.ask(ask).await? {
        Grant::Go { lease, .. } => lease,
        Grant::Later { why, .. } | Grant::No { why, .. } => {
            return Err(Fault::new(409, "Not read", why));
        }
    };
    let answer = x.get(&path, &lookup_query(), credential).await;
    // Whether X shows nobody there, and in which words, or was in trouble itself.
    let (rate, found) = match answer {
        Ok(answer) => (answer.rate, lookup(&answer.body).map_err(|why| (false, why.to_string()))),
        Err(refusal) => {
            control.heed(&refusal.trouble).await?;
            let nobody = matches!(&refusal.trouble, Trouble::Http(p) if p.class == Class::NotFound);
            (refusal.rate, Err((nobody, refusal.trouble.to_string())))
        }
    };
    let user = found.and_then(|found| {
        let said = found.errors.first().map(|error| error.detail.clone());
        let none = said.unwrap_or_else(|| "X knows no such user".to_owned());
        found.users.into_iter().next().ok_or((true, none))
    });
    let settlement = Settlement {
        lease,
        account: user.as_ref().map_or(account, |user| user.id),
        route: "users".to_owned(),
        resource: Resource::User,
        billed: u64::from(user.is_ok()),
        repeats: 0,
        rate,
    };
    control.tell::<Option<()>>(ToControl::Settle { settlement }).await?;
    user.map_err(|(nobody, why)| {
        if nobody {
            return Fault::missing(format!("X shows no such account: {why}"));
        }
        Fault::new(502, "X did not answer as hoped", why)
    })
}

/// X's handles: 1 to 15 of letters, digits and `_`.
fn handle(name: &str) -> Result<&str> {
    let name = name.trim().trim_start_matches('@');
    let fine = (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fine {
        return Ok(name);
    }
    Err(Fault::bad("`username`: 1 to 15 letters, digits or _ are expected"))
}
