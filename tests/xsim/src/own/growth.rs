//! How a tweet's metrics grow with its age.
//!
//! Knows a tweet's times, no JSON. Invariants: every counter is a whole number that never falls,
//! but for X's rare corrections, which [`corrections`] tells; the public counters are the organic
//! and the promoted ones together (docs.x.com, "Metrics"), and quotes and bookmarks are organic;
//! each version of an edited tweet counts what happened while it stood.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counters stay below 2^40 and hours of this century below 2^20"
)]

use std::f64::consts::TAU;

use super::diary::{Campaign, Tweet};
use super::facts::Kind;
use crate::hash::{Draw, hash, unit};

const SALT_LEVEL: u64 = 240;
const SALT_COUNTER: u64 = 241;
const SALT_PAID: u64 = 242;
const SALT_CORRECTION: u64 = 243;

const HOUR_MS: f64 = 3_600_000.0;
/// What half of the tweets reach is below this.
const MEDIAN_IMPRESSIONS: f64 = 1_800.0;
/// One tweet in this many is seen far beyond the followers.
const VIRAL_EVERY: u64 = 60;
/// The part that comes in the first hours, and how long those last.
const FAST_SHARE: f64 = 0.68;
const FAST_HOURS: f64 = 5.0;
/// The rest comes ever more slowly and reaches its share after a year.
const SLOW_HOURS: f64 = 40.0;
const YEAR_HOURS: f64 = 365.0 * 24.0;
/// How far the day and the week move what happens: together below 1, lest time run backwards.
const DAY_SWING: f64 = 0.45;
const WEEK_SWING: f64 = 0.20;
/// Of the tweets with a correction, by counter: impressions and likes.
const CORRECTED_SHARES: [(Counter, f64); 2] =
    [(Counter::Likes, 0.10), (Counter::Impressions, 0.05)];

/// What X counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    Impressions,
    Likes,
    Retweets,
    Replies,
    Quotes,
    Bookmarks,
    UrlClicks,
    ProfileClicks,
}

impl Counter {
    pub(crate) const ALL: [Self; 8] = [
        Self::Impressions,
        Self::Likes,
        Self::Retweets,
        Self::Replies,
        Self::Quotes,
        Self::Bookmarks,
        Self::UrlClicks,
        Self::ProfileClicks,
    ];

    /// Per impression, from the least engaging tweets to the most.
    fn rates(self) -> (f64, f64) {
        match self {
            Self::Impressions => (1.0, 1.0),
            Self::Likes => (0.006, 0.05),
            Self::Retweets => (0.0008, 0.012),
            Self::Replies => (0.0006, 0.009),
            Self::Quotes => (0.0001, 0.002),
            Self::Bookmarks => (0.0004, 0.008),
            Self::UrlClicks => (0.0005, 0.015),
            Self::ProfileClicks => (0.001, 0.01),
        }
    }

    /// Quotes and bookmarks are never counted for an advertisement.
    fn is_paid(self) -> bool {
        !matches!(self, Self::Quotes | Self::Bookmarks)
    }
}

/// All counters at once, in the order of [`Counter::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts([u64; 8]);

impl Counts {
    pub(crate) fn get(&self, counter: Counter) -> u64 {
        self.0.get(counter as usize).copied().unwrap_or(0)
    }

    fn of(count: impl Fn(Counter) -> u64) -> Self {
        Self(Counter::ALL.map(count))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self::of(|counter| self.get(counter) + other.get(counter))
    }

    /// Likes, retweets, replies, quotes, bookmarks and clicks.
    pub(crate) fn engagements(&self) -> u64 {
        Counter::ALL.iter().skip(1).map(|counter| self.get(*counter)).sum()
    }
}

/// A version's counters at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) organic: Counts,
    /// Of a tweet whose advertisement has begun.
    pub(crate) promoted: Option<Counts>,
}

impl Reading {
    /// Both together.
    pub(crate) fn public(&self) -> Counts {
        self.organic.plus(&self.promoted.unwrap_or_default())
    }
}

/// A counter that X found too high: it falls by `loss` at `at_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) counter: Counter,
    pub(crate) at_ms: i64,
    pub(crate) loss: u64,
}

/// Hours of attention since 1970: they pass faster by day and in the middle of the week.
fn attention_h(at_ms: i64) -> f64 {
    let hours = at_ms as f64 / HOUR_MS;
    let wave = |period: f64, peak: f64| period / TAU * ((hours - peak) / period * TAU).sin();
    // 1970-01-01 was a Thursday: Wednesday noon is 156 hours later. Evenings are busy.
    hours + DAY_SWING * wave(24.0, 18.0) + WEEK_SWING * wave(168.0, 156.0)
}

/// The share of its year's impressions that a tweet has after hours of attention.
fn grown(hours: f64) -> f64 {
    let fast = 1.0 - (-hours / FAST_HOURS).exp();
    let slow = (1.0 + hours / SLOW_HOURS).ln() / (1.0 + YEAR_HOURS / SLOW_HOURS).ln();
    FAST_SHARE * fast + (1.0 - FAST_SHARE) * slow
}

/// Impressions of a tweet's first year.
fn level(tweet: &Tweet) -> f64 {
    let mut draw = Draw::new(tweet.seed, tweet.key, SALT_LEVEL);
    // The sum of four is nearly normal, from -2 to 2.
    let spread: f64 = (0..4).map(|_| draw.unit()).sum::<f64>() - 2.0;
    let viral = if draw.next().is_multiple_of(VIRAL_EVERY) { 40.0 } else { 1.0 };
    MEDIAN_IMPRESSIONS * (spread * 1.7).exp() * viral
}

/// An organic counter at a time, were the tweet never edited or corrected.
fn raw(tweet: &Tweet, counter: Counter, at_ms: i64) -> u64 {
    let begins_ms = tweet.first().at_ms;
    if at_ms <= begins_ms {
        return 0;
    }
    let draw = hash(tweet.seed, tweet.key, SALT_COUNTER + counter as u64);
    let (low, high) = counter.rates();
    let appeal = unit(draw);
    let rate = low + (high - low) * appeal * appeal;
    // Some counters come sooner than others.
    let haste = if counter == Counter::Impressions { 1.0 } else { 0.7 + unit(draw << 20) };
    let hours = (attention_h(at_ms) - attention_h(begins_ms)).max(0.0);
    let viewers = if tweet.facts.kind.is_retweet() { 0.0 } else { level(tweet) };
    (viewers * rate * grown(hours * haste)) as u64
}

/// What X takes back from a tweet; an edited one, a retweet or one written on request is spared.
pub(crate) fn corrections(tweet: &Tweet) -> Vec<Correction> {
    let plain = tweet.versions.len() == 1 && !tweet.facts.kind.is_retweet();
    if !plain || tweet.facts.written.is_some() {
        return Vec::new();
    }
    let mut draw = Draw::new(tweet.seed, tweet.key, SALT_CORRECTION);
    let mut corrections = Vec::new();
    for (counter, share) in CORRECTED_SHARES {
        let (chance, part) = (draw.unit(), 0.03 + 0.12 * draw.unit());
        let at_ms = tweet.first().at_ms + draw.seconds(6 * 3_600, 25 * 86_400) * 1_000;
        let loss = (raw(tweet, counter, at_ms) as f64 * part) as u64;
        if chance < share && loss > 0 {
            corrections.push(Correction { counter, at_ms, loss });
        }
    }
    corrections
}

/// A paid counter at a time: an even flow while the campaign runs.
fn paid(tweet: &Tweet, campaign: Campaign, counter: Counter, at_ms: i64) -> u64 {
    if !counter.is_paid() {
        return 0;
    }
    let mut draw = Draw::new(tweet.seed, tweet.key, SALT_PAID);
    let reach = 2_000.0 + level(tweet) * (0.5 + 4.0 * draw.unit());
    let appeal = unit(hash(tweet.seed, tweet.key, SALT_PAID + 1 + counter as u64));
    let (low, high) = counter.rates();
    // People engage less with what they are shown.
    let rate =
        if counter == Counter::Impressions { 1.0 } else { (low + (high - low) * appeal) / 4.0 };
    let since = attention_h(at_ms.clamp(campaign.from_ms, campaign.to_ms));
    let (from, to) = (attention_h(campaign.from_ms), attention_h(campaign.to_ms));
    (reach * rate * ((since - from) / (to - from))) as u64
}

/// The counters of a tweet's version at a time.
pub(crate) fn reading(tweet: &Tweet, version: usize, now_ms: i64) -> Reading {
    let next_ms = tweet.versions.get(version + 1).map_or(i64::MAX, |next| next.at_ms);
    let (at_ms, begun_ms) = (now_ms.min(next_ms), tweet.versions.get(version));
    let begun_ms = begun_ms.map_or(at_ms, |begun| begun.at_ms);
    let corrections = corrections(tweet);
    let lost = |counter: Counter| -> u64 {
        let fell = corrections.iter().filter(|c| c.counter == counter && c.at_ms <= at_ms);
        fell.map(|correction| correction.loss).sum()
    };
    let organic = Counts::of(|counter| {
        let grown = raw(tweet, counter, at_ms).saturating_sub(raw(tweet, counter, begun_ms));
        grown.saturating_sub(lost(counter))
    });
    let promoted = tweet
        .promoted
        .filter(|campaign| campaign.from_ms <= at_ms)
        .map(|campaign| Counts::of(|counter| paid(tweet, campaign, counter, at_ms)));
    Reading { organic, promoted }
}

/// What X counts as retweets of a retweet: those of the tweet it passes on.
pub(crate) fn passed_on(tweet: &Tweet, now_ms: i64) -> u64 {
    let Kind::Retweet(original, _) = tweet.facts.kind else { return 0 };
    let most = 20.0 + level(tweet) / 60.0;
    let hours = (attention_h(now_ms) - attention_h(original.at_ms)).max(0.0);
    1 + (most * grown(hours)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::diary::Diary;
    use crate::own::marks::Marks;
    use crate::world::Account;

    const START_MS: i64 = 1_790_000_123_000;
    const DAY_MS: i64 = 86_400_000;

    fn tweets() -> Vec<Tweet> {
        let diary = Diary::new(1, START_MS, 40.0, 0, 10.0).unwrap();
        diary.between(Account::Main, START_MS - 20 * DAY_MS, START_MS, &Marks::default())
    }

    /// The readings of a tweet's last version every so often for 40 days.
    fn readings(tweet: &Tweet, step_ms: i64) -> Vec<(i64, Reading)> {
        let version = tweet.versions.len() - 1;
        let begins_ms = tweet.versions[version].at_ms;
        (0..40 * DAY_MS / step_ms)
            .map(|n| begins_ms + n * step_ms)
            .map(|at_ms| (at_ms, reading(tweet, version, at_ms)))
            .collect()
    }

    #[test]
    fn counters_never_fall_but_where_x_corrects_them() {
        let (mut falls, mut corrected) = (0, 0);
        for tweet in tweets() {
            let corrections = corrections(&tweet);
            corrected += corrections.len();
            for two in readings(&tweet, 3 * 3_600_000).windows(2) {
                let [(before_ms, before), (after_ms, after)] = two else { panic!("no pair") };
                for counter in Counter::ALL {
                    let (old, new) = (before.organic.get(counter), after.organic.get(counter));
                    let due = corrections.iter().any(|c| {
                        c.counter == counter && (before_ms + 1..=*after_ms).contains(&c.at_ms)
                    });
                    assert!(new >= old || due, "{counter:?} fell from {old} to {new}");
                    falls += usize::from(new < old);
                    let paid = |r: &Reading| r.promoted.map_or(0, |counts| counts.get(counter));
                    assert!(paid(after) >= paid(before), "{counter:?}");
                }
            }
        }
        assert!(falls > 10 && falls <= corrected, "{falls} of {corrected}");
    }

    #[test]
    fn most_comes_in_the_first_hours_and_some_for_months() {
        let reach = |tweet: &Tweet, hours: i64| {
            raw(tweet, Counter::Impressions, tweet.first().at_ms + hours * 3_600_000)
        };
        for tweet in tweets().iter().filter(|tweet| reach(tweet, 24) > 1_000) {
            let [first, day, month, later] = [6, 24, 720, 2_880].map(|h| reach(tweet, h));
            assert!(first * 5 > day * 2, "{first} of {day} in the first hours");
            assert!(day < month && month < later && later < day * 2, "{day} {month} {later}");
        }
    }

    #[test]
    fn tweets_are_seen_by_few_and_by_many() {
        let tweets = tweets();
        let mut seen: Vec<u64> = tweets
            .iter()
            .filter(|tweet| !tweet.facts.kind.is_retweet())
            .map(|tweet| {
                reading(tweet, 0, START_MS + 30 * DAY_MS).public().get(Counter::Impressions)
            })
            .collect();
        seen.sort_unstable();
        let (median, top) = (seen[seen.len() / 2], seen[seen.len() - 1]);
        assert!((500..6_000).contains(&median) && top > 30_000, "{median} {top}");
    }

    #[test]
    fn a_retweet_counts_what_it_passes_on_alone() {
        let tweets = tweets();
        let retweet = tweets.iter().find(|tweet| tweet.facts.kind.is_retweet()).unwrap();
        assert_eq!(reading(retweet, 0, START_MS).public(), Counts::default());
        assert!(passed_on(retweet, START_MS) > 0);
    }

    #[test]
    fn versions_share_out_what_happened() {
        for tweet in tweets().iter().filter(|tweet| tweet.versions.len() > 1) {
            let now_ms = START_MS + DAY_MS;
            let parts: u64 = (0..tweet.versions.len())
                .map(|n| reading(tweet, n, now_ms).organic.get(Counter::Impressions))
                .sum();
            assert_eq!(parts, raw(tweet, Counter::Impressions, now_ms));
        }
    }

    #[test]
    fn an_advertisement_counts_while_it_runs() {
        let tweets = tweets();
        let promoted = tweets.iter().filter_map(|tweet| Some((tweet, tweet.promoted?)));
        for (tweet, campaign) in promoted {
            let paid =
                |at_ms| reading(tweet, 0, at_ms).promoted.map(|c| c.get(Counter::Impressions));
            assert_eq!(paid(campaign.from_ms - 1), None);
            assert_eq!(paid(campaign.from_ms), Some(0));
            let (half, end) =
                (paid(i64::midpoint(campaign.from_ms, campaign.to_ms)), paid(campaign.to_ms));
            assert!(half < end && half > Some(0), "{half:?} {end:?}");
            assert_eq!(paid(campaign.to_ms + DAY_MS), end);
        }
    }
}
