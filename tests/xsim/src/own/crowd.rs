//! Who liked or retweeted a tweet: `GET /2/tweets/{id}/liking_users` and `…/retweeted_by`.
//!
//! Knows the roster and a tweet's counts. Invariants: about as many followers are listed as the
//! counts of the tweet say, and never more than there are; every user in `data` is charged. Of the
//! world's tweets nobody is listed: their readers are not simulated.

use serde_json::{Map, Value};

use super::diary::Tweet;
use super::growth::{self, Counter};
use super::lookup::Found;
use super::routes::{Asking, Given};
use crate::bill::Class;
use crate::calendar::SECOND_MS;
use crate::hash::{hash, unit};
use crate::identity::Subject;
use crate::params::{self, SHARED_PARAMS};
use crate::problem::Problem;
use crate::profile::{self, Object, View};
use crate::stream::search;
use crate::tweets::fields::Wish;
use crate::tweets::json::list;
use crate::users;

/// Users per page.
const PAGE: (usize, usize) = (1, 100);
const PAGE_DEFAULT: usize = 100;

const SALT_LIKES: u64 = 255;
const SALT_RETWEETS: u64 = 256;

impl Asking {
    /// # Errors
    /// 400 for a parameter, 403 for an app alone where only people may ask, 404 for a tweet that is
    /// not there.
    pub(super) fn crowd(&self, id: &str, counter: Counter) -> Result<Given, Problem> {
        if counter == Counter::Likes {
            self.asker()?;
        }
        let wish = self.wish_of_users(&["max_results", "pagination_token"])?;
        self.check_id("id", id)?;
        let most = self.number("max_results", PAGE_DEFAULT, PAGE)?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let Ok(found) = self.find(&feed, id, &marks) else { return Err(self.gone(id)) };
        let Found::Own(tweet, version) = found else { return Ok(self.page(&wish, &[], None)) };
        let salt = if counter == Counter::Likes { SALT_LIKES } else { SALT_RETWEETS };
        let seed = hash(self.sim.config.seed, tweet.first().id, salt);
        let mut below = u32::MAX;
        if let Some(token) = self.param("pagination_token") {
            let place = search::below_of(seed, token).and_then(|at| u32::try_from(at).ok());
            below = place.ok_or_else(|| users::invalid_token(self.dialect, token))?;
        }
        let mut crowd = self.members(&tweet, version, counter, seed);
        crowd.retain(|index| *index < below);
        let next = crowd.get(most.saturating_sub(1)).filter(|_| crowd.len() > most);
        let next = next.map(|index| search::token(seed, u64::from(*index)));
        crowd.truncate(most);
        let users: Vec<Subject> =
            crowd.iter().map(|index| Subject::Follower(tweet.account, *index)).collect();
        Ok(self.page(&wish, &users, next))
    }

    /// The followers who did it, the newest first.
    fn members(&self, tweet: &Tweet, version: usize, counter: Counter, seed: u64) -> Vec<u32> {
        let now_s = self.now_ms.div_euclid(SECOND_MS);
        let roster = self.sim.world.roster(tweet.account);
        let count = growth::reading(tweet, version, self.now_ms).public().get(counter);
        let followers = self.sim.count(tweet.account, now_s).max(1);
        #[expect(clippy::cast_precision_loss, reason = "the counts of a tweet stay below 2^53")]
        let share = count as f64 / f64::from(followers);
        let did = |index: &u32| {
            unit(hash(seed, roster.key(*index), 0)) < share && roster.present(*index, now_s)
        };
        (0..roster.arrived_by(now_s)).rev().filter(did).collect()
    }

    /// What is asked of users, once every parameter is known to be known.
    fn wish_of_users(&self, own: &[&str]) -> Result<Wish, Problem> {
        let mut wish = Wish::new(self.dialect);
        for (name, value) in params::distinct(&self.pairs, own, &SHARED_PARAMS, self.dialect)? {
            let taken = match name {
                "expansions" => params::user_expansions(value),
                _ => wish.set(name, value).map(|_| ()),
            };
            taken.map_err(|what| self.refuse(name, value, &what))?;
        }
        Ok(wish)
    }

    fn page(&self, wish: &Wish, users: &[Subject], next: Option<String>) -> Given {
        let now_s = self.now_ms.div_euclid(SECOND_MS);
        let view = View {
            world: &self.sim.world,
            at_s: now_s,
            fields: wish.user,
            dialect: self.dialect,
            asker: self.caller.account(),
            // Followers alone are shown.
            owner_followers: (0, 0),
        };
        let mut body = Vec::new();
        let mut answer = Object::open(&mut body);
        list(&mut answer, "data", users, |out, user| profile::write_user(out, &view, *user));
        let mut meta = Map::from_iter([("result_count".to_owned(), Value::from(users.len()))]);
        meta.extend(next.map(|token| ("next_token".to_owned(), Value::from(token))));
        answer.raw("meta", Value::Object(meta));
        answer.close();
        let mut state = self.sim.state();
        for user in users {
            state.bill.charge(Class::User, *user, now_s);
        }
        Given::ok(body)
    }
}
