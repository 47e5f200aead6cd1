//! Notices as X writes them, dialect by dialect.

use super::*;
use crate::stream::message::{Message, read as message};

#[track_caller]
fn check(json: &str, expected: &[Notice]) {
    let Message::Notices(notices) = message(json.as_bytes()) else { panic!("{json}") };
    assert_eq!(notices, expected, "{json}");
    for notice in notices {
        assert!(!notice.text().is_empty() && !notice.about().is_empty());
        let kept = serde_json::to_string(&notice).unwrap();
        assert_eq!(serde_json::from_str::<Notice>(&kept).unwrap(), notice, "{kept}");
    }
}

fn delete(tweet: u64, user: Option<u64>) -> Notice {
    Notice::Delete { tweet: TweetId(tweet), user: user.map(UserId) }
}

fn unknown(keys: &[&str]) -> Notice {
    Notice::Unknown { keys: keys.iter().map(|&key| key.to_owned()).collect() }
}

fn said(code: Option<u8>, kind: Option<DisconnectType>, reason: &str) -> Notice {
    Notice::Disconnect(Disconnect { code, kind, reason: reason.to_owned() })
}

#[test]
fn limits_are_read() {
    let at = Some(UnixMs(1_443_095_140_794));
    check(
        r#"{"limit":{"timestamp_ms":"1443095140794","track":16}}"#,
        &[Notice::Limit { track: 16, at }],
    );
    check(r#"{"limit":{"track":"1234"}}"#, &[Notice::Limit { track: 1_234, at: None }]);
}

#[test]
fn deletes_are_read_in_every_form() {
    check(
        r#"{"delete":{"status":{"id":1857043292182618112,"id_str":"1857043292182618112","user_id":3,"user_id_str":"3"},"timestamp_ms":"1432228155593"}}"#,
        &[delete(1_857_043_292_182_618_112, Some(3))],
    );
    check(r#"{"delete":{"status":{"id":12,"user_id":3}}}"#, &[delete(12, Some(3))]);
    check(
        r#"{"data":{"delete":{"tweet":{"id":"12","author_id":"3"},"event_at":"2021-07-06T18:40:40.000Z"}}}"#,
        &[delete(12, Some(3))],
    );
    check(r#"{"data":{"delete":{"post":{"id":"12"}}}}"#, &[delete(12, None)]);
    check(r#"{"data":{"drop":{"tweet":{"id":"12","author_id":"3"}}}}"#, &[delete(12, Some(3))]);
    check(r#"{"delete":{"favorite":{"tweet_id":4}}}"#, &[unknown(&["delete"])]);
}

#[test]
fn scrubbed_places_are_read_in_every_form() {
    let scrub = Notice::ScrubGeo { user: UserId(14_090_452), up_to: TweetId(23_260_136_625) };
    check(
        r#"{"scrub_geo":{"user_id":14090452,"user_id_str":"14090452","up_to_status_id":23260136625,"up_to_status_id_str":"23260136625"}}"#,
        std::slice::from_ref(&scrub),
    );
    check(
        r#"{"scrub_geo":{"user_id":14090452,"up_to_status_id":23260136625,"timestamp_ms":"1"}}"#,
        std::slice::from_ref(&scrub),
    );
    check(
        r#"{"data":{"scrub_geo":{"user":{"id":"14090452"},"up_to_tweet_id":"23260136625","event_at":"2021-07-06T18:40:40.000Z"}}}"#,
        &[scrub],
    );
}

#[test]
fn withheld_tweets_and_users_are_read_in_every_form() {
    let countries = vec!["DE".to_owned(), "XY".to_owned()];
    let tweet = |user: Option<u64>| Notice::StatusWithheld {
        tweet: TweetId(12),
        user: user.map(UserId),
        countries: countries.clone(),
    };
    for (json, expected) in [
        (
            r#"{"status_withheld":{"id":12,"user_id":3,"withheld_in_countries":["DE","XY"]}}"#,
            Some(3),
        ),
        (
            r#"{"status_withheld":{"status":{"id":12,"id_str":"12","user_id":3},"withheld_in_countries":["DE","XY"],"timestamp_ms":"1"}}"#,
            Some(3),
        ),
        (
            r#"{"data":{"withheld":{"tweet":{"id":"12"},"withheld_in_countries":["DE","XY"],"event_at":"x"}}}"#,
            None,
        ),
    ] {
        check(json, &[tweet(expected)]);
    }
    let user = Notice::UserWithheld { user: UserId(3), countries: countries.clone() };
    for json in [
        r#"{"user_withheld":{"id":3,"withheld_in_countries":["DE","XY"]}}"#,
        r#"{"user_withheld":{"user":{"id":3,"id_str":"3"},"withheld_in_countries":["DE","XY"]}}"#,
        r#"{"data":{"user_withheld":{"user":{"id":"3"},"withheld_in_countries":["DE","XY"]}}}"#,
    ] {
        check(json, std::slice::from_ref(&user));
    }
}

#[test]
fn users_who_go_are_read() {
    for (key, why) in [
        ("user_delete", Gone::Deleted),
        ("user_protect", Gone::Protected),
        ("user_suspend", Gone::Suspended),
    ] {
        let notice = Notice::UserGone { user: UserId(3), why };
        let old = format!(r#"{{"{key}":{{"id":3,"timestamp_ms":"1"}}}}"#);
        check(&old, std::slice::from_ref(&notice));
        let new = format!(r#"{{"data":{{"{key}":{{"user":{{"id":"3"}},"event_at":"x"}}}}}}"#);
        check(&new, &[notice]);
    }
    check(r#"{"user_undelete":{"id":3}}"#, &[unknown(&["user_undelete"])]);
}

#[test]
fn warnings_are_read() {
    check(
        r#"{"warning":{"code":"FALLING_BEHIND","message":"Your connection is falling behind","percent_full":60}}"#,
        &[Notice::Warning {
            code: "FALLING_BEHIND".into(),
            message: "Your connection is falling behind".into(),
            percent_full: Some(60),
        }],
    );
}

#[test]
fn every_old_disconnect_is_read() {
    for code in 1..=12_u8 {
        check(
            &format!(r#"{{"disconnect":{{"code":{code},"stream_name":"s","reason":"r"}}}}"#),
            &[said(Some(code), None, "r")],
        );
    }
    check(r#"{"disconnect":{"code":"4"}}"#, &[said(Some(4), None, "")]);
    check(r#"{"disconnect":{"code":400}}"#, &[said(None, None, "")]);
}

#[test]
fn every_new_disconnect_is_read() {
    for &kind in DisconnectType::ALL.iter().filter(|&&kind| kind != DisconnectType::Other) {
        let word = kind.as_str();
        let key = match kind {
            DisconnectType::TooMany
            | DisconnectType::Provisioning
            | DisconnectType::NoRules
            | DisconnectType::RulesInvalid => "connection_issue",
            _ => "disconnect_type",
        };
        check(
            &format!(r#"{{"errors":[{{"title":"T","{key}":"{word}","detail":"D"}}]}}"#),
            &[said(None, Some(kind), "T: D")],
        );
    }
    let other = said(None, Some(DisconnectType::Other), "operational-disconnect");
    for json in [
        r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"Brandnew"}]}"#,
        r#"{"errors":[{"title":"operational-disconnect","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}"#,
        r#"{"title":"operational-disconnect","type":"https://api.x.com/2/problems/operational-disconnect"}"#,
    ] {
        check(json, std::slice::from_ref(&other));
    }
}

#[test]
fn errors_that_do_not_end_the_stream_stay_beside_those_that_do() {
    check(
        r#"{"errors":[{"title":"Not Found","detail":"gone"},{"disconnect_type":"SlowReader"},{"message":"m"},7]}"#,
        &[
            said(None, Some(DisconnectType::SlowReader), r#"{"disconnect_type":"SlowReader"}"#),
            Notice::Errors { errors: vec!["Not Found: gone".into(), "m".into(), "7".into()] },
        ],
    );
}

#[test]
fn what_is_not_understood_names_its_keys() {
    check("{}", &[unknown(&[])]);
    check(r#"{"friends":[1,2]}"#, &[unknown(&["friends"])]);
    check(r#"{"data":{"undrop":{"tweet":{"id":"1"}}}}"#, &[unknown(&["undrop"])]);
    check(r#"{"limit":7}"#, &[unknown(&["limit"])]);
    check(r#"{"scrub_geo":{"user_id":"x"},"delete":null}"#, &[unknown(&["delete", "scrub_geo"])]);
    check(r#"{"data":[]}"#, &[unknown(&["data"])]);
}

#[test]
fn texts_and_lists_are_bounded() {
    let many = vec![format!("\"{}\"", "é".repeat(1_000)); 1_000].join(",");
    let json = format!(r#"{{"user_withheld":{{"id":3,"withheld_in_countries":[{many}]}}}}"#);
    let Message::Notices(notices) = message(json.as_bytes()) else { panic!() };
    let [Notice::UserWithheld { countries, .. }] = notices.as_slice() else { panic!() };
    assert_eq!((countries.len(), countries[0].chars().count()), (LIST_MAX, TEXT_MAX_CHARS));
}
