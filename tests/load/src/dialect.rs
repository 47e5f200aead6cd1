//! How the servers speak. Owns: what a text frame of each holds (which numbers, created when) and
//! what must be answered. Must not know: sockets. Invariant: every event of a frame is counted
//! once, and a number that is missing is counted as lost or as declared, never passed over.

use crate::stats::Stats;
use memchr::memmem;
use serde::Deserialize;

/// X's ids count milliseconds from here: <https://docs.x.com/fundamentals/x-ids>.
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;
/// The bits of an id below its time.
const SNOWFLAKE_BITS: u32 = 22;

/// Which server is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// One event per text frame, as the text of a post: `… seq=7 at=1763724000000 …`.
    Plain,
    /// The same inside socket.io's packets (Engine.IO 4).
    Socketio,
    /// Roost's frames: `{"t":"events","from":…,"to":…,"events":[…]}`.
    Roost,
}

/// What one viewer must remember.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// The last number covered.
    last: Option<u64>,
    /// The server has let this viewer in.
    pub(crate) joined: bool,
}

impl Seen {
    /// Before the first frame; plain servers let a viewer in by their handshake alone.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { last: None, joined: dialect == Dialect::Plain }
    }

    /// Takes note that everything in `from..=to` was covered.
    fn cover(&mut self, from: u64, to: u64, stats: &mut Stats) {
        if let Some(last) = self.last {
            stats.lost += from.saturating_sub(last + 1);
            if from <= last {
                stats.repeated += last.min(to) + 1 - from;
            }
        }
        self.last = Some(self.last.map_or(to, |last| last.max(to)));
    }
}

impl Dialect {
    /// Reads one text frame that came at `now` (ms, by the clock that stamps posts); what to
    /// answer, if anything.
    pub(crate) fn read(
        self,
        text: &[u8],
        now: i64,
        seen: &mut Seen,
        stats: &mut Stats,
    ) -> Option<&'static str> {
        stats.frames += 1;
        stats.bytes += text.len() as u64;
        match self {
            Self::Plain => {
                plain(text, now, seen, stats);
                None
            }
            Self::Socketio => socketio(text, now, seen, stats),
            Self::Roost => {
                roost(text, now, seen, stats);
                None
            }
        }
    }
}

fn plain(text: &[u8], now: i64, seen: &mut Seen, stats: &mut Stats) {
    if let (Some(seq), Some(at)) = (number_after(text, b"seq="), number_after(text, b"at=")) {
        seen.cover(seq, seq, stats);
        stats.events += 1;
        stats.delivery.add(now.saturating_sub_unsigned(at));
    }
}

/// Engine.IO: the first digit is the packet's kind; `4` holds a packet of socket.io.
fn socketio(text: &[u8], now: i64, seen: &mut Seen, stats: &mut Stats) -> Option<&'static str> {
    match text {
        // Opened: ask for the main namespace.
        [b'0', ..] => Some("40"),
        [b'2', ..] => Some("3"),
        [b'4', b'0', ..] => {
            seen.joined = true;
            None
        }
        _ => {
            plain(text, now, seen, stats);
            None
        }
    }
}

fn roost(text: &[u8], now: i64, seen: &mut Seen, stats: &mut Stats) {
    let range = || Some((number_after(text, b"\"from\":")?, number_after(text, b"\"to\":")?));
    match kind(text) {
        b"hello" => {
            seen.joined = true;
            seen.last = number_after(text, b"\"cursor\":");
        }
        b"gap" => {
            if let Some((from, to)) = range() {
                seen.cover(from, to, stats);
                stats.declared += (to + 1).saturating_sub(from);
            }
        }
        b"events" => {
            if let Some((from, to)) = range() {
                seen.cover(from, to, stats);
            }
            for event in memmem::find_iter(text, b"{\"seq\":") {
                stats.events += 1;
                let id = text.get(event..).and_then(|rest| number_after(rest, b"id\":\""));
                if let Some(id) = id {
                    stats.delivery.add(now - created(id));
                }
            }
        }
        _ => {}
    }
}

/// The word of `{"t":"…"`.
fn kind(text: &[u8]) -> &[u8] {
    let rest = text.strip_prefix(b"{\"t\":\"").unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// When the post of an id was created.
fn created(id: u64) -> i64 {
    SNOWFLAKE_EPOCH_MS.saturating_add_unsigned(id >> SNOWFLAKE_BITS)
}

/// The digits after the first `word`.
fn number_after(text: &[u8], word: &[u8]) -> Option<u64> {
    let start = memmem::find(text, word)? + word.len();
    let rest = text.get(start..)?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(rest.get(..length)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of one viewer, all at 1,000,000 ms after the snowflakes' beginning.
    #[track_caller]
    fn check(dialect: Dialect, frames: &[&str]) -> Stats {
        let (mut seen, mut stats) = (Seen::default(), Stats::default());
        for frame in frames {
            dialect.read(frame.as_bytes(), SNOWFLAKE_EPOCH_MS + 1_000_000, &mut seen, &mut stats);
        }
        stats
    }

    #[test]
    fn a_missing_number_of_a_rival_is_lost() {
        let stats = check(Dialect::Plain, &["{seq=7 at=1}", "{seq=8 at=1}", "{seq=11 at=1}"]);
        assert_eq!((stats.frames, stats.events, stats.lost), (3, 3, 2));
    }

    #[test]
    fn a_rivals_time_is_in_its_text() {
        let at = SNOWFLAKE_EPOCH_MS + 999_958;
        let stats = check(Dialect::Plain, &[&format!("{{\"body\":\"seq=7 at={at} ….\"}}")]);
        assert_eq!(stats.delivery.quantile(1.0), Some(42));
    }

    #[test]
    fn socketio_is_joined_and_answered() {
        let (mut seen, mut stats) = (Seen::default(), Stats::default());
        let mut said =
            |frame: &str| Dialect::Socketio.read(frame.as_bytes(), 0, &mut seen, &mut stats);
        assert_eq!(said("0{\"sid\":\"a\"}"), Some("40"));
        assert_eq!(said("2"), Some("3"));
        assert_eq!(said("40{\"sid\":\"b\"}"), None);
        assert_eq!(said("42[\"simple_tweet\",\"{\\\"body\\\":\\\"seq=1 at=2\\\"}\"]"), None);
        assert!(seen.joined);
        assert_eq!(stats.events, 1);
    }

    #[test]
    fn roosts_events_are_counted_by_number_and_timed_by_id() {
        let id = 999_700_u64 << SNOWFLAKE_BITS;
        let stats = check(
            Dialect::Roost,
            &[
                r#"{"t":"hello","protocol":1,"cursor":4,"floor":1,"server_time":0}"#,
                &format!(
                    r#"{{"t":"events","from":5,"to":9,"events":[{{"seq":5,"kind":"geo_blip","tweet_id":"{id}","author_id":"3"}},{{"seq":8,"kind":"simple_tweet","id":"{id}","body":"{{\"seq\":1"}}]}}"#
                ),
            ],
        );
        assert_eq!((stats.events, stats.lost, stats.declared), (2, 0, 0));
        assert_eq!(stats.delivery.quantile(1.0), Some(300));
    }

    #[test]
    fn what_roost_leaves_out_in_silence_is_lost_and_what_it_names_is_declared() {
        let stats = check(
            Dialect::Roost,
            &[
                r#"{"t":"hello","protocol":1,"cursor":4,"floor":1,"server_time":0}"#,
                r#"{"t":"events","from":7,"to":9,"events":[]}"#,
                r#"{"t":"gap","from":10,"to":12,"reason":"slow"}"#,
                r#"{"t":"events","from":12,"to":13,"events":[]}"#,
            ],
        );
        assert_eq!((stats.lost, stats.declared, stats.repeated), (2, 3, 1));
    }
}
