//! `cargo xtask test`. Owns: the stages and what each needs. Must not know any test. Invariant:
//! the last line is `N passed, N failed`, and the exit code is 0 only if the second is 0 and
//! every stage ran something.

use crate::args::Args;
use crate::failure::{Explain, Outcome};
use crate::project::Project;
use crate::specs::Specs;
use crate::steps::{self, Step};
use crate::tally::Tally;
use crate::{browser, build, process, stack, tools};
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const HELP: &str = "\
cargo xtask test [unit|e2e|browser] [NAME]

  Installs and builds what the tests need, then runs them; all stages unless one is named.

  unit      format, lints, tests of the crates, house rules (tidy)
  e2e       tests/e2e: the built worker in Cloudflare's runtime, against the simulator
  browser   tests/browser: the built page in Chromium (ROOST_CHROMIUM names one)

  NAME      only tests (unit) or files (e2e, browser) whose name contains it

  The last line is `N passed, N failed`.";

const STAGES: [&str; 3] = ["unit", "e2e", "browser"];

pub(crate) fn run(mut args: Args) -> Outcome {
    let stage = args.word();
    let name = args.word();
    if let Some(stage) = stage.as_ref().filter(|stage| !STAGES.contains(&stage.as_str())) {
        return Err(args.wrong(format!("no stage `{stage}`: there are {}", STAGES.join(", "))));
    }
    args.done()?;
    let tests = Tests { project: Project::find()?, name };
    let wanted = |name: &str| stage.as_ref().is_none_or(|stage| stage == name);
    tools::ensure(&tests.project)?;
    // Optimising wasm keeps one processor busy, and only the specs need it: what else there is to
    // do is done meanwhile.
    let (unit, xsim) = std::thread::scope(|scope| {
        let specs = wanted("e2e") || wanted("browser");
        let xsim = specs.then(|| scope.spawn(|| tests.build()));
        let unit = wanted("unit").then(|| tests.unit());
        (unit, xsim.map(|built| built.join().unwrap_or_else(|panic| resume_unwind(panic))))
    });
    let mut sum = Sum::default();
    if let Some(tally) = unit {
        sum.add("unit", tally?);
    }
    if let Some(xsim) = xsim {
        let xsim = xsim?;
        if wanted("e2e") {
            sum.add("e2e", tests.specs("tests/e2e", vec![("ROOST_XSIM", xsim.clone())])?);
        }
        if wanted("browser") {
            let chromium = browser::ensure(&tests.project)?;
            let env = vec![("ROOST_XSIM", xsim), ("ROOST_CHROMIUM", chromium)];
            sum.add("browser", tests.specs("tests/browser", env)?);
        }
    }
    println!("\n{}{} passed, {} failed", sum.lines, sum.all.passed, sum.all.failed);
    if sum.all.failed == 0 {
        return Ok(());
    }
    // The lines above say it all, and the last of them must stay the last.
    std::process::exit(1)
}

/// What came of the stages so far.
#[derive(Default)]
struct Sum {
    lines: String,
    all: Tally,
}

impl Sum {
    /// A stage in which nothing ran has failed.
    fn add(&mut self, stage: &str, tally: Tally) {
        let Tally { passed, failed } = tally;
        let nothing = tally == Tally::default();
        let note = if nothing { "  (no test ran: that fails)" } else { "" };
        let _ = writeln!(self.lines, "{stage:<8} {passed} passed, {failed} failed{note}");
        self.all = self.all.plus(if nothing { Tally::one(false) } else { tally });
    }
}

struct Tests {
    project: Project,
    name: Option<String>,
}

impl Tests {
    /// Builds what the specs run against; the simulator's binary.
    fn build(&self) -> Outcome<PathBuf> {
        std::thread::scope(|scope| {
            let xsim = scope.spawn(|| stack::build_xsim(&self.project));
            build::everything(&self.project, false)?;
            xsim.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn unit(&self) -> Outcome<Tally> {
        steps::say("\nunit");
        tools::ensure_components(&self.project)?;
        let mut sum = self.cargo_tests()?;
        if self.name.is_some() {
            return Ok(sum);
        }
        for (label, words) in CHECKS {
            let mut cargo = self.project.cargo();
            sum = sum.plus(self.check(label, cargo.args(*words))?);
        }
        let mut tidy = Command::new(std::env::current_exe().explain("finding xtask")?);
        Ok(sum.plus(self.check("house rules", tidy.arg("tidy"))?))
    }

    /// Runs cargo's tests with their output shown; a crate that does not build is one failure.
    fn cargo_tests(&self) -> Outcome<Tally> {
        let mut cargo = self.project.cargo();
        cargo.args(["test", "--quiet", "--no-fail-fast"]);
        // The page is no default member, since it is built for wasm; its logic is tested here. All
        // in one call: what they share is compiled once.
        cargo.args(["--workspace", "--exclude", "worker-roost"]);
        if let Some(name) = &self.name {
            cargo.arg(name);
        }
        let mut tally = Tally::default();
        let log = self.project.log("unit");
        let (status, _) = process::follow(&mut cargo, &log, |line| {
            steps::say(line);
            tally.add_cargo_line(line);
        })?;
        if status != Some(0) && tally.failed == 0 {
            tally = tally.plus(Tally::one(false));
        }
        Ok(tally)
    }

    /// Runs one check that passes or fails as a whole.
    fn check(&self, label: &str, command: &mut Command) -> Outcome<Tally> {
        let step = Step::start(label);
        let log = self.project.log(&format!("check-{}", label.replace(' ', "-")));
        let (status, _) = process::follow(command, &log, |_| step.progress(""))?;
        if status == Some(0) {
            step.done("");
            return Ok(Tally::one(true));
        }
        step.done("FAILED");
        let output = std::fs::read_to_string(&log).unwrap_or_default();
        steps::say(&output);
        Ok(Tally::one(false))
    }

    fn specs(&self, folder: &str, env: Vec<(&'static str, PathBuf)>) -> Outcome<Tally> {
        let name = self.name.as_deref();
        println!("\n{}", folder.trim_start_matches("tests/"));
        Specs { project: &self.project, folder, name, env }.run()
    }
}

/// Checks of the whole workspace. The wasm crates are linted for the target they run on.
const CHECKS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints, native", &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]),
    (
        "lints, wasm",
        &[
            "clippy",
            "--quiet",
            "-p",
            "worker-roost",
            "-p",
            "frontend",
            "--target",
            tools::TARGET,
            "--",
            "-D",
            "warnings",
        ],
    ),
];
