//! Words for the state of collection: the pill, the notes over the tide.

use crate::calendar::{Zone, date_at};
use crate::numbers;
use crate::period::Range;
use crate::words::when;
use shared::api::{Account, CollectorState, Schedule};
use shared::time::UnixMs;

/// How the pill looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Busy,
    Quiet,
    Bad,
}

impl Tone {
    /// Its class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Quiet => "quiet",
            Self::Bad => "bad",
        }
    }
}

/// Share of a check that is done, 0 to 99 %: 100 would say that it has ended.
pub(crate) fn progress(account: &Account) -> Option<u64> {
    let collector = &account.collector;
    let expected = collector.expected.filter(|&expected| expected > 0)?;
    Some((collector.read? * 100 / expected).min(99))
}

/// The state pill.
pub(crate) fn pill(account: &Account, now: UnixMs, zone: &dyn Zone) -> (Tone, String) {
    let collector = &account.collector;
    match collector.state {
        CollectorState::Checking => {
            let share = progress(account).map(|share| format!(" {share} %")).unwrap_or_default();
            (Tone::Busy, format!("Checking{share}"))
        }
        CollectorState::Waiting => {
            let when = collector
                .next_check
                .map(|at| format!(", goes on {}", when::coming(at, now, zone)))
                .unwrap_or_default();
            (Tone::Busy, format!("Waiting for X{when}"))
        }
        CollectorState::Stopped => (Tone::Bad, stopped(collector.reason.as_deref())),
        CollectorState::Idle => match collector.last_check.max(collector.last_read) {
            Some(last) => (Tone::Good, format!("Up to date, {}", when::ago(last, now, zone))),
            None => (Tone::Quiet, "Nothing read yet".to_owned()),
        },
    }
}

/// `Stopped: credits`: the first words of the reason, up to where it explains itself.
fn stopped(reason: Option<&str>) -> String {
    let short = reason
        .and_then(|reason| reason.split(['.', ':', ',', ';', '(']).next())
        .map(str::trim)
        .filter(|short| !short.is_empty() && short.chars().count() <= 32);
    short.map_or_else(|| "Stopped".to_owned(), |short| format!("Stopped: {short}"))
}

/// What comes next, for the pill's hover and the Collection page.
pub(crate) fn next(account: &Account, now: UnixMs, zone: &dyn Zone) -> String {
    let collector = &account.collector;
    match (collector.state, collector.next_check) {
        (CollectorState::Stopped, _) => "Nothing runs until this is solved.".to_owned(),
        (_, Some(at)) => {
            let what = if account.schedule == Schedule::CountOnly { "count" } else { "full check" };
            format!("Next {what} {}.", when::coming(at, now, zone))
        }
        (_, None) if account.schedule == Schedule::Manual => {
            "Full checks run when you ask for them.".to_owned()
        }
        (_, None) => "Nothing is planned.".to_owned(),
    }
}

/// A gap in one line: `Not observed 3–5 Nov: X refused (credits). This is not zero.`
pub(crate) fn gap(range: Range, reason: Option<&str>, now: UnixMs, zone: &dyn Zone) -> String {
    let when = when::stretch(range, now, zone);
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => {
            format!("Not observed {when}: {} This is not zero.", super::sentence(reason))
        }
        None => format!("Not observed {when}. This is not zero."),
    }
}

/// Of a time before the first list.
pub(crate) fn before_tracking(account: &Account, now: UnixMs, zone: &dyn Zone) -> String {
    let began = account.first_snapshot.map(|at| date_at(at, zone).near(date_at(now, zone)));
    let began = began.map(|began| format!(": the first list is of {began}")).unwrap_or_default();
    format!("Who followed then is not known{began}.")
}

/// `Last full check: today 02:00.`
pub(crate) fn last_check(account: &Account, now: UnixMs, zone: &dyn Zone) -> String {
    account.collector.last_check.map_or_else(
        || "No full check yet.".to_owned(),
        |at| format!("Last full check: {}.", when::moment(at, now, zone)),
    )
}

/// What a check under way has read.
pub(crate) fn checking(account: &Account) -> String {
    let collector = &account.collector;
    match (collector.read, collector.expected) {
        (Some(read), Some(expected)) => {
            format!(
                "{} of about {} followers read.",
                numbers::count(read),
                numbers::count(expected)
            )
        }
        _ => "The check has begun.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::words::tests_support::account;

    #[track_caller]
    fn check(change: impl Fn(&mut Account), expected: &str) {
        let mut account = account();
        change(&mut account);
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        assert_eq!(pill(&account, now, &Fixed(0)).1, expected);
    }

    #[test]
    fn the_pill_says_what_goes_on() {
        check(|_| {}, "Up to date, 12 min ago");
        check(
            |account| {
                account.collector.state = CollectorState::Checking;
                account.collector.read = Some(4_100);
                account.collector.expected = Some(10_000);
            },
            "Checking 41 %",
        );
        check(
            |account| {
                account.collector.state = CollectorState::Stopped;
                account.collector.reason = Some("credits: X wants to be paid.".to_owned());
            },
            "Stopped: credits",
        );
        check(
            |account| {
                account.collector.last_check = None;
                account.collector.last_read = None;
            },
            "Nothing read yet",
        );
    }

    #[test]
    fn a_check_is_not_done_before_it_has_ended() {
        let mut account = account();
        account.collector.read = Some(12_000);
        account.collector.expected = Some(10_000);
        assert_eq!(progress(&account), Some(99));
        account.collector.expected = Some(0);
        assert_eq!(progress(&account), None);
    }

    #[test]
    fn a_gap_says_that_it_is_not_zero() {
        let at = |text: &str| UnixMs::parse(text).unwrap();
        let range = Range { from: at("2026-11-03T00:00:00Z"), to: at("2026-11-06T00:00:00Z") };
        assert_eq!(
            gap(range, Some("X refused (credits)"), at("2026-11-21T00:00:00Z"), &Fixed(0)),
            "Not observed 3–5 Nov: X refused (credits). This is not zero."
        );
    }
}
