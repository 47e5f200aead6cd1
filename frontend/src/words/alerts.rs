//! Words about notices: where they go, what became of them.

use crate::calendar::Zone;
use crate::numbers::plural;
use crate::words::{capital, listed, sentence, when};
use shared::api::{
    Alert, AlertEvent, AlertKind, AlertMessage, AlertPace, AlertState, MessageState,
};
use shared::time::UnixMs;

/// In the order of the form.
pub(crate) const KINDS: [AlertKind; 4] =
    [AlertKind::Discord, AlertKind::Ntfy, AlertKind::Feed, AlertKind::Webhook];

/// In the order of the form.
pub(crate) const EVENTS: [AlertEvent; 5] = [
    AlertEvent::Lost,
    AlertEvent::Followed,
    AlertEvent::Returned,
    AlertEvent::Renamed,
    AlertEvent::Stopped,
];

/// What a kind is called.
pub(crate) fn kind(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Webhook => "Webhook",
        AlertKind::Discord => "Discord",
        AlertKind::Ntfy => "ntfy",
        AlertKind::Feed => "Atom feed",
    }
}

/// Label and example of a kind's address; none of one that needs no address.
pub(crate) fn address(kind: AlertKind) -> Option<(&'static str, &'static str)> {
    match kind {
        AlertKind::Webhook => {
            Some(("Address that gets a signed POST", "https://example.com/roost"))
        }
        AlertKind::Discord => {
            Some(("Address of the channel's webhook", "https://discord.com/api/webhooks/…"))
        }
        AlertKind::Ntfy => Some(("Address of the topic", "https://ntfy.sh/your-secret-topic")),
        AlertKind::Feed => None,
    }
}

/// What an alert can tell of.
pub(crate) fn event(event: AlertEvent) -> &'static str {
    match event {
        AlertEvent::Followed => "who came",
        AlertEvent::Lost => "who left",
        AlertEvent::Returned => "who came back",
        AlertEvent::Renamed => "new handles",
        AlertEvent::Stopped => "collection stopped",
    }
}

/// What an alert tells, and when: `Who left and collection stopped, at once.`
pub(crate) fn tells(alert: &Alert) -> String {
    let events: Vec<String> = alert.events.iter().map(|one| event(*one).to_owned()).collect();
    let pace = match alert.pace {
        AlertPace::AtOnce => "at once".to_owned(),
        AlertPace::Digest => {
            format!("once a day at {}:00 ({})", alert.digest_hour, alert.tz.replace('_', " "))
        }
    };
    let mut rest = Vec::new();
    if alert.min_followers > 0 {
        rest.push(format!(
            "people with at least {}",
            plural(alert.min_followers, "follower", "followers")
        ));
    }
    if alert.suspected {
        rest.push("leave notices still being checked, too".to_owned());
    }
    let rest = if rest.is_empty() { String::new() } else { format!("; {}", listed(&rest)) };
    capital(&format!("{}, {pace}{rest}.", listed(&events)))
}

/// Word and class of an alert's state.
pub(crate) fn state(state: AlertState) -> (&'static str, &'static str) {
    match state {
        AlertState::On => ("on", "run good"),
        AlertState::Off => ("off", ""),
        AlertState::Paused => ("paused", "run bad"),
    }
}

/// How an alert did: when a message last arrived, when the next goes, what did not arrive.
pub(crate) fn stand(alert: &Alert, now: UnixMs, zone: &dyn Zone) -> String {
    let mut parts = Vec::new();
    if let Some(reason) = &alert.reason {
        parts.push(sentence(reason));
    }
    parts.push(match alert.last_sent {
        Some(at) => format!("Last arrived {}.", when::ago(at, now, zone)),
        None => "Nothing was sent yet.".to_owned(),
    });
    if let Some(at) = alert.next_due {
        parts.push(format!("Next {}.", when::coming(at, now, zone)));
    }
    if alert.dead > 0 {
        parts.push(format!("{} could not be delivered.", alert.dead));
    }
    if alert.unknown > 0 {
        parts.push(format!("{} may have arrived.", alert.unknown));
    }
    parts.join(" ")
}

/// What became of a message: word, class, and when or why.
pub(crate) fn message(
    message: &AlertMessage,
    now: UnixMs,
    zone: &dyn Zone,
) -> (&'static str, &'static str, String) {
    let ago = |at: Option<UnixMs>| at.map_or_else(String::new, |at| when::ago(at, now, zone));
    let why = || message.error.as_deref().map(sentence).unwrap_or_default();
    match message.state {
        MessageState::Sent => ("arrived", "good", ago(message.sent_at)),
        MessageState::Sending => ("being sent", "busy", String::new()),
        MessageState::Waiting => {
            let due = message.due.map_or_else(String::new, |at| when::coming(at, now, zone));
            ("waits", "busy", format!("{due} {}", why()).trim().to_owned())
        }
        MessageState::Dead => ("not delivered", "bad", why()),
        MessageState::Unknown => (
            "may have arrived",
            "warn",
            "Not sent again by itself: it would come twice.".to_owned(),
        ),
        MessageState::Dropped => {
            ("not needed any more", "", "What it told no longer held.".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use shared::api::MessageKind;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn alert() -> Alert {
        Alert {
            id: "a1".to_owned(),
            kind: AlertKind::Discord,
            name: "Team".to_owned(),
            destination: "discord.com".to_owned(),
            state: AlertState::On,
            reason: None,
            events: vec![AlertEvent::Lost, AlertEvent::Stopped],
            accounts: Vec::new(),
            min_followers: 0,
            suspected: false,
            pace: AlertPace::AtOnce,
            digest_hour: 8,
            tz: "Europe/Berlin".to_owned(),
            empty_digests: false,
            created_at: NOW,
            last_sent: None,
            next_due: None,
            waiting: 0,
            dead: 0,
            unknown: 0,
            secret: None,
            feed: None,
        }
    }

    #[test]
    fn an_alert_says_what_it_tells_and_when() {
        let mut one = alert();
        assert_eq!(tells(&one), "Who left and collection stopped, at once.");
        one.pace = AlertPace::Digest;
        one.min_followers = 1_000;
        one.suspected = true;
        assert_eq!(
            tells(&one),
            "Who left and collection stopped, once a day at 8:00 (Europe/Berlin); people with at \
             least 1,000 followers and leave notices still being checked, too."
        );
    }

    #[test]
    fn a_stand_counts_what_did_not_arrive() {
        let mut one = alert();
        assert_eq!(stand(&one, NOW, &Fixed(0)), "Nothing was sent yet.");
        (one.dead, one.unknown) = (2, 1);
        one.reason = Some("discord.com answered 404".to_owned());
        assert_eq!(
            stand(&one, NOW, &Fixed(0)),
            "discord.com answered 404. Nothing was sent yet. 2 could not be delivered. 1 may have \
             arrived."
        );
    }

    #[test]
    fn a_message_that_died_says_why() {
        let dead = AlertMessage {
            id: "m1".to_owned(),
            kind: MessageKind::News,
            state: MessageState::Dead,
            title: "3 people left".to_owned(),
            count: 3,
            created_at: NOW,
            due: None,
            sent_at: None,
            attempts: 4,
            error: Some("no answer for a day".to_owned()),
        };
        let (word, class, text) = message(&dead, NOW, &Fixed(0));
        assert_eq!((word, class, text.as_str()), ("not delivered", "bad", "no answer for a day."));
    }
}
