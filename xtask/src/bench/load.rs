//! The viewers: the program in tests/load, driven over its stdin. Owns: its lines. Must not know
//! what is watched. Invariant: it ends with this value.

use super::usage::{self, Usage};
use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// What to watch.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// `ws://…`.
    pub(super) url: String,
    /// How it speaks: `plain`, `socketio` or `roost`.
    pub(super) dialect: &'static str,
    /// Kinds of events to subscribe to, of Roost.
    pub(super) kinds: &'static [&'static str],
    /// Signs in to Roost.
    pub(super) token: Option<String>,
    /// What the clock that stamps its posts is ahead of this machine's.
    pub(super) ahead_ms: i64,
}

/// What the viewers saw in a while.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) seconds: f64,
    pub(super) frames: f64,
    pub(super) bytes: f64,
    pub(super) events: f64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
    pub(super) declared: u64,
    pub(super) closed: u64,
    pub(super) p50: Option<u64>,
    pub(super) p95: Option<u64>,
    pub(super) p99: Option<u64>,
}

/// The running program.
pub(super) struct Load {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Builds it; its binary.
pub(super) fn build(project: &Project) -> Outcome<PathBuf> {
    let step = Step::start("building the viewers");
    let mut cargo = project.cargo();
    cargo.args(["build", "--profile", "sim", "-p", "load"]);
    process::run(&step, &mut cargo, &project.log("load"))?;
    step.done("");
    Ok(project.target().join("sim/load"))
}

impl Load {
    /// Starts it, with nobody watching yet.
    pub(super) fn start(project: &Project, binary: &Path, target: &Target) -> Outcome<Self> {
        let mut command = project.command(binary);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| process::cannot_start("load", &error))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(gone("its pipes are missing"));
        };
        let mut load = Self { child, stdin, lines: BufReader::new(stdout).lines() };
        load.say(&json!({
            "url": target.url,
            "dialect": target.dialect,
            "kinds": target.kinds,
            "token": target.token,
            "ahead_ms": target.ahead_ms,
        }))?;
        Ok(load)
    }

    /// Lets so many watch; why some were not let in, if so.
    pub(super) fn viewers(&mut self, count: u32) -> Outcome<Result<(), String>> {
        let answer = self.ask(&format!("viewers {count}"))?;
        let why = answer.get("why").and_then(Value::as_str);
        Ok(why.map_or(Ok(()), |why| Err(why.to_owned())))
    }

    /// Counts for so long.
    pub(super) fn measure(&mut self, seconds: f64) -> Outcome<Seen> {
        Ok(seen(&self.ask(&format!("measure {seconds}"))?))
    }

    /// What it costs itself.
    pub(super) fn usage(&self) -> Usage {
        usage::of(self.child.id()).unwrap_or_default()
    }

    fn say(&mut self, line: &dyn std::fmt::Display) -> Outcome {
        writeln!(self.stdin, "{line}").explain("talking to the viewers")
    }

    fn ask(&mut self, line: &str) -> Outcome<Value> {
        self.say(&line)?;
        match self.lines.next() {
            Some(Ok(text)) => serde_json::from_str(&text).explain("hearing the viewers"),
            Some(Err(error)) => Err(gone(&error.to_string())),
            None => Err(gone("it ended; its words stand above")),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gone(why: &str) -> Failure {
    Failure::new("the viewers (tests/load)", why, "cargo test -p load")
}

fn seen(answer: &Value) -> Seen {
    let float = |name: &str| answer.get(name).and_then(Value::as_f64).unwrap_or_default();
    let whole = |name: &str| answer.get(name).and_then(Value::as_u64);
    Seen {
        seconds: float("seconds"),
        frames: float("frames"),
        bytes: float("bytes"),
        events: float("events"),
        lost: whole("lost").unwrap_or_default(),
        repeated: whole("repeated").unwrap_or_default(),
        declared: whole("declared").unwrap_or_default(),
        closed: whole("closed").unwrap_or_default(),
        p50: whole("p50"),
        p95: whole("p95"),
        p99: whole("p99"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_viewers_is_read() {
        let answer = json!({"seconds": 2.5, "events": 10, "lost": 3, "p50": 7, "p99": null});
        let wanted = Seen { seconds: 2.5, events: 10.0, lost: 3, p50: Some(7), ..Seen::default() };
        assert_eq!(seen(&answer), wanted);
    }
}
