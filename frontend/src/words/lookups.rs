//! Words about looking people up.

use crate::calendar::Zone;
use crate::lookups::{Asked, PEOPLE_MAX};
use crate::numbers::{about, count, dollars, plural};
use crate::words::{capital, listed, sentence, when};
use shared::api::{Lookup, LookupStarted, RunState};
use shared::lookup::{By, Class};
use shared::time::UnixMs;

/// Words that are neither id nor handle which are named; the rest is a number.
const ODD_NAMED: usize = 20;

fn of(by: By, number: u64) -> String {
    match by {
        By::Ids => plural(number, "id", "ids"),
        By::Usernames => plural(number, "handle", "handles"),
    }
}

/// Whom a text names: `3 ids and 12 handles. 2 were named twice.`
pub(crate) fn named(asked: &Asked) -> String {
    let kinds = [(By::Ids, asked.ids.len()), (By::Usernames, asked.usernames.len())];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(by, number)| of(by, number as u64))
        .collect();
    if kinds.is_empty() {
        return "Nobody is named yet.".to_owned();
    }
    let two = if kinds.len() > 1 { ": two look-ups" } else { "" };
    let again = match asked.again as u64 {
        0 => String::new(),
        more => format!(
            " {} named again.",
            if more == 1 { "1 is".to_owned() } else { format!("{} are", count(more)) }
        ),
    };
    format!("{}{two}.{again}", listed(&kinds))
}

/// What keeps it from being asked for, or is left out of it.
pub(crate) fn trouble(asked: &Asked) -> Option<String> {
    let most = asked.ids.len().max(asked.usernames.len());
    if most > PEOPLE_MAX {
        let by = if asked.ids.len() > PEOPLE_MAX { By::Ids } else { By::Usernames };
        return Some(format!(
            "{} are more than X is asked for at once: take {} out and look them up afterwards.",
            of(by, most as u64),
            count((most - PEOPLE_MAX) as u64)
        ));
    }
    let named: Vec<String> = asked
        .odd
        .iter()
        .take(ODD_NAMED)
        .map(|(line, word)| format!("“{word}” (line {line})"))
        .collect();
    let more = asked.odd.len().checked_sub(ODD_NAMED).filter(|more| *more > 0);
    let named: Vec<String> =
        named.into_iter().chain(more.map(|more| format!("{} more", count(more as u64)))).collect();
    (!named.is_empty()).then(|| {
        let verb = if asked.odd.len() == 1 { "is" } else { "are" };
        format!("Left out: {} {verb} neither an id nor a handle.", listed(&named))
    })
}

/// `at most about $3.12`, or that nothing is billed.
fn most(usd: f64) -> String {
    match about(usd) {
        _ if usd == 0.0 => "free today".to_owned(),
        text => format!("at most {text}"),
    }
}

/// What it would cost: `312 people in 4 calls to X, at most about $3.12.`
pub(crate) fn price(parts: &[LookupStarted], simulated: bool) -> String {
    let people = parts.iter().map(|part| part.people).sum();
    let calls = parts.iter().map(|part| part.calls).sum();
    let simulated = if simulated { " In sample data nothing is paid." } else { "" };
    format!(
        "{} in {} to X, {}, by X's published prices. Only whom X shows is billed, and once a UTC \
         day.{simulated}",
        plural(people, "person", "people"),
        plural(calls, "call", "calls"),
        most(usd(parts)),
    )
}

/// On the button that starts it.
pub(crate) fn start(parts: &[LookupStarted]) -> String {
    format!("Start, {}", most(usd(parts)))
}

fn usd(parts: &[LookupStarted]) -> f64 {
    parts.iter().map(|part| part.usd).sum()
}

/// What a look-up is about: `312 handles`.
pub(crate) fn title(one: &Lookup) -> String {
    of(one.by, one.people)
}

/// Word and class of its state.
pub(crate) fn state(one: &Lookup) -> (&'static str, &'static str) {
    match one.state {
        RunState::Running if one.waits_until.is_some() => ("waiting", "warn"),
        RunState::Running => ("running", "busy"),
        RunState::Done => ("done", "good"),
        RunState::Failed | RunState::Quarantined => ("ended early", "bad"),
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Found => "found",
        Class::Suspended => "suspended by X",
        Class::Missing => "not on X",
        Class::Protected => "not shown to these keys",
        Class::Failed => "without an answer",
    }
}

/// What is known so far: `290 found, 12 not on X; 10 to go.`
pub(crate) fn found(one: &Lookup) -> String {
    let parts: Vec<String> = one
        .classes
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(kind, number)| format!("{} {}", count(*number), class(*kind)))
        .collect();
    let left = one.people.saturating_sub(one.done);
    match (parts.is_empty(), left) {
        (true, _) if one.state == RunState::Running => "Nobody was asked for yet.".to_owned(),
        (true, _) => "Nobody was found.".to_owned(),
        (false, 0) => format!("{}.", parts.join(", ")),
        (false, left) => format!("{}; {} to go.", parts.join(", "), count(left)),
    }
}

/// When it began, and its money: `Today 10:12. $1.20 of at most about $3.12.`
pub(crate) fn began(one: &Lookup, now: UnixMs, zone: &dyn Zone) -> String {
    let at = capital(&when::moment(one.started, now, zone));
    let spent = dollars(one.spent_usd);
    match one.state {
        RunState::Running => format!("{at}. {spent} so far, {}.", most(one.usd)),
        _ => format!("{at}. {spent} spent."),
    }
}

/// What it waits for, why it ended early, how long its result stays.
pub(crate) fn note(one: &Lookup, now: UnixMs, zone: &dyn Zone) -> String {
    let why = one.reason.as_deref().map(|reason| capital(&sentence(reason)));
    let until = one
        .waits_until
        .filter(|_| one.state == RunState::Running)
        .map(|at| format!("It goes on by itself {}.", when::coming(at, now, zone)));
    let kept = one.expires.filter(|_| one.done > 0).map(|at| {
        let until = when::coming(at, now, zone);
        format!("Its result is kept until {until}: X's profiles must not be kept longer.")
    });
    why.into_iter().chain(until).chain(kept).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::lookups::read;
    use std::collections::BTreeMap;

    fn now() -> UnixMs {
        UnixMs::parse("2026-11-21T10:30:00Z").unwrap()
    }

    fn sample() -> Lookup {
        Lookup {
            id: "1".to_owned(),
            by: By::Usernames,
            people: 312,
            done: 302,
            classes: BTreeMap::from([(Class::Found, 290), (Class::Missing, 12)]),
            state: RunState::Running,
            reason: None,
            waits_until: None,
            started: UnixMs::parse("2026-11-21T10:12:00Z").unwrap(),
            ended: None,
            expires: None,
            usd: 3.12,
            spent_usd: 1.2,
        }
    }

    fn part(people: u64, usd: f64) -> LookupStarted {
        LookupStarted { run: None, people, calls: people.div_ceil(100), usd }
    }

    #[test]
    fn whom_a_text_names() {
        for (text, told) in [
            ("", "Nobody is named yet."),
            ("ada", "1 handle."),
            ("1 2 ada", "2 ids and 1 handle: two look-ups."),
            ("1 2 2 1", "2 ids. 2 are named again."),
        ] {
            assert_eq!(named(&read(text)), told, "{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_named() {
        assert_eq!(trouble(&read("ada")), None);
        assert_eq!(
            trouble(&read("ada\n#1")).as_deref(),
            Some("Left out: “#1” (line 2) is neither an id nor a handle.")
        );
        let many = trouble(&read(&"#1 ".repeat(22))).unwrap();
        assert!(
            many.ends_with("“#1” (line 1) and 2 more are neither an id nor a handle."),
            "{many}"
        );
        let crowd = (1..=10_002).map(|id| id.to_string()).collect::<Vec<_>>().join(" ");
        assert!(trouble(&read(&crowd)).unwrap().contains("10,002 ids are more than"));
    }

    #[test]
    fn the_price_comes_first() {
        let told = price(&[part(200, 2.0), part(112, 1.12)], false);
        assert!(told.starts_with("312 people in 4 calls to X, at most about $3.12, by"), "{told}");
        assert_eq!(start(&[part(1, 0.0)]), "Start, free today");
        assert!(price(&[part(1, 0.01)], true).ends_with("In sample data nothing is paid."));
    }

    #[test]
    fn how_it_stands() {
        let one = sample();
        assert_eq!(found(&one), "290 found, 12 not on X; 10 to go.");
        assert_eq!(
            began(&one, now(), &Fixed(0)),
            "Today 10:12. $1.20 so far, at most about $3.12."
        );
        assert_eq!((state(&one).0, note(&one, now(), &Fixed(0)).as_str()), ("running", ""));
        let waiting = Lookup {
            reason: Some("the day's limit is reached".to_owned()),
            waits_until: UnixMs::parse("2026-11-22T00:00:00Z"),
            ..one.clone()
        };
        assert_eq!(
            (state(&waiting).0, note(&waiting, now(), &Fixed(0)).as_str()),
            ("waiting", "The day's limit is reached. It goes on by itself tomorrow 00:00.")
        );
        let done = Lookup {
            state: RunState::Done,
            done: 312,
            classes: BTreeMap::from([(Class::Found, 312)]),
            expires: UnixMs::parse("2026-11-28T10:20:00Z"),
            spent_usd: 3.12,
            ..one.clone()
        };
        assert_eq!(found(&done), "312 found.");
        assert_eq!(began(&done, now(), &Fixed(0)), "Today 10:12. $3.12 spent.");
        assert!(note(&done, now(), &Fixed(0)).starts_with("Its result is kept until 28 Nov: X's"));
        let none = Lookup { done: 0, classes: BTreeMap::new(), ..one };
        assert_eq!(found(&none), "Nobody was asked for yet.");
    }
}
