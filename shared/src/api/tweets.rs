//! Wire types of tweets: the list, one of them, its series, totals, and what came after. Metrics
//! go by name (`public.like_count`), so that one X adds needs no change here.

use super::{Entity, Interval, wire, words};
use crate::id::TweetId;
use crate::time::UnixMs;
use std::collections::BTreeMap;

words! {
    /// What a tweet is.
    TweetKind {
        /// Words of its own.
        Tweet = "tweet",
        /// It answers another.
        Reply = "reply",
        /// It quotes another and answers none.
        Quote = "quote",
        /// It repeats another.
        Retweet = "retweet",
    }

    /// How a number stands beside what is usual.
    Beside {
        /// More, even by its lowest bound.
        More = "more",
        /// As usual, or nobody can say.
        Usual = "usual",
        /// Fewer, even by its highest bound.
        Fewer = "fewer",
    }
}

wire! {
    /// One row of `GET /accounts/{account}/tweets`.
    pub struct TweetItem {
        /// Which.
        pub id: TweetId,
        /// Its whole text; `null` if X told none.
        pub text: Option<String>,
        /// When it was written.
        pub created_at: Option<UnixMs>,
        /// What it is.
        pub kind: TweetKind,
        /// Its language as X tells it (BCP 47).
        pub lang: Option<String>,
        /// Whether an advertisement counted anything.
        pub promoted: bool,
        /// When X was seen not to have it any more; its text is gone then.
        pub deleted_at: Option<UnixMs>,
        /// When it was last read.
        pub read_at: Option<UnixMs>,
        /// When X told the author's metrics last: they stand still from then on. X tells them
        /// until a tweet is 30 days old.
        pub private_until: Option<UnixMs>,
        /// The last value of each metric X told.
        pub metrics: BTreeMap<String, u64>,
        /// What each metric grew by in the range asked for; absent: not observed.
        pub growth: BTreeMap<String, i64>,
        /// The metric of `sparkline`: the one sorted by, or `public.impression_count`.
        pub sparkline_metric: String,
        /// That metric's growth over equal parts of the range, oldest first; `null`: not
        /// observed.
        pub sparkline: Vec<Option<i64>>,
        /// Who came and left in the 24 hours after it; `null` if those were not observed.
        pub followers_after: Option<FollowersAfter>,
    }

    /// `GET /accounts/{account}/tweets/{tweet}`.
    pub struct TweetDetail {
        /// The row.
        #[serde(flatten)]
        pub tweet: TweetItem,
        /// The author's handle, without `@`, for the card.
        pub username: String,
        /// The author's name.
        pub name: String,
        /// The author's picture.
        pub avatar: Option<String>,
        /// What in the text is a link, in order.
        pub entities: Vec<Entity>,
        /// X marks it as possibly sensitive.
        pub sensitive: bool,
        /// The versions it replaces, oldest first: X gives an edited tweet a new id.
        pub replaces: Vec<TweetId>,
        /// The version that replaced it.
        pub replaced_by: Option<TweetId>,
        /// When it is read next; `null` if it is not any more.
        pub next_read: Option<UnixMs>,
        /// How often it was read.
        pub readings: u64,
        /// Every counter that fell: X corrected itself.
        pub falls: Vec<MetricFall>,
    }

    /// A counter that fell.
    pub struct MetricFall {
        /// The reading that showed it.
        pub at: UnixMs,
        /// Which counter.
        pub metric: String,
        /// What it was before.
        pub from: u64,
        /// What it was then.
        pub to: u64,
    }

    /// `GET /accounts/{account}/tweets/{tweet}/series`.
    pub struct TweetSeries {
        /// The zone whose midnights bound the points.
        pub tz: String,
        /// Width of the points.
        pub interval: Interval,
        /// The metrics asked for: the order of every point's values.
        pub metrics: Vec<String>,
        /// The points, oldest first.
        pub points: Vec<TweetPoint>,
        /// The account's other tweets at the same ages, when asked for.
        pub median: Option<Vec<MedianPoint>>,
    }

    /// One point of a tweet's series.
    pub struct TweetPoint {
        /// Where it begins.
        pub at: UnixMs,
        /// The last value in it of each metric; `null`: not observed, which is not zero.
        pub values: Vec<Option<u64>>,
        /// The metrics that fell in it, as places in `metrics`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub fell: Vec<usize>,
        /// The point is not over yet, or cut by the range.
        pub partial: bool,
    }

    /// The account's tweets at an age: half of them lie from `low` to `high`.
    pub struct MedianPoint {
        /// Where the tweet of the series is of that age.
        pub at: UnixMs,
        /// The age in hours.
        pub age_hours: f64,
        /// Of the first metric of the series: a quarter of the tweets has less.
        pub low: f64,
        /// The median.
        pub mid: f64,
        /// A quarter has more.
        pub high: f64,
        /// How many tweets were observed at this age.
        pub tweets: u32,
    }

    /// `GET /accounts/{account}/tweets/totals`: all tweets together, without reposts: what X counts
    /// of those is the original's.
    pub struct TweetTotals {
        /// The zone whose midnights bound the points.
        pub tz: String,
        /// Width of the points.
        pub interval: Interval,
        /// The metrics asked for: the order of every point's values.
        pub metrics: Vec<String>,
        /// The points, oldest first.
        pub points: Vec<TweetTotal>,
    }

    /// What all tweets together did in one stretch.
    pub struct TweetTotal {
        /// Where it begins.
        pub at: UnixMs,
        /// How many were written in it.
        pub written: u64,
        /// How many were read in it.
        pub read: u64,
        /// What each metric grew by, over those read; `null`: none was.
        pub growth: Vec<Option<i64>>,
        /// The stretch is not over yet, or cut by the range.
        pub partial: bool,
    }

    /// Followers in the 24 hours after a tweet: what happened after it, not because of it.
    pub struct FollowersAfter {
        /// Who came, as near as the checks tell.
        pub came: u64,
        /// Who left.
        pub left: u64,
        /// The bounds of `came`: checks before and after the 24 hours overlap them.
        pub came_range: Bounds,
        /// The bounds of `left`.
        pub left_range: Bounds,
        /// The 24 hours are over, and checks were close enough together all through them.
        pub complete: bool,
        /// Who usually comes in 24 hours that begin at this hour of the week; `null` if no
        /// earlier week was observed.
        pub usual: Option<Usual>,
        /// Who usually leaves then.
        pub usual_left: Option<Usual>,
        /// How `came` stands beside `usual`.
        pub beside: Beside,
    }

    /// The least and the most a count can be.
    #[derive(Copy)]
    pub struct Bounds {
        /// At least.
        pub low: u64,
        /// At most.
        pub high: u64,
    }

    /// What is usual: half of all weeks lie from `low` to `high`.
    #[derive(Copy)]
    pub struct Usual {
        /// A quarter of weeks has less.
        pub low: f64,
        /// The median.
        pub mid: f64,
        /// A quarter of weeks has more.
        pub high: f64,
        /// How many earlier weeks this is from; from few, the bounds are wider.
        pub weeks: u32,
    }

    /// One hour of `GET /accounts/{account}/tweets/hours`, best first; hours with few tweets
    /// come last.
    pub struct TweetHour {
        /// Of the day in the asked-for zone, 0 to 23.
        pub hour: u8,
        /// How many tweets this is from.
        pub tweets: u32,
        /// A quarter of them has fewer impressions at the same age.
        pub low: f64,
        /// The median of their impressions.
        pub mid: f64,
        /// A quarter has more.
        pub high: f64,
        /// Too few to say much.
        pub few: bool,
    }
}
