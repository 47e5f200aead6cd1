//! Recent search: what fills a gap, and what tells a rule's price. Owns: queries out of rules,
//! tweets out of pages. Must not know: what a tweet says. Invariant: a tweet that was found has
//! the same shape as one that was streamed, with its own author and place beside it and nobody
//! else's.
//!
//! Search is not the stream: since May 2026 X leaves retweets out of searches by keyword, and which
//! rule a found tweet matched is not told. What is filled in is counted as such.

use super::rules::{alternatives, join, operators};
use super::settings::fields;
use crate::id::TweetId;
use crate::time::{SECOND_MS, UnixMs};
use crate::x::count::count;
use crate::x::page::{PageFault, token};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Where tweets are searched.
pub const SEARCH_PATH: &str = "/2/tweets/search/recent";
/// Where matching tweets are counted.
pub const COUNTS_PATH: &str = "/2/tweets/counts/recent";
/// Characters of a query that self-serve apps may send.
pub const QUERY_CHARS: usize = 512;
/// Tweets of one page.
pub const PAGE_POSTS: u64 = 100;
/// Search takes an `end_time` that is at least this old.
const END_AGO_MS: i64 = 10 * SECOND_MS;

/// The queries for a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queries {
    /// Each at most [`QUERY_CHARS`]; together they find what the rules let through.
    pub queries: Vec<String>,
    /// Alternatives of rules that search cannot ask for, and what they miss stays missed:
    /// `sample:` cannot be repeated, and some are too long.
    pub left_out: Vec<String>,
}

/// The queries that find what these rules let through.
pub fn queries<'a>(rules: impl IntoIterator<Item = &'a str>) -> Queries {
    let parts: Vec<String> = rules.into_iter().flat_map(alternatives).collect();
    let (asked, left_out) = parts.into_iter().partition(|part| {
        let sampled = operators(part).iter().any(|name| name.eq_ignore_ascii_case("sample"));
        !sampled && part.chars().count() <= QUERY_CHARS
    });
    Queries { queries: join(asked, QUERY_CHARS), left_out }
}

/// The stretch of time to be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Inclusive, to the second.
    pub from: UnixMs,
    /// Exclusive, to the second.
    pub to: UnixMs,
}

impl Span {
    /// Of a gap, widened to whole seconds; none while its end is too young for search.
    pub fn of_gap(from: UnixMs, to: UnixMs, now: UnixMs) -> Option<Self> {
        let end = to.plus(SECOND_MS - 1).floor_second();
        (now.since(end) >= END_AGO_MS).then(|| Self { from: from.floor_second(), to: end })
    }
}

/// The parameters of a search: the same fields as the stream's.
pub fn search_params(query: &str, span: Span, token: Option<&str>) -> Vec<(String, String)> {
    let mut params = vec![
        ("query".to_owned(), query.to_owned()),
        ("start_time".to_owned(), span.from.rfc3339()),
        ("end_time".to_owned(), span.to.rfc3339()),
        ("max_results".to_owned(), PAGE_POSTS.to_string()),
    ];
    params.extend(token.map(|token| ("next_token".to_owned(), token.to_owned())));
    params.extend(fields());
    params
}

/// The parameters of a count.
pub fn counts_params(query: &str) -> Vec<(String, String)> {
    vec![("query".to_owned(), query.to_owned()), ("granularity".to_owned(), "day".to_owned())]
}

/// A page of found tweets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// Each with its id, newest first as X sends them, as a message of the stream:
    /// `{"data":…,"includes":…}`, on one line.
    pub posts: Vec<(TweetId, String)>,
    /// Entries without a readable id.
    pub dropped: u32,
    /// The token of the page after this; none on the last.
    pub next_token: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    includes: Option<Includes<'a>>,
    #[serde(default)]
    meta: Option<Value>,
    #[serde(default)]
    errors: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Includes<'a> {
    #[serde(borrow, default)]
    users: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    places: Vec<&'a RawValue>,
}

/// What ties a tweet to what is included beside it.
#[derive(Deserialize)]
struct Ties<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "loose")]
    author_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "loose_geo")]
    geo: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Geo<'a> {
    #[serde(borrow)]
    place_id: Cow<'a, str>,
}

fn loose<'de: 'a, 'a, D: Deserializer<'de>>(d: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    let raw = <&'de RawValue>::deserialize(d)?;
    Ok(serde_json::from_str::<&'de str>(raw.get()).ok().map(Cow::Borrowed))
}

fn loose_geo<'de: 'a, 'a, D: Deserializer<'de>>(d: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    let raw = <&'de RawValue>::deserialize(d)?;
    Ok(serde_json::from_str::<Geo<'de>>(raw.get()).ok().map(|geo| geo.place_id))
}

/// Reads a page of found tweets; `{"meta":{"result_count":0}}` is an empty one.
///
/// # Errors
/// The answer is no page.
pub fn read_page(body: &[u8]) -> Result<SearchPage, PageFault> {
    let answer: Answer<'_> =
        serde_json::from_slice(body).map_err(|error| PageFault::NotJson { at: error.column() })?;
    if answer.data.is_none() && answer.meta.is_none() {
        return Err(match answer.errors {
            Some(errors) => PageFault::Errors(crate::text::cut(&errors.to_string(), 300)),
            None => PageFault::NoData,
        });
    }
    let includes = answer.includes.unwrap_or_default();
    let (users, places) = (by_id(&includes.users), by_id(&includes.places));
    let mut page = SearchPage::default();
    for &post in answer.data.iter().flatten() {
        match message(post, &users, &places) {
            Some(post) => page.posts.push(post),
            None => page.dropped += 1,
        }
    }
    let next = answer.meta.as_ref().and_then(|meta| meta.get("next_token"));
    page.next_token = next.and_then(token);
    Ok(page)
}

fn by_id<'a>(included: &[&'a RawValue]) -> HashMap<String, &'a RawValue> {
    let named = |raw: &'a RawValue| {
        let named: Named<'a> = serde_json::from_str(raw.get()).ok()?;
        Some((named.id.into_owned(), raw))
    };
    included.iter().filter_map(|&raw| named(raw)).collect()
}

/// A found tweet as the stream would have sent it.
fn message(
    post: &RawValue,
    users: &HashMap<String, &RawValue>,
    places: &HashMap<String, &RawValue>,
) -> Option<(TweetId, String)> {
    let ties: Ties<'_> = serde_json::from_str(post.get()).ok()?;
    let id = ties.id.parse().ok()?;
    let user = ties.author_id.and_then(|id| users.get(id.as_ref()));
    let place = ties.geo.and_then(|id| places.get(id.as_ref()));
    let mut json = String::with_capacity(post.get().len() + 512);
    json.push_str(r#"{"data":"#);
    json.push_str(post.get());
    let lists = [("users", user), ("places", place)];
    let mut before = r#","includes":{"#;
    for (name, raw) in lists.into_iter().filter_map(|(name, raw)| Some((name, raw?))) {
        for part in [before, "\"", name, "\":[", raw.get(), "]"] {
            json.push_str(part);
        }
        before = ",";
    }
    json.push_str(if before == "," { "}}" } else { "}" });
    // Within JSON a line can end only between tokens, where it means nothing.
    if json.contains(['\n', '\r']) {
        json.retain(|c| !matches!(c, '\n' | '\r'));
    }
    Some((id, json))
}

/// Reads how many tweets matched in the last seven days.
///
/// # Errors
/// The answer is no count.
pub fn read_total(body: &[u8]) -> Result<u64, PageFault> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| PageFault::NotJson { at: error.column() })?;
    let total = body.get("meta").and_then(|meta| {
        ["total_tweet_count", "total_post_count"].iter().find_map(|name| count(meta.get(name)?))
    });
    let of_bucket = |bucket: &Value| {
        ["tweet_count", "post_count"].iter().find_map(|name| count(bucket.get(name)?))
    };
    let buckets = || {
        let buckets = body.get("data")?.as_array()?.iter().filter_map(of_bucket);
        Some(buckets.fold(0, u64::saturating_add))
    };
    total.or_else(buckets).ok_or(PageFault::NoData)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::message::{Message, read};

    const NOW: UnixMs = UnixMs(1_763_712_000_000); // 2025-11-21T08:00:00Z

    #[test]
    fn queries_ask_for_everything_the_rules_let_through() {
        let long = (0..60).map(|n| format!("word{n:03}")).collect::<Vec<_>>().join(" OR ");
        let queries = queries([long.as_str(), "cat has:geo", "\"a OR b\" -c"]);
        assert_eq!(queries.left_out, [""; 0]);
        assert_eq!(queries.queries.len(), 2);
        assert!(queries.queries.iter().all(|query| query.chars().count() <= QUERY_CHARS));
        let again: Vec<String> = queries.queries.iter().flat_map(|q| alternatives(q)).collect();
        let all = [long.as_str(), "cat has:geo", "\"a OR b\" -c"].map(alternatives).concat();
        assert_eq!(again, all);
    }

    #[test]
    fn what_search_cannot_ask_for_is_named() {
        let long = format!("({})", ["word"; 200].join(" OR "));
        let queries = queries(["cat sample:10 OR dog", long.as_str()]);
        assert_eq!(queries.queries, ["dog"]);
        assert_eq!(queries.left_out, ["cat sample:10".to_owned(), long]);
    }

    #[test]
    fn a_gap_is_searched_in_whole_seconds_once_it_is_old_enough() {
        let (from, to) = (NOW.plus(250), NOW.plus(30_001));
        assert_eq!(Span::of_gap(from, to, NOW.plus(40_999)), None);
        let span = Span::of_gap(from, to, NOW.plus(41_000)).unwrap();
        let params = search_params("cat OR dog", span, Some("t"));
        let of = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(of("start_time"), Some("2025-11-21T08:00:00Z"));
        assert_eq!(of("end_time"), Some("2025-11-21T08:00:31Z"));
        assert_eq!((of("query"), of("next_token")), (Some("cat OR dog"), Some("t")));
        assert_eq!(of("expansions"), Some("author_id,geo.place_id"));
    }

    const PAGE: &str = r#"{"data":[
        {"id":"12","text":"a\nb","author_id":"3","geo":{"place_id":"p1"}},
        {"id":"11","text":"c","author_id":"4","geo":null},
        {"id":"10","text":"d","author_id":7},
        {"id":"x","text":"e"}
    ],"includes":{"users":[{"id":"3","name":"N"},{"id":"9"},{"name":"?"}],"places":[{"id":"p1"}],"tweets":[{"id":"1"}]},
    "meta":{"newest_id":"12","oldest_id":"10","result_count":3,"next_token":"n"}}"#;

    #[test]
    fn found_tweets_look_like_streamed_ones() {
        let page = read_page(PAGE.as_bytes()).unwrap();
        assert_eq!((page.dropped, page.next_token.as_deref()), (1, Some("n")));
        let posts: Vec<(u64, &str)> =
            page.posts.iter().map(|(id, json)| (id.0, json.as_str())).collect();
        assert_eq!(
            posts,
            [
                (
                    12,
                    r#"{"data":{"id":"12","text":"a\nb","author_id":"3","geo":{"place_id":"p1"}},"includes":{"users":[{"id":"3","name":"N"}],"places":[{"id":"p1"}]}}"#
                ),
                (11, r#"{"data":{"id":"11","text":"c","author_id":"4","geo":null}}"#),
                (10, r#"{"data":{"id":"10","text":"d","author_id":7}}"#),
            ]
        );
        for (id, json) in &page.posts {
            let Message::Post(post) = read(json.as_bytes()) else { panic!("{json}") };
            assert_eq!(post.id, *id);
        }
    }

    #[test]
    fn tweets_on_several_lines_come_out_on_one() {
        let body = "{\"data\":[{\"id\":\"1\",\r\n \"text\":\"x\"}],\"meta\":{}}";
        assert_eq!(
            read_page(body.as_bytes()).unwrap().posts[0].1,
            r#"{"data":{"id":"1", "text":"x"}}"#
        );
    }

    #[test]
    fn pages_without_tweets() {
        let empty = read_page(br#"{"meta":{"result_count":0}}"#);
        assert_eq!(empty, Ok(SearchPage::default()));
        assert_eq!(read_page(b"{}"), Err(PageFault::NoData));
        assert!(matches!(read_page(b"<"), Err(PageFault::NotJson { .. })));
        let errors = read_page(br#"{"errors":[{"message":"m"}]}"#);
        assert!(matches!(errors, Err(PageFault::Errors(text)) if text.contains('m')));
    }

    #[test]
    fn counts_are_read_in_every_form() {
        for (body, expected) in [
            (r#"{"data":[{"tweet_count":3}],"meta":{"total_tweet_count":12400}}"#, Ok(12_400)),
            (r#"{"meta":{"total_post_count":"7"}}"#, Ok(7)),
            (r#"{"data":[{"tweet_count":3},{"tweet_count":4}]}"#, Ok(7)),
            ("{}", Err(PageFault::NoData)),
        ] {
            assert_eq!(read_total(body.as_bytes()), expected, "{body}");
        }
    }
}
