//! Whom one word names: an id, a handle, or a link of X's to either. Owns: the forms of links,
//! and the words of X's own paths. Must not know: where the word stood. Invariant: a word that
//! could mean something else names nobody; what X calls its own pages is never a handle.

use super::By;
use crate::id::UserId;
use crate::routes::decode;
use crate::text::is_unseen;

/// First words of X's paths that lead to no profile. A person of such a handle is named by `@`.
const OWN_PATHS: &str = "about account apps bookmarks communities compose connect_people \
                         direct_messages download explore favorites follow followers following \
                         hashtag help home i inbox intent invitations jobs lists logged_out login \
                         logout mentions messages moments notifications oauth personalization \
                         privacy public_timeline search sessions settings share signup status \
                         statuses topics tos trends who_to_follow widgets";

/// What may stand around a name without being part of it.
const AROUND: &str = ".,;:!?…()[]{}<>\"'`“”„‟‘’‚«»‹›、。「」『』《》〈〉";

/// Whom a word names, and by what: digits alone are an id, so that a handle of digits alone
/// needs its `@`. A handle keeps its spelling.
pub fn person(word: &str) -> Option<(By, String)> {
    let word = plain(word);
    let word = word.as_str();
    if let Some(rest) = after_site(word) {
        return linked(rest);
    }
    if let Some(handle) = word.strip_prefix('@') {
        return handle_of(handle);
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return id_of(word);
    }
    handle_of(word)
}

impl By {
    /// A key as X takes it, `None` if the text names nobody in this way.
    pub(super) fn key(self, text: &str) -> Option<String> {
        let handle = || handle_of(plain(text).trim_start_matches('@'));
        let found = match self {
            Self::Ids => person(text),
            // Asked for as a handle, digits are one.
            Self::Usernames => handle().or_else(|| person(text)),
        };
        found.filter(|(by, _)| *by == self).map(|(_, key)| key)
    }

    /// What two keys of one person have in common: handles are one whatever their case.
    pub fn folded(self, key: &str) -> String {
        match self {
            Self::Ids => key.to_owned(),
            Self::Usernames => key.to_ascii_lowercase(),
        }
    }
}

fn id_of(text: &str) -> Option<(By, String)> {
    text.parse::<UserId>().ok().map(|id| (By::Ids, id.to_string()))
}

/// X's handles have 1 to 15 letters, digits or `_`.
fn handle_of(text: &str) -> Option<(By, String)> {
    let fine = (1..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fine.then(|| (By::Usernames, text.to_owned()))
}

/// Full-width forms as ASCII, and without what stands around the name. An unseen character
/// within it stays, and makes it no name: what looks like one handle may be two.
fn plain(word: &str) -> String {
    let narrow = |c: char| match c {
        // The full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{fe6b}' => '@',
        c => c,
    };
    let word: String = word.chars().map(narrow).collect();
    let around = |c: char| c.is_whitespace() || is_unseen(c) || AROUND.contains(c);
    word.trim_matches(around).to_owned()
}

/// What stands behind a host of X's, with or without a scheme; `None` if the word is no link
/// to X. The app's own links (`twitter://user?screen_name=`) have a page's word for a host.
fn after_site(word: &str) -> Option<&str> {
    let lower = word.to_ascii_lowercase();
    let after =
        |prefix: &str| lower.starts_with(prefix).then(|| word.get(prefix.len()..)).flatten();
    if let Some(rest) = after("twitter://").or_else(|| after("x://")) {
        return Some(rest).filter(|rest| rest.contains('?'));
    }
    let bare = ["https://", "http://", "//"].into_iter().find_map(after).unwrap_or(word);
    let end = bare.find(['/', '?', '#']).unwrap_or(bare.len());
    let (host, rest) = bare.split_at_checked(end)?;
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let sub = name.strip_suffix("twitter.com").or_else(|| name.strip_suffix("x.com"))?;
    let ours = matches!(sub, "" | "www." | "mobile." | "m.") && matches!(port, "443" | "80");
    ours.then_some(rest)
}

/// Whom a link names by its path, query and fragment.
fn linked(rest: &str) -> Option<(By, String)> {
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut words = path.split('/').filter(|word| !word.is_empty());
    let Some(first) = words.next() else {
        // Until 2012 profiles were at `/#!/handle`.
        return match fragment.strip_prefix("!/") {
            Some(path) => linked(path.split_once('#').map_or(path, |(path, _)| path)),
            None => named_in(query),
        };
    };
    let first = decode(first, false)?;
    if let Some(handle) = first.strip_prefix('@') {
        return handle_of(handle);
    }
    let own = |word: &str| OWN_PATHS.split(' ').any(|own| own.eq_ignore_ascii_case(word));
    if !own(&first) && first != "user" {
        return handle_of(&first);
    }
    match (first.to_ascii_lowercase().as_str(), words.next(), words.next()) {
        ("i", Some("user"), Some(id)) => id_of(id),
        _ => named_in(query),
    }
}

/// Whom the parameters of a link name: the id counts for more, as handles change.
fn named_in(query: &str) -> Option<(By, String)> {
    let value = |names: &[&str]| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| names.contains(name)).find_map(|(_, value)| decode(value, true))
    };
    let handle = || handle_of(value(&["screen_name"])?.trim_start_matches('@'));
    match value(&["user_id", "recipient_id"]) {
        Some(id) => id_of(&id),
        None => handle(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(word: &str, expected: Option<(By, &str)>) {
        let found = person(word);
        assert_eq!(found.as_ref().map(|(by, key)| (*by, key.as_str())), expected, "{word}");
    }

    #[test]
    fn an_id_and_a_handle_stand_alone() {
        check("2244994945", Some((By::Ids, "2244994945")));
        check("２２４４", Some((By::Ids, "2244")));
        for word in [
            "Ada",
            "@Ada",
            "＠Ada",
            "Ａｄａ",
            "﹫Ada",
            "(@Ada)",
            "Ada.",
            "“@Ada”,",
            "\u{2066}@Ada\u{2069}",
        ] {
            check(word, Some((By::Usernames, "Ada")));
        }
        check("@12", Some((By::Usernames, "12")));
        for word in
            ["", "@", "007", "way_too_long_a_handle", "a-b", "ada@x.com", "O'Brien", "ad\u{200b}a"]
        {
            check(word, None);
        }
    }

    #[test]
    fn links_of_every_form_name_a_handle() {
        for host in [
            "x.com",
            "twitter.com",
            "www.x.com",
            "mobile.twitter.com",
            "m.twitter.com",
            "X.com",
            "x.com:443",
        ] {
            for scheme in ["", "https://", "http://", "HTTPS://", "//"] {
                for path in [
                    "Ada",
                    "Ada/",
                    "@Ada",
                    "%40Ada",
                    "Ada?s=20&t=abc",
                    "Ada#m",
                    "Ada/status/5",
                    "Ada/status/5/photo/1?s=20",
                    "Ada/with_replies",
                    "Ada/followers",
                    "#!/Ada",
                    "#!/Ada/status/5",
                    "intent/user?screen_name=Ada",
                    "intent/user/?screen_name=%40Ada#x",
                    "intent/follow?original_referer=https%3A%2F%2Fa.example&screen_name=Ada",
                    "Ada).",
                    "Ada…",
                ] {
                    check(&format!("{scheme}{host}/{path}"), Some((By::Usernames, "Ada")));
                }
            }
        }
        check("ｘ．ｃｏｍ／Ada", Some((By::Usernames, "Ada")));
        check("twitter://user?screen_name=Ada", Some((By::Usernames, "Ada")));
        check("https://x.com/12", Some((By::Usernames, "12")));
    }

    #[test]
    fn links_of_every_form_name_an_id() {
        for path in [
            "i/user/12",
            "i/user/12/",
            "i/user/12?s=20",
            "intent/user?user_id=12",
            "intent/user?lang=de&user_id=12#x",
            "intent/follow?user_id=12&screen_name=ada",
            "messages/compose?recipient_id=12",
            "i/connect_people?user_id=12",
            "I/user/12",
        ] {
            check(&format!("https://x.com/{path}"), Some((By::Ids, "12")));
            check(&format!("mobile.twitter.com/{path}"), Some((By::Ids, "12")));
        }
        check("twitter://user?user_id=12", Some((By::Ids, "12")));
    }

    #[test]
    fn the_words_of_xs_own_paths_are_nobody() {
        let own = OWN_PATHS.split(' ').flat_map(|word| [word.to_owned(), word.to_uppercase()]);
        for word in own {
            check(&format!("https://x.com/{word}"), None);
            check(&format!("twitter.com/{word}/ada?q=bob"), None);
            check(&format!("x.com/#!/{word}"), None);
        }
        for rest in [
            "",
            "/",
            "?s=20",
            "/i/status/5",
            "/i/web/status/5",
            "/i/user/x",
            "/i/user",
            "/i/lists/12",
            "/intent/tweet?text=ada&via=ada",
            "/search?q=from%3Aada",
            "/hashtag/ada?src=hash",
            "/intent/user?user_id=x",
            "/intent/user?user_id=x&screen_name=ada",
            "/way_too_long_a_handle",
            "/ad%00a",
            "/%ff",
            "/a.b",
            "/user",
        ] {
            check(&format!("https://x.com{rest}"), None);
        }
    }

    #[test]
    fn links_to_elsewhere_are_nobody() {
        for word in [
            "https://example.com/ada",
            "https://notx.com/ada",
            "https://x.com.example/ada",
            "https://api.x.com/ada",
            "https://help.x.com/ada",
            "https://nitter.net/ada",
            "ftp://x.com/ada",
            "https://x.com@evil.example/ada",
            "https://evil.example@x.com/ada",
            "https://x.com:8080/ada",
            "xcom/ada",
            "/ada",
            "ada/status/5",
            "twitter://timeline",
            "https://",
            "//",
        ] {
            check(word, None);
        }
    }

    #[test]
    fn what_is_asked_for_as_a_handle_may_be_digits() {
        assert_eq!(By::Usernames.key("12").as_deref(), Some("12"));
        assert_eq!(By::Ids.key("@12"), None);
        assert_eq!(By::Ids.key("https://x.com/i/user/12").as_deref(), Some("12"));
        assert_eq!(By::Usernames.key("https://x.com/i/user/12"), None);
        assert_eq!(By::Usernames.key("https://x.com/Ada").as_deref(), Some("Ada"));
    }

    proptest! {
        #[test]
        fn a_name_is_one_that_x_takes(word in r"(https?://)?(x\.com|twitter\.com|\PC{0,6})?[/?#@a-z0-9_=%&\.＠ａ]{0,24}") {
            match person(&word) {
                Some((By::Ids, key)) => prop_assert!(key.parse::<UserId>().is_ok()),
                Some((By::Usernames, key)) => prop_assert_eq!(By::Usernames.key(&key), Some(key)),
                None => {}
            }
        }
    }
}
