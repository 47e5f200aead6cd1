//! What X's own routes answer.
use crate::support::{APP, BEFORE_MIDNIGHT_MS, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::json;
use xsim::{Config, Dialect};

#[tokio::test]
async fn the_list_holds_exactly_the_followers_asked_for() {
    let x = start(config(1_234)).await;
    let main = ids(&x.walk("12", 1_000, APP).await);
    let second = ids(&x.walk("13", 100, APP).await);
    assert_eq!((main.len(), second.len()), (1_234, 123));
    let mut all = [main, second].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1_357);
    for account in ["12", "13"] {
        let me = x.ok(&format!("/2/users/{account}?user.fields=public_metrics"), APP).await;
        let count = if account == "12" { 1_234 } else { 123 };
        assert_eq!(me["data"]["public_metrics"]["followers_count"], count);
    }
}

#[tokio::test]
async fn an_account_without_followers_has_no_data() {
    let x = start(config(0)).await;
    let page = x.ok("/2/users/12/followers", APP).await;
    assert_eq!(page, json!({"meta": {"result_count": 0}}));
}

#[tokio::test]
async fn a_million_followers_are_listed_and_counted() {
    let x = start(config(1_000_000)).await;
    let first = x.ok("/2/users/12/followers?max_results=1000", USER).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 1_000);
    let token = first["meta"]["next_token"].as_str().unwrap();
    let target = format!("/2/users/12/followers?max_results=1000&pagination_token={token}");
    let second = x.ok(&target, USER).await;
    assert_ne!(first["data"], second["data"]);
    let me = x.ok("/2/users/me?user.fields=public_metrics", USER).await;
    assert_eq!(me["data"]["public_metrics"]["followers_count"], 1_000_000);
    let id = second["data"][999]["id"].as_str().unwrap();
    let name = second["data"][999]["username"].as_str().unwrap();
    let found = x.ok(&format!("/2/users/by/username/{name}"), APP).await;
    assert_eq!(found["data"]["id"], id);
    assert_eq!(x.bill_micros().await, 2_000 * 1_000 + 2 * 10_000);
}

#[tokio::test]
async fn every_follower_is_found_by_id_and_by_username() {
    let x = start(config(150)).await;
    let users = x.walk("12", 1_000, APP).await;
    for hundred in users.chunks(100) {
        let ids = ids(hundred);
        let by_id = x.ok(&format!("/2/users?ids={}", ids.join(",")), APP).await;
        assert_eq!(by_id, json!({"data": hundred}));
        let names: Vec<&str> = hundred.iter().map(|u| u["username"].as_str().unwrap()).collect();
        let by_name = x.ok(&format!("/2/users/by?usernames={}", names.join(",")), APP).await;
        assert_eq!(by_name, json!({"data": hundred}));
    }
}

#[tokio::test]
async fn the_three_ways_to_the_owner_agree() {
    let x = start(config(10)).await;
    let fields = "user.fields=created_at,public_metrics,verified_type";
    let me = x.ok(&format!("/2/users/me?{fields}"), USER).await;
    let by_id = x.ok(&format!("/2/users/12?{fields}"), USER).await;
    let name = me["data"]["username"].as_str().unwrap();
    let by_name = x.ok(&format!("/2/users/by/username/{name}?{fields}"), USER).await;
    assert_eq!((&me, &me), (&by_id, &by_name));
}

#[tokio::test]
async fn the_lost_are_missing_for_the_reason_the_truth_tells() {
    let x = start(config(2_000)).await;
    let to = START_MS + 3 * DAY_MS;
    x.set_now(to).await;
    let truth = x.ok(&format!("/sim/truth?from={START_MS}&to={to}"), "").await;
    let mut seen = [0; 3];
    for lost in truth["lost"].as_array().unwrap() {
        let id = lost["id"].as_str().unwrap();
        let many = x.ok(&format!("/2/users?ids={id}"), APP).await;
        let one = x.get(&format!("/2/users/{id}"), APP).await;
        let error = &many["errors"][0];
        assert_eq!(error["resource_id"], if error.is_null() { json!(null) } else { json!(id) });
        match lost["reason"].as_str().unwrap() {
            "unfollowed" => {
                assert_eq!((many["data"][0]["id"].as_str(), one.status), (Some(id), 200));
                seen[0] += 1;
            }
            "suspended" => {
                assert_eq!((&error["title"], one.status), (&json!("Forbidden"), 404));
                seen[1] += 1;
            }
            _ => {
                assert_eq!((&error["title"], one.status), (&json!("Not Found Error"), 404));
                seen[2] += 1;
            }
        }
        assert_eq!(many.get("data").is_none(), !error.is_null());
    }
    assert!(seen.iter().all(|&n| n > 0), "{seen:?}");
}

#[tokio::test]
async fn found_and_missing_share_one_answer() {
    let x = start(config(10)).await;
    let answer = x.ok("/2/users?ids=99,12", APP).await;
    assert_eq!(answer["data"][0]["id"], "12");
    let error = &answer["errors"][0];
    assert_eq!((&error["value"], &error["parameter"]), (&json!("99"), &json!("ids")));
    assert_eq!(error["type"], "https://api.twitter.com/2/problems/resource-not-found");
}

#[tokio::test]
async fn a_request_for_posts_is_answered_in_posts() {
    let x = start(config(10)).await;
    let tweet = x.get("/2/users/12?user.fields=public_metrics&tweet.fields=id", APP).await;
    let post = x.get("/2/users/12?user.fields=public_metrics&post.fields=id", APP).await;
    let count = tweet.json()["data"]["public_metrics"]["tweet_count"].clone();
    assert!(count.is_u64());
    assert_eq!(post.json()["data"]["public_metrics"]["post_count"], count);
    assert_eq!(
        (tweet.header("api-version"), post.header("api-version")),
        (Some("2.166"), Some("2.167"))
    );
    let refused = x.get("/2/users/12?post.fields=id&shoe=1", APP).await;
    assert_eq!(refused.json()["type"], "https://api.x.com/2/problems/invalid-request");

    let x = start(Config { dialect: Dialect::Post, ..config(10) }).await;
    let post = x.ok("/2/users/12?user.fields=public_metrics", APP).await;
    assert_eq!(post["data"]["public_metrics"]["post_count"], count);
}

#[tokio::test]
async fn bad_requests_are_problems_that_name_the_parameter() {
    let x = start(config(300)).await;
    let page = x.ok("/2/users/13/followers?max_results=5", APP).await;
    let foreign = page["meta"]["next_token"].as_str().unwrap().to_owned();
    for (target, parameter) in [
        ("/2/users/12/followers?max_results=1001", "max_results"),
        ("/2/users/12/followers?order=new", "order"),
        ("/2/users/12/followers?user.fields=nose", "user.fields"),
        ("/2/users/12/followers?pagination_token=abc", "pagination_token"),
        (&format!("/2/users/12/followers?pagination_token={foreign}"), "pagination_token"),
        ("/2/users/twelve", "id"),
        ("/2/users/by/username/no-such", "username"),
        ("/2/users", "ids"),
    ] {
        let reply = x.get(target, APP).await;
        assert_eq!(reply.status, 400, "{target}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        let body = reply.json();
        assert_eq!(body["title"], "Invalid Request", "{target}");
        assert!(body["errors"][0]["parameters"][parameter].is_array(), "{target}: {body}");
    }
    assert_eq!(x.bill_micros().await, 5 * 10_000, "refusals are free");
}

#[tokio::test]
async fn credentials_decide_who_may_ask_what() {
    let x = start(config(10)).await;
    for (target, auth, status) in [
        ("/2/users/me", "", 401),
        ("/2/users/me", "Bearer wrong", 401),
        ("/2/users/me", APP, 403),
        ("/2/users/me", USER, 200),
        ("/2/users/12/followers", "", 401),
        ("/2/users/12/followers", APP, 200),
        ("/2/users/12/nothing", APP, 404),
    ] {
        let reply = x.get(target, auth).await;
        assert_eq!(reply.status, status, "{target} {auth}");
    }
    let refused = x.get("/2/users/me", APP).await.json();
    assert!(refused["type"].as_str().unwrap().ends_with("/unsupported-authentication"));
    let unknown = x.get("/2/users/me", "").await.json();
    assert_eq!(
        unknown,
        json!({"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    );
}

#[tokio::test]
async fn a_signed_request_is_accepted_once() {
    let x = start(config(10)).await;
    let target = "/2/users/12/followers?user.fields=created_at%2Cconnection_status&max_results=5";
    let signed = x.signed(target, "n1", START_MS / 1_000);
    let page = x.ok(target, &signed).await;
    assert_eq!(page["data"][0]["connection_status"][0], "followed_by");
    assert_eq!(x.get(target, &signed).await.status, 401, "the nonce is used");
    let other = x.signed("/2/users/me", "n2", START_MS / 1_000);
    assert_eq!(x.get(target, &other).await.status, 401, "signed for something else");
    let early = x.signed(target, "n3", START_MS / 1_000 - 901);
    assert_eq!(x.get(target, &early).await.status, 401, "signed long ago");
    let again = x.signed(target, "n4", START_MS / 1_000 + 900);
    assert_eq!(x.get(target, &again).await.status, 200);
}

#[tokio::test]
async fn connection_status_is_for_users_only() {
    let x = start(config(10)).await;
    let target = "/2/users/12/followers?user.fields=connection_status";
    let app = x.ok(target, APP).await;
    assert!(app["data"][0].get("connection_status").is_none());
}

#[tokio::test]
async fn a_window_runs_out_and_opens_again() {
    let x = start(config(10)).await;
    for used in 1..=75 {
        let reply = x.get("/2/users/me", USER).await;
        assert_eq!((reply.status, reply.number("x-rate-limit-remaining")), (200, 75 - used));
        assert_eq!(reply.number("x-rate-limit-limit"), 75);
    }
    let refused = x.get("/2/users/me", USER).await;
    assert_eq!((refused.status, refused.number("x-rate-limit-remaining")), (429, 0));
    assert_eq!(refused.json()["title"], "Too Many Requests");
    let reset_s = refused.number("x-rate-limit-reset");
    assert_eq!(reset_s, START_MS / 1_000 + 900);
    x.set_now(reset_s * 1_000 - 1).await;
    assert_eq!(x.get("/2/users/me", USER).await.status, 429);
    x.set_now(reset_s * 1_000).await;
    assert_eq!(x.get("/2/users/me", USER).await.status, 200);
}

#[tokio::test]
async fn switched_off_limits_never_refuse() {
    let x = start(Config { limits_enforced: false, ..config(10) }).await;
    for _ in 0..80 {
        let reply = x.get("/2/users/me", USER).await;
        assert_eq!((reply.status, reply.number("x-rate-limit-remaining")), (200, 75));
    }
}

#[tokio::test]
async fn ones_own_list_is_cheap_and_everything_is_free_twice_a_day() {
    let x = start(config(100)).await;
    x.set_now(BEFORE_MIDNIGHT_MS).await;
    let own = x.walk("12", 1_000, USER).await.len() as u64;
    assert_eq!(x.bill_micros().await, own * 1_000);
    x.walk("12", 7, USER).await;
    assert_eq!(x.bill_micros().await, own * 1_000, "the same day");
    let foreign = x.walk("13", 1_000, USER).await.len() as u64;
    let mut due = own * 1_000 + foreign * 10_000;
    assert_eq!(x.bill_micros().await, due, "the other account is not one's own");
    x.walk("12", 1_000, APP).await;
    due += own * 10_000;
    assert_eq!(x.bill_micros().await, due, "an app does not own a list");
    x.ok("/2/users/me", USER).await;
    x.ok("/2/users/12", APP).await;
    due += 10_000;
    assert_eq!(x.bill_micros().await, due, "one and the same user");
    x.set_now(BEFORE_MIDNIGHT_MS + 3_600_000).await;
    let next_day = x.walk("12", 1_000, USER).await.len() as u64;
    assert_eq!(x.bill_micros().await, due + next_day * 1_000, "after midnight");
}
