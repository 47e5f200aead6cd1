//! The machine against an upstream with every fault, and against its own promises.

use super::*;
use crate::time::SECOND_MS;
use crate::x::page;
use crate::x::problem::classify;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[track_caller]
fn check_keys(by: By, texts: &[&str], expected: Result<&[&str], &[(usize, &str)]>) {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let expected = expected
        .map(|keys| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
        .map_err(|unread| unread.iter().map(|(at, text)| (*at, (*text).to_owned())).collect());
    let unread = |unread: Vec<Unread>| -> Vec<(usize, String)> {
        unread.into_iter().map(|one| (one.index, one.text)).collect()
    };
    assert_eq!(keys(by, &texts).map_err(unread), expected);
}

#[test]
fn keys_are_folded() {
    check_keys(By::Ids, &["7", " 8", "7"], Ok(&["7", "8"]));
    check_keys(By::Usernames, &["@Ann", "bob", "ANN", "Bob"], Ok(&["Ann", "bob"]));
    check_keys(By::Usernames, &["https://x.com/Ann?s=20", "ann"], Ok(&["Ann"]));
    check_keys(By::Ids, &["x1", "7", "x2"], Err(&[(0, "x1"), (2, "x2")]));
    check_keys(By::Usernames, &["no space"], Err(&[(0, "no space")]));
    check_keys(By::Usernames, &["https://x.com/i/user/7"], Err(&[(0, "https://x.com/i/user/7")]));
}

#[test]
fn all_that_names_nobody_is_told_with_its_place() {
    let texts = ["ada", "https://x.com/i/user/7", "a b"].map(str::to_owned);
    let told = refusal(By::Usernames, &keys(By::Usernames, &texts).unwrap_err());
    assert!(
        told.contains("`usernames[1]`: `https://x.com/i/user/7` is none (it names the id 7)"),
        "{told}"
    );
    assert!(told.contains("`usernames[2]`: `a b` is none: handles of 1 to 15"), "{told}");
    let many = vec!["x1".to_owned(); 25];
    assert!(refusal(By::Ids, &keys(By::Ids, &many).unwrap_err()).contains("; and 5 more: ids of"));
}

#[track_caller]
fn check_class(asked: &str, (title, detail, kind): (&str, &str, &str), expected: Option<Class>) {
    let body = serde_json::json!({"errors": [{"value": asked, "title": title, "detail": detail,
        "type": format!("https://api.x.com/2/problems/{kind}")}]});
    let answer = page::lookup(body.to_string().as_bytes()).unwrap();
    let (told, _) = sort(By::Usernames, &[asked.to_owned()], answer);
    assert_eq!(
        told.first().map(|told| told.class),
        expected,
        "{asked}: {title} / {detail} / {kind}"
    );
}

#[test]
fn what_was_asked_for_does_not_say_what_it_is() {
    let handles = ["ada_suspended", "notsuspended_x", "suspended", "Suspended", "nobody_at_all_1"];
    for handle in handles {
        let quoted = [
            format!("[{handle}]"),
            format!("`{handle}`"),
            format!("@{handle}"),
            format!("\"{handle}\""),
            format!("“{handle}”"),
            handle.to_owned(),
            format!("({})", handle.to_lowercase()),
        ];
        for quoted in quoted {
            let missing = format!("Could not find user with usernames: {quoted}.");
            let suspended = format!("User has been suspended: {quoted}.");
            let before = format!("User {quoted} has been suspended.");
            let hidden =
                format!("Sorry, you are not authorized to see the user with usernames: {quoted}.");
            for (title, detail, kind, expected) in [
                ("Not Found Error", missing.as_str(), "resource-not-found", Some(Class::Missing)),
                (missing.as_str(), "", "resource-not-found", Some(Class::Missing)),
                ("Not Found Error", &missing, "resource-unavailable", Some(Class::Missing)),
                ("Not Found Error", &missing, "unheard-of", None),
                ("Forbidden", &suspended, "resource-not-found", Some(Class::Suspended)),
                ("Forbidden", &before, "resource-not-found", Some(Class::Suspended)),
                ("User suspended", &missing, "resource-not-found", Some(Class::Suspended)),
                ("Forbidden", &suspended, "", Some(Class::Suspended)),
                (
                    "Authorization Error",
                    &hidden,
                    "not-authorized-for-resource",
                    Some(Class::Protected),
                ),
            ] {
                check_class(handle, (title, detail, kind), expected);
            }
        }
    }
    check_class(
        "bob",
        ("", "Could not find users: [ada_suspended, suspended, bob].", "resource-not-found"),
        Some(Class::Missing),
    );
    check_class(
        "bob",
        ("", "This user isn't there \"any more [suspended", "resource-not-found"),
        Some(Class::Suspended),
    );
}

#[test]
fn a_partial_answer_is_split() {
    let body = r#"{"data":[{"id":"1","username":"Ann"},{"id":"99","username":"eve"}],"errors":[
        {"value":"2","detail":"User has been suspended: [2].","type":"x/resource-not-found"},
        {"value":"3","detail":"Could not find user.","type":"x/resource-not-found"},
        {"value":"4","detail":"Sorry.","type":"x/not-authorized-for-resource"},
        {"value":"5","title":"Odd","detail":"Strange.","type":"x/unheard-of"}]}"#;
    let keys: Vec<String> = (1..=6).map(|n: u32| n.to_string()).collect();
    let (told, why) = sort(By::Ids, &keys, page::lookup(body.as_bytes()).unwrap());
    let classes: Vec<_> = told.iter().map(|told| (told.key.as_str(), told.class)).collect();
    assert_eq!(
        classes,
        [
            ("1", Class::Found),
            ("2", Class::Suspended),
            ("3", Class::Missing),
            ("4", Class::Protected)
        ]
    );
    assert_eq!(why, "Odd: Strange.");
    let names = ["ann".to_owned(), "bob".to_owned()];
    let (told, _) = sort(By::Usernames, &names, page::lookup(body.as_bytes()).unwrap());
    assert_eq!((told.len(), told[0].id), (1, Some(crate::id::UserId(1))));
}

const NOW: UnixMs = UnixMs(1_000_000_000_000);

fn machine(batches: &[u32], settings: Settings) -> Lookup {
    Lookup::start(settings, batches.iter().copied())
}

#[test]
fn calls_are_asked_for_and_never_exceeded() {
    let mut lookup = machine(&[100, 100, 100, 7], Settings { pool: 2, ..Settings::default() });
    assert_eq!(lookup.next(NOW), Step::Ask { calls: 4, people: 307 });
    lookup.grant(3);
    assert_eq!(lookup.next(NOW), Step::Call(vec![0, 1]));
    lookup.answer(0, 0, "", NOW);
    lookup.answer(1, 0, "", NOW);
    assert_eq!(lookup.next(NOW), Step::Call(vec![2]));
    lookup.answer(2, 0, "", NOW);
    assert_eq!(lookup.next(NOW), Step::Ask { calls: 1, people: 7 });
    let until = NOW.plus(60_000);
    lookup.refuse(Some(until), "window".to_owned(), NOW);
    assert_eq!(lookup.next(NOW), Step::Wait { until, why: "window".to_owned() });
    assert_eq!(lookup.next(until), Step::Ask { calls: 1, people: 7 });
    lookup.grant(9);
    assert_eq!(lookup.next(until), Step::Call(vec![3]));
    lookup.answer(3, 0, "", until);
    assert_eq!(lookup.next(until), Step::Finish);
    assert_eq!((lookup.left(), lookup.failed().count()), (0, 0));
}

#[test]
fn one_failing_batch_never_stops_the_rest() {
    let mut lookup = machine(&[10, 10], Settings { tries: 2, ..Settings::default() });
    let mut now = NOW;
    let trouble = Trouble::Http(classify(503, b""));
    for _ in 0..20 {
        match lookup.next(now) {
            Step::Ask { calls, .. } => lookup.grant(calls),
            Step::Call(batches) => {
                for n in batches {
                    match n {
                        0 => lookup.trouble(0, &trouble, None, now),
                        _ => lookup.answer(n, 0, "", now),
                    }
                }
            }
            Step::Wait { until, .. } => now = until,
            Step::Finish => break,
        }
    }
    let failed: Vec<_> = lookup.failed().collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].0, lookup.left()), (0, 10));
    assert!(failed[0].1.contains("2 times"), "{failed:?}");
}

#[test]
fn what_the_last_batch_waits_for_is_told() {
    let mut lookup = machine(&[5], Settings::default());
    lookup.next(NOW);
    lookup.grant(1);
    lookup.next(NOW);
    lookup.trouble(0, &Trouble::Http(classify(503, b"")), None, NOW);
    let Step::Wait { until, why } = lookup.next(NOW) else { panic!("it goes on at once") };
    assert!(until > NOW && why.contains("503"), "{why}");
    assert_eq!(lookup.waiting(), Some((until, why.as_str())));
    assert_eq!(lookup.next(until), Step::Ask { calls: 1, people: 5 });
}

#[test]
fn a_batch_lost_on_the_way_is_asked_again() {
    let mut lookup = machine(&[5], Settings::default());
    lookup.next(NOW);
    lookup.grant(1);
    assert_eq!(lookup.next(NOW), Step::Call(vec![0]));
    let kept = serde_json::to_string(&lookup).unwrap();
    let mut lookup: Lookup = serde_json::from_str(&kept).unwrap();
    lookup.recover();
    assert_eq!(lookup.next(NOW), Step::Ask { calls: 1, people: 5 });
}

#[test]
fn credits_used_up_pause_and_keys_refused_stop() {
    let mut lookup = machine(&[5, 5], Settings::default());
    lookup.next(NOW);
    lookup.grant(2);
    lookup.next(NOW);
    lookup.trouble(0, &Trouble::Http(classify(402, b"")), None, NOW);
    lookup.answer(1, 0, "", NOW);
    assert!(matches!(lookup.next(NOW), Step::Wait { .. }));
    let later = NOW.plus(HOUR_MS);
    assert_eq!(lookup.next(later), Step::Ask { calls: 1, people: 5 });
    lookup.grant(1);
    lookup.next(later);
    lookup.trouble(0, &Trouble::Http(classify(401, b"")), None, later);
    assert_eq!(lookup.next(later), Step::Finish);
    assert_eq!(lookup.failed().count(), 1);
    assert_eq!(lookup.stopped().map(|stop| stop.cause), Some(StopCause::Credentials));
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Whole,
    /// Only so many of its keys are told.
    Partial(usize),
    Status(u16),
    PageToken,
    Cut,
    Network,
    BadBody,
    /// The object is lost while the call is under way.
    Lost,
    RateLimit,
}

fn fate() -> impl Strategy<Value = Fate> {
    static STATUSES: [u16; 12] = [400, 402, 403, 404, 408, 409, 420, 425, 429, 500, 503, 520];
    prop_oneof![
        4 => Just(Fate::Whole),
        2 => (0..5_usize).prop_map(Fate::Partial),
        2 => prop::sample::select(&STATUSES[..]).prop_map(Fate::Status),
        1 => Just(Fate::PageToken),
        1 => Just(Fate::Cut),
        1 => Just(Fate::Network),
        1 => Just(Fate::BadBody),
        1 => Just(Fate::Lost),
        1 => Just(Fate::RateLimit),
    ]
}

/// Runs a look-up to its end; what became of each key, and whether more calls were made than
/// granted.
struct Run {
    lookup: Lookup,
    left: Vec<BTreeSet<u32>>,
    told: BTreeMap<u32, u32>,
    granted: u32,
    made: u32,
    now: UnixMs,
}

impl Run {
    fn call(&mut self, n: u32, fate: Fate) -> bool {
        let rest = self.left[n as usize].clone();
        let status = |status| Trouble::Http(classify(status, b""));
        let some = match fate {
            Fate::Whole => rest.len(),
            Fate::Partial(n) => n.min(rest.len()),
            _ => 0,
        };
        let rate = Rate { limit: 300, remaining: 0, reset: self.now.plus(5 * SECOND_MS) };
        let (trouble, rate) = match fate {
            Fate::Whole | Fate::Partial(_) => {
                for key in rest.iter().take(some) {
                    *self.told.entry(*key).or_default() += 1;
                    self.left[n as usize].remove(key);
                }
                let left = u32::try_from(rest.len() - some).unwrap();
                self.lookup.answer(n, left, "left out", self.now);
                return true;
            }
            Fate::Lost => return false,
            Fate::Status(code) => (status(code), None),
            Fate::RateLimit => (status(429), Some(rate)),
            Fate::PageToken => {
                let body = br#"{"errors":[{"parameters":{"pagination_token":["x"]}}]}"#;
                (Trouble::Http(classify(400, body)), None)
            }
            Fate::Cut => (Trouble::Cut, None),
            Fate::Network => (Trouble::Network("reset".to_owned()), None),
            Fate::BadBody => (Trouble::BadBody("half".to_owned()), None),
        };
        self.lookup.trouble(n, &trouble, rate.as_ref(), self.now);
        true
    }
}

proptest! {
    #[test]
    fn every_key_ends_in_one_class_whatever_goes_wrong(
        sizes in prop::collection::vec(1..5_u32, 1..8),
        pool in 1..=POOL_MAX,
        tries in 1..6_u32,
        fates in prop::collection::vec(fate(), 1..60),
        grants in prop::collection::vec(0..4_u32, 1..20),
    ) {
        let total: u32 = sizes.iter().sum();
        let mut keys = 0..total;
        let left = sizes.iter().map(|size| keys.by_ref().take(*size as usize).collect());
        let mut run = Run {
            left: left.collect(),
            lookup: machine(&sizes, Settings { pool, tries, batch: 4 }),
            told: BTreeMap::new(),
            granted: 0,
            made: 0,
            now: NOW,
        };
        let (mut fates, mut grants) = (fates.into_iter(), grants.into_iter());
        let mut steps = 0;
        loop {
            steps += 1;
            prop_assert!(steps < 5_000, "it does not end: {:?}", run.lookup);
            run.lookup = serde_json::from_str(&serde_json::to_string(&run.lookup).unwrap()).unwrap();
            match run.lookup.next(run.now) {
                Step::Ask { calls, .. } => match grants.next().unwrap_or(9) {
                    0 => {
                        let until = run.now.plus(SECOND_MS);
                        run.lookup.refuse(Some(until), "window".to_owned(), run.now);
                    }
                    some => {
                        run.granted = some.min(calls);
                        run.made = 0;
                        run.lookup.grant(run.granted);
                    }
                },
                Step::Call(batches) => {
                    run.made += u32::try_from(batches.len()).unwrap();
                    prop_assert!(batches.len() <= pool as usize);
                    prop_assert!(run.made <= run.granted, "more calls than granted");
                    let mut lost = false;
                    for n in batches {
                        lost |= !run.call(n, fates.next().unwrap_or(Fate::Whole));
                    }
                    if lost {
                        run.lookup.recover();
                    }
                }
                Step::Wait { until, .. } => {
                    prop_assert!(until > run.now);
                    run.now = until;
                }
                Step::Finish => break,
            }
        }
        prop_assert!(run.told.values().all(|times| *times == 1), "someone is told twice");
        let failed: BTreeSet<u32> = run.lookup.failed().map(|(n, _)| n).collect();
        for (n, left) in (0..).zip(&run.left) {
            prop_assert_eq!(!left.is_empty(), failed.contains(&n), "batch {}", n);
        }
        let lost: u64 = run.left.iter().map(|left| left.len() as u64).sum();
        prop_assert_eq!(run.told.len() as u64 + lost, u64::from(total));
        prop_assert_eq!(run.lookup.left(), lost);
    }
}
