//! What a message says, in plain English. Owns: sentences and lines. Must not know: the form any
//! destination wants them in. Invariant: nobody's own name can end a line, turn a text round or
//! pass for words of Roost's.

use super::item::{Item, Meaning};
use crate::api::{Confidence, FollowerEvent, MessageKind, Person, Reason};
use crate::figures::thousands;
use crate::id::AccountId;
use crate::text;
use crate::time::UnixMs;
use chrono::{Datelike as _, Timelike as _};
use std::collections::HashSet;

/// What a part is about: destinations colour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// People came.
    Came,
    /// People left.
    Left,
    /// Neither.
    Plain,
    /// The owner should look.
    Warning,
}

/// A sentence and who it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub tone: Tone,
    /// The sentence.
    pub title: String,
    /// One line each; none where the sentence says it all.
    pub lines: Vec<String>,
}

/// Said with whatever comes from the simulator.
pub const SAMPLE: &str = "Sample data: nobody here is real.";

/// Names in one line that are longer are cut: X's own limit is 50 characters.
const NAME_MAX: usize = 60;

/// A message's first line.
pub fn title(kind: MessageKind, items: &[Item]) -> String {
    first_line(kind, items, true)
}

/// The same without a name, for a log that is kept longer than names may be.
pub fn nameless(kind: MessageKind, items: &[Item]) -> String {
    first_line(kind, items, false)
}

fn first_line(kind: MessageKind, items: &[Item], named: bool) -> String {
    if kind == MessageKind::Test {
        return "This is a test: notices from Roost arrive here.".to_owned();
    }
    let titles: Vec<String> =
        parts(items, named).into_iter().map(|section| section.title).collect();
    if titles.is_empty() {
        "Nobody came or left in the last 24 hours.".to_owned()
    } else {
        titles.join(" ")
    }
}

/// Whether anything in a message comes from the simulator.
pub fn sampled(items: &[Item]) -> bool {
    items.iter().any(|item| item.source.simulated)
}

/// What a message says, by account: who left, came, came back, was renamed, corrections.
pub fn sections(items: &[Item]) -> Vec<Section> {
    parts(items, true)
}

fn parts(items: &[Item], named: bool) -> Vec<Section> {
    let mut accounts: Vec<(AccountId, &str)> = Vec::new();
    for Item { source, .. } in items {
        if accounts.iter().all(|(account, _)| *account != source.account) {
            accounts.push((source.account, &source.username));
        }
    }
    let mut sections = Vec::new();
    for (account, handle) in accounts {
        let of = |wanted: fn(&Item) -> bool| -> Vec<&Item> {
            items.iter().filter(|item| item.source.account == account && wanted(item)).collect()
        };
        sections.extend(
            of(|item| item.event.is_none()).into_iter().map(|item| collection(item, handle)),
        );
        let fresh = [
            of(|item| item.was.is_none() && matches!(item.meaning, Meaning::Left(_))),
            of(|item| item.was.is_none() && item.meaning == Meaning::Came),
            of(|item| item.was.is_none() && item.meaning == Meaning::CameBack),
            of(|item| item.was.is_none() && item.meaning == Meaning::Renamed),
            of(|item| item.was.is_some() && item.meaning == Meaning::Stays),
            of(|item| item.was.is_some() && item.meaning == Meaning::NeverLeft),
            of(|item| item.was.is_some() && matches!(item.meaning, Meaning::Left(_))),
        ];
        sections.extend(fresh.into_iter().filter_map(|group| section(&group, handle, named)));
    }
    sections
}

fn collection(item: &Item, handle: &str) -> Section {
    let stopped = item.meaning == Meaning::Stopped;
    let (tone, title) = if stopped {
        (Tone::Warning, format!("Collection of @{handle} stopped."))
    } else {
        (Tone::Plain, format!("Collection of @{handle} goes on."))
    };
    let meanwhile = "What happens meanwhile is not observed, which is not zero.";
    let text = item.text.iter().map(|text| clean(text, 300));
    let lines = if stopped { text.chain([meanwhile.to_owned()]).collect() } else { Vec::new() };
    Section { tone, title, lines }
}

/// Items, of each person the last alone of each sort: somebody may leave, come back and leave again
/// within one message. A handle is news each time.
pub(super) fn people<'i>(group: &[&'i Item]) -> Vec<&'i Item> {
    let mut told = HashSet::new();
    let mut last: Vec<&Item> = group.iter().rev().copied().collect();
    last.retain(|item| {
        let person = item.event.as_ref().map(|event| event.user.id);
        let of = (item.source.account, item.sort());
        item.meaning == Meaning::Renamed || person.is_none_or(|person| told.insert((of, person)))
    });
    last.reverse();
    last
}

/// A group of one sort, as a sentence and lines; one person needs no line.
fn section(group: &[&Item], handle: &str, named: bool) -> Option<Section> {
    let people = people(group);
    let group = people.as_slice();
    let first = group.first()?;
    let events: Vec<&FollowerEvent> = group.iter().filter_map(|item| item.event.as_ref()).collect();
    let single = match *events.as_slice() {
        [event] if named => Some(person(&event.user)),
        [_] => Some("1 person".to_owned()),
        _ => None,
    };
    let who = |verb: &str| match &single {
        Some(name) => format!("{name} {verb} @{handle}"),
        None => format!("{} people {verb} @{handle}", thousands(events.len() as u64)),
    };
    let corrects = first.was.is_some();
    let (tone, title) = match first.meaning {
        Meaning::Left(_) if corrects => (Tone::Left, format!("Corrected: why {}.", who("left"))),
        Meaning::Left(_) => (Tone::Left, left(group, &who("left"), &who("may have left"))),
        Meaning::Came => (Tone::Came, format!("{}.", who("came to"))),
        Meaning::CameBack => (Tone::Came, format!("{}.", who("came back to"))),
        Meaning::Renamed if single.is_some() && named => {
            (Tone::Plain, format!("{} has a new handle.", renamed(first)))
        }
        Meaning::Renamed => {
            let count = thousands(events.len() as u64);
            (Tone::Plain, format!("New handles of followers of @{handle}: {count}."))
        }
        Meaning::Stays => {
            let verb = if single.is_some() { "still follows" } else { "still follow" };
            (Tone::Came, format!("Corrected: {}.", who(verb)))
        }
        Meaning::NeverLeft => {
            let title = format!("Corrected: {} never left.", who("reported as having left"));
            (Tone::Came, title)
        }
        Meaning::Stopped | Meaning::GoesOn => return None,
    };
    let said = single.is_some() && !corrects;
    let lines =
        if said { Vec::new() } else { group.iter().filter_map(|item| line(item)).collect() };
    Some(Section { tone, title, lines })
}

/// "12 people left @solvej: 8 unfollowed, 3 were suspended, 1 deleted or deactivated the account."
fn left(group: &[&Item], who: &str, who_may: &str) -> String {
    let checking = group.iter().filter(|item| item.checking()).count();
    if checking == group.len() {
        return format!("{who_may}: still being checked.");
    }
    if let [item] = group {
        return format!("{who}: {}.", reason_of(item));
    }
    // Whoever is being checked is counted as that, and not under a reason that may not hold.
    let settled = || group.iter().filter(|item| !item.checking());
    let counted = Reason::ALL.iter().filter_map(|&reason| {
        let count = settled().filter(|item| item.meaning == Meaning::Left(reason)).count();
        (count > 0).then(|| counted(count, reason))
    });
    let mut parts: Vec<String> = counted.collect();
    if checking > 0 {
        parts.push(format!("{} still being checked", thousands(checking as u64)));
    }
    format!("{who}: {}.", parts.join(", "))
}

fn counted(count: usize, reason: Reason) -> String {
    let n = thousands(count as u64);
    match (reason, count) {
        (Reason::Unfollowed, _) => format!("{n} unfollowed"),
        (Reason::Suspended, 1) => "1 was suspended".to_owned(),
        (Reason::Suspended, _) => format!("{n} were suspended"),
        (Reason::Gone, 1) => "1 deleted or deactivated the account".to_owned(),
        (Reason::Gone, _) => format!("{n} deleted or deactivated their accounts"),
        (Reason::YouBlocked, _) => format!("{n} you blocked"),
        (Reason::Unknown, _) => format!("{n} for a reason not known"),
    }
}

/// Why one person left.
fn reason_of(item: &Item) -> String {
    let Meaning::Left(reason) = item.meaning else { return String::new() };
    let words = match reason {
        Reason::Unfollowed => "unfollowed",
        Reason::Suspended => "suspended by X",
        Reason::Gone => "deleted or deactivated the account",
        Reason::YouBlocked => "you blocked them",
        Reason::Unknown => "the reason is not known",
    };
    let confidence = item.event.as_ref().and_then(|event| event.confidence);
    match confidence {
        _ if item.checking() => format!("{words}, checking"),
        Some(Confidence::Likely) => format!("{words} (likely)"),
        _ => words.to_owned(),
    }
}

/// One person's line.
fn line(item: &Item) -> Option<String> {
    let event = item.event.as_ref()?;
    let name = person(&event.user);
    let followers = match event.followers {
        Some(1) => ", 1 follower".to_owned(),
        Some(n) => format!(", {} followers", thousands(n)),
        None => String::new(),
    };
    Some(match item.meaning {
        Meaning::Left(_) => format!("{name}{followers}: {}", reason_of(item)),
        Meaning::Renamed => renamed(item),
        _ => format!("{name}{followers}"),
    })
}

fn renamed(item: &Item) -> String {
    let Some(event) = item.event.as_ref() else { return String::new() };
    match (&event.from, &event.to) {
        (Some(from), Some(to)) => {
            let name = clean(&event.user.name, NAME_MAX);
            let handles = format!("@{}, now @{}", clean(from, NAME_MAX), clean(to, NAME_MAX));
            if name.is_empty() { handles } else { format!("{name} ({handles})") }
        }
        _ => person(&event.user),
    }
}

/// Name and handle, or what is left where they may not be kept.
fn person(user: &Person) -> String {
    let (name, handle) = (clean(&user.name, NAME_MAX), clean(&user.username, NAME_MAX));
    match (name.is_empty(), handle.is_empty()) {
        (false, false) => format!("{name} (@{handle})"),
        (true, false) => format!("@{handle}"),
        (false, true) => name,
        (true, true) => format!("Someone whose name is not kept (id {})", user.id),
    }
}

/// Words for the notice that collection stopped.
pub fn nothing_since(since: UnixMs, why: Option<&str>) -> String {
    let at = date(since);
    match why {
        Some(why) => format!("Nothing was read since {at} UTC: {why}"),
        None => format!("Nothing was read since {at} UTC: two checks in a row were missed."),
    }
}

/// As `19 November 2026, 02:00`, in UTC.
fn date(at: UnixMs) -> String {
    const MONTHS: &str =
        "January February March April May June July August September October November December";
    let at = at.utc();
    let month = MONTHS.split(' ').nth(at.month0() as usize).unwrap_or_default();
    format!("{} {month} {}, {:02}:{:02}", at.day(), at.year(), at.hour(), at.minute())
}

/// A text of someone else's on one line: no control characters, none that turn the direction or
/// are not seen, at most so many characters.
pub fn clean(text: &str, most: usize) -> String {
    if text::is_blank(text) {
        return String::new();
    }
    let hidden = |c: char| matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let seen = text.chars().filter(|&c| !hidden(c));
    let plain: String = seen
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    text::shorten(&plain, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{EventKind, LossState};
    use crate::notify::item::tests::{item, left, retracted, source};

    #[track_caller]
    fn check(items: &[Item], expected: &str) {
        assert_eq!(title(MessageKind::News, items), expected);
    }

    fn many(reasons: &[(Reason, u64)]) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for &(reason, count) in reasons {
            let begin = items.len() as u64;
            items.extend((0..count).map(|n| self::left(begin + n, reason)));
        }
        items
    }

    #[test]
    fn one_person_is_named() {
        check(&[left(7, Reason::Unfollowed)], "Ada 7 (@ada7) left @solvej: unfollowed.");
        check(&[left(7, Reason::Suspended)], "Ada 7 (@ada7) left @solvej: suspended by X.");
        check(
            &[left(7, Reason::Gone)],
            "Ada 7 (@ada7) left @solvej: deleted or deactivated the account.",
        );
        check(&[left(7, Reason::Unknown)], "Ada 7 (@ada7) left @solvej: the reason is not known.");
        check(&[item(7, EventKind::Followed)], "Ada 7 (@ada7) came to @solvej.");
        check(&[item(7, EventKind::Returned)], "Ada 7 (@ada7) came back to @solvej.");
    }

    #[test]
    fn a_name_of_nothing_visible_is_the_handle() {
        for name in
            ["\u{3164}", "\u{2800}", "\u{200b}\u{200d}", "\u{fe0f}", " \u{202e}", "\u{e0020}"]
        {
            let mut nameless = left(7, Reason::Unfollowed);
            name.clone_into(&mut nameless.event.as_mut().unwrap().user.name);
            check(&[nameless], "@ada7 left @solvej: unfollowed.");
        }
    }

    #[test]
    fn a_joined_emoji_is_cut_whole() {
        let family = "👨\u{200d}👩\u{200d}👧";
        for most in 1..40 {
            let text = clean(&family.repeat(8), most);
            let whole = text.trim_end_matches('…').replace(family, "");
            assert!(whole.is_empty() || most < 6, "{most}: {text}");
            assert!(text.chars().count() <= most);
        }
    }

    #[test]
    fn several_are_counted_by_reason() {
        let items = many(&[(Reason::Unfollowed, 8), (Reason::Suspended, 3), (Reason::Gone, 1)]);
        check(
            &items,
            "12 people left @solvej: 8 unfollowed, 3 were suspended, 1 deleted or deactivated \
             the account.",
        );
        let lines = &sections(&items)[0].lines;
        assert_eq!(lines.len(), 12);
        assert_eq!(lines[0], "Ada 0 (@ada0), 100 followers: unfollowed");
    }

    #[test]
    fn whoever_is_being_checked_is_not_accused() {
        let mut items = many(&[(Reason::Unknown, 2)]);
        for item in &mut items {
            item.event.as_mut().unwrap().state = Some(LossState::Suspected);
        }
        check(&items, "2 people may have left @solvej: still being checked.");
        check(&items[..1], "Ada 0 (@ada0) may have left @solvej: still being checked.");
        items.push(left(9, Reason::Unfollowed));
        check(&items, "3 people left @solvej: 1 unfollowed, 2 still being checked.");
    }

    #[test]
    fn the_parts_of_a_summary_add_up_to_its_people() {
        let mut items =
            many(&[(Reason::Unfollowed, 23), (Reason::Suspended, 7), (Reason::Unknown, 36)]);
        for item in items.iter_mut().skip(30) {
            item.event.as_mut().unwrap().state = Some(LossState::Suspected);
        }
        check(
            &items,
            "66 people left @solvej: 23 unfollowed, 7 were suspended, 36 still being checked.",
        );
    }

    #[test]
    fn whoever_left_twice_is_one_person() {
        let mut again = left(7, Reason::Gone);
        again.key.push('2');
        let twice = [left(7, Reason::Unfollowed), left(8, Reason::Suspended), again];
        check(
            &twice,
            "2 people left @solvej: 1 was suspended, 1 deleted or deactivated the account.",
        );
        assert_eq!(sections(&twice)[0].lines.len(), 2);
        let came = [item(7, EventKind::Followed), item(7, EventKind::Followed)];
        check(&came, "Ada 7 (@ada7) came to @solvej.");
    }

    #[test]
    fn a_likely_reason_says_so() {
        let mut one = left(7, Reason::Unfollowed);
        one.event.as_mut().unwrap().confidence = Some(Confidence::Likely);
        check(&[one], "Ada 7 (@ada7) left @solvej: unfollowed (likely).");
    }

    #[test]
    fn corrections_say_what_holds_now() {
        let mut stays = retracted(7);
        stays.was = Some(Meaning::Left(Reason::Unknown));
        check(&[stays.clone()], "Corrected: Ada 7 (@ada7) still follows @solvej.");
        let mut other = retracted(8);
        other.was = Some(Meaning::Left(Reason::Unknown));
        check(&[stays, other], "Corrected: 2 people still follow @solvej.");
        let never = [7, 8].map(|user| {
            let mut never = retracted(user);
            (never.meaning, never.was) = (Meaning::NeverLeft, Some(Meaning::Left(Reason::Unknown)));
            never
        });
        check(&never, "Corrected: 2 people reported as having left @solvej never left.");
        let mut why = left(7, Reason::Suspended);
        why.was = Some(Meaning::Left(Reason::Unfollowed));
        check(&[why.clone()], "Corrected: why Ada 7 (@ada7) left @solvej.");
        assert_eq!(sections(&[why])[0].lines, ["Ada 7 (@ada7), 100 followers: suspended by X"]);
    }

    #[test]
    fn renames_show_both_handles() {
        let mut one = item(7, EventKind::Renamed);
        let event = one.event.as_mut().unwrap();
        (event.from, event.to) = (Some("ada7".into()), Some("countess".into()));
        check(&[one.clone()], "Ada 7 (@ada7, now @countess) has a new handle.");
        let mut other = one.clone();
        other.key.push('x');
        check(&[one, other], "New handles of followers of @solvej: 2.");
    }

    #[test]
    fn everything_is_told_by_account() {
        let mut other = item(9, EventKind::Followed);
        other.source.account = crate::id::UserId(13);
        other.source.username = "tove".into();
        check(
            &[item(1, EventKind::Followed), left(7, Reason::Gone), other],
            "Ada 7 (@ada7) left @solvej: deleted or deactivated the account. Ada 1 (@ada1) came \
             to @solvej. Ada 9 (@ada9) came to @tove.",
        );
        check(&[], "Nobody came or left in the last 24 hours.");
    }

    #[test]
    fn a_stop_says_since_when_and_what_it_means() {
        let since = UnixMs::parse("2026-11-19T02:00:00Z").unwrap();
        let why = nothing_since(since, Some("X refused (credits): add credits in X's console."));
        let stopped = Item::stopped(&source(), since, Some(why), since);
        let section = &sections(&[stopped])[0];
        assert_eq!(section.title, "Collection of @solvej stopped.");
        assert_eq!(
            section.lines,
            [
                "Nothing was read since 19 November 2026, 02:00 UTC: X refused (credits): add \
                 credits in X's console.",
                "What happens meanwhile is not observed, which is not zero.",
            ]
        );
        check(&[Item::goes_on(&source(), since, since)], "Collection of @solvej goes on.");
    }

    #[test]
    fn names_are_kept_on_their_line() {
        for (name, shown) in [
            ("Ada\n@everyone", "Ada @everyone"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("a\u{200b}b\u{2028}c\td", "ab c d"),
            ("   ", ""),
        ] {
            assert_eq!(clean(name, 60), shown, "{name:?}");
        }
        assert_eq!(clean(&"x".repeat(100), 60).chars().count(), 60);
    }

    #[test]
    fn forgotten_names_leave_their_id() {
        let mut one = left(7, Reason::Suspended);
        one.forget_name(UnixMs(i64::MAX));
        check(&[one], "Someone whose name is not kept (id 7) left @solvej: suspended by X.");
    }

    #[test]
    fn a_log_names_nobody() {
        let mut stays = retracted(8);
        stays.was = Some(Meaning::Left(Reason::Unknown));
        let mut renamed = item(9, EventKind::Renamed);
        let event = renamed.event.as_mut().unwrap();
        (event.from, event.to) = (Some("ada9".into()), Some("ada".into()));
        assert_eq!(
            nameless(MessageKind::News, &[left(7, Reason::Gone), stays, renamed]),
            "1 person left @solvej: deleted or deactivated the account. New handles of followers \
             of @solvej: 1. Corrected: 1 person still follows @solvej.",
        );
    }
}
