//! A tweet's text with its links. Owns: where X's entities cut a text. Must not know: markup.
//! Invariant: the pieces, put together, are the text as X gave it, but that a link may show
//! X's short form of its address; a link leads to http or https or is no link.

use shared::api::{Entity, SimpleTweet};
use shared::time::UnixMs;

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) url: Option<String>,
}

/// Cuts a text at its entities; those that overlap or lie outside are left out.
pub(crate) fn pieces(body: &str, entities: &[Entity]) -> Vec<Piece> {
    let wanted: Vec<&Entity> = entities.iter().filter(|one| one.start < one.end).collect();
    let wanted = crate::order::sorted(wanted, |one, other| one.start.cmp(&other.start));
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = body.chars();
    let mut at = 0_u32;
    for entity in wanted {
        if entity.start < at || !is_web(&entity.url) {
            continue;
        }
        let before: String = chars.by_ref().take(index(entity.start - at)).collect();
        let inside: String = chars.by_ref().take(index(entity.end - entity.start)).collect();
        plain.push_str(&before);
        at = entity.end;
        if inside.is_empty() {
            break;
        }
        if !plain.is_empty() {
            pieces.push(Piece { text: std::mem::take(&mut plain), url: None });
        }
        let text = entity.display.clone().filter(|text| !text.is_empty()).unwrap_or(inside);
        pieces.push(Piece { text, url: Some(entity.url.clone()) });
    }
    plain.extend(chars);
    if !plain.is_empty() {
        pieces.push(Piece { text: plain, url: None });
    }
    pieces
}

fn index(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The address of a tweet at X.
pub(crate) fn permalink(tweet: &SimpleTweet) -> String {
    format!("https://x.com/{}/status/{}", handle(&tweet.username), tweet.id)
}

/// The address of its author at X.
pub(crate) fn profile(tweet: &SimpleTweet) -> String {
    format!("https://x.com/{}", handle(&tweet.username))
}

/// Only what a handle may hold, so that nothing else becomes part of an address; `i` is X's own
/// stand-in for any author.
fn handle(username: &str) -> &str {
    let fits = !username.is_empty()
        && username.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { username } else { "i" }
}

/// When a tweet was posted; when it came where X did not say.
pub(crate) fn posted(tweet: &SimpleTweet) -> UnixMs {
    tweet.created_at.unwrap_or(tweet.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::frames::tests::sample_tweet;

    fn link(start: u32, end: u32, display: Option<&str>) -> Entity {
        Entity { start, end, url: "https://t.co/a".to_owned(), display: display.map(str::to_owned) }
    }

    #[track_caller]
    fn check(body: &str, entities: &[Entity], expected: &[(&str, bool)]) {
        let found = pieces(body, entities);
        let found: Vec<_> =
            found.iter().map(|piece| (piece.text.as_str(), piece.url.is_some())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn texts_are_cut_by_characters_and_not_by_bytes() {
        check(
            "é🍵 #tea ok",
            &[link(3, 7, None)],
            &[("é🍵 ", false), ("#tea", true), (" ok", false)],
        );
        check("плюс @ада", &[link(5, 9, None)], &[("плюс ", false), ("@ада", true)]);
    }

    #[test]
    fn a_link_shows_xs_short_form() {
        check(
            "see https://t.co/a",
            &[link(4, 18, Some("example.org/a…"))],
            &[("see ", false), ("example.org/a…", true)],
        );
    }

    #[test]
    fn odd_entities_cost_nothing_but_themselves() {
        check("abc", &[link(1, 1, None), link(9, 12, None)], &[("abc", false)]);
        check("abcdef", &[link(0, 3, None), link(2, 5, None)], &[("abc", true), ("def", false)]);
        let script = Entity { url: "javascript:alert(1)".to_owned(), ..link(0, 3, None) };
        check("abc", &[script], &[("abc", false)]);
        check("", &[], &[]);
    }

    #[test]
    fn addresses_hold_nothing_but_handles() {
        let mut tweet = sample_tweet(1, 42);
        assert_eq!(permalink(&tweet), "https://x.com/ada/status/42");
        tweet.username = "../evil?".to_owned();
        assert_eq!(profile(&tweet), "https://x.com/i");
    }
}
