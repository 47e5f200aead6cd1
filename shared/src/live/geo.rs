//! Places on the earth. Owns: what a point and a box are, what is out of range, how far things
//! are apart. Must not know: where coordinates came from. Invariant: a [`Spot`] is on the earth,
//! and says how exactly it is known; (0, 0) is a place like any other.

use crate::api::{BoundingBox, Precision};

/// The earth's mean radius (IUGG R1), in metres.
const EARTH_M: f64 = 6_371_008.8;

/// A place with a radius beyond this is as vague as a country: the largest states of the largest
/// countries pass it, no city or county does.
pub const COUNTRY_RADIUS_M: f64 = 500_000.0;
/// Degrees. Of two meridians so far apart neither way round is the shorter.
const HALF_GLOBE: f64 = 180.0;
/// A quarter of the circumference: a circle of this radius holds half of the globe.
const WIDEST_M: f64 = EARTH_M * std::f64::consts::FRAC_PI_2;

/// Where a tweet was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
    /// How exactly it is known.
    pub precision: Precision,
    /// From the centre of the place's box to its farthest corner, in whole metres; 0 for a point.
    pub radius_m: u32,
}

impl Spot {
    /// A point from the device; `None` off the earth.
    pub fn exact(lat: f64, lon: f64) -> Option<Self> {
        on_earth(lat, lon).then_some(Self { lat, lon, precision: Precision::Exact, radius_m: 0 })
    }

    /// The centre of a place's box, never one of its corners, with a circle that holds the box;
    /// `None` for what is no box on the earth. `kind` is X's `place_type`.
    ///
    /// A place is as vague as a country if it is one, if its radius is beyond
    /// [`COUNTRY_RADIUS_M`], or if its box is wider than half the globe: places on both sides of
    /// the antimeridian come with the least and the greatest of all their longitudes, from about
    /// -180 to about 180. They lie at both ends of such a box, and how far they reach is not
    /// known. Its centre is the middle of the gap between the ends, its circle half the globe.
    pub fn of_box(bounds: BoundingBox, kind: &str) -> Option<Self> {
        let bounds = ordered(bounds);
        let [west, south, _, north] = bounds;
        if !is_box(bounds) {
            return None;
        }
        let width = width(bounds);
        let lat = south + (north - south) / 2.0;
        let lon = west + width / 2.0;
        let (centre, radius_m) = match pole(bounds) {
            Some(pole) => ([0.0, pole], distance_m([0.0, pole], [0.0, south + north - pole])),
            None if width > HALF_GLOBE => ([lon + HALF_GLOBE, lat], WIDEST_M),
            // From the middle, no point of a box this narrow is farther than a corner.
            None => {
                let corner = |at: f64| distance_m([lon, lat], [west, at]);
                ([lon, lat], corner(south).max(corner(north)))
            }
        };
        let country = kind == "country" || radius_m > COUNTRY_RADIUS_M;
        Some(Self {
            lat: neat(centre[1]),
            lon: neat(turned(centre[0])),
            precision: if country { Precision::Country } else { Precision::Place },
            radius_m: whole_metres(radius_m),
        })
    }
}

/// The pole that a box lies around: it ends there and is at least half the globe wide. A box from
/// pole to pole lies around none.
fn pole(bounds @ [_, south, _, north]: BoundingBox) -> Option<f64> {
    let (from_south, from_north) = (south <= -90.0, north >= 90.0);
    let around = width(bounds) >= HALF_GLOBE && from_south != from_north;
    around.then_some(if from_south { -90.0 } else { 90.0 })
}

/// How far a box reaches eastwards, 0 to 360 degrees.
fn width([west, _, east, _]: BoundingBox) -> f64 {
    if west <= east { east - west } else { east - west + 360.0 }
}

/// A longitude within -180 to 180.
fn turned(lon: f64) -> f64 {
    if lon > 180.0 { lon - 360.0 } else { lon }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most half of the circumference, 20,015,115 m"
)]
fn whole_metres(metres: f64) -> u32 {
    metres.round() as u32
}

/// To a centimetre: what is behind it in a computed centre is noise.
fn neat(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

fn on_earth(lat: f64, lon: f64) -> bool {
    // What is no number lies in no range.
    (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)
}

/// The great-circle distance between two (lon, lat), in metres.
fn distance_m([lon_a, lat_a]: [f64; 2], [lon_b, lat_b]: [f64; 2]) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let cosines = lat_a.to_radians().cos() * lat_b.to_radians().cos();
    let haversine = half(lat_a, lat_b) + cosines * half(lon_a, lon_b);
    2.0 * EARTH_M * haversine.clamp(0.0, 1.0).sqrt().asin()
}

/// A box from two opposite corners that may have been written in another order. West beyond
/// east is believed only where the box across the antimeridian is the narrower one.
fn ordered([west, south, east, north]: BoundingBox) -> BoundingBox {
    let (south, north) = if south > north { (north, south) } else { (south, north) };
    if west > east && west - east < HALF_GLOBE {
        return [east, south, west, north];
    }
    [west, south, east, north]
}

/// The box of a ring of corners (lon, lat). One of four may be missing: the other three have all
/// its sides; of fewer, `None`. X begins with the south-west corner, so that a ring which begins
/// in the east crosses the antimeridian, if it is narrower that way.
pub(crate) fn around(corners: &[[f64; 2]]) -> Option<BoundingBox> {
    let &[first, _] = corners.first().filter(|_| corners.len() >= 3)?;
    let of = |index: usize| corners.iter().filter_map(move |corner| corner.get(index).copied());
    let least = |index| of(index).fold(f64::INFINITY, f64::min);
    let most = |index| of(index).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = (least(0), most(0));
    let (west, east) = if first - low > high - first { (high, low) } else { (low, high) };
    Some(ordered([west, least(1), east, most(1)]))
}

/// Whether a box can be asked for: on the earth, south not above north.
pub fn is_box([west, south, east, north]: BoundingBox) -> bool {
    on_earth(south, west) && on_earth(north, east) && south <= north
}

/// Whether a point lies in a box, its edges included; the box may cross the antimeridian.
pub fn contains([west, south, east, north]: BoundingBox, lat: f64, lon: f64) -> bool {
    let across =
        if west <= east { (west..=east).contains(&lon) } else { lon >= west || lon <= east };
    across && (south..=north).contains(&lat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(bounds: BoundingBox, kind: &str, expected: Option<(f64, f64, Precision)>) {
        let spot = Spot::of_box(bounds, kind);
        assert_eq!(spot.map(|spot| (spot.lat, spot.lon, spot.precision)), expected);
    }

    #[test]
    fn a_box_becomes_its_centre() {
        check([13.0, 52.25, 13.5, 52.75], "city", Some((52.5, 13.25, Precision::Place)));
        check([0.0, 0.0, 0.0, 0.0], "poi", Some((0.0, 0.0, Precision::Place)));
        check([-10.0, -2.0, 10.0, 2.0], "country", Some((0.0, 0.0, Precision::Country)));
    }

    #[test]
    fn a_box_across_the_antimeridian_has_its_centre_there() {
        check([177.0, -20.0, -179.0, -10.0], "country", Some((-15.0, 179.0, Precision::Country)));
        check([179.0, 0.0, -177.0, 2.0], "city", Some((1.0, -179.0, Precision::Place)));
        check([178.0, 0.0, -178.0, 2.0], "city", Some((1.0, 180.0, Precision::Place)));
    }

    #[test]
    fn a_wide_state_counts_as_a_country() {
        let texas = [-106.65, 25.84, -93.51, 36.5];
        check(texas, "admin", Some((31.17, -100.08, Precision::Country)));
        let bavaria = Spot::of_box([8.97, 47.27, 13.84, 50.57], "admin").unwrap();
        assert_eq!(bavaria.precision, Precision::Place);
    }

    #[test]
    fn the_radius_reaches_to_the_farthest_corner() {
        let radius = |bounds| Spot::of_box(bounds, "city").unwrap().radius_m;
        // One degree of a meridian is 111,195 m on this sphere.
        assert_eq!(radius([5.0, 10.0, 5.0, 11.0]), 55_598);
        assert_eq!(radius([179.5, 0.0, -179.5, 0.0]), 55_598);
        assert_eq!(radius([-180.0, -90.0, 0.0, 90.0]), 10_007_557);
    }

    #[test]
    fn what_is_not_on_the_earth_is_no_place() {
        for bounds in [
            [0.0, 91.0, 1.0, 92.0],
            [177.0, 0.0, 182.0, 1.0],
            [-181.0, 0.0, 1.0, 1.0],
            [0.0, f64::NAN, 1.0, 1.0],
            [0.0, 0.0, f64::INFINITY, 1.0],
        ] {
            check(bounds, "city", None);
        }
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0), (0.0, f64::NEG_INFINITY)] {
            assert_eq!(Spot::exact(lat, lon), None);
        }
        assert!(Spot::exact(0.0, 0.0).is_some() && Spot::exact(-90.0, 180.0).is_some());
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "nothing is computed")]
    fn corners_in_another_order_make_the_same_box() {
        assert_eq!(ordered([13.5, 52.75, 13.0, 52.25]), [13.0, 52.25, 13.5, 52.75]);
        assert_eq!(ordered([177.0, -20.0, -179.0, -10.0]), [177.0, -20.0, -179.0, -10.0]);
        check([13.5, 52.75, 13.0, 52.25], "city", Some((52.5, 13.25, Precision::Place)));
        check([13.0, 52.75, 13.5, 52.25], "city", Some((52.5, 13.25, Precision::Place)));
    }

    #[track_caller]
    fn check_vague(bounds: BoundingBox, lat: f64, lon: f64) {
        for kind in ["poi", "neighborhood", "city", "admin", "country"] {
            check(bounds, kind, Some((lat, lon, Precision::Country)));
            assert_eq!(Spot::of_box(bounds, kind).unwrap().radius_m, 10_007_557);
        }
    }

    #[test]
    fn a_box_written_all_the_way_round_is_vague_and_not_on_the_other_side() {
        // Northern Division, Fiji; Aleutians West, Alaska; Chukotka.
        check_vague([-180.0, -17.0, 180.0, -15.7], -16.35, 180.0);
        check_vague([-179.15, 51.2, 179.78, 52.9], 52.05, -179.685);
        check_vague([-180.0, 62.0, 180.0, 71.5], 66.75, 180.0);
        // Swapped corners of a box across the line.
        check_vague([-178.0, -19.0, 177.0, -16.0], -17.5, 179.5);
        check_vague([-180.0, -90.0, 180.0, 90.0], 0.0, 180.0);
    }

    #[test]
    fn a_box_around_a_pole_has_its_centre_there() {
        check([-180.0, -90.0, 180.0, -89.5], "poi", Some((-90.0, 0.0, Precision::Place)));
        assert_eq!(Spot::of_box([-180.0, -90.0, 180.0, -89.5], "poi").unwrap().radius_m, 55_598);
        check([-170.0, 89.0, 175.0, 90.0], "poi", Some((90.0, 0.0, Precision::Place)));
        check([-180.0, -90.0, 180.0, -60.0], "admin", Some((-90.0, 0.0, Precision::Country)));
    }

    #[test]
    fn a_ring_of_corners_is_their_box_though_one_is_missing() {
        let corners = [[13.0, 52.25], [13.5, 52.25], [13.5, 52.75], [13.0, 52.75]];
        let crossing = [[177.0, -19.0], [-178.0, -19.0], [-178.0, -16.0], [177.0, -16.0]];
        for left_out in 0..=4 {
            let ring = |corners: [[f64; 2]; 4]| -> Vec<[f64; 2]> {
                let kept = corners.iter().enumerate().filter(|(index, _)| *index != left_out);
                kept.map(|(_, corner)| *corner).collect()
            };
            check(around(&ring(corners)).unwrap(), "city", Some((52.5, 13.25, Precision::Place)));
            let spot = Spot::of_box(around(&ring(crossing)).unwrap(), "city").unwrap();
            assert_eq!((spot.lat, spot.lon), (-17.5, 179.5), "without {left_out}");
        }
        assert_eq!(around(&corners[..2]), None);
        assert_eq!(around(&[]), None);
        let here = [[7.0, 50.0]; 4];
        check(around(&here).unwrap(), "poi", Some((50.0, 7.0, Precision::Place)));
        check(
            around(&[[-180.0, -17.0], [180.0, -17.0], [180.0, -15.7]]).unwrap(),
            "admin",
            Some((-16.35, 180.0, Precision::Country)),
        );
    }

    /// A point as a vector from the middle of the earth: the oracle knows no longitudes.
    fn vector(lat: f64, lon: f64) -> [f64; 3] {
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    }

    fn apart_m(one: [f64; 3], other: [f64; 3]) -> f64 {
        let chord = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        2.0 * EARTH_M * (chord / 2.0).min(1.0).asin()
    }

    proptest! {
        #[test]
        fn no_point_of_a_box_lies_beyond_its_circle(
            west in -180.0..=180.0_f64, wide in 0.0..=180.0_f64,
            a in -90.0..=90.0_f64, b in -90.0..=90.0_f64,
            east_by in 0.0..=1.0_f64, north_by in 0.0..=1.0_f64,
            kind in prop::sample::select(vec!["poi", "city", "admin", "country"]),
        ) {
            let bounds = [west, a.min(b), turned(west + wide), a.max(b)];
            let spot = Spot::of_box(bounds, kind).unwrap();
            let inside = vector(a.min(b) + (b - a).abs() * north_by, west + wide * east_by);
            let apart = apart_m(vector(spot.lat, spot.lon), inside);
            // Metres and the seventh digit of a degree are rounded.
            prop_assert!(apart <= f64::from(spot.radius_m) + 2.0, "{bounds:?} {spot:?} {apart}");
            prop_assert_eq!(spot.precision == Precision::Country,
                kind == "country" || f64::from(spot.radius_m) > COUNTRY_RADIUS_M);
        }

        /// The same place, its ends written as least and greatest: it lies between them, and
        /// whatever is told is vague, or holds both ends.
        #[test]
        fn the_order_of_the_ends_never_makes_a_confident_spot_elsewhere(
            west in 150.0..=180.0_f64, east in -180.0..=-150.0_f64,
            south in -80.0..=79.0_f64, high in 0.0..=1.0_f64,
            kind in prop::sample::select(vec!["poi", "city", "admin", "country"]),
        ) {
            let proper = Spot::of_box([west, south, east, south + high], kind).unwrap();
            let plain = Spot::of_box([east, south, west, south + high], kind).unwrap();
            prop_assert!((proper.lat, proper.lon.rem_euclid(360.0)) == (plain.lat, plain.lon.rem_euclid(360.0))
                || (proper.lon - plain.lon).abs().rem_euclid(360.0) < 1e-6, "{proper:?} {plain:?}");
            prop_assert_eq!(plain.precision, Precision::Country);
            for lon in [west, east] {
                let apart = apart_m(vector(plain.lat, plain.lon), vector(south, lon));
                prop_assert!(apart <= f64::from(plain.radius_m));
            }
        }

        #[test]
        fn whatever_the_numbers_a_spot_is_on_the_earth(
            bounds in prop::array::uniform4(prop_oneof![
                -180.0..=180.0_f64, -90.0..=90.0_f64,
                prop::sample::select(vec![-180.0, 180.0, -90.0, 90.0, 0.0, -0.0]), any::<f64>(),
            ]),
        ) {
            if let Some(spot) = Spot::of_box(bounds, "city") {
                prop_assert!(on_earth(spot.lat, spot.lon) && spot.radius_m <= 20_015_115, "{bounds:?} {spot:?}");
            }
        }
    }
}
