//! Spending, as Control keeps it: the whole book is one small JSON row, read and written whole.

use super::Control;
use crate::fault::Result;
use shared::budget::Book;

impl Control {
    pub(super) fn book(&self) -> Result<Book> {
        Ok(self.meta("book")?.unwrap_or_default())
    }

    /// Changes the book and writes it before anyone learns the outcome.
    pub(super) fn with_book<T>(&self, change: impl FnOnce(&mut Book) -> T) -> Result<T> {
        let mut book = self.book()?;
        let outcome = change(&mut book);
        self.put_meta("book", &book)?;
        Ok(outcome)
    }
}
