//! All tweets together: what they gained by day, and the best hours to write.

use super::series::{interval, metrics};
use super::store;
use crate::account::Account;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::zone;
use shared::api::{List, TweetTotal, TweetTotals};
use shared::growth::{Posted, best_hours, value_at_age};
use shared::metrics::Metric;
use shared::time::{DAY_MS, UnixMs};
use shared::tweet::list::SPARK_METRIC;
use shared::tz;
use worker::Response;

/// Default width of the range of totals.
const RANGE_MS: i64 = 30 * DAY_MS;
/// And of the hours, which want more tweets.
const HOURS_RANGE_MS: i64 = 90 * DAY_MS;
/// Tweets are compared at this age: most of what they will reach, they reached.
const AGE_MS: i64 = DAY_MS;

impl Account {
    /// `GET …/tweets/totals`.
    pub(in crate::account) fn tweet_totals(&self, query: &Query) -> Result<Response> {
        self.tracked()?;
        let now = clock::now();
        let (from, to) = range(query, now, RANGE_MS)?;
        let (metrics, interval) = (metrics(query)?, interval(query)?);
        let (zone_name, zone) = zone::asked(query)?;
        let edges = tz::edges(from, to, interval, &zone).map_err(Fault::bad)?;
        let total = |(at, end): (&UnixMs, &UnixMs)| TweetTotal {
            at: *at,
            written: 0,
            read: 0,
            growth: vec![None; metrics.len()],
            partial: *end > now || *at < from || *end > to,
        };
        let mut points: Vec<TweetTotal> =
            edges.iter().zip(edges.iter().skip(1)).map(total).collect();
        // X counts the original's reposts and likes for a repost.
        let conditions =
            "t.read_at >= ? AND (t.created IS NULL OR t.created < ?) AND t.kind <> 'retweet'";
        store::each_series(
            &self.sql,
            conditions,
            &[from.0.into(), to.0.into()],
            |_, created, series| {
                let written = created.filter(|at| *at >= from && *at < to);
                if let Some(point) = written.and_then(|at| point_of(&mut points, &edges, at)) {
                    point.written += 1;
                }
                let mut last = None;
                for at in series.times().iter().filter(|at| **at >= from && **at < to) {
                    let place = edges.partition_point(|edge| edge <= at);
                    if last.replace(place) != Some(place)
                        && let Some(point) = point_of(&mut points, &edges, *at)
                    {
                        point.read += 1;
                    }
                }
                for (index, metric) in metrics.iter().enumerate() {
                    let grew = series.growths(metric, &edges, (from, to), created);
                    for (point, by) in points.iter_mut().zip(grew) {
                        if let (Some(sum), Some(by)) = (point.growth.get_mut(index), by) {
                            *sum = Some(sum.unwrap_or_default().saturating_add(by));
                        }
                    }
                }
            },
        )?;
        let metrics = metrics.iter().map(ToString::to_string).collect();
        http::json(200, &TweetTotals { tz: zone_name.into_owned(), interval, metrics, points })
    }

    /// `GET …/tweets/hours`.
    pub(in crate::account) fn tweet_hours(&self, query: &Query) -> Result<Response> {
        self.tracked()?;
        let (from, to) = range(query, clock::now(), HOURS_RANGE_MS)?;
        let (_, zone) = zone::asked(query)?;
        let impressions = Metric::parse(SPARK_METRIC)
            .ok_or_else(|| Fault::internal("the metric of sparklines is none"))?;
        let mut posted = Vec::new();
        let conditions = "t.created >= ? AND t.created < ? AND
            NOT EXISTS (SELECT 1 FROM tweet_edit e WHERE e.old = t.id)";
        store::each_series(
            &self.sql,
            conditions,
            &[from.0.into(), to.0.into()],
            |_, created, series| {
                let Some(created) = created else { return };
                let value = value_at_age(series, created, &impressions, AGE_MS);
                posted.extend(
                    value.map(|impressions| Posted { hour: zone.hour(created), impressions }),
                );
            },
        )?;
        http::json(200, &List { items: best_hours(&posted), next_cursor: None })
    }
}

fn range(query: &Query, now: UnixMs, width_ms: i64) -> Result<(UnixMs, UnixMs)> {
    let (from, to) = query::range(query)?;
    let to = to.unwrap_or(now);
    let from = from.unwrap_or_else(|| to.plus(-width_ms));
    if from >= to {
        return Err(Fault::bad(format!("`from` ({from}) must be before `to` ({to})")));
    }
    Ok((from, to))
}

/// The point an instant lies in.
fn point_of<'a>(
    points: &'a mut [TweetTotal],
    edges: &[UnixMs],
    at: UnixMs,
) -> Option<&'a mut TweetTotal> {
    let place = edges.partition_point(|edge| *edge <= at).checked_sub(1)?;
    points.get_mut(place)
}
