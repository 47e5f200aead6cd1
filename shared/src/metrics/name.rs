//! Names of metrics. Owns: which are known, their codes in stored bytes, and that both of X's
//! dialects are one. Invariant: a code never changes its meaning; a name of X that is not known
//! is kept as X wrote it.

use crate::api::words;
use std::fmt;
use std::sync::Arc;

words! {
    /// Whom a metric counts, and who may read it.
    Family {
        /// Everyone's, for everyone.
        Public = "public",
        /// Everyone's, for the author alone.
        NonPublic = "non_public",
        /// Those who came without an advertisement, for the author alone.
        Organic = "organic",
        /// Those an advertisement brought, for the author alone.
        Promoted = "promoted",
    }
}

impl Family {
    /// The field of X's tweet object that holds this family.
    pub fn field(self) -> &'static str {
        match self {
            Self::Public => "public_metrics",
            Self::NonPublic => "non_public_metrics",
            Self::Organic => "organic_metrics",
            Self::Promoted => "promoted_metrics",
        }
    }

    /// The family of a field of X's tweet object.
    pub fn of_field(field: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|family| family.field() == field)
    }
}

/// The metrics of X's tweet object (docs.x.com, "Metrics", August 2026). A metric's place is its
/// code in stored bytes: new ones go to the end.
const KNOWN: [(Family, &str); 22] = [
    (Family::Public, "impression_count"),
    (Family::Public, "like_count"),
    (Family::Public, "retweet_count"),
    (Family::Public, "reply_count"),
    (Family::Public, "quote_count"),
    (Family::Public, "bookmark_count"),
    (Family::NonPublic, "impression_count"),
    (Family::NonPublic, "url_link_clicks"),
    (Family::NonPublic, "user_profile_clicks"),
    (Family::NonPublic, "engagements"),
    (Family::Organic, "impression_count"),
    (Family::Organic, "like_count"),
    (Family::Organic, "retweet_count"),
    (Family::Organic, "reply_count"),
    (Family::Organic, "url_link_clicks"),
    (Family::Organic, "user_profile_clicks"),
    (Family::Promoted, "impression_count"),
    (Family::Promoted, "like_count"),
    (Family::Promoted, "retweet_count"),
    (Family::Promoted, "reply_count"),
    (Family::Promoted, "url_link_clicks"),
    (Family::Promoted, "user_profile_clicks"),
];

/// X's newer word for the same thing, and the one kept: the seed's files have it.
const DIALECTS: [(&str, &str); 1] = [("repost_count", "retweet_count")];
/// Longer names are none of X's.
const NAME_MAX_BYTES: usize = 64;

/// The name of a metric: `public.like_count`. Known ones come first, in the order of their codes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric(Name);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    Known(u8),
    Other(Family, Arc<str>),
}

impl Metric {
    /// What X calls `name` within a family, in either dialect. `None` for what cannot be a name:
    /// 1 to 64 bytes of `a-z`, `0-9` and `_`.
    pub fn of(family: Family, name: &str) -> Option<Self> {
        let fits = (1..=NAME_MAX_BYTES).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            return None;
        }
        let name = DIALECTS.iter().find(|(other, _)| *other == name).map_or(name, |(_, ours)| ours);
        let code = KNOWN.iter().position(|known| *known == (family, name));
        let code = code.and_then(|code| u8::try_from(code).ok());
        Some(Self(code.map_or_else(|| Name::Other(family, name.into()), Name::Known)))
    }

    /// Reads `public.like_count`; `None` if it is no such name.
    pub fn parse(text: &str) -> Option<Self> {
        let (family, name) = text.split_once('.')?;
        Self::of(Family::from_word(family)?, name)
    }

    /// Every known one, in the order of their codes.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.iter().filter_map(|(family, name)| Self::of(*family, name))
    }

    /// The metric of a code in stored bytes.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        KNOWN.get(usize::from(code)).map(|_| Self(Name::Known(code)))
    }

    /// Its code in stored bytes, if it is known.
    pub(super) fn code(&self) -> Option<u8> {
        match self.0 {
            Name::Known(code) => Some(code),
            Name::Other(..) => None,
        }
    }

    /// Whom it counts.
    pub fn family(&self) -> Family {
        match &self.0 {
            Name::Known(code) => {
                KNOWN.get(usize::from(*code)).map_or(Family::Public, |(family, _)| *family)
            }
            Name::Other(family, _) => *family,
        }
    }

    /// What it counts: `like_count`.
    pub fn name(&self) -> &str {
        match &self.0 {
            Name::Known(code) => KNOWN.get(usize::from(*code)).map_or("", |(_, name)| name),
            Name::Other(_, name) => name,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.family(), self.name())
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let found = Metric::parse(text).map(|metric| metric.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn every_known_metric_is_its_code() {
        for (code, (family, name)) in KNOWN.iter().enumerate() {
            let metric = Metric::of(*family, name).unwrap();
            assert_eq!(metric.code().map(usize::from), Some(code));
            assert_eq!(Metric::of_code(metric.code().unwrap()), Some(metric.clone()));
            check(&metric.to_string(), Some(&metric.to_string()));
        }
        assert_eq!(Metric::of_code(22), None);
    }

    #[test]
    fn both_dialects_are_one_metric() {
        check("public.repost_count", Some("public.retweet_count"));
        check("organic.repost_count", Some("organic.retweet_count"));
        assert_eq!(Metric::parse("public.repost_count"), Metric::parse("public.retweet_count"));
    }

    #[test]
    fn an_unknown_name_is_kept() {
        check("public.dream_count", Some("public.dream_count"));
        check("promoted.playback_100_count", Some("promoted.playback_100_count"));
        assert_eq!(Metric::parse("public.dream_count").unwrap().code(), None);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("public.{}", "x".repeat(65));
        for text in
            ["", "like_count", "private.like_count", "public.", "public.Like", "public.a b", &long]
        {
            check(text, None);
        }
    }
}
