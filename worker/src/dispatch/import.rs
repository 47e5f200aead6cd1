//! Imports: the body goes to the bucket as a stream, then its account is told.

use crate::account::ORIGIN;
use crate::bucket::{self, Found};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::rpc::{self, Taken, ToAccount};
use crate::x::X;
use shared::api::{Origin, Started};
use shared::id::AccountId;
use shared::snapshot::{self, Name};
use std::collections::HashMap;
use worker::{Bucket, Data, Env, Request, Response};

/// Cloudflare ends request bodies at 100 MB on free and pro plans; we stay clear of it.
const BODY_MAX: u64 = 95_000_000;

/// `POST …/snapshots?name=`: the file is stored as sent and read afterwards. Where one of that name
/// is stored already, it is put beside it first: what is stored stays until the new one is judged.
pub(super) async fn import(
    request: &mut Request,
    env: &Env,
    account: AccountId,
    query: &Query,
) -> Result<Response> {
    let length = length(request)?;
    let name = query.get("name").ok_or_else(|| {
        Fault::bad("`name` is required, like FOLLOWERS_2026-01-31T00:00:00Z.json.gz")
    })?;
    let name = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
    X::new(&Config::read(env)).sync_clock().await;
    snapshot::dated(&name, clock::now()).map_err(|error| Fault::bad(error.to_string()))?;
    let origin = origin(query)?;
    let replace = replaces(query)?;
    if super::accounts::view(env, account).await?.is_none() {
        return Err(Fault::missing(format!("no account {account} is tracked here")));
    }
    let key = snapshot::key(account, &name);
    let bucket = bucket::open(env)?;
    let stored = bucket::head(&bucket, &key).await?;
    if let (Some(stored), Some(length), false) = (&stored, length, replace)
        && stored.bytes != length
    {
        return Err(taken(&name, stored));
    }
    // With the file, so that a replay knows it too.
    let metadata = origin.map(|word| (ORIGIN.to_owned(), word.as_str().to_owned()));
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let Some(stored) = stored else {
        let found = put(request, &bucket, &key, length, metadata).await?;
        return tell(env, account, &name, &found, None).await;
    };
    // No name of a snapshot: nobody reads it from there.
    let staged = format!("{key}.{}", http::random_hex(16));
    let found = put(request, &bucket, &staged, length, metadata).await?;
    let outcome = async {
        let parts = [&found, &stored].iter().any(|found| found.etag.contains('-'));
        let same = found.bytes == stored.bytes
            && (found.etag == stored.etag
                || (parts && bucket::equal(&bucket, &staged, &key).await?));
        if same {
            tell(env, account, &name, &stored, None).await
        } else if replace {
            tell(env, account, &name, &found, Some(staged.clone())).await
        } else {
            Err(taken(&name, &stored))
        }
    }
    .await;
    bucket.delete(&staged).await?;
    outcome
}

/// Stores the body.
async fn put(
    request: &mut Request,
    bucket: &Bucket,
    key: &str,
    length: Option<u64>,
    metadata: HashMap<String, String>,
) -> Result<Found> {
    let empty = || Fault::bad("the body is empty: send the file");
    let body = request.inner().body().ok_or_else(empty)?;
    let Some(length) = length else {
        let put = bucket::put_chunked(bucket, key, body.into(), BODY_MAX, metadata).await?;
        return match put {
            Some(found) if found.bytes > 0 => Ok(found),
            Some(_) => {
                bucket.delete(key).await?;
                Err(empty())
            }
            None => Err(too_large("the body's")),
        };
    };
    let body = Data::ReadableStream(body);
    let found = bucket::put(bucket, key, body, "application/gzip", metadata).await?;
    if found.bytes != length {
        return Err(Fault::bad(format!("{} of {length} bytes arrived", found.bytes)));
    }
    Ok(found)
}

/// Tells the account of a stored file; answers its run.
async fn tell(
    env: &Env,
    account: AccountId,
    name: &Name,
    found: &Found,
    staged: Option<String>,
) -> Result<Response> {
    let imported = ToAccount::Imported {
        name: name.as_str().to_owned(),
        etag: found.etag.clone(),
        bytes: found.bytes,
        staged,
    };
    let taken: Taken = rpc::call(&rpc::account(env, account)?, &imported).await?;
    let run = taken.run.ok_or_else(|| Fault::internal("an import without a run"))?;
    http::json(if taken.fresh { 202 } else { 200 }, &Started { run })
}

fn taken(name: &Name, stored: &Found) -> Fault {
    let name = name.as_str();
    Fault::new(
        409,
        "Name taken",
        format!(
            "`{name}` is stored already, with other content ({} bytes): send it again with \
             replace=true to put this file in its place, if it can be read",
            stored.bytes
        ),
    )
}

fn replaces(query: &Query) -> Result<bool> {
    match query.get("replace").map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Fault::bad("`replace` is true or false")),
    }
}

/// Where the file comes from, if from elsewhere than most.
fn origin(query: &Query) -> Result<Option<Origin>> {
    match query::word(query, "origin", Origin::from_word, "import, archive")? {
        Some(Origin::Check) => {
            Err(Fault::bad("`origin=check`: a check is made here, it is not imported"))
        }
        Some(Origin::Import) | None => Ok(None),
        archive => Ok(archive),
    }
}

/// How long the body says it is; a chunked one does not say.
fn length(request: &Request) -> Result<Option<u64>> {
    let length = request.headers().get("content-length")?.and_then(|text| text.parse().ok());
    match length {
        Some(0) => Err(Fault::bad("the body is empty: send the file")),
        Some(length) if length > BODY_MAX => Err(too_large(&length.to_string())),
        length => Ok(length),
    }
}

fn too_large(length: &str) -> Fault {
    Fault::new(
        413,
        "Body too large",
        format!(
            "{length} bytes are more than {BODY_MAX}: put it into the bucket instead, as \
             snapshots/<account>/<name>; it is read from there"
        ),
    )
}
