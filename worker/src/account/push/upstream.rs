//! Webhook and subscriptions at X. Must not know: what is pushed. Invariant: every step may be
//! repeated: what stands is found before anything is made.

use super::super::lease::{Leave, Open};
use super::super::settings::Settings;
use crate::account::Account;
use crate::config::Config;
use crate::rpc::ControlClient;
use crate::x::{Call, X};
use serde::{Deserialize, Serialize};
use shared::activity::EVENT_TYPES;
use shared::api::{Credential, Feature};
use shared::budget::{Ask, Resource};
use shared::id::AccountId;
use shared::retry::Trouble;
use shared::x::problem::Class;
use worker::Method;

const HOOKS: &str = "/2/webhooks";
const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";
/// The open lease of these calls.
const LEASE: &str = "push_lease";
/// What Roost's subscriptions are tagged with at X.
const TAG: &str = "roost";
/// Pages of subscriptions read: X takes at most 1,500 subscriptions.
const PAGES_MAX: u32 = 20;

/// What went wrong, in words for the owner.
type Words<T> = std::result::Result<T, String>;

#[derive(Deserialize)]
struct Many<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Hook {
    id: String,
    url: String,
    #[serde(default)]
    valid: bool,
}

#[derive(Deserialize)]
struct Subscription {
    #[serde(rename = "subscription_id")]
    id: String,
    event_type: String,
    filter: Filter,
    #[serde(default)]
    webhook_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Filter {
    #[serde(default)]
    user_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
}

#[derive(Serialize)]
struct NewHook<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct NewSubscription<'a> {
    event_type: &'a str,
    filter: Filter,
    tag: &'a str,
    webhook_id: &'a str,
}

/// Whom to ask, for whom.
struct Upstream<'a> {
    account: &'a Account,
    settings: &'a Settings,
    config: &'a Config,
}

impl Account {
    /// Sees to it that webhook and subscriptions stand; answers what X pushes.
    pub(super) async fn subscribe(&self, settings: &Settings, url: &str) -> Words<Vec<String>> {
        let config = self.config().await.map_err(|fault| fault.log())?;
        let upstream = Upstream { account: self, settings, config: &config };
        let hook = upstream.hook(url).await?;
        let standing = upstream.standing().await?;
        let mut events = Vec::new();
        for event_type in EVENT_TYPES {
            let there = |one: &Subscription| {
                one.event_type == event_type && one.webhook_id.as_ref() == Some(&hook)
            };
            if standing.iter().any(there) {
                events.push(event_type.to_owned());
                continue;
            }
            match upstream.make(event_type, &hook).await {
                Ok(()) => events.push(event_type.to_owned()),
                // What X does not offer to everyone is done without; follows are what this is for.
                Err(Trouble::Http(problem))
                    if !event_type.starts_with("follow.")
                        && matches!(
                            problem.class,
                            Class::BadRequest | Class::Forbidden { not_enrolled: false }
                        ) => {}
                Err(trouble) => return Err(format!("{event_type}: {trouble}")),
            }
        }
        Ok(events)
    }

    /// Takes the account's subscriptions back, and the webhook once nothing uses it.
    pub(super) async fn unsubscribe(&self, settings: &Settings) -> Words<()> {
        let config = self.config().await.map_err(|fault| fault.log())?;
        let upstream = Upstream { account: self, settings, config: &config };
        let all = upstream.subscriptions().await?;
        let (own, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.filter.user_id == Some(settings.account));
        for one in &own {
            let path = format!("{SUBSCRIPTIONS}/{}", one.id);
            upstream.delete("activity/subscriptions", &path).await?;
        }
        let Some(url) = self.standing().ok().and_then(|standing| standing.url) else {
            return Ok(());
        };
        for hook in upstream.hooks().await? {
            let used = others.iter().any(|one| one.webhook_id.as_ref() == Some(&hook.id));
            if hook.url == url && !used {
                upstream.delete("webhooks", &format!("{HOOKS}/{}", hook.id)).await?;
            }
        }
        Ok(())
    }
}

impl Upstream<'_> {
    /// The webhook of this address: the one that stands, valid again, or a new one.
    async fn hook(&self, url: &str) -> Words<String> {
        let hooks = self.hooks().await?;
        if let Some(hook) = hooks.into_iter().find(|hook| hook.url == url) {
            if !hook.valid {
                let path = format!("{HOOKS}/{}", hook.id);
                self.call("webhooks", Method::Put, &path, &[], None).await.map_err(said)?;
            }
            return Ok(hook.id);
        }
        let body = text(&NewHook { url })?;
        let made = self.call("webhooks", Method::Post, HOOKS, &[], Some(&body)).await;
        let made: Created = read(&made.map_err(said)?)?;
        made.id.or(made.data.map(|hook| hook.id)).ok_or_else(|| "X named no webhook".to_owned())
    }

    async fn hooks(&self) -> Words<Vec<Hook>> {
        let body = self.call("webhooks", Method::Get, HOOKS, &[], None).await.map_err(said)?;
        Ok(read::<Many<Hook>>(&body)?.data)
    }

    /// The subscriptions to this account.
    async fn standing(&self) -> Words<Vec<Subscription>> {
        let mut all = self.subscriptions().await?;
        all.retain(|one| one.filter.user_id == Some(self.settings.account));
        Ok(all)
    }

    async fn subscriptions(&self) -> Words<Vec<Subscription>> {
        let mut all = Vec::new();
        let mut query: Vec<(String, String)> = Vec::new();
        for _ in 0..PAGES_MAX {
            let called =
                self.call("activity/subscriptions", Method::Get, SUBSCRIPTIONS, &query, None);
            let page: Many<Subscription> = read(&called.await.map_err(said)?)?;
            all.extend(page.data);
            let Some(token) = page.meta.and_then(|meta| meta.next_token) else { break };
            query = vec![("pagination_token".to_owned(), token)];
        }
        Ok(all)
    }

    async fn make(&self, event_type: &str, webhook_id: &str) -> std::result::Result<(), Trouble> {
        // Whom the account itself follows is nobody's business here, and would be billed.
        let inbound = event_type.starts_with("follow.").then(|| "inbound".to_owned());
        let filter = Filter { user_id: Some(self.settings.account), direction: inbound };
        let new = NewSubscription { event_type, filter, tag: TAG, webhook_id };
        let body = text(&new).map_err(Trouble::BadBody)?;
        self.call("activity/subscriptions", Method::Post, SUBSCRIPTIONS, &[], Some(&body))
            .await
            .map(drop)
    }

    async fn delete(&self, route: &str, path: &str) -> Words<()> {
        match self.call(route, Method::Delete, path, &[], None).await {
            Ok(_) => Ok(()),
            // It is gone already.
            Err(Trouble::Http(problem)) if problem.class == Class::NotFound => Ok(()),
            Err(trouble) => Err(said(trouble)),
        }
    }

    /// One call with the app's token, counted in its route's window; none of them is billed.
    async fn call(
        &self,
        route: &str,
        method: Method,
        path: &str,
        query: &[(String, String)],
        body: Option<&str>,
    ) -> std::result::Result<Vec<u8>, Trouble> {
        let broken = |fault: crate::fault::Fault| Trouble::Network(fault.log());
        let Upstream { account, settings, config } = self;
        account.settle_in(LEASE).await.map_err(broken)?;
        let ask = Ask {
            account: settings.account,
            feature: Feature::Push,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: route.to_owned(),
            calls: 1,
            resource: Resource::Event,
            resources: 0,
        };
        let mut open: Open = match account.lease(ask).await.map_err(broken)? {
            Leave::Granted(open) => open,
            Leave::Refused { why, .. } => return Err(Trouble::Network(why)),
        };
        account.put_meta(LEASE, &open).map_err(broken)?;
        let call = Call { method, path, query, body };
        let outcome = X::new(config).send(&call, Credential::Bearer).await;
        open.settlement.rate = match &outcome {
            Ok(answer) => answer.rate.clone(),
            Err(refusal) => refusal.rate.clone(),
        };
        if let Err(refusal) = &outcome {
            let control = ControlClient::new(&account.env).map_err(broken)?;
            control.heed(&refusal.trouble).await.map_err(broken)?;
        }
        account.put_meta(LEASE, &open).map_err(broken)?;
        account.settle_in(LEASE).await.map_err(broken)?;
        outcome.map(|answer| answer.body).map_err(|refusal| refusal.trouble)
    }
}

/// A webhook just made: X's specification shows it bare, its neighbours under `data`.
#[derive(Deserialize)]
struct Created {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    data: Option<Hook>,
}

fn text<T: Serialize>(value: &T) -> Words<String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Words<T> {
    serde_json::from_slice(body).map_err(|error| format!("X's answer could not be read: {error}"))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn said(trouble: Trouble) -> String {
    trouble.to_string()
}
