//! `bench page`: what Lighthouse says of every page. Owns: the table, and that accessibility and best
//! practices are whole. Must not know the pages: the script tests/bench/page.ts opens them.
//! Invariant: performance is printed and held to no limit, since it is this machine's.

use super::{Options, table};
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::{browser, clients, process};
use serde_json::Value;
use std::process::Stdio;

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    options.build(project)?;
    let chromium = browser::ensure(project)?;
    let found = clients::npm_packages(project, "tests/bench/lighthouse", "lighthouse-npm")?;
    let lighthouse = found.map_err(|why| {
        Failure::new("Lighthouse from npm", why, "try again with a network; nothing else needs it")
    })?;
    let step = Step::start("every page under Lighthouse");
    let mut node = super::node(project);
    node.arg("tests/bench/page.ts")
        .args(options.quick.then_some("--quick"))
        .env("ROOST_CHROMIUM", chromium)
        .env("ROOST_LIGHTHOUSE", lighthouse)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = node.output().map_err(|error| process::cannot_start("node", &error))?;
    let answer: Value =
        serde_json::from_slice(&output.stdout).explain("reading what tests/bench/page.ts says")?;
    step.done("");
    let results = answer.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
    print!("{}", report(&results));
    let short = short_of(&results);
    if results.is_empty() || !short.is_empty() {
        let what =
            if results.is_empty() { "nothing was measured".to_owned() } else { short.join("; ") };
        return Err(Failure::new(
            "Lighthouse",
            what,
            "accessibility and best practices are 100 on every page: mend what the audits name",
        ));
    }
    Ok(())
}

/// The scores that are below 100 and must not be, with the audits that cost them.
fn short_of(results: &[Value]) -> Vec<String> {
    let held = ["accessibility", "best-practices"];
    let of = |result: &Value| {
        let short = held.iter().any(|name| score(result, name) < 100.0);
        let failed = result.get("failed").and_then(Value::as_array).cloned().unwrap_or_default();
        let failed: Vec<_> = failed.iter().filter_map(Value::as_str).collect();
        short.then(|| format!("{}: {}", name_of(result), failed.join(", ")))
    };
    results.iter().filter_map(of).collect()
}

fn report(results: &[Value]) -> String {
    let head =
        ["", "accessibility", "best practices", "performance", "FCP s", "LCP s", "TBT ms", "CLS"];
    let rows: Vec<_> = results.iter().map(row).collect();
    format!(
        "\n{}\n  Lighthouse's own throttling; the data are the browser tests'.\n",
        table::render(&head, &rows)
    )
}

fn row(result: &Value) -> Vec<String> {
    let number = |name: &str| result.get(name).and_then(Value::as_f64).unwrap_or_default();
    vec![
        name_of(result),
        format!("{:.0}", score(result, "accessibility")),
        format!("{:.0}", score(result, "best-practices")),
        format!("{:.0}", score(result, "performance")),
        format!("{:.1}", number("fcp_ms") / 1_000.0),
        format!("{:.1}", number("lcp_ms") / 1_000.0),
        format!("{:.0}", number("tbt_ms")),
        format!("{:.3}", number("cls")),
    ]
}

fn name_of(result: &Value) -> String {
    let word = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}, {}", word("page"), word("screen"))
}

/// A score of 100.
fn score(result: &Value, name: &str) -> f64 {
    result.get(name).and_then(Value::as_f64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(accessibility: u32) -> Value {
        serde_json::json!({
            "page": "Overview", "screen": "phone", "accessibility": accessibility,
            "best-practices": 100, "performance": 64, "fcp_ms": 1_712.0, "lcp_ms": 5_500, "tbt_ms": 600.4,
            "cls": 0.006, "failed": ["target-size"],
        })
    }

    #[test]
    fn a_result_is_a_row() {
        let text = report(&[result(100)]);
        let row = text.lines().find(|line| line.contains("phone")).unwrap();
        let cells: Vec<_> = row.split_whitespace().skip(2).collect();
        assert_eq!(cells, ["100", "100", "64", "1.7", "5.5", "600", "0.006"]);
    }

    #[test]
    fn what_is_short_is_named_with_its_audits() {
        assert_eq!(short_of(&[result(100)]), [""; 0]);
        assert_eq!(short_of(&[result(100), result(96)]), ["Overview, phone: target-size"]);
    }
}
