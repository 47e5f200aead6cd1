//! Grouping, covering, sampling.

#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use super::*;
use crate::api::Subscribe;
use crate::live::samples::tweet;
use proptest::prelude::*;
use serde_json::{Value, json};

fn view(wish: Value) -> View {
    View::new(&serde_json::from_value::<Subscribe>(wish).unwrap(), true).unwrap()
}

fn at(ms: i64) -> UnixMs {
    UnixMs(1_000_000 + ms)
}

fn value(frame: &Frame) -> Value {
    let Frame::Text(text) = frame else { panic!("{frame:?}") };
    serde_json::from_str(text).unwrap()
}

/// `readers from..to:events` or `readers from..to reason` of each delivery.
fn said(deliveries: &[Delivery]) -> Vec<String> {
    let short = |delivery: &Delivery| {
        let value = value(&delivery.frame);
        let what = match value["events"].as_array() {
            Some(events) => format!(":{}", events.len()),
            None => format!(" {}", value["reason"].as_str().unwrap()),
        };
        format!("{:?} {}..{}{what}", delivery.readers, value["from"], value["to"])
    };
    deliveries.iter().map(short).collect()
}

fn flush(views: &mut Views, to: u64, events: &[Kept], ms: i64) -> Vec<String> {
    said(&views.flush(to, events, at(ms), &mut |_| false))
}

#[test]
fn equal_views_share_one_frame() {
    let mut views = Views::default();
    for reader in 1..=3 {
        views.join(reader, view(json!({})), 0, at(0));
    }
    views.join(4, view(json!({"kinds": ["geo_blip"]})), 0, at(0));
    assert_eq!((views.readers(), views.distinct()), (4, 2));
    let deliveries = flush(&mut views, 2, &tweet(1, 1, 1), 250);
    assert_eq!(deliveries, ["[4] 1..2:1", "[1, 2, 3] 1..2:2"]);
}

#[test]
fn a_frame_begins_behind_what_its_reader_has() {
    let mut views = Views::default();
    views.join(1, view(json!({"lang": ["en"]})), 0, at(0));
    views.join(2, view(json!({})), 0, at(0));
    assert_eq!(flush(&mut views, 2, &tweet(1, 1, 1), 250), ["[2] 1..2:2"]);
    views.join(3, view(json!({})), 1, at(300));
    views.join(4, view(json!({})), 3, at(300));
    let both: Vec<Kept> = tweet(1, 1, 1).into_iter().chain(tweet(3, 2, 1)).collect();
    let deliveries = flush(&mut views, 4, &both, 500);
    assert_eq!(deliveries, ["[3] 2..4:3", "[2] 3..4:2", "[4] 4..4:1"]);
    assert_eq!(flush(&mut views, 6, &tweet(5, 3, 1), 750), ["[2, 3, 4] 5..6:2"]);
}

#[test]
fn who_sees_nothing_is_told_so_now_and_then() {
    let mut views = Views::default();
    views.join(1, view(json!({"lang": ["en"]})), 0, at(0));
    assert_eq!(flush(&mut views, 2, &tweet(1, 1, 1), COVER_EVERY_MS - 1), Vec::<String>::new());
    assert_eq!(flush(&mut views, 2, &[], COVER_EVERY_MS), ["[1] 1..2:0"]);
    assert_eq!(views.cursor(1), Some(2));
    assert_eq!(flush(&mut views, 2, &[], 9 * COVER_EVERY_MS), Vec::<String>::new(), "nothing new");
}

#[test]
fn a_reader_may_change_its_view_and_leave() {
    let mut views = Views::default();
    views.join(1, view(json!({})), 0, at(0));
    views.join(1, view(json!({"kinds": ["geo_blip"]})), 0, at(0));
    assert_eq!((views.readers(), views.distinct()), (1, 1));
    assert_eq!(flush(&mut views, 2, &tweet(1, 1, 1), 250), ["[1] 1..2:1"]);
    views.leave(1);
    views.leave(1);
    assert_eq!((views.readers(), views.distinct()), (0, 0));
    assert_eq!(flush(&mut views, 4, &tweet(3, 1, 1), 250), Vec::<String>::new());
}

#[test]
fn a_skipped_reader_keeps_its_cursor_until_it_is_covered() {
    let mut views = Views::default();
    views.join(1, view(json!({})), 0, at(0));
    views.join(2, view(json!({})), 0, at(0));
    let deliveries = views.flush(2, &tweet(1, 1, 1), at(0), &mut |reader| reader == 1);
    assert_eq!(said(&deliveries), ["[2] 1..2:2"]);
    assert_eq!((views.cursor(1), views.cursor(2)), (Some(0), Some(2)));
    views.covered(1, 2);
    assert_eq!(flush(&mut views, 4, &tweet(3, 2, 1), 250), ["[1, 2] 3..4:2"]);
}

#[test]
fn a_sampled_view_gets_its_share_and_a_gap_over_the_same_numbers() {
    let mut views = Views::default();
    views.join(1, view(json!({"max_per_s": 4, "kinds": ["simple_tweet"]})), 0, at(0));
    let many: Vec<Kept> = (0..20).flat_map(|n| tweet(2 * n + 1, n, 1)).collect();
    let deliveries = views.flush(40, &many, at(0), &mut |_| false);
    assert_eq!(said(&deliveries), ["[1] 1..40:4", "[1] 1..40 sampled"]);
    let seqs: Vec<u64> = value(&deliveries[0].frame)["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [5, 15, 25, 35], "spread evenly");
    let more: Vec<Kept> = (20..22).flat_map(|n| tweet(2 * n + 1, n, 1)).collect();
    assert_eq!(flush(&mut views, 44, &more, 100), ["[1] 41..44 sampled"], "nothing picked");
    assert_eq!(flush(&mut views, 46, &tweet(45, 22, 1), 1_100), ["[1] 45..46:1"]);
}

#[test]
fn a_bucket_holds_one_second_and_at_least_one_event() {
    let bucket = Bucket::full(Some(10.0), at(0));
    let (bucket, allowed) = bucket.step(10.0, at(0), 25);
    assert_eq!(allowed, 10);
    let (bucket, allowed) = bucket.step(10.0, at(250), 25);
    assert_eq!(allowed, 2);
    let (bucket, allowed) = bucket.step(10.0, at(100), 25);
    assert_eq!(allowed, 0, "a clock that jumps back gives nothing");
    assert_eq!(bucket.step(10.0, at(1_000_000), 25).1, 10);
    let slow = Bucket::full(Some(0.5), at(0));
    let (slow, first) = slow.step(0.5, at(0), 3);
    let (slow, second) = slow.step(0.5, at(1_000), 3);
    assert_eq!((first, second, slow.step(0.5, at(2_000), 3).1), (1, 0, 1));
}

proptest! {
    #[test]
    fn picked_places_are_in_order_and_differ(all in 1..500_usize, share in 0..=100_usize) {
        let some = all * share / 100;
        let places: Vec<usize> = evenly(all, some).collect();
        prop_assert_eq!(places.len(), some);
        prop_assert!(places.windows(2).all(|two| two[0] < two[1]));
        prop_assert!(places.iter().all(|place| *place < all));
    }

    #[test]
    fn no_reader_misses_a_number_unsaid(
        steps in prop::collection::vec((0..6_u8, 0..4_u64, 0..12_000_i64), 1..60),
    ) {
        let wishes = [json!({}), json!({"lang": ["en"]}), json!({"kinds": ["geo_blip"]}), json!({"max_per_s": 2})];
        let mut views = Views::default();
        let mut cursors: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let (mut seq, mut now) = (0, 0);
        for (what, number, wait) in steps {
            now += wait;
            match what {
                0 => {
                    views.join(number, view(wishes[number as usize].clone()), seq, at(now));
                    cursors.insert(number, (seq, 0));
                }
                1 => {
                    views.leave(number);
                    cursors.remove(&number);
                }
                _ => {
                    let events: Vec<Kept> = (0..number).flat_map(|n| tweet(seq + 2 * n + 1, n, 1)).collect();
                    seq += 2 * number;
                    for delivery in views.flush(seq, &events, at(now), &mut |reader| reader == u64::from(what)) {
                        let value = value(&delivery.frame);
                        let (from, to) = (value["from"].as_u64().unwrap(), value["to"].as_u64().unwrap());
                        for reader in delivery.readers {
                            let (cursor, events_from) = cursors[&reader];
                            let repeats = value["reason"] == "sampled" && (from, to) == (events_from, cursor);
                            prop_assert!(from == cursor + 1 || repeats, "{} {:?}", value, cursors[&reader]);
                            cursors.insert(reader, (to, from));
                            let mut events = value["events"].as_array().into_iter().flatten();
                            let seq = |event: &Value| event["seq"].as_u64().unwrap();
                            let inside = events.all(|event| (from..=to).contains(&seq(event)));
                            prop_assert!(inside, "{}", value);
                        }
                    }
                }
            }
            for (reader, (cursor, _)) in &cursors {
                prop_assert_eq!(views.cursor(*reader), Some(*cursor));
            }
        }
    }
}
