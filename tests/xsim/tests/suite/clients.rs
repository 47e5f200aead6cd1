//! What other people's clients of X rely on.
use crate::support::{APP, RULES, USER, config, ids, start, streaming};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::Read;
use xsim::{Config, Dialect, NotFoundForm};

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn check_missing(form: NotFoundForm, status: u16, wanted: &[&str]) {
    let caller = std::panic::Location::caller();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let x = start(Config { missing: form, ..config(10) }).await;
        let routes = ["/2/users/9", "/2/users/by/username/nobody", "/2/tweets/9"];
        let lists = ["/2/users/9/followers", "/2/users/9/tweets", "/2/tweets/9/quote_tweets"];
        for target in routes.into_iter().chain(lists) {
            let reply = x.get(target, APP).await;
            let body = reply.json();
            assert_eq!((reply.status, &*members(&body)), (status, wanted), "{target} at {caller}");
            assert!(body["errors"][0]["detail"].is_string(), "{target}");
        }
    });
}

#[test]
fn what_is_not_there_is_told_in_three_ways() {
    check_missing(NotFoundForm::Now, 404, &["detail", "errors", "title", "type"]);
    check_missing(NotFoundForm::Bare, 404, &["errors"]);
    check_missing(NotFoundForm::Ok, 200, &["errors"]);
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let x = start(config(10)).await;
    let get = x.get("/2/users/12", APP).await;
    let head = x.send("HEAD", "/2/users/12", APP, "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert_eq!(x.send("HEAD", "/2/users/9", APP, "").await.status, 404);
}

#[tokio::test]
async fn gzip_is_sent_to_whoever_asks_for_it() {
    let x = start(config(300)).await;
    let target = "/2/users/12/followers?max_results=200";
    let plain = x.get(target, APP).await;
    assert_eq!(plain.header("content-encoding"), None);
    for (asked, coding) in
        [("gzip, deflate, br", Some("gzip")), ("gzip;q=0", None), ("br", None), ("identity", None)]
    {
        let auth = format!("{APP}\r\naccept-encoding: {asked}");
        let reply = x.get(target, &auth).await;
        assert_eq!(reply.header("content-encoding"), coding, "{asked}");
        let mut body = reply.body.clone();
        if coding.is_some() {
            body.clear();
            GzDecoder::new(&*reply.body).read_to_end(&mut body).unwrap();
            assert!(reply.body.len() * 2 < body.len());
        }
        assert_eq!(body, plain.body, "{asked}");
    }
}

#[tokio::test]
async fn the_muted_are_the_owners_own() {
    let x = start(config(1_000)).await;
    let muted = ids(x.ok("/2/users/12/muting", USER).await["data"].as_array().unwrap());
    let list = x.ok("/sim/relations?account=12&list=muting", "").await;
    assert_eq!(json!(muted.len()), json!(list["ids"].as_array().unwrap().len()));
    let target = "/2/users/12/muting?user.fields=connection_status";
    for user in x.ok(target, USER).await["data"].as_array().unwrap() {
        assert!(user["connection_status"].as_array().unwrap().contains(&json!("muting")));
    }
    assert_eq!(x.get("/2/users/12/muting", APP).await.status, 403);
    assert_eq!(x.get("/2/users/13/muting", USER).await.status, 400);
    assert_eq!(x.bill_micros().await, muted.len() as u64 * 1_000);
}

#[tokio::test]
async fn mentions_name_whom_they_are_of() {
    let x = start(config(10)).await;
    let target = "/2/users/12/mentions?max_results=5&tweet.fields=author_id,entities\
        &expansions=author_id,entities.mentions.username";
    let page = x.ok(target, APP).await;
    for tweet in page["data"].as_array().unwrap() {
        assert_eq!(tweet["author_id"], "13");
        let mention = &tweet["entities"]["mentions"][0];
        assert_eq!((&mention["id"], &mention["username"]), (&json!("12"), &json!("solvej")));
        let found = x.ok(&format!("/2/tweets/{}", tweet["id"].as_str().unwrap()), APP).await;
        assert_eq!(found["data"]["text"], tweet["text"]);
    }
    let included = ids(page["includes"]["users"].as_array().unwrap());
    assert!(["12", "13"].iter().all(|id| included.iter().any(|one| one == id)), "{included:?}");
    let token = page["meta"]["next_token"].as_str().unwrap();
    let next = x.ok(&format!("{target}&pagination_token={token}"), APP).await;
    assert_ne!(next["data"], page["data"]);
    let written = json!({"text": "for @Solvej, not for @nobody", "account": "13"});
    assert_eq!(x.post("/sim/tweets/own", &written).await.status, 200);
    assert_eq!(x.ok(target, APP).await["data"][0]["text"], "for @Solvej, not for @nobody");
}

#[tokio::test]
async fn as_many_like_and_retweet_a_tweet_as_its_counts_say() {
    let x = start(config(2_000)).await;
    let target = "/2/users/12/tweets?max_results=20&exclude=retweets&tweet.fields=public_metrics";
    let tweets = x.ok(target, USER).await;
    let (mut listed, mut counted) = ([0, 0], [0, 0]);
    for tweet in tweets["data"].as_array().unwrap() {
        let id = tweet["id"].as_str().unwrap();
        for (n, list, count) in
            [(0, "liking_users", "like_count"), (1, "retweeted_by", "retweet_count")]
        {
            let mut token = String::new();
            let mut seen: Vec<String> = Vec::new();
            loop {
                let page =
                    x.ok(&format!("/2/tweets/{id}/{list}?max_results=50{token}"), USER).await;
                seen.extend(ids(page["data"].as_array().unwrap_or(&Vec::new())));
                let Some(next) = page["meta"]["next_token"].as_str() else { break };
                token = format!("&pagination_token={next}");
            }
            let all = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), all, "{list} of {id} repeats somebody");
            listed[n] += all as u64;
            counted[n] += tweet["public_metrics"][count].as_u64().unwrap().min(2_000);
        }
    }
    for (listed, counted) in listed.into_iter().zip(counted) {
        assert!(listed > 0 && listed.abs_diff(counted) < 30 + counted / 5, "{listed} {counted}");
    }
    assert_eq!(x.get("/2/tweets/9/liking_users", APP).await.status, 403);
}

#[tokio::test]
async fn quotes_and_likes_are_of_the_worlds_tweets() {
    let x = start(streaming(20.0)).await;
    let found = "/2/tweets/search/recent?query=the%20is:quote&tweet.fields=referenced_tweets";
    let quote = x.ok(found, APP).await["data"][0].clone();
    let quoted = quote["referenced_tweets"][0]["id"].as_str().unwrap();
    let answer = x.ok(&format!("/2/tweets/{quoted}/quote_tweets"), APP).await;
    assert!(
        ids(answer["data"].as_array().unwrap()).contains(&quote["id"].as_str().unwrap().into())
    );
    let target = "/2/users/12/liked_tweets?max_results=10";
    let liked = x.ok(target, USER).await;
    let token = liked["meta"]["next_token"].as_str().unwrap();
    let next = x.ok(&format!("{target}&pagination_token={token}"), USER).await;
    let (first, second) = (&liked["data"], &next["data"]);
    let (first, second) = (ids(first.as_array().unwrap()), ids(second.as_array().unwrap()));
    assert!(first.len() == 10 && second.iter().all(|id| !first.contains(id)));
    let found = x.ok(&format!("/2/tweets?ids={}", first.join(",")), APP).await;
    assert_eq!(ids(found["data"].as_array().unwrap()), first);
}

#[tokio::test]
async fn a_tweet_is_written_read_and_taken_back_by_its_author() {
    let x = start(config(10)).await;
    let body = r#"{"text":"hello"}"#;
    assert_eq!(x.send("POST", "/2/tweets", APP, body).await.status, 403);
    let made = x.send("POST", "/2/tweets", USER, body).await;
    assert_eq!(made.status, 201);
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json(), json!({"data": {"id": id, "text": "hello"}}));
    assert_eq!(x.bill_micros().await, 15_000);
    assert_eq!(x.ok(&format!("/2/tweets/{id}"), APP).await["data"]["text"], "hello");
    for wrong in ["{}", "[]", r#"{"text":"a","poll":{}}"#, r#"{"text":"a","shoe":1}"#] {
        assert_eq!(x.send("POST", "/2/tweets", USER, wrong).await.status, 400, "{wrong}");
    }
    let target = format!("/2/tweets/{id}");
    let gone = x.send("DELETE", &target, USER, "").await;
    assert_eq!((gone.status, gone.json()), (200, json!({"data": {"deleted": true}})));
    assert_eq!(x.send("DELETE", &target, USER, "").await.status, 404);
    let others = x.ok("/2/users/13/tweets?max_results=5", APP).await;
    let other = format!("/2/tweets/{}", others["data"][0]["id"].as_str().unwrap());
    assert_eq!(x.send("DELETE", &other, USER, "").await.status, 403);
}

#[tokio::test]
async fn counts_and_rules_are_named_by_the_dialect() {
    for (dialect, one, total, rules) in [
        (Dialect::Tweet, "tweet_count", "total_tweet_count", json!(1)),
        (Dialect::Post, "post_count", "total_post_count", json!("1")),
    ] {
        let x = start(Config { dialect, ..streaming(1.0) }).await;
        let counts = x.ok("/2/tweets/counts/recent?query=cat&granularity=day", APP).await;
        assert!(counts["meta"][total].is_u64() && counts["data"][0][one].is_u64(), "{counts}");
        assert_eq!(counts["data"][0].as_object().unwrap().len(), 3);
        x.add_rules(&["cat"]).await;
        let told = x.ok(&format!("{RULES}/counts"), APP).await;
        assert_eq!(told["data"]["project_rules_count"], rules);
        assert_eq!(told["data"]["client_app_rules_count"]["rule_count"], 1);
        assert_eq!(
            x.get(&format!("{RULES}/counts?rules_count.fields=shoe"), APP).await.status,
            400
        );
        let usage = x.ok("/2/usage/tweets?usage.fields=daily_project_usage", APP).await;
        let id = &usage["data"]["daily_project_usage"]["project_id"];
        assert_eq!(id.is_u64(), dialect == Dialect::Tweet, "{id}");
    }
}

#[tokio::test]
async fn an_apps_key_and_secret_are_good_for_its_bearer() {
    let x = start(config(10)).await;
    let grant = [("grant_type", "client_credentials")];
    // sim-key:sim-key-secret
    let basic = "Basic c2ltLWtleTpzaW0ta2V5LXNlY3JldA==";
    let answer = x.form("/oauth2/token", basic, &grant).await;
    let wanted = json!({"token_type": "bearer", "access_token": "sim-bearer"});
    assert_eq!((answer.status, answer.json()), (200, wanted));
    assert_eq!(x.form("/oauth2/token", "Basic c2ltLWtleTo=", &grant).await.status, 401);
    assert_eq!(x.form("/oauth2/token", basic, &[("grant_type", "password")]).await.status, 400);
}
