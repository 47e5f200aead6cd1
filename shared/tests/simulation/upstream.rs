//! X, with everything it gets wrong. Invariant: of each answer it knows whom it kept back, and
//! it keeps nobody back in two checks: what X hides twice in a row no reader can tell from a
//! loss.

use crate::dice::Dice;
use crate::world::World;
use shared::retry::Trouble;
use shared::x::problem::{Rate, classify};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Network,
    Cut,
    Status503,
    Status429,
    Status429WithoutReset,
    Status401,
    Status402,
    BadBody,
    RepeatedPage,
    RepeatedIds,
    ShiftedPage,
    SkippedIds,
    ErrorsBesideData,
    UnreadableUsers,
    TokenExpired,
    EmptyPage,
    TokenLoop,
    Ghost,
    ShortPage,
}

impl Fault {
    pub(crate) const ALL: [Self; 19] = [
        Self::Network,
        Self::Cut,
        Self::Status503,
        Self::Status429,
        Self::Status429WithoutReset,
        Self::Status401,
        Self::Status402,
        Self::BadBody,
        Self::RepeatedPage,
        Self::RepeatedIds,
        Self::ShiftedPage,
        Self::SkippedIds,
        Self::ErrorsBesideData,
        Self::UnreadableUsers,
        Self::TokenExpired,
        Self::EmptyPage,
        Self::TokenLoop,
        Self::Ghost,
        Self::ShortPage,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Cut => "cut",
            Self::Status503 => "503",
            Self::Status429 => "429",
            Self::Status429WithoutReset => "429 without reset",
            Self::Status401 => "401",
            Self::Status402 => "402",
            Self::BadBody => "bad body",
            Self::RepeatedPage => "repeated page",
            Self::RepeatedIds => "repeated ids",
            Self::ShiftedPage => "shifted page",
            Self::SkippedIds => "skipped ids",
            Self::ErrorsBesideData => "errors beside data",
            Self::UnreadableUsers => "unreadable users",
            Self::TokenExpired => "token expired",
            Self::EmptyPage => "empty page",
            Self::TokenLoop => "token loop",
            Self::Ghost => "ghost",
            Self::ShortPage => "short page",
        }
    }
}

/// A page as X gave it.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) users: Vec<(u64, String)>,
    pub(crate) dropped: u32,
    pub(crate) refused: u32,
    pub(crate) next: Option<String>,
    /// Whom an honest page would have held.
    pub(crate) hidden: BTreeSet<u64>,
}

pub(crate) type Answer = Result<Page, (Trouble, Option<Rate>)>;

pub(crate) struct Upstream {
    page_size: usize,
    /// Faults per hundred calls, for this seed.
    unrest: u64,
    /// The number of follow below which each token goes on.
    tokens: Vec<u64>,
    /// The page before, of the walk under way.
    before: Option<Page>,
    /// A fault that stays for some calls.
    stuck: Option<(Fault, u64)>,
    ghosts: BTreeSet<u64>,
    hidden_once: BTreeSet<u64>,
    pub(crate) fired: BTreeMap<Fault, u64>,
}

impl Upstream {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        Self {
            page_size: usize::try_from(dice.between(15, 60)).unwrap(),
            unrest: *dice.pick(&[0, 3, 10, 25]),
            tokens: Vec::new(),
            before: None,
            stuck: None,
            ghosts: BTreeSet::new(),
            hidden_once: BTreeSet::new(),
            fired: BTreeMap::new(),
        }
    }

    /// A check begins: some people may be missing from X's list for all of it.
    pub(crate) fn begin(&mut self, world: &World, dice: &mut Dice) {
        self.stuck = None;
        self.ghosts.clear();
        if self.unrest > 0 && dice.one_in(5) {
            let list: Vec<u64> = world.list(u64::MAX).map(|(_, id)| id).collect();
            let ghosts = (0..dice.between(1, 3)).map(|_| *dice.pick(&list));
            self.ghosts = ghosts.filter(|id| !self.hidden_once.contains(id)).collect();
            if !self.ghosts.is_empty() {
                self.fire(Fault::Ghost);
            }
        }
    }

    /// A check ended with a list that lacks these: they are not hidden again.
    pub(crate) fn spare(&mut self, hidden: &BTreeSet<u64>) {
        self.hidden_once.extend(hidden);
    }

    fn fire(&mut self, fault: Fault) {
        *self.fired.entry(fault).or_default() += 1;
    }

    pub(crate) fn profile(&mut self, world: &World, dice: &mut Dice) -> Result<u64, Trouble> {
        if dice.between(0, 199) < self.unrest {
            self.fire(Fault::Status503);
            return Err(Trouble::Http(classify(503, b"")));
        }
        Ok(world.count())
    }

    pub(crate) fn page(&mut self, world: &World, token: Option<&str>, dice: &mut Dice) -> Answer {
        if token.is_none() {
            self.before = None;
        }
        let below = token.map_or(u64::MAX, |t| self.tokens[t[1..].parse::<usize>().unwrap()]);
        let honest = self.honest(world, below, self.page_size);
        let fault = match self.stuck.take() {
            Some((fault, left)) => {
                self.stuck = (left > 1).then(|| (fault, left - 1));
                Some(fault)
            }
            None if dice.between(0, 99) < self.unrest => {
                let fault = *dice.pick(&Fault::ALL);
                self.stuck = dice.one_in(3).then(|| (fault, dice.between(1, 5)));
                Some(fault)
            }
            None => None,
        };
        let answer = match fault {
            Some(fault) => self.wrong(fault, world, token, below, &honest, dice),
            None => None,
        };
        let spared = |page: &Page| page.hidden.is_disjoint(&self.hidden_once);
        let answer = answer.filter(|answer| answer.as_ref().map_or(true, spared));
        if let (Some(fault), Some(answer)) = (fault, answer) {
            self.fire(fault);
            return answer;
        }
        self.before = Some(honest.clone());
        Ok(honest)
    }

    /// The page below a number of follow, ghosts left out.
    fn honest(&mut self, world: &World, below: u64, size: usize) -> Page {
        let rows: Vec<(u64, u64)> = world.list(below).take(size).collect();
        let last = rows.last().map_or(0, |&(number, _)| number);
        let next = world.list(last).next().is_some().then(|| self.token(last));
        let (gone, listed): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|(_, id)| id).partition(|id| self.ghosts.contains(id));
        let users = listed.into_iter().map(|id| (id, world.handle(id))).collect();
        Page { users, dropped: 0, refused: 0, next, hidden: gone.into_iter().collect() }
    }

    fn token(&mut self, below: u64) -> String {
        self.tokens.push(below);
        format!("t{}", self.tokens.len() - 1)
    }

    fn wrong(
        &mut self,
        fault: Fault,
        world: &World,
        token: Option<&str>,
        below: u64,
        honest: &Page,
        dice: &mut Dice,
    ) -> Option<Answer> {
        let trouble = match fault {
            Fault::Network => Trouble::Network("connection refused".into()),
            Fault::Cut => Trouble::Cut,
            Fault::BadBody => Trouble::BadBody("not JSON at byte 7".into()),
            Fault::Status503 => Trouble::Http(classify(503, b"<html>")),
            Fault::Status401 if dice.one_in(4) => Trouble::Http(classify(401, b"")),
            Fault::Status402 if dice.one_in(4) => Trouble::Http(classify(402, b"")),
            Fault::Status429 | Fault::Status429WithoutReset => Trouble::Http(classify(429, b"")),
            Fault::TokenExpired if token.is_some() => Trouble::Http(classify(
                400,
                br#"{"errors":[{"parameters":{"pagination_token":["x"]}}]}"#,
            )),
            _ => return self.wrong_page(fault, world, below, honest, dice).map(Ok),
        };
        let rate = (fault == Fault::Status429).then(|| {
            let wait_ms = i64::try_from(dice.between(1, 900) * 1_000).unwrap();
            Rate { limit: 300, remaining: 0, reset: world.now.plus(wait_ms) }
        });
        Some(Err((trouble, rate)))
    }

    fn wrong_page(
        &mut self,
        fault: Fault,
        world: &World,
        below: u64,
        honest: &Page,
        dice: &mut Dice,
    ) -> Option<Page> {
        let mut page = honest.clone();
        let some = dice.index(4) + 1;
        match fault {
            Fault::RepeatedPage => page = self.before.clone()?,
            Fault::RepeatedIds => {
                page.users.clone_from(&self.before.as_ref()?.users);
                page.hidden.extend(honest.users.iter().map(|(id, _)| id));
            }
            Fault::ShiftedPage => {
                // It begins earlier than it should and ends earlier; its token goes on there.
                let before = self.before.clone()?;
                let repeats = before.users.iter().rev().take(some).rev().cloned();
                page = self.honest(world, below, self.page_size - some);
                page.users = repeats.chain(page.users).collect();
            }
            Fault::ShortPage => page = self.honest(world, below, some),
            Fault::SkippedIds | Fault::ErrorsBesideData | Fault::UnreadableUsers => {
                let kept_back = page.users.len().min(some);
                let gone: Vec<_> = page.users.drain(..kept_back).map(|(id, _)| id).collect();
                let count = u32::try_from(gone.len()).unwrap();
                page.hidden.extend(gone);
                match fault {
                    Fault::ErrorsBesideData => page.refused = count,
                    Fault::UnreadableUsers => page.dropped = count,
                    _ => {}
                }
            }
            Fault::EmptyPage => {
                let hidden = world.list(below).map(|(_, id)| id).collect();
                page = Page { users: vec![], dropped: 0, refused: 0, next: None, hidden };
            }
            Fault::TokenLoop => page.next.clone_from(&self.before.as_ref()?.next),
            _ => return None,
        }
        Some(page)
    }
}
