//! What a tweet says: sentences of its language with emoji, hashtags, mentions and links.
//!
//! Knows the facts of the tweet. Invariant: a text that is sent has at most 280 code points;
//! what is longer stands in the note.

use super::author::Author;
use super::feed::Feed;
use super::post::{Kind, Post};
use super::text::Text;
use crate::hash::{Draw, hash, pick};

/// Code points of a text that X shows without "show more".
const SHOWN_MAX: usize = 280;
/// Code points left of a long one: with an ellipsis and a link they make 280.
const SHOWN_OF_LONG: usize = 255;
/// Code points of a repost's text.
const REPOST_MAX: usize = 140;

const SALT_WORDS: u64 = 144;
const SALT_LINK: u64 = 145;

/// Plain, joined by ZWJ, with skin tones, a flag, a keycap.
const EMOJI: &[&str] = &[
    "☕",
    "🌧️",
    "😂",
    "❤️",
    "🔥",
    "✨",
    "🙌🏾",
    "👩🏽‍💻",
    "🏳️‍🌈",
    "🇧🇷",
    "🌊",
    "🎶",
    "🥟",
    "🐈‍⬛",
    "⚽",
    "📷",
    "🎉",
    "🤷🏻‍♂️",
    "3️⃣",
    "🍜",
    "🌅",
    "🙏🏽",
    "🇯🇵",
    "🦀",
];

const SITES: &[&str] = &[
    "news.example.org/world",
    "blog.example.com/posts",
    "photos.example.net/album",
    "video.example.org/watch",
    "shop.example.com/items",
];

/// A tweet's words.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// What is sent as its text.
    pub(crate) text: Text,
    /// The whole, when it is longer.
    pub(crate) note: Option<Text>,
}

/// The address behind `https://t.co/`: ten letters and digits of a hash.
fn short_link(seed: u64, id: u64, nth: u64) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut draw = Draw::new(seed, id, SALT_LINK + nth);
    let letter = |n: u64| pick(LETTERS, n);
    let code: String = (0..10).map(|_| char::from(letter(draw.next()))).collect();
    format!("https://t.co/{code}")
}

/// The key of a tweet's picture.
pub(crate) fn media_key(id: u64) -> String {
    format!("3_{id}")
}

/// The address of a tweet.
pub(crate) fn status_url(author: Author, seed: u64, id: u64) -> String {
    format!("https://x.com/{}/status/{id}", author.username(seed))
}

/// The words of a tweet.
pub(crate) fn words(feed: &Feed, post: &Post) -> Words {
    if let Kind::Repost(earlier, author) = post.kind {
        let original = Post::at(feed, earlier);
        let mut text = Text::default();
        text.words("RT ");
        text.mention(author, feed.seed);
        text.words(": ");
        text.append(&words(feed, &original).text);
        return Words { text: text.cut(REPOST_MAX), note: None };
    }
    let mut draw = Draw::new(feed.seed, post.slot.key(), SALT_WORDS);
    let whole = whole(feed, post, &mut draw);
    if whole.chars <= SHOWN_MAX {
        return Words { text: whole, note: None };
    }
    let mut text = whole.cut(SHOWN_OF_LONG);
    text.words(" ");
    let id = post.slot.id;
    let expanded = format!("https://x.com/i/web/status/{id}");
    text.link(&short_link(feed.seed, id, 9), &expanded, None);
    Words { text, note: Some(whole) }
}

fn whole(feed: &Feed, post: &Post, draw: &mut Draw) -> Text {
    let (seed, id, language) = (feed.seed, post.slot.id, post.language);
    let mut text = Text::default();
    if let Kind::Reply(_, to) = post.kind {
        text.mention(to, seed);
        text.words(" ");
        text.words(pick(language.replies, draw.next()));
        text.words(language.joint);
    }
    if post.topic.is_some() {
        text.words(pick(language.gasps, draw.next()));
        text.words(language.joint);
    }
    text.words(pick(language.sentences, draw.next()));
    while text.chars < post.long {
        text.words(language.joint);
        text.words(pick(language.sentences, draw.next()));
    }
    if draw.unit() < 0.45 {
        text.words(language.joint);
        text.words(pick(language.tails, draw.next()));
    }
    if draw.unit() < 0.35 {
        text.words(" ");
        text.words(pick(EMOJI, draw.next()));
    }
    decorate(&mut text, post, seed, draw);
    if let Kind::Quote(earlier, author) = post.kind {
        text.words(" ");
        text.link(&short_link(seed, id, 2), &status_url(author, seed, earlier.id), None);
    }
    if post.photo {
        text.words(" ");
        let address = format!("{}/photo/1", status_url(post.author, seed, id));
        text.link(&short_link(seed, id, 3), &address, Some(media_key(id)));
    }
    text
}

/// Mentions, hashtags and a link, as tweets carry them at their end.
fn decorate(text: &mut Text, post: &Post, seed: u64, draw: &mut Draw) {
    if draw.unit() < 0.10 {
        text.words(" ");
        text.mention(Author::draw(draw.next(), draw.next()), seed);
    }
    if let Some(topic) = post.topic {
        text.words(" ");
        text.tag(topic);
    }
    if draw.unit() < 0.30 {
        text.words(" ");
        text.tag(pick(post.language.tags, draw.next()));
    }
    if draw.unit() < 0.15 {
        text.words(" ");
        let page = hash(seed, draw.next(), SALT_LINK) % 1_000_000;
        let address = format!("https://{}/{page}", pick(SITES, draw.next()));
        text.link(&short_link(seed, post.slot.id, 1), &address, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::feed::SHARE_PLACED;
    use crate::tweets::text::What;
    use std::collections::HashSet;

    const NOON_MS: i64 = 1_790_000_000_000;

    #[test]
    fn every_mark_stands_where_it_says() {
        let feed = Feed::new(1, 50.0, SHARE_PLACED);
        let mut kinds = [0; 3];
        for post in feed.posts(NOON_MS, NOON_MS + 60_000) {
            let words = words(&feed, &post);
            for text in [Some(&words.text), words.note.as_ref()].into_iter().flatten() {
                assert_eq!(text.chars, text.body.chars().count());
                for mark in &text.marks {
                    let part: String =
                        text.body.chars().skip(mark.start).take(mark.end - mark.start).collect();
                    let (kind, spelling) = match &mark.what {
                        What::Tag(tag) => (0, format!("#{tag}")),
                        What::Mention(author) => (1, format!("@{}", author.username(1))),
                        What::Account(account) => panic!("the world mentions {account:?}"),
                        What::Link { url, .. } => (2, url.clone()),
                    };
                    kinds[kind] += 1;
                    assert_eq!(part, spelling, "{}", text.body);
                }
            }
        }
        assert!(kinds.iter().all(|&n| n > 100), "{kinds:?}");
    }

    #[test]
    fn texts_fit_x_and_notes_hold_the_rest() {
        let feed = Feed::new(2, 50.0, SHARE_PLACED);
        let mut notes = 0;
        for post in feed.posts(NOON_MS, NOON_MS + 60_000) {
            let words = words(&feed, &post);
            assert!(words.text.chars <= SHOWN_MAX, "{}", words.text.body);
            if let Some(note) = words.note {
                notes += 1;
                assert!(note.chars > SHOWN_MAX);
            }
        }
        assert!(notes > 10, "{notes}");
    }

    #[test]
    fn many_scripts_are_written() {
        let feed = Feed::new(3, 50.0, SHARE_PLACED);
        let languages: HashSet<&str> =
            feed.posts(NOON_MS, NOON_MS + 60_000).map(|post| post.language.code).collect();
        for code in ["en", "ru", "ar", "ja", "ko", "hi", "th", "zh", "es", "pt"] {
            assert!(languages.contains(code), "{code}");
        }
    }

    #[test]
    fn a_repost_says_what_it_reposts() {
        let feed = Feed::new(4, 50.0, SHARE_PLACED);
        let (post, earlier, author) = feed
            .posts(NOON_MS, NOON_MS + 60_000)
            .find_map(|post| match post.kind {
                Kind::Repost(earlier, author) => Some((post, earlier, author)),
                _ => None,
            })
            .unwrap();
        let text = words(&feed, &post).text.body;
        let original = words(&feed, &Post::at(&feed, earlier)).text.body;
        let head: String = original.chars().take(20).collect();
        assert!(text.starts_with(&format!("RT @{}: {head}", author.username(4))), "{text}");
    }
}
