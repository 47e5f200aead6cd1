//! Pushes held against a full check. Owns: what the difference is called. Invariant: everyone is
//! counted once, and what happened while the list was walked counts for neither side.

use crate::id::UserId;
use crate::ledger::Raw;
use crate::time::UnixMs;
use std::collections::BTreeMap;

/// A follow or an unfollow that X pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub user: UserId,
    /// Whether they came.
    pub came: bool,
    /// When.
    pub at: UnixMs,
}

/// What the difference came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Changes of the list that pushes had told.
    pub told: u64,
    /// Who came without a push.
    pub missed_came: u64,
    /// Who left without a push: X pushes no suspensions and no deletions.
    pub missed_left: u64,
    /// People of whom the last push before the list says otherwise than the list.
    pub contradicted: u64,
}

/// Holds pushes against the raw changes of the interval that ends with a list. `began` and
/// `ended` bound the walk of that list; `listed` says whether it has someone. Pushes of during the
/// walk explain a change and contradict nothing: whether the list saw it is chance.
pub fn audit(
    raw: &Raw,
    pushes: &[Told],
    (began, ended): (UnixMs, UnixMs),
    listed: impl Fn(UserId) -> bool,
) -> Audit {
    let mut last: BTreeMap<UserId, Told> = BTreeMap::new();
    let mut during: BTreeMap<UserId, Told> = BTreeMap::new();
    for push in pushes.iter().filter(|push| push.at <= ended) {
        let of = if push.at <= began { &mut last } else { &mut during };
        let newest = of.entry(push.user).or_insert(*push);
        if newest.at <= push.at {
            *newest = *push;
        }
    }
    let explained = |user: &UserId, came: bool| {
        let says = |of: &BTreeMap<UserId, Told>| of.get(user).is_some_and(|one| one.came == came);
        says(&last) || says(&during)
    };
    let count = |users: &[UserId], came: bool| {
        let told = users.iter().filter(|user| explained(user, came)).count() as u64;
        (told, users.len() as u64 - told)
    };
    let (came, missed_came) = count(&raw.came, true);
    let (left, missed_left) = count(&raw.left, false);
    let settled = last.iter().filter(|(user, _)| !during.contains_key(user));
    let contradicted = settled.filter(|(user, told)| listed(**user) != told.came).count() as u64;
    Audit { told: came + left, missed_came, missed_left, contradicted }
}
