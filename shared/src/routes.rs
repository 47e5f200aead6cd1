//! The routes of `/api/v1`, in one table. Owns: which paths and query parameters exist, who
//! may call them. The worker's router, the `OpenAPI` document and the parameter check read the
//! same table. Invariant: every route is in [`ROUTES`] once; an unknown parameter is an error.

use std::collections::BTreeMap;

/// Where every route begins.
pub const BASE: &str = "/api/v1";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Open,
    /// Whoever holds the `ADMIN_TOKEN` or a session cookie made from it.
    Owner,
}

/// What a route does: the worker has one handler for each.
#[allow(missing_docs, reason = "each is described by its row of ROUTES")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Health,
    Status,
    OpenApi,
    Setup,
    Accounts,
    AddAccount,
    Account,
    ChangeAccount,
    DeleteAccount,
    Followers,
    Follower,
    ChangeFollower,
    Tweets,
    TweetTotals,
    TweetHours,
    CheckTweets,
    Tweet,
    TweetSeries,
    Events,
    Series,
    Snapshots,
    Snapshot,
    ImportSnapshot,
    Crawl,
    Replay,
    Coverage,
    Export,
    Runs,
    Run,
    Budget,
    ChangeBudget,
    SignIn,
    SignOut,
    Stream,
    ChangeStream,
    StreamRules,
    AddStreamRule,
    DeleteStreamRules,
    StreamCoverage,
    StreamArchive,
    StreamArchivePart,
    Live,
    LiveEvents,
}

/// A query parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it means and takes.
    pub doc: &'static str,
}

/// One route.
#[derive(Debug)]
pub struct Route {
    /// Its handler.
    pub op: Op,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below [`BASE`]; `{name}` matches one segment.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Its query parameters; another one is an error.
    pub query: &'static [Param],
    /// What it does, in one sentence.
    pub doc: &'static str,
}

const fn param(name: &'static str, doc: &'static str) -> Param {
    Param { name, doc }
}

const FROM: Param = param("from", "RFC 3339, inclusive.");
const TO: Param = param("to", "RFC 3339, exclusive.");
const TZ: Param = param("tz", "IANA zone whose midnights bound days; default UTC.");
const INTERVAL: Param = param("interval", "hour, day, week or month; default day.");
const METRICS: Param = param(
    "metrics",
    "Metrics with commas, such as public.like_count; default impressions, likes, reposts, replies.",
);
const CURSOR: Param = param("cursor", "The `next_cursor` of the page before.");
const LIMIT: Param = param("limit", "1 to 1000, default 100.");

const fn route(
    op: Op,
    method: &'static str,
    path: &'static str,
    access: Access,
    query: &'static [Param],
    doc: &'static str,
) -> Route {
    Route { op, method, path, access, query, doc }
}

use Access::{Open, Owner};

/// Every route.
pub const ROUTES: &[Route] = &[
    route(Op::Health, "GET", "/health", Open, &[], "Whether the worker answers."),
    route(Op::Status, "GET", "/status", Open, &[], "Collector, stream and quotas; safe to show."),
    route(Op::OpenApi, "GET", "/openapi.json", Open, &[], "This document."),
    route(Op::Setup, "GET", "/setup", Owner, &[], "What is set up and what beginning costs."),
    route(Op::Accounts, "GET", "/accounts", Owner, &[CURSOR, LIMIT], "The tracked accounts."),
    route(
        Op::AddAccount,
        "POST",
        "/accounts",
        Owner,
        &[],
        "Tracks an account: reads its profile once.",
    ),
    route(Op::Account, "GET", "/accounts/{account}", Owner, &[], "One account."),
    route(
        Op::ChangeAccount,
        "PATCH",
        "/accounts/{account}",
        Owner,
        &[],
        "Changes schedule, cap, or whether tweets are read.",
    ),
    route(
        Op::DeleteAccount,
        "DELETE",
        "/accounts/{account}",
        Owner,
        &[],
        "Stops tracking and deletes everything kept of the account.",
    ),
    route(
        Op::Followers,
        "GET",
        "/accounts/{account}/followers",
        Owner,
        &[
            param("as_of", "RFC 3339: the roster as it was at that time; default now."),
            param("q", "Part of a name, handle, profile text or note."),
            param("filter", "new, left, returned, mutual or muted."),
            param(
                "sort",
                "since, changed, name, followers or id; `-` in front turns it round; default -since.",
            ),
            FROM,
            TO,
            CURSOR,
            LIMIT,
        ],
        "The roster with profiles; `from` and `to` bound the filters new, left and returned.",
    ),
    route(
        Op::Events,
        "GET",
        "/accounts/{account}/followers/events",
        Owner,
        &[
            param("kind", "followed, lost, returned or renamed; several with commas."),
            param("state", "suspected, confirmed or retracted."),
            param("muted", "false leaves muted people out."),
            FROM,
            TO,
            CURSOR,
            LIMIT,
        ],
        "Who came, left, came back or has a new handle, newest first.",
    ),
    route(
        Op::Series,
        "GET",
        "/accounts/{account}/followers/series",
        Owner,
        &[
            FROM,
            TO,
            INTERVAL,
            TZ,
            param("compare", "previous or year."),
        ],
        "The follower curve; null means not observed.",
    ),
    route(
        Op::Follower,
        "GET",
        "/accounts/{account}/followers/{user}",
        Owner,
        &[],
        "One person's history.",
    ),
    route(
        Op::ChangeFollower,
        "PATCH",
        "/accounts/{account}/followers/{user}",
        Owner,
        &[],
        "Mutes a person or keeps a note.",
    ),
    route(
        Op::Tweets,
        "GET",
        "/accounts/{account}/tweets",
        Owner,
        &[
            param("q", "Part of the text."),
            param("kind", "tweet, reply, quote or retweet; several with commas."),
            param("lang", "BCP 47 as X tells it; several with commas."),
            param("promoted", "true: only promoted ones; false: only those that are not."),
            FROM,
            TO,
            param("growth_from", "RFC 3339: growth is counted from here; default `from`."),
            param("growth_to", "RFC 3339: growth is counted up to here; default `to`, or now."),
            param(
                "sort",
                "created, after (who came in the 24 hours after), a metric such as \
                 public.like_count, or growth.public.like_count; `-` in front turns it round; \
                 default -created.",
            ),
            CURSOR,
            LIMIT,
        ],
        "The tweets with their metrics; `from` and `to` bound when they were written.",
    ),
    route(
        Op::TweetTotals,
        "GET",
        "/accounts/{account}/tweets/totals",
        Owner,
        &[FROM, TO, INTERVAL, TZ, METRICS],
        "What all tweets together gained, by day or another stretch; null means not observed.",
    ),
    route(
        Op::TweetHours,
        "GET",
        "/accounts/{account}/tweets/hours",
        Owner,
        &[FROM, TO, TZ],
        "The hours of the day by the impressions of the tweets written in them, best first.",
    ),
    route(
        Op::CheckTweets,
        "POST",
        "/accounts/{account}/tweets/check",
        Owner,
        &[],
        "Reads the tweets that are due now.",
    ),
    route(Op::Tweet, "GET", "/accounts/{account}/tweets/{tweet}", Owner, &[], "One tweet."),
    route(
        Op::TweetSeries,
        "GET",
        "/accounts/{account}/tweets/{tweet}/series",
        Owner,
        &[
            FROM,
            TO,
            INTERVAL,
            TZ,
            METRICS,
            param("median", "true: also the account's other tweets at the same ages."),
        ],
        "A tweet's metrics over time; null means not observed.",
    ),
    route(
        Op::Snapshots,
        "GET",
        "/accounts/{account}/snapshots",
        Owner,
        &[CURSOR, LIMIT],
        "The stored snapshots, newest first.",
    ),
    route(
        Op::ImportSnapshot,
        "POST",
        "/accounts/{account}/snapshots",
        Owner,
        &[param("name", "FOLLOWERS_<RFC 3339 time>.json.gz")],
        "Imports a saved list; the body is the file, at most 95 MB.",
    ),
    route(
        Op::Snapshot,
        "GET",
        "/accounts/{account}/snapshots/{name}",
        Owner,
        &[],
        "A snapshot's file as stored.",
    ),
    route(Op::Crawl, "POST", "/accounts/{account}/crawl", Owner, &[], "Starts a full check now."),
    route(
        Op::Replay,
        "POST",
        "/accounts/{account}/replay",
        Owner,
        &[],
        "Derives the ledger again from the stored snapshots.",
    ),
    route(
        Op::Coverage,
        "GET",
        "/accounts/{account}/coverage",
        Owner,
        &[FROM, TO],
        "What was and was not observed.",
    ),
    route(
        Op::Export,
        "GET",
        "/accounts/{account}/export/{file}",
        Owner,
        &[
            FROM,
            TO,
            TZ,
            param("as_of", "followers only: RFC 3339, the roster as it was."),
            param("q", "followers: part of a name, handle, profile text or note; tweets: of the text."),
            param("filter", "followers only: new, left, returned, mutual or muted."),
            param("sort", "followers only: as in the roster."),
            param("kind", "events and tweets: kinds with commas."),
            param("state", "events only: suspected, confirmed or retracted."),
        ],
        "NEW_FOLLOWERS, LOST_FOLLOWERS, USER_INFO or STATS_TWEETS .json.gz; followers, events or \
         tweets .csv or .ndjson.",
    ),
    route(
        Op::Runs,
        "GET",
        "/runs",
        Owner,
        &[
            param("account", "Only runs about this account."),
            param("what", "crawl, import, replay, tick, …"),
            param("state", "running, done, failed or quarantined."),
            CURSOR,
            LIMIT,
        ],
        "What ran, newest first.",
    ),
    route(
        Op::Run,
        "GET",
        "/runs/{run}",
        Owner,
        &[],
        "One run; poll it until it is no longer running.",
    ),
    route(Op::Budget, "GET", "/budget", Owner, &[], "Spending, limits and X's rate windows."),
    route(
        Op::ChangeBudget,
        "PUT",
        "/budget",
        Owner,
        &[],
        "Sets the overall cap and the calls to leave unused.",
    ),
    route(
        Op::SignIn,
        "POST",
        "/session",
        Open,
        &[],
        "Trades the ADMIN_TOKEN for a session cookie.",
    ),
    route(Op::SignOut, "DELETE", "/session", Open, &[], "Ends the session of this browser."),
    route(Op::Stream, "GET", "/stream", Owner, &[], "What is streamed, how it stands, its cost."),
    route(
        Op::ChangeStream,
        "PUT",
        "/stream",
        Owner,
        &[],
        "Starts, stops or changes the stream; what is absent stays as it is.",
    ),
    route(
        Op::StreamRules,
        "GET",
        "/stream/rules",
        Owner,
        &[],
        "The rules of the filtered stream, with what they cost.",
    ),
    route(
        Op::AddStreamRule,
        "POST",
        "/stream/rules",
        Owner,
        &[],
        "Adds a rule; with real keys only once its price was accepted (409 names it).",
    ),
    route(
        Op::DeleteStreamRules,
        "DELETE",
        "/stream/rules",
        Owner,
        &[param("ids", "Ids of rules, with commas.")],
        "Deletes rules.",
    ),
    route(
        Op::StreamCoverage,
        "GET",
        "/stream/coverage",
        Owner,
        &[FROM, TO],
        "Per minute: received, delivered, declared missed, disconnected; at most 7 days.",
    ),
    route(
        Op::StreamArchive,
        "GET",
        "/stream/archive",
        Owner,
        &[CURSOR, LIMIT],
        "The parts of the raw archive, newest first.",
    ),
    route(
        Op::StreamArchivePart,
        "GET",
        "/stream/archive/{part}",
        Owner,
        &[],
        "One part as gzip NDJSON, without what X had deleted since.",
    ),
    route(
        Op::Live,
        "GET",
        "/live",
        Owner,
        &[param("after", "The last number seen: everything since comes first.")],
        "The live websocket: see the live protocol in the API page.",
    ),
    route(
        Op::LiveEvents,
        "GET",
        "/live/events",
        Owner,
        &[
            param("after", "The last number seen; default the newest."),
            param("wait", "Seconds to wait for something new: 0 to 25, default 0."),
            param("kinds", "Kinds with commas; default all."),
            LIMIT,
        ],
        "The live events without a socket: long poll.",
    ),
];

/// A route with what its path holds.
#[derive(Debug)]
pub struct Found {
    /// The route.
    pub route: &'static Route,
    /// The path's named segments, percent-decoded.
    pub path: BTreeMap<&'static str, String>,
}

/// Why no route answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// No such path.
    Path,
    /// The path exists, with these methods.
    Method(Vec<&'static str>),
}

/// Finds the route of a request; `path` is percent-encoded and begins with [`BASE`].
///
/// # Errors
/// [`Miss`] says whether the path or only the method is unknown.
pub fn find(method: &str, path: &str) -> Result<Found, Miss> {
    let rest = path.strip_prefix(BASE).ok_or(Miss::Path)?;
    let mut methods = Vec::new();
    for route in ROUTES {
        let Some(named) = matched(route.path, rest) else { continue };
        if route.method == method || (route.method == "GET" && method == "HEAD") {
            return Ok(Found { route, path: named });
        }
        methods.push(route.method);
    }
    Err(if methods.is_empty() { Miss::Path } else { Miss::Method(methods) })
}

fn matched(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut named = BTreeMap::new();
    let mut given = path.split('/');
    for segment in template.split('/') {
        let value = given.next()?;
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) if !value.is_empty() => named.insert(name, percent_decode(value)?),
            None if segment == value => None,
            _ => return None,
        };
    }
    given.next().is_none().then_some(named)
}

/// Reads a query string into the route's parameters.
///
/// # Errors
/// A sentence that names the parameter and lists those that exist.
pub fn query(route: &Route, query: &str) -> Result<BTreeMap<&'static str, String>, String> {
    let mut values = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = route.query.iter().find(|param| param.name == name);
        let Some(param) = known else { return Err(unknown_parameter(route, name)) };
        let value = decode(value, true)
            .ok_or_else(|| format!("`{name}` is not valid percent-encoded UTF-8"))?;
        if values.insert(param.name, value).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    Ok(values)
}

fn unknown_parameter(route: &Route, name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    if route.query.is_empty() {
        return format!("unknown query parameter `{name}`: this route takes none");
    }
    let known: Vec<_> = route.query.iter().map(|param| param.name).collect();
    format!("unknown query parameter `{name}`: this route takes {}", known.join(", "))
}

/// Reads percent-encoded UTF-8; `None` where it is neither.
pub fn percent_decode(text: &str) -> Option<String> {
    decode(text, false)
}

fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The route and the segments it should hold.
    type Expected<'a> = Result<(Op, &'a [(&'a str, &'a str)]), Miss>;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Expected<'_>) {
        let found = find(method, path).map(|found| (found.route.op, found.path));
        let expected = expected.map(|(op, named)| {
            (op, named.iter().map(|&(name, value)| (name, value.to_owned())).collect())
        });
        match (found, expected) {
            (Ok((op, named)), Ok((want, wanted))) => {
                let wanted: BTreeMap<&str, String> = wanted;
                assert_eq!((op, named), (want, wanted), "{path}");
            }
            (found, expected) => assert_eq!(found.err(), expected.err(), "{path}"),
        }
    }

    #[test]
    fn paths_are_found_with_their_segments() {
        check("GET", "/api/v1/health", Ok((Op::Health, &[])));
        check("GET", "/api/v1/accounts/12", Ok((Op::Account, &[("account", "12")])));
        check(
            "GET",
            "/api/v1/accounts/12/followers/events",
            Ok((Op::Events, &[("account", "12")])),
        );
        check(
            "PATCH",
            "/api/v1/accounts/12/followers/34",
            Ok((Op::ChangeFollower, &[("account", "12"), ("user", "34")])),
        );
        check("GET", "/api/v1/accounts/12/tweets/totals", Ok((Op::TweetTotals, &[("account", "12")])));
        check(
            "GET",
            "/api/v1/accounts/12/tweets/34",
            Ok((Op::Tweet, &[("account", "12"), ("tweet", "34")])),
        );
        check(
            "GET",
            "/api/v1/accounts/12/snapshots/FOLLOWERS_2026-01-02T03%3A04%3A05%2B00:00.json.gz",
            Ok((
                Op::Snapshot,
                &[("account", "12"), ("name", "FOLLOWERS_2026-01-02T03:04:05+00:00.json.gz")],
            )),
        );
    }

    #[test]
    fn what_is_not_there_is_told_apart_from_a_wrong_method() {
        check("GET", "/api/v1/nothing", Err(Miss::Path));
        check("GET", "/api/v1/accounts/", Err(Miss::Path));
        check("GET", "/elsewhere", Err(Miss::Path));
        check("DELETE", "/api/v1/health", Err(Miss::Method(vec!["GET"])));
        check("PUT", "/api/v1/accounts", Err(Miss::Method(vec!["GET", "POST"])));
    }

    #[test]
    fn an_unknown_parameter_is_an_error_that_lists_the_known() {
        let route = find("GET", "/api/v1/accounts").unwrap().route;
        assert_eq!(
            query(route, "limt=3").unwrap_err(),
            "unknown query parameter `limt`: this route takes cursor, limit"
        );
    }

    #[test]
    fn parameters_are_decoded() {
        let route = find("GET", "/api/v1/accounts/1/followers").unwrap().route;
        let values = query(route, "q=caf%C3%A9+au&limit=5").unwrap();
        assert_eq!(values.get("q").map(String::as_str), Some("café au"));
        assert!(query(route, "q=%ff").is_err());
        assert!(query(route, "q=1&q=2").is_err());
    }

    #[test]
    fn every_operation_has_one_route() {
        let mut seen = std::collections::HashSet::new();
        for route in ROUTES {
            assert!(seen.insert(route.op), "{:?} twice", route.op);
        }
    }
}
