//! Zones: where days, weeks and months begin for the viewer. Owns: the buckets of a series and
//! the range it is compared with. Must not know: what is counted in them. Invariant: edges
//! ascend strictly and cover the range; a local day with a clock change has 23 or 25 hours.

use crate::api::{Compare, Interval};
use crate::time::{HOUR_MS, UnixMs};
use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset as _,
    TimeDelta, TimeZone as _, Utc,
};

/// A zone of the IANA database.
pub type Tz = chrono_tz::Tz;

/// Most points of one series: 200 days by the hour, 13 years by the day.
pub const POINTS_MAX: usize = 5_000;
/// Gaps of clock changes end on quarter hours in every zone since long before X existed; the
/// longest (Samoa left out 30 December 2011) has 24 hours.
const GAP_STEP_MINUTES: i64 = 15;
const GAP_STEPS_MAX: i64 = 25 * 4;

/// The zone of an IANA name such as `Europe/Berlin`.
///
/// # Errors
/// A sentence that names the text and says what is expected.
pub fn parse(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| {
        let name: String = name.chars().take(40).collect();
        format!("`{name}` is not an IANA time zone: a name like UTC or Europe/Berlin is expected")
    })
}

/// Where the buckets of a range begin, and where the last of them ends: n + 1 edges of n
/// buckets. The first is at or before `from`, the last at or after `to`; hours are the zone's.
///
/// # Errors
/// A sentence, if the range is empty or has more than [`POINTS_MAX`] buckets.
pub fn edges(from: UnixMs, to: UnixMs, interval: Interval, tz: Tz) -> Result<Vec<UnixMs>, String> {
    if from >= to {
        return Err(format!("`from` ({from}) must be before `to` ({to})"));
    }
    let outside = || format!("the range from {from} to {to} is outside of the calendar");
    let mut edges = Vec::new();
    let mut edge = Edge::first(from, interval, tz).ok_or_else(outside)?;
    loop {
        // A date that a zone left out begins where the next one does: one edge, not two.
        if edges.last().is_none_or(|&last| last < edge.at) {
            edges.push(edge.at);
        }
        if edge.at >= to {
            return Ok(edges);
        }
        if edges.len() > POINTS_MAX {
            return Err(format!(
                "`interval={interval}` makes more than {POINTS_MAX} points of this range: ask \
                 for a wider interval or a shorter range"
            ));
        }
        edge = edge.next(interval, tz).ok_or_else(outside)?;
    }
}

/// The range that a range is compared with: as long and just before it (by the zone's days if
/// it has whole ones), or the same local dates a year before, 29 February as the 28th.
pub fn shifted(from: UnixMs, to: UnixMs, compare: Compare, tz: Tz) -> (UnixMs, UnixMs) {
    let (local_from, local_to) = (local(from, tz), local(to, tz));
    match compare {
        Compare::Previous => {
            let days = local_to.date() - local_from.date();
            let whole = local_from.time() == local_to.time() && days > TimeDelta::zero();
            let before = local_from.checked_sub_signed(days).filter(|_| whole);
            let before = before.and_then(|before| instant(before, tz));
            (before.unwrap_or_else(|| from.plus(-to.since(from))), from)
        }
        Compare::Year => {
            let before = |at: UnixMs, local: NaiveDateTime| {
                let shifted = local.checked_sub_months(Months::new(12));
                shifted.and_then(|local| instant(local, tz)).unwrap_or(at)
            };
            (before(from, local_from), before(to, local_to))
        }
    }
}

/// An edge: its instant and, of days and longer, its local date.
#[derive(Clone, Copy)]
struct Edge {
    at: UnixMs,
    date: NaiveDate,
}

impl Edge {
    fn first(from: UnixMs, interval: Interval, tz: Tz) -> Option<Self> {
        let date = local(from, tz).date();
        let date = match interval {
            Interval::Hour => return Some(Self { at: hour_floor(from, tz), date }),
            Interval::Day => date,
            Interval::Week => {
                let days = u64::from(date.weekday().num_days_from_monday());
                date.checked_sub_days(Days::new(days))?
            }
            Interval::Month => date.with_day(1)?,
        };
        Self::of(date, tz)
    }

    fn next(self, interval: Interval, tz: Tz) -> Option<Self> {
        let date = match interval {
            Interval::Hour => return Some(Self { at: hour_after(self.at, tz), ..self }),
            Interval::Day => self.date.checked_add_days(Days::new(1))?,
            Interval::Week => self.date.checked_add_days(Days::new(7))?,
            Interval::Month => self.date.checked_add_months(Months::new(1))?,
        };
        Self::of(date, tz)
    }

    fn of(date: NaiveDate, tz: Tz) -> Option<Self> {
        Some(Self { at: instant(date.and_time(NaiveTime::MIN), tz)?, date })
    }
}

/// The first instant at which a zone's clocks show this time; where they jump over it, the
/// instant of the jump.
fn instant(local: NaiveDateTime, tz: Tz) -> Option<UnixMs> {
    (0..=GAP_STEPS_MAX).find_map(|step| {
        let minutes = TimeDelta::minutes(step * GAP_STEP_MINUTES);
        let shown = tz.from_local_datetime(&local.checked_add_signed(minutes)?).earliest()?;
        Some(UnixMs(shown.timestamp_millis()))
    })
}

fn local(at: UnixMs, tz: Tz) -> NaiveDateTime {
    at.utc().with_timezone(&tz).naive_local()
}

fn offset_ms(at: UnixMs, tz: Tz) -> i64 {
    let utc: DateTime<Utc> = at.utc();
    i64::from(tz.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()) * 1_000
}

/// Where the zone's hour of an instant begins: not a whole UTC hour in India.
fn hour_floor(at: UnixMs, tz: Tz) -> UnixMs {
    at.plus(-(at.0 + offset_ms(at, tz)).rem_euclid(HOUR_MS))
}

/// The next hour of the zone. Clocks that change by half an hour (Lord Howe) make one hour
/// that is half as long; the change itself is an edge then.
fn hour_after(at: UnixMs, tz: Tz) -> UnixMs {
    let after = at.plus(HOUR_MS);
    let aligned = hour_floor(after, tz);
    let same_clock = offset_ms(aligned, tz) == offset_ms(after, tz);
    if aligned > at && same_clock { aligned } else { after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMs {
        UnixMs::parse(text).unwrap()
    }

    fn texts(edges: &[UnixMs]) -> Vec<String> {
        edges.iter().map(|edge| edge.rfc3339()).collect()
    }

    #[track_caller]
    fn check(zone: &str, interval: Interval, range: (&str, &str), expected: &[&str]) {
        let edges = edges(at(range.0), at(range.1), interval, parse(zone).unwrap()).unwrap();
        assert_eq!(texts(&edges), expected, "{zone} {interval} {range:?}");
    }

    /// The lengths of the buckets in minutes.
    #[track_caller]
    fn check_lengths(zone: &str, interval: Interval, range: (&str, &str), expected: &[i64]) {
        let edges = edges(at(range.0), at(range.1), interval, parse(zone).unwrap()).unwrap();
        let lengths: Vec<_> = edges.windows(2).map(|w| w[1].since(w[0]) / 60_000).collect();
        assert_eq!(lengths, expected, "{zone} {interval} {:?}", texts(&edges));
    }

    #[test]
    fn a_zone_is_named_as_the_iana_database_does() {
        assert_eq!(parse("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(parse("UTC"), Ok(Tz::UTC));
        for name in ["", "Berlin", "Europe/Nowhere", "+01:00", "europe berlin"] {
            let error = parse(name).unwrap_err();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn buckets_cover_a_range_that_cuts_them() {
        check(
            "UTC",
            Interval::Day,
            ("2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z"),
            &["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"],
        );
        check(
            "UTC",
            Interval::Day,
            ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            &["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"],
        );
    }

    #[test]
    fn days_begin_at_local_midnight() {
        check(
            "Asia/Kolkata",
            Interval::Day,
            ("2026-11-20T00:00:00Z", "2026-11-20T12:00:00Z"),
            &["2026-11-19T18:30:00Z", "2026-11-20T18:30:00Z"],
        );
    }

    #[test]
    fn days_of_clock_changes_have_23_and_25_hours() {
        let spring = ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        check_lengths("Europe/Berlin", Interval::Day, spring, &[24 * 60, 23 * 60, 24 * 60]);
        let autumn = ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        check_lengths("Europe/Berlin", Interval::Day, autumn, &[24 * 60, 25 * 60, 24 * 60]);
    }

    #[test]
    fn a_day_whose_midnight_is_left_out_begins_at_the_jump() {
        // Cairo: 2026-04-24 begins at 01:00.
        check(
            "Africa/Cairo",
            Interval::Day,
            ("2026-04-24T06:00:00Z", "2026-04-24T12:00:00Z"),
            &["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"],
        );
    }

    #[test]
    fn a_midnight_that_comes_twice_ends_the_day_the_second_time() {
        // Sao Paulo: on 2018-02-18 at 00:00 the clocks went back to 23:00.
        let range = ("2018-02-17T12:00:00Z", "2018-02-18T12:00:00Z");
        check_lengths("America/Sao_Paulo", Interval::Day, range, &[25 * 60, 24 * 60]);
    }

    #[test]
    fn a_date_left_out_is_no_bucket() {
        // Samoa had no 2011-12-30.
        let range = ("2011-12-29T20:00:00Z", "2011-12-31T12:00:00Z");
        check_lengths("Pacific/Apia", Interval::Day, range, &[24 * 60, 24 * 60, 24 * 60]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        check(
            "Europe/Berlin",
            Interval::Week,
            ("2026-10-22T00:00:00Z", "2026-10-28T00:00:00Z"),
            &["2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z"],
        );
    }

    #[test]
    fn months_begin_on_the_first() {
        check(
            "America/New_York",
            Interval::Month,
            ("2026-02-10T00:00:00Z", "2026-03-31T00:00:00Z"),
            &["2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"],
        );
    }

    #[test]
    fn hours_are_the_zones_own() {
        check(
            "Asia/Kathmandu",
            Interval::Hour,
            ("2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z"),
            &["2026-11-19T23:15:00Z", "2026-11-20T00:15:00Z", "2026-11-20T01:15:00Z"],
        );
        let spring = ("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z");
        check_lengths("Europe/Berlin", Interval::Hour, spring, &[60, 60, 60]);
    }

    #[test]
    fn half_an_hour_of_clock_change_makes_half_an_hour() {
        // Lord Howe: at 02:00 on 2026-04-05 back to 01:30, on 2026-10-04 on to 02:30.
        let back = ("2026-04-04T14:00:00Z", "2026-04-04T17:00:00Z");
        check_lengths("Australia/Lord_Howe", Interval::Hour, back, &[60, 30, 60, 60]);
        let on = ("2026-10-03T14:30:00Z", "2026-10-03T17:00:00Z");
        check_lengths("Australia/Lord_Howe", Interval::Hour, on, &[60, 30, 60]);
    }

    #[track_caller]
    fn check_refused(interval: Interval, range: (&str, &str), part: &str) {
        let error = edges(at(range.0), at(range.1), interval, Tz::UTC).unwrap_err();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn ranges_of_no_or_too_many_buckets_are_refused() {
        check_refused(
            Interval::Day,
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            "must be before",
        );
        check_refused(
            Interval::Hour,
            ("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z"),
            "more than 5000 points",
        );
        let many = edges(UnixMs(0), UnixMs(5_000 * HOUR_MS), Interval::Hour, Tz::UTC).unwrap();
        assert_eq!(many.len(), POINTS_MAX + 1);
    }

    #[track_caller]
    fn check_shift(zone: &str, compare: Compare, range: (&str, &str), expected: (&str, &str)) {
        let shifted = shifted(at(range.0), at(range.1), compare, parse(zone).unwrap());
        assert_eq!(
            (shifted.0.rfc3339(), shifted.1.rfc3339()),
            (expected.0.into(), expected.1.into())
        );
    }

    #[test]
    fn the_previous_range_is_as_long_and_ends_where_this_begins() {
        check_shift(
            "UTC",
            Compare::Previous,
            ("2026-11-20T06:00:00Z", "2026-11-21T12:00:00Z"),
            ("2026-11-19T00:00:00Z", "2026-11-20T06:00:00Z"),
        );
    }

    #[test]
    fn the_previous_range_has_as_many_local_days() {
        // Berlin, one week from Monday 2026-10-26 00:00; the week before has the 25-hour day.
        check_shift(
            "Europe/Berlin",
            Compare::Previous,
            ("2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z"),
            ("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"),
        );
    }

    #[test]
    fn a_year_before_has_the_same_local_dates() {
        // Clocks changed on 29 March in 2026 and on 30 March in 2025.
        check_shift(
            "Europe/Berlin",
            Compare::Year,
            ("2026-03-29T22:00:00Z", "2026-04-30T22:00:00Z"),
            ("2025-03-29T23:00:00Z", "2025-04-30T22:00:00Z"),
        );
        check_shift(
            "UTC",
            Compare::Year,
            ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2023-02-28T00:00:00Z", "2023-03-01T00:00:00Z"),
        );
    }
}
