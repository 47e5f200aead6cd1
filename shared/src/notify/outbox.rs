//! The outbox of one alert, as a machine without I/O. Owns: what of the news is told, in which
//! message, corrected how, sent when. Must not know: HTTP, storage, randomness. Invariant: a piece
//! of news is told once; what was told and no longer holds is corrected once; what nobody has
//! seen yet is mended instead; messages go out one at a time, in order, and a message that was
//! being handed over when memory was lost goes out again only where a repeat is known as one.
//!
//! Whoever holds it writes [`Changes`] after every step, before anything is done outside.

use super::alert::Alert;
use super::item::{Item, Meaning};
use super::message::{Message, Refusal};
use super::words;
use crate::api::{AlertKind, AlertPace, AlertState, MessageKind, MessageState};
use crate::id::AccountId;
use crate::time::UnixMs;
use crate::tz::Zone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// News of one message: about 600 KB where all of it is losses, and a row ends at 2 MB.
const ITEMS_MAX: usize = 1_000;

/// What a receiver was told, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What it came to.
    pub meaning: Meaning,
    /// The message that says so.
    pub message: String,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Whose.
    pub alert: Alert,
    /// Oldest first.
    messages: Vec<Message>,
    /// By the news' key.
    told: Vec<(String, Told)>,
    changed: Marks,
}

/// What was changed and is not written yet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Marks {
    alert: bool,
    messages: BTreeSet<String>,
    told: BTreeSet<String>,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The alert, if it changed.
    pub alert: Option<Alert>,
    /// Messages that are new or changed.
    pub messages: Vec<Message>,
    /// What was told of which piece of news; none: forget it.
    pub told: Vec<(String, Option<Told>)>,
}

/// Where new messages get their ids: each later one sorts after the earlier.
pub type Ids<'a> = &'a mut dyn FnMut() -> String;

impl Outbox {
    /// Of an alert: its open messages, what was told of the news at hand, and the messages
    /// that told it.
    pub fn new(
        alert: Alert,
        messages: impl IntoIterator<Item = Message>,
        told: impl IntoIterator<Item = (String, Told)>,
    ) -> Self {
        let (mut messages, told): (Vec<Message>, _) =
            (messages.into_iter().collect(), told.into_iter().collect());
        messages.sort_by(|a, b| a.id.cmp(&b.id));
        Self { alert, messages, told, changed: Marks::default() }
    }

    fn told(&self, key: &str) -> Option<&Told> {
        self.told.iter().find(|(told, _)| told == key).map(|(_, told)| told)
    }

    fn set_told(&mut self, key: String, told: Told) {
        self.changed.told.insert(key.clone());
        match self.told.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = told,
            None => self.told.push((key, told)),
        }
    }

    /// What changed since the last call.
    pub fn changes(&mut self) -> Changes {
        let marks = std::mem::take(&mut self.changed);
        let message = |id: &String| self.message(id).cloned();
        Changes {
            alert: marks.alert.then(|| self.alert.clone()),
            messages: marks.messages.iter().filter_map(message).collect(),
            told: marks
                .told
                .into_iter()
                .map(|key| (key.clone(), self.told(&key).cloned()))
                .collect(),
        }
    }

    /// Its messages, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// One of them.
    pub fn message(&self, id: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// Takes in news; the same news again changes nothing.
    pub fn take(&mut self, items: Vec<Item>, now: UnixMs, zone: &Zone, ids: Ids<'_>) {
        if self.alert.state != AlertState::On {
            return;
        }
        for item in items {
            if self.alert.covers(&item) {
                self.take_one(item, now, zone, ids);
            }
        }
    }

    fn take_one(&mut self, mut item: Item, now: UnixMs, zone: &Zone, ids: Ids<'_>) {
        let Some(told) = self.told(&item.key).cloned() else {
            if self.alert.wants(&item) {
                self.place(item, now, zone, ids);
            }
            return;
        };
        match self.message(&told.message) {
            Some(message) if message.unseen() => {
                self.mend(item, &told, now, zone, ids);
            }
            Some(message) if message.state == MessageState::Dropped => {
                self.forget_told(&item.key);
                self.take_one(item, now, zone, ids);
            }
            Some(message) if editable(message, self.alert.kind) => {
                self.edit(item, &told, now);
            }
            _ if told.meaning == item.meaning => {}
            _ => {
                self.withdraw(&item.key, &told.message);
                item.was = Some(told.meaning);
                self.place(item, now, zone, ids);
            }
        }
    }

    /// What a correction is about to say differently leaves the message that died with it: sent
    /// again after the correction, it would be the last word.
    fn withdraw(&mut self, key: &str, id: &str) {
        let dead = |message: &&mut Message| message.state == MessageState::Dead;
        let Some(message) = find(&mut self.messages, id).filter(dead) else { return };
        message.items.retain(|held| held.key != key);
        self.changed.messages.insert(id.to_owned());
        self.drop_if_empty(id);
    }

    /// Nobody has seen the message that says it: it is said right from the beginning.
    fn mend(&mut self, mut item: Item, told: &Told, now: UnixMs, zone: &Zone, ids: Ids<'_>) {
        let Some(message) = find(&mut self.messages, &told.message) else { return };
        let Some(at) = message.items.iter().position(|held| held.key == item.key) else { return };
        self.changed.messages.insert(told.message.clone());
        if told.meaning == item.meaning {
            if let Some(held) = message.items.get_mut(at) {
                held.event = item.event;
            }
            return;
        }
        let held = message.items.remove(at);
        (item.was, item.known) = (held.was, held.known);
        self.drop_if_empty(&told.message);
        match item.was {
            // Back to what the receiver knows: nothing to say, and nobody's to mend any more.
            Some(was) if was == item.meaning => {
                let told = Told { meaning: was, message: String::new() };
                self.set_told(item.key, told);
            }
            None if !self.alert.wants(&item) => self.forget_told(&item.key),
            _ => self.place(item, now, zone, ids),
        }
    }

    /// A message that was refused is put right for whoever sends it again; an entry of a feed is
    /// read anew by its readers.
    fn edit(&mut self, mut item: Item, told: &Told, now: UnixMs) {
        let feed = self.alert.kind == AlertKind::Feed;
        let Some(message) = find(&mut self.messages, &told.message) else { return };
        let Some(held) = message.items.iter_mut().find(|held| held.key == item.key) else { return };
        if held.meaning == item.meaning {
            return;
        }
        item.was = if feed { held.was.or(Some(held.meaning)) } else { held.was };
        if item.was == Some(item.meaning) {
            item.was = None;
        }
        let gone = !feed && item.meaning.only_corrects() && item.was.is_none();
        item.known = held.known;
        let (key, meaning) = (item.key.clone(), item.meaning);
        *held = item;
        if gone {
            message.items.retain(|held| held.key != key);
        }
        message.updated = now;
        if feed {
            message.title = words::title(message.kind, &message.items);
        }
        self.changed.messages.insert(told.message.clone());
        if gone {
            self.forget_told(&key);
            self.drop_if_empty(&told.message);
        } else {
            let told = Told { meaning, message: told.message.clone() };
            self.set_told(key, told);
        }
    }

    /// Puts a piece of news into the message that goes out when it is due.
    fn place(&mut self, item: Item, now: UnixMs, zone: &Zone, ids: Ids<'_>) {
        let due = self.alert.due(&item, now, zone);
        let kind = match (item.event.is_some(), self.alert.pace) {
            (false, _) => MessageKind::Collection,
            (true, AlertPace::AtOnce) => MessageKind::News,
            (true, AlertPace::Digest) => MessageKind::Digest,
        };
        let room = |message: &&Message| {
            message.unseen()
                && (message.kind, message.due) == (kind, due)
                && message.items.len() < ITEMS_MAX
        };
        let found = self.messages.iter().find(room).map(|message| message.id.clone());
        let id = found.unwrap_or_else(|| self.open(kind, due, now, ids));
        let told = Told { meaning: item.meaning, message: id.clone() };
        self.set_told(item.key.clone(), told);
        if let Some(message) = find(&mut self.messages, &id) {
            message.items.push(item);
        }
        self.changed.messages.insert(id);
    }

    fn open(&mut self, kind: MessageKind, due: UnixMs, now: UnixMs, ids: Ids<'_>) -> String {
        let id = ids();
        self.messages.push(Message::new(id.clone(), kind, due, now));
        self.changed.messages.insert(id.clone());
        id
    }

    /// A message for the owner to see whether it arrives; due at once, whatever waits.
    pub fn test(&mut self, now: UnixMs, ids: Ids<'_>) -> String {
        self.open(MessageKind::Test, now, now, ids)
    }

    /// Begins the next digest of an alert that wants one also when nothing happens.
    pub fn prepare(&mut self, now: UnixMs, zone: &Zone, ids: Ids<'_>) {
        let Alert { state, pace, empty_digests, digest_hour, .. } = self.alert;
        let wanted = (state, pace) == (AlertState::On, AlertPace::Digest) && empty_digests;
        let there = |message: &Message| message.unseen() && message.kind == MessageKind::Digest;
        if wanted && !self.messages.iter().any(there) {
            self.open(MessageKind::Digest, zone.next_hour(digest_hour, now), now, ids);
        }
    }

    /// The next message and when it goes out; none while one is being handed over. A destination
    /// that is in trouble gets nothing else meanwhile: what comes later must arrive later.
    pub fn next(&self) -> Option<(UnixMs, &str)> {
        if self.alert.state != AlertState::On {
            return None;
        }
        let open = || self.messages.iter().filter(|message| message.kind != MessageKind::Test);
        if open().any(|message| message.state == MessageState::Sending) {
            return None;
        }
        let waiting = || open().filter(|message| message.state == MessageState::Waiting);
        let first = waiting().find(|message| message.tries > 0);
        let next = first.or_else(|| waiting().min_by_key(|message| (message.due, &message.id)));
        next.map(|message| (message.due, message.id.as_str()))
    }

    /// Marks a message as being handed over: to be written before it is. None if there is nothing
    /// in it to be told.
    pub fn begin(&mut self, id: &str, now: UnixMs) -> Option<&Message> {
        let empty_digests = self.alert.empty_digests;
        self.changed.messages.insert(id.to_owned());
        let message = find(&mut self.messages, id)
            .filter(|message| message.state == MessageState::Waiting)?;
        for item in &mut message.items {
            item.forget_name(now);
        }
        let empty = message.items.is_empty();
        if empty
            && !(message.kind == MessageKind::Digest && empty_digests)
            && message.kind != MessageKind::Test
        {
            message.state = MessageState::Dropped;
            return None;
        }
        let title = words::title(message.kind, &message.items);
        message.begin(title, now);
        Some(message)
    }

    /// The destination took it.
    pub fn sent(&mut self, id: &str, now: UnixMs) {
        let Some(message) = find(&mut self.messages, id) else { return };
        message.arrive(self.alert.kind, now);
        self.alert.arrived(now);
        self.changed.alert = true;
        self.changed.messages.insert(id.to_owned());
    }

    /// The destination did not.
    pub fn failed(&mut self, id: &str, refusal: &Refusal, now: UnixMs) {
        let Some(message) = find(&mut self.messages, id) else { return };
        if message.fail(refusal, now) && message.kind != MessageKind::Test {
            self.alert.failed(message.error.as_deref().unwrap_or_default());
            self.changed.alert = true;
        }
        self.changed.messages.insert(id.to_owned());
    }

    /// Memory was lost: what was being handed over then has no known outcome.
    pub fn restarted(&mut self) {
        for message in &mut self.messages {
            if message.state == MessageState::Sending {
                message.interrupted(self.alert.kind);
                self.changed.messages.insert(message.id.clone());
            }
        }
    }

    /// Puts what died into the queue again, or one message whose fate is unknown, by its id.
    /// How many.
    pub fn retry(&mut self, only: Option<&str>, now: UnixMs) -> u32 {
        let mut count = 0;
        for message in &mut self.messages {
            let asked = match only {
                Some(id) => {
                    id == message.id
                        && matches!(message.state, MessageState::Dead | MessageState::Unknown)
                }
                None => message.state == MessageState::Dead,
            };
            if asked && message.kind != MessageKind::Test {
                message.requeue(now);
                count += 1;
                self.changed.messages.insert(message.id.clone());
            }
        }
        count
    }

    /// The owner switched it off: what waits is not news by the time it is on again.
    pub fn drop_waiting(&mut self) {
        for message in &mut self.messages {
            if message.state == MessageState::Waiting {
                message.state = MessageState::Dropped;
                message.items.clear();
                self.changed.messages.insert(message.id.clone());
            }
        }
    }

    /// An account is deleted: whoever followed it is named nowhere any more.
    pub fn forget(&mut self, account: AccountId) {
        let ids: Vec<String> = self.messages.iter().map(|message| message.id.clone()).collect();
        for id in ids {
            let Some(message) = find(&mut self.messages, &id) else { continue };
            let before = message.items.len();
            message.items.retain(|item| item.source.account != account);
            if message.items.len() != before {
                message.title = words::nameless(message.kind, &message.items);
                self.changed.messages.insert(id.clone());
                self.drop_if_empty(&id);
            }
        }
    }

    /// Takes away the names that may not be kept any longer.
    pub fn forget_names(&mut self, now: UnixMs) {
        for message in &mut self.messages {
            let forgot = message.items.iter_mut().filter(|item| !item.meaning.only_corrects());
            let forgot = forgot.map(|item| item.forget_name(now)).fold(false, |any, one| any | one);
            if forgot {
                if !message.title.is_empty() {
                    message.title = words::title(message.kind, &message.items);
                }
                self.changed.messages.insert(message.id.clone());
            }
        }
    }

    fn forget_told(&mut self, key: &str) {
        self.told.retain(|(told, _)| told != key);
        self.changed.told.insert(key.to_owned());
    }

    fn drop_if_empty(&mut self, id: &str) {
        let keep = self.alert.empty_digests;
        let Some(message) = find(&mut self.messages, id) else { return };
        if message.items.is_empty() && !(keep && message.kind == MessageKind::Digest) {
            message.state = MessageState::Dropped;
        }
    }
}

/// Beside the outbox, not of it: the rest of it is used meanwhile.
fn find<'a>(messages: &'a mut [Message], id: &str) -> Option<&'a mut Message> {
    messages.iter_mut().find(|message| message.id == id)
}

/// Whether a message that is done with may still say something else: one that was refused, to
/// whoever sends it again; a feed's entry, to its readers. Not one that died in doubt: whoever
/// took it in drops its repeat, and needs a correction.
fn editable(message: &Message, kind: AlertKind) -> bool {
    (message.state == MessageState::Dead && !message.doubtful)
        || (kind == AlertKind::Feed && message.state == MessageState::Sent)
}

#[cfg(test)]
mod tests;
