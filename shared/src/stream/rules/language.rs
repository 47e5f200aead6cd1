//! X's language of rules, as far as a rule can be judged before it is sent ("Build a rule",
//! "Operators", August 2026). Must not know: what matches. Invariant: what passes here is
//! balanced, non-negated in its groups, and has in every alternative something that names
//! tweets; what does not pass is told what to write instead.

use super::RULE_CHARS;
use super::geo::{check_box, check_radius};

/// What an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Text,
    User,
    Id,
    Number,
    Country,
    Box,
    Circle,
    Words(&'static [&'static str]),
    Lang,
    Sample,
}

const HAS: &[&str] = &[
    "geo",
    "links",
    "media",
    "images",
    "video_link",
    "videos",
    "hashtags",
    "mentions",
    "cashtags",
];
const IS: &[&str] = &["retweet", "reply", "quote", "verified", "nullcast"];

/// Name, whether it may stand alone, what it takes.
const OPERATORS: &[(&str, bool, Takes)] = &[
    ("from", true, Takes::User),
    ("to", true, Takes::User),
    ("retweets_of", true, Takes::User),
    ("from_affiliate_of", true, Takes::User),
    ("url", true, Takes::Text),
    ("url_title", true, Takes::Text),
    ("url_description", true, Takes::Text),
    ("url_contains", true, Takes::Text),
    ("source", true, Takes::Text),
    ("context", true, Takes::Text),
    ("entity", true, Takes::Text),
    ("conversation_id", true, Takes::Id),
    ("in_reply_to_tweet_id", true, Takes::Id),
    ("retweets_of_tweet_id", true, Takes::Id),
    ("bio", true, Takes::Text),
    ("bio_name", true, Takes::Text),
    ("bio_location", true, Takes::Text),
    ("followers_count", true, Takes::Number),
    ("tweets_count", true, Takes::Number),
    ("following_count", true, Takes::Number),
    ("listed_count", true, Takes::Number),
    ("place", true, Takes::Text),
    ("place_country", true, Takes::Country),
    ("point_radius", true, Takes::Circle),
    ("bounding_box", true, Takes::Box),
    ("has", false, Takes::Words(HAS)),
    ("is", false, Takes::Words(IS)),
    ("lang", false, Takes::Lang),
    ("sample", false, Takes::Sample),
];

/// Words of a text between quotes, brackets and blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    Minus,
    Term(String),
}

/// A token with where it begins and ends, in bytes.
type Placed = (Token, usize, usize);

/// What a part of a rule comes to.
#[derive(Clone, Debug)]
struct Part {
    /// It names tweets by itself.
    alone: bool,
    /// The first term in it that does not.
    weak: Option<String>,
}

/// Whether X would take this rule.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn check(rule: &str) -> Result<(), String> {
    let chars = rule.chars().count();
    if chars > RULE_CHARS {
        return Err(format!(
            "the rule has {chars} characters, and X takes {RULE_CHARS}: make several of it"
        ));
    }
    let tokens = tokens(rule)?;
    let mut rest = tokens.as_slice();
    if rest.is_empty() {
        return Err("the rule is empty: a word, `#tag` or `from:name` is the simplest".to_owned());
    }
    let part = either(&mut rest)?;
    match rest.first() {
        Some((Token::Close, at, _)) => {
            Err(format!("`)` at character {} closes nothing", chars_to(rule, *at)))
        }
        _ if part.alone => Ok(()),
        _ => Err(cannot_stand(part.weak.as_deref())),
    }
}

fn chars_to(rule: &str, byte: usize) -> usize {
    rule.get(..byte).map_or(0, |before| before.chars().count()) + 1
}

/// The rule's alternatives: what OR joins at its top. A rule is the OR of them, for OR binds
/// last. A rule that cannot be read is its own only alternative.
pub fn alternatives(rule: &str) -> Vec<String> {
    let Ok(tokens) = tokens(rule) else { return vec![rule.trim().to_owned()] };
    let (mut depth, mut begin) = (0_i32, 0);
    let mut parts = Vec::new();
    for (token, from, to) in tokens {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Or if depth == 0 => {
                parts.push(rule.get(begin..from).unwrap_or_default().trim().to_owned());
                begin = to;
            }
            _ => {}
        }
    }
    parts.push(rule.get(begin..).unwrap_or_default().trim().to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The names of the operators in a rule, as written; none where it cannot be read.
pub fn operators(rule: &str) -> Vec<String> {
    let terms =
        tokens(rule).unwrap_or_default().into_iter().filter_map(|(token, ..)| match token {
            Token::Term(term) => Some(term),
            _ => None,
        });
    terms.filter_map(|term| Some(operator(&term)?.0.to_owned())).collect()
}

/// Splits a term into an operator's name and value, unless it is a word or a phrase.
fn operator(term: &str) -> Option<(&str, &str)> {
    if term.starts_with(['"', '#', '@', '$']) {
        return None;
    }
    term.split_once(':')
}

fn tokens(rule: &str) -> Result<Vec<Placed>, String> {
    let mut tokens = Vec::new();
    let mut chars = rule.char_indices().peekable();
    while let Some(&(at, c)) = chars.peek() {
        let after = at + c.len_utf8();
        match c {
            _ if c.is_whitespace() => {
                chars.next();
            }
            '(' | ')' | '-' => {
                chars.next();
                let token = match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Minus,
                };
                tokens.push((token, at, after));
            }
            _ => {
                let end = term_end(rule, at)?;
                let text = rule.get(at..end).unwrap_or_default();
                while chars.next_if(|&(next, _)| next < end).is_some() {}
                let token = match text {
                    "OR" => Token::Or,
                    "AND" => {
                        return Err("AND is written as a blank: `cat dog` is both words".to_owned());
                    }
                    _ => Token::Term(text.to_owned()),
                };
                tokens.push((token, at, end));
            }
        }
    }
    Ok(tokens)
}

/// Where the term that begins at `from` ends: at a blank or a parenthesis outside of quotes and
/// brackets.
fn term_end(rule: &str, from: usize) -> Result<usize, String> {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    let mut before = ' ';
    for (at, c) in rule.char_indices().skip_while(|&(at, _)| at < from) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            '[' if before == ':' => bracketed = true,
            ']' if bracketed => bracketed = false,
            _ if bracketed => {}
            '(' | ')' => return Ok(at),
            _ if c.is_whitespace() => return Ok(at),
            _ => {}
        }
        before = c;
    }
    let at = chars_to(rule, from);
    if quoted {
        return Err(format!("the quote in what begins at character {at} is not closed"));
    }
    if bracketed {
        return Err(format!("the `[` in what begins at character {at} is not closed"));
    }
    Ok(rule.len())
}

/// `a b OR c`: every alternative must name tweets by itself.
fn either(rest: &mut &[Placed]) -> Result<Part, String> {
    let mut whole = all(rest)?;
    while let Some((Token::Or, ..)) = rest.first() {
        *rest = rest.get(1..).unwrap_or_default();
        let part = all(rest)?;
        whole.weak = if whole.alone { part.weak } else { whole.weak };
        whole.alone &= part.alone;
    }
    Ok(whole)
}

/// `a b`: one of them must name tweets.
fn all(rest: &mut &[Placed]) -> Result<Part, String> {
    let mut whole: Option<Part> = None;
    while !matches!(rest.first(), None | Some((Token::Or | Token::Close, ..))) {
        let part = one(rest)?;
        whole = Some(match whole {
            None => part,
            Some(whole) => {
                Part { alone: whole.alone || part.alone, weak: whole.weak.or(part.weak) }
            }
        });
    }
    whole.ok_or_else(|| match rest.first() {
        Some((Token::Close, ..)) => "nothing stands before a `)`".to_owned(),
        _ => "OR stands between two alternatives: one of them is missing".to_owned(),
    })
}

fn one(rest: &mut &[Placed]) -> Result<Part, String> {
    let Some(((token, _, end), after)) = rest.split_first() else {
        return Err("something is missing at the rule's end".to_owned());
    };
    *rest = after;
    match token {
        Token::Term(term) => term_part(term),
        Token::Minus => negated(*end, rest),
        Token::Open => {
            let part = either(rest)?;
            match rest.split_first() {
                Some(((Token::Close, ..), after)) => *rest = after,
                _ => return Err("a `(` is not closed".to_owned()),
            }
            Ok(part)
        }
        Token::Close | Token::Or => Err("something is missing before `)` or OR".to_owned()),
    }
}

fn negated(minus_end: usize, rest: &mut &[Placed]) -> Result<Part, String> {
    match rest.split_first() {
        Some(((Token::Term(term), at, _), after)) if *at == minus_end => {
            *rest = after;
            term_part(term)?;
            Ok(Part { alone: false, weak: Some(format!("-{term}")) })
        }
        Some(((Token::Open, ..), _)) => {
            Err("X takes no negated group: write `-cat -dog` in place of `-(cat OR dog)`"
                .to_owned())
        }
        _ => Err("`-` stands directly before what it excludes, as in `-cat`; a dash in a text \
                  belongs in quotes"
            .to_owned()),
    }
}

fn term_part(term: &str) -> Result<Part, String> {
    let alone = judge(term)?;
    Ok(Part { alone, weak: (!alone).then(|| term.to_owned()) })
}

/// Whether a term may stand alone.
fn judge(term: &str) -> Result<bool, String> {
    if let Some(quoted) = term.strip_prefix('"') {
        return judge_phrase(term, quoted);
    }
    if let Some((name, value)) = operator(term) {
        return judge_operator(name, value);
    }
    let word = term.strip_prefix(['#', '@', '$']).unwrap_or(term);
    if word.contains('"') {
        return Err(format!("`{term}`: a quote stands around a whole phrase"));
    }
    if word.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
        return Ok(true);
    }
    Err(format!("`{term}` holds no word: put marks in quotes, with words"))
}

fn judge_phrase(term: &str, quoted: &str) -> Result<bool, String> {
    let (text, tail) = quoted.rsplit_once('"').unwrap_or((quoted, ""));
    if !text.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
        return Err(format!("`{term}` holds no word"));
    }
    let near = tail.strip_prefix('~').and_then(|n| n.parse::<u8>().ok());
    match (tail, near) {
        ("", _) | (_, Some(0..=6)) => Ok(true),
        _ => Err(format!(
            "`{term}`: behind a phrase only a blank, or `~` with a distance of at most 6 words, \
             is expected"
        )),
    }
}

fn judge_operator(name: &str, value: &str) -> Result<bool, String> {
    let known = name.to_ascii_lowercase();
    let Some(&(_, alone, takes)) = OPERATORS.iter().find(|(known_as, ..)| *known_as == known)
    else {
        return Err(unknown(name, value));
    };
    judge_value(takes, value).map_err(|expected| format!("`{name}:{value}`: {expected}"))?;
    Ok(alone)
}

fn unknown(name: &str, value: &str) -> String {
    let word = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.is_empty() || !name.chars().all(word) {
        return format!(
            "`{name}:{value}` is no operator of X: put it in quotes to find it as text"
        );
    }
    let name_low = name.to_ascii_lowercase();
    let near = OPERATORS.iter().map(|(known, ..)| (distance(known, &name_low), *known)).min();
    match near {
        Some((steps, known)) if steps <= 2.min(name.len() / 2) => {
            format!("X has no operator `{name}:`; did you mean `{known}:`?")
        }
        _ => format!(
            "X has no operator `{name}:`. To find it as text put it in quotes: \"{name}:{value}\""
        ),
    }
}

/// Letters to put in, take out or change.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let next = (corner + usize::from(x != y)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, next);
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn judge_value(takes: Takes, value: &str) -> Result<(), String> {
    let plain = value.trim_matches('"');
    let all = |test: fn(char) -> bool| !plain.is_empty() && plain.chars().all(test);
    let fits = |fits: bool, expected: &str| {
        if fits { Ok(()) } else { Err(format!("{expected} is expected")) }
    };
    match takes {
        Takes::Text => fits(!plain.trim().is_empty(), "a text"),
        Takes::User => {
            let handle = all(|c| c.is_ascii_alphanumeric() || c == '_') && plain.len() <= 20;
            fits(handle, "a handle without `@`, or an account's id,")
        }
        Takes::Id => fits(all(|c| c.is_ascii_digit()) && plain.len() <= 19, "a tweet's id"),
        Takes::Number => {
            let mut ends = plain.splitn(2, "..");
            let number = |end: &str| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit());
            fits(ends.all(number), "a number, or two as in `100..500`,")
        }
        Takes::Country => {
            let code = all(|c| c.is_ascii_alphabetic()) && plain.len() == 2;
            fits(code, "a country's two letters, as in `place_country:DE`,")
        }
        Takes::Words(words) => {
            let expected = format!("one of {}", words.join(", "));
            fits(words.contains(&plain.to_ascii_lowercase().as_str()), &expected)
        }
        Takes::Lang => {
            let tag =
                all(|c| c.is_ascii_alphabetic() || c == '-') && (2..=8).contains(&plain.len());
            fits(tag, "a language's code, as in `lang:de`,")
        }
        Takes::Sample => {
            let percent = plain.parse::<u32>().is_ok_and(|n| (1..=100).contains(&n));
            fits(percent, "a whole number of percent, 1 to 100,")
        }
        Takes::Box => {
            let numbers = bracketed(value).map(|parts| {
                parts.iter().map(|part| part.parse()).collect::<Result<Vec<f64>, _>>()
            });
            match numbers {
                Some(Ok(numbers)) => match <[f64; 4]>::try_from(numbers) {
                    Ok([w, _, e, _]) if w > e => Err(
                        "west exceeds east: a box over the antimeridian is written as two rules"
                            .to_owned(),
                    ),
                    Ok(place) => check_box(place).map(|_| ()),
                    Err(_) => fits(false, "`[west south east north]` in degrees"),
                },
                _ => fits(false, "`[west south east north]` in degrees"),
            }
        }
        Takes::Circle => match bracketed(value).as_deref() {
            Some([lon, lat, radius]) => check_radius(lon, lat, radius),
            _ => fits(false, "`[longitude latitude radius]`, as in `[13.4 52.5 16km]`,"),
        },
    }
}

fn bracketed(value: &str) -> Option<Vec<&str>> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split_whitespace().collect())
}

/// Why a rule names no tweets by itself, with an example that does.
fn cannot_stand(weak: Option<&str>) -> String {
    let weak = weak.unwrap_or("it");
    let beside = "X takes it only beside something that names tweets";
    if weak.starts_with('-') {
        return format!("`{weak}` only excludes: {beside}, as in `coffee {weak}`");
    }
    if weak.eq_ignore_ascii_case("has:geo") {
        return format!(
            "`{weak}` cannot stand alone: {beside}. For a map write `has:geo place_country:DE`, \
             a box (`bounding_box:[13.1 52.4 13.6 52.6]`: tweets with a place only), or a word \
             (`coffee has:geo`). In `a OR b` each side needs one"
        );
    }
    format!(
        "`{weak}` cannot stand alone: {beside}, such as a word, `#tag`, `from:name` or \
         `place_country:DE`; as in `coffee {weak}`. In `a OR b` each side needs one"
    )
}

#[cfg(test)]
mod tests {
    use super::check as check_rule;
    use super::*;

    #[track_caller]
    fn passes(rules: &[&str]) {
        for rule in rules {
            assert_eq!(check_rule(rule), Ok(()), "{rule}");
        }
    }

    #[track_caller]
    fn refused(rule: &str, expected: &str) {
        match check_rule(rule) {
            Err(error) => assert!(error.contains(expected), "{rule}: {error}"),
            Ok(()) => panic!("{rule}"),
        }
    }

    #[test]
    fn rules_that_x_takes() {
        passes(&[
            "cat",
            "cat dog",
            "cat OR dog",
            "(cat OR dog) -bird lang:en",
            "cat has:geo",
            "has:geo place_country:DE",
            "HAS:GEO Place_Country:de",
            "sample:10 (cat OR has:images dog)",
            "cat (has:images OR has:links)",
            "\"new york\" #nyc @nypl $TWTR",
            "\"a \\\" (b\" lang:de",
            "\"cat dog\"~6",
            "from:12 OR from:XDevelopers -is:retweet",
            "url:\"https://x.com\" -is:nullcast",
            "place:\"new york city\" OR place:01a9a39529b27f36",
            "bounding_box:[-105.301758 39.964069 -105.178505 40.09455]",
            "point_radius:[2.355128 48.861118 16km]",
            "point_radius:[0 0 25mi] -has:links",
            "followers_count:100..500 OR tweets_count:7",
            "context:10.799022225751871488 entity:\"Michael Jordan\"",
            "кофе OR コーヒー OR 🍕",
            "well-known",
            "((cat))",
        ]);
    }

    #[test]
    fn what_cannot_stand_alone_is_explained() {
        refused("has:geo", "has:geo place_country:DE");
        refused("has:geo sample:10", "cannot stand alone");
        refused("sample:10", "`coffee sample:10`");
        refused("lang:de", "`coffee lang:de`");
        refused("is:retweet has:media", "`is:retweet` cannot stand alone");
        refused("-cat", "only excludes");
        refused("-cat lang:en", "only excludes");
        refused("cat OR has:geo", "`has:geo` cannot stand alone");
        refused("cat OR -dog", "`-dog` only excludes");
        refused("(cat OR lang:en) has:geo", "`lang:en` cannot stand alone");
    }

    #[test]
    fn what_is_not_balanced_is_refused() {
        refused("(cat", "`(` is not closed");
        refused("cat)", "`)` at character 4");
        refused("((cat) dog", "`(` is not closed");
        refused("()", "nothing stands before a `)`");
        refused("\"cat", "not closed");
        refused("кот \"dog", "begins at character 5");
        refused("url:\"x", "not closed");
        refused("bounding_box:[1 2", "`[` in what begins at character 1 is not closed");
        refused("", "empty");
        refused("  ", "empty");
    }

    #[test]
    fn or_and_minus_stand_where_they_mean_something() {
        refused("cat OR", "one of them is missing");
        refused("OR cat", "one of them is missing");
        refused("cat OR OR dog", "one of them is missing");
        refused("(cat OR )", "nothing stands");
        refused("cat AND dog", "as a blank");
        refused("cat -(dog OR bird)", "no negated group");
        refused("cat - dog", "directly before");
        refused("cat --dog", "directly before");
        refused("cat -", "directly before");
    }

    #[test]
    fn unknown_operators_have_a_suggestion() {
        refused("form:twitter", "did you mean `from:`");
        refused("palce_country:DE", "did you mean `place_country:`");
        refused("hass:geo cat", "did you mean `has:`");
        refused("near:berlin", "put it in quotes");
        refused("12:30", "put it in quotes");
        refused("https://x.com/a", "put it in quotes");
    }

    #[test]
    fn values_are_looked_at() {
        for (rule, expected) in [
            ("cat has:cats", "one of geo, links"),
            ("cat is:good", "one of retweet"),
            ("cat sample:0", "1 to 100"),
            ("cat sample:ten", "1 to 100"),
            ("cat lang:english-language", "language's code"),
            ("place_country:Germany", "two letters"),
            ("from:@name", "without `@`"),
            ("from:", "without `@`"),
            ("conversation_id:x", "tweet's id"),
            ("followers_count:many", "a number"),
            ("bounding_box:[1 2 3]", "[west south east north]"),
            ("bounding_box:1", "[west south east north]"),
            ("bounding_box:[-180 -90 180 90]", "place_country:"),
            ("bounding_box:[179.9 -17 -179.9 -16.9]", "as two rules"),
            ("point_radius:[2.3 48.8]", "[longitude latitude radius]"),
            ("point_radius:[2.3 48.8 16]", "a radius such as"),
            ("point_radius:[2.3 148.8 16km]", "in this order"),
            ("point_radius:[2.3 48.8 100km]", "at most 40km"),
            ("\"cat dog\"~9", "at most 6"),
            ("\"\"", "holds no word"),
            ("cat &", "holds no word"),
            ("ca\"t\"", "around a whole phrase"),
        ] {
            refused(rule, expected);
        }
    }

    #[test]
    fn length_counts_characters() {
        let at_most = "я".repeat(RULE_CHARS);
        passes(&[&at_most]);
        refused(&format!("{at_most}я"), "1025 characters");
    }

    #[test]
    fn alternatives_are_what_or_joins_at_the_top() {
        let rule = "a b OR (c OR d) e OR \"f OR g\" OR url:\"h\" -i";
        assert_eq!(alternatives(rule), ["a b", "(c OR d) e", "\"f OR g\"", "url:\"h\" -i"]);
        assert_eq!(alternatives("\"broken OR x"), ["\"broken OR x"]);
        assert_eq!(operators("cat has:geo -(\"from:x\" LANG:de)"), ["has", "LANG"]);
    }

    #[test]
    fn no_text_is_a_panic() {
        for rule in
            ["-", ":", "[", "]", "\\", "\"\\", "a:[\"", "((((", "))", "OR", "#", "-:", "\u{0}"]
        {
            assert!(check_rule(rule).is_err(), "{rule}");
            alternatives(rule);
        }
        let deep = "(".repeat(RULE_CHARS / 2 - 1) + "cat" + &")".repeat(RULE_CHARS / 2 - 1);
        passes(&[&deep[1..deep.len() - 1]]);
    }
}
