//! Simulated history, loaded the way an owner imports saved lists: of followers, and of tweets
//! as they were read since the list before. Owns: which instants. Must not know what a saved list
//! contains. Invariant: lists go out in order of time, and both of an instant are known to have
//! ended before it counts as loaded.

mod looks;

use crate::api::{Api, Ended};
use crate::failure::{Failure, Outcome};
use crate::http::{self, Request};
use crate::steps::Step;
use serde_json::{Value, json};
use shared::time::{DAY_MS, HOUR_MS, UnixMs};
use std::collections::VecDeque;
use std::time::Duration;

/// Days of daily lists.
const DAYS: i64 = 90;
/// Days without a list among them, counted back from the newest: what a gap looks like.
const GAP: std::ops::RangeInclusive<i64> = 11..=13;
/// Days that nobody watched before the daily lists: at least one whole month of the calendar.
const UNSEEN_DAYS: i64 = 62;
/// Lists before those, and the days between two of them.
const FIRST_LISTS: i64 = 10;
const FIRST_EVERY: i64 = 3;
/// Hours of hourly lists, after the daily ones.
const HOURS: i64 = 48;
/// Imports that may be under way at once: a full batch of the queue (`max_batch_size = 10`) and a
/// little, since a smaller one waits for the batch's timeout of a second.
const IN_FLIGHT: usize = 12;
/// Lists further apart than this were not read by anyone who watched.
const WATCHED_MS: i64 = 2 * DAY_MS;
/// Looks told at once.
const LOOKS: usize = 500;
/// One import of 10,000 followers takes well under a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// The instants that lack a list: every third day for a month, none for two, daily for 90 days but
/// for a gap, hourly for the last two, the whole hour before `now` the newest, and nothing up to
/// `loaded_until`.
pub(crate) fn missing(now: UnixMs, loaded_until: Option<UnixMs>) -> Vec<UnixMs> {
    let newest = now.0 - now.0.rem_euclid(HOUR_MS);
    let unseen = DAYS + UNSEEN_DAYS;
    let first = (0..FIRST_LISTS).rev().map(|list| unseen + list * FIRST_EVERY);
    let daily = (1..=DAYS).rev().filter(|day| !GAP.contains(day));
    let days = first.chain(daily).map(|day| newest - (HOURS - 1) * HOUR_MS - day * DAY_MS);
    let hourly = (0..HOURS).rev().map(|hour| newest - hour * HOUR_MS);
    let all = days.chain(hourly).map(UnixMs);
    all.filter(|at| loaded_until.is_none_or(|until| *at > until)).collect()
}

/// Each instant with the one before it, from which on its list of tweets tells.
fn spans(instants: &[UnixMs], loaded_until: Option<UnixMs>) -> Vec<(UnixMs, UnixMs)> {
    let day_before = instants.first().map(|first| UnixMs(first.0 - DAY_MS));
    let since = loaded_until.or(day_before).into_iter().chain(instants.iter().copied());
    since.zip(instants.iter().copied()).collect()
}

/// What was loaded.
pub(crate) struct Loaded {
    /// How many lists.
    pub(crate) lists: usize,
    /// Those that were set aside or failed, with the reason.
    pub(crate) refused: Vec<String>,
}

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Followers,
    /// As they were read after this instant.
    Tweets {
        since: UnixMs,
    },
}

impl Kind {
    /// The list's name, which says its instant.
    fn name(self, at: UnixMs) -> String {
        let kind = if self == Self::Followers { "FOLLOWERS" } else { "TWEETS" };
        format!("{kind}_{}.json.gz", at.rfc3339())
    }
}

/// An import under way.
struct Import {
    kind: Kind,
    at: UnixMs,
    run: String,
}

/// Where lists come from and go to.
pub(crate) struct Loader<'a> {
    /// The simulator's address.
    pub(crate) xsim: &'a str,
    /// Where they are imported.
    pub(crate) api: &'a Api,
    /// The simulated account.
    pub(crate) account: &'a str,
}

impl Loader<'_> {
    /// Imports both lists of each instant; `each` is called between them with the last instant
    /// that is done with, and may end the work.
    pub(crate) fn load(
        &self,
        instants: &[UnixMs],
        loaded_until: Option<UnixMs>,
        step: &Step,
        mut each: impl FnMut(Option<UnixMs>) -> Outcome,
    ) -> Outcome<Loaded> {
        let mut loaded = Loaded { lists: 0, refused: Vec::new() };
        let mut under_way: VecDeque<Import> = VecDeque::new();
        for (since, at) in spans(instants, loaded_until) {
            for kind in [Kind::Followers, Kind::Tweets { since }] {
                if under_way.len() >= IN_FLIGHT {
                    self.settle(&mut under_way, &mut loaded, &mut each)?;
                }
                each(None)?;
                under_way.push_back(Import { kind, at, run: self.import(kind, at)? });
                let sent = loaded.lists + under_way.len();
                step.progress(&format!("{sent} of {}", 2 * instants.len()));
            }
        }
        while !under_way.is_empty() {
            self.settle(&mut under_way, &mut loaded, &mut each)?;
        }
        self.recall(instants)?;
        Ok(loaded)
    }

    /// Tells what looking up those who left would have found, of those lists that stand close
    /// enough to each other that Roost would have watched.
    fn recall(&self, instants: &[UnixMs]) -> Outcome {
        let (Some(&first), Some(&to)) = (instants.first(), instants.last()) else { return Ok(()) };
        let watched: Vec<UnixMs> = instants
            .windows(2)
            .filter(|two| matches!(two, [one, next] if next.since(*one) <= WATCHED_MS))
            .filter_map(|two| two.last().copied())
            .collect();
        let account = self.account;
        let url = format!("{}/sim/truth?account={account}&from={}&to={}", self.xsim, first.0, to.0);
        let told = |why: String| {
            Failure::new("asking who left", why, "the simulator's log is .roost/xsim.log")
        };
        let answer = http::send(&Request::get(&url)).map_err(told)?;
        let truth: Value =
            serde_json::from_slice(&answer.body).map_err(|error| told(error.to_string()))?;
        for some in looks::of(&truth, &watched, first, to).chunks(LOOKS) {
            self.api.rehearse(&format!("/recall/{account}"), &json!({ "looks": some }))?;
        }
        Ok(())
    }

    /// Waits for the oldest import.
    fn settle(
        &self,
        under_way: &mut VecDeque<Import>,
        loaded: &mut Loaded,
        each: &mut impl FnMut(Option<UnixMs>) -> Outcome,
    ) -> Outcome {
        let Some(Import { kind, at, run }) = under_way.pop_front() else { return Ok(()) };
        if let Ended::Badly(why) = self.api.wait(&run, PATIENCE, || each(None))? {
            loaded.refused.push(format!("{}: {why}", kind.name(at)));
        }
        loaded.lists += 1;
        // Tweets come last: with them all of the instant is there.
        each(matches!(kind, Kind::Tweets { .. }).then_some(at))
    }

    /// Sends one list; the run that takes it in.
    fn import(&self, kind: Kind, at: UnixMs) -> Outcome<String> {
        let account = self.account;
        let path = match kind {
            Kind::Followers => format!("/sim/snapshot?account={account}&at={}", at.0),
            Kind::Tweets { since } => {
                format!("/sim/tweets/file?account={account}&since={}&at={}", since.0, at.0)
            }
        };
        let url = format!("{}{path}", self.xsim);
        let told = |why: String| {
            Failure::new("making simulated history", why, "the simulator's log is .roost/xsim.log")
        };
        let file = http::send(&Request::get(&url)).map_err(told)?;
        if file.status != 200 {
            return Err(told(format!("{url} answered {}", file.status)));
        }
        let name = kind.name(at);
        self.api.upload(&format!("/accounts/{}/snapshots?name={name}", self.account), &file.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_250_000_000);

    #[test]
    fn a_new_state_gets_a_month_a_pause_ninety_days_with_a_gap_and_two_days_by_the_hour() {
        let all = missing(NOW, None);
        assert_eq!(all.len(), 10 + 87 + 48);
        assert!(all.windows(2).all(|two| two[0] < two[1]), "not in order");
        let last = *all.last().unwrap();
        assert!(last <= NOW && NOW.since(last) < HOUR_MS);
        let steps: Vec<_> = all.windows(2).map(|two| two[1].since(two[0])).collect();
        let days = |days: i64, count: usize| vec![days * DAY_MS; count];
        let expected =
            [days(3, 9), days(62, 1), days(1, 76), days(4, 1), days(1, 10), vec![HOUR_MS; 47]];
        assert_eq!(steps, expected.concat());
    }

    #[test]
    fn lists_of_tweets_leave_no_time_out() {
        let all = missing(NOW, None);
        let first = spans(&all, None);
        assert_eq!(first[0].1.since(first[0].0), DAY_MS);
        assert!(first.windows(2).all(|two| two[0].1 == two[1].0));
        assert!(first.iter().map(|(_, at)| at).eq(&all));
        let before = UnixMs(NOW.0 - 5 * HOUR_MS);
        assert_eq!(spans(&missing(NOW, Some(before)), Some(before))[0].0, before);
        assert!(spans(&[], None).is_empty());
    }

    #[test]
    fn lists_are_named_as_the_seed_names_them() {
        let name = |kind: Kind| kind.name(UnixMs(0));
        assert_eq!(name(Kind::Followers), "FOLLOWERS_1970-01-01T00:00:00Z.json.gz");
        assert_eq!(name(Kind::Tweets { since: NOW }), "TWEETS_1970-01-01T00:00:00Z.json.gz");
    }

    #[test]
    fn a_kept_state_gets_only_what_came_since() {
        let before = UnixMs(NOW.0 - 5 * HOUR_MS);
        let since = missing(NOW, Some(before));
        assert!(since.iter().all(|at| *at > before) && since.len() == 5, "{since:?}");
        assert!(missing(NOW, Some(NOW)).is_empty());
    }
}
