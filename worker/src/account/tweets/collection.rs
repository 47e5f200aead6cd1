//! How an account's tweets are read: on or off, why it stopped, what it costs. Owns: the one
//! small row of that. Must not know: how a reading goes. Invariant: nothing is read before the
//! owner has switched it on; a stop holds for its UTC day.

use super::store;
use crate::account::Account;
use crate::account::settings::{Settings, Stopped};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, ToControl};
use crate::sql::values;
use crate::x::X;
use serde::{Deserialize, Serialize};
use shared::api::{CollectorState, Credential, TweetCollection, Work};
use shared::budget::{Resource, price, usd};
use shared::cadence::{Terms, Watched, forecast};
use shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use shared::watch::{Gap, Watch};

/// X lists so many of an account's tweets.
const LISTED_MAX: u64 = 3_200;
/// Tweets in 30 days of an account that was not read yet: three a day.
const TWEETS_ASSUMED: u64 = 90;
/// Ticks are hourly, some minutes late or early.
const EARLY_MS: i64 = 5 * MINUTE_MS;

/// What was set, and what the readings came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::account) struct Tweets {
    pub(in crate::account) on: bool,
    /// Why reading stopped, and when.
    #[serde(default)]
    pub(in crate::account) stopped: Option<Stopped>,
    /// When X was last asked for new ones.
    #[serde(default)]
    pub(super) discovered: Option<UnixMs>,
    /// When a reading last began.
    #[serde(default)]
    pub(super) began: Option<UnixMs>,
    /// What of the listing was not read yet.
    #[serde(default)]
    pub(super) gap: Option<Gap>,
    /// How many tweets X says the account wrote.
    #[serde(default)]
    pub(in crate::account) written: Option<u64>,
}

impl Tweets {
    pub(super) fn is_stopped(&self, now: UnixMs) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.holds(now))
    }

    /// Whether this hour's reading is still to come.
    pub(super) fn is_due(&self, now: UnixMs) -> bool {
        let hour = |at: UnixMs| at.plus(EARLY_MS).0.div_euclid(HOUR_MS);
        let before = self.began.filter(|began| *began <= now);
        self.on && !self.is_stopped(now) && before.is_none_or(|began| hour(began) < hour(now))
    }

    fn next(&self, now: UnixMs) -> Option<UnixMs> {
        let hour = now.plus(EARLY_MS).0.div_euclid(HOUR_MS);
        let next = UnixMs((hour + i64::from(!self.is_due(now))) * HOUR_MS).max(now);
        let tomorrow = UnixMs((now.utc_day() + 1) * DAY_MS);
        self.on.then_some(if self.is_stopped(now) { tomorrow } else { next })
    }
}

impl Account {
    pub(in crate::account) fn tweets(&self) -> Result<Tweets> {
        Ok(self.meta("tweets")?.unwrap_or_default())
    }

    pub(in crate::account) fn save_tweets(&self, tweets: &Tweets) -> Result<()> {
        self.put_meta("tweets", tweets)
    }

    /// What is watched, newest first.
    pub(super) fn watched(&self) -> Result<Vec<Watched>> {
        let rows = self.sql.rows(
            "SELECT t.id, COALESCE(t.created, 0), MAX(t.read_at, COALESCE(a.at, 0)) FROM tweet t
             LEFT JOIN tweet_asked a ON a.id = t.id
             WHERE NOT EXISTS (SELECT 1 FROM tweet_gone g WHERE g.id = t.id)
                AND NOT EXISTS (SELECT 1 FROM tweet_edit e WHERE e.old = t.id)
             ORDER BY t.id DESC",
            values![],
        )?;
        let watched = |(rank, mut row): (u64, crate::sql::Row)| {
            Ok(Watched {
                id: store::id_of(&row.text()?)?,
                created: UnixMs(row.int()?),
                last_read: Some(UnixMs(row.int()?)),
                listed: rank < LISTED_MAX,
            })
        };
        (0..).zip(rows).map(watched).collect()
    }

    /// By what a plan is made: whose keys, how much money.
    pub(super) async fn terms(
        &self,
        settings: &Settings,
        config: &Config,
        credential: Credential,
    ) -> Result<Terms> {
        let spent = ToControl::Spent { account: settings.account };
        let spent: u64 = ControlClient::new(&self.env)?.tell(spent).await?;
        Ok(Terms {
            owned: is_owned(settings, config, credential),
            author: X::new(config).acts_for(settings.account, credential),
            budget: settings.cap_micro.saturating_sub(spent),
            discovered: self.tweets()?.discovered,
        })
    }

    /// The readings as the account's view shows them.
    pub(in crate::account) fn tweet_collection(
        &self,
        settings: &Settings,
        config: &Config,
    ) -> Result<TweetCollection> {
        let now = clock::now();
        let tweets = self.tweets()?;
        let watch: Option<Watch> = self.meta("watch")?;
        let paused = self.paused(Work::Tweets, now).filter(|_| watch.is_some());
        let waiting = watch
            .as_ref()
            .and_then(Watch::waiting)
            .filter(|(until, _)| *until > now)
            .or(paused.as_ref().map(|(until, why)| (*until, why.as_str())));
        let stopped = tweets.stopped.as_ref().filter(|_| tweets.on);
        let (state, reason) = match (&watch, waiting, stopped) {
            (Some(_), Some((_, why)), _) => (CollectorState::Waiting, Some(why.to_owned())),
            (Some(_), None, _) => (CollectorState::Checking, None),
            (None, _, Some(stopped)) => (CollectorState::Stopped, Some(stopped.reason.clone())),
            (None, _, None) => (CollectorState::Idle, None),
        };
        let (known, young, deleted) = self.known_tweets(now)?;
        let credential = X::new(config).credential(settings.account);
        let owned = credential.is_some_and(|keys| is_owned(settings, config, keys));
        let listed = tweets.written.unwrap_or(LISTED_MAX).min(LISTED_MAX);
        let month = match tweets.discovered {
            Some(_) => forecast(young, known - young, owned),
            None => forecast(TWEETS_ASSUMED, tweets.written.unwrap_or(0).min(LISTED_MAX), owned),
        };
        let complete = tweets.discovered.is_some() && tweets.gap.is_none();
        let each = price(if owned { Resource::OwnedPost } else { Resource::Post });
        let last_read = self.sql.first("SELECT MAX(read_at) FROM tweet", values![])?;
        let last_read = last_read.map_or(Ok(None), |mut row| row.maybe_int())?.map(UnixMs);
        Ok(TweetCollection {
            on: tweets.on,
            state,
            reason,
            run: watch.as_ref().map(|watch| watch.run().to_owned()),
            known,
            deleted,
            last_read: last_read.max(tweets.discovered),
            next_read: waiting.map(|(until, _)| until).or_else(|| tweets.next(now)),
            complete,
            month_usd: usd(month.cost),
            first_usd: if complete { 0.0 } else { usd(listed.saturating_mul(each)) },
        })
    }

    /// How many tweets are known, how many of them are younger than 30 days, and how many more are
    /// listed although they were deleted.
    fn known_tweets(&self, now: UnixMs) -> Result<(u64, u64, u64)> {
        let row = self.sql.first(
            "SELECT COALESCE(SUM(NOT gone), 0), COALESCE(SUM(NOT gone AND created >= ?), 0),
                COALESCE(SUM(gone), 0)
             FROM (SELECT t.created,
                    EXISTS (SELECT 1 FROM tweet_gone g WHERE g.id = t.id) AS gone FROM tweet t
                WHERE NOT EXISTS (SELECT 1 FROM tweet_edit e WHERE e.old = t.id))",
            values![now.plus(-30 * DAY_MS).0],
        )?;
        let Some(mut row) = row else { return Ok((0, 0, 0)) };
        let mut count = || Ok::<_, Fault>(u64::try_from(row.int()?).unwrap_or_default());
        Ok((count()?, count()?, count()?))
    }
}

fn is_owned(settings: &Settings, config: &Config, credential: Credential) -> bool {
    config.owner_id() == Some(settings.account) && credential != Credential::Bearer
}
