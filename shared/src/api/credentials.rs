//! Wire types of keys for X: what is set, whose it is, what is wrong with it. Never a key.

use super::{wire, words};
use crate::id::AccountId;
use crate::secret::Secret;
use crate::time::UnixMs;

words! {
    /// How a credential stands.
    CredentialState {
        /// It is not set.
        Missing = "missing",
        /// It is there.
        Ready = "ready",
        /// A sign-in whose tokens are being renewed; it works meanwhile.
        Renewing = "renewing",
        /// A sign-in that X ended: sign in again.
        Ended = "ended",
        /// It is stored, but `ROOST_SECRET` does not open it.
        Locked = "locked",
    }

    /// Where a credential comes from.
    CredentialSource {
        /// A secret of the worker (`wrangler secret put`): it wins where both are set.
        Secret = "secret",
        /// Stored here, sealed.
        Stored = "stored",
    }

    /// What became of a sign-in at X; the page is sent back with it as `x=`.
    SignInOutcome {
        /// The account is signed in.
        Connected = "connected",
        /// The consent page was answered with no.
        Denied = "denied",
        /// It did not begin in this browser, or another one began since.
        Mismatch = "mismatch",
        /// It took longer than X's code lives (30 seconds), or a quarter of an hour in all.
        Expired = "expired",
        /// Another account than the one asked for said yes.
        OtherAccount = "other_account",
        /// Reading whose it is would pass a cap.
        Capped = "capped",
        /// X refused: `sign_in` of `GET /credentials` says why.
        Refused = "refused",
        /// X could not be reached; it is tried again where that can help.
        Unreachable = "unreachable",
    }
}

wire! {
    /// Body of `PUT /credentials/{name}`: `token` of `bearer`; `api_key`, `api_secret`,
    /// `access_token` and `access_secret` of `owner`; `client_id`, `client_secret` and `owner_id`
    /// of `client`.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct CredentialChange {
        /// The app's bearer token.
        #[serde(default)]
        pub token: Option<Secret>,
        /// The app's API key.
        #[serde(default)]
        pub api_key: Option<Secret>,
        /// The app's API key secret.
        #[serde(default)]
        pub api_secret: Option<Secret>,
        /// The access token of your own account.
        #[serde(default)]
        pub access_token: Option<Secret>,
        /// Its secret.
        #[serde(default)]
        pub access_secret: Option<Secret>,
        /// The OAuth 2.0 client id.
        #[serde(default)]
        pub client_id: Option<String>,
        /// The OAuth 2.0 client secret; a public client has none.
        #[serde(default)]
        pub client_secret: Option<Secret>,
        /// The account that owns the app: its own lists cost a tenth. Told by the owner keys where
        /// they are set.
        #[serde(default)]
        pub owner_id: Option<AccountId>,
    }

    /// What there is of keys for X.
    pub struct Credentials {
        /// Whether keys can be stored here; else `storing` says what to do.
        pub can_store: bool,
        /// What to do before keys can be stored.
        pub storing: Option<String>,
        /// The callback address to enter in X's console.
        pub callback: String,
        /// What the last sign-in came to.
        pub sign_in: Option<SignInReport>,
        /// What `POST /credentials/check` costs now, in US dollars.
        pub check_usd: f64,
        /// Each credential.
        pub items: Vec<CredentialItem>,
        /// What to do in X's console, in order.
        pub steps: Vec<ConsoleStep>,
    }

    /// One credential.
    pub struct CredentialItem {
        /// `bearer`, `owner`, `client` or `user-<account id>`.
        pub name: String,
        /// What it is and what it is for.
        pub what: String,
        /// How it stands.
        pub state: CredentialState,
        /// Where it comes from.
        pub source: Option<CredentialSource>,
        /// Whether one is stored that a secret of the worker overrides.
        pub overridden: bool,
        /// Whose it is, as far as that is known.
        pub account: Option<AccountId>,
        /// The handle of that account.
        pub username: Option<String>,
        /// What a sign-in was allowed.
        pub scopes: Vec<String>,
        /// When it was stored.
        pub stored_at: Option<UnixMs>,
        /// When the token of a sign-in was last renewed.
        pub renewed_at: Option<UnixMs>,
        /// When it ends unless it is renewed, which happens by itself.
        pub expires: Option<UnixMs>,
        /// When it was last checked at X.
        pub checked_at: Option<UnixMs>,
        /// What is wrong with it.
        pub problem: Option<String>,
        /// What to do about that.
        pub todo: Option<String>,
        /// The step in X's console that cures it.
        pub step: Option<String>,
    }

    /// A step in X's console.
    pub struct ConsoleStep {
        /// Its name.
        pub id: String,
        /// What it is, in a few words.
        pub title: String,
        /// What to do.
        pub text: String,
        /// Where.
        pub url: String,
    }

    /// What a sign-in came to.
    pub struct SignInReport {
        /// When.
        pub at: UnixMs,
        /// What became of it.
        pub outcome: SignInOutcome,
        /// Who signed in.
        pub account: Option<AccountId>,
        /// Why it did not work, and what to do.
        pub detail: Option<String>,
    }

    /// Where to send a browser for a sign-in.
    pub struct SignInStart {
        /// X's consent page.
        pub url: String,
    }

    /// Body of `POST /credentials/check`.
    #[serde(deny_unknown_fields)]
    pub struct CheckRequest {
        /// The most it may cost, in US dollars: at least `check_usd` of `GET /credentials`.
        pub accept_usd: f64,
    }

    /// What X said to each credential.
    pub struct Checked {
        /// What it cost by X's price list, in US dollars.
        pub usd: f64,
        /// Each credential that is set.
        pub items: Vec<CheckedItem>,
    }

    /// What X said to a credential.
    pub struct CheckedItem {
        /// Its name.
        pub name: String,
        /// What was asked.
        pub asked: String,
        /// Whether X answered well; `null` if it was not asked.
        pub ok: Option<bool>,
        /// What X said, or why it was not asked.
        pub detail: String,
        /// The step in X's console that cures a refusal.
        pub step: Option<ConsoleStep>,
    }
}
