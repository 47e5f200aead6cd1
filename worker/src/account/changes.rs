//! The ledger in SQLite. Owns: rows of `changes`, and events read from them. Invariant: rows are
//! written by `ledger::apply` alone, inside one transaction.

use super::{Account, id_from_text, id_text, profiles};
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Row, Sql, Value, values};
use shared::api::{Confidence, EventKind, FollowerEvent, How, List, LossState, Reason};
use shared::id::UserId;
use shared::ledger::{Change, Dir, Shown, Store};
use shared::snapshot::Name;
use shared::time::UnixMs;
use worker::Response;

/// Rows of one `INSERT … SELECT FROM json_each`: well under the 2 MB of a bound text.
const ROWS_PER_INSERT: usize = 5_000;

/// The ledger's store.
pub(super) struct SqlStore {
    sql: Sql,
}

impl SqlStore {
    pub(super) fn new(sql: Sql) -> Self {
        Self { sql }
    }
}

const COLUMNS: &str = "at, dir, user, not_before, kind, state, was, became";

fn dir_number(dir: Dir) -> i64 {
    match dir {
        Dir::Left => -1,
        Dir::Renamed => 0,
        Dir::Came => 1,
    }
}

fn change(mut row: Row) -> Result<Change> {
    let at = UnixMs(row.int()?);
    let dir = match row.int()? {
        -1 => Dir::Left,
        0 => Dir::Renamed,
        _ => Dir::Came,
    };
    let user = id_from_text(&row.text()?)?;
    let not_before = UnixMs(row.int()?);
    let kind = row.maybe_text()?.and_then(|word| EventKind::from_word(&word));
    let state = row.maybe_text()?.and_then(|word| LossState::from_word(&word));
    let shown = kind.map(|kind| Shown { kind, state });
    let (from, to) = (row.maybe_text()?, row.maybe_text()?);
    Ok(Change { at, not_before, user, dir, shown, from, to })
}

impl Store for SqlStore {
    type Error = Fault;

    fn interval(&self, at: UnixMs) -> Result<Vec<Change>> {
        let statement = format!("SELECT {COLUMNS} FROM changes WHERE at = ? ORDER BY dir, user");
        self.sql.rows(&statement, values![at.0])?.into_iter().map(change).collect()
    }

    fn chain(&self, user: UserId) -> Result<Vec<Change>> {
        let statement =
            format!("SELECT {COLUMNS} FROM changes WHERE user = ? AND dir <> 0 ORDER BY at");
        self.sql.rows(&statement, values![id_text(user)])?.into_iter().map(change).collect()
    }

    fn replace(&mut self, at: UnixMs, changes: Vec<Change>) -> Result<()> {
        self.sql.run("DELETE FROM changes WHERE at = ?", values![at.0])?;
        for rows in changes.chunks(ROWS_PER_INSERT) {
            let rows: Vec<serde_json::Value> = rows.iter().map(json_row).collect();
            self.sql.run(
                "INSERT INTO changes (at, dir, user, not_before, kind, state, was, became)
                 SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5,
                    value->>6, value->>7 FROM json_each(?)",
                values![serde_json::to_string(&rows)?],
            )?;
        }
        Ok(())
    }

    fn show(&mut self, at: UnixMs, user: UserId, dir: Dir, shown: Option<Shown>) -> Result<()> {
        self.sql.run(
            "UPDATE changes SET kind = ?, state = ? WHERE at = ? AND dir = ? AND user = ?",
            values![
                shown.map(|shown| shown.kind.as_str()),
                shown.and_then(|shown| shown.state).map(LossState::as_str),
                at.0,
                dir_number(dir),
                id_text(user),
            ],
        )
    }
}

fn json_row(change: &Change) -> serde_json::Value {
    serde_json::json!([
        change.at.0,
        dir_number(change.dir),
        id_text(change.user),
        change.not_before.0,
        change.shown.map(|shown| shown.kind.as_str()),
        change.shown.and_then(|shown| shown.state).map(LossState::as_str),
        change.from,
        change.to,
    ])
}

/// Which events.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) kinds: Vec<EventKind>,
    pub(super) state: Option<LossState>,
    pub(super) muted: Option<bool>,
    pub(super) from: Option<UnixMs>,
    pub(super) to: Option<UnixMs>,
    pub(super) user: Option<UserId>,
    /// Of these alone.
    pub(super) people: Option<Vec<UserId>>,
    pub(super) after: Option<String>,
}

impl Wanted {
    pub(super) fn read(query: &Query) -> Result<Self> {
        let mut kinds = Vec::new();
        for word in query.get("kind").into_iter().flat_map(|words| words.split(',')) {
            kinds.push(EventKind::from_word(word).ok_or_else(|| {
                Fault::bad(format!("`kind={word}`: followed, lost, returned or renamed"))
            })?);
        }
        let (from, to) = query::range(query)?;
        let known = "suspected, confirmed, retracted";
        Ok(Self {
            kinds,
            state: query::word(query, "state", LossState::from_word, known)?,
            muted: query::word(query, "muted", |word| word.parse().ok(), "true, false")?,
            from,
            to,
            user: None,
            people: None,
            after: query.get("cursor").cloned(),
        })
    }

    fn conditions(&self) -> Result<(String, Vec<Value>)> {
        let mut conditions = vec!["c.kind IS NOT NULL".to_owned()];
        let mut bound: Vec<Value> = Vec::new();
        if !self.kinds.is_empty() {
            let words: Vec<_> = self.kinds.iter().map(|kind| format!("'{kind}'")).collect();
            conditions.push(format!("c.kind IN ({})", words.join(", ")));
        }
        if let Some(state) = self.state {
            conditions.push("c.state = ?".to_owned());
            bound.push(state.as_str().into());
        }
        if let Some(muted) = self.muted {
            conditions.push("COALESCE(n.muted, 0) = ?".to_owned());
            bound.push(i64::from(muted).into());
        }
        for (instant, condition) in [(self.from, "c.at >= ?"), (self.to, "c.at < ?")] {
            if let Some(instant) = instant {
                conditions.push(condition.to_owned());
                bound.push(instant.0.into());
            }
        }
        if let Some(user) = self.user {
            conditions.push("c.user = ?".to_owned());
            bound.push(id_text(user).into());
        }
        if let Some(people) = &self.people {
            let ids: Vec<String> = people.iter().map(|user| id_text(*user)).collect();
            conditions.push("c.user IN (SELECT value FROM json_each(?))".to_owned());
            bound.push(serde_json::to_string(&ids)?.into());
        }
        if let Some(after) = &self.after {
            let (at, kind, user) = cursor(after)
                .ok_or_else(|| Fault::bad(format!("`cursor={after}` is none of ours")))?;
            conditions.push("(c.at, c.kind, c.user) < (?, ?, ?)".to_owned());
            bound.extend(values![at, kind, user]);
        }
        Ok((conditions.join(" AND "), bound))
    }
}

fn cursor(text: &str) -> Option<(i64, String, String)> {
    let mut parts = text.splitn(3, '.');
    let at = parts.next()?.parse().ok()?;
    let kind = EventKind::from_word(parts.next()?)?;
    let user: UserId = parts.next()?.parse().ok()?;
    Some((at, kind.as_str().to_owned(), id_text(user)))
}

impl Account {
    /// `GET …/followers/events`.
    pub(super) fn list_events(&self, query: &Query) -> Result<Response> {
        self.tracked()?;
        let limit = query::limit(query)?;
        http::json(200, &events(&self.sql, &self.wanted_events(query)?, limit)?)
    }

    /// The same with `mutual`, which asks for whom the account follows.
    pub(super) fn wanted_events(&self, query: &Query) -> Result<Wanted> {
        let mut wanted = Wanted::read(query)?;
        let among = query::word(query, "mutual", |word| word.parse().ok(), "true, false")?;
        wanted.people = among.map(|among| self.people_with_events(among)).transpose()?;
        Ok(wanted)
    }
}

/// A page of events, newest first.
pub(super) fn events(sql: &Sql, wanted: &Wanted, limit: usize) -> Result<List<FollowerEvent>> {
    let (conditions, mut bound) = wanted.conditions()?;
    bound.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
    let statement = format!(
        "SELECT s.name, s.facts IS NOT NULL, COALESCE(n.muted, 0),
                c.at, c.dir, c.user, c.not_before, c.kind, c.state, c.was, c.became
             FROM changes c JOIN lists s ON s.at = c.at
             LEFT JOIN notes n ON n.user = c.user
             WHERE {conditions} ORDER BY c.at DESC, c.kind DESC, c.user DESC LIMIT ?"
    );
    let mut found = Vec::new();
    for mut row in sql.rows(&statement, bound)? {
        let name = row.text()?;
        let name = Name::parse(&name).map_err(|error| Fault::internal(error.to_string()))?;
        let (crawled, muted) = (row.int()? != 0, row.int()? != 0);
        found.push((name, crawled, muted, change(row)?));
    }
    let people = profiles::find(sql, found.iter().map(|(.., change)| change.user))?;
    let mut events = Vec::with_capacity(found.len());
    for (name, crawled, muted, change) in found {
        let Some(shown) = change.shown else { continue };
        let lost = shown.kind == EventKind::Lost;
        let profile = people.get(&change.user);
        events.push(FollowerEvent {
            id: format!("{}:{}:{}", name.stamp(), shown.kind, change.user),
            kind: shown.kind,
            user: profiles::person(change.user, profile),
            at: change.at,
            not_before: Some(change.not_before),
            snapshot: name.as_str().to_owned(),
            state: shown.state,
            reason: lost.then_some(Reason::Unknown),
            confidence: lost.then_some(Confidence::Unknown),
            how: if crawled { How::Crawl } else { How::Import },
            from: change.from,
            to: change.to,
            muted,
            followers: profile.and_then(|profile| profile.followers),
        });
    }
    Ok(query::page(events, limit, |event| {
        format!("{}.{}.{}", event.at.0, event.kind, event.user.id)
    }))
}
