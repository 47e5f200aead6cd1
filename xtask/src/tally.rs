//! How many tests ran. Owns: reading the summaries of cargo and of node's test runner.
//! Invariant: a test that neither passed nor was skipped on purpose counts as failed.

use std::time::Duration;

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

/// The test program that a line of `cargo test` announces: `Running unittests src/lib.rs
/// (target/debug/deps/shared-7cbf…)` is `shared src/lib.rs`.
pub(crate) fn cargo_binary(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("Running ")?;
    let (source, program) = rest.split_once(" (")?;
    let source = source.trim_start_matches("unittests ");
    let file = program.trim_end_matches(')').rsplit('/').next()?;
    let (name, _) = file.rsplit_once('-')?;
    Some(format!("{name} {source}"))
}

/// How long a test program ran, from the line that ends it.
pub(crate) fn cargo_seconds(line: &str) -> Option<Duration> {
    let text = line.trim().strip_prefix("test result: ")?.rsplit_once("finished in ")?.1;
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

/// What `cargo test` says of all that is well.
pub(crate) fn is_cargo_noise(line: &str) -> bool {
    const STARTS: [&str; 10] = [
        "Compiling ",
        "Finished ",
        "Running ",
        "Doc-tests ",
        "Blocking ",
        "Locking ",
        "Downloading ",
        "Downloaded ",
        "running ",
        "test result: ok.",
    ];
    let line = line.trim();
    line.is_empty()
        || STARTS.iter().any(|start| line.starts_with(start))
        || line.starts_with("test ") && (line.ends_with("... ok") || line.ends_with("... ignored"))
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
    fn cargos_lines_name_the_program_and_its_time() {
        let binary = |line| cargo_binary(line);
        let line = "     Running unittests src/lib.rs (target/debug/deps/shared-7cbfdaad1c06bec0)";
        assert_eq!(binary(line).unwrap(), "shared src/lib.rs");
        let line = "     Running tests/suite/main.rs (target/debug/deps/suite-aa)";
        assert_eq!(binary(line).unwrap(), "suite tests/suite/main.rs");
        assert_eq!(binary("running 3 tests"), None);
        let line = "test result: ok. 12 passed; 0 failed; 0 filtered out; finished in 1.25s";
        assert_eq!(cargo_seconds(line), Some(Duration::from_millis(1_250)));
        assert_eq!(cargo_seconds("test result: none"), None);
    }

    #[test]
    fn only_what_is_well_is_left_out() {
        for line in ["", "   Compiling serde v1.0.0", "test a::b ... ok", "running 4 tests"] {
            assert!(is_cargo_noise(line), "{line}");
        }
        for line in ["test a::b ... FAILED", "error[E0308]: x", "test result: FAILED. 1 passed"] {
            assert!(!is_cargo_noise(line), "{line}");
        }
    }

    #[test]
    fn nodes_summary_counts_cancelled_tests_as_failed() {
        let tap = "TAP version 13\nok 1 - a\n1..1\n# tests 9\n# suites 0\n# pass 5\n# fail 2\n\
                   # cancelled 1\n# skipped 1\n# todo 0\n# duration_ms 12\n";
        assert_eq!(Tally::of_tap(tap), Tally { passed: 5, failed: 3 });
        assert_eq!(Tally::of_tap(""), Tally::default());
    }
}
