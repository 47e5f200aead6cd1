//! What a request asks of tweets: fields and expansions, checked as X checks them.
//!
//! Knows names, not what they mean. Invariant: a [`Wish`] holds only names X documents.

use crate::profile::{self, Dialect, Fields};

/// Values of `tweet.fields`, in both dialects. Those that no tweet here has stay absent.
pub(crate) const TWEET: [&str; 38] = [
    "article",
    "article_title",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "note_request_suggestions",
    "note_tweet",
    "paid_partnership",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
    "edit_history_post_ids",
    "note_post",
    "referenced_posts",
    "non_public_metrics",
    "organic_metrics",
    "promoted_metrics",
];

/// Values of `place.fields`.
const PLACE: [&str; 8] =
    ["contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"];

/// Values of `expansions`.
const EXPANSIONS: [&str; 22] = [
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "author_screen_name",
    "edit_history_post_ids",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "entities.note.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "referenced_posts.author_id",
    "referenced_tweets.id",
    "referenced_tweets.id.author_id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_posts.id",
    "referenced_posts.id.author_id",
    "topic_ids",
    "username",
];

/// Values of `media.fields`.
const MEDIA: [&str; 14] = [
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
    "id",
];

/// Values of `poll.fields`.
const POLL: [&str; 5] = ["duration_minutes", "end_datetime", "id", "options", "voting_status"];

/// The parameters that [`Wish::set`] takes.
pub(crate) const PARAMS: [&str; 7] = [
    "tweet.fields",
    "post.fields",
    "expansions",
    "user.fields",
    "place.fields",
    "media.fields",
    "poll.fields",
];

/// What is asked of every tweet, as bits by position in the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) dialect: Dialect,
    pub(crate) user: Fields,
    tweet: u64,
    place: u64,
    media: u64,
    expansions: u64,
}

fn bit(list: &[&str], name: &str) -> u64 {
    list.iter().position(|n| *n == name).map_or(0, |at| 1 << at)
}

fn bits(list: &[&str], value: &str) -> Result<u64, String> {
    value.split(',').try_fold(0, |bits, name| match bit(list, name) {
        0 => Err(format!("is not one of [{}]", list.join(","))),
        bit => Ok(bits | bit),
    })
}

impl Wish {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let user = Fields::default_set();
        Self { dialect, user, tweet: 0, place: 0, media: 0, expansions: 0 }
    }

    /// Takes one parameter; `Ok(false)` when it is none of [`PARAMS`].
    ///
    /// # Errors
    /// What is wrong with the value.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<bool, String> {
        match name {
            "tweet.fields" | "post.fields" => self.tweet |= bits(&TWEET, value)?,
            "place.fields" => self.place |= bits(&PLACE, value)?,
            "media.fields" => self.media |= bits(&MEDIA, value)?,
            "poll.fields" => drop(bits(&POLL, value)?),
            "expansions" => self.expansions |= bits(&EXPANSIONS, value)?,
            "user.fields" => {
                for field in value.split(',') {
                    if !self.user.insert(field) {
                        return Err(format!("is not one of [{}]", profile::NAMES.join(",")));
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a tweet field was asked for, under either dialect's name.
    pub(crate) fn tweet(&self, name: &str) -> bool {
        let newer = match name {
            "edit_history_tweet_ids" => "edit_history_post_ids",
            "note_tweet" => "note_post",
            "referenced_tweets" => "referenced_posts",
            same => same,
        };
        self.tweet & (bit(&TWEET, name) | bit(&TWEET, newer)) != 0
    }

    pub(crate) fn place(&self, name: &str) -> bool {
        self.place & bit(&PLACE, name) != 0
    }

    pub(crate) fn media(&self, name: &str) -> bool {
        self.media & bit(&MEDIA, name) != 0
    }

    /// Whether what a tweet refers to was asked for.
    pub(crate) fn expands_references(&self) -> bool {
        self.expands(&[
            "referenced_tweets.id",
            "referenced_posts",
            "referenced_posts.id",
            "referenced_tweets.id.author_id",
            "referenced_posts.author_id",
            "referenced_posts.id.author_id",
        ])
    }

    /// Whether any of these expansions was asked for.
    pub(crate) fn expands(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.expansions & bit(&EXPANSIONS, name) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, outcome: Result<bool, ()>) {
        let set = Wish::new(Dialect::Tweet).set(name, value);
        assert_eq!(set.map_err(|_| ()), outcome, "{name}={value}");
    }

    #[test]
    fn only_documented_names_are_taken() {
        check("tweet.fields", "author_id,created_at,entities,geo,lang", Ok(true));
        check("tweet.fields", "author_id,shoe_size", Err(()));
        check("tweet.fields", "", Err(()));
        check("post.fields", "referenced_posts", Ok(true));
        check("expansions", "author_id,geo.place_id", Ok(true));
        check("expansions", "geo", Err(()));
        check("place.fields", "geo,country_code", Ok(true));
        check("user.fields", "name,verified", Ok(true));
        check("user.fields", "hat", Err(()));
        check("media.fields", "url", Ok(true));
        check("poll.fields", "options", Ok(true));
        check("query", "cat", Ok(false));
    }

    #[test]
    fn either_name_of_a_renamed_field_asks_for_it() {
        for name in ["referenced_tweets", "referenced_posts"] {
            let mut wish = Wish::new(Dialect::Tweet);
            assert!(!wish.tweet("referenced_tweets"));
            wish.set("tweet.fields", name).unwrap();
            assert!(wish.tweet("referenced_tweets"), "{name}");
        }
    }
}
