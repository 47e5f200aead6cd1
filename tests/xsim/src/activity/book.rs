//! Webhooks, subscriptions, and what waits to be delivered.
//!
//! Knows the virtual time it is given, no world and no HTTP. Invariants: what waits for a webhook
//! leaves in the order it happened; a subscription is told only of what happened after it was made.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde_json::{Value, json};

use super::kinds::Kind;
use crate::calendar::{SECOND_MS, format_ms};
use crate::hash::hash;

/// X refuses more of them with `WebhookLimitExceeded` and does not say how many there may be.
const WEBHOOKS_MAX: usize = 5;
/// Subscriptions of a self-serve app (docs.x.com, "X Activity API").
pub(crate) const SUBSCRIPTIONS_MAX: usize = 1_500;

const SALT_ID: u64 = 310;
const SALT_EVENT: u64 = 311;

/// An address that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) id: u64,
    pub(crate) url: String,
    pub(crate) valid: bool,
    pub(crate) created_ms: i64,
    /// When its challenge was last answered.
    pub(crate) validated_ms: i64,
    /// When it was last challenged.
    pub(crate) checked_ms: i64,
}

impl Webhook {
    pub(crate) fn to_json(&self) -> Value {
        json!({"id": self.id.to_string(), "url": self.url, "valid": self.valid,
            "created_at": format_ms(self.created_ms)})
    }
}

/// Which side of an event the filtered user is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// It is done to the user.
    Inbound,
    /// The user does it.
    Outbound,
}

impl Direction {
    pub(crate) const ALL: [(&str, Self); 2] =
        [("inbound", Self::Inbound), ("outbound", Self::Outbound)];
}

/// What somebody wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) kind: Kind,
    /// Absent only for `oauth.revoke`: then of anybody.
    pub(crate) user: Option<String>,
    pub(crate) direction: Option<Direction>,
}

impl Wanted {
    fn filter(&self) -> Value {
        let direction = self.direction.and_then(|wanted| {
            Direction::ALL.iter().find(|(_, direction)| *direction == wanted).map(|(name, _)| name)
        });
        let members = [("user_id", self.user.as_deref()), ("direction", direction.copied())];
        let there =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Value::Object(there.collect())
    }

    /// Whether an event is of those wanted, by its kind and who has which side in it.
    fn takes(&self, kind: Kind, parties: &[(String, Option<Direction>)]) -> bool {
        let side = |given: Option<Direction>| self.direction.is_none() || self.direction == given;
        self.kind == kind
            && match &self.user {
                None => true,
                Some(user) => parties.iter().any(|(party, given)| party == user && side(*given)),
            }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: u64,
    pub(crate) wanted: Wanted,
    pub(crate) tag: Option<String>,
    pub(crate) webhook: Option<u64>,
    created_ms: i64,
    updated_ms: i64,
}

impl Subscription {
    pub(crate) fn to_json(&self) -> Value {
        let mut answer = json!({
            "subscription_id": self.id.to_string(),
            "event_type": self.wanted.kind.name(),
            "filter": self.wanted.filter(),
            "created_at": format_ms(self.created_ms),
            "updated_at": format_ms(self.updated_ms),
        });
        if let Some(members) = answer.as_object_mut() {
            if let Some(tag) = &self.tag {
                members.insert("tag".into(), tag.as_str().into());
            }
            if let Some(webhook) = self.webhook {
                members.insert("webhook_id".into(), webhook.to_string().into());
            }
        }
        answer
    }
}

/// An event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) kind: Kind,
    pub(crate) body: String,
}

/// Something that happened, as the book needs it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at_ms: i64,
    pub(crate) kind: Kind,
    /// Who is concerned, and from which side.
    pub(crate) parties: Vec<(String, Option<Direction>)>,
    pub(crate) payload: Value,
    /// Its id, when it has one already.
    pub(crate) uuid: Option<String>,
}

/// Why a webhook or a subscription cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Webhooks,
    Subscriptions,
    Duplicate,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Book {
    seed: u64,
    /// Never falls: ids and events after a reset are new ones.
    serial: u64,
    /// How often it was reset: what was computed before is not for now.
    pub(crate) epoch: u64,
    /// Up to which second the world was looked through.
    pub(crate) told_s: i64,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) subscriptions: Vec<Subscription>,
    waiting: BTreeMap<u64, VecDeque<Delivery>>,
    /// Webhooks that a delivery is under way to.
    busy: HashSet<u64>,
    delivered: u64,
    failed: u64,
    by_type: BTreeMap<&'static str, u64>,
    pub(crate) paused: bool,
}

impl Book {
    pub(crate) fn new(seed: u64, now_s: i64) -> Self {
        Self {
            seed,
            serial: 0,
            epoch: 0,
            told_s: now_s,
            webhooks: Vec::new(),
            subscriptions: Vec::new(),
            waiting: BTreeMap::new(),
            busy: HashSet::new(),
            delivered: 0,
            failed: 0,
            by_type: BTreeMap::new(),
            paused: false,
        }
    }

    pub(crate) fn reset(&mut self, now_s: i64) {
        let (serial, epoch) = (self.serial, self.epoch + 1);
        *self = Self { serial, epoch, ..Self::new(self.seed, now_s) };
    }

    /// An id of X's pattern.
    fn id(&mut self) -> u64 {
        self.serial += 1;
        1_900_000_000_000_000_000 + (hash(self.seed, self.serial, SALT_ID) >> 8)
    }

    /// X's ids of events: numbers of 64 bits with a sign, that say nothing of a time.
    fn uuid(&mut self) -> String {
        self.serial += 1;
        hash(self.seed, self.serial, SALT_EVENT).cast_signed().to_string()
    }

    /// # Errors
    /// That there is one for this address, or that there are too many.
    pub(crate) fn check_webhook(&self, url: &str) -> Result<(), Full> {
        if self.webhooks.iter().any(|webhook| webhook.url == url) {
            return Err(Full::Duplicate);
        }
        if self.webhooks.len() >= WEBHOOKS_MAX { Err(Full::Webhooks) } else { Ok(()) }
    }

    /// Adds a webhook whose challenge was answered.
    pub(crate) fn add_webhook(&mut self, url: String, now_ms: i64) -> Result<Webhook, Full> {
        self.check_webhook(&url)?;
        let webhook = Webhook {
            id: self.id(),
            url,
            valid: true,
            created_ms: now_ms,
            validated_ms: now_ms,
            checked_ms: now_ms,
        };
        self.webhooks.push(webhook.clone());
        Ok(webhook)
    }

    pub(crate) fn webhook(&self, id: u64) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.id == id)
    }

    /// Notes how a challenge ended: `Some` when it was answered, rightly or wrongly.
    pub(crate) fn challenged(&mut self, id: u64, right: Option<bool>, give_up: bool, now_ms: i64) {
        let Some(webhook) = self.webhooks.iter_mut().find(|webhook| webhook.id == id) else {
            return;
        };
        webhook.checked_ms = now_ms;
        match right {
            Some(true) => {
                webhook.valid = true;
                webhook.validated_ms = now_ms;
            }
            Some(false) => webhook.valid = false,
            None => webhook.valid &= !give_up,
        }
    }

    /// Removes a webhook and what waits for it; its subscriptions go on without. False when there
    /// is none.
    pub(crate) fn remove_webhook(&mut self, id: u64) -> bool {
        let before = self.webhooks.len();
        self.webhooks.retain(|webhook| webhook.id != id);
        self.waiting.remove(&id);
        for subscription in self.subscriptions.iter_mut().filter(|s| s.webhook == Some(id)) {
            subscription.webhook = None;
        }
        self.webhooks.len() < before
    }

    /// # Errors
    /// That it is there already, or that there are too many.
    pub(crate) fn subscribe(
        &mut self,
        wanted: Wanted,
        tag: Option<String>,
        webhook: Option<u64>,
        now_ms: i64,
    ) -> Result<Subscription, Full> {
        let same = |s: &Subscription| s.wanted == wanted && s.webhook == webhook;
        if self.subscriptions.iter().any(same) {
            return Err(Full::Duplicate);
        }
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(Full::Subscriptions);
        }
        let id = self.id();
        let (created_ms, updated_ms) = (now_ms, now_ms);
        let subscription = Subscription { id, wanted, tag, webhook, created_ms, updated_ms };
        self.subscriptions.push(subscription.clone());
        Ok(subscription)
    }

    /// Changes a subscription's tag or webhook; `None` when there is none.
    pub(crate) fn update(
        &mut self,
        id: u64,
        tag: Option<String>,
        webhook: Option<u64>,
        now_ms: i64,
    ) -> Option<Subscription> {
        let subscription = self.subscriptions.iter_mut().find(|s| s.id == id)?;
        subscription.tag = tag.or(subscription.tag.take());
        subscription.webhook = webhook.or(subscription.webhook);
        subscription.updated_ms = now_ms;
        Some(subscription.clone())
    }

    pub(crate) fn unsubscribe(&mut self, id: u64) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|subscription| subscription.id != id);
        self.subscriptions.len() < before
    }

    /// Puts an event on its way to every webhook that is to be told of it.
    pub(crate) fn tell(&mut self, event: &Event) {
        let told: Vec<Subscription> = self
            .subscriptions
            .iter()
            .filter(|s| s.created_ms < event.at_ms && s.wanted.takes(event.kind, &event.parties))
            .cloned()
            .collect();
        for subscription in told {
            let valid = |id: &u64| self.webhook(*id).is_some_and(|webhook| webhook.valid);
            let Some(webhook) = subscription.webhook.filter(valid) else { continue };
            let uuid = event.uuid.clone().unwrap_or_else(|| self.uuid());
            let mut data = json!({
                "event_uuid": uuid,
                "filter": subscription.wanted.filter(),
                "event_type": event.kind.name(),
                "payload": event.payload,
            });
            if let (Some(tag), Some(members)) = (subscription.tag, data.as_object_mut()) {
                members.insert("tag".into(), tag.into());
            }
            let delivery = Delivery { kind: event.kind, body: json!({"data": data}).to_string() };
            self.waiting.entry(webhook).or_default().push_back(delivery);
        }
    }

    /// Takes on the webhooks that something waits for and nobody delivers to yet.
    pub(crate) fn take_idle(&mut self) -> Vec<u64> {
        if self.paused {
            return Vec::new();
        }
        let some = self.waiting.iter().filter(|(_, queue)| !queue.is_empty());
        let idle: Vec<u64> = some.map(|(id, _)| *id).filter(|id| !self.busy.contains(id)).collect();
        self.busy.extend(&idle);
        idle
    }

    /// The next delivery to a webhook that was taken on, and where it goes; `None` lets go of it.
    pub(crate) fn next(&mut self, webhook: u64) -> Option<(String, Delivery)> {
        let url = self.webhook(webhook).map(|webhook| webhook.url.clone());
        let waits = self.waiting.get_mut(&webhook).filter(|_| !self.paused);
        let next = url.zip(waits.and_then(VecDeque::pop_front));
        if next.is_none() {
            self.busy.remove(&webhook);
        }
        next
    }

    pub(crate) fn done(&mut self, kind: Kind, delivered: bool) {
        if delivered {
            self.delivered += 1;
            *self.by_type.entry(kind.name()).or_default() += 1;
        } else {
            self.failed += 1;
        }
    }

    /// The answer of `GET /sim/webhooks`.
    pub(crate) fn to_json(&self) -> Value {
        let waiting: usize = self.waiting.values().map(VecDeque::len).sum();
        let subscriptions: Vec<Value> =
            self.subscriptions.iter().map(Subscription::to_json).collect();
        let webhooks: Vec<Value> = self.webhooks.iter().map(Webhook::to_json).collect();
        json!({
            "webhooks": webhooks,
            "subscriptions": subscriptions,
            "delivered": self.delivered,
            "failed": self.failed,
            // What is just being delivered waits no longer, and is not yet delivered.
            "pending": waiting + self.busy.len(),
            "by_type": self.by_type,
            // Whatever happened up to then is among the numbers above.
            "told_until": self.told_s * SECOND_MS,
            "paused": self.paused,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_790_000_123_000;

    fn wanted(user: &str, direction: Option<Direction>) -> Wanted {
        Wanted { kind: Kind::Follow, user: Some(user.to_owned()), direction }
    }

    fn follow(source: &str, target: &str, at_ms: i64) -> Event {
        let parties = vec![
            (source.to_owned(), Some(Direction::Outbound)),
            (target.to_owned(), Some(Direction::Inbound)),
        ];
        let payload = json!({"nth": at_ms - NOW_MS});
        Event { at_ms, kind: Kind::Follow, parties, payload, uuid: None }
    }

    fn book() -> (Book, u64) {
        let mut book = Book::new(1, NOW_MS / 1_000);
        let webhook = book.add_webhook("http://127.0.0.1:1/hooks/x".to_owned(), NOW_MS).unwrap();
        (book, webhook.id)
    }

    fn bodies(book: &mut Book, webhook: u64) -> Vec<Value> {
        book.take_idle();
        std::iter::from_fn(|| book.next(webhook))
            .map(|(_, delivery)| serde_json::from_str(&delivery.body).unwrap())
            .collect()
    }

    #[test]
    fn what_happened_leaves_in_order() {
        let (mut book, webhook) = book();
        book.subscribe(wanted("12", None), Some("t".into()), Some(webhook), NOW_MS).unwrap();
        for n in 1..=3 {
            book.tell(&follow("7", "12", NOW_MS + n));
        }
        let bodies = bodies(&mut book, webhook);
        let nth: Vec<_> = bodies.iter().map(|b| b["data"]["payload"]["nth"].clone()).collect();
        assert_eq!(nth, [1, 2, 3]);
        let data = &bodies[0]["data"];
        assert_eq!((&data["event_type"], &data["tag"]), (&json!("follow.follow"), &json!("t")));
        assert_eq!(data["filter"], json!({"user_id": "12"}));
        assert!(data["event_uuid"].as_str().unwrap().parse::<i64>().is_ok());
        assert_ne!(data["event_uuid"], bodies[1]["data"]["event_uuid"]);
    }

    #[test]
    fn only_what_is_wanted_and_came_after_is_told() {
        for (user, direction, source, target, after_ms, told) in [
            ("12", None, "7", "12", 1, true),
            ("12", None, "12", "7", 1, true),
            ("12", Some(Direction::Inbound), "7", "12", 1, true),
            ("12", Some(Direction::Inbound), "12", "7", 1, false),
            ("12", Some(Direction::Outbound), "12", "7", 1, true),
            ("12", None, "7", "13", 1, false),
            ("12", None, "7", "12", 0, false),
        ] {
            let (mut book, webhook) = book();
            book.subscribe(wanted(user, direction), None, Some(webhook), NOW_MS).unwrap();
            book.tell(&follow(source, target, NOW_MS + after_ms));
            let count = bodies(&mut book, webhook).len();
            assert_eq!(count, usize::from(told), "{user} {direction:?} {source} {target}");
        }
    }

    #[test]
    fn an_invalid_webhook_is_told_nothing() {
        let (mut book, webhook) = book();
        book.subscribe(wanted("12", None), None, Some(webhook), NOW_MS).unwrap();
        book.challenged(webhook, Some(false), false, NOW_MS);
        book.tell(&follow("7", "12", NOW_MS + 1));
        book.challenged(webhook, Some(true), false, NOW_MS);
        book.tell(&follow("8", "12", NOW_MS + 2));
        assert_eq!(bodies(&mut book, webhook).len(), 1);
    }

    #[test]
    fn one_delivery_at_a_time_and_none_in_a_pause() {
        let (mut book, webhook) = book();
        book.subscribe(wanted("12", None), None, Some(webhook), NOW_MS).unwrap();
        book.tell(&follow("7", "12", NOW_MS + 1));
        book.paused = true;
        assert_eq!(book.take_idle(), Vec::<u64>::new());
        book.paused = false;
        assert_eq!((book.take_idle(), book.take_idle()), (vec![webhook], vec![]));
        assert!(book.next(webhook).is_some() && book.next(webhook).is_none());
        book.tell(&follow("8", "12", NOW_MS + 2));
        assert_eq!(book.take_idle(), [webhook]);
    }

    #[test]
    fn there_are_no_doubles_and_no_more_than_may_be() {
        let (mut book, webhook) = book();
        let again = book.add_webhook("http://127.0.0.1:1/hooks/x".to_owned(), NOW_MS);
        assert_eq!(again.err(), Some(Full::Duplicate));
        for n in 1..WEBHOOKS_MAX {
            book.add_webhook(format!("http://127.0.0.1:1/{n}"), NOW_MS).unwrap();
        }
        let more = book.add_webhook("http://127.0.0.1:1/more".to_owned(), NOW_MS);
        assert_eq!(more.err(), Some(Full::Webhooks));
        for n in 0..SUBSCRIPTIONS_MAX {
            book.subscribe(wanted(&n.to_string(), None), None, Some(webhook), NOW_MS).unwrap();
        }
        let double = book.subscribe(wanted("7", None), None, Some(webhook), NOW_MS);
        assert_eq!(double.err(), Some(Full::Duplicate));
        let more = book.subscribe(wanted("x", None), None, Some(webhook), NOW_MS);
        assert_eq!(more.err(), Some(Full::Subscriptions));
    }

    #[test]
    fn a_subscription_outlives_its_webhook() {
        let (mut book, webhook) = book();
        let made = book.subscribe(wanted("12", None), None, Some(webhook), NOW_MS).unwrap();
        assert!(book.remove_webhook(webhook) && !book.remove_webhook(webhook));
        assert_eq!(book.subscriptions[0].webhook, None);
        assert!(book.unsubscribe(made.id) && !book.unsubscribe(made.id));
    }
}
