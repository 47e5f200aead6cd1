//! Several objects of one tweet as one. Owns: whose word counts. Must not know: where they stood.
//! Invariant: what one of them says is in the result, unless one before it says otherwise.

use crate::metrics::Family;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Fields that are about a tweet's text, or are it: they belong together.
const WORDS: [&str; 4] = ["text", "entities", "note_tweet", "note_post"];

#[derive(Deserialize)]
#[serde(transparent)]
struct Fields<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);

/// A field: as one object has it, or metrics put together.
enum Field<'a> {
    Whole(&'a RawValue),
    Metrics(BTreeMap<String, &'a RawValue>),
}

/// One object of several, the one whose word counts most first; `None` where there is none, or one
/// that is no object. Metrics are put together one by one, everything else field by field.
pub(super) fn merge(objects: &[&str]) -> Option<String> {
    let mut merged: BTreeMap<String, Field<'_>> = BTreeMap::new();
    for raw in objects {
        let mut fields = serde_json::from_str::<Fields<'_>>(raw).ok()?.0;
        fields.retain(|_, value| value.get() != "null");
        if merged.contains_key("text") && fields.contains_key("text") {
            fields.retain(|name, _| !WORDS.contains(&name.as_str()));
        }
        for (name, value) in fields {
            let metrics = Family::of_field(&name).and_then(|_| values(value));
            match (merged.get_mut(&name), metrics) {
                (Some(Field::Metrics(known)), Some(metrics)) => {
                    for (metric, value) in metrics {
                        known.entry(metric).or_insert(value);
                    }
                }
                (Some(_), _) => {}
                (None, Some(metrics)) => drop(merged.insert(name, Field::Metrics(metrics))),
                (None, None) => drop(merged.insert(name, Field::Whole(value))),
            }
        }
    }
    (!objects.is_empty()).then(|| written(&merged))
}

/// The values of a family of metrics that are told.
fn values(raw: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    let mut values = serde_json::from_str::<Fields<'_>>(raw.get()).ok()?.0;
    values.retain(|_, value| value.get() != "null");
    Some(values)
}

fn written(fields: &BTreeMap<String, Field<'_>>) -> String {
    let object = |members: Vec<String>| format!("{{{}}}", members.join(","));
    let member = |name: &str, value: &str| format!("{}:{value}", serde_json::Value::from(name));
    let of = |(name, field): (&String, &Field<'_>)| match field {
        Field::Whole(value) => member(name, value.get()),
        Field::Metrics(values) => {
            let values = values.iter().map(|(name, value)| member(name, value.get()));
            member(name, &object(values.collect()))
        }
    };
    object(fields.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(objects: &[&str], expected: &Value) {
        let merged = merge(objects).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&merged).unwrap(), *expected);
    }

    #[test]
    fn each_field_is_the_first_ones_that_has_it() {
        let promoted = r#"{"id":"1","text":null,"lang":"en","promoted_metrics":{"like_count":4}}"#;
        let plain = r#"{"id":"1","text":"t","lang":"de","public_metrics":{"like_count":5}}"#;
        let both = json!({"id": "1", "text": "t", "lang": "en",
            "promoted_metrics": {"like_count": 4}, "public_metrics": {"like_count": 5}});
        check(&[promoted, plain], &both);
        check(&[plain], &serde_json::from_str(plain).unwrap());
    }

    #[test]
    fn metrics_are_put_together_one_by_one() {
        let first = r#"{"public_metrics":{"like_count":1,"reply_count":null}}"#;
        let second = r#"{"public_metrics":{"like_count":2,"reply_count":3,"quote_count":4}}"#;
        let both = json!({"public_metrics": {"like_count": 1, "reply_count": 3, "quote_count": 4}});
        check(&[first, second], &both);
        check(&[r#"{"public_metrics":7}"#, second], &json!({"public_metrics": 7}));
    }

    #[test]
    fn what_belongs_to_a_text_comes_with_it() {
        let bare = r#"{"text":"short"}"#;
        let rich =
            r#"{"text":"long","entities":{"urls":[]},"note_tweet":{"text":"x"},"lang":"en"}"#;
        check(&[bare, rich], &json!({"text": "short", "lang": "en"}));
        check(&[rich, bare], &serde_json::from_str(rich).unwrap());
        check(
            &[r#"{"id":"1"}"#, rich],
            &json!({"id": "1", "text": "long", "lang": "en",
            "entities": {"urls": []}, "note_tweet": {"text": "x"}}),
        );
    }

    #[test]
    fn what_is_no_unicode_stays_as_it_was_written() {
        let merged = merge(&[r#"{"text":"\ud800"}"#, r#"{"lang":"en"}"#]);
        assert_eq!(merged.as_deref(), Some(r#"{"lang":"en","text":"\ud800"}"#));
    }

    #[test]
    fn nothing_is_made_of_what_is_no_object() {
        assert_eq!(merge(&[]), None);
        assert_eq!(merge(&["[]"]), None);
    }
}
