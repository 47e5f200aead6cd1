//! How many tests ran. Owns: reading the summaries of cargo and of node's test runner.
//! Invariant: a test that neither passed nor was skipped on purpose counts as failed.

/// Counts of one stage or of all.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    /// Ran and held.
    pub(crate) passed: u64,
    /// Ran and did not, or never got to run.
    pub(crate) failed: u64,
}

impl Tally {
    /// Both counts together.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// One check that is not a list of tests.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    /// Adds a line of `cargo test`: `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        let Some(rest) = line.trim_start().strip_prefix("test result: ") else { return };
        let counts = rest.split_once(". ").map_or(rest, |(_, counts)| counts);
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let count = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed") => self.failed += count,
                _ => {}
            }
        }
    }

    /// The summary at the end of node's TAP: `# pass 3`, `# fail 1`, `# cancelled 0`.
    pub(crate) fn of_tap(text: &str) -> Self {
        let count = |name: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(name));
            lines.filter_map(|rest| rest.trim().parse::<u64>().ok()).next_back().unwrap_or(0)
        };
        Self { passed: count("# pass "), failed: count("# fail ") + count("# cancelled ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_results_add_up_over_binaries() {
        let mut tally = Tally::default();
        for line in [
            "running 2 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            tally.add_cargo_line(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
    }

    #[test]
    fn nodes_summary_counts_cancelled_tests_as_failed() {
        let tap = "TAP version 13\nok 1 - a\n1..1\n# tests 9\n# suites 0\n# pass 5\n# fail 2\n\
                   # cancelled 1\n# skipped 1\n# todo 0\n# duration_ms 12\n";
        assert_eq!(Tally::of_tap(tap), Tally { passed: 5, failed: 3 });
        assert_eq!(Tally::of_tap(""), Tally::default());
    }
}
