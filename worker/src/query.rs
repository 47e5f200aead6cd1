//! Reading query parameters and cutting pages. Owns: the errors of ill-formed parameters.
//! Invariant: a value that cannot be read is a 400 naming it, never a default.

use crate::fault::{Fault, Result};
use shared::api::List;
use shared::time::UnixMs;
use shared::tz;
use std::collections::BTreeMap;

/// Twelve digits of a time, and six or more that are random: ids of runs and of messages.
const ID_MIN: usize = 18;

/// The parameters of a request, each known to its route.
pub(crate) type Query = BTreeMap<&'static str, String>;

/// `limit`: 1 to 1000, default 100.
pub(crate) fn limit(query: &Query) -> Result<usize> {
    let Some(text) = query.get("limit") else { return Ok(100) };
    match text.parse() {
        Ok(limit @ 1..=1000) => Ok(limit),
        _ => Err(Fault::bad(format!("`limit={text}`: a number from 1 to 1000 is expected"))),
    }
}

/// An instant.
pub(crate) fn instant(query: &Query, name: &str) -> Result<Option<UnixMs>> {
    let Some(text) = query.get(name) else { return Ok(None) };
    UnixMs::parse(text).map(Some).ok_or_else(|| {
        Fault::bad(format!(
            "`{name}={text}`: an RFC 3339 time like 2026-01-31T00:00:00Z is expected"
        ))
    })
}

/// `from` and `to`, in order and within the years there can be data of.
pub(crate) fn range(query: &Query) -> Result<(Option<UnixMs>, Option<UnixMs>)> {
    let (from, to) = (instant(query, "from")?, instant(query, "to")?);
    tz::check_range(from, to).map_err(Fault::bad)?;
    Ok((from, to))
}

/// `true` or `false`.
pub(crate) fn flag(query: &Query, name: &str) -> Result<Option<bool>> {
    word(query, name, |text| text.parse().ok(), "true and false")
}

/// A word of a list, read by `read`.
pub(crate) fn word<T>(
    query: &Query,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Option<T>> {
    let Some(text) = query.get(name) else { return Ok(None) };
    read(text)
        .map(Some)
        .ok_or_else(|| Fault::bad(format!("`{name}={text}`: one of {known} is expected")))
}

/// A cursor that a list cannot have given.
pub(crate) fn bad_cursor() -> Fault {
    Fault::bad(
        "`cursor` is not one this list gave: hand `next_cursor` back unchanged, or leave it out to \
         begin anew",
    )
}

/// The cursor of a list in the order of its ids, which are hexadecimal digits from a time on.
pub(crate) fn id_cursor(query: &Query) -> Result<Option<&str>> {
    let Some(text) = query.get("cursor") else { return Ok(None) };
    if text.len() < ID_MIN || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad_cursor());
    }
    Ok(Some(text))
}

/// Cuts `limit + 1` found items to a page.
pub(crate) fn page<T>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> List<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    List { items, next_cursor }
}
