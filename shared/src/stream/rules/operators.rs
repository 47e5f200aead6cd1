//! The operators of X's rules: which there are, what each takes, which may stand alone
//! ("Operators", August 2026). Must not know: how a rule is built of them.

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

/// Whether an operator with its value may stand alone.
///
/// # Errors
/// There is no such operator, or it does not take this value.
pub(super) fn judge(name: &str, value: &str) -> Result<bool, String> {
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
