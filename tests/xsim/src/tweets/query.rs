//! X's rule language: text to a tree, refused where X refuses.
//!
//! Knows no tweets. `AND` is a space and binds before `OR`; `-` negates; `()` group. Invariant:
//! a [`Query`] that exists has at least one standalone operator on every way to match, so it
//! never asks for everything.

/// Longest rule, in code points, and longest query of a search.
pub(crate) const RULE_MAX: usize = 1_024;
pub(crate) const SEARCH_MAX: usize = 512;
/// Deepest nesting of groups.
const DEPTH_MAX: u32 = 32;
/// Longest side of a box and longest radius: X's classical 25 miles, with room for rounding.
const SIDE_MAX_KM: f64 = 40.3;
const KM_PER_DEGREE: f64 = 111.2;
const KM_PER_MILE: f64 = 1.609_344;

/// What a tweet can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    Geo,
    Links,
    Media,
    Hashtags,
    Mentions,
    /// Videos and cashtags, which no tweet here has.
    Nothing,
}

/// What a tweet can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Repost,
    Reply,
    Quote,
    Verified,
    /// Ads that no timeline shows: no tweet here.
    Nullcast,
}

/// Numbers of an author that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Followers,
    Following,
    Posts,
    Listed,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// Words in a row: folded, with a space on either side.
    Words(String),
    /// Words with at most so many others between them.
    Near(Vec<String>, usize),
    /// A part of the text in lower case, where words are not spaced.
    Part(String),
    Tag(String),
    Mention(String),
    From(String),
    To(String),
    RepostsOf(String),
    Url(String),
    Conversation(u64),
    InReplyTo(u64),
    RepostsOfTweet(u64),
    Lang(String),
    Country(String),
    /// A place's id, or words of its name.
    Place(String),
    Box([f64; 4]),
    Radius {
        lon: f64,
        lat: f64,
        km: f64,
    },
    Has(Has),
    Is(Is),
    Count(Count, u64, u64),
    /// This many of a hundred.
    Sample(u64),
    /// Something X knows and no tweet here has.
    Never,
}

/// A rule as a tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Not(Box<Query>),
    Term(Term),
}

/// Operators that may not stand alone.
const CONJUNCTION: [&str; 8] = [
    "has",
    "is",
    "lang",
    "sample",
    "followers_count",
    "following_count",
    "tweets_count",
    "listed_count",
];

/// Standalone operators of X about things that no tweet here has.
const NEVER: [&str; 10] = [
    "bio",
    "bio_location",
    "bio_name",
    "context",
    "entity",
    "list",
    "source",
    "url_contains",
    "url_description",
    "url_title",
];

/// Lower case, words apart by one space, with a space on either side.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    for c in text.chars().flat_map(char::to_lowercase) {
        // Vowel signs and other marks belong to their word.
        let mark = matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{eff}');
        if c.is_alphanumeric() || mark || c == '_' {
            folded.push(c);
        } else if !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
    folded
}

/// Scripts written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

fn words(text: &str) -> Term {
    let folded = fold(text);
    if folded.trim().is_empty() || text.chars().any(is_unspaced) {
        Term::Part(text.to_lowercase())
    } else {
        Term::Words(folded)
    }
}

/// Words that must all occur, as version 1.1 takes them.
pub(crate) fn keywords(text: &str) -> Query {
    Query::All(text.split_whitespace().map(|word| Query::Term(words(word))).collect())
}

struct Parser<'a> {
    rest: &'a str,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    /// Up to, and past, a closing sign.
    fn until(&mut self, close: char) -> Result<&'a str, String> {
        let end = self.rest.find(close).ok_or_else(|| format!("a closing {close} is missing"))?;
        let inside = self.take(end);
        self.take(close.len_utf8());
        Ok(inside)
    }

    /// Up to, and past, a closing quotation mark; a backslash takes the next sign as it is.
    fn quoted(&mut self) -> Result<String, String> {
        let mut inside = String::new();
        let mut signs = self.rest.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.take(at + 1);
                    return Ok(inside);
                }
                '\\' => inside.extend(signs.next().map(|(_, sign)| sign)),
                _ => inside.push(sign),
            }
        }
        Err("a closing \" is missing".to_owned())
    }

    fn any(&mut self) -> Result<Query, String> {
        let mut parts = vec![self.all()?];
        while self.or() {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Query::Any(parts) })
    }

    fn or(&mut self) -> bool {
        self.skip_spaces();
        let or = self.at_or();
        if or {
            self.take(2);
        }
        or
    }

    fn all(&mut self) -> Result<Query, String> {
        let mut parts = Vec::new();
        loop {
            self.skip_spaces();
            if self.rest.is_empty() || self.rest.starts_with(')') || self.at_or() {
                break;
            }
            parts.push(self.one()?);
        }
        match parts.len() {
            0 => Err("something is missing before or after OR, or between ( and )".to_owned()),
            1 => Ok(parts.remove(0)),
            _ => Ok(Query::All(parts)),
        }
    }

    fn at_or(&self) -> bool {
        self.rest == "OR"
            || self.rest.strip_prefix("OR").is_some_and(|rest| rest.starts_with([' ', '(', ')']))
    }

    fn one(&mut self) -> Result<Query, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("groups are nested deeper than {DEPTH_MAX}"));
        }
        let query = match self.peek() {
            Some('-') => {
                self.take(1);
                if self.rest.is_empty() || self.rest.starts_with([' ', '-']) {
                    return Err("a - must stand right before what it negates".to_owned());
                }
                Query::Not(Box::new(self.one()?))
            }
            Some('(') => {
                self.take(1);
                let inside = self.any()?;
                if !self.rest.starts_with(')') {
                    return Err("a closing ) is missing".to_owned());
                }
                self.take(1);
                inside
            }
            Some('"') => Query::Term(self.phrase()?),
            _ => Query::Term(self.word()?),
        };
        self.depth -= 1;
        Ok(query)
    }

    fn phrase(&mut self) -> Result<Term, String> {
        self.take(1);
        let inside = self.quoted()?;
        if inside.trim().is_empty() {
            return Err("a phrase is empty".to_owned());
        }
        if self.rest.starts_with('~') {
            self.take(1);
            let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            let apart = self.take(digits).parse().ok().filter(|n| (1..=6).contains(n));
            let apart = apart.ok_or("the number after ~ must be 1 to 6")?;
            let folded = fold(&inside);
            return Ok(Term::Near(folded.split_whitespace().map(str::to_owned).collect(), apart));
        }
        Ok(words(&inside))
    }

    fn word(&mut self) -> Result<Term, String> {
        let end = self.rest.find([' ', '\t', '\n', '(', ')', '"', '[']).unwrap_or(self.rest.len());
        let word = self.take(end);
        if let Some((operator, value)) = word.split_once(':')
            && operator.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && !operator.is_empty()
        {
            let value = match (value, self.peek()) {
                ("", Some('"')) => {
                    self.take(1);
                    self.quoted()?
                }
                ("", Some('[')) => {
                    self.take(1);
                    self.until(']')?.to_owned()
                }
                _ => value.to_owned(),
            };
            return operator_term(operator, &value);
        }
        match word.chars().next() {
            None => Err(format!("{} is not expected here", self.peek().unwrap_or(' '))),
            Some('#') if word.len() > 1 => {
                Ok(Term::Tag(word.trim_start_matches('#').to_lowercase()))
            }
            Some('@') if word.len() > 1 => {
                Ok(Term::Mention(word.trim_start_matches('@').to_lowercase()))
            }
            Some('$') if word.len() > 1 => Ok(Term::Never),
            _ => Ok(words(word)),
        }
    }
}

fn operator_term(operator: &str, value: &str) -> Result<Term, String> {
    if value.is_empty() {
        return Err(format!("the operator {operator}: has no value"));
    }
    let wrong = || format!("{operator}:{value} is not a value that {operator}: takes");
    let id = || value.parse::<u64>().map_err(|_| wrong());
    let person = || value.trim_start_matches('@').to_lowercase();
    Ok(match operator {
        "from" => Term::From(person()),
        "to" => Term::To(person()),
        "retweets_of" => Term::RepostsOf(person()),
        "url" => Term::Url(value.to_lowercase()),
        "conversation_id" => Term::Conversation(id()?),
        "in_reply_to_tweet_id" => Term::InReplyTo(id()?),
        "retweets_of_tweet_id" => Term::RepostsOfTweet(id()?),
        "lang" => Term::Lang(value.to_lowercase()),
        "place" => Term::Place(value.to_lowercase()),
        "place_country" => {
            let code = value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
            Term::Country(code.then(|| value.to_uppercase()).ok_or_else(wrong)?)
        }
        "bounding_box" => bounding_box(value)?,
        "point_radius" => point_radius(value)?,
        "sample" => {
            Term::Sample(value.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(wrong)?)
        }
        "has" => Term::Has(match value {
            "geo" => Has::Geo,
            "links" => Has::Links,
            "media" | "images" => Has::Media,
            "hashtags" => Has::Hashtags,
            "mentions" => Has::Mentions,
            "cashtags" | "video_link" | "videos" => Has::Nothing,
            _ => return Err(wrong()),
        }),
        "is" => Term::Is(match value {
            "retweet" => Is::Repost,
            "reply" => Is::Reply,
            "quote" => Is::Quote,
            "verified" => Is::Verified,
            "nullcast" => Is::Nullcast,
            _ => return Err(wrong()),
        }),
        "followers_count" => range(Count::Followers, value).ok_or_else(wrong)?,
        "following_count" => range(Count::Following, value).ok_or_else(wrong)?,
        "tweets_count" => range(Count::Posts, value).ok_or_else(wrong)?,
        "listed_count" => range(Count::Listed, value).ok_or_else(wrong)?,
        _ if NEVER.contains(&operator) => Term::Never,
        _ => {
            return Err(format!(
                "Reference to invalid operator '{operator}'. Operator is not available in \
                 current product or product packaging."
            ));
        }
    })
}

/// `100..500`, or `100` for at least so many.
fn range(count: Count, value: &str) -> Option<Term> {
    let (low, high) = match value.split_once("..") {
        Some((low, high)) => (low.parse().ok()?, high.parse().ok()?),
        None => (value.parse().ok()?, u64::MAX),
    };
    (low <= high).then_some(Term::Count(count, low, high))
}

fn numbers(value: &str) -> Option<Vec<f64>> {
    value.split_whitespace().map(|part| part.parse().ok().filter(|n: &f64| n.is_finite())).collect()
}

fn bounding_box(value: &str) -> Result<Term, String> {
    let wrong = || format!("bounding_box:[{value}] is not [west south east north] in degrees");
    let parts = numbers(value).ok_or_else(wrong)?;
    let &[west, south, east, north] = parts.as_slice() else { return Err(wrong()) };
    let on_earth = west >= -180.0 && east <= 180.0 && south >= -90.0 && north <= 90.0;
    if !on_earth || west >= east || south >= north {
        return Err(wrong());
    }
    // A degree of longitude is shortest at the side nearer to a pole.
    let shrink = south.abs().max(north.abs()).to_radians().cos();
    let sides = [(north - south) * KM_PER_DEGREE, (east - west) * KM_PER_DEGREE * shrink];
    if sides.into_iter().any(|km| km > SIDE_MAX_KM) {
        return Err(format!("bounding_box:[{value}] must be at most 25mi wide and high"));
    }
    Ok(Term::Box([west, south, east, north]))
}

fn point_radius(value: &str) -> Result<Term, String> {
    let wrong = || format!("point_radius:[{value}] is not [lon lat radius], as [2.35 48.85 16km]");
    let (point, radius) = value.trim().rsplit_once(' ').ok_or_else(wrong)?;
    let parts = numbers(point).ok_or_else(wrong)?;
    let &[lon, lat] = parts.as_slice() else { return Err(wrong()) };
    let (number, unit) = match (radius.strip_suffix("km"), radius.strip_suffix("mi")) {
        (Some(number), _) => (number, 1.0),
        (_, Some(number)) => (number, KM_PER_MILE),
        _ => return Err(wrong()),
    };
    let km = number.parse::<f64>().map_err(|_| wrong())? * unit;
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) || km <= 0.0 {
        return Err(wrong());
    }
    if km > SIDE_MAX_KM {
        return Err(format!("point_radius:[{value}] must be at most 25mi"));
    }
    Ok(Term::Radius { lon, lat, km })
}

impl Term {
    fn is_standalone(&self) -> bool {
        !matches!(
            self,
            Self::Has(_) | Self::Is(_) | Self::Lang(_) | Self::Sample(_) | Self::Count(..)
        )
    }
}

impl Query {
    /// Reads a rule or query of at most `most` code points.
    ///
    /// # Errors
    /// What X would say is wrong with it.
    pub(crate) fn parse(text: &str, most: usize) -> Result<Self, String> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err("the rule is empty".to_owned());
        }
        if length > most {
            return Err(format!("the rule has {length} characters, more than {most}"));
        }
        let mut parser = Parser { rest: text, depth: 0 };
        let query = parser.any()?;
        parser.skip_spaces();
        if let Some(left) = parser.peek() {
            return Err(format!("{left} is not expected here"));
        }
        if !query.stands_alone() {
            return Err(format!(
                "Rule must contain at least one positive, standalone operator: {} and what is \
                 negated can only be used in conjunction with one",
                CONJUNCTION.map(|name| format!("{name}:")).join(", ")
            ));
        }
        Ok(query)
    }

    /// Whether every way to match holds a standalone operator.
    fn stands_alone(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::stands_alone),
            Self::Any(parts) => parts.iter().all(Self::stands_alone),
            Self::Not(_) => false,
            Self::Term(term) => term.is_standalone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(term: Term) -> Query {
        Query::Term(term)
    }

    fn word(word: &str) -> Query {
        term(Term::Words(format!(" {word} ")))
    }

    #[track_caller]
    fn check(text: &str, query: Query) {
        assert_eq!(Query::parse(text, RULE_MAX), Ok(query), "{text}");
    }

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let refusal = Query::parse(text, RULE_MAX).unwrap_err();
        assert!(refusal.contains(part), "{text}: {refusal}");
    }

    #[test]
    fn and_binds_before_or() {
        let pair = |a, b| Query::All(vec![word(a), word(b)]);
        check("a b OR c d", Query::Any(vec![pair("a", "b"), pair("c", "d")]));
        check("a (b OR c)", Query::All(vec![word("a"), Query::Any(vec![word("b"), word("c")])]));
        check("(a)", word("a"));
        check("a(b)", pair("a", "b"));
        check("a ORb", pair("a", "orb"));
    }

    #[test]
    fn each_operator_is_read() {
        check("Cat", word("cat"));
        check("\"Fish & Chips\"", word("fish chips"));
        check(r#""say \"hi\" now" b"#, Query::All(vec![word("say hi now"), word("b")]));
        check("\"a b\"~3", term(Term::Near(vec!["a".into(), "b".into()], 3)));
        check("猫", term(Term::Part("猫".into())));
        check("☕", term(Term::Part("☕".into())));
        check("#Rust", term(Term::Tag("rust".into())));
        check("@Solvej", term(Term::Mention("solvej".into())));
        check("from:@Solvej", term(Term::From("solvej".into())));
        check("place_country:de", term(Term::Country("DE".into())));
        check("place:\"São Paulo\"", term(Term::Place("são paulo".into())));
        check("bounding_box:[2.2 48.8 2.5 48.9]", term(Term::Box([2.2, 48.8, 2.5, 48.9])));
        let paris = Term::Radius { lon: 2.35, lat: 48.85, km: 16.0 };
        check("point_radius:[2.35 48.85 16km]", term(paris));
        check("url:\"https://x.com\"", term(Term::Url("https://x.com".into())));
        check("context:10.799", term(Term::Never));
        let rule = Query::All(vec![
            word("a"),
            Query::Not(Box::new(term(Term::Is(Is::Repost)))),
            term(Term::Sample(10)),
            term(Term::Count(Count::Followers, 5, 90)),
        ]);
        check("a -is:retweet sample:10 followers_count:5..90", rule);
    }

    #[test]
    fn what_cannot_stand_alone_is_refused() {
        for text in ["has:geo", "has:geo sample:10", "lang:en", "-cat", "a OR has:links", "-(a b)"]
        {
            check_refused(text, "in conjunction");
        }
        for text in ["cat has:geo", "has:geo place_country:DE", "(a OR b) lang:en -is:retweet"] {
            assert!(Query::parse(text, RULE_MAX).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_named() {
        check_refused("", "empty");
        check_refused("  ", "empty");
        check_refused("(a", "closing )");
        check_refused("a)", ") is not expected");
        check_refused("\"a", "closing \"");
        check_refused("a OR", "OR");
        check_refused("OR a", "OR");
        check_refused("()", "missing");
        check_refused("a -", "right before");
        check_refused("has:shoes", "has:shoes");
        check_refused("from:", "no value");
        check_refused("shoe_size:3", "'shoe_size'");
        check_refused("cat sample:0", "sample:0");
        check_refused("place_country:Germany", "place_country");
        check_refused("bounding_box:[1 2 3]", "west south east north");
        check_refused("bounding_box:[5 47 15 55]", "25mi");
        check_refused("bounding_box:[3 1 2 1.1]", "west south east north");
        check_refused("point_radius:[2 48 100km]", "25mi");
        check_refused("point_radius:[2 48 9]", "lon lat radius");
        check_refused(&"a".repeat(1_025), "1025 characters");
        check_refused(&"(".repeat(40), "nested");
    }
}
