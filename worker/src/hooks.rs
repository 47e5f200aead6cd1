//! The webhook by which X pushes. Owns: reading the call, the order of the checks, the counts of
//! what is refused. Must not know: what becomes of an event. Invariant: an event is answered with
//! 200 once a queue holds it, and its id is remembered only then.

use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::Query;
use crate::queue;
use crate::rpc::{ControlClient, ToControl};
use shared::activity::{BODY_MAX, Refusal, admit, challenge};
use shared::api::{HookAnswer, HookTaken};
use shared::secret::Secret;
use worker::{Env, Request, Response};

/// Longest token of a challenge.
const TOKEN_MAX: usize = 1_000;

/// `GET /hooks/x`.
pub(crate) async fn answer(env: &Env, query: &Query) -> Result<Response> {
    let token = query.get("crc_token").filter(|token| !token.is_empty() && token.len() < TOKEN_MAX);
    let token = token.ok_or_else(|| Fault::bad("`crc_token`: X's challenge is expected"))?;
    let config = Config::load(env, None).await?;
    http::json(200, &HookAnswer { response_token: challenge(secret(&config)?, token) })
}

/// `POST /hooks/x`.
pub(crate) async fn take(request: &mut Request, env: &Env) -> Result<Response> {
    let config = Config::load(env, None).await?;
    if config.simulated
        && let Some(sim_now) = request.headers().get("x-sim-now")?
    {
        clock::observe(&sim_now);
    }
    let secret = secret(&config)?;
    let signature = request.headers().get("x-twitter-webhooks-signature")?;
    let admitted = match http::body_bytes(request, BODY_MAX).await? {
        Some(body) => admit(secret, signature.as_deref(), &body, clock::now()),
        None => Err(Refusal::Oversized),
    };
    let event = match admitted {
        Ok(event) => event,
        Err(refusal) => return refuse(env, &refusal).await,
    };
    let control = ControlClient::new(env)?;
    let uuid = event.uuid.clone();
    if control.tell(ToControl::Knock { uuid: uuid.clone() }).await? {
        return refuse(env, &Refusal::Replayed).await;
    }
    queue::push(env, event).await?;
    control.tell::<Option<()>>(ToControl::Heard { uuid: uuid.clone() }).await?;
    http::json(200, &HookTaken { taken: uuid })
}

async fn refuse(env: &Env, refusal: &Refusal) -> Result<Response> {
    let refused = ToControl::Refused { word: refusal.word().to_owned() };
    ControlClient::new(env)?.tell::<Option<()>>(refused).await?;
    Err(Fault::new(refusal.status(), "Not taken", refusal.to_string()))
}

fn secret(config: &Config) -> Result<&str> {
    let secret = config.consumer_secret.as_ref().map(Secret::expose);
    secret.filter(|secret| !secret.is_empty()).ok_or_else(|| {
        let detail = "X signs what it pushes with the app's API secret: set X_API_SECRET";
        Fault::new(409, "No key for the webhook", detail)
    })
}
