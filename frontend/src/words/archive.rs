//! Words about X's own export of an account.

use crate::calendar::Zone;
use crate::numbers::{count, plural};
use crate::words::{listed, when};
use shared::api::Account;
use shared::time::{MINUTE_MS, UnixMs};
use shared::x::archive::{Followers, Found, Manifest, TWEETS_MAX};

/// X's clock and the browser's may be so far apart.
const AHEAD_MS: i64 = 10 * MINUTE_MS;

/// `X's archive of @solvej, made on 3 March: 12,345 followers, 812 tweets.`
pub(crate) fn found(found: &Found, now: UnixMs, zone: &dyn Zone) -> String {
    let newest = if found.older > 0 { " (the newest)" } else { "" };
    format!(
        "X's archive of {}, made {}: {}, {}{newest}.",
        owner(&found.manifest),
        when::ago(found.manifest.made, now, zone),
        followers(&found.followers),
        plural(found.tweets, "tweet", "tweets"),
    )
}

/// Whose archive it is.
pub(crate) fn owner(manifest: &Manifest) -> String {
    if manifest.username.is_empty() {
        return format!("account {}", manifest.account);
    }
    format!("@{}", manifest.username)
}

fn followers(list: &Followers) -> String {
    match list {
        Followers::Whole { read, .. } => plural(*read, "follower", "followers"),
        Followers::Empty => "no followers".to_owned(),
        Followers::Missing { missing, of } => {
            format!(
                "{} of {}",
                count(of.saturating_sub(*missing)),
                plural(*of, "follower", "followers")
            )
        }
        _ => "no list of followers that can be used".to_owned(),
    }
}

/// Why an archive cannot be imported into an account, if it cannot.
pub(crate) fn refused(found: &Found, account: &Account, now: UnixMs) -> Option<String> {
    if found.manifest.account != account.id {
        let here = if account.username.is_empty() {
            format!("account {}", account.id)
        } else {
            format!("@{}", account.username)
        };
        return Some(format!(
            "This archive is of {}, and this page is about {here}: nothing was imported.",
            owner(&found.manifest),
        ));
    }
    if found.manifest.made > now.plus(AHEAD_MS) {
        let why = "This archive says it was made in the future: nothing was imported.";
        return Some(why.to_owned());
    }
    let nothing = found.tweets == 0 && !found.followers.importable();
    nothing.then(|| {
        let why = doubts(found).join(" ");
        format!("{why} There are no tweets in it that can be read: nothing was imported.")
    })
}

/// What is missing or cannot be read, and what that means, a sentence or two each.
pub(crate) fn doubts(found: &Found) -> Vec<String> {
    let mut all: Vec<String> = list_doubt(&found.followers).into_iter().collect();
    if found.missing_tweets > 0 {
        let verb = if found.missing_tweets == 1 { "is" } else { "are" };
        let tweets = plural(found.missing_tweets, "tweet", "tweets");
        all.push(format!("{tweets} that X counted {verb} missing from this zip."));
    }
    if found.unreadable_tweets > 0 {
        let entries = plural(found.unreadable_tweets, "entry", "entries");
        all.push(format!("{entries} of the tweets cannot be read: left out."));
    }
    if !found.broken.is_empty() {
        let verb = if found.broken.len() == 1 { "is" } else { "are" };
        let files = listed(&found.broken);
        all.push(format!("{files} {verb} damaged or cut short: what could be read is taken."));
    }
    if found.lost_notes > 0 {
        let tweets = plural(found.lost_notes, "long tweet", "long tweets");
        all.push(format!("Of {tweets} the whole text is missing: the beginning is taken."));
    }
    all
}

/// What is wrong with the list of followers.
fn list_doubt(list: &Followers) -> Option<String> {
    let why = match list {
        Followers::Whole { unreadable: 0, .. } => return None,
        Followers::Whole { read, unreadable } => {
            return Some(format!(
                "{} of {} of the list of followers cannot be read, and any of them may be somebody \
                 who is not found on it: by this list nobody counts as having left.",
                count(*unreadable),
                plural(read + unreadable, "entry", "entries"),
            ));
        }
        Followers::Empty => {
            let why = "It lists no followers (there is no follower.js in it, or an empty one): \
                       nobody counts as having left.";
            return Some(why.to_owned());
        }
        Followers::Unreadable(entries) => {
            let entries = plural(*entries, "entry", "entries");
            format!("Nothing of the list of followers ({entries}) can be read.")
        }
        Followers::Partial => "X says that this zip is one of several that make the archive: the \
                               list of followers may go on in another."
            .to_owned(),
        Followers::Missing { missing, of } => {
            let verb = if *missing == 1 { "is" } else { "are" };
            let of = plural(*of, "follower", "followers");
            format!("{} of {of} {verb} missing from this zip.", count(*missing))
        }
        Followers::NoFile(name) => {
            format!("{name} is missing from this zip, a part of the list of followers.")
        }
        Followers::Broken(name) => {
            format!("{name} is damaged or cut short: the list of followers is not whole.")
        }
        Followers::Twice(name) => {
            format!(
                "{name} is twice in this zip: which one is the list of followers cannot be told."
            )
        }
        Followers::Extra { listed, of } => format!(
            "{} are listed in this zip, and X counted {}: it is not as X made it.",
            plural(*listed, "follower", "followers"),
            count(*of)
        ),
    };
    Some(format!(
        "{why} The list is not imported, so that nobody counts as having left who did not. Choose \
         the zip as X made it, or ask X for a new one."
    ))
}

/// What leaves the browser, and what an import of it can and cannot tell; `unnamed`: the account's
/// handle is not known here yet.
pub(crate) fn note(found: &Found, unnamed: bool) -> String {
    let list = found.followers.importable();
    let handle = if unnamed && !found.manifest.username.is_empty() {
        format!(" and the handle @{}", found.manifest.username)
    } else {
        String::new()
    };
    let leave = if handle.is_empty() && !(list && found.tweets > 0) { "leaves" } else { "leave" };
    let what = match (list, found.tweets > 0) {
        (true, true) => "these two lists",
        (true, false) => "the list of followers",
        (false, _) => "the list of tweets",
    };
    let names = if list {
        " X's archive has no names: those who are gone since are looked up later, everyone else is \
         named by the next full check."
    } else {
        ""
    };
    let most = if found.older > 0 {
        format!(" Of the tweets the newest {} are taken.", count(TWEETS_MAX as u64))
    } else {
        String::new()
    };
    format!(
        "Only {what}{handle} {leave} your browser; messages, addresses and everything else in the \
         archive are not even read.{names}{most}"
    )
}

/// What the button says.
pub(crate) fn button(found: &Found) -> &'static str {
    match (found.followers.importable(), found.tweets > 0) {
        (true, true) => "Import these lists",
        (true, false) => "Import the followers",
        (false, _) => "Import the tweets",
    }
}

/// What comes after the import of a list of followers: the full check that says what changed
/// since, with its price.
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
    use shared::x::archive::Archive;

    const NOW: &str = "2026-11-21T10:00:00Z";

    fn archive(of: u64, username: &str) -> Found {
        let config = format!(
            r#"x = {{"userInfo":{{"accountId":"{of}","userName":"{username}"}},"archiveInfo":{{"generationDate":"2026-03-03T10:00:00Z"}}}}"#
        );
        let parse = |text: &str| serde_json::from_str(text).ok();
        let (found, ..) = Archive::new(Manifest::read(&config, &parse).unwrap()).finish();
        Found { followers: Followers::Whole { read: 12_345, unreadable: 0 }, tweets: 1, ..found }
    }

    fn now() -> UnixMs {
        UnixMs::parse(NOW).unwrap()
    }

    #[track_caller]
    fn says(change: impl FnOnce(&mut Found), expected: &str) {
        let mut one = archive(12, "ada");
        change(&mut one);
        let text = found(&one, now(), &Fixed(0));
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn an_archive_says_whose_it_is_and_what_it_holds() {
        let text = found(&archive(12, "ada"), now(), &Fixed(0));
        assert!(text.starts_with("X's archive of @ada, made "), "{text}");
        let text = found(&archive(12, ""), now(), &Fixed(0));
        assert!(text.starts_with("X's archive of account 12, made "), "{text}");
        says(|_| (), "12,345 followers, 1 tweet.");
        says(|one| one.older = 9, "1 tweet (the newest).");
        says(|one| one.followers = Followers::Empty, "no followers, 1 tweet.");
        let missing = Followers::Missing { missing: 100, of: 300 };
        says(|one| one.followers = missing, "200 of 300 followers, 1 tweet.");
    }

    #[test]
    fn another_accounts_archive_is_refused_by_name() {
        let account = account();
        let own = archive(account.id.0, "ada");
        assert_eq!(refused(&own, &account, now()), None);
        let other = refused(&archive(account.id.0 + 1, "ada"), &account, now()).unwrap();
        assert!(other.contains("@ada") && other.contains(&account.username), "{other}");
        let early = refused(&own, &account, UnixMs(0)).unwrap();
        assert!(early.contains("future"), "{early}");
    }

    #[test]
    fn an_archive_without_anything_to_import_is_refused_with_the_reason() {
        let account = account();
        let list = Followers::Missing { missing: 100, of: 300 };
        let mut bare = Found { followers: list, tweets: 0, ..archive(account.id.0, "ada") };
        let why = refused(&bare, &account, now()).unwrap();
        assert!(why.starts_with("100 of 300 followers are missing from this zip."), "{why}");
        assert!(why.ends_with("nothing was imported."), "{why}");
        bare.tweets = 1;
        assert_eq!(refused(&bare, &account, now()), None, "the tweets can be");
    }

    #[track_caller]
    fn doubted(change: impl FnOnce(&mut Found), expected: &[&str]) {
        let mut one = archive(12, "ada");
        change(&mut one);
        let said = doubts(&one);
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for (text, expected) in said.iter().zip(expected) {
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        doubted(|_| (), &[]);
        let list =
            |list: Followers, expected: &str| doubted(|one| one.followers = list, &[expected]);
        list(
            Followers::Missing { missing: 1, of: 300 },
            "1 of 300 followers is missing from this zip. The list is not imported",
        );
        list(Followers::Partial, "one of several");
        list(Followers::NoFile("follower-part1.js".into()), "follower-part1.js is missing");
        list(Followers::Broken("follower.js".into()), "follower.js is damaged or cut short");
        list(Followers::Twice("follower.js".into()), "follower.js is twice");
        list(
            Followers::Extra { listed: 340, of: 300 },
            "340 followers are listed in this zip, and X counted 300",
        );
        list(Followers::Unreadable(7), "(7 entries) can be read");
        list(Followers::Empty, "It lists no followers");
        list(
            Followers::Whole { read: 297, unreadable: 3 },
            "3 of 300 entries of the list of followers cannot be read",
        );
        doubted(
            |one| {
                one.missing_tweets = 1;
                one.unreadable_tweets = 2;
                one.broken = vec!["tweets.js".into()];
                one.lost_notes = 3;
            },
            &[
                "1 tweet that X counted is missing",
                "2 entries of the tweets",
                "tweets.js is damaged",
                "Of 3 long tweets",
            ],
        );
    }

    #[track_caller]
    fn leaves(change: impl FnOnce(&mut Found), unnamed: bool, expected: &str) {
        let mut one = archive(12, "ada");
        change(&mut one);
        let said = note(&one, unnamed);
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn what_leaves_the_browser_is_said() {
        leaves(|_| (), false, "Only these two lists leave your browser; messages");
        leaves(|_| (), true, "Only these two lists and the handle @ada leave your browser;");
        leaves(|one| one.tweets = 0, false, "Only the list of followers leaves your browser;");
        leaves(
            |one| one.followers = Followers::Empty,
            false,
            "Only the list of tweets leaves your browser;",
        );
        assert!(!note(&archive(12, "ada"), false).contains("newest"));
        let many = Found { older: 1, ..archive(12, "ada") };
        assert!(note(&many, false).contains("the newest 10,000 are taken"));
    }
}
