//! Places on the earth. Owns: what a point and a box are, what is out of range, how far things
//! are apart. Must not know: where coordinates came from. Invariant: a [`Spot`] is on the earth,
//! and says how exactly it is known; (0, 0) is a place like any other.

use crate::api::{BoundingBox, Precision};

/// The earth's mean radius (IUGG R1), in metres.
const EARTH_M: f64 = 6_371_008.8;

/// An administrative area with a radius beyond this is as good as a country: the largest states
/// of the largest countries pass it, no city or county does.
pub const COUNTRY_RADIUS_M: f64 = 500_000.0;

/// Where a tweet was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
    /// How exactly it is known.
    pub precision: Precision,
    /// Half of the diagonal of the box whose centre this is, in whole metres; 0 for a point.
    pub radius_m: u32,
}

impl Spot {
    /// A point from the device; `None` off the earth.
    pub fn exact(lat: f64, lon: f64) -> Option<Self> {
        on_earth(lat, lon).then_some(Self { lat, lon, precision: Precision::Exact, radius_m: 0 })
    }

    /// The centre of a place's box, never one of its corners; `None` for what is no box on the
    /// earth. `kind` is X's `place_type`: a `country` is a country, and so is an `admin` area
    /// with a radius beyond [`COUNTRY_RADIUS_M`]. (X draws the boxes of countries that reach
    /// across the antimeridian around the whole globe. Their centre then says little, which is
    /// what the precision says.)
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a quarter of the circumference, 10,007,557 m"
    )]
    pub fn of_box([west, south, east, north]: BoundingBox, kind: &str) -> Option<Self> {
        if !(on_earth(south, west) && on_earth(north, east) && south <= north) {
            return None;
        }
        let width = if west <= east { east - west } else { east - west + 360.0 };
        let lon = west + width / 2.0;
        let radius_m = (distance_m([west, south], [east, north]) / 2.0).round();
        let country = kind == "country" || kind == "admin" && radius_m > COUNTRY_RADIUS_M;
        Some(Self {
            lat: neat(south + (north - south) / 2.0),
            lon: neat(if lon > 180.0 { lon - 360.0 } else { lon }),
            precision: if country { Precision::Country } else { Precision::Place },
            radius_m: radius_m as u32,
        })
    }
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
pub(crate) fn ordered([west, south, east, north]: BoundingBox) -> BoundingBox {
    let (south, north) = (south.min(north), south.max(north));
    if west > east && west - east < 180.0 {
        return [east, south, west, north];
    }
    [west, south, east, north]
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
    fn the_radius_is_half_of_the_diagonal_on_the_globe() {
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
            [0.0, 2.0, 1.0, 1.0],
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
    }

    proptest! {
        #[test]
        fn a_centre_lies_in_its_box_and_no_corner_is_farther_than_the_globe_allows(
            west in -180.0..=180.0_f64, east in -180.0..=180.0_f64,
            a in -90.0..=90.0_f64, b in -90.0..=90.0_f64,
        ) {
            let bounds = [west, a.min(b), east, a.max(b)];
            let spot = Spot::of_box(bounds, "city").unwrap();
            // Half a box's width is rounded: a hair's breadth beyond an edge is on it.
            let [west, south, east, north] = bounds;
            let wide = [(west - 1e-7).max(-180.0), south - 1e-7, (east + 1e-7).min(180.0), north + 1e-7];
            let crossing = spot.lon.abs() > 180.0 - 1e-7;
            prop_assert!(crossing || contains(wide, spot.lat, spot.lon), "{bounds:?} {spot:?}");
            prop_assert!(spot.radius_m <= 10_007_557);
        }
    }
}
