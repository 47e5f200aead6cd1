//! What lies ahead of this account: what its history says beside X's count, what a check costs,
//! what each schedule would. Must not know: how anything is read. Invariant: reading changes
//! nothing.

use super::lease::{follower_resource, unsigned};
use super::settings::Settings;
use super::{Account, push};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, Money, ToControl};
use crate::sql::values;
use crate::x::X;
use shared::api::{self, CheckOffer, Credential, Feature, PushState};
use shared::budget::{Ask, Resource, price, usd};
use shared::schedule::{self, AccountClock, History, Pace, Prices};
use shared::time::{DAY_MS, UnixMs};

/// Over how long the pace is measured, and from how little of it.
const PACE_MS: i64 = 30 * DAY_MS;
const PACE_MIN_MS: i64 = DAY_MS;

/// What is known of an account before its schedule decides.
pub(super) struct Outlook {
    pub(super) history: History,
    pub(super) pace: Pace,
    pub(super) prices: Prices,
    pub(super) money: Money,
}

impl Outlook {
    /// Micro-dollars of a full check, at most.
    fn check(&self) -> u64 {
        let followers = self.pace.followers.unwrap_or_default();
        followers.saturating_mul(self.prices.follower).saturating_add(self.prices.profile)
    }

    /// The full check that X's count calls for and that the caps do not cover, if there is one.
    pub(super) fn offer(&self, clock: &AccountClock, now: UnixMs) -> Option<CheckOffer> {
        let history = &self.history;
        schedule::due(clock, now).offer.then(|| CheckOffer {
            why: match history.followers {
                None => "There is no list yet to compare X's count with, and the caps leave no \
                         room for a full check."
                    .to_owned(),
                Some(followers) => format!(
                    "X's count and the history differ by {}, more than {}; the caps leave no \
                     room for a full check.",
                    history.difference,
                    schedule::allowed(followers)
                ),
            },
            difference: history.difference,
            usd: usd(self.check()),
        })
    }
}

impl Account {
    /// Asks Control for the money and the database for the rest.
    pub(super) async fn outlook(&self, settings: &Settings, config: &Config) -> Result<Outlook> {
        let now = clock::now();
        let prices = prices(settings, config);
        let newest = self.accepted_at(None)?;
        let counted = self.counted()?;
        let mut history = History {
            listed: newest.as_ref().map(|known| known.name.at()),
            pushed: self.push_summary()?.state == PushState::On,
            ..History::default()
        };
        let mut followers = counted.map(|(_, count)| count);
        if let Some(known) = &newest {
            let list = known.count.unwrap_or_default();
            let net = push::net_since(&self.sql, known.name.at())?;
            let then = known.facts.as_ref().and_then(|facts| facts.x_count_end);
            let now_at = list.saturating_add_signed(net);
            history.followers = Some(now_at);
            followers = Some(now_at);
            history.difference = match counted {
                // A count of before the list says nothing of what came after it.
                Some((at, count)) if at > known.name.at() => {
                    schedule::difference(list, then, count, net)
                }
                _ => 0,
            };
        }
        let month = self.pace(now)?;
        let pace = Pace { followers, listed: newest.is_some(), month };
        let resource = Resource::Follower;
        let ask = Ask {
            account: settings.account,
            feature: Feature::Followers,
            account_cap: settings.cap_micro,
            account_day_cap: settings.day_cap_micro,
            route: String::new(),
            calls: 0,
            resource,
            resources: 0,
        };
        let money = ControlClient::new(&self.env)?.tell(ToControl::Money { ask }).await?;
        let mut outlook = Outlook { history, pace, prices, money };
        outlook.history.affordable = outlook.check() <= outlook.money.room;
        Ok(outlook)
    }

    /// X's own count, as last read, and when.
    pub(super) fn counted(&self) -> Result<Option<(UnixMs, u64)>> {
        let row = "SELECT at, MIN(count, 9007199254740991) FROM counts ORDER BY at DESC LIMIT 1";
        let row = self.sql.first(row, values![])?;
        row.map(|mut row| Ok::<_, Fault>((UnixMs(row.int()?), unsigned(row.int()?)))).transpose()
    }

    /// Who came and who left in 30 days, by what was seen in the last of them; none if that is
    /// less than a day.
    fn pace(&self, now: UnixMs) -> Result<Option<(u64, u64)>> {
        let from = now.plus(-PACE_MS);
        let bounds = self.sql.first("SELECT MIN(at), MAX(at) FROM lists", values![])?;
        let Some(mut bounds) = bounds else { return Ok(None) };
        let (Some(first), Some(last)) = (bounds.maybe_int()?, bounds.maybe_int()?) else {
            return Ok(None);
        };
        let seen = last - first.max(from.0);
        if seen < PACE_MIN_MS {
            return Ok(None);
        }
        let row = self.sql.first(
            "SELECT COALESCE(SUM(dir = 1), 0), COALESCE(SUM(dir = -1), 0) FROM changes
             WHERE at >= ?",
            values![from.0],
        )?;
        let Some(mut row) = row else { return Ok(None) };
        let mut month = || Ok::<_, Fault>(row.int()?.saturating_mul(PACE_MS) / seen);
        Ok(Some((unsigned(month()?), unsigned(month()?))))
    }
}

/// What reads of this account cost, with the keys at hand.
fn prices(settings: &Settings, config: &Config) -> Prices {
    let owned = config.owner_id() == Some(settings.account);
    let credential: Option<Credential> = X::new(config).credential(settings.account);
    let resource = credential.map_or(Resource::Follower, |c| follower_resource(owned, c));
    Prices { follower: price(resource), profile: price(Resource::User) }
}

impl From<&Outlook> for Vec<api::SchedulePrice> {
    fn from(outlook: &Outlook) -> Self {
        schedule::prices(&outlook.pace, outlook.prices)
    }
}
