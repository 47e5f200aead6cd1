//! The raw archive's files: gzip NDJSON, a line as X sent it. Owns: their names, their members,
//! what is taken out of them. Must not know: R2. Invariant: a file is gzip members side by side,
//! so that parts join without being read; what is purged leaves no trace but a smaller count.

use crate::live::hydrate::{Failures, hydrate};
use crate::live::ring::Purge;
use crate::time::UnixMs;
use flate2::write::{GzEncoder, MultiGzDecoder};
use flate2::{Compression, GzBuilder};
use serde_json::json;
use std::io::Write;

/// Largest part taken, unpacked: parts are closed at 8 MB packed, and NDJSON packs about 1 : 6.
const UNPACKED_MAX: usize = 96 * 1024 * 1024;

/// Why a part cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not gzip, or cut.
    #[error("it is not a whole gzip file: {0}")]
    Gzip(String),
    /// Far more than a part may hold.
    #[error("it unpacks to more than {UNPACKED_MAX} bytes")]
    TooLarge,
}

/// A part's name: when it begins. Colons would have to be escaped in paths.
pub fn name(began: UnixMs) -> String {
    began.rfc3339().replace([':', '.'], "-")
}

/// Whether a text looks like a part's name.
pub fn is_name(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 14 && text.bytes().all(|b| b.is_ascii_digit() || b"-TZ".contains(&b))
}

fn folder(began: UnixMs) -> String {
    let at = began.rfc3339();
    let part = |range| at.get(range).unwrap_or("00");
    format!("stream/{}/{}/{}/{}", part(0..4), part(5..7), part(8..10), part(11..13))
}

/// Where a part is kept: `stream/<yyyy>/<mm>/<dd>/<hh>/<name>.ndjson.gz`.
pub fn key(began: UnixMs) -> String {
    format!("{}/{}.ndjson.gz", folder(began), name(began))
}

/// Where its ids are kept once its texts are gone.
pub fn ids_key(began: UnixMs) -> String {
    format!("{}/{}.ids.json.gz", folder(began), name(began))
}

fn gzip() -> GzEncoder<Vec<u8>> {
    // No time and no system in the header: equal lines make equal bytes.
    GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::fast())
}

/// A gzip member being written, a line at a time.
#[derive(Debug)]
pub struct Member {
    gzip: GzEncoder<Vec<u8>>,
    count: u64,
}

/// A finished member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The member.
    pub bytes: Vec<u8>,
    /// Its lines.
    pub count: u64,
}

impl Default for Member {
    fn default() -> Self {
        Self { gzip: gzip(), count: 0 }
    }
}

impl Member {
    /// Takes a line as X sent it.
    pub fn push(&mut self, line: &[u8]) {
        // Writing into a Vec cannot fail.
        let _ = self.gzip.write_all(line);
        let _ = self.gzip.write_all(b"\n");
        self.count += 1;
    }

    /// Ends it.
    pub fn close(self) -> Closed {
        Closed { bytes: self.gzip.finish().unwrap_or_default(), count: self.count }
    }
}

/// A part's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    lines: Vec<String>,
    changed: bool,
}

impl Lines {
    /// Reads a part.
    ///
    /// # Errors
    /// It is damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let damage = |error: std::io::Error| Damage::Gzip(error.to_string());
        let mut decoder = MultiGzDecoder::new(Vec::new());
        for chunk in bytes.chunks(64 * 1024) {
            decoder.write_all(chunk).map_err(damage)?;
            if decoder.get_ref().len() > UNPACKED_MAX {
                return Err(Damage::TooLarge);
            }
        }
        let text = String::from_utf8_lossy(&decoder.finish().map_err(damage)?).into_owned();
        let lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Self { lines, changed: false })
    }

    /// Takes out what a purge names. A line whose place must go goes whole: what X sent is kept
    /// as X sent it, or not at all.
    pub fn purge(&mut self, what: &Purge) {
        let before = self.lines.len();
        self.lines.retain(|line| {
            let Ok(Some(clean)) = hydrate(line, None, &mut Failures::default()) else {
                return true;
            };
            !match *what {
                Purge::Tweet(tweet) => clean.id == tweet,
                Purge::User(user) => clean.author == Some(user),
                Purge::Place { user, up_to } => {
                    clean.author == Some(user) && clean.id <= up_to && clean.spot.is_some()
                }
            }
        });
        self.changed |= self.lines.len() < before;
    }

    /// Whether anything was taken out.
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.lines.len() as u64
    }

    /// As a file of one member.
    pub fn encode(&self) -> Vec<u8> {
        let mut member = Member::default();
        for line in &self.lines {
            member.push(line.as_bytes());
        }
        member.close().bytes
    }

    /// What remains when the texts go: `{"count":n,"ids":[…]}`, packed.
    pub fn ids(&self) -> Vec<u8> {
        let ids: Vec<String> = self
            .lines
            .iter()
            .filter_map(|line| hydrate(line, None, &mut Failures::default()).ok().flatten())
            .map(|clean| clean.id.to_string())
            .collect();
        let mut gzip = gzip();
        let _ = gzip.write_all(json!({"count": self.count(), "ids": ids}).to_string().as_bytes());
        gzip.finish().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{TweetId, UserId};

    fn line(id: u64, author: u64, placed: bool) -> String {
        let geo = if placed {
            r#","geo":{"coordinates":{"type":"Point","coordinates":[1,2]}}"#
        } else {
            ""
        };
        format!(r#"{{"data":{{"id":"{id}","author_id":"{author}","text":"é"{geo}}}}}"#)
    }

    fn part(lines: &[String]) -> Vec<u8> {
        // Two members: a part is made of several.
        let mut bytes = Vec::new();
        for lines in lines.chunks(2) {
            let mut member = Member::default();
            for line in lines {
                member.push(line.as_bytes());
            }
            bytes.extend(member.close().bytes);
        }
        bytes
    }

    /// The ids that are left after a purge.
    #[track_caller]
    fn check(purge: &Purge, expected: &[u64]) {
        let lines = [line(1, 7, false), line(2, 7, true), line(3, 8, true), line(4, 7, true)];
        let mut read = Lines::read(&part(&lines)).unwrap();
        read.purge(purge);
        let left: Vec<String> =
            expected.iter().map(|&id| lines[usize::try_from(id).unwrap() - 1].clone()).collect();
        assert_eq!(read.lines, left, "{purge:?}");
        assert_eq!(read.changed(), expected.len() < 4, "{purge:?}");
        assert_eq!(Lines::read(&read.encode()).unwrap().lines, left);
    }

    #[test]
    fn a_purge_takes_its_lines_and_no_others() {
        check(&Purge::Tweet(TweetId(3)), &[1, 2, 4]);
        check(&Purge::Tweet(TweetId(9)), &[1, 2, 3, 4]);
        check(&Purge::User(UserId(7)), &[3]);
        check(&Purge::Place { user: UserId(7), up_to: TweetId(3) }, &[1, 3, 4]);
    }

    #[test]
    fn ids_and_their_count_remain() {
        let bytes = Lines::read(&part(&[line(1, 7, false), line(2, 8, true)])).unwrap().ids();
        assert_eq!(Lines::read(&bytes).unwrap().lines, [r#"{"count":2,"ids":["1","2"]}"#]);
    }

    #[test]
    fn a_name_is_told_from_other_texts() {
        for began in [UnixMs(1_795_248_000_000), UnixMs(1_795_248_000_123)] {
            assert!(is_name(&name(began)), "{}", name(began));
        }
        for text in ["", "~", "2026", "2026-11-21T08:00:00Z", "nonsense"] {
            assert!(!is_name(text), "{text}");
        }
    }

    #[test]
    fn a_cut_part_is_refused() {
        let bytes = part(&[line(1, 7, false)]);
        let cut = bytes.get(..bytes.len() - 5).unwrap();
        assert!(matches!(Lines::read(cut), Err(Damage::Gzip(_))));
    }

    #[test]
    fn keys_are_by_hour() {
        let at = UnixMs::parse("2026-11-21T09:05:07.250Z").unwrap();
        assert_eq!(key(at), "stream/2026/11/21/09/2026-11-21T09-05-07-250Z.ndjson.gz");
    }
}
