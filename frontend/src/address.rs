//! The address of a view. Owns: which page and which choices a URL names, both ways. Must not
//! know: the browser's history. Invariant: `read(path, write(view))` is the view; a value that
//! cannot be read is the default, so that no address is an error; defaults are not written.

use crate::calendar::Date;
use crate::live::filter::Choice;
use crate::period::{Period, Preset};
use crate::tweets::choice::Choice as TweetChoice;
use shared::api::{Compare, Interval, Reason, RosterFilter, SignInOutcome};
use shared::routes::is_page;
use shared::text::cut;
use std::fmt::Write as _;

/// The places of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    #[default]
    Overview,
    Followers,
    /// The tweets, and any one of them.
    Tweets,
    Live,
    Collection,
    /// Looking many people up.
    Lookups,
    Settings,
    /// Keys for X.
    Connect,
    /// Tracking the first or one more account.
    Begin,
    SignIn,
    NotFound,
}

impl Page {
    /// Its path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::NotFound => "/",
            Self::Followers => "/followers",
            Self::Tweets => "/tweets",
            Self::Live => "/live",
            Self::Collection => "/collection",
            Self::Lookups => "/collection/lookups",
            Self::Settings => "/settings",
            Self::Connect => "/connect",
            Self::Begin => "/begin",
            Self::SignIn => "/signin",
        }
    }

    /// The page of a path.
    pub(crate) fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Overview,
            "/followers" => Self::Followers,
            path if !is_page(path) => Self::NotFound,
            path if path == "/tweets" || path.starts_with("/tweets/") => Self::Tweets,
            "/live" => Self::Live,
            "/collection" => Self::Collection,
            "/collection/lookups" => Self::Lookups,
            "/settings" => Self::Settings,
            "/connect" => Self::Connect,
            "/begin" => Self::Begin,
            "/signin" => Self::SignIn,
            _ => Self::NotFound,
        }
    }

    /// Whether the filter bar (period, comparison, zone) has a meaning here.
    pub(crate) fn has_period(self) -> bool {
        matches!(self, Self::Overview | Self::Followers | Self::Tweets)
    }
}

/// Letters of a zone's name that are kept: IANA's have 14 a part, and three parts at most.
const ZONE_LETTERS: usize = 64;

/// What the figures are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    #[default]
    Previous,
    Year,
    Off,
}

impl Comparison {
    /// In the order that the key goes round.
    pub(crate) const ORDER: [Self; 3] = [Self::Previous, Self::Year, Self::Off];

    /// As the address writes it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Year => "year",
            Self::Off => "off",
        }
    }

    /// The next, round and round.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Previous => Self::Year,
            Self::Year => Self::Off,
            Self::Off => Self::Previous,
        }
    }

    /// As the API asks for it.
    pub(crate) fn wire(self) -> Option<Compare> {
        match self {
            Self::Previous => Some(Compare::Previous),
            Self::Year => Some(Compare::Year),
            Self::Off => None,
        }
    }
}

/// What a list of people is narrowed to, beside its filter and its reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Narrow {
    /// Whom the account follows.
    pub(crate) mutual: bool,
    /// Who hardly writes.
    pub(crate) inactive: bool,
    /// Who has at least so many followers.
    pub(crate) least: Option<u64>,
}

impl Narrow {
    /// As the API and the address write it.
    pub(crate) fn pairs(self) -> Vec<(&'static str, String)> {
        let least = self.least.map(|least| ("followers_min", least.to_string()));
        let flag = |on: bool, name| on.then(|| (name, "true".to_owned()));
        let flags = [flag(self.mutual, "mutual"), flag(self.inactive, "inactive")];
        flags.into_iter().chain([least]).flatten().collect()
    }
}

/// The column the followers are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum SortBy {
    Name,
    Followers,
    #[default]
    Since,
    Changed,
    Left,
}

impl SortBy {
    /// As the API and the address write it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Followers => "followers",
            Self::Since => "since",
            Self::Changed => "changed",
            Self::Left => "left",
        }
    }
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sort {
    pub(crate) by: SortBy,
    pub(crate) descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: SortBy::Since, descending: true }
    }
}

impl Sort {
    /// As the API and the address write it.
    pub(crate) fn slug(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.by.slug())
    }

    fn from_slug(slug: &str) -> Option<Self> {
        let (descending, word) = slug.strip_prefix('-').map_or((false, slug), |word| (true, word));
        [SortBy::Name, SortBy::Followers, SortBy::Since, SortBy::Changed, SortBy::Left]
            .into_iter()
            .find(|by| by.slug() == word)
            .map(|by| Self { by, descending })
    }

    /// What a click on a column's head makes of it: another column begins with what one looks
    /// for in it first (names from A, numbers and times from the top).
    pub(crate) fn clicked(self, by: SortBy) -> Self {
        if self.by == by {
            Self { by, descending: !self.descending }
        } else {
            Self { by, descending: by != SortBy::Name }
        }
    }
}

/// Everything that an address chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) page: Page,
    /// The account's X user id; the first account if absent.
    pub(crate) account: Option<String>,
    pub(crate) period: Period,
    pub(crate) compare: Comparison,
    /// An IANA zone; the viewer's own setting if absent.
    pub(crate) zone: Option<String>,
    pub(crate) interval: Option<Interval>,
    /// Key of the pinned bucket: see `tide::Bucket::key`.
    pub(crate) day: Option<String>,
    /// Of those who left, only these are listed.
    pub(crate) reason: Option<Reason>,
    /// Of the followers listed, only these.
    pub(crate) narrow: Narrow,
    pub(crate) query: String,
    pub(crate) sort: Sort,
    pub(crate) filter: Option<RosterFilter>,
    pub(crate) as_of: Option<Date>,
    /// The X user id of the person whose drawer is open.
    pub(crate) person: Option<String>,
    /// What of the stream is looked at.
    pub(crate) live: Choice,
    /// What of the tweets is looked at, and which is open.
    pub(crate) tweets: TweetChoice,
    /// What a sign-in at X came to: X's consent page leads back with it.
    pub(crate) sign_in: Option<SignInOutcome>,
    /// Where sign-in leads back to: a path of this site.
    pub(crate) next: Option<String>,
    /// What the address asked for and nobody can read. Never written.
    pub(crate) unread: Vec<String>,
}

impl View {
    /// The same choices on another page; what belongs to one page stays behind.
    pub(crate) fn to(&self, page: Page) -> Self {
        Self {
            page,
            account: self.account.clone(),
            period: self.period,
            compare: self.compare,
            zone: self.zone.clone(),
            interval: self.interval,
            ..Self::default()
        }
    }
}

/// Reads an address; `search` with or without its `?`.
pub(crate) fn read(path: &str, search: &str) -> View {
    let mut view = View { page: Page::of(path), ..View::default() };
    let tweet = path.strip_prefix("/tweets/").filter(|id| !id.is_empty());
    view.tweets.open = tweet.and_then(digits);
    if let (Page::Tweets, Some(id), None) = (view.page, tweet, &view.tweets.open) {
        view.unread.push(format!("tweet {}", cut(id, VALUE_LETTERS)));
    }
    let (mut first, mut last) = (None, None);
    let mut custom = false;
    for pair in search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let told = || format!("{name}={}", cut(value, VALUE_LETTERS));
        let Some(value) = decode(value) else {
            view.unread.extend(READ.contains(&name).then(told));
            continue;
        };
        if READ.contains(&name) && !is_readable(name, &value) {
            view.unread.push(told());
        }
        match name {
            "account" => view.account = digits(&value),
            "period" if value == "custom" => custom = true,
            "period" => {
                view.period = Preset::from_slug(&value).map_or(view.period, Period::Preset);
            }
            "from" => first = Date::parse(&value),
            "to" => last = Date::parse(&value),
            "compare" => {
                let known = Comparison::ORDER.into_iter().find(|one| one.slug() == value);
                view.compare = known.unwrap_or_default();
            }
            // Whatever it says: the page tells what it does not know.
            "tz" => view.zone = some(cut(value.trim(), ZONE_LETTERS)),
            "interval" => view.interval = Interval::from_word(&value),
            "day" => view.day = some(value),
            "reason" => view.reason = Reason::from_word(&value),
            "mutual" => view.narrow.mutual = value == "true",
            "inactive" => view.narrow.inactive = value == "true",
            "followers_min" => view.narrow.least = value.parse().ok(),
            "q" => view.query = value,
            "sort" if view.page != Page::Tweets => {
                view.sort = Sort::from_slug(&value).unwrap_or_default();
            }
            "filter" => view.filter = RosterFilter::from_word(&value),
            "as_of" => view.as_of = Date::parse(&value),
            "person" => view.person = digits(&value),
            "x" => view.sign_in = SignInOutcome::from_word(&value),
            "next" => view.next = some(value).filter(|next| is_own_path(next)),
            _ if view.page == Page::Live => {
                view.live.read(name, &value);
            }
            _ if view.page == Page::Tweets => view.tweets.read(name, &value),
            _ => {}
        }
    }
    match (custom, first, last) {
        (true, Some(one), Some(other)) => {
            view.period = Period::Custom { first: one.min(other), last: one.max(other) };
        }
        // A date that nobody can read is told by itself.
        (true, _, _) if view.unread.is_empty() => view.unread.push("period=custom".to_owned()),
        _ => {}
    }
    view
}

/// What of an address is told when it cannot be read: the rest means nothing, or says so itself.
const READ: [&str; 10] =
    ["account", "period", "from", "to", "compare", "tz", "interval", "reason", "as_of", "person"];
/// Letters of such a value that are told.
const VALUE_LETTERS: usize = 40;

/// Whether a value means something under a name of [`READ`].
fn is_readable(name: &str, value: &str) -> bool {
    match name {
        "account" | "person" => digits(value).is_some(),
        "period" => value == "custom" || Preset::from_slug(value).is_some(),
        "from" | "to" | "as_of" => Date::parse(value).is_some(),
        "compare" => Comparison::ORDER.into_iter().any(|one| one.slug() == value),
        "interval" => Interval::from_word(value).is_some(),
        "reason" => Reason::from_word(value).is_some(),
        // The page tells by itself what zone it does not know.
        _ => true,
    }
}

/// Writes an address: path and query.
pub(crate) fn write(view: &View) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            pairs.push((name, value));
        }
    };
    add("account", view.account.clone());
    if view.period != Period::default() {
        match view.period {
            Period::Preset(preset) => add("period", Some(preset.slug().to_owned())),
            Period::Custom { first, last } => {
                add("period", Some("custom".to_owned()));
                add("from", Some(first.iso()));
                add("to", Some(last.iso()));
            }
        }
    }
    let compare = (view.compare != Comparison::default()).then(|| view.compare.slug().to_owned());
    add("compare", compare);
    add("tz", view.zone.clone());
    add("interval", view.interval.map(|interval| interval.as_str().to_owned()));
    add("day", view.day.clone());
    add("q", some(view.query.clone()));
    add("sort", (view.sort != Sort::default()).then(|| view.sort.slug()));
    add("reason", view.reason.map(|reason| reason.as_str().to_owned()));
    add("filter", view.filter.map(|filter| filter.as_str().to_owned()));
    for (name, value) in view.narrow.pairs() {
        add(name, Some(value));
    }
    add("as_of", view.as_of.map(Date::iso));
    add("person", view.person.clone());
    add("x", view.sign_in.map(|outcome| outcome.as_str().to_owned()));
    add("next", view.next.clone());
    pairs.extend(view.live.write());
    pairs.extend(view.tweets.write());
    match &view.tweets.open {
        Some(id) => with_query(&format!("{}/{id}", view.page.path()), &pairs),
        None => with_query(view.page.path(), &pairs),
    }
}

/// A path with a query; values are percent-encoded.
pub(crate) fn with_query(path: &str, pairs: &[(&str, String)]) -> String {
    let mut text = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

/// Percent-encodes a value of a query. Slashes, colons and commas stay: they are legal there,
/// and zones, times and lists stay readable.
pub(crate) fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b',' => text.push(char::from(byte)),
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn digits(text: &str) -> Option<String> {
    let is_id = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| text.to_owned())
}

/// Only a path of this site may be gone to after sign-in: `//host` is another site's.
fn is_own_path(next: &str) -> bool {
    next.starts_with('/') && !next.starts_with("//") && !next.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str) {
        let (path, search) = address.split_once('?').unwrap_or((address, ""));
        assert_eq!(write(&read(path, search)), address);
    }

    #[test]
    fn addresses_survive_reading_and_writing() {
        check("/");
        check("/followers");
        check("/?account=12&period=7d");
        check("/?account=12&period=custom&from=2026-11-03&to=2026-11-09&compare=off");
        check("/?tz=Nowhere/Land");
        check("/?tz=%2B05:30");
        check("/?tz=America/Argentina/Buenos_Aires&interval=week&day=2026-11-03");
        check("/followers?q=caf%C3%A9%20%26%20co&sort=-followers&filter=left");
        check(
            "/followers?reason=suspended&filter=left&mutual=true&inactive=true&followers_min=1000",
        );
        check("/followers?as_of=2026-10-14&person=1234567890123456789");
        check("/live?words=green%20tea&lang=de,en&area=-10.5,35,30,60&tab=countries");
        check("/tweets?period=7d&q=tea&kind=reply&lang=de&sort=-growth.public.like_count");
        check("/tweets/1234567890123456789?metrics=public.like_count&scale=log&band=off");
        check("/collection/lookups?account=12");
        check("/signin?next=/followers%3Fq%3Da%2526b");
    }

    #[test]
    fn what_cannot_be_read_is_the_default_and_is_told() {
        let plain = read("/", "");
        for (search, told) in [
            ("period=99d", "period=99d"),
            ("compare=x", "compare=x"),
            ("account=../etc", "account=../etc"),
            ("person=abc", "person=abc"),
            ("interval=century", "interval=century"),
            ("as_of=0000-13-40", "as_of=0000-13-40"),
            ("period=custom&from=2026-11-03&to=soon", "to=soon"),
            ("period=custom&from=2026-11-03", "period=custom"),
            ("tz=%ff", "tz=%ff"),
        ] {
            let mut view = read("/", search);
            assert_eq!(std::mem::take(&mut view.unread), [told], "{search}");
            assert_eq!(view, plain, "{search}");
        }
        for search in ["=", "%", "utm_source=x"] {
            assert_eq!(read("/", search), plain, "{search}");
        }
        let long = read("/", &format!("period={}", "9".repeat(500)));
        assert!(long.unread.iter().all(|told| told.len() < 60), "{:?}", long.unread);
    }

    #[test]
    fn a_tweet_is_its_digits() {
        assert_eq!(read("/tweets/7", "").tweets.open.as_deref(), Some("7"));
        let odd = read("/tweets/no-id", "");
        assert_eq!((odd.page, odd.tweets.open), (Page::Tweets, None));
        assert_eq!(odd.unread, ["tweet no-id"]);
        assert_eq!(read("/tweets/../7", "").page, Page::NotFound);
        assert_eq!(read("/tweetsome", "").page, Page::NotFound);
    }

    #[test]
    fn custom_dates_are_put_in_order() {
        let view = read("/", "?period=custom&from=2026-11-09&to=2026-11-03");
        assert_eq!(write(&view), "/?period=custom&from=2026-11-03&to=2026-11-09");
    }

    #[test]
    fn sign_in_leads_nowhere_else() {
        for next in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"] {
            assert_eq!(read("/signin", &format!("next={}", encode(next))).next, None, "{next}");
        }
    }

    #[test]
    fn another_page_keeps_the_period_and_drops_the_rest() {
        let view = read("/followers", "account=12&period=7d&q=ada&filter=left&person=5");
        assert_eq!(write(&view.to(Page::Overview)), "/?account=12&period=7d");
    }

    #[test]
    fn a_click_on_a_column_sorts_and_then_turns() {
        let sort = Sort::default();
        assert_eq!(sort.clicked(SortBy::Since).slug(), "since");
        assert_eq!(sort.clicked(SortBy::Name).slug(), "name");
        assert_eq!(sort.clicked(SortBy::Followers).slug(), "-followers");
    }
}
