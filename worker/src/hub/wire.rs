//! What the platform's sockets can do that the `worker` crate does not offer. Owns: calls into
//! JavaScript. Must not know: what is sent. Invariant: no call here can throw through wasm.

use shared::time::UnixMs;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{DurableObjectState, web_sys};
use worker::{State, WebSocket};

#[wasm_bindgen]
extern "C" {
    type ServerSocket;
    #[wasm_bindgen(method, catch)]
    fn send(this: &ServerSocket, data: &JsValue) -> Result<(), JsValue>;

    type Context;
    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_timestamp(this: &Context, socket: &JsValue) -> Result<JsValue, JsValue>;
}

/// `WebSocket.readyState` of an open socket.
const OPEN: u16 = 1;

/// The platform's state, as JavaScript has it.
pub(crate) struct Wire(JsValue);

impl Wire {
    /// Splits the platform's state into what the `worker` crate sees of it and the rest.
    pub(super) fn new(state: State) -> (State, Self) {
        let raw: JsValue = state._inner().into();
        let state: DurableObjectState = raw.clone().unchecked_into();
        (state.into(), Self(raw))
    }

    /// JavaScript's own object.
    pub(crate) fn raw(&self) -> &JsValue {
        &self.0
    }

    /// When a socket last pinged: the platform answers pings without waking the object.
    pub(super) fn last_ping(&self, socket: &WebSocket) -> Option<UnixMs> {
        let context: &Context = self.0.unchecked_ref();
        let at = context.auto_response_timestamp(raw(socket).as_ref()).ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit 2^53")]
        at.dyn_ref::<js_sys::Date>().map(|date| UnixMs(date.get_time() as i64))
    }
}

fn raw(socket: &WebSocket) -> &web_sys::WebSocket {
    socket.as_ref()
}

/// Whether a socket is open: one that was closed and whose client does not read stays listed.
pub(super) fn is_open(socket: &WebSocket) -> bool {
    raw(socket).ready_state() == OPEN
}

/// Bytes sent and not yet taken.
pub(super) fn buffered(socket: &WebSocket) -> u64 {
    u64::from(raw(socket).buffered_amount())
}

/// Sends a text or an `ArrayBuffer`; `false` if the socket is gone.
pub(super) fn send(socket: &WebSocket, data: &JsValue) -> bool {
    let target: &ServerSocket = raw(socket).unchecked_ref();
    target.send(data).is_ok()
}
