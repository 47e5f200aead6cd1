//! The accounts' own tweets: listings, lookups, metrics, prices, analytics, control.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::io::Read;

use serde_json::{Value, json};
use support::{APP, BEFORE_MIDNIGHT_MS, Client, DAY_MS, START_MS, USER, config, ids, start};
use xsim::Config;

const LIST: &str = "/2/users/12/tweets";
const ALL_FIELDS: &str = "tweet.fields=author_id,created_at,edit_history_tweet_ids,entities,\
    in_reply_to_user_id,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,\
    non_public_metrics,organic_metrics,promoted_metrics";
const PRIVATE_FIELDS: [&str; 3] = ["non_public_metrics", "organic_metrics", "promoted_metrics"];

/// Every tweet that a listing holds, newest first.
async fn walk(x: &Client, account: &str, params: &str, auth: &str) -> Vec<Value> {
    let (mut tweets, mut token) = (Vec::new(), String::new());
    loop {
        let page = x.ok(&format!("/2/users/{account}/tweets?{params}{token}"), auth).await;
        let data = page["data"].as_array().cloned().unwrap_or_default();
        assert_eq!(page["meta"]["result_count"], data.len());
        if let (Some(first), Some(last)) = (data.first(), data.last()) {
            assert_eq!(page["meta"]["newest_id"], first["id"]);
            assert_eq!(page["meta"]["oldest_id"], last["id"]);
        }
        tweets.extend(data);
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&pagination_token={next}"),
            None => return tweets,
        }
    }
}

/// The truth about an account's tweets, oldest first.
async fn truth(x: &Client, params: &str) -> Vec<Value> {
    x.ok(&format!("/sim/tweets/own?{params}"), "").await["tweets"].as_array().unwrap().clone()
}

/// Ids of those that stand, newest first.
fn standing(truth: &[Value]) -> Vec<String> {
    let stand = truth.iter().filter(|tweet| tweet["deleted_at"].is_null());
    let mut ids: Vec<String> = ids(&stand.cloned().collect::<Vec<_>>());
    ids.sort_by_key(|id| std::cmp::Reverse(id.parse::<u64>().unwrap()));
    ids
}

/// One of them that fits.
fn some(truth: &[Value], fits: impl Fn(&Value) -> bool) -> Value {
    let stands = |tweet: &&Value| tweet["deleted_at"].is_null();
    truth.iter().filter(stands).find(|tweet| fits(tweet)).expect("no such tweet").clone()
}

fn id(tweet: &Value) -> &str {
    tweet["id"].as_str().unwrap()
}

fn age_days(tweet: &Value) -> i64 {
    (START_MS - tweet["created_at"].as_i64().unwrap()).div_euclid(DAY_MS)
}

#[tokio::test]
async fn a_walk_holds_every_tweet_that_stands_newest_first() {
    let x = start(config(10)).await;
    for account in ["12", "13"] {
        let expected = standing(&truth(&x, &format!("account={account}")).await);
        assert!(expected.len() > 100, "{}", expected.len());
        for size in [5, 33, 100] {
            let found = walk(&x, account, &format!("max_results={size}"), APP).await;
            assert_eq!(ids(&found), expected, "{account} by {size}");
        }
    }
}

#[tokio::test]
async fn pages_lead_back_too() {
    let x = start(config(10)).await;
    let first = x.ok(LIST, USER).await;
    assert_eq!(first["meta"]["result_count"], 10, "unless asked otherwise");
    assert!(first["meta"]["previous_token"].is_null());
    let next = first["meta"]["next_token"].as_str().unwrap();
    let second = x.ok(&format!("{LIST}?pagination_token={next}"), USER).await;
    let back = second["meta"]["previous_token"].as_str().unwrap();
    assert_eq!(x.ok(&format!("{LIST}?pagination_token={back}"), USER).await["data"], first["data"]);
    // A tweet written meanwhile does not move the pages below it.
    x.post("/sim/tweets/own", &json!({"text": "between two pages"})).await;
    let again = x.ok(&format!("{LIST}?pagination_token={next}"), USER).await;
    assert_eq!(again["data"], second["data"]);
}

#[tokio::test]
async fn windows_are_kept() {
    let x = start(config(10)).await;
    let all = standing(&truth(&x, "").await);
    let (newer, older) = (&all[20], &all[60]);
    let found = |params: String| {
        let x = &x;
        async move { ids(&walk(x, "12", &format!("max_results=100&{params}"), APP).await) }
    };
    assert_eq!(found(format!("since_id={older}")).await, all[..60]);
    assert_eq!(found(format!("until_id={newer}")).await, all[21..]);
    assert_eq!(found(format!("since_id={older}&until_id={newer}")).await, all[21..60]);
    let at = "2026-09-01T00:00:00Z";
    let at_ms = 1_788_220_800_000;
    let from = found(format!("start_time={at}")).await;
    let to = found(format!("end_time={at}")).await;
    assert_eq!([from.clone(), to].concat(), all);
    assert!(from.iter().all(|id| support::written_ms(id) >= at_ms) && from.len() > 30);
    // Ids take precedence over times.
    assert_eq!(found(format!("since_id={older}&start_time={at}")).await, all[..60]);
    assert_eq!(found(format!("until_id={newer}&end_time={at}")).await, all[21..]);
    assert!(found(format!("since_id={}", all[0])).await.is_empty());
}

#[tokio::test]
async fn replies_and_retweets_can_be_left_out() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    for (params, excluded) in [
        ("replies", &["reply"][..]),
        ("retweets", &["retweet"]),
        ("replies,retweets", &["reply", "retweet"]),
    ] {
        let rest: Vec<Value> = truth
            .iter()
            .filter(|tweet| !excluded.contains(&tweet["kind"].as_str().unwrap()))
            .cloned()
            .collect();
        let found = walk(&x, "12", &format!("max_results=100&exclude={params}"), APP).await;
        assert_eq!(ids(&found), standing(&rest), "{params}");
        assert!(rest.len() < truth.len(), "{params}");
    }
}

#[tokio::test]
async fn x_lists_the_newest_3200() {
    let x = start(Config { tweets_before: 4_000, ..config(10) }).await;
    let all = standing(&truth(&x, "").await);
    assert!(all.len() > 4_000, "{}", all.len());
    assert_eq!(ids(&walk(&x, "12", "max_results=100", APP).await), all[..3_200]);
    let plain = walk(&x, "12", "max_results=100&exclude=replies", APP).await;
    assert_eq!(plain.len(), 800);
    let beyond = &all[3_300];
    assert!(walk(&x, "12", &format!("until_id={beyond}"), APP).await.is_empty());
    assert_eq!(x.ok(&format!("/2/tweets?ids={beyond}"), APP).await["data"][0]["id"], **beyond);
    let years = (support::written_ms(&all[0]) - support::written_ms(all.last().unwrap())) / DAY_MS;
    assert!(years > 5 * 365, "{years} days");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let x = start(config(10)).await;
    for (target, named) in [
        (format!("{LIST}?max_results=4"), "max_results"),
        (format!("{LIST}?max_results=101"), "max_results"),
        (format!("{LIST}?exclude=quotes"), "exclude"),
        (format!("{LIST}?since_id=soon"), "since_id"),
        (format!("{LIST}?start_time=2026-09-01"), "start_time"),
        (
            format!("{LIST}?start_time=2026-09-02T00:00:00Z&end_time=2026-09-01T00:00:00Z"),
            "end_time",
        ),
        (format!("{LIST}?pagination_token=nonsense"), "pagination_token"),
        (format!("{LIST}?tweet.fields=shoe_size"), "tweet.fields"),
        (format!("{LIST}?order=asc"), "order"),
        ("/2/users/twelve/tweets".to_owned(), "id"),
        ("/2/tweets?ids=".to_owned(), "ids"),
        ("/2/tweets".to_owned(), "ids"),
        (format!("/2/tweets?ids={}", vec!["1"; 3].join(",") + ",x"), "ids"),
        (
            format!(
                "/2/tweets?ids={}",
                (1..=101).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
            ),
            "ids",
        ),
        ("/2/tweets/abc".to_owned(), "id"),
    ] {
        let reply = x.get(&target, USER).await;
        assert_eq!(reply.status, 400, "{target}");
        let body = reply.json();
        assert!(body["errors"][0]["parameters"][named].is_array(), "{target}: {body}");
    }
    assert_eq!(x.bill_micros().await, 0);
}

#[tokio::test]
async fn tokens_are_good_for_their_account_alone() {
    let x = start(config(10)).await;
    let token = x.ok(LIST, USER).await["meta"]["next_token"].as_str().unwrap().to_owned();
    let other = format!("/2/users/13/tweets?pagination_token={token}");
    assert_eq!(x.get(&other, USER).await.status, 400);
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
async fn each_route_has_its_own_window_of_requests() {
    let x = start(config(10)).await;
    for (target, auth, limit) in [
        (LIST, USER, 900),
        (LIST, APP, 10_000),
        ("/2/tweets?ids=1", USER, 5_000),
        ("/2/tweets?ids=1", APP, 3_500),
        ("/2/tweets/1", USER, 900),
        ("/2/tweets/1", APP, 450),
        ("/2/tweets/analytics?ids=1", USER, 300),
    ] {
        let reply = x.get(target, auth).await;
        assert_eq!(reply.number("x-rate-limit-limit"), limit, "{target} {auth}");
        assert_eq!(reply.number("x-rate-limit-remaining"), limit - 1, "{target} {auth}");
    }
    assert_eq!(x.get(LIST, "").await.status, 401);
    assert_eq!(x.send("POST", LIST, USER, "").await.status, 405);
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
async fn every_lookup_error_says_why() {
    let x = start(config(10)).await;
    let truth = truth(&x, "").await;
    let deleted = truth.iter().find(|t| !t["deleted_at"].is_null()).unwrap();
    let other = x.ok("/2/users/13/tweets", APP).await["data"][0].clone();
    let later = START_MS + 2 * DAY_MS;
    x.set_now(later).await;
    let future = x.ok(LIST, APP).await["data"][0].clone();
    x.post("/sim/reset", &json!({})).await;
    let world = x.ok("/sim/tweets?from=1790000100000&to=1790000101000", "").await;
    let (stands, world) = (standing(&truth)[0].clone(), world["ids"][0].as_str().unwrap());
    let asked = format!("{stands},1,{},{},{},{world}", id(deleted), id(&other), id(&future));
    for (standing, kind) in [
        ("open", None),
        ("protected", Some("not-authorized-for-resource")),
        ("suspended", Some("not-authorized-for-resource")),
    ] {
        x.post("/sim/world", &json!({"tweets": {"13": standing}})).await;
        let reply = x.ok(&format!("/2/tweets?ids={asked}"), USER).await;
        let shown = ids(reply["data"].as_array().unwrap());
        let errors: Vec<(&str, &str)> = reply["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (id_of_error(e), e["type"].as_str().unwrap().rsplit('/').next().unwrap()))
            .collect();
        let gone = "resource-not-found";
        let mut expected = vec![("1", gone), (id(deleted), gone)];
        expected.extend(kind.map(|kind| (id(&other), kind)));
        expected.push((id(&future), gone));
        assert_eq!(errors, expected, "{standing}");
        let own = [stands.as_str(), id(&other), world];
        let kept: Vec<&str> =
            own.into_iter().filter(|i| kind.is_none() || *i != id(&other)).collect();
        assert_eq!(shown, kept, "in the order asked for");
        let listed = x.ok("/2/users/13/tweets", USER).await;
        assert_eq!(listed["data"].is_null(), kind.is_some(), "{standing}: {listed}");
    }
    for gone in ["1", id(deleted)] {
        let reply = x.get(&format!("/2/tweets/{gone}"), USER).await;
        assert_eq!((reply.status, &reply.json()["errors"][0]["value"]), (404, &json!(gone)));
    }
}

fn id_of_error(error: &Value) -> &str {
    assert_eq!(error["resource_type"], "tweet");
    assert_eq!(error["value"], error["resource_id"]);
    error["resource_id"].as_str().unwrap()
}

#[tokio::test]
async fn a_protected_account_sees_its_own_tweets() {
    let x = start(config(10)).await;
    x.post("/sim/world", &json!({"tweets": {"12": "protected"}})).await;
    assert_eq!(x.ok(LIST, USER).await["meta"]["result_count"], 10);
    let error = x.ok(LIST, APP).await["errors"][0].clone();
    assert_eq!(error["resource_type"], "user");
    assert!(error["type"].as_str().unwrap().ends_with("not-authorized-for-resource"));
    x.post("/sim/world", &json!({"tweets": {"12": "suspended"}})).await;
    assert!(x.ok(LIST, USER).await["errors"][0]["detail"].as_str().unwrap().contains("suspended"));
    for wish in [json!({"tweets": {"12": "gone"}}), json!({"tweets": {"14": "open"}})] {
        assert_eq!(x.post("/sim/world", &wish).await.status, 400, "{wish}");
    }
}

#[tokio::test]
async fn an_edit_is_a_new_id_that_takes_the_old_ones_place() {
    let x = start(Config { tweets_a_day: 20.0, ..config(10) }).await;
    let truth = truth(&x, "").await;
    let edited = some(&truth, |t| t["edits"].as_array().unwrap().len() > 2);
    let edits: Vec<&str> =
        edited["edits"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(edits.last(), Some(&id(&edited)));
    let half_hour = support::written_ms(edits[0]) + 30 * 60_000;
    assert!(edits.iter().all(|id| support::written_ms(id) <= half_hour));
    let (above, below) = (edits[0].parse::<u64>().unwrap() - 1, edits.last().unwrap());
    let below = below.parse::<u64>().unwrap() + 1;
    let listed = walk(&x, "12", &format!("since_id={above}&until_id={below}"), APP).await;
    assert_eq!(ids(&listed).iter().filter(|id| edits.contains(&id.as_str())).count(), 1);
    let fields = "tweet.fields=note_tweet,edit_controls&expansions=edit_history_tweet_ids";
    let mut texts = Vec::new();
    for version in &edits {
        let reply = x.ok(&format!("/2/tweets/{version}?{fields}"), APP).await;
        assert_eq!(reply["data"]["id"], **version, "as it was");
        assert_eq!(reply["data"]["edit_history_tweet_ids"], edited["edits"]);
        assert_eq!(reply["includes"]["tweets"].as_array().unwrap().len(), edits.len() - 1);
        let left = reply["data"]["edit_controls"]["edits_remaining"].as_u64().unwrap();
        assert_eq!(left as usize, 6 - edits.len());
        let whole = [&reply["data"]["note_tweet"]["text"], &reply["data"]["text"]];
        texts.push(whole.iter().find_map(|text| text.as_str()).unwrap().to_owned());
    }
    assert!(texts.windows(2).all(|two| two[0] != two[1]), "{texts:?}");
    x.post("/sim/tweets/delete", &json!({"id": edits[1]})).await;
    let all = x.ok(&format!("/2/tweets?ids={}", edits.join(",")), APP).await;
    assert!(all["data"].is_null() && all["errors"].as_array().unwrap().len() == edits.len());
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

#[tokio::test]
async fn tweets_are_deleted_and_written_on_request() {
    let x = start(config(10)).await;
    let first = x.ok(LIST, USER).await["data"][0]["id"].as_str().unwrap().to_owned();
    let reply = x.post("/sim/tweets/delete", &json!({"id": first})).await;
    assert_eq!((reply.status, reply.json()["deleted_at"].as_i64()), (200, Some(START_MS)));
    assert_ne!(x.ok(LIST, USER).await["data"][0]["id"], first);
    assert_eq!(x.post("/sim/tweets/delete", &json!({"id": first})).await.status, 404);
    assert_eq!(x.post("/sim/tweets/delete", &json!({"id": "1"})).await.status, 404);
    let text = "שלום, a tweet on request";
    let written = x.post("/sim/tweets/own", &json!({"text": text, "promoted": true})).await.json();
    let newest = x.ok(LIST, USER).await["data"][0].clone();
    assert_eq!((&newest["id"], &newest["text"]), (&written["id"], &json!(text)));
    x.set_now(START_MS + DAY_MS).await;
    check_refused(&x, id(&newest), USER, &[]).await;
    for wish in [json!({"text": ""}), json!({"text": "x", "account": "14"}), json!({"texts": "x"})]
    {
        assert_eq!(x.post("/sim/tweets/own", &wish).await.status, 400, "{wish}");
    }
    let long = "ä".repeat(4_000);
    x.post("/sim/tweets/own", &json!({"text": long, "account": "13"})).await;
    let page = x.ok("/2/users/13/tweets?tweet.fields=note_tweet", APP).await;
    assert_eq!(page["data"][0]["note_tweet"]["text"], long);
    x.post("/sim/reset", &json!({})).await;
    assert_eq!(x.ok(LIST, USER).await["data"][0]["id"], first);
}

#[tokio::test]
async fn time_brings_tweets_and_takes_some_away() {
    let x = start(Config { tweets_a_day: 20.0, ..config(10) }).await;
    let before = standing(&truth(&x, "").await);
    x.set_now(START_MS + 60 * DAY_MS).await;
    let after = truth(&x, "").await;
    let (stand, all) = (standing(&after), ids(&after));
    assert!((1_000..1_500).contains(&(all.len() - before.len())), "{} {}", all.len(), before.len());
    let gone = before.iter().filter(|id| !stand.contains(id)).count();
    assert!((3..200).contains(&gone), "{gone}");
    assert_eq!(ids(&walk(&x, "12", "max_results=100", APP).await), stand[..3_200.min(stand.len())]);
    for tweet in after.iter().filter(|t| !t["deleted_at"].is_null()) {
        let stood = tweet["deleted_at"].as_i64().unwrap() - tweet["created_at"].as_i64().unwrap();
        assert!((3_600_000..=42 * DAY_MS).contains(&stood), "{stood}");
    }
}

#[tokio::test]
async fn people_without_tweets_and_nobody() {
    let x = start(config(450)).await;
    let page = x.ok("/2/users/12/followers?max_results=450&user.fields=protected", APP).await;
    let followers = page["data"].as_array().unwrap();
    for (protected, empty) in [(false, "meta"), (true, "errors")] {
        let user = followers.iter().find(|u| u["protected"] == protected).unwrap();
        let reply = x.ok(&format!("/2/users/{}/tweets", id(user)), APP).await;
        assert!(reply["data"].is_null() && !reply[empty].is_null(), "{reply}");
    }
    assert_eq!(x.get("/2/users/14/tweets", APP).await.status, 404);
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
        .filter(|id| START_MS - support::written_ms(id) < 30 * DAY_MS)
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
