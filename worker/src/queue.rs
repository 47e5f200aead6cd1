//! The queues: finished snapshots, and what X pushed. Owns: the messages' shapes (of a snapshot that
//! of an R2 event notification, so that files put into the bucket by others are read the same way)
//! and the consumer. Invariant: a message is acknowledged when its snapshot was read, or its event
//! applied, or can never be; otherwise it is retried, and after three tries it lands in the
//! dead-letter queue with a run record.

use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{self, ControlClient, RunEnd, Taken, ToAccount};
use crate::runs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::activity::Event;
use shared::api::{RunState, Trigger};
use shared::id::AccountId;
use shared::snapshot;
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, MessageBatch, MessageExt, RawMessage};

/// Seconds before a failed message is tried again.
const RETRY_S: u32 = 5;
/// The queue whose messages failed three times.
const DEAD_LETTERS: &str = "roost-dead-letters";
/// The queue of events.
const PUSHES: &str = "roost-pushes";

/// Hands an event of X to the queue.
pub(crate) async fn push(env: &Env, event: Event) -> Result<()> {
    Ok(env.queue("PUSHES")?.send(Pushed { event }).await?)
}

/// An event of X on its way.
#[derive(Debug, Serialize, Deserialize)]
struct Pushed {
    event: Event,
}

/// An object was put into the bucket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SnapshotPut {
    action: String,
    object: PutObject,
}

#[derive(Debug, Serialize, Deserialize)]
struct PutObject {
    key: String,
    #[serde(rename = "eTag")]
    etag: String,
}

impl SnapshotPut {
    pub(crate) fn new(key: &str, etag: &str) -> Self {
        let object = PutObject { key: key.to_owned(), etag: etag.to_owned() };
        Self { action: "PutObject".to_owned(), object }
    }

    pub(crate) async fn send(&self, env: &Env) -> Result<()> {
        // As JSON text: a serde map would arrive as an empty object.
        Ok(env.queue("SNAPSHOTS")?.send(self).await?)
    }
}

/// Reads a batch, one message after the other: the objects read one snapshot at a time anyway.
pub(crate) async fn consume(batch: &MessageBatch<JsValue>, env: &Env) {
    let dead = batch.queue() == DEAD_LETTERS;
    if batch.queue() == PUSHES {
        return apply(batch, env).await;
    }
    for message in batch.raw_iter() {
        let body = decode::<SnapshotPut>(&message);
        if dead {
            if let Ok(Pushed { event }) = decode::<Pushed>(&message) {
                lose(env, &event).await;
                message.ack();
                continue;
            }
            bury(env, body).await;
            message.ack();
            continue;
        }
        match body {
            Err(why) => {
                record(env, "ingest", None, Fault::bad(why)).await;
                message.ack();
            }
            Ok(put) => match take(env, &put).await {
                Ok(()) => message.ack(),
                Err(fault) => {
                    worker::console_error!("{}: {}", put.object.key, fault.log());
                    let options = worker::QueueRetryOptionsBuilder::new();
                    message.retry_with_options(&options.with_delay_seconds(RETRY_S).build());
                }
            },
        }
    }
}

/// Applies a batch of events, all of an account in one call.
async fn apply(batch: &MessageBatch<JsValue>, env: &Env) {
    let mut by_account: BTreeMap<AccountId, (Vec<RawMessage>, Vec<Event>)> = BTreeMap::new();
    for message in batch.raw_iter() {
        match decode::<Pushed>(&message) {
            Ok(Pushed { event }) => {
                let (messages, events) = by_account.entry(event.account).or_default();
                messages.push(message);
                events.push(event);
            }
            Err(why) => {
                record(env, "push", None, Fault::bad(why)).await;
                message.ack();
            }
        }
    }
    for (account, (messages, events)) in by_account {
        let outcome = hand_over(env, account, events).await;
        if let Err(fault) = &outcome {
            worker::console_error!("push to {account}: {}", fault.log());
        }
        for message in messages {
            if outcome.is_ok() {
                message.ack();
            } else {
                let options = worker::QueueRetryOptionsBuilder::new();
                message.retry_with_options(&options.with_delay_seconds(RETRY_S).build());
            }
        }
    }
}

/// What is pushed of an account that is not tracked (any more) is nobody's.
async fn hand_over(env: &Env, account: AccountId, events: Vec<Event>) -> Result<()> {
    let run = runs::begin(Trigger::Webhook, "push", Some(account));
    let given = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let stub = rpc::account(env, account)?;
    let outcome = rpc::call::<_, u64>(&stub, &ToAccount::Pushed { events }).await;
    let taken = match outcome {
        Err(fault) if fault.status == 404 => {
            record(env, "push", Some(account), fault).await;
            return Ok(());
        }
        outcome => i64::try_from(outcome?).unwrap_or(i64::MAX),
    };
    let counts = BTreeMap::from([("events".to_owned(), given), ("taken".to_owned(), taken)]);
    let end = RunEnd { state: RunState::Done, ended: clock::now(), error: None, counts };
    let control = ControlClient::new(env)?;
    let recorded = async {
        control.open(run.clone()).await?;
        control.close(&run.id, end).await
    };
    if let Err(fault) = recorded.await {
        // What was applied is applied: a record that is missing is no reason to do it again.
        worker::console_error!("run record: {}", fault.log());
    }
    Ok(())
}

/// An event that failed three times: the next full check shows what it told.
async fn lose(env: &Env, event: &Event) {
    let detail = format!(
        "the {} event {} could not be applied, three times; the next full check shows what it told",
        event.kind, event.uuid
    );
    let fault = Fault::new(500, "Dead letter", detail);
    record(env, "dead letter", Some(event.account), fault).await;
}

async fn take(env: &Env, put: &SnapshotPut) -> Result<()> {
    // Deletions and other actions of a bucket's notifications are none of ours.
    if !matches!(put.action.as_str(), "PutObject" | "CopyObject" | "CompleteMultipartUpload") {
        return Ok(());
    }
    // Our own sidecars cause notifications too where a bucket sends them.
    if [".roster", ".handles"].iter().any(|suffix| put.object.key.ends_with(suffix)) {
        return Ok(());
    }
    let (account, name) = match snapshot::parse_key(&put.object.key) {
        Ok(found) => found,
        Err(why) => {
            record(env, "ingest", None, Fault::bad(why.to_string())).await;
            return Ok(());
        }
    };
    let ingest = ToAccount::Ingest { key: put.object.key.clone(), etag: put.object.etag.clone() };
    let taken: Result<Taken> = rpc::call(&rpc::account(env, account)?, &ingest).await;
    match taken {
        Ok(_) => Ok(()),
        Err(fault) if fault.status == 404 => {
            let why = format!("{}: {}", name.as_str(), fault.detail);
            record(env, "ingest", Some(account), Fault::missing(why)).await;
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}

/// A message that failed three times: its snapshot stays in the bucket, its reason in the log.
async fn bury(env: &Env, body: std::result::Result<SnapshotPut, String>) {
    let (key, why) = match body {
        Ok(put) => (put.object.key, "reading this snapshot failed three times".to_owned()),
        Err(why) => (String::new(), why),
    };
    let account = snapshot::parse_key(&key).ok().map(|(account, _)| account);
    let detail = format!("{why}; send it again with POST /accounts/{{account}}/replay: {key}");
    record(env, "dead letter", account, Fault::new(500, "Dead letter", detail)).await;
}

async fn record(env: &Env, what: &str, account: Option<AccountId>, fault: Fault) {
    if let Err(fault) = runs::failed(env, Trigger::Queue, what, account, fault).await {
        worker::console_error!("run record: {}", fault.log());
    }
}

fn decode<T: DeserializeOwned>(message: &RawMessage) -> std::result::Result<T, String> {
    let body = message.body();
    let text = body
        .as_string()
        .or_else(|| js_sys::JSON::stringify(&body).ok().map(String::from))
        .or_else(|| body.dyn_ref::<js_sys::JsString>().map(String::from))
        .unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|error| format!("a queue message is not of this queue: {error}"))
}
