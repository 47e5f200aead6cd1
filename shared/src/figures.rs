//! Numbers as people read them. Owns: how digits are parted, short forms, lengths of time. Must
//! not know: what is counted. Invariant: no text claims more digits than it was given.

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// With commas between thousands: `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `982`, `10.4K`, `118K`, `1.2M`: three digits at most.
pub fn compact(number: u64) -> String {
    let (unit, letter) = match number {
        0..=999 => return number.to_string(),
        1_000..=999_499 => (1_000_u64, 'K'),
        999_500..=999_499_999 => (1_000_000, 'M'),
        _ => (1_000_000_000, 'B'),
    };
    let tenths = (number * 10 + unit / 2) / unit;
    if tenths >= 1_000 || tenths.is_multiple_of(10) {
        format!("{}{letter}", (number + unit / 2) / unit)
    } else {
        format!("{}.{}{letter}", tenths / 10, tenths % 10)
    }
}

/// A length of time in its largest whole unit: `2 years`, `1 month`, `12 days`, `5 h`, `3 min`. A
/// year has 365.25 days, a month a twelfth of that; what is cut off is never rounded up.
pub fn length(ms: i64) -> String {
    const YEAR_MS: i64 = 365 * DAY_MS + DAY_MS / 4;
    let of = |unit: i64, one: &str, many: &str| {
        let count = ms / unit;
        format!("{count} {}", if count == 1 { one } else { many })
    };
    match ms {
        YEAR_MS.. => of(YEAR_MS, "year", "years"),
        ms if ms >= YEAR_MS / 12 => of(YEAR_MS / 12, "month", "months"),
        DAY_MS.. => of(DAY_MS, "day", "days"),
        HOUR_MS.. => of(HOUR_MS, "h", "h"),
        MINUTE_MS.. => of(MINUTE_MS, "min", "min"),
        _ => "under a minute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousands_are_parted() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn lengths_are_in_their_largest_whole_unit() {
        for (ms, text) in [
            (-5, "under a minute"),
            (MINUTE_MS - 1, "under a minute"),
            (90 * MINUTE_MS, "1 h"),
            (DAY_MS, "1 day"),
            (30 * DAY_MS, "30 days"),
            (31 * DAY_MS, "1 month"),
            (365 * DAY_MS, "11 months"),
            (366 * DAY_MS, "1 year"),
            (800 * DAY_MS, "2 years"),
        ] {
            assert_eq!(length(ms), text, "{ms}");
        }
    }

    proptest! {
        #[test]
        fn no_group_but_the_first_is_short(number in any::<u64>()) {
            let text = thousands(number);
            let (first, rest) = text.split_once(',').unwrap_or((&text, ""));
            prop_assert!((1..=3).contains(&first.len()));
            prop_assert!(rest.is_empty() || rest.split(',').all(|group| group.len() == 3));
            prop_assert_eq!(text.replace(',', "").parse(), Ok(number));
        }
    }
}
