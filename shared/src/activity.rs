//! What X pushes: its activity API by webhook. Owns: who may speak (signatures, time, size), what
//! an event means, and how pushes stand up against a full check. Must not know: queues, objects,
//! how events are kept. Invariant: nothing of a body is looked at before its signature was
//! checked; an event that cannot be read changes nothing.

mod address;
mod audit;
mod door;
mod event;
#[cfg(test)]
mod tests;

pub use address::address;
pub use audit::{Audit, Told, audit};
pub use door::{BODY_MAX, Refusal, SEEN_MS, admit, challenge};
pub use event::{EVENT_TYPES, Event, Field, What};
