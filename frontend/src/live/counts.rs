//! Where tweets come from, in numbers. Owns: tweets by country and by minute, the numbers that
//! stand on countries, clusters. Must not know: the map or the table. Invariant: what is older
//! than the window is not counted, and a tweet known only by its country is never given a place.

use super::blips::mercator;
use crate::order::{Groups, sorted};
use shared::api::{GeoBlip, Precision};
use shared::id::{TweetId, UserId};
use shared::time::MINUTE_MS;
use std::collections::VecDeque;

/// What the table counts.
pub(crate) const TABLE_MS: i64 = 15 * MINUTE_MS;
/// What the map's numbers and clusters count.
pub(crate) const MAP_MS: i64 = 5 * MINUTE_MS;
/// Tweets kept: 15 minutes of 80 placed ones a second.
const KEPT: usize = 72_000;
/// The side of a cluster's cell, in pixels.
const CELL_PX: f64 = 56.0;

/// A country's code.
pub(crate) type Code = [u8; 2];

/// A code as a key; codes come in the order of the alphabet.
fn key(code: Code) -> (i64, i64) {
    (i64::from(u16::from_be_bytes(code)), 0)
}

/// Reads a code.
pub(crate) fn code(text: &str) -> Option<Code> {
    let code: Code = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

/// A code as text.
pub(crate) fn code_text(code: Code) -> String {
    code.into_iter().map(char::from).collect()
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: i64,
    tweet: TweetId,
    author: UserId,
    country: Option<Code>,
    precision: Precision,
    x: f64,
    y: f64,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Country {
    pub(crate) code: Code,
    pub(crate) tweets: u64,
    /// Of them known to the point.
    pub(crate) exact: u64,
    /// Of them known to a place, such as a city.
    pub(crate) place: u64,
}

/// A number on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    /// The country, where it stands for one.
    pub(crate) country: Option<Code>,
    pub(crate) count: u64,
    /// On the Mercator square.
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    seen: VecDeque<Seen>,
    newest: i64,
}

impl Counts {
    /// Counts a blip.
    pub(crate) fn push(&mut self, blip: &GeoBlip) {
        let (x, y) = mercator(blip.lon, blip.lat);
        self.newest = self.newest.max(blip.at.0);
        self.seen.push_back(Seen {
            at: blip.at.0,
            tweet: blip.tweet_id,
            author: blip.author_id,
            country: blip.country.as_deref().and_then(code),
            precision: blip.precision,
            x,
            y,
        });
        let since = self.newest - TABLE_MS;
        while self.seen.len() > KEPT || self.seen.front().is_some_and(|one| one.at < since) {
            self.seen.pop_front();
        }
    }

    /// Time goes on also when nothing comes.
    pub(crate) fn pass(&mut self, now: i64) {
        self.newest = self.newest.max(now);
    }

    /// Takes away.
    pub(crate) fn remove(&mut self, takes: impl Fn(TweetId, UserId) -> bool) {
        self.seen.retain(|one| !takes(one.tweet, one.author));
    }

    /// Begins anew, at another time.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
        self.newest = 0;
    }

    fn since(&self, ms: i64) -> impl Iterator<Item = &Seen> {
        let since = self.newest - ms;
        self.seen.iter().filter(move |one| one.at >= since)
    }

    /// Countries by their tweets, most first.
    pub(crate) fn table(&self) -> Vec<Country> {
        let mut by_code = Groups::new();
        for one in self.since(TABLE_MS) {
            let Some(code) = one.country else { continue };
            let first = Country { code, ..Country::default() };
            by_code.change(key(code), first, |line| {
                line.tweets += 1;
                line.exact += u64::from(one.precision == Precision::Exact);
                line.place += u64::from(one.precision == Precision::Place);
            });
        }
        sorted(by_code.all(), |one, other| other.tweets.cmp(&one.tweets))
    }

    /// Tweets known only by their country, of the last minutes.
    pub(crate) fn countries(&self) -> Vec<Mark> {
        let mut by_code = Groups::new();
        for one in self.since(MAP_MS).filter(|one| one.precision == Precision::Country) {
            let Some(code) = one.country else { continue };
            let mark = Mark { country: Some(code), count: 0, x: one.x, y: one.y };
            by_code.change(key(code), mark, |mark| mark.count += 1);
        }
        by_code.all()
    }

    /// Tweets with a place, of the last minutes, by cells of a grid in a world so many pixels
    /// wide; each stands where its tweets lie in the middle.
    pub(crate) fn clusters(&self, world: f64) -> Vec<Mark> {
        // Cells double with the zoom, so that they do not crawl while one zooms.
        let cells = (world / CELL_PX).max(1.0).log2().round().exp2();
        let mut by_cell = Groups::new();
        for one in self.since(MAP_MS).filter(|one| one.precision != Precision::Country) {
            let cell = |at: f64| crate::numbers::whole((at * cells).floor());
            let mark = Mark { country: None, count: 0, x: 0.0, y: 0.0 };
            by_cell.change((cell(one.x), cell(one.y)), mark, |mark| {
                mark.count += 1;
                mark.x += one.x;
                mark.y += one.y;
            });
        }
        let centred = |mark: Mark| {
            let count = crate::numbers::float(i64::try_from(mark.count).unwrap_or(i64::MAX));
            Mark { x: mark.x / count, y: mark.y / count, ..mark }
        };
        by_cell.all().into_iter().map(centred).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::frames::tests::sample_blip;
    use shared::time::UnixMs;

    fn blip(tweet: u64, at: i64, country: &str, precision: Precision) -> GeoBlip {
        let country = Some(country.to_owned());
        GeoBlip { at: UnixMs(at), country, precision, ..sample_blip(tweet, tweet) }
    }

    fn counts(blips: &[GeoBlip]) -> Counts {
        let mut counts = Counts::default();
        for blip in blips {
            counts.push(blip);
        }
        counts
    }

    #[test]
    fn countries_are_ranked_with_how_well_they_are_known() {
        let counts = counts(&[
            blip(1, 0, "DE", Precision::Place),
            blip(2, 1, "JP", Precision::Country),
            blip(3, 2, "DE", Precision::Exact),
            blip(4, 3, "??", Precision::Exact),
        ]);
        let germany = Country { code: *b"DE", tweets: 2, exact: 1, place: 1 };
        let japan = Country { code: *b"JP", tweets: 1, exact: 0, place: 0 };
        assert_eq!(counts.table(), [germany, japan]);
    }

    #[test]
    fn the_old_is_not_counted() {
        let mut counts = counts(&[
            blip(1, 0, "DE", Precision::Country),
            blip(2, MAP_MS, "DE", Precision::Country),
        ]);
        counts.pass(MAP_MS + 1);
        assert_eq!(counts.table().first().map(|line| line.tweets), Some(2));
        assert_eq!(counts.countries().first().map(|mark| mark.count), Some(1));
        counts.pass(TABLE_MS + MAP_MS + 1);
        assert_eq!((counts.table(), counts.countries()), (vec![], vec![]));
    }

    #[test]
    fn only_who_has_a_place_is_clustered() {
        let mut far = blip(3, 0, "JP", Precision::Exact);
        (far.lon, far.lat) = (139.7, 35.7);
        let counts = counts(&[
            blip(1, 0, "DE", Precision::Place),
            blip(2, 0, "DE", Precision::Exact),
            far,
            blip(4, 0, "FR", Precision::Country),
        ]);
        let mut sizes: Vec<u64> = counts.clusters(1_024.0).iter().map(|one| one.count).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 2]);
        assert_eq!(counts.clusters(10.0).len(), 1, "from afar all is one");
        let (x, _) = mercator(13.4, 52.52);
        assert!(counts.clusters(1_024.0).iter().any(|one| (one.x - x).abs() < 1e-9));
    }

    #[test]
    fn what_is_taken_away_is_not_counted() {
        let mut counts =
            counts(&[blip(1, 0, "DE", Precision::Exact), blip(2, 0, "DE", Precision::Country)]);
        counts.remove(|tweet, _| tweet == TweetId(2));
        assert_eq!(counts.table().first().map(|line| line.tweets), Some(1));
        assert_eq!(counts.countries(), []);
    }

    #[test]
    fn codes_are_two_letters() {
        assert_eq!(code("DE").map(code_text).as_deref(), Some("DE"));
        assert_eq!((code("de"), code("DEU"), code("")), (None, None, None));
    }
}
