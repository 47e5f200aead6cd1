//! `bench map`: frames a second of the Live page. Owns: the table. Must not know the page: the
//! script tests/bench/map.ts opens it. Invariant: what is drawn with is said, because a machine
//! without a graphics card draws on its CPU.

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
    let step = Step::start("the Live page in headless Chromium");
    let mut node = super::node(project);
    node.args(["tests/bench/map.ts", "--seconds"])
        .arg(if options.quick { "3" } else { "8" })
        .env("ROOST_CHROMIUM", chromium)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = node.output().map_err(|error| process::cannot_start("node", &error))?;
    let answer: Value =
        serde_json::from_slice(&output.stdout).explain("reading what tests/bench/map.ts says")?;
    step.done("");
    print!("{}", report(&answer));
    Ok(())
}

fn report(answer: &Value) -> String {
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice);
    let rows: Vec<_> = results.unwrap_or_default().iter().map(row).collect();
    let head = [
        "",
        "alive",
        "fps median",
        "fps worst",
        "p99 ms",
        "blips/s",
        "ground/s",
        "busy %",
        "long tasks",
        "longest ms",
    ];
    format!(
        "\nframes of the Live page, 1440 x 900, WebGL2 by SwiftShader (on the CPU)\n\n{}\n  \
         alive is what was sent in the 10 s that a blip lives; fps are the page's frames, worst \
         that of the longest;\n  blips/s and ground/s say how often those canvases were drawn: \
         at rest blips at most 30 times, the ground never.\n  busy % is the main thread's; a \
         long task takes over 50 ms. 250 tweets a second go to the feed meanwhile.\n",
        table::render(&head, &rows)
    )
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of blips, above nothing"
)]
fn row(result: &Value) -> Vec<String> {
    let number = |name: &str| result.get(name).and_then(Value::as_f64).unwrap_or_default();
    let camera = match result.get("moving").and_then(Value::as_bool) {
        Some(true) => "moving",
        _ => "idle",
    };
    let fps = |name: &str| format!("{:.0}", 1_000.0 / number(name).max(0.001));
    vec![
        format!("{} blips/s, {camera} camera", thousands(number("blips_s") as u64)),
        thousands(number("alive") as u64),
        fps("median_ms"),
        fps("worst_ms"),
        format!("{:.0}", number("p99_ms")),
        format!("{:.0}", number("drawn_s")),
        format!("{:.0}", number("ground_s")),
        format!("{:.0}", number("busy") * 100.0),
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
            "blips_s": 1000, "alive": 10000, "moving": true, "median_ms": 16.67, "p99_ms": 20.2,
            "worst_ms": 50, "drawn_s": 29.6, "ground_s": 12, "busy": 0.314, "long_tasks": 2, "longest_ms": 61.5,
        }]});
        let text = report(&answer);
        let row = text.lines().find(|line| line.contains("moving")).unwrap();
        let cells: Vec<_> = row.split_whitespace().skip(4).collect();
        assert_eq!(cells, ["10,000", "60", "20", "20", "30", "12", "31", "2", "62"]);
    }
}
