//! The ledger against its own definitions, for every short history in every order of arrival.

use super::*;
use crate::crawl::CrawlFacts;
use crate::verdict::Said;

/// Accepted lists, put into a ledger one at a time as the Account object does it.
#[derive(Default)]
pub(super) struct World {
    lists: BTreeMap<UnixMs, (Roster, Option<CrawlFacts>)>,
    pub(super) store: Memory,
}

impl World {
    pub(super) fn timeline(&self) -> Timeline {
        let mark = |(&at, (roster, facts)): (&UnixMs, &(Roster, Option<CrawlFacts>))| Mark {
            at,
            count: roster.len() as u64,
            unreadable: 0,
            facts: facts.clone(),
        };
        Timeline::new(self.lists.iter().map(mark).collect())
    }

    pub(super) fn put(&mut self, at: i64, ids: &[u64], facts: Option<CrawlFacts>) -> Counts {
        self.lists.insert(UnixMs(at), (Roster::new(ids.to_vec()), facts));
        self.rediff(UnixMs(at))
    }

    fn take(&mut self, at: i64) -> Counts {
        self.lists.remove(&UnixMs(at));
        self.rediff(UnixMs(at))
    }

    fn rediff(&mut self, at: UnixMs) -> Counts {
        let timeline = self.timeline();
        let gone = if self.lists.contains_key(&at) { vec![] } else { vec![at] };
        let ends = [Some(at).filter(|_| gone.is_empty()), timeline.after(at)];
        let fresh = ends.into_iter().flatten().map(|end| (end, self.raw(&timeline, end)));
        let fresh = fresh.collect();
        apply(&mut self.store, &timeline, fresh, &gone).unwrap()
    }

    pub(super) fn witness(&mut self, user: u64, at: i64, said: Said) -> Vec<News> {
        let (user, at) = (UserId(user), UnixMs(at));
        self.store.witness(Evidence { user, at, said, listed: None, shown: None });
        let timeline = self.timeline();
        reshow(&mut self.store, &timeline, &BTreeSet::from([user])).unwrap()
    }

    fn raw(&self, timeline: &Timeline, at: UnixMs) -> Raw {
        let Some(before) = timeline.before(at) else { return Raw::default() };
        let (prev, next) = (&self.lists[&before].0, &self.lists[&at].0);
        let watched = watched(&self.store, timeline, at).unwrap();
        diff(prev, next, None, None).watch(prev, next, &watched)
    }

    /// What is shown, one word for each event: `12+7` followed, `12*7` returned, `12-7?`
    /// suspected, `12-7!` confirmed, `12-7~` retracted.
    fn shown(&self) -> String {
        let words = self.store.rows().filter_map(|row| {
            let shown = row.shown.filter(|shown| !shown.withheld)?;
            let (sign, state) = match (shown.kind, shown.state) {
                (EventKind::Followed, _) => ("+", ""),
                (EventKind::Returned, _) => ("*", ""),
                (EventKind::Renamed, _) => ("=", ""),
                (_, Some(LossState::Suspected)) => ("-", "?"),
                (_, Some(LossState::Confirmed)) => ("-", "!"),
                (_, _) => ("-", "~"),
            };
            Some(format!("{}{sign}{}{state}", row.at.0, row.user))
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as `put` takes it")]
fn doubtful() -> Option<CrawlFacts> {
    Some(CrawlFacts { doubtful: true, ..CrawlFacts::default() })
}

#[track_caller]
fn check(lists: &[&[u64]], expected: &str) {
    let mut world = World::default();
    for (at, list) in (1..).zip(lists) {
        world.put(at, list, None);
    }
    assert_eq!(world.shown(), expected);
}

#[test]
fn the_first_list_makes_no_events() {
    check(&[&[1, 2, 3]], "");
}

#[test]
fn people_come_and_leave() {
    check(&[&[1], &[1, 2]], "2+2");
    check(&[&[1, 2], &[1]], "2-2?");
    check(&[&[1, 2], &[1], &[1]], "2-2!");
    check(&[&[1, 2], &[1], &[1, 2]], "2-2~");
    check(&[&[1, 2], &[1], &[1], &[1, 2]], "2-2! 4*2");
    check(&[&[1], &[1, 2], &[1], &[1], &[1, 2]], "2+2 3-2! 5*2");
}

#[test]
fn a_retracted_loss_leaves_no_trace_but_itself() {
    check(&[&[1], &[], &[1], &[], &[1]], "2-1~ 4-1~");
    check(&[&[1], &[], &[1], &[], &[], &[1]], "2-1~ 4-1! 6*1");
}

#[test]
fn a_doubtful_list_withholds_its_losses_until_the_next() {
    let mut world = World::default();
    world.put(1, &[1, 2, 3], None);
    let counts = world.put(2, &[1, 4], doubtful());
    assert_eq!((world.shown().as_str(), counts.lost, counts.gained), ("2+4", 0, 1));
    let counts = world.put(3, &[1, 2, 4], None);
    assert_eq!(world.shown(), "2-3! 2+4", "what was never told needs no correction");
    assert_eq!((counts.lost, counts.retracted, counts.confirmed), (0, 0, 1));
}

#[test]
fn a_list_in_doubt_confirms_nothing() {
    let mut world = World::default();
    world.put(1, &[1, 2, 3], None);
    world.put(2, &[1, 3], None);
    assert_eq!(world.put(3, &[1], doubtful()).confirmed, 0);
    world.put(4, &[1], doubtful());
    assert_eq!(world.shown(), "2-2?", "3 is missing from lists in doubt alone");
    assert_eq!(world.put(5, &[1], None).confirmed, 2);
    assert_eq!(world.shown(), "2-2! 3-3!");
}

#[test]
fn who_is_back_after_lists_in_doubt_never_left() {
    let mut world = World::default();
    world.put(1, &[1, 2], None);
    world.put(2, &[1], doubtful());
    world.put(3, &[1], doubtful());
    let counts = world.put(4, &[1, 2], None);
    assert_eq!((world.shown(), counts), (String::new(), Counts::default()));
}

#[test]
fn an_app_that_finds_someone_confirms_no_list_in_doubt() {
    let mut world = World::default();
    world.put(1, &[1, 2, 3, 4], None);
    world.put(2, &[1], doubtful());
    for (user, said, shown) in
        [(2, Said::Found, ""), (3, Said::Missing, "2-3!"), (4, Said::NotFollowing, "2-3! 2-4!")]
    {
        world.witness(user, 3, said);
        assert_eq!(world.shown(), shown);
    }
    world.put(4, &[1, 2], None);
    assert_eq!(world.shown(), "2-3! 2-4!", "who was found is back in the list");
}

#[test]
fn counts_tell_what_an_application_did() {
    let mut world = World::default();
    world.put(1, &[1, 2, 3], None);
    assert_eq!(world.put(2, &[3, 4], None), Counts { gained: 1, lost: 2, ..Counts::default() });
    let counts = world.put(3, &[1, 3], None);
    assert_eq!(counts, Counts { lost: 1, retracted: 1, confirmed: 1, ..Counts::default() });
    let counts = world.put(4, &[1, 2, 3], None);
    assert_eq!(
        counts,
        Counts { gained: 1, returned: 1, confirmed: 1, ..Counts::default() },
        "2 returned, the loss of 4 is confirmed"
    );
    let again = world.put(4, &[1, 2, 3], None);
    assert_eq!(again, Counts { gained: 1, returned: 1, ..Counts::default() });
}

/// The definitions of the module, word for word, for one person.
fn defined(present: &[bool], doubts: usize) -> Vec<(i64, &'static str)> {
    let mut events = Vec::new();
    let at = |k: usize| i64::try_from(k).unwrap() + 1;
    let doubt = |k: usize| doubts >> k & 1 == 1;
    let settled = |from: usize| (from + 1..present.len()).find(|&k| present[k] || !doubt(k));
    for k in 1..present.len() {
        match (present[k - 1], present[k]) {
            (true, false) => match settled(k) {
                Some(next) if !present[next] => events.push((at(k), "confirmed")),
                _ if doubt(k) => {}
                Some(_) => events.push((at(k), "retracted")),
                None => events.push((at(k), "suspected")),
            },
            (false, true) => match present[..k].iter().rposition(|here| *here) {
                Some(last) if settled(last + 1) == Some(k) => {}
                Some(_) => events.push((at(k), "returned")),
                None => events.push((at(k), "followed")),
            },
            _ => {}
        }
    }
    events
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    let Some((&last, rest)) = of.split_last() else { return vec![vec![]] };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, last);
            all.push(longer);
        }
    }
    all
}

#[test]
fn every_history_in_every_order_is_as_defined() {
    const LISTS: usize = 5;
    let orders = permutations(&(0..LISTS).collect::<Vec<_>>());
    assert_eq!(orders.len(), 120);
    for doubts in 0..1_usize << LISTS {
        for order in &orders {
            // Person h follows as the bits of h say: all histories at once.
            let mut world = World::default();
            for &k in order {
                let ids: Vec<u64> = (0..1 << LISTS).filter(|h| h >> k & 1 == 1).collect();
                let facts = if doubts >> k & 1 == 1 { doubtful() } else { None };
                world.put(i64::try_from(k).unwrap() + 1, &ids, facts);
            }
            for history in 0..1_u64 << LISTS {
                let present: Vec<bool> = (0..LISTS).map(|k| history >> k & 1 == 1).collect();
                let chain = world.store.chain(UserId(history)).unwrap();
                let shown = chain.iter().filter_map(|row| {
                    let shown = row.shown.filter(|shown| !shown.withheld)?;
                    Some((row.at.0, shown.state.map_or(shown.kind.as_str(), LossState::as_str)))
                });
                let expected = defined(&present, doubts);
                let case = format!("{present:?} {doubts:b} {order:?}");
                assert_eq!(shown.collect::<Vec<_>>(), expected, "{case}");
            }
        }
    }
}

#[test]
fn a_list_taken_out_leaves_the_ledger_as_if_it_had_never_been() {
    let lists: [&[u64]; 5] = [&[1, 2, 3], &[1, 4], &[1, 2, 4, 5], &[2, 5], &[1, 2, 3, 4]];
    for (without, doubts) in (1..=5).flat_map(|without| (0..32).map(move |d| (without, d))) {
        let (mut never, mut taken) = (World::default(), World::default());
        for (at, list) in (1..).zip(lists) {
            let facts = || if doubts >> (at - 1) & 1 == 1 { doubtful() } else { None };
            taken.put(at, list, facts());
            if at != without {
                never.put(at, list, facts());
            }
        }
        taken.take(without);
        assert_eq!(taken.store, never.store, "without {without}, doubts {doubts:b}");
    }
}

#[test]
fn a_list_replaced_leaves_the_ledger_as_if_it_had_always_been() {
    let mut world = World::default();
    for list in [&[1, 2, 3][..], &[9], &[3, 4]] {
        world.put(1, &[1, 2], None);
        world.put(2, list, None);
        world.put(3, &[2, 3], None);
    }
    let replaced = world.shown();
    check(&[&[1, 2], &[3, 4], &[2, 3]], &replaced);
}

#[test]
fn an_old_list_put_in_late_can_take_doubt_from_the_last() {
    let counted = |x: u64| {
        Some(CrawlFacts { x_count_end: Some(x), x_count_start: Some(x), ..CrawlFacts::default() })
    };
    let mut world = World::default();
    world.put(1, &[1, 2, 3], counted(3));
    world.put(4, &[1, 2, 3], None);
    world.put(5, &[1, 2], counted(3));
    assert_eq!(world.shown(), "", "X still counts three");
    world.put(2, &[1, 2, 3], counted(4));
    assert_eq!(world.shown(), "5-3?", "as it did for two checks");
}

#[test]
fn renames_are_told_where_both_handles_are_known() {
    let index = |handles: &[(u64, &str)]| {
        let mut builder = crate::handles::IndexBuilder::with_capacity(4);
        for &(id, handle) in handles {
            builder.push(UserId(id), handle);
        }
        builder.finish()
    };
    let prev = index(&[(1, "ann"), (2, "bob"), (3, ""), (4, "dan"), (5, "eve")]);
    let next = index(&[(1, "anna"), (2, "bob"), (3, "cat"), (4, ""), (6, "fay")]);
    let raw = diff(&prev.roster, &next.roster, Some(&prev.handles), Some(&next.handles));
    let expected = Raw {
        came: vec![UserId(6)],
        left: vec![UserId(5)],
        renamed: vec![(UserId(1), "ann".into(), "anna".into())],
        ..Raw::default()
    };
    assert_eq!(raw, expected);
    let blind = diff(&prev.roster, &next.roster, None, Some(&next.handles));
    assert_eq!(blind, Raw { renamed: vec![], ..expected.clone() });
    let mut store = Memory::default();
    let mark = |at| Mark { at: UnixMs(at), count: 5, unreadable: 0, facts: None };
    let timeline = Timeline::new(vec![mark(1), mark(2)]);
    let counts = apply(&mut store, &timeline, vec![(UnixMs(2), expected)], &[]).unwrap();
    assert_eq!((counts.renamed, counts.gained, counts.lost), (1, 1, 1));
    let row = store.rows().find(|row| row.dir == Dir::Renamed).unwrap();
    assert_eq!((row.from.as_deref(), row.to.as_deref()), (Some("ann"), Some("anna")));
    assert_eq!((row.at, row.not_before), (UnixMs(2), UnixMs(1)));
}

#[test]
fn a_contradiction_stops_before_anything_is_written() {
    let mark = |at| Mark { at: UnixMs(at), count: 1, unreadable: 0, facts: None };
    let timeline = Timeline::new((1..=4).map(mark).collect());
    let raw = |came: &[u64], left: &[u64]| Raw {
        came: came.iter().copied().map(UserId).collect(),
        left: left.iter().copied().map(UserId).collect(),
        ..Raw::default()
    };
    let mut store = Memory::default();
    apply(&mut store, &timeline, vec![(UnixMs(2), raw(&[7], &[8]))], &[]).unwrap();
    let before = store.clone();
    for (came, left, user, dir) in [
        (&[7][..], &[][..], 7, Dir::Came),
        (&[], &[8], 8, Dir::Left),
        (&[7, 9], &[9], 7, Dir::Came),
        (&[9], &[9], 9, Dir::Left),
    ] {
        let failure = apply(&mut store, &timeline, vec![(UnixMs(3), raw(came, left))], &[]);
        let (user, at) = (UserId(user), UnixMs(3));
        let Err(Failure::Contradiction(found)) = failure else { panic!("{failure:?}") };
        if came.len() + left.len() == 1 {
            assert_eq!(found, Contradiction { user, at, dir });
        }
        assert_eq!(store, before);
    }
    let told = Contradiction { user: UserId(7), at: UnixMs(0), dir: Dir::Came }.to_string();
    assert!(told.contains("user 7 came in the interval ending 1970-01-01T00:00:00Z"), "{told}");
}

#[test]
fn a_failing_store_is_reported() {
    struct Broken;
    impl Store for Broken {
        type Error = &'static str;
        fn interval(&self, _: UnixMs) -> Result<Vec<Change>, &'static str> {
            Err("disk full")
        }
        fn chain(&self, _: UserId) -> Result<Vec<Change>, &'static str> {
            Err("disk full")
        }
        fn replace(&mut self, _: UnixMs, _: Vec<Change>) -> Result<(), &'static str> {
            Err("disk full")
        }
        fn evidence(&self, _: UserId) -> Result<Vec<Evidence>, &'static str> {
            Err("disk full")
        }
        fn witnessed(&self, _: UnixMs, _: UnixMs) -> Result<Vec<(UserId, Said)>, &'static str> {
            Err("disk full")
        }
        fn show_push(
            &mut self,
            _: UnixMs,
            _: UserId,
            _: Said,
            _: Option<Shown>,
        ) -> Result<(), &'static str> {
            Err("disk full")
        }
        fn show(
            &mut self,
            _: UnixMs,
            _: UserId,
            _: Dir,
            _: Option<Shown>,
        ) -> Result<(), &'static str> {
            Err("disk full")
        }
    }
    let timeline = Timeline::new(vec![]);
    let failure = apply(&mut Broken, &timeline, vec![(UnixMs(1), Raw::default())], &[]);
    assert_eq!(failure.unwrap_err().to_string(), "disk full");
}
