//! `bench tweets`: how small series are, and what a month of tweets costs. Owns: both tables. Must
//! not know: the byte format, or prices: the sizes are `shared`'s own measurement, the bills are
//! the simulator's. Invariant: one world, read in two ways.

use super::{Options, api, table};
use crate::failure::Outcome;
use crate::project::Project;
use crate::steps::Step;
use serde_json::Value;
use shared::figures::thousands;
use shared::metrics::size;

/// Tweets whose series are measured.
const TWEETS: u32 = 1_000;

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    let step = Step::start("1,000 tweets watched hourly for 30 days, packed");
    let sizes = size::report(if options.quick { TWEETS / 10 } else { TWEETS });
    step.done("");
    print!("\n{sizes}");
    options.build(project)?;
    let step = Step::start("a month of an account with 3 tweets a day, read twice");
    let days = if options.quick { "5" } else { "30" };
    let answer = api::script(project, &["tests/bench/tweets.ts", "--days", days])?;
    step.done("");
    print!("{}", report(&answer, days));
    Ok(())
}

fn report(answer: &Value, days: &str) -> String {
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice);
    let rows: Vec<_> = results.unwrap_or_default().iter().map(row).collect();
    format!(
        "\n{days} days of an account with 3 tweets a day, as X bills them\n\n{}\n  \"owned\" is the \
         price of one's own listing, $0.001 a tweet and UTC day, at which Roost reads; \"listed\" \
         that of anyone's, $0.005.\n",
        table::render(&["", "tweets", "read", "billed", "$ owned", "$ listed"], &rows)
    )
}

fn row(result: &Value) -> Vec<String> {
    let count = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or_default();
    let dollars =
        |thousandths: u64| format!("{}.{:02}", thousandths / 1_000, thousandths % 1_000 / 10);
    vec![
        result.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        thousands(count("tweets")),
        thousands(count("read")),
        thousands(count("billed")),
        dollars(count("billed")),
        dollars(count("billed").saturating_mul(5)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_a_row_at_both_prices() {
        let answer = serde_json::json!({"results": [
            {"name": "Roost", "tweets": 385, "read": 9000, "billed": 4056, "usd": 4.056}]});
        let text = report(&answer, "30");
        let row = text.lines().find(|line| line.contains("Roost  ")).unwrap();
        let cells: Vec<_> = row.split_whitespace().collect();
        assert_eq!(cells, ["Roost", "385", "9,000", "4,056", "4.05", "20.28"]);
    }
}
