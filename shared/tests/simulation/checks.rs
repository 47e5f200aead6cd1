//! The invariants, checked against the world's own history and against the definitions, with
//! none of the code that is checked.

use crate::account::{Account, Window};
use crate::dice::Dice;
use crate::world::World;
use shared::api::{EventKind, LossState};
use shared::id::UserId;
use shared::ledger::{Change, Dir};
use shared::roster::Roster;
use shared::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};

/// Of a finished check: everyone who followed throughout is listed, unless X kept them back;
/// nobody is who did not follow at all meanwhile.
pub(crate) fn complete(roster: &Roster, window: &Window, world: &World) -> Result<(), String> {
    let Window { from, to, hidden } = window;
    for id in world.ids() {
        let listed = roster.contains(UserId(id));
        if !listed && !hidden.contains(&id) && world.throughout(id, *from, *to) {
            return Err(format!("{id} followed throughout a check that does not list them"));
        }
        if listed && !world.sometime(id, *from, *to) {
            return Err(format!("{id} never followed while it was read, and is listed"));
        }
    }
    Ok(())
}

/// The ledger as it stands.
pub(crate) fn ledger(account: &Account, world: &World) -> Result<(), String> {
    plausible(account)?;
    as_defined(account)?;
    no_false_loss(account, world)?;
    alternating(account)
}

/// Invariant 1: an accepted check is not short of X's own count.
fn plausible(account: &Account) -> Result<(), String> {
    for (at, known) in account.accepted() {
        let count = account.list(at)?.0.len() as u64;
        let told =
            known.facts.iter().flat_map(|f| [f.x_count_start, f.x_count_end]).flatten().min();
        if let Some(told) = told
            && count + 10.max(told / 20) < told
        {
            return Err(format!("{count} of {told} followers were accepted as a whole list"));
        }
    }
    Ok(())
}

type Shown = BTreeMap<(UnixMs, u64), (EventKind, Option<LossState>)>;

fn shown(account: &Account) -> Result<Shown, String> {
    let mut shown = Shown::new();
    for row in account.ledger.rows().filter(|row| row.dir != Dir::Renamed) {
        let Change { at, user, shown: Some(what), .. } = row else { continue };
        if what.withheld {
            continue;
        }
        if shown.insert((*at, user.0), (what.kind, what.state)).is_some() {
            return Err(format!("{user} has two events at {at}"));
        }
    }
    Ok(shown)
}

/// Invariant 3: the ledger follows from the accepted lists, by the definitions alone.
fn as_defined(account: &Account) -> Result<(), String> {
    let instants: Vec<UnixMs> = account.accepted().into_keys().collect();
    let mut present: BTreeMap<u64, Vec<bool>> = BTreeMap::new();
    for (k, &at) in instants.iter().enumerate() {
        for &id in account.list(at)?.0.ids() {
            present.entry(id).or_insert_with(|| vec![false; instants.len()])[k] = true;
        }
    }
    let timeline = account.timeline();
    let doubts: Vec<bool> = instants.iter().map(|&at| timeline.doubtful(at)).collect();
    let mut expected = Shown::new();
    for (id, present) in present {
        for (k, &at) in instants.iter().enumerate().skip(1) {
            let event = event(&present, &doubts, k);
            expected.extend(event.map(|event| ((at, id), event)));
        }
    }
    let shown = shown(account)?;
    if shown == expected {
        return Ok(());
    }
    let differ = |a: &Shown, b: &Shown| -> Vec<_> {
        a.iter().filter(|(key, event)| b.get(key) != Some(event)).map(|(k, e)| (*k, *e)).collect()
    };
    let (more, less) = (differ(&shown, &expected), differ(&expected, &shown));
    Err(format!("shown but not defined: {more:?}; defined but not shown: {less:?}"))
}

/// What a person's presence in the lists makes of the list numbered `k`, where `doubts` may lack
/// people.
fn event(present: &[bool], doubts: &[bool], k: usize) -> Option<(EventKind, Option<LossState>)> {
    // The first list after `from` that has the person, or lacks them without doubt.
    let settled = |from: usize| (from + 1..present.len()).find(|&j| present[j] || !doubts[j]);
    match (present[k - 1], present[k]) {
        (true, false) => {
            let state = match settled(k) {
                Some(j) if !present[j] => LossState::Confirmed,
                _ if doubts[k] => return None,
                Some(_) => LossState::Retracted,
                None => LossState::Suspected,
            };
            Some((EventKind::Lost, Some(state)))
        }
        (false, true) => {
            let Some(last) = present[..k].iter().rposition(|here| *here) else {
                return Some((EventKind::Followed, None));
            };
            (settled(last + 1) != Some(k)).then_some((EventKind::Returned, None))
        }
        _ => None,
    }
}

/// Renames are those whom two neighbouring lists name differently.
pub(crate) fn renames(account: &Account) -> Result<(), String> {
    let mut expected = BTreeSet::new();
    let mut before: BTreeMap<u64, String> = BTreeMap::new();
    for at in account.accepted().into_keys() {
        let (roster, handles) = account.list(at)?;
        let mut cursor = handles.cursor();
        let mut here = BTreeMap::new();
        for (i, &id) in roster.ids().iter().enumerate() {
            let handle = cursor.at(i).unwrap_or_default();
            if let Some(was) = before.get(&id)
                && was != handle
                && !was.is_empty()
                && !handle.is_empty()
            {
                expected.insert((at, id, was.clone(), handle.to_owned()));
            }
            here.insert(id, handle.to_owned());
        }
        before = here;
    }
    let rows = account.ledger.rows().filter(|row| row.dir == Dir::Renamed);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let told = rows.map(|row| (row.at, row.user.0, text(&row.from), text(&row.to)));
    if told.collect::<BTreeSet<_>>() == expected {
        Ok(())
    } else {
        Err(format!("renames differ from {expected:?}"))
    }
}

/// Invariant 2: whoever follows throughout is not confirmed lost; and not shown lost at all
/// unless X kept them back.
fn no_false_loss(account: &Account, world: &World) -> Result<(), String> {
    let accepted: Vec<UnixMs> = account.accepted().into_keys().collect();
    let window = |at: UnixMs| account.windows.get(&at).ok_or(format!("no window for {at}"));
    for ((at, id), (kind, state)) in shown(account)? {
        if kind != EventKind::Lost {
            continue;
        }
        let k = accepted.binary_search(&at).map_err(|_| format!("a loss at {at}, no list"))?;
        let (before, here) = (window(accepted[k - 1])?, window(at)?);
        let from = before.from.min(here.from);
        let to = before.to.max(here.to);
        if world.throughout(id, from, to) && !here.hidden.contains(&id) {
            return Err(format!("{id} followed throughout and is {state:?} lost at {at}"));
        }
        if let Some(&next) = accepted.get(k + 1)
            && state == Some(LossState::Confirmed)
            && world.throughout(id, from.min(window(next)?.from), to.max(window(next)?.to))
        {
            return Err(format!("{id} followed throughout and is confirmed lost at {at}"));
        }
    }
    Ok(())
}

/// Invariant 2: for one person coming and leaving alternate, retracted losses left out.
fn alternating(account: &Account) -> Result<(), String> {
    let mut last: BTreeMap<u64, bool> = BTreeMap::new();
    for ((at, id), (kind, state)) in shown(account)? {
        if state == Some(LossState::Retracted) {
            continue;
        }
        let came = kind != EventKind::Lost;
        if last.insert(id, came) == Some(came) {
            return Err(format!("{id} twice {kind} in a row, at {at}"));
        }
    }
    Ok(())
}

/// Invariant 3: every message once more changes nothing, and a replay gives the same ledger.
pub(crate) fn repeatable(account: &mut Account, dice: &mut Dice) -> Result<(), String> {
    let (known, ledger) = (account.known.clone(), account.ledger.clone());
    if dice.one_in(3) {
        account.deliver_everything_again(dice)?;
    }
    if account.known != known || account.ledger != ledger {
        return Err("delivering everything again changed the ledger".into());
    }
    let anew = account.replayed()?;
    if anew.known != known {
        return Err("a replay accepts other lists".into());
    }
    if anew.ledger != ledger {
        return Err("a replay gives another ledger".into());
    }
    Ok(())
}
