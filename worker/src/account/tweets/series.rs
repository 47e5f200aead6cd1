//! A tweet's metrics over time, and beside it the account's other tweets at the same ages.

use super::store;
use crate::account::Account;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::values;
use crate::zone;
use shared::api::{Interval, MedianPoint, TweetPoint, TweetSeries};
use shared::growth::band;
use shared::id::TweetId;
use shared::metrics::{METRICS_MAX, Metric, Series};
use shared::time::{HOUR_MS, SECOND_MS, UnixMs};
use shared::tz;
use worker::Response;

/// What is shown where no metrics are asked for.
const USUAL: &str =
    "public.impression_count,public.like_count,public.retweet_count,public.reply_count";
/// The newest other tweets that the median is of: more would say the same, slower.
const MEDIAN_TWEETS: usize = 200;
/// Ages at which tweets are compared: more than a chart is wide in points.
const MEDIAN_AGES: usize = 120;

/// The parameter `metrics`.
pub(super) fn metrics(query: &Query) -> Result<Vec<Metric>> {
    let words = query.get("metrics").map_or(USUAL, String::as_str);
    let mut metrics = Vec::new();
    for word in words.split(',') {
        let metric = Metric::parse(word).ok_or_else(|| {
            Fault::bad(format!(
                "`metrics={word}`: a family (public, non_public, organic, promoted), a dot and a \
                 name, such as public.like_count"
            ))
        })?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    if metrics.len() > METRICS_MAX {
        return Err(Fault::bad(format!("`metrics`: at most {METRICS_MAX}")));
    }
    Ok(metrics)
}

/// The parameter `interval`.
pub(super) fn interval(query: &Query) -> Result<Interval> {
    let known = "hour, day, week, month";
    Ok(query::word(query, "interval", Interval::from_word, known)?.unwrap_or(Interval::Day))
}

impl Account {
    /// `GET …/tweets/{tweet}/series`.
    pub(in crate::account) fn tweet_series(&self, tweet: &str, query: &Query) -> Result<Response> {
        self.tracked()?;
        let now = clock::now();
        let kept = self.tweet(tweet)?.kept;
        let (metrics, interval) = (metrics(query)?, interval(query)?);
        let median = |word: &str| word.parse::<bool>().ok();
        let median = query::word(query, "median", median, "true, false")?.unwrap_or(false);
        let (zone_name, zone) = zone::asked(query)?;
        let (asked_from, asked_to) = query::range(query)?;
        let first = kept.created.or(kept.series.times().first().copied()).unwrap_or(now);
        let from = asked_from.unwrap_or(first);
        let to = asked_to.unwrap_or_else(|| now.max(from.plus(SECOND_MS)));
        let edges = tz::edges_within(from, to, interval, &zone, tz::TWEET_POINTS_MAX)
            .map_err(Fault::bad)?;
        let cut = |at: UnixMs, end: UnixMs| {
            asked_from.is_some_and(|from| at < from) || asked_to.is_some_and(|to| end > to)
        };
        let ends = edges.iter().skip(1);
        let points = kept.series.points(&edges, (from, to), &metrics).into_iter().zip(ends);
        let point = |(bucket, end): (shared::metrics::Bucket, &UnixMs)| TweetPoint {
            at: bucket.at,
            partial: *end > now || cut(bucket.at, *end),
            fell: (0..).zip(bucket.fell).filter(|(_, fell)| *fell).map(|(at, _)| at).collect(),
            values: bucket.values,
        };
        let median = match (median, kept.created, metrics.first()) {
            (true, Some(created), Some(metric)) => {
                Some(self.median(kept.id, created, metric, &edges)?)
            }
            (true, ..) => Some(Vec::new()),
            (false, ..) => None,
        };
        let series = TweetSeries {
            tz: zone_name.into_owned(),
            interval,
            metrics: metrics.iter().map(ToString::to_string).collect(),
            points: points.map(point).collect(),
            median,
        };
        http::json(200, &series)
    }

    /// The newest other tweets at the ages this one has at some of the edges.
    fn median(
        &self,
        id: TweetId,
        created: UnixMs,
        metric: &Metric,
        edges: &[UnixMs],
    ) -> Result<Vec<MedianPoint>> {
        let newest = self.sql.first(
            "SELECT MIN(id) FROM (SELECT id FROM tweet ORDER BY id DESC LIMIT ?)",
            values![i64::try_from(MEDIAN_TWEETS + 1).unwrap_or(i64::MAX)],
        )?;
        let Some(oldest) = newest.map(|mut row| row.maybe_text()).transpose()?.flatten() else {
            return Ok(Vec::new());
        };
        let mut others: Vec<(UnixMs, Series)> = Vec::new();
        let conditions = "t.id >= ? AND NOT EXISTS (SELECT 1 FROM tweet_edit e WHERE e.old = t.id)";
        store::each_series(&self.sql, conditions, &[oldest.into()], |other, written, series| {
            if let Some(written) = written.filter(|_| other != id) {
                others.push((written, series.clone()));
            }
        })?;
        let others: Vec<(UnixMs, &Series)> = others.iter().map(|(at, all)| (*at, all)).collect();
        let step = edges.len().div_ceil(MEDIAN_AGES).max(1);
        let ages = edges.iter().skip(1).step_by(step).map(|at| at.since(created));
        let ages: Vec<i64> = ages.filter(|age| *age > 0).collect();
        let points = band(&others, metric, &ages).into_iter().map(|point| MedianPoint {
            at: created.plus(point.age_ms),
            age_hours: hours(point.age_ms),
            low: point.low,
            mid: point.mid,
            high: point.high,
            tweets: point.tweets,
        });
        Ok(points.collect())
    }
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of an age are below 2^53")]
fn hours(ms: i64) -> f64 {
    ms as f64 / HOUR_MS as f64
}
