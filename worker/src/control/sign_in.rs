//! A sign-in that came back from X. Owns: the way from a code to a tracked account. Must not
//! know: browsers and cookies. Invariant: each step is stored before the next begins, and may be
//! taken again: tokens that came are kept before they are used, and are taken back at X where
//! nothing comes of them.

use super::Control;
use super::credentials::{Facts, Kept};
use crate::account::{DEFAULT_CAP_USD, lookup_query};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http::random_hex;
use crate::rpc::{self, ToAccount, UserKey};
use crate::sql::values;
use crate::x::{X, oauth};
use shared::api::{self, Credential, Feature, NewAccount, SignInOutcome, SignInReport};
use shared::budget::{Ask, Grant as Leave, NO_ACCOUNT_CAP, Resource, Settlement, micro};
use shared::console::Step;
use shared::credentials::{Name, Stored};
use shared::id::{AccountId, UserId};
use shared::oauth2::TokenRefusal;
use shared::oauth2::grant::Grant;
use shared::retry::Trouble;
use shared::secret::Secret;
use shared::time::MINUTE_MS;
use shared::x::page::lookup;
use shared::x::problem::Class;
use shared::x::user::Profile;

/// An unfinished sign-in is taken up again after this.
const RESUME_MS: i64 = MINUTE_MS;

/// How a sign-in ends.
type Ended = (SignInOutcome, Option<AccountId>, Option<String>);

/// What asking X whose the tokens are came to.
enum Whose {
    /// X's user object.
    Profile(String),
    /// It may be asked again.
    Later(String),
    /// Nothing comes of it.
    Never(SignInOutcome, String),
}

impl Control {
    /// Trades the code for tokens and sees the sign-in through.
    pub(super) async fn redeem(
        &self,
        code: &Secret,
        verifier: &Secret,
        callback: &str,
        wanted: Option<AccountId>,
    ) -> Result<SignInReport> {
        let ended = match self.exchange(code, verifier, callback, wanted).await? {
            Ok(name) => self.finish(&name).await?,
            Err((outcome, why)) => (outcome, wanted, Some(why)),
        };
        self.report(ended.0, ended.1, ended.2)?;
        let report = self.meta("sign_in")?;
        report.ok_or_else(|| Fault::internal("a report that is gone"))
    }

    /// The name under which the tokens are kept until it is known whose they are.
    async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
        callback: &str,
        wanted: Option<AccountId>,
    ) -> Result<std::result::Result<String, (SignInOutcome, String)>> {
        let client = match self.client().await? {
            Ok(client) => client,
            Err(why) => return Ok(Err((SignInOutcome::Refused, why))),
        };
        let form = client.exchange_form(code.expose(), verifier.expose(), callback);
        let tokens = match oauth::ask(&Config::read(&self.env), &client, &form).await {
            Ok(tokens) => tokens,
            Err(refusal) => return Ok(Err(not_exchanged(refusal, callback))),
        };
        let name = format!("pending-{}", random_hex(16));
        // Whose it is comes later.
        let scopes = tokens.scopes.unwrap_or_default();
        let (nobody, now) = (UserId(0), clock::now());
        let grant = Grant::begin(nobody, String::new(), scopes, tokens.expires_in_s, now);
        let facts = Facts { wanted, ..Facts::now(None, Some(grant)) };
        let stored = Stored::Family { access: tokens.access, refresh: tokens.refresh };
        let sealed = self.seal(&name, &stored).await?;
        self.keep(&Kept { name: name.clone(), sealed, facts })?;
        self.wake_in(RESUME_MS).await?;
        Ok(Ok(name))
    }

    /// Takes up what an eviction or X's trouble left unfinished; after how long to look again.
    pub(super) async fn resume_sign_ins(&self) -> Result<Option<i64>> {
        let mut left = None;
        for kept in self.kept_like("pending-")? {
            if clock::now().since(kept.facts.stored) < RESUME_MS / 2 {
                // Whoever began it is likely still at it.
                left = Some(RESUME_MS);
                continue;
            }
            if self.kept(&kept.name)?.is_none() {
                // Whoever began it saw it through meanwhile, and said so.
                continue;
            }
            let ended = self.finish(&kept.name).await?;
            if ended.0 == SignInOutcome::Unreachable {
                left = Some(RESUME_MS);
            }
            self.report(ended.0, ended.1, ended.2)?;
        }
        Ok(left)
    }

    /// From tokens to a tracked account, from wherever it stands.
    async fn finish(&self, name: &str) -> Result<Ended> {
        let Some(mut kept) = self.kept(name)? else {
            return Ok((SignInOutcome::Unreachable, None, None));
        };
        let wanted = kept.facts.wanted;
        let stored = match self.open(&kept).await? {
            Ok(stored) => stored,
            Err(why) => {
                // Nobody can ever use it.
                self.drop_kept(name)?;
                return Ok((SignInOutcome::Refused, wanted, Some(why)));
            }
        };
        let Stored::Family { access, refresh } = stored else {
            return Err(Fault::internal(format!("{name} holds no tokens")));
        };
        let settled = kept.facts.profile.is_some();
        let profile = match kept.facts.profile.take() {
            Some(profile) => profile,
            None => match self.whose(&kept, &access).await? {
                Whose::Profile(profile) => profile,
                Whose::Later(why) => return Ok((SignInOutcome::Unreachable, wanted, Some(why))),
                Whose::Never(outcome, why) => {
                    self.discard(name, &refresh).await?;
                    return Ok((outcome, wanted, Some(why)));
                }
            },
        };
        let Some(person) = Profile::from_raw(&profile).map(|profile| profile.person) else {
            self.discard(name, &refresh).await?;
            return Ok((
                SignInOutcome::Refused,
                wanted,
                Some("X's answer names nobody".to_owned()),
            ));
        };
        if wanted.is_some_and(|wanted| wanted != person.id) {
            self.discard(name, &refresh).await?;
            let why = format!(
                "@{} said yes. Sign out of x.com, sign in there with the account you want to \
                 connect, and begin again",
                person.username
            );
            return Ok((SignInOutcome::OtherAccount, Some(person.id), Some(why)));
        }
        let account = person.id;
        let mut replaced = None;
        if !settled {
            kept.facts.profile = Some(profile.clone());
            let family = Stored::Family { access, refresh };
            replaced = self.settle_in(kept, account, person.username, family).await?;
        }
        self.track(account, profile).await?;
        self.drop_kept(name)?;
        if let Some(replaced) = replaced {
            self.let_go(replaced).await?;
        }
        Ok((SignInOutcome::Connected, Some(account), None))
    }

    /// Stores the family under its account, and that this was done. Answers which one it replaced.
    async fn settle_in(
        &self,
        kept: Kept,
        account: AccountId,
        username: String,
        family: Stored,
    ) -> Result<Option<Kept>> {
        let name = Name::User(account).text();
        let mut grant = kept.facts.grant.clone();
        if let Some(grant) = &mut grant {
            (grant.account, grant.username) = (account, username);
        }
        let sealed = self.seal(&name, &family).await?;
        let facts = Facts { stored: kept.facts.stored, ..Facts::now(Some(account), grant) };
        let (facts, unfinished) =
            (serde_json::to_string(&facts)?, serde_json::to_string(&kept.facts)?);
        let (sql, replaced) = (self.sql.clone(), self.kept(&name)?);
        self.sql.atomically(move || {
            sql.run(
                "INSERT INTO credentials (name, sealed, facts) VALUES (?, ?, ?)
                 ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, facts = excluded.facts",
                values![name, sealed, facts],
            )?;
            sql.run(
                "UPDATE credentials SET facts = ? WHERE name = ?",
                values![unfinished, kept.name],
            )
        })?;
        Ok(replaced)
    }

    /// Takes back at X the tokens that a newer sign-in replaced. The sign-in neither waits for it
    /// nor fails by it: nobody holds them any more, and X forgets them by itself in half a year.
    async fn let_go(&self, replaced: Kept) -> Result<()> {
        let alive = replaced.facts.grant.as_ref().is_some_and(|grant| grant.death().is_none());
        let (Ok(Stored::Family { refresh, .. }), Ok(client), true) =
            (self.open(&replaced).await?, self.client().await?, alive)
        else {
            return Ok(());
        };
        let config = Config::read(&self.env);
        self.state.wait_until(async move {
            oauth::revoke(&config, &client, &refresh).await.ok();
        });
        Ok(())
    }

    /// Tracks the account, if it is not tracked, and lets go on what stopped for want of keys.
    async fn track(&self, account: AccountId, profile: String) -> Result<()> {
        let new = NewAccount { id: Some(account), ..NewAccount::default() };
        let stub = rpc::account(&self.env, account)?;
        let begin = ToAccount::Begin { account, new, raw: Some(profile) };
        rpc::call::<_, bool>(&stub, &begin).await?;
        rpc::call::<_, Option<()>>(&stub, &ToAccount::SignedIn).await.map(drop)
    }

    /// The caps per month and per day, in micro-dollars, of the account that is to sign in. Where
    /// anyone may, no account's cap holds: who it is says the answer that is paid for.
    async fn caps_of(&self, account: Option<AccountId>) -> Result<(u64, Option<u64>)> {
        let Some(id) = account else { return Ok((NO_ACCOUNT_CAP, None)) };
        let stub = rpc::account(&self.env, id)?;
        let tracked: Option<api::Account> = rpc::call(&stub, &ToAccount::View).await?;
        Ok(tracked.map_or((micro(DEFAULT_CAP_USD), None), |account| {
            (micro(account.monthly_cap_usd), account.daily_cap_usd.map(micro))
        }))
    }

    /// Whose the tokens are: one profile read, within the caps.
    async fn whose(&self, kept: &Kept, access: &Secret) -> Result<Whose> {
        if kept.facts.grant.as_ref().is_none_or(|grant| clock::now() >= grant.expires) {
            let why = "X did not say whose the sign-in is for as long as it held: begin again";
            return Ok(Whose::Never(SignInOutcome::Unreachable, why.to_owned()));
        }
        let account = kept.facts.wanted.unwrap_or(UserId(0));
        let (account_cap, account_day_cap) = self.caps_of(kept.facts.wanted).await?;
        let ask = Ask {
            account,
            feature: Feature::Profiles,
            account_cap,
            account_day_cap,
            route: "users/me".to_owned(),
            calls: 1,
            resource: Resource::User,
            resources: 1,
        };
        let now = clock::now();
        let lease = match self.with_book(|book| book.ask(&ask, now))? {
            Leave::Go { lease, .. } => lease,
            Leave::Later { why, .. } => return Ok(Whose::Later(why)),
            Leave::No { why, .. } => return Ok(Whose::Never(SignInOutcome::Capped, why)),
        };
        let mut config = Config::read(&self.env);
        config.user = Some(UserKey {
            account,
            access: Some(access.clone()),
            issued: kept.facts.stored,
            scopes: Vec::new(),
            ended: None,
            waits: None,
        });
        let answer = X::new(&config).get("/2/users/me", &lookup_query(), Credential::User).await;
        let mut payer = account;
        let (rate, whose) = match answer {
            Ok(answer) => {
                let found = lookup(&answer.body).ok();
                let user = found.and_then(|found| found.users.into_iter().next());
                payer = user.as_ref().map_or(account, |user| user.id);
                let none = || Whose::Later("X's answer names nobody".to_owned());
                (answer.rate, user.map_or_else(none, |user| Whose::Profile(user.raw)))
            }
            Err(refusal) => (refusal.rate, refused(&refusal.trouble)),
        };
        let settlement = Settlement {
            lease,
            account: payer,
            route: "users/me".to_owned(),
            resource: Resource::User,
            billed: u64::from(matches!(whose, Whose::Profile(_))),
            repeats: 0,
            rate,
        };
        self.with_book(|book| book.settle(&settlement, clock::now()))?;
        Ok(whose)
    }

    /// Takes tokens back that nothing came of.
    async fn discard(&self, name: &str, refresh: &Secret) -> Result<()> {
        if let Ok(client) = self.client().await? {
            // X forgets them by itself in half a year: no reason to keep them here.
            oauth::revoke(&Config::read(&self.env), &client, refresh).await.ok();
        }
        self.drop_kept(name)
    }
}

fn not_exchanged(refusal: TokenRefusal, callback: &str) -> (SignInOutcome, String) {
    match refusal {
        TokenRefusal::Spent(said) => (
            SignInOutcome::Expired,
            format!("X's code lives 30 seconds and is good once ({said}): begin again"),
        ),
        TokenRefusal::Client(said) => (
            SignInOutcome::Refused,
            format!(
                "X refuses the app: {said}. Compare client id and secret, and the callback \
                 {callback}, with \"User authentication settings\" in X's console"
            ),
        ),
        TokenRefusal::Later(said) => (
            SignInOutcome::Unreachable,
            format!("X gave no tokens ({said}); a code is good once: begin again"),
        ),
    }
}

fn refused(trouble: &Trouble) -> Whose {
    let said = trouble.to_string();
    let Trouble::Http(problem) = trouble else { return Whose::Later(said) };
    match (Step::curing(problem.class), problem.class) {
        (Some(step), _) => {
            let step = step.shown();
            Whose::Never(SignInOutcome::Refused, format!("{said}. {}: {}", step.title, step.text))
        }
        (None, Class::BadRequest | Class::NotFound) => Whose::Never(SignInOutcome::Refused, said),
        (None, _) => Whose::Later(said),
    }
}
