//! The world of tweets, pure: what is written when, by whom, where, and how X spells it.
//!
//! Everything follows from the seed, the time and the [`feed::Feed`]'s own history of rates.
//! Knows no HTTP and no clock.
//!
//! # Layout
//! - `countries`, `cities`, `languages` over `phrases_latin` and `phrases_other`: tables.
//! - `feed` (which tweets there are, and their ids), `post` (the facts of one), `author`,
//!   `place`, `compose` over `text` (what it says).
//! - `fields` (what a request asks for), `json` over `object` (version 2), `classic`
//!   (version 1.1).
//! - `query` (the rule language) and `matcher` (rules on tweets).

pub(crate) mod author;
pub(crate) mod cities;
pub(crate) mod classic;
pub(crate) mod compose;
pub(crate) mod countries;
pub(crate) mod feed;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod languages;
pub(crate) mod matcher;
mod phrases_latin;
mod phrases_other;
pub(crate) mod place;
pub(crate) mod post;
pub(crate) mod query;
pub(crate) mod text;
