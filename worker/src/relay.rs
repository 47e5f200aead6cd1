//! A Relay object: browser sockets and nothing else. Must not know: where events come from, what
//! a tweet is. Invariant: what the Live object hands over reaches every socket here in order, or
//! is declared; nothing is stored but with the sockets themselves.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

use crate::control::split_url;
use crate::fault::{Fault, Result};
use crate::http;
use crate::hub::{Hub, Said};
use crate::rpc::{self, Greeting, Replayed, ToLive, ToRelay};
use shared::api::Subscribe;
use shared::live::ring::Stretch;
use shared::routes;
use worker::{
    DurableObject, Env, Request, Response, State, WebSocket, WebSocketIncomingMessage,
    durable_object,
};

/// See the module.
#[durable_object(websocket)]
pub struct Relay {
    env: Env,
    hub: Hub,
}

impl DurableObject for Relay {
    fn new(state: State, env: Env) -> Self {
        let (_, hub) = Hub::new(state);
        Self { env, hub }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request_id = request.headers().get("x-request-id")?.unwrap_or_default();
        let path = request.path();
        let outcome = match path.as_str() {
            "/internal" => {
                let command = rpc::command(&mut request).await;
                rpc::answer(command.map(|command| self.obey(command)))
            }
            "/deliver" => rpc::answer(self.deliver(&mut request).await),
            "/api/sim/live/relay/evict" => {
                crate::live::evict(self.hub.wire().raw()).and_then(|()| http::json(200, &()))
            }
            _ => self.greet(&request).await,
        };
        Ok(outcome.unwrap_or_else(|fault| http::problem(&fault, &request_id)))
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        if let Said::Resume { after } = self.hub.message(&socket, message)
            && let Err(fault) = self.resume(&socket, after).await
        {
            worker::console_error!("relay: {}", fault.log());
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
        self.hub.closed(&socket);
        Ok(())
    }

    async fn websocket_error(
        &self,
        socket: WebSocket,
        _error: worker::Error,
    ) -> worker::Result<()> {
        self.hub.closed(&socket);
        Ok(())
    }
}

impl Relay {
    /// Opens a browser's socket, with the greeting that the Live object would give.
    async fn greet(&self, request: &Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = split_url(&url);
        let found =
            routes::find("GET", path).map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        let after = query.get("after").and_then(|text| text.parse().ok());
        let (greeting, replayed) = loop {
            let greeting: Greeting = rpc::call(&rpc::live(&self.env)?, &ToLive::Greet).await?;
            let replayed = match after {
                Some(after) => Some(self.since(after, Subscribe::default()).await?),
                None => None,
            };
            let cursor = replayed.as_ref().map_or(greeting.cursor, |replayed| replayed.to);
            // What was handed out here since then would be missing: ask again.
            if self.hub.last().is_none_or(|last| last <= cursor) {
                break (Greeting { cursor, ..greeting }, replayed);
            }
        };
        let (socket, answer) = self.hub.accept(request, &greeting.hello, greeting.cursor)?;
        for frame in replayed.iter().flat_map(Replayed::frames) {
            self.hub.send_frame(&socket, &frame);
        }
        Ok(answer)
    }

    async fn since(&self, after: u64, subscribe: Subscribe) -> Result<Replayed> {
        rpc::call(&rpc::live(&self.env)?, &ToLive::Since { after, subscribe }).await
    }

    async fn resume(&self, socket: &WebSocket, after: u64) -> Result<()> {
        let Some(subscribe) = self.hub.subscription_of(socket) else { return Ok(()) };
        let replayed = self.since(after, subscribe).await?;
        for frame in replayed.frames() {
            self.hub.send_frame(socket, &frame);
        }
        self.hub.covered(socket, replayed.to);
        Ok(())
    }

    async fn deliver(&self, request: &mut Request) -> Result<u32> {
        let stretch: Stretch = rpc::delivered(request).await?;
        self.hub.deliver(&stretch);
        // The Live object hands over the next stretch after the answer, all that waits as one.
        self.hub.taken().await;
        Ok(self.hub.viewers())
    }

    fn obey(&self, command: ToRelay) -> u32 {
        match command {
            ToRelay::Declare { gap } => self.hub.declare(gap),
            ToRelay::Tell { text } => self.hub.tell_all(&text),
            ToRelay::Retire => self.hub.retire("moving to another relay"),
        }
        self.hub.viewers()
    }
}
