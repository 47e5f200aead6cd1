//! Seeded lives of a book: holders that ask, read, are lost and settle late, beside an X that
//! bills a resource once a UTC day. Holds: no cap is passed by a micro-dollar, in the book or on
//! X's bill, and what the book counts is what X bills once everyone has settled.

use super::*;
use crate::api;
use crate::id::UserId;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Noon of the first of a month, so that a life of some days stays in it.
const BEGIN: UnixMs = UnixMs(1_764_590_400_000); // 2025-12-01T12:00:00Z

/// What happens next, to one of the holders.
#[derive(Clone, Debug)]
enum Act {
    /// Asks, unless it has a lease; a fresh stretch of resources is wanted every UTC day.
    Ask { resources: u64, calls: u32 },
    /// Reads so many of what its lease allows; X bills what it did not bill today.
    Read { resources: u64 },
    /// Settles.
    Settle,
    /// Loses its memory: a lease in hand stays, since it is written before it is used; with
    /// `before`, between the grant and that write.
    Evict { before: bool },
    /// Time passes.
    Pass { minutes: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u64..400, 1_u32..9).prop_map(|(resources, calls)| Act::Ask { resources, calls }),
        4 => (0_u64..400).prop_map(|resources| Act::Read { resources }),
        3 => Just(Act::Settle),
        1 => any::<bool>().prop_map(|before| Act::Evict { before }),
        2 => (1_i64..900).prop_map(|minutes| Act::Pass { minutes }),
    ]
}

/// Someone who asks: an account's feature.
#[derive(Default)]
struct Holder {
    lease: Option<(u64, u64)>,
    /// Read and billed on this lease, not settled.
    read: (u64, u64),
    /// Just granted: not written yet.
    fresh: bool,
    granted: UnixMs,
}

struct Life {
    book: Book,
    now: UnixMs,
    holders: Vec<Holder>,
    /// X's bill by UTC day: which resource of which account was billed.
    billed: BTreeMap<i64, BTreeSet<(usize, u64)>>,
    /// Where each holder's reading stands today.
    at: Vec<u64>,
}

const ACCOUNT_CAP: u64 = 7_000_000;
const DAY_CAP: u64 = 3_000_000;
const ALL_CAP: f64 = 11.0;
const ALL_DAY_CAP: f64 = 4.5;

/// Four holders: two features of two accounts.
fn ask_of(holder: usize, resources: u64, calls: u32) -> Ask {
    let feature = if holder.is_multiple_of(2) { Feature::Followers } else { Feature::Profiles };
    Ask {
        account: UserId(10 + holder as u64 / 2),
        feature,
        account_cap: ACCOUNT_CAP,
        account_day_cap: Some(DAY_CAP),
        route: feature.as_str().to_owned(),
        calls,
        resource: Resource::User,
        resources,
    }
}

impl Life {
    fn new() -> Self {
        let mut book = Book::default();
        let (cap_usd, day_cap_usd) = (Some(Some(ALL_CAP)), Some(Some(ALL_DAY_CAP)));
        book.change(api::BudgetChange { cap_usd, day_cap_usd, ..Default::default() }).unwrap();
        let holders = std::iter::repeat_with(Holder::default).take(4).collect();
        Self { book, now: BEGIN, holders, billed: BTreeMap::new(), at: vec![0; 4] }
    }

    fn act(&mut self, who: usize, act: &Act) {
        let json = serde_json::to_string(&self.book).unwrap();
        self.book = serde_json::from_str(&json).unwrap();
        match *act {
            Act::Ask { resources, calls } if self.holders[who].lease.is_none() => {
                let ask = ask_of(who, resources, calls);
                if let Grant::Go { lease, .. } = self.book.ask(&ask, self.now) {
                    let holder = &mut self.holders[who];
                    (holder.lease, holder.read) = (Some((lease, resources)), (0, 0));
                    (holder.fresh, holder.granted) = (true, self.now);
                }
            }
            Act::Read { resources } => self.read(who, resources),
            Act::Settle => self.settle(who),
            Act::Evict { before: true } if self.holders[who].fresh => {
                self.holders[who] = Holder::default();
            }
            Act::Pass { minutes } => {
                self.now = self.now.plus(minutes * MINUTE_MS);
                // Ticks are hourly: whoever is alive has settled by then, even after a night.
                for who in 0..self.holders.len() {
                    if self.now.since(self.holders[who].granted) > 10 * HOUR_MS {
                        self.settle(who);
                    }
                }
            }
            Act::Ask { .. } | Act::Evict { .. } => {}
        }
    }

    fn read(&mut self, who: usize, resources: u64) {
        let holder = &mut self.holders[who];
        let Some((_, left)) = &mut holder.lease else { return };
        holder.fresh = false;
        let count = resources.min(*left);
        *left -= count;
        let day = self.billed.entry(self.now.utc_day()).or_default();
        for _ in 0..count {
            // Every third was read today already, where there is one.
            let again = self.at[who].is_multiple_of(3) && self.at[who] > 0;
            let id = if again { self.at[who] - 1 } else { self.at[who] };
            self.at[who] += 1;
            if day.insert((who, id)) { holder.read.0 += 1 } else { holder.read.1 += 1 }
        }
    }

    fn settle(&mut self, who: usize) {
        let ask = ask_of(who, 0, 0);
        let holder = std::mem::take(&mut self.holders[who]);
        let Some((lease, _)) = holder.lease else { return };
        let done = Settlement {
            lease,
            account: ask.account,
            route: ask.route,
            resource: ask.resource,
            billed: holder.read.0,
            repeats: holder.read.1,
            rate: None,
        };
        for _ in 0..2 {
            self.book.settle(&done, self.now);
        }
    }

    fn bill(&self, account: Option<usize>, day: Option<i64>) -> u64 {
        let days = self.billed.iter().filter(|(at, _)| day.is_none_or(|day| day == **at));
        let of = days.flat_map(|(_, billed)| billed);
        let count = of.filter(|(who, _)| account.is_none_or(|account| who / 2 == account)).count();
        count as u64 * price(Resource::User)
    }

    fn check(&self) {
        let book = |account: Option<usize>| {
            let account = account.map(|account| UserId(10 + account as u64));
            self.book.sum_up(account, None, false, self.now)
        };
        for account in [Some(0), Some(1), None] {
            let (cap, day_cap) = match account {
                Some(_) => (ACCOUNT_CAP, DAY_CAP),
                None => (micro(ALL_CAP), micro(ALL_DAY_CAP)),
            };
            assert!(book(account) <= cap, "{account:?}: the book is past the cap");
            assert!(self.bill(account, None) <= cap, "{account:?}: X's bill is past the cap");
            for day in self.billed.keys() {
                assert!(self.bill(account, Some(*day)) <= day_cap, "{account:?} on day {day}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_cap_is_ever_passed(acts in prop::collection::vec((0_usize..4, act()), 1..200)) {
        let mut life = Life::new();
        for (who, act) in acts {
            life.act(who, &act);
            life.check();
            if life.now > BEGIN.plus(25 * DAY_MS) {
                break;
            }
        }
        for who in 0..4 {
            life.settle(who);
        }
        life.check();
        let counted = life.book.sum_up(None, None, false, life.now);
        prop_assert_eq!(counted, life.bill(None, None), "the book and X's bill");
    }
}
