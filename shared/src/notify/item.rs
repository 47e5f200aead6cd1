//! One piece of news. Owns: what an event means to whoever is told of it, and how long names are
//! kept. Must not know: where it goes. Invariant: two events of one key with one meaning are the
//! same news.

use crate::api::{AlertEvent, EventKind, FollowerEvent, LossState, Reason};
use crate::id::AccountId;
use crate::time::{HOUR_MS, UnixMs};
use serde::{Deserialize, Serialize};

/// Names of those who are gone are kept no longer than this after it is known (design: so that
/// the notice can name them).
const NAMES_MS: i64 = 24 * HOUR_MS;

/// The account that news is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which.
    pub account: AccountId,
    /// Its handle, without `@`.
    pub username: String,
    /// Nobody in its data is real.
    pub simulated: bool,
}

/// What it comes to: news with another meaning is told again, as a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Follows since.
    Came,
    /// Follows again.
    CameBack,
    /// Has another handle.
    Renamed,
    /// Follows no longer.
    Left(Reason),
    /// Was missed, and follows.
    Stays,
    /// Was reported by lists that are read otherwise now.
    NeverLeft,
    /// Nothing is collected.
    Stopped,
    /// Something is collected again.
    GoesOn,
}

impl Meaning {
    /// Takes back what was told, where something was told: nothing to tell by itself.
    pub fn only_corrects(self) -> bool {
        matches!(self, Self::Stays | Self::NeverLeft | Self::GoesOn)
    }
}

/// A piece of news.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Names it, over all accounts and for ever.
    pub key: String,
    /// Whose.
    pub source: Source,
    /// What it comes to.
    pub meaning: Meaning,
    /// What the receiver was told before: then this corrects it.
    #[serde(default)]
    pub was: Option<Meaning>,
    /// When Roost first knew of it.
    pub known: UnixMs,
    /// When its reason is final, if that is ahead of `known`.
    #[serde(default)]
    pub settles: Option<UnixMs>,
    /// Of a person: what the API says of it.
    #[serde(default)]
    pub event: Option<FollowerEvent>,
    /// Of collection: why, in words for the owner.
    #[serde(default)]
    pub text: Option<String>,
}

impl Item {
    /// What a follower event comes to.
    pub fn of_event(source: &Source, event: FollowerEvent, now: UnixMs) -> Self {
        let meaning = match event.kind {
            EventKind::Followed => Meaning::Came,
            EventKind::Returned => Meaning::CameBack,
            EventKind::Renamed => Meaning::Renamed,
            EventKind::Lost if event.state == Some(LossState::Retracted) => Meaning::Stays,
            EventKind::Lost => Meaning::Left(event.reason.unwrap_or(Reason::Unknown)),
        };
        Self {
            key: format!("{}/{}", source.account, event.id),
            source: source.clone(),
            meaning,
            was: None,
            known: now,
            settles: event.settles.filter(|&at| at > now),
            event: Some(event),
            text: None,
        }
    }

    /// A loss that was told and never was.
    pub fn never_left(source: &Source, event: FollowerEvent, now: UnixMs) -> Self {
        Self { meaning: Meaning::NeverLeft, ..Self::of_event(source, event, now) }
    }

    /// Collection of an account stopped: nothing was read since `since`.
    pub fn stopped(source: &Source, since: UnixMs, why: Option<String>, now: UnixMs) -> Self {
        Self::collection(source, since, Meaning::Stopped, why, now)
    }

    /// Collection that had stopped at `since` goes on.
    pub fn goes_on(source: &Source, since: UnixMs, now: UnixMs) -> Self {
        Self::collection(source, since, Meaning::GoesOn, None, now)
    }

    fn collection(
        source: &Source,
        since: UnixMs,
        meaning: Meaning,
        text: Option<String>,
        now: UnixMs,
    ) -> Self {
        Self {
            key: format!("{}/collection:{}", source.account, since.0),
            source: source.clone(),
            meaning,
            was: None,
            known: now,
            settles: None,
            event: None,
            text,
        }
    }

    /// What an alert may ask for or not.
    pub fn sort(&self) -> AlertEvent {
        match self.meaning {
            Meaning::Came => AlertEvent::Followed,
            Meaning::CameBack => AlertEvent::Returned,
            Meaning::Renamed => AlertEvent::Renamed,
            Meaning::Left(_) | Meaning::Stays | Meaning::NeverLeft => AlertEvent::Lost,
            Meaning::Stopped | Meaning::GoesOn => AlertEvent::Stopped,
        }
    }

    /// Of a loss: one more look may still change it.
    pub fn checking(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.state == Some(LossState::Suspected))
    }

    /// A loss that stands: its reason may still have to settle.
    pub fn confirmed(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.state == Some(LossState::Confirmed))
    }

    /// The person's own followers, as last seen.
    pub fn followers(&self) -> Option<u64> {
        self.event.as_ref().and_then(|event| event.followers)
    }

    /// The person is muted by the owner of this site.
    pub fn muted(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.muted)
    }

    /// Takes the name away of whoever is, or may be, gone from X for a day. Whether something
    /// was taken.
    pub fn forget_name(&mut self, now: UnixMs) -> bool {
        let gone = matches!(self.meaning, Meaning::Left(reason) if reason != Reason::Unfollowed);
        let old = now.since(self.known) >= NAMES_MS;
        let Some(event) = self.event.as_mut().filter(|_| gone && old) else { return false };
        let named = !event.user.username.is_empty()
            || !event.user.name.is_empty()
            || event.user.avatar.is_some();
        event.user.username.clear();
        event.user.name.clear();
        event.user.avatar = None;
        named
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::api::{Confidence, How, Person};
    use crate::id::UserId;

    /// Noon of some UTC day.
    pub(in crate::notify) const NOON: UnixMs = UnixMs(1_795_262_400_000);

    pub(in crate::notify) fn source() -> Source {
        Source { account: UserId(12), username: "solvej".into(), simulated: false }
    }

    /// A follower event of a person `ada<id>`.
    pub(in crate::notify) fn event(id: u64, kind: EventKind) -> FollowerEvent {
        let lost = kind == EventKind::Lost;
        FollowerEvent {
            id: format!("2026-11-21T12:00:00Z:{kind}:{id}"),
            kind,
            user: Person {
                id: UserId(id),
                username: format!("ada{id}"),
                name: format!("Ada {id}"),
                avatar: None,
            },
            at: NOON,
            not_before: Some(NOON.plus(-HOUR_MS)),
            snapshot: "FOLLOWERS_2026-11-21T12:00:00Z.json.gz".into(),
            state: lost.then_some(LossState::Confirmed),
            reason: lost.then_some(Reason::Unfollowed),
            confidence: lost.then_some(Confidence::Certain),
            how: How::Crawl,
            from: None,
            to: None,
            muted: false,
            followers: Some(100),
            settles: None,
            note: None,
            looks: Vec::new(),
            next_look: None,
        }
    }

    pub(in crate::notify) fn item(id: u64, kind: EventKind) -> Item {
        Item::of_event(&source(), event(id, kind), NOON)
    }

    /// A loss for a reason.
    pub(in crate::notify) fn left(id: u64, reason: Reason) -> Item {
        let mut event = event(id, EventKind::Lost);
        event.reason = Some(reason);
        Item::of_event(&source(), event, NOON)
    }

    pub(in crate::notify) fn retracted(id: u64) -> Item {
        let mut event = event(id, EventKind::Lost);
        event.state = Some(LossState::Retracted);
        Item::of_event(&source(), event, NOON)
    }

    #[test]
    fn an_event_keeps_its_key_through_every_state() {
        assert_eq!(left(7, Reason::Unknown).key, retracted(7).key);
        assert_eq!(left(7, Reason::Unknown).key, "12/2026-11-21T12:00:00Z:lost:7");
        assert_eq!(retracted(7).meaning, Meaning::Stays);
        assert_eq!(left(7, Reason::Gone).meaning, Meaning::Left(Reason::Gone));
    }

    #[test]
    fn names_of_the_gone_are_forgotten_after_a_day() {
        for (reason, forgotten) in [
            (Reason::Unfollowed, false),
            (Reason::Suspended, true),
            (Reason::Gone, true),
            (Reason::Unknown, true),
        ] {
            let mut item = left(7, reason);
            assert!(!item.forget_name(NOON.plus(NAMES_MS - 1)), "{reason}");
            assert_eq!(item.forget_name(NOON.plus(NAMES_MS)), forgotten, "{reason}");
            let event = item.event.unwrap();
            assert_eq!(event.user.username.is_empty(), forgotten, "{reason}");
            assert_eq!(event.user.id, UserId(7), "the id stays");
        }
        let mut came = item(7, EventKind::Followed);
        assert!(!came.forget_name(NOON.plus(99 * NAMES_MS)));
    }
}
