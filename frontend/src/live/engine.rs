//! All of the live stream behind one door. Owns: handing each frame to whom it concerns, in
//! order. Must not know: sockets, signals, markup. Invariant: what is deleted upstream is gone
//! from everything here before anything else is shown.

use super::blips::{Blips, LIFE_S};
use super::client::{Client, Cover, Effect, Input, Phase};
use super::counts::Counts;
use super::feed::{Feed, Removal};
use super::frames::{self, Envelope, Event, Frame, Standing};
use super::player::{Item, Mode, Player};
use super::rate::Rate;
use shared::api::{GapReason, SimpleTweet, Subscribe};
use shared::id::TweetId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Tweets kept for the cards of blips: 10 s of 1,000 a second, and those one still looks at.
const KNOWN: usize = 12_288;
/// Blips of one batch appear over so long: batches would pulse.
const SPREAD_S: f64 = 0.25;
/// Points kept of how numbers and times go together: one each 5 s for 15 minutes.
const TRAIL: usize = 180;
const TRAIL_EVERY_MS: i64 = 5_000;
/// Clocks drift; by so much only one that was set.
const CLOCK_SET_MS: i64 = 60_000;
/// After a longer absence the list begins anew: nobody waits for what was meanwhile.
const RETURN_WITHIN_MS: i64 = 60_000;
/// As many events back as a fresh list is filled from.
const BACKLOG: u64 = 300;

/// Tweets by id, the newest [`KNOWN`].
#[derive(Debug, Default)]
struct Known {
    by_id: BTreeMap<TweetId, Arc<SimpleTweet>>,
    order: VecDeque<TweetId>,
}

impl Known {
    fn push(&mut self, tweet: &Arc<SimpleTweet>) {
        if self.by_id.insert(tweet.id, Arc::clone(tweet)).is_none() {
            self.order.push_back(tweet.id);
        }
        while self.order.len() > KNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.by_id.remove(&oldest);
            }
        }
    }

    fn remove(&mut self, removal: &Removal) {
        self.by_id.retain(|id, tweet| !removal.takes(*id, tweet.author_id));
        self.order.retain(|id| self.by_id.contains_key(id));
    }
}

/// The whole.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    client: Client,
    pub(crate) player: Player,
    pub(crate) feed: Feed,
    pub(crate) blips: Blips,
    pub(crate) counts: Counts,
    pub(crate) rate: Rate,
    known: Known,
    standing: Option<Standing>,
    /// The server's clock less ours, in milliseconds; `None` before it told.
    ahead_ms: Option<i64>,
    /// When our clock stood at 0 s, so that small numbers reach the card.
    start: i64,
    /// Since when the map's clock stands, and how long it stood before.
    paused_at: Option<i64>,
    stood_ms: i64,
    /// Tweets and placed tweets shown since the beginning.
    shown: [u64; 2],
    /// Numbers and when they were given out.
    trail: VecDeque<(u64, i64)>,
    rows_changed: bool,
    /// When a page last came or left.
    left_at: i64,
    /// The tweet whose card is open on the map; `None` as soon as it is taken away.
    pub(crate) card: Option<Arc<SimpleTweet>>,
}

impl Engine {
    /// An engine whose clock begins at `start`.
    pub(crate) fn new(start: i64) -> Self {
        Self { start, ..Self::default() }
    }

    /// The map's clock in seconds, as blips are born by it; it stands while paused, so that
    /// what is there can be looked at.
    pub(crate) fn clock(&self, now: i64) -> f64 {
        let now = self.paused_at.unwrap_or(now);
        crate::numbers::float(now - self.start - self.stood_ms) / 1_000.0
    }

    /// Stops and goes on.
    pub(crate) fn pause(&mut self, now: i64, paused: bool) {
        self.player.pause(paused);
        match (paused, self.paused_at) {
            (true, None) => self.paused_at = Some(now),
            (false, Some(since)) => {
                self.stood_ms += now - since;
                self.paused_at = None;
            }
            _ => {}
        }
    }

    pub(crate) fn phase(&self) -> &Phase {
        self.client.phase()
    }

    pub(crate) fn window(&self) -> (u64, u64) {
        self.client.window()
    }

    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Tweets with a place, and all.
    pub(crate) fn placed(&self) -> [u64; 2] {
        let told = self.standing.as_ref().and_then(|standing| standing.placed);
        told.unwrap_or([self.shown[1], self.shown[0]])
    }

    /// A tweet that was shown not long ago.
    pub(crate) fn tweet(&self, id: TweetId) -> Option<Arc<SimpleTweet>> {
        self.known.by_id.get(&id).cloned()
    }

    /// Takes an input of the connection in.
    pub(crate) fn input(&mut self, now: i64, random: f64, input: Input) -> Vec<Effect> {
        self.client.handle(now, random, input)
    }

    /// A page shows the stream, or no longer. Who comes back soon goes on where they left.
    pub(crate) fn want(&mut self, now: i64, wanted: bool) -> Vec<Effect> {
        let away = now - std::mem::replace(&mut self.left_at, now);
        if wanted && away > RETURN_WITHIN_MS {
            self.empty();
            self.pause(now, false);
            self.player.live();
            self.client.forget();
        }
        self.client.handle(now, 0.0, Input::Want(wanted))
    }

    /// Other events are wanted: what is shown passed another filter.
    pub(crate) fn filter(&mut self, now: i64, wanted: Subscribe) -> Vec<Effect> {
        self.empty();
        self.pause(now, false);
        self.player.live();
        self.client.handle(now, 0.0, Input::Filter(wanted))
    }

    /// Shows everything after a number again, at its pace.
    pub(crate) fn rewind(&mut self, now: i64, after: u64, speed: i64) -> Vec<Effect> {
        self.empty();
        self.pause(now, false);
        self.player.replay(speed);
        self.client.handle(now, 0.0, Input::Rewind(after))
    }

    /// Back to what happens now.
    pub(crate) fn go_live(&mut self, now: i64) -> Vec<Effect> {
        self.empty();
        self.pause(now, false);
        self.player.live();
        let (floor, cursor) = self.client.window();
        let after = cursor.saturating_sub(BACKLOG).max(floor.saturating_sub(1));
        self.client.handle(now, 0.0, Input::Rewind(after))
    }

    fn empty(&mut self) {
        self.feed.clear();
        self.blips.clear();
        self.counts.clear();
        self.rows_changed = true;
    }

    /// Takes a frame in.
    pub(crate) fn hear(&mut self, now: i64, random: f64, frame: Envelope) -> Vec<Effect> {
        let Some(frame) = frames::read(frame) else { return Vec::new() };
        let mut effects = self.client.handle(now, random, Input::Heard);
        match frame {
            Frame::Hello { cursor, floor, server_time } => {
                let ahead_ms = server_time - now;
                if self.ahead_ms.is_some_and(|before| ahead_ms + CLOCK_SET_MS < before) {
                    // A simulated clock was set back: what was counted is of another time.
                    self.counts.clear();
                }
                self.ahead_ms = Some(ahead_ms);
                effects.extend(self.client.handle(now, random, Input::Hello { cursor, floor }));
            }
            Frame::Events { from, to, events } => {
                effects.extend(self.events(now, from, to, events));
            }
            Frame::Gap { to, reason: Some(GapReason::Sampled), .. } => self.client.thin(to),
            Frame::Gap { from, to, reason } => {
                if let Some((from, to)) = self.client.gap(now, from, to) {
                    self.player.push(Item::Gap { from, to, reason });
                }
            }
            Frame::Status(standing) => {
                self.rate.tell(self.server_now(now), standing.rate, standing.stream);
                self.standing = Some(standing);
            }
            Frame::Bye { reason, retry_ms } => {
                effects.extend(self.client.handle(now, random, Input::Bye { reason, retry_ms }));
            }
            Frame::Pong => {}
        }
        effects
    }

    fn events(&mut self, now: i64, from: u64, to: u64, events: Vec<Event>) -> Vec<Effect> {
        // A deletion is carried out whenever it comes, also among what is not taken.
        let removals: Vec<Removal> = events
            .iter()
            .filter_map(|event| match event {
                Event::Notice(notice) => Removal::of(notice),
                Event::Tweet(_) | Event::Blip(_) => None,
            })
            .collect();
        let before = self.client.covered();
        let (cover, effects) = self.client.cover(now, from, to);
        match cover {
            Cover::Old | Cover::Wait => {}
            Cover::After { from: first, to: last } => {
                self.player.push(Item::Gap { from: first, to: last, reason: None });
                self.take(now, before, events);
            }
            Cover::Next => self.take(now, before, events),
        }
        for removal in &removals {
            self.remove(removal);
        }
        effects
    }

    fn take(&mut self, now: i64, before: Option<u64>, events: Vec<Event>) {
        if let (Mode::Live, Some(last)) = (self.player.mode(), events.last()) {
            self.remember(last.seq(), last.at().0);
        }
        for event in events {
            if before.is_none_or(|before| event.seq() > before) {
                self.player.push(Item::Event(event));
            }
        }
        self.pass(now);
    }

    fn remember(&mut self, seq: u64, at: i64) {
        let due = self
            .trail
            .back()
            .is_none_or(|&(last_seq, last_at)| seq > last_seq && at - last_at >= TRAIL_EVERY_MS);
        if due {
            self.trail.push_back((seq, at));
        }
        while self.trail.len() > TRAIL {
            self.trail.pop_front();
        }
    }

    /// How long ago a number was given out, as far as can be told from those that were seen.
    pub(crate) fn age_of(&self, now: i64, seq: u64) -> Option<i64> {
        let (first, last) = (self.trail.front()?, self.trail.back()?);
        let (numbers, ms) = (last.0.checked_sub(first.0)?, last.1 - first.1);
        if numbers == 0 {
            return None;
        }
        let float = |number: u64| crate::numbers::float(i64::try_from(number).unwrap_or(i64::MAX));
        let per_number = crate::numbers::float(ms) / float(numbers);
        let back = (float(last.0) - float(seq)) * per_number;
        Some((self.server_now(now) - last.1 + crate::numbers::whole(back)).max(0))
    }

    /// Takes away what X took away.
    fn remove(&mut self, removal: &Removal) {
        let takes = |tweet, author| removal.takes(tweet, author);
        self.blips.remove(takes);
        self.counts.remove(takes);
        self.rows_changed |= self.feed.remove(removal);
        let place_only = removal.place_only;
        self.player.retain(|event| match event {
            Event::Tweet(tweet) => place_only || !takes(tweet.id, tweet.author_id),
            Event::Blip(blip) => !takes(blip.tweet_id, blip.author_id),
            Event::Notice(_) => true,
        });
        self.card = self.card.take().filter(|tweet| !takes(tweet.id, tweet.author_id));
        if !place_only {
            self.known.remove(removal);
        }
    }

    /// Shows what is due; once per painted frame.
    pub(crate) fn frame(&mut self, now: i64) -> Vec<Effect> {
        let server_now = self.server_now(now);
        let due = self.player.due(now, server_now);
        let replayed = matches!(self.player.mode(), Mode::Replay { .. });
        let clock = self.clock(now);
        let blips = due.iter().filter(|item| matches!(item, Item::Event(Event::Blip(_)))).count();
        let step = SPREAD_S / f64::from(u32::try_from(blips.max(1)).unwrap_or(u32::MAX));
        let mut birth = clock;
        for item in &due {
            match item {
                Item::Event(Event::Tweet(tweet)) => {
                    self.known.push(tweet);
                    self.shown[0] += 1;
                }
                Item::Event(Event::Blip(blip)) => {
                    self.shown[1] += 1;
                    self.counts.push(blip);
                    let age_s = crate::numbers::float(server_now - blip.at.0) / 1_000.0;
                    if replayed || age_s < LIFE_S {
                        birth += step;
                        self.blips.push(blip, birth);
                    }
                }
                Item::Event(Event::Notice(_)) | Item::Gap { .. } => {}
            }
            self.rows_changed |= self.feed.push(item);
        }
        match self.player.wants_more() {
            Some(after) => self.client.handle(now, 0.0, Input::Rewind(after)),
            None => Vec::new(),
        }
    }

    /// Whether the list changed since this was last asked.
    pub(crate) fn take_rows_changed(&mut self) -> bool {
        std::mem::take(&mut self.rows_changed)
    }

    /// Holds the list still while somebody reads, or lets it move.
    pub(crate) fn hold(&mut self, holding: bool) {
        self.rows_changed |= self.feed.hold(holding);
    }

    /// Shows what waits under the pill.
    pub(crate) fn release(&mut self) {
        self.rows_changed |= self.feed.release();
    }

    /// The server's time.
    pub(crate) fn server_now(&self, now: i64) -> i64 {
        now + self.ahead_ms.unwrap_or(0)
    }

    /// Lets counts grow old, once the server's time is known.
    pub(crate) fn pass(&mut self, now: i64) {
        if self.ahead_ms.is_some() {
            self.counts.pass(self.server_now(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::feed::Row;
    use crate::live::frames::tests::{sample_blip, sample_notice, sample_tweet};
    use shared::time::UnixMs;

    const NOW: i64 = 1_700_000_001_000;

    impl Engine {
        /// Takes a frame in as it comes over the wire.
        fn text(&mut self, now: i64, random: f64, text: &str) -> Vec<Effect> {
            self.hear(now, random, serde_json::from_str(text).unwrap())
        }
    }

    fn engine() -> Engine {
        let mut engine = Engine::new(NOW);
        engine.input(NOW, 0.5, Input::Want(true));
        let hello = format!(r#"{{"t":"hello","cursor":0,"floor":1,"server_time":{NOW}}}"#);
        engine.text(NOW, 0.5, &hello);
        engine
    }

    fn events(from: u64, to: u64, events: &[String]) -> String {
        format!(r#"{{"t":"events","from":{from},"to":{to},"events":[{}]}}"#, events.join(","))
    }

    fn tweet(seq: u64, id: u64) -> String {
        serde_json::to_string(&sample_tweet(seq, id)).unwrap()
    }

    fn blip(seq: u64, id: u64) -> String {
        serde_json::to_string(&sample_blip(seq, id)).unwrap()
    }

    fn notice(seq: u64, about: &str, ids: &[u64]) -> String {
        let mut notice = sample_notice(seq);
        notice.about = about.to_owned();
        notice.tweets = ids.iter().map(|&id| TweetId(id)).collect();
        serde_json::to_string(&notice).unwrap()
    }

    fn rows(engine: &Engine) -> Vec<u64> {
        engine.feed.rows().iter().map(|row| row.key().1).collect()
    }

    #[test]
    fn a_tweet_with_a_place_is_listed_counted_and_drawn() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        assert_eq!(rows(&engine), [0_u64; 0], "nothing before its frame");
        engine.frame(NOW);
        assert!(engine.take_rows_changed());
        assert_eq!((rows(&engine), engine.placed()), (vec![1], [1, 1]));
        assert_eq!(engine.blips.count(engine.clock(NOW) + 1.0), 1);
        assert_eq!(engine.counts.table().first().map(|line| line.tweets), Some(1));
        assert!(engine.tweet(TweetId(9)).is_some());
    }

    #[test]
    fn what_came_long_ago_is_listed_but_does_not_blip() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        engine.frame(NOW + 60_000);
        assert_eq!(rows(&engine), [1]);
        assert_eq!(engine.blips.count(engine.clock(NOW + 60_000) + 1.0), 0);
    }

    #[test]
    fn a_deletion_is_carried_out_everywhere_and_at_once() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        engine.frame(NOW);
        engine.card = engine.tweet(TweetId(9));
        engine.pause(NOW, true);
        engine.text(NOW, 0.5, &events(3, 5, &[tweet(3, 8), tweet(4, 10), blip(5, 8)]));
        engine.text(NOW, 0.5, &events(6, 6, &[notice(6, "delete", &[8, 9])]));
        assert_eq!(rows(&engine), [0_u64; 0], "also while paused");
        let (x, y) = crate::live::blips::mercator(13.4, 52.52);
        assert_eq!(engine.blips.hit(x, y, 1_024.0, engine.clock(NOW) + 1.0), None);
        assert_eq!((engine.tweet(TweetId(9)), engine.counts.table()), (None, vec![]));
        assert_eq!(engine.card, None);
        engine.pause(NOW, false);
        engine.frame(NOW);
        assert_eq!(rows(&engine), [4]);
    }

    #[test]
    fn the_map_stands_while_paused() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        engine.frame(NOW);
        engine.pause(NOW + 1_000, true);
        engine.frame(NOW + 60_000);
        assert_eq!(engine.blips.count(engine.clock(NOW + 60_000)), 1);
        engine.pause(NOW + 60_000, false);
        assert_eq!(engine.blips.count(engine.clock(NOW + 68_000)), 1);
        assert_eq!(engine.blips.count(engine.clock(NOW + 71_000)), 0);
    }

    #[test]
    fn a_scrubbed_place_leaves_the_tweet() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        engine.frame(NOW);
        engine.text(NOW, 0.5, &events(3, 3, &[notice(3, "scrub_geo", &[9])]));
        assert_eq!((rows(&engine), engine.counts.table()), (vec![1], vec![]));
    }

    #[test]
    fn the_same_again_is_taken_once() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 2, &[tweet(1, 1), tweet(2, 2)]));
        engine.text(NOW, 0.5, &events(1, 3, &[tweet(1, 1), tweet(2, 2), tweet(3, 3)]));
        engine.frame(NOW);
        assert_eq!((rows(&engine), engine.placed()), (vec![3, 2, 1], [0, 3]));
    }

    #[test]
    fn gaps_are_rows() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 1, &[tweet(1, 1)]));
        engine.text(NOW, 0.5, r#"{"t":"gap","from":2,"to":313,"reason":"slow"}"#);
        engine.frame(NOW);
        let gap = Row::Gap { from: 2, to: 313, reason: Some(GapReason::Slow) };
        assert_eq!(engine.feed.rows().first(), Some(&gap));
    }

    #[test]
    fn rewinding_shows_the_past_again_and_ends_in_the_present() {
        let mut engine = engine();
        let all = events(1, 2, &[tweet(1, 1), tweet(2, 2)]);
        engine.text(NOW, 0.5, &all);
        engine.frame(NOW);
        let effects = engine.rewind(NOW, 0, 1);
        assert_eq!(effects, [Effect::Send(r#"{"t":"resume","after":0}"#.to_owned())]);
        assert_eq!(rows(&engine), [0_u64; 0]);
        engine.text(NOW, 0.5, &all);
        engine.frame(NOW);
        assert_eq!((rows(&engine), engine.player.mode()), (vec![2, 1], Mode::Live));
    }

    #[test]
    fn another_filter_begins_with_an_empty_list() {
        let mut engine = engine();
        engine.text(NOW, 0.5, &events(1, 1, &[tweet(1, 1)]));
        engine.frame(NOW);
        let wanted = Subscribe { text: Some("tea".to_owned()), ..Subscribe::default() };
        assert_eq!(engine.filter(NOW, wanted).len(), 2);
        assert_eq!(rows(&engine), [0_u64; 0]);
    }

    #[test]
    fn who_comes_back_soon_goes_on_where_they_left() {
        let resumed = |away: i64| {
            let mut engine = engine();
            engine.want(NOW, true);
            engine.text(NOW, 0.5, &events(1, 1, &[tweet(1, 1)]));
            engine.frame(NOW);
            engine.want(NOW, false);
            engine.want(NOW + away, true);
            let hello = r#"{"t":"hello","cursor":5000,"floor":1,"server_time":1}"#;
            let sent = engine.text(NOW + away, 0.5, hello);
            (rows(&engine).len(), sent.last().cloned())
        };
        let after = |after: u64| Some(Effect::Send(format!(r#"{{"t":"resume","after":{after}}}"#)));
        assert_eq!(resumed(30_000), (1, after(1)));
        assert_eq!(resumed(90_000), (0, after(4_700)));
    }

    #[test]
    fn counts_live_by_the_servers_clock() {
        let mut engine = Engine::new(NOW);
        engine.want(NOW, true);
        let ours = NOW + 7_200_000;
        engine.pass(ours);
        let hello = format!(r#"{{"t":"hello","cursor":0,"floor":1,"server_time":{NOW}}}"#);
        engine.text(ours, 0.5, &hello);
        engine.text(ours, 0.5, &events(1, 2, &[tweet(1, 9), blip(2, 9)]));
        engine.frame(ours);
        engine.pass(ours);
        assert_eq!(engine.counts.table().len(), 1);
        assert_eq!(engine.blips.count(engine.clock(ours) + 1.0), 1);
    }

    #[test]
    fn the_age_of_a_number_is_told_from_those_seen() {
        let mut engine = engine();
        assert_eq!(engine.age_of(NOW, 5), None);
        for (seq, at) in [(1, NOW - 20_000), (101, NOW)] {
            let mut tweet = sample_tweet(seq, seq);
            tweet.at = UnixMs(at);
            let tweet = serde_json::to_string(&tweet).unwrap();
            let from = seq.saturating_sub(99).max(1);
            engine.text(NOW, 0.5, &events(from, seq, &[tweet]));
        }
        assert_eq!(engine.age_of(NOW, 51), Some(10_000));
        assert_eq!(engine.age_of(NOW, 101), Some(0));
    }
}
