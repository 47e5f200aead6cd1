//! Dates: RFC 3339 in and out, over milliseconds since 1970 UTC.
//!
//! Knows no clock. Invariant: `parse(format(ms)) == ms` for the years 0 to 9999.

/// Milliseconds in a second, as the clock counts.
pub(crate) const SECOND_MS: i64 = 1_000;
/// Seconds in a UTC day.
pub(crate) const DAY_S: i64 = 86_400;

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's algorithm).
pub(crate) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: (year, month, day).
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Year and month of a day counted since 1970.
pub(crate) const fn month_of(day: i64) -> (i64, i64) {
    let (year, month, _) = civil_from_days(day);
    (year, month)
}

/// X's form of a time: `2021-01-06T18:40:40.000Z`.
pub(crate) fn format_ms(ms: i64) -> String {
    let seconds = ms.div_euclid(SECOND_MS);
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY_S));
    let of_day = seconds.rem_euclid(DAY_S);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60,
        ms.rem_euclid(SECOND_MS)
    )
}

/// The older form of a time: `Wed Oct 10 20:19:24 +0000 2018`.
pub(crate) fn classic_time(ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = ms.div_euclid(SECOND_MS);
    let days = seconds.div_euclid(DAY_S);
    let (year, month, day) = civil_from_days(days);
    let of_day = seconds.rem_euclid(DAY_S);
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or("")
    };
    format!(
        "{} {} {day:02} {:02}:{:02}:{:02} +0000 {year:04}",
        // 1970-01-01 was a Thursday.
        name(&DAYS, days.rem_euclid(7)),
        name(&MONTHS, month - 1),
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// A time given as milliseconds since 1970 or as RFC 3339; `None` when it is neither.
pub(crate) fn parse_when(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| parse_rfc3339(text))
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let separator = |at: usize, allowed: &[u8]| -> Option<()> {
        text.as_bytes().get(at).filter(|b| allowed.contains(b)).map(|_| ())
    };
    for (at, allowed) in
        [(4, &b"-"[..]), (7, &b"-"[..]), (10, &b"Tt "[..]), (13, &b":"[..]), (16, &b":"[..])]
    {
        separator(at, allowed)?;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction_ms, zone) = parse_fraction(text.get(19..)?)?;
    let offset_s = parse_zone(zone)?;
    let seconds = days * DAY_S + hour * 3_600 + minute * 60 + second - offset_s;
    Some(seconds * SECOND_MS + fraction_ms)
}

/// Splits `.123456+00:00` into 123 ms and `+00:00`.
fn parse_fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(digits_on) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let end = digits_on.find(|c: char| !c.is_ascii_digit())?;
    let (digits, zone) = digits_on.split_at(end);
    let ms = digits.chars().chain("000".chars()).take(3).collect::<String>().parse().ok()?;
    (!digits.is_empty()).then_some((ms, zone))
}

/// Seconds east of UTC. A query decoder turns `+` into a space, so a space reads as `+`.
fn parse_zone(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' | b' ' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    (hours < 24 && minutes < 60)
        .then(|| sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ms: Option<i64>) {
        assert_eq!(parse_when(text), ms, "{text}");
    }

    #[test]
    fn accepts_every_spelling_of_one_instant() {
        check("1609958440123", Some(1_609_958_440_123));
        check("2021-01-06T18:40:40.123Z", Some(1_609_958_440_123));
        check("2021-01-06T18:40:40.123456+00:00", Some(1_609_958_440_123));
        check("2021-01-06T18:40:40.123456 00:00", Some(1_609_958_440_123));
        check("2021-01-06 20:10:40.1+01:30", Some(1_609_958_440_100));
        check("2021-01-06t18:40:40z", Some(1_609_958_440_000));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "today", "2021-02-30T00:00:00Z", "2021-01-06T24:00:00Z", "2021-01-06"] {
            check(text, None);
        }
        check("2021-01-06T18:40:40", None);
        check("2021-01-06T18:40:40.Z", None);
        check("2021-01-06T18:40:40+25:00", None);
    }

    #[test]
    fn formats_what_it_parses() {
        for ms in [0, 951_782_400_000, 1_609_958_440_123, 4_102_444_799_999] {
            check(&format_ms(ms), Some(ms));
        }
        assert_eq!(format_ms(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(classic_time(1_539_202_764_000), "Wed Oct 10 20:19:24 +0000 2018");
    }
}
