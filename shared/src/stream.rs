//! The core of X's stream, without I/O. Owns: what the bytes mean, when to connect, what a gap
//! is, which rules X should have, what streaming costs. Must not know: sockets, storage, clocks,
//! how a tweet is shown. Invariant: at most one upstream connection is ever asked for, and every
//! instant in which one was wanted and none stood lies inside a declared gap.
//!
//! # Layout
//! - bytes in: [`frames`], [`message`], [`notice`], [`disconnect`]
//! - the connection: [`machine`] decides, by the waits of [`reconnect`]
//! - what is asked for: [`settings`], [`rules`], [`search`]
//! - what came of it: [`coverage`], [`meter`]

pub mod archive;
pub mod books;
pub mod coverage;
pub mod disconnect;
pub mod frames;
pub mod machine;
pub mod message;
pub mod meter;
pub mod notice;
pub mod reconnect;
pub mod rules;
pub mod search;
pub mod settings;
#[cfg(test)]
mod tests;
