//! The upstream connection: carrying out what the stream machine decides. Owns: the one abort
//! controller, the detached reader. Must not know: what a tweet is. Invariant: the old
//! connection is aborted before a new one is opened, also one left over by an object that lost
//! its memory: the controller lives in JavaScript's `globalThis`, which a panic does not clear.

use super::Core;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::ControlClient;
use crate::x::X;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use js_sys::Reflect;
use shared::retry::Trouble;
use shared::stream::machine::{Effect, Ended, Input, SILENCE_MS};
use shared::stream::settings::{sample_granted, stream_path};
use shared::time::UnixMs;
use shared::x::problem::Rate;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use worker::worker_sys::web_sys::AbortController;
use worker::{AbortSignal, Delay};

/// Where the controller of the open connection is kept.
const CONTROLLER: &str = "__roost_upstream";

/// Ends whatever connection this isolate has open.
fn abort() {
    let global = js_sys::global();
    let name = JsValue::from_str(CONTROLLER);
    let kept = Reflect::get(&global, &name).ok();
    if let Some(controller) = kept.and_then(|kept| kept.dyn_into::<AbortController>().ok()) {
        controller.abort();
    }
    Reflect::delete_property(&global, &name).ok();
}

/// A signal for a new connection, whose controller outlives this object's memory.
fn signal() -> Result<AbortSignal> {
    abort();
    let made = AbortController::new();
    let controller = made.map_err(|_| Fault::internal("no AbortController"))?;
    Reflect::set(&js_sys::global(), &JsValue::from_str(CONTROLLER), &controller)
        .map_err(|_| Fault::internal("globalThis takes no property"))?;
    Ok(controller.signal().into())
}

impl Core {
    /// The machine's clock: it runs evenly, which the simulator's does not.
    pub(super) fn real(&self) -> UnixMs {
        clock::real().plus(self.skew.get())
    }

    /// Tells the machine what happened and carries out what it decides.
    pub(super) fn advance(self: &Rc<Self>, input: Input) {
        let effects = self.memory.borrow_mut().machine.handle(self.real(), input);
        if !effects.is_empty() {
            Self::log_fault(self.save_machine());
        }
        for effect in effects {
            self.carry_out(effect);
        }
        self.arm_timer();
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Abort => abort(),
            Effect::Connect { attempt } => {
                let core = self.clone();
                spawn_local(async move { core.connect(attempt).await });
            }
            Effect::SyncRules => {
                let core = self.clone();
                spawn_local(async move {
                    let outcome = core.sync_rules().await;
                    core.advance(core.paused_or(Input::RulesSynced(outcome)));
                });
            }
            Effect::KillGhosts => {
                let core = self.clone();
                spawn_local(async move {
                    let outcome = core.kill_ghosts().await;
                    core.advance(Input::GhostsKilled(outcome));
                });
            }
            Effect::GapBegan { from, why } => Self::log_fault(self.gap_began(from, &why)),
            Effect::GapEnded { to, .. } => self.gap_ended(to),
            Effect::Tell { about, text } => self.tell_notice(about, text),
        }
    }

    /// Wakes the machine when it wants to be woken. The alarm alone would be too coarse: X's
    /// waits begin at a quarter of a second.
    fn arm_timer(self: &Rc<Self>) {
        let Some(at) = self.memory.borrow().machine.wake_at() else { return };
        // A timer that fires sooner only asks the machine too early, which costs nothing; a new
        // one for every chunk would.
        if self.timer.get().is_some_and(|armed| armed <= at) {
            return;
        }
        self.timer.set(Some(at));
        let core = self.clone();
        spawn_local(async move {
            let wait = at.since(core.real()).max(1);
            Delay::from(Duration::from_millis(wait.unsigned_abs())).await;
            // Another wish came in the meantime: its own timer sees to it.
            if core.timer.get() == Some(at) {
                core.timer.set(None);
                core.advance(Input::Tick);
            }
        });
    }

    /// Opens the connection and reads it to its end.
    async fn connect(self: Rc<Self>, attempt: u64) {
        let config = match Config::load(&self.env, None).await {
            Ok(config) => config,
            Err(fault) => {
                let trouble = Trouble::Network(fault.log());
                return self.advance(Input::Refused { attempt, trouble, rate: None });
            }
        };
        match self.secure().await {
            Ok(Ok(())) => {}
            Ok(Err(no)) => return self.advance(self.capped(no)),
            Err(fault) => {
                let trouble = Trouble::Network(fault.log());
                return self.advance(Input::Refused { attempt, trouble, rate: None });
            }
        }
        // Switched off, or another attempt's by now: there was nothing to abort yet. Nothing awaits
        // between here and the call that the signal ends.
        if !self.memory.borrow().machine.awaits(attempt) {
            return;
        }
        let (path, query) = stream_path(&self.settings.borrow());
        let signal = match signal() {
            Ok(signal) => signal,
            Err(fault) => return worker::console_error!("stream: {}", fault.log()),
        };
        let mode = self.settings.borrow().mode;
        let answer = X::new(&config).open(path, &query, &signal).await;
        let said = answer.as_ref().map(drop).map_err(|refusal| &refusal.trouble);
        self.note_grant(sample_granted(mode, said));
        match answer {
            Err(refusal) => {
                let (trouble, rate) = (refusal.trouble, refusal.rate);
                // Credits that are used up concern every call, not the stream alone.
                let heeded = async { ControlClient::new(&self.env)?.heed(&trouble).await };
                Self::log_fault(heeded.await);
                if !self.memory.borrow().machine.awaits(attempt) {
                    return;
                }
                // By the machine's clock, like everything it is told.
                let offset = self.real().since(clock::now());
                let rate = rate.map(|rate| Rate { reset: rate.reset.plus(offset), ..rate });
                let refused = Input::Refused { attempt, rate, trouble };
                self.advance(self.paused_or(refused));
            }
            Ok(mut response) => {
                self.advance(Input::Opened { attempt });
                self.memory.borrow_mut().begin_connection();
                match response.stream() {
                    Ok(body) => self.read(attempt, body).await,
                    Err(error) => {
                        let how = Ended::Error(error.to_string());
                        self.advance(Input::Ended { attempt, how });
                    }
                }
            }
        }
    }

    /// Remembers whether X grants the sample stream.
    fn note_grant(&self, said: Option<bool>) {
        if said.is_some() && self.sample_granted.replace(said) != said {
            Self::log_fault(self.put_meta("sample_granted", &said));
        }
    }

    /// Reads until the connection ends, is silent for too long, or is no longer the one wanted.
    async fn read(self: &Rc<Self>, attempt: u64, mut body: worker::ByteStream) {
        let how = loop {
            let deadline = pin!(Delay::from(Duration::from_millis(SILENCE_MS.unsigned_abs())));
            let next = select(body.next(), deadline).await;
            if self.memory.borrow().machine.attempt() != attempt {
                return;
            }
            match next {
                Either::Left((Some(Ok(bytes)), _)) => {
                    self.advance(Input::Bytes { attempt });
                    self.take(attempt, &bytes);
                }
                Either::Left((Some(Err(error)), _)) => break Ended::Error(error.to_string()),
                Either::Left((None, _)) => break Ended::Eof,
                Either::Right(_) => break Ended::Silent,
            }
        };
        self.advance(Input::Ended { attempt, how });
    }
}
