//! Pagination tokens: an opaque, checked spelling of a place in one list of an account.
//!
//! Knows no HTTP. The place is a follower index, not a position, so that a follow or a loss
//! above it does not shift the page. Invariant: only text made by [`encode`] for the same seed,
//! account and list decodes.
#![allow(clippy::cast_possible_truncation, reason = "the parts are cut out of a wider number")]

use crate::hash::hash;
use crate::relations::Relation;
use crate::world::Account;

const SALT_CHECK: u64 = 80;
const SALT_MASK: u64 = 81;
/// Base-36 digits that hold any 128-bit number.
const DIGITS: usize = 25;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// At the newest follower.
    Top,
    /// Right below this index: the next page.
    Below(u32),
    /// The page that ends right above this index, the index included: the previous page.
    From(u32),
}

/// The token of a place; the top has none, and is given the place above everybody.
pub(crate) fn encode(seed: u64, account: Account, relation: Relation, cursor: Cursor) -> String {
    let (kind, index) = match cursor {
        Cursor::Top => (0, u32::MAX),
        Cursor::Below(index) => (0, index),
        Cursor::From(index) => (1, index),
    };
    let payload = list(account, relation) << 33 | kind << 32 | u64::from(index);
    let check = hash(seed, payload, SALT_CHECK);
    let masked = payload ^ hash(seed, check, SALT_MASK);
    let mut rest = u128::from(masked) << 64 | u128::from(check);
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = char::from_digit((rest % 36) as u32, 36).map_or(b'0', |c| c as u8);
        rest /= 36;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// A number for each list; those of followers are as they were before there were others.
fn list(account: Account, relation: Relation) -> u64 {
    let relation = match relation {
        Relation::Followers => 0,
        Relation::Following => 1,
        Relation::Blocking => 2,
        Relation::Muting => 3,
    };
    relation << 1 | account.bit()
}

/// The place a token names, or `None` when it is not one of this list's tokens.
pub(crate) fn decode(
    seed: u64,
    account: Account,
    relation: Relation,
    token: &str,
) -> Option<Cursor> {
    if token.len() != DIGITS {
        return None;
    }
    let number = u128::from_str_radix(token, 36).ok()?;
    let check = number as u64;
    let payload = (number >> 64) as u64 ^ hash(seed, check, SALT_MASK);
    if hash(seed, payload, SALT_CHECK) != check || payload >> 33 != list(account, relation) {
        return None;
    }
    let index = payload as u32;
    Some(if payload >> 32 & 1 == 0 { Cursor::Below(index) } else { Cursor::From(index) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Relation = Relation::Followers;

    #[test]
    fn a_token_leads_back_to_its_place() {
        for cursor in [Cursor::Below(0), Cursor::Below(7), Cursor::From(u32::MAX)] {
            let token = encode(3, Account::Second, LIST, cursor);
            assert_eq!(decode(3, Account::Second, LIST, &token), Some(cursor));
        }
    }

    #[test]
    fn foreign_and_garbled_tokens_are_refused() {
        let token = encode(3, Account::Main, LIST, Cursor::Below(41));
        assert_eq!(decode(3, Account::Second, LIST, &token), None);
        assert_eq!(decode(3, Account::Main, Relation::Following, &token), None);
        assert_eq!(decode(4, Account::Main, LIST, &token), None);
        for at in 0..token.len() {
            let mut garbled = token.clone().into_bytes();
            garbled[at] = if garbled[at] == b'a' { b'b' } else { b'a' };
            let garbled = String::from_utf8(garbled).unwrap();
            assert_eq!(decode(3, Account::Main, LIST, &garbled), None, "{garbled}");
        }
        for text in ["", "abc", "7140dibdnow9c7btw481s8m561gat797rboud5r80xvzm", "ééééééééééééx"]
        {
            assert_eq!(decode(3, Account::Main, LIST, text), None, "{text}");
        }
    }
}
