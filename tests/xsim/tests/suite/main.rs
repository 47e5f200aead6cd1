//! The simulator from outside, over HTTP. One program: each file of its own would be linked alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod api;
mod clients;
mod control;
mod faults;
mod losses;
mod money;
mod oauth;
mod own_tweet_faults;
mod own_tweet_metrics;
mod own_tweets;
mod search;
mod start;
mod stream;
mod stream_faults;
mod support;
mod webhooks;
