//! `cargo xtask doctor`. Owns: the table of tools. Invariant: it changes nothing, and spends
//! nothing unasked.

mod x;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::tools::{self, version};
use crate::{browser, checks, process};
use std::process::Command;

pub(crate) const HELP: &str = "\
cargo xtask doctor [--x [--url https://…] [--yes]]

  Lists every tool: the version wanted, the version found, and what to do. Changes nothing.
  Fails if something is missing that Roost cannot install by itself.

  --x     instead: asks X about each key that a Roost holds, for less than $0.05 in all, and
          links every refusal to the step in X's console that cures it. The price is shown and
          asked for first. Asks the running `cargo xtask dev`, or:
  --url   a deployed Roost, whose ADMIN_TOKEN is in the environment variable ROOST_TOKEN
  --yes   do not ask";

/// How a tool stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Good,
    /// Missing; the first build brings it.
    Comes,
    /// Missing; a person must do something.
    Needed,
    /// Missing; most things work without.
    Optional,
}

struct Row {
    name: &'static str,
    wanted: String,
    found: Option<String>,
    state: State,
    todo: &'static str,
}

impl Row {
    fn new(
        name: &'static str,
        wanted: impl Into<String>,
        found: Option<String>,
        missing: State,
        todo: &'static str,
    ) -> Self {
        let state = if found.is_some() { State::Good } else { missing };
        Self { name, wanted: wanted.into(), found, state, todo }
    }

    /// The same, but a version below `least` counts as missing.
    fn at_least(mut self, least: (u32, u32), missing: State) -> Self {
        if self.found.as_deref().and_then(version) < Some(least) {
            self.state = missing;
        }
        self
    }

    fn line(&self) -> String {
        let found = self.found.as_deref().unwrap_or("none");
        let found: String = found.chars().take(24).collect();
        let todo = match self.state {
            State::Good => "ok".to_owned(),
            State::Comes => format!("missing, comes with the first build ({})", self.todo),
            State::Needed => format!("NEEDED: {}", self.todo),
            State::Optional => format!("optional: {}", self.todo),
        };
        format!("  {:<26} {:<12} {found:<24} {todo}", self.name, self.wanted)
    }
}

pub(crate) fn run(mut args: Args) -> Outcome {
    let at_x = args.flag("--x");
    let options = x::Options { url: args.text("--url")?, yes: args.flag("--yes") };
    if at_x {
        return x::run(&args, &options);
    }
    if options.url.is_some() || options.yes {
        return Err(args.wrong("--url and --yes go with --x"));
    }
    args.done()?;
    let project = Project::find()?;
    let mut rows = rust(&project);
    rows.extend(node(&project));
    rows.push(Row::new(
        "Chromium",
        "any",
        browser::find().map(|path| path.display().to_string()),
        State::Optional,
        "for `test browser`: Debian: apt-get install chromium",
    ));
    println!("  {:<26} {:<12} {:<24} state", "tool", "wanted", "found");
    for row in &rows {
        println!("{}", row.line());
    }
    let needed: Vec<_> =
        rows.iter().filter(|row| row.state == State::Needed).map(|row| row.name).collect();
    if needed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "the tools of this machine",
        format!("missing or too old: {}", needed.join(", ")),
        "see the last column above",
    ))
}

fn rust(project: &Project) -> Vec<Row> {
    let ask = |program: &str, words: &[&str]| process::output(Command::new(program).args(words));
    let second = |text: String| text.split_whitespace().nth(1).map(str::to_owned);
    let cc = ["cc", "gcc", "clang"].iter().find_map(|cc| ask(cc, &["--version"]));
    let mut rows = vec![
        Row::new(
            "rustc",
            ">= 1.95",
            ask("rustc", &["--version"]).and_then(second),
            State::Needed,
            "rustup update stable",
        )
        .at_least((1, 95), State::Needed),
        lints(ask("rustc", &["--version"]).and_then(second)),
        Row::new(
            "wasm32-unknown-unknown",
            "any",
            tools::has_target().then(|| "installed".to_owned()),
            State::Comes,
            "rustup target add wasm32-unknown-unknown",
        ),
        Row::new(
            "C compiler",
            "any",
            cc.and_then(|text| text.lines().next().map(str::to_owned)),
            State::Needed,
            "Debian: apt-get install build-essential; macOS: xcode-select --install",
        ),
    ];
    for (name, tool) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        let found = process::output(project.cargo().args([tool, "--version"])).and_then(second);
        rows.push(Row::new(
            name,
            "any",
            found,
            State::Comes,
            "rustup component add clippy rustfmt",
        ));
    }
    rows
}

/// The compiler whose lints are errors: any other builds as well.
fn lints(found: Option<String>) -> Row {
    let (major, minor) = checks::LINTED_WITH;
    let wanted = format!("{major}.{minor}");
    let same = found.as_deref().and_then(version) == Some(checks::LINTED_WITH);
    Row {
        name: "rustc, for lints",
        wanted,
        found,
        state: if same { State::Good } else { State::Optional },
        todo: "what a newer one adds is printed by `test`, and fails nothing",
    }
}

/// Where Node comes from.
const GET: &str = "https://nodejs.org, or your distribution's nodejs and npm";

fn node(project: &Project) -> Vec<Row> {
    let package = std::fs::read_to_string(project.at("package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap_or_default();
    let ask = |program: &str| process::output(Command::new(program).arg("--version"));
    let mut rows = vec![
        Row::new("node", ">= 20", ask("node"), State::Needed, GET).at_least((20, 0), State::Needed),
        Row::new("npm", ">= 10", ask("npm"), State::Needed, GET).at_least((10, 0), State::Needed),
    ];
    for name in ["node", "wrangler", "vite", "binaryen", "esbuild"] {
        let label = if name == "node" { "node (npm package)" } else { name };
        let pinned = tools::pinned(&package, name);
        let wanted = pinned.unwrap_or_default();
        let manifest = project.at("node_modules").join(name).join("package.json");
        let found = std::fs::read_to_string(manifest).ok().and_then(|text| {
            let value: serde_json::Value = serde_json::from_str(&text).ok()?;
            value.get("version")?.as_str().map(str::to_owned)
        });
        // A version that differs from the pinned one is replaced by the next `npm ci`.
        let found = found.filter(|found| found == wanted);
        rows.push(Row::new(label, wanted, found, State::Comes, "npm ci"));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_too_old_is_as_good_as_none() {
        let row = |found: &str| {
            Row::new("node", ">= 20", Some(found.to_owned()), State::Needed, "get it")
                .at_least((20, 0), State::Needed)
        };
        assert_eq!(row("v20.1.0").state, State::Good);
        assert_eq!(row("v18.19.1").state, State::Needed);
        assert!(row("v18.19.1").line().contains("NEEDED: get it"));
    }
}
