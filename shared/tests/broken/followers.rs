//! Lists of followers of one account, some days apart, as some program wrote them; and the ledger
//! that is made of them. Nobody is lost but who left.

use crate::dice::Dice;
use crate::files::{Way, file, pieces};
use crate::{Made, odd};
use shared::acceptance::{Candidate, Entries, Overlap, Verdict, judge};
use shared::api::{EventKind, LossState};
use shared::handles::{Index, IndexBuilder};
use shared::id::UserId;
use shared::ledger::{self, Dir, Mark, Memory, Timeline};
use shared::snapshot::{Damage, Reader, Seen, Summary};
use shared::time::UnixMs;
use shared::x::user::Profile;
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;

/// How a program writes ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// As text.
    Text,
    /// As numbers that were rounded, with the text beside.
    Both,
    /// As numbers, whole.
    Exact,
    /// As numbers, as JavaScript prints them.
    Rounding,
}

/// A file, and what of it can be read.
struct Told {
    way: Way,
    bytes: Vec<u8>,
    /// Who can be read from it.
    ids: BTreeSet<u64>,
    entries: Entries,
}

/// Ids of every length that a number may have: exact ones, of 17 digits, of 19.
fn any_id(dice: &mut Dice, taken: &BTreeSet<u64>) -> u64 {
    loop {
        let id = match dice.between(0, 3) {
            0 => dice.between(1, 5_000_000_000),
            1 => dice.between((1 << 53) - 2, 1 << 53),
            2 => dice.between(10_000_000_000_000_001, 99_999_999_999_999_999),
            _ => dice.between(100_000_000_000_000_000, 199_999_999_999_999_999) * 10 + 7,
        };
        // No two that a writer which rounds would make one.
        let rounded = |id: u64| js_number(id);
        if taken.iter().all(|other| rounded(*other) != rounded(id)) {
            return id;
        }
    }
}

/// A number as JavaScript prints it.
#[allow(clippy::cast_precision_loss, reason = "that is what is imitated")]
fn js_number(id: u64) -> String {
    format!("{}", id as f64)
}

/// One readable entry.
fn entry(dice: &mut Dice, writer: Writer, id: u64) -> String {
    let text = if dice.one_in(9) {
        // The first digit escaped.
        let id = id.to_string();
        format!("\"\\u003{}\"", &id)
    } else {
        format!("\"{id}\"")
    };
    let fields = match writer {
        Writer::Text if dice.one_in(8) => format!("\"id_str\":{text}"),
        Writer::Text => format!("\"id\":{text}"),
        Writer::Both if dice.one_in(2) => format!("\"id\":{},\"id_str\":{text}", js_number(id)),
        Writer::Both => format!("\"id_str\":{text},\"id\":{}", js_number(id)),
        Writer::Exact => format!("\"id\":{id}"),
        Writer::Rounding => format!("\"id\":{}", js_number(id)),
    };
    format!("{{{fields}{}}}", odd::members(dice))
}

/// A file that lists these people.
fn write(dice: &mut Dice, people: &BTreeSet<u64>, made: &mut Made) -> Told {
    let writer =
        *dice.pick(&[Writer::Text, Writer::Text, Writer::Both, Writer::Exact, Writer::Rounding]);
    let broken = if dice.one_in(3) { dice.between(1, 6) } else { u64::MAX };
    let mut texts: Vec<String> = Vec::new();
    let (mut ids, mut entries) = (BTreeSet::new(), Entries::default());
    // Of numbers above 2^53 it is known at the end only whether they can be read.
    let (mut numbers, mut proof) = (Vec::new(), false);
    for &id in people {
        entries.entries += 1;
        if broken != u64::MAX && dice.one_in(broken) {
            entries.unreadable += 1;
            texts.push(if dice.one_in(60) {
                *made.entry("too large").or_default() += 1;
                format!("{{\"id\":\"{id}\",\"x\":\"{}\"}}", "y".repeat(66_000))
            } else {
                odd::unreadable(dice, id)
            });
            continue;
        }
        let times = if dice.one_in(10) { 2 } else { 1 };
        let number = matches!(writer, Writer::Exact | Writer::Rounding) && id > 1 << 53;
        if number {
            numbers.push((id, times));
            // Ids of 19 digits end in 7.
            proof |= writer == Writer::Exact && id > 1_000_000_000_000_000_000;
        } else {
            ids.insert(id);
            entries.repeated += times - 1;
        }
        entries.entries += times - 1;
        for _ in 0..times {
            texts.push(entry(dice, writer, id));
        }
    }
    for (id, times) in numbers {
        if proof {
            ids.insert(id);
            entries.repeated += times - 1;
        } else {
            entries.unreadable += times;
        }
    }
    let name = if proof { "exact" } else { "rounded" };
    *made.entry(name).or_default() += u64::from(matches!(writer, Writer::Exact | Writer::Rounding));
    // In any order.
    for at in (1..texts.len()).rev() {
        texts.swap(at, dice.index(at + 1));
    }
    let space = *dice.pick(&["", " ", "\r\n", "\n\t  "]);
    let json = format!("{space}[{space}{}{space}]{space}", texts.join(&format!("{space},{space}")));
    let way = Way::any(dice);
    Told { way, bytes: file(dice, &json, way), ids, entries }
}

/// Reads a file as a shell does.
fn read(
    bug: Bug,
    dice: &mut Dice,
    told: &Told,
    made: &mut Made,
) -> Result<(Index, Summary), Damage> {
    let mut exact = bug == Bug::Trusts;
    loop {
        let mut index = IndexBuilder::with_capacity(64);
        let mut odd = None;
        let mut on_user = |seen: Seen<'_>| {
            index.push(seen.id, seen.username);
            let profile = Profile::of(seen.id, seen.raw);
            let followers = profile.as_ref().and_then(|profile| profile.followers);
            if profile.is_none() || followers.is_some_and(|count| count >= 1 << 53) {
                odd = Some(seen.raw.to_owned());
            }
        };
        let mut reader = if exact { Reader::exact() } else { Reader::new() };
        for piece in pieces(dice, &told.bytes) {
            reader.push(piece, &mut on_user)?;
        }
        let summary = reader.finish(&mut on_user)?;
        assert_eq!(odd, None, "a profile that cannot be read, or a count that cannot be");
        if !summary.again {
            return Ok((index.finish(), summary));
        }
        assert!(!exact, "read a second time it is known");
        *made.entry("read twice").or_default() += 1;
        exact = true;
    }
}

/// What an account does wrong, to see that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing.
    None,
    /// It forgets how many entries could not be read.
    Forgets,
    /// It takes every integer for exact.
    Trusts,
}

/// An account and its ledger.
struct Account {
    bug: Bug,
    lists: BTreeMap<UnixMs, (Index, Mark)>,
    ledger: Memory,
}

impl Account {
    fn timeline(&self) -> Timeline {
        Timeline::new(self.lists.values().map(|(_, mark)| mark.clone()).collect())
    }

    /// Takes a list as the Account object does; whether it was accepted.
    fn take(&mut self, at: UnixMs, index: Index, entries: Entries) -> Result<bool, String> {
        let prev = self.lists.range(..at).next_back().map(|(_, (index, _))| index);
        let count = index.roster.len() as u64;
        let overlap = prev.map(|prev| {
            let here = |id: &&u64| index.roster.contains(UserId(**id));
            let kept = prev.roster.ids().iter().filter(here).count() as u64;
            Overlap { prev_count: prev.roster.len() as u64, kept }
        });
        let unreadable = if self.bug == Bug::Forgets { 0 } else { entries.unreadable };
        let candidate = Candidate { count, unreadable, facts: None, prev: overlap };
        if judge(&candidate) != Verdict::Accept {
            return Ok(false);
        }
        let raw = prev.map(|prev| ledger::diff(&prev.roster, &index.roster, None, None));
        self.lists.insert(at, (index, Mark { at, count, unreadable, facts: None }));
        let fresh = raw.into_iter().map(|raw| (at, raw)).collect();
        let timeline = self.timeline();
        ledger::apply(&mut self.ledger, &timeline, fresh, &[]).map_err(|why| why.to_string())?;
        Ok(true)
    }

    /// Who is told to have left, and how sure that is.
    fn lost(&self) -> BTreeMap<u64, LossState> {
        let rows = self.ledger.rows().filter(|row| row.dir == Dir::Left);
        let shown = rows.filter_map(|row| Some((row.user.0, row.shown.filter(|s| !s.withheld)?)));
        let lost = shown.filter(|(_, shown)| shown.kind == EventKind::Lost);
        lost.map(|(user, shown)| (user, shown.state.unwrap())).collect()
    }
}

/// Lives one account through some lists.
pub(crate) fn live(bug: Bug, dice: &mut Dice, made: &mut Made) -> Result<(), String> {
    let mut account = Account { bug, lists: BTreeMap::new(), ledger: Memory::default() };
    let mut people = BTreeSet::new();
    for _ in 0..dice.between(3, 40) {
        people.insert(any_id(dice, &people));
    }
    // In how many lists without doubt someone who left was missing.
    let mut missed: BTreeMap<u64, u64> = BTreeMap::new();
    for day in 1..=i64::try_from(dice.between(3, 7)).unwrap() {
        if dice.one_in(3) && people.len() > 2 {
            let left = *people.iter().nth(dice.index(people.len())).unwrap();
            people.remove(&left);
            missed.insert(left, 0);
        }
        let told = write(dice, &people, made);
        let known = |account: &Account, id: u64| {
            account.lists.values().any(|(index, _)| index.roster.contains(UserId(id)))
        };
        let before: Vec<u64> = missed.keys().copied().filter(|id| known(&account, *id)).collect();
        let accepted = arrive(&mut account, UnixMs(day * DAY_MS), dice, &told, made)?;
        if accepted && told.entries.unreadable == 0 {
            for id in before {
                *missed.entry(id).or_default() += 1;
            }
        }
        for (user, state) in account.lost() {
            let Some(times) = missed.get(&user) else {
                return Err(format!("{user} never left and is {state} lost on day {day}"));
            };
            if state == LossState::Confirmed && *times == 0 {
                return Err(format!("{user} is confirmed lost by lists in doubt, on day {day}"));
            }
        }
        for (user, _) in missed.iter().filter(|(_, times)| **times > 1) {
            if account.lost().get(user) != Some(&LossState::Confirmed) {
                return Err(format!("{user} left, two whole lists lack them, and it is not told"));
            }
            *made.entry("confirmed").or_default() += 1;
        }
    }
    *made.entry("left").or_default() += missed.len() as u64;
    Ok(())
}

/// A file comes in and is compared with what was told of it; whether it was accepted.
fn arrive(
    account: &mut Account,
    at: UnixMs,
    dice: &mut Dice,
    told: &Told,
    made: &mut Made,
) -> Result<bool, String> {
    let (index, summary) = match read(account.bug, dice, told, made) {
        Ok(read) => read,
        Err(damage) if told.way.readable() => return Err(format!("it can be read: {damage}")),
        Err(damage) => {
            let utf16 = told.way == Way::Utf16;
            *made.entry(if utf16 { "utf-16" } else { "damaged" }).or_default() += 1;
            let named = !utf16 || damage.to_string().contains("UTF-16");
            return if named { Ok(false) } else { Err(format!("UTF-16 is {damage}")) };
        }
    };
    if !told.way.readable() {
        return Err(format!("{:?}, and read as {summary:?}", told.way));
    }
    let entries = Entries::of(&summary, index.repeats, None);
    let ids: BTreeSet<u64> = index.roster.ids().iter().copied().collect();
    if (&ids, entries) != (&told.ids, told.entries) {
        let Told { ids: expected, entries: counted, .. } = told;
        return Err(format!("{ids:?} {entries:?} where {expected:?} {counted:?} were told"));
    }
    let accepted = account.take(at, index, entries)?;
    let none = told.ids.is_empty() && told.entries.entries > 0;
    if accepted == none && none {
        return Err("a list of which nobody can be read was accepted".to_owned());
    }
    let name = match (none, told.entries.unreadable) {
        (true, _) => "nobody readable",
        (false, 0) => "read whole",
        (false, _) => "in doubt",
    };
    *made.entry(name).or_default() += 1;
    *made.entry("mark").or_default() += u64::from(told.way == Way::Mark);
    Ok(accepted)
}
