//! Users and events as X writes them to webhooks.
//!
//! Knows the world and profiles, not who is told. Invariant: a user here says what a lookup at the
//! same time would.

use serde_json::{Map, Value, json};

use crate::identity::Subject;
use crate::profile::{self, Dialect, Fields, View};
use crate::state::Sim;
use crate::world::Account;

/// What X tells of a user in an event.
const FIELDS: [&str; 9] = [
    "created_at",
    "description",
    "entities",
    "location",
    "profile_image_url",
    "protected",
    "public_metrics",
    "verified",
    "verified_type",
];

/// The user's id.
pub(super) fn id(sim: &Sim, subject: Subject) -> String {
    match subject {
        Subject::Owner(account) => account.id().to_owned(),
        Subject::Follower(account, index) => {
            crate::identity::id(sim.world.roster(account), account, index).to_string()
        }
    }
}

/// The user as a lookup at this time would give it, with every field of an event.
pub(super) fn user(sim: &Sim, subject: Subject, at_s: i64) -> Value {
    let mut fields = Fields::default_set();
    for name in FIELDS {
        fields.insert(name);
    }
    let count = |account| {
        let shown = subject == Subject::Owner(account);
        if shown { sim.reported_count(account, at_s) } else { 0 }
    };
    let view = View {
        world: &sim.world,
        at_s,
        fields,
        dialect: Dialect::Tweet,
        asker: None,
        owner_followers: (count(Account::Main), count(Account::Second)),
    };
    let mut bytes = Vec::new();
    profile::write_user(&mut bytes, &view, subject);
    let mut user: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(metrics) = user.get_mut("public_metrics").and_then(Value::as_object_mut) {
        // In events every counter is there twice.
        let again = metrics.iter().map(|(name, n)| (format!("{name}_str"), n.to_string().into()));
        let again: Map<String, Value> = again.collect();
        metrics.extend(again);
    }
    user
}

/// What two users have to do with each other.
pub(super) fn pair(sim: &Sim, source: Subject, target: Subject, at_s: i64) -> Value {
    json!({"source": {"data": user(sim, source, at_s)}, "target": {"data": user(sim, target, at_s)}})
}
