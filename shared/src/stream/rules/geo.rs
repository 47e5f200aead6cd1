//! Boxes and circles of rules. Invariant: every box that becomes a rule has west below east and
//! no side longer than X takes.

use crate::api::BoundingBox;

/// X's published limit was 25 miles a side while it was published; today's documents name none,
/// and their examples stay within it.
pub const BOX_SIDE_MAX_KM: f64 = 40.234;
/// A degree of latitude, and of longitude at the equator.
const DEGREE_KM: f64 = 111.195;
/// Boxes drawn by hand to the limit are let pass.
const TOLERANCE: f64 = 1.005;

const INSTEAD: &str = "For a country use a rule with `place_country:`, such as \
     `place_country:DE`; for a city `place:`, such as `place:\"Berlin\"`";

/// A box as rules: one, or two where it crosses the antimeridian.
///
/// # Errors
/// It is no box, or too large; what to use instead.
pub fn box_rules(place: BoundingBox) -> Result<Vec<String>, String> {
    let parts = check_box(place)?;
    let rule = |[w, s, e, n]: &BoundingBox| format!("bounding_box:[{w} {s} {e} {n}]");
    Ok(parts.iter().map(rule).collect())
}

/// A box in parts that do not cross the antimeridian.
///
/// # Errors
/// It is no box, or too large; what to use instead.
pub fn check_box(place: BoundingBox) -> Result<Vec<BoundingBox>, String> {
    let [w, s, e, n] = place;
    let named = format!("the box [{w}, {s}, {e}, {n}]");
    let (lon, lat) = (-180.0..=180.0, -90.0..=90.0);
    if !(lon.contains(&w) && lon.contains(&e) && lat.contains(&s) && lat.contains(&n)) {
        return Err(format!(
            "{named} is not on the earth: west, south, east, north in degrees are expected"
        ));
    }
    #[allow(clippy::float_cmp, reason = "two borders given as the same number")]
    if s >= n || w == e {
        return Err(format!(
            "{named} is empty: west, south, east, north are expected in this order"
        ));
    }
    let width = if w < e { e - w } else { e - w + 360.0 };
    // Where it is widest: at its latitude nearest the equator.
    let nearest = if s <= 0.0 && n >= 0.0 { 0.0 } else { s.abs().min(n.abs()) };
    let width_km = width * DEGREE_KM * nearest.to_radians().cos();
    let height_km = (n - s) * DEGREE_KM;
    if width_km.max(height_km) > BOX_SIDE_MAX_KM * TOLERANCE {
        return Err(format!(
            "{named} measures {width_km:.0} by {height_km:.0} km, and X takes at most 40 km \
             (25 miles) a side. {INSTEAD}"
        ));
    }
    let parts = [[w, s, 180.0, n], [-180.0, s, e, n]];
    Ok(if w < e { vec![place] } else { parts.into_iter().filter(|p| p[0] < p[2]).collect() })
}

/// A circle's radius: `16km` or `10mi`, at most 25 miles.
pub(super) fn check_radius(lon: &str, lat: &str, radius: &str) -> Result<(), String> {
    let within =
        |text: &str, max: f64| text.parse::<f64>().is_ok_and(|n| (-max..=max).contains(&n));
    if !within(lon, 180.0) || !within(lat, 90.0) {
        return Err("longitude and latitude in degrees are expected, in this order".to_owned());
    }
    let km = match (radius.strip_suffix("km"), radius.strip_suffix("mi")) {
        (Some(km), _) => km.parse::<f64>().ok(),
        (_, Some(miles)) => miles.parse::<f64>().ok().map(|miles| miles * 1.609_344),
        _ => None,
    };
    match km {
        Some(km) if km > BOX_SIDE_MAX_KM * TOLERANCE => {
            Err(format!("X takes a radius of at most 40km or 25mi. {INSTEAD}"))
        }
        Some(km) if km > 0.0 => Ok(()),
        _ => Err("a radius such as `16km` or `10mi` is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(place: BoundingBox, expected: Result<&[&str], &str>) {
        match (box_rules(place), expected) {
            (Ok(rules), Ok(expected)) => assert_eq!(rules, expected),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (got, _) => panic!("{place:?}: {got:?}"),
        }
    }

    #[test]
    fn boxes_become_rules() {
        check(
            [-105.301_758, 39.964_069, -105.178_505, 40.094_55],
            Ok(&["bounding_box:[-105.301758 39.964069 -105.178505 40.09455]"]),
        );
        check([0.0, 0.0, 0.3, 0.3], Ok(&["bounding_box:[0 0 0.3 0.3]"]));
        check([-0.1, -0.1, 0.1, 0.1], Ok(&["bounding_box:[-0.1 -0.1 0.1 0.1]"]));
        check([10.0, 80.0, 12.0, 80.3], Ok(&["bounding_box:[10 80 12 80.3]"]));
    }

    #[test]
    fn boxes_over_the_antimeridian_are_split() {
        check(
            [179.9, -17.0, -179.9, -16.8],
            Ok(&["bounding_box:[179.9 -17 180 -16.8]", "bounding_box:[-180 -17 -179.9 -16.8]"]),
        );
        check([179.9, -17.0, -180.0, -16.8], Ok(&["bounding_box:[179.9 -17 180 -16.8]"]));
        check([180.0, -17.0, -179.9, -16.8], Ok(&["bounding_box:[-180 -17 -179.9 -16.8]"]));
    }

    #[test]
    fn what_is_too_large_is_told_what_to_use_instead() {
        check([-180.0, -90.0, 180.0, 90.0], Err("place_country:"));
        check([5.9, 47.3, 15.0, 55.0], Err("measures 686 by 856 km"));
        check([13.0, 52.3, 13.7, 52.6], Err("place:\"Berlin\""));
        check([10.0, -80.3, 12.4, -80.0], Err("46 by 33 km"));
        check([1.0, 0.0, -1.0, 0.1], Err("measures 39808 by 11 km"));
    }

    #[test]
    fn what_is_no_box_is_refused() {
        check([0.0, 10.0, 0.1, 9.9], Err("is empty"));
        check([0.1, 9.9, 0.1, 10.0], Err("is empty"));
        check([52.3, 113.0, 52.4, 113.1], Err("not on the earth"));
        check([f64::NAN, 0.0, 0.1, 0.1], Err("not on the earth"));
        check([0.0, 0.0, f64::INFINITY, 0.1], Err("not on the earth"));
    }
}
