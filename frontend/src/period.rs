//! The period shown. Owns: presets, custom ranges, the step to the one before or after, and
//! which widths of buckets suit a range. Must not know: the address bar, the browser.
//! Invariant: a range begins and ends on midnights of the viewer's zone (on its full hours for
//! the last 24); it is empty only for a date that the zone left out.

use crate::calendar::{Date, Zone, date_at, midnight};
use shared::api::Interval;
use shared::time::{DAY_MS, HOUR_MS, UnixMs};

/// 90 years in days: a little more, and a range has more weeks than the API gives points.
const WEEKS_MAX_DAYS: i64 = 90 * 365;

/// The presets, with Plausible's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Preset {
    Today,
    Yesterday,
    Hours24,
    Days7,
    Days28,
    Days30,
    Days91,
    MonthToDate,
    LastMonth,
    YearToDate,
    Months6,
    Months12,
    All,
}

impl Preset {
    /// In the order of the picker; the groups are set apart by [`Preset::group`].
    pub(crate) const ORDER: [Self; 13] = [
        Self::Today,
        Self::Yesterday,
        Self::Hours24,
        Self::Days7,
        Self::Days28,
        Self::Days30,
        Self::Days91,
        Self::MonthToDate,
        Self::LastMonth,
        Self::YearToDate,
        Self::Months6,
        Self::Months12,
        Self::All,
    ];

    /// As the address writes it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days28 => "28d",
            Self::Days30 => "30d",
            Self::Days91 => "91d",
            Self::MonthToDate => "month",
            Self::LastMonth => "last-month",
            Self::YearToDate => "year",
            Self::Months6 => "6mo",
            Self::Months12 => "12mo",
            Self::All => "all",
        }
    }

    /// As the page writes it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::Hours24 => "Last 24 hours",
            Self::Days7 => "Last 7 days",
            Self::Days28 => "Last 28 days",
            Self::Days30 => "Last 30 days",
            Self::Days91 => "Last 91 days",
            Self::MonthToDate => "Month to date",
            Self::LastMonth => "Last month",
            Self::YearToDate => "Year to date",
            Self::Months6 => "Last 6 months",
            Self::Months12 => "Last 12 months",
            Self::All => "All time",
        }
    }

    /// The key that chooses it.
    pub(crate) fn key(self) -> char {
        match self {
            Self::Today => 'd',
            Self::Yesterday => 'e',
            Self::Hours24 => 'h',
            Self::Days7 => 'w',
            Self::Days28 => 'f',
            Self::Days30 => 't',
            Self::Days91 => 'n',
            Self::MonthToDate => 'm',
            Self::LastMonth => 'p',
            Self::YearToDate => 'y',
            Self::Months6 => 's',
            Self::Months12 => 'l',
            Self::All => 'a',
        }
    }

    /// Presets of one group stand together in the picker.
    pub(crate) fn group(self) -> u8 {
        match self {
            Self::Today | Self::Yesterday | Self::Hours24 => 0,
            Self::Days7 | Self::Days28 | Self::Days30 | Self::Days91 => 1,
            Self::MonthToDate | Self::LastMonth => 2,
            Self::YearToDate | Self::Months6 | Self::Months12 => 3,
            Self::All => 4,
        }
    }

    /// The preset a word of the address names.
    pub(crate) fn from_slug(slug: &str) -> Option<Self> {
        Self::ORDER.into_iter().find(|preset| preset.slug() == slug)
    }

    /// The preset a key chooses.
    pub(crate) fn from_key(key: char) -> Option<Self> {
        Self::ORDER.into_iter().find(|preset| preset.key() == key)
    }
}

/// Why nothing can be shown of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is a date that the zone left out.
    Empty,
    /// It lies in years of which nothing can be known.
    Outside,
}

/// Where the zone's hour of an instant begins.
fn hour_floor(at: UnixMs, zone: &dyn Zone) -> UnixMs {
    at.plus(-(at.0 + zone.offset_ms(at)).rem_euclid(HOUR_MS))
}

/// What stretch of time the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    Preset(Preset),
    /// Both dates belong to it; the first is not after the last.
    Custom {
        first: Date,
        last: Date,
    },
}

impl Default for Period {
    fn default() -> Self {
        Self::Preset(Preset::Days30)
    }
}

/// Where "now" is and where data begins: what turns a period into instants.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) now: UnixMs,
    pub(crate) zone: &'a dyn Zone,
    /// The oldest data there is; "all time" begins on its day.
    pub(crate) began: UnixMs,
}

impl Frame<'_> {
    /// Today's date in the viewer's zone.
    pub(crate) fn today(&self) -> Date {
        date_at(self.now, self.zone)
    }
}

/// From inclusive, to exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) from: UnixMs,
    pub(crate) to: UnixMs,
}

impl Range {
    /// Its length in milliseconds.
    pub(crate) fn length_ms(self) -> i64 {
        self.to.since(self.from)
    }

    /// Whether an instant lies in it.
    pub(crate) fn holds(self, at: UnixMs) -> bool {
        (self.from..self.to).contains(&at)
    }
}

impl Period {
    /// A custom period, its dates put in order; one that is a preset of today becomes it, so
    /// that stepping back and forth comes home.
    pub(crate) fn between(one: Date, other: Date, today: Date) -> Self {
        let (first, last) = (one.min(other), one.max(other));
        let same = |preset: Preset| Self::Preset(preset).dates(today, today) == (first, last);
        [Preset::Today, Preset::Yesterday, Preset::LastMonth]
            .into_iter()
            .find(|&preset| same(preset))
            .map_or(Self::Custom { first, last }, Self::Preset)
    }

    /// First and last date, both part of it.
    fn dates(self, today: Date, began: Date) -> (Date, Date) {
        let back = |days: i64| (today.plus_days(-days), today);
        match self {
            Self::Custom { first, last } => (first, last),
            Self::Preset(preset) => match preset {
                Preset::Today => back(0),
                Preset::Yesterday => (today.plus_days(-1), today.plus_days(-1)),
                Preset::Hours24 => back(1),
                Preset::Days7 => back(6),
                Preset::Days28 => back(27),
                Preset::Days30 => back(29),
                Preset::Days91 => back(90),
                Preset::MonthToDate => (today.month_start(), today),
                Preset::LastMonth => {
                    let month = today.month_start().plus_months(-1);
                    (month, month.month_end())
                }
                Preset::YearToDate => (Date::new(today.year, 1, 1), today),
                Preset::Months6 => (today.month_start().plus_months(-5), today),
                Preset::Months12 => (today.month_start().plus_months(-11), today),
                Preset::All => (began.min(today), today),
            },
        }
    }

    /// First and last date of the period.
    pub(crate) fn span(self, frame: &Frame) -> (Date, Date) {
        self.dates(frame.today(), date_at(frame.began, frame.zone))
    }

    /// The instants it covers.
    pub(crate) fn range(self, frame: &Frame) -> Range {
        if self == Self::Preset(Preset::Hours24) {
            let to = hour_floor(frame.now, frame.zone).plus(HOUR_MS);
            // Where clocks changed by half an hour meanwhile, the first hour is not cut.
            let from = hour_floor(to.plus(HOUR_MS - DAY_MS - 1), frame.zone);
            return Range { from, to };
        }
        let (first, last) = self.span(frame);
        Range { from: midnight(first, frame.zone), to: midnight(last.plus_days(1), frame.zone) }
    }

    /// Why nothing can be shown of it, if so.
    pub(crate) fn trouble(self, frame: &Frame) -> Option<Trouble> {
        let Range { from, to } = self.range(frame);
        if from == to {
            return Some(Trouble::Empty);
        }
        shared::tz::check_range(Some(from), Some(to)).is_err().then_some(Trouble::Outside)
    }

    /// The period of the same shape before (`step` -1) or after (`step` 1); `None` if it would
    /// begin after today. Whole months step to whole months.
    pub(crate) fn step(self, step: i64, frame: &Frame) -> Option<Self> {
        let today = frame.today();
        let (first, last) = match self {
            Self::Preset(Preset::Hours24) => (today, today),
            Self::Preset(Preset::MonthToDate) => (today.month_start(), today.month_end()),
            Self::Preset(Preset::YearToDate) => {
                (Date::new(today.year, 1, 1), Date::new(today.year, 12, 31))
            }
            Self::Preset(Preset::All) => return None,
            other => other.span(frame),
        };
        let whole_months = first.day == 1 && last == last.month_end();
        let (first, last) = if whole_months {
            let months = (last.year - first.year) * 12 + last.month - first.month + 1;
            let first = first.plus_months(step * months);
            (first, first.plus_months(months - 1).month_end())
        } else {
            let days = last.days() - first.days() + 1;
            (first.plus_days(step * days), last.plus_days(step * days))
        };
        if first > today {
            return None;
        }
        Some(Self::between(first, last.min(today), today))
    }

    /// As the filter bar writes it.
    pub(crate) fn label(self, today: Date) -> String {
        match self {
            Self::Preset(preset) => preset.label().to_owned(),
            Self::Custom { first, last } => dates_label(first, last, today),
        }
    }

    /// The same inside a sentence: names of days and months keep their capital.
    pub(crate) fn within(self, today: Date) -> String {
        match self {
            Self::Preset(preset) => preset.label().to_lowercase(),
            Self::Custom { .. } => self.label(today),
        }
    }
}

/// `3 Nov`, `3–9 Nov`, `28 Oct – 3 Nov`, with years where they are needed.
pub(crate) fn dates_label(first: Date, last: Date, today: Date) -> String {
    if first == last {
        return format!("{} {}", first.weekday_name(), first.near(today));
    }
    let whole_month = first.day == 1 && last == first.month_end();
    if whole_month {
        return format!("{} {}", first.month_name(), first.year);
    }
    if (first.year, first.month) == (last.year, last.month) {
        return format!("{}–{}", first.day, last.near(today));
    }
    let first = if first.year == last.year { first.near(today) } else { first.long() };
    format!("{first} – {}", last.near(today))
}

/// Widths of buckets that suit a range, the best first: between 2 and about 130 buckets.
pub(crate) fn intervals(range: Range) -> Vec<Interval> {
    let days = (range.length_ms() + DAY_MS / 2) / DAY_MS;
    match days {
        ..=1 => vec![Interval::Hour],
        2..=5 => vec![Interval::Day, Interval::Hour],
        6..=13 => vec![Interval::Day],
        14..=61 => vec![Interval::Day, Interval::Week],
        62..=130 => vec![Interval::Day, Interval::Week, Interval::Month],
        131..=730 => vec![Interval::Week, Interval::Month],
        // By the week they are more than the API gives.
        WEEKS_MAX_DAYS.. => vec![Interval::Month],
        _ => vec![Interval::Month, Interval::Week],
    }
}

/// The wished interval if it suits the range, else the best.
pub(crate) fn interval(wish: Option<Interval>, range: Range) -> Interval {
    let suits = intervals(range);
    wish.filter(|wish| suits.contains(wish))
        .or_else(|| suits.first().copied())
        .unwrap_or(Interval::Day)
}

/// The next of the intervals that suit, round and round.
pub(crate) fn next_interval(current: Interval, range: Range) -> Interval {
    let suits = intervals(range);
    let at = suits.iter().position(|&one| one == current).unwrap_or(0);
    suits.get((at + 1) % suits.len().max(1)).copied().unwrap_or(current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;

    const ZONE: Fixed = Fixed(2 * HOUR_MS);

    fn frame() -> Frame<'static> {
        Frame {
            now: UnixMs::parse("2026-11-20T22:30:00Z").unwrap(),
            zone: &ZONE,
            began: UnixMs::parse("2026-08-23T10:00:00Z").unwrap(),
        }
    }

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[track_caller]
    fn check(period: Period, first: &str, last: &str) {
        let (from, to) = period.span(&frame());
        assert_eq!((from.iso().as_str(), to.iso().as_str()), (first, last), "{period:?}");
    }

    #[test]
    fn presets_are_counted_in_the_zone() {
        // 22:30 UTC is half past midnight of the 21st two hours east.
        check(Period::Preset(Preset::Today), "2026-11-21", "2026-11-21");
        check(Period::Preset(Preset::Yesterday), "2026-11-20", "2026-11-20");
        check(Period::Preset(Preset::Days7), "2026-11-15", "2026-11-21");
        check(Period::Preset(Preset::Days30), "2026-10-23", "2026-11-21");
        check(Period::Preset(Preset::MonthToDate), "2026-11-01", "2026-11-21");
        check(Period::Preset(Preset::LastMonth), "2026-10-01", "2026-10-31");
        check(Period::Preset(Preset::YearToDate), "2026-01-01", "2026-11-21");
        check(Period::Preset(Preset::Months6), "2026-06-01", "2026-11-21");
        check(Period::Preset(Preset::Months12), "2025-12-01", "2026-11-21");
        check(Period::Preset(Preset::All), "2026-08-23", "2026-11-21");
    }

    #[test]
    fn a_range_runs_from_midnight_to_midnight() {
        let range = Period::Preset(Preset::Today).range(&frame());
        assert_eq!(range.from.rfc3339(), "2026-11-20T22:00:00Z");
        assert_eq!(range.to.rfc3339(), "2026-11-21T22:00:00Z");
        let range = Period::Preset(Preset::Hours24).range(&frame());
        assert_eq!(range.from.rfc3339(), "2026-11-19T23:00:00Z");
        assert_eq!(range.to.rfc3339(), "2026-11-20T23:00:00Z");
    }

    /// A zone whose clocks go half an hour forward at an instant, as those of Lord Howe do.
    struct HalfForward(&'static str);

    impl Zone for HalfForward {
        fn offset_ms(&self, at: UnixMs) -> i64 {
            let summer = at >= UnixMs::parse(self.0).unwrap();
            if summer { 11 * HOUR_MS } else { 21 * HOUR_MS / 2 }
        }
    }

    /// A zone that leaves out 30 December 2011, as Samoa did.
    struct Samoa;

    impl Zone for Samoa {
        fn offset_ms(&self, at: UnixMs) -> i64 {
            let changed = at >= UnixMs::parse("2011-12-30T10:00:00Z").unwrap();
            if changed { 14 * HOUR_MS } else { -10 * HOUR_MS }
        }
    }

    #[track_caller]
    fn check_hours(now: &str, zone: &dyn Zone, expected: (&str, &str)) {
        let frame = Frame { now: UnixMs::parse(now).unwrap(), zone, ..frame() };
        let range = Period::Preset(Preset::Hours24).range(&frame);
        assert_eq!((range.from.rfc3339().as_str(), range.to.rfc3339().as_str()), expected);
        let whole = |at: UnixMs| (at.0 + zone.offset_ms(at)) % HOUR_MS == 0;
        assert!(whole(range.from) && whole(range.to) && range.holds(frame.now), "{range:?}");
    }

    #[test]
    fn the_last_24_hours_are_hours_of_the_zone() {
        let now = "2026-11-20T10:10:00Z";
        check_hours(now, &Fixed(0), ("2026-11-19T11:00:00Z", "2026-11-20T11:00:00Z"));
        let kolkata = Fixed(11 * HOUR_MS / 2);
        check_hours(now, &kolkata, ("2026-11-19T10:30:00Z", "2026-11-20T10:30:00Z"));
        let kathmandu = Fixed(23 * HOUR_MS / 4);
        check_hours(now, &kathmandu, ("2026-11-19T10:15:00Z", "2026-11-20T10:15:00Z"));
        let chatham = Fixed(55 * HOUR_MS / 4);
        check_hours(now, &chatham, ("2026-11-19T10:15:00Z", "2026-11-20T10:15:00Z"));
        let newfoundland = Fixed(-7 * HOUR_MS / 2);
        check_hours(now, &newfoundland, ("2026-11-19T10:30:00Z", "2026-11-20T10:30:00Z"));
        let changed = HalfForward("2026-11-20T00:30:00Z");
        check_hours(now, &changed, ("2026-11-19T11:30:00Z", "2026-11-20T11:00:00Z"));
    }

    #[test]
    fn nothing_is_shown_of_what_cannot_be() {
        let of = |first: &str, last: &str, zone: &dyn Zone| {
            let period = Period::Custom { first: date(first), last: date(last) };
            period.trouble(&Frame { zone, ..frame() })
        };
        assert_eq!(of("2011-12-30", "2011-12-30", &Samoa), Some(Trouble::Empty));
        assert_eq!(of("2011-12-29", "2011-12-29", &Samoa), None);
        assert_eq!(of("2011-12-30", "2011-12-31", &Samoa), None);
        assert_eq!(of("2011-12-30", "2011-12-30", &ZONE), None);
        assert_eq!(of("0001-01-01", "2026-01-01", &ZONE), Some(Trouble::Outside));
        assert_eq!(of("2026-01-01", "9999-12-31", &ZONE), Some(Trouble::Outside));
        assert_eq!(of("9999-12-31", "9999-12-31", &ZONE), Some(Trouble::Outside));
        assert_eq!(of("1970-01-02", "2099-12-31", &ZONE), None);
    }

    #[test]
    fn every_width_that_is_offered_has_no_more_points_than_the_api_takes() {
        for days in 1..=130 * 366 {
            let range = Range { from: UnixMs(0), to: UnixMs(days * DAY_MS) };
            for interval in intervals(range) {
                let width = match interval {
                    Interval::Hour => HOUR_MS,
                    Interval::Day => DAY_MS,
                    Interval::Week => 7 * DAY_MS,
                    Interval::Month => 28 * DAY_MS,
                };
                let points = range.length_ms() / width + 2;
                assert!(
                    usize::try_from(points).unwrap() <= shared::tz::POINTS_MAX,
                    "{days} days by {interval}"
                );
            }
        }
    }

    #[track_caller]
    fn check_step(period: Period, step: i64, expected: Option<&str>) {
        let today = frame().today();
        let label = period.step(step, &frame()).map(|period| period.label(today));
        assert_eq!(label.as_deref(), expected, "{period:?} {step}");
    }

    #[test]
    fn steps_keep_the_shape() {
        check_step(Period::Preset(Preset::Today), -1, Some("Yesterday"));
        check_step(Period::Preset(Preset::Yesterday), 1, Some("Today"));
        check_step(Period::Preset(Preset::Today), 1, None);
        check_step(Period::Preset(Preset::Days7), -1, Some("8–14 Nov"));
        check_step(Period::Preset(Preset::MonthToDate), -1, Some("Last month"));
        check_step(Period::Preset(Preset::LastMonth), -1, Some("September 2026"));
        check_step(Period::Preset(Preset::All), -1, None);
        let custom = Period::Custom { first: date("2026-11-10"), last: date("2026-11-14") };
        check_step(custom, -1, Some("5–9 Nov"));
        check_step(custom, 1, Some("15–19 Nov"));
    }

    #[test]
    fn a_step_forward_ends_today() {
        let custom = Period::Custom { first: date("2026-11-08"), last: date("2026-11-17") };
        check_step(custom, 1, Some("18–21 Nov"));
    }

    #[track_caller]
    fn check_label(first: &str, last: &str, expected: &str) {
        assert_eq!(dates_label(date(first), date(last), date("2026-11-21")), expected);
    }

    #[test]
    fn dates_are_written_as_short_as_they_can_be() {
        check_label("2026-11-03", "2026-11-03", "Tue 3 Nov");
        check_label("2026-11-03", "2026-11-09", "3–9 Nov");
        check_label("2026-10-28", "2026-11-03", "28 Oct – 3 Nov");
        check_label("2025-12-28", "2026-01-03", "28 Dec 2025 – 3 Jan");
        check_label("2026-02-01", "2026-02-28", "February 2026");
        check_label("2025-03-03", "2025-03-09", "3–9 Mar 2025");
    }

    #[test]
    fn every_preset_has_its_own_key_and_word() {
        for preset in Preset::ORDER {
            assert_eq!(Preset::from_key(preset.key()), Some(preset));
            assert_eq!(Preset::from_slug(preset.slug()), Some(preset));
        }
    }

    #[test]
    fn a_wish_that_does_not_suit_is_passed_over() {
        let range = |days: i64| Range { from: UnixMs(0), to: UnixMs(days * DAY_MS) };
        assert_eq!(interval(Some(Interval::Hour), range(30)), Interval::Day);
        assert_eq!(interval(Some(Interval::Week), range(30)), Interval::Week);
        assert_eq!(interval(None, range(365)), Interval::Week);
        assert_eq!(next_interval(Interval::Week, range(30)), Interval::Day);
        assert_eq!(next_interval(Interval::Hour, range(1)), Interval::Hour);
    }
}
