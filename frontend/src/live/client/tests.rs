//! The connection's states, step by step.

use super::*;
use proptest::prelude::*;
use shared::time::UnixMs;

const PING: &str = frames::PING;

/// A client with a clock that is moved by hand; chance is always one half.
struct Bench {
    client: Client,
    now: i64,
}

impl Bench {
    fn new() -> Self {
        Self { client: Client::default(), now: 1_000_000 }
    }

    fn say(&mut self, input: Input) -> Vec<Effect> {
        self.client.handle(self.now, 0.5, input)
    }

    /// Lets time pass, ticking four times a second.
    fn pass(&mut self, ms: i64) -> Vec<Effect> {
        let end = self.now + ms;
        let mut effects = Vec::new();
        while self.now < end {
            self.now = (self.now + 250).min(end);
            effects.extend(self.say(Input::Tick));
        }
        effects
    }

    fn live() -> Self {
        let mut bench = Self::new();
        assert_eq!(bench.say(Input::Want(true)), [Effect::Open]);
        bench.say(Input::Hello { cursor: 1_000, floor: 100 });
        assert_eq!(bench.client.phase(), &Phase::Live);
        bench.cover(701, 1_000);
        bench
    }

    fn cover(&mut self, from: u64, to: u64) -> (Cover, Vec<Effect>) {
        self.client.cover(self.now, from, to)
    }

    fn retry_in(&self) -> i64 {
        match self.client.phase() {
            Phase::Offline { retry_at } => retry_at - self.now,
            other => panic!("not offline but {other:?}"),
        }
    }
}

fn sent(text: &str) -> Effect {
    Effect::Send(text.to_owned())
}

#[test]
fn a_first_hello_asks_for_a_little_of_what_was() {
    let mut bench = Bench::new();
    bench.say(Input::Want(true));
    let effects = bench.say(Input::Hello { cursor: 1_000, floor: 100 });
    assert_eq!(effects.last(), Some(&sent(r#"{"t":"resume","after":700}"#)));
    let mut bench = Bench::new();
    bench.say(Input::Want(true));
    let effects = bench.say(Input::Hello { cursor: 120, floor: 100 });
    assert_eq!(effects.last(), Some(&sent(r#"{"t":"resume","after":99}"#)), "not below the floor");
}

#[test]
fn a_second_hello_goes_on_where_the_first_connection_ended() {
    let mut bench = Bench::live();
    bench.cover(1_001, 1_040);
    bench.say(Input::Closed(1006));
    bench.pass(30_000);
    let effects = bench.say(Input::Hello { cursor: 2_000, floor: 100 });
    assert_eq!(effects.last(), Some(&sent(r#"{"t":"resume","after":1040}"#)));
}

#[test]
fn a_server_that_began_anew_is_followed_from_its_own_numbers() {
    let mut bench = Bench::live();
    bench.say(Input::Closed(1006));
    bench.pass(30_000);
    let effects = bench.say(Input::Hello { cursor: 40, floor: 1 });
    assert_eq!(effects.last(), Some(&sent(r#"{"t":"resume","after":0}"#)));
}

#[test]
fn waits_double_to_their_most_and_begin_anew_after_health() {
    let mut bench = Bench::new();
    bench.say(Input::Want(true));
    let mut waits = Vec::new();
    for _ in 0..8 {
        bench.say(Input::Closed(1006));
        waits.push(bench.retry_in());
        bench.pass(bench.retry_in());
        assert_eq!(bench.client.phase(), &Phase::Connecting);
    }
    assert_eq!(waits, [750, 1_250, 2_250, 4_250, 8_250, 15_250, 15_250, 15_250]);
    bench.say(Input::Hello { cursor: 1, floor: 1 });
    bench.pass(HEALTHY_MS);
    bench.say(Input::Closed(1006));
    assert_eq!(bench.retry_in(), 750);
}

#[test]
fn a_short_life_is_no_health() {
    let mut bench = Bench::live();
    bench.say(Input::Closed(1006));
    bench.pass(bench.retry_in());
    bench.say(Input::Hello { cursor: 1_000, floor: 1 });
    bench.pass(HEALTHY_MS - 1_000);
    bench.say(Input::Closed(1006));
    assert_eq!(bench.retry_in(), 1_250);
}

#[test]
fn pings_go_out_on_time_whatever_else_is_heard() {
    let mut bench = Bench::live();
    let mut pings = 0;
    for _ in 0..100 {
        let effects = bench.pass(1_000);
        pings += effects.iter().filter(|&effect| effect == &sent(PING)).count();
        bench.say(Input::Heard);
    }
    assert_eq!(pings, 4);
}

#[test]
fn silence_is_told_and_then_acted_upon() {
    let mut bench = Bench::live();
    assert_eq!(bench.pass(PING_EVERY_MS), [sent(PING)]);
    assert_eq!(bench.client.phase(), &Phase::Live);
    bench.pass(STALE_MS);
    assert_eq!(bench.client.phase(), &Phase::Stale);
    bench.say(Input::Heard);
    assert_eq!(bench.client.phase(), &Phase::Live);
    assert_eq!(bench.pass(PING_EVERY_MS - STALE_MS), [sent(PING)]);
    assert_eq!(bench.pass(PONG_WITHIN_MS), [Effect::Close]);
    assert_eq!(bench.retry_in(), 750);
    assert_eq!(bench.say(Input::Closed(1006)), [], "the end of a socket that was given up");
    assert_eq!(bench.retry_in(), 750);
}

#[test]
fn a_connection_that_never_opens_is_given_up() {
    let mut bench = Bench::new();
    bench.say(Input::Want(true));
    assert_eq!(bench.pass(PONG_WITHIN_MS), [Effect::Close]);
    assert_eq!(bench.retry_in(), 750);
}

#[test]
fn a_page_nobody_looks_at_lets_go_and_comes_back_at_once() {
    let mut bench = Bench::live();
    bench.say(Input::Hidden);
    for _ in 0..299 {
        assert!(!bench.pass(1_000).contains(&Effect::Close));
        bench.say(Input::Heard);
    }
    assert_eq!(bench.pass(1_000), [Effect::Close]);
    assert_eq!(bench.client.phase(), &Phase::Asleep);
    assert_eq!(bench.pass(60_000), []);
    assert_eq!(bench.say(Input::Visible), [Effect::Open]);
}

#[test]
fn a_network_that_is_back_ends_the_wait() {
    let mut bench = Bench::live();
    bench.say(Input::Closed(1006));
    assert_eq!(bench.say(Input::Online), [Effect::Open]);
    assert_eq!(bench.say(Input::Online), [], "once");
    let mut bench = Bench::live();
    assert_eq!(bench.say(Input::Visible), [sent(PING)], "an open one is doubted");
}

#[test]
fn refusals_stop() {
    for code in [4401, 4403] {
        let mut bench = Bench::live();
        bench.say(Input::Closed(code));
        assert_eq!(bench.client.phase(), &Phase::Denied(String::new()), "{code}");
        assert_eq!(bench.pass(120_000), []);
        assert_eq!(bench.say(Input::Online), []);
        bench.say(Input::Want(false));
        assert_eq!(bench.say(Input::Want(true)), [Effect::Open], "but for who asks again");
    }
}

#[test]
fn goodbyes_say_when_to_come_back() {
    let bye = |retry_ms| Input::Bye { reason: "deploying".to_owned(), retry_ms };
    let mut bench = Bench::live();
    assert_eq!(bench.say(bye(Some(4_000))), [Effect::Close]);
    bench.say(Input::Closed(1012));
    assert_eq!(bench.retry_in(), 4_000);
    assert_eq!(bench.pass(4_000), [Effect::Open]);
    let mut bench = Bench::live();
    bench.say(bye(None));
    assert_eq!(bench.client.phase(), &Phase::Denied("deploying".to_owned()));
}

#[test]
fn who_leaves_closes() {
    let mut bench = Bench::live();
    assert_eq!(bench.say(Input::Want(false)), [Effect::Close]);
    assert_eq!(bench.say(Input::Closed(1000)), []);
    assert_eq!(bench.client.phase(), &Phase::Idle);
    assert_eq!(bench.pass(60_000), []);
}

#[test]
fn numbers_that_follow_are_taken_and_old_ones_are_not() {
    let mut bench = Bench::live();
    assert_eq!(bench.cover(1_001, 1_010).0, Cover::Next);
    assert_eq!(bench.cover(1_001, 1_010).0, Cover::Old);
    assert_eq!(bench.cover(1_005, 1_020).0, Cover::Next, "a part is new");
    assert_eq!(bench.client.window().1, 1_020);
}

#[test]
fn a_hole_is_asked_for_and_then_declared() {
    let mut bench = Bench::live();
    let (cover, effects) = bench.cover(1_011, 1_020);
    assert_eq!((cover, effects), (Cover::Wait, vec![sent(r#"{"t":"resume","after":1000}"#)]));
    assert_eq!(bench.cover(1_021, 1_030), (Cover::Wait, vec![]), "once");
    assert_eq!(bench.cover(1_001, 1_030).0, Cover::Next, "here it comes");
    bench.cover(1_041, 1_050);
    bench.now += RESUME_WITHIN_MS;
    assert_eq!(bench.cover(1_051, 1_060).0, Cover::After { from: 1_031, to: 1_050 });
    assert_eq!(bench.cover(1_061, 1_070).0, Cover::Next);
}

#[test]
fn a_declared_gap_is_covered_but_what_was_there_before_is_not_missing() {
    let mut bench = Bench::live();
    bench.now += RESUME_WITHIN_MS;
    let now = bench.now;
    assert_eq!(bench.client.gap(now, 1_001, 1_300), Some((1_001, 1_300)));
    assert_eq!(bench.client.gap(now, 1_200, 1_310), Some((1_301, 1_310)));
    assert_eq!(bench.client.gap(now, 900, 1_310), None);
    assert_eq!(bench.cover(1_311, 1_320).0, Cover::Next);
    assert_eq!(bench.client.gap(now, 1_330, 1_340), Some((1_321, 1_340)), "and what led to it");
}

#[test]
fn thinned_numbers_may_come_or_not() {
    let mut bench = Bench::live();
    bench.client.thin(1_100);
    assert_eq!(bench.cover(1_001, 1_100).0, Cover::Next, "the same span, after its notice");
    bench.client.thin(1_200);
    assert_eq!(bench.cover(1_201, 1_210).0, Cover::Next, "nothing of the span came");
}

#[test]
fn rewinding_takes_old_numbers_as_new_ones() {
    let mut bench = Bench::live();
    assert_eq!(bench.say(Input::Rewind(200)), [sent(r#"{"t":"resume","after":200}"#)]);
    assert_eq!(bench.cover(1_001, 1_005).0, Cover::Wait, "sent before we asked");
    assert_eq!(bench.cover(201, 600).0, Cover::Next);
    assert_eq!(bench.cover(601, 1_005).0, Cover::Next);
}

/// Answers the rewinds that went out, oldest first.
fn rewinds(effects: &[Effect]) -> Vec<&str> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Send(text) = effect
            && let Some(after) = text.strip_prefix(r#"{"t":"resume","after":"#)
        {
            found.push(after.trim_end_matches('}'));
        }
    }
    found
}

#[test]
fn a_slider_moved_by_keys_rewinds_twice_a_second_and_ends_where_it_was_left() {
    let mut bench = Bench::live();
    bench.pass(20_000);
    let mut effects = Vec::new();
    for press in 0..20 {
        effects.extend(bench.say(Input::Rewind(900 - press)));
        effects.extend(bench.pass(60));
    }
    effects.extend(bench.pass(1_000));
    let rewinds = rewinds(&effects);
    assert!(rewinds.len() <= 4, "{rewinds:?}");
    assert_eq!((rewinds.first(), rewinds.last()), (Some(&"900"), Some(&"881")));
}

#[test]
fn what_waits_to_be_asked_is_no_hole() {
    let mut bench = Bench::live();
    bench.say(Input::Rewind(300));
    assert_eq!(bench.say(Input::Rewind(200)), []);
    assert_eq!(bench.cover(1_001, 1_005), (Cover::Wait, vec![]), "nothing is asked twice");
    assert_eq!(rewinds(&bench.pass(1_000)), ["200"]);
}

#[test]
fn being_told_that_it_was_too_much_is_not_the_end() {
    let mut bench = Bench::live();
    let reason = "too many messages: at most 10 in 10 s".to_owned();
    bench.say(Input::Bye { reason, retry_ms: Some(2_000) });
    assert_eq!(bench.pass(2_000), [Effect::Open]);
    bench.say(Input::Hello { cursor: 1_000, floor: 100 });
    assert_eq!(bench.client.phase(), &Phase::Live);
}

#[test]
fn another_filter_is_told_and_the_last_of_it_asked_for() {
    let mut bench = Bench::live();
    let filter = Subscribe { lang: vec!["de".to_owned()], ..Subscribe::default() };
    let effects = bench.say(Input::Filter(filter.clone()));
    assert_eq!(effects.len(), 2);
    assert_eq!(effects.last(), Some(&sent(r#"{"t":"resume","after":700}"#)));
    assert_eq!(bench.say(Input::Filter(filter)), [], "the same again is nothing new");
}

proptest! {
    /// Whatever is turned, typed and dragged: the server never gets more than it takes, and
    /// what was wanted last is asked for.
    #[test]
    fn no_more_goes_out_than_the_server_takes(
        acts in prop::collection::vec((0_u8..4, 1_u64..1_000, 0_i64..900), 1..200),
    ) {
        let mut bench = Bench::live();
        let mut server = shared::live::hub::Messages::default();
        // What the hello was answered with.
        server.take(UnixMs(bench.now));
        server.take(UnixMs(bench.now));
        let mut last = None;
        let mut said = None;
        for (kind, number, wait) in acts {
            let mut effects = match kind {
                0 => bench.say(Input::Visible),
                1 => bench.say(Input::Filter(Subscribe { text: Some(number.to_string()), ..Subscribe::default() })),
                2 => { last = Some(number); bench.say(Input::Rewind(number)) }
                _ => { bench.say(Input::Heard); Vec::new() }
            };
            if kind == 1 { last = None; }
            effects.extend(bench.pass(wait));
            bench.say(Input::Heard);
            for effect in &effects {
                let Effect::Send(text) = effect else { continue };
                if text != PING { said = Some(text.clone()); }
                prop_assert!(text == PING || server.take(UnixMs(bench.now)));
            }
        }
        for _ in 0..30 {
            for effect in bench.pass(1_000) {
                if let Effect::Send(text) = effect && text != PING { said = Some(text); }
            }
            bench.say(Input::Heard);
        }
        if let Some(last) = last {
            let wanted = format!(r#"{{"t":"resume","after":{last}}}"#);
            prop_assert_eq!(said, Some(wanted));
        }
    }

    /// Whatever is lost, doubled or sent again: every number is taken once, in order, or is
    /// declared missing.
    #[test]
    fn every_number_is_taken_once_or_declared(
        frames in prop::collection::vec((0_u64..40, 1_u64..20, 0_u8..4), 1..60),
    ) {
        let mut bench = Bench::live();
        let mut dealt = 1_000_u64;
        for (back, length, kind) in frames {
            let from = (dealt + 20).saturating_sub(back).max(1);
            let to = from + length - 1;
            bench.now += 1_000;
            if kind == 0 {
                let now = bench.now;
                if let Some((first, last)) = bench.client.gap(now, from, to) {
                    prop_assert_eq!((first, last), (dealt + 1, to));
                    dealt = last;
                }
                continue;
            }
            match bench.cover(from, to).0 {
                Cover::Next => {
                    prop_assert!(from <= dealt + 1 && to > dealt);
                    dealt = to;
                }
                Cover::After { from: first, to: last } => {
                    prop_assert_eq!((first, last), (dealt + 1, from - 1));
                    dealt = to;
                }
                Cover::Old => prop_assert!(to <= dealt),
                Cover::Wait => prop_assert!(from > dealt + 1),
            }
        }
    }

    /// Waits stay within their bounds for any chance.
    #[test]
    fn waits_stay_within_bounds(failures in 0_u32..100, random in 0.0_f64..1.0) {
        let wait = wait_ms(failures, random);
        prop_assert!((WAIT_LEAST_MS..=WAIT_MOST_MS).contains(&wait));
    }
}
