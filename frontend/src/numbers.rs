//! Numbers as people read them. Owns: grouping, signs, compact forms, money, deltas. Must not
//! know: what the numbers count. Invariant: a negative number carries a true minus (U+2212),
//! and no text claims more digits than it was given.

pub(crate) use shared::figures::compact;
use shared::figures::thousands;

/// The true minus.
const MINUS: char = '\u{2212}';

/// `10,432`, `−31`.
pub(crate) fn grouped(number: i64) -> String {
    let size = thousands(number.unsigned_abs());
    if number < 0 { format!("{MINUS}{size}") } else { size }
}

/// [`grouped`] of a count.
pub(crate) fn count(number: u64) -> String {
    thousands(number)
}

/// `+214`, `−31`, `0`.
pub(crate) fn signed(number: i64) -> String {
    if number > 0 { format!("+{}", grouped(number)) } else { grouped(number) }
}

/// `+1.2K`, `−31`, `0`.
pub(crate) fn compact_signed(number: i64) -> String {
    let size = compact(number.unsigned_abs());
    match number {
        0 => size,
        1.. => format!("+{size}"),
        _ => format!("{MINUS}{size}"),
    }
}

/// `$0.31`, `$10`, `$1,250`: cents below ten dollars unless they are zero.
pub(crate) fn dollars(usd: f64) -> String {
    let cents = whole(usd * 100.0);
    if cents == 0 && usd > 0.0 {
        return "under $0.01".to_owned();
    }
    if cents >= 1_000 || cents % 100 == 0 {
        format!("${}", grouped((cents + 50) / 100))
    } else {
        format!("${}.{:02}", cents / 100, cents % 100)
    }
}

/// `about $10`; prices are X's published ones, so never more than about.
pub(crate) fn about(usd: f64) -> String {
    let text = dollars(usd);
    if text.starts_with('u') || usd == 0.0 { text } else { format!("about {text}") }
}

/// `97 %` of a share from 0 to 1; only a whole is called 100 %, and only nothing 0 %.
pub(crate) fn percent(share: f64) -> String {
    let share = share.clamp(0.0, 1.0);
    let shown = whole(share * 100.0);
    if share > 0.0 && shown == 0 {
        return "under 1 %".to_owned();
    }
    let shown = if share < 1.0 { shown.min(99) } else { 100 };
    format!("{shown} %")
}

/// `1.4 MB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..=999 => format!("{count} B"),
        1_000..=999_999 => format!("{} KB", (count + 500) / 1_000),
        _ => {
            let tenths = (count + 50_000) / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// `3 people`, `1 person`.
pub(crate) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Which way a figure went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trend {
    Up,
    Down,
    Level,
}

/// A figure held against the compared period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) trend: Trend,
    /// `12 %`, or `+5` where the basis is too small for a percentage to mean anything.
    pub(crate) text: String,
}

/// Below this basis one more or less moves a percentage by over 5 points: the difference is
/// said plainly instead.
const PERCENT_BASIS_MIN: i64 = 20;

/// The change from `before` to `now`.
pub(crate) fn delta(now: i64, before: i64) -> Delta {
    let change = now - before;
    let trend = match change {
        0 => Trend::Level,
        1.. => Trend::Up,
        _ => Trend::Down,
    };
    let text = if change == 0 {
        "no change".to_owned()
    } else if before >= PERCENT_BASIS_MIN {
        let percent = (change.abs() * 100 + before / 2) / before;
        if percent == 0 { "under 1 %".to_owned() } else { format!("{} %", grouped(percent)) }
    } else {
        signed(change)
    };
    Delta { trend, text }
}

/// Rounds to a whole number; what is shown never nears the limits of `i64`.
#[allow(clippy::cast_possible_truncation, reason = "saturates, and what is shown is small")]
pub(crate) fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// As a float for drawing: exact below 2^53, far above any count of followers.
#[allow(clippy::cast_precision_loss, reason = "drawn to the pixel, not to the unit")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let table = [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "−1,234,567")];
        for (number, expected) in table {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(signed(214), "+214");
        assert_eq!(signed(0), "0");
    }

    #[test]
    fn compact_keeps_three_digits() {
        let table = [
            (999, "999"),
            (1_000, "1K"),
            (10_432, "10.4K"),
            (99_960, "100K"),
            (118_400, "118K"),
            (999_499, "999K"),
            (999_500, "1M"),
            (1_250_000, "1.3M"),
            (2_000_000_000, "2B"),
        ];
        for (number, expected) in table {
            assert_eq!(compact(number), expected, "{number}");
        }
    }

    #[test]
    fn money_shows_cents_where_they_matter() {
        let table = [
            (0.0, "$0"),
            (0.004, "under $0.01"),
            (0.31, "$0.31"),
            (5.0, "$5"),
            (9.5, "$9.50"),
            (10.43, "$10"),
            (1_250.4, "$1,250"),
        ];
        for (usd, expected) in table {
            assert_eq!(dollars(usd), expected, "{usd}");
        }
        assert_eq!(about(10.0), "about $10");
        assert_eq!(about(0.004), "under $0.01");
    }

    #[test]
    fn only_a_whole_is_100_percent() {
        assert_eq!(percent(0.9999), "99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.0), "0 %");
    }

    #[test]
    fn a_small_basis_gives_a_difference() {
        assert_eq!(delta(9, 4), Delta { trend: Trend::Up, text: "+5".to_owned() });
        assert_eq!(delta(90, 100), Delta { trend: Trend::Down, text: "10 %".to_owned() });
        assert_eq!(delta(7, 7), Delta { trend: Trend::Level, text: "no change".to_owned() });
        assert_eq!(delta(1_001, 1_000).text, "under 1 %");
        assert_eq!(delta(3, 0).text, "+3");
    }

    #[test]
    fn sizes_and_plurals() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(14_300), "14 KB");
        assert_eq!(bytes(1_430_000), "1.4 MB");
        assert_eq!(plural(1, "person", "people"), "1 person");
        assert_eq!(plural(2_000, "person", "people"), "2,000 people");
    }
}
