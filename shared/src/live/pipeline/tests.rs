//! The way of a post.

use super::*;
use crate::api::{GeoBlip, SimpleTweet};
use crate::live::country::pack;
use crate::live::samples::{v2, v11, with};
use country_boundaries::BOUNDARIES_ODBL_60X30;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AT: UnixMs = UnixMs(1_731_587_441_000);

fn sequence(ceiling: u64) -> Sequence {
    let mut sequence = Sequence::restart(0, 0).0;
    sequence.raise(ceiling);
    sequence
}

fn take(pipeline: &mut Pipeline, frame: &[u8], out: &mut Vec<Kept>) -> Taken {
    let mut sequence = sequence(100);
    pipeline.take(frame, (AT, false), &mut sequence, &mut |_| true, out).unwrap()
}

#[test]
fn a_post_becomes_numbered_events() {
    let mut pipeline = Pipeline::default();
    let (mut sequence, mut out) = (sequence(100), Vec::new());
    for message in [v2(), with(v11(), "/id_str", json!("77"))] {
        let frame = message.to_string();
        pipeline
            .take(frame.as_bytes(), (AT, false), &mut sequence, &mut |_| true, &mut out)
            .unwrap();
    }
    assert_eq!(out.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let tweet: SimpleTweet = serde_json::from_str(&out[0].json).unwrap();
    let blip: GeoBlip = serde_json::from_str(&out[3].json).unwrap();
    assert_eq!((tweet.at, blip.at, blip.tweet_id), (AT, AT, TweetId(77)));
    let kinds: Vec<_> = pipeline.events_by_kind().collect();
    assert_eq!(kinds, [(LiveKind::SimpleTweet, 2), (LiveKind::GeoBlip, 2)]);
}

#[test]
fn what_was_taken_is_told() {
    let mut out = Vec::new();
    let taken = take(&mut Pipeline::default(), v2().to_string().as_bytes(), &mut out);
    let created_at = UnixMs::parse("2024-11-14T12:30:40.250Z");
    let tweet = TweetId(1_857_043_292_182_618_112);
    assert_eq!(taken, Taken::Post { tweet, created_at, placed: true, events: 2 });
}

#[test]
fn a_tweet_that_came_before_makes_nothing() {
    let (mut pipeline, mut out, mut sequence) = (Pipeline::default(), Vec::new(), sequence(100));
    let mut seen = BTreeSet::new();
    let frame = v2().to_string();
    let mut take = || {
        pipeline.take(
            frame.as_bytes(),
            (AT, false),
            &mut sequence,
            &mut |id| seen.insert(id),
            &mut out,
        )
    };
    assert!(matches!(take(), Ok(Taken::Post { .. })));
    assert_eq!(take(), Ok(Taken::Known(TweetId(1_857_043_292_182_618_112))));
    assert_eq!((out.len(), sequence.last()), (2, 2));
}

#[test]
fn without_numbers_nothing_is_done() {
    let (mut pipeline, mut out, mut sequence) = (Pipeline::default(), Vec::new(), sequence(1));
    let frame = v2().to_string();
    let mut asked = 0;
    let mut fresh = |_| {
        asked += 1;
        true
    };
    let need = pipeline.take(frame.as_bytes(), (AT, false), &mut sequence, &mut fresh, &mut out);
    sequence.raise(need.unwrap_err().ceiling);
    let taken = pipeline.take(frame.as_bytes(), (AT, false), &mut sequence, &mut fresh, &mut out);
    assert!(matches!(taken, Ok(Taken::Post { events: 2, .. })));
    assert_eq!(asked, 1);
}

#[test]
fn other_messages_are_left_to_others_and_garbage_is_counted() {
    let (mut pipeline, mut out) = (Pipeline::default(), Vec::new());
    for (frame, expected) in [
        (b"{\"limit\":{\"track\":5}}".as_slice(), Taken::Other),
        (b"17", Taken::Other),
        (b"{\"data\":", Taken::Malformed),
        (b"{\"data\":\"\xff\"}", Taken::Malformed),
        (b"", Taken::Malformed),
    ] {
        assert_eq!(take(&mut pipeline, frame, &mut out), expected);
    }
    assert_eq!((out.len(), pipeline.failures.malformed), (0, 3));
}

#[test]
fn a_broken_hydrator_never_stops_the_rest() {
    let (mut pipeline, mut out) = (Pipeline::default(), Vec::new());
    let odd = with(with(v2(), "/data/lang", json!({})), "/includes/places", json!("?"));
    take(&mut pipeline, odd.to_string().as_bytes(), &mut out);
    assert_eq!(out.len(), 2);
    let failures: Vec<_> = pipeline.failures.iter().collect();
    assert_eq!(failures, [("language", 1), ("place", 1)]);
}

#[test]
fn the_country_of_a_point_is_looked_up_once_there_is_data() {
    let (mut pipeline, mut out) = (Pipeline::default(), Vec::new());
    let frame = with(v2(), "/data/geo/place_id", Value::Null).to_string();
    take(&mut pipeline, frame.as_bytes(), &mut out);
    pipeline.set_countries(Rc::new(Countries::new(&pack(BOUNDARIES_ODBL_60X30)).unwrap()));
    take(&mut pipeline, frame.as_bytes(), &mut out);
    let country = |at: usize| {
        let tweet: SimpleTweet = serde_json::from_str(&out[at].json).unwrap();
        tweet.country
    };
    assert_eq!((country(0), country(2)), (None, Some("DE".to_owned())));
}

#[test]
fn the_time_of_arrival_is_written_anew_when_it_changes() {
    let (mut pipeline, mut out, mut sequence) = (Pipeline::default(), Vec::new(), sequence(100));
    let frame = v2().to_string();
    for ms in [0, 0, 1_500] {
        let arrival = (UnixMs(ms), true);
        pipeline.take(frame.as_bytes(), arrival, &mut sequence, &mut |_| true, &mut out).unwrap();
    }
    let at = |place: usize| serde_json::from_str::<SimpleTweet>(&out[place].json).unwrap().at;
    assert_eq!((at(0), at(2), at(4)), (UnixMs(0), UnixMs(0), UnixMs(1_500)));
}
