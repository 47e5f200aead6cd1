//! The accounts' own tweets, as the tests beside this look at them.

use serde_json::Value;

use super::{Client, DAY_MS, START_MS, ids};

pub(crate) const LIST: &str = "/2/users/12/tweets";

pub(crate) const ALL_FIELDS: &str = "tweet.fields=author_id,created_at,edit_history_tweet_ids,entities,\
    in_reply_to_user_id,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,\
    non_public_metrics,organic_metrics,promoted_metrics";

/// Every tweet that a listing holds, newest first.
pub(crate) async fn walk(x: &Client, account: &str, params: &str, auth: &str) -> Vec<Value> {
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
pub(crate) async fn truth(x: &Client, params: &str) -> Vec<Value> {
    x.ok(&format!("/sim/tweets/own?{params}"), "").await["tweets"].as_array().unwrap().clone()
}

/// Ids of those that stand, newest first.
pub(crate) fn standing(truth: &[Value]) -> Vec<String> {
    let stand = truth.iter().filter(|tweet| tweet["deleted_at"].is_null());
    let mut ids: Vec<String> = ids(&stand.cloned().collect::<Vec<_>>());
    ids.sort_by_key(|id| std::cmp::Reverse(id.parse::<u64>().unwrap()));
    ids
}

/// One of them that fits.
pub(crate) fn some(truth: &[Value], fits: impl Fn(&Value) -> bool) -> Value {
    let stands = |tweet: &&Value| tweet["deleted_at"].is_null();
    truth.iter().filter(stands).find(|tweet| fits(tweet)).expect("no such tweet").clone()
}

pub(crate) fn id(tweet: &Value) -> &str {
    tweet["id"].as_str().unwrap()
}

pub(crate) fn age_days(tweet: &Value) -> i64 {
    (START_MS - tweet["created_at"].as_i64().unwrap()).div_euclid(DAY_MS)
}
