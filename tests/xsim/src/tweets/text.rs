//! A text with its marks: links, hashtags and mentions where they stand.
//!
//! Knows nothing of who writes. Invariant: `start..end` of every mark, counted in code points
//! of the text as X sends it, is exactly the mark's own spelling.

use super::author::Author;
use crate::names;
use crate::world::Account;

/// What a part of a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A hashtag, without the sign.
    Tag(String),
    Mention(Author),
    /// A mention of one of the two accounts.
    Account(Account),
    Link {
        /// `https://t.co/…`.
        url: String,
        expanded: String,
        display: String,
        /// The key of the picture, when it is one.
        media_key: Option<String>,
    },
}

/// A marked part, in code points: `start..end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
}

/// A text and its marks, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) body: String,
    pub(crate) marks: Vec<Mark>,
    /// Code points of the body.
    pub(crate) chars: usize,
}

impl Text {
    pub(crate) fn words(&mut self, words: &str) {
        self.body.push_str(words);
        self.chars += words.chars().count();
    }

    fn mark(&mut self, spelling: &str, what: What) {
        let start = self.chars;
        self.words(spelling);
        self.marks.push(Mark { start, end: self.chars, what });
    }

    pub(crate) fn tag(&mut self, tag: &str) {
        self.mark(&format!("#{tag}"), What::Tag(tag.to_owned()));
    }

    pub(crate) fn mention(&mut self, author: Author, seed: u64) {
        self.mark(&format!("@{}", author.username(seed)), What::Mention(author));
    }

    /// A mention of one of the two accounts.
    pub(crate) fn address(&mut self, account: Account) {
        self.mark(&format!("@{}", names::owner(account).1), What::Account(account));
    }

    /// A text that somebody wrote, in which only the two accounts are looked for.
    pub(crate) fn of(words: &str) -> Self {
        let mut text = Self::default();
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('@') {
            text.words(before);
            let name_ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            let end = after.find(name_ends).unwrap_or(after.len());
            let (name, behind) = after.split_at(end);
            let named = |account: &Account| names::owner(*account).1.eq_ignore_ascii_case(name);
            match Account::ALL.into_iter().find(named) {
                Some(account) => text.mark(&format!("@{name}"), What::Account(account)),
                None => text.words(&format!("@{name}")),
            }
            rest = behind;
        }
        text.words(rest);
        text
    }

    /// Whether one of the two accounts is mentioned.
    pub(crate) fn addresses(&self, account: Account) -> bool {
        self.marks.iter().any(|mark| mark.what == What::Account(account))
    }

    /// A link; what is shown of it has at most 27 characters of its address.
    pub(crate) fn link(&mut self, url: &str, expanded: &str, media_key: Option<String>) {
        let bare = expanded.trim_start_matches("https://");
        let display = if bare.chars().count() > 27 {
            bare.chars().take(26).chain(['…']).collect()
        } else {
            bare.to_owned()
        };
        let what =
            What::Link { url: url.to_owned(), expanded: expanded.to_owned(), display, media_key };
        self.mark(url, what);
    }

    /// Another text behind this one, with its marks.
    pub(crate) fn append(&mut self, other: &Self) {
        let by = self.chars;
        self.words(&other.body);
        let moved = other.marks.iter().map(|mark| Mark {
            start: mark.start + by,
            end: mark.end + by,
            what: mark.what.clone(),
        });
        self.marks.extend(moved);
    }

    /// At most so many code points; what is cut ends in an ellipsis and loses torn marks.
    pub(crate) fn cut(&self, most: usize) -> Self {
        if self.chars <= most {
            return self.clone();
        }
        let keep = most.saturating_sub(1);
        let mut body: String = self.body.chars().take(keep).collect();
        body.push('…');
        let marks = self.marks.iter().filter(|mark| mark.end <= keep).cloned().collect();
        Self { body, marks, chars: keep + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text {
        let mut text = Text::default();
        text.words("猫 👩🏽‍💻 ");
        text.tag("コーヒー");
        text.words(" ");
        text.link("https://t.co/abc", "https://example.org/a/very/long/path/indeed", None);
        text
    }

    fn spelled(text: &Text) -> Vec<String> {
        let part = |m: &Mark| text.body.chars().skip(m.start).take(m.end - m.start).collect();
        text.marks.iter().map(part).collect()
    }

    #[test]
    fn marks_count_code_points() {
        assert_eq!(spelled(&text()), ["#コーヒー", "https://t.co/abc"]);
        let What::Link { display, .. } = &text().marks[1].what else { panic!("no link") };
        assert_eq!(display, "example.org/a/very/long/pa…");
    }

    #[test]
    fn only_the_two_accounts_are_found_in_what_somebody_wrote() {
        let text = Text::of("@Solvej, a@b, @marits and @marit");
        assert_eq!(text.body, "@Solvej, a@b, @marits and @marit");
        assert_eq!(spelled(&text), ["@Solvej", "@marit"]);
        assert!(text.addresses(Account::Main) && text.addresses(Account::Second));
        assert!(!Text::of("solvej").addresses(Account::Main));
    }

    #[test]
    fn marks_move_with_their_text() {
        let mut longer = Text::default();
        longer.words("RT: ");
        longer.append(&text());
        assert_eq!(spelled(&longer), ["#コーヒー", "https://t.co/abc"]);
        assert_eq!(longer.chars, longer.body.chars().count());
    }

    #[test]
    fn a_cut_drops_what_it_tears() {
        let cut = text().cut(15);
        assert_eq!(cut.body.chars().count(), 15);
        assert!(cut.body.ends_with('…'));
        assert_eq!(spelled(&cut), ["#コーヒー"]);
        assert_eq!(text().cut(280), text());
    }
}
