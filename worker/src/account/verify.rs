//! Looking up those who left.

use crate::fault::Result;
use crate::sql::Sql;

/// Why nobody is looked up just now, in words for the owner; empty: looks go on.
#[allow(clippy::unnecessary_wraps, reason = "reads settings soon")]
pub(super) fn why_not(_sql: &Sql) -> Result<String> {
    Ok(String::new())
}
