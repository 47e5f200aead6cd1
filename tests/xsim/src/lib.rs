//! A simulator of the X API on loopback, for development and for tests.
//!
//! It speaks X's bytes for users, followers, tweets and streams: both name dialects, credentials with verified
//! signatures, rate-limit headers, problem documents, prices. The people come from a seed and a
//! virtual clock, so that a run can be repeated; everything can be made to go wrong on request.
//! It shares no code with the service it tests.
//!
//! # Layout
//! - The world, pure: `world` (who follows when) over `life` (one follower's story), `ledger`
//!   (counts and changes),
//!   `identity` (ids and usernames), `names` and `bios` (texts), `profile` (a user as
//!   JSON), `relations` (whom its owner follows and blocks), `listing` and
//!   `token` (pages), `snapshot` (the list as a file).
//! - The world of tweets, pure: `tweets` and what is below it.
//! - The accounts' own tweets: `own` and what is below it.
//! - What requests leave behind: `clock`, `auth` over `oauth1`, `origin`,
//!   `three_legs` and `oauth2`, `limits`, `bill`,
//!   `faults`, together in `state`.
//! - The streams: `stream` and what is below it; connections, rules, search and notices.
//! - `activity`: what is told to webhooks.
//! - The routes: `x_api` over `params`, `users`, `usage` and `problem`; `sim` for the control
//!   surface; `server` for the socket; `cli` for the flags.

mod activity;
mod auth;
mod bench;
mod bill;
mod bios;
mod calendar;
mod cli;
mod clock;
mod cut;
mod faults;
mod hash;
mod identity;
mod ledger;
mod life;
mod limits;
mod listing;
mod names;
pub mod oauth1;
mod oauth2;
mod origin;
mod own;
mod params;
mod problem;
mod profile;
mod relations;
mod server;
mod sim;
mod snapshot;
mod state;
mod stream;
mod three_legs;
mod token;
mod tweets;
mod usage;
mod users;
mod world;
mod x_api;

pub use auth::{
    ACCESS_TOKEN, ACCESS_TOKEN_SECRET, APP_BEARER, CLIENT_ID, CLIENT_SECRET, CONSUMER_KEY,
    CONSUMER_SECRET, USER_BEARER,
};
pub use bench::run as bench;
pub use cli::{Command, DEFAULT_PORT, USAGE, parse};
pub use oauth2::grants::Reuse;
pub use problem::NotFoundForm;
pub use profile::Dialect;
pub use server::{Server, StartError};
pub use state::Config;
pub use world::{FOLLOWERS_MAX, MAIN_ACCOUNT, SECOND_ACCOUNT};
