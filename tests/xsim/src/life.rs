//! The story of one follower: when they left and came back, and why.
//!
//! Pure: knows no roster, no names. There are two laws. By default most stay for months and leave
//! for days at least; a world with a rate of its own obeys that from the first midnight after its
//! start on, and knows every kind of loss, also those that last hours.
//!
//! Invariants: absences do not overlap and follow one another; the default law's last three days
//! at least.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times stay below 2^53"
)]

use crate::calendar::DAY_S;
use crate::hash::{Draw, hash, unit};

/// Follows older than this many days are kept sparse: mostly those who stayed are modelled,
/// because nobody asks about departures that long before the start.
pub(crate) const SPARSE_AFTER_DAYS: i64 = 400;
/// Share of newcomers who stay for years, among recent and among sparse old follows.
const LOYAL_SHARE: f64 = 0.15;
const LOYAL_SHARE_SPARSE: f64 = 0.60;
const LOYAL_STAY_S: f64 = 9_000.0 * DAY_S as f64;
const CASUAL_STAY_S: f64 = 60.0 * DAY_S as f64;
/// Nobody leaves sooner than this after following.
const STAY_MIN_S: i64 = 2 * HOUR_S;
const HOUR_S: i64 = 3_600;
/// Of those who are no longer followers though their account is fine, so many were blocked.
const BLOCKED_SHARE: f64 = 0.03;
/// Absences by each law; the last one is for good.
const ABSENCES_MAX: usize = 3;
const NEVER_S: i64 = i64::MAX;

const SALT_LIFE: u64 = 3;
const SALT_BLOCKED: u64 = 6;
const SALT_PACED: u64 = 7;

/// Why a follower is missing from the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Reason {
    /// Stopped following; the account itself is fine.
    #[default]
    Unfollowed,
    /// Suspended by X.
    Suspended,
    /// Deleted, for good.
    Deleted,
    /// Deactivated: comes back, and the follow with it.
    Deactivated,
    /// Blocked by the account they followed, which ends the follow.
    YouBlocked,
}

impl Reason {
    /// All there is to be known from outside.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unfollowed => "unfollowed",
            Self::Suspended => "suspended",
            Self::Deleted | Self::Deactivated => "gone",
            Self::YouBlocked => "you_blocked",
        }
    }

    /// What it really is.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Deactivated => "deactivated",
            other => other.name(),
        }
    }
}

/// How a follower stands to the account at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    NotYet,
    Present,
    Away(Reason),
}

/// One absence: away in `left_s..back_s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Absence {
    pub(crate) left_s: i64,
    pub(crate) back_s: i64,
    pub(crate) reason: Reason,
}

impl Absence {
    /// When it ends, unless it is for good.
    pub(crate) fn back(&self) -> Option<i64> {
        (self.back_s != NEVER_S).then_some(self.back_s)
    }
}

/// The whole story of one follower, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub(crate) followed_s: i64,
    absences: [Absence; 2 * ABSENCES_MAX],
    absence_count: usize,
}

impl Timeline {
    fn new(followed_s: i64) -> Self {
        Self { followed_s, absences: Default::default(), absence_count: 0 }
    }

    pub(crate) fn absences(&self) -> &[Absence] {
        self.absences.get(..self.absence_count).unwrap_or_default()
    }

    pub(crate) fn standing(&self, at_s: i64) -> Standing {
        if at_s < self.followed_s {
            return Standing::NotYet;
        }
        let away = self.absences().iter().find(|a| (a.left_s..a.back_s).contains(&at_s));
        away.map_or(Standing::Present, |a| Standing::Away(a.reason))
    }

    pub(crate) fn present(&self, at_s: i64) -> bool {
        self.standing(at_s) == Standing::Present
    }

    /// From when on they are here, as far as is known: `None` when they left for good.
    fn here_since(&self) -> Option<i64> {
        self.absences().last().map_or(Some(self.followed_s), Absence::back)
    }

    fn push(&mut self, absence: Absence) {
        if let Some(slot) = self.absences.get_mut(self.absence_count) {
            *slot = absence;
            self.absence_count += 1;
        }
    }
}

/// The rates of a world of its own, a day; absent parts are as they would be without.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pace {
    /// Who follows for the first time.
    pub(crate) gained: Option<f64>,
    /// Who leaves, for any reason and however long.
    pub(crate) lost: Option<f64>,
}

impl Pace {
    /// The rates of an account of a tenth.
    pub(crate) fn tenth(self) -> Self {
        Self { gained: self.gained.map(|n| n / 10.0), lost: self.lost.map(|n| n / 10.0) }
    }
}

/// What the stories of a roster are drawn by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Law {
    pub(crate) seed: u64,
    /// The day of the start, counted since 1970.
    pub(crate) start_day: i64,
    /// The end of the world.
    pub(crate) end_s: i64,
    /// How long one stays on average, where the world has a rate of its own.
    pub(crate) paced_stay_s: Option<f64>,
}

impl Law {
    /// When a rate of its own begins.
    pub(crate) const fn paced_from_s(&self) -> i64 {
        (self.start_day + 1) * DAY_S
    }

    pub(crate) fn timeline(&self, key: i64, followed_s: i64) -> Timeline {
        let mut timeline = Timeline::new(followed_s);
        let until_s = if self.paced_stay_s.is_some() { self.paced_from_s() } else { i64::MAX };
        self.plainly(key, &mut timeline, until_s);
        if let Some(stay_s) = self.paced_stay_s {
            self.at_pace(key, &mut timeline, stay_s);
        }
        timeline
    }

    /// The default law, for absences that begin before `until_s`.
    fn plainly(&self, key: i64, timeline: &mut Timeline, until_s: i64) {
        let mut draw = Draw::new(self.seed, key as u64, SALT_LIFE);
        let followed_day = timeline.followed_s.div_euclid(DAY_S);
        let sparse = self.start_day - followed_day > SPARSE_AFTER_DAYS;
        let loyal = draw.unit() < if sparse { LOYAL_SHARE_SPARSE } else { LOYAL_SHARE };
        let stay_s = if loyal { LOYAL_STAY_S } else { CASUAL_STAY_S };
        let mut here_since_s = timeline.followed_s;
        for n in 0..ABSENCES_MAX {
            let left_s = here_since_s + STAY_MIN_S + draw.wait_s(stay_s);
            if left_s > self.end_s || left_s >= until_s {
                return;
            }
            let (reason, back) = plain_absence(&mut draw, n + 1 == ABSENCES_MAX);
            let blocked = unit(hash(self.seed, key as u64, SALT_BLOCKED | (n as u64) << 8));
            let reason = match reason {
                Reason::Unfollowed if blocked < BLOCKED_SHARE => Reason::YouBlocked,
                other => other,
            };
            let back_s = back.map_or(NEVER_S, |away_s| left_s + away_s);
            timeline.push(Absence { left_s, back_s, reason });
            if back_s == NEVER_S {
                return;
            }
            here_since_s = back_s;
        }
    }

    /// The law of a rate: whoever is here leaves at any time with the same chance.
    fn at_pace(&self, key: i64, timeline: &mut Timeline, stay_s: f64) {
        let mut draw = Draw::new(self.seed, key as u64, SALT_PACED);
        for n in 0..ABSENCES_MAX {
            let Some(here_since_s) = timeline.here_since() else { return };
            let from_s = self.paced_from_s().max(here_since_s + STAY_MIN_S);
            let left_s = from_s.saturating_add(draw.wait_s(stay_s));
            if left_s > self.end_s {
                return;
            }
            let (reason, back) = paced_absence(&mut draw);
            let back = back.filter(|_| n + 1 < ABSENCES_MAX);
            let reason = match (reason, back) {
                (Reason::Deactivated, None) => Reason::Deleted,
                (reason, _) => reason,
            };
            let back_s = back.map_or(NEVER_S, |away_s| left_s + away_s);
            timeline.push(Absence { left_s, back_s, reason });
        }
    }
}

/// Why one leaves by the default law, and for how many seconds.
fn plain_absence(draw: &mut Draw, last: bool) -> (Reason, Option<i64>) {
    let (reason, chance, low, high) = match draw.unit() {
        s if s < 0.70 => (Reason::Unfollowed, 0.1, 5, 60),
        s if s < 0.85 => (Reason::Suspended, 0.5, 3, 30),
        _ => (Reason::Deactivated, 0.3, 5, 25),
    };
    let back = !last && draw.unit() < chance;
    match back.then(|| draw.seconds(low * DAY_S, high * DAY_S)) {
        None if reason == Reason::Deactivated => (Reason::Deleted, None),
        back => (reason, back),
    }
}

/// Shares of the kinds of loss at a rate, how many of them come back, and after how long.
const PACED: [(f64, Reason, f64, i64, i64); 7] = [
    (0.50, Reason::Unfollowed, 0.1, 5 * DAY_S, 60 * DAY_S),
    (0.04, Reason::YouBlocked, 0.0, 0, 0),
    (0.08, Reason::Suspended, 0.0, 0, 0),
    (0.08, Reason::Suspended, 1.0, 12 * HOUR_S, 30 * DAY_S),
    (0.12, Reason::Deleted, 0.0, 0, 0),
    (0.15, Reason::Deactivated, 1.0, HOUR_S, 20 * HOUR_S),
    (0.03, Reason::Deactivated, 1.0, 2 * DAY_S, 25 * DAY_S),
];

fn paced_absence(draw: &mut Draw) -> (Reason, Option<i64>) {
    let (mut share, comes_back) = (draw.unit(), draw.unit());
    for (part, reason, chance, low, high) in PACED {
        if share < part {
            return (reason, (comes_back < chance).then(|| draw.seconds(low, high)));
        }
        share -= part;
    }
    (Reason::Unfollowed, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: Law =
        Law { seed: 5, start_day: 20_000, end_s: 21_500 * DAY_S, paced_stay_s: Some(1e7) };

    #[test]
    fn before_its_rate_begins_a_world_is_as_it_would_be_without() {
        let plain = Law { paced_stay_s: None, ..LAW };
        for key in 0..2_000 {
            let followed_s = (19_000 + key / 2) * DAY_S;
            let (paced, plain) = (LAW.timeline(key, followed_s), plain.timeline(key, followed_s));
            let before = |line: &Timeline| -> Vec<Absence> {
                let began = |a: &&Absence| a.left_s < LAW.paced_from_s();
                line.absences().iter().filter(began).copied().collect()
            };
            assert_eq!(before(&paced), before(&plain), "key {key}");
        }
    }

    #[test]
    fn absences_follow_one_another_and_deletions_are_for_good() {
        let mut kinds = std::collections::BTreeMap::new();
        for key in 0..5_000 {
            let line = LAW.timeline(key, 19_990 * DAY_S);
            let mut here_since_s = Some(line.followed_s);
            for absence in line.absences() {
                assert!(absence.left_s > here_since_s.unwrap(), "key {key}");
                assert!(absence.back_s > absence.left_s, "key {key}");
                here_since_s = absence.back();
                let returns = absence.back().is_some();
                match absence.reason {
                    Reason::Deleted => assert!(!returns, "key {key}"),
                    Reason::Deactivated => assert!(returns, "key {key}"),
                    _ => {}
                }
                *kinds.entry(absence.reason.kind()).or_insert(0) += 1;
            }
        }
        for kind in ["unfollowed", "suspended", "deleted", "deactivated", "you_blocked"] {
            assert!(kinds[kind] > 100, "{kinds:?}");
        }
    }

    #[test]
    fn most_deactivations_at_a_rate_last_hours() {
        let (mut hours, mut days) = (0, 0);
        for key in 0..5_000 {
            for absence in LAW.timeline(key, LAW.paced_from_s()).absences() {
                if let (Reason::Deactivated, Some(back_s)) = (absence.reason, absence.back()) {
                    let away_s = back_s - absence.left_s;
                    if away_s < 20 * HOUR_S { hours += 1 } else { days += 1 }
                }
            }
        }
        assert!(hours > 3 * days && days > 20, "{hours} {days}");
    }
}
