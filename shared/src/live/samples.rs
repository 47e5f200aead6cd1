//! Messages for tests, as X sends them. Owns: one full tweet in each dialect, and the way to
//! change one field of it. Invariant: everything that is read is in them, next to things that
//! are not.

use super::event::{self, Arrival, Kept};
use super::hydrate::{self, Clean, Failures};
use super::sequence::Sequence;
use serde_json::{Value, json};

/// A v2 message with everything.
pub(crate) fn v2() -> Value {
    json!({
        "data": {
            "id": "1857043292182618112",
            "text": "Grüße aus Köln #zoo @ada https://t.co/a $X",
            "edit_history_tweet_ids": ["1857043292182618112"],
            "author_id": "12",
            "created_at": "2024-11-14T12:30:40.250Z",
            "lang": "de",
            "possibly_sensitive": true,
            "geo": {"place_id": "p1", "coordinates": {"type": "Point", "coordinates": [6.9583, 50.9413]}},
            "entities": {
                "annotations": [{"start": 10, "end": 13, "probability": 0.9, "type": "Place"}],
                "urls": [{"start": 25, "end": 39, "url": "https://t.co/a",
                    "expanded_url": "https://example.org/a", "display_url": "example.org/a"}],
                "hashtags": [{"start": 15, "end": 19, "tag": "zoo"}],
                "mentions": [{"start": 20, "end": 24, "username": "ada", "id": "13"}],
                "cashtags": [{"start": 40, "end": 42, "tag": "X"}],
            },
            "referenced_tweets": [{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "4"}],
            "public_metrics": {"like_count": 3},
        },
        "includes": {
            "users": [
                {"id": "13", "name": "Ada", "username": "ada"},
                {"id": "12", "name": "Zoë \"Z\" 🐦", "username": "zoe", "protected": false,
                    "profile_image_url": "https://pbs.twimg.com/z.png"},
            ],
            "places": [
                {"id": "p0", "full_name": "Elsewhere"},
                {"id": "p1", "full_name": "Cologne, Germany", "name": "Cologne", "country": "Germany",
                    "country_code": "DE", "place_type": "city",
                    "geo": {"type": "Feature", "bbox": [6.75, 50.75, 7.25, 51.25], "properties": {}}},
            ],
        },
        "matching_rules": [{"id": "7", "tag": "zoos"}, {"id": "8"}],
    })
}

/// A v1.1 status with everything.
pub(crate) fn v11() -> Value {
    json!({
        "created_at": "Thu Nov 14 12:30:40 +0000 2024",
        "id": 1_857_043_292_182_618_112_u64,
        "id_str": "1857043292182618112",
        "text": "Fish &amp; chips … https://t.co/b",
        "truncated": true,
        "extended_tweet": {
            "full_text": "Fish &amp; chips &lt;3 #food @ada",
            "display_text_range": [0, 33],
            "entities": {
                "hashtags": [{"text": "food", "indices": [23, 28]}],
                "user_mentions": [{"screen_name": "ada", "indices": [29, 33], "id_str": "13"}],
                "symbols": [], "urls": [],
            },
        },
        "entities": {"urls": [{"url": "https://t.co/b", "indices": [19, 33]}]},
        "in_reply_to_status_id": null,
        "in_reply_to_status_id_str": null,
        "quoted_status_id": 5,
        "quoted_status_id_str": "5",
        "user": {"id": 12, "id_str": "12", "name": "Zoë", "screen_name": "zoe",
            "profile_image_url": "http://pbs.twimg.com/z.png",
            "profile_image_url_https": "https://pbs.twimg.com/z.png"},
        "geo": {"type": "Point", "coordinates": [50.9413, 6.9583]},
        "coordinates": {"type": "Point", "coordinates": [6.9583, 50.9413]},
        "place": {"id": "p1", "place_type": "city", "name": "Cologne",
            "full_name": "Cologne, Germany", "country_code": "DE", "country": "Germany",
            "bounding_box": {"type": "Polygon", "coordinates": [
                [[6.75, 50.75], [6.75, 51.25], [7.25, 51.25], [7.25, 50.75]]]}},
        "possibly_sensitive": false,
        "lang": "en",
        "retweet_count": 0,
    })
}

/// The same with another value at a path like `/data/lang`; `Value::Null` takes it away.
pub(crate) fn with(mut message: Value, path: &str, value: Value) -> Value {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let object = message.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value);
    }
    message
}

/// Looks at the clean tweet of a message and at the names of what failed.
pub(crate) fn cleaned<T>(
    message: &Value,
    look: impl FnOnce(&Clean<'_>) -> T,
) -> (T, Vec<&'static str>) {
    let text = message.to_string();
    let mut failures = Failures::default();
    let clean = hydrate::hydrate(&text, None, &mut failures).unwrap().unwrap();
    (look(&clean), failures.iter().map(|(name, _)| name).collect())
}

/// The events of a message, numbered from `seq` on.
pub(crate) fn events(message: &Value, seq: u64) -> Vec<Kept> {
    let text = message.to_string();
    let clean = hydrate::hydrate(&text, None, &mut Failures::default()).unwrap().unwrap();
    let (mut sequence, _) = Sequence::restart(seq - 1, seq - 1);
    sequence.raise(seq + 10);
    let mut out = Vec::new();
    let arrival = Arrival { at_text: "2024-11-14T12:30:41Z", late: false };
    event::of_tweet(&clean, arrival, &mut sequence, &mut String::new(), &mut out);
    out
}

/// A tweet by `author` with that id: number `seq`, and `seq + 1` for its place.
pub(crate) fn tweet(seq: u64, id: u64, author: u64) -> Vec<Kept> {
    let mut message = with(v2(), "/data/id", json!(id.to_string()));
    message["data"]["author_id"] = json!(author.to_string());
    message["includes"]["users"][1]["id"] = json!(author.to_string());
    message["data"]["text"] = json!(format!("tweet {id} by {author}"));
    message["data"]["entities"] = json!({});
    events(&message, seq)
}
