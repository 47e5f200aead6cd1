//! Settings of a deployment, read once per request from vars and secrets. Owns: names and
//! defaults of every setting. Invariant: a secret is never logged or answered.

use shared::id::AccountId;
use shared::live::hub::{LIVE_SOCKETS, Limits, RELAY_SOCKETS};
use shared::oauth1::Keys;
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
    pub(crate) bearer: Option<String>,
    /// The owner's four OAuth 1.0a keys, all or none.
    pub(crate) owner: Option<Keys>,
    /// The app's API secret: it signs what X pushes.
    pub(crate) consumer_secret: Option<String>,
    /// The token that opens this deployment.
    pub(crate) admin_token: Option<String>,
    /// How many browsers an object holds.
    pub(crate) sockets: Limits,
    /// How often browsers get live events, in milliseconds.
    pub(crate) live_flush_ms: u64,
}

/// Small enough to feel live, large enough to batch (design: 250 ms; 1 s on the free plan).
const LIVE_FLUSH_MS: u64 = 250;
/// Faster is one frame per tweet, slower is not live.
const LIVE_FLUSH_RANGE: std::ops::RangeInclusive<u64> = 50..=5_000;

impl Config {
    pub(crate) fn read(env: &Env) -> Self {
        let owner = (|| {
            Some(Keys {
                consumer_key: setting(env, "X_API_KEY")?,
                consumer_secret: setting(env, "X_API_SECRET")?,
                token: setting(env, "X_ACCESS_TOKEN")?,
                token_secret: setting(env, "X_ACCESS_SECRET")?,
            })
        })();
        let upstream = setting(env, "X_API_URL").unwrap_or_else(|| X_API.to_owned());
        Self {
            upstream: upstream.trim_end_matches('/').to_owned(),
            simulated: setting(env, "ROOST_SIM").as_deref() == Some("1"),
            bearer: setting(env, "X_BEARER_TOKEN"),
            owner,
            consumer_secret: setting(env, "X_API_SECRET"),
            admin_token: setting(env, "ADMIN_TOKEN"),
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

    /// The account the owner keys belong to: X's access tokens begin with the user's id and `-`.
    pub(crate) fn owner_id(&self) -> Option<AccountId> {
        self.owner.as_ref()?.token.split_once('-')?.0.parse().ok()
    }
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
