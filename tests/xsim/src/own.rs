//! What the two accounts write themselves: tweets over years, their metrics, and X's endpoints
//! for them.
//!
//! Computed from the seed and the clock like everything else; only what requests change (a
//! deletion, a tweet written on request) is kept.
//!
//! # Layout
//! - `diary` (which tweets there are, their edits and deletions), `marks` (what requests changed),
//!   `facts` (what kind of tweet, to what it refers, in which language), `growth` (metrics by age).
//! - `sheet` (tweets as X writes them, refusals beside them), `file` (a `TWEETS_` file).
//! - `routes` (paths and parameters) over `timeline`, `lists`, `crowd`, `lookup`, `writing` and
//!   `analytics`; `spoil` for the
//!   faults of single tweets; `control` for `/sim/`.

pub(crate) mod analytics;
pub(crate) mod control;
mod crowd;
pub(crate) mod diary;
pub(crate) mod facts;
pub(crate) mod file;
pub(crate) mod growth;
mod lists;
mod lookup;
pub(crate) mod marks;
pub(crate) mod routes;
mod sheet;
mod spoil;
mod timeline;
mod writing;
