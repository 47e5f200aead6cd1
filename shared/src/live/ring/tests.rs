//! The window: rows, replays, purges.

#![allow(clippy::cast_possible_wrap, clippy::format_push_string, reason = "small numbers")]

use super::*;
use crate::api::Subscribe;
use crate::live::samples::tweet;
use proptest::prelude::*;
use serde_json::Value;

fn all() -> View {
    View::new(&Subscribe::default(), true).unwrap()
}

fn blips() -> View {
    View::new(&Subscribe { kinds: vec![LiveKind::GeoBlip], ..Subscribe::default() }, true).unwrap()
}

fn at(ms: i64) -> UnixMs {
    UnixMs(1_000_000 + ms)
}

/// A window that got `tweets` tweets of two events each, a row for each ten of them.
fn filled(tweets: u64) -> (Ring, Vec<Row>) {
    let mut ring = Ring::restore([], 1);
    let mut stored: Vec<Row> = Vec::new();
    for number in 0..tweets {
        let seq = 2 * number + 1;
        ring.push(tweet(seq, 100 + number, number % 7), seq + 1, at(0));
        if number % 10 == 9 {
            save(&mut ring, &mut stored, at(0));
        }
    }
    (ring, stored)
}

fn save(ring: &mut Ring, stored: &mut Vec<Row>, now: UnixMs) {
    let rows = ring.rows_now();
    for row in &rows {
        stored.retain(|other| other.info.slot() != row.info.slot());
    }
    ring.saved(&rows, now);
    stored.extend(rows);
}

fn stretches(rows: &[Row]) -> Vec<Stretch> {
    let stretch = |row: &Row| Stretch {
        from: row.info.from,
        to: row.info.to,
        events: slot::decode(&row.bytes).unwrap(),
    };
    rows.iter().map(stretch).collect()
}

/// What frames say, in short: `from..to:events` or `from..to reason`.
fn said(frames: &[Frame]) -> Vec<String> {
    let short = |frame: &Frame| {
        let Frame::Text(text) = frame else { panic!("{frame:?}") };
        let value: Value = serde_json::from_str(text).unwrap();
        let range = format!("{}..{}", value["from"], value["to"]);
        match value["events"].as_array() {
            Some(events) => format!("{range}:{}", events.len()),
            None => format!("{range} {}", value["reason"].as_str().unwrap()),
        }
    };
    frames.iter().map(short).collect()
}

#[track_caller]
fn check(ring: &Ring, rows: &[Row], after: u64, view: &View, expected: &[&str]) {
    assert_eq!(said(&ring.replay_all(after, stretches(rows), view)), expected);
}

#[test]
fn a_row_is_due_two_seconds_after_its_first_event() {
    let mut ring = Ring::restore([], 1);
    assert_eq!(ring.due_at(), None);
    ring.push(tweet(1, 1, 1), 2, at(0));
    ring.push(tweet(3, 2, 1), 4, at(1_500));
    assert_eq!(ring.due_at(), Some(at(2_000)));
    assert_eq!(ring.rows_due(at(1_999)), []);
    let rows = ring.rows_due(at(2_000));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].info, RowInfo { number: 0, from: 1, to: 4, tweets: Some([1, 2]) });
    ring.saved(&rows, at(2_000));
    assert_eq!((ring.due_at(), ring.tail().events.len()), (None, 0));
}

#[test]
fn there_is_at_most_one_row_in_two_seconds() {
    let mut ring = Ring::restore([], 1);
    let mut rows = 0;
    for step in 0..100_u64 {
        let now = at(step as i64 * 100);
        ring.push(tweet(2 * step + 1, step, 1), 2 * step + 2, now);
        let due = ring.rows_due(now);
        rows += due.len();
        ring.saved(&due, now);
    }
    assert_eq!(rows, 4, "in 9.9 seconds");
}

#[test]
fn a_large_tail_is_due_at_once() {
    let mut ring = Ring::restore([], 1);
    let mut event = tweet(1, 1, 1).remove(0);
    event.json = "x".repeat(ROW_RAW_BYTES).into();
    ring.push([event], 1, at(0));
    assert_eq!(ring.due_at(), Some(at(0)));
}

#[test]
fn a_row_that_would_be_too_large_is_divided() {
    // Random digits do not get smaller than five bits a byte or so.
    let mut state = 1_u64;
    let mut noise = || {
        let mut text = String::from("\"");
        while text.len() < 400_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(&format!("{:016x}", state ^ state >> 29));
        }
        text.push('"');
        text
    };
    let mut ring = Ring::restore([], 1);
    for seq in 1..=16 {
        let mut event = tweet(seq, seq, 1).remove(0);
        event.json = noise().into();
        event.meta.told = None;
        ring.push([event], seq, at(0));
    }
    let rows = ring.rows_due(at(0));
    assert!(rows.len() > 1);
    assert!(rows.iter().all(|row| row.bytes.len() <= slot::ROW_MAX_BYTES));
    let ranges: Vec<_> = rows.iter().map(|row| (row.info.from, row.info.to)).collect();
    assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (1, 16));
    assert!(ranges.windows(2).all(|two| two[0].1 + 1 == two[1].0), "{ranges:?}");
    let numbers: Vec<_> = rows.iter().map(|row| row.info.number).collect();
    assert_eq!(numbers, (0..rows.len() as u64).collect::<Vec<_>>());
}

#[test]
fn who_comes_back_gets_everything_since() {
    let (ring, rows) = filled(25);
    check(&ring, &rows, 0, &all(), &["1..20:20", "21..40:20", "41..50:10"]);
    check(&ring, &rows, 13, &all(), &["14..20:7", "21..40:20", "41..50:10"]);
    check(&ring, &rows, 40, &all(), &["41..50:10"]);
    check(&ring, &rows, 49, &all(), &["50..50:1"]);
    check(&ring, &rows, 50, &all(), &[]);
    check(&ring, &rows, 19, &blips(), &["20..20:1", "21..40:10", "41..50:5"]);
}

#[test]
fn what_does_not_pass_is_covered_all_the_same() {
    let (ring, rows) = filled(25);
    let nothing = Subscribe { text: Some("nowhere".into()), ..Subscribe::default() };
    check(&ring, &rows, 3, &View::new(&nothing, true).unwrap(), &["4..50:0"]);
    let late = Subscribe { text: Some("124".into()), ..Subscribe::default() };
    check(&ring, &rows, 3, &View::new(&late, true).unwrap(), &["4..50:2"]);
}

#[test]
fn what_was_overwritten_is_a_gap() {
    let (ring, rows) = filled(10 * (SLOTS + 2));
    assert_eq!(rows.len() as u64, SLOTS);
    assert_eq!(ring.floor(), 41);
    let said = said(&ring.replay_all(5, stretches(&rows), &blips()));
    assert_eq!(said[..2], ["6..40 expired", "41..60:10"]);
    check(&ring, &rows, 9_035, &all(), &["9036..9040:5"]);
}

#[test]
fn what_was_lost_with_the_machine_is_a_gap() {
    let (_, rows) = filled(20);
    let infos: Vec<RowInfo> = rows.iter().map(|row| row.info).collect();
    assert_eq!(Ring::last_saved(&infos), 40);
    let mut ring = Ring::restore(infos, 65_537);
    check(&ring, &rows, 30, &all(), &["31..40:10", "41..65536 restart"]);
    ring.push(tweet(65_537, 1, 1), 65_538, at(0));
    check(&ring, &rows, 30, &all(), &["31..40:10", "41..65536 restart", "65537..65538:2"]);
    let nothing = Subscribe { text: Some("nowhere".into()), ..Subscribe::default() };
    let nothing = View::new(&nothing, true).unwrap();
    let expected = ["31..40:0", "41..65536 restart", "65537..65538:0"];
    check(&ring, &rows, 30, &nothing, &expected);
}

#[test]
fn a_damaged_row_is_a_gap() {
    let (ring, mut rows) = filled(30);
    rows.remove(1);
    check(&ring, &rows, 0, &all(), &["1..20:20", "21..40 restart", "41..60:20"]);
    rows.pop();
    check(&ring, &rows, 0, &all(), &["1..20:20", "21..60 restart"]);
}

#[test]
fn numbers_without_events_are_covered() {
    let mut ring = Ring::restore([], 1);
    ring.push([], 3, at(0));
    check(&ring, &[], 0, &all(), &["1..3:0"]);
    let rows = ring.rows_due(at(2_000));
    assert_eq!(rows[0].info, RowInfo { number: 0, from: 1, to: 3, tweets: None });
}

/// At most so many events in an answer of the tests.
const LIMIT: usize = 100;

#[track_caller]
fn check_poll(ring: &Ring, rows: &[Row], after: u64, expected: Option<&str>) {
    let answer = ring.poll(after, &stretches(rows), &all(), LIMIT);
    let said = answer.map(|answer| {
        let read: Value = serde_json::from_str(&answer).unwrap();
        let gap: Option<LiveGap> = serde_json::from_value(read["gap"].clone()).unwrap();
        let gap = gap.map(|gap| format!(" {}..{} {}", gap.from, gap.to, gap.reason));
        let events = read["events"].as_array().unwrap().len();
        format!("{}..{}:{events}{}", read["from"], read["to"], gap.unwrap_or_default())
    });
    assert_eq!(said.as_deref(), expected);
}

#[test]
fn a_poll_gets_everything_since_and_stops_before_a_second_gap() {
    let (ring, mut rows) = filled(30);
    check_poll(&ring, &rows, 0, Some("1..60:60"));
    check_poll(&ring, &rows, 59, Some("60..60:1"));
    check_poll(&ring, &rows, 60, None);
    rows.remove(1);
    check_poll(&ring, &rows, 13, Some("14..20:7"));
    check_poll(&ring, &rows, 20, Some("21..60:20 21..40 restart"));
    rows.remove(0);
    check_poll(&ring, &rows, 0, Some("1..60:20 1..40 restart"));
    check_poll(&ring, &[], 30, Some("31..60:0 31..60 restart"));
}

#[test]
fn a_poll_ends_at_the_limit_and_goes_on_there() {
    let (ring, rows) = filled(70);
    check_poll(&ring, &rows, 0, Some("1..100:100"));
    check_poll(&ring, &rows, 100, Some("101..140:40"));
}

#[test]
fn a_poll_from_beyond_the_last_number_is_told_so_and_sent_back_to_it() {
    let (ring, rows) = filled(30);
    for after in [61, 1_000_000_000, u64::MAX] {
        check_poll(&ring, &rows, after, Some("1..60:0 1..60 restart"));
    }
    check_poll(&Ring::restore([], 1), &[], 5, Some("0..0:0 0..0 restart"));
}

#[test]
fn a_socket_from_beyond_the_last_number_gets_the_same_gap() {
    let (ring, rows) = filled(30);
    for after in [61, 1_000_000_000, u64::MAX] {
        check(&ring, &rows, after, &all(), &["1..60 restart"]);
    }
}

#[test]
fn where_nothing_is_new_a_poll_says_up_to_where() {
    let (ring, _) = filled(30);
    let read = |after| -> Value { serde_json::from_str(&ring.poll_nothing(after)).unwrap() };
    assert_eq!((&read(60)["from"], &read(60)["to"]), (&60.into(), &60.into()));
    assert_eq!((&read(50)["from"], &read(50)["to"]), (&51.into(), &60.into()));
}

#[test]
fn a_long_answer_is_continued_where_it_ended() {
    let mut ring = Ring::restore([], 1);
    for seq in 1..=10 {
        let mut event = tweet(seq, seq, 1).remove(0);
        event.json = format!("\"{}\"", "x".repeat(POLL_BYTES / 4)).into();
        ring.push([event], seq, at(0));
    }
    check_poll(&ring, &[], 0, Some("1..4:4"));
    check_poll(&ring, &[], 4, Some("5..8:4"));
    check_poll(&ring, &[], 8, Some("9..10:2"));
}

/// Who and which tweets are left.
fn left(events: &[Kept]) -> Vec<(u64, u64, bool)> {
    let one = |event: &Kept| {
        let (tweet, author) = (event.meta.tweet.unwrap().0, event.meta.author.unwrap().0);
        (tweet, author, event.kind == LiveKind::GeoBlip)
    };
    events.iter().map(one).collect()
}

#[test]
fn a_deleted_tweet_and_a_user_who_is_gone_leave_nothing() {
    let mut events: Vec<Kept> = [(1, 1), (2, 2), (3, 1)]
        .into_iter()
        .flat_map(|(id, author)| tweet(2 * id - 1, id, author))
        .collect();
    assert!(Purge::Tweet(TweetId(2)).apply(&mut events));
    assert_eq!(left(&events), [(1, 1, false), (1, 1, true), (3, 1, false), (3, 1, true)]);
    assert!(!Purge::User(UserId(2)).apply(&mut events));
    assert!(Purge::User(UserId(1)).apply(&mut events));
    assert_eq!(events, []);
}

#[test]
fn a_scrub_takes_places_up_to_a_tweet_and_leaves_the_words() {
    let mut events: Vec<Kept> = [(1, 1), (2, 1), (3, 1), (2, 2)]
        .into_iter()
        .flat_map(|(id, author)| tweet(10 * id + author, id, author))
        .collect();
    let scrub = Purge::Place { user: UserId(1), up_to: TweetId(2) };
    assert!(scrub.apply(&mut events));
    let expected =
        [(1, 1, false), (2, 1, false), (3, 1, false), (3, 1, true), (2, 2, false), (2, 2, true)];
    assert_eq!(left(&events), expected);
    assert!(!events[0].json.contains("country") && events[2].json.contains("country"));
    assert!(events[0].json.contains("tweet 1 by 1"));
    assert!(!scrub.apply(&mut events), "twice is as good as once");
}

#[test]
fn a_purged_row_covers_the_same_numbers() {
    let (mut ring, mut rows) = filled(25);
    let gone = Purge::Tweet(TweetId(103));
    let touched: Vec<bool> = rows.iter().map(|row| gone.may_touch(&row.info)).collect();
    assert_eq!(touched, [true, false]);
    rows[0].bytes = purge_row(&rows[0].bytes, &gone).unwrap().unwrap();
    assert_eq!(purge_row(&rows[0].bytes, &gone), Ok(None));
    check(&ring, &rows, 0, &all(), &["1..20:18", "21..40:20", "41..50:10"]);
    assert!(ring.purge(&Purge::Tweet(TweetId(124))) && !ring.purge(&gone));
    check(&ring, &rows, 40, &all(), &["41..50:8"]);
}

#[test]
fn rows_that_hold_nothing_of_a_purge_are_passed_by() {
    let row = |tweets| RowInfo { number: 0, from: 1, to: 9, tweets };
    let place = Purge::Place { user: UserId(1), up_to: TweetId(5) };
    for (what, tweets, expected) in [
        (Purge::Tweet(TweetId(5)), None, false),
        (Purge::Tweet(TweetId(5)), Some([5, 5]), true),
        (Purge::Tweet(TweetId(5)), Some([6, 9]), false),
        (Purge::User(UserId(5)), Some([6, 9]), true),
        (Purge::User(UserId(5)), None, false),
        (place, Some([5, 9]), true),
        (place, Some([6, 9]), false),
    ] {
        assert_eq!(what.may_touch(&row(tweets)), expected, "{what:?} {tweets:?}");
    }
}

proptest! {
    #[test]
    fn every_number_is_covered_once_or_declared(
        steps in prop::collection::vec((0..4_u8, 1..5_u64), 1..60), after in 0..300_u64, filter: bool,
    ) {
        let mut ring = Ring::restore([], 1);
        let (mut stored, mut seq) = (Vec::new(), 0);
        for (what, count) in steps {
            match what {
                0 => save(&mut ring, &mut stored, at(0)),
                // The machine is lost: what was in no row is gone, numbers jump.
                1 => {
                    seq += 10 * count;
                    ring = Ring::restore(stored.iter().map(|row: &Row| row.info), seq + 1);
                }
                _ => for _ in 0..count {
                    ring.push(tweet(seq + 1, seq, 1), seq + 2, at(0));
                    seq += 2;
                },
            }
        }
        let view = if filter { blips() } else { all() };
        // From beyond the last number a reader begins anew.
        let foreign = after > seq;
        let mut cursor = if foreign { seq.min(1).saturating_sub(1) } else { after };
        for frame in ring.replay_all(after, stretches(&stored), &view) {
            let Frame::Text(text) = frame else { panic!() };
            let value: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(value["from"].as_u64().unwrap(), (cursor + 1).min(seq));
            cursor = value["to"].as_u64().unwrap();
            for event in value["events"].as_array().into_iter().flatten() {
                let number = event["seq"].as_u64().unwrap();
                prop_assert!(number > after && number <= cursor);
            }
        }
        prop_assert_eq!(cursor, seq);
    }
}
