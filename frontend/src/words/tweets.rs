//! Words of tweets: metrics, kinds, what came after, what is read when and for how much.
//! Invariant: followers come "after" a tweet, never "because" of one.

use crate::calendar::Zone;
use crate::numbers::{self, about, count, plural};
use crate::tweets::choice::{Choice, Key};
use crate::tweets::metric;
use crate::words::when;
use shared::api::{
    Account, Beside, Bounds, CollectorState, FollowersAfter, TweetCollection, TweetHour, TweetItem,
    TweetKind, Usual,
};
use shared::time::UnixMs;
use std::fmt::Write as _;

/// What a kind is called, one and many.
pub(crate) fn kind(kind: TweetKind) -> (&'static str, &'static str) {
    match kind {
        TweetKind::Tweet => ("Tweet", "Tweets"),
        TweetKind::Reply => ("Reply", "Replies"),
        TweetKind::Quote => ("Quote", "Quotes"),
        TweetKind::Retweet => ("Repost", "Reposts"),
    }
}

/// A metric's short name: `Likes`.
pub(crate) fn metric(metric: &str) -> String {
    match metric::split(metric).1 {
        "impression_count" => "Impressions",
        "like_count" => "Likes",
        "retweet_count" => "Reposts",
        "reply_count" => "Replies",
        "quote_count" => "Quotes",
        "bookmark_count" => "Bookmarks",
        "engagements" => "Engagements",
        "url_link_clicks" => "Link clicks",
        "user_profile_clicks" => "Profile clicks",
        other => return super::capital(&other.trim_end_matches("_count").replace('_', " ")),
    }
    .to_owned()
}

/// Whom a family counts: a name, and what it means.
pub(crate) fn family(family: &str) -> (&'static str, &'static str) {
    match family {
        "non_public" => ("Private", "Everyone, told to the author alone for 30 days"),
        "organic" => ("Organic", "Who came without an advertisement; told for 30 days"),
        "promoted" => ("Promoted", "Who an advertisement brought; told for 30 days"),
        _ => ("Public", "Everyone, as X shows it to all"),
    }
}

/// A metric with its family where that is not everyone's: `Likes, organic`.
pub(crate) fn full(name: &str) -> String {
    match metric::split(name).0 {
        "public" => metric(name),
        other => format!("{}, {}", metric(name), family(other).0.to_lowercase()),
    }
}

/// What the list is sorted by, for a phone's choice.
pub(crate) fn key(key: &Key) -> String {
    match key {
        Key::Created => "Newest".to_owned(),
        Key::After => "Followers after".to_owned(),
        Key::Metric(name) => full(name),
        Key::Growth(name) => format!("{}, in the period", full(name)),
    }
}

/// `8`, `8–15`.
pub(crate) fn range(low: u64, high: u64) -> String {
    if low == high { count(low) } else { format!("{}–{}", count(low), count(high)) }
}

fn bounds(bounds: Bounds) -> String {
    range(bounds.low, bounds.high)
}

/// `3–9`: what is usual, in whole people.
pub(crate) fn usual(usual: Usual) -> String {
    let whole = |number: f64| u64::try_from(numbers::whole(number.max(0.0))).unwrap_or(0);
    range(whole(usual.low), whole(usual.high))
}

/// How a number stands beside the usual one, as a word.
pub(crate) fn beside(after: &FollowersAfter) -> &'static str {
    match (after.usual.is_some(), after.beside) {
        (false, _) => "",
        (true, Beside::More) => "more than usual",
        (true, Beside::Usual) => "as usual",
        (true, Beside::Fewer) => "fewer than usual",
    }
}

/// `usually 3–9`, under the number.
pub(crate) fn beside_short(after: &FollowersAfter) -> String {
    match after.usual {
        Some(known) => format!("usually {}", usual(known)),
        None => "usual not known".to_owned(),
    }
}

/// Everything known of what came after, in sentences.
pub(crate) fn after(after: &FollowersAfter) -> String {
    let so_far = if after.complete { "" } else { ", as far as was observed" };
    let mut text = format!(
        "{} came in the 24 hours after it{so_far} ({} by the checks around them), {} left ({}).",
        count(after.came),
        bounds(after.came_range),
        count(after.left),
        bounds(after.left_range),
    );
    match after.usual {
        Some(known) => {
            let _ = write!(
                text,
                " Usually {} come in 24 hours from this hour of the week, by {}: {}.",
                usual(known),
                plural(u64::from(known.weeks), "earlier week", "earlier weeks"),
                beside(after),
            );
        }
        None => text.push_str(" What is usual is not known yet."),
    }
    text
}

/// `Gone from X since 3 Nov`.
pub(crate) fn deleted(at: UnixMs, now: UnixMs, zone: &dyn Zone) -> String {
    format!("Not at X any more: seen {}", when::moment(at, now, zone))
}

/// What stands where a text would.
pub(crate) fn no_text(item: &TweetItem) -> &'static str {
    if item.deleted_at.is_some() {
        "Deleted at X: its text is gone here too."
    } else {
        "X told no text."
    }
}

/// What the table shows, in a sentence.
pub(crate) fn told(
    choice: &Choice,
    query: &str,
    (known, deleted): (u64, u64),
    period: &str,
) -> String {
    let kinds: Vec<_> = choice.kinds.iter().map(|one| kind(*one).1.to_owned()).collect();
    let what = match kinds.is_empty() {
        true if choice.narrows() || !query.is_empty() => "Tweets".to_owned(),
        true if deleted > 0 => {
            format!("{} and {} deleted at X", plural(known, "tweet", "tweets"), count(deleted))
        }
        true => plural(known, "tweet", "tweets"),
        false => super::capital(&super::listed(&kinds).to_lowercase()),
    };
    let mut parts = vec![what];
    match choice.promoted {
        Some(true) => parts.push("promoted".to_owned()),
        Some(false) => parts.push("not promoted".to_owned()),
        None => {}
    }
    if choice.written {
        parts.push(format!("written in the period ({period})"));
    }
    if !query.is_empty() {
        parts.push(format!("with “{query}”"));
    }
    parts.join(", ")
}

/// A rate of engagement: `2.31 %`, with two digits below ten.
pub(crate) fn rate(rate: f64) -> String {
    let percent = rate * 100.0;
    if percent < 10.0 { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
}

/// Whether the period filters the list, and what the small numbers are.
pub(crate) fn of_period(written: bool, period: &str) -> String {
    let which = if written { "" } else { "Whenever they were written. " };
    format!("{which}The smaller numbers: what was gained in the period, {period}.")
}

/// How the reading of tweets stands.
pub(crate) fn stand(tweets: &TweetCollection, now: UnixMs, zone: &dyn Zone) -> String {
    let known = plural(tweets.known, "tweet", "tweets");
    let read = tweets.last_read.map_or_else(
        || "not read yet".to_owned(),
        |at| format!("read {}", when::ago(at, now, zone)),
    );
    let next = tweets.next_read.map(|at| format!(", next {}", when::coming(at, now, zone)));
    match tweets.state {
        _ if !tweets.on => format!("Tweets are not read. {known} known."),
        CollectorState::Idle => format!("{known}, {read}{}.", next.unwrap_or_default()),
        CollectorState::Checking => format!("Reading now. {known} so far."),
        CollectorState::Waiting => {
            format!("Waiting for X. {known}, {read}{}.", next.unwrap_or_default())
        }
        CollectorState::Stopped => format!("Stopped. {known}, {read}."),
    }
}

/// What reading the tweets costs.
pub(crate) fn price(account: &Account) -> String {
    let tweets = &account.tweets;
    let month = format!("{} a month", about(tweets.month_usd));
    let first = if tweets.first_usd > 0.0 {
        format!(", and at most {} once for the tweets there are", about(tweets.first_usd))
    } else {
        String::new()
    };
    let basis = if tweets.last_read.is_none() { " for three tweets a day" } else { "" };
    let simulated = if account.simulated { " In sample data nothing is paid." } else { "" };
    super::capital(&format!("{month}{basis}{first}, by X's published prices.{simulated}"))
}

/// Whether reading them costs more than the account may.
pub(crate) fn over_cap(account: &Account) -> Option<String> {
    let usd = account.tweets.month_usd.max(account.tweets.first_usd);
    (account.spent_month_usd + usd > account.monthly_cap_usd + 0.005).then(|| {
        format!(
            "Of this account's limit of {} a month {} are spent: reading would stop there.",
            numbers::dollars(account.monthly_cap_usd),
            numbers::dollars(account.spent_month_usd),
        )
    })
}

/// When a tweet is read next.
pub(crate) fn next_read(next: Option<UnixMs>, now: UnixMs, zone: &dyn Zone) -> String {
    match next {
        Some(at) => format!("Read next {}.", when::coming(at, now, zone)),
        None => "It is not read any more.".to_owned(),
    }
}

/// `14:00–15:00`.
pub(crate) fn hour(hour: &TweetHour) -> String {
    format!("{:02}:00–{:02}:00", hour.hour, (hour.hour + 1) % 24)
}

/// `half have 800 to 2,100; from 12 tweets`.
pub(crate) fn hour_basis(hour: &TweetHour) -> String {
    let compact =
        |number: f64| numbers::compact(u64::try_from(numbers::whole(number.max(0.0))).unwrap_or(0));
    let few = if hour.few { ", too few to say much" } else { "" };
    format!(
        "half have {}–{}; from {}{few}",
        compact(hour.low),
        compact(hour.high),
        plural(u64::from(hour.tweets), "tweet", "tweets")
    )
}

/// `3 days 4 h after it was written`: an age in the two largest units.
pub(crate) fn age(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours) = (minutes / 1_440, minutes / 60);
    match (days, hours) {
        (_, 0) => format!("{minutes} min"),
        (0 | 1, hours) => format!("{hours} h"),
        (2..=6, hours) if hours % 24 > 0 => format!("{days} days {} h", hours % 24),
        _ => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::tests::followers_after;
    use crate::words::tests_support::account;

    #[test]
    fn what_came_after_is_never_said_to_come_because() {
        let known = followers_after();
        let unknown = FollowersAfter { usual: None, complete: false, ..known.clone() };
        assert_eq!(
            after(&known),
            "12 came in the 24 hours after it (8–15 by the checks around them), 2 left (2). \
             Usually 3–7 come in 24 hours from this hour of the week, by 8 earlier weeks: more \
             than usual."
        );
        assert!(after(&unknown).contains("as far as was observed"));
        assert_eq!(beside(&unknown), "");
        for text in [after(&known), after(&unknown)] {
            assert!(!text.contains("because"), "{text}");
        }
    }

    #[test]
    fn metrics_have_names_and_new_ones_their_own() {
        for (name, expected) in [
            ("public.like_count", "Likes"),
            ("organic.url_link_clicks", "Link clicks, organic"),
            ("promoted.dream_count", "Dream, promoted"),
        ] {
            assert_eq!(full(name), expected);
        }
    }

    #[test]
    fn the_price_is_said_before_the_first_reading() {
        let mut account = account();
        assert_eq!(price(&account), "About $2.79 a month, by X's published prices.");
        assert_eq!(over_cap(&account), None);
        account.tweets.last_read = None;
        account.tweets.first_usd = 16.0;
        assert_eq!(
            price(&account),
            "About $2.79 a month for three tweets a day, and at most about $16 once for the \
             tweets there are, by X's published prices."
        );
        assert!(over_cap(&account).is_some());
    }

    #[test]
    fn the_sentence_names_what_is_left_out() {
        let mut choice = Choice::default();
        assert_eq!(told(&choice, "", (1_204, 0), "last 30 days"), "1,204 tweets");
        let with_deleted = told(&choice, "", (290, 9), "last 30 days");
        assert_eq!(with_deleted, "290 tweets and 9 deleted at X");
        choice.read("kind", "reply,quote");
        choice.read("promoted", "false");
        choice.read("written", "period");
        assert_eq!(
            told(&choice, "tea", (1_204, 0), "last 30 days"),
            "Replies and quotes, not promoted, written in the period (last 30 days), with “tea”"
        );
    }

    #[test]
    fn ages_are_short() {
        let minute = 60_000;
        for (minutes, expected) in [
            (12, "12 min"),
            (60, "1 h"),
            (47 * 60, "47 h"),
            (76 * 60, "3 days 4 h"),
            (96 * 60, "4 days"),
            (40 * 1_440, "40 days"),
        ] {
            assert_eq!(age(minutes * minute), expected);
        }
    }
}
