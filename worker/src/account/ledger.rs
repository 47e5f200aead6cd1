//! The ledger in SQLite: rows of `changes`, and of `verdicts`, which is what X said of people
//! beside its lists. Invariant: `changes` is written by `shared::ledger` alone, inside one
//! transaction; what `verdicts` says outlives replays, what is shown of it is derived.

use super::{Account, id_from_text, id_text, snapshots};
use crate::fault::{Fault, Result};
use crate::sql::{Row, Sql, Value, values};
use shared::api::{Confidence, EventKind, How, LossState, Reason};
use shared::id::UserId;
use shared::ledger::{self, Change, Dir, Failure, News, Shown, Store};
use shared::time::UnixMs;
use shared::verdict::{Evidence, Said, Verdict};
use std::collections::{BTreeSet, HashSet};

/// Rows of one `INSERT … SELECT FROM json_each`: well under the 2 MB of a bound text.
const ROWS_PER_INSERT: usize = 5_000;

/// What is shown of a row, in both tables.
pub(super) const SHOWN: &str = "kind, state, reason, confidence, how, settled, settles, look";

/// The ledger's store.
pub(super) struct SqlStore {
    sql: Sql,
    /// Of whom there is any evidence: most people have none.
    witnessed: HashSet<UserId>,
}

impl SqlStore {
    pub(super) fn new(sql: Sql) -> Result<Self> {
        let mut witnessed = HashSet::new();
        for mut row in sql.rows("SELECT DISTINCT user FROM verdicts", values![])? {
            witnessed.insert(id_from_text(&row.text()?)?);
        }
        Ok(Self { sql, witnessed })
    }
}

fn dir_number(dir: Dir) -> i64 {
    match dir {
        Dir::Missed => -2,
        Dir::Left => -1,
        Dir::Renamed => 0,
        Dir::Came => 1,
        Dir::Stayed => 2,
    }
}

/// A row of `at, dir, user, not_before, was, became` and what is [`SHOWN`].
pub(super) fn change(mut row: Row) -> Result<Change> {
    let at = UnixMs(row.int()?);
    let dir = match row.int()? {
        -2 => Dir::Missed,
        -1 => Dir::Left,
        0 => Dir::Renamed,
        1 => Dir::Came,
        _ => Dir::Stayed,
    };
    let user = id_from_text(&row.text()?)?;
    let not_before = UnixMs(row.int()?);
    let (from, to) = (row.maybe_text()?, row.maybe_text()?);
    Ok(Change { at, not_before, user, dir, shown: shown(&mut row)?, from, to })
}

/// What is shown, of the columns [`SHOWN`]. A suspected loss without a kind is withheld.
pub(super) fn shown(row: &mut Row) -> Result<Option<Shown>> {
    let kind = row.maybe_text()?.and_then(|word| EventKind::from_word(&word));
    let state = row.maybe_text()?.and_then(|word| LossState::from_word(&word));
    let reason = row.maybe_text()?.and_then(|word| Reason::from_word(&word));
    let confidence = row.maybe_text()?.and_then(|word| Confidence::from_word(&word));
    let how = row.maybe_text()?.and_then(|word| How::from_word(&word));
    let mut instant = || row.maybe_int().map(|at| at.map(UnixMs));
    let (settled, settles, look) = (instant()?, instant()?, instant()?);
    let verdict = reason.zip(confidence).map(|(reason, confidence)| Verdict {
        reason,
        confidence,
        how,
        settled,
        settles,
        look,
    });
    let withheld = kind.is_none() && state.is_some();
    let kind = kind.or(withheld.then_some(EventKind::Lost));
    Ok(kind.map(|kind| Shown { kind, state, verdict, withheld }))
}

/// The columns [`SHOWN`] of what is shown, as JSON takes them.
fn columns(shown: Option<Shown>) -> [serde_json::Value; 8] {
    let kind = shown.filter(|shown| !shown.withheld).map(|shown| shown.kind.as_str());
    let state = shown.and_then(|shown| shown.state).map(LossState::as_str);
    let verdict = shown.and_then(|shown| shown.verdict);
    let instant = |at: Option<UnixMs>| at.map(|at| at.0).into();
    [
        kind.into(),
        state.into(),
        verdict.map(|verdict| verdict.reason.as_str()).into(),
        verdict.map(|verdict| verdict.confidence.as_str()).into(),
        verdict.and_then(|verdict| verdict.how).map(How::as_str).into(),
        instant(verdict.and_then(|verdict| verdict.settled)),
        instant(verdict.and_then(|verdict| verdict.settles)),
        instant(verdict.and_then(|verdict| verdict.look)),
    ]
}

impl Store for SqlStore {
    type Error = Fault;

    fn interval(&self, at: UnixMs) -> Result<Vec<Change>> {
        let statement = format!(
            "SELECT at, dir, user, not_before, was, became, {SHOWN} FROM changes
             WHERE at = ? ORDER BY dir, user"
        );
        self.sql.rows(&statement, values![at.0])?.into_iter().map(change).collect()
    }

    fn chain(&self, user: UserId) -> Result<Vec<Change>> {
        let statement = format!(
            "SELECT at, dir, user, not_before, was, became, {SHOWN} FROM changes
             WHERE user = ? AND dir <> 0 ORDER BY at"
        );
        self.sql.rows(&statement, values![id_text(user)])?.into_iter().map(change).collect()
    }

    fn replace(&mut self, at: UnixMs, changes: Vec<Change>) -> Result<()> {
        self.sql.run("DELETE FROM changes WHERE at = ?", values![at.0])?;
        for rows in changes.chunks(ROWS_PER_INSERT) {
            let rows: Vec<serde_json::Value> = rows.iter().map(json_row).collect();
            let statement = format!(
                "INSERT INTO changes (at, dir, user, not_before, was, became, {SHOWN})
                 SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5,
                    value->>6, value->>7, value->>8, value->>9, value->>10, value->>11,
                    value->>12, value->>13 FROM json_each(?)"
            );
            self.sql.run(&statement, values![serde_json::to_string(&rows)?])?;
        }
        Ok(())
    }

    fn show(&mut self, at: UnixMs, user: UserId, dir: Dir, shown: Option<Shown>) -> Result<()> {
        let place = values![at.0, dir_number(dir), id_text(user)];
        self.put("changes", shown, "at = ? AND dir = ? AND user = ?", place)
    }

    fn evidence(&self, user: UserId) -> Result<Vec<Evidence>> {
        if !self.witnessed.contains(&user) {
            return Ok(Vec::new());
        }
        let statement = format!(
            "SELECT at, said, listed, {SHOWN} FROM verdicts WHERE user = ? ORDER BY at, seq"
        );
        let mut all = Vec::new();
        for mut row in self.sql.rows(&statement, values![id_text(user)])? {
            let at = UnixMs(row.int()?);
            let word = row.text()?;
            let listed = row.maybe_int()?.map(|listed| listed != 0);
            let shown = shown(&mut row)?;
            let Some(said) = Said::from_word(&word) else { continue };
            all.push(Evidence { user, at, said, listed, shown });
        }
        Ok(all)
    }

    fn witnessed(&self, after: UnixMs, until: UnixMs) -> Result<Vec<(UserId, Said)>> {
        // SQLite's integers come back as JavaScript numbers: both ends stay below 2^53.
        let bound = |at: UnixMs| at.0.clamp(-9_007_199_254_740_991, 9_007_199_254_740_991);
        let statement = "SELECT DISTINCT user, said FROM verdicts WHERE at > ? AND at <= ?";
        let mut all = Vec::new();
        for mut row in self.sql.rows(statement, values![bound(after), bound(until)])? {
            let user = id_from_text(&row.text()?)?;
            all.extend(Said::from_word(&row.text()?).map(|said| (user, said)));
        }
        Ok(all)
    }

    fn show_push(
        &mut self,
        at: UnixMs,
        user: UserId,
        said: Said,
        shown: Option<Shown>,
    ) -> Result<()> {
        let place = values![at.0, said.as_str(), id_text(user)];
        self.put("verdicts", shown, "at = ? AND said = ? AND user = ?", place)
    }
}

impl SqlStore {
    fn put(
        &self,
        table: &str,
        shown: Option<Shown>,
        condition: &str,
        place: Vec<Value>,
    ) -> Result<()> {
        let statement = format!(
            "UPDATE {table} SET ({SHOWN}) = (SELECT v->>0, v->>1, v->>2, v->>3, v->>4, v->>5,
                v->>6, v->>7 FROM (SELECT ? AS v)) WHERE {condition}"
        );
        let mut bound = values![serde_json::to_string(&columns(shown))?];
        bound.extend(place);
        self.sql.run(&statement, bound)
    }
}

fn json_row(change: &Change) -> serde_json::Value {
    let mut row = vec![
        change.at.0.into(),
        dir_number(change.dir).into(),
        id_text(change.user).into(),
        change.not_before.0.into(),
        change.from.as_deref().into(),
        change.to.as_deref().into(),
    ];
    row.extend(columns(change.shown));
    serde_json::Value::Array(row)
}

/// What a failed change of the ledger is told as.
pub(super) fn failed(failure: Failure<Fault>) -> Fault {
    match failure {
        Failure::Store(fault) => fault,
        // Our own corruption: nothing was written, and the run says so.
        Failure::Contradiction(what) => Fault::internal(what.to_string()),
    }
}

/// Keeps what X said of people and shows them anew: part of one write. What a look found is
/// taken once; a push is told from its repeat by whoever brings it. Tells what is shown otherwise
/// than before.
pub(super) fn witness(sql: &Sql, evidence: &[Evidence]) -> Result<Vec<News>> {
    for one in evidence {
        let at = if one.said.is_push() { free_instant(sql, one)? } else { one.at };
        sql.run(
            "INSERT OR IGNORE INTO verdicts (user, at, said, listed) VALUES (?, ?, ?, ?)",
            values![id_text(one.user), at.0, one.said.as_str(), one.listed.map(i64::from)],
        )?;
    }
    let users: BTreeSet<UserId> = evidence.iter().map(|one| one.user).collect();
    reshow(sql, &users)
}

fn free_instant(sql: &Sql, push: &Evidence) -> Result<UnixMs> {
    let later = "SELECT at, said FROM verdicts WHERE user = ? AND at >= ? ORDER BY at, seq";
    let mut taken = Vec::new();
    for mut row in sql.rows(later, values![id_text(push.user), push.at.0])? {
        let at = UnixMs(row.int()?);
        if Said::from_word(&row.text()?).is_some_and(Said::is_push) {
            taken.push(at);
        }
    }
    Ok(ledger::free_instant(push.at, taken))
}

/// Shows people anew: part of one write.
pub(super) fn reshow(sql: &Sql, users: &BTreeSet<UserId>) -> Result<Vec<News>> {
    let timeline = snapshots::timeline(sql)?;
    let mut store = SqlStore::new(sql.clone())?;
    ledger::reshow(&mut store, &timeline, users).map_err(failed)
}

/// A replay begins: what is shown of pushes is derived, too. Part of one write.
pub(super) fn hide_pushes(sql: &Sql) -> Result<()> {
    let nothing = SHOWN.replace(", ", " = NULL, ");
    sql.run(&format!("UPDATE verdicts SET {nothing} = NULL WHERE kind IS NOT NULL"), values![])
}

impl Account {
    /// After a replay: pushes and looks, whatever the order in which lists came.
    pub(super) fn reshow_all(&self) -> Result<()> {
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            let mut users = BTreeSet::new();
            for mut row in sql.rows("SELECT DISTINCT user FROM verdicts", values![])? {
                users.insert(id_from_text(&row.text()?)?);
            }
            reshow(&sql, &users).map(drop)
        })
    }
}
