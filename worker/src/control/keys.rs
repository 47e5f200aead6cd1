//! The keys for X as shown. Owns: the words for each credential and for what is wrong with it.
//! Must not know: how anything is renewed or checked. Invariant: made of facts; of what is sealed
//! only whether it opens is looked at.

use super::Control;
use super::credentials::Kept;
use crate::clock;
use crate::config::{Config, STORING};
use crate::fault::Result;
use crate::sql::values;
use crate::x::X;
use shared::api::{CredentialItem, CredentialSource, CredentialState, Credentials};
use shared::console::Step;
use shared::credentials::Name;
use shared::oauth2::grant::{Grant, Next};
use shared::time::UnixMs;

/// Where X sends browsers back to, below this deployment's address.
pub(crate) const CALLBACK: &str = "/auth/x/callback";

/// What is wrong, and what to do about it.
struct Ailment {
    problem: String,
    todo: String,
    step: Option<Step>,
}

impl Control {
    /// `GET /credentials`; `url` is the request's, for the callback's address.
    pub(super) async fn credentials(&self, url: &str) -> Result<Credentials> {
        let config = Config::read(&self.env);
        X::new(&config).learn_clock().await;
        let mut items = Vec::new();
        for name in Name::SET {
            items.push(self.set_item(name, &config).await?);
        }
        for kept in self.kept_like("user-")? {
            items.push(self.user_item(&kept).await?);
        }
        for item in &mut items {
            self.add_note(item)?;
        }
        let can_store = config.roost_secret.is_some();
        Ok(Credentials {
            can_store,
            storing: (!can_store).then(|| STORING.to_owned()),
            callback: format!("{}{CALLBACK}", origin(url)),
            sign_in: self.meta("sign_in")?,
            check_usd: self.check_usd().await?,
            items,
            steps: Step::ALL.map(Step::shown).to_vec(),
        })
    }

    /// One that is set by hand.
    async fn set_item(&self, name: Name, config: &Config) -> Result<CredentialItem> {
        let kept = self.kept(&name.text())?;
        let (what, own, account) = match name {
            Name::Owner => (
                "API key and secret with the access of their owner (OAuth 1.0a): the owner's own \
                 lists at a tenth of the price, private metrics, signatures of webhooks.",
                config.consumer_secret.is_some(),
                config.owner.is_some().then(|| config.owner_id()).flatten(),
            ),
            Name::Client => (
                "The app's OAuth 2.0 client: accounts sign in with it.",
                config.client.is_some(),
                config.owner.is_none().then(|| config.owner_id()).flatten(),
            ),
            _ => (
                "The app's bearer token: the stream, and other people's accounts.",
                config.bearer.is_some(),
                None,
            ),
        };
        let mut item = blank(name, what);
        item.overridden = own && kept.is_some();
        if own {
            (item.state, item.source) = (CredentialState::Ready, Some(CredentialSource::Secret));
            item.account = account;
        } else if let Some(kept) = &kept {
            (item.state, item.source) = (CredentialState::Ready, Some(CredentialSource::Stored));
            item.account = kept.facts.account;
            item.stored_at = Some(kept.facts.stored);
            if let Err(why) = self.open(kept).await? {
                lock(&mut item, &why, "store it again");
            }
        }
        Ok(item)
    }

    /// What X said at the last check, where nothing worse is known.
    fn add_note(&self, item: &mut CredentialItem) -> Result<()> {
        let row = self.sql.first(
            "SELECT at, refusal, step FROM checks WHERE name = ?",
            values![item.name.as_str()],
        )?;
        let Some(mut row) = row else { return Ok(()) };
        item.checked_at = Some(UnixMs(row.int()?));
        let (refusal, step) = (row.maybe_text()?, row.maybe_text()?);
        if item.problem.is_none() && refusal.is_some() {
            let shown =
                Step::ALL.map(Step::shown).into_iter().find(|it| Some(&it.id) == step.as_ref());
            item.todo = shown.map(|step| format!("{}: {}", step.title, step.text));
            (item.problem, item.step) = (refusal, step);
        }
        Ok(())
    }

    async fn user_item(&self, kept: &Kept) -> Result<CredentialItem> {
        let mut item = blank(
            Name::User(kept.facts.account.unwrap_or(shared::id::UserId(0))),
            "An account that signed in at X: its own lists and private metrics.",
        );
        item.name.clone_from(&kept.name);
        (item.state, item.source) = (CredentialState::Ready, Some(CredentialSource::Stored));
        item.account = kept.facts.account;
        item.stored_at = Some(kept.facts.stored);
        if let Err(why) = self.open(kept).await? {
            lock(&mut item, &why, "sign in at X again");
            return Ok(item);
        }
        let Some(grant) = &kept.facts.grant else { return Ok(item) };
        item.username = Some(grant.username.clone());
        item.scopes.clone_from(&grant.scopes);
        item.renewed_at = (grant.renewals > 0).then_some(grant.issued);
        item.expires = Some(grant.expires);
        let (state, ailment) = ailment(grant);
        item.state = state;
        if let Some(ailment) = ailment {
            item.problem = Some(ailment.problem);
            item.todo = Some(ailment.todo);
            item.step = ailment.step.map(|step| step.shown().id);
        }
        Ok(item)
    }
}

fn blank(name: Name, what: &str) -> CredentialItem {
    CredentialItem {
        name: name.text(),
        what: what.to_owned(),
        state: CredentialState::Missing,
        source: None,
        overridden: false,
        account: None,
        username: None,
        scopes: Vec::new(),
        stored_at: None,
        renewed_at: None,
        expires: None,
        checked_at: None,
        problem: None,
        todo: None,
        step: None,
    }
}

fn lock(item: &mut CredentialItem, why: &str, again: &str) {
    item.state = CredentialState::Locked;
    item.problem = Some(why.to_owned());
    item.todo = Some(format!("set ROOST_SECRET back to what it was, or {again}"));
}

fn ailment(grant: &Grant) -> (CredentialState, Option<Ailment>) {
    match grant.next(None, clock::now()) {
        Next::Dead { why } => (
            CredentialState::Ended,
            Some(Ailment {
                problem: why,
                todo: "sign in at X again: open /auth/x/start".to_owned(),
                step: None,
            }),
        ),
        Next::Wait { until, usable, why } => (
            CredentialState::Renewing,
            Some(Ailment {
                problem: why,
                todo: format!(
                    "it is tried again at {until}{}; if X refuses the app, compare client id and \
                     secret with X's console",
                    if usable { ", and works until it ends" } else { "" }
                ),
                step: Some(Step::SignIn),
            }),
        ),
        _ if grant.renewing().is_some() => (CredentialState::Renewing, None),
        _ => (CredentialState::Ready, None),
    }
}

/// Scheme and host of an absolute URL.
pub(crate) fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
