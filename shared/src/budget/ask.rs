//! What holders of leases say to the book, and what it says to them. Owns: shapes only.

use super::price::Resource;
use crate::api::{Feature, SchedulePrice};
use crate::id::AccountId;
use crate::time::UnixMs;
use crate::x::problem::Rate;
use serde::{Deserialize, Serialize};

/// The cap of an ask that no account's cap holds for, micro-dollars: more than X bills in a century,
/// and small enough that sums of it do not overflow. The caps over all accounts still hold.
pub const NO_ACCOUNT_CAP: u64 = u64::MAX / 4;

/// A wish to read.
///
/// One holder (an account's feature on a route) has one lease at a time: it settles the last one
/// before it asks for the next, also after it was lost and came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// For whom.
    pub account: AccountId,
    /// For what.
    pub feature: Feature,
    /// That account's monthly cap, micro-dollars.
    pub account_cap: u64,
    /// That account's cap per UTC day, micro-dollars, if it has one.
    pub account_day_cap: Option<u64>,
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
        /// When there is room again; none: never under these caps.
        goes_on: Option<UnixMs>,
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

/// What an account's settings mean for the month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which.
    pub account: AccountId,
    /// Its monthly cap, micro-dollars.
    pub cap: u64,
    /// Its cap per UTC day, micro-dollars, if it has one.
    pub day_cap: Option<u64>,
    /// What a whole month of its schedule costs, micro-dollars.
    pub monthly_estimate: u64,
    /// What each schedule would cost.
    pub schedules: Vec<SchedulePrice>,
}
