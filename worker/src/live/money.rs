//! What the stream spends: asking Control before tweets may come, telling it after. Owns: the
//! open lease. Invariant: nothing is read without a lease; what came is in the books of this
//! object with the stretch of the stream it came in, and in Control's at the latest when the
//! lease is used up.

use super::Core;
use crate::clock;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::turn::Turn;
use serde::{Deserialize, Serialize};
use shared::api::Feature;
use shared::budget::{Ask, Grant, Resource, Settlement};
use shared::id::AccountId;
use shared::stream::machine::Input;
use shared::stream::meter::{Caps, Posts, Room};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

/// In Control's books the stream is no account's: X has no user 0.
pub(super) const STREAM: AccountId = shared::id::UserId(0);
/// No cap at all: more micro-dollars than anyone has, and still exact as JavaScript's number.
pub(super) const NO_CAP: u64 = 1 << 52;
/// Another lease is asked for once so little is left of this one, so that a fast stream need
/// not pause for the answer.
const LOW: u64 = 100;

/// How often whoever waits for another's lease looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Tweets that may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    number: u64,
    /// Tweets still granted.
    left: u64,
    /// Tweets that came and are billed.
    used: u64,
    /// Tweets that came again on the same UTC day.
    repeats: u64,
}

/// The books, saved with every stretch of the stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) posts: Posts,
    #[serde(default)]
    pub(super) lease: Option<Lease>,
    /// Tweets, billed and repeated, that came while there was no lease: the old one was being
    /// settled. They count on the next.
    #[serde(default)]
    owed: [u64; 2],
    /// Tweets with a place, and all, since the stream was switched on.
    #[serde(default)]
    pub(super) placed: [u64; 2],
    /// Counts what was written: the books stand in two places, and the newer ones hold.
    #[serde(default)]
    pub(super) edition: u64,
}

impl Books {
    /// The newer of two.
    pub(super) fn newer(saved: Option<Self>, row: Self) -> Self {
        match saved {
            Some(saved) if saved.edition > row.edition => saved,
            _ => row,
        }
    }

    /// A cap was lowered: the lease in hand may be too long.
    pub(super) fn shorten(&mut self, room: u64) {
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.min(room);
        }
    }

    /// Tweets came.
    pub(super) fn count(&mut self, billed: u64, repeats: u64) {
        self.posts.read(clock::now(), billed);
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.saturating_sub(billed);
            lease.used += billed;
            lease.repeats += repeats;
        } else {
            let [owed, again] = &mut self.owed;
            *owed += billed;
            *again += repeats;
        }
    }

    /// So many tweets may come; those that are owed already came.
    fn grant(&mut self, number: u64, posts: u64) {
        let [used, repeats] = std::mem::take(&mut self.owed);
        self.lease = Some(Lease { number, left: posts.saturating_sub(used), used, repeats });
    }

    /// Whether so many more may come on this lease.
    pub(super) fn has_left(&self, posts: u64) -> bool {
        self.lease.is_some_and(|lease| lease.left >= posts)
    }

    fn is_low(&self) -> bool {
        self.lease.is_none_or(|lease| lease.left < LOW)
    }

    fn is_out(&self) -> bool {
        self.lease.is_none_or(|lease| lease.left == 0)
    }
}

impl Core {
    /// Sees to the next lease while this one lasts; a stream without one is stopped.
    pub(super) fn mind_lease(self: &Rc<Self>) {
        if !self.memory.borrow().books.is_low() || self.asking.replace(true) {
            return;
        }
        let core = self.clone();
        spawn_local(async move {
            let outcome = core.secure().await;
            core.asking.set(false);
            match outcome {
                Ok(Ok(())) => {}
                // What is left of the old lease may still come.
                Ok(Err(_)) if !core.memory.borrow().books.is_out() => {}
                Ok(Err(why)) => core.advance(Input::Capped { why }),
                Err(fault) => worker::console_error!("lease: {}", fault.log()),
            }
        });
    }

    /// Whether tweets may be read: settles the old lease and takes a new one, where it is low.
    /// The inner error is the budget's no, with numbers. One at a time: of two leases asked for at
    /// once one would be forgotten, and its money would count as spent until it runs out.
    pub(super) async fn secure(&self) -> Result<std::result::Result<(), String>> {
        let _turn = loop {
            match Turn::take(&self.securing) {
                Some(turn) => break turn,
                None => Delay::from(LOOK_AGAIN).await,
            }
        };
        self.secure_in_turn().await
    }

    async fn secure_in_turn(&self) -> Result<std::result::Result<(), String>> {
        let now = clock::now();
        let caps = Caps::of(&self.settings.borrow());
        let room = self.memory.borrow().books.posts.room(caps, now);
        let room = match room {
            Room::Posts(room) => room,
            Room::Full(why) => {
                self.settle().await?;
                return Ok(Err(why));
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
            Grant::Later { why, .. } | Grant::No { why, .. } => Err(why),
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
