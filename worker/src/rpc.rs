//! Calls between the worker and its objects. Owns: the typed internal commands and how they
//! travel. Invariant: `/internal/…` is reached through a stub only; the worker's own fetch
//! handler forwards nothing but known API routes.
//!
//! Commands are JSON, each under its name. With the name among its fields (`tag`) serde would
//! buffer whole values and read from that buffer: a second copy of all reading code, a twentieth
//! of the worker. So does `untagged` and `flatten`: nothing that the worker reads has them.

use crate::clock;
use crate::fault::{Fault, Result};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::activity::Event;
use shared::api::{self, Run, RunState};
use shared::budget::{Ask, Grant, Pause, Settlement, pause};
use shared::id::{AccountId, TweetId, UserId};
use shared::live::ring::Stretch;
use shared::live::slot;
use shared::live::view::Frame;
use shared::notify::item::Item;
use shared::retry::Trouble;
use shared::secret::Secret;
use shared::time::UnixMs;
use std::collections::BTreeMap;
use wasm_bindgen::JsValue;
use worker::{Env, Method, Request, RequestInit, Response, Stub};

/// What [`Control`](crate::control::Control) is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToControl {
    /// Remembers a tracked account.
    Enlist { account: AccountId },
    /// Forgets it.
    Dismiss { account: AccountId },
    /// The tracked accounts, oldest first.
    Roll,
    /// Records a run; a run of the same id is replaced.
    Open { run: Run },
    /// Ends a run; one that has ended stays as it is. Answers the run, if this ended it.
    Close { id: String, end: RunEnd },
    /// May this be read from X?
    Ask { ask: Ask },
    /// This was read from X.
    Settle { settlement: Settlement },
    /// What an account spent this month, in micro-dollars.
    Spent { account: AccountId },
    /// The same, and what may still be granted for such an ask.
    Money { ask: Ask },
    /// This came without being asked for; answers as `Money`. Told twice under one name it counts
    /// once.
    Charge { ask: Ask, name: String },
    /// X takes no more calls.
    Pause { pause: Pause },
    /// Someone changed what may have stopped an account.
    Mended { account: AccountId },
    /// Was this pushed event taken before?
    Knock { uuid: String },
    /// It was taken now.
    Heard { uuid: String },
    /// A call of the webhook was refused.
    Refused { word: String },
    /// The runs that an account, or the look-ups without one, are still at: their others are lost.
    Hold { account: Option<AccountId>, runs: Vec<String> },
    /// Cron ticked.
    Ticked { at: UnixMs },
    /// For `GET /status`.
    Pulse,
    /// For `GET /budget`: what the accounts plan.
    Budget { plans: Vec<shared::budget::Plan> },
    /// For `PUT /budget`.
    ChangeBudget { change: api::BudgetChange },
    /// The stored keys: the app's, and those of an account if it signed in.
    Keys { account: Option<AccountId> },
    /// X answered 401 to the token that an account was given at `issued`: a keyring with the one
    /// to use now.
    Renew { account: AccountId, issued: UnixMs },
    /// X says that an account took its consent back.
    Revoked { account: AccountId },
    /// Which client asks for consent, if keys can be stored here.
    ClientId,
    /// A sign-in came back with a code.
    Redeem { code: Secret, verifier: Secret, callback: String, wanted: Option<AccountId> },
    /// A sign-in came back without one.
    NotSignedIn { outcome: api::SignInOutcome, detail: String },
}

/// What Control answers to [`ToControl::Keys`]. A worker's own secrets are not in it: whoever asks
/// has them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keyring {
    pub(crate) bearer: Option<Secret>,
    /// As [`Stored`](shared::credentials::Stored) writes them.
    pub(crate) owner: Option<Secret>,
    /// The account that owns the app, if the owner named it.
    pub(crate) app_owner: Option<AccountId>,
    /// Of the account that was asked for.
    pub(crate) user: Option<UserKey>,
    /// Why something stored cannot be opened.
    pub(crate) locked: Option<String>,
}

/// The access of an account that signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserKey {
    pub(crate) account: AccountId,
    /// None while X gives no new one.
    pub(crate) access: Option<Secret>,
    /// When it was given: names it without showing it.
    pub(crate) issued: UnixMs,
    pub(crate) scopes: Vec<String>,
    /// Why the owner must sign in again.
    pub(crate) ended: Option<String>,
    /// What X said when it gave no new token.
    pub(crate) waits: Option<String>,
}

/// What an Account object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToAccount {
    /// Begins to track.
    /// with the profile as X gave it, if X was asked.
    Begin { account: AccountId, new: api::NewAccount, raw: Option<String> },
    /// Cron ticked: run whatever is due.
    Tick { at: UnixMs },
    /// A snapshot was put into the bucket by an import; beside its place, at `staged`, where it is
    /// to replace another.
    Imported { name: String, etag: String, bytes: u64, staged: Option<String> },
    /// A queue message: read this object.
    Ingest { key: String, etag: String },
    /// X deleted a tweet of the account.
    Gone { tweet: TweetId },
    /// The account signed in at X.
    SignedIn,
    /// The account as shown, `null` if it is not tracked.
    View,
    /// X pushed these, oldest first.
    Pushed { events: Vec<Event> },
    /// Beside the simulator alone: what X would have said, had people been looked up in a past
    /// that was imported.
    Recall { looks: Vec<Recalled> },
}

/// What X would have said of someone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Recalled {
    pub(crate) user: UserId,
    pub(crate) at: UnixMs,
    pub(crate) said: api::Said,
}

/// What the Live object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToLive {
    /// Cron ticked: look after the stream, tidy up.
    Tick,
    /// Where the next browser's socket belongs.
    Place,
    /// What an account's ledger gained.
    Tell { account: AccountId, events: Vec<api::FollowerEvent> },
    /// A run ended.
    Ran { run: Run },
    /// For `GET /status`.
    Pulse,
    /// For a relay with a new browser.
    Greet,
    /// For a relay whose browser asks for what came before.
    Since { after: u64, subscribe: api::Subscribe },
}

/// What the Lookups object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToLookups {
    /// Cron ticked: go on with what waited, delete what is old.
    Tick,
}

/// What the Notices object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToNotices {
    /// Something happened that the owner may want to be told of; the same again changes nothing.
    Tell { items: Vec<Item> },
    /// Cron ticked: send what is due, tidy up.
    Tick,
    /// The keys of an account's losses that were told to anyone, after one of them: a page.
    ToldLosses { account: AccountId, after: String },
    /// An account is deleted: whoever followed it is named nowhere any more.
    Forget { account: AccountId },
}

/// What a Relay object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToRelay {
    /// Hands a frame without numbers to every socket; answers how many there are.
    Tell { text: String },
    /// Tells every socket of numbers that will not come.
    Declare { gap: api::LiveGap },
    /// Sends every browser away: they come back elsewhere.
    Retire,
}

/// What a new browser of a relay is greeted with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Greeting {
    /// The first frame.
    pub(crate) hello: String,
    pub(crate) cursor: u64,
}

/// Frames of what came before, for a relay's browser.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Replayed {
    frames: Vec<Sent>,
    /// The number they end with.
    pub(crate) to: u64,
}

#[derive(Debug, Serialize, Deserialize)]
enum Sent {
    Text(String),
    Packed(Vec<u8>),
}

impl Replayed {
    pub(crate) fn new(frames: &[Frame], to: u64) -> Self {
        let sent = |frame: &Frame| match frame {
            Frame::Text(text) => Sent::Text(text.to_string()),
            Frame::Packed(bytes) => Sent::Packed(bytes.to_vec()),
        };
        Self { frames: frames.iter().map(sent).collect(), to }
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame> {
        self.frames.iter().map(|sent| match sent {
            Sent::Text(text) => Frame::Text(text.as_str().into()),
            Sent::Packed(bytes) => Frame::Packed(bytes.as_slice().into()),
        })
    }
}

/// Hands a stretch to a relay, packed as it is kept; answers how many sockets got it.
pub(crate) async fn deliver(stub: &Stub, stretch: &Stretch) -> Result<u32> {
    let mut init = RequestInit::new();
    let body = js_sys::Uint8Array::from(slot::encode(&stretch.events).as_slice());
    init.with_method(Method::Post).with_body(Some(body.into()));
    let url = format!("http://object/deliver?from={}&to={}", stretch.from, stretch.to);
    let told = answered(stub, Request::new_with_init(&url, &init)?).await?;
    Ok(serde_json::from_str(&told)?)
}

/// Reads what [`deliver`] sent.
pub(crate) async fn delivered(request: &mut Request) -> Result<Stretch> {
    let url = request.inner().url();
    let number = |name: &str| {
        let found = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name));
        let number = found.and_then(|text| text.strip_prefix('=')?.parse::<u64>().ok());
        number.ok_or_else(|| Fault::internal(format!("a delivery without `{name}`")))
    };
    let (from, to) = (number("from")?, number("to")?);
    let events = slot::decode(&request.bytes().await?)
        .map_err(|error| Fault::internal(format!("a delivery: {error}")))?;
    Ok(Stretch { from, to, events })
}

/// How a run ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunEnd {
    pub(crate) state: RunState,
    pub(crate) ended: UnixMs,
    pub(crate) error: Option<Fault>,
    pub(crate) counts: BTreeMap<String, i64>,
}

/// What Control answers to [`ToControl::Pulse`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pulse {
    pub(crate) last_tick: Option<UnixMs>,
    pub(crate) quotas: BTreeMap<String, api::Quota>,
    pub(crate) push: api::StatusPush,
}

/// What Control answers to [`ToControl::Money`], in micro-dollars.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Money {
    pub(crate) spent: u64,
    pub(crate) room: u64,
}

/// What an account did with an imported or ingested snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) run: Option<String>,
    /// `false`: the same bytes were taken before.
    pub(crate) fresh: bool,
}

/// What [`ToLive::Pulse`] answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LivePulse {
    pub(crate) stream: api::StatusStream,
    pub(crate) live: api::StatusLive,
}

/// The one Live object.
pub(crate) fn live(env: &Env) -> Result<Stub> {
    Ok(env.durable_object("LIVE")?.get_by_name("live")?)
}

/// The one Lookups object.
pub(crate) fn lookups(env: &Env) -> Result<Stub> {
    Ok(env.durable_object("LOOKUPS")?.get_by_name("lookups")?)
}

/// The one Notices object.
pub(crate) fn notices(env: &Env) -> Result<Stub> {
    Ok(env.durable_object("NOTICES")?.get_by_name("notices")?)
}

/// One of the relays.
pub(crate) fn relay(env: &Env, number: u32) -> Result<Stub> {
    Ok(env.durable_object("RELAY")?.get_by_name(&format!("relay-{number}"))?)
}

/// The one Control object.
pub(crate) fn control(env: &Env) -> Result<Stub> {
    Ok(env.durable_object("CONTROL")?.get_by_name("control")?)
}

/// The object of an account.
pub(crate) fn account(env: &Env, account: AccountId) -> Result<Stub> {
    Ok(env.durable_object("ACCOUNT")?.get_by_name(&account.to_string())?)
}

/// Sends a command and reads its answer.
///
/// # Errors
/// The object's own fault, as it gave it.
pub(crate) async fn call<C: Serialize, T: DeserializeOwned>(stub: &Stub, command: &C) -> Result<T> {
    let text = exchange(stub, serde_json::to_string(command)?).await?;
    Ok(serde_json::from_str(&text)?)
}

/// The part of [`call`] that is the same for every command and answer: boxed, so that it is
/// there once and not in each of them.
fn exchange(stub: &Stub, body: String) -> LocalBoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(JsValue::from_str(&body)));
        answered(stub, Request::new_with_init("http://object/internal", &init)?).await
    })
}

/// Reads what [`call`] sent.
pub(crate) async fn command<C: DeserializeOwned>(request: &mut Request) -> Result<C> {
    Ok(serde_json::from_str(&request.text().await?)?)
}

async fn answered(stub: &Stub, request: Request) -> Result<String> {
    let mut response = stub.fetch_with_request(request).await?;
    let text = response.text().await?;
    if response.status_code() != 200 {
        return Err(serde_json::from_str(&text).unwrap_or_else(|_| Fault::internal(text)));
    }
    Ok(text)
}

/// What an object answers to a command.
pub(crate) fn answer<T: Serialize>(result: Result<T>) -> Result<Response> {
    let (status, body) = match result {
        Ok(value) => (200, serde_json::to_vec(&value)?),
        Err(fault) => {
            worker::console_error!("object: {}", fault.log());
            (500, serde_json::to_vec(&fault)?)
        }
    };
    crate::http::bytes(status, "application/json", body)
}

/// Control, as others use it.
pub(crate) struct ControlClient {
    stub: Stub,
    env: Env,
}

impl ControlClient {
    pub(crate) fn new(env: &Env) -> Result<Self> {
        Ok(Self { stub: control(env)?, env: env.clone() })
    }

    pub(crate) async fn tell<T: DeserializeOwned>(&self, command: ToControl) -> Result<T> {
        call(&self.stub, &command).await
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Result<Grant> {
        self.tell(ToControl::Ask { ask }).await
    }

    /// X refused: if that concerns every call there is, nothing more is granted for a while. To be
    /// told before the lease is settled.
    pub(crate) async fn heed(&self, trouble: &Trouble) -> Result<()> {
        match pause(trouble, clock::now()) {
            Some(pause) => self.tell::<Option<()>>(ToControl::Pause { pause }).await.map(drop),
            None => Ok(()),
        }
    }

    pub(crate) async fn open(&self, run: Run) -> Result<()> {
        self.tell(ToControl::Open { run }).await
    }

    /// Ends a run, and tells open browsers of it if it is an account's.
    pub(crate) async fn close(&self, id: &str, end: RunEnd) -> Result<()> {
        let ended = self.tell::<Option<Run>>(ToControl::Close { id: id.to_owned(), end }).await?;
        let Some(run) = ended.filter(|run| run.account.is_some()) else { return Ok(()) };
        let told = async { call::<_, Option<()>>(&live(&self.env)?, &ToLive::Ran { run }).await };
        if let Err(fault) = told.await {
            // The run log is what counts: news that does not arrive is only seen later.
            worker::console_error!("news of a run: {}", fault.log());
        }
        Ok(())
    }
}
