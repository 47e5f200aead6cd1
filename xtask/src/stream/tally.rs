//! What a stream brought. Owns: the counts and their words. Must not know: sockets, clocks.
//! Invariant: every frame is counted as exactly one of tweet, notice, keep-alive, malformed.

use shared::stream::disconnect::Disconnect;
use shared::stream::frames::{Frame, Frames};
use shared::stream::message::{self, Message};
use shared::stream::notice::Notice;
use std::collections::BTreeMap;

/// Counts so far.
#[derive(Default)]
pub(super) struct Tally {
    frames: Frames,
    /// Tweets.
    pub(super) tweets: u64,
    /// Empty lines.
    pub(super) keep_alives: u64,
    /// Lines that are none of X's.
    pub(super) malformed: u64,
    /// Bytes as they came, without HTTP's own.
    pub(super) bytes: u64,
    /// Notices by kind.
    notices: BTreeMap<&'static str, u64>,
    /// X said that it closes the stream.
    pub(super) disconnect: Option<Disconnect>,
}

impl Tally {
    /// Takes the next bytes; `tell` gets each notice in words, and with `print` each message.
    pub(super) fn take(&mut self, bytes: &[u8], print: bool, tell: &mut dyn FnMut(&str)) {
        let mut frames = std::mem::take(&mut self.frames);
        self.bytes += bytes.len() as u64;
        frames.push(bytes, &mut |frame| match frame {
            Frame::KeepAlive => self.keep_alives += 1,
            Frame::TooLong { bytes } => {
                self.malformed += 1;
                tell(&format!("malformed: a line of {bytes} bytes"));
            }
            Frame::Message(line) => self.message(line, print, tell),
        });
        self.frames = frames;
    }

    fn message(&mut self, line: &[u8], print: bool, tell: &mut dyn FnMut(&str)) {
        match message::read(line) {
            Message::Post(post) => {
                self.tweets += 1;
                if print {
                    tell(&text_of(post.json));
                }
            }
            Message::Notices(notices) => {
                for notice in &notices {
                    *self.notices.entry(notice.about()).or_default() += 1;
                    if let Notice::Disconnect(said) = notice {
                        self.disconnect = Some(said.clone());
                    }
                    tell(&format!("notice: {}", notice.text()));
                }
                if print {
                    tell(&String::from_utf8_lossy(line));
                }
            }
            Message::Unreadable(why) => {
                self.malformed += 1;
                tell(&format!("malformed: {why}"));
            }
        }
    }

    /// One line: `120 tweets (12.0/s, 180 kB), 0 keep-alives, 0 malformed; notices: 1 limit`.
    #[allow(clippy::cast_precision_loss, reason = "counts of seconds' worth of tweets")]
    pub(super) fn line(&self, seconds: f64) -> String {
        let rate = self.tweets as f64 / seconds.max(0.001);
        let words: Vec<_> =
            self.notices.iter().map(|(about, count)| format!("{count} {about}")).collect();
        let notices = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        format!(
            "{} tweets ({rate:.1}/s, {} kB), {} keep-alives, {} malformed; notices: {notices}",
            self.tweets,
            self.bytes / 1_000,
            self.keep_alives,
            self.malformed,
        )
    }
}

/// A tweet's text on one line, whole where X sent a long one.
fn text_of(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let places =
        ["/data/note_tweet/text", "/data/text", "/extended_tweet/full_text", "/full_text", "/text"];
    let found = places.iter().find_map(|place| value.pointer(place)?.as_str());
    found.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = concat!(
        r#"{"data":{"id":"1","text":"one\ntwo"}}"#,
        "\r\n\r\n",
        r#"{"id_str":"2","text":"cut…","extended_tweet":{"full_text":"all of it"},"user":{}}"#,
        "\r\n",
        r#"{"limit":{"track":5,"timestamp_ms":"1443095140794"}}"#,
        "\r\n12\r\n",
        r#"{"disconnect":{"code":4,"stream_name":"s","reason":"stall"}}"#,
        "\r\n",
    );

    /// Everything that is told of the stream, in parts of so many bytes.
    fn told(size: usize, print: bool) -> (Tally, Vec<String>) {
        let (mut tally, mut lines) = (Tally::default(), Vec::new());
        for part in STREAM.as_bytes().chunks(size) {
            tally.take(part, print, &mut |line| lines.push(line.to_owned()));
        }
        (tally, lines)
    }

    #[test]
    fn every_frame_is_counted_once_however_it_is_split() {
        for size in [1, 7, 10_000] {
            let (tally, lines) = told(size, false);
            assert_eq!((tally.tweets, tally.keep_alives, tally.malformed), (2, 1, 1), "{size}");
            let line = tally.line(2.0);
            assert!(line.starts_with("2 tweets (1.0/s, 0 kB), 1 keep-alives"), "{line}");
            assert!(line.ends_with("notices: 1 disconnect, 1 limit"), "{line}");
            assert_eq!(lines.len(), 3, "{lines:?}");
            assert_eq!(tally.disconnect.unwrap().code, Some(4));
        }
    }

    #[test]
    fn printed_tweets_are_their_whole_text_on_one_line() {
        let (_, lines) = told(10_000, true);
        assert_eq!(lines[..2], ["one two", "all of it"]);
        assert!(lines.contains(&r#"{"limit":{"track":5,"timestamp_ms":"1443095140794"}}"#.into()));
    }
}
