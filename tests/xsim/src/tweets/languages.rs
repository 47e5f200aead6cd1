//! The languages of the tweets and how a text is put together in each.
//!
//! Knows no tweets; the words are in `phrases_latin` and `phrases_other`. Invariant: each
//! language has every kind of phrase, and no phrase holds a bare `&`, `<` or `>`: X sends
//! them as HTML entities.

use super::{phrases_latin, phrases_other};

/// One language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language {
    /// As in X's `lang`.
    pub(crate) code: &'static str,
    /// Which names its speakers have: a script of `names`.
    pub(crate) script: usize,
    /// What stands between two sentences.
    pub(crate) joint: &'static str,
    /// Whole sentences.
    pub(crate) sentences: &'static [&'static str],
    /// Short ones that follow.
    pub(crate) tails: &'static [&'static str],
    /// What one says to somebody.
    pub(crate) replies: &'static [&'static str],
    /// What one says when everybody speaks of one thing.
    pub(crate) gasps: &'static [&'static str],
    /// Hashtags, without the sign.
    pub(crate) tags: &'static [&'static str],
}

/// Every language; the position is its number.
pub(crate) fn all() -> impl Iterator<Item = &'static Language> {
    phrases_latin::LANGUAGES.iter().chain(phrases_other::LANGUAGES)
}

/// The language of a code.
pub(crate) fn find(code: &str) -> Option<&'static Language> {
    all().find(|language| language.code == code)
}

/// English, which is spoken everywhere.
pub(crate) const fn english() -> &'static Language {
    &phrases_latin::ENGLISH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_kind_of_phrase() {
        for language in all() {
            let kinds = [
                (language.sentences, 6),
                (language.tails, 2),
                (language.replies, 2),
                (language.gasps, 2),
                (language.tags, 3),
            ];
            for (phrases, least) in kinds {
                assert!(phrases.len() >= least, "{}", language.code);
            }
        }
        assert_eq!(find("en").map(|l| l.code), Some("en"));
        assert!(find("xx").is_none());
    }

    #[test]
    fn phrases_are_written_as_x_sends_them() {
        for language in all() {
            for text in [language.sentences, language.tails, language.replies, language.gasps]
                .into_iter()
                .flatten()
            {
                assert!(!text.contains(['<', '>']), "{text}");
                assert!(!text.replace("&amp;", "").contains('&'), "{text}");
                assert!(text.chars().count() <= 120, "{text}");
            }
            for tag in language.tags {
                assert!(tag.chars().all(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii()));
            }
        }
    }
}
