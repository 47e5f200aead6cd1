//! The roster as shown: rows made from packs, ledger and notes, filtered, sorted and paged while
//! they stream by. Invariant: one pack and one page of rows are in memory, whatever the account's
//! size (besides the packed roster itself and who has events).

use super::following::{self, Followed, mutual};
use super::view::{CAME, LEFT};
use super::{Account, id_from_text, profiles};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Sql, values};
use shared::api::{
    Confidence, Departure, Follower, FollowingFilter, LossState, Reason, RosterFilter,
};
use shared::id::UserId;
use shared::listing::{Collector, Narrow, Sort, matches};
use shared::roster::Roster;
use shared::text::fold::Words;
use shared::time::UnixMs;
use shared::x::user::Profile;
use std::collections::{HashMap, HashSet, VecDeque};
use worker::Response;

/// Later than any event: 2^53 - 1, the largest whole number of JavaScript.
const LAST_MS: i64 = 9_007_199_254_740_991;

/// Which rows.
pub(super) struct Wanted {
    as_of: Option<UnixMs>,
    q: Option<Words>,
    filter: Option<RosterFilter>,
    /// Of those whom the account follows, not of its followers.
    followed: bool,
    pub(super) sort: Sort,
    from: Option<UnixMs>,
    to: Option<UnixMs>,
    narrow: Narrow,
    now: UnixMs,
}

impl Wanted {
    pub(super) fn read(query: &Query) -> Result<Self> {
        let (from, to) = query::range(query)?;
        let filters = "new, left, returned, mutual, mutual_left, not_back, muted";
        let as_of = query::instant(query, "as_of")?;
        let filter = query::word(query, "filter", RosterFilter::from_word, filters)?;
        let followed = filter == Some(RosterFilter::NotBack);
        if followed && as_of.is_some() {
            return Err(Fault::bad("`filter=not_back` is as of now: leave `as_of` out"));
        }
        Ok(Self {
            as_of,
            q: query.get("q").and_then(|q| Words::of(q)),
            filter,
            followed,
            sort: sort(query, if is_of_leavers(filter) { "-left" } else { "-since" })?,
            from,
            to,
            narrow: narrow(query, filter)?,
            now: clock::now(),
        })
    }
}

impl Wanted {
    /// Of those whom the account follows.
    pub(super) fn read_followed(query: &Query) -> Result<Self> {
        let known = "all, mutual, not_back";
        let filter = query::word(query, "filter", FollowingFilter::from_word, known)?;
        let filter = match filter {
            Some(FollowingFilter::Mutual) => Some(RosterFilter::Mutual),
            Some(FollowingFilter::NotBack) => Some(RosterFilter::NotBack),
            Some(FollowingFilter::All) | None => None,
        };
        let sort = sort(query, "-followers")?;
        let q = query.get("q").and_then(|q| Words::of(q));
        let (now, narrow) = (clock::now(), Narrow::default());
        let followed = true;
        Ok(Self { as_of: None, q, filter, followed, sort, from: None, to: None, narrow, now })
    }
}

/// Whether a filter asks for who left.
fn is_of_leavers(filter: Option<RosterFilter>) -> bool {
    matches!(filter, Some(RosterFilter::Left | RosterFilter::MutualLeft))
}

/// What the list is narrowed to beside its filter.
fn narrow(query: &Query, filter: Option<RosterFilter>) -> Result<Narrow> {
    let reasons = "unfollowed, suspended, gone, you_blocked, unknown";
    let reason = query::word(query, "reason", Reason::from_word, reasons)?;
    if reason.is_some() && !is_of_leavers(filter) {
        return Err(Fault::bad("`reason` is of who left: send `filter=left` with it"));
    }
    let number = |name: &str| {
        query::word(query, name, |text| text.parse().ok(), "0, 1, 2 and so on: a number")
    };
    let (followers_min, followers_max) = (number("followers_min")?, number("followers_max")?);
    let mutual = query::flag(query, "mutual")?;
    let inactive = query::flag(query, "inactive")?;
    Ok(Narrow { reason, mutual, followers_min, followers_max, inactive })
}

/// `sort`, or the order of a list that does not say.
fn sort(query: &Query, default: &str) -> Result<Sort> {
    let known = "since, changed, name, followers, left, id, each with - in front or not";
    query::word(query, "sort", Sort::parse, known)?
        .or_else(|| Sort::parse(default))
        .ok_or_else(|| Fault::internal("the default sort is no sort"))
}

/// What events say of everyone who has any.
#[derive(Default)]
struct Told {
    /// When they last came, if they are here since.
    since: HashMap<UserId, UnixMs>,
    /// Their last event.
    changed: HashMap<UserId, UnixMs>,
}

/// The owner's words on someone.
#[derive(Clone, Default)]
pub(super) struct Note {
    pub(super) muted: bool,
    pub(super) note: Option<String>,
}

impl Account {
    /// `GET …/followers`.
    pub(super) async fn list_followers(&self, query: &Query) -> Result<Response> {
        let limit = query::limit(query)?;
        let wanted = Wanted::read(query)?;
        let cursor = query.get("cursor").map(String::as_str);
        let mut collector = Collector::new(wanted.sort, cursor, limit)
            .map_err(|error| Fault::bad(error.to_string()))?;
        let mut walk = self.walk(wanted).await?;
        while let Some(rows) = walk.next_pack()? {
            for row in rows {
                collector.push(row);
            }
        }
        http::json(200, &collector.finish())
    }

    /// A walk over every wanted row, in id order.
    pub(super) async fn walk(&self, wanted: Wanted) -> Result<Walk> {
        self.tracked()?;
        let roster = match self.accepted_at(wanted.as_of)? {
            Some(known) => self.load_roster(&known).await?,
            // Who does not follow is known by a list of who does.
            None if wanted.filter == Some(RosterFilter::NotBack) => {
                let why = "who follows the account was never read: begin with a full check";
                return Err(Fault::new(409, "Not read yet", why));
            }
            None => Roster::new(Vec::new()),
        };
        let followed = if wanted.followed { Some(self.needs_list()?) } else { self.followed()? };
        let starts = if wanted.followed {
            following::pack_starts(&self.sql)?
        } else {
            profiles::pack_starts(&self.sql)?
        };
        Ok(Walk {
            told: self.told(wanted.as_of)?,
            notes: self.notes()?,
            withheld: self.withheld(wanted.as_of)?,
            chosen: self.chosen(&wanted)?,
            departures: self.departures(&wanted)?,
            starts: starts.into(),
            followed,
            sql: self.sql.clone(),
            roster,
            wanted,
        })
    }

    /// The ids a filter on events names, `None` for no such filter.
    fn chosen(&self, wanted: &Wanted) -> Result<Option<HashSet<UserId>>> {
        let Some(kinds) = wanted.event_kinds() else { return Ok(None) };
        let statement = format!(
            "SELECT DISTINCT user FROM shown WHERE kind IN ({kinds}) AND at >= ? AND at < ?
             AND (state IS NULL OR state <> 'retracted')"
        );
        let from = wanted.from.map_or(0, |from| from.0);
        let to = wanted.to.map_or(LAST_MS, |to| to.0);
        let rows = self.sql.rows(&statement, values![from, to])?;
        let ids = rows.into_iter().map(|mut row| id_from_text(&row.text()?));
        Ok(Some(ids.collect::<Result<_>>()?))
    }

    /// The last loss, not retracted, of everyone whom a list of these filters may show as gone.
    fn departures(&self, wanted: &Wanted) -> Result<HashMap<UserId, Departure>> {
        let kinds = wanted.event_kinds();
        if kinds != Some(LEFT) && !wanted.followed {
            return Ok(HashMap::new());
        }
        // Of those who left before `to`, how they left then, whatever came after.
        let to = wanted.to.filter(|_| kinds == Some(LEFT)).map(|to| to.plus(-1));
        let until = wanted.as_of.into_iter().chain(to).min();
        let until = until.map_or(LAST_MS, |at| at.0);
        let lost = "kind = 'lost' AND state <> 'retracted' AND at <= ?";
        let statement = format!(
            "SELECT user, at, not_before, state, reason, confidence FROM changes WHERE {lost}
             UNION ALL
             SELECT user, at, NULL, state, reason, confidence FROM verdicts WHERE {lost}
             ORDER BY at"
        );
        let rows = self.sql.rows(&statement, values![until, until])?;
        let mut departures = HashMap::new();
        for mut row in rows {
            let user = id_from_text(&row.text()?)?;
            let at = UnixMs(row.int()?);
            let not_before = row.maybe_int()?.map(UnixMs);
            let state = row.maybe_text()?.and_then(|word| LossState::from_word(&word));
            let reason = row.maybe_text()?.and_then(|word| Reason::from_word(&word));
            let confidence = row.maybe_text()?.and_then(|word| Confidence::from_word(&word));
            let reason = reason.unwrap_or(Reason::Unknown);
            let confidence = confidence.unwrap_or(Confidence::Unknown);
            departures.insert(user, Departure { at, not_before, state, reason, confidence });
        }
        Ok(departures)
    }

    fn told(&self, as_of: Option<UnixMs>) -> Result<Told> {
        let rows = self.sql.rows(
            "SELECT user, MAX(at), MAX(CASE WHEN kind IN ('followed', 'returned') THEN at END)
             FROM shown WHERE at <= ? GROUP BY user",
            values![as_of.map_or(LAST_MS, |at| at.0)],
        )?;
        let mut told = Told::default();
        for mut row in rows {
            let user = id_from_text(&row.text()?)?;
            told.changed.insert(user, UnixMs(row.int()?));
            if let Some(since) = row.maybe_int()? {
                told.since.insert(user, UnixMs(since));
            }
        }
        Ok(told)
    }

    /// Who is missing from the newest list of an instant, and perhaps from some before it, but from
    /// none without doubt: they count as following.
    pub(super) fn withheld(&self, as_of: Option<UnixMs>) -> Result<HashSet<UserId>> {
        let at = as_of.map_or(9_007_199_254_740_991, |at| at.0);
        let rows = self.sql.rows(
            "SELECT user FROM changes WHERE kind IS NULL AND state IS NOT NULL AND at <= ?1
                AND (state = 'suspected' OR settled > ?1)",
            values![at],
        )?;
        rows.into_iter().map(|mut row| id_from_text(&row.text()?)).collect()
    }

    pub(super) fn notes(&self) -> Result<HashMap<UserId, Note>> {
        let rows = self.sql.rows("SELECT user, muted, note FROM notes", values![])?;
        rows.into_iter()
            .map(|mut row| {
                let user = id_from_text(&row.text()?)?;
                Ok((user, Note { muted: row.int()? != 0, note: row.maybe_text()? }))
            })
            .collect()
    }
}

/// A walk over the roster, one pack at a time. Holds no borrow, so that an answer may stream it.
pub(super) struct Walk {
    sql: Sql,
    wanted: Wanted,
    roster: Roster,
    told: Told,
    notes: HashMap<UserId, Note>,
    chosen: Option<HashSet<UserId>>,
    departures: HashMap<UserId, Departure>,
    /// Whom the account follows, if that was read.
    followed: Option<Followed>,
    /// Whom the list lacks, but perhaps for no other reason than that it could not be read whole.
    withheld: HashSet<UserId>,
    starts: VecDeque<String>,
}

impl Walk {
    /// How many rows there are at most.
    pub(super) fn most(&self) -> usize {
        match (&self.followed, &self.chosen) {
            (Some(followed), _) if self.wanted.followed => followed.count(),
            (_, Some(chosen)) => chosen.len(),
            _ => self.roster.len() + self.withheld.len(),
        }
    }

    /// The wanted rows of the next pack, in id order.
    pub(super) fn next_pack(&mut self) -> Result<Option<Vec<Follower>>> {
        let Some(lo) = self.starts.pop_front() else { return Ok(None) };
        let mut rows = Vec::new();
        let entries = if self.wanted.followed {
            following::pack(&self.sql, &lo)?
        } else {
            profiles::pack(&self.sql, &lo)?
        };
        for entry in entries {
            let here = self.roster.contains(entry.id) || self.withheld.contains(&entry.id);
            let candidate = match &self.chosen {
                Some(chosen) => chosen.contains(&entry.id),
                None => here || self.wanted.followed,
            };
            if !candidate {
                continue;
            }
            let note = self.notes.get(&entry.id);
            let profile = Profile::of(entry.id, &entry.raw);
            let mut row = row(entry.id, profile.as_ref(), here, &self.told, note);
            row.mutual = mutual(self.followed.as_ref(), entry.id, row.mutual, entry.seen);
            row.left = self.departures.get(&entry.id).filter(|_| !row.following).copied();
            if self.wanted.admits(&row) {
                rows.push(row);
            }
        }
        Ok(Some(rows))
    }
}

impl Wanted {
    /// The kinds of event that a filter asks for, as SQL writes a list; `None` of one that asks for
    /// no event.
    fn event_kinds(&self) -> Option<&'static str> {
        match self.filter? {
            RosterFilter::New => Some(CAME),
            RosterFilter::Returned => Some("'returned'"),
            RosterFilter::Left | RosterFilter::MutualLeft => Some(LEFT),
            RosterFilter::Mutual | RosterFilter::NotBack | RosterFilter::Muted => None,
        }
    }

    fn admits(&self, row: &Follower) -> bool {
        let filtered = match self.filter {
            Some(RosterFilter::Mutual) => row.mutual == Some(true) && row.following,
            Some(RosterFilter::Muted) => row.muted,
            Some(RosterFilter::NotBack) => !row.following,
            Some(RosterFilter::MutualLeft) => !row.following && row.mutual == Some(true),
            _ => true,
        };
        filtered
            && self.narrow.admits(row, self.now)
            && self.q.as_ref().is_none_or(|q| matches(row, q))
    }
}

fn row(
    id: UserId,
    profile: Option<&Profile>,
    following: bool,
    told: &Told,
    note: Option<&Note>,
) -> Follower {
    let user = profiles::person(id, profile);
    Follower {
        user,
        followers: profile.and_then(|p| p.followers),
        verified: profile.and_then(|p| p.verified),
        protected: profile.is_some_and(|p| p.protected),
        description: profile.and_then(|p| p.description.clone()),
        joined: profile.and_then(|p| p.joined),
        posts: profile.and_then(|p| p.posts),
        left: None,
        since: told.since.get(&id).copied(),
        last_change: told.changed.get(&id).copied(),
        following,
        mutual: profile.and_then(|p| p.mutual),
        muted: note.is_some_and(|note| note.muted),
        note: note.and_then(|note| note.note.clone()),
    }
}
