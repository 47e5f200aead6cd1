//! Spending and X's rate windows. Owns: prices, what was spent, what may still be read. Must
//! not know: how anything is read. Invariant: money that was granted counts as spent until its
//! lease is settled, or its holder has a new one, so that what is spent and what is granted never
//! pass a cap together; a lease is counted once, however often it is settled.

mod ask;
mod billed;
mod pause;
mod price;
mod reserve;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod view;
mod window;

pub use ask::{Ask, Grant, NO_ACCOUNT_CAP, Plan, Settlement};
pub use billed::BilledToday;
pub use pause::{Pause, pause};
pub use price::{Resource, micro, price, usd};

use crate::api::{Feature, Halt};
use crate::id::AccountId;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use pause::Held;
use reserve::Reserve;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use window::{Room, Window};

/// Calls of a lease nobody settles are free again after this long: longer than any loop holds one.
const RESERVED_MS: i64 = 15 * MINUTE_MS;
/// Money of a lease that nobody settles, and whose holder never asks again, is free after this
/// long: holders work hourly, so that whoever is alive has settled by then.
const HELD_MS: i64 = 26 * HOUR_MS;
/// Leases kept for a late settlement; the oldest beyond are forgotten.
const LEASES_MAX: usize = 500;

/// Everything spent, granted and known of windows: one small JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The UTC month the sums are of.
    month: String,
    /// The UTC day that their `today` is of.
    #[serde(default)]
    day: i64,
    #[serde(default)]
    spend: BTreeMap<AccountId, BTreeMap<Feature, BTreeMap<Resource, Sum>>>,
    /// Of a book of before features: moved to `spend` when it is next turned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sums: BTreeMap<AccountId, BTreeMap<Resource, Sum>>,
    windows: BTreeMap<String, Window>,
    /// Leases not settled yet, also those whose calls are free again.
    leases: BTreeMap<u64, Lease>,
    next_lease: u64,
    #[serde(default)]
    reserve: Reserve,
    /// Over all accounts, micro-dollars.
    cap: Option<u64>,
    /// The same per UTC day.
    #[serde(default)]
    day_cap: Option<u64>,
    #[serde(default)]
    pause: Option<Pause>,
    /// The last charge of each account, so that one told twice counts once.
    #[serde(default)]
    charged: BTreeMap<AccountId, String>,
    /// Whom a cap refused last, and until when.
    #[serde(default)]
    halts: BTreeMap<AccountId, Halted>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    billed: u64,
    repeats: u64,
    /// Of those billed: on the current UTC day.
    #[serde(default)]
    today: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    account: AccountId,
    #[serde(default)]
    feature: Option<Feature>,
    route: String,
    calls: u32,
    cost: u64,
    /// Until when its calls count as made.
    until: UnixMs,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Halted {
    why: String,
    goes_on: Option<UnixMs>,
}

/// One of the caps that hold for an ask.
struct Limit {
    name: &'static str,
    cap: u64,
    /// Whose spending counts; none: everyone's.
    account: Option<AccountId>,
    daily: bool,
}

impl Book {
    /// May this be read now? A grant reserves its money and its calls.
    pub fn ask(&mut self, ask: &Ask, now: UnixMs) -> Grant {
        self.turn(now);
        let probe = match self.pause.as_ref().map(|pause| pause.holds(now)) {
            Some(Held::No(later)) => return later,
            // Money alone asks X nothing: the first call that it is for is the probe.
            Some(Held::Probe) => ask.calls > 0,
            None => false,
        };
        let cost = price(ask.resource).saturating_mul(ask.resources);
        if let Some(refusal) = self.over_cap(ask, cost, now) {
            return refusal;
        }
        let calls = match self.calls(ask, now) {
            Ok(calls) if probe => calls.min(1),
            Ok(calls) => calls,
            Err(refusal) => return refusal,
        };
        if cost > 0 {
            self.halts.remove(&ask.account);
        }
        for lost in self.leases.values_mut().filter(|lease| lease.is_lost(ask, now)) {
            // A late settlement would count all the same.
            lost.cost = 0;
        }
        // Number 0 is in no book, so that a default settlement counts nothing.
        self.next_lease = self.next_lease.max(1);
        let lease = self.next_lease;
        self.next_lease += 1;
        let until = now.plus(RESERVED_MS);
        let (account, route) = (ask.account, ask.route.clone());
        let feature = Some(ask.feature);
        self.leases.insert(lease, Lease { account, feature, route, calls, cost, until });
        while self.leases.len() > LEASES_MAX {
            self.leases.pop_first();
        }
        if let Some(pause) = self.pause.as_mut().filter(|_| probe) {
            pause.probing(lease, now);
        }
        Grant::Go { lease, calls }
    }

    /// How many of the calls asked for a window has room for; one that asks for none (money for
    /// what a stream will bring) needs no window.
    fn calls(&mut self, ask: &Ask, now: UnixMs) -> Result<u32, Grant> {
        if ask.calls == 0 {
            return Ok(0);
        }
        let route = &ask.route;
        let reserved = self.reserved_calls(route, now);
        let window = self.windows.entry(route.clone()).or_default();
        match window.room(route, reserved, self.reserve, now) {
            Room::Calls(free) => Ok(ask.calls.clamp(1, free)),
            Room::Full => {
                let why = format!("X's rate limit ({route}): waiting for its next window");
                Err(Grant::Later { until: window.reset(), why })
            }
            Room::AllReserve { limit, keep } => Err(Grant::No {
                why: format!(
                    "X's rate limit ({route}) is {limit} calls, and {keep} of them are kept \
                     unused: lower `keep_unused` with PUT /budget"
                ),
                goes_on: None,
            }),
        }
    }

    /// Counts what a lease came to. Unknown leases were settled before and count nothing.
    pub fn settle(&mut self, done: &Settlement, now: UnixMs) {
        self.turn(now);
        let Some(lease) = self.leases.remove(&done.lease) else { return };
        let feature = lease.feature.unwrap_or(feature_of(done.account, done.resource));
        self.count(done.account, feature, done.resource, (done.billed, done.repeats));
        let billed = done.billed > 0;
        if self.pause.as_ref().is_some_and(|pause| pause.ends_with(done.lease, billed, now)) {
            self.pause = None;
        }
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

    /// Counts what came without being asked for; an account's charge of the same name as its last
    /// one counts nothing.
    pub fn charge(&mut self, ask: &Ask, name: &str, now: UnixMs) {
        self.turn(now);
        if self.charged.get(&ask.account).is_some_and(|last| last == name) {
            return;
        }
        self.charged.insert(ask.account, name.to_owned());
        self.count(ask.account, ask.feature, ask.resource, (ask.resources, 0));
    }

    /// Micro-dollars that may still be granted for such an ask.
    pub fn room(&self, ask: &Ask, now: UnixMs) -> u64 {
        let room = self.limits(ask).map(|limit| {
            let held = self.reserved(limit.account, |_| true);
            limit.cap.saturating_sub(self.spent_within(&limit, now)).saturating_sub(held)
        });
        room.min().unwrap_or(u64::MAX)
    }

    fn count(
        &mut self,
        account: AccountId,
        feature: Feature,
        resource: Resource,
        (billed, repeats): (u64, u64),
    ) {
        if billed == 0 && repeats == 0 {
            return;
        }
        let features = self.spend.entry(account).or_default();
        let sum = features.entry(feature).or_default().entry(resource).or_default();
        sum.billed = sum.billed.saturating_add(billed);
        sum.today = sum.today.saturating_add(billed);
        sum.repeats = sum.repeats.saturating_add(repeats);
    }

    /// X takes no more calls.
    pub fn hold(&mut self, pause: Pause) {
        self.pause = Some(pause.again(self.pause.take()));
    }

    /// Someone may have mended what paused everything, or stopped this account: the next ask sees.
    pub fn mended(&mut self, account: AccountId) {
        self.halts.remove(&account);
        self.resume();
    }

    pub(in crate::budget) fn resume(&mut self) {
        self.pause = None;
    }

    /// Micro-dollars spent for an account this month.
    pub fn spent(&self, account: AccountId, now: UnixMs) -> u64 {
        self.sum_up(Some(account), None, false, now)
    }

    fn spent_within(&self, limit: &Limit, now: UnixMs) -> u64 {
        self.sum_up(limit.account, None, limit.daily, now)
    }

    /// Micro-dollars of this month, or of today, of one account or all, for one feature or all.
    fn sum_up(
        &self,
        account: Option<AccountId>,
        feature: Option<Feature>,
        today: bool,
        now: UnixMs,
    ) -> u64 {
        if self.month != now.utc_month() || (today && self.day != now.utc_day()) {
            return 0;
        }
        let accounts = self.spend.iter().filter(|(id, _)| account.is_none_or(|one| one == **id));
        let features = accounts.flat_map(|(_, features)| features);
        let features = features.filter(|(of, _)| feature.is_none_or(|one| one == **of));
        let sums = features.flat_map(|(_, sums)| sums);
        sums.map(|(resource, sum)| {
            let count = if today { sum.today } else { sum.billed };
            count.saturating_mul(price(*resource))
        })
        .fold(0, u64::saturating_add)
    }

    /// A new month begins with empty sums, a new day with nothing spent today; leases whose
    /// holders are gone end.
    fn turn(&mut self, now: UnixMs) {
        let month = now.utc_month();
        if self.month != month {
            self.spend.clear();
            self.sums.clear();
            self.halts.clear();
            self.month = month;
        }
        for (account, sums) in std::mem::take(&mut self.sums) {
            for (resource, Sum { billed, repeats, .. }) in sums {
                let feature = feature_of(account, resource);
                self.count(account, feature, resource, (billed, repeats));
            }
        }
        if self.day != now.utc_day() {
            let features = self.spend.values_mut().flat_map(BTreeMap::values_mut);
            features.flat_map(BTreeMap::values_mut).for_each(|sum| sum.today = 0);
            self.day = now.utc_day();
        }
        let gone = HELD_MS - RESERVED_MS;
        self.leases.retain(|_, lease| now.since(lease.until) < gone);
        self.halts.retain(|_, halt| halt.goes_on.is_none_or(|at| at > now));
    }

    /// Micro-dollars granted and not settled, of the leases that count.
    fn reserved(&self, account: Option<AccountId>, counts: impl Fn(&Lease) -> bool) -> u64 {
        let open = self.leases.values().filter(|lease| counts(lease));
        open.filter(|lease| account.is_none_or(|id| lease.account == id))
            .fold(0, |sum, lease| sum.saturating_add(lease.cost))
    }

    fn reserved_calls(&self, route: &str, now: UnixMs) -> u32 {
        let open = self.leases.values().filter(|lease| lease.until > now && lease.route == route);
        open.map(|lease| lease.calls).fold(0, u32::saturating_add)
    }

    fn limits(&self, ask: &Ask) -> impl Iterator<Item = Limit> + use<> {
        let own = Some(ask.account);
        [
            ("this account's monthly cap", Some(ask.account_cap), own, false),
            ("this account's cap per day", ask.account_day_cap, own, true),
            ("the monthly cap over all accounts", self.cap, None, false),
            ("the cap per day over all accounts", self.day_cap, None, true),
        ]
        .into_iter()
        .filter_map(|(name, cap, account, daily)| Some(Limit { name, cap: cap?, account, daily }))
    }

    /// The cap that an ask would pass, if it would; a cap that is reached is remembered.
    fn over_cap(&mut self, ask: &Ask, cost: u64, now: UnixMs) -> Option<Grant> {
        for limit in self.limits(ask).filter(|_| cost > 0) {
            let spent = self.spent_within(&limit, now);
            if spent.saturating_add(cost) > limit.cap {
                let goes_on = (cost <= limit.cap).then(|| limit.ends(now));
                let why = self.too_dear(ask, cost, &limit, spent);
                self.halts.insert(ask.account, Halted { why: why.clone(), goes_on });
                return Some(match goes_on {
                    Some(until) if limit.daily => Grant::Later { until, why },
                    goes_on => Grant::No { why, goes_on },
                });
            }
            let held = self.reserved(limit.account, |lease| !lease.is_lost(ask, now));
            if spent.saturating_add(held).saturating_add(cost) > limit.cap {
                let open = self.leases.values().map(|lease| lease.until);
                let until = open.filter(|&until| until > now).min();
                let why = format!(
                    "other reads under way have ${:.2} of {} reserved",
                    usd(held),
                    limit.name
                );
                return Some(Grant::Later { until: until.unwrap_or(now.plus(RESERVED_MS)), why });
            }
        }
        None
    }

    fn too_dear(&self, ask: &Ask, cost: u64, limit: &Limit, spent: u64) -> String {
        let (span, wait) = if limit.daily {
            ("today".to_owned(), ", or wait for the next UTC day")
        } else {
            (format!("in {}", self.month), ", or wait for the next UTC month")
        };
        let wait = if cost > limit.cap { ": this one read is beyond it" } else { wait };
        format!(
            "This read of up to {} {} may cost ${:.2}; of {} of ${:.2}, ${:.2} is spent {span}. \
             Raise the cap{wait}.",
            ask.resources,
            ask.resource.many(),
            usd(cost),
            limit.name,
            usd(limit.cap),
            usd(spent),
        )
    }
}

impl Lease {
    /// A holder that asks anew has settled what it knew of: an old lease of its own is one that
    /// it lost before it was used, or whose reads it will make again.
    fn is_lost(&self, ask: &Ask, now: UnixMs) -> bool {
        let own = self.account == ask.account
            && self.feature == Some(ask.feature)
            && self.route == ask.route;
        own && self.until <= now
    }
}

impl Limit {
    /// When there is room under it again, whatever was spent.
    fn ends(&self, now: UnixMs) -> UnixMs {
        if self.daily { UnixMs((now.utc_day() + 1) * DAY_MS) } else { now.next_utc_month() }
    }
}

impl From<Halted> for Halt {
    fn from(Halted { why, goes_on }: Halted) -> Self {
        Self { why, goes_on }
    }
}

/// For what a resource was read, in books of before features.
fn feature_of(account: AccountId, resource: Resource) -> Feature {
    match resource {
        Resource::User => Feature::Profiles,
        Resource::Follower | Resource::OwnedFollower => Feature::Followers,
        // The stream is user 0's, who does not exist.
        Resource::Post | Resource::Count if account.0 == 0 => Feature::Stream,
        Resource::OwnedPost | Resource::Post | Resource::Count => Feature::Tweets,
        Resource::Event => Feature::Push,
        Resource::Following | Resource::OwnedFollowing | Resource::Block => Feature::Following,
    }
}
