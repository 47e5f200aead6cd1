//! The Atom feed (RFC 4287). Owns: entries and how they are escaped. Must not know: who reads it.
//! Invariant: an entry keeps its id and has a later `updated` once it was corrected; equal
//! messages make equal bytes; nothing in it is markup but ours.

use super::alert::Alert;
use super::message::Message;
use super::words::{self, SAMPLE};
use crate::time::UnixMs;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The feed's media type.
pub const TYPE: &str = "application/atom+xml; charset=utf-8";
/// Entries of the feed: readers come by at least daily.
pub const ENTRIES_MAX: usize = 50;
/// Lines of one entry, per group.
const LINES_MAX: usize = 100;

/// The feed of an alert; `messages` are those that went out, newest first; `address` is where it was
/// fetched from.
pub fn feed(alert: &Alert, messages: &[Message], address: &str) -> String {
    let messages = messages.get(..ENTRIES_MAX).unwrap_or(messages);
    let newest = messages.iter().map(updated).max().unwrap_or(alert.created);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let (id, title) = (text(&alert.id), text(&alert.name));
    write!(
        out,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:roost:alert:{id}</id>\n\
         <title>Roost: {title}</title>\n\
         <updated>{newest}</updated>\n\
         <author><name>Roost</name></author>\n\
         <generator>Roost</generator>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n",
        text(address)
    )
    .ok();
    let site = (!alert.site.is_empty()).then(|| format!("{}/", alert.site));
    if let Some(site) = &site {
        writeln!(out, "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", text(site)).ok();
    }
    for message in messages {
        entry(&mut out, message, site.as_deref());
    }
    out.push_str("</feed>\n");
    out
}

/// A text as a hexadecimal digest: of a feed's secret, which is kept in no other form; of a feed,
/// as its etag.
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

fn published(message: &Message) -> UnixMs {
    message.sent.unwrap_or(message.created)
}

/// When an entry last changed: at the earliest when it was published, which is when it is marked as
/// sent, a moment after it was composed.
fn updated(message: &Message) -> UnixMs {
    message.updated.max(published(message))
}

fn entry(out: &mut String, message: &Message, site: Option<&str>) {
    let (id, title) = (text(&message.id), text(&message.title));
    let (published, updated) = (published(message), updated(message));
    write!(
        out,
        "<entry>\n<id>urn:roost:message:{id}</id>\n<title>{title}</title>\n\
         <published>{published}</published>\n<updated>{updated}</updated>\n"
    )
    .ok();
    if let Some(site) = site {
        writeln!(out, "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", text(site)).ok();
    }
    // Escaped twice: once as HTML, once as the text of XML.
    writeln!(out, "<content type=\"html\">{}</content>\n</entry>", text(&html(message))).ok();
}

fn html(message: &Message) -> String {
    let sections = words::sections(&message.items);
    let mut out = String::new();
    if sections.is_empty() {
        write!(out, "<p>{}</p>", text(&message.title)).ok();
    }
    for section in &sections {
        write!(out, "<p>{}</p>", text(&section.title)).ok();
        if section.lines.is_empty() {
            continue;
        }
        out.push_str("<ul>");
        for line in section.lines.iter().take(LINES_MAX) {
            write!(out, "<li>{}</li>", text(line)).ok();
        }
        let more = section.lines.len().saturating_sub(LINES_MAX);
        if more > 0 {
            write!(out, "<li>and {more} more</li>").ok();
        }
        out.push_str("</ul>");
    }
    if words::sampled(&message.items) {
        write!(out, "<p>{SAMPLE}</p>").ok();
    }
    out
}

/// Text in XML or HTML, quotes included; what XML has no characters for is left out (XML 1.0,
/// section 2.2).
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Surrogates are no characters of Rust's.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AlertChange, AlertKind, EventKind, MessageKind, MessageState};
    use crate::notify::alert::Fresh;
    use crate::notify::item::tests::{NOON, item};

    const ADDRESS: &str = "https://a.roost.dev/f";

    fn alert() -> Alert {
        let change = AlertChange { kind: Some(AlertKind::Feed), ..AlertChange::default() };
        let site = "https://roost.example.org";
        Alert::new(&change, Fresh { id: "a1", secret: "", site, now: NOON, local: false }).unwrap()
    }

    fn sent(name: &str) -> Message {
        let mut message = Message::new("m1".into(), MessageKind::News, NOON, NOON);
        let mut item = item(7, EventKind::Followed);
        item.event.as_mut().unwrap().user.name = name.into();
        message.items = vec![item];
        message.title = words::title(message.kind, &message.items);
        (message.state, message.sent) = (MessageState::Sent, Some(NOON));
        message
    }

    #[test]
    fn a_feed_without_entries_is_a_feed() {
        let feed = feed(&alert(), &[], ADDRESS);
        let own =
            "<link rel=\"self\" type=\"application/atom+xml\" href=\"https://a.roost.dev/f\"/>";
        assert!(feed.contains(own), "{feed}");
        assert!(feed.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns="));
        assert!(feed.contains("<updated>2026-11-21T12:00:00Z</updated>"), "{feed}");
        assert!(feed.ends_with("</feed>\n"));
    }

    #[test]
    fn names_are_no_markup() {
        let feed = feed(&alert(), &[sent("<b>&\"Ada'\u{1}]]>")], ADDRESS);
        let shown = "&lt;b&gt;&amp;&quot;Ada&#39; ]]&gt; (@ada7) came to @solvej.";
        assert!(feed.contains(&format!("<title>{shown}</title>")), "{feed}");
        let twice = "&lt;p&gt;&amp;lt;b&amp;gt;&amp;amp;&amp;quot;Ada&amp;#39; ]]&amp;gt; (@ada7)";
        assert!(feed.contains(twice), "{feed}");
        assert_eq!(feed.matches("<content").count(), 1);
    }

    #[test]
    fn a_correction_keeps_the_id_and_moves_the_time() {
        let before = sent("Ada");
        let mut after = before.clone();
        after.updated = NOON.plus(60_000);
        let feed = |message| feed(&alert(), &[message], ADDRESS);
        let (before, after) = (feed(before), feed(after));
        assert!(after.contains("<id>urn:roost:message:m1</id>"));
        assert_eq!(after.matches("<updated>2026-11-21T12:01:00Z</updated>").count(), 2);
        assert_ne!(before, after);
    }

    #[test]
    fn no_entry_was_updated_before_it_was_published() {
        let mut message = sent("Ada");
        message.sent = Some(NOON.plus(2_000));
        let feed = feed(&alert(), &[message], ADDRESS);
        assert!(feed.contains("<published>2026-11-21T12:00:02Z</published>"), "{feed}");
        assert_eq!(feed.matches("<updated>2026-11-21T12:00:02Z</updated>").count(), 2, "{feed}");
    }

    #[test]
    fn only_the_newest_are_listed() {
        let many: Vec<Message> = (0..ENTRIES_MAX + 5).map(|_| sent("Ada")).collect();
        assert_eq!(feed(&alert(), &many, ADDRESS).matches("<entry>").count(), ENTRIES_MAX);
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(text("a\u{0}b\u{8}c\u{fffe}d\u{1f426}\n"), "abcd\u{1f426}\n");
    }
}
