//! What an archive of X's becomes, by files of the shapes X writes.

use super::*;
use crate::id::UserId;
use crate::tweet::{File, Tweet};

#[test]
fn nothing_is_read_but_four_kinds_of_files() {
    let part = |path, expected| assert_eq!(Part::of(path), expected, "{path}");
    part("data/manifest.js", Some(Part::Manifest));
    part("data/follower.js", Some(Part::Follower));
    part("data/follower-part1.js", Some(Part::Follower));
    part("data/following-part12.js", Some(Part::Following));
    part("data/tweets.js", Some(Part::Tweets));
    part("data/tweet.js", Some(Part::Tweets));
    part("twitter-2025-03-03-abc/data/tweets-part2.js", Some(Part::Tweets));
    for other in [
        "data/direct-messages.js",
        "data/account.js",
        "data/ip-audit.js",
        "data/deleted-tweets.js",
        "data/tweets_media/1.jpg",
        "data/follower.json",
        "data/follower-partx.js",
        "assets/follower.js",
        "olddata/follower.js",
        "follower.js",
        "",
    ] {
        part(other, None);
    }
}

/// What a script says, read as the page reads it.
fn parse<T: serde::de::DeserializeOwned>(script: &str) -> T {
    serde_json::from_str(payload(script).unwrap()).unwrap()
}

fn whole(user: &str, made: &str) -> String {
    format!(
        r#"window.__THAR_CONFIG = {{"userInfo":{{"accountId":"{user}","userName":"solvej","displayName":"S = Ø"}},
        "archiveInfo":{{"sizeBytes":"1","generationDate":"{made}","isPartialArchive":false}},"dataTypes":{{}}}}"#
    )
}

#[test]
fn the_manifest_says_whose_and_of_when() {
    let manifest = |script: &str| parse::<ManifestFile>(script).manifest();
    let read = manifest(&whole("12", "2026-03-03T10:11:12.345Z")).unwrap();
    assert_eq!((read.account.to_string().as_str(), read.username.as_str()), ("12", "solvej"));
    assert_eq!(read.made, UnixMs::parse("2026-03-03T10:11:12.345Z").unwrap());
    assert_eq!(manifest(&whole("x", "2026-03-03T10:11:12Z")), Err(Unreadable::NoAccount));
    assert_eq!(manifest(&whole("12", "yesterday")), Err(Unreadable::NoDate));
    assert_eq!(manifest("window.x = {}"), Err(Unreadable::NoAccount));
}

#[test]
fn the_data_stand_behind_the_first_equals_sign() {
    assert_eq!(payload("{}"), Err(Unreadable::NoData));
    assert_eq!(payload("a = [1] ;\n"), Ok("[1]"));
    assert_eq!(payload(" a=[\"x = y;\"];"), Ok("[\"x = y;\"]"));
}

#[track_caller]
fn check_people(script: &str, ids: &[u64], dropped: u64) {
    let mut read = People::default();
    read.take(parse(script));
    let ids = ids.iter().map(|id| UserId(*id)).collect();
    assert_eq!(read, People { ids, dropped }, "{script}");
}

#[test]
fn people_are_read_from_any_part() {
    let one =
        r#"{"follower":{"accountId":"7","userLink":"https://twitter.com/intent/user?user_id=7"}}"#;
    check_people(&format!("window.YTD.follower.part0 = [{one}]"), &[7], 0);
    check_people(&format!(" window.YTD.follower.part12=[ {one} ] ;\n"), &[7], 0);
    check_people(r#"window.YTD.following.part0 = [{"following":{"accountId":"9"}}]"#, &[9], 0);
    check_people("window.YTD.follower.part0 = []", &[], 0);
    let odd = r#"window.YTD.follower.part0 = [{"follower":{}},{},{"follower":{"accountId":"no"}}]"#;
    check_people(odd, &[], 3);
}

#[test]
fn a_saved_list_is_ascending_and_names_nobody_twice() {
    let mut all = People::default();
    all.take(parse(r#"x = [{"follower":{"accountId":"30"}},{"follower":{"accountId":"4"}},{}]"#));
    let last = 9_223_372_036_854_775_807_u64;
    all.take(parse(&format!(
        r#"x = [{{"follower":{{"accountId":"{last}"}}}},{{"follower":{{"accountId":"4"}}}}]"#
    )));
    assert_eq!(all.dropped, 1);
    assert_eq!(all.snapshot(), format!(r#"[{{"id":"4"}},{{"id":"30"}},{{"id":"{last}"}}]"#));
    assert_eq!(People::default().snapshot(), "[]");
}

const TWEETS: &str = r#"window.YTD.tweets.part0 = [
  {"tweet":{"id":"1700000000000000003","id_str":"1700000000000000003","full_text":"Fish &amp; chips https://t.co/a #sea @ada",
    "created_at":"Sat Sep 09 12:33:11 +0000 2023","favorite_count":"5","retweet_count":"0","lang":"en","possibly_sensitive":false,
    "entities":{"urls":[{"url":"https://t.co/a","expanded_url":"https://a.example/x","display_url":"a.example/x","indices":["17","31"]}],
      "hashtags":[{"text":"sea","indices":["32","36"]}],"symbols":[],
      "user_mentions":[{"name":"Ada","screen_name":"ada","indices":["37","41"],"id_str":"8","id":"8"}]}}},
  {"tweet":{"id_str":"1700000000000000001","full_text":"RT @ada: hello","favorite_count":"x"}},
  {"tweet":{"id_str":"1700000000000000002","full_text":"@ada yes","in_reply_to_status_id_str":"5","in_reply_to_user_id_str":"8"}},
  {"tweet":{"full_text":"without an id"}},
  {}
]"#;

fn read() -> Tweets {
    let mut tweets = Tweets::default();
    tweets.take(parse(TWEETS), UserId(12));
    tweets
}

/// The tweets as the import reads them, oldest first.
fn taken(tweets: &Tweets) -> Vec<Tweet> {
    let at = UnixMs::parse("2026-03-03T10:11:12Z").unwrap();
    let file = File::read(tweets.file().as_bytes(), at).unwrap();
    assert_eq!((file.entries.unreadable, file.repeated, file.both, file.early), (0, 0, 0, 0));
    file.tweets.into_iter().map(|listed| listed.tweet).collect()
}

#[test]
fn a_tweet_reads_as_one_from_the_api() {
    let tweets = read();
    assert_eq!((tweets.len(), tweets.dropped, tweets.older), (3, 2, 0));
    let all = taken(&tweets);
    let last = all.last().unwrap();
    assert_eq!(last.id.0, 1_700_000_000_000_000_003);
    assert_eq!(last.author, Some(UserId(12)));
    assert_eq!(last.created, UnixMs::parse("2023-09-09T12:33:11Z"));
    let told: Vec<String> =
        last.metrics.iter().map(|(metric, value)| format!("{metric} {value}")).collect();
    assert_eq!(told, ["public.like_count 5", "public.retweet_count 0"]);
    let kinds: Vec<_> = all.iter().map(|tweet| tweet.kind.as_str()).collect();
    assert_eq!(kinds, ["retweet", "reply", "tweet"]);
}

#[test]
fn what_the_archive_does_not_tell_is_absent() {
    let all = taken(&read());
    let retweet = all.first().unwrap();
    assert_eq!(retweet.metrics, [], "neither a count that is none nor one left out is 0");
    assert_eq!(retweet.lang, None);
}

#[test]
fn links_keep_their_places() {
    let file: serde_json::Value = serde_json::from_str(&read().file()).unwrap();
    let entities = &file["unpromoted"][2]["entities"];
    assert_eq!(entities["urls"][0]["display_url"], "a.example/x");
    assert_eq!(
        (&entities["urls"][0]["start"], &entities["urls"][0]["end"]),
        (&17.into(), &31.into())
    );
    assert_eq!(entities["hashtags"][0]["tag"], "sea");
    assert_eq!(entities["mentions"][0]["username"], "ada");
}

#[test]
fn a_tweet_in_two_files_is_taken_once() {
    let mut twice = read();
    twice.take(parse(TWEETS), UserId(12));
    assert_eq!(twice.file(), read().file());
}

#[test]
fn of_too_many_tweets_the_newest_are_taken() {
    let one = |id: usize| format!(r#"{{"tweet":{{"id_str":"{id}"}}}}"#);
    let all: Vec<String> = (1..=TWEETS_MAX + 3).map(one).collect();
    let mut tweets = Tweets::default();
    tweets.take(parse(&format!("x = [{}]", all.join(","))), UserId(12));
    assert_eq!((tweets.len(), tweets.older), (TWEETS_MAX, 3));
    assert!(tweets.file().starts_with(r#"{"promoted":[],"unpromoted":[{"id":"4","#));
}
