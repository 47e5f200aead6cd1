//! The live socket, which is `gloo-net`'s. Owns: opening it with what proves who asks, and its
//! life. Must not know: what is said. Invariant: a socket that was dropped is closed and tells
//! nothing any more.

use crate::browser;
use futures_util::{Sink as _, Stream as _};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use leptos::task::spawn_local;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::JsValue;

/// The subprotocol that the server speaks.
const PROTOCOL: &str = "roost.v1";

/// Shared by who speaks and who listens; empty once it was dropped, or where none could be made.
type Line = Rc<RefCell<Option<WebSocket>>>;

/// An open, or opening, socket.
pub(crate) struct Socket {
    line: Line,
}

impl Socket {
    /// Opens one to a path of this site; what is heard comes as values out of JSON. One that the
    /// browser refuses to make says nothing, as one that never opens does.
    pub(crate) fn open(
        path: &str,
        heard: impl FnMut(JsValue) + 'static,
        closed: impl FnOnce(u16) + 'static,
    ) -> Self {
        let line = Rc::new(RefCell::new(connect(path)));
        spawn_local(listen(Rc::clone(&line), heard, closed));
        Self { line }
    }

    /// Says something, if it is open.
    pub(crate) fn say(&self, text: &str) {
        let mut line = self.line.borrow_mut();
        let Some(socket) = line.as_mut() else { return };
        if matches!(socket.state(), State::Open) {
            // The browser queues by itself: nothing has to be flushed or waited for.
            let _ = Pin::new(socket).start_send(Message::Text(text.to_owned()));
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // `gloo-net` closes what it drops, and wakes `listen`, which then ends.
        drop(self.line.take());
    }
}

/// The session's cookie goes along by itself; a token of this tab goes as a subprotocol, the only
/// header a page may set.
fn connect(path: &str) -> Option<WebSocket> {
    let url = format!("{}{path}", browser::origin().replacen("http", "ws", 1));
    let token = browser::token();
    if !token.is_empty() {
        let bearer = format!("bearer.{token}");
        if let Ok(socket) = WebSocket::open_with_protocols(&url, &[PROTOCOL, &bearer]) {
            return Some(socket);
        }
        // A token with letters that a subprotocol must not have: the cookie has to do.
    }
    WebSocket::open_with_protocol(&url, PROTOCOL).ok()
}

/// Hands on what is said until the socket is closed or dropped.
async fn listen(line: Line, mut heard: impl FnMut(JsValue), closed: impl FnOnce(u16)) {
    loop {
        // The line is let go of before anyone is told: whoever is told may drop the socket.
        let said = poll_fn(|context| match line.borrow_mut().as_mut() {
            Some(socket) => Pin::new(socket).poll_next(context),
            None => Poll::Ready(None),
        });
        match said.await {
            // A text comes as a string of Rust's and goes back to the browser, which parses it.
            Some(Ok(Message::Text(text))) => heard(browser::parse_json(&text)),
            Some(Err(WebSocketError::ConnectionClose(event))) => return closed(event.code),
            // The server sends no bytes; after an error comes the close.
            Some(Ok(Message::Bytes(_)) | Err(_)) => {}
            None => return,
        }
    }
}
