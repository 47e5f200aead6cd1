//! Spending and X's rate windows. Owns: prices, what was spent, what may still be read. Must
//! not know: how anything is read. Invariant: money that was granted and not yet settled counts
//! as spent for 15 minutes, so that what is spent and what is granted never pass a cap
//! together; a lease is counted once, however often it is settled.
//!
//! Amounts are whole micro-dollars: X's prices are tenths of a cent, and sums stay exact.

mod billed;
#[cfg(test)]
mod tests;
mod window;

pub use billed::BilledToday;

use crate::api;
use crate::id::AccountId;
use crate::time::{MINUTE_MS, UnixMs};
use crate::x::problem::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use window::Window;

/// Money of a lease nobody settles is free again after this long: longer than any loop holds one.
const RESERVED_MS: i64 = 15 * MINUTE_MS;
/// Leases kept for a late settlement; the oldest beyond are forgotten.
const LEASES_MAX: usize = 500;
/// Calls of every window left to the owner's other programs, unless the owner says otherwise.
const KEEP_UNUSED: u32 = 10;
/// More than anyone should be able to type by mistake.
const CAP_MAX_USD: f64 = 1_000_000.0;
const KEEP_UNUSED_MAX: u32 = 10_000;
const MICRO: u64 = 1_000_000;

/// What X bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A profile.
    User,
    /// One follower of any account.
    Follower,
    /// One follower of the account that owns the app, read with its own keys.
    OwnedFollower,
    /// A tweet, streamed, searched or looked up.
    Post,
    /// A tweet of the account that owns the app, by its own listing with its own keys.
    OwnedPost,
    /// One look at how many tweets matched recently, whatever the number.
    Count,
    /// One whom an account follows.
    Following,
    /// One whom the account that owns the app follows, read with its own keys.
    OwnedFollowing,
    /// One whom an account blocks, read with its own keys.
    Block,
}

impl Resource {
    const ALL: [Self; 9] = [
        Self::User,
        Self::Follower,
        Self::OwnedFollower,
        Self::Post,
        Self::OwnedPost,
        Self::Count,
        Self::Following,
        Self::OwnedFollowing,
        Self::Block,
    ];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Follower => "follower",
            Self::OwnedFollower => "owned_follower",
            Self::Post => "post",
            Self::OwnedPost => "owned_post",
            Self::Count => "count",
            Self::Following => "following",
            Self::OwnedFollowing => "owned_following",
            Self::Block => "block",
        }
    }
}

/// Micro-dollars of one resource by X's price list of August 2026 (docs.x.com, "Pricing",
/// pay-per-use: User: Read $0.010, Followers: Read $0.010, Owned Reads $0.001, Posts: Read $0.005,
/// Counts: Recent $0.005 a request, Following: Read $0.010, Blocks: Read $0.001).
pub fn price(resource: Resource) -> u64 {
    match resource {
        Resource::User | Resource::Follower | Resource::Following => 10_000,
        Resource::OwnedFollower
        | Resource::OwnedPost
        | Resource::OwnedFollowing
        | Resource::Block => 1_000,
        Resource::Post | Resource::Count => 5_000,
    }
}

/// Dollars of micro-dollars.
#[allow(clippy::cast_precision_loss, reason = "exact below 9 billion dollars")]
pub fn usd(micro: u64) -> f64 {
    micro as f64 / MICRO as f64
}

/// Micro-dollars of dollars, to the nearest; what is no amount of money is none.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "`as` saturates, and takes negative numbers and NaN to 0"
)]
pub fn micro(usd: f64) -> u64 {
    (usd * MICRO as f64).round() as u64
}

/// A wish to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// For whom.
    pub account: AccountId,
    /// That account's monthly cap, micro-dollars.
    pub account_cap: u64,
    /// The rate window: `users/me`, `users`, `followers`.
    pub route: String,
    /// Calls wanted; 0 for money alone, which needs no rate window.
    pub calls: u32,
    /// What they read.
    pub resource: Resource,
    /// The most of it that could be billed before all is read. All of its money is granted, or
    /// none: half a list is worth nothing.
    pub resources: u64,
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Read.
    Go {
        /// To be settled.
        lease: u64,
        /// So many calls; possibly fewer than asked for.
        calls: u32,
    },
    /// Ask again then.
    Later {
        /// When.
        until: UnixMs,
        /// What is waited for.
        why: String,
    },
    /// Not this month, unless the owner changes something.
    No {
        /// The numbers, and what to do.
        why: String,
    },
}

/// What a lease came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The lease; settled again, it changes nothing.
    pub lease: u64,
    /// For whom.
    pub account: AccountId,
    /// The rate window.
    pub route: String,
    /// What was read.
    pub resource: Resource,
    /// How many of it are billed.
    pub billed: u64,
    /// How many had been billed before on the same UTC day: free.
    pub repeats: u64,
    /// What the headers of the last answer said.
    pub rate: Option<Rate>,
}

/// What an account's schedule means for the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which.
    pub account: AccountId,
    /// Its monthly cap, micro-dollars.
    pub cap: u64,
    /// What a whole month of its schedule costs, micro-dollars.
    pub monthly_estimate: u64,
}

/// Everything spent, granted and known of windows: one small JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The UTC month the sums are of.
    month: String,
    sums: BTreeMap<AccountId, BTreeMap<Resource, Sum>>,
    windows: BTreeMap<String, Window>,
    /// Leases not settled yet, also those whose money is free again.
    leases: BTreeMap<u64, Lease>,
    next_lease: u64,
    keep_unused: u32,
    /// Over all accounts, micro-dollars.
    cap: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    billed: u64,
    repeats: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    account: AccountId,
    route: String,
    calls: u32,
    cost: u64,
    until: UnixMs,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            month: String::new(),
            sums: BTreeMap::new(),
            windows: BTreeMap::new(),
            leases: BTreeMap::new(),
            next_lease: 1,
            keep_unused: KEEP_UNUSED,
            cap: None,
        }
    }
}

impl Book {
    /// May this be read now? A grant reserves its money and its calls.
    pub fn ask(&mut self, ask: &Ask, now: UnixMs) -> Grant {
        self.turn(now);
        let cost = price(ask.resource).saturating_mul(ask.resources);
        if let Some(refusal) = self.over_cap(ask, cost, now) {
            return refusal;
        }
        let calls = match self.calls(ask, now) {
            Ok(calls) => calls,
            Err(later) => return later,
        };
        let lease = self.next_lease;
        self.next_lease += 1;
        self.leases.insert(
            lease,
            Lease {
                account: ask.account,
                route: ask.route.clone(),
                calls,
                cost,
                until: now.plus(RESERVED_MS),
            },
        );
        while self.leases.len() > LEASES_MAX {
            self.leases.pop_first();
        }
        Grant::Go { lease, calls }
    }

    /// How many of the calls asked for a window has room for; one that asks for none (money for
    /// what a stream will bring) needs no window.
    fn calls(&mut self, ask: &Ask, now: UnixMs) -> Result<u32, Grant> {
        if ask.calls == 0 {
            return Ok(0);
        }
        let reserved = self.reserved_calls(&ask.route, now);
        let window = self.windows.entry(ask.route.clone()).or_default();
        let free = window.free(&ask.route, reserved, self.keep_unused, now);
        if free == 0 {
            let why = format!("X's rate limit ({}): waiting for its next window", ask.route);
            return Err(Grant::Later { until: window.reset(), why });
        }
        Ok(ask.calls.clamp(1, free))
    }

    /// Counts what a lease came to. Unknown leases were settled before and count nothing.
    pub fn settle(&mut self, done: &Settlement, now: UnixMs) {
        self.turn(now);
        let Some(lease) = self.leases.remove(&done.lease) else { return };
        let sum = self.sums.entry(done.account).or_default().entry(done.resource).or_default();
        sum.billed = sum.billed.saturating_add(done.billed);
        sum.repeats = sum.repeats.saturating_add(done.repeats);
        if lease.calls == 0 {
            return;
        }
        let window = self.windows.entry(lease.route).or_default();
        match &done.rate {
            Some(rate) => window.told(rate, now),
            // How many of them were made is not known: all, then.
            None => window.used(lease.calls),
        }
    }

    /// Micro-dollars spent for an account this month.
    pub fn spent(&self, account: AccountId, now: UnixMs) -> u64 {
        self.sums_of(now).and_then(|sums| sums.get(&account)).map_or(0, cost_of)
    }

    fn spent_by_all(&self, now: UnixMs) -> u64 {
        self.sums_of(now).map_or(0, |sums| sums.values().map(cost_of).sum())
    }

    /// The sums, if they are of this month.
    fn sums_of(&self, now: UnixMs) -> Option<&BTreeMap<AccountId, BTreeMap<Resource, Sum>>> {
        (self.month == now.utc_month()).then_some(&self.sums)
    }

    /// A new month begins with empty sums.
    fn turn(&mut self, now: UnixMs) {
        let month = now.utc_month();
        if self.month != month {
            self.sums.clear();
            self.month = month;
        }
    }

    fn reserved(&self, account: Option<AccountId>, now: UnixMs) -> u64 {
        let open = self.leases.values().filter(|lease| lease.until > now);
        open.filter(|lease| account.is_none_or(|id| lease.account == id)).map(|l| l.cost).sum()
    }

    fn reserved_calls(&self, route: &str, now: UnixMs) -> u32 {
        let open = self.leases.values().filter(|lease| lease.until > now && lease.route == route);
        open.map(|lease| lease.calls).fold(0, u32::saturating_add)
    }

    fn over_cap(&self, ask: &Ask, cost: u64, now: UnixMs) -> Option<Grant> {
        let own = ("this account's monthly cap", ask.account_cap, Some(ask.account));
        let all = self.cap.map(|cap| ("the monthly cap over all accounts", cap, None));
        for (name, cap, account) in std::iter::once(own).chain(all).filter(|_| cost > 0) {
            let spent = account.map_or_else(|| self.spent_by_all(now), |id| self.spent(id, now));
            if spent.saturating_add(cost) > cap {
                return Some(Grant::No { why: self.too_dear(ask, cost, name, cap, spent) });
            }
            let reserved = self.reserved(account, now);
            if spent.saturating_add(reserved).saturating_add(cost) > cap {
                let open = self.leases.values().map(|lease| lease.until);
                let until = open.filter(|&until| until > now).min().unwrap_or(now);
                let why = format!("other reads under way have {name} reserved");
                return Some(Grant::Later { until, why });
            }
        }
        None
    }

    fn too_dear(&self, ask: &Ask, cost: u64, name: &str, cap: u64, spent: u64) -> String {
        let what = match ask.resource {
            Resource::User => "profiles",
            Resource::Follower | Resource::OwnedFollower => "followers",
            Resource::Post | Resource::OwnedPost => "tweets",
            Resource::Count => "counts",
            Resource::Following | Resource::OwnedFollowing => "followed accounts",
            Resource::Block => "blocked accounts",
        };
        format!(
            "This read of up to {} {what} may cost ${:.2}; of {name} of ${:.2}, ${:.2} is spent in \
             {}. Raise the cap, or wait for the next UTC month.",
            ask.resources,
            usd(cost),
            usd(cap),
            usd(spent),
            self.month,
        )
    }

    /// `GET /budget`.
    pub fn view(&self, now: UnixMs, plans: &[Plan]) -> api::Budget {
        let (left, days) = now.month_progress();
        let planned: u64 = plans.iter().map(|plan| self.still_to_come(plan, left, days, now)).sum();
        let spent = self.spent_by_all(now);
        let forecast = spent.saturating_add(planned);
        let sums = self.sums_of(now);
        let by_resource = Resource::ALL.into_iter().filter_map(|resource| {
            let of = sums?.values().filter_map(|sums| sums.get(&resource));
            let (count, repeats) =
                of.fold((0, 0), |(billed, again), sum| (billed + sum.billed, again + sum.repeats));
            (count + repeats > 0).then(|| api::Spend {
                resource: resource.as_str().to_owned(),
                count,
                repeats,
                usd: usd(count.saturating_mul(price(resource))),
            })
        });
        let accounts = plans.iter().map(|plan| api::AccountSpend {
            account: plan.account,
            cap_usd: usd(plan.cap),
            spent_usd: usd(self.spent(plan.account, now)),
        });
        api::Budget {
            month: now.utc_month(),
            cap_usd: self.cap.map(usd),
            spent_usd: usd(spent),
            forecast_usd: usd(forecast.min(self.cap.map_or(forecast, |cap| cap.max(spent)))),
            keep_unused: self.keep_unused,
            by_resource: by_resource.collect(),
            accounts: accounts.collect(),
            quotas: self.quotas(),
        }
    }

    /// What the rest of the month will cost an account, which its cap may cut short.
    fn still_to_come(&self, plan: &Plan, days_left: u32, days: u32, now: UnixMs) -> u64 {
        let share =
            u128::from(plan.monthly_estimate) * u128::from(days_left) / u128::from(days.max(1));
        let room = plan.cap.saturating_sub(self.spent(plan.account, now));
        u64::try_from(share).unwrap_or(u64::MAX).min(room)
    }

    /// X's rate windows, by route, as last known.
    pub fn quotas(&self) -> BTreeMap<String, api::Quota> {
        let known = self.windows.iter().filter_map(|(route, w)| Some((route.clone(), w.quota()?)));
        known.collect()
    }

    /// `PUT /budget`.
    ///
    /// # Errors
    /// Which field cannot be, and what it takes; then nothing was changed.
    #[allow(clippy::needless_pass_by_value, reason = "a change is made once")]
    pub fn change(&mut self, change: api::BudgetChange) -> Result<(), String> {
        let api::BudgetChange { cap_usd, keep_unused } = change;
        if let Some(Some(cap)) = cap_usd
            && !(0.0..=CAP_MAX_USD).contains(&cap)
        {
            return Err(format!("`cap_usd`: 0 to {CAP_MAX_USD} or null is expected, not {cap}"));
        }
        if let Some(keep) = keep_unused.filter(|&keep| keep > KEEP_UNUSED_MAX) {
            return Err(format!("`keep_unused`: 0 to {KEEP_UNUSED_MAX} is expected, not {keep}"));
        }
        if let Some(cap) = cap_usd {
            self.cap = cap.map(micro);
        }
        self.keep_unused = keep_unused.unwrap_or(self.keep_unused);
        Ok(())
    }
}

fn cost_of(sums: &BTreeMap<Resource, Sum>) -> u64 {
    sums.iter().map(|(&resource, sum)| sum.billed.saturating_mul(price(resource))).sum()
}
