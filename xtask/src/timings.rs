//! How long each part of a run took. Owns: the list and its table. Must not know what the parts do.
//! Invariant: a part is listed once it has ended, whether well or badly.

use crate::steps;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

static PARTS: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());
/// Parts that are listed one by one; the others are summed up.
const SHOWN: usize = 40;
/// A part shorter than this is among the others.
const LEAST: Duration = Duration::from_millis(500);

/// Notes a part that has ended.
pub(crate) fn note(name: &str, elapsed: Duration) {
    PARTS.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), elapsed));
}

/// What was noted so far, the longest first.
pub(crate) fn table() -> String {
    let parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    render(parts)
}

fn render(mut parts: Vec<(String, Duration)>) -> String {
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let shown = parts.iter().take(SHOWN).take_while(|(_, elapsed)| *elapsed >= LEAST).count();
    let (listed, others) = parts.split_at(shown);
    let mut text = String::from("  seconds  part (parts run side by side)\n");
    for (name, elapsed) in listed {
        let _ = writeln!(text, "  {:>7.1}  {name}", elapsed.as_secs_f64());
    }
    let rest: Duration = others.iter().map(|(_, elapsed)| *elapsed).sum();
    if !others.is_empty() {
        let _ = writeln!(text, "  {:>7.1}  {} others", rest.as_secs_f64(), others.len());
    }
    text
}

/// Prints the table.
pub(crate) fn print() {
    steps::say(&format!("\n{}", table().trim_end()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_part_stands_first_and_the_shortest_are_summed_up() {
        let part = |name: &str, ms| (name.to_owned(), Duration::from_millis(ms));
        let text =
            render(vec![part("b", 1_500), part("tiny", 100), part("a", 61_000), part("less", 200)]);
        let lines: Vec<_> = text.lines().skip(1).map(str::trim).collect();
        assert_eq!(lines, ["61.0  a", "1.5  b", "0.3  2 others"]);
    }
}
