//! An alert: where notices go and which. Owns: what may be set, defaults, what is answered of
//! it, which of it are secrets. Must not know: how anything is sent, or sealed. Invariant: an
//! alert's destination has passed [`destination::check`], and what is shown of it holds no secret.

use super::destination;
use super::item::Item;
use crate::api::{self, AlertChange, AlertEvent, AlertKind, AlertPace, AlertState};
use crate::id::AccountId;
use crate::time::UnixMs;
use crate::tz::{self, Zone};
use serde::{Deserialize, Serialize};

/// Longest name of an alert, in characters.
const NAME_MAX: usize = 80;
/// Most accounts an alert is limited to.
const ACCOUNTS_MAX: usize = 100;
/// Longest access token of an ntfy server (its own have 32 characters).
const TOKEN_MAX: usize = 200;
/// A digest's hour, unless another is asked for.
const DIGEST_HOUR: u8 = 8;
/// Destinations that fail this often in a row are left alone until the owner says otherwise.
const DEAD_MAX: u32 = 3;

/// The secrets of an alert, which are kept apart from it, sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// See [`Alert::destination`].
    destination: String,
    /// See [`Alert::token`].
    #[serde(default)]
    token: Option<String>,
    /// See [`Alert::secret`].
    #[serde(default)]
    secret: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// An alert: whole, or without its secrets ([`Alert::part`]).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Names it.
    pub id: String,
    /// Where its notices go.
    pub kind: AlertKind,
    /// The owner's name for it.
    pub name: String,
    /// The whole address; without its secrets only scheme and host; of a feed empty.
    pub destination: String,
    /// Of ntfy: an access token.
    #[serde(default)]
    pub token: Option<String>,
    /// Of a webhook: the key of its signatures.
    #[serde(default)]
    pub secret: Option<String>,
    /// Whether it tells.
    pub state: AlertState,
    /// Why it is paused.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it tells of.
    pub events: Vec<AlertEvent>,
    /// Only of these; empty: of all.
    pub accounts: Vec<AccountId>,
    /// Only of people with at least so many followers.
    pub min_followers: u64,
    /// Also of losses that are still being checked.
    pub suspected: bool,
    /// When it tells.
    pub pace: AlertPace,
    /// The hour of a digest.
    pub digest_hour: u8,
    /// Its zone.
    pub tz: String,
    /// A digest also when nothing happened.
    pub empty_digests: bool,
    /// When it was made.
    pub created: UnixMs,
    /// When a message last arrived.
    #[serde(default)]
    pub last_sent: Option<UnixMs>,
    /// Messages in a row that could not be delivered.
    #[serde(default)]
    pub dead_in_row: u32,
    /// This site, as the owner's browser called it: for links.
    pub site: String,
}

impl std::fmt::Debug for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses are secrets: they stay out of logs.
        f.debug_struct("Alert")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a new alert gets from whoever has randomness and a clock.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    /// Its id.
    pub id: &'a str,
    /// A webhook's key.
    pub secret: &'a str,
    /// This site's origin.
    pub site: &'a str,
    /// What time it is.
    pub now: UnixMs,
    /// Beside the simulator: see [`destination::check`].
    pub local: bool,
}

impl Alert {
    /// A new alert.
    ///
    /// # Errors
    /// A sentence that names the field and says what is expected.
    pub fn new(change: &AlertChange, fresh: Fresh<'_>) -> Result<Self, String> {
        let kind = change.kind.ok_or("`kind`: webhook, discord, ntfy or feed is expected")?;
        if kind != AlertKind::Feed && change.destination.is_none() {
            return Err(format!("`destination`: the address of the {kind} is expected"));
        }
        let mut alert = Self {
            id: fresh.id.to_owned(),
            kind,
            name: kind.as_str().to_owned(),
            destination: String::new(),
            token: None,
            secret: (kind == AlertKind::Webhook).then(|| fresh.secret.to_owned()),
            state: AlertState::On,
            reason: None,
            events: vec![AlertEvent::Lost, AlertEvent::Stopped],
            accounts: Vec::new(),
            min_followers: 0,
            suspected: false,
            pace: AlertPace::AtOnce,
            digest_hour: DIGEST_HOUR,
            tz: "UTC".to_owned(),
            empty_digests: false,
            created: fresh.now,
            last_sent: None,
            dead_in_row: 0,
            site: fresh.site.to_owned(),
        };
        alert.apply(change, fresh.local)?;
        Ok(alert)
    }

    /// Changes what is given; nothing, if anything of it cannot be.
    ///
    /// # Errors
    /// A sentence that names the field and says what is expected.
    pub fn change(&mut self, change: &AlertChange, local: bool) -> Result<(), String> {
        if change.kind.is_some_and(|kind| kind != self.kind) {
            return Err("`kind` stays as it is: make another alert".to_owned());
        }
        let mut changed = self.clone();
        changed.apply(change, local)?;
        *self = changed;
        Ok(())
    }

    fn apply(&mut self, change: &AlertChange, local: bool) -> Result<(), String> {
        if let Some(name) = &change.name {
            let name = name.trim();
            if name.is_empty() || name.chars().count() > NAME_MAX {
                return Err(format!("`name`: 1 to {NAME_MAX} characters"));
            }
            name.clone_into(&mut self.name);
        }
        if let Some(address) = &change.destination {
            self.set_destination(address.trim(), local)?;
        }
        if let Some(token) = &change.token {
            self.set_token(token.trim())?;
        }
        match change.state {
            Some(AlertState::Paused) => return Err("`state`: on or off is expected".to_owned()),
            Some(state) => {
                (self.state, self.reason, self.dead_in_row) = (state, None, 0);
            }
            None => {}
        }
        self.set_wants(change)
    }

    fn set_destination(&mut self, address: &str, local: bool) -> Result<(), String> {
        if self.kind == AlertKind::Feed {
            return Err("`destination`: a feed has none".to_owned());
        }
        let found = destination::check(address, local)?;
        match self.kind {
            AlertKind::Discord if !(local && found.origin.starts_with("http:")) => {
                destination::check_discord(found)?;
            }
            AlertKind::Ntfy => drop(destination::ntfy_topic(address, found)?),
            _ => {}
        }
        address.clone_into(&mut self.destination);
        Ok(())
    }

    fn set_token(&mut self, token: &str) -> Result<(), String> {
        if self.kind != AlertKind::Ntfy {
            return Err("`token`: only ntfy has one".to_owned());
        }
        // It becomes a header.
        if token.len() > TOKEN_MAX || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("`token`: at most {TOKEN_MAX} letters, digits and signs"));
        }
        self.token = (!token.is_empty()).then(|| token.to_owned());
        Ok(())
    }

    fn set_wants(&mut self, change: &AlertChange) -> Result<(), String> {
        if let Some(events) = &change.events {
            if events.is_empty() {
                return Err("`events`: at least one of followed, lost, returned, renamed and \
                            stopped is expected"
                    .to_owned());
            }
            let asked = AlertEvent::ALL.iter().filter(|event| events.contains(event));
            self.events = asked.copied().collect();
        }
        if let Some(accounts) = &change.accounts {
            if accounts.len() > ACCOUNTS_MAX {
                return Err(format!("`accounts`: at most {ACCOUNTS_MAX}"));
            }
            self.accounts.clone_from(accounts);
        }
        if let Some(hour) = change.digest_hour {
            if hour > 23 {
                return Err(format!("`digest_hour`: 0 to 23 is expected, not {hour}"));
            }
            self.digest_hour = hour;
        }
        if let Some(tz) = &change.tz {
            self.tz = tz::canonical(tz).map_err(|why| format!("`tz`: {why}"))?.into_owned();
        }
        self.min_followers = change.min_followers.unwrap_or(self.min_followers);
        self.suspected = change.suspected.unwrap_or(self.suspected);
        self.pace = change.pace.unwrap_or(self.pace);
        self.empty_digests = change.empty_digests.unwrap_or(self.empty_digests);
        Ok(())
    }

    /// Takes its secrets out. Of its address stays what is shown.
    pub fn part(&mut self) -> Keys {
        let found = destination::check(&self.destination, true);
        let origin = found.map(|found| found.origin.to_owned()).unwrap_or_default();
        Keys {
            destination: std::mem::replace(&mut self.destination, origin),
            token: self.token.take(),
            secret: self.secret.take(),
        }
    }

    /// The same with its secrets.
    #[must_use]
    pub fn with(self, keys: Keys) -> Self {
        let Keys { destination, token, secret } = keys;
        Self { destination, token, secret, ..self }
    }

    /// Whether it has secrets: what is fetched by others has none that are kept.
    pub fn has_keys(&self) -> bool {
        self.kind != AlertKind::Feed
    }

    /// Whether it asks for this, as it stands.
    pub fn wants(&self, item: &Item) -> bool {
        let person = item.event.is_some();
        self.covers(item)
            && !item.meaning.only_corrects()
            && self.events.contains(&item.sort())
            && (!person || item.followers().unwrap_or(0) >= self.min_followers)
            && (self.suspected || !item.checking())
    }

    /// Whether it may say anything of it, if only a correction.
    pub fn covers(&self, item: &Item) -> bool {
        let account = self.accounts.is_empty() || self.accounts.contains(&item.source.account);
        account && !item.muted()
    }

    /// When a wanted piece of news goes out: settled, and at the hour asked for.
    pub fn due(&self, item: &Item, now: UnixMs, zone: &Zone) -> UnixMs {
        let held = item.settles.filter(|_| !self.suspected && item.confirmed());
        let known = held.map_or(now, |settles| settles.max(now));
        match self.pace {
            AlertPace::Digest if item.event.is_some() => zone.next_hour(self.digest_hour, known),
            _ => known,
        }
    }

    /// A message arrived.
    pub(super) fn arrived(&mut self, now: UnixMs) {
        (self.last_sent, self.dead_in_row) = (Some(now), 0);
    }

    /// A message could not be delivered.
    pub(super) fn failed(&mut self, why: &str) {
        self.dead_in_row += 1;
        if self.dead_in_row >= DEAD_MAX && self.state == AlertState::On {
            self.state = AlertState::Paused;
            self.reason = Some(format!(
                "{DEAD_MAX} messages in a row could not be delivered. The last: {why} Nothing \
                 more is sent until you set this alert on again."
            ));
        }
    }

    /// What is answered of it.
    pub fn shown(&self) -> api::Alert {
        let origin = destination::check(&self.destination, true).map(|found| found.origin);
        api::Alert {
            id: self.id.clone(),
            kind: self.kind,
            name: self.name.clone(),
            destination: origin.map(|origin| format!("{origin}/…")).unwrap_or_default(),
            state: self.state,
            reason: self.reason.clone(),
            events: self.events.clone(),
            accounts: self.accounts.clone(),
            min_followers: self.min_followers,
            suspected: self.suspected,
            pace: self.pace,
            digest_hour: self.digest_hour,
            tz: self.tz.clone(),
            empty_digests: self.empty_digests,
            created_at: self.created,
            last_sent: self.last_sent,
            next_due: None,
            waiting: 0,
            dead: 0,
            unknown: 0,
            secret: None,
            feed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: AlertKind, destination: &str, token: Option<&str>, secrets: &[&str]) {
        let change = AlertChange {
            kind: Some(kind),
            destination: Some(destination.to_owned()),
            token: token.map(str::to_owned),
            ..AlertChange::default()
        };
        let site = "https://roost.dev";
        let fresh = Fresh { id: "a1", secret: "signing-key", site, now: UnixMs(0), local: false };
        let whole = Alert::new(&change, fresh).unwrap();
        let mut parted = whole.clone();
        let keys = parted.part();
        let kept = serde_json::to_string(&parted).unwrap();
        for secret in secrets {
            assert!(!kept.contains(secret), "{secret} in {kept}");
            assert!(!format!("{keys:?}").contains(secret), "{secret} in {keys:?}");
        }
        assert_eq!(parted.shown(), whole.shown());
        let sealed = serde_json::to_string(&keys).unwrap();
        assert!(parted.with(serde_json::from_str(&sealed).unwrap()) == whole, "{kind}");
    }

    #[test]
    fn an_alert_shows_the_same_without_its_secrets_and_gets_them_back() {
        let hook = "https://a.roost.dev:8443/path?key=value";
        check(AlertKind::Webhook, hook, None, &["path", "value", "signing-key"]);
        let discord = "https://discord.com/api/webhooks/1/channel-key";
        check(AlertKind::Discord, discord, None, &["channel-key", "webhooks"]);
        let topic = "https://ntfy.roost.dev/hidden-topic";
        check(AlertKind::Ntfy, topic, Some("tk_secret"), &["hidden-topic", "tk_secret"]);
    }

    #[test]
    fn a_feed_has_no_secrets_to_part_with() {
        let change = AlertChange { kind: Some(AlertKind::Feed), ..AlertChange::default() };
        let fresh = Fresh { id: "a1", secret: "s", site: "", now: UnixMs(0), local: false };
        let mut feed = Alert::new(&change, fresh).unwrap();
        assert!(!feed.has_keys());
        let before = feed.clone();
        feed.part();
        assert!(feed == before, "a feed has none");
    }
}
