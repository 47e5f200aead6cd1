//! `cargo xtask test`. Owns: the stages and what each needs. Must not know any test. Invariant:
//! the last line is `N passed, N failed`, and the exit code is 0 only if the second is 0 and
//! every stage ran something.

use crate::args::Args;
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::tally::Tally;
use crate::{browser, build, process, stack, tools};
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
    let wanted = |name: &&&str| stage.as_ref().is_none_or(|stage| stage == **name);
    let mut lines = Vec::new();
    let mut sum = Tally::default();
    for stage in STAGES.iter().filter(wanted) {
        println!("\n{stage}");
        let tally = tests.stage(stage)?;
        let nothing = if tally == Tally::default() { "  (no test ran: that fails)" } else { "" };
        lines.push(format!("{stage:<8} {} passed, {} failed{nothing}", tally.passed, tally.failed));
        sum = sum.plus(if nothing.is_empty() { tally } else { Tally::one(false) });
    }
    println!("\n{}\n{} passed, {} failed", lines.join("\n"), sum.passed, sum.failed);
    if sum.failed == 0 {
        return Ok(());
    }
    // The lines above say it all, and the last of them must stay the last.
    std::process::exit(1)
}

struct Tests {
    project: Project,
    name: Option<String>,
}

impl Tests {
    fn stage(&self, stage: &str) -> Outcome<Tally> {
        match stage {
            "unit" => self.unit(),
            "e2e" => self.specs("tests/e2e", &[]),
            _ => {
                let chromium = browser::ensure(&self.project)?;
                self.specs("tests/browser", &[("ROOST_CHROMIUM", chromium)])
            }
        }
    }

    fn unit(&self) -> Outcome<Tally> {
        tools::ensure(&self.project)?;
        tools::ensure_components(&self.project)?;
        let mut sum = self.cargo_tests(&[])?;
        // Not among the default members, since it is built for wasm; its logic is tested here.
        sum = sum.plus(self.cargo_tests(&["-p", "frontend"])?);
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
    fn cargo_tests(&self, words: &[&str]) -> Outcome<Tally> {
        let mut cargo = self.project.cargo();
        cargo.args(["test", "--quiet", "--no-fail-fast"]).args(words);
        if let Some(name) = &self.name {
            cargo.arg(name);
        }
        let mut tally = Tally::default();
        let log = self.project.log("unit");
        let (status, _) = process::follow(&mut cargo, &log, |line| {
            println!("{line}");
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
        println!("{output}");
        Ok(Tally::one(false))
    }

    /// Runs the `*.spec.ts` of a folder on Node's own test runner.
    fn specs(&self, folder: &str, env: &[(&str, PathBuf)]) -> Outcome<Tally> {
        build::everything(&self.project, false)?;
        let xsim = stack::build_xsim(&self.project)?;
        let specs = self.find_specs(folder)?;
        if specs.is_empty() {
            return Ok(Tally::default());
        }
        let tap = self.project.target().join("xtask").join("tests.tap");
        // A run that dies early must not be counted by the summary of the one before.
        let _ = std::fs::remove_file(&tap);
        let mut node = self.project.node();
        // One file at a time: each runs servers and a browser of its own.
        node.args(["--test", "--test-concurrency=1", "--disable-warning=ExperimentalWarning"])
            .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
            .arg("--test-reporter=tap")
            .arg(format!("--test-reporter-destination={}", tap.display()))
            .args(specs)
            .env("ROOST_ROOT", self.project.root())
            .env("ROOST_XSIM", xsim)
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null());
        let passed = process::attached(&mut node)?;
        let text = std::fs::read_to_string(&tap).unwrap_or_default();
        let tally = Tally::of_tap(&text);
        if !passed && tally.failed == 0 {
            return Ok(tally.plus(Tally::one(false)));
        }
        Ok(tally)
    }

    fn find_specs(&self, folder: &str) -> Outcome<Vec<PathBuf>> {
        let path = self.project.at(folder);
        let entries = std::fs::read_dir(&path).map_err(|error| {
            Failure::new(
                format!("reading {folder}"),
                error.to_string(),
                "check out the whole project",
            )
        })?;
        let mut specs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        specs.retain(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            name.ends_with(".spec.ts")
                && self.name.as_ref().is_none_or(|part| name.contains(part.as_str()))
        });
        specs.sort();
        Ok(specs)
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
