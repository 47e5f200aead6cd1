//! The connection's states. Owns: when to connect, ping, wait, sleep and give up, and whether
//! the numbers that come are the ones that follow. Must not know: sockets, clocks, chance: all
//! of them come in. Invariant: at most one socket is asked for at a time, and no number between
//! two covered ones is passed over in silence.

mod pace;

use self::pace::Pace;
use super::frames;
use shared::api::Subscribe;

/// A ping goes out so often.
const PING_EVERY_MS: i64 = 25_000;
/// No answer for so long looks bad, and is said.
const STALE_MS: i64 = 3_000;
/// No answer for so long is a dead connection.
const PONG_WITHIN_MS: i64 = 10_000;
/// A connection that lived so long was a good one: the next wait begins small again.
const HEALTHY_MS: i64 = 10_000;
/// Waits are drawn evenly from the least to a bound that doubles to the most.
const WAIT_LEAST_MS: i64 = 500;
const WAIT_MOST_MS: i64 = 30_000;
/// A page that nobody looked at for so long lets go of its connection.
const ASLEEP_AFTER_MS: i64 = 5 * 60_000;
/// Events asked for at the beginning, so that the list is not empty.
const BACKLOG: u64 = 300;
/// What was asked for again should have come by then.
const RESUME_WITHIN_MS: i64 = 8_000;

/// How the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody wants it.
    Idle,
    Connecting,
    Live,
    /// Open, but nothing was heard when something should have been.
    Stale,
    /// Broken; tried again then.
    Offline {
        retry_at: i64,
    },
    /// Let go of, since nobody looks.
    Asleep,
    /// Refused: trying again would not help.
    Denied(String),
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A page wants to be live, or no longer.
    Want(bool),
    /// Other events are wanted.
    Filter(Subscribe),
    /// Everything after a number is wanted again.
    Rewind(u64),
    Closed(u16),
    Hello {
        cursor: u64,
        floor: u64,
    },
    /// Anything else was heard.
    Heard,
    Bye {
        reason: String,
        retry_ms: Option<u64>,
    },
    /// The browser has a network again.
    Online,
    Hidden,
    Visible,
    /// Time passes; several times a second.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Open,
    Close,
    Send(String),
}

/// What to make of a frame that covers numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// These numbers are next.
    Next,
    /// They were covered before.
    Old,
    /// Numbers before them are missing, and were asked for again.
    Wait,
    /// Numbers before them (first, last) are missing for good.
    After { from: u64, to: u64 },
}

/// The machine.
#[derive(Debug)]
pub(crate) struct Client {
    phase: Phase,
    wanted: bool,
    filter: Subscribe,
    /// All numbers up to this one are dealt with; `None` before the first hello.
    covered: Option<u64>,
    /// The newest and oldest numbers that can be had, as far as is known.
    cursor: u64,
    floor: u64,
    opened_at: i64,
    failures: u32,
    /// When a ping went out that nothing was heard after.
    pinged_at: Option<i64>,
    next_ping: i64,
    hidden_since: Option<i64>,
    /// Since when an answer to `resume` is awaited.
    resumed_at: Option<i64>,
    /// Numbers up to this one were declared thinned out: some of them come, some do not.
    thinned: u64,
    pace: Pace,
    /// What waits until the pace allows it.
    unsaid: Unsaid,
}

/// What the server has yet to be told; of each kind only the last counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unsaid {
    filter: bool,
    /// Everything after `covered` is wanted.
    resume: bool,
    /// That is a rewind by hand.
    rewind: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            wanted: false,
            filter: Subscribe::default(),
            covered: None,
            cursor: 0,
            floor: 0,
            opened_at: 0,
            failures: 0,
            pinged_at: None,
            next_ping: 0,
            hidden_since: None,
            resumed_at: None,
            thinned: 0,
            pace: Pace::default(),
            unsaid: Unsaid::default(),
        }
    }
}

impl Client {
    /// How the connection stands.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The oldest and the newest number that can be asked for.
    pub(crate) fn window(&self) -> (u64, u64) {
        (self.floor, self.cursor)
    }

    /// All numbers up to this one are dealt with.
    pub(crate) fn covered(&self) -> Option<u64> {
        self.covered
    }

    /// Begins with the next hello as if it were the first.
    pub(crate) fn forget(&mut self) {
        self.covered = None;
    }

    /// Takes an input in. `random` is from 0 to below 1.
    pub(crate) fn handle(&mut self, now: i64, random: f64, input: Input) -> Vec<Effect> {
        match input {
            Input::Want(wanted) => self.want(now, wanted),
            Input::Filter(filter) => self.narrow(now, filter),
            Input::Rewind(after) => self.rewind(now, after),
            Input::Closed(code) => self.closed(now, random, code),
            Input::Hello { cursor, floor } => self.hello(now, cursor, floor),
            Input::Heard => {
                self.heard();
                Vec::new()
            }
            Input::Bye { reason, retry_ms } => self.bye(now, reason, retry_ms),
            Input::Online => self.at_once(now),
            Input::Hidden => {
                self.hidden_since = self.hidden_since.or(Some(now));
                Vec::new()
            }
            Input::Visible => {
                self.hidden_since = None;
                self.at_once(now)
            }
            Input::Tick => self.tick(now, random),
        }
    }

    fn open(&mut self, now: i64) -> Vec<Effect> {
        self.phase = Phase::Connecting;
        self.opened_at = now;
        self.pinged_at = None;
        vec![Effect::Open]
    }

    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Live | Phase::Stale)
    }

    fn want(&mut self, now: i64, wanted: bool) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.wanted, wanted);
        match (before, wanted) {
            (false, true) => self.open(now),
            (true, false) => {
                let open = self.is_open();
                self.phase = Phase::Idle;
                self.failures = 0;
                if open { vec![Effect::Close] } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    fn narrow(&mut self, now: i64, filter: Subscribe) -> Vec<Effect> {
        if self.filter == filter {
            return Vec::new();
        }
        self.filter = filter;
        if self.covered.is_none() {
            return Vec::new();
        }
        // What passes now may have been filtered out before: the last of it is asked for.
        self.covered = Some(self.backlog());
        self.greet(now)
    }

    fn rewind(&mut self, now: i64, after: u64) -> Vec<Effect> {
        self.covered = Some(after);
        self.thinned = 0;
        if !matches!(self.phase, Phase::Live | Phase::Stale) {
            // The next hello asks for it.
            return Vec::new();
        }
        self.unsaid.resume = true;
        self.unsaid.rewind = true;
        self.ask(now)
    }

    /// Says what is unsaid, as soon as the pace allows it: now, or at a tick.
    fn ask(&mut self, now: i64) -> Vec<Effect> {
        let Unsaid { filter, resume, rewind } = self.unsaid;
        if !(filter || resume) {
            return Vec::new();
        }
        // What comes meanwhile was sent before the server read this.
        self.resumed_at = Some(now);
        let messages = usize::from(filter) + usize::from(resume);
        if !self.pace.allows(now, messages) || (rewind && !self.pace.allows_rewind(now)) {
            return Vec::new();
        }
        self.unsaid = Unsaid::default();
        self.pace.note(now, messages);
        if rewind {
            self.pace.rewound(now);
        }
        let after = self.covered.unwrap_or_default();
        let filter = filter.then(|| Effect::Send(frames::subscribe(&self.filter)));
        let resume = resume.then(|| Effect::Send(frames::resume(after)));
        filter.into_iter().chain(resume).collect()
    }

    fn backlog(&self) -> u64 {
        self.cursor.saturating_sub(BACKLOG).max(self.floor.saturating_sub(1))
    }

    /// What a fresh connection, or a fresh filter, is told.
    fn greet(&mut self, now: i64) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Live | Phase::Stale) {
            return Vec::new();
        }
        self.unsaid.filter = true;
        self.unsaid.resume = true;
        self.ask(now)
    }

    fn hello(&mut self, now: i64, cursor: u64, floor: u64) -> Vec<Effect> {
        self.pinged_at = None;
        self.next_ping = now + PING_EVERY_MS;
        self.phase = Phase::Live;
        self.pace.begin();
        self.unsaid = Unsaid::default();
        self.cursor = cursor;
        self.floor = floor;
        // Numbers are never used twice: a lower one than ours is another server's.
        let known = self.covered.filter(|&covered| covered <= cursor);
        self.covered = Some(known.unwrap_or_else(|| self.backlog()));
        self.greet(now)
    }

    /// Any sign is a sign of life.
    fn heard(&mut self) {
        self.pinged_at = None;
        if self.phase == Phase::Stale {
            self.phase = Phase::Live;
        }
    }

    fn bye(&mut self, now: i64, reason: String, retry_ms: Option<u64>) -> Vec<Effect> {
        self.phase = match retry_ms.and_then(|wait| i64::try_from(wait).ok()) {
            Some(wait) => Phase::Offline { retry_at: now.saturating_add(wait) },
            None => Phase::Denied(reason),
        };
        vec![Effect::Close]
    }

    fn closed(&mut self, now: i64, random: f64, code: u16) -> Vec<Effect> {
        if !self.is_open() {
            // We closed it ourselves, or the server said goodbye: all is decided.
            return Vec::new();
        }
        if let 4401 | 4403 = code {
            self.phase = Phase::Denied(String::new());
            return Vec::new();
        }
        if self.phase != Phase::Connecting && now - self.opened_at >= HEALTHY_MS {
            self.failures = 0;
        }
        self.wait(now, random);
        Vec::new()
    }

    fn wait(&mut self, now: i64, random: f64) {
        let wait = wait_ms(self.failures, random);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Offline { retry_at: now + wait };
    }

    /// Somebody looks, or the network is back: no reason to wait, and every reason to doubt a
    /// connection that slept.
    fn at_once(&mut self, now: i64) -> Vec<Effect> {
        match self.phase {
            Phase::Offline { .. } | Phase::Asleep if self.wanted => {
                self.failures = 0;
                self.open(now)
            }
            Phase::Live => self.ping(now),
            _ => Vec::new(),
        }
    }

    /// Pings go out on time whatever else is heard: the server drops who sends none.
    fn ping(&mut self, now: i64) -> Vec<Effect> {
        self.pinged_at = self.pinged_at.or(Some(now));
        self.next_ping = now + PING_EVERY_MS;
        vec![Effect::Send(frames::PING.to_owned())]
    }

    fn tick(&mut self, now: i64, random: f64) -> Vec<Effect> {
        let hidden = self.hidden_since.is_some_and(|since| now - since >= ASLEEP_AFTER_MS);
        match self.phase {
            Phase::Live | Phase::Stale | Phase::Connecting | Phase::Offline { .. } if hidden => {
                let open = self.is_open();
                self.phase = Phase::Asleep;
                if open { vec![Effect::Close] } else { Vec::new() }
            }
            Phase::Offline { retry_at } if now >= retry_at => self.open(now),
            Phase::Connecting if now - self.opened_at >= PONG_WITHIN_MS => {
                self.wait(now, random);
                vec![Effect::Close]
            }
            Phase::Live | Phase::Stale => {
                let mut effects = self.listen(now, random);
                if matches!(self.phase, Phase::Live | Phase::Stale) {
                    effects.extend(self.ask(now));
                }
                effects
            }
            _ => Vec::new(),
        }
    }

    fn listen(&mut self, now: i64, random: f64) -> Vec<Effect> {
        match self.pinged_at.map(|at| now - at) {
            Some(PONG_WITHIN_MS..) => {
                self.wait(now, random);
                vec![Effect::Close]
            }
            Some(STALE_MS..) => {
                self.phase = Phase::Stale;
                Vec::new()
            }
            None if now >= self.next_ping => self.ping(now),
            Some(_) | None => Vec::new(),
        }
    }

    /// Judges a frame of events that covers `from..=to`; what is `Next` or `After` counts as
    /// dealt with from then on.
    pub(crate) fn cover(&mut self, now: i64, from: u64, to: u64) -> (Cover, Vec<Effect>) {
        self.cursor = self.cursor.max(to);
        let Some(covered) = self.covered else {
            self.covered = Some(to);
            return (Cover::Next, Vec::new());
        };
        if to <= covered {
            return (Cover::Old, Vec::new());
        }
        if from <= covered.max(self.thinned) + 1 {
            self.covered = Some(to);
            self.resumed_at = None;
            return (Cover::Next, Vec::new());
        }
        match self.resumed_at {
            // Sent before the server read what we ask: it comes again.
            Some(at) if now - at < RESUME_WITHIN_MS => (Cover::Wait, Vec::new()),
            Some(_) => {
                self.covered = Some(to);
                self.resumed_at = None;
                (Cover::After { from: covered + 1, to: from - 1 }, Vec::new())
            }
            None => {
                self.unsaid.resume = true;
                (Cover::Wait, self.ask(now))
            }
        }
    }

    /// Takes in that of numbers up to this one only some are sent.
    pub(crate) fn thin(&mut self, to: u64) {
        self.cursor = self.cursor.max(to);
        self.thinned = self.thinned.max(to);
    }

    /// Takes a declared gap in; what of it was not dealt with before.
    pub(crate) fn gap(&mut self, now: i64, from: u64, to: u64) -> Option<(u64, u64)> {
        self.cursor = self.cursor.max(to);
        let covered = self.covered.unwrap_or_else(|| from.saturating_sub(1));
        let waiting = self.resumed_at.is_some_and(|at| now - at < RESUME_WITHIN_MS);
        if to <= covered || (from > covered + 1 && waiting) {
            return None;
        }
        self.covered = Some(to);
        self.resumed_at = None;
        // Whatever lies before it and never came is missing as well.
        Some((covered + 1, to))
    }
}

/// A wait with full jitter after so many failures in a row.
fn wait_ms(failures: u32, random: f64) -> i64 {
    let bound = (2 * WAIT_LEAST_MS).saturating_mul(1 << failures.min(10)).min(WAIT_MOST_MS);
    let spread = crate::numbers::float(bound - WAIT_LEAST_MS);
    WAIT_LEAST_MS + crate::numbers::whole(spread * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
