//! The bill: what X would have charged, in whole micro-dollars.
//!
//! Knows prices and who was read, no routes. Invariant: within one UTC day a resource is charged
//! at most once per class; requests that failed are never passed in.

use serde_json::{Value, json};

use crate::calendar::DAY_S;
use crate::identity::Subject;
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
}

impl Class {
    const ALL: [Self; 3] = [Self::User, Self::Follower, Self::OwnedFollower];

    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Follower => "follower",
            Self::OwnedFollower => "owned_follower",
        }
    }

    /// X's prices: $0.010 a user or follower, $0.001 a follower of one's own.
    const fn price_micros(self) -> u64 {
        match self {
            Self::User | Self::Follower => 10_000,
            Self::OwnedFollower => 1_000,
        }
    }
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

/// Charges so far.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    calls: u64,
    day: i64,
    tallies: [Tally; 3],
}

impl Bill {
    /// Counts a request, whatever its outcome.
    pub(crate) fn call(&mut self) {
        self.calls += 1;
    }

    /// Charges for one resource given at `now_s`, unless it was charged today.
    pub(crate) fn charge(&mut self, class: Class, subject: Subject, now_s: i64) {
        let day = now_s.div_euclid(DAY_S);
        if day != self.day {
            self.day = day;
            for tally in &mut self.tallies {
                for bits in &mut tally.today {
                    bits.0.fill(0);
                }
            }
        }
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

    /// The whole bill so far, in micro-dollars.
    pub(crate) fn micros(&self) -> u64 {
        Class::ALL.iter().zip(&self.tallies).map(|(c, t)| c.price_micros() * t.billed).sum()
    }

    /// The answer of `GET /sim/bill`.
    pub(crate) fn to_json(&self) -> Value {
        let by_resource: serde_json::Map<String, Value> = Class::ALL
            .iter()
            .zip(&self.tallies)
            .map(|(class, tally)| {
                let usd = dollars(class.price_micros() * tally.billed);
                let entry = json!({"returned": tally.returned, "billed": tally.billed, "usd": usd});
                (class.name().to_owned(), entry)
            })
            .collect();
        json!({"usd": dollars(self.micros()), "calls": self.calls, "by_resource": by_resource})
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
