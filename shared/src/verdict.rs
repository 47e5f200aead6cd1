//! Why someone left, as far as X said so. Owns: what looking someone up, and what X pushed,
//! means for a loss, and when to look again. Must not know: how evidence is gathered, kept or
//! paid for. Invariant: a verdict depends on the lists and the evidence alone, whatever the order
//! in which they arrived; what X said for certain is never taken back by what it only suggests.
//!
//! - X shows them and says they do not follow: unfollowed, certain.
//! - X shows them, but only an app asked, which is not told who follows: unfollowed, likely; the
//!   next accepted list that lacks them settles it.
//! - X says they follow: retracted.
//! - X says they are suspended: suspended, certain.
//! - X knows nobody of that id: gone, likely. Deactivated accounts come back, so they are looked
//!   at again after 15 minutes and after 24 hours; who is back before that never left.
//! - The owner's own block list has them: you blocked them, certain. That is never inferred.
//! - X pushed it: unfollowed, certain.

pub use crate::api::Said;
use crate::api::{Confidence, How, LossState, Reason};
use crate::id::UserId;
use crate::ledger::{Shown, Timeline};
use crate::lookup::{Class, Told};
use crate::time::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::x::user::Profile;

/// When a vanished account is looked at a second time.
pub const AGAIN_MS: i64 = 15 * MINUTE_MS;
/// When a vanished account is looked at for the last time: after that it is gone.
pub const GONE_MS: i64 = 24 * HOUR_MS;

impl Said {
    /// Whether X pushed it: an event of its own, before any list shows it.
    pub fn is_push(self) -> bool {
        matches!(self, Self::Followed | Self::Unfollowed)
    }

    /// Whether the next lists are to be compared with it.
    pub fn is_claim(self) -> bool {
        self.is_push() || self == Self::Following
    }
}

/// What a look-up says of someone who left. `own`: it is the account itself that asked, so that X
/// told how they stand to it. What X did not say is no evidence.
pub fn said(told: &Told, own: bool) -> Option<Said> {
    Some(match told.class {
        Class::Suspended => Said::Suspended,
        Class::Missing => Said::Missing,
        Class::Protected => Said::Found,
        Class::Failed => return None,
        Class::Found => {
            let profile = told.raw.as_deref().and_then(Profile::from_raw).filter(|_| own);
            let stands = profile.map(|profile| (profile.follows, profile.blocked));
            match stands {
                Some((_, Some(true))) => Said::Blocked,
                Some((Some(true), _)) => Said::Following,
                Some((Some(false), _)) => Said::NotFollowing,
                _ => Said::Found,
            }
        }
    })
}

/// What X said of someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Of whom.
    pub user: UserId,
    /// When.
    pub at: UnixMs,
    /// What.
    pub said: Said,
    /// Of a push: whether the newest accepted list before it has them, if that is known.
    pub listed: Option<bool>,
    /// Of a push: what is shown of it; none: nothing, as lists or an earlier push told it.
    pub shown: Option<Shown>,
}

/// Why someone left, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why.
    pub reason: Reason,
    /// How certain that is.
    pub confidence: Confidence,
    /// How it is known; none: by the list that lacked them.
    pub how: Option<How>,
    /// Since when it is settled: nothing but new evidence of another kind changes it.
    pub settled: Option<UnixMs>,
    /// When a look is to settle it; none: it is settled, or the next list will do.
    pub settles: Option<UnixMs>,
    /// When they are to be looked up, possibly gone by; none: not any more.
    pub look: Option<UnixMs>,
}

/// One loss while its history is read, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) at: UnixMs,
    pub(crate) state: LossState,
    reason: Reason,
    confidence: Confidence,
    how: Option<How>,
    settled: Option<UnixMs>,
    /// The first list after this settles it, unless the account vanished.
    since: UnixMs,
    /// Since when X knows nobody of that id, without interruption.
    missing: Option<UnixMs>,
    /// The last look.
    looked: Option<UnixMs>,
    /// They follow again: nobody needs to look any more.
    over: bool,
    /// Nothing but lists in doubt ever said so: it is not told, and needs no correction either.
    doubtful: bool,
}

impl Loss {
    /// Someone is missing from the list of `at`, which may be in doubt.
    pub(crate) fn listed(at: UnixMs, doubtful: bool) -> Self {
        Self {
            at,
            state: LossState::Suspected,
            reason: Reason::Unknown,
            confidence: Confidence::Unknown,
            how: None,
            settled: None,
            since: at,
            missing: None,
            looked: None,
            over: false,
            doubtful,
        }
    }

    /// X pushed it.
    pub(crate) fn pushed(at: UnixMs) -> Self {
        let mut loss = Self::listed(at, false);
        loss.certain(Reason::Unfollowed, How::Push, at);
        loss
    }

    fn certain(&mut self, reason: Reason, how: How, at: UnixMs) {
        self.confirmed();
        self.say(reason, Confidence::Certain, how);
        self.settled = Some(at);
        self.missing = None;
    }

    fn confirmed(&mut self) {
        self.state = LossState::Confirmed;
        self.doubtful = false;
    }

    fn say(&mut self, reason: Reason, confidence: Confidence, how: How) {
        (self.reason, self.confidence, self.how) = (reason, confidence, Some(how));
    }

    /// Accepted lists before `until` lack them too.
    pub(crate) fn absent(&mut self, timeline: &Timeline, until: Option<UnixMs>) {
        let passed = |at: &UnixMs| until.is_none_or(|until| *at < until);
        if self.settled.is_some() {
            return;
        }
        // Who is missing from a list in doubt may follow all the same.
        let next = timeline.sure_after(self.since).filter(passed);
        if next.is_some() {
            self.confirmed();
        }
        self.settled = match self.missing {
            None => next,
            Some(since) => timeline.sure_after(since.plus(GONE_MS - 1)).filter(passed),
        };
    }

    /// A look, or the owner's block list. Says whether it retracts the loss.
    pub(crate) fn look(&mut self, at: UnixMs, said: Said) -> bool {
        if self.confidence == Confidence::Certain {
            return false;
        }
        self.looked = Some(at);
        match said {
            Said::Following => {
                self.how = Some(How::Lookup);
                self.retract(at);
                return true;
            }
            Said::NotFollowing => self.certain(Reason::Unfollowed, How::Lookup, at),
            Said::Suspended => self.certain(Reason::Suspended, How::Lookup, at),
            Said::Blocked => self.certain(Reason::YouBlocked, How::Lookup, at),
            Said::Found => {
                // An app is not told who follows: that they exist confirms no list in doubt.
                if !self.doubtful {
                    self.confirmed();
                }
                self.say(Reason::Unfollowed, Confidence::Likely, How::Lookup);
                if self.missing.take().is_some() {
                    // Back, and perhaps following again: the next list tells.
                    (self.settled, self.since) = (None, at);
                }
            }
            Said::Missing => {
                self.confirmed();
                self.say(Reason::Gone, Confidence::Likely, How::Lookup);
                let since = *self.missing.get_or_insert(at);
                let over = at.since(since) >= GONE_MS;
                self.settled = over.then(|| self.settled.unwrap_or(at));
            }
            Said::Followed | Said::Unfollowed => {}
        }
        false
    }

    /// X pushed that they stopped following, after a list had shown it.
    pub(crate) fn confirm(&mut self, at: UnixMs) {
        if self.confidence != Confidence::Certain {
            self.certain(Reason::Unfollowed, How::Push, at);
        }
    }

    /// X pushed that they follow again: so they had left.
    pub(crate) fn followed_again(&mut self, at: UnixMs) {
        self.over = true;
        if self.settled.is_none() {
            self.confirmed();
            if self.reason != Reason::Unfollowed {
                self.say(Reason::Unfollowed, Confidence::Likely, How::Push);
            }
            self.missing = None;
            self.settled = Some(at);
        }
    }

    /// They were never gone, as `at` shows.
    pub(crate) fn retract(&mut self, at: UnixMs) {
        self.over = true;
        self.state = LossState::Retracted;
        self.reason = Reason::Unknown;
        self.confidence = Confidence::Unknown;
        self.missing = None;
        self.settled = Some(at);
    }

    /// Whether it is not told: nothing but lists in doubt ever said so.
    pub(crate) fn is_withheld(&self) -> bool {
        self.doubtful
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let over = self.over || self.confidence == Confidence::Certain;
        let look = match (self.looked, self.missing) {
            _ if over => None,
            (None, _) => Some(self.at),
            (Some(looked), Some(since)) => {
                let turns = [since.plus(AGAIN_MS), since.plus(GONE_MS)];
                turns.into_iter().find(|turn| looked < *turn)
            }
            (Some(_), None) => None,
        };
        Verdict {
            reason: self.reason,
            confidence: self.confidence,
            how: self.how,
            settled: self.settled,
            settles: self.missing.filter(|_| self.settled.is_none()).map(|at| at.plus(GONE_MS)),
            look,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Mark;

    /// Minutes after the loss.
    fn m(minutes: i64) -> UnixMs {
        UnixMs(minutes * MINUTE_MS)
    }

    const DAY: i64 = 24 * 60;

    /// Feeds looks and, in between, lists at `lists`; tells state, reason, confidence, whether it
    /// is settled, and in how many minutes the next look is due.
    #[track_caller]
    fn check(lists: &[i64], looks: &[(i64, Said)], expected: &str) {
        let marks = std::iter::once(&0).chain(lists);
        let marks =
            marks.map(|at| Mark { at: m(*at), count: 1, unreadable: 0, facts: None }).collect();
        let timeline = Timeline::new(marks);
        let mut loss = Loss::listed(m(0), false);
        for &(at, said) in looks {
            loss.absent(&timeline, Some(m(at).plus(1)));
            loss.look(m(at), said);
        }
        loss.absent(&timeline, None);
        let verdict = loss.verdict();
        let settled =
            verdict.settled.map_or("open".to_owned(), |at| format!("{}", at.0 / MINUTE_MS));
        let look = verdict.look.map_or("never".to_owned(), |at| format!("{}", at.0 / MINUTE_MS));
        let told = format!(
            "{} {} {} settled {settled} look {look}",
            loss.state, verdict.reason, verdict.confidence
        );
        assert_eq!(told, expected);
    }

    #[test]
    fn lists_alone_settle_a_loss_without_a_reason() {
        check(&[], &[], "suspected unknown unknown settled open look 0");
        check(&[60], &[], "confirmed unknown unknown settled 60 look 0");
        check(&[60, 120], &[], "confirmed unknown unknown settled 60 look 0");
    }

    #[test]
    fn what_x_says_for_certain_settles_at_once() {
        for (said, reason) in [
            (Said::NotFollowing, "unfollowed"),
            (Said::Suspended, "suspended"),
            (Said::Blocked, "you_blocked"),
        ] {
            let expected = format!("confirmed {reason} certain settled 1 look never");
            check(&[], &[(1, said)], &expected);
            check(&[60], &[(1, said), (90, Said::Missing), (95, Said::Following)], &expected);
        }
    }

    #[test]
    fn who_follows_by_xs_own_word_never_left() {
        check(&[], &[(1, Said::Following)], "retracted unknown unknown settled 1 look never");
        let back = [(1, Said::Missing), (16, Said::Missing), (DAY + 1, Said::Following)];
        check(&[60], &back, "retracted unknown unknown settled 1441 look never");
    }

    #[test]
    fn what_an_app_alone_is_told_waits_for_the_next_list() {
        check(&[], &[(1, Said::Found)], "confirmed unfollowed likely settled open look never");
        check(&[60], &[(1, Said::Found)], "confirmed unfollowed likely settled 60 look never");
        check(&[60], &[(90, Said::Found)], "confirmed unfollowed likely settled 60 look never");
    }

    #[test]
    fn a_vanished_account_is_looked_at_again_after_minutes_and_a_day() {
        let gone = |tail: &str| format!("confirmed gone likely {tail}");
        check(&[], &[(1, Said::Missing)], &gone("settled open look 16"));
        let twice = [(1, Said::Missing), (16, Said::Missing)];
        check(&[], &twice, &gone("settled open look 1441"));
        let thrice = [(1, Said::Missing), (16, Said::Missing), (1441, Said::Missing)];
        check(&[], &thrice, &gone("settled 1441 look never"));
        // A look that came late serves for both.
        let late = [(1, Said::Missing), (DAY + 1, Said::Missing)];
        check(&[], &late, &gone("settled 1441 look never"));
    }

    #[test]
    fn lists_settle_a_vanished_account_only_after_a_day() {
        let once = [(1, Said::Missing)];
        check(&[60, 600], &once, "confirmed gone likely settled open look 16");
        check(&[60, 1440], &once, "confirmed gone likely settled open look 16");
        check(&[60, 1441], &once, "confirmed gone likely settled 1441 look 16");
        let late = [(90, Said::Missing)];
        check(&[60], &late, "confirmed gone likely settled open look 105");
    }

    #[test]
    fn who_came_back_without_following_unfollowed() {
        let owner = [(1, Said::Missing), (16, Said::NotFollowing)];
        check(&[], &owner, "confirmed unfollowed certain settled 16 look never");
        let app = [(1, Said::Missing), (DAY + 1, Said::Found)];
        check(&[60], &app, "confirmed unfollowed likely settled open look never");
        check(&[60, DAY + 60], &app, "confirmed unfollowed likely settled 1500 look never");
    }

    #[test]
    fn a_look_says_how_they_stand_only_to_the_account_itself() {
        let look = |class, raw: &str| Told {
            key: "7".to_owned(),
            class,
            id: None,
            raw: Some(format!(r#"{{"id":"7"{raw}}}"#)),
        };
        let status = |word: &str| look(Class::Found, &format!(r#","connection_status":[{word}]"#));
        for (told, own, expected) in [
            (status(r#""followed_by""#), true, Some(Said::Following)),
            (status(r#""following""#), true, Some(Said::NotFollowing)),
            (status(""), true, Some(Said::NotFollowing)),
            (status(r#""blocking""#), true, Some(Said::Blocked)),
            (status(r#""followed_by""#), false, Some(Said::Found)),
            (look(Class::Found, ""), true, Some(Said::Found)),
            (look(Class::Suspended, ""), true, Some(Said::Suspended)),
            (look(Class::Missing, ""), false, Some(Said::Missing)),
            (look(Class::Protected, ""), true, Some(Said::Found)),
            (look(Class::Failed, ""), true, None),
        ] {
            assert_eq!(said(&told, own), expected, "{told:?}");
        }
    }

    #[test]
    fn a_push_is_certain() {
        let pushed = Loss::pushed(m(5));
        let verdict = pushed.verdict();
        assert_eq!((verdict.reason, verdict.how), (Reason::Unfollowed, Some(How::Push)));
        assert_eq!((verdict.settled, verdict.look), (Some(m(5)), None));
        let mut listed = Loss::listed(m(0), false);
        listed.confirm(m(5));
        assert_eq!(listed.verdict(), verdict);
        let mut again = Loss::listed(m(0), false);
        again.look(m(1), Said::Missing);
        again.followed_again(m(9));
        let verdict = again.verdict();
        assert_eq!((verdict.reason, verdict.confidence), (Reason::Unfollowed, Confidence::Likely));
        assert_eq!((verdict.settled, verdict.look), (Some(m(9)), None));
    }
}
