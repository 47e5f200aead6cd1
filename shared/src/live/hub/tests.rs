//! Sockets: slow, silent, too many.

use super::*;
use crate::api::{ConnectionState, LiveKind};
use crate::id::UserId;

fn at(seconds: i64) -> UnixMs {
    UnixMs(1_000_000_000 + seconds * SECOND_MS)
}

const FULL: u64 = BUFFER_MAX_BYTES + 1;

#[test]
fn a_stretch_that_does_not_follow_leaves_a_gap() {
    let gap = |from, to| Some(LiveGap { from, to, reason: GapReason::Slow });
    for (last, from, wanted) in [
        (0, 1, None),
        (9, 10, None),
        (9, 4, None),
        (9, 11, gap(10, 10)),
        (9, 20, gap(10, 19)),
        (u64::MAX, 3, None),
    ] {
        assert_eq!(missed(last, from), wanted, "{from} after {last}");
    }
}

#[test]
fn a_slow_socket_is_skipped_and_told_what_it_missed() {
    let mut socket = Socket::new(true, 10, at(0));
    let ping = Some(at(0));
    assert_eq!(decide(&mut socket, at(1), BUFFER_MAX_BYTES, ping, 10), Decision::Send(None));
    assert_eq!(decide(&mut socket, at(2), FULL, ping, 10), Decision::Skip);
    assert_eq!(decide(&mut socket, at(3), FULL, ping, 20), Decision::Skip);
    let gap = LiveGap { from: 11, to: 30, reason: GapReason::Slow };
    assert_eq!(decide(&mut socket, at(4), 0, ping, 30), Decision::Send(Some(gap)));
    assert_eq!((socket.cursor, socket.skipped_from, socket.over_since), (30, None, None));
    assert_eq!(decide(&mut socket, at(5), 0, ping, 40), Decision::Send(None));
}

#[test]
fn a_socket_that_missed_nothing_gets_no_gap() {
    let mut socket = Socket::new(true, 10, at(0));
    decide(&mut socket, at(1), FULL, None, 10);
    assert_eq!(decide(&mut socket, at(2), 0, None, 10), Decision::Send(None));
}

#[test]
fn a_socket_is_closed_after_fifteen_seconds_over_the_limit() {
    let mut socket = Socket::new(true, 10, at(0));
    for second in 1..16 {
        assert_eq!(decide(&mut socket, at(second), FULL, Some(at(second)), 10), Decision::Skip);
    }
    let close = decide(&mut socket, at(16), FULL, Some(at(16)), 10);
    assert!(matches!(close, Decision::Close { reason } if reason.contains("slow")), "{close:?}");
}

#[test]
fn time_over_the_limit_counts_from_the_last_time_it_began() {
    let mut socket = Socket::new(true, 10, at(0));
    decide(&mut socket, at(0), FULL, Some(at(0)), 10);
    decide(&mut socket, at(14), 0, Some(at(14)), 10);
    assert_eq!(decide(&mut socket, at(16), FULL, Some(at(16)), 10), Decision::Skip);
    assert_eq!(decide(&mut socket, at(30), FULL, Some(at(30)), 10), Decision::Skip);
}

#[test]
fn a_socket_without_a_ping_for_45_seconds_is_closed() {
    for (joined, ping, closed) in [
        (0, None, true),
        (1, None, false),
        (0, Some(0), true),
        (0, Some(1), false),
        (40, Some(0), false),
    ] {
        let mut socket = Socket::new(true, 0, at(joined));
        let decision = decide(&mut socket, at(45), 0, ping.map(at), 0);
        assert_eq!(matches!(decision, Decision::Close { .. }), closed, "{joined} {ping:?}");
    }
}

#[test]
fn a_frame_waits_while_most_sockets_hold_the_one_before_it() {
    for (sockets, taking, since_ms, waits) in [
        (0, 0, 0, false),
        (1, 0, 0, false),
        (1, 1, 0, true),
        (2, 1, 0, false),
        (3, 2, HOLD_MAX_MS - 1, true),
        (3, 2, HOLD_MAX_MS, false),
        (1_000, 500, 0, false),
        (1_000, 501, 0, true),
    ] {
        assert_eq!(holds(sockets, taking, since_ms), waits, "{taking}/{sockets} {since_ms}");
    }
}

#[test]
fn an_attachment_comes_back_and_fits() {
    let mut socket = Socket::new(true, 5, at(0));
    let id = u64::MAX / 2;
    socket.subscribe.accounts = vec![UserId(id); 100];
    socket.subscribe.rules = vec!["\u{1}".repeat(600)];
    socket.over_since = Some(at(1));
    socket.skipped_from = Some(6);
    let json = socket.attachment().unwrap();
    assert_eq!(Socket::of_attachment(&json).unwrap(), socket);
    socket.subscribe.rules = vec!["x".repeat(ATTACHMENT_MAX_BYTES)];
    assert_eq!(socket.attachment(), None);
    assert!(Socket::of_attachment("{}").is_err());
}

#[test]
fn ten_messages_in_ten_seconds_are_enough() {
    let mut messages = Messages::default();
    for _ in 0..MESSAGES_MAX {
        assert!(messages.take(at(0)));
    }
    assert!(!messages.take(at(9)));
    assert!(messages.take(at(10)));
    assert!(messages.take(at(0)), "a clock that jumps back begins anew");
}

#[test]
fn clients_are_understood() {
    assert_eq!(read_client(r#"{"t":"ping"}"#), Ok(FromClient::Ping));
    assert_eq!(read_client(r#"{"t":"resume","after":7}"#), Ok(FromClient::Resume { after: 7 }));
    let wish = r#"{"t":"subscribe","kinds":["geo_blip"],"bbox":null,"text":null,"new":1}"#;
    let Ok(FromClient::Subscribe(ask)) = read_client(wish) else { panic!() };
    assert_eq!(ask.kinds, [LiveKind::GeoBlip]);
}

#[test]
fn clients_are_understood_as_their_type_says() {
    for text in [
        r#"{"t":"ping"}"#,
        r#"{"after":18446744073709551615,"t":"resume"}"#,
        r#"{"max_per_s":2,"lang":["de"],"t":"sub\u0073cribe","form":"packed"}"#,
        r#"{"t":"subscribe"}"#,
        r#"{"t":"resume"}"#,
        r#"{"t":"resume","after":-1}"#,
        r#"{"t":"subscribe","bbox":[1,2,3]}"#,
        r#"{"t":"subscribe","kinds":1}"#,
        r#"{"t":1}"#,
        r#"{"after":1}"#,
        r#"{"t":"ping","t":"ping"}"#,
        r#"{"t":"ping"} x"#,
        "null",
    ] {
        let own = serde_json::from_str::<FromClient>(text).ok();
        assert_eq!(read_client(text).ok(), own, "{text}");
    }
}

#[test]
fn clients_that_are_not_understood_hear_why() {
    let why = |text: &str| read_client(text).unwrap_err();
    assert!(why(r#"{"t":"subscribe","kinds":["blob"]}"#).contains("`blob`"));
    assert!(why(r#"{"t":"dance"}"#).contains("`dance`"));
    assert!(why(&" ".repeat(MESSAGE_MAX_BYTES + 1)).contains("4096 bytes"));
    assert!(read_client("").is_err());
}

#[test]
fn frames_are_those_of_the_protocol() {
    assert_eq!(bye("x", Some(RETRY_MS)), r#"{"t":"bye","reason":"x","retry_ms":2000}"#);
    assert_eq!(text_of(&FromServer::Pong), r#"{"t":"pong"}"#);
    let status = FromServer::Status {
        received: 1,
        delivered: 2,
        viewers: 3,
        rate: 4.5,
        lag_ms: None,
        stream: ConnectionState::Live,
        placed: None,
        session_usd: None,
    };
    assert_eq!(serde_json::from_str::<FromServer>(&text_of(&status)).unwrap(), status);
}

#[test]
fn sockets_fill_the_live_object_then_relays_one_by_one() {
    for (live, relays, expected) in [
        (0, vec![], Place::Live),
        (1_999, vec![], Place::Live),
        (1_999, vec![4_000], Place::Live),
        (2_000, vec![], Place::Relay(0)),
        (2_000, vec![3_999], Place::Relay(0)),
        (2_000, vec![4_000], Place::Relay(1)),
        (2_000, vec![4_000, 10], Place::Relay(1)),
        (2_000, vec![10, 10], Place::Relay(0)),
        (2_000, vec![4_000; 7], Place::Relay(7)),
        (2_000, vec![4_000; 8], Place::Full),
        (1_999, vec![4_000; 8], Place::Live),
    ] {
        assert_eq!(place(live, &relays, Limits::default()), expected, "{live} {relays:?}");
    }
}

#[test]
fn relays_go_once_the_others_have_room_to_spare() {
    for (live, relays, expected) in [
        (2_000, vec![], 0),
        (2_000, vec![1], 1),
        (1_200, vec![0], 0),
        (1_000, vec![200], 0),
        (1_000, vec![201], 1),
        (2_000, vec![2_400, 0], 1),
        (2_000, vec![2_400, 1], 2),
        (2_000, vec![4_000, 4_000, 100], 3),
    ] {
        assert_eq!(relays_kept(live, &relays, Limits::default()), expected, "{live} {relays:?}");
    }
}

#[test]
fn a_relay_that_was_just_added_stays() {
    // What place fills, relays_kept does not empty at once.
    for relays in 0..RELAYS_MAX {
        let mut sockets = vec![RELAY_SOCKETS; relays as usize];
        assert_eq!(place(LIVE_SOCKETS, &sockets, Limits::default()), Place::Relay(relays));
        sockets.push(1);
        assert_eq!(relays_kept(LIVE_SOCKETS, &sockets, Limits::default()), sockets.len());
    }
}

#[test]
fn the_lag_is_the_median_of_the_last_minute() {
    let mut lags = Lags::default();
    assert_eq!(lags.median_ms(at(0)), None);
    for (second, lag_ms) in [(0, 9_000), (10, 100), (20, 300), (30, 200)] {
        lags.note(at(second).plus(-lag_ms), at(second));
    }
    lags.note(at(0), at(30).plus(50));
    assert_eq!(lags.median_ms(at(31)), Some(200), "of four the lower one of the middle");
    assert_eq!(lags.median_ms(at(61)), Some(200));
    assert_eq!(lags.median_ms(at(200)), None);
    lags.note(at(300), at(299));
    assert_eq!(lags.median_ms(at(300)), Some(0));
}
