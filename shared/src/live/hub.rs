//! Decisions about sockets, the same in the Live object and in a relay. Owns: limits, who is too
//! slow, who is gone, where a new socket goes, what is said to all. Must not know: websockets.
//! Invariant: a slow socket costs only itself: it is skipped, told what it missed, or closed.

use crate::api::{FromClient, FromServer, GapReason, LiveGap, Subscribe};
use crate::time::{SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;

/// Sockets of the Live object: beyond, relays take them.
pub const LIVE_SOCKETS: u32 = 2_000;
/// Sockets of one relay.
pub const RELAY_SOCKETS: u32 = 4_000;
/// Most relays.
pub const RELAYS_MAX: u32 = 8;
/// A relay is given up once all sockets on relays would fill the others to this, in percent.
const REMOVE_BELOW_PERCENT: u64 = 60;

/// With more than this waiting in its buffer a socket is skipped.
pub const BUFFER_MAX_BYTES: u64 = 256 * 1024;
/// Skipped for this long, it is closed.
pub const SLOW_MAX_MS: i64 = 15 * SECOND_MS;
/// Skipped for this long, it is no longer counted among those who watch.
pub const UNCOUNTED_MS: i64 = 3 * SECOND_MS;
/// A frame waits this long at most for browsers to take the one before it.
pub const HOLD_MAX_MS: i64 = SECOND_MS;
/// Without a ping for this long, it is closed.
pub const PING_MAX_MS: i64 = 45 * SECOND_MS;
/// Longest message from a client.
pub const MESSAGE_MAX_BYTES: usize = 4 * 1024;
/// Messages (pings apart) that a client may send in [`MESSAGES_MS`].
pub const MESSAGES_MAX: u32 = 10;
/// See [`MESSAGES_MAX`].
pub const MESSAGES_MS: i64 = 10 * SECOND_MS;
/// What a hibernating socket may carry.
pub const ATTACHMENT_MAX_BYTES: usize = 16_384;
/// Who is sent away may come back after this.
pub const RETRY_MS: u64 = 2_000;

/// A relay without browsers is kept for so long after one was sent there: the way there takes an
/// answer of the Live object and one of the relay, and a relay that is not kept gets no events.
pub const ON_THE_WAY_MS: i64 = 30 * SECOND_MS;

/// The numbers that an object's sockets were never handed, where a stretch that begins with `from`
/// comes after number `last`: nobody may be told that a frame covers them.
pub fn missed(last: u64, from: u64) -> Option<LiveGap> {
    let (first, end) = (last.saturating_add(1), from.saturating_sub(1));
    let gap = LiveGap { from: first, to: end, reason: GapReason::Slow };
    (first <= end).then_some(gap)
}

/// What is known of a socket, and survives its object's sleep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Socket {
    /// What it asked for.
    pub subscribe: Subscribe,
    /// Whether it may see what is the owner's alone.
    pub owner: bool,
    /// When it came.
    pub joined: UnixMs,
    /// It has been sent everything up to this number: after a sleep a gap may begin earlier
    /// than needed, never later. So it need not be written at every frame.
    pub cursor: u64,
    /// The first number it was skipped for, while it is too slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_from: Option<u64>,
    /// Since when it is too slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_since: Option<UnixMs>,
    /// Its recent messages.
    #[serde(default)]
    pub messages: Messages,
}

/// What is done with a socket at a flush.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It gets its frame; before it this gap, if it was skipped.
    Send(Option<LiveGap>),
    /// It gets nothing now.
    Skip,
    /// It is closed, sent nothing more and no longer counted.
    Close {
        /// Why, for the log and for the close frame.
        reason: &'static str,
    },
}

impl Socket {
    /// A new one, which has been told `cursor`.
    pub fn new(owner: bool, cursor: u64, now: UnixMs) -> Self {
        Self {
            subscribe: Subscribe::default(),
            owner,
            joined: now,
            cursor,
            skipped_from: None,
            over_since: None,
            messages: Messages::default(),
        }
    }

    /// Whether it is counted: one that took nothing for [`UNCOUNTED_MS`] watches nothing.
    pub fn watches(&self, now: UnixMs) -> bool {
        self.over_since.is_none_or(|since| now.since(since) < UNCOUNTED_MS)
    }

    /// Its attachment; `None` where it would be too large, which a subscription of at most
    /// [`MESSAGE_MAX_BYTES`] cannot make it.
    pub fn attachment(&self) -> Option<String> {
        serde_json::to_string(self).ok().filter(|json| json.len() <= ATTACHMENT_MAX_BYTES)
    }

    /// Reads an attachment.
    ///
    /// # Errors
    /// It is none of this version's: the socket is better closed, and comes back.
    pub fn of_attachment(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}

/// Decides for one socket before a flush. `buffered_bytes`: what was sent and not yet taken.
/// `last_ping`: when it last pinged, if ever. With [`Decision::Send`] and a gap, the reader is
/// covered up to the gap's end ([`super::views::Views::covered`]); `last` is the newest number
/// of the flushes it was skipped for.
pub fn decide(
    socket: &mut Socket,
    now: UnixMs,
    buffered_bytes: u64,
    last_ping: Option<UnixMs>,
    last: u64,
) -> Decision {
    let heard = last_ping.map_or(socket.joined, |ping| ping.max(socket.joined));
    if now.since(heard) >= PING_MAX_MS {
        return Decision::Close { reason: "no ping for 45 s" };
    }
    if buffered_bytes > BUFFER_MAX_BYTES {
        let since = *socket.over_since.get_or_insert(now);
        if now.since(since) >= SLOW_MAX_MS {
            return Decision::Close { reason: "too slow for 15 s" };
        }
        socket.skipped_from.get_or_insert(socket.cursor + 1);
        return Decision::Skip;
    }
    socket.over_since = None;
    let gap = socket.skipped_from.take().filter(|&from| from <= last).map(|from| {
        socket.cursor = socket.cursor.max(last);
        LiveGap { from, to: last, reason: GapReason::Slow }
    });
    Decision::Send(gap)
}

/// Whether the next frame waits: most of the sockets still hold some of the one before, which was
/// sent `since_ms` ago. So an object that cannot keep up sends fewer and larger frames, which cost
/// it less, instead of adding to what it owes; a few slow browsers hold up nobody.
pub fn holds(sockets: usize, taking: usize, since_ms: i64) -> bool {
    taking * 2 > sockets && since_ms < HOLD_MAX_MS
}

/// Whoever sent too many messages may come back after so long: the count is over then.
pub const TOO_MANY_RETRY_MS: u64 = 10_000;

/// What whoever sent too many messages is told, for [`bye`].
#[must_use]
pub fn too_many() -> String {
    format!("too many messages: at most {MESSAGES_MAX} in {} s", MESSAGES_MS / SECOND_MS)
}

/// Counts messages in windows of [`MESSAGES_MS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    since: UnixMs,
    count: u32,
}

impl Messages {
    /// Takes one more; whether it is still within the limit.
    pub fn take(&mut self, now: UnixMs) -> bool {
        if !(0..MESSAGES_MS).contains(&now.since(self.since)) {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count <= MESSAGES_MAX
    }
}

/// Reads what a client says.
///
/// # Errors
/// What is wrong with it, for [`bye`].
pub fn read_client(text: &str) -> Result<FromClient, String> {
    if text.len() > MESSAGE_MAX_BYTES {
        return Err(format!("a message has at most {MESSAGE_MAX_BYTES} bytes"));
    }
    frame_of(text).map_err(|error| format!("the message is not JSON of this protocol: {error}"))
}

/// The same as [`FromClient`]'s own reading, which buffers whatever value it meets: the worker
/// would be larger by all the ways to read from that buffer.
fn frame_of(text: &str) -> serde_json::Result<FromClient> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(borrow)]
        t: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Resume {
        after: u64,
    }
    match &*serde_json::from_str::<Tagged>(text)?.t {
        "subscribe" => serde_json::from_str(text).map(FromClient::Subscribe),
        "resume" => serde_json::from_str(text).map(|Resume { after }| FromClient::Resume { after }),
        "ping" => Ok(FromClient::Ping),
        other => Err(serde::de::Error::unknown_variant(other, &["subscribe", "resume", "ping"])),
    }
}

/// The text of a frame that is no `events` frame.
pub fn text_of(frame: &FromServer) -> String {
    // No value of the type fails to be written.
    serde_json::to_string(frame).unwrap_or_default()
}

/// The last frame before closing; `retry_ms`: come back after so long, `None`: do not.
pub fn bye(reason: &str, retry_ms: Option<u64>) -> String {
    text_of(&FromServer::Bye { reason: reason.to_owned(), retry_ms })
}

/// Where a new socket goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Into the Live object.
    Live,
    /// To this relay, counted from 0; it may not exist yet.
    Relay(u32),
    /// Nowhere: 503, and come back later.
    Full,
}

/// How many sockets an object takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The Live object.
    pub live: u32,
    /// One relay.
    pub relay: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { live: LIVE_SOCKETS, relay: RELAY_SOCKETS }
    }
}

/// Decides where a new socket goes. The first relay with room: so the last one empties first.
pub fn place(live_sockets: u32, relay_sockets: &[u32], limits: Limits) -> Place {
    if live_sockets < limits.live {
        return Place::Live;
    }
    let relays = u32::try_from(relay_sockets.len()).unwrap_or(RELAYS_MAX).min(RELAYS_MAX);
    let roomy = (0..relays).zip(relay_sockets).find(|(_, sockets)| **sockets < limits.relay);
    match roomy {
        Some((relay, _)) => Place::Relay(relay),
        None if relays < RELAYS_MAX => Place::Relay(relays),
        None => Place::Full,
    }
}

/// How many relays should go on, of those there are: the last is given up (its sockets told
/// [`bye`] with a retry) once the others would be at most 60 % full with all of its readers, and
/// the only one once the Live object would be. One is added by [`place`].
pub fn relays_kept(live_sockets: u32, relay_sockets: &[u32], limits: Limits) -> usize {
    let on_relays: u64 = relay_sockets.iter().map(|sockets| u64::from(*sockets)).sum();
    let Some(others) = relay_sockets.len().checked_sub(1) else { return 0 };
    let (readers, room) = if others == 0 {
        (on_relays + u64::from(live_sockets), u64::from(limits.live))
    } else {
        (on_relays, others as u64 * u64::from(limits.relay))
    };
    let spare = readers * 100 <= room * REMOVE_BELOW_PERCENT;
    if spare { others } else { relay_sockets.len() }
}

/// How late tweets are, over the last minute.
#[derive(Clone, Debug, Default)]
pub struct Lags(VecDeque<(UnixMs, i64)>);

impl Lags {
    /// Samples that are kept: ten a second for a minute.
    const MAX: usize = 600;
    /// Least time between two samples.
    const EVERY_MS: i64 = 100;
    /// Older samples are let go.
    const SPAN_MS: i64 = 60 * SECOND_MS;

    /// Notes a tweet; of many in a moment, one.
    pub fn note(&mut self, created_at: UnixMs, now: UnixMs) {
        let fresh = |(at, _): &(UnixMs, i64)| now.since(*at) < Self::EVERY_MS;
        if self.0.back().is_some_and(fresh) {
            return;
        }
        // Clocks differ by a little: nothing arrives before it was written.
        self.0.push_back((now, now.since(created_at).max(0)));
        while self.0.len() > Self::MAX {
            self.0.pop_front();
        }
    }

    /// The median in milliseconds; the lower one of two, `None` without any tweet.
    pub fn median_ms(&mut self, now: UnixMs) -> Option<i64> {
        self.0.retain(|(at, _)| now.since(*at) <= Self::SPAN_MS);
        let mut lags: Vec<i64> = self.0.iter().map(|(_, lag)| *lag).collect();
        let middle = lags.len().checked_sub(1)? / 2;
        Some(*lags.select_nth_unstable(middle).1)
    }
}

#[cfg(test)]
mod tests;
