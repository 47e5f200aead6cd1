//! The list of tweets: filtering, sorting, paging. Owns: the orders, the cursor, what of a tweet
//! must be known for each. Must not know: where tweets are kept. Invariant: the order is total
//! (ties go by id), so that pages neither repeat nor skip; a page holds one row more than asked
//! for, whatever passes.

use crate::api::TweetKind;
use crate::id::TweetId;
use crate::listing::BadCursor;
use crate::metrics::Metric;
use crate::text::fold::Words;
use crate::time::UnixMs;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Parts of a sparkline: an hour each of a day, a bit more than a day each of a month.
pub const SPARK_PARTS: i64 = 24;
/// The metric of sparklines where none is sorted by.
pub const SPARK_METRIC: &str = "public.impression_count";

/// What tweets are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When they were written.
    Created,
    /// Who came in the 24 hours after.
    After,
    /// The last value of a metric.
    Metric(Metric),
    /// What a metric grew by in the range.
    Growth(Metric),
}

/// An order of tweets. Those without the key come last in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest or newest first.
    pub descending: bool,
}

impl Sort {
    /// Newest first.
    pub fn newest() -> Self {
        Self { key: SortKey::Created, descending: true }
    }

    /// Reads `created`, `-public.like_count`, `growth.public.like_count` and so on.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.strip_prefix('-').unwrap_or(text);
        let key = match word {
            "created" => SortKey::Created,
            "after" => SortKey::After,
            _ => match word.strip_prefix("growth.") {
                Some(metric) => SortKey::Growth(Metric::parse(metric)?),
                None => SortKey::Metric(Metric::parse(word)?),
            },
        };
        Some(Self { key, descending: text.starts_with('-') })
    }

    /// The metric of the sparklines beside this order.
    pub fn spark(&self) -> Option<Metric> {
        match &self.key {
            SortKey::Metric(metric) | SortKey::Growth(metric) => Some(metric.clone()),
            SortKey::Created | SortKey::After => Metric::parse(SPARK_METRIC),
        }
    }

    /// The text [`Self::parse`] reads.
    fn text(&self) -> String {
        let minus = if self.descending { "-" } else { "" };
        match &self.key {
            SortKey::Created => format!("{minus}created"),
            SortKey::After => format!("{minus}after"),
            SortKey::Metric(metric) => format!("{minus}{metric}"),
            SortKey::Growth(metric) => format!("{minus}growth.{metric}"),
        }
    }
}

/// Which tweets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words of the text.
    pub q: Option<Words>,
    /// Of these kinds; all without one.
    pub kinds: Vec<TweetKind>,
    /// In these languages; all without one.
    pub langs: Vec<String>,
    /// Promoted or not.
    pub promoted: Option<bool>,
    /// Written at or after.
    pub from: Option<UnixMs>,
    /// Written before.
    pub to: Option<UnixMs>,
}

/// What of a tweet a filter looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Light {
    /// Which.
    pub id: TweetId,
    /// When it was written.
    pub created: Option<UnixMs>,
    /// What it is.
    pub kind: TweetKind,
    /// Its language.
    pub lang: Option<String>,
    /// Whether an advertisement counted anything.
    pub promoted: bool,
    /// Its text, where [`Filter::q`] asks for it.
    pub text: Option<String>,
    /// What it is ordered by.
    pub value: Option<i64>,
}

impl Filter {
    /// Whether a tweet is wanted. What has no time or no language is in no range and of none.
    pub fn admits(&self, tweet: &Light) -> bool {
        let within = |at: UnixMs| {
            self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
        };
        let timed = (self.from.is_none() && self.to.is_none()) || tweet.created.is_some_and(within);
        let said =
            |q: &Words| tweet.text.as_ref().is_some_and(|text| q.within("", [text.as_str()]));
        timed
            && (self.kinds.is_empty() || self.kinds.contains(&tweet.kind))
            && (self.langs.is_empty()
                || tweet.lang.as_ref().is_some_and(|lang| self.langs.contains(lang)))
            && self.promoted.is_none_or(|promoted| promoted == tweet.promoted)
            && self.q.as_ref().is_none_or(said)
    }
}

/// A tweet's place in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rank {
    descending: bool,
    value: Option<i64>,
    id: TweetId,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (self.value, other.value) {
            (Some(one), Some(two)) => one.cmp(&two).then(self.id.cmp(&other.id)),
            (None, None) => self.id.cmp(&other.id),
            (one, two) => return one.is_none().cmp(&two.is_none()),
        };
        if self.descending { order.reverse() } else { order }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One page of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In order.
    pub ids: Vec<TweetId>,
    /// Continues behind them.
    pub next_cursor: Option<String>,
}

/// Collects one page of an order from tweets that come in any order.
pub struct Pager {
    sort: Sort,
    after: Option<Rank>,
    limit: usize,
    /// The first so far, the last of them on top.
    held: BinaryHeap<Rank>,
}

impl Pager {
    /// Collects the first `limit` (at least 1) tweets behind a cursor.
    ///
    /// # Errors
    /// [`BadCursor`] if it is none of this order.
    pub fn new(sort: Sort, cursor: Option<&str>, limit: usize) -> Result<Self, BadCursor> {
        let after = match cursor {
            Some(cursor) => Some(read_cursor(cursor, &sort).ok_or(BadCursor)?),
            None => None,
        };
        Ok(Self { sort, after, limit: limit.max(1), held: BinaryHeap::new() })
    }

    /// Shows it one tweet.
    pub fn push(&mut self, id: TweetId, value: Option<i64>) {
        let rank = Rank { descending: self.sort.descending, value, id };
        let full = self.held.len() > self.limit;
        let late = full && self.held.peek().is_some_and(|last| *last <= rank);
        if late || self.after.as_ref().is_some_and(|after| rank <= *after) {
            return;
        }
        self.held.push(rank);
        if full {
            self.held.pop();
        }
    }

    /// The page.
    pub fn finish(self) -> Page {
        let mut held = self.held.into_sorted_vec();
        let more = held.len() > self.limit;
        held.truncate(self.limit);
        let cursor = |rank: &Rank| {
            let place = serde_json::json!([self.sort.text(), rank.value, rank.id]);
            URL_SAFE_NO_PAD.encode(place.to_string())
        };
        let next_cursor = held.last().filter(|_| more).map(cursor);
        Page { ids: held.into_iter().map(|rank| rank.id).collect(), next_cursor }
    }
}

fn read_cursor(cursor: &str, sort: &Sort) -> Option<Rank> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (order, value, id): (String, Option<i64>, TweetId) = serde_json::from_slice(&bytes).ok()?;
    (order == sort.text()).then_some(Rank { descending: sort.descending, value, id })
}

/// The edges of a sparkline's parts; the last part takes what does not divide.
pub fn spark_edges(from: UnixMs, to: UnixMs) -> Vec<UnixMs> {
    let width_ms = (to.since(from) / SPARK_PARTS).max(1);
    (0..SPARK_PARTS).map(|part| from.plus(part * width_ms)).chain([to]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn light(id: u64) -> Light {
        Light {
            id: TweetId(id),
            created: Some(UnixMs(100)),
            kind: TweetKind::Reply,
            lang: Some("en".to_owned()),
            promoted: false,
            text: Some("Der GROẞE Zug".to_owned()),
            value: None,
        }
    }

    #[track_caller]
    fn check(filter: &Filter, expected: bool) {
        assert_eq!(filter.admits(&light(1)), expected, "{filter:?}");
    }

    #[test]
    fn a_filter_looks_at_each_field() {
        let all = Filter::default;
        check(&all(), true);
        check(&Filter { q: Words::of("große zug"), ..all() }, true);
        check(&Filter { q: Words::of("klein"), ..all() }, false);
        check(&Filter { kinds: vec![TweetKind::Tweet, TweetKind::Reply], ..all() }, true);
        check(&Filter { kinds: vec![TweetKind::Tweet], ..all() }, false);
        check(&Filter { langs: vec!["de".to_owned()], ..all() }, false);
        check(&Filter { langs: vec!["de".to_owned(), "en".to_owned()], ..all() }, true);
        check(&Filter { promoted: Some(true), ..all() }, false);
        check(&Filter { promoted: Some(false), ..all() }, true);
        check(&Filter { from: Some(UnixMs(100)), to: Some(UnixMs(101)), ..all() }, true);
        check(&Filter { from: Some(UnixMs(101)), ..all() }, false);
        check(&Filter { to: Some(UnixMs(100)), ..all() }, false);
    }

    #[test]
    fn a_tweet_without_text_or_time_is_not_found_by_them() {
        let bare = Light { text: None, created: None, lang: None, ..light(1) };
        let all = Filter::default;
        assert!(all().admits(&bare));
        assert!(!Filter { q: Words::of("a"), ..all() }.admits(&bare));
        assert!(!Filter { from: Some(UnixMs(0)), ..all() }.admits(&bare));
        assert!(!Filter { langs: vec!["en".to_owned()], ..all() }.admits(&bare));
    }

    #[track_caller]
    fn sorts(text: &str, known: bool) {
        let sort = Sort::parse(text);
        assert_eq!(sort.is_some(), known, "{text}");
        if let Some(sort) = sort {
            assert_eq!(Sort::parse(&sort.text()), Some(sort));
        }
    }

    #[test]
    fn orders_are_read() {
        for text in ["created", "-created", "-after", "public.like_count"] {
            sorts(text, true);
        }
        sorts("-growth.organic.impression_count", true);
        for text in ["", "-", "likes", "growth.likes", "growth.", "--created"] {
            sorts(text, false);
        }
    }

    proptest! {
        #[test]
        fn pages_neither_repeat_nor_skip(
            values in prop::collection::vec(prop::option::of(-3_i64..4), 0..60),
            limit in 1_usize..9,
            descending: bool,
        ) {
            let sort = Sort { key: SortKey::Created, descending };
            let mut expected: Vec<(u64, Option<i64>)> = (1..).zip(values.iter().copied()).collect();
            expected.sort_by_key(|&(id, value)| {
                let turn = |n: i64| if descending { -n } else { n };
                (value.is_none(), value.map(turn), turn(id.cast_signed()))
            });
            let expected: Vec<u64> = expected.into_iter().map(|(id, _)| id).collect();
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let mut pager = Pager::new(sort.clone(), cursor.as_deref(), limit).unwrap();
                for (id, value) in (1..).zip(&values) {
                    pager.push(TweetId(id), *value);
                }
                let page = pager.finish();
                prop_assert!(page.ids.len() <= limit);
                found.extend(page.ids.iter().map(|id| id.0));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let mut pager = Pager::new(Sort::newest(), None, 1).unwrap();
        pager.push(TweetId(1), Some(1));
        pager.push(TweetId(2), Some(2));
        let cursor = pager.finish().next_cursor.unwrap();
        assert!(Pager::new(Sort::newest(), Some(&cursor), 1).is_ok());
        let other = Sort::parse("created").unwrap();
        assert!(Pager::new(other, Some(&cursor), 1).is_err());
        assert!(Pager::new(Sort::newest(), Some("%"), 1).is_err());
    }

    #[test]
    fn a_sparkline_covers_its_range() {
        let edges = spark_edges(UnixMs(0), UnixMs(100));
        assert_eq!((edges.len(), edges[1], edges[24]), (25, UnixMs(4), UnixMs(100)));
    }
}
