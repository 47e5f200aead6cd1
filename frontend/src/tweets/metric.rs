//! Metrics by their names. Owns: what is a name, in which order metrics stand, which belong
//! together. Must not know: their values. Invariant: a metric that X adds is shown like any
//! other, under its own name.

/// What everyone counts first.
pub(crate) const IMPRESSIONS: &str = "public.impression_count";

/// Families in the order of the page, as X writes them.
pub(crate) const FAMILIES: [&str; 4] = ["public", "non_public", "organic", "promoted"];

/// The usual order within a family; others follow by their names.
const ORDER: [&str; 9] = [
    "impression_count",
    "like_count",
    "retweet_count",
    "reply_count",
    "quote_count",
    "bookmark_count",
    "engagements",
    "url_link_clicks",
    "user_profile_clicks",
];

/// As long as the API takes.
const NAME_MOST: usize = 64;

/// The text if it is a metric's name: `public.like_count`.
pub(crate) fn named(text: &str) -> Option<String> {
    let (family, name) = text.split_once('.')?;
    let fits = FAMILIES.contains(&family)
        && (1..=NAME_MOST).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    fits.then(|| text.to_owned())
}

/// Family and name.
pub(crate) fn split(metric: &str) -> (&str, &str) {
    metric.split_once('.').unwrap_or(("", metric))
}

/// Puts metrics into the order of the page.
pub(crate) fn sort(metrics: &mut [String]) {
    sort_few(metrics, |one, other| place(one) < place(other));
}

/// Sorts some dozens by putting each where it belongs: the library's own sort is made for
/// millions, and is as many bytes as a page of ours.
pub(crate) fn sort_few<T>(list: &mut [T], before: fn(&T, &T) -> bool) {
    for end in 1..list.len() {
        let mut at = end;
        while let Some([one, other]) = at.checked_sub(1).and_then(|from| list.get_mut(from..=at)) {
            if !before(other, one) {
                break;
            }
            std::mem::swap(one, other);
            at -= 1;
        }
    }
}

fn place(metric: &str) -> (usize, usize, &str) {
    let (family, name) = split(metric);
    let of =
        |list: &[&str], word: &str| list.iter().position(|one| *one == word).unwrap_or(list.len());
    (of(&FAMILIES, family), of(&ORDER, name), name)
}

/// What the curve shows if nothing else is chosen: impressions, and where a tweet was promoted
/// what came without the advertisement beside what it brought.
pub(crate) fn lines(promoted: bool, known: &[String]) -> Vec<String> {
    let mut lines = vec![IMPRESSIONS.to_owned()];
    if promoted {
        let parts = ["organic.impression_count", "promoted.impression_count"];
        let there = parts.into_iter().filter(|part| known.iter().any(|one| one == part));
        lines.extend(there.map(str::to_owned));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_family_and_a_word() {
        for good in ["public.like_count", "promoted.playback_100_count"] {
            assert_eq!(named(good).as_deref(), Some(good));
        }
        for bad in ["like_count", "secret.like_count", "public.", "public.Like", "public.a b", ""] {
            assert_eq!(named(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_few_are_sorted_and_equals_keep_their_order() {
        let mut list = vec![(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e')];
        sort_few(&mut list, |one, other| one.0 < other.0);
        assert_eq!(list, [(1, 'b'), (1, 'e'), (2, 'd'), (3, 'a'), (3, 'c')]);
        sort_few(&mut [] as &mut [u8], |one, other| one < other);
    }

    #[test]
    fn unknown_metrics_come_after_known_ones_of_their_family() {
        let mut metrics = [
            "promoted.like_count",
            "public.dream_count",
            "public.like_count",
            "organic.like_count",
            IMPRESSIONS,
        ]
        .map(str::to_owned);
        sort(&mut metrics);
        assert_eq!(
            metrics,
            [
                IMPRESSIONS,
                "public.like_count",
                "public.dream_count",
                "organic.like_count",
                "promoted.like_count"
            ]
        );
    }

    #[test]
    fn a_promoted_tweet_is_split_where_x_told_the_parts() {
        let known = ["organic.impression_count".to_owned()];
        assert_eq!(lines(true, &known), [IMPRESSIONS, "organic.impression_count"]);
        assert_eq!(lines(false, &known), [IMPRESSIONS]);
    }
}
