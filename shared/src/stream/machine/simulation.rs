//! The machine against a simulated X, over thousands of random schedules of faults. Whatever
//! happens: never two connections, every tweet that did not arrive lies in a declared gap, and
//! once X is well the stream is live again.

#![allow(clippy::needless_pass_by_value, reason = "an effect is carried out once")]

use super::*;
use crate::stream::disconnect::{Disconnect, DisconnectType};
use crate::x::problem::Rate;
use crate::x::problem::{Class, XProblem};

const START: UnixMs = UnixMs(1_000_000_000_000);
/// Faults happen for so long; afterwards X is well.
const FAULTY_MS: i64 = 20 * 60_000;
/// The longest wait is 16 minutes, and a ghost may come after it.
const WELL_MS: i64 = 45 * 60_000;
/// X has a tweet this often: more often than a keep-alive.
const TWEET_MS: i64 = 5_000;
/// X forgets a ghost by itself after so long.
const GHOST_MS: i64 = 15 * 60_000;

/// Splitmix64: the schedule of a seed is the same for ever.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn ms(&mut self, max: u64) -> i64 {
        i64::try_from(self.below(max)).unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What is on its way.
enum Event {
    /// A connect reaches X.
    Arrives {
        attempt: u64,
    },
    /// X answers.
    Input(Input),
    /// X notices that a client is gone.
    Notices {
        attempt: u64,
    },
    /// The calls reach X.
    Kill,
    Sync,
}

/// A connection as X sees it.
struct Open {
    attempt: u64,
    stalled: bool,
    /// The client closed it, and X does not know yet.
    closing: bool,
    /// The client lost it, and X will not know for long.
    ghost: bool,
}

struct World {
    seed: u64,
    dice: Dice,
    now: UnixMs,
    machine: Machine,
    events: Vec<(UnixMs, Event)>,
    /// The connection that the shell holds.
    held: Option<u64>,
    open: Vec<Open>,
    /// X takes a second connection too: then nothing but the machine prevents one.
    lenient: bool,
    rules_hold: bool,
    connects: Vec<UnixMs>,
    wanted: bool,
    /// Tweets that were not delivered while they were wanted.
    missed: Vec<UnixMs>,
    delivered: u32,
    gaps: Vec<(UnixMs, UnixMs)>,
    gap: Option<UnixMs>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let lenient = dice.one_in(3);
        Self {
            seed,
            dice,
            now: START,
            machine: Machine::default(),
            events: Vec::new(),
            held: None,
            open: Vec::new(),
            lenient,
            rules_hold: false,
            connects: Vec::new(),
            wanted: false,
            missed: Vec::new(),
            delivered: 0,
            gaps: Vec::new(),
            gap: None,
        }
    }

    fn faulty(&self) -> bool {
        self.now.since(START) < FAULTY_MS
    }

    fn input(&mut self, input: Input) {
        if let Input::Want { on, .. } = input {
            self.wanted = on;
        }
        // Saved and loaded between any two inputs, though not always: it takes its time.
        if self.dice.one_in(64) {
            let kept = serde_json::to_string(&self.machine).unwrap();
            self.machine = serde_json::from_str(&kept).unwrap();
        }
        for effect in self.machine.handle(self.now, input) {
            self.effect(effect);
        }
        let state = self.machine.connection().state;
        let undeclared = self.wanted && state != ConnectionState::Live && self.gap.is_none();
        assert!(!undeclared, "seed {}: {state} at {}, and no gap", self.seed, self.now);
        assert_eq!(self.machine.gap(), self.gap, "seed {}", self.seed);
        assert!(self.wanted || self.held.is_none(), "seed {}: held, not wanted", self.seed);
    }

    fn soon(&mut self, event: Event) {
        let at = self.now.plus(self.dice.ms(400));
        self.events.push((at, event));
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Abort => self.abort(),
            Effect::SyncRules => self.soon(Event::Sync),
            Effect::KillGhosts => self.soon(Event::Kill),
            Effect::Connect { attempt } => {
                assert_eq!(self.held, None, "seed {}: a second connection", self.seed);
                self.held = Some(attempt);
                self.soon(Event::Arrives { attempt });
            }
            Effect::GapBegan { from, .. } => {
                assert_eq!(self.gap, None, "seed {}: a gap within a gap", self.seed);
                assert!(from <= self.now, "seed {}", self.seed);
                assert!(self.gaps.last().is_none_or(|&(_, to)| to <= from), "seed {}", self.seed);
                self.gap = Some(from);
            }
            Effect::GapEnded { from, to } => {
                assert_eq!(self.gap.take(), Some(from), "seed {}", self.seed);
                self.gaps.push((from, to));
            }
            Effect::Tell { .. } => {}
        }
    }

    fn abort(&mut self) {
        let held = self.held.take();
        for at in 0..self.open.len() {
            let attempt = self.open[at].attempt;
            if held == Some(attempt) {
                self.open[at].closing = true;
                let notices = self.now.plus(self.dice.ms(3_000));
                self.events.push((notices, Event::Notices { attempt }));
            }
        }
    }

    /// The host loses its memory: what was on its way to it is lost; X holds the socket open,
    /// unless the host's abort handle survived.
    fn restart(&mut self) {
        self.events.retain(|(_, event)| !matches!(event, Event::Input(_)));
        if self.dice.one_in(2)
            && let Some(held) = self.held.take()
        {
            let at = self.now.plus(GHOST_MS);
            for open in self.open.iter_mut().filter(|open| open.attempt == held) {
                open.ghost = true;
                self.events.push((at, Event::Notices { attempt: held }));
            }
        }
        self.input(Input::Restarted);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Input(input) => self.input(input),
            Event::Notices { attempt } => {
                self.open.retain(|o| o.attempt != attempt || !(o.closing || o.ghost));
            }
            Event::Kill => {
                self.killed();
                let failed = self.faulty() && self.dice.one_in(4);
                let result = if failed { Err(Trouble::Cut) } else { Ok(()) };
                self.soon(Event::Input(Input::GhostsKilled(result)));
            }
            Event::Sync => {
                let answer = self.dice.below(if self.faulty() { 12 } else { 1 });
                let result = match answer {
                    9 => Err(Trouble::Cut),
                    10 => Err(refusal(Class::Server)),
                    11 => return,
                    _ => Ok(2),
                };
                self.rules_hold |= result.is_ok();
                self.soon(Event::Input(Input::RulesSynced(result)));
            }
            Event::Arrives { attempt } if self.held == Some(attempt) => self.arrives(attempt),
            Event::Arrives { .. } => {}
        }
    }

    fn killed(&mut self) {
        for open in std::mem::take(&mut self.open) {
            if !open.ghost && !open.closing {
                let how = Ended::Eof;
                self.soon(Event::Input(Input::Ended { attempt: open.attempt, how }));
            }
        }
    }

    fn arrives(&mut self, attempt: u64) {
        self.connects.retain(|&at| self.now.since(at) < 15 * 60_000);
        let fault = if self.faulty() { self.dice.below(14) } else { 99 };
        let refused = match fault {
            0 => Some(Trouble::Network("refused".into())),
            1 => return, // Never answered.
            2 => Some(refusal(Class::Server)),
            3 => Some(refusal(Class::RateLimit)),
            4 => Some(refusal(Class::Connections)),
            5 => Some(Trouble::BadBody("html".into())),
            6 if self.dice.one_in(10) => Some(refusal(Class::Unauthorized)),
            _ if !self.rules_hold => Some(refusal(Class::Conflict)),
            _ if !self.lenient && !self.open.is_empty() => Some(refusal(Class::Connections)),
            _ => None,
        };
        if let Some(trouble) = refused {
            let rate = self.dice.one_in(2).then(|| Rate {
                limit: 50,
                remaining: 0,
                reset: self.now.plus(30_000),
            });
            return self.soon(Event::Input(Input::Refused { attempt, trouble, rate }));
        }
        let two = self.open.iter().any(|open| !open.ghost && !open.closing);
        assert!(!two, "seed {}: two connections", self.seed);
        self.connects.push(self.now);
        assert!(self.connects.len() <= 50, "seed {}: more connects than X allows", self.seed);
        self.open.push(Open { attempt, stalled: false, closing: false, ghost: false });
        // What X sends before the answer is known is in the socket: no latency for the bytes.
        self.input(Input::Opened { attempt });
    }

    /// X has a tweet.
    fn tweet(&mut self) {
        let held = self.held;
        let serving = self.open.iter().find(|open| Some(open.attempt) == held && !open.stalled);
        match serving.map(|open| open.attempt) {
            Some(attempt) if !self.machine_is_deaf(attempt) => {
                self.delivered += 1;
                self.input(Input::Bytes { attempt });
            }
            _ if self.wanted => self.missed.push(self.now),
            _ => {}
        }
    }

    fn machine_is_deaf(&self, attempt: u64) -> bool {
        attempt != self.machine.attempt()
            || self.machine.connection().state != ConnectionState::Live
    }

    /// Something goes wrong, or the owner does something.
    fn mishap(&mut self) {
        let held = self.held;
        match self.dice.below(12) {
            0 | 1 => {
                self.open.iter_mut().filter(|o| Some(o.attempt) == held).for_each(|open| {
                    open.stalled = true;
                });
            }
            2 => self.end(Ended::Error("reset".into())),
            3 => self.end(Ended::Eof),
            4 => self.restart(),
            5 => self.input(Input::Reconnect),
            6 => {
                self.input(Input::Want { on: false, tries: None, rules: true });
                self.dice.next();
            }
            7 => {
                let wait = self.dice.ms(120_000);
                let until = self.dice.one_in(2).then(|| self.now.plus(wait));
                self.input(Input::Capped { why: "the cap".into(), until });
            }
            8 => {
                self.rules_hold = false;
                self.say(None, Some(DisconnectType::InvalidRules));
            }
            _ => {
                let code = u8::try_from(1 + self.dice.below(12)).unwrap();
                self.say(Some(code), None);
            }
        }
    }

    fn end(&mut self, how: Ended) {
        if let Some(attempt) = self.held {
            self.open.retain(|open| open.attempt != attempt);
            self.soon(Event::Input(Input::Ended { attempt, how }));
        }
    }

    fn say(&mut self, code: Option<u8>, kind: Option<DisconnectType>) {
        if let Some(attempt) = self.held.filter(|&held| self.open.iter().any(|o| o.attempt == held))
        {
            let disconnect = Disconnect { code, kind, reason: String::new() };
            self.soon(Event::Input(Input::Said { attempt, disconnect }));
            self.end(Ended::Eof);
        }
    }

    fn run(&mut self) {
        self.input(Input::Want { on: true, tries: None, rules: true });
        let mut tweet = START;
        let mut mishap = START.plus(self.dice.ms(120_000));
        while self.now.since(START) < FAULTY_MS + WELL_MS {
            let event = self.events.iter().map(|(at, _)| *at).min().unwrap_or(tweet);
            let wake = self.machine.wake_at().unwrap_or(tweet);
            self.now = self.now.max(event.min(wake).min(tweet).min(mishap));
            if event <= self.now && !self.events.is_empty() {
                let first = self.events.iter().position(|(at, _)| *at == event).unwrap();
                let (_, event) = self.events.swap_remove(first);
                self.happens(event);
            } else if tweet <= self.now {
                tweet = self.now.plus(TWEET_MS);
                self.tweet();
            } else if mishap <= self.now {
                mishap = self.now.plus(1 + self.dice.ms(180_000));
                if self.faulty() {
                    self.mishap();
                }
                if !self.wanted || self.machine.stopped().is_some() {
                    self.input(Input::Want { on: true, tries: None, rules: true });
                }
            } else {
                self.input(Input::Tick);
            }
        }
    }
}

fn refusal(class: Class) -> Trouble {
    Trouble::Http(XProblem { class, title: "T".into(), detail: String::new() })
}

#[test]
fn thousands_of_schedules() {
    let (mut delivered, mut missed, mut gaps) = (0, 0, 0);
    for seed in 0..3_000 {
        let mut world = World::new(seed);
        world.run();
        let connection = world.machine.connection();
        assert_eq!(connection.state, ConnectionState::Live, "seed {seed}: {connection:?}");
        assert_eq!(connection.attempts, 0, "seed {seed}: {connection:?}");
        for at in &world.missed {
            let declared = world.gaps.iter().any(|(from, to)| from <= at && at <= to);
            assert!(declared, "seed {seed}: silence at {at}");
        }
        delivered += world.delivered;
        missed += world.missed.len();
        gaps += world.gaps.len();
    }
    // The schedules are worth something: plenty of both, and several gaps each.
    assert!(
        delivered > 1_000_000 && missed > 100_000 && gaps > 15_000,
        "{delivered} {missed} {gaps}"
    );
}
