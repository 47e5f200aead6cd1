//! Pages of an account's lists: newest follow first, from a cursor.
//!
//! Knows the roster, no HTTP. Invariant: while time stands still, the pages of a walk hold everyone
//! on the list exactly once.

use crate::relations::{FOLLOWED_FIRST_WITHIN_S, Relation};
use crate::token::Cursor;
use crate::world::Roster;

/// One page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Indices, newest follow first.
    pub(crate) users: Vec<u32>,
    pub(crate) next: Option<Cursor>,
    pub(crate) previous: Option<Cursor>,
}

impl Cursor {
    fn is_top(self) -> bool {
        self == Self::Top
    }
}

/// A list as it is at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) relation: Relation,
    pub(crate) at_s: i64,
}

impl List<'_> {
    fn holds(self, index: u32) -> bool {
        self.relation.holds(self.roster, index, self.at_s)
    }

    /// Above everybody who can be on the list.
    fn end(self) -> u32 {
        let ahead_s = match self.relation {
            Relation::Following => FOLLOWED_FIRST_WITHIN_S,
            Relation::Followers | Relation::Blocking | Relation::Muting => 0,
        };
        self.roster.arrived_by(self.at_s + ahead_s)
    }

    /// Up to `limit` of those on the list with an index below `below`, newest first.
    fn older(self, below: u32, limit: usize) -> Vec<u32> {
        (0..below).rev().filter(|&i| self.holds(i)).take(limit).collect()
    }

    /// Up to `limit` of those on the list from the index `from` upwards, the newest first.
    fn newer(self, from: u32, limit: usize) -> Vec<u32> {
        let mut users: Vec<u32> =
            (from..self.end()).filter(|&i| self.holds(i)).take(limit).collect();
        users.reverse();
        users
    }

    /// The page at `cursor`, with at most `limit` users.
    pub(crate) fn page(self, cursor: Cursor, limit: usize) -> Page {
        let users = match cursor {
            Cursor::Top => self.older(self.end(), limit),
            Cursor::Below(index) => self.older(index.min(self.end()), limit),
            Cursor::From(index) => self.newer(index, limit),
        };
        let next = users.last().copied().filter(|&last| !self.older(last, 1).is_empty());
        let previous = users.first().filter(|_| !cursor.is_top()).map(|first| first + 1);
        Page { users, next: next.map(Cursor::Below), previous: previous.map(Cursor::From) }
    }

    /// The page that begins `by` users further down the list than `cursor`, or further up when
    /// `by` is negative: the fault of a list that moved under its reader.
    pub(crate) fn shifted(self, cursor: Cursor, limit: usize, by: i64) -> Page {
        let start = self.page(cursor, limit);
        let distance = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
        let Some(&first) = start.users.first() else { return start };
        let begin = if by >= 0 {
            // One user more: the page starts at the last of those. There may be too few.
            let skipped = self.older(first + 1, distance.saturating_add(1));
            skipped.get(distance).copied()
        } else {
            self.newer(first, distance.saturating_add(1)).first().copied()
        };
        let Some(begin) = begin else { return Page::default() };
        let page = self.page(Cursor::Below(begin + 1), limit);
        Page { previous: page.previous.filter(|_| !cursor.is_top()), ..page }
    }

    /// The users of the page before `cursor`, with the next token of the page at `cursor`; `None`
    /// when there is no page before.
    pub(crate) fn repeated(self, cursor: Cursor, limit: usize) -> Option<Page> {
        let Cursor::Below(index) = cursor else { return None };
        let users = self.newer(index, limit);
        (!users.is_empty()).then(|| Page { users, ..self.page(cursor, limit) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::DAY_S;

    const START_S: i64 = 1_790_000_123;

    fn at(roster: &Roster, at_s: i64) -> List<'_> {
        List { roster, relation: Relation::Followers, at_s }
    }

    fn page(roster: &Roster, at_s: i64, cursor: Cursor, limit: usize) -> Page {
        at(roster, at_s).page(cursor, limit)
    }

    fn walk(roster: &Roster, at_s: i64, limit: usize) -> Vec<u32> {
        let (mut all, mut cursor) = (Vec::new(), Cursor::Top);
        loop {
            let page = page(roster, at_s, cursor, limit);
            all.extend(page.users);
            match page.next {
                Some(next) => cursor = next,
                None => return all,
            }
        }
    }

    #[test]
    fn a_walk_holds_everyone_once_newest_first() {
        let roster = Roster::new(1, 730, START_S);
        let mut expected: Vec<u32> =
            (0..roster.capacity()).filter(|&i| roster.present(i, START_S)).collect();
        expected.reverse();
        for limit in [1, 73, 100, 730, 1_000] {
            assert_eq!(walk(&roster, START_S, limit), expected, "limit {limit}");
        }
    }

    #[test]
    fn the_last_page_has_no_next_even_when_it_is_full() {
        let roster = Roster::new(1, 200, START_S);
        let first = page(&roster, START_S, Cursor::Top, 100);
        let second = page(&roster, START_S, first.next.unwrap(), 100);
        assert_eq!((second.users.len(), second.next), (100, None));
    }

    #[test]
    fn the_previous_page_is_the_one_before() {
        let roster = Roster::new(2, 300, START_S);
        let first = page(&roster, START_S, Cursor::Top, 100);
        let second = page(&roster, START_S, first.next.unwrap(), 100);
        let back = page(&roster, START_S, second.previous.unwrap(), 100);
        assert_eq!((first.previous, &back.users, back.next), (None, &first.users, first.next));
    }

    #[test]
    fn follows_above_the_cursor_do_not_shift_the_page() {
        let roster = Roster::new(3, 500, START_S);
        let first = page(&roster, START_S, Cursor::Top, 100);
        let later_s = START_S + 20 * DAY_S;
        let still: Vec<u32> = page(&roster, START_S, first.next.unwrap(), 300).users;
        let then = page(&roster, later_s, first.next.unwrap(), 300).users;
        assert!(page(&roster, later_s, Cursor::Top, 1).users > first.users);
        let expected: Vec<u32> = still.into_iter().filter(|i| then.contains(i)).collect();
        let known: Vec<u32> = then.iter().copied().filter(|i| expected.contains(i)).collect();
        assert_eq!(known, expected);
        assert!(then.iter().all(|i| i < first.users.last().unwrap()));
    }

    #[test]
    fn a_shift_skips_or_repeats_that_many() {
        let roster = Roster::new(4, 400, START_S);
        let all = walk(&roster, START_S, 1_000);
        let cursor = page(&roster, START_S, Cursor::Top, 100).next.unwrap();
        for (by, begin) in [(25, 125), (-25, 75), (-500, 0), (0, 100)] {
            let page = at(&roster, START_S).shifted(cursor, 100, by);
            assert_eq!(page.users, all[begin..begin + 100], "by {by}");
        }
        assert_eq!(at(&roster, START_S).shifted(Cursor::Top, 100, 25).users, all[25..125]);
        assert_eq!(at(&roster, START_S).shifted(cursor, 100, 300), Page::default());
    }

    #[test]
    fn a_repeated_page_goes_on_where_it_should() {
        let roster = Roster::new(5, 400, START_S);
        let first = page(&roster, START_S, Cursor::Top, 100);
        let cursor = first.next.unwrap();
        let repeated = at(&roster, START_S).repeated(cursor, 100).unwrap();
        assert_eq!(repeated.users, first.users);
        assert_eq!(repeated.next, page(&roster, START_S, cursor, 100).next);
        assert_eq!(at(&roster, START_S).repeated(Cursor::Top, 100), None);
    }

    #[test]
    fn the_other_lists_are_walked_alike() {
        let roster = Roster::new(6, 900, START_S);
        for relation in [Relation::Following, Relation::Blocking] {
            let list = List { roster: &roster, relation, at_s: START_S };
            let mut expected: Vec<u32> =
                (0..roster.capacity()).filter(|&i| relation.holds(&roster, i, START_S)).collect();
            expected.reverse();
            let (mut walked, mut cursor) = (Vec::new(), Cursor::Top);
            loop {
                let page = list.page(cursor, 7);
                walked.extend(page.users);
                match page.next {
                    Some(next) => cursor = next,
                    None => break,
                }
            }
            assert!(walked.len() > 3, "{relation:?}");
            assert_eq!(walked, expected, "{relation:?}");
        }
    }
}
