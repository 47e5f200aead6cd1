//! Subscriptions, filters, frames.

#![allow(
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    reason = "exact numbers; json! at calls"
)]

use super::*;
use crate::live::event::of_notice;
use crate::live::samples::{events, v2, with};
use crate::time::UnixMs;
use serde_json::{Value, json};

fn ask(json: Value) -> Subscribe {
    serde_json::from_value(json).unwrap()
}

fn view(json: Value) -> View {
    View::new(&ask(json), true).unwrap()
}

#[track_caller]
fn check_refused(json: Value, word: &str) {
    let error = View::new(&ask(json), true).unwrap_err();
    assert!(error.contains(word), "{error}");
}

#[test]
fn unknown_words_and_too_much_are_named() {
    check_refused(json!({"lang": ["en", "klingon"]}), "`klingon`");
    check_refused(json!({"lang": ["xx"]}), "`xx`");
    check_refused(json!({"country": ["DE", "ZZ"]}), "`ZZ`");
    check_refused(json!({"text": "x".repeat(201)}), "201 characters");
    check_refused(json!({"lang": vec!["en"; 51]}), "51 entries");
    check_refused(json!({"rules": ["x".repeat(201)]}), "201 characters");
    check_refused(json!({"bbox": [0, 10, 1, 5]}), "`bbox`");
    check_refused(json!({"bbox": [-190, 10, 1, 15]}), "`bbox`");
    check_refused(json!({"max_per_s": 0}), "`max_per_s`");
    check_refused(json!({"max_per_s": 1e9}), "`max_per_s`");
    check_refused(json!({"form": "packed"}), "`packed`");
    check_refused(json!({"form": "packed", "kinds": ["geo_blip", "notice"]}), "`packed`");
}

#[test]
fn the_same_wish_has_the_same_key() {
    let one = view(json!({"lang": ["en", "DE", "en"], "country": ["fr", "DE"], "text": "b  A"}));
    let same = view(json!({"lang": ["de", "EN"], "country": ["DE", "FR"], "text": "a B b"}));
    assert_eq!(one.key(), same.key());
}

#[test]
fn other_wishes_have_other_keys() {
    let wishes = [
        json!({}),
        json!({"kinds": ["geo_blip"]}),
        json!({"kinds": ["geo_blip"], "form": "packed"}),
        json!({"text": "de"}),
        json!({"lang": ["de"]}),
        json!({"country": ["DE"]}),
        json!({"rules": ["de"]}),
        json!({"rules": ["de\", \"en"]}),
        json!({"rules": ["de", "en"]}),
        json!({"accounts": ["5"]}),
        json!({"bbox": [0, 0, 1, 1]}),
        json!({"max_per_s": 5}),
    ];
    let mut keys: Vec<_> = wishes.iter().map(|wish| view(wish.clone()).key().clone()).collect();
    keys.push(View::new(&Subscribe::default(), false).unwrap().key().clone());
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

/// Whether the sample tweet (German, in Cologne, rules `zoos` and `8`) and its blip pass.
#[track_caller]
fn check_passes(wish: Value, expected: [bool; 2]) {
    let events = events(&v2(), 1);
    let view = view(wish.clone());
    let passes = [0, 1].map(|at: usize| view.passes(&events[at].meta, events[at].kind));
    assert_eq!(passes, expected, "{wish}");
}

#[test]
fn a_tweet_passes_if_everything_asked_for_fits() {
    let (yes, no) = ([true, true], [false, false]);
    check_passes(json!({}), yes);
    check_passes(json!({"kinds": ["geo_blip"]}), [false, true]);
    check_passes(json!({"kinds": ["simple_tweet", "notice"]}), [true, false]);
    check_passes(json!({"lang": ["en", "de"]}), yes);
    check_passes(json!({"lang": ["en"]}), no);
    check_passes(json!({"country": ["DE"]}), yes);
    check_passes(json!({"country": ["FR"]}), no);
    check_passes(json!({"bbox": [6, 50, 7, 51]}), yes);
    check_passes(json!({"bbox": [7, 50, 8, 51]}), no);
    check_passes(json!({"bbox": [170, 50, 7, 51]}), yes);
    check_passes(json!({"bbox": [170, -50, -170, 51]}), no);
    check_passes(json!({"text": "KÖLN grüße"}), yes);
    check_passes(json!({"text": "köln paris"}), no);
    check_passes(json!({"rules": ["zoos", "other"]}), yes);
    check_passes(json!({"rules": ["7"]}), no);
    check_passes(json!({"lang": ["de"], "country": ["FR"]}), no);
    check_passes(json!({"accounts": ["99"]}), yes);
}

#[test]
fn a_tweet_without_a_place_lies_in_no_box() {
    let message = with(v2(), "/data/geo", Value::Null);
    let event = &events(&message, 1)[0];
    let passes = |wish: Value| view(wish).passes(&event.meta, event.kind);
    assert!(passes(json!({})));
    assert!(!passes(json!({"bbox": [-180, -90, 180, 90]})));
    assert!(!passes(json!({"country": ["DE"]})));
}

#[test]
fn followers_and_runs_are_the_owners_alone() {
    let meta = Meta { account: Some(crate::id::UserId(12)), ..Meta::default() };
    for kind in
        [LiveKind::Followed, LiveKind::Lost, LiveKind::Returned, LiveKind::Renamed, LiveKind::Run]
    {
        let passes = |wish: Value, owner| View::new(&ask(wish), owner).unwrap().passes(&meta, kind);
        assert!(passes(json!({}), true) && !passes(json!({}), false), "{kind}");
        assert!(passes(json!({"accounts": ["12"], "lang": ["en"]}), true), "{kind}");
        assert!(!passes(json!({"accounts": ["13"]}), true), "{kind}");
        assert!(!passes(json!({"kinds": ["notice"]}), true), "{kind}");
    }
}

#[test]
fn notices_pass_every_filter_but_kinds() {
    let passes = |wish| view(wish).passes(&Meta::default(), LiveKind::Notice);
    assert!(passes(json!({"lang": ["en"], "text": "x", "bbox": [0, 0, 1, 1], "accounts": ["1"]})));
    assert!(!passes(json!({"kinds": ["simple_tweet"]})));
}

#[test]
fn a_frame_is_the_events_side_by_side() {
    let events = events(&v2(), 7);
    let Some(Frame::Text(text)) = view(json!({})).frame(5, 9, &events) else { panic!() };
    let expected = format!(
        r#"{{"t":"events","from":5,"to":9,"events":[{},{}]}}"#,
        events[0].json, events[1].json
    );
    assert_eq!(&*text, expected);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["events"][1]["seq"], 8);
    assert_eq!(view(json!({"lang": ["en"]})).frame(5, 9, &events), None);
}

#[test]
fn covers_and_gaps_are_frames_of_the_protocol() {
    let Frame::Text(cover) = view(json!({})).cover(3, 4) else { panic!() };
    assert_eq!(&*cover, r#"{"t":"events","from":3,"to":4,"events":[]}"#);
    let gap = LiveGap { from: 3, to: 4, reason: GapReason::Slow };
    let Frame::Text(text) = Frame::gap(gap) else { panic!() };
    let read: crate::api::FromServer = serde_json::from_str(&text).unwrap();
    assert_eq!(read, crate::api::FromServer::Gap { from: 3, to: 4, reason: GapReason::Slow });
}

#[test]
fn maps_may_have_blips_packed() {
    let packed = view(json!({"kinds": ["geo_blip"], "form": "packed"}));
    let Some(Frame::Packed(bytes)) = packed.frame(1, 2, &events(&v2(), 1)) else { panic!() };
    let blips = blips::decode(&bytes).unwrap();
    assert_eq!((blips.from, blips.to, blips.blips.len()), (1, 2, 1));
    assert_eq!(blips.blips[0].spot.lat, 50.9413);
}

#[test]
fn the_long_poll_has_the_same_events() {
    let events = events(&v2(), 1);
    let gap = LiveGap { from: 1, to: 4, reason: GapReason::Expired };
    let answer = poll_answer(5, 9, &events.iter().collect::<Vec<_>>(), Some(gap));
    let read: crate::api::LiveEvents = serde_json::from_str(&answer).unwrap();
    assert_eq!((read.from, read.to, read.events.len(), read.gap), (5, 9, 2, Some(gap)));
    let read: crate::api::LiveEvents = serde_json::from_str(&poll_answer(5, 9, &[], None)).unwrap();
    assert_eq!((read.events.len(), read.gap), (0, None));
}

#[test]
fn a_notice_stands_beside_tweets() {
    let notice = crate::api::StreamNotice {
        seq: 0,
        kind: LiveKind::Notice,
        at: UnixMs(0),
        about: "delete".into(),
        text: "x".into(),
        tweets: vec![],
        user: None,
        up_to: None,
    };
    let mut all = events(&v2(), 1);
    all.push(of_notice(3, notice).unwrap());
    let picked = view(json!({"kinds": ["notice"]}));
    assert_eq!(picked.picked(&all).iter().map(|event| event.seq).collect::<Vec<_>>(), [3]);
}
