//! The names of zones. Owns: IANA's names and which of them are one zone. Must not know: any
//! zone's rules. Invariant: page and API take the same names and write each in one way.
//!
//! `names.txt` holds the names of IANA's time zone database (release 2026f; data in the public
//! domain): in each line a zone as `zone.tab` writes it, then its other names by the links of
//! `tzdata.zi`. A name of `zone.tab` that the database links to another country's (Amsterdam to
//! Brussels) stays itself. The names for Greenwich's time are UTC, as ECMA-402 has it. `Factory`
//! is left out: it says that nobody chose a zone.

use crate::text::cut;
use std::borrow::Cow;

const NAMES: &str = include_str!("names.txt");

/// Areas in which IANA adds zones. A zone that is newer than the table is written as it came.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];
/// IANA's names have at most 14 characters a part (theory.html); none has more than 3 parts.
const NAME_MAX: usize = 3 * 14 + 2;

/// The name of a zone as IANA writes it, from any of its names in any case. A name that is not
/// in the table, but of an area of IANA's, is given back as it is: whether there is such a zone
/// is for the platform to say. Offsets (`+05:30`) are no names, nor is `Etc/Unknown`.
///
/// # Errors
/// A sentence that names the text and says what is expected.
pub fn canonical(name: &str) -> Result<Cow<'static, str>, String> {
    let same = |other: &&str| other.eq_ignore_ascii_case(name);
    let line = NAMES.lines().find(|line| line.split(' ').any(|other| same(&other)));
    if let Some(first) = line.and_then(|line| line.split(' ').next()) {
        return Ok(Cow::Borrowed(first));
    }
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let (area, place) = name.split_once('/').unwrap_or((name, ""));
    let newer = AREAS.contains(&area)
        && !place.is_empty()
        && name.len() <= NAME_MAX
        && name.chars().all(letters);
    if newer { Ok(Cow::Owned(name.to_owned())) } else { Err(unknown(name)) }
}

/// What to say of a name that is no zone's.
pub fn unknown(name: &str) -> String {
    let name = cut(name, 40);
    format!("`{name}` is not an IANA time zone: a name like UTC or Europe/Berlin is expected")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMs;
    use chrono::{Offset as _, TimeZone as _};
    use chrono_tz::{TZ_VARIANTS, Tz};

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(canonical(name).as_deref(), Ok(expected), "{name}");
    }

    #[test]
    fn names_come_in_any_case_and_by_alias() {
        for name in ["Europe/Berlin", "europe/berlin", "EUROPE/BERLIN"] {
            check(name, "Europe/Berlin");
        }
        check("asia/calcutta", "Asia/Kolkata");
        check("Asia/Katmandu", "Asia/Kathmandu");
        check("GB", "Europe/London");
        check("us/pacific", "America/Los_Angeles");
        check("America/Buenos_Aires", "America/Argentina/Buenos_Aires");
        check("Europe/Kiev", "Europe/Kyiv");
        check("nz-chat", "Pacific/Chatham");
        check("etc/gmt-3", "Etc/GMT-3");
        check("Europe/Amsterdam", "Europe/Amsterdam");
        for name in ["utc", "Zulu", "Etc/UTC", "GMT", "Etc/Greenwich", "gmt+0"] {
            check(name, "UTC");
        }
    }

    #[test]
    fn every_name_of_the_database_is_known_and_a_canonical_one_is_its_own() {
        for tz in TZ_VARIANTS {
            let name = canonical(tz.name()).unwrap();
            assert!(matches!(name, Cow::Borrowed(_)), "{} is not in the table", tz.name());
            check(&name, &name);
            check(&tz.name().to_lowercase(), &name);
            check(&tz.name().to_uppercase(), &name);
        }
    }

    #[test]
    fn every_name_of_a_zone_shows_the_same_clocks_since_x_began() {
        let offset = |tz: Tz, at: UnixMs| tz.offset_from_utc_datetime(&at.utc().naive_utc()).fix();
        let days = || (0..7_500).step_by(9).map(|day| UnixMs(1_143_000_000_000 + day * 86_400_000));
        for tz in TZ_VARIANTS {
            let name = canonical(tz.name()).unwrap();
            let other: Tz = name.parse().unwrap();
            let apart = days().find(|&at| offset(tz, at) != offset(other, at));
            assert_eq!(apart, None, "{} as {name}", tz.name());
        }
    }

    #[test]
    fn offsets_and_other_names_are_refused() {
        for name in [
            "",
            "Berlin",
            "+01:00",
            "+05:30",
            "-0530",
            "europe berlin",
            "IST",
            "SystemV/AST4",
            "GMT+5",
            "Factory",
            "factory",
            "Etc/Unknown",
            "Nowhere/Land",
            "Europe/",
            "/",
            "Europe/Berlin ",
            "Europe/../x",
            "Europe/Bérlin",
            "UTC Zulu",
            "America/New_York\nUTC",
        ] {
            let error = canonical(name).unwrap_err();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
        assert!(canonical(&"Europe/".repeat(20)).is_err());
    }

    #[test]
    fn a_zone_newer_than_the_table_is_left_to_the_platform() {
        check("Europe/Newtown", "Europe/Newtown");
    }
}
