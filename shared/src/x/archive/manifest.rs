//! `data/manifest.js`: whose archive, of when, and what must be in it. Invariant: what it states
//! oddly it does not state.

use super::entries::payload;
use super::layout::Part;
use super::values::{id, list, text, whole};
use crate::id::AccountId;
use crate::time::UnixMs;
use serde_json::Value;

/// Whose archive, of when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The account.
    pub account: AccountId,
    /// Its handle at that time, without `@`; empty where it is not told.
    pub username: String,
    /// When X made the archive.
    pub made: UnixMs,
    /// Whether X says that this zip is one of several that make the archive.
    pub partial: bool,
    /// The files X says there are.
    pub(super) stated: Vec<Stated>,
}

/// A file as the manifest states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) part: Part,
    /// Without folders, in lower case.
    pub(super) name: String,
    /// How many entries are in it.
    pub(super) count: Option<u64>,
}

/// Why a manifest cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoManifest {
    /// It is not `window.__THAR_CONFIG = {…}`.
    #[error("its data are not what X writes")]
    NoData,
    /// It does not name the account.
    #[error("it does not say whose archive this is")]
    NoAccount,
    /// It does not say when the archive was made, or a year before X was.
    #[error("it does not say when the archive was made")]
    NoDate,
}

/// X's first day, 21 March 2006: nothing of X's is older.
const FIRST_DAY: UnixMs = UnixMs(1_142_899_200_000);

impl Manifest {
    /// Reads the script.
    ///
    /// # Errors
    /// What it does not say.
    pub fn read(script: &str, parse: &dyn Fn(&str) -> Option<Value>) -> Result<Self, NoManifest> {
        let json = payload(script).ok_or(NoManifest::NoData)?;
        let json = json.trim_end().trim_end_matches(';');
        let raw = parse(json).filter(Value::is_object).ok_or(NoManifest::NoData)?;
        let none = Value::Null;
        let part = |name: &str| raw.get(name).unwrap_or(&none);
        let (user, info) = (part("userInfo"), part("archiveInfo"));
        let made = text(info, &["generationDate"]).and_then(UnixMs::parse);
        Ok(Self {
            account: id(user, &["accountId"]).ok_or(NoManifest::NoAccount)?,
            username: text(user, &["userName"])
                .filter(|name| is_handle(name))
                .unwrap_or_default()
                .to_owned(),
            made: made.filter(|made| *made >= FIRST_DAY).ok_or(NoManifest::NoDate)?,
            partial: matches!(info.get("isPartialArchive"), Some(Value::Bool(true)))
                || text(info, &["isPartialArchive"]) == Some("true"),
            stated: stated(part("dataTypes")),
        })
    }

    /// The files of a part that X says there are.
    pub(super) fn stated(&self, part: Part) -> impl Iterator<Item = &Stated> {
        self.stated.iter().filter(move |file| file.part == part)
    }
}

/// Handles have up to 15 characters; some of the first years have up to 20.
fn is_handle(name: &str) -> bool {
    name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn stated(types: &Value) -> Vec<Stated> {
    let names = [
        (Part::Follower, "follower"),
        (Part::Tweets, "tweets"),
        (Part::Tweets, "tweet"),
        (Part::Notes, "noteTweet"),
    ];
    let none = Value::Null;
    let of = |(part, name): (Part, &str)| {
        let files = list(types.get(name).unwrap_or(&none), &["files"]);
        let file = move |file: &Value| {
            let name = text(file, &["fileName"])?.rsplit(['/', '\\']).next()?.to_lowercase();
            Some(Stated { part, name, count: file.get("count").and_then(whole) })
        };
        files.iter().filter_map(file).collect::<Vec<_>>()
    };
    names.into_iter().flat_map(of).collect()
}
