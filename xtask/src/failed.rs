//! Which tests failed. Owns: the list and its lines. Must not know how a test is run.
//! Invariant: whoever reads only the end of a long log learns the name of each test that failed.

use crate::steps;
use std::sync::{Mutex, PoisonError};

/// Tests that failed, and those that failed once and passed when they were run again.
static FAILED: Mutex<[Vec<String>; 2]> = Mutex::new([Vec::new(), Vec::new()]);

/// Notes one failed test of a part, such as `e2e/verdicts`.
pub(crate) fn note(part: &str, test: &str) {
    let [failed, _] = &mut *FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    failed.push(format!("{part}: {test}"));
}

/// Notes one test that failed, and passed when its file was run again.
pub(crate) fn note_chance(part: &str, test: &str) {
    let [_, chance] = &mut *FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    chance.push(format!("{part}: {test}"));
}

/// Prints what was noted so far, in the order in which it failed.
pub(crate) fn print() {
    let [failed, chance] = FAILED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (title, tests) in [("passed only when run again", chance), ("failed", failed)] {
        if !tests.is_empty() {
            steps::say(&format!("\n{title}:\n  {}", tests.join("\n  ")));
        }
    }
}

/// The names of the tests that failed by node's TAP. A suite that fails because of its tests is not
/// listed beside them: node marks it `failureType: 'subtestsFailed'`.
pub(crate) fn of_tap(text: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("not ok ") {
            let name = rest.split_once(" - ").map_or(rest, |(_, name)| name);
            failed.push(name.to_owned());
        } else if line == "failureType: 'subtestsFailed'" {
            failed.pop();
        }
    }
    failed
}

/// The name of the test of which a line of `cargo test` says that it failed.
pub(crate) fn of_cargo_line(line: &str) -> Option<&str> {
    line.trim().strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_that_fails_because_of_its_tests_is_not_listed() {
        let tap = "TAP version 13\n# Subtest: s\n    # Subtest: a\n    not ok 1 - a - twice\n      ---\n      \
                   failureType: 'testCodeFailure'\n      ...\n    ok 2 - b\nnot ok 1 - s\n  ---\n  \
                   failureType: 'subtestsFailed'\n  ...\nnot ok 2 - c\n# fail 3\n";
        assert_eq!(of_tap(tap), ["a - twice", "c"]);
        assert_eq!(of_tap("TAP version 13\nok 1 - a\n"), Vec::<String>::new());
    }

    #[test]
    fn cargos_line_of_a_failed_test_names_it() {
        assert_eq!(of_cargo_line("test a::b ... FAILED\n"), Some("a::b"));
        assert_eq!(of_cargo_line("test a::b ... ok"), None);
        assert_eq!(of_cargo_line("test result: FAILED. 1 passed"), None);
    }
}
