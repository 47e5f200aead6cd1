//! The list of tweets as shown. Owns: which columns are looked at for which order. Invariant: only
//! light columns of all tweets are read, and the series of those on the page, unless what is
//! sorted by lies in the series; a bounded number is in memory at any time.

use super::store::{self, Stored};
use crate::account::Account;
use crate::account::view::History;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Sql, Value, values};
use shared::api::{List, TweetItem, TweetKind};
use shared::growth::{Flow, after, earlier_weeks};
use shared::id::TweetId;
use shared::metrics::Metric;
use shared::text::fold::Words;
use shared::time::{DAY_MS, UnixMs};
use shared::tweet::list::{Filter, Light, Pager, Sort, SortKey, spark_edges};
use std::collections::HashMap;
use worker::Response;

/// Light rows read at a time.
const LIGHT_AT_A_TIME: usize = 2_000;
/// Growth is counted over so long where nothing else is asked for.
const RANGE_MS: i64 = 30 * DAY_MS;

/// Which tweets, in which order, with the growth of which range.
pub(in crate::account) struct Wanted {
    filter: Filter,
    sort: Sort,
    growth: (UnixMs, UnixMs),
}

impl Wanted {
    pub(in crate::account) fn read(query: &Query, now: UnixMs) -> Result<Self> {
        let words = |name: &str| query.get(name).into_iter().flat_map(|words| words.split(','));
        let mut kinds = Vec::new();
        for word in words("kind") {
            kinds.push(TweetKind::from_word(word).ok_or_else(|| {
                Fault::bad(format!("`kind={word}`: tweet, reply, quote or retweet"))
            })?);
        }
        let (from, to) = query::range(query)?;
        let q = query.get("q").and_then(|q| Words::of(q));
        let known = "created, after, a metric such as public.like_count, or growth. and a metric, \
                     each with - in front or not";
        let promoted = |word: &str| word.parse().ok();
        let filter = Filter {
            q,
            kinds,
            langs: words("lang").map(str::to_owned).collect(),
            promoted: query::word(query, "promoted", promoted, "true, false")?,
            from,
            to,
        };
        let sort = query::word(query, "sort", Sort::parse, known)?.unwrap_or_else(Sort::newest);
        let end = query::instant(query, "growth_to")?.or(to).unwrap_or(now);
        let begin = query::instant(query, "growth_from")?.or(from);
        let begin = begin.unwrap_or_else(|| end.plus(-RANGE_MS));
        if begin >= end {
            return Err(Fault::bad(format!(
                "growth is counted from {begin} to {end}: give `growth_from` before `growth_to`"
            )));
        }
        Ok(Self { filter, sort, growth: (begin, end) })
    }

    /// SQL for what of the filter the light columns know, with its values.
    fn conditions(&self) -> (String, Vec<Value>) {
        let mut conditions =
            String::from("NOT EXISTS (SELECT 1 FROM tweet_edit e WHERE e.old = t.id)");
        let mut bound = Vec::new();
        for (at, sign) in [(self.filter.from, ">="), (self.filter.to, "<")] {
            if let Some(at) = at {
                conditions.push_str(" AND t.created ");
                conditions.push_str(sign);
                conditions.push_str(" ?");
                bound.extend(values![at.0]);
            }
        }
        (conditions, bound)
    }
}

/// What is known of who came and left, for what came after each tweet.
pub(super) struct Came {
    flows: Vec<Flow>,
    limit_ms: i64,
    now: UnixMs,
}

impl Came {
    pub(super) fn after(&self, created: UnixMs) -> Option<shared::api::FollowersAfter> {
        after(created, &earlier_weeks(created), &self.flows, self.limit_ms, self.now)
    }
}

impl Account {
    /// `GET …/tweets`.
    pub(in crate::account) fn list_tweets(&self, query: &Query) -> Result<Response> {
        self.tracked()?;
        let limit = query::limit(query)?;
        let wanted = Wanted::read(query, clock::now())?;
        let cursor = query.get("cursor").map(String::as_str);
        let mut walk = self.walk_tweets(wanted)?;
        http::json(200, &walk.page(cursor, limit)?)
    }

    pub(in crate::account) fn walk_tweets(&self, wanted: Wanted) -> Result<Walk> {
        Ok(Walk { sql: self.sql.clone(), came: self.came()?, wanted })
    }

    pub(super) fn came(&self) -> Result<Came> {
        let now = clock::now();
        let History { seen, tallies, .. } = self.history()?;
        let instants: Vec<UnixMs> = seen.iter().map(|seen| seen.at).collect();
        let flow = |((from, to), tally): ((&UnixMs, &UnixMs), &shared::series::Tally)| Flow {
            from: *from,
            to: *to,
            came: tally.gained,
            left: tally.lost,
        };
        let pairs = instants.iter().zip(instants.iter().skip(1));
        let flows = pairs.zip(tallies.iter().skip(1)).map(flow).collect();
        let limit_ms = seen.iter().map(|seen| seen.limit_ms).max().unwrap_or_default();
        Ok(Came { flows, limit_ms, now })
    }
}

/// A walk over wanted tweets. Holds no borrow, so that an answer may stream it.
pub(in crate::account) struct Walk {
    sql: Sql,
    came: Came,
    wanted: Wanted,
}

impl Walk {
    /// A page of rows.
    pub(in crate::account) fn page(
        &mut self,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<List<TweetItem>> {
        let mut pager = Pager::new(self.wanted.sort.clone(), cursor, limit)
            .map_err(|error| Fault::bad(error.to_string()))?;
        let values = self.values()?;
        self.each_light(|tweet| {
            let value = match &values {
                Some(values) => values.get(&tweet.id).copied(),
                None => tweet.value,
            };
            pager.push(tweet.id, value);
        })?;
        let page = pager.finish();
        let mut items = Vec::with_capacity(page.ids.len());
        for ids in page.ids.chunks(store::AT_A_TIME) {
            let mut found = store::load(&self.sql, ids)?;
            items.extend(ids.iter().filter_map(|id| Some(self.item(&found.remove(id)?))));
        }
        Ok(List { items, next_cursor: page.next_cursor })
    }

    /// What tweets are ordered by, where no light column says it.
    fn values(&self) -> Result<Option<HashMap<TweetId, i64>>> {
        let (conditions, bound) = self.wanted.conditions();
        let mut values = HashMap::new();
        match &self.wanted.sort.key {
            SortKey::Created | SortKey::Metric(_) => return Ok(None),
            SortKey::After => self.each_light(|tweet| {
                let after = tweet.created.and_then(|created| self.came.after(created));
                values.extend(
                    after.map(|after| (tweet.id, i64::try_from(after.came).unwrap_or(i64::MAX))),
                );
            })?,
            SortKey::Growth(metric) => {
                store::each_series(&self.sql, &conditions, &bound, |id, created, series| {
                    let growth = series.growth(metric, self.wanted.growth, created);
                    values.extend(growth.map(|growth| (id, growth.by)));
                })?;
            }
        }
        Ok(Some(values))
    }

    /// Hands every wanted tweet's light row to `take`, in id order.
    fn each_light(&self, mut take: impl FnMut(Light)) -> Result<()> {
        let Wanted { filter, sort, .. } = &self.wanted;
        let value = match &sort.key {
            SortKey::Metric(_) => "MIN(json_extract(t.metrics, ?), 9007199254740991)",
            _ => "t.created",
        };
        let text = if filter.q.is_some() { "IIF(g.id IS NULL, t.text, NULL)" } else { "NULL" };
        let (conditions, bound) = self.wanted.conditions();
        let statement = format!(
            "SELECT t.id, t.created, t.kind, t.lang, t.promoted, {value}, {text} FROM tweet t
             LEFT JOIN tweet_gone g ON g.id = t.id
             WHERE t.id > ? AND {conditions} ORDER BY t.id LIMIT {LIGHT_AT_A_TIME}"
        );
        let mut after = String::new();
        loop {
            let mut values: Vec<Value> = match &sort.key {
                SortKey::Metric(metric) => values![format!("$.\"{metric}\"")],
                _ => Vec::new(),
            };
            values.extend(values![after.as_str()]);
            values.extend(bound.iter().cloned());
            let rows = self.sql.rows(&statement, values)?;
            let full = rows.len() == LIGHT_AT_A_TIME;
            for mut row in rows {
                after = row.text()?;
                let tweet = Light {
                    id: store::id_of(&after)?,
                    created: row.maybe_int()?.map(UnixMs),
                    kind: store::kind(&row.text()?)?,
                    lang: row.maybe_text()?,
                    promoted: row.int()? != 0,
                    value: row.maybe_int()?,
                    text: row.maybe_text()?,
                };
                if filter.admits(&tweet) {
                    take(tweet);
                }
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn item(&self, stored: &Stored) -> TweetItem {
        let Wanted { sort, growth, .. } = &self.wanted;
        item(stored, sort.spark().as_ref(), *growth, &self.came)
    }
}

/// A tweet as a row, with the growth of a range.
pub(super) fn item(
    stored: &Stored,
    spark: Option<&Metric>,
    range: (UnixMs, UnixMs),
    came: &Came,
) -> TweetItem {
    let Stored { kept, deleted_at, .. } = stored;
    let edges = spark_edges(range.0, range.1);
    let grew = |metric: &Metric| {
        let growth = kept.series.growth(metric, range, kept.created)?;
        Some((metric.to_string(), growth.by))
    };
    TweetItem {
        id: kept.id,
        text: kept.text.clone(),
        created_at: kept.created,
        kind: kept.kind,
        lang: kept.lang.clone(),
        promoted: kept.promoted(),
        deleted_at: *deleted_at,
        read_at: kept.read_at(),
        private_until: kept.private_at(),
        metrics: kept.latest(),
        growth: kept.series.metrics().filter_map(grew).collect(),
        sparkline_metric: spark.map(ToString::to_string).unwrap_or_default(),
        sparkline: spark
            .map(|metric| kept.series.growths(metric, &edges, range, kept.created))
            .unwrap_or_default(),
        followers_after: kept.created.and_then(|created| came.after(created)),
    }
}
