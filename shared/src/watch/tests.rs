//! Readings by table: pages, refusals, troubles; and random worlds in which every reading ends.

use super::*;
use crate::budget::Resource;
use crate::cadence::{Terms, Watched, plan};
use crate::retry::Trouble;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::tweet::{Reading, read};
use crate::x::problem::{Class, XProblem};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A Monday's noon.
const NOON: UnixMs = UnixMs(1_795_262_400_000 + 4 * HOUR_MS);
const ACCOUNT: &str = "12";

/// The id of a tweet written so many minutes before noon.
fn id(minutes_ago: i64) -> TweetId {
    let ms = NOON.plus(-minutes_ago * MINUTE_MS).since(UnixMs(1_288_834_974_657));
    TweetId(u64::try_from(ms).unwrap() << 22)
}

fn watched(minutes_ago: i64, read_hours_ago: Option<i64>) -> Watched {
    Watched {
        id: id(minutes_ago),
        created: NOON.plus(-minutes_ago * MINUTE_MS),
        last_read: read_hours_ago.map(|hours| NOON.plus(-hours * HOUR_MS)),
        listed: true,
    }
}

fn begun(tweets: &[Watched], owned: bool) -> Watch {
    let discovered = (!tweets.is_empty()).then(|| NOON.plus(-HOUR_MS));
    let terms = Terms { owned, author: owned, budget: u64::MAX, discovered };
    let mut watch = Watch::start("r".to_owned(), NOON);
    assert_eq!(watch.next(NOON), Step::Plan);
    watch.planned(&plan(tweets, &terms, NOON), None, owned, NOON);
    watch
}

fn told(ids: &[TweetId]) -> Value {
    ids.iter().map(|id| json!({"id": id, "author_id": ACCOUNT, "text": "x"})).collect()
}

fn answer(body: &Value) -> Answer {
    read(body.to_string().as_bytes(), &Reading { account: crate::id::UserId(12), now: NOON })
        .unwrap()
}

fn nothing() -> Answer {
    answer(&json!({"meta": {"result_count": 0}}))
}

/// The call that is next, in short: `list since=… private` or `look 3`.
fn next(watch: &mut Watch) -> String {
    match watch.next(NOON) {
        Step::Call(request) => {
            let value = |name: &str| {
                let found = request.query.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let families = ["promoted_metrics", "organic_metrics"];
            let asked: Vec<&str> = families
                .into_iter()
                .filter(|family| value("tweet.fields").contains(family))
                .map(|family| family.split('_').next().unwrap())
                .collect();
            let how = if request.lookup {
                format!("look {}", value("ids").split(',').count())
            } else {
                let names = ["since_id", "start_time", "end_time", "pagination_token"];
                let given: Vec<&str> =
                    names.into_iter().filter(|name| !value(name).is_empty()).collect();
                format!("list {} {}", value("max_results"), given.join(" "))
            };
            [how, asked.join(" ")].join(" | ")
        }
        step => format!("{step:?}"),
    }
}

#[test]
fn a_first_reading_lists_everything_in_two_halves() {
    let mut watch = begun(&[], true);
    assert_eq!(next(&mut watch), "list 100 start_time | organic");
    watch.answer(&answer(&json!({"data": told(&[id(5)]), "meta": {"next_token": "n"}})));
    assert_eq!(next(&mut watch), "list 100 start_time pagination_token | organic");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "list 100 end_time | ");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "list 100 start_time | promoted organic");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "Finish");
    assert!(watch.came() && watch.listed());
    assert_eq!(watch.gap(None), None);
}

#[test]
fn a_later_reading_asks_for_new_ones_and_for_those_due() {
    let mut watch = begun(&[watched(90, Some(1)), watched(3 * 24 * 60, Some(1))], true);
    assert_eq!(next(&mut watch), "list 20 since_id | organic");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "list 100 start_time end_time | organic");
    watch.answer(&answer(&json!({"data": told(&[id(90), id(3 * 24 * 60)])})));
    assert_eq!(next(&mut watch), "list 100 start_time end_time | promoted organic");
    // Nothing is promoted: X leaves everything out, or says nothing at all.
    let errors = json!([refused(id(90), "promoted_metrics.like_count")]);
    assert_eq!(watch.answer(&answer(&json!({"errors": errors}))), Heard::default());
    assert_eq!(next(&mut watch), "Finish");
    assert_eq!((watch.counts()["calls"], watch.counts()["read"]), (3, 2));
}

#[test]
fn of_looked_up_tweets_promoted_metrics_are_asked_for_by_look_up() {
    let tweets = [Watched { listed: false, ..watched(90, None) }];
    let mut watch = begun(&tweets, true);
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "look 1 | organic");
    watch.answer(&answer(&json!({"data": told(&[id(90)])})));
    assert_eq!(next(&mut watch), "look 1 | promoted organic");
    let Step::Call(request) = watch.next(NOON) else { panic!() };
    assert_eq!(request.own_bills, 0, "told today already");
}

#[test]
fn what_a_listing_lacks_is_looked_up_and_purged_if_x_says_so() {
    let mut watch = begun(&[watched(90, Some(1)), watched(100, Some(1))], true);
    watch.answer(&nothing());
    watch.answer(&answer(&json!({"data": told(&[id(90)])})));
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "look 1 | organic");
    let heard = watch.answer(&answer(&json!({"errors": [{"resource_id": id(100),
        "resource_type": "tweet", "type": "https://api.x.com/2/problems/resource-not-found"}]})));
    assert_eq!(heard, Heard { gone: vec![id(100)], silent: vec![] });
    assert_eq!(next(&mut watch), "Finish");
    assert_eq!(watch.counts()["deleted"], 1);
}

#[test]
fn a_tweet_that_may_be_there_is_asked_for_at_its_next_turn() {
    let mut watch = begun(&[watched(90, Some(1))], false);
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "look 1 | ");
    let heard = watch.answer(&answer(&json!({"errors": [{"resource_id": id(90),
        "resource_type": "tweet", "type": "https://api.x.com/2/problems/resource-unavailable"}]})));
    assert_eq!(heard, Heard { gone: vec![], silent: vec![id(90)] });
}

fn refused(id: TweetId, field: &str) -> Value {
    json!({"resource_id": id, "resource_type": "tweet", "field": field,
        "type": "https://api.x.com/2/problems/not-authorized-for-field"})
}

#[test]
fn tweets_refused_for_a_field_are_listed_again_without_it() {
    let mut watch = begun(&[watched(90, Some(1)), watched(100, Some(1))], true);
    watch.answer(&nothing());
    let errors = json!([refused(id(100), "organic_metrics.like_count")]);
    watch.answer(&answer(&json!({"data": told(&[id(90)]), "errors": errors})));
    assert_eq!(next(&mut watch), "list 100 start_time end_time | ", "the owned price");
    watch.answer(&answer(&json!({"data": told(&[id(100)])})));
    assert_eq!(next(&mut watch), "list 100 start_time end_time | promoted organic");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "Finish");
}

#[test]
fn a_field_refused_for_good_costs_that_tweet_alone() {
    let mut watch = begun(&[watched(90, Some(1)), watched(100, Some(1))], false);
    watch.answer(&nothing());
    let errors = json!([refused(id(100), "public_metrics.like_count")]);
    let heard = watch.answer(&answer(&json!({"data": told(&[id(90)]), "errors": errors})));
    assert_eq!(heard.silent, [id(100)]);
    assert_eq!(next(&mut watch), "Finish");
    assert_eq!(watch.counts()["refused"], 1);
}

fn http(class: Class) -> Trouble {
    Trouble::Http(XProblem { class, title: "T".to_owned(), detail: String::new() })
}

#[test]
fn a_401_in_the_middle_keeps_what_came_and_remembers_the_rest() {
    let mut watch = begun(&[], false);
    watch.answer(&answer(&json!({"data": told(&[id(500)]), "meta": {"next_token": "n"}})));
    watch.trouble(&http(Class::Unauthorized), None, NOON);
    assert!(matches!(watch.next(NOON), Step::Abort(stop) if stop.cause == StopCause::Credentials));
    assert!(watch.came());
    let to = NOON.plus(-500 * MINUTE_MS).floor_second().plus(1_000);
    assert_eq!(watch.gap(None), Some(Gap { since: None, to }));
}

#[test]
fn a_gap_is_read_behind_the_new_tweets() {
    let gap = Gap { since: None, to: NOON.plus(-DAY_MS) };
    let terms = Terms {
        owned: false,
        author: false,
        budget: u64::MAX,
        discovered: Some(NOON.plus(-HOUR_MS)),
    };
    let mut watch = Watch::start("r".to_owned(), NOON);
    watch.planned(&plan(&[watched(90, Some(1))], &terms, NOON), Some(gap), false, NOON);
    assert_eq!(next(&mut watch), "list 20 since_id | ");
    watch.answer(&nothing());
    assert_eq!(next(&mut watch), "list 100 end_time | ");
    watch.refuse_budget(None, "too dear".to_owned(), NOON);
    assert_eq!((watch.gap(None), watch.over_budget()), (Some(gap), Some("too dear")));
    assert_eq!(next(&mut watch), "look 1 | ", "what is cheaper may still be read");
}

#[test]
fn answers_that_cannot_be_used_cost_their_call_alone() {
    let mut watch = begun(&[watched(90, Some(1))], true);
    watch.answer(&nothing());
    for _ in 0..5 {
        watch.trouble(&Trouble::BadBody("?".to_owned()), None, NOON);
        watch.wait = None;
    }
    assert_eq!(next(&mut watch), "Finish");
    assert_eq!((watch.counts()["given_up"], watch.counts()["left_out"]), (1, 1));
}

#[test]
fn nothing_but_failures_is_a_failed_reading() {
    let mut watch = begun(&[], false);
    for _ in 0..5 {
        watch.trouble(&Trouble::BadBody("?".to_owned()), None, NOON);
        watch.wait = None;
    }
    assert!(matches!(watch.next(NOON), Step::Abort(stop) if stop.cause == StopCause::Rejected));
}

#[test]
fn a_dead_page_token_begins_that_listing_anew() {
    let mut watch = begun(&[], false);
    watch.answer(&answer(&json!({"data": told(&[id(5)]), "meta": {"next_token": "n"}})));
    watch.trouble(&http(Class::PageToken), None, NOON);
    assert_eq!(next(&mut watch), "list 100  | ");
}

#[test]
fn a_page_given_twice_is_asked_for_again_and_never_ends_the_listing() {
    let page = |ago: i64, token: &str| {
        answer(&json!({"data": told(&[id(ago)]), "meta": {"next_token": token}}))
    };
    let token = |watch: &mut Watch| {
        let Step::Call(request) = watch.next(NOON) else { return None };
        request.query.into_iter().find(|(name, _)| name == "pagination_token").map(|pair| pair.1)
    };
    let mut watch = begun(&[], false);
    watch.answer(&page(5, "n"));
    // The page before, with its own token; then with that of the page after.
    watch.answer(&page(5, "n"));
    assert_eq!(token(&mut watch).as_deref(), Some("n"));
    watch.answer(&page(5, "m"));
    assert_eq!(token(&mut watch).as_deref(), Some("n"));
    watch.answer(&page(6, "m"));
    assert_eq!(token(&mut watch).as_deref(), Some("m"));
    watch.answer(&nothing());
    assert_eq!((next(&mut watch).as_str(), watch.gap(None)), ("Finish", None));
    let mut circling = begun(&[], false);
    (5..9).for_each(|ago| drop(circling.answer(&page(ago, "n"))));
    assert_eq!(next(&mut circling), "Finish");
    assert!(circling.gap(None).is_some(), "the rest is for the next reading");
}

#[test]
fn a_plan_too_old_is_made_anew_or_ends_with_what_came() {
    let late = NOON.plus(26 * MINUTE_MS);
    let mut watch = begun(&[watched(90, Some(1))], true);
    watch.trouble(&http(Class::RateLimit), None, NOON);
    assert_eq!(watch.next(late), Step::Plan);
    let mut watch = begun(&[watched(90, Some(1)), watched(40 * 24 * 60, Some(200))], true);
    watch.answer(&answer(&json!({"data": told(&[id(1)])})));
    assert_eq!(watch.next(late), Step::Finish);
    assert_eq!(watch.counts()["left_out"], 2);
}

#[test]
fn one_lease_is_for_calls_alike() {
    let tweets: Vec<Watched> =
        (0..250).map(|n| Watched { listed: false, ..watched(100 + n, None) }).collect();
    let mut watch = begun(&tweets, true);
    let Step::Call(list) = watch.next(NOON) else { panic!() };
    assert_eq!((list.calls, list.bills, list.resource), (1, 20, Resource::OwnedPost));
    watch.answer(&nothing());
    let Step::Call(look) = watch.next(NOON) else { panic!() };
    assert_eq!((look.calls, look.bills, look.own_bills), (3, 250, 100));
    assert_eq!((look.resource, look.route()), (Resource::Post, "tweets"));
}

#[test]
fn its_state_survives_its_bytes() {
    let mut watch = begun(&[watched(90, Some(1)), watched(100, None)], true);
    watch.answer(&answer(&json!({"data": told(&[id(3)]), "meta": {"next_token": "n"}})));
    watch.trouble(&http(Class::Server), None, NOON);
    let text = serde_json::to_string(&watch).unwrap();
    assert_eq!(serde_json::from_str::<Watch>(&text).unwrap(), watch);
}

proptest! {
    /// Whatever X answers, a reading ends, and each due tweet was told, gone, silent or left out.
    #[test]
    fn every_reading_ends(
        ages in prop::collection::btree_set(60_i64..60 * 24 * 60, 0..150),
        owned: bool,
        chances in prop::collection::vec(0_u8..12, 400),
    ) {
        let tweets: Vec<Watched> = ages.iter().map(|age| watched(*age, Some(400))).collect();
        let mut watch = begun(&tweets, owned);
        let mut open: BTreeSet<TweetId> = tweets.iter().map(|tweet| tweet.id).collect();
        let mut now = NOON;
        let mut chances = chances.into_iter().chain(std::iter::repeat(11));
        for step in 0.. {
            prop_assert!(step < 5_000, "endless");
            watch = serde_json::from_str(&serde_json::to_string(&watch).unwrap()).unwrap();
            let request = match watch.next(now) {
                Step::Wait { until, .. } => { now = until; continue }
                Step::Plan => { watch.planned(&Plan::default(), None, owned, now); continue }
                Step::Call(request) => request,
                Step::Finish | Step::Abort(_) => break,
            };
            let ids = request.query.iter().find(|(name, _)| name == "ids");
            let ids: Vec<TweetId> = ids.map_or_else(
                || open.iter().rev().take(100).copied().collect(),
                |(_, ids)| ids.split(',').map(|id| id.parse().unwrap()).collect(),
            );
            let (mut data, mut errors) = (Vec::new(), Vec::new());
            match chances.next().unwrap() {
                0 => { watch.trouble(&http(Class::Server), None, now); continue }
                1 => { watch.trouble(&http(Class::PageToken), None, now); continue }
                2 => { watch.trouble(&Trouble::Cut, None, now); continue }
                3 => { watch.refuse_budget(Some(now.plus(1_000)), "w".to_owned(), now); continue }
                4 => { watch.refuse_budget(None, "w".to_owned(), now); continue }
                5 => errors.extend(ids.iter().map(|id| refused(*id, "organic_metrics.x"))),
                6 => errors.extend(ids.iter().map(|id| refused(*id, "public_metrics.x"))),
                7 => errors.extend(ids.iter().map(|id| json!({"resource_id": id,
                    "type": "https://api.x.com/2/problems/resource-not-found"}))),
                _ => data = told(&ids).as_array().unwrap().clone(),
            }
            let heard = watch.answer(&answer(&json!({"data": data, "errors": errors, "meta": {}})));
            for tweet in data.iter().map(|tweet| tweet["id"].as_str().unwrap().parse().unwrap()) {
                open.remove(&tweet);
            }
            for id in heard.gone.iter().chain(&heard.silent) {
                open.remove(id);
            }
        }
        let left = watch.counts().get("left_out").copied().unwrap_or_default();
        prop_assert!(i64::try_from(open.len()).unwrap() <= left, "{} open, {left} left out", open.len());
    }
}
