//! Breaking this object on purpose, and timing it: for tests beside the simulator alone; the
//! worker forwards nothing here otherwise. Must not know: why.

use super::Core;
use crate::fault::{Fault, Result};
use crate::http;
use crate::sql::values;
use js_sys::{Function, Reflect};
use serde_json::json;
use shared::stream::machine::Input;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Request, Response};

/// An abort from within a call wedges the whole isolate; a little later it does not.
const ABORT_AFTER_MS: f64 = 20.0;

/// Throws an object out of memory as an eviction or a deploy would.
pub(crate) fn evict(state: &JsValue) -> Result<()> {
    let missing = |_| Fault::internal("no ctx.abort");
    let abort = Reflect::get(state, &JsValue::from_str("abort")).map_err(missing)?;
    let abort: Function = abort.dyn_into().map_err(missing)?;
    let bound = abort.bind0(state);
    let timeout = Reflect::get(&js_sys::global(), &JsValue::from_str("setTimeout"));
    let timeout: Function = timeout.and_then(JsCast::dyn_into).map_err(missing)?;
    timeout
        .call2(&JsValue::NULL, &bound, &JsValue::from_f64(ABORT_AFTER_MS))
        .map(drop)
        .map_err(missing)
}

impl Core {
    pub(super) async fn break_down(
        self: &Rc<Self>,
        what: &str,
        request: &mut Request,
    ) -> Result<Response> {
        match what {
            "evict" => {
                evict(self.hub.state())?;
                http::json(200, &json!({}))
            }
            #[allow(clippy::panic, reason = "a panic is what the test asks for")]
            "panic" => panic!("asked for by a test"),
            // Waits of minutes, as X advises them, pass at once.
            "hurry" => {
                let retry = self.memory.borrow().machine.connection().retry_at;
                if let Some(at) = retry {
                    let ahead = at.since(self.real()).max(0);
                    self.skew.set(self.skew.get() + ahead);
                    self.advance(Input::Tick);
                }
                http::json(200, &json!({}))
            }
            // As if the window's length had passed.
            "expire" => {
                self.flush();
                self.sql.run("DELETE FROM slots", values![])?;
                self.memory.borrow_mut().forget_window();
                http::json(200, &json!({}))
            }
            "bench" => {
                let bytes = request.bytes().await?;
                http::json(200, &self.bench(&bytes)?)
            }
            _ => Err(Fault::missing("evict, panic, hurry, expire or bench")),
        }
    }
}
