//! What the owner set for this account, and what its collector last did: one small JSON row.

use super::Account;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, ToControl};
use serde::{Deserialize, Serialize};
use shared::api::{self, NewAccount, Person, Schedule};
use shared::budget::micro;
use shared::id::AccountId;
use shared::schedule::{AccountClock, History};
use shared::time::{DAY_MS, UnixMs};
use shared::x::page::{profile_count, profile_tweets};
use shared::x::user::Profile;

/// Monthly cap of a new account: nothing dearer happens before its owner says so.
pub(crate) const DEFAULT_CAP_USD: f64 = 5.0;
/// More than anyone should be able to type by mistake.
const CAP_MAX_USD: f64 = 1_000_000.0;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) account: AccountId,
    pub(super) person: Person,
    pub(super) upstream: String,
    pub(super) simulated: bool,
    pub(super) schedule: Schedule,
    pub(super) cap_micro: u64,
    /// The same per UTC day.
    #[serde(default)]
    pub(super) day_cap_micro: Option<u64>,
    pub(super) created: UnixMs,
    /// When a full check last began.
    #[serde(default)]
    pub(super) last_crawl: Option<UnixMs>,
    /// When X's own count was last read.
    #[serde(default)]
    pub(super) last_count: Option<UnixMs>,
    /// When X was last asked anything.
    #[serde(default)]
    pub(super) last_read: Option<UnixMs>,
    /// Why collection stopped, and when.
    #[serde(default)]
    pub(super) stopped: Option<Stopped>,
}

/// Collection needs the owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stopped {
    pub(super) at: UnixMs,
    pub(super) reason: String,
    /// When it goes on by itself, where that is known.
    #[serde(default)]
    pub(super) until: Option<UnixMs>,
}

impl Stopped {
    /// Whether it still holds: for its UTC day where no end is known, so that topped-up credits
    /// are noticed without anyone pressing anything.
    pub(super) fn holds(&self, now: UnixMs) -> bool {
        self.until.map_or(self.at.utc_day() == now.utc_day(), |until| now < until)
    }

    /// When it ends by itself.
    pub(super) fn ends(&self) -> UnixMs {
        self.until.unwrap_or(UnixMs((self.at.utc_day() + 1) * DAY_MS))
    }
}

impl Settings {
    /// What the schedule is decided by.
    pub(super) fn clock(&self, crawling: bool, history: History, now: UnixMs) -> AccountClock {
        AccountClock {
            schedule: self.schedule,
            last_count: self.last_count,
            last_crawl: self.last_crawl,
            crawling,
            stopped: self.stopped.as_ref().is_some_and(|stopped| stopped.holds(now)),
            history,
        }
    }
}

impl Account {
    /// The settings, if the account is tracked.
    pub(super) fn settings(&self) -> Result<Option<Settings>> {
        self.meta("settings")
    }

    /// The settings of a tracked account.
    pub(super) fn tracked(&self) -> Result<Settings> {
        self.settings()?.ok_or_else(|| {
            Fault::missing("this account is not tracked: add it with POST /api/v1/accounts")
        })
    }

    pub(super) fn save(&self, settings: &Settings) -> Result<()> {
        self.put_meta("settings", settings)
    }

    /// Begins to track. An account that is tracked stays as it is, but learns its handle where
    /// none is known: from X's archive, of an account that was begun by its id.
    pub(super) async fn begin(
        &self,
        account: AccountId,
        new: NewAccount,
        raw: Option<String>,
    ) -> Result<bool> {
        let cap_usd = new.monthly_cap_usd.unwrap_or(DEFAULT_CAP_USD);
        let cap_micro = cap_micro("monthly_cap_usd", cap_usd)?;
        // On the roll first: an account that is not on it is never ticked, and one that is tracked
        // is not begun again.
        let enlist = ToControl::Enlist { account };
        ControlClient::new(&self.env)?.tell::<Option<()>>(enlist).await?;
        let handle = new.username.unwrap_or_default().trim_start_matches('@').to_owned();
        if let Some(mut settings) = self.settings()? {
            if settings.person.username.is_empty() && !handle.is_empty() {
                settings.person.username = handle;
                self.save(&settings)?;
            }
            return Ok(false);
        }
        let config = Config::read(&self.env);
        let now = clock::now();
        let profile = raw.as_deref().and_then(Profile::from_raw);
        let count = raw.as_deref().and_then(profile_count);
        let unnamed = Person { id: account, username: handle, name: String::new(), avatar: None };
        self.save(&Settings {
            account,
            person: profile.map_or(unnamed, |profile| profile.person),
            upstream: config.upstream,
            simulated: config.simulated,
            schedule: new.schedule.unwrap_or(Schedule::CountOnly),
            cap_micro,
            day_cap_micro: None,
            created: now,
            last_crawl: None,
            last_count: count.map(|_| now),
            last_read: count.map(|_| now),
            stopped: None,
        })?;
        self.reads_by_rules()?;
        if let Some(count) = count {
            self.record_count(now, count)?;
        }
        self.saw_tweet_count(raw.as_deref().unwrap_or_default())?;
        self.saw_following_count(raw.as_deref().unwrap_or_default(), now)?;
        self.begin_verify(new.verify.unwrap_or(true), now)?;
        Ok(true)
    }

    /// `PATCH /accounts/{account}`.
    pub(super) fn change(&self, change: &api::AccountChange) -> Result<()> {
        let mut settings = self.tracked()?;
        if let Some(schedule) = change.schedule {
            settings.schedule = schedule;
        }
        if let Some(cap) = change.monthly_cap_usd {
            settings.cap_micro = cap_micro("monthly_cap_usd", cap)?;
        }
        if let Some(cap) = change.daily_cap_usd {
            settings.day_cap_micro = cap.map(|cap| cap_micro("daily_cap_usd", cap)).transpose()?;
        }
        let mut tweets = self.tweets()?;
        tweets.on = change.tweets.unwrap_or(tweets.on);
        tweets.stopped = None;
        self.save_tweets(&tweets)?;
        let mut following = self.following()?;
        following.on = change.following.unwrap_or(following.on);
        following.stopped = None;
        self.save_following(&following)?;
        self.change_verify(change.verify)?;
        // Whatever stopped it may be mended now: the next tick tries.
        settings.stopped = None;
        self.save(&settings)
    }

    /// The deployment's settings with the keys for this account.
    pub(super) async fn config(&self) -> Result<Config> {
        let account = self.settings()?.map(|settings| settings.account);
        Config::load(&self.env, account).await
    }

    /// The account signed in at X: what stopped for want of keys may go on.
    pub(super) fn signed_in(&self) -> Result<()> {
        let Some(mut settings) = self.settings()? else { return Ok(()) };
        let mut tweets = self.tweets()?;
        let mut following = self.following()?;
        (settings.stopped, tweets.stopped, following.stopped) = (None, None, None);
        self.save_tweets(&tweets)?;
        self.save_following(&following)?;
        self.save(&settings)
    }

    /// Takes in what a profile read says of the account itself.
    pub(super) fn saw_profile(&self, raw: &str, at: UnixMs) -> Result<Option<u64>> {
        let mut settings = self.tracked()?;
        let count = profile_count(raw);
        self.saw_tweet_count(raw)?;
        self.saw_following_count(raw, at)?;
        if let Some(profile) = Profile::from_raw(raw) {
            settings.person = profile.person;
        }
        settings.last_read = Some(at);
        if let Some(count) = count {
            settings.last_count = Some(at);
            self.record_count(at, count)?;
        }
        self.save(&settings)?;
        Ok(count)
    }

    /// How many tweets X says there are: by it the first reading's price is told.
    fn saw_tweet_count(&self, raw: &str) -> Result<()> {
        let mut tweets = self.tweets()?;
        tweets.written = profile_tweets(raw).or(tweets.written);
        self.save_tweets(&tweets)
    }

    fn record_count(&self, at: UnixMs, count: u64) -> Result<()> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.sql.run(
            "INSERT INTO counts (at, count) VALUES (?, ?)
             ON CONFLICT (at) DO UPDATE SET count = excluded.count",
            crate::sql::values![at.0, count],
        )
    }
}

/// A cap as kept.
///
/// # Errors
/// 400 where it is below nothing, or a slip of the finger.
pub(crate) fn cap_micro(name: &str, usd: f64) -> Result<u64> {
    if (0.0..=CAP_MAX_USD).contains(&usd) {
        return Ok(micro(usd));
    }
    Err(Fault::bad(format!("`{name}`: 0 to {CAP_MAX_USD} is expected, not {usd}")))
}
