//! A message in the form its destination takes. Owns: bodies and headers, signatures, the limits
//! of Discord and ntfy. Must not know: how they are sent. Invariant: nobody's name pings anyone,
//! becomes a link or breaks out of its place; what is cut says how much.

use super::alert::Alert;
use super::destination;
use super::item::{Item, Meaning};
use super::message::Message;
use super::words::{self, SAMPLE, Section, Tone};
use crate::api::{AlertKind, FollowerEvent, MessageKind, Reason};
use crate::id::AccountId;
use crate::text::shorten_by;
use crate::time::UnixMs;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::fmt::Write;

/// The version of the webhook's body: fields are added to it, never changed.
const VERSION: u32 = 1;
/// Discord's limits (Execute Webhook; Embed Limits): characters of a content, embeds of a
/// message, characters of an embed's title and description, and of all embeds together.
const DISCORD_CONTENT: usize = 2_000;
const DISCORD_EMBEDS: usize = 10;
const DISCORD_TITLE: usize = 256;
const DISCORD_DESCRIPTION: usize = 4_096;
const DISCORD_TOTAL: usize = 6_000;
/// What one embed's lines may take, so that every group is seen; with titles, footers and "and 9
/// more" ten of them could pass the total, which is watched as well.
const DISCORD_LINES: usize = 1_500;
/// ntfy makes an attachment of a message over 4,096 bytes (publish.md, limitations).
const NTFY_MESSAGE: usize = 4_000;
const NTFY_TITLE: usize = 200;

/// A request to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to; a secret.
    pub url: String,
    /// Beside `content-type: application/json`.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// A message as its destination takes it; none for a feed, which is fetched.
/// `simulated`: it comes from a Roost beside the simulator, also where it is about nobody.
pub fn outgoing(
    alert: &Alert,
    message: &Message,
    now: UnixMs,
    simulated: bool,
) -> Option<Outgoing> {
    match alert.kind {
        AlertKind::Webhook => Some(webhook(alert, message, now, simulated)),
        AlertKind::Discord => Some(discord(alert, message)),
        AlertKind::Ntfy => ntfy(alert, message),
        AlertKind::Feed => None,
    }
}

#[derive(Serialize)]
struct WebhookBody<'a> {
    version: u32,
    id: &'a str,
    kind: MessageKind,
    created_at: UnixMs,
    /// Nobody in it is real.
    simulated: bool,
    summary: &'a str,
    accounts: Vec<Tally<'a>>,
    events: Vec<Told<'a>>,
    corrections: Vec<Told<'a>>,
    collection: Vec<Collection<'a>>,
}

/// How many people of what, of one account; corrections left out.
#[derive(Serialize)]
struct Tally<'a> {
    id: AccountId,
    username: &'a str,
    came: u32,
    left: u32,
    came_back: u32,
    renamed: u32,
    reasons: Reasons,
}

/// Those who left, by reason.
#[derive(Default, Serialize)]
struct Reasons {
    unfollowed: u32,
    suspended: u32,
    gone: u32,
    you_blocked: u32,
    unknown: u32,
}

#[derive(Serialize)]
struct Told<'a> {
    account: AccountId,
    /// Of a correction: what was told before.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'static str>,
    event: &'a FollowerEvent,
}

#[derive(Serialize)]
struct Collection<'a> {
    account: AccountId,
    username: &'a str,
    stopped: bool,
    detail: Option<&'a str>,
}

fn webhook(alert: &Alert, message: &Message, now: UnixMs, simulated: bool) -> Outgoing {
    let items = &message.items;
    let told = |correction: bool| -> Vec<Told<'_>> {
        let of = items.iter().filter(|item| item.was.is_some() == correction);
        of.filter_map(|item| {
            let was = item.was.map(word);
            Some(Told { account: item.source.account, was, event: item.event.as_ref()? })
        })
        .collect()
    };
    let collection = items.iter().filter(|item| item.event.is_none()).map(|item| Collection {
        account: item.source.account,
        username: &item.source.username,
        stopped: item.meaning == Meaning::Stopped,
        detail: item.text.as_deref(),
    });
    let body = WebhookBody {
        version: VERSION,
        id: &message.id,
        kind: message.kind,
        created_at: message.created,
        simulated: simulated || words::sampled(items),
        summary: &message.title,
        accounts: tallies(items),
        events: told(false),
        corrections: told(true),
        collection: collection.collect(),
    };
    let body = json(&body);
    let secret = alert.secret.as_deref().unwrap_or_default();
    let headers = vec![
        ("roost-id", message.id.clone()),
        ("idempotency-key", message.id.clone()),
        ("roost-signature", signature(secret, now, &body)),
    ];
    Outgoing { url: alert.destination.clone(), headers, body }
}

/// What was told, as a word of the API.
fn word(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Came => "followed",
        Meaning::CameBack => "returned",
        Meaning::Renamed => "renamed",
        Meaning::Left(reason) => reason.as_str(),
        Meaning::Stays | Meaning::NeverLeft => "retracted",
        Meaning::Stopped => "stopped",
        Meaning::GoesOn => "goes_on",
    }
}

fn tallies(items: &[Item]) -> Vec<Tally<'_>> {
    let mut tallies: Vec<Tally<'_>> = Vec::new();
    let news = items.iter().filter(|item| item.was.is_none() && item.event.is_some());
    for item in words::people(&news.collect::<Vec<_>>()) {
        let id = item.source.account;
        let at = tallies.iter().position(|tally| tally.id == id).unwrap_or_else(|| {
            let username = &item.source.username;
            let reasons = Reasons::default();
            tallies.push(Tally {
                id,
                username,
                came: 0,
                left: 0,
                came_back: 0,
                renamed: 0,
                reasons,
            });
            tallies.len() - 1
        });
        let Some(tally) = tallies.get_mut(at) else { continue };
        let count = match item.meaning {
            Meaning::Came => &mut tally.came,
            Meaning::CameBack => &mut tally.came_back,
            Meaning::Renamed => &mut tally.renamed,
            Meaning::Left(reason) => {
                tally.left += 1;
                match reason {
                    Reason::Unfollowed => &mut tally.reasons.unfollowed,
                    Reason::Suspended => &mut tally.reasons.suspended,
                    Reason::Gone => &mut tally.reasons.gone,
                    Reason::YouBlocked => &mut tally.reasons.you_blocked,
                    Reason::Unknown => &mut tally.reasons.unknown,
                }
            }
            Meaning::Stays | Meaning::NeverLeft | Meaning::Stopped | Meaning::GoesOn => continue,
        };
        *count += 1;
    }
    tallies
}

/// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`: a receiver computes it over the raw body,
/// compares it in constant time, and refuses a `t` that is minutes old.
pub fn signature(secret: &str, now: UnixMs, body: &str) -> String {
    let t = now.0.div_euclid(1_000);
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{t}.").as_bytes());
    mac.update(body.as_bytes());
    let mut text = format!("t={t},v1=");
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").ok();
    }
    text
}

#[derive(Serialize)]
struct DiscordBody {
    username: &'static str,
    content: String,
    embeds: Vec<Embed>,
    allowed_mentions: Mentions,
}

#[derive(Serialize)]
struct Embed {
    title: String,
    description: String,
    color: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Nobody is pinged, whatever their name.
#[derive(Serialize)]
struct Mentions {
    parse: [&'static str; 0],
}

fn discord(alert: &Alert, message: &Message) -> Outgoing {
    let mut embeds = Vec::new();
    let mut room = DISCORD_TOTAL;
    for section in words::sections(&message.items) {
        let title = cut(&escape(&section.title), DISCORD_TITLE);
        let most = DISCORD_LINES.min(DISCORD_DESCRIPTION).min(room.saturating_sub(length(&title)));
        let lines = section.lines.iter().map(|line| escape(line));
        let description = fitted(lines, most, length);
        let size = length(&title) + length(&description);
        if embeds.len() == DISCORD_EMBEDS || size > room {
            break;
        }
        room -= size;
        embeds.push(Embed { title, description, color: colour(section.tone), url: link(alert) });
    }
    let mut content = if embeds.is_empty() { escape(&message.title) } else { String::new() };
    if words::sampled(&message.items) {
        content.push_str(SAMPLE);
    }
    let content = cut(&content, DISCORD_CONTENT);
    let mentions = Mentions { parse: [] };
    let body = DiscordBody { username: "Roost", content, embeds, allowed_mentions: mentions };
    // With `wait` Discord answers once the message is there, not once it was asked for.
    let join = if alert.destination.contains('?') { '&' } else { '?' };
    let url = format!("{}{join}wait=true", alert.destination);
    Outgoing { url, headers: Vec::new(), body: json(&body) }
}

/// The page's colours of those who came, left, and of links and warnings.
fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Came => 0x000B_6E5C,
        Tone::Left => 0x00B3_401A,
        Tone::Plain => 0x002F_4FB5,
        Tone::Warning => 0x0085_5600,
    }
}

/// Discord links only to what it can reach.
fn link(alert: &Alert) -> Option<String> {
    alert.site.starts_with("https://").then(|| format!("{}/", alert.site))
}

/// Text that Discord shows as it is: no formatting, no links, no mentions.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#')
        {
            out.push('\\');
        }
        out.push(c);
        // A scheme is what makes an address a link.
        if c == ':' && chars.peek() == Some(&'/') {
            out.push('\u{200b}');
        }
    }
    out
}

/// Characters as Discord counts them at most: in UTF-16.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn cut(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let out = shorten_by(text, most, length);
    // Never half of an escape.
    format!("{}…", out.trim_end_matches(['…', '\\']))
}

/// As many lines as fit, and how many did not.
fn fitted(
    lines: impl ExactSizeIterator<Item = String>,
    most: usize,
    size_of: fn(&str) -> usize,
) -> String {
    /// `and 12,345 more` with its line end.
    const MORE: usize = 20;
    let mut out = String::new();
    let mut left = lines.len();
    for line in lines {
        let room = most.saturating_sub(size_of(&out) + if left > 1 { MORE } else { 1 });
        if size_of(&line) > room {
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
        left -= 1;
    }
    if left > 0 && most >= MORE {
        let and = if out.is_empty() { "" } else { "\nand " };
        write!(out, "{and}{left} more").ok();
    }
    out
}

#[derive(Serialize)]
struct NtfyBody<'a> {
    topic: &'a str,
    title: &'a str,
    message: String,
    tags: Vec<&'static str>,
    priority: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<String>,
}

/// ntfy's form of publishing as JSON, to the server itself: headers would have to be ASCII.
fn ntfy(alert: &Alert, message: &Message) -> Option<Outgoing> {
    let found = destination::check(&alert.destination, true).ok()?;
    let (server, topic) = destination::ntfy_topic(&alert.destination, found).ok()?;
    let sections = words::sections(&message.items);
    let sample = words::sampled(&message.items).then(|| SAMPLE.to_owned());
    let (title, lines) = match sections.as_slice() {
        [] => ("Roost", vec![message.title.clone()]),
        [Section { title, lines, .. }] if title.len() <= NTFY_TITLE && !lines.is_empty() => {
            (title.as_str(), lines.clone())
        }
        sections => {
            let parts = sections.iter().flat_map(|section| {
                std::iter::once(section.title.clone()).chain(section.lines.iter().cloned())
            });
            ("Roost", parts.collect())
        }
    };
    let lines: Vec<String> = lines.into_iter().chain(sample).collect();
    let warning = sections.iter().any(|section| section.tone == Tone::Warning);
    let body = NtfyBody {
        topic,
        title,
        message: fitted(lines.into_iter(), NTFY_MESSAGE, str::len),
        tags: if warning { vec!["warning"] } else { Vec::new() },
        // 1 to 5, 3 being usual: a digest makes no sound, a stop does even when others do not.
        priority: match message.kind {
            MessageKind::Collection if warning => 4,
            MessageKind::Digest => 2,
            _ => 3,
        },
        click: (!alert.site.is_empty()).then(|| format!("{}/", alert.site)),
    };
    let token = alert.token.iter().map(|token| ("authorization", format!("Bearer {token}")));
    Some(Outgoing { url: server.to_owned(), headers: token.collect(), body: json(&body) })
}

/// Of our own shapes, which always have a JSON text.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
