//! Words about money. Prices are X's published ones: always "about", and "expected" while the
//! own-account price has not been seen to apply.

use crate::calendar::Date;
use crate::numbers::{about, dollars};
use shared::api::{Account, Schedule};

/// Days that a monthly price counts with.
const MONTH_DAYS: f64 = 30.0;

/// Name and explanation of a schedule.
pub(crate) fn schedule(schedule: Schedule) -> (&'static str, &'static str) {
    match schedule {
        Schedule::CountOnly => ("Count only", "One profile read a day: the curve, without names."),
        Schedule::CountAudit => (
            "Count, and a check when it moved",
            "One profile read a day, and a full check once X's count differs from what is known.",
        ),
        Schedule::Push => (
            "As it happens",
            "X tells who comes and goes; a full check at most weekly sees what X does not tell.",
        ),
        Schedule::Daily => ("Daily full check", "Who came and who left, by the day."),
        Schedule::Hourly => (
            "Hourly full check",
            "Who came and who left, by the hour. X bills each follower once per UTC day, \
             so it costs about as much as daily.",
        ),
        Schedule::Manual => ("Only when asked", "Nothing runs by itself."),
    }
}

/// What a schedule costs a month; `None` if the account's size is not known yet.
pub(crate) fn monthly_usd(account: &Account, schedule: Schedule) -> Option<f64> {
    match schedule {
        Schedule::CountOnly => Some(account.prices.profile_usd * MONTH_DAYS),
        Schedule::Daily | Schedule::Hourly => {
            account.prices.full_check_usd.map(|usd| usd * MONTH_DAYS)
        }
        Schedule::Manual => Some(0.0),
        // What these cost depends on how the account moved: the worker knows.
        Schedule::CountAudit | Schedule::Push => {
            let price = account.schedule_prices.iter().find(|price| price.schedule == schedule);
            price.and_then(|price| price.month_usd)
        }
    }
}

/// The price of a schedule as its row shows it.
pub(crate) fn schedule_price(account: &Account, schedule: Schedule) -> String {
    match (schedule, monthly_usd(account, schedule)) {
        (Schedule::Manual, _) => account.prices.full_check_usd.map_or_else(
            || "nothing until you ask".to_owned(),
            |usd| format!("{} each time{}", about(usd), expected(account)),
        ),
        (_, None) => "known after the first count".to_owned(),
        (Schedule::CountOnly, Some(usd)) => format!("{} a month", about(usd)),
        (_, Some(usd)) => format!("{} a month{}", about(usd), expected(account)),
    }
}

fn expected(account: &Account) -> &'static str {
    if account.prices.certain { "" } else { ", expected" }
}

/// What happens if a schedule costs more than the cap allows.
pub(crate) fn over_cap(account: &Account, schedule: Schedule) -> Option<String> {
    let usd = monthly_usd(account, schedule)?;
    (usd > account.monthly_cap_usd + 0.005).then(|| {
        format!(
            "More than this account's limit of {}: checks would stop when it is reached.",
            dollars(account.monthly_cap_usd)
        )
    })
}

/// The price of one full check, for a button.
pub(crate) fn full_check(account: &Account) -> String {
    account
        .prices
        .full_check_usd
        .map_or_else(String::new, |usd| format!("{}{}", about(usd), expected(account)))
}

/// `$0.31 of $5 spent this month. A full check costs about $10.`
pub(crate) fn line(account: &Account) -> String {
    let spent = format!(
        "{} of {} spent this month.",
        dollars(account.spent_month_usd),
        dollars(account.monthly_cap_usd)
    );
    match full_check(account) {
        price if price.is_empty() => spent,
        price => format!("{spent} A full check costs {price}."),
    }
}

/// `November` of `2026-11`.
pub(crate) fn month(month: &str) -> String {
    Date::parse(&format!("{month}-01"))
        .map_or_else(|| month.to_owned(), |date| date.month_name().to_owned())
}

/// What a billed resource is called.
pub(crate) fn resource(resource: &str) -> &str {
    match resource {
        "user" => "Profiles",
        "follower" => "Followers, at the common price",
        "post" | "tweet" => "Tweets, at the common price",
        "owned_post" | "owned_tweet" => "Tweets, at the own-account price",
        "following" => "Whom you follow, at the common price",
        "owned_following" => "Whom you follow, at the own-account price",
        "block" => "Whom you block",
        "owned_follower" => "Followers, at the own-account price",
        "event" => "Follows and unfollows that X pushed",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests_support::account;

    #[test]
    fn schedules_carry_their_price() {
        let mut account = account();
        let price = |account: &Account, one| schedule_price(account, one);
        assert_eq!(price(&account, Schedule::CountOnly), "about $0.30 a month");
        assert_eq!(price(&account, Schedule::Daily), "about $300 a month");
        assert_eq!(price(&account, Schedule::Manual), "about $10 each time");
        account.prices.certain = false;
        assert_eq!(price(&account, Schedule::Daily), "about $300 a month, expected");
        account.prices.full_check_usd = None;
        assert_eq!(price(&account, Schedule::Daily), "known after the first count");
    }

    #[test]
    fn a_schedule_over_the_limit_is_told() {
        let mut account = account();
        assert!(over_cap(&account, Schedule::Daily).is_some());
        assert_eq!(over_cap(&account, Schedule::CountOnly), None);
        account.monthly_cap_usd = 300.0;
        assert_eq!(over_cap(&account, Schedule::Daily), None);
    }

    #[test]
    fn a_month_has_its_name() {
        assert_eq!(month("2026-11"), "November");
        assert_eq!(month("soon"), "soon");
    }

    #[test]
    fn the_spending_line() {
        assert_eq!(line(&account()), "$0.31 of $5 spent this month. A full check costs about $10.");
    }
}
