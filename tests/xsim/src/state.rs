//! The simulator's state: the world, which never changes, and what requests leave behind.
//!
//! Knows all parts, no routes. Invariant: a lock is never held across an await or a walk over the
//! roster, nor two of them at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::activity::book::Book;
use crate::auth::{Auth, CLIENT_ID, CLIENT_SECRET};
use crate::bill::Bill;
use crate::calendar::SECOND_MS;
use crate::clock::{Clock, real_now_ms};
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::life::Pace;
use crate::limits::Limits;
use crate::oauth2::grants::{Grants, Reuse};
use crate::own::diary::Diary;
use crate::own::marks::Marks;
use crate::problem::NotFoundForm;
use crate::profile::Dialect;
use crate::stream::live::LiveCell;
use crate::stream::settings::RATE_DEFAULT;
use crate::three_legs::Requests;
use crate::tweets::feed::RATE_MAX;
use crate::world::{Account, World};

/// What makes one simulator differ from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Everything in the world follows from it.
    pub seed: u64,
    /// Followers of account 12 at the start; account 13 has a tenth. At most
    /// [`crate::FOLLOWERS_MAX`].
    pub followers: u32,
    /// Start of the virtual clock in milliseconds since 1970, in the years 2018 to 2099; `None`
    /// is the real time, floored to the second.
    pub start_ms: Option<i64>,
    /// Virtual seconds per real second; 0 stands still.
    pub speed: f64,
    /// Whether requests beyond X's rate limits are refused.
    pub limits_enforced: bool,
    /// The names in answers to requests that do not choose by `post.fields`.
    pub dialect: Dialect,
    /// Tweets a second that the world writes, 0 to 5,000.
    pub stream_rate: f64,
    /// Tweets a day of account 12, 0 to 2,000; account 13 writes half as many.
    pub tweets_a_day: f64,
    /// Tweets of account 12 that are older than the last hundred days before the start, at most
    /// 100,000, over five years; account 13 has a tenth.
    pub tweets_before: u32,
    /// Who follows account 12 for the first time, a day, from the first midnight after the start
    /// on; account 13 has a tenth. `None` is about 0.4 % of the followers.
    pub gained_a_day: Option<f64>,
    /// Who leaves it a day, from then on and by every kind of loss; account 13 has a tenth. `None`
    /// is about 0.35 % of the followers, and nobody leaves for hours only.
    pub lost_a_day: Option<f64>,
    /// OAuth 2.0: the app's client.
    pub client_id: String,
    /// OAuth 2.0: its secret; empty for a public client.
    pub client_secret: String,
    /// What becomes of a refresh token that is sent again.
    pub refresh_reuse: Reuse,
    /// How single look-ups of what is not there are answered.
    pub missing: NotFoundForm,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            followers: 10_000,
            start_ms: None,
            speed: 1.0,
            limits_enforced: true,
            dialect: Dialect::Tweet,
            stream_rate: RATE_DEFAULT,
            tweets_a_day: 3.0,
            tweets_before: 0,
            gained_a_day: None,
            lost_a_day: None,
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            refresh_reuse: Reuse::default(),
            missing: NotFoundForm::default(),
        }
    }
}

/// What requests change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) bill: Bill,
    pub(crate) limits: Limits,
    pub(crate) auth: Auth,
    /// Who consented, by OAuth 2.0.
    pub(crate) grants: Grants,
    /// Who is asked for consent by OAuth 1.0a.
    pub(crate) requests: Requests,
    pub(crate) faults: Faults,
    /// What the reported follower counts are multiplied with; 1 is honest.
    pub(crate) count_factor: f64,
    /// What requests changed about the accounts' tweets.
    pub(crate) marks: Marks,
}

/// One simulated X.
#[derive(Debug)]
pub(crate) struct Sim {
    pub(crate) config: Config,
    pub(crate) world: World,
    /// What the two accounts write.
    pub(crate) diary: Diary,
    ledgers: [Ledger; 2],
    state: Mutex<State>,
    /// Webhooks and what they are told, under a lock of their own.
    activity: Mutex<Book>,
    /// The streams, under a lock of their own.
    pub(crate) live: LiveCell,
}

impl Sim {
    /// # Errors
    /// When the configuration describes no world; the text says why.
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        if !(0.0..=RATE_MAX).contains(&config.stream_rate) {
            return Err(format!("the stream's rate must be from 0 to {RATE_MAX}"));
        }
        let real_ms = real_now_ms();
        let start_ms = config.start_ms.unwrap_or_else(|| real_ms.div_euclid(SECOND_MS) * SECOND_MS);
        let pace = Pace { gained: config.gained_a_day, lost: config.lost_a_day };
        let world = World::paced(config.seed, config.followers, start_ms, pace)?;
        let clock = Clock::new(start_ms, world.end_ms(), config.speed, real_ms)?;
        let state = State {
            clock,
            bill: Bill::default(),
            limits: Limits::new(config.limits_enforced),
            auth: Auth::default(),
            grants: Grants::new(config.seed, config.refresh_reuse),
            requests: Requests::new(config.seed),
            faults: Faults::default(),
            count_factor: 1.0,
            marks: Marks::default(),
        };
        let activity = Book::new(config.seed, start_ms.div_euclid(SECOND_MS));
        let live = LiveCell::new(config.seed, config.stream_rate);
        let (a_day, before) = (config.tweets_a_day, config.tweets_before);
        let diary = Diary::new(config.seed, start_ms, a_day, before, config.stream_rate)?;
        Ok(Self {
            config,
            world,
            diary,
            ledgers: Default::default(),
            state: Mutex::new(state),
            activity: Mutex::new(activity),
            live,
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete in itself, so a panic elsewhere spoils none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn activity(&self) -> MutexGuard<'_, Book> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.state().clock.now_ms(real_now_ms())
    }

    pub(crate) fn ledger(&self, account: Account) -> &Ledger {
        let [main, second] = &self.ledgers;
        match account {
            Account::Main => main,
            Account::Second => second,
        }
    }

    /// Followers present at `at_s`, seconds since 1970.
    pub(crate) fn count(&self, account: Account, at_s: i64) -> u32 {
        self.ledger(account).count(self.world.roster(account), at_s)
    }

    /// What X says the number of an account's followers is.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count times a factor that is bounded where it is set"
    )]
    pub(crate) fn reported_count(&self, account: Account, at_s: i64) -> u64 {
        let factor = self.state().count_factor;
        (f64::from(self.count(account, at_s)) * factor).round() as u64
    }

    /// Everything but the world back to the start.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.clock.reset(real_now_ms());
        state.bill = Bill::default();
        state.limits.reset();
        state.auth.reset();
        state.grants.reset();
        state.requests.reset();
        state.faults.clear();
        state.count_factor = 1.0;
        state.marks = Marks::default();
        let now_ms = state.clock.now_ms(real_now_ms());
        drop(state);
        self.live.reset(now_ms);
        self.activity().reset(now_ms.div_euclid(SECOND_MS));
    }
}
