//! Spending of this account's reads: asking Control before, telling it after. Invariant: what a
//! kept page cost is written with the page, and told to Control at the latest when this object
//! next works; Control counts a lease once however often it is told.

use super::Account;
use super::settings::Settings;
use crate::clock;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::sql::{BLOB_MAX, values};
use crate::x::{Refusal, X};
use serde::{Deserialize, Serialize};
use shared::api::{Credential, Feature};
use shared::budget::{Ask, BilledToday, Grant, Resource, Settlement, price};
use shared::id::UserId;
use shared::retry::Stop;
use shared::x::problem::Rate;

/// The row of the open lease of checks.
pub(super) const FOLLOWER_LEASE: &str = "lease";
/// The row of what the check under way cost so far, in micro-dollars. Of a settlement repeated
/// after a loss it may count a page twice: it is for the run's record, not for the books.
pub(super) const COST: &str = "cost";

/// A lease being used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Open {
    /// What Control will be told.
    pub(super) settlement: Settlement,
    /// Calls still granted.
    pub(super) calls: u32,
    /// What may still be billed.
    #[serde(default)]
    pub(super) left: u64,
}

/// What Control said.
pub(super) enum Leave {
    Granted(Open),
    Refused { until: Option<shared::time::UnixMs>, why: String },
}

/// What a follower read of this account is billed as.
pub(super) fn follower_resource(owned: bool, credential: Credential) -> Resource {
    if owned && credential != Credential::Bearer {
        Resource::OwnedFollower
    } else {
        Resource::Follower
    }
}

impl Account {
    /// Asks Control for leave to read.
    pub(super) async fn lease(&self, ask: Ask) -> Result<Leave> {
        let (account, route, resource) = (ask.account, ask.route.clone(), ask.resource);
        let left = ask.resources;
        Ok(match ControlClient::new(&self.env)?.ask(ask).await? {
            Grant::Go { lease, calls } => {
                let settlement = Settlement {
                    lease,
                    account,
                    route,
                    resource,
                    billed: 0,
                    repeats: 0,
                    rate: None,
                };
                Leave::Granted(Open { settlement, calls, left })
            }
            Grant::Later { until, why } => Leave::Refused { until: Some(until), why },
            Grant::No { why, goes_on } => {
                self.memory.goes_on.set(goes_on);
                Leave::Refused { until: None, why }
            }
        })
    }

    /// X refused a call: Control hears what concerns all calls before the lease is settled, and what
    /// X said of its window stays with the lease. Answers why the account must sign in again, where
    /// X ended its sign-in.
    pub(super) async fn heed(
        &self,
        x: &X<'_>,
        row: &str,
        open: &mut Open,
        refusal: &Refusal,
    ) -> Result<Option<Stop>> {
        ControlClient::new(&self.env)?.heed(&refusal.trouble).await?;
        open.settlement.rate.clone_from(&refusal.rate);
        self.put_meta(row, open)?;
        Ok(x.ended())
    }

    /// Tells Control what an earlier lease came to, if that is still to do.
    pub(super) async fn settle(&self) -> Result<()> {
        self.settle_in(FOLLOWER_LEASE).await
    }

    /// The same of the lease in another row: tweets are read beside followers.
    pub(super) async fn settle_in(&self, row: &str) -> Result<()> {
        let Some(open) = self.meta::<Open>(row)? else { return Ok(()) };
        if row == FOLLOWER_LEASE {
            let Settlement { resource, billed, .. } = &open.settlement;
            let cost = self.meta::<u64>(COST)?.unwrap_or_default();
            self.put_meta(COST, &cost.saturating_add(price(*resource).saturating_mul(*billed)))?;
        }
        let settle = ToControl::Settle { settlement: open.settlement };
        ControlClient::new(&self.env)?.tell::<Option<()>>(settle).await?;
        self.drop_meta(row)
    }

    /// Whether others use the window too, by what an answer says of it: then what is left of the
    /// lease may be the owner's reserve, and is asked for anew.
    pub(super) fn is_crowded(&self, rate: Option<&Rate>) -> bool {
        let Some(Rate { limit, remaining, reset }) = rate else { return false };
        let before = self.memory.window.replace(Some((*reset, *remaining)));
        let left = before.filter(|(window, _)| window == reset).map_or(*limit, |(_, left)| left);
        let alone = remaining.saturating_add(1) >= left;
        self.memory.crowded.set(!alone);
        !alone
    }

    /// How many of these ids X bills now, and how many are free repeats of this UTC day.
    pub(super) fn bill(&self, ids: &[UserId]) -> Result<(u64, u64)> {
        self.load_billed()?;
        let ids: Vec<u64> = ids.iter().map(|id| id.0).collect();
        let mut billed = self.memory.billed.borrow_mut();
        let today = billed.get_or_insert_with(BilledToday::default);
        Ok(today.fresh(clock::now(), &ids))
    }

    /// How many ids were billed today already: their repeats are free.
    pub(super) fn billed_today(&self) -> Result<u64> {
        self.load_billed()?;
        let billed = self.memory.billed.borrow();
        Ok(billed.as_ref().map_or(0, |today| today.len(clock::now())))
    }

    /// Keeps the ids billed today beyond this object's memory.
    pub(super) fn save_billed(&self) -> Result<()> {
        let billed = self.memory.billed.borrow();
        let Some(today) = billed.as_ref() else { return Ok(()) };
        let encoded = today.encode();
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            sql.run("DELETE FROM billed", values![])?;
            for chunk in encoded.chunks(BLOB_MAX / 2) {
                sql.run("INSERT INTO billed (bytes) VALUES (?)", values![chunk.to_vec()])?;
            }
            Ok(())
        })
    }

    fn load_billed(&self) -> Result<()> {
        if self.memory.billed.borrow().is_some() {
            return Ok(());
        }
        let mut encoded = Vec::new();
        for mut row in self.sql.rows("SELECT bytes FROM billed ORDER BY seq", values![])? {
            encoded.extend(row.blob()?);
        }
        // A damaged set only makes repeats look billed: dearer on paper, never in fact.
        let mut today = BilledToday::decode(&encoded).unwrap_or_default();
        for mut row in self.sql.rows("SELECT ids FROM crawl_ids ORDER BY page", values![])? {
            let ids: Vec<u64> = row
                .blob()?
                .as_chunks::<8>()
                .0
                .iter()
                .map(|word| u64::from_le_bytes(*word))
                .collect();
            today.fresh(clock::now(), &ids);
        }
        self.memory.billed.replace(Some(today));
        Ok(())
    }
}

/// SQLite's integers of what is never negative.
pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// A lease for one profile read.
pub(super) fn profile_ask(settings: &Settings) -> Ask {
    Ask {
        account: settings.account,
        feature: Feature::Profiles,
        account_cap: settings.cap_micro,
        account_day_cap: settings.day_cap_micro,
        route: "users".to_owned(),
        calls: 1,
        resource: Resource::User,
        resources: 1,
    }
}
