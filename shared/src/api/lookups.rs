//! Wire types of bulk look-ups.

use super::{RunState, wire};
use crate::lookup::{By, Class};
use crate::time::UnixMs;
use std::collections::BTreeMap;

wire! {
    /// Body of `POST /lookups`. One of `ids` and `usernames` is required, up to 10,000 of them;
    /// whoever is named twice is asked for once. What names nobody is an error that lists it, and
    /// nobody is asked for.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct NewLookup {
        /// X user ids, alone or as links to X that hold one (`https://x.com/i/user/12`).
        #[serde(default)]
        pub ids: Vec<String>,
        /// Handles, with or without `@`, or links to a profile or a tweet of theirs. Their spelling
        /// stays in `key`.
        #[serde(default)]
        pub usernames: Vec<String>,
        /// `false`: only says what it would cost. Default true.
        #[serde(default)]
        pub start: Option<bool>,
        /// Calls at once, 1 to 6; default 3.
        #[serde(default)]
        pub pool: Option<u32>,
        /// Failures of one batch after which it is given up, 1 to 20; default 5.
        #[serde(default)]
        pub tries: Option<u32>,
        /// People of one call, 1 to 100; default 100.
        #[serde(default)]
        pub batch: Option<u32>,
    }

    /// What a look-up is or would be: answer of `POST /lookups`.
    pub struct LookupStarted {
        /// The look-up, and its run; `null` if it was not started.
        pub run: Option<String>,
        /// Different people asked for.
        pub people: u64,
        /// Calls that takes, if X refuses none.
        pub calls: u64,
        /// What it costs at most, in US dollars: only whom X shows is billed, once a UTC day.
        pub usd: f64,
    }

    /// A bulk look-up.
    pub struct Lookup {
        /// Its id, and that of its run.
        pub id: String,
        /// How people were named.
        pub by: By,
        /// Different people asked for.
        pub people: u64,
        /// How many of them have a class.
        pub done: u64,
        /// How many of which class.
        pub classes: BTreeMap<Class, u64>,
        /// How it stands; `running` also while it waits.
        pub state: RunState,
        /// What it waits for, or why it failed, in words for the owner.
        pub reason: Option<String>,
        /// When it goes on, if it waits.
        pub waits_until: Option<UnixMs>,
        /// When it began.
        pub started: UnixMs,
        /// When it ended.
        pub ended: Option<UnixMs>,
        /// When its result is deleted: X's profiles must not be kept when they grow old.
        pub expires: Option<UnixMs>,
        /// What it costs at most, in US dollars.
        pub usd: f64,
        /// What it cost so far.
        pub spent_usd: f64,
    }
}
