//! What was told and no longer holds after all lists were read again. Owns: who is to be told of
//! as having never left. Must not know: where news goes, or why lists say something else now.
//! Invariant: nobody is said to have never left of whom a loss is shown at that time or later, or
//! whom a list without doubt has missed.

use super::item::{Item, Source};
use crate::api::{Confidence, EventKind, FollowerEvent, How, LossState, Person, Reason};
use crate::id::UserId;
use crate::time::UnixMs;
use std::collections::BTreeMap;

/// A loss that was told, by the key of its news ([`Item::key`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldLoss {
    /// The event's id.
    pub event: String,
    /// Of whom.
    pub user: UserId,
    /// When Roost first saw it.
    pub at: UnixMs,
}

impl ToldLoss {
    /// Reads a key; none if it is of other news.
    pub fn of_key(key: &str) -> Option<Self> {
        let (_, event) = key.split_once('/')?;
        let mut parts = event.rsplitn(3, ':');
        let user = UserId(parts.next()?.parse().ok()?);
        let lost = parts.next()? == EventKind::Lost.as_str();
        let at = UnixMs::parse(parts.next()?)?;
        lost.then(|| Self { event: event.to_owned(), user, at })
    }
}

/// Corrections of what was told, where `shown`, the losses that are shown of these people now, does
/// not bear it out.
pub fn never_left(
    source: &Source,
    told: Vec<ToldLoss>,
    shown: &[FollowerEvent],
    now: UnixMs,
) -> Vec<Item> {
    let mut last: BTreeMap<UserId, UnixMs> = BTreeMap::new();
    for event in shown.iter().filter(|event| event.state != Some(LossState::Retracted)) {
        let at = last.entry(event.user.id).or_insert(event.at);
        *at = event.at.max(*at);
    }
    let stands = |one: &ToldLoss| last.get(&one.user).is_some_and(|&at| at >= one.at);
    let item = |one: ToldLoss| match shown.iter().find(|event| event.id == one.event) {
        // Missed once, and back: as any loss that was retracted.
        Some(event) => Item::of_event(source, event.clone(), now),
        None => Item::never_left(source, retracted(one), now),
    };
    told.into_iter().filter(|one| !stands(one)).map(item).collect()
}

/// The event as it would be shown, were it still there; its person still unnamed.
fn retracted(told: ToldLoss) -> FollowerEvent {
    let user = Person { id: told.user, username: String::new(), name: String::new(), avatar: None };
    FollowerEvent {
        id: told.event,
        kind: EventKind::Lost,
        user,
        at: told.at,
        not_before: None,
        snapshot: String::new(),
        state: Some(LossState::Retracted),
        reason: Some(Reason::Unknown),
        confidence: Some(Confidence::Unknown),
        how: How::Crawl,
        from: None,
        to: None,
        muted: false,
        followers: None,
        settles: None,
        note: None,
        looks: Vec::new(),
        next_look: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::item::Meaning;
    use crate::notify::item::tests::{NOON, event, source};

    const KEY: &str = "12/2026-11-21T12:00:00Z:lost:7";

    fn check(shown: &[FollowerEvent], expected: Option<Meaning>) {
        let told = vec![ToldLoss::of_key(KEY).unwrap()];
        let items = never_left(&source(), told, shown, NOON);
        let said: Vec<_> = items.iter().map(|item| (item.key.as_str(), item.meaning)).collect();
        assert_eq!(said, expected.map(|meaning| (KEY, meaning)).into_iter().collect::<Vec<_>>());
    }

    fn lost(id: u64, state: LossState, after: i64) -> FollowerEvent {
        let shown = event(id, EventKind::Lost);
        FollowerEvent { state: Some(state), at: shown.at.plus(after), ..shown }
    }

    #[test]
    fn a_loss_that_is_not_shown_any_more_never_was() {
        check(&[], Some(Meaning::NeverLeft));
        check(&[lost(8, LossState::Confirmed, 0)], Some(Meaning::NeverLeft));
    }

    #[test]
    fn a_loss_that_stands_or_came_later_is_left_as_it_was_told() {
        check(&[lost(7, LossState::Confirmed, 0)], None);
        check(&[lost(7, LossState::Suspected, 0)], None);
        check(&[lost(7, LossState::Confirmed, 86_400_000)], None);
        check(&[lost(7, LossState::Retracted, 0), lost(7, LossState::Confirmed, 1)], None);
    }

    #[test]
    fn whoever_a_list_missed_once_is_said_to_follow() {
        check(&[lost(7, LossState::Retracted, 0)], Some(Meaning::Stays));
    }

    #[test]
    fn keys_of_other_news_are_no_losses() {
        let loss = ToldLoss::of_key(KEY).unwrap();
        assert_eq!(
            (loss.user, loss.at),
            (UserId(7), UnixMs::parse("2026-11-21T12:00:00Z").unwrap())
        );
        for other in [
            "12/2026-11-21T12:00:00Z:returned:7",
            "12/collection:1795262400000",
            "12/2026-11-21T12:00:00Z:lost:x",
            "12/never:lost:7",
            "",
        ] {
            assert_eq!(ToldLoss::of_key(other), None, "{other}");
        }
    }
}
