//! Query parameters that several routes take. Invariant: one name means one thing, unless its
//! sentence says for which list.

use super::Param;

pub(super) const fn param(name: &'static str, doc: &'static str) -> Param {
    Param { name, doc }
}

pub(super) const FROM: Param = param("from", "RFC 3339, inclusive.");
pub(super) const TO: Param = param("to", "RFC 3339, exclusive.");
pub(super) const TZ: Param = param(
    "tz",
    "IANA zone whose midnights bound days, by any of its names in any case; default UTC. Answers \
     carry its name as `zone.tab` writes it. Offsets such as `+05:30`, `Factory` and `Etc/Unknown` \
     are no zones.",
);
pub(super) const SEARCH: Param = param(
    "q",
    "Words, each in the name, handle, profile text or note; order, case, accents and width are not \
     looked at.",
);
pub(super) const LEFT_FOR: Param = param(
    "reason",
    "With `filter=left` or `mutual_left`: unfollowed, suspended, gone, you_blocked or unknown.",
);
pub(super) const FOLLOWERS_MIN: Param =
    param("followers_min", "Only who has at least so many followers.");
pub(super) const FOLLOWERS_MAX: Param =
    param("followers_max", "Only who has at most so many followers.");
pub(super) const INACTIVE: Param = param(
    "inactive",
    "true: only who has written fewer posts than months went by since they joined X; false: only \
     others.",
);
pub(super) const INTERVAL: Param = param("interval", "hour, day, week or month; default day.");
pub(super) const METRICS: Param = param(
    "metrics",
    "Metrics with commas, such as public.like_count; default impressions, likes, reposts, replies.",
);
pub(super) const REASON: Param =
    param("reason", "Losses only: unfollowed, suspended, gone, you_blocked or unknown.");
pub(super) const CURSOR: Param = param("cursor", "The `next_cursor` of the page before.");
pub(super) const LIMIT: Param = param("limit", "1 to 1000, default 100.");
pub(super) const CRC_TOKEN: Param = param("crc_token", "What X asks to have signed.");
pub(super) const NONCE: Param = param("nonce", "Sent by X; not used.");
