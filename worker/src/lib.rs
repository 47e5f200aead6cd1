//! Roost's Cloudflare shell: entry points, routes, Durable Objects, R2, queue, calls to X.
//!
//! Owns: doing. Every decision is in `shared`; here its outcome is carried out. Must not know:
//! Leptos, or how anything looks. Invariant: durable intent before outside effect, and every
//! outside effect may be repeated.
//!
//! # Layout
//! - entry points: this file, [`dispatch`], [`queue`], [`hooks`]
//! - objects: [`control`], [`account`], [`live`], [`relay`] (both over [`hub`]), [`lookups`],
//!   [`notices`]
//! - the outside: [`x`], [`bucket`], [`rpc`], [`sql`], [`clock`], [`zone`], [`config`], [`vault`]
//! - answers: [`http`], [`fault`], [`access`], [`query`], [`files`], [`runs`]

#![allow(
    clippy::future_not_send,
    reason = "a worker has one thread; JavaScript values are not Send"
)]

mod access;
mod account;
mod bucket;
mod clock;
mod config;
mod control;
mod dispatch;
mod fault;
mod files;
mod hooks;
mod http;
mod hub;
mod live;
mod lookups;
mod notices;
mod query;
mod queue;
mod relay;
mod rpc;
mod runs;
mod sql;
mod turn;
mod vault;
mod x;
mod zone;

pub use account::Account;
pub use control::Control;
pub use live::Live;
pub use lookups::Lookups;
pub use notices::Notices;
pub use relay::Relay;

use wasm_bindgen::JsValue;
use worker::{
    Context, Env, MessageBatch, Request, Response, ScheduleContext, ScheduledEvent, event,
};

/// Requests.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    Ok(dispatch::answer(request, &env).await)
}

/// The hourly cron: it only wakes the accounts; they do the work.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    dispatch::tick(&event, &env).await;
}

/// Finished snapshots, and dead letters. Never an error: the platform panics on one.
#[event(queue)]
async fn queue(batch: MessageBatch<JsValue>, env: Env, _context: Context) -> worker::Result<()> {
    queue::consume(&batch, &env).await;
    Ok(())
}
