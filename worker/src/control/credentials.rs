//! Keys for X, as Control keeps them. Owns: the rows, sealed, with the facts about them that are
//! no secret; who is handed which. Must not know: how a sign-in comes about or is renewed.
//! Invariant: a row's secret and its facts are written together; without `ROOST_SECRET` nothing
//! is stored, and nothing that was stored is handed out.

use super::Control;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::Keyring;
use crate::sql::{Row, values};
use crate::vault;
use serde::{Deserialize, Serialize};
use shared::api::{CredentialChange, SignInOutcome};
use shared::credentials::{Name, Stored, check};
use shared::id::AccountId;
use shared::oauth2::grant::Grant;
use shared::oauth2::{Client, TokenRefusal};
use shared::time::UnixMs;

/// What may be told of a credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) stored: UnixMs,
    /// Whose it is, where that is known.
    #[serde(default)]
    pub(super) account: Option<AccountId>,
    /// Of a sign-in.
    #[serde(default)]
    pub(super) grant: Option<Grant>,
    /// Of a sign-in that is not finished: the account that was to sign in.
    #[serde(default)]
    pub(super) wanted: Option<AccountId>,
    /// Who it turned out to be, as X told it: their tokens are stored under that account.
    #[serde(default)]
    pub(super) profile: Option<String>,
}

impl Facts {
    pub(super) fn now(account: Option<AccountId>, grant: Option<Grant>) -> Self {
        Self { stored: clock::now(), account, grant, wanted: None, profile: None }
    }
}

/// A credential as kept.
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) sealed: Vec<u8>,
    pub(super) facts: Facts,
}

impl Control {
    pub(super) fn kept(&self, name: &str) -> Result<Option<Kept>> {
        let row = self
            .sql
            .first("SELECT name, sealed, facts FROM credentials WHERE name = ?", values![name])?;
        row.map(read).transpose()
    }

    /// Those whose names begin so, in order.
    pub(super) fn kept_like(&self, prefix: &str) -> Result<Vec<Kept>> {
        let rows = self.sql.rows(
            "SELECT name, sealed, facts FROM credentials WHERE substr(name, 1, ?) = ?
             ORDER BY length(name), name",
            values![i64::try_from(prefix.len()).unwrap_or(i64::MAX), prefix],
        )?;
        rows.into_iter().map(read).collect()
    }

    pub(super) fn keep(&self, kept: &Kept) -> Result<()> {
        self.sql.run(
            "INSERT INTO credentials (name, sealed, facts) VALUES (?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, facts = excluded.facts",
            values![kept.name.as_str(), kept.sealed.clone(), serde_json::to_string(&kept.facts)?],
        )
    }

    pub(super) fn drop_kept(&self, name: &str) -> Result<()> {
        self.sql.run("DELETE FROM credentials WHERE name = ?", values![name])
    }

    /// Seals for a row of this name.
    pub(super) async fn seal(&self, name: &str, stored: &Stored) -> Result<Vec<u8>> {
        let config = Config::read(&self.env);
        vault::seal(config.sealing()?.expose(), name, stored.to_text().expose()).await
    }

    /// Opens a row; the inner error is for the owner.
    pub(super) async fn open(&self, kept: &Kept) -> Result<std::result::Result<Stored, String>> {
        let config = Config::read(&self.env);
        let Some(secret) = &config.roost_secret else {
            return Ok(Err("ROOST_SECRET is not set".to_owned()));
        };
        match vault::open(secret.expose(), &kept.name, &kept.sealed).await? {
            Ok(text) => Ok(Stored::from_text(&text)
                .ok_or_else(|| "the stored bytes are of another Roost".to_owned())),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// The stored keys of the app, and those of an account.
    pub(super) async fn keyring(&self, account: Option<AccountId>) -> Result<Keyring> {
        let mut ring = Keyring::default();
        for name in [Name::Bearer, Name::Owner] {
            let Some(kept) = self.kept(&name.text())? else { continue };
            match self.open(&kept).await? {
                Ok(Stored::Bearer(token)) => ring.bearer = Some(token),
                Ok(owner) => ring.owner = Some(owner.to_text()),
                Err(why) => ring.locked = Some(why),
            }
        }
        let client = self.kept(&Name::Client.text())?;
        ring.app_owner = client.and_then(|kept| kept.facts.account);
        if let Some(account) = account {
            ring.user = self.user_key(account, None).await?;
        }
        Ok(ring)
    }

    /// The OAuth 2.0 client: the worker's own secrets, else what is stored. The inner error is
    /// for the owner.
    pub(super) async fn client(&self) -> Result<std::result::Result<Client, String>> {
        let config = Config::read(&self.env);
        if let Some(client) = config.client {
            return Ok(Ok(client));
        }
        let Some(kept) = self.kept(&Name::Client.text())? else {
            return Ok(Err("no OAuth 2.0 client id is set: store it with PUT \
                           /api/v1/credentials/client, or `wrangler secret put X_CLIENT_ID`"
                .to_owned()));
        };
        Ok(match self.open(&kept).await? {
            Ok(Stored::Client(client)) => Ok(client),
            Ok(_) => Err("what is stored as the client is none".to_owned()),
            Err(why) => Err(why),
        })
    }

    /// The id of the client for X's consent page.
    ///
    /// # Errors
    /// 409 with what to do, before anyone is sent to X for nothing.
    pub(super) async fn client_id(&self) -> Result<String> {
        Config::read(&self.env).sealing()?;
        let client = self.client().await?;
        client.map(|client| client.id).map_err(|why| Fault::new(409, "No OAuth client", why))
    }

    /// `PUT /credentials/{name}`.
    pub(super) async fn set_credential(&self, name: &str, body: &CredentialChange) -> Result<()> {
        let name = Name::parse(name).map_err(Fault::missing)?;
        let stored = check(name, body).map_err(Fault::bad)?;
        let account = match &stored {
            Stored::Owner(keys) => keys.account(),
            _ => body.owner_id,
        };
        let name = name.text();
        let sealed = self.seal(&name, &stored).await?;
        self.keep(&Kept { name: name.clone(), sealed, facts: Facts::now(account, None) })?;
        self.forget_note(&name)
    }

    /// `DELETE /credentials/{name}`. A sign-in is taken back at X first, unless only this
    /// deployment is to forget it.
    pub(super) async fn delete_credential(&self, name: &str, local: bool) -> Result<()> {
        let parsed = Name::parse(name).map_err(Fault::missing)?;
        let Some(kept) = self.kept(name)? else {
            return Err(Fault::missing(format!(
                "no `{name}` is stored here; a secret of the worker goes with `wrangler secret \
                 delete`"
            )));
        };
        let alive = kept.facts.grant.as_ref().is_some_and(|grant| grant.death().is_none());
        if matches!(parsed, Name::User(_)) && alive && !local {
            self.take_back(&kept).await?;
        }
        self.drop_kept(name)?;
        self.forget_note(name)
    }

    async fn take_back(&self, kept: &Kept) -> Result<()> {
        let refused = |why: String| {
            Fault::new(
                409,
                "Not taken back at X",
                format!(
                    "{why}. Nothing was deleted: try again, or take the consent back at \
                     https://x.com/settings/connected_apps and forget it here with ?local=true"
                ),
            )
        };
        let refresh = match self.open(kept).await? {
            Ok(Stored::Family { refresh, .. }) => refresh,
            Ok(_) => return Ok(()),
            Err(why) => return Err(refused(why)),
        };
        let client = self.client().await?.map_err(&refused)?;
        let config = Config::read(&self.env);
        match crate::x::oauth::revoke(&config, &client, &refresh).await {
            // What X does not know any more needs no taking back.
            Ok(()) | Err(TokenRefusal::Spent(_)) => Ok(()),
            Err(TokenRefusal::Client(said) | TokenRefusal::Later(said)) => {
                Err(refused(format!("X said {said}")))
            }
        }
    }

    /// X says that a consent was taken back there. Which one it does not say: it may be one that a
    /// newer sign-in replaced. So X is asked for new tokens, and says whether this one still holds.
    pub(super) async fn revoked(&self, account: AccountId) -> Result<()> {
        let kept = self.kept(&Name::User(account).text())?;
        if let Some(grant) = kept.and_then(|kept| kept.facts.grant) {
            self.user_key(account, Some(grant.issued)).await?;
        }
        Ok(())
    }

    fn forget_note(&self, name: &str) -> Result<()> {
        self.sql.run("DELETE FROM checks WHERE name = ?", values![name])
    }

    /// Remembers what a sign-in came to.
    pub(super) fn report(
        &self,
        outcome: SignInOutcome,
        account: Option<AccountId>,
        detail: Option<String>,
    ) -> Result<()> {
        let report = shared::api::SignInReport { at: clock::now(), outcome, account, detail };
        self.put_meta("sign_in", &report)
    }
}

fn read(mut row: Row) -> Result<Kept> {
    let (name, sealed) = (row.text()?, row.blob()?);
    Ok(Kept { name, sealed, facts: serde_json::from_str(&row.text()?)? })
}
