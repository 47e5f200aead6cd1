//! Calls to X. Owns: base URL, keys, signatures, time-outs, rate headers, the simulator's clock.
//! Must not know: what is read for what. Invariant: no call without a grant from Control is the
//! callers' duty; here every call ends within [`TIMEOUT_MS`], and its body is read or dropped.

pub(crate) mod oauth;

use crate::clock;
use crate::config::Config;
use crate::http::random_hex;
use crate::rpc::{ControlClient, Keyring, ToControl, UserKey};
use futures_util::future::{Either, LocalBoxFuture, select};
use shared::api::Credential;
use shared::credentials::{Endpoint, Holdings, choose};
use shared::id::AccountId;
use shared::oauth1;
use shared::retry::{Stop, Trouble};
use shared::x::problem::{Class, Rate, classify, rate};
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::JsValue;
use worker::{
    AbortController, AbortSignal, Delay, Fetch, Headers, Method, Request, RequestInit, Response,
};

/// A page of 1,000 users takes X a few seconds at worst; what takes longer is dead.
const TIMEOUT_MS: u64 = 30_000;
/// A signature that is older than this may be refused for its age alone.
const SIGNED_MS: i64 = 5 * shared::time::MINUTE_MS;
/// A page of 1,000 users is under 2 MB with every field there is.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// The upstream with the keys for it.
pub(crate) struct X<'a> {
    config: &'a Config,
    /// The token that took the place of one that X refused.
    renewed: RefCell<Option<UserKey>>,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Below the base URL.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    /// JSON.
    pub(crate) body: Option<&'a str>,
}

/// A good answer.
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) rate: Option<Rate>,
}

/// A bad one, with what its headers said all the same.
pub(crate) struct Refusal {
    pub(crate) trouble: Trouble,
    pub(crate) rate: Option<Rate>,
}

impl<'a> X<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        Self { config, renewed: RefCell::new(None) }
    }

    /// The settings it was made of.
    pub(crate) fn config(&self) -> &Config {
        self.config
    }

    /// The keys to read an account's followers with: its own sign-in or owner keys (a tenth of
    /// the price), else the app's bearer token, else whatever there is.
    pub(crate) fn credential(&self, account: AccountId) -> Option<Credential> {
        self.credential_for(Endpoint::Followers, account).ok()
    }

    /// The keys to ask an endpoint about an account with. A sign-in is that of the account the
    /// settings were loaded for.
    ///
    /// # Errors
    /// What is missing, and what to do.
    pub(crate) fn credential_for(
        &self,
        endpoint: Endpoint,
        account: AccountId,
    ) -> Result<Credential, Stop> {
        choose(endpoint, account, &self.config.holdings(account))
    }

    /// Whether with these keys it is the account itself that asks.
    pub(crate) fn acts_for(&self, account: AccountId, credential: Credential) -> bool {
        match credential {
            Credential::User => true,
            Credential::Owner => self.config.holdings(account).owner == Some(Some(account)),
            Credential::Bearer => false,
        }
    }

    /// GETs a path of the upstream.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(String, String)],
        credential: Credential,
    ) -> Result<Answer, Refusal> {
        self.send(&Call { method: Method::Get, path, query, body: None }, credential).await
    }

    /// Calls the upstream and reads the whole answer. A sign-in's token that X refuses is renewed
    /// and the call made once more.
    pub(crate) async fn send(
        &self,
        call: &Call<'_>,
        credential: Credential,
    ) -> Result<Answer, Refusal> {
        if credential != Credential::User {
            return self.once(call, credential).await;
        }
        let key = self.user().filter(|key| key.access.is_some());
        let outcome = match &key {
            Some(_) => self.once(call, credential).await,
            None => Err(self.no_token()),
        };
        let refused = match &outcome {
            Err(Refusal { trouble: Trouble::Http(problem), .. }) => {
                problem.class == Class::Unauthorized
            }
            Err(_) => key.is_none(),
            Ok(_) => false,
        };
        if refused && self.renew().await {
            return self.once(call, credential).await;
        }
        outcome
    }

    /// The sign-in in use.
    fn user(&self) -> Option<UserKey> {
        self.renewed.borrow().clone().or_else(|| self.config.user.clone())
    }

    /// Asks Control for another token than the one at hand; whether there is one.
    async fn renew(&self) -> bool {
        let (Some(env), Some(old)) = (&self.config.env, self.user()) else { return false };
        let command = ToControl::Renew { account: old.account, issued: old.issued };
        let asked = async { ControlClient::new(env)?.tell::<Keyring>(command).await };
        match asked.await.map(|ring| ring.user) {
            Ok(Some(new)) => {
                let fresh = new.access.is_some() && new.issued != old.issued;
                self.renewed.replace(Some(new));
                fresh
            }
            Ok(None) => false,
            Err(fault) => {
                worker::console_error!("renewal of a sign-in: {}", fault.log());
                false
            }
        }
    }

    /// Why the account must sign in again, if X has ended its sign-in by now: better advice than
    /// what follows from X's 401 alone.
    pub(crate) fn ended(&self) -> Option<Stop> {
        let user = self.user().filter(|user| user.ended.is_some())?;
        let held = Holdings { ended: user.ended.as_deref(), ..Holdings::default() };
        choose(Endpoint::Followers, user.account, &held).err()
    }

    fn no_token(&self) -> Refusal {
        let said = self.user().and_then(|key| key.ended.or(key.waits)).unwrap_or_default();
        network(&format!("the sign-in's token could not be renewed: {said}"))
    }

    async fn once(&self, call: &Call<'_>, credential: Credential) -> Result<Answer, Refusal> {
        let send = || self.request(call, credential).map(exchanged).map_err(|e| network(&e));
        let signed_at = clock::now();
        let mut raw = send()?.await?;
        // The simulator's clock may jump while a signed request is under way; its answer tells the new
        // time. Real time does not move so far within one request.
        if raw.status == 401 && clock::now().since(signed_at).abs() > SIGNED_MS {
            raw = send()?.await?;
        }
        answered(raw)
    }

    /// Opens a stream with the app's bearer token (no other credential may) and answers once its
    /// head is there; the body goes on. `signal` ends it.
    pub(crate) async fn open(
        &self,
        path: &str,
        query: &[(String, String)],
        signal: &AbortSignal,
    ) -> Result<Response, Refusal> {
        let call = Call { method: Method::Get, path, query, body: None };
        let request = self.request(&call, Credential::Bearer).map_err(|e| network(&e))?;
        let fetch = Fetch::Request(request);
        let head = pin!(async {
            let response = fetch.send_with_signal(signal).await.map_err(|e| network(&e))?;
            if response.status_code() == 200 {
                observe_clock(&response);
                return Ok(response);
            }
            Err(match read(response).await {
                Ok(_) => network(&"an answer without a stream"),
                Err(refusal) => refusal,
            })
        });
        let deadline = pin!(Delay::from(Duration::from_millis(TIMEOUT_MS)));
        match select(head, deadline).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(late()),
        }
    }

    /// Asks the simulator for its clock, so that what is decided next is decided by it.
    pub(crate) async fn sync_clock(&self) {
        if self.config.simulated {
            let url = format!("{}/sim/clock", self.config.upstream);
            if let Ok(request) = Request::new(&url, Method::Get)
                && let Ok(response) = Fetch::Request(request).send().await
            {
                // The header is all we want; reading the body frees the connection.
                read_raw(response).await.ok();
            }
        }
    }

    /// The same, once in the life of an isolate: for those who decide by the clock before they
    /// have asked X anything.
    pub(crate) async fn learn_clock(&self) {
        if self.config.simulated && !clock::observed() {
            self.sync_clock().await;
        }
    }

    fn request(&self, call: &Call<'_>, credential: Credential) -> worker::Result<Request> {
        let Call { method, path, query, body } = call;
        let url = format!("{}{path}", self.config.upstream);
        let headers = Headers::new();
        headers.set("user-agent", concat!("roost/", env!("CARGO_PKG_VERSION")))?;
        headers.set("accept", "application/json")?;
        let authorization = match (credential, &self.config.owner, &self.config.bearer) {
            (Credential::User, ..) => {
                let access = self.user().and_then(|key| key.access);
                access.map(|token| format!("Bearer {}", token.expose())).unwrap_or_default()
            }
            (Credential::Owner, Some(keys), _) => {
                let timestamp_s = clock::now().0 / 1000;
                let method = method.to_string();
                oauth1::authorization(&method, &url, query, keys, &random_hex(32), timestamp_s)
            }
            (_, _, Some(bearer)) => format!("Bearer {}", bearer.expose()),
            _ => String::new(),
        };
        headers.set("authorization", &authorization)?;
        let mut init = RequestInit::new();
        if body.is_some() {
            headers.set("content-type", "application/json")?;
        }
        init.with_method(method.clone()).with_headers(headers);
        init.with_body(body.map(JsValue::from_str));
        Request::new_with_init(&with_query(&url, query), &init)
    }
}

fn with_query(url: &str, query: &[(String, String)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            format!("{}={}", oauth1::percent_encode(name), oauth1::percent_encode(value))
        })
        .collect();
    if pairs.is_empty() { url.to_owned() } else { format!("{url}?{}", pairs.join("&")) }
}

fn network(error: &impl ToString) -> Refusal {
    Refusal { trouble: Trouble::Network(error.to_string()), rate: None }
}

fn late() -> Refusal {
    network(&format!("no answer within {} s", TIMEOUT_MS / 1000))
}

fn observe_clock(response: &Response) {
    if let Ok(Some(sim_now)) = response.headers().get("x-sim-now") {
        clock::observe(&sim_now);
    }
}

/// What came, whatever its status.
struct Raw {
    status: u16,
    body: Vec<u8>,
    rate: Option<Rate>,
}

/// Sends a request and reads its answer, within the time there is. Boxed, so that it is there
/// once and not in each of its callers.
fn exchanged(request: Request) -> LocalBoxFuture<'static, Result<Raw, Refusal>> {
    Box::pin(async move {
        let controller = AbortController::default();
        let signal = controller.signal();
        let fetch = Fetch::Request(request);
        let exchange = pin!(async {
            let response = fetch.send_with_signal(&signal).await.map_err(|e| network(&e))?;
            read_raw(response).await
        });
        let deadline = pin!(Delay::from(Duration::from_millis(TIMEOUT_MS)));
        match select(exchange, deadline).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                controller.abort();
                Err(late())
            }
        }
    })
}

fn answered(Raw { status, body, rate }: Raw) -> Result<Answer, Refusal> {
    if matches!(status, 200 | 201 | 204) {
        Ok(Answer { body, rate })
    } else {
        Err(Refusal { trouble: Trouble::Http(classify(status, &body)), rate })
    }
}

async fn read(response: Response) -> Result<Answer, Refusal> {
    answered(read_raw(response).await?)
}

async fn read_raw(mut response: Response) -> Result<Raw, Refusal> {
    observe_clock(&response);
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let rate = rate(
        header("x-rate-limit-limit").as_deref(),
        header("x-rate-limit-remaining").as_deref(),
        header("x-rate-limit-reset").as_deref(),
        clock::now(),
    );
    let promised: Option<usize> = header("content-length").and_then(|text| text.parse().ok());
    let status = response.status_code();
    let body = match response.bytes().await {
        Ok(body) if promised.is_some_and(|n| header_counts(&response) && n != body.len()) => {
            return Err(Refusal { trouble: Trouble::Cut, rate });
        }
        Ok(body) => body,
        Err(_) => return Err(Refusal { trouble: Trouble::Cut, rate }),
    };
    if body.len() > ANSWER_MAX {
        let trouble = Trouble::BadBody(format!("an answer of {} bytes", body.len()));
        return Err(Refusal { trouble, rate });
    }
    Ok(Raw { status, body, rate })
}

/// Whether content-length counts the bytes we see: not when the body came compressed.
fn header_counts(response: &Response) -> bool {
    !matches!(response.headers().get("content-encoding"), Ok(Some(_)))
}
