//! Telling the owner. Owns: which news is told where, once, and corrected where it no longer
//! holds; what the messages say in each destination's form; where they may be sent. Must not
//! know: HTTP, storage, clocks. Invariant: what was told is remembered by event, so that the same
//! news twice makes nothing and news taken back makes one correction.
//!
//! # Layout
//! - [`alert`]: where to, and what of it; [`destination`]: which addresses are let through
//! - [`item`]: a piece of news; [`outbox`]: the machine; [`message`]: one delivery
//! - [`words`]: the sentences; [`compose`], [`atom`]: their forms
//! - [`missed`]: whether collection stopped

pub mod alert;
pub mod atom;
pub mod compose;
pub mod destination;
pub mod item;
pub mod message;
pub mod missed;
pub mod outbox;
pub mod review;
pub mod words;
