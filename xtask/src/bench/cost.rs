//! `bench cost`: a month of 10,000 followers watched in three ways. Owns: the table. Must not know:
//! prices, or the truth: bills are the simulator's, and the script holds the events to its truth.
//! Invariant: one world, three times, from the same seed.

use super::{Options, api, table};
use crate::failure::Outcome;
use crate::project::Project;
use crate::steps::Step;
use serde_json::Value;
use shared::figures::thousands;

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    options.build(project)?;
    let days = if options.quick { "3" } else { "30" };
    let followers = if options.quick { "2000" } else { "10000" };
    let step = Step::start(format!("{days} days of {followers} followers, watched in three ways"));
    let mut words = vec!["tests/bench/cost.ts", "--days", days, "--followers", followers];
    let only = options.only.as_ref().map(|names| names.join(","));
    if let Some(only) = &only {
        words.extend(["--only", only]);
    }
    let answer = api::script(project, &words)?;
    step.done("");
    print!("{}", report(&answer, days, followers));
    Ok(())
}

fn report(answer: &Value, days: &str, followers: &str) -> String {
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice);
    let results = results.unwrap_or_default();
    let rows: Vec<_> = results.iter().map(row).collect();
    let heads =
        ["", "$", "lost", "told", "false", "missed", "reasons right", "retracted", "the seed's"];
    let delays: Vec<_> = results.iter().flat_map(delays).collect();
    format!(
        "\n{days} days of {followers} followers, 60 gained and 40 lost a day, as X bills them\n\n{}\n  \
         \"the seed's\": losses that plain differences of the same lists would have called so.\n\n\
         from a loss to its event (by the simulator's clock, which a run moves an hour at a time; what \
         X pushes comes at the end of that hour, so that it is timed once more, by the wall clock)\n\n{}",
        table::render(&heads, &rows),
        table::render(&["", "kind", "losses", "p50", "p99"], &delays),
    )
}

fn row(result: &Value) -> Vec<String> {
    let count = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or_default();
    let usd = result.get("usd").and_then(Value::as_f64).unwrap_or_default();
    let (right, known) = (count("reasons_right"), count("reasons_known"));
    let share = (right * 1_000).checked_div(known).unwrap_or(1_000);
    vec![
        name(result),
        format!("{usd:.2}"),
        thousands(count("lost")),
        thousands(count("reported")),
        thousands(count("false_losses")),
        thousands(count("missed")),
        format!("{}.{} %", share / 10, share % 10),
        thousands(count("retracted")),
        thousands(count("seed_lost")),
    ]
}

fn name(result: &Value) -> String {
    result.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A row for each kind of loss, and one for what was pushed, in real time.
fn delays(result: &Value) -> Vec<Vec<String>> {
    let kinds = result.get("delays").and_then(Value::as_object);
    let kinds = kinds.into_iter().flatten().map(|(kind, spread)| (kind.as_str(), spread));
    let pushed = result.get("pushed").filter(|pushed| pushed.is_object());
    let pushed = pushed.map(|spread| ("pushed, by the wall clock", spread));
    kinds
        .chain(pushed)
        .map(|(kind, spread)| {
            let ms = |name: &str| spread.get(name).and_then(Value::as_f64);
            let count = spread.get("count").and_then(Value::as_u64).unwrap_or_default();
            vec![
                name(result),
                kind.to_owned(),
                thousands(count),
                duration(ms("p50_ms")),
                duration(ms("p99_ms")),
            ]
        })
        .collect()
}

fn duration(ms: Option<f64>) -> String {
    match ms {
        None => "-".to_owned(),
        Some(ms) if ms < 10_000.0 => format!("{ms:.0} ms"),
        Some(ms) if ms < 7_200_000.0 => format!("{:.0} min", ms / 60_000.0),
        Some(ms) => format!("{:.1} h", ms / 3_600_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_a_row_with_its_delays() {
        let answer = serde_json::json!({"results": [{
            "name": "push", "usd": 71.5, "lost": 1200, "reported": 1190, "false_losses": 0,
            "missed": 0, "reasons_known": 1190, "reasons_right": 1185, "retracted": 30,
            "seed_lost": 1300, "delays": {"suspended": {"count": 100, "p50_ms": 3_600_000.0,
            "p99_ms": 36_000_000.0}}, "pushed": {"count": 50, "p50_ms": 1400.2, "p99_ms": 2100.0}}]});
        let text = report(&answer, "30", "10000");
        let cells = |start: &str| -> Vec<String> {
            let row = text.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
            row.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(
            cells("push  "),
            ["push", "71.50", "1,200", "1,190", "0", "0", "99.5", "%", "30", "1,300"]
        );
        assert!(text.contains("suspended"), "{text}");
        assert!(text.contains("60 min") && text.contains("10.0 h"), "{text}");
        assert!(text.contains("1400 ms"), "{text}");
    }
}
