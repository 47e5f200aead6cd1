//! Measured times of the heavy paths, printed on request.
//!
//! Knows the parts it measures. Invariant: asserts nothing; a test never depends on it.

use std::fmt::Write;
use std::time::Duration;

use crate::auth::Caller;
use crate::calendar::DAY_S;
use crate::params::{Endpoint, Params};
use crate::profile::Dialect;
use crate::relations::Relation;
use crate::snapshot;
use crate::state::{Config, Sim};
use crate::token::Cursor;
use crate::tweets::feed::{Feed, SHARE_PLACED};
use crate::tweets::fields::Wish;
use crate::tweets::matcher::Subject;
use crate::tweets::query::{Query, RULE_MAX};
use crate::tweets::{compose, json};
use crate::users::Asked;
use crate::world::Account;

/// The sizes measured; the last is what the simulator must still serve briskly.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Tweets written at once: the most that a second of the stream holds.
const TWEETS: u32 = 5_000;
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
    let (bytes, took) = timed(|| tweets(config.seed));
    let _ = writeln!(
        lines,
        "{TWEETS} tweets as the stream writes them, {bytes} bytes: {took:.1?}, {:.1?} each",
        took / TWEETS
    );
    Ok(lines)
}

/// Writes tweets with what hydration asks for, each matched with one rule; gives the bytes.
fn tweets(seed: u64) -> usize {
    let feed = Feed::new(seed, f64::from(TWEETS), SHARE_PLACED);
    let mut wish = Wish::new(Dialect::Tweet);
    for (name, value) in [
        ("tweet.fields", "author_id,created_at,entities,geo,lang,note_tweet,referenced_tweets"),
        ("expansions", "author_id,geo.place_id"),
        ("user.fields", "name,username,profile_image_url,verified"),
        ("place.fields", "id,full_name,name,country,country_code,geo,place_type"),
    ] {
        if wish.set(name, value).is_err() {
            return 0;
        }
    }
    let Ok(rule) = Query::parse("the OR de OR place_country:IN", RULE_MAX) else { return 0 };
    // Any second does: what a tweet costs does not depend on the time.
    let posts = feed.posts(1_790_000_000_000, 1_790_000_001_000);
    let written = posts.map(|post| {
        let words = compose::words(&feed, &post);
        let matches = Subject::new(seed, &post, &words).matches(&rule);
        json::message(&feed, &wish, &post, &words, &[]).len() + usize::from(matches)
    });
    written.sum()
}

/// A page of a thousand as JSON, with what a crawl asks for; gives its length.
fn page(sim: &Sim, cursor: Cursor, now_s: i64) -> usize {
    let endpoint = Endpoint::List(Relation::Followers, "12".to_owned());
    let token = crate::token::encode(sim.world.seed, Account::Main, Relation::Followers, cursor);
    let fields =
        "created_at,description,profile_image_url,protected,public_metrics,verified,verified_type";
    let pairs = [("user.fields", fields), ("max_results", "1000"), ("pagination_token", &token)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let Ok(params) = Params::parse(&endpoint, &pairs, Dialect::Tweet) else { return 0 };
    let (endpoint, params) = (&endpoint, &params);
    let asked = Asked { sim, endpoint, params, caller: Caller::OWNER, now_s, fault: None };
    asked.answer().map_or(0, |given| given.body.len())
}
