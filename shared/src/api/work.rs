//! Wire types of work that is tried again, and of what ended because it fails on itself.

use super::{wire, words};
use crate::time::UnixMs;

words! {
    /// A piece of an account's work that is tried on its own.
    Work {
        /// The full check under way.
        Followers = "followers",
        /// The reading of tweets under way.
        Tweets = "tweets",
        /// The reading of whom the account follows and blocks.
        Following = "following",
        /// The looking up of those who left.
        Verification = "verification",
        /// The replay under way.
        Replay = "replay",
    }
}

wire! {
    /// Work that was ended because Roost failed on it three times, minutes apart.
    pub struct FailedWork {
        /// Which.
        pub work: Work,
        /// When it was ended.
        pub at: UnixMs,
        /// What failed.
        pub reason: String,
    }

    /// Body of `POST …/resume`.
    #[serde(deny_unknown_fields)]
    pub struct Resume {
        /// The work to go on with, from where it stood.
        pub work: Work,
    }
}
