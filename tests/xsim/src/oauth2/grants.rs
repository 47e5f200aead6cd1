//! Codes, tokens and the families they belong to: who consented to what, and for how long.
//!
//! Knows the virtual time it is given, no HTTP. X says of refresh tokens only that there are some;
//! that they are single-use, that a spent one may end the whole family and that one lives half a
//! year is told by those who met it (trypostit/trypost issue 126). Whether a spent one is taken
//! again is told by nobody, so both are here: see [`Reuse`].
//!
//! Invariants: a dead family has no good token; a code and, but for grace, a refresh token is good
//! once.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::pkce::Challenge;
use super::scopes::Scopes;
use crate::calendar::{DAY_S, SECOND_MS};
use crate::hash::hash;
use crate::world::Account;

/// A code must be exchanged within 30 s (docs.x.com, "Authorization Code Flow with PKCE").
const CODE_MS: i64 = 30 * SECOND_MS;
/// An access token lives two hours (the same page).
const ACCESS_MS: i64 = 2 * 3_600 * SECOND_MS;
/// A refresh token lives six months.
const REFRESH_MS: i64 = 182 * DAY_S * SECOND_MS;

const SALT_TOKEN: u64 = 300;

/// What becomes of a refresh token that is sent again after it was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reuse {
    /// Until its successor is first used it is answered with the same new pair, so that an answer
    /// lost on the way is not the end; after that the family is dead.
    #[default]
    Grace,
    /// The family is dead at once. So it is after a code is sent twice.
    Strict,
}

impl Reuse {
    /// Both, by the names they go by.
    pub(crate) const ALL: [(&str, Self); 2] = [("grace", Self::Grace), ("strict", Self::Strict)];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, reuse)| *reuse)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, reuse)| *reuse == self).map_or("", |(name, _)| name)
    }
}

/// What a user said yes to, until the code for it is exchanged.
#[derive(Debug, Clone)]
pub(super) struct Consent {
    pub(super) account: Account,
    pub(super) scopes: Scopes,
    pub(super) redirect_uri: String,
    pub(super) challenge: Challenge,
}

#[derive(Debug)]
struct Code {
    consent: Consent,
    expires_ms: i64,
    /// The family it was exchanged for.
    family: Option<usize>,
}

/// The tokens of one turn of a family.
#[derive(Debug, Clone)]
struct Pair {
    access: String,
    /// Only with the scope `offline.access`.
    refresh: Option<String>,
    access_expires_ms: i64,
}

#[derive(Debug)]
struct Family {
    account: Account,
    scopes: Scopes,
    alive: bool,
    /// How often the tokens were exchanged for new ones.
    refreshes: u64,
    pair: Pair,
    /// Whether a token of `pair` was used.
    used: bool,
}

/// A token that was given out: its family, its turn in it, its end.
#[derive(Debug, Clone, Copy)]
struct Token {
    family: usize,
    turn: u64,
    expires_ms: i64,
}

/// A family that ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) account: Account,
    pub(crate) at_ms: i64,
}

/// Why there are no tokens, in the words of X's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Code,
    RedirectUri,
    Verifier,
    Token,
}

/// All consents since the start.
#[derive(Debug)]
pub(crate) struct Grants {
    seed: u64,
    /// Never falls, not even by a reset: no token is ever given twice.
    serial: u64,
    reuse_at_start: Reuse,
    reuse: Reuse,
    codes: HashMap<String, Code>,
    families: Vec<Family>,
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    revocations: Vec<Revocation>,
}

impl Grants {
    pub(crate) fn new(seed: u64, reuse: Reuse) -> Self {
        Self {
            seed,
            serial: 0,
            reuse_at_start: reuse,
            reuse,
            codes: HashMap::new(),
            families: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            revocations: Vec::new(),
        }
    }

    pub(crate) fn reset(&mut self) {
        *self = Self { serial: self.serial, ..Self::new(self.seed, self.reuse_at_start) };
    }

    pub(crate) fn set_reuse(&mut self, reuse: Reuse) {
        self.reuse = reuse;
    }

    /// A text that nobody guesses, beginning with `kind`.
    fn secret(&mut self, kind: &str) -> String {
        self.serial += 1;
        let part = |n: u64| hash(self.seed, self.serial << 2 | n, SALT_TOKEN);
        format!("{kind}{:016x}{:016x}{:016x}", part(0), part(1), part(2))
    }

    /// The code for a consent.
    pub(super) fn consent(&mut self, consent: Consent, now_ms: i64) -> String {
        let code = self.secret("simcode");
        let expires_ms = now_ms + CODE_MS;
        self.codes.insert(code.clone(), Code { consent, expires_ms, family: None });
        code
    }

    /// The first tokens, for a code.
    pub(super) fn exchange(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
        now_ms: i64,
    ) -> Result<Value, Refusal> {
        let known = self.codes.get(code).ok_or(Refusal::Code)?;
        if let Some(family) = known.family {
            if self.reuse == Reuse::Strict {
                self.end(family, now_ms);
            }
            return Err(Refusal::Code);
        }
        if now_ms >= known.expires_ms {
            return Err(Refusal::Code);
        }
        if redirect_uri != known.consent.redirect_uri {
            return Err(Refusal::RedirectUri);
        }
        if !known.consent.challenge.takes(verifier) {
            return Err(Refusal::Verifier);
        }
        let (account, scopes) = (known.consent.account, known.consent.scopes);
        let number = self.families.len();
        let pair = self.issue(number, 0, scopes, now_ms);
        let answer = answer(&pair, scopes, now_ms);
        let family = Family { account, scopes, alive: true, refreshes: 0, pair, used: false };
        self.families.push(family);
        if let Some(known) = self.codes.get_mut(code) {
            known.family = Some(number);
        }
        Ok(answer)
    }

    fn issue(&mut self, family: usize, turn: u64, scopes: Scopes, now_ms: i64) -> Pair {
        let access = self.secret("simaccess");
        let access_expires_ms = now_ms + ACCESS_MS;
        let token = Token { family, turn, expires_ms: access_expires_ms };
        self.access.insert(access.clone(), token);
        let refresh = scopes.has("offline.access").then(|| self.secret("simrefresh"));
        if let Some(refresh) = &refresh {
            let token = Token { expires_ms: now_ms + REFRESH_MS, ..token };
            self.refresh.insert(refresh.clone(), token);
        }
        Pair { access, refresh, access_expires_ms }
    }

    /// New tokens for a refresh token.
    pub(super) fn rotate(&mut self, refresh: &str, now_ms: i64) -> Result<Value, Refusal> {
        let token = self.refresh.get(refresh).copied().ok_or(Refusal::Token)?;
        let family = self.families.get_mut(token.family).ok_or(Refusal::Token)?;
        if !family.alive || now_ms >= token.expires_ms {
            return Err(Refusal::Token);
        }
        if token.turn < family.refreshes {
            let last = token.turn + 1 == family.refreshes;
            if last && !family.used && self.reuse == Reuse::Grace {
                return Ok(answer(&family.pair, family.scopes, now_ms));
            }
            self.end(token.family, now_ms);
            return Err(Refusal::Token);
        }
        let (turn, scopes) = (token.turn + 1, family.scopes);
        let pair = self.issue(token.family, turn, scopes, now_ms);
        let answer = answer(&pair, scopes, now_ms);
        if let Some(family) = self.families.get_mut(token.family) {
            family.refreshes = turn;
            family.pair = pair;
            family.used = false;
        }
        Ok(answer)
    }

    /// Ends the family of a token, whichever of the two kinds it is; false when it is of none.
    pub(crate) fn revoke(&mut self, token: &str, now_ms: i64) -> bool {
        let known = self.access.get(token).or_else(|| self.refresh.get(token));
        let family = known.map(|token| token.family);
        if let Some(family) = family {
            self.end(family, now_ms);
        }
        family.is_some()
    }

    /// Ends every family of a user; gives how many.
    pub(super) fn revoke_user(&mut self, account: Account, now_ms: i64) -> usize {
        let of_user = |(_, family): &(usize, &Family)| family.alive && family.account == account;
        let alive: Vec<usize> =
            self.families.iter().enumerate().filter(of_user).map(|(n, _)| n).collect();
        for family in &alive {
            self.end(*family, now_ms);
        }
        alive.len()
    }

    fn end(&mut self, family: usize, at_ms: i64) {
        if let Some(family) = self.families.get_mut(family).filter(|family| family.alive) {
            family.alive = false;
            self.revocations.push(Revocation { account: family.account, at_ms });
        }
    }

    /// Lets the access tokens of a user's families end now; gives how many families have one.
    pub(super) fn expire_access(&mut self, account: Account, now_ms: i64) -> usize {
        let mut expired = 0;
        for (number, family) in self.families.iter_mut().enumerate() {
            if family.alive && family.account == account {
                expired += 1;
                family.pair.access_expires_ms = family.pair.access_expires_ms.min(now_ms);
                for token in self.access.values_mut().filter(|token| token.family == number) {
                    token.expires_ms = token.expires_ms.min(now_ms);
                }
            }
        }
        expired
    }

    /// Whose access token this is, and what it may be used for. An older one of the family is good
    /// until its own end.
    pub(crate) fn user_of(&mut self, access: &str, now_ms: i64) -> Option<(Account, Scopes)> {
        let token = *self.access.get(access)?;
        let family = self.families.get_mut(token.family)?;
        if !family.alive || now_ms >= token.expires_ms {
            return None;
        }
        family.used |= token.turn == family.refreshes;
        Some((family.account, family.scopes))
    }

    /// Whether a user has a family alive that may do this.
    pub(crate) fn consented(&self, account: Account, scope: &str) -> bool {
        let may = |family: &Family| family.alive && family.account == account;
        self.families.iter().any(|family| may(family) && family.scopes.has(scope))
    }

    /// The families that ended, in that order.
    pub(crate) fn revocations(&self) -> &[Revocation] {
        &self.revocations
    }

    /// The answer of `GET /sim/oauth`.
    pub(super) fn to_json(&self) -> Value {
        let family = |family: &Family| {
            json!({
                "user": family.account.id(),
                "state": if family.alive { "alive" } else { "dead" },
                "refreshes": family.refreshes,
                "access_expires": family.pair.access_expires_ms,
                "scope": family.scopes.to_string(),
            })
        };
        let families: Vec<Value> = self.families.iter().map(family).collect();
        json!({"families": families, "reuse": self.reuse.name()})
    }
}

fn answer(pair: &Pair, scopes: Scopes, now_ms: i64) -> Value {
    let expires_in = (pair.access_expires_ms - now_ms).max(0).div_euclid(SECOND_MS);
    let mut answer = json!({
        "token_type": "bearer",
        "expires_in": expires_in,
        "access_token": pair.access,
        "scope": scopes.to_string(),
    });
    if let (Some(refresh), Some(members)) = (&pair.refresh, answer.as_object_mut()) {
        members.insert("refresh_token".into(), refresh.as_str().into());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_790_000_123_000;
    const CALLBACK: &str = "http://127.0.0.1:8787/auth/x/callback";

    fn grants(reuse: Reuse) -> Grants {
        Grants::new(1, reuse)
    }

    fn code(grants: &mut Grants, scopes: &str) -> String {
        let consent = Consent {
            account: Account::Second,
            scopes: Scopes::parse(scopes).unwrap(),
            redirect_uri: CALLBACK.to_owned(),
            challenge: Challenge::new("verifier", "plain").unwrap(),
        };
        grants.consent(consent, NOW_MS)
    }

    fn text(answer: &Value, name: &str) -> String {
        answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
    }

    /// A family with its first tokens: access and refresh.
    fn family(grants: &mut Grants) -> (String, String) {
        let code = code(grants, "tweet.read users.read offline.access");
        let answer = grants.exchange(&code, CALLBACK, "verifier", NOW_MS).unwrap();
        (text(&answer, "access_token"), text(&answer, "refresh_token"))
    }

    #[test]
    fn a_code_is_good_once_for_30_seconds_with_its_verifier_and_address() {
        for (verifier, uri, after_ms, refusal) in [
            ("verifier", CALLBACK, 29_999, None),
            ("verifier", CALLBACK, 30_000, Some(Refusal::Code)),
            ("other", CALLBACK, 0, Some(Refusal::Verifier)),
            ("verifier", "https://example.org/", 0, Some(Refusal::RedirectUri)),
        ] {
            let mut grants = grants(Reuse::Grace);
            let code = code(&mut grants, "tweet.read");
            let exchanged = grants.exchange(&code, uri, verifier, NOW_MS + after_ms);
            assert_eq!(exchanged.err(), refusal, "{verifier} {uri} {after_ms}");
            let again = grants.exchange(&code, CALLBACK, "verifier", NOW_MS + after_ms);
            assert_eq!(again.is_ok(), refusal.is_some() && after_ms == 0, "{verifier} {uri}");
        }
    }

    #[test]
    fn a_code_sent_twice_ends_the_family_where_reuse_is_strict() {
        for (reuse, alive) in [(Reuse::Grace, true), (Reuse::Strict, false)] {
            let mut grants = grants(reuse);
            let code = code(&mut grants, "tweet.read");
            let answer = grants.exchange(&code, CALLBACK, "verifier", NOW_MS).unwrap();
            assert_eq!(grants.exchange(&code, CALLBACK, "verifier", NOW_MS), Err(Refusal::Code));
            let access = text(&answer, "access_token");
            assert_eq!(grants.user_of(&access, NOW_MS).is_some(), alive, "{reuse:?}");
        }
    }

    #[test]
    fn without_offline_access_there_is_no_refresh_token() {
        let mut grants = grants(Reuse::Grace);
        let code = code(&mut grants, "tweet.read");
        let answer = grants.exchange(&code, CALLBACK, "verifier", NOW_MS).unwrap();
        assert_eq!(answer.get("refresh_token"), None);
        assert_eq!(
            (&answer["expires_in"], &answer["scope"]),
            (&json!(7_200), &json!("tweet.read"))
        );
    }

    #[test]
    fn an_access_token_lives_two_hours_also_after_its_successor_came() {
        let mut grants = grants(Reuse::Strict);
        let (access, refresh) = family(&mut grants);
        grants.rotate(&refresh, NOW_MS + 1).unwrap();
        assert!(grants.user_of(&access, NOW_MS + ACCESS_MS - 1).is_some());
        assert!(grants.user_of(&access, NOW_MS + ACCESS_MS).is_none());
    }

    #[test]
    fn grace_repeats_the_same_pair_until_it_is_used() {
        for use_it in ["access", "refresh"] {
            let mut grants = grants(Reuse::Grace);
            let (_, first) = family(&mut grants);
            let answer = grants.rotate(&first, NOW_MS).unwrap();
            let again = grants.rotate(&first, NOW_MS + 1_000).unwrap();
            for name in ["access_token", "refresh_token"] {
                assert_eq!(answer[name], again[name]);
            }
            assert_eq!(again["expires_in"], 7_199);
            if use_it == "access" {
                grants.user_of(&text(&answer, "access_token"), NOW_MS).unwrap();
            } else {
                grants.rotate(&text(&answer, "refresh_token"), NOW_MS).unwrap();
            }
            assert_eq!(grants.rotate(&first, NOW_MS), Err(Refusal::Token), "{use_it}");
            assert_eq!(grants.to_json()["families"][0]["state"], "dead", "{use_it}");
        }
    }

    #[test]
    fn strictness_ends_the_family_at_the_first_repetition() {
        let mut grants = grants(Reuse::Strict);
        let (_, first) = family(&mut grants);
        let answer = grants.rotate(&first, NOW_MS).unwrap();
        assert_eq!(grants.rotate(&first, NOW_MS), Err(Refusal::Token));
        assert_eq!(grants.user_of(&text(&answer, "access_token"), NOW_MS), None);
        assert_eq!(grants.rotate(&text(&answer, "refresh_token"), NOW_MS), Err(Refusal::Token));
        let ended = Revocation { account: Account::Second, at_ms: NOW_MS };
        assert_eq!(grants.revocations(), [ended]);
    }

    #[test]
    fn a_refresh_token_lives_half_a_year() {
        let mut grants = grants(Reuse::Grace);
        let (_, refresh) = family(&mut grants);
        assert_eq!(grants.rotate(&refresh, NOW_MS + REFRESH_MS), Err(Refusal::Token));
        assert!(grants.rotate(&refresh, NOW_MS + REFRESH_MS - 1).is_ok());
    }

    #[test]
    fn either_token_revokes_the_family() {
        for nth in 0..2 {
            let mut grants = grants(Reuse::Grace);
            let (access, refresh) = family(&mut grants);
            grants.revoke(if nth == 0 { &access } else { &refresh }, NOW_MS);
            assert_eq!(grants.user_of(&access, NOW_MS), None);
            assert_eq!(grants.rotate(&refresh, NOW_MS), Err(Refusal::Token));
        }
    }

    #[test]
    fn a_user_is_expired_and_revoked_apart_from_others() {
        let mut grants = grants(Reuse::Grace);
        let (access, refresh) = family(&mut grants);
        assert_eq!(grants.expire_access(Account::Main, NOW_MS), 0);
        assert!(grants.user_of(&access, NOW_MS).is_some());
        assert_eq!(grants.expire_access(Account::Second, NOW_MS), 1);
        assert_eq!(grants.user_of(&access, NOW_MS), None);
        assert!(grants.rotate(&refresh, NOW_MS).is_ok());
        assert_eq!(grants.revoke_user(Account::Main, NOW_MS), 0);
        assert_eq!(grants.revoke_user(Account::Second, NOW_MS), 1);
        assert_eq!(grants.revoke_user(Account::Second, NOW_MS), 0);
    }

    #[test]
    fn a_reset_forgets_everybody_and_gives_no_token_again() {
        let mut grants = grants(Reuse::Grace);
        grants.set_reuse(Reuse::Strict);
        let (access, _) = family(&mut grants);
        grants.reset();
        assert_eq!(grants.user_of(&access, NOW_MS), None);
        assert_eq!(grants.to_json(), json!({"families": [], "reuse": "grace"}));
        assert_ne!(family(&mut grants).0, access);
    }
}
