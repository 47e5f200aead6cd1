//! The cadence by table, plans in short, and 65 days of an account under refusals and evictions.

use super::*;
use crate::id::TweetId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Times in these tests are minutes; days begin at 0, 1440, ….
fn m(minutes: i64) -> UnixMs {
    UnixMs(minutes * MINUTE_MS)
}

const DAY: i64 = 24 * 60;

#[track_caller]
fn check(created: i64, last_read: i64, expected: i64) {
    assert_eq!(due(m(created), Some(m(last_read)), m(last_read)), m(expected));
}

#[test]
fn a_new_tweet_is_due_at_once() {
    assert_eq!(due(m(100), None, m(103)), m(100));
    assert!(is_due(m(100), None, m(103)));
    assert!(is_due(m(110), None, m(103)), "X's clock is ahead");
}

#[test]
fn on_its_first_day_every_hour() {
    check(100, 103, 120);
    check(100, 120, 180);
    check(100, 121, 180);
    check(100, 176, 240);
}

#[test]
fn in_its_first_week_every_six_hours() {
    check(0, DAY, DAY + 360);
    check(0, DAY + 361, DAY + 720);
    check(30, DAY, DAY + 360);
}

#[test]
fn until_it_is_30_days_old_every_day() {
    check(30, 7 * DAY, 8 * DAY);
    check(30, 8 * DAY + 700, 9 * DAY);
}

#[test]
fn then_every_week() {
    // Weeks of UTC begin on Thursdays, as 1970 did.
    check(30, 30 * DAY, 35 * DAY);
    check(30, 35 * DAY + 9, 42 * DAY);
    check(30, 400 * DAY, 406 * DAY);
}

#[test]
fn a_late_reading_does_not_move_the_next() {
    check(0, 179, 240);
    check(0, 9 * DAY + 1_434, 10 * DAY);
}

#[test]
fn an_early_tick_counts_for_its_hour() {
    assert!(is_due(m(0), Some(m(60)), m(116)));
    check(0, 116, 180);
    assert!(!is_due(m(0), Some(m(60)), m(114)));
}

#[test]
fn a_reading_after_now_counts_as_none() {
    assert!(is_due(m(0), Some(m(500)), m(100)));
}

proptest! {
    #[test]
    fn a_tweet_is_always_due_within_its_interval(
        created in 0_i64..3_000_000, age in 0_i64..100 * DAY,
    ) {
        let last = m(created + age);
        let next = due(m(created), Some(last), last);
        prop_assert!(next > last);
        prop_assert!(next.since(last) <= interval_ms(next.since(m(created))) + EARLY_MS);
        prop_assert!(!is_due(m(created), Some(last), last));
        prop_assert!(is_due(m(created), Some(last), next));
    }

    #[test]
    fn plans_keep_their_word(
        tweets in prop::collection::vec((0_i64..60 * DAY, prop::option::of(0_i64..3_000), any::<bool>()), 0..300),
        owned: bool,
        signed_in: bool,
        budget in 0_u64..400_000,
    ) {
        let now = m(60 * DAY);
        let watched: Vec<Watched> = (1..).zip(&tweets).map(|(id, (created, read, listed))| Watched {
            id: TweetId(id),
            created: m(*created),
            last_read: read.map(|ago| now.plus(-ago * MINUTE_MS)).filter(|at| *at > m(*created)),
            listed: *listed,
        }).collect();
        let author = owned || signed_in;
        let terms = Terms { owned, author, budget, discovered: Some(m(60 * DAY - 60)) };
        let plan = plan(&watched, &terms, now);
        let by_id: BTreeMap<TweetId, Watched> = watched.iter().map(|t| (t.id, *t)).collect();
        let planned: Vec<TweetId> = plan.batches.iter().flat_map(|batch| batch.ids.clone()).collect();
        let mut answered = planned.clone();
        answered.extend(&plan.left_out);
        answered.sort();
        let mut due: Vec<TweetId> =
            watched.iter().filter(|t| is_due(t.created, t.last_read, now)).map(|t| t.id).collect();
        due.sort();
        prop_assert_eq!(answered, due, "each due tweet once");
        prop_assert!(plan.cost <= budget);
        prop_assert_eq!(plan.cost, plan.batches.iter().map(|batch| batch.cost).sum::<u64>());
        for batch in &plan.batches {
            prop_assert!(batch.ids.len() <= 100);
            prop_assert!(author || !batch.private);
            let young = batch.ids.iter().all(|id| now.since(by_id[id].created) < 30 * DAY_MS);
            prop_assert!(young || !batch.private, "private metrics of the 31st day");
            if let Read::Timeline { from, to, .. } = batch.read {
                prop_assert!(!batch.private || now.since(from.unwrap()) < 30 * DAY_MS);
                let covers = |id: &TweetId| {
                    let at = by_id[id].created;
                    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
                };
                prop_assert!(batch.ids.iter().all(covers));
            }
        }
    }
}

fn watched(id: u64, created: i64, last_read: Option<i64>) -> Watched {
    Watched { id: TweetId(id), created: m(created), last_read: last_read.map(m), listed: true }
}

fn owner(now: i64) -> Terms {
    Terms { owned: true, author: true, budget: 1_000_000, discovered: Some(m(now - 60)) }
}

/// A batch in short: `list FROM-TO` or `look up`, whether private, ids, cost.
fn short(batch: &Batch) -> String {
    let minute = |at: Option<UnixMs>| at.map_or(String::new(), |at| (at.0 / MINUTE_MS).to_string());
    let read = match batch.read {
        Read::Timeline { since, from, to } => {
            let since = since.map_or(String::new(), |id| format!("after {id} "));
            format!("list {since}{}-{}", minute(from), minute(to))
        }
        Read::Lookup => "look up".to_owned(),
    };
    let ids: Vec<String> = batch.ids.iter().map(ToString::to_string).collect();
    let private = if batch.private { "private" } else { "public" };
    format!("{read} {private} [{}] {}", ids.join(" "), batch.cost)
}

#[track_caller]
fn check_plan(tweets: &[Watched], terms: &Terms, now: i64, expected: &[&str]) {
    let plan = plan(tweets, terms, m(now));
    assert_eq!(plan.batches.iter().map(short).collect::<Vec<_>>(), expected);
}

#[test]
fn own_tweets_are_listed_once_and_repeats_are_free() {
    let now = 50 * DAY + 360;
    let tweets = [
        watched(1, 49 * DAY, Some(now - 360)),
        watched(2, 50 * DAY + 10, Some(now - 60)),
        watched(3, 50 * DAY + 300, None),
    ];
    check_plan(
        &tweets,
        &owner(now),
        now,
        &["list after 3 29190- private [] 0", "list 70560-72300 private [3 2 1] 1000"],
    );
}

#[test]
fn tweets_past_30_days_are_listed_for_their_public_metrics() {
    let now = 49 * DAY;
    let tweets = [watched(1, 3 * DAY, Some(42 * DAY)), watched(2, 48 * DAY, Some(now - 60))];
    check_plan(
        &tweets,
        &owner(now),
        now,
        &[
            "list after 2 27390- private [] 0",
            "list 69120-69120 private [2] 1000",
            "list 4320-4320 public [1] 1000",
        ],
    );
}

#[test]
fn what_the_listing_does_not_have_is_looked_up() {
    let now = 49 * DAY;
    let beyond = Watched { listed: false, ..watched(1, 3 * DAY, Some(42 * DAY)) };
    check_plan(
        &[beyond],
        &owner(now),
        now,
        &["list after 1 27390- private [] 0", "look up public [1] 5000"],
    );
}

#[test]
fn a_listing_that_costs_more_than_a_look_up_is_not_made() {
    let now = 49 * DAY + 60;
    // Two are due, and many between them were read yesterday.
    let mut tweets: Vec<Watched> =
        (2..40).map(|id| watched(id, id.cast_signed(), Some(48 * DAY + 1_439))).collect();
    tweets.extend([watched(1, 0, Some(40 * DAY)), watched(40, 100, Some(40 * DAY))]);
    let plan = plan(&tweets, &owner(now), m(now));
    let last = plan.batches.last().map(short);
    assert_eq!(last.as_deref(), Some("look up public [40 1] 10000"));
}

#[test]
fn tweets_of_others_are_looked_up_for_their_public_metrics() {
    let now = 50 * DAY;
    let tweets = [watched(1, 49 * DAY, None), watched(2, 3 * DAY, None)];
    let terms = Terms { owned: false, author: false, ..owner(now) };
    check_plan(&tweets, &terms, now, &["list after 2 - public [] 0", "look up public [1 2] 10000"]);
}

#[test]
fn an_author_who_does_not_own_the_app_has_private_metrics_at_the_full_price() {
    let now = 50 * DAY;
    let tweets = [watched(1, 49 * DAY, None), watched(2, 3 * DAY, None)];
    let terms = Terms { owned: false, ..owner(now) };
    check_plan(
        &tweets,
        &terms,
        now,
        &[
            "list after 2 28830- private [] 0",
            "look up private [1] 5000",
            "look up public [2] 5000",
        ],
    );
}

#[test]
fn the_first_time_everything_is_listed() {
    let now = 50 * DAY;
    let terms = Terms { discovered: None, ..owner(now) };
    check_plan(&[], &terms, now, &["list 28830- private [] 0", "list -28830 public [] 0"]);
}

#[test]
fn after_a_month_without_a_look_new_tweets_may_be_too_old_for_private_metrics() {
    let now = 100 * DAY;
    let terms = Terms { discovered: Some(m(60 * DAY)), ..owner(now) };
    check_plan(
        &[watched(7, 59 * DAY, Some(now - 1))],
        &terms,
        now,
        &["list after 7 100830- private [] 0", "list after 7 -100830 public [] 0"],
    );
}

#[test]
fn a_small_budget_takes_the_newest() {
    let now = 50 * DAY;
    let tweets: Vec<Watched> =
        (0..10).map(|id| watched(id, 49 * DAY + id.cast_signed(), None)).collect();
    let terms = Terms { budget: 3_000, ..owner(now) };
    let plan = plan(&tweets, &terms, m(now));
    assert_eq!(plan.batches.last().map(|batch| batch.ids.len()), Some(3));
    assert_eq!((plan.cost, plan.left_out.len()), (3_000, 7));
    assert!(plan.left_out.iter().all(|id| id.0 < 7));
}

#[test]
fn what_a_listing_lacked_is_looked_up_with_the_same_metrics() {
    let batch = Batch {
        read: Read::Timeline { since: None, from: None, to: None },
        private: true,
        ids: vec![TweetId(3), TweetId(2), TweetId(1)],
        cost: 3_000,
    };
    let seen = BTreeSet::from([TweetId(3), TweetId(1)]);
    let again = absent(&batch, &seen).unwrap();
    assert_eq!(short(&again), "look up private [2] 5000");
    assert_eq!(absent(&again, &BTreeSet::new()), None, "a look-up is the last word");
    assert_eq!(absent(&batch, &batch.ids.iter().copied().collect()), None);
}

/// 30 days and a while of an account that writes 8 tweets a day, with X's refusals and the
/// machine's.
struct World {
    dice: u64,
    now: UnixMs,
    tweets: BTreeMap<TweetId, Watched>,
    readings: BTreeMap<TweetId, Vec<UnixMs>>,
    billed: BTreeSet<(i64, TweetId)>,
    refused: u32,
    evicted: u32,
}

const DAYS: i64 = 65;
const PER_DAY: i64 = 8;

impl World {
    fn dice(&mut self, end: i64) -> i64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        i64::try_from(self.dice >> 33).unwrap() % end
    }

    /// Ticks come up to two minutes late, and so much early.
    fn run(seed: u64, early_s: i64) -> Self {
        let mut world = Self {
            dice: seed,
            now: UnixMs(0),
            tweets: BTreeMap::new(),
            readings: BTreeMap::new(),
            billed: BTreeSet::new(),
            refused: 0,
            evicted: 0,
        };
        let mut ahead: Vec<UnixMs> =
            (0..DAYS * PER_DAY).map(|_| UnixMs(world.dice(DAYS * 86_400) * 1_000)).collect();
        ahead.sort();
        ahead.dedup();
        for hour in 1..DAYS * 24 {
            let late_s = world.dice(120 + early_s) - early_s;
            let tick = UnixMs(hour * HOUR_MS + late_s * 1_000);
            world.tick(tick, &ahead);
        }
        world
    }

    /// One tick: what fails is tried again, after a refusal when X's window is over.
    fn tick(&mut self, tick: UnixMs, ahead: &[UnixMs]) {
        let end = tick.plus(50 * MINUTE_MS);
        self.now = tick;
        while self.now < end {
            if self.dice(100) < 8 {
                self.refused += 1;
                self.now = self.now.plus(15 * MINUTE_MS);
                continue;
            }
            if self.read(ahead) {
                return;
            }
            self.evicted += 1;
            self.now = self.now.plus(MINUTE_MS);
        }
    }

    /// Carries a plan out, up to an eviction: `false`.
    fn read(&mut self, ahead: &[UnixMs]) -> bool {
        let watched: Vec<Watched> = self.tweets.values().copied().collect();
        let terms =
            Terms { owned: true, author: true, budget: u64::MAX, discovered: Some(self.now) };
        for batch in plan(&watched, &terms, self.now).batches {
            if self.dice(100) < 5 {
                return false;
            }
            let Read::Timeline { since, from, to } = batch.read else {
                panic!("all are listed: {batch:?}")
            };
            let listed: Vec<(TweetId, UnixMs)> = (1..)
                .map(TweetId)
                .zip(ahead.iter().copied())
                .filter(|(id, at)| {
                    *at <= self.now
                        && since.is_none_or(|since| *id > since)
                        && from.is_none_or(|from| *at >= from)
                        && to.is_none_or(|to| *at < to)
                })
                .collect();
            for (id, created) in listed {
                assert!(!batch.private || self.now.since(created) < 30 * DAY_MS);
                let last_read = Some(self.now);
                self.tweets.insert(id, Watched { id, created, last_read, listed: true });
                self.readings.entry(id).or_default().push(self.now);
                self.billed.insert((self.now.utc_day(), id));
            }
        }
        true
    }
}

/// How many readings a tweet should have between two ages: one for each interval's beginning.
fn ideal(created: UnixMs, from_ms: i64, to_ms: i64) -> i64 {
    let interval = interval_ms(from_ms);
    let beginnings = |age_ms| created.plus(age_ms).0.div_euclid(interval);
    beginnings(to_ms) - beginnings(from_ms)
}

#[test]
fn the_cadence_is_kept_under_refusals_and_evictions() {
    let world = World::run(20_261_121, 120);
    assert!(world.refused > 100 && world.evicted > 100, "{} {}", world.refused, world.evicted);
    for (from_ms, to_ms) in [(0, DAY_MS), (DAY_MS, 7 * DAY_MS), (7 * DAY_MS, 30 * DAY_MS)] {
        let (mut found, mut wanted) = (0_i64, 0_i64);
        let old = world.tweets.values().filter(|t| t.created < UnixMs((DAYS - 31) * DAY_MS));
        for tweet in old {
            let within = |at: &&UnixMs| (from_ms..to_ms).contains(&at.since(tweet.created));
            found +=
                i64::try_from(world.readings[&tweet.id].iter().filter(within).count()).unwrap();
            wanted += ideal(tweet.created, from_ms, to_ms);
        }
        let off = (found - wanted).abs() * 100;
        assert!(off <= wanted * 5, "age {from_ms}: {found} readings, {wanted} wanted");
    }
}

#[test]
fn the_forecast_is_what_thirty_days_cost() {
    let world = World::run(7, 0);
    let days = 33..63;
    let billed = world.billed.iter().filter(|(day, _)| days.contains(day)).count() as u64;
    let older = world.tweets.values().filter(|t| t.created < UnixMs(18 * DAY_MS)).count() as u64;
    let forecast = forecast(30 * PER_DAY.unsigned_abs(), older, true);
    assert!(billed.abs_diff(forecast.billed) * 20 < billed, "{billed} billed, {forecast:?}");
}

#[test]
fn three_tweets_a_day_cost_three_dollars_a_month() {
    assert_eq!(forecast(90, 0, true), Forecast { billed: 2_790, cost: 2_790_000 });
    assert_eq!(forecast(90, 700, false).cost, (2_790 + 3_000) * 5_000);
    assert_eq!(full_fetch(3_200, POST_PRICE), 480_000_000);
}
