//! Lines of a stream that are no tweets, as both versions of the API write them.
//!
//! Knows forms, no connections. Invariant: a notice is one line of JSON, unless it is given raw.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::registry::Command;
use crate::problem::type_uri;
use crate::profile::Dialect;

/// What a client asks for in `POST /sim/notice`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    kind: Option<String>,
    raw: Option<String>,
    track: Option<u64>,
    pub(crate) tweet: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) up_to: Option<String>,
    countries: Option<Vec<String>>,
    code: Option<u64>,
    reason: Option<String>,
    percent_full: Option<u64>,
    disconnect_type: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    /// Whether the stream ends after it; a disconnect's does.
    close: Option<bool>,
    /// Whether to write the fuller form of the firehose, where there are two.
    #[serde(default)]
    firehose: bool,
}

/// What a wish comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// The tweet is gone.
    Delete(u64),
    /// The user's tweets up to this one lose their places.
    Scrub(u64, u64),
}

/// Names of the codes of a version 1.1 disconnect, from 1 on.
const DISCONNECTS: [&str; 12] = [
    "Shutdown",
    "Duplicate stream",
    "Control request",
    "Stall",
    "Normal",
    "Token revoked",
    "Admin logout",
    "Reserved",
    "Max message limit",
    "Stream exception",
    "Broker stall",
    "Shed load",
];

/// The line of a version 1.1 disconnect.
pub(crate) fn disconnect(code: u64, reason: Option<&str>) -> Value {
    let name = usize::try_from(code).ok().and_then(|code| DISCONNECTS.get(code.checked_sub(1)?));
    let reason = reason.unwrap_or(name.copied().unwrap_or(""));
    json!({"disconnect": {"code": code, "stream_name": "xsim-filter", "reason": reason}})
}

/// The line with which version 2 ends a stream.
pub(crate) fn operational(dialect: Dialect, kind: &str) -> Value {
    json!({"errors": [{
        "title": "operational-disconnect", "disconnect_type": kind,
        "detail": "This stream has been disconnected upstream for operational reasons.",
        "type": type_uri(dialect, "operational-disconnect"),
    }]})
}

/// The line of an error that ends nothing.
pub(crate) fn partial_error(dialect: Dialect) -> Value {
    json!({"errors": [{
        "title": "Resource Unavailable", "resource_type": "tweet", "parameter": "id",
        "resource_id": "20", "value": "20", "detail": "The tweet is not available right now.",
        "type": type_uri(dialect, "resource-unavailable"),
    }]})
}

fn id(name: &str, text: Option<&String>) -> Result<u64, String> {
    let text = text.ok_or_else(|| format!("{name} is missing"))?;
    text.parse().map_err(|_| format!("{name} {text} is no id"))
}

/// `{"id":…,"id_str":…}` with a prefix of the names.
fn ids(prefix: &str, id: u64) -> Map<String, Value> {
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}_") };
    Map::from_iter([
        (format!("{prefix}id"), Value::from(id)),
        (format!("{prefix}id_str"), Value::from(id.to_string())),
    ])
}

impl Wish {
    /// What to tell the streams, and what else changes. `now_ms` is the time it is sent.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub(crate) fn read(&self, now_ms: i64, dialect: Dialect) -> Result<(Command, Effect), String> {
        if let Some(raw) = &self.raw {
            return Ok((Command::Line(raw.clone(), self.close == Some(true)), Effect::None));
        }
        let kind = self.kind.as_deref().ok_or("give a kind, or raw")?;
        match kind {
            "cut" => return Ok((Command::Cut, Effect::None)),
            "stall" => return Ok((Command::Stall, Effect::None)),
            "close" => return Ok((Command::Close, Effect::None)),
            _ => {}
        }
        let (line, effect) = self.line(kind, now_ms, dialect)?;
        let close = self.close.unwrap_or(matches!(kind, "disconnect" | "v2_error"));
        Ok((Command::Line(line.to_string(), close), effect))
    }

    fn line(&self, kind: &str, now_ms: i64, dialect: Dialect) -> Result<(Value, Effect), String> {
        let at = now_ms.to_string();
        let countries = || self.countries.clone().unwrap_or_else(|| vec!["DE".to_owned()]);
        let line = match kind {
            "limit" => {
                let track = self.track.ok_or("track is missing")?;
                json!({"limit": {"track": track, "timestamp_ms": at}})
            }
            "delete" => {
                let tweet = id("tweet", self.tweet.as_ref())?;
                let mut status = ids("", tweet);
                status.append(&mut ids("user", id("user", self.user.as_ref())?));
                let line = json!({"delete": {"status": status, "timestamp_ms": at}});
                return Ok((line, Effect::Delete(tweet)));
            }
            "scrub_geo" => {
                let user = id("user", self.user.as_ref())?;
                let up_to = id("up_to", self.up_to.as_ref().or(self.tweet.as_ref()))?;
                let mut scrub = ids("user", user);
                scrub.append(&mut ids("up_to_status", up_to));
                scrub.insert("timestamp_ms".into(), at.into());
                return Ok((json!({"scrub_geo": scrub}), Effect::Scrub(user, up_to)));
            }
            "status_withheld" => {
                let (tweet, user) =
                    (id("tweet", self.tweet.as_ref())?, id("user", self.user.as_ref())?);
                if self.firehose {
                    let mut status = ids("", tweet);
                    status.append(&mut ids("user", user));
                    json!({"status_withheld": {"status": status,
                        "withheld_in_countries": countries(), "timestamp_ms": at}})
                } else {
                    json!({"status_withheld": {"id": tweet, "user_id": user,
                        "withheld_in_countries": countries()}})
                }
            }
            "user_withheld" => {
                let user = id("user", self.user.as_ref())?;
                if self.firehose {
                    json!({"user_withheld": {"user": ids("", user),
                        "withheld_in_countries": countries(), "timestamp_ms": at}})
                } else {
                    json!({"user_withheld": {"id": user, "withheld_in_countries": countries()}})
                }
            }
            "warning" => json!({"warning": {"code": "FALLING_BEHIND",
                "message": "Your connection is falling behind and messages are being queued.",
                "percent_full": self.percent_full.unwrap_or(60)}}),
            "disconnect" => {
                let code = self.code.filter(|code| (1..=12).contains(code));
                disconnect(code.ok_or("code must be 1 to 12")?, self.reason.as_deref())
            }
            "v2_error" => self.v2_error(dialect),
            _ => return Err(format!("no kind {kind}; there are {}", KINDS.join(", "))),
        };
        Ok((line, Effect::None))
    }

    fn v2_error(&self, dialect: Dialect) -> Value {
        let kind = self.disconnect_type.as_deref().unwrap_or("UpstreamOperationalDisconnect");
        let mut line = operational(dialect, kind);
        if let Some(error) = line.pointer_mut("/errors/0").and_then(Value::as_object_mut) {
            for (name, value) in [("title", &self.title), ("detail", &self.detail)] {
                if let Some(value) = value {
                    error.insert(name.into(), value.clone().into());
                }
            }
        }
        line
    }
}

const KINDS: [&str; 11] = [
    "limit",
    "delete",
    "scrub_geo",
    "status_withheld",
    "user_withheld",
    "warning",
    "disconnect",
    "v2_error",
    "cut",
    "stall",
    "close",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wish: Value) -> Result<(Command, Effect), String> {
        serde_json::from_value::<Wish>(wish).unwrap().read(7, Dialect::Tweet)
    }

    #[track_caller]
    fn check(wish: Value, line: &Value, closes: bool, effect: Effect) {
        let (command, had) = read(wish).unwrap();
        let Command::Line(text, close) = command else { panic!("{command:?}") };
        assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), line);
        assert_eq!((close, had), (closes, effect));
    }

    #[test]
    fn notices_have_the_forms_of_version_1_1() {
        check(
            json!({"kind": "limit", "track": 1234}),
            &json!({"limit": {"track": 1234, "timestamp_ms": "7"}}),
            false,
            Effect::None,
        );
        check(
            json!({"kind": "delete", "tweet": "1234", "user": "3"}),
            &json!({"delete": {"status": {"id": 1234, "id_str": "1234", "user_id": 3,
                "user_id_str": "3"}, "timestamp_ms": "7"}}),
            false,
            Effect::Delete(1234),
        );
        check(
            json!({"kind": "scrub_geo", "user": "14", "up_to": "23"}),
            &json!({"scrub_geo": {"user_id": 14, "user_id_str": "14", "up_to_status_id": 23,
                "up_to_status_id_str": "23", "timestamp_ms": "7"}}),
            false,
            Effect::Scrub(14, 23),
        );
        check(
            json!({"kind": "status_withheld", "tweet": "1", "user": "2", "countries": ["FR"]}),
            &json!({"status_withheld": {"id": 1, "user_id": 2, "withheld_in_countries": ["FR"]}}),
            false,
            Effect::None,
        );
        check(
            json!({"kind": "user_withheld", "user": "2", "firehose": true}),
            &json!({"user_withheld": {"user": {"id": 2, "id_str": "2"},
                "withheld_in_countries": ["DE"], "timestamp_ms": "7"}}),
            false,
            Effect::None,
        );
        check(
            json!({"kind": "disconnect", "code": 4}),
            &json!({"disconnect": {"code": 4, "stream_name": "xsim-filter", "reason": "Stall"}}),
            true,
            Effect::None,
        );
    }

    #[test]
    fn a_warning_says_how_full_the_queue_is() {
        let (command, _) = read(json!({"kind": "warning", "percent_full": 80})).unwrap();
        let Command::Line(text, false) = command else { panic!("{command:?}") };
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["warning"]["code"], "FALLING_BEHIND");
        assert_eq!(line["warning"]["percent_full"], 80);
    }

    #[test]
    fn version_2_names_its_disconnect() {
        let wish = json!({"kind": "v2_error", "disconnect_type": "SlowReader", "close": false});
        let (command, _) = read(wish).unwrap();
        let Command::Line(text, false) = command else { panic!("{command:?}") };
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["errors"][0]["title"], "operational-disconnect");
        assert_eq!(line["errors"][0]["disconnect_type"], "SlowReader");
    }

    #[test]
    fn raw_lines_are_left_as_they_are() {
        let (command, _) = read(json!({"raw": "{broken"})).unwrap();
        assert!(matches!(command, Command::Line(line, false) if line == "{broken"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (wish, part) in [
            (json!({}), "kind"),
            (json!({"kind": "shout"}), "shout"),
            (json!({"kind": "limit"}), "track"),
            (json!({"kind": "delete", "user": "1"}), "tweet"),
            (json!({"kind": "scrub_geo", "user": "1"}), "up_to"),
            (json!({"kind": "disconnect", "code": 13}), "1 to 12"),
            (json!({"kind": "user_withheld", "user": "me"}), "me is no id"),
        ] {
            let refusal = read(wish.clone()).unwrap_err();
            assert!(refusal.contains(part), "{wish}: {refusal}");
        }
    }
}
