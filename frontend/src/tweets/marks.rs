//! The tweets on the tide. Owns: where they lie and what names them. Must not know: pixels; the
//! chart puts those together that would touch. Invariant: oldest first.

use crate::calendar::{Zone, clock_text, date_at};
use crate::tide::{Bucket, position};
use serde::{Deserialize, Serialize};
use shared::text::cut;
use shared::time::UnixMs;

/// A name is cut after so many letters.
const NAME_LETTERS: usize = 70;

/// What of a tweet its mark needs: of long lists nothing else is read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) text: Option<String>,
    pub(crate) created_at: Option<UnixMs>,
}

/// A mark: where it lies, in buckets from the middle of the first, when it was, and its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Mark(pub(crate) f64, pub(crate) String, pub(crate) String);

/// Marks, and when and which each of them is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    pub(crate) marks: Vec<Mark>,
    pub(crate) of: Vec<(UnixMs, String)>,
}

/// The marks of the tweets that lie in the buckets; `tweets` are newest first, as the API tells
/// them.
pub(crate) fn marks(tweets: &[Written], buckets: &[Bucket], zone: &dyn Zone) -> Marks {
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
        return Marks::default();
    };
    let mut inside: Vec<(UnixMs, &Written)> = tweets
        .iter()
        .filter_map(|tweet| Some((tweet.created_at?, tweet)))
        .filter(|(at, _)| (first.range.from..last.range.to).contains(at))
        .collect();
    inside.reverse();
    let mark = |(at, tweet): &(UnixMs, &Written)| {
        let when = format!("{} {}", date_at(*at, zone).short(), clock_text(*at, zone));
        Mark(position(buckets, *at) - 0.5, when, name(tweet.text.as_deref()))
    };
    Marks {
        marks: inside.iter().map(mark).collect(),
        of: inside.iter().map(|(at, tweet)| (*at, tweet.id.clone())).collect(),
    }
}

/// The beginning of a text, on one line.
pub(crate) fn name(text: Option<&str>) -> String {
    let line = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "a tweet without text".to_owned();
    }
    let start = cut(&line, NAME_LETTERS);
    if start.len() < line.len() { format!("{}…", start.trim_end()) } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::tide::tests::{START, make, point};
    use shared::time::{DAY_MS, HOUR_MS};

    #[test]
    fn tweets_lie_where_their_time_lies() {
        let tide = make(vec![point(0, Some(1), 0, 0), point(1, Some(1), 0, 0)], &[], 2);
        let tweet = |id: &str, at: i64| Written {
            id: id.to_owned(),
            text: Some("Tea\n first".to_owned()),
            created_at: Some(START.plus(at)),
        };
        let nowhere = Written { created_at: None, ..tweet("4", 0) };
        let tweets =
            [tweet("2", DAY_MS + 12 * HOUR_MS), tweet("1", 6 * HOUR_MS), tweet("3", -1), nowhere];
        let Marks { marks, of } = marks(&tweets, &tide.buckets, &Fixed(0));
        let ids: Vec<_> = of.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        let places: Vec<_> = marks.iter().map(|mark| mark.0).collect();
        assert_eq!(places, [-0.25, 1.0]);
        assert_eq!((marks[0].1.as_str(), marks[0].2.as_str()), ("8 Nov 06:00", "Tea first"));
    }

    #[test]
    fn long_names_are_cut_by_letters() {
        assert_eq!(name(Some(&"é".repeat(80))).chars().count(), NAME_LETTERS + 1);
        assert_eq!(name(Some("  ")), "a tweet without text");
    }
}
