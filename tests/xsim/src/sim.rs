//! The control surface under `/sim/`: clock, truth, bill, faults, snapshots, streams.
//!
//! Knows HTTP and the state; decides nothing about X. Invariant: what is reported here is read
//! from the world itself, never from answers given under `/2/`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::activity::control as webhooks;
use crate::calendar::{SECOND_MS, parse_when};
use crate::clock::{ClockChange, real_now_ms};
use crate::faults::Wish;
use crate::identity;
use crate::ledger::Truth;
use crate::life::Absence;
use crate::oauth2::control as consent;
use crate::own;
use crate::relations::Relation;
use crate::snapshot;
use crate::state::Sim;
use crate::stream::control;
use crate::world::{Account, MAIN_ACCOUNT};

/// The largest untruth about the number of followers.
const COUNT_FACTOR_MAX: f64 = 100.0;
/// The most money an app can be given.
const CREDITS_MAX_USD: f64 = 1e9;

type Answer = Result<Value, (StatusCode, String)>;
type Asked = Query<HashMap<String, String>>;

/// The routes under `/sim/`.
pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/sim/health", get(async |State(sim): State<Arc<Sim>>| reply(Ok(health(&sim)))))
        .route(
            "/sim/clock",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(clock(&sim)))).post(
                async |State(sim): State<Arc<Sim>>, body: Bytes| reply(set_clock(&sim, &body)),
            ),
        )
        .route("/sim/truth", get(truth))
        .route("/sim/relations", get(relations))
        .route("/sim/snapshot", get(snapshot_file))
        .route(
            "/sim/bill",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(sim.state().bill.to_json()))).post(
                async |State(sim): State<Arc<Sim>>, body: Bytes| reply(set_bill(&sim, &body)),
            ),
        )
        .route(
            "/sim/connections",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(control::connections(&sim)))),
        )
        .route(
            "/sim/stream",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(sim.live.lock().to_json()))).post(
                async |State(sim): State<Arc<Sim>>, body: Bytes| {
                    reply(parse(&body).and_then(|c| control::set_stream(&sim, &c).map_err(bad)))
                },
            ),
        )
        .route(
            "/sim/notice",
            axum::routing::post(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                reply(parse(&body).and_then(|wish| control::notice(&sim, wish).map_err(bad)))
            }),
        )
        .route("/sim/tweets", get(tweets))
        .merge(own_tweets())
        .merge(consents())
        .route(
            "/sim/reset",
            axum::routing::post(async |State(sim): State<Arc<Sim>>| {
                sim.reset();
                reply(Ok(clock(&sim)))
            }),
        )
        .route(
            "/sim/world",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(world(&sim)))).post(
                async |State(sim): State<Arc<Sim>>, body: Bytes| reply(set_world(&sim, &body)),
            ),
        )
        .route(
            "/sim/faults",
            get(async |State(sim): State<Arc<Sim>>| reply(Ok(sim.state().faults.to_json())))
                .post(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                    reply(add_fault(&sim, &body))
                })
                .delete(async |State(sim): State<Arc<Sim>>| {
                    sim.state().faults.clear();
                    reply(Ok(json!({"ok": true})))
                }),
        )
}

/// The routes of who consented to what, and who is told of what.
fn consents() -> Router<Arc<Sim>> {
    let told = get(async |State(sim): State<Arc<Sim>>| reply(Ok(webhooks::webhooks(&sim)))).post(
        async |State(sim): State<Arc<Sim>>, body: Bytes| {
            reply(parse(&body).and_then(|c| webhooks::change(&sim, c).map_err(bad)))
        },
    );
    Router::new().route("/sim/webhooks", told).route(
        "/sim/oauth",
        get(async |State(sim): State<Arc<Sim>>| reply(Ok(consent::families(&sim))))
            .put(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                reply(parse(&body).and_then(|c| consent::set_reuse(&sim, &c).map_err(bad)))
            })
            .post(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                reply(parse(&body).and_then(|wish| consent::end(&sim, &wish).map_err(bad)))
            }),
    )
}

/// The routes of the accounts' own tweets.
fn own_tweets() -> Router<Arc<Sim>> {
    Router::new()
        .route(
            "/sim/tweets/own",
            get(own_truth).post(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                reply(parse(&body).and_then(|wish| own::control::write(&sim, wish).map_err(bad)))
            }),
        )
        .route(
            "/sim/tweets/delete",
            axum::routing::post(async |State(sim): State<Arc<Sim>>, body: Bytes| {
                let absent = |why| (StatusCode::NOT_FOUND, why);
                reply(parse(&body).and_then(|w| own::control::delete(&sim, &w).map_err(absent)))
            }),
        )
        .route("/sim/tweets/file", get(tweets_file))
}

/// 200 with the value, or a problem document.
pub(crate) fn reply(answer: Answer) -> Response<Body> {
    let (status, content_type, value) = match answer {
        Ok(value) => (StatusCode::OK, "application/json", value),
        Err((status, detail)) => {
            let title = status.canonical_reason().unwrap_or("Error");
            let body = json!({"type": "about:blank", "title": title, "status": status.as_u16(),
                "detail": detail});
            (status, "application/problem+json", body)
        }
    };
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn bad(detail: impl Into<String>) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, detail.into())
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| bad(error.to_string()))
}

fn health(sim: &Sim) -> Value {
    json!({"ok": true, "seed": sim.config.seed, "followers": sim.config.followers,
        "account": MAIN_ACCOUNT})
}

fn clock(sim: &Sim) -> Value {
    let state = sim.state();
    json!({"now": state.clock.now_ms(real_now_ms()), "speed": state.clock.speed()})
}

/// A time in a request: milliseconds, or a text that [`parse_when`] reads.
#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Ms(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockWish {
    advance_s: Option<f64>,
    now: Option<When>,
    speed: Option<f64>,
}

fn set_clock(sim: &Sim, body: &Bytes) -> Answer {
    let wish: ClockWish = parse(body)?;
    let now_ms = match wish.now {
        None => None,
        Some(When::Ms(ms)) => Some(ms),
        Some(When::Text(text)) => {
            Some(parse_when(&text).ok_or_else(|| bad(format!("{text} is no time")))?)
        }
    };
    let change = ClockChange { advance_s: wish.advance_s, now_ms, speed: wish.speed };
    if change == ClockChange::default() {
        return Err(bad("give advance_s, now or speed"));
    }
    sim.state().clock.change(change, real_now_ms()).map_err(bad)?;
    Ok(clock(sim))
}

fn world(sim: &Sim) -> Value {
    let state = sim.state();
    let standing = |account| state.marks.standing(account).name();
    let standings: serde_json::Map<String, Value> =
        Account::ALL.iter().map(|a| (a.id().to_owned(), standing(*a).into())).collect();
    json!({"count_factor": state.count_factor, "tweets": standings,
        "keep_refused": state.marks.keep_refused})
}

/// What is to be otherwise; absent parts stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldWish {
    count_factor: Option<f64>,
    /// By account: `open`, `protected` or `suspended`.
    #[serde(default)]
    tweets: HashMap<String, String>,
    /// Whether a tweet with a refused field stays in `data`.
    keep_refused: Option<bool>,
}

fn set_world(sim: &Sim, body: &Bytes) -> Answer {
    let wish: WorldWish = parse(body)?;
    if wish.count_factor.is_some_and(|factor| !(0.0..=COUNT_FACTOR_MAX).contains(&factor)) {
        return Err(bad(format!("count_factor must be from 0 to {COUNT_FACTOR_MAX}")));
    }
    for (account, standing) in &wish.tweets {
        own::control::set_standing(sim, account, standing).map_err(bad)?;
    }
    let mut state = sim.state();
    state.count_factor = wish.count_factor.unwrap_or(state.count_factor);
    state.marks.keep_refused = wish.keep_refused.unwrap_or(state.marks.keep_refused);
    drop(state);
    Ok(world(sim))
}

/// What the app may spend and read from now on; absent parts stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BillWish {
    /// Money there is now; a number below 0 is money without end.
    credits_usd: Option<f64>,
    /// Posts that may be read in a month.
    post_cap: Option<u64>,
}

fn set_bill(sim: &Sim, body: &Bytes) -> Answer {
    let wish: BillWish = parse(body)?;
    let mut state = sim.state();
    match wish.credits_usd {
        Some(usd) if usd > CREDITS_MAX_USD => {
            return Err(bad(format!("credits_usd must be at most {CREDITS_MAX_USD}")));
        }
        Some(usd) => state.bill.set_credits((usd >= 0.0).then(|| micros(usd))),
        None if wish.post_cap.is_none() => return Err(bad("give credits_usd or post_cap")),
        None => {}
    }
    if let Some(posts) = wish.post_cap {
        state.bill.set_post_cap(posts);
    }
    Ok(state.bill.to_json())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount from 0 to CREDITS_MAX_USD"
)]
fn micros(usd: f64) -> u64 {
    (usd * 1e6).round() as u64
}

fn add_fault(sim: &Sim, body: &Bytes) -> Answer {
    let wish: Wish = parse(body)?;
    let id = sim.state().faults.add(wish).map_err(bad)?;
    Ok(json!({"id": id}))
}

fn account(asked: &HashMap<String, String>) -> Result<Account, (StatusCode, String)> {
    let id = asked.get("account").map_or(MAIN_ACCOUNT, String::as_str);
    Account::from_id(id).ok_or_else(|| (StatusCode::NOT_FOUND, format!("there is no account {id}")))
}

/// A time of the query, in seconds since 1970, up to the end of the world.
fn when(
    sim: &Sim,
    asked: &HashMap<String, String>,
    name: &str,
    default_ms: Option<i64>,
) -> Result<i64, (StatusCode, String)> {
    let ms = match asked.get(name) {
        Some(text) => parse_when(text).ok_or_else(|| bad(format!("{name}: {text} is no time")))?,
        None => default_ms.ok_or_else(|| bad(format!("{name} is missing")))?,
    };
    if !(0..=sim.world.end_ms()).contains(&ms) {
        return Err(bad(format!("{name} must be from 0 to {}", sim.world.end_ms())));
    }
    Ok(ms.div_euclid(SECOND_MS))
}

fn known(asked: &HashMap<String, String>, names: &[&str]) -> Result<(), (StatusCode, String)> {
    match asked.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(bad(format!("no parameter {key}; there are {}", names.join(", ")))),
        None => Ok(()),
    }
}

async fn truth(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    let work = move || -> Answer {
        known(&asked, &["account", "from", "to"])?;
        let account = account(&asked)?;
        let from_s = when(&sim, &asked, "from", None)?;
        let to_s = when(&sim, &asked, "to", Some(sim.now_ms()))?;
        if to_s < from_s {
            return Err(bad("to lies before from"));
        }
        let truth = sim.ledger(account).truth(sim.world.roster(account), from_s, to_s);
        Ok(truth_json(&sim, account, &truth))
    };
    reply(off_thread(work).await)
}

/// Who is on a list of an account now.
async fn relations(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    let work = move || -> Answer {
        known(&asked, &["account", "list"])?;
        let account = account(&asked)?;
        let name = asked.get("list").map(String::as_str).unwrap_or_default();
        let relation = Relation::from_name(name)
            .ok_or_else(|| bad("list is none of followers, following, blocking"))?;
        let (roster, now_s) = (sim.world.roster(account), sim.now_ms() / SECOND_MS);
        let ids: Value = (0..roster.capacity())
            .filter(|&index| relation.holds(roster, index, now_s))
            .map(|index| identity::id(roster, account, index).to_string())
            .collect();
        Ok(json!({ "ids": ids }))
    };
    reply(off_thread(work).await)
}

async fn tweets(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    reply(off_thread(move || control::tweets(&sim, &asked).map_err(bad)).await)
}

/// Runs a walk over the roster where it does not hold up other requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, (StatusCode, String)> + Send + 'static,
) -> Result<T, (StatusCode, String)> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())))
}

fn truth_json(sim: &Sim, account: Account, truth: &Truth) -> Value {
    let roster = sim.world.roster(account);
    let id = |index: u32| identity::id(roster, account, index).to_string();
    let name = |index, at_s| identity::username_at(&sim.world, account, index, at_s);
    let ids = |indices: &[u32]| -> Value { indices.iter().map(|&i| id(i)).collect() };
    let followed: Value = truth
        .followed
        .iter()
        .map(|&(i, at_s)| json!({"id": id(i), "at": at_s * SECOND_MS}))
        .collect();
    let lost: Value = truth
        .lost
        .iter()
        .map(|&(i, at_s, why)| {
            let life = roster.timeline(i);
            let absence = life.absences().iter().find(|absence| absence.left_s == at_s);
            let back_ms = absence.and_then(Absence::back).map(|back_s| back_s * SECOND_MS);
            json!({"id": id(i), "at": at_s * SECOND_MS, "reason": why.name(), "kind": why.kind(),
                "back": back_ms})
        })
        .collect();
    let renamed: Value = truth
        .renamed
        .iter()
        .map(|&(i, at_s)| {
            json!({"id": id(i), "at": at_s * SECOND_MS, "from": name(i, at_s - 1),
                "to": name(i, at_s)})
        })
        .collect();
    json!({"followed": followed, "lost": lost, "renamed": renamed,
        "net": {"followed": ids(&truth.net_followed), "lost": ids(&truth.net_lost)}})
}

async fn snapshot_file(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    let work = move || {
        known(&asked, &["account", "at"])?;
        let account = account(&asked)?;
        let at_s = when(&sim, &asked, "at", Some(sim.now_ms()))?;
        snapshot::write(&sim, account, at_s)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    };
    file(off_thread(work).await)
}

/// 200 with a compressed file, or a problem document.
fn file(made: Result<Vec<u8>, (StatusCode, String)>) -> Response<Body> {
    match made {
        Ok(file) => {
            let mut response = Response::new(Body::from(file));
            let gzip = HeaderValue::from_static("application/gzip");
            response.headers_mut().insert(header::CONTENT_TYPE, gzip);
            response
        }
        Err(error) => reply(Err(error)),
    }
}

async fn own_truth(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    let work = move || -> Answer {
        known(&asked, &["account", "from", "to"])?;
        let account = account(&asked)?;
        let from_s = when(&sim, &asked, "from", Some(0))?;
        let to_s = when(&sim, &asked, "to", Some(sim.now_ms() + SECOND_MS))?;
        Ok(own::control::truth(&sim, account, from_s * SECOND_MS, to_s * SECOND_MS))
    };
    reply(off_thread(work).await)
}

async fn tweets_file(State(sim): State<Arc<Sim>>, Query(asked): Asked) -> Response<Body> {
    let work = move || {
        known(&asked, &["account", "since", "at"])?;
        let account = account(&asked)?;
        let at_s = when(&sim, &asked, "at", Some(sim.now_ms()))?;
        let since_s = when(&sim, &asked, "since", Some((at_s - 3_600) * SECOND_MS))?;
        let marks = sim.state().marks.clone();
        own::file::write(&sim, account, (since_s * SECOND_MS, at_s * SECOND_MS), &marks)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    };
    file(off_thread(work).await)
}
