//! What the stream spends: asking Control before tweets may come, telling it after. Owns: the
//! open lease. Invariant: nothing is read without a lease; what came is in the books of this
//! object with the stretch of the stream it came in, and in Control's at the latest when the
//! lease is used up.

use super::Core;
use crate::clock;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::turn::Turn;
use shared::api::{BudgetPause, ConnectionState, Feature};
use shared::budget::{Ask, Grant, Resource, Settlement, pause};
use shared::id::AccountId;
use shared::stream::books::Lease;
use shared::stream::machine::Input;
use shared::stream::meter::{Caps, Room};
use shared::time::UnixMs;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

/// In Control's books the stream is no account's: X has no user 0.
pub(super) const STREAM: AccountId = shared::id::UserId(0);
/// No cap at all: more micro-dollars than anyone has, and still exact as JavaScript's number.
pub(super) const NO_CAP: u64 = 1 << 52;
/// How often whoever waits for another's lease looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Why nothing may be read.
#[derive(Debug)]
pub(super) struct NoRoom {
    /// The numbers, and what to do.
    pub(super) why: String,
    /// When there is room again, by the deployment's clock.
    pub(super) until: Option<UnixMs>,
}

impl Core {
    /// Sees to the next lease while this one lasts; a stream without one waits or is stopped.
    pub(super) fn mind_lease(self: &Rc<Self>) {
        let wanted =
            !matches!(self.connection_state(), ConnectionState::Off | ConnectionState::Stopped);
        let low = self.memory.borrow().books.is_low();
        if !wanted || !low || self.asking.replace(true) {
            return;
        }
        let core = self.clone();
        spawn_local(async move {
            let outcome = core.secure().await;
            core.asking.set(false);
            match outcome {
                Ok(Ok(())) => core.advance(Input::Freed),
                // What is left of the old lease may still come.
                Ok(Err(_)) if !core.memory.borrow().books.is_out() => {}
                Ok(Err(no)) => core.advance(core.capped(no)),
                Err(fault) => worker::console_error!("lease: {}", fault.log()),
            }
        });
    }

    /// What the machine is told of a no, by its own clock.
    pub(super) fn capped(&self, NoRoom { why, until }: NoRoom) -> Input {
        let offset = self.real().since(clock::now());
        Input::Capped { why, until: until.map(|until| until.plus(offset)) }
    }

    /// What the machine is told of an answer of X: of one that says that X takes no more calls,
    /// whoever makes them, until when the budget pauses.
    pub(super) fn paused_or(&self, input: Input) -> Input {
        let (Input::Refused { trouble, .. } | Input::RulesSynced(Err(trouble))) = &input else {
            return input;
        };
        match pause(trouble, clock::now()).map(|pause| pause.view()) {
            Some(BudgetPause { why, until, .. }) => self.capped(NoRoom { why, until: Some(until) }),
            None => input,
        }
    }

    /// Whether tweets may be read: settles the old lease and takes a new one, where it is low.
    /// The inner error is the budget's no, with numbers. One at a time: of two leases asked for at
    /// once one would be forgotten, and its money would count as spent until it runs out.
    pub(super) async fn secure(&self) -> Result<std::result::Result<(), NoRoom>> {
        let _turn = loop {
            match Turn::take(&self.securing) {
                Some(turn) => break turn,
                None => Delay::from(LOOK_AGAIN).await,
            }
        };
        self.secure_in_turn().await
    }

    async fn secure_in_turn(&self) -> Result<std::result::Result<(), NoRoom>> {
        let now = clock::now();
        let caps = Caps::of(&self.settings.borrow());
        let room = self.memory.borrow().books.posts.room(caps, now);
        let room = match room {
            Room::Posts(room) => room,
            Room::Full { why, until } => {
                self.settle().await?;
                return Ok(Err(NoRoom { why, until }));
            }
        };
        if !self.memory.borrow().books.is_low() {
            return Ok(Ok(()));
        }
        self.settle().await?;
        let ask = Ask {
            account: STREAM,
            feature: Feature::Stream,
            account_day_cap: None,
            account_cap: caps.month.unwrap_or(NO_CAP),
            route: String::new(),
            calls: 0,
            resource: Resource::Post,
            resources: room,
        };
        Ok(match ControlClient::new(&self.env)?.ask(ask).await? {
            Grant::Go { lease, .. } => {
                self.memory.borrow_mut().books.grant(lease, room);
                self.save_books()?;
                Ok(())
            }
            Grant::Later { why, until } => Err(NoRoom { why, until: Some(until) }),
            Grant::No { why, goes_on } => Err(NoRoom { why, until: goes_on }),
        })
    }

    /// Tells Control what the lease came to.
    pub(super) async fn settle(&self) -> Result<()> {
        let lease = self.memory.borrow_mut().books.lease.take();
        let Some(lease) = lease else { return Ok(()) };
        let settlement = Settlement {
            lease: lease.number,
            account: STREAM,
            route: String::new(),
            resource: Resource::Post,
            billed: lease.used,
            repeats: lease.repeats,
            rate: None,
        };
        let told = ToControl::Settle { settlement };
        let outcome = ControlClient::new(&self.env)?.tell::<Option<()>>(told).await;
        if outcome.is_err() {
            // Told again with the next try; meanwhile nothing is read on it.
            let mut memory = self.memory.borrow_mut();
            memory.books.lease.get_or_insert(Lease { left: 0, ..lease });
        }
        self.save_books()?;
        outcome.map(drop)
    }
}
