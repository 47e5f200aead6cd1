//! The book, ask by ask. After each it goes through JSON: what is not saved does not count.

#![allow(clippy::float_cmp, reason = "sums of whole micro-dollars are exact")]

use super::*;
use crate::id::UserId;
use crate::time::DAY_MS;

const NOW: UnixMs = UnixMs(1_763_712_000_000); // 2025-11-21T08:00:00Z
const ME: AccountId = UserId(12);

fn ask(resources: u64) -> Ask {
    Ask {
        account: ME,
        account_cap: micro(5.0),
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
    let Grant::No { why } = book.ask(&ask(12_000), NOW) else { panic!() };
    assert_eq!(
        why,
        "This read of up to 12000 followers may cost $120.00; of this account's monthly cap of \
         $5.00, $1.20 is spent in 2025-11. Raise the cap, or wait for the next UTC month."
    );
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
    let change = |cap_usd| api::BudgetChange { cap_usd, keep_unused: None };
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
    assert_eq!(word(&book.ask(&ask(0), NOW.plus(1_800_000))), "go 2×1");
}

#[test]
fn the_owner_may_keep_more_or_fewer_calls_unused() {
    for (keep, expected) in [(0, "go 1×300"), (10, "go 1×290"), (10_000, "go 1×270")] {
        let mut book = Book::default();
        let change = api::BudgetChange { cap_usd: None, keep_unused: Some(keep) };
        book.change(change).unwrap();
        check(&mut book, &Ask { calls: 999, ..ask(0) }, expected);
    }
}

#[test]
fn a_change_that_cannot_be_changes_nothing() {
    let mut book = Book::default();
    let before = book.clone();
    for (cap_usd, keep_unused, named) in [
        (Some(Some(-1.0)), None, "cap_usd"),
        (Some(Some(f64::NAN)), None, "cap_usd"),
        (Some(Some(1.0)), Some(10_001), "keep_unused"),
    ] {
        let error = book.change(api::BudgetChange { cap_usd, keep_unused }).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
    assert_eq!(book, before);
}

#[test]
fn the_view_adds_up_and_looks_ahead() {
    let mut book = Book::default();
    check(&mut book, &ask(200), "go 1×3");
    book.settle(&Settlement { repeats: 50, ..settlement(1, 120) }, NOW);
    check(&mut book, &ask(0), "go 2×3");
    let own = Settlement { resource: Resource::OwnedFollower, ..settlement(2, 100) };
    book.settle(&own, NOW);
    let plan = Plan { account: ME, cap: micro(5.0), monthly_estimate: micro(3.0) };
    let dear = Plan { account: UserId(34), cap: micro(2.0), monthly_estimate: micro(300.0) };
    let view = book.view(NOW, &[plan, dear]);
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
    let Grant::No { why } = book.ask(&dear, NOW) else { panic!() };
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
