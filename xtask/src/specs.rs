//! Runs spec files on Node's own test runner. Owns: which files run side by side, and when the
//! output of each is shown. Must not know what a file tests. Invariant: a file that asks to run
//! alone has the machine to itself, lines of two files never mix, and a file that passed only when
//! it was run again is named at the end of the run.

use crate::clock::Stopwatch;
use crate::failed;
use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::{self, Step};
use crate::tally::Tally;
use crate::timings;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// More side by side were not tried: a file runs servers, a runtime and perhaps a browser.
const MOST: usize = 4;

/// When a file runs. Its opening comment says so, where it is not as usual, with the reason:
/// a line that begins with one of [`MARKS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Turn {
    /// So long that all would wait for it if it began late.
    First,
    Usual,
    /// After all others, one at a time: what it measures or waits for suffers from company.
    Alone,
}

const MARKS: [(&str, Turn); 2] = [("// Runs first:", Turn::First), ("// Runs alone:", Turn::Alone)];

/// One file to run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Spec {
    turn: Turn,
    path: PathBuf,
}

impl Spec {
    fn read(path: PathBuf) -> Outcome<Self> {
        let source =
            std::fs::read_to_string(&path).explain(format!("reading {}", path.display()))?;
        Ok(Self { turn: turn(&source), path })
    }

    /// Such as `live-more`.
    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.trim_end_matches(".spec.ts").to_owned()
    }
}

/// What a file's opening comment asks for.
fn turn(source: &str) -> Turn {
    let opening = source.lines().take_while(|line| line.starts_with("//"));
    let marked = opening.filter_map(|line| MARKS.iter().find(|(mark, _)| line.starts_with(mark)));
    marked.map(|(_, turn)| *turn).next().unwrap_or(Turn::Usual)
}

/// A folder of specs, and what they are run with.
pub(crate) struct Specs<'a> {
    pub(crate) project: &'a Project,
    /// Such as `tests/e2e`.
    pub(crate) folder: &'a str,
    /// Only files whose name contains it.
    pub(crate) name: Option<&'a str>,
    /// Variables of the environment beside the usual ones.
    pub(crate) env: Vec<(&'static str, PathBuf)>,
    /// Whether a file that fails is run again, alone, after the others. In a run of forty minutes
    /// on a busy machine one test that fails by chance would hide what all others say.
    pub(crate) again: bool,
}

/// Files that may be run again: more that fail are no chance.
const AGAIN: usize = 3;

/// One file and what came of it.
struct Ran {
    spec: Spec,
    tally: Tally,
    /// The names of its tests that failed.
    failed: Vec<String>,
}

impl Specs<'_> {
    /// Runs them; a file that dies counts as one failure.
    pub(crate) fn run(&self) -> Outcome<Tally> {
        let mut specs = self.find()?.into_iter().map(Spec::read).collect::<Outcome<Vec<_>>>()?;
        specs.sort();
        let alone = specs.partition_point(|spec| spec.turn < Turn::Alone);
        let alone = specs.split_off(alone);
        let mut ran = self.side_by_side(specs, lanes())?;
        ran.extend(self.side_by_side(alone, 1)?);
        let failing = ran.iter().filter(|ran| ran.tally.failed > 0).count();
        let again = self.again && failing <= AGAIN;
        let mut sum = Tally::default();
        for ran in ran {
            sum = sum.plus(self.settle(ran, again)?);
        }
        Ok(sum)
    }

    /// The result of a file that counts; one that failed is run again where that is wished.
    fn settle(&self, mut ran: Ran, again: bool) -> Outcome<Tally> {
        let part = self.part(&ran.spec);
        if ran.tally.failed > 0 && again {
            steps::say(&format!("\n{part} failed, and is run again"));
            let second = self.one(ran.spec)?;
            if second.tally.failed == 0 {
                for test in &ran.failed {
                    failed::note_chance(&part, test);
                }
                return Ok(second.tally);
            }
            ran = second;
        }
        for test in &ran.failed {
            failed::note(&part, test);
        }
        Ok(ran.tally)
    }

    fn find(&self) -> Outcome<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.project.at(self.folder)).map_err(|error| {
            Failure::new(
                format!("reading {}", self.folder),
                error.to_string(),
                "check out the whole project",
            )
        })?;
        let mut specs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        specs.retain(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            name.ends_with(".spec.ts") && self.name.is_none_or(|part| name.contains(part))
        });
        Ok(specs)
    }

    /// Runs files in their order, so many at a time.
    fn side_by_side(&self, specs: Vec<Spec>, lanes: usize) -> Outcome<Vec<Ran>> {
        let waiting = Mutex::new(VecDeque::from(specs));
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let lane = || {
            let mut ran = Vec::new();
            while let Some(spec) = next() {
                ran.push(self.one(spec)?);
            }
            Ok(ran)
        };
        std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
            lanes.into_iter().try_fold(Vec::new(), |mut all, lane| {
                let lane: Outcome<Vec<Ran>> =
                    lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all.extend(lane?);
                Ok(all)
            })
        })
    }

    /// A file as the log calls it, such as `e2e/live-more`.
    fn part(&self, spec: &Spec) -> String {
        format!("{}/{}", self.folder.trim_start_matches("tests/"), spec.name())
    }

    /// Runs one file and shows its output once it has ended.
    fn one(&self, spec: Spec) -> Outcome<Ran> {
        let name = self.part(&spec);
        let watch = Stopwatch::start();
        let step = Step::start(name.as_str());
        let log = self.project.log(&name.replace('/', "-"));
        let tap = log.with_extension("tap");
        // A run that dies early must not be counted by the summary of the one before.
        let _ = std::fs::remove_file(&tap);
        let mut output = String::new();
        let (status, _) = process::follow(&mut self.node(&spec.path, &tap), &log, |line| {
            step.progress("");
            if !is_count(line) {
                output.push('\n');
                output.push_str(line);
            }
        })?;
        let said = std::fs::read_to_string(&tap).unwrap_or_default();
        let mut tally = Tally::of_tap(&said);
        let mut failed = failed::of_tap(&said);
        if status != Some(0) && tally.failed == 0 {
            output.push_str("\nnode died: that counts as one failure");
            failed.push("node died".to_owned());
            tally = tally.plus(Tally::one(false));
        }
        drop(step);
        timings::note(&name, watch.elapsed());
        let seconds = steps::seconds(watch.elapsed());
        steps::say(&format!("\n{name} ({seconds}){}", output.trim_end()));
        Ok(Ran { spec, tally, failed })
    }

    /// Node's test runner for one file.
    fn node(&self, spec: &Path, tap: &Path) -> Command {
        let mut node = self.project.node();
        node.args(["--test", "--disable-warning=ExperimentalWarning"])
            .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
            .arg("--test-reporter=tap")
            .arg(format!("--test-reporter-destination={}", tap.display()))
            .arg(spec)
            .env("ROOST_ROOT", self.project.root())
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        node
    }
}

/// A runtime works on one thread for most of its time, its simulator and its test on another for
/// the rest: as many files as there are processors leave none idle.
fn lanes() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Whether a line is one of node's own counts, which are added up over all files.
fn is_count(line: &str) -> bool {
    const COUNTS: [&str; 8] =
        ["tests", "suites", "pass", "fail", "cancelled", "skipped", "todo", "duration_ms"];
    let count = line.strip_prefix("ℹ ").and_then(|rest| rest.split_once(' '));
    count.is_some_and(|(name, number)| COUNTS.contains(&name) && number.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_in_its_opening_comment_when_it_runs() {
        for (source, wanted) in [
            ("// What is spent.\nimport x;\n", Turn::Usual),
            ("// A list.\n//\n// Runs alone: it measures memory.\nimport x;\n", Turn::Alone),
            ("// Runs first: it takes minutes.\n", Turn::First),
            ("import x;\n// Runs alone: said too late.\n", Turn::Usual),
            ("// It never runs alone: so it says.\n", Turn::Usual),
            ("", Turn::Usual),
        ] {
            assert_eq!(turn(source), wanted, "{source}");
        }
    }

    #[test]
    fn files_run_by_turn_then_by_name() {
        let spec = |turn, path: &str| Spec { turn, path: path.into() };
        let mut specs = [
            spec(Turn::Alone, "a"),
            spec(Turn::Usual, "d"),
            spec(Turn::First, "e"),
            spec(Turn::Usual, "b"),
        ];
        specs.sort();
        assert_eq!(specs.map(|spec| spec.path.display().to_string()), ["e", "b", "d", "a"]);
    }

    #[test]
    fn nodes_own_counts_are_told_from_what_a_test_says() {
        for (line, wanted) in [
            ("ℹ tests 354", true),
            ("ℹ fail 0", true),
            ("ℹ duration_ms 775718.53", true),
            ("ℹ fail early", false),
            ("ℹ 200 faults", false),
            ("✔ it works (2ms)", false),
            ("tests 354", false),
            ("", false),
        ] {
            assert_eq!(is_count(line), wanted, "{line}");
        }
    }
}
