//! Whom a pasted text names. Owns: telling ids from handles, and both from anything else. Must not
//! know: what is done with them, or what that costs. Invariant: whoever is named twice is one;
//! what is neither id nor handle is never sent, and is told with its line.

use shared::api::NewLookup;
use shared::lookup::{By, keys, person};
use shared::text::cut;

/// The most of one kind that the API takes at once.
pub(crate) const PEOPLE_MAX: usize = 10_000;

/// What names are quoted with.
const QUOTES: [char; 5] = ['"', '\'', '`', '“', '”'];

/// Letters of a word left out that are shown.
const ODD_LETTERS: usize = 60;

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

/// Reads a text: names apart by spaces, commas, semicolons, bars or lines, quoted or not, as links
/// to X or alone. Digits alone are an id; a handle of digits alone needs its `@`.
pub(crate) fn read(text: &str) -> Asked {
    let mut asked = Asked::default();
    for (number, line) in (1..).zip(text.lines()) {
        let words = line.split(|c: char| c.is_whitespace() || c == '\u{200b}');
        for word in words.filter(|word| !word.is_empty()) {
            read_word(&mut asked, number, word);
        }
    }
    let named = asked.people();
    // Each of them is one, as was just seen.
    asked.ids = keys(By::Ids, &asked.ids).unwrap_or_default();
    asked.usernames = keys(By::Usernames, &asked.usernames).unwrap_or_default();
    asked.again = named - asked.people();
    asked
}

/// Reads what stands between two blanks. Behind a link that names nobody (a search, say) the
/// commas may be part of it: what follows is left out with it, up to another link.
fn read_word(asked: &mut Asked, number: usize, word: &str) {
    let mut open_link: Option<String> = None;
    let apart = |c: char| matches!(c, ',' | ';' | '|' | '，' | '；' | '、');
    for part in word.split(apart).filter(|part| !part.is_empty()) {
        if let Some(link) = open_link.as_mut().filter(|_| !part.contains("//")) {
            link.push(',');
            link.push_str(part);
            continue;
        }
        asked.leave_out(number, open_link.take());
        let head = part.trim_matches(QUOTES).to_ascii_lowercase();
        if number == 1 && HEADS.contains(&head.as_str()) {
            continue;
        }
        match person(part) {
            Some((By::Ids, id)) => asked.ids.push(id),
            Some((By::Usernames, name)) => asked.usernames.push(name),
            None if part.contains('/') && part.contains(['?', '#']) => {
                open_link = Some(part.to_owned());
            }
            None => asked.leave_out(number, Some(part.to_owned())),
        }
    }
    asked.leave_out(number, open_link);
}

impl Asked {
    fn leave_out(&mut self, line: usize, word: Option<String>) {
        // Quotes alone set nothing apart.
        let word = word.filter(|word| word.chars().any(|c| !QUOTES.contains(&c)));
        self.odd.extend(word.map(|word| (line, cut(&word, ODD_LETTERS))));
    }

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
        check("@Ada grace_h\r\n", &[], &["Ada", "grace_h"], &[]);
        check("\"12\",\"ada\"", &["12"], &["ada"], &[]);
        check("https://x.com/Ada?s=20 twitter.com/grace/status/5", &[], &["Ada", "grace"], &[]);
        check(
            "https://x.com/i/user/7,https://x.com/intent/user?screen_name=Ada,bob",
            &["7"],
            &["Ada", "bob"],
            &[],
        );
        check("'ada'|\"bob\"、＠Grace", &[], &["ada", "bob", "Grace"], &[]);
        check("https://twitter.com/Ada?s=20,bob", &[], &["Ada", "bob"], &[]);
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
        check(
            "https://x.com/home x.com/search",
            &[],
            &[],
            &[(1, "https://x.com/home"), (1, "x.com/search")],
        );
    }

    #[test]
    fn the_words_of_a_search_are_nobody() {
        check(
            "https://x.com/search?q=ada,bob;12&f=live,@eve,https://x.com/grace",
            &[],
            &["grace"],
            &[(1, "https://x.com/search?q=ada,bob,12&f=live,@eve")],
        );
        check("O'Brien", &[], &[], &[(1, "O'Brien")]);
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
