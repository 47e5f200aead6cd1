//! Wire types of the people who follow an account, or did.

use super::{Confidence, FollowerEvent, LossState, Reason, Verified, wire};
use crate::id::UserId;
use crate::time::UnixMs;

wire! {
    /// One person, as shown.
    pub struct Person {
        /// The X user id.
        pub id: UserId,
        /// The handle, without `@`; empty if X never told it.
        pub username: String,
        /// The display name.
        pub name: String,
        /// URL of the picture at X.
        pub avatar: Option<String>,
    }

    /// One row of the roster.
    pub struct Follower {
        /// Who.
        pub user: Person,
        /// Their own followers, as last seen.
        pub followers: Option<u64>,
        /// X's mark.
        pub verified: Option<Verified>,
        /// Whether their posts are protected.
        pub protected: bool,
        /// Their profile text.
        pub description: Option<String>,
        /// When they made their account.
        pub joined: Option<UnixMs>,
        /// When they were first seen following, this time; `null` if since before tracking.
        pub since: Option<UnixMs>,
        /// Their last event here.
        pub last_change: Option<UnixMs>,
        /// Whether they follow (at `as_of`, or now).
        pub following: bool,
        /// Whether the account follows them too; `null` if not known.
        pub mutual: Option<bool>,
        /// Muted by the owner of this site: left out of lists of who came and left.
        pub muted: bool,
        /// The owner's note.
        pub note: Option<String>,
        /// How many posts they have written, as last seen.
        #[serde(default)]
        pub posts: Option<u64>,
        /// How they came to be gone, in lists of who left.
        #[serde(default)]
        pub left: Option<Departure>,
    }

    /// How somebody came to be on a list of those who left.
    #[derive(Copy)]
    pub struct Departure {
        /// The check that first missed them.
        pub at: UnixMs,
        /// The accepted check before it; `null`: X pushed it as it happened.
        pub not_before: Option<UnixMs>,
        /// How sure.
        pub state: Option<LossState>,
        /// Why.
        pub reason: Reason,
        /// How certain the reason is.
        pub confidence: Confidence,
    }

    /// One person's whole history with the account.
    pub struct FollowerDetail {
        /// The row.
        #[serde(flatten)]
        pub follower: Follower,
        /// When the profile shown was read.
        pub profile_at: Option<UnixMs>,
        /// Every event of theirs, newest first.
        pub events: Vec<FollowerEvent>,
    }

    /// Body of `PATCH …/followers/{user}`; absent fields stay, an empty note removes it.
    #[serde(deny_unknown_fields)]
    pub struct FollowerChange {
        /// Leave them out of lists of who came and left.
        #[serde(default)]
        pub muted: Option<bool>,
        /// The owner's note, at most 2,000 characters.
        #[serde(default)]
        pub note: Option<String>,
    }
}
