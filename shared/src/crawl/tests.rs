//! The machine, input by input. After every input it goes through JSON: what is not saved
//! does not count.

use super::*;
use crate::time::MINUTE_MS;
use crate::x::problem::{Class, XProblem};

const T0: UnixMs = UnixMs(1_000_000_000_000);

struct Bench {
    crawl: Crawl,
    now: UnixMs,
}

impl Bench {
    /// A crawl of an account with so many followers, its profile read.
    fn walking(expected: u64) -> Self {
        let mut bench = Self { crawl: Crawl::start("run".into(), T0), now: T0 };
        assert_eq!(bench.crawl.next(T0), Step::ReadProfile);
        bench.crawl.profile(expected, T0);
        bench.saved()
    }

    fn saved(mut self) -> Self {
        let json = serde_json::to_string(&self.crawl).unwrap();
        assert!(json.len() < 4_000, "the state stays small: {} bytes", json.len());
        let read: Crawl = serde_json::from_str(&json).unwrap();
        assert_eq!(read, self.crawl);
        self.crawl = read;
        self
    }

    /// Gives a page, waiting first for whatever is waited for; says what came of it.
    #[track_caller]
    fn page(&mut self, facts: PageFacts) -> PageVerdict {
        if let Step::Wait { until, .. } = self.crawl.next(self.now) {
            self.now = until;
        }
        assert!(matches!(self.crawl.next(self.now), Step::ReadPage { .. }));
        self.crawl.page(facts, self.now)
    }

    fn trouble(&mut self, trouble: &Trouble) {
        self.crawl.trouble(trouble, None, self.now);
    }

    /// The next step in a word.
    fn step(&self) -> String {
        match self.crawl.next(self.now) {
            Step::ReadProfile => "profile".into(),
            Step::ReadPage { token, first } => {
                assert_eq!(first, self.crawl.pages() == 0);
                format!("page {}", token.unwrap_or_default())
            }
            Step::Wait { until, .. } => format!("wait {}", until.since(self.now)),
            Step::Finish => "finish".into(),
            Step::Abort(stop) => format!("{:?}", stop.cause),
        }
    }

    fn finish(mut self, end: u64) -> CrawlFacts {
        assert_eq!(self.step(), "profile");
        self.crawl.profile(end, self.now);
        assert_eq!(self.step(), "finish");
        self.crawl.facts()
    }
}

fn facts(new_ids: u32, next_token: Option<&str>) -> PageFacts {
    let next_token = next_token.map(str::to_owned);
    PageFacts { new_ids, repeats: 0, dropped: 0, refused: 0, next_token }
}

fn http(class: Class) -> Trouble {
    Trouble::Http(XProblem { class, title: "T".into(), detail: String::new() })
}

const KEEP: PageVerdict = PageVerdict::Keep { last: false };
const LAST: PageVerdict = PageVerdict::Keep { last: true };

#[test]
fn an_untroubled_walk_reads_profile_pages_and_profile() {
    let mut bench = Bench::walking(2_500);
    for (given, token, verdict) in
        [(1_000, Some("a"), KEEP), (1_000, Some("b"), KEEP), (500, None, LAST)]
    {
        assert_eq!(bench.page(facts(given, token)), verdict);
        bench = bench.saved();
        if verdict == KEEP {
            assert_eq!(bench.step(), format!("page {}", token.unwrap()));
        }
    }
    assert_eq!((bench.crawl.pages(), bench.crawl.read()), (3, 2_500));
    let read = bench.finish(2_499);
    let expected = CrawlFacts {
        x_count_start: Some(2_500),
        x_count_end: Some(2_499),
        ..CrawlFacts::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn an_account_without_followers_has_one_empty_page() {
    let mut bench = Bench::walking(0);
    assert_eq!(bench.page(facts(0, None)), LAST);
    assert!(!bench.finish(0).doubtful);
}

#[test]
fn an_empty_page_in_the_middle_is_no_end() {
    let mut bench = Bench::walking(100);
    assert_eq!(bench.page(facts(0, Some("a"))), KEEP);
    assert_eq!(bench.page(facts(100, None)), LAST);
}

/// Asks for a page until it is not discarded; says the verdict, the asks and the waits.
#[track_caller]
fn insist(bench: &mut Bench, facts: &PageFacts) -> (PageVerdict, usize, i64) {
    let begun = bench.now;
    for asks in 0.. {
        match bench.page(facts.clone()) {
            PageVerdict::Discard => assert!(asks < 3),
            verdict => return (verdict, asks, bench.now.since(begun)),
        }
    }
    unreachable!()
}

#[test]
fn a_page_given_twice_is_asked_for_again_and_then_kept_with_doubt() {
    let mut bench = Bench::walking(2_000);
    bench.page(facts(1_000, Some("a")));
    let twice = PageFacts { new_ids: 0, repeats: 1_000, ..facts(0, Some("b")) };
    assert_eq!(insist(&mut bench, &twice), (KEEP, 3, 3_000));
    assert_eq!(bench.step(), "page b");
    assert_eq!(bench.page(facts(1_000, None)), LAST);
    let read = bench.finish(2_000);
    assert_eq!((read.doubtful, read.repeats), (true, 1_000));
}

#[test]
fn a_page_given_twice_once_leaves_no_doubt() {
    let mut bench = Bench::walking(2_000);
    bench.page(facts(1_000, Some("a")));
    let twice = PageFacts { new_ids: 0, repeats: 1_000, ..facts(0, Some("a")) };
    assert_eq!(bench.page(twice), PageVerdict::Discard);
    assert_eq!(bench.step(), "page a", "at once");
    assert_eq!(bench.page(facts(1_000, None)), LAST);
    let read = bench.finish(2_000);
    assert_eq!((read.doubtful, read.repeats), (false, 0));
}

#[test]
fn a_page_with_errors_beside_its_data_is_asked_for_again() {
    for wrong in
        [PageFacts { refused: 2, ..facts(98, None) }, PageFacts { dropped: 2, ..facts(98, None) }]
    {
        let mut bench = Bench::walking(100);
        assert_eq!(insist(&mut bench, &wrong), (LAST, 3, 3_000));
        assert_eq!(bench.crawl.counts()["refused"], i64::from(wrong.refused));
        assert_eq!(bench.crawl.counts()["dropped"], i64::from(wrong.dropped));
        assert!(bench.finish(100).doubtful);
        let mut bench = Bench::walking(100);
        assert_eq!(bench.page(wrong), PageVerdict::Discard);
        assert_eq!(bench.page(facts(100, None)), LAST);
        let read = bench.finish(100);
        assert_eq!((read.doubtful, read.refused), (false, 0));
    }
}

#[test]
fn a_list_that_ends_early_is_asked_for_again_before_it_is_believed() {
    let mut bench = Bench::walking(2_000);
    bench.page(facts(1_000, Some("a")));
    assert_eq!(insist(&mut bench, &facts(0, None)), (LAST, 3, 3_000));
    let mut bench = Bench::walking(2_000);
    bench.page(facts(1_000, Some("a")));
    assert_eq!(bench.page(facts(899, None)), PageVerdict::Discard, "101 short of 2,000");
    let mut bench = Bench::walking(2_000);
    bench.page(facts(1_000, Some("a")));
    assert_eq!(bench.page(facts(900, None)), LAST, "within what X's count is off by");
}

#[test]
fn pages_in_a_circle_begin_anew_twice_and_then_stop() {
    let mut bench = Bench::walking(5_000);
    for _ in 0..3 {
        assert_eq!(bench.step(), "page ");
        assert_eq!(bench.page(facts(1_000, Some("a"))), KEEP);
        assert_eq!(bench.page(facts(1_000, Some("b"))), KEEP);
        let circle = facts(1_000, Some("a"));
        assert_eq!(insist(&mut bench, &circle).0, PageVerdict::Restart);
        assert_eq!((bench.crawl.pages(), bench.crawl.read()), (0, 0));
        bench = bench.saved();
    }
    assert_eq!(bench.step(), "Rejected");
    assert_eq!(bench.crawl.counts()["restarts"], 2);
}

#[test]
fn a_circle_longer_than_its_memory_shows_as_pages_without_anything_new() {
    let mut bench = Bench::walking(50_000);
    for i in 0..50 {
        assert_eq!(bench.page(facts(1_000, Some(&format!("t{i}")))), KEEP);
    }
    let verdicts: Vec<_> = (0..4)
        .map(|i| {
            let again = PageFacts { repeats: 1_000, ..facts(0, Some(&format!("t{i}"))) };
            insist(&mut bench, &again).0
        })
        .collect();
    assert_eq!(verdicts, [KEEP, KEEP, KEEP, PageVerdict::Restart]);
}

#[test]
fn a_list_without_end_is_given_up() {
    let mut bench = Bench::walking(1_000);
    for i in 0..1_002 {
        assert_eq!(
            bench.step(),
            format!("page {}", if i == 0 { String::new() } else { i.to_string() })
        );
        assert_eq!(bench.page(facts(1, Some(&(i + 1).to_string()))), KEEP);
    }
    assert_eq!(bench.step(), "Rejected");
}

#[test]
fn a_dead_page_token_begins_the_walk_anew() {
    let mut bench = Bench::walking(2_000);
    for restarts in 1..=2 {
        bench.page(facts(1_000, Some("a")));
        bench.trouble(&http(Class::PageToken));
        bench = bench.saved();
        assert_eq!((bench.step().as_str(), bench.crawl.read()), ("page ", 0));
        assert_eq!(bench.crawl.counts()["restarts"], restarts);
    }
    bench.page(facts(1_000, Some("a")));
    bench.trouble(&http(Class::PageToken));
    assert_eq!(bench.step(), "Rejected");
}

#[test]
fn trouble_waits_longer_each_time_until_something_works() {
    let mut bench = Bench::walking(2_000);
    for least in [5_000, 10_000, 20_000] {
        bench.trouble(&http(Class::Server));
        bench = bench.saved();
        assert!(bench.step().starts_with("wait "));
        let (until, why) = bench.crawl.waiting().unwrap();
        // A quarter is room for jitter.
        let waited = until.since(bench.now);
        assert!((least..least * 5 / 4).contains(&waited), "{waited}");
        assert_eq!(why, "X said T");
        bench.now = until;
        assert_eq!(bench.step(), "page ");
    }
    bench.page(facts(1_000, Some("a")));
    bench.trouble(&http(Class::Server));
    let again = bench.crawl.waiting().unwrap().0.since(bench.now);
    assert!((5_000..6_250).contains(&again), "{again}");
    assert_eq!(bench.crawl.counts()["retries"], 4);
}

#[test]
fn hours_without_progress_end_the_check() {
    let mut bench = Bench::walking(2_000);
    let mut failures = 0;
    while bench.step() != "Silent" {
        failures += 1;
        assert!(failures < 100);
        bench.trouble(&http(Class::Server));
        bench.now = bench.crawl.waiting().map_or(bench.now, |(until, _)| until);
    }
    assert!(bench.now.since(T0) >= SILENT_MS);
}

#[test]
fn a_refusal_ends_the_check_with_its_cause() {
    let mut bench = Bench::walking(2_000);
    bench.trouble(&http(Class::Credits));
    assert_eq!(bench.saved().step(), "Credits");
}

#[test]
fn the_budget_makes_it_wait_or_stop() {
    let mut bench = Bench::walking(2_000);
    bench.crawl.refuse_budget(Some(T0.plus(900_000)), "window".into(), T0);
    assert_eq!(bench.step(), "wait 900000");
    bench.now = T0.plus(900_000);
    assert_eq!(bench.step(), "page ");
    bench.crawl.refuse_budget(None, "cap".into(), bench.now);
    assert_eq!(bench.step(), "Budget");
}

#[test]
fn waiting_for_a_day_that_is_known_is_no_silence() {
    let mut bench = Bench::walking(2_000);
    let midnight = bench.now.plus(20 * 3_600_000);
    bench.crawl.refuse_budget(Some(midnight), "the day's cap".into(), bench.now);
    bench.now = midnight;
    bench.crawl.refuse_budget(Some(midnight.plus(900_000)), "window".into(), bench.now);
    assert_eq!(bench.step(), "wait 900000");
    bench.now = midnight.plus(6 * 3_600_000);
    bench.crawl.refuse_budget(Some(bench.now.plus(900_000)), "window".into(), bench.now);
    assert_eq!(bench.step(), "Silent");
}

#[test]
fn waiting_for_the_budget_ends_like_any_silence() {
    let mut bench = Bench::walking(2_000);
    bench.crawl.refuse_budget(Some(T0.plus(1)), "window".into(), T0);
    bench.now = T0.plus(SILENT_MS);
    bench.crawl.refuse_budget(Some(bench.now.plus(1)), "window".into(), bench.now);
    assert_eq!(bench.step(), "Silent");
}

#[test]
fn a_complete_list_is_not_thrown_away_for_its_closing_count() {
    type Mishap = fn(&mut Bench);
    let mishaps: [Mishap; 4] = [
        |bench| bench.trouble(&http(Class::Credits)),
        |bench| bench.trouble(&http(Class::PageToken)),
        |bench| bench.crawl.refuse_budget(None, "cap".into(), T0),
        |bench| (0..4).for_each(|_| bench.trouble(&Trouble::Cut)),
    ];
    for mishap in mishaps {
        let mut bench = Bench::walking(10);
        bench.page(facts(10, None));
        mishap(&mut bench);
        assert_eq!(bench.step(), "finish");
        assert_eq!(bench.crawl.facts().x_count_end, None);
    }
    let mut bench = Bench::walking(10);
    bench.page(facts(10, None));
    bench.trouble(&Trouble::Cut);
    assert!(bench.step().starts_with("wait 2"), "the first failures are waited out");
}

#[test]
fn nothing_moves_a_check_that_has_ended() {
    let mut bench = Bench::walking(10);
    bench.page(facts(10, None));
    bench.crawl.profile(10, T0);
    let finished = bench.crawl.clone();
    bench.trouble(&http(Class::Credits));
    bench.crawl.refuse_budget(None, String::new(), T0);
    bench.crawl.profile(11, T0);
    assert_eq!(bench.crawl.page(facts(10, None), T0), PageVerdict::Discard);
    assert_eq!(bench.crawl, finished);
}

#[test]
fn a_bare_list_is_its_pages_alone() {
    let bench = Bench { crawl: Crawl::list("run".into(), Some(1_500), T0), now: T0 };
    let mut bench = bench.saved();
    assert_eq!(bench.step(), "page ");
    assert_eq!(bench.page(facts(1_000, Some("a"))), PageVerdict::Keep { last: false });
    assert_eq!(bench.page(facts(500, None)), PageVerdict::Keep { last: true });
    assert_eq!((bench.step().as_str(), bench.crawl.read()), ("finish", 1_500));
}

#[test]
fn a_list_is_of_the_instant_its_first_page_was_read() {
    let mut bench = Bench::walking(2_000);
    bench.now = T0.plus(30 * MINUTE_MS);
    bench.page(facts(1_000, Some("a")));
    bench.now = T0.plus(50 * MINUTE_MS);
    bench.page(facts(1_000, None));
    assert_eq!(bench.saved().crawl.dated(), T0.plus(30 * MINUTE_MS));
}

#[test]
fn a_check_interrupted_before_its_first_page_is_not_dated_by_its_beginning() {
    // The object was lost at 02:31 and woke at 05:32: the list said 02:31 and held the world of
    // 05:32, so that lists between made people leave and come back who never did.
    let mut bench = Bench::walking(10).saved();
    bench.now = T0.plus(3 * HOUR_MS);
    assert!(bench.crawl.resume(bench.now));
    assert_eq!(bench.step(), "profile");
    bench.crawl.profile(10, bench.now);
    bench.page(facts(10, None));
    assert_eq!(bench.crawl.dated(), T0.plus(3 * HOUR_MS));
}

#[test]
fn pages_more_than_an_hour_apart_are_read_anew_from_the_count_on() {
    let mut bench = Bench::walking(3_000);
    bench.page(facts(1_000, Some("a")));
    bench.now = bench.now.plus(HOUR_MS);
    assert!(!bench.crawl.resume(bench.now), "an hour is borne");
    bench.page(facts(1_000, Some("b")));
    bench.now = bench.now.plus(HOUR_MS + 1);
    assert!(bench.crawl.resume(bench.now));
    assert!(!bench.crawl.resume(bench.now), "once");
    let mut bench = bench.saved();
    assert_eq!((bench.step().as_str(), bench.crawl.pages()), ("profile", 0));
    bench.crawl.profile(3_000, bench.now);
    assert_eq!(bench.step(), "page ");
    bench.page(facts(3_000, None));
    assert_eq!(bench.crawl.dated(), bench.now);
    assert!(!bench.finish(3_000).doubtful);
}

#[test]
fn a_wait_stays_when_a_check_is_planned_anew() {
    let mut bench = Bench::walking(3_000);
    bench.page(facts(1_000, Some("a")));
    let until = bench.now.plus(5 * HOUR_MS);
    bench.crawl.refuse_budget(Some(until), "the day's cap".into(), bench.now);
    bench.now = bench.now.plus(2 * HOUR_MS);
    assert!(bench.crawl.resume(bench.now));
    assert_eq!(bench.step(), format!("wait {}", 3 * HOUR_MS));
}

#[test]
fn pages_that_are_always_far_apart_make_a_doubtful_list_in_the_end() {
    let mut bench = Bench::walking(2_000);
    for _ in 0..RESUMED_MAX {
        bench.page(facts(1_000, Some("a")));
        bench.now = bench.now.plus(2 * HOUR_MS);
        assert!(bench.crawl.resume(bench.now));
        bench.crawl.profile(2_000, bench.now);
    }
    bench.page(facts(1_000, Some("a")));
    bench.now = bench.now.plus(2 * HOUR_MS);
    bench.crawl.resume(bench.now);
    assert_eq!(bench.step(), "page a");
    bench.page(facts(1_000, None));
    assert!(bench.finish(2_000).doubtful);
}

#[test]
fn a_closing_count_of_another_hour_is_not_asked_for() {
    let mut bench = Bench::walking(10);
    bench.page(facts(10, None));
    bench.now = bench.now.plus(2 * HOUR_MS);
    assert!(bench.crawl.resume(bench.now));
    assert_eq!(bench.step(), "finish");
    assert_eq!(bench.crawl.facts().x_count_end, None);
}
