//! What the world did in a span of time, as far as X tells of it.
//!
//! Knows the rosters, the diary and the consents, not who is told. Invariants: events come by time;
//! whoever is suspended, deleted, deactivated or comes back from it is not among them.

use std::collections::HashSet;

use serde_json::json;

use super::book::{Direction, Event, Wanted};
use super::kinds::Kind;
use super::payload;
use crate::calendar::{DAY_S, SECOND_MS, format_ms};
use crate::identity::Subject;
use crate::life::Reason;
use crate::relations;
use crate::state::Sim;
use crate::world::Account;

/// A deleted tweet stood six weeks at most, unless it was deleted on request.
const STOOD_MAX_S: i64 = 43 * DAY_S;
/// How far from a follow the owner's own follow of the same user may lie.
const AROUND_S: i64 = 61 * DAY_S;

/// What somebody is told of.
pub(super) struct Interest {
    kinds: HashSet<Kind>,
    users: HashSet<String>,
}

impl Interest {
    pub(super) fn new<'a>(all: impl Iterator<Item = &'a Wanted>) -> Self {
        let (mut kinds, mut users) = (HashSet::new(), HashSet::new());
        for wanted in all {
            kinds.insert(wanted.kind);
            users.extend(wanted.user.clone());
        }
        Self { kinds, users }
    }

    fn any(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| self.kinds.contains(kind))
    }
}

/// Everything in `from_s < t <= to_s`, by time.
pub(super) fn between(sim: &Sim, interest: &Interest, from_s: i64, to_s: i64) -> Vec<Event> {
    let span = Span { sim, interest, from_s, to_s };
    let mut events = Vec::new();
    for account in Account::ALL {
        if interest.any(&[Kind::Follow, Kind::Unfollow, Kind::Block, Kind::Unblock]) {
            span.comings_and_goings(account, &mut events);
            span.own_follows(account, &mut events);
        }
        if interest.any(&[Kind::Handle, Kind::ScreenName]) {
            span.renames(account, &mut events);
        }
        if interest.any(&[Kind::PostDelete]) {
            span.deletions(account, &mut events);
        }
    }
    if interest.any(&[Kind::Revoke]) {
        span.revocations(&mut events);
    }
    events.sort_by_key(|event| event.at_ms);
    events
}

struct Span<'a> {
    sim: &'a Sim,
    interest: &'a Interest,
    from_s: i64,
    to_s: i64,
}

impl Span<'_> {
    fn holds(&self, at_s: i64) -> bool {
        at_s > self.from_s && at_s <= self.to_s
    }

    /// An event with two sides, if somebody wants to be told of it.
    fn pair(&self, kind: Kind, source: Subject, target: Subject, at_s: i64) -> Option<Event> {
        let (from, to) = (payload::id(self.sim, source), payload::id(self.sim, target));
        let asked = self.interest.users.contains(&from) || self.interest.users.contains(&to);
        (asked && self.interest.kinds.contains(&kind)).then(|| Event {
            at_ms: at_s * SECOND_MS,
            kind,
            parties: vec![(from, Some(Direction::Outbound)), (to, Some(Direction::Inbound))],
            payload: payload::pair(self.sim, source, target, at_s),
            uuid: None,
        })
    }

    /// Who followed the account, who stopped, whom it blocked.
    fn comings_and_goings(&self, account: Account, events: &mut Vec<Event>) {
        let (sim, owner) = (self.sim, Subject::Owner(account));
        let roster = sim.world.roster(account);
        let truth = sim.ledger(account).truth(roster, self.from_s, self.to_s);
        for &(index, at_s) in &truth.followed {
            let life = roster.timeline(index);
            let ended = life.absences().iter().find(|absence| absence.back_s == at_s);
            let user = Subject::Follower(account, index);
            match ended.map(|absence| absence.reason) {
                None | Some(Reason::Unfollowed) => {
                    events.extend(self.pair(Kind::Follow, user, owner, at_s));
                }
                Some(Reason::YouBlocked) => {
                    events.extend(self.pair(Kind::Unblock, owner, user, at_s));
                    events.extend(self.pair(Kind::Follow, user, owner, at_s));
                }
                Some(Reason::Suspended | Reason::Deleted | Reason::Deactivated) => {}
            }
        }
        for &(index, at_s, reason) in &truth.lost {
            let user = Subject::Follower(account, index);
            match reason {
                Reason::Unfollowed => events.extend(self.pair(Kind::Unfollow, user, owner, at_s)),
                // That the follow ends with it, X does not say.
                Reason::YouBlocked => events.extend(self.pair(Kind::Block, owner, user, at_s)),
                Reason::Suspended | Reason::Deleted | Reason::Deactivated => {}
            }
        }
    }

    /// Whom the account follows itself.
    fn own_follows(&self, account: Account, events: &mut Vec<Event>) {
        let roster = self.sim.world.roster(account);
        let near =
            roster.arrived_by(self.from_s - AROUND_S)..roster.arrived_by(self.to_s + AROUND_S);
        for index in near {
            let Some(at_s) = relations::wish_s(roster, index).filter(|at_s| self.holds(*at_s))
            else {
                continue;
            };
            if relations::Relation::Following.holds(roster, index, at_s) {
                let user = Subject::Follower(account, index);
                events.extend(self.pair(Kind::Follow, Subject::Owner(account), user, at_s));
            }
        }
    }

    /// Who changed the username, and the name with it.
    fn renames(&self, account: Account, events: &mut Vec<Event>) {
        let roster = self.sim.world.roster(account);
        for (index, at_s) in self.sim.ledger(account).truth(roster, self.from_s, self.to_s).renamed
        {
            let user = Subject::Follower(account, index);
            let id = payload::id(self.sim, user);
            if !self.interest.users.contains(&id) {
                continue;
            }
            let [before, after] = [at_s - 1, at_s].map(|t| payload::user(self.sim, user, t));
            for (kind, name) in [(Kind::Handle, "username"), (Kind::ScreenName, "name")] {
                if before.get(name) != after.get(name) {
                    events.push(Event {
                        at_ms: at_s * SECOND_MS,
                        kind,
                        parties: vec![(id.clone(), None)],
                        payload: json!({"before": before.get(name), "after": after.get(name)}),
                        uuid: None,
                    });
                }
            }
        }
    }

    /// Which tweets the account deleted.
    fn deletions(&self, account: Account, events: &mut Vec<Event>) {
        if !self.interest.users.contains(account.id()) {
            return;
        }
        let marks = self.sim.state().marks.clone();
        let (from_ms, to_ms) = (self.from_s * SECOND_MS, (self.to_s + 1) * SECOND_MS);
        let diary = &self.sim.diary;
        let mut tweets = diary.between(account, from_ms - STOOD_MAX_S * SECOND_MS, to_ms, &marks);
        let older = marks.deleted_in(from_ms, to_ms).into_iter().filter_map(|id| {
            let (tweet, _) = diary.find(id, &marks)?;
            (tweet.account == account).then_some(tweet)
        });
        tweets.extend(older);
        let mut seen = HashSet::new();
        for tweet in tweets {
            let gone_ms = tweet.deleted_ms.filter(|at_ms| self.holds(at_ms.div_euclid(SECOND_MS)));
            let Some(at_ms) = gone_ms.filter(|_| seen.insert(tweet.first().id)) else { continue };
            let last = tweet.history(at_ms - 1).last().unwrap_or(tweet.first());
            events.push(Event {
                at_ms,
                kind: Kind::PostDelete,
                parties: vec![(account.id().to_owned(), None)],
                payload: json!({"id": last.id.to_string(), "author_id": account.id()}),
                uuid: None,
            });
        }
    }

    /// Who took back the consent.
    fn revocations(&self, events: &mut Vec<Event>) {
        for revocation in self.sim.state().grants.revocations() {
            if self.holds(revocation.at_ms.div_euclid(SECOND_MS)) {
                let user = revocation.account.id();
                let told = format_ms(revocation.at_ms);
                let date_time = format!("{}+00:00", told.split('.').next().unwrap_or(""));
                events.push(Event {
                    at_ms: revocation.at_ms,
                    kind: Kind::Revoke,
                    parties: vec![(user.to_owned(), None)],
                    payload: json!({"date_time": date_time, "user_id": user, "app_id": "1"}),
                    uuid: None,
                });
            }
        }
    }
}
