//! Calls to `/api/v1`. Owns: how a request is made and how a bad answer becomes a
//! [`Failure`]. Must not know: who asks and what is done with the answer. Invariant: a 401
//! leads to the sign-in page, once, whoever asked; a button pressed twice changes once.

use crate::browser;
use crate::fetching::Failure;
use crate::http::{self, Answer};
use serde::{Serialize, de::DeserializeOwned};
use shared::api::{Problem, Session, SignIn, Started};
use shared::routes::BASE;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;
use web_sys::File;

thread_local! {
    static SIGNED_OUT: Cell<Option<fn()>> = const { Cell::new(None) };
    static LAST_CHANGE: RefCell<LastChange> = RefCell::default();
}

/// The second press of a double one comes within this time of the first.
const TWICE_MS: i64 = 700;

/// The last change that was asked for.
#[derive(Debug, Default)]
struct LastChange {
    /// What, and when: in milliseconds.
    asked: Option<(String, i64)>,
    under_way: bool,
}

impl LastChange {
    /// Whether a change is to be asked for: the same as the last one is not while that is under
    /// way, nor within the time in which a button is pressed twice.
    fn begin(&mut self, change: &str, now: i64) -> bool {
        let again = self.asked.as_ref().is_some_and(|(last, at)| {
            last == change && (self.under_way || (0..TWICE_MS).contains(&(now - at)))
        });
        if !again {
            self.asked = Some((change.to_owned(), now));
            self.under_way = true;
        }
        !again
    }

    /// It was answered; what failed may be asked for again at once.
    fn end(&mut self, well: bool) {
        self.under_way = false;
        if !well {
            self.asked = None;
        }
    }
}

/// Names what happens when the API says that nobody is signed in.
pub(crate) fn on_signed_out(act: fn()) {
    SIGNED_OUT.set(Some(act));
}

/// Fetches an answer as it is; `path` is below `/api/v1`.
pub(crate) async fn text(path: &str) -> Result<String, Failure> {
    ask("GET", path, None).await
}

/// Fetches; `path` is below `/api/v1`.
pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    parse(&ask("GET", path, None).await?)
}

/// Fetches, and leaves the answer to the browser: of a long list only the rows on the screen are
/// read out, a thousand at once would hold up the page.
pub(crate) async fn raw(path: &str) -> Result<JsValue, Failure> {
    Ok(browser::parse_json(&ask("GET", path, None).await?))
}

/// Reads a part of such an answer.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    serde_wasm_bindgen::from_value(value).ok()
}

/// Sends a body and reads the answer.
pub(crate) async fn send<T: DeserializeOwned>(
    method: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Failure> {
    let body = serde_json::to_string(body).unwrap_or_default();
    parse(&ask(method, path, Some(&body)).await?)
}

/// Starts a run.
pub(crate) async fn start(path: &str) -> Result<Started, Failure> {
    parse(&ask("POST", path, None).await?)
}

/// Deletes.
pub(crate) async fn delete(path: &str) -> Result<(), Failure> {
    ask("DELETE", path, None).await.map(drop)
}

/// Trades the token for a cookie, so that downloads, which carry no header, work too.
pub(crate) async fn sign_in(token: &str) -> Result<Session, Failure> {
    let body = SignIn { token: token.to_owned() };
    let body = serde_json::to_string(&body).unwrap_or_default();
    let answer = http::request("POST", &below("/session"), "", Some(&body)).await;
    parse(&checked(answer)?)
}

/// Sends a saved list.
pub(crate) async fn import(
    path: &str,
    file: &File,
    progress: &Closure<dyn Fn(f64)>,
) -> Result<Started, Failure> {
    let answer = http::upload(&below(path), file, &browser::token(), progress).await;
    parse(&checked(answer)?)
}

/// The address of a download; the session's cookie opens it.
pub(crate) fn below(path: &str) -> String {
    format!("{BASE}{path}")
}

async fn ask(method: &str, path: &str, body: Option<&str>) -> Result<String, Failure> {
    let change = (method != "GET").then(|| format!("{method} {path} {}", body.unwrap_or_default()));
    if let Some(change) = &change
        && !LAST_CHANGE.with_borrow_mut(|last| last.begin(change, browser::clock_ms()))
    {
        // Whoever pressed twice is told once, by the first press.
        return std::future::pending().await;
    }
    let answer = http::request(method, &below(path), &browser::token(), body).await;
    let checked = checked(answer);
    if change.is_some() {
        LAST_CHANGE.with_borrow_mut(|last| last.end(checked.is_ok()));
    }
    if checked.as_ref().is_err_and(|failure| failure.status == Some(401)) {
        // A token that is no longer taken would keep a good cookie from being tried.
        browser::keep_token("");
        if let Some(act) = SIGNED_OUT.get() {
            act();
        }
    }
    checked
}

fn checked(answer: Answer) -> Result<String, Failure> {
    match answer.status {
        200..=299 => Ok(answer.text),
        status => Err(failure(status, parse(&answer.text).ok())),
    }
}

/// Reads an answer.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_wasm_bindgen::from_value(browser::parse_json(text)).map_err(|error| Failure {
        status: None,
        title: "Roost's answer could not be read".to_owned(),
        detail: format!("The page may be older than the server: reload it. ({error})"),
        request_id: None,
    })
}

/// What a bad answer says: a problem document, or nothing that can be read.
fn failure(status: u16, problem: Option<Problem>) -> Failure {
    if status == 0 {
        return Failure {
            status: None,
            title: "Roost does not answer".to_owned(),
            detail: "Check the connection; what is shown may be old.".to_owned(),
            request_id: None,
        };
    }
    match problem {
        Some(problem) => Failure {
            status: Some(status),
            title: problem.title,
            detail: problem.detail,
            request_id: Some(problem.request_id).filter(|id| !id.is_empty()),
        },
        None => Failure {
            status: Some(status),
            title: format!("Roost answered with an error ({status})"),
            detail: "It gave no reason.".to_owned(),
            request_id: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pressed_twice_is_asked_for_once() {
        let mut last = LastChange::default();
        assert!(last.begin("POST /a", 0));
        assert!(!last.begin("POST /a", 5_000), "it is under way");
        last.end(true);
        assert!(!last.begin("POST /a", 300), "a double press outlasts a quick answer");
        assert!(last.begin("POST /a", 1_000));
        last.end(true);
    }

    #[test]
    fn other_changes_and_what_failed_do_not_wait() {
        let mut last = LastChange::default();
        assert!(last.begin("PATCH /a on", 0) && last.begin("PATCH /a off", 100));
        assert!(last.begin("PATCH /a on", 200), "turned there and back");
        last.end(false);
        assert!(last.begin("PATCH /a on", 250), "it failed");
    }

    #[test]
    fn problems_are_told_as_they_are() {
        let text = r#"{"type":"/docs/api#x","title":"No such account","status":404,
            "detail":"There is no account 99.","request_id":"r1"}"#;
        let told = failure(404, serde_json::from_str(text).ok());
        assert_eq!(
            (told.title.as_str(), told.request_id.as_deref()),
            ("No such account", Some("r1"))
        );
        assert_eq!(failure(502, None).title, "Roost answered with an error (502)");
        assert_eq!(failure(0, None).status, None);
    }
}
