//! How the owner of an account stands to the people around it: follows, mutes, blocks.
//!
//! Pure: knows the roster, no HTTP. Invariants: whoever is blocked neither follows nor is followed;
//! nobody is followed before their account exists.

use crate::calendar::DAY_S;
use crate::hash::{below, hash, unit};
use crate::identity;
use crate::life::{Reason, Standing, Timeline};
use crate::world::Roster;

/// The owner follows one in five back, within ten days.
const FOLLOWED_BACK: f64 = 0.2;
const FOLLOWED_BACK_WITHIN_S: u64 = 10 * DAY_S as u64;
/// Some the owner followed first, up to two months before they did.
const FOLLOWED_FIRST: f64 = 0.06;
pub(crate) const FOLLOWED_FIRST_WITHIN_S: i64 = 60 * DAY_S;
const MUTED: f64 = 0.01;
/// Of the protected ones whom the owner does not follow, so many were asked and did not answer.
const ASKED: f64 = 0.1;

const SALT_FOLLOWED_BACK: u64 = 66;
const SALT_FOLLOWED_FIRST: u64 = 70;
const SALT_MUTED: u64 = 71;
const SALT_ASKED: u64 = 72;
const SALT_WHEN: u64 = 73;

/// Why somebody is on a list of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// They follow it.
    Followers,
    /// It follows them.
    Following,
    /// It blocks them.
    Blocking,
    /// It mutes them.
    Muting,
}

impl Relation {
    /// The last part of the endpoint's path, and what its rate limit goes by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Following => "following",
            Self::Blocking => "blocking",
            Self::Muting => "muting",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Followers, Self::Following, Self::Blocking, Self::Muting];
        all.into_iter().find(|relation| relation.name() == name)
    }

    /// Whether a follower, past, present or to come, is on the list.
    pub(crate) fn holds(self, roster: &Roster, index: u32, at_s: i64) -> bool {
        match self {
            Self::Followers => roster.present(index, at_s),
            Self::Following => {
                // Most are ruled out before their story is told.
                wish_s(roster, index).is_some_and(|_| {
                    let life = roster.timeline(index);
                    !is_hidden(&life, at_s) && follows(roster, index, &life, at_s)
                })
            }
            Self::Blocking => is_blocked(&roster.timeline(index), at_s),
            Self::Muting => {
                is_muted(roster, index) && {
                    let life = roster.timeline(index);
                    at_s >= life.followed_s && !is_hidden(&life, at_s)
                }
            }
        }
    }
}

/// When the owner follows a user, if ever, as far as the two of them are concerned.
pub(crate) fn wish_s(roster: &Roster, index: u32) -> Option<i64> {
    let (seed, key) = (roster.seed(), roster.key(index));
    let chance = |salt| unit(hash(seed, key, salt));
    let draw = hash(seed, key, SALT_WHEN);
    let within = |span_s| i64::try_from(below(draw, span_s)).unwrap_or(0);
    if chance(SALT_FOLLOWED_FIRST) < FOLLOWED_FIRST {
        let first_s = roster.follow_s(index) - within(FOLLOWED_FIRST_WITHIN_S.unsigned_abs());
        return Some(first_s.max(identity::created_s(roster, index) + 1));
    }
    (chance(SALT_FOLLOWED_BACK) < FOLLOWED_BACK)
        .then(|| roster.follow_s(index) + within(FOLLOWED_BACK_WITHIN_S))
}

/// Whether the owner follows a user, were their account there.
pub(crate) fn follows(roster: &Roster, index: u32, life: &Timeline, at_s: i64) -> bool {
    let was_blocked =
        life.absences().iter().any(|a| a.reason == Reason::YouBlocked && a.left_s <= at_s);
    !was_blocked && wish_s(roster, index).is_some_and(|wish_s| wish_s <= at_s)
}

pub(crate) fn is_blocked(life: &Timeline, at_s: i64) -> bool {
    life.standing(at_s) == Standing::Away(Reason::YouBlocked)
}

/// Whether the owner mutes a user once they have followed.
fn is_muted(roster: &Roster, index: u32) -> bool {
    unit(hash(roster.seed(), roster.key(index), SALT_MUTED)) < MUTED
}

/// Whether the account itself is not to be seen.
fn is_hidden(life: &Timeline, at_s: i64) -> bool {
    matches!(
        life.standing(at_s),
        Standing::Away(Reason::Suspended | Reason::Deleted | Reason::Deactivated)
    )
}

/// What `connection_status` tells the owner of a user.
pub(crate) fn status(
    roster: &Roster,
    index: u32,
    life: &Timeline,
    protected: bool,
    at_s: i64,
) -> Vec<&'static str> {
    let chance = |salt| unit(hash(roster.seed(), roster.key(index), salt));
    let following = follows(roster, index, life, at_s);
    let arrived = at_s >= life.followed_s;
    let asked = protected && !following && arrived && chance(SALT_ASKED) < ASKED;
    let blocking = is_blocked(life, at_s);
    [
        ("followed_by", life.present(at_s)),
        ("following", following),
        ("follow_request_sent", asked && !blocking),
        ("blocking", blocking),
        ("muting", arrived && is_muted(roster, index)),
    ]
    .into_iter()
    .filter(|(_, is_so)| *is_so)
    .map(|(name, _)| name)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::Pace;

    const START_S: i64 = 1_790_000_123;
    const LATER_S: i64 = START_S + 40 * DAY_S;

    fn roster() -> Roster {
        let pace = Pace { gained: Some(60.0), lost: Some(40.0) };
        Roster::paced(3, 3_000, START_S, pace)
    }

    fn on(relation: Relation, roster: &Roster) -> Vec<u32> {
        (0..roster.capacity()).filter(|&i| relation.holds(roster, i, LATER_S)).collect()
    }

    #[test]
    fn an_owner_follows_some_of_each_kind() {
        let roster = roster();
        let following = on(Relation::Following, &roster);
        let (mut mutual, mut left, mut not_yet) = (0, 0, 0);
        for &index in &following {
            match roster.standing(index, LATER_S) {
                Standing::Present => mutual += 1,
                Standing::NotYet => not_yet += 1,
                Standing::Away(Reason::Unfollowed) => left += 1,
                Standing::Away(reason) => panic!("{reason:?} at {index}"),
            }
        }
        assert!(mutual > 400 && left > 50 && not_yet > 20, "{mutual} {left} {not_yet}");
        for &index in &following {
            assert!(identity::created_s(&roster, index) < LATER_S, "{index}");
        }
    }

    #[test]
    fn the_blocked_are_those_who_left_because_of_it() {
        let roster = roster();
        let blocked = on(Relation::Blocking, &roster);
        assert!(blocked.len() > 20, "{}", blocked.len());
        for index in blocked {
            let life = roster.timeline(index);
            let status = status(&roster, index, &life, false, LATER_S);
            assert!(status.contains(&"blocking"), "{index}");
            assert!(!status.contains(&"followed_by") && !status.contains(&"following"), "{index}");
        }
    }

    #[test]
    fn the_muted_are_those_whose_status_says_so() {
        let roster = roster();
        let muted = on(Relation::Muting, &roster);
        assert!(muted.len() > 10, "{}", muted.len());
        for index in muted {
            let life = roster.timeline(index);
            let status = status(&roster, index, &life, false, LATER_S);
            assert!(status.contains(&"muting"), "{index}");
        }
    }

    #[test]
    fn every_status_occurs() {
        let roster = roster();
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..roster.capacity() {
            seen.extend(status(&roster, index, &roster.timeline(index), true, LATER_S));
        }
        let all = ["blocking", "follow_request_sent", "followed_by", "following", "muting"];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
    }
}
