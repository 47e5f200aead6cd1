//! The rows of the table as final texts. Owns: what stands in each cell, the sparkline's path.
//! Must not know: markup; `js/rows.js` draws them. Invariant: a row is a function of the tweet,
//! the columns and the minute: equal ones are equal texts, so that nothing is drawn twice.

use super::choice::Key;
use crate::calendar::{Zone, clock_text};
use crate::numbers;
use crate::words::{tweets as words, when};
use serde::Serialize;
use shared::api::{Beside, FollowersAfter, TweetItem, TweetKind};
use shared::time::UnixMs;
use std::fmt::Write as _;

/// The sparkline's box.
const SPARK: (f64, f64) = (96.0, 26.0);

/// One cell: a number or word, what stands under it, and all of it in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Cell {
    pub(crate) class: &'static str,
    /// For cards, where no head stands above.
    pub(crate) label: String,
    pub(crate) top: String,
    pub(crate) bottom: String,
    pub(crate) title: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) href: String,
    pub(crate) text: String,
    pub(crate) lang: String,
    /// The text is not the tweet's own.
    pub(crate) stand_in: bool,
    /// Class and word of what sets it apart.
    pub(crate) chips: Vec<(&'static str, String)>,
    pub(crate) cells: Vec<Cell>,
    /// Path of the sparkline, and what it is of.
    pub(crate) spark: String,
    pub(crate) spark_title: String,
}

/// What a head sorts by: the column's number, and the one under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) class: &'static str,
    pub(crate) label: String,
    /// Whom it counts, where that is not everyone.
    pub(crate) family: Option<&'static str>,
    pub(crate) title: String,
    pub(crate) key: Option<Key>,
    pub(crate) under: Option<Key>,
}

/// The heads, in order; the cells of [`row`] stand under all but the first.
pub(crate) fn heads(columns: &[String]) -> Vec<Head> {
    let plain = |class, label: &str, key| Head {
        class,
        label: label.to_owned(),
        family: None,
        title: String::new(),
        key,
        under: None,
    };
    let of_metric = |name: &String| {
        let family = crate::tweets::metric::split(name).0;
        let (group, meaning) = words::family(family);
        Head {
            class: "metric",
            label: words::metric(name),
            family: (family != "public").then_some(group),
            title: format!("{group}: {meaning}"),
            key: Some(Key::Metric(name.clone())),
            under: Some(Key::Growth(name.clone())),
        }
    };
    let mut heads = vec![plain("text", "Tweet", None), plain("age", "Written", Some(Key::Created))];
    heads.extend(columns.iter().map(of_metric));
    let mut after = plain("after", "Came after", Some(Key::After));
    "New followers in the 24 hours after it, beside what is usual then"
        .clone_into(&mut after.title);
    heads.push(after);
    heads.push(plain("spark", "In the period", None));
    heads
}

/// What a row is made with.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) columns: &'a [String],
    pub(crate) now: UnixMs,
    pub(crate) zone: &'a dyn Zone,
    pub(crate) zone_name: &'a str,
}

/// Makes a row; `href` leads to the tweet.
pub(crate) fn row(item: &TweetItem, href: String, basis: &Basis) -> Row {
    let own = item.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = own.unwrap_or_else(|| words::no_text(item));
    let mut cells = vec![written(item, basis)];
    cells.extend(basis.columns.iter().map(|name| metric(item, name)));
    cells.push(after(item.followers_after.as_ref()));
    Row {
        href,
        // One line break is enough in two lines.
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        lang: item.lang.clone().filter(|lang| lang != "und").unwrap_or_default(),
        stand_in: own.is_none(),
        chips: chips(item),
        cells,
        spark: spark(&cumulative(since_written(&item.sparkline)), SPARK),
        spark_title: format!(
            "{} in the period, since written",
            words::full(&item.sparkline_metric)
        ),
    }
}

fn chips(item: &TweetItem) -> Vec<(&'static str, String)> {
    let mut chips = Vec::new();
    if item.deleted_at.is_some() {
        chips.push(("deleted", "Deleted".to_owned()));
    }
    if item.kind != TweetKind::Tweet {
        chips.push(("about", words::kind(item.kind).0.to_owned()));
    }
    if item.promoted {
        chips.push(("promoted", "Promoted".to_owned()));
    }
    chips
}

fn written(item: &TweetItem, basis: &Basis) -> Cell {
    let Some(at) = item.created_at else {
        return Cell { class: "age", top: "–".to_owned(), ..Cell::default() };
    };
    Cell {
        class: "age",
        label: String::new(),
        top: when::ago(at, basis.now, basis.zone),
        bottom: clock_text(at, basis.zone),
        title: when::exact(at, basis.zone, basis.zone_name),
    }
}

fn metric(item: &TweetItem, name: &str) -> Cell {
    let label = words::metric(name);
    let Some(&value) = item.metrics.get(name) else {
        let title = format!("{}: not told by X", words::full(name));
        return Cell {
            class: "metric", label, top: "–".to_owned(), bottom: String::new(), title
        };
    };
    let growth = item.growth.get(name).copied();
    let told = growth.map_or_else(
        || "growth in the period not observed".to_owned(),
        |growth| format!("{} in the period", numbers::signed(growth)),
    );
    Cell {
        class: "metric",
        label,
        top: numbers::compact(value),
        bottom: growth.map(numbers::compact_signed).unwrap_or_default(),
        title: format!("{}: {}; {told}", words::full(name), numbers::count(value)),
    }
}

fn after(after: Option<&FollowersAfter>) -> Cell {
    let label = "came after".to_owned();
    let Some(after) = after else {
        let title = "Followers in the 24 hours after it: not observed".to_owned();
        return Cell { class: "after", label, top: "–".to_owned(), bottom: String::new(), title };
    };
    let class = match (after.usual.is_some(), after.beside) {
        (true, Beside::More) => "after more",
        (true, Beside::Fewer) => "after fewer",
        _ => "after",
    };
    let range = words::range(after.came_range.low, after.came_range.high);
    let came = numbers::count(after.came);
    let top = if range == came { came } else { format!("{came} ({range})") };
    let bottom =
        if after.complete { words::beside_short(after) } else { "so far observed".to_owned() };
    Cell { class, label, top, bottom, title: words::after(after) }
}

/// A young tweet's whole life is as wide as an old one's part: how it grew is what is compared.
fn since_written(values: &[Option<i64>]) -> &[Option<i64>] {
    let first = values.iter().position(Option::is_some).unwrap_or(0);
    values.get(first..).unwrap_or_default()
}

/// What the parts add up to from nothing, each time one was read: growth counts from the reading
/// before, however many parts lie between.
fn cumulative(parts: &[Option<i64>]) -> Vec<Option<i64>> {
    let mut sum = 0_i64;
    let add = |part: &Option<i64>| {
        part.map(|by| {
            sum = sum.saturating_add(by);
            sum
        })
    };
    std::iter::once(Some(0)).chain(parts.iter().map(add)).collect()
}

/// The path of a sparkline in a box: a counter's line from reading to reading. A reading alone
/// is a dash that can be seen.
fn spark(values: &[Option<i64>], (width, height): (f64, f64)) -> String {
    let known = || values.iter().flatten().copied();
    let (Some(low), Some(high)) = (known().min(), known().max()) else { return String::new() };
    let (low, high) = (low.min(0), high.max(1));
    let step = width / numbers::float(i64::try_from(values.len().max(2) - 1).unwrap_or(1));
    let spread = numbers::float(high - low);
    let mut path = String::new();
    let mut x = 0.0;
    for value in values {
        if let Some(value) = value {
            let y = height - numbers::float(value - low) / spread * height;
            let pen = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{pen}{x:.1} {y:.1}");
        }
        x += step;
    }
    if known().count() == 1 {
        path.push_str(if values.last().copied().flatten().is_none() { "h4" } else { "h-4" });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::tweets::tests::{item, now};

    fn made(change: impl Fn(&mut TweetItem)) -> Row {
        let mut item = item();
        change(&mut item);
        let columns = ["public.impression_count", "organic.like_count"].map(str::to_owned);
        let basis = Basis { columns: &columns, now: now(), zone: &Fixed(0), zone_name: "UTC" };
        row(&item, "/tweets/7".to_owned(), &basis)
    }

    #[track_caller]
    fn check(row: &Row, column: usize, top: &str, bottom: &str) {
        let cell = &row.cells[column];
        assert_eq!((cell.top.as_str(), cell.bottom.as_str()), (top, bottom), "{cell:?}");
    }

    #[test]
    fn numbers_stand_over_their_growth() {
        let row = made(|_| {});
        check(&row, 0, "22 h ago", "12:00");
        check(&row, 1, "12.4K", "+1.2K");
        check(&row, 2, "–", "");
        check(&row, 3, "12 (8–15)", "usually 3–7");
        assert_eq!(row.cells[3].class, "after more");
    }

    #[test]
    fn what_was_not_observed_is_not_zero() {
        let row = made(|item| {
            item.growth.clear();
            item.followers_after = None;
        });
        check(&row, 1, "12.4K", "");
        assert!(row.cells[1].title.contains("not observed"));
        check(&row, 3, "–", "");
    }

    #[test]
    fn a_deleted_tweet_says_so() {
        let row = made(|item| {
            item.deleted_at = Some(now());
            item.text = None;
        });
        assert!(row.stand_in);
        assert_eq!(row.chips.first().map(|(class, _)| *class), Some("deleted"));
    }

    #[test]
    fn every_cell_has_its_head() {
        let columns = ["public.like_count".to_owned()];
        let heads = heads(&columns);
        let basis = Basis { columns: &columns, now: now(), zone: &Fixed(0), zone_name: "UTC" };
        let row = row(&item(), String::new(), &basis);
        let classes: Vec<_> = heads.iter().map(|head| head.class).collect();
        assert_eq!(classes, ["text", "age", "metric", "after", "spark"]);
        for (head, cell) in heads.iter().skip(1).zip(&row.cells) {
            assert!(cell.class.starts_with(head.class));
        }
    }

    #[test]
    fn the_sparkline_is_a_counter_from_reading_to_reading() {
        let draw = |values: &[Option<i64>]| spark(values, (10.0, 10.0));
        assert_eq!(draw(&[Some(0), Some(5), Some(10)]), "M0.0 10.0L5.0 5.0L10.0 0.0");
        assert_eq!(draw(&[Some(0), None, Some(10)]), "M0.0 10.0L10.0 0.0");
        assert_eq!(draw(&[None, Some(4), None]), "M5.0 0.0h4");
        assert_eq!(draw(&[None, Some(4)]), "M10.0 0.0h-4");
        let weekly = [Some(7), None, None, Some(2), Some(-1)];
        assert_eq!(cumulative(&weekly), [Some(0), Some(7), None, None, Some(9), Some(8)]);
        assert_eq!(draw(&[Some(0), Some(0)]), "M0.0 10.0L10.0 10.0", "nothing grew: a flat line");
        assert_eq!(draw(&[Some(-5), Some(5)]), "M0.0 10.0L10.0 0.0");
        assert_eq!(since_written(&[None, Some(1), None]), [Some(1), None]);
        assert_eq!(draw(&[None, None]), "");
        assert_eq!(draw(&[]), "");
    }
}
