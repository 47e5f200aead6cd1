//! `cargo xtask audit`. Owns: asking the registries for known weaknesses of what we depend on. Invariant: a
//! question that could not be asked is "not checked", never "passed", and fails the command as well.

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::steps::{self, Step};
use crate::{hints, process, tools, wheels};
use std::process::Command;

pub(crate) const HELP: &str = "\
cargo xtask audit

  Asks RustSec about the crates of Cargo.lock and the npm registry about the packages that ship.
  Without a network it says `not checked`. No part of `cargo xtask test`: what was sound yesterday
  may not be today.";

/// What became of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Passed,
    Weak,
    NotChecked,
}

pub(crate) fn run(args: Args) -> Outcome {
    args.done()?;
    let project = Project::find()?;
    tools::ensure_npm(&project)?;
    let answers = [crates(&project)?, packages(&project)?];
    if answers.contains(&Answer::Weak) {
        return Err(Failure::new(
            "cargo xtask audit",
            "there are known weaknesses, listed above",
            "raise the version in Cargo.toml or package.json, or write down why it does not matter",
        ));
    }
    if answers.contains(&Answer::NotChecked) {
        return Err(Failure::new(
            "cargo xtask audit",
            "not everything was checked",
            "run it again where the registries can be reached",
        ));
    }
    Ok(())
}

fn crates(project: &Project) -> Outcome<Answer> {
    let label = "crates, by RustSec's advisories";
    match wheels::ensure(project, &wheels::DENY) {
        Ok(deny) => {
            let mut command = project.command(deny);
            command.args(["deny", "--log-level", "error", "check", "advisories"]);
            ask(project, label, "advisories", &mut command)
        }
        Err(why) => {
            steps::say(&format!("  {label}: not checked{why}"));
            Ok(Answer::NotChecked)
        }
    }
}

fn packages(project: &Project) -> Outcome<Answer> {
    let mut npm = project.command("npm");
    npm.args(["audit", "--omit=dev"]);
    ask(project, "npm packages that ship", "npm-audit", &mut npm)
}

fn ask(project: &Project, label: &str, log: &str, command: &mut Command) -> Outcome<Answer> {
    let step = Step::start(label);
    let log = project.log(log);
    let (status, _) = process::follow(command, &log, |_| step.progress(""))?;
    let output = std::fs::read_to_string(&log).unwrap_or_default();
    let answer = judge(status, &output);
    step.done(match answer {
        Answer::Passed => "passed",
        Answer::Weak => "WEAK",
        Answer::NotChecked => "not checked",
    });
    if answer != Answer::Passed {
        steps::say(&output);
    }
    Ok(answer)
}

/// What a tool's end and output mean: without an answer of a registry there is none.
fn judge(status: Option<i32>, output: &str) -> Answer {
    const NO_ANSWER: [&str; 5] = [
        "failed to fetch advisory database",
        "failed to open advisory database",
        "failed to clone",
        "audit endpoint returned an error",
        "failed to load advisory database",
    ];
    let text = output.to_lowercase();
    let unreachable =
        NO_ANSWER.iter().any(|words| text.contains(words)) || hints::is_offline(output);
    match status {
        _ if unreachable => Answer::NotChecked,
        Some(0) => Answer::Passed,
        Some(_) => Answer::Weak,
        None => Answer::NotChecked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: Option<i32>, output: &str, wanted: Answer) {
        assert_eq!(judge(status, output), wanted, "{output}");
    }

    #[test]
    fn only_an_answer_is_an_answer() {
        check(Some(0), "found 0 vulnerabilities", Answer::Passed);
        check(Some(0), "advisories ok", Answer::Passed);
        check(Some(1), "1 high severity vulnerability", Answer::Weak);
        check(Some(1), "error[vulnerability]: x", Answer::Weak);
        check(Some(1), "npm error code ENOTFOUND", Answer::NotChecked);
        check(Some(1), "npm error audit endpoint returned an error", Answer::NotChecked);
        check(Some(0), "npm warn audit endpoint returned an error", Answer::NotChecked);
        check(Some(1), "error: failed to fetch advisory database https://x", Answer::NotChecked);
        check(None, "", Answer::NotChecked);
    }
}
