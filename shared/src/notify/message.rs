//! One message and its delivery. Owns: when it is tried again, and when it is given up. Must not
//! know: what it says. Invariant: a message that may have been taken in never says anything else
//! afterwards, so that its repeat is the same; one that arrived names nobody any more.

use super::item::Item;
use super::words;
use crate::api::{self, AlertKind, MessageKind, MessageState};
use crate::text::cut;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// Waits before each further attempt: 21 hours in all, so that a destination that is away for a
/// night gets its news in the morning.
const WAITS_MS: [i64; 8] = [
    30 * SECOND_MS,
    2 * MINUTE_MS,
    8 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    10 * HOUR_MS,
];
/// News older than this is no news.
const GIVE_UP_MS: i64 = DAY_MS;
/// Of what a destination says to its refusal: enough for a sentence.
const SAID_MAX: usize = 200;

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id: what a receiver knows a repeat by.
    pub id: String,
    /// What it is.
    pub kind: MessageKind,
    /// What became of it.
    pub state: MessageState,
    /// When it was begun.
    pub created: UnixMs,
    /// When it goes out, or out again.
    pub due: UnixMs,
    /// When what it says last changed.
    pub updated: UnixMs,
    /// When it was first handed over, since it was last put into the queue.
    #[serde(default)]
    pub first: Option<UnixMs>,
    /// How often, since then.
    #[serde(default)]
    pub tries: u32,
    /// How often, ever.
    #[serde(default)]
    pub attempts: u32,
    /// An attempt may have been taken in although nothing said so: its answer was lost, or was
    /// an error that passes.
    #[serde(default)]
    pub doubtful: bool,
    /// What it tells; nothing any more once it arrived.
    pub items: Vec<Item>,
    /// How much it told.
    #[serde(default)]
    pub count: u32,
    /// Its first line, once it was composed.
    #[serde(default)]
    pub title: String,
    /// Why the last attempt failed.
    #[serde(default)]
    pub error: Option<String>,
    /// When it arrived.
    #[serde(default)]
    pub sent: Option<UnixMs>,
}

/// Why a destination did not take a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It answered, and not with 2xx.
    Http {
        /// The status.
        status: u16,
        /// Its `Retry-After`, in seconds.
        retry_after_s: Option<u64>,
        /// What it said.
        said: String,
    },
    /// No answer: unreachable, cut off, or too late.
    Network(String),
    /// It was not called: its address is sealed and does not open. Why, in a sentence.
    Locked(String),
}

impl Refusal {
    /// Whether another attempt may do better: never for a 4xx but those that say so.
    pub fn passes(&self) -> bool {
        match self {
            Self::Http { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Network(_) | Self::Locked(_) => true,
        }
    }

    /// Whether the destination may have taken the message in all the same: not where it was never
    /// called.
    fn leaves_doubt(&self) -> bool {
        self.passes() && !matches!(self, Self::Locked(_))
    }

    fn retry_after_ms(&self) -> i64 {
        match self {
            Self::Http { retry_after_s: Some(s), .. } => {
                i64::try_from(*s).unwrap_or(i64::MAX).saturating_mul(SECOND_MS)
            }
            _ => 0,
        }
    }

    /// Why, in a sentence for the owner.
    pub fn words(&self) -> String {
        match self {
            Self::Http { status: 300..=399, .. } => {
                "The destination answers with a redirect, which is not followed: enter the \
                 address it leads to."
                    .to_owned()
            }
            Self::Http { status, said, .. } => {
                let said = cut(&said.replace(char::is_control, " "), SAID_MAX);
                let said = said.trim();
                let colon = if said.is_empty() { "." } else { ": " };
                format!("The destination answered {status}{colon}{said}")
            }
            Self::Network(why) => format!("The destination could not be reached: {why}"),
            Self::Locked(why) => format!("{why}."),
        }
    }
}

impl Message {
    /// A message that waits.
    pub(super) fn new(id: String, kind: MessageKind, due: UnixMs, now: UnixMs) -> Self {
        Self {
            id,
            kind,
            state: MessageState::Waiting,
            created: now,
            due,
            updated: now,
            first: None,
            tries: 0,
            attempts: 0,
            doubtful: false,
            items: Vec::new(),
            count: 0,
            title: String::new(),
            error: None,
            sent: None,
        }
    }

    /// Whether something is still to be done with it.
    pub fn open(&self) -> bool {
        matches!(self.state, MessageState::Waiting | MessageState::Sending)
    }

    /// Whether what it says may still change: nobody can have seen it.
    pub fn unseen(&self) -> bool {
        self.state == MessageState::Waiting && self.attempts == 0
    }

    /// It is handed over: to be written before it is.
    pub(super) fn begin(&mut self, title: String, now: UnixMs) {
        self.state = MessageState::Sending;
        self.first.get_or_insert(now);
        self.tries += 1;
        self.attempts += 1;
        self.count = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.title = title;
    }

    /// It arrived.
    pub(super) fn arrive(&mut self, kind: AlertKind, now: UnixMs) {
        self.state = MessageState::Sent;
        self.sent = Some(now);
        self.error = None;
        if kind != AlertKind::Feed {
            self.title = words::nameless(self.kind, &self.items);
            self.items.clear();
        }
    }

    /// It did not. Whether that was the last attempt.
    pub(super) fn fail(&mut self, refusal: &Refusal, now: UnixMs) -> bool {
        let wait = self.wait_ms().max(refusal.retry_after_ms());
        let (first, again) = (self.first.unwrap_or(now), now.plus(wait));
        let mut why = refusal.words();
        let late = again.since(first) > GIVE_UP_MS;
        let dead = self.kind == MessageKind::Test || !refusal.passes() || late;
        if dead && refusal.passes() && late {
            why = format!("Given up after a day of attempts. {why}");
        }
        self.error = Some(why);
        self.doubtful |= refusal.leaves_doubt();
        if dead {
            self.state = MessageState::Dead;
        } else {
            self.state = MessageState::Waiting;
            self.due = again;
        }
        dead
    }

    /// The memory that was handing it over is lost, and with it the answer.
    pub(super) fn interrupted(&mut self, kind: AlertKind) {
        self.doubtful = true;
        // A webhook's receiver knows a repeat by its id; a feed is not handed to anyone.
        let known = matches!(kind, AlertKind::Webhook | AlertKind::Feed);
        if known && self.kind != MessageKind::Test {
            self.state = MessageState::Waiting;
            self.error = Some("Interrupted, and sent again under the same id.".to_owned());
        } else {
            self.state = MessageState::Unknown;
            self.error = Some(
                "Interrupted while it was handed over: it may have arrived. It is not sent \
                 again by itself."
                    .to_owned(),
            );
        }
    }

    /// Once more, because the owner says so.
    pub(super) fn requeue(&mut self, now: UnixMs) {
        self.state = MessageState::Waiting;
        (self.due, self.first, self.tries) = (now, None, 0);
    }

    /// The wait after this many tries, with up to a fifth on top by its id: messages that failed
    /// together do not come back together.
    fn wait_ms(&self) -> i64 {
        let at = usize::try_from(self.tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = WAITS_MS.get(at).or(WAITS_MS.last()).copied().unwrap_or(HOUR_MS);
        let spread = self.id.bytes().fold(0_i64, |sum, b| (sum * 31 + i64::from(b)) % 1_000);
        wait + wait * spread / 5_000
    }

    /// What is answered of it.
    pub fn shown(&self) -> api::AlertMessage {
        let waiting = self.state == MessageState::Waiting;
        let items = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let untitled = self.title.is_empty() && waiting;
        let title =
            if untitled { words::title(self.kind, &self.items) } else { self.title.clone() };
        api::AlertMessage {
            id: self.id.clone(),
            kind: self.kind,
            state: self.state,
            title,
            count: if self.items.is_empty() { self.count } else { items },
            created_at: self.created,
            due: waiting.then_some(self.due),
            sent_at: self.sent,
            attempts: self.attempts,
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_262_400_000);

    fn sending() -> Message {
        let mut message = Message::new("m1".into(), MessageKind::News, NOW, NOW);
        message.begin("Ada left".into(), NOW);
        message
    }

    fn http(status: u16) -> Refusal {
        Refusal::Http { status, retry_after_s: None, said: String::new() }
    }

    #[track_caller]
    fn check(refusal: &Refusal, state: MessageState, words: &str) {
        let mut message = sending();
        message.fail(refusal, NOW);
        assert_eq!(message.state, state, "{refusal:?}");
        let error = message.error.unwrap();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        for status in [408, 425, 429, 500, 502, 503, 504, 520, 530] {
            check(&http(status), MessageState::Waiting, &status.to_string());
        }
        for status in [400, 401, 403, 404, 405, 410, 413, 422, 451] {
            check(&http(status), MessageState::Dead, &status.to_string());
        }
        for status in [301, 302, 307, 308] {
            check(&http(status), MessageState::Dead, "redirect");
        }
        let network = Refusal::Network("no answer within 10 s".into());
        check(&network, MessageState::Waiting, "no answer within 10 s");
    }

    #[test]
    fn only_a_destination_that_was_called_leaves_doubt() {
        for (refusal, doubtful) in [
            (http(503), true),
            (Refusal::Network("cut off".into()), true),
            (http(404), false),
            (Refusal::Locked("ROOST_SECRET is not set".into()), false),
        ] {
            let mut message = sending();
            message.fail(&refusal, NOW);
            assert_eq!(message.doubtful, doubtful, "{refusal:?}");
        }
    }

    #[test]
    fn what_a_destination_says_is_cut_and_cleaned() {
        let said = format!("no\nsuch\u{7} hook {}", "x".repeat(500));
        let refusal = Refusal::Http { status: 404, retry_after_s: None, said };
        let words = refusal.words();
        assert!(words.starts_with("The destination answered 404: no such  hook xxx"), "{words}");
        assert_eq!(words.chars().filter(|&c| c == 'x').count(), SAID_MAX - 14);
    }

    #[test]
    fn a_retry_after_is_honoured_within_a_day() {
        for (seconds, state) in [
            (600, MessageState::Waiting),
            (86_400, MessageState::Waiting),
            (86_401, MessageState::Dead),
            (u64::MAX, MessageState::Dead),
        ] {
            let mut message = sending();
            let refusal =
                Refusal::Http { status: 429, retry_after_s: Some(seconds), said: String::new() };
            message.fail(&refusal, NOW);
            assert_eq!(message.state, state, "{seconds}");
            if state == MessageState::Waiting {
                assert_eq!(message.due, NOW.plus(i64::try_from(seconds).unwrap() * SECOND_MS));
            }
        }
    }

    #[test]
    fn attempts_grow_rarer_and_end_within_a_day() {
        let mut message = sending();
        let mut now = NOW;
        let mut waits = Vec::new();
        while !message.fail(&http(503), now) {
            waits.push(message.due.since(now));
            now = message.due;
            message.begin(String::new(), now);
        }
        assert!(waits.is_sorted(), "{waits:?}");
        assert!((7..=9).contains(&waits.len()), "{waits:?}");
        assert!(now.since(NOW) <= GIVE_UP_MS);
        assert!(message.error.unwrap().starts_with("Given up after a day"));
    }

    #[test]
    fn a_test_is_tried_once() {
        let mut message = Message::new("t".into(), MessageKind::Test, NOW, NOW);
        message.begin(String::new(), NOW);
        assert!(message.fail(&http(503), NOW));
        assert_eq!(message.state, MessageState::Dead);
    }

    #[test]
    fn after_a_loss_of_memory_only_known_repeats_are_sent() {
        for (kind, state) in [
            (AlertKind::Webhook, MessageState::Waiting),
            (AlertKind::Feed, MessageState::Waiting),
            (AlertKind::Discord, MessageState::Unknown),
            (AlertKind::Ntfy, MessageState::Unknown),
        ] {
            let mut message = sending();
            message.interrupted(kind);
            assert_eq!(message.state, state, "{kind}");
            assert!(!message.unseen(), "{kind}: it may have been seen");
        }
    }
}
