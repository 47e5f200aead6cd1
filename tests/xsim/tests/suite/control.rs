//! What the control surface under `/sim/` does and tells.
use std::collections::BTreeSet;
use std::io::Read;

use crate::support::{APP, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::{Value, json};
use xsim::Config;

#[tokio::test]
async fn truth_is_the_difference_of_two_walks() {
    let x = start(config(3_000)).await;
    for account in ["12", "13"] {
        x.post("/sim/reset", &json!({})).await;
        let before: BTreeSet<String> =
            ids(&x.walk(account, 1_000, APP).await).into_iter().collect();
        let to = START_MS + 30 * DAY_MS + 17_000;
        x.set_now(to).await;
        let after: BTreeSet<String> = ids(&x.walk(account, 999, APP).await).into_iter().collect();
        let target = format!("/sim/truth?account={account}&from={START_MS}&to={to}");
        let truth = x.ok(&target, "").await;
        let net = |name: &str| -> BTreeSet<String> {
            let ids = truth["net"][name].as_array().unwrap();
            ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(net("followed"), after.difference(&before).cloned().collect());
        assert_eq!(net("lost"), before.difference(&after).cloned().collect());
        assert!(!net("lost").is_empty() && net("followed").len() > net("lost").len() / 2);
        let me = x.ok(&format!("/2/users/{account}?user.fields=public_metrics"), APP).await;
        assert_eq!(me["data"]["public_metrics"]["followers_count"], after.len());
    }
}

#[tokio::test]
async fn the_list_is_the_same_while_time_stands_still() {
    let x = start(config(500)).await;
    let first = x.walk("12", 100, APP).await;
    assert_eq!(x.walk("12", 33, APP).await, first);
}

#[tokio::test]
async fn renames_are_seen_in_the_list() {
    let x = start(config(2_000)).await;
    let name_of = |users: &[Value], id: &Value| {
        users.iter().find(|u| u["id"] == *id).map(|u| u["username"].clone())
    };
    let before = x.walk("12", 1_000, APP).await;
    let to = START_MS + 20 * DAY_MS;
    x.set_now(to).await;
    let after = x.walk("12", 1_000, APP).await;
    let truth = x.ok(&format!("/sim/truth?from={START_MS}&to={to}"), "").await;
    let mut seen = 0;
    for rename in truth["renamed"].as_array().unwrap() {
        if let (Some(old), Some(new)) =
            (name_of(&before, &rename["id"]), name_of(&after, &rename["id"]))
        {
            assert_eq!((&old, &new), (&rename["from"], &rename["to"]));
            let gone = x.get(&format!("/2/users/by/username/{}", old.as_str().unwrap()), APP).await;
            assert_eq!(gone.status, 404);
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
    let changed =
        before.iter().filter(|u| name_of(&after, &u["id"]).is_some_and(|now| now != u["username"]));
    assert_eq!(changed.count(), seen);
}

#[tokio::test]
async fn truth_reads_both_spellings_of_a_time_and_refuses_others() {
    let x = start(config(500)).await;
    let (from, to) = (START_MS - 5 * DAY_MS, START_MS);
    let by_ms = x.ok(&format!("/sim/truth?from={from}&to={to}"), "").await;
    let by_text = x.ok("/sim/truth?from=2026-09-16T14:15:23Z&to=2026-09-21T14:15:23Z", "").await;
    assert_eq!(by_ms, by_text);
    for query in
        ["", "?from=soon", "?from=5000&to=4000", "?from=1&day=2", "?from=1&to=9999999999999999"]
    {
        assert_eq!(x.get(&format!("/sim/truth{query}"), "").await.status, 400, "{query}");
    }
    assert_eq!(x.get("/sim/truth?from=1&account=14", "").await.status, 404);
}

#[tokio::test]
async fn a_snapshot_is_the_list_as_it_was() {
    let x = start(config(2_500)).await;
    let fields =
        "created_at,description,profile_image_url,protected,public_metrics,verified,verified_type";
    let page =
        x.ok(&format!("/2/users/12/followers?max_results=1000&user.fields={fields}"), APP).await;
    let list = x.walk("12", 1_000, APP).await;
    x.set_now(START_MS + 9 * DAY_MS).await;
    let reply = x.get(&format!("/sim/snapshot?account=12&at={START_MS}"), "").await;
    assert_eq!(reply.header("content-type"), Some("application/gzip"));
    assert_eq!(reply.header("content-encoding"), None);
    let mut first = Vec::new();
    flate2::read::GzDecoder::new(&reply.body[..]).read_to_end(&mut first).unwrap();
    let mut whole = Vec::new();
    flate2::read::MultiGzDecoder::new(&reply.body[..]).read_to_end(&mut whole).unwrap();
    assert!(first.len() < whole.len() / 2 && whole.starts_with(&first), "a member per thousand");
    let users: Vec<Value> = serde_json::from_slice(&whole).unwrap();
    assert_eq!(ids(&users), ids(&list));
    assert_eq!(users[..1_000], page["data"].as_array().unwrap()[..]);
}

#[tokio::test]
async fn a_snapshot_of_nobody_is_an_empty_array() {
    let x = start(config(0)).await;
    let reply = x.get("/sim/snapshot", "").await;
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&reply.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "[]");
}

#[tokio::test]
async fn the_clock_goes_forward_only_and_every_answer_tells_it() {
    let x = start(config(10)).await;
    assert_eq!(x.ok("/sim/clock", "").await, json!({"now": START_MS, "speed": 0.0}));
    let moved = x.post("/sim/clock", &json!({"advance_s": 90})).await.json();
    assert_eq!(moved["now"], START_MS + 90_000);
    for target in ["/2/users/12", "/sim/health", "/sim/faults", "/nothing"] {
        assert_eq!(x.get(target, APP).await.number("x-sim-now"), START_MS + 90_000, "{target}");
    }
    x.post("/sim/clock", &json!({"now": "2026-09-22T00:00:00Z"})).await;
    for wrong in [
        json!({"now": START_MS}),
        json!({"advance_s": -1}),
        json!({"speed": -1}),
        json!({"now": "soon"}),
        json!({"advance_s": 1e12}),
        json!({"faster": 1}),
        json!({}),
    ] {
        assert_eq!(x.post("/sim/clock", &wrong).await.status, 400, "{wrong}");
    }
    let clock = x.ok("/sim/clock", "").await;
    assert_eq!(clock, json!({"now": 1_790_035_200_000_i64, "speed": 0.0}));
}

#[tokio::test]
async fn reset_brings_everything_back_to_the_start() {
    let x = start(config(50)).await;
    let at_start = x.walk("12", 1_000, APP).await;
    x.post("/sim/clock", &json!({"advance_s": 864_000, "speed": 3})).await;
    x.post("/sim/world", &json!({"count_factor": 0.5})).await;
    x.fault(json!({"route": "/2/*", "kind": "status_503", "count": 9})).await;
    let signed = x.signed("/2/users/me", "n", START_MS / 1_000 + 864_000);
    x.get("/2/users/me", &signed).await;
    assert_eq!(x.post("/sim/reset", &json!({})).await.status, 200);
    let (clock, bill) = (x.ok("/sim/clock", "").await, x.ok("/sim/bill", "").await);
    assert_eq!(clock, json!({"now": START_MS, "speed": 0.0}));
    assert_eq!((&bill["usd"], &bill["calls"]), (&json!(0.0), &json!(0)));
    assert_eq!(x.ok("/sim/faults", "").await, json!([]));
    assert_eq!(x.walk("12", 1_000, APP).await, at_start);
    let me = x.get("/2/users/me?user.fields=public_metrics", USER).await;
    assert_eq!(me.json()["data"]["public_metrics"]["followers_count"], 50);
    assert_eq!(me.number("x-rate-limit-remaining"), 74);
}

#[tokio::test]
async fn the_count_can_be_made_to_lie() {
    let x = start(config(1_000)).await;
    let factor = x.post("/sim/world", &json!({"count_factor": 0.7})).await.json();
    assert_eq!(factor["count_factor"], 0.7);
    let me = x.ok("/2/users/me?user.fields=public_metrics", USER).await;
    assert_eq!(me["data"]["public_metrics"]["followers_count"], 700);
    assert_eq!(x.walk("12", 1_000, APP).await.len(), 1_000);
    assert_eq!(x.post("/sim/world", &json!({"count_factor": -1})).await.status, 400);
}

#[tokio::test]
async fn health_and_connections_have_their_shapes() {
    let x = start(Config { seed: 42, ..config(77) }).await;
    let health = x.ok("/sim/health", "").await;
    assert_eq!(health, json!({"ok": true, "seed": 42, "followers": 77, "account": "12"}));
    let connections = x.ok("/sim/connections", "").await;
    for name in ["open", "peak", "total", "ghosts"] {
        assert_eq!(connections[name], 0, "{name}");
    }
}

#[tokio::test]
async fn equal_seeds_make_equal_worlds_and_others_do_not() {
    let one = start(config(200)).await.walk("12", 1_000, APP).await;
    let same = start(config(200)).await.walk("12", 1_000, APP).await;
    let other = start(Config { seed: 2, ..config(200) }).await.walk("12", 1_000, APP).await;
    assert_eq!(one, same);
    assert_ne!(ids(&one), ids(&other));
}
