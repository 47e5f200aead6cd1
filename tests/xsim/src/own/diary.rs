//! Which tweets an account writes: when, in which versions, and until when they stand.
//!
//! A pure function of (seed, rate, start), with random access by day and by id. The last
//! [`RECENT_DAYS`] before the start and all the time after it follow the rate; older tweets, when
//! asked for, spread evenly over [`OLDER_DAYS`] before. Invariants: ids are snowflakes of the
//! versions' times; versions follow each other within half an hour, as X allows; what is deleted
//! stays so.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts of a day stay below 2^12 and milliseconds of this century below 2^53"
)]

use super::facts::{self, Facts, Kind};
use super::marks::{Marks, Written};
use crate::calendar::{DAY_S, SECOND_MS};
use crate::hash::{Draw, below, hash, unit};
use crate::tweets::feed::{Feed, SHARE_PLACED, least_id, written_ms};
use crate::tweets::languages;
use crate::world::Account;

/// Tweets a day at most: a number within the day must fit 12 bits, with room for bursts.
pub(crate) const RATE_MAX: f64 = 2_000.0;
/// Older tweets at most: each has 26 minutes of the years before.
pub(crate) const BEFORE_MAX: u32 = 100_000;
/// The tweets that there are without asking for older ones: a little more than the history that
/// a development world shows.
const RECENT_DAYS: i64 = 100;
/// Over which the older tweets spread: the earliest world starts in 2018, and snowflakes begin in
/// November 2010.
const OLDER_DAYS: i64 = 5 * 365;
/// What a day's tweets are numbered below.
const DAY_KEYS: u64 = 4_096;
/// Keys of older tweets and of those written on request begin here.
const OLDER_KEYS: u64 = 1 << 40;
const WRITTEN_KEYS: u64 = 1 << 41;
const DAY_MS: i64 = DAY_S * SECOND_MS;
/// A day's tweets are all written at most this long after its end.
const OVER_MS: i64 = 3_600 * SECOND_MS;

/// Share of the tweets of each hour of the UTC day, in thousandths: asleep from 0 to 5, at its
/// height in the evening.
const HOURS: [u32; 24] =
    [12, 6, 3, 3, 4, 10, 24, 42, 56, 58, 52, 50, 56, 54, 48, 46, 50, 58, 70, 80, 82, 66, 46, 24];
/// Sunday first; the mean is 1.
const WEEKDAYS: [f64; 7] = [0.78, 1.08, 1.12, 1.10, 1.06, 1.00, 0.86];
/// The chance that a day brings a thread, and how many tweets follow its first, `2..6`.
const THREAD_CHANCE: f64 = 1.0 / 9.0;
const THREAD_MEAN: f64 = 3.5;

const SALT_ACCOUNT: u64 = 224;
const SALT_DAY: u64 = 225;
const SALT_TIME: u64 = 226;
const SALT_LOW_BITS: u64 = 227;
const SALT_LIFE: u64 = 228;
const SALT_OLDER: u64 = 229;
const SALT_MENTION: u64 = 250;

/// One in so many of an account's plain tweets addresses the other account.
const MENTION_EVERY: u64 = 6;

/// One state of a tweet: X gives every edit a new id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: u64,
    /// In milliseconds since 1970.
    pub(crate) at_ms: i64,
}

/// An advertisement that ran in `from_ms..to_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Campaign {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

/// A tweet with all that will ever happen to it.
#[derive(Debug, Clone)]
pub(crate) struct Tweet {
    pub(crate) account: Account,
    /// What its facts are drawn from, with the key.
    pub(crate) seed: u64,
    pub(crate) key: u64,
    /// Oldest first; never empty.
    pub(crate) versions: Vec<Version>,
    pub(crate) deleted_ms: Option<i64>,
    pub(crate) promoted: Option<Campaign>,
    pub(crate) facts: Facts,
}

impl Tweet {
    /// The id it was written under.
    pub(crate) fn first(&self) -> Version {
        self.versions.first().copied().unwrap_or(Version { id: 0, at_ms: 0 })
    }

    /// The number of its newest version at a time; `None` before it is written and after it is
    /// deleted.
    pub(crate) fn current(&self, now_ms: i64) -> Option<usize> {
        if self.deleted_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            return None;
        }
        self.versions.iter().rposition(|version| version.at_ms <= now_ms)
    }

    /// The versions there are at a time.
    pub(crate) fn history(&self, now_ms: i64) -> impl Iterator<Item = Version> + '_ {
        self.versions.iter().copied().filter(move |version| version.at_ms <= now_ms)
    }

    /// Whether an advertisement for it has begun.
    pub(crate) fn is_promoted(&self, now_ms: i64) -> bool {
        self.promoted.is_some_and(|campaign| campaign.from_ms <= now_ms)
    }
}

/// Where a tweet stands in its account's life, before anything about it is known.
#[derive(Debug, Clone, Copy)]
struct Beat {
    key: u64,
    at_ms: i64,
    /// The tweet of a thread before it, and the thread's first.
    thread: Option<(u64, u64)>,
    /// Whether others follow in its thread.
    leads: bool,
}

/// Everything the accounts write.
#[derive(Debug)]
pub(crate) struct Diary {
    pub(crate) seed: u64,
    /// What replies, quotes and retweets refer to: the world's tweets as they are at the start.
    pub(crate) feed: Feed,
    a_day: f64,
    before: u32,
    begin_day: i64,
}

impl Diary {
    /// # Errors
    /// When a number is out of its bounds; the text says which.
    pub(crate) fn new(
        seed: u64,
        start_ms: i64,
        a_day: f64,
        before: u32,
        stream_rate: f64,
    ) -> Result<Self, String> {
        if !(0.0..=RATE_MAX).contains(&a_day) {
            return Err(format!("tweets a day must be from 0 to {RATE_MAX}"));
        }
        if before > BEFORE_MAX {
            return Err(format!("at most {BEFORE_MAX} older tweets"));
        }
        // There is always somebody to reply to, even where the stream is silent.
        let feed = Feed::new(seed, stream_rate.max(1.0), SHARE_PLACED);
        Ok(Self { seed, feed, a_day, before, begin_day: start_ms.div_euclid(DAY_MS) - RECENT_DAYS })
    }

    fn seed_of(&self, account: Account) -> u64 {
        hash(self.seed, account.bit(), SALT_ACCOUNT)
    }

    /// Tweets a day and older tweets: the second account writes half as many, and has a tenth of
    /// the older ones.
    fn scale(&self, account: Account) -> (f64, u32) {
        match account {
            Account::Main => (self.a_day, self.before),
            Account::Second => (self.a_day / 2.0, self.before / 10),
        }
    }

    /// The tweets of `from_ms..to_ms` by their first versions, oldest first.
    pub(crate) fn between(
        &self,
        account: Account,
        from_ms: i64,
        to_ms: i64,
        marks: &Marks,
    ) -> Vec<Tweet> {
        if from_ms >= to_ms {
            return Vec::new();
        }
        let mut beats = self.older(account, from_ms, to_ms);
        let days = (from_ms - OVER_MS).div_euclid(DAY_MS)..=(to_ms - 1).div_euclid(DAY_MS);
        beats.extend(days.flat_map(|day| self.day(account, day)));
        let mut tweets: Vec<Tweet> = beats
            .into_iter()
            .filter(|beat| (from_ms..to_ms).contains(&beat.at_ms))
            .map(|beat| self.tweet(account, beat, marks))
            .collect();
        for (n, written) in marks.written().iter().enumerate() {
            if written.account == account && (from_ms..to_ms).contains(&written.at_ms) {
                tweets.push(on_request(self.seed_of(account), written, n, marks));
            }
        }
        tweets.sort_by_key(|tweet| (tweet.first().at_ms, tweet.key));
        tweets
    }

    /// The tweet that has a version of this id, and which one it is.
    pub(crate) fn find(&self, id: u64, marks: &Marks) -> Option<(Tweet, usize)> {
        let at_ms = written_ms(id);
        Account::ALL.into_iter().find_map(|account| {
            let near = self.between(account, at_ms - facts::EDIT_MS, at_ms + 1, marks);
            near.into_iter().find_map(|tweet| {
                let version = tweet.versions.iter().position(|version| version.id == id)?;
                Some((tweet, version))
            })
        })
    }

    /// When an account's first tweet may have been written.
    pub(crate) fn oldest_ms(&self) -> i64 {
        (self.begin_day - OLDER_DAYS) * DAY_MS
    }

    /// A span that brings some hundred tweets: what a listing looks through at a time.
    pub(crate) fn span_ms(&self) -> i64 {
        (600.0 / self.a_day.max(0.1)).clamp(1.0, 60.0) as i64 * DAY_MS
    }

    /// The older tweets of a span: each has a slice of the years before for itself.
    fn older(&self, account: Account, from_ms: i64, to_ms: i64) -> Vec<Beat> {
        let (_, before) = self.scale(account);
        let (seed, oldest_ms) = (self.seed_of(account), self.oldest_ms());
        if before == 0 || from_ms >= self.begin_day * DAY_MS {
            return Vec::new();
        }
        let slice_ms = OLDER_DAYS * DAY_MS / i64::from(before);
        let number = |ms: i64| (ms - oldest_ms).div_euclid(slice_ms).clamp(0, i64::from(before));
        let numbers = number(from_ms)..(number(to_ms) + 1).min(i64::from(before));
        numbers
            .map(|n| {
                let key = OLDER_KEYS + n as u64;
                let within = below(hash(seed, key, SALT_OLDER), slice_ms as u64) as i64;
                let at_ms = oldest_ms + n * slice_ms + within;
                Beat { key, at_ms, thread: None, leads: false }
            })
            .collect()
    }

    /// The tweets that begin on a UTC day.
    fn day(&self, account: Account, day: i64) -> Vec<Beat> {
        let (rate, _) = self.scale(account);
        if day < self.begin_day || rate <= 0.0 {
            return Vec::new();
        }
        let seed = self.seed_of(account);
        let mut draw = Draw::new(seed, day as u64, SALT_DAY);
        // Who writes little writes no threads.
        let chance = if rate < THREAD_MEAN / 3.0 { 0.0 } else { THREAD_CHANCE };
        let weekday = WEEKDAYS.get((day + 4).rem_euclid(7) as usize).copied().unwrap_or(1.0);
        let mean = (rate - chance * THREAD_MEAN) * weekday * (0.6 + 0.8 * draw.unit());
        let count = mean as u64 + u64::from(draw.unit() < mean.fract());
        let threaded = (draw.unit() < chance).then(|| 2 + below(draw.next(), 4));
        let first_key = day as u64 * DAY_KEYS;
        let mut beats: Vec<Beat> = (0..count)
            .map(|n| {
                let key = first_key + n;
                let share = (n as f64 + unit(hash(seed, key, SALT_TIME))) / count as f64;
                let at_ms = day * DAY_MS + of_day(share);
                Beat { key, at_ms, thread: None, leads: false }
            })
            .collect();
        let leader = below(draw.next(), count) as usize;
        if let (Some(follow), Some(lead)) = (threaded, beats.get_mut(leader)) {
            lead.leads = true;
            let root = id_of(seed, lead.key, lead.at_ms);
            let (mut at_ms, mut last) = (lead.at_ms, root);
            for n in 0..follow {
                at_ms += draw.seconds(40, 600) * SECOND_MS + 137;
                let key = first_key + count + n;
                beats.push(Beat { key, at_ms, thread: Some((last, root)), leads: true });
                last = id_of(seed, key, at_ms);
            }
        }
        beats
    }

    fn tweet(&self, account: Account, beat: Beat, marks: &Marks) -> Tweet {
        let seed = self.seed_of(account);
        let mut draw = Draw::new(seed, beat.key, SALT_LIFE);
        let mut facts = Facts::draw(&self.feed, beat.at_ms, beat.thread, &mut draw);
        let addresses = hash(seed, beat.key, SALT_MENTION).is_multiple_of(MENTION_EVERY);
        if addresses && facts.kind == Kind::Tweet {
            facts.mentions = Some(account.other());
        }
        let mut versions =
            vec![Version { id: id_of(seed, beat.key, beat.at_ms), at_ms: beat.at_ms }];
        let life = facts::Life::draw(&facts, beat.at_ms, beat.leads, &mut draw);
        for (n, at_ms) in life.edits_ms.into_iter().enumerate() {
            let key = beat.key + ((n as u64 + 1) << 48);
            versions.push(Version { id: id_of(seed, key, at_ms), at_ms });
        }
        let first = versions.first().map_or(0, |version| version.id);
        let marked = marks.deleted_ms(first);
        let deleted_ms = life.deleted_ms.into_iter().chain(marked).min();
        let promoted = life.promoted;
        Tweet { account, seed, key: beat.key, versions, deleted_ms, promoted, facts }
    }
}

/// A tweet that was written on request: plain, and promoted from its first minute when so asked.
fn on_request(seed: u64, written: &Written, n: usize, marks: &Marks) -> Tweet {
    let Written { account, id, at_ms, .. } = *written;
    let week_ms = 7 * DAY_MS;
    Tweet {
        account,
        seed,
        key: WRITTEN_KEYS + n as u64,
        versions: vec![Version { id, at_ms }],
        deleted_ms: marks.deleted_ms(id),
        promoted: written.promoted.then_some(Campaign { from_ms: at_ms, to_ms: at_ms + week_ms }),
        facts: Facts {
            kind: Kind::Tweet,
            language: languages::english(),
            long: 0,
            written: Some(written.text.clone()),
            mentions: None,
        },
    }
}

/// The id of a tweet written at a time.
pub(crate) fn id_of(seed: u64, key: u64, at_ms: i64) -> u64 {
    least_id(at_ms) | hash(seed, key, SALT_LOW_BITS) >> 42
}

/// Milliseconds into the day by which a share of a day's tweets is written.
fn of_day(share: f64) -> i64 {
    let total: u32 = HOURS.iter().sum();
    let mut left = share * f64::from(total);
    for (hour, weight) in (0i64..).zip(HOURS) {
        let weight = f64::from(weight);
        if left < weight {
            return hour * 3_600_000 + (left / weight * 3_600_000.0) as i64;
        }
        left -= weight;
    }
    DAY_MS - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const START_MS: i64 = 1_790_000_123_000;

    fn diary(a_day: f64, before: u32) -> Diary {
        Diary::new(1, START_MS, a_day, before, 10.0).unwrap()
    }

    fn ids(tweets: &[Tweet]) -> Vec<u64> {
        tweets.iter().map(|tweet| tweet.first().id).collect()
    }

    #[track_caller]
    fn check_rate(a_day: f64, days: i64) {
        let span = (START_MS, START_MS + days * DAY_MS);
        let marks = Marks::default();
        for (account, share) in [(Account::Main, 1.0), (Account::Second, 0.5)] {
            let count = diary(a_day, 0).between(account, span.0, span.1, &marks).len() as f64;
            let expected = a_day * share * days as f64;
            assert!((count - expected).abs() < 0.12 * expected + 1.0, "{count} for {expected}");
        }
    }

    #[test]
    fn a_rate_brings_about_as_many_tweets() {
        check_rate(0.0, 400);
        check_rate(0.3, 900);
        check_rate(3.0, 900);
        check_rate(100.0, 90);
        check_rate(RATE_MAX, 14);
    }

    #[test]
    fn a_span_is_the_sum_of_its_parts_in_order() {
        let (diary, marks) = (diary(12.0, 500), Marks::default());
        let (from_ms, to_ms) = (START_MS - 130 * DAY_MS, START_MS + 20 * DAY_MS);
        let whole = ids(&diary.between(Account::Main, from_ms, to_ms, &marks));
        assert!(whole.is_sorted_by(|a, b| a < b), "ids ascend");
        assert!(whole.len() > 1_000, "{}", whole.len());
        for step_ms in [DAY_MS / 7, DAY_MS, 9 * DAY_MS + 1] {
            let mut parts = Vec::new();
            let mut at_ms = from_ms;
            while at_ms < to_ms {
                let end_ms = (at_ms + step_ms).min(to_ms);
                parts.extend(ids(&diary.between(Account::Main, at_ms, end_ms, &marks)));
                at_ms = end_ms;
            }
            assert_eq!(parts, whole, "by {step_ms}");
        }
    }

    #[test]
    fn every_version_is_found_by_its_id() {
        let (diary, marks) = (diary(60.0, 300), Marks::default());
        let mut versions = HashSet::new();
        for account in Account::ALL {
            let tweets = diary.between(account, diary.oldest_ms(), START_MS, &marks);
            for tweet in tweets.iter().step_by(11) {
                for (n, version) in tweet.versions.iter().enumerate() {
                    let (found, nth) = diary.find(version.id, &marks).unwrap();
                    assert_eq!((found.account, found.key, nth), (account, tweet.key, n));
                    assert_eq!(written_ms(version.id), version.at_ms);
                    assert!(versions.insert(version.id));
                    assert!(diary.find(version.id ^ 1, &marks).is_none());
                }
            }
        }
        assert!(diary.find(20, &marks).is_none() && diary.find(u64::MAX, &marks).is_none());
    }

    #[test]
    fn older_tweets_are_as_many_as_asked_for_and_leave_the_rest_alone() {
        let marks = Marks::default();
        let all = |before| {
            let diary = diary(3.0, before);
            let oldest_ms = diary.oldest_ms();
            ids(&diary.between(Account::Main, oldest_ms, START_MS, &marks))
        };
        let (none, many) = (all(0), all(4_000));
        assert_eq!(many.len(), none.len() + 4_000);
        assert_eq!(many[4_000..], none);
    }

    #[test]
    fn days_have_nights_and_threads() {
        let (diary, marks) = (diary(8.0, 0), Marks::default());
        let tweets = diary.between(Account::Main, START_MS - 100 * DAY_MS, START_MS, &marks);
        let hour = |tweet: &Tweet| tweet.first().at_ms.rem_euclid(DAY_MS) / 3_600_000;
        let within = |hours: std::ops::Range<i64>| {
            tweets.iter().filter(|tweet| hours.contains(&hour(tweet))).count()
        };
        assert!(within(18..22) > 8 * within(1..5).max(1), "{} {}", within(18..22), within(1..5));
        let written: HashSet<u64> = ids(&tweets).into_iter().collect();
        let mut threads = 0;
        for tweet in &tweets {
            let Kind::Thread { before, root } = tweet.facts.kind else { continue };
            assert!(written.contains(&before) && written.contains(&root) && root <= before);
            assert!(tweet.first().at_ms - written_ms(before) <= 601_000);
            assert_eq!(tweet.versions.len(), 1, "it keeps its id");
            threads += 1;
        }
        assert!(threads > 15, "{threads}");
    }

    #[test]
    fn only_what_x_lets_people_edit_is_edited() {
        let (diary, marks) = (diary(80.0, 0), Marks::default());
        let tweets = diary.between(Account::Main, START_MS - 99 * DAY_MS, START_MS, &marks);
        let mut edited = 0;
        for tweet in tweets.iter().filter(|tweet| tweet.versions.len() > 1) {
            assert!(matches!(tweet.facts.kind, Kind::Tweet | Kind::Quote(..)));
            assert!(tweet.promoted.is_none() && tweet.versions.len() <= 6);
            assert!(tweet.versions.is_sorted_by(|a, b| a.at_ms < b.at_ms && a.id < b.id));
            let last = tweet.versions.last().unwrap();
            assert!(last.at_ms - tweet.first().at_ms <= facts::EDIT_MS);
            assert_eq!(tweet.current(last.at_ms - 1), Some(tweet.versions.len() - 2));
            edited += 1;
        }
        assert!(edited > 100, "{edited} of {}", tweets.len());
        let of = |holds: &dyn Fn(&Tweet) -> bool| tweets.iter().filter(|t| holds(t)).count();
        let share = |count: usize| count as f64 / tweets.len() as f64;
        assert!((0.03..0.08).contains(&share(of(&|t| t.deleted_ms.is_some()))));
        assert!((0.03..0.10).contains(&share(of(&|t| t.promoted.is_some()))));
        assert!((0.03..0.08).contains(&share(of(&|t| t.facts.long > 0))));
        for kind in ["tweet", "reply", "quote", "retweet"] {
            assert!(share(of(&|t| t.facts.kind.name() == kind)) > 0.07, "{kind}");
        }
        let languages: HashSet<&str> = tweets.iter().map(|t| t.facts.language.code).collect();
        assert!(languages.contains("ar") && languages.len() > 8, "{languages:?}");
    }

    #[test]
    fn words_are_there_and_fit() {
        let (diary, marks) = (diary(60.0, 0), Marks::default());
        let tweets = diary.between(Account::Main, START_MS - 30 * DAY_MS, START_MS, &marks);
        let mut longest = 0;
        for tweet in tweets {
            let first = tweet.first();
            for n in 0..tweet.versions.len() {
                let words = tweet.facts.words(&diary.feed, first.id, first.at_ms, n);
                assert!((1..=280).contains(&words.text.chars), "{}", words.text.body);
                longest = longest.max(words.note.map_or(0, |note| note.chars));
            }
        }
        assert!((3_900..=4_400).contains(&longest), "{longest}");
    }

    #[test]
    fn what_is_marked_is_gone_from_then_on() {
        let (diary, mut marks) = (diary(3.0, 0), Marks::default());
        let all = diary.between(Account::Main, START_MS - 9 * DAY_MS, START_MS, &marks);
        let stands = all.iter().find(|tweet| tweet.current(START_MS).is_some()).unwrap();
        assert!(marks.delete(stands.first().id, START_MS));
        assert!(!marks.delete(stands.first().id, START_MS + 5), "only once");
        let (gone, _) = diary.find(stands.first().id, &marks).unwrap();
        assert!(gone.current(START_MS - 1).is_some() && gone.current(START_MS).is_none());
    }

    #[test]
    fn bounds_are_named() {
        for (a_day, before) in
            [(-1.0, 0), (RATE_MAX + 1.0, 0), (f64::NAN, 0), (1.0, BEFORE_MAX + 1)]
        {
            assert!(Diary::new(1, START_MS, a_day, before, 10.0).is_err(), "{a_day} {before}");
        }
    }
}
