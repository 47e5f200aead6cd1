//! The machine against a receiver that believes what it is told.

use super::*;
use crate::api::{AlertChange, AlertEvent, EventKind, LossState, Reason};
use crate::notify::alert::Fresh;
use crate::notify::item::tests::{NOON, item, left, retracted, source};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An outbox with what it would have in storage.
struct Desk {
    outbox: Outbox,
    zone: Zone,
    ids: u32,
    now: UnixMs,
}

impl Desk {
    fn of(kind: AlertKind, change: AlertChange) -> Self {
        let destination = match kind {
            AlertKind::Feed => None,
            AlertKind::Discord => Some("https://discord.com/api/webhooks/1/x".to_owned()),
            _ => Some("https://ntfy.sh/topic".to_owned()),
        };
        let events = change.events.clone().or_else(|| Some(AlertEvent::ALL.to_vec()));
        let change = AlertChange { kind: Some(kind), destination, events, ..change };
        let fresh =
            Fresh { id: "a", secret: "key", site: "https://roost.dev", now: NOON, local: false };
        let outbox = Outbox::new(Alert::new(&change, fresh).unwrap(), [], []);
        Self { outbox, zone: Zone::new(|_| 0), ids: 0, now: NOON }
    }

    fn new() -> Self {
        Self::of(AlertKind::Webhook, AlertChange::default())
    }

    fn digest() -> Self {
        let change = AlertChange { pace: Some(AlertPace::Digest), ..AlertChange::default() };
        Self::of(AlertKind::Webhook, change)
    }

    fn take(&mut self, items: Vec<Item>) {
        let ids = &mut self.ids;
        let mut ids = || {
            *ids += 1;
            format!("m{ids:05}")
        };
        self.outbox.take(items, self.now, &self.zone, &mut ids);
    }

    fn prepare(&mut self) {
        let ids = &mut self.ids;
        let mut ids = || {
            *ids += 1;
            format!("m{ids:05}")
        };
        self.outbox.prepare(self.now, &self.zone, &mut ids);
    }

    /// What is due now, marked as being handed over.
    fn begin(&mut self) -> Option<Message> {
        loop {
            let (due, id) = self.outbox.next().map(|(due, id)| (due, id.to_owned()))?;
            if due > self.now {
                return None;
            }
            if let Some(message) = self.outbox.begin(&id, self.now) {
                return Some(message.clone());
            }
        }
    }

    /// Sends whatever is due; answers the titles.
    fn send(&mut self) -> Vec<String> {
        let mut titles = Vec::new();
        while let Some(message) = self.begin() {
            self.outbox.sent(&message.id, self.now);
            titles.push(message.title);
            // Whoever is gone may not be named for longer than a day: what was sent names nobody.
            let kept = self.outbox.message(&message.id).unwrap();
            let named = kept.title.contains("Ada") || !kept.items.is_empty();
            assert!(!named || self.outbox.alert.kind == AlertKind::Feed, "{kept:?}");
        }
        titles
    }

    fn fail(&mut self, status: u16) {
        let message = self.begin().unwrap();
        let refusal = Refusal::Http { status, retry_after_s: None, said: String::new() };
        self.outbox.failed(&message.id, &refusal, self.now);
    }

    fn states(&self) -> Vec<MessageState> {
        self.outbox.messages().map(|message| message.state).collect()
    }

    fn later(&mut self, ms: i64) -> &mut Self {
        self.now = self.now.plus(ms);
        self
    }
}

const LEFT: &str = "Ada 7 (@ada7) left @solvej: unfollowed.";
const STAYS: &str = "Corrected: Ada 7 (@ada7) still follows @solvej.";

fn suspected(id: u64) -> Item {
    let mut item = left(id, Reason::Unknown);
    item.event.as_mut().unwrap().state = Some(LossState::Suspected);
    item
}

#[test]
fn the_same_news_twice_makes_nothing() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.take(vec![left(7, Reason::Unfollowed)]);
    assert_eq!(desk.send(), [LEFT]);
    desk.take(vec![left(7, Reason::Unfollowed)]);
    assert_eq!(desk.send(), [""; 0]);
}

#[test]
fn news_of_one_moment_is_one_message() {
    let mut desk = Desk::new();
    desk.take((0..12).map(|id| left(id, Reason::Unfollowed)).collect());
    assert_eq!(desk.send(), ["12 people left @solvej: 12 unfollowed."]);
}

#[test]
fn a_loss_that_is_not_settled_is_not_told_unless_asked_for() {
    let mut desk = Desk::new();
    desk.take(vec![suspected(7)]);
    assert_eq!(desk.send(), [""; 0]);
    desk.take(vec![left(7, Reason::Unfollowed)]);
    assert_eq!(desk.send(), [LEFT]);
    let change = AlertChange { suspected: Some(true), ..AlertChange::default() };
    let mut desk = Desk::of(AlertKind::Webhook, change);
    desk.take(vec![suspected(7)]);
    assert_eq!(desk.send(), ["Ada 7 (@ada7) may have left @solvej: still being checked."]);
    // Settled for the reason told before: nothing new.
    desk.take(vec![left(7, Reason::Unknown)]);
    assert_eq!(desk.send(), [""; 0]);
}

#[test]
fn what_was_told_and_no_longer_holds_is_corrected_once() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.send();
    desk.take(vec![retracted(7)]);
    desk.take(vec![retracted(7)]);
    assert_eq!(desk.send(), [STAYS]);
    desk.take(vec![retracted(7)]);
    assert_eq!(desk.send(), [""; 0]);
}

#[test]
fn another_reason_is_a_correction() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.send();
    desk.take(vec![left(7, Reason::Suspended)]);
    let message = desk.begin().unwrap();
    assert_eq!(message.title, "Corrected: why Ada 7 (@ada7) left @solvej.");
    assert_eq!(message.items[0].was, Some(Meaning::Left(Reason::Unfollowed)));
}

#[test]
fn what_was_never_told_needs_no_correction() {
    let mut desk = Desk::new();
    desk.take(vec![retracted(7)]);
    assert_eq!(desk.send(), [""; 0]);
    // Told to nobody yet: the digest is mended, and there is nothing left of it.
    let mut desk = Desk::digest();
    desk.take(vec![left(7, Reason::Unfollowed), left(8, Reason::Gone)]);
    desk.take(vec![retracted(7)]);
    desk.later(DAY_MS);
    assert_eq!(
        desk.send(),
        ["Someone whose name is not kept (id 8) left @solvej: deleted or deactivated the account."]
    );
    desk.take(vec![left(9, Reason::Unfollowed)]);
    desk.take(vec![retracted(9)]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [""; 0]);
}

#[test]
fn a_correction_that_nobody_saw_is_taken_back() {
    let mut desk = Desk::digest();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [LEFT]);
    desk.take(vec![retracted(7)]);
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [""; 0], "the receiver knows it as it is");
    desk.take(vec![retracted(7)]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [STAYS], "and later hears of a change");
}

#[test]
fn a_reason_that_is_to_settle_is_waited_for() {
    let mut desk = Desk::new();
    let mut item = left(7, Reason::Gone);
    item.settles = Some(NOON.plus(HOUR_MS));
    desk.take(vec![item]);
    assert_eq!(desk.send(), [""; 0]);
    desk.take(vec![left(7, Reason::Unfollowed)]);
    assert_eq!(desk.send(), [LEFT], "it settled sooner");
    let mut item = left(8, Reason::Suspended);
    item.settles = Some(NOON.plus(HOUR_MS));
    desk.take(vec![item]);
    desk.later(HOUR_MS);
    assert_eq!(desk.send(), ["Ada 8 (@ada8) left @solvej: suspended by X."]);
}

#[test]
fn a_digest_goes_out_at_its_hour() {
    let mut desk = Desk::digest();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.later(HOUR_MS).take(vec![item(8, EventKind::Followed)]);
    desk.later(18 * HOUR_MS);
    assert_eq!(desk.send(), [""; 0], "07:00");
    desk.later(HOUR_MS);
    assert_eq!(desk.send(), [format!("{LEFT} Ada 8 (@ada8) came to @solvej.")]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [""; 0], "nothing to say, nothing sent");
}

#[test]
fn an_empty_digest_is_sent_where_it_is_asked_for() {
    let change = AlertChange {
        pace: Some(AlertPace::Digest),
        empty_digests: Some(true),
        ..AlertChange::default()
    };
    let mut desk = Desk::of(AlertKind::Ntfy, change);
    for _ in 0..3 {
        desk.prepare();
        desk.prepare();
        desk.later(DAY_MS);
        assert_eq!(desk.send(), ["Nobody came or left in the last 24 hours."]);
    }
}

#[test]
fn a_stop_is_told_at_once_and_its_end_once() {
    let mut desk = Desk::digest();
    let stopped = Item::stopped(&source(), NOON, Some("Nothing was read.".into()), NOON);
    desk.take(vec![stopped.clone(), left(7, Reason::Unfollowed)]);
    assert_eq!(desk.send(), ["Collection of @solvej stopped."]);
    desk.take(vec![stopped]);
    let on = Item::goes_on(&source(), NOON, NOON);
    desk.take(vec![on.clone()]);
    desk.take(vec![on]);
    assert_eq!(desk.send(), ["Collection of @solvej goes on."]);
    // Of a stop nobody was told of, no end is told.
    let other = NOON.plus(1);
    desk.take(vec![Item::goes_on(&source(), other, other)]);
    assert_eq!(desk.send(), [""; 0]);
}

#[test]
fn only_what_is_wanted_is_told() {
    let wanted = |change: AlertChange, item: Item| {
        let mut desk = Desk::of(AlertKind::Webhook, change);
        desk.take(vec![item]);
        desk.send().len() == 1
    };
    let any = AlertChange::default;
    assert!(wanted(any(), left(7, Reason::Unfollowed)));
    let lost = AlertChange { events: Some(vec![AlertEvent::Lost]), ..any() };
    assert!(wanted(lost.clone(), left(7, Reason::Unfollowed)));
    assert!(!wanted(lost.clone(), item(7, EventKind::Followed)));
    assert!(!wanted(lost, Item::stopped(&source(), NOON, None, NOON)));
    let followers = |min| AlertChange { min_followers: Some(min), ..any() };
    assert!(wanted(followers(100), left(7, Reason::Unfollowed)));
    assert!(!wanted(followers(101), left(7, Reason::Unfollowed)));
    assert!(wanted(followers(101), Item::stopped(&source(), NOON, None, NOON)));
    let account = |id| AlertChange { accounts: Some(vec![crate::id::UserId(id)]), ..any() };
    assert!(wanted(account(12), left(7, Reason::Unfollowed)));
    assert!(!wanted(account(13), left(7, Reason::Unfollowed)));
    let mut muted = left(7, Reason::Unfollowed);
    muted.event.as_mut().unwrap().muted = true;
    assert!(!wanted(any(), muted));
}

#[test]
fn what_comes_later_waits_for_what_failed() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.fail(503);
    desk.later(1).take(vec![retracted(7)]);
    assert_eq!(desk.send(), [""; 0], "a correction never comes before what it corrects");
    desk.later(MINUTE_MS);
    assert_eq!(desk.send(), [LEFT, STAYS]);
}

#[test]
fn a_message_that_may_have_been_seen_never_changes() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    let before = desk.begin().unwrap();
    let refusal = Refusal::Network("cut off".into());
    desk.outbox.failed(&before.id, &refusal, desk.now);
    desk.later(MINUTE_MS).take(vec![left(7, Reason::Suspended)]);
    let again = desk.begin().unwrap();
    assert_eq!((again.id, again.items), (before.id, before.items));
}

#[test]
fn what_died_is_put_right_before_it_is_sent_again() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed), left(8, Reason::Unfollowed)]);
    desk.fail(404);
    assert_eq!(desk.states(), [MessageState::Dead]);
    desk.take(vec![retracted(7)]);
    assert_eq!(desk.send(), [""; 0], "nobody was told");
    assert_eq!(desk.outbox.retry(None, desk.now), 1);
    assert_eq!(desk.send(), ["Ada 8 (@ada8) left @solvej: unfollowed."]);
}

#[test]
fn whoever_took_in_what_died_in_doubt_is_sent_a_correction() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed), left(8, Reason::Unfollowed)]);
    while desk.states() != [MessageState::Dead] {
        desk.fail(503);
        desk.later(DAY_MS / 4);
    }
    desk.take(vec![retracted(7)]);
    assert_eq!(desk.send(), [STAYS], "it may have been heard");
    assert_eq!(desk.outbox.retry(None, desk.now), 1);
    assert_eq!(desk.send(), ["Ada 8 (@ada8) left @solvej: unfollowed."], "7 is told no more");
}

#[test]
fn three_dead_in_a_row_pause_the_alert() {
    let mut desk = Desk::new();
    for id in 0..3 {
        assert_eq!(desk.outbox.alert.state, AlertState::On);
        desk.take(vec![left(id, Reason::Unfollowed)]);
        desk.fail(410);
    }
    assert_eq!(desk.outbox.alert.state, AlertState::Paused);
    assert!(desk.outbox.alert.reason.as_ref().unwrap().contains("answered 410"));
    desk.take(vec![left(9, Reason::Unfollowed)]);
    assert_eq!(desk.send(), [""; 0]);
    let on = AlertChange { state: Some(AlertState::On), ..AlertChange::default() };
    desk.outbox.alert.change(&on, false).unwrap();
    assert_eq!(desk.outbox.alert.reason, None);
    desk.take(vec![left(10, Reason::Unfollowed)]);
    assert_eq!(desk.send().len(), 1);
}

#[test]
fn one_that_arrives_ends_the_row() {
    let mut desk = Desk::new();
    for id in 0..9 {
        desk.take(vec![left(id, Reason::Unfollowed)]);
        if id % 3 == 2 { drop(desk.send()) } else { desk.fail(410) }
    }
    assert_eq!(desk.outbox.alert.state, AlertState::On);
}

#[test]
fn after_a_loss_of_memory_a_webhook_gets_the_same_message_again() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    let before = desk.begin().unwrap();
    desk.outbox.restarted();
    let again = desk.begin().unwrap();
    assert_eq!((again.id, again.items), (before.id, before.items));
}

#[test]
fn after_a_loss_of_memory_a_person_is_not_told_twice() {
    for kind in [AlertKind::Discord, AlertKind::Ntfy] {
        let mut desk = Desk::of(kind, AlertChange::default());
        desk.take(vec![left(7, Reason::Unfollowed)]);
        let id = desk.begin().unwrap().id;
        desk.outbox.restarted();
        assert_eq!(desk.states(), [MessageState::Unknown], "{kind}");
        assert_eq!(desk.send(), [""; 0]);
        assert_eq!(desk.outbox.retry(None, desk.now), 0, "only if it is named");
        desk.take(vec![retracted(7)]);
        assert_eq!(desk.send(), [STAYS], "it may have arrived: it is corrected");
        assert_eq!(desk.outbox.retry(Some(&id), desk.now), 1);
        assert_eq!(desk.send(), [LEFT]);
    }
}

#[test]
fn a_feed_shows_the_correction_in_its_entry() {
    let mut desk = Desk::of(AlertKind::Feed, AlertChange::default());
    desk.take(vec![left(7, Reason::Unfollowed), item(8, EventKind::Followed)]);
    desk.send();
    desk.later(HOUR_MS).take(vec![retracted(7)]);
    assert_eq!(desk.send(), [""; 0], "no further entry");
    let entry = desk.outbox.messages().next().unwrap();
    assert_eq!(entry.updated, desk.now);
    assert_eq!(entry.title, format!("Ada 8 (@ada8) came to @solvej. {STAYS}"));
    desk.take(vec![left(7, Reason::Unfollowed)]);
    let entry = desk.outbox.messages().next().unwrap();
    assert_eq!(entry.title, format!("{LEFT} Ada 8 (@ada8) came to @solvej."));
}

#[test]
fn switched_off_what_waits_is_dropped() {
    let mut desk = Desk::digest();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    desk.outbox.drop_waiting();
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [""; 0]);
    desk.take(vec![retracted(7)]);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), [""; 0], "nobody was told");
}

#[test]
fn a_test_goes_out_by_itself_and_counts_for_nothing() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    let now = desk.now;
    let id = desk.outbox.test(now, &mut || "m99999".to_owned());
    assert!(desk.outbox.begin(&id, now).unwrap().title.contains("test"));
    let refusal = Refusal::Network("no answer".into());
    desk.outbox.failed(&id, &refusal, now);
    assert_eq!(desk.outbox.message(&id).unwrap().state, MessageState::Dead);
    assert_eq!(desk.outbox.alert.dead_in_row, 0);
    assert_eq!(desk.outbox.retry(None, now), 0);
    assert_eq!(desk.send(), [LEFT]);
}

#[test]
fn a_deleted_account_is_in_no_message() {
    let mut desk = Desk::digest();
    let mut other = left(8, Reason::Unfollowed);
    other.source.account = crate::id::UserId(13);
    desk.take(vec![left(7, Reason::Unfollowed), other]);
    desk.outbox.forget(source().account);
    desk.later(DAY_MS);
    assert_eq!(desk.send(), ["Ada 8 (@ada8) left @solvej: unfollowed."]);
}

#[test]
fn a_mass_of_news_is_divided() {
    let mut desk = Desk::new();
    desk.take((0..2_500).map(|id| left(id, Reason::Unfollowed)).collect());
    let sizes: Vec<usize> = desk.outbox.messages().map(|message| message.items.len()).collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
    let row = serde_json::to_string(desk.outbox.messages().next().unwrap()).unwrap();
    assert!(row.len() < 1_000_000, "a row ends at 2 MB: {}", row.len());
}

#[test]
fn changes_are_what_storage_lacks() {
    let mut desk = Desk::new();
    desk.take(vec![left(7, Reason::Unfollowed)]);
    let changes = desk.outbox.changes();
    assert_eq!((changes.messages.len(), changes.told.len()), (1, 1));
    assert!(changes.alert.is_none());
    let again = desk.outbox.changes();
    assert!(again.messages.is_empty() && again.told.is_empty());
    desk.take(vec![retracted(7)]);
    let told = desk.outbox.changes().told;
    assert_eq!(told, [(left(7, Reason::Unknown).key, None)], "forgotten, not told");
}

/// What happens in a property test.
#[derive(Clone, Debug)]
enum Step {
    News(u64, Option<Reason>),
    Send,
    Fail(u16),
    Lose,
    Pass(i64),
    /// The owner sends again what could not be delivered.
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let reason = prop::sample::select(vec![
        None,
        Some(Reason::Unfollowed),
        Some(Reason::Suspended),
        Some(Reason::Unknown),
    ]);
    prop_oneof![
        4 => (0..4_u64, reason).prop_map(|(id, reason)| Step::News(id, reason)),
        3 => Just(Step::Send),
        1 => prop::sample::select(vec![503_u16, 429, 500]).prop_map(Step::Fail),
        1 => Just(Step::Lose),
        2 => (0..DAY_MS / 2).prop_map(Step::Pass),
        1 => Just(Step::Again),
    ]
}

proptest! {
    /// A receiver that drops repeats by their id believes in the end what holds, was told
    /// nothing twice, and never heard a correction of what it had not heard.
    #[test]
    fn whoever_listens_knows_what_holds(
        steps in prop::collection::vec(step(), 1..60),
        digest: bool,
    ) {
        let mut desk = if digest { Desk::digest() } else { Desk::new() };
        let mut truth: BTreeMap<String, Meaning> = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut belief: BTreeMap<String, Meaning> = BTreeMap::new();
        let mut hear = |message: &Message| -> Result<(), TestCaseError> {
            if !seen.insert(message.id.clone()) {
                return Ok(());
            }
            for item in &message.items {
                prop_assert_eq!(belief.get(&item.key).copied(), item.was, "{:?}", item);
                prop_assert_ne!(Some(item.meaning), item.was);
                belief.insert(item.key.clone(), item.meaning);
            }
            Ok(())
        };
        let settle =
            [Step::Pass(DAY_MS), Step::Again, Step::Send, Step::Pass(DAY_MS), Step::Send];
        for step in steps.into_iter().chain(settle) {
            match step {
                Step::News(id, reason) => {
                    let item = reason.map_or_else(|| retracted(id), |reason| left(id, reason));
                    truth.insert(item.key.clone(), item.meaning);
                    desk.take(vec![item]);
                }
                Step::Send => {
                    while let Some(message) = desk.begin() {
                        hear(&message)?;
                        desk.outbox.sent(&message.id, desk.now);
                    }
                }
                Step::Fail(status) => {
                    if let Some(message) = desk.begin() {
                        // It may have been heard all the same.
                        hear(&message)?;
                        let refusal = Refusal::Http { status, retry_after_s: None, said: String::new() };
                        desk.outbox.failed(&message.id, &refusal, desk.now);
                        // A day of failures would end it.
                        desk.later(HOUR_MS);
                        if let Some(message) = desk.begin() {
                            hear(&message)?;
                            desk.outbox.sent(&message.id, desk.now);
                        }
                    }
                }
                Step::Lose => {
                    if let Some(message) = desk.begin() {
                        hear(&message)?;
                        desk.outbox.restarted();
                    }
                }
                Step::Pass(ms) => {
                    desk.later(ms);
                }
                Step::Again => {
                    desk.outbox.retry(None, desk.now);
                }
            }
        }
        for (key, meaning) in truth {
            let believed = belief.get(&key).copied();
            let expected = Some(meaning).filter(|_| believed.is_some() || meaning != Meaning::Stays);
            prop_assert_eq!(believed, expected, "{}", key);
        }
    }
}
