//! X's own export of an account ("Your archive"). Owns: which of its files are read, and what they
//! become here: a saved list of followers, a list of those the account follows, a file of tweets.
//! Must not know: how a zip is opened, or a browser. Invariant: of an archive nothing is read but
//! the files named by [`Part`]: messages, addresses and telephone numbers stay where they are.
//!
//! The files are scripts, `window.YTD.<name>.part<N> = [ … ]`; long lists come in several
//! (community-archive's `docs/archive_data.md`; archives of 2019 to 2025 have the same shape).

mod lists;
#[cfg(test)]
mod tests;
mod tweets;

pub use lists::{People, PeopleFile};
pub use tweets::{TWEETS_MAX, Tweets, TweetsFile};

use crate::id::AccountId;
use crate::time::UnixMs;
use serde::Deserialize;

/// A file of the archive that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whose archive it is, and of when.
    Manifest,
    /// Who follows.
    Follower,
    /// Whom they follow.
    Following,
    /// What they wrote.
    Tweets,
}

impl Part {
    /// What a file of this path in the archive holds; `None`: it stays unread. Older archives have
    /// `tweet.js`, some lie in a folder of the archive's name, long lists have `-part1` and so on.
    pub fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/')?;
        if folder != "data" && !folder.ends_with("/data") {
            return None;
        }
        let stem = name.strip_suffix(".js")?;
        let stem = match stem.rsplit_once("-part") {
            Some((stem, number)) if number.bytes().all(|b| b.is_ascii_digit()) => stem,
            _ => stem,
        };
        match stem {
            "manifest" => Some(Self::Manifest),
            "follower" => Some(Self::Follower),
            "following" => Some(Self::Following),
            "tweets" | "tweet" => Some(Self::Tweets),
            _ => None,
        }
    }
}

/// Why a file of an archive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no `=`, behind which X puts the data.
    #[error("there is no `window.… =` in front of its data")]
    NoData,
    /// The manifest does not name the account.
    #[error("it does not say whose archive this is")]
    NoAccount,
    /// The manifest does not say when the archive was made.
    #[error("it does not say when the archive was made")]
    NoDate,
}

/// The JSON behind a script's first `=`, whatever stands around it. Whoever has it parsed (a
/// browser does that best itself) reads it as [`ManifestFile`], [`PeopleFile`] or [`TweetsFile`].
///
/// # Errors
/// [`Unreadable::NoData`].
pub fn payload(script: &str) -> Result<&str, Unreadable> {
    let (_, json) = script.split_once('=').ok_or(Unreadable::NoData)?;
    Ok(json.trim().trim_end_matches(';').trim_end())
}

/// `data/manifest.js`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManifestFile {
    user_info: User,
    archive_info: Archive,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct User {
    account_id: String,
    user_name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Archive {
    generation_date: String,
}

/// Whose archive, of when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The account.
    pub account: AccountId,
    /// Its handle at that time, without `@`.
    pub username: String,
    /// When X made the archive.
    pub made: UnixMs,
}

impl ManifestFile {
    /// What it says.
    ///
    /// # Errors
    /// What it does not say.
    pub fn manifest(self) -> Result<Manifest, Unreadable> {
        Ok(Manifest {
            account: self.user_info.account_id.parse().map_err(|_| Unreadable::NoAccount)?,
            username: self.user_info.user_name,
            made: UnixMs::parse(&self.archive_info.generation_date).ok_or(Unreadable::NoDate)?,
        })
    }
}
