//! The list of follower events, derived from the accepted snapshots. Owns: what a change
//! between two lists means. Must not know: how lists or changes are stored.
//!
//! Accepted snapshots in order of time are S(0), S(1), …; interval k is the way from S(k-1) to
//! S(k), and its raw changes are the set difference of the two, and renames. Raw changes are
//! facts; what is *shown* follows from all of them:
//! - a loss in interval k is confirmed by the first list after S(k) that lacks the person and is
//!   not [doubtful](Timeline::doubtful), retracted if one before that lists them, suspected while
//!   there is neither; one of a doubtful S(k) is withheld (not told) until it is confirmed, and
//!   for good if it is retracted before that;
//! - coming in interval k is not shown if it retracts a loss, is `returned` if
//!   the person was ever lost before, else `followed`;
//! - the first snapshot makes no events.
//!
//! Beside the lists stands evidence: what looking someone up said, which makes verdicts (see
//! [`crate::verdict`]), and what X pushed, which is an event at its own instant. A raw change that
//! a push told before is not shown again; where the next list says otherwise than a push, or than
//! a look that found someone following, the list is shown: such people have rows
//! [`Dir::Stayed`] or [`Dir::Missed`] in the lists after it.
//!
//! Invariant: what is shown depends on the accepted snapshots and the evidence alone, not on the
//! order in which they arrived or how often; for one person raw changes alternate between came and
//! left, or [`Failure::Contradiction`] stops everything with nothing written.

mod fold;
#[cfg(test)]
mod proofs;
mod store;
#[cfg(test)]
mod tests;
mod timeline;

pub use store::{Change, Dir, Memory, Shown, Store, free_instant};
pub use timeline::{Mark, Timeline};

use crate::api::{EventKind, LossState};
use crate::handles::Handles;
use crate::id::UserId;
use crate::roster::{Roster, Side, merge};
use crate::time::UnixMs;
use crate::verdict::{Evidence, GONE_MS};
use fold::fold;
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
    /// Of those [watched](Self::watch): in both, ascending.
    pub stayed: Vec<UserId>,
    /// Of those watched: in neither, ascending.
    pub missed: Vec<UserId>,
}

impl Raw {
    /// Notes how the lists stand to people of whom X claimed something; see [`watched`].
    #[must_use]
    pub fn watch(mut self, prev: &Roster, next: &Roster, watched: &[UserId]) -> Self {
        for &user in watched {
            match (prev.contains(user), next.contains(user)) {
                (true, true) => self.stayed.push(user),
                (false, false) => self.missed.push(user),
                _ => {}
            }
        }
        self
    }
}

/// Whom X claimed something of shortly before the list of `at`, ascending. Two intervals back:
/// what X pushed while a list was walked may show in the next one only.
///
/// # Errors
/// The store's own.
pub fn watched<S: Store>(
    store: &S,
    timeline: &Timeline,
    at: UnixMs,
) -> Result<Vec<UserId>, S::Error> {
    let after = timeline.before(at).and_then(|before| timeline.before(before));
    let said = store.witnessed(after.unwrap_or(UnixMs(i64::MIN)), at)?;
    let users: BTreeSet<UserId> =
        said.into_iter().filter(|(_, said)| said.is_claim()).map(|(user, _)| user).collect();
    Ok(users.into_iter().collect())
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
    let (mut reshown, mut repushed) = (Vec::new(), Vec::new());
    for user in concerned(store, timeline, &fresh).map_err(Failure::Store)? {
        let chain = store.chain(user).map_err(Failure::Store)?;
        let mut chain: Vec<Change> =
            chain.into_iter().filter(|change| !fresh.contains_key(&change.at)).collect();
        let before = chain.clone();
        chain.extend(fresh.values().flat_map(|rows| of(rows, user)).cloned());
        chain.sort_by_key(|change| change.at);
        let mut evidence = store.evidence(user).map_err(Failure::Store)?;
        let told = evidence.clone();
        fold(timeline, &mut chain, &mut evidence)?;
        repushed.extend(news(&told, evidence));
        for change in chain {
            if let Some(rows) = fresh.get_mut(&change.at) {
                put(rows, &change);
            } else if let Some(before) = before.iter().find(|b| is(b, &change))
                && before.shown != change.shown
            {
                reshown.push((before.shown.and_then(|shown| shown.state), change));
            }
        }
    }
    tally(store, &fresh, &reshown, &mut counts).map_err(Failure::Store)?;
    for (at, rows) in fresh {
        store.replace(at, rows).map_err(Failure::Store)?;
    }
    for (_, Change { at, user, dir, shown, .. }) in reshown {
        store.show(at, user, dir, shown).map_err(Failure::Store)?;
    }
    for Evidence { at, user, said, shown, .. } in repushed {
        store.show_push(at, user, said, shown).map_err(Failure::Store)?;
    }
    Ok(counts)
}

/// Something shown otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The instant of its list or push.
    pub at: UnixMs,
    /// Who.
    pub user: UserId,
    /// What is shown now.
    pub shown: Option<Shown>,
}

/// Shows people anew after evidence of them was stored; tells what changed.
///
/// # Errors
/// [`Failure::Contradiction`]; [`Failure::Store`] as the store says.
pub fn reshow<S: Store>(
    store: &mut S,
    timeline: &Timeline,
    users: &BTreeSet<UserId>,
) -> Result<Vec<News>, Failure<S::Error>> {
    let mut all = Vec::new();
    for &user in users {
        let mut chain = store.chain(user).map_err(Failure::Store)?;
        let mut evidence = store.evidence(user).map_err(Failure::Store)?;
        let (was, told) = (chain.clone(), evidence.clone());
        fold(timeline, &mut chain, &mut evidence)?;
        for (was, Change { at, dir, shown, .. }) in was.into_iter().zip(chain) {
            if was.shown != shown {
                store.show(at, user, dir, shown).map_err(Failure::Store)?;
                all.push(News { at, user, shown });
            }
        }
        for Evidence { at, said, shown, .. } in news(&told, evidence) {
            store.show_push(at, user, said, shown).map_err(Failure::Store)?;
            all.push(News { at, user, shown });
        }
    }
    Ok(all)
}

/// The pushes that are shown otherwise than before.
fn news(before: &[Evidence], after: Vec<Evidence>) -> impl Iterator<Item = Evidence> {
    let changed = before.iter().zip(&after).map(|(before, after)| before.shown != after.shown);
    let changed: Vec<bool> = changed.collect();
    after.into_iter().zip(changed).filter(|(_, changed)| *changed).map(|(one, _)| one)
}

/// An interval's raw changes as rows, sorted for [`of`]; renames are shown as they are.
fn rows(timeline: &Timeline, at: UnixMs, raw: Raw) -> Vec<Change> {
    let Some(not_before) = timeline.before(at) else { return Vec::new() };
    let plain = |user, dir| Change { at, not_before, user, dir, shown: None, from: None, to: None };
    let all = |users: Vec<UserId>, dir| users.into_iter().map(move |user| plain(user, dir));
    let came = all(raw.came, Dir::Came).chain(all(raw.stayed, Dir::Stayed));
    let left = all(raw.left, Dir::Left).chain(all(raw.missed, Dir::Missed));
    let renamed = raw.renamed.into_iter().map(|(user, from, to)| Change {
        shown: Some(Shown::plain(EventKind::Renamed)),
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

/// Whether two rows of one person are the same.
fn is(a: &Change, b: &Change) -> bool {
    a.at == b.at && a.dir == b.dir
}

fn put(rows: &mut [Change], change: &Change) {
    let at = rows.partition_point(|row| (row.user, row.dir) < (change.user, change.dir));
    if let Some(row) = rows.get_mut(at) {
        row.shown = change.shown;
    }
}

/// Everyone whose shown changes may differ afterwards: those of the intervals replaced, before
/// and after; those lost before each, whose loss is now settled or unsettled; the same of lists
/// whose doubt may have changed; and those of whom X said something that one of these lists may
/// bear on.
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
    for at in unsettled(timeline, fresh).into_iter().filter(|at| !fresh.contains_key(at)) {
        let rows = store.interval(at)?;
        let lost = |row: &&Change| matches!(row.dir, Dir::Left | Dir::Missed);
        users.extend(rows.iter().filter(lost).map(|row| row.user));
    }
    for &at in fresh.keys() {
        let before = timeline.before(at);
        let twice = before.and_then(|before| timeline.before(before));
        let after = before.zip(twice).map(|(before, twice)| twice.min(before.plus(-GONE_MS)));
        let until = timeline.after(at).unwrap_or(UnixMs(i64::MAX));
        let said = store.witnessed(after.unwrap_or(UnixMs(i64::MIN)), until)?;
        users.extend(said.into_iter().map(|(user, _)| user));
    }
    Ok(users)
}

/// The intervals whose losses the lists of `fresh` may settle, or settled before: those of a list
/// whose doubt may have changed, and back from there, and from each of `fresh`, to the first list
/// without doubt.
fn unsettled(timeline: &Timeline, fresh: &BTreeMap<UnixMs, Vec<Change>>) -> BTreeSet<UnixMs> {
    let counted: BTreeSet<UnixMs> =
        fresh.keys().filter_map(|&at| timeline.counted_after(at)).collect();
    let mut found: BTreeSet<UnixMs> = counted.iter().copied().chain(timeline.last()).collect();
    for &from in fresh.keys().chain(&counted) {
        let mut at = timeline.before(from);
        while let Some(before) = at {
            found.insert(before);
            let uncertain = timeline.doubtful(before)
                || fresh.contains_key(&before)
                || counted.contains(&before);
            at = timeline.before(before).filter(|_| uncertain);
        }
    }
    found
}

fn tally<S: Store>(
    store: &S,
    fresh: &BTreeMap<UnixMs, Vec<Change>>,
    reshown: &[(Option<LossState>, Change)],
    counts: &mut Counts,
) -> Result<(), S::Error> {
    for (&at, rows) in fresh {
        for shown in rows.iter().filter_map(|row| row.shown).filter(|shown| !shown.withheld) {
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
        let state = |shown: Option<Shown>| shown.and_then(|shown| shown.state);
        let was = |row: &Change| state(was.get(&(row.user, row.dir)).copied().flatten());
        for row in rows.iter().filter(|row| was(row) != state(row.shown)) {
            settled(row, counts);
        }
    }
    for (_, row) in reshown.iter().filter(|(was, row)| *was != row.shown.and_then(|s| s.state)) {
        settled(row, counts);
    }
    Ok(())
}

fn settled(row: &Change, counts: &mut Counts) {
    match row.shown.filter(|shown| !shown.withheld).and_then(|shown| shown.state) {
        Some(LossState::Retracted) => counts.retracted += 1,
        Some(LossState::Confirmed) => counts.confirmed += 1,
        _ => {}
    }
}
