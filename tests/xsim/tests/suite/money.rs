//! Credits, caps, revoked tokens and answers of which a part is missing.
use crate::support::{APP, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::{Value, json};
use xsim::{Config, Dialect};

const ME: &str = "/2/users/me";

#[tokio::test]
async fn without_money_every_read_is_refused_in_both_bodies_in_turn() {
    let x = start(config(10)).await;
    let bill = x.post("/sim/bill", &json!({"credits_usd": 0.015})).await.json();
    assert_eq!(bill["credits_usd"], 0.015);
    assert_eq!(x.get(ME, USER).await.status, 200);
    assert_eq!(x.get("/2/users/13", APP).await.status, 200, "a balance may go below nothing");
    let spent = x.bill_micros().await;
    let titles = [x.get(ME, USER).await, x.get("/2/users/12/followers", APP).await];
    let titles = titles.map(|reply| {
        assert_eq!(reply.status, 402);
        reply.json()["title"].clone()
    });
    assert_eq!(titles, ["CreditsDepleted", "Payment Required"]);
    assert_eq!(x.bill_micros().await, spent);
    assert_eq!(x.get("/2/usage/tweets", APP).await.status, 200, "what is free goes on");
    assert_eq!(x.get("/2/webhooks", APP).await.status, 200, "what is free goes on");
    x.post("/sim/bill", &json!({"credits_usd": 1})).await;
    assert_eq!(x.get(ME, USER).await.status, 200, "topped up");
    x.post("/sim/bill", &json!({"credits_usd": 0})).await;
    assert_eq!(x.get(ME, USER).await.status, 402);
    x.post("/sim/bill", &json!({"credits_usd": -1})).await;
    assert_eq!(x.get(ME, USER).await.status, 200, "money without end");
}

#[tokio::test]
async fn a_cap_of_posts_is_for_posts_and_until_the_month_ends() {
    let x = start(config(10)).await;
    x.post("/sim/bill", &json!({"post_cap": 5})).await;
    let own = "/2/users/12/tweets?max_results=5";
    assert_eq!(x.get(own, APP).await.status, 200);
    let refused = x.get(own, APP).await;
    let body = refused.json();
    assert_eq!((refused.status, &body["title"]), (429, &json!("UsageCapExceeded")));
    assert_eq!((&body["period"], &body["scope"]), (&json!("Monthly"), &json!("Product")));
    assert!(body["type"].as_str().unwrap().ends_with("/usage-capped"));
    assert!(refused.number("x-rate-limit-remaining") > 9_000, "the window has room");
    assert_eq!(x.get(ME, USER).await.status, 200, "users do not count");
    x.set_now(START_MS + 10 * DAY_MS).await;
    assert_eq!(x.get(own, APP).await.status, 200, "another month");
}

#[tokio::test]
async fn wrong_wishes_about_money_are_refused() {
    let x = start(config(10)).await;
    for wrong in [json!({}), json!({"credits_usd": 1e12}), json!({"post_cap": -1}), json!({"a": 1})]
    {
        assert_eq!(x.post("/sim/bill", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn usage_counts_the_posts_that_were_charged() {
    let x = start(config(10)).await;
    for _ in 0..2 {
        x.ok("/2/users/12/tweets?max_results=5", APP).await;
    }
    x.set_now(START_MS + DAY_MS).await;
    x.ok("/2/users/12/tweets?max_results=7", USER).await;
    x.ok(ME, USER).await;
    let plain = x.ok("/2/usage/tweets", APP).await["data"].clone();
    let expected = json!({"project_id": "1", "project_cap": 3_000_000, "project_usage": 12,
        "cap_reset_day": 9});
    assert_eq!(plain, expected);
    let target = "/2/usage/tweets?days=3&usage.fields=daily_project_usage,daily_client_app_usage";
    let daily = x.ok(target, APP).await["data"].clone();
    let usage = |of: &Value| -> Vec<Value> {
        of["usage"].as_array().unwrap().iter().map(|day| day["usage"].clone()).collect()
    };
    assert_eq!(usage(&daily["daily_project_usage"]), [0, 5, 7]);
    assert_eq!(usage(&daily["daily_client_app_usage"][0]), [0, 5, 7]);
    assert_eq!(daily["daily_project_usage"]["usage"][2]["date"], "2026-09-22T00:00:00.000Z");
}

#[tokio::test]
async fn usage_is_for_the_app_and_within_bounds() {
    let x = start(Config { dialect: Dialect::Post, ..config(10) }).await;
    let told = x.get("/2/usage/tweets?days=90", APP).await;
    assert_eq!((told.status, told.number("x-rate-limit-limit")), (200, 50));
    assert_eq!(told.json()["data"]["project_usage"], "0", "texts in the newer dialect");
    assert_eq!(x.get("/2/usage/tweets", USER).await.status, 403);
    for query in ["days=0", "days=91", "usage.fields=all", "weeks=1"] {
        assert_eq!(x.get(&format!("/2/usage/tweets?{query}"), APP).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn faults_of_money_carry_xs_own_bodies() {
    let x = start(config(10)).await;
    for (fault, status, title) in [
        (json!({"kind": "credits_depleted"}), 402, "CreditsDepleted"),
        (json!({"kind": "credits_depleted", "args": {"variant": 1}}), 402, "Payment Required"),
        (json!({"kind": "usage_cap"}), 429, "UsageCapExceeded"),
        (json!({"kind": "status_500"}), 500, "Internal Server Error"),
        (json!({"kind": "status_425"}), 425, "Too Early"),
    ] {
        let mut wish = fault.clone();
        wish["route"] = json!("/2/users/*");
        x.fault(wish).await;
        let reply = x.get(ME, USER).await;
        assert_eq!((reply.status, &reply.json()["title"]), (status, &json!(title)), "{fault}");
    }
    let args = json!({"period": "Daily", "scope": "Account"});
    x.fault(json!({"route": "/2/*", "kind": "usage_cap", "args": args})).await;
    let body = x.get(ME, USER).await.json();
    assert_eq!((&body["period"], &body["scope"]), (&json!("Daily"), &json!("Account")));
}

#[tokio::test]
async fn a_520_is_no_json() {
    let x = start(config(10)).await;
    x.fault(json!({"route": "/2/*", "kind": "status_520"})).await;
    let reply = x.get(ME, USER).await;
    assert_eq!((reply.status, &*reply.body), (520, &b"error code: 520"[..]));
}

#[tokio::test]
async fn a_partial_answer_leaves_out_what_it_says() {
    let x = start(config(10)).await;
    let all = ids(x.ok("/2/users/12/followers", APP).await["data"].as_array().unwrap());
    let asked = format!("/2/users?ids={}", all.join(","));
    x.fault(json!({"route": "/2/users", "kind": "partial", "args": {"every": 5}})).await;
    let before = x.bill_micros().await;
    let answer = x.ok(&asked, APP).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 8);
    let errors = answer["errors"].as_array().unwrap();
    let out: Vec<&str> = errors.iter().map(|e| e["value"].as_str().unwrap()).collect();
    assert_eq!(out, [&all[4], &all[9]]);
    assert!(errors[0]["type"].as_str().unwrap().ends_with("/resource-unavailable"));
    assert_eq!(x.bill_micros().await, before + 8 * 10_000, "what is not given is free");
    x.fault(json!({"route": "/2/users", "kind": "partial", "args": {"silent": 1}})).await;
    let silent = x.ok(&asked, APP).await;
    assert_eq!((silent["data"].as_array().unwrap().len(), silent.get("errors")), (5, None));
}

#[tokio::test]
async fn a_revoked_token_is_401_and_so_are_the_fixed_ones_once() {
    let x = start(config(10)).await;
    x.fault(json!({"route": "/2/users/*", "kind": "token_revoked"})).await;
    assert_eq!(x.get(ME, USER).await.status, 401);
    assert_eq!(x.get(ME, USER).await.status, 200);
}
