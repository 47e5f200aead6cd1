//! The accounts' own tweets: listings, lookups, edits, deletions, control.
use crate::support::own::{LIST, id, some, standing, truth, walk};
use crate::support::{APP, DAY_MS, START_MS, USER, config, ids, start};
use serde_json::{Value, json};
use xsim::Config;

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
    assert!(from.iter().all(|id| crate::support::written_ms(id) >= at_ms) && from.len() > 30);
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
    let years = (crate::support::written_ms(&all[0])
        - crate::support::written_ms(all.last().unwrap()))
        / DAY_MS;
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
        ("/2/tweets?ids=1,1,1,x".to_owned(), "ids"),
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
    let half_hour = crate::support::written_ms(edits[0]) + 30 * 60_000;
    assert!(edits.iter().all(|id| crate::support::written_ms(id) <= half_hour));
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
        assert_eq!(left, 6 - edits.len() as u64);
        let whole = [&reply["data"]["note_tweet"]["text"], &reply["data"]["text"]];
        texts.push(whole.iter().find_map(|text| text.as_str()).unwrap().to_owned());
    }
    assert!(texts.windows(2).all(|two| two[0] != two[1]), "{texts:?}");
    x.post("/sim/tweets/delete", &json!({"id": edits[1]})).await;
    let all = x.ok(&format!("/2/tweets?ids={}", edits.join(",")), APP).await;
    assert!(all["data"].is_null() && all["errors"].as_array().unwrap().len() == edits.len());
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
    let target = format!("/2/tweets/{}?tweet.fields=promoted_metrics", id(&newest));
    let told = x.ok(&target, USER).await["data"]["promoted_metrics"].clone();
    assert!(told["impression_count"].as_u64() > Some(0), "{told}");
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
