//! Names as they come back: what browsers, file systems and shares make of a snapshot's name when
//! the file is saved. Owns: finding the plain name again. Must not know: the buckets' keys, where
//! only plain names count. Invariant: a name is found only where its instant is unambiguous; every
//! digit of it stands in the text, in the same order.

use super::name::{KINDS, SUFFIX};

/// Longest text looked at, in bytes: a plain name with every colon escaped, and a copy's number.
const SAVED_MAX: usize = 240;

/// What stands for the colon of a time that a file name cannot hold: `_`, `-`, a dot or a blank by
/// browsers and tools; full-width and other look-alikes by sync programs; the private characters
/// U+F022 and U+F03A by SMB and by Unix layers on Windows.
const COLONS: [char; 10] =
    [':', '_', '-', '.', ' ', '\u{ff1a}', '\u{a789}', '\u{2236}', '\u{f022}', '\u{f03a}'];

/// The plain name of a saved file's name, for [`super::Name`] to judge. `None`: there is none, or
/// it could be of several instants.
pub(super) fn plain(text: &str) -> Option<String> {
    if text.len() > SAVED_MAX {
        return None;
    }
    let text = unescaped(text);
    let (_, prefix) = KINDS.into_iter().find(|(_, prefix)| text.starts_with(prefix))?;
    let stem = stem(text.strip_prefix(prefix)?)?;
    Some(format!("{prefix}{}{SUFFIX}", stamp(stem)?))
}

/// Escapes of the characters that times have, undone; twice, for a link that was escaped again.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (escape, plain) in [("%25", "%"), ("%3A", ":"), ("%3a", ":"), ("%2B", "+"), ("%2b", "+")] {
        text = text.replace(escape, plain);
    }
    text.replace("%20", " ")
}

/// What stands before `.json.gz`, whatever its case, without the mark of a second copy before,
/// within or behind it: `.json (1).gz`.
fn stem(text: &str) -> Option<&str> {
    let text = cut_end(without_copy(text), ".gz")?;
    Some(without_copy(cut_end(without_copy(text), ".json")?))
}

fn cut_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (rest, last) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    last.eq_ignore_ascii_case(end).then_some(rest)
}

/// Without ` (1)`, `(1)`, ` copy`, ` copy 2`, ` - Copy` and ` - Copy (2)` at its end.
fn without_copy(text: &str) -> &str {
    let text = text.trim_end();
    let numbered = || {
        let (rest, number) = text.strip_suffix(')')?.rsplit_once('(')?;
        is_number(number).then_some(rest.trim_end())
    };
    let text = numbered().unwrap_or(text);
    let counted = || {
        let (rest, number) = text.rsplit_once(' ')?;
        (is_number(number) && cut_end(rest, " copy").is_some()).then_some(rest)
    };
    let text = counted().unwrap_or(text);
    match cut_end(text, " copy") {
        Some(rest) => rest.strip_suffix(" -").unwrap_or(rest),
        None => text,
    }
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An RFC 3339 time with whatever stands for its colons, or without any: its text with them.
fn stamp(text: &str) -> Option<String> {
    let mut rest = Rest(text);
    let year = rest.digits(4)?;
    let dashed = rest.one(&['-', '_']);
    let month = rest.digits(2)?;
    if dashed != rest.one(&['-', '_']) {
        return None;
    }
    let day = rest.digits(2)?;
    if !rest.one(&['T', 't', ' ', '_']) {
        return None;
    }
    let hour = rest.digits(2)?;
    let parted = rest.one(&COLONS);
    let minute = rest.digits(2)?;
    if parted != rest.one(&COLONS) {
        return None;
    }
    let second = rest.digits(2)?;
    let fraction = rest.fraction();
    let zone = zone(rest)?;
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}{zone}"))
}

/// A zone: `Z`, or a sign with hours and minutes. A sign that was replaced is known of an offset of
/// nothing alone.
fn zone(mut rest: Rest<'_>) -> Option<String> {
    if matches!(rest.0, "Z" | "z") {
        return Some("Z".to_owned());
    }
    let minus = rest.0.starts_with('-');
    let plain = minus || rest.0.starts_with(['+', ' ']);
    if !rest.one(&['+', '-', ' ', '_']) {
        return None;
    }
    let hours = rest.digits(2)?;
    rest.one(&COLONS);
    let minutes = rest.digits(2)?;
    let known = plain || (hours == "00" && minutes == "00");
    let sign = if minus { '-' } else { '+' };
    (known && rest.0.is_empty()).then(|| format!("{sign}{hours}:{minutes}"))
}

/// What is still to be read of a time.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn digits(&mut self, count: usize) -> Option<&'a str> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| {
            self.0 = rest;
            digits
        })
    }

    /// Whether one of these characters came next; it is read then.
    fn one(&mut self, any: &[char]) -> bool {
        let rest = self.0.strip_prefix(any);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// `.123`, where digits follow a dot (or a comma, which ISO 8601 prefers).
    fn fraction(&mut self) -> String {
        let Some(rest) = self.0.strip_prefix(['.', ',']) else { return String::new() };
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some((digits, rest)) = rest.split_at_checked(length).filter(|_| length > 0) else {
            return String::new();
        };
        self.0 = rest;
        format!(".{digits}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Name, key, parse_key};
    use crate::id::UserId;
    use crate::time::{FIRST, LAST, UnixMs};
    use proptest::prelude::*;

    const PLAIN: &str = "FOLLOWERS_2026-03-01T00:00:00Z.json.gz";

    #[track_caller]
    fn check(saved: &str, plain: &str) {
        let name = Name::parse(saved).map(|name| name.as_str().to_owned());
        assert_eq!(name.as_deref(), Ok(plain), "{saved}");
    }

    #[test]
    fn what_browsers_and_shares_make_of_colons_is_the_plain_name() {
        for stamp in [
            "2026-03-01T00_00_00Z",
            "2026-03-01T00-00-00Z",
            "2026-03-01T00%3A00%3A00Z",
            "2026-03-01T00%3a00%3a00Z",
            "2026-03-01T00%253A00%253A00Z",
            "2026-03-01T000000Z",
            "20260301T000000Z",
            "2026-03-01T00.00.00Z",
            "2026-03-01T00 00 00Z",
            "2026-03-01 00-00-00Z",
            "2026-03-01_00-00-00Z",
            "2026_03_01T00_00_00Z",
            "2026-03-01t00_00_00z",
            "2026-03-01T00\u{f022}00\u{f022}00Z",
            "2026-03-01T00\u{f03a}00\u{f03a}00Z",
            "2026-03-01T00\u{ff1a}00\u{ff1a}00Z",
            "2026-03-01T00\u{a789}00\u{a789}00Z",
        ] {
            check(&format!("FOLLOWERS_{stamp}.json.gz"), PLAIN);
        }
    }

    #[test]
    fn a_second_copy_is_the_plain_name() {
        for end in [
            " (1).json.gz",
            ".json (1).gz",
            ".json.gz (1)",
            "(2).json.gz",
            ".json(12).gz",
            " copy.json.gz",
            ".json copy 2.gz",
            " - Copy.json.gz",
            ".json - Copy (3).gz",
            ".JSON.GZ",
        ] {
            for stem in ["FOLLOWERS_2026-03-01T00_00_00Z", "FOLLOWERS_2026-03-01T00:00:00Z"] {
                check(&format!("{stem}{end}"), PLAIN);
            }
        }
        check("TWEETS_2026-03-01T00_00_00Z (1).json.gz", "TWEETS_2026-03-01T00:00:00Z.json.gz");
    }

    #[test]
    fn fractions_and_zones_are_kept() {
        let plain = "FOLLOWERS_2021-01-06T18:40:40.123456+00:00.json.gz";
        for stamp in [
            "2021-01-06T18_40_40.123456+00_00",
            "2021-01-06T18_40_40.123456_00_00",
            "2021-01-06T18-40-40.123456+0000",
            "2021-01-06T18%3A40%3A40.123456%2B00%3A00",
            "2021-01-06T18_40_40,123456 00_00",
        ] {
            check(&format!("FOLLOWERS_{stamp}.json.gz"), plain);
        }
        check(
            "FOLLOWERS_2021-01-06T18_40_40-05_30 (1).json.gz",
            "FOLLOWERS_2021-01-06T18:40:40-05:30.json.gz",
        );
    }

    #[test]
    fn what_could_be_several_instants_or_none_is_refused() {
        for stamp in [
            // No zone; a sign that is gone; parts missing; one colon lost and one kept.
            "2026-03-01T00_00_00",
            "2026-03-01T00_00_00_05_30",
            "2026-03-01T00_00Z",
            "2026-03-01T0000_00Z",
            "2026-0301T000000Z",
            "2026-13-01T00_00_00Z",
            "2026-03-01T24_00_00Z",
            "2026-03-01T00_00_00Z (x)",
            "2026-03-01T00_00_00Z ()",
            "2026-03-01T00_00_00Z (12345)",
            "2026-03-01T00/00/00Z",
            "../2026-03-01T00_00_00Z",
        ] {
            let text = format!("FOLLOWERS_{stamp}.json.gz");
            assert!(Name::parse(&text).is_err(), "{text}");
        }
        for text in ["FOLLOWERS_2026-03-01T00_00_00Z.json", "LIST_2026-03-01T00_00_00Z.json.gz"] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_of_the_bucket_is_plain_or_none() {
        let name = Name::parse(PLAIN).unwrap();
        assert!(parse_key(&key(UserId(12), &name)).is_ok());
        for file in
            ["FOLLOWERS_2026-03-01T00_00_00Z.json.gz", "FOLLOWERS_2026-03-01T00:00:00Z (1).json.gz"]
        {
            assert!(parse_key(&format!("snapshots/12/{file}")).is_err(), "{file}");
        }
    }

    proptest! {
        #[test]
        fn every_name_of_roost_comes_back_however_it_was_saved(
            ms in FIRST.0..=LAST.0,
            colon in prop::sample::select(vec!["_", "-", "%3A", ".", "", "\u{f022}"]),
            copy in prop::sample::select(vec!["", " (1)", " copy", " - Copy (2)"]),
            late in any::<bool>(),
        ) {
            for name in [Name::followers(UnixMs(ms)), Name::tweets(UnixMs(ms))] {
                let mended = name.as_str().replace(':', colon);
                let stem = mended.strip_suffix(".json.gz").unwrap();
                let saved =
                    if late { format!("{stem}.json{copy}.gz") } else { format!("{stem}{copy}.json.gz") };
                prop_assert_eq!(Name::parse(&saved), Ok(name));
            }
        }

        #[test]
        fn any_text_is_judged_without_a_panic_and_what_is_read_stands(
            text in "(FOLLOWERS|TWEETS)_[0-9TZ:_%3A().+ -]{0,40}\\.json( \\(1\\))?\\.gz",
        ) {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
        }
    }
}
