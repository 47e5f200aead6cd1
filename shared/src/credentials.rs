//! Keys for X: what there can be, what a body that sets one must hold, and which of them an
//! endpoint takes. Owns: names, checks and the one table of X's authentication mapping. Must not
//! know: how anything is stored or sent. Invariant: what a check says of a value never quotes it.

use crate::api::{Credential, CredentialChange};
use crate::id::AccountId;
use crate::oauth2::{BLOCKS, Client};
use crate::retry::{Stop, StopCause};
use crate::secret::Secret;

/// Longer than any key X gives.
const KEY_MAX: usize = 1_000;
/// Names of the sign-ins: this and the account's id.
const USER: &str = "user-";

/// Which credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The app's bearer token.
    Bearer,
    /// API key and secret, with the owner's access token and secret.
    Owner,
    /// The OAuth 2.0 client.
    Client,
    /// The tokens of an account that signed in.
    User(AccountId),
}

impl Name {
    /// Those that are set by hand.
    pub const SET: [Self; 3] = [Self::Bearer, Self::Owner, Self::Client];

    /// The name as in paths and in storage.
    pub fn text(self) -> String {
        match self {
            Self::Bearer => "bearer".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::Client => "client".to_owned(),
            Self::User(account) => format!("{USER}{account}"),
        }
    }

    /// The credential of a name.
    ///
    /// # Errors
    /// A sentence with the names there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let user = || Some(Self::User(text.strip_prefix(USER)?.parse().ok()?));
        let set = Self::SET.into_iter().find(|name| name.text() == text);
        set.or_else(user).ok_or_else(|| {
            "credentials are named bearer, owner, client, and user-<account id>".to_owned()
        })
    }
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The app's bearer token.
    Bearer(Secret),
    /// See [`OwnerKeys`].
    Owner(OwnerKeys),
    /// See [`Client`].
    Client(Client),
    /// The tokens of a sign-in.
    Family {
        /// For calls.
        access: Secret,
        /// For the next pair.
        refresh: Secret,
    },
}

impl Stored {
    /// The text to seal: the kind, then the parts, a line each. No key of X holds a line break.
    pub fn to_text(&self) -> Secret {
        let mut parts: Vec<&str> = Vec::new();
        match self {
            Self::Bearer(token) => parts.extend(["bearer", token.expose()]),
            Self::Owner(OwnerKeys { api_key, api_secret, access }) => {
                parts.extend(["owner", api_key.expose(), api_secret.expose()]);
                if let Some((token, secret)) = access {
                    parts.extend([token.expose(), secret.expose()]);
                }
            }
            Self::Client(Client { id, secret }) => {
                parts.extend(["client", id]);
                parts.extend(secret.as_ref().map(Secret::expose));
            }
            Self::Family { access, refresh } => {
                parts.extend(["family", access.expose(), refresh.expose()]);
            }
        }
        Secret::new(parts.join("\n"))
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('\n').collect();
        Some(match parts.as_slice() {
            ["bearer", token] => Self::Bearer(Secret::new(*token)),
            ["owner", key, secret, access @ ..] => Self::Owner(OwnerKeys {
                api_key: Secret::new(*key),
                api_secret: Secret::new(*secret),
                access: match access {
                    [] => None,
                    [token, secret] => Some((Secret::new(*token), Secret::new(*secret))),
                    _ => return None,
                },
            }),
            ["client", id] => Self::Client(Client { id: (*id).to_owned(), secret: None }),
            ["client", id, secret] => {
                let secret = Some(Secret::new(*secret));
                Self::Client(Client { id: (*id).to_owned(), secret })
            }
            ["family", access, refresh] => {
                Self::Family { access: Secret::new(*access), refresh: Secret::new(*refresh) }
            }
            _ => return None,
        })
    }
}

/// The app's key and secret, and the owner's access to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerKeys {
    /// The app's key.
    pub api_key: Secret,
    /// The app's secret: it signs webhooks too.
    pub api_secret: Secret,
    /// The owner's access token and its secret, both or none.
    pub access: Option<(Secret, Secret)>,
}

impl OwnerKeys {
    /// For signatures, if all four are there.
    pub fn keys(&self) -> Option<crate::oauth1::Keys> {
        let (token, token_secret) = self.access.as_ref()?;
        Some(crate::oauth1::Keys {
            consumer_key: self.api_key.expose().to_owned(),
            consumer_secret: self.api_secret.expose().to_owned(),
            token: token.expose().to_owned(),
            token_secret: token_secret.expose().to_owned(),
        })
    }

    /// The account the keys belong to: X's access tokens begin with the user's id and `-`.
    pub fn account(&self) -> Option<AccountId> {
        self.access.as_ref()?.0.expose().split_once('-')?.0.parse().ok()
    }
}

/// Reads the body that sets a credential.
///
/// # Errors
/// Which field is wrong and what it takes, without quoting it.
pub fn check(name: Name, body: &CredentialChange) -> Result<Stored, String> {
    let field = |label: &str, value: &Option<Secret>| -> Result<Secret, String> {
        maybe(label, value.as_ref())?.ok_or_else(|| {
            let needed = needed(name);
            format!("`{label}` is missing: {} takes {needed}", name.text())
        })
    };
    foreign(name, body)?;
    match name {
        Name::Bearer => Ok(Stored::Bearer(field("token", &body.token)?)),
        Name::Owner => {
            let token = maybe("access_token", body.access_token.as_ref())?;
            let secret = maybe("access_secret", body.access_secret.as_ref())?;
            let access = match (token, secret) {
                (Some(token), Some(secret)) => Some((token, secret)),
                (None, None) => None,
                _ => return Err("`access_token` and `access_secret` go together".to_owned()),
            };
            let keys = OwnerKeys {
                api_key: field("api_key", &body.api_key)?,
                api_secret: field("api_secret", &body.api_secret)?,
                access,
            };
            if keys.access.is_some() && keys.account().is_none() {
                return Err("`access_token` is none of X's: they begin with the account's id and \
                            a hyphen. Is it in the field of another key?"
                    .to_owned());
            }
            Ok(Stored::Owner(keys))
        }
        Name::Client => {
            let id = body.client_id.as_deref().map(str::trim).map(Secret::new);
            Ok(Stored::Client(Client {
                id: field("client_id", &id)?.expose().to_owned(),
                secret: maybe("client_secret", body.client_secret.as_ref())?,
            }))
        }
        Name::User(_) => Err("a sign-in is made at X: open /auth/x/start in a browser".to_owned()),
    }
}

fn needed(name: Name) -> &'static str {
    match name {
        Name::Bearer => "`token`",
        Name::Owner => "`api_key`, `api_secret`, and `access_token` with `access_secret`",
        Name::Client => "`client_id` and, of a confidential client, `client_secret`",
        Name::User(_) => "nothing",
    }
}

/// A key in the wrong place would be kept and never used.
fn foreign(name: Name, body: &CredentialChange) -> Result<(), String> {
    let given = [
        ("token", body.token.is_some(), Name::Bearer),
        ("api_key", body.api_key.is_some(), Name::Owner),
        ("api_secret", body.api_secret.is_some(), Name::Owner),
        ("access_token", body.access_token.is_some(), Name::Owner),
        ("access_secret", body.access_secret.is_some(), Name::Owner),
        ("client_id", body.client_id.is_some(), Name::Client),
        ("client_secret", body.client_secret.is_some(), Name::Client),
        ("owner_id", body.owner_id.is_some(), Name::Client),
    ];
    match given.into_iter().find(|(_, given, of)| *given && *of != name) {
        Some((label, ..)) => {
            Err(format!("`{label}` is not {}'s: it takes {}", name.text(), needed(name)))
        }
        None => Ok(()),
    }
}

/// A key without spaces around it, if there is one; empty counts as absent.
fn maybe(label: &str, value: Option<&Secret>) -> Result<Option<Secret>, String> {
    let Some(text) = value.map(|value| value.expose().trim()).filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    if text.len() > KEY_MAX {
        return Err(format!("`{label}` is longer than {KEY_MAX} characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("`{label}` holds a space or a character that no key of X has"));
    }
    Ok(Some(Secret::new(text)))
}

/// What is read or written at X, as far as keys are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /2/users/me`.
    Me,
    /// `GET /2/users`, `/2/users/by`, `/2/users/{id}`.
    Users,
    /// `GET /2/users/{id}/followers`.
    Followers,
    /// `GET /2/users/{id}/following`.
    Following,
    /// `GET /2/users/{id}/blocking`.
    Blocking,
    /// `GET /2/users/{id}/tweets`.
    Timeline,
    /// `GET /2/tweets`.
    Tweets,
    /// The author's own metrics of tweets, and `GET /2/tweets/analytics`.
    PrivateMetrics,
    /// Streams and their rules, connections, usage.
    Streams,
    /// Recent search and counts.
    Search,
    /// The activity API and webhooks.
    Activity,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The app, with its bearer token.
    App,
    /// The app or any user.
    Anyone,
    /// Only the very account it is about.
    Itself,
}

/// What an endpoint takes (X's "v2 authentication mapping").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// Who may ask.
    pub who: Who,
    /// What a sign-in must have been asked for beyond `tweet.read` and `users.read`.
    pub scope: Option<&'static str>,
    /// One's own cost a tenth.
    pub own_cheaper: bool,
}

/// The table. From X's `OpenAPI` document 2.166 and "Pricing" (Owned Reads) of August 2026.
pub fn takes(endpoint: Endpoint) -> Takes {
    let (who, scope, own_cheaper) = match endpoint {
        Endpoint::Me | Endpoint::PrivateMetrics => (Who::Itself, None, false),
        Endpoint::Users | Endpoint::Tweets => (Who::Anyone, None, false),
        Endpoint::Followers => (Who::Anyone, Some("follows.read"), true),
        Endpoint::Following => (Who::Itself, Some("follows.read"), true),
        Endpoint::Blocking => (Who::Itself, Some(BLOCKS), true),
        Endpoint::Timeline => (Who::Anyone, None, true),
        Endpoint::Streams | Endpoint::Search | Endpoint::Activity => (Who::App, None, false),
    };
    Takes { who, scope, own_cheaper }
}

/// The keys at hand for reads of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings<'a> {
    /// The app's bearer token is there.
    pub bearer: bool,
    /// All four owner keys are there; whose they are.
    pub owner: Option<Option<AccountId>>,
    /// That very account signed in: what it allowed.
    pub user: Option<&'a [String]>,
    /// It had signed in, and X ended that: why.
    pub ended: Option<&'a str>,
    /// Something stored cannot be opened: why.
    pub locked: Option<&'a str>,
}

/// The keys to ask an endpoint about an account with.
///
/// # Errors
/// What is missing and what to do, as the end of a read.
pub fn choose(
    endpoint: Endpoint,
    account: AccountId,
    held: &Holdings<'_>,
) -> Result<Credential, Stop> {
    let takes = takes(endpoint);
    let allows = |scopes: &[String]| {
        takes.scope.is_none_or(|wanted| scopes.iter().any(|scope| scope == wanted))
    };
    let (app, user) = (takes.who != Who::Itself, takes.who != Who::App);
    if user && held.user.is_some_and(allows) {
        return Ok(Credential::User);
    }
    if user && held.owner == Some(Some(account)) {
        return Ok(Credential::Owner);
    }
    // Never ten times the price because X ended a sign-in.
    let dearer = takes.own_cheaper && held.ended.is_some();
    if app && held.bearer && !dearer {
        return Ok(Credential::Bearer);
    }
    if app && user && held.owner.is_some() && !dearer {
        return Ok(Credential::Owner);
    }
    Err(lack(takes, held))
}

fn lack(takes: Takes, held: &Holdings<'_>) -> Stop {
    let (title, detail) = match (takes, held) {
        (_, Holdings { locked: Some(why), .. }) => (
            "Stored keys cannot be opened",
            format!("{why}: set ROOST_SECRET back, or store the keys again under Settings."),
        ),
        (Takes { who: Who::Anyone | Who::Itself, .. }, Holdings { ended: Some(why), .. }) => (
            "Sign in at X again",
            format!("{why}. Sign in at X again under Settings, or at /auth/x/start."),
        ),
        (Takes { scope: Some(scope), .. }, Holdings { user: Some(_), .. }) => (
            "Sign in at X again",
            format!("the sign-in was not allowed `{scope}`: sign in at X again under Settings."),
        ),
        (Takes { who: Who::Itself, .. }, _) => (
            "Sign in at X",
            "X tells this only to the account itself: sign in at X under Settings, or set the \
             four owner keys of that account."
                .to_owned(),
        ),
        (Takes { who: Who::App, .. }, _) => (
            "No bearer token",
            "X takes only the app's bearer token here: set it under Settings, or with `wrangler \
             secret put X_BEARER_TOKEN`."
                .to_owned(),
        ),
        _ => (
            "No keys for X",
            "sign in at X under Settings, or set the owner keys (X_API_KEY, X_API_SECRET, \
             X_ACCESS_TOKEN, X_ACCESS_SECRET) or X_BEARER_TOKEN with `wrangler secret put`"
                .to_owned(),
        ),
    };
    Stop { cause: StopCause::Credentials, title: title.to_owned(), detail }
}

#[cfg(test)]
#[path = "credentials/tests.rs"]
mod tests;
