//! Whom a pasted text names. Owns: telling ids from handles, and both from anything else. Must not
//! know: what is done with them, or what that costs. Invariant: whoever is named twice is one;
//! what is neither id nor handle is never sent, and is told with its line.

use shared::api::NewLookup;
use shared::lookup::{By, keys};

/// The most of one kind that the API takes at once.
pub(crate) const PEOPLE_MAX: usize = 10_000;

/// A table's first line may name its column: these are no handles there.
const HEADS: [&str; 8] =
    ["id", "ids", "user_id", "username", "usernames", "handle", "handles", "screen_name"];

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) ids: Vec<String>,
    pub(crate) usernames: Vec<String>,
    /// What is neither, with the line it stands in, from 1.
    pub(crate) odd: Vec<(usize, String)>,
    /// Named again.
    pub(crate) again: usize,
}

/// Reads a text: names apart by spaces, commas, semicolons or lines, quoted or not, as links to a
/// profile or alone. Digits alone are an id; a handle of digits alone needs its `@`.
pub(crate) fn read(text: &str) -> Asked {
    let mut asked = Asked::default();
    for (number, line) in (1..).zip(text.lines()) {
        let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'');
        for word in line.split(apart).filter(|word| !word.is_empty()) {
            if number == 1 && HEADS.contains(&word.to_ascii_lowercase().as_str()) {
                continue;
            }
            let (by, name) = sort(word);
            let name = [name.to_owned()];
            if keys(by, &name).is_err() {
                asked.odd.push((number, word.chars().take(40).collect()));
            } else if by == By::Ids {
                asked.ids.extend(name);
            } else {
                asked.usernames.extend(name);
            }
        }
    }
    let named = asked.people();
    // Each of them is one, as was just seen.
    asked.ids = keys(By::Ids, &asked.ids).unwrap_or_default();
    asked.usernames = keys(By::Usernames, &asked.usernames).unwrap_or_default();
    asked.again = named - asked.people();
    asked
}

/// What kind of name a word is, and the name in it.
fn sort(word: &str) -> (By, &str) {
    let linked = ["https://x.com/", "https://twitter.com/", "x.com/", "twitter.com/"];
    if let Some(rest) = linked.iter().find_map(|site| word.strip_prefix(site)) {
        return (By::Usernames, rest.split(['/', '?']).next().unwrap_or(rest));
    }
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    (if digits { By::Ids } else { By::Usernames }, word)
}

impl Asked {
    /// How many people, by whatever name.
    pub(crate) fn people(&self) -> usize {
        self.ids.len() + self.usernames.len()
    }

    /// Whether it can be asked for: someone is named, and no more than the API takes.
    pub(crate) fn fits(&self) -> bool {
        self.people() > 0 && self.ids.len().max(self.usernames.len()) <= PEOPLE_MAX
    }

    /// As the API takes it: one look-up for each kind of name. `start` as it says.
    pub(crate) fn wire(&self, start: bool) -> Vec<NewLookup> {
        let ids = NewLookup { ids: self.ids.clone(), ..NewLookup::default() };
        let usernames = NewLookup { usernames: self.usernames.clone(), ..NewLookup::default() };
        [ids, usernames]
            .into_iter()
            .filter(|new| !new.ids.is_empty() || !new.usernames.is_empty())
            .map(|new| NewLookup { start: Some(start), ..new })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ids: &[&str], usernames: &[&str], odd: &[(usize, &str)]) {
        let asked = read(text);
        let words: Vec<(usize, &str)> =
            asked.odd.iter().map(|(line, word)| (*line, word.as_str())).collect();
        assert_eq!((asked.ids, asked.usernames), (owned(ids), owned(usernames)), "{text:?}");
        assert_eq!(words, odd, "{text:?}");
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_come_in_many_shapes() {
        check("12, 13;14\n15", &["12", "13", "14", "15"], &[], &[]);
        check("@Ada grace_h\r\n", &[], &["ada", "grace_h"], &[]);
        check("\"12\",\"ada\"", &["12"], &["ada"], &[]);
        check("https://x.com/Ada?s=20 twitter.com/grace/status/5", &[], &["ada", "grace"], &[]);
        check("@12", &[], &["12"], &[]);
        check("", &[], &[], &[]);
    }

    #[test]
    fn the_head_of_a_table_is_nobody() {
        check("username\nada\nusername", &[], &["ada", "username"], &[]);
        check("id\n12", &["12"], &[], &[]);
    }

    #[test]
    fn what_is_no_name_is_told_with_its_line() {
        check(
            "ada\nnot/one, way_too_long_a_handle\n007",
            &[],
            &["ada"],
            &[(2, "not/one"), (2, "way_too_long_a_handle"), (3, "007")],
        );
        check("99999999999999999999999", &[], &[], &[(1, "99999999999999999999999")]);
        check("https://x.com/", &[], &[], &[(1, "https://x.com/")]);
    }

    #[test]
    fn whoever_is_named_twice_is_one() {
        let asked = read("Ada @ada 12 12 @12");
        assert_eq!((asked.people(), asked.again), (3, 2));
    }

    #[test]
    fn each_kind_of_name_is_a_look_up() {
        let sent = read("12 ada").wire(false);
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|new| new.start == Some(false)));
        assert_eq!(read("ada").wire(true).len(), 1);
        assert!(read("").wire(true).is_empty());
    }

    #[test]
    fn more_than_the_most_does_not_fit() {
        use std::fmt::Write as _;
        let mut text = String::new();
        for id in 1..=PEOPLE_MAX {
            let _ = write!(text, "{id} ");
        }
        assert!(read(&text).fits());
        assert!(read(&format!("{text} ada")).fits(), "two look-ups");
        assert!(!read(&format!("{text} 99999")).fits());
        assert!(!read("").fits());
    }
}
