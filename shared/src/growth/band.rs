//! Tweets beside each other at the same age. Owns: the account's median tweet, the best hours.
//! Must not know: which tweets are compared. Invariant: a tweet counts at an age only where it
//! was read about then; a younger one does not count.

use super::stats::quartiles;
use super::{count, real};
use crate::api::TweetHour;
use crate::cadence::interval_ms;
use crate::metrics::{Metric, Series};
use crate::time::{HOUR_MS, UnixMs};
use std::collections::BTreeMap;

/// Of fewer tweets an hour is marked as of few.
const SAMPLE_MIN: usize = 5;

/// A metric of a tweet at an age in milliseconds: as read then, or on the line between the
/// readings around it, if those are at most twice the cadence of that age apart (and an hour: ticks
/// are late). A tweet begins with 0.
pub fn value_at_age(series: &Series, created: UnixMs, metric: &Metric, age_ms: i64) -> Option<f64> {
    let gap_ms = interval_ms(age_ms).saturating_mul(2).saturating_add(HOUR_MS);
    let at = created.plus(age_ms);
    let (first, value) = series.values(metric).next()?;
    if at >= first {
        return series.value_at(metric, at, gap_ms);
    }
    let width_ms = first.since(created);
    let known = age_ms >= 0 && width_ms <= gap_ms;
    known.then(|| count(value) * real(age_ms) / real(width_ms.max(1)))
}

/// The account's tweets at an age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandPoint {
    /// Milliseconds.
    pub age_ms: i64,
    /// A quarter of them has less.
    pub low: f64,
    /// The median.
    pub mid: f64,
    /// A quarter has more.
    pub high: f64,
    /// How many were observed at this age.
    pub tweets: u32,
}

/// The median tweet and its quartiles at each age, of tweets given with when they were created;
/// ages at which none was observed are left out.
pub fn band(tweets: &[(UnixMs, &Series)], metric: &Metric, ages_ms: &[i64]) -> Vec<BandPoint> {
    let point = |&age_ms: &i64| {
        let value =
            |(created, series): &(UnixMs, &Series)| value_at_age(series, *created, metric, age_ms);
        let values: Vec<f64> = tweets.iter().filter_map(value).collect();
        let [low, mid, high] = quartiles(&values)?;
        Some(BandPoint { age_ms, low, mid, high, tweets: sample(&values) })
    };
    ages_ms.iter().filter_map(point).collect()
}

/// A tweet for [`best_hours`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posted {
    /// The hour of the day it was written in, in the zone asked for, 0 to 23.
    pub hour: u8,
    /// Its impressions at an age that is the same for all (see [`value_at_age`]).
    pub impressions: f64,
}

/// Impressions per tweet by the hour they were written in: the hours of enough tweets first, of
/// those the higher median first. Hours without a tweet are left out.
pub fn best_hours(posted: &[Posted]) -> Vec<TweetHour> {
    let mut by_hour: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
    for tweet in posted {
        by_hour.entry(tweet.hour).or_default().push(tweet.impressions);
    }
    let hour = |(hour, values): (u8, Vec<f64>)| {
        let [low, mid, high] = quartiles(&values)?;
        let few = values.len() < SAMPLE_MIN;
        Some(TweetHour { hour, tweets: sample(&values), low, mid, high, few })
    };
    let mut hours: Vec<TweetHour> = by_hour.into_iter().filter_map(hour).collect();
    hours.sort_by(|a, b| {
        let order = a.few.cmp(&b.few).then(b.mid.total_cmp(&a.mid));
        order.then(b.tweets.cmp(&a.tweets)).then(a.hour.cmp(&b.hour))
    });
    hours
}

fn sample(values: &[f64]) -> u32 {
    u32::try_from(values.len()).unwrap_or(u32::MAX)
}
