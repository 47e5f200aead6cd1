//! A tweet's curve as a file. Owns: its text. Invariant: times are UTC, what was not observed is
//! empty and not zero, and no cell begins a formula.

use super::curve::readings;
use shared::api::TweetSeries;
use shared::time::{HOUR_MS, UnixMs};
use std::fmt::Write as _;

/// One line for each point in which anything was observed.
pub(crate) fn csv(series: &TweetSeries, created: Option<UnixMs>) -> String {
    let mut text = String::from("at,age_hours");
    for metric in &series.metrics {
        text.push(',');
        text.push_str(metric);
    }
    text.push_str(",fell\r\n");
    for point in readings(series) {
        text.push_str(&point.at.rfc3339());
        text.push(',');
        if let Some(created) = created {
            let _ = write!(text, "{}", point.at.since(created).max(0) / HOUR_MS);
        }
        for value in &point.values {
            text.push(',');
            if let Some(value) = value {
                let _ = write!(text, "{value}");
            }
        }
        let fell: Vec<_> = point
            .fell
            .iter()
            .filter_map(|&at| series.metrics.get(at))
            .map(String::as_str)
            .collect();
        let _ = write!(text, ",{}\r\n", fell.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::{Interval, TweetPoint};

    #[test]
    fn what_was_not_observed_is_empty() {
        let point = |hour: i64, values: [Option<u64>; 2], fell: Vec<usize>| TweetPoint {
            at: UnixMs(hour * HOUR_MS),
            values: values.to_vec(),
            fell,
            partial: false,
        };
        let series = TweetSeries {
            tz: "UTC".to_owned(),
            interval: Interval::Hour,
            metrics: vec!["public.like_count".to_owned(), "organic.like_count".to_owned()],
            points: vec![
                point(1, [Some(5), None], vec![]),
                point(2, [None, None], vec![]),
                point(3, [Some(0), Some(4)], vec![0]),
            ],
            median: None,
        };
        assert_eq!(
            csv(&series, Some(UnixMs(HOUR_MS))),
            "at,age_hours,public.like_count,organic.like_count,fell\r\n\
             1970-01-01T01:00:00Z,0,5,,\r\n\
             1970-01-01T03:00:00Z,2,0,4,public.like_count\r\n"
        );
    }
}
