//! The routes of `/api/v1`, in one table. Owns: which paths and query parameters exist, who
//! may call them. The worker's router, the `OpenAPI` document and the parameter check read the
//! same table. Invariant: every route is in [`all`] once; an unknown parameter is an error.

mod pages;
mod params;
mod stream;
mod table;

pub use pages::is_page;

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
#[allow(missing_docs, reason = "each is described by its row of the table")]
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
    Following,
    CheckFollowing,
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
    DeleteSnapshot,
    Crawl,
    Replay,
    Resume,
    Coverage,
    Export,
    Runs,
    Run,
    Push,
    ChangePush,
    HookChallenge,
    Hook,
    Lookups,
    StartLookup,
    Lookup,
    LookupResult,
    DeleteLookup,
    ResumeLookup,
    Budget,
    ChangeBudget,
    SignIn,
    SignOut,
    Credentials,
    SetCredential,
    DeleteCredential,
    CheckCredentials,
    XStart,
    XCallback,
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
    Alerts,
    AddAlert,
    Alert,
    ChangeAlert,
    DeleteAlert,
    TestAlert,
    AlertLog,
    RetryAlert,
    Feed,
}

/// A query parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it means and takes.
    pub doc: &'static str,
}

impl Param {
    /// Whether an empty value says something: a search for nothing in particular, and whatever
    /// others send along. Elsewhere it is an error: it may be a script's unset variable.
    pub fn may_be_empty(&self) -> bool {
        matches!(self.name, "q" | "nonce" | "code" | "error" | "error_description")
    }
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

/// Every route.
pub fn all() -> impl Iterator<Item = &'static Route> {
    table::ACCOUNTS.iter().chain(stream::STREAM)
}

/// Finds the route of a request; `path` is percent-encoded and begins with [`BASE`].
///
/// # Errors
/// [`Miss`] says whether the path or only the method is unknown.
pub fn find(method: &str, path: &str) -> Result<Found, Miss> {
    let rest = path.strip_prefix(BASE).ok_or(Miss::Path)?;
    let matching = || all().filter(|route| matched(route.path, rest).is_some());
    // `/tweets/check` is a path of its own, not a tweet named so: what is written out goes before
    // what is named, from the left.
    let template = matching().map(|route| route.path).max_by_key(|path| written_out(path));
    let Some(template) = template else { return Err(Miss::Path) };
    let mut methods = Vec::new();
    for route in matching().filter(|route| route.path == template) {
        if route.method == method || (route.method == "GET" && method == "HEAD") {
            return Ok(Found { route, path: matched(route.path, rest).unwrap_or_default() });
        }
        methods.push(route.method);
    }
    Err(Miss::Method(methods))
}

/// Which segments of a template are written out.
fn written_out(template: &str) -> Vec<bool> {
    template.split('/').map(|segment| !segment.starts_with('{')).collect()
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
        if value.is_empty() && !param.may_be_empty() {
            return Err(format!("`{name}` is empty: give it a value, or leave it out"));
        }
        if values.insert(param.name, value).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    Ok(values)
}

fn unknown_parameter(route: &Route, name: &str) -> String {
    let name = crate::text::cut(name, 40);
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

pub(crate) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
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
        check(
            "GET",
            "/api/v1/accounts/12/tweets/totals",
            Ok((Op::TweetTotals, &[("account", "12")])),
        );
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
    fn a_path_that_is_written_out_is_never_taken_for_a_name() {
        let account = "/api/v1/accounts/12";
        for (path, method, methods) in [
            ("/tweets/check", "OPTIONS", vec!["POST"]),
            ("/tweets/check", "GET", vec!["POST"]),
            ("/followers/events", "PATCH", vec!["GET"]),
            ("/tweets/12", "POST", vec!["GET"]),
        ] {
            check(method, &format!("{account}{path}"), Err(Miss::Method(methods)));
        }
        check("PUT", "/api/v1/credentials/check", Err(Miss::Method(vec!["POST"])));
        check(
            "POST",
            &format!("{account}/tweets/check"),
            Ok((Op::CheckTweets, &[("account", "12")])),
        );
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
    fn an_empty_value_is_an_error_but_of_a_search() {
        let route = find("GET", "/api/v1/accounts/1/followers").unwrap().route;
        for name in ["cursor", "sort", "filter", "from", "limit"] {
            for given in [format!("{name}="), name.to_owned()] {
                let expected = format!("`{name}` is empty: give it a value, or leave it out");
                assert_eq!(query(route, &given).unwrap_err(), expected);
            }
        }
        assert_eq!(query(route, "q=").unwrap().get("q").map(String::as_str), Some(""));
    }

    #[test]
    fn every_operation_has_one_route() {
        let mut seen = std::collections::HashSet::new();
        for route in all() {
            assert!(seen.insert(route.op), "{:?} twice", route.op);
        }
    }
}
