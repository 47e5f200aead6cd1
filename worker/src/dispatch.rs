//! From a request to whoever answers it. Owns: access before anything else, request ids, and the
//! routes that belong to no one object. Must not know: what an object does with a route.
//! Invariant: nothing reaches an object but a known route of a caller who may call it.

mod accounts;
mod auth;
mod import;
mod overview;

use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http::{self, random_hex};
use crate::rpc::{
    self, ControlClient, Recalled, RunEnd, ToAccount, ToControl, ToLive, ToLookups, ToNotices,
};
use crate::x::X;
use crate::{access, clock, control::split_url, files, hooks, runs};
use shared::api::{List, Problem, RunState, Trigger};
use shared::id::AccountId;
use shared::live::hub::Place;
use shared::routes::{self, Access, Found, Miss, Op};
use shared::time::{MINUTE_MS, UnixMs};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use worker::{Env, Headers, Method, Request, Response, ResponseBuilder, ScheduledEvent, Stub};

/// Answers a request, whatever happens.
pub(crate) async fn answer(request: Request, env: &Env) -> Response {
    let id = request_id(&request);
    let measures = request.headers().has(WASM_BYTES).unwrap_or_default();
    let mut response = match route(request, env, &id).await {
        Ok(response) => response,
        Err(fault) => http::problem(&fault, &id),
    };
    if let Ok(own) = response.headers_mut().get("x-request-id")
        && own.is_none()
    {
        response.headers_mut().set("x-request-id", &id).ok();
    }
    if measures && Config::read(env).simulated {
        // Wasm memory never shrinks, so this is the peak. Objects and worker share one instance.
        response.headers_mut().set(WASM_BYTES, &wasm_bytes().to_string()).ok();
    }
    response
}

/// Beside the simulator: a request with this header asks how large wasm's memory is, and the answer
/// says so in the same.
const WASM_BYTES: &str = "x-roost-wasm-bytes";

#[cfg(target_arch = "wasm32")]
fn wasm_bytes() -> usize {
    core::arch::wasm32::memory_size::<0>() * 65_536
}

#[cfg(not(target_arch = "wasm32"))]
fn wasm_bytes() -> usize {
    0
}

/// For tests alone, and only beside the simulator: makes the Live object, a relay or Notices lose
/// its memory, panic, or time itself.
async fn live_fault(request: Request, env: &Env, what: &str) -> Result<Response> {
    access::check(&request, &Config::read(env))?;
    let stub = match what.split('/').next() {
        Some("relay") => rpc::relay(env, 0)?,
        Some("notices") => rpc::notices(env)?,
        _ => rpc::live(env)?,
    };
    Ok(stub.fetch_with_request(request).await?)
}

/// Beside the simulator alone: what X would have said of people, had anyone asked, in a past that
/// was imported.
async fn recall(mut request: Request, env: &Env, account: &str) -> Result<Response> {
    access::check(&request, &Config::read(env))?;
    let account: AccountId =
        account.parse().map_err(|_| Fault::bad(format!("`{account}` is no account's id")))?;
    let Recollection { looks } = http::large_body(&mut request, RECALL_MAX).await?;
    let taken: usize =
        rpc::call(&rpc::account(env, account)?, &ToAccount::Recall { looks }).await?;
    http::json(200, &taken)
}

/// The body of a recall.
#[derive(serde::Deserialize)]
struct Recollection {
    looks: Vec<Recalled>,
}

/// Looks of some thousand people.
const RECALL_MAX: usize = 1 << 20;

fn request_id(request: &Request) -> String {
    // Cloudflare's own id of the request, so that its logs and ours agree.
    let ray = request.headers().get("cf-ray").ok().flatten();
    ray.unwrap_or_else(|| random_hex(16))
}

async fn route(request: Request, env: &Env, id: &str) -> Result<Response> {
    let url = request.inner().url();
    let (path, query) = split_url(&url);
    if let Some(what) = path.strip_prefix("/api/sim/live/")
        && Config::read(env).simulated
    {
        return live_fault(request, env, what).await;
    }
    if let Some(account) = path.strip_prefix("/api/sim/recall/")
        && Config::read(env).simulated
    {
        return recall(request, env, account).await;
    }
    if path == "/docs/api" || path == "/docs/api/" {
        return files::docs(env).await;
    }
    let whole = format!("{}{path}", routes::BASE);
    // What X calls, and browsers on their way from it, stand without the API's prefix.
    let bare = BARE.iter().any(|bare| path.starts_with(bare));
    let path = if bare { whole.as_str() } else { path };
    if !path.starts_with("/api/") && !path.starts_with("/docs/") {
        return files::page(env, &request, path).await;
    }
    let config = Config::read(env);
    let found = match routes::find(request.inner().method().as_str(), path) {
        Ok(found) => found,
        Err(miss) => return no_route(&miss, path, id),
    };
    if found.route.access == Access::Owner
        && let Err(fault) = access::check(&request, &config)
    {
        log_refusal(env, &found, &fault).await;
        return Err(fault);
    }
    let query = routes::query(found.route, query).map_err(Fault::bad)?;
    let logged = logged(&found, &request);
    let run = match logged {
        Some(what) => {
            let run = runs::begin(Trigger::Fetch, &what, account_id(&found).ok().flatten());
            ControlClient::new(env)?.open(run.clone()).await?;
            Some(run)
        }
        None => None,
    };
    let outcome = handle(request, env, &config, &found, &query, id).await;
    let (outcome, error) = match outcome {
        Ok(response) => refusal(response).await?,
        Err(fault) => (Err(fault.clone()), Some(fault)),
    };
    log_false_start(env, &found, error.as_ref()).await;
    if let Some(run) = run {
        let state = if error.is_some() { RunState::Failed } else { RunState::Done };
        let end = RunEnd { state, ended: clock::now(), error, counts: BTreeMap::new() };
        ControlClient::new(env)?.close(&run.id, end).await?;
    }
    outcome
}

/// Paths that are also known without the API's prefix.
const BARE: [&str; 3] = ["/auth/", "/feeds/", "/hooks/"];

/// The name of the run a request is recorded as: whatever changes something and does not make a
/// run of its own. Reads leave none: the free plan's row writes are for what happened.
fn logged(found: &Found, request: &Request) -> Option<String> {
    let reads = matches!(request.method(), Method::Get | Method::Head);
    let own = [Op::SignIn, Op::SignOut, Op::Hook].contains(&found.route.op);
    let own = own || starts(found).is_some();
    let recorded = !reads && !own;
    recorded.then(|| format!("{} {}", found.route.method, found.route.path))
}

/// The run that a route starts, if it starts one.
fn starts(found: &Found) -> Option<&'static str> {
    match found.route.op {
        Op::Crawl => Some("crawl"),
        Op::CheckTweets => Some("tweets"),
        Op::CheckFollowing => Some("following"),
        Op::Replay => Some("replay"),
        Op::Resume => Some("resume"),
        Op::ImportSnapshot => Some("import"),
        Op::DeleteSnapshot => Some("delete"),
        Op::StartLookup => Some("lookup"),
        _ => None,
    }
}

/// An answer, and why it refuses, if it does: an object's answer is read for what it says, and
/// goes on as it came.
async fn refusal(mut response: Response) -> Result<(Result<Response>, Option<Fault>)> {
    let status = response.status_code();
    if status < 400 {
        return Ok((Ok(response), None));
    }
    let headers = Headers::new();
    for (name, value) in response.headers().entries() {
        headers.append(&name, &value)?;
    }
    let body = response.bytes().await?;
    let fault = match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Fault::new(status, &problem.title, problem.detail),
        Err(_) => Fault::new(status, "Refused", "the request's own answer says why"),
    };
    let builder = ResponseBuilder::new().with_status(status).with_headers(headers);
    Ok((Ok(builder.fixed(body)), Some(fault)))
}

/// What was to start a run and did not leaves a record all the same.
async fn log_false_start(env: &Env, found: &Found, error: Option<&Fault>) {
    let (Some(what), Some(fault)) = (starts(found), error) else { return };
    let account = account_id(found).ok().flatten();
    if let Err(fault) = runs::failed(env, Trigger::Fetch, what, account, fault.clone()).await {
        worker::console_error!("run record: {}", fault.log());
    }
}

/// When a refused caller was last recorded: whoever knocks a thousand times must not fill the
/// log, or use up the plan's row writes.
static LAST_REFUSAL: AtomicI64 = AtomicI64::new(0);
const REFUSAL_EVERY_MS: i64 = 10 * MINUTE_MS;

/// Records a wrong token, though not each.
async fn log_refusal(env: &Env, found: &Found, fault: &Fault) {
    let now = clock::now();
    if now.since(UnixMs(LAST_REFUSAL.load(Ordering::Relaxed))).abs() < REFUSAL_EVERY_MS {
        return;
    }
    LAST_REFUSAL.store(now.0, Ordering::Relaxed);
    let mut fault = fault.clone();
    fault.detail = format!("{} {}: {}", found.route.method, found.route.path, fault.detail);
    if let Err(fault) = runs::failed(env, Trigger::Fetch, "refused", None, fault).await {
        worker::console_error!("run record: {}", fault.log());
    }
}

async fn handle(
    mut request: Request,
    env: &Env,
    config: &Config,
    found: &Found,
    query: &crate::query::Query,
    id: &str,
) -> Result<Response> {
    match found.route.op {
        Op::Health => overview::health(),
        Op::Status => overview::status(env, config).await,
        Op::OpenApi => files::document(env).await,
        Op::Setup => overview::setup(&Config::load(env, None).await?),
        Op::Budget => overview::budget(env).await,
        Op::ChangeBudget => {
            let change = http::body(&mut request).await?;
            let change = ToControl::ChangeBudget { change };
            ControlClient::new(env)?.tell::<Option<()>>(change).await?;
            overview::budget(env).await
        }
        Op::HookChallenge => hooks::answer(env, query).await,
        Op::Hook => hooks::take(&mut request, env).await,
        Op::SignIn => access::sign_in(&mut request, config).await,
        Op::SignOut => access::sign_out(&request),
        Op::Accounts => accounts::list(env, query).await,
        Op::AddAccount => accounts::add(&mut request, env).await,
        Op::XStart => auth::start(&request, env, config, query).await,
        Op::XCallback => auth::callback(&request, env, config, query).await,
        Op::ImportSnapshot => {
            import::import(&mut request, env, required_account(found)?, query).await
        }
        Op::Runs
        | Op::Run
        | Op::Credentials
        | Op::SetCredential
        | Op::DeleteCredential
        | Op::CheckCredentials => forward(&rpc::control(env)?, request, id).await,
        Op::Lookups
        | Op::StartLookup
        | Op::Lookup
        | Op::LookupResult
        | Op::DeleteLookup
        | Op::ResumeLookup => forward(&rpc::lookups(env)?, request, id).await,
        Op::Live => live(request, env, id).await,
        Op::Alerts
        | Op::AddAlert
        | Op::Alert
        | Op::ChangeAlert
        | Op::DeleteAlert
        | Op::TestAlert
        | Op::AlertLog
        | Op::RetryAlert
        | Op::Feed => forward(&rpc::notices(env)?, request, id).await,
        Op::LiveEvents
        | Op::Stream
        | Op::ChangeStream
        | Op::StreamRules
        | Op::AddStreamRule
        | Op::DeleteStreamRules
        | Op::StreamCoverage
        | Op::StreamArchive
        | Op::StreamArchivePart => forward(&rpc::live(env)?, request, id).await,
        _ => forward(&rpc::account(env, required_account(found)?)?, request, id).await,
    }
}

/// Opens a browser's socket where there is room for it.
async fn live(request: Request, env: &Env, id: &str) -> Result<Response> {
    if !access::is_upgrade(&request)? {
        return Err(Fault::new(
            426,
            "Upgrade required",
            "this is a websocket; without one use GET /api/v1/live/events",
        ));
    }
    let place: Place = rpc::call(&rpc::live(env)?, &ToLive::Place).await?;
    let stub = match place {
        Place::Live => rpc::live(env)?,
        Place::Relay(number) => rpc::relay(env, number)?,
        Place::Full => {
            return Err(Fault::new(
                503,
                "Full",
                "as many browsers watch as this deployment holds: try again in a minute",
            ));
        }
    };
    let mut request = request.clone_mut()?;
    request.headers_mut()?.set("x-request-id", id)?;
    // The answer carries the socket and goes back as it is.
    Ok(stub.fetch_with_request(request).await?)
}

/// Hands a request to the object that answers it.
async fn forward(stub: &Stub, request: Request, id: &str) -> Result<Response> {
    let mut request = request.clone_mut()?;
    request.headers_mut()?.set("x-request-id", id)?;
    let response = stub.fetch_with_request(request).await?;
    // An object's answer has immutable headers; ours are added to a copy.
    let headers = Headers::new();
    for (name, value) in response.headers().entries() {
        headers.append(&name, &value)?;
    }
    let (builder, body) = response.into_parts();
    Ok(builder.with_headers(headers).body(body))
}

fn account_id(found: &Found) -> Result<Option<AccountId>> {
    let Some(text) = found.path.get("account") else { return Ok(None) };
    let parsed = text.parse::<AccountId>();
    parsed.map(Some).map_err(|error| Fault::missing(format!("no account: {error}")))
}

fn required_account(found: &Found) -> Result<AccountId> {
    account_id(found)?.ok_or_else(|| Fault::internal("a route without an account"))
}

fn no_route(miss: &Miss, path: &str, id: &str) -> Result<Response> {
    let Miss::Method(methods) = miss else {
        return Err(Fault::missing(format!("no route {path}: see /docs/api")));
    };
    let methods = methods.join(", ");
    let detail = format!("{path} takes {methods}: see /docs/api");
    let answer = http::problem(&Fault::new(405, "Method not allowed", detail), id);
    // RFC 9110, 15.5.6: such an answer names the methods.
    answer.headers().set("allow", &methods)?;
    Ok(answer)
}

/// The tracked accounts.
async fn roll(env: &Env) -> Result<Vec<AccountId>> {
    let roll: List<AccountId> = ControlClient::new(env)?.tell(ToControl::Roll).await?;
    Ok(roll.items)
}

/// Cron: every account runs what is due, each whatever becomes of the others.
pub(crate) async fn tick(event: &ScheduledEvent, env: &Env) {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit 2^53")]
    let at = UnixMs(event.schedule() as i64);
    X::new(&Config::read(env)).sync_clock().await;
    let run = runs::begin(Trigger::Cron, "tick", None);
    let mut counts = BTreeMap::new();
    let outcome = async {
        let control = ControlClient::new(env)?;
        control.open(run.clone()).await?;
        control.tell::<Option<()>>(ToControl::Ticked { at: clock::now() }).await?;
        let mut failed = None;
        if let Err(fault) = rpc::call::<_, Option<()>>(&rpc::live(env)?, &ToLive::Tick).await {
            worker::console_error!("tick of the stream: {}", fault.log());
            failed = Some(fault);
        }
        if let Err(fault) = rpc::call::<_, Option<()>>(&rpc::lookups(env)?, &ToLookups::Tick).await
        {
            worker::console_error!("tick of look-ups: {}", fault.log());
            failed = Some(fault);
        }
        for account in roll(env).await? {
            *counts.entry("accounts".to_owned()).or_default() += 1;
            let tick = ToAccount::Tick { at };
            if let Err(fault) =
                rpc::call::<_, Option<()>>(&rpc::account(env, account)?, &tick).await
            {
                worker::console_error!("tick of {account}: {}", fault.log());
                *counts.entry("failed".to_owned()).or_default() += 1;
                failed = Some(fault);
            }
        }
        // Last: what the accounts found goes out in the same hour.
        if let Err(fault) = rpc::call::<_, Option<()>>(&rpc::notices(env)?, &ToNotices::Tick).await
        {
            worker::console_error!("tick of the notices: {}", fault.log());
            failed = Some(fault);
        }
        failed.map_or(Ok(()), Err)
    }
    .await;
    let error = outcome.err();
    let state = if error.is_some() { RunState::Failed } else { RunState::Done };
    let end = RunEnd { state, ended: clock::now(), error, counts };
    let closed = async { ControlClient::new(env)?.close(&run.id, end).await }.await;
    if let Err(fault) = closed {
        worker::console_error!("tick: {}", fault.log());
    }
}
