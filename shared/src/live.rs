//! From X's bytes to what browsers see. Owns: how a tweet is read, cleaned, made into events,
//! numbered, kept for a while, filtered, framed and handed to sockets. Must not know: how bytes
//! arrive, where rows are stored, what a socket is. Invariant: every number that was given out
//! reaches a reader once inside a frame's `from..=to`, or lies in a gap that says why.
//!
//! A post takes one way: [`raw`] (one pass over its text) -> [`hydrate`] (a table of small
//! steps, each allowed to fail) -> [`event`] (its JSON, written once) -> [`ring`] (kept for the
//! slow and the returning) and [`view`] (one frame for all who asked for the same).
//! [`pipeline`] walks the first half of it.

pub mod blips;
pub mod country;
pub mod event;
pub mod few;
pub mod geo;
pub mod hub;
pub mod hydrate;
pub mod json;
pub mod pipeline;
pub mod raw;
pub mod ring;
#[cfg(test)]
mod samples;
pub mod sequence;
pub mod slot;
mod stamp;
pub mod view;
pub mod views;
mod words;

pub use crate::packed::Damaged;
