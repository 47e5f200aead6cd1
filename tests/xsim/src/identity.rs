//! Who a follower is on X: id, username and creation time, and the way back to the index.
//!
//! Knows the roster, no HTTP and no profile texts. Invariants: `find_id(id(i)) == i` and
//! `find_username(username(i, any generation)) == i`, both without a search; ids and usernames
//! of the two accounts' followers never meet.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "indices stay below 2^27 and times below 2^53"
)]

use crate::calendar::{DAY_S, days_from_civil};
use crate::hash::{below, hash, permute, unit, unpermute};
use crate::names;
use crate::world::{Account, Roster, World};

/// X's snowflake epoch, 2010-11-04T01:42:54.657Z, in milliseconds since 1970.
const SNOWFLAKE_EPOCH_MS: u64 = 1_288_834_974_657;
/// Low bits of a snowflake: worker and sequence.
const SNOWFLAKE_LOW_BITS: u32 = 22;
/// The code in a snowflake: its low 22 bits, and 9 bits hidden in the milliseconds.
const SNOWFLAKE_CODE_BITS: u32 = 31;
/// Ids from before snowflakes: a 28-bit code above the first few users of the service.
const SMALL_CODE_BITS: u32 = 28;
const SMALL_ID_FIRST: u64 = 1_000;

const SALT_CLASS: u64 = 16;
const SALT_CREATED: u64 = 17;
const SALT_STYLE: u64 = 18;

/// A person of the simulated X.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// One of the two accounts whose followers are simulated.
    Owner(Account),
    /// A follower, past, present or to come.
    Follower(Account, u32),
}

/// The 28-bit number behind every id and username of a follower.
fn code(account: Account, index: u32) -> u64 {
    u64::from(index) << 1 | account.bit()
}

fn decode(world: &World, code: u64) -> Option<(Account, u32)> {
    let account = if code & 1 == 0 { Account::Main } else { Account::Second };
    let index = u32::try_from(code >> 1).ok()?;
    (index < world.roster(account).capacity()).then_some((account, index))
}

/// Whether the account is older than snowflakes. Only those who followed late enough can be
/// younger.
fn has_small_id(roster: &Roster, index: u32, follow_s: i64) -> bool {
    let chance = unit(hash(roster.seed(), roster.key(index), SALT_CLASS));
    chance < 0.35 || follow_s < snowflakes_since_s() + 400 * DAY_S
}

/// User ids are snowflakes from about here on; earlier ones count up.
const fn snowflakes_since_s() -> i64 {
    days_from_civil(2016, 1, 1) * DAY_S
}

/// When the follower's own account was made, in seconds since 1970; before the follow.
pub(crate) fn created_s(roster: &Roster, index: u32) -> i64 {
    let follow_s = roster.follow_s(index);
    let draw = hash(roster.seed(), roster.key(index), SALT_CREATED);
    let (first_s, last_s) = if has_small_id(roster, index, follow_s) {
        let opened_s = days_from_civil(2006, 7, 15) * DAY_S;
        (opened_s, (follow_s - DAY_S).min(snowflakes_since_s() - DAY_S))
    } else {
        (snowflakes_since_s(), follow_s - 3_600)
    };
    // One in twelve makes an account and follows within three days.
    let first_s = if draw.is_multiple_of(12) { first_s.max(last_s - 3 * DAY_S) } else { first_s };
    let span_s = u64::try_from(last_s - first_s).unwrap_or(0);
    first_s + i64::try_from(below(draw, span_s)).unwrap_or(0)
}

/// The user id: small and old, or a snowflake of the creation time.
pub(crate) fn id(roster: &Roster, account: Account, index: u32) -> u64 {
    let code = code(account, index);
    if has_small_id(roster, index, roster.follow_s(index)) {
        return SMALL_ID_FIRST + permute(code, SMALL_CODE_BITS);
    }
    let code = permute(code, SNOWFLAKE_CODE_BITS);
    let created_ms = created_s(roster, index) as u64 * 1_000 + (code >> SNOWFLAKE_LOW_BITS);
    let low = code & ((1 << SNOWFLAKE_LOW_BITS) - 1);
    (created_ms - SNOWFLAKE_EPOCH_MS) << SNOWFLAKE_LOW_BITS | low
}

/// Whose id this is.
pub(crate) fn find_id(world: &World, text: &str) -> Option<Subject> {
    if let Some(account) = Account::from_id(text) {
        return Some(Subject::Owner(account));
    }
    let wanted: u64 = text.parse().ok()?;
    let code = if wanted < SMALL_ID_FIRST + (1 << SMALL_CODE_BITS) {
        unpermute(wanted.checked_sub(SMALL_ID_FIRST)?, SMALL_CODE_BITS)
    } else {
        let created_ms = (wanted >> SNOWFLAKE_LOW_BITS) + SNOWFLAKE_EPOCH_MS;
        let low = wanted & ((1 << SNOWFLAKE_LOW_BITS) - 1);
        let code = (created_ms % 1_000) << SNOWFLAKE_LOW_BITS | low;
        (code < 1 << SNOWFLAKE_CODE_BITS).then(|| unpermute(code, SNOWFLAKE_CODE_BITS))?
    };
    let (account, index) = decode(world, code)?;
    let same = id(world.roster(account), account, index) == wanted;
    same.then_some(Subject::Follower(account, index))
}

/// Letters of the code in a username: the fewest base-36 digits that hold every follower.
fn suffix_len(world: &World) -> u32 {
    let codes = Account::ALL.map(|a| u64::from(world.roster(a).capacity()) * 2);
    let most = codes.into_iter().max().unwrap_or(0);
    (4..6).find(|&digits| 36u64.pow(digits) > most).unwrap_or(6)
}

/// Coprime to 36, so that multiplying permutes the codes of any width.
const SUFFIX_FACTOR: u64 = 25_214_903_917;

/// The modular inverse of [`SUFFIX_FACTOR`], by Euler: 36^n has phi 36^n / 3.
fn suffix_factor_inverse(modulus: u64) -> u64 {
    let (mut power, mut base, mut exponent) = (1u128, u128::from(SUFFIX_FACTOR), modulus / 3 - 1);
    let modulus = u128::from(modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * (base % modulus) % modulus;
        }
        base = (base % modulus) * (base % modulus) % modulus;
        exponent >>= 1;
    }
    power as u64
}

fn multiply(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

/// The username after `generation` changes: a given name, later a nickname, and the code.
pub(crate) fn username(world: &World, account: Account, index: u32, generation: u32) -> String {
    let roster = world.roster(account);
    let digits = suffix_len(world);
    let modulus = 36u64.pow(digits);
    let style = hash(roster.seed(), roster.key(index), SALT_STYLE);
    let stem = if generation == 0 {
        names::word(roster.seed(), roster.key(index))
    } else {
        // Neighbours in the table differ, so each change is one.
        names::nickname(style.wrapping_add(u64::from(generation)))
    };
    let shifted = (code(account, index) + hash(world.seed, 0, SALT_STYLE) % modulus) % modulus;
    let mut rest = multiply(shifted, SUFFIX_FACTOR, modulus);
    let mut suffix = String::with_capacity(6);
    for _ in 0..digits {
        suffix.insert(0, char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    let mut letters = stem.chars();
    let first = letters.next().unwrap_or('x');
    let first = if style.is_multiple_of(5) { first.to_ascii_uppercase() } else { first };
    let joint = if style.is_multiple_of(3) { "" } else { "_" };
    format!("{first}{}{joint}{suffix}", letters.as_str())
}

/// The username at a time.
pub(crate) fn username_at(world: &World, account: Account, index: u32, at_s: i64) -> String {
    let roster = world.roster(account);
    let generation = roster.generation(index, &roster.timeline(index), at_s);
    username(world, account, index, generation)
}

/// Who carries this username at `at_s`, whatever the case of its letters.
pub(crate) fn find_username(world: &World, name: &str, at_s: i64) -> Option<Subject> {
    let owner = Account::ALL.into_iter().find(|&a| names::owner(a).1.eq_ignore_ascii_case(name));
    if let Some(account) = owner {
        return Some(Subject::Owner(account));
    }
    let digits = suffix_len(world);
    let modulus = 36u64.pow(digits);
    let suffix = name.get(name.len().checked_sub(digits as usize)?..)?;
    let scrambled = u64::from_str_radix(suffix, 36).ok()?;
    let shifted = multiply(scrambled, suffix_factor_inverse(modulus), modulus);
    let shift = hash(world.seed, 0, SALT_STYLE) % modulus;
    let (account, index) = decode(world, (shifted + modulus - shift) % modulus)?;
    let same = username_at(world, account, index, at_s).eq_ignore_ascii_case(name);
    same.then_some(Subject::Follower(account, index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const START_MS: i64 = 1_790_000_123_000;

    fn world(followers: u32) -> World {
        World::new(4, followers, START_MS).unwrap()
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let world = world(3_000);
        let mut seen = HashSet::new();
        for account in Account::ALL {
            let roster = world.roster(account);
            for index in 0..roster.capacity() {
                let id = id(roster, account, index);
                assert!(seen.insert(id), "{id} twice");
                let subject = find_id(&world, &id.to_string());
                assert_eq!(subject, Some(Subject::Follower(account, index)), "{id}");
            }
        }
        let snowflakes = seen.iter().filter(|id| id.to_string().len() == 19).count();
        let small = seen.iter().filter(|id| id.to_string().len() <= 9).count();
        assert!(snowflakes > seen.len() / 4 && small > seen.len() / 5, "{snowflakes} {small}");
    }

    #[test]
    fn ids_of_a_large_world_lead_back() {
        let world = world(1_000_000);
        for index in (0..world.main.capacity()).step_by(99_991) {
            let id = id(&world.main, Account::Main, index).to_string();
            assert_eq!(find_id(&world, &id), Some(Subject::Follower(Account::Main, index)));
        }
    }

    #[test]
    fn a_stranger_is_nobody() {
        let world = world(100);
        for id in ["0", "11", "14", "999", "1001", "18446744073709551615", "1500000000000000000"] {
            assert_eq!(find_id(&world, id), None, "{id}");
        }
        for name in ["", "x", "nobody_here", "zzzz", "solvej_zzzz", "ééé"] {
            assert_eq!(find_username(&world, name, START_MS / 1_000), None, "{name}");
        }
    }

    #[test]
    fn usernames_are_valid_unique_and_lead_back_in_any_case() {
        let world = world(2_000);
        let mut seen = HashSet::new();
        let at_s = START_MS / 1_000 + 300 * DAY_S;
        for account in Account::ALL {
            for index in 0..world.roster(account).capacity() {
                let name = username_at(&world, account, index, at_s);
                assert!((1..=15).contains(&name.len()), "{name}");
                assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{name}");
                assert!(seen.insert(name.to_lowercase()), "{name} twice");
                let found = find_username(&world, &name.to_uppercase(), at_s);
                assert_eq!(found, Some(Subject::Follower(account, index)), "{name}");
            }
        }
    }

    #[test]
    fn each_rename_changes_the_name_and_frees_the_old_one() {
        let world = world(1_000);
        let roster = &world.main;
        let end_s = roster.end_s();
        let mut renames = 0;
        for index in 0..roster.capacity() {
            for at_s in roster.renames(index, &roster.timeline(index), i64::MIN, end_s) {
                let before = username_at(&world, Account::Main, index, at_s - 1);
                let after = username_at(&world, Account::Main, index, at_s);
                assert_ne!(before, after, "index {index}");
                assert_eq!(find_username(&world, &before, at_s), None, "{before}");
                assert!(find_username(&world, &after, at_s).is_some(), "{after}");
                renames += 1;
            }
        }
        assert!(renames > 100, "{renames}");
    }

    #[test]
    fn everyone_is_created_before_following_and_snowflakes_tell_when() {
        let world = world(2_000);
        for index in 0..world.main.capacity() {
            let created_s = created_s(&world.main, index);
            assert!(created_s < world.main.follow_s(index), "index {index}");
            let id = id(&world.main, Account::Main, index);
            if id >= SMALL_ID_FIRST + (1 << SMALL_CODE_BITS) {
                let told_ms = (id >> SNOWFLAKE_LOW_BITS) + SNOWFLAKE_EPOCH_MS;
                assert_eq!(told_ms / 1_000, created_s as u64, "index {index}");
            }
        }
    }
}
