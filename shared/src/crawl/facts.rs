//! What a full check leaves beside its list: kept as metadata of the stored snapshot, so that
//! a replay judges it as it was judged. Invariant: facts written and read again are the same.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrawlFacts {
    /// X's own count before the walk.
    pub x_count_start: Option<u64>,
    /// X's own count after it.
    pub x_count_end: Option<u64>,
    /// Followers that X kept back, with an error beside the data.
    pub refused: u64,
    /// Ids that came more than once.
    pub repeats: u64,
    /// Entries without a readable id: they stand in no file.
    #[serde(default)]
    pub dropped: u64,
    /// A page had to be kept although it looked wrong: some followers may be missing.
    pub doubtful: bool,
}

const START: &str = "x-count-start";
const END: &str = "x-count-end";
const REFUSED: &str = "refused";
const REPEATS: &str = "repeats";
const DROPPED: &str = "dropped";
const DOUBTFUL: &str = "doubtful";

impl CrawlFacts {
    /// As metadata of an R2 object.
    pub fn to_pairs(&self) -> BTreeMap<String, String> {
        let counts = [(START, self.x_count_start), (END, self.x_count_end)];
        counts
            .into_iter()
            .filter_map(|(name, count)| Some((name, count?.to_string())))
            .chain([
                (REFUSED, self.refused.to_string()),
                (REPEATS, self.repeats.to_string()),
                (DROPPED, self.dropped.to_string()),
                (DOUBTFUL, self.doubtful.to_string()),
            ])
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// From metadata of an R2 object; none if it is not (whole) ours: then the list is an import.
    pub fn from_pairs(pairs: &BTreeMap<String, String>) -> Option<Self> {
        let count = |name: &str| pairs.get(name).map(|text| text.parse().ok());
        Some(Self {
            x_count_start: count(START).map_or(Some(None), |count: Option<u64>| count.map(Some))?,
            x_count_end: count(END).map_or(Some(None), |count: Option<u64>| count.map(Some))?,
            refused: count(REFUSED)??,
            repeats: count(REPEATS)??,
            // Facts written before it was counted lack it.
            dropped: count(DROPPED).unwrap_or(Some(0))?,
            doubtful: pairs.get(DOUBTFUL)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_metadata() {
        let all = CrawlFacts {
            x_count_start: Some(10),
            x_count_end: Some(u64::MAX),
            refused: 1,
            repeats: 2,
            dropped: 3,
            doubtful: true,
        };
        for facts in [all, CrawlFacts::default()] {
            assert_eq!(CrawlFacts::from_pairs(&facts.to_pairs()), Some(facts));
        }
    }

    #[test]
    fn metadata_that_is_not_ours_is_no_facts() {
        let mut pairs = CrawlFacts::default().to_pairs();
        pairs.insert(START.into(), "many".into());
        assert_eq!(CrawlFacts::from_pairs(&pairs), None);
        pairs.remove(START);
        pairs.insert("author".into(), "someone".into());
        assert!(CrawlFacts::from_pairs(&pairs).is_some(), "other metadata beside ours");
        pairs.remove(DROPPED);
        assert!(CrawlFacts::from_pairs(&pairs).is_some(), "of before it was counted");
        pairs.remove(DOUBTFUL);
        assert_eq!(CrawlFacts::from_pairs(&pairs), None);
        assert_eq!(CrawlFacts::from_pairs(&BTreeMap::new()), None);
    }
}
