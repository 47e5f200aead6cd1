//! The bucket. Owns: how objects are read as streams and written whole. Invariant: a body is
//! never held whole unless it is ours and small (sidecars).

use crate::fault::{Fault, Result};
use futures_util::StreamExt;
use std::collections::HashMap;
use worker::{Bucket, ByteStream, Data, Env, HttpMetadata, Include, MultipartUpload, UploadedPart};

/// R2's least part, in bytes.
pub(crate) const PART: usize = 5 * 1024 * 1024;

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

/// Writes a body of unknown length as it comes, a part at a time; `None` if it is longer than `max`
/// bytes: then nothing is kept of it.
pub(crate) async fn put_chunked(
    bucket: &Bucket,
    key: &str,
    mut body: ByteStream,
    max: u64,
    metadata: HashMap<String, String>,
) -> Result<Option<Found>> {
    let upload = bucket
        .create_multipart_upload(key)
        .http_metadata(HttpMetadata {
            content_type: Some("application/gzip".to_owned()),
            ..HttpMetadata::default()
        })
        .custom_metadata(metadata)
        .execute()
        .await?;
    match send_parts(&upload, &mut body, max).await {
        Ok(Some(parts)) => Ok(Some(found(&upload.complete(parts).await?))),
        Ok(None) => {
            upload.abort().await?;
            Ok(None)
        }
        Err(fault) => {
            upload.abort().await?;
            Err(fault)
        }
    }
}

async fn send_parts(
    upload: &MultipartUpload,
    body: &mut ByteStream,
    max: u64,
) -> Result<Option<Vec<UploadedPart>>> {
    let (mut parts, mut held, mut read) = (Vec::new(), Vec::with_capacity(PART), 0);
    let mut number = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        read += chunk.len() as u64;
        if read > max {
            return Ok(None);
        }
        let mut chunk = chunk.as_slice();
        while held.len() + chunk.len() >= PART {
            let (now, later) = chunk.split_at(PART - held.len());
            held.extend_from_slice(now);
            number += 1;
            let part = std::mem::replace(&mut held, Vec::with_capacity(PART));
            parts.push(upload.upload_part(number, part).await?);
            chunk = later;
        }
        held.extend_from_slice(chunk);
    }
    if !held.is_empty() || parts.is_empty() {
        parts.push(upload.upload_part(number + 1, held).await?);
    }
    Ok(Some(parts))
}

/// Whether two objects of one length hold the same bytes: their etags do not say so where one was
/// written in parts.
pub(crate) async fn equal(bucket: &Bucket, one: &str, other: &str) -> Result<bool> {
    let (Some((_, mut one)), Some((_, mut other))) =
        (stream(bucket, one).await?, stream(bucket, other).await?)
    else {
        return Ok(false);
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        if left.is_empty() {
            left = one.next().await.transpose()?.unwrap_or_default();
        }
        if right.is_empty() {
            right = other.next().await.transpose()?.unwrap_or_default();
        }
        let common = left.len().min(right.len());
        if common == 0 {
            return Ok(left.len() == right.len());
        }
        if left.drain(..common).ne(right.drain(..common)) {
            return Ok(false);
        }
    }
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
