//! Run records, as those who run make them. Owns: their ids and their beginnings.
//! Invariant: an id is made once, and later ids sort after earlier ones; of those made in one
//! millisecond either may be the smaller.

use crate::clock;
use crate::fault::{Fault, Result};
use crate::http::random_hex;
use crate::rpc::{ControlClient, RunEnd};
use shared::api::{Run, RunState, Trigger};
use shared::id::AccountId;
use std::collections::BTreeMap;
use worker::Env;

/// A run that begins now.
pub(crate) fn begin(trigger: Trigger, what: &str, account: Option<AccountId>) -> Run {
    let started = clock::now();
    Run {
        id: format!("{:012x}{}", started.0.max(0), random_hex(6)),
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
