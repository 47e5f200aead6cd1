//! Flags and words after a verb. Owns: how they are written (`--port 8787`, `--port=8787`).
//! Must not know any verb. Invariant: what nobody took is an error, never ignored.

use crate::failure::{Failure, Outcome};
use std::str::FromStr;

/// What stood after the verb and was not yet taken.
#[derive(Debug)]
pub(crate) struct Args {
    verb: &'static str,
    words: Vec<String>,
}

impl Args {
    /// The words after `verb`.
    pub(crate) fn new(verb: &'static str, words: Vec<String>) -> Self {
        Self { verb, words }
    }

    /// Takes `--name`, if it is there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Takes `--name value` or `--name=value`.
    pub(crate) fn text(&mut self, name: &str) -> Outcome<Option<String>> {
        let inline = format!("{name}=");
        if let Some(at) = self.words.iter().position(|word| word.starts_with(&inline)) {
            return Ok(Some(self.words.remove(at).split_off(inline.len())));
        }
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        self.words.remove(at);
        if at < self.words.len() && !self.words.get(at).is_some_and(|word| word.starts_with("--")) {
            return Ok(Some(self.words.remove(at)));
        }
        Err(self.wrong(format!("{name} needs a value")))
    }

    /// Takes the value of `--name` and reads it as a `T`; `kind` says what it should be.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str, kind: &str) -> Outcome<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(self.wrong(format!("{name} wants {kind}, not `{text}`"))),
        }
    }

    /// Takes the next word that is not a flag.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// Everything that is left, for a program of its own.
    pub(crate) fn rest(self) -> Vec<String> {
        self.words
    }

    /// Refuses what nobody took.
    pub(crate) fn done(self) -> Outcome {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(self.wrong(format!("`{word}` means nothing here"))),
        }
    }

    /// A complaint about the command line.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> Failure {
        Failure::new(
            format!("cargo xtask {}", self.verb),
            why,
            format!("cargo xtask {} --help", self.verb),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new("dev", line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn values_stand_after_a_space_or_an_equals_sign() {
        for line in ["--port 80 --fresh", "--fresh --port=80"] {
            let mut args = args(line);
            assert_eq!(args.value::<u16>("--port", "a port").unwrap(), Some(80));
            assert!(args.flag("--fresh"));
            assert!(args.done().is_ok());
        }
    }

    #[test]
    fn what_nobody_took_is_refused() {
        let failure = args("--prot 80").done().unwrap_err().to_string();
        assert!(failure.contains("`--prot` means nothing here"), "{failure}");
    }

    #[test]
    fn a_bad_value_is_quoted() {
        let failure = args("--port many").value::<u16>("--port", "a port").unwrap_err().to_string();
        assert!(failure.contains("--port wants a port, not `many`"), "{failure}");
    }

    #[test]
    fn a_missing_value_is_not_the_next_flag() {
        let failure = args("--port --fresh").text("--port").unwrap_err().to_string();
        assert!(failure.contains("--port needs a value"), "{failure}");
    }
}
