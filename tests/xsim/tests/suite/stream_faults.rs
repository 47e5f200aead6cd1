//! What goes wrong with streams: ghosts, cuts, stalls, notices, and what kills them.
use std::time::Duration;

use crate::support::{APP, Client, End, Reader, STREAM, id_of, start, streaming};
use serde_json::{Value, json};

const RULE: &[&str] = &["the OR de OR a OR la OR que OR place_country:IN OR place_country:JP"];

async fn ready(rate: f64) -> Client {
    let x = start(streaming(rate)).await;
    x.add_rules(RULE).await;
    x
}

/// A stream that opens with a fault.
async fn faulty(kind: &str, args: Value) -> (Client, Reader) {
    let x = ready(50.0).await;
    x.fault(json!({"route": STREAM, "kind": kind, "args": args})).await;
    let stream = x.stream("").await;
    (x, stream)
}

/// That the next connection is well.
async fn check_over(x: &Client) {
    assert_eq!(x.fired().await, [1]);
    id_of(&x.stream("").await.message().await);
    assert_eq!(x.connections("peak").await, 1);
}

#[tokio::test]
async fn statuses_refuse_the_connection() {
    for (status, part) in [
        (401, "Unauthorized"),
        (402, "credits"),
        (403, "client-not-enrolled"),
        (409, "RuleConfigurationIssue"),
        (420, "Enhance Your Calm"),
        (429, "Too Many Requests"),
        (503, "Service Unavailable"),
    ] {
        let x = ready(50.0).await;
        x.fault(json!({"route": STREAM, "kind": format!("status_{status}")})).await;
        let refused = x.open(STREAM, APP).await.err().unwrap();
        assert_eq!(refused.status, status);
        assert!(refused.json().to_string().contains(part));
        check_over(&x).await;
        assert_eq!(x.connections("total").await, 1);
    }
    let x = ready(50.0).await;
    let args = json!({"issue": "connections"});
    x.fault(json!({"route": STREAM, "kind": "status_429", "args": args})).await;
    let refused = x.open(STREAM, APP).await.err().unwrap();
    assert_eq!(refused.json()["connection_issue"], "TooManyConnections");
}

#[tokio::test]
async fn a_cut_ends_in_the_middle_of_a_line() {
    let (x, mut stream) = faulty("cut", json!({"after_posts": 3})).await;
    stream.messages(3).await;
    let (end, rest) = stream.finish().await;
    assert_eq!(end, End::Broken);
    assert!(rest.starts_with("{\"data\":") && serde_json::from_str::<Value>(&rest).is_err());
    check_over(&x).await;
}

#[tokio::test]
async fn bad_json_is_one_line_of_many() {
    let (x, mut stream) = faulty("bad_json", json!({"after_posts": 2})).await;
    let mut broken = 0;
    for _ in 0..30 {
        let line = stream.line().await.unwrap();
        broken += u32::from(serde_json::from_str::<Value>(&line).is_err());
    }
    assert_eq!(broken, 1);
    drop(stream);
    check_over(&x).await;
}

#[tokio::test]
async fn a_stall_sends_nothing_and_stays() {
    let (x, mut stream) = faulty("stall", json!({"after_posts": 1})).await;
    x.set_stream(json!({"keepalive_s": 0.1})).await;
    stream.message().await;
    let silence = async { while stream.line().await.is_ok() {} };
    assert!(tokio::time::timeout(Duration::from_millis(600), silence).await.is_err());
    assert_eq!(x.connections("open").await, 1);
    drop(stream);
    check_over(&x).await;
}

#[tokio::test]
async fn a_disconnect_says_why_and_ends() {
    for (args, part) in [
        (json!({}), "UpstreamOperationalDisconnect"),
        (json!({"disconnect_type": "SlowReader"}), "SlowReader"),
        (json!({"code": 7}), "Admin logout"),
    ] {
        let (x, mut stream) = faulty("disconnect", args).await;
        let line = stream.line().await.unwrap();
        assert!(line.contains(part), "{line}");
        assert_eq!(stream.finish().await.0, End::Whole);
        check_over(&x).await;
    }
}

#[tokio::test]
async fn empty_and_errors_200_bring_no_tweets() {
    let (x, mut stream) = faulty("empty", json!({})).await;
    assert_eq!(stream.line().await, Err(End::Whole));
    check_over(&x).await;
    let (x, mut stream) = faulty("errors_200", json!({})).await;
    assert!(stream.message().await["errors"][0]["title"].is_string());
    assert_eq!(stream.line().await, Err(End::Whole));
    check_over(&x).await;
}

#[tokio::test]
async fn a_slow_stream_drips() {
    let (x, mut stream) = faulty("slow", json!({"bytes_per_s": 5_000})).await;
    stream.messages(2).await;
    assert!(stream.chunks.iter().all(|&length| length <= 500), "{:?}", stream.chunks);
    drop(stream);
    check_over(&x).await;
}

#[tokio::test]
async fn a_ghost_holds_the_place_until_it_is_killed() {
    let (x, stream) = faulty("ghost", json!({})).await;
    drop(stream);
    while x.connections("ghosts").await == 0 {}
    let refused = x.open(STREAM, APP).await.err().unwrap();
    assert_eq!(refused.json()["connection_issue"], "TooManyConnections");
    let listed = x.ok("/2/connections", APP).await;
    assert_eq!(listed["meta"]["result_count"], 1);
    assert_eq!(listed["data"][0]["endpoint_name"], "filtered_stream");
    let killed = x.send("DELETE", "/2/connections/sample_stream", APP, "").await.json();
    assert_eq!(killed["data"]["successful_kills"], 0);
    let killed = x.send("DELETE", "/2/connections/filtered_stream", APP, "").await.json();
    assert_eq!(killed["data"]["successful_kills"], 1);
    assert!(x.ok("/2/connections", APP).await["data"].is_null());
    let past = x.ok("/2/connections?status=inactive", APP).await;
    assert_eq!(past["data"][0]["disconnect_reason"], "operator_disconnect");
    check_over(&x).await;
    assert_eq!(x.connections("refused_ghost").await, 1);
}

#[tokio::test]
async fn a_ghost_goes_after_a_quarter_of_an_hour() {
    let (x, stream) = faulty("ghost", json!({})).await;
    drop(stream);
    while x.connections("ghosts").await == 0 {}
    x.post("/sim/clock", &json!({"advance_s": 901})).await;
    check_over(&x).await;
}

#[tokio::test]
async fn killing_really_closes_an_open_stream() {
    let x = ready(50.0).await;
    let mut stream = x.stream("").await;
    stream.message().await;
    let id = x.ok("/2/connections", APP).await["data"][0]["id"].clone();
    let body = json!({"uuids": [id]}).to_string();
    let killed = x.send("DELETE", "/2/connections", APP, &body).await.json();
    assert_eq!(killed["data"]["results"][0], json!({"uuid": id, "success": true}));
    assert_eq!(x.connections("open").await, 0);
    stream.finish().await;
    let mut stream = x.stream("").await;
    assert_eq!(x.send("DELETE", "/2/connections/all", APP, "").await.status, 200);
    stream.finish().await;
}

#[tokio::test]
async fn a_reset_ends_streams_and_forgets_rules() {
    let x = ready(50.0).await;
    let mut stream = x.stream("").await;
    stream.message().await;
    x.post("/sim/reset", &json!({})).await;
    stream.finish().await;
    assert_eq!(x.open(STREAM, APP).await.err().unwrap().status, 409);
    assert_eq!(x.connections("total").await, 0);
    x.add_rules(RULE).await;
    x.stream("").await.message().await;
    assert_eq!(x.connections("peak").await, 1);
}

/// Sends a notice and gives the line it made.
async fn notice(x: &Client, stream: &mut Reader, wish: Value) -> Value {
    let reply = x.post("/sim/notice", &wish).await;
    assert_eq!((reply.status, &reply.json()["streams"]), (200, &json!(1)));
    loop {
        let message = stream.message().await;
        if message["data"].is_null() {
            return message;
        }
    }
}

#[tokio::test]
async fn notices_come_at_once_into_the_open_stream() {
    let x = ready(20.0).await;
    let mut stream = x.stream("").await;
    let limit = notice(&x, &mut stream, json!({"kind": "limit", "track": 12})).await;
    assert_eq!(limit["limit"]["track"], 12);
    let warning = notice(&x, &mut stream, json!({"kind": "warning"})).await;
    assert_eq!(warning["warning"]["code"], "FALLING_BEHIND");
    let raw = notice(&x, &mut stream, json!({"raw": "{\"new\":1}"})).await;
    assert_eq!(raw, json!({"new": 1}));
    let wish = json!({"kind": "v2_error", "disconnect_type": "ForceDisconnect"});
    let error = notice(&x, &mut stream, wish).await;
    assert_eq!(error["errors"][0]["disconnect_type"], "ForceDisconnect");
    assert_eq!(stream.finish().await.0, End::Whole);
    assert_eq!(x.post("/sim/notice", &json!({"kind": "shout"})).await.status, 400);
    let nobody = x.post("/sim/notice", &json!({"kind": "warning"})).await.json();
    assert_eq!(nobody["streams"], 0);
}

#[tokio::test]
async fn an_open_stream_can_be_broken_on_request() {
    for (kind, end) in [("cut", End::Broken), ("close", End::Whole)] {
        let x = ready(50.0).await;
        let mut stream = x.stream("").await;
        stream.message().await;
        x.post("/sim/notice", &json!({"kind": kind})).await;
        assert_eq!(stream.finish().await.0, end, "{kind}");
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_what_is_scrubbed_has_no_place() {
    let x = ready(50.0).await;
    let mut stream = x.stream("?tweet.fields=author_id,geo").await;
    let (gone, placed) = (
        stream.message().await,
        loop {
            let message = stream.message().await;
            if message["data"]["geo"].is_object() {
                break message;
            }
        },
    );
    let line = notice(&x, &mut stream, json!({"kind": "delete", "tweet": id_of(&gone)})).await;
    assert_eq!(line["delete"]["status"]["id_str"], id_of(&gone));
    assert_eq!(line["delete"]["status"]["user_id_str"], gone["data"]["author_id"]);
    let (user, up_to) = (&placed["data"]["author_id"], id_of(&placed));
    notice(&x, &mut stream, json!({"kind": "scrub_geo", "user": user, "up_to": up_to})).await;
    let ids = format!("{},{}", id_of(&gone), id_of(&placed));
    let found = x.ok(&format!("/2/tweets?ids={ids}&tweet.fields=geo"), APP).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["id"], id_of(&placed));
    assert!(found["data"][0]["geo"].is_null());
    assert!(found["errors"][0]["type"].as_str().unwrap().ends_with("/resource-not-found"));
    assert_eq!(found["errors"][0]["resource_id"], id_of(&gone));
    assert_eq!(x.get(&format!("/2/tweets/{}", id_of(&gone)), APP).await.status, 404);
}
