//! What a command says when it cannot go on. Owns: the three parts of that text (what failed,
//! why, what to do). Invariant: none of the three is empty.

use std::fmt;

/// A step that failed, told to a person.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    why: String,
    todo: String,
}

/// The end of anything here that can fail.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// `what` names the step, `why` what was seen, `todo` the next thing to try.
    pub(crate) fn new(
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), why: why.into(), todo: todo.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nFailed: {}", self.what)?;
        for line in self.why.trim_end().lines() {
            writeln!(f, "  {line}")?;
        }
        for (at, line) in self.todo.trim_end().lines().enumerate() {
            write!(f, "{}{line}", if at == 0 { "To do: " } else { "\n       " })?;
        }
        Ok(())
    }
}

/// Turns the errors of files and processes into [`Failure`]s.
pub(crate) trait Explain<T> {
    /// Says which step it was; the advice comes from the error's own text where that is known.
    fn explain(self, what: impl Into<String>) -> Outcome<T>;
}

impl<T, E: fmt::Display> Explain<T> for Result<T, E> {
    fn explain(self, what: impl Into<String>) -> Outcome<T> {
        self.map_err(|error| {
            let why = error.to_string();
            let todo = crate::hints::for_output(&why)
                .unwrap_or("read the line above; `cargo xtask doctor` checks the tools");
            Failure::new(what, why.clone(), todo)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_its_three_parts_in_order() {
        let text = Failure::new("the worker", "line one\nline two", "first\nsecond").to_string();
        assert_eq!(
            text,
            "\nFailed: the worker\n  line one\n  line two\nTo do: first\n       second"
        );
    }
}
