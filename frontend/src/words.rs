//! Every text of the page that is more than a label. Owns: the words shown to users; the code's
//! own vocabulary (roster, crawl, verdict) never appears in them. Must not know: markup.
//! Invariant: plain sentences; what is not known is said, and never written as zero.

pub(crate) mod alerts;
pub(crate) mod archive;
pub(crate) mod begin;
pub(crate) mod connect;
pub(crate) mod cost;
pub(crate) mod following;
pub(crate) mod live;
pub(crate) mod lookups;
pub(crate) mod overview;
pub(crate) mod person;
pub(crate) mod runs;
pub(crate) mod state;
pub(crate) mod tide;
pub(crate) mod tweets;
pub(crate) mod when;

/// A text in full-stopped form: server texts come with and without.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// With a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// What an address asked for and is not shown. `other`: an account that is not tracked here;
/// `handle` is that of the account that is shown instead.
pub(crate) fn astray(unread: &[String], other: Option<&str>, handle: &str) -> Option<String> {
    let other = other.map(|id| {
        let shown =
            if handle.is_empty() { "the first one".to_owned() } else { format!("@{handle}") };
        format!("There is no account {id} here: {shown} is shown.")
    });
    let unread = (!unread.is_empty()).then(|| {
        let quoted: Vec<String> = unread.iter().map(|one| format!("“{one}”")).collect();
        format!("The address says {}, which means nothing here: it is left out.", listed(&quoted))
    });
    let said: Vec<String> = other.into_iter().chain(unread).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_leads_astray_is_told() {
        assert_eq!(astray(&[], None, "ebb"), None);
        assert_eq!(
            astray(&["period=9d".to_owned()], Some("99"), "ebb").as_deref(),
            Some(
                "There is no account 99 here: @ebb is shown. The address says “period=9d”, which \
                 means nothing here: it is left out."
            )
        );
    }

    #[test]
    fn lists_read_as_sentences() {
        let listed_of =
            |items: &[&str]| listed(&items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>());
        assert_eq!(listed_of(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed_of(&["a"]), "a");
        assert_eq!(sentence("No credits"), "No credits.");
        assert_eq!(capital("über"), "Über");
    }
}

/// Samples that the tests of these modules share.
#[cfg(test)]
pub(crate) mod tests_support {
    use shared::api::{
        Account, AccountPrices, Collector, CollectorState, Confidence, EventKind, FollowerEvent,
        FollowingCollection, How, LossState, Person, Reason, Schedule, TweetCollection,
    };
    use shared::id::UserId;
    use shared::time::UnixMs;

    fn at(text: &str) -> Option<UnixMs> {
        UnixMs::parse(text)
    }

    /// A real account of 10,432 followers with daily checks, idle since 12 minutes before
    /// 2026-11-21T10:30Z.
    pub(crate) fn account() -> Account {
        Account {
            id: UserId(12),
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            avatar: None,
            upstream: "https://api.x.com".to_owned(),
            simulated: false,
            owned: Some(true),
            schedule: Schedule::Daily,
            monthly_cap_usd: 5.0,
            spent_month_usd: 0.31,
            followers: Some(10_432),
            x_count: Some(10_433),
            x_count_at: at("2026-11-21T10:18:00Z"),
            created_at: UnixMs(0),
            first_snapshot: Some(UnixMs(0)),
            baseline: None,
            failed: vec![],
            collector: Collector {
                state: CollectorState::Idle,
                reason: None,
                run: None,
                read: None,
                expected: None,
                last_check: at("2026-11-21T10:18:00Z"),
                last_read: at("2026-11-21T10:18:00Z"),
                next_check: at("2026-11-22T02:00:00Z"),
                offer: None,
            },
            prices: AccountPrices {
                follower_usd: 0.001,
                profile_usd: 0.01,
                full_check_usd: Some(10.0),
                certain: true,
            },
            verify: shared::api::Verification::default(),
            tweets: TweetCollection {
                on: true,
                state: CollectorState::Idle,
                reason: None,
                run: None,
                known: 312,
                deleted: 0,
                last_read: at("2026-11-21T10:00:00Z"),
                next_read: at("2026-11-21T11:00:00Z"),
                complete: true,
                month_usd: 2.79,
                first_usd: 0.0,
            },
            following: FollowingCollection::default(),
            daily_cap_usd: None,
            schedule_prices: Vec::new(),
            push: shared::api::PushSummary::default(),
        }
    }

    /// A loss between the checks of 02:00 and 03:00 of 2026-11-21.
    pub(crate) fn loss(reason: Reason, state: LossState) -> FollowerEvent {
        FollowerEvent {
            id: "1".to_owned(),
            kind: EventKind::Lost,
            user: Person {
                id: UserId(1),
                username: "b".to_owned(),
                name: "B".to_owned(),
                avatar: None,
            },
            at: at("2026-11-21T03:00:00Z").unwrap_or_default(),
            not_before: at("2026-11-21T02:00:00Z"),
            snapshot: String::new(),
            state: Some(state),
            reason: Some(reason),
            confidence: Some(Confidence::Likely),
            how: How::Crawl,
            settles: None,
            note: None,
            looks: Vec::new(),
            next_look: None,
            from: None,
            to: None,
            muted: false,
            followers: None,
        }
    }
}
