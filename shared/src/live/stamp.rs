//! Times of tweets, quickly. Owns: reading X's two formats and writing ours. Must not know: what
//! time it is. Invariant: the same instants and texts as [`UnixMs`], which is asked for whatever
//! is not written as X writes it.

use super::json;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `2021-01-06T18:40:40.000Z` (and any RFC 3339), or `Wed Jan 06 18:40:40 +0000 2021`.
pub(crate) fn read(text: &str) -> Option<UnixMs> {
    rfc3339(text).or_else(|| old(text)).or_else(|| UnixMs::parse(text))
}

/// The number that these digits make.
fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.as_bytes().get(from..to)?;
    digits.iter().try_fold(0_i64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

fn rfc3339(text: &str) -> Option<UnixMs> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let marked = marks.iter().all(|&(at, mark)| bytes.get(at) == Some(&mark));
    let ms = match (marked, bytes.get(19..)?) {
        (true, b"Z") => 0,
        (true, [b'.', _, _, _, b'Z']) => number(text, 20, 23)?,
        _ => return None,
    };
    let day = days(number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?)?;
    Some(UnixMs(day * DAY_MS + clock(text, 11)? + ms))
}

fn old(text: &str) -> Option<UnixMs> {
    let fits = text.len() == 30 && text.get(19..26) == Some(" +0000 ");
    let month = MONTHS.iter().position(|month| text.get(4..7) == Some(month))?;
    let month = i64::try_from(month).ok()? + 1;
    let day = days(number(text, 26, 30)?, month, number(text, 8, 10)?)?;
    fits.then_some(UnixMs(day * DAY_MS + clock(text, 11)?))
}

/// Milliseconds of the day of `18:40:40`; leap seconds are left to [`UnixMs::parse`].
fn clock(text: &str, at: usize) -> Option<i64> {
    let [hour, minute, second] =
        [number(text, at, at + 2)?, number(text, at + 3, at + 5)?, number(text, at + 6, at + 8)?];
    (hour < 24 && minute < 60 && second < 60)
        .then_some(hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` where there is none.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end; 306 days lie between.
    let march_year = if month > 2 { year } else { year - 1 };
    let march_month = (month + 9) % 12;
    let leaps = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    Some(march_year * 365 + leaps + (march_month * 153 + 2) / 5 + day - 1 - 719_468)
}

/// Year, month and day of a number of days since 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // Eras of 400 years have 146,097 days.
    let since = days + 719_468;
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, in_month)
}

/// Writes what [`UnixMs::rfc3339`] gives.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "parts of dates and clocks are small and not negative"
)]
pub(crate) fn write(out: &mut String, at: UnixMs) {
    let (year, month, day) = date(at.0.div_euclid(DAY_MS));
    if !(1..=9_999).contains(&year) {
        out.push_str(&at.rfc3339());
        return;
    }
    let ms = at.0.rem_euclid(DAY_MS);
    let (hour, minute) = (ms / HOUR_MS, ms / MINUTE_MS % 60);
    let second = ms / SECOND_MS % 60;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, hour),
        (14..16, minute),
        (17..19, second),
        (20..23, ms % SECOND_MS),
    ];
    for (place, value) in parts {
        json::pairs(text.get_mut(place).unwrap_or_default(), value as u32);
    }
    if ms % SECOND_MS == 0 {
        json::ascii(out, text.get(..19).unwrap_or_default());
        out.push('Z');
    } else {
        json::ascii(out, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(at: UnixMs) -> String {
        let mut out = String::new();
        write(&mut out, at);
        out
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(read(text).map(written).as_deref(), expected, "{text}");
    }

    #[test]
    fn both_formats_of_x_are_read() {
        check("2021-01-06T18:40:40.000Z", Some("2021-01-06T18:40:40Z"));
        check("2021-01-06T18:40:40.007Z", Some("2021-01-06T18:40:40.007Z"));
        check("Wed Jan 06 18:40:40 +0000 2021", Some("2021-01-06T18:40:40Z"));
        check("Sat Feb 29 00:00:00 +0000 2020", Some("2020-02-29T00:00:00Z"));
        check("2021-01-06T18:40:40+05:00", Some("2021-01-06T13:40:40Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2021-02-29T00:00:00.000Z",
            "2021-13-01T00:00:00Z",
            "2021-01-06T24:00:00Z",
            "Wed Foo 06 18:40:40 +0000 2021",
            "Wed Jan 06 18:40:40 +0100 2021",
            "Wed Jan 32 18:40:40 +0000 2021",
            "2021-01-06T18:40:4é.000Z",
            "1609958440",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn instants_are_written_and_read_as_chrono_does(ms in -62_135_596_800_000..253_402_300_800_000_i64) {
            let at = UnixMs(ms);
            prop_assert_eq!(written(at), at.rfc3339());
            prop_assert_eq!(read(&at.rfc3339()), Some(at));
            let old = at.utc().format("%a %b %d %H:%M:%S +0000 %Y").to_string();
            prop_assert_eq!(read(&old), Some(at.floor_second()), "{}", old);
        }

        #[test]
        fn any_text_is_judged_as_chrono_does(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{3})?Z") {
            prop_assert_eq!(read(&text), UnixMs::parse(&text));
        }
    }
}
