//! Both dialects, and what is no tweet.

use super::*;
use crate::live::samples::{v2, v11, with};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text<'r>(field: &'r Field<Text<'_>>) -> &'r str {
    field.get().map_or("-", Text::raw)
}

#[test]
fn a_tweet_of_the_new_dialect_is_read() {
    let message = v2().to_string();
    let raw = read(&message).unwrap().unwrap();
    assert_eq!((raw.dialect, raw.id), (Some(Dialect::V2), Field::Is(1_857_043_292_182_618_112)));
    assert_eq!((raw.author, raw.point), (Field::Is(12), Field::Is([6.9583, 50.9413])));
    assert_eq!((text(&raw.lang), text(&raw.place)), ("de", "p1"));
    assert_eq!((raw.users.len(), raw.places.len()), (2, 2));
    assert_eq!(raw.places[1].bounds, Field::Is([6.75, 50.75, 7.25, 51.25]));
    let rules: Vec<&str> = raw.rules.iter().map(Text::raw).collect();
    assert_eq!(rules, ["zoos", "8"], "a rule without a tag is called by its id");
}

#[test]
fn a_tweet_of_the_old_dialect_is_read() {
    let message = v11().to_string();
    let raw = read(&message).unwrap().unwrap();
    assert_eq!((raw.dialect, raw.id), (Some(Dialect::V11), Field::Is(1_857_043_292_182_618_112)));
    assert_eq!(
        (raw.point, raw.old_point),
        (Field::Is([6.9583, 50.9413]), Field::Is([6.9583, 50.9413]))
    );
    assert_eq!(raw.places[0].bounds, Field::Is([6.75, 50.75, 7.25, 51.25]));
    assert_eq!(text(&raw.whole.text), "Fish &amp; chips &lt;3 #food @ada");
    assert_eq!(text(&raw.users[0].avatar), "https://pbs.twimg.com/z.png");
    assert_eq!(text(&raw.users[0].username), "zoe");
}

#[test]
fn the_names_of_posts_are_read_as_those_of_tweets() {
    let message = v2()
        .to_string()
        .replace("referenced_tweets", "referenced_posts")
        .replace("edit_history_tweet_ids", "edit_history_post_ids");
    let renamed = read(&message).unwrap().unwrap();
    assert_eq!(renamed, read(&v2().to_string()).unwrap().unwrap());
    for key in ["note_tweet", "note_post"] {
        let long = with(v2(), &format!("/data/{key}"), json!({"text": "long", "entities": {}}));
        assert_eq!(text(&read(&long.to_string()).unwrap().unwrap().whole.text), "long", "{key}");
    }
}

#[test]
fn what_is_no_tweet_is_none() {
    for message in [
        "5",
        "null",
        "[]",
        "\"x\"",
        "{}",
        r#"{"data":5}"#,
        r#"{"data":{"id":"1"}}"#,
        r#"{"data":{"text":"x"}}"#,
        r#"{"data":{"id":"x","text":"x"}}"#,
        r#"{"delete":{"status":{"id":1,"id_str":"1","user_id":3}}}"#,
        r#"{"limit":{"track":7}}"#,
        r#"{"errors":[{"title":"x"}]}"#,
        r#"{"data":{"delete":{"tweet":{"id":"1","author_id":"2"}}}}"#,
        r#"{"warning":{"code":"FALLING_BEHIND","message":"x"}}"#,
    ] {
        assert_eq!(read(message), Ok(None), "{message}");
    }
}

#[test]
fn what_is_no_json_is_malformed() {
    for message in
        ["", "{", r#"{"data":{"id":"1","text":"x"}"#, "nonsense", r#"{"data":{"id":NaN}}"#]
    {
        assert!(read(message).is_err(), "{message}");
    }
}

#[test]
fn lists_have_an_end() {
    let users: Vec<Value> = (0..1_000).map(|id| json!({"id": id.to_string()})).collect();
    let message = with(v2(), "/includes/users", Value::from(users)).to_string();
    assert_eq!(read(&message).unwrap().unwrap().users.len(), LIST_MAX);
}

#[test]
fn a_polygon_is_read_whatever_corner_comes_first() {
    let ring = |ring: Value| {
        let boxed = json!({"type": "Polygon", "coordinates": [ring]});
        let message = with(v11(), "/place/bounding_box", boxed).to_string();
        read(&message).unwrap().unwrap().places[0].bounds
    };
    let expected = Field::Is([6.0, 50.0, 7.0, 51.0]);
    assert_eq!(ring(json!([[7, 51], [6, 51], [6, 50], [7, 50]])), expected);
    assert_eq!(ring(json!([[6, 51], [7, 51], [7, 50], [6, 50]])), expected);
    let across = Field::Is([177.0, -20.0, -178.0, -12.0]);
    assert_eq!(ring(json!([[177, -20], [-178, -20], [-178, -12], [177, -12]])), across);
    for odd in [json!([]), json!([[1, 2]]), json!([[1, 2], [1, 2], ["x", 2]]), json!(5)] {
        assert_eq!(ring(odd.clone()), Field::Odd, "{odd}");
    }
}

/// Every path to a value inside.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    if let Value::Object(object) = value {
        for (key, inner) in object {
            let path = format!("{path}/{key}");
            all.push(path.clone());
            paths(inner, &path, all);
        }
    }
}

#[test]
fn one_odd_field_never_costs_the_tweet() {
    for (message, needed) in
        [(v2(), ["/data", "/data/id", "/data/text"]), (v11(), ["/id", "/id_str", "/text"])]
    {
        let mut all = Vec::new();
        paths(&message, "", &mut all);
        for path in all.iter().filter(|path| !needed.contains(&path.as_str())) {
            for odd in [
                json!(5),
                json!("x"),
                json!([]),
                json!({}),
                json!(true),
                json!(null),
                json!([[{}]]),
            ] {
                let mut changed = message.clone();
                *changed.pointer_mut(path).unwrap() = odd.clone();
                let text = changed.to_string();
                let raw = read(&text).unwrap().unwrap_or_else(|| panic!("{path} = {odd}"));
                assert_eq!(raw.id, Field::Is(1_857_043_292_182_618_112), "{path} = {odd}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_cut_or_changed_message_panics(cut in 0..3_000_usize, at in 0..3_000_usize, byte: u8) {
        for message in [v2(), v11()] {
            let mut bytes = message.to_string().into_bytes();
            bytes.truncate(cut);
            let length = bytes.len().max(1);
            if let Some(place) = bytes.get_mut(at % length) {
                *place = byte;
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                let json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                prop_assert_eq!(read(text).is_ok(), json, "{}", text);
            }
        }
    }
}
