//! Words about one person: reasons, states, how we know. Nobody is accused: what one check
//! missed is "checking", and what was corrected says so.

use crate::address::Narrow;
use crate::calendar::Zone;
use crate::numbers;
use crate::words::{capital, sentence, when};
use shared::api::{
    Confidence, Departure, EventKind, FollowerEvent, How, LossState, Person, Reason, Verified,
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

/// "How we know": label and text, line by line. `next_check` is when one more look is due.
pub(crate) fn how_we_know(
    event: &FollowerEvent,
    next_check: Option<UnixMs>,
    now: UnixMs,
    zone: &dyn Zone,
) -> Vec<(&'static str, String)> {
    let moment = |at: UnixMs| format!("the check of {}", when::moment(at, now, zone));
    let (before, after) = match event.kind {
        EventKind::Lost => ("Seen in", "Missing in"),
        EventKind::Followed | EventKind::Returned => ("Not yet in", "First seen in"),
        EventKind::Renamed => ("Old handle in", "New handle in"),
    };
    let mut lines = Vec::new();
    if let Some(at) = event.not_before {
        lines.push((before, moment(at)));
    }
    if event.not_before.is_none() && event.how == How::Push {
        lines.push(("Told by X", when::moment(event.at, now, zone)));
    } else {
        lines.push((after, moment(event.at)));
    }
    lines.push(("Found by", how(event.how).to_owned()));
    if event.kind != EventKind::Lost {
        return lines;
    }
    let (word, _) = reason(event.reason.unwrap_or(Reason::Unknown));
    let certainty = match event.confidence {
        Some(Confidence::Certain) => ", certain",
        Some(Confidence::Likely) => ", likely",
        _ => "",
    };
    if event.state != Some(LossState::Retracted) {
        lines.push(("Reason", format!("{word}{certainty}")));
        if let Some(note) = &event.note {
            lines.push(("Not asked", capital(&sentence(note))));
        }
    }
    lines.push(("State", state(event.state).to_owned()));
    // Whoever vanished is looked at once more before the reason is final.
    let settles = event.settles.filter(|&at| at > now);
    let suspected = event.state == Some(LossState::Suspected);
    if let Some(at) = settles.or(next_check.filter(|_| suspected)) {
        lines.push(("Next look", when::coming(at, now, zone)));
    }
    lines
}

fn how(how: How) -> &'static str {
    match how {
        How::Crawl => "a full check",
        How::Lookup => "looking them up at X",
        How::Push => "a message from X",
        How::Import => "comparing saved lists",
    }
}

fn state(state: Option<LossState>) -> &'static str {
    match state {
        Some(LossState::Suspected) => "checking: one more look will settle it",
        Some(LossState::Retracted) => "corrected: seen again in the next check, still follows",
        Some(LossState::Confirmed) => "settled: missing from two checks, or X said so",
        None => "settled",
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
                "Found by a full check",
                "Reason unfollowed, likely",
                "State checking: one more look will settle it",
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
        assert_eq!(lines[..2], ["Told by X today 03:00", "Found by a message from X"]);
    }

    #[test]
    fn a_reason_that_is_not_final_says_when_it_will_be() {
        let mut event = loss(Reason::Gone, LossState::Confirmed);
        event.settles = UnixMs::parse("2026-11-22T03:00:00Z");
        let last = |now| text_of(&event, now).pop().unwrap();
        assert_eq!(last("2026-11-21T10:30:00Z"), "Next look tomorrow 03:00");
        assert!(last("2026-11-23T10:30:00Z").starts_with("State"), "it is final");
    }

    #[test]
    fn whoever_was_not_looked_up_says_why() {
        let mut event = loss(Reason::Unknown, LossState::Suspected);
        event.note = Some("the daily limit left no room".to_owned());
        let lines = text_of(&event, "2026-11-21T10:30:00Z");
        assert!(lines.contains(&"Not asked The daily limit left no room.".to_owned()), "{lines:?}");
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
