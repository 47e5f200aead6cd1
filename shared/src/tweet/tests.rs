//! Everything that can be wrong with a tweet, an answer or a file, and what it costs.

use super::*;
use crate::api::TweetKind;
use crate::id::{TweetId, UserId};
use crate::metrics::Family::{NonPublic, Organic, Promoted, Public};
use crate::metrics::{Metric, Pushed, Series};
use crate::time::UnixMs;
use crate::x::page::PageFault;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T12:00:00Z";

fn now() -> UnixMs {
    UnixMs::parse(NOW).unwrap()
}

fn answer(body: &Value) -> Answer {
    read(body.to_string().as_bytes(), &Reading { account: UserId(12), now: now() }).unwrap()
}

fn tweet(object: &Value) -> Tweet {
    Tweet::from_raw(&object.to_string()).unwrap()
}

fn ids(answer: &Answer) -> Vec<u64> {
    answer.tweets.iter().map(|tweet| tweet.id.0).collect()
}

/// Metrics in short: `public.like_count=3`.
fn metrics(tweet: &Tweet) -> Vec<String> {
    tweet.metrics.iter().map(|(metric, value)| format!("{metric}={value}")).collect()
}

#[test]
fn both_dialects_say_the_same() {
    let tweets = json!({
        "id": "90", "author_id": "12", "text": "short", "created_at": "2026-11-21T10:00:00.000Z",
        "lang": "en", "note_tweet": {"text": "the whole text"},
        "edit_history_tweet_ids": ["88", "90"],
        "referenced_tweets": [{"type": "quoted", "id": "5"}],
        "public_metrics": {"retweet_count": 2, "like_count": 3},
        "organic_metrics": {"retweet_count": 1},
    });
    let posts = json!({
        "id": "90", "author_id": "12", "text": "short", "created_at": "2026-11-21T10:00:00.000Z",
        "lang": "en", "note_post": {"text": "the whole text"},
        "edit_history_post_ids": ["88", "90"],
        "referenced_posts": [{"type": "quoted", "id": "5"}],
        "public_metrics": {"repost_count": 2, "like_count": 3},
        "organic_metrics": {"repost_count": 1},
    });
    let found = tweet(&tweets);
    assert_eq!(Tweet { raw: found.raw.clone(), ..tweet(&posts) }, found);
    assert_eq!(found.text.as_deref(), Some("the whole text"));
    assert_eq!((found.kind, found.replaces.as_slice()), (TweetKind::Quote, &[TweetId(88)][..]));
    assert_eq!(found.created, UnixMs::parse("2026-11-21T10:00:00Z"));
    assert_eq!(
        metrics(&found),
        ["public.like_count=3", "public.retweet_count=2", "organic.retweet_count=1"]
    );
}

#[track_caller]
fn check_kind(fields: &Value, expected: TweetKind) {
    let mut object = json!({"id": "1"});
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    assert_eq!(tweet(&object).kind, expected, "{fields}");
}

#[test]
fn kinds_are_told_apart() {
    let refers = |kinds: &[&str]| {
        let all: Vec<Value> = kinds.iter().map(|kind| json!({"type": kind, "id": "5"})).collect();
        json!({"referenced_tweets": all})
    };
    check_kind(&json!({}), TweetKind::Tweet);
    check_kind(&refers(&["replied_to"]), TweetKind::Reply);
    check_kind(&refers(&["quoted"]), TweetKind::Quote);
    check_kind(&refers(&["quoted", "replied_to"]), TweetKind::Reply);
    check_kind(&refers(&["retweeted"]), TweetKind::Retweet);
    check_kind(&json!({"in_reply_to_user_id": "7"}), TweetKind::Reply);
    check_kind(&json!({"referenced_tweets": "?"}), TweetKind::Tweet);
}

#[test]
fn a_tweet_without_text_has_none() {
    assert_eq!(tweet(&json!({"id": "1"})).text, None);
    assert_eq!(tweet(&json!({"id": "1", "text": null})).text, None);
    assert_eq!(tweet(&json!({"id": "1", "text": ""})).text, None);
}

#[test]
fn texts_of_any_length_and_script_stay_whole() {
    let long = "ä".repeat(4_000);
    let note = json!({"id": "1", "text": "ä…", "note_tweet": {"text": long}});
    assert_eq!(tweet(&note).text, Some(long));
    for note in [json!({"text": ""}), json!({}), json!(null)] {
        let empty = json!({"id": "1", "text": "short", "note_tweet": note});
        assert_eq!(tweet(&empty).text.as_deref(), Some("short"));
    }
    let hebrew = "שלום \u{200f}(עולם) 👩‍👩‍👧";
    let found = tweet(&json!({"id": "1", "text": hebrew}));
    assert_eq!(found.text.as_deref(), Some(hebrew));
    assert!(found.raw.contains(hebrew), "kept as X wrote it");
}

#[test]
fn null_and_absent_metrics_are_absent_and_zero_is_zero() {
    let found = tweet(&json!({"id": "1", "non_public_metrics": null, "public_metrics":
        {"like_count": 0, "reply_count": null, "quote_count": -1, "bookmark_count": 1.5,
         "impression_count": "900", "Strange": 3}}));
    assert_eq!(metrics(&found), ["public.impression_count=900", "public.like_count=0"]);
    assert_eq!(found.odd_metrics, 3);
    assert!(tweet(&json!({"id": "1"})).metrics.is_empty());
    assert!(tweet(&json!({"id": "1", "public_metrics": [1]})).metrics.is_empty());
}

#[test]
fn one_odd_field_costs_itself_only() {
    let found = tweet(&json!({"id": "1", "text": 5, "created_at": "soon", "lang": ["en"],
        "author_id": 12, "edit_history_tweet_ids": {"a": 1}, "note_tweet": "x",
        "possibly_sensitive": "yes", "public_metrics": {"like_count": 3}}));
    assert_eq!(metrics(&found), ["public.like_count=3"]);
    assert_eq!((found.text, found.created, found.author), (None, None, None));
}

#[test]
fn what_is_no_tweet_is_dropped() {
    for raw in ["7", "[]", "{}", r#"{"id":7.0}"#, r#"{"id":"x"}"#, r#"{"id":null}"#] {
        assert_eq!(Tweet::from_raw(raw), None, "{raw}");
    }
}

#[test]
fn an_id_tells_when_a_tweet_was_written() {
    let found = tweet(&json!({"id": "1346889436626259968"}));
    // X's own example of a tweet, whose `created_at` is to the second.
    let created = found.created.map(UnixMs::floor_second);
    assert_eq!(created, UnixMs::parse("2021-01-06T18:40:40Z"));
    assert_eq!(tweet(&json!({"id": "20"})).created, None, "from before such ids");
}

#[test]
fn a_page_is_read() {
    let found = answer(&json!({
        "data": [{"id": "90", "text": "a"}, {"id": "80"}, {"text": "?"}, {"id": "80"}],
        "meta": {"result_count": 4, "newest_id": "90", "oldest_id": "80", "next_token": "n"}}));
    assert_eq!((ids(&found), found.dropped, found.repeated), (vec![90, 80], 1, 1));
    assert_eq!((found.newest_id, found.oldest_id), (Some(TweetId(90)), Some(TweetId(80))));
    assert_eq!(found.next_token.as_deref(), Some("n"));
    assert_eq!(found.tweets[1].raw, r#"{"id":"80"}"#);
}

#[test]
fn an_empty_page_has_no_data() {
    let found = answer(&json!({"meta": {"result_count": 0}}));
    assert_eq!(found, Answer::default());
}

#[test]
fn a_tweet_of_another_account_is_set_aside() {
    let found = answer(&json!({"data": [{"id": "1", "author_id": "13"}, {"id": "2"}]}));
    assert_eq!((ids(&found), found.foreign.as_slice()), (vec![2], &[TweetId(1)][..]));
}

#[test]
fn a_tweet_newer_than_the_clock_is_set_aside() {
    let found = answer(&json!({"data": [
        {"id": "1", "created_at": "2026-11-21T12:04:00Z"},
        {"id": "2", "created_at": "2026-11-21T12:06:00Z"},
        {"id": "3000000000000000000"}]}));
    assert_eq!(ids(&found), [1], "clocks may differ by minutes");
    assert_eq!(found.early, [TweetId(2), TweetId(3_000_000_000_000_000_000)]);
}

#[test]
fn lookup_errors_say_why_a_tweet_is_absent() {
    let error = |id: &str, kind: &str| {
        json!({"resource_type": "tweet", "resource_id": id, "value": id, "parameter": "ids",
               "title": "T", "detail": "D", "type": format!("https://api.x.com/2/problems/{kind}")})
    };
    let found = answer(&json!({"errors": [
        error("5", "resource-not-found"), error("6", "not-authorized-for-resource"),
        error("7", "resource-unavailable"), error("5", "resource-not-found")]}));
    let found: Vec<_> = found.absent.iter().map(|absent| (absent.id.0, absent.why)).collect();
    assert_eq!(found, [(5, Absence::Deleted), (6, Absence::Protected), (7, Absence::Unavailable)]);
}

#[test]
fn a_tweet_that_came_is_not_absent_whatever_the_errors_say() {
    let error =
        json!({"resource_id": "5", "resource_type": "tweet", "type": "…/resource-not-found"});
    let found = answer(&json!({"data": [{"id": "5"}], "errors": [error]}));
    assert_eq!((ids(&found), found.absent), (vec![5], vec![]));
}

fn refusal(id: &str, field: &str) -> Value {
    json!({"resource_type": "tweet", "field": field, "parameter": "tweet.fields",
        "resource_id": id, "value": id, "section": "data", "title": "Field Authorization Error",
        "detail": "Sorry, you are not authorized", "type": "…/not-authorized-for-field"})
}

#[test]
fn a_refused_field_costs_that_field_of_that_tweet() {
    let found = answer(&json!({
        "data": [{"id": "1", "public_metrics": {"like_count": 1}},
                 {"id": "2", "organic_metrics": {"like_count": 2}}],
        "errors": [refusal("1", "organic_metrics.like_count")]}));
    assert_eq!(ids(&found), [1, 2]);
    assert_eq!(metrics(&found.tweets[0]), ["public.like_count=1"]);
    assert_eq!(metrics(&found.tweets[1]), ["organic.like_count=2"]);
    let expected =
        Refusal { id: TweetId(1), field: "organic_metrics.like_count".into(), told: true };
    assert_eq!((found.absent.len(), found.refused.as_slice()), (0, &[expected][..]));
    assert!(again(&found).is_empty());
}

#[test]
fn a_tweet_that_a_refusal_swallowed_is_asked_for_again_without_the_field() {
    let found = answer(&json!({
        "data": [{"id": "9"}],
        "errors": [refusal("1", "promoted_metrics"), refusal("2", "promoted_metrics.like_count"),
                   refusal("3", "organic_metrics"), refusal("3", "non_public_metrics"),
                   refusal("4", "")]}));
    assert_eq!(
        again(&found),
        [
            (vec![Public], vec![TweetId(4)]),
            (vec![Public, NonPublic, Organic], vec![TweetId(1), TweetId(2)]),
            (vec![Public, Promoted], vec![TweetId(3)]),
        ]
    );
    assert!(found.seen().contains(&TweetId(1)), "it exists");
}

#[test]
fn an_edit_chain_is_no_deletion() {
    let found =
        answer(&json!({"data": [{"id": "30", "edit_history_tweet_ids": ["10", "20", "30"]}]}));
    assert_eq!(found.replaced(), [(TweetId(10), TweetId(30)), (TweetId(20), TweetId(30))].into());
    assert_eq!(found.seen(), [TweetId(10), TweetId(20), TweetId(30)].into());
    let older = tweet(&json!({"id": "20", "edit_history_tweet_ids": ["10", "20", "30"]}));
    assert_eq!(older.replaces, [TweetId(10)], "an older version replaces what was before it");
}

#[test]
fn a_deletion_between_listing_and_look_up_is_told_by_the_look_up() {
    use crate::cadence::{Batch, Read, absent};
    let due = Batch {
        read: Read::Timeline { since: None, from: None, to: None },
        private: true,
        ids: vec![TweetId(9), TweetId(8)],
        cost: 0,
    };
    let listed = answer(&json!({"data": [{"id": "9"}], "meta": {"result_count": 1}}));
    assert_eq!(absent(&due, &listed.seen()).unwrap().ids, [TweetId(8)]);
    let looked_up = answer(&json!({"errors": [{"resource_id": "8", "resource_type": "tweet",
        "type": "https://api.twitter.com/2/problems/resource-not-found"}]}));
    assert_eq!(looked_up.absent[0].why, Absence::Deleted);
}

#[track_caller]
fn check_fault(body: &str, expected: &PageFault) {
    let reading = Reading { account: UserId(12), now: now() };
    assert_eq!(read(body.as_bytes(), &reading).unwrap_err(), *expected, "{body}");
}

#[test]
fn a_cut_page_is_a_fault() {
    check_fault(r#"{"data":[{"id":"1"},{"id""#, &PageFault::NotJson { at: 25 });
    check_fault("", &PageFault::NotJson { at: 0 });
    check_fault("{}", &PageFault::NoData);
}

#[test]
fn errors_about_no_tweet_alone_are_a_fault() {
    let body = json!({"errors": [{"resource_type": "user", "resource_id": "12", "title": "Not Found",
        "detail": "no such user", "type": "…/resource-not-found"}]});
    check_fault(&body.to_string(), &PageFault::Errors("Not Found: no such user".into()));
}

#[test]
fn private_metrics_are_never_asked_for_with_an_expansion() {
    for fields in [PUBLIC_FIELDS, PRIVATE_FIELDS] {
        assert!(fields.split(',').is_sorted() && !fields.contains(' '), "{fields}");
    }
    assert!(!PUBLIC_FIELDS.contains("organic") && !PUBLIC_FIELDS.contains("non_public"));
}

fn file(promoted: &Value, unpromoted: &Value) -> File {
    let json = json!({"promoted": promoted, "unpromoted": unpromoted}).to_string();
    File::read(json.as_bytes(), now()).unwrap()
}

#[test]
fn a_tweet_in_both_lists_is_counted_and_the_promoted_entry_preferred() {
    let promoted = json!([{"id": "1", "text": "p", "promoted_metrics": {"like_count": 4}}]);
    let found = file(&promoted, &json!([{"id": "1", "text": "u"}, {"id": "2"}]));
    let tweets: Vec<_> = found.tweets.iter().map(|l| (l.tweet.id.0, l.promoted)).collect();
    assert_eq!((tweets, found.both), (vec![(1, true), (2, false)], 1));
    assert_eq!(found.tweets[0].tweet.text.as_deref(), Some("p"));
}

#[test]
fn what_the_promoted_entry_lacks_the_other_tells() {
    let promoted = json!([{"id": "1", "promoted_metrics": {"like_count": 4}}]);
    let plain =
        json!([{"id": "1", "text": "u", "lang": "en", "public_metrics": {"like_count": 9}}]);
    let found = file(&promoted, &plain);
    let tweet = &found.tweets[0].tweet;
    assert_eq!((tweet.text.as_deref(), tweet.lang.as_deref()), (Some("u"), Some("en")));
    let words: Vec<_> = tweet.metrics.iter().map(|(metric, n)| format!("{metric} {n}")).collect();
    assert_eq!(words, ["public.like_count 9", "promoted.like_count 4"]);
}

#[test]
fn a_file_decides_whether_its_integers_are_ids() {
    let ids = |list: Value| {
        let found = file(&json!([]), &list);
        let ids: Vec<u64> = found.tweets.iter().map(|listed| listed.tweet.id.0).collect();
        (ids, found.entries.entries, found.entries.unreadable)
    };
    assert_eq!(ids(json!([{"id": 7}, {"id": 61.5}, {"id": true}])), (vec![7], 3, 2));
    let (rounded, exact) = (1_346_889_436_626_259_000_u64, 1_346_889_436_626_259_968_u64);
    assert_eq!(ids(json!([{"id": rounded}, {"id": rounded + 1_000}])), (vec![], 2, 2));
    assert_eq!(ids(json!([{"id": rounded}, {"id": exact}])), (vec![rounded, exact], 2, 0));
    let both = json!([{"id": rounded, "id_str": exact.to_string()}]);
    assert_eq!(ids(both), (vec![exact], 1, 0));
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_set_aside() {
    let why = |list: Value| file(&json!([]), &list).set_aside();
    assert!(why(json!([null])).unwrap().starts_with("Not even the one entry"));
    assert!(why(json!([null, {"id": 1.5}])).unwrap().starts_with("None of the 2 entries"));
    assert_eq!(why(json!([])), None);
    assert_eq!(why(json!([null, {"id": "1"}])), None);
}

#[test]
fn a_byte_order_mark_is_stepped_over_and_utf_16_named() {
    let json = r#"{"promoted":[],"unpromoted":[{"id":"1"}]}"#;
    let marked = format!("\u{feff}{json}");
    assert_eq!(File::read(marked.as_bytes(), now()).unwrap().tweets.len(), 1);
    for wide in [json, marked.as_str()] {
        let bytes: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(File::read(&bytes, now()), Err(crate::tweets::Damage::Utf16));
    }
}

#[test]
fn entries_end_at_a_number() {
    let json = |n: usize| {
        let list = vec![r#"{"id":"1"}"#; n].join(",");
        format!(r#"{{"promoted":[],"unpromoted":[{list}]}}"#)
    };
    let whole = File::read(json(TWEETS_FILE_MAX).as_bytes(), now()).unwrap();
    assert_eq!((whole.tweets.len(), whole.entries.entries), (1, TWEETS_FILE_MAX as u64));
    let over = File::read(json(TWEETS_FILE_MAX + 1).as_bytes(), now()).unwrap_err();
    assert!(over.to_string().contains("at most 100000 tweets"), "{over}");
}

#[test]
fn what_a_file_has_wrong_is_counted() {
    let found = file(
        &json!([]),
        &json!([{"id": "1"}, {"id": "1"}, {"text": "?"}, {"id": "2", "created_at": "2027-01-01T00:00:00Z"},
                {"id": "3", "public_metrics": {"like_count": -4}}]),
    );
    assert_eq!((found.tweets.len(), found.repeated, found.entries.unreadable), (2, 1, 1));
    assert_eq!((found.early, found.odd_metrics), (1, 1));
}

#[test]
fn other_shapes_are_no_file() {
    for json in ["", "[]", "{}", r#"{"promoted":[],"unpromoted":[{"#] {
        assert!(File::read(json.as_bytes(), now()).is_err(), "{json}");
    }
}

#[test]
fn a_written_file_has_the_seeds_shape() {
    let raw = [
        r#"{"id":"9","text":"é \u00e9","public_metrics":{"like_count":1}}"#,
        r#"{"id":"10","promoted_metrics":{"like_count":0}}"#,
        r#"{"id":"8"}"#,
        r#"{"id":"9","text":"public only"}"#,
    ];
    let tweets: Vec<Tweet> = raw.iter().map(|raw| Tweet::from_raw(raw).unwrap()).collect();
    let json = String::from_utf8(write(&tweets)).unwrap();
    assert_eq!(
        json,
        format!("{{\"promoted\":[{}],\"unpromoted\":[{},{}]}}", raw[1], raw[2], raw[0])
    );
    let mut turned = tweets;
    turned.reverse();
    assert_eq!(String::from_utf8(write(&turned)).unwrap(), json, "in any order");
    assert_eq!(crate::tweets::parse(json.as_bytes()).unwrap().len(), 3);
}

#[test]
fn two_files_out_of_order_and_one_three_times_make_one_series() {
    let at = |hour: i64| now().plus(hour * crate::time::HOUR_MS);
    let file = |likes: u64| {
        file(&json!([]), &json!([{"id": "1", "public_metrics": {"like_count": likes}}]))
    };
    let push = |series: &mut Series, hour: i64, likes: u64| {
        series.push(at(hour), &file(likes).tweets[0].tweet.metrics)
    };
    let mut series = Series::new();
    push(&mut series, 2, 7);
    push(&mut series, 1, 5);
    assert_eq!([push(&mut series, 2, 7), push(&mut series, 2, 7)], [Pushed::Same; 2]);
    let like = Metric::parse("public.like_count").unwrap();
    assert_eq!(series.values(&like).collect::<Vec<_>>(), [(at(1), 5), (at(2), 7)]);
}

proptest! {
    #[test]
    fn no_body_does_harm(body in ".{0,200}", at in 0_usize..200) {
        let reading = Reading { account: UserId(12), now: now() };
        read(body.as_bytes(), &reading).ok();
        let page = json!({"data": [{"id": "1", "text": body, "public_metrics": {"like_count": 1}}],
            "errors": [refusal("2", "organic_metrics")], "meta": {"next_token": body}}).to_string();
        prop_assert!(read(page.as_bytes(), &reading).is_ok());
        let cut = page.as_bytes().get(..at.min(page.len() - 1)).unwrap();
        prop_assert!(read(cut, &reading).is_err());
    }
}
