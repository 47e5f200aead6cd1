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

    /// What money is spent for.
    Feature {
        /// Pages of follower lists.
        Followers = "followers",
        /// The tracked accounts' own profiles, for X's count.
        Profiles = "profiles",
        /// Looking up why someone left.
        Verification = "verification",
        /// The tracked accounts' tweets.
        Tweets = "tweets",
        /// Whom the tracked accounts follow and block.
        Following = "following",
        /// The stream, its rules and its searches.
        Stream = "stream",
        /// Bulk lookups asked for by the owner.
        Lookups = "lookups",
        /// Events that X pushes.
        Push = "push",
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
        /// Calls of the webhook.
        #[serde(default)]
        pub push: StatusPush,
    }

    /// Calls of the webhook by which X pushes.
    #[derive(Default)]
    pub struct StatusPush {
        /// Events taken, ever.
        pub taken: u64,
        /// When the last of them came.
        pub last_event: Option<UnixMs>,
        /// Calls refused, by why: `forged`, `replayed`, `stale`, `oversized`, `malformed`.
        pub refused: BTreeMap<String, u64>,
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
        /// Cap over all accounts per UTC day; `null` if there is none.
        #[serde(default)]
        pub day_cap_usd: Option<f64>,
        /// Spent this month, by X's published prices.
        pub spent_usd: f64,
        /// Spent this UTC day.
        #[serde(default)]
        pub spent_today_usd: f64,
        /// Spent and, at this pace and these schedules, still to come this month.
        pub forecast_usd: f64,
        /// Calls of every rate window that Roost leaves unused for your other programs; 0 where
        /// `keep_unused_percent` holds.
        pub keep_unused: u32,
        /// The same as a share of each window; `null` where a number of calls holds.
        #[serde(default)]
        pub keep_unused_percent: Option<u32>,
        /// Since when, until when and why X is asked nothing that costs; `null` while it is.
        #[serde(default)]
        pub paused: Option<BudgetPause>,
        /// Where it went, by what X bills.
        pub by_resource: Vec<Spend>,
        /// Where it went, by what it was for.
        #[serde(default)]
        pub by_feature: Vec<FeatureSpend>,
        /// By account.
        pub accounts: Vec<AccountSpend>,
        /// X's rate windows, by route.
        pub quotas: BTreeMap<String, Quota>,
    }

    /// X takes no more calls: the credits or the cap set there are used up.
    pub struct BudgetPause {
        /// When X said so.
        pub since: UnixMs,
        /// When one call is made to see whether X takes calls again.
        pub until: UnixMs,
        /// What X said, and what to do.
        pub why: String,
    }

    /// Spending on one resource this month.
    pub struct Spend {
        /// `user`, `follower`, `owned_follower`, `post`, `owned_post`, `count`, `event`.
        pub resource: String,
        /// Billed resources.
        pub count: u64,
        /// Read again on the same UTC day: free.
        pub repeats: u64,
        /// Dollars.
        pub usd: f64,
    }

    /// Spending for one purpose.
    pub struct FeatureSpend {
        /// For what.
        pub feature: Feature,
        /// Dollars this month.
        pub usd: f64,
        /// Dollars this UTC day.
        pub today_usd: f64,
    }

    /// Spending for one account this month.
    pub struct AccountSpend {
        /// Which.
        pub account: AccountId,
        /// Its monthly cap.
        pub cap_usd: f64,
        /// Its cap per UTC day; `null` if there is none.
        #[serde(default)]
        pub day_cap_usd: Option<f64>,
        /// Spent this month.
        pub spent_usd: f64,
        /// Spent this UTC day.
        #[serde(default)]
        pub spent_today_usd: f64,
        /// Spent and, by its schedule, still to come this month.
        #[serde(default)]
        pub forecast_usd: f64,
        /// Where it went.
        #[serde(default)]
        pub by_feature: Vec<FeatureSpend>,
        /// The last read that a cap refused; `null` if none is refused now.
        #[serde(default)]
        pub halted: Option<Halt>,
        /// What each schedule would cost for it.
        #[serde(default)]
        pub schedules: Vec<super::SchedulePrice>,
    }

    /// A cap is reached.
    pub struct Halt {
        /// Which cap, with the numbers, and what to do.
        pub why: String,
        /// When it goes on by itself; `null`: not before the cap is raised.
        pub goes_on: Option<UnixMs>,
    }

    /// Body of `PUT /budget`; absent fields stay, `null` removes a cap.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct BudgetChange {
        /// Cap over all accounts, US dollars per UTC month.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub cap_usd: Option<Option<f64>>,
        /// Cap over all accounts, US dollars per UTC day.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub day_cap_usd: Option<Option<f64>>,
        /// Calls to leave unused in every rate window, exactly; replaces `keep_unused_percent`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub keep_unused: Option<u32>,
        /// The same as a share of each window, 0 to 99, rounded down; replaces `keep_unused`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub keep_unused_percent: Option<u32>,
        /// `false` ends a pause: the next read asks X again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub paused: Option<bool>,
    }

    /// Answer to X's challenge of the webhook.
    pub struct HookAnswer {
        /// `sha256=` and the signature of the token, base64.
        pub response_token: String,
    }

    /// Answer to an event that was taken.
    pub struct HookTaken {
        /// X's id of it.
        pub taken: String,
    }

    /// Body of `POST /session`.
    #[serde(deny_unknown_fields)]
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
