//! What an archive of X's becomes, by files of the shapes X writes.

use super::*;
use crate::api::TweetKind;
use crate::id::UserId;
use crate::snapshot::{Reader, Seen, Summary};
use crate::time::UnixMs;
use crate::tweet::{File, Kept, Tweet};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

pub(super) const MADE: &str = "2026-03-03T10:11:12Z";

/// JSON as the page has it read.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

pub(super) fn script(name: &str, data: &Value) -> String {
    format!("window.YTD.{name}.part0 = {data:#}")
}

/// A manifest of account 12 that states so many entries of files.
pub(super) fn manifest(stated: &[(&str, &str, u64)]) -> String {
    let mut types = json!({});
    for (kind, name, count) in stated {
        let files = &mut types[kind]["files"];
        let mut all = files.as_array().cloned().unwrap_or_default();
        all.push(
            json!({"fileName": name, "globalName": "YTD.x.part0", "count": count.to_string()}),
        );
        *files = json!(all);
    }
    manifest_of(&json!({
        "userInfo": {"accountId": "12", "userName": "solvej", "displayName": "S = Ø"},
        "archiveInfo": {"sizeBytes": "1", "generationDate": MADE, "isPartialArchive": false},
        "dataTypes": types,
    }))
}

fn manifest_of(config: &Value) -> String {
    format!("window.__THAR_CONFIG = {config:#}")
}

/// Reads an archive of these names and scripts as the page does.
pub(super) fn read(files: &[(String, String)]) -> (Found, People, Tweets) {
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let layout = Layout::of(&names).unwrap();
    let manifest = Manifest::read(&files[layout.manifest.index].1, &parse).unwrap();
    let mut archive = Archive::new(manifest);
    for file in &layout.files {
        archive.take(file, Script::Text(&files[file.index].1), &parse);
    }
    archive.finish()
}

fn archive(files: &[(&str, &str)]) -> (Found, People, Tweets) {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    read(&files.iter().map(owned).collect::<Vec<_>>())
}

pub(super) fn people(ids: impl IntoIterator<Item = u64>) -> String {
    let one = |id: u64| {
        json!({"follower": {"accountId": id.to_string(),
            "userLink": format!("https://twitter.com/intent/user?user_id={id}")}})
    };
    script("follower", &json!(ids.into_iter().map(one).collect::<Vec<_>>()))
}

/// A saved list as the import reads it: the ids in its order, and what it counted.
pub(super) fn imported(list: &str) -> (Vec<u64>, Summary) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(list.as_bytes()).unwrap();
    let (mut ids, mut reader) = (Vec::new(), Reader::new());
    let mut on_user = |seen: Seen<'_>| ids.push(seen.id.0);
    reader.push(&gzip.finish().unwrap(), &mut on_user).unwrap();
    let summary = reader.finish(&mut on_user).unwrap();
    (ids, summary)
}

/// A tweet as archives since 2022 have it.
pub(super) fn classic(id: u64, text: &str) -> Value {
    json!({
        "edit_info": {"initial": {"editTweetIds": [id.to_string()], "editableUntil": "2023-09-09T13:33:11.000Z",
            "editsRemaining": "5", "isEditEligible": true}},
        "retweeted": false, "source": "<a href=\"https://example.org\">Example</a>",
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
        "display_text_range": ["0", "9"], "favorite_count": "5", "id_str": id.to_string(),
        "truncated": false, "retweet_count": "0", "id": id.to_string(),
        "created_at": "Sat Sep 09 12:33:11 +0000 2023", "favorited": false, "full_text": text, "lang": "en",
    })
}

fn with(mut tweet: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        tweet[name] = value.clone();
    }
    tweet
}

/// What becomes of tweets: as the import reads them, oldest first.
fn tweets(all: &[Value], notes: &[Value]) -> (Found, Vec<Tweet>) {
    let wrapped: Vec<Value> = all.iter().map(|tweet| json!({ "tweet": tweet })).collect();
    let notes: Vec<Value> = notes.iter().map(|note| json!({ "noteTweet": note })).collect();
    let (found, _, tweets) = archive(&[
        ("data/manifest.js", &manifest(&[])),
        ("data/tweets.js", &script("tweets", &json!(wrapped))),
        ("data/note-tweet.js", &script("note_tweet", &json!(notes))),
    ]);
    (found, taken(&tweets))
}

pub(super) fn taken(tweets: &Tweets) -> Vec<Tweet> {
    let at = UnixMs::parse(MADE).unwrap();
    let file = File::read(tweets.file().as_bytes(), at).unwrap();
    assert_eq!((file.entries.unreadable, file.repeated, file.both, file.early), (0, 0, 0, 0));
    file.tweets.into_iter().map(|listed| listed.tweet).collect()
}

/// A link: the stretch of text, where it leads, what is shown instead.
type Shown = (String, String, Option<String>);

/// A tweet's text and its links, as the page shows them.
fn shown(tweet: &Tweet) -> (String, Vec<Shown>) {
    let mut kept = Kept::new(tweet.id);
    let listed = crate::tweet::Listed { tweet: tweet.clone(), promoted: false };
    kept.take(UnixMs::parse(MADE).unwrap(), &listed, false);
    let text = kept.text.unwrap();
    let chars: Vec<char> = text.chars().collect();
    let stretch = |start: u32, end: u32| chars[start as usize..end as usize].iter().collect();
    let links = kept.head.entities.into_iter();
    (text, links.map(|one| (stretch(one.start, one.end), one.url, one.display)).collect())
}

#[test]
fn the_manifest_says_whose_and_of_when() {
    let config = |user: Value, made: Value| {
        json!({"userInfo": {"accountId": user, "userName": "solvej"},
            "archiveInfo": {"generationDate": made}})
    };
    let read = |config: &Value| Manifest::read(&manifest_of(config), &parse);
    let found = read(&config(json!("12"), json!("2026-03-03T10:11:12.345Z"))).unwrap();
    assert_eq!(
        (found.account, found.username.as_str(), found.partial),
        (UserId(12), "solvej", false)
    );
    assert_eq!(found.made, UnixMs::parse("2026-03-03T10:11:12.345Z").unwrap());
    assert_eq!(read(&config(json!(12), json!(MADE))).unwrap().account, UserId(12));
    assert_eq!(read(&config(json!("x"), json!(MADE))), Err(NoManifest::NoAccount));
    assert_eq!(read(&config(json!("12"), json!("yesterday"))), Err(NoManifest::NoDate));
    assert_eq!(read(&config(json!("12"), json!("1970-01-01T00:00:00Z"))), Err(NoManifest::NoDate));
    assert_eq!(read(&json!({})), Err(NoManifest::NoAccount));
    assert_eq!(Manifest::read("window.x = [1]", &parse), Err(NoManifest::NoData));
    assert_eq!(Manifest::read("PK", &parse), Err(NoManifest::NoData));
    let mut odd = config(json!("12"), json!(MADE));
    odd["userInfo"]["userName"] = json!("<b>");
    odd["dataTypes"] =
        json!({"follower": {"files": [{"count": 3}, null, {"fileName": 4}]}, "tweets": []});
    let read = read(&odd).unwrap();
    assert_eq!((read.username.as_str(), read.stated.len()), ("", 0), "what is odd is not stated");
}

#[test]
fn a_byte_order_mark_and_a_semicolon_are_no_data() {
    let text = format!("\u{feff}{};\r\n", manifest(&[]));
    assert_eq!(Manifest::read(&text, &parse).unwrap().username, "solvej");
    let (found, ..) = archive(&[
        ("data/manifest.js", &text),
        ("data/follower.js", &format!("\u{feff}{} ;\n", people([3, 4]))),
    ]);
    assert_eq!(found.followers, Followers::Whole { read: 2, unreadable: 0 });
}

#[track_caller]
fn followers(stated: &[(&str, &str, u64)], files: &[(&str, &str)], expected: &Followers) {
    let manifest = manifest(stated);
    let mut all = vec![("data/manifest.js", manifest.as_str())];
    all.extend(files);
    assert_eq!(
        &archive(&all).0.followers,
        expected,
        "{stated:?} {:?}",
        files.iter().map(|f| f.0).collect::<Vec<_>>()
    );
    all.reverse();
    assert_eq!(&archive(&all).0.followers, expected, "whatever the order");
}

const TWO: [(&str, &str, u64); 2] =
    [("follower", "data/follower.js", 3), ("follower", "data/follower-part1.js", 2)];

#[test]
fn a_list_is_whole_if_all_that_x_counted_is_there() {
    let (one, two) = (people([1, 2, 3]), people([4, 5]));
    let (first, second) =
        (("data/follower.js", one.as_str()), ("data/follower-part1.js", two.as_str()));
    let all = Followers::Whole { read: 5, unreadable: 0 };
    followers(&TWO, &[first, second], &all);
    followers(&[], &[first, second], &all);
    followers(
        &[],
        &[("follower.js", &one), ("x/data/follower.js", "elsewhere")],
        &Followers::Whole { read: 3, unreadable: 0 },
    );
    // What X does not name is not of this archive.
    followers(&TWO, &[first, second, ("data/follower-part2.js", &two)], &all);
}

#[test]
fn a_list_of_which_something_is_missing_is_not_the_whole_list() {
    let (one, two) = (people([1, 2, 3]), people([4, 5]));
    let (first, second) =
        (("data/follower.js", one.as_str()), ("data/follower-part1.js", two.as_str()));
    followers(&TWO, &[first], &Followers::Missing { missing: 2, of: 5 });
    followers(&TWO, &[second], &Followers::Missing { missing: 3, of: 5 });
    followers(&TWO, &[], &Followers::Missing { missing: 5, of: 5 });
    followers(
        &TWO,
        &[first, ("data/follower-part1.js", &people([4]))],
        &Followers::Missing { missing: 1, of: 5 },
    );
    followers(
        &TWO,
        &[first, ("data/follower-part1.js", "")],
        &Followers::Missing { missing: 2, of: 5 },
    );
    followers(
        &TWO,
        &[first, ("data/follower-part1.js", &people([4, 5, 6]))],
        &Followers::Extra { listed: 6, of: 5 },
    );
    // Where X counts nothing, the numbers tell.
    followers(
        &[],
        &[first, ("data/follower-part2.js", &two)],
        &Followers::NoFile("follower-part1.js".into()),
    );
    followers(&[], &[second], &Followers::NoFile("follower.js".into()));
    followers(&[], &[first, ("follower.js", &two)], &Followers::Twice("follower.js".into()));
    followers(
        &[],
        &[("data/follower.js", &one[..one.len() - 4])],
        &Followers::Broken("follower.js".into()),
    );
    followers(
        &[],
        &[("data/follower.js", "window.YTD.follower.part0 = {}")],
        &Followers::Broken("follower.js".into()),
    );
}

#[test]
fn an_uncounted_file_that_x_names_must_be_there() {
    let config = json!({
        "userInfo": {"accountId": "12"}, "archiveInfo": {"generationDate": MADE},
        "dataTypes": {"follower": {"files": [{"fileName": "data/follower.js", "count": "3"},
            {"fileName": "data/follower-part1.js"}]}},
    });
    let (found, ..) = archive(&[
        ("data/manifest.js", &manifest_of(&config)),
        ("data/follower.js", &people([1, 2, 3])),
    ]);
    assert_eq!(found.followers, Followers::NoFile("follower-part1.js".into()));
}

#[test]
fn one_of_several_zips_is_not_the_whole_list() {
    let text = manifest(&[]).replace("\"isPartialArchive\": false", "\"isPartialArchive\": true");
    let (found, ..) = archive(&[("data/manifest.js", &text), ("data/follower.js", &people([1]))]);
    assert_eq!(found.followers, Followers::Partial);
    assert!(!found.followers.importable());
}

#[test]
fn a_file_that_cannot_be_opened_leaves_the_list_in_doubt() {
    let names =
        ["data/manifest.js".to_owned(), "data/follower.js".to_owned(), "data/tweets.js".to_owned()];
    let layout = Layout::of(&names).unwrap();
    let mut archive = Archive::new(Manifest::read(&manifest(&[]), &parse).unwrap());
    for file in &layout.files {
        archive.take(file, Script::Shut, &parse);
    }
    let (found, ..) = archive.finish();
    assert_eq!(found.followers, Followers::Broken("follower.js".into()));
    assert_eq!(found.broken, ["tweets.js"]);
}

#[test]
fn without_followers_there_are_tweets() {
    let tweets = script("tweets", &json!([{"tweet": classic(1_700_000_000_000_000_003, "Hello")}]));
    for follower in [None, Some(script("follower", &json!([])))] {
        let manifest =
            manifest(&[("follower", "data/follower.js", 0), ("tweets", "data/tweets.js", 1)]);
        let mut files =
            vec![("data/manifest.js", manifest.as_str()), ("data/tweets.js", tweets.as_str())];
        files.extend(follower.as_deref().map(|text| ("data/follower.js", text)));
        let (found, ..) = archive(&files);
        assert_eq!((found.followers, found.tweets, found.missing_tweets), (Followers::Empty, 1, 0));
    }
}

#[test]
fn an_entry_without_an_id_is_counted_and_stays_an_entry() {
    let entries = json!([
        {"follower": {"accountId": "30"}}, {"follower": {"accountId": "4"}}, {"follower": {"accountId": "4"}},
        {"accountId": "9223372036854775807"}, {"follower": {"accountId": 7}},
        {"follower": {"accountId": 1_310_630_474_755_178_496_u64}}, {"follower": {}}, {}, null, ["8"], "8",
        {"follower": "8"}, {"following": {"accountId": "8"}}, {"follower": {"accountId": "0x8"}},
    ]);
    let (found, people, _) = archive(&[
        ("data/manifest.js", &manifest(&[("follower", "data/follower.js", 14)])),
        ("data/follower.js", &script("follower", &entries)),
    ]);
    assert_eq!(found.followers, Followers::Whole { read: 5, unreadable: 9 });
    let (ids, summary) = imported(&people.snapshot());
    assert_eq!(ids, [4, 4, 7, 30, 9_223_372_036_854_775_807]);
    assert_eq!((summary.entries, summary.unreadable), (14, 9));
    let nobody = script("follower", &json!([{}, {}]));
    let (found, ..) =
        archive(&[("data/manifest.js", &manifest(&[])), ("data/follower.js", &nobody)]);
    assert_eq!(found.followers, Followers::Unreadable(2));
}

#[test]
fn a_tweet_reads_as_one_from_the_api() {
    let text = "Fish &amp; chips https://t.co/a #sea @ada";
    let one = with(
        classic(1_700_000_000_000_000_003, text),
        &json!({"entities": {
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://a.example/x", "display_url": "a.example/x", "indices": ["17", "31"]}],
            "hashtags": [{"text": "sea", "indices": ["32", "36"]}],
            "user_mentions": [{"name": "Ada", "screen_name": "Ada", "indices": ["37", "41"], "id_str": "8", "id": "8"}]}}),
    );
    let (found, all) = tweets(&[one], &[]);
    assert_eq!((found.tweets, found.unreadable_tweets, found.older), (1, 0, 0));
    let tweet = &all[0];
    assert_eq!((tweet.id.0, tweet.author), (1_700_000_000_000_000_003, Some(UserId(12))));
    assert_eq!(tweet.created, UnixMs::parse("2023-09-09T12:33:11Z"));
    let told: Vec<String> =
        tweet.metrics.iter().map(|(metric, value)| format!("{metric} {value}")).collect();
    assert_eq!(told, ["public.like_count 5", "public.retweet_count 0"]);
    let (text, links) = shown(tweet);
    assert_eq!(text, "Fish & chips https://t.co/a #sea @ada");
    let links: Vec<(&str, &str)> =
        links.iter().map(|(at, url, _)| (at.as_str(), url.as_str())).collect();
    let expected = [
        ("https://t.co/a", "https://t.co/a"),
        ("#sea", "https://x.com/hashtag/sea"),
        ("@ada", "https://x.com/Ada"),
    ];
    assert_eq!(links, expected);
}

#[track_caller]
fn kind(changes: &Value, expected: TweetKind) {
    let (_, all) = tweets(&[with(classic(1_700_000_000_000_000_003, "@ada yes"), changes)], &[]);
    assert_eq!(all[0].kind, expected, "{changes}");
}

#[test]
fn replies_and_retweets_are_told_apart() {
    kind(&json!({}), TweetKind::Tweet);
    kind(
        &json!({"in_reply_to_status_id_str": "5", "in_reply_to_user_id_str": "8"}),
        TweetKind::Reply,
    );
    kind(
        &json!({"in_reply_to_status_id_str": 1e30, "in_reply_to_status_id": "5"}),
        TweetKind::Reply,
    );
    kind(&json!({"full_text": "RT @ada: hello"}), TweetKind::Retweet);
}

/// An odd field costs itself: the tweet, its text and its other fields are there.
#[track_caller]
fn odd(changes: &Value, metrics: usize) {
    let (found, all) = tweets(&[with(classic(1_700_000_000_000_000_003, "Hello"), changes)], &[]);
    assert_eq!((found.tweets, found.unreadable_tweets), (1, 0), "{changes}");
    assert_eq!(
        (all[0].text.as_deref(), all[0].metrics.len()),
        (Some("Hello"), metrics),
        "{changes}"
    );
}

#[test]
fn an_odd_field_costs_that_field() {
    odd(&json!({"favorite_count": 5, "retweet_count": 0}), 2);
    odd(&json!({"favorite_count": "many", "retweet_count": null}), 0);
    odd(&json!({"favorite_count": -1, "retweet_count": 1.5}), 0);
    odd(&json!({"entities": null, "extended_entities": 3, "edit_info": []}), 2);
    odd(&json!({"entities": {"urls": {}, "hashtags": [null, 4, {"text": 5}], "media": "x"}}), 2);
    odd(&json!({"created_at": 5, "lang": [], "possibly_sensitive": "no", "id": {}}), 2);
    odd(&json!({"edit_info": {"initial": {"editTweetIds": "x"}, "edit": null}}), 2);
    odd(&json!({"in_reply_to_status_id_str": {}, "in_reply_to_user_id_str": true}), 2);
    odd(&json!({"id_str": null}), 2);
}

#[test]
fn a_tweet_without_an_id_is_counted() {
    let bare = classic(1_100_000_000_000_000_002, "bare");
    let entries = json!([
        bare, {"tweet": classic(1_100_000_000_000_000_001, "wrapped")}, {"tweet": {"full_text": "x"}}, {}, null,
        {"tweet": {"id": 1_100_000_000_000_000_000_u64}}, {"tweet": []}, 5,
    ]);
    let (found, _, tweets) = archive(&[
        ("data/manifest.js", &manifest(&[("tweets", "data/tweet.js", 9)])),
        ("data/tweet.js", &script("tweet", &entries)),
    ]);
    assert_eq!((found.tweets, found.unreadable_tweets, found.missing_tweets), (2, 6, 1));
    let texts: Vec<_> = taken(&tweets).into_iter().filter_map(|tweet| tweet.text).collect();
    assert_eq!(texts, ["wrapped", "bare"]);
}

#[test]
fn pictures_and_cashtags_are_links() {
    let picture = |text: &str, url: &str| {
        let at = text.split(url).next().unwrap().chars().count();
        json!({"expanded_url": "https://twitter.com/solvej/status/17/photo/1", "url": url, "id_str": "1",
            "indices": [at.to_string(), (at + url.len()).to_string()], "display_url": "pic.twitter.com/abc"})
    };
    let text = "Fish &amp; 🐟👩\u{200d}🍳 https://t.co/b $TIDE https://t.co/c";
    let pictures = json!([picture(text, "https://t.co/c"), picture(text, "https://t.co/c")]);
    let (_, all) = tweets(
        &[with(
            classic(1_700_000_000_000_000_002, text),
            &json!({
            "entities": {"media": [picture(text, "https://t.co/c")], "symbols": [{"text": "TIDE", "indices": ["29", "34"]}],
                "urls": [{"url": "https://t.co/b", "expanded_url": "https://example.org/a", "display_url": "example.org/a", "indices": ["15", "29"]}]},
            "extended_entities": {"media": pictures}}),
        )],
        &[],
    );
    let (_, links) = shown(&all[0]);
    let link = |at: &str, url: &str, shown: Option<&str>| {
        (at.to_owned(), url.to_owned(), shown.map(str::to_owned))
    };
    assert_eq!(links.len(), 3);
    assert_eq!(links[0], link("https://t.co/b", "https://t.co/b", Some("example.org/a")));
    assert_eq!((links[1].0.as_str(), links[1].1.contains("TIDE")), ("$TIDE", true));
    assert_eq!(links[2], link("https://t.co/c", "https://t.co/c", Some("pic.x.com/abc")));
}

/// A long text, its beginning as `tweets.js` has it, and its note.
fn long(id: u64, made: &str) -> (Value, Value, String) {
    let end = "Tides &amp; $FISH by @Ada 🐟 #reopening https://t.co/zzzzzzzzzz";
    let whole = format!("{}{end}", "The tide came early and ".repeat(34));
    let cut: String = whole.chars().take(274).collect();
    let tweet = with(
        classic(id, &format!("{cut}… https://t.co/abcdefghij")),
        &json!({"created_at": "Sun Sep 10 08:00:07 +0000 2023"}),
    );
    // As JavaScript counts, in UTF-16.
    let at = |part: &str| whole.split(part).next().unwrap().encode_utf16().count().to_string();
    let core = json!({"text": whole, "styletags": [],
        "mentions": [{"screenName": "Ada", "fromIndex": at("@Ada"), "toIndex": "x"}],
        "cashtags": [{"text": "FISH", "fromIndex": at("$FISH")}],
        "hashtags": [{"text": "reopening", "fromIndex": at("#reopening"), "toIndex": null}, {"text": "elsewhere"}],
        "urls": [{"expandedUrl": "https://example.org/harbour", "fromIndex": at("https://t.co/z"),
            "shortUrl": "https://t.co/zzzzzzzzzz", "displayUrl": "example.org/harbour"}]});
    (tweet, json!({"noteTweetId": "1700000000000555555", "createdAt": made, "core": core}), whole)
}

#[test]
fn a_long_tweet_has_its_whole_text_and_its_links() {
    let short = classic(1_700_000_000_000_000_003, "Short and whole.");
    let (tweet, note, whole) = long(1_700_000_000_000_000_009, "2023-09-10T08:00:07.000Z");
    let (found, all) = tweets(&[short, tweet], &[note]);
    assert_eq!((found.tweets, found.lost_notes), (2, 0));
    assert_eq!(shown(&all[0]).0, "Short and whole.");
    let (text, links) = shown(&all[1]);
    assert_eq!(text, whole.replace("&amp;", "&"));
    let links: Vec<&str> = links.iter().map(|(at, ..)| at.as_str()).collect();
    assert_eq!(links, ["$FISH", "@Ada", "#reopening", "https://t.co/zzzzzzzzzz"]);
}

/// Whether a note finds the one long tweet among two of the same second.
#[track_caller]
fn joins(change: &Value, expected: bool) {
    let (tweet, note, whole) = long(1_700_000_000_000_000_009, "2023-09-10T08:00:07.000Z");
    let other = with(
        classic(1_700_000_000_000_000_010, "Of the same second"),
        &json!({"created_at": "Sun Sep 10 08:00:07 +0000 2023"}),
    );
    let (found, all) = tweets(&[other, tweet], &[with(note, change)]);
    assert_eq!(shown(&all[1]).0, "Of the same second");
    assert_eq!(found.lost_notes, u64::from(!expected), "{change}");
    assert_eq!(shown(&all[0]).0 == whole.replace("&amp;", "&"), expected, "{change}");
}

#[test]
fn a_whole_text_finds_its_tweet() {
    joins(&json!({}), true);
    joins(&json!({"createdAt": "2023-09-10T08:00:06.000Z"}), true);
    joins(&json!({"createdAt": "2023-09-10T09:00:06.000Z"}), false);
    joins(&json!({"createdAt": 5, "noteTweetId": {}}), false);
    joins(&json!({"createdAt": 5, "tweetId": "1700000000000000009"}), true);
    joins(&json!({"createdAt": 5, "lifecycle": {"initialTweetId": "1700000000000000009"}}), true);
    let (_, note, whole) = long(1, "2023-09-10T08:00:07.000Z");
    let set = json!({"text": whole, "entitySet": note["core"]});
    joins(&json!({"core": null, "noteTweetResults": set}), true);
}

#[test]
fn a_text_that_fits_no_tweet_is_counted() {
    let (tweet, note, _) = long(1_700_000_000_000_000_009, "2023-09-10T08:00:07.000Z");
    let other = with(note.clone(), &json!({"core": {"text": "Something else"}}));
    let (found, all) = tweets(
        std::slice::from_ref(&tweet),
        &[note.clone(), other, json!({"core": {"text": ""}}), json!(null)],
    );
    assert_eq!(found.lost_notes, 3);
    assert!(shown(&all[0]).0.ends_with("zzzzzzzzzz"));
    // Of two that begin alike each gets one.
    let again = with(
        classic(1_700_000_000_000_000_010, tweet["full_text"].as_str().unwrap()),
        &json!({"created_at": "Sun Sep 10 08:00:09 +0000 2023"}),
    );
    let later = with(note.clone(), &json!({"createdAt": "2023-09-10T08:00:09.000Z"}));
    let (found, all) = tweets(&[tweet, again], &[later, note]);
    assert_eq!(found.lost_notes, 0);
    assert!(all.iter().all(|tweet| shown(tweet).0.ends_with("zzzzzzzzzz")));
}

#[test]
fn a_missing_file_of_whole_texts_is_counted() {
    let (tweet, ..) = long(1_700_000_000_000_000_009, "2023-09-10T08:00:07.000Z");
    let (found, ..) = archive(&[
        ("data/manifest.js", &manifest(&[("noteTweet", "data/note-tweet.js", 1)])),
        ("data/tweets.js", &script("tweets", &json!([{ "tweet": tweet }]))),
    ]);
    assert_eq!((found.tweets, found.lost_notes), (1, 1));
}

#[test]
fn an_edited_tweet_is_one_with_its_versions() {
    let ids = ["1700000000000000001", "1700000000000000002"];
    let initial = json!({"editTweetIds": ids, "editsRemaining": "4"});
    let first = with(
        classic(1_700_000_000_000_000_001, "The harbor"),
        &json!({"edit_info": {"initial": initial}}),
    );
    let edit = json!({"edit": {"initialTweetId": ids[0], "editControlInitial": initial}});
    let second =
        with(classic(1_700_000_000_000_000_002, "The harbour"), &json!({ "edit_info": edit }));
    let other = classic(1_700_000_000_000_000_009, "Unedited.");
    let (found, all) = tweets(&[second.clone(), first, other], &[]);
    assert_eq!((found.tweets, all.len()), (2, 3), "each version is kept");
    let replaces: Vec<Vec<u64>> =
        all.iter().map(|tweet| tweet.replaces.iter().map(|id| id.0).collect()).collect();
    assert_eq!(replaces, [vec![], vec![1_700_000_000_000_000_001], vec![]]);
    let lone = with(second, &json!({"edit_info": {"edit": {"initialTweetId": ids[0]}}}));
    assert_eq!(tweets(&[lone], &[]).1[0].replaces.len(), 1);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let tweet = |text: &str| {
        script("tweets", &json!([{"tweet": classic(1_700_000_000_000_000_003, text)}]))
    };
    let (manifest, one, two) = (manifest(&[]), tweet("first"), tweet("second"));
    let mut files = vec![
        ("data/manifest.js", manifest.as_str()),
        ("data/tweets.js", &one),
        ("data/tweets-part1.js", &two),
    ];
    let read = archive(&files).2.file();
    files.reverse();
    assert_eq!(archive(&files).2.file(), read);
    assert!(read.contains("second") && !read.contains("first"), "a tweet in two files is one");
}

#[test]
fn what_is_left_of_a_cut_file_is_taken_and_said() {
    let whole = script(
        "tweets",
        &json!([{"tweet": classic(1_700_000_000_000_000_003, "there")}, {"tweet": classic(1_700_000_000_000_000_004, "cut")}]),
    );
    let cut = &whole[..whole.len() - 30];
    let (found, ..) = archive(&[("data/manifest.js", &manifest(&[])), ("data/tweets.js", cut)]);
    assert_eq!((found.tweets, found.broken), (1, vec!["tweets.js".to_owned()]));
}

#[test]
fn of_too_many_tweets_the_newest_are_taken() {
    let all: Vec<Value> =
        (1..=TWEETS_MAX + 3).map(|id| json!({"tweet": {"id_str": id.to_string()}})).collect();
    let (found, _, tweets) = archive(&[
        ("data/manifest.js", &manifest(&[])),
        ("data/tweets.js", &script("tweets", &json!(all))),
    ]);
    assert_eq!((found.tweets, found.older), (TWEETS_MAX as u64, 3));
    assert!(tweets.file().starts_with(r#"{"promoted":[],"unpromoted":[{"id":"4","#));
}
