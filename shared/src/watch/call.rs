//! One call of a reading: a page of the account's listing, or a look-up. Owns: its parameters, and
//! what it may bill. Must not know: what came before it. Invariant: private metrics are asked for
//! of a window within the last 30 days only, and never with an expansion; promoted ones in a call
//! of their own, behind the one that brings the tweets.
//!
//! Of a tweet that is not promoted X refuses promoted metrics and may leave it out, or answer with
//! nothing at all (docs.x.com, "Timelines"): so they are asked for once the tweets are there, as the
//! seed does in a second fetch. On the same UTC day that costs a call and no money.

use super::{Gap, Purpose};
use crate::budget::{Resource, price};
use crate::cadence::{Batch, Read};
use crate::id::TweetId;
use crate::metrics::Family;
use crate::time::{MINUTE_MS, SECOND_MS, UnixMs};
use crate::tweet::{created_by_id, fields};
use serde::{Deserialize, Serialize};

/// Calls of one lease at most: about what is made within a minute.
pub(super) const GROUP_CALLS: u32 = 10;
/// The most X gives a page.
const PAGE: u64 = 100;
/// New tweets of an hour: a lease is for as many as a page could bill, so pages are small.
const NEWS_PAGE: u64 = 20;
/// An `end_time` this close to now is left out: X's clock may be behind.
const RECENT_MS: i64 = MINUTE_MS;

/// What the author may read of any tweet of the last 30 days.
const AUTHORS: [Family; 3] = [Family::Public, Family::NonPublic, Family::Organic];

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) purpose: Purpose,
    read: Read,
    /// The metrics to ask for.
    pub(super) families: Vec<Family>,
    /// Of the page to read next.
    pub(super) token: Option<String>,
    /// The due tweets it is for, of which nothing was heard yet.
    pub(super) ids: Vec<TweetId>,
    /// Tweets it can bill at most, where that is known.
    bills: u64,
    /// Pages read.
    pub(super) pages: u32,
    /// The oldest tweet that came.
    pub(super) reached: Option<UnixMs>,
    /// Asks for promoted metrics of what is told already: whatever it lacks means nothing.
    pub(super) extra: bool,
    /// Such a call is to follow.
    promotable: bool,
    /// How often fields were dropped.
    pub(super) again: u8,
    pub(super) restarts: u8,
}

/// What to ask X.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `/2/tweets`; else the account's listing.
    pub lookup: bool,
    /// The query.
    pub query: Vec<(String, String)>,
    /// What its tweets are billed as.
    pub resource: Resource,
    /// Calls that one lease may be for, this one first.
    pub calls: u32,
    /// What those may bill.
    pub bills: u64,
    /// What this one may bill.
    pub own_bills: u64,
}

impl Request {
    /// Its rate window.
    pub fn route(&self) -> &'static str {
        if self.lookup { "tweets" } else { "users/tweets" }
    }
}

/// What a tweet read this way is billed as.
fn resource(lookup: bool, owned: bool) -> Resource {
    if owned && !lookup { Resource::OwnedPost } else { Resource::Post }
}

impl Call {
    pub(super) fn of(batch: &Batch, owned: bool) -> Self {
        let lookup = batch.read == Read::Lookup;
        Self {
            purpose: if batch.ids.is_empty() { Purpose::News } else { Purpose::Due },
            read: batch.read,
            families: if batch.private { AUTHORS.to_vec() } else { vec![Family::Public] },
            token: None,
            ids: batch.ids.clone(),
            bills: batch.cost.div_ceil(price(resource(lookup, owned))),
            pages: 0,
            reached: None,
            extra: false,
            promotable: batch.private,
            again: 0,
            restarts: 0,
        }
    }

    /// The call for promoted metrics that follows it, once it came to its end; `told` are the
    /// tweets of its last page.
    pub(super) fn promoted(&self, told: &[TweetId]) -> Option<Self> {
        let some = self.promotable && self.reached.is_some();
        let ids = if self.is_lookup() { told.to_vec() } else { Vec::new() };
        some.then(|| Self {
            purpose: Purpose::Due,
            families: Family::ALL.to_vec(),
            token: None,
            ids,
            bills: 0,
            pages: 0,
            extra: true,
            promotable: false,
            ..self.clone()
        })
    }

    pub(super) fn is_lookup(&self) -> bool {
        self.read == Read::Lookup
    }

    /// Whether a page whose oldest tweet is of `oldest` is the one before once more: listings go
    /// from the newest to the oldest.
    pub(super) fn repeats(&self, oldest: Option<UnixMs>) -> bool {
        let reached = self.reached.filter(|_| self.token.is_some());
        oldest.zip(reached).is_some_and(|(oldest, reached)| oldest >= reached)
    }

    /// As a plan's batch, with the tweets of which nothing was heard.
    pub(super) fn batch(&self) -> Batch {
        let private = self.families.len() > 1;
        Batch { read: self.read, private, ids: self.ids.clone(), cost: 0 }
    }

    /// The look-up of what this listing lacked, with its fields.
    pub(super) fn lookup(&self, batch: &Batch) -> Self {
        Self {
            families: self.families.clone(),
            promotable: self.promotable,
            again: self.again,
            ..Self::of(batch, false)
        }
    }

    /// The same for some of its tweets, with fewer fields.
    pub(super) fn again(&self, families: Vec<Family>, ids: Vec<TweetId>) -> Self {
        let times = ids.iter().filter_map(|id| created_by_id(*id));
        let window = times.clone().min().zip(times.max());
        let read = match (&self.read, window) {
            (Read::Timeline { from, .. }, Some((oldest, newest))) => Read::Timeline {
                since: None,
                from: Some(from.map_or(oldest, |from| from.max(oldest)).floor_second()),
                to: Some(newest.floor_second().plus(SECOND_MS)),
            },
            _ => Read::Lookup,
        };
        Self {
            purpose: Purpose::Due,
            read,
            // The call it comes of asks for promoted ones of all.
            promotable: false,
            families,
            token: None,
            bills: ids.len() as u64,
            ids,
            pages: 0,
            reached: None,
            extra: false,
            again: self.again + 1,
            restarts: 0,
        }
    }

    /// The stretch it did not come to the end of.
    pub(super) fn gap(&self, started: UnixMs) -> Gap {
        let (since, to) = match &self.read {
            Read::Timeline { since, to, .. } => (*since, *to),
            Read::Lookup => (None, None),
        };
        // The oldest second again: more tweets may be of it.
        let reached = self.reached.map(|at| at.floor_second().plus(SECOND_MS));
        Gap { since, to: reached.or(to).unwrap_or(started) }
    }

    fn page(&self) -> u64 {
        match (&self.read, self.purpose) {
            (Read::Timeline { since: Some(_), .. }, Purpose::News) => NEWS_PAGE,
            _ => PAGE,
        }
    }

    /// What its next page may bill.
    fn own_bills(&self) -> u64 {
        if self.purpose == Purpose::Due { self.bills } else { self.page() }
    }

    /// How many calls it is expected to take, at most [`GROUP_CALLS`], and what they may bill.
    pub(super) fn expected(&self) -> (u32, u64) {
        let whole = self.purpose != Purpose::Due && self.page() == PAGE;
        let calls = if whole { GROUP_CALLS } else { 1 };
        (calls, self.own_bills().saturating_mul(u64::from(calls)))
    }

    pub(super) fn request(&self, owned: bool, now: UnixMs, alike: (u32, u64)) -> Request {
        Request {
            lookup: self.is_lookup(),
            query: self.query(now),
            resource: resource(self.is_lookup(), owned),
            calls: alike.0,
            bills: alike.1.max(self.own_bills()),
            own_bills: self.own_bills(),
        }
    }

    fn query(&self, now: UnixMs) -> Vec<(String, String)> {
        let mut query = vec![("tweet.fields".to_owned(), fields(&self.families))];
        let mut say = |name: &str, value: Option<String>| {
            query.extend(value.map(|value| (name.to_owned(), value)));
        };
        match &self.read {
            Read::Lookup => {
                let ids: Vec<String> = self.ids.iter().map(ToString::to_string).collect();
                say("ids", Some(ids.join(",")));
            }
            Read::Timeline { since, from, to } => {
                // Where both are given, X may take either: only the later one is sent.
                let after = since.and_then(created_by_id);
                let since = since.filter(|_| from.is_none_or(|from| after >= Some(from)));
                let from = from.filter(|_| since.is_none());
                let to = to.filter(|to| now.since(*to) > RECENT_MS);
                say("max_results", Some(self.page().to_string()));
                say("since_id", since.map(|id| id.to_string()));
                say("start_time", from.map(UnixMs::rfc3339));
                say("end_time", to.map(UnixMs::rfc3339));
                say("pagination_token", self.token.clone());
            }
        }
        query
    }
}
