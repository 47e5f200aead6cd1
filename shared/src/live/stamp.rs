//! Times of tweets, quickly. Owns: reading X's two formats and writing ours. Must not know: what
//! time it is. Invariant: the same instants and texts as [`UnixMs`], which is asked for whatever
//! is not written as X writes it.

use super::json;
use crate::time::{DAY_MS, UnixMs};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `2021-01-06T18:40:40.000Z` (and any RFC 3339), or `Wed Jan 06 18:40:40 +0000 2021`.
pub(crate) fn read(text: &str) -> Option<UnixMs> {
    rfc3339(text).or_else(|| old(text)).or_else(|| UnixMs::parse(text))
}

/// The number that these digits make.
#[inline]
fn number<const N: usize>(digits: [u8; N]) -> Option<i32> {
    digits.iter().try_fold(0, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + i32::from(digit))
    })
}

fn rfc3339(text: &str) -> Option<UnixMs> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', ref clock @ ..] = text.as_bytes()
    else {
        return None;
    };
    let &[h1, h2, b':', i1, i2, b':', s1, s2, ref end @ ..] = clock else { return None };
    let ms = match *end {
        [b'Z'] => 0,
        [b'.', tenths, hundredths, thousandths, b'Z'] => number([tenths, hundredths, thousandths])?,
        _ => return None,
    };
    let days = days(number([y1, y2, y3, y4])?, number([m1, m2])?, number([d1, d2])?)?;
    Some(instant(days, of_day([h1, h2], [i1, i2], [s1, s2])? + ms))
}

fn old(text: &str) -> Option<UnixMs> {
    let (_, text) = text.as_bytes().split_first_chunk::<4>()?;
    let (month, text) = text.split_first_chunk::<3>()?;
    let &[b' ', d1, d2, b' ', h1, h2, b':', i1, i2, b':', s1, s2, ref text @ ..] = text else {
        return None;
    };
    let &[y1, y2, y3, y4] = text.strip_prefix(b" +0000 ")? else { return None };
    let month = (1..).zip(MONTHS).find(|(_, name)| name.as_bytes() == month)?.0;
    let days = days(number([y1, y2, y3, y4])?, month, number([d1, d2])?)?;
    Some(instant(days, of_day([h1, h2], [i1, i2], [s1, s2])?))
}

fn instant(days: i32, ms: i32) -> UnixMs {
    UnixMs(i64::from(days) * DAY_MS + i64::from(ms))
}

/// Milliseconds of the day of `18:40:40`; leap seconds are left to [`UnixMs::parse`].
fn of_day(hour: [u8; 2], minute: [u8; 2], second: [u8; 2]) -> Option<i32> {
    let [hour, minute, second] = [number(hour)?, number(minute)?, number(second)?];
    (hour < 24 && minute < 60 && second < 60)
        .then_some(((hour * 60 + minute) * 60 + second) * 1_000)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` where there is none. In 32
/// bits, as everything here: 64 are divided slowly.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i32::from(leap),
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

/// Year, month and day of a number of days since 1970-01-01, from 0000-03-01 on.
fn date(days: u32) -> (u32, u32, u32) {
    // Eras of 400 years have 146,097 days.
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, in_month)
}

/// Writes what [`UnixMs::rfc3339`] gives.
pub(crate) fn write(out: &mut String, at: UnixMs) {
    let (days, ms) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
    // 0001-01-01 to 9999-12-31; the day as `date` counts it.
    let days = (-719_162..=2_932_896).contains(&days).then_some(days + 719_468);
    let (Some(Ok(days)), Ok(ms)) = (days.map(u32::try_from), u32::try_from(ms)) else {
        out.push_str(&at.rfc3339());
        return;
    };
    let (year, month, day) = date(days);
    let [y1, y2, y3, y4, m1, m2, d1, d2] = json::eight(year * 10_000 + month * 100 + day);
    let (minutes, seconds) = (ms / 60_000, ms / 1_000 % 60);
    let clock = json::eight(minutes / 60 * 10_000 + minutes % 60 * 100 + seconds);
    let [_, _, h1, h2, i1, i2, s1, s2] = clock;
    let [.., tenths, hundredths, thousandths] = json::eight(ms % 1_000);
    let text = [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        b'.',
        tenths,
        hundredths,
        thousandths,
        b'Z',
    ];
    if ms % 1_000 == 0 {
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
