//! `GET /2/usage/tweets`: how many posts the app has read.
//!
//! Knows the bill's count of posts, no routes. Invariant: users and followers are not counted, and
//! a post counts as often as it is charged.

use serde_json::{Value, json};

use crate::bill::Bill;
use crate::calendar::{DAY_S, SECOND_MS, days_from_civil, format_ms, month_of};
use crate::params;
use crate::problem::{self, Problem};
use crate::profile::Dialect;

const FIELDS: [&str; 6] = [
    "cap_reset_day",
    "daily_client_app_usage",
    "daily_project_usage",
    "project_cap",
    "project_id",
    "project_usage",
];
/// What is told when no field is asked for.
const PLAIN: [&str; 4] = ["cap_reset_day", "project_cap", "project_id", "project_usage"];
const DAYS: std::ops::RangeInclusive<i64> = 1..=90;
const DAYS_DEFAULT: i64 = 7;

/// The first day of the month of a day, and of the next; both counted since 1970.
pub(crate) fn month(day: i64) -> (i64, i64) {
    let (year, month) = month_of(day);
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    (days_from_civil(year, month, 1), days_from_civil(next.0, next.1, 1))
}

/// The answer.
///
/// # Errors
/// 400 for a parameter.
pub(crate) fn answer(
    bill: &Bill,
    pairs: &[(String, String)],
    dialect: Dialect,
    now_s: i64,
) -> Result<Value, Problem> {
    let (mut days, mut fields) = (DAYS_DEFAULT, PLAIN.to_vec());
    for (name, value) in params::distinct(pairs, &["days", "usage.fields"], &[], dialect)? {
        let refuse = |what: &str| {
            let message = format!("The `{name}` query parameter value [{value}] {what}");
            problem::invalid(dialect, name, value, &message)
        };
        if name == "days" {
            let given = value.parse().ok().filter(|days| DAYS.contains(days));
            days = given.ok_or_else(|| refuse("is not between 1 and 90"))?;
        } else {
            fields = value.split(',').collect();
            if fields.iter().any(|field| !FIELDS.contains(field)) {
                return Err(refuse(&format!("is not one of [{}]", FIELDS.join(","))));
            }
        }
    }
    // One description has numbers, the newer one texts.
    let number = |n: u64| match dialect {
        Dialect::Tweet => json!(n),
        Dialect::Post => json!(n.to_string()),
    };
    let today = now_s.div_euclid(DAY_S);
    let daily = (today - days + 1..=today).map(|day| {
        let date = format_ms(day * DAY_S * SECOND_MS);
        json!({"date": date, "usage": number(bill.posts_on(day))})
    });
    let daily: Vec<Value> = daily.collect();
    let (first, next) = month(today);
    let of = |field: &str| match field {
        "cap_reset_day" => json!(next - today),
        "project_cap" => number(bill.post_cap()),
        "project_id" => json!("1"),
        "project_usage" => number(bill.posts_since(first)),
        "daily_project_usage" => {
            // A number in the older description, though the field beside it is a text in both.
            let id = if dialect == Dialect::Tweet { json!(1) } else { json!("1") };
            json!({"project_id": id, "usage": daily})
        }
        _ => json!([{"client_app_id": "1", "usage_result_count": daily.len(), "usage": daily}]),
    };
    let data = fields.into_iter().map(|field| (field.to_owned(), of(field)));
    Ok(json!({"data": Value::Object(data.collect())}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_the_next_begins() {
        for (date, first, next) in [
            ((2026, 9, 21), (2026, 9, 1), (2026, 10, 1)),
            ((2026, 12, 31), (2026, 12, 1), (2027, 1, 1)),
            ((2028, 2, 29), (2028, 2, 1), (2028, 3, 1)),
        ] {
            let day = |(y, m, d): (i64, i64, i64)| days_from_civil(y, m, d);
            assert_eq!(month(day(date)), (day(first), day(next)), "{date:?}");
        }
    }
}
