//! Webhooks and the activity API: registration, subscriptions, delivery.
use crate::support::receiver::{Receiver, WAITS_MAX, signature};
use crate::support::{APP, Client, DAY_MS, START_MS, USER, config, start};
use serde_json::{Value, json};
use xsim::{Config, Dialect};

const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";

fn lively() -> Config {
    Config { gained_a_day: Some(60.0), lost_a_day: Some(60.0), ..config(2_000) }
}

async fn ask(x: &Client, method: &str, target: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = x.send(method, target, APP, &body).await;
    (reply.status, reply.json())
}

/// The id of a webhook that is there now.
async fn webhook(x: &Client, receiver: &Receiver) -> String {
    let (status, made) = ask(x, "POST", "/2/webhooks", json!({"url": receiver.url})).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn subscribe(x: &Client, webhook: &str, kind: &str, filter: Value) -> String {
    let body = json!({"event_type": kind, "filter": filter, "webhook_id": webhook, "tag": "t"});
    let (status, made) = ask(x, "POST", SUBSCRIPTIONS, body).await;
    assert_eq!(status, 200, "{made}");
    made["data"]["subscription"]["subscription_id"].as_str().unwrap().to_owned()
}

/// When nothing waits any more: (delivered, failed).
async fn settled(x: &Client) -> (u64, u64) {
    for _ in 0..WAITS_MAX {
        let now = x.ok("/sim/webhooks", "").await;
        let clock = x.ok("/sim/clock", "").await["now"].as_i64().unwrap();
        if now["pending"] == 0 && now["told_until"].as_i64().unwrap() + 1_000 > clock {
            return (now["delivered"].as_u64().unwrap(), now["failed"].as_u64().unwrap());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("something waits for ever");
}

async fn truth(x: &Client, to: i64) -> Value {
    x.ok(&format!("/sim/truth?from={START_MS}&to={to}"), "").await
}

#[tokio::test]
async fn a_webhook_is_there_once_its_challenge_was_answered() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    receiver.lie(1);
    let refused = ask(&x, "POST", "/2/webhooks", json!({"url": receiver.url})).await;
    assert_eq!(refused.0, 400);
    assert!(refused.1["errors"][0]["message"].as_str().unwrap().starts_with("CrcValidationFailed"));
    let id = webhook(&x, &receiver).await;
    let listed = x.ok("/2/webhooks", APP).await;
    let expected = json!({"id": id, "url": receiver.url, "valid": true,
        "created_at": "2026-09-21T14:15:23.000Z"});
    assert_eq!(listed, json!({"data": [expected], "meta": {"result_count": 1}}));
}

#[tokio::test]
async fn the_guide_s_shape_comes_with_the_newer_dialect() {
    let config = Config { dialect: Dialect::Post, ..config(10) };
    let (x, receiver) = (start(config).await, Receiver::start().await);
    let (_, made) = ask(&x, "POST", "/2/webhooks", json!({"url": receiver.url})).await;
    let id = made["data"]["id"].as_str().unwrap();
    let checked = ask(&x, "PUT", &format!("/2/webhooks/{id}"), Value::Null).await;
    assert_eq!(checked, (200, json!({"data": {"valid": true}})));
}

#[tokio::test]
async fn webhooks_that_cannot_be_are_refused_by_name() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let id = webhook(&x, &receiver).await;
    for (method, target, body, word) in [
        ("POST", "/2/webhooks", json!({"url": "http://example.org/"}), "UrlValidationFailed"),
        ("POST", "/2/webhooks", json!({"url": "https://example.org:1/"}), "UrlValidationFailed"),
        ("POST", "/2/webhooks", json!({"url": "http://127.0.0.1:1/"}), "CrcValidationFailed"),
        ("POST", "/2/webhooks", json!({"url": receiver.url}), "DuplicateUrlFailed"),
        ("PUT", "/2/webhooks/77", Value::Null, "WebhookIdInvalid"),
        ("DELETE", "/2/webhooks/77", Value::Null, "WebhookIdInvalid"),
    ] {
        let (status, problem) = ask(&x, method, target, body).await;
        assert_eq!(status, 400, "{problem}");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(word), "{message}");
    }
    let deleted = ask(&x, "DELETE", &format!("/2/webhooks/{id}"), Value::Null).await;
    assert_eq!(deleted, (200, json!({"data": {"deleted": true}})));
    assert_eq!(x.ok("/2/webhooks", APP).await, json!({"meta": {"result_count": 0}}));
    assert_eq!(x.get("/2/webhooks", USER).await.status, 403);
    assert_eq!(x.get("/2/webhooks", "").await.status, 401);
}

#[tokio::test]
async fn a_check_on_request_tells_whether_it_is_valid() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let id = webhook(&x, &receiver).await;
    let target = format!("/2/webhooks/{id}");
    receiver.lie(1);
    assert_eq!(ask(&x, "PUT", &target, Value::Null).await.0, 400);
    assert_eq!(x.ok("/2/webhooks", APP).await["data"][0]["valid"], false);
    let checked = ask(&x, "PUT", &target, Value::Null).await;
    assert_eq!(checked, (200, json!({"data": {"attempted": true}})));
    assert_eq!(x.ok("/2/webhooks", APP).await["data"][0]["valid"], true);
}

#[tokio::test]
async fn a_day_later_a_webhook_is_challenged_again() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    webhook(&x, &receiver).await;
    receiver.lie(1);
    x.set_now(START_MS + DAY_MS).await;
    for _ in 0..500 {
        if x.ok("/2/webhooks", APP).await["data"][0]["valid"] == false {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody asked");
}

#[tokio::test]
async fn subscriptions_are_made_listed_changed_and_deleted() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let first = subscribe(&x, &hook, "follow.follow", json!({"user_id": "12"})).await;
    let second = subscribe(&x, &hook, "follow.unfollow", json!({"user_id": "12"})).await;
    let page = x.ok(&format!("{SUBSCRIPTIONS}?max_results=1"), APP).await;
    let expected = json!({"subscription_id": first, "event_type": "follow.follow",
        "filter": {"user_id": "12"}, "tag": "t", "webhook_id": hook,
        "created_at": "2026-09-21T14:15:23.000Z", "updated_at": "2026-09-21T14:15:23.000Z"});
    assert_eq!(page["data"], json!([expected]));
    let next = page["meta"]["next_token"].as_str().unwrap();
    let rest = x.ok(&format!("{SUBSCRIPTIONS}?pagination_token={next}"), APP).await;
    assert_eq!(rest["data"][0]["subscription_id"], second.as_str());
    assert_eq!(rest["meta"], json!({"result_count": 1}));
    let target = format!("{SUBSCRIPTIONS}/{first}");
    let (_, changed) = ask(&x, "PUT", &target, json!({"tag": "other"})).await;
    assert_eq!(changed["data"]["subscription"]["tag"], "other");
    let deleted = ask(&x, "DELETE", &target, Value::Null).await;
    assert_eq!(deleted.1["meta"]["total_subscriptions"], 1);
    assert_eq!(ask(&x, "DELETE", &target, Value::Null).await.0, 404);
    let many = format!("{SUBSCRIPTIONS}?ids={second}");
    assert_eq!(ask(&x, "DELETE", &many, Value::Null).await.0, 200);
    assert_eq!(x.ok(SUBSCRIPTIONS, APP).await["data"], json!([]));
}

#[tokio::test]
async fn subscriptions_that_cannot_be_are_refused() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let good = json!({"event_type": "follow.follow", "filter": {"user_id": "12"},
        "webhook_id": hook});
    for (path, value, status) in [
        ("event_type", json!("follow.all"), 400),
        ("event_type", json!("block.block"), 403),
        ("filter", json!({}), 400),
        ("filter", json!({"user_id": "twelve"}), 400),
        ("filter", json!({"user_id": "12", "direction": "up"}), 400),
        ("webhook_id", json!("77"), 400),
        ("tag", json!(""), 400),
        ("color", json!("red"), 400),
    ] {
        let mut body = good.clone();
        body[path] = value.clone();
        assert_eq!(ask(&x, "POST", SUBSCRIPTIONS, body).await.0, status, "{path} {value}");
    }
    assert_eq!(ask(&x, "POST", SUBSCRIPTIONS, good.clone()).await.0, 200);
    let double = ask(&x, "POST", SUBSCRIPTIONS, good).await;
    let message = double.1["errors"][0]["message"].as_str().unwrap();
    assert!(double.0 == 400 && message.starts_with("DuplicateSubscriptionFailed"), "{message}");
}

#[tokio::test]
async fn whoever_unfollows_is_told_in_order_and_nobody_else() {
    let (x, receiver) = (start(lively()).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "follow.unfollow", json!({"user_id": "12"})).await;
    let to = START_MS + 10 * DAY_MS;
    x.set_now(to).await;
    let lost = truth(&x, to).await["lost"].as_array().unwrap().clone();
    let left: Vec<&str> = lost
        .iter()
        .filter(|loss| loss["kind"] == "unfollowed")
        .map(|loss| loss["id"].as_str().unwrap())
        .collect();
    assert!(left.len() > 100 && left.len() < lost.len());
    let told = receiver.told(left.len()).await;
    assert_eq!(settled(&x).await, (left.len() as u64, 0));
    let ids: Vec<String> = told
        .iter()
        .map(|event| event.data()["payload"]["source"]["data"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, left);
    let first = &told[0];
    assert_eq!(first.header("x-twitter-webhooks-signature"), Some(&*signature(&first.body)));
    assert_eq!(first.header("x-sim-now"), Some(&*to.to_string()));
    let data = first.data();
    assert_eq!((&data["event_type"], &data["tag"]), (&json!("follow.unfollow"), &json!("t")));
    assert_eq!(data["payload"]["target"]["data"]["id"], "12");
    assert!(data["payload"]["source"]["data"]["public_metrics"]["followers_count_str"].is_string());
    assert_eq!(x.bill_micros().await, 10_000 * left.len() as u64);
}

#[tokio::test]
async fn follows_are_told_but_not_of_those_who_were_only_away() {
    let (x, receiver) = (start(lively()).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let filter = json!({"user_id": "12", "direction": "inbound"});
    subscribe(&x, &hook, "follow.follow", filter).await;
    let to = START_MS + 6 * DAY_MS;
    x.set_now(to).await;
    let truth = truth(&x, to).await;
    let followed: Vec<(&str, i64)> = truth["followed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["id"].as_str().unwrap(), f["at"].as_i64().unwrap()))
        .collect();
    let (told, _) = settled(&x).await;
    let ids: Vec<Value> = receiver
        .told(usize::try_from(told).unwrap())
        .await
        .iter()
        .map(|event| event.data()["payload"]["source"]["data"]["id"].clone())
        .collect();
    assert!(ids.len() > 300 && ids.len() < followed.len(), "{} of {}", ids.len(), followed.len());
    let earlier = x.ok(&format!("/sim/truth?from=0&to={to}"), "").await;
    let lost = earlier["lost"].as_array().unwrap();
    let was_away = |id: &str, at: i64| {
        let back = lost.iter().find(|loss| loss["id"] == id && loss["back"] == at);
        back.is_some_and(|loss| loss["reason"] == "suspended" || loss["reason"] == "gone")
    };
    let anew: Vec<&str> =
        followed.iter().filter(|(id, at)| !was_away(id, *at)).map(|(id, _)| *id).collect();
    assert_eq!(ids, anew);
}

#[tokio::test]
async fn what_the_owner_follows_is_outbound() {
    let (x, receiver) = (start(lively()).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let filter = json!({"user_id": "12", "direction": "outbound"});
    subscribe(&x, &hook, "follow.follow", filter).await;
    x.set_now(START_MS + 10 * DAY_MS).await;
    for event in receiver.told(20).await {
        assert_eq!(event.data()["payload"]["source"]["data"]["id"], "12");
    }
}

#[tokio::test]
async fn what_came_before_the_subscription_is_not_told() {
    let (x, receiver) = (start(lively()).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let middle = START_MS + 5 * DAY_MS;
    x.set_now(middle).await;
    subscribe(&x, &hook, "follow.unfollow", json!({"user_id": "12"})).await;
    let to = middle + DAY_MS;
    x.set_now(to).await;
    let truth = x.ok(&format!("/sim/truth?from={middle}&to={to}"), "").await;
    let left = truth["lost"].as_array().unwrap();
    let left = left.iter().filter(|loss| loss["kind"] == "unfollowed").count();
    receiver.told(left).await;
    assert_eq!(settled(&x).await, (left as u64, 0));
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_and_then_given_up() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "profile.update.bio", json!({"user_id": "12"})).await;
    let push = |nth: u32| {
        json!({"push": {"event_type": "profile.update.bio", "user_id": "12",
            "payload": {"before": "a", "after": nth.to_string()}}})
    };
    receiver.refuse(3);
    x.post("/sim/webhooks", &push(1)).await;
    assert_eq!(receiver.told(1).await[0].data()["payload"]["after"], "1");
    assert_eq!(settled(&x).await, (1, 0));
    receiver.refuse(4);
    x.post("/sim/webhooks", &push(2)).await;
    x.post("/sim/webhooks", &push(3)).await;
    let told = receiver.told(2).await;
    assert_eq!(told[1].data()["payload"]["after"], "3");
    assert_eq!(settled(&x).await, (2, 1));
}

#[tokio::test]
async fn a_pause_holds_back_and_duplicates_can_be_made() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "follow.unfollow", json!({"user_id": "12"})).await;
    x.post("/sim/webhooks", &json!({"pause": true})).await;
    let push = json!({"push": {"event_type": "follow.unfollow", "user_id": "12",
        "payload": {"source": {"data": {"id": "7"}}}, "event_uuid": "-5"}});
    x.post("/sim/webhooks", &push).await;
    let held = x.post("/sim/webhooks", &push).await.json();
    assert_eq!((&held["pending"], &held["paused"]), (&json!(2), &json!(true)));
    x.post("/sim/webhooks", &json!({"pause": false})).await;
    let told = receiver.told(2).await;
    assert_eq!(told.iter().filter(|event| event.data()["event_uuid"] == "-5").count(), 2);
    assert_eq!(x.post("/sim/webhooks", &json!({})).await.status, 400);
}

#[tokio::test]
async fn deleted_tweets_are_told_and_free() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "post.delete", json!({"user_id": "12"})).await;
    let written = x.post("/sim/tweets/own", &json!({"text": "hello"})).await.json();
    x.post("/sim/clock", &json!({"advance_s": 60})).await;
    x.post("/sim/tweets/delete", &json!({"id": written["id"]})).await;
    x.post("/sim/clock", &json!({"advance_s": 60})).await;
    let told = receiver.told(1).await[0].data();
    assert_eq!(told["payload"], json!({"id": written["id"], "author_id": "12"}));
    settled(&x).await;
    assert_eq!(x.bill_micros().await, 0);
    x.set_now(START_MS + 60 * DAY_MS).await;
    let tweets = x.ok(&format!("/sim/tweets/own?from={START_MS}"), "").await["tweets"].clone();
    let gone = tweets.as_array().unwrap().iter().filter(|t| !t["deleted_at"].is_null()).count();
    assert!(gone > 1);
    receiver.told(gone).await;
}

#[tokio::test]
async fn a_revoked_consent_is_told() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "oauth.revoke", json!({})).await;
    let target = "/i/oauth2/authorize?response_type=code&client_id=roost-client&redirect_uri=\
        https://a.example/&scope=tweet.read&state=s&code_challenge=c&code_challenge_method=plain";
    let reply = x.form(target, "", &[("user", "13"), ("decision", "allow")]).await;
    let code = reply.header("location").unwrap().split("code=").nth(1).unwrap().to_owned();
    let auth = "Basic cm9vc3QtY2xpZW50OnJvb3N0LWNsaWVudC1zZWNyZXQ=";
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "https://a.example/"),
        ("code_verifier", "c"),
    ];
    assert_eq!(x.form("/2/oauth2/token", auth, &form).await.status, 200);
    x.post("/sim/clock", &json!({"advance_s": 5})).await;
    x.post("/sim/oauth", &json!({"revoke": "13"})).await;
    x.post("/sim/clock", &json!({"advance_s": 5})).await;
    let data = receiver.told(1).await[0].data();
    assert_eq!(data["filter"], json!({}));
    let payload = json!({"date_time": "2026-09-21T14:15:28+00:00", "user_id": "13", "app_id": "1"});
    assert_eq!(data["payload"], payload);
}

#[tokio::test]
async fn renames_are_told_of_those_who_are_watched() {
    let (x, receiver) = (start(config(2_000)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    let to = START_MS + 20 * DAY_MS;
    let renamed = truth(&x, to).await["renamed"][0].clone();
    let filter = json!({"user_id": renamed["id"]});
    subscribe(&x, &hook, "profile.update.handle", filter.clone()).await;
    x.set_now(to).await;
    let data = receiver.told(1).await[0].data();
    assert_eq!(data["filter"], filter);
    assert_eq!(data["payload"], json!({"before": renamed["from"], "after": renamed["to"]}));
}

#[tokio::test]
async fn a_reset_forgets_webhooks() {
    let (x, receiver) = (start(config(10)).await, Receiver::start().await);
    let hook = webhook(&x, &receiver).await;
    subscribe(&x, &hook, "follow.follow", json!({"user_id": "12"})).await;
    x.post("/sim/reset", &json!({})).await;
    let told = x.ok("/sim/webhooks", "").await;
    assert_eq!(
        told,
        json!({"webhooks": [], "subscriptions": [], "delivered": 0, "failed": 0,
        "pending": 0, "by_type": {}, "told_until": START_MS, "paused": false})
    );
}
