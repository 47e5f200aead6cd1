//! The tokens of one sign-in over time. Owns: when they are renewed, what a lost or refused
//! renewal means, when the owner must sign in again. Must not know: the tokens themselves.
//! Invariant: a refresh token is single-use at X, so a renewal is noted before X is asked and
//! one that nobody heard the end of is asked for again with the same token.

use super::TokenRefusal;
use crate::id::AccountId;
use crate::retry::doubled;
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// A token that ends sooner than this may end on its way to X.
const MARGIN_MS: i64 = MINUTE_MS;
/// X answers 401 for more than an expired token: renewing because of it is tried this often.
const FORCED_EVERY_MS: i64 = 5 * MINUTE_MS;
/// The waits after refused renewals: 5 s, doubling, up to 10 minutes.
const AGAIN_FIRST_MS: i64 = 5 * SECOND_MS;
const AGAIN_MAX_MS: i64 = 10 * MINUTE_MS;
/// A wrong client id is not mended by asking often.
const CLIENT_WAIT_MS: i64 = HOUR_MS;

/// One sign-in: a family of tokens, each made from the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who signed in.
    pub account: AccountId,
    /// Their handle then.
    pub username: String,
    /// What the owner allowed.
    pub scopes: Vec<String>,
    /// When they signed in.
    pub since: UnixMs,
    /// When the access token was given.
    pub issued: UnixMs,
    /// When it ends.
    pub expires: UnixMs,
    /// How often it was renewed.
    pub renewals: u32,
    /// When X last refused a token that should have been good.
    #[serde(default)]
    forced: Option<UnixMs>,
    /// Since when X is being asked for the next pair, or was and the answer was lost or none.
    #[serde(default)]
    renewing: Option<UnixMs>,
    /// How often it was asked since then.
    #[serde(default)]
    tries: u32,
    /// Not asked again before this.
    #[serde(default)]
    not_before: Option<UnixMs>,
    /// What went wrong last, or what ended the family.
    #[serde(default)]
    why: Option<String>,
    /// Whether the family is over.
    #[serde(default)]
    over: bool,
}

/// What to do for whoever wants to call X.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Use the access token.
    Use,
    /// Renew first. Until that is done the token at hand may be used if `usable`.
    Renew {
        /// Whether the token at hand is still good.
        usable: bool,
    },
    /// A renewal was refused and is not due again; use the token at hand if `usable`.
    Wait {
        /// When it is due.
        until: UnixMs,
        /// Whether the token at hand is still good.
        usable: bool,
        /// What X said.
        why: String,
    },
    /// The owner must sign in again.
    Dead {
        /// What ended it.
        why: String,
    },
}

impl Grant {
    /// A sign-in that begins.
    pub fn begin(
        account: AccountId,
        username: String,
        scopes: Vec<String>,
        expires_in_s: i64,
        now: UnixMs,
    ) -> Self {
        Self {
            account,
            username,
            scopes,
            since: now,
            issued: now,
            expires: now.plus(expires_in_s.saturating_mul(SECOND_MS)),
            renewals: 0,
            forced: None,
            renewing: None,
            tries: 0,
            not_before: None,
            why: None,
            over: false,
        }
    }

    /// Decides. `refused` is when the access token was issued that X answered with 401, if one
    /// was: a token that was renewed since is simply the better one.
    pub fn next(&self, refused: Option<UnixMs>, now: UnixMs) -> Next {
        let refused = refused.is_some_and(|issued| issued >= self.issued);
        let spared = self.forced.is_some_and(|at| now.since(at).abs() < FORCED_EVERY_MS);
        let usable = self.expires.since(now) > MARGIN_MS && !refused;
        let why = || self.why.clone().unwrap_or_default();
        if self.over {
            return Next::Dead { why: why() };
        }
        if self.renewing.is_some() {
            return match self.not_before.filter(|until| *until > now) {
                Some(until) => Next::Wait { until, usable, why: why() },
                None => Next::Renew { usable },
            };
        }
        // Under a third of its life is left.
        let due = self.expires.since(now) < self.expires.since(self.issued) / 3;
        if refused && !spared {
            return Next::Renew { usable: false };
        }
        if due && !refused { Next::Renew { usable } } else { Next::Use }
    }

    /// Notes that X is about to be asked: to be stored before it is.
    pub fn asking(&mut self, refused: Option<UnixMs>, now: UnixMs) {
        if refused.is_some_and(|issued| issued >= self.issued) {
            self.forced = Some(now);
        }
        self.renewing = self.renewing.or(Some(now));
        self.tries = self.tries.saturating_add(1);
        (self.not_before, self.why) = (None, None);
    }

    /// X gave the next pair: to be stored with it, before anyone uses it.
    pub fn renewed(&mut self, expires_in_s: i64, scopes: Option<Vec<String>>, now: UnixMs) {
        // Names the token too: never that of the one before.
        self.issued = now.max(self.issued.plus(1));
        self.expires = now.plus(expires_in_s.saturating_mul(SECOND_MS));
        self.scopes = scopes.unwrap_or_else(|| std::mem::take(&mut self.scopes));
        self.renewals = self.renewals.saturating_add(1);
        (self.renewing, self.tries, self.not_before, self.why) = (None, 0, None, None);
    }

    /// X did not.
    pub fn refused(&mut self, refusal: &TokenRefusal, now: UnixMs) {
        let (wait_ms, why) = match refusal {
            TokenRefusal::Spent(said) => {
                return self.die(format!("X no longer renews this sign-in ({said})"));
            }
            TokenRefusal::Client(said) => (CLIENT_WAIT_MS, format!("X refuses the app: {said}")),
            TokenRefusal::Later(said) => {
                (doubled(AGAIN_FIRST_MS, self.tries.max(1), AGAIN_MAX_MS), format!("X said {said}"))
            }
        };
        self.renewing = self.renewing.or(Some(now));
        (self.not_before, self.why) = (Some(now.plus(wait_ms)), Some(why));
    }

    /// The owner took the consent back, or the family is over for another reason.
    pub fn die(&mut self, why: String) {
        if !self.over {
            (self.over, self.why) = (true, Some(why));
        }
    }

    /// What ended it, if it is over.
    pub fn death(&self) -> Option<&str> {
        self.why.as_deref().filter(|_| self.over)
    }

    /// Whether X is being asked for the next pair, and what it said last.
    pub fn renewing(&self) -> Option<Option<&str>> {
        (self.renewing.is_some() && !self.over).then_some(self.why.as_deref())
    }

    /// When a renewal that is under way or was put off is to be taken up again.
    pub fn due(&self) -> Option<UnixMs> {
        let renewing = self.renewing.filter(|_| !self.over)?;
        Some(self.not_before.unwrap_or(renewing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    const NOW: UnixMs = UnixMs(1_000_000_000);
    const LIFE_S: i64 = 7200;

    fn grant() -> Grant {
        Grant::begin(UserId(12), "ada".into(), vec!["users.read".into()], LIFE_S, NOW)
    }

    /// The decision in one word.
    fn word(grant: &Grant, refused: Option<UnixMs>, now: UnixMs) -> String {
        match grant.next(refused, now) {
            Next::Use => "use".into(),
            Next::Renew { usable: true } => "renew".into(),
            Next::Renew { usable: false } => "renew first".into(),
            Next::Wait { until, usable, .. } => format!("wait {} {usable}", until.since(now)),
            Next::Dead { .. } => "dead".into(),
        }
    }

    #[track_caller]
    fn check(grant: &Grant, after_s: i64, expected: &str) {
        assert_eq!(word(grant, None, NOW.plus(after_s * SECOND_MS)), expected, "{after_s} s");
    }

    #[test]
    fn it_is_renewed_in_the_last_third_of_its_life() {
        for (after_s, expected) in [
            (0, "use"),
            (4800, "use"),
            (4801, "renew"),
            (7139, "renew"),
            (7140, "renew first"),
            (9000, "renew first"),
        ] {
            check(&grant(), after_s, expected);
        }
    }

    #[test]
    fn the_old_token_serves_while_the_new_one_is_on_its_way() {
        let mut grant = grant();
        let now = NOW.plus(5000 * SECOND_MS);
        grant.asking(None, now);
        // Whoever lost the answer asks again with the same token: at once.
        check(&grant, 5000, "renew");
        grant.refused(&TokenRefusal::Later("HTTP 503".into()), now);
        check(&grant, 5004, "wait 1000 true");
        check(&grant, 5005, "renew");
        grant.asking(None, now.plus(5 * SECOND_MS));
        grant.refused(&TokenRefusal::Later("HTTP 503".into()), now.plus(5 * SECOND_MS));
        check(&grant, 5005, "wait 10000 true");
    }

    #[test]
    fn a_renewed_one_starts_anew() {
        let mut grant = grant();
        let now = NOW.plus(5000 * SECOND_MS);
        grant.asking(None, now);
        grant.renewed(LIFE_S, None, now);
        assert_eq!((grant.issued, grant.renewals, grant.renewing()), (now, 1, None));
        assert_eq!(grant.scopes, ["users.read"]);
        check(&grant, 5000, "use");
        check(&grant, 5000 + 4801, "renew");
    }

    #[test]
    fn a_refused_token_is_renewed_once_in_a_while() {
        let mut grant = grant();
        assert_eq!(word(&grant, Some(NOW), NOW), "renew first");
        grant.asking(Some(NOW), NOW);
        grant.renewed(LIFE_S, None, NOW.plus(1));
        assert_eq!(word(&grant, Some(NOW), NOW.plus(1)), "use", "a newer one is there");
        assert_eq!(word(&grant, Some(NOW.plus(1)), NOW.plus(2)), "use", "not at every 401");
        let later = NOW.plus(FORCED_EVERY_MS);
        assert_eq!(word(&grant, Some(NOW.plus(1)), later), "renew first");
    }

    #[test]
    fn a_wrong_client_waits_for_the_owner_and_a_spent_token_ends_it() {
        let mut grant = grant();
        grant.asking(None, NOW);
        grant.refused(&TokenRefusal::Client("invalid_client".into()), NOW);
        check(&grant, 0, "wait 3600000 true");
        assert_eq!(grant.renewing().unwrap(), Some("X refuses the app: invalid_client"));
        grant.asking(None, NOW);
        grant.refused(&TokenRefusal::Spent("invalid_grant".into()), NOW);
        check(&grant, 0, "dead");
        assert_eq!(grant.death(), Some("X no longer renews this sign-in (invalid_grant)"));
        grant.die("again".into());
        assert!(grant.death().unwrap().contains("invalid_grant"), "the first reason stays");
        assert_eq!(grant.due(), None);
    }

    #[test]
    fn waits_stay_bounded_at_any_try() {
        let mut grant = grant();
        for _ in 0..70 {
            grant.asking(None, NOW);
            grant.refused(&TokenRefusal::Later(String::new()), NOW);
        }
        assert_eq!(grant.due(), Some(NOW.plus(AGAIN_MAX_MS)));
    }

    #[test]
    fn its_state_is_kept_as_it_is() {
        let mut grant = grant();
        for step in 0..3 {
            let kept = serde_json::to_string(&grant).unwrap();
            assert_eq!(serde_json::from_str::<Grant>(&kept).unwrap(), grant, "{step}");
            match step {
                0 => grant.asking(Some(NOW), NOW),
                _ => grant.die("over".into()),
            }
        }
    }
}
