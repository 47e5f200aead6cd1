//! The sidecars of a snapshot: its packed roster and handles, beside it in the bucket. Invariant:
//! they are a cache of the list, made again wherever they are missing, damaged or of other bytes;
//! what a crawl knew of its list travels in their metadata.

use super::Account;
use super::snapshots::Known;
use crate::bucket::{self, Found};
use crate::fault::{Fault, Result};
use futures_util::StreamExt;
use shared::crawl::CrawlFacts;
use shared::handles::{Handles, Index, IndexBuilder};
use shared::id::AccountId;
use shared::roster::Roster;
use shared::snapshot::{self, Damage, Name, Reader};
use std::collections::HashMap;

impl Account {
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

    pub(super) async fn write_sidecars(
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
    pub(super) async fn recorded_facts(
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
}
