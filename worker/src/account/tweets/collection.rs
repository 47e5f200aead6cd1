//! How tweets are read, as the account's view tells it: on or off, what it costs, what is next.

use crate::account::Account;
use crate::account::settings::Settings;
use crate::config::Config;
use crate::fault::Result;
use shared::api::{CollectorState, TweetCollection};

impl Account {
    pub(in crate::account) fn tweet_collection(
        &self,
        settings: &Settings,
        _config: &Config,
    ) -> Result<TweetCollection> {
        Ok(TweetCollection {
            on: settings.tweets,
            state: CollectorState::Idle,
            reason: None,
            run: None,
            known: 0,
            last_read: None,
            next_read: None,
            complete: false,
            month_usd: 0.0,
            first_usd: 0.0,
        })
    }
}
