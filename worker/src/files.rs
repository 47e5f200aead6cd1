//! Answers that lie ready as files beside the page. Owns: which file answers what. Must not know:
//! what is in them, which `cargo xtask build` writes. Invariant: they carry the headers of every
//! other answer.

use crate::fault::{Fault, Result};
use crate::http;
use worker::{Env, Method, Request, Response};

/// `GET /openapi.json`.
pub(crate) async fn document(env: &Env) -> Result<Response> {
    http::bytes(200, "application/json", read(env, "openapi.json", "application/json").await?)
}

/// `GET /docs/api`: a page for people, with styles of its own and nothing else.
pub(crate) async fn docs(env: &Env) -> Result<Response> {
    let html = read(env, "docs/api", "text/html").await?;
    let response = http::bytes(200, "text/html; charset=utf-8", html)?;
    let csp = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
               form-action 'none'; frame-ancestors 'none'";
    response.headers().set("content-security-policy", csp)?;
    Ok(response)
}

async fn read(env: &Env, path: &str, kind: &str) -> Result<Vec<u8>> {
    let request = Request::new(&format!("http://assets/{path}"), Method::Get)?;
    let mut answer = env.service("ASSETS")?.fetch_request(request).await?;
    let found = answer.headers().get("content-type")?.unwrap_or_default();
    // For a file that is missing the platform gives the page itself, with 200.
    if answer.status_code() != 200 || !found.starts_with(kind) {
        return Err(Fault::internal(format!("{path} is missing beside the page: build it anew")));
    }
    Ok(answer.bytes().await?)
}
