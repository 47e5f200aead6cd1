//! The crawl's snapshot on its way to R2. R2 wants every part but the last to be of one size of
//! at least 5 MiB, so exactly [`PART`] bytes go out whenever that many are gathered. Invariant:
//! bytes leave SQLite in the same write that records the etag of the part holding them; a part
//! sent twice is the same part.

use super::Account;
use super::settings::Settings;
use crate::bucket::PART;
use crate::fault::{Fault, Result};
use crate::queue::SnapshotPut;
use crate::rpc::{ControlClient, RunEnd};
use crate::sql::values;
use crate::{bucket, clock};
use serde::{Deserialize, Serialize};
use shared::api::{RunState, SnapshotState};
use shared::crawl::Crawl;
use shared::id::AccountId;
use shared::snapshot::{self, Name};
use worker::{HttpMetadata, MultipartUpload, UploadedPart};

/// An upload begun.
#[derive(Clone, Serialize, Deserialize)]
struct Upload {
    key: String,
    id: String,
}

impl Account {
    /// Sends a part when enough bytes are gathered.
    pub(super) async fn flush_parts(&self, account: AccountId) -> Result<()> {
        while self.gathered_bytes()? >= PART {
            self.send_part(account, PART).await?;
        }
        Ok(())
    }

    fn gathered_bytes(&self) -> Result<usize> {
        let sum = "SELECT COALESCE(SUM(LENGTH(bytes)), 0) FROM crawl_bytes";
        let sum = self.sql.first(sum, values![])?.map_or(Ok(0), |mut row| row.int())?;
        usize::try_from(sum).map_err(|_| Fault::internal("a negative sum of bytes".to_owned()))
    }

    /// Sends the first `size` gathered bytes as the next part.
    async fn send_part(&self, account: AccountId, size: usize) -> Result<()> {
        let upload = self.upload(account).await?;
        let parts = self.sql.first("SELECT COUNT(*) FROM crawl_parts", values![])?;
        let part = parts.map_or(Ok(0), |mut row| row.int())? + 1;
        let mut bytes = Vec::with_capacity(size);
        let mut last = 0;
        let mut rest = Vec::new();
        for mut row in self.sql.rows("SELECT seq FROM crawl_bytes ORDER BY seq", values![])? {
            last = row.int()?;
            let blob = "SELECT bytes FROM crawl_bytes WHERE seq = ?";
            let blob = self.sql.first(blob, values![last])?.map_or(Ok(vec![]), |mut r| r.blob())?;
            let room = size - bytes.len();
            if blob.len() >= room {
                let (now, later) = blob.split_at(room);
                bytes.extend_from_slice(now);
                rest = later.to_vec();
                break;
            }
            bytes.extend_from_slice(&blob);
        }
        let number = u16::try_from(part).map_err(|_| Fault::internal("too many parts"))?;
        let sent = upload.upload_part(number, bytes).await?;
        let (sql, etag) = (self.sql.clone(), sent.etag());
        self.sql.atomically(move || {
            sql.run("INSERT INTO crawl_parts (part, etag) VALUES (?, ?)", values![part, etag])?;
            sql.run("DELETE FROM crawl_bytes WHERE seq <= ?", values![last])?;
            if !rest.is_empty() {
                sql.run("INSERT INTO crawl_bytes (seq, bytes) VALUES (?, ?)", values![last, rest])?;
            }
            Ok(())
        })
    }

    /// The multipart upload of the crawl under way, begun if it is not.
    async fn upload(&self, account: AccountId) -> Result<MultipartUpload> {
        let bucket = bucket::open(&self.env)?;
        if let Some(upload) = self.meta::<Upload>("upload")? {
            return Ok(bucket.resume_multipart_upload(upload.key, upload.id)?);
        }
        let crawl = self.crawl()?.ok_or_else(|| Fault::internal("an upload without a crawl"))?;
        let key = snapshot::key(account, &name(&crawl));
        let begun = bucket
            .create_multipart_upload(key.as_str())
            .http_metadata(HttpMetadata {
                content_type: Some("application/gzip".to_owned()),
                ..HttpMetadata::default()
            })
            .execute()
            .await?;
        self.put_meta("upload", &Upload { key, id: begun.upload_id().await })?;
        Ok(begun)
    }

    /// The list is whole: completes the upload, registers the snapshot, sends its message.
    /// Every step may be repeated after a loss.
    pub(super) async fn finish_crawl(&self, settings: &Settings, crawl: &Crawl) -> Result<()> {
        let account = settings.account;
        let name = name(crawl);
        let key = snapshot::key(account, &name);
        let etag = match self.meta::<String>("completed")? {
            Some(etag) => etag,
            None => self.complete(settings, crawl, &name, &key).await?,
        };
        self.save_billed()?;
        // Caches of a check that is over: the reading of its list, next, needs their room.
        self.memory.gathered.replace(None);
        self.memory.billed.replace(None);
        // Before the reading of its list ends the run.
        let counts = self.counts_with_cost(crawl).await?;
        let end = RunEnd { state: RunState::Running, ended: clock::now(), error: None, counts };
        ControlClient::new(&self.env)?.close(crawl.run(), end).await?;
        SnapshotPut::new(&key, &etag).send(&self.env).await?;
        // Read anew: the owner may have changed them, or deleted the account, meanwhile.
        if let Some(mut settings) = self.settings()? {
            settings.last_read = Some(clock::now());
            self.save(&settings)?;
        }
        self.drop_pages()?;
        for key in ["upload", "crawl", "completed"] {
            self.drop_meta(key)?;
        }
        Ok(())
    }

    async fn complete(
        &self,
        settings: &Settings,
        crawl: &Crawl,
        name: &Name,
        key: &str,
    ) -> Result<String> {
        let rest = self.gathered_bytes()?;
        let parts = "SELECT part, etag FROM crawl_parts ORDER BY part";
        if rest > 0 || self.sql.rows(parts, values![])?.is_empty() {
            self.send_part(settings.account, rest).await?;
        }
        let mut sent = Vec::new();
        for mut row in self.sql.rows(parts, values![])? {
            let number = u16::try_from(row.int()?).map_err(|_| Fault::internal("part number"))?;
            sent.push(UploadedPart::new(number, row.text()?));
        }
        // Registered before the object appears, so that whoever reads it finds what the crawl
        // knows of it.
        self.register(name, "", 0, Some(&crawl.facts()), Some(crawl.run()))?;
        let bucket = bucket::open(&self.env)?;
        let etag = match self.upload(settings.account).await?.complete(sent).await {
            Ok(object) => object.etag(),
            // Completed before this object was lost: then it is there.
            Err(error) => match bucket::head(&bucket, key).await? {
                Some(found) => found.etag,
                None => return Err(error.into()),
            },
        };
        let bytes = bucket::head(&bucket, key).await?.map_or(0, |found| found.bytes);
        self.register(name, &etag, bytes, Some(&crawl.facts()), Some(crawl.run()))?;
        self.sql.put_meta("completed", &etag)?;
        Ok(etag)
    }

    /// Gives up an upload begun; R2 would keep its parts for days.
    pub(super) async fn abandon_upload(&self, _account: AccountId) -> Result<()> {
        if let Some(upload) = self.meta::<Upload>("upload")? {
            let bucket = bucket::open(&self.env)?;
            if let Ok(begun) = bucket.resume_multipart_upload(upload.key, upload.id)
                && let Err(error) = begun.abort().await
            {
                worker::console_warn!("an abandoned upload stays until R2 drops it: {error}");
            }
            self.drop_meta("upload")?;
        }
        Ok(())
    }

    /// Writes down a snapshot that is to be read: state pending. One that is accepted stays so,
    /// with its old etag, until its new bytes are read: the ledger never lacks it meanwhile.
    pub(super) fn register(
        &self,
        name: &Name,
        etag: &str,
        bytes: u64,
        facts: Option<&shared::crawl::CrawlFacts>,
        run: Option<&str>,
    ) -> Result<()> {
        let facts = facts.map(serde_json::to_string).transpose()?;
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.sql.run(
            "INSERT INTO snapshots (name, kind, at, etag, bytes, state, facts, run, registered)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET
                etag = IIF(state = 'accepted', etag, excluded.etag),
                bytes = IIF(state = 'accepted', bytes, excluded.bytes),
                facts = IIF(state = 'accepted', facts, excluded.facts),
                reason = NULL,
                state = IIF(state = 'accepted', state, excluded.state),
                run = excluded.run, registered = excluded.registered",
            values![
                name.as_str(),
                name.kind().as_str(),
                name.at().0,
                etag,
                bytes,
                SnapshotState::Pending.as_str(),
                facts,
                run,
                clock::now().0,
            ],
        )
    }
}

/// A crawl's snapshot is named for the second its first page was read in.
fn name(crawl: &Crawl) -> Name {
    Name::followers(crawl.dated())
}
