//! Kinds of loss, what lookups say of them, and the lists of an account.
use std::collections::{BTreeMap, BTreeSet};

use crate::support::{APP, Client, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::{Value, json};
use xsim::Config;

const END_MS: i64 = START_MS + 30 * DAY_MS;

fn turbulent() -> Config {
    let rates = (Some(60.0), Some(200.0));
    Config { gained_a_day: rates.0, lost_a_day: rates.1, limits_enforced: false, ..config(2_000) }
}

async fn losses(x: &Client) -> Vec<Value> {
    let truth = x.ok(&format!("/sim/truth?from={START_MS}&to={END_MS}"), "").await;
    truth["lost"].as_array().unwrap().clone()
}

/// One loss of a kind that fits.
fn some<'a>(lost: &'a [Value], kind: &str, fits: impl Fn(&Value) -> bool) -> &'a Value {
    let found = lost.iter().find(|loss| loss["kind"] == kind && fits(loss));
    found.unwrap_or_else(|| panic!("no {kind}"))
}

fn id(loss: &Value) -> &str {
    loss["id"].as_str().unwrap()
}

fn at(loss: &Value) -> i64 {
    loss["at"].as_i64().unwrap()
}

/// Everybody on one of the lists of account 12.
async fn list(x: &Client, list: &str, auth: &str) -> BTreeSet<String> {
    let (mut all, mut token) = (BTreeSet::new(), String::new());
    loop {
        let page = x.ok(&format!("/2/users/12/{list}?max_results=1000{token}"), auth).await;
        all.extend(ids(page["data"].as_array().unwrap_or(&Vec::new())));
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&pagination_token={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn every_kind_of_loss_is_told_with_its_reason_and_its_end() {
    let x = start(turbulent()).await;
    let mut kinds: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    for loss in losses(&x).await {
        let of = |name: &str| loss[name].as_str().unwrap().to_owned();
        let (stayed, came_back) = kinds.entry((of("kind"), of("reason"))).or_default();
        *(if loss["back"].is_null() { stayed } else { came_back }) += 1;
    }
    let names: Vec<(&str, &str)> = kinds.keys().map(|(k, r)| (k.as_str(), r.as_str())).collect();
    assert_eq!(
        names,
        [
            ("deactivated", "gone"),
            ("deleted", "gone"),
            ("suspended", "suspended"),
            ("unfollowed", "unfollowed"),
            ("you_blocked", "you_blocked"),
        ]
    );
    let of = |kind: &str| kinds.iter().find(|((k, _), _)| k == kind).unwrap().1;
    assert_eq!((of("deactivated").0, of("deleted").1), (0, 0));
    assert!(of("suspended").0 > 0 && of("suspended").1 > 0, "{kinds:?}");
}

#[tokio::test]
async fn who_deactivates_comes_back_with_the_follow() {
    let x = start(turbulent()).await;
    let all = losses(&x).await;
    let hours = |loss: &Value| loss["back"].as_i64().unwrap() - at(loss) < DAY_MS;
    let loss = some(&all, "deactivated", hours);
    let target = format!("/2/users?ids={}&user.fields=connection_status", id(loss));
    x.set_now(at(loss)).await;
    let error = x.ok(&target, USER).await["errors"][0].clone();
    assert_eq!(error["title"], "Not Found Error");
    assert_eq!(error["detail"], format!("Could not find user with ids: [{}].", id(loss)));
    assert!(!list(&x, "followers", APP).await.contains(id(loss)));
    x.set_now(loss["back"].as_i64().unwrap()).await;
    let user = x.ok(&target, USER).await["data"][0].clone();
    assert_eq!(user["connection_status"][0], "followed_by");
    assert!(list(&x, "followers", APP).await.contains(id(loss)));
}

#[tokio::test]
async fn the_suspended_are_told_apart_and_restored() {
    let x = start(turbulent()).await;
    let all = losses(&x).await;
    let loss = some(&all, "suspended", |loss| !loss["back"].is_null());
    x.set_now(at(loss)).await;
    let answer = x.ok(&format!("/2/users?ids=12,{}", id(loss)), APP).await;
    assert_eq!(
        (&answer["data"][0]["id"], answer["data"].as_array().unwrap().len()),
        (&json!("12"), 1)
    );
    let error = &answer["errors"][0];
    assert_eq!((&error["title"], &error["resource_type"]), (&json!("Forbidden"), &json!("user")));
    assert_eq!(error["detail"], format!("User has been suspended: [{}].", id(loss)));
    assert!(error["type"].as_str().unwrap().ends_with("/resource-not-found"));
    x.set_now(loss["back"].as_i64().unwrap()).await;
    assert_eq!(x.ok(&format!("/2/users?ids={}", id(loss)), APP).await["data"][0]["id"], id(loss));
}

#[tokio::test]
async fn who_unfollowed_is_there_and_not_connected() {
    let x = start(turbulent()).await;
    let all = losses(&x).await;
    let loss = some(&all, "unfollowed", |_| true);
    x.set_now(at(loss)).await;
    let target = format!("/2/users?ids={}&user.fields=connection_status", id(loss));
    let user = x.ok(&target, USER).await["data"][0].clone();
    let connections = user["connection_status"].as_array().unwrap();
    assert!(!connections.contains(&json!("followed_by")), "{user}");
    let app = x.ok(&target, APP).await["data"][0].clone();
    assert_eq!(app.get("connection_status"), None, "absent for an app");
}

#[tokio::test]
async fn the_blocked_are_on_the_owner_s_own_list() {
    let x = start(turbulent()).await;
    let all = losses(&x).await;
    let loss = some(&all, "you_blocked", |_| true);
    x.set_now(at(loss) - 1_000).await;
    assert!(!list(&x, "blocking", USER).await.contains(id(loss)));
    x.set_now(at(loss)).await;
    assert!(list(&x, "blocking", USER).await.contains(id(loss)));
    let target = format!("/2/users?ids={}&user.fields=connection_status", id(loss));
    let user = x.ok(&target, USER).await["data"][0].clone();
    assert!(user["connection_status"].as_array().unwrap().contains(&json!("blocking")), "{user}");
}

#[tokio::test]
async fn a_block_list_is_for_its_owner_only() {
    let x = start(config(100)).await;
    let app = x.get("/2/users/12/blocking", APP).await;
    assert_eq!(app.status, 403);
    assert!(app.json()["type"].as_str().unwrap().ends_with("/unsupported-authentication"));
    let other = x.get("/2/users/13/blocking", USER).await;
    assert_eq!(other.status, 400);
    assert_eq!(other.json()["errors"][0]["parameters"]["id"], json!(["13"]));
    assert_eq!(x.get("/2/users/12/blocking", USER).await.number("x-rate-limit-limit"), 15);
}

#[tokio::test]
async fn whom_the_owner_follows_are_those_connected_so() {
    let x = start(turbulent()).await;
    x.set_now(START_MS + 10 * DAY_MS).await;
    let following = list(&x, "following", USER).await;
    let followers = list(&x, "followers", USER).await;
    let both = following.intersection(&followers).count();
    assert!(both > 200 && following.len() > both + 50, "{both} of {}", following.len());
    let some: Vec<&str> = following.iter().take(100).map(String::as_str).collect();
    let target = format!("/2/users?user.fields=connection_status&ids={}", some.join(","));
    for user in x.ok(&target, USER).await["data"].as_array().unwrap() {
        let connections = user["connection_status"].as_array().unwrap();
        assert!(connections.contains(&json!("following")), "{user}");
    }
}

#[tokio::test]
async fn the_profile_counts_whom_the_owner_follows_and_control_names_them() {
    let x = start(turbulent()).await;
    x.set_now(START_MS + 10 * DAY_MS).await;
    let following = list(&x, "following", USER).await;
    let profile = x.ok("/2/users/12?user.fields=public_metrics", USER).await;
    assert_eq!(profile["data"]["public_metrics"]["following_count"], json!(following.len()));
    let told = x.ok("/sim/relations?account=12&list=following", "").await;
    let told = told["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
    assert_eq!(told.collect::<BTreeSet<_>>(), following);
    for query in ["", "?account=12", "?account=12&list=lists", "?list=blocking&from=1"] {
        assert_eq!(x.get(&format!("/sim/relations{query}"), "").await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn ones_own_lists_are_cheap() {
    let x = start(config(1_000)).await;
    let following = list(&x, "following", USER).await.len() as u64;
    assert_eq!(x.bill_micros().await, following * 1_000);
    let blocked = list(&x, "blocking", USER).await.len() as u64;
    assert_eq!(x.bill_micros().await, (following + blocked) * 1_000);
    list(&x, "following", APP).await;
    assert_eq!(x.bill_micros().await, (following + blocked) * 1_000 + following * 10_000);
    assert!(blocked > 0);
}

#[tokio::test]
async fn a_token_of_one_list_is_none_of_another() {
    let x = start(config(1_000)).await;
    let page = x.ok("/2/users/12/following?max_results=5", USER).await;
    let token = page["meta"]["next_token"].as_str().unwrap();
    let target = format!("/2/users/12/followers?pagination_token={token}");
    assert_eq!(x.get(&target, USER).await.status, 400);
}

#[tokio::test]
async fn a_protected_user_is_found_and_marked() {
    let x = start(config(1_000)).await;
    let page = x.ok("/2/users/12/followers?max_results=1000&user.fields=protected", APP).await;
    let users = page["data"].as_array().unwrap();
    let protected = users.iter().find(|user| user["protected"] == true).unwrap();
    let id = protected["id"].as_str().unwrap();
    let found = x.ok(&format!("/2/users?ids={id}&user.fields=protected"), APP).await;
    assert_eq!(found["data"][0], *protected);
}
