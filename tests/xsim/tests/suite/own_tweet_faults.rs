//! Each kind of fault that a single tweet or a page of tweets can have.
use crate::support::{Client, START_MS, USER, config, ids, start};
use serde_json::{Value, json};

const PAGE: &str = "/2/users/12/tweets?max_results=20&tweet.fields=author_id,created_at,\
    public_metrics,organic_metrics";

/// The page as it is, and as it is with a fault.
async fn pages(kind: &str, args: Value) -> (Value, Value) {
    let x = start(config(10)).await;
    let good = x.ok(PAGE, USER).await;
    let bill = x.bill_micros().await;
    x.fault(json!({"route": "/2/users/*/tweets", "kind": kind, "args": args})).await;
    let bad = x.ok(PAGE, USER).await;
    assert_eq!(x.fired().await, [1], "{kind}");
    assert_eq!(x.ok(PAGE, USER).await, good, "{kind} is over");
    assert_eq!(x.bill_micros().await, bill, "{kind} is free");
    (good, bad)
}

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

#[tokio::test]
async fn a_tweet_lacks_its_text_or_its_metrics() {
    for (kind, at, lacks) in [
        ("no_text", 0, &["text"][..]),
        ("no_text", 7, &["text"]),
        ("no_metrics", 3, &["public_metrics", "organic_metrics"]),
    ] {
        let (good, bad) = pages(kind, json!({"at": at})).await;
        for (n, (good, bad)) in data(&good).iter().zip(data(&bad)).enumerate() {
            let mut expected = good.clone();
            for name in lacks.iter().filter(|_| n == at) {
                expected.as_object_mut().unwrap().remove(*name);
            }
            assert_eq!(*bad, expected, "{kind} {n}");
        }
    }
}

#[tokio::test]
async fn metrics_are_null() {
    let (_, bad) = pages("null_metrics", json!({"at": 1})).await;
    let metrics = data(&bad)[1]["public_metrics"].as_object().unwrap();
    assert!(metrics.len() == 6 && metrics.values().all(Value::is_null));
    assert!(data(&bad)[0]["public_metrics"]["like_count"].is_u64());
}

#[tokio::test]
async fn a_tweet_of_another_account_slips_in() {
    let (good, bad) = pages("foreign_tweet", json!({"at": 2})).await;
    let mut rest = data(&bad).clone();
    let foreign = rest.remove(2);
    assert_eq!(rest, *data(&good));
    assert_eq!(foreign["author_id"], "14");
    assert!(!ids(&rest).contains(&foreign["id"].as_str().unwrap().to_owned()));
}

#[tokio::test]
async fn a_tweet_is_ahead_of_the_clock() {
    let (good, bad) = pages("future_tweet", json!({"ahead_s": 7_200})).await;
    assert_eq!(data(&bad)[1..], data(&good)[..]);
    let future = &data(&bad)[0];
    assert_eq!(crate::support::written_ms(future["id"].as_str().unwrap()), START_MS + 7_200_000);
    assert_eq!(future["created_at"], "2026-09-21T16:15:23.000Z");
}

#[tokio::test]
async fn a_field_of_one_tweet_is_refused() {
    let args = json!({"at": 4, "field": "organic_metrics.like_count"});
    let (good, bad) = pages("refuse_field", args).await;
    assert_eq!(data(&bad).len(), data(&good).len());
    assert!(data(&bad)[4]["organic_metrics"].is_null());
    assert!(data(&bad)[5]["organic_metrics"].is_object());
    let error = &bad["errors"][0];
    assert_eq!(
        (&error["field"], &error["resource_id"]),
        (&json!("organic_metrics.like_count"), &data(&good)[4]["id"])
    );
    let (good, bad) = pages("refuse_field", json!({"at": 4, "drop": 1})).await;
    let mut rest = data(&good).clone();
    let dropped = rest.remove(4);
    assert_eq!((data(&bad), &bad["errors"][0]["resource_id"]), (&rest, &dropped["id"]));
}

#[tokio::test]
async fn pages_are_shifted_repeated_or_empty() {
    let (_, bad) = pages("empty", json!({})).await;
    assert_eq!(bad, json!({"meta": {"result_count": 0}}));
    let (_, bad) = pages("errors_200", json!({})).await;
    assert!(bad["data"].is_null());
    assert_eq!(
        (&bad["errors"][0]["resource_type"], &bad["errors"][0]["value"]),
        (&json!("user"), &json!("12"))
    );
    let x = start(config(10)).await;
    let first = x.ok(PAGE, USER).await;
    x.fault(json!({"route": "/2/users/*/tweets", "kind": "shift_page", "args": {"by": 3}})).await;
    assert_eq!(data(&x.ok(PAGE, USER).await)[0], data(&first)[3]);
    let next = first["meta"]["next_token"].as_str().unwrap();
    let second = format!("{PAGE}&pagination_token={next}");
    let whole = x.ok(&second, USER).await;
    x.fault(json!({"route": "/2/users/*/tweets", "kind": "repeat_page"})).await;
    let repeated = x.ok(&second, USER).await;
    assert_eq!(repeated["data"], first["data"]);
    assert_eq!(repeated["meta"]["next_token"], whole["meta"]["next_token"]);
}

#[tokio::test]
async fn a_walk_meets_a_401_or_a_dead_token_in_the_middle() {
    for (kind, args, status) in [
        ("status_401", json!({}), 401),
        ("status_429", json!({"reset_s": 9}), 429),
        ("token_expired", json!({"what": "page"}), 400),
    ] {
        let x = start(config(10)).await;
        x.fault(json!({"route": "/2/users/*/tweets", "kind": kind, "after": 1, "args": args}))
            .await;
        let first = x.ok(PAGE, USER).await;
        let next = first["meta"]["next_token"].as_str().unwrap();
        let second = format!("{PAGE}&pagination_token={next}");
        let reply = x.get(&second, USER).await;
        assert_eq!(reply.status, status, "{kind}");
        assert_eq!(x.ok(&second, USER).await["data"].as_array().unwrap().len(), 20, "{kind}");
    }
}

async fn check_broken(x: &Client, kind: &str) {
    x.fault(json!({"route": "/2/tweets", "kind": kind})).await;
    let reply = x.get("/2/tweets?ids=1,2,3", USER).await;
    assert_eq!(reply.status, 200, "{kind}");
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{kind}");
}

#[tokio::test]
async fn lookups_are_cut_too() {
    let x = start(config(10)).await;
    check_broken(&x, "cut").await;
    check_broken(&x, "bad_json").await;
    x.fault(json!({"route": "/2/tweets", "kind": "errors_200"})).await;
    let reply = x.ok("/2/tweets?ids=4,5", USER).await;
    let errors = reply["errors"].as_array().unwrap();
    let of = |name: &str| errors.iter().map(|e| e[name].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!((of("value"), of("resource_type")), (vec!["4", "5"], vec!["tweet", "tweet"]));
    x.fault(json!({"route": "/2/tweets/*", "kind": "no_text"})).await;
    let page = x.ok("/2/users/12/tweets?max_results=5", USER).await;
    let one = page["data"][0]["id"].as_str().unwrap();
    assert!(x.ok(&format!("/2/tweets/{one}"), USER).await["data"]["text"].is_null());
}
