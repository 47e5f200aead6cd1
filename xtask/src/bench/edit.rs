//! `bench loop`: from saving a line to seeing it. Owns: the two edits, and their undoing. Must not know how
//! `dev` takes a change up. Invariant: a source file is as it was once this ends, however it ends.

use super::{Options, table};
use crate::api::Api;
use crate::build::{self, Build};
use crate::children::Children;
use crate::clock::Stopwatch;
use crate::dev_file::{self, Running};
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use crate::steps::{self, Step};
use crate::{browser, ports, process, stop};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

const TIMES: usize = 3;
/// How long a change or a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_mins(15);
const POLL: Duration = Duration::from_millis(50);
/// Added to every count of followers by the edit of the worker: no simulated account has so many.
const MANY: u64 = 70_000_000;

/// A line of the worker whose change shows in the API.
const WORKER: Edit = Edit { file: "shared/src/series.rs", from: ".map(|seen| seen.followers)" };
/// A line of the page whose change shows in the chart's caption.
const PAGE: Edit = Edit { file: "frontend/src/words/tide.rs", from: "{ \"Followers\" }" };

/// A text in a source file that is replaced for a while.
#[derive(Clone, Copy)]
struct Edit {
    file: &'static str,
    from: &'static str,
}

/// A file that gets its old text back.
struct Edited {
    path: PathBuf,
    text: String,
}

impl Edit {
    fn make(self, project: &Project, to: &str) -> Outcome<Edited> {
        let path = project.at(self.file);
        let text = std::fs::read_to_string(&path).explain(format!("reading {}", self.file))?;
        let changed = text.replace(self.from, to);
        if changed == text {
            return Err(Failure::new(
                format!("changing {}", self.file),
                format!("it has no `{}`", self.from),
                "name another line in xtask/src/bench/edit.rs",
            ));
        }
        std::fs::write(&path, changed).explain(format!("writing {}", self.file))?;
        Ok(Edited { path, text })
    }
}

impl Drop for Edited {
    fn drop(&mut self) {
        if let Err(error) = std::fs::write(&self.path, &self.text) {
            eprintln!("  put {} back yourself: git checkout it ({error})", self.path.display());
        }
    }
}

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    let chromium = browser::ensure(project)?;
    let mut own = Children::default();
    let running = match dev_file::running(project) {
        Some(running) => running,
        None => start(project, &mut own)?,
    };
    let worker = worker_times(project, &running)?;
    let page = page_times(project, &running, chromium)?;
    let shipped = if options.quick { None } else { Some(shipped_time(project)?) };
    let mut rows = vec![
        row("shared/src/series.rs, served by the worker", &worker),
        row("frontend/src/words/tide.rs, on the open page", &page),
    ];
    if let Some(shipped) = shipped {
        rows.push(row("shared/src/series.rs, the shipped build", &[shipped]));
    }
    let head = ["one line changed in", "median", "all"];
    println!("\nfrom saving a line to seeing it\n\n{}", table::render(&head, &rows));
    Ok(())
}

fn row(name: &str, times: &[Duration]) -> Vec<String> {
    let mut sorted = times.to_vec();
    sorted.sort();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let all: Vec<_> = times.iter().map(|time| steps::seconds(*time)).collect();
    vec![name.to_owned(), steps::seconds(median), all.join(", ")]
}

/// A `dev` of our own.
fn start(project: &Project, children: &mut Children) -> Outcome<Running> {
    let step = Step::start("cargo xtask dev (usually 2 min, once it is built)");
    let mut dev = project.command(std::env::current_exe().explain("finding xtask")?);
    let port = ports::next_free(8787).unwrap_or(8787).to_string();
    dev.args(["dev", "--port", &port]).env("CI", "1");
    children.start("dev", &mut dev, &project.log("bench-dev"))?;
    let running = wait("dev to be ready", || {
        children.check()?;
        Ok(dev_file::running(project))
    })?;
    step.done(&running.page);
    Ok(running)
}

/// Polls until there is an answer.
fn wait<T>(what: &str, mut ask: impl FnMut() -> Outcome<Option<T>>) -> Outcome<T> {
    let watch = Stopwatch::start();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        stop::check()?;
        if watch.elapsed() > PATIENCE {
            let why = format!("nothing after {}", steps::seconds(PATIENCE));
            return Err(Failure::new(format!("waiting for {what}"), why, "see what dev printed"));
        }
        std::thread::sleep(POLL);
    }
}

fn worker_times(project: &Project, running: &Running) -> Outcome<Vec<Duration>> {
    let api = Api::new(running.api.clone(), running.token.clone());
    let account = running.account.as_deref().unwrap_or_default();
    let path = format!("/accounts/{account}/followers/series?interval=day&tz=UTC");
    // While the worker is replaced nobody answers: that is no answer yet.
    let followers = || -> Outcome<Option<u64>> {
        let Ok(answer) = api.get(&path) else { return Ok(None) };
        let points = answer.get("points").and_then(|points| points.as_array().cloned());
        let followers = |point: &serde_json::Value| point.get("followers")?.as_u64();
        Ok(points.unwrap_or_default().iter().rev().find_map(followers))
    };
    let mut times = Vec::new();
    for turn in 1..=TIMES {
        let step = Step::start(format!("a line of the worker, {turn} of {TIMES}"));
        let edited = WORKER.make(project, &format!(".map(|seen| seen.followers + {MANY})"))?;
        let watch = Stopwatch::start();
        wait("the new worker", || Ok(followers()?.filter(|count| *count >= MANY)))?;
        times.push(watch.elapsed());
        step.done("");
        drop(edited);
        wait("the old worker", || Ok(followers()?.filter(|count| *count < MANY)))?;
    }
    Ok(times)
}

fn page_times(project: &Project, running: &Running, chromium: PathBuf) -> Outcome<Vec<Duration>> {
    let mut browser = Browser::start(project, running, chromium)?;
    let mut times = Vec::new();
    for turn in 1..=TIMES {
        let step = Step::start(format!("a line of the page, {turn} of {TIMES}"));
        let text = format!("Followers {turn}");
        let edited = PAGE.make(project, &format!("{{ \"{text}\" }}"))?;
        let watch = Stopwatch::start();
        browser.shows(&text)?;
        times.push(watch.elapsed());
        step.done("");
        drop(edited);
        browser.shows("Followers rose by")?;
    }
    Ok(times)
}

/// tests/bench/loop.ts with an open page.
struct Browser {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Browser {
    fn start(project: &Project, running: &Running, chromium: PathBuf) -> Outcome<Self> {
        let mut node = project.node();
        node.args(["--disable-warning=ExperimentalWarning", "tests/bench/loop.ts"])
            .args(["--page", &running.page, "--token", &running.token])
            .env("ROOST_CHROMIUM", chromium)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = node.spawn().map_err(|error| process::cannot_start("node", &error))?;
        let output = child.stdout.take().ok_or("no output").explain("starting the browser")?;
        let input = child.stdin.take();
        let mut browser = Self { child, input, output: BufReader::new(output) };
        browser.answer("open")?;
        Ok(browser)
    }

    /// Waits until the page shows a text.
    fn shows(&mut self, text: &str) -> Outcome {
        if let Some(input) = &mut self.input {
            writeln!(input, "{text}").explain("asking the browser")?;
        }
        self.answer("shown")
    }

    fn answer(&mut self, wanted: &str) -> Outcome {
        let mut line = String::new();
        self.output.read_line(&mut line).explain("listening to the browser")?;
        if line.trim() == wanted {
            return Ok(());
        }
        let why = format!("tests/bench/loop.ts said `{}`, not `{wanted}`", line.trim());
        Err(Failure::new("waiting for the page", why, "its own words stand above"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends with its input.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// The shipped build after the same change; the build of the old text follows with the next command.
fn shipped_time(project: &Project) -> Outcome<Duration> {
    build::everything(project, Build::Shipped)?;
    let _edited = WORKER.make(project, &format!(".map(|seen| seen.followers + {MANY})"))?;
    let watch = Stopwatch::start();
    build::everything(project, Build::Shipped)?;
    Ok(watch.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_there_to_be_changed() {
        for edit in [WORKER, PAGE] {
            let text = std::fs::read_to_string(Project::find().unwrap().at(edit.file)).unwrap();
            assert!(text.contains(edit.from), "{} has no `{}`", edit.file, edit.from);
        }
    }

    #[test]
    fn a_file_gets_its_text_back() {
        let path = std::env::temp_dir().join(format!("roost-edit-{}", std::process::id()));
        std::fs::write(&path, "new").unwrap();
        drop(Edited { path: path.clone(), text: "old".to_owned() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let times = [9, 5, 7].map(Duration::from_secs);
        assert_eq!(row("x", &times), ["x", "7.0 s", "9.0 s, 5.0 s, 7.0 s"]);
    }
}
