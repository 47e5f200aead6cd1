//! An answer that holds tweets: the accounts' own and the world's, what they refer to, and what
//! of them is refused.
//!
//! Knows both dialects and who asks, no parameters. Invariants: only what was asked for, and X's
//! defaults, appear; the author's metrics are shown to the author alone, of tweets of less than 30
//! days, promoted ones of promoted tweets only; a refused field is an error per name in it, and
//! its tweet is left out of `data` unless the simulator is told to keep it.
//!
//! X's published guide to timelines says that asking for promoted metrics of other tweets
//! "returns an empty response", and that pages of older ones come back empty when private metrics
//! are asked for: hence the leaving out.

use serde_json::{Map, Value, json};

use super::diary::{Tweet, Version};
use super::facts::{EDIT_MS, Kind};
use super::growth::{self, Counter, Counts, Reading};
use crate::auth::Caller;
use crate::calendar::{DAY_S, SECOND_MS, format_ms};
use crate::identity::Subject;
use crate::problem;
use crate::profile::{self, Dialect, Object, View};
use crate::state::Sim;
use crate::tweets::compose;
use crate::tweets::feed::Feed;
use crate::tweets::fields::Wish;
use crate::tweets::json::{Names, Writer, list, says};
use crate::tweets::post::Post;
use crate::world::{Account, MAIN_ACCOUNT};

/// Age from which the author's metrics are no longer shown, in milliseconds.
pub(crate) const PRIVATE_MS: i64 = 30 * DAY_S * SECOND_MS;

const CLICKS: [(&str, Counter); 2] =
    [("url_link_clicks", Counter::UrlClicks), ("user_profile_clicks", Counter::ProfileClicks)];
/// What organic and promoted metrics consist of.
const BROKEN_DOWN: [(&str, Counter); 4] = [
    ("impression_count", Counter::Impressions),
    ("like_count", Counter::Likes),
    ("reply_count", Counter::Replies),
    ("retweet_count", Counter::Retweets),
];

/// The author's metrics, by field, with the names in each.
const PRIVATE: [(&str, &[&str]); 3] = [
    (
        "non_public_metrics",
        &["impression_count", "url_link_clicks", "user_profile_clicks", "engagements"],
    ),
    ("organic_metrics", &BROKEN_DOWN_NAMES),
    ("promoted_metrics", &BROKEN_DOWN_NAMES),
];
const BROKEN_DOWN_NAMES: [&str; 6] = [
    "impression_count",
    "like_count",
    "reply_count",
    "retweet_count",
    "url_link_clicks",
    "user_profile_clicks",
];

/// An answer in the making.
pub(crate) struct Sheet<'a> {
    sim: &'a Sim,
    wish: &'a Wish,
    caller: Caller,
    now_ms: i64,
    /// By which parameter the tweets were asked for: it stands in errors.
    parameter: &'static str,
    keep_refused: bool,
    feed: &'a Feed,
    writer: Writer<'a>,
    data: Vec<Vec<u8>>,
    /// The tweets in `data`.
    shown: Vec<u64>,
    owners: Vec<Account>,
    /// Own tweets that others of the answer refer to.
    earlier: Vec<(Tweet, usize)>,
    pub(crate) errors: Vec<Value>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(
        (sim, feed): (&'a Sim, &'a Feed),
        (wish, caller, now_ms): (&'a Wish, Caller, i64),
        parameter: &'static str,
        keep_refused: bool,
    ) -> Self {
        let writer = Writer::new(feed, wish, now_ms);
        let (data, shown, owners) = (Vec::new(), Vec::new(), Vec::new());
        let (earlier, errors) = (Vec::new(), Vec::new());
        Self {
            sim,
            wish,
            caller,
            now_ms,
            parameter,
            keep_refused,
            feed,
            writer,
            data,
            shown,
            owners,
            earlier,
            errors,
        }
    }

    /// The tweets in `data` so far.
    pub(crate) fn shown(&self) -> &[u64] {
        &self.shown
    }

    /// Takes in a version of one of the accounts' tweets; false when it is left out because a
    /// field of it is refused.
    pub(crate) fn own(&mut self, tweet: &Tweet, version: usize) -> bool {
        let Some(at) = tweet.versions.get(version).copied() else { return false };
        let refused = self.refused(tweet, at);
        self.refuse(&refused, at.id, self.parameter, "data");
        if !refused.is_empty() && !self.keep_refused {
            return false;
        }
        let mut bytes = Vec::with_capacity(1_024);
        self.write(&mut bytes, tweet, version, &refused);
        self.data.push(bytes);
        self.shown.push(at.id);
        self.expand(tweet, at.id);
        true
    }

    /// Takes in a tweet of somebody else; false as for [`Self::own`].
    pub(crate) fn post(&mut self, post: &Post) -> bool {
        let refused = self.private();
        self.refuse(&refused, post.slot.id, self.parameter, "data");
        if !refused.is_empty() && !self.keep_refused {
            return false;
        }
        let mut bytes = Vec::with_capacity(1_024);
        self.writer.post(&mut bytes, post, &compose::words(self.feed, post));
        self.data.push(bytes);
        self.shown.push(post.slot.id);
        true
    }

    /// The private fields that were asked for.
    fn private(&self) -> Vec<&'static str> {
        let asked = PRIVATE.iter().filter(|(field, _)| self.wish.tweet(field));
        asked.map(|(field, _)| *field).collect()
    }

    /// Those of them that this caller is not shown of a tweet.
    fn refused(&self, tweet: &Tweet, at: Version) -> Vec<&'static str> {
        let mut fields = self.private();
        let author = self.caller.is(tweet.account);
        if author && self.now_ms - at.at_ms < PRIVATE_MS {
            let promoted = tweet.is_promoted(self.now_ms);
            fields.retain(|field| *field == "promoted_metrics" && !promoted);
        }
        fields
    }

    fn refuse(&mut self, fields: &[&str], id: u64, parameter: &str, section: &str) {
        for (field, names) in PRIVATE.iter().filter(|(field, _)| fields.contains(field)) {
            for name in *names {
                let (field, id) = (format!("{field}.{name}"), id.to_string());
                self.errors.push(json!({
                    "resource_type": "tweet", "field": field, "parameter": parameter,
                    "resource_id": id, "value": id, "section": section,
                    "title": "Field Authorization Error",
                    "detail": format!("Sorry, you are not authorized to access '{field}' on the \
                        Tweet with {parameter} : [{id}]."),
                    "type": problem::type_uri(self.wish.dialect, "not-authorized-for-field"),
                }));
            }
        }
    }

    /// Gathers what a tweet refers to, as far as that was asked for.
    fn expand(&mut self, tweet: &Tweet, id: u64) {
        if self.wish.expands(&["author_id"]) && !self.owners.contains(&tweet.account) {
            self.owners.push(tweet.account);
        }
        if self.wish.expands(&["edit_history_tweet_ids", "edit_history_post_ids"]) {
            for version in tweet.history(self.now_ms).filter(|version| version.id != id) {
                self.note(tweet, version.id);
            }
        }
        let first = tweet.first();
        let words = tweet.facts.words(self.feed, first.id, first.at_ms, 0);
        self.writer.expand_mentions(&words);
        if self.wish.expands(&["entities.mentions.username"]) {
            let named = |account: &Account| words.text.addresses(*account);
            for account in Account::ALL.into_iter().filter(named) {
                if !self.owners.contains(&account) {
                    self.owners.push(account);
                }
            }
        }
        if let Kind::Reply(_, to) = tweet.facts.kind {
            self.writer.expand_reply(to);
        }
        if !self.wish.expands_references() {
            return;
        }
        let parameter = match self.wish.dialect {
            Dialect::Tweet => "referenced_tweets.id",
            Dialect::Post => "referenced_posts",
        };
        match tweet.facts.kind {
            Kind::Thread { before, .. } => self.expand_own(before, parameter),
            kind => {
                let Some((slot, author)) = kind.referenced() else { return };
                let refused = self.private();
                self.refuse(&refused, slot.id, parameter, "includes");
                if refused.is_empty() {
                    self.writer.expand_reference(slot, author);
                }
            }
        }
    }

    /// Gathers an own tweet that another refers to.
    fn expand_own(&mut self, id: u64, parameter: &str) {
        let marks = self.sim.state().marks.clone();
        let found = self.sim.diary.find(id, &marks);
        let Some((tweet, version)) = found.filter(|(t, _)| t.current(self.now_ms).is_some()) else {
            let (dialect, id) = (self.wish.dialect, id.to_string());
            return self.errors.push(crate::tweets::json::missing(dialect, parameter, &id));
        };
        let Some(at) = tweet.versions.get(version).copied() else { return };
        let refused = self.refused(&tweet, at);
        self.refuse(&refused, id, parameter, "includes");
        if refused.is_empty() {
            self.note(&tweet, id);
        }
    }

    fn note(&mut self, tweet: &Tweet, id: u64) {
        let known = |(t, n): &(Tweet, usize)| t.versions.get(*n).is_some_and(|v| v.id == id);
        let version = tweet.versions.iter().position(|version| version.id == id);
        if let (false, Some(version)) = (self.earlier.iter().any(known), version) {
            self.earlier.push((tweet.clone(), version));
        }
    }

    /// Writes a version of a tweet without the refused fields.
    fn write(&self, out: &mut Vec<u8>, tweet: &Tweet, version: usize, refused: &[&str]) {
        let Some(at) = tweet.versions.get(version).copied() else { return };
        let (wish, names) = (self.wish, Names::of(self.wish.dialect));
        let first = tweet.first();
        let words = tweet.facts.words(self.feed, first.id, first.at_ms, version);
        let history: Vec<String> =
            tweet.history(self.now_ms).map(|v| format!("\"{}\"", v.id)).collect();
        let mut data = Object::open(out);
        data.text("id", &at.id.to_string());
        data.text("text", &words.text.body);
        data.raw(names.edits, format_args!("[{}]", history.join(",")));
        if wish.tweet("author_id") || wish.expands(&["author_id"]) {
            data.text("author_id", tweet.account.id());
        }
        if wish.tweet("created_at") {
            data.text("created_at", &format_ms(at.at_ms));
        }
        self.conversation(&mut data, tweet);
        if wish.tweet("lang") {
            data.text("lang", tweet.facts.language.code);
        }
        if wish.tweet("possibly_sensitive") {
            data.raw("possibly_sensitive", false);
        }
        if wish.tweet("reply_settings") {
            data.text("reply_settings", "everyone");
        }
        if wish.tweet("edit_controls") {
            let plain = matches!(tweet.facts.kind, Kind::Tweet | Kind::Quote(..));
            let mut controls = Object::open(data.key("edit_controls"));
            controls.raw("edits_remaining", 6_usize.saturating_sub(history.len()));
            controls.raw("is_edit_eligible", plain && tweet.promoted.is_none());
            controls.text("editable_until", &format_ms(first.at_ms + EDIT_MS));
            controls.close();
        }
        says(&mut data, wish, &words, self.feed.seed);
        self.metrics(&mut data, tweet, version, refused);
        data.close();
    }

    /// What it answers, and what it refers to.
    fn conversation(&self, data: &mut Object<'_>, tweet: &Tweet) {
        let (wish, kind) = (self.wish, tweet.facts.kind);
        let (replied, conversation) = match kind {
            Kind::Reply(slot, to) => (Some(to.id(self.feed.seed).to_string()), slot.id),
            Kind::Thread { root, .. } => (Some(tweet.account.id().to_owned()), root),
            _ => (None, tweet.first().id),
        };
        if wish.tweet("conversation_id") {
            data.text("conversation_id", &conversation.to_string());
        }
        let asked = wish.tweet("in_reply_to_user_id") || wish.expands(&["in_reply_to_user_id"]);
        if let (true, Some(replied)) = (asked, replied) {
            data.text("in_reply_to_user_id", &replied);
        }
        let referenced = match kind {
            Kind::Tweet => None,
            Kind::Thread { before, .. } => Some(("replied_to", before)),
            Kind::Reply(slot, _) => Some(("replied_to", slot.id)),
            Kind::Quote(slot, _) => Some(("quoted", slot.id)),
            Kind::Retweet(slot, _) => Some(("retweeted", slot.id)),
        };
        let asked = wish.tweet("referenced_tweets") || wish.expands_references();
        if let (true, Some((how, id))) = (asked, referenced) {
            let list = format_args!(r#"[{{"type":"{how}","id":"{id}"}}]"#);
            data.raw(Names::of(wish.dialect).referenced, list);
        }
    }

    fn metrics(&self, data: &mut Object<'_>, tweet: &Tweet, version: usize, refused: &[&str]) {
        let reading = growth::reading(tweet, version, self.now_ms);
        if self.wish.tweet("public_metrics") {
            let retweets = match tweet.facts.kind {
                Kind::Retweet(..) => growth::passed_on(tweet, self.now_ms),
                _ => reading.public().get(Counter::Retweets),
            };
            public(data, Names::of(self.wish.dialect).reposts, &reading, retweets);
        }
        let shown = |field: &str| self.wish.tweet(field) && !refused.contains(&field);
        if shown("non_public_metrics") {
            let all = reading.public();
            let mut metrics = Object::open(data.key("non_public_metrics"));
            metrics.raw("impression_count", all.get(Counter::Impressions));
            for (name, counter) in CLICKS {
                metrics.raw(name, all.get(counter));
            }
            metrics.raw("engagements", all.engagements());
            metrics.close();
        }
        if shown("organic_metrics") {
            broken_down(data, "organic_metrics", &reading.organic);
        }
        if let (true, Some(promoted)) = (shown("promoted_metrics"), &reading.promoted) {
            broken_down(data, "promoted_metrics", promoted);
        }
    }

    /// The answer's `includes`.
    fn includes(&mut self) -> Option<Value> {
        let mut bytes = Vec::new();
        let mut object = Object::open(&mut bytes);
        self.writer.includes(&mut object);
        object.close();
        let mut written: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut includes = match written.get_mut("includes").map(Value::take) {
            Some(Value::Object(includes)) => includes,
            _ => Map::new(),
        };
        let mut add = |name: &str, bytes: &[u8]| {
            let entry = includes.entry(name).or_insert_with(|| json!([]));
            if let (Some(list), Ok(value)) = (entry.as_array_mut(), serde_json::from_slice(bytes)) {
                list.push(value);
            }
        };
        for account in &self.owners {
            let mut out = Vec::new();
            profile::write_user(&mut out, &self.view(*account), Subject::Owner(*account));
            add("users", &out);
        }
        for (tweet, version) in &self.earlier {
            let mut out = Vec::new();
            self.write(&mut out, tweet, *version, &[]);
            add(Names::of(self.wish.dialect).posts, &out);
        }
        (!includes.is_empty()).then_some(Value::Object(includes))
    }

    fn view(&self, account: Account) -> View<'a> {
        let at_s = self.now_ms.div_euclid(SECOND_MS);
        let asked = self.wish.user.has("public_metrics");
        let count = if asked { self.sim.reported_count(account, at_s) } else { 0 };
        let main = account.id() == MAIN_ACCOUNT;
        View {
            world: &self.sim.world,
            at_s,
            fields: self.wish.user,
            dialect: self.wish.dialect,
            asker: self.caller.account(),
            owner_followers: if main { (count, 0) } else { (0, count) },
        }
    }

    /// The tweets as they were written, for a file.
    pub(crate) fn into_data(self) -> Vec<Vec<u8>> {
        self.data
    }

    /// The answer: `data` as a list, or of a lookup of one as that one.
    pub(crate) fn finish(mut self, single: bool, meta: Option<&Value>) -> Vec<u8> {
        let includes = self.includes();
        let mut errors = std::mem::take(&mut self.errors);
        errors.extend(self.writer.errors());
        let mut out = Vec::new();
        let mut answer = Object::open(&mut out);
        match self.data.first() {
            Some(one) if single => answer.key("data").extend_from_slice(one),
            _ => list(&mut answer, "data", &self.data, |out, one| out.extend_from_slice(one)),
        }
        if let Some(includes) = includes {
            answer.raw("includes", includes);
        }
        if !errors.is_empty() {
            answer.raw("errors", Value::from(errors));
        }
        if let Some(meta) = meta {
            answer.raw("meta", meta);
        }
        answer.close();
        out
    }
}

fn public(data: &mut Object<'_>, reposts: &str, reading: &Reading, retweets: u64) {
    let all = reading.public();
    let mut metrics = Object::open(data.key("public_metrics"));
    metrics.raw(reposts, retweets);
    for (name, counter) in [
        ("reply_count", Counter::Replies),
        ("like_count", Counter::Likes),
        ("quote_count", Counter::Quotes),
        ("bookmark_count", Counter::Bookmarks),
        ("impression_count", Counter::Impressions),
    ] {
        metrics.raw(name, all.get(counter));
    }
    metrics.close();
}

fn broken_down(data: &mut Object<'_>, field: &str, counts: &Counts) {
    let mut metrics = Object::open(data.key(field));
    for (name, counter) in BROKEN_DOWN.iter().chain(&CLICKS) {
        metrics.raw(name, counts.get(*counter));
    }
    metrics.close();
}
