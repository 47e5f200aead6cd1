//! Tweets as X tells them, and as the seed's files keep them. Owns: which fields are asked for,
//! how an object, an answer and a `TWEETS_` file are read, and what is wrong with them. Must not
//! know: when tweets are read ([`crate::cadence`]) or how they are kept. Invariant: every field
//! but the id may be missing, null, of another shape or of either dialect, and costs only itself;
//! what X wrote of a tweet is kept as X wrote it.

mod answer;
mod entries;
mod file;
pub mod kept;
pub mod list;
mod merge;
mod object;
pub mod summary;
#[cfg(test)]
mod tests;

pub use answer::{Absence, Absent, Answer, Reading, Refusal, again, read};
pub use entries::{Entry, EntryCounts, TWEETS_FILE_MAX, counts as entry_counts, split};
pub use file::{File, Listed, redacted, write};
pub use kept::{Head, Kept};
pub use object::Tweet;
pub(crate) use object::created_by_id;

use crate::metrics::Family;

/// The `tweet.fields` for everyone's tweets: what the page shows, what the card by X's display
/// rules needs, and the public metrics. `referenced_tweets` names ids only; no expansion of it
/// is ever asked for beside the author's metrics, as X then refuses those (docs.x.com,
/// "Metrics").
pub const PUBLIC_FIELDS: &str = "author_id,created_at,edit_history_tweet_ids,entities,\
     in_reply_to_user_id,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets";

/// The same with the author's metrics: for own tweets of less than 30 days, with user keys.
pub const PRIVATE_FIELDS: &str = "author_id,created_at,edit_history_tweet_ids,entities,\
     in_reply_to_user_id,lang,non_public_metrics,note_tweet,organic_metrics,possibly_sensitive,\
     promoted_metrics,public_metrics,referenced_tweets";

/// The `tweet.fields` for some families of metrics.
pub fn fields(families: &[Family]) -> String {
    let all: Vec<&str> = PRIVATE_FIELDS.split(',').collect();
    let asked = |name: &&str| Family::of_field(name).is_none_or(|f| families.contains(&f));
    all.into_iter().filter(asked).collect::<Vec<_>>().join(",")
}
