//! Words about one person: reasons, states, how we know. Nobody is accused: what one check
//! missed is "checking", and what was corrected says so.

use crate::address::Narrow;
use crate::calendar::Zone;
use crate::numbers;
use crate::words::{capital, sentence, when};
use shared::api::{
    Confidence, Departure, EventKind, FollowerEvent, How, LossState, Person, Reason, Said, Verified,
};
use shared::figures::length;
use shared::text::{is_blank, is_unseen};
use shared::time::UnixMs;

/// A chip: its word, its class (which carries the shape too).
pub(crate) type Chip = (&'static str, &'static str);

/// The chip of an event.
pub(crate) fn chip(event: &FollowerEvent) -> Chip {
    match event.kind {
        EventKind::Followed => ("new", "came"),
        EventKind::Returned => ("came back", "back"),
        EventKind::Renamed => ("new handle", "renamed"),
        EventKind::Lost => match event.state {
            Some(LossState::Retracted) => ("corrected: still follows", "corrected"),
            Some(LossState::Suspected) => ("checking", "checking"),
            _ => reason(event.reason.unwrap_or(Reason::Unknown)),
        },
    }
}

/// The chip of who left, in the list of them.
pub(crate) fn left_chip(left: &Departure) -> Chip {
    match left.state {
        Some(LossState::Retracted) => ("corrected: still follows", "corrected"),
        Some(LossState::Suspected) => ("checking", "checking"),
        _ => reason(left.reason),
    }
}

/// How sure that is.
pub(crate) fn how_sure(left: &Departure) -> &'static str {
    match (left.state, left.confidence) {
        (Some(LossState::Suspected), _) => "Missing from one check; the next tells",
        (_, Confidence::Certain) => "The reason is certain",
        (_, Confidence::Likely) => "The reason is likely",
        (_, Confidence::Unknown) => "The reason is not known",
    }
}

/// Word and class of a reason.
pub(crate) fn reason(reason: Reason) -> Chip {
    match reason {
        Reason::Unfollowed => ("unfollowed", "unfollowed"),
        Reason::Suspended => ("suspended by X", "suspended"),
        Reason::Gone => ("gone from X", "gone"),
        Reason::YouBlocked => ("you blocked them", "blocked"),
        Reason::Unknown => ("reason not known", "unknown"),
    }
}

/// What a list of who left is narrowed to, in a few words each.
pub(crate) fn narrowed(why: Option<Reason>, narrow: Narrow) -> Vec<String> {
    let least =
        narrow.least.map(|least| format!("with {} followers or more", numbers::count(least)));
    let why = why.map(|why| reason(why).0.to_owned());
    let mutual = narrow.mutual.then(|| "whom you follow".to_owned());
    let inactive = narrow.inactive.then(|| "who hardly write".to_owned());
    [why, mutual, least, inactive].into_iter().flatten().collect()
}

/// How long somebody followed who left, and whether it was longer: since before tracking.
pub(crate) fn stayed(since: Option<UnixMs>, left: UnixMs, began: Option<UnixMs>) -> String {
    let long = |from: UnixMs| length(left.since(from).max(0));
    match (since, began) {
        (Some(since), _) => long(since),
        (None, Some(began)) if began < left => format!("over {}", long(began)),
        (None, _) => "since before tracking".to_owned(),
    }
}

/// Name and handle of a person; X may have told none, and some names show nothing at all.
pub(crate) fn names(person: &Person) -> (String, String) {
    let handle =
        if person.username.is_empty() { String::new() } else { format!("@{}", person.username) };
    let name = match (is_blank(&person.name), handle.is_empty()) {
        (true, true) => format!("User {}", person.id),
        (true, false) => handle.clone(),
        (false, _) => person.name.trim().to_owned(),
    };
    (name, handle)
}

/// What an event is in a person's history.
pub(crate) fn happened(event: &FollowerEvent) -> String {
    match event.kind {
        EventKind::Followed => "Came".to_owned(),
        EventKind::Returned => "Came back".to_owned(),
        EventKind::Lost => "Left".to_owned(),
        EventKind::Renamed => match (&event.from, &event.to) {
            (Some(from), Some(to)) => format!("Was @{from}, is @{to}"),
            _ => "Has a new handle".to_owned(),
        },
    }
}

/// "How we know": label and text, line by line, as it came to be known. `next_check` is when the
/// next list is read.
pub(crate) fn how_we_know(
    event: &FollowerEvent,
    next_check: Option<UnixMs>,
    now: UnixMs,
    zone: &dyn Zone,
) -> Vec<(&'static str, String)> {
    let moment = |at: UnixMs| when::moment(at, now, zone);
    let check = |at: UnixMs| format!("the check of {}", moment(at));
    let (before, after) = match event.kind {
        EventKind::Lost => ("Seen in", "Missing in"),
        EventKind::Followed | EventKind::Returned => ("Not yet in", "First seen in"),
        EventKind::Renamed => ("Old handle in", "New handle in"),
    };
    let mut lines = Vec::new();
    if let Some(at) = event.not_before {
        lines.push((before, check(at)));
    }
    if event.not_before.is_none() && event.how == How::Push {
        lines.push(("Told by X", moment(event.at)));
    } else {
        lines.push((after, check(event.at)));
    }
    if event.kind != EventKind::Lost {
        lines.push(("Found by", how(event.how).to_owned()));
        return lines;
    }
    for (turn, look) in event.looks.iter().enumerate() {
        let label = if turn == 0 { "Looked up" } else { "Looked again" };
        lines.push((label, format!("{}: {}", moment(look.at), said(look.said))));
    }
    // A later list ended the doubt, unless a look or a message did.
    let ended = event.settles.filter(|&at| at <= now);
    let by_list =
        ended.filter(|&at| at != event.at && event.looks.iter().all(|look| look.at != at));
    let retracted = event.state == Some(LossState::Retracted);
    if let Some(at) = by_list.filter(|_| event.how != How::Push) {
        lines.push((if retracted { "Seen again in" } else { "Missing again in" }, check(at)));
    }
    if !retracted {
        lines.push(("Reason", why(event)));
    }
    lines.push(("State", state(event, ended, now, zone)));
    let suspected = event.state == Some(LossState::Suspected);
    // Whoever vanished is looked at once more before the reason is final.
    let look = event.next_look.or(event.settles.filter(|&at| at > now));
    if let Some(at) = look.or(next_check.filter(|_| suspected)).filter(|_| ended.is_none()) {
        lines.push(("Next look", when::coming(at, now, zone)));
    }
    lines
}

/// The reason, how certain it is, and if it is not known, why not.
fn why(event: &FollowerEvent) -> String {
    let word = match event.reason.unwrap_or(Reason::Unknown) {
        Reason::Unknown => "not known",
        known => reason(known).0,
    };
    match (event.confidence, &event.note) {
        (Some(Confidence::Certain), _) => format!("{word}, certain"),
        (Some(Confidence::Likely), _) => format!("{word}, likely"),
        (_, Some(note)) => format!("{word}. {}", capital(&sentence(note))),
        _ if event.how == How::Import => {
            format!("{word}: imported lists tell who left, and X tells why only soon after")
        }
        _ => format!("{word}: they were not looked up"),
    }
}

/// What X said of someone who was looked up.
fn said(said: Said) -> &'static str {
    match said {
        Said::Following => "follows you",
        Said::NotFollowing => "there, and does not follow you",
        Said::Found => "there; an app is not told whether they follow",
        Said::Suspended => "suspended by X",
        Said::Missing => "X knows nobody of that id",
        Said::Blocked => "on your block list",
        Said::Followed => "followed you",
        Said::Unfollowed => "unfollowed you",
    }
}

fn how(how: How) -> &'static str {
    match how {
        How::Crawl => "a full check",
        How::Lookup => "looking them up at X",
        How::Push => "a message from X",
        How::Import => "comparing saved lists",
    }
}

/// Whether all is known. `ended`: since when it is.
fn state(event: &FollowerEvent, ended: Option<UnixMs>, now: UnixMs, zone: &dyn Zone) -> String {
    let since = |word: &str| match ended {
        Some(at) => format!("{word} {}", when::moment(at, now, zone)),
        None => word.to_owned(),
    };
    match event.state {
        Some(LossState::Retracted) => format!("{}: still follows", since("corrected")),
        Some(LossState::Suspected) => "checking: one more check or look tells".to_owned(),
        _ if ended.is_some() => since("final since"),
        _ => "not final: the reason may change with the next look or check".to_owned(),
    }
}

/// What X's mark says.
pub(crate) fn verified(mark: Verified) -> &'static str {
    match mark {
        Verified::Blue => "Verified by X",
        Verified::Business => "Verified organisation",
        Verified::Government => "Government account",
    }
}

/// Two letters for a picture that is not there.
pub(crate) fn initials(name: &str, username: &str) -> String {
    // Hangul's filler is a letter to Unicode, and drawn blank.
    let letter = |c: &char| c.is_alphanumeric() && !is_unseen(*c);
    let from = if name.chars().any(|c| letter(&c)) { name } else { username };
    let firsts = from.split_whitespace().filter_map(|word| word.chars().find(letter));
    let letters: String = firsts.take(2).flat_map(char::to_uppercase).collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::words::tests_support::loss;
    use shared::api::Look;

    #[test]
    fn the_state_speaks_before_the_reason() {
        let chip_of = |state| chip(&loss(Reason::Unfollowed, state)).0;
        assert_eq!(chip_of(LossState::Suspected), "checking");
        assert_eq!(chip_of(LossState::Confirmed), "unfollowed");
        assert_eq!(chip_of(LossState::Retracted), "corrected: still follows");
    }

    #[test]
    fn how_we_know_is_told_line_by_line() {
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        let event = loss(Reason::Unfollowed, LossState::Suspected);
        let next = UnixMs::parse("2026-11-25T02:00:00Z");
        let lines = how_we_know(&event, next, now, &Fixed(0));
        let text: Vec<_> = lines.iter().map(|(label, text)| format!("{label} {text}")).collect();
        assert_eq!(
            text,
            [
                "Seen in the check of today 02:00",
                "Missing in the check of today 03:00",
                "Reason unfollowed, likely",
                "State checking: one more check or look tells",
                "Next look Wednesday",
            ]
        );
    }

    fn text_of(event: &FollowerEvent, now: &str) -> Vec<String> {
        let now = UnixMs::parse(now).unwrap();
        let lines = how_we_know(event, None, now, &Fixed(0));
        lines.iter().map(|(label, text)| format!("{label} {text}")).collect()
    }

    #[test]
    fn what_x_pushed_was_in_no_check() {
        let mut event = loss(Reason::Unfollowed, LossState::Confirmed);
        (event.not_before, event.how) = (None, How::Push);
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        assert_eq!(lines[..2], ["Told by X today 03:00", "Reason unfollowed, likely"]);
    }

    fn look(at: &str, said: Said) -> Look {
        Look { at: UnixMs::parse(at).unwrap(), said }
    }

    #[test]
    fn every_look_has_its_time_and_its_answer() {
        let mut event = loss(Reason::Suspended, LossState::Confirmed);
        event.confidence = Some(Confidence::Certain);
        event.looks = vec![look("2026-11-21T03:15:00Z", Said::Suspended)];
        event.settles = UnixMs::parse("2026-11-21T03:15:00Z");
        assert_eq!(
            text_of(&event, "2026-11-21T10:30:00Z"),
            [
                "Seen in the check of today 02:00",
                "Missing in the check of today 03:00",
                "Looked up today 03:15: suspended by X",
                "Reason suspended by X, certain",
                "State final since today 03:15",
            ]
        );
    }

    #[test]
    fn what_is_not_final_says_when_it_will_be_and_never_that_it_is() {
        let mut event = loss(Reason::Gone, LossState::Confirmed);
        event.looks = vec![
            look("2026-11-21T03:03:00Z", Said::Missing),
            look("2026-11-21T03:18:00Z", Said::Missing),
        ];
        event.next_look = UnixMs::parse("2026-11-22T03:03:00Z");
        event.settles = event.next_look;
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        assert_eq!(lines[3], "Looked again today 03:18: X knows nobody of that id");
        assert!(lines.iter().all(|line| !line.contains("final since")), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "Next look tomorrow 03:03");
        let later = text_of(&event, "2026-11-23T10:30:00Z");
        assert!(later.iter().all(|line| !line.starts_with("Next look")), "{later:?}");
    }

    #[test]
    fn one_missing_check_is_not_two() {
        let mut event = loss(Reason::Unknown, LossState::Confirmed);
        event.confidence = Some(Confidence::Unknown);
        event.settles = UnixMs::parse("2026-11-21T04:00:00Z");
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        assert!(
            lines.contains(&"Missing again in the check of today 04:00".to_owned()),
            "{lines:?}"
        );
        assert!(
            lines.contains(&"Reason not known: they were not looked up".to_owned()),
            "{lines:?}"
        );
        event.settles = None;
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        assert!(lines.iter().all(|line| !line.starts_with("Missing again")), "{lines:?}");
    }

    #[test]
    fn whoever_was_not_looked_up_says_why() {
        let mut event = loss(Reason::Unknown, LossState::Suspected);
        event.confidence = Some(Confidence::Unknown);
        event.note = Some("the daily limit left no room".to_owned());
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        let reason = "Reason not known. The daily limit left no room.".to_owned();
        assert!(lines.contains(&reason), "{lines:?}");
    }

    #[test]
    fn a_corrected_loss_names_no_reason() {
        let event = loss(Reason::Unfollowed, LossState::Retracted);
        let lines = how_we_know(&event, None, event.at, &Fixed(0));
        assert!(lines.iter().all(|(label, _)| *label != "Reason"));
    }

    #[test]
    fn a_name_of_nothing_visible_shows_the_handle() {
        let of = |name: &str, username: &str| {
            let id = shared::id::UserId(7);
            let (name, username) = (name.to_owned(), username.to_owned());
            names(&Person { id, username, name, avatar: None }).0
        };
        for name in ["", " ", "\u{200b}", "\u{202e}\u{2066}", "\u{3164}", "\u{2800} ", "\u{fe0f}"] {
            assert_eq!(of(name, "Ada_L"), "@Ada_L", "{name:?}");
            assert_eq!(of(name, ""), "User 7", "{name:?}");
        }
        assert_eq!(of(" Ada ", "ada"), "Ada");
    }

    #[test]
    fn initials_come_from_the_name_or_the_handle() {
        assert_eq!(initials("Ada Lovelace King", "ada"), "AL");
        assert_eq!(initials("🌊🌊", "tide_line"), "T");
        assert_eq!(initials("", ""), "?");
        assert_eq!(initials("\u{3164}", "ada"), "A");
        assert_eq!(initials("élise", ""), "É");
    }
}
