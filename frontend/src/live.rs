//! The live stream as this page follows it. Owns: the connection's states, what frames say,
//! pausing and rewinding, the list, the blips, the counts. Must not know: sockets, canvases,
//! markup. Pure: time and chance come in as arguments, what is to be done goes out as data.
//! Invariant: an event is folded in once, and what is missing is declared.

pub(crate) mod blips;
pub(crate) mod client;
pub(crate) mod counts;
pub(crate) mod engine;
pub(crate) mod feed;
pub(crate) mod filter;
pub(crate) mod frames;
pub(crate) mod player;
pub(crate) mod rate;
pub(crate) mod text;
