//! The week's news about who left, in a sentence. Owns: what is told and in which words. Must not
//! know: where the list comes from, or how it looks. Invariant: the sentence counts the very list
//! that it leads to, and says of a reason only what the list says.

use crate::api::{Follower, LossState, Reason};
use crate::figures::{compact, length, thousands};
use crate::time::UnixMs;
use std::fmt::Write as _;

/// What the sentence is made of.
#[derive(Clone, Copy, Debug)]
pub struct Week<'a> {
    /// Who left in the week and does not follow: the largest first, the whole list or its
    /// beginning.
    pub leavers: &'a [Follower],
    /// There are more than these.
    pub more: bool,
    /// Whether the followers were read in the week at all.
    pub observed: bool,
    /// When tracking began: whoever followed before, followed for longer than since then.
    pub began: Option<UnixMs>,
}

/// `This week 9 left, 4 of them suspended by X; the biggest: @x, 12K followers, followed you for 2
/// years.`
pub fn sentence(week: &Week<'_>) -> String {
    match week.leavers {
        [] if !week.observed => "Who left this week was not observed.".to_owned(),
        [] => "This week nobody left.".to_owned(),
        [one] if !week.more => {
            let why = match why(one) {
                Why::Pending => "why is being looked up",
                Why::Suspended => "suspended by X",
                Why::Gone => "gone from X",
                Why::Blocked => "blocked by you",
                Why::Unfollowed => "unfollowed",
                Why::Unknown => "reason not known",
            };
            format!("This week 1 left: {}, {why}.", person(one, week.began))
        }
        all => {
            let over = if week.more { "more than " } else { "" };
            let count = thousands(all.len() as u64);
            let biggest = all.first().filter(|one| one.followers.is_some_and(|n| n > 0));
            let biggest = biggest.map(|one| format!("; the biggest: {}", person(one, week.began)));
            let (reasons, biggest) = (reasons(week), biggest.unwrap_or_default());
            format!("This week {over}{count} left{reasons}{biggest}.")
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Why {
    Unfollowed,
    Suspended,
    Gone,
    Blocked,
    /// The look-up is still to come.
    Pending,
    Unknown,
}

fn why(row: &Follower) -> Why {
    let Some(left) = row.left else { return Why::Unknown };
    match left.reason {
        Reason::Unfollowed => Why::Unfollowed,
        Reason::Suspended => Why::Suspended,
        Reason::Gone => Why::Gone,
        Reason::YouBlocked => Why::Blocked,
        Reason::Unknown if left.state == Some(LossState::Suspected) => Why::Pending,
        Reason::Unknown => Why::Unknown,
    }
}

/// `, 4 of them suspended by X and 1 gone from X`: what was not their choice comes first. Of a
/// beginning of the list nothing is counted.
fn reasons(week: &Week<'_>) -> String {
    if week.more {
        return String::new();
    }
    let all = week.leavers.len();
    let count = |wanted: Why| week.leavers.iter().filter(|row| why(row) == wanted).count();
    let told = [
        (Why::Suspended, "suspended by X"),
        (Why::Gone, "gone from X"),
        (Why::Blocked, "blocked by you"),
        (Why::Pending, "still being looked into"),
    ];
    let told = told.map(|(wanted, words)| (count(wanted), words));
    let told: Vec<_> = told.into_iter().filter(|(count, _)| *count > 0).collect();
    let unfollowed = count(Why::Unfollowed);
    match told.as_slice() {
        [] if unfollowed == all => ", all by unfollowing".to_owned(),
        [] => String::new(),
        [(count, words)] if *count == all => format!(", all of them {words}"),
        [(first, words), rest @ ..] => {
            let mut text = format!(", {first} of them {words}");
            for (at, (count, words)) in rest.iter().enumerate() {
                let and = if at + 1 == rest.len() { " and" } else { "," };
                let _ = write!(text, "{and} {count} {words}");
            }
            text
        }
    }
}

/// `@x, 12K followers, followed you for 2 years`.
fn person(row: &Follower, began: Option<UnixMs>) -> String {
    let user = &row.user;
    let mut text = match (user.username.is_empty(), user.name.trim()) {
        (false, _) => format!("@{}", user.username),
        (true, "") => format!("user {}", user.id),
        (true, name) => name.to_owned(),
    };
    if let Some(count) = row.followers {
        let word = if count == 1 { "follower" } else { "followers" };
        let _ = write!(text, ", {} {word}", compact(count));
    }
    let Some(left) = row.left else { return text };
    let stayed = match (row.since, began) {
        (Some(since), _) => Some(length(left.at.since(since))),
        (None, Some(began)) if began < left.at => {
            Some(format!("over {}", length(left.at.since(began))))
        }
        (None, _) => None,
    };
    if let Some(stayed) = stayed {
        let _ = write!(text, ", followed you for {stayed}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Confidence, Departure, Person};
    use crate::id::UserId;
    use crate::time::DAY_MS;

    const NOW: UnixMs = UnixMs(20_000 * DAY_MS);

    fn leaver(handle: &str, followers: u64, days: Option<i64>, reason: Reason) -> Follower {
        let state = Some(LossState::Confirmed);
        let left =
            Departure { at: NOW, not_before: None, state, reason, confidence: Confidence::Certain };
        Follower {
            user: Person {
                id: UserId(7),
                username: handle.to_owned(),
                name: String::new(),
                avatar: None,
            },
            followers: Some(followers),
            verified: None,
            protected: false,
            description: None,
            joined: None,
            since: days.map(|days| NOW.plus(-days * DAY_MS)),
            last_change: None,
            following: false,
            mutual: None,
            muted: false,
            note: None,
            posts: None,
            left: Some(left),
        }
    }

    fn suspected(mut row: Follower) -> Follower {
        row.left = row.left.map(|left| Departure {
            state: Some(LossState::Suspected),
            reason: Reason::Unknown,
            ..left
        });
        row
    }

    #[track_caller]
    fn check(leavers: &[Follower], expected: &str) {
        let began = Some(NOW.plus(-100 * DAY_MS));
        let week = Week { leavers, more: false, observed: true, began };
        assert_eq!(sentence(&week), expected);
    }

    #[test]
    fn the_news_is_a_sentence() {
        use Reason::{Gone, Suspended, Unfollowed, Unknown, YouBlocked};
        let x = |reason| leaver("x", 12_000, Some(800), reason);
        let small = |reason| leaver("y", 3, Some(1), reason);
        let biggest = "the biggest: @x, 12K followers, followed you for 2 years.";
        check(&[], "This week nobody left.");
        check(
            &[x(Suspended)],
            "This week 1 left: @x, 12K followers, followed you for 2 years, suspended by X.",
        );
        check(
            &[leaver("", 1, None, Gone)],
            "This week 1 left: user 7, 1 follower, followed you for over 3 months, gone from X.",
        );
        check(
            &[suspected(small(Unknown))],
            "This week 1 left: @y, 3 followers, followed you for 1 day, why is being looked up.",
        );
        check(
            &[x(Unfollowed), small(Unfollowed)],
            &format!("This week 2 left, all by unfollowing; {biggest}"),
        );
        check(
            &[x(Unfollowed), small(Suspended), small(Suspended), small(Unknown)],
            &format!("This week 4 left, 2 of them suspended by X; {biggest}"),
        );
        check(
            &[x(Suspended), small(Suspended)],
            &format!("This week 2 left, all of them suspended by X; {biggest}"),
        );
        check(
            &[x(Suspended), small(Gone), suspected(small(Unknown)), small(YouBlocked)],
            &format!(
                "This week 4 left, 1 of them suspended by X, 1 gone from X, 1 blocked by you and 1 \
                 still being looked into; {biggest}"
            ),
        );
        check(
            &[suspected(x(Unknown)), suspected(small(Unknown))],
            &format!("This week 2 left, all of them still being looked into; {biggest}"),
        );
        check(&[x(Unknown), small(Unfollowed)], &format!("This week 2 left; {biggest}"));
        check(
            &[leaver("a", 0, Some(1), Unfollowed), leaver("b", 0, Some(1), Unfollowed)],
            "This week 2 left, all by unfollowing.",
        );
    }

    #[test]
    fn what_is_not_known_is_not_told_as_nothing() {
        let week = Week { leavers: &[], more: false, observed: false, began: None };
        assert_eq!(sentence(&week), "Who left this week was not observed.");
        let some = [leaver("x", 9, None, Reason::Suspended), leaver("y", 8, None, Reason::Gone)];
        let week = Week { leavers: &some, more: true, observed: true, began: None };
        assert_eq!(
            sentence(&week),
            "This week more than 2 left; the biggest: @x, 9 followers.",
            "of a beginning no reasons are counted, and nobody knows since when they followed"
        );
    }
}
