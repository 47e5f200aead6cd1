//! The Live object, one per deployment: the one upstream connection, what it brings, and the
//! browsers that watch. Must not know: followers, or how X's bytes look. Invariant: at most one
//! upstream connection, ever; every number of the sequence reaches a browser once or lies in a
//! gap it is told of; numbers are given out only below a ceiling that is already stored.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod answers;
mod archive;
mod calls;
mod flush;
mod intake;
mod money;
mod purge;
mod refill;
mod relays;
mod replay;
mod rules;
mod schema;
mod sim;
mod upstream;
mod watch;

pub(crate) use sim::evict;

use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::hub::{Hub, Said};
use crate::rpc::{self, Greeting, ToLive};
use crate::sql::Sql;
use intake::Memory;
use relays::Relays;
use shared::api::{LiveGap, StreamSettings};
use shared::stream::settings;
use shared::time::UnixMs;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::{
    DurableObject, Env, Request, Response, State, WebSocket, WebSocketIncomingMessage,
    durable_object,
};

/// See the module.
#[durable_object]
pub struct Live {
    core: Rc<Core>,
}

/// The object, shared with the reader and the timers that run beside its handlers.
struct Core {
    state: Rc<State>,
    env: Env,
    sql: Sql,
    hub: Hub,
    settings: RefCell<StreamSettings>,
    memory: RefCell<Memory>,
    /// Whether this memory has taken up its work.
    awake: Cell<bool>,
    /// When the machine's timer fires.
    timer: Cell<Option<UnixMs>>,
    /// How far ahead of real time a test has set the machine's clock, in milliseconds.
    skew: Cell<i64>,
    /// A flush loop runs.
    flushing: Cell<bool>,
    /// The next lease is being seen to, while this one lasts.
    asking: Cell<bool>,
    /// Control is being asked for one.
    securing: Cell<bool>,
    /// A part of the archive is being written.
    archiving: Cell<bool>,
    /// When the stream was last watched, in real time.
    watched: Cell<UnixMs>,
    /// When browsers were last told how the stream stands, by the machine's clock.
    told_status: Cell<UnixMs>,
    /// What a loss of memory took, until it is declared.
    lost: Cell<Option<LiveGap>>,
    relays: RefCell<Relays>,
    /// Whether X grants the sample stream, once it was tried.
    sample_granted: Cell<Option<bool>>,
}

impl DurableObject for Live {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::open(&state, "Live", schema::MIGRATIONS);
        let (state, hub) = Hub::new(state);
        let simulated = Config::read(&env).simulated;
        let core = Core {
            state,
            sql,
            hub,
            settings: RefCell::new(settings::defaults(simulated)),
            memory: RefCell::default(),
            awake: Cell::new(false),
            timer: Cell::new(None),
            skew: Cell::new(0),
            flushing: Cell::new(false),
            asking: Cell::new(false),
            securing: Cell::new(false),
            archiving: Cell::new(false),
            watched: Cell::new(UnixMs::default()),
            told_status: Cell::new(UnixMs::default()),
            lost: Cell::new(None),
            relays: RefCell::default(),
            // The simulator grants it, until it says otherwise.
            sample_granted: Cell::new(simulated.then_some(true)),
            env,
        };
        if let Err(fault) = core.load() {
            worker::console_error!("live: {}", fault.log());
        }
        Self { core: Rc::new(core) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        if let Err(stop) = self.core.sql.ready() {
            return Ok(http::problem(&stop, &request_id));
        }
        self.core.wake().await;
        let outcome = if request.path() == "/internal" {
            match rpc::command(&mut request).await {
                Ok(command) => rpc::answer(self.core.obey(command).await),
                Err(fault) => rpc::answer::<()>(Err(fault)),
            }
        } else if let Some(what) = request.path().strip_prefix("/api/sim/live/") {
            self.core.break_down(what, &mut request).await
        } else {
            self.core.serve(request).await
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if self.core.sql.ready().is_err() {
            // Said when the object was loaded. The hourly tick finds it mended.
            return Response::ok("");
        }
        self.core.wake().await;
        self.core.watch().await;
        Response::ok("")
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        if let Err(stop) = self.core.sql.ready() {
            self.core.hub.retire(&stop.detail);
            return Ok(());
        }
        self.core.wake().await;
        if let Said::Resume { after } = self.core.hub.message(&socket, message) {
            let outcome = self.core.resume(&socket, after);
            Core::log_fault(outcome);
        }
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        _code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> worker::Result<()> {
        self.core.hub.closed(&socket);
        Ok(())
    }

    async fn websocket_error(
        &self,
        socket: WebSocket,
        _error: worker::Error,
    ) -> worker::Result<()> {
        self.core.hub.closed(&socket);
        Ok(())
    }
}

impl Core {
    async fn obey(self: &Rc<Self>, command: ToLive) -> Result<serde_json::Value> {
        Ok(match command {
            ToLive::Tick => {
                self.watch().await;
                self.sweep().await?;
                serde_json::Value::Null
            }
            ToLive::Place => serde_json::to_value(self.place()?)?,
            ToLive::Tell { account, events } => {
                self.tell_followers(account, &events);
                serde_json::Value::Null
            }
            ToLive::Ran { run } => {
                self.tell_run(&run);
                serde_json::Value::Null
            }
            ToLive::Greet => {
                let cursor = self.memory.borrow().ring.tail().to;
                serde_json::to_value(Greeting { hello: self.hello(), cursor })?
            }
            ToLive::Pulse => serde_json::to_value(self.pulse())?,
            ToLive::Since { after, subscribe } => {
                serde_json::to_value(self.since(after, &subscribe)?)?
            }
        })
    }

    fn log_fault(outcome: Result<()>) {
        if let Err(fault) = outcome {
            worker::console_error!("live: {}", fault.log());
        }
    }

    fn meta<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.sql.meta(key)
    }

    fn put_meta<T: serde::Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.sql.put_meta(key, value)
    }
}

fn corrupt(what: &str, why: &impl ToString) -> Fault {
    Fault::internal(format!("{what} is damaged: {}", why.to_string()))
}
