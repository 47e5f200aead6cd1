//! Frames of the live socket. Owns: reading what the server says and writing what it is told.
//! Must not know: what is done with it, or who takes JSON apart. Invariant: a frame that cannot
//! be read is `None` and changes nothing: the numbers that it covered are then missed, and asked
//! for again.

use serde::Deserialize;
use shared::api::{
    ConnectionState, Entity, GapReason, GeoBlip, LiveKind, Precision, Refers, SimpleTweet,
    StreamNotice, Subscribe,
};
use shared::id::{TweetId, UserId};
use shared::time::UnixMs;
use std::sync::Arc;

/// Exactly these bytes are answered without waking anyone.
pub(crate) const PING: &str = r#"{"t":"ping"}"#;

/// What an event is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Tweet(Arc<SimpleTweet>),
    Blip(Arc<GeoBlip>),
    Notice(Arc<StreamNotice>),
}

impl Event {
    /// Its number.
    pub(crate) fn seq(&self) -> u64 {
        match self {
            Self::Tweet(tweet) => tweet.seq,
            Self::Blip(blip) => blip.seq,
            Self::Notice(notice) => notice.seq,
        }
    }

    /// When it reached Roost.
    pub(crate) fn at(&self) -> UnixMs {
        match self {
            Self::Tweet(tweet) => tweet.at,
            Self::Blip(blip) => blip.at,
            Self::Notice(notice) => notice.at,
        }
    }
}

/// How the stream stands, as the server tells every few seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) viewers: u32,
    /// Tweets a second.
    pub(crate) rate: f64,
    pub(crate) lag_ms: Option<i64>,
    pub(crate) stream: ConnectionState,
    /// Tweets with a place, and all.
    pub(crate) placed: Option<[u64; 2]>,
    pub(crate) session_usd: Option<f64>,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Hello { cursor: u64, floor: u64, server_time: i64 },
    Events { from: u64, to: u64, events: Vec<Event> },
    Gap { from: u64, to: u64, reason: Option<GapReason> },
    Status(Standing),
    Bye { reason: String, retry_ms: Option<u64> },
    Pong,
}

/// Every frame's fields side by side: one reader for all is a tenth of the code of a reader
/// for each, and quicker than looking for the kind first.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope {
    t: String,
    cursor: u64,
    floor: u64,
    server_time: i64,
    from: u64,
    to: u64,
    reason: Option<String>,
    retry_ms: Option<u64>,
    viewers: u32,
    rate: f64,
    lag_ms: Option<i64>,
    stream: Option<String>,
    placed: Option<[u64; 2]>,
    session_usd: Option<f64>,
    events: Vec<Flat>,
}

/// Every event's fields side by side.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Flat {
    seq: u64,
    kind: String,
    at: UnixMs,
    id: Option<TweetId>,
    author_id: Option<UserId>,
    username: String,
    name: String,
    avatar: Option<String>,
    body: String,
    entities: Vec<Entity>,
    created_at: Option<UnixMs>,
    lang: Option<String>,
    country: Option<String>,
    rules: Vec<String>,
    refers: Option<Refers>,
    sensitive: bool,
    late: bool,
    tweet_id: Option<TweetId>,
    lat: f64,
    lon: f64,
    precision: Option<String>,
    radius_m: f64,
    place: Option<String>,
    #[serde(rename = "type")]
    kind_of_tweet: String,
    about: String,
    text: String,
    tweets: Vec<TweetId>,
    user: Option<UserId>,
    up_to: Option<TweetId>,
}

/// Reads a frame.
pub(crate) fn read(frame: Envelope) -> Option<Frame> {
    Some(match frame.t.as_str() {
        "hello" => Frame::Hello {
            cursor: frame.cursor,
            floor: frame.floor,
            server_time: frame.server_time,
        },
        "events" => Frame::Events {
            from: frame.from,
            to: frame.to,
            events: frame.events.into_iter().filter_map(event).collect(),
        },
        "gap" => Frame::Gap {
            from: frame.from,
            to: frame.to,
            reason: frame.reason.and_then(|reason| GapReason::from_word(&reason)),
        },
        "status" => Frame::Status(Standing {
            viewers: frame.viewers,
            rate: frame.rate,
            lag_ms: frame.lag_ms,
            stream: ConnectionState::from_word(&frame.stream?)?,
            placed: frame.placed,
            session_usd: frame.session_usd,
        }),
        "bye" => Frame::Bye { reason: frame.reason?, retry_ms: frame.retry_ms },
        "pong" => Frame::Pong,
        _ => return None,
    })
}

/// An event of a kind this page shows; another, or one without what makes it one, is let pass.
fn event(flat: Flat) -> Option<Event> {
    let kind = LiveKind::from_word(&flat.kind)?;
    match kind {
        LiveKind::SimpleTweet => tweet(kind, flat).map(|tweet| Event::Tweet(Arc::new(tweet))),
        LiveKind::GeoBlip => blip(kind, flat).map(|blip| Event::Blip(Arc::new(blip))),
        LiveKind::Notice => Some(Event::Notice(Arc::new(StreamNotice {
            seq: flat.seq,
            kind,
            at: flat.at,
            about: flat.about,
            text: flat.text,
            tweets: flat.tweets,
            user: flat.user,
            up_to: flat.up_to,
        }))),
        _ => None,
    }
}

fn tweet(kind: LiveKind, flat: Flat) -> Option<SimpleTweet> {
    Some(SimpleTweet {
        seq: flat.seq,
        kind,
        at: flat.at,
        id: flat.id?,
        author_id: flat.author_id?,
        username: flat.username,
        name: flat.name,
        avatar: flat.avatar,
        body: flat.body,
        entities: flat.entities,
        created_at: flat.created_at,
        lang: flat.lang,
        country: flat.country,
        rules: flat.rules,
        refers: flat.refers,
        sensitive: flat.sensitive,
        late: flat.late,
    })
}

fn blip(kind: LiveKind, flat: Flat) -> Option<GeoBlip> {
    Some(GeoBlip {
        seq: flat.seq,
        kind,
        at: flat.at,
        tweet_id: flat.tweet_id?,
        author_id: flat.author_id?,
        lat: flat.lat,
        lon: flat.lon,
        precision: Precision::from_word(&flat.precision?)?,
        radius_m: flat.radius_m,
        place: flat.place,
        country: flat.country,
        lang: flat.lang,
        about: flat.kind_of_tweet,
    })
}

/// Asks for what passes a filter, from now on.
pub(crate) fn subscribe(wanted: &Subscribe) -> String {
    // By hand around the fields: writing tagged messages of any kind would cost 10 kB of code.
    let fields = serde_json::to_string(wanted).unwrap_or_default();
    format!("{{\"t\":\"subscribe\",{}", fields.trim_start_matches('{'))
}

/// Asks for everything after a number.
pub(crate) fn resume(after: u64) -> String {
    format!("{{\"t\":\"resume\",\"after\":{after}}}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use shared::api::FromClient;

    /// Reads a frame as it comes over the wire.
    pub(crate) fn read(text: &str) -> Option<Frame> {
        serde_json::from_str(text).ok().and_then(super::read)
    }

    pub(crate) fn sample_tweet(seq: u64, id: u64) -> SimpleTweet {
        SimpleTweet {
            seq,
            kind: LiveKind::SimpleTweet,
            at: UnixMs(1_700_000_000_000),
            id: TweetId(id),
            author_id: UserId(id % 7),
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            avatar: None,
            body: "Tea \u{1f375} at #noon".to_owned(),
            entities: vec![Entity {
                start: 9,
                end: 14,
                url: "https://x.com/hashtag/noon".to_owned(),
                display: None,
            }],
            created_at: Some(UnixMs(1_700_000_000_000)),
            lang: Some("en".to_owned()),
            country: None,
            rules: vec!["tea".to_owned()],
            refers: Some(Refers { kind: "quoted".to_owned(), id: TweetId(5) }),
            sensitive: false,
            late: true,
        }
    }

    pub(crate) fn sample_blip(seq: u64, tweet: u64) -> GeoBlip {
        GeoBlip {
            seq,
            kind: LiveKind::GeoBlip,
            at: UnixMs(1_700_000_000_000),
            tweet_id: TweetId(tweet),
            author_id: UserId(tweet % 7),
            lat: 52.52,
            lon: 13.4,
            precision: Precision::Place,
            radius_m: 24_000.0,
            place: Some("Berlin".to_owned()),
            country: Some("DE".to_owned()),
            lang: None,
            about: "reply".to_owned(),
        }
    }

    pub(crate) fn sample_notice(seq: u64) -> StreamNotice {
        StreamNotice {
            seq,
            kind: LiveKind::Notice,
            at: UnixMs(1_700_000_000_000),
            about: "delete".to_owned(),
            text: "One tweet was deleted.".to_owned(),
            tweets: vec![TweetId(9)],
            user: None,
            up_to: None,
        }
    }

    #[test]
    fn events_are_read_as_the_wire_types_write_them() {
        let (tweet, blip, notice) = (sample_tweet(7, 9), sample_blip(8, 9), sample_notice(9));
        let other = r#"{"seq":10,"kind":"followed","at":"2026-11-21T10:00:00Z","user":"5"}"#;
        let text = format!(
            r#"{{"t":"events","from":5,"to":10,"events":[{},{},{},{other}]}}"#,
            serde_json::to_string(&tweet).unwrap(),
            serde_json::to_string(&blip).unwrap(),
            serde_json::to_string(&notice).unwrap(),
        );
        let events = vec![
            Event::Tweet(Arc::new(tweet)),
            Event::Blip(Arc::new(blip)),
            Event::Notice(Arc::new(notice)),
        ];
        assert_eq!(read(&text), Some(Frame::Events { from: 5, to: 10, events }));
    }

    #[test]
    fn small_frames_are_read() {
        let hello = r#"{"t":"hello","protocol":1,"cursor":90,"floor":4,"server_time":17}"#;
        assert_eq!(read(hello), Some(Frame::Hello { cursor: 90, floor: 4, server_time: 17 }));
        let gap = r#"{"t":"gap","from":3,"to":5,"reason":"slow"}"#;
        assert_eq!(read(gap), Some(Frame::Gap { from: 3, to: 5, reason: Some(GapReason::Slow) }));
        let odd = r#"{"t":"gap","from":3,"to":5,"reason":"moonlight"}"#;
        assert_eq!(read(odd), Some(Frame::Gap { from: 3, to: 5, reason: None }));
        assert_eq!(read(r#"{"t":"pong"}"#), Some(Frame::Pong));
        let bye = r#"{"t":"bye","reason":"full","retry_ms":null}"#;
        assert_eq!(read(bye), Some(Frame::Bye { reason: "full".to_owned(), retry_ms: None }));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "7", "{}", r#"{"t":"news"}"#, r#"{"t":"events","from":-1}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[track_caller]
    fn check(written: &str, expected: &FromClient) {
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(written), value(&serde_json::to_string(expected).unwrap()));
    }

    #[test]
    fn messages_are_written_as_the_wire_types_have_them() {
        let wanted = Subscribe {
            lang: vec!["de".to_owned()],
            bbox: Some([-1.5, 2.0, 3.0, 4.0]),
            text: Some("tea \"now\"".to_owned()),
            ..Subscribe::default()
        };
        check(&subscribe(&wanted), &FromClient::Subscribe(wanted));
        check(&subscribe(&Subscribe::default()), &FromClient::Subscribe(Subscribe::default()));
        check(&resume(41), &FromClient::Resume { after: 41 });
        assert_eq!(PING, serde_json::to_string(&FromClient::Ping).unwrap());
    }
}
