//! Who is connected to a stream: open connections, ghosts, and how many there ever were.
//!
//! Knows no bytes. A ghost is a connection whose reader is gone and that X still counts.
//! Invariant: `peak` is the most connections that were ever open at once, ghosts not among
//! them; every connection leaves exactly once.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::calendar::format_ms;

/// A ghost is given up after this long, in milliseconds of virtual time.
const GHOST_MS: i64 = 15 * 60 * 1_000;
/// Connections remembered after their end.
const HISTORY_MAX: usize = 100;

/// The streams there are; each takes one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Filtered,
    Sample,
}

impl Stream {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Filtered => "filtered_stream",
            Self::Sample => "sample_stream",
        }
    }
}

/// What an open connection can be told.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// A line, without its end, and whether the stream ends after it.
    Line(String, bool),
    /// Break in the middle of a line.
    Cut,
    /// Send no byte more and stay open.
    Stall,
    /// End as a response ends.
    Close,
}

/// What the one who serves a connection holds.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: u64,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) kill: Arc<Notify>,
}

#[derive(Debug)]
struct Connection {
    id: u64,
    stream: Stream,
    connected_ms: i64,
    commands: mpsc::UnboundedSender<Command>,
    kill: Arc<Notify>,
    /// Whether it lives on without its reader.
    haunts: bool,
    /// Since when it is a ghost, in virtual milliseconds.
    ghost_since_ms: Option<i64>,
}

#[derive(Debug)]
struct Past {
    id: u64,
    stream: Stream,
    connected_ms: i64,
    disconnected_ms: i64,
    reason: &'static str,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Another connection is open.
    Open,
    /// A ghost holds the place.
    Ghost,
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    connections: Vec<Connection>,
    past: VecDeque<Past>,
    last_id: u64,
    peak: usize,
    total: u64,
    refused_open: u64,
    refused_ghost: u64,
    /// Connects that found another open and waited for it to leave, let in or not.
    waited: u64,
    /// The most that were open or asked to be at once.
    peak_asked: usize,
}

fn uuid(id: u64) -> String {
    format!("{:08x}-0000-4000-8000-{id:012x}", id.wrapping_mul(0x9e37_79b9) & 0xffff_ffff)
}

impl Registry {
    /// Nobody connected, and ids that go on where these end: who left late is not mistaken.
    pub(crate) fn anew(&self) -> Self {
        Self { last_id: self.last_id, ..Self::default() }
    }

    fn open(&self) -> usize {
        self.connections.iter().filter(|c| c.ghost_since_ms.is_none()).count()
    }

    fn ghosts(&self) -> usize {
        self.connections.len() - self.open()
    }

    fn leave(&mut self, now_ms: i64, reason: &'static str, leaves: impl Fn(&Connection) -> bool) {
        let (gone, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.connections).into_iter().partition(leaves);
        self.connections = stay;
        for c in gone {
            self.past.push_front(Past {
                id: c.id,
                stream: c.stream,
                connected_ms: c.connected_ms,
                disconnected_ms: now_ms,
                reason,
            });
        }
        self.past.truncate(HISTORY_MAX);
    }

    /// Gives up ghosts whose time is over.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.leave(now_ms, "ghost_expired", |c| {
            c.ghost_since_ms.is_some_and(|since| now_ms - since >= GHOST_MS)
        });
    }

    /// Opens a connection. `haunts`: it becomes a ghost when its reader goes.
    ///
    /// # Errors
    /// What holds the stream's one place.
    pub(crate) fn connect(
        &mut self,
        stream: Stream,
        haunts: bool,
        now_ms: i64,
    ) -> Result<Handle, Busy> {
        self.expire(now_ms);
        let mut same = self.connections.iter().filter(|c| c.stream == stream).peekable();
        if same.peek().is_some() {
            let open = same.any(|c| c.ghost_since_ms.is_none());
            return Err(if open { Busy::Open } else { Busy::Ghost });
        }
        self.last_id += 1;
        let (sender, commands) = mpsc::unbounded_channel();
        let kill = Arc::new(Notify::new());
        let id = self.last_id;
        self.connections.push(Connection {
            id,
            stream,
            connected_ms: now_ms,
            commands: sender,
            kill: Arc::clone(&kill),
            haunts,
            ghost_since_ms: None,
        });
        self.total += 1;
        self.peak = self.peak.max(self.open());
        self.peak_asked = self.peak_asked.max(self.open());
        Ok(Handle { id, commands, kill })
    }

    /// Whether the other stream is open: X allows both at once, and who changes from one to the
    /// other may come before the news of its leaving.
    pub(crate) fn other_open(&self, stream: Stream) -> bool {
        self.connections.iter().any(|c| c.stream != stream && c.ghost_since_ms.is_none())
    }

    /// Counts a refusal for want of room.
    pub(crate) fn refuse(&mut self, busy: Busy) {
        match busy {
            Busy::Open => {
                self.refused_open += 1;
                self.peak_asked = self.peak_asked.max(self.open() + 1);
            }
            Busy::Ghost => self.refused_ghost += 1,
        }
    }

    /// Counts a connect that has to wait.
    pub(crate) fn wait(&mut self) {
        self.waited += 1;
    }

    /// The socket of a connection is gone.
    pub(crate) fn gone(&mut self, id: u64, now_ms: i64) {
        if let Some(c) = self.connections.iter_mut().find(|c| c.id == id && c.haunts) {
            c.ghost_since_ms = Some(now_ms);
        } else {
            self.leave(now_ms, "client_disconnect", |c| c.id == id);
        }
    }

    /// Whether a connection's socket is still there.
    pub(crate) fn is_open(&self, ids: &[u64]) -> bool {
        self.connections.iter().any(|c| ids.contains(&c.id) && c.ghost_since_ms.is_none())
    }

    /// Ends connections, ghosts too, and gives their ids. Open ones are only told to end here:
    /// they leave when their socket does, and haunt nobody.
    pub(crate) fn kill(&mut self, now_ms: i64, which: impl Fn(&str, Stream) -> bool) -> Vec<u64> {
        let mut killed = Vec::new();
        for c in &mut self.connections {
            if which(&uuid(c.id), c.stream) {
                killed.push(c.id);
                c.haunts = false;
                c.kill.notify_one();
            }
        }
        self.leave(now_ms, "operator_disconnect", |c| {
            killed.contains(&c.id) && c.ghost_since_ms.is_some()
        });
        killed
    }

    /// Tells every open connection something; gives how many there are.
    pub(crate) fn tell(&self, command: &Command) -> usize {
        let open = self.connections.iter().filter(|c| c.ghost_since_ms.is_none());
        open.filter(|c| c.commands.send(command.clone()).is_ok()).count()
    }

    /// The answer of `GET /sim/connections`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "open": self.open(), "peak": self.peak, "total": self.total, "ghosts": self.ghosts(),
            "refused_open": self.refused_open, "refused_ghost": self.refused_ghost,
            "peak_asked": self.peak_asked, "waited": self.waited,
        })
    }

    /// The entries of `GET /2/connections`: those there are, or those there were.
    pub(crate) fn list(&self, active: bool, inactive: bool) -> Vec<Value> {
        let mut entries = Vec::new();
        if active {
            entries.extend(self.connections.iter().map(|c| {
                json!({"id": uuid(c.id), "endpoint_name": c.stream.name(),
                    "connected_at": format_ms(c.connected_ms), "client_ip": "127.0.0.1"})
            }));
        }
        if inactive {
            entries.extend(self.past.iter().map(|p| {
                json!({"id": uuid(p.id), "endpoint_name": p.stream.name(),
                    "connected_at": format_ms(p.connected_ms), "client_ip": "127.0.0.1",
                    "disconnected_at": format_ms(p.disconnected_ms),
                    "disconnect_reason": p.reason})
            }));
        }
        entries
    }
}

/// The answer of `DELETE /2/connections…`.
pub(crate) fn kill_report(killed: &[u64], asked_in_vain: usize) -> Value {
    let results: Vec<Value> =
        killed.iter().map(|id| json!({"uuid": uuid(*id), "success": true})).collect();
    json!({"data": {"successful_kills": killed.len(), "failed_kills": asked_in_vain,
        "results": results}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_numbers(registry: &Registry, open: u64, ghosts: u64, peak: u64, total: u64) {
        let seen = registry.to_json();
        let numbers = ["open", "ghosts", "peak", "total"].map(|name| seen[name].as_u64().unwrap());
        assert_eq!(numbers, [open, ghosts, peak, total]);
    }

    #[test]
    fn a_stream_takes_one_connection_at_a_time() {
        let mut registry = Registry::default();
        let first = registry.connect(Stream::Filtered, false, 0).unwrap();
        assert_eq!(registry.connect(Stream::Filtered, false, 0).unwrap_err(), Busy::Open);
        registry.gone(first.id, 1);
        check_numbers(&registry, 0, 0, 1, 1);
        registry.connect(Stream::Filtered, false, 2).unwrap();
        registry.connect(Stream::Sample, false, 2).unwrap();
        check_numbers(&registry, 2, 0, 2, 3);
        assert_eq!(registry.list(true, false).len(), 2);
        assert_eq!(registry.list(true, true).len(), 3);
    }

    #[test]
    fn a_ghost_holds_its_place_until_killed_or_old() {
        let mut registry = Registry::default();
        let haunt = |registry: &mut Registry, now_ms| {
            let handle = registry.connect(Stream::Filtered, true, now_ms).unwrap();
            registry.gone(handle.id, now_ms);
            assert_eq!(registry.connect(Stream::Filtered, false, now_ms).unwrap_err(), Busy::Ghost);
        };
        haunt(&mut registry, 0);
        check_numbers(&registry, 0, 1, 1, 1);
        assert_eq!(registry.kill(5, |_, _| true).len(), 1);
        check_numbers(&registry, 0, 0, 1, 1);
        haunt(&mut registry, 10);
        assert!(registry.connect(Stream::Filtered, false, 10 + GHOST_MS).is_ok());
    }

    #[test]
    fn a_killed_connection_leaves_when_its_socket_does() {
        let mut registry = Registry::default();
        let handle = registry.connect(Stream::Filtered, true, 0).unwrap();
        let other = |_: &str, stream| stream == Stream::Sample;
        assert!(registry.kill(1, other).is_empty());
        assert_eq!(registry.kill(1, |_, _| true), [handle.id]);
        assert!(registry.is_open(&[handle.id]));
        registry.gone(handle.id, 2);
        check_numbers(&registry, 0, 0, 1, 1);
    }

    #[test]
    fn refusals_are_counted_by_what_was_in_the_way() {
        let mut registry = Registry::default();
        registry.connect(Stream::Filtered, false, 0).unwrap();
        registry.refuse(Busy::Open);
        registry.refuse(Busy::Ghost);
        let seen = registry.to_json();
        assert_eq!((&seen["peak"], &seen["peak_asked"]), (&json!(1), &json!(2)));
        assert_eq!((&seen["refused_open"], &seen["refused_ghost"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn ids_look_like_uuids_and_differ() {
        assert_eq!(uuid(1).len(), 36);
        assert_ne!(uuid(1), uuid(2));
    }
}
