//! Texts of others, as they are shown. Owns: which characters are not seen, and where a text may
//! be cut. Must not know: where texts come from. Invariant: what a reader sees as one sign (an
//! emoji joined of several, a letter with its marks) is shown whole or not at all.

pub mod fold;

use unicode_segmentation::UnicodeSegmentation as _;

/// Whether a character shows nothing and takes no room that is seen: Unicode's property
/// `Default_Ignorable_Code_Point` (Unicode 16, DerivedCoreProperties.txt), format characters
/// beside it, and letters that are drawn blank.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        // Interlinear annotation, hieroglyphs' format, the braille cell and the note without dots
        // or head.
        | '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{13440}' | '\u{2800}' | '\u{1d159}')
}

/// Whether a text shows nothing at all: it is empty, or of blanks and unseen characters.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_unseen(c))
}

/// The beginning of a text, of at most so many characters.
pub fn cut(text: &str, most: usize) -> String {
    beginning(text, most, |part| part.chars().count()).to_owned()
}

/// A text of at most so many characters, the last an ellipsis where it was cut.
pub fn shorten(text: &str, most: usize) -> String {
    shorten_by(text, most, |part| part.chars().count())
}

/// The same with a size of another kind. `size` of a text must be the sum of its parts'.
pub fn shorten_by(text: &str, most: usize, size: impl Fn(&str) -> usize) -> String {
    if size(text) <= most {
        return text.to_owned();
    }
    let begin = beginning(text, most.saturating_sub(size("…")), size);
    format!("{begin}…")
}

/// The longest beginning of whole signs with a size of at most `most`. A first sign that alone is
/// larger (a letter under a hundred marks) is cut between its characters.
fn beginning(text: &str, most: usize, size: impl Fn(&str) -> usize) -> &str {
    // A letter is at least a byte: most texts are short, and need not be taken apart.
    if text.len() <= most && size(text) <= most {
        return text;
    }
    let fits = |parts: &mut dyn Iterator<Item = &str>| {
        let mut left = most;
        let mut end = 0;
        for part in parts {
            let Some(rest) = left.checked_sub(size(part)) else { break };
            left = rest;
            end += part.len();
        }
        end
    };
    let mut end = fits(&mut text.graphemes(true));
    if end == 0 {
        end = fits(&mut text.split("").filter(|part| !part.is_empty()));
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Signs of several characters: a family, a flag, a skin tone, a keycap, the flag of
    /// Scotland (tags), a heart in colour (variation selector), a letter with a mark, hangul, one
    /// syllable of Devanagari, and a line end.
    const SIGNS: [&str; 10] = [
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "🇩🇪",
        "👍🏽",
        "1\u{fe0f}\u{20e3}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "❤\u{fe0f}\u{200d}🔥",
        "e\u{301}",
        "\u{1112}\u{1161}\u{11ab}",
        "\u{915}\u{93f}",
        "\r\n",
    ];

    #[track_caller]
    fn check(text: &str, most: usize, expected: &str) {
        assert_eq!(cut(text, most), expected, "{text:?} to {most}");
    }

    #[test]
    fn a_sign_is_whole_or_not_there() {
        for sign in SIGNS {
            let text = format!("ab{sign}{sign}cd");
            let each = sign.chars().count();
            for most in 0..2 * each + 4 {
                let expected = match most {
                    0 | 1 => "ab".get(..most).unwrap().to_owned(),
                    most if most < 2 + each => "ab".to_owned(),
                    most if most < 2 + 2 * each => format!("ab{sign}"),
                    most => format!("ab{sign}{sign}cd").chars().take(most).collect(),
                };
                check(&text, most, &expected);
            }
        }
    }

    #[test]
    fn flags_are_cut_in_pairs() {
        check("🇩🇪🇫🇷🇮🇹", 5, "🇩🇪🇫🇷");
    }

    #[test]
    fn an_ellipsis_says_that_something_is_left_out() {
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("abcd", 3), "ab…");
        assert_eq!(shorten("a👍🏽b", 3), "a…");
        let utf16 = |text: &str| text.encode_utf16().count();
        assert_eq!(shorten_by("a👍🏽b", 5, utf16), "a…");
        assert_eq!(shorten_by("a👍🏽b", 6, utf16), "a👍🏽b");
    }

    #[test]
    fn one_sign_without_end_is_cut_all_the_same() {
        let zalgo = format!("e{}", "\u{301}".repeat(500));
        assert_eq!(cut(&zalgo, 40).chars().count(), 40);
    }

    #[test]
    fn names_of_nothing_visible_are_blank() {
        for text in [
            "",
            " ",
            "\u{a0}\u{2003}",
            "\u{3000}",
            "\u{200b}\u{200d}",
            "\u{202e}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{ffa0}",
            "\u{115f}\u{1160}",
            "\u{ad}",
            "\u{180e}",
            "\u{feff}",
            "\t\n\0\u{85}",
            "\u{2028}",
            "\u{2066}\u{2069}",
            "\u{e0020}",
            "\u{17b4}",
            "\u{1d173}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in [
            "a",
            "\u{200b}a",
            "😀",
            "é",
            "中",
            "☠\u{fe0f}",
            "·",
            "_",
            "\u{301}",
            "\u{fffd}",
            "\u{e000}",
        ] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_cut_is_a_beginning_of_whole_signs(
            parts in prop::collection::vec(prop_oneof![prop::sample::select(SIGNS.to_vec()).prop_map(str::to_owned), ".{0,3}"], 0..8),
            most in 0_usize..60,
        ) {
            let text = parts.concat();
            let short = cut(&text, most);
            prop_assert!(text.starts_with(&short) && short.chars().count() <= most);
            let whole = text.grapheme_indices(true).any(|(at, _)| at == short.len());
            let first = text.graphemes(true).next().map_or(0, |sign| sign.chars().count());
            prop_assert!(whole || short == text || first > most, "{text:?} {short:?}");
            // No more than was asked for is left out.
            let next = text.get(short.len()..).unwrap().graphemes(true).next();
            let fits = next.is_some_and(|next| short.chars().count() + next.chars().count() <= most);
            prop_assert!(!fits, "{text:?} {short:?}");
        }
    }
}
