//! Taking in what X pushed. Invariant: the rows that say an event was taken, what it claims and
//! what X bills for it land in one write; everything before that may be repeated.

use super::{ROW, Standing};
use crate::account::{Account, id_text, ledger};
use crate::clock;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::sql::{Sql, values};
use serde::{Deserialize, Serialize};
use shared::activity::{Event, Field, What};
use shared::id::UserId;
use shared::ledger::News;
use shared::profile::Entry as Seen;
use shared::roster::Roster;
use shared::time::UnixMs;
use shared::verdict::{Evidence, Said};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What X billed and Control does not know yet: rows whose names begin so, one for each write that
/// took events in. Several queue consumers may be at work.
pub(super) const OWED: &str = "push_owed";

#[derive(Serialize, Deserialize)]
pub(super) struct Owed {
    /// Names the charge.
    pub(super) name: String,
    pub(super) events: u64,
}

impl Account {
    /// Takes events in; answers how many of them were new.
    pub(crate) async fn pushed(&self, mut events: Vec<Event>) -> Result<u64> {
        let settings = self.tracked()?;
        self.drop_known(&mut events)?;
        // Those of one instant stay in the order in which they came.
        events.sort_by_key(|event| event.at);
        let mut met = BTreeSet::new();
        events.retain(|event| met.insert(event.uuid.clone()));
        if events.is_empty() {
            // Taken before, and perhaps lost before it was paid for.
            self.charge(&settings).await?;
            return Ok(0);
        }
        for event in &events {
            self.effect(event).await?;
        }
        self.keep_profiles(&events)?;
        let claims = self.claims(&events).await?;
        let taken = events.len() as u64;
        let news = self.write(events, claims)?;
        if let Err(fault) = self.tell_news(&settings, &news).await {
            worker::console_error!("news of {}: {}", settings.account, fault.log());
        }
        let money = self.charge(&settings).await?;
        self.mind_cap(&settings, &money).await?;
        Ok(taken)
    }

    fn drop_known(&self, events: &mut Vec<Event>) -> Result<()> {
        let uuids: Vec<&str> = events.iter().map(|event| event.uuid.as_str()).collect();
        let known = self.sql.rows(
            "SELECT uuid FROM pushes WHERE uuid IN (SELECT value FROM json_each(?))",
            values![serde_json::to_string(&uuids)?],
        )?;
        let known: Vec<String> =
            known.into_iter().map(|mut row| row.text()).collect::<Result<_>>()?;
        events.retain(|event| !known.contains(&event.uuid));
        Ok(())
    }

    /// What an event does beside the ledger; done again it does the same.
    async fn effect(&self, event: &Event) -> Result<()> {
        match &event.what {
            What::Deleted { tweet } => self.tweet_gone(*tweet).await,
            What::Revoked => {
                let revoked = ToControl::Revoked { account: event.account };
                ControlClient::new(&self.env)?.tell::<Option<()>>(revoked).await.map(drop)
            }
            What::Profile { user, field, now } => self.profile_changed(*user, *field, now),
            What::Came { .. } | What::Left { .. } | What::Nothing => Ok(()),
        }
    }

    /// The tracked account's own profile changed.
    fn profile_changed(&self, user: UserId, field: Field, now: &str) -> Result<()> {
        let mut settings = self.tracked()?;
        if user != settings.account || now.is_empty() {
            return Ok(());
        }
        match field {
            Field::Username => {
                now.trim_start_matches('@').clone_into(&mut settings.person.username);
            }
            Field::Name => now.clone_into(&mut settings.person.name),
            Field::ProfileImageUrl => settings.person.avatar = Some(now.to_owned()),
            Field::Description | Field::Other => return Ok(()),
        }
        self.save(&settings)
    }

    /// Whoever came is known by name at once.
    fn keep_profiles(&self, events: &[Event]) -> Result<()> {
        let mut entries = BTreeMap::new();
        for event in events {
            if let What::Came { user, raw: Some(raw) } = &event.what {
                entries.insert(*user, Seen { id: *user, seen: event.at, raw: raw.clone() });
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.merge_entries(entries.into_values().collect())
    }

    /// What the events claim, each with whether the list before it has the person.
    async fn claims(&self, events: &[Event]) -> Result<Vec<Evidence>> {
        let mut lists: BTreeMap<UnixMs, Roster> = BTreeMap::new();
        let mut claims = Vec::new();
        for event in events {
            let (user, said) = match event.what {
                What::Came { user, .. } => (user, Said::Followed),
                What::Left { user } => (user, Said::Unfollowed),
                _ => continue,
            };
            let listed = match self.accepted_at(Some(event.at))? {
                None => None,
                Some(known) => {
                    let at = known.name.at();
                    let list = match lists.entry(at) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(free) => free.insert(self.load_roster(&known).await?),
                    };
                    Some(list.contains(user))
                }
            };
            claims.push(Evidence { user, at: event.at, said, listed, shown: None });
        }
        Ok(claims)
    }

    /// The one write.
    fn write(&self, events: Vec<Event>, claims: Vec<Evidence>) -> Result<Vec<News>> {
        let mut standing: Standing = self.standing()?;
        standing.taken += events.len() as u64;
        standing.last_event = Some(clock::now());
        let billed = events.iter().filter(|event| is_billed(&event.kind));
        let (billed, last) = (billed.count() as u64, events.last().map(|event| event.uuid.clone()));
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for event in &events {
                insert(&sql, event)?;
            }
            if let Some(name) = last.filter(|_| billed > 0) {
                let row = format!("{OWED}/{name}");
                sql.put_meta(&row, &Owed { name, events: billed })?;
            }
            sql.put_meta(ROW, &standing)?;
            ledger::witness(&sql, &claims)
        })
    }
}

/// X bills follows by its price list; a changed profile is taken to cost what a profile costs, for
/// want of a price of its own; deleted tweets are "not billed".
fn is_billed(kind: &str) -> bool {
    kind.starts_with("follow.") || kind.starts_with("profile.")
}

fn insert(sql: &Sql, event: &Event) -> Result<()> {
    let (user, came) = match event.what {
        What::Came { user, .. } => (Some(user), Some(1)),
        What::Left { user } => (Some(user), Some(-1)),
        _ => (None, None),
    };
    sql.run(
        "INSERT OR IGNORE INTO pushes (uuid, at, kind, user, came) VALUES (?, ?, ?, ?, ?)",
        values![event.uuid.as_str(), event.at.0, event.kind.as_str(), user.map(id_text), came],
    )
}
