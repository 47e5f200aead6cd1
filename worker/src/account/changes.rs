//! Events as they are told: rows of the ledger and pushes of X, with names. Must not know: how
//! rows come to be. Invariant: what is withheld is not told.

use super::erase::erased;
use super::ledger::{SHOWN, change};
use super::verify;
use super::{Account, id_from_text, id_text, profiles};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Sql, Value, values};
use shared::api::{Confidence, EventKind, FollowerEvent, How, List, Look, LossState, Reason, Said};
use shared::id::UserId;
use shared::ledger::{Change, Shown};
use shared::snapshot::Name;
use shared::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};
use worker::Response;

/// Changes between lists, with the list that showed them.
const LISTED: &str = "changes c JOIN lists s ON s.at = c.at";
/// Pushes, which no list showed.
const PUSHED: &str = "(SELECT user, at, NULL AS name, NULL AS facts, at AS not_before, 0 AS dir,
    NULL AS was, NULL AS became, kind, state, reason, confidence, how, settled, settles, look
    FROM verdicts WHERE kind IS NOT NULL) c";

/// What `reason` takes.
const REASONS: &str = "unfollowed, suspended, gone, you_blocked, unknown";

/// Which events.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) kinds: Vec<EventKind>,
    pub(super) state: Option<LossState>,
    pub(super) muted: Option<bool>,
    pub(super) from: Option<UnixMs>,
    pub(super) to: Option<UnixMs>,
    pub(super) reason: Option<Reason>,
    /// Only of these.
    pub(super) users: Option<BTreeSet<UserId>>,
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
            reason: query::word(query, "reason", Reason::from_word, REASONS)?,
            users: None,
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
        if let Some(reason) = self.reason {
            conditions.push("c.kind = 'lost' AND COALESCE(c.reason, 'unknown') = ?".to_owned());
            bound.push(reason.as_str().into());
        }
        if let Some(users) = &self.users {
            conditions.push("c.user IN (SELECT value FROM json_each(?))".to_owned());
            let users: Vec<String> = users.iter().copied().map(id_text).collect();
            bound.push(serde_json::to_string(&users)?.into());
        }
        if let Some(after) = &self.after {
            let (at, kind, user) = cursor(after).ok_or_else(query::bad_cursor)?;
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
        wanted.users = among.map(|among| self.people_with_events(among)).transpose()?;
        Ok(wanted)
    }
}

/// A page of events, newest first.
pub(super) fn events(sql: &Sql, wanted: &Wanted, limit: usize) -> Result<List<FollowerEvent>> {
    let (conditions, mut bound) = wanted.conditions()?;
    bound.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
    let mut found = Vec::new();
    for (from, list) in [(LISTED, "s"), (PUSHED, "c")] {
        let shown = SHOWN.replace(", ", ", c.");
        let statement = format!(
            "SELECT {list}.name, {list}.facts IS NOT NULL, COALESCE(n.muted, 0),
                    c.at, c.dir, c.user, c.not_before, c.was, c.became, c.{shown}
                 FROM {from} LEFT JOIN notes n ON n.user = c.user
                 WHERE {conditions} ORDER BY c.at DESC, c.kind DESC, c.user DESC LIMIT ?"
        );
        for mut row in sql.rows(&statement, bound.clone())? {
            let name = row.maybe_text()?.map(|name| Name::parse(&name)).transpose();
            let name = name.map_err(|error| Fault::internal(error.to_string()))?;
            let (crawled, muted) = (row.int()? != 0, row.int()? != 0);
            found.push(Found { name, crawled, muted, change: change(row)? });
        }
    }
    found.retain(|found| found.change.shown.is_some());
    found.sort_by_key(|found| std::cmp::Reverse(found.place()));
    let people = profiles::find(sql, found.iter().map(|found| found.change.user))?;
    let (why_not, erased) = (verify::why_not(sql)?, erased(sql)?);
    let mut looks = looks(sql, &found)?;
    let events = found.into_iter().filter_map(|found| {
        let profile = people.get(&found.change.user);
        let mut event = found.told(&why_not)?;
        if event.kind == EventKind::Lost {
            event.looks = looks.remove(&(event.user.id, event.at)).unwrap_or_default();
        }
        event.user = profiles::person(event.user.id, profile);
        event.followers = profile.and_then(|profile| profile.followers);
        if erased.contains_key(&event.user.id) {
            (event.from, event.to) = (None, None);
        }
        Some(event)
    });
    Ok(query::page(events.collect(), limit, |event| {
        format!("{}.{}.{}", event.at.0, event.kind, event.user.id)
    }))
}

/// What X said of those who left, oldest first, by the loss that it is about: their last one
/// before it.
fn looks(sql: &Sql, found: &[Found]) -> Result<BTreeMap<(UserId, UnixMs), Vec<Look>>> {
    let changes = found.iter().map(|found| &found.change);
    let leaving =
        changes.filter(|change| change.shown.is_some_and(|shown| shown.kind == EventKind::Lost));
    let users: BTreeSet<String> = leaving.map(|change| id_text(change.user)).collect();
    let mut looks: BTreeMap<_, Vec<Look>> = BTreeMap::new();
    if users.is_empty() {
        return Ok(looks);
    }
    let rows = sql.rows(
        "SELECT v.user, v.at, v.said, (SELECT MAX(s.at) FROM changes s
                WHERE s.user = v.user AND s.kind = 'lost' AND s.at <= v.at)
             FROM verdicts v WHERE v.user IN (SELECT value FROM json_each(?))
                AND v.said NOT IN ('followed', 'unfollowed') ORDER BY v.at, v.seq",
        values![serde_json::to_string(&users)?],
    )?;
    for mut row in rows {
        let (user, at) = (id_from_text(&row.text()?)?, UnixMs(row.int()?));
        let (said, loss) = (Said::from_word(&row.text()?), row.maybe_int()?);
        if let (Some(said), Some(loss)) = (said, loss) {
            looks.entry((user, UnixMs(loss))).or_default().push(Look { at, said });
        }
    }
    Ok(looks)
}

/// A row of either source.
struct Found {
    /// The list that showed it; none: X pushed it.
    name: Option<Name>,
    crawled: bool,
    muted: bool,
    change: Change,
}

impl Found {
    fn place(&self) -> (UnixMs, &'static str, UserId) {
        let kind = self.change.shown.map_or("", |shown| shown.kind.as_str());
        (self.change.at, kind, self.change.user)
    }

    /// The event, its person still unnamed. `why_not`: why nobody is looked up just now.
    fn told(self, why_not: &str) -> Option<FollowerEvent> {
        let Change { at, not_before, user, shown, from, to, .. } = self.change;
        let Shown { kind, state, verdict, .. } = shown?;
        let lost = kind == EventKind::Lost;
        let now = clock::now();
        let by_list = if self.crawled { How::Crawl } else { How::Import };
        let by_list = if self.name.is_some() { by_list } else { How::Push };
        let stamp = self.name.as_ref().map_or_else(|| at.rfc3339(), |name| name.stamp().to_owned());
        let open =
            |reason: Reason| reason == Reason::Unknown && state != Some(LossState::Retracted);
        let unseen = verdict.filter(|v| open(v.reason) && v.look.is_some_and(|look| look <= now));
        Some(FollowerEvent {
            id: format!("{stamp}:{kind}:{user}"),
            kind,
            user: profiles::person(user, None),
            at,
            not_before: self.name.is_some().then_some(not_before),
            snapshot: self.name.map_or_else(String::new, |name| name.as_str().to_owned()),
            state,
            reason: lost.then(|| verdict.map_or(Reason::Unknown, |v| v.reason)),
            confidence: lost.then(|| verdict.map_or(Confidence::Unknown, |v| v.confidence)),
            how: verdict.and_then(|v| v.how).unwrap_or(by_list),
            settles: verdict.and_then(|v| v.settled.or(v.settles.filter(|at| *at > now))),
            note: unseen.filter(|_| !why_not.is_empty()).map(|_| why_not.to_owned()),
            looks: Vec::new(),
            next_look: verdict.and_then(|v| v.look).filter(|look| lost && *look > now),
            from,
            to,
            muted: self.muted,
            followers: None,
        })
    }
}
