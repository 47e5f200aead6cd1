//! Handing messages over. Owns: the loop, its bounds, the call. Must not know: what a message
//! says. Invariant: of one alert one message at a time; of all at most [`AT_ONCE`]; every call
//! ends within [`TIMEOUT_MS`], follows no redirect, and is marked before it is made.

use super::Notices;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::turn::Turn;
use crate::zone;
use futures_util::StreamExt;
use futures_util::future::{Either, join4, select};
use shared::api::AlertState;
use shared::notify::alert::Alert;
use shared::notify::compose::{self, Outgoing};
use shared::notify::destination;
use shared::notify::message::{Message, Refusal};
use shared::time::UnixMs;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::JsValue;
use worker::{
    AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
};

/// Destinations called at the same time: the platform allows 6 connections of one invocation.
const AT_ONCE: usize = 4;
/// Messages of one invocation: the free plan allows 50 calls in all.
const SENDS_MAX: usize = 24;
/// X gives its own webhooks 10 s; whoever takes longer is in trouble.
const TIMEOUT_MS: u64 = 10_000;
/// Of what a destination says to its refusal.
const SAID_MAX: usize = 600;

/// A message that is marked as being handed over, as it was when it was.
pub(super) struct Job {
    alert: Alert,
    message: Message,
    at: UnixMs,
}

impl Job {
    /// The message's id.
    pub(super) fn message(&self) -> &str {
        &self.message.id
    }
}

impl Notices {
    /// Sends whatever is due, and sets the alarm for what is not yet.
    pub(super) async fn send_due(&self) -> Result<()> {
        let Some(turn) = Turn::take(&self.sending) else { return Ok(()) };
        let mut sent = 0;
        while sent < SENDS_MAX {
            let mut jobs = self.due_jobs()?.into_iter();
            let (a, b, c, d) = (jobs.next(), jobs.next(), jobs.next(), jobs.next());
            if a.is_none() {
                break;
            }
            sent += AT_ONCE;
            // Each whatever becomes of the others.
            let outcomes = join4(self.hand(a), self.hand(b), self.hand(c), self.hand(d)).await;
            for outcome in <[Result<()>; 4]>::from(outcomes) {
                outcome?;
            }
        }
        drop(turn);
        self.arm().await
    }

    /// The next message of each alert that has one due, marked.
    fn due_jobs(&self) -> Result<Vec<Job>> {
        let now = clock::now();
        let mut jobs = Vec::new();
        for alert in self.alerts()? {
            if jobs.len() == AT_ONCE {
                break;
            }
            if alert.state != AlertState::On {
                continue;
            }
            let zone = zone::named(&alert.tz)?;
            let mut outbox = self.outbox(alert, &[])?;
            outbox.prepare(now, &zone, &mut || self.next_id(now));
            let mut job = None;
            while let Some((due, id)) = outbox.next().map(|(due, id)| (due, id.to_owned())) {
                if due > now {
                    break;
                }
                let alert = outbox.alert.clone();
                if let Some(message) = outbox.begin(&id, now) {
                    job = Some(Job { alert, message: message.clone(), at: now });
                    break;
                }
            }
            self.save(&mut outbox)?;
            jobs.extend(job);
        }
        Ok(jobs)
    }

    /// Marks a message for a test, which waits for nothing.
    pub(super) fn test_job(&self, alert: Alert, now: UnixMs) -> Result<Job> {
        let mut outbox = self.outbox(alert, &[])?;
        let id = outbox.test(now, &mut || self.next_id(now));
        let alert = outbox.alert.clone();
        let message = outbox.begin(&id, now).cloned();
        self.save(&mut outbox)?;
        let message = message.ok_or_else(|| Fault::internal("a test that does not begin"))?;
        Ok(Job { alert, message, at: now })
    }

    /// Hands one message over and writes what became of it. Answers once that is written.
    pub(super) async fn hand(&self, job: Option<Job>) -> Result<()> {
        let Some(Job { alert, message, at }) = job else { return Ok(()) };
        let (id, local) = (alert.id.clone(), Config::read(&self.env).simulated);
        let outcome = match self.whole(alert).await {
            Ok(Ok(whole)) => match compose::outgoing(&whole, &message, at, local) {
                Some(outgoing) => deliver(&outgoing, local).await,
                // A feed's entry is there as soon as it is marked.
                None => Ok(()),
            },
            Ok(Err(why)) => Err(Refusal::Locked(why)),
            Err(fault) => {
                worker::console_error!("notices: {}", fault.log());
                Err(Refusal::Locked("The address cannot be read: the log says why".to_owned()))
            }
        };
        // Read anew: news may have come, or the alert may be gone, meanwhile.
        let Some(alert) = self.alert(&id)? else { return Ok(()) };
        let mut outbox = self.outbox(alert, &[])?;
        match outcome {
            Ok(()) => outbox.sent(&message.id, clock::now()),
            Err(refusal) => outbox.failed(&message.id, &refusal, clock::now()),
        }
        self.save(&mut outbox)
    }

    /// Sets the alarm for the next message.
    pub(super) async fn arm(&self) -> Result<()> {
        let now = clock::now();
        let mut next: Option<UnixMs> = None;
        for alert in self.alerts()? {
            let zone = zone::named(&alert.tz)?;
            let mut outbox = self.outbox(alert, &[])?;
            outbox.prepare(now, &zone, &mut || self.next_id(now));
            let due = outbox.next().map(|(due, _)| due);
            self.save(&mut outbox)?;
            next = [next, due].into_iter().flatten().min();
        }
        match next {
            Some(due) => self.arm_in(clock::delay_ms(due)).await,
            None => Ok(()),
        }
    }
}

/// Makes the call. The address is checked once more: it may have been stored by an older version.
async fn deliver(outgoing: &Outgoing, local: bool) -> std::result::Result<(), Refusal> {
    if let Err(why) = destination::check(&outgoing.url, local) {
        return Err(Refusal::Http { status: 400, retry_after_s: None, said: why });
    }
    let request = request(outgoing).map_err(|error| network(&error))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let exchange = pin!(async {
        let response = fetch.send_with_signal(&signal).await.map_err(|error| network(&error))?;
        judge(response).await
    });
    let deadline = pin!(Delay::from(Duration::from_millis(TIMEOUT_MS)));
    let outcome = match select(exchange, deadline).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => {
            Err(Refusal::Network(format!("no answer within {} s", TIMEOUT_MS / 1_000)))
        }
    };
    // Whatever is left of an answer is not read: it would hold the connection.
    controller.abort();
    outcome
}

fn request(outgoing: &Outgoing) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("user-agent", concat!("roost/", env!("CARGO_PKG_VERSION")))?;
    for (name, value) in &outgoing.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(JsValue::from_str(&outgoing.body)));
    Request::new_with_init(&outgoing.url, &init)
}

async fn judge(mut response: Response) -> std::result::Result<(), Refusal> {
    let status = response.status_code();
    if (200..300).contains(&status) {
        return Ok(());
    }
    let retry_after = response.headers().get("retry-after").ok().flatten();
    // The first piece is more than is shown.
    let said = match response.stream() {
        Ok(mut stream) => stream.next().await.and_then(std::result::Result::ok).unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let said = said.get(..SAID_MAX).unwrap_or(&said);
    Err(Refusal::Http {
        status,
        retry_after_s: retry_after.as_deref().and_then(seconds),
        said: String::from_utf8_lossy(said).into_owned(),
    })
}

/// `Retry-After`: seconds (Discord's may have a fraction), or a date.
fn seconds(text: &str) -> Option<u64> {
    let seconds = text.trim().parse::<f64>().unwrap_or_else(|_| {
        let at = js_sys::Date::parse(text);
        #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 2^53")]
        let now = clock::real().0 as f64;
        (at - now) / 1_000.0
    });
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just bounded")]
    let whole = seconds.ceil().clamp(0.0, 1e9) as u64;
    seconds.is_finite().then_some(whole)
}

fn network(error: &worker::Error) -> Refusal {
    Refusal::Network(error.to_string())
}
