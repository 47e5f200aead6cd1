//! The Account object as the worker builds it, without its platform: what is in `Kept` survives
//! a loss, nothing else. Invariant: every write is one that the platform makes atomic.

use crate::Fired;
use crate::checks;
use crate::dice::Dice;
use crate::upstream::{Answer, Page, Upstream};
use crate::world::World;
use shared::acceptance::{Candidate, Overlap, Verdict, judge};
use shared::crawl::{Crawl, CrawlFacts, PageFacts, PageVerdict, Step};
use shared::handles::{Handles, Index, IndexBuilder};
use shared::id::UserId;
use shared::ledger::{self, Mark, Memory, Raw, Timeline};
use shared::roster::{Roster, Side, merge};
use shared::snapshot::{self, Name};
use shared::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};

/// Mistakes that the checks must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// What an aborted check had read is stored as if it were the list.
    DiffUnfinished,
    /// A walk that begins anew keeps the pages it had.
    KeepStalePages,
    /// No list is judged.
    AcceptAll,
    /// A list is compared with the one that arrived before it.
    DiffWithLastArrived,
}

/// What must have happened over all seeds, beside the faults of X.
pub(crate) const HAPPENINGS: [&str; 15] = [
    "finished",
    "aborted",
    "restarted",
    "quarantined",
    "doubtful",
    "evicted",
    "answer lost",
    "lost after storing",
    "budget wait",
    "delivered again",
    "delivered late",
    "imported between",
    "strangers",
    "replaced",
    "retracted",
];

const ME: UserId = UserId(12);

/// When a list was read, and whom X kept back: for the checks alone.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) from: UnixMs,
    pub(crate) to: UnixMs,
    pub(crate) hidden: BTreeSet<u64>,
}

/// An object of the bucket.
#[derive(Clone)]
struct Object {
    etag: u64,
    roster: Vec<u8>,
    handles: Vec<u8>,
    metadata: BTreeMap<String, String>,
}

/// A page kept.
struct Row {
    users: Vec<(u64, String)>,
    at: UnixMs,
    hidden: BTreeSet<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    etag: u64,
    pub(crate) count: u64,
    pub(crate) accepted: bool,
    pub(crate) facts: Option<CrawlFacts>,
}

pub(crate) struct Account {
    bug: Bug,
    crawl: Option<String>,
    rows: Vec<Row>,
    /// Ids of `rows`; made from them again when lost.
    gathered: Option<BTreeSet<u64>>,
    /// When the walk under way began, for the checks alone.
    walk_from: UnixMs,
    bucket: BTreeMap<String, Object>,
    /// Packed lists beside the files, of the bytes last read: what the ledger was made from,
    /// whatever was put into the bucket since.
    sidecars: BTreeMap<UnixMs, (Vec<u8>, Vec<u8>)>,
    queue: Vec<String>,
    pub(crate) known: BTreeMap<UnixMs, Known>,
    pub(crate) ledger: Memory,
    last_arrived: Option<UnixMs>,
    pub(crate) windows: BTreeMap<UnixMs, Window>,
    /// Lists that are to be set aside, whatever they are compared with.
    strangers: BTreeSet<UnixMs>,
    pub(crate) happened: Fired,
}

impl Account {
    pub(crate) fn new(bug: Bug) -> Self {
        Self {
            bug,
            crawl: None,
            rows: Vec::new(),
            gathered: None,
            walk_from: UnixMs::default(),
            bucket: BTreeMap::new(),
            sidecars: BTreeMap::new(),
            queue: Vec::new(),
            known: BTreeMap::new(),
            ledger: Memory::default(),
            last_arrived: None,
            windows: BTreeMap::new(),
            strangers: BTreeSet::new(),
            happened: Fired::new(),
        }
    }

    fn happen(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// One full check, to its end.
    pub(crate) fn check_followers(
        &mut self,
        world: &mut World,
        upstream: &mut Upstream,
        dice: &mut Dice,
    ) -> Result<(), String> {
        upstream.begin(world, dice);
        world.now = world.now.floor_second().plus(1_000);
        let mut crawl = Crawl::start("run".into(), world.now);
        self.save(&crawl);
        for _ in 0..5_000 {
            if dice.one_in(4) {
                self.happen("evicted");
                self.gathered = None;
                crawl = self.saved()?;
            }
            match crawl.next(world.now) {
                Step::Wait { until, .. } => {
                    let ms = u64::try_from(until.since(world.now)).unwrap_or(1);
                    let churn = u64::from(ms > 10_000);
                    world.pass(ms, churn, dice);
                    continue;
                }
                Step::ReadProfile if dice.one_in(30) => self.wait_for_budget(&mut crawl, world),
                Step::ReadProfile => match upstream.profile(world, dice) {
                    Ok(count) => crawl.profile(count, world.now),
                    Err(trouble) => crawl.trouble(&trouble, None, world.now),
                },
                Step::ReadPage { .. } if dice.one_in(60) => self.wait_for_budget(&mut crawl, world),
                Step::ReadPage { token, first } => {
                    if first {
                        self.begin_walk(world.now);
                    }
                    let answer = upstream.page(world, token.as_deref(), dice);
                    if dice.one_in(40) {
                        self.happen("answer lost");
                        crawl = self.saved()?;
                        continue;
                    }
                    self.answered(&mut crawl, answer, world.now);
                }
                Step::Finish => return self.finish(&crawl, world, upstream, dice),
                Step::Abort(_) => {
                    self.happen("aborted");
                    if self.bug == Bug::DiffUnfinished && !self.rows.is_empty() {
                        self.store(crawl.started(), None);
                    }
                    self.drop_rows();
                    self.crawl = None;
                    return Ok(());
                }
            }
            self.save(&crawl);
            let churn = u64::from(dice.one_in(6));
            world.pass(dice.between(50, 3_000), churn, dice);
        }
        Err("a check does not end".into())
    }

    /// The first page is about to be read: what is still held is of a walk begun before.
    fn begin_walk(&mut self, now: UnixMs) {
        self.walk_from = now;
        if self.bug != Bug::KeepStalePages {
            self.drop_rows();
        }
    }

    fn answered(&mut self, crawl: &mut Crawl, answer: Answer, now: UnixMs) {
        let restarts = crawl.counts()["restarts"];
        match answer {
            Ok(page) => self.take(crawl, page, now),
            Err((trouble, rate)) => crawl.trouble(&trouble, rate.as_ref(), now),
        }
        if crawl.counts()["restarts"] > restarts {
            self.happen("restarted");
        }
    }

    fn drop_rows(&mut self) {
        self.rows.clear();
        self.gathered = None;
    }

    /// The machine as it was last written.
    fn saved(&self) -> Result<Crawl, String> {
        let saved = self.crawl.as_ref().ok_or("the check is gone")?;
        serde_json::from_str(saved).map_err(|error| error.to_string())
    }

    fn save(&mut self, crawl: &Crawl) {
        self.crawl = serde_json::to_string(crawl).ok();
    }

    fn wait_for_budget(&mut self, crawl: &mut Crawl, world: &World) {
        self.happen("budget wait");
        crawl.refuse_budget(Some(world.now.plus(60_000)), "window".into(), world.now);
    }

    /// A page came: what is new of it is kept, if the machine says so.
    fn take(&mut self, crawl: &mut Crawl, page: Page, now: UnixMs) {
        let rows = &self.rows;
        let known = self.gathered.get_or_insert_with(|| {
            rows.iter().flat_map(|row| row.users.iter().map(|(id, _)| *id)).collect()
        });
        let mut seen = BTreeSet::new();
        let given = page.users.len();
        let fresh: Vec<_> = page
            .users
            .into_iter()
            .filter(|(id, _)| !known.contains(id) && seen.insert(*id))
            .collect();
        let count = |n: usize| u32::try_from(n).unwrap();
        let facts = PageFacts {
            new_ids: count(fresh.len()),
            repeats: count(given - fresh.len()),
            dropped: page.dropped,
            refused: page.refused,
            next_token: page.next,
        };
        match crawl.page(facts, now) {
            PageVerdict::Keep { .. } => {
                known.extend(fresh.iter().map(|(id, _)| id));
                self.rows.push(Row { users: fresh, at: now, hidden: page.hidden });
            }
            PageVerdict::Discard | PageVerdict::Restart => {}
        }
    }

    fn finish(
        &mut self,
        crawl: &Crawl,
        world: &World,
        upstream: &mut Upstream,
        dice: &mut Dice,
    ) -> Result<(), String> {
        self.happen("finished");
        let facts = crawl.facts();
        if facts.doubtful {
            self.happen("doubtful");
        }
        self.store(crawl.started(), Some(&facts));
        if dice.one_in(10) {
            // Lost before the check was cleared away: all of this once more.
            self.happen("lost after storing");
            self.store(crawl.started(), Some(&facts));
        }
        let window = &self.windows[&crawl.started()];
        upstream.spare(&window.hidden);
        let object = &self.bucket[&snapshot::key(ME, &Name::followers(crawl.started()))];
        let roster = Roster::decode(&object.roster).map_err(|error| error.to_string())?;
        checks::complete(&roster, window, world)?;
        self.drop_rows();
        self.crawl = None;
        Ok(())
    }

    /// Puts what was read into the bucket, and a message into the queue.
    fn store(&mut self, at: UnixMs, facts: Option<&CrawlFacts>) {
        let from = self.walk_from;
        let to = self.rows.iter().map(|row| row.at).max().unwrap_or(from);
        let hidden = self.rows.iter().flat_map(|row| row.hidden.iter().copied()).collect();
        self.windows.insert(at, Window { from, to, hidden });
        let users: Vec<_> = self.rows.iter().flat_map(|row| row.users.iter().cloned()).collect();
        let name = Name::followers(at);
        self.put(&name, users, facts.map(CrawlFacts::to_pairs).unwrap_or_default());
    }

    fn put(
        &mut self,
        name: &Name,
        users: impl IntoIterator<Item = (u64, String)>,
        metadata: BTreeMap<String, String>,
    ) {
        let mut index = IndexBuilder::with_capacity(64);
        for (id, handle) in users {
            index.push(UserId(id), &handle);
        }
        let Index { roster, handles, .. } = index.finish();
        let (roster, handles) = (roster.encode(), handles.encode());
        let etag = roster
            .iter()
            .chain(&handles)
            .fold(7, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let key = snapshot::key(ME, name);
        self.bucket.insert(key.clone(), Object { etag, roster, handles, metadata });
        self.queue.push(key);
    }

    /// The owner imports a list: of some earlier instant; or another account's; or a second
    /// version of one imported before.
    pub(crate) fn import_something(
        &mut self,
        world: &World,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let back_ms = i64::try_from(dice.between(1, 400_000)).unwrap() * 1_000 + 7;
        let at = world.now.plus(-back_ms);
        if self.windows.contains_key(&at) {
            return Ok(());
        }
        let name = format!("FOLLOWERS_{}.json.gz", at.rfc3339());
        let name = Name::parse(&name).map_err(|error| error.to_string())?;
        let accepted_before = self.accepted().range(..at).next_back().is_some();
        let (mut list, mut hidden) = (world.list_at(at), BTreeSet::new());
        if accepted_before && dice.one_in(4) {
            self.happen("strangers");
            self.strangers.insert(at);
            list = if dice.one_in(2) {
                (1..50).map(|id| (u64::MAX / 4 + id, String::new())).collect()
            } else {
                BTreeMap::new()
            };
        } else if list.is_empty() {
            // Before the world began: nothing to import.
            return Ok(());
        } else if dice.one_in(3) {
            // A faulty first version, put right later.
            self.happen("replaced");
            let mut shorter = list.clone();
            hidden.extend(shorter.pop_first().map(|(id, _)| id));
            self.put(&name, shorter, BTreeMap::new());
            self.windows.insert(at, Window { from: at, to: at, hidden: hidden.clone() });
            self.deliver_some(dice)?;
        }
        if dice.one_in(3) {
            list.values_mut().for_each(String::clear);
        }
        self.windows.insert(at, Window { from: at, to: at, hidden });
        if accepted_before {
            self.happen("imported between");
        }
        self.put(&name, list, BTreeMap::new());
        Ok(())
    }

    /// The queue delivers some of what it holds: in any order, some of it twice.
    pub(crate) fn deliver_some(&mut self, dice: &mut Dice) -> Result<(), String> {
        for _ in 0..dice.between(0, 3) {
            if self.queue.is_empty() {
                return Ok(());
            }
            let at = dice.index(self.queue.len());
            if at + 1 < self.queue.len() {
                self.happen("delivered late");
            }
            let key = self.queue.swap_remove(at);
            for again in 0..dice.between(1, 3) {
                self.ingest_again(&key, again > 0)?;
            }
        }
        Ok(())
    }

    pub(crate) fn deliver_all(&mut self, dice: &mut Dice) -> Result<(), String> {
        while !self.queue.is_empty() {
            self.deliver_some(dice)?;
        }
        Ok(())
    }

    /// Every message there ever was, in any order.
    pub(crate) fn deliver_everything_again(&mut self, dice: &mut Dice) -> Result<(), String> {
        self.queue = self.bucket.keys().cloned().collect();
        self.deliver_all(dice)
    }

    fn ingest_again(&mut self, key: &str, again: bool) -> Result<(), String> {
        if !again {
            return self.ingest(key);
        }
        self.happen("delivered again");
        let (known, ledger) = (self.known.clone(), self.ledger.clone());
        self.ingest(key)?;
        if (&known, &ledger) != (&self.known, &self.ledger) {
            return Err(format!("{key} read again changed the ledger"));
        }
        Ok(())
    }

    /// An empty Account object reads the bucket, oldest list first.
    pub(crate) fn replayed(&self) -> Result<Self, String> {
        let mut anew = Self::new(self.bug);
        anew.bucket.clone_from(&self.bucket);
        anew.windows.clone_from(&self.windows);
        anew.strangers.clone_from(&self.strangers);
        let mut keys: Vec<_> = self.bucket.keys().cloned().collect();
        keys.sort_by_key(|key| snapshot::parse_key(key).map_or(0, |(_, name)| name.at().0));
        for key in keys {
            anew.ingest(&key)?;
        }
        Ok(anew)
    }

    pub(crate) fn accepted(&self) -> BTreeMap<UnixMs, &Known> {
        self.known.iter().filter(|(_, known)| known.accepted).map(|(&at, k)| (at, k)).collect()
    }

    /// The list of an instant as it was last read.
    pub(crate) fn list(&self, at: UnixMs) -> Result<(Roster, Handles), String> {
        let (roster, handles) = self.sidecars.get(&at).ok_or("a list was never read")?;
        let roster = Roster::decode(roster).map_err(|error| error.to_string())?;
        let handles = Handles::decode(handles.clone()).map_err(|error| error.to_string())?;
        Ok((roster, handles))
    }

    pub(crate) fn timeline(&self) -> Timeline {
        let mark = |(at, known): (UnixMs, &Known)| Mark {
            at,
            count: known.count,
            // Nothing unreadable is stored: what a page held is among its check's facts.
            unreadable: 0,
            facts: known.facts.clone(),
        };
        Timeline::new(self.accepted().into_iter().map(mark).collect())
    }

    /// Reads one list from the bucket into the ledger.
    fn ingest(&mut self, key: &str) -> Result<(), String> {
        let (_, name) = snapshot::parse_key(key).map_err(|error| error.to_string())?;
        let at = name.at();
        let object = self.bucket.get(key).ok_or("the object is gone")?;
        let (etag, facts) = (object.etag, CrawlFacts::from_pairs(&object.metadata));
        self.sidecars.insert(at, (object.roster.clone(), object.handles.clone()));
        let (roster, _) = self.list(at)?;
        let before = self.accepted().range(..at).next_back().map(|(&at, _)| at);
        let prev = before.map(|before| self.list(before)).transpose()?;
        let overlap = prev.as_ref().map(|(prev, _)| overlap(prev, &roster));
        let unreadable = facts.as_ref().map_or(0, |facts| facts.dropped);
        let count = roster.len() as u64;
        let candidate = Candidate { count, unreadable, facts: facts.clone(), prev: overlap };
        let accepted = self.bug == Bug::AcceptAll || judge(&candidate) == Verdict::Accept;
        if !accepted {
            self.happen("quarantined");
        }
        if accepted && self.strangers.contains(&at) {
            return Err(format!("the strangers of {at} were accepted"));
        }
        self.known.insert(at, Known { etag, count: candidate.count, accepted, facts });
        let timeline = self.timeline();
        let mut fresh: Vec<(UnixMs, Raw)> = Vec::new();
        if accepted {
            let with = match self.bug {
                Bug::DiffWithLastArrived => self.last_arrived.filter(|&last| last != at),
                _ => before,
            };
            fresh.push((at, self.diff(with, at)?));
        }
        if let Some(after) = timeline.after(at) {
            fresh.push((after, self.diff(timeline.before(after), after)?));
        }
        let gone = if accepted { vec![] } else { vec![at] };
        let counts = ledger::apply(&mut self.ledger, &timeline, fresh, &gone)
            .map_err(|failure| failure.to_string())?;
        if counts.retracted > 0 {
            self.happen("retracted");
        }
        if accepted {
            self.last_arrived = Some(at);
        }
        Ok(())
    }

    fn diff(&self, before: Option<UnixMs>, at: UnixMs) -> Result<Raw, String> {
        let Some(before) = before else { return Ok(Raw::default()) };
        let ((prev, prev_handles), (next, next_handles)) = (self.list(before)?, self.list(at)?);
        Ok(ledger::diff(&prev, &next, Some(&prev_handles), Some(&next_handles)))
    }
}

fn overlap(prev: &Roster, next: &Roster) -> Overlap {
    let mut kept = 0;
    merge(prev, next, |side| kept += u64::from(matches!(side, Side::Both { .. })));
    Overlap { prev_count: prev.len() as u64, kept }
}
