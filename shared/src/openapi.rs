//! The `OpenAPI` 3.1 document. Owns: which wire type each route takes and answers. Must not
//! know: handlers. Invariant: it is made of [all routes](all) and the types of [`crate::api`] and
//! nothing else, so it cannot say what the code does not; equal types make equal bytes.

mod shapes;

use self::shapes::{Body, Shapes};
use crate::api;
use crate::routes::{Access, BASE, Op, Param, Route, all};
use crate::session;
use serde_json::{Map, Value, json};

/// The document.
pub fn document() -> Value {
    let mut shapes = Shapes::new();
    let mut paths = Map::new();
    for route in all() {
        let operation = operation(route, &mut shapes);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Roost",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Who followed an X account, who left, and when. Times are RFC 3339 \
                            in UTC, ids are strings, null means not known. Lists page by an \
                            opaque cursor. Errors are problem documents (RFC 9457).",
        },
        "servers": [{ "url": BASE }],
        "security": [{ "bearer": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "schemas": shapes.finish(),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "The ADMIN_TOKEN of this deployment.",
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": session::COOKIE,
                    "description": "Given by POST /session, same origin only.",
                },
            },
        },
    })
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let mut operation = Map::new();
    let mut put = |name: &str, value: Value| operation.insert(name.to_owned(), value);
    put("operationId", operation_id(route.op).into());
    put("summary", route.doc.into());
    if route.access == Access::Open {
        put("security", json!([]));
    }
    let parameters: Vec<Value> = path_parameters(route.path)
        .chain(route.query.iter().map(|param| query_parameter(route.op, param)))
        .collect();
    if !parameters.is_empty() {
        put("parameters", parameters.into());
    }
    if let Some(content) = taken(route.op, shapes).content() {
        // Without a body every message that died is sent again.
        let required = route.op != Op::RetryAlert;
        put("requestBody", json!({ "required": required, "content": content }));
    }
    let mut responses = Map::new();
    for (status, description) in statuses(route.op) {
        let mut response = json!({ "description": description });
        if let (Some(content), Some(response)) =
            (sent(route.op, shapes).content(), response.as_object_mut())
        {
            response.insert("content".to_owned(), content);
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert("default".to_owned(), problem(shapes));
    put("responses", responses.into());
    Value::Object(operation)
}

fn problem(shapes: &mut Shapes) -> Value {
    let schema = shapes.sent.subschema_for::<api::Problem>();
    json!({
        "description": "What was wrong, and what to do.",
        "content": { "application/problem+json": { "schema": schema } },
    })
}

/// `addAccount` of `Op::AddAccount`.
fn operation_id(op: Op) -> String {
    let name = format!("{op:?}");
    let mut rest = name.chars();
    rest.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(rest).collect()
}

fn path_parameters(path: &'static str) -> impl Iterator<Item = Value> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let (schema, description) = match name {
            "account" => (user_id(), "The X user id of a tracked account."),
            "user" => (user_id(), "An X user id."),
            "tweet" => (user_id(), "An X tweet id."),
            "lookup" => (json!({ "type": "string" }), "A look-up's id."),
            "run" => (json!({ "type": "string" }), "A run's id."),
            "file" => (json!({ "type": "string" }), "The file's name."),
            "name" if path.starts_with("/credentials/") => {
                (json!({ "type": "string" }), "bearer, owner, client or user-<account id>.")
            }
            "alert" => (json!({ "type": "string" }), "An alert's id."),
            "feed" => (json!({ "type": "string" }), "The feed's secret name."),
            "part" => (json!({ "type": "string" }), "The name of a part of the archive."),
            _ => (json!({ "type": "string" }), "A snapshot's name."),
        };
        Some(json!({
            "name": name, "in": "path", "required": true,
            "schema": schema, "description": description,
        }))
    })
}

fn user_id() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{1,19}$" })
}

fn query_parameter(op: Op, param: &Param) -> Value {
    let schema = match param.name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
        "after" => json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
        "wait" => json!({ "type": "integer", "minimum": 0, "maximum": 25, "default": 0 }),
        "from" | "to" | "as_of" | "growth_from" | "growth_to" => {
            json!({ "type": "string", "format": "date-time" })
        }
        "account" => user_id(),
        "promoted" | "median" | "muted" | "mutual" | "blocks" | "local" => {
            json!({ "type": "boolean" })
        }
        "interval" => words(api::Interval::ALL.iter().map(|word| word.as_str())),
        "compare" => words(api::Compare::ALL.iter().map(|word| word.as_str())),
        "filter" if op == Op::Following => {
            words(api::FollowingFilter::ALL.iter().map(|word| word.as_str()))
        }
        "origin" => words(api::Origin::ALL.iter().map(|word| word.as_str())),
        "excel" => words(["0", "1"].into_iter()),
        "filter" if op == Op::Export => {
            let roster = api::RosterFilter::ALL.iter().map(|word| word.as_str());
            words(std::iter::once(api::FollowingFilter::All.as_str()).chain(roster))
        }
        "filter" => words(api::RosterFilter::ALL.iter().map(|word| word.as_str())),
        "state" if op == Op::Runs => words(api::RunState::ALL.iter().map(|word| word.as_str())),
        "reason" => words(api::Reason::ALL.iter().map(|word| word.as_str())),
        "state" if op == Op::AlertLog => {
            words(api::MessageState::ALL.iter().map(|word| word.as_str()))
        }
        "state" => words(api::LossState::ALL.iter().map(|word| word.as_str())),
        _ if param.may_be_empty() => json!({ "type": "string" }),
        _ => json!({ "type": "string", "minLength": 1 }),
    };
    let required = match op {
        Op::ImportSnapshot => param.name == "name",
        Op::HookChallenge => param.name == "crc_token",
        Op::DeleteStreamRules => param.name == "ids",
        _ => false,
    };
    json!({
        "name": param.name, "in": "query", "required": required,
        "schema": schema, "description": param.doc,
    })
}

fn words(words: impl Iterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": words.collect::<Vec<_>>() })
}

/// What a route takes as its body.
fn taken(op: Op, shapes: &mut Shapes) -> Body {
    match op {
        Op::AddAccount => shapes.taken::<api::NewAccount>(),
        Op::ChangeAccount => shapes.taken::<api::AccountChange>(),
        Op::ChangeFollower => shapes.taken::<api::FollowerChange>(),
        Op::ChangeBudget => shapes.taken::<api::BudgetChange>(),
        Op::ChangePush => shapes.taken::<api::PushChange>(),
        Op::Resume => shapes.taken::<api::Resume>(),
        Op::StartLookup => shapes.taken::<api::NewLookup>(),
        Op::Hook => shapes.taken::<Map<String, Value>>(),
        Op::SignIn => shapes.taken::<api::SignIn>(),
        Op::SetCredential => shapes.taken::<api::CredentialChange>(),
        Op::CheckCredentials => shapes.taken::<api::CheckRequest>(),
        Op::ChangeStream => shapes.taken::<api::StreamChange>(),
        Op::AddStreamRule => shapes.taken::<api::NewRule>(),
        Op::AddAlert | Op::ChangeAlert => shapes.taken::<api::AlertChange>(),
        Op::RetryAlert => shapes.taken::<api::RetryMessages>(),
        Op::ImportSnapshot => Body::File(&["application/gzip"]),
        _ => Body::Nothing,
    }
}

/// What a route answers when all is well. Every operation is here: the compiler sees to it.
fn sent(op: Op, shapes: &mut Shapes) -> Body {
    match op {
        Op::Health => shapes.sent::<api::Health>(),
        Op::Status => shapes.sent::<api::Status>(),
        Op::OpenApi => shapes.sent::<Map<String, Value>>(),
        Op::Setup => shapes.sent::<api::Setup>(),
        Op::Accounts => shapes.list::<api::Account>(),
        Op::AddAccount | Op::Account | Op::ChangeAccount => shapes.sent::<api::Account>(),
        Op::DeleteAccount
        | Op::DeleteStreamRules
        | Op::DeleteAlert
        | Op::DeleteCredential
        | Op::DeleteLookup
        | Op::SignOut
        | Op::XCallback => Body::Nothing,
        Op::Credentials | Op::SetCredential => shapes.sent::<api::Credentials>(),
        Op::CheckCredentials => shapes.sent::<api::Checked>(),
        Op::XStart => shapes.sent::<api::SignInStart>(),
        Op::Followers | Op::Following => shapes.list::<api::Follower>(),
        Op::Alerts => shapes.list::<api::Alert>(),
        Op::AddAlert | Op::Alert | Op::ChangeAlert => shapes.sent::<api::Alert>(),
        Op::TestAlert => shapes.sent::<api::AlertMessage>(),
        Op::AlertLog => shapes.list::<api::AlertMessage>(),
        Op::RetryAlert => shapes.sent::<api::Retried>(),
        Op::Feed => Body::File(&["application/atom+xml"]),
        Op::Follower | Op::ChangeFollower => shapes.sent::<api::FollowerDetail>(),
        Op::Tweets => shapes.list::<api::TweetItem>(),
        Op::TweetTotals => shapes.sent::<api::TweetTotals>(),
        Op::TweetHours => shapes.list::<api::TweetHour>(),
        Op::Tweet => shapes.sent::<api::TweetDetail>(),
        Op::TweetSeries => shapes.sent::<api::TweetSeries>(),
        Op::Events => shapes.list::<api::FollowerEvent>(),
        Op::Series => shapes.sent::<api::Series>(),
        Op::Snapshots => shapes.list::<api::Snapshot>(),
        Op::Snapshot | Op::StreamArchivePart => Body::File(&["application/gzip"]),
        Op::ImportSnapshot
        | Op::DeleteSnapshot
        | Op::Crawl
        | Op::CheckTweets
        | Op::CheckFollowing
        | Op::Replay
        | Op::Resume => shapes.sent::<api::Started>(),
        Op::Coverage => shapes.sent::<api::Coverage>(),
        Op::Export => Body::File(&["application/gzip", "application/x-ndjson", "text/csv"]),
        Op::Runs => shapes.list::<api::Run>(),
        Op::Run => shapes.sent::<api::Run>(),
        Op::Budget | Op::ChangeBudget => shapes.sent::<api::Budget>(),
        Op::Lookups => shapes.list::<api::Lookup>(),
        Op::StartLookup => shapes.sent::<api::LookupStarted>(),
        Op::Lookup | Op::ResumeLookup => shapes.sent::<api::Lookup>(),
        Op::LookupResult => Body::File(&["application/x-ndjson"]),
        Op::Push | Op::ChangePush => shapes.sent::<api::Push>(),
        Op::HookChallenge => shapes.sent::<api::HookAnswer>(),
        Op::Hook => shapes.sent::<api::HookTaken>(),
        Op::SignIn => shapes.sent::<api::Session>(),
        Op::Stream | Op::ChangeStream => shapes.sent::<api::Stream>(),
        Op::StreamRules => shapes.list::<api::Rule>(),
        Op::AddStreamRule => shapes.sent::<api::Rule>(),
        Op::StreamCoverage => shapes.sent::<api::StreamCoverage>(),
        Op::StreamArchive => shapes.list::<api::ArchivePart>(),
        Op::Live => live(shapes),
        Op::LiveEvents => shapes.sent::<api::LiveEvents>(),
    }
}

/// The socket's frames, in both directions, and the events in them.
fn live(shapes: &mut Shapes) -> Body {
    let frames = [
        shapes.sent.subschema_for::<api::FromServer>(),
        shapes.taken.subschema_for::<api::FromClient>(),
        shapes.sent.subschema_for::<api::SimpleTweet>(),
        shapes.sent.subschema_for::<api::GeoBlip>(),
        shapes.sent.subschema_for::<api::StreamNotice>(),
    ];
    Body::Json(schemars::json_schema!({ "oneOf": frames }))
}

/// The statuses of a route's good answers, with what each means.
fn statuses(op: Op) -> &'static [(u16, &'static str)] {
    match op {
        Op::AddAccount => &[(200, "It is tracked already."), (201, "It is tracked from now on.")],
        Op::Crawl | Op::CheckTweets | Op::CheckFollowing | Op::Replay => {
            &[(200, "Such a run is under way."), (202, "The run began.")]
        }
        Op::ResumeLookup => &[(202, "It goes on.")],
        Op::Resume => &[(202, "It goes on, as a run of its own.")],
        Op::ImportSnapshot => {
            &[(200, "These bytes are known: the run that read them."), (202, "It will be read.")]
        }
        Op::DeleteSnapshot => &[(202, "It is deleted; everything is being derived again.")],
        Op::StartLookup => &[(200, "What it would cost."), (202, "It began.")],
        Op::DeleteAccount | Op::DeleteLookup | Op::DeleteAlert => &[(204, "It is deleted.")],
        Op::Hook => &[(200, "It is taken; another time it is 409.")],
        Op::AddAlert => &[(201, "It tells from now on.")],
        Op::Feed => &[(200, "The feed; 304 without a body where `if-none-match` names it.")],
        Op::DeleteStreamRules => &[(204, "They are deleted.")],
        Op::AddStreamRule => &[(200, "It was there already."), (201, "It is in force.")],
        Op::Live => &[(101, "The socket is open.")],
        Op::SignOut => &[(204, "The cookie is taken back.")],
        Op::SignIn => &[(200, "The session cookie is set.")],
        Op::DeleteCredential => &[(204, "It is forgotten.")],
        Op::XStart => {
            &[(200, "Asked for with `accept: application/json`; else a redirect (302) to the url.")]
        }
        Op::XCallback => &[(302, "To the page, with the outcome as `x=`: see SignInOutcome.")],
        _ => &[(200, "As asked for.")],
    }
}

#[cfg(test)]
mod tests;
