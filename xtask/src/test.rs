//! `cargo xtask test`. Owns: the stages and what each needs. Must not know any test. Invariant:
//! the last line is `N passed, N failed`, and the exit code is 0 only if the second is 0 and
//! every stage ran something.

use crate::args::Args;
use crate::build::{self, Build};
use crate::clients::{self, Installed};
use crate::clock::Stopwatch;
use crate::failure::Outcome;
use crate::project::Project;
use crate::specs::Specs;
use crate::steps::{self, Step};
use crate::tally::{self, Tally};
use crate::{browser, checks, failed, process, stack, timings};
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const HELP: &str = "\
cargo xtask test [unit|e2e|browser|clients|shipped] [NAME] [--long] [--ci]

  Installs and builds what the tests need, then runs them; all stages unless one is named.

  unit      tests of the crates; format, lints, types, documentation, dependencies, house rules
  e2e       tests/e2e: the worker in Cloudflare's runtime, against the simulator (quick build)
  browser   tests/browser: the page in Chromium (quick build; ROOST_CHROMIUM names one)
  clients   tests/clients: clients of X's API against the simulator, and clients made from our own
            OpenAPI document; they come from PyPI and npm, and without a network it says `not
            checked`
  shipped   tests/shipped: what is deployed, its size, a dry run of its deployment

  NAME      only tests (unit) or files (the others) whose name contains it
  --long    the long forms of those that have one: a million followers, 200 faults, 30 days
  --ci      what CI runs: all of it, never the long forms, and the time is held to its budget; a
            file of specs that fails is run again, alone, and named if it passes then

  It ends with a table of seconds and the names of what failed. The last line is `N passed, N failed`.";

const STAGES: [&str; 5] = ["unit", "e2e", "browser", "clients", "shipped"];
/// What all of CI may take on two processors, from a clean clone.
const CI_BUDGET: Duration = Duration::from_hours(1);

pub(crate) fn run(mut args: Args) -> Outcome {
    let (long, ci) = (args.flag("--long"), args.flag("--ci"));
    let stage = args.word();
    let name = args.word();
    if let Some(stage) = stage.as_ref().filter(|stage| !STAGES.contains(&stage.as_str())) {
        return Err(args.wrong(format!("no stage `{stage}`: there are {}", STAGES.join(", "))));
    }
    if ci && (long || stage.is_some()) {
        return Err(args.wrong("--ci runs every stage, and never the long forms"));
    }
    args.done()?;
    let watch = Stopwatch::start();
    // Whoever asks for the clients, and CI, is not served by a stage that did not run.
    let must_check = ci || stage.is_some() || std::env::var_os("CI").is_some();
    let tests = Tests { project: Project::find()?, name, long, must_check, again: ci };
    let wanted = |name: &str| stage.as_ref().is_none_or(|stage| stage == name);
    let sum = tests.stages(wanted)?;
    timings::print();
    failed::print();
    let elapsed = watch.elapsed();
    println!("\n{}in {}", sum.lines, steps::seconds(elapsed));
    if ci && elapsed > CI_BUDGET {
        println!("that is over CI's budget of {}: see what grew", steps::seconds(CI_BUDGET));
    }
    println!("{} passed, {} failed", sum.all.passed, sum.all.failed);
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
    /// Notes a stage that could not run where that is no failure.
    fn not_checked(&mut self, stage: &str, why: &str) {
        let _ = writeln!(self.lines, "{stage:<8} not checked: {why}");
    }

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
    long: bool,
    /// Whether a stage that cannot run has failed.
    must_check: bool,
    /// Whether a file of specs that fails is run again.
    again: bool,
}

/// What became of a stage: its tests, or why it could not run.
type Ran = Result<Tally, String>;

impl Tests {
    /// Runs the stages that are wanted. Specs wait for servers and browsers for much of their time, and
    /// linking waits for one processor: crates are tested and checked beside them, and what is shipped
    /// is built beside both, since cargo locks the folder of each profile for itself.
    fn stages(&self, wanted: impl Fn(&str) -> bool + Sync) -> Outcome<Sum> {
        let specs = ["e2e", "browser", "clients"].into_iter().any(&wanted);
        let xsim = (specs || wanted("shipped")).then(|| self.build_quick(specs)).transpose()?;
        let specs = || -> Outcome<Vec<(&str, Ran)>> {
            let Some(xsim) = &xsim else { return Ok(Vec::new()) };
            let mut tallies = Vec::new();
            for stage in ["e2e", "browser"].into_iter().filter(|stage| wanted(stage)) {
                tallies.push((stage, Ok(self.specs(stage, Build::Quick, xsim, Vec::new())?)));
            }
            if wanted("clients") {
                tallies.push(("clients", self.clients(xsim)?));
            }
            Ok(tallies)
        };
        let shipped = || {
            let project = wanted("shipped").then(|| self.project.yielding());
            project.map(|project| build::everything(&project, Build::Shipped)).transpose()
        };
        let unit = || wanted("unit").then(|| self.unit()).transpose();
        let (unit, specs, shipped) = std::thread::scope(|scope| {
            let (specs, shipped) = (scope.spawn(specs), scope.spawn(shipped));
            let unit = unit();
            let specs = specs.join().unwrap_or_else(|panic| resume_unwind(panic));
            (unit, specs, shipped.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        shipped?;
        let mut sum = Sum::default();
        if let Some(tally) = unit? {
            sum.add("unit", tally);
        }
        for (stage, ran) in specs? {
            match ran {
                Ok(tally) => sum.add(stage, tally),
                Err(why) => sum.not_checked(stage, &why),
            }
        }
        if let Some(xsim) = xsim.filter(|_| wanted("shipped")) {
            sum.add("shipped", self.specs("shipped", Build::Shipped, &xsim, Vec::new())?);
        }
        Ok(sum)
    }

    /// Builds what the specs run against; the simulator's binary.
    fn build_quick(&self, worker_and_page: bool) -> Outcome<PathBuf> {
        std::thread::scope(|scope| {
            let xsim = scope.spawn(|| stack::build_xsim(&self.project));
            if worker_and_page {
                build::everything(&self.project, Build::Quick)?;
            }
            xsim.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn unit(&self) -> Outcome<Tally> {
        let tests = self.cargo_tests()?;
        if self.name.is_some() {
            return Ok(tests);
        }
        Ok(tests.plus(checks::run(&self.project.yielding())?))
    }

    /// Runs cargo's tests with their failures shown; a crate that does not build is one failure.
    fn cargo_tests(&self) -> Outcome<Tally> {
        let step = Step::start("tests of the crates");
        let mut cargo = self.project.yielding().cargo();
        cargo.args(["test", "--no-fail-fast"]);
        // The page is no default member, since it is built for wasm; its logic is tested here. All
        // in one call: what they share is compiled once.
        cargo.args(["--workspace", "--exclude", "worker-roost"]);
        if let Some(name) = &self.name {
            cargo.arg(name);
        }
        let mut tally = Tally::default();
        let mut binary = String::new();
        let log = self.project.log("unit");
        let (status, _) = process::follow(&mut cargo, &log, |line| {
            step.progress(line.trim());
            if let Some(next) = tally::cargo_binary(line) {
                next.clone_into(&mut binary);
            }
            if let Some(elapsed) = tally::cargo_seconds(line) {
                timings::note(&format!("unit {binary}"), elapsed);
            }
            if !tally::is_cargo_noise(line) {
                steps::say(line);
            }
            if let Some(test) = failed::of_cargo_line(line) {
                failed::note(&format!("unit {binary}"), test);
            }
            tally.add_cargo_line(line);
        })?;
        step.done(&format!("{} passed, {} failed", tally.passed, tally.failed));
        if status != Some(0) && tally.failed == 0 {
            tally = tally.plus(Tally::one(false));
        }
        Ok(tally)
    }

    /// Runs the clients of others; what is missing to do so is no failure of a machine without a
    /// network.
    fn clients(&self, xsim: &Path) -> Outcome<Ran> {
        let clients = match clients::ensure(&self.project)? {
            Installed::There(clients) => clients,
            Installed::Offline(why) if self.must_check => {
                steps::say(&format!("clients: not checked: {why}"));
                return Ok(Ok(Tally::one(false)));
            }
            Installed::Offline(why) => return Ok(Err(why)),
        };
        let env =
            vec![("ROOST_CLIENTS_PYTHON", clients.python), ("ROOST_CLIENTS_NODE", clients.node)];
        Ok(Ok(self.specs("clients", Build::Quick, xsim, env)?))
    }

    /// Runs a folder of specs; `env` goes beside what all of them get.
    fn specs(
        &self,
        stage: &str,
        build: Build,
        xsim: &Path,
        mut env: Vec<(&'static str, PathBuf)>,
    ) -> Outcome<Tally> {
        env.push(("ROOST_XSIM", xsim.to_path_buf()));
        env.push(("ROOST_BUILD", build.folder(&self.project)));
        if ["browser", "shipped"].contains(&stage) {
            env.push(("ROOST_CHROMIUM", browser::ensure(&self.project)?));
        }
        if self.long {
            env.push(("ROOST_LONG", "1".into()));
        }
        let folder = format!("tests/{stage}");
        let name = self.name.as_deref();
        Specs { project: &self.project, folder: &folder, name, env, again: self.again }.run()
    }
}
