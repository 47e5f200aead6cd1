//! A tweet as version 1.1 of the API wrote it, which old archives and parsers still know.
//!
//! Knows no requests: everything is always written. Invariant: `geo` is latitude first,
//! `coordinates` and boxes are longitude first, as they were.

use serde_json::{Value, json};

use super::author::Author;
use super::compose::{self, Words};
use super::feed::Feed;
use super::post::{Kind, Post};
use super::text::{Text, What};
use crate::calendar::classic_time;
use crate::names;
use crate::profile::DEFAULT_PICTURE;

fn user(author: Author, seed: u64, at_s: i64) -> Value {
    let (id, counts) = (author.id(seed), author.counts(seed, at_s));
    json!({
        "id": id, "id_str": id.to_string(), "name": author.name(seed),
        "screen_name": author.username(seed), "location": author.location(), "url": null,
        "description": author.description(seed), "protected": false,
        "verified": author.is_verified(seed), "followers_count": counts.followers,
        "friends_count": counts.following, "listed_count": counts.listed,
        "favourites_count": counts.likes, "statuses_count": counts.posts,
        "created_at": classic_time(author.created_s(seed) * 1_000), "geo_enabled": true,
        "lang": null, "profile_image_url_https": DEFAULT_PICTURE, "default_profile_image": true,
    })
}

fn entities(text: &Text, seed: u64) -> Value {
    let (mut hashtags, mut mentions, mut urls) = (Vec::new(), Vec::new(), Vec::new());
    for mark in &text.marks {
        let indices = json!([mark.start, mark.end]);
        match &mark.what {
            What::Tag(tag) => hashtags.push(json!({"text": tag, "indices": indices})),
            What::Mention(author) => {
                let id = author.id(seed);
                mentions.push(json!({"screen_name": author.username(seed),
                    "name": author.name(seed), "id": id, "id_str": id.to_string(),
                    "indices": indices}));
            }
            What::Account(account) => {
                let (name, username) = names::owner(*account);
                mentions.push(json!({"screen_name": username, "name": name,
                    "id_str": account.id(), "indices": indices}));
            }
            What::Link { url, expanded, display, .. } => urls.push(json!({"url": url,
                "expanded_url": expanded, "display_url": display, "indices": indices})),
        }
    }
    json!({"hashtags": hashtags, "user_mentions": mentions, "urls": urls, "symbols": []})
}

fn place(post: &Post) -> Value {
    let Some(spot) = post.spot else { return Value::Null };
    let [west, south, east, north] = spot.bbox();
    let ring = [[west, south], [west, north], [east, north], [east, south]];
    json!({
        "id": spot.id(), "url": format!("https://api.twitter.com/1.1/geo/id/{}.json", spot.id()),
        "place_type": spot.kind().name(), "name": spot.name(), "full_name": spot.full_name(),
        "country_code": spot.city.country.code, "country": spot.city.country.name,
        "bounding_box": {"type": "Polygon", "coordinates": [ring]}, "attributes": {},
    })
}

/// One tweet; `depth` says how many it may hold within it.
fn status(feed: &Feed, post: &Post, words: &Words, depth: u32) -> Value {
    let (seed, id) = (feed.seed, post.slot.id);
    let (geo, coordinates) = match post.spot.and_then(|spot| spot.point()) {
        Some((lon, lat)) => (
            json!({"type": "Point", "coordinates": [lat, lon]}),
            json!({"type": "Point", "coordinates": [lon, lat]}),
        ),
        None => (Value::Null, Value::Null),
    };
    let reply = match post.kind {
        Kind::Reply(earlier, to) => Some((earlier.id, to)),
        _ => None,
    };
    let mut status = json!({
        "created_at": classic_time(post.slot.at_ms), "id": id, "id_str": id.to_string(),
        "text": words.text.body, "truncated": words.note.is_some(),
        "source": "<a href=\"https://example.org\" rel=\"nofollow\">Example</a>",
        "in_reply_to_status_id": reply.map(|(id, _)| id),
        "in_reply_to_status_id_str": reply.map(|(id, _)| id.to_string()),
        "in_reply_to_user_id": reply.map(|(_, to)| to.id(seed)),
        "in_reply_to_user_id_str": reply.map(|(_, to)| to.id(seed).to_string()),
        "in_reply_to_screen_name": reply.map(|(_, to)| to.username(seed)),
        "user": user(post.author, seed, post.slot.second), "geo": geo,
        "coordinates": coordinates, "place": place(post), "contributors": null,
        "is_quote_status": matches!(post.kind, Kind::Quote(..)), "quote_count": 0,
        "reply_count": 0, "retweet_count": 0, "favorite_count": 0,
        "entities": entities(&words.text, seed), "favorited": false, "retweeted": false,
        "possibly_sensitive": post.sensitive, "filter_level": "low",
        "lang": post.language.code, "timestamp_ms": post.slot.at_ms.to_string(),
    });
    let Some(members) = status.as_object_mut() else { return status };
    if let Some(note) = &words.note {
        let whole = json!({"full_text": note.body, "display_text_range": [0, note.chars],
            "entities": entities(note, seed)});
        members.insert("extended_tweet".into(), whole);
    }
    let within = match post.kind {
        Kind::Quote(earlier, _) => Some(("quoted_status", earlier)),
        Kind::Repost(earlier, _) => Some(("retweeted_status", earlier)),
        _ => None,
    };
    if let (Some((name, earlier)), true) = (within, depth > 0) {
        if name == "quoted_status" {
            members.insert("quoted_status_id".into(), earlier.id.into());
            members.insert("quoted_status_id_str".into(), earlier.id.to_string().into());
        }
        if let Some(earlier) = feed.post(earlier) {
            let words = compose::words(feed, &earlier);
            members.insert(name.into(), self::status(feed, &earlier, &words, depth - 1));
        }
    }
    status
}

/// A tweet as a message of a stream, without the line end.
pub(crate) fn message(feed: &Feed, post: &Post, words: &Words) -> Vec<u8> {
    status(feed, post, words, 1).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_790_000_000_000;

    fn statuses() -> Vec<Value> {
        let feed = Feed::new(1, 50.0, 0.5);
        feed.posts(NOON_MS, NOON_MS + 20_000)
            .map(|post| {
                let words = compose::words(&feed, &post);
                serde_json::from_slice(&message(&feed, &post, &words)).unwrap()
            })
            .collect()
    }

    #[test]
    fn geo_and_coordinates_are_each_others_mirror() {
        let mut points = 0;
        for status in statuses() {
            let (geo, point) =
                (&status["geo"]["coordinates"], &status["coordinates"]["coordinates"]);
            assert_eq!((&geo[0], &geo[1]), (&point[1], &point[0]));
            points += u32::from(point.is_array());
            if point.is_array() {
                let ring = &status["place"]["bounding_box"]["coordinates"][0];
                assert!(ring[0][0].as_f64() <= point[0].as_f64());
                assert!(ring[0][1].as_f64() <= point[1].as_f64());
            }
        }
        assert!(points > 50, "{points}");
    }

    #[test]
    fn times_and_ids_are_spelled_the_old_way() {
        let status = &statuses()[0];
        assert_eq!(status["id"].as_u64().unwrap().to_string(), status["id_str"].as_str().unwrap());
        let created = status["created_at"].as_str().unwrap();
        assert!(
            created.starts_with("Mon Sep 21 ") && created.ends_with(" +0000 2026"),
            "{created}"
        );
    }

    #[test]
    fn reposts_and_quotes_hold_the_other_tweet() {
        let (mut reposts, mut quotes) = (0, 0);
        for status in statuses() {
            reposts += u32::from(status["retweeted_status"]["id_str"].is_string());
            if let Some(quoted) = status["quoted_status"]["id_str"].as_str() {
                assert_eq!(status["quoted_status_id_str"], quoted);
                quotes += 1;
            }
        }
        assert!(reposts > 20 && quotes > 20, "{reposts} {quotes}");
    }
}
