//! What a stream says that is no tweet. Owns: the shapes of X's notices in both dialects, the
//! consumers' and the firehose's. Must not know: what follows from them. Invariant: every object
//! has a notice; one that is not understood names its keys.

use super::disconnect::{Disconnect, DisconnectType};
use crate::id::{TweetId, UserId};
use crate::text::cut;
use crate::time::UnixMs;
use crate::x::count::count;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Texts of X are kept for people to read, not to be stored whole.
const TEXT_MAX_CHARS: usize = 300;
/// Keys, countries and errors of one message that are kept.
const LIST_MAX: usize = 300;

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// So many matching tweets were not delivered since this connection began.
    Limit {
        /// How many, cumulative.
        track: u64,
        /// As of then.
        at: Option<UnixMs>,
    },
    /// A tweet was deleted (or dropped from public view): possibly before it came.
    Delete {
        /// Which.
        tweet: TweetId,
        /// Whose.
        user: Option<UserId>,
    },
    /// A user's tweets lose their places.
    ScrubGeo {
        /// Whose.
        user: UserId,
        /// Up to this one, included.
        up_to: TweetId,
    },
    /// A tweet is not to be shown in some countries.
    StatusWithheld {
        /// Which.
        tweet: TweetId,
        /// Whose.
        user: Option<UserId>,
        /// ISO codes; `XX` is everywhere, `XY` a copyright claim.
        countries: Vec<String>,
    },
    /// Nothing of a user is to be shown in some countries.
    UserWithheld {
        /// Who.
        user: UserId,
        /// As above.
        countries: Vec<String>,
    },
    /// A user's tweets are no longer public.
    UserGone {
        /// Who.
        user: UserId,
        /// Why.
        why: Gone,
    },
    /// X warns.
    Warning {
        /// X's word, such as `FALLING_BEHIND`.
        code: String,
        /// X's text.
        message: String,
        /// How full X's buffer for this stream is, in percent.
        percent_full: Option<u8>,
    },
    /// X closes the stream.
    Disconnect(Disconnect),
    /// Errors that do not end the stream.
    Errors {
        /// X's words, one text each.
        errors: Vec<String>,
    },
    /// Something else.
    Unknown {
        /// The message's keys.
        keys: Vec<String>,
    },
}

/// Why nothing of a user is public any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Deleted the account.
    Deleted,
    /// Made it private.
    Protected,
    /// X suspended it.
    Suspended,
}

/// Reads a message that is no tweet: at least one notice.
pub fn read(message: &Map<String, Value>) -> Vec<Notice> {
    let mut notices = Vec::new();
    // Compliance streams of API v2 wrap the same in `data`.
    let inner = message.get("data").and_then(Value::as_object);
    for (key, value) in message.iter().chain(inner.into_iter().flatten()) {
        notices.extend(one(key, value));
    }
    if let Some(Value::Array(errors)) = message.get("errors") {
        notices.extend(read_errors(errors));
    } else if notices.is_empty() && message.contains_key("title") {
        notices.extend(read_errors(&[Value::Object(message.clone())]));
    }
    if notices.is_empty() {
        let keys = inner.filter(|inner| !inner.is_empty()).unwrap_or(message).keys();
        notices.push(Notice::Unknown {
            keys: keys.take(LIST_MAX).map(|key| cut(key, TEXT_MAX_CHARS)).collect(),
        });
    }
    notices
}

fn one(key: &str, value: &Value) -> Option<Notice> {
    match key {
        "limit" => Some(Notice::Limit { track: count(value.get("track")?)?, at: at(value) }),
        // Dropped is deleted to everyone but its author: shown no more.
        "delete" | "drop" | "tweet_delete" | "tweet_drop" => {
            let (tweet, user) = tweet(value)?;
            Some(Notice::Delete { tweet, user })
        }
        "scrub_geo" => Some(Notice::ScrubGeo { user: owner(value)?, up_to: up_to(value)? }),
        "status_withheld" | "withheld" => {
            let (tweet, user) = tweet(value)?;
            Some(Notice::StatusWithheld { tweet, user, countries: countries(value) })
        }
        "user_withheld" => {
            Some(Notice::UserWithheld { user: user(value)?, countries: countries(value) })
        }
        "user_delete" => gone(value, Gone::Deleted),
        "user_protect" => gone(value, Gone::Protected),
        "user_suspend" => gone(value, Gone::Suspended),
        "warning" => warning(value),
        "disconnect" => value.is_object().then(|| Notice::Disconnect(disconnect(value))),
        _ => None,
    }
}

fn gone(value: &Value, why: Gone) -> Option<Notice> {
    Some(Notice::UserGone { user: user(value)?, why })
}

fn warning(value: &Value) -> Option<Notice> {
    let percent = value.get("percent_full").and_then(number);
    value.is_object().then(|| Notice::Warning {
        code: text(value, "code"),
        message: text(value, "message"),
        percent_full: percent.and_then(|percent| u8::try_from(percent).ok()),
    })
}

fn disconnect(value: &Value) -> Disconnect {
    let code = value.get("code").and_then(number);
    Disconnect {
        code: code.and_then(|code| u8::try_from(code).ok()),
        kind: None,
        reason: text(value, "reason"),
    }
}

/// The errors of a message: those that end the stream each as their own notice.
fn read_errors(errors: &[Value]) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut others = Vec::new();
    for error in errors.iter().take(LIST_MAX) {
        match operational(error) {
            Some(said) => notices.push(Notice::Disconnect(said)),
            None => others.push(error_text(error)),
        }
    }
    if !others.is_empty() {
        notices.push(Notice::Errors { errors: others });
    }
    notices
}

/// An error that is a disconnect: by its word, or by its type's last segment (X moved the types
/// from one host to another).
fn operational(error: &Value) -> Option<Disconnect> {
    let word = ["disconnect_type", "connection_issue"]
        .iter()
        .find_map(|key| error.get(key).and_then(Value::as_str));
    let kind = error.get("type").and_then(Value::as_str).unwrap_or_default();
    let ends = ["operational-disconnect", "streaming-connection", "client-disconnected"];
    let typed = ends.contains(&kind.rsplit('/').next().unwrap_or_default());
    if word.is_none() && !typed {
        return None;
    }
    let kind = word.and_then(DisconnectType::from_word).unwrap_or(DisconnectType::Other);
    Some(Disconnect { code: None, kind: Some(kind), reason: error_text(error) })
}

fn error_text(error: &Value) -> String {
    let detail = ["detail", "message"].iter().map(|key| text(error, key));
    let detail = detail.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    match (text(error, "title"), detail) {
        (title, detail) if title.is_empty() && detail.is_empty() => {
            cut(&error.to_string(), TEXT_MAX_CHARS)
        }
        (title, detail) if title.is_empty() || title == detail => detail,
        (title, detail) if detail.is_empty() => title,
        (title, detail) => cut(&format!("{title}: {detail}"), TEXT_MAX_CHARS),
    }
}

/// A tweet with its author: within `status` (firehose), `tweet` or `post` (API v2), or bare.
fn tweet(value: &Value) -> Option<(TweetId, Option<UserId>)> {
    let of = ["status", "tweet", "post"].iter().find_map(|key| value.get(key)).unwrap_or(value);
    let id = of.get("id_str").and_then(number).or_else(|| of.get("id").and_then(number))?;
    Some((TweetId(id), owner(of)))
}

/// The user that something is of.
fn owner(value: &Value) -> Option<UserId> {
    let named = ["user_id_str", "user_id", "author_id"];
    let found = named.iter().find_map(|key| value.get(key).and_then(number)).map(UserId);
    found.or_else(|| value.get("user").and_then(user))
}

/// The user that something is about: within `user`, or bare.
fn user(value: &Value) -> Option<UserId> {
    let of = value.get("user").unwrap_or(value);
    let named = ["id_str", "id", "user_id"];
    named.iter().find_map(|key| of.get(key).and_then(number)).or_else(|| number(of)).map(UserId)
}

fn up_to(value: &Value) -> Option<TweetId> {
    let named = ["up_to_status_id_str", "up_to_status_id", "up_to_tweet_id", "up_to_post_id"];
    named.iter().find_map(|key| value.get(key).and_then(number)).map(TweetId)
}

fn countries(value: &Value) -> Vec<String> {
    let listed = value.get("withheld_in_countries").or_else(|| value.get("country_codes"));
    let listed = listed.and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).take(LIST_MAX).map(|text| cut(text, TEXT_MAX_CHARS)).collect()
}

fn at(value: &Value) -> Option<UnixMs> {
    let ms = value.get("timestamp_ms").and_then(number)?;
    i64::try_from(ms).ok().map(UnixMs)
}

/// A number, or a text of digits.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A field as text, whatever its kind; empty if there is none.
fn text(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => cut(text, TEXT_MAX_CHARS),
        None | Some(Value::Null) => String::new(),
        Some(other) => cut(&other.to_string(), TEXT_MAX_CHARS),
    }
}

impl Notice {
    /// The word of `StreamNotice::about`.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "limit",
            Self::Delete { .. } | Self::UserGone { .. } => "delete",
            Self::ScrubGeo { .. } => "scrub_geo",
            Self::StatusWithheld { .. } | Self::UserWithheld { .. } => "withheld",
            Self::Warning { .. } => "warning",
            Self::Disconnect(_) => "disconnect",
            Self::Errors { .. } | Self::Unknown { .. } => "error",
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Limit { track, .. } => {
                format!("X left out {track} matching tweets since this connection began")
            }
            Self::Delete { .. } => "A tweet was deleted".to_owned(),
            Self::ScrubGeo { .. } => "Someone took the places off their tweets".to_owned(),
            Self::StatusWithheld { countries, .. } => {
                format!("A tweet is withheld in {}", countries.join(", "))
            }
            Self::UserWithheld { countries, .. } => {
                format!("Someone's tweets are withheld in {}", countries.join(", "))
            }
            Self::UserGone { why, .. } => match why {
                Gone::Deleted => "Someone deleted their account",
                Gone::Protected => "Someone made their account private",
                Gone::Suspended => "X suspended an account",
            }
            .to_owned(),
            Self::Warning { code, message, percent_full } => {
                let full = percent_full.map(|p| format!(" ({p} % full)")).unwrap_or_default();
                let said = if message.is_empty() { code } else { message };
                format!("X warns: {said}{full}")
            }
            Self::Disconnect(said) => said.text(),
            Self::Errors { errors } => format!("X reports: {}", errors.join("; ")),
            Self::Unknown { keys } => {
                format!("X sent a message of a kind unknown to Roost: {}", keys.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
