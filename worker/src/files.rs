//! Answers that lie ready as files beside the page, and the page itself. Owns: which file answers
//! what, and what is said of one that is missing. Must not know: what is in them, which
//! `cargo xtask build` writes. Invariant: they carry the headers of every other answer.

use crate::fault::{Fault, Result};
use crate::http;
use shared::routes;
use worker::{Env, Method, Request, Response, ResponseBuilder};

/// `GET /openapi.json`.
pub(crate) async fn document(env: &Env) -> Result<Response> {
    http::bytes(200, "application/json", read(env, "openapi.json").await?)
}

/// `GET /docs/api`: a page for people, with styles of its own and nothing else.
pub(crate) async fn docs(env: &Env) -> Result<Response> {
    let html = read(env, "docs/api").await?;
    let response = http::bytes(200, "text/html; charset=utf-8", html)?;
    let csp = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
               form-action 'none'; frame-ancestors 'none'";
    response.headers().set("content-security-policy", csp)?;
    Ok(response)
}

/// What no file and no route is: a view of the page, or nothing. Files that are there never come
/// here: Cloudflare answers them by itself, free of charge.
pub(crate) async fn page(env: &Env, request: &Request, path: &str) -> Result<Response> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return Err(Fault::missing(format!("nothing takes {} {path}", request.method())));
    }
    let page = routes::is_page(path);
    // A script or a picture that is missing must not be answered with a page: a browser would
    // take it for one, and keep it. A person who went astray is shown the way back.
    let person = request.headers().get("accept")?.is_some_and(|kinds| kinds.contains("text/html"));
    if !page && (path.starts_with("/assets/") || !person) {
        return Err(Fault::missing(format!("there is no {path}")));
    }
    let mut answer = fetch(env, "").await?;
    let headers = answer.headers().clone();
    if !page {
        headers.set("cache-control", "no-store")?;
        headers.delete("etag")?;
    }
    let status = if page { 200 } else { 404 };
    Ok(ResponseBuilder::new()
        .with_status(status)
        .with_headers(headers)
        .fixed(answer.bytes().await?))
}

async fn read(env: &Env, path: &str) -> Result<Vec<u8>> {
    let mut answer = fetch(env, path).await?;
    Ok(answer.bytes().await?)
}

async fn fetch(env: &Env, path: &str) -> Result<Response> {
    let request = Request::new(&format!("http://assets/{path}"), Method::Get)?;
    let answer = env.service("ASSETS")?.fetch_request(request).await?;
    if answer.status_code() != 200 {
        return Err(Fault::internal(format!("{path} is missing beside the page: build it anew")));
    }
    Ok(answer)
}
