//! Cells, columns, and what no spreadsheet may run.

use super::*;
use crate::api::{
    Confidence, Departure, EventKind, How, Interval, LossState, Person, Reason, Totals, Verified,
};
use crate::time::UnixMs;
use proptest::prelude::*;

fn table() -> Table {
    Table { account: UserId(1), zone: "UTC".into(), excel: false }
}

fn person(name: &str) -> Person {
    Person { id: UserId(12), username: "ada".into(), name: name.into(), avatar: None }
}

fn follower(name: &str) -> Follower {
    Follower {
        user: person(name),
        followers: Some(42),
        verified: Some(Verified::Blue),
        protected: false,
        description: Some("one, \"two\"\nthree".into()),
        joined: Some(UnixMs(0)),
        since: None,
        last_change: None,
        posts: None,
        left: None,
        following: true,
        mutual: None,
        muted: false,
        note: None,
    }
}

#[track_caller]
fn check_name(name: &str, field: &str) {
    let line = table().follower(&follower(name));
    let expected = format!(
        "\"1\",\"12\",ada,{field},42,blue,false,1970-01-01T00:00:00Z,true,,,,false,,\
         \"one, \"\"two\"\"\nthree\",UTC,,,,,\r\n"
    );
    assert_eq!(line, expected, "{name:?}");
}

#[test]
fn fields_are_quoted_where_they_must_be() {
    check_name("Ada", "Ada");
    check_name("", "");
    check_name("Ada, \"A\"", "\"Ada, \"\"A\"\"\"");
    check_name("Ada\r\nB", "\"Ada\r\nB\"");
    check_name(" Ada", "\" Ada\"");
    check_name("Ada;B", "\"Ada;B\"");
}

#[track_caller]
fn check_guard(text: &str, expected: &str) {
    assert_eq!(guarded(text), expected, "{text:?}");
}

#[test]
fn formulas_are_disarmed() {
    for sign in
        "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}\u{fe66}\u{fe62}\u{fe63}\u{fe6b}\u{2212}".chars()
    {
        check_guard(&format!("{sign}1+1"), &format!("'{sign}1+1"));
    }
}

#[test]
fn formulas_are_disarmed_behind_what_is_not_seen() {
    for before in [
        " ",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\u{feff}",
        "\u{202e}",
        "\u{ad}",
        "\u{2060}",
        "\u{1}",
        "\u{7f}",
        "\"",
        " \u{200b}\" ",
        "\u{e0001}",
        "\u{fe0f}",
    ] {
        check_guard(&format!("{before}=1"), &format!("'{before}=1"));
        check_guard(&format!("a\n{before}=1"), &format!("a\n'{before}=1"));
    }
}

#[test]
fn formulas_are_disarmed_wherever_a_reader_may_begin_a_cell() {
    check_guard("x;=1+1;y", "x;'=1+1;y");
    check_guard("x; \u{200b}+1", "x;' \u{200b}+1");
    check_guard("x\t@SUM(A1)", "x\t'@SUM(A1)");
    check_guard("x\n=1\r\n-2\u{2028}@a", "x\n'=1\r\n'-2\u{2028}'@a");
    check_guard("\t=1", "'\t'=1");
    check_guard("\r=1", "'\r'=1");
    check_guard("\n=1", "'\n'=1");
    check_guard("\nAda", "'\nAda");
}

#[test]
fn what_is_no_formula_stays() {
    for text in
        ["", "a=b", "e-mail me @ home", "1+1", "😀 -", "a;b", "it's", "über", " Ada", "x\n y"]
    {
        check_guard(text, text);
    }
}

#[test]
fn nul_is_left_out_and_hides_nothing() {
    check_guard("\0=1", "'=1");
    check_guard("a\0b\0", "ab");
}

proptest! {
    /// Whatever is written, and wherever it is cut: behind what passes, no cell begins with a sign.
    #[test]
    fn no_cell_begins_as_a_formula(text in "[a=+@ ;\"'\t\r\n\0\u{200b}\u{ff1d}\u{2028}-]{0,24}") {
        let guarded = guarded(&text);
        for cell in guarded.split(cuts) {
            let seen = cell.chars().find(|&c| !passes(c));
            prop_assert!(!seen.is_some_and(signs), "{:?} of {:?}", cell, guarded);
        }
        prop_assert!(!guarded.starts_with(['\t', '\r', '\n']));
        prop_assert!(!guarded.contains('\0'));
        let plain = |text: &str| text.replace(['\'', '\0'], "");
        prop_assert_eq!(plain(&guarded), plain(&text), "nothing else is changed");
    }
}

fn fields(line: &str) -> usize {
    line.trim_end().split(',').count()
}

#[test]
fn every_row_has_the_headers_fields() {
    let table = table();
    let row = Follower { description: None, ..follower("Ada") };
    assert_eq!(fields(&table.follower(&row)), fields(&table.followers_head()));
    assert_eq!(fields(&table.event(&event())), fields(&table.events_head()));
    let series = series();
    assert_eq!(fields(&table.point(&series, &series.points[0])), fields(&table.series_head()));
}

#[test]
fn who_left_has_a_reason_and_a_time() {
    let left = Departure {
        at: UnixMs(86_400_000),
        not_before: Some(UnixMs(0)),
        state: Some(LossState::Confirmed),
        reason: Reason::Suspended,
        confidence: Confidence::Certain,
    };
    let row = table().follower(&Follower { left: Some(left), ..follower("Ada") });
    let end = "1970-01-02T00:00:00Z,1970-01-01T00:00:00Z,confirmed,suspended,certain\r\n";
    assert!(row.ends_with(end), "{row}");
}

#[test]
fn excel_gets_a_byte_order_mark_and_ids_that_stay_text() {
    let excel = Table { excel: true, ..table() };
    for head in
        [excel.followers_head(), excel.events_head(), excel.tweets_head(), excel.series_head()]
    {
        assert!(head.starts_with(BOM) && head.matches(BOM).count() == 1, "{head}");
    }
    assert!(!table().followers_head().contains(BOM));
    let row = excel.follower(&follower("Ada"));
    assert!(row.starts_with("\"=\"\"1\"\"\",\"=\"\"12\"\"\",ada,"), "{row}");
}

fn series() -> Series {
    let point = Point {
        at: UnixMs(0),
        followers: Some(10),
        gained: Some(1),
        lost: Some(4),
        gone: Some(0),
        net: Some(-3),
        x_count: None,
        unexplained: None,
        covered: 0.5,
        partial: true,
    };
    Series {
        tz: "Europe/Berlin".into(),
        interval: Interval::Day,
        points: vec![point],
        compare: None,
        totals: Totals { gained: 1, lost: 4, net: -3, ..Totals::default() },
        compare_totals: None,
        compare_to: None,
        comparable: false,
        reasons: vec![],
        before_watch: 0,
        retracted: 0,
        suspected: 0,
    }
}

#[test]
fn a_point_is_one_row_and_its_numbers_stay_numbers() {
    let series = series();
    assert_eq!(
        table().point(&series, &series.points[0]),
        "\"1\",1970-01-01T00:00:00Z,day,10,1,4,0,-3,,,0.5,true,Europe/Berlin\r\n"
    );
}

fn event() -> FollowerEvent {
    FollowerEvent {
        id: "2026-11-21T08:00:00Z:lost:12".into(),
        kind: EventKind::Lost,
        user: person("Ada"),
        at: UnixMs(1_795_248_000_000),
        not_before: None,
        snapshot: "FOLLOWERS_2026-11-21T08:00:00Z.json.gz".into(),
        state: Some(LossState::Confirmed),
        reason: Some(Reason::Gone),
        confidence: Some(Confidence::Certain),
        how: How::Lookup,
        settles: None,
        note: None,
        looks: Vec::new(),
        next_look: None,
        from: None,
        to: None,
        muted: true,
        followers: None,
    }
}

#[test]
fn an_event_is_one_row() {
    assert_eq!(
        table().event(&event()),
        "2026-11-21T08:00:00Z:lost:12,lost,\"12\",ada,Ada,2026-11-21T08:00:00Z,,\
         FOLLOWERS_2026-11-21T08:00:00Z.json.gz,confirmed,gone,certain,lookup,,,true,,\"1\",UTC\r\n"
    );
}

#[test]
fn a_tweet_is_a_row_with_a_column_for_every_known_metric() {
    let tweet = crate::api::TweetItem {
        id: crate::id::TweetId(7),
        text: Some("=1+1, \"said\"\nand more".to_owned()),
        created_at: Some(UnixMs(0)),
        kind: crate::api::TweetKind::Reply,
        lang: Some("en".to_owned()),
        promoted: true,
        deleted_at: None,
        read_at: Some(UnixMs(1_000)),
        private_until: Some(UnixMs(2_000)),
        metrics: [("public.like_count".to_owned(), 3), ("public.new_count".to_owned(), 4)].into(),
        growth: std::collections::BTreeMap::new(),
        sparkline_metric: "public.impression_count".to_owned(),
        sparkline: vec![],
        followers_after: None,
    };
    let row = Table { account: UserId(12), ..table() }.tweet(&tweet);
    let begin = "\"12\",\"7\",1970-01-01T00:00:00Z,reply,en,true,,1970-01-01T00:00:01Z,,3,";
    assert!(row.starts_with(begin), "{row}");
    assert!(row.ends_with(",\"'=1+1, \"\"said\"\"\nand more\",1970-01-01T00:00:02Z\r\n"), "{row}");
    let columns = table().tweets_head().split(',').count();
    assert_eq!(columns, 8 + 22 + 2);
    assert_eq!(row.split("\"'=").next().unwrap().split(',').count(), columns - 1);
}
