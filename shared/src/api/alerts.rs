//! Wire types of notices: who is told what, where, and what became of each message.

use super::{wire, words};
use crate::id::AccountId;
use crate::time::UnixMs;

words! {
    /// Where notices go.
    AlertKind {
        /// A signed POST of JSON to an address of yours.
        Webhook = "webhook",
        /// A Discord channel, by the address of its webhook.
        Discord = "discord",
        /// A topic of an ntfy server.
        Ntfy = "ntfy",
        /// An Atom feed under a secret address of this site.
        Feed = "feed",
    }

    /// What an alert tells of.
    AlertEvent {
        /// Someone came.
        Followed = "followed",
        /// Someone left.
        Lost = "lost",
        /// Someone came back.
        Returned = "returned",
        /// Someone has another handle.
        Renamed = "renamed",
        /// Collection stopped, and when it goes on again.
        Stopped = "stopped",
    }

    /// When an alert tells.
    AlertPace {
        /// As soon as it is known.
        AtOnce = "at_once",
        /// Once a day at `digest_hour` of `tz`. That collection stopped is told at once all the same.
        Digest = "digest",
    }

    /// Whether an alert tells.
    AlertState {
        /// It does.
        On = "on",
        /// The owner switched it off.
        Off = "off",
        /// Three messages in a row could not be delivered: see `reason`; set `on` to go on.
        Paused = "paused",
    }

    /// What a message is.
    MessageKind {
        /// Who came and left.
        News = "news",
        /// The same, gathered for the hour asked for.
        Digest = "digest",
        /// Collection stopped, or goes on again.
        Collection = "collection",
        /// Asked for by `POST /alerts/{alert}/test`.
        Test = "test",
    }

    /// What became of a message.
    MessageState {
        /// It goes out at `due`.
        Waiting = "waiting",
        /// It is being handed over.
        Sending = "sending",
        /// The destination took it.
        Sent = "sent",
        /// The destination refused it, or did not answer for a day: see `error`.
        Dead = "dead",
        /// The machine was lost while it was handed over: it may have arrived. It is not sent
        /// again by itself, since this destination could not tell a repeat.
        Unknown = "unknown",
        /// What it was to tell no longer held before it went out.
        Dropped = "dropped",
    }
}

wire! {
    /// A place where notices go, and which.
    pub struct Alert {
        /// Names it in paths.
        pub id: String,
        /// Where its notices go.
        pub kind: AlertKind,
        /// The owner's name for it.
        pub name: String,
        /// The destination's host; the rest of the address is a secret and not answered. Of a
        /// feed: empty.
        pub destination: String,
        /// Whether it tells.
        pub state: AlertState,
        /// Why it is paused, or why its address cannot be read.
        pub reason: Option<String>,
        /// What it tells of.
        pub events: Vec<AlertEvent>,
        /// Only of these accounts; empty: of all.
        pub accounts: Vec<AccountId>,
        /// Only of people with at least so many followers of their own.
        pub min_followers: u64,
        /// Tells of losses that are still being checked, too; else only of settled ones.
        pub suspected: bool,
        /// When it tells.
        pub pace: AlertPace,
        /// The hour of a digest, 0 to 23, by the clocks of `tz`.
        pub digest_hour: u8,
        /// An IANA zone; times in messages are in UTC.
        pub tz: String,
        /// Sends a digest also when nothing happened.
        pub empty_digests: bool,
        /// When it was made.
        pub created_at: UnixMs,
        /// When a message last arrived.
        pub last_sent: Option<UnixMs>,
        /// When the next message goes out.
        pub next_due: Option<UnixMs>,
        /// Messages that wait.
        pub waiting: u32,
        /// Messages that could not be delivered.
        pub dead: u32,
        /// Messages that may have arrived.
        pub unknown: u32,
        /// Of a webhook, only in the answer that made it: the key of `roost-signature`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub secret: Option<String>,
        /// Of a feed, only in the answer that made it: its secret path on this site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub feed: Option<String>,
    }

    /// Body of `POST /alerts` and of `PATCH /alerts/{alert}`; absent fields stay, or have their
    /// default. A new one needs `kind` and, unless it is a feed, `destination`.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct AlertChange {
        /// Where notices go; of a new one only.
        #[serde(default)]
        pub kind: Option<AlertKind>,
        /// At most 80 characters.
        #[serde(default)]
        pub name: Option<String>,
        /// A public https address: of a webhook; of a Discord webhook
        /// (`https://discord.com/api/webhooks/…`); of an ntfy topic (`https://ntfy.sh/<topic>`).
        #[serde(default)]
        pub destination: Option<String>,
        /// Of ntfy: the access token of a protected topic; an empty one takes it away.
        #[serde(default)]
        pub token: Option<String>,
        /// `on` or `off`; default `on`.
        #[serde(default)]
        pub state: Option<AlertState>,
        /// What it tells of; default lost and stopped.
        #[serde(default)]
        pub events: Option<Vec<AlertEvent>>,
        /// Only of these accounts; default all.
        #[serde(default)]
        pub accounts: Option<Vec<AccountId>>,
        /// Only of people with so many followers; default 0.
        #[serde(default)]
        pub min_followers: Option<u64>,
        /// Also of losses that are still being checked; default false.
        #[serde(default)]
        pub suspected: Option<bool>,
        /// Default at once.
        #[serde(default)]
        pub pace: Option<AlertPace>,
        /// 0 to 23; default 8.
        #[serde(default)]
        pub digest_hour: Option<u8>,
        /// An IANA zone; default UTC.
        #[serde(default)]
        pub tz: Option<String>,
        /// Default false.
        #[serde(default)]
        pub empty_digests: Option<bool>,
        /// True: a webhook's key or a feed's address is made anew and answered; the old one
        /// ends at once.
        #[serde(default)]
        pub rotate: Option<bool>,
    }

    /// One message of an alert's log. Who it named is not kept once it has arrived.
    pub struct AlertMessage {
        /// Its id, which a webhook's receiver sees as `roost-id`.
        pub id: String,
        /// What it is.
        pub kind: MessageKind,
        /// What became of it.
        pub state: MessageState,
        /// Its first line.
        pub title: String,
        /// How many pieces of news it held.
        pub count: u32,
        /// When it was begun.
        pub created_at: UnixMs,
        /// Of a waiting one: when it goes out.
        pub due: Option<UnixMs>,
        /// When it arrived.
        pub sent_at: Option<UnixMs>,
        /// How often it was handed over.
        pub attempts: u32,
        /// Why the last attempt failed.
        pub error: Option<String>,
    }

    /// Body of `POST /alerts/{alert}/retry`.
    #[derive(Default)]
    #[serde(deny_unknown_fields)]
    pub struct RetryMessages {
        /// Only this one; default all that are dead. One that may have arrived is sent again only
        /// if it is named.
        #[serde(default)]
        pub message: Option<String>,
    }

    /// Answer of `POST /alerts/{alert}/retry`.
    pub struct Retried {
        /// How many go out again.
        pub messages: u32,
    }
}
