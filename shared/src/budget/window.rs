//! One rate window of X. Invariant: what the headers said last is what holds until the window
//! ends; before they said anything, X's published limits are assumed.

use super::reserve::Reserve;
use crate::api::Quota;
use crate::time::{MINUTE_MS, UnixMs};
use crate::x::problem::{RESET_AHEAD_MAX_MS, Rate};
use serde::{Deserialize, Serialize};

/// Every window of X that Roost uses lasts 15 minutes (docs.x.com, "Rate limits").
const WINDOW_MS: i64 = 15 * MINUTE_MS;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// The latest, as X said or as assumed.
    rate: Option<Rate>,
}

/// What a window has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// So many calls.
    Calls(u32),
    /// None before it ends.
    Full,
    /// None: it has no more calls than the reserve keeps.
    AllReserve {
        /// Its calls.
        limit: u32,
        /// The reserve's.
        keep: u32,
    },
}

/// Every window that Roost has a name for, but `blocking`: that of 15 calls, of which one a week
/// is made, must not say how many others are left unused.
pub(super) const WINDOWS: [&str; 13] = [
    "activity/subscriptions",
    "connections",
    "followers",
    "following",
    "stream/rules",
    "stream/rules/change",
    "tweets",
    "tweets/counts",
    "tweets/search",
    "users",
    "users/me",
    "users/tweets",
    "webhooks",
];

/// X's published calls per window by route (docs.x.com, "Rate limits", August 2026): of app and
/// user the smaller number, where both have one.
pub(super) fn published(route: &str) -> u32 {
    match route {
        "blocking" => 15,
        "connections" => 25,
        "users/me" => 75,
        "users/tweets" => 900,
        "tweets" => 3_500,
        "stream/rules/change" => 100,
        "stream/rules" | "tweets/search" | "webhooks" => 450,
        "activity/subscriptions" => 500,
        // Among them `users`, `followers`, `following` and `tweets/counts`.
        _ => 300,
    }
}

impl Window {
    /// Calls that may be granted now. A window that is over, or of which nothing is known, is
    /// assumed to begin now.
    pub(super) fn room(
        &mut self,
        route: &str,
        reserved: u32,
        reserve: Reserve,
        now: UnixMs,
    ) -> Room {
        if self.rate.as_ref().is_none_or(|rate| rate.reset <= now) {
            let told = self.rate.as_ref().map(|rate| rate.limit);
            // A limit that the reserve takes whole would never be asked again, and never be told
            // anew: X's word holds for the window it was said of, then its published limit does.
            let told = told.filter(|limit| *limit > reserve.of(*limit));
            let limit = told.unwrap_or_else(|| published(route));
            self.rate = Some(Rate { limit, remaining: limit, reset: now.plus(WINDOW_MS) });
        }
        let Some(rate) = &self.rate else { return Room::Full };
        let (limit, keep) = (rate.limit, reserve.of(rate.limit));
        if keep > 0 && keep >= limit {
            return Room::AllReserve { limit, keep };
        }
        match rate.remaining.saturating_sub(reserved).saturating_sub(keep) {
            0 => Room::Full,
            calls => Room::Calls(calls),
        }
    }

    pub(super) fn told(&mut self, rate: &Rate, now: UnixMs) {
        let current = self.rate.as_ref().map_or(UnixMs::default(), |rate| rate.reset);
        // An answer of a window gone by says nothing of this one; an assumed end is no end.
        if rate.reset > now || rate.reset >= current {
            // A settlement of an older Roost may name any instant.
            let reset = rate.reset.min(now.plus(RESET_AHEAD_MAX_MS));
            self.rate = Some(Rate { reset, ..rate.clone() });
        }
    }

    pub(super) fn used(&mut self, calls: u32) {
        if let Some(rate) = &mut self.rate {
            rate.remaining = rate.remaining.saturating_sub(calls);
        }
    }

    pub(super) fn reset(&self) -> UnixMs {
        self.rate.as_ref().map_or(UnixMs::default(), |rate| rate.reset)
    }

    /// Calls of a whole window, as last known.
    pub(super) fn limit(&self) -> Option<u32> {
        self.rate.as_ref().map(|rate| rate.limit)
    }

    pub(super) fn quota(&self) -> Option<Quota> {
        let rate = self.rate.as_ref()?;
        Some(Quota { limit: rate.limit, remaining: rate.remaining, reset: rate.reset })
    }
}
