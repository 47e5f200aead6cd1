//! Settings of a deployment, read once per request from vars and secrets, and the keys that
//! Control keeps. Owns: names and defaults of every setting, and that a secret of the worker wins
//! over a stored one. Invariant: a secret is never logged or answered.

use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, Keyring, ToControl, UserKey};
use shared::credentials::{Holdings, OwnerKeys, Stored};
use shared::id::AccountId;
use shared::live::hub::{LIVE_SOCKETS, Limits, RELAY_SOCKETS};
use shared::oauth1::Keys;
use shared::oauth2::Client;
use shared::sealed::SECRET_MIN;
use shared::secret::Secret;
use worker::Env;

/// The upstream when `X_API_URL` is not set.
const X_API: &str = "https://api.x.com";

/// What a deployment was given.
pub(crate) struct Config {
    /// Base URL of the upstream, without a trailing slash.
    pub(crate) upstream: String,
    /// Whether the upstream is the simulator (`ROOST_SIM=1`).
    pub(crate) simulated: bool,
    /// The app's bearer token.
    pub(crate) bearer: Option<Secret>,
    /// The owner's four OAuth 1.0a keys, all or none.
    pub(crate) owner: Option<Keys>,
    /// The app's API secret: it signs webhooks, and is there without an access token too.
    pub(crate) consumer_secret: Option<Secret>,
    /// The OAuth 2.0 client, if secrets of the worker name it.
    pub(crate) client: Option<Client>,
    /// The tokens of the account that was asked for, if it signed in.
    pub(crate) user: Option<UserKey>,
    /// Why something that is stored cannot be opened.
    pub(crate) locked: Option<String>,
    /// What seals stored keys; none if it could be guessed.
    pub(crate) roost_secret: Option<Secret>,
    /// The token that opens this deployment.
    pub(crate) admin_token: Option<String>,
    /// The account that owns the app, if it was named apart from the owner keys.
    app_owner: Option<AccountId>,
    /// The way to Control, where keys were asked for there.
    pub(crate) env: Option<Env>,
    /// How many browsers an object holds.
    pub(crate) sockets: Limits,
    /// How often browsers get live events, in milliseconds.
    pub(crate) live_flush_ms: u64,
}

/// What to do before keys can be stored.
pub(crate) const STORING: &str = "this deployment has no ROOST_SECRET of 16 characters or more, which \
    seals stored keys: set a long random one with `wrangler secret put ROOST_SECRET` \
    (`openssl rand -hex 32` makes one), keep a copy, and try again";

/// Small enough to feel live, large enough to batch (design: 250 ms; 1 s on the free plan).
const LIVE_FLUSH_MS: u64 = 250;
/// Faster is one frame per tweet, slower is not live.
const LIVE_FLUSH_RANGE: std::ops::RangeInclusive<u64> = 50..=5_000;

impl Config {
    pub(crate) fn read(env: &Env) -> Self {
        let owner = env_owner(env);
        let upstream = setting(env, "X_API_URL").unwrap_or_else(|| X_API.to_owned());
        Self {
            upstream: upstream.trim_end_matches('/').to_owned(),
            simulated: setting(env, "ROOST_SIM").as_deref() == Some("1"),
            bearer: setting(env, "X_BEARER_TOKEN").map(Secret::new),
            consumer_secret: owner.as_ref().map(|owner| owner.api_secret.clone()),
            owner: owner.as_ref().and_then(OwnerKeys::keys),
            client: setting(env, "X_CLIENT_ID")
                .map(|id| Client { id, secret: setting(env, "X_CLIENT_SECRET").map(Secret::new) }),
            user: None,
            locked: None,
            roost_secret: setting(env, "ROOST_SECRET")
                .filter(|secret| secret.len() >= SECRET_MIN)
                .map(Secret::new),
            admin_token: setting(env, "ADMIN_TOKEN"),
            app_owner: setting(env, "X_OWNER_ID").and_then(|id| id.parse().ok()),
            env: None,
            sockets: Limits {
                live: number(env, "LIVE_SOCKETS").unwrap_or(LIVE_SOCKETS),
                relay: number(env, "RELAY_SOCKETS").unwrap_or(RELAY_SOCKETS),
            },
            live_flush_ms: setting(env, "LIVE_FLUSH_MS")
                .and_then(|text| text.parse().ok())
                .filter(|ms| LIVE_FLUSH_RANGE.contains(ms))
                .unwrap_or(LIVE_FLUSH_MS),
        }
    }

    /// The same with the keys that Control keeps: those of the app, and those of `account` if it
    /// signed in. Nobody gets another account's.
    pub(crate) async fn load(env: &Env, account: Option<AccountId>) -> Result<Self> {
        let mut config = Self::read(env);
        config.env = Some(env.clone());
        // Without it nothing can be stored: no call to make.
        if config.roost_secret.is_some() {
            let keyring = ControlClient::new(env)?.tell(ToControl::Keys { account }).await?;
            config.take(keyring);
        }
        Ok(config)
    }

    /// Takes over stored keys where the worker has no secret of that name.
    pub(crate) fn take(&mut self, ring: Keyring) {
        let stored = ring.owner.as_ref().and_then(|text| Stored::from_text(text.expose()));
        let stored = match &stored {
            Some(Stored::Owner(keys)) => Some(keys),
            _ => None,
        };
        self.bearer = self.bearer.take().or(ring.bearer);
        let signer = self.consumer_secret.take();
        self.consumer_secret = signer.or_else(|| stored.map(|owner| owner.api_secret.clone()));
        self.owner = self.owner.take().or_else(|| stored.and_then(OwnerKeys::keys));
        self.app_owner = self.app_owner.or(ring.app_owner);
        self.user = ring.user;
        self.locked = ring.locked;
    }

    /// What seals stored keys.
    ///
    /// # Errors
    /// 409 with what to do where there is none.
    pub(crate) fn sealing(&self) -> Result<&Secret> {
        let none = || Fault::new(409, "Keys cannot be stored yet", STORING);
        self.roost_secret.as_ref().ok_or_else(none)
    }

    /// The account that owns the app: whose the owner keys are (X's access tokens begin with the
    /// user's id and `-`), or who was named.
    pub(crate) fn owner_id(&self) -> Option<AccountId> {
        let of_keys = || self.owner.as_ref()?.token.split_once('-')?.0.parse().ok();
        of_keys().or(self.app_owner)
    }

    /// The keys at hand for reads of an account.
    pub(crate) fn holdings(&self, account: AccountId) -> Holdings<'_> {
        let user = self.user.as_ref().filter(|user| user.account == account);
        let of_keys = |keys: &Keys| keys.token.split_once('-')?.0.parse().ok();
        Holdings {
            bearer: self.bearer.is_some(),
            owner: self.owner.as_ref().map(of_keys),
            user: user.filter(|user| user.ended.is_none()).map(|user| user.scopes.as_slice()),
            ended: user.and_then(|user| user.ended.as_deref()),
            locked: self.locked.as_deref(),
        }
    }
}

/// The owner keys among the worker's secrets.
fn env_owner(env: &Env) -> Option<OwnerKeys> {
    let token = setting(env, "X_ACCESS_TOKEN").zip(setting(env, "X_ACCESS_SECRET"));
    Some(OwnerKeys {
        api_key: Secret::new(setting(env, "X_API_KEY").unwrap_or_default()),
        api_secret: Secret::new(setting(env, "X_API_SECRET")?),
        access: token
            .filter(|_| setting(env, "X_API_KEY").is_some())
            .map(|(token, secret)| (Secret::new(token), Secret::new(secret))),
    })
}

fn number(env: &Env, name: &str) -> Option<u32> {
    setting(env, name)?.parse().ok().filter(|number| *number > 0)
}

/// A secret or var; empty counts as absent.
fn setting(env: &Env, name: &str) -> Option<String> {
    let value = env.secret(name).or_else(|_| env.var(name)).ok()?.to_string();
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
