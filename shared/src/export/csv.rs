//! Tables as CSV. Owns: columns, how a cell is written, what a spreadsheet must not run. Must not
//! know: where rows come from. Invariant: no text of a stranger's begins a cell as a formula, in
//! whichever way a program cuts the file into cells; equal rows are equal bytes.
//!
//! RFC 4180: a header row, CRLF, quotes where a field needs them. Times are ISO 8601 in UTC. What
//! is not known is empty. Ids are quoted always: they have up to 19 digits, of which a spreadsheet
//! keeps 15. A reader that takes columns for numbers all the same needs [`Table::excel`].
//!
//! # Formulas
//! Names and profile texts are written by strangers, and a spreadsheet runs a cell that begins with
//! `=`, `+`, `-` or `@`. `'` is put in front of those, and of their full-width and other
//! compatibility forms, which some programs read alike. Where a cell begins is the reader's view: it
//! may cut at `;` or at a tab, and then knows no quotes, so that a line break ends a row. So a text
//! is guarded at its beginning and behind each of these, whatever blanks, quotes and unseen
//! characters stand before the sign. NUL, at which some readers end a text, is left out.

use crate::api::{Follower, FollowerEvent, Point, Series, TweetItem};
use crate::id::{AccountId, UserId};
use crate::metrics::Metric;

/// How a spreadsheet knows that a file is UTF-8.
const BOM: &str = "\u{feff}";

/// What is the same in every row of a file.
#[derive(Clone, Debug)]
pub struct Table {
    /// The account it is of.
    pub account: AccountId,
    /// The zone that was asked for; the times beside it are UTC all the same.
    pub zone: String,
    /// For Excel, which takes a file for UTF-8 only behind a byte order mark, and an id for a number
    /// even in quotes: ids are written as `="123"`, a formula whose value is the text.
    pub excel: bool,
}

impl Table {
    fn head(&self, columns: &str) -> String {
        format!("{}{columns}\r\n", if self.excel { BOM } else { "" })
    }

    fn line(&self) -> Line {
        Line { excel: self.excel, ..Line::default() }
    }

    /// The header row of followers, and of whom the account follows.
    pub fn followers_head(&self) -> String {
        self.head(
            "account_id,user_id,username,name,followers,verified,protected,joined,following,since,\
             last_change,mutual,muted,note,description,time_zone,left_at,left_not_before,left_state,\
             left_reason,left_confidence",
        )
    }

    /// A follower's row.
    pub fn follower(&self, row: &Follower) -> String {
        let left = row.left.as_ref();
        let mut line = self.line();
        line.id(self.account);
        line.id(row.user.id);
        line.text(&row.user.username);
        line.text(&row.user.name);
        line.plain(row.followers);
        line.plain(row.verified);
        line.plain(Some(row.protected));
        line.plain(row.joined);
        line.plain(Some(row.following));
        line.plain(row.since);
        line.plain(row.last_change);
        line.plain(row.mutual);
        line.plain(Some(row.muted));
        line.text(row.note.as_deref().unwrap_or_default());
        line.text(row.description.as_deref().unwrap_or_default());
        line.text(&self.zone);
        line.plain(left.map(|left| left.at));
        line.plain(left.and_then(|left| left.not_before));
        line.plain(left.and_then(|left| left.state));
        line.plain(left.map(|left| left.reason));
        line.plain(left.map(|left| left.confidence));
        line.end()
    }

    /// The header row of events.
    pub fn events_head(&self) -> String {
        self.head(
            "event_id,kind,user_id,username,name,at,not_before,snapshot,state,reason,confidence,\
             how,from_username,to_username,muted,followers,account_id,time_zone",
        )
    }

    /// An event's row.
    pub fn event(&self, event: &FollowerEvent) -> String {
        let mut line = self.line();
        line.text(&event.id);
        line.plain(Some(event.kind));
        line.id(event.user.id);
        line.text(&event.user.username);
        line.text(&event.user.name);
        line.plain(Some(event.at));
        line.plain(event.not_before);
        line.text(&event.snapshot);
        line.plain(event.state);
        line.plain(event.reason);
        line.plain(event.confidence);
        line.plain(Some(event.how));
        line.text(event.from.as_deref().unwrap_or_default());
        line.text(event.to.as_deref().unwrap_or_default());
        line.plain(Some(event.muted));
        line.plain(event.followers);
        line.id(self.account);
        line.text(&self.zone);
        line.end()
    }

    /// The header row of tweets: every metric Roost knows has a column; others are in the NDJSON
    /// alone.
    pub fn tweets_head(&self) -> String {
        let metrics: Vec<String> = Metric::known().map(|metric| metric.to_string()).collect();
        self.head(&format!(
            "account_id,tweet_id,created_at,kind,lang,promoted,deleted_at,read_at,{},text,private_until",
            metrics.join(",")
        ))
    }

    /// A tweet's row.
    pub fn tweet(&self, tweet: &TweetItem) -> String {
        let mut line = self.line();
        line.id(self.account);
        line.id(UserId(tweet.id.0));
        line.plain(tweet.created_at);
        line.plain(Some(tweet.kind));
        line.text(tweet.lang.as_deref().unwrap_or_default());
        line.plain(Some(tweet.promoted));
        line.plain(tweet.deleted_at);
        line.plain(tweet.read_at);
        for metric in Metric::known() {
            line.plain(tweet.metrics.get(&metric.to_string()));
        }
        line.text(tweet.text.as_deref().unwrap_or_default());
        // The author's metrics of the row are of then, the public ones of `read_at`.
        line.plain(tweet.private_until);
        line.end()
    }

    /// The header row of the follower curve.
    pub fn series_head(&self) -> String {
        self.head(
            "account_id,at,interval,followers,gained,lost,gone,net,x_count,unexplained,covered,\
             partial,time_zone",
        )
    }

    /// A row of the curve. What was not observed is empty, which is not zero.
    pub fn point(&self, series: &Series, point: &Point) -> String {
        let mut line = self.line();
        line.id(self.account);
        line.plain(Some(point.at));
        line.plain(Some(series.interval));
        line.plain(point.followers);
        line.plain(point.gained);
        line.plain(point.lost);
        line.plain(point.gone);
        line.plain(point.net);
        line.plain(point.x_count);
        line.plain(point.unexplained);
        line.plain(Some(point.covered));
        line.plain(Some(point.partial));
        line.text(&series.tz);
        line.end()
    }
}

/// A row under way.
#[derive(Default)]
struct Line {
    excel: bool,
    text: String,
    begun: bool,
}

impl Line {
    /// A field as it is written.
    fn field(&mut self, written: &str) {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
        self.text.push_str(written);
    }

    /// A text that anyone may have written.
    fn text(&mut self, text: &str) {
        self.field(&cell(text));
    }

    /// A number, a time, a truth or one of our own words.
    fn plain(&mut self, value: Option<impl ToString>) {
        self.field(&value.map(|value| value.to_string()).unwrap_or_default());
    }

    fn id(&mut self, id: UserId) {
        let text = if self.excel { format!("=\"{id}\"") } else { id.to_string() };
        self.field(&quoted(&text));
    }

    fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }
}

/// A text that anyone may have written, as a cell: guarded, and quoted where it must be.
pub fn cell(text: &str) -> String {
    let guarded = guarded(text);
    let blank = |c: char| c.is_whitespace();
    let cut = guarded.contains([',', ';', '"', '\t', '\r', '\n'])
        || guarded.starts_with(blank)
        || guarded.ends_with(blank);
    if cut { quoted(&guarded) } else { guarded }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text in which no cell begins as a formula: see the module.
fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    // Where a cell may begin, in `out`; `None` behind something that is seen.
    let mut begin = Some(0);
    for c in text.chars().filter(|&c| c != '\0') {
        // Some readers cut a blank line or a tab off the front, and take what follows.
        let leads = out.is_empty() && matches!(c, '\t' | '\r' | '\n');
        if let Some(at) = begin.filter(|_| leads || signs(c)) {
            out.insert(at, '\'');
            begin = None;
        }
        out.push(c);
        if cuts(c) {
            begin = Some(out.len());
        } else if !passes(c) {
            begin = None;
        }
    }
    out
}

/// Whether a cell that begins with it is run: the four signs, and what Unicode says is compatible
/// with them (UnicodeData.txt, `<wide>`, `<small>`, `<super>`, `<sub>`, `<font>`), and the minus.
fn signs(c: char) -> bool {
    matches!(
        c,
        '=' | '\u{ff1d}' | '\u{fe66}' | '\u{207c}' | '\u{208c}' // equals
            | '+' | '\u{ff0b}' | '\u{fe62}' | '\u{207a}' | '\u{208a}' | '\u{fb29}' // plus
            | '-' | '\u{ff0d}' | '\u{fe63}' | '\u{207b}' | '\u{208b}' | '\u{2212}' // minus
            | '@' | '\u{ff20}' | '\u{fe6b}' // at
    )
}

/// Whether a reader may begin a cell behind it.
fn cuts(c: char) -> bool {
    matches!(c, ';' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a reader may not mind it at the beginning of a cell: blanks, quotes, and what has no
/// picture of its own (Unicode's `Default_Ignorable_Code_Point`, and controls).
fn passes(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '"' | '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests;
