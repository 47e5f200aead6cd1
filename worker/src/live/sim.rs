//! Breaking this object on purpose, and timing it: for tests beside the simulator alone; the
//! worker forwards nothing here otherwise. Must not know: why.

use super::Core;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use js_sys::{Function, Reflect};
use serde_json::json;
use shared::live::pipeline::{Pipeline, Taken};
use shared::live::sequence::Sequence;
use shared::stream::frames::{Frame, Frames};
use shared::stream::machine::Input;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Request, Response};

/// A read of the network as workerd hands it over.
const CHUNK_BYTES: usize = 16 * 1024;
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
                evict(self.hub.wire().raw())?;
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
                self.save_rows(true)?;
                self.memory.borrow_mut().ring.expire();
                http::json(200, &json!({}))
            }
            "bench" => {
                let url = request.inner().url();
                let rounds = url.split_once("rounds=").and_then(|(_, n)| n.parse().ok());
                http::json(200, &bench(&request.bytes().await?, rounds.unwrap_or(1)))
            }
            _ => Err(Fault::missing("evict, panic, hurry, expire or bench")),
        }
    }
}

/// Takes recorded bytes of a stream from beginning to end so many times, in pieces as the network
/// brings them, up to the encoded events. The runtime's clock stands still while code runs:
/// whoever asks takes the time.
fn bench(bytes: &[u8], rounds: u32) -> serde_json::Value {
    let (mut posts, mut events, mut encoded) = (0_u64, 0_u64, 0_u64);
    for _ in 0..rounds {
        let mut frames = Frames::default();
        let mut pipeline = Pipeline::default();
        let mut sequence = Sequence::restart(0, 0).0;
        sequence.raise(u64::MAX);
        let mut out = Vec::new();
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let arrival = (clock::now(), false);
            frames.push(chunk, &mut |frame| {
                let Frame::Message(frame) = frame else { return };
                let taken = pipeline.take(frame, arrival, &mut sequence, &mut |_| true, &mut out);
                posts += u64::from(matches!(taken, Ok(Taken::Post { .. })));
            });
            events += out.len() as u64;
            encoded += out.iter().map(|event| event.json.len() as u64).sum::<u64>();
            out.clear();
        }
    }
    json!({ "posts": posts, "events": events, "bytes": encoded })
}
