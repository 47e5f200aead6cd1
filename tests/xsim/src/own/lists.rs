//! Lists of tweets beside the timeline: `GET /2/users/{id}/mentions`, `…/liked_tweets` and
//! `GET /2/tweets/{id}/quote_tweets`.
//!
//! Knows the diary and the world's tweets, not credentials but for a list of one's own. Invariants:
//! a list is newest first and holds a tweet once; every tweet in `data` is charged.

use serde_json::{Map, Value};

use super::lookup::Found;
use super::routes::{Asking, Given};
use super::timeline::{List, Window, listing};
use crate::bill::Read;
use crate::calendar::SECOND_MS;
use crate::hash::{hash, unit};
use crate::problem::Problem;
use crate::stream::search::{self, RECENT_MS};
use crate::tweets::feed::{Feed, Slot};
use crate::tweets::fields::{self, Wish};
use crate::tweets::post::{Kind, Post, REFERENCE_MAX_S};
use crate::users;
use crate::world::Account;

/// X lists so many mentions of an account (docs.x.com, "Timelines").
const MENTIONS_MAX: usize = 800;
/// Tweets per page.
const PAGE: (usize, usize) = (5, 100);
const QUOTES_PAGE: (usize, usize) = (10, 100);
const PAGE_DEFAULT: usize = 10;
/// Of the world's tweets an account likes this share.
const LIKED_SHARE: f64 = 0.001;
/// Tweets examined for one page; a page may be short, and says where to go on.
const EXAMINED_MAX: usize = 200_000;

const SALT_LIKED: u64 = 251;
const SALT_MENTIONS: u64 = 252;
const SALT_LIKES: u64 = 253;
const SALT_QUOTES: u64 = 254;

impl Asking {
    /// # Errors
    /// 400 for a parameter, 404 for a stranger.
    pub(super) fn mentions(&self, user: &str) -> Result<Given, Problem> {
        let own =
            ["max_results", "pagination_token", "since_id", "until_id", "start_time", "end_time"];
        let wish = self.wish(&own, &fields::PARAMS)?;
        self.check_id("id", user)?;
        let most = self.number("max_results", PAGE_DEFAULT, PAGE)?;
        let window = self.window()?;
        let Some(account) = Account::from_id(user) else { return self.stranger(user) };
        let marks = self.sim.state().marks.clone();
        let author = account.other();
        let mut all = Vec::new();
        if marks.standing(author) == super::marks::Standing::Open {
            all = listing(&self.sim, author, self.now_ms, &Window::ALL, &marks);
            let feed = self.feed();
            all.retain(|(tweet, version)| {
                let first = tweet.first();
                let words = tweet.facts.words(&feed, first.id, first.at_ms, *version);
                words.note.as_ref().unwrap_or(&words.text).addresses(account)
            });
            all.truncate(MENTIONS_MAX);
            all.retain(|(tweet, version)| window.holds(tweet, *version));
        }
        let seed = hash(self.sim.config.seed, account.bit(), SALT_MENTIONS);
        let read = if self.caller.owns(account) { Read::OwnedPost } else { Read::Post };
        self.page_of(&wish, &all, List { account, seed, most, read })
    }

    /// # Errors
    /// 400 for a parameter, 403 for an app alone, 404 for a stranger.
    pub(super) fn liked(&self, user: &str) -> Result<Given, Problem> {
        self.asker()?;
        let wish = self.wish(&["max_results", "pagination_token"], &fields::PARAMS)?;
        self.check_id("id", user)?;
        let most = self.number("max_results", PAGE_DEFAULT, PAGE)?;
        let Some(account) = Account::from_id(user) else { return self.stranger(user) };
        let seed = hash(self.sim.config.seed, account.bit(), SALT_LIKES);
        let likes = |post: &Post| {
            let chance = unit(hash(seed, post.slot.key(), SALT_LIKED));
            chance < LIKED_SHARE && !matches!(post.kind, Kind::Repost(..))
        };
        self.world_page(&wish, seed, most, (self.now_ms - RECENT_MS, self.now_ms), likes)
    }

    /// # Errors
    /// 400 for a parameter, 404 for a tweet that is not there.
    pub(super) fn quotes(&self, id: &str) -> Result<Given, Problem> {
        let own = ["max_results", "pagination_token", "exclude"];
        let wish = self.wish(&own, &fields::PARAMS)?;
        self.window()?;
        self.check_id("id", id)?;
        let most = self.number("max_results", PAGE_DEFAULT, QUOTES_PAGE)?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let original = match self.find(&feed, id, &marks) {
            Err(_) => return Err(self.gone(id)),
            // The world quotes its own tweets alone.
            Ok(Found::Own(..)) => {
                return Ok(Given::ok(br#"{"meta":{"result_count":0}}"#.to_vec()));
            }
            Ok(Found::World(post)) => post.slot,
        };
        let seed = hash(self.sim.config.seed, original.id, SALT_QUOTES);
        let to_ms = original.at_ms + (i64::try_from(REFERENCE_MAX_S).unwrap_or(0) + 2) * SECOND_MS;
        let quotes =
            |post: &Post| matches!(post.kind, Kind::Quote(slot, _) if slot.id == original.id);
        self.world_page(&wish, seed, most, (original.at_ms, to_ms.min(self.now_ms)), quotes)
    }

    /// A page of the world's tweets of a span that are of a kind; `seed` tells one list's tokens
    /// from another's.
    fn world_page(
        &self,
        wish: &Wish,
        seed: u64,
        most: usize,
        (from_ms, to_ms): (i64, i64),
        is: impl Fn(&Post) -> bool,
    ) -> Result<Given, Problem> {
        let mut below = u64::MAX;
        if let Some(token) = self.param("pagination_token") {
            below = search::below_of(seed, token)
                .ok_or_else(|| users::invalid_token(self.dialect, token))?;
        }
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let slots = feed.slots_back(from_ms, to_ms).filter(|slot| slot.id < below);
        let (posts, next) = examine(&feed, slots, most, is);
        let mut sheet = self.sheet(&feed, wish, "id", &marks);
        for post in &posts {
            if sheet.post(post) {
                let now_s = self.now_ms.div_euclid(SECOND_MS);
                let Slot { second, nth, .. } = post.slot;
                self.sim.state().bill.charge_post(second, nth, now_s);
            }
        }
        let mut meta = Map::from_iter([("result_count".to_owned(), sheet.shown().len().into())]);
        if let Some(next) = next {
            meta.insert("next_token".into(), search::token(seed, next).into());
        }
        Ok(Given::ok(sheet.finish(false, Some(&Value::Object(meta)))))
    }
}

/// The first tweets of a kind, and below which id to go on.
fn examine(
    feed: &Feed,
    slots: impl Iterator<Item = Slot>,
    most: usize,
    is: impl Fn(&Post) -> bool,
) -> (Vec<Post>, Option<u64>) {
    let mut posts = Vec::new();
    let mut last = None;
    for (n, slot) in slots.enumerate() {
        if n >= EXAMINED_MAX || posts.len() >= most {
            return (posts, last);
        }
        last = Some(slot.id);
        posts.extend(feed.post(slot).filter(|post| is(post)));
    }
    (posts, None)
}
