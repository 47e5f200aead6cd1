//! What is kept of a tweet out of all the files that name it. Owns: which file's word counts.
//! Must not know: where rows lie, what X answers. Invariant: whatever the order in which files
//! come, and however often, the same files make the same row: each gives its instant's metrics,
//! and the newest one ever taken the text and what stands beside it.

use super::{Listed, Tweet};
use crate::api::{Entity, TweetKind};
use crate::id::TweetId;
use crate::live::hydrate::{Failures, hydrate};
use crate::metrics::{Family, Pushed, Series};
use crate::time::UnixMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What only the view of one tweet shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// What in the text is a link, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
    /// X marks it as possibly sensitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// The versions it replaces, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<TweetId>,
}

/// A tweet.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Which.
    pub id: TweetId,
    /// When it was written.
    pub created: Option<UnixMs>,
    /// What it is.
    pub kind: TweetKind,
    /// Its language as X tells it.
    pub lang: Option<String>,
    /// Its whole text.
    pub text: Option<String>,
    /// What else stands beside the text.
    pub head: Head,
    /// Whether the newest file has it among the promoted ones.
    pub advertised: bool,
    /// The newest file that named it.
    pub told_at: Option<UnixMs>,
    /// Its metrics over time.
    pub series: Series,
}

impl Kept {
    /// A tweet of which nothing is known yet.
    pub fn new(id: TweetId) -> Self {
        Self {
            id,
            created: None,
            kind: TweetKind::Tweet,
            lang: None,
            text: None,
            head: Head::default(),
            advertised: false,
            told_at: None,
            series: Series::new(),
        }
    }

    /// Takes what the file of an instant says; `gone`: X had it deleted after that file, so that
    /// its words are not kept. What an earlier edition of that file said is forgotten.
    pub fn take(&mut self, at: UnixMs, listed: &Listed, gone: bool) -> Pushed {
        let tweet = &listed.tweet;
        if self.told_at.is_none_or(|told| told <= at) {
            self.told_at = Some(at);
            self.created = tweet.created.or(self.created);
            self.kind = tweet.kind;
            self.lang.clone_from(&tweet.lang);
            let (text, entities) = told(tweet);
            self.text = text;
            self.advertised = listed.promoted;
            self.head =
                Head { entities, sensitive: tweet.sensitive, replaces: tweet.replaces.clone() };
        }
        if gone {
            self.forget();
        }
        self.series.remove(at);
        self.series.push(at, &tweet.metrics)
    }

    /// Forgets its words: X no longer has it. What is left is what [`redact`] leaves.
    pub fn forget(&mut self) {
        self.text = None;
        self.lang = None;
        self.kind = TweetKind::Tweet;
        self.head.entities.clear();
        self.head.sensitive = false;
    }

    /// Takes a file's instant out: the file was replaced by one that does not name it. Tells
    /// whether any file still does.
    pub fn untake(&mut self, at: UnixMs) -> bool {
        self.series.remove(at);
        !self.series.is_empty()
    }

    /// Whether an advertisement counted anything.
    pub fn promoted(&self) -> bool {
        self.advertised || self.series.metrics().any(|metric| metric.family() == Family::Promoted)
    }

    /// The last value of each metric.
    pub fn latest(&self) -> BTreeMap<String, u64> {
        self.series.latest().map(|(metric, _, value)| (metric.to_string(), value)).collect()
    }

    /// When it was last read.
    pub fn read_at(&self) -> Option<UnixMs> {
        self.series.times().last().copied()
    }

    /// When X last told the author's metrics.
    pub fn private_at(&self) -> Option<UnixMs> {
        let private = |metric: &crate::metrics::Metric| metric.family() != Family::Public;
        self.series.latest().filter(|(metric, ..)| private(metric)).map(|(_, at, _)| at).max()
    }
}

/// A tweet's text and the links in it, by the steps that streamed tweets take: HTML's names for
/// `&`, `<` and `>` undone, and the links where they are then.
fn told(tweet: &Tweet) -> (Option<String>, Vec<Entity>) {
    let message = format!("{{\"data\":{}}}", tweet.raw);
    let Ok(Some(clean)) = hydrate(&message, None, &mut Failures::default()) else {
        return (tweet.text.clone(), Vec::new());
    };
    let entity = |link: &crate::live::hydrate::Link<'_>| Entity {
        start: link.start,
        end: link.end,
        url: link.url.plain().into_owned(),
        display: link.display.as_ref().map(|text| text.plain().into_owned()),
    };
    let text = clean.body.as_ref().map(|body| body.plain().into_owned());
    (text.or_else(|| tweet.text.clone()), clean.links.iter().map(entity).collect())
}

/// What stays of a purged tweet beside its metrics: with an edit's ids its versions stay one tweet.
const KEPT: [&str; 6] =
    ["id", "id_str", "created_at", "text", "edit_history_tweet_ids", "edit_history_post_ids"];

/// What a purged tweet's object is reduced to: that it was, when, and what was counted. `None`
/// if nothing else is in it.
pub fn redact(raw: &str) -> Option<String> {
    let keeps = |name: &str| KEPT.contains(&name) || Family::of_field(name).is_some();
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(raw).ok()?;
    let spoken = fields.get("text").is_some_and(|text| !text.is_null());
    if !spoken && fields.keys().all(|name| keeps(name)) {
        return None;
    }
    let mut kept: serde_json::Map<_, _> =
        fields.into_iter().filter(|(name, _)| keeps(name)).collect();
    // The seed's readers want the field.
    kept.insert("text".to_owned(), serde_json::Value::Null);
    Some(serde_json::Value::Object(kept).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn listed(text: &str, likes: u64) -> Listed {
        let raw = json!({"id": "1346889436626259968", "text": text, "lang": "en",
            "public_metrics": {"like_count": likes}});
        Listed { tweet: Tweet::from_raw(&raw.to_string()).unwrap(), promoted: false }
    }

    fn taken(files: &[(i64, u64)]) -> Kept {
        let mut kept = Kept::new(TweetId(1_346_889_436_626_259_968));
        for &(at, likes) in files {
            kept.take(UnixMs(at), &listed(&format!("said at {at}"), likes), false);
        }
        kept
    }

    proptest! {
        #[test]
        fn the_order_of_files_does_not_matter(
            files in prop::collection::btree_map(0_i64..50, 0_u64..9, 1..12),
            order in any::<prop::sample::Index>(),
        ) {
            let mut files: Vec<(i64, u64)> = files.into_iter().collect();
            let expected = taken(&files);
            let turn = order.index(files.len());
            files.rotate_left(turn);
            files.push(files[turn]);
            prop_assert_eq!(taken(&files), expected);
        }
    }

    #[test]
    fn the_newest_file_names_the_text() {
        let kept = taken(&[(20, 2), (10, 1)]);
        assert_eq!(kept.text.as_deref(), Some("said at 20"));
        assert_eq!(kept.latest().get("public.like_count"), Some(&2));
        assert_eq!(kept.read_at(), Some(UnixMs(20)));
    }

    #[test]
    fn a_replaced_file_says_only_what_it_says_now() {
        let mut kept = taken(&[(10, 1)]);
        let raw = json!({"id": "1346889436626259968", "text": "now",
            "public_metrics": {"reply_count": 3}});
        let now = Listed { tweet: Tweet::from_raw(&raw.to_string()).unwrap(), promoted: true };
        kept.take(UnixMs(10), &now, false);
        assert_eq!(
            kept.latest().into_iter().collect::<Vec<_>>(),
            [("public.reply_count".into(), 3)]
        );
        assert!(kept.promoted());
        assert!(!kept.untake(UnixMs(10)));
    }

    #[test]
    fn of_a_deleted_tweet_no_word_is_kept() {
        let mut kept = taken(&[(10, 1)]);
        kept.take(UnixMs(5), &listed("older", 1), true);
        assert_eq!((kept.text.as_deref(), kept.head.entities.len()), (None, 0));
        assert_eq!(kept.series.len(), 2, "what was counted stays");
    }

    #[test]
    fn a_text_is_kept_without_html_and_its_links_move_along() {
        let raw = json!({"id": "1346889436626259968", "text": "Fish &amp; #chips",
            "entities": {"hashtags": [{"start": 11, "end": 17, "tag": "chips"}]}});
        let (text, found) = told(&Tweet::from_raw(&raw.to_string()).unwrap());
        let starts: Vec<_> = found.iter().map(|entity| (entity.start, entity.end)).collect();
        assert_eq!((text.as_deref(), starts), (Some("Fish & #chips"), vec![(7, 13)]));
    }

    #[test]
    fn links_are_those_of_the_whole_text() {
        let raw = json!({"id": "1346889436626259968", "text": "cut…",
            "entities": {"hashtags": [{"start": 0, "end": 2, "tag": "x"}]},
            "note_tweet": {"text": "see #rust and https://t.co/a", "entities": {
                "hashtags": [{"start": 4, "end": 9, "tag": "rust"}],
                "urls": [{"start": 14, "end": 28, "url": "https://t.co/a",
                    "expanded_url": "https://example.org", "display_url": "example.org"}]}}});
        let (text, found) = told(&Tweet::from_raw(&raw.to_string()).unwrap());
        assert_eq!(text.as_deref(), Some("see #rust and https://t.co/a"));
        let short: Vec<_> = found.iter().map(|e| (e.start, e.url.as_str())).collect();
        assert_eq!(short, [(4, "https://x.com/hashtag/rust"), (14, "https://t.co/a")]);
        assert_eq!(found[1].display.as_deref(), Some("example.org"));
    }

    #[test]
    fn a_purged_object_keeps_what_was_counted() {
        let raw = r#"{"id":"5","text":"secret","author_id":"12","created_at":"then","entities":{},"public_metrics":{"like_count":3}}"#;
        let left = redact(raw).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&left).unwrap(),
            json!({"id": "5", "text": null, "created_at": "then", "public_metrics": {"like_count": 3}})
        );
        assert_eq!(redact(&left), None, "nothing is left to purge");
    }
}
