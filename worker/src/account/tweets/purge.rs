//! What X had deleted: its words go out of every answer at once, and out of the files soon after.
//! Owns: the list of such tweets, and rewriting files without them. Invariant: from the instant a
//! deletion is known no answer has its words (the list is applied to all that is read); a file is
//! rewritten whole or stays, and doing it again changes nothing.

use crate::account::Account;
use crate::fault::Result;
use crate::sql::values;

impl Account {
    /// Whether any file is still to be rewritten.
    pub(super) fn has_purges(&self) -> Result<bool> {
        Ok(self.sql.first("SELECT 1 FROM purge LIMIT 1", values![])?.is_some())
    }
}
