//! A seeded simulation of collection: a world that changes while it is read, an upstream that
//! fails in every way X does, an Account object that is lost between any two inputs, a bucket,
//! and a queue that delivers late, twice and out of order. The decisions are the real ones of
//! `shared`; what is checked are the invariants of the design, against the world's own history.
//!
//! `ROOST_SEED=n cargo test -p shared --test simulation` runs one seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod account;
mod checks;
mod dice;
mod upstream;
mod world;

use account::{Account, Bug};
use dice::Dice;
use std::collections::BTreeMap;
use upstream::{Fault, Upstream};
use world::World;

/// How often what happened, by name.
type Fired = BTreeMap<&'static str, u64>;

const SEEDS: u64 = 1_000;
const THREADS: u64 = 2;

/// Lives one account through one seed.
fn live(seed: u64, bug: Bug) -> Result<Fired, String> {
    let mut dice = Dice::new(seed);
    let mut world = World::new(&mut dice);
    let mut upstream = Upstream::new(&mut dice);
    let mut account = Account::new(bug);
    for _ in 0..dice.between(4, 9) {
        account.check_followers(&mut world, &mut upstream, &mut dice)?;
        let churn = dice.between(0, 12);
        world.pass(dice.between(3_600, 100_000) * 1_000, churn, &mut dice);
        if dice.one_in(3) {
            account.import_something(&world, &mut dice)?;
        }
        account.deliver_some(&mut dice)?;
        if dice.one_in(4) {
            checks::ledger(&account, &world)?;
        }
    }
    account.deliver_all(&mut dice)?;
    checks::ledger(&account, &world)?;
    checks::renames(&account)?;
    checks::repeatable(&mut account, &mut dice)?;
    let mut fired = account.happened.clone();
    for (fault, times) in &upstream.fired {
        *fired.entry(fault.name()).or_default() += times;
    }
    Ok(fired)
}

/// Runs seeds on all threads; the first failure, or what happened over all.
fn run(seeds: u64, bug: Bug) -> Result<Fired, String> {
    let share = |thread: u64| -> Result<Fired, String> {
        let mut all = Fired::new();
        for seed in (thread..seeds).step_by(usize::try_from(THREADS).unwrap_or(1)) {
            let fired = live(seed, bug).map_err(|what| format!("seed {seed}: {what}"))?;
            for (name, times) in fired {
                *all.entry(name).or_default() += times;
            }
        }
        Ok(all)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|t| scope.spawn(move || share(t))).collect();
        let mut all = Fired::new();
        for thread in threads {
            for (name, times) in thread.join().map_err(|_| "a thread panicked".to_owned())?? {
                *all.entry(name).or_default() += times;
            }
        }
        Ok(all)
    })
}

#[test]
fn the_invariants_hold_for_every_seed() {
    if let Some(seed) = std::env::var("ROOST_SEED").ok().and_then(|text| text.parse().ok()) {
        let fired = live(seed, Bug::None).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        println!("{fired:#?}");
        return;
    }
    let fired = run(SEEDS, Bug::None).unwrap_or_else(|what| panic!("{what}"));
    let wanted = Fault::ALL.iter().map(|fault| fault.name()).chain(account::HAPPENINGS);
    for name in wanted {
        assert!(
            fired.get(name).is_some_and(|&times| times >= 10),
            "{name} hardly fired: {fired:?}"
        );
    }
}

#[test]
fn a_list_of_an_unfinished_check_would_be_noticed() {
    let what = run(200, Bug::DiffUnfinished).expect_err("the bug went unnoticed");
    assert!(what.contains("followed throughout"), "{what}");
}

#[test]
fn pages_kept_over_a_restart_would_be_noticed() {
    let what = run(400, Bug::KeepStalePages).expect_err("the bug went unnoticed");
    assert!(what.contains("never followed while it was read"), "{what}");
}

#[test]
fn a_list_accepted_without_judgement_would_be_noticed() {
    let what = run(200, Bug::AcceptAll).expect_err("the bug went unnoticed");
    assert!(what.contains("accepted"), "{what}");
}

#[test]
fn a_message_taken_for_another_list_would_be_noticed() {
    let what = run(200, Bug::DiffWithLastArrived).expect_err("the bug went unnoticed");
    assert!(!what.is_empty());
}
