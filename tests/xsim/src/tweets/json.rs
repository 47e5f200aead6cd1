//! A tweet as version 2 of X's API writes it, alone in a stream or many in an envelope.
//!
//! Knows both dialects and what was asked for, no HTTP. Invariant: only what was asked for, and
//! X's defaults, appear; an expansion brings the field it expands.

use serde_json::{Value, json};

use super::author::Author;
use super::compose::{self, Words};
use super::feed::{Feed, Slot};
use super::fields::Wish;
use super::place::Spot;
use super::post::{Kind, Post};
use super::text::{Text, What};
use crate::calendar::format_ms;
use crate::hash::hash;
use crate::names;
use crate::problem;
use crate::profile::{Dialect, Object};

const SALT_METRICS: u64 = 160;

/// Names that the dialects do not share.
pub(crate) struct Names {
    pub(crate) edits: &'static str,
    pub(crate) note: &'static str,
    pub(crate) referenced: &'static str,
    pub(crate) reposts: &'static str,
    pub(crate) posts: &'static str,
}

impl Names {
    pub(crate) fn of(dialect: Dialect) -> &'static Self {
        if dialect == Dialect::Tweet { &TWEET_NAMES } else { &POST_NAMES }
    }
}

const TWEET_NAMES: Names = Names {
    edits: "edit_history_tweet_ids",
    note: "note_tweet",
    referenced: "referenced_tweets",
    reposts: "retweet_count",
    posts: "tweets",
};
const POST_NAMES: Names = Names {
    edits: "edit_history_post_ids",
    note: "note_post",
    referenced: "referenced_posts",
    reposts: "repost_count",
    posts: "posts",
};

/// Writes tweets and gathers what they refer to.
pub(crate) struct Writer<'a> {
    feed: &'a Feed,
    wish: &'a Wish,
    names: &'static Names,
    /// The time of the answer, in milliseconds since 1970: counts grow with it.
    now_ms: i64,
    users: Vec<Author>,
    places: Vec<Spot>,
    posts: Vec<Slot>,
    photos: Vec<u64>,
    missing: Vec<u64>,
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

impl<'a> Writer<'a> {
    pub(crate) fn new(feed: &'a Feed, wish: &'a Wish, now_ms: i64) -> Self {
        let names = Names::of(wish.dialect);
        let (users, places, posts) = (Vec::new(), Vec::new(), Vec::new());
        let (photos, missing) = (Vec::new(), Vec::new());
        Self { feed, wish, names, now_ms, users, places, posts, photos, missing }
    }

    /// Writes one tweet.
    pub(crate) fn post(&mut self, out: &mut Vec<u8>, post: &Post, words: &Words) {
        let (wish, seed, id) = (self.wish, self.feed.seed, post.slot.id);
        let mut data = Object::open(out);
        data.text("id", &id.to_string());
        data.text("text", &words.text.body);
        data.raw(self.names.edits, format_args!("[\"{id}\"]"));
        if wish.tweet("author_id") || wish.expands(&["author_id"]) {
            data.text("author_id", &post.author.id(seed).to_string());
        }
        if wish.tweet("created_at") {
            data.text("created_at", &format_ms(post.slot.at_ms));
        }
        if wish.tweet("conversation_id") {
            data.text("conversation_id", &post.conversation().to_string());
        }
        if let (Kind::Reply(_, to), true) =
            (post.kind, wish.tweet("in_reply_to_user_id") || wish.expands(&["in_reply_to_user_id"]))
        {
            data.text("in_reply_to_user_id", &to.id(seed).to_string());
        }
        if wish.tweet("lang") {
            data.text("lang", post.language.code);
        }
        if wish.tweet("possibly_sensitive") {
            data.raw("possibly_sensitive", post.sensitive);
        }
        if wish.tweet("reply_settings") {
            data.text("reply_settings", "everyone");
        }
        self.references(&mut data, post);
        self.geo(&mut data, post);
        says(&mut data, wish, words, seed);
        if wish.tweet("public_metrics") {
            self.metrics(&mut data, post);
        }
        self.attachments(&mut data, post);
        data.close();
        self.expand(post, words);
    }

    fn references(&self, data: &mut Object<'_>, post: &Post) {
        let asked = self.wish.tweet("referenced_tweets") || self.expands_references();
        if let (true, Some((how, earlier, _))) = (asked, post.referenced()) {
            let list = format_args!(r#"[{{"type":"{how}","id":"{}"}}]"#, earlier.id);
            data.raw(self.names.referenced, list);
        }
    }

    fn geo(&self, data: &mut Object<'_>, post: &Post) {
        let asked = self.wish.tweet("geo") || self.wish.expands(&["geo.place_id"]);
        let (true, Some(spot)) = (asked, post.spot) else { return };
        let mut geo = Object::open(data.key("geo"));
        if let Some((lon, lat)) = spot.point() {
            let point = format_args!(r#"{{"type":"Point","coordinates":[{lon},{lat}]}}"#);
            geo.raw("coordinates", point);
        }
        geo.text("place_id", &spot.id());
        geo.close();
    }

    fn attachments(&self, data: &mut Object<'_>, post: &Post) {
        let asked =
            self.wish.tweet("attachments") || self.wish.expands(&["attachments.media_keys"]);
        if asked && post.photo {
            let key = compose::media_key(post.slot.id);
            data.raw("attachments", format_args!(r#"{{"media_keys":["{key}"]}}"#));
        }
    }

    /// Counts that begin at nothing and fill up within hours.
    fn metrics(&self, data: &mut Object<'_>, post: &Post) {
        let age_min = u64::try_from((self.now_ms - post.slot.at_ms) / 60_000).unwrap_or(0);
        let draw = hash(self.feed.seed, post.slot.key(), SALT_METRICS);
        let most = (1 << (draw % 12)) + (draw >> 32) % 16;
        let likes = most * age_min / (age_min + 90);
        let mut counts = Object::open(data.key("public_metrics"));
        counts.raw(self.names.reposts, likes / 6);
        counts.raw("reply_count", likes / 9);
        counts.raw("like_count", likes);
        counts.raw("quote_count", likes / 40);
        counts.raw("bookmark_count", likes / 25);
        counts.raw("impression_count", likes * 37 + age_min.min(20));
        counts.close();
    }

    fn expands_references(&self) -> bool {
        self.wish.expands_references()
    }

    fn expand(&mut self, post: &Post, words: &Words) {
        if self.wish.expands(&["author_id"]) {
            note(&mut self.users, post.author);
        }
        if let Kind::Reply(_, to) = post.kind {
            self.expand_reply(to);
        }
        self.expand_mentions(words);
        if let (true, Some(spot)) = (self.wish.expands(&["geo.place_id"]), post.spot)
            && !self.places.iter().any(|known| known.id() == spot.id())
        {
            self.places.push(spot);
        }
        if self.wish.expands(&["attachments.media_keys"]) && post.photo {
            note(&mut self.photos, post.slot.id);
        }
        if let (true, Some((_, earlier, author))) = (self.expands_references(), post.referenced()) {
            self.expand_reference(earlier, author);
        }
    }

    /// Takes in who was replied to, if that was asked for.
    pub(crate) fn expand_reply(&mut self, to: Author) {
        if self.wish.expands(&["in_reply_to_user_id"]) {
            note(&mut self.users, to);
        }
    }

    /// Takes in who is mentioned, if that was asked for.
    pub(crate) fn expand_mentions(&mut self, words: &Words) {
        if self.wish.expands(&["entities.mentions.username"]) {
            for mark in &words.text.marks {
                if let What::Mention(author) = mark.what {
                    note(&mut self.users, author);
                }
            }
        }
    }

    /// Takes in a tweet that was referred to, or that it is gone.
    pub(crate) fn expand_reference(&mut self, earlier: Slot, author: Author) {
        if self.feed.post(earlier).is_none() {
            note(&mut self.missing, earlier.id);
            return;
        }
        note(&mut self.posts, earlier);
        if self.wish.expands(&[
            "referenced_tweets.id.author_id",
            "referenced_posts.author_id",
            "referenced_posts.id.author_id",
        ]) {
            note(&mut self.users, author);
        }
    }

    /// Writes `includes`, when there is anything in it.
    pub(crate) fn includes(&mut self, message: &mut Object<'_>) {
        let posts = std::mem::take(&mut self.posts);
        // What referenced tweets refer to themselves is not expanded again.
        let plain = &mut Writer::new(self.feed, self.wish, self.now_ms);
        let lists = [self.users.len(), self.places.len(), posts.len(), self.photos.len()];
        if lists.iter().all(|len| *len == 0) {
            return;
        }
        let mut includes = Object::open(message.key("includes"));
        let (seed, now_s) = (self.feed.seed, self.now_ms.div_euclid(1_000));
        list(&mut includes, "users", &self.users, |out, author| {
            author.write(out, seed, now_s, self.wish.user, self.wish.dialect);
        });
        list(&mut includes, self.names.posts, &posts, |out, slot| {
            if let Some(post) = self.feed.post(*slot) {
                plain.post(out, &post, &compose::words(self.feed, &post));
            }
        });
        list(&mut includes, "places", &self.places, |out, spot| {
            spot.write(out, |name| self.wish.place(name));
        });
        list(&mut includes, "media", &self.photos, |out, id| photo(out, self.wish, *id));
        includes.close();
    }

    /// The entries of `errors` for referenced tweets that are gone.
    pub(crate) fn errors(&self) -> Vec<Value> {
        let dialect = self.wish.dialect;
        let parameter =
            if dialect == Dialect::Tweet { "referenced_tweets.id" } else { "referenced_posts" };
        self.missing.iter().map(|id| missing(dialect, parameter, &id.to_string())).collect()
    }
}

pub(crate) fn list<T>(
    object: &mut Object<'_>,
    name: &str,
    items: &[T],
    mut write: impl FnMut(&mut Vec<u8>, &T),
) {
    if items.is_empty() {
        return;
    }
    let out = object.key(name);
    for (n, item) in items.iter().enumerate() {
        out.push(if n == 0 { b'[' } else { b',' });
        write(out, item);
    }
    out.push(b']');
}

fn photo(out: &mut Vec<u8>, wish: &Wish, id: u64) {
    let mut media = Object::open(out);
    media.text("media_key", &compose::media_key(id));
    media.text("type", "photo");
    if wish.media("url") {
        media.text("url", &format!("https://pbs.twimg.com/media/{id}.jpg"));
    }
    if wish.media("width") {
        media.raw("width", 1_200);
    }
    if wish.media("height") {
        media.raw("height", 900);
    }
    media.close();
}

/// Writes what belongs to a tweet's words: `entities`, and the whole of a long one.
pub(crate) fn says(data: &mut Object<'_>, wish: &Wish, words: &Words, seed: u64) {
    if wish.tweet("entities") && !words.text.marks.is_empty() {
        entities(data.key("entities"), &words.text, seed);
    }
    if let (true, Some(long)) = (wish.tweet("note_tweet"), &words.note) {
        let mut note = Object::open(data.key(Names::of(wish.dialect).note));
        note.text("text", &long.body);
        if !long.marks.is_empty() {
            entities(note.key("entities"), long, seed);
        }
        note.close();
    }
}

type Is = fn(&What) -> bool;

/// Writes `entities` of a text that has some.
fn entities(out: &mut Vec<u8>, text: &Text, seed: u64) {
    let mut entities = Object::open(out);
    let kinds: [(&str, Is); 3] = [
        ("hashtags", |what| matches!(what, What::Tag(_))),
        ("mentions", |what| matches!(what, What::Mention(_) | What::Account(_))),
        ("urls", |what| matches!(what, What::Link { .. })),
    ];
    for (name, is) in kinds {
        let marks: Vec<_> = text.marks.iter().filter(|mark| is(&mark.what)).collect();
        list(&mut entities, name, &marks, |out, mark| {
            let mut entity = Object::open(out);
            entity.raw("start", mark.start);
            entity.raw("end", mark.end);
            match &mark.what {
                What::Tag(tag) => entity.text("tag", tag),
                What::Mention(author) => {
                    entity.text("username", &author.username(seed));
                    entity.text("id", &author.id(seed).to_string());
                }
                What::Account(account) => {
                    entity.text("username", names::owner(*account).1);
                    entity.text("id", account.id());
                }
                What::Link { url, expanded, display, media_key } => {
                    entity.text("url", url);
                    entity.text("expanded_url", expanded);
                    entity.text("display_url", display);
                    if let Some(key) = media_key {
                        entity.text("media_key", key);
                    }
                }
            }
            entity.close();
        });
    }
    entities.close();
}

/// The entry of `errors` for a tweet that is not there.
pub(crate) fn missing(dialect: Dialect, parameter: &str, id: &str) -> Value {
    json!({
        "value": id, "resource_id": id, "parameter": parameter, "resource_type": "tweet",
        "title": "Not Found Error",
        "detail": format!("Could not find tweet with {parameter}: [{id}]."),
        "type": problem::type_uri(dialect, "resource-not-found"),
    })
}

/// A tweet as a message of a stream, without the line end. `rules` are (id, tag).
pub(crate) fn message(
    feed: &Feed,
    wish: &Wish,
    post: &Post,
    words: &Words,
    rules: &[(&str, Option<&str>)],
) -> Vec<u8> {
    let mut writer = Writer::new(feed, wish, post.slot.at_ms);
    let mut out = Vec::with_capacity(1_024);
    let mut message = Object::open(&mut out);
    writer.post(message.key("data"), post, words);
    writer.includes(&mut message);
    let errors = writer.errors();
    if !errors.is_empty() {
        message.raw("errors", Value::from(errors));
    }
    list(&mut message, "matching_rules", rules, |out, (id, tag)| {
        let mut rule = Object::open(out);
        rule.text("id", id);
        if let Some(tag) = tag {
            rule.text("tag", tag);
        }
        rule.close();
    });
    message.close();
    out
}

/// Many tweets as an answer: `data`, `includes`, `errors` and `meta`, each when there is some.
pub(crate) fn envelope(
    feed: &Feed,
    wish: &Wish,
    posts: &[Post],
    now_ms: i64,
    mut errors: Vec<Value>,
    meta: Option<&Value>,
) -> Vec<u8> {
    let mut writer = Writer::new(feed, wish, now_ms);
    let mut out = Vec::new();
    let mut answer = Object::open(&mut out);
    list(&mut answer, "data", posts, |out, post| {
        writer.post(out, post, &compose::words(feed, post));
    });
    writer.includes(&mut answer);
    errors.extend(writer.errors());
    if !errors.is_empty() {
        answer.raw("errors", Value::from(errors));
    }
    if let Some(meta) = meta {
        answer.raw("meta", meta);
    }
    answer.close();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOON_MS: i64 = 1_790_000_000_000;

    fn wish(dialect: Dialect, params: &[(&str, &str)]) -> Wish {
        let mut wish = Wish::new(dialect);
        for (name, value) in params {
            assert_eq!(wish.set(name, value), Ok(true));
        }
        wish
    }

    fn messages(wish: &Wish) -> Vec<Value> {
        let feed = Feed::new(1, 50.0, 0.5);
        feed.posts(NOON_MS, NOON_MS + 20_000)
            .map(|post| {
                let words = compose::words(&feed, &post);
                let line = message(&feed, wish, &post, &words, &[("7", Some("all"))]);
                assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
                serde_json::from_slice(&line).unwrap()
            })
            .collect()
    }

    fn keys(value: &Value) -> BTreeSet<String> {
        value.as_object().into_iter().flat_map(|members| members.keys().cloned()).collect()
    }

    #[track_caller]
    fn check_keys(dialect: Dialect, params: &[(&str, &str)], part: &str, expected: &[&str]) {
        let seen: BTreeSet<String> =
            messages(&wish(dialect, params)).iter().flat_map(|m| keys(&m[part])).collect();
        assert_eq!(seen, expected.iter().map(|k| (*k).to_owned()).collect(), "{params:?}");
    }

    #[test]
    fn only_what_was_asked_for_appears() {
        check_keys(Dialect::Tweet, &[], "data", &["id", "text", "edit_history_tweet_ids"]);
        let asked = [("tweet.fields", "lang,geo,entities")];
        let plain = ["id", "text", "edit_history_tweet_ids"];
        check_keys(
            Dialect::Tweet,
            &asked,
            "data",
            &[&plain[..], &["lang", "geo", "entities"]].concat(),
        );
        let expanded = [("expansions", "author_id,geo.place_id")];
        check_keys(Dialect::Tweet, &expanded, "includes", &["users", "places"]);
        check_keys(
            Dialect::Tweet,
            &expanded,
            "data",
            &[&plain[..], &["author_id", "geo"]].concat(),
        );
    }

    #[test]
    fn the_newer_dialect_has_newer_names() {
        let asked = [
            ("tweet.fields", "referenced_tweets,note_tweet,public_metrics"),
            ("expansions", "referenced_tweets.id"),
        ];
        let names = |dialect| -> BTreeSet<String> {
            messages(&wish(dialect, &asked)).iter().flat_map(|m| keys(&m["data"])).collect()
        };
        for name in ["edit_history_post_ids", "note_post", "referenced_posts"] {
            assert!(names(Dialect::Post).contains(name), "{name}");
            assert!(!names(Dialect::Tweet).contains(name), "{name}");
        }
        check_keys(Dialect::Post, &asked[1..], "includes", &["posts"]);
        let metrics = &messages(&wish(Dialect::Post, &asked))[0]["data"]["public_metrics"];
        assert!(metrics["repost_count"].is_u64() && metrics["retweet_count"].is_null());
    }

    #[test]
    fn entities_point_into_the_text() {
        let mut seen = [0; 3];
        for message in messages(&wish(Dialect::Tweet, &[("tweet.fields", "entities")])) {
            let text: Vec<char> = message["data"]["text"].as_str().unwrap().chars().collect();
            let kinds =
                [("hashtags", "tag", "#"), ("mentions", "username", "@"), ("urls", "url", "")];
            for (n, (kind, member, sign)) in kinds.into_iter().enumerate() {
                for entity in message["data"]["entities"][kind].as_array().into_iter().flatten() {
                    let at = |name: &str| usize::try_from(entity[name].as_u64().unwrap()).unwrap();
                    let part: String = text[at("start")..at("end")].iter().collect();
                    assert_eq!(part, format!("{sign}{}", entity[member].as_str().unwrap()));
                    seen[n] += 1;
                }
            }
        }
        assert!(seen.iter().all(|&n| n > 20), "{seen:?}");
    }

    #[test]
    fn what_is_referred_to_is_included_or_reported() {
        let mut feed = Feed::new(1, 50.0, 0.0);
        let wish = wish(Dialect::Tweet, &[("expansions", "referenced_tweets.id,author_id")]);
        let (post, earlier) = feed
            .posts(NOON_MS, NOON_MS + 20_000)
            .find_map(|post| post.referenced().map(|(_, earlier, _)| (post, earlier)))
            .unwrap();
        let write = |feed: &Feed| -> Value {
            let words = compose::words(feed, &post);
            serde_json::from_slice(&message(feed, &wish, &post, &words, &[])).unwrap()
        };
        let whole = write(&feed);
        assert_eq!(whole["includes"]["tweets"][0]["id"], earlier.id.to_string());
        assert!(whole["errors"].is_null() && whole["matching_rules"].is_null());
        feed.delete(earlier.id);
        let torn = write(&feed);
        assert!(torn["includes"]["tweets"].is_null());
        assert_eq!(torn["errors"][0]["resource_id"], earlier.id.to_string());
    }

    #[test]
    fn coordinates_are_longitude_first_and_boxes_west_first() {
        let params =
            [("expansions", "geo.place_id"), ("place.fields", "geo,country_code,place_type")];
        let (mut points, mut boxes) = (0, 0);
        for message in messages(&wish(Dialect::Tweet, &params)) {
            let Some(place) = message["includes"]["places"].get(0) else { continue };
            assert_eq!(place["id"], message["data"]["geo"]["place_id"]);
            let edges: Vec<f64> = place["geo"]["bbox"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_f64().unwrap())
                .collect();
            assert!(edges[0] < edges[2] && edges[1] < edges[3]);
            boxes += 1;
            if let Some(point) = message["data"]["geo"]["coordinates"]["coordinates"].as_array() {
                let (lon, lat) = (point[0].as_f64().unwrap(), point[1].as_f64().unwrap());
                assert!(edges[0] - 1e-5 <= lon && lon <= edges[2] + 1e-5);
                assert!(edges[1] - 1e-5 <= lat && lat <= edges[3] + 1e-5);
                points += 1;
            }
        }
        assert!(points > 50 && boxes > 300, "{points} {boxes}");
    }
}
