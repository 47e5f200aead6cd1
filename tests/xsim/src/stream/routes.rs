//! The plain endpoints beside the streams: rules, connections, search, counts.
//!
//! Knows X's paths, parameters and answers, not headers or faults. Invariant: every tweet in
//! `data` is charged, and nothing else but the counts.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::registry::{Stream, kill_report};
use super::rulebook::{NewRule, Outcome, RULES_MAX, Unwanted};
use super::search::{self, RECENT_MS, Search};
use crate::auth::Caller;
use crate::calendar::{format_ms, parse_when};
use crate::params::{self, is_id};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::tweets::feed::{least_id, written_ms};
use crate::tweets::fields::{self, Wish};
use crate::tweets::json::envelope;
use crate::tweets::post::Post;
use crate::tweets::query::{Query, SEARCH_MAX};

/// A search must end so long before it is asked for, in milliseconds.
const END_BEFORE_MS: i64 = 10_000;

/// Values of `rules_count.fields`, `connection.fields` and `search_count.fields`: checked, while the
/// answers hold all of them.
const RULES_COUNT: [&str; 5] = [
    "all_project_client_apps",
    "cap_per_client_app",
    "cap_per_project",
    "client_app_rules_count",
    "project_rules_count",
];
const CONNECTION: [&str; 6] =
    ["client_ip", "connected_at", "disconnect_reason", "disconnected_at", "endpoint_name", "id"];
const SEARCH_COUNT: [&str; 4] = ["end", "post_count", "start", "tweet_count"];

/// The endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Rules,
    RulesCounts,
    Connections,
    ConnectionsAll,
    ConnectionsOf(String),
    Search,
    Counts,
}

impl Route {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/2/")?.split('/').collect();
        Some(match parts.as_slice() {
            ["tweets", "search", "recent"] => Self::Search,
            ["tweets", "counts", "recent"] => Self::Counts,
            ["tweets", "search", "stream", "rules"] => Self::Rules,
            ["tweets", "search", "stream", "rules", "counts"] => Self::RulesCounts,
            ["connections"] => Self::Connections,
            ["connections", "all"] => Self::ConnectionsAll,
            ["connections", id] => Self::ConnectionsOf((*id).to_owned()),
            _ => return None,
        })
    }

    /// What its rate limit goes by.
    pub(crate) fn name(&self, method: &str) -> &'static str {
        match (self, method) {
            (Self::Rules, "POST") => "rules_post",
            (Self::Rules, _) => "rules_get",
            (Self::RulesCounts, _) => "rules_counts",
            (Self::Connections, "GET") => "connections",
            (Self::Connections | Self::ConnectionsAll | Self::ConnectionsOf(_), _) => {
                "connections_delete"
            }
            (Self::Search, _) => "search",
            (Self::Counts, _) => "counts",
        }
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        match self {
            Self::Rules => ["GET", "POST"].contains(&method),
            Self::Connections => ["GET", "DELETE"].contains(&method),
            Self::ConnectionsAll | Self::ConnectionsOf(_) => method == "DELETE",
            _ => method == "GET",
        }
    }

    fn is_app_only(&self) -> bool {
        !matches!(self, Self::Search)
    }
}

/// A good answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

fn given(body: &Value) -> Given {
    Given { status: 200, body: body.to_string().into_bytes() }
}

impl From<Outcome> for Given {
    fn from(outcome: Outcome) -> Self {
        Self { status: outcome.status, body: outcome.body.to_string().into_bytes() }
    }
}

/// One request, whose credential and rate are checked.
pub(crate) struct Asking {
    pub(crate) sim: Arc<Sim>,
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) caller: Caller,
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) dialect: Dialect,
    pub(crate) now_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesChange {
    #[serde(default)]
    add: Vec<NewRule>,
    delete: Option<Unwanted>,
}

#[derive(Deserialize)]
struct Uuids {
    uuids: Vec<String>,
}

/// Which connections are meant: by uuid and stream.
type Choice = Box<dyn Fn(&str, Stream) -> bool + Send>;

/// The parameters of a search or a count.
struct Range {
    query: Query,
    from_ms: i64,
    to_ms: i64,
    above: u64,
    below: u64,
    most: usize,
    granularity_ms: i64,
    wish: Wish,
}

impl Asking {
    /// # Errors
    /// X's refusal.
    pub(crate) async fn answer(self) -> Result<Given, Problem> {
        if !self.caller.is_app() && self.route.is_app_only() {
            return Err(problem::app_only(self.dialect));
        }
        match &self.route {
            Route::Connections | Route::ConnectionsAll | Route::ConnectionsOf(_) => {
                self.connections().await
            }
            _ => {
                // A search may examine many tweets: not where other requests wait for it.
                let work = tokio::task::spawn_blocking(move || self.answer_plainly());
                work.await.unwrap_or_else(|_| Err(problem::plain(500, "Internal Server Error")))
            }
        }
    }

    fn answer_plainly(&self) -> Result<Given, Problem> {
        match &self.route {
            Route::Rules if self.method == "POST" => self.change_rules(),
            Route::Rules => self.list_rules(),
            Route::RulesCounts => self.count_rules(),
            Route::Search => self.search(),
            Route::Counts => self.counts(),
            Route::Connections | Route::ConnectionsAll | Route::ConnectionsOf(_) => {
                Err(problem::plain(404, "Not Found"))
            }
        }
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn refuse(&self, name: &str, value: &str, what: &str) -> Problem {
        let message = format!("The `{name}` query parameter value [{value}] {what}");
        problem::invalid(self.dialect, name, value, &message)
    }

    fn number(&self, name: &str, default: usize, bounds: (usize, usize)) -> Result<usize, Problem> {
        let Some(value) = self.param(name) else { return Ok(default) };
        let (least, most) = bounds;
        let number = value.parse().ok().filter(|n| (least..=most).contains(n));
        number
            .ok_or_else(|| self.refuse(name, value, &format!("is not between {least} and {most}")))
    }

    fn change_rules(&self) -> Result<Given, Problem> {
        params::distinct(&self.pairs, &["dry_run", "delete_all"], &[], self.dialect)?;
        let flag = |name| self.param(name) == Some("true");
        let (dry_run, all) = (flag("dry_run"), flag("delete_all"));
        let change: Result<RulesChange, _> = serde_json::from_slice(&self.body);
        let sent = format_ms(self.now_ms);
        let change = match change {
            Ok(change) => change,
            Err(_) if all && self.body.is_empty() => RulesChange { add: Vec::new(), delete: None },
            Err(error) => {
                return Err(problem::invalid(self.dialect, "body", "", &error.to_string()));
            }
        };
        let rules = &mut self.sim.live.lock().rules;
        if all || change.delete.is_some() {
            let unwanted = change.delete.unwrap_or_default();
            return Ok(rules.delete(&unwanted, all, dry_run, self.dialect, &sent).into());
        }
        if change.add.is_empty() {
            let message = "The body has neither `add` nor `delete`";
            return Err(problem::invalid(self.dialect, "body", "", message));
        }
        Ok(rules.add(change.add, dry_run, self.dialect, &sent, self.now_ms).into())
    }

    fn list_rules(&self) -> Result<Given, Problem> {
        let own = ["ids", "max_results", "pagination_token"];
        params::distinct(&self.pairs, &own, &[], self.dialect)?;
        let most = self.number("max_results", RULES_MAX, (1, RULES_MAX))?;
        let from = self.number("pagination_token", 0, (0, RULES_MAX))?;
        let sent = format_ms(self.now_ms);
        Ok(given(&self.sim.live.lock().rules.list(self.param("ids"), from, most, &sent)))
    }

    fn count_rules(&self) -> Result<Given, Problem> {
        self.fields("rules_count.fields", &[], &RULES_COUNT)?;
        let count = self.sim.live.lock().rules.rules().len();
        // The newer description has texts for these numbers, but not for that of the one app.
        let number = |n: usize| match self.dialect {
            Dialect::Tweet => json!(n),
            Dialect::Post => json!(n.to_string()),
        };
        let cap = number(RULES_MAX);
        Ok(given(&json!({"data": {"cap_per_client_app": cap, "cap_per_project": cap,
            "client_app_rules_count": {"client_app_id": "1", "rule_count": count},
            "project_rules_count": number(count)}})))
    }

    /// Checks the parameter that names fields, and that there is none but it and `own`.
    fn fields(&self, name: &str, own: &[&str], known: &[&str]) -> Result<(), Problem> {
        params::distinct(&self.pairs, own, &[name], self.dialect)?;
        let value = self.param(name).unwrap_or_default();
        if self.param(name).is_some() {
            params::one_of(value, known).map_err(|what| self.refuse(name, value, &what))?;
        }
        Ok(())
    }

    async fn connections(&self) -> Result<Given, Problem> {
        if self.method == "GET" {
            return self.list_connections();
        }
        let mut asked = 0;
        let which: Choice = match &self.route {
            Route::ConnectionsOf(name) => {
                let name = name.clone();
                Box::new(move |_, stream| stream.name() == name)
            }
            Route::Connections => {
                let body: Uuids = serde_json::from_slice(&self.body).map_err(|error| {
                    problem::invalid(self.dialect, "uuids", "", &error.to_string())
                })?;
                asked = body.uuids.len();
                Box::new(move |uuid, _| body.uuids.iter().any(|wanted| wanted == uuid))
            }
            _ => Box::new(|_, _| true),
        };
        let killed = self.sim.live.lock().connections.kill(self.now_ms, which);
        // The answer says that they are closed, so they are.
        for _ in 0..200 {
            if !self.sim.live.lock().connections.is_open(&killed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(given(&kill_report(&killed, asked.saturating_sub(killed.len()))))
    }

    fn list_connections(&self) -> Result<Given, Problem> {
        let own = ["status", "endpoints", "max_results", "pagination_token"];
        self.fields("connection.fields", &own, &CONNECTION)?;
        let status = self.param("status").unwrap_or("active");
        let (active, inactive) = match status {
            "active" => (true, false),
            "inactive" => (false, true),
            "all" => (true, true),
            _ => return Err(self.refuse("status", status, "is not one of [active,inactive,all]")),
        };
        let mut live = self.sim.live.lock();
        live.connections.expire(self.now_ms);
        let list = live.connections.list(active, inactive);
        let endpoints: Option<Vec<&str>> = self.param("endpoints").map(|e| e.split(',').collect());
        let asked = |entry: &Value| {
            let name = entry["endpoint_name"].as_str().unwrap_or("");
            endpoints.as_ref().is_none_or(|endpoints| endpoints.contains(&name))
        };
        let list: Vec<Value> = list.into_iter().filter(asked).collect();
        let meta = json!({"result_count": list.len()});
        let body = if list.is_empty() {
            json!({"meta": meta})
        } else {
            json!({"data": list, "meta": meta})
        };
        Ok(given(&body))
    }

    /// What a search and a count have in common.
    fn range(&self, own: &[&str], shared: &[&str], end_now: bool) -> Result<Range, Problem> {
        let mut wish = Wish::new(self.dialect);
        for (name, value) in params::distinct(&self.pairs, own, shared, self.dialect)? {
            wish.set(name, value).map_err(|what| self.refuse(name, value, &what))?;
        }
        let text = self.param("query").unwrap_or("");
        let query =
            Query::parse(text, SEARCH_MAX).map_err(|why| self.refuse("query", text, &why))?;
        let (oldest_ms, newest_ms) = (self.now_ms - RECENT_MS, self.now_ms - END_BEFORE_MS);
        let from_ms = self.time("start_time")?.unwrap_or(oldest_ms);
        let asked_to_ms = self.time("end_time")?;
        if from_ms < oldest_ms {
            let what = format!("must be on or after {}", format_ms(oldest_ms));
            return Err(self.refuse("start_time", self.param("start_time").unwrap_or(""), &what));
        }
        if asked_to_ms.is_some_and(|to_ms| to_ms > newest_ms && !end_now) {
            let what = "must be a minimum of 10 seconds prior to the request time";
            return Err(self.refuse("end_time", self.param("end_time").unwrap_or(""), what));
        }
        let to_ms = asked_to_ms.unwrap_or(self.now_ms).min(self.now_ms);
        let above = self.id("since_id")?.unwrap_or(0);
        if above != 0 && written_ms(above) < oldest_ms {
            let what = format!(
                "must be a tweet id created after {}; use one larger than {}",
                format_ms(oldest_ms),
                least_id(oldest_ms)
            );
            return Err(self.refuse("since_id", &above.to_string(), &what));
        }
        let mut below = self.id("until_id")?.unwrap_or(u64::MAX);
        for name in ["next_token", "pagination_token"] {
            if let Some(token) = self.param(name) {
                let next = search::below_of(self.sim.config.seed, token);
                below = next.ok_or_else(|| self.refuse(name, token, "is not a valid token"))?;
            }
        }
        let most = self.number("max_results", 10, (10, 100))?;
        let granularity_ms = match self.param("granularity").unwrap_or("hour") {
            "minute" => 60_000,
            "hour" => 3_600_000,
            "day" => 86_400_000,
            other => {
                return Err(self.refuse("granularity", other, "is not one of [day,hour,minute]"));
            }
        };
        // Nothing outside the ids need be looked at.
        let from_ms = from_ms.max(if above == 0 { from_ms } else { written_ms(above) });
        let to_ms = to_ms.min(if below == u64::MAX { to_ms } else { written_ms(below) + 1 });
        Ok(Range { query, from_ms, to_ms, above, below, most, granularity_ms, wish })
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(value) = self.param(name) else { return Ok(None) };
        let time = value.contains('T').then(|| parse_when(value)).flatten();
        time.map(Some).ok_or_else(|| self.refuse(name, value, "is not a valid RFC 3339 time"))
    }

    fn id(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(value) = self.param(name) else { return Ok(None) };
        let id = is_id(value).then(|| value.parse().ok()).flatten();
        id.map(Some).ok_or_else(|| self.refuse(name, value, "does not match ^[0-9]{1,19}$"))
    }

    fn search(&self) -> Result<Given, Problem> {
        let own = [
            "query",
            "start_time",
            "end_time",
            "since_id",
            "until_id",
            "max_results",
            "next_token",
            "pagination_token",
            "sort_order",
        ];
        let range = self.range(&own, &fields::PARAMS, false)?;
        let (feed, reposts) = {
            let live = self.sim.live.lock();
            (Arc::clone(&live.feed), live.settings.search_reposts)
        };
        let Range { query, from_ms, to_ms, above, below, .. } = &range;
        let (from_ms, to_ms, above, below) = (*from_ms, *to_ms, *above, *below);
        let found =
            Search { feed: &feed, query, from_ms, to_ms, above, below, reposts }.page(range.most);
        let mut meta = Map::from_iter([("result_count".to_owned(), found.posts.len().into())]);
        if let (Some(newest), Some(oldest)) = (found.posts.first(), found.posts.last()) {
            meta.insert("newest_id".into(), newest.slot.id.to_string().into());
            meta.insert("oldest_id".into(), oldest.slot.id.to_string().into());
        }
        if let Some(next) = found.next {
            meta.insert("next_token".into(), search::token(self.sim.config.seed, next).into());
        }
        let meta = Value::Object(meta);
        self.charge(&found.posts);
        let body = envelope(&feed, &range.wish, &found.posts, self.now_ms, Vec::new(), Some(&meta));
        Ok(Given { status: 200, body })
    }

    fn charge(&self, posts: &[Post]) {
        let mut state = self.sim.state();
        for post in posts {
            let now_s = self.now_ms.div_euclid(1_000);
            state.bill.charge_post(post.slot.second, post.slot.nth, now_s);
        }
    }

    fn counts(&self) -> Result<Given, Problem> {
        let own = [
            "query",
            "start_time",
            "end_time",
            "since_id",
            "until_id",
            "granularity",
            "next_token",
            "pagination_token",
            "search_count.fields",
        ];
        self.fields("search_count.fields", &own, &SEARCH_COUNT)?;
        let range = self.range(&own, &[], true)?;
        let (one, total) = match self.dialect {
            Dialect::Tweet => ("tweet_count", "total_tweet_count"),
            Dialect::Post => ("post_count", "total_post_count"),
        };
        let mut spans = Vec::new();
        let mut start_ms = range.from_ms;
        while start_ms < range.to_ms {
            let step = range.granularity_ms;
            let end_ms = ((start_ms.div_euclid(step) + 1) * step).min(range.to_ms);
            spans.push((start_ms, end_ms));
            start_ms = end_ms;
        }
        let feed = Arc::clone(&self.sim.live.lock().feed);
        let Range { query, from_ms, to_ms, above, below, .. } = &range;
        let (from_ms, to_ms, above, below) = (*from_ms, *to_ms, *above, *below);
        let search = Search { feed: &feed, query, from_ms, to_ms, above, below, reposts: true };
        let counts = search.counts(&spans);
        let data: Vec<Value> = spans
            .iter()
            .zip(&counts)
            .map(|((start_ms, end_ms), count)| {
                json!({"start": format_ms(*start_ms), "end": format_ms(*end_ms),
                    one: count})
            })
            .collect();
        self.sim.state().bill.charge_counts();
        let meta = json!({total: counts.iter().sum::<u64>()});
        Ok(given(&json!({"data": data, "meta": meta})))
    }
}
