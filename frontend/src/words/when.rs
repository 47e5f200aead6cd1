//! Times in words. Invariant: a time far enough away for its day to matter names its day.

use crate::calendar::{Date, Zone, clock_text, date_at};
use crate::period::{Range, Trouble};
use shared::text::cut;
use shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// Weekdays in full, for times to come.
fn weekday_full(date: Date) -> &'static str {
    match date.weekday() {
        0 => "Monday",
        1 => "Tuesday",
        2 => "Wednesday",
        3 => "Thursday",
        4 => "Friday",
        5 => "Saturday",
        _ => "Sunday",
    }
}

/// Of a time zone that nobody knows by this name.
pub(crate) fn no_zone(name: &str) -> String {
    format!(
        "“{}” is no time zone that Roost knows: days are counted in UTC. Names are like \
         Europe/Berlin.",
        cut(name, 40)
    )
}

/// Why nothing can be shown of a period; `label` is that of the period.
pub(crate) fn period_trouble(trouble: Trouble, label: &str, zone: &str) -> String {
    match trouble {
        Trouble::Empty => format!(
            "{label} is an empty day: there was no such date in {}. Its clocks went from the day \
             before to the day after.",
            zone.replace('_', " ")
        ),
        Trouble::Outside => format!(
            "{label} cannot be shown: a period lies between 1970 and 2100. Choose another one \
             above."
        ),
    }
}

/// `just now`, `12 min ago`, `5 h ago`, `3 days ago`, `14 Oct`.
pub(crate) fn ago(at: UnixMs, now: UnixMs, zone: &dyn Zone) -> String {
    match now.since(at) {
        ..MINUTE_MS => "just now".to_owned(),
        passed if passed < HOUR_MS => format!("{} min ago", passed / MINUTE_MS),
        passed if passed < DAY_MS => format!("{} h ago", passed / HOUR_MS),
        _ => {
            let (date, today) = (date_at(at, zone), date_at(now, zone));
            match today.days() - date.days() {
                ..=1 => "yesterday".to_owned(),
                days @ 2..=6 => format!("{days} days ago"),
                _ => date.near(today),
            }
        }
    }
}

/// `today 02:00`, `yesterday 14:10`, `Tue 02:00`, `14 Oct 02:00`.
pub(crate) fn moment(at: UnixMs, now: UnixMs, zone: &dyn Zone) -> String {
    let (date, today) = (date_at(at, zone), date_at(now, zone));
    let clock = clock_text(at, zone);
    match today.days() - date.days() {
        0 => format!("today {clock}"),
        1 => format!("yesterday {clock}"),
        2..=6 => format!("{} {clock}", date.weekday_name()),
        _ => format!("{} {clock}", date.near(today)),
    }
}

/// `in 20 min`, `today 14:00`, `tomorrow 02:00`, `Sunday`, `14 Dec`.
pub(crate) fn coming(at: UnixMs, now: UnixMs, zone: &dyn Zone) -> String {
    let left = at.since(now);
    if left < MINUTE_MS {
        return "now".to_owned();
    }
    if left < HOUR_MS {
        return format!("in {} min", left / MINUTE_MS);
    }
    let (date, today) = (date_at(at, zone), date_at(now, zone));
    match date.days() - today.days() {
        ..=0 => format!("today {}", clock_text(at, zone)),
        1 => format!("tomorrow {}", clock_text(at, zone)),
        2..=6 => weekday_full(date).to_owned(),
        _ => date.near(today),
    }
}

/// `Tue 14 Oct 2026, 02:05:09` with its zone: what a hover shows.
pub(crate) fn exact(at: UnixMs, zone: &dyn Zone, zone_name: &str) -> String {
    let date = date_at(at, zone);
    format!("{} {}, {} ({zone_name})", date.weekday_name(), date.long(), clock_text(at, zone))
}

/// A stretch of time as short as it can be: `3–5 Nov`, `Tue 3 Nov, 02:00–09:00`.
pub(crate) fn stretch(range: Range, now: UnixMs, zone: &dyn Zone) -> String {
    let today = date_at(now, zone);
    let (first, last) = (date_at(range.from, zone), date_at(range.to.plus(-1), zone));
    if first == last && range.length_ms() < DAY_MS {
        let (from, to) = (clock_text(range.from, zone), clock_text(range.to, zone));
        return format!("{} {}, {from}–{to}", first.weekday_name(), first.near(today));
    }
    crate::period::dates_label(first, last, today)
}

/// `4 s`, `2 min`, `1 h 5 min`.
pub(crate) fn duration(ms: i64) -> String {
    match ms {
        ..1_000 => "under 1 s".to_owned(),
        1_000..60_000 => format!("{} s", ms / 1_000),
        60_000..3_600_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h {} min", ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_a_sentence() {
        assert!(no_zone("Nowhere/Land").starts_with("“Nowhere/Land” is no time zone"));
        let empty = period_trouble(Trouble::Empty, "Fri 30 Dec 2011", "Pacific/Apia");
        assert!(
            empty.starts_with("Fri 30 Dec 2011 is an empty day: there was no such date in Pacific")
        );
        let outside = period_trouble(Trouble::Outside, "1 Jan 1 – 31 Dec 9999", "UTC");
        assert!(outside.ends_with("lies between 1970 and 2100. Choose another one above."));
    }

    use crate::calendar::Fixed;

    const UTC: Fixed = Fixed(0);

    fn at(text: &str) -> UnixMs {
        UnixMs::parse(text).unwrap()
    }

    #[track_caller]
    fn check(write: fn(UnixMs, UnixMs, &dyn Zone) -> String, table: &[(&str, &str)]) {
        let now = at("2026-11-21T10:30:00Z");
        for (time, expected) in table {
            assert_eq!(write(at(time), now, &UTC), *expected, "{time}");
        }
    }

    #[test]
    fn what_was() {
        check(
            ago,
            &[
                ("2026-11-21T10:29:30Z", "just now"),
                ("2026-11-21T10:18:00Z", "12 min ago"),
                ("2026-11-20T12:00:00Z", "22 h ago"),
                ("2026-11-20T09:00:00Z", "yesterday"),
                ("2026-11-17T09:00:00Z", "4 days ago"),
                ("2026-10-14T09:00:00Z", "14 Oct"),
                ("2025-10-14T09:00:00Z", "14 Oct 2025"),
            ],
        );
        check(
            moment,
            &[
                ("2026-11-21T02:00:00Z", "today 02:00"),
                ("2026-11-20T23:59:00Z", "yesterday 23:59"),
                ("2026-11-17T02:05:00Z", "Tue 02:05"),
                ("2026-10-14T02:00:00Z", "14 Oct 02:00"),
            ],
        );
    }

    #[test]
    fn what_comes() {
        check(
            coming,
            &[
                ("2026-11-21T10:30:10Z", "now"),
                ("2026-11-21T10:50:00Z", "in 20 min"),
                ("2026-11-21T14:00:00Z", "today 14:00"),
                ("2026-11-22T02:00:00Z", "tomorrow 02:00"),
                ("2026-11-24T02:00:00Z", "Tuesday"),
                ("2026-12-14T02:00:00Z", "14 Dec"),
            ],
        );
    }

    #[test]
    fn stretches_name_hours_only_within_a_day() {
        let now = at("2026-11-21T10:30:00Z");
        let text = |from: &str, to: &str| stretch(Range { from: at(from), to: at(to) }, now, &UTC);
        assert_eq!(text("2026-11-03T00:00:00Z", "2026-11-06T00:00:00Z"), "3–5 Nov");
        assert_eq!(text("2026-11-03T02:00:00Z", "2026-11-03T09:00:00Z"), "Tue 3 Nov, 02:00–09:00");
        assert_eq!(duration(4_900), "4 s");
        assert_eq!(duration(3_900_000), "1 h 5 min");
    }
}
