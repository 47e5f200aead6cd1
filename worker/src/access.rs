//! Who may call. Owns: the bearer token, the session cookie, the origin check. Must not know:
//! any route's work. Invariant: without `ADMIN_TOKEN` nothing but the open routes answers.

use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use shared::api::{Session, SignIn};
use shared::session;
use shared::time::DAY_MS;
use worker::{Request, Response};

/// How long a session cookie holds.
const SESSION_MS: i64 = 30 * DAY_MS;

/// Lets an owner's request through.
///
/// # Errors
/// 401 with what to send; 403 when a cookie comes from another site; 503 without `ADMIN_TOKEN`.
pub(crate) fn check(request: &Request, config: &Config) -> Result<()> {
    let admin = admin_token(config)?;
    if let Some(given) = request.headers().get("authorization")? {
        let given = given.strip_prefix("Bearer ").map(str::trim);
        return match given {
            Some(given) if session::token_matches(given, admin) => Ok(()),
            _ => Err(refused("the bearer token is not this deployment's ADMIN_TOKEN")),
        };
    }
    if let Some(given) = bearer_protocol(request)? {
        return if session::token_matches(&given, admin) {
            Ok(())
        } else {
            Err(refused("the bearer token among the subprotocols is not this ADMIN_TOKEN"))
        };
    }
    let cookies = request.headers().get("cookie")?.unwrap_or_default();
    let sealed = session::cookie_from_header(&cookies)
        .ok_or_else(|| refused("send `Authorization: Bearer <ADMIN_TOKEN>`, or sign in"))?;
    if session::open(admin, sealed, clock::now()).is_none() {
        return Err(refused("the session has ended: sign in again"));
    }
    same_origin(request)
}

/// A cookie alone must not let another site write here; SameSite=Strict is the first guard.
fn same_origin(request: &Request) -> Result<()> {
    let Some(origin) = request.headers().get("origin")? else { return Ok(()) };
    let url = request.inner().url();
    let own = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let reads = matches!(request.method(), worker::Method::Get | worker::Method::Head);
    // Browsers let any site open a socket to any other, cookies included.
    if origin == own || (reads && !is_upgrade(request)?) {
        return Ok(());
    }
    Err(Fault::new(403, "Forbidden", format!("a page of {origin} may not change data here")))
}

/// Whether a request asks for a websocket.
pub(crate) fn is_upgrade(request: &Request) -> Result<bool> {
    let upgrade = request.headers().get("upgrade")?;
    Ok(upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")))
}

/// The subprotocol of the live socket, echoed when a client offers it.
pub(crate) const PROTOCOL: &str = "roost.v1";

/// The token of `Sec-WebSocket-Protocol: roost.v1, bearer.<token>`: a browser's websocket can
/// send no other header.
fn bearer_protocol(request: &Request) -> Result<Option<String>> {
    let offered = request.headers().get("sec-websocket-protocol")?.unwrap_or_default();
    let token = offered.split(',').find_map(|one| one.trim().strip_prefix("bearer."));
    Ok(token.map(str::to_owned))
}

/// Trades the admin token for a cookie.
pub(crate) async fn sign_in(request: &mut Request, config: &Config) -> Result<Response> {
    let admin = admin_token(config)?;
    let given: SignIn = http::body(request).await?;
    if !session::token_matches(given.token.trim(), admin) {
        return Err(refused("this is not the deployment's ADMIN_TOKEN"));
    }
    let now = clock::now();
    let sealed = session::seal(admin, now, SESSION_MS, &http::random_hex(16));
    let cookie = session::cookie(&sealed, secure(request), SESSION_MS / 1000);
    let response = http::json(200, &Session { expires: now.plus(SESSION_MS) })?;
    response.headers().append("set-cookie", &cookie)?;
    Ok(response)
}

/// Takes the cookie back.
pub(crate) fn sign_out(request: &Request) -> Result<Response> {
    let response = http::builder(204, "application/json")?.empty();
    response.headers().append("set-cookie", &session::cookie("", secure(request), 0))?;
    Ok(response)
}

fn secure(request: &Request) -> bool {
    request.inner().url().starts_with("https:")
}

fn admin_token(config: &Config) -> Result<&str> {
    config.admin_token.as_deref().ok_or_else(|| {
        Fault::new(
            503,
            "Not set up",
            "this deployment has no ADMIN_TOKEN: set one with `wrangler secret put ADMIN_TOKEN`",
        )
    })
}

fn refused(detail: &str) -> Fault {
    Fault::new(401, "Unauthorized", detail)
}
