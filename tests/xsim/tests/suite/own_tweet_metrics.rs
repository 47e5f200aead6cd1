//! What the accounts' tweets count, who may see it, in which words, and what it costs.
use std::io::Read;

use crate::support::own::{ALL_FIELDS, LIST, age_days, id, some, standing, truth, walk};
use crate::support::{APP, BEFORE_MIDNIGHT_MS, Client, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::{Value, json};
use xsim::Config;

const PRIVATE_FIELDS: [&str; 3] = ["non_public_metrics", "organic_metrics", "promoted_metrics"];

/// Asks for one tweet with private fields: which of them are refused, field by field.
async fn check_refused(x: &Client, id: &str, auth: &str, refused: &[&str]) {
    let target = format!("/2/tweets?ids={id}&{ALL_FIELDS}");
    let reply = x.ok(&target, auth).await;
    let errors = reply["errors"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        assert_eq!(error["resource_id"], *id);
        assert_eq!(error["title"], "Field Authorization Error");
        assert_eq!((&error["section"], &error["parameter"]), (&json!("data"), &json!("ids")));
        assert!(error["type"].as_str().unwrap().ends_with("/not-authorized-for-field"));
    }
    for field in PRIVATE_FIELDS {
        let of = |e: &&Value| e["field"].as_str().unwrap().starts_with(&format!("{field}."));
        let count = errors.iter().filter(of).count();
        assert_eq!(count > 1, refused.contains(&field), "{field} of {id}: {reply}");
    }
    assert_eq!(reply["data"].is_null(), !refused.is_empty(), "left out with a refused field");
}

#[tokio::test]
async fn the_author_sees_all_metrics_of_young_tweets() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let young = some(&truth, |t| t["promoted"] == true && age_days(t) < 29);
    let reply = x.ok(&format!("/2/tweets?ids={}&{ALL_FIELDS}", id(&young)), USER).await;
    assert!(reply["errors"].is_null(), "{reply}");
    let tweet = &reply["data"][0];
    let (public, organic) = (&tweet["public_metrics"], &tweet["organic_metrics"]);
    for name in ["impression_count", "like_count", "retweet_count", "reply_count"] {
        let part = |metrics: &Value| metrics[name].as_u64().unwrap();
        assert_eq!(part(public), part(organic) + part(&tweet["promoted_metrics"]), "{name}");
        assert_eq!(public[name], young["public"][name], "{name}");
        assert_eq!(organic[name], young["organic"][name], "{name}");
        assert_eq!(tweet["promoted_metrics"][name], young["promoted_metrics"][name], "{name}");
    }
    let private = &tweet["non_public_metrics"];
    assert_eq!(private["impression_count"], public["impression_count"]);
    for name in ["url_link_clicks", "user_profile_clicks", "engagements"] {
        assert!(private[name].is_u64(), "{name}");
    }
    assert_eq!(organic.as_object().unwrap().len(), 6);
    assert_eq!(public.as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn private_metrics_are_refused_tweet_by_tweet() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let young = some(&truth, |t| t["promoted"] == false && age_days(t) < 20);
    let old = some(&truth, |t| t["promoted"] == true && age_days(t) > 31);
    let advertised = some(&truth, |t| t["promoted"] == true && age_days(t) < 29);
    check_refused(&x, id(&young), USER, &["promoted_metrics"]).await;
    check_refused(&x, id(&old), USER, &PRIVATE_FIELDS).await;
    check_refused(&x, id(&advertised), USER, &[]).await;
    check_refused(&x, id(&advertised), APP, &PRIVATE_FIELDS).await;
    let other = x.ok("/2/users/13/tweets", APP).await["data"][0].clone();
    check_refused(&x, id(&other), USER, &PRIVATE_FIELDS).await;
    let world = x.ok("/sim/tweets?from=1790000100000&to=1790000101000", "").await;
    check_refused(&x, world["ids"][0].as_str().unwrap(), USER, &PRIVATE_FIELDS).await;
    let before = x.bill_micros().await;
    x.ok(&format!("/2/tweets/{}?tweet.fields=organic_metrics", id(&old)), USER).await;
    assert_eq!(x.bill_micros().await, before, "what is left out is not charged");
}

#[tokio::test]
async fn the_thirty_first_day_is_refused_to_the_second() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let tweet = some(&truth, |t| age_days(t) < 20 && t["edits"].as_array().unwrap().len() == 1);
    let month_ms = tweet["created_at"].as_i64().unwrap() + 30 * DAY_MS;
    let target = format!("/2/tweets?ids={}&tweet.fields=organic_metrics", id(&tweet));
    x.set_now(month_ms - 1).await;
    assert!(x.ok(&target, USER).await["data"][0]["organic_metrics"].is_object());
    x.set_now(month_ms).await;
    let late = x.ok(&target, USER).await;
    assert!(late["data"].is_null());
    assert_eq!(late["errors"][0]["field"], "organic_metrics.impression_count");
}

#[tokio::test]
async fn a_listing_leaves_refused_tweets_out_or_keeps_them_when_told() {
    let x = start(config(10)).await;
    let target = format!("{LIST}?max_results=100&tweet.fields=public_metrics,promoted_metrics");
    let dropped = x.ok(&target, USER).await;
    let shown = dropped["data"].as_array().unwrap();
    assert!(!shown.is_empty() && shown.iter().all(|t| t["promoted_metrics"].is_object()));
    assert_eq!(dropped["meta"]["result_count"], shown.len());
    assert!(dropped["meta"]["next_token"].is_string());
    assert_eq!(x.bill_micros().await, shown.len() as u64 * 1_000);
    let reply = x.post("/sim/world", &json!({"keep_refused": true})).await;
    assert_eq!(reply.json()["keep_refused"], true);
    let kept = x.ok(&target, USER).await;
    let all = kept["data"].as_array().unwrap();
    assert_eq!((all.len(), &kept["errors"]), (100, &dropped["errors"]));
    let told = all.iter().filter(|t| t["promoted_metrics"].is_object()).count();
    assert_eq!(told, shown.len());
    assert!(all.iter().all(|t| t["public_metrics"].is_object()));
}

#[tokio::test]
async fn what_is_referred_to_cannot_be_had_with_private_metrics() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let quote = some(&truth, |t| t["kind"] == "quote" && age_days(t) < 20);
    let target = format!("/2/tweets/{}?expansions=referenced_tweets.id", id(&quote));
    let plain = x.ok(&target, USER).await;
    let referred = plain["data"]["referenced_tweets"][0].clone();
    assert_eq!(referred["type"], "quoted");
    assert_eq!(plain["includes"]["tweets"][0]["id"], referred["id"]);
    let private = x.ok(&format!("{target}&tweet.fields=organic_metrics"), USER).await;
    assert!(private["includes"].is_null() && private["data"]["organic_metrics"].is_object());
    let error = &private["errors"][0];
    assert_eq!(error["resource_id"], referred["id"]);
    assert_eq!(
        (&error["section"], &error["parameter"]),
        (&json!("includes"), &json!("referenced_tweets.id"))
    );
    // Of a thread, both tweets are the author's own.
    let fields = "tweet.fields=in_reply_to_user_id,organic_metrics&expansions=referenced_tweets.id";
    let thread = walk(&x, "12", "max_results=100&tweet.fields=in_reply_to_user_id", USER).await;
    let reply = thread.iter().find(|t| t["in_reply_to_user_id"] == "12").expect("no thread");
    let reply = x.ok(&format!("/2/tweets/{}?{fields}", id(reply)), USER).await;
    let before = &reply["data"]["referenced_tweets"][0];
    assert_eq!(before["type"], "replied_to");
    assert_eq!(reply["includes"]["tweets"][0]["id"], before["id"], "{reply}");
}

#[tokio::test]
async fn both_dialects_are_spoken() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let long = walk(&x, "12", "max_results=100&tweet.fields=note_tweet", APP).await;
    let long = long.iter().find(|t| t["note_tweet"].is_object()).expect("no long tweet");
    assert!(long["note_tweet"]["text"].as_str().unwrap().chars().count() > 280);
    assert!(long["text"].as_str().unwrap().chars().count() <= 280);
    let quote = some(&truth, |t| t["kind"] == "quote");
    for (params, edits, referenced, reposts, includes) in [
        ("tweet.fields", "edit_history_tweet_ids", "referenced_tweets", "retweet_count", "tweets"),
        ("post.fields", "edit_history_post_ids", "referenced_posts", "repost_count", "posts"),
    ] {
        let target = format!(
            "/2/tweets/{}?{params}=public_metrics&expansions=referenced_tweets.id,author_id",
            id(&quote)
        );
        let reply = x.ok(&target, APP).await;
        let data = &reply["data"];
        assert_eq!(data[edits][0], quote["edits"][0], "{params}");
        assert!(data[referenced][0]["id"].is_string(), "{params}");
        assert!(data["public_metrics"][reposts].is_u64(), "{params}");
        assert!(reply["includes"][includes][0]["id"].is_string(), "{params}");
        assert_eq!(reply["includes"]["users"][0]["username"], "solvej", "{params}");
    }
    let post = x.ok(&format!("/2/tweets/{}?post.fields=note_post", id(long)), APP).await;
    assert_eq!(post["data"]["note_post"]["text"], long["note_tweet"]["text"]);
}

#[tokio::test]
async fn ones_own_listing_is_cheap_and_the_rest_is_not() {
    let page = format!("{LIST}?max_results=50");
    let other = "/2/users/13/tweets?max_results=50".to_owned();
    for (target, auth, each) in
        [(&page, USER, 1_000), (&page, APP, 5_000), (&other, USER, 5_000), (&other, APP, 5_000)]
    {
        let x = start(config(10)).await;
        x.ok(target, auth).await;
        assert_eq!(x.bill_micros().await, 50 * each, "{target} {auth}");
        x.ok(target, auth).await;
        assert_eq!(x.bill_micros().await, 50 * each, "once a day");
    }
    let x = start(config(10)).await;
    let found = ids(x.ok(&page, USER).await["data"].as_array().unwrap());
    let lookup = format!("/2/tweets?ids={}", found.join(","));
    x.ok(&lookup, USER).await;
    assert_eq!(x.bill_micros().await, 50_000, "the same tweets on the same day");
    x.set_now(BEFORE_MIDNIGHT_MS + 3_600_000).await;
    x.ok(&lookup, USER).await;
    assert_eq!(x.bill_micros().await, 50_000 + 250_000, "a lookup at its own price the next day");
    let bill = x.ok("/sim/bill", "").await["by_resource"].clone();
    assert_eq!(bill["owned_post"], json!({"returned": 50, "billed": 50, "usd": 0.05}));
    assert_eq!(bill["post"], json!({"returned": 100, "billed": 50, "usd": 0.25}));
}

#[tokio::test]
async fn analytics_add_up_whatever_the_granularity() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let (one, two) = (
        some(&truth, |t| age_days(t) == 5 && t["kind"] != "retweet"),
        some(&truth, |t| age_days(t) == 8 && t["kind"] != "retweet"),
    );
    let other = x.ok("/2/users/13/tweets", APP).await["data"][0].clone();
    let ids = format!("{},{},{},7", id(&one), id(&two), id(&other));
    let base = format!(
        "/2/tweets/analytics?ids={ids}&start_time=2026-09-10T00:00:00Z&end_time=2026-09-21T00:00:00Z"
    );
    let mut sums = Vec::new();
    for (granularity, points) in [("hourly", 264), ("daily", 11), ("weekly", 2), ("total", 1)] {
        let reply = x.ok(&format!("{base}&granularity={granularity}"), USER).await;
        assert_eq!((&reply["data"][0]["id"], &reply["data"][1]["id"]), (&one["id"], &two["id"]));
        let series = reply["data"][0]["timestamped_metrics"].as_array().unwrap().clone();
        assert!(series.len().abs_diff(points) <= 1, "{granularity}: {}", series.len());
        assert_eq!(series[0]["timestamp"], "2026-09-10T00:00:00.000Z");
        let of = |p: &Value| p["metrics"]["impressions"].as_u64().unwrap();
        sums.push(series.iter().map(of).sum::<u64>());
        let errors: Vec<&str> = reply["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["type"].as_str().unwrap().rsplit('/').next().unwrap())
            .collect();
        assert_eq!(errors, ["not-authorized-for-resource", "resource-not-found"]);
    }
    assert!(sums[0] > 0 && sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    assert_eq!(x.ok("/sim/bill", "").await["by_resource"]["analytics"]["billed"], 2);
    let fields = format!("{base}&granularity=total&analytics.fields=likes,timestamp");
    let reply = x.ok(&fields, USER).await;
    let metrics = reply["data"][0]["timestamped_metrics"][0]["metrics"].as_object().unwrap();
    assert_eq!(metrics.keys().collect::<Vec<_>>(), ["likes"]);
    assert_eq!(x.get(&format!("{base}&granularity=total"), APP).await.status, 403);
    for (params, named) in [
        (format!("{base}&granularity=minutely"), "granularity"),
        (base.clone(), "granularity"),
        (format!("{base}&granularity=total&analytics.fields=joy"), "analytics.fields"),
        ("/2/tweets/analytics?ids=1&granularity=total".to_owned(), "start_time"),
        (base.replace("09-21", "09-01") + "&granularity=total", "end_time"),
    ] {
        let reply = x.get(&params, USER).await;
        assert_eq!(reply.status, 400, "{params}");
        assert!(reply.json()["errors"][0]["parameters"][named].is_array(), "{params}");
    }
}

#[tokio::test]
async fn a_file_holds_what_was_due_with_what_could_be_read() {
    let x = start(config(10)).await;
    let (since, at) = (START_MS - DAY_MS, START_MS);
    let reply = x.get(&format!("/sim/tweets/file?since={since}&at={at}"), "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/gzip")));
    let mut json = String::new();
    flate2::read::MultiGzDecoder::new(&reply.body[..]).read_to_string(&mut json).unwrap();
    let file: Value = serde_json::from_str(&json).unwrap();
    let list = |name: &str| file[name].as_array().unwrap().clone();
    let all = [list("promoted"), list("unpromoted")].concat();
    let young: Vec<String> = standing(&truth(&x, "").await)
        .into_iter()
        .filter(|id| START_MS - crate::support::written_ms(id) < 30 * DAY_MS)
        .collect();
    let found = ids(&all);
    assert!(young.iter().all(|id| found.contains(id)), "each is due at least daily");
    for (name, tweets) in [("promoted", list("promoted")), ("unpromoted", list("unpromoted"))] {
        assert!(!tweets.is_empty(), "{name}");
        for tweet in tweets {
            let shown = tweet["promoted_metrics"].is_object();
            assert_eq!(shown, name == "promoted", "{tweet}");
            let is_young = young.contains(&id(&tweet).to_owned());
            assert_eq!(tweet["organic_metrics"].is_object(), is_young, "{tweet}");
            assert!(tweet["public_metrics"]["like_count"].is_u64() && tweet["text"].is_string());
        }
    }
    // What the API tells at that time is what the file says.
    let one = &list("promoted")[0];
    let target = format!("/2/tweets/{}?{ALL_FIELDS}", id(one));
    assert_eq!(x.ok(&target, USER).await["data"], *one);
    let hour = format!("/sim/tweets/file?since={}&at={at}", START_MS - 3_600_000);
    let hourly = x.get(&hour, "").await;
    assert!(hourly.body.len() < reply.body.len(), "fewer are due within an hour");
}

#[tokio::test]
async fn an_old_version_stops_counting_when_the_next_begins() {
    let x = start(Config { tweets_a_day: 20.0, ..config(10) }).await;
    let edited = some(&truth(&x, "").await, |t| t["edits"].as_array().unwrap().len() > 1);
    let old = edited["edits"][0].as_str().unwrap();
    let target = format!("/2/tweets/{old}?tweet.fields=public_metrics");
    let before = x.ok(&target, APP).await;
    x.set_now(START_MS + 9 * DAY_MS).await;
    assert_eq!(x.ok(&target, APP).await["data"], before["data"]);
}
