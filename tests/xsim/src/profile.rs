//! A user as X writes it: which fields were asked for, and the JSON of one user.
//!
//! Knows the world and both dialects, no HTTP. Invariant: the bytes of a user depend only on
//! the world, the user, the time, the fields and the dialect.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts are drawn below 2^32"
)]

use crate::bios;
use crate::calendar::{DAY_S, SECOND_MS, format_ms};
use crate::hash::{Draw, hash};
use crate::identity::{self, Subject};
use crate::names;
use crate::relations::{self, Relation};
use crate::world::{Account, World};

/// The picture of a user who never set one; it really exists.
pub(crate) const DEFAULT_PICTURE: &str =
    "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png";

const SALT_FLAGS: u64 = 64;
const SALT_COUNTS: u64 = 65;
const SALT_PINNED: u64 = 67;
const SALT_RESTYLED: u64 = 68;

/// 2006-03-21T18:50:14Z, when the two accounts were made.
const OWNERS_CREATED_S: i64 = 1_142_967_014;

/// Which names the answers use: X renamed tweets to posts in its published description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `tweet_count`, `https://api.twitter.com/2/problems/…`.
    #[default]
    Tweet,
    /// `post_count`, `https://api.x.com/2/problems/…`.
    Post,
}

/// The user fields a request asked for, as bits by position in [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields(u32);

/// Every value that `user.fields` takes. Those that no simulated user has stay absent.
pub(crate) const NAMES: [&str; 29] = [
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
    "pinned_post_id",
    "most_recent_post_id",
];

impl Fields {
    /// What X gives when nothing is asked for.
    pub(crate) fn default_set() -> Self {
        let mut fields = Self(0);
        for name in ["id", "name", "username"] {
            fields.insert(name);
        }
        fields
    }

    /// What a crawl asks for, and what the snapshots hold.
    pub(crate) fn crawl_set() -> Self {
        let mut fields = Self::default_set();
        for name in [
            "created_at",
            "description",
            "profile_image_url",
            "protected",
            "public_metrics",
            "verified",
            "verified_type",
        ] {
            fields.insert(name);
        }
        fields
    }

    /// Adds a field; false when there is none of this name.
    pub(crate) fn insert(&mut self, name: &str) -> bool {
        let Some(at) = NAMES.iter().position(|n| *n == name) else { return false };
        self.0 |= 1 << at;
        true
    }

    pub(crate) fn has(self, name: &str) -> bool {
        NAMES.iter().position(|n| *n == name).is_some_and(|at| self.0 & 1 << at != 0)
    }
}

/// How users are to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) at_s: i64,
    pub(crate) fields: Fields,
    pub(crate) dialect: Dialect,
    /// Which of the two accounts asks, and so sees how users stand to it.
    pub(crate) asker: Option<Account>,
    /// What to say of the accounts' follower counts: (main, second).
    pub(crate) owner_followers: (u64, u64),
}

/// Writes one JSON object member by member.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        let out = self.key(key);
        // Writing a string into memory cannot fail.
        let _ = serde_json::to_writer(out, value);
    }

    pub(crate) fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        use std::io::Write;
        let out = self.key(key);
        let _ = write!(out, "{value}");
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

/// Numbers under `public_metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) followers: u64,
    pub(crate) following: u64,
    pub(crate) posts: u64,
    pub(crate) listed: u64,
    pub(crate) likes: u64,
    pub(crate) media: u64,
}

/// Heavy-tailed counts that grow slowly: about once in one to three weeks each.
pub(crate) fn counts(seed: u64, key: u64, created_s: i64, at_s: i64) -> Counts {
    let mut draw = Draw::new(seed, key, SALT_COUNTS);
    let days = ((at_s - created_s) / DAY_S).max(0) as u64;
    // A Pareto tail: most have tens of followers, one in ten thousand has a million.
    let mut tail = |scale: f64, cap: f64| (scale / (1.0 - draw.unit()).powf(1.25)).min(cap) as u64;
    let followers = tail(12.0, 5e7);
    let following = tail(60.0, 9e4).min(5_000.max(followers * 2));
    let posts = tail(40.0, 2e6);
    let likes = tail(80.0, 2e6);
    let growth = |base: u64, period_days: u64| base + base / 300 * (days / period_days);
    Counts {
        followers: growth(followers, 7) + days / 21,
        following: growth(following, 30),
        posts: growth(posts, 7) + days / 14,
        listed: followers / 90,
        likes: growth(likes, 7) + days / 10,
        media: posts / 9,
    }
}

/// Booleans and kinds of a follower, drawn once.
struct Flags {
    protected: bool,
    verified_type: &'static str,
    has_banner: bool,
}

fn flags(seed: u64, key: u64) -> Flags {
    let mut draw = Draw::new(seed, key, SALT_FLAGS);
    let verified_type = match draw.unit() {
        s if s < 0.035 => "blue",
        s if s < 0.039 => "business",
        s if s < 0.040 => "government",
        _ => "none",
    };
    Flags {
        protected: verified_type == "none" && draw.unit() < 0.04,
        verified_type,
        has_banner: draw.unit() < 0.1,
    }
}

/// Whether a follower hides posts and lists from strangers.
pub(crate) fn is_protected(world: &World, account: Account, index: u32) -> bool {
    let roster = world.roster(account);
    flags(roster.seed(), roster.key(index)).protected
}

/// All that is to say about one user at one time.
struct Facts {
    id: String,
    name: String,
    username: String,
    created_s: i64,
    description: &'static str,
    place: Option<&'static str>,
    pinned: Option<u64>,
    has_banner: bool,
    protected: bool,
    verified_type: &'static str,
    /// How the user stands to whoever asks.
    connections: Vec<&'static str>,
    counts: Counts,
}

/// Writes one user.
pub(crate) fn write_user(out: &mut Vec<u8>, view: &View<'_>, subject: Subject) {
    let facts = match subject {
        Subject::Owner(account) => owner_facts(view, account),
        Subject::Follower(account, index) => follower_facts(view, account, index),
    };
    let (fields, dialect) = (view.fields, view.dialect);
    let mut user = Object::open(out);
    user.text("id", &facts.id);
    user.text("name", &facts.name);
    user.text("username", &facts.username);
    if fields.has("created_at") {
        user.text("created_at", &format_ms(facts.created_s * SECOND_MS));
    }
    if fields.has("description") {
        user.text("description", facts.description);
    }
    if let (true, Some(link)) = (fields.has("entities"), bios::link(facts.description)) {
        write_entities(&mut user, link);
    }
    if let (true, Some(place)) = (fields.has("location"), facts.place) {
        user.text("location", place);
    }
    let pinned_asked = fields.has("pinned_tweet_id") || fields.has("pinned_post_id");
    if let (true, Some(pinned)) = (pinned_asked, facts.pinned) {
        let key = if dialect == Dialect::Tweet { "pinned_tweet_id" } else { "pinned_post_id" };
        user.text(key, &pinned.to_string());
    }
    if fields.has("profile_image_url") {
        user.text("profile_image_url", DEFAULT_PICTURE);
    }
    if fields.has("profile_banner_url") && facts.has_banner {
        let banner = format!("https://pbs.twimg.com/profile_banners/{}/1", facts.id);
        user.text("profile_banner_url", &banner);
    }
    if fields.has("protected") {
        user.raw("protected", facts.protected);
    }
    if fields.has("url") {
        user.text("url", bios::link(facts.description).map_or("", |(.., url)| url));
    }
    if fields.has("verified") {
        user.raw("verified", facts.verified_type != "none");
    }
    if fields.has("verified_type") {
        user.text("verified_type", facts.verified_type);
    }
    if fields.has("connection_status") && view.asker.is_some() {
        // Writing words into memory cannot fail.
        let _ = serde_json::to_writer(user.key("connection_status"), &facts.connections);
    }
    if fields.has("public_metrics") {
        write_counts(&mut user, dialect, facts.counts);
    }
    user.close();
}

fn owner_facts(view: &View<'_>, account: Account) -> Facts {
    let (name, username) = names::owner(account);
    let created_s = OWNERS_CREATED_S + i64::from(account == Account::Second);
    let followers = match account {
        Account::Main => view.owner_followers.0,
        Account::Second => view.owner_followers.1,
    };
    let drawn = counts(view.world.seed, account.bit(), created_s, view.at_s);
    // What the list of the followed has: it takes a walk over everyone, so only where it is shown.
    let following = if view.fields.has("public_metrics") {
        let roster = view.world.roster(account);
        let follows = |&index: &u32| Relation::Following.holds(roster, index, view.at_s);
        (0..roster.capacity()).filter(follows).count() as u64
    } else {
        drawn.following
    };
    Facts {
        id: account.id().to_owned(),
        name: name.to_owned(),
        username: username.to_owned(),
        created_s,
        description: "Sea, letters, small programs.\nhttps://t.co/sI1mUl4toR",
        place: Some("Tromsø"),
        pinned: None,
        has_banner: true,
        protected: false,
        verified_type: "blue",
        connections: Vec::new(),
        counts: Counts { followers, following, ..drawn },
    }
}

fn follower_facts(view: &View<'_>, account: Account, index: u32) -> Facts {
    let roster = view.world.roster(account);
    let (seed, key) = (roster.seed(), roster.key(index));
    let timeline = roster.timeline(index);
    let generation = roster.generation(index, &timeline, view.at_s);
    // Two in five who change their username change the display name with it.
    let variant = if hash(seed, key, SALT_RESTYLED) % 5 < 2 { generation } else { 0 };
    let person = names::person(seed, key, variant);
    let flags = flags(seed, key);
    let created_s = identity::created_s(roster, index);
    let pinned = hash(seed, key, SALT_PINNED);
    let connections = if view.fields.has("connection_status") && view.asker == Some(account) {
        relations::status(roster, index, &timeline, flags.protected, view.at_s)
    } else {
        Vec::new()
    };
    Facts {
        id: identity::id(roster, account, index).to_string(),
        name: person.name,
        username: identity::username(view.world, account, index, generation),
        created_s,
        description: bios::description(seed, key, person.script),
        place: bios::place(seed, key),
        pinned: pinned.is_multiple_of(4).then_some(1_200_000_000_000_000_000 + (pinned >> 4)),
        has_banner: flags.has_banner,
        protected: flags.protected,
        verified_type: flags.verified_type,
        connections,
        counts: counts(seed, key, created_s, view.at_s),
    }
}

fn write_entities(user: &mut Object<'_>, (start, end, link): (usize, usize, &str)) {
    let expanded = link.replace("t.co", "example.org");
    let mut urls = Vec::new();
    let mut url = Object::open(&mut urls);
    url.raw("start", start);
    url.raw("end", end);
    url.text("url", link);
    url.text("expanded_url", &expanded);
    url.text("display_url", expanded.trim_start_matches("https://"));
    url.close();
    let urls = String::from_utf8_lossy(&urls);
    user.raw("entities", format_args!(r#"{{"description":{{"urls":[{urls}]}}}}"#));
}

pub(crate) fn write_counts(user: &mut Object<'_>, dialect: Dialect, counts: Counts) {
    let mut metrics = Object::open(user.key("public_metrics"));
    metrics.raw("followers_count", counts.followers);
    metrics.raw("following_count", counts.following);
    let posts = if dialect == Dialect::Tweet { "tweet_count" } else { "post_count" };
    metrics.raw(posts, counts.posts);
    metrics.raw("listed_count", counts.listed);
    metrics.raw("like_count", counts.likes);
    metrics.raw("media_count", counts.media);
    metrics.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const START_S: i64 = 1_790_000_123;

    fn user(view: &View<'_>, index: u32) -> Value {
        let mut out = Vec::new();
        write_user(&mut out, view, Subject::Follower(Account::Main, index));
        serde_json::from_slice(&out).unwrap()
    }

    fn view(world: &World, fields: Fields) -> View<'_> {
        View {
            world,
            at_s: START_S,
            fields,
            dialect: Dialect::Tweet,
            asker: None,
            owner_followers: (100, 10),
        }
    }

    #[test]
    fn only_what_was_asked_for_appears() {
        let world = World::new(1, 100, START_S * 1_000).unwrap();
        let plain = user(&view(&world, Fields::default_set()), 5);
        assert_eq!(
            plain.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["id", "name", "username"]
        );
        let crawl = user(&view(&world, Fields::crawl_set()), 5);
        assert_eq!(crawl.as_object().unwrap().len(), 10);
    }

    #[test]
    fn the_dialect_names_the_count_of_posts() {
        let world = World::new(1, 100, START_S * 1_000).unwrap();
        let tweet = view(&world, Fields::crawl_set());
        let post = View { dialect: Dialect::Post, ..tweet };
        let count = user(&tweet, 5)["public_metrics"]["tweet_count"].clone();
        assert!(count.is_u64());
        assert_eq!(user(&post, 5)["public_metrics"]["post_count"], count);
        assert!(user(&post, 5)["public_metrics"]["tweet_count"].is_null());
    }

    #[test]
    fn counts_have_a_heavy_tail_and_grow_slowly() {
        let mut followers: Vec<u64> = (0..10_000)
            .map(|key| counts(1, key, START_S - 900 * DAY_S, START_S).followers)
            .collect();
        followers.sort_unstable();
        assert!(followers[5_000] < 200, "median {}", followers[5_000]);
        assert!(followers[9_990] > 10_000, "top {}", followers[9_990]);
        let at = |at_s| counts(1, 7, START_S - 900 * DAY_S, at_s);
        assert_eq!(at(START_S), at(START_S + 600));
        assert!(at(START_S + 400 * DAY_S).posts > at(START_S).posts);
    }

    #[test]
    fn connection_status_needs_a_user_and_a_wish() {
        let world = World::new(1, 100, START_S * 1_000).unwrap();
        let mut fields = Fields::default_set();
        assert!(fields.insert("connection_status"));
        let app = view(&world, fields);
        let person = View { asker: Some(Account::Main), ..app };
        let index = (0..world.main.capacity()).find(|&i| world.main.present(i, START_S)).unwrap();
        assert!(user(&app, index).get("connection_status").is_none());
        assert_eq!(user(&person, index)["connection_status"][0], "followed_by");
    }
}
