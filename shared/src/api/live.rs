//! Wire types of the stream: settings, rules, coverage, archive.

use super::{Locations, wire, words};
use crate::id::UserId;
use crate::time::UnixMs;

words! {
    /// Whether the owner wants the stream.
    Switch {
        /// Connect, and stay connected.
        On = "on",
        /// Nothing streams, nothing is billed.
        Off = "off",
    }

    /// Which of X's streams is read.
    StreamMode {
        /// Tweets that match the rules.
        Filtered = "filtered",
        /// X's one-percent sample; only for apps that X granted it.
        Sample = "sample",
    }

    /// How the upstream connection stands.
    ConnectionState {
        /// Not wanted.
        Off = "off",
        /// Asked for, not answered yet.
        Connecting = "connecting",
        /// Bytes are coming.
        Live = "live",
        /// Broken or refused; tried again at `retry_at`.
        Waiting = "waiting",
        /// Refused for good, or a cap is reached: the owner must act.
        Stopped = "stopped",
    }

    /// Least `filter_level` X should deliver (the old dialect's parameter; kept as a setting).
    FilterLevel {
        /// Everything.
        None = "none",
        /// A little filtered.
        Low = "low",
        /// Filtered more.
        Medium = "medium",
    }

    /// What a rule was made from.
    RuleOrigin {
        /// Written by hand.
        Own = "own",
        /// From the setting `track`.
        Track = "track",
        /// From the setting `follow`.
        Follow = "follow",
        /// From the setting `locations`.
        Locations = "locations",
        /// Another program's with the same keys: shown, never changed by itself.
        Foreign = "foreign",
    }
}

/// West, south, east, north, in degrees. West may exceed east: the box crosses the antimeridian.
pub type BoundingBox = [f64; 4];

wire! {
    /// `GET /stream`: what is wanted, and how it stands.
    pub struct Stream {
        /// What is wanted.
        #[serde(flatten)]
        pub settings: StreamSettings,
        /// How the upstream connection stands.
        pub connection: Connection,
        /// What was read and spent.
        pub meter: Meter,
        /// Whether X grants this app the sample stream; `null` until it was tried.
        pub sample_granted: Option<bool>,
        /// Micro-prices and limits that apply, in words for people.
        pub price: StreamPrice,
    }

    /// What is wanted of the stream. `PUT /stream` takes any part of it.
    pub struct StreamSettings {
        /// Whether to stream.
        pub state: Switch,
        /// Which stream.
        pub mode: StreamMode,
        /// Words or phrases to track: each becomes part of a rule.
        pub track: Vec<String>,
        /// Accounts whose tweets are read, by id.
        pub follow: Vec<UserId>,
        /// Boxes whose geotagged tweets are read.
        pub locations: Vec<BoundingBox>,
        /// The stream stops at this much a session, in dollars; `null` for no cap.
        pub session_cap_usd: Option<f64>,
        /// The stream stops at this much a UTC month, in dollars; `null` for no cap.
        pub month_cap_usd: Option<f64>,
        /// Stop when nobody watched for 10 minutes.
        pub stop_without_viewers: bool,
        /// Whether a short gap is filled from recent search, within the caps.
        pub fill_gaps: bool,
        /// Whether raw tweets are kept in R2.
        pub archive: bool,
        /// How long the archive keeps texts, in hours: 1 to 168; then ids and counts remain.
        pub archive_hours: u32,
        /// Connection attempts in a row before the stream gives up; `null` for no end.
        pub tries: Option<u32>,
        /// See [`FilterLevel`].
        pub filter_level: FilterLevel,
        /// Whether X should warn of a reader that falls behind.
        pub stall_warnings: bool,
    }

    /// The body of `PUT /stream`: what is absent stays as it is.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct StreamChange {
        /// See [`StreamSettings::state`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<Switch>,
        /// See [`StreamSettings::mode`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mode: Option<StreamMode>,
        /// See [`StreamSettings::track`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub track: Option<Vec<String>>,
        /// See [`StreamSettings::follow`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub follow: Option<Vec<UserId>>,
        /// Boxes, or the old dialect's flat list of corners.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub locations: Option<Locations>,
        /// A number, or `null` for no cap.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub session_cap_usd: Option<Option<f64>>,
        /// A number, or `null` for no cap.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<f64>"))]
        pub month_cap_usd: Option<Option<f64>>,
        /// See [`StreamSettings::stop_without_viewers`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub stop_without_viewers: Option<bool>,
        /// See [`StreamSettings::fill_gaps`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fill_gaps: Option<bool>,
        /// See [`StreamSettings::archive`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub archive: Option<bool>,
        /// See [`StreamSettings::archive_hours`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub archive_hours: Option<u32>,
        /// A number, or `null` for no end.
        #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(with = "Option<u32>"))]
        pub tries: Option<Option<u32>>,
        /// See [`StreamSettings::filter_level`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter_level: Option<FilterLevel>,
        /// See [`StreamSettings::stall_warnings`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub stall_warnings: Option<bool>,
    }

    /// The upstream connection.
    pub struct Connection {
        /// How it stands.
        pub state: ConnectionState,
        /// Since when.
        pub since: Option<UnixMs>,
        /// When its last byte came.
        pub last_byte: Option<UnixMs>,
        /// When it is tried again.
        pub retry_at: Option<UnixMs>,
        /// Attempts in a row that failed.
        pub attempts: u32,
        /// What happened last, and what to do.
        pub why: Option<String>,
    }

    /// What was read and spent.
    #[derive(Default)]
    pub struct Meter {
        /// Tweets since the stream was switched on.
        pub session_posts: u64,
        /// Dollars since then.
        pub session_usd: f64,
        /// Tweets this UTC month.
        pub month_posts: u64,
        /// Dollars this UTC month.
        pub month_usd: f64,
        /// Tweets a second over the last 10 s.
        pub rate: f64,
    }

    /// What streaming costs.
    pub struct StreamPrice {
        /// Dollars a delivered tweet costs at X.
        pub post_usd: f64,
        /// Dollars a look at recent counts costs.
        pub count_usd: f64,
        /// Tweets that match today's rules in 7 days, where it was counted.
        pub posts_7d: Option<u64>,
        /// What they would cost a day.
        pub usd_per_day: Option<f64>,
    }

    /// One rule of the filtered stream.
    pub struct Rule {
        /// X's id of it; `null` until X has it.
        pub id: Option<String>,
        /// The rule.
        pub value: String,
        /// The owner's name for it.
        pub tag: Option<String>,
        /// What it was made from.
        pub origin: RuleOrigin,
        /// What it brings, where it was counted.
        pub estimate: Option<RuleEstimate>,
    }

    /// The body of `POST /stream/rules`.
    #[serde(deny_unknown_fields)]
    pub struct NewRule {
        /// The rule, in X's language of operators.
        pub value: String,
        /// A name for it.
        #[serde(default)]
        pub tag: Option<String>,
        /// The price that was shown and accepted, in dollars a day. With real keys a rule is
        /// saved only with it; without, the answer is 409 and names the price.
        #[serde(default)]
        pub accept_usd_per_day: Option<f64>,
    }

    /// What a rule brings, from X's counts of the last 7 days.
    pub struct RuleEstimate {
        /// Matching tweets in 7 days.
        pub posts_7d: u64,
        /// Dollars a day at that rate.
        pub usd_per_day: f64,
        /// When it was counted.
        pub at: UnixMs,
    }

    /// `GET /stream/coverage`.
    pub struct StreamCoverage {
        /// Minutes with anything to say, oldest first; a minute that is absent was not wanted.
        pub minutes: Vec<CoverageMinute>,
        /// Sums.
        pub totals: CoverageTotals,
        /// Times without a connection, oldest first.
        pub gaps: Vec<CoverageGap>,
    }

    /// One minute of the stream.
    #[derive(Copy)]
    pub struct CoverageMinute {
        /// Its beginning.
        pub at: UnixMs,
        /// Tweets received.
        pub received: u32,
        /// Of them handed to browsers' feeds (those known before count as received only).
        pub delivered: u32,
        /// Tweets X said it did not deliver (limit notices).
        pub missed: u32,
        /// Seconds without a connection while one was wanted.
        pub disconnected_s: u32,
        /// Tweets filled in later from recent search.
        pub filled: u32,
    }

    /// Sums of coverage.
    #[derive(Copy, Default)]
    pub struct CoverageTotals {
        /// Tweets received.
        pub received: u64,
        /// Tweets handed on.
        pub delivered: u64,
        /// Tweets X said it did not deliver.
        pub missed: u64,
        /// Seconds without a connection while one was wanted.
        pub disconnected_s: u64,
        /// Tweets filled in later.
        pub filled: u64,
        /// received / (received + missed); `null` where nothing came.
        pub share: Option<f64>,
    }

    /// A time without a connection.
    pub struct CoverageGap {
        /// Its beginning.
        pub from: UnixMs,
        /// Its end; `null` while it lasts.
        pub to: Option<UnixMs>,
        /// What X or the network said.
        pub why: String,
    }

    /// One kept hour-part of the raw archive.
    pub struct ArchivePart {
        /// Its name: when it begins.
        pub name: String,
        /// Its key in the bucket.
        pub key: String,
        /// First tweet's arrival.
        pub from: UnixMs,
        /// Last tweet's arrival.
        pub to: UnixMs,
        /// Tweets in it.
        pub count: u64,
        /// Bytes as stored.
        pub bytes: u64,
        /// Whether only ids and counts remain.
        pub ids_only: bool,
    }
}
