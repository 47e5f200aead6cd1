//! The truth: who follows from when to when, under which handle. Invariant: every change has
//! its own millisecond, and history is never rewritten.

use crate::dice::Dice;
use shared::time::UnixMs;
use std::collections::BTreeMap;

pub(crate) struct World {
    pub(crate) now: UnixMs,
    people: BTreeMap<u64, Person>,
    /// Who follows now, by the number of their follow: X lists the newest first.
    order: BTreeMap<u64, u64>,
    follows: u64,
    /// How many more X counts than it lists (suspended people).
    phantom: u64,
}

struct Person {
    /// Every stretch of following: from, until, number of the follow.
    stays: Vec<(UnixMs, Option<UnixMs>, u64)>,
    handles: Vec<(UnixMs, String)>,
}

impl World {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut world = Self {
            now: UnixMs(1_700_000_000_000),
            people: BTreeMap::new(),
            order: BTreeMap::new(),
            follows: 0,
            phantom: dice.between(0, 3),
        };
        for _ in 0..dice.between(40, 400) {
            world.newcomer(dice);
        }
        world
    }

    fn newcomer(&mut self, dice: &mut Dice) {
        let id = if dice.one_in(5) { dice.between(1, 99_999) } else { dice.roll() / 2 };
        if !self.people.contains_key(&id) {
            let handles = vec![(self.now, format!("u{id}"))];
            self.people.insert(id, Person { stays: Vec::new(), handles });
            self.follow(id);
        }
    }

    fn follow(&mut self, id: u64) {
        self.follows += 1;
        self.order.insert(self.follows, id);
        self.people.get_mut(&id).unwrap().stays.push((self.now, None, self.follows));
    }

    /// Time passes, and so many changes are spread over it.
    pub(crate) fn pass(&mut self, ms: u64, changes: u64, dice: &mut Dice) {
        let until = self.now.plus(i64::try_from(ms).unwrap().max(1));
        for _ in 0..changes {
            let left = u64::try_from(until.since(self.now)).unwrap();
            if left < 2 {
                break;
            }
            self.now = self.now.plus(i64::try_from(dice.between(1, left - 1)).unwrap());
            self.change(dice);
        }
        self.now = until;
    }

    fn change(&mut self, dice: &mut Dice) {
        let following: Vec<u64> = self.order.values().copied().collect();
        match dice.between(0, 9) {
            0..=2 => self.newcomer(dice),
            3..=5 if following.len() > 20 => {
                let id = *dice.pick(&following);
                let stay = self.people.get_mut(&id).unwrap().stays.last_mut().unwrap();
                stay.1 = Some(self.now);
                let number = stay.2;
                self.order.remove(&number);
            }
            6 | 7 => {
                let mut gone =
                    self.people.iter().filter(|(_, p)| p.stays.last().unwrap().1.is_some());
                let nth = dice.index(8);
                if let Some(id) = gone.nth(nth).map(|(&id, _)| id) {
                    self.follow(id);
                }
            }
            _ if !following.is_empty() => {
                let id = *dice.pick(&following);
                let handles = &mut self.people.get_mut(&id).unwrap().handles;
                handles.push((self.now, format!("u{id}_{}", handles.len())));
            }
            _ => {}
        }
    }

    /// X's own count.
    pub(crate) fn count(&self) -> u64 {
        self.order.len() as u64 + self.phantom
    }

    /// The numbers and ids of follows below `before`, newest first.
    pub(crate) fn list(&self, before: u64) -> impl Iterator<Item = (u64, u64)> {
        self.order.range(..before).rev().map(|(&number, &id)| (number, id))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.people.keys().copied()
    }

    pub(crate) fn handle(&self, id: u64) -> String {
        self.people[&id].handles.last().unwrap().1.clone()
    }

    /// The list as it was at an instant, with the handles of then.
    pub(crate) fn list_at(&self, at: UnixMs) -> BTreeMap<u64, String> {
        let following = self.people.keys().filter(|&&id| self.throughout(id, at, at));
        let handle = |id: &u64| {
            let handles = &self.people[id].handles;
            let then = handles.iter().rev().find(|(from, _)| *from <= at);
            then.map(|(_, handle)| handle.clone()).unwrap_or_default()
        };
        following.map(|id| (*id, handle(id))).collect()
    }

    /// Whether someone followed without a break from `from` to `to`.
    pub(crate) fn throughout(&self, id: u64, from: UnixMs, to: UnixMs) -> bool {
        self.people.get(&id).is_some_and(|person| {
            person
                .stays
                .iter()
                .any(|&(since, until, _)| since <= from && until.is_none_or(|until| until > to))
        })
    }

    /// Whether someone followed at any instant from `from` to `to`.
    pub(crate) fn sometime(&self, id: u64, from: UnixMs, to: UnixMs) -> bool {
        self.people.get(&id).is_some_and(|person| {
            person
                .stays
                .iter()
                .any(|&(since, until, _)| since <= to && until.is_none_or(|until| until > from))
        })
    }
}
