//! The relays, as the Live object sees them. Owns: which there are, how many browsers each has,
//! what is still to be handed to each. Must not know: their sockets. Invariant: a relay gets
//! every stretch in order and once, or a gap that names it; a slow relay never holds up another.

use super::Core;
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::rpc::{self, ToRelay};
use serde::{Deserialize, Serialize};
use shared::api::{GapReason, LiveGap};
use shared::live::hub::{ON_THE_WAY_MS, Place, place, relays_kept};
use shared::live::ring::Stretch;
use shared::time::UnixMs;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Ten seconds of stretches: a relay further behind is told of a gap instead.
const QUEUE_MAX: usize = 40;

/// The relays there are.
#[derive(Default)]
pub(super) struct Relays(BTreeMap<u32, Relay>);

#[derive(Default)]
struct Relay {
    viewers: u32,
    /// Sockets sent there and not yet counted by it.
    sent: u32,
    /// When the last one was sent there, by the clock on the wall.
    sent_at: Option<UnixMs>,
    busy: bool,
    queue: VecDeque<Item>,
}

#[derive(Clone)]
pub(super) enum Item {
    Stretch(Rc<Stretch>),
    Gap(LiveGap),
    /// A frame without numbers.
    Text(Rc<str>),
}

/// Which relays have browsers, across a loss of memory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Roll(BTreeMap<u32, u32>);

impl Relays {
    pub(super) fn restore(roll: Roll) -> Self {
        let relay = |viewers| Relay { viewers, ..Relay::default() };
        Self(roll.0.into_iter().map(|(number, viewers)| (number, relay(viewers))).collect())
    }

    fn roll(&self) -> Roll {
        Roll(self.0.iter().map(|(number, relay)| (*number, relay.viewers + relay.sent)).collect())
    }

    pub(super) fn viewers(&self) -> u32 {
        self.0.values().map(|relay| relay.viewers).sum()
    }

    /// How many sockets each has or is about to have, from relay 0 to the last there is.
    fn counts(&self) -> Vec<u32> {
        let relays = self.0.last_key_value().map_or(0, |(last, _)| last + 1);
        let count = |number| self.0.get(&number).map_or(0, |relay| relay.viewers + relay.sent);
        (0..relays).map(count).collect()
    }

    fn push(&mut self, item: &Item) -> Vec<u32> {
        let mut idle = Vec::new();
        for (number, relay) in &mut self.0 {
            relay.queue.push_back(item.clone());
            if relay.queue.len() > QUEUE_MAX {
                relay.fold();
            }
            if !relay.busy {
                relay.busy = true;
                idle.push(*number);
            }
        }
        idle
    }
}

impl Relay {
    /// What is handed over next: stretches that wait in a row go as one.
    fn take(&mut self) -> Option<Item> {
        let mut item = self.queue.pop_front()?;
        if let Item::Stretch(stretch) = &mut item {
            while let Some(Item::Stretch(next)) = self.queue.front()
                && Rc::make_mut(stretch).join(next)
            {
                self.queue.pop_front();
            }
        }
        Some(item)
    }

    /// Makes one gap of all that waits: whoever is this far behind never catches up.
    fn fold(&mut self) {
        let span = |item: &Item| match item {
            Item::Stretch(stretch) => Some((stretch.from, stretch.to)),
            Item::Gap(gap) => Some((gap.from, gap.to)),
            Item::Text(_) => None,
        };
        let spans: Vec<_> = self.queue.iter().filter_map(span).collect();
        self.queue.clear();
        if let (Some(&(from, _)), Some(&(_, to))) = (spans.first(), spans.last()) {
            self.queue.push_back(Item::Gap(LiveGap { from, to, reason: GapReason::Slow }));
        }
    }
}

impl Core {
    /// Where the next browser belongs.
    pub(super) fn place(&self) -> Result<Place> {
        let config = Config::read(&self.env);
        let limits = config.sockets;
        let mut relays = self.relays.borrow_mut();
        let counts = relays.counts();
        let place = place(self.hub.sockets(), &counts, limits);
        if let Place::Relay(number) = place {
            let relay = relays.0.entry(number).or_default();
            relay.sent += 1;
            relay.sent_at = Some(clock::real());
            // Written before the browser is sent there: a relay nobody knows of is silent.
            self.put_meta("relays", &relays.roll())?;
        }
        Ok(place)
    }

    pub(super) fn relay(self: &Rc<Self>, stretch: &Rc<Stretch>) {
        self.hand_to_relays(&Item::Stretch(stretch.clone()));
    }

    pub(super) fn hand_to_relays(self: &Rc<Self>, item: &Item) {
        let idle = self.relays.borrow_mut().push(item);
        for number in idle {
            let core = self.clone();
            spawn_local(async move { core.drain(number).await });
        }
    }

    /// Hands a relay what waits for it, one by one.
    async fn drain(self: Rc<Self>, number: u32) {
        loop {
            let item = {
                let mut relays = self.relays.borrow_mut();
                let Some(relay) = relays.0.get_mut(&number) else { return };
                let Some(item) = relay.take() else {
                    relay.busy = false;
                    return;
                };
                item
            };
            let mut outcome = self.hand(number, &item).await;
            if outcome.is_err() {
                // It was being made again: whoever has it already tells by the numbers.
                outcome = self.hand(number, &item).await;
            }
            match outcome {
                Ok(viewers) => self.counted(number, viewers),
                Err(fault) => {
                    worker::console_error!("relay {number}: {}", fault.log());
                    self.give_up(number, item);
                }
            }
        }
    }

    async fn hand(&self, number: u32, item: &Item) -> Result<u32> {
        let stub = rpc::relay(&self.env, number)?;
        match item {
            Item::Stretch(stretch) => rpc::deliver(&stub, stretch).await,
            Item::Gap(gap) => rpc::call(&stub, &ToRelay::Declare { gap: *gap }).await,
            Item::Text(text) => rpc::call(&stub, &ToRelay::Tell { text: text.to_string() }).await,
        }
    }

    fn counted(&self, number: u32, viewers: u32) {
        let mut relays = self.relays.borrow_mut();
        let Some(relay) = relays.0.get_mut(&number) else { return };
        let was = relay.viewers + relay.sent;
        (relay.viewers, relay.sent) = (viewers, 0);
        let awaited = relay.sent_at.is_some_and(|at| clock::real().since(at) < ON_THE_WAY_MS);
        if viewers == 0 && relay.queue.is_empty() && !awaited {
            relays.0.remove(&number);
        }
        if was != viewers {
            let roll = relays.roll();
            drop(relays);
            Self::log_fault(self.put_meta("relays", &roll));
        }
    }

    /// What a relay could not be handed becomes a gap, ahead of all that waits.
    fn give_up(&self, number: u32, item: Item) {
        let mut relays = self.relays.borrow_mut();
        let Some(relay) = relays.0.get_mut(&number) else { return };
        relay.queue.push_front(item);
        relay.fold();
        relay.busy = false;
    }

    /// Sends the browsers of a relay that is no longer needed to the others.
    pub(super) async fn retire_relays(&self) {
        let limits = Config::read(&self.env).sockets;
        let counts = self.relays.borrow().counts();
        let kept = relays_kept(self.hub.sockets(), &counts, limits);
        for number in (kept..counts.len()).filter_map(|number| u32::try_from(number).ok()) {
            let outcome = async {
                rpc::call::<_, u32>(&rpc::relay(&self.env, number)?, &ToRelay::Retire).await
            };
            match outcome.await {
                Ok(viewers) => self.counted(number, viewers),
                Err(fault) => worker::console_error!("relay {number}: {}", fault.log()),
            }
        }
    }

    /// Browsers of this object and of all relays.
    pub(super) fn viewers(&self) -> u32 {
        self.hub.viewers() + self.relays.borrow().viewers()
    }

    /// When the stream was last watched, by the clock on the wall, for stopping it unwatched.
    pub(super) fn note_viewers(&self) {
        if self.viewers() > 0 {
            self.watched.set(clock::real());
        }
    }
}
