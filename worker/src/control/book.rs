//! Spending, as Control keeps it: the whole book is one small JSON row, read and written whole.

use super::Control;
use crate::fault::Result;
use crate::rpc::Money;
use shared::budget::{Ask, Book};
use shared::time::UnixMs;

impl Control {
    pub(super) fn book(&self) -> Result<Book> {
        Ok(self.meta("book")?.unwrap_or_default())
    }

    pub(super) fn money(&self, ask: &Ask, now: UnixMs) -> Result<Money> {
        let book = self.book()?;
        Ok(Money { spent: book.spent(ask.account, now), room: book.room(ask, now) })
    }

    /// Changes the book and writes it before anyone learns the outcome.
    pub(super) fn with_book<T>(&self, change: impl FnOnce(&mut Book) -> T) -> Result<T> {
        let mut book = self.book()?;
        let outcome = change(&mut book);
        self.put_meta("book", &book)?;
        Ok(outcome)
    }
}
