//! Words about X's own export of an account.

use crate::calendar::Zone;
use crate::numbers::plural;
use crate::words::when;
use shared::api::Account;
use shared::time::UnixMs;
use shared::x::archive::{Manifest, TWEETS_MAX};

/// What was found in an archive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) manifest: Manifest,
    pub(crate) followers: u64,
    pub(crate) tweets: u64,
    /// Tweets left out for newer ones.
    pub(crate) older: u64,
}

/// `X's archive of @solvej, made on 3 March: 12,345 followers, 812 tweets.`
pub(crate) fn found(found: &Found, now: UnixMs, zone: &dyn Zone) -> String {
    let Found { manifest, followers, tweets, older } = found;
    let newest = if *older > 0 { " (the newest)" } else { "" };
    format!(
        "X's archive of @{}, made {}: {}, {}{newest}.",
        manifest.username,
        when::ago(manifest.made, now, zone),
        plural(*followers, "follower", "followers"),
        plural(*tweets, "tweet", "tweets"),
    )
}

/// Why an archive cannot be imported into an account, if it cannot.
pub(crate) fn refused(found: &Found, account: &Account, now: UnixMs) -> Option<String> {
    if found.manifest.account != account.id {
        return Some(format!(
            "This archive is of @{}, and this page is about @{}: nothing was imported.",
            found.manifest.username, account.username
        ));
    }
    (found.manifest.made > now)
        .then(|| "This archive says it was made in the future: nothing was imported.".to_owned())
}

/// What leaves the browser, and what an import of it can and cannot tell.
pub(crate) fn note(found: &Found) -> String {
    let most = if found.older > 0 {
        format!(" Of the tweets the newest {} are taken.", crate::numbers::count(TWEETS_MAX as u64))
    } else {
        String::new()
    };
    format!(
        "Only these two lists leave your browser; messages, addresses and everything else in the \
         archive are not even read. X's archive has no names: those who are gone since are looked \
         up later, everyone else is named by the next full check.{most}"
    )
}

/// What comes after the import: the full check that says what changed since, with its price.
pub(crate) fn next(account: &Account) -> String {
    let price = account.prices.full_check_usd.map(crate::numbers::about);
    let price = price.map_or_else(String::new, |price| format!(" ({price})"));
    format!("One full check{price} then says who came and who left since.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::words::tests_support::account;

    fn archive(of: u64, older: u64) -> Found {
        let made = UnixMs::parse("2026-03-03T10:00:00Z").unwrap();
        let manifest =
            Manifest { account: shared::id::UserId(of), username: "ada".to_owned(), made };
        Found { manifest, followers: 12_345, tweets: 1, older }
    }

    #[test]
    fn an_archive_says_whose_it_is_and_what_it_holds() {
        let now = UnixMs::parse("2026-11-21T10:00:00Z").unwrap();
        let text = found(&archive(12, 0), now, &Fixed(0));
        assert!(text.starts_with("X's archive of @ada, made "), "{text}");
        assert!(text.ends_with("12,345 followers, 1 tweet."), "{text}");
        let text = found(&archive(12, 9), now, &Fixed(0));
        assert!(text.ends_with("1 tweet (the newest)."), "{text}");
    }

    #[test]
    fn another_accounts_archive_is_refused_by_name() {
        let now = UnixMs::parse("2026-11-21T10:00:00Z").unwrap();
        let account = account();
        let own = archive(account.id.0, 0);
        assert_eq!(refused(&own, &account, now), None);
        let other = refused(&archive(account.id.0 + 1, 0), &account, now).unwrap();
        assert!(other.contains("@ada") && other.contains(&account.username), "{other}");
        let early = refused(&own, &account, UnixMs(0)).unwrap();
        assert!(early.contains("future"), "{early}");
    }

    #[test]
    fn too_many_tweets_are_said_to_be() {
        assert!(note(&archive(12, 1)).contains("the newest 10,000 are taken"));
        assert!(!note(&archive(12, 0)).contains("newest"));
    }
}
