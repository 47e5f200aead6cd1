//! `bench scroll`: long tasks while 10,000 tweets are scrolled through. Owns: the table. Must not
//! know the page: the script tests/bench/scroll.ts opens it. Invariant: figures are printed, none
//! is held to a limit.

use super::{Options, table};
use crate::failure::{Explain, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::{browser, process};
use serde_json::Value;
use shared::figures::thousands;
use std::process::Stdio;

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    options.build(project)?;
    let chromium = browser::ensure(project)?;
    let step = Step::start("10,000 tweets in headless Chromium");
    let mut node = super::node(project);
    node.arg("tests/bench/scroll.ts")
        .env("ROOST_CHROMIUM", chromium)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = node.output().map_err(|error| process::cannot_start("node", &error))?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .explain("reading what tests/bench/scroll.ts says")?;
    step.done("");
    print!("{}", report(&answer));
    Ok(())
}

fn report(answer: &Value) -> String {
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice);
    let rows: Vec<_> = results.unwrap_or_default().iter().map(row).collect();
    let head = ["", "rows", "median ms", "p99 ms", "worst ms", "long tasks", "longest ms"];
    format!(
        "\nframes while 10,000 tweets are scrolled through\n\n{}\n  wheel 240 px a frame (the first \
         120,000 px), flick 2,400, drag 24,000; a long task takes over 50 ms.\n",
        table::render(&head, &rows)
    )
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows, above nothing"
)]
fn row(result: &Value) -> Vec<String> {
    let number = |name: &str| result.get(name).and_then(Value::as_f64).unwrap_or_default();
    let word = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
    let loaded = number("rows");
    vec![
        format!("{}, {}", word("screen"), word("pace")),
        if loaded < 0.0 { "-".to_owned() } else { thousands(loaded as u64) },
        format!("{:.0}", number("median_ms")),
        format!("{:.0}", number("p99_ms")),
        format!("{:.0}", number("worst_ms")),
        format!("{:.0}", number("long_tasks")),
        format!("{:.0}", number("longest_ms")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_row() {
        let answer = serde_json::json!({"results": [{
            "screen": "phone", "pace": "flick", "rows": 10_000, "median_ms": 16.67, "p99_ms": 20.2,
            "worst_ms": 50, "long_tasks": 2, "longest_ms": 61.5,
        }]});
        let text = report(&answer);
        let row = text.lines().find(|line| line.contains("phone")).unwrap();
        let cells: Vec<_> = row.split_whitespace().skip(2).collect();
        assert_eq!(cells, ["10,000", "17", "20", "50", "2", "62"]);
    }
}
