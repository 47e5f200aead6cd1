//! The endpoints of webhooks and subscriptions.
//!
//! Knows paths, bodies and X's refusals, not how requests are counted. Invariant: a webhook is
//! there only after it answered a challenge.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::book::{Direction, Full, SUBSCRIPTIONS_MAX, Wanted};
use super::call::{self, Challenged};
use super::kinds::Kind;
use crate::auth::Caller;
use crate::params::{self, is_id};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::world::Account;

/// Longest address and tag (X's published description).
const URL_MAX: usize = 200;
const TAG_MAX: usize = 200;
/// Subscriptions in one listing and in one deletion.
const PAGE_MAX: usize = 1_000;
const DELETE_MAX: usize = 100;

/// The endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Webhooks,
    Webhook(String),
    Subscriptions,
    Subscription(String),
}

impl Route {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/2/")?.split('/').collect();
        Some(match parts.as_slice() {
            ["webhooks"] => Self::Webhooks,
            ["webhooks", id] => Self::Webhook((*id).to_owned()),
            ["activity", "subscriptions"] => Self::Subscriptions,
            ["activity", "subscriptions", id] => Self::Subscription((*id).to_owned()),
            _ => return None,
        })
    }

    /// What its rate limit goes by.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Webhooks | Self::Webhook(_) => "webhooks",
            Self::Subscriptions | Self::Subscription(_) => "subscriptions",
        }
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        let methods: &[&str] = match self {
            Self::Webhooks => &["GET", "POST"],
            Self::Webhook(_) | Self::Subscription(_) => &["PUT", "DELETE"],
            Self::Subscriptions => &["GET", "POST", "DELETE"],
        };
        methods.contains(&method)
    }
}

/// One request, whose credential and rate are checked.
pub(crate) struct Asking<'a> {
    pub(crate) sim: &'a Arc<Sim>,
    pub(crate) route: Route,
    pub(crate) method: &'a str,
    pub(crate) caller: Caller,
    pub(crate) pairs: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    pub(crate) dialect: Dialect,
    pub(crate) now_ms: i64,
}

#[derive(Deserialize)]
struct NewWebhook {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    user_id: Option<String>,
    direction: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSubscription {
    event_type: String,
    filter: Filter,
    tag: Option<String>,
    webhook_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    tag: Option<String>,
    webhook_id: Option<String>,
}

impl Asking<'_> {
    /// # Errors
    /// X's refusal.
    pub(crate) async fn answer(&self) -> Result<Value, Problem> {
        let webhooks = matches!(self.route, Route::Webhooks | Route::Webhook(_));
        if webhooks && !self.caller.is_app() {
            return Err(problem::app_only(self.dialect));
        }
        match (&self.route, self.method) {
            (Route::Webhooks, "POST") => self.add_webhook().await,
            (Route::Webhooks, _) => Ok(self.list_webhooks()),
            (Route::Webhook(id), "PUT") => self.check_webhook(id).await,
            (Route::Webhook(id), _) => self.remove_webhook(id),
            (Route::Subscriptions, "POST") => self.subscribe(),
            (Route::Subscriptions, "DELETE") => self.unsubscribe_many(),
            (Route::Subscriptions, _) => self.list_subscriptions(),
            (Route::Subscription(id), "PUT") => self.update(id),
            (Route::Subscription(id), _) => self.unsubscribe(id),
        }
    }

    /// 400 in the form in which X refuses webhooks: a word and what it means.
    fn refuse(&self, word: &str, why: &str) -> Problem {
        let body = json!({
            "errors": [{"message": format!("{word}: {why}")}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": problem::type_uri(self.dialect, "invalid-request"),
        });
        Problem { status: 400, body }
    }

    fn full(&self, full: Full) -> Problem {
        match full {
            Full::Webhooks => {
                self.refuse("WebhookLimitExceeded", "the app has as many webhooks as it may have")
            }
            Full::Subscriptions => {
                let why = format!("an app has at most {SUBSCRIPTIONS_MAX} subscriptions");
                self.refuse("SubscriptionLimitExceeded", &why)
            }
            Full::Duplicate if self.route == Route::Webhooks => {
                self.refuse("DuplicateUrlFailed", "there is a webhook with this address")
            }
            Full::Duplicate => {
                self.refuse("DuplicateSubscriptionFailed", "there is such a subscription already")
            }
        }
    }

    fn read<'b, T: Deserialize<'b>>(&'b self) -> Result<T, Problem> {
        serde_json::from_slice(self.body)
            .map_err(|error| problem::invalid(self.dialect, "body", "", &error.to_string()))
    }

    fn crc_failed(&self) -> Problem {
        let why = "the address did not answer the challenge with the right `response_token`";
        self.refuse("CrcValidationFailed", why)
    }

    async fn add_webhook(&self) -> Result<Value, Problem> {
        let NewWebhook { url } = self.read()?;
        if url.len() > URL_MAX || !is_webhook(&url) {
            let why = "the address must be https without a port, or plain http of this machine";
            return Err(self.refuse("UrlValidationFailed", why));
        }
        self.sim.activity().check_webhook(&url).map_err(|full| self.full(full))?;
        let token = format!("crc-{}-{}", self.now_ms, url.len());
        if call::challenge(&url, &token, self.now_ms).await != Challenged::Right {
            return Err(self.crc_failed());
        }
        let added = self.sim.activity().add_webhook(url, self.now_ms);
        let webhook = added.map_err(|full| self.full(full))?.to_json();
        // The published description has it bare, the guide under `data`.
        Ok(if self.dialect == Dialect::Tweet { webhook } else { json!({"data": webhook}) })
    }

    fn list_webhooks(&self) -> Value {
        let book = self.sim.activity();
        let list: Vec<Value> = book.webhooks.iter().map(super::book::Webhook::to_json).collect();
        let meta = json!({"result_count": list.len()});
        if list.is_empty() { json!({"meta": meta}) } else { json!({"data": list, "meta": meta}) }
    }

    fn unknown_webhook(&self) -> Problem {
        self.refuse("WebhookIdInvalid", "the app has no webhook of this id")
    }

    async fn check_webhook(&self, id: &str) -> Result<Value, Problem> {
        let number: u64 = id.parse().map_err(|_| self.unknown_webhook())?;
        let url = self.sim.activity().webhook(number).map(|webhook| webhook.url.clone());
        let url = url.ok_or_else(|| self.unknown_webhook())?;
        let token = format!("crc-{}-{id}", self.now_ms);
        let outcome = call::challenge(&url, &token, self.now_ms).await;
        let right = outcome == Challenged::Right;
        self.sim.activity().challenged(number, Some(right), true, self.now_ms);
        if !right {
            return Err(self.crc_failed());
        }
        let said = if self.dialect == Dialect::Tweet { "attempted" } else { "valid" };
        Ok(json!({"data": {said: true}}))
    }

    fn remove_webhook(&self, id: &str) -> Result<Value, Problem> {
        let known = id.parse().is_ok_and(|id| self.sim.activity().remove_webhook(id));
        if known { Ok(json!({"data": {"deleted": true}})) } else { Err(self.unknown_webhook()) }
    }

    /// The webhook of a request's body, which must be there.
    fn webhook(&self, id: Option<&str>) -> Result<Option<u64>, Problem> {
        let Some(id) = id else { return Ok(None) };
        let number = id.parse().ok().filter(|id| self.sim.activity().webhook(*id).is_some());
        number.map(Some).ok_or_else(|| self.unknown_webhook())
    }

    fn check_tag(&self, tag: Option<&str>) -> Result<(), Problem> {
        match tag {
            Some(tag) if !(1..=TAG_MAX).contains(&tag.chars().count()) => {
                let message = format!("The tag has 1 to {TAG_MAX} characters");
                Err(problem::invalid(self.dialect, "tag", tag, &message))
            }
            _ => Ok(()),
        }
    }

    fn subscribe(&self) -> Result<Value, Problem> {
        let wish: NewSubscription = self.read()?;
        let wanted = self.wanted(&wish.event_type, wish.filter)?;
        self.check_tag(wish.tag.as_deref())?;
        self.check_consent(&wanted)?;
        let webhook = self.webhook(wish.webhook_id.as_deref())?;
        let mut book = self.sim.activity();
        let made = book.subscribe(wanted, wish.tag, webhook, self.now_ms);
        let subscription = made.map_err(|full| self.full(full))?.to_json();
        let total = book.subscriptions.len();
        Ok(json!({
            "data": {"subscription": subscription, "total_subscriptions_for_instance_id": total},
            "meta": {"total_subscriptions": total},
        }))
    }

    fn wanted(&self, event_type: &str, filter: Filter) -> Result<Wanted, Problem> {
        let refuse = |name: &str, value: &str, what: String| {
            let message = format!("The `{name}` value [{value}] {what}");
            problem::invalid(self.dialect, name, value, &message)
        };
        let kind = Kind::from_name(event_type).ok_or_else(|| {
            refuse("event_type", event_type, format!("is not one of [{}]", Kind::names()))
        })?;
        let user = filter.user_id;
        let fits = user.as_deref().map_or(kind == Kind::Revoke, is_id);
        if !fits {
            let given = user.as_deref().unwrap_or("");
            return Err(refuse("filter.user_id", given, "does not match ^[0-9]{1,19}$".to_owned()));
        }
        let direction = match filter.direction {
            None => None,
            Some(name) => {
                let known = Direction::ALL.iter().find(|(known, _)| *known == name);
                let known = known.filter(|_| kind.is_directed()).map(|(_, direction)| *direction);
                Some(known.ok_or_else(|| {
                    let what = "is not one of [inbound,outbound], or the event has no direction";
                    refuse("filter.direction", &name, what.to_owned())
                })?)
            }
        };
        Ok(Wanted { kind, user, direction })
    }

    /// Private events are of users who consented.
    fn check_consent(&self, wanted: &Wanted) -> Result<(), Problem> {
        let Some(scope) = wanted.kind.needs() else { return Ok(()) };
        let account = wanted.user.as_deref().and_then(Account::from_id);
        let consented =
            account.is_some_and(|account| self.sim.state().grants.consented(account, scope));
        if consented { Ok(()) } else { Err(problem::plain(403, "Forbidden")) }
    }

    fn list_subscriptions(&self) -> Result<Value, Problem> {
        let known =
            params::distinct(self.pairs, &["max_results", "pagination_token"], &[], self.dialect)?;
        let (mut most, mut from) = (PAGE_MAX, 0);
        for (name, value) in known {
            let bounds = if name == "max_results" { 1..=PAGE_MAX } else { 0..=SUBSCRIPTIONS_MAX };
            let number = value.parse().ok().filter(|n| bounds.contains(n)).ok_or_else(|| {
                let message = format!("The `{name}` query parameter value [{value}] is not valid");
                problem::invalid(self.dialect, name, value, &message)
            })?;
            *(if name == "max_results" { &mut most } else { &mut from }) = number;
        }
        let book = self.sim.activity();
        let all = book.subscriptions.iter().skip(from).take(most);
        let list: Vec<Value> = all.map(super::book::Subscription::to_json).collect();
        let mut meta = json!({"result_count": list.len()});
        if from + list.len() < book.subscriptions.len()
            && let Some(members) = meta.as_object_mut()
        {
            members.insert("next_token".into(), (from + list.len()).to_string().into());
        }
        Ok(json!({"data": list, "meta": meta}))
    }

    fn unknown_subscription(&self, id: &str) -> Problem {
        let body = json!({
            "title": "Not Found Error",
            "detail": format!("Could not find subscription with id: [{id}]."),
            "status": 404,
            "resource_type": "subscription",
            "resource_id": id,
            "parameter": "subscription_id",
            "value": id,
            "type": problem::type_uri(self.dialect, "resource-not-found"),
        });
        Problem { status: 404, body }
    }

    fn update(&self, id: &str) -> Result<Value, Problem> {
        let wish: Update = self.read()?;
        self.check_tag(wish.tag.as_deref())?;
        let webhook = self.webhook(wish.webhook_id.as_deref())?;
        let number: u64 = id.parse().map_err(|_| self.unknown_subscription(id))?;
        let mut book = self.sim.activity();
        let updated = book.update(number, wish.tag, webhook, self.now_ms);
        let updated = updated.ok_or_else(|| self.unknown_subscription(id))?.to_json();
        let total = book.subscriptions.len();
        Ok(json!({"data": {"subscription": updated, "total_subscriptions": total}}))
    }

    fn deleted(&self) -> Value {
        let total = self.sim.activity().subscriptions.len();
        json!({"data": {"deleted": true}, "meta": {"total_subscriptions": total}})
    }

    fn unsubscribe(&self, id: &str) -> Result<Value, Problem> {
        let known = id.parse().is_ok_and(|id| self.sim.activity().unsubscribe(id));
        if known { Ok(self.deleted()) } else { Err(self.unknown_subscription(id)) }
    }

    fn unsubscribe_many(&self) -> Result<Value, Problem> {
        let known = params::distinct(self.pairs, &["ids"], &[], self.dialect)?;
        let value = known.first().map_or("", |(_, value)| value);
        let ids: Vec<&str> = value.split(',').collect();
        if ids.len() > DELETE_MAX || !ids.iter().all(|id| is_id(id)) {
            let message = format!("The `ids` query parameter value [{value}] is not 1 to 100 ids");
            return Err(problem::invalid(self.dialect, "ids", value, &message));
        }
        for id in ids {
            self.unsubscribe(id)?;
        }
        Ok(self.deleted())
    }
}

/// X takes https without a port; this simulator also calls plain http of this machine.
fn is_webhook(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?']).next().unwrap_or("").to_owned();
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return false;
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return !host(rest).is_empty() && !host(rest).contains(':');
    }
    url.strip_prefix("http://").is_some_and(|rest| {
        let host = host(rest);
        let (name, port) = host.split_once(':').unwrap_or((&host, "80"));
        ["127.0.0.1", "localhost"].contains(&name) && port.parse::<u16>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_https_without_a_port_or_of_this_machine() {
        for (url, fits) in [
            ("https://roost.example.org/hooks/x", true),
            ("https://roost.example.org:8443/hooks/x", false),
            ("https:///hooks/x", false),
            ("http://127.0.0.1:8787/hooks/x", true),
            ("http://localhost/hooks/x", true),
            ("http://roost.example.org/hooks/x", false),
            ("ftp://localhost/", false),
            ("http://localhost/a b", false),
        ] {
            assert_eq!(is_webhook(url), fits, "{url}");
        }
    }
}
