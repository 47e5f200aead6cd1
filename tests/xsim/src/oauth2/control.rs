//! The control surface of consents: families as they stand, their ends on request.
//!
//! Knows JSON in and out, no routes. Invariant: what is told is read from the grants themselves.

use serde::Deserialize;
use serde_json::{Value, json};

use super::grants::Reuse;
use crate::state::Sim;
use crate::world::Account;

/// The answer of `GET /sim/oauth`.
pub(crate) fn families(sim: &Sim) -> Value {
    sim.state().grants.to_json()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    reuse: String,
}

/// The answer of `PUT /sim/oauth`.
///
/// # Errors
/// That there is no such way.
pub(crate) fn set_reuse(sim: &Sim, change: &Change) -> Result<Value, String> {
    let reuse = Reuse::from_name(&change.reuse)
        .ok_or_else(|| format!("reuse is grace or strict, not {}", change.reuse))?;
    sim.state().grants.set_reuse(reuse);
    Ok(families(sim))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    expire_access: Option<String>,
    revoke: Option<String>,
}

/// The answer of `POST /sim/oauth`: how many families it met.
///
/// # Errors
/// What of the wish is wrong.
pub(crate) fn end(sim: &Sim, wish: &End) -> Result<Value, String> {
    let account = |id: &str| Account::from_id(id).ok_or_else(|| format!("there is no user {id}"));
    let (now_ms, mut state) = (sim.now_ms(), sim.state());
    match (&wish.expire_access, &wish.revoke) {
        (Some(id), None) => {
            Ok(json!({"expired": state.grants.expire_access(account(id)?, now_ms)}))
        }
        (None, Some(id)) => Ok(json!({"revoked": state.grants.revoke_user(account(id)?, now_ms)})),
        _ => Err("give expire_access or revoke, with a user's id".to_owned()),
    }
}
