//! The states of something fetched. Owns: what a panel may show while it waits, when it has,
//! and when it failed. Must not know: how anything is fetched, or what. Invariant: an answer
//! to a question that is no longer asked changes nothing; data once shown stays (dimmed) until
//! newer data or another subject replaces it.

use crate::words::{capital, sentence};

/// What went wrong, as a panel says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status; `None` if there was no answer.
    pub(crate) status: Option<u16>,
    pub(crate) title: String,
    pub(crate) detail: String,
    /// Names the request in the logs.
    pub(crate) request_id: Option<String>,
}

impl Failure {
    /// The field of a form that a refusal is about, and what is wrong with it.
    pub(crate) fn field(&self) -> Option<(&str, &str)> {
        let (named, wrong) = self.detail.strip_prefix('`')?.split_once('`')?;
        let name = named.split_once('=').map_or(named, |(name, _)| name);
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Some((name, wrong.trim_start_matches(':').trim()))
            .filter(|(_, wrong)| plain && !wrong.is_empty())
    }

    /// In a line. What was wrong with a form's field is said in words, without the field's name in
    /// the API: the field is in sight.
    pub(crate) fn said(&self) -> String {
        match self.field() {
            Some((_, wrong)) if self.status == Some(400) => capital(&sentence(wrong)),
            _ => format!("{}: {}", self.title, self.detail),
        }
    }
}

/// What happens to a fetched thing. `turn` numbers the questions.
#[derive(Clone, Debug)]
pub(crate) enum Step<T> {
    /// Another question is asked; `same_subject` keeps what is shown.
    Asked {
        turn: u64,
        same_subject: bool,
    },
    /// [`SLOW_MS`] have passed without an answer.
    Slow {
        turn: u64,
    },
    Answered {
        turn: u64,
        value: T,
    },
    Failed {
        turn: u64,
        failure: Failure,
    },
}

/// After so long without an answer a skeleton appears: quicker answers need none, and a flash
/// of one would only be noise.
pub(crate) const SLOW_MS: u64 = 150;

/// Where a fetched thing stands.
#[derive(Clone, Debug)]
pub(crate) struct Fetched<T> {
    turn: u64,
    pub(crate) value: Option<T>,
    pub(crate) failure: Option<Failure>,
    pub(crate) waiting: bool,
    pub(crate) slow: bool,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { turn: 0, value: None, failure: None, waiting: false, slow: false }
    }
}

/// What a panel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Too early for anything.
    Nothing,
    Skeleton,
    /// `stale`: newer data is on its way.
    Value {
        stale: bool,
    },
    Failure,
}

impl<T> Fetched<T> {
    /// Folds a step in.
    pub(crate) fn apply(&mut self, step: Step<T>) {
        match step {
            Step::Asked { turn, same_subject } => {
                self.turn = turn;
                self.waiting = true;
                self.slow = false;
                self.failure = None;
                if !same_subject {
                    self.value = None;
                }
            }
            Step::Slow { turn } if turn == self.turn => self.slow = self.waiting,
            Step::Answered { turn, value } if turn == self.turn => {
                *self = Self { turn, value: Some(value), ..Self::default() };
            }
            Step::Failed { turn, failure } if turn == self.turn => {
                self.failure = Some(failure);
                self.waiting = false;
                self.slow = false;
            }
            Step::Slow { .. } | Step::Answered { .. } | Step::Failed { .. } => {}
        }
    }

    /// What a panel shows.
    pub(crate) fn shown(&self) -> Shown {
        if self.failure.is_some() {
            Shown::Failure
        } else if self.value.is_some() {
            Shown::Value { stale: self.slow }
        } else if self.slow {
            Shown::Skeleton
        } else {
            Shown::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure {
            status: Some(500),
            title: "Broken".to_owned(),
            detail: String::new(),
            request_id: None,
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_without_the_names_of_the_api() {
        let of = |status: u16, detail: &str| Failure {
            status: Some(status),
            detail: detail.to_owned(),
            ..failure()
        };
        let private = of(400, "`destination`: 10.0.0.1 is a private address");
        assert_eq!(private.field(), Some(("destination", "10.0.0.1 is a private address")));
        assert_eq!(private.said(), "10.0.0.1 is a private address.");
        assert_eq!(of(400, "`token` holds a space").said(), "Holds a space.");
        let valued = of(400, "`min_followers=-1`: a number is expected");
        assert_eq!(valued.field().map(|(name, _)| name), Some("min_followers"));
        let other = of(500, "`x`: y");
        assert_eq!(other.said(), "Broken: `x`: y");
        for odd in ["", "`", "``", "`a b`: c", "`name`", "no field at all"] {
            assert_eq!(of(400, odd).field(), None, "{odd}");
        }
    }

    #[track_caller]
    fn check(steps: Vec<Step<u8>>, shown: Shown, value: Option<u8>) {
        let mut fetched = Fetched::default();
        for step in steps {
            fetched.apply(step);
        }
        assert_eq!((fetched.shown(), fetched.value), (shown, value));
    }

    const fn asked(turn: u64) -> Step<u8> {
        Step::Asked { turn, same_subject: true }
    }

    #[test]
    fn a_skeleton_waits_for_slowness() {
        check(vec![asked(1)], Shown::Nothing, None);
        check(vec![asked(1), Step::Slow { turn: 1 }], Shown::Skeleton, None);
    }

    #[test]
    fn old_data_stays_while_new_is_fetched() {
        let had = vec![asked(1), Step::Answered { turn: 1, value: 7 }, asked(2)];
        check(had.clone(), Shown::Value { stale: false }, Some(7));
        let slow = [had, vec![Step::Slow { turn: 2 }]].concat();
        check(slow, Shown::Value { stale: true }, Some(7));
    }

    #[test]
    fn another_subject_drops_what_was_shown() {
        let other = Step::Asked { turn: 2, same_subject: false };
        check(vec![asked(1), Step::Answered { turn: 1, value: 7 }, other], Shown::Nothing, None);
    }

    #[test]
    fn an_answer_that_comes_too_late_changes_nothing() {
        let late = Step::Answered { turn: 1, value: 7 };
        check(vec![asked(1), asked(2), late.clone()], Shown::Nothing, None);
        let late_failure = Step::Failed { turn: 1, failure: failure() };
        check(
            vec![asked(1), asked(2), Step::Answered { turn: 2, value: 9 }, late_failure],
            Shown::Value { stale: false },
            Some(9),
        );
        check(
            vec![asked(1), Step::Answered { turn: 1, value: 7 }, Step::Slow { turn: 1 }],
            Shown::Value { stale: false },
            Some(7),
        );
    }

    #[test]
    fn a_failure_shows_until_the_next_question() {
        let failed = vec![asked(1), Step::Failed { turn: 1, failure: failure() }];
        check(failed.clone(), Shown::Failure, None);
        let again = [failed, vec![asked(2), Step::Slow { turn: 2 }]].concat();
        check(again, Shown::Skeleton, None);
    }
}
