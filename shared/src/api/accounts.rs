//! Wire types of tracked accounts and their collection.

use super::{FailedWork, wire, words};
use crate::id::AccountId;
use crate::time::UnixMs;

words! {
    /// How often an account is checked. `count_only` reads one profile per UTC day: the curve
    /// without names, for about a cent.
    Schedule {
        /// One profile read per UTC day (the default).
        CountOnly = "count_only",
        /// The same, and a full check once X's count and the history differ by more than 10 and
        /// 0.2 %, where the caps allow it.
        CountAudit = "count_audit",
        /// X pushes who comes and goes; such a check at most weekly sees what X does not push.
        Push = "push",
        /// A full check each UTC day.
        Daily = "daily",
        /// A full check each hour.
        Hourly = "hourly",
        /// Full checks only when asked for.
        Manual = "manual",
    }

    /// Whether X pushes what happens to an account.
    PushState {
        /// Not asked for.
        Off = "off",
        /// X was asked and the subscriptions stand.
        On = "on",
        /// Asked for, but X does not push now: see `reason`.
        Broken = "broken",
    }

    /// What the collector of an account is doing.
    CollectorState {
        /// Nothing to do until `next_check`.
        Idle = "idle",
        /// A full check is walking the pages.
        Checking = "checking",
        /// A full check waits for X (rate limit or trouble) and goes on by itself.
        Waiting = "waiting",
        /// Nothing runs until the owner does something: see `reason`.
        Stopped = "stopped",
    }

    /// Which keys read X for an account.
    Credential {
        /// The four OAuth 1.0a keys of the app's owner: own lists at the own-account price.
        Owner = "owner",
        /// The app's bearer token: any public account, ten times dearer.
        Bearer = "bearer",
        /// The account's own sign-in at X (OAuth 2.0): its own lists at the own-account price.
        User = "user",
    }

    /// X's verification marks.
    Verified {
        /// A paying subscriber.
        Blue = "blue",
        /// An organisation.
        Business = "business",
        /// A government body.
        Government = "government",
    }

    /// The filters of the roster table; `from` and `to` bound the first three and `mutual_left`.
    RosterFilter {
        /// Came in the range, for the first time or again.
        New = "new",
        /// Left in the range, whether or not they came back since.
        Left = "left",
        /// Came back in the range.
        Returned = "returned",
        /// The account follows them too (by its own list, or as X told its own keys).
        Mutual = "mutual",
        /// Left in the range, and the account follows them still.
        MutualLeft = "mutual_left",
        /// The account follows them, and they do not follow it.
        NotBack = "not_back",
        /// Muted by the owner of this site.
        Muted = "muted",
    }
}

wire! {
    /// A tracked account.
    pub struct Account {
        /// The X user id; names the account in every path.
        pub id: AccountId,
        /// The handle, without `@`.
        pub username: String,
        /// The display name.
        pub name: String,
        /// URL of the picture at X.
        pub avatar: Option<String>,
        /// The upstream this account's data comes from; never mixed with another's.
        pub upstream: String,
        /// Whether that upstream is the simulator: nobody in the data is real.
        pub simulated: bool,
        /// Whether the owner keys belong to this very account; `null` until X said so.
        pub owned: Option<bool>,
        /// How often it is checked.
        pub schedule: Schedule,
        /// Nothing is read from X for this account beyond this per UTC month.
        pub monthly_cap_usd: f64,
        /// Spent in this UTC month, by X's published prices.
        pub spent_month_usd: f64,
        /// Size of the newest accepted roster.
        pub followers: Option<u64>,
        /// X's own follower count, as last read.
        pub x_count: Option<u64>,
        /// When `x_count` was read.
        pub x_count_at: Option<UnixMs>,
        /// When tracking began here.
        pub created_at: UnixMs,
        /// The oldest accepted snapshot.
        pub first_snapshot: Option<UnixMs>,
        /// What the history begins with: that snapshot, and where it came from.
        #[serde(default)]
        pub baseline: Option<super::Baseline>,
        /// What the collector is doing.
        pub collector: Collector,
        /// Work that Roost failed on itself: ended, with all that was read kept.
        #[serde(default)]
        pub failed: Vec<FailedWork>,
        /// What reads cost for this account.
        pub prices: AccountPrices,
        /// Its tweets and how they are read.
        pub tweets: TweetCollection,
        /// Whom it follows and blocks, and how that is read.
        #[serde(default)]
        pub following: super::FollowingCollection,
        /// How it is found out why people leave.
        #[serde(default)]
        pub verify: Verification,
        /// Nothing is read from X for this account beyond this per UTC day; `null`: no such cap.
        #[serde(default)]
        pub daily_cap_usd: Option<f64>,
        /// What each schedule costs for this account.
        #[serde(default)]
        pub schedule_prices: Vec<SchedulePrice>,
        /// Whether X pushes who comes and goes.
        #[serde(default)]
        pub push: PushSummary,
    }

    /// What a schedule costs for an account.
    pub struct SchedulePrice {
        /// Which.
        pub schedule: Schedule,
        /// About this much in 30 days, in US dollars; `null` while the number of followers is
        /// not known.
        pub month_usd: Option<f64>,
        /// Of its first full check, in US dollars: 0 where there was one or there will be none.
        pub first_usd: Option<f64>,
        /// What it does and costs, in one sentence.
        pub what: String,
    }

    /// Whether X pushes who comes and goes.
    pub struct PushSummary {
        /// Whether it does.
        pub state: PushState,
        /// Why not, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// When X last pushed anything.
        pub last_event: Option<UnixMs>,
    }

    /// `GET …/push`.
    pub struct Push {
        /// Whether X pushes.
        pub state: PushState,
        /// Why not, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// Since when.
        pub since: Option<UnixMs>,
        /// Where X pushes to.
        pub url: Option<String>,
        /// What X was asked to push.
        pub events: Vec<String>,
        /// When X last pushed anything.
        pub last_event: Option<UnixMs>,
        /// Pushed events taken in, ever.
        pub taken: u64,
        /// What one follow or unfollow costs, in US dollars.
        pub event_usd: f64,
        /// What a month costs at the pace of the last 30 days, in US dollars; `null` if that is
        /// not known.
        pub month_usd: Option<f64>,
        /// What the last accepted full check said of what was pushed before it.
        pub audit: Option<PushAudit>,
    }

    /// Pushes held against a full check.
    pub struct PushAudit {
        /// The check.
        pub at: UnixMs,
        /// The check before it, from which the changes are counted.
        pub not_before: UnixMs,
        /// Changes of the list that a push had told.
        pub told: u64,
        /// Who came without a push.
        pub missed_came: u64,
        /// Who left without a push: X pushes no suspensions and no deletions.
        pub missed_left: u64,
        /// Pushes that the list speaks against.
        pub contradicted: u64,
    }

    /// Body of `PUT …/push`.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct PushChange {
        /// Whether X shall push.
        pub on: bool,
    }

    /// How it is found out why people leave: they are looked up, the oldest loss first, as far as
    /// the caps allow.
    pub struct Verification {
        /// Whether they are.
        pub on: bool,
        /// What the looking up is doing.
        pub state: CollectorState,
        /// Why it waits or stopped, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// The run under way.
        pub run: Option<String>,
        /// How many are due to be looked up now.
        pub due: u64,
        /// When someone is to be looked up next, possibly gone by.
        pub next_look: Option<UnixMs>,
        /// One person whom X shows, in US dollars; who is suspended or gone costs nothing.
        pub look_usd: f64,
        /// What a month costs at most at the pace of the last 30 days, in US dollars; before that
        /// is known, for 4 in 1,000 followers a day. `null` while the followers are not counted.
        pub month_usd: Option<f64>,
        /// Of the losses of the last 90 days that are settled, the share that was none: they still
        /// followed. `null` before any is settled.
        pub false_loss_rate: Option<f64>,
    }

    /// How an account's tweets are read.
    pub struct TweetCollection {
        /// Whether they are: off until the owner has seen the price.
        pub on: bool,
        /// What the reading is doing.
        pub state: CollectorState,
        /// Why it waits or stopped, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// The run of the reading under way.
        pub run: Option<String>,
        /// How many tweets are known, deleted ones left out.
        pub known: u64,
        /// How many more the list of tweets holds that were deleted at X.
        #[serde(default)]
        pub deleted: u64,
        /// When X was last asked for them.
        pub last_read: Option<UnixMs>,
        /// When a tweet is due next.
        pub next_read: Option<UnixMs>,
        /// Whether everything X lists (the newest 3,200) was read once.
        pub complete: bool,
        /// What a month costs at the pace of the last 30 days, in US dollars; before the first
        /// reading, for three tweets a day.
        pub month_usd: f64,
        /// What the first reading of everything costs at most, in US dollars; 0 once `complete`.
        pub first_usd: f64,
    }

    /// State of collection of one account.
    pub struct Collector {
        /// What it is doing.
        pub state: CollectorState,
        /// Why it waits or stopped, and what to do, in words for the owner.
        pub reason: Option<String>,
        /// The run of the check under way.
        pub run: Option<String>,
        /// Followers read by the check under way.
        pub read: Option<u64>,
        /// Followers the check under way expects.
        pub expected: Option<u64>,
        /// When the last full check was accepted.
        pub last_check: Option<UnixMs>,
        /// When X was last asked anything for this account.
        pub last_read: Option<UnixMs>,
        /// When it goes on by itself.
        pub next_check: Option<UnixMs>,
        /// A full check that X's count calls for and the owner may start: the caps leave no room
        /// for it to run by itself.
        #[serde(default)]
        pub offer: Option<CheckOffer>,
    }

    /// A full check that is due and waits for the owner.
    pub struct CheckOffer {
        /// Why it is due, and why it does not run by itself.
        pub why: String,
        /// By how many X's count and the history differ.
        pub difference: u64,
        /// What it costs at most, in US dollars.
        pub usd: f64,
    }

    /// Prices of an account's reads in US dollars, by X's published list.
    pub struct AccountPrices {
        /// One follower in a full check.
        pub follower_usd: f64,
        /// One profile read (the count-only schedule makes one per UTC day).
        pub profile_usd: f64,
        /// A full check at the current size; same-UTC-day repeats are free and not counted.
        pub full_check_usd: Option<f64>,
        /// `false` while the own-account price is only expected, not yet seen to apply.
        pub certain: bool,
    }

    /// Body of `POST /accounts`. One of `id` and `username` is required.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct NewAccount {
        /// The X user id.
        #[serde(default)]
        pub id: Option<AccountId>,
        /// The handle, with or without `@`. An account that is tracked already takes it where it
        /// has none.
        #[serde(default)]
        pub username: Option<String>,
        /// Default `count_only`.
        #[serde(default)]
        pub schedule: Option<Schedule>,
        /// Default 5.
        #[serde(default)]
        pub monthly_cap_usd: Option<f64>,
        /// Whether those who leave are looked up to find out why; default true. It costs a cent a
        /// person at most, within the caps.
        #[serde(default)]
        pub verify: Option<bool>,
        /// `false`: X is asked nothing (saved lists will be imported); then `id` is required.
        #[serde(default)]
        pub read: Option<bool>,
    }

    /// Body of `PATCH /accounts/{account}`; absent fields stay.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct AccountChange {
        /// How often it is checked.
        #[serde(default)]
        pub schedule: Option<Schedule>,
        /// The monthly cap in US dollars.
        #[serde(default)]
        pub monthly_cap_usd: Option<f64>,
        /// The cap per UTC day in US dollars; `null` removes it.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub daily_cap_usd: Option<Option<f64>>,
        /// Whether its tweets are read; see `tweets` of the account for the price.
        #[serde(default)]
        pub tweets: Option<bool>,
        /// Whether the lists of whom it follows and blocks are read; see `following` of the
        /// account for the price.
        #[serde(default)]
        pub following: Option<bool>,
        /// Whether those who leave are looked up; see `verify` of the account for the price.
        #[serde(default)]
        pub verify: Option<bool>,
    }

    /// What is set up, and what beginning would cost: for the first-run page.
    pub struct Setup {
        /// The bearer token of the app is set.
        pub bearer: bool,
        /// All four owner keys are set.
        pub owner: bool,
        /// The account the owner keys belong to, as the access token names it.
        pub owner_id: Option<AccountId>,
        /// The upstream that would be read.
        pub upstream: String,
        /// Whether that is the simulator.
        pub simulated: bool,
        /// One follower of one's own account, owner keys.
        pub owned_follower_usd: f64,
        /// One follower of any account.
        pub follower_usd: f64,
        /// One profile read.
        pub profile_usd: f64,
        /// The monthly cap of a new account.
        pub default_cap_usd: f64,
    }
}

impl Default for PushSummary {
    fn default() -> Self {
        Self { state: PushState::Off, reason: None, last_event: None }
    }
}

impl Default for Verification {
    fn default() -> Self {
        Self {
            on: false,
            state: CollectorState::Idle,
            reason: None,
            run: None,
            due: 0,
            next_look: None,
            look_usd: 0.0,
            month_usd: None,
            false_loss_rate: None,
        }
    }
}

/// `part` of `whole`; nothing of nothing is not known.
#[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
