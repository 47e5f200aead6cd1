//! Steps on the terminal. Owns: the line of the step that is running. Must not know what the
//! step does. Invariant: on a terminal one step is one line that is rewritten; elsewhere (CI, a
//! log) lines are only ever added.

use crate::clock::Stopwatch;
use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Off a terminal a long step says that it is alive this often.
const STILL_EVERY: Duration = Duration::from_secs(30);

/// One step that is under way.
pub(crate) struct Step {
    label: String,
    watch: Stopwatch,
    terminal: bool,
    said: Cell<Duration>,
    shown: RefCell<String>,
}

impl Step {
    /// Begins a step and says so.
    pub(crate) fn start(label: impl Into<String>) -> Self {
        let step = Self {
            label: label.into(),
            watch: Stopwatch::start(),
            terminal: std::io::stdout().is_terminal(),
            said: Cell::new(Duration::ZERO),
            shown: RefCell::new(String::new()),
        };
        if step.terminal {
            step.rewrite("");
        } else {
            println!("  {} ...", step.label);
        }
        step
    }

    /// Shows how far it is, such as `57 of 138`.
    pub(crate) fn progress(&self, note: &str) {
        if self.terminal {
            self.rewrite(note);
            return;
        }
        let elapsed = self.watch.elapsed();
        if elapsed.saturating_sub(self.said.get()) >= STILL_EVERY {
            self.said.set(elapsed);
            println!("  {} ... {note} ({})", self.label, seconds(elapsed));
        }
    }

    /// Ends it well.
    pub(crate) fn done(self, detail: &str) {
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        println!("{clear}  {}{detail} ({})", self.label, seconds(self.watch.elapsed()));
    }

    fn rewrite(&self, note: &str) {
        let elapsed = self.watch.elapsed();
        let line = format!("  {} ... {} {note}", self.label, seconds(elapsed));
        let line: String = line.chars().take(100).collect();
        if *self.shown.borrow() != line {
            print!("\r\x1b[K{line}");
            let _ = std::io::stdout().flush();
            self.shown.replace(line);
        }
    }
}

/// A duration for people: `0.4 s`, `32 s`, `3 min 5 s`.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    match whole {
        0..=9 => format!("{:.1} s", elapsed.as_secs_f64()),
        10..=119 => format!("{whole} s"),
        _ => format!("{} min {} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (ms, text) in
            [(412, "0.4 s"), (9_990, "10.0 s"), (32_400, "32 s"), (185_000, "3 min 5 s")]
        {
            assert_eq!(seconds(Duration::from_millis(ms)), text);
        }
    }
}
