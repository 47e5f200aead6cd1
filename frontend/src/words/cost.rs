//! Words about money. Prices are X's published ones: always "about", and "expected" while the
//! own-account price has not been seen to apply.

use crate::calendar::{Date, Zone};
use crate::numbers::{about, count, dollars, plural};
use crate::words::{capital, listed, sentence, when};
use shared::api::{
    Account, Budget, BudgetPause, CheckOffer, Feature, Halt, Push, PushAudit, PushState, Schedule,
    SchedulePrice, Verification,
};
use shared::time::UnixMs;

/// What makes repeats free.
pub(crate) const DAY_NOTE: &str = "X bills the same person or tweet once per UTC day, however \
                                   often it is read.";
/// The most that the API takes.
const AMOUNT_MAX: f64 = 1_000_000.0;
/// Beside a field with anything else in it.
pub(crate) const NO_AMOUNT: &str = "A number from 0 to 1,000,000.";

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

/// What the worker says of a schedule's price for an account.
fn price_of(account: &Account, schedule: Schedule) -> Option<&SchedulePrice> {
    account.schedule_prices.iter().find(|price| price.schedule == schedule)
}

/// The price of a schedule as its row shows it.
pub(crate) fn schedule_price(account: &Account, schedule: Schedule) -> String {
    let price = price_of(account, schedule);
    let Some(month) = price.and_then(|price| price.month_usd) else {
        return "known after the first count".to_owned();
    };
    if schedule == Schedule::Manual {
        return account.prices.full_check_usd.map_or_else(
            || "nothing until you ask".to_owned(),
            |usd| format!("{} each time{}", about(usd), expected(account)),
        );
    }
    let first = price.and_then(|price| price.first_usd).filter(|usd| *usd > 0.0);
    let first = first.map_or_else(String::new, |usd| format!(", after {} once", about(usd)));
    let sure = if schedule == Schedule::CountOnly { "" } else { expected(account) };
    format!("{} a month{first}{sure}", about(month))
}

fn expected(account: &Account) -> &'static str {
    if account.prices.certain { "" } else { ", expected" }
}

/// What happens if a schedule costs more than the cap allows.
pub(crate) fn over_cap(account: &Account, schedule: Schedule) -> Option<String> {
    let usd = price_of(account, schedule)?.month_usd?;
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

/// `$0.31 of $5 spent on this account this month. A full check costs about $10.`
pub(crate) fn line(account: &Account) -> String {
    let spent = format!(
        "{} of {}{} spent on this account this month.",
        dollars(account.spent_month_usd),
        dollars(account.monthly_cap_usd),
        if account.simulated { " of sample money" } else { "" }
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

/// What money is spent for.
pub(crate) fn feature(feature: Feature) -> &'static str {
    match feature {
        Feature::Followers => "Full checks",
        Feature::Profiles => "Counts",
        Feature::Verification => "Looking up who left",
        Feature::Tweets => "Tweets",
        Feature::Stream => "Live",
        Feature::Following => "Whom you follow",
        Feature::Lookups => "Look-ups you asked for",
        Feature::Push => "Instant updates",
    }
}

/// Why X is asked nothing now, and until when.
pub(crate) fn paused(pause: &BudgetPause, now: UnixMs, zone: &dyn Zone) -> String {
    let again = when::coming(pause.until, now, zone);
    format!(
        "Nothing is read since {}: {} One call tries again {again}.",
        when::moment(pause.since, now, zone),
        sentence(&pause.why)
    )
}

/// Which limit holds reading up, and when it goes on.
pub(crate) fn halted(halt: &Halt, now: UnixMs, zone: &dyn Zone) -> String {
    let on = halt.goes_on.map_or_else(
        || "It does not go on before the limit is raised.".to_owned(),
        |at| format!("It goes on by itself {}.", when::coming(at, now, zone)),
    );
    format!("{} {on}", sentence(&halt.why))
}

/// What looking up those who left costs, and how it stands.
pub(crate) fn looks(looks: &Verification, now: UnixMs, zone: &dyn Zone) -> String {
    let month =
        looks.month_usd.map_or_else(String::new, |usd| format!(", at most {} a month", about(usd)));
    let mut parts = vec![format!("{} each{month}.", capital(&about(looks.look_usd)))];
    if let Some(reason) = &looks.reason {
        parts.push(capital(&sentence(reason)));
    }
    if looks.on && looks.due > 0 {
        parts.push(format!("{} waiting.", plural(looks.due, "person is", "people are")));
    } else if let (true, Some(at)) = (looks.on, looks.next_look.filter(|&at| at > now)) {
        parts.push(format!("Next {}.", when::coming(at, now, zone)));
    }
    parts.join(" ")
}

/// A full check that X's count calls for and the limits leave no room for.
pub(crate) fn offer(offer: &CheckOffer) -> String {
    format!("{} Run it for {}, or raise the limit.", sentence(&offer.why), about(offer.usd))
}

/// Whether X pushes, since when, and for how much.
pub(crate) fn push(push: &Push, now: UnixMs, zone: &dyn Zone) -> String {
    let price = format!("{} for each who comes or goes", about(push.event_usd));
    match push.state {
        PushState::Off => push.reason.as_deref().map_or_else(
            || format!("Off. X can tell who comes and goes within seconds, {price}."),
            |reason| format!("Off. {}", sentence(reason)),
        ),
        PushState::On => {
            let last = push.last_event.map_or_else(
                || "nothing has come yet".to_owned(),
                |at| format!("the last came {}", when::ago(at, now, zone)),
            );
            format!("On, {price}; {last}. X tells nothing of suspended or deleted accounts.")
        }
        PushState::Broken => {
            format!(
                "Not working: {}",
                sentence(push.reason.as_deref().unwrap_or("X does not say why"))
            )
        }
    }
}

/// What is said after switching.
pub(crate) fn push_said(state: PushState) -> &'static str {
    match state {
        PushState::Off => "Instant updates are off.",
        PushState::On => "Instant updates are on.",
        PushState::Broken => "X does not push yet: see why below the schedule.",
    }
}

/// How pushes stood up to a full check.
pub(crate) fn audit(audit: &PushAudit, now: UnixMs, zone: &dyn Zone) -> String {
    let PushAudit { at, told, missed_came, missed_left, contradicted, .. } = audit;
    let mut parts = vec![format!("{} had been told", plural(*told, "change", "changes"))];
    if missed_came + missed_left > 0 {
        parts.push(format!("{} had not", count(missed_came + missed_left)));
    }
    if *contradicted > 0 {
        parts.push(format!("{} were told and are not so", count(*contradicted)));
    }
    format!("By the full check of {}: {}.", when::moment(*at, now, zone), listed(&parts))
}

/// A text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoAmount;

/// An amount as typed; none where nothing is typed.
pub(crate) fn amount(text: &str) -> Result<Option<f64>, NoAmount> {
    match text.trim() {
        "" => Ok(None),
        text => {
            let usd = text.parse().ok().filter(|usd| (0.0..=AMOUNT_MAX).contains(usd));
            usd.map(Some).ok_or(NoAmount)
        }
    }
}

/// What is left of every rate window for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserve {
    Calls(u32),
    Percent(u32),
}

impl Reserve {
    /// As it is set.
    pub(crate) fn of(budget: &Budget) -> Self {
        budget.keep_unused_percent.map_or(Self::Calls(budget.keep_unused), Self::Percent)
    }

    /// As typed: `8`, `20 %`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_suffix('%') {
            Some(share) => {
                share.trim().parse().ok().filter(|share| *share < 100).map(Self::Percent)
            }
            None => text.parse().ok().filter(|calls| *calls <= 10_000).map(Self::Calls),
        }
    }

    /// As it is shown in its field.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "read in place from a signal")]
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Calls(calls) => calls.to_string(),
            Self::Percent(share) => format!("{share} %"),
        }
    }

    /// As the API takes it: calls, or a share.
    pub(crate) fn wire(self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Calls(calls) => (Some(calls), None),
            Self::Percent(share) => (None, Some(share)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::words::tests_support::account;

    fn priced(schedule: Schedule, month_usd: Option<f64>, first_usd: f64) -> Account {
        let first_usd = Some(first_usd);
        let what = String::new();
        let price = SchedulePrice { schedule, month_usd, first_usd, what };
        Account { schedule_prices: vec![price], ..account() }
    }

    #[track_caller]
    fn check_price(account: &Account, expected: &str) {
        let schedule = account.schedule_prices[0].schedule;
        assert_eq!(schedule_price(account, schedule), expected);
    }

    #[test]
    fn schedules_carry_their_price() {
        check_price(&priced(Schedule::CountOnly, Some(0.3), 0.0), "about $0.30 a month");
        check_price(&priced(Schedule::Daily, Some(300.0), 0.0), "about $300 a month");
        check_price(
            &priced(Schedule::Push, Some(12.0), 10.0),
            "about $12 a month, after about $10 once",
        );
        check_price(&priced(Schedule::Manual, Some(0.0), 0.0), "about $10 each time");
        check_price(&priced(Schedule::Daily, None, 0.0), "known after the first count");
        let mut unsure = priced(Schedule::Daily, Some(300.0), 0.0);
        unsure.prices.certain = false;
        check_price(&unsure, "about $300 a month, expected");
    }

    #[test]
    fn a_schedule_over_the_limit_is_told() {
        let mut daily = priced(Schedule::Daily, Some(300.0), 0.0);
        assert!(over_cap(&daily, Schedule::Daily).is_some());
        assert_eq!(over_cap(&daily, Schedule::CountOnly), None);
        daily.monthly_cap_usd = 300.0;
        assert_eq!(over_cap(&daily, Schedule::Daily), None);
    }

    #[test]
    fn looks_say_their_price_and_who_waits() {
        let now = UnixMs::parse("2026-11-21T10:00:00Z").unwrap();
        let mut verify = account().verify;
        verify.look_usd = 0.01;
        verify.month_usd = Some(4.2);
        verify.on = true;
        verify.due = 1;
        let text = looks(&verify, now, &Fixed(0));
        assert_eq!(text, "About $0.01 each, at most about $4.20 a month. 1 person is waiting.");
        verify.due = 0;
        verify.next_look = UnixMs::parse("2026-11-21T10:15:00Z");
        assert!(looks(&verify, now, &Fixed(0)).contains("Next "));
    }

    #[test]
    fn amounts_are_read_as_typed() {
        for (text, expected) in [
            ("", Ok(None)),
            (" 5 ", Ok(Some(5.0))),
            ("0", Ok(Some(0.0))),
            ("-1", Err(NoAmount)),
            ("1000001", Err(NoAmount)),
            ("five", Err(NoAmount)),
            ("NaN", Err(NoAmount)),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }

    #[test]
    fn a_reserve_is_calls_or_a_share() {
        for (text, expected) in [
            ("8", Some(Reserve::Calls(8))),
            (" 20 % ", Some(Reserve::Percent(20))),
            ("20%", Some(Reserve::Percent(20))),
            ("100%", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(Reserve::read(text), expected, "{text}");
            if let Some(reserve) = expected {
                assert_eq!(Reserve::read(&reserve.text()), expected, "back from its field");
            }
        }
    }

    #[test]
    fn a_limit_says_when_reading_goes_on() {
        let now = UnixMs::parse("2026-11-21T10:00:00Z").unwrap();
        let why = "this account's monthly cap of $5 is reached".to_owned();
        let halt = Halt { why: why.clone(), goes_on: UnixMs::parse("2026-12-01T00:00:00Z") };
        let text = halted(&halt, now, &Fixed(0));
        assert!(text.contains("goes on by itself") && text.contains("1 Dec"), "{text}");
        let never = halted(&Halt { why, goes_on: None }, now, &Fixed(0));
        assert!(never.ends_with("before the limit is raised."), "{never}");
    }

    #[test]
    fn a_check_says_what_pushes_had_missed() {
        let now = UnixMs::parse("2026-11-21T10:00:00Z").unwrap();
        let told = PushAudit {
            at: now.plus(-3_600_000),
            not_before: now.plus(-7_200_000),
            told: 1,
            missed_came: 0,
            missed_left: 3,
            contradicted: 0,
        };
        let text = audit(&told, now, &Fixed(0));
        assert!(text.ends_with("1 change had been told and 3 had not."), "{text}");
    }

    #[test]
    fn a_month_has_its_name() {
        assert_eq!(month("2026-11"), "November");
        assert_eq!(month("soon"), "soon");
    }

    #[test]
    fn the_spending_line() {
        assert_eq!(
            line(&account()),
            "$0.31 of $5 spent on this account this month. A full check costs about $10."
        );
    }
}
