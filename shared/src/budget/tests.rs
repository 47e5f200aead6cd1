//! The book, ask by ask. After each it goes through JSON: what is not saved does not count.

#![allow(clippy::float_cmp, reason = "sums of whole micro-dollars are exact")]

mod pauses;

use super::*;
use crate::api;
use crate::id::UserId;
use crate::time::DAY_MS;
use crate::x::problem::Rate;

const NOW: UnixMs = UnixMs(1_763_712_000_000); // 2025-11-21T08:00:00Z
const ME: AccountId = UserId(12);

fn ask(resources: u64) -> Ask {
    Ask {
        account: ME,
        feature: Feature::Followers,
        account_cap: micro(5.0),
        account_day_cap: None,
        route: "followers".into(),
        calls: 3,
        resource: Resource::Follower,
        resources,
    }
}

fn settlement(lease: u64, billed: u64) -> Settlement {
    Settlement {
        lease,
        account: ME,
        route: "followers".into(),
        resource: Resource::Follower,
        billed,
        repeats: 0,
        rate: None,
    }
}

/// The answer in a word: `go lease×calls`, `later +seconds`, `no`.
fn word(grant: &Grant) -> String {
    match grant {
        Grant::Go { lease, calls } => format!("go {lease}×{calls}"),
        Grant::Later { until, .. } => format!("later +{}", until.since(NOW) / 1_000),
        Grant::No { .. } => "no".into(),
    }
}

#[track_caller]
fn check(book: &mut Book, ask: &Ask, expected: &str) {
    let json = serde_json::to_string(book).unwrap();
    *book = serde_json::from_str(&json).unwrap();
    assert_eq!(word(&book.ask(ask, NOW)), expected);
}

#[test]
fn dollars_and_micro_dollars_are_exact() {
    assert_eq!(
        (micro(5.0), micro(0.001), micro(0.29), usd(290_000)),
        (5_000_000, 1_000, 290_000, 0.29)
    );
    assert_eq!((micro(-1.0), micro(f64::NAN)), (0, 0));
}

#[test]
fn what_is_spent_and_granted_stays_within_the_cap() {
    let mut book = Book::default();
    check(&mut book, &ask(501), "no");
    check(&mut book, &ask(500), "go 1×3");
    check(&mut book, &ask(1), "later +900");
    book.settle(&settlement(1, 300), NOW);
    assert_eq!(book.spent(ME, NOW), 3_000_000);
    check(&mut book, &ask(201), "no");
    check(&mut book, &ask(200), "go 2×3");
}

#[test]
fn a_refusal_says_the_numbers_and_what_to_do() {
    let mut book = Book::default();
    check(&mut book, &ask(120), "go 1×3");
    book.settle(&settlement(1, 120), NOW);
    let Grant::No { why, goes_on } = book.ask(&ask(12_000), NOW) else { panic!() };
    assert_eq!(
        why,
        "This read of up to 12000 followers may cost $120.00; of this account's monthly cap of \
         $5.00, $1.20 is spent in 2025-11. Raise the cap: this one read is beyond it."
    );
    assert_eq!(goes_on, None);
    let Grant::No { why, goes_on } = book.ask(&ask(400), NOW) else { panic!() };
    assert!(why.ends_with("Raise the cap, or wait for the next UTC month."), "{why}");
    assert_eq!(goes_on, UnixMs::parse("2025-12-01T00:00:00Z"));
}

#[test]
fn a_day_has_its_own_cap() {
    let mut book = Book::default();
    let daily = |resources| Ask { account_day_cap: Some(micro(2.0)), ..ask(resources) };
    check(&mut book, &daily(201), "no");
    check(&mut book, &daily(150), "go 1×3");
    book.settle(&settlement(1, 150), NOW);
    // 16 hours of the day are left.
    check(&mut book, &daily(51), "later +57600");
    check(&mut book, &daily(50), "go 2×3");
    let tomorrow = NOW.plus(16 * 3_600_000);
    book.settle(&settlement(2, 50), NOW);
    assert_eq!(word(&book.ask(&daily(200), tomorrow)), "go 3×3");
    assert_eq!(book.spent(ME, tomorrow), 2_000_000, "the month goes on");
    let view = book.view(tomorrow, &[]);
    assert_eq!((view.spent_usd, view.spent_today_usd), (2.0, 0.0));
}

#[test]
fn the_day_cap_over_all_accounts_holds_too() {
    let mut book = Book::default();
    let change = api::BudgetChange { day_cap_usd: Some(Some(1.0)), ..Default::default() };
    book.change(change).unwrap();
    check(&mut book, &ask(60), "go 1×3");
    book.settle(&settlement(1, 60), NOW);
    let other = Ask { account: UserId(34), ..ask(41) };
    check(&mut book, &other, "later +57600");
    check(&mut book, &Ask { resources: 40, ..other }, "go 2×3");
}

#[test]
fn a_cap_that_is_reached_says_when_it_goes_on() {
    let mut book = Book::default();
    let plan = || [Plan { cap: micro(5.0), ..plan(ME) }];
    check(&mut book, &ask(500), "go 1×3");
    book.settle(&settlement(1, 500), NOW);
    assert_eq!(book.view(NOW, &plan()).accounts[0].halted, None, "nothing was refused yet");
    check(&mut book, &ask(1), "no");
    let halted = book.view(NOW, &plan()).accounts[0].halted.clone().unwrap();
    assert_eq!(halted.goes_on, UnixMs::parse("2025-12-01T00:00:00Z"));
    let december = NOW.plus(10 * DAY_MS);
    assert_eq!(book.view(december, &plan()).accounts[0].halted, None);
    check(&mut book, &Ask { account_cap: micro(9.0), ..ask(1) }, "go 2×3");
    assert_eq!(book.view(NOW, &plan()).accounts[0].halted, None, "it went on");
}

#[test]
fn reserved_money_is_free_again_after_a_quarter_of_an_hour() {
    let mut book = Book::default();
    check(&mut book, &ask(500), "go 1×3");
    assert_eq!(word(&book.ask(&ask(500), NOW.plus(RESERVED_MS))), "go 2×3");
    book.settle(&settlement(1, 400), NOW);
    assert_eq!(book.spent(ME, NOW), 4_000_000, "a late settlement counts all the same");
}

#[test]
fn reserved_money_is_not_another_holders() {
    let mut book = Book::default();
    check(&mut book, &ask(400), "go 1×3");
    let profiles = Ask { feature: Feature::Profiles, route: "users".into(), ..ask(101) };
    let hours = |hours: i64| NOW.plus(hours * 3_600_000);
    assert!(matches!(book.ask(&profiles, hours(25)), Grant::Later { .. }));
    let few = Ask { resources: 100, ..profiles.clone() };
    assert!(matches!(book.ask(&few, hours(25)), Grant::Go { .. }));
    book.settle(&settlement(2, 0), hours(25));
    assert!(matches!(book.ask(&profiles, hours(26)), Grant::Go { .. }), "nobody holds it any more");
}

#[test]
fn a_lease_is_counted_once() {
    let mut book = Book::default();
    check(&mut book, &ask(500), "go 1×3");
    for _ in 0..3 {
        book.settle(&settlement(1, 300), NOW);
    }
    book.settle(&settlement(99, 100), NOW);
    assert_eq!(book.spent(ME, NOW), 3_000_000);
}

#[test]
fn the_cap_over_all_accounts_holds_too() {
    let mut book = Book::default();
    let change = |cap_usd| api::BudgetChange { cap_usd, ..api::BudgetChange::default() };
    book.change(change(Some(Some(6.0)))).unwrap();
    check(&mut book, &ask(400), "go 1×3");
    book.settle(&settlement(1, 400), NOW);
    let other = |resources| Ask { account: UserId(34), ..ask(resources) };
    check(&mut book, &other(201), "no");
    check(&mut book, &other(200), "go 2×3");
    book.change(change(None)).unwrap();
    check(&mut book, &other(100), "later +900");
    book.change(change(Some(None))).unwrap();
    check(&mut book, &other(100), "go 3×3");
}

#[test]
fn a_new_month_begins_with_nothing_spent() {
    let mut book = Book::default();
    check(&mut book, &ask(500), "go 1×3");
    book.settle(&settlement(1, 500), NOW);
    let december = NOW.plus(10 * DAY_MS);
    assert_eq!(book.spent(ME, december), 0);
    assert_eq!(book.view(december, &[]).spent_usd, 0.0);
    assert_eq!(word(&book.ask(&ask(500), december)), "go 2×3");
    assert_eq!(book.view(december, &[]).month, "2025-12");
}

#[test]
fn what_costs_nothing_is_never_too_dear() {
    let mut book = Book::default();
    check(&mut book, &Ask { account_cap: 0, ..ask(0) }, "go 1×3");
    check(&mut book, &Ask { account_cap: 0, ..ask(1) }, "no");
}

#[test]
fn an_unknown_window_is_taken_to_be_as_published() {
    let mut book = Book::default();
    let calls = |route: &str, calls| Ask { route: route.into(), calls, ..ask(0) };
    check(&mut book, &calls("users/me", 1_000), "go 1×68");
    check(&mut book, &calls("followers", 1_000), "go 2×290");
    check(&mut book, &calls("followers", 1), "later +900");
    check(&mut book, &calls("users", 0), "go 3×0");
}

#[test]
fn the_stream_has_the_windows_that_x_publishes() {
    for (route, limit, granted) in [
        ("stream/rules", 450, 440),
        ("stream/rules/change", 100, 90),
        ("tweets/search", 450, 440),
        ("tweets/counts", 300, 290),
        ("connections", 25, 23),
    ] {
        let mut book = Book::default();
        let ask = Ask { route: route.into(), calls: 1_000, ..ask(0) };
        assert_eq!(word(&book.ask(&ask, NOW)), format!("go 1×{granted}"), "{route}");
        assert_eq!(book.quotas()[route].limit, limit, "{route}");
    }
}

fn told(remaining: u32, reset: UnixMs) -> Settlement {
    Settlement { rate: Some(Rate { limit: 300, remaining, reset }), ..settlement(0, 0) }
}

#[test]
fn a_window_is_what_the_headers_say() {
    let mut book = Book::default();
    check(&mut book, &ask(0), "go 1×3");
    let reset = NOW.plus(60_000);
    book.settle(&Settlement { lease: 1, ..told(12, reset) }, NOW);
    let wanted = |calls| Ask { calls, ..ask(0) };
    check(&mut book, &wanted(5), "go 2×2");
    check(&mut book, &wanted(1), "later +60");
    assert_eq!(word(&book.ask(&wanted(999), reset)), "go 3×288", "a new window, two calls open");
    book.settle(&Settlement { lease: 3, ..told(200, reset.plus(900_000)) }, reset);
    book.settle(&Settlement { lease: 2, ..told(11, reset) }, reset);
    let quota = &book.quotas()["followers"];
    assert_eq!((quota.limit, quota.remaining), (300, 200), "the window before says nothing");
}

#[test]
fn calls_without_headers_count_as_made() {
    let mut book = Book::default();
    check(&mut book, &Ask { calls: 288, ..ask(0) }, "go 1×288");
    book.settle(&settlement(1, 0), NOW);
    check(&mut book, &ask(0), "go 2×2");
}

#[test]
fn a_limit_that_the_reserve_takes_whole_holds_for_its_window_only() {
    let mut book = Book::default();
    book.change(keep(Some(8), None)).unwrap();
    check(&mut book, &ask(0), "go 1×3");
    let reset = NOW.plus(60_000);
    let rate = Some(Rate { limit: 5, remaining: 5, reset });
    book.settle(&Settlement { rate, ..settlement(1, 0) }, NOW);
    check(&mut book, &ask(0), "no");
    assert_eq!(word(&book.ask(&ask(0), reset)), "go 2×3");
}

#[test]
fn a_header_that_cannot_be_does_not_stop_collection() {
    let mut book = Book::default();
    check(&mut book, &ask(0), "go 1×3");
    book.settle(&Settlement { lease: 1, ..told(0, NOW.plus(900 * DAY_MS)) }, NOW);
    check(&mut book, &ask(0), "later +86400");
    let zero = Rate { limit: 0, remaining: 0, reset: NOW.plus(900_000) };
    let mut book = Book::default();
    check(&mut book, &ask(0), "go 1×3");
    book.settle(&Settlement { lease: 1, rate: Some(zero), ..settlement(1, 0) }, NOW);
    check(&mut book, &ask(0), "later +900");
    assert_eq!(word(&book.ask(&ask(0), NOW.plus(1_800_000))), "go 2×3");
}

fn keep(calls: Option<u32>, percent: Option<u32>) -> api::BudgetChange {
    api::BudgetChange { keep_unused: calls, keep_unused_percent: percent, ..Default::default() }
}

#[test]
fn the_reserve_is_kept_exactly() {
    for (calls, percent, expected) in [
        (Some(0), None, "go 1×300"),
        (Some(10), None, "go 1×290"),
        (Some(24), None, "go 1×276"),
        (None, Some(0), "go 1×300"),
        (None, Some(50), "go 1×150"),
        (None, Some(99), "go 1×3"),
    ] {
        let mut book = Book::default();
        book.change(keep(calls, percent)).unwrap();
        check(&mut book, &Ask { calls: 999, ..ask(0) }, expected);
    }
}

#[test]
fn ten_calls_left_and_a_reserve_of_eight_are_two_calls() {
    let mut book = Book::default();
    book.change(keep(Some(8), None)).unwrap();
    check(&mut book, &ask(0), "go 1×3");
    book.settle(&Settlement { lease: 1, ..told(10, NOW.plus(60_000)) }, NOW);
    check(&mut book, &Ask { calls: 500, ..ask(0) }, "go 2×2");
    check(&mut book, &ask(0), "later +60");
}

#[test]
fn a_small_window_keeps_the_same_reserve() {
    let mut book = Book::default();
    book.change(keep(Some(8), None)).unwrap();
    let ask = |calls| Ask { route: "connections".into(), calls, ..ask(0) };
    check(&mut book, &ask(99), "go 1×17");
    // X's window turns out to be as small as the reserve: that is said, not waited for.
    let rate = Some(Rate { limit: 8, remaining: 8, reset: NOW.plus(60_000) });
    book.settle(&Settlement { rate, ..settlement(1, 0) }, NOW);
    let Grant::No { why, goes_on: None } = book.ask(&ask(1), NOW) else { panic!() };
    assert!(why.contains("lower `keep_unused`"), "{why}");
}

#[test]
fn a_change_that_cannot_be_changes_nothing() {
    let mut book = Book::default();
    let before = book.clone();
    let cap = |cap_usd| api::BudgetChange { cap_usd: Some(Some(cap_usd)), ..Default::default() };
    let day = api::BudgetChange { day_cap_usd: Some(Some(-0.01)), ..Default::default() };
    let pause = api::BudgetChange { paused: Some(true), ..Default::default() };
    for (change, named) in [
        (cap(-1.0), "cap_usd"),
        (cap(f64::NAN), "cap_usd"),
        (day, "day_cap_usd"),
        (api::BudgetChange { cap_usd: Some(Some(1.0)), ..keep(Some(25), None) }, "connections"),
        (keep(Some(10_001), None), "keep_unused_percent"),
        (keep(None, Some(100)), "0 to 99"),
        (keep(Some(1), Some(1)), "one of the two"),
        (pause, "paused"),
    ] {
        let error = book.change(change).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
    assert_eq!(book, before);
}

#[test]
fn what_comes_unasked_is_counted_and_says_what_is_left() {
    let mut book = Book::default();
    let pushed = |resources| Ask {
        feature: Feature::Push,
        resource: Resource::Event,
        account_day_cap: Some(micro(1.0)),
        ..ask(resources)
    };
    book.charge(&pushed(30), "a", NOW);
    book.charge(&pushed(30), "a", NOW);
    assert_eq!(book.room(&pushed(0), NOW), 700_000, "told twice, counted once");
    book.charge(&pushed(80), "b", NOW);
    assert_eq!(book.room(&pushed(0), NOW), 0, "X bills what it pushes");
    assert_eq!(book.spent(ME, NOW), 1_100_000);
    let view = book.view(NOW, &[]);
    let features: Vec<_> =
        view.by_feature.iter().map(|f| (f.feature, f.usd, f.today_usd)).collect();
    assert_eq!(features, [(Feature::Push, 1.1, 1.1)]);
}

#[test]
fn a_book_of_before_features_keeps_its_sums() {
    let old = r#"{"month":"2025-11","sums":{"0":{"post":{"billed":2,"repeats":0}},
        "12":{"owned_follower":{"billed":100,"repeats":3},"user":{"billed":1,"repeats":0}}},
        "windows":{},"leases":{"4":{"account":"12","route":"users","calls":1,"cost":10000,
        "until":"2025-11-21T08:10:00Z"}},"next_lease":5,"keep_unused":10,"cap":null}"#;
    let mut book: Book = serde_json::from_str(old).unwrap();
    book.settle(&Settlement { resource: Resource::User, ..settlement(4, 1) }, NOW);
    assert_eq!(book.spent(ME, NOW), 120_000);
    let view = book.view(NOW, &[]);
    let features: Vec<_> = view.by_feature.iter().map(|f| (f.feature, f.usd)).collect();
    assert_eq!(
        features,
        [(Feature::Followers, 0.1), (Feature::Profiles, 0.02), (Feature::Stream, 0.01)]
    );
}

fn plan(account: AccountId) -> Plan {
    Plan { account, cap: 0, day_cap: None, monthly_estimate: 0, schedules: Vec::new() }
}

#[test]
fn the_view_adds_up_and_looks_ahead() {
    let mut book = Book::default();
    check(&mut book, &ask(200), "go 1×3");
    book.settle(&Settlement { repeats: 50, ..settlement(1, 120) }, NOW);
    check(&mut book, &ask(0), "go 2×3");
    let own = Settlement { resource: Resource::OwnedFollower, ..settlement(2, 100) };
    book.settle(&own, NOW);
    let own = Plan { cap: micro(5.0), monthly_estimate: micro(3.0), ..plan(ME) };
    let dear = Plan { cap: micro(2.0), monthly_estimate: micro(300.0), ..plan(UserId(34)) };
    let view = book.view(NOW, &[own, dear]);
    assert_eq!(view.spent_usd, 1.3);
    // 10 of 30 days are left: a dollar of the first plan, and the other's whole cap.
    assert_eq!(view.forecast_usd, 4.3);
    let rows: Vec<_> =
        view.by_resource.iter().map(|s| (s.resource.as_str(), s.count, s.repeats, s.usd)).collect();
    assert_eq!(rows, [("follower", 120, 50, 1.2), ("owned_follower", 100, 0, 0.1)]);
    let accounts: Vec<_> = view.accounts.iter().map(|a| (a.cap_usd, a.spent_usd)).collect();
    assert_eq!(accounts, [(5.0, 1.3), (2.0, 0.0)]);
}

#[test]
fn the_book_stays_small() {
    let mut book = Book::default();
    for _ in 0..2_000 {
        book.ask(&Ask { calls: 1, ..ask(0) }, NOW);
        book.windows.clear();
        book.leases.values_mut().for_each(|lease| lease.calls = 0);
    }
    assert_eq!(book.leases.len(), LEASES_MAX);
    assert!(serde_json::to_string(&book).unwrap().len() < 60_000);
}

#[test]
fn tweets_and_counts_have_their_price_and_their_word() {
    let mut book = Book::default();
    let of = |resource| Ask { resource, route: "stream".into(), ..ask(1_000) };
    let dear = Ask { resource: Resource::Post, ..ask(1_001) };
    let Grant::No { why, .. } = book.ask(&dear, NOW) else { panic!() };
    assert!(why.contains("up to 1001 tweets may cost $5.00"), "{why}");
    check(&mut book, &of(Resource::Post), "go 1×3");
    let post = |lease, billed| Settlement { resource: Resource::Post, ..settlement(lease, billed) };
    book.settle(&post(1, 400), NOW);
    check(&mut book, &Ask { resource: Resource::Count, ..ask(2) }, "go 2×3");
    let counts = Settlement { resource: Resource::Count, ..settlement(2, 2) };
    book.settle(&counts, NOW);
    let view = book.view(NOW, &[]);
    let rows: Vec<_> =
        view.by_resource.iter().map(|s| (s.resource.as_str(), s.count, s.usd)).collect();
    assert_eq!(rows, [("post", 400, 2.0), ("count", 2, 0.01)]);
}
