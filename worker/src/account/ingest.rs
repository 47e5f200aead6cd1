//! Reading one snapshot into the ledger: stream, index, judge, diff, apply. Invariant: nothing
//! is changed before the list was read to its end and judged; what changes then lands in one
//! write; doing all of it again changes nothing.

use super::snapshots::{self, Known};
use super::{Account, changes::SqlStore};
use crate::bucket::{self, Found};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{ControlClient, RunEnd};
use crate::sql::values;
use futures_util::StreamExt;
use shared::acceptance::{Candidate, Overlap, Verdict, judge};
use shared::api::{RunState, SnapshotKind, SnapshotState, Trigger};
use shared::crawl::CrawlFacts;
use shared::handles::{Handles, Index, IndexBuilder};
use shared::id::AccountId;
use shared::ledger::{self, Counts, Failure, Raw};
use shared::profile::{Entry, Sorted, Sorter};
use shared::roster::{self, Roster, Side};
use shared::snapshot::{self, Damage, Name, Reader, Summary};
use shared::time::UnixMs;
use std::collections::{BTreeMap, HashMap};
use worker::ByteStream;

/// A list read to its end.
struct List {
    index: Index,
    sorted: Sorted,
    summary: Summary,
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
        let facts = match known.as_ref().filter(|known| known.etag == found.etag) {
            Some(known) if known.facts.is_some() => known.facts.clone(),
            _ => self.recorded_facts(account, name, &found).await?,
        };
        self.register(name, &found.etag, found.bytes, facts.as_ref(), Some(&run))?;
        let outcome = self.take_in(account, name, &found, facts, body).await?;
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

    async fn take_in(
        &self,
        account: AccountId,
        name: &Name,
        found: &Found,
        facts: Option<CrawlFacts>,
        body: ByteStream,
    ) -> Result<Outcome> {
        if name.kind() != SnapshotKind::Followers {
            return self.take_tweets(name, body).await;
        }
        let list = match self.read_list(name.at(), body).await? {
            Ok(list) => list,
            Err(damage) => {
                let why = format!("the file could not be read, nobody was counted: {damage}");
                return self.set_aside(name, None, why, BTreeMap::new()).await;
            }
        };
        let count = list.index.roster.len() as u64;
        let counts = BTreeMap::from([
            ("followers".to_owned(), int(count)),
            ("dropped".to_owned(), int(list.summary.dropped)),
            ("repeats".to_owned(), int(list.index.repeats)),
        ]);
        // Before judging: what a crawl knew of a list that is set aside must outlive this object
        // too, or a replay would judge it as an import.
        self.write_sidecars(account, name, found, facts.as_ref(), &list.index).await?;
        let before = self.neighbour(name, false)?;
        let prev = match &before {
            Some(known) => Some(self.load_index(account, known).await?),
            None => None,
        };
        let overlap = prev.as_ref().map(|prev| overlap(&prev.roster, &list.index.roster));
        let candidate = Candidate { count, facts: facts.clone(), prev: overlap };
        if let Some(twin) = self.twin(name)? {
            let why = format!("`{twin}` has the same instant: one list per instant is kept");
            return self.set_aside(name, Some(count), why, counts).await;
        }
        if let Verdict::Quarantine(why) = judge(&candidate) {
            return self.set_aside(name, Some(count), why, counts).await;
        }
        self.merge_profiles(list.sorted, &list.index.roster)?;
        let counted = self.accept(account, name, Some(&list.index), prev.as_ref()).await?;
        Ok(Outcome { reason: None, counts: counts.into_iter().chain(counted).collect() })
    }

    /// Streams a list: never more than one user object of text at a time, ids and handles packed.
    async fn read_list(
        &self,
        at: UnixMs,
        mut body: ByteStream,
    ) -> Result<std::result::Result<List, Damage>> {
        self.sql.run("DELETE FROM spill", values![])?;
        let mut reader = Reader::new();
        let mut index = IndexBuilder::with_capacity(1024);
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

    /// Another accepted snapshot of the very same instant.
    fn twin(&self, name: &Name) -> Result<Option<String>> {
        let row = self.sql.first(
            "SELECT name FROM lists WHERE at = ? AND name <> ?",
            values![name.at().0, name.as_str()],
        )?;
        row.map(|mut row| row.text()).transpose()
    }

    /// Puts a list (or, without one, its absence) into the ledger with its neighbours.
    pub(super) async fn accept(
        &self,
        account: AccountId,
        name: &Name,
        index: Option<&Index>,
        prev: Option<&Index>,
    ) -> Result<BTreeMap<String, i64>> {
        let at = name.at();
        let mut fresh: Vec<(UnixMs, Raw)> = Vec::new();
        if let (Some(index), Some(prev)) = (index, prev) {
            fresh.push((at, diff(prev, index)));
        }
        if let Some(next) = self.neighbour(name, true)?
            && let Some(before) = index.or(prev)
        {
            let after = self.load_index(account, &next).await?;
            fresh.push((next.name.at(), diff(before, &after)));
        } else if index.is_none()
            && let Some(next) = self.neighbour(name, true)?
        {
            // It was the first: the one after it is now, and the first makes no events.
            fresh.push((next.name.at(), Raw::default()));
        }
        let gone = if index.is_some() && prev.is_some() { vec![] } else { vec![at] };
        let count = index.map(|index| int(index.roster.len() as u64));
        let state = index.map(|_| SnapshotState::Accepted.as_str());
        self.write_ledger(name, state, count, fresh, gone)
    }

    fn write_ledger(
        &self,
        name: &Name,
        state: Option<&'static str>,
        count: Option<i64>,
        fresh: Vec<(UnixMs, Raw)>,
        gone: Vec<UnixMs>,
    ) -> Result<BTreeMap<String, i64>> {
        let (sql, name) = (self.sql.clone(), name.as_str().to_owned());
        let counts: Counts = self.sql.atomically(move || {
            if let Some(state) = state {
                sql.run(
                    "UPDATE snapshots SET state = ?, count = ?, reason = NULL WHERE name = ?",
                    values![state, count, name],
                )?;
            }
            // Read inside the write: it must see this snapshot's new state.
            let timeline = snapshots::timeline(&sql)?;
            let mut store = SqlStore::new(sql);
            ledger::apply(&mut store, &timeline, fresh, &gone).map_err(|failure| match failure {
                Failure::Store(fault) => fault,
                // Our own corruption: nothing was written, and the run says so.
                Failure::Contradiction(what) => Fault::internal(what.to_string()),
            })
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

    /// Quarantine: the list stays in the bucket, the ledger as if it were not there.
    pub(super) async fn set_aside(
        &self,
        name: &Name,
        count: Option<u64>,
        reason: String,
        counts: BTreeMap<String, i64>,
    ) -> Result<Outcome> {
        self.sql.run("DELETE FROM spill", values![])?;
        self.sql.run(
            "UPDATE snapshots SET state = ?, count = ?, reason = ? WHERE name = ?",
            values![
                SnapshotState::Quarantined.as_str(),
                count.map(int),
                reason.as_str(),
                name.as_str()
            ],
        )?;
        if name.kind() == SnapshotKind::Tweets {
            return Ok(Outcome { reason: Some(reason), counts });
        }
        // Bytes that replaced an accepted list take that list out of the ledger.
        let account = self.tracked()?.account;
        let prev = match self.neighbour(name, false)? {
            Some(known) => Some(self.load_index(account, &known).await?),
            None => None,
        };
        self.accept(account, name, None, prev.as_ref()).await?;
        Ok(Outcome { reason: Some(reason), counts })
    }

    /// The index of an accepted snapshot: from its sidecars, or from the list itself where they
    /// are missing, damaged or of other bytes.
    pub(super) async fn load_index(&self, account: AccountId, known: &Known) -> Result<Index> {
        let bucket = bucket::open(&self.env)?;
        let roster = bucket::read(&bucket, &snapshot::roster_key(account, &known.name)).await?;
        let handles = bucket::read(&bucket, &snapshot::handles_key(account, &known.name)).await?;
        if let (Some((found, roster)), Some((_, handles))) = (roster, handles)
            && found.metadata.get("source") == Some(&known.etag)
            && let (Ok(roster), Ok(handles)) = (Roster::decode(&roster), Handles::decode(handles))
            && roster.len() == handles.len()
        {
            return Ok(Index { roster, handles, repeats: 0 });
        }
        let key = snapshot::key(account, &known.name);
        let (found, mut body) = bucket::stream(&bucket, &key)
            .await?
            .ok_or_else(|| Fault::internal(format!("{key} is gone; put it back, or replay")))?;
        let mut reader = Reader::new();
        let mut index = IndexBuilder::with_capacity(1024);
        let mut on_user = |user: snapshot::Seen<'_>| index.push(user.id, user.username);
        let damaged = |damage: Damage| Fault::internal(format!("{key}: {damage}"));
        while let Some(bytes) = body.next().await {
            reader.push(&bytes?, &mut on_user).map_err(damaged)?;
        }
        reader.finish(&mut on_user).map_err(damaged)?;
        let index = index.finish();
        self.write_sidecars(account, &known.name, &found, known.facts.as_ref(), &index).await?;
        Ok(index)
    }

    /// The roster of an accepted snapshot alone.
    pub(super) async fn load_roster(&self, known: &Known) -> Result<Roster> {
        let account = self.tracked()?.account;
        let bucket = bucket::open(&self.env)?;
        if let Some((found, bytes)) =
            bucket::read(&bucket, &snapshot::roster_key(account, &known.name)).await?
            && found.metadata.get("source") == Some(&known.etag)
            && let Ok(roster) = Roster::decode(&bytes)
        {
            return Ok(roster);
        }
        Ok(self.load_index(account, known).await?.roster)
    }

    async fn write_sidecars(
        &self,
        account: AccountId,
        name: &Name,
        found: &Found,
        facts: Option<&CrawlFacts>,
        index: &Index,
    ) -> Result<()> {
        let bucket = bucket::open(&self.env)?;
        let mut metadata: HashMap<String, String> =
            facts.map(CrawlFacts::to_pairs).unwrap_or_default().into_iter().collect();
        metadata.insert("source".to_owned(), found.etag.clone());
        let kind = "application/octet-stream";
        let key = snapshot::handles_key(account, name);
        bucket::put(&bucket, &key, index.handles.encode(), kind, metadata.clone()).await?;
        let key = snapshot::roster_key(account, name);
        bucket::put(&bucket, &key, index.roster.encode(), kind, metadata).await?;
        Ok(())
    }

    /// What a crawl once knew of this list, as its sidecar keeps it: for replays.
    async fn recorded_facts(
        &self,
        account: AccountId,
        name: &Name,
        found: &Found,
    ) -> Result<Option<CrawlFacts>> {
        let bucket = bucket::open(&self.env)?;
        let sidecar = bucket::head(&bucket, &snapshot::roster_key(account, name)).await?;
        let Some(sidecar) = sidecar.filter(|s| s.metadata.get("source") == Some(&found.etag))
        else {
            return Ok(None);
        };
        Ok(CrawlFacts::from_pairs(&sidecar.metadata.into_iter().collect()))
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

fn diff(prev: &Index, next: &Index) -> Raw {
    ledger::diff(&prev.roster, &next.roster, Some(&prev.handles), Some(&next.handles))
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
