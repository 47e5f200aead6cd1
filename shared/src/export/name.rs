//! What a file that is saved is called. Owns: names of exports. Invariant: a name says what is in
//! the file, and can be kept by every system: Windows takes none of `<>:"/\\|?*`, nothing unseen, no
//! dot or blank at the end, and 255 characters with the folder's.

use crate::time::UnixMs;
use crate::tz::Zone;

/// Most characters of a name: what a search puts into it is cut.
const NAME_MAX: usize = 120;

/// What a file was narrowed to.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Filters and searches, in words of the API.
    pub words: Vec<&'a str>,
    /// From when on.
    pub from: Option<UnixMs>,
    /// Until when.
    pub to: Option<UnixMs>,
    /// The zone that was asked for.
    pub zone: &'a str,
}

/// The name of an export: `followers.csv` of those who left in a range becomes
/// `followers_left_2026-11-01_to_2026-12-01_Europe-Berlin.csv`. Times are those of the zone's
/// clocks, without a midnight's hours.
pub fn exported(file: &str, scope: &Scope<'_>, zone: &Zone) -> String {
    let (stem, ending) = file.split_once('.').unwrap_or((file, ""));
    let shown = |at: UnixMs| zone.stamp(at);
    let range = match (scope.from.map(shown), scope.to.map(shown)) {
        (Some(from), Some(to)) => format!("{from}_to_{to}"),
        (Some(from), None) => format!("from_{from}"),
        (None, Some(to)) => format!("to_{to}"),
        (None, None) => String::new(),
    };
    let words = scope.words.join("_");
    let parts = [stem, words.as_str(), range.as_str(), scope.zone];
    let parts: Vec<String> = parts.iter().map(|part| plain(part)).collect();
    let mut name =
        parts.iter().filter(|part| !part.is_empty()).fold(String::new(), |name, part| {
            if name.is_empty() { part.clone() } else { name + "_" + part }
        });
    // Every character is one byte.
    name.truncate(NAME_MAX);
    format!("{}.{ending}", name.trim_end_matches(['_', '-', '.']))
}

/// A part of a name: letters and digits of ASCII, dots, `+`, `-` and `_`; others become `-`.
fn plain(part: &str) -> String {
    let keeps = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let mut out = String::with_capacity(part.len());
    for c in part.chars() {
        let c = if keeps(c) { c } else { '-' };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out.trim_matches(['-', '.']).to_owned()
}

/// A name of ours as every system takes it: saved lists have the colons of their time in it. It is
/// what browsers make of it, and an import takes it as the plain name.
pub fn saved(name: &str) -> String {
    name.replace(':', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_MS;

    #[track_caller]
    fn check(file: &str, words: &[&str], range: [Option<&str>; 2], zone: &str, expected: &str) {
        let berlin = Zone::new(|_| HOUR_MS);
        let [from, to] = range.map(|at| at.map(|at| UnixMs::parse(at).unwrap()));
        let scope = Scope { words: words.to_vec(), from, to, zone };
        assert_eq!(exported(file, &scope, &berlin), expected);
    }

    #[test]
    fn a_name_says_filter_range_and_zone() {
        let range = [Some("2026-10-31T23:00:00Z"), Some("2026-11-30T23:00:00Z")];
        check(
            "followers.csv",
            &["left"],
            range,
            "Europe/Berlin",
            "followers_left_2026-11-01_to_2026-12-01_Europe-Berlin.csv",
        );
        check("followers.csv", &[], [None, None], "UTC", "followers_UTC.csv");
        check(
            "events.ndjson",
            &["lost", "gone"],
            [None, None],
            "UTC",
            "events_lost_gone_UTC.ndjson",
        );
    }

    #[test]
    fn a_time_of_day_is_told_unless_it_is_midnight() {
        let from = [Some("2026-11-21T07:05:09Z"), None];
        check("events.csv", &[], from, "UTC", "events_from_2026-11-21T08-05-09_UTC.csv");
        check("events.csv", &[], [None, from[0]], "", "events_to_2026-11-21T08-05-09.csv");
    }

    #[test]
    fn nothing_that_a_system_refuses_comes_into_a_name() {
        for (word, shown) in [
            ("a/b\\c:d*e?f\"g<h>i|j", "a-b-c-d-e-f-g-h-i-j"),
            ("../../etc/passwd", "etc-passwd"),
            ("line\r\nbreak", "line-break"),
            ("Æther 猫", "ther"),
            ("\u{202e}gpj.exe", "gpj.exe"),
        ] {
            let expected = format!("followers_{shown}_UTC.csv");
            check("followers.csv", &[word], [None, None], "UTC", &expected);
        }
    }

    #[test]
    fn a_long_search_is_cut() {
        let long = "x".repeat(500);
        let scope = Scope { words: vec![&long], zone: "UTC", ..Scope::default() };
        let name = exported("followers.csv", &scope, &Zone::new(|_| 0));
        assert_eq!(name.len(), NAME_MAX + ".csv".len());
    }

    #[test]
    fn a_saved_list_has_no_colon() {
        assert_eq!(
            saved("FOLLOWERS_2026-11-21T08:00:00Z.json.gz"),
            "FOLLOWERS_2026-11-21T08_00_00Z.json.gz"
        );
    }
}
