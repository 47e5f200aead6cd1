//! X's endpoints for tweets by author and by id: their paths, parameters and what they have in
//! common.
//!
//! Knows HTTP's paths and queries, not headers, credentials or limits. Invariant: a parameter that
//! is unknown, given twice or out of its bounds is a 400 that names it.

use std::sync::Arc;

use serde_json::json;

use super::growth::Counter;
use super::marks::Marks;
use super::sheet::Sheet;
use super::spoil;
use crate::auth::Caller;
use crate::bill::Read;
use crate::calendar::{SECOND_MS, parse_when};
use crate::faults::{Fired, Kind};
use crate::params::{self, is_id};
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::tweets::feed::Feed;
use crate::tweets::fields::Wish;
use crate::world::Account;

/// The endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Timeline(String),
    Mentions(String),
    Liked(String),
    Many,
    One(String),
    Analytics,
    Quotes(String),
    LikingUsers(String),
    RetweetedBy(String),
}

impl Route {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/2/")?.split('/').collect();
        Some(match parts.as_slice() {
            ["users", id, "tweets"] => Self::Timeline((*id).to_owned()),
            ["users", id, "mentions"] => Self::Mentions((*id).to_owned()),
            ["users", id, "liked_tweets"] => Self::Liked((*id).to_owned()),
            ["tweets", id, "quote_tweets"] => Self::Quotes((*id).to_owned()),
            ["tweets", id, "liking_users"] => Self::LikingUsers((*id).to_owned()),
            ["tweets", id, "retweeted_by"] => Self::RetweetedBy((*id).to_owned()),
            ["tweets"] => Self::Many,
            ["tweets", "analytics"] => Self::Analytics,
            ["tweets", id] => Self::One((*id).to_owned()),
            _ => return None,
        })
    }

    /// What its rate limit goes by.
    pub(crate) fn name(&self, method: &str) -> &'static str {
        match (self, method) {
            (Self::Many, "POST") => "tweet_post",
            (Self::One(_), "DELETE") => "tweet_delete",
            (Self::Timeline(_), _) => "timeline",
            (Self::Mentions(_), _) => "mentions",
            (Self::Liked(_), _) => "liked",
            (Self::Many, _) => "tweets",
            (Self::One(_), _) => "tweet",
            (Self::Analytics, _) => "analytics",
            (Self::Quotes(_), _) => "quotes",
            (Self::LikingUsers(_), _) => "liking_users",
            (Self::RetweetedBy(_), _) => "retweeted_by",
        }
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        match self {
            Self::Many => ["GET", "POST"].contains(&method),
            Self::One(_) => ["GET", "DELETE"].contains(&method),
            _ => method == "GET",
        }
    }
}

/// A good answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Given {
    pub(super) fn ok(body: Vec<u8>) -> Self {
        Self { status: 200, body }
    }
}

/// One request, whose credential and rate are checked.
pub(crate) struct Asking {
    pub(crate) sim: Arc<Sim>,
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) caller: Caller,
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) dialect: Dialect,
    pub(crate) now_ms: i64,
    pub(crate) fault: Option<Fired>,
}

impl Asking {
    /// # Errors
    /// X's refusal.
    pub(crate) fn answer(&self) -> Result<Given, Problem> {
        if let Some(given) = self.hollow() {
            return Ok(given);
        }
        let given = match (&self.route, self.method.as_str()) {
            (Route::Many, "POST") => return self.write(),
            (Route::One(id), "DELETE") => return self.delete(id),
            (Route::Timeline(user), _) => self.timeline(user),
            (Route::Mentions(user), _) => self.mentions(user),
            (Route::Liked(user), _) => self.liked(user),
            (Route::Many, _) => self.many(),
            (Route::One(id), _) => self.one(id),
            (Route::Analytics, _) => self.analytics(),
            (Route::Quotes(id), _) => self.quotes(id),
            (Route::LikingUsers(id), _) => self.crowd(id, Counter::Likes),
            (Route::RetweetedBy(id), _) => self.crowd(id, Counter::Retweets),
        }?;
        Ok(match &self.fault {
            Some(fault) => Given::ok(spoil::spoil(given.body, fault, self.now_ms)),
            None => given,
        })
    }

    /// The 200 without tweets of the faults that ask for one.
    fn hollow(&self) -> Option<Given> {
        let error = |resource: &str, parameter: &str, id: &str| {
            problem::unavailable(self.dialect, resource, parameter, id)
        };
        let body = match (self.fault.as_ref()?.kind, &self.route) {
            (Kind::Empty, _) => json!({"meta": {"result_count": 0}}),
            (
                Kind::Errors200,
                Route::Timeline(user) | Route::Mentions(user) | Route::Liked(user),
            ) => {
                json!({"errors": [error("user", "id", user)]})
            }
            (
                Kind::Errors200,
                Route::One(id)
                | Route::Quotes(id)
                | Route::LikingUsers(id)
                | Route::RetweetedBy(id),
            ) => json!({"errors": [error("tweet", "id", id)]}),
            (Kind::Errors200, Route::Many | Route::Analytics) => {
                let ids = self.param("ids").unwrap_or("").split(',');
                json!({"errors": ids.map(|id| error("tweet", "ids", id)).collect::<Vec<_>>()})
            }
            _ => return None,
        };
        Some(Given::ok(body.to_string().into_bytes()))
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn refuse(&self, name: &str, value: &str, what: &str) -> Problem {
        let message = format!("The `{name}` query parameter value [{value}] {what}");
        problem::invalid(self.dialect, name, value, &message)
    }

    /// The fields asked for, once every parameter is known to be known.
    pub(super) fn wish(&self, own: &[&str], shared: &[&str]) -> Result<Wish, Problem> {
        let mut wish = Wish::new(self.dialect);
        for (name, value) in params::distinct(&self.pairs, own, shared, self.dialect)? {
            wish.set(name, value).map_err(|what| self.refuse(name, value, &what))?;
        }
        Ok(wish)
    }

    /// The account that asks.
    ///
    /// # Errors
    /// 403 for an app alone.
    pub(super) fn asker(&self) -> Result<Account, Problem> {
        let refused = || problem::unsupported_authentication(self.dialect);
        self.caller.account().ok_or_else(refused)
    }

    pub(super) fn number(
        &self,
        name: &str,
        default: usize,
        (least, most): (usize, usize),
    ) -> Result<usize, Problem> {
        let Some(value) = self.param(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|n| (least..=most).contains(n));
        number
            .ok_or_else(|| self.refuse(name, value, &format!("is not between {least} and {most}")))
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(value) = self.param(name) else { return Ok(None) };
        let time = value.contains('T').then(|| parse_when(value)).flatten();
        time.map(Some).ok_or_else(|| self.refuse(name, value, "is not a valid RFC 3339 time"))
    }

    pub(super) fn id(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(value) = self.param(name) else { return Ok(None) };
        let id = is_id(value).then(|| value.parse().ok()).flatten();
        id.map(Some).ok_or_else(|| self.refuse(name, value, "does not match ^[0-9]{1,19}$"))
    }

    /// The world's tweets as they are now.
    pub(super) fn feed(&self) -> Arc<Feed> {
        Arc::clone(&self.sim.live.lock().feed)
    }

    pub(super) fn sheet<'a>(
        &'a self,
        feed: &'a Feed,
        wish: &'a Wish,
        parameter: &'static str,
        marks: &Marks,
    ) -> Sheet<'a> {
        let asked = (wish, self.caller, self.now_ms);
        Sheet::new((&self.sim, feed), asked, parameter, marks.keep_refused)
    }

    pub(super) fn charge(&self, read: Read, ids: &[u64]) {
        let mut state = self.sim.state();
        for id in ids {
            state.bill.charge_read(read, *id, self.now_ms.div_euclid(SECOND_MS));
        }
    }
}
