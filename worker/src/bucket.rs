//! The bucket. Owns: how objects are read as streams and written whole. Invariant: a body is
//! never held whole unless it is ours and small (sidecars).

use crate::fault::{Fault, Result};
use std::collections::HashMap;
use worker::{Bucket, ByteStream, Data, Env, HttpMetadata, Include};

/// The one bucket.
pub(crate) fn open(env: &Env) -> Result<Bucket> {
    env.bucket("BUCKET").map_err(|error| {
        Fault::internal(format!("no R2 bucket is bound as BUCKET: see README, Deploy: {error}"))
    })
}

/// An object found.
pub(crate) struct Found {
    pub(crate) etag: String,
    pub(crate) bytes: u64,
    pub(crate) metadata: HashMap<String, String>,
}

/// What is at a key, without its body.
pub(crate) async fn head(bucket: &Bucket, key: &str) -> Result<Option<Found>> {
    let object = bucket.head(key).await?;
    Ok(object.map(|object| found(&object)))
}

/// An object with its body as a stream.
pub(crate) async fn stream(bucket: &Bucket, key: &str) -> Result<Option<(Found, ByteStream)>> {
    let Some(object) = bucket.get(key).execute().await? else { return Ok(None) };
    let found = found(&object);
    let body = object.body().ok_or_else(|| Fault::internal(format!("{key} has no body")))?;
    Ok(Some((found, body.stream()?)))
}

/// The body of an object once more, of the very bytes that were found before.
pub(crate) async fn same(env: &Env, key: &str, before: &Found) -> Result<ByteStream> {
    match stream(&open(env)?, key).await? {
        Some((now, body)) if now.etag == before.etag => Ok(body),
        _ => {
            let why = format!("{key} was replaced while it was read: it is read again");
            Err(Fault::new(503, "Replaced", why))
        }
    }
}

/// A sidecar whole.
pub(crate) async fn read(bucket: &Bucket, key: &str) -> Result<Option<(Found, Vec<u8>)>> {
    let Some(object) = bucket.get(key).execute().await? else { return Ok(None) };
    let found = found(&object);
    let body = object.body().ok_or_else(|| Fault::internal(format!("{key} has no body")))?;
    Ok(Some((found, body.bytes().await?)))
}

/// Writes an object whole.
pub(crate) async fn put(
    bucket: &Bucket,
    key: &str,
    body: impl Into<Data>,
    content_type: &str,
    metadata: HashMap<String, String>,
) -> Result<Found> {
    let written = bucket
        .put(key, body)
        .http_metadata(HttpMetadata {
            content_type: Some(content_type.to_owned()),
            ..HttpMetadata::default()
        })
        .custom_metadata(metadata)
        .execute()
        .await?;
    let written = written.ok_or_else(|| Fault::internal(format!("{key}: not written")))?;
    Ok(found(&written))
}

/// Every object under a prefix (behind a key, if one is given), in key order.
pub(crate) async fn list(
    bucket: &Bucket,
    prefix: &str,
    after: Option<String>,
) -> Result<Vec<(String, Found)>> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut page = bucket.list().prefix(prefix).include(vec![Include::CustomMetadata]);
        if let Some(after) = &after {
            page = page.start_after(after);
        }
        if let Some(cursor) = cursor.take() {
            page = page.cursor(cursor);
        }
        let page = page.execute().await?;
        for object in page.objects() {
            all.push((object.key(), found(&object)));
        }
        match page.cursor() {
            Some(next) if page.truncated() => cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

fn found(object: &worker::Object) -> Found {
    Found {
        etag: object.etag(),
        bytes: object.size(),
        metadata: object.custom_metadata().unwrap_or_default(),
    }
}
