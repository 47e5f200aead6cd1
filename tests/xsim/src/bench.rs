//! Measured times of the heavy paths, printed on request.
//!
//! Knows the parts it measures. Invariant: asserts nothing; a test never depends on it.

use std::fmt::Write;
use std::time::Duration;

use crate::auth::Caller;
use crate::calendar::DAY_S;
use crate::params::{Endpoint, Params};
use crate::profile::Dialect;
use crate::snapshot;
use crate::state::{Config, Sim};
use crate::token::Cursor;
use crate::users::Asked;
use crate::world::Account;

/// The sizes measured; the last is what the simulator must still serve briskly.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Repetitions of what takes milliseconds.
const ROUNDS: u32 = 20;

#[expect(clippy::disallowed_methods, reason = "a native measurement, not a decision")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let outcome = work();
    (outcome, start.elapsed())
}

/// Measures and gives the lines to print.
///
/// # Errors
/// When the configuration describes no world.
pub fn run(config: &Config) -> Result<String, String> {
    let mut lines = String::new();
    for followers in SIZES {
        let config = Config { followers, speed: 0.0, ..config.clone() };
        let (sim, start) = timed(|| Sim::new(config));
        let sim = sim?;
        let now_s = sim.now_ms().div_euclid(1_000);
        let (_, first_count) = timed(|| sim.count(Account::Main, now_s));
        let (_, next_count) =
            timed(|| (1..=ROUNDS).map(|n| sim.count(Account::Main, now_s + i64::from(n))).max());
        let (_, new_span) = timed(|| sim.count(Account::Main, now_s + 40 * DAY_S));
        let (_, newest_page) = timed(|| page(&sim, Cursor::Top, now_s));
        let middle = Cursor::Below(sim.world.main.arrived_by(now_s) / 3);
        let (_, old_page) = timed(|| (0..ROUNDS).map(|_| page(&sim, middle, now_s)).max());
        let (_, file) = timed(|| snapshot::write(&sim, Account::Main, now_s).map(|f| f.len()));
        let (_, truth) = timed(|| {
            sim.ledger(Account::Main).truth(&sim.world.main, now_s, now_s + 60 * DAY_S).lost.len()
        });
        // Writing into a string cannot fail.
        let _ = writeln!(
            lines,
            "{followers} followers: start {start:.1?}, first followers_count {first_count:.1?}, \
             next {:.1?}, in another month {new_span:.1?}, page of 1000 newest {newest_page:.1?}, \
             old {:.1?}, snapshot {file:.1?}, truth of 60 days {truth:.1?}",
            next_count / ROUNDS,
            old_page / ROUNDS,
        );
    }
    Ok(lines)
}

/// A page of a thousand as JSON, with what a crawl asks for; gives its length.
fn page(sim: &Sim, cursor: Cursor, now_s: i64) -> usize {
    let endpoint = Endpoint::Followers("12".to_owned());
    let token = crate::token::encode(sim.world.seed, Account::Main, cursor);
    let fields =
        "created_at,description,profile_image_url,protected,public_metrics,verified,verified_type";
    let pairs = [("user.fields", fields), ("max_results", "1000"), ("pagination_token", &token)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let Ok(params) = Params::parse(&endpoint, &pairs, Dialect::Tweet) else { return 0 };
    let (endpoint, params) = (&endpoint, &params);
    let asked = Asked { sim, endpoint, params, caller: Caller::User, now_s, fault: None };
    asked.answer().map_or(0, |given| given.body.len())
}
