//! `TWEETS_` files and the seed's `STATS_TWEETS` file. Owns: what is taken from a tweet, how it is
//! packed, how files are folded into one. Must not know: where files are kept. Invariant: what a
//! file says of a tweet is kept as X wrote it; the last file that names a tweet names its text.

use crate::id::TweetId;
use crate::tweet::split;
use flate2::Compression;
use flate2::write::{DeflateEncoder, MultiGzDecoder};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::Write;

/// Largest file taken, unpacked: 3,200 tweets with every field X has are under 20 MB.
const JSON_MAX: usize = 32 * 1024 * 1024;
/// Compressed bytes unpacked at a time: a thousandfold they are within the limit.
const PIECE_BYTES: usize = 4 * 1024;
/// By so much the room for what is unpacked grows: doubling would take twice what it holds.
const ROOM_BYTES: usize = 4 * 1024 * 1024;
/// First byte of the packed form.
const VERSION: u8 = 1;
/// The metrics a file says of a tweet, in the seed's order.
const METRICS: [&str; 4] =
    ["promoted_metrics", "public_metrics", "non_public_metrics", "organic_metrics"];

/// Why a file or its packed form cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not gzip, or cut.
    #[error("it is not a whole gzip file: {0}")]
    Gzip(String),
    /// More than any account's tweets.
    #[error("it unpacks to more than {JSON_MAX} bytes")]
    TooLarge,
    /// Text of two bytes a character.
    #[error(
        "its text is UTF-16 (PowerShell writes that by itself); save it as UTF-8, compress it and \
         put it again"
    )]
    Utf16,
    /// Not the seed's shape.
    #[error("it is not {{\"promoted\":[…],\"unpromoted\":[…]}}: {0}")]
    Json(String),
    /// Our own packed form is broken.
    #[error("packed tweets are damaged; replay makes them again")]
    Packed,
}

/// Collects a file's JSON from its compressed bytes.
pub struct Gunzip {
    decoder: MultiGzDecoder<Limited>,
}

/// At most [`JSON_MAX`] bytes.
#[derive(Default)]
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > JSON_MAX {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        }
        if self.0.capacity() < self.0.len() + bytes.len() {
            self.0.reserve_exact(ROOM_BYTES.max(bytes.len()));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn gzip(error: &std::io::Error) -> Damage {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Damage::TooLarge,
        _ => Damage::Gzip(error.to_string()),
    }
}

impl Gunzip {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Limited::default()) }
    }

    /// Takes more compressed bytes.
    ///
    /// # Errors
    /// They are no gzip, or unpack to too much.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        bytes
            .chunks(PIECE_BYTES)
            .try_for_each(|piece| self.decoder.write_all(piece))
            .map_err(|error| gzip(&error))
    }

    /// The JSON.
    ///
    /// # Errors
    /// The file ended early.
    pub fn finish(self) -> Result<Vec<u8>, Damage> {
        let Limited(json) = self.decoder.finish().map_err(|error| gzip(&error))?;
        if json.is_empty() { Err(Damage::Gzip("it is empty".to_owned())) } else { Ok(json) }
    }
}

impl Default for Gunzip {
    fn default() -> Self {
        Self::new()
    }
}

/// What one file says of one tweet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The tweet.
    pub id: TweetId,
    /// Its text as JSON, `null` where the file has none.
    pub text: String,
    /// When it was written, as JSON, `null` where the file does not say.
    pub created_at: String,
    /// The four groups of metrics as one JSON object, `null` for a group that is absent.
    pub stats: String,
}

/// What the readable entries of a file say, promoted, then unpromoted, as the seed reads them: of a
/// tweet that several of them name, the last one's word counts.
///
/// # Errors
/// [`Damage::Json`] where it has not the seed's shape; [`Damage::Utf16`].
pub fn parse(json: &[u8]) -> Result<Vec<Sight>, Damage> {
    let entries = split(json)?.into_iter();
    Ok(entries.filter_map(|entry| sight(entry.id?, entry.raw.get())).collect())
}

fn sight(id: TweetId, raw: &str) -> Option<Sight> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
    let field = |name: &str| fields.get(name).map_or("null", |value| value.get());
    let metrics: Vec<String> =
        METRICS.iter().map(|name| format!("\"{name}\":{}", field(name))).collect();
    Some(Sight {
        id,
        text: field("text").to_owned(),
        created_at: field("created_at").to_owned(),
        stats: format!("{{{}}}", metrics.join(",")),
    })
}

/// Packs a file's sights: version, then deflated fields, each with its length before it.
pub fn pack(sights: &[Sight]) -> Vec<u8> {
    let mut plain = Vec::new();
    for sight in sights {
        plain.extend(sight.id.0.to_le_bytes());
        for field in [&sight.text, &sight.created_at, &sight.stats] {
            plain.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
            plain.extend(field.as_bytes());
        }
    }
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::new(3));
    // Writing to a Vec cannot fail.
    encoder.write_all(&plain).ok();
    encoder.finish().unwrap_or_default()
}

/// Reads what [`pack`] wrote.
///
/// # Errors
/// [`Damage::Packed`].
pub fn unpack(bytes: &[u8]) -> Result<Vec<Sight>, Damage> {
    let Some((&VERSION, deflated)) = bytes.split_first() else { return Err(Damage::Packed) };
    let mut decoder = flate2::write::DeflateDecoder::new(Vec::new());
    decoder.write_all(deflated).map_err(|_| Damage::Packed)?;
    let plain = decoder.finish().map_err(|_| Damage::Packed)?;
    let mut rest = plain.as_slice();
    let mut sights = Vec::new();
    while !rest.is_empty() {
        let (id, after) = rest.split_first_chunk::<8>().ok_or(Damage::Packed)?;
        rest = after;
        let mut field = || -> Result<String, Damage> {
            let (length, after) = rest.split_first_chunk::<4>().ok_or(Damage::Packed)?;
            let length = u32::from_le_bytes(*length) as usize;
            let (text, after) = after.split_at_checked(length).ok_or(Damage::Packed)?;
            rest = after;
            String::from_utf8(text.to_vec()).map_err(|_| Damage::Packed)
        };
        sights.push(Sight {
            id: TweetId(u64::from_le_bytes(*id)),
            text: field()?,
            created_at: field()?,
            stats: field()?,
        });
    }
    Ok(sights)
}

/// Writes the seed's `STATS_TWEETS` file for some tweets at a time, in id order:
/// `{"<id>":{"text":…,"created_at":…,"stats":{"<stamp>":{…}}}}`.
#[derive(Default)]
pub struct StatsTweets {
    tweets: BTreeMap<TweetId, Told>,
    out: Vec<u8>,
    written: bool,
}

#[derive(Default)]
struct Told {
    text: String,
    created_at: String,
    stats: Vec<(String, String)>,
}

impl StatsTweets {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the file of `stamp` says of a tweet; files come in order. A tweet twice in one
    /// file counts as it was said last, as in the seed.
    pub fn saw(&mut self, stamp: &str, sight: Sight) {
        let told = self.tweets.entry(sight.id).or_default();
        told.text = sight.text;
        told.created_at = sight.created_at;
        match told.stats.last_mut() {
            Some((last, stats)) if last == stamp => *stats = sight.stats,
            _ => told.stats.push((stamp.to_owned(), sight.stats)),
        }
    }

    /// Writes out the tweets taken so far; later ones must have greater ids.
    pub fn flush(&mut self) {
        for (id, told) in std::mem::take(&mut self.tweets) {
            let before = if self.written { "," } else { "{" };
            self.written = true;
            let stats: Vec<String> = told
                .stats
                .iter()
                .map(|(stamp, stats)| {
                    format!("{}:{stats}", serde_json::Value::from(stamp.as_str()))
                })
                .collect();
            let tweet = format!(
                "{before}\"{id}\":{{\"text\":{},\"created_at\":{},\"stats\":{{{}}}}}",
                told.text,
                told.created_at,
                stats.join(",")
            );
            self.out.extend_from_slice(tweet.as_bytes());
        }
    }

    /// The bytes ready so far.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The last bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out.extend_from_slice(if self.written { b"}" } else { b"{}" });
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn file(promoted: &Value, unpromoted: &Value) -> Vec<u8> {
        json!({"promoted": promoted, "unpromoted": unpromoted}).to_string().into_bytes()
    }

    fn stats(files: &[(&str, Vec<u8>)]) -> Value {
        let mut stats = StatsTweets::new();
        for (stamp, json) in files {
            let packed = pack(&parse(json).unwrap());
            for sight in unpack(&packed).unwrap() {
                stats.saw(stamp, sight);
            }
        }
        serde_json::from_slice(&stats.finish()).unwrap()
    }

    #[test]
    fn metrics_are_gathered_by_timestamp() {
        let tweet = |likes: u32| {
            json!([{"id": "7", "text": "é\"", "created_at": "2026-01-01T00:00:00.000Z",
                    "public_metrics": {"like_count": likes}}])
        };
        let files = [("t1", file(&json!([]), &tweet(1))), ("t2", file(&json!([]), &tweet(2)))];
        let metrics = |likes: u32| {
            json!({"promoted_metrics": null, "public_metrics": {"like_count": likes},
                   "non_public_metrics": null, "organic_metrics": null})
        };
        let expected = json!({"7": {"text": "é\"", "created_at": "2026-01-01T00:00:00.000Z",
            "stats": {"t1": metrics(1), "t2": metrics(2)}}});
        assert_eq!(stats(&files), expected);
    }

    #[test]
    fn a_tweet_in_both_lists_counts_as_said_last() {
        let tweet = |text: &str| json!([{"id": "7", "text": text}]);
        let stats = stats(&[("t1", file(&tweet("promoted"), &tweet("unpromoted")))]);
        assert_eq!(stats["7"]["text"], "unpromoted");
    }

    #[test]
    fn no_file_is_an_empty_object() {
        assert_eq!(stats(&[]), json!({}));
    }

    #[test]
    fn entries_without_an_id_are_left_out() {
        let sights = parse(&file(&json!([{"text": "?"}, 3]), &json!([{"id": "9"}]))).unwrap();
        assert_eq!(sights.iter().map(|sight| sight.id.0).collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn a_file_that_unpacks_to_too_much_is_refused_while_it_is_read() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
        gz.write_all(&vec![b' '; JSON_MAX + 1]).unwrap();
        let bytes = gz.finish().unwrap();
        let mut gunzip = Gunzip::new();
        let pushed = gunzip.push(&bytes).and_then(|()| gunzip.finish());
        assert_eq!(pushed, Err(Damage::TooLarge));
    }

    #[test]
    fn other_shapes_are_refused() {
        for json in ["[]", "{}", "{\"promoted\":[]}", "nonsense", ""] {
            assert!(matches!(parse(json.as_bytes()), Err(Damage::Json(_))), "{json}");
        }
    }

    #[test]
    fn a_cut_pack_is_damage() {
        let packed = pack(&parse(&file(&json!([]), &json!([{"id": "9"}]))).unwrap());
        for end in 0..packed.len() - 1 {
            let cut = unpack(packed.get(..end).unwrap());
            assert!(cut.as_ref().map_or(true, Vec::is_empty), "{end}: {cut:?}");
        }
    }
}
