//! From a frame of X's stream to numbered events. Owns: the order of the steps, and what is
//! kept from post to post so that little is allocated. Must not know: where frames come from.
//! Invariant: a post is read once; its events are numbered only if there are numbers for all.

use super::country::Countries;
use super::event::{self, Arrival, EVENTS, Kept};
use super::hydrate::{self, Failures};
use super::raw;
use super::sequence::{NeedCeiling, Sequence};
use super::stamp;
use crate::api::LiveKind;
use crate::id::TweetId;
use crate::time::UnixMs;
use std::rc::Rc;

/// What a frame was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A tweet; its events are behind the others.
    Post {
        /// Which.
        tweet: TweetId,
        /// When it was posted.
        created_at: Option<UnixMs>,
        /// Whether it has a place.
        placed: bool,
        /// How many events it made.
        events: usize,
    },
    /// A tweet that came before.
    Known(TweetId),
    /// JSON, but no tweet: a notice, an error, something new.
    Other,
    /// No JSON, or no UTF-8; counted in [`Failures::malformed`].
    Malformed,
}

/// The way of a post, with its counters.
#[derive(Debug, Default)]
pub struct Pipeline {
    /// What could not be read.
    pub failures: Failures,
    countries: Option<Rc<Countries>>,
    scratch: String,
    at: UnixMs,
    at_text: String,
    by_kind: [u64; LiveKind::ALL.len()],
}

impl Pipeline {
    /// Where the country of a point is looked up, once its data is there.
    pub fn set_countries(&mut self, countries: Rc<Countries>) {
        self.countries = Some(countries);
    }

    /// Takes one frame that came at `at`; `late`: from recent search, after a gap. `fresh` says
    /// whether a tweet is new (X may deliver one twice), and notes it.
    ///
    /// # Errors
    /// The ceiling of the numbers must be raised first; nothing was done, take it again then.
    pub fn take(
        &mut self,
        frame: &[u8],
        (at, late): (UnixMs, bool),
        sequence: &mut Sequence,
        fresh: &mut dyn FnMut(TweetId) -> bool,
        out: &mut Vec<Kept>,
    ) -> Result<Taken, NeedCeiling> {
        sequence.ready(EVENTS.len() as u64)?;
        // What was read stays where it is: it is large.
        let read = simdutf8::basic::from_utf8(frame).map(raw::read);
        let Ok(Ok(read)) = &read else {
            self.failures.malformed += 1;
            return Ok(Taken::Malformed);
        };
        let Some(raw) = read else { return Ok(Taken::Other) };
        let tweet = TweetId(raw.id.get().copied().unwrap_or_default());
        if !fresh(tweet) {
            return Ok(Taken::Known(tweet));
        }
        let clean = hydrate::clean(raw, self.countries.as_deref(), &mut self.failures);
        if self.at != at || self.at_text.is_empty() {
            self.at = at;
            self.at_text.clear();
            stamp::write(&mut self.at_text, at);
        }
        let arrival = Arrival { at_text: &self.at_text, late };
        let before = out.len();
        let events = event::of_tweet(&clean, arrival, sequence, &mut self.scratch, out);
        for event in out.get(before..).unwrap_or_default() {
            self.count(event.kind);
        }
        let placed = clean.spot.is_some();
        Ok(Taken::Post { tweet, created_at: clean.created_at, placed, events })
    }

    /// Counts an event of another source.
    pub fn count(&mut self, kind: LiveKind) {
        let place = LiveKind::ALL.iter().position(|one| *one == kind);
        if let Some(count) = place.and_then(|place| self.by_kind.get_mut(place)) {
            *count += 1;
        }
    }

    /// Events made, by kind; those that never were are left out.
    pub fn events_by_kind(&self) -> impl Iterator<Item = (LiveKind, u64)> {
        let all = LiveKind::ALL.iter().copied().zip(self.by_kind);
        all.filter(|&(_, count)| count > 0)
    }
}

#[cfg(test)]
mod tests;
