//! Wire types of the live protocol: events, and the frames that carry them.

use super::live::{BoundingBox, ConnectionState};
use super::{FollowerEvent, Run, wire, words};
use crate::id::{AccountId, TweetId, UserId};
use crate::time::UnixMs;

words! {
    /// Kinds of live events.
    LiveKind {
        /// A tweet with what X's display rules ask for.
        SimpleTweet = "simple_tweet",
        /// A tweet's place on earth.
        GeoBlip = "geo_blip",
        /// Someone follows.
        Followed = "followed",
        /// Someone no longer follows.
        Lost = "lost",
        /// Someone follows again.
        Returned = "returned",
        /// Someone has another handle.
        Renamed = "renamed",
        /// The stream said something that is no tweet.
        Notice = "notice",
        /// A job began or ended.
        Run = "run",
    }

    /// How exactly a tweet's place is known.
    Precision {
        /// A point from the device.
        Exact = "exact",
        /// The box of a place: its centre, with a radius.
        Place = "place",
        /// Only the country.
        Country = "country",
    }

    /// Why sequence numbers are missing.
    GapReason {
        /// The machine was lost before they were kept.
        Restart = "restart",
        /// This reader was too slow.
        Slow = "slow",
        /// They are older than the replay window.
        Expired = "expired",
        /// The reader asked for fewer a second than there were.
        Sampled = "sampled",
    }

    /// How a frame of blips is encoded.
    FrameForm {
        /// Text frames of JSON.
        Json = "json",
        /// Binary frames for blips alone: see `docs/api`.
        Packed = "packed",
    }
}

wire! {
    /// `simple_tweet`: a tweet with what X's display rules ask for.
    pub struct SimpleTweet {
        /// Its number in the sequence.
        pub seq: u64,
        /// `simple_tweet`.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "kinds::simple_tweet"))]
        pub kind: LiveKind,
        /// When it reached Roost.
        pub at: UnixMs,
        /// Its id.
        pub id: TweetId,
        /// Its author's id.
        pub author_id: UserId,
        /// The author's handle.
        pub username: String,
        /// The author's name.
        pub name: String,
        /// The author's picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub avatar: Option<String>,
        /// The whole text, as X gave it.
        pub body: String,
        /// What in the text is a link, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub entities: Vec<Entity>,
        /// When it was posted.
        pub created_at: Option<UnixMs>,
        /// Its language as X tells it (BCP 47).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub lang: Option<String>,
        /// Its country, ISO 3166-1 alpha-2, where a place is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub country: Option<String>,
        /// Tags (or ids) of the rules it matched.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub rules: Vec<String>,
        /// The tweet it answers, quotes or repeats, where it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub refers: Option<Refers>,
        /// X marks it as possibly sensitive.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub sensitive: bool,
        /// It came late, from recent search after a gap.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub late: bool,
    }

    /// A linked stretch of a text, in Unicode scalar values as X counts them.
    pub struct Entity {
        /// First character.
        pub start: u32,
        /// After the last.
        pub end: u32,
        /// Where it leads.
        pub url: String,
        /// What is shown for it; absent: the text itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub display: Option<String>,
    }

    /// What a tweet refers to.
    pub struct Refers {
        /// `replied_to`, `quoted` or `retweeted`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The other tweet.
        pub id: TweetId,
    }

    /// `geo_blip`: where a tweet was.
    pub struct GeoBlip {
        /// Its number in the sequence.
        pub seq: u64,
        /// `geo_blip`.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "kinds::geo_blip"))]
        pub kind: LiveKind,
        /// When it reached Roost.
        pub at: UnixMs,
        /// The tweet.
        pub tweet_id: TweetId,
        /// Its author.
        pub author_id: UserId,
        /// Degrees north.
        pub lat: f64,
        /// Degrees east.
        pub lon: f64,
        /// How exactly it is known.
        pub precision: Precision,
        /// From the centre of the place's box to its farthest corner, in metres; 0 for a point.
        pub radius_m: f64,
        /// The place's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub place: Option<String>,
        /// ISO 3166-1 alpha-2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub country: Option<String>,
        /// The tweet's language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub lang: Option<String>,
        /// What the tweet is: `tweet`, `reply`, `quote` or `retweet`, for its colour.
        #[serde(rename = "type")]
        pub about: String,
    }

    /// `notice`: what the stream said that is no tweet.
    pub struct StreamNotice {
        /// Its number in the sequence.
        pub seq: u64,
        /// `notice`.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "kinds::notice"))]
        pub kind: LiveKind,
        /// When it reached Roost.
        pub at: UnixMs,
        /// `limit`, `delete`, `scrub_geo`, `withheld`, `warning`, `disconnect`, `connected`,
        /// `disconnected`, `stopped`, `error`.
        pub about: String,
        /// For people.
        pub text: String,
        /// The tweets to take away.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub tweets: Vec<TweetId>,
        /// The author whose tweets (up to `up_to`) lose their place or go away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user: Option<UserId>,
        /// Up to this tweet, included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub up_to: Option<TweetId>,
    }

    /// What a browser says. Unknown fields are let pass; an unknown word of a kind, language or
    /// country is answered by `bye`.
    #[serde(tag = "t", rename_all = "snake_case")]
    pub enum FromClient {
        /// Narrows what is sent; replaces an earlier one.
        Subscribe(Subscribe),
        /// Asks for everything after a number.
        Resume {
            /// The last number seen.
            after: u64,
        },
        /// Answered without waking anyone.
        Ping,
    }

    /// What is to be sent. Empty lists and nulls let everything pass.
    #[derive(Default)]
    pub struct Subscribe {
        /// Kinds of events.
        #[serde(default)]
        pub kinds: Vec<LiveKind>,
        /// Accounts whose follower events are wanted.
        #[serde(default)]
        pub accounts: Vec<AccountId>,
        /// Languages as X tells them.
        #[serde(default)]
        pub lang: Vec<String>,
        /// Countries, ISO 3166-1 alpha-2.
        #[serde(default)]
        pub country: Vec<String>,
        /// Only what lies within.
        #[serde(default)]
        pub bbox: Option<BoundingBox>,
        /// Only tweets with all of these words.
        #[serde(default)]
        pub text: Option<String>,
        /// Tags of rules.
        #[serde(default)]
        pub rules: Vec<String>,
        /// At most so many events a second; the rest are declared as sampled away.
        #[serde(default)]
        pub max_per_s: Option<f64>,
        /// `packed` for blips alone.
        #[serde(default)]
        pub form: Option<FrameForm>,
    }

    /// The frames a server sends, but `events`, which is written by hand around events that
    /// are encoded once.
    #[serde(tag = "t", rename_all = "snake_case")]
    pub enum FromServer {
        /// The first frame.
        Hello {
            /// 1.
            protocol: u32,
            /// The last number given out.
            cursor: u64,
            /// The oldest number that can be asked for.
            floor: u64,
            /// This deployment's clock, in milliseconds.
            server_time: i64,
        },
        /// Numbers from..=to that will not come.
        Gap {
            /// First.
            from: u64,
            /// Last.
            to: u64,
            /// Why.
            reason: GapReason,
        },
        /// How the stream stands, every few seconds.
        Status {
            /// Tweets received since the Live object began.
            received: u64,
            /// Frames sent to browsers since then.
            delivered: u64,
            /// Browsers.
            viewers: u32,
            /// Tweets a second.
            rate: f64,
            /// From a tweet's creation to now, in milliseconds; the median of the last minute.
            lag_ms: Option<i64>,
            /// How the upstream connection stands.
            stream: ConnectionState,
            /// Tweets with a place, and all, over the replay window: "38 of 1,204".
            #[serde(default)]
            placed: Option<[u64; 2]>,
            /// What this session cost, in dollars.
            #[serde(default)]
            session_usd: Option<f64>,
        },
        /// The server is about to close.
        Bye {
            /// What happened, and what to do.
            reason: String,
            /// Come back after so long; absent: do not.
            retry_ms: Option<u64>,
        },
        /// The answer to `ping`.
        Pong,
    }

    /// Someone came, left, came back or was renamed: the follower event with its number and account.
    pub struct LiveFollower {
        /// Its number in the sequence.
        pub seq: u64,
        /// The tracked account it is about.
        pub account: AccountId,
        /// What happened.
        #[serde(flatten)]
        pub event: FollowerEvent,
    }

    /// `run`: a job began or ended.
    pub struct LiveRun {
        /// Its number in the sequence.
        pub seq: u64,
        /// `run`.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "kinds::run"))]
        pub kind: LiveKind,
        /// When.
        pub at: UnixMs,
        /// The tracked account it is about; absent if it is about none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub account: Option<AccountId>,
        /// The job.
        pub run: Run,
    }

    /// `GET /live/events`: the same events, without a socket.
    pub struct LiveEvents {
        /// First number covered.
        pub from: u64,
        /// Last number covered; hand it back as `after`.
        pub to: u64,
        /// The events, each of the type that its `kind` says.
        pub events: Vec<LiveEvent>,
        /// Numbers that will not come.
        pub gap: Option<LiveGap>,
    }

    /// Numbers that will not come.
    #[derive(Copy)]
    pub struct LiveGap {
        /// First.
        pub from: u64,
        /// Last.
        pub to: u64,
        /// Why.
        pub reason: GapReason,
    }
}

/// An event of any kind, as `kind` says.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum LiveEvent {
    /// `simple_tweet`.
    SimpleTweet(Box<SimpleTweet>),
    /// `geo_blip`.
    GeoBlip(Box<GeoBlip>),
    /// `followed`, `lost`, `returned` or `renamed`.
    Follower(Box<LiveFollower>),
    /// `notice`.
    Notice(Box<StreamNotice>),
    /// `run`.
    Run(Box<LiveRun>),
}

/// Written by hand, since `untagged` has no discriminator: with one, generated clients look at
/// `kind` instead of trying each type.
#[cfg(feature = "openapi")]
impl schemars::JsonSchema for LiveEvent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LiveEvent".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let tweet = generator.subschema_for::<SimpleTweet>();
        let blip = generator.subschema_for::<GeoBlip>();
        let follower = generator.subschema_for::<LiveFollower>();
        let notice = generator.subschema_for::<StreamNotice>();
        let run = generator.subschema_for::<LiveRun>();
        let mapping: serde_json::Map<_, _> = LiveKind::ALL
            .iter()
            .map(|kind| {
                let of = match kind {
                    LiveKind::SimpleTweet => &tweet,
                    LiveKind::GeoBlip => &blip,
                    LiveKind::Followed
                    | LiveKind::Lost
                    | LiveKind::Returned
                    | LiveKind::Renamed => &follower,
                    LiveKind::Notice => &notice,
                    LiveKind::Run => &run,
                };
                let reference = of.get("$ref").cloned().unwrap_or_default();
                (kind.as_str().to_owned(), reference)
            })
            .collect();
        schemars::json_schema!({
            "description": "An event of any kind, as `kind` says.",
            "oneOf": [tweet, blip, follower, notice, run],
            "discriminator": { "propertyName": "kind", "mapping": mapping },
        })
    }
}

/// The schemas of `kind` in events that have one kind alone.
#[cfg(feature = "openapi")]
mod kinds {
    use super::LiveKind;
    use schemars::{Schema, SchemaGenerator, json_schema};

    fn only(kind: LiveKind) -> Schema {
        json_schema!({ "type": "string", "const": kind.as_str() })
    }

    pub(super) fn simple_tweet(_: &mut SchemaGenerator) -> Schema {
        only(LiveKind::SimpleTweet)
    }

    pub(super) fn geo_blip(_: &mut SchemaGenerator) -> Schema {
        only(LiveKind::GeoBlip)
    }

    pub(super) fn notice(_: &mut SchemaGenerator) -> Schema {
        only(LiveKind::Notice)
    }

    pub(super) fn run(_: &mut SchemaGenerator) -> Schema {
        only(LiveKind::Run)
    }
}
