//! What in a text is a link. Owns: the addresses of tags, handles and symbols, HTML's three
//! escapes and the moving of indices past them. Must not know: what a tweet is. Invariant: links
//! are in order, lie within the text, do not overlap, and lead to `http` or `https`.

use super::{Link, NAME_MAX_BYTES};
use crate::live::few::Few;
use crate::live::json::{Field, Text};
use crate::live::raw::{EntityKind, RawEntity};
use std::borrow::Cow;

/// Where characters went: at this index of the old text and later, so many are gone.
pub(super) type Cut = (u32, u32);

/// Puts `&`, `<` and `>` for the names HTML has for them, as X writes them; and tells where that
/// made the text shorter, in characters.
#[allow(clippy::cast_possible_truncation, reason = "a text is shorter")]
pub(super) fn without_html(text: &str) -> (String, Vec<Cut>) {
    const NAMES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
    let mut plain = String::with_capacity(text.len());
    let mut cuts = Vec::new();
    let (mut at, mut gone) = (0_u32, 0_u32);
    let mut rest = text;
    while let Some((before, _)) = rest.split_once('&') {
        let (_, name) = rest.split_at(before.len());
        let found = NAMES.iter().find(|(html, _)| name.starts_with(html));
        let (html, character) = found.copied().unwrap_or(("&", '&'));
        plain.push_str(before);
        plain.push(character);
        at += (before.chars().count() + html.len()) as u32;
        gone += html.len() as u32 - 1;
        if found.is_some() {
            cuts.push((at, gone));
        }
        (_, rest) = name.split_at(html.len());
    }
    plain.push_str(rest);
    (plain, cuts)
}

/// How indices follow a text whose names of HTML are gone.
pub(super) struct Moves<'c> {
    cuts: &'c [Cut],
    /// The new text.
    text: Vec<char>,
}

impl<'c> Moves<'c> {
    /// Of [`without_html`]'s two; no cuts for a text that is as it was.
    pub(super) fn new(plain: &str, cuts: &'c [Cut]) -> Self {
        let text = if cuts.is_empty() { Vec::new() } else { plain.chars().collect() };
        Self { cuts, text }
    }

    /// Where an entity stands in the new text. X counts in the text as it wrote it; should it
    /// count without HTML's names in some dialect, which nothing says of the newer one, the text
    /// shows it: the entity then begins with its sign where the index says, and not where it was
    /// moved to.
    fn place(&self, entity: &RawEntity<'_>, start: u32, end: u32) -> (u32, u32) {
        let there = (moved(start, self.cuts), moved(end, self.cuts));
        // No entity holds one of HTML's names: whatever became shorter was no entity.
        let fits = there.1.checked_sub(there.0) == end.checked_sub(start)
            && self.begins(entity.kind, there.0);
        let stays = !fits && self.begins(entity.kind, start);
        if stays { (start, end) } else { there }
    }

    fn begins(&self, kind: EntityKind, at: u32) -> bool {
        let rest = self.text.get(at as usize..).unwrap_or_default();
        match kind {
            EntityKind::Url => rest.starts_with(&['h', 't', 't', 'p']),
            EntityKind::Hashtag => matches!(rest.first(), Some('#' | '＃')),
            EntityKind::Mention => matches!(rest.first(), Some('@' | '＠')),
            EntityKind::Cashtag => matches!(rest.first(), Some('$')),
        }
    }
}

/// An index of the old text in the new one.
fn moved(index: u32, cuts: &[Cut]) -> u32 {
    let passed = cuts.partition_point(|&(at, _)| at <= index);
    let gone = passed.checked_sub(1).and_then(|last| cuts.get(last)).map_or(0, |&(_, gone)| gone);
    index.saturating_sub(gone)
}

/// The links of a text of `length` characters, and whether any entity could not be used.
pub(super) fn read<'a>(
    entities: &[RawEntity<'a>],
    moves: &Moves<'_>,
    length: usize,
) -> (Few<Link<'a>>, bool) {
    let mut links = Few::None;
    let mut odd = false;
    for entity in entities {
        match link(entity, moves).filter(|link| link.end as usize <= length) {
            Some(link) => links.push(link),
            None => odd = true,
        }
    }
    // Stable: of two in the same place the one X named first.
    links.sort_by_key(|link: &Link<'_>| link.start);
    let mut free = 0;
    links.retain(|link| {
        let keep = link.start >= free;
        if keep {
            free = link.end;
        }
        keep
    });
    (links, odd)
}

fn link<'a>(entity: &RawEntity<'a>, moves: &Moves<'_>) -> Option<Link<'a>> {
    let index = |field: &Field<u64>| u32::try_from(*field.get()?).ok();
    let (start, end) = moves.place(entity, index(&entity.start)?, index(&entity.end)?);
    let text = entity.text.get().or(entity.expanded.get())?;
    if start >= end || text.is_empty() || text.raw().len() > NAME_MAX_BYTES {
        return None;
    }
    let url = match entity.kind {
        EntityKind::Url => {
            let plain = text.plain();
            let web = plain.starts_with("https://") || plain.starts_with("http://");
            web.then(|| Address::AsIs(text.clone()))?
        }
        EntityKind::Hashtag => Address::AtX("hashtag/", text.clone()),
        EntityKind::Mention => Address::AtX("", text.clone()),
        EntityKind::Cashtag => Address::AtX("search?q=%24", text.clone()),
    };
    let shown = |text: &&Text<'_>| !text.is_empty() && text.raw().len() <= NAME_MAX_BYTES;
    Some(Link { start, end, url, display: entity.display.get().filter(shown).cloned() })
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Address<'a> {
    /// To an address that X gave.
    AsIs(Text<'a>),
    /// To X's own page: the beginning of its path, and what is to be escaped behind it.
    AtX(&'static str, Text<'a>),
}

impl Address<'_> {
    /// The address itself.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::AsIs(text) => text.plain(),
            Self::AtX(..) => {
                let mut url = String::new();
                self.write(&mut url);
                Cow::Owned(url)
            }
        }
    }

    /// Writes it as it stands between the quotes of JSON.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::AsIs(text) => out.push_str(text.raw()),
            Self::AtX(path, text) => {
                out.push_str("https://x.com/");
                out.push_str(path);
                escape(out, &text.plain());
            }
        }
    }
}

/// Writes a text as a part of an address: what is no letter or digit of ASCII in hexadecimal.
fn escape(out: &mut String, text: &str) {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if text.bytes().all(safe) {
        return out.push_str(text);
    }
    let hex = |half: u8| char::from(if half < 10 { b'0' + half } else { b'A' - 10 + half });
    out.reserve(3 * text.len());
    for byte in text.bytes() {
        if safe(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str, indices: &[(u32, u32)]) {
        let (plain, cuts) = without_html(html);
        assert_eq!(plain, expected);
        for &(old, new) in indices {
            assert_eq!(moved(old, &cuts), new, "{html} {old}");
        }
    }

    #[test]
    fn html_names_become_characters_and_indices_follow() {
        check("a &amp; b", "a & b", &[(0, 0), (2, 2), (7, 3), (9, 5)]);
        check("é&lt;😀&gt;!", "é<😀>!", &[(1, 1), (5, 2), (6, 3), (10, 4), (11, 5)]);
        check("&amp;lt;", "&lt;", &[(5, 1), (8, 4)]);
        check("&copy; & &", "&copy; & &", &[(10, 10)]);
        check("", "", &[(0, 0)]);
    }
}
