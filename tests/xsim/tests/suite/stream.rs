//! The streams: who may connect, what is delivered, what it costs.
use crate::support::{APP, RULES, START_MS, STREAM, USER, id_of, start, streaming, written_ms};
use serde_json::{Value, json};

/// Matches most of the world, as a demo's rules do.
const BROAD: &[&str] =
    &["the OR de OR a OR la OR que", "place_country:IN OR place_country:JP OR place_country:US"];

#[tokio::test]
async fn a_stream_wants_an_app_with_rules() {
    let x = start(streaming(50.0)).await;
    let refused = x.open(STREAM, USER).await.err().unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("/unsupported-authentication"));
    let refused = x.open(STREAM, APP).await.err().unwrap();
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["connection_issue"], "RuleConfigurationIssue");
    assert_eq!(x.open(STREAM, "Bearer wrong").await.err().unwrap().status, 401);
    assert_eq!(x.send("POST", STREAM, APP, "").await.status, 405);
    x.add_rules(BROAD).await;
    let wrong = format!("{STREAM}?tweet.fields=shoe_size");
    assert_eq!(x.open(&wrong, APP).await.err().unwrap().status, 400);
    assert!(x.open(STREAM, APP).await.is_ok());
}

#[tokio::test]
async fn the_sample_is_only_for_those_it_was_granted() {
    let x = start(streaming(50.0)).await;
    x.set_stream(json!({"sample": false})).await;
    let refused = x.open("/2/tweets/sample/stream", APP).await.err().unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("/client-forbidden"));
    x.set_stream(json!({"sample": true})).await;
    let mut stream = x.open("/2/tweets/sample/stream", APP).await.ok().unwrap();
    let from_ms = stream.begins_ms();
    let ids: Vec<String> = stream.messages(20).await.iter().map(id_of).collect();
    let to_ms = written_ms(ids.last().unwrap()) + 1;
    let truth = x.ok(&format!("/sim/tweets?from={from_ms}&to={to_ms}"), "").await;
    assert_eq!(truth["ids"].as_array().unwrap()[..20], ids[..]);
}

#[tokio::test]
async fn a_stream_delivers_exactly_what_matches() {
    let x = start(streaming(200.0)).await;
    x.add_rules(BROAD).await;
    let mut stream = x.stream("").await;
    let ids: Vec<String> = stream.messages(150).await.iter().map(id_of).collect();
    let mut written = x.written(stream.begins_ms(), written_ms(&ids[149]) + 1).await;
    // Others may have been written in the same millisecond as the last.
    written.truncate(150);
    assert_eq!(ids, written);
}

#[tokio::test]
async fn messages_tell_which_rules_they_match() {
    let x = start(streaming(100.0)).await;
    let added = x.add_rules(&["de", "de OR que", "place_country:IN -de"]).await;
    let ids: Vec<&str> =
        added["data"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    for message in x.stream("").await.messages(40).await {
        let rules = message["matching_rules"].as_array().unwrap();
        assert!(!rules.is_empty() && rules.len() <= 2, "{message}");
        for rule in rules {
            assert!(ids.contains(&rule["id"].as_str().unwrap()));
            assert!(
                ["de", "de OR que", "place_country:IN -de"]
                    .contains(&rule["tag"].as_str().unwrap())
            );
        }
    }
}

#[tokio::test]
async fn rules_can_change_under_an_open_stream() {
    let x = start(streaming(100.0)).await;
    let added = x.add_rules(&["nothingeversaysthis"]).await;
    x.set_stream(json!({"keepalive_s": 0.1})).await;
    let mut stream = x.stream("").await;
    assert_eq!(stream.line().await, Ok(String::new()));
    let later = x.add_rules(BROAD).await;
    let rule = &stream.message().await["matching_rules"][0]["id"];
    assert!(later["data"].as_array().unwrap().iter().any(|r| r["id"] == *rule));
    assert_ne!(added["data"][0]["id"], *rule);
}

#[tokio::test]
async fn two_readers_find_one_place() {
    let x = start(streaming(50.0)).await;
    x.add_rules(BROAD).await;
    let mut first = x.stream("").await;
    let refused = x.open(STREAM, APP).await.err().unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["connection_issue"], "TooManyConnections");
    assert!(refused.number("x-rate-limit-remaining") > 0);
    first.message().await;
    drop(first);
    x.stream("").await.message().await;
    let seen = x.ok("/sim/connections", "").await;
    assert_eq!((&seen["peak"], &seen["total"]), (&json!(1), &json!(2)));
    assert_eq!((&seen["refused_open"], &seen["peak_asked"]), (&json!(1), &json!(2)));
    assert!(seen["waited"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn a_reader_that_comes_back_at_once_is_let_in() {
    let x = start(streaming(50.0)).await;
    x.add_rules(BROAD).await;
    for _ in 0..10 {
        let mut stream = x.stream("").await;
        assert_eq!(x.connections("open").await, 1);
        stream.line().await.unwrap();
    }
    let seen = x.ok("/sim/connections", "").await;
    assert_eq!([&seen["peak"], &seen["total"], &seen["refused_open"]], [1, 10, 0]);
}

#[tokio::test]
async fn connects_are_limited() {
    let x = start(streaming(50.0)).await;
    for n in 1..=50 {
        let refused = x.open(STREAM, APP).await.err().unwrap();
        assert_eq!((refused.status, refused.number("x-rate-limit-remaining")), (409, 50 - n));
    }
    assert_eq!(x.open(STREAM, APP).await.err().unwrap().status, 429);
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive() {
    let x = start(streaming(0.0)).await;
    x.add_rules(BROAD).await;
    x.set_stream(json!({"keepalive_s": 0.1})).await;
    let mut stream = x.stream("").await;
    for _ in 0..5 {
        assert_eq!(stream.line().await, Ok(String::new()));
    }
}

#[tokio::test]
async fn however_bytes_are_split_the_lines_are_whole() {
    for (split, most) in [("bytes", 1), ("random", 64)] {
        let x = start(streaming(20.0)).await;
        x.add_rules(BROAD).await;
        x.set_stream(json!({"split": split})).await;
        let mut stream = x.stream("?tweet.fields=entities,geo,lang").await;
        let ids: Vec<String> = stream.messages(8).await.iter().map(id_of).collect();
        assert_eq!(ids, x.written(stream.begins_ms(), written_ms(&ids[7]) + 1).await[..8]);
        assert!(stream.chunks.iter().all(|&length| length <= most), "{split}");
    }
}

#[tokio::test]
async fn a_jump_of_the_clock_brings_no_backlog() {
    let x = start(streaming(50.0)).await;
    x.add_rules(BROAD).await;
    let mut stream = x.stream("").await;
    let before = stream.messages(5).await;
    x.post("/sim/clock", &json!({"advance_s": 7_200})).await;
    let mut last = written_ms(&id_of(&before[4]));
    let after = loop {
        let at = written_ms(&id_of(&stream.message().await));
        if at - last > 3_600_000 {
            break at;
        }
        last = at;
    };
    // What was written before the jump had come, and nothing of what was jumped over.
    let jumped = x.written(last + 1, after).await;
    assert!(jumped.len() > 7_200 * 10);
    assert!(after - last >= 7_200_000);
}

#[tokio::test]
async fn a_tweet_is_charged_once_a_day_however_it_came() {
    let x = start(streaming(50.0)).await;
    x.add_rules(BROAD).await;
    let mut stream = x.stream("").await;
    let ids: Vec<String> = stream.messages(10).await.iter().map(id_of).collect();
    drop(stream);
    x.set_stream(json!({"pause": true})).await;
    while x.connections("open").await > 0 {}
    let delivered = x.ok("/sim/stream", "").await["delivered"].as_u64().unwrap();
    let bill = x.ok("/sim/bill", "").await;
    assert_eq!(bill["by_resource"]["post"]["billed"], delivered);
    assert_eq!(x.bill_micros().await, delivered * 5_000);
    let again = x.ok(&format!("/2/tweets?ids={}", ids.join(",")), APP).await;
    assert_eq!(again["data"].as_array().unwrap().len(), 10);
    assert_eq!(x.bill_micros().await, delivered * 5_000);
    x.post("/sim/clock", &json!({"advance_s": 86_400})).await;
    x.ok(&format!("/2/tweets?ids={}", ids.join(",")), APP).await;
    assert_eq!(x.bill_micros().await, (delivered + 10) * 5_000);
}

#[tokio::test]
async fn only_asked_for_fields_are_delivered() {
    let x = start(streaming(50.0)).await;
    x.add_rules(BROAD).await;
    let fields = "?tweet.fields=created_at,geo&expansions=author_id,geo.place_id\
        &user.fields=verified&place.fields=country_code";
    for message in x.stream(fields).await.messages(30).await {
        let known = ["id", "text", "edit_history_tweet_ids", "created_at", "geo", "author_id"];
        let data = message["data"].as_object().unwrap();
        assert!(data.keys().all(|key| known.contains(&key.as_str())), "{message}");
        let user = message["includes"]["users"][0].as_object().unwrap();
        assert_eq!(user.keys().collect::<Vec<_>>(), ["id", "name", "username", "verified"]);
        assert_eq!(user["id"], data["author_id"]);
        if let Some(place) = message["includes"]["places"].get(0) {
            let keys: Vec<_> = place.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["country_code", "full_name", "id"]);
        }
    }
}

#[tokio::test]
async fn a_rate_and_a_pause_take_hold() {
    let x = start(streaming(10.0)).await;
    let at = |from: i64, to: i64| format!("/sim/tweets?from={from}&to={to}");
    x.set_stream(json!({"rate": 300.0, "share_placed": 1.0})).await;
    let now = x.ok("/sim/clock", "").await["now"].as_i64().unwrap();
    let second = (now / 1_000 + 2) * 1_000;
    let truth = x.ok(&at(second, second + 1_000), "").await;
    assert_eq!((&truth["count"], &truth["placed"]), (&json!(300), &json!(300)));
    x.set_stream(json!({"pause": true})).await;
    let truth = x.ok(&at(second + 10_000, second + 20_000), "").await;
    assert_eq!(truth["count"], 0);
    assert_eq!(x.ok("/sim/stream", "").await["rate"], 300.0);
    for wrong in [json!({"rate": 9_000}), json!({"dialect": "v3"}), json!({"speed": 1})] {
        assert_eq!(x.post("/sim/stream", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_was_written_can_be_asked_for_by_query() {
    let x = start(streaming(100.0)).await;
    let at = format!("/sim/tweets?from={}&to={}", START_MS - 5_000, START_MS);
    let all = x.ok(&at, "").await["count"].as_u64().unwrap();
    let part = x.ok(&format!("{at}&query=place_country%3AIN"), "").await;
    assert_eq!((all, &part["count"]), (500, &part["placed"]));
    assert!((1..200).contains(&part["count"].as_u64().unwrap()), "{part}");
    for wrong in ["&query=lang%3Aen", "&account=12"] {
        assert_eq!(x.get(&format!("{at}{wrong}"), "").await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn rules_are_kept_as_x_keeps_them() {
    let x = start(streaming(0.0)).await;
    let send = async |query: &str, body: Value| {
        let reply = x.send("POST", &format!("{RULES}{query}"), APP, &body.to_string()).await;
        (reply.status, reply.json())
    };
    let (status, answer) =
        send("", json!({"add": [{"value": "cat", "tag": "c"}, {"value": "dog"}]})).await;
    assert_eq!((status, answer["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(answer["meta"]["summary"]["created"], 2);
    let (status, answer) = send("", json!({"add": [{"value": "has:geo"}]})).await;
    assert_eq!((status, &answer["errors"][0]["title"]), (400, &json!("UnprocessableEntity")));
    let (_, answer) = send("", json!({"add": [{"value": "cat"}]})).await;
    assert_eq!(answer["errors"][0]["title"], "DuplicateRule");
    let (status, _) = send("?dry_run=true", json!({"add": [{"value": "bird"}]})).await;
    assert_eq!(status, 200);
    let counts = x.ok(&format!("{RULES}/counts"), APP).await;
    assert_eq!(counts["data"]["project_rules_count"], 2);
    let listed = x.ok(RULES, APP).await;
    assert_eq!(
        listed["data"][0],
        json!({"id": listed["data"][0]["id"], "value": "cat", "tag": "c"})
    );
    let (_, answer) = send("", json!({"delete": {"values": ["dog"]}})).await;
    assert_eq!(answer["meta"]["summary"]["deleted"], 1);
    let (_, answer) = send("", json!({"delete": {"ids": [listed["data"][0]["id"]]}})).await;
    assert_eq!(answer["meta"]["summary"]["deleted"], 1);
    assert!(x.ok(RULES, APP).await["data"].is_null());
    assert_eq!(x.get(RULES, USER).await.status, 403);
    assert_eq!(send("", json!({"remove": []})).await.0, 400);
}
