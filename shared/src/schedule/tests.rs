//! Every schedule at every age of what it read last.

use super::*;
use crate::time::HOUR_MS;

/// Noon of some UTC day.
const NOON: UnixMs = UnixMs(20_000 * DAY_MS + DAY_MS / 2);

fn clock(schedule: Schedule, last_hours_ago: Option<i64>) -> AccountClock {
    let last = last_hours_ago.map(|hours| NOON.plus(-hours * HOUR_MS));
    let (last_count, last_crawl) = match schedule {
        Schedule::CountOnly => (last, None),
        _ => (None, last),
    };
    let history = History::default();
    AccountClock { schedule, last_count, last_crawl, crawling: false, stopped: false, history }
}

/// `crawl`, `count`, `offer`, or in how many minutes something is due next.
fn word(clock: &AccountClock) -> String {
    match (due(clock, NOON), next(clock, NOON)) {
        (Due { crawl: true, count: false, offer: false }, Some(NOON)) => "crawl".into(),
        (Due { crawl: false, count: true, offer: false }, Some(NOON)) => "count".into(),
        (Due { crawl: false, count: true, offer: true }, Some(NOON)) => "count, offer".into(),
        (Due { crawl: false, count: false, offer: true }, Some(at)) => {
            format!("offer, in {} min", at.since(NOON) / MINUTE_MS)
        }
        (Due { crawl: false, count: false, offer: false }, Some(at)) => {
            format!("in {} min", at.since(NOON) / MINUTE_MS)
        }
        (Due { crawl: false, count: false, offer: false }, None) => "never".into(),
        odd => panic!("{odd:?}"),
    }
}

#[track_caller]
fn check_clock(clock: &AccountClock, expected: &str) {
    assert_eq!(word(clock), expected);
    assert_eq!(word(&AccountClock { crawling: true, ..*clock }), "never");
    assert_eq!(word(&AccountClock { stopped: true, ..*clock }), "never");
}

#[track_caller]
fn check(schedule: Schedule, last_hours_ago: Option<i64>, expected: &str) {
    check_clock(&clock(schedule, last_hours_ago), expected);
}

#[test]
fn count_only_reads_one_count_per_utc_day() {
    check(Schedule::CountOnly, None, "count");
    check(Schedule::CountOnly, Some(13), "count");
    check(Schedule::CountOnly, Some(12), "in 720 min");
    check(Schedule::CountOnly, Some(0), "in 720 min");
}

#[test]
fn daily_checks_once_per_utc_day() {
    check(Schedule::Daily, None, "crawl");
    check(Schedule::Daily, Some(13), "crawl");
    check(Schedule::Daily, Some(12), "in 720 min");
}

#[test]
fn hourly_checks_at_every_tick() {
    check(Schedule::Hourly, None, "crawl");
    check(Schedule::Hourly, Some(1), "crawl");
    check(Schedule::Hourly, Some(0), "in 55 min");
    let mut late = clock(Schedule::Hourly, None);
    late.last_crawl = Some(NOON.plus(-55 * MINUTE_MS));
    assert_eq!(word(&late), "crawl");
    late.last_crawl = Some(NOON.plus(1 - 55 * MINUTE_MS));
    assert!(!due(&late, NOON).crawl);
}

#[test]
fn manual_does_nothing_by_itself() {
    check(Schedule::Manual, None, "never");
    check(Schedule::Manual, Some(9_999), "never");
}

#[test]
fn a_clock_put_back_stops_nothing() {
    check(Schedule::Daily, Some(-9_999), "crawl");
    check(Schedule::CountOnly, Some(-9_999), "count");
    let rich = History { affordable: true, ..History::default() };
    let early = AccountClock { history: rich, ..clock(Schedule::Push, Some(-9_999)) };
    check_clock(&early, "crawl");
}

/// With this history, the count read and the last check begun so many hours ago.
#[track_caller]
fn check_audit(
    schedule: Schedule,
    (count, crawl): (i64, i64),
    (followers, difference): (Option<u64>, u64),
    flags: &str,
    expected: &str,
) {
    let ago = |hours: i64| Some(NOON.plus(-hours * HOUR_MS));
    let history = History {
        followers,
        listed: ago(crawl),
        difference,
        pushed: flags.contains('p'),
        affordable: flags.contains('a'),
    };
    let (last_count, last_crawl) = (ago(count), ago(crawl));
    let clock =
        AccountClock { schedule, last_count, last_crawl, crawling: false, stopped: false, history };
    check_clock(&clock, expected);
}

#[test]
fn the_count_calls_for_a_check_beyond_ten_and_two_in_a_thousand() {
    let small = Schedule::CountAudit;
    check_audit(small, (1, 50), (Some(100), 10), "a", "in 720 min");
    check_audit(small, (1, 50), (Some(100), 11), "a", "crawl");
    check_audit(small, (1, 50), (Some(10_000), 20), "a", "in 720 min");
    check_audit(small, (1, 50), (Some(10_000), 21), "a", "crawl");
    check_audit(small, (13, 50), (Some(10_000), 0), "a", "count");
    check_audit(small, (13, 50), (Some(10_000), 21), "a", "crawl");
    check_audit(small, (1, 9_999), (Some(10_000), 0), "a", "in 720 min");
}

#[test]
fn a_check_that_the_caps_do_not_cover_is_offered() {
    check_audit(Schedule::CountAudit, (1, 50), (Some(100), 11), "", "offer, in 720 min");
    check_audit(Schedule::CountAudit, (13, 50), (Some(100), 11), "", "count, offer");
    check_audit(Schedule::Push, (1, 200), (Some(100), 11), "p", "offer, in 720 min");
}

#[test]
fn one_check_that_the_count_called_for_is_enough_for_a_day() {
    check_audit(Schedule::CountAudit, (1, 12), (Some(100), 99), "a", "in 720 min");
    check_audit(Schedule::CountAudit, (1, 13), (Some(100), 99), "a", "crawl");
}

#[test]
fn beside_push_it_comes_at_most_weekly() {
    check_audit(Schedule::Push, (1, 50), (Some(100), 99), "ap", "in 720 min");
    check_audit(Schedule::Push, (1, 165), (Some(100), 99), "ap", "in 60 min");
    check_audit(Schedule::Push, (1, 166), (Some(100), 99), "ap", "crawl");
    check_audit(Schedule::Push, (1, 166), (Some(100), 10), "ap", "in 720 min");
    check_audit(Schedule::Push, (1, 28 * 24), (Some(100), 0), "ap", "crawl");
}

#[test]
fn a_weekly_check_that_failed_is_made_up_for_the_next_day() {
    let ago = |hours: i64| Some(NOON.plus(-hours * HOUR_MS));
    let (followers, listed) = (Some(100), ago(200));
    let history = History { followers, listed, difference: 99, pushed: true, affordable: true };
    let failed = |hours| AccountClock {
        last_count: ago(1),
        last_crawl: ago(hours),
        history,
        ..clock(Schedule::Push, None)
    };
    check_clock(&failed(12), "in 720 min");
    check_clock(&failed(13), "crawl");
}

#[test]
fn push_that_does_not_work_is_made_good_by_counts() {
    check_audit(Schedule::Push, (1, 13), (Some(100), 99), "a", "crawl");
    check_audit(Schedule::Push, (1, 13), (Some(100), 9), "a", "in 720 min");
}

#[test]
fn a_schedule_that_compares_begins_with_a_list() {
    for schedule in [Schedule::CountAudit, Schedule::Push] {
        check_audit(schedule, (1, 13), (None, 0), "ap", "crawl");
        check_audit(schedule, (1, 12), (None, 0), "ap", "in 720 min");
        check_audit(schedule, (1, 13), (None, 0), "p", "offer, in 720 min");
    }
}

#[test]
fn the_difference_is_that_of_both_since_the_list() {
    // X counts 7 more than it lists; 30 came and 20 left by push, and 4 went unseen.
    assert_eq!(difference(1_000, Some(1_007), 1_013, 10), 4);
    assert_eq!(difference(1_000, Some(1_007), 1_007, 0), 0);
    assert_eq!(difference(1_000, None, 1_007, 0), 7, "of an imported list X's count is not known");
    assert_eq!(difference(5, Some(3), 0, -9), 0);
}

const PRICES: Prices = Prices { follower: 1_000, profile: 10_000 };

fn pace(followers: u64, month: Option<(u64, u64)>) -> Pace {
    Pace { followers: Some(followers), listed: true, month }
}

#[test]
fn a_month_has_its_price() {
    let price = |schedule, month| monthly_estimate(schedule, &pace(10_000, month), PRICES);
    let dollars = 1_000_000;
    assert_eq!(price(Schedule::CountOnly, None), 300_000);
    assert_eq!(price(Schedule::Daily, None), 300 * dollars + 300_000);
    assert_eq!(price(Schedule::Hourly, None), 300 * dollars + 300_000);
    assert_eq!(price(Schedule::Manual, None), 0);
    // One check a month until more is known; then as often as the count moves by 21.
    assert_eq!(price(Schedule::CountAudit, None), 10 * dollars + 300_000);
    assert_eq!(price(Schedule::CountAudit, Some((1_800, 1_200))), 280 * dollars + 300_000);
    assert_eq!(price(Schedule::CountAudit, Some((90_000, 0))), 300 * dollars + 300_000);
    // 100 events a day, and 30 days of weekly checks.
    let weekly = 30 * 10 * dollars / 7;
    assert_eq!(price(Schedule::Push, Some((1_800, 1_200))), 30 * dollars + weekly + 300_000);
    let huge = Prices { follower: 2, profile: 1 };
    assert_eq!(monthly_estimate(Schedule::Daily, &pace(u64::MAX, None), huge), u64::MAX);
}

#[test]
fn every_schedule_is_shown_with_its_price() {
    let shown = prices(&pace(10_000, None), PRICES);
    let words: Vec<_> = shown.iter().map(|price| price.schedule).collect();
    assert_eq!(words.len(), Schedule::ALL.len());
    for schedule in Schedule::ALL {
        assert!(words.contains(schedule), "{schedule}");
    }
    let daily = shown.iter().find(|price| price.schedule == Schedule::Daily).unwrap();
    assert_eq!(daily.what, "A full check once a day: about $10.00 for 10000 followers, each day.");
    assert_eq!((daily.month_usd, daily.first_usd), (Some(300.3), Some(0.0)));
}

#[test]
fn what_depends_on_a_list_is_not_known_without_one() {
    let shown = prices(&Pace::default(), PRICES);
    for price in shown {
        let fixed = matches!(price.schedule, Schedule::CountOnly | Schedule::Manual);
        assert_eq!(price.month_usd.is_some(), fixed, "{}", price.schedule);
        assert_eq!(price.first_usd.is_some(), fixed, "{}", price.schedule);
        assert!(!price.what.contains("for 0 followers"), "{}", price.what);
    }
    let counted = Pace { followers: Some(500), listed: false, month: None };
    let push = prices(&counted, PRICES).into_iter().find(|p| p.schedule == Schedule::Push);
    assert_eq!(push.unwrap().first_usd, Some(0.5));
}
