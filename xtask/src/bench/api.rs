//! `bench api`: how long the worker takes for its heaviest answers about tweets. Owns: the table.
//! Must not know the data: the script tests/bench/api.ts imports it and asks. Invariant: what is
//! measured went through HTTP, from the request to the last byte of the answer.

use super::{Options, table};
use crate::failure::{Explain, Outcome};
use crate::process;
use crate::project::Project;
use crate::stack;
use crate::steps::Step;
use serde_json::Value;
use std::process::Stdio;

/// What the series of a year may take, in milliseconds at p50.
const AIM_MS: f64 = 30.0;

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    options.build(project)?;
    let step = Step::start("a year of hourly readings, 10,000 tweets, and asking for them");
    let mut arguments = vec!["tests/bench/api.ts"];
    if options.quick {
        arguments.extend(["--hours", "720", "--tweets", "2000", "--rounds", "20"]);
    }
    let answer = script(project, &arguments)?;
    step.done("");
    print!("{}", report(&answer));
    Ok(())
}

/// Runs a script that prints one line of JSON, beside the simulator.
pub(super) fn script(project: &Project, arguments: &[&str]) -> Outcome<Value> {
    let xsim = stack::build_fast_xsim(project)?;
    let mut node = super::node(project);
    node.args(arguments).env("ROOST_XSIM", xsim).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = node.output().map_err(|error| process::cannot_start("node", &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).explain(format!("reading what {} says", arguments.join(" ")))
}

fn report(answer: &Value) -> String {
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice);
    let results = results.unwrap_or_default();
    let rows: Vec<_> = results.iter().map(row).collect();
    let p50 = results.first().map_or(0.0, |result| number(result, "p50"));
    let kept = if p50 < AIM_MS { "is under" } else { "is NOT under" };
    format!(
        "\nanswers about tweets, workerd, one after the other\n\n{}\n  The year's series {kept} \
         the {AIM_MS} ms aimed at (p50).\n",
        table::render(&["", "p50 ms", "p99 ms", "kB"], &rows)
    )
}

fn number(result: &Value, name: &str) -> f64 {
    result.get(name).and_then(Value::as_f64).unwrap_or_default()
}

fn row(result: &Value) -> Vec<String> {
    vec![
        result.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        format!("{:.1}", number(result, "p50")),
        format!("{:.1}", number(result, "p99")),
        format!("{:.0}", number(result, "bytes") / 1_000.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_row_and_the_first_is_held_to_the_aim() {
        let answer = |p50: f64| {
            serde_json::json!({"results": [
                {"name": "series", "p50": p50, "p99": 12.345, "bytes": 420_000}]})
        };
        let text = report(&answer(9.87));
        let row = text.lines().find(|line| line.contains("series  ")).unwrap();
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["series", "9.9", "12.3", "420"]);
        assert!(text.contains("is under"));
        assert!(report(&answer(31.0)).contains("is NOT under"));
    }
}
