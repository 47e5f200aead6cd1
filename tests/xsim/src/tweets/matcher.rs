//! Rules on tweets: whether one matches.
//!
//! Knows the tree of a rule and the facts and words of a tweet. Invariant: the answer follows
//! from the rule and the tweet alone, so the stream and the search agree.
#![allow(clippy::cast_precision_loss, reason = "only ratios are compared")]

use std::cell::OnceCell;

use super::author::Author;
use super::compose::Words;
use super::place::Spot;
use super::post::{Kind, Post};
use super::query::{Count, Has, Is, Query, Term, fold};
use super::text::{Text, What};
use crate::hash::hash;

const SALT_SAMPLE: u64 = 176;
const EARTH_RADIUS_KM: f64 = 6_371.0;

/// A tweet under examination.
pub(crate) struct Subject<'a> {
    seed: u64,
    post: &'a Post,
    text: &'a Text,
    folded: OnceCell<String>,
    lower: OnceCell<String>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(seed: u64, post: &'a Post, words: &'a Words) -> Self {
        let text = words.note.as_ref().unwrap_or(&words.text);
        Self { seed, post, text, folded: OnceCell::new(), lower: OnceCell::new() }
    }

    fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.text.body.replace("&amp;", "&")))
    }

    fn lower(&self) -> &str {
        self.lower.get_or_init(|| self.text.body.to_lowercase())
    }

    /// Whether the tweet matches.
    pub(crate) fn matches(&self, query: &Query) -> bool {
        match query {
            Query::All(parts) => parts.iter().all(|part| self.matches(part)),
            Query::Any(parts) => parts.iter().any(|part| self.matches(part)),
            Query::Not(part) => !self.matches(part),
            Query::Term(term) => self.is(term),
        }
    }

    fn is(&self, term: &Term) -> bool {
        let (post, kind) = (self.post, self.post.kind);
        match term {
            Term::Words(words) => self.folded().contains(words.as_str()),
            Term::Near(words, apart) => near(self.folded(), words, *apart),
            Term::Part(part) => self.lower().contains(part.as_str()),
            Term::Tag(tag) => {
                self.has_mark(|what| matches!(what, What::Tag(own) if own.to_lowercase() == *tag))
            }
            Term::Mention(name) => self.has_mark(
                |what| matches!(what, What::Mention(author) if self.is_person(*author, name)),
            ),
            Term::From(name) => self.is_person(post.author, name),
            Term::To(name) => {
                matches!(kind, Kind::Reply(_, author) if self.is_person(author, name))
            }
            Term::RepostsOf(name) => {
                matches!(kind, Kind::Repost(_, author) if self.is_person(author, name))
            }
            Term::Url(part) => self.has_mark(|what| {
                matches!(what, What::Link { url, expanded, .. }
                    if expanded.to_lowercase().contains(part) || url.to_lowercase() == *part)
            }),
            Term::Conversation(id) => post.conversation() == *id,
            Term::InReplyTo(id) => matches!(kind, Kind::Reply(slot, _) if slot.id == *id),
            Term::RepostsOfTweet(id) => matches!(kind, Kind::Repost(slot, _) if slot.id == *id),
            Term::Lang(code) => post.language.code == code,
            Term::Country(code) => post.spot.is_some_and(|s| s.city.country.code == code),
            Term::Place(name) => post.spot.is_some_and(|spot| {
                spot.id() == *name || fold(&spot.full_name()).contains(&fold(name))
            }),
            Term::Box(area) => post.spot.is_some_and(|spot| within_box(&spot, *area)),
            Term::Radius { lon, lat, km } => {
                post.spot.is_some_and(|spot| within_radius(&spot, (*lon, *lat), *km))
            }
            Term::Has(has) => self.has(*has),
            Term::Is(is) => match is {
                Is::Repost => matches!(kind, Kind::Repost(..)),
                Is::Reply => matches!(kind, Kind::Reply(..)),
                Is::Quote => matches!(kind, Kind::Quote(..)),
                Is::Verified => post.author.is_verified(self.seed),
                Is::Nullcast => false,
            },
            Term::Count(count, low, high) => {
                let counts = post.author.counts(self.seed, post.slot.second);
                let number = match count {
                    Count::Followers => counts.followers,
                    Count::Following => counts.following,
                    Count::Posts => counts.posts,
                    Count::Listed => counts.listed,
                };
                (*low..=*high).contains(&number)
            }
            Term::Sample(share) => hash(self.seed, post.slot.id, SALT_SAMPLE) % 100 < *share,
            Term::Never => false,
        }
    }

    fn has(&self, has: Has) -> bool {
        match has {
            Has::Geo => self.post.spot.is_some(),
            Has::Media => self.post.photo,
            Has::Links => self.has_mark(|what| matches!(what, What::Link { .. })),
            Has::Hashtags => self.has_mark(|what| matches!(what, What::Tag(_))),
            Has::Mentions => {
                self.has_mark(|what| matches!(what, What::Mention(_) | What::Account(_)))
            }
            Has::Nothing => false,
        }
    }

    fn has_mark(&self, is: impl Fn(&What) -> bool) -> bool {
        self.text.marks.iter().any(|mark| is(&mark.what))
    }

    /// By username in lower case, or by id.
    fn is_person(&self, author: Author, name: &str) -> bool {
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return author.id(self.seed).to_string() == name;
        }
        author.username(self.seed) == name
    }
}

/// Whether all words stand, in order, within so many words of each other.
fn near(folded: &str, words: &[String], apart: usize) -> bool {
    let text: Vec<&str> = folded.split_whitespace().collect();
    let Some((first, others)) = words.split_first() else { return false };
    let starts = text.iter().enumerate().filter(|(_, word)| *word == first);
    starts.into_iter().any(|(start, _)| {
        let mut at = start;
        others.iter().all(|word| {
            let window = text.iter().enumerate().skip(at + 1).take(apart + 1);
            let found = window.into_iter().find(|(_, w)| *w == word).map(|(at, _)| at);
            at = found.unwrap_or(at);
            found.is_some()
        })
    })
}

/// A point in the box, or a place wholly within it.
fn within_box(spot: &Spot, [west, south, east, north]: [f64; 4]) -> bool {
    let inside =
        |lon: f64, lat: f64| (west..=east).contains(&lon) && (south..=north).contains(&lat);
    if let Some((lon, lat)) = spot.point() {
        return inside(lon, lat);
    }
    let [w, s, e, n] = spot.bbox();
    inside(w, s) && inside(e, n)
}

fn within_radius(spot: &Spot, centre: (f64, f64), km: f64) -> bool {
    if let Some(point) = spot.point() {
        return distance_km(point, centre) <= km;
    }
    let [w, s, e, n] = spot.bbox();
    [(w, s), (w, n), (e, s), (e, n)].into_iter().all(|corner| distance_km(corner, centre) <= km)
}

/// The great-circle distance of two (longitude, latitude), by the haversine.
fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let (lat_a, lat_b) = (a.1.to_radians(), b.1.to_radians());
    let h = half(a.1, b.1) + lat_a.cos() * lat_b.cos() * half(a.0, b.0);
    2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::cities;
    use crate::tweets::compose;
    use crate::tweets::feed::Feed;
    use crate::tweets::place::Precision;
    use crate::tweets::query::RULE_MAX;

    const NOON_MS: i64 = 1_790_000_000_000;

    /// A tweet made by hand: an original from Paris that says this.
    fn check_text(rule: &str, build: impl Fn(&mut Text), matches: bool) {
        let feed = Feed::new(1, 10.0, 1.0);
        let slot = feed.nth(NOON_MS / 1_000, 0).unwrap();
        let city = cities::all().iter().find(|c| c.name == "Paris").unwrap();
        let here = Some(Spot { city, precision: Precision::Exact(2.35, 48.86) });
        let plain = Post::at(&feed, slot);
        let post = Post { kind: Kind::Original, spot: here, photo: false, ..plain };
        let mut text = Text::default();
        build(&mut text);
        let words = Words { text, note: None };
        let query = Query::parse(rule, RULE_MAX).unwrap();
        assert_eq!(Subject::new(1, &post, &words).matches(&query), matches, "{rule}");
    }

    #[track_caller]
    fn check(rule: &str, text: &str, matches: bool) {
        check_text(rule, |t| t.words(text), matches);
    }

    #[test]
    fn keywords_are_whole_words_in_any_case() {
        check("cat", "My CAT, again.", true);
        check("cat", "catalogue", false);
        check("cat dog", "a dog and a cat", true);
        check("\"cat dog\"", "a dog and a cat", false);
        check("\"fish chips\"", "Fish &amp; chips!", true);
        check("cat OR dog", "a dog", true);
        check("cat -dog", "a cat and a dog", false);
        check("cat -(dog OR bird)", "a cat", true);
        check("café", "Le CAFÉ.", true);
        check("cafe", "Le café.", false);
        check("सुबह", "आज सुबह चाय", true);
        check("猫", "今日の猫です", true);
        check("กาแฟ", "ดื่มกาแฟก่อน", true);
        check("☕", "first ☕ then", true);
        check("\"cat tree\"~2", "a cat in the tree", true);
        check("\"cat tree\"~1", "a cat in the tree", false);
    }

    #[test]
    fn places_are_matched_by_country_box_and_radius() {
        check("place_country:FR", "x", true);
        check("place_country:DE", "x", false);
        check("place:Paris", "x", true);
        check("place:\"Paris, France\"", "x", true);
        check("place:Berlin", "x", false);
        check("bounding_box:[2.2 48.8 2.5 48.9]", "x", true);
        check("bounding_box:[2.4 48.8 2.6 48.9]", "x", false);
        check("point_radius:[2.35 48.85 5km]", "x", true);
        check("point_radius:[2.55 48.85 5mi]", "x", false);
        check("x has:geo", "x", true);
        check("x -has:geo", "x", false);
    }

    #[test]
    fn marks_are_matched_as_what_they_are() {
        let build = |text: &mut Text| {
            text.words("see ");
            text.tag("Rust");
            text.words(" ");
            text.link("https://t.co/abc", "https://example.org/News", None);
        };
        for (rule, matches) in [
            ("#rust", true),
            ("#ruste", false),
            ("rust", true),
            ("see has:hashtags has:links", true),
            ("see has:mentions", false),
            ("see has:media", false),
            ("url:example.org", true),
            ("url:example.com", false),
            ("see is:reply", false),
            ("see -is:retweet -is:nullcast", true),
        ] {
            check_text(rule, build, matches);
        }
    }

    #[test]
    fn rules_agree_with_the_facts_of_the_world() {
        let feed = Feed::new(1, 50.0, 0.4);
        let query = |text: &str| Query::parse(text, RULE_MAX).unwrap();
        let country = query("place_country:IN lang:en");
        let sample = query("(e OR a OR i) sample:10");
        let whole = query("e OR a OR i");
        let (mut sampled, mut all) = (0, 0);
        for post in feed.posts(NOON_MS, NOON_MS + 60_000) {
            let words = compose::words(&feed, &post);
            let subject = Subject::new(1, &post, &words);
            let from = query(&format!("from:{}", post.author.username(1)));
            assert!(subject.matches(&from));
            assert!(subject.matches(&query(&format!("from:{}", post.author.id(1)))));
            let indian = post.spot.is_some_and(|s| s.city.country.code == "IN");
            assert_eq!(subject.matches(&country), indian && post.language.code == "en");
            if let Kind::Reply(earlier, to) = post.kind {
                assert!(subject.matches(&query(&format!("to:{} is:reply", to.username(1)))));
                assert!(subject.matches(&query(&format!("in_reply_to_tweet_id:{}", earlier.id))));
            }
            sampled += u32::from(subject.matches(&sample));
            all += u32::from(subject.matches(&whole));
        }
        assert!((all / 20..all / 6).contains(&sampled), "{sampled} of {all}");
    }
}
