//! The sidecars of a snapshot: its packed roster and handles, beside it in the bucket. Invariant:
//! they are a cache of the list, made again wherever they are missing, damaged or of other bytes;
//! what a crawl knew of its list travels in their metadata.

use super::Account;
use super::snapshots::Known;
use crate::bucket::{self, Found};
use crate::fault::{Fault, Result};
use futures_util::StreamExt;
use shared::acceptance::Verdict;
use shared::crawl::CrawlFacts;
use shared::handles::{Handles, Index, IndexBuilder};
use shared::id::AccountId;
use shared::oauth1::percent_encode;
use shared::roster::Roster;
use shared::routes;
use shared::snapshot::{self, Damage, Name, Reader};
use shared::text::cut;
use std::collections::{BTreeMap, HashMap};
use worker::ByteStream;

/// Metadata: the etag of the list a sidecar was made of.
const SOURCE: &str = "source";
/// Metadata: why the list was set aside; empty if it was accepted.
const VERDICT: &str = "set-aside";

/// The ids and handles of a list, and whether it is to be read [again](snapshot::Summary::again).
async fn index_of(
    mut reader: Reader,
    mut body: ByteStream,
) -> Result<std::result::Result<(Index, bool), Damage>> {
    let mut index = IndexBuilder::with_capacity(1024);
    let mut on_user = |user: snapshot::Seen<'_>| index.push(user.id, user.username);
    while let Some(bytes) = body.next().await {
        if let Err(damage) = reader.push(&bytes?, &mut on_user) {
            return Ok(Err(damage));
        }
    }
    let read = reader.finish(&mut on_user);
    Ok(read.map(|summary| (index.finish(), summary.again)))
}

/// What a sidecar remembers of its list.
#[derive(Default)]
pub(super) struct Recorded {
    pub(super) facts: Option<CrawlFacts>,
    /// `None` if it was never judged.
    pub(super) verdict: Option<Verdict>,
}

impl Account {
    /// The index of an accepted snapshot: from its sidecars, or from the list itself where they
    /// are missing, damaged or of other bytes.
    pub(super) async fn load_index(&self, account: AccountId, known: &Known) -> Result<Index> {
        let bucket = bucket::open(&self.env)?;
        let roster = bucket::read(&bucket, &snapshot::roster_key(account, &known.name)).await?;
        let handles = bucket::read(&bucket, &snapshot::handles_key(account, &known.name)).await?;
        if let (Some((found, roster)), Some((_, handles))) = (roster, handles)
            && found.metadata.get(SOURCE) == Some(&known.etag)
            && let (Ok(roster), Ok(handles)) = (Roster::decode(&roster), Handles::decode(handles))
            && roster.len() == handles.len()
        {
            return Ok(Index { roster, handles, repeats: 0 });
        }
        let key = snapshot::key(account, &known.name);
        let (found, body) = bucket::stream(&bucket, &key)
            .await?
            .ok_or_else(|| Fault::internal(format!("{key} is gone; put it back, or replay")))?;
        let damaged = |damage: Damage| Fault::internal(format!("{key}: {damage}"));
        let (mut index, again) = index_of(Reader::new(), body).await?.map_err(damaged)?;
        if again {
            let body = bucket::same(&self.env, &key, &found).await?;
            (index, _) = index_of(Reader::exact(), body).await?.map_err(damaged)?;
        }
        self.write_sidecars(account, &known.name, &found, known.facts.as_ref(), None, &index)
            .await?;
        Ok(index)
    }

    /// The roster of an accepted snapshot alone.
    pub(super) async fn load_roster(&self, known: &Known) -> Result<Roster> {
        let account = self.tracked()?.account;
        let bucket = bucket::open(&self.env)?;
        if let Some((found, bytes)) =
            bucket::read(&bucket, &snapshot::roster_key(account, &known.name)).await?
            && found.metadata.get(SOURCE) == Some(&known.etag)
            && let Ok(roster) = Roster::decode(&bytes)
        {
            return Ok(roster);
        }
        Ok(self.load_index(account, known).await?.roster)
    }

    pub(super) async fn write_sidecars(
        &self,
        account: AccountId,
        name: &Name,
        found: &Found,
        facts: Option<&CrawlFacts>,
        set_aside: Option<&str>,
        index: &Index,
    ) -> Result<()> {
        let bucket = bucket::open(&self.env)?;
        let mut metadata: HashMap<String, String> =
            facts.map(CrawlFacts::to_pairs).unwrap_or_default().into_iter().collect();
        metadata.insert(SOURCE.to_owned(), found.etag.clone());
        // Metadata travels as headers: plain characters only, 2 KB in all.
        let why = cut(set_aside.unwrap_or_default(), 300);
        metadata.insert(VERDICT.to_owned(), percent_encode(&why));
        let kind = "application/octet-stream";
        let key = snapshot::handles_key(account, name);
        bucket::put(&bucket, &key, index.handles.encode(), kind, metadata.clone()).await?;
        let key = snapshot::roster_key(account, name);
        bucket::put(&bucket, &key, index.roster.encode(), kind, metadata).await?;
        Ok(())
    }

    /// What was once known and decided of these bytes, as their sidecar keeps it: for replays.
    pub(super) async fn recorded(
        &self,
        account: AccountId,
        name: &Name,
        found: &Found,
    ) -> Result<Recorded> {
        let bucket = bucket::open(&self.env)?;
        let sidecar = bucket::head(&bucket, &snapshot::roster_key(account, name)).await?;
        let Some(sidecar) = sidecar.filter(|s| s.metadata.get(SOURCE) == Some(&found.etag)) else {
            return Ok(Recorded::default());
        };
        let metadata: BTreeMap<String, String> = sidecar.metadata.into_iter().collect();
        let verdict = metadata.get(VERDICT).map(|why| match why.as_str() {
            "" => Verdict::Accept,
            why => Verdict::Quarantine(routes::percent_decode(why).unwrap_or_default()),
        });
        Ok(Recorded { facts: CrawlFacts::from_pairs(&metadata), verdict })
    }
}
