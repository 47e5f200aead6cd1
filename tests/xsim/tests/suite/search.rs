//! Looking back: gap fill by search, counts, lookups, and the older dialects.
use crate::support::{APP, Client, START_MS, USER, config, id_of, start, streaming, written_ms};
use serde_json::{Value, json};
use xsim::Config;

const RULE: &str = "the OR de OR la OR place_country:IN";
const SEARCH: &str = "/2/tweets/search/recent";
const COUNTS: &str = "/2/tweets/counts/recent";

fn encoded(query: &str) -> String {
    query.replace(' ', "%20").replace(':', "%3A")
}

/// Every tweet that a search finds, the newest first.
async fn search(x: &Client, params: &str) -> Vec<String> {
    let (mut ids, mut token) = (Vec::new(), String::new());
    loop {
        let target = format!("{SEARCH}?query={}&max_results=100{params}{token}", encoded(RULE));
        let page = x.ok(&target, APP).await;
        let data = page["data"].as_array().cloned().unwrap_or_default();
        assert_eq!(page["meta"]["result_count"], data.len());
        if let (Some(first), Some(last)) = (data.first(), data.last()) {
            assert_eq!(page["meta"]["newest_id"], first["id"]);
            assert_eq!(page["meta"]["oldest_id"], last["id"]);
        }
        ids.extend(data.iter().map(|tweet| tweet["id"].as_str().unwrap().to_owned()));
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&next_token={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn a_gap_between_two_connections_is_filled_exactly() {
    let x = start(streaming(100.0)).await;
    x.add_rules(&[RULE]).await;
    let mut stream = x.stream("").await;
    let last = id_of(&stream.messages(10).await[9]);
    drop(stream);
    x.post("/sim/clock", &json!({"advance_s": 30})).await;
    let mut stream = x.stream("").await;
    let first = id_of(&stream.message().await);
    let mut gap = search(&x, &format!("&since_id={last}&until_id={first}")).await;
    gap.reverse();
    let mut truth = x.written(written_ms(&last), written_ms(&first) + 1).await;
    let number = |id: &str| id.parse::<u64>().unwrap();
    truth.retain(|id| number(&last) < number(id) && number(id) < number(&first));
    assert!(truth.len() > 500, "{}", truth.len());
    assert_eq!(gap, truth);
}

#[tokio::test]
async fn a_search_keeps_to_its_bounds() {
    let x = start(Config { stream_rate: 5.0, ..config(10) }).await;
    let (from, to) = ("2026-09-21T10:00:00Z", "2026-09-21T10:20:00Z");
    let mut found = search(&x, &format!("&start_time={from}&end_time={to}")).await;
    found.reverse();
    x.add_rules(&[RULE]).await;
    let truth = x.ok(&format!("/sim/tweets?from={from}&to={to}&rules=1"), "").await;
    assert_eq!(json!(found), truth["ids"]);
    let query = encoded(RULE);
    for (params, named) in [
        ("query=", "query"),
        ("query=lang:en", "query"),
        (&*format!("query={query}&max_results=9"), "max_results"),
        (&*format!("query={query}&start_time=2026-09-01T00:00:00Z"), "start_time"),
        (&*format!("query={query}&end_time=2027-01-01T00:00:00Z"), "end_time"),
        (&*format!("query={query}&since_id=20"), "since_id"),
        (&*format!("query={query}&next_token=nonsense"), "next_token"),
        (&*format!("query={query}&tweet.fields=hat"), "tweet.fields"),
    ] {
        let refused = x.get(&format!("{SEARCH}?{params}"), APP).await;
        assert_eq!(refused.status, 400, "{params}");
        assert!(refused.json()["errors"][0]["parameters"][named].is_array(), "{params}");
    }
    assert_eq!(x.get(&format!("{SEARCH}?query={query}"), USER).await.status, 200);
}

#[tokio::test]
async fn a_page_of_search_costs_its_tweets_once_a_day() {
    let x = start(config(10)).await;
    let target = format!("{SEARCH}?query={}&max_results=50", encoded(RULE));
    x.ok(&target, APP).await;
    assert_eq!(x.bill_micros().await, 50 * 5_000);
    x.ok(&target, APP).await;
    assert_eq!(x.bill_micros().await, 50 * 5_000);
}

#[tokio::test]
async fn counts_add_up_to_what_was_written() {
    let x = start(config(10)).await;
    x.add_rules(&[RULE]).await;
    let from = START_MS - 1_500_000;
    let truth = x.written(from, START_MS).await.len();
    let range = "start_time=2026-09-21T13:50:23Z&granularity=minute";
    let counts = x.ok(&format!("{COUNTS}?query={}&{range}", encoded(RULE)), APP).await;
    assert_eq!(from, 1_789_998_623_000);
    assert_eq!(counts["meta"]["total_tweet_count"], truth);
    let data = counts["data"].as_array().unwrap();
    assert_eq!(data.len(), 26);
    assert_eq!(data[0]["end"], data[1]["start"]);
    let sum: u64 = data.iter().map(|d| d["tweet_count"].as_u64().unwrap()).sum();
    assert_eq!(sum, truth as u64);
    assert_eq!(x.bill_micros().await, 5_000);
    let week = x.ok(&format!("{COUNTS}?query={}", encoded(RULE)), APP).await;
    assert!((168..=169).contains(&week["data"].as_array().unwrap().len()));
    assert_eq!(x.get(&format!("{COUNTS}?query=has:geo"), APP).await.status, 400);
}

#[tokio::test]
async fn what_is_not_written_yet_is_not_found() {
    let x = start(config(10)).await;
    let later = START_MS + 60_000;
    let truth = x.ok(&format!("/sim/tweets?from={later}&to={}", later + 1_000), "").await;
    let id = truth["ids"][0].as_str().unwrap();
    let target = format!("/2/tweets?ids={id}");
    assert!(x.ok(&target, APP).await["data"].is_null());
    x.set_now(later + 2_000).await;
    assert_eq!(x.ok(&target, APP).await["data"][0]["id"], id);
    assert_eq!(x.ok(&format!("/2/tweets/{id}"), APP).await["data"]["id"], id);
}

/// Messages of a stream of version 1.1.
async fn check_classic(x: &Client, method: &str, target: &str, body: &str) -> Vec<Value> {
    let mut stream = x.open_by(method, target, USER, body).await.expect(target);
    let messages = stream.messages(10).await;
    for message in &messages {
        assert_eq!(
            message["id"].as_u64().unwrap().to_string(),
            message["id_str"].as_str().unwrap()
        );
        assert!(message["user"]["screen_name"].is_string() && message["data"].is_null());
        let at: i64 = message["timestamp_ms"].as_str().unwrap().parse().unwrap();
        assert_eq!(at, written_ms(message["id_str"].as_str().unwrap()));
    }
    messages
}

#[tokio::test]
async fn the_streams_of_version_1_1_are_still_spoken() {
    let x = start(streaming(100.0)).await;
    check_classic(&x, "GET", "/1.1/statuses/sample.json", "").await;
    let filter = "/1.1/statuses/filter.json";
    for message in check_classic(&x, "POST", filter, "track=the%2Cde%2Cque").await {
        let text = format!("{} {}", message["text"], message["extended_tweet"]["full_text"]);
        let text = text.to_lowercase();
        assert!(["the", "de", "que"].iter().any(|word| text.contains(word)), "{text}");
    }
    for message in check_classic(&x, "POST", filter, "locations=60%2C5%2C100%2C40").await {
        assert!(message["place"]["bounding_box"].is_object());
    }
    let refused = x.open_by("POST", filter, USER, "").await.err().unwrap();
    assert_eq!(refused.status, 406);
    assert_eq!(x.get(filter, USER).await.status, 405);
}

#[tokio::test]
async fn a_stream_speaks_the_dialect_it_is_told_to() {
    let x = start(streaming(100.0)).await;
    x.add_rules(&[RULE]).await;
    x.set_stream(json!({"dialect": "v2post"})).await;
    let mut stream = x.stream("?tweet.fields=referenced_tweets").await;
    let messages = stream.messages(40).await;
    assert!(messages.iter().all(|m| m["data"]["edit_history_post_ids"].is_array()));
    assert!(messages.iter().any(|m| m["data"]["referenced_posts"].is_array()));
    drop(stream);
    x.set_stream(json!({"dialect": "v11"})).await;
    assert!(x.stream("").await.message().await["id_str"].is_string());
}
