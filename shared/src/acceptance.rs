//! May a list be compared with the one before? Owns: the rules of plausibility. Must not know:
//! how lists are stored or compared. Invariant: a list that may be missing people through no
//! doing of theirs is set aside, and nobody is counted as left because of it.

use crate::crawl::CrawlFacts;
use crate::figures::thousands;
use crate::snapshot::Summary;

/// What X's own count may be off by without meaning anything: it lags, and counts people whom
/// the list does not show.
const OFF_MIN: u64 = 10;
/// The same, in hundredths of the count.
const OFF_PERCENT: u64 = 5;
/// Losing more of a list than this in one interval needs X's count to confirm it.
const LOSS_PERCENT: u64 = 30;
/// Fewer losses than this are believed at any share.
const LOSS_MIN: u64 = 50;
/// Lists at least this long are compared for having anyone in common.
const COMMON_FROM: u64 = 20;
/// Two lists of one account have more than this of the shorter in common.
const COMMON_PERCENT: u64 = 10;

/// What the entries of a list came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// How many there were, of whatever kind.
    pub entries: u64,
    /// Of them: those that name nobody who can be trusted to be meant.
    pub unreadable: u64,
    /// Of them: those that name someone whom another one named before.
    pub repeated: u64,
}

impl Entries {
    /// Those of a file, of which `repeated` came again, and of the pages it was written from, whose
    /// repeats and unreadable entries stand in no file.
    pub fn of(file: &Summary, repeated: u64, facts: Option<&CrawlFacts>) -> Self {
        let (repeats, dropped) = facts.map_or((0, 0), |facts| (facts.repeats, facts.dropped));
        Self {
            entries: file.entries.saturating_add(repeats).saturating_add(dropped),
            unreadable: file.unreadable.saturating_add(dropped),
            repeated: repeated.saturating_add(repeats),
        }
    }
}

/// A list to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// How many it lists.
    pub count: u64,
    /// Entries beside them that could not be read.
    pub unreadable: u64,
    /// How it was read; none: it was imported.
    pub facts: Option<CrawlFacts>,
    /// How it compares with the accepted list before it, if there is one.
    pub prev: Option<Overlap>,
}

/// The accepted list before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// How many it lists.
    pub prev_count: u64,
    /// How many of them the candidate lists too.
    pub kept: u64,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes into the ledger.
    Accept,
    /// It is set aside; why, in words for the owner.
    Quarantine(String),
}

/// Whether a list of `count` is too short for X's own count of `expected`.
pub(crate) fn falls_short(count: u64, expected: u64) -> bool {
    let tolerance = OFF_MIN.max(expected.saturating_mul(OFF_PERCENT) / 100);
    count.saturating_add(tolerance) < expected || (count == 0 && expected > 0)
}

/// Judges.
pub fn judge(candidate: &Candidate) -> Verdict {
    let why = nobody_readable(candidate.count, candidate.unreadable);
    let why = why.or_else(|| match &candidate.facts {
        Some(facts) => implausible_crawl(candidate, facts),
        None => implausible_import(candidate),
    });
    why.map_or(Verdict::Accept, Verdict::Quarantine)
}

/// Why a list of entries none of which could be read counts for nothing, also as the first: it may
/// name anybody. `count` of its entries name someone, `unreadable` do not.
pub fn nobody_readable(count: u64, unreadable: u64) -> Option<String> {
    if count > 0 || unreadable == 0 {
        return None;
    }
    let entries = match unreadable {
        1 => "The one entry of this list".to_owned(),
        many => format!("None of the {} entries of this list", thousands(many)),
    };
    let could = if unreadable == 1 { "could not" } else { "could" };
    Some(format!(
        "{entries} {could} be read: an id is expected in each, as text (`\"id\": \"12\"`), as \
         `id_str`, or as a whole number that was not rounded. It was set aside, and nobody was \
         counted as left."
    ))
}

fn implausible_crawl(candidate: &Candidate, facts: &CrawlFacts) -> Option<String> {
    let count = candidate.count;
    let told = [facts.x_count_start, facts.x_count_end];
    let least = told.into_iter().flatten().min();
    if let Some(expected) = least.filter(|&expected| falls_short(count, expected)) {
        let unreadable = match candidate.unreadable {
            0 => String::new(),
            1 => " (one entry could not be read)".to_owned(),
            many => format!(" ({many} entries could not be read)"),
        };
        return Some(format!(
            "The check listed {count} followers while X itself counts {expected}: the list is \
             incomplete{unreadable}. It was set aside, and nobody was counted as left."
        ));
    }
    let Overlap { prev_count, kept } = candidate.prev?;
    let lost = prev_count.saturating_sub(kept);
    // X confirms a loss when even its highest count fell by at least half of it.
    let most = told.into_iter().flatten().max();
    let confirmed = most.is_some_and(|most| most <= prev_count.saturating_sub(lost / 2));
    let much =
        lost > LOSS_MIN && lost.saturating_mul(100) > prev_count.saturating_mul(LOSS_PERCENT);
    (much && !confirmed).then(|| {
        let told = most.map_or_else(
            || "X's own count is not known".to_owned(),
            |most| format!("X itself still counts {most}"),
        );
        format!(
            "{lost} of {prev_count} followers are missing from this check, but {told}. It was \
             set aside, and nobody was counted as left."
        )
    })
}

fn implausible_import(candidate: &Candidate) -> Option<String> {
    let count = candidate.count;
    let Overlap { prev_count, kept } = candidate.prev?;
    if count == 0 && prev_count > 0 {
        return Some(format!(
            "This list is empty; the one before has {prev_count} followers. It was set aside, \
             and nobody was counted as left."
        ));
    }
    let shorter = prev_count.min(count);
    let strangers = kept.saturating_mul(100) < shorter.saturating_mul(COMMON_PERCENT);
    (prev_count >= COMMON_FROM && strangers).then(|| {
        format!(
            "Only {kept} of the {count} people in this list are among the {prev_count} of the \
             list before: is it another account's list? It was set aside, and nobody was \
             counted as left."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "as `check` takes it")]
    fn crawl(start: u64, end: Option<u64>) -> Option<CrawlFacts> {
        Some(CrawlFacts { x_count_start: Some(start), x_count_end: end, ..CrawlFacts::default() })
    }

    #[track_caller]
    fn check(count: u64, facts: Option<CrawlFacts>, prev: Option<(u64, u64)>, quarantined: &str) {
        let prev = prev.map(|(prev_count, kept)| Overlap { prev_count, kept });
        check_with(0, count, facts, prev, quarantined);
    }

    #[track_caller]
    fn check_with(
        unreadable: u64,
        count: u64,
        facts: Option<CrawlFacts>,
        prev: Option<Overlap>,
        quarantined: &str,
    ) {
        let why = match judge(&Candidate { count, unreadable, facts, prev }) {
            Verdict::Accept => String::new(),
            Verdict::Quarantine(why) => {
                assert!(why.contains("nobody was counted as left"), "{why}");
                why
            }
        };
        assert_eq!(why.is_empty(), quarantined.is_empty(), "{why}");
        assert!(why.contains(quarantined), "{why}");
    }

    #[test]
    fn a_check_that_is_short_of_both_counts_is_set_aside() {
        check(1_000, crawl(1_000, Some(1_000)), None, "");
        check(950, crawl(1_000, Some(1_000)), None, "");
        check(949, crawl(1_000, Some(1_000)), None, "949 followers while X itself counts 1000");
        check(949, crawl(1_000, Some(998)), None, "");
        check(950, crawl(999, None), None, "");
        check(949, crawl(999, None), None, "incomplete");
    }

    #[test]
    fn small_accounts_may_be_off_by_ten_but_not_empty() {
        check(90, crawl(100, Some(100)), None, "");
        check(89, crawl(100, Some(100)), None, "incomplete");
        check(1, crawl(11, None), None, "");
        check(0, crawl(3, Some(3)), None, "0 followers while X itself counts 3");
        check(0, crawl(0, Some(0)), None, "");
        check(0, crawl(3, Some(0)), Some((3, 0)), "");
    }

    #[test]
    fn a_list_longer_than_the_count_is_fine() {
        check(1_200, crawl(1_000, Some(1_000)), Some((1_000, 990)), "");
    }

    #[test]
    fn a_mass_loss_needs_the_count_to_confirm_it() {
        check(700, crawl(700, Some(700)), Some((1_000, 700)), "");
        check(699, crawl(699, Some(699)), Some((1_000, 699)), "");
        check(1_000, crawl(1_000, None), Some((1_000, 699)), "301 of 1000 followers are missing");
        check(1_000, crawl(1_000, None), Some((1_000, 700)), "");
        check(850, crawl(850, Some(849)), Some((1_000, 699)), "");
        check(851, crawl(851, Some(840)), Some((1_000, 699)), "still counts 851");
    }

    #[test]
    fn a_mass_loss_without_any_count_is_not_believed() {
        check(699, Some(CrawlFacts::default()), Some((1_000, 699)), "is not known");
    }

    #[test]
    fn few_losses_are_believed_at_any_share() {
        check(150, crawl(150, Some(150)), Some((150, 100)), "");
        check(150, crawl(150, Some(150)), Some((150, 99)), "51 of 150");
    }

    #[test]
    fn an_import_of_strangers_is_set_aside() {
        check(100, None, Some((20, 2)), "");
        check(100, None, Some((20, 1)), "Only 1 of the 100 people");
        check(10, None, Some((1_000, 1)), "");
        check(10, None, Some((1_000, 0)), "another account's list");
        check(100, None, Some((19, 0)), "");
    }

    #[test]
    fn an_empty_import_is_taken_only_where_nobody_was_before() {
        check(0, None, None, "");
        check(0, None, Some((0, 0)), "");
        check(0, None, Some((1, 0)), "This list is empty");
    }

    #[test]
    fn an_import_may_lose_many() {
        check(500, None, Some((1_000, 300)), "");
    }

    #[test]
    fn what_pages_held_is_added_to_what_their_file_holds() {
        let file = Summary {
            entries: 9,
            users: 8,
            unreadable: 1,
            again: false,
            members: 1,
            raw_bytes: 100,
        };
        let (entries, unreadable, repeated) = (9, 1, 2);
        assert_eq!(Entries::of(&file, 2, None), Entries { entries, unreadable, repeated });
        let facts = CrawlFacts { repeats: 10, dropped: 3, ..CrawlFacts::default() };
        let (entries, unreadable, repeated) = (22, 4, 12);
        assert_eq!(Entries::of(&file, 2, Some(&facts)), Entries { entries, unreadable, repeated });
    }

    #[test]
    fn a_list_that_nobody_can_be_read_from_is_set_aside_also_as_the_first() {
        check_with(1, 0, None, None, "The one entry of this list could not be read");
        check_with(1_200, 0, None, None, "None of the 1,200 entries of this list could be read");
        let prev = Some(Overlap { prev_count: 3, kept: 0 });
        check_with(3, 0, None, prev, "None of the 3 entries");
        check_with(3, 0, crawl(3, Some(3)), None, "None of the 3 entries");
        check_with(3, 0, crawl(0, Some(0)), None, "None of the 3 entries");
    }

    #[test]
    fn a_list_of_which_some_can_be_read_is_taken() {
        check_with(4, 1, None, Some(Overlap { prev_count: 5, kept: 1 }), "");
        check_with(80, 120, None, Some(Overlap { prev_count: 200, kept: 120 }), "");
        check_with(3, 50, crawl(53, Some(53)), None, "");
        check_with(30, 50, crawl(80, Some(80)), None, "(30 entries could not be read)");
        check_with(1, 50, crawl(80, Some(80)), None, "(one entry could not be read)");
    }

    #[test]
    fn counts_beyond_reason_do_not_overflow() {
        check(u64::MAX, crawl(u64::MAX, Some(u64::MAX)), Some((u64::MAX, u64::MAX)), "");
        check(u64::MAX, None, Some((u64::MAX, u64::MAX)), "");
    }
}
