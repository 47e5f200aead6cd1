//! What X bills, and for how much. Owns: the one table of prices. Must not know: who reads.
//! Invariant: amounts are whole micro-dollars: X's prices are tenths of a cent, and sums stay
//! exact.

use serde::{Deserialize, Serialize};

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
    /// A follow or an unfollow that X pushed.
    Event,
    /// One whom an account follows.
    Following,
    /// One whom the account that owns the app follows, read with its own keys.
    OwnedFollowing,
    /// One whom an account blocks, read with its own keys.
    Block,
}

impl Resource {
    pub(super) const ALL: [Self; 10] = [
        Self::User,
        Self::Follower,
        Self::OwnedFollower,
        Self::Post,
        Self::OwnedPost,
        Self::Count,
        Self::Event,
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
            Self::Event => "event",
            Self::Following => "following",
            Self::OwnedFollowing => "owned_following",
            Self::Block => "block",
        }
    }

    /// What several of it are called.
    pub(super) fn many(self) -> &'static str {
        match self {
            Self::User => "profiles",
            Self::Follower | Self::OwnedFollower => "followers",
            Self::Post | Self::OwnedPost => "tweets",
            Self::Count => "counts",
            Self::Event => "pushed events",
            Self::Following | Self::OwnedFollowing => "followed accounts",
            Self::Block => "blocked accounts",
        }
    }
}

/// Micro-dollars of one resource by X's price list of August 2026 (docs.x.com, "Pricing",
/// pay-per-use: User: Read $0.010, Followers: Read $0.010, Owned Reads $0.001, Posts: Read $0.005,
/// Counts: Recent $0.005 a request; Activity API: follow events $0.010 each;
/// Following: Read $0.010, Blocks: Read $0.001).
pub fn price(resource: Resource) -> u64 {
    match resource {
        Resource::User | Resource::Follower | Resource::Event | Resource::Following => 10_000,
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
