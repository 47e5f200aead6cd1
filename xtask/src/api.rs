//! Roost's API as its client. Owns: the bearer token, problem documents read for people,
//! waiting for runs. Must not know how the server works. Invariant: an answer that is no success
//! is a failure that quotes the problem.

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::http::{self, Answer, Request};
use serde_json::Value;
use std::time::Duration;

/// How often a run is looked at.
const POLL: Duration = Duration::from_millis(150);

/// A Roost that answers at some address.
pub(crate) struct Api {
    base: String,
    token: String,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Well.
    Done,
    /// Failed or set aside, with the reason.
    Badly(String),
}

impl Api {
    /// `base` ends in `/api/v1`.
    pub(crate) fn new(base: impl Into<String>, token: impl Into<String>) -> Self {
        Self { base: base.into(), token: token.into() }
    }

    /// Whether the server answers at all.
    pub(crate) fn is_up(&self) -> bool {
        let url = format!("{}/health", self.base);
        http::send(&Request::get(&url)).is_ok_and(|answer| answer.status == 200)
    }

    /// Reads JSON.
    pub(crate) fn get(&self, path: &str) -> Outcome<Value> {
        let answer = self.send("GET", path, None, &[])?;
        self.json("GET", path, &answer)
    }

    /// Sends JSON; any of 2xx is well, and so is 409 when `exists` is.
    pub(crate) fn post(&self, path: &str, body: &Value, exists: bool) -> Outcome<Value> {
        let bytes = body.to_string().into_bytes();
        let answer = self.send("POST", path, Some("application/json"), &bytes)?;
        if exists && answer.status == 409 {
            return Ok(Value::Null);
        }
        self.json("POST", path, &answer)
    }

    /// Tells a server beside the simulator what no other takes.
    pub(crate) fn rehearse(&self, path: &str, body: &Value) -> Outcome<Value> {
        let base = self.base.replace("/api/v1", "/api/sim");
        Self { base, token: self.token.clone() }.post(path, body, false)
    }

    /// Changes what is there; any of 2xx is well.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.change("PUT", path, body)
    }

    /// Changes a part of what is there; any of 2xx is well.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.change("PATCH", path, body)
    }

    fn change(&self, method: &'static str, path: &str, body: &Value) -> Outcome<Value> {
        let bytes = body.to_string().into_bytes();
        let answer = self.send(method, path, Some("application/json"), &bytes)?;
        self.json(method, path, &answer)
    }

    /// Sends a file; the run that works on it.
    pub(crate) fn upload(&self, path: &str, file: &[u8]) -> Outcome<String> {
        let answer = self.send("POST", path, Some("application/gzip"), file)?;
        run_of(&self.json("POST", path, &answer)?)
    }

    /// Starts what `path` starts; its run.
    pub(crate) fn start(&self, path: &str) -> Outcome<String> {
        run_of(&self.post(path, &Value::Object(serde_json::Map::new()), false)?)
    }

    /// How a run ended, if it did.
    pub(crate) fn ended(&self, run: &str) -> Outcome<Option<Ended>> {
        Ok(ended(&self.get(&format!("/runs/{run}"))?))
    }

    /// Waits until a run ended; `each` is called while waiting and may end the wait.
    pub(crate) fn wait(
        &self,
        run: &str,
        most: Duration,
        mut each: impl FnMut() -> Outcome,
    ) -> Outcome<Ended> {
        let watch = Stopwatch::start();
        loop {
            if let Some(ended) = self.ended(run)? {
                return Ok(ended);
            }
            if watch.elapsed() > most {
                return Err(Failure::new(
                    format!("waiting for run {run}"),
                    format!("it is still running after {} s", most.as_secs()),
                    "look at it under Collection on the page, or in .roost/wrangler.log",
                ));
            }
            each()?;
            std::thread::sleep(POLL);
        }
    }

    fn send(
        &self,
        method: &'static str,
        path: &str,
        content_type: Option<&'static str>,
        body: &[u8],
    ) -> Outcome<Answer> {
        let url = format!("{}{path}", self.base);
        let token = Some(self.token.as_str());
        http::send(&Request { method, url: &url, token, content_type, body }).map_err(|why| {
            Failure::new("asking Roost", why, "is it running? `cargo xtask dev` starts it here")
        })
    }

    fn json(&self, method: &str, path: &str, answer: &Answer) -> Outcome<Value> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if (200..300).contains(&answer.status) {
            return Ok(body);
        }
        let todo = match answer.status {
            401 | 403 => "check the token: ADMIN_TOKEN in .dev.vars, or --token",
            404 => "check the account's id and the address",
            _ => "the log of the worker is .roost/wrangler.log",
        };
        Err(Failure::new(
            format!("{method} {}{path}", self.base),
            format!("{}: {}", answer.status, problem(&body).unwrap_or_else(|| raw(&answer.body))),
            todo,
        ))
    }
}

/// What a run record says about its end.
fn ended(run: &Value) -> Option<Ended> {
    match run.get("state").and_then(Value::as_str) {
        Some("running") | None => None,
        Some("done") => Some(Ended::Done),
        Some(state) => {
            let why = run.get("error").and_then(problem).unwrap_or_else(|| state.to_owned());
            Some(Ended::Badly(why))
        }
    }
}

fn run_of(started: &Value) -> Outcome<String> {
    started.get("run").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        Failure::new(
            "starting a run",
            format!("the answer names none: {started}"),
            "see contracts of POST in /docs/api",
        )
    })
}

/// Title, detail and request id of a problem document.
fn problem(body: &Value) -> Option<String> {
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let mut text = field("title")?.to_owned();
    if let Some(detail) = field("detail") {
        text = format!("{text}: {detail}");
    }
    if let Some(id) = field("request_id") {
        text = format!("{text} (request {id})");
    }
    Some(text)
}

fn raw(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_runs_state_says_whether_and_how_it_ended() {
        assert_eq!(ended(&json!({"state": "running"})), None);
        assert_eq!(ended(&json!({"state": "done"})), Some(Ended::Done));
        let error =
            json!({"state": "quarantined", "error": {"title": "Too few", "detail": "3 of 9"}});
        assert_eq!(ended(&error), Some(Ended::Badly("Too few: 3 of 9".into())));
        assert_eq!(ended(&json!({"state": "failed"})), Some(Ended::Badly("failed".into())));
    }

    #[test]
    fn a_problem_is_quoted_with_its_request_id() {
        let body = json!({"title": "No such account", "status": 404, "request_id": "r1"});
        assert_eq!(problem(&body).unwrap(), "No such account (request r1)");
        assert_eq!(problem(&json!({"ok": false})), None);
    }
}
