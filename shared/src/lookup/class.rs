//! What a look-up asks and what its answer says of each key. Owns: keys and classes. Must not
//! know: batches, or money. Invariant: a key has one class or none; what was not asked is ignored.

use super::name::person;
use crate::api::words;
use crate::id::UserId;
use crate::text::cut;
use crate::x::page::{Lookup as Answer, LookupError};
use crate::x::user::Profile;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a text that names nobody, as its owner is shown it.
const UNREAD_MAX_CHARS: usize = 80;
/// Texts that name nobody which are told one by one.
const UNREAD_NAMED: usize = 20;
/// What opens something quoted, and what closes it; a handle ends where its letters do.
const QUOTES: [(char, Option<char>); 6] = [
    ('[', Some(']')),
    ('(', Some(')')),
    ('`', Some('`')),
    ('"', Some('"')),
    ('“', Some('”')),
    ('@', None),
];

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

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its place among the texts, from 0.
    pub index: usize,
    /// The text, cut to 80 characters.
    pub text: String,
}

/// Distinct keys in order and in the spelling of their first mention.
///
/// # Errors
/// All that name nobody in this way: nobody is asked for before its owner saw them.
pub fn keys(by: By, texts: &[String]) -> Result<Vec<String>, Vec<Unread>> {
    let mut seen = BTreeSet::new();
    let mut keys = Vec::with_capacity(texts.len());
    let mut unread = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match by.key(text) {
            Some(key) if seen.insert(by.folded(&key)) => keys.push(key),
            Some(_) => {}
            None => unread.push(Unread { index, text: cut(text, UNREAD_MAX_CHARS) }),
        }
    }
    if unread.is_empty() { Ok(keys) } else { Err(unread) }
}

/// What to say of texts that name nobody, the first of them by their place and their words.
pub fn refusal(by: By, unread: &[Unread]) -> String {
    let expected = match by {
        By::Ids => "ids of 1 to 19 digits, or links to X that hold one,",
        By::Usernames => "handles of 1 to 15 letters, digits or _, or links to a profile at X,",
    };
    let told = |one: &Unread| {
        let other = match person(&one.text) {
            Some((By::Ids, id)) if by == By::Usernames => format!(" (it names the id {id})"),
            Some((By::Usernames, name)) if by == By::Ids => {
                format!(" (it names the handle {name})")
            }
            _ => String::new(),
        };
        format!("`{by}[{}]`: `{}` is none{other}", one.index, one.text)
    };
    let mut parts: Vec<String> = unread.iter().take(UNREAD_NAMED).map(told).collect();
    if let Some(more) = unread.len().checked_sub(UNREAD_NAMED).filter(|more| *more > 0) {
        parts.push(format!("and {more} more"));
    }
    format!("{}: {expected} are expected. Nobody was asked for.", parts.join("; "))
}

/// What an answer says of the keys asked; those it says nothing of are left out, and why is told.
pub fn sort(by: By, keys: &[String], answer: Answer) -> (Vec<Told>, String) {
    let mut said: BTreeMap<String, (Class, Option<UserId>, Option<String>)> = BTreeMap::new();
    let mut odd = None;
    for error in &answer.errors {
        match class(error) {
            Some(class) => drop(said.insert(by.folded(error.value.trim()), (class, None, None))),
            None => odd = odd.or_else(|| Some(format!("{}: {}", error.title, error.detail))),
        }
    }
    // Whom X shows is found, whatever else it says of them.
    for user in answer.users {
        let key = match by {
            By::Ids => Some(user.id.to_string()),
            By::Usernames => Profile::from_raw(&user.raw).map(|p| by.folded(&p.person.username)),
        };
        if let Some(key) = key {
            said.insert(key, (Class::Found, Some(user.id), Some(user.raw)));
        }
    }
    let told = keys.iter().filter_map(|key| {
        let (class, id, raw) = said.remove(&by.folded(key))?;
        Some(Told { key: key.clone(), class, id, raw })
    });
    let why = odd.unwrap_or_else(|| "X left people out without a word".to_owned());
    (told.collect(), why)
}

/// What an error of X means for whom it is about; problem types are as docs.x.com lists them.
/// X has no type of its own for suspensions: within the others its words tell them.
fn class(error: &LookupError) -> Option<Class> {
    let suspended = says_suspended(&format!("{}: {}", error.title, error.detail), &error.value);
    match error.kind.as_str() {
        "not-authorized-for-resource" => Some(Class::Protected),
        _ if suspended => Some(Class::Suspended),
        "resource-not-found" | "resource-unavailable" => Some(Class::Missing),
        _ => None,
    }
}

/// Whether X itself says "suspended" in a text, beside the name that was asked for.
fn says_suspended(text: &str, asked: &str) -> bool {
    let own = without_quotes(text);
    let quoted = own.len() < text.len();
    let mut words: Vec<&str> = own
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    // Not set apart, the name stands at the end of X's sentences.
    let bare = words.iter().rposition(|word| word.eq_ignore_ascii_case(asked.trim()));
    if let Some(at) = bare.filter(|_| !quoted) {
        words.remove(at);
    }
    words.iter().any(|word| word.eq_ignore_ascii_case("suspended"))
}

/// A text of X without what it sets apart from its own words: in brackets, in quotes, behind `@`.
fn without_quotes(text: &str) -> String {
    let mut own = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, open)) = rest.char_indices().find(|(_, c)| QUOTES.iter().any(|q| q.0 == *c))
    {
        let (before, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        own.push_str(before);
        let inside = behind.get(open.len_utf8()..).unwrap_or_default();
        let close = QUOTES.iter().find(|q| q.0 == open).and_then(|q| q.1);
        let end = match close {
            Some(close) => inside.find(close).map(|at| at + close.len_utf8()),
            None => inside.find(|c: char| !(c.is_alphanumeric() || c == '_')),
        };
        own.push(' ');
        // What is never closed, an apostrophe say, sets nothing apart.
        rest = match (end, close) {
            (Some(end), _) => inside.get(end..).unwrap_or_default(),
            (None, None) => "",
            (None, Some(_)) => inside,
        };
    }
    own.push_str(rest);
    own
}
