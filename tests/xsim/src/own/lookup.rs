//! `GET /2/tweets` and `GET /2/tweets/{id}`: tweets by id, the accounts' own and the world's.
//!
//! Knows the diary, the stream's tweets and prices. Invariants: every id asked for is in `data` or
//! in `errors`; an older version of an edited tweet is given as it was; every tweet in `data` is
//! charged.

use serde_json::{Value, json};

use super::diary::Tweet;
use super::marks::{Marks, Standing};
use super::routes::{Asking, Given};
use crate::bill::Read;
use crate::calendar::SECOND_MS;
use crate::params::{self, is_id};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::tweets::feed::Feed;
use crate::tweets::fields;
use crate::tweets::json::missing;
use crate::tweets::post::Post;

/// Tweets per lookup, at most.
pub(super) const LOOKUP_MAX: usize = 100;

/// What an id stands for.
pub(super) enum Found {
    Own(Tweet, usize),
    World(Post),
}

/// Why an id stands for nothing that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// Not written yet, never, or deleted.
    Gone,
    /// Its account is protected from the caller, or suspended.
    Hidden,
}

impl Absence {
    /// The entry of `errors`.
    pub(super) fn error(self, dialect: Dialect, parameter: &str, id: &str) -> Value {
        match self {
            Self::Gone => missing(dialect, parameter, id),
            Self::Hidden => json!({
                "value": id, "resource_id": id, "parameter": parameter, "resource_type": "tweet",
                "section": "data", "title": "Authorization Error",
                "detail": format!(
                    "Sorry, you are not authorized to see the Tweet with {parameter}: [{id}]."
                ),
                "type": problem::type_uri(dialect, "not-authorized-for-resource"),
            }),
        }
    }
}

impl Asking {
    /// What a caller may see under an id.
    pub(super) fn find(&self, feed: &Feed, id: &str, marks: &Marks) -> Result<Found, Absence> {
        let id: u64 = id.parse().map_err(|_| Absence::Gone)?;
        if let Some((tweet, version)) = self.sim.diary.find(id, marks) {
            let written = tweet.versions.get(version).is_some_and(|v| v.at_ms <= self.now_ms);
            if !written || tweet.current(self.now_ms).is_none() {
                return Err(Absence::Gone);
            }
            let owner = self.caller.is(tweet.account);
            return match marks.standing(tweet.account) {
                Standing::Open => Ok(Found::Own(tweet, version)),
                Standing::Protected if owner => Ok(Found::Own(tweet, version)),
                Standing::Protected | Standing::Suspended => Err(Absence::Hidden),
            };
        }
        let slot = feed.slot_of(id).filter(|slot| slot.at_ms <= self.now_ms);
        slot.and_then(|slot| feed.post(slot)).map(Found::World).ok_or(Absence::Gone)
    }

    /// The ids of the request, each once.
    pub(super) fn ids(&self) -> Result<Vec<String>, Problem> {
        let value = self.param("ids").unwrap_or("");
        let mut ids: Vec<String> = Vec::new();
        for id in value.split(',') {
            if !is_id(id) {
                return Err(self.refuse("ids", id, "does not match ^[0-9]{1,19}$"));
            }
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        if ids.len() > LOOKUP_MAX {
            return Err(self.refuse("ids", value, "is not 1 to 100 ids"));
        }
        Ok(ids)
    }

    /// # Errors
    /// 400 for a parameter.
    pub(super) fn many(&self) -> Result<Given, Problem> {
        let wish = self.wish(&["ids"], &fields::PARAMS)?;
        let ids = self.ids()?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let mut sheet = self.sheet(&feed, &wish, "ids", &marks);
        for (at, id) in ids.iter().enumerate() {
            match self.fault.as_ref().and_then(|fault| fault.leaves_out(at)) {
                Some(true) => continue,
                Some(false) => {
                    sheet.errors.push(problem::unavailable(self.dialect, "tweet", "ids", id));
                    continue;
                }
                None => {}
            }
            match self.find(&feed, id, &marks) {
                Ok(found) => self.take(&mut sheet, &found),
                Err(why) => sheet.errors.push(why.error(self.dialect, "ids", id)),
            }
        }
        Ok(Given::ok(sheet.finish(false, None)))
    }

    /// # Errors
    /// 400 for the id or a parameter, 404 for a tweet that is not there.
    pub(super) fn one(&self, id: &str) -> Result<Given, Problem> {
        let wish = self.wish(&[], &fields::PARAMS)?;
        self.check_id("id", id)?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        let mut sheet = self.sheet(&feed, &wish, "id", &marks);
        match self.find(&feed, id, &marks) {
            Ok(found) => self.take(&mut sheet, &found),
            Err(Absence::Gone) => {
                return Err(self.gone(id));
            }
            Err(why) => sheet.errors.push(why.error(self.dialect, "id", id)),
        }
        Ok(Given::ok(sheet.finish(true, None)))
    }

    /// The answer of a tweet by id that is not there.
    pub(super) fn gone(&self, id: &str) -> Problem {
        self.sim.config.missing.answer(&Absence::Gone.error(self.dialect, "id", id))
    }

    /// Puts a tweet into the answer and on the bill.
    fn take(&self, sheet: &mut super::sheet::Sheet<'_>, found: &Found) {
        let now_s = self.now_ms.div_euclid(SECOND_MS);
        match found {
            Found::Own(tweet, version) => {
                if sheet.own(tweet, *version)
                    && let Some(at) = tweet.versions.get(*version)
                {
                    self.sim.state().bill.charge_read(Read::Post, at.id, now_s);
                }
            }
            Found::World(post) => {
                if sheet.post(post) {
                    let (second, nth) = (post.slot.second, post.slot.nth);
                    self.sim.state().bill.charge_post(second, nth, now_s);
                }
            }
        }
    }

    /// X's pattern of an id, of the path.
    pub(super) fn check_id(&self, name: &str, id: &str) -> Result<(), Problem> {
        if params::is_id(id) {
            return Ok(());
        }
        Err(self.refuse(name, id, "does not match ^[0-9]{1,19}$"))
    }
}
