//! A long table, page by page. Owns: the rows loaded so far, which of them stand in the
//! window, and when the next page is due. Must not know: what a row is, or how pages come.
//! Invariant: at most one page is on its way, and rows of an earlier question never mix with
//! those of a later one.

use crate::fetching::Failure;

/// Rows in front of and behind the window that are drawn too, so that a quick scroll meets
/// rows and not emptiness.
const OVERSCAN_ROWS: usize = 12;

/// The next page is asked for when fewer rows than this remain below the window.
const AHEAD_ROWS: usize = 60;

/// A table being loaded.
#[derive(Clone, Debug)]
pub(crate) struct Pages<T> {
    turn: u64,
    pub(crate) rows: Vec<T>,
    next: Next,
    pub(crate) failure: Option<Failure>,
    /// Rows of the question before stay, dimmed, until the first page of this one is here.
    pub(crate) stale: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// A page is on its way.
    Asked,
    /// This cursor is next; `None` is the first page.
    Cursor(Option<String>),
    End,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { turn: 0, rows: Vec::new(), next: Next::Cursor(None), failure: None, stale: false }
    }
}

/// A page to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Hand it back with the answer.
    pub(crate) turn: u64,
    pub(crate) cursor: Option<String>,
}

impl<T> Pages<T> {
    /// Begins anew: another search, filter, order or account.
    pub(crate) fn restart(&mut self) -> Ask {
        self.turn += 1;
        self.next = Next::Asked;
        self.failure = None;
        self.stale = true;
        Ask { turn: self.turn, cursor: None }
    }

    /// Whether rows are here.
    pub(crate) fn is_begun(&self) -> bool {
        !self.rows.is_empty() && !self.stale
    }

    /// Drops every row; an answer that is still on its way changes nothing.
    pub(crate) fn forget(&mut self) {
        *self = Self { turn: self.turn + 1, ..Self::default() };
    }

    /// The next page, if one is due for a window that ends before row `last`.
    pub(crate) fn due(&mut self, last: usize) -> Option<Ask> {
        if self.failure.is_some() || last + AHEAD_ROWS < self.rows.len() {
            return None;
        }
        self.go_on()
    }

    /// The next page, window or not (after a failure, or by button).
    pub(crate) fn go_on(&mut self) -> Option<Ask> {
        let Next::Cursor(cursor) = &self.next else { return None };
        let ask = Ask { turn: self.turn, cursor: cursor.clone() };
        self.next = Next::Asked;
        self.failure = None;
        Some(ask)
    }

    /// A page has come.
    pub(crate) fn add(&mut self, turn: u64, items: Vec<T>, next_cursor: Option<String>) {
        if turn != self.turn {
            return;
        }
        if self.stale {
            self.rows.clear();
            self.stale = false;
        }
        self.rows.extend(items);
        self.next = next_cursor.map_or(Next::End, |cursor| Next::Cursor(Some(cursor)));
    }

    /// A page has failed; `ask` will be due again when [`Pages::go_on`] is called.
    pub(crate) fn fail(&mut self, ask: Ask, failure: Failure) {
        if ask.turn == self.turn {
            if ask.cursor.is_none() {
                self.rows.clear();
                self.stale = false;
            }
            self.failure = Some(failure);
            self.next = Next::Cursor(ask.cursor);
        }
    }

    /// Whether every row is here.
    pub(crate) fn complete(&self) -> bool {
        self.next == Next::End
    }

    /// Whether a page is on its way.
    pub(crate) fn waiting(&self) -> bool {
        self.next == Next::Asked
    }
}

/// Which rows to draw: from `first` to before `last`, with the heights left out around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) above_px: usize,
    pub(crate) below_px: usize,
}

/// The window of a table of `rows` rows of `row_px` each, of which `scrolled_px` are above the
/// screen's edge and `height_px` on it.
pub(crate) fn window(rows: usize, row_px: usize, scrolled_px: usize, height_px: usize) -> Window {
    let row_px = row_px.max(1);
    let first = (scrolled_px / row_px).saturating_sub(OVERSCAN_ROWS).min(rows);
    let last = ((scrolled_px + height_px).div_ceil(row_px) + OVERSCAN_ROWS).min(rows);
    // Even rows stay even: stripes and the screen reader's row numbers do not jump.
    let first = first - first % 2;
    Window { first, last, above_px: first * row_px, below_px: (rows - last) * row_px }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure { status: None, title: String::new(), detail: String::new(), request_id: None }
    }

    fn text(cursor: &str) -> String {
        cursor.to_owned()
    }

    #[test]
    fn pages_follow_one_another() {
        let mut pages = Pages::default();
        let ask = pages.restart();
        assert_eq!(pages.due(0), None, "one page at a time");
        pages.add(ask.turn, vec![1, 2], Some(text("b")));
        let ask = pages.due(0).unwrap();
        assert_eq!(ask.cursor, Some(text("b")));
        pages.add(ask.turn, vec![3], None);
        assert_eq!((pages.rows.clone(), pages.complete()), (vec![1, 2, 3], true));
        assert_eq!(pages.due(3), None);
    }

    #[test]
    fn a_page_is_due_only_near_the_end() {
        let mut pages = Pages::default();
        let ask = pages.restart();
        pages.add(ask.turn, vec![0; 200], Some(text("b")));
        assert_eq!(pages.due(100), None);
        assert!(pages.due(150).is_some());
    }

    #[test]
    fn rows_of_an_earlier_question_never_mix() {
        let mut pages = Pages::default();
        let early = pages.restart();
        let late = pages.restart();
        pages.add(early.turn, vec![1], None);
        assert!(pages.rows.is_empty());
        pages.add(late.turn, vec![2], None);
        assert_eq!(pages.rows, vec![2]);
    }

    #[test]
    fn old_rows_stay_until_new_ones_come() {
        let mut pages = Pages::default();
        let ask = pages.restart();
        pages.add(ask.turn, vec![1], None);
        let ask = pages.restart();
        assert_eq!((pages.rows.clone(), pages.stale), (vec![1], true));
        pages.add(ask.turn, vec![], None);
        assert!(pages.rows.is_empty() && !pages.stale);
    }

    #[test]
    fn a_failed_page_is_asked_for_again_by_hand_only() {
        let mut pages = Pages::default();
        let ask = pages.restart();
        pages.add(ask.turn, vec![1], Some(text("b")));
        let ask = pages.due(1).unwrap();
        pages.fail(ask.clone(), failure());
        assert_eq!(pages.due(1), None);
        assert_eq!((pages.rows.clone(), pages.go_on()), (vec![1], Some(ask)));
    }

    #[track_caller]
    fn check(rows: usize, scrolled_px: usize, expected: (usize, usize)) {
        let window = window(rows, 40, scrolled_px, 800);
        assert_eq!((window.first, window.last), expected);
        let drawn = (window.last - window.first) * 40;
        assert_eq!(window.above_px + drawn + window.below_px, rows * 40);
    }

    #[test]
    fn the_window_holds_what_is_on_screen_and_some_more() {
        check(0, 0, (0, 0));
        check(5, 0, (0, 5));
        check(10_000, 0, (0, 32));
        check(10_000, 4_000, (88, 132));
        check(10_000, 400_000, (9_988, 10_000));
        check(100, 400_000, (100, 100));
    }
}
