//! Bodies as X sends them, signed and not; pushes beside lists.

use super::*;
use crate::id::UserId;
use crate::ledger::Raw;
use crate::time::{HOUR_MS, MINUTE_MS, UnixMs};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: UnixMs = UnixMs(1_790_000_000_000); // 2026-09-21T13:33:20Z
const SECRET: &str = "consumer secret";

fn body(at: UnixMs, kind: &str, payload: &Value) -> String {
    json!({"data": {
        "event_uuid": "-8834562739172635", "created_at": at.rfc3339(), "filter": {"user_id": "12"}, "event_type": kind,
        "tag": "roost", "payload": payload, "new": 1,
    }})
    .to_string()
}

fn follow(source: &str, target: &str) -> Value {
    let user = |id: &str| json!({"data": {"id": id, "username": format!("u{id}"), "name": "N"}});
    json!({"source": user(source), "target": user(target)})
}

fn sign(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The event in a word, or the refusal's word and status.
fn word(signature: Option<&str>, body: &str) -> String {
    match admit(SECRET, signature, body.as_bytes(), NOW) {
        Err(refusal) => format!("{} {}", refusal.word(), refusal.status()),
        Ok(event) => match event.what {
            What::Came { user, raw } => format!("came {user} {}", raw.is_some()),
            What::Left { user } => format!("left {user}"),
            What::Profile { user, field, now } => format!("{user} {field:?} {now}"),
            What::Deleted { tweet } => format!("deleted {tweet}"),
            What::Revoked => "revoked".to_owned(),
            What::Nothing => "nothing".to_owned(),
        },
    }
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(word(Some(&sign(SECRET, body)), body), expected, "{body}");
}

#[test]
fn the_challenge_is_answered_with_the_tokens_signature() {
    // Made with: printf challenge | openssl dgst -sha256 -hmac secret -binary | base64
    assert_eq!(challenge("secret", "challenge"), CHALLENGE);
}

const CHALLENGE: &str = "sha256=oeUF6Wxqoezggrue+wbIDxKRPSF6esKwizR2MHh9HaA=";

#[test]
fn each_type_means_what_it_says() {
    let of = |kind: &str, payload: Value| body(NOW, kind, &payload);
    check(&of("follow.follow", follow("7", "12")), "came 7 true");
    check(&of("follow.unfollow", follow("7", "12")), "left 7");
    check(&of("follow.follow", follow("12", "7")), "nothing");
    check(&of("follow.unfollow", follow("12", "12")), "nothing");
    let plain = json!({"source": {"id": "7"}, "target": {"id": "12"}});
    check(&of("follow.follow", plain), "came 7 false");
    let update = json!({"before": "a", "after": "b"});
    check(&of("profile.update.handle", update.clone()), "12 Username b");
    check(&of("profile.update.screenname", update.clone()), "12 Name b");
    check(&of("profile.update.bio", update.clone()), "12 Description b");
    check(&of("profile.update.profile_picture", update.clone()), "12 ProfileImageUrl b");
    check(&of("profile.update.verified_badge", update), "12 Other b");
    check(&of("post.delete", json!({"id": "99", "author_id": "12"})), "deleted 99");
    check(&of("post.delete", json!({"id": "99", "author_id": "13"})), "nothing");
    check(&of("oauth.revoke", json!({})), "revoked");
    check(&of("spaces.start", json!({"id": "1"})), "nothing");
    let bare = of("oauth.revoke", json!({"user_id": "12", "date_time": NOW.rfc3339()}));
    check(&bare.replace(r#""filter":{"user_id":"12"}"#, r#""filter":{}"#), "revoked");
    for kind in EVENT_TYPES {
        assert!(kind.contains('.'), "{kind}");
    }
}

#[test]
fn a_signed_body_that_is_no_event_is_malformed() {
    for text in ["", "null", "[]", "{}", r#"{"data":{}}"#, r#"{"data":{"event_uuid":"1"}}"#] {
        check(text, "malformed 400");
    }
    check(&body(NOW, "follow.follow", &json!({"source": {"id": "7"}})), "malformed 400");
    check(&body(NOW, "follow.follow", &Value::Null), "malformed 400");
    check(&body(NOW, "post.delete", &json!({"author_id": "12"})), "malformed 400");
    check(&body(NOW, &"x".repeat(101), &json!({})), "malformed 400");
    let nobody = body(NOW, "oauth.revoke", &json!({})).replace(r#""user_id":"12""#, "");
    check(&nobody, "malformed 400");
}

#[test]
fn whoever_has_not_the_secret_is_refused_before_anything_is_read() {
    let good = body(NOW, "follow.follow", &follow("7", "12"));
    let signed = sign(SECRET, &good);
    let other = sign("another secret", &good);
    let bare = signed.trim_start_matches("sha256=");
    let short = &signed[..signed.len() - 4];
    for signature in [None, Some(""), Some("sha256="), Some(bare), Some(&other), Some(short)] {
        assert_eq!(word(signature, &good), "forged 401", "{signature:?}");
    }
    assert_eq!(word(Some(&signed), &format!("{good} ")), "forged 401");
    assert_eq!(word(Some(&sign(SECRET, "no event")), "still none"), "forged 401");
    let empty = admit("", Some(&sign("", &good)), good.as_bytes(), NOW);
    assert_eq!(empty, Err(Refusal::Forged), "no secret is no key");
}

#[test]
fn an_event_of_another_time_is_stale() {
    let at = |at: UnixMs| body(at, "follow.unfollow", &follow("7", "12"));
    check(&at(NOW.plus(-25 * HOUR_MS)), "left 7");
    check(&at(NOW.plus(-25 * HOUR_MS - 1)), "stale 410");
    check(&at(NOW.plus(5 * MINUTE_MS)), "left 7");
    check(&at(NOW.plus(5 * MINUTE_MS + 1)), "stale 410");
}

#[test]
fn an_event_is_of_when_it_says_and_never_of_the_future() {
    let of = |fields: &str| {
        let body = format!(
            r#"{{"data":{{"event_uuid":"1","filter":{{"user_id":"12"}},{fields}"event_type":"x"}}}}"#
        );
        admit(SECRET, Some(&sign(SECRET, &body)), body.as_bytes(), NOW).unwrap().at
    };
    let before = NOW.plus(-7_000);
    assert_eq!(of(&format!(r#""created_at":"{before}","#)), before);
    assert_eq!(of(&format!(r#""timestamp_ms":"{}","#, before.0)), before);
    assert_eq!(of(&format!(r#""timestamp":{},"#, before.0 / 1_000)), before);
    assert_eq!(of(&format!(r#""created_at":"{}","#, NOW.plus(7_000))), NOW);
    for without in ["", r#""created_at":null,"#, r#""timestamp":"soon","#, r#""timestamp":-5,"#] {
        assert_eq!(of(without), NOW, "{without}");
    }
}

#[test]
fn a_body_may_have_a_million_bytes() {
    let small = body(NOW, "oauth.revoke", &json!({}));
    let full = format!("{small}{}", " ".repeat(BODY_MAX - small.len()));
    check(&full, "revoked");
    check(&format!("{full} "), "oversized 413");
    assert_eq!(word(None, &format!("{full} ")), "oversized 413");
}

#[test]
fn an_event_survives_the_queue() {
    let body = body(NOW, "follow.follow", &follow("7", "12"));
    let event = admit(SECRET, Some(&sign(SECRET, &body)), body.as_bytes(), NOW).unwrap();
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    let What::Came { raw: Some(raw), .. } = event.what else { panic!() };
    assert_eq!(raw, r#"{"id":"7","name":"N","username":"u7"}"#);
}

/// Pushes as `+7@3`, a list walked from 10 to 12 with these ids; `told/came/left/contradicted`.
#[track_caller]
fn check_audit(pushes: &str, came: &[u64], left: &[u64], list: &[u64], expected: &str) {
    let told = |text: &str| {
        let (user, at) = text[1..].split_once('@').unwrap();
        let (user, at) = (UserId(user.parse().unwrap()), UnixMs(at.parse().unwrap()));
        Told { user, came: text.starts_with('+'), at }
    };
    let pushes: Vec<Told> = pushes.split_whitespace().map(told).collect();
    let ids = |ids: &[u64]| ids.iter().copied().map(UserId).collect();
    let raw = Raw { came: ids(came), left: ids(left), ..Raw::default() };
    let Audit { told, missed_came, missed_left, contradicted } =
        audit(&raw, &pushes, (UnixMs(10), UnixMs(12)), |user| list.contains(&user.0));
    assert_eq!(format!("{told}/{missed_came}/{missed_left}/{contradicted}"), expected);
}

#[test]
fn a_change_that_was_pushed_is_told_and_another_is_missed() {
    check_audit("+1@3 -2@4", &[1], &[2], &[1], "2/0/0/0");
    check_audit("", &[1, 3], &[2], &[1, 3], "0/2/1/0");
    check_audit("+1@3", &[1, 3], &[2], &[1, 3], "1/1/1/0");
}

#[test]
fn the_last_push_before_the_list_is_held_against_it() {
    check_audit("-1@3", &[], &[], &[1], "0/0/0/1");
    check_audit("+1@3", &[], &[], &[], "0/0/0/1");
    check_audit("+1@3 -1@4", &[], &[], &[], "0/0/0/0");
    check_audit("-1@4 +1@3", &[], &[], &[], "0/0/0/0");
    check_audit("-1@3", &[1], &[], &[1], "0/1/0/1");
}

#[test]
fn what_was_pushed_while_the_list_was_walked_contradicts_nothing() {
    check_audit("-1@11", &[], &[], &[1], "0/0/0/0");
    check_audit("-1@11", &[], &[1], &[], "1/0/0/0");
    check_audit("+1@3 -1@11", &[], &[], &[], "0/0/0/0");
    check_audit("+1@13", &[1], &[], &[1], "0/1/0/0");
}
