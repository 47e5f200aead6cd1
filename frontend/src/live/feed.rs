//! The list of tweets. Owns: which rows are shown, and which wait under the pill. Must not know:
//! markup. Invariant: newest first, at most [`ROWS`]; while somebody reads nothing moves; what
//! is left out is counted.

use super::frames::Event;
use super::player::Item;
use shared::api::{GapReason, SimpleTweet, StreamNotice};
use shared::id::{TweetId, UserId};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows kept.
pub(crate) const ROWS: usize = 200;
/// More than one in so long nobody reads: the rest is counted.
const LISTED_EVERY_MS: i64 = 100;
/// So many may be behind that pace at once: tweets come in batches.
const LISTED_AHEAD_MS: i64 = 2_000;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row {
    Tweet(Arc<SimpleTweet>),
    /// Numbers from, to, that will not come.
    Gap {
        from: u64,
        to: u64,
        reason: Option<GapReason>,
    },
    /// Something the stream said.
    Notice(Arc<StreamNotice>),
}

impl Row {
    /// Tells rows apart. A tweet that comes again after rewinding is the same row.
    pub(crate) fn key(&self) -> (u8, u64) {
        match self {
            Self::Tweet(tweet) => (0, tweet.seq),
            Self::Gap { from, .. } => (1, *from),
            Self::Notice(notice) => (2, notice.seq),
        }
    }
}

/// What is to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removal {
    pub(crate) tweets: Vec<TweetId>,
    pub(crate) user: Option<UserId>,
    pub(crate) up_to: Option<TweetId>,
    /// Only the place goes; the tweet stays.
    pub(crate) place_only: bool,
}

impl Removal {
    /// What a notice takes away, if it does.
    pub(crate) fn of(notice: &StreamNotice) -> Option<Self> {
        if !matches!(notice.about.as_str(), "delete" | "scrub_geo" | "withheld") {
            return None;
        }
        Some(Self {
            tweets: notice.tweets.clone(),
            user: notice.user,
            up_to: notice.up_to,
            place_only: notice.about == "scrub_geo",
        })
    }

    /// Whether it takes a tweet (or its place) away.
    pub(crate) fn takes(&self, tweet: TweetId, author: UserId) -> bool {
        self.tweets.contains(&tweet)
            || (self.tweets.is_empty()
                && self.user == Some(author)
                && self.up_to.is_none_or(|last| tweet <= last))
    }
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    rows: VecDeque<Row>,
    /// What came while somebody read, newest first.
    held: VecDeque<Row>,
    held_count: u64,
    holding: bool,
    /// Up to when, by the tweets' own time, the list is full.
    full_until: i64,
    /// A second of the tweets' own time, what was not listed of it, and of the one before.
    unlisted: (i64, u64, u64),
}

impl Feed {
    /// The rows, newest first.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.rows.iter().cloned().collect()
    }

    /// How many new ones wait.
    pub(crate) fn held(&self) -> u64 {
        self.held_count
    }

    /// Tweets of the second before this one that were too many to list.
    pub(crate) fn unlisted(&self, now: i64) -> u64 {
        let (second, _, before) = self.unlisted;
        // Of a while ago there is nothing to tell any more.
        if now.div_euclid(1_000) - second <= 2 { before } else { 0 }
    }

    /// Takes something shown in; whether the list changed.
    pub(crate) fn push(&mut self, item: &Item) -> bool {
        let row = match item {
            Item::Event(Event::Tweet(tweet)) => {
                if !self.has_room(tweet.at.0) {
                    return false;
                }
                Row::Tweet(Arc::clone(tweet))
            }
            Item::Event(Event::Blip(_)) => return false,
            Item::Event(Event::Notice(notice)) => {
                if Removal::of(notice).is_some() {
                    // It is carried out; to show it would tell that there was something.
                    return false;
                }
                Row::Notice(Arc::clone(notice))
            }
            Item::Gap { from, to, reason } => Row::Gap { from: *from, to: *to, reason: *reason },
        };
        if self.holding {
            self.held_count += u64::from(matches!(row, Row::Tweet(_)));
            add(&mut self.held, row);
        } else {
            add(&mut self.rows, row);
        }
        true
    }

    /// Whether one more of that time can be read; if not it is counted.
    fn has_room(&mut self, at: i64) -> bool {
        let second = at.div_euclid(1_000);
        if self.unlisted.0 != second {
            let before = if self.unlisted.0 + 1 == second { self.unlisted.1 } else { 0 };
            self.unlisted = (second, 0, before);
        }
        // After rewinding time begins anew.
        let full = self.full_until.clamp(at - LISTED_AHEAD_MS, at + LISTED_AHEAD_MS);
        if full > at {
            self.unlisted.1 += 1;
            return false;
        }
        self.full_until = full + LISTED_EVERY_MS;
        true
    }

    /// Holds the list still, or lets it move; whether it changed.
    pub(crate) fn hold(&mut self, holding: bool) -> bool {
        self.holding = holding;
        !holding && self.release()
    }

    /// Shows what waited; whether the list changed.
    pub(crate) fn release(&mut self) -> bool {
        let changed = !self.held.is_empty();
        while let Some(row) = self.held.pop_back() {
            add(&mut self.rows, row);
        }
        self.held_count = 0;
        changed
    }

    /// Takes away; whether the list changed.
    pub(crate) fn remove(&mut self, removal: &Removal) -> bool {
        if removal.place_only {
            return false;
        }
        let before = self.rows.len();
        let waiting = tweets(&self.held);
        let stays = |row: &Row| match row {
            Row::Tweet(tweet) => !removal.takes(tweet.id, tweet.author_id),
            Row::Gap { .. } | Row::Notice(_) => true,
        };
        self.rows.retain(stays);
        self.held.retain(stays);
        self.held_count = self.held_count.saturating_sub(waiting - tweets(&self.held));
        self.rows.len() != before
    }

    /// Empties the list.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.held.clear();
        self.held_count = 0;
        self.full_until = 0;
    }
}

fn add(rows: &mut VecDeque<Row>, row: Row) {
    // After rewinding the same may come again: it is not listed twice.
    if rows.iter().take(ROWS).any(|one| one.key() == row.key()) {
        return;
    }
    rows.push_front(row);
    rows.truncate(ROWS);
}

fn tweets(rows: &VecDeque<Row>) -> u64 {
    rows.iter().map(|row| u64::from(matches!(row, Row::Tweet(_)))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::frames::tests::{sample_notice, sample_tweet};
    use shared::time::UnixMs;

    fn tweet_at(seq: u64, at: i64) -> Item {
        let mut tweet = sample_tweet(seq, seq);
        tweet.at = UnixMs(at);
        Item::Event(Event::Tweet(Arc::new(tweet)))
    }

    /// A tweet of a second of its own.
    fn tweet(seq: u64) -> Item {
        tweet_at(seq, i64::try_from(seq).unwrap() * 1_000)
    }

    /// A list of these tweets.
    fn feed(numbers: std::ops::RangeInclusive<u64>) -> Feed {
        let mut feed = Feed::default();
        for seq in numbers {
            feed.push(&tweet(seq));
        }
        feed
    }

    fn numbers(feed: &Feed) -> Vec<u64> {
        feed.rows().iter().map(|row| row.key().1).collect()
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let feed = feed(1..=203);
        assert_eq!(feed.rows().len(), ROWS);
        assert_eq!(numbers(&feed).first(), Some(&203));
        assert_eq!(numbers(&feed).last(), Some(&4));
    }

    #[test]
    fn nothing_moves_while_somebody_reads() {
        let mut feed = feed(1..=3);
        feed.hold(true);
        feed.push(&tweet(4));
        feed.push(&tweet(5));
        assert_eq!((numbers(&feed), feed.held()), (vec![3, 2, 1], 2));
        assert!(feed.hold(false));
        assert_eq!((numbers(&feed), feed.held()), (vec![5, 4, 3, 2, 1], 0));
    }

    #[test]
    fn a_long_reading_counts_what_it_does_not_keep() {
        let mut feed = feed(1..=1);
        feed.hold(true);
        for seq in 2..=302 {
            feed.push(&tweet(seq));
        }
        assert_eq!(feed.held(), 301);
        feed.release();
        assert_eq!(numbers(&feed).len(), ROWS);
        assert_eq!(numbers(&feed).first(), Some(&302));
    }

    #[test]
    fn what_is_too_much_to_read_is_counted() {
        let mut feed = Feed::default();
        // 10 s of 250 a second.
        let began = 1_000_000;
        for seq in 0..2_500 {
            feed.push(&tweet_at(seq, began + i64::try_from(seq).unwrap() * 4));
        }
        let listed = numbers(&feed).len();
        assert!((115..=125).contains(&listed), "{listed}");
        let unlisted = feed.unlisted(began + 10_000);
        assert!((238..=242).contains(&unlisted), "{unlisted}");
        assert_eq!(feed.unlisted(began + 60_000), 0);
    }

    #[test]
    fn a_batch_of_few_is_listed_whole() {
        let mut feed = Feed::default();
        for seq in 0..20 {
            feed.push(&tweet_at(seq, 5_000));
        }
        assert_eq!(numbers(&feed).len(), 20);
    }

    #[test]
    fn gaps_are_rows_and_deletions_are_not() {
        let mut feed = feed(1..=1);
        let gap = Item::Gap { from: 2, to: 313, reason: Some(GapReason::Slow) };
        assert!(feed.push(&gap));
        let delete = Item::Event(Event::Notice(Arc::new(sample_notice(314))));
        assert!(!feed.push(&delete));
        let mut notice = sample_notice(315);
        notice.about = "disconnected".to_owned();
        assert!(feed.push(&Item::Event(Event::Notice(Arc::new(notice)))));
        assert_eq!(
            feed.rows().iter().map(Row::key).collect::<Vec<_>>(),
            [(2, 315), (1, 2), (0, 1)]
        );
    }

    #[test]
    fn the_same_again_is_one_row() {
        let mut feed = feed(1..=3);
        feed.push(&tweet(2));
        assert_eq!(numbers(&feed), [3, 2, 1]);
    }

    #[test]
    fn what_is_deleted_goes_wherever_it_is() {
        let mut feed = feed(1..=20);
        feed.hold(true);
        feed.push(&tweet(21));
        feed.push(&tweet(22));
        let one = Removal { tweets: vec![TweetId(3), TweetId(21)], ..Removal::default() };
        assert!(feed.remove(&one));
        assert_eq!((numbers(&feed).len(), feed.held()), (19, 1));
        // Authors repeat every 7 tweets.
        let of_user =
            Removal { user: Some(UserId(1)), up_to: Some(TweetId(8)), ..Removal::default() };
        assert!(feed.remove(&of_user));
        assert!(!numbers(&feed).contains(&1) && !numbers(&feed).contains(&8));
        assert!(numbers(&feed).contains(&15), "later ones stay");
    }

    #[test]
    fn a_place_that_goes_leaves_its_tweet() {
        let mut feed = feed(1..=3);
        let scrub = Removal { user: Some(UserId(1)), place_only: true, ..Removal::default() };
        assert!(!feed.remove(&scrub));
        assert_eq!(numbers(&feed).len(), 3);
    }
}
