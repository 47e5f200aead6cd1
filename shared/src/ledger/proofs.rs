//! The ledger with evidence: what looks and pushes change, and what they may never change.

use super::tests::World;
use super::*;
use crate::api::{Confidence, Reason};
use crate::crawl::CrawlFacts;
use crate::time::HOUR_MS;
use crate::verdict::Said;
use proptest::prelude::*;

/// Everything shown of everyone, oldest first: `12-7!` as in the ledger's own tests, with the
/// reason of a loss; a push has `p` in front of the sign.
fn told(world: &World) -> Vec<(i64, String)> {
    let spelt = |user: UserId, shown: Shown, push: &str| {
        let state = match shown.state {
            None => "",
            Some(LossState::Suspected) => "?",
            Some(LossState::Confirmed) => "!",
            Some(LossState::Retracted) => "~",
        };
        let sign = match shown.kind {
            EventKind::Followed => "+",
            EventKind::Returned => "*",
            EventKind::Renamed => "=",
            EventKind::Lost => "-",
        };
        let reason = shown.verdict.filter(|verdict| verdict.reason != Reason::Unknown);
        let reason = reason.map_or(String::new(), |verdict| format!(" {}", verdict.reason));
        format!("{push}{sign}{user}{state}{reason}")
    };
    let seen = |shown: Option<Shown>| shown.filter(|shown| !shown.withheld);
    let rows = world.store.rows();
    let rows = rows.filter_map(|row| Some((row.at.0, spelt(row.user, seen(row.shown)?, ""))));
    let pushes = world.store.pushes();
    let pushes = pushes.filter_map(|one| Some((one.at.0, spelt(one.user, seen(one.shown)?, "p"))));
    let mut all: Vec<_> = rows.chain(pushes).collect();
    all.sort();
    all
}

/// What happens, hour by hour.
enum Step<'a> {
    List(&'a [u64]),
    Said(u64, Said),
}
use Step::{List, Said as Says};

#[track_caller]
fn check(steps: &[Step<'_>], expected: &str) {
    let mut world = World::default();
    for (hour, step) in (1..).zip(steps) {
        match step {
            List(ids) => drop(world.put(hour * HOUR_MS, ids, None)),
            Says(user, said) => drop(world.witness(*user, hour * HOUR_MS, *said)),
        }
    }
    let told = told(&world).into_iter().map(|(at, word)| format!("{}{word}", at / HOUR_MS));
    assert_eq!(told.collect::<Vec<_>>().join(", "), expected);
}

#[test]
fn looks_make_verdicts() {
    let left = [List(&[1, 2]), List(&[1])];
    let then = |said| left.iter().map(again).chain([Says(2, said)]).collect::<Vec<_>>();
    check(&then(Said::NotFollowing), "2-2! unfollowed");
    check(&then(Said::Found), "2-2! unfollowed");
    check(&then(Said::Suspended), "2-2! suspended");
    check(&then(Said::Missing), "2-2! gone");
    check(&then(Said::Blocked), "2-2! you_blocked");
    check(&then(Said::Following), "2-2~");
}

fn again<'a>(step: &Step<'a>) -> Step<'a> {
    match step {
        List(ids) => List(ids),
        Says(user, said) => Says(*user, *said),
    }
}

#[test]
fn who_x_says_still_follows_never_left_and_does_not_come_back() {
    check(&[List(&[1]), List(&[]), Says(1, Said::Following), List(&[1])], "2-1~");
    // Missing once more: they left after the look, or X's list lacks them again.
    check(&[List(&[1]), List(&[]), Says(1, Said::Following), List(&[])], "2-1~, 4-1?");
}

#[test]
fn a_vanished_account_that_is_back_within_a_day_never_left() {
    check(&[List(&[1]), List(&[]), Says(1, Said::Missing), List(&[]), List(&[1])], "2-1~");
    check(&[List(&[1]), List(&[]), List(&[]), List(&[1])], "2-1!, 4*1");
    check(&[List(&[1]), List(&[]), Says(1, Said::Suspended), List(&[1])], "2-1! suspended, 4*1");
    // What an app alone is told waits for the next list.
    check(&[List(&[1]), List(&[]), Says(1, Said::Found), List(&[1])], "2-1~");
}

#[test]
fn a_push_is_an_event_and_its_list_is_not() {
    check(&[List(&[1]), Says(2, Said::Followed), List(&[1, 2])], "2p+2");
    check(&[List(&[1]), Says(1, Said::Unfollowed), List(&[])], "2p-1! unfollowed");
    check(
        &[
            List(&[1]),
            Says(1, Said::Unfollowed),
            Says(1, Said::Followed),
            Says(1, Said::Unfollowed),
            List(&[]),
        ],
        "2p-1! unfollowed, 3p*1, 4p-1! unfollowed",
    );
}

#[test]
fn what_is_pushed_within_one_millisecond_stays_in_its_order() {
    let mut world = World::default();
    world.put(HOUR_MS, &[1], None);
    for said in [Said::Unfollowed, Said::Followed, Said::Unfollowed] {
        world.witness(1, 2 * HOUR_MS, said);
    }
    let words: Vec<_> =
        told(&world).into_iter().map(|(at, word)| (at - 2 * HOUR_MS, word)).collect();
    let expected = [(0, "p-1! unfollowed"), (1, "p*1"), (2, "p-1! unfollowed")];
    assert_eq!(words, expected.map(|(at, word)| (at, word.to_owned())));
}

#[test]
fn a_push_behind_its_list_settles_the_loss() {
    check(&[List(&[1]), List(&[]), Says(1, Said::Unfollowed)], "2-1! unfollowed");
    check(&[List(&[]), List(&[1]), Says(1, Said::Followed)], "2+1");
}

#[test]
fn a_list_corrects_what_was_not_pushed() {
    // The push of their coming back, or of their leaving, got lost.
    check(
        &[List(&[1]), Says(1, Said::Unfollowed), List(&[1]), List(&[1])],
        "2p-1! unfollowed, 3*1",
    );
    check(&[List(&[]), Says(1, Said::Followed), List(&[]), List(&[])], "2p+1, 3-1!");
}

#[test]
fn who_follows_again_had_left() {
    check(&[List(&[1]), List(&[]), Says(1, Said::Followed), List(&[1])], "2-1! unfollowed, 3p*1");
}

#[test]
fn evidence_of_nobodys_loss_changes_nothing() {
    check(&[List(&[1]), Says(1, Said::Missing), Says(1, Said::Following), List(&[1])], "");
    check(&[List(&[1]), Says(9, Said::Suspended), List(&[1])], "");
}

#[test]
fn a_withheld_loss_is_told_once_x_confirms_it() {
    let facts = CrawlFacts { doubtful: true, ..CrawlFacts::default() };
    let mut world = World::default();
    world.put(HOUR_MS, &[1, 2], None);
    world.put(2 * HOUR_MS, &[1], Some(facts));
    assert_eq!(told(&world), []);
    let row = world.store.rows().find(|row| row.dir == Dir::Left).cloned().unwrap();
    let look = row.shown.and_then(|shown| shown.verdict?.look);
    assert_eq!(look, Some(UnixMs(2 * HOUR_MS)), "it is looked at all the same");
    let news = world.witness(2, 3 * HOUR_MS, Said::NotFollowing);
    assert_eq!(news.len(), 1);
    let verdict = news[0].shown.unwrap().verdict.unwrap();
    assert_eq!((verdict.confidence, verdict.look), (Confidence::Certain, None));
}

const SAID: [Said; 8] = [
    Said::Following,
    Said::NotFollowing,
    Said::Found,
    Said::Suspended,
    Said::Missing,
    Said::Blocked,
    Said::Followed,
    Said::Unfollowed,
];
const PEOPLE: u64 = 4;

/// Lists at hours 1, 5, 9, …, some days apart: who is on each, as bits.
fn lists() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0..1_u64 << PEOPLE, 2..7)
}

/// Evidence: of whom, in which quarter hour after the first list, what.
fn evidence() -> impl Strategy<Value = Vec<(u64, i64, Said)>> {
    let said = prop::sample::select(&SAID[..]);
    prop::collection::vec((0..PEOPLE, 0..200_i64, said), 0..12)
}

const APART_MS: i64 = 7 * HOUR_MS;

fn list_at(k: usize) -> i64 {
    i64::try_from(k + 1).unwrap() * APART_MS
}

fn ids(bits: u64) -> Vec<u64> {
    (0..PEOPLE).filter(|user| bits >> user & 1 == 1).collect()
}

/// Off the hours, so that nothing falls on a list's own instant.
fn said_at(quarter: i64) -> i64 {
    APART_MS + quarter * HOUR_MS / 4 + 1
}

/// Everything as it comes, lists and evidence by time.
fn lived(lists: &[u64], evidence: &[(u64, i64, Said)]) -> World {
    let mut world = World::default();
    let mut evidence = evidence.to_vec();
    evidence.sort_by_key(|(_, quarter, _)| *quarter);
    let mut rest = evidence.into_iter().peekable();
    for (k, bits) in lists.iter().enumerate() {
        while let Some((user, quarter, said)) =
            rest.next_if(|(_, quarter, _)| said_at(*quarter) < list_at(k))
        {
            world.witness(user, said_at(quarter), said);
        }
        world.put(list_at(k), &ids(*bits), None);
    }
    for (user, quarter, said) in rest {
        world.witness(user, said_at(quarter), said);
    }
    world
}

proptest! {
    #[test]
    fn a_replay_in_any_order_shows_what_was_lived(
        lists in lists(),
        evidence in evidence(),
        order in any::<prop::sample::Index>(),
        twice in any::<prop::sample::Index>(),
    ) {
        let lived = lived(&lists, &evidence);
        let mut replayed = World::default();
        let mut sorted = evidence.clone();
        sorted.sort_by_key(|(_, quarter, _)| *quarter);
        for (user, quarter, said) in sorted {
            replayed.witness(user, said_at(quarter), said);
        }
        // Some rotation of the lists, and one of them a second time.
        let from = order.index(lists.len());
        for k in (from..lists.len()).chain(0..from).chain([twice.index(lists.len())]) {
            replayed.put(list_at(k), &ids(lists[k]), None);
        }
        let all = (0..PEOPLE).map(UserId).collect();
        let timeline = replayed.timeline();
        let late = reshow(&mut replayed.store, &timeline, &all).unwrap();
        prop_assert_eq!(late, vec![], "the lists alone had shown all");
        prop_assert_eq!(told(&replayed), told(&lived));
    }

    #[test]
    fn coming_and_leaving_alternate(lists in lists(), evidence in evidence()) {
        let world = lived(&lists, &evidence);
        for user in 0..PEOPLE {
            let mine = told(&world).into_iter().filter(|(_, word)| {
                let word = word.trim_start_matches('p');
                word[1..].starts_with(&user.to_string()) && !word.contains('~')
            });
            let left: Vec<bool> = mine.map(|(_, word)| word.contains('-')).collect();
            prop_assert!(left.windows(2).all(|pair| pair[0] != pair[1]), "{left:?}");
        }
    }

    #[test]
    fn who_is_in_every_list_is_never_lost_by_what_was_looked_up(
        lists in lists(),
        evidence in evidence(),
    ) {
        let lists: Vec<u64> = lists.iter().map(|bits| bits | 1).collect();
        let looks: Vec<_> = evidence.into_iter().filter(|(_, _, said)| !said.is_push()).collect();
        let world = lived(&lists, &looks);
        let lost = told(&world).into_iter().any(|(_, word)| word.starts_with("-0"));
        prop_assert!(!lost);
    }

    #[test]
    fn the_last_list_has_the_last_word(lists in lists(), evidence in evidence()) {
        let last = list_at(lists.len() - 1);
        let said: Vec<_> =
            evidence.into_iter().filter(|(_, quarter, _)| said_at(*quarter) < last).collect();
        let world = lived(&lists, &said);
        for user in 0..PEOPLE {
            let mine = told(&world).into_iter().rfind(|(_, word)| {
                let word = word.trim_start_matches('p');
                word[1..].starts_with(&user.to_string()) && !word.contains('~')
            });
            let Some((_, word)) = mine else { continue };
            let here = lists[lists.len() - 1] >> user & 1 == 1;
            prop_assert_eq!(here, !word.contains('-'), "{}", word);
        }
    }
}
