//! The list of follower events, derived from the accepted snapshots. Owns: what a change
//! between two lists means. Must not know: how lists or changes are stored.
//!
//! Accepted snapshots in order of time are S(0), S(1), …; interval k is the way from S(k-1) to
//! S(k), and its raw changes are the set difference of the two, and renames. Raw changes are
//! facts; what is *shown* follows from all of them:
//! - a loss in interval k is retracted if S(k+1) lists the person, confirmed if S(k+1) does
//!   not, suspected while there is no S(k+1); a suspected loss is withheld (not shown) if S(k)
//!   is [doubtful](Timeline::doubtful);
//! - coming in interval k is not shown if it retracts a loss of interval k-1, is `returned` if
//!   the person was ever lost before, else `followed`;
//! - the first snapshot makes no events.
//!
//! Invariant: what is shown depends on the accepted snapshots alone, not on the order in which
//! they arrived or how often; for one person raw changes alternate between came and left, or
//! [`Failure::Contradiction`] stops everything with nothing written.

mod store;
#[cfg(test)]
mod tests;
mod timeline;

pub use store::{Change, Dir, Memory, Shown, Store};
pub use timeline::{Mark, Timeline};

use crate::api::{EventKind, LossState};
use crate::handles::Handles;
use crate::id::UserId;
use crate::roster::{Roster, Side, merge};
use crate::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};

/// The raw difference of two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Only in the later one, ascending.
    pub came: Vec<UserId>,
    /// Only in the earlier one, ascending.
    pub left: Vec<UserId>,
    /// In both under different handles: who, from, to.
    pub renamed: Vec<(UserId, String, String)>,
}

/// What an [`apply`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Shown as followed or returned in the intervals given.
    pub gained: u64,
    /// Shown as lost in the intervals given, and not retracted.
    pub lost: u64,
    /// Of those gained: after a loss.
    pub returned: u64,
    /// Renames in the intervals given.
    pub renamed: u64,
    /// Losses of any interval that became retracted.
    pub retracted: u64,
    /// Losses of any interval that became confirmed.
    pub confirmed: u64,
}

/// The ledger contradicts itself: stored state is damaged, and going on would make it worse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "user {user} {} in the interval ending {at} while {}; run `replay` to derive the ledger anew",
    if *.dir == Dir::Came { "came" } else { "left" },
    if *.dir == Dir::Came { "already following" } else { "not following" }
)]
pub struct Contradiction {
    /// Whose changes do not alternate.
    pub user: UserId,
    /// In which interval.
    pub at: UnixMs,
    /// The change that cannot be.
    pub dir: Dir,
}

/// Why nothing, or not everything, was applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure<E> {
    /// Nothing was written.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The store failed; what it had written is for its transaction to undo.
    #[error("{0}")]
    Store(E),
}

/// The raw difference of two lists; handles, where both are known, tell renames.
pub fn diff(
    prev: &Roster,
    next: &Roster,
    prev_handles: Option<&Handles>,
    next_handles: Option<&Handles>,
) -> Raw {
    let mut raw = Raw::default();
    let mut handles = prev_handles.zip(next_handles).map(|(p, n)| (p.cursor(), n.cursor()));
    merge(prev, next, |side| match side {
        Side::Came { id, .. } => raw.came.push(id),
        Side::Left { id, .. } => raw.left.push(id),
        Side::Both { id, prev, next } => {
            if let Some((before, after)) = handles.as_mut()
                && let (Some(from), Some(to)) = (before.at(prev), after.at(next))
                && !from.is_empty()
                && !to.is_empty()
                && from != to
            {
                raw.renamed.push((id, from.to_owned(), to.to_owned()));
            }
        }
    });
    raw
}

/// Puts re-diffed intervals into the store and shows everyone concerned anew.
///
/// `timeline` is that after the change. `fresh` holds the intervals whose ends changed: that of
/// a new or replaced snapshot, and the one after it. `gone` names intervals that no longer end
/// at an accepted snapshot. The interval of the first snapshot has no changes, whatever is given.
///
/// # Errors
/// [`Failure::Contradiction`] before anything is written; [`Failure::Store`] as the store says.
pub fn apply<S: Store>(
    store: &mut S,
    timeline: &Timeline,
    fresh: Vec<(UnixMs, Raw)>,
    gone: &[UnixMs],
) -> Result<Counts, Failure<S::Error>> {
    let mut fresh: BTreeMap<UnixMs, Vec<Change>> =
        fresh.into_iter().map(|(at, raw)| (at, rows(timeline, at, raw))).collect();
    fresh.extend(gone.iter().map(|&at| (at, Vec::new())));
    let mut counts = Counts::default();
    let mut reshown = Vec::new();
    for user in concerned(store, timeline, &fresh).map_err(Failure::Store)? {
        let chain = store.chain(user).map_err(Failure::Store)?;
        let mut chain: Vec<Change> =
            chain.into_iter().filter(|change| !fresh.contains_key(&change.at)).collect();
        let before = chain.clone();
        chain.extend(fresh.values().flat_map(|rows| of(rows, user)).cloned());
        chain.sort_by_key(|change| change.at);
        show(timeline, &mut chain)?;
        for change in chain {
            if let Some(rows) = fresh.get_mut(&change.at) {
                put(rows, &change);
            } else if before.iter().any(|b| b.at == change.at && b.shown != change.shown) {
                reshown.push(change);
            }
        }
    }
    tally(store, &fresh, &reshown, &mut counts).map_err(Failure::Store)?;
    for (at, rows) in fresh {
        store.replace(at, rows).map_err(Failure::Store)?;
    }
    for Change { at, user, dir, shown, .. } in reshown {
        store.show(at, user, dir, shown).map_err(Failure::Store)?;
    }
    Ok(counts)
}

/// An interval's raw changes as rows, sorted for [`of`]; renames are shown as they are.
fn rows(timeline: &Timeline, at: UnixMs, raw: Raw) -> Vec<Change> {
    let Some(not_before) = timeline.before(at) else { return Vec::new() };
    let plain = |user, dir| Change { at, not_before, user, dir, shown: None, from: None, to: None };
    let came = raw.came.into_iter().map(|user| plain(user, Dir::Came));
    let left = raw.left.into_iter().map(|user| plain(user, Dir::Left));
    let renamed = raw.renamed.into_iter().map(|(user, from, to)| Change {
        shown: Some(Shown { kind: EventKind::Renamed, state: None }),
        from: Some(from),
        to: Some(to),
        ..plain(user, Dir::Renamed)
    });
    let mut rows: Vec<Change> = came.chain(left).chain(renamed).collect();
    rows.sort_by_key(|row| (row.user, row.dir));
    rows
}

/// One person's rows of an interval, but for renames.
fn of(rows: &[Change], user: UserId) -> impl Iterator<Item = &Change> {
    let from = rows.partition_point(|row| row.user < user);
    rows.iter()
        .skip(from)
        .take_while(move |row| row.user == user)
        .filter(|row| row.dir != Dir::Renamed)
}

fn put(rows: &mut [Change], change: &Change) {
    let at = rows.partition_point(|row| (row.user, row.dir) < (change.user, change.dir));
    if let Some(row) = rows.get_mut(at) {
        row.shown = change.shown;
    }
}

/// Everyone whose shown changes may differ afterwards: those of the intervals replaced, before
/// and after; those lost in the interval before each, whose loss is now settled or unsettled;
/// and those lost in the last, whose list may be doubtful now.
fn concerned<S: Store>(
    store: &S,
    timeline: &Timeline,
    fresh: &BTreeMap<UnixMs, Vec<Change>>,
) -> Result<BTreeSet<UserId>, S::Error> {
    let moved = |change: &Change| (change.dir != Dir::Renamed).then_some(change.user);
    let mut users: BTreeSet<UserId> = fresh.values().flatten().filter_map(moved).collect();
    for &at in fresh.keys() {
        users.extend(store.interval(at)?.iter().filter_map(moved));
    }
    let before = fresh.keys().filter_map(|&at| timeline.before(at));
    for at in before.chain(timeline.last()).collect::<BTreeSet<_>>() {
        if !fresh.contains_key(&at) {
            let rows = store.interval(at)?;
            users.extend(rows.iter().filter(|row| row.dir == Dir::Left).map(|row| row.user));
        }
    }
    Ok(users)
}

/// Works out what is shown of one person's changes, oldest first.
fn show(timeline: &Timeline, chain: &mut [Change]) -> Result<(), Contradiction> {
    let mut came: Vec<UnixMs> = Vec::new();
    let mut before: Option<&Change> = None;
    for change in &*chain {
        // Both ways in one interval is no more possible than one way twice.
        if before.is_some_and(|before| before.dir == change.dir || before.at == change.at) {
            return Err(Contradiction { user: change.user, at: change.at, dir: change.dir });
        }
        before = Some(change);
        if change.dir == Dir::Came {
            came.push(change.at);
        }
    }
    let mut lost: Option<UnixMs> = None;
    for change in chain {
        let next = timeline.after(change.at);
        change.shown = if change.dir == Dir::Left {
            lost = Some(change.at);
            let state = match next {
                None => LossState::Suspected,
                Some(next) if came.binary_search(&next).is_ok() => LossState::Retracted,
                Some(_) => LossState::Confirmed,
            };
            let withheld = state == LossState::Suspected && timeline.doubtful(change.at);
            (!withheld).then_some(Shown { kind: EventKind::Lost, state: Some(state) })
        } else {
            match lost {
                Some(at) if timeline.before(change.at) == Some(at) => None,
                Some(_) => Some(Shown { kind: EventKind::Returned, state: None }),
                None => Some(Shown { kind: EventKind::Followed, state: None }),
            }
        };
    }
    Ok(())
}

fn tally<S: Store>(
    store: &S,
    fresh: &BTreeMap<UnixMs, Vec<Change>>,
    reshown: &[Change],
    counts: &mut Counts,
) -> Result<(), S::Error> {
    for (&at, rows) in fresh {
        for shown in rows.iter().filter_map(|row| row.shown) {
            match (shown.kind, shown.state) {
                (EventKind::Followed, _) => counts.gained += 1,
                (EventKind::Returned, _) => {
                    counts.gained += 1;
                    counts.returned += 1;
                }
                (EventKind::Renamed, _) => counts.renamed += 1,
                (EventKind::Lost, Some(LossState::Retracted)) => {}
                (EventKind::Lost, _) => counts.lost += 1,
            }
        }
        let was: BTreeMap<_, _> =
            store.interval(at)?.into_iter().map(|row| ((row.user, row.dir), row.shown)).collect();
        let unlike = |row: &&Change| was.get(&(row.user, row.dir)).copied().flatten() != row.shown;
        for row in rows.iter().filter(unlike) {
            settled(row, counts);
        }
    }
    for row in reshown {
        settled(row, counts);
    }
    Ok(())
}

fn settled(row: &Change, counts: &mut Counts) {
    match row.shown.and_then(|shown| shown.state) {
        Some(LossState::Retracted) => counts.retracted += 1,
        Some(LossState::Confirmed) => counts.confirmed += 1,
        _ => {}
    }
}
