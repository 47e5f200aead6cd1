//! Each kind of fault does what it says, as often as it says.
use std::time::Duration;

use crate::support::{APP, Client, START_MS, USER, config, ids, start};
use serde_json::{Value, json};

const PAGE: &str = "/2/users/12/followers?max_results=100";
const ROUTE: &str = "/2/users/*/followers";

/// A client whose next page is faulty.
async fn faulty(kind: &str, args: Value) -> Client {
    let x = start(config(450)).await;
    x.fault(json!({"route": ROUTE, "kind": kind, "args": args})).await;
    x
}

/// That the fault fired once and the request after it is answered well.
async fn check_over(x: &Client) {
    assert_eq!(x.fired().await, [1]);
    assert_eq!(x.ok(PAGE, APP).await["meta"]["result_count"], 100);
    assert_eq!(x.fired().await, [1]);
}

#[tokio::test]
async fn statuses_carry_xs_own_bodies() {
    for (status, part) in [
        (401, "\"title\":\"Unauthorized\""),
        (402, "credits"),
        (403, "client-not-enrolled"),
        (409, "RuleConfigurationIssue"),
        (420, "Enhance Your Calm"),
        (429, "Too Many Requests"),
        (503, "Service Unavailable"),
    ] {
        let x = faulty(&format!("status_{status}"), json!({})).await;
        let reply = x.get(PAGE, APP).await;
        assert_eq!(reply.status, status);
        let body = reply.json().to_string();
        assert!(body.contains(part), "{body}");
        assert_eq!(x.bill_micros().await, 0, "{status} is free");
        check_over(&x).await;
    }
}

#[tokio::test]
async fn a_429_says_when_to_come_back() {
    let x = faulty("status_429", json!({"reset_s": 33})).await;
    let reply = x.get(PAGE, APP).await;
    assert_eq!(reply.number("x-rate-limit-remaining"), 0);
    assert_eq!(reply.number("x-rate-limit-reset"), START_MS / 1_000 + 33);
}

#[tokio::test]
async fn a_402_has_two_bodies_in_turn() {
    let x = start(config(10)).await;
    x.fault(json!({"route": ROUTE, "kind": "status_402", "count": 2})).await;
    let titles = [x.get(PAGE, APP).await.json(), x.get(PAGE, APP).await.json()];
    assert_eq!(titles.map(|t| t["title"].clone()), ["CreditsDepleted", "Payment Required"]);
}

#[tokio::test]
async fn slow_is_right_but_late() {
    let x = faulty("slow", json!({"ms": 200})).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), x.get(PAGE, APP)).await.is_err());
    assert_eq!(x.fired().await, [1]);
    let x = faulty("slow", json!({"ms": 20})).await;
    assert_eq!(x.ok(PAGE, APP).await["meta"]["result_count"], 100);
    check_over(&x).await;
}

#[tokio::test]
async fn cut_promises_more_than_it_sends() {
    let x = faulty("cut", json!({})).await;
    let reply = x.get(PAGE, APP).await;
    let promised = usize::try_from(reply.number("content-length")).unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, promised / 2));
    check_over(&x).await;
}

#[tokio::test]
async fn bad_json_is_whole_http_and_half_json() {
    let x = faulty("bad_json", json!({})).await;
    let reply = x.get(PAGE, APP).await;
    assert_eq!(reply.status, 200);
    assert_eq!(usize::try_from(reply.number("content-length")), Ok(reply.body.len()));
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
    check_over(&x).await;
}

#[tokio::test]
async fn empty_ends_the_walk_early() {
    let x = faulty("empty", json!({})).await;
    assert_eq!(x.ok(PAGE, APP).await, json!({"meta": {"result_count": 0}}));
    assert_eq!(x.bill_micros().await, 0);
    check_over(&x).await;
}

#[tokio::test]
async fn errors_200_has_no_data() {
    let x = faulty("errors_200", json!({})).await;
    let body = x.ok(PAGE, APP).await;
    assert!(body["errors"][0]["type"].is_string());
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"]);
    check_over(&x).await;
}

/// The ids of a walk whose third page has a fault.
async fn walk_with(kind: &str, args: Value) -> (Vec<String>, Vec<String>) {
    let x = start(config(450)).await;
    let honest = ids(&x.walk("12", 100, APP).await);
    x.fault(json!({"route": ROUTE, "kind": kind, "after": 2, "args": args})).await;
    let walked = ids(&x.walk("12", 100, APP).await);
    assert_eq!(x.fired().await, [1]);
    (honest, walked)
}

#[tokio::test]
async fn shift_page_skips_followers() {
    let (honest, walked) = walk_with("shift_page", json!({})).await;
    assert_eq!(walked, [&honest[..200], &honest[225..]].concat());
    let (honest, walked) = walk_with("shift_page", json!({"by": 3})).await;
    assert_eq!(walked, [&honest[..200], &honest[203..]].concat());
}

#[tokio::test]
async fn shift_page_backwards_repeats_followers() {
    let (honest, walked) = walk_with("shift_page", json!({"by": -40})).await;
    assert_eq!(walked, [&honest[..200], &honest[160..]].concat());
}

#[tokio::test]
async fn repeat_page_repeats_and_goes_on() {
    let (honest, walked) = walk_with("repeat_page", json!({})).await;
    assert_eq!(walked, [&honest[..200], &honest[100..200], &honest[300..]].concat());
}

#[tokio::test]
async fn a_token_expires_where_there_is_one() {
    let x = faulty("token_expired", json!({})).await;
    let reply = x.get(PAGE, USER).await;
    assert_eq!((reply.status, &reply.json()["errors"][0]["code"]), (401, &json!(89)));
    let token = x.ok(PAGE, USER).await["meta"]["next_token"].as_str().unwrap().to_owned();
    let second = format!("{PAGE}&pagination_token={token}");
    x.fault(json!({"route": ROUTE, "kind": "token_expired"})).await;
    let reply = x.get(&second, USER).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["errors"][0]["parameters"]["pagination_token"], json!([token]));
    x.fault(json!({"route": ROUTE, "kind": "token_expired", "args": {"what": "auth"}})).await;
    assert_eq!(x.get(&second, USER).await.status, 401);
    assert_eq!(x.fired().await, [1, 1, 1]);
}

#[tokio::test]
async fn stall_and_ghost_never_answer() {
    for kind in ["stall", "ghost"] {
        let x = faulty(kind, json!({})).await;
        let wait = Duration::from_millis(150);
        assert!(tokio::time::timeout(wait, x.get(PAGE, APP)).await.is_err(), "{kind}");
        check_over(&x).await;
    }
}

#[tokio::test]
async fn disconnect_says_nothing() {
    let x = faulty("disconnect", json!({})).await;
    assert_eq!(x.raw("GET", PAGE, APP, "").await, b"");
    check_over(&x).await;
}

#[tokio::test]
async fn faults_are_listed_until_they_are_deleted() {
    let x = start(config(10)).await;
    x.fault(json!({"route": ROUTE, "kind": "slow", "count": 2, "args": {"ms": 0}})).await;
    x.fault(json!({"route": "/2/users/me", "kind": "status_401"})).await;
    x.get(PAGE, APP).await;
    let listed = x.ok("/sim/faults", "").await;
    assert_eq!(
        listed,
        json!([
            {"id": 1, "route": ROUTE, "kind": "slow", "count": 2, "fired": 1},
            {"id": 2, "route": "/2/users/me", "kind": "status_401", "count": 1, "fired": 0},
        ])
    );
    assert_eq!(x.send("DELETE", "/sim/faults", "", "").await.status, 200);
    assert_eq!(x.ok("/sim/faults", "").await, json!([]));
    assert_eq!(x.get("/2/users/me", USER).await.status, 200);
}

#[tokio::test]
async fn an_unknown_kind_is_refused() {
    let x = start(config(10)).await;
    let reply = x.post("/sim/faults", &json!({"route": ROUTE, "kind": "count_off"})).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (400, Some("application/problem+json"))
    );
}
