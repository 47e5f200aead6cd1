//! From the upstream's bytes to numbered events. Owns: everything of the stream that is in
//! memory. Must not know: sockets, R2. Invariant: a number is given out only below the stored
//! ceiling; a tweet that came before makes no second event; a frame that cannot be read costs
//! that frame.

use super::Core;
use super::purge::purge_of;
use crate::clock;
use crate::fault::Result;
use shared::api::{FollowerEvent, Run, StreamNotice};
use shared::id::{AccountId, TweetId};
use shared::live::event::{self, Kept};
use shared::live::hub::Lags;
use shared::live::pipeline::{Pipeline, Taken};
use shared::live::ring::{Purge, Ring, Stretch};
use shared::live::sequence::Sequence;
use shared::stream::archive::Member;
use shared::stream::books::Books;
use shared::stream::coverage::Minutes;
use shared::stream::frames::{Frame, Frames};
use shared::stream::machine::{Input, Machine};
use shared::stream::message::{self, Message};
use shared::stream::meter::{Rate, Seen, SeenIds};
use shared::stream::notice::Notice;
use shared::time::UnixMs;
use std::rc::Rc;

/// What may be lost at any instant; what must not be is in SQLite beside it.
pub(super) struct Memory {
    pub(super) machine: Machine,
    frames: Frames,
    pub(super) pipeline: Pipeline,
    pub(super) sequence: Sequence,
    pub(super) ring: Ring,
    /// Events that no browser has got yet.
    pub(super) pending: Vec<Kept>,
    pub(super) minutes: Minutes,
    pub(super) rate: Rate,
    pub(super) lags: Lags,
    pub(super) books: Books,
    seen: SeenIds,
    /// The raw lines of the stretch that is in no row yet, where the archive is on.
    raw: Option<Member>,
    pub(super) received: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            machine: Machine::default(),
            frames: Frames::default(),
            pipeline: Pipeline::default(),
            sequence: Sequence::restart(0, 0).0,
            ring: Ring::restore([], 1),
            pending: Vec::new(),
            minutes: Minutes::default(),
            rate: Rate::default(),
            lags: Lags::default(),
            books: Books::default(),
            seen: SeenIds::default(),
            raw: None,
            received: 0,
        }
    }
}

/// What one chunk, or one page of a search, brought beside tweets.
#[derive(Default)]
struct Brought {
    notices: Vec<Notice>,
    posts: u32,
    fresh: u32,
    billed: u64,
    repeats: u64,
}

impl Memory {
    /// A new connection: half a frame of the old one is no beginning of the new one's.
    pub(super) fn begin_connection(&mut self) {
        self.frames.reset();
        self.minutes.connected(clock::now());
    }

    /// What is pending, as a stretch that goes into the window; none where nothing is.
    pub(super) fn hand_over(&mut self, now: UnixMs) -> Option<Stretch> {
        let from = self.ring.tail().to + 1;
        let to = self.sequence.last();
        if self.pending.is_empty() || to < from {
            return None;
        }
        let events = std::mem::take(&mut self.pending);
        self.ring.push(events.iter().cloned(), to, now);
        Some(Stretch { from, to, events })
    }

    /// The raw lines since the last row, closed.
    pub(super) fn take_raw(&mut self) -> Option<shared::stream::archive::Closed> {
        self.raw.take().map(Member::close)
    }

    pub(super) fn purge(&mut self, what: &Purge) {
        self.ring.purge(what);
        what.apply(&mut self.pending);
    }

    /// Tweets of before a loss of memory.
    pub(super) fn remember(&mut self, tweets: impl Iterator<Item = TweetId>, now: UnixMs) {
        for tweet in tweets {
            self.seen.see(now, tweet);
        }
    }
}

impl Core {
    /// Takes a chunk of the stream.
    pub(super) fn take(self: &Rc<Self>, attempt: u64, bytes: &[u8]) {
        let mut frames = std::mem::take(&mut self.memory.borrow_mut().frames);
        let mut brought = Brought::default();
        let now = clock::now();
        frames.push(bytes, &mut |frame| match frame {
            Frame::KeepAlive => {}
            Frame::TooLong { .. } => self.memory.borrow_mut().pipeline.failures.malformed += 1,
            Frame::Message(message) => self.take_frame(message, (now, false), &mut brought),
        });
        self.memory.borrow_mut().frames = frames;
        self.account_for(&brought, now);
        for notice in brought.notices {
            self.take_notice(attempt, &notice);
        }
        self.begin_flushing();
        self.mind_lease();
    }

    /// Takes one message; `late`: it came by a search.
    fn take_frame(&self, frame: &[u8], arrival: (UnixMs, bool), brought: &mut Brought) {
        let now = arrival.0;
        let (mut billed, mut repeats) = (0, 0);
        let taken = loop {
            let mut memory = self.memory.borrow_mut();
            let Memory { pipeline, sequence, pending, seen, .. } = &mut *memory;
            let mut fresh = |tweet| match seen.see(now, tweet) {
                Seen::New => {
                    billed += 1;
                    true
                }
                Seen::Repeat => {
                    repeats += 1;
                    false
                }
                Seen::BilledAgain => {
                    billed += 1;
                    false
                }
            };
            match pipeline.take(frame, arrival, sequence, &mut fresh, pending) {
                Ok(taken) => break taken,
                Err(need) => {
                    drop(memory);
                    if let Err(fault) = self.raise_ceiling(need.ceiling) {
                        // Without a ceiling no number may be given out: the tweet is lost, and
                        // counted among those that could not be read.
                        worker::console_error!("ceiling: {}", fault.log());
                        return;
                    }
                }
            }
        };
        brought.billed += billed;
        brought.repeats += repeats;
        match taken {
            Taken::Post { created_at, placed, .. } => {
                brought.posts += 1;
                brought.fresh += 1;
                let mut memory = self.memory.borrow_mut();
                if let Some(created_at) = created_at.filter(|_| !arrival.1) {
                    memory.lags.note(created_at, now);
                }
                let [with, all] = &mut memory.books.placed;
                *with += u64::from(placed);
                *all += 1;
                if self.settings.borrow().archive {
                    memory.raw.get_or_insert_default().push(frame);
                }
            }
            Taken::Known(_) => brought.posts += 1,
            Taken::Malformed => {}
            Taken::Other => match message::read(frame) {
                Message::Notices(notices) => brought.notices.extend(notices),
                Message::Post(_) | Message::Unreadable(_) => {
                    self.memory.borrow_mut().pipeline.failures.malformed += 1;
                }
            },
        }
    }

    fn account_for(&self, brought: &Brought, now: UnixMs) {
        {
            let mut memory = self.memory.borrow_mut();
            memory.received += u64::from(brought.posts);
            memory.rate.count(clock::real(), brought.posts);
            memory.minutes.alive(now);
            memory.minutes.received(now, brought.posts, brought.fresh);
        }
        self.count_cost(brought, now);
    }

    /// Counts what tweets cost; books that allow for no more are written at once.
    fn count_cost(&self, brought: &Brought, now: UnixMs) {
        let due = self.memory.borrow_mut().books.count(brought.billed, brought.repeats, now);
        if due {
            Self::log_fault(self.save_books());
        }
    }

    /// Takes tweets that a search brought after a gap; how many were new.
    pub(super) fn take_late(self: &Rc<Self>, messages: &[String], of: UnixMs) -> u32 {
        let mut brought = Brought::default();
        for message in messages {
            self.take_frame(message.as_bytes(), (clock::now(), true), &mut brought);
        }
        self.memory.borrow_mut().minutes.filled(of, brought.fresh);
        self.count_cost(&brought, clock::now());
        self.begin_flushing();
        brought.fresh
    }

    fn take_notice(self: &Rc<Self>, attempt: u64, notice: &Notice) {
        let now = clock::now();
        if let Notice::Limit { track, .. } = notice {
            self.memory.borrow_mut().minutes.limit(now, *track);
        }
        self.tell_author(notice);
        let purge = purge_of(notice);
        if let Some(purge) = &purge {
            let outcome = self.purge(purge);
            Self::log_fault(outcome);
        }
        let (mut tweets, mut user, mut up_to) = (vec![], None, None);
        match &purge {
            Some(Purge::Tweet(tweet)) => tweets.push(*tweet),
            Some(Purge::User(who)) => user = Some(*who),
            Some(Purge::Place { user: who, up_to: last }) => {
                (user, up_to) = (Some(*who), Some(*last));
            }
            None => {}
        }
        let (about, text) = (notice.about().to_owned(), notice.text());
        self.tell(|seq, at| {
            let kind = shared::api::LiveKind::Notice;
            event::of_notice(seq, StreamNotice { seq, kind, at, about, text, tweets, user, up_to })
        });
        if purge.is_some() {
            // Open browsers should not show it a moment longer than they must.
            self.flush();
        }
        if let Notice::Disconnect(disconnect) = notice {
            self.advance(Input::Said { attempt, disconnect: disconnect.clone() });
        }
    }

    /// A notice of our own.
    pub(super) fn tell_notice(self: &Rc<Self>, about: &str, text: String) {
        let about = about.to_owned();
        self.tell(|seq, at| {
            let kind = shared::api::LiveKind::Notice;
            let (tweets, user, up_to) = (vec![], None, None);
            event::of_notice(seq, StreamNotice { seq, kind, at, about, text, tweets, user, up_to })
        });
    }

    /// What an account's ledger gained.
    pub(super) fn tell_followers(self: &Rc<Self>, account: AccountId, events: &[FollowerEvent]) {
        for event in events {
            self.tell(|seq, _| event::of_follower(seq, account, event));
        }
    }

    /// A run ended.
    pub(super) fn tell_run(self: &Rc<Self>, run: &Run) {
        self.tell(|seq, at| event::of_run(seq, at, run));
    }

    /// Numbers an event of our own and puts it with the others.
    fn tell(self: &Rc<Self>, make: impl FnOnce(u64, UnixMs) -> serde_json::Result<Kept>) {
        let outcome = (|| {
            let need = self.memory.borrow().sequence.ready(1);
            if let Err(need) = need {
                self.raise_ceiling(need.ceiling)?;
            }
            let mut memory = self.memory.borrow_mut();
            let Ok(mut numbers) = memory.sequence.take(1) else { return Ok(()) };
            let Some(seq) = numbers.next() else { return Ok(()) };
            let kept = make(seq, clock::now())?;
            memory.pipeline.count(kept.kind);
            memory.pending.push(kept);
            Ok(())
        })();
        Self::log_fault(outcome);
        self.begin_flushing();
    }

    /// Numbers up to this one may be given out once it is stored.
    fn raise_ceiling(&self, ceiling: u64) -> Result<()> {
        self.put_meta("ceiling", &ceiling)?;
        self.memory.borrow_mut().sequence.raise(ceiling);
        Ok(())
    }
}
