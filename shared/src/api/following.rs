//! Wire types of whom an account follows and blocks, and of where its history began.

use super::{CollectorState, Origin, wire, words};
use crate::time::UnixMs;

words! {
    /// Whom of those that an account follows.
    FollowingFilter {
        /// Everyone.
        All = "all",
        /// Those who follow it too.
        Mutual = "mutual",
        /// Those who do not.
        NotBack = "not_back",
    }
}

wire! {
    /// The list that an account's history begins with.
    pub struct Baseline {
        /// The instant of the list.
        pub at: UnixMs,
        /// Where it came from.
        pub origin: Origin,
        /// Of an archive with accepted lists after it: what happened since.
        pub since: Option<SinceBaseline>,
    }

    /// What happened since the history began.
    pub struct SinceBaseline {
        /// Who came (returned ones among them).
        pub came: u64,
        /// Who left, retracted losses left out.
        pub left: u64,
    }

    /// How the account's own lists of whom it follows and blocks are read: weekly, with its own
    /// keys or sign-in alone.
    #[derive(Default)]
    pub struct FollowingCollection {
        /// Whether they are: off until the owner has seen the price.
        pub on: bool,
        /// What the reading is doing.
        pub state: CollectorState,
        /// Why it waits or stopped, or lacks something, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// The run of the reading under way.
        pub run: Option<String>,
        /// How many the account follows: by its list, or by X's count before there is one.
        pub following: Option<u64>,
        /// How many it blocks, by its list.
        pub blocked: Option<u64>,
        /// When the list of the followed was read to its end.
        pub last_read: Option<UnixMs>,
        /// When the block list was.
        pub blocked_read: Option<UnixMs>,
        /// When they are read next.
        pub next_read: Option<UnixMs>,
        /// What one followed account costs, in US dollars.
        pub following_usd: f64,
        /// What one blocked account costs, in US dollars.
        pub block_usd: f64,
        /// What one reading costs, in US dollars, without blocks that are not known; `null` while
        /// X's count is not known.
        pub once_usd: Option<f64>,
        /// What 30 days of weekly readings cost, in US dollars.
        pub month_usd: Option<f64>,
    }
}

// What an answer from before this field says of it.
#[allow(clippy::derivable_impls, reason = "the words' macro derives what all of them have")]
impl Default for CollectorState {
    fn default() -> Self {
        Self::Idle
    }
}
