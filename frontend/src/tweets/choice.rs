//! What of the tweets one looks at. Owns: the choices of the Tweets page, as the address writes
//! them and as the API is asked. Must not know: the address as a whole. Invariant: what is read
//! from a written choice is that choice; what cannot be read is left out.

use super::metric;
use shared::api::TweetKind;

/// As many metrics as the table has room for on a wide screen.
pub(crate) const COLUMNS_MOST: usize = 8;
/// As many lines as one can tell apart.
pub(crate) const LINES_MOST: usize = 5;
/// What X and people look at first.
const COLUMNS: [&str; 3] = [metric::IMPRESSIONS, "public.like_count", "public.retweet_count"];

/// What the tweets are sorted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key {
    #[default]
    Created,
    /// Who came in the 24 hours after it.
    After,
    Metric(String),
    /// What the metric grew by in the period.
    Growth(String),
}

/// A key and a direction; from the newest, or from the most, if nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) by: Key,
    pub(crate) descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: Key::Created, descending: true }
    }
}

impl Sort {
    /// As the API and the address write it.
    pub(crate) fn slug(&self) -> String {
        let minus = if self.descending { "-" } else { "" };
        match &self.by {
            Key::Created => format!("{minus}created"),
            Key::After => format!("{minus}after"),
            Key::Metric(name) => format!("{minus}{name}"),
            Key::Growth(name) => format!("{minus}growth.{name}"),
        }
    }

    /// The order that a slug names.
    pub(crate) fn of(slug: &str) -> Option<Self> {
        let (descending, word) = slug.strip_prefix('-').map_or((false, slug), |word| (true, word));
        let by = match word {
            "created" => Key::Created,
            "after" => Key::After,
            _ => match word.strip_prefix("growth.") {
                Some(name) => Key::Growth(metric::named(name)?),
                None => Key::Metric(metric::named(word)?),
            },
        };
        Some(Self { by, descending })
    }

    /// What a click on a head makes of it: another key begins with the most.
    pub(crate) fn clicked(&self, by: Key) -> Self {
        let same = self.by == by;
        Self { by, descending: !(same && self.descending) }
    }

    /// For `aria-sort`.
    pub(crate) fn state(&self, by: &Key) -> &'static str {
        match (self.by == *by, self.descending) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        }
    }
}

/// How much of a tweet's life its curve shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    Day,
    Week,
    Month,
    #[default]
    Whole,
}

impl Life {
    /// In the order they stand in.
    pub(crate) const ORDER: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Whole];

    /// As the address writes it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Day => "1d",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Whole => "all",
        }
    }

    /// As the page writes it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Day => "First day",
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Whole => "All",
        }
    }

    /// The one that a word of the address names.
    pub(crate) fn of(slug: &str) -> Self {
        Self::ORDER.into_iter().find(|one| one.slug() == slug).unwrap_or_default()
    }

    /// Its length in days; `None` is as long as it has lived.
    pub(crate) fn days(self) -> Option<i64> {
        match self {
            Self::Day => Some(1),
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Whole => None,
        }
    }
}

/// Every choice of the Tweets page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The id of the tweet that is open.
    pub(crate) open: Option<String>,
    pub(crate) kinds: Vec<TweetKind>,
    /// As X tells it.
    pub(crate) lang: Option<String>,
    pub(crate) promoted: Option<bool>,
    /// Only those written in the period, and not only those that grew in it.
    pub(crate) written: bool,
    pub(crate) sort: Sort,
    /// Metrics that have a column; empty: the usual three.
    columns: Vec<String>,
    /// Metrics of the open tweet's curve; empty: impressions, split where promoted.
    pub(crate) lines: Vec<String>,
    pub(crate) log: bool,
    /// Without the account's usual tweet beside it.
    pub(crate) alone: bool,
    pub(crate) life: Life,
}

impl Choice {
    /// Takes in one pair of an address.
    pub(crate) fn read(&mut self, name: &str, value: &str) {
        match name {
            "kind" => self.kinds = value.split(',').filter_map(TweetKind::from_word).collect(),
            "lang" => self.lang = Some(value.to_owned()).filter(|lang| is_lang(lang)),
            "promoted" => self.promoted = value.parse().ok(),
            "written" => self.written = value == "period",
            "sort" => self.sort = Sort::of(value).unwrap_or_default(),
            "columns" => self.columns = metrics(value, COLUMNS_MOST),
            "metrics" => self.lines = metrics(value, LINES_MOST),
            "scale" => self.log = value == "log",
            "band" => self.alone = value == "off",
            "life" => self.life = Life::of(value),
            _ => {}
        }
    }

    /// Its pairs in an address; the usual is not written.
    pub(crate) fn write(&self) -> Vec<(&'static str, String)> {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let word = |on: bool, word: &str| if on { word.to_owned() } else { String::new() };
        let pairs = [
            ("kind", kinds.join(",")),
            ("lang", self.lang.clone().unwrap_or_default()),
            ("promoted", self.promoted.map_or_else(String::new, |on| on.to_string())),
            ("written", word(self.written, "period")),
            ("sort", word(self.sort != Sort::default(), &self.sort.slug())),
            ("columns", self.columns.join(",")),
            ("metrics", self.lines.join(",")),
            ("scale", word(self.log, "log")),
            ("band", word(self.alone, "off")),
            ("life", word(self.life != Life::default(), self.life.slug())),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// What the list is asked for, but for the period and the search.
    pub(crate) fn asked(&self) -> Vec<(&'static str, String)> {
        let of_list = ["kind", "lang", "promoted"];
        let mut pairs = self.write();
        pairs.retain(|(name, _)| of_list.contains(name));
        pairs.push(("sort", self.sort.slug()));
        pairs
    }

    /// How many filters are set.
    pub(crate) fn filters(&self) -> usize {
        let set =
            [!self.kinds.is_empty(), self.lang.is_some(), self.promoted.is_some(), self.written];
        set.into_iter().filter(|&set| set).count()
    }

    /// Whether the list leaves anything out.
    pub(crate) fn narrows(&self) -> bool {
        self.filters() > 0
    }

    /// Everything again.
    pub(crate) fn widen(&mut self) {
        self.kinds.clear();
        self.lang = None;
        self.promoted = None;
        self.written = false;
    }

    /// Adds a kind, or takes it away.
    pub(crate) fn turn_kind(&mut self, kind: TweetKind) {
        if let Some(at) = self.kinds.iter().position(|one| *one == kind) {
            self.kinds.remove(at);
        } else {
            self.kinds.push(kind);
            self.kinds = crate::order::sorted(std::mem::take(&mut self.kinds), Ord::cmp);
        }
    }

    /// The metrics that have a column, in their order.
    pub(crate) fn columns(&self) -> Vec<String> {
        if self.columns.is_empty() {
            return COLUMNS.map(str::to_owned).to_vec();
        }
        self.columns.clone()
    }

    /// Adds a column, or takes it away; the last stays.
    pub(crate) fn turn_column(&mut self, name: &str) {
        let mut columns = self.columns();
        turn(&mut columns, name, COLUMNS_MOST);
        self.columns = if columns == COLUMNS { Vec::new() } else { columns };
    }

    /// Adds a line to the curve, or takes it away; `shown` is what it shows now.
    pub(crate) fn turn_line(&mut self, shown: Vec<String>, name: &str) {
        self.lines = shown;
        turn(&mut self.lines, name, LINES_MOST);
    }
}

fn turn(list: &mut Vec<String>, name: &str, most: usize) {
    if let Some(at) = list.iter().position(|one| one == name) {
        if list.len() > 1 {
            list.remove(at);
        }
    } else if list.len() < most {
        list.push(name.to_owned());
        metric::sort(list);
    }
}

fn metrics(value: &str, most: usize) -> Vec<String> {
    let mut list: Vec<String> = value.split(',').filter_map(metric::named).collect();
    metric::sort(&mut list);
    list.dedup();
    list.truncate(most);
    list
}

/// Letters of BCP 47 only.
fn is_lang(text: &str) -> bool {
    (2..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Choice {
        let mut choice = Choice::default();
        for (name, value) in pairs {
            choice.read(name, value);
        }
        choice
    }

    #[test]
    fn what_is_written_is_read_again() {
        let pairs = [
            ("kind", "tweet,quote"),
            ("lang", "zh-Hant"),
            ("promoted", "false"),
            ("written", "period"),
            ("sort", "-growth.organic.like_count"),
            ("columns", "public.impression_count,promoted.like_count"),
            ("metrics", "public.like_count"),
            ("scale", "log"),
            ("band", "off"),
            ("life", "7d"),
        ];
        let choice = read(&pairs);
        let written = choice.write();
        let written: Vec<_> = written.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(written, pairs);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for pair in [
            ("kind", "poem"),
            ("lang", "d/../"),
            ("promoted", "perhaps"),
            ("sort", "-growth.like_count"),
            ("columns", "public.Likes,,x"),
            ("life", "9d"),
            ("elsewhere", "1"),
        ] {
            assert_eq!(read(&[pair]), Choice::default(), "{pair:?}");
        }
    }

    #[test]
    fn a_click_on_a_head_sorts_from_the_most_and_then_turns() {
        let sort = Sort::default();
        assert_eq!(sort.clicked(Key::Created).slug(), "created");
        let likes = sort.clicked(Key::Metric("public.like_count".to_owned()));
        assert_eq!(likes.slug(), "-public.like_count");
        let growth = likes.clicked(Key::Growth("public.like_count".to_owned()));
        assert_eq!(growth.slug(), "-growth.public.like_count");
        assert_eq!(growth.clicked(growth.by.clone()).slug(), "growth.public.like_count");
        assert_eq!(sort.state(&Key::After), "none");
    }

    #[test]
    fn columns_are_added_in_order_and_one_always_stays() {
        let mut choice = Choice::default();
        choice.turn_column("public.reply_count");
        assert_eq!(choice.columns().last().map(String::as_str), Some("public.reply_count"));
        choice.turn_column("public.reply_count");
        assert_eq!(choice, Choice::default(), "the usual three are not written");
        for name in COLUMNS {
            choice.turn_column(name);
        }
        assert_eq!(choice.columns().len(), 1);
    }

    #[test]
    fn the_list_is_not_asked_about_the_curve() {
        let choice = read(&[("metrics", "public.like_count"), ("kind", "reply"), ("scale", "log")]);
        assert_eq!(choice.asked(), [("kind", "reply".to_owned()), ("sort", "-created".to_owned())]);
    }
}
