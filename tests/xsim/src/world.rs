//! The world: who follows an account when, as a pure function of (seed, followers, start).
//!
//! Knows no HTTP, no clock and no names. A follower is an index `i`, oldest follow first; the
//! only stored thing is a table of arrivals per day.
//!
//! Invariants: follow times never fall with the index; exactly the configured number of
//! followers is present at the start.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "indices stay below 2^27 (FOLLOWERS_MAX) and times below 2^53"
)]

use crate::calendar::{DAY_S, SECOND_MS, days_from_civil};
use crate::hash::{Draw, below, hash, unit};
use crate::life::{Law, Pace, SPARSE_AFTER_DAYS, Standing, Timeline};

/// The largest world: indices, doubled for two accounts, must fit the 28 bits of a small id.
pub const FOLLOWERS_MAX: u32 = 5_000_000;
/// How long the world goes on after its start, in days.
pub(crate) const FUTURE_DAYS: i64 = 1_500;
/// Followers gained or lost a day, at most: arrivals of the whole future must fit the ids.
const RATE_MAX: f64 = 10_000.0;
/// Starts outside these years would put follows before X existed, or dates past its format.
pub(crate) const START_YEARS: std::ops::Range<i64> = 2018..2100;

/// New followers a day, as a share of the followers there are.
const ARRIVAL_RATE: f64 = 0.0034;
/// Growth of the arrivals a day: what arrivals and returns leave over departures.
const GROWTH_RATE: f64 = 0.0004;
/// Old follows are kept sparse: see `life`.
const SPARSE_FACTOR: f64 = 0.25;
/// From here backwards the arrivals are generous, so that filling up always ends.
const FILL_AFTER_DAYS: i64 = 2_200;
/// Sunday first; the mean is 1.
const WEEKDAY_FACTOR: [f64; 7] = [0.84, 1.06, 1.10, 1.10, 1.05, 0.99, 0.86];
/// One day in this many brings a burst of follows.
const BURST_EVERY_DAYS: u64 = 45;
/// The chance of a change of username within one slot of a year.
const RENAME_CHANCE: f64 = 0.15;
const RENAME_SLOT_S: i64 = 365 * DAY_S;
const SALT_ARRIVALS: u64 = 1;
const SALT_FOLLOW: u64 = 2;
const SALT_RENAME_PHASE: u64 = 4;
const SALT_RENAME: u64 = 5;

/// The followers who arrive on one UTC day: indices `first..first + arrivals`.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    /// Below 0 only for the first day, whose earliest arrivals are left out.
    first: i64,
    arrivals: u32,
}

/// What determines a roster; small, and copied into the pure functions below.
#[derive(Debug, Clone, Copy)]
struct Recipe {
    seed: u64,
    followers: u32,
    start_s: i64,
    law: Law,
    /// New followers a day from the first midnight on, where the world has a rate of its own.
    gained: Option<f64>,
}

impl Recipe {
    fn new(seed: u64, followers: u32, start_s: i64, pace: Pace) -> Self {
        let start_day = start_s.div_euclid(DAY_S);
        let end_s = (start_day + FUTURE_DAYS) * DAY_S;
        // Whoever is here leaves with the same chance: as many a day as were asked for.
        let stay = |lost: f64| f64::from(followers.max(1)) / lost * DAY_S as f64;
        let law = Law { seed, start_day, end_s, paced_stay_s: pace.lost.map(stay) };
        Self { seed, followers, start_s, law, gained: pace.gained }
    }

    fn start_day(&self) -> i64 {
        self.start_s.div_euclid(DAY_S)
    }

    fn arrivals(&self, day: i64) -> u32 {
        if self.followers == 0 {
            return 0;
        }
        let mut draw = Draw::new(self.seed, day as u64, SALT_ARRIVALS);
        let age = self.start_day() - day;
        if let (Some(gained), true) = (self.gained, age < 0) {
            return gained as u32 + u32::from(draw.unit() < gained.fract());
        }
        let weekday = (day + 4).rem_euclid(7) as usize;
        let mut mean = f64::from(self.followers) * ARRIVAL_RATE * (-GROWTH_RATE * age as f64).exp();
        mean *= WEEKDAY_FACTOR.get(weekday).copied().unwrap_or(1.0);
        mean *= 0.85 + 0.3 * draw.unit();
        if below(draw.next(), BURST_EVERY_DAYS) == 0 {
            mean *= 2.0 + draw.unit();
        }
        if age > SPARSE_AFTER_DAYS {
            mean *= SPARSE_FACTOR;
        }
        if age > FILL_AFTER_DAYS {
            mean += 1.0 + f64::from(self.followers) / 100.0;
        }
        mean as u32 + u32::from(draw.unit() < mean.fract())
    }

    /// When arrival `k` of a day follows. Each has its own slice of the day, so that times
    /// never fall with `k`.
    fn follow_s(&self, day: i64, key: i64, k: i64, arrivals: u32) -> i64 {
        let jitter = unit(hash(self.seed, key as u64, SALT_FOLLOW));
        let share = (k as f64 + jitter) / f64::from(arrivals.max(1));
        day * DAY_S + ((share * DAY_S as f64) as i64).min(DAY_S - 1)
    }

    fn timeline(&self, key: i64, followed_s: i64) -> Timeline {
        self.law.timeline(key, followed_s)
    }
}

/// The followers of one account, past, present and to come.
#[derive(Debug)]
pub(crate) struct Roster {
    recipe: Recipe,
    /// The day of `days[0]`, counted since 1970.
    first_day: i64,
    days: Vec<Day>,
    /// Key of index 0. Keys are anchored at the start day, so that they are known before the
    /// oldest follower is.
    first_key: i64,
}

impl Roster {
    /// A roster as it is by default.
    #[cfg(test)]
    pub(crate) fn new(seed: u64, followers: u32, start_s: i64) -> Self {
        Self::paced(seed, followers, start_s, Pace::default())
    }

    /// A roster with exactly `followers` present at `start_s` (seconds since 1970), and with rates
    /// of its own from the first midnight after that on.
    pub(crate) fn paced(seed: u64, followers: u32, start_s: i64, pace: Pace) -> Self {
        let recipe = Recipe::new(seed, followers, start_s, pace);
        let start_day = recipe.start_day();
        let (first_day, first_key) = fill_backwards(&recipe);
        let mut keys_before_start: i64 = 0;
        for day in first_day..start_day {
            keys_before_start += i64::from(recipe.arrivals(day));
        }
        let mut next = -keys_before_start - first_key;
        let mut days = Vec::new();
        for day in first_day..start_day + FUTURE_DAYS {
            let arrivals = recipe.arrivals(day);
            days.push(Day { first: next, arrivals });
            next += i64::from(arrivals);
        }
        Self { recipe, first_day, days, first_key }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.recipe.seed
    }

    /// Number of followers who ever arrive; valid indices are below it.
    pub(crate) fn capacity(&self) -> u32 {
        self.days.last().map_or(0, |d| (d.first + i64::from(d.arrivals)).max(0) as u32)
    }

    /// The end of the world, in seconds since 1970.
    pub(crate) fn end_s(&self) -> i64 {
        (self.recipe.start_day() + FUTURE_DAYS) * DAY_S
    }

    /// The number that hashes are made of; unlike the index it does not depend on how far back
    /// the roster reaches.
    pub(crate) fn key(&self, index: u32) -> u64 {
        (i64::from(index) + self.first_key) as u64
    }

    pub(crate) fn follow_s(&self, index: u32) -> i64 {
        let position = self.days.partition_point(|d| d.first <= i64::from(index));
        let n = position.saturating_sub(1);
        let day = self.days.get(n).copied().unwrap_or_default();
        self.follow_on(n, day, index)
    }

    fn follow_on(&self, n: usize, day: Day, index: u32) -> i64 {
        let k = i64::from(index) - day.first;
        self.recipe.follow_s(self.first_day + n as i64, self.key(index) as i64, k, day.arrivals)
    }

    /// How many have followed by `at_s`, whether or not they left since.
    pub(crate) fn arrived_by(&self, at_s: i64) -> u32 {
        let n = at_s.div_euclid(DAY_S) - self.first_day;
        if n < 0 {
            return 0;
        }
        let Some(day) = self.days.get(n as usize) else { return self.capacity() };
        let (mut low, mut high) = (day.first.max(0), (day.first + i64::from(day.arrivals)).max(0));
        while low < high {
            let middle = low.midpoint(high);
            if self.follow_on(n as usize, *day, middle as u32) <= at_s {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low as u32
    }

    pub(crate) fn timeline(&self, index: u32) -> Timeline {
        self.recipe.timeline(self.key(index) as i64, self.follow_s(index))
    }

    /// Visits everyone who follows in `arrived`, oldest first. Cheaper than asking one by one,
    /// because the day is looked up once.
    pub(crate) fn scan(&self, arrived: std::ops::Range<u32>, mut visit: impl FnMut(u32, Timeline)) {
        let mut n =
            self.days.partition_point(|d| d.first <= i64::from(arrived.start)).saturating_sub(1);
        let mut index = arrived.start;
        while let Some(day) = self.days.get(n)
            && index < arrived.end
        {
            let day_end = (day.first + i64::from(day.arrivals)).max(0) as u32;
            while index < day_end.min(arrived.end) {
                let followed_s = self.follow_on(n, *day, index);
                visit(index, self.recipe.timeline(self.key(index) as i64, followed_s));
                index += 1;
            }
            n += 1;
        }
    }

    pub(crate) fn standing(&self, index: u32, at_s: i64) -> Standing {
        self.timeline(index).standing(at_s)
    }

    pub(crate) fn present(&self, index: u32, at_s: i64) -> bool {
        self.timeline(index).present(at_s)
    }

    /// The changes of username in `after_s < t <= until_s`. A username changes only while its
    /// owner follows, so that every change can be seen in the list.
    pub(crate) fn renames(
        &self,
        index: u32,
        timeline: &Timeline,
        after_s: i64,
        until_s: i64,
    ) -> impl Iterator<Item = i64> {
        let (seed, key, life) = (self.recipe.seed, self.key(index), *timeline);
        let phase_s = below(hash(seed, key, SALT_RENAME_PHASE), RENAME_SLOT_S as u64) as i64;
        let slot = move |at_s: i64| (at_s - phase_s).div_euclid(RENAME_SLOT_S);
        (slot(after_s.max(life.followed_s))..=slot(until_s)).filter_map(move |slot| {
            let chance = hash(seed, key, SALT_RENAME ^ ((slot as u64) << 8));
            if unit(chance) >= RENAME_CHANCE {
                return None;
            }
            let offset_s = below(hash(seed, chance, SALT_RENAME), RENAME_SLOT_S as u64) as i64;
            let at_s = slot * RENAME_SLOT_S + phase_s + offset_s;
            (at_s > after_s && at_s <= until_s && life.present(at_s)).then_some(at_s)
        })
    }

    /// How often the username has changed by `at_s`.
    pub(crate) fn generation(&self, index: u32, timeline: &Timeline, at_s: i64) -> u32 {
        self.renames(index, timeline, i64::MIN, at_s).count() as u32
    }
}

/// Walks back from the start until the roster is full: (first day, key of the oldest follower).
fn fill_backwards(recipe: &Recipe) -> (i64, i64) {
    let start_day = recipe.start_day();
    if recipe.followers == 0 {
        return (start_day, 0);
    }
    let mut missing = recipe.followers;
    let mut day = start_day;
    let mut day_first_key: i64 = 0;
    loop {
        let arrivals = recipe.arrivals(day);
        for k in (0..i64::from(arrivals)).rev() {
            let key = day_first_key + k;
            let followed_s = recipe.follow_s(day, key, k, arrivals);
            if recipe.timeline(key, followed_s).present(recipe.start_s) {
                missing -= 1;
            }
            if missing == 0 {
                return (day, key);
            }
        }
        day -= 1;
        day_first_key -= i64::from(recipe.arrivals(day));
    }
}

/// The main account.
pub const MAIN_ACCOUNT: &str = "12";
/// The other account, a tenth as large.
pub const SECOND_ACCOUNT: &str = "13";

/// Both accounts of the simulated X.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) main: Roster,
    pub(crate) second: Roster,
}

/// Which of the two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    Main,
    Second,
}

impl Account {
    pub(crate) const ALL: [Self; 2] = [Self::Main, Self::Second];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Main => MAIN_ACCOUNT,
            Self::Second => SECOND_ACCOUNT,
        }
    }

    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.id() == id)
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Main => Self::Second,
            Self::Second => Self::Main,
        }
    }

    /// 0 or 1, the bit by which ids and usernames tell the accounts' followers apart.
    pub(crate) const fn bit(self) -> u64 {
        match self {
            Self::Main => 0,
            Self::Second => 1,
        }
    }
}

impl World {
    #[cfg(test)]
    pub(crate) fn new(seed: u64, followers: u32, start_ms: i64) -> Result<Self, String> {
        Self::paced(seed, followers, start_ms, Pace::default())
    }

    /// Both accounts; the second is a tenth of the first, and so are its rates.
    ///
    /// # Errors
    /// When there are too many followers, the start is outside [`START_YEARS`], or a rate is no
    /// number from 0 to the number of followers there may be.
    pub(crate) fn paced(
        seed: u64,
        followers: u32,
        start_ms: i64,
        pace: Pace,
    ) -> Result<Self, String> {
        for rate in [pace.gained, pace.lost].into_iter().flatten() {
            if !(0.0..=RATE_MAX).contains(&rate) {
                return Err(format!("followers gained and lost a day are from 0 to {RATE_MAX}"));
            }
        }
        if followers > FOLLOWERS_MAX {
            return Err(format!("at most {FOLLOWERS_MAX} followers"));
        }
        let opening_s = start_ms.div_euclid(SECOND_MS);
        let new_year_s = |year| days_from_civil(year, 1, 1) * DAY_S;
        if !(new_year_s(START_YEARS.start)..new_year_s(START_YEARS.end)).contains(&opening_s) {
            return Err(format!(
                "the start must be in the years {} to {}",
                START_YEARS.start,
                START_YEARS.end - 1
            ));
        }
        let main = Roster::paced(hash(seed, 0, 0), followers, opening_s, pace);
        let second = Roster::paced(hash(seed, 1, 0), followers / 10, opening_s, pace.tenth());
        Ok(Self { seed, main, second })
    }

    pub(crate) fn roster(&self, account: Account) -> &Roster {
        match account {
            Account::Main => &self.main,
            Account::Second => &self.second,
        }
    }

    pub(crate) fn end_ms(&self) -> i64 {
        self.main.end_s() * SECOND_MS
    }
}
