//! Steps on the terminal. Owns: the line of the steps under way. Must not know what a step does.
//! Invariant: on a terminal all that is under way is one line that is rewritten; elsewhere (CI, a
//! log) lines are only ever added.

use crate::clock::Stopwatch;
use crate::timings;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Off a terminal a long step says that it is alive this often.
const STILL_EVERY: Duration = Duration::from_secs(30);

/// The steps under way, in the order in which they began, and the line that shows them.
static UNDER_WAY: Mutex<Shown> = Mutex::new(Shown { steps: Vec::new(), line: String::new() });
static NEXT: AtomicU64 = AtomicU64::new(0);

struct Shown {
    steps: Vec<(u64, String)>,
    line: String,
}

impl Shown {
    /// Writes the line of all that is under way, if it has changed.
    fn draw(&mut self) {
        let texts: Vec<_> = self.steps.iter().map(|(_, text)| text.as_str()).collect();
        let line: String = texts.join(" |").chars().take(100).collect();
        if self.line != line {
            print!("\r\x1b[K{line}");
            let _ = std::io::stdout().flush();
            self.line = line;
        }
    }

    /// Writes text above that line.
    fn say(&mut self, text: &str) {
        if self.steps.is_empty() {
            println!("{text}");
            return;
        }
        println!("\r\x1b[K{text}");
        self.line.clear();
        self.draw();
    }
}

fn under_way() -> MutexGuard<'static, Shown> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints lines while steps may be under way: in other threads, say.
pub(crate) fn say(text: &str) {
    under_way().say(text);
}

/// One step that is under way.
pub(crate) struct Step {
    id: u64,
    label: String,
    watch: Stopwatch,
    terminal: bool,
    /// When it last said that it is alive, in milliseconds since it began.
    said: AtomicU64,
}

impl Step {
    /// Begins a step and says so.
    pub(crate) fn start(label: impl Into<String>) -> Self {
        let step = Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            label: label.into(),
            watch: Stopwatch::start(),
            terminal: std::io::stdout().is_terminal(),
            said: AtomicU64::new(0),
        };
        if step.terminal {
            under_way().steps.push((step.id, String::new()));
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
        let said = Duration::from_millis(self.said.load(Ordering::Relaxed));
        if elapsed.saturating_sub(said) >= STILL_EVERY {
            let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            self.said.store(now, Ordering::Relaxed);
            println!("  {} ... {note} ({})", self.label, seconds(elapsed));
        }
    }

    /// Ends it well.
    pub(crate) fn done(self, detail: &str) {
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        let line = format!("  {}{detail} ({})", self.label, seconds(self.watch.elapsed()));
        timings::note(self.short_label(), self.watch.elapsed());
        drop(self);
        say(&line);
    }

    /// The label without what is said of its usual length.
    fn short_label(&self) -> &str {
        self.label.split_once(" (").map_or(&self.label, |(label, _)| label)
    }

    fn rewrite(&self, note: &str) {
        let text = format!("  {} ... {} {note}", self.label, seconds(self.watch.elapsed()));
        let mut shown = under_way();
        if let Some((_, own)) = shown.steps.iter_mut().find(|(id, _)| *id == self.id) {
            *own = text;
        }
        shown.draw();
    }
}

impl Drop for Step {
    /// Also where it failed: its text does not stay on the line.
    fn drop(&mut self) {
        if self.terminal {
            let mut shown = under_way();
            shown.steps.retain(|(id, _)| *id != self.id);
            shown.draw();
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
