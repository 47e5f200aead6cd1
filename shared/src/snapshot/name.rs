//! Names and keys of snapshots. Invariant: a name read from text and written again is the same
//! text (a `+` lost in a query put back, a download's name made plain again); names are ordered by
//! instant.

use super::saved;
use crate::api::SnapshotKind;
use crate::id::AccountId;
use crate::time::UnixMs;

const FOLLOWERS: &str = "FOLLOWERS_";
const TWEETS: &str = "TWEETS_";
/// What the names of each kind begin with.
pub(super) const KINDS: [(SnapshotKind, &str); 2] =
    [(SnapshotKind::Followers, FOLLOWERS), (SnapshotKind::Tweets, TWEETS)];
pub(super) const SUFFIX: &str = ".json.gz";
const FOLDER: &str = "snapshots/";
/// No RFC 3339 time makes a name longer than this, in bytes.
const NAME_MAX: usize = 80;

/// Why a text is no name or key of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a snapshot's name: FOLLOWERS_<time>.json.gz (or TWEETS_…) with an RFC 3339 \
     time is expected, e.g. FOLLOWERS_2026-11-21T08:00:00Z.json.gz (`_` or `-` may stand for `:`)"
)]
pub struct BadName {
    /// The text as given, cut to 120 characters.
    pub text: String,
}

impl BadName {
    fn new(text: &str) -> Self {
        Self { text: crate::text::cut(text, 120) }
    }
}

/// The name of a snapshot's file. Ordered by instant, then kind, then text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    at: UnixMs,
    kind: SnapshotKind,
    text: String,
}

impl Name {
    /// Reads a file name: any RFC 3339 time; a space where `+` stood is mended, and so is what
    /// browsers and file systems make of the name of a download (`T00_00_00Z`, ` (1)`).
    ///
    /// # Errors
    /// [`BadName`] for anything else, or a plain name of over 80 bytes.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let saved = || saved::plain(text).and_then(|plain| Self::read(&plain));
        Self::read(text).or_else(saved).ok_or_else(|| BadName::new(text))
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, prefix) = KINDS.into_iter().find(|(_, prefix)| text.starts_with(prefix))?;
        let stamp = text.strip_prefix(prefix)?.strip_suffix(SUFFIX)?;
        let plain = |b: u8| b.is_ascii_digit() || b"TtZz:.+- ".contains(&b);
        if text.len() > NAME_MAX || !stamp.bytes().all(plain) {
            return None;
        }
        let stamp = match stamp.rfind(' ') {
            // Only a zone's sign stands behind the date.
            Some(at) if at > 10 => format!("{}+{}", stamp.get(..at)?, stamp.get(at + 1..)?),
            _ => stamp.to_owned(),
        };
        let at = UnixMs::parse(&stamp)?;
        Some(Self { at, kind, text: format!("{prefix}{stamp}{SUFFIX}") })
    }

    /// The name Roost gives a list of followers: the instant's whole second, in UTC.
    pub fn followers(at: UnixMs) -> Self {
        let at = at.floor_second();
        let text = format!("{FOLLOWERS}{}{SUFFIX}", at.rfc3339());
        Self { at, kind: SnapshotKind::Followers, text }
    }

    /// The same of a file of tweets.
    pub fn tweets(at: UnixMs) -> Self {
        let at = at.floor_second();
        let text = format!("{TWEETS}{}{SUFFIX}", at.rfc3339());
        Self { at, kind: SnapshotKind::Tweets, text }
    }

    /// What the file lists.
    pub fn kind(&self) -> SnapshotKind {
        self.kind
    }

    /// The instant its name says.
    pub fn at(&self) -> UnixMs {
        self.at
    }

    /// The timestamp as written in the name: the key in exports, the front of event ids.
    pub fn stamp(&self) -> &str {
        let stem = self.stem();
        stem.split_once('_').map_or(stem, |(_, stamp)| stamp)
    }

    /// The file name, plain.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn stem(&self) -> &str {
        self.text.strip_suffix(SUFFIX).unwrap_or(&self.text)
    }
}

/// Where the snapshot lies in the bucket: `snapshots/<account>/<name>`.
pub fn key(account: AccountId, name: &Name) -> String {
    format!("{FOLDER}{account}/{}", name.as_str())
}

/// Where its packed ids lie ([`crate::roster`]).
pub fn roster_key(account: AccountId, name: &Name) -> String {
    format!("{FOLDER}{account}/{}.roster", name.stem())
}

/// Where its packed handles lie ([`crate::handles`]).
pub fn handles_key(account: AccountId, name: &Name) -> String {
    format!("{FOLDER}{account}/{}.handles", name.stem())
}

/// Reads a snapshot's key.
///
/// # Errors
/// [`BadName`] for other keys, those of packed ids and handles among them.
pub fn parse_key(key: &str) -> Result<(AccountId, Name), BadName> {
    key.strip_prefix(FOLDER)
        .and_then(|rest| rest.split_once('/'))
        .and_then(|(account, name)| Some((account.parse().ok()?, Name::read(name)?)))
        .ok_or_else(|| BadName::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    #[track_caller]
    fn check(text: &str, stamp: &str, at: &str) {
        let name = Name::parse(text).unwrap();
        assert_eq!((name.stamp(), name.at().rfc3339().as_str()), (stamp, at), "{text}");
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn any_rfc3339_time_is_kept_verbatim() {
        check(
            "FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
            "2026-11-21T08:00:00Z",
            "2026-11-21T08:00:00Z",
        );
        check(
            "FOLLOWERS_2021-01-06T18:40:40.123456+00:00.json.gz",
            "2021-01-06T18:40:40.123456+00:00",
            "2021-01-06T18:40:40.123Z",
        );
        check(
            "TWEETS_2021-01-06T23:40:40-05:30.json.gz",
            "2021-01-06T23:40:40-05:30",
            "2021-01-07T05:10:40Z",
        );
    }

    #[test]
    fn a_plus_lost_in_a_query_is_put_back() {
        check(
            "FOLLOWERS_2021-01-06T18:40:40.123456 00:00.json.gz",
            "2021-01-06T18:40:40.123456+00:00",
            "2021-01-06T18:40:40.123Z",
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("FOLLOWERS_2021-01-06T18:40:40.{}Z.json.gz", "0".repeat(60));
        for text in [
            "",
            "FOLLOWERS_.json.gz",
            "FOLLOWERS_2021-01-06.json.gz",
            "FOLLOWERS_2021-01-06T18:40:40Z.json",
            "FOLLOWERS_2021-01-06T18:40:40Z.roster",
            "followers_2021-01-06T18:40:40Z.json.gz",
            "a/FOLLOWERS_2021-01-06T18:40:40Z.json.gz",
            "FOLLOWERS_../2021-01-06T18:40:40Z.json.gz",
            "FOLLOWERS_2021-13-06T18:40:40Z.json.gz",
            long.as_str(),
        ] {
            assert_eq!(Name::parse(text), Err(BadName::new(text)));
        }
    }

    #[test]
    fn names_are_ordered_by_instant() {
        let name = |stamp| Name::parse(&format!("FOLLOWERS_{stamp}.json.gz")).unwrap();
        assert!(name("2026-01-01T05:00:00+05:00") < name("2026-01-01T00:00:01Z"));
        assert!(name("2026-01-01T00:00:00Z") < name("2025-12-31T23:00:01-01:00"));
    }

    #[test]
    fn a_key_names_account_and_file() {
        let name = Name::followers(UnixMs(1_795_248_000_999));
        assert_eq!(name.as_str(), "FOLLOWERS_2026-11-21T08:00:00Z.json.gz");
        let key = key(UserId(12), &name);
        assert_eq!(key, "snapshots/12/FOLLOWERS_2026-11-21T08:00:00Z.json.gz");
        assert_eq!(parse_key(&key), Ok((UserId(12), name.clone())));
        assert_eq!(
            roster_key(UserId(12), &name),
            "snapshots/12/FOLLOWERS_2026-11-21T08:00:00Z.roster"
        );
        assert_eq!(
            handles_key(UserId(12), &name),
            "snapshots/12/FOLLOWERS_2026-11-21T08:00:00Z.handles"
        );
    }

    #[test]
    fn other_keys_are_refused() {
        for key in [
            "FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
            "snapshots/FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
            "snapshots/x/FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
            "snapshots/12/x/FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
            "snapshots/12/FOLLOWERS_2026-11-21T08:00:00Z.roster",
            "stream/12/FOLLOWERS_2026-11-21T08:00:00Z.json.gz",
        ] {
            assert!(parse_key(key).is_err(), "{key}");
        }
    }
}
