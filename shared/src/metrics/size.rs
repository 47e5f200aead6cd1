//! How large series are on a lifelike world, printed beside JSON. Owns: that world's curves.
//! Must not know: real tweets. Invariant: equal arguments give equal reports.
//!
//! The world: tweets read hourly for 30 days, each tick up to 20 seconds late, one in a hundred
//! missed; 20 metrics, organic ones and what a week's advertisement adds; reach between a
//! hundred and 250,000, views fall off with age, follow the day, and vary; one counter in
//! a thousand readings falls; the author's metrics stand still now and then while the public
//! ones go on.

use super::{Metric, Series};
use crate::time::{HOUR_MS, SECOND_MS, UnixMs};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt;
use std::io::Write;

/// Points of a tweet watched hourly for 30 days, were none missed.
pub const HOURS: i64 = 720;
/// What a tweet watched so may take packed.
pub const BYTES_MAX: usize = 4_096;

/// The sizes of many series, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many tweets.
    pub tweets: u64,
    /// Readings of all tweets.
    pub points: u64,
    /// Values of all readings.
    pub values: u64,
    /// All series packed.
    pub packed: u64,
    /// The largest of them.
    pub packed_max: u64,
    /// All of them as the seed's JSON: an object of metrics by timestamp.
    pub json: u64,
    /// Each one's JSON as gzip, level 6.
    pub gzip: u64,
}

/// Measures so many tweets.
pub fn report(tweets: u32) -> Report {
    let mut report = Report::default();
    for seed in 0..u64::from(tweets) {
        let series = lifelike(seed, HOURS);
        let packed = series.encode().len() as u64;
        let json = json(&series);
        report.tweets += 1;
        report.points += series.len() as u64;
        report.values += series.readings().map(|reading| reading.values.len() as u64).sum::<u64>();
        report.packed += packed;
        report.packed_max = report.packed_max.max(packed);
        report.json += json.len() as u64;
        report.gzip += gzip(&json);
    }
    report
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} tweets, hourly for 30 days: {} readings of {} values; largest {} bytes packed",
            self.tweets, self.points, self.values, self.packed_max
        )?;
        writeln!(f, "{:8} {:>14} {:>12} {:>12}", "", "bytes", "per tweet", "per reading")?;
        for (name, bytes) in [("packed", self.packed), ("gzip", self.gzip), ("JSON", self.json)] {
            let per = |count: u64| Tenths(bytes.saturating_mul(10) / count.max(1));
            let (tweet, point) = (per(self.tweets).to_string(), per(self.points).to_string());
            writeln!(f, "{name:8} {bytes:>14} {tweet:>12} {point:>12}")?;
        }
        Ok(())
    }
}

struct Tenths(u64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// As the seed keeps it: `{"<timestamp>":{"public_metrics":{…},…},…}`.
fn json(series: &Series) -> Vec<u8> {
    let stats = series.readings().map(|reading| {
        let mut families = serde_json::Map::new();
        for (metric, value) in reading.values {
            let family = families
                .entry(metric.family().field())
                .or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
            if let Some(family) = family.as_object_mut() {
                family.insert(metric.name().to_owned(), value.into());
            }
        }
        (reading.at.rfc3339(), serde_json::Value::Object(families))
    });
    serde_json::Value::Object(stats.collect()).to_string().into_bytes()
}

fn gzip(bytes: &[u8]) -> u64 {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing to a Vec cannot fail.
    encoder.write_all(bytes).ok();
    encoder.finish().unwrap_or_default().len() as u64
}

/// What of the views does a thing, on average.
const RATES: [(&str, f64); 7] = [
    ("like_count", 0.012),
    ("retweet_count", 0.002),
    ("reply_count", 0.001),
    ("quote_count", 0.000_4),
    ("bookmark_count", 0.001_5),
    ("url_link_clicks", 0.004),
    ("user_profile_clicks", 0.006),
];
/// What an advertisement's file says, in this world.
const PROMOTED: [&str; 4] = ["impression_count", "like_count", "retweet_count", "url_link_clicks"];
const ORGANIC: [&str; 6] = [
    "impression_count",
    "like_count",
    "retweet_count",
    "reply_count",
    "url_link_clicks",
    "user_profile_clicks",
];
const PUBLIC: [&str; 6] = [
    "impression_count",
    "like_count",
    "retweet_count",
    "reply_count",
    "quote_count",
    "bookmark_count",
];
const NON_PUBLIC: [&str; 3] = ["impression_count", "url_link_clicks", "user_profile_clicks"];

/// One tweet of the world, read for so many hours.
pub fn lifelike(seed: u64, hours: i64) -> Series {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let created = UnixMs(1_795_248_000_000).plus(dice.below(86_400) * SECOND_MS);
    let reach = 10_f64.powf(2.0 + 3.4 * dice.share() * dice.share().sqrt());
    let promoted_from = dice.below(200);
    let mut counts = Counts::default();
    let mut author = counts.clone();
    let mut series = Series::new();
    for hour in 0..hours {
        counts.grow(hour, reach, promoted_from, &mut dice);
        if dice.share() > 0.03 {
            author = counts.clone();
        }
        if dice.share() > 0.01 {
            let tick = created.plus(-(created.0 % HOUR_MS) + (hour + 1) * HOUR_MS);
            series.push(tick.plus(dice.below(21) * SECOND_MS), &reading(&counts, &author));
        }
    }
    series
}

/// What was counted so far: views, then [`RATES`].
#[derive(Clone, Default)]
struct Counts {
    organic: [u64; 8],
    promoted: [u64; 8],
}

impl Counts {
    /// One hour more.
    fn grow(&mut self, hour: i64, reach: f64, promoted_from: i64, dice: &mut Dice) {
        let age = real(hour);
        let day = 1.0 + 0.5 * (age * std::f64::consts::TAU / 24.0).sin();
        let fading = 0.2 / (1.0 + age / 3.0).powf(1.4) + 0.000_05;
        let noise = 0.7 + 0.6 * dice.share();
        add(&mut self.organic, reach * fading * day * noise, dice);
        if (promoted_from..promoted_from + 7 * 24).contains(&hour) {
            add(&mut self.promoted, reach * 0.002 * day * noise, dice);
        }
        if dice.share() < 0.001 {
            let [_, likes, ..] = &mut self.organic;
            *likes = likes.saturating_sub(3);
        }
    }
}

fn add(counts: &mut [u64; 8], expected: f64, dice: &mut Dice) {
    let [views, others @ ..] = counts;
    let more = dice.poisson(expected);
    *views += more;
    for (count, (_, rate)) in others.iter_mut().zip(RATES) {
        *count += dice.poisson(real_of(more) * rate);
    }
}

/// What X says: the public metrics now, the author's as they stood when those were counted.
fn reading(now: &Counts, author: &Counts) -> Vec<(Metric, u64)> {
    let of = |counts: &[u64; 8], name: &str| {
        let at = RATES.iter().position(|(rate, _)| *rate == name).map_or(0, |at| at + 1);
        counts.get(at).copied().unwrap_or_default()
    };
    let both = |counts: &Counts, name| of(&counts.organic, name) + of(&counts.promoted, name);
    let metric = |family: &str, name: &str| Metric::parse(&format!("{family}.{name}"));
    let mut values = Vec::with_capacity(20);
    let mut say = |family, name, value| values.extend(metric(family, name).map(|m| (m, value)));
    for name in PUBLIC {
        say("public", name, both(now, name));
    }
    for name in NON_PUBLIC {
        say("non_public", name, both(author, name));
    }
    let engaged = RATES.iter().map(|(name, _)| both(author, name)).sum();
    say("non_public", "engagements", engaged);
    for name in ORGANIC {
        say("organic", name, of(&author.organic, name));
    }
    for name in PROMOTED {
        say("promoted", name, of(&author.promoted, name));
    }
    values
}

/// Numbers that look like chance and are the same every time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 up to 1, which is excluded.
    fn share(&mut self) -> f64 {
        real_of(self.next() >> 11) / real_of(1 << 53)
    }

    #[allow(clippy::cast_possible_truncation, reason = "below `end`")]
    fn below(&mut self, end: i64) -> i64 {
        (self.share() * real(end)) as i64
    }

    /// How many things happen when `expected` are: by counting, or near enough when many.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and far below 2^53"
    )]
    fn poisson(&mut self, expected: f64) -> u64 {
        if expected > 50.0 {
            let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
            return (expected + normal * expected.sqrt()).round().max(0.0) as u64;
        }
        let end = (-expected).exp();
        let mut product = self.share();
        let mut count = 0;
        while product > end {
            product *= self.share();
            count += 1;
        }
        count
    }
}

#[allow(clippy::cast_precision_loss, reason = "hours and shares")]
fn real(count: i64) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn real_of(count: u64) -> f64 {
    count as f64
}
