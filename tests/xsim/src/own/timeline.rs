//! `GET /2/users/{id}/tweets`: the newest 3,200 tweets of an account, by pages.
//!
//! Knows the diary and prices, not credentials or faults but those of a list that moves.
//! Invariants: while time stands still and nobody changes anything, a walk holds every tweet that
//! stands, in its newest version, once and newest first; every tweet in `data` is charged.

use serde_json::{Map, Value};

use super::diary::Tweet;
use super::facts::EDIT_MS;
use super::marks::{Marks, Standing};
use super::routes::{Asking, Given};
use super::sheet::Sheet;
use crate::bill::Read;
use crate::calendar::SECOND_MS;
use crate::faults::Kind;
use crate::hash::hash;
use crate::identity::Subject;
use crate::params::By;
use crate::problem::{self, Missing, Problem};
use crate::profile;
use crate::state::Sim;
use crate::stream::search;
use crate::tweets::feed::written_ms;
use crate::tweets::fields::{self, Wish};
use crate::users;
use crate::world::Account;

/// X lists so many of an account's tweets, and fewer without replies (docs.x.com, "Timelines").
pub(crate) const LISTED_MAX: usize = 3_200;
const LISTED_WITHOUT_REPLIES_MAX: usize = 800;
/// Tweets per page.
const PAGE: (usize, usize) = (5, 100);
const PAGE_DEFAULT: usize = 10;
/// Tweets too many or too few that a `shift_page` without `by` skips.
const SHIFT_DEFAULT: i64 = 25;

const SALT_TOKEN: u64 = 248;

/// Where a page begins: the place is a tweet, not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    Top,
    /// Right below this tweet: the next page.
    Below(u64),
    /// The page that ends with this tweet: the previous page.
    From(u64),
}

impl Cursor {
    fn seed(seed: u64, account: Account, from: bool) -> u64 {
        hash(seed, account.bit() << 1 | u64::from(from), SALT_TOKEN)
    }

    pub(crate) fn token(self, seed: u64, account: Account) -> Option<String> {
        match self {
            Self::Top => None,
            Self::Below(id) => Some(search::token(Self::seed(seed, account, false), id)),
            Self::From(id) => Some(search::token(Self::seed(seed, account, true), id)),
        }
    }

    pub(crate) fn parse(token: &str, seed: u64, account: Account) -> Option<Self> {
        let of = |from| search::below_of(Self::seed(seed, account, from), token);
        of(false).map(Self::Below).or_else(|| of(true).map(Self::From))
    }
}

/// Which tweets are wanted: `from_ms..to_ms`, `above..below` exclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) above: u64,
    pub(crate) below: u64,
    pub(crate) replies: bool,
    pub(crate) retweets: bool,
}

impl Window {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        from_ms: i64::MIN,
        to_ms: i64::MAX,
        above: 0,
        below: u64::MAX,
        replies: true,
        retweets: true,
    };

    /// From when on tweets matter.
    fn begins_ms(&self) -> i64 {
        if self.above == 0 { self.from_ms } else { written_ms(self.above).max(self.from_ms) }
    }

    pub(super) fn holds(&self, tweet: &Tweet, version: usize) -> bool {
        tweet.versions.get(version).is_some_and(|at| {
            let timely = (self.from_ms..self.to_ms).contains(&at.at_ms);
            timely && self.above < at.id && at.id < self.below
        })
    }
}

/// One list of tweets: whose, what its tokens go by, how many to a page, at which price.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) account: Account,
    pub(super) seed: u64,
    pub(super) most: usize,
    pub(super) read: Read,
}

/// A tweet and the number of the version that is listed.
pub(crate) type Listed = (Tweet, usize);

fn id(listed: &Listed) -> u64 {
    listed.0.versions.get(listed.1).map_or(0, |version| version.id)
}

/// What X lists of an account at a time, newest first.
pub(crate) fn listing(
    sim: &Sim,
    account: Account,
    now_ms: i64,
    window: &Window,
    marks: &Marks,
) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    let mut to_ms = now_ms + 1;
    // A tweet's newest version may be younger than the tweet.
    let oldest_ms = sim.diary.oldest_ms().max(window.begins_ms().saturating_sub(EDIT_MS));
    let span_ms = sim.diary.span_ms();
    while to_ms > oldest_ms && all.len() < LISTED_MAX {
        let from_ms = (to_ms - span_ms).max(oldest_ms);
        let tweets = sim.diary.between(account, from_ms, to_ms, marks);
        let stand = tweets.into_iter().filter_map(|t| t.current(now_ms).map(|n| (t, n)));
        all.extend(stand);
        to_ms = from_ms;
    }
    all.sort_by_key(|listed| std::cmp::Reverse(id(listed)));
    all.truncate(LISTED_MAX);
    if !window.replies {
        all.retain(|(tweet, _)| tweet.facts.kind.name() != "reply");
        all.truncate(LISTED_WITHOUT_REPLIES_MAX);
    }
    let kept = |(tweet, version): &Listed| {
        window.holds(tweet, *version) && (window.retweets || !tweet.facts.kind.is_retweet())
    };
    all.retain(kept);
    all
}

/// A page: where in the listing it begins and ends, and where others do.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    range: std::ops::Range<usize>,
    next: Option<Cursor>,
    previous: Option<Cursor>,
}

fn page(all: &[Listed], cursor: Cursor, most: usize, fault: Option<(Kind, i64)>) -> Page {
    let position = |below: u64| all.partition_point(|listed| id(listed) >= below);
    let mut start = match cursor {
        Cursor::Top => 0,
        Cursor::Below(below) => position(below),
        Cursor::From(from) => position(from).saturating_sub(most),
    };
    if let Some((Kind::ShiftPage, by)) = fault {
        start = start.saturating_add_signed(isize::try_from(by).unwrap_or(0)).min(all.len());
    }
    let end = start.saturating_add(most).min(all.len());
    let last = all.get(start..end).and_then(<[Listed]>::last).map(id);
    let next = last.filter(|_| end < all.len()).map(Cursor::Below);
    let first = all.get(start.saturating_sub(1)).map(id).filter(|_| start > 0);
    let previous = first.map(Cursor::From);
    let range = match fault {
        Some((Kind::RepeatPage, _)) if start > 0 => start.saturating_sub(most)..start,
        _ => start..end,
    };
    Page { range, next, previous }
}

/// What an answer says of its page.
fn meta(sheet: &Sheet<'_>, page: &Page, list: List) -> Value {
    let shown = sheet.shown();
    let mut meta = Map::from_iter([("result_count".to_owned(), shown.len().into())]);
    if let (Some(newest), Some(oldest)) = (shown.first(), shown.last()) {
        meta.insert("newest_id".into(), newest.to_string().into());
        meta.insert("oldest_id".into(), oldest.to_string().into());
    }
    for (name, cursor) in [("next_token", page.next), ("previous_token", page.previous)] {
        let token = cursor.and_then(|cursor| cursor.token(list.seed, list.account));
        if let Some(token) = token {
            meta.insert(name.into(), token.into());
        }
    }
    Value::Object(meta)
}

impl Asking {
    /// # Errors
    /// 400 for a parameter, 404 for a stranger.
    pub(super) fn timeline(&self, user: &str) -> Result<Given, Problem> {
        let own = [
            "max_results",
            "pagination_token",
            "since_id",
            "until_id",
            "start_time",
            "end_time",
            "exclude",
        ];
        let wish = self.wish(&own, &fields::PARAMS)?;
        self.check_id("id", user)?;
        let most = self.number("max_results", PAGE_DEFAULT, PAGE)?;
        let window = self.window()?;
        let Some(account) = Account::from_id(user) else { return self.stranger(user) };
        let marks = self.sim.state().marks.clone();
        let owner = self.caller.is(account);
        match marks.standing(account) {
            Standing::Open => {}
            Standing::Protected if owner => {}
            Standing::Protected => return Ok(self.hidden(user, Missing::Protected)),
            Standing::Suspended => return Ok(self.hidden(user, Missing::Suspended)),
        }
        let all = listing(&self.sim, account, self.now_ms, &window, &marks);
        let read = if owner { Read::OwnedPost } else { Read::Post };
        let list = List { account, seed: self.sim.config.seed, most, read };
        self.page_of(&wish, &all, list)
    }

    /// A page of a list of the accounts' tweets, newest first.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(super) fn page_of(
        &self,
        wish: &Wish,
        all: &[Listed],
        list: List,
    ) -> Result<Given, Problem> {
        let cursor = match self.param("pagination_token") {
            None => Cursor::Top,
            Some(token) => Cursor::parse(token, list.seed, list.account)
                .ok_or_else(|| users::invalid_token(self.dialect, token))?,
        };
        let marks = self.sim.state().marks.clone();
        let fault = self.fault.as_ref().map(|f| (f.kind, f.args.number("by", SHIFT_DEFAULT)));
        let page = page(all, cursor, list.most, fault);
        let feed = self.feed();
        let mut sheet = self.sheet(&feed, wish, "id", &marks);
        for (tweet, version) in all.get(page.range.clone()).unwrap_or_default() {
            sheet.own(tweet, *version);
        }
        self.charge(list.read, sheet.shown());
        let meta = meta(&sheet, &page, list);
        Ok(Given::ok(sheet.finish(false, Some(&meta))))
    }

    /// The parameters by which a list of tweets is narrowed.
    ///
    /// # Errors
    /// 400 for one of them.
    pub(super) fn window(&self) -> Result<Window, Problem> {
        let (above, below) = (self.id("since_id")?, self.id("until_id")?);
        let (from_ms, to_ms) = (self.time("start_time")?, self.time("end_time")?);
        if let (Some(from), Some(to)) = (from_ms, to_ms)
            && to <= from
        {
            let end = self.param("end_time").unwrap_or("");
            return Err(self.refuse("end_time", end, "is not after `start_time`"));
        }
        let excluded: Vec<&str> =
            self.param("exclude").map_or_else(Vec::new, |names| names.split(',').collect());
        if let Some(other) = excluded.iter().find(|name| !["replies", "retweets"].contains(name)) {
            return Err(self.refuse("exclude", other, "is not one of [replies,retweets]"));
        }
        Ok(Window {
            // An id takes precedence over a time.
            from_ms: from_ms.filter(|_| above.is_none()).unwrap_or(i64::MIN),
            to_ms: to_ms.filter(|_| below.is_none()).unwrap_or(i64::MAX),
            above: above.unwrap_or(0),
            below: below.unwrap_or(u64::MAX),
            replies: !excluded.contains(&"replies"),
            retweets: !excluded.contains(&"retweets"),
        })
    }

    /// Somebody whose tweets are not simulated, or nobody.
    pub(super) fn stranger(&self, user: &str) -> Result<Given, Problem> {
        let world = &self.sim.world;
        match users::find(world, By::Id, user, self.now_ms.div_euclid(SECOND_MS)) {
            Err(missing) => {
                let error = problem::missing_user(self.dialect, "id", user, missing);
                Err(self.sim.config.missing.answer(&error))
            }
            Ok(Subject::Follower(account, index))
                if profile::is_protected(world, account, index) =>
            {
                Ok(self.hidden(user, Missing::Protected))
            }
            Ok(_) => Ok(Given::ok(br#"{"meta":{"result_count":0}}"#.to_vec())),
        }
    }

    /// 200 with nothing but the reason.
    fn hidden(&self, user: &str, why: Missing) -> Given {
        let error = problem::missing_user(self.dialect, "id", user, why);
        Given::ok(serde_json::json!({"errors": [error]}).to_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Config;

    fn sim() -> Sim {
        let start_ms = Some(1_790_000_123_000);
        Sim::new(Config { followers: 10, start_ms, speed: 0.0, ..Config::default() }).unwrap()
    }

    fn all(sim: &Sim) -> Vec<Listed> {
        listing(sim, Account::Main, sim.now_ms(), &Window::ALL, &Marks::default())
    }

    #[track_caller]
    fn check(fault: Option<(Kind, i64)>, cursor: Cursor, range: std::ops::Range<usize>) {
        let sim = sim();
        let all = all(&sim);
        let found = page(&all, cursor, 20, fault);
        assert_eq!(found.range, range, "{cursor:?} {fault:?}");
    }

    #[test]
    fn pages_begin_where_their_cursor_says() {
        let sim = sim();
        let all = all(&sim);
        let at = |n: usize| id(&all[n]);
        check(None, Cursor::Top, 0..20);
        check(None, Cursor::Below(at(19)), 20..40);
        check(None, Cursor::Below(at(19) - 1), 20..40);
        check(None, Cursor::From(at(39)), 20..40);
        check(None, Cursor::From(at(4)), 0..20);
        check(None, Cursor::Below(at(all.len() - 1)), all.len()..all.len());
        let last = page(&all, Cursor::Below(at(all.len() - 4)), 20, None);
        assert_eq!((last.range.len(), last.next), (3, None));
    }

    #[test]
    fn faults_shift_and_repeat() {
        let sim = sim();
        let all = all(&sim);
        let second = Cursor::Below(id(&all[19]));
        check(Some((Kind::ShiftPage, 7)), second, 27..47);
        check(Some((Kind::ShiftPage, -7)), second, 13..33);
        check(Some((Kind::ShiftPage, -99)), second, 0..20);
        check(Some((Kind::RepeatPage, 0)), second, 0..20);
    }

    #[test]
    fn a_token_leads_back_to_its_place_in_its_account() {
        for cursor in [Cursor::Below(77), Cursor::From(u64::MAX >> 1)] {
            let token = cursor.token(3, Account::Main).unwrap();
            assert_eq!(Cursor::parse(&token, 3, Account::Main), Some(cursor));
            assert_eq!(Cursor::parse(&token, 3, Account::Second), None);
            assert_eq!(Cursor::parse(&token, 4, Account::Main), None);
        }
        assert_eq!(Cursor::parse("77", 3, Account::Main), None);
    }
}
