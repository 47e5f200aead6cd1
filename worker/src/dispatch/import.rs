//! Imports: the body goes to the bucket as a stream, then its account is told.

use crate::account::ORIGIN;
use crate::bucket;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::rpc::{self, Taken, ToAccount};
use shared::api::{Origin, Started};
use shared::id::AccountId;
use shared::snapshot::{self, Name};
use std::collections::HashMap;
use worker::{Data, Env, Request, Response};

/// Cloudflare ends request bodies at 100 MB on free and pro plans; we stay clear of it.
const BODY_MAX: u64 = 95_000_000;

/// `POST …/snapshots?name=`: the file is stored as sent and read afterwards.
pub(super) async fn import(
    request: &Request,
    env: &Env,
    account: AccountId,
    query: &Query,
) -> Result<Response> {
    let length = length(request)?;
    let name = query.get("name").ok_or_else(|| {
        Fault::bad("`name` is required, like FOLLOWERS_2026-01-31T00:00:00Z.json.gz")
    })?;
    let name = Name::parse(name).map_err(|error| Fault::bad(error.to_string()))?;
    let origin = origin(query)?;
    if super::accounts::view(env, account).await?.is_none() {
        return Err(Fault::missing(format!("no account {account} is tracked here")));
    }
    let body = request.inner().body().ok_or_else(|| Fault::bad("the body is empty"))?;
    let key = snapshot::key(account, &name);
    let bucket = bucket::open(env)?;
    let body = Data::ReadableStream(body);
    // With the file, so that a replay knows it too.
    let metadata = origin.map(|word| (ORIGIN.to_owned(), word.as_str().to_owned()));
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let found = bucket::put(&bucket, &key, body, "application/gzip", metadata).await?;
    if found.bytes != length {
        return Err(Fault::bad(format!("{} of {length} bytes arrived", found.bytes)));
    }
    let imported = ToAccount::Imported {
        name: name.as_str().to_owned(),
        etag: found.etag,
        bytes: found.bytes,
    };
    let taken: Taken = rpc::call(&rpc::account(env, account)?, &imported).await?;
    let run = taken.run.ok_or_else(|| Fault::internal("an import without a run"))?;
    http::json(if taken.fresh { 202 } else { 200 }, &Started { run })
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

fn length(request: &Request) -> Result<u64> {
    let length = request.headers().get("content-length")?.and_then(|text| text.parse().ok());
    match length {
        None => Err(Fault::new(411, "Length required", "send the file with a Content-Length")),
        Some(0) => Err(Fault::bad("the body is empty: send the file")),
        Some(length) if length > BODY_MAX => Err(Fault::new(
            413,
            "Body too large",
            format!(
                "{length} bytes are more than {BODY_MAX}: put it into the bucket instead, as \
                 snapshots/<account>/<name>; it is read from there"
            ),
        )),
        Some(length) => Ok(length),
    }
}
