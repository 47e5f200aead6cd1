//! Words of the Overview: the sentence, what X's count and the names leave open, what to say
//! where there is nothing.

use crate::calendar::{Date, Zone, date_at};
use crate::numbers::{about, count, grouped, plural};
use crate::period::{Period, Preset};
use crate::words::person::{self, Chip};
use crate::words::when;
use shared::api::{Account, Origin, Reason, ReasonCount, Series, Totals};
use shared::time::UnixMs;

/// The sentence in three parts, so that its middle can be set apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) lead: String,
    pub(crate) change: String,
    pub(crate) rest: String,
    /// Up is 1, down is -1.
    pub(crate) direction: i64,
}

/// What the sentence is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis {
    pub(crate) period: Period,
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) today: Date,
}

/// Of what was not observed.
pub(crate) const UNSEEN: &str = "Not observed. This is not zero.";

/// `when tracking began, 29 Aug`: what a change counts from, if that is later than the period's
/// beginning.
pub(crate) fn late(series: &Series, from: UnixMs, now: UnixMs, zone: &dyn Zone) -> Option<String> {
    let since = series.totals.since.filter(|&since| since > from)?;
    let what = if series.points.iter().any(|point| point.followers.is_some()) {
        "when tracking began"
    } else {
        "at the first count"
    };
    Some(format!("{what}, {}", day_or_time(since, now, zone)))
}

/// `since 29 Aug`: what "not yet explained" counts from, if that is later than the period's
/// beginning.
pub(crate) fn unexplained_since(
    series: &Series,
    from: UnixMs,
    now: UnixMs,
    zone: &dyn Zone,
) -> Option<String> {
    let since = series.totals.unexplained_since.filter(|&since| since > from)?;
    Some(format!("since {}", day_or_time(since, now, zone)))
}

/// The day, of today and yesterday with the time.
fn day_or_time(at: UnixMs, now: UnixMs, zone: &dyn Zone) -> String {
    let (date, today) = (date_at(at, zone), date_at(now, zone));
    if today.days() - date.days() <= 1 { when::moment(at, now, zone) } else { date.near(today) }
}

/// `10,432 followers, 214 more than 30 days ago.` `late` is what the change counts from, if that is
/// later than the period's beginning.
pub(crate) fn sentence(totals: &Totals, basis: Basis, late: Option<String>) -> Sentence {
    let (Some(end), Some(change)) = (totals.followers, totals.change) else {
        return Sentence {
            lead: "Nothing was observed in this period.".to_owned(),
            ..Sentence::default()
        };
    };
    let followers = if end == 1 { "follower" } else { "followers" };
    let when = at_end(basis);
    let start = late.unwrap_or_else(|| at_start(basis));
    if change == 0 {
        return Sentence {
            lead: format!("{} {followers}{when}, ", count(end)),
            change: "as many".to_owned(),
            rest: format!(" as {start}."),
            direction: 0,
        };
    }
    let word = if change > 0 { "more" } else { "fewer" };
    Sentence {
        lead: format!("{} {followers}{when}, ", count(end)),
        change: format!("{} {word}", grouped(change.abs())),
        rest: format!(" than {start}."),
        direction: change.signum(),
    }
}

/// Where the period ends, if it does not end now.
fn at_end(basis: Basis) -> String {
    match basis.period {
        Period::Preset(Preset::Yesterday) => " at the end of yesterday".to_owned(),
        Period::Preset(Preset::LastMonth) => {
            format!(" at the end of {}", basis.last.month_name())
        }
        Period::Custom { .. } if basis.last < basis.today => {
            format!(" on {}", basis.last.near(basis.today))
        }
        _ => String::new(),
    }
}

fn at_start(basis: Basis) -> String {
    let month = |date: Date| {
        let year =
            if date.year == basis.today.year { String::new() } else { format!(" {}", date.year) };
        format!("at the start of {}{year}", date.month_name())
    };
    match basis.period {
        Period::Preset(preset) => match preset {
            Preset::Today => "at midnight".to_owned(),
            Preset::Yesterday => "a day before".to_owned(),
            Preset::Hours24 => "24 hours ago".to_owned(),
            Preset::Days7 => "7 days ago".to_owned(),
            Preset::Days28 => "28 days ago".to_owned(),
            Preset::Days30 => "30 days ago".to_owned(),
            Preset::Days91 => "91 days ago".to_owned(),
            Preset::LastMonth => "at its start".to_owned(),
            Preset::MonthToDate | Preset::Months6 | Preset::Months12 => month(basis.first),
            Preset::YearToDate => "at the start of the year".to_owned(),
            Preset::All => "when tracking began".to_owned(),
        },
        Period::Custom { first, last } if first == last => "the day before".to_owned(),
        Period::Custom { first, .. } => {
            format!("on {}", first.plus_days(-1).near(basis.today))
        }
    }
}

/// `X's count fell by 31; we can name 24; 7 not yet explained: next full check Sunday, about
/// $10.` `None` if the names explain X's count, or it was not read.
pub(crate) fn difference(
    totals: &Totals,
    account: &Account,
    now: UnixMs,
    zone: &dyn Zone,
) -> Option<String> {
    let unexplained = totals.unexplained.filter(|&count| count != 0)?;
    let counted = totals.net + unexplained;
    let went = match counted {
        0 => "X's count is unchanged".to_owned(),
        1.. => format!("X's count rose by {}", grouped(counted)),
        _ => format!("X's count fell by {}", grouped(-counted)),
    };
    let same_way = totals.net.signum() == counted.signum() && totals.net.abs() < counted.abs();
    let named = if same_way {
        format!("we can name {}", grouped(totals.net.abs()))
    } else {
        format!("the names say {}", crate::numbers::signed(totals.net))
    };
    let open = format!("{} not yet explained", grouped(unexplained.abs()));
    let price = account.prices.full_check_usd.map(about);
    let next = match (account.collector.next_check, price) {
        (Some(at), Some(price)) if plans_checks(account) => {
            format!(": next full check {}, {price}", when::coming(at, now, zone))
        }
        (Some(at), None) if plans_checks(account) => {
            format!(": next full check {}", when::coming(at, now, zone))
        }
        (_, Some(price)) => format!(": a full check would tell, {price}"),
        (_, None) => String::new(),
    };
    Some(format!("{went}; {named}; {open}{next}."))
}

/// Whether the schedule runs full checks by itself.
fn plans_checks(account: &Account) -> bool {
    use shared::api::Schedule;
    matches!(account.schedule, Schedule::Daily | Schedule::Hourly)
}

/// What the first day says.
pub(crate) fn first_day(account: &Account) -> String {
    let price =
        account.prices.full_check_usd.map(|usd| format!(" ({})", about(usd))).unwrap_or_default();
    format!(
        "We know your count from now on. To see names, run a full check{price} or bring your X archive."
    )
}

/// `Since your archive of 3 March, 412 people left and 980 came.` `None` unless the history begins
/// with an archive and goes on after it.
pub(crate) fn since_archive(account: &Account, now: UnixMs, zone: &dyn Zone) -> Option<String> {
    let baseline = account.baseline.as_ref().filter(|one| one.origin == Origin::Archive)?;
    let since = baseline.since.as_ref()?;
    let (date, today) = (date_at(baseline.at, zone), date_at(now, zone));
    let year = if date.year == today.year { String::new() } else { format!(" {}", date.year) };
    let date = format!("{} {}{year}", date.day, date.month_name());
    let left = plural(since.left, "person", "people");
    Some(format!("Since your archive of {date}, {left} left and {} came.", count(since.came)))
}

/// How often a loss that was settled turned out to be none, as measured for this account.
pub(crate) fn false_losses(account: &Account) -> Option<String> {
    let rate = account.verify.false_loss_rate?;
    let share = match rate {
        0.0 => "None".to_owned(),
        rate if rate < 0.001 => "Under 0.1 %".to_owned(),
        rate => format!("{:.1} %", rate * 100.0),
    };
    Some(format!("{share} of the leave notices of the last 90 days had to be corrected."))
}

/// An empty column.
pub(crate) fn empty(kind: &str, picked: bool, last_check: &str) -> String {
    let when = if picked { "then" } else { "in this period" };
    format!("No one {kind} {when}. {last_check}")
}

/// Of those who left: how many for which reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) chip: Chip,
    pub(crate) reason: Reason,
    pub(crate) count: u64,
}

/// Why people left, the most first; those whom nobody could look up, since Roost did not watch
/// yet, for themselves.
pub(crate) fn reasons(series: &Series) -> Vec<Share> {
    let mut shares = Vec::new();
    for &ReasonCount { reason, count } in &series.reasons {
        let before = if reason == Reason::Unknown { series.before_watch.min(count) } else { 0 };
        let (chip, earlier) = (person::reason(reason), ("left before Roost watched", "before"));
        shares.push(Share { chip, reason, count: count - before });
        shares.push(Share { chip: earlier, reason, count: before });
    }
    shares.retain(|one| one.count > 0);
    crate::order::sorted(shares, |one, other| other.count.cmp(&one.count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;
    use crate::tide::tests::{point, series};
    use crate::words::tests_support::account;
    use shared::api::{Baseline, Point, SinceBaseline};

    fn totals(net: i64, unexplained: Option<i64>) -> Totals {
        let (followers, change) = (Some(10_432), Some(net));
        Totals { net, unexplained, followers, change, ..Totals::default() }
    }

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[track_caller]
    fn check(period: Period, net: i64, expected: &str) {
        let (first, last) = match period {
            Period::Custom { first, last } => (first, last),
            Period::Preset(_) => (date("2026-06-01"), date("2026-10-31")),
        };
        let basis = Basis { period, first, last, today: date("2026-11-21") };
        let said = sentence(&totals(net, None), basis, None);
        assert_eq!(format!("{}{}{}", said.lead, said.change, said.rest), expected);
    }

    #[test]
    fn corrected_notices_are_counted_never_guessed() {
        let mut account = account();
        for (rate, expected) in [
            (None, None),
            (Some(0.0), Some("None of")),
            (Some(0.0063), Some("0.6 % of")),
            (Some(0.0002), Some("Under 0.1 % of")),
        ] {
            account.verify.false_loss_rate = rate;
            let said = false_losses(&account);
            assert_eq!(said.is_some(), expected.is_some(), "{rate:?}");
            assert!(said.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{rate:?}");
        }
    }

    #[test]
    fn the_sentence_says_how_many_and_since_when() {
        check(Period::default(), 214, "10,432 followers, 214 more than 30 days ago.");
        check(Period::Preset(Preset::Today), -3, "10,432 followers, 3 fewer than at midnight.");
        check(Period::Preset(Preset::Days7), 0, "10,432 followers, as many as 7 days ago.");
        check(
            Period::Preset(Preset::LastMonth),
            5,
            "10,432 followers at the end of October, 5 more than at its start.",
        );
        check(
            Period::Preset(Preset::Months6),
            5,
            "10,432 followers, 5 more than at the start of June.",
        );
        check(
            Period::Custom { first: date("2026-11-03"), last: date("2026-11-09") },
            5,
            "10,432 followers on 9 Nov, 5 more than on 2 Nov.",
        );
    }

    #[test]
    fn who_left_before_roost_watched_is_told_apart() {
        let count = |reason, count| ReasonCount { reason, count };
        let mut series = crate::tide::tests::series(Vec::new());
        series.reasons = vec![count(Reason::Unknown, 10), count(Reason::Suspended, 4)];
        let told = |series: &Series| -> Vec<(&str, u64)> {
            reasons(series).into_iter().map(|one| (one.chip.1, one.count)).collect()
        };
        assert_eq!(told(&series), [("unknown", 10), ("suspended", 4)]);
        series.before_watch = 7;
        assert_eq!(told(&series), [("before", 7), ("suspended", 4), ("unknown", 3)]);
        series.before_watch = 10;
        assert_eq!(told(&series), [("before", 10), ("suspended", 4)]);
    }

    #[test]
    fn nothing_observed_is_said() {
        let basis = Basis {
            period: Period::default(),
            first: date("2026-11-01"),
            last: date("2026-11-21"),
            today: date("2026-11-21"),
        };
        let said = sentence(&Totals::default(), basis, None);
        assert_eq!(said.lead, "Nothing was observed in this period.");
    }

    #[track_caller]
    fn check_late(points: Vec<Point>, since: &str, expected: Option<&str>) {
        let at = |text: &str| UnixMs::parse(text).unwrap();
        let totals = Totals { since: Some(at(since)), ..totals(515, None) };
        let series = Series { totals, ..series(points) };
        let (from, now) = (at("2026-06-01T00:00:00Z"), at("2026-11-21T10:30:00Z"));
        assert_eq!(late(&series, from, now, &Fixed(0)).as_deref(), expected, "{since}");
    }

    #[test]
    fn nothing_is_claimed_of_the_time_before_tracking_began() {
        let named = || vec![point(0, Some(9), 0, 0)];
        let counted = || vec![point(0, None, 0, 0)];
        check_late(named(), "2026-06-01T00:00:00Z", None);
        check_late(named(), "2026-08-29T10:00:00Z", Some("when tracking began, 29 Aug"));
        check_late(named(), "2026-11-21T08:05:00Z", Some("when tracking began, today 08:05"));
        check_late(counted(), "2026-08-29T10:00:00Z", Some("at the first count, 29 Aug"));
        let basis = Basis {
            period: Period::Preset(Preset::Months12),
            first: date("2025-12-01"),
            last: date("2026-11-21"),
            today: date("2026-11-21"),
        };
        let said = sentence(&totals(515, None), basis, Some("when tracking began, 29 Aug".into()));
        assert_eq!(said.rest, " than when tracking began, 29 Aug.");
    }

    #[track_caller]
    fn check_difference(net: i64, unexplained: i64, expected: &str) {
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        let said = difference(&totals(net, Some(unexplained)), &account(), now, &Fixed(0));
        assert_eq!(said.as_deref(), Some(expected));
    }

    #[test]
    fn what_the_names_do_not_explain_is_said() {
        check_difference(
            -24,
            -7,
            "X's count fell by 31; we can name 24; 7 not yet explained: \
             next full check tomorrow 02:00, about $10.",
        );
        check_difference(
            2,
            -7,
            "X's count fell by 5; the names say +2; 7 not yet explained: \
             next full check tomorrow 02:00, about $10.",
        );
        let now = UnixMs(0);
        assert_eq!(difference(&totals(5, Some(0)), &account(), now, &Fixed(0)), None);
        assert_eq!(difference(&totals(5, None), &account(), now, &Fixed(0)), None);
    }

    #[track_caller]
    fn check_archive(origin: Origin, since: Option<(u64, u64)>, expected: Option<&str>) {
        let at = UnixMs::parse("2026-03-03T10:00:00Z").unwrap();
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        let since = since.map(|(came, left)| SinceBaseline { came, left });
        let account = Account { baseline: Some(Baseline { at, origin, since }), ..account() };
        assert_eq!(since_archive(&account, now, &Fixed(0)).as_deref(), expected);
    }

    #[test]
    fn an_archive_is_what_the_history_began_with() {
        let both = "Since your archive of 3 March, 412 people left and 1,980 came.";
        check_archive(Origin::Archive, Some((1_980, 412)), Some(both));
        let one = "Since your archive of 3 March, 1 person left and 0 came.";
        check_archive(Origin::Archive, Some((0, 1)), Some(one));
        check_archive(Origin::Archive, None, None);
        check_archive(Origin::Import, Some((1, 1)), None);
        let now = UnixMs::parse("2026-11-21T10:30:00Z").unwrap();
        assert_eq!(since_archive(&account(), now, &Fixed(0)), None);
    }
}
