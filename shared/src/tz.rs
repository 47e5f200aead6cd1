//! Zones: where days, weeks and months begin for the viewer. Owns: the buckets of a series and
//! the range it is compared with. Must not know: what is counted in them, nor any zone's rules:
//! whoever runs this knows what each zone's clocks show (tables of all zones would be a tenth
//! of the worker). Invariant: edges ascend strictly and cover the range; a local day with a
//! clock change has 23 or 25 hours.

mod names;

pub use names::{canonical, unknown};

use crate::api::{Compare, Interval};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use chrono::{
    Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Most points of one series: 200 days by the hour, 13 years by the day.
pub const POINTS_MAX: usize = 5_000;
/// Most points of one tweet's series: a year by the hour.
pub const TWEET_POINTS_MAX: usize = 9_000;
/// Gaps of clock changes end on quarter hours in every zone since long before X existed; the
/// longest (Samoa left out 30 December 2011) has 24 hours.
const GAP_STEP_MINUTES: i64 = 15;
const GAP_STEPS_MAX: i64 = 25 * 4;
const WEEK_MS: i64 = 7 * DAY_MS;
/// Ranges may begin at 1970, as those of whoever asks for everything do.
const EARLIEST: UnixMs = UnixMs(0);
/// 2100-01-01T00:00:00Z: later is a slip of the pen.
const LATEST: UnixMs = UnixMs(4_102_444_800_000);
/// The shortest range: times of X's lists have whole seconds.
const RANGE_MIN_MS: i64 = SECOND_MS;

/// Reads an offset as `Intl` writes it at the end of a date, in milliseconds east of UTC:
/// `11/21/2026, GMT+05:30`. Nothing after GMT is UTC; local times of old have seconds.
pub fn offset_ms(text: &str) -> i64 {
    let offset = text.rsplit_once("GMT").map_or("", |(_, offset)| offset);
    let digits = offset.trim_start_matches(|sign: char| !sign.is_ascii_digit());
    let parts = digits.split(':').map(|part| part.parse::<i64>().unwrap_or_default());
    let ms: i64 = parts.zip([HOUR_MS, MINUTE_MS, SECOND_MS]).map(|(part, unit)| part * unit).sum();
    if offset.starts_with('+') { ms } else { -ms }
}

/// A zone: how far its clocks are ahead of UTC, at any instant.
pub struct Zone {
    /// Milliseconds east; slow to ask, as platforms answer with a text.
    ask: Box<dyn Fn(UnixMs) -> i64>,
    /// What it answered for the beginnings of weeks of UTC, counted from 1970.
    weeks: RefCell<BTreeMap<i64, i64>>,
}

impl Zone {
    /// A zone by what its clocks are ahead of UTC at an instant, in milliseconds. No change is
    /// undone within a week: that is so of every zone since X began.
    pub fn new(offset_ms: impl Fn(UnixMs) -> i64 + 'static) -> Self {
        Self { ask: Box::new(offset_ms), weeks: RefCell::default() }
    }

    fn offset_ms(&self, at: UnixMs) -> i64 {
        let week = at.0.div_euclid(WEEK_MS);
        let (begin, end) = (self.week(week), self.week(week + 1));
        if begin == end { begin } else { (self.ask)(at) }
    }

    fn week(&self, week: i64) -> i64 {
        let begin = || (self.ask)(UnixMs(week.saturating_mul(WEEK_MS)));
        *self.weeks.borrow_mut().entry(week).or_insert_with(begin)
    }

    /// The hour of the day the zone's clocks show, 0 to 23.
    pub fn hour(&self, at: UnixMs) -> u8 {
        // 0 to 23 by chrono's own account.
        u8::try_from(self.local(at).hour()).unwrap_or_default()
    }

    /// What the zone's clocks show, for a file's name: `2026-11-21T08-05-09`, of a midnight the date
    /// alone.
    pub fn stamp(&self, at: UnixMs) -> String {
        let (local, time) = (self.local(at), self.local(at).time());
        let date = format!("{:04}-{:02}-{:02}", local.year(), local.month(), local.day());
        if time == NaiveTime::MIN {
            return date;
        }
        format!("{date}T{:02}-{:02}-{:02}", time.hour(), time.minute(), time.second())
    }

    /// The next instant after `at` at which the zone's clocks show this full hour, 0 to 23. On a
    /// day whose clocks jump over it, that of the jump; where they show it twice, the first.
    pub fn next_hour(&self, hour: u8, at: UnixMs) -> UnixMs {
        let today = self.local(at).date();
        let on = |days| {
            let date = today.checked_add_days(Days::new(days))?;
            self.instant(date.and_hms_opt(u32::from(hour), 0, 0)?)
        };
        // The calendar's end apart, tomorrow has one; Samoa once left out a day.
        (0..=2).filter_map(on).find(|&next| next > at).unwrap_or_else(|| at.plus(DAY_MS))
    }

    /// What the zone's clocks show.
    fn local(&self, at: UnixMs) -> NaiveDateTime {
        at.plus(self.offset_ms(at)).utc().naive_utc()
    }

    /// The first instant at which the zone's clocks show this time; where they jump over it,
    /// the instant of the jump.
    fn instant(&self, local: NaiveDateTime) -> Option<UnixMs> {
        (0..=GAP_STEPS_MAX).find_map(|step| {
            let minutes = TimeDelta::minutes(step * GAP_STEP_MINUTES);
            self.shown(local.checked_add_signed(minutes)?)
        })
    }

    /// The first instant at which the zone's clocks show this time, if they ever do.
    fn shown(&self, local: NaiveDateTime) -> Option<UnixMs> {
        // No clock is a day ahead of UTC or behind it: one of the two offsets that hold a day
        // before and a day after was in force.
        let utc = UnixMs(local.and_utc().timestamp_millis());
        let offsets = [-DAY_MS, DAY_MS].map(|apart| self.offset_ms(utc.plus(apart)));
        let instants = offsets.map(|offset| (utc.plus(-offset), offset));
        let shown = instants.into_iter().filter(|(at, offset)| self.offset_ms(*at) == *offset);
        shown.map(|(at, _)| at).min()
    }

    /// Where the zone's hour of an instant begins: not a whole UTC hour in India.
    fn hour_floor(&self, at: UnixMs) -> UnixMs {
        at.plus(-(at.0.saturating_add(self.offset_ms(at))).rem_euclid(HOUR_MS))
    }

    /// The next hour of the zone. Clocks that change by half an hour (Lord Howe) make one hour
    /// that is half as long; the change itself is an edge then.
    fn hour_after(&self, at: UnixMs) -> UnixMs {
        let after = at.plus(HOUR_MS);
        let aligned = self.hour_floor(after);
        let same_clock = self.offset_ms(aligned) == self.offset_ms(after);
        if aligned > at && same_clock { aligned } else { after }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zone").field("weeks", &self.weeks).finish_non_exhaustive()
    }
}

/// Whether a range can have anything in it, as far as it was given: `from` before `to`, both in
/// years of which there is data, or may be soon.
///
/// # Errors
/// A sentence that names the parameter.
pub fn check_range(from: Option<UnixMs>, to: Option<UnixMs>) -> Result<(), String> {
    for (name, at) in [("from", from), ("to", to)] {
        if at.is_some_and(|at| !(EARLIEST..=LATEST).contains(&at)) {
            let at = at.unwrap_or_default();
            return Err(format!("`{name}` ({at}) must lie between {EARLIEST} and {LATEST}"));
        }
    }
    match (from, to) {
        (Some(from), Some(to)) if from >= to => {
            Err(format!("`from` ({from}) must be before `to` ({to})"))
        }
        _ => Ok(()),
    }
}

/// Where the buckets of a range begin, and where the last of them ends: n + 1 edges of n
/// buckets. The first is at or before `from`, the last at or after `to`; hours are the zone's.
///
/// # Errors
/// A sentence, if the range is empty or has more than [`POINTS_MAX`] buckets.
pub fn edges(
    from: UnixMs,
    to: UnixMs,
    interval: Interval,
    zone: &Zone,
) -> Result<Vec<UnixMs>, String> {
    edges_within(from, to, interval, zone, POINTS_MAX)
}

/// The same with at most `max` buckets.
///
/// # Errors
/// A sentence, if the range is empty or has more.
pub fn edges_within(
    from: UnixMs,
    to: UnixMs,
    interval: Interval,
    zone: &Zone,
    max: usize,
) -> Result<Vec<UnixMs>, String> {
    if from >= to {
        return Err(format!("`from` ({from}) must be before `to` ({to})"));
    }
    if to.since(from) < RANGE_MIN_MS {
        return Err(format!("`to` ({to}) must be a second or more after `from` ({from})"));
    }
    let outside = || format!("the range from {from} to {to} is outside of the calendar");
    let mut edges = Vec::new();
    let mut edge = Edge::first(from, interval, zone).ok_or_else(outside)?;
    loop {
        // A date that a zone left out begins where the next one does: one edge, not two.
        if edges.last().is_none_or(|&last| last < edge.at) {
            edges.push(edge.at);
        }
        if edge.at >= to {
            return Ok(edges);
        }
        if edges.len() > max {
            return Err(format!(
                "`interval={interval}` makes more than {max} points of this range: ask \
                 for a wider interval or a shorter range"
            ));
        }
        edge = edge.next(interval, zone).ok_or_else(outside)?;
    }
}

/// The range that a range is compared with: as long and just before it (by the zone's days if
/// it has whole ones), or the same local dates a year before, 29 February as the 28th. Of a range
/// that is not over at `now` it is the same part: today until 09:40 is held against yesterday
/// until 09:40. One that lies ahead has nothing to compare yet and is shifted whole.
pub fn compared(
    range: (UnixMs, UnixMs),
    now: UnixMs,
    compare: Compare,
    zone: &Zone,
) -> (UnixMs, UnixMs) {
    let (from, to) = range;
    let (before, end) = shifted(from, to, compare, zone);
    if now <= from || now >= to {
        return (before, end);
    }
    let local_now = zone.local(now);
    let same = match compare {
        Compare::Previous => {
            let days = zone.local(from).date() - zone.local(before).date();
            let shifted = local_now.checked_sub_signed(days);
            shifted.filter(|_| whole_days(from, to, zone))
        }
        Compare::Year => local_now.checked_sub_months(Months::new(12)),
    };
    let same = same.and_then(|local| zone.instant(local));
    let same = same.unwrap_or_else(|| before.plus(now.since(from)));
    (before, same.max(before.plus(RANGE_MIN_MS)).min(end))
}

/// Whether a range has whole days of the zone: one or more, from a time of the day to the same.
fn whole_days(from: UnixMs, to: UnixMs, zone: &Zone) -> bool {
    let (from, to) = (zone.local(from), zone.local(to));
    from.time() == to.time() && to.date() > from.date()
}

fn shifted(from: UnixMs, to: UnixMs, compare: Compare, zone: &Zone) -> (UnixMs, UnixMs) {
    let (local_from, local_to) = (zone.local(from), zone.local(to));
    match compare {
        Compare::Previous => {
            let days = local_to.date() - local_from.date();
            let before = local_from.checked_sub_signed(days);
            let before = before.filter(|_| whole_days(from, to, zone));
            let before = before.and_then(|before| zone.instant(before));
            (before.unwrap_or_else(|| from.plus(-to.since(from))), from)
        }
        Compare::Year => {
            let before = |at: UnixMs, local: NaiveDateTime| {
                let shifted = local.checked_sub_months(Months::new(12));
                shifted.and_then(|local| zone.instant(local)).unwrap_or(at)
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
    fn first(from: UnixMs, interval: Interval, zone: &Zone) -> Option<Self> {
        let date = zone.local(from).date();
        let date = match interval {
            Interval::Hour => return Some(Self { at: zone.hour_floor(from), date }),
            Interval::Day => date,
            Interval::Week => {
                let days = u64::from(date.weekday().num_days_from_monday());
                date.checked_sub_days(Days::new(days))?
            }
            Interval::Month => date.with_day(1)?,
        };
        Self::of(date, zone)
    }

    fn next(self, interval: Interval, zone: &Zone) -> Option<Self> {
        let date = match interval {
            Interval::Hour => return Some(Self { at: zone.hour_after(self.at), ..self }),
            Interval::Day => self.date.checked_add_days(Days::new(1))?,
            Interval::Week => self.date.checked_add_days(Days::new(7))?,
            Interval::Month => self.date.checked_add_months(Months::new(1))?,
        };
        Self::of(date, zone)
    }

    fn of(date: NaiveDate, zone: &Zone) -> Option<Self> {
        Some(Self { at: zone.instant(date.and_time(NaiveTime::MIN))?, date })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Offset as _, TimeZone as _};
    use chrono_tz::{TZ_VARIANTS, Tz};
    use proptest::prelude::*;

    /// A zone of the IANA database's tables.
    fn zone(tz: Tz) -> Zone {
        Zone::new(move |at| table_ms(tz, at))
    }

    fn table_ms(tz: Tz, at: UnixMs) -> i64 {
        let offset = tz.offset_from_utc_datetime(&at.utc().naive_utc());
        i64::from(offset.fix().local_minus_utc()) * 1_000
    }

    fn named(name: &str) -> Zone {
        zone(name.parse().unwrap())
    }

    fn at(text: &str) -> UnixMs {
        UnixMs::parse(text).unwrap()
    }

    fn texts(edges: &[UnixMs]) -> Vec<String> {
        edges.iter().map(|edge| edge.rfc3339()).collect()
    }

    #[track_caller]
    fn check(zone: &str, interval: Interval, range: (&str, &str), expected: &[&str]) {
        let edges = edges(at(range.0), at(range.1), interval, &named(zone)).unwrap();
        assert_eq!(texts(&edges), expected, "{zone} {interval} {range:?}");
    }

    /// The lengths of the buckets in minutes.
    #[track_caller]
    fn check_lengths(zone: &str, interval: Interval, range: (&str, &str), expected: &[i64]) {
        let edges = edges(at(range.0), at(range.1), interval, &named(zone)).unwrap();
        let lengths: Vec<_> = edges.windows(2).map(|w| w[1].since(w[0]) / 60_000).collect();
        assert_eq!(lengths, expected, "{zone} {interval} {:?}", texts(&edges));
    }

    #[test]
    fn offsets_are_read_as_platforms_write_them() {
        for (text, minutes) in [
            ("11/21/2026, GMT", 0),
            ("11/21/2026, GMT+00:00", 0),
            ("11/21/2026, GMT+05:45", 345),
            ("11/20/2026, GMT-03:30", -210),
            ("11/20/2026, GMT\u{2212}03:30", -210),
        ] {
            assert_eq!(offset_ms(text), minutes * MINUTE_MS, "{text}");
        }
        assert_eq!(offset_ms("1/1/1880, GMT-07:52:58"), -(7 * 3_600 + 52 * 60 + 58) * 1_000);
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
    fn check_hour(zone: &str, hour: u8, after: &str, expected: &str) {
        let next = named(zone).next_hour(hour, at(after));
        assert_eq!(next.rfc3339(), expected, "{zone} {hour} {after}");
    }

    #[test]
    fn an_hour_comes_once_a_day_by_the_zones_clocks() {
        check_hour("UTC", 8, "2026-11-21T07:59:59Z", "2026-11-21T08:00:00Z");
        check_hour("UTC", 8, "2026-11-21T08:00:00Z", "2026-11-22T08:00:00Z");
        check_hour("Europe/Berlin", 0, "2026-11-21T22:59:00Z", "2026-11-21T23:00:00Z");
        check_hour("Asia/Kathmandu", 8, "2026-11-21T02:15:00Z", "2026-11-22T02:15:00Z");
        // On 29 March 2026 02:00 is left out, on 25 October it comes twice.
        check_hour("Europe/Berlin", 2, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
        check_hour("Europe/Berlin", 2, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z");
        check_hour("Europe/Berlin", 2, "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z");
    }

    #[track_caller]
    fn check_refused(interval: Interval, range: (&str, &str), part: &str) {
        let error = edges(at(range.0), at(range.1), interval, &zone(Tz::UTC)).unwrap_err();
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
        check_refused(
            Interval::Hour,
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"),
            "`to` (2026-01-01T00:00:00.001Z) must be a second or more",
        );
        let many =
            edges(UnixMs(0), UnixMs(5_000 * HOUR_MS), Interval::Hour, &zone(Tz::UTC)).unwrap();
        assert_eq!(many.len(), POINTS_MAX + 1);
    }

    #[track_caller]
    fn check_bounds(from: &str, to: &str, part: Option<&str>) {
        let instant = |text: &str| (!text.is_empty()).then(|| at(text));
        let error = check_range(instant(from), instant(to)).err();
        let fits = error.as_deref().zip(part).is_some_and(|(error, part)| error.contains(part));
        assert!(fits || error.is_none() && part.is_none(), "{from} {to}: {error:?}");
    }

    #[test]
    fn ranges_outside_of_what_can_be_are_refused_by_their_parameter() {
        check_bounds("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", None);
        check_bounds("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", None);
        check_bounds("", "", None);
        check_bounds("2026-01-01T00:00:00Z", "9999-01-02T00:00:00Z", Some("`to` (9999-"));
        check_bounds("0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some("`from` (0001-"));
        check_bounds("9998-01-01T00:00:00Z", "", Some("`from` (9998-"));
        check_bounds("", "1969-12-31T23:59:59Z", Some("`to` (1969-"));
        check_bounds("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", Some("`from` (2026-01-02"));
        check_bounds("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some("must be before `to`"));
    }

    #[track_caller]
    fn check_shift(zone: &str, compare: Compare, range: (&str, &str), expected: (&str, &str)) {
        let range = (at(range.0), at(range.1));
        let shifted = compared(range, at("2030-01-01T00:00:00Z"), compare, &named(zone));
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

    #[track_caller]
    fn check_running(
        (zone, compare): (&str, Compare),
        range: (&str, &str),
        now: &str,
        expected: (&str, &str),
    ) {
        let zone = named(zone);
        let found = compared((at(range.0), at(range.1)), at(now), compare, &zone);
        assert_eq!(texts(&[found.0, found.1]), [expected.0, expected.1], "{range:?} {now}");
    }

    #[test]
    fn a_range_that_is_not_over_is_compared_with_the_same_part() {
        let today = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let until = |now, expected| {
            check_running(
                ("UTC", Compare::Previous),
                today,
                now,
                ("2026-11-19T00:00:00Z", expected),
            );
        };
        until("2026-11-20T09:40:00Z", "2026-11-19T09:40:00Z");
        until("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z");
        until("2026-11-20T00:00:00.250Z", "2026-11-19T00:00:01Z");
        until("2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z");
        until("2026-11-22T09:40:00Z", "2026-11-20T00:00:00Z");
        // By the clocks of the zone: the day before had 25 hours.
        check_running(
            ("Europe/Berlin", Compare::Previous),
            ("2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"),
            "2026-10-26T08:00:00Z",
            ("2026-10-24T22:00:00Z", "2026-10-25T08:00:00Z"),
        );
        check_running(
            ("UTC", Compare::Year),
            ("2026-11-01T00:00:00Z", "2026-11-21T00:00:00Z"),
            "2026-11-20T09:40:00Z",
            ("2025-11-01T00:00:00Z", "2025-11-20T09:40:00Z"),
        );
        // Of no whole days: as long as what has passed.
        check_running(
            ("UTC", Compare::Previous),
            ("2026-11-20T06:00:00Z", "2026-11-20T18:00:00Z"),
            "2026-11-20T09:00:00Z",
            ("2026-11-19T18:00:00Z", "2026-11-19T21:00:00Z"),
        );
    }

    proptest! {
        #[test]
        fn what_is_compared_is_before_and_as_long_as_what_has_passed(
            tz in prop::sample::select(TZ_VARIANTS.as_slice()),
            from in 320_000_i64..600_000,
            hours in 1_i64..2_000,
            minutes in 0_i64..4_000 * 60,
        ) {
            let (from, now) = (UnixMs(from * HOUR_MS), UnixMs(from * HOUR_MS + minutes * MINUTE_MS));
            let to = from.plus(hours * HOUR_MS);
            let (before, end) = compared((from, to), now, Compare::Previous, &zone(tz));
            prop_assert!(before <= end && end <= from);
            let passed = now.min(to).since(from).max(SECOND_MS);
            let passed = if now <= from { to.since(from) } else { passed };
            // Clocks change by a day at most, where a zone moved to the other side of the date line.
            prop_assert!((end.since(before) - passed).abs() <= DAY_MS, "{} {}", before, end);
        }

        #[test]
        fn what_clocks_show_is_what_the_tables_say(
            tz in prop::sample::select(TZ_VARIANTS.as_slice()),
            hours in prop::collection::vec(320_000_i64..600_000, 1..100),
        ) {
            let zone = zone(tz);
            for hour in hours {
                let at = UnixMs(hour * HOUR_MS);
                prop_assert_eq!(zone.offset_ms(at), table_ms(tz, at), "{} {}", tz, at);
            }
        }

        #[test]
        fn the_first_instant_of_a_time_is_what_the_tables_say(
            tz in prop::sample::select(TZ_VARIANTS.as_slice()),
            quarter in 320_000_i64 * 4..600_000 * 4,
        ) {
            let local = UnixMs(quarter * HOUR_MS / 4).utc().naive_utc();
            let expected = tz.from_local_datetime(&local).earliest();
            let expected = expected.map(|at| UnixMs(at.timestamp_millis()));
            prop_assert_eq!(zone(tz).shown(local), expected, "{} {}", tz, local);
        }
    }
}
