//! X's activity API: who wants to be told of what, and the webhooks it is told to.
//!
//! Suspensions, deletions and deactivations are told to nobody, as at X.
//!
//! # Layout
//! - Pure: `kinds` (types of events and their prices), `book` (webhooks, subscriptions, what waits
//!   to be delivered).
//! - `happenings` (what the world did in a span) over `payload` (how X writes it).
//! - `call` (a webhook is called), `deliver` (the task that does), `routes` (the endpoints),
//!   `control` for `/sim/webhooks`.

pub(crate) mod book;
mod call;
pub(crate) mod control;
pub(crate) mod deliver;
mod happenings;
mod kinds;
mod payload;
pub(crate) mod routes;
