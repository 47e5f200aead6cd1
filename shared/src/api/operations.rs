//! Wire types of operation: runs, status, budget, sessions.

use super::{Problem, wire, words};
use crate::id::AccountId;
use crate::time::UnixMs;
use std::collections::BTreeMap;

words! {
    /// What set a run off.
    Trigger {
        /// A request.
        Fetch = "fetch",
        /// The hourly cron.
        Cron = "cron",
        /// A queue message.
        Queue = "queue",
        /// A Durable Object's alarm.
        Alarm = "alarm",
        /// A webhook.
        Webhook = "webhook",
    }

    /// How a run stands.
    RunState {
        /// Under way, or waiting for X.
        Running = "running",
        /// Ended well.
        Done = "done",
        /// Ended badly: see `error`.
        Failed = "failed",
        /// Its snapshot was set aside: see `error`.
        Quarantined = "quarantined",
    }
}

wire! {
    /// One recorded invocation, or one chain of them with one purpose.
    pub struct Run {
        /// Its id; later runs sort after earlier ones.
        pub id: String,
        /// What set it off.
        pub trigger: Trigger,
        /// What it does: `crawl`, `import`, `replay`, `tick`, `count`, ….
        pub what: String,
        /// The account it is about.
        #[serde(default)]
        pub account: Option<AccountId>,
        /// How it stands.
        pub state: RunState,
        /// When it began.
        pub started: UnixMs,
        /// When it ended.
        pub ended: Option<UnixMs>,
        /// How long it took, in milliseconds.
        pub duration_ms: Option<i64>,
        /// What went wrong, and what to do.
        pub error: Option<Problem>,
        /// What it counted: `pages`, `followers`, `gained`, `lost`, `retries`, ….
        pub counts: BTreeMap<String, i64>,
    }

    /// Answer of what starts a run.
    pub struct Started {
        /// Poll `GET /runs/{run}` until its state is no longer `running`.
        pub run: String,
    }

    /// `GET /health`.
    pub struct Health {
        /// Always true where there is an answer.
        pub ok: bool,
        /// Roost's version.
        pub version: String,
    }

    /// `GET /status`: safe to show publicly.
    pub struct Status {
        /// This deployment's clock.
        pub now: UnixMs,
        /// Roost's version.
        pub version: String,
        /// Whether data comes from the simulator.
        pub simulated: bool,
        /// Collection over all accounts.
        pub collector: StatusCollector,
        /// The upstream stream.
        pub stream: StatusStream,
        /// Fan-out to browsers.
        pub live: StatusLive,
        /// What is left of X's rate windows, by route.
        pub quotas: BTreeMap<String, Quota>,
    }

    /// Collection over all accounts.
    pub struct StatusCollector {
        /// Accounts tracked.
        pub accounts: u32,
        /// How many of them are being checked.
        pub checking: u32,
        /// How many of them stopped and need the owner.
        pub stopped: u32,
        /// The newest accepted full check.
        pub last_check: Option<UnixMs>,
        /// When cron last ticked.
        pub last_tick: Option<UnixMs>,
    }

    /// The upstream stream.
    pub struct StatusStream {
        /// `off` while nothing streams.
        pub state: String,
        /// Since when.
        pub since: Option<UnixMs>,
        /// When its last byte came.
        pub last_byte: Option<UnixMs>,
    }

    /// Fan-out to browsers.
    pub struct StatusLive {
        /// Browsers connected.
        pub viewers: u32,
        /// Events made, by kind.
        pub events_by_kind: BTreeMap<String, u64>,
        /// Messages sent to browsers.
        pub sent_messages: u64,
        /// Upstream messages that could not be read.
        pub malformed: u64,
        /// Failures by hydrator.
        pub hydrator_failures: BTreeMap<String, u64>,
        /// Events skipped for slow browsers.
        pub skipped: u64,
    }

    /// A rate window of X.
    pub struct Quota {
        /// Calls per window, as X last said.
        pub limit: u32,
        /// Calls left in it.
        pub remaining: u32,
        /// When it begins anew.
        pub reset: UnixMs,
    }

    /// `GET /budget`.
    pub struct Budget {
        /// The UTC month, as `2026-11`.
        pub month: String,
        /// Cap over all accounts; `null` if only the accounts' own caps hold.
        pub cap_usd: Option<f64>,
        /// Spent this month, by X's published prices.
        pub spent_usd: f64,
        /// Spent and, at this pace and these schedules, still to come this month.
        pub forecast_usd: f64,
        /// Calls of every rate window that Roost leaves unused for your other programs.
        pub keep_unused: u32,
        /// Where it went.
        pub by_resource: Vec<Spend>,
        /// By account.
        pub accounts: Vec<AccountSpend>,
        /// X's rate windows, by route.
        pub quotas: BTreeMap<String, Quota>,
    }

    /// Spending on one resource this month.
    pub struct Spend {
        /// `user`, `follower`, `owned_follower`.
        pub resource: String,
        /// Billed resources.
        pub count: u64,
        /// Read again on the same UTC day: free.
        pub repeats: u64,
        /// Dollars.
        pub usd: f64,
    }

    /// Spending for one account this month.
    pub struct AccountSpend {
        /// Which.
        pub account: AccountId,
        /// Its monthly cap.
        pub cap_usd: f64,
        /// Spent this month.
        pub spent_usd: f64,
    }

    /// Body of `PUT /budget`; absent fields stay, `cap_usd: null` removes the cap.
    pub struct BudgetChange {
        /// Cap over all accounts, US dollars per UTC month.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub cap_usd: Option<Option<f64>>,
        /// Calls to leave unused in every rate window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub keep_unused: Option<u32>,
    }

    /// Body of `POST /session`.
    pub struct SignIn {
        /// The `ADMIN_TOKEN` of this deployment.
        pub token: String,
    }

    /// Answer of `POST /session`.
    pub struct Session {
        /// When the cookie expires.
        pub expires: UnixMs,
    }
}
