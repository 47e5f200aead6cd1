//! Texts in JSON. Owns: when escapes are undone, and how. Must not know: where a text stands.
//! Invariant: a [`Text`] holds no half of a character, so that every reader of JSON takes it.

use super::escape;
use super::scan::characters;
use std::borrow::Cow;

/// A JSON string's inside, escapes and all: copying it between quotes makes JSON again.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text<'a> {
    raw: Cow<'a, str>,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// A text of ours.
    pub fn new(plain: &str) -> Text<'static> {
        let mut raw = String::with_capacity(plain.len());
        escape(&mut raw, plain);
        Text { escaped: raw.len() != plain.len(), raw: Cow::Owned(raw) }
    }

    /// A word of ours that has nothing to escape.
    pub(crate) fn word(word: &'static str) -> Self {
        Self { raw: Cow::Borrowed(word), escaped: false }
    }

    /// What stood between quotes.
    pub(super) fn read(raw: &'a str, escapes: Escapes) -> Self {
        match escapes {
            Escapes::None => Self { raw: Cow::Borrowed(raw), escaped: false },
            Escapes::Short => Self { raw: Cow::Borrowed(raw), escaped: true },
            Escapes::Unicode => Text::new(&unescape(raw)),
        }
    }

    /// The text itself.
    pub fn plain(&self) -> Cow<'_, str> {
        if self.escaped { Cow::Owned(unescape(&self.raw)) } else { Cow::Borrowed(&self.raw) }
    }

    /// The text as it stands between the quotes.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether it is a stretch of what was read.
    #[cfg(test)]
    pub(super) fn is_borrowed(&self) -> bool {
        matches!(self.raw, Cow::Borrowed(_))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Its characters, in Unicode scalar values.
    pub fn chars(&self) -> usize {
        characters(&self.plain())
    }
}

/// Which escapes a string holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Escapes {
    None,
    Short,
    /// `\u…`: may be half a character, so it is decoded and written anew.
    Unicode,
}

/// Undoes escapes; half a character becomes U+FFFD.
fn unescape(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut escape = after.chars();
        rest = match escape.next() {
            Some('u') => unicode(escape.as_str(), &mut plain),
            Some(letter) => {
                plain.push(match letter {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    itself => itself,
                });
                escape.as_str()
            }
            None => "",
        };
    }
    plain.push_str(rest);
    plain
}

/// Decodes one or, of a pair, two `\u` escapes, the first `\u` already read.
fn unicode<'a>(digits: &'a str, plain: &mut String) -> &'a str {
    let hex = |text: &str| text.get(..4).and_then(|four| u16::from_str_radix(four, 16).ok());
    let rest = digits.get(4..).unwrap_or_default();
    let Some(first) = hex(digits) else { return rest };
    let second = rest.strip_prefix("\\u").and_then(hex);
    let pair = std::iter::once(first).chain(second);
    let read = char::decode_utf16(pair).next().and_then(Result::ok);
    let character = read.unwrap_or(char::REPLACEMENT_CHARACTER);
    plain.push(character);
    if character.len_utf16() == 2 { rest.get(6..).unwrap_or_default() } else { rest }
}
