//! A `TWEETS_` file as a collector would have written it: gzip of
//! `{"promoted":[…],"unpromoted":[…]}`.
//!
//! Knows what is read how often at which age, no HTTP. Invariant: a tweet is in the file of
//! `since..at` exactly if a reading of its age fell into that time, with what the author could
//! read of it at the end; equal worlds give equal bytes.

use std::io;

use super::marks::Marks;
use super::sheet::{PRIVATE_MS, Sheet};
use super::timeline::{self, Window};
use crate::auth::Caller;
use crate::calendar::{DAY_S, SECOND_MS};
use crate::profile::Dialect;
use crate::snapshot;
use crate::state::Sim;
use crate::tweets::fields::Wish;
use crate::world::Account;

const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = DAY_S * SECOND_MS;
/// Up to which age a tweet is read how often, on the hours of UTC: the cadence that the issue
/// "Tweets" asks for.
const CADENCE: [(i64, i64); 4] =
    [(DAY_MS, HOUR_MS), (7 * DAY_MS, 6 * HOUR_MS), (30 * DAY_MS, DAY_MS), (i64::MAX, 7 * DAY_MS)];

const PUBLIC: &str = "author_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,\
    lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets";

/// Whether a tweet of an age is read between two times.
fn is_read(age_ms: i64, since_ms: i64, at_ms: i64) -> bool {
    let every_ms =
        CADENCE.iter().find(|(end_ms, _)| age_ms < *end_ms).map_or(HOUR_MS, |(_, every)| *every);
    since_ms.div_euclid(every_ms) < at_ms.div_euclid(every_ms)
}

/// The file of one account's tweets at `at_ms`, when the one before it was of `since_ms`.
///
/// # Errors
/// Only when compressing into memory fails.
pub(crate) fn write(
    sim: &Sim,
    account: Account,
    (since_ms, at_ms): (i64, i64),
    marks: &Marks,
) -> io::Result<Vec<u8>> {
    let window = Window { to_ms: at_ms + 1, ..Window::ALL };
    let mut all = timeline::listing(sim, account, at_ms, &window, marks);
    all.reverse();
    let mut lists = [Vec::new(), Vec::new()];
    for (tweet, version) in all {
        let age_ms = tweet.versions.get(version).map_or(0, |version| at_ms - version.at_ms);
        if !is_read(age_ms, since_ms, at_ms) {
            continue;
        }
        let private = account == Account::Main && age_ms < PRIVATE_MS;
        let promoted = private && tweet.is_promoted(at_ms);
        let mut wish = Wish::new(Dialect::Tweet);
        let mut fields = PUBLIC.to_owned();
        for (asked, more) in
            [(private, ",non_public_metrics,organic_metrics"), (promoted, ",promoted_metrics")]
        {
            fields.push_str(if asked { more } else { "" });
        }
        wish.set("tweet.fields", &fields).map_err(io::Error::other)?;
        let feed = &sim.diary.feed;
        let mut sheet = Sheet::new((sim, feed), (&wish, Caller::OWNER, at_ms), "id", false);
        sheet.own(&tweet, version);
        let [unpromoted_list, promoted_list] = &mut lists;
        (if promoted { promoted_list } else { unpromoted_list }).extend(sheet.into_data());
    }
    let [unpromoted, promoted] = lists.map(|list| list.join(&b","[..]));
    let mut json = Vec::with_capacity(unpromoted.len() + promoted.len() + 40);
    for part in
        [&b"{\"promoted\":["[..], &promoted, &b"],\"unpromoted\":["[..], &unpromoted, &b"]}"[..]]
    {
        json.extend_from_slice(part);
    }
    snapshot::member(&json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(age_days: i64, since_h: i64, at_h: i64, read: bool) {
        // Hours of 1970: the first day is day 0, and whole weeks begin on Thursdays.
        let found = is_read(age_days * DAY_MS, since_h * HOUR_MS, at_h * HOUR_MS);
        assert_eq!(found, read, "{age_days} days old, {since_h} to {at_h}");
    }

    #[test]
    fn the_cadence_falls_with_age() {
        check(0, 10, 11, true);
        check(1, 10, 11, false);
        check(1, 11, 12, true);
        check(6, 12, 17, false);
        check(7, 11, 12, false);
        check(7, 23, 24, true);
        check(29, 0, 24, true);
        check(30, 0, 24, false);
        check(30, 24 * 6, 24 * 7, true);
    }
}
