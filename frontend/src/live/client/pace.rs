//! How fast messages may go out on one connection. Owns: the times of the last ones. Must not
//! know: what they say. Invariant: the server, which takes at most
//! [`shared::live::hub::MESSAGES_MAX`] of them in [`shared::live::hub::MESSAGES_MS`], never
//! gets more. Pings do not count, here or there.

use shared::live::hub::{MESSAGES_MAX, MESSAGES_MS};
use std::collections::VecDeque;

/// Messages are counted over the server's window and a second more: a network delivers late
/// what went out early.
const WINDOW_MS: i64 = MESSAGES_MS + 1_000;
/// So many of the server's messages are never used.
const SPARE: usize = 2;
/// A slider that is moved by keys asks for one place after the other: one in so long is sent.
const REWIND_EVERY_MS: i64 = 500;

/// Times of messages, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<i64>,
    rewound_at: Option<i64>,
}

impl Pace {
    /// A fresh connection: the server has counted nothing.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// Whether so many messages may go out now.
    pub(super) fn allows(&self, now: i64, messages: usize) -> bool {
        let most = usize::try_from(MESSAGES_MAX).unwrap_or(usize::MAX).saturating_sub(SPARE);
        let recent = self.sent.iter().filter(|&&at| now - at < WINDOW_MS).count();
        recent + messages <= most
    }

    /// Whether enough time has passed since the last rewind.
    pub(super) fn allows_rewind(&self, now: i64) -> bool {
        self.rewound_at.is_none_or(|at| !(0..REWIND_EVERY_MS).contains(&(now - at)))
    }

    /// A rewind goes out.
    pub(super) fn rewound(&mut self, now: i64) {
        self.rewound_at = Some(now);
    }

    /// So many messages go out.
    pub(super) fn note(&mut self, now: i64, messages: usize) {
        while self.sent.front().is_some_and(|&at| now - at >= WINDOW_MS) {
            self.sent.pop_front();
        }
        self.sent.extend(std::iter::repeat_n(now, messages));
    }
}
