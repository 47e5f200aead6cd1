//! Answers of X read: pages of followers, look-ups. Owns: the envelope (`data`, `includes`,
//! `meta`, `errors`). Must not know: what is done with users. Invariant: an entry without a
//! readable id is dropped and counted; raw objects stay as X wrote them.

use super::count::count;
use super::json_id::{JsonId, id_of};
use super::user::USER_MAX_BYTES;
use crate::id::UserId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A page of 1,000 users with every field is under 2 MB.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// Why a good status carries no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// Not JSON, or cut.
    #[error("X's answer is not whole JSON (byte {at})")]
    NotJson {
        /// Where reading stopped.
        at: usize,
    },
    /// Errors and nothing else.
    #[error("X answered with errors only: {0}")]
    Errors(String),
    /// Neither data nor meta: not an answer to this question.
    #[error("X's answer has neither `data` nor `meta`")]
    NoData,
    /// More than a page can be.
    #[error("X's answer is larger than {BODY_MAX} bytes")]
    TooLarge,
}

/// A user of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUser {
    /// The id.
    pub id: UserId,
    /// The object as X wrote it.
    pub raw: String,
}

/// A page of followers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowersPage {
    /// Its users, in X's order.
    pub users: Vec<PageUser>,
    /// The token of the page after it.
    pub next_token: Option<String>,
    /// Entries without a readable id.
    pub dropped: u32,
    /// Entries of `errors` beside the data: people X kept back.
    pub refused: u32,
}

/// A look-up of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Those X shows.
    pub users: Vec<PageUser>,
    /// Those it does not, and why.
    pub errors: Vec<LookupError>,
}

/// Why X does not show someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError {
    /// The id or handle asked for.
    pub value: String,
    /// X's title.
    pub title: String,
    /// X's words.
    pub detail: String,
    /// The last segment of the problem's type, such as `resource-not-found`.
    pub kind: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    meta: Option<Value>,
    #[serde(default, deserialize_with = "errors")]
    errors: Vec<Value>,
}

/// `errors` as a list, whatever its shape.
fn errors<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(errors) => errors,
        Value::Null => Vec::new(),
        other => vec![other],
    })
}

fn envelope(body: &[u8]) -> Result<Envelope<'_>, PageFault> {
    if body.len() > BODY_MAX {
        return Err(PageFault::TooLarge);
    }
    serde_json::from_slice(body).map_err(|error| {
        // One line of JSON is the rule; then the column is the byte.
        let before: usize = body
            .split(|b| *b == b'\n')
            .take(error.line().saturating_sub(1))
            .map(|line| line.len() + 1)
            .sum();
        PageFault::NotJson { at: before + error.column() }
    })
}

/// Reads a page of followers. `{"meta":{"result_count":0}}` is an empty page.
///
/// # Errors
/// The answer is no page.
pub fn followers_page(body: &[u8]) -> Result<FollowersPage, PageFault> {
    let envelope = envelope(body)?;
    if envelope.data.is_none() && !envelope.errors.is_empty() {
        return Err(PageFault::Errors(summary(&envelope.errors)));
    }
    if envelope.data.is_none() && envelope.meta.is_none() {
        return Err(PageFault::NoData);
    }
    let (users, dropped) = users(envelope.data)?;
    let next_token = envelope.meta.as_ref().and_then(|meta| meta.get("next_token"));
    Ok(FollowersPage {
        users,
        next_token: next_token.and_then(token),
        dropped,
        refused: u32::try_from(envelope.errors.len()).unwrap_or(u32::MAX),
    })
}

/// Each person of a page once, by the last of their entries: X's pages shift while it is read, and
/// of one person twice the later entry is the newer sight.
pub fn latest(users: &[PageUser]) -> impl Iterator<Item = &PageUser> {
    let places = users.iter().enumerate();
    let last: HashMap<UserId, usize> = places.clone().map(|(at, user)| (user.id, at)).collect();
    places.filter(move |(at, user)| last.get(&user.id) == Some(at)).map(|(_, user)| user)
}

/// Reads a look-up, of one user or of many.
///
/// # Errors
/// The answer is no look-up.
pub fn lookup(body: &[u8]) -> Result<Lookup, PageFault> {
    let envelope = envelope(body)?;
    if envelope.data.is_none() && envelope.errors.is_empty() {
        return Err(PageFault::NoData);
    }
    let (users, _) = users(envelope.data)?;
    let errors = envelope.errors.iter().map(|error| {
        let text = |name: &str| text(error, name);
        let kind = text("type");
        LookupError {
            value: Some(text("resource_id"))
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| text("value")),
            title: text("title"),
            detail: text("detail"),
            kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    });
    Ok(Lookup { users, errors: errors.collect() })
}

/// The token of the page after this one; an empty text is none.
pub(crate) fn token(next_token: &Value) -> Option<String> {
    next_token.as_str().filter(|token| !token.is_empty()).map(str::to_owned)
}

/// X's own count of an account's followers, from its raw user object.
pub fn profile_count(raw: &str) -> Option<u64> {
    let user: Value = serde_json::from_str(raw).ok()?;
    count(user.get("public_metrics")?.get("followers_count")?)
}

/// How many people X says an account follows, from its raw user object.
pub fn profile_following(raw: &str) -> Option<u64> {
    let user: Value = serde_json::from_str(raw).ok()?;
    count(user.get("public_metrics")?.get("following_count")?)
}

/// How many tweets X says an account wrote, from its raw user object in either dialect.
pub fn profile_tweets(raw: &str) -> Option<u64> {
    let user: Value = serde_json::from_str(raw).ok()?;
    let counts = user.get("public_metrics")?;
    count(counts.get("tweet_count").or(counts.get("post_count"))?)
}

/// The users of `data`, an array or a single object, and how many have no id that can be trusted.
fn users(data: Option<&RawValue>) -> Result<(Vec<PageUser>, u32), PageFault> {
    let Some(data) = data else { return Ok((Vec::new(), 0)) };
    let raw: Vec<&RawValue> = if data.get().starts_with('[') {
        serde_json::from_str(data.get())
            .map_err(|error| PageFault::NotJson { at: error.column() })?
    } else {
        vec![data]
    };
    let ids: Vec<Option<JsonId>> = raw.iter().map(|raw| named(raw.get())).collect();
    let exact = ids.iter().flatten().any(|id| id.proves);
    let mut dropped = 0;
    let mut users = Vec::with_capacity(raw.len());
    for (raw, id) in raw.into_iter().zip(ids) {
        match id.and_then(|id| id.by(exact)) {
            Some(id) => users.push(PageUser { id: UserId(id), raw: raw.get().to_owned() }),
            None => dropped += 1,
        }
    }
    Ok((users, dropped))
}

/// The id of a user object that the snapshot's reader would take back.
fn named(raw: &str) -> Option<JsonId> {
    id_of(raw, USER_MAX_BYTES)
}

fn summary(errors: &[Value]) -> String {
    let first = errors.first().map(|error| {
        let (title, detail) = (text(error, "title"), text(error, "detail"));
        let message = text(error, "message");
        [title, detail, message]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join(": ")
    });
    let first = crate::text::cut(&first.unwrap_or_default(), 300);
    if errors.len() > 1 { format!("{first} (and {} more)", errors.len() - 1) } else { first }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_person_twice_on_a_page_the_later_entry_counts() {
        let body = r#"{"data":[{"id":"1","username":"old"},{"id":"2","username":"b"},
            {"id":"1","username":"new"},{"id":"3","username":"c"}],"meta":{}}"#;
        let page = followers_page(body.as_bytes()).unwrap();
        let raws: Vec<&str> = latest(&page.users).map(|user| user.raw.as_str()).collect();
        assert_eq!(
            raws,
            [
                r#"{"id":"2","username":"b"}"#,
                r#"{"id":"1","username":"new"}"#,
                r#"{"id":"3","username":"c"}"#
            ]
        );
        assert_eq!(latest(&[]).count(), 0);
    }

    /// Ids, next token, dropped, refused.
    type Page<'a> = (&'a [u64], Option<&'a str>, u32, u32);

    #[track_caller]
    fn check(body: &str, expected: Result<Page<'_>, &str>) {
        let found = followers_page(body.as_bytes());
        let found = found.map(|page| {
            let ids: Vec<u64> = page.users.iter().map(|user| user.id.0).collect();
            (ids, page.next_token, page.dropped, page.refused)
        });
        match (found, expected) {
            (Ok((ids, token, dropped, refused)), Ok(expected)) => {
                assert_eq!(
                    (ids.as_slice(), token.as_deref(), dropped, refused),
                    expected,
                    "{body}"
                );
            }
            (found, expected) => assert_eq!(
                found.map_err(|fault| fault.to_string()).unwrap_err(),
                expected.unwrap_err(),
                "{body}"
            ),
        }
    }

    #[test]
    fn pages_are_read() {
        let body = r#"{"data":[{"id":"9"},{"id":"1857043292182618112","name":"x"}],
            "meta":{"result_count":2,"next_token":"abc"}}"#;
        check(body, Ok((&[9, 1_857_043_292_182_618_112], Some("abc"), 0, 0)));
        check(r#"{"data":[{"id":"9"}],"meta":{"result_count":1}}"#, Ok((&[9], None, 0, 0)));
    }

    #[test]
    fn an_empty_token_is_the_end() {
        for token in [r#""""#, "null", "7"] {
            let body = format!(r#"{{"data":[{{"id":"9"}}],"meta":{{"next_token":{token}}}}}"#);
            check(&body, Ok((&[9], None, 0, 0)));
        }
    }

    #[test]
    fn a_page_decides_whether_its_integers_are_ids() {
        let big = r#"{"data":[{"id":1857043292182618000},{"id":7}],"meta":{}}"#;
        check(big, Ok((&[7], None, 1, 0)));
        let exact = r#"{"data":[{"id":1857043292182618000},{"id":1857043292182618112}],"meta":{}}"#;
        check(exact, Ok((&[1_857_043_292_182_618_000, 1_857_043_292_182_618_112], None, 0, 0)));
        let text =
            r#"{"data":[{"id":1857043292182618000,"id_str":"1857043292182618112"}],"meta":{}}"#;
        check(text, Ok((&[1_857_043_292_182_618_112], None, 0, 0)));
    }

    #[test]
    fn counts_that_nobody_can_have_are_none() {
        let huge = r#"{"public_metrics":{"followers_count":9007199254740992,
            "following_count":18446744073709551615,"tweet_count":1e99}}"#;
        assert_eq!(
            (profile_count(huge), profile_following(huge), profile_tweets(huge)),
            (None, None, None)
        );
    }

    #[test]
    fn an_empty_page_has_no_data() {
        check(r#"{"meta":{"result_count":0}}"#, Ok((&[], None, 0, 0)));
        check(r#"{"meta":{"result_count":0,"next_token":"n"}}"#, Ok((&[], Some("n"), 0, 0)));
    }

    #[test]
    fn what_cannot_be_read_is_dropped_and_counted() {
        check(r#"{"data":[{"id":"9"},{"name":"?"},["7"],7],"meta":{}}"#, Ok((&[9], None, 3, 0)));
    }

    #[test]
    fn errors_beside_data_are_counted() {
        check(r#"{"data":[{"id":"9"}],"errors":[{},{}],"meta":{}}"#, Ok((&[9], None, 0, 2)));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        check(
            r#"{"errors":[{"title":"T","detail":"D"},{}]}"#,
            Err("X answered with errors only: T: D (and 1 more)"),
        );
        check("{}", Err("X's answer has neither `data` nor `meta`"));
        check(r#"{"data":[{"id""#, Err("X's answer is not whole JSON (byte 14)"));
        check("<html>", Err("X's answer is not whole JSON (byte 1)"));
    }

    #[test]
    fn both_dialects_count_tweets() {
        assert_eq!(profile_tweets(r#"{"public_metrics":{"tweet_count":7}}"#), Some(7));
        assert_eq!(profile_tweets(r#"{"public_metrics":{"post_count":8}}"#), Some(8));
        assert_eq!(profile_tweets(r#"{"public_metrics":{}}"#), None);
    }

    #[test]
    fn a_lookup_tells_who_is_missing_and_why() {
        let body = r#"{"data":{"id":"9","public_metrics":{"followers_count":5}},"errors":[
            {"value":"7","title":"Not Found Error","detail":"Could not find user.",
             "type":"https://api.x.com/2/problems/resource-not-found"}]}"#;
        let found = lookup(body.as_bytes()).unwrap();
        assert_eq!(profile_count(&found.users[0].raw), Some(5));
        assert_eq!(
            (found.errors[0].value.as_str(), found.errors[0].kind.as_str()),
            ("7", "resource-not-found")
        );
    }
}
