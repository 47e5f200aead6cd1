//! What is shown of one of X's user objects. Owns: which fields are asked for and how both name
//! dialects are read. Must not know: how objects are kept. Invariant: every field but the id may
//! be missing, null or of another shape; what cannot be read is absent, never wrong.

use super::count::count;
use super::json_id::{JsonId, read_id};
use crate::api::{Person, Verified};
use crate::id::UserId;
use crate::time::UnixMs;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The `user.fields` of a check: what the page shows and the seed's `USER_INFO` keeps.
pub const USER_FIELDS: &str =
    "created_at,description,profile_image_url,protected,public_metrics,verified,verified_type";

/// The same with whether the account follows them: X tells that in user context only.
pub const USER_FIELDS_OWNER: &str = "connection_status,created_at,description,\
     profile_image_url,protected,public_metrics,verified,verified_type";

/// X's picture of people who have none: shown as initials.
const NO_PICTURE: &str = "/default_profile_images/";

/// The shown part of a user object.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Who.
    pub person: Person,
    /// Their own followers.
    pub followers: Option<u64>,
    /// X's mark.
    pub verified: Option<Verified>,
    /// Whether their posts are protected.
    pub protected: bool,
    /// Their profile text.
    pub description: Option<String>,
    /// When they made their account.
    pub joined: Option<UnixMs>,
    /// How many posts they have written.
    pub posts: Option<u64>,
    /// Whether the account follows them too; `None` where X did not say.
    pub mutual: Option<bool>,
    /// Whether they follow whoever asked; `None` where X did not say.
    pub follows: Option<bool>,
    /// Whether whoever asked blocks them; `None` where X did not say.
    pub blocked: Option<bool>,
}

/// The fields, each read on its own: one odd field must not cost the others.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id_str: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    username: Value,
    #[serde(default, deserialize_with = "loose")]
    name: Value,
    #[serde(default, deserialize_with = "loose")]
    profile_image_url: Value,
    #[serde(default, deserialize_with = "loose")]
    public_metrics: Value,
    #[serde(default, deserialize_with = "loose")]
    verified: Value,
    #[serde(default, deserialize_with = "loose")]
    verified_type: Value,
    #[serde(default, deserialize_with = "loose")]
    protected: Value,
    #[serde(default, deserialize_with = "loose")]
    description: Value,
    #[serde(default, deserialize_with = "loose")]
    created_at: Value,
    #[serde(default, deserialize_with = "loose")]
    connection_status: Value,
}

/// A value, or null where its text cannot be taken (a lone surrogate, say).
fn loose<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

impl Profile {
    /// Reads a user object that stands alone; `None` without an id that can be trusted.
    pub fn from_raw(raw: &str) -> Option<Self> {
        let fields: Raw<'_> = serde_json::from_str(object(raw)?).ok()?;
        let id = read_id(fields.id_str, fields.id).alone()?;
        Some(Self::of_fields(UserId(id), &fields))
    }

    /// Reads a user object whose id is known: that of an integer above 2^53 can only be trusted by
    /// the file it stood in.
    pub fn of(id: UserId, raw: &str) -> Option<Self> {
        let fields: Raw<'_> = serde_json::from_str(object(raw)?).ok()?;
        Some(Self::of_fields(id, &fields))
    }

    fn of_fields(id: UserId, raw: &Raw<'_>) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let filled = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
        let connections = raw.connection_status.as_array();
        let connected = |word: &str| connections.map(|all| all.iter().any(|status| status == word));
        Self {
            person: Person {
                id,
                username: text(&raw.username),
                name: text(&raw.name),
                avatar: filled(&raw.profile_image_url).filter(|url| !url.contains(NO_PICTURE)),
            },
            followers: raw.public_metrics.get("followers_count").and_then(count),
            verified: mark(&raw.verified, &raw.verified_type),
            protected: raw.protected.as_bool().unwrap_or_default(),
            description: filled(&raw.description),
            joined: raw.created_at.as_str().and_then(UnixMs::parse),
            posts: raw.public_metrics.get("tweet_count").and_then(count),
            mutual: connected("following"),
            follows: connected("followed_by"),
            blocked: connected("blocking"),
        }
    }
}

/// Largest user object taken: X's own are under 4 KB.
pub const USER_MAX_BYTES: usize = 64 * 1024;

/// The little of a user object that reading a list needs: cheap enough for a million of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// What its id fields say.
    pub id: JsonId,
    /// The handle; empty where the object has none.
    pub username: Cow<'a, str>,
}

impl<'a> Head<'a> {
    /// Reads a JSON value; without an id if it is no object, or one that has a field twice.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(raw: &'a str) -> serde_json::Result<Self> {
        #[derive(Default, Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, default)]
            id: Option<&'a RawValue>,
            #[serde(borrow, default)]
            id_str: Option<&'a RawValue>,
            #[serde(borrow, default)]
            username: Option<&'a RawValue>,
        }
        let fields = match object(raw).map(serde_json::from_str::<Fields<'a>>) {
            Some(Ok(fields)) => fields,
            Some(Err(error)) if !error.is_data() => return Err(error),
            _ => {
                // No user; but is it JSON at all?
                serde_json::from_str::<serde::de::IgnoredAny>(raw)?;
                Fields::default()
            }
        };
        let username = fields.username.map_or(Cow::Borrowed(""), |raw| handle(raw.get()));
        Ok(Self { id: read_id(fields.id_str, fields.id), username })
    }
}

/// The text if it is an object's: a derived struct would take an array too.
pub(crate) fn object(raw: &str) -> Option<&str> {
    raw.trim_start().starts_with('{').then_some(raw)
}

/// A JSON string's text, borrowed where nothing is escaped; another value's is empty.
fn handle(json: &str) -> Cow<'_, str> {
    if let Ok(plain) = serde_json::from_str::<&str>(json) {
        return Cow::Borrowed(plain);
    }
    Cow::Owned(serde_json::from_str::<String>(json).unwrap_or_default())
}

/// `verified_type` where X gives it; before there was one, `verified` alone meant blue.
fn mark(verified: &Value, kind: &Value) -> Option<Verified> {
    match kind.as_str() {
        Some(word) => Verified::from_word(word),
        None => verified.as_bool().filter(|yes| *yes).map(|_| Verified::Blue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(raw: &str) -> Profile {
        Profile::from_raw(raw).unwrap()
    }

    #[test]
    fn every_shown_field_is_read() {
        let seen = profile(
            r#"{"id":"1857043292182618112","username":"ada","name":"Ada 🐦","protected":true,
                "profile_image_url":"https://pbs.twimg.com/a.png","description":"x",
                "public_metrics":{"followers_count":7,"post_count":3},"verified":true,
                "verified_type":"business","created_at":"2021-01-06T18:40:40.000Z",
                "connection_status":["followed_by","following"]}"#,
        );
        assert_eq!(seen.person.name, "Ada 🐦");
        assert_eq!(seen.person.avatar.as_deref(), Some("https://pbs.twimg.com/a.png"));
        assert_eq!((seen.followers, seen.verified), (Some(7), Some(Verified::Business)));
        assert_eq!((seen.protected, seen.mutual), (true, Some(true)));
        assert_eq!(seen.joined, UnixMs::parse("2021-01-06T18:40:40Z"));
    }

    #[test]
    fn an_id_alone_is_enough() {
        let seen = profile(r#"{"id":"12"}"#);
        assert_eq!((seen.person.username.as_str(), seen.mutual, seen.verified), ("", None, None));
    }

    #[test]
    fn one_odd_field_does_not_cost_the_others() {
        let seen = profile(r#"{"id":"12","name":null,"username":"ada","public_metrics":"?"}"#);
        assert_eq!((seen.person.username.as_str(), seen.followers), ("ada", None));
    }

    #[test]
    fn a_text_that_is_no_unicode_costs_only_itself() {
        let seen = profile(r#"{"id":"12","name":"\ud800","username":"ada"}"#);
        assert_eq!((seen.person.username.as_str(), seen.person.name.as_str()), ("ada", ""));
    }

    #[test]
    fn x_default_picture_counts_as_none() {
        let url = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png";
        assert_eq!(
            profile(&format!(r#"{{"id":"1","profile_image_url":"{url}"}}"#)).person.avatar,
            None
        );
    }

    #[test]
    fn without_an_id_there_is_no_one() {
        for raw in ["{}", r#"{"id":"x"}"#, r#"{"id":1.5}"#, "[]", r#"["5","a"]"#, "nonsense"] {
            assert_eq!(Profile::from_raw(raw), None, "{raw}");
        }
        let rounded = r#"{"id":1857043292182618000,"username":"ada"}"#;
        assert_eq!(Profile::from_raw(rounded), None);
        let known = Profile::of(UserId(1_857_043_292_182_618_112), rounded).unwrap();
        assert_eq!(
            (known.person.id.0, known.person.username.as_str()),
            (1_857_043_292_182_618_112, "ada")
        );
    }

    #[test]
    fn a_count_that_nobody_can_have_is_none() {
        let followers = |count: &str| {
            profile(&format!(r#"{{"id":"1","public_metrics":{{"followers_count":{count}}}}}"#))
                .followers
        };
        assert_eq!(followers("9007199254740991"), Some(9_007_199_254_740_991));
        for count in ["9007199254740992", "18446744073709551615", "1e30", "-1", "1.5", "null"] {
            assert_eq!(followers(count), None, "{count}");
        }
    }
}
