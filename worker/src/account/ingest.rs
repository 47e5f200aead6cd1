//! Reading one snapshot into the ledger: stream, index, judge, diff, apply. Invariant: nothing
//! is changed before the list was read to its end and judged; what changes then lands in one
//! write; doing all of it again changes nothing.

use super::Account;
use super::ledger::{SqlStore, failed};
use super::snapshots::{self, Known, ORIGIN};
use crate::bucket::{self, Found};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, RunEnd};
use crate::sql::{Sql, values};
use futures_util::StreamExt;
use shared::acceptance::{Candidate, Entries, Overlap, Verdict, judge, nobody_readable};
use shared::api::{RunState, SnapshotKind, SnapshotState, Trigger};
use shared::crawl::CrawlFacts;
use shared::handles::{Index, IndexBuilder};
use shared::id::AccountId;
use shared::ledger::{self, Counts, Raw};
use shared::profile::{Entry, Sorted, Sorter};
use shared::roster::{self, Roster, Side};
use shared::snapshot::{self, Damage, ENTRIES_MAX, Name, Reader, Summary};
use shared::time::UnixMs;
use std::collections::BTreeMap;
use worker::ByteStream;

/// Followers that come while a list is walked, about.
const ROOM_SPARE: u64 = 10_000;

/// A list read to its end.
struct List {
    index: Index,
    sorted: Sorted,
    summary: Summary,
}

/// A snapshot being read.
pub(super) struct Arrived<'a> {
    pub(super) account: AccountId,
    pub(super) name: &'a Name,
    found: &'a Found,
    facts: Option<CrawlFacts>,
    /// What was decided of these very bytes before: accepted, or set aside for a reason.
    verdict: Option<Verdict>,
    /// It is only judged, and nothing is written: it may replace a list or may not.
    pub(super) rehearsed: bool,
}

/// How its reading ends.
pub(super) struct End {
    pub(super) state: SnapshotState,
    pub(super) count: Option<u64>,
    /// What its entries came to; none: they were not read to their end.
    pub(super) entries: Option<Entries>,
    pub(super) reason: Option<String>,
}

impl Arrived<'_> {
    /// Entries without a readable id of the answers that a file of tweets was written from.
    pub(super) fn dropped(&self) -> u64 {
        let dropped = self.found.metadata.get(snapshots::DROPPED);
        dropped.and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// The write that ends it: whichever bytes were read are the snapshot's from then on.
    pub(super) fn conclude(&self, end: End) -> Result<impl FnOnce(&Sql) -> Result<()> + 'static> {
        let facts = self.facts.as_ref().map(serde_json::to_string).transpose()?;
        let bound = values![
            end.state.as_str(),
            end.count.map(int),
            end.entries.map(|entries| int(entries.entries)),
            end.entries.map(|entries| int(entries.unreadable)),
            end.entries.map(|entries| int(entries.repeated)),
            end.reason,
            self.found.etag.as_str(),
            int(self.found.bytes),
            facts,
            self.name.as_str(),
        ];
        Ok(move |sql: &Sql| {
            sql.run(
                "UPDATE snapshots SET state = ?, count = ?, entries = ?, unreadable = ?,
                    repeated = ?, reason = ?, etag = ?, bytes = ?, facts = ? WHERE name = ?",
                bound,
            )
        })
    }
}

/// What became of a snapshot.
pub(super) struct Outcome {
    /// Why it was set aside, if it was.
    pub(super) reason: Option<String>,
    pub(super) counts: BTreeMap<String, i64>,
}

impl Account {
    /// Reads a snapshot from the bucket; answers its run.
    pub(super) async fn read_snapshot(
        &self,
        name: &Name,
        known: Option<Known>,
        trigger: Trigger,
    ) -> Result<Option<String>> {
        let account = self.tracked()?.account;
        let bucket = bucket::open(&self.env)?;
        let key = snapshot::key(account, name);
        let run = self.run_of(known.as_ref(), trigger).await?;
        let Some((found, body)) = bucket::stream(&bucket, &key).await? else {
            self.forget_pending(name)?;
            let gone = Fault::missing(format!("{key} is no longer in the bucket"));
            self.end(&run, RunState::Failed, Some(gone), BTreeMap::new()).await?;
            return Ok(Some(run));
        };
        let recorded = self.recorded(account, name, &found).await?;
        // An import may have put its own run in the place of this one meanwhile.
        let newer = self.snapshot(name)?.and_then(|known| known.run);
        let run = newer.unwrap_or(run);
        let facts = match known.as_ref().filter(|known| known.etag == found.etag) {
            Some(known) if known.facts.is_some() => known.facts.clone(),
            _ => recorded.facts,
        };
        self.register(name, &found.etag, found.bytes, facts.as_ref(), Some(&run))?;
        self.record_origin(name, found.metadata.get(ORIGIN))?;
        let arrived = Arrived {
            account,
            name,
            found: &found,
            facts,
            verdict: recorded.verdict,
            rehearsed: false,
        };
        let outcome = self.take_in(&arrived, body).await?;
        let (state, error) = match &outcome.reason {
            None => (RunState::Done, None),
            Some(reason) => {
                let title = "Set aside";
                (RunState::Quarantined, Some(Fault::new(422, title, reason.as_str())))
            }
        };
        self.end(&run, state, error, outcome.counts).await?;
        Ok(Some(run))
    }

    /// Why a file at another key may not take the place of a list, if so. Nothing is written.
    pub(super) async fn rehearse(
        &self,
        name: &Name,
        found: &Found,
        body: ByteStream,
    ) -> Result<Option<String>> {
        let account = self.tracked()?.account;
        let arrived = Arrived { account, name, found, facts: None, verdict: None, rehearsed: true };
        Ok(self.take_in(&arrived, body).await?.reason)
    }

    async fn take_in(&self, arrived: &Arrived<'_>, body: ByteStream) -> Result<Outcome> {
        let Arrived { account, name, found, facts, .. } = arrived;
        if let Some(why) = misdated(arrived) {
            if !arrived.rehearsed {
                // Kept with it, so that a replay does not take it once its date has come.
                let index = IndexBuilder::with_capacity(0).finish();
                let facts = facts.as_ref();
                self.write_sidecars(*account, name, found, facts, Some(&why), &index).await?;
                if name.kind() == SnapshotKind::Tweets {
                    self.forget_file(name)?;
                }
            }
            return self.set_aside(arrived, None, None, why, BTreeMap::new()).await;
        }
        if name.kind() != SnapshotKind::Followers {
            return self.take_tweets(arrived, body).await;
        }
        let list = match self.read_list(arrived, body).await? {
            Ok(list) => list,
            Err(damage) => {
                let why = format!("the file could not be read, nobody was counted: {damage}");
                return self.set_aside(arrived, None, None, why, BTreeMap::new()).await;
            }
        };
        let count = list.index.roster.len() as u64;
        let entries = Entries::of(&list.summary, list.index.repeats, facts.as_ref());
        // Of a check these replace what its pages came to, which they include.
        let counts = BTreeMap::from([
            ("followers".to_owned(), int(count)),
            ("dropped".to_owned(), int(entries.unreadable)),
            ("repeats".to_owned(), int(entries.repeated)),
        ]);
        let prev = self.index_before(*account, name).await?;
        let why = self.set_aside_for(arrived, &list.index, entries, prev.as_ref())?;
        // Also of a list that is set aside: what a crawl knew of it, and the verdict, outlive
        // this object, so that a replay decides as was decided.
        let why_kept = why.as_deref();
        if arrived.rehearsed {
            self.sql.run("DELETE FROM spill", values![])?;
            return Ok(Outcome { reason: why, counts });
        }
        self.write_sidecars(*account, name, found, facts.as_ref(), why_kept, &list.index).await?;
        if let Some(why) = why {
            return self.set_aside(arrived, Some(count), Some(entries), why, counts).await;
        }
        self.merge_profiles(list.sorted, &list.index.roster)?;
        let end = End {
            state: SnapshotState::Accepted,
            count: Some(count),
            entries: Some(entries),
            reason: None,
        };
        let counted = self.place(arrived, end, Some(&list.index), prev.as_ref()).await?;
        // Nothing awaits in between: it lands with the ledger.
        self.note_news(name)?;
        // Nobody who was blocked needs to be looked up.
        self.witness_blocks(None).await?;
        self.arm_look().await?;
        if let Err(fault) = self.tell_live(*account, name).await {
            worker::console_error!("news of {account}: {}", fault.log());
        }
        // What is not told now is told by the next tick.
        let told = [self.tell_notices().await, self.mind_schedule().await];
        for fault in told.into_iter().filter_map(Result::err) {
            worker::console_error!("notices of {account}: {}", fault.log());
        }
        Ok(Outcome { reason: None, counts: counts.into_iter().chain(counted).collect() })
    }

    /// Why a list may not be compared, if so: by the verdict it once got, or judged now.
    fn set_aside_for(
        &self,
        arrived: &Arrived<'_>,
        index: &Index,
        entries: Entries,
        prev: Option<&Index>,
    ) -> Result<Option<String>> {
        let (count, unreadable) = (index.roster.len() as u64, entries.unreadable);
        // Whatever was once decided: older versions took such a list for an empty one.
        if let Some(why) = nobody_readable(count, unreadable) {
            return Ok(Some(why));
        }
        if let Some(twin) = self.twin(arrived.name)? {
            let why = format!("`{twin}` has the same instant: one list per instant is kept");
            return Ok(Some(why));
        }
        let judged = || {
            judge(&Candidate {
                count,
                unreadable,
                facts: arrived.facts.clone(),
                prev: prev.map(|prev| overlap(&prev.roster, &index.roster)),
            })
        };
        Ok(match arrived.verdict.clone().unwrap_or_else(judged) {
            Verdict::Accept => None,
            Verdict::Quarantine(why) => Some(why),
        })
    }

    /// How many followers a list probably has: by X's count, or as many as the list before it.
    fn room(&self, arrived: &Arrived<'_>) -> Result<usize> {
        let counted = arrived.facts.as_ref().and_then(|facts| facts.x_count_end);
        let expected = match counted {
            Some(count) => Some(count),
            None => self.neighbour(arrived.name, false)?.and_then(|known| known.count),
        };
        let room = expected.unwrap_or(0).saturating_add(ROOM_SPARE).min(ENTRIES_MAX);
        Ok(usize::try_from(room).unwrap_or(0))
    }

    /// Reads a list; a second time where its ids can be trusted only for what its end proves.
    async fn read_list(
        &self,
        arrived: &Arrived<'_>,
        body: ByteStream,
    ) -> Result<std::result::Result<List, Damage>> {
        let Arrived { account, name, found, .. } = arrived;
        let room = self.room(arrived)?;
        match self.read_once(Reader::new(), name.at(), room, body).await? {
            Ok(list) if list.summary.again => {
                drop(list);
                let body = bucket::same(&self.env, &snapshot::key(*account, name), found).await?;
                self.read_once(Reader::exact(), name.at(), room, body).await
            }
            read => Ok(read),
        }
    }

    /// Streams a list: never more than one user object of text at a time, ids and handles packed.
    async fn read_once(
        &self,
        mut reader: Reader,
        at: UnixMs,
        room: usize,
        mut body: ByteStream,
    ) -> Result<std::result::Result<List, Damage>> {
        self.sql.run("DELETE FROM spill", values![])?;
        let mut index = IndexBuilder::with_capacity(room);
        let mut sorter = Sorter::new();
        let mut spilled: Result<()> = Ok(());
        let mut on_user = |user: snapshot::Seen<'_>| {
            index.push(user.id, user.username);
            let entry = Entry { id: user.id, seen: at, raw: user.raw.to_owned() };
            for chunk in sorter.push(entry) {
                if spilled.is_ok() {
                    spilled = self.spill(chunk);
                }
            }
        };
        while let Some(bytes) = body.next().await {
            if let Err(damage) = reader.push(&bytes?, &mut on_user) {
                return Ok(Err(damage));
            }
        }
        let summary = match reader.finish(&mut on_user) {
            Ok(summary) => summary,
            Err(damage) => return Ok(Err(damage)),
        };
        spilled?;
        Ok(Ok(List { index: index.finish(), sorted: sorter.finish(), summary }))
    }

    /// The accepted snapshot just before (or after) an instant, the named one left out.
    fn neighbour(&self, name: &Name, after: bool) -> Result<Option<Known>> {
        let mut accepted = self.accepted()?.into_iter().filter(|known| known.name != *name);
        Ok(if after {
            accepted.find(|known| known.name.at() > name.at())
        } else {
            accepted.rfind(|known| known.name.at() < name.at())
        })
    }

    /// Another accepted snapshot of its kind and the very same instant.
    pub(super) fn twin(&self, name: &Name) -> Result<Option<String>> {
        let row = self.sql.first(
            "SELECT name FROM snapshots
             WHERE kind = ? AND state = 'accepted' AND at = ? AND name <> ?",
            values![name.kind().as_str(), name.at().0, name.as_str()],
        )?;
        row.map(|mut row| row.text()).transpose()
    }

    async fn index_before(&self, account: AccountId, name: &Name) -> Result<Option<Index>> {
        match self.neighbour(name, false)? {
            Some(known) => Ok(Some(self.load_index(account, &known).await?)),
            None => Ok(None),
        }
    }

    /// Puts a list (or, without one, its absence) into the ledger between its neighbours.
    async fn place(
        &self,
        arrived: &Arrived<'_>,
        end: End,
        index: Option<&Index>,
        prev: Option<&Index>,
    ) -> Result<BTreeMap<String, i64>> {
        let at = arrived.name.at();
        let mut fresh: Vec<(UnixMs, Raw)> = Vec::new();
        let mut audited = BTreeMap::new();
        if let (Some(index), Some(prev)) = (index, prev) {
            let raw = self.diff(at, prev, index)?;
            // Whom a list could not be read to have, X may well have pushed.
            let whole = end.entries.is_none_or(|entries| entries.unreadable == 0);
            if let Some(before) = self.neighbour(arrived.name, false)?.filter(|_| whole) {
                audited = self.audit_push((before.name.at(), at), &raw, &index.roster)?;
            }
            fresh.push((at, raw));
        }
        if let Some(next) = self.neighbour(arrived.name, true)? {
            // Without anything before it the next one is the first, and the first makes no events.
            let after = next.name.at();
            let raw = match index.or(prev) {
                Some(before) => {
                    let next = self.load_index(arrived.account, &next).await?;
                    self.diff(after, before, &next)?
                }
                None => Raw::default(),
            };
            fresh.push((after, raw));
        }
        let gone = if index.is_some() && prev.is_some() { vec![] } else { vec![at] };
        let mut counts = self.write_ledger(arrived, end, fresh, gone)?;
        counts.append(&mut audited);
        Ok(counts)
    }

    /// What changed between two lists, the later one of `at`, which need not be known yet.
    fn diff(&self, at: UnixMs, prev: &Index, next: &Index) -> Result<Raw> {
        let timeline = snapshots::timeline(&self.sql)?;
        let watched = ledger::watched(&SqlStore::new(self.sql.clone())?, &timeline, at)?;
        let raw =
            ledger::diff(&prev.roster, &next.roster, Some(&prev.handles), Some(&next.handles));
        Ok(raw.watch(&prev.roster, &next.roster, &watched))
    }

    /// The snapshot's end and what follows from it for the ledger: one write.
    fn write_ledger(
        &self,
        arrived: &Arrived<'_>,
        end: End,
        fresh: Vec<(UnixMs, Raw)>,
        gone: Vec<UnixMs>,
    ) -> Result<BTreeMap<String, i64>> {
        let sql = self.sql.clone();
        let conclude = arrived.conclude(end)?;
        let counts: Counts = self.sql.atomically(move || {
            conclude(&sql)?;
            // Read inside the write: it must see this snapshot's new state.
            let timeline = snapshots::timeline(&sql)?;
            let mut store = SqlStore::new(sql)?;
            ledger::apply(&mut store, &timeline, fresh, &gone).map_err(failed)
        })?;
        Ok(BTreeMap::from([
            ("gained".to_owned(), int(counts.gained)),
            ("lost".to_owned(), int(counts.lost)),
            ("returned".to_owned(), int(counts.returned)),
            ("renamed".to_owned(), int(counts.renamed)),
            ("retracted".to_owned(), int(counts.retracted)),
            ("confirmed".to_owned(), int(counts.confirmed)),
        ]))
    }

    /// Quarantine: the file stays in the bucket, the ledger is as if it were not there.
    pub(super) async fn set_aside(
        &self,
        arrived: &Arrived<'_>,
        count: Option<u64>,
        entries: Option<Entries>,
        reason: String,
        counts: BTreeMap<String, i64>,
    ) -> Result<Outcome> {
        self.sql.run("DELETE FROM spill", values![])?;
        if arrived.rehearsed {
            return Ok(Outcome { reason: Some(reason), counts });
        }
        let state = SnapshotState::Quarantined;
        let end = End { state, count, entries, reason: Some(reason.clone()) };
        let was = self.snapshot(arrived.name)?.map(|known| known.state);
        let list = arrived.name.kind() == SnapshotKind::Followers;
        if list && was == Some(SnapshotState::Accepted) {
            // Bytes that replaced an accepted list take that list out of the ledger.
            let prev = self.index_before(arrived.account, arrived.name).await?;
            self.place(arrived, end, None, prev.as_ref()).await?;
        } else {
            arrived.conclude(end)?(&self.sql)?;
        }
        Ok(Outcome { reason: Some(reason), counts })
    }

    fn forget_pending(&self, name: &Name) -> Result<()> {
        self.sql.run(
            "DELETE FROM snapshots WHERE name = ? AND state = 'pending'",
            values![name.as_str()],
        )
    }

    pub(super) async fn end(
        &self,
        run: &str,
        state: RunState,
        error: Option<Fault>,
        counts: BTreeMap<String, i64>,
    ) -> Result<()> {
        let end = RunEnd { state, ended: clock::now(), error, counts };
        ControlClient::new(&self.env)?.close(run, end).await
    }
}

/// Why a file is not read at all: its date cannot be, or could not when it was first seen. Of
/// tweets nothing else is kept beside their file.
fn misdated(arrived: &Arrived<'_>) -> Option<String> {
    let before = || match &arrived.verdict {
        Some(Verdict::Quarantine(why)) if arrived.name.kind() == SnapshotKind::Tweets => {
            Some(why.clone())
        }
        _ => None,
    };
    let now = snapshot::dated(arrived.name, clock::now()).err();
    now.map(|why| why.to_string()).or_else(before)
}

fn overlap(prev: &Roster, next: &Roster) -> Overlap {
    let mut kept = 0;
    roster::merge(prev, next, |side| {
        if matches!(side, Side::Both { .. }) {
            kept += 1;
        }
    });
    Overlap { prev_count: prev.len() as u64, kept }
}

fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
