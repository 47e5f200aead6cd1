//! The bill: what X would have charged, in whole micro-dollars.
//!
//! Knows prices and who was read, no routes. Invariant: within one UTC day a resource is charged
//! at most once per class; requests that failed are never passed in.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use crate::calendar::DAY_S;
use crate::identity::Subject;
use crate::usage;
use crate::world::Account;

/// What was read, as the price list sorts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A user by id or username, or oneself.
    User,
    /// A follower of somebody, or read with an app's own credential.
    Follower,
    /// A follower read by the account that owns the app.
    OwnedFollower,
    /// Whom somebody follows, or read with an app's own credential.
    Following,
    /// Whom the account that owns the app follows.
    OwnedFollowing,
    /// Whom an account blocks: only itself may ask.
    Block,
    /// Whom an account mutes: only itself may ask.
    Mute,
}

impl Class {
    const ALL: [Self; 7] = [
        Self::User,
        Self::Follower,
        Self::OwnedFollower,
        Self::Following,
        Self::OwnedFollowing,
        Self::Block,
        Self::Mute,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Follower => "follower",
            Self::OwnedFollower => "owned_follower",
            Self::Following => "following",
            Self::OwnedFollowing => "owned_following",
            Self::Block => "block",
            Self::Mute => "mute",
        }
    }

    /// X's prices: $0.010 a user, a follower or one who is followed; $0.001 of one's own, a block
    /// and a mute.
    const fn price_micros(self) -> u64 {
        match self {
            Self::User | Self::Follower | Self::Following => 10_000,
            Self::OwnedFollower | Self::OwnedFollowing | Self::Block | Self::Mute => 1_000,
        }
    }
}

/// $0.005 a tweet, a tweet's analytics, and a look at recent counts; $0.001 a tweet of one's own
/// by its own listing.
const POST_MICROS: u64 = 5_000;
const OWNED_POST_MICROS: u64 = 1_000;
const ANALYTICS_MICROS: u64 = 5_000;
const COUNTS_MICROS: u64 = 5_000;

/// Posts that may be read in a month under pay-per-use (docs.x.com, "Pricing").
const POST_CAP: u64 = 3_000_000;

/// What was read of a tweet of one of the two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Itself, by a lookup or by somebody else's listing.
    Post,
    /// Itself, by the listing of the account that owns the app.
    OwnedPost,
    /// What happened to it by the hour, the day or the week.
    Analytics,
}

/// A growing set of bits; a million followers make 125 kB.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    /// Sets a bit; true when it was not set before.
    fn insert(&mut self, at: usize) -> bool {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        let Some(word) = self.0.get_mut(at / 64) else { return false };
        let fresh = *word & (1 << (at % 64)) == 0;
        *word |= 1 << (at % 64);
        fresh
    }
}

#[derive(Debug, Default)]
struct Tally {
    returned: u64,
    billed: u64,
    /// Who was charged today, per account.
    today: [Bits; 2],
}

/// Tweets read, by the second they were written in and their number within it: at high rates
/// a set of ids would be a hundred times as large.
#[derive(Debug, Default)]
struct Posts {
    returned: u64,
    billed: u64,
    today: HashMap<i64, Bits>,
}

/// Reads of one price.
#[derive(Debug, Default, Clone, Copy)]
struct Reads {
    returned: u64,
    billed: u64,
}

/// Charges so far.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    calls: u64,
    day: i64,
    tallies: [Tally; 7],
    posts: Posts,
    owned: Reads,
    analytics: Reads,
    /// Tweets of the two accounts that were charged today, whatever the price was.
    own_today: HashSet<u64>,
    analytics_today: HashSet<u64>,
    counts: u64,
    /// Events delivered, by resource: how many, and the price of one.
    events: BTreeMap<&'static str, (u64, u64)>,
    /// Posts charged for, by day: what X counts to its cap.
    posts_by_day: BTreeMap<i64, u64>,
    /// The bill at which the money is gone.
    credits_micros: Option<u64>,
    post_cap: Option<u64>,
    /// Calls refused for want of money.
    refused: u64,
}

impl Bill {
    /// Counts a request, whatever its outcome.
    pub(crate) fn call(&mut self) {
        self.calls += 1;
    }

    /// Charges for one resource given at `now_s`, unless it was charged today.
    pub(crate) fn charge(&mut self, class: Class, subject: Subject, now_s: i64) {
        self.turn_day(now_s);
        let (account, at) = match subject {
            Subject::Owner(account) => (account, 0),
            Subject::Follower(account, index) => (account, index as usize + 1),
        };
        let Some(tally) = self.tallies.get_mut(class as usize) else { return };
        let [main, second] = &mut tally.today;
        let bits = if account == Account::Main { main } else { second };
        tally.returned += 1;
        tally.billed += u64::from(bits.insert(at));
    }

    /// Charges for one tweet given at `now_s`, unless it was charged today.
    pub(crate) fn charge_post(&mut self, second: i64, nth: u32, now_s: i64) {
        self.turn_day(now_s);
        self.posts.returned += 1;
        let fresh = self.posts.today.entry(second).or_default().insert(nth as usize);
        self.posts.billed += u64::from(fresh);
        *self.posts_by_day.entry(self.day).or_default() += u64::from(fresh);
    }

    /// Charges for a tweet of one of the two accounts, unless it was charged today: a tweet is
    /// one resource, by whichever call it is read first.
    pub(crate) fn charge_read(&mut self, read: Read, id: u64, now_s: i64) {
        self.turn_day(now_s);
        let today = match read {
            Read::Post | Read::OwnedPost => &mut self.own_today,
            Read::Analytics => &mut self.analytics_today,
        };
        let fresh = u64::from(today.insert(id));
        let (returned, billed) = match read {
            Read::Post => (&mut self.posts.returned, &mut self.posts.billed),
            Read::OwnedPost => (&mut self.owned.returned, &mut self.owned.billed),
            Read::Analytics => (&mut self.analytics.returned, &mut self.analytics.billed),
        };
        *returned += 1;
        *billed += fresh;
        if read != Read::Analytics {
            *self.posts_by_day.entry(self.day).or_default() += fresh;
        }
    }

    /// Charges for a look at recent counts.
    pub(crate) fn charge_counts(&mut self) {
        self.counts += 1;
    }

    /// Charges for an event that a webhook took.
    pub(crate) fn charge_event(&mut self, resource: &'static str, price_micros: u64) {
        self.events.entry(resource).or_insert((0, price_micros)).0 += 1;
    }

    /// Posts charged for on a day, counted since 1970.
    pub(crate) fn posts_on(&self, day: i64) -> u64 {
        self.posts_by_day.get(&day).copied().unwrap_or(0)
    }

    /// Posts charged for on a day and after it.
    pub(crate) fn posts_since(&self, day: i64) -> u64 {
        self.posts_by_day.range(day..).map(|(_, count)| count).sum()
    }

    /// Posts that may be read in a month.
    pub(crate) fn post_cap(&self) -> u64 {
        self.post_cap.unwrap_or(POST_CAP)
    }

    pub(crate) fn is_capped(&self, now_s: i64) -> bool {
        self.posts_since(usage::month(now_s.div_euclid(DAY_S)).0) >= self.post_cap()
    }

    pub(crate) fn is_depleted(&self) -> bool {
        self.credits_micros.is_some_and(|credits| self.micros() >= credits)
    }

    /// Counts a call that is refused for want of money; gives how many there were.
    pub(crate) fn refuse(&mut self) -> u64 {
        self.refused += 1;
        self.refused
    }

    /// From now on there is so much money, or without end.
    pub(crate) fn set_credits(&mut self, micros: Option<u64>) {
        self.credits_micros = micros.map(|micros| self.micros() + micros);
    }

    /// From now on so many posts a month may be read.
    pub(crate) fn set_post_cap(&mut self, posts: u64) {
        self.post_cap = Some(posts);
    }

    /// On another day everything is charged anew.
    fn turn_day(&mut self, now_s: i64) {
        let day = now_s.div_euclid(DAY_S);
        if day != self.day {
            self.day = day;
            for bits in self.tallies.iter_mut().flat_map(|tally| &mut tally.today) {
                bits.0.fill(0);
            }
            self.posts.today.clear();
            self.own_today.clear();
            self.analytics_today.clear();
        }
    }

    /// The whole bill so far, in micro-dollars.
    pub(crate) fn micros(&self) -> u64 {
        let users = Class::ALL.iter().zip(&self.tallies).map(|(c, t)| c.price_micros() * t.billed);
        let tweets = POST_MICROS * self.posts.billed
            + OWNED_POST_MICROS * self.owned.billed
            + ANALYTICS_MICROS * self.analytics.billed;
        let events = self.events.values().map(|(count, price)| count * price);
        users.sum::<u64>() + tweets + COUNTS_MICROS * self.counts + events.sum::<u64>()
    }

    /// The answer of `GET /sim/bill`.
    pub(crate) fn to_json(&self) -> Value {
        let entry = |returned: u64, billed: u64, price: u64| json!({"returned": returned, "billed": billed, "usd": dollars(price * billed)});
        let mut by_resource: serde_json::Map<String, Value> = Class::ALL
            .iter()
            .zip(&self.tallies)
            .map(|(class, tally)| {
                let entry = entry(tally.returned, tally.billed, class.price_micros());
                (class.name().to_owned(), entry)
            })
            .collect();
        let posts = entry(self.posts.returned, self.posts.billed, POST_MICROS);
        by_resource.insert("post".into(), posts);
        let owned = entry(self.owned.returned, self.owned.billed, OWNED_POST_MICROS);
        by_resource.insert("owned_post".into(), owned);
        let analytics = entry(self.analytics.returned, self.analytics.billed, ANALYTICS_MICROS);
        by_resource.insert("analytics".into(), analytics);
        by_resource.insert("counts".into(), entry(self.counts, self.counts, COUNTS_MICROS));
        for (resource, (count, price)) in &self.events {
            by_resource.insert((*resource).to_owned(), entry(*count, *count, *price));
        }
        let left = self.credits_micros.map(|credits| credits.saturating_sub(self.micros()));
        json!({"usd": dollars(self.micros()), "calls": self.calls, "by_resource": by_resource,
            "credits_usd": left.map(dollars), "post_cap": self.post_cap()})
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bill stays far below 2^53 micro-dollars")]
fn dollars(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT_S: i64 = 20_000 * DAY_S;

    #[track_caller]
    fn check(charges: &[(Class, u32, i64)], micros: u64) {
        let mut bill = Bill::default();
        for &(class, index, at_s) in charges {
            bill.charge(class, Subject::Follower(Account::Main, index), at_s);
        }
        assert_eq!(bill.micros(), micros);
    }

    #[test]
    fn each_class_has_its_price() {
        check(&[(Class::User, 1, 0)], 10_000);
        check(&[(Class::Follower, 1, 0)], 10_000);
        check(&[(Class::OwnedFollower, 1, 0)], 1_000);
    }

    #[test]
    fn the_same_resource_is_free_until_midnight() {
        check(&[(Class::User, 1, MIDNIGHT_S - 60), (Class::User, 1, MIDNIGHT_S - 1)], 10_000);
        check(&[(Class::User, 1, MIDNIGHT_S - 1), (Class::User, 1, MIDNIGHT_S)], 20_000);
        check(&[(Class::User, 1, 0), (Class::User, 2, 0)], 20_000);
        check(&[(Class::User, 1, 0), (Class::OwnedFollower, 1, 0)], 11_000);
    }

    #[test]
    fn money_ends_at_the_cent() {
        let mut bill = Bill::default();
        bill.charge_event("follow_event", 10_000);
        bill.set_credits(Some(10_000));
        assert!(!bill.is_depleted());
        bill.charge_counts();
        assert_eq!((bill.is_depleted(), &bill.to_json()["credits_usd"]), (false, &json!(0.005)));
        bill.charge_counts();
        assert_eq!((bill.is_depleted(), &bill.to_json()["credits_usd"]), (true, &json!(0.0)));
        bill.set_credits(None);
        assert_eq!((bill.is_depleted(), &bill.to_json()["credits_usd"]), (false, &Value::Null));
    }

    #[test]
    fn a_cap_of_posts_ends_with_the_month() {
        let mut bill = Bill::default();
        bill.set_post_cap(2);
        // 2024-10-03; the same post counts once a day.
        let now_s = 1_727_913_600;
        for (id, capped) in [(7, false), (7, false), (8, true)] {
            bill.charge_read(Read::Post, id, now_s);
            assert_eq!(bill.is_capped(now_s), capped, "{id}");
        }
        assert!(bill.is_capped(now_s + 28 * DAY_S) && !bill.is_capped(now_s + 29 * DAY_S));
    }

    #[test]
    fn every_event_is_charged() {
        let mut bill = Bill::default();
        for _ in 0..3 {
            bill.charge_event("follow_event", 10_000);
        }
        assert_eq!(bill.micros(), 30_000);
        let follows = json!({"returned": 3, "billed": 3, "usd": 0.03});
        assert_eq!(bill.to_json()["by_resource"]["follow_event"], follows);
    }

    #[test]
    fn a_tweet_is_charged_once_a_day() {
        let mut bill = Bill::default();
        for now_s in [MIDNIGHT_S - 9, MIDNIGHT_S - 1, MIDNIGHT_S] {
            bill.charge_post(MIDNIGHT_S - 10, 7, now_s);
            bill.charge_post(MIDNIGHT_S - 10, 8, now_s);
        }
        bill.charge_counts();
        assert_eq!(bill.micros(), 4 * 5_000 + 5_000);
        let answer = bill.to_json();
        let posts = json!({"returned": 6, "billed": 4, "usd": 0.02});
        assert_eq!(answer["by_resource"]["post"], posts);
        assert_eq!(answer["by_resource"]["counts"]["usd"], 0.005);
    }

    #[test]
    fn a_tweet_of_ones_own_is_one_resource_at_the_price_it_is_first_read_at() {
        let mut bill = Bill::default();
        for now_s in [MIDNIGHT_S - 9, MIDNIGHT_S - 1, MIDNIGHT_S] {
            bill.charge_read(Read::OwnedPost, 7, now_s);
            bill.charge_read(Read::Post, 7, now_s);
            bill.charge_read(Read::Post, 8, now_s);
            bill.charge_read(Read::Analytics, 7, now_s);
        }
        assert_eq!(bill.micros(), 2 * (1_000 + 5_000 + 5_000));
        let answer = bill.to_json();
        for (name, returned, billed, usd) in
            [("owned_post", 3, 2, 0.002), ("post", 6, 2, 0.01), ("analytics", 3, 2, 0.01)]
        {
            let expected = json!({"returned": returned, "billed": billed, "usd": usd});
            assert_eq!(answer["by_resource"][name], expected, "{name}");
        }
    }

    #[test]
    fn followers_of_the_two_accounts_are_different_people() {
        let mut bill = Bill::default();
        for account in Account::ALL {
            bill.charge(Class::User, Subject::Follower(account, 0), 0);
            bill.charge(Class::User, Subject::Owner(account), 0);
        }
        assert_eq!(bill.micros(), 40_000);
        bill.call();
        let answer = bill.to_json();
        assert_eq!((&answer["usd"], &answer["calls"]), (&json!(0.04), &json!(1)));
        let users = json!({"returned": 4, "billed": 4, "usd": 0.04});
        assert_eq!(answer["by_resource"]["user"], users);
    }
}
