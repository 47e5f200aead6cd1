//! Numbers as people read them. Owns: how digits are parted. Must not know: what is counted.
//! Invariant: without its commas a text is the number again.

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
