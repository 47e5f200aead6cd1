//! X's token endpoint. Owns: sending its forms. Must not know: what tokens are for, or where
//! they are kept. Invariant: neither form nor answer is ever part of an error.

use super::{Refusal, exchanged, network};
use crate::config::Config;
use shared::oauth2::{Client, REVOKE_PATH, TOKEN_PATH, TokenRefusal, Tokens, refusal, tokens};
use shared::secret::Secret;
use wasm_bindgen::JsValue;
use worker::{Headers, Method, Request, RequestInit};

/// Trades a code or a refresh token for a pair.
pub(crate) async fn ask(
    config: &Config,
    client: &Client,
    form: &Secret,
) -> Result<Tokens, TokenRefusal> {
    let raw = post(config, client, TOKEN_PATH, form).await?;
    // Tokens that came and cannot be read are asked for again: X may have counted them as given.
    tokens(&raw)
        .map_err(|why| TokenRefusal::Later(format!("an answer that holds no tokens: {why}")))
}

/// Takes a token back.
pub(crate) async fn revoke(
    config: &Config,
    client: &Client,
    refresh: &Secret,
) -> Result<(), TokenRefusal> {
    post(config, client, REVOKE_PATH, &client.revoke_form(refresh)).await.map(drop)
}

async fn post(
    config: &Config,
    client: &Client,
    path: &str,
    form: &Secret,
) -> Result<Vec<u8>, TokenRefusal> {
    let later = |refusal: Refusal| TokenRefusal::Later(refusal.trouble.to_string());
    let request = request(config, client, path, form).map_err(|error| later(network(&error)))?;
    let raw = exchanged(request).await.map_err(later)?;
    if raw.status == 200 { Ok(raw.body) } else { Err(refusal(raw.status, &raw.body)) }
}

fn request(config: &Config, client: &Client, path: &str, form: &Secret) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("user-agent", concat!("roost/", env!("CARGO_PKG_VERSION")))?;
    headers.set("accept", "application/json")?;
    headers.set("content-type", "application/x-www-form-urlencoded")?;
    if let Some(authorization) = client.authorization() {
        headers.set("authorization", authorization.expose())?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers);
    init.with_body(Some(JsValue::from_str(form.expose())));
    Request::new_with_init(&format!("{}{path}", config.upstream), &init)
}
