//! What the ledger keeps, and the little it asks of whoever stores it. Invariant: a row is
//! named by its interval, person and direction; only [`super::apply`] writes.

use crate::api::{EventKind, LossState};
use crate::id::UserId;
use crate::time::UnixMs;
use crate::verdict::{Evidence, Said, Verdict};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Which way someone changed between two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dir {
    /// Only in the later list.
    Came,
    /// Only in the earlier list.
    Left,
    /// In both, under another handle.
    Renamed,
    /// In both, where X had [claimed](crate::verdict::Said::is_claim) something in between.
    Stayed,
    /// In neither, where X had claimed something in between.
    Missed,
}

/// What is shown of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As what.
    pub kind: EventKind,
    /// Of a loss: how sure.
    pub state: Option<LossState>,
    /// Of a loss: why.
    pub verdict: Option<Verdict>,
    /// A loss that nothing but [doubtful](super::Timeline::doubtful) lists say: kept, but not told.
    pub withheld: bool,
}

impl Shown {
    /// Of anything but a loss.
    pub(super) fn plain(kind: EventKind) -> Self {
        Self { kind, state: None, verdict: None, withheld: false }
    }
}

/// One change of one person in one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The accepted snapshot that ends the interval.
    pub at: UnixMs,
    /// The accepted snapshot that begins it.
    pub not_before: UnixMs,
    /// Who.
    pub user: UserId,
    /// Which way.
    pub dir: Dir,
    /// What is shown of it; none: nothing.
    pub shown: Option<Shown>,
    /// Of a rename: the old handle.
    pub from: Option<String>,
    /// Of a rename: the new handle.
    pub to: Option<String>,
}

/// Where changes are kept. All writes of one [`super::apply`] belong in one transaction.
pub trait Store {
    /// Why storing failed.
    type Error;

    /// The rows of the interval that ends at `at`, in any order.
    ///
    /// # Errors
    /// The store's own.
    fn interval(&self, at: UnixMs) -> Result<Vec<Change>, Self::Error>;

    /// Every change of one person but renames, ascending by `at`.
    ///
    /// # Errors
    /// The store's own.
    fn chain(&self, user: UserId) -> Result<Vec<Change>, Self::Error>;

    /// Replaces all rows of an interval.
    ///
    /// # Errors
    /// The store's own.
    fn replace(&mut self, at: UnixMs, changes: Vec<Change>) -> Result<(), Self::Error>;

    /// Changes what is shown of one row.
    ///
    /// # Errors
    /// The store's own.
    fn show(
        &mut self,
        at: UnixMs,
        user: UserId,
        dir: Dir,
        shown: Option<Shown>,
    ) -> Result<(), Self::Error>;

    /// What X said of one person, ascending by `at`; of equal instants in the order it came.
    ///
    /// # Errors
    /// The store's own.
    fn evidence(&self, user: UserId) -> Result<Vec<Evidence>, Self::Error>;

    /// Of whom X said what, after `after` and up to `until`; in any order, possibly repeated.
    ///
    /// # Errors
    /// The store's own.
    fn witnessed(&self, after: UnixMs, until: UnixMs) -> Result<Vec<(UserId, Said)>, Self::Error>;

    /// Changes what is shown of one push.
    ///
    /// # Errors
    /// The store's own.
    fn show_push(
        &mut self,
        at: UnixMs,
        user: UserId,
        said: Said,
        shown: Option<Shown>,
    ) -> Result<(), Self::Error>;
}

/// The instant at which a push is kept: that of its coming or, where something was pushed of the
/// same person then, the next that is free. What is shown stands in order of time, and X may say
/// within one millisecond that someone left and came.
///
/// `taken` are the instants of the person's pushes from `at` on, ascending.
pub fn free_instant(at: UnixMs, taken: impl IntoIterator<Item = UnixMs>) -> UnixMs {
    taken.into_iter().fold(at, |free, taken| if taken == free { free.plus(1) } else { free })
}

/// A store in memory: for tests, and to derive a ledger without a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// By interval; an interval without rows has no entry.
    intervals: BTreeMap<UnixMs, BTreeMap<(UserId, Dir), Change>>,
    /// By person and instant.
    evidence: BTreeMap<UserId, Vec<Evidence>>,
}

impl Memory {
    /// Every row, by interval, person and direction.
    pub fn rows(&self) -> impl Iterator<Item = &Change> {
        self.intervals.values().flat_map(BTreeMap::values)
    }

    /// All evidence, by person and instant.
    pub fn pushes(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.values().flatten().filter(|one| one.said.is_push())
    }

    /// Keeps evidence; [`super::reshow`] tells what follows from it.
    pub fn witness(&mut self, mut evidence: Evidence) {
        let all = self.evidence.entry(evidence.user).or_default();
        if evidence.said.is_push() {
            let pushes = all.iter().filter(|one| one.said.is_push() && one.at >= evidence.at);
            evidence.at = free_instant(evidence.at, pushes.map(|one| one.at));
        }
        let at = all.partition_point(|one| one.at <= evidence.at);
        all.insert(at, evidence);
    }
}

impl Store for Memory {
    type Error = Infallible;

    fn interval(&self, at: UnixMs) -> Result<Vec<Change>, Infallible> {
        Ok(self.intervals.get(&at).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    fn chain(&self, user: UserId) -> Result<Vec<Change>, Infallible> {
        let both = [Dir::Came, Dir::Left, Dir::Stayed, Dir::Missed].map(|dir| (user, dir));
        let rows = self.intervals.values().flat_map(|rows| both.map(|name| rows.get(&name)));
        Ok(rows.flatten().cloned().collect())
    }

    fn replace(&mut self, at: UnixMs, changes: Vec<Change>) -> Result<(), Infallible> {
        self.intervals.remove(&at);
        for change in changes {
            let rows = self.intervals.entry(at).or_default();
            rows.insert((change.user, change.dir), change);
        }
        Ok(())
    }

    fn show(
        &mut self,
        at: UnixMs,
        user: UserId,
        dir: Dir,
        shown: Option<Shown>,
    ) -> Result<(), Infallible> {
        if let Some(row) = self.intervals.get_mut(&at).and_then(|rows| rows.get_mut(&(user, dir))) {
            row.shown = shown;
        }
        Ok(())
    }
    fn evidence(&self, user: UserId) -> Result<Vec<Evidence>, Infallible> {
        Ok(self.evidence.get(&user).cloned().unwrap_or_default())
    }

    fn witnessed(&self, after: UnixMs, until: UnixMs) -> Result<Vec<(UserId, Said)>, Infallible> {
        let within = |one: &&Evidence| one.at > after && one.at <= until;
        let all = self.evidence.values().flatten().filter(within);
        Ok(all.map(|one| (one.user, one.said)).collect())
    }

    fn show_push(
        &mut self,
        at: UnixMs,
        user: UserId,
        said: Said,
        shown: Option<Shown>,
    ) -> Result<(), Infallible> {
        let mut all = self.evidence.get_mut(&user).into_iter().flatten();
        if let Some(one) = all.find(|one| one.at == at && one.said == said) {
            one.shown = shown;
        }
        Ok(())
    }
}
