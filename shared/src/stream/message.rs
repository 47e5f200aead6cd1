//! What one frame is. Owns: telling tweets from notices, in both dialects. Must not know: what a
//! tweet says. Invariant: any bytes have an answer; none is a panic, and a tweet is never copied.

use super::notice::{self, Notice};
use crate::id::TweetId;
use crate::text::cut;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A message that cannot be read is kept for people in so many characters.
const TEXT_MAX_CHARS: usize = 200;

/// Which of X's shapes a tweet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `{"data":{"id","text",…},"includes":…,"matching_rules":…}`.
    V2,
    /// `{"id_str","text"|"full_text","user":{…},…}`, as before 2023 and in archives.
    V11,
}

/// A tweet, recognized and not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post<'a> {
    /// The whole message.
    pub json: &'a str,
    /// Its shape.
    pub dialect: Dialect,
    /// Its id: what repeats are known by before anything is done with it.
    pub id: TweetId,
}

/// What a frame is.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// A tweet.
    Post(Post<'a>),
    /// Anything else X has to say: one or more, as one message may hold several.
    Notices(Vec<Notice>),
    /// No message of X: what it looks like.
    Unreadable(String),
}

/// Reads a frame.
pub fn read(frame: &[u8]) -> Message<'_> {
    let json = match std::str::from_utf8(frame) {
        Ok(json) => json,
        Err(error) => {
            return Message::Unreadable(format!("not UTF-8 at byte {}", error.valid_up_to()));
        }
    };
    let object = match look(json) {
        Ok(Some(object)) => object,
        Ok(None) => {
            return Message::Unreadable(format!("not an object: {}", cut(json, TEXT_MAX_CHARS)));
        }
        Err(error) => {
            return Message::Unreadable(format!(
                "not JSON ({error}): {}",
                cut(json, TEXT_MAX_CHARS)
            ));
        }
    };
    match object {
        Object { inner: Some((Some(id), true)), .. } => post(json, Dialect::V2, id),
        Object { id: Some(id), text: true, .. } => post(json, Dialect::V11, id),
        // Notices are rare: these may be read the long way.
        _ => match serde_json::from_str(json) {
            Ok(Value::Object(map)) => Message::Notices(notice::read(&map)),
            Ok(_) | Err(_) => {
                Message::Unreadable(format!("nested too deeply: {}", cut(json, TEXT_MAX_CHARS)))
            }
        },
    }
}

fn post(json: &str, dialect: Dialect, id: u64) -> Message<'_> {
    Message::Post(Post { json, dialect, id: TweetId(id) })
}

/// One pass over the whole text, which thereby is known to be JSON; none if it is no object.
fn look(json: &str) -> Result<Option<Object>, serde_json::Error> {
    let mut input = serde_json::Deserializer::from_str(json);
    let object = Outline { nested: false }.deserialize(&mut input)?;
    input.end()?;
    Ok(object)
}

/// Of an object what tells a tweet.
#[derive(Default)]
struct Object {
    id: Option<u64>,
    text: bool,
    /// The same of its `data`.
    inner: Option<(Option<u64>, bool)>,
}

/// Reads an [`Object`]; none from anything else.
struct Outline {
    nested: bool,
}

enum Key {
    Id,
    Text,
    Data,
    Other,
}

struct Keys;

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Keys {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "id" | "id_str" => Key::Id,
            "text" | "full_text" => Key::Text,
            "data" => Key::Data,
            _ => Key::Other,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Outline {
    type Value = Option<Object>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The arms of a visitor for what is of no interest: consumed, and answered with `$nothing`.
macro_rules! nothing {
    ($nothing:expr; $($name:ident($kind:ty)),*) => {
        $(fn $name<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($nothing)
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

impl<'de> Visitor<'de> for Outline {
    type Value = Option<Object>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key_seed(Keys)? {
            match key {
                Key::Id => {
                    let found = map.next_value_seed(Scalar)?;
                    object.id = found.number.or(object.id);
                }
                Key::Text => object.text |= map.next_value_seed(Scalar)?.text,
                Key::Data if !self.nested => {
                    let inner = map.next_value_seed(Outline { nested: true })?;
                    object.inner = inner.map(|inner| (inner.id, inner.text));
                }
                Key::Data | Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(object))
    }

    nothing!(None; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

/// A value as an id and as a text.
struct Scalar;

#[derive(Default)]
struct Found {
    number: Option<u64>,
    text: bool,
}

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Found;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        Ok(Found { number: Some(number), text: false })
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        let id = text.parse::<TweetId>().ok();
        Ok(Found { number: id.map(|id| id.0), text: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::default())
    }

    nothing!(Found::default(); visit_bool(bool), visit_i64(i64), visit_f64(f64));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<(Dialect, u64)>) {
        let found = match read(json.as_bytes()) {
            Message::Post(post) => {
                assert_eq!(post.json, json);
                Some((post.dialect, post.id.0))
            }
            _ => None,
        };
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn a_tweet_of_api_v2_has_data_with_id_and_text() {
        let v2 = |id| Some((Dialect::V2, id));
        check(r#"{"data":{"id":"12","text":"hi"}}"#, v2(12));
        check(
            r#"{"matching_rules":[{"id":"1"}],"includes":{"users":[{"id":"9","text":"x"}]},"data":{"edit_history_tweet_ids":["12"],"text":"\ud83c\udf0d","id":"1857043292182618112","data":{"id":"7"}}}"#,
            v2(1_857_043_292_182_618_112),
        );
        check(r#"{"data":{"id":12,"text":""},"errors":[{"title":"Not Found"}]}"#, v2(12));
    }

    #[test]
    fn a_tweet_of_the_old_dialect_has_id_and_text_of_its_own() {
        let v11 = |id| Some((Dialect::V11, id));
        check(r#"{"id":12,"id_str":"12","text":"hi","user":{"id":3}}"#, v11(12));
        check(
            r#"{"id_str":"1857043292182618112","full_text":"hi"}"#,
            v11(1_857_043_292_182_618_112),
        );
        check(r#"{"id":1857043292182618112,"text":"hi"}"#, v11(1_857_043_292_182_618_112));
        check(r#"{"text":"hi","id":null,"id_str":"12"}"#, v11(12));
    }

    #[test]
    fn objects_that_miss_either_are_no_tweets() {
        for json in [
            r#"{"data":{"id":"12"}}"#,
            r#"{"data":{"text":"hi"}}"#,
            r#"{"data":{"id":"x","text":"hi"}}"#,
            r#"{"data":{"id":"12","text":7}}"#,
            r#"{"data":[{"id":"12","text":"hi"}]}"#,
            r#"{"data":{"data":{"id":"12","text":"hi"}}}"#,
            r#"{"id":"12","user":{"text":"hi"}}"#,
            r#"{"text":"hi"}"#,
            r#"{"id":-1,"text":"hi"}"#,
            r#"{"id":1e3,"text":{"id":4}}"#,
            "{}",
        ] {
            check(json, None);
            assert!(matches!(read(json.as_bytes()), Message::Notices(_)), "{json}");
        }
    }

    #[track_caller]
    fn unreadable(frame: &[u8], expected: &str) {
        let Message::Unreadable(text) = read(frame) else { panic!("{frame:?}") };
        assert!(text.contains(expected) && text.chars().count() < 300, "{text}");
    }

    #[test]
    fn what_is_no_object_is_unreadable() {
        for json in ["1", "-1", "1.5", "true", "null", "\"text\"", "[1,[2]]", "[]"] {
            unreadable(json.as_bytes(), "not an object");
        }
    }

    #[test]
    fn what_is_no_json_is_unreadable() {
        for text in [
            "<html>",
            "{",
            r#"{"data":{"id":"12","text":"hi"}"#,
            "Exceeded connection limit",
            r#"{"data":{"id":"12","text":"hi"}}{"#,
            r#"{"data":{"id":"1","text":"\ud800"}}"#,
            " ",
        ] {
            unreadable(text.as_bytes(), "not JSON");
        }
        unreadable(b"{\"text\":\"\xff\"}", "not UTF-8 at byte 9");
        unreadable("é".repeat(10_000).as_bytes(), "not JSON");
        let deep = "[".repeat(300_000) + &"]".repeat(300_000);
        unreadable(format!(r#"{{"a":{deep}}}"#).as_bytes(), "nested too deeply");
        unreadable(deep.as_bytes(), "not an object");
    }
}
