//! Filtering, sorting and paging rows while they stream by. Owns: the orders of the roster table,
//! its cursor, its search. Must not know: where rows come from. Invariant: one row more than a
//! page is held, whatever passes; the order is total (ties go by id), so that pages neither
//! repeat nor skip.

use crate::api::{Follower, List, LossState, Reason};
use crate::id::UserId;
use crate::text::fold::Words;
use crate::time::{DAY_MS, UnixMs};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When they were first seen following.
    Since,
    /// Their last event.
    Changed,
    /// The display name (the handle where there is none), whatever its case.
    Name,
    /// Their own followers.
    Followers,
    /// When they left.
    Left,
    /// The id, which is by age of the account.
    Id,
}

/// An order of rows. Rows without the key come last in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest or newest first.
    pub descending: bool,
}

impl Sort {
    /// Reads `since`, `-since` (descending) and so on.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.strip_prefix('-').unwrap_or(text);
        let key = match word {
            "since" => SortKey::Since,
            "changed" => SortKey::Changed,
            "name" => SortKey::Name,
            "followers" => SortKey::Followers,
            "left" => SortKey::Left,
            "id" => SortKey::Id,
            _ => return None,
        };
        Some(Self { key, descending: text.starts_with('-') })
    }

    /// The text [`Self::parse`] reads.
    pub fn as_str(self) -> &'static str {
        match (self.key, self.descending) {
            (SortKey::Since, false) => "since",
            (SortKey::Since, true) => "-since",
            (SortKey::Changed, false) => "changed",
            (SortKey::Changed, true) => "-changed",
            (SortKey::Name, false) => "name",
            (SortKey::Name, true) => "-name",
            (SortKey::Followers, false) => "followers",
            (SortKey::Followers, true) => "-followers",
            (SortKey::Left, false) => "left",
            (SortKey::Left, true) => "-left",
            (SortKey::Id, false) => "id",
            (SortKey::Id, true) => "-id",
        }
    }

    fn value(self, row: &Follower) -> Option<Value> {
        match self.key {
            SortKey::Since => row.since.map(|at| Value::At(at.0)),
            SortKey::Changed => row.last_change.map(|at| Value::At(at.0)),
            SortKey::Followers => row.followers.map(Value::Count),
            SortKey::Left => row.left.map(|left| Value::At(left.at.0)),
            SortKey::Id => Some(Value::Count(row.user.id.0)),
            SortKey::Name => [&row.user.name, &row.user.username]
                .into_iter()
                .find(|text| !text.is_empty())
                .map(|text| Value::Text(text.to_lowercase())),
        }
    }

    /// A value as [`Value`]'s text wrote it in a cursor of this order.
    fn read(self, text: String) -> Option<Value> {
        match self.key {
            SortKey::Since | SortKey::Changed | SortKey::Left => text.parse().ok().map(Value::At),
            SortKey::Followers | SortKey::Id => text.parse().ok().map(Value::Count),
            SortKey::Name => Some(Value::Text(text)),
        }
    }
}

/// What a row is compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    At(i64),
    Count(u64),
    Text(String),
}

/// A row's place in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rank {
    descending: bool,
    value: Option<Value>,
    id: UserId,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (&self.value, &other.value) {
            (Some(one), Some(two)) if self.descending => two.cmp(one),
            (Some(one), Some(two)) => one.cmp(two),
            (one, two) => one.is_none().cmp(&two.is_none()),
        };
        order.then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Rank {
    fn of(row: &Follower, sort: Sort) -> Self {
        Self { descending: sort.descending, value: sort.value(row), id: row.user.id }
    }

    /// The cursor that continues behind this place: order, value and id, as opaque text.
    fn cursor(&self, sort: Sort) -> String {
        let value = self.value.as_ref().map(|value| match value {
            Value::At(at) => at.to_string(),
            Value::Count(count) => count.to_string(),
            Value::Text(text) => text.clone(),
        });
        URL_SAFE_NO_PAD.encode(serde_json::json!([sort.as_str(), value, self.id]).to_string())
    }

    fn from_cursor(cursor: &str, sort: Sort) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (order, value, id): (String, Option<String>, UserId) =
            serde_json::from_slice(&bytes).ok()?;
        let value = match value {
            Some(text) => Some(sort.read(text)?),
            None => None,
        };
        (order == sort.as_str()).then_some(Self { descending: sort.descending, value, id })
    }
}

/// Why a cursor cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`cursor` is not one this list gave for the same `sort`: hand `next_cursor` back unchanged, \
     or leave it out to begin anew"
)]
pub struct BadCursor;

/// A held row; compared by its place alone.
struct Held {
    rank: Rank,
    row: Follower,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// Collects one page of an order from rows that come in any order.
pub struct Collector {
    sort: Sort,
    after: Option<Rank>,
    limit: usize,
    /// The first rows so far, the last of them on top.
    held: BinaryHeap<Held>,
}

impl Collector {
    /// Collects the first `limit` (at least 1) rows behind the cursor `after`.
    ///
    /// # Errors
    /// [`BadCursor`] if `after` is no cursor of this order.
    pub fn new(sort: Sort, after: Option<&str>, limit: usize) -> Result<Self, BadCursor> {
        let after = match after {
            Some(cursor) => Some(Rank::from_cursor(cursor, sort).ok_or(BadCursor)?),
            None => None,
        };
        Ok(Self { sort, after, limit: limit.max(1), held: BinaryHeap::new() })
    }

    /// Shows it one row.
    pub fn push(&mut self, row: Follower) {
        let rank = Rank::of(&row, self.sort);
        let full = self.held.len() > self.limit;
        let late = full && self.held.peek().is_some_and(|last| last.rank <= rank);
        if late || self.after.as_ref().is_some_and(|after| rank <= *after) {
            return;
        }
        self.held.push(Held { rank, row });
        if full {
            self.held.pop();
        }
    }

    /// The page.
    pub fn finish(self) -> List<Follower> {
        let mut held = self.held.into_sorted_vec();
        let more = held.len() > self.limit;
        held.truncate(self.limit);
        let next_cursor = held.last().filter(|_| more).map(|last| last.rank.cursor(self.sort));
        List { items: held.into_iter().map(|held| held.row).collect(), next_cursor }
    }
}

/// What a list is narrowed to, beside its filter. What is not known of somebody fits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// They left for this reason; a loss that was corrected has none.
    pub reason: Option<Reason>,
    /// The account follows them, or does not.
    pub mutual: Option<bool>,
    /// They have at least so many followers.
    pub followers_min: Option<u64>,
    /// They have at most so many followers.
    pub followers_max: Option<u64>,
    /// They hardly write, or they do: see [`inactive`].
    pub inactive: Option<bool>,
}

impl Narrow {
    /// Whether a row fits, now.
    pub fn admits(&self, row: &Follower, now: UnixMs) -> bool {
        let is = |wanted: Option<bool>, known: Option<bool>| wanted.is_none() || wanted == known;
        let reason = row.left.filter(|left| left.state != Some(LossState::Retracted));
        let reason = reason.map(|left| left.reason);
        (self.reason.is_none() || self.reason == reason)
            && is(self.mutual, row.mutual)
            && self.followers_min.is_none_or(|min| row.followers.is_some_and(|n| n >= min))
            && self.followers_max.is_none_or(|max| row.followers.is_some_and(|n| n <= max))
            && (self.inactive.is_none() || self.inactive == inactive(row, now))
    }
}

/// Whether somebody hardly writes: fewer posts than months (of 30 days) since they joined X. By
/// the profile as last read, which is what there is without paying X for more; `None` where X told
/// either not.
pub fn inactive(row: &Follower, now: UnixMs) -> Option<bool> {
    let months = now.since(row.joined?).max(0) / (30 * DAY_MS);
    Some(i64::try_from(row.posts?).is_ok_and(|posts| posts < months))
}

/// Whether each word of a search is in a row's name, handle, profile text or note.
pub fn matches(row: &Follower, words: &Words) -> bool {
    let texts = [Some(&row.user.name), row.description.as_ref(), row.note.as_ref()];
    words.within(&row.user.username, texts.into_iter().flatten().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Confidence, Departure, Person};
    use proptest::prelude::*;

    fn row(id: u64) -> Follower {
        let person =
            Person { id: UserId(id), username: String::new(), name: String::new(), avatar: None };
        Follower {
            user: person,
            followers: None,
            verified: None,
            protected: false,
            description: None,
            joined: None,
            since: None,
            last_change: None,
            posts: None,
            left: None,
            following: true,
            mutual: None,
            muted: false,
            note: None,
        }
    }

    fn page(rows: &[Follower], sort: &str, after: Option<&str>, limit: usize) -> List<Follower> {
        let mut collector = Collector::new(Sort::parse(sort).unwrap(), after, limit).unwrap();
        rows.iter().cloned().for_each(|row| collector.push(row));
        collector.finish()
    }

    fn ids(rows: &[Follower]) -> Vec<u64> {
        rows.iter().map(|row| row.user.id.0).collect()
    }

    #[track_caller]
    fn check(rows: &[Follower], sort: &str, expected: &[u64]) {
        assert_eq!(ids(&page(rows, sort, None, 100).items), expected, "{sort}");
    }

    #[test]
    fn every_order_has_its_text() {
        for word in ["since", "changed", "name", "followers", "id"] {
            for text in [word.to_owned(), format!("-{word}")] {
                assert_eq!(Sort::parse(&text).unwrap().as_str(), text);
            }
        }
        for text in ["", "-", "--id", "+id", "Id", "joined"] {
            assert_eq!(Sort::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rows_without_the_key_come_last_both_ways_and_ties_go_by_id() {
        let at = |id, at: i64| Follower { since: Some(UnixMs(at)), ..row(id) };
        let rows = [row(9), at(3, 5), at(2, 5), at(4, 7), row(1)];
        check(&rows, "since", &[2, 3, 4, 1, 9]);
        check(&rows, "-since", &[4, 2, 3, 1, 9]);
    }

    #[test]
    fn names_are_ordered_whatever_their_case() {
        let named = |id, name: &str, username: &str| {
            let person = Person { name: name.into(), username: username.into(), ..row(id).user };
            Follower { user: person, ..row(id) }
        };
        let rows = [named(1, "zoe", "a"), named(2, "Ada", "z"), named(3, "", "Bob"), row(4)];
        check(&rows, "name", &[2, 3, 1, 4]);
        check(&rows, "-name", &[1, 3, 2, 4]);
    }

    #[test]
    fn the_other_orders_read_their_fields() {
        let rows = [
            Follower { followers: Some(10), last_change: Some(UnixMs(1)), ..row(1) },
            Follower { followers: Some(9), last_change: Some(UnixMs(2)), ..row(2) },
        ];
        check(&rows, "followers", &[2, 1]);
        check(&rows, "-changed", &[2, 1]);
        check(&rows, "-id", &[2, 1]);
    }

    #[test]
    fn a_cursor_of_another_order_or_none_at_all_is_refused() {
        let rows = [row(1), row(2)];
        let cursor = page(&rows, "id", None, 1).next_cursor.unwrap();
        for (sort, cursor) in [("-id", cursor.as_str()), ("id", "x"), ("id", ""), ("id", "e30")] {
            let refused = Collector::new(Sort::parse(sort).unwrap(), Some(cursor), 1);
            assert_eq!(refused.err(), Some(BadCursor), "{sort} {cursor}");
        }
    }

    #[test]
    fn a_limit_of_everything_holds_everything() {
        let rows: Vec<_> = (0..50).map(row).collect();
        let all = page(&rows, "-id", None, usize::MAX - 1);
        assert_eq!((all.items.len(), all.next_cursor), (50, None));
    }

    fn left(reason: Reason, state: LossState) -> Departure {
        let confidence = Confidence::Certain;
        Departure { at: UnixMs(9), not_before: None, state: Some(state), reason, confidence }
    }

    #[track_caller]
    fn check_narrow(narrow: Narrow, row: &Follower, expected: bool) {
        let now = UnixMs(3_600 * DAY_MS);
        assert_eq!(narrow.admits(row, now), expected, "{narrow:?} {row:?}");
    }

    #[test]
    fn a_list_is_narrowed_by_what_is_known() {
        let unknown = row(1);
        let known = Follower {
            followers: Some(1_000),
            mutual: Some(false),
            joined: Some(UnixMs(0)),
            posts: Some(119),
            left: Some(left(Reason::Suspended, LossState::Confirmed)),
            ..row(2)
        };
        let all = Narrow::default;
        check_narrow(all(), &unknown, true);
        for (narrow, fits) in [
            (Narrow { reason: Some(Reason::Suspended), ..all() }, true),
            (Narrow { reason: Some(Reason::Unfollowed), ..all() }, false),
            (Narrow { mutual: Some(false), ..all() }, true),
            (Narrow { mutual: Some(true), ..all() }, false),
            (Narrow { followers_min: Some(1_000), ..all() }, true),
            (Narrow { followers_min: Some(1_001), ..all() }, false),
            (Narrow { followers_max: Some(1_000), ..all() }, true),
            (Narrow { followers_max: Some(999), ..all() }, false),
            // 120 months, 119 posts.
            (Narrow { inactive: Some(true), ..all() }, true),
            (Narrow { inactive: Some(false), ..all() }, false),
        ] {
            check_narrow(narrow, &known, fits);
            check_narrow(narrow, &unknown, false);
        }
        let busy = Follower { posts: Some(120), ..known.clone() };
        check_narrow(Narrow { inactive: Some(true), ..all() }, &busy, false);
        let taken_back =
            Follower { left: Some(left(Reason::Suspended, LossState::Retracted)), ..known };
        check_narrow(Narrow { reason: Some(Reason::Suspended), ..all() }, &taken_back, false);
    }

    #[test]
    fn who_left_last_comes_first() {
        let at = |id, at| Follower {
            left: Some(Departure { at: UnixMs(at), ..left(Reason::Gone, LossState::Suspected) }),
            ..row(id)
        };
        let found = page(&[at(1, 5), row(2), at(3, 7)], "-left", None, 9);
        let ids: Vec<u64> = found.items.iter().map(|row| row.user.id.0).collect();
        assert_eq!(ids, [3, 1, 2]);
    }

    #[track_caller]
    fn check_match(q: &str, expected: bool) {
        let person =
            Person { name: "Ünal Ödegård".into(), username: "Unal_O".into(), ..row(1).user };
        let row = Follower {
            user: person,
            description: Some("Rust & tea".into()),
            note: Some("met in ÅRHUS".into()),
            ..row(1)
        };
        assert_eq!(matches(&row, &Words::of(q).unwrap()), expected, "{q}");
    }

    #[test]
    fn search_looks_into_name_handle_text_and_note() {
        for q in ["ünal", "odegard UNAL", "unal_o", "@UNAL", "rust & t", "århus", " tea unal"] {
            check_match(q, true);
        }
        for q in ["unal x", "@rust", "@ünal tee", "coffee"] {
            check_match(q, false);
        }
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_order(
            keys in prop::collection::vec(prop::option::of(0_u64..5), 0..40),
            limit in 1_usize..7,
            descending in any::<bool>(),
        ) {
            let rows: Vec<_> = keys
                .iter()
                .enumerate()
                .map(|(id, key)| Follower { followers: *key, ..row(id as u64 * 7 % 41) })
                .collect();
            let sort = if descending { "-followers" } else { "followers" };
            let whole = page(&rows, sort, None, 1_000);
            prop_assert_eq!(whole.items.len(), rows.len());
            let (mut paged, mut cursor) = (Vec::new(), None);
            loop {
                let next = page(&rows, sort, cursor.as_deref(), limit);
                prop_assert!(next.items.len() <= limit);
                paged.extend(next.items);
                cursor = next.next_cursor;
                if cursor.is_none() { break }
            }
            prop_assert_eq!(ids(&paged), ids(&whole.items));
        }
    }
}
