//! Civil dates in a zone. Owns: the arithmetic of days, months and midnights. Must not know:
//! the browser; a zone is whoever tells an offset. Invariant: `Date::from_days(d.days()) == d`
//! for every date, and [`midnight`] is the first instant of its date.

use shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// A time zone: all that date arithmetic needs of one.
pub(crate) trait Zone {
    /// Local time less UTC at an instant, in milliseconds.
    fn offset_ms(&self, at: UnixMs) -> i64;
}

/// A zone that never changes.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fixed(pub(crate) i64);

#[cfg(test)]
impl Zone for Fixed {
    fn offset_ms(&self, _at: UnixMs) -> i64 {
        self.0
    }
}

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
}

/// Short names, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Date {
    /// A date from its parts; the day is cut to the month's length.
    pub(crate) fn new(year: i64, month: i64, day: i64) -> Self {
        Self { year, month, day: day.clamp(1, month_length(year, month)) }
    }

    /// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
    pub(crate) fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The date so many days after 1970-01-01 (Hinnant's `civil_from_days`).
    pub(crate) fn from_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Reads `2026-11-21`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if year.len() != 4 || month.len() != 2 || day.len() != 2 || parts.next().is_some() {
            return None;
        }
        let number = |text: &str| text.parse::<u16>().ok().map(i64::from);
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        let real = (1..=12).contains(&month) && (1..=month_length(year, month)).contains(&day);
        real.then_some(Self { year, month, day })
    }

    /// `2026-11-21`.
    pub(crate) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// So many days later.
    pub(crate) fn plus_days(self, days: i64) -> Self {
        Self::from_days(self.days() + days)
    }

    /// So many months later; the day is cut to the month's length.
    pub(crate) fn plus_months(self, months: i64) -> Self {
        let index = self.year * 12 + self.month - 1 + months;
        Self::new(index.div_euclid(12), index.rem_euclid(12) + 1, self.day)
    }

    /// The first of this month.
    pub(crate) fn month_start(self) -> Self {
        Self { day: 1, ..self }
    }

    /// The last of this month.
    pub(crate) fn month_end(self) -> Self {
        Self { day: month_length(self.year, self.month), ..self }
    }

    /// 0 is Monday.
    pub(crate) fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.days() + 3).rem_euclid(7)
    }

    /// `Tue`.
    pub(crate) fn weekday_name(self) -> &'static str {
        usize::try_from(self.weekday()).ok().and_then(|day| WEEKDAYS.get(day)).unwrap_or(&"")
    }

    /// `November`.
    pub(crate) fn month_name(self) -> &'static str {
        usize::try_from(self.month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"")
    }

    /// `Nov`.
    pub(crate) fn month_short(self) -> &'static str {
        self.month_name().get(..3).unwrap_or("")
    }

    /// `14 Oct`.
    pub(crate) fn short(self) -> String {
        format!("{} {}", self.day, self.month_short())
    }

    /// `14 Oct 2026`.
    pub(crate) fn long(self) -> String {
        format!("{} {}", self.short(), self.year)
    }

    /// `14 Oct`, with the year if it is not that of `today`.
    pub(crate) fn near(self, today: Self) -> String {
        if self.year == today.year { self.short() } else { self.long() }
    }
}

/// Days of a month.
pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The date in a zone at an instant.
pub(crate) fn date_at(at: UnixMs, zone: &dyn Zone) -> Date {
    Date::from_days((at.0 + zone.offset_ms(at)).div_euclid(DAY_MS))
}

/// Hour and minute in a zone at an instant.
pub(crate) fn clock_at(at: UnixMs, zone: &dyn Zone) -> (i64, i64) {
    let of_day = (at.0 + zone.offset_ms(at)).rem_euclid(DAY_MS);
    (of_day / HOUR_MS, of_day % HOUR_MS / MINUTE_MS)
}

/// `02:05` in a zone.
pub(crate) fn clock_text(at: UnixMs, zone: &dyn Zone) -> String {
    let (hour, minute) = clock_at(at, zone);
    format!("{hour:02}:{minute:02}")
}

/// The first instant of a date in a zone. Where clocks skip midnight the day begins when they
/// have skipped; where they repeat it, at the first of the two.
pub(crate) fn midnight(date: Date, zone: &dyn Zone) -> UnixMs {
    let local = date.days() * DAY_MS;
    // Offsets lie within a day: the two around the date are all there can be.
    let before = zone.offset_ms(UnixMs(local - DAY_MS));
    let after = zone.offset_ms(UnixMs(local + DAY_MS));
    let holds = |offset: i64| zone.offset_ms(UnixMs(local - offset)) == offset;
    let first = [before.max(after), before.min(after)].into_iter().find(|&offset| holds(offset));
    UnixMs(local - first.unwrap_or(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Berlin around the changes of 2026: +1 h, +2 h from 29 March to 25 October, 01:00 UTC.
    pub(crate) struct Berlin;

    impl Zone for Berlin {
        fn offset_ms(&self, at: UnixMs) -> i64 {
            let summer = UnixMs::parse("2026-03-29T01:00:00Z").unwrap()
                ..UnixMs::parse("2026-10-25T01:00:00Z").unwrap();
            if summer.contains(&at) { 2 * HOUR_MS } else { HOUR_MS }
        }
    }

    /// A zone whose clocks go from 00:00 to 01:00 on 2026-09-06 (Chile does).
    struct SkipsMidnight;

    impl Zone for SkipsMidnight {
        fn offset_ms(&self, at: UnixMs) -> i64 {
            let changes = UnixMs::parse("2026-09-06T04:00:00Z").unwrap();
            if at < changes { -4 * HOUR_MS } else { -3 * HOUR_MS }
        }
    }

    #[track_caller]
    fn check(date: &str, zone: &dyn Zone, expected: &str) {
        let date = Date::parse(date).unwrap();
        assert_eq!(midnight(date, zone).rfc3339(), expected);
        assert_eq!(date_at(midnight(date, zone), zone), date);
    }

    #[test]
    fn midnights_follow_the_zone() {
        check("2026-11-21", &Fixed(0), "2026-11-21T00:00:00Z");
        check("2026-11-21", &Fixed(-5 * HOUR_MS), "2026-11-21T05:00:00Z");
        check("2026-03-29", &Berlin, "2026-03-28T23:00:00Z");
        check("2026-03-30", &Berlin, "2026-03-29T22:00:00Z");
        check("2026-10-25", &Berlin, "2026-10-24T22:00:00Z");
        check("2026-10-26", &Berlin, "2026-10-25T23:00:00Z");
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_an_hour_later() {
        check("2026-09-06", &SkipsMidnight, "2026-09-06T04:00:00Z");
        check("2026-09-07", &SkipsMidnight, "2026-09-07T03:00:00Z");
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-200_000..200_000).step_by(37) {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date::from_days(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(Date::parse("2000-02-29").unwrap().days(), 11_016);
    }

    #[test]
    fn months_are_added_to_their_ends() {
        let plus = |date: &str, months| Date::parse(date).unwrap().plus_months(months).iso();
        assert_eq!(plus("2026-03-31", -1), "2026-02-28");
        assert_eq!(plus("2024-01-31", 1), "2024-02-29");
        assert_eq!(plus("2026-01-15", -1), "2025-12-15");
        assert_eq!(plus("2026-11-30", 3), "2027-02-28");
    }

    #[test]
    fn only_real_dates_are_read() {
        for text in ["2026-02-29", "2026-13-01", "2026-1-1", "20261121", "", "2026-11-21-1"] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn weekdays_begin_on_monday() {
        assert_eq!(Date::parse("2026-11-21").unwrap().weekday_name(), "Sat");
        assert_eq!(Date::parse("1970-01-01").unwrap().weekday_name(), "Thu");
        assert_eq!(Date::parse("1969-12-29").unwrap().weekday_name(), "Mon");
    }
}
