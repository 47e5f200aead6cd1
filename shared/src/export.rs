//! Exports: gzip that is the same for the same data, the seed's JSON files piece by piece, and
//! tables. Owns: their bytes. Must not know: where rows come from. Invariant: equal data is
//! equal bytes, however it is cut into pieces.
//!
//! # Tables
//! RFC 4180: a header row, CRLF, quotes where a field needs them. Ids are quoted always: they
//! have up to 19 digits, of which a spreadsheet keeps 15, so import those columns as text. Times
//! are ISO 8601 in UTC. A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return
//! has `'` put in front, since a spreadsheet would run it as a formula: names are written by
//! strangers. What is not known is empty.

use crate::api::{Follower, FollowerEvent, TweetItem};
use crate::id::{AccountId, UserId};
use crate::metrics::Metric;
use crate::time::UnixMs;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Gzip's middle: beyond it user objects hardly shrink.
const LEVEL: u32 = 6;
/// "Unknown", so that every machine writes the same header.
const OS_UNKNOWN: u8 = 255;
/// What the compressor is fed at a time: always as much, so that pieces leave no trace.
const BLOCK_BYTES: usize = 32 * 1024;

/// Gzip with a fixed header, whose compressed bytes can be taken as they come.
pub struct Gz {
    encoder: GzEncoder<Vec<u8>>,
    block: Vec<u8>,
}

impl Default for Gz {
    fn default() -> Self {
        Self::new()
    }
}

impl Gz {
    /// An empty file.
    pub fn new() -> Self {
        let header = GzBuilder::new().mtime(0).operating_system(OS_UNKNOWN);
        let encoder = header.write(Vec::new(), Compression::new(LEVEL));
        Self { encoder, block: Vec::new() }
    }

    /// Appends to the file.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while self.block.len() + bytes.len() >= BLOCK_BYTES {
            let (now, rest) = bytes.split_at(BLOCK_BYTES - self.block.len());
            self.block.extend_from_slice(now);
            self.feed();
            bytes = rest;
        }
        self.block.extend_from_slice(bytes);
    }

    /// The compressed bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.encoder.get_mut())
    }

    /// Ends the file: the bytes not yet taken.
    pub fn finish(mut self) -> Vec<u8> {
        self.feed();
        self.encoder.finish().unwrap_or_default()
    }

    fn feed(&mut self) {
        // Writing into memory cannot fail.
        let _ = self.encoder.write_all(&self.block);
        self.block.clear();
    }
}

/// Writes `{"<stamp>":["<id>",…],…}` piece by piece: the seed's `NEW_FOLLOWERS` and
/// `LOST_FOLLOWERS`. Call [`Self::begin`], [`Self::id`]…, [`Self::end`] for each stamp.
#[derive(Debug, Default)]
pub struct StampedIds {
    out: Vec<u8>,
    begun: bool,
    /// The list under way has an id.
    filled: bool,
    done: bool,
}

impl StampedIds {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a stamp's list.
    pub fn begin(&mut self, stamp: &str) {
        self.out.extend_from_slice(if self.begun { b",\n" } else { b"{" });
        put_text(&mut self.out, stamp);
        self.out.extend_from_slice(b":[");
        (self.begun, self.filled) = (true, false);
    }

    /// Adds an id to the list under way.
    pub fn id(&mut self, id: UserId) {
        if self.filled {
            self.out.push(b',');
        }
        put_text(&mut self.out, &id.to_string());
        self.filled = true;
    }

    /// Ends the list under way.
    pub fn end(&mut self) {
        self.out.push(b']');
    }

    /// The bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Ends the file: the bytes not yet taken; `None` once that was done.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        self.out.extend_from_slice(if self.begun { b"}\n" } else { b"{}\n" });
        Some(self.take())
    }
}

/// Writes `{"<id>":<raw object>,…}` piece by piece: the seed's `USER_INFO`. Users come by id.
#[derive(Debug, Default)]
pub struct UserInfo {
    out: Vec<u8>,
    begun: bool,
}

impl UserInfo {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one user with its raw JSON object.
    pub fn user(&mut self, id: UserId, raw: &str) {
        self.out.extend_from_slice(if self.begun { b",\n" } else { b"{" });
        put_text(&mut self.out, &id.to_string());
        self.out.push(b':');
        self.out.extend_from_slice(raw.as_bytes());
        self.begun = true;
    }

    /// The bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Ends the file: the bytes not yet taken.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(if self.begun { b"}\n" } else { b"{}\n" });
        self.out
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Writing a text into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// One row as a line of NDJSON: the wire type, with its line feed.
pub fn ndjson<T: serde::Serialize>(row: &T) -> String {
    // The wire types have no map with keys other than texts: this cannot fail.
    serde_json::to_string(row).unwrap_or_default() + "\n"
}

/// The header row of the followers table, with its CRLF. `time_zone` is the zone that was asked
/// for; the times beside it are UTC all the same.
pub fn followers_csv_header() -> &'static str {
    "account_id,user_id,username,name,followers,verified,protected,joined,following,since,\
     last_change,mutual,muted,note,description,time_zone\r\n"
}

/// A row of the followers table, with its CRLF.
pub fn follower_csv(row: &Follower, account: AccountId, tz_label: &str) -> String {
    let mut line = Line::default();
    line.id(account);
    line.id(row.user.id);
    line.text(&row.user.username);
    line.text(&row.user.name);
    line.plain(row.followers);
    line.plain(row.verified);
    line.plain(Some(row.protected));
    line.time(row.joined);
    line.plain(Some(row.following));
    line.time(row.since);
    line.time(row.last_change);
    line.plain(row.mutual);
    line.plain(Some(row.muted));
    line.text(row.note.as_deref().unwrap_or_default());
    line.text(row.description.as_deref().unwrap_or_default());
    line.text(tz_label);
    line.end()
}

/// The header row of the events table, with its CRLF.
pub fn events_csv_header() -> &'static str {
    "event_id,kind,user_id,username,name,at,not_before,snapshot,state,reason,confidence,how,\
     from_username,to_username,muted,followers\r\n"
}

/// A row of the events table, with its CRLF.
pub fn event_csv(event: &FollowerEvent) -> String {
    let mut line = Line::default();
    line.text(&event.id);
    line.plain(Some(event.kind));
    line.id(event.user.id);
    line.text(&event.user.username);
    line.text(&event.user.name);
    line.time(Some(event.at));
    line.time(event.not_before);
    line.text(&event.snapshot);
    line.plain(event.state);
    line.plain(event.reason);
    line.plain(event.confidence);
    line.plain(Some(event.how));
    line.text(event.from.as_deref().unwrap_or_default());
    line.text(event.to.as_deref().unwrap_or_default());
    line.plain(Some(event.muted));
    line.plain(event.followers);
    line.end()
}

/// The header row of the tweets table, with its CRLF: every metric Roost knows has a column; others
/// are in the NDJSON alone.
pub fn tweets_csv_header() -> String {
    let metrics: Vec<String> = Metric::known().map(|metric| metric.to_string()).collect();
    format!(
        "account_id,tweet_id,created_at,kind,lang,promoted,deleted_at,read_at,{},text\r\n",
        metrics.join(",")
    )
}

/// A row of the tweets table, with its CRLF.
pub fn tweet_csv(tweet: &TweetItem, account: AccountId) -> String {
    let mut line = Line::default();
    line.id(account);
    line.id(UserId(tweet.id.0));
    line.time(tweet.created_at);
    line.plain(Some(tweet.kind));
    line.text(tweet.lang.as_deref().unwrap_or_default());
    line.plain(Some(tweet.promoted));
    line.time(tweet.deleted_at);
    line.time(tweet.read_at);
    for metric in Metric::known() {
        line.plain(tweet.metrics.get(&metric.to_string()));
    }
    line.text(tweet.text.as_deref().unwrap_or_default());
    line.end()
}

/// A row under way.
#[derive(Default)]
struct Line {
    text: String,
    begun: bool,
}

impl Line {
    fn field(&mut self, text: &str, quoted: bool) {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
        if quoted {
            self.text.push('"');
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    /// A text that anyone may have written.
    fn text(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guarded = if formula { format!("'{text}") } else { text.to_owned() };
        let edge = |c: char| c == ' ';
        let quoted = guarded.contains([',', '"', '\r', '\n'])
            || guarded.starts_with(edge)
            || guarded.ends_with(edge);
        self.field(&guarded, quoted);
    }

    /// A number, a truth or one of our own words.
    fn plain(&mut self, value: Option<impl ToString>) {
        self.field(&value.map(|value| value.to_string()).unwrap_or_default(), false);
    }

    fn id(&mut self, id: UserId) {
        self.field(&id.to_string(), true);
    }

    fn time(&mut self, at: Option<UnixMs>) {
        self.plain(at);
    }

    fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }
}

#[cfg(test)]
mod tests;
