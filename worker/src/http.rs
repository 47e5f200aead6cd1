//! Answers. Owns: how a result becomes a response, and the headers every answer carries.
//! Invariant: API answers are never cached and never sniffed.

use crate::fault::{Fault, Result};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Headers, Request, Response, ResponseBuilder};

/// Largest JSON body we read: bodies of this API are small objects.
const BODY_MAX: usize = 64 * 1024;

/// An answer with a JSON body.
pub(crate) fn json<T: Serialize>(status: u16, value: &T) -> Result<Response> {
    bytes(status, "application/json", serde_json::to_vec(value)?)
}

/// An answer with these bytes.
pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Result<Response> {
    Ok(builder(status, content_type)?.fixed(body))
}

/// An answer whose body the caller adds.
pub(crate) fn builder(status: u16, content_type: &str) -> Result<ResponseBuilder> {
    Ok(ResponseBuilder::new().with_status(status).with_headers(headers(content_type)?))
}

/// A file to save: the name is one of ours, so it needs no escaping beyond quotes.
pub(crate) fn attachment(content_type: &str, file: &str) -> Result<ResponseBuilder> {
    let headers = headers(content_type)?;
    let file = shared::export::name::saved(file);
    headers.set("content-disposition", &format!("attachment; filename=\"{file}\""))?;
    Ok(ResponseBuilder::new().with_status(200).with_headers(headers))
}

fn headers(content_type: &str) -> Result<Headers> {
    let headers = Headers::new();
    headers.set("content-type", content_type)?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("referrer-policy", "no-referrer")?;
    Ok(headers)
}

/// The problem document of a fault; the log gets the whole of it.
pub(crate) fn problem(fault: &Fault, request_id: &str) -> Response {
    if fault.status >= 500 {
        worker::console_error!("request {request_id}: {}", fault.log());
    }
    let body = serde_json::to_vec(&fault.problem(request_id)).unwrap_or_default();
    let answer = bytes(fault.status, "application/problem+json", body).and_then(|answer| {
        if fault.status == 401 {
            // RFC 9110, 15.5.2: such an answer says what to send.
            answer.headers().set("www-authenticate", "Bearer")?;
        }
        Ok(answer)
    });
    answer.unwrap_or_else(|_| ResponseBuilder::new().with_status(500).empty())
}

/// Reads a small JSON body.
pub(crate) async fn body<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    large_body(request, BODY_MAX).await
}

/// The same where a body may be left out.
pub(crate) async fn optional_body<T: DeserializeOwned + Default>(
    request: &mut Request,
) -> Result<T> {
    let text = body_text(request, BODY_MAX).await?;
    if text.is_empty() { Ok(T::default()) } else { parse(&text) }
}

/// The same of a body of at most so many bytes.
pub(crate) async fn large_body<T: DeserializeOwned>(
    request: &mut Request,
    max: usize,
) -> Result<T> {
    let text = body_text(request, max).await?;
    if text.is_empty() { Err(no_body()) } else { parse(&text) }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Fault::bad(format!("the body is not what this route takes: {error}")))
}

fn no_body() -> Fault {
    Fault::bad("the body is empty: a JSON object is expected, see /docs/api")
}

/// The same of a body that holds secrets: what is wrong with it is said without quoting it.
pub(crate) async fn quiet_body<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    let text = body_text(request, BODY_MAX).await?;
    if text.is_empty() {
        return Err(no_body());
    }
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Fault::bad(format!(
            "the body is not what this route takes: a JSON object of texts is expected (line \
             {line}, column {column})"
        ))
    })
}

fn too_large(max: usize) -> Fault {
    Fault::new(413, "Body too large", format!("at most {max} bytes"))
}

/// A body of at most `max` bytes; `None` if it is longer. It is read as it comes and left at its
/// limit, whatever its length claims to be: a body held whole could take all of an isolate's
/// memory, and wasm gives none back.
pub(crate) async fn body_bytes(request: &mut Request, max: usize) -> Result<Option<Vec<u8>>> {
    let length = request.headers().get("content-length")?.and_then(|text| text.parse().ok());
    if length.is_some_and(|length: usize| length > max) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    if request.inner().body().is_none() {
        return Ok(Some(bytes));
    }
    let mut body = request.stream()?;
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if bytes.len() + chunk.len() > max {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// As text, empty where there is none, as everything else is read: bytes would be a second copy of
/// serde's reading code.
async fn body_text(request: &mut Request, max: usize) -> Result<String> {
    let bytes = body_bytes(request, max).await?.ok_or_else(|| too_large(max))?;
    let text = String::from_utf8_lossy(&bytes);
    // serde would take an array for an object, its items for the fields in order.
    match text.trim_start().chars().next() {
        Some('{') => Ok(text.into_owned()),
        None => Ok(String::new()),
        Some(_) => {
            Err(Fault::bad("the body is not what this route takes: a JSON object is expected"))
        }
    }
}

/// So many random hexadecimal digits.
pub(crate) fn random_hex(digits: usize) -> String {
    // Math.random would do for ids, but nonces of signatures should not be guessable.
    let mut text = String::with_capacity(digits + 32);
    while text.len() < digits {
        text.push_str(&worker_uuid().replace('-', ""));
    }
    text.truncate(digits);
    text
}

fn worker_uuid() -> String {
    use wasm_bindgen::{JsCast, JsValue};
    let crypto = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("crypto"));
    let call = |crypto: &JsValue| {
        let function = js_sys::Reflect::get(crypto, &JsValue::from_str("randomUUID")).ok()?;
        function.dyn_into::<js_sys::Function>().ok()?.call0(crypto).ok()?.as_string()
    };
    crypto.ok().as_ref().and_then(call).unwrap_or_else(|| {
        // Never seen: every workerd has crypto.randomUUID. Ids stay distinct all the same.
        format!("{:032x}", js_sys::Math::random().to_bits())
    })
}
