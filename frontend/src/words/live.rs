//! Words of the Live page: the connection, gaps, prices, what is missing.

use super::state::Tone;
use super::when;
use crate::live::client::Phase;
use crate::live::filter::Area;
use crate::live::player::Mode;
use crate::numbers;
use shared::api::{
    ConnectionState, CoverageMinute, CoverageTotals, FilterLevel, GapReason, Refers, RuleOrigin,
    Stream, StreamMode,
};
use std::fmt::Write as _;

/// Said while nothing streams.
pub(crate) const OFF: &str = "Nothing is streaming, nothing is billed.";

/// The connection in a word or two. `now` is the browser's clock, as the waits are told in.
pub(crate) fn state(
    phase: &Phase,
    mode: Mode,
    stream: Option<ConnectionState>,
    online: bool,
    now: i64,
) -> (Tone, String) {
    let said = |tone, text: &str| (tone, text.to_owned());
    match (phase, mode) {
        (Phase::Idle | Phase::Connecting, _) => said(Tone::Busy, "Connecting"),
        (Phase::Offline { .. }, _) if !online => said(Tone::Bad, "Offline"),
        (Phase::Offline { retry_at }, _) => {
            let seconds = (retry_at - now).max(0).div_euclid(1_000) + 1;
            (Tone::Busy, format!("Reconnecting in {seconds} s"))
        }
        (Phase::Asleep, _) => said(Tone::Quiet, "Asleep"),
        (Phase::Denied(_), _) => said(Tone::Bad, "Refused"),
        (Phase::Live | Phase::Stale, Mode::Paused) => said(Tone::Quiet, "Paused"),
        (Phase::Live | Phase::Stale, Mode::Replay { .. }) => said(Tone::Quiet, "Replaying"),
        (Phase::Stale, Mode::Live) => said(Tone::Busy, "No answer yet"),
        (Phase::Live, Mode::Live) => match stream {
            None | Some(ConnectionState::Live) => said(Tone::Good, "Live"),
            Some(ConnectionState::Off) => said(Tone::Quiet, "Off"),
            Some(ConnectionState::Connecting) => said(Tone::Busy, "Connecting to X"),
            Some(ConnectionState::Waiting) => said(Tone::Busy, "Waiting for X"),
            Some(ConnectionState::Stopped) => said(Tone::Bad, "Stopped"),
        },
    }
}

/// `Not observed: up to 312 tweets. This page was too slow.`; numbers count more than tweets.
pub(crate) fn gap(from: u64, to: u64, reason: Option<GapReason>) -> String {
    let most = numbers::plural((to + 1).saturating_sub(from), "tweet", "tweets");
    match reason {
        // Numbers jump at a restart: how many of them were tweets nobody knows.
        Some(GapReason::Restart) => {
            "Not observed: Roost restarted. What came meanwhile is not known.".to_owned()
        }
        Some(GapReason::Slow) => {
            format!("Not observed: up to {most}. This page read too slowly.")
        }
        Some(GapReason::Expired) => {
            format!("Not shown: up to {most}, older than what is kept for replay.")
        }
        Some(GapReason::Sampled) => format!("Not shown: some of up to {most}."),
        None => format!("Not observed: up to {most}. The connection lost them."),
    }
}

/// `38 of 1,204 tweets carry a place`.
pub(crate) fn placed([placed, all]: [u64; 2]) -> String {
    format!(
        "{} of {} {} a place",
        numbers::count(placed),
        numbers::plural(all, "tweet", "tweets"),
        if placed == 1 { "carries" } else { "carry" }
    )
}

/// `10 a second`, `2.4 a second`.
pub(crate) fn rate(rate: f64) -> String {
    let tenths = numbers::whole(rate * 10.0);
    if tenths >= 100 || tenths % 10 == 0 {
        format!("{} a second", numbers::grouped(numbers::whole(rate)))
    } else {
        format!("{}.{} a second", tenths / 10, tenths % 10)
    }
}

/// `1.2 s behind`.
pub(crate) fn lag(lag_ms: i64) -> String {
    match lag_ms.max(0) {
        ms @ ..10_000 => format!("{}.{} s behind", ms / 1_000, ms % 1_000 / 100),
        ms => format!("{} behind", when::duration(ms)),
    }
}

/// `12 watching`.
pub(crate) fn viewers(viewers: u32) -> String {
    format!("{} watching", numbers::count(u64::from(viewers)))
}

/// `12 new tweets`.
pub(crate) fn pill(held: u64) -> String {
    numbers::plural(held, "new tweet", "new tweets")
}

/// Dollars with their cents: what runs is watched to the cent.
pub(crate) fn cents(usd: f64) -> String {
    let cents = numbers::whole(usd * 100.0).max(0);
    format!("${}.{:02}", numbers::grouped(cents / 100), cents % 100)
}

/// How often the connection was gone for less than a second; `None` if never.
pub(crate) fn short_gaps(times: usize) -> Option<String> {
    let times = u64::try_from(times).ok().filter(|times| *times > 0)?;
    Some(format!("And {}, each for less than a second.", numbers::plural(times, "time", "times")))
}

/// Where filters let nothing pass.
pub(crate) const FILTERED: &str =
    "No tweet has passed these filters yet: those that came were others.";

/// `$0.42 this session, stops at $1.00`.
pub(crate) fn session(usd: f64, cap: Option<f64>, simulated: bool) -> String {
    let sample = if simulated { " of sample money" } else { "" };
    match cap {
        Some(cap) => format!("{}{sample} this session, stops at {}", cents(usd), cents(cap)),
        None => format!("{}{sample} this session, no limit", cents(usd)),
    }
}

/// What a tweet costs, and what today's rules would.
pub(crate) fn price(stream: &Stream, simulated: bool) -> String {
    if simulated {
        return "In sample data nothing is paid.".to_owned();
    }
    let each = format!("X bills ${} for each tweet that is delivered", stream.price.post_usd);
    let rules = match (stream.price.posts_7d, stream.price.usd_per_day) {
        (Some(posts), Some(usd)) => format!(
            "; today's rules matched {} in 7 days, {} a day",
            numbers::plural(posts, "tweet", "tweets"),
            numbers::about(usd)
        ),
        _ => String::new(),
    };
    format!("{each}{rules}.")
}

/// Where a session or a month ends.
pub(crate) fn caps(stream: &Stream) -> String {
    let settings = &stream.settings;
    match (settings.session_cap_usd, settings.month_cap_usd) {
        (None, None) => "There is no limit.".to_owned(),
        (Some(session), None) => format!("It stops at {} a session.", cents(session)),
        (None, Some(month)) => format!("It stops at {} a month.", cents(month)),
        (Some(session), Some(month)) => {
            format!("It stops at {} a session and {} a month.", cents(session), cents(month))
        }
    }
}

/// How the connection to X stands, as a sentence.
pub(crate) fn connection(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Off => OFF,
        ConnectionState::Connecting => "Connecting to X.",
        ConnectionState::Live => "Tweets are coming in.",
        ConnectionState::Waiting => "The connection to X broke; it is tried again.",
        ConnectionState::Stopped => "Stopped: it needs you.",
    }
}

/// The hour's coverage in a sentence.
pub(crate) fn coverage(totals: &CoverageTotals) -> String {
    if totals.received == 0 && totals.missed == 0 && totals.disconnected_s == 0 {
        return "Nothing was streamed in the last hour.".to_owned();
    }
    let mut text = format!("{} received", numbers::plural(totals.received, "tweet", "tweets"));
    if totals.missed > 0 {
        let _ = write!(text, "; X says it left out {}", numbers::count(totals.missed));
    }
    if totals.disconnected_s > 0 {
        let ms = i64::try_from(totals.disconnected_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        let _ = write!(text, "; not connected for {}", when::duration(ms));
    }
    if totals.filled > 0 {
        let _ = write!(text, "; {} fetched afterwards", numbers::count(totals.filled));
    }
    if totals.missed == 0 && totals.disconnected_s == 0 {
        text.push_str("; nothing is known to be missing");
    }
    text.push('.');
    text
}

/// What a minute lacks, in words.
pub(crate) fn minute(minute: &CoverageMinute) -> String {
    let mut parts = Vec::new();
    if minute.disconnected_s > 0 {
        parts.push(format!("not connected {} s", minute.disconnected_s.min(60)));
    }
    if minute.missed > 0 {
        parts.push(format!("X left out {}", numbers::count(u64::from(minute.missed))));
    }
    if minute.filled > 0 {
        parts.push(format!("{} fetched later", numbers::count(u64::from(minute.filled))));
    }
    parts.join(", ")
}

/// What a tweet is, for its chip and the legend.
pub(crate) fn kind(refers: Option<&Refers>) -> (&'static str, &'static str) {
    match refers.map(|refers| refers.kind.as_str()) {
        Some("replied_to") => ("Reply", "reply"),
        Some("quoted") => ("Quote", "quote"),
        Some("retweeted") => ("Repost", "repost"),
        _ => ("Tweet", "tweet"),
    }
}

/// The kinds in the order of the legend: word and class.
pub(crate) const KINDS: [(&str, &str); 4] =
    [("Tweet", "tweet"), ("Reply", "reply"), ("Quote", "quote"), ("Repost", "repost")];

/// Where a rule comes from.
pub(crate) fn origin(origin: RuleOrigin) -> &'static str {
    match origin {
        RuleOrigin::Own => "Your own rule",
        RuleOrigin::Track => "From the words",
        RuleOrigin::Follow => "From the accounts",
        RuleOrigin::Locations => "From the areas",
        RuleOrigin::Foreign => "Another program's",
    }
}

/// Which stream.
pub(crate) fn mode(mode: StreamMode) -> &'static str {
    match mode {
        StreamMode::Filtered => "By rules",
        StreamMode::Sample => "1 % of all",
    }
}

/// X's filter levels.
pub(crate) fn level(level: FilterLevel) -> &'static str {
    match level {
        FilterLevel::None => "None",
        FilterLevel::Low => "Low",
        FilterLevel::Medium => "Medium",
    }
}

/// `35° to 60° N, 10.5° W to 30° E`: a box as people write one.
pub(crate) fn area(area: Area) -> String {
    let [west, south, east, north] = area.degrees();
    let across = |lon: f64| format!("{}° {}", lon.abs(), if lon < 0.0 { "W" } else { "E" });
    let up = |lat: f64| format!("{}° {}", lat.abs(), if lat < 0.0 { "S" } else { "N" });
    format!("{} to {}, {} to {}", up(south), up(north), across(west), across(east))
}

/// `about 4 min ago`.
pub(crate) fn back(age_ms: Option<i64>) -> String {
    match age_ms {
        None => "some time ago".to_owned(),
        Some(ms) if ms < 2_000 => "now".to_owned(),
        Some(ms) => format!("about {} ago", when::duration(ms)),
    }
}

/// The price that a refusal names, in dollars a day: it asks for it by its field's name.
pub(crate) fn named_price(detail: &str) -> Option<f64> {
    let (_, rest) = detail.split_once("accept_usd_per_day\":")?;
    let number: String =
        rest.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    number.trim_end_matches('.').parse().ok()
}

/// The part of such a refusal that is for people.
pub(crate) fn price_told(detail: &str) -> &str {
    detail.split_once(" To save").map_or(detail, |(told, _)| told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phase: &Phase, mode: Mode, stream: Option<ConnectionState>, expected: &str) {
        assert_eq!(state(phase, mode, stream, true, 10_000).1, expected);
    }

    #[test]
    fn the_state_is_always_a_word() {
        let live = Some(ConnectionState::Live);
        check(&Phase::Live, Mode::Live, live, "Live");
        check(&Phase::Live, Mode::Paused, live, "Paused");
        check(&Phase::Live, Mode::Live, Some(ConnectionState::Off), "Off");
        check(&Phase::Offline { retry_at: 13_500 }, Mode::Paused, live, "Reconnecting in 4 s");
        check(&Phase::Stale, Mode::Live, live, "No answer yet");
        let offline = Phase::Offline { retry_at: 13_500 };
        assert_eq!(state(&offline, Mode::Live, live, false, 0).1, "Offline");
    }

    #[test]
    fn gaps_say_how_much_and_why() {
        assert_eq!(
            gap(1, 312, Some(GapReason::Slow)),
            "Not observed: up to 312 tweets. This page read too slowly."
        );
        assert!(!gap(5, 65_536, Some(GapReason::Restart)).contains("65"));
        assert_eq!(gap(7, 7, None), "Not observed: up to 1 tweet. The connection lost them.");
    }

    #[test]
    fn money_is_told_to_the_cent() {
        assert_eq!(session(0.42, Some(1.0), false), "$0.42 this session, stops at $1.00");
        assert_eq!(
            session(1_234.5, None, true),
            "$1,234.50 of sample money this session, no limit"
        );
    }

    #[test]
    fn rates_and_lags_are_short() {
        let rates = [(0.0, "0 a second"), (2.44, "2.4 a second"), (10.4, "10 a second")];
        for (number, expected) in rates {
            assert_eq!(rate(number), expected);
        }
        assert_eq!((lag(1_250).as_str(), lag(-5).as_str()), ("1.2 s behind", "0.0 s behind"));
        assert_eq!(lag(75_000), "1 min behind");
        assert_eq!(placed([38, 1_204]), "38 of 1,204 tweets carry a place");
        assert_eq!(placed([1, 1]), "1 of 1 tweet carries a place");
    }

    #[test]
    fn coverage_names_what_is_missing() {
        let totals = CoverageTotals { received: 12_000, ..CoverageTotals::default() };
        assert_eq!(coverage(&totals), "12,000 tweets received; nothing is known to be missing.");
        let totals = CoverageTotals { missed: 31, disconnected_s: 130, ..totals };
        assert_eq!(
            coverage(&totals),
            "12,000 tweets received; X says it left out 31; not connected for 2 min."
        );
        assert_eq!(coverage(&CoverageTotals::default()), "Nothing was streamed in the last hour.");
    }

    #[test]
    fn an_area_is_told_as_people_write_one() {
        let told = Area::of([-10.5, -5.0, 30.0, 60.0]).map(area);
        assert_eq!(told.as_deref(), Some("5° S to 60° N, 10.5° W to 30° E"));
    }

    #[test]
    fn a_refusal_names_its_price() {
        let detail = "12,400 posts in 7 days, about $8.90 a day. To save the rule send it again \
                      with \"accept_usd_per_day\": 8.90.";
        assert_eq!(named_price(detail), Some(8.9));
        assert_eq!(price_told(detail), "12,400 posts in 7 days, about $8.90 a day.");
        assert_eq!(named_price("no"), None);
    }
}
