//! One tweet with everything known of it.

use super::list::item;
use super::store::{self, Stored};
use crate::account::Account;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use shared::api::{MetricFall, TweetDetail};
use shared::cadence::due;
use shared::id::TweetId;
use shared::metrics::{Fall, Metric};
use shared::time::DAY_MS;
use shared::tweet::list::SPARK_METRIC;
use worker::Response;

/// The growth beside a tweet is that of so many days.
const RANGE_MS: i64 = 30 * DAY_MS;

impl Account {
    /// `GET …/tweets/{tweet}`.
    pub(in crate::account) fn show_tweet(&self, tweet: &str) -> Result<Response> {
        let settings = self.tracked()?;
        let stored = self.tweet(tweet)?;
        let now = clock::now();
        let spark = Metric::parse(SPARK_METRIC);
        let range = (now.plus(-RANGE_MS), now);
        let row = item(&stored, spark.as_ref(), range, &self.came()?);
        let Stored { kept, deleted_at, replaced_by } = stored;
        let read = self.tweets()?.on && deleted_at.is_none() && replaced_by.is_none();
        let next_read = kept.created.filter(|_| read).map(|at| due(at, kept.read_at(), now));
        let fall = |fall: Fall| MetricFall {
            at: fall.at,
            metric: fall.metric.to_string(),
            from: fall.from,
            to: fall.to,
        };
        let detail = TweetDetail {
            tweet: row,
            username: settings.person.username,
            name: settings.person.name,
            avatar: settings.person.avatar,
            sensitive: kept.head.sensitive,
            next_read,
            readings: kept.series.len() as u64,
            falls: kept.series.falls().into_iter().map(fall).collect(),
            entities: kept.head.entities,
            replaces: kept.head.replaces,
            replaced_by,
        };
        http::json(200, &detail)
    }

    /// A tweet by the id of a path.
    pub(super) fn tweet(&self, text: &str) -> Result<Stored> {
        let id: TweetId =
            text.parse().map_err(|error: shared::id::BadId| Fault::bad(error.to_string()))?;
        let found = store::load(&self.sql, &[id])?.remove(&id);
        found.ok_or_else(|| {
            Fault::missing(format!("tweet {id} was in no reading and no imported file"))
        })
    }
}
