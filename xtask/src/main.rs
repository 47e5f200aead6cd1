//! Every command of Roost: `cargo xtask <verb>`.
//!
//! Owns: the list of verbs and what they answer to `--help`. Must not know how any of them
//! works. Invariant: a failed command ends with a code other than 0 and a text that says what
//! failed, why, and what to do.
//!
//! # Layout
//! - verbs: [`build`], [`dev`], [`mod@test`], [`doctor`], [`openapi`], [`tidy`], [`deploy`],
//!   [`sim`], [`stream`], [`mod@bench`], [`audit`],
//!   [`screenshots`], [`replay`]
//! - the build: [`tools`], [`page`], [`worker`], [`bundle`],
//!   [`stamp`], [`sizes`]
//! - the local stack: [`stack`], [`children`], [`ports`], [`world`], [`history`], [`vars`],
//!   [`sources`], [`dev_file`], [`api`], [`http`], [`browser`]
//! - tests: [`specs`], [`checks`], [`wheels`], [`clients`], [`tally`], [`timings`]
//! - ground: [`project`], [`args`], [`failure`], [`hints`], [`steps`], [`process`], [`stop`], [`clock`]

mod api;
mod args;
mod audit;
mod bench;
mod browser;
mod build;
mod bundle;
mod checks;
mod children;
mod clients;
mod clock;
mod deploy;
mod dev;
mod dev_file;
mod docs;
mod doctor;
mod failed;
mod failure;
mod geo;
mod hints;
mod history;
mod http;
mod openapi;
mod page;
mod ports;
mod process;
mod project;
mod replay;
mod screenshots;
mod sim;
mod sizes;
mod sources;
mod specs;
mod stack;
mod stamp;
mod steps;
mod stop;
mod stream;
mod tally;
mod test;
mod tidy;
mod timings;
mod tools;
mod vars;
mod wheels;
mod worker;
mod world;

use args::Args;
use failure::{Failure, Outcome};
use std::fmt::Write as _;
use std::process::ExitCode;

/// One command: how it is called, what it does, and what does it.
struct Verb {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(Args) -> Outcome,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "dev",
        summary: "install what is missing, build, and run Roost here with simulated data",
        help: dev::HELP,
        run: dev::run,
    },
    Verb {
        name: "test",
        summary: "everything the tests need, then the tests",
        help: test::HELP,
        run: test::run,
    },
    Verb { name: "build", summary: "the page and the worker", help: build::HELP, run: build::run },
    Verb {
        name: "deploy",
        summary: "publish to your Cloudflare account",
        help: deploy::HELP,
        run: deploy::run,
    },
    Verb {
        name: "doctor",
        summary: "every tool: wanted, found, what to do",
        help: doctor::HELP,
        run: doctor::run,
    },
    Verb {
        name: "openapi",
        summary: "write worker/openapi.json from the wire types",
        help: openapi::HELP,
        run: openapi::run,
    },
    Verb { name: "tidy", summary: "the house rules, as a test", help: tidy::HELP, run: tidy::run },
    Verb {
        name: "sim",
        summary: "run the simulator of the X API alone",
        help: sim::HELP,
        run: sim::run,
    },
    Verb {
        name: "stream",
        summary: "check the connection to X's stream",
        help: stream::HELP,
        run: stream::run,
    },
    Verb {
        name: "bench",
        summary: "measure Roost beside others, on this machine",
        help: bench::HELP,
        run: bench::run,
    },
    Verb {
        name: "audit",
        summary: "known weaknesses of what we depend on",
        help: audit::HELP,
        run: audit::run,
    },
    Verb {
        name: "replay",
        summary: "derive an account's ledger anew from its saved lists",
        help: replay::HELP,
        run: replay::run,
    },
    Verb {
        name: "screenshots",
        summary: "take the README's pictures from a running dev",
        help: screenshots::HELP,
        run: screenshots::run,
    },
];

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(mut words: Vec<String>) -> Outcome {
    if words.is_empty() || words.first().is_some_and(|w| matches!(w.as_str(), "help" | "-h")) {
        words = vec!["--help".to_owned()];
    }
    let name = words.remove(0);
    if name == "--help" {
        print!("{}", overview());
        return Ok(());
    }
    let verb = VERBS.iter().find(|verb| verb.name == name).ok_or_else(|| {
        Failure::new(
            format!("unknown command `{name}`"),
            format!("the commands are {}", names().join(", ")),
            "cargo xtask --help",
        )
    })?;
    // What follows `sim` is xsim's own, its --help included.
    if verb.name != "sim" && words.iter().any(|word| word == "--help" || word == "-h") {
        println!("cargo xtask {}: {}\n\n{}", verb.name, verb.summary, verb.help);
        return Ok(());
    }
    (verb.run)(Args::new(verb.name, words))
}

fn names() -> Vec<&'static str> {
    VERBS.iter().map(|verb| verb.name).collect()
}

fn overview() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for verb in VERBS {
        let _ = writeln!(text, "  {:<12} {}", verb.name, verb.summary);
    }
    text.push_str("\n  cargo xtask <command> --help says more.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_verb_is_answered_with_those_there_are() {
        let failure = dispatch(vec!["biuld".to_owned()]).unwrap_err().to_string();
        assert!(failure.contains("`biuld`") && failure.contains("build, deploy"), "{failure}");
    }

    #[test]
    fn the_overview_names_every_verb() {
        let text = overview();
        for name in names() {
            assert!(text.contains(&format!("  {name} ")), "{name} is missing");
        }
    }
}
