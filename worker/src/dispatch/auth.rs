//! Signing an account in at X: out to the consent page and back. Owns: the cookie that binds a
//! sign-in to its browser, and the ways back to the page. Must not know: tokens. Invariant: a
//! code is used only by the browser that asked for it, and whatever happens ends on the page with
//! a word for it.

use crate::clock;
use crate::config::Config;
use crate::control::{CALLBACK, origin};
use crate::fault::{Fault, Result};
use crate::http::{self, random_hex};
use crate::query::{self, Query};
use crate::rpc::{ControlClient, ToControl};
use crate::x::X;
use shared::api::{SignInOutcome, SignInReport, SignInStart};
use shared::id::AccountId;
use shared::oauth2::attempt::{self, NotOurs, Wish};
use shared::oauth2::{Consent, challenge};
use shared::secret::Secret;
use worker::{Env, Request, Response, ResponseBuilder};

/// `GET /auth/x/start`: to X's consent page.
pub(super) async fn start(
    request: &Request,
    env: &Env,
    config: &Config,
    query: &Query,
) -> Result<Response> {
    let account = query.get("account").map(|text| text.parse::<AccountId>()).transpose();
    let account = account.map_err(|error| Fault::bad(format!("`account`: {error}")))?;
    let blocks = query::flag(query, "blocks")?.unwrap_or(false);
    let client_id: String = ControlClient::new(env)?.tell(ToControl::ClientId).await?;
    let admin = config.admin_token.as_deref().unwrap_or_default();
    X::new(config).learn_clock().await;
    let begun = attempt::begin(admin, Wish { account }, &random_hex(32), clock::now());
    let url = request.inner().url();
    let consent = Consent {
        upstream: &config.upstream,
        client_id: &client_id,
        redirect_uri: &format!("{}{CALLBACK}", origin(&url)),
        blocks,
        state: &begun.state,
        challenge: &challenge(&begun.verifier),
    };
    let to = consent.url();
    let accept = request.headers().get("accept")?.unwrap_or_default();
    let answer = if accept.contains("application/json") {
        http::json(200, &SignInStart { url: to })?
    } else {
        redirect(&to)?.empty()
    };
    answer.headers().append("set-cookie", &attempt::set_cookie(&begun.cookie, secure(&url)))?;
    Ok(answer)
}

/// `GET /auth/x/callback`: back from X, and on to the page.
pub(super) async fn callback(
    request: &Request,
    env: &Env,
    config: &Config,
    query: &Query,
) -> Result<Response> {
    let url = request.inner().url();
    let report = come_back(request, env, config, query, &url).await;
    let (outcome, account) = match report {
        Ok(report) => (report.outcome, report.account),
        Err(fault) => {
            worker::console_error!("sign-in: {}", fault.log());
            (SignInOutcome::Unreachable, None)
        }
    };
    let account = account.map(|account| format!("&account={account}")).unwrap_or_default();
    let answer = redirect(&format!("{}/connect?x={outcome}{account}", origin(&url)))?.empty();
    answer.headers().append("set-cookie", &attempt::set_cookie("", secure(&url)))?;
    Ok(answer)
}

async fn come_back(
    request: &Request,
    env: &Env,
    config: &Config,
    query: &Query,
    url: &str,
) -> Result<SignInReport> {
    X::new(config).learn_clock().await;
    let control = ControlClient::new(env)?;
    let cookies = request.headers().get("cookie")?.unwrap_or_default();
    let cookie = attempt::cookie_from_header(&cookies, secure(url)).unwrap_or_default();
    let admin = config.admin_token.as_deref().unwrap_or_default();
    let state = query.get("state").map(String::as_str).unwrap_or_default();
    let (wish, verifier) = match attempt::resume(admin, cookie, state, clock::now()) {
        Ok(resumed) => resumed,
        // Anyone may come with anything: nothing is written for them.
        Err(NotOurs::Mismatch) => return Ok(report(SignInOutcome::Mismatch)),
        Err(NotOurs::Expired) => return Ok(report(SignInOutcome::Expired)),
    };
    if let Some(code) = query.get("code") {
        let redeem = ToControl::Redeem {
            code: Secret::new(code.as_str()),
            verifier: Secret::new(verifier),
            callback: format!("{}{CALLBACK}", origin(url)),
            wanted: wish.account,
        };
        return control.tell(redeem).await;
    }
    let said = query.get("error").map_or("neither a code nor an error", String::as_str);
    let outcome = match said {
        "access_denied" => SignInOutcome::Denied,
        _ => SignInOutcome::Refused,
    };
    let words = shared::text::cut(said, 200);
    let detail = match outcome {
        SignInOutcome::Denied => "The consent page was answered with no.".to_owned(),
        _ => format!("X's consent page said {words}: compare the app in X's console"),
    };
    let told = ToControl::NotSignedIn { outcome, detail };
    control.tell::<Option<()>>(told).await?;
    Ok(report(outcome))
}

fn report(outcome: SignInOutcome) -> SignInReport {
    SignInReport { at: clock::now(), outcome, account: None, detail: None }
}

fn redirect(to: &str) -> Result<ResponseBuilder> {
    let builder = http::builder(302, "text/plain; charset=utf-8")?;
    Ok(builder.with_header("location", to)?)
}

fn secure(url: &str) -> bool {
    url.starts_with("https:")
}
