//! Which calls read what is due. Owns: how due tweets become batches, and what those cost. Must
//! not know: rate windows ([`crate::budget`] grants calls). Invariant: each batch stands for
//! itself, so that one that fails or is never made leaves the others right; newest first.

use super::{OWNED_POST_PRICE, POST_PRICE, PRIVATE_MS, is_due};
use crate::id::TweetId;
use crate::time::{SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most tweets of one look-up, and of one page of a listing (docs.x.com).
const BATCH_MAX: usize = 100;

/// A tweet that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Which.
    pub id: TweetId,
    /// When it was written.
    pub created: UnixMs,
    /// When X last answered for it.
    pub last_read: Option<UnixMs>,
    /// Whether its account's listing has it: X lists the newest 3,200.
    pub listed: bool,
}

/// What decides beside the tweets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The keys act for this account and it owns the app: its listing at a fifth of the price.
    pub owned: bool,
    /// The keys act for this account: private metrics.
    pub author: bool,
    /// Most micro-dollars the plan may cost.
    pub budget: u64,
    /// When the account was last asked for new tweets, whatever came.
    pub discovered: Option<UnixMs>,
}

/// How a batch is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Read {
    /// `/2/users/{id}/tweets`, every page of it. Whatever it brings is worth keeping: what was not
    /// due was paid for today, or is new.
    Timeline {
        /// Only what came after this tweet (`since_id`).
        since: Option<TweetId>,
        /// From this second on (`start_time`).
        from: Option<UnixMs>,
        /// Up to this second, excluded (`end_time`).
        to: Option<UnixMs>,
    },
    /// `/2/tweets` of the batch's ids.
    Lookup,
}

/// One call, or one listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which call.
    pub read: Read,
    /// Whether to ask for the author's metrics, never together with expansions.
    pub private: bool,
    /// The due tweets it is for, newest first, at most 100; none where new ones are looked for.
    pub ids: Vec<TweetId>,
    /// Most it can cost, micro-dollars; new tweets cost beyond it.
    pub cost: u64,
}

/// What to read now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The calls, in order.
    pub batches: Vec<Batch>,
    /// Their cost, micro-dollars.
    pub cost: u64,
    /// Due tweets that the budget leaves out: due again at the next plan.
    pub left_out: Vec<TweetId>,
}

/// Plans what is due. After a wait, or when a batch took long, plan anew: which metrics may be
/// asked for depends on the hour.
pub fn plan(tweets: &[Watched], terms: &Terms, now: UnixMs) -> Plan {
    let mut all: Vec<Watched> = tweets.to_vec();
    all.sort_by_key(|tweet| std::cmp::Reverse((tweet.created, tweet.id)));
    let mut planner = Planner { all: &all, terms, now, plan: Plan::default() };
    planner.discover();
    let due = |tweet: &&Watched| is_due(tweet.created, tweet.last_read, now);
    for private in [true, false] {
        for listed in [true, false] {
            let alike = |tweet: &&Watched| {
                planner.private(tweet) == private && (planner.listed(tweet) == listed)
            };
            let group: Vec<Watched> = all.iter().filter(due).filter(alike).copied().collect();
            for chunk in group.chunks(BATCH_MAX) {
                planner.read(chunk, private, listed);
            }
        }
    }
    planner.plan
}

/// The look-up of what a listing did not have: deleted, or beyond its end. `seen` are the tweets
/// that came, and those that X says they replace.
pub fn absent(batch: &Batch, seen: &BTreeSet<TweetId>) -> Option<Batch> {
    if batch.read == Read::Lookup {
        return None;
    }
    let ids: Vec<TweetId> = batch.ids.iter().filter(|id| !seen.contains(id)).copied().collect();
    let cost = (ids.len() as u64).saturating_mul(POST_PRICE);
    (!ids.is_empty()).then_some(Batch { read: Read::Lookup, private: batch.private, ids, cost })
}

struct Planner<'a> {
    /// Newest first.
    all: &'a [Watched],
    terms: &'a Terms,
    now: UnixMs,
    plan: Plan,
}

impl Planner<'_> {
    /// The first second whose tweets' private metrics may be asked for.
    fn horizon(&self) -> UnixMs {
        self.now.plus(SECOND_MS - 1 - PRIVATE_MS).floor_second()
    }

    fn private(&self, tweet: &Watched) -> bool {
        self.terms.author && tweet.created >= self.horizon()
    }

    /// Whether its account's listing is worth asking for it.
    fn listed(&self, tweet: &Watched) -> bool {
        self.terms.owned && tweet.listed
    }

    /// Micro-dollars of reading a tweet; nothing if it was read today.
    fn cost(&self, tweet: &Watched, price: u64) -> u64 {
        let today = |read: UnixMs| read <= self.now && read.utc_day() == self.now.utc_day();
        if tweet.last_read.is_some_and(today) { 0 } else { price }
    }

    /// Looks for tweets not known yet: all there are, the first time. Where private metrics may
    /// not be asked for, a listing of its own asks for the public ones.
    fn discover(&mut self) {
        let horizon = self.horizon();
        let since = self.all.iter().map(|tweet| tweet.id).max();
        let since = since.filter(|_| self.terms.discovered.is_some());
        let mut list = |private, from, to| {
            let read = Read::Timeline { since, from, to };
            self.plan.batches.push(Batch { read, private, ids: Vec::new(), cost: 0 });
        };
        if !self.terms.author {
            return list(false, None, None);
        }
        list(true, Some(horizon), None);
        if self.terms.discovered.is_none_or(|at| at <= horizon) {
            list(false, None, Some(horizon));
        }
    }

    /// Adds one batch for some due tweets, newest first, as many as the budget allows.
    fn read(&mut self, chunk: &[Watched], private: bool, listed: bool) {
        let mut chunk = chunk;
        while let Some((oldest, newer)) = chunk.split_last() {
            let batch = self.cheapest(chunk, private, listed);
            if self.plan.cost.saturating_add(batch.cost) <= self.terms.budget {
                self.plan.cost = self.plan.cost.saturating_add(batch.cost);
                return self.plan.batches.push(batch);
            }
            self.plan.left_out.push(oldest.id);
            chunk = newer;
        }
    }

    /// The cheaper way to read some tweets; of equals the listing.
    fn cheapest(&self, chunk: &[Watched], private: bool, listed: bool) -> Batch {
        let ids: Vec<TweetId> = chunk.iter().map(|tweet| tweet.id).collect();
        let price = chunk.iter().map(|tweet| self.cost(tweet, POST_PRICE)).sum();
        let lookup = Batch { read: Read::Lookup, private, ids: ids.clone(), cost: price };
        let Some((newest, oldest)) = chunk.first().zip(chunk.last()).filter(|_| listed) else {
            return lookup;
        };
        let from = oldest.created.floor_second();
        let to = newest.created.floor_second().plus(SECOND_MS);
        let within = |tweet: &&Watched| tweet.created >= from && tweet.created < to;
        let within = self.all.iter().filter(within);
        let cost = within.map(|tweet| self.cost(tweet, OWNED_POST_PRICE)).sum();
        if cost > lookup.cost {
            return lookup;
        }
        let read = Read::Timeline { since: None, from: Some(from), to: Some(to) };
        Batch { read, private, ids, cost }
    }
}
