//! Telling open browsers what a new list, a look or a push brought, and the owner what the latter
//! two did. Owns: which events are news. Invariant: the ledger is what counts; news that does not
//! arrive is only seen later, on the next look.

use super::Account;
use super::changes::{self, Wanted};
use super::settings::Settings;
use super::snapshots;
use crate::clock;
use crate::fault::Result;
use crate::rpc::{self, ToLive};
use crate::sql::values;
use shared::api::{FollowerEvent, LossState};
use shared::id::{AccountId, UserId};
use shared::ledger::News;
use shared::snapshot::Name;
use shared::time::{HOUR_MS, UnixMs};
use std::collections::BTreeSet;

/// A list older than this is history, not news.
pub(super) const NEWS_MS: i64 = HOUR_MS;
/// More at once than anyone reads as they appear.
const EVENTS_MAX: usize = 500;

impl Account {
    /// Hands the events of the newest list to the Live object, if there are any and they are new.
    pub(super) async fn tell_live(&self, account: AccountId, name: &Name) -> Result<()> {
        let newest = self.sql.first("SELECT MAX(at) FROM lists", values![])?;
        let newest = newest.map(|mut row| row.maybe_int()).transpose()?.flatten();
        let at = name.at();
        if newest != Some(at.0) || clock::now().since(at) > NEWS_MS {
            return Ok(());
        }
        let from = snapshots::timeline(&self.sql)?.settled_from(at).unwrap_or(at);
        let wanted = Wanted { from: Some(from), to: Some(at.plus(1)), ..Wanted::default() };
        let mut events = changes::events(&self.sql, &wanted, EVENTS_MAX)?.items;
        // Of the intervals before, news is only what this list settled.
        events.retain(|event| !event.muted && (event.at == at || settled(event.state)));
        self.tell(account, events).await
    }

    /// Hands what evidence changed to the Live object and to Notices: events that are told
    /// otherwise than before.
    pub(super) async fn tell_news(&self, settings: &Settings, news: &[News]) -> Result<()> {
        let at: BTreeSet<(UnixMs, UserId)> = news.iter().map(|one| (one.at, one.user)).collect();
        let Some(&(from, _)) = at.first() else { return Ok(()) };
        let users = Some(at.iter().map(|(_, user)| *user).collect());
        let wanted = Wanted { from: Some(from), users, ..Wanted::default() };
        let mut events = changes::events(&self.sql, &wanted, EVENTS_MAX)?.items;
        events.retain(|event| !event.muted && at.contains(&(event.at, event.user.id)));
        let owner = self.tell_owner(settings, events.clone()).await;
        self.tell(settings.account, events).await.and(owner)
    }

    /// Newest first, as they are listed.
    async fn tell(&self, account: AccountId, mut events: Vec<FollowerEvent>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        events.reverse();
        let tell = ToLive::Tell { account, events };
        rpc::call::<_, Option<()>>(&rpc::live(&self.env)?, &tell).await?;
        Ok(())
    }
}

/// Whether a later list said what became of a loss.
pub(super) fn settled(state: Option<LossState>) -> bool {
    matches!(state, Some(LossState::Confirmed | LossState::Retracted))
}
