//! Checks of the whole project that pass or fail as one: format, lints, types, documentation,
//! dependencies. Owns: which there are and how each is called. Must not know what they find.
//! Invariant: a check that could not be made is never taken for one that passed.

use crate::failure::{Explain, Outcome};
use crate::project::Project;
use crate::steps::{self, Step};
use crate::tally::Tally;
use crate::tools::{self, version};
use crate::{failed, process, wheels};
use std::process::Command;

/// The compiler whose lints, format and documentation warnings are errors. What a newer one adds is
/// printed: it is no reason for a build to fail on the day it appears.
pub(crate) const LINTED_WITH: (u32, u32) = (1, 95);

/// Crates that run natively.
const NATIVE: [&str; 12] =
    ["-p", "shared", "-p", "xtask", "-p", "bindgen", "-p", "xsim", "-p", "load", "-p", "frontend"];
/// Crates that are wasm.
const WASM: [&str; 6] = ["-p", "worker-roost", "-p", "frontend", "--target", tools::TARGET];
/// Broken links are errors. Readers of a crate's own documentation see its private items too.
const DOCUMENTED: &str = "-D warnings -A rustdoc::private_intra_doc_links";
const DENIED: [&str; 3] = ["--", "-D", "warnings"];

/// One check.
struct Check {
    label: &'static str,
    command: Command,
    /// Whether it may fail on a newer compiler.
    by_compiler: bool,
}

/// Makes all of them; those that failed are printed.
pub(crate) fn run(project: &Project) -> Outcome<Tally> {
    tools::ensure_components(project)?;
    let mut sum = Tally::default();
    for check in checks(project)? {
        sum = sum.plus(one(project, check)?);
    }
    for (tool, words) in [
        (wheels::SHEAR, &["shear"][..]),
        (wheels::DENY, &["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
    ] {
        sum = sum.plus(dependencies(project, &tool, words)?);
    }
    Ok(sum)
}

fn checks(project: &Project) -> Outcome<Vec<Check>> {
    let cargo = |label, words: &[&[&str]], by_compiler| {
        let mut command = project.cargo();
        command.args(words.concat()).env("RUSTDOCFLAGS", DOCUMENTED);
        Check { label, command, by_compiler }
    };
    let mut tidy = Command::new(std::env::current_exe().explain("finding xtask")?);
    tidy.arg("tidy");
    let mut types = project.node();
    types.arg(project.at("node_modules/typescript/bin/tsc")).args(["-p", "tests"]);
    let doc = ["doc", "--quiet", "--no-deps", "--document-private-items"];
    Ok(vec![
        cargo("format", &[&["fmt", "--all", "--check"]], true),
        cargo("lints, native", &[&["clippy", "--quiet", "--all-targets"], &NATIVE, &DENIED], true),
        cargo("lints, wasm", &[&["clippy", "--quiet"], &WASM, &DENIED], true),
        cargo("documentation, native", &[&doc, &["--lib", "--bins"], &NATIVE], true),
        cargo(
            "documentation, wasm",
            &[&doc, &["-p", "worker-roost", "--target", tools::TARGET]],
            true,
        ),
        Check { label: "types of the specs", command: types, by_compiler: false },
        Check { label: "house rules", command: tidy, by_compiler: false },
    ])
}

fn one(project: &Project, mut check: Check) -> Outcome<Tally> {
    let step = Step::start(check.label);
    let name = check.label.replace(", ", "-").replace(' ', "-");
    let log = project.log(&format!("check-{name}"));
    let (status, _) = process::follow(&mut check.command, &log, |_| step.progress(""))?;
    if status == Some(0) {
        step.done("");
        return Ok(Tally::one(true));
    }
    let newer = version(&tools::rustc_version()) > Some(LINTED_WITH);
    let passes = check.by_compiler && newer;
    if !passes {
        failed::note("checks", check.label);
    }
    step.done(if passes { "what a newer compiler says is printed only" } else { "FAILED" });
    steps::say(&std::fs::read_to_string(&log).unwrap_or_default());
    Ok(Tally::one(passes))
}

/// A check by a tool of [`wheels`]. Without pip it is said to be not made; on CI that is a failure.
fn dependencies(project: &Project, tool: &wheels::Wheel, words: &[&str]) -> Outcome<Tally> {
    let label = format!("dependencies, {}", tool.binary);
    let program = match wheels::ensure(project, tool) {
        Ok(program) => program,
        Err(why) if std::env::var_os("CI").is_none() => {
            steps::say(&format!("  {label}: not checked{why}"));
            return Ok(Tally::default());
        }
        Err(why) => return Err(why),
    };
    let step = Step::start(label);
    let log = project.log(tool.binary);
    let mut command = project.command(program);
    command.args(words);
    let (status, output) = process::follow(&mut command, &log, |_| step.progress(""))?;
    step.done(if status == Some(0) { "" } else { "FAILED" });
    if status != Some(0) {
        failed::note("checks", tool.binary);
        steps::say(&output);
    }
    Ok(Tally::one(status == Some(0)))
}
