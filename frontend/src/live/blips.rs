//! Blips on the map. Owns: the ring that the card draws, and what lies under the pointer. Must
//! not know: the card, the map, colours. Invariant: the newest [`MOST`] are kept and births
//! never go back, so that the living are always one stretch of the ring.

use shared::api::{GeoBlip, Precision};
use shared::id::{TweetId, UserId};

/// Blips kept; as in `js/live_map.js`. 1,000 new ones a second for 10 s, and room to spare.
pub(crate) const MOST: usize = 16_384;
/// Numbers of one blip; as in js/overlay.js.
pub(crate) const STRIDE: usize = 5;
/// Seconds that a blip is seen; as in js/overlay.js.
pub(crate) const LIFE_S: f64 = 10.0;
/// Least radius of a ring, in pixels; as in js/overlay.js, which draws a crowd smaller: by less
/// than the pointer is let miss.
const RING_LEAST_PX: f64 = 6.0;
/// How far from a blip the pointer may be, in pixels.
const REACH_PX: f64 = 9.0;
/// A ring so small is hit anywhere inside; a wider one is only a line; as in js/overlay.js.
const SMALL_PX: f64 = 40.0;
/// The earth's girth at the equator, in metres.
const GIRTH_M: f64 = 40_075_017.0;
/// The time of birth of what was taken away.
const NEVER: f32 = -1.0e6;

/// The sine of a latitude in degrees. The library's own takes any angle, and 10 kB for it; ten
/// terms of the series are exact to 1e-13 within a quarter turn.
fn sine(lat: f64) -> f64 {
    let angle = lat.clamp(-85.05, 85.05).to_radians();
    let square = angle * angle;
    let mut term = angle;
    let mut sum = angle;
    for step in 1..=10 {
        let step = f64::from(2 * step);
        term *= -square / (step * (step + 1.0));
        sum += term;
    }
    sum
}

/// Where a place lies on the Mercator square: 0 to 1 from the west, 0 to 1 from the north.
pub(crate) fn mercator(lon: f64, lat: f64) -> (f64, f64) {
    let sine = sine(lat);
    let y = ((1.0 + sine) / (1.0 - sine)).ln() / 2.0;
    (lon / 360.0 + 0.5, 0.5 - y / std::f64::consts::TAU)
}

/// What a tweet is, as the shader numbers it.
pub(crate) fn kind(about: &str) -> u8 {
    match about {
        "reply" => 1,
        "quote" => 2,
        "retweet" => 3,
        _ => 0,
    }
}

/// What lies under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) tweet: TweetId,
    /// On the Mercator square.
    pub(crate) x: f64,
    pub(crate) y: f64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tweet: TweetId,
    author: UserId,
    x: f64,
    y: f64,
    /// In squares; 0 for a point.
    radius: f64,
    birth: f64,
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Blips {
    /// What the card reads: x, y, birth, radius, kind of each.
    packed: Vec<f32>,
    slots: Vec<Option<Slot>>,
    /// All ever born; the newest lies at `born - 1`, modulo the ring.
    born: usize,
    /// All that are known to be dead.
    dead: usize,
    /// All that the card has.
    written: usize,
    /// Slots that were taken away since.
    touched: Vec<usize>,
    last_birth: f64,
}

impl Default for Blips {
    fn default() -> Self {
        Self {
            packed: vec![0.0; MOST * STRIDE],
            slots: vec![None; MOST],
            born: 0,
            dead: 0,
            written: 0,
            touched: Vec::new(),
            last_birth: f64::from(NEVER),
        }
    }
}

impl Blips {
    /// Takes a blip in, to appear at `birth` (seconds). A country is no point: it is counted
    /// elsewhere.
    pub(crate) fn push(&mut self, blip: &GeoBlip, birth: f64) {
        if blip.precision == Precision::Country {
            return;
        }
        let (x, y) = mercator(blip.lon, blip.lat);
        let shrink = (1.0 - sine(blip.lat).powi(2)).sqrt();
        let radius = match blip.precision {
            // A place without a size is still no point: its ring has the least radius.
            Precision::Place => blip.radius_m.max(1.0) / (GIRTH_M * shrink),
            Precision::Exact | Precision::Country => 0.0,
        };
        let birth = birth.max(self.last_birth);
        self.last_birth = birth;
        let at = self.born % MOST;
        let numbers =
            [single(x), single(y), single(birth), single(radius), f32::from(kind(&blip.about))];
        if let Some(place) = self.packed.get_mut(at * STRIDE..(at + 1) * STRIDE) {
            place.copy_from_slice(&numbers);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            let (tweet, author) = (blip.tweet_id, blip.author_id);
            *slot = Some(Slot { tweet, author, x, y, radius, birth });
        }
        self.born += 1;
    }

    /// The living at `clock`, as stretches of the ring: first, count, first, count.
    pub(crate) fn living(&mut self, clock: f64) -> Vec<u32> {
        self.dead = self.dead.max(self.born.saturating_sub(MOST));
        while self.dead < self.born {
            let birth = self.slots.get(self.dead % MOST).copied().flatten().map(|one| one.birth);
            if birth.is_some_and(|birth| clock - birth <= LIFE_S) {
                break;
            }
            self.dead += 1;
        }
        stretches(self.dead, self.born)
    }

    /// Hands what changed since the last time to `write`: first slot, numbers.
    pub(crate) fn flush(&mut self, mut write: impl FnMut(u32, &[f32])) {
        let from = self.written.max(self.born.saturating_sub(MOST));
        let fresh = stretches(from, self.born);
        let touched = self.touched.drain(..).flat_map(|at| [number(at), 1]);
        let all: Vec<u32> = fresh.into_iter().chain(touched).collect();
        for pair in all.chunks_exact(2) {
            let (first, count) = (pair.first().copied(), pair.last().copied());
            let (Some(first), Some(count)) = (first, count) else { continue };
            let begin = usize::try_from(first).unwrap_or(0) * STRIDE;
            let end = begin + usize::try_from(count).unwrap_or(0) * STRIDE;
            if let Some(numbers) = self.packed.get(begin..end) {
                write(first, numbers);
            }
        }
        self.written = self.born;
    }

    /// A new card has nothing yet.
    pub(crate) fn rewrite(&mut self) {
        self.written = 0;
    }

    /// Takes blips away: `takes` is asked for each living one.
    pub(crate) fn remove(&mut self, takes: impl Fn(TweetId, UserId) -> bool) {
        for at in self.dead.max(self.born.saturating_sub(MOST))..self.born {
            let at = at % MOST;
            let Some(slot) = self.slots.get_mut(at) else { continue };
            if slot.is_some_and(|one| takes(one.tweet, one.author)) {
                *slot = None;
                if let Some(birth) = self.packed.get_mut(at * STRIDE + 2) {
                    *birth = NEVER;
                }
                self.touched.push(at);
            }
        }
    }

    /// Takes all away.
    pub(crate) fn clear(&mut self) {
        self.remove(|_, _| true);
        self.dead = self.born;
    }

    /// What lies at a place of the square, where the world is `world` pixels wide.
    pub(crate) fn hit(&self, x: f64, y: f64, world: f64, clock: f64) -> Option<Hit> {
        let mut best: Option<(f64, Hit)> = None;
        for at in (self.dead.max(self.born.saturating_sub(MOST))..self.born).rev() {
            let Some(slot) = self.slots.get(at % MOST).copied().flatten() else { continue };
            if !(0.0..=LIFE_S).contains(&(clock - slot.birth)) {
                continue;
            }
            // The world is round: the short way counts.
            let across = x - slot.x - (x - slot.x).round();
            let far = (across.powi(2) + (y - slot.y).powi(2)).sqrt() * world;
            let miss = if slot.radius > 0.0 {
                let reach = (slot.radius * world).max(RING_LEAST_PX);
                let line = (far - reach).abs();
                if far < reach && reach < SMALL_PX { line.min(far / 4.0) } else { line }
            } else {
                far
            };
            if miss <= REACH_PX && best.is_none_or(|(least, _)| miss < least) {
                best = Some((miss, Hit { tweet: slot.tweet, x: slot.x, y: slot.y }));
            }
        }
        best.map(|(_, hit)| hit)
    }

    /// How many live at `clock`.
    pub(crate) fn count(&mut self, clock: f64) -> usize {
        self.living(clock);
        self.born - self.dead
    }
}

/// Running numbers `from..to` as stretches of the ring: one, or two around its end.
fn stretches(from: usize, to: usize) -> Vec<u32> {
    let count = to - from;
    let first = from % MOST;
    match count {
        0 => Vec::new(),
        _ if first + count <= MOST => vec![number(first), number(count)],
        _ => vec![number(first), number(MOST - first), 0, number(count - (MOST - first))],
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[allow(clippy::cast_possible_truncation, reason = "24 bits place a blip to 3 m")]
fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::frames::tests::sample_blip;
    use proptest::prelude::*;

    const WORLD: f64 = 1_024.0;

    fn exact(tweet: u64) -> GeoBlip {
        GeoBlip { precision: Precision::Exact, radius_m: 0.0, ..sample_blip(tweet, tweet) }
    }

    fn written(blips: &mut Blips) -> Vec<(u32, usize)> {
        let mut parts = Vec::new();
        blips.flush(|first, numbers| parts.push((first, numbers.len() / STRIDE)));
        parts
    }

    #[test]
    fn places_lie_where_mercator_has_them() {
        let table = [
            ((0.0, 0.0), (0.5, 0.5)),
            ((-180.0, 0.0), (0.0, 0.5)),
            ((90.0, 66.513), (0.75, 0.25)),
            ((0.0, 90.0), (0.5, 0.0)),
        ];
        for ((lon, lat), (x, y)) in table {
            let found = mercator(lon, lat);
            assert!(
                (found.0 - x).abs() < 1e-4 && (found.1 - y).abs() < 1e-4,
                "{lon} {lat}: {found:?}"
            );
        }
    }

    #[test]
    fn our_sine_is_the_sine() {
        for tenth in -850_i32..=850 {
            let lat = f64::from(tenth) / 10.0;
            assert!((sine(lat) - lat.to_radians().sin()).abs() < 1e-12, "{lat}");
        }
    }

    #[test]
    fn the_card_gets_each_blip_once() {
        let mut blips = Blips::default();
        blips.push(&exact(1), 0.0);
        blips.push(&exact(2), 0.1);
        assert_eq!(written(&mut blips), [(0, 2)]);
        assert_eq!(written(&mut blips), []);
        blips.push(&exact(3), 0.2);
        assert_eq!(written(&mut blips), [(2, 1)]);
        blips.rewrite();
        assert_eq!(written(&mut blips), [(0, 3)]);
    }

    #[test]
    fn a_blip_lives_ten_seconds() {
        let mut blips = Blips::default();
        blips.push(&exact(1), 0.0);
        blips.push(&exact(2), 3.0);
        assert_eq!(blips.living(1.0), [0, 2]);
        assert_eq!(blips.living(11.0), [1, 1]);
        assert_eq!(blips.living(13.5), [0_u32; 0]);
    }

    #[test]
    fn a_full_ring_drops_the_oldest() {
        let mut blips = Blips::default();
        for tweet in 0..(MOST as u64 + 10) {
            blips.push(&exact(tweet), 0.0);
        }
        assert_eq!(blips.living(1.0), [10, number(MOST - 10), 0, 10]);
        assert_eq!(written(&mut blips), [(10, MOST - 10), (0, 10)]);
    }

    #[test]
    fn a_country_is_no_dot() {
        let mut blips = Blips::default();
        blips.push(&GeoBlip { precision: Precision::Country, ..exact(1) }, 0.0);
        assert_eq!(blips.count(1.0), 0);
    }

    #[test]
    fn the_pointer_finds_a_dot_near_it_and_a_ring_by_its_line() {
        let mut blips = Blips::default();
        let (x, y) = mercator(13.4, 52.52);
        blips.push(&exact(1), 0.0);
        let right = |px: f64| (x + px / WORLD, y);
        let found = |blips: &Blips, (x, y): (f64, f64), clock: f64| {
            blips.hit(x, y, WORLD, clock).map(|hit| hit.tweet.0)
        };
        assert_eq!(found(&blips, right(8.0), 1.0), Some(1));
        assert_eq!(found(&blips, right(10.0), 1.0), None);
        assert_eq!(found(&blips, right(0.0), LIFE_S + 0.5), None, "it is gone");
        let wide = GeoBlip { radius_m: 2_400_000.0, ..sample_blip(2, 2) };
        blips.push(&wide, 1.0);
        let reach = 2_400_000.0 / (GIRTH_M * 52.52_f64.to_radians().cos()) * WORLD;
        assert!(reach > SMALL_PX);
        assert_eq!(found(&blips, right(reach - 4.0), 2.0), Some(2));
        assert_eq!(found(&blips, right(reach / 2.0), 2.0), None, "not its whole inside");
        assert_eq!(found(&blips, right(1.0), 2.0), Some(1), "the dot in its middle");
    }

    #[test]
    fn the_pointer_finds_across_the_date_line() {
        let mut blips = Blips::default();
        blips.push(&GeoBlip { lon: 179.99, lat: 0.0, ..exact(1) }, 0.0);
        assert!(blips.hit(0.000_1, 0.5, WORLD, 1.0).is_some());
    }

    #[test]
    fn what_is_taken_away_is_not_drawn_nor_found() {
        let mut blips = Blips::default();
        blips.push(&exact(1), 0.0);
        blips.push(&exact(2), 0.0);
        written(&mut blips);
        blips.remove(|tweet, _| tweet == TweetId(1));
        assert_eq!(written(&mut blips), [(0, 1)]);
        assert_eq!(blips.packed.get(2), Some(&NEVER));
        let (x, y) = mercator(13.4, 52.52);
        assert_eq!(blips.hit(x, y, WORLD, 1.0).map(|hit| hit.tweet), Some(TweetId(2)));
        blips.clear();
        assert_eq!(blips.hit(x, y, WORLD, 1.0), None);
    }

    proptest! {
        /// Whatever comes when: every living blip lies in a stretch, and no stretch leaves the ring.
        #[test]
        fn the_living_are_in_the_stretches(steps in prop::collection::vec((0_u16..3_000, 0_u32..2_000), 1..30)) {
            let mut blips = Blips::default();
            let mut clock = 0.0;
            let mut births = Vec::new();
            for (count, pass_ms) in steps {
                for _ in 0..count {
                    births.push(clock);
                    blips.push(&exact(births.len() as u64), clock);
                }
                clock += f64::from(pass_ms) / 1_000.0;
                let pairs = blips.living(clock);
                let shown: u32 = pairs.chunks(2).map(|pair| pair[1]).sum();
                let alive = births.iter().rev().take(MOST).filter(|&&birth| clock - birth <= LIFE_S).count();
                prop_assert_eq!(shown as usize, alive);
                for pair in pairs.chunks(2) {
                    prop_assert!((pair[0] + pair[1]) as usize <= MOST);
                }
            }
        }
    }
}
