//! Seeded broken files: lists of followers and files of tweets as other programs write them, cut,
//! rounded, repeated, of other types and encodings. Whoever makes a file says what of it can be
//! read; what the reader makes of it is compared with that, and nothing is shared with the reader.
//!
//! `ROOST_SEED=n cargo test -p shared --test broken` makes the files of one seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../simulation/dice.rs"]
mod dice;
mod files;
mod followers;
mod odd;
mod tweets;

use dice::Dice;
use followers::Bug;
use std::collections::BTreeMap;

const SEEDS: u64 = 1_000;

/// How often what was made, by name.
type Made = BTreeMap<&'static str, u64>;

fn check(what: impl Fn(&mut Dice, &mut Made) -> Result<(), String>, wanted: &[&str]) {
    let mut made = Made::new();
    let chosen = std::env::var("ROOST_SEED").ok();
    if let Some(seed) = chosen {
        let mut dice = Dice::new(seed.parse().unwrap());
        return what(&mut dice, &mut made).unwrap();
    }
    for seed in 0..SEEDS {
        if let Err(why) = what(&mut Dice::new(seed), &mut made) {
            panic!("seed {seed}: {why}");
        }
    }
    for name in wanted {
        assert!(made.get(name).copied().unwrap_or_default() >= 20, "too rarely {name}: {made:?}");
    }
}

#[test]
fn nobody_is_lost_by_what_cannot_be_read() {
    check(
        |dice, made| followers::live(Bug::None, dice, made),
        &[
            "read whole",
            "in doubt",
            "read twice",
            "nobody readable",
            "damaged",
            "utf-16",
            "mark",
            "left",
            "confirmed",
            "rounded",
            "exact",
            "too large",
        ],
    );
}

#[test]
fn an_account_that_forgets_what_it_could_not_read_would_be_noticed() {
    let noticed = |bug| {
        let fails =
            |seed: &u64| followers::live(bug, &mut Dice::new(*seed), &mut Made::new()).is_err();
        (0..100).filter(fails).count()
    };
    assert_eq!(noticed(Bug::None), 0);
    assert!(noticed(Bug::Forgets) > 10);
    assert!(noticed(Bug::Trusts) > 10);
}

#[test]
fn tweets_are_what_their_entries_say_together() {
    check(
        tweets::live,
        &["whole", "unreadable", "both", "repeated", "nothing readable", "damaged"],
    );
}
