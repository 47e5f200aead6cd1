//! Roost's pure core: every decision, every byte format, every wire type.
//!
//! Owns: what a roster, a snapshot, a crawl, the ledger, the budget and a series *are*, and
//! what follows from them. Must not know: async, a clock, randomness, I/O, `worker`, `leptos`.
//! Time comes in as [`time::UnixMs`], bytes come in as slices, and what should happen goes
//! out as plain data. Whoever holds the outside world (worker, page, tests) carries it out.
//!
//! # Layout
//! - names: [`id`], [`time`], [`tz`]
//! - what X says: [`x`], [`tweet`], [`activity`], [`retry`], [`oauth1`], [`oauth2`], [`console`]
//! - what is kept: [`roster`], [`handles`], [`profile`], [`snapshot`], [`tweets`],
//!   [`metrics`], [`credentials`], [`sealed`], [`secret`], [`migration`]
//! - what is decided: [`crawl`], [`acceptance`], [`ledger`], [`verdict`], [`lookup`], [`budget`],
//!   [`schedule`], [`cadence`], [`following`]
//! - what streams: [`stream`], [`live`]
//! - what is told: [`notify`]
//! - what is shown: [`series`], [`growth`], [`coverage`], [`listing`], [`export`], [`figures`],
//!   [`news`]
//! - what goes over the wire: [`api`], [`routes`], [`session`], [`openapi`]

pub mod acceptance;
pub mod activity;
pub mod api;
pub mod attempts;
pub mod budget;
pub mod cadence;
pub mod console;
pub mod coverage;
pub mod crawl;
pub mod credentials;
pub mod export;
pub mod figures;
pub mod following;
pub mod growth;
pub mod handles;
pub mod id;
pub mod ledger;
pub mod listing;
pub mod live;
pub mod lookup;
pub mod metrics;
pub mod migration;
pub mod news;
pub mod notify;
pub mod oauth1;
pub mod oauth2;
#[cfg(feature = "openapi")]
pub mod openapi;
mod packed;
pub mod profile;
pub mod retry;
pub mod roster;
pub mod routes;
pub mod schedule;
pub mod sealed;
pub mod secret;
pub mod series;
pub mod session;
pub mod snapshot;
pub mod stream;
pub mod text;
pub mod time;
pub mod tweet;
pub mod tweets;
pub mod tz;
pub mod verdict;
pub mod watch;
pub mod x;
