//! What goes into the machine and what comes out.

use crate::retry::Trouble;
use crate::stream::disconnect::Disconnect;
use crate::time::UnixMs;
use crate::x::problem::Rate;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner switched the stream on or off, chose the other mode, or set `tries`. On, a
    /// stopped machine tries again at once; the other mode's connection is made anew.
    Want {
        /// To which.
        on: bool,
        /// Attempts in a row that may fail; none for no end.
        tries: Option<u32>,
        /// Whether X must have rules before a connect: the filtered stream, not the sample.
        rules: bool,
    },
    /// The host lost its memory: no reader is left, though X may still hold its socket open.
    Restarted,
    /// X answered 200.
    Opened {
        /// To which.
        attempt: u64,
    },
    /// X answered otherwise, or nobody did.
    Refused {
        /// Whom.
        attempt: u64,
        /// How.
        trouble: Trouble,
        /// What the headers said.
        rate: Option<Rate>,
    },
    /// Bytes came, if only a keep-alive.
    Bytes {
        /// From which.
        attempt: u64,
    },
    /// X said that it closes the stream.
    Said {
        /// Which.
        attempt: u64,
        /// How.
        disconnect: Disconnect,
    },
    /// The connection ended.
    Ended {
        /// Which.
        attempt: u64,
        /// How.
        how: Ended,
    },
    /// [`Effect::SyncRules`] is done: so many rules are in force at X, or it failed.
    RulesSynced(Result<u32, Trouble>),
    /// [`Effect::KillGhosts`] is done.
    GhostsKilled(Result<(), Trouble>),
    /// The budget says no, Roost's own or X's.
    Capped {
        /// The numbers, and what to do.
        why: String,
        /// When there is room again by itself; none: not before the owner does something.
        until: Option<UnixMs>,
    },
    /// The budget has room again, perhaps sooner than it said.
    Freed,
    /// The settings changed so that another connection is needed.
    Reconnect,
    /// `Machine::wake_at` has come, or any other time.
    Tick,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// X ended it.
    Eof,
    /// The network broke it.
    Error(String),
    /// Nothing came for too long.
    Silent,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Drop whatever connection there may be, one left by a host that is gone included.
    Abort,
    /// Make X's rules what the settings say; then [`Input::RulesSynced`].
    SyncRules,
    /// Have X close every connection of this app; then [`Input::GhostsKilled`].
    KillGhosts,
    /// Connect; then [`Input::Opened`] or [`Input::Refused`].
    Connect {
        /// The name of this connection in all inputs about it.
        attempt: u64,
    },
    /// From here on nothing is observed.
    GapBegan {
        /// The last instant at which something was.
        from: UnixMs,
        /// Why, for people.
        why: String,
    },
    /// The gap is over.
    GapEnded {
        /// Its beginning, as declared.
        from: UnixMs,
        /// Its end.
        to: UnixMs,
    },
    /// For the browsers: a notice.
    Tell {
        /// `connected`, `disconnected` or `stopped`.
        about: &'static str,
        /// For people.
        text: String,
    },
}
