//! The hourly tick of an account. Owns: in which order its work is looked after. Must not know: how
//! any of it is done. Invariant: what fails does not keep the rest from its turn, but for checks:
//! none begins before lists that were read by older rules are read again.

use super::Account;
use super::settings::Settings;
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::x::X;
use shared::api::Trigger;
use shared::schedule::{self, Due};
use shared::time::UnixMs;

impl Account {
    /// Cron ticked: starts what is due, and goes on with what waited.
    pub(super) async fn tick(&self, _at: UnixMs) -> Result<()> {
        let Some(settings) = self.settings()? else { return Ok(()) };
        let config = self.config().await?;
        X::new(&config).sync_clock().await;
        let now = clock::now();
        // Before a check could be compared with lists that were read by older rules.
        let healed = self.heal().await;
        let comparable = healed.is_ok();
        log("tick", healed);
        // A replay under way knows of every file, and has not come to all of them.
        if !self.is_replaying()? {
            log("tick", self.discover(now).await);
        }
        // Each whatever becomes of the others.
        for outcome in [
            self.open_runs().await,
            self.resend_pending().await,
            self.tick_tweets().await,
            self.tick_following().await,
            self.tick_push(&settings).await,
        ] {
            log("tick", outcome);
        }
        if comparable {
            log("tick", self.tick_checks().await);
        }
        log("tick", self.erase_gone(clock::now()));
        log("tick", self.arm_look().await);
        let told = self.tell_notices().await;
        for outcome in [told, self.correct_doubted().await, self.mind_schedule().await] {
            log("notices", outcome);
        }
        if self.has_left()? || self.has_purges()? {
            self.arm_in(1).await?;
        }
        let hold = ToControl::Hold { account: Some(settings.account), runs: self.runs_held()? };
        ControlClient::new(&self.env)?.tell::<Option<()>>(hold).await.map(drop)
    }

    /// Starts the check or the count that is due.
    async fn tick_checks(&self) -> Result<()> {
        let config = self.config().await?;
        // As they are now: X may have been waited for, and a check begun meanwhile.
        let Some(settings) = self.settings()? else { return Ok(()) };
        let crawling = self.crawl()?.is_some();
        let due = self.due(&settings, &config, crawling).await?;
        if due.crawl {
            self.start_crawl(Trigger::Cron).await?;
        } else if due.count {
            self.read_count(&settings, &config).await?;
            // The count just read may call for a check.
            let settings = self.tracked()?;
            if self.due(&settings, &config, crawling).await?.crawl {
                self.start_crawl(Trigger::Cron).await?;
            }
        }
        Ok(())
    }

    async fn due(&self, settings: &Settings, config: &Config, crawling: bool) -> Result<Due> {
        let history = self.outlook(settings, config).await?.history;
        let now = clock::now();
        Ok(schedule::due(&settings.clock(crawling, history, now), now))
    }
}

fn log(what: &str, outcome: Result<()>) {
    if let Err(fault) = outcome {
        worker::console_error!("{what}: {}", fault.log());
    }
}
