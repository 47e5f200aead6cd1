//! Whom the account follows and blocks, as its own lists say: on or off, why reading stopped, what
//! it costs, what is known. Owns: the one small row of that. Must not know: how a reading goes.
//! Invariant: nothing is read before the owner has switched it on, and never with another's keys.

mod read;
mod store;

use super::roster::Wanted;
use super::settings::{Settings, Stopped};
use super::{Account, id_from_text, ledger};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::values;
use crate::x::X;
use serde::{Deserialize, Serialize};
use shared::api::{CollectorState, FollowingCollection, Work};
use shared::budget::{price, usd};
use shared::credentials::Endpoint;
use shared::following::{PROFILES_MS, Relation, Survey, estimate, explains, follows, next};
use shared::id::UserId;
use shared::listing::Collector;
use shared::roster::Roster;
use shared::time::{DAY_MS, UnixMs};
use shared::verdict::{Evidence, Said};
use shared::x::page::profile_following;
use std::collections::BTreeSet;
use worker::Response;

pub(super) use store::{entry, forget, pack, pack_starts};

/// What was set, and what the readings came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Following {
    pub(super) on: bool,
    /// Why reading stopped, and when.
    #[serde(default)]
    pub(super) stopped: Option<Stopped>,
    /// When a reading last began.
    #[serde(default)]
    tried: Option<UnixMs>,
    /// How many X says the account follows, and when it said so.
    #[serde(default)]
    counted: Option<(u64, UnixMs)>,
    /// The list of the followed: when it was read, and how many it has.
    #[serde(default)]
    followed: Option<(UnixMs, u64)>,
    /// The same of the block list.
    #[serde(default)]
    blocked: Option<(UnixMs, u64)>,
    /// Why the last reading had no block list.
    #[serde(default)]
    missed: Option<String>,
    /// The profiles of the followed were forgotten since they were read.
    #[serde(default)]
    forgotten: bool,
}

impl Following {
    fn read(&self) -> Option<UnixMs> {
        self.followed.map(|(at, _)| at)
    }

    fn next(&self, now: UnixMs) -> Option<UnixMs> {
        self.on.then(|| next(self.read(), self.tried, now))
    }

    /// X's count, if it is fresh enough to judge a list by.
    fn expected(&self, now: UnixMs) -> Option<u64> {
        let fresh = |at: UnixMs| (0..DAY_MS).contains(&now.since(at));
        self.counted.filter(|(_, at)| fresh(*at)).map(|(count, _)| count)
    }
}

/// Whom the account followed when its list was read.
pub(super) struct Followed {
    roster: Roster,
    at: UnixMs,
}

impl Followed {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.roster.len()
    }
}

/// Whether the account follows someone, by its list and by what X said beside their profile: the
/// newer of the two.
pub(super) fn mutual(
    followed: Option<&Followed>,
    id: UserId,
    told: Option<bool>,
    seen: UnixMs,
) -> Option<bool> {
    follows(told, seen, followed.map(|list| (list.roster.contains(id), list.at)))
}

impl Account {
    pub(super) fn following(&self) -> Result<Following> {
        Ok(self.meta("following")?.unwrap_or_default())
    }

    pub(super) fn save_following(&self, following: &Following) -> Result<()> {
        self.put_meta("following", following)
    }

    fn survey(&self) -> Result<Option<Survey>> {
        self.meta("survey")
    }

    /// How many the account follows, by its own profile: by it the price is told.
    pub(super) fn saw_following_count(&self, raw: &str, at: UnixMs) -> Result<()> {
        let Some(count) = profile_following(raw) else { return Ok(()) };
        let mut following = self.following()?;
        following.counted = Some((count, at));
        self.save_following(&following)
    }

    /// The list of the followed, if it was ever read.
    pub(super) fn followed(&self) -> Result<Option<Followed>> {
        let Some(at) = self.following()?.read() else { return Ok(None) };
        Ok(Some(Followed { roster: store::roster(&self.sql, Relation::Following)?, at }))
    }

    pub(super) fn needs_list(&self) -> Result<Followed> {
        self.followed()?.ok_or_else(|| {
            Fault::new(
                409,
                "Not read yet",
                "whom the account follows was not read yet: `following` of the account says what \
                 that costs; switch it on with PATCH {\"following\": true}, or begin with POST \
                 …/following/check",
            )
        })
    }

    /// `GET …/following`.
    pub(super) async fn list_following(&self, query: &Query) -> Result<Response> {
        self.tracked()?;
        let wanted = Wanted::read_followed(query)?;
        let cursor = query.get("cursor").map(String::as_str);
        let mut collector = Collector::new(wanted.sort, cursor, query::limit(query)?)
            .map_err(|error| Fault::bad(error.to_string()))?;
        let mut walk = self.walk(wanted).await?;
        while let Some(rows) = walk.next_pack()? {
            for row in rows {
                collector.push(row);
            }
        }
        http::json(200, &collector.finish())
    }

    /// Whoever has events and is (or is not) among the followed.
    pub(super) fn people_with_events(&self, among: bool) -> Result<BTreeSet<UserId>> {
        let followed = self.needs_list()?.roster;
        let mut people = BTreeSet::new();
        let statement = "SELECT DISTINCT user FROM shown";
        for mut row in self.sql.rows(statement, values![])? {
            let user = id_from_text(&row.text()?)?;
            if followed.contains(user) == among {
                people.insert(user);
            }
        }
        Ok(people)
    }

    /// What the block list says of people who left without a certain reason: kept, shown, told.
    /// `before` is the block list read before this one, if the list was just read.
    pub(super) async fn witness_blocks(&self, before: Option<&(Roster, UnixMs)>) -> Result<()> {
        let Some((seen, _)) = self.following()?.blocked else { return Ok(()) };
        let blocked = store::roster(&self.sql, Relation::Blocking)?;
        let rows = self.sql.rows(
            "SELECT user, not_before, at FROM changes c
             WHERE kind = 'lost' AND COALESCE(confidence, '') <> 'certain'
             AND state <> 'retracted' AND NOT EXISTS (SELECT 1 FROM changes l
                WHERE l.user = c.user AND l.at > c.at AND l.dir > 0)",
            values![],
        )?;
        let mut evidence = Vec::new();
        for mut row in rows {
            let user = id_from_text(&row.text()?)?;
            let (not_before, at) = (UnixMs(row.int()?), UnixMs(row.int()?));
            let free = before.filter(|(list, _)| !list.contains(user)).map(|(_, read)| *read);
            if blocked.contains(user) && explains(not_before, at, free, seen) {
                // Of the loss, which the list may have been read before.
                let at = seen.max(at);
                let said = Said::Blocked;
                evidence.push(Evidence { user, at, said, listed: None, shown: None });
            }
        }
        if evidence.is_empty() {
            return Ok(());
        }
        let sql = self.sql.clone();
        let news = self.sql.atomically(move || ledger::witness(&sql, &evidence))?;
        if let Err(fault) = self.tell_news(&self.tracked()?, &news).await {
            worker::console_error!("news of blocks: {}", fault.log());
        }
        Ok(())
    }

    /// Forgets profiles that were not read again for long: X's are to be current.
    fn forget_stale(&self, now: UnixMs) -> Result<()> {
        let mut following = self.following()?;
        let stale = following.read().is_some_and(|read| now.since(read) > PROFILES_MS);
        if !stale || following.forgotten {
            return Ok(());
        }
        store::forget(&self.sql, None)?;
        following.forgotten = true;
        self.save_following(&following)
    }

    /// The readings as the account's view shows them.
    pub(super) fn following_collection(
        &self,
        settings: &Settings,
        config: &Config,
    ) -> Result<FollowingCollection> {
        let now = clock::now();
        let following = self.following()?;
        let survey = self.survey()?;
        let paused = self.paused(Work::Following, now).filter(|_| survey.is_some());
        let waiting = survey
            .as_ref()
            .and_then(Survey::waiting)
            .filter(|(until, _)| *until > now)
            .or(paused.as_ref().map(|(until, why)| (*until, why.as_str())));
        let stopped = following.stopped.as_ref().filter(|_| following.on);
        let lacking =
            X::new(config).reader_of(Endpoint::Following, settings).err().map(|stop| stop.detail);
        let (state, reason) = match (&survey, waiting, stopped) {
            (Some(_), Some((_, why)), _) => (CollectorState::Waiting, Some(why.to_owned())),
            (Some(_), None, _) => (CollectorState::Checking, None),
            (None, _, Some(stopped)) => (CollectorState::Stopped, Some(stopped.reason.clone())),
            (None, _, None) => (CollectorState::Idle, lacking.or(following.missed.clone())),
        };
        let owns = owns(settings, config);
        let listed = following.followed.map(|(_, count)| count);
        let count = listed.or(following.counted.map(|(count, _)| count));
        let blocked = following.blocked.map(|(_, count)| count);
        let price_of = |list: Relation| usd(price(list.resource(owns)));
        let cost = count.map(|count| estimate(count, blocked.unwrap_or(0), owns));
        Ok(FollowingCollection {
            on: following.on,
            state,
            reason,
            run: survey.as_ref().map(|survey| survey.run().to_owned()),
            following: count,
            blocked,
            last_read: following.read(),
            blocked_read: following.blocked.map(|(at, _)| at),
            next_read: waiting.map(|(until, _)| until).or_else(|| following.next(now)),
            following_usd: price_of(Relation::Following),
            block_usd: price_of(Relation::Blocking),
            once_usd: cost.map(|cost| usd(cost.once)),
            month_usd: cost.map(|cost| usd(cost.month)),
        })
    }
}

/// Whether the account owns the app: then X bills a tenth.
fn owns(settings: &Settings, config: &Config) -> bool {
    config.owner_id() == Some(settings.account)
}

/// What a list is read by.
fn endpoint(list: Relation) -> Endpoint {
    match list {
        Relation::Following => Endpoint::Following,
        Relation::Blocking => Endpoint::Blocking,
    }
}
