//! One event. Owns: X's envelope, and what each of its types means for a tracked account.
//! Invariant: ids are numbers as everywhere; texts of X are bounded; a type that is not known is
//! an event all the same, which does nothing.

use crate::id::{AccountId, TweetId, UserId};
use crate::time::UnixMs;
use crate::x::user::{Profile, USER_MAX_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What X is asked to push about an account (docs.x.com, "X Activity API", event types).
pub const EVENT_TYPES: [&str; 9] = [
    "follow.follow",
    "follow.unfollow",
    "profile.update.bio",
    "profile.update.handle",
    "profile.update.profile_picture",
    "profile.update.screenname",
    "profile.update.verified_badge",
    "post.delete",
    "oauth.revoke",
];
/// Longest id or type taken, and longest text of a profile.
const WORD_MAX: usize = 100;
const TEXT_MAX: usize = 4_000;
/// A number of a time is milliseconds from here on, below it seconds: 2001 and 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// An event as Roost hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// X's id of it, which says nothing of a time.
    pub uuid: String,
    /// Whose subscription brought it.
    pub account: AccountId,
    /// When it happened, as its envelope says; without that, when it came.
    pub at: UnixMs,
    /// X's type.
    pub kind: String,
    /// What it means.
    pub what: What,
}

/// What an event means for the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Someone follows the account.
    Came {
        /// Who.
        user: UserId,
        /// Their profile as X wrote it, if it came along.
        raw: Option<String>,
    },
    /// Someone no longer does.
    Left {
        /// Who.
        user: UserId,
    },
    /// A profile changed.
    Profile {
        /// Whose.
        user: UserId,
        /// What of it.
        field: Field,
        /// What it is now.
        now: String,
    },
    /// The account deleted a tweet.
    Deleted {
        /// Which.
        tweet: TweetId,
    },
    /// Someone took back what they had allowed this app.
    Revoked,
    /// Nothing that concerns followers.
    Nothing,
}

/// A field of a profile that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The handle.
    Username,
    /// The display name.
    Name,
    /// The profile text.
    Description,
    /// The picture's address.
    ProfileImageUrl,
    /// Another one: a look at the profile tells.
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    event_uuid: String,
    event_type: String,
    #[serde(default)]
    filter: Filter,
    /// The documented envelope has no time; where one comes along it is looked at.
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp_ms: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload: Option<Payload<'a>>,
}

#[derive(Default, Deserialize)]
struct Filter {
    #[serde(default)]
    user_id: Option<UserId>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    target: Option<&'a RawValue>,
    #[serde(default)]
    id: Option<TweetId>,
    #[serde(default)]
    author_id: Option<UserId>,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(borrow, default)]
    date_time: Option<&'a RawValue>,
    #[serde(default)]
    after: Option<String>,
}

/// A user as the documentation shows it, under `data`.
#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// Reads a body.
    ///
    /// # Errors
    /// What is missing or not as it should be, in words for a log.
    pub(super) fn read(body: &[u8], now: UnixMs) -> Result<Self, String> {
        let Envelope { data } =
            serde_json::from_slice(body).map_err(|error| format!("the body: {error}"))?;
        let uuid = data.event_uuid.trim().to_owned();
        if uuid.is_empty() || uuid.len() > WORD_MAX || data.event_type.len() > WORD_MAX {
            return Err(format!("`event_uuid` and `event_type` have 1 to {WORD_MAX} characters"));
        }
        // Of a consent taken back X names the user in the payload, and possibly there alone.
        let revoked = data.payload.as_ref().filter(|_| data.event_type == "oauth.revoke");
        let named = data.filter.user_id.or(revoked.and_then(|payload| payload.user_id));
        let account = named.ok_or("`filter.user_id` is missing")?;
        let revoked_at = revoked.and_then(|payload| payload.date_time);
        let times = [data.created_at, data.timestamp, data.timestamp_ms, revoked_at];
        let what = means(account, &data.event_type, data.payload)?;
        let at = times.into_iter().flatten().find_map(told_at).unwrap_or(now);
        Ok(Self { uuid, account, at, kind: data.event_type, what })
    }
}

/// A time as RFC 3339, or as seconds or milliseconds since 1970, in quotes or not.
fn told_at(raw: &RawValue) -> Option<UnixMs> {
    let text = raw.get().trim_matches('"');
    let number = || text.parse::<i64>().ok().filter(|number| *number > 0);
    UnixMs::parse(text).or_else(|| {
        let number = number()?;
        Some(UnixMs(if number < MILLISECONDS_FROM { number.checked_mul(1_000)? } else { number }))
    })
}

fn means(account: AccountId, kind: &str, payload: Option<Payload<'_>>) -> Result<What, String> {
    let lacks = |what: &str| format!("`{kind}` without `payload.{what}`");
    if kind == "oauth.revoke" {
        return Ok(What::Revoked);
    }
    let Some(payload) = payload else {
        let known = kind.starts_with("follow.") || kind == "post.delete";
        return if known { Err(lacks("…")) } else { Ok(What::Nothing) };
    };
    match kind {
        "follow.follow" | "follow.unfollow" => {
            let (user, raw) = party(payload.source).ok_or_else(|| lacks("source"))?;
            let (target, _) = party(payload.target).ok_or_else(|| lacks("target"))?;
            Ok(match kind {
                // Whom the account itself follows is no follower of it.
                _ if target != account || user == account => What::Nothing,
                "follow.follow" => What::Came { user, raw },
                _ => What::Left { user },
            })
        }
        "post.delete" => match (payload.id, payload.author_id) {
            (Some(_), Some(author)) if author != account => Ok(What::Nothing),
            (Some(tweet), _) => Ok(What::Deleted { tweet }),
            (None, _) => Err(lacks("id")),
        },
        _ => Ok(kind.strip_prefix("profile.update.").map_or(What::Nothing, |field| {
            let now = crate::text::cut(&payload.after.unwrap_or_default(), TEXT_MAX);
            What::Profile { user: account, field: Field::of(field), now }
        })),
    }
}

/// A user with the object as X wrote it, where that holds more than an id.
fn party(raw: Option<&RawValue>) -> Option<(UserId, Option<String>)> {
    let raw = raw?.get();
    let user = serde_json::from_str::<Party<'_>>(raw).map_or(raw, |party| party.data.get());
    let profile = Profile::from_raw(user)?;
    let whole = user.len() <= USER_MAX_BYTES && !profile.person.username.is_empty();
    Some((profile.person.id, whole.then(|| user.to_owned())))
}

impl Field {
    /// Of the last part of an event's type.
    fn of(word: &str) -> Self {
        match word {
            "handle" => Self::Username,
            "screenname" => Self::Name,
            "bio" => Self::Description,
            "profile_picture" => Self::ProfileImageUrl,
            _ => Self::Other,
        }
    }
}
