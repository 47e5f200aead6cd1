//! Requests over HTTP. Owns: what every request carries, and what counts as an answer. Must not
//! know: what is asked, or what an answer means. Invariant: every request but an upload is
//! `gloo-net`'s; a request that cannot be made is one that nobody answered.
//!
//! Uploads go through `XMLHttpRequest`, because `fetch`, and with it `gloo-net`, tells nothing of
//! how much of a body has been sent.

use crate::browser;
use gloo_net::http::Request;
use wasm_bindgen::prelude::*;
use web_sys::{File, Headers, RequestCredentials, RequestInit};

/// What came back.
#[derive(Default)]
pub(crate) struct Answer {
    /// The HTTP status; 0 means that nobody answered.
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// Asks. `bearer` may be empty: then the session's cookie says who asks.
pub(crate) async fn request(method: &str, path: &str, bearer: &str, body: Option<&str>) -> Answer {
    let Ok(made) = make(method, path, bearer, body) else { return Answer::default() };
    let Ok(answer) = made.send().await else { return Answer::default() };
    match answer.text().await {
        Ok(text) => Answer { status: answer.status(), text },
        Err(_) => Answer::default(),
    }
}

/// The request. `gloo-net`'s own builder is passed by for two reasons: it ends every query with an
/// `&`, and it throws through wasm where a header's value is none, which a token out of an address
/// may be.
fn make(method: &str, path: &str, bearer: &str, body: Option<&str>) -> Result<Request, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    if !bearer.is_empty() {
        headers.set("authorization", &format!("Bearer {bearer}"))?;
    }
    let init = RequestInit::new();
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(body));
    }
    init.set_method(method);
    init.set_headers(&headers);
    init.set_credentials(RequestCredentials::SameOrigin);
    web_sys::Request::new_with_str_and_init(path, &init).map(Request::from)
}

/// Sends a file, telling the share sent so far.
pub(crate) async fn upload(
    path: &str,
    file: &File,
    bearer: &str,
    progress: &Closure<dyn Fn(f64)>,
) -> Answer {
    let answer = browser::upload(path, file, bearer, progress).await;
    let answer: &js_sys::Array = answer.unchecked_ref();
    let status = answer.get(0).as_f64().map_or(0, crate::numbers::whole);
    Answer {
        status: u16::try_from(status).unwrap_or(0),
        text: answer.get(1).as_string().unwrap_or_default(),
    }
}
