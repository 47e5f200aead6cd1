//! What a look-up asks and what its answer says of each key. Owns: keys and classes. Must not
//! know: batches, or money. Invariant: a key has one class or none; what was not asked is ignored.

use crate::api::words;
use crate::id::UserId;
use crate::x::page::{Lookup as Answer, LookupError};
use crate::x::user::Profile;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// How people are named.
    By {
        /// By their ids.
        Ids = "ids",
        /// By their handles.
        Usernames = "usernames",
    }

    /// What X says of someone.
    Class {
        /// It shows them.
        Found = "found",
        /// They are suspended.
        Suspended = "suspended",
        /// It knows nobody of that id or handle.
        Missing = "missing",
        /// It does not show them to these keys.
        Protected = "protected",
        /// It could not be asked, or did not say.
        Failed = "failed",
    }
}

impl By {
    /// X's path and the parameter its keys go into.
    pub fn endpoint(self) -> (&'static str, &'static str) {
        match self {
            Self::Ids => ("/2/users", "ids"),
            Self::Usernames => ("/2/users/by", "usernames"),
        }
    }

    /// A key as X takes it, `None` if it is none. Handles are one whatever their case.
    fn key(self, text: &str) -> Option<String> {
        let text = text.trim();
        match self {
            Self::Ids => text.parse::<UserId>().ok().map(|id| id.to_string()),
            Self::Usernames => {
                let name = text.trim_start_matches('@');
                let fine = (1..=15).contains(&name.len())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                fine.then(|| name.to_ascii_lowercase())
            }
        }
    }
}

/// What X said of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// As asked.
    pub key: String,
    /// What it is.
    pub class: Class,
    /// Who it is, where X shows them.
    pub id: Option<UserId>,
    /// The profile as X wrote it, where X shows one.
    pub raw: Option<String>,
}

/// Distinct keys in order of their first mention.
///
/// # Errors
/// The first that is no key, cut to 40 characters.
pub fn keys(by: By, texts: &[String]) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    let mut keys = Vec::with_capacity(texts.len());
    for text in texts {
        let key = by.key(text).ok_or_else(|| text.chars().take(40).collect::<String>())?;
        if seen.insert(key.clone()) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// What an answer says of the keys asked; those it says nothing of are left out, and why is told.
pub fn sort(by: By, keys: &[String], answer: Answer) -> (Vec<Told>, String) {
    let mut said: BTreeMap<String, (Class, Option<UserId>, Option<String>)> = BTreeMap::new();
    let mut odd = None;
    for error in &answer.errors {
        match (by.key(&error.value), class(error)) {
            (Some(key), Some(class)) => drop(said.insert(key, (class, None, None))),
            _ => odd = odd.or_else(|| Some(format!("{}: {}", error.title, error.detail))),
        }
    }
    // Whom X shows is found, whatever else it says of them.
    for user in answer.users {
        let key = match by {
            By::Ids => Some(user.id.to_string()),
            By::Usernames => Profile::from_raw(&user.raw).and_then(|p| by.key(&p.person.username)),
        };
        if let Some(key) = key {
            said.insert(key, (Class::Found, Some(user.id), Some(user.raw)));
        }
    }
    let told = keys.iter().filter_map(|key| {
        let (class, id, raw) = said.remove(key)?;
        Some(Told { key: key.clone(), class, id, raw })
    });
    let why = odd.unwrap_or_else(|| "X left people out without a word".to_owned());
    (told.collect(), why)
}

/// What an error of X means for whom it is about; problem types are as docs.x.com lists them,
/// suspensions are told by their words alone.
fn class(error: &LookupError) -> Option<Class> {
    match error.kind.as_str() {
        _ if error.detail.contains("suspended") => Some(Class::Suspended),
        "resource-not-found" | "resource-unavailable" => Some(Class::Missing),
        "not-authorized-for-resource" => Some(Class::Protected),
        _ => None,
    }
}
