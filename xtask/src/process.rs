//! Programs that run to their end. Owns: capture, logs and the tail shown when one fails. Must
//! not know what the programs do. Invariant: a program never reads our stdin unless it was
//! started by [`attached`].

use crate::failure::{Explain, Failure, Outcome};
use crate::steps::Step;
use crate::{children, hints, stop};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Last lines of a failed program that are shown; the rest is in its log.
const TAIL_LINES: usize = 20;
/// First lines that speak of an error, shown before the last: npm ends with its usage.
const ERROR_LINES: usize = 6;

/// What is shown of a long output.
#[derive(Default)]
struct Excerpt {
    lines: usize,
    errors: Vec<(usize, String)>,
    tail: VecDeque<String>,
}

impl Excerpt {
    fn add(&mut self, line: String) {
        if self.errors.len() < ERROR_LINES && line.to_lowercase().contains("error") {
            self.errors.push((self.lines, line.clone()));
        }
        self.lines += 1;
        self.tail.push_back(line);
        if self.tail.len() > TAIL_LINES {
            self.tail.pop_front();
        }
    }

    /// The errors that the tail does not show, then the tail.
    fn text(self) -> String {
        let tail_from = self.lines.saturating_sub(self.tail.len());
        let early = self.errors.into_iter().filter(|(at, _)| *at < tail_from);
        let mut lines: Vec<String> = early.map(|(_, line)| line).collect();
        if !lines.is_empty() {
            lines.push("...".to_owned());
        }
        lines.extend(self.tail);
        lines.join("\n")
    }
}

/// Runs it with its output in `log`, showing its newest line as the step's progress.
pub(crate) fn run(step: &Step, command: &mut Command, log: &Path) -> Outcome {
    let name = name_of(command);
    let (status, tail) = follow(command, log, |line| step.progress(&shorten(line)))?;
    if status == Some(0) {
        return Ok(());
    }
    Err(failed(&name, status, &tail, log))
}

/// Runs it, handing each line of its output to `each`; the exit code (none if a signal ended
/// it) and what to show of it. Everything also goes to `log`.
pub(crate) fn follow(
    command: &mut Command,
    log: &Path,
    mut each: impl FnMut(&str),
) -> Outcome<(Option<i32>, String)> {
    let name = name_of(command);
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
    }
    let mut file =
        std::fs::File::create(log).explain(format!("writing the log {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if stop::is_listened_to() {
        // A group of its own: what it started ends with it.
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(|error| cannot_start(&name, &error))?;
    let mut excerpt = Excerpt::default();
    let lines = read_lines(&mut child);
    loop {
        match lines.recv_timeout(Duration::from_millis(250)) {
            Ok(line) => {
                // A full disk shows as the program's own failure; the log is a convenience.
                let _ = writeln!(file, "{line}");
                each(&line);
                excerpt.add(line);
            }
            Err(RecvTimeoutError::Timeout) if stop::pressed() => {
                children::signal_group("TERM", child.id());
                let _ = child.wait();
                stop::check()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().explain(format!("waiting for {name}"))?;
    Ok((status.code(), excerpt.text()))
}

/// Runs it on our own terminal; whether it ended with 0.
pub(crate) fn attached(command: &mut Command) -> Outcome<bool> {
    let name = name_of(command);
    let status = command.status().map_err(|error| cannot_start(&name, &error))?;
    Ok(status.success())
}

/// Its standard output, or `None` if it cannot be started or fails: for asking versions.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The failure of a program that ended badly, with the end of what it said.
pub(crate) fn failed(name: &str, status: Option<i32>, tail: &str, log: &Path) -> Failure {
    let ended = status.map_or("was stopped by a signal".to_owned(), |s| format!("ended with {s}"));
    let todo = hints::for_output(tail).map_or_else(
        || format!("mend what it names; the whole output is in {}", log.display()),
        |hint| format!("{hint}\nthe whole output is in {}", log.display()),
    );
    Failure::new(format!("{name} {ended}"), tail, todo)
}

/// The file name of a program, for messages.
pub(crate) fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let first = command.get_args().next().map(|arg| arg.to_string_lossy().into_owned());
    match first {
        Some(word) if !word.starts_with('-') => {
            let short = Path::new(&word).file_name().map(|w| w.to_string_lossy().into_owned());
            format!("{name} {}", short.unwrap_or(word))
        }
        _ => name,
    }
}

/// The failure of a program that is not there.
pub(crate) fn cannot_start(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("starting {name}"),
        error.to_string(),
        "`cargo xtask doctor` says which tools are missing and how to get them",
    )
}

fn read_lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let pump = |source: Option<Box<dyn Read + Send>>| {
        let Some(source) = source else { return };
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(source);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                bytes.clear();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    };
    pump(child.stdout.take().map(|s| Box::new(s) as Box<dyn Read + Send>));
    pump(child.stderr.take().map(|s| Box::new(s) as Box<dyn Read + Send>));
    receiver
}

/// A line without colours, cut to what fits beside a step.
fn shorten(line: &str) -> String {
    let mut plain = String::new();
    let mut escape = false;
    for c in line.trim().chars() {
        match (escape, c) {
            (false, '\x1b') => escape = true,
            (true, c) if c.is_ascii_alphabetic() => escape = false,
            (true, _) => {}
            (false, c) if c.is_control() => {}
            (false, c) => plain.push(c),
        }
    }
    plain.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("roost-xtask-{}-{name}.log", std::process::id()))
    }

    #[test]
    fn a_failing_program_is_told_with_its_last_words_and_its_code() {
        let (path, step) = (log("fails"), Step::start("a step"));
        let mut command = Command::new("sh");
        command.args(["-c", "echo to stdout; echo to stderr >&2; exit 3"]);
        let failure = run(&step, &mut command, &path).unwrap_err().to_string();
        assert!(failure.contains("sh ended with 3"), "{failure}");
        assert!(failure.contains("to stdout") && failure.contains("to stderr"), "{failure}");
        let logged = std::fs::read_to_string(&path).unwrap();
        assert!(logged.contains("to stdout"), "{logged}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn an_early_error_is_shown_before_the_last_lines() {
        let mut excerpt = Excerpt::default();
        excerpt.add("npm error code EUSAGE".to_owned());
        for line in 0..30 {
            excerpt.add(format!("usage {line}"));
        }
        let text = excerpt.text();
        assert!(text.starts_with("npm error code EUSAGE\n...\nusage 10\n"), "{text}");
        assert!(text.ends_with("usage 29"), "{text}");
    }

    #[test]
    fn a_missing_program_points_to_the_doctor() {
        let (path, step) = (log("missing"), Step::start("a step"));
        let failure = run(&step, &mut Command::new("no-such-program"), &path).unwrap_err();
        assert!(failure.to_string().contains("cargo xtask doctor"), "{failure}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn colours_are_left_out_of_progress() {
        assert_eq!(shorten("\x1b[1;32m   Compiling\x1b[0m serde"), "   Compiling serde");
    }
}
