//! What one connection is sent: the tweets of the time it is open, keep-alives, notices, faults.
//!
//! Knows the world and the rules, no HTTP. Invariant: without faults a connection is sent
//! exactly the matching tweets from its opening to its end, each once and in order, but for the
//! spans that the clock jumps over.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior};

use super::body::Piece;
use super::notice;
use super::registry::{Command, Handle, Stream};
use super::settings::Wire;
use crate::clock::real_now_ms;
use crate::faults::{Fired, Kind};
use crate::state::Sim;
use crate::tweets::compose;
use crate::tweets::feed::Slot;
use crate::tweets::fields::Wish;
use crate::tweets::matcher::Subject;
use crate::tweets::query::Query;
use crate::tweets::{classic, json};

/// How often the world is asked for what is new.
const TICK: Duration = Duration::from_millis(25);
/// Virtual time written at once, in milliseconds: bounds the size of a piece.
const SPAN_MAX_MS: i64 = 1_000;
/// A clock that runs ahead of the delivery by more than this is followed without the backlog.
const LAG_MAX_MS: i64 = 60_000;
/// A reader that takes nothing for so long is dropped.
const SLOW_READER: Duration = Duration::from_secs(30);
/// Bytes a second of a slow stream, unless the fault says.
const SLOW_BYTES_S: i64 = 20;

/// What makes one connection differ from another.
pub(crate) struct Order {
    pub(crate) stream: Stream,
    pub(crate) wire: Wire,
    pub(crate) wish: Wish,
    /// What is asked for by the request itself, as version 1.1 does.
    pub(crate) own: Option<Query>,
    pub(crate) fault: Option<Fired>,
    /// From when on tweets are delivered, and how often the clock had jumped then.
    pub(crate) from_ms: i64,
    pub(crate) jumps: u64,
}

/// The connection is over.
struct Over;

type Goes = Result<(), Over>;

pub(crate) struct Pump {
    sim: Arc<Sim>,
    order: Order,
    commands: mpsc::UnboundedReceiver<Command>,
    kill: Arc<Notify>,
    out: mpsc::Sender<Piece>,
    /// All before is delivered, in virtual milliseconds.
    cursor_ms: i64,
    posts: i64,
    opened: Instant,
    last_sent: Instant,
    /// The fault has done what it does.
    spent: bool,
}

impl Pump {
    pub(crate) fn new(
        sim: Arc<Sim>,
        order: Order,
        handle: Handle,
        out: mpsc::Sender<Piece>,
    ) -> Self {
        let Handle { commands, kill, .. } = handle;
        let (cursor_ms, now) = (order.from_ms, Instant::now());
        let (opened, last_sent) = (now, now);
        let (posts, spent) = (0, false);
        Self { sim, order, commands, kill, out, cursor_ms, posts, opened, last_sent, spent }
    }

    /// Serves the connection to its end.
    pub(crate) async fn run(mut self) {
        // Whatever ends it ends with the sender dropped, and so the body.
        let _ = self.serve().await;
    }

    async fn serve(&mut self) -> Goes {
        self.opening().await?;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (kill, out) = (Arc::clone(&self.kill), self.out.clone());
        loop {
            tokio::select! {
                biased;
                () = kill.notified() => return Err(Over),
                () = out.closed() => return Err(Over),
                command = self.commands.recv() => {
                    // The registry forgot the connection, as a reset makes it.
                    let Some(command) = command else { return Err(Over) };
                    self.obey(command).await?;
                }
                _ = ticks.tick() => self.tick().await?,
            }
        }
    }

    fn fault(&self) -> Option<Kind> {
        self.order.fault.as_ref().map(|fault| fault.kind)
    }

    fn argument(&self, name: &str, default: i64) -> i64 {
        self.order.fault.as_ref().map_or(default, |fault| fault.args.number(name, default))
    }

    /// What a fault does before anything else.
    async fn opening(&mut self) -> Goes {
        match self.fault() {
            Some(Kind::Empty) => Err(Over),
            Some(Kind::Errors200) => {
                let line = notice::partial_error(self.order.wire.dialect()).to_string();
                self.line(&line).await?;
                Err(Over)
            }
            _ => Ok(()),
        }
    }

    async fn obey(&mut self, command: Command) -> Goes {
        match command {
            Command::Line(line, close) => {
                self.line(&line).await?;
                if close { Err(Over) } else { Ok(()) }
            }
            Command::Cut => self.cut().await,
            Command::Stall => self.stall().await,
            Command::Close => Err(Over),
        }
    }

    async fn tick(&mut self) -> Goes {
        let (end_ms, next_ms) = self.due();
        self.misbehave().await?;
        while self.cursor_ms < end_ms {
            let to_ms = end_ms.min(self.cursor_ms + SPAN_MAX_MS);
            let (bytes, slots) = self.lines(to_ms);
            self.cursor_ms = to_ms;
            if !bytes.is_empty() {
                self.posts += i64::try_from(slots.len()).unwrap_or(0);
                self.charge(&slots);
                self.push(bytes).await?;
                self.misbehave().await?;
            }
        }
        self.cursor_ms = next_ms;
        self.keep_alive().await
    }

    /// Up to when to deliver now, and from when to go on: now, or what the clock jumped over.
    fn due(&mut self) -> (i64, i64) {
        let (now_ms, jumps, (from_ms, to_ms)) = {
            let state = self.sim.state();
            (state.clock.now_ms(real_now_ms()), state.clock.jumps(), state.clock.last_jump_ms())
        };
        let seen = std::mem::replace(&mut self.order.jumps, jumps);
        if jumps == seen {
            let lags = now_ms - self.cursor_ms > LAG_MAX_MS;
            return (if lags { self.cursor_ms } else { now_ms }, now_ms);
        }
        // Of several jumps only the last is known; what lay between them is skipped too.
        let end_ms = if jumps == seen + 1 { from_ms } else { self.cursor_ms };
        (end_ms, to_ms)
    }

    /// The lines of the tweets from the cursor on, and their slots.
    fn lines(&self, to_ms: i64) -> (Vec<u8>, Vec<Slot>) {
        let (feed, rules) = {
            let live = self.sim.live.lock();
            (Arc::clone(&live.feed), live.rules.rules())
        };
        let (mut bytes, mut slots) = (Vec::new(), Vec::new());
        for post in feed.posts(self.cursor_ms, to_ms) {
            let words = compose::words(&feed, &post);
            let subject = Subject::new(feed.seed, &post, &words);
            let mut matching: Vec<(&str, Option<&str>)> = Vec::new();
            let wanted = match (&self.order.own, self.order.stream) {
                (Some(query), _) => subject.matches(query),
                (None, Stream::Sample) => true,
                (None, Stream::Filtered) => {
                    let hits = rules.iter().filter(|rule| subject.matches(&rule.query));
                    matching.extend(hits.map(|rule| (&*rule.id, rule.tag.as_deref())));
                    !matching.is_empty()
                }
            };
            if wanted {
                let message = match self.order.wire {
                    Wire::V11 => classic::message(&feed, &post, &words),
                    Wire::V2 | Wire::V2Post => {
                        json::message(&feed, &self.order.wish, &post, &words, &matching)
                    }
                };
                bytes.extend_from_slice(&message);
                bytes.extend_from_slice(b"\r\n");
                slots.push(post.slot);
            }
        }
        (bytes, slots)
    }

    fn charge(&self, slots: &[Slot]) {
        self.sim.live.lock().delivered += slots.len() as u64;
        let now_s = self.sim.now_ms().div_euclid(1_000);
        let mut state = self.sim.state();
        for slot in slots {
            state.bill.charge_post(slot.second, slot.nth, now_s);
        }
    }

    /// Does what the fault does, once it is due.
    async fn misbehave(&mut self) -> Goes {
        let open_ms = i64::try_from(self.opened.elapsed().as_millis()).unwrap_or(i64::MAX);
        let due = open_ms >= self.argument("after_ms", 0)
            && self.posts >= self.argument("after_posts", 0);
        let Some(kind) = self.fault().filter(|_| due && !self.spent) else { return Ok(()) };
        self.spent = kind != Kind::Slow;
        match kind {
            Kind::Cut => self.cut().await,
            Kind::Stall => self.stall().await,
            Kind::BadJson => self.line(r#"{"data":{"id":"1","text":"bro"#).await,
            Kind::Disconnect => {
                let line = self.farewell().to_string();
                self.line(&line).await?;
                Err(Over)
            }
            _ => Ok(()),
        }
    }

    fn farewell(&self) -> serde_json::Value {
        let fault = self.order.fault.as_ref();
        let code = fault.map_or(0, |fault| fault.args.number("code", 0)).unsigned_abs();
        let kind = fault.and_then(|fault| fault.args.word("disconnect_type"));
        match (self.order.wire, code) {
            (Wire::V11, 0) => notice::disconnect(10, None),
            (_, 0) => {
                let dialect = self.order.wire.dialect();
                notice::operational(dialect, kind.unwrap_or("UpstreamOperationalDisconnect"))
            }
            (_, code) => notice::disconnect(code, None),
        }
    }

    /// Half a line, then the connection breaks.
    async fn cut(&mut self) -> Goes {
        self.push(br#"{"data":{"id":"1690000000000000000","text":"half of a"#.to_vec()).await?;
        // What was written must leave before the connection does.
        tokio::time::sleep(4 * TICK).await;
        let _ = self.out.send(Piece::Break).await;
        Err(Over)
    }

    /// Not a byte, until the reader goes.
    async fn stall(&mut self) -> Goes {
        tokio::select! {
            () = self.out.closed() => {}
            () = self.kill.notified() => {}
        }
        Err(Over)
    }

    async fn keep_alive(&mut self) -> Goes {
        let keepalive_s = self.sim.live.lock().settings.keepalive_s;
        // A tick early rather than late: X promises "at least every".
        let after = Duration::from_secs_f64(keepalive_s).saturating_sub(2 * TICK);
        if self.last_sent.elapsed() >= after {
            self.push(b"\r\n".to_vec()).await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: &str) -> Goes {
        self.sim.live.lock().notices += 1;
        self.push(format!("{line}\r\n").into_bytes()).await
    }

    /// Sends bytes, slowly when a fault says so, and gives up on a reader that takes none.
    async fn push(&mut self, bytes: Vec<u8>) -> Goes {
        let bytes = Bytes::from(bytes);
        if self.fault() == Some(Kind::Slow) {
            return self.drip(bytes).await;
        }
        self.push_piece(bytes).await
    }

    async fn drip(&mut self, mut rest: Bytes) -> Goes {
        let a_second = self.argument("bytes_per_s", SLOW_BYTES_S).clamp(1, 10_000).unsigned_abs();
        let most = usize::try_from(a_second / 10).unwrap_or(1).max(1);
        let pause = Duration::from_millis(1_000 / a_second.min(10));
        while !rest.is_empty() {
            let piece = rest.split_to(most.min(rest.len()));
            self.push_piece(piece).await?;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.kill.notified() => return Err(Over),
                () = self.out.closed() => return Err(Over),
            }
        }
        Ok(())
    }

    async fn push_piece(&mut self, bytes: Bytes) -> Goes {
        self.last_sent = Instant::now();
        tokio::select! {
            sent = tokio::time::timeout(SLOW_READER, self.out.send(Piece::Bytes(bytes))) => {
                // Full for too long, or closed: the end either way. X's own last word to a slow
                // reader would find no room.
                sent.map_err(|_| Over)?.map_err(|_| Over)
            }
            () = self.kill.notified() => Err(Over),
        }
    }
}
