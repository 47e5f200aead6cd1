//! Words about whom an account follows and blocks, and how that is read.

use crate::calendar::Zone;
use crate::numbers::{self, about, plural};
use crate::words::when;
use shared::api::{Account, CollectorState, FollowingCollection};
use shared::time::UnixMs;

/// What the weekly reading costs: `About $4.30 a month for the 1,000 you follow, …`
pub(crate) fn price(account: &Account) -> String {
    let following = &account.following;
    let blocks = match following.blocked {
        Some(0) => String::new(),
        Some(blocked) => format!(" and {} you block", numbers::count(blocked)),
        None => format!(", and {} for 1,000 you block", dollars_of_1000(following.block_usd)),
    };
    let simulated = if account.simulated { " In sample data nothing is paid." } else { "" };
    match (following.following, following.once_usd, following.month_usd) {
        (Some(count), Some(once), Some(month)) => super::capital(&format!(
            "{} each week, {} a month, for the {} you follow{blocks}, by X's published \
             prices.{simulated}",
            about(once),
            about(month),
            numbers::count(count),
        )),
        _ => format!(
            "{} each week for 1,000 you follow{blocks}, by X's published prices.{simulated}",
            dollars_of_1000(following.following_usd),
        ),
    }
}

/// Single ones cost less than a cent.
fn dollars_of_1000(usd: f64) -> String {
    numbers::dollars(usd * 1_000.0)
}

/// How the reading stands.
pub(crate) fn stand(following: &FollowingCollection, now: UnixMs, zone: &dyn Zone) -> String {
    let known = match (following.last_read, following.following) {
        (Some(at), Some(count)) => {
            let blocked = following
                .blocked
                .map(|blocked| format!(", {} blocked", numbers::count(blocked)))
                .unwrap_or_default();
            let ago = when::ago(at, now, zone);
            format!("{} followed{blocked}, read {ago}", plural(count, "account", "accounts"))
        }
        _ => "Not read yet".to_owned(),
    };
    let next = following.next_read.map(|at| format!(", next {}", when::coming(at, now, zone)));
    match following.state {
        CollectorState::Checking => "Reading now.".to_owned(),
        CollectorState::Waiting => format!("Waiting for X. {known}."),
        CollectorState::Stopped => format!("Stopped. {known}."),
        CollectorState::Idle => format!("{known}{}.", next.unwrap_or_default()),
    }
}

/// Whether a reading costs more than is left of the account's limit.
pub(crate) fn over_cap(account: &Account) -> Option<String> {
    let usd = account.following.once_usd?;
    (account.spent_month_usd + usd > account.monthly_cap_usd + 0.005).then(|| {
        format!(
            "Of this account's limit of {} a month {} are spent: a reading would not begin.",
            numbers::dollars(account.monthly_cap_usd),
            numbers::dollars(account.spent_month_usd),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::words::tests_support::account;

    fn with(following: FollowingCollection) -> Account {
        Account { following, ..account() }
    }

    fn known() -> FollowingCollection {
        FollowingCollection {
            following: Some(1_000),
            following_usd: 0.001,
            block_usd: 0.001,
            once_usd: Some(1.01),
            month_usd: Some(4.33),
            ..FollowingCollection::default()
        }
    }

    #[track_caller]
    fn check_price(following: FollowingCollection, expected: &str) {
        assert_eq!(price(&with(following)), expected);
    }

    #[test]
    fn the_price_says_what_it_is_for() {
        let of = "by X's published prices.";
        check_price(
            FollowingCollection { blocked: Some(12), ..known() },
            &format!(
                "{} each week, {} a month, for the 1,000 you follow and 12 you block, {of}",
                crate::words::capital(&about(1.01)),
                about(4.33)
            ),
        );
        let unknown = price(&with(known()));
        assert!(unknown.contains("you follow, and $1 for 1,000 you block, by"), "{unknown}");
        let nothing =
            FollowingCollection { following: None, once_usd: None, month_usd: None, ..known() };
        let text = price(&with(nothing));
        assert!(text.starts_with("$1 each week for 1,000 you follow, and "), "{text}");
    }

    #[test]
    fn how_it_stands_is_one_sentence() {
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        let told = |following: &FollowingCollection| stand(following, now, &Fixed(0));
        assert_eq!(told(&FollowingCollection::default()), "Not read yet.");
        let read = FollowingCollection {
            on: true,
            blocked: Some(3),
            last_read: UnixMs::parse("2026-11-21T08:00:00Z"),
            next_read: UnixMs::parse("2026-11-28T08:00:00Z"),
            ..known()
        };
        assert_eq!(told(&read), "1,000 accounts followed, 3 blocked, read 2 h ago, next 28 Nov.");
        let stopped = FollowingCollection { state: CollectorState::Stopped, ..read };
        assert_eq!(told(&stopped), "Stopped. 1,000 accounts followed, 3 blocked, read 2 h ago.");
    }

    #[test]
    fn a_reading_beyond_the_limit_says_so() {
        let spent = Account { spent_month_usd: 4.5, ..with(known()) };
        assert!(over_cap(&spent).unwrap().contains("limit of $5"));
        assert_eq!(over_cap(&with(known())), None);
        assert_eq!(over_cap(&with(FollowingCollection::default())), None);
    }
}
