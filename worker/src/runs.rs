//! Run records, as those who run make them. Owns: their ids and their beginnings.
//! Invariant: an id is made once, and of those made in one place later ids sort after earlier ones,
//! also within a millisecond.

use crate::clock;
use crate::fault::{Fault, Result};
use crate::http::random_hex;
use crate::rpc::{ControlClient, RunEnd};
use shared::api::{Run, RunState, Trigger};
use shared::id::AccountId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use worker::Env;

/// The time in the newest id.
static LAST_ID: AtomicI64 = AtomicI64::new(0);

/// A run that begins now.
pub(crate) fn begin(trigger: Trigger, what: &str, account: Option<AccountId>) -> Run {
    let started = clock::now();
    let at = started.0.max(LAST_ID.load(Ordering::Relaxed) + 1);
    LAST_ID.store(at, Ordering::Relaxed);
    Run {
        id: format!("{at:012x}{}", random_hex(6)),
        trigger,
        what: what.to_owned(),
        account,
        state: RunState::Running,
        started,
        ended: None,
        duration_ms: None,
        error: None,
        counts: BTreeMap::new(),
    }
}

/// Records what failed before it could begin a run of its own.
pub(crate) async fn failed(
    env: &Env,
    trigger: Trigger,
    what: &str,
    account: Option<AccountId>,
    fault: Fault,
) -> Result<()> {
    let run = begin(trigger, what, account);
    let control = ControlClient::new(env)?;
    control.open(run.clone()).await?;
    let end = RunEnd {
        state: RunState::Failed,
        ended: clock::now(),
        error: Some(fault),
        counts: BTreeMap::new(),
    };
    control.close(&run.id, end).await
}
