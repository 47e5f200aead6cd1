//! What is shown when. Owns: holding events back while paused, and giving old ones out at
//! their own pace after rewinding. Must not know: the connection. Invariant: events come out in
//! the order they went in, and what had to be dropped is asked for again.

use super::frames::Event;
use shared::api::GapReason;
use std::collections::VecDeque;

/// Held back at most; the rest of a long pause is asked for again in its turn.
const HELD_MOST: usize = 20_000;
/// With so few left the dropped rest is asked for.
const HELD_FEW: usize = 1_000;
/// Replaying ends when what is shown is no older than this.
const CAUGHT_UP_MS: i64 = 2_500;

/// Something to show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Event(Event),
    /// These numbers will not come.
    Gap {
        from: u64,
        to: u64,
        reason: Option<GapReason>,
    },
}

/// How what comes is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Mode {
    /// As it comes.
    #[default]
    Live,
    Paused,
    /// At the pace it came in, or some times that.
    Replay {
        speed: i64,
        /// The time of an event, and when it was shown.
        anchor: Option<(i64, i64)>,
    },
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Player {
    mode: Mode,
    /// What to go back to after a pause.
    before: Mode,
    queue: VecDeque<Item>,
    /// The last number that was kept when others had to be dropped.
    cut_after: Option<u64>,
    last: u64,
}

impl Player {
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.mode == Mode::Paused
    }

    /// Takes something in.
    pub(crate) fn push(&mut self, item: Item) {
        if self.cut_after.is_some() {
            return;
        }
        if self.queue.len() >= HELD_MOST {
            self.cut_after = Some(self.last);
            return;
        }
        self.last = match &item {
            Item::Event(event) => event.seq(),
            Item::Gap { to, .. } => *to,
        };
        self.queue.push_back(item);
    }

    /// Stops and goes on.
    pub(crate) fn pause(&mut self, paused: bool) {
        match (paused, self.mode) {
            (true, Mode::Paused) => {}
            (true, mode) => {
                self.before = mode;
                self.mode = Mode::Paused;
            }
            (false, Mode::Paused) => {
                self.mode = match self.before {
                    Mode::Replay { speed, .. } => Mode::Replay { speed, anchor: None },
                    other => other,
                };
            }
            (false, _) => {}
        }
    }

    /// Begins to replay; what waited is not of that time.
    pub(crate) fn replay(&mut self, speed: i64) {
        self.forget();
        self.mode = Mode::Replay { speed, anchor: None };
    }

    /// Replays at another pace.
    pub(crate) fn set_speed(&mut self, speed: i64) {
        if let Mode::Replay { .. } = self.mode {
            self.mode = Mode::Replay { speed, anchor: None };
        }
    }

    /// Shows what comes, as it comes.
    pub(crate) fn live(&mut self) {
        self.forget();
        self.mode = Mode::Live;
    }

    /// Lets go of what waits.
    pub(crate) fn forget(&mut self) {
        self.queue.clear();
        self.cut_after = None;
    }

    /// What waits and is of a tweet that is to go.
    pub(crate) fn retain(&mut self, stays: impl Fn(&Event) -> bool) {
        self.queue.retain(|item| match item {
            Item::Event(event) => stays(event),
            Item::Gap { .. } => true,
        });
    }

    /// What is due at `now`. `server_now` is the server's time, which events tell theirs in.
    pub(crate) fn due(&mut self, now: i64, server_now: i64) -> Vec<Item> {
        match self.mode {
            Mode::Paused => Vec::new(),
            Mode::Live => self.queue.drain(..).collect(),
            Mode::Replay { speed, anchor } => self.paced(now, server_now, speed, anchor),
        }
    }

    fn paced(
        &mut self,
        now: i64,
        server_now: i64,
        speed: i64,
        anchor: Option<(i64, i64)>,
    ) -> Vec<Item> {
        let mut due = Vec::new();
        let mut anchor = anchor;
        let mut newest = None;
        while let Some(item) = self.queue.front() {
            if let Item::Event(event) = item {
                let at = event.at().0;
                let (event_at, shown_at) = *anchor.get_or_insert((at, now));
                if at > event_at + (now - shown_at) * speed {
                    break;
                }
                newest = Some(at);
            }
            due.extend(self.queue.pop_front());
        }
        let caught_up = newest.is_some_and(|at| server_now - at < CAUGHT_UP_MS);
        self.mode = if caught_up && self.cut_after.is_none() {
            Mode::Live
        } else {
            Mode::Replay { speed, anchor }
        };
        due
    }

    /// The number after which the dropped rest is to be asked for, now that there is room.
    pub(crate) fn wants_more(&mut self) -> Option<u64> {
        if self.queue.len() > HELD_FEW || self.is_paused() {
            return None;
        }
        self.cut_after.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::frames::tests::sample_tweet;
    use shared::time::UnixMs;
    use std::sync::Arc;

    fn at(seq: u64, ms: i64) -> Item {
        let mut tweet = sample_tweet(seq, seq);
        tweet.at = UnixMs(ms);
        Item::Event(Event::Tweet(Arc::new(tweet)))
    }

    fn numbers(items: &[Item]) -> Vec<u64> {
        items
            .iter()
            .map(|item| match item {
                Item::Event(event) => event.seq(),
                Item::Gap { from, .. } => *from,
            })
            .collect()
    }

    #[test]
    fn a_pause_holds_and_then_hands_over() {
        let mut player = Player::default();
        player.pause(true);
        player.push(at(1, 0));
        assert_eq!(player.due(0, 0), []);
        player.pause(false);
        assert_eq!(numbers(&player.due(0, 0)), [1]);
        assert_eq!(player.mode(), Mode::Live);
    }

    #[test]
    fn a_replay_keeps_the_pace_of_what_was_and_ends_at_the_present() {
        let mut player = Player::default();
        player.push(at(90, 90_000));
        player.replay(2);
        for (seq, ms) in [(1, 10_000), (2, 11_000), (3, 14_000), (4, 60_000)] {
            player.push(at(seq, ms));
        }
        assert_eq!(numbers(&player.due(500_000, 60_500)), [1], "its pace begins with the first");
        assert_eq!(numbers(&player.due(500_500, 61_000)), [2]);
        assert_eq!(numbers(&player.due(501_999, 62_000)), [0_u64; 0]);
        assert_eq!(numbers(&player.due(502_000, 62_000)), [3]);
        player.set_speed(100);
        assert_eq!(numbers(&player.due(502_100, 62_000)), [4]);
        assert_eq!(player.mode(), Mode::Live);
    }

    #[test]
    fn a_gap_does_not_hold_up_a_replay() {
        let mut player = Player::default();
        player.replay(1);
        player.push(Item::Gap { from: 1, to: 5, reason: None });
        player.push(at(6, 1_000));
        assert_eq!(numbers(&player.due(0, 90_000)), [1, 6]);
    }

    #[test]
    fn a_pause_within_a_replay_goes_on_with_the_replay() {
        let mut player = Player::default();
        player.replay(1);
        player.push(at(1, 1_000));
        player.push(at(2, 3_000));
        assert_eq!(numbers(&player.due(0, 90_000)), [1]);
        player.pause(true);
        assert_eq!(player.due(60_000, 90_000), []);
        player.pause(false);
        assert_eq!(numbers(&player.due(60_000, 90_000)), [2], "at once: the pace begins anew");
    }

    #[test]
    fn what_had_to_be_dropped_is_asked_for_again() {
        let mut player = Player::default();
        player.pause(true);
        for seq in 1..=25_000 {
            player.push(at(seq, 0));
        }
        assert_eq!(player.queue.len(), HELD_MOST);
        assert_eq!(player.wants_more(), None, "not while paused");
        player.pause(false);
        assert_eq!(player.due(0, 0).len(), HELD_MOST);
        assert_eq!(player.wants_more(), Some(20_000));
        assert_eq!(player.wants_more(), None);
        player.push(at(20_001, 0));
        assert_eq!(numbers(&player.due(0, 0)), [20_001]);
    }

    #[test]
    fn what_is_taken_back_is_not_shown_later() {
        let mut player = Player::default();
        player.pause(true);
        player.push(at(1, 0));
        player.push(at(2, 0));
        player.retain(|event| event.seq() != 1);
        player.pause(false);
        assert_eq!(numbers(&player.due(0, 0)), [2]);
    }
}
