//! Where a tweet was written, as exactly as it says, and the place X would attach.
//!
//! Knows cities and countries. Invariant: a point lies within the box of its place.

use super::cities::City;
use crate::hash::{Draw, hash};
use crate::profile::Object;

/// Half the size of a region, in degrees: what a state of middling size measures.
const REGION_HALF: f64 = 1.2;

const SALT_PLACE_ID: u64 = 120;

/// How exactly a tweet says where it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Precision {
    /// A point from the device: longitude, latitude.
    Exact(f64, f64),
    City,
    Region,
    Country,
}

/// Where a tweet was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) city: &'static City,
    pub(crate) precision: Precision,
}

/// The kinds of place there are here, as X names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    City,
    Admin,
    Country,
}

impl PlaceKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Admin => "admin",
            Self::Country => "country",
        }
    }
}

impl Spot {
    /// A quarter of the places are points, half are cities, the rest regions and countries.
    pub(crate) fn draw(city: &'static City, draw: &mut Draw) -> Self {
        let precision = match draw.unit() {
            u if u < 0.25 => {
                // Denser towards the middle, as cities are.
                let (reach, turn) = (draw.unit(), draw.unit() * std::f64::consts::TAU);
                let (height, width) = city.half_box();
                let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
                Precision::Exact(
                    round(city.lon + width * reach * turn.cos()),
                    round(city.lat + height * reach * turn.sin()),
                )
            }
            u if u < 0.75 => Precision::City,
            u if u < 0.90 => Precision::Region,
            _ => Precision::Country,
        };
        Self { city, precision }
    }

    pub(crate) fn point(&self) -> Option<(f64, f64)> {
        match self.precision {
            Precision::Exact(lon, lat) => Some((lon, lat)),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> PlaceKind {
        match self.precision {
            Precision::Exact(..) | Precision::City => PlaceKind::City,
            Precision::Region => PlaceKind::Admin,
            Precision::Country => PlaceKind::Country,
        }
    }

    /// Sixteen hexadecimal digits, the same in every world.
    pub(crate) fn id(&self) -> String {
        let key = match self.kind() {
            PlaceKind::City => u64::from(self.city.index),
            PlaceKind::Admin => text_key(self.city.region) ^ text_key(self.city.country.code),
            PlaceKind::Country => text_key(self.city.country.code),
        };
        format!("{:016x}", hash(self.kind() as u64, key, SALT_PLACE_ID))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.kind() {
            PlaceKind::City => self.city.name,
            PlaceKind::Admin => self.city.region,
            PlaceKind::Country => self.city.country.name,
        }
    }

    pub(crate) fn full_name(&self) -> String {
        let country = self.city.country;
        match self.kind() {
            PlaceKind::City if country.code == "US" => {
                format!("{}, {}", self.city.name, self.city.region)
            }
            PlaceKind::City | PlaceKind::Admin => format!("{}, {}", self.name(), country.name),
            PlaceKind::Country => country.name.to_owned(),
        }
    }

    /// West, south, east, north, in degrees.
    pub(crate) fn bbox(&self) -> [f64; 4] {
        let (city, country) = (self.city, self.city.country.bbox);
        match self.kind() {
            PlaceKind::City => city.bbox(),
            PlaceKind::Country => country,
            PlaceKind::Admin => {
                let [west, south, east, north] = country;
                [
                    (city.lon - REGION_HALF).max(west),
                    (city.lat - REGION_HALF).max(south),
                    (city.lon + REGION_HALF).min(east),
                    (city.lat + REGION_HALF).min(north),
                ]
            }
        }
    }

    /// Writes the place as an entry of `includes.places`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, has: impl Fn(&str) -> bool) {
        let mut place = Object::open(out);
        place.text("id", &self.id());
        place.text("full_name", &self.full_name());
        if has("name") {
            place.text("name", self.name());
        }
        if has("country") {
            place.text("country", self.city.country.name);
        }
        if has("country_code") {
            place.text("country_code", self.city.country.code);
        }
        if has("place_type") {
            place.text("place_type", self.kind().name());
        }
        if has("geo") {
            let mut geo = Object::open(place.key("geo"));
            geo.text("type", "Feature");
            let [west, south, east, north] = self.bbox();
            geo.raw("bbox", format_args!("[{west:.6},{south:.6},{east:.6},{north:.6}]"));
            geo.raw("properties", "{}");
            geo.close();
        }
        place.close();
    }
}

fn text_key(text: &str) -> u64 {
    text.bytes().fold(0, |sum, byte| hash(sum, u64::from(byte), SALT_PLACE_ID))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::cities;
    use std::collections::HashMap;

    #[test]
    fn points_lie_in_their_places() {
        for (n, city) in cities::all().iter().cycle().take(5_000).enumerate() {
            let spot = Spot::draw(city, &mut Draw::new(1, n as u64, 2));
            let [west, south, east, north] = spot.bbox();
            assert!(west < east && south < north, "{}", spot.full_name());
            if let Some((lon, lat)) = spot.point() {
                let slack = 1e-5;
                assert!((west - slack..=east + slack).contains(&lon), "{}", city.name);
                assert!((south - slack..=north + slack).contains(&lat), "{}", city.name);
            }
        }
    }

    #[test]
    fn ids_are_sixteen_hex_digits_and_name_one_place() {
        let mut names: HashMap<String, String> = HashMap::new();
        for city in cities::all() {
            for precision in [Precision::City, Precision::Region, Precision::Country] {
                let spot = Spot { city, precision };
                let (id, name) =
                    (spot.id(), format!("{} {}", spot.kind().name(), spot.full_name()));
                assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()));
                assert_eq!(names.entry(id).or_insert_with(|| name.clone()), &name);
            }
        }
    }
}
