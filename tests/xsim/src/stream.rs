//! X's streams and what belongs to them: connections, rules, searches, notices.
//!
//! The tweets themselves come from `tweets`; here they are delivered, searched and counted.
//!
//! # Layout
//! - `live` (what requests leave behind) over `registry` (who is connected), `rulebook` and
//!   `settings`.
//! - `connect` (who may), `pump` (what a connection is sent, and what goes wrong with it) over
//!   `body` (how it is split) and `notice` (what is no tweet).
//! - `routes` (the plain endpoints) over `search`; `control` for `/sim/`.

mod body;
pub(crate) mod connect;
pub(crate) mod control;
pub(crate) mod live;
mod notice;
mod pump;
mod registry;
pub(crate) mod routes;
mod rulebook;
pub(crate) mod search;
pub(crate) mod settings;
