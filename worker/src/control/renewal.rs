//! Renewing the tokens of a sign-in. Owns: that only one renewal of a family is under way, and
//! the alarm that takes up one whose end nobody heard. Must not know: who uses the tokens.
//! Invariant: that X is asked is written before it is, and the pair that comes is stored before
//! anyone is given it.

use super::Control;
use super::credentials::Kept;
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::rpc::UserKey;
use crate::x::{X, oauth};
use shared::credentials::{Name, Stored};
use shared::id::AccountId;
use shared::oauth2::TokenRefusal;
use shared::oauth2::grant::{Grant, Next};
use shared::time::{HOUR_MS, SECOND_MS, UnixMs};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use worker::Delay;

/// A renewal that has not ended by now was lost: a call to X ends within 30 s.
const RESUME_MS: i64 = 40 * SECOND_MS;
/// How often whoever waits for another's renewal looks.
const LOOK_MS: u64 = 25;
/// How long they wait: the call's time-out, and some.
const PATIENCE_MS: i64 = 35 * SECOND_MS;

/// Names of the families being renewed.
pub(super) type Busy = RefCell<BTreeSet<String>>;

/// Releases a family's place however its renewal ends.
struct Place<'a> {
    busy: &'a Busy,
    name: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.busy.borrow_mut().remove(&self.name);
    }
}

impl Control {
    /// The access of an account that signed in, renewed where that is due. `refused` is when the
    /// token was given that X refused.
    pub(super) async fn user_key(
        &self,
        account: AccountId,
        refused: Option<UnixMs>,
    ) -> Result<Option<UserKey>> {
        let name = Name::User(account).text();
        X::new(&Config::read(&self.env)).learn_clock().await;
        let until = clock::real().plus(PATIENCE_MS);
        let mut asked = false;
        loop {
            let Some(kept) = self.kept(&name)? else { return Ok(None) };
            let Some(grant) = kept.facts.grant.clone() else { return Ok(None) };
            let busy = self.busy.borrow().contains(&name);
            let late = clock::real() > until;
            match grant.next(refused, clock::now()) {
                Next::Use => return self.key(&kept, &grant, true, None).await,
                Next::Dead { why } => return Ok(Some(ended(&grant, why))),
                Next::Wait { usable, why, .. } => {
                    return self.key(&kept, &grant, usable, Some(why)).await;
                }
                Next::Renew { usable } if asked || late || (usable && busy) => {
                    return self.key(&kept, &grant, usable, None).await;
                }
                Next::Renew { .. } if busy => Delay::from(Duration::from_millis(LOOK_MS)).await,
                Next::Renew { .. } => {
                    asked = true;
                    self.renew(kept, grant, refused).await?;
                }
            }
        }
    }

    async fn key(
        &self,
        kept: &Kept,
        grant: &Grant,
        usable: bool,
        waits: Option<String>,
    ) -> Result<Option<UserKey>> {
        let access = match self.open(kept).await? {
            Ok(Stored::Family { access, .. }) => Some(access).filter(|_| usable),
            Ok(_) => None,
            Err(why) => {
                return Ok(Some(ended(grant, format!("The sign-in cannot be read: {why}"))));
            }
        };
        Ok(Some(UserKey {
            account: grant.account,
            access,
            issued: grant.issued,
            scopes: grant.scopes.clone(),
            ended: None,
            waits,
        }))
    }

    /// Asks X for the next pair. What X said is in the row afterwards.
    async fn renew(&self, mut kept: Kept, mut grant: Grant, refused: Option<UnixMs>) -> Result<()> {
        self.busy.borrow_mut().insert(kept.name.clone());
        let _place = Place { busy: &self.busy, name: kept.name.clone() };
        let Ok(Stored::Family { refresh, .. }) = self.open(&kept).await? else { return Ok(()) };
        if self.is_another(&kept.name, &kept.sealed)? {
            return Ok(());
        }
        grant.asking(refused, clock::now());
        kept.facts.grant = Some(grant.clone());
        self.keep(&kept)?;
        let before = kept.sealed.clone();
        self.wake_in(RESUME_MS).await?;
        let outcome = match self.client().await? {
            Ok(client) => {
                let form = client.refresh_form(&refresh);
                oauth::ask(&Config::read(&self.env), &client, &form).await
            }
            Err(why) => Err(TokenRefusal::Client(why)),
        };
        match outcome {
            Ok(pair) => {
                let stored = Stored::Family { access: pair.access, refresh: pair.refresh };
                kept.sealed = self.seal(&kept.name, &stored).await?;
                grant.renewed(pair.expires_in_s, pair.scopes, clock::now());
            }
            Err(refusal) => grant.refused(&refusal, clock::now()),
        }
        if self.is_another(&kept.name, &before)? {
            return Ok(());
        }
        kept.facts.grant = Some(grant);
        self.keep(&kept)
    }

    /// Whether a sign-in was deleted meanwhile, taken back at X, or replaced by a new one, whose
    /// tokens are the better ones: then what is at hand is not to be written over it.
    fn is_another(&self, name: &str, sealed: &[u8]) -> Result<bool> {
        let dead = |now: &Kept| now.facts.grant.as_ref().is_some_and(|g| g.death().is_some());
        Ok(self.kept(name)?.is_none_or(|now| now.sealed != sealed || dead(&now)))
    }

    /// The alarm: renewals whose end nobody heard, and sign-ins that are not finished.
    pub(super) async fn resume(&self) -> Result<()> {
        X::new(&Config::read(&self.env)).learn_clock().await;
        let now = clock::now();
        for kept in self.kept_like("user-")? {
            let due = kept.facts.grant.as_ref().and_then(Grant::due);
            if due.is_some_and(|due| due <= now)
                && let Some(account) = kept.facts.account
            {
                self.user_key(account, None).await?;
            }
        }
        let unfinished = self.resume_sign_ins().await?;
        let now = clock::now();
        let kept = self.kept_like("user-")?;
        let due = kept.iter().filter_map(|kept| kept.facts.grant.as_ref()?.due()).min();
        let wait = due.map(|due| due.since(now).clamp(SECOND_MS, HOUR_MS));
        match wait.into_iter().chain(unfinished).min() {
            Some(wait) => self.wake_in(wait).await,
            None => Ok(()),
        }
    }

    /// Whether there is something for the alarm to take up.
    pub(super) fn is_unfinished(&self) -> Result<bool> {
        let renewing = |kept: &Kept| kept.facts.grant.as_ref().is_some_and(|g| g.due().is_some());
        Ok(!self.kept_like("pending-")?.is_empty() || self.kept_like("user-")?.iter().any(renewing))
    }

    /// Wakes this object after so many real milliseconds, or sooner if it was to wake sooner.
    pub(super) async fn wake_in(&self, ms: i64) -> Result<()> {
        clock::wake_in(&self.state, ms).await
    }
}

fn ended(grant: &Grant, why: String) -> UserKey {
    UserKey {
        account: grant.account,
        access: None,
        issued: grant.issued,
        scopes: grant.scopes.clone(),
        ended: Some(why),
        waits: None,
    }
}
