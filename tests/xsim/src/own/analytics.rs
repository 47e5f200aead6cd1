//! `GET /2/tweets/analytics`: what happened to the author's tweets by the hour, the day or the
//! week.
//!
//! Knows growth and prices. Invariants: the values of any granularity add up to those of `total`;
//! only the author is answered; every tweet in `data` is charged.

use serde_json::{Map, Value, json};

use super::diary::Tweet;
use super::growth::{self, Counter, Reading};
use super::lookup::{Absence, Found};
use super::routes::{Asking, Given};
use crate::bill::Read;
use crate::calendar::{DAY_S, SECOND_MS, format_ms};
use crate::problem::{self, Problem};
use crate::world::Account;

const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = DAY_S * SECOND_MS;
/// Points in one answer; X does not say where it stops.
const POINTS_MAX: i64 = 200_000;

/// What is told of a point, beside `id` and `timestamp`.
const METRICS: [&str; 20] = [
    "app_install_attempts",
    "app_opens",
    "bookmarks",
    "detail_expands",
    "email_tweet",
    "engagements",
    "follows",
    "hashtag_clicks",
    "impressions",
    "likes",
    "media_views",
    "permalink_clicks",
    "quote_tweets",
    "replies",
    "retweets",
    "shares",
    "unfollows",
    "unlikes",
    "url_clicks",
    "user_profile_clicks",
];

/// One metric of everything up to a time.
fn so_far(name: &str, reading: &Reading) -> u64 {
    let all = reading.public();
    let of = |counter| all.get(counter);
    match name {
        "bookmarks" => of(Counter::Bookmarks),
        "detail_expands" => of(Counter::Impressions) / 45,
        "engagements" => all.engagements(),
        "follows" => of(Counter::ProfileClicks) / 14,
        "hashtag_clicks" => of(Counter::Impressions) / 900,
        "impressions" => of(Counter::Impressions),
        "likes" => of(Counter::Likes),
        "permalink_clicks" => of(Counter::Impressions) / 400,
        "quote_tweets" => of(Counter::Quotes),
        "replies" => of(Counter::Replies),
        "retweets" => of(Counter::Retweets),
        "shares" => of(Counter::Bookmarks) / 2,
        "unfollows" => of(Counter::ProfileClicks) / 150,
        "url_clicks" => of(Counter::UrlClicks),
        "user_profile_clicks" => of(Counter::ProfileClicks),
        // Apps, mails, media: none of these tweets has any. Corrections are told as `unlikes`.
        _ => 0,
    }
}

/// Begins and ends of the points of a range.
fn spans(from_ms: i64, to_ms: i64, step_ms: Option<i64>) -> Vec<(i64, i64)> {
    let Some(step_ms) = step_ms else { return vec![(from_ms, to_ms)] };
    let mut spans = Vec::new();
    let mut start_ms = from_ms;
    while start_ms < to_ms {
        let end_ms = ((start_ms.div_euclid(step_ms) + 1) * step_ms).min(to_ms);
        spans.push((start_ms, end_ms));
        start_ms = end_ms;
    }
    spans
}

/// The points of one tweet.
fn points(tweet: &Tweet, version: usize, spans: &[(i64, i64)], asked: &[&str]) -> Vec<Value> {
    let wants = |name: &str| asked.is_empty() || asked.contains(&name);
    let mut points = Vec::with_capacity(spans.len());
    let first_ms = spans.first().map_or(0, |(from_ms, _)| *from_ms);
    let mut before = growth::reading(tweet, version, first_ms);
    for (from_ms, to_ms) in spans {
        let after = growth::reading(tweet, version, *to_ms);
        let mut metrics = Map::new();
        for name in METRICS.iter().filter(|name| wants(name)) {
            let (old, new) = (so_far(name, &before), so_far(name, &after));
            let told = match *name {
                "unlikes" => so_far("likes", &before).saturating_sub(so_far("likes", &after)),
                _ => new.saturating_sub(old),
            };
            metrics.insert((*name).to_owned(), told.into());
        }
        points.push(json!({"timestamp": format_ms(*from_ms), "metrics": metrics}));
        before = after;
    }
    points
}

impl Asking {
    /// # Errors
    /// 403 for an app alone, 400 for a parameter.
    pub(super) fn analytics(&self) -> Result<Given, Problem> {
        if self.caller.is_app() {
            return Err(problem::unsupported_authentication(self.dialect));
        }
        let own = ["ids", "start_time", "end_time", "granularity", "analytics.fields"];
        self.wish(&own, &[])?;
        let ids = self.ids()?;
        let asked = self.analytics_fields()?;
        let spans = self.spans(&ids)?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let (mut data, mut errors, mut shown): (Vec<Value>, Vec<Value>, Vec<u64>) =
            (Vec::new(), Vec::new(), Vec::new());
        for id in &ids {
            let found = self.find(&feed, id, &marks);
            let why = match &found {
                Ok(Found::Own(tweet, version)) if tweet.account == Account::Main => {
                    let points = points(tweet, *version, &spans, &asked);
                    data.push(json!({"id": id, "timestamped_metrics": points}));
                    shown.extend(tweet.versions.get(*version).map(|version| version.id));
                    continue;
                }
                Ok(_) => Absence::Hidden,
                Err(why) => *why,
            };
            errors.push(why.error(self.dialect, "ids", id));
        }
        self.charge(Read::Analytics, &shown);
        let mut body = Map::new();
        for (name, list) in [("data", data), ("errors", errors)] {
            if !list.is_empty() {
                body.insert(name.to_owned(), list.into());
            }
        }
        Ok(Given::ok(Value::Object(body).to_string().into_bytes()))
    }

    /// The metrics asked for; none stand for all, as X does not say which it gives then.
    fn analytics_fields(&self) -> Result<Vec<&str>, Problem> {
        let Some(value) = self.param("analytics.fields") else { return Ok(Vec::new()) };
        let fields: Vec<&str> = value.split(',').collect();
        match fields.iter().find(|f| !METRICS.contains(f) && !["id", "timestamp"].contains(f)) {
            Some(_) => {
                let what = format!("is not one of [id,timestamp,{}]", METRICS.join(","));
                Err(self.refuse("analytics.fields", value, &what))
            }
            None => Ok(fields),
        }
    }

    fn spans(&self, ids: &[String]) -> Result<Vec<(i64, i64)>, Problem> {
        let required = |name| self.time(name)?.ok_or_else(|| self.refuse(name, "", "is missing"));
        let (from_ms, to_ms) = (required("start_time")?, required("end_time")?);
        let to_text = self.param("end_time").unwrap_or("");
        if to_ms <= from_ms {
            return Err(self.refuse("end_time", to_text, "is not after `start_time`"));
        }
        let granularity = self.param("granularity").unwrap_or("");
        let step_ms = match granularity {
            "hourly" => Some(HOUR_MS),
            "daily" => Some(DAY_MS),
            "weekly" => Some(7 * DAY_MS),
            "total" => None,
            _ => {
                let what = "is not one of [hourly,daily,weekly,total]";
                return Err(self.refuse("granularity", granularity, what));
            }
        };
        let to_ms = to_ms.min(self.now_ms.max(from_ms + 1));
        let tweets = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let each = step_ms.map_or(1, |step_ms| (to_ms - from_ms) / step_ms + 1);
        if each.saturating_mul(tweets) > POINTS_MAX {
            return Err(self.refuse("end_time", to_text, "is too long after `start_time`"));
        }
        Ok(spans(from_ms, to_ms, step_ms))
    }
}
