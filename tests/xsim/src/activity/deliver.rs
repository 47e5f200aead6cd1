//! The task that looks what the world did and tells the webhooks.
//!
//! Invariants: one delivery at a time to each webhook, in the order of what happened; an event is
//! tried four times and then counted as failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::book::Delivery;
use super::call;
use super::happenings::{self, Interest};
use crate::state::Sim;

/// How often the world is looked at, in real time.
const TICK: Duration = Duration::from_millis(20);
/// Waits before an event is sent again, in real time: the virtual clock may stand still.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_600)];
/// A webhook that has not answered a challenge for a day is challenged again every half hour, and
/// after four more hours it is no longer told anything (docs.x.com, "V2 Webhooks API").
const FRESH_MS: i64 = 24 * 3_600_000;
const AGAIN_MS: i64 = 1_800_000;
const GIVE_UP_MS: i64 = 28 * 3_600_000;

/// Delivers until the future is dropped.
pub(crate) async fn run(sim: Arc<Sim>) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::time::sleep(TICK).await;
        look(&sim).await;
        challenge_again(&sim).await;
        for webhook in sim.activity().take_idle() {
            under_way.spawn(drain(Arc::clone(&sim), webhook));
        }
        while under_way.try_join_next().is_some() {}
    }
}

/// Puts what happened since the last look on its way.
async fn look(sim: &Arc<Sim>) {
    let now_s = sim.now_ms().div_euclid(1_000);
    let (from_s, epoch, interest) = {
        let mut book = sim.activity();
        let from_s = book.told_s;
        if now_s <= from_s {
            return;
        }
        if book.subscriptions.is_empty() {
            book.told_s = now_s;
            return;
        }
        (from_s, book.epoch, Interest::new(book.subscriptions.iter().map(|s| &s.wanted)))
    };
    let world = Arc::clone(sim);
    let work = move || happenings::between(&world, &interest, from_s, now_s);
    let Ok(events) = tokio::task::spawn_blocking(work).await else { return };
    let mut book = sim.activity();
    if book.epoch == epoch {
        book.told_s = now_s;
        for event in &events {
            book.tell(event);
        }
    }
}

/// Challenges the webhooks whose last good answer is too old.
async fn challenge_again(sim: &Sim) {
    let now_ms = sim.now_ms();
    let due: Vec<(u64, String, i64)> = {
        let book = sim.activity();
        let due = |w: &&super::book::Webhook| {
            now_ms - w.validated_ms >= FRESH_MS && now_ms - w.checked_ms >= AGAIN_MS && w.valid
        };
        let due = book.webhooks.iter().filter(due);
        due.map(|w| (w.id, w.url.clone(), w.validated_ms)).collect()
    };
    for (id, url, validated_ms) in due {
        let outcome = call::challenge(&url, &format!("crc-{now_ms}-{id}"), now_ms).await;
        let give_up = now_ms - validated_ms > GIVE_UP_MS;
        sim.activity().challenged(id, outcome.right(), give_up, now_ms);
    }
}

/// Delivers what waits for a webhook.
async fn drain(sim: Arc<Sim>, webhook: u64) {
    loop {
        // Not held across the call.
        let next = sim.activity().next(webhook);
        let Some((url, delivery)) = next else { return };
        let delivered = attempt(&sim, &url, &delivery).await;
        if delivered {
            sim.state().bill.charge_event(delivery.kind.resource(), delivery.kind.price_micros());
        }
        sim.activity().done(delivery.kind, delivered);
    }
}

async fn attempt(sim: &Sim, url: &str, delivery: &Delivery) -> bool {
    if call::deliver(url, &delivery.body, sim.now_ms()).await {
        return true;
    }
    for wait in RETRIES {
        tokio::time::sleep(wait).await;
        if call::deliver(url, &delivery.body, sim.now_ms()).await {
            return true;
        }
    }
    false
}
