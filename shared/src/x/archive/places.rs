//! Links in a text. Owns: where they stand. Invariant: a link stands where its own words are in
//! the text, whichever way its place was counted; one whose words are not there is none.

/// Finds the places of links in one text.
pub(super) struct Places {
    /// Unicode scalar values, as the API counts.
    text: Vec<char>,
}

impl Places {
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.chars().collect() }
    }

    /// Where one of some spellings stands: at `told`, else nearest to it, else at the first place.
    pub(super) fn find(&self, told: Option<u64>, spellings: &[String]) -> Option<(u64, u64)> {
        spellings.iter().find_map(|words| {
            let words: Vec<char> = words.chars().collect();
            let told = usize::try_from(told.unwrap_or(0)).unwrap_or(usize::MAX);
            let start = if self.stands(told, &words) {
                told
            } else {
                let all = (0..self.text.len()).filter(|start| self.stands(*start, &words));
                all.min_by_key(|start| start.abs_diff(told))?
            };
            Some((start as u64, (start + words.len()) as u64))
        })
    }

    fn stands(&self, start: usize, words: &[char]) -> bool {
        let end = start.saturating_add(words.len());
        let there = self.text.get(start..end).unwrap_or_default();
        !words.is_empty() && there.len() == words.len() && there.iter().zip(words).all(same)
    }
}

/// Whether two characters are one but for case: X writes handles as their owners do.
fn same((one, other): (&char, &char)) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, told: Option<u64>, words: &str, expected: Option<(u64, u64)>) {
        let spellings = [words.to_owned()];
        assert_eq!(Places::of(text).find(told, &spellings), expected, "{text} {told:?} {words}");
    }

    #[test]
    fn a_link_stands_where_its_words_do() {
        check("go #sea", Some(3), "#sea", Some((3, 7)));
        check("🐟🐟 #sea", Some(5), "#sea", Some((3, 7)));
        check("#sea #sea", Some(5), "#sea", Some((5, 9)));
        check("#sea x #sea", Some(6), "#sea", Some((7, 11)));
        check("hi @ADA", None, "@Ada", Some((3, 7)));
        check("cut #se", Some(4), "#sea", None);
        check("x", Some(u64::MAX), "x", Some((0, 1)));
        check("x", Some(0), "", None);
    }
}
