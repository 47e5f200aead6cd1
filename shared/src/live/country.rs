//! In which country a point lies. Owns: reading the boundaries' data and asking it. Must not
//! know: where the file is kept. Invariant: bytes that are not whole are never asked.
//!
//! The data is OpenStreetMap's (licence `ODbL`; wherever it is shown, "© OpenStreetMap contributors" must
//! stand), in the file format of the crate `country-boundaries`, between a magic and a checksum
//! of ours. It comes in from outside: compiled into the worker it would be a third of its size.

use super::words::Country;
use crate::packed::{self, Damaged, Input};
use country_boundaries::{CountryBoundaries, LatLon};

const FORMAT: &str = "country boundaries";
const MAGIC: [u8; 4] = *b"CTB1";

/// The boundaries of all countries.
#[derive(Debug)]
pub struct Countries(CountryBoundaries);

/// Puts the crate's data into the form that [`Countries::new`] takes.
pub fn pack(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 2 * MAGIC.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(data);
    packed::seal(out)
}

impl Countries {
    /// Reads what [`pack`] wrote.
    ///
    /// # Errors
    /// The bytes are damaged, or hold another version of the boundaries.
    pub fn new(bytes: &[u8]) -> Result<Self, Damaged> {
        let input = Input::open(FORMAT, MAGIC, bytes)?;
        let boundaries = CountryBoundaries::from_reader(input.rest());
        boundaries.map(Self).map_err(|error| input.damaged(error.to_string()))
    }

    /// The country at a point, its two letters; `None` at sea and off the earth. Where two lie
    /// over each other (a territory in its state), the smaller.
    pub fn of(&self, lat: f64, lon: f64) -> Option<&str> {
        // A point that is no number would be looked up in no cell.
        let point = LatLon::new(lat, lon).ok().filter(|_| lat.is_finite() && lon.is_finite())?;
        // Smallest first; subdivisions (`US-TX`) stand before their country.
        self.0.ids(point).into_iter().find(|id| Country::read(id).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use country_boundaries::BOUNDARIES_ODBL_360X180;

    fn countries() -> Countries {
        Countries::new(&pack(BOUNDARIES_ODBL_360X180)).unwrap()
    }

    #[test]
    fn cities_lie_in_their_countries() {
        let countries = countries();
        for (name, lat, lon, expected) in [
            ("Berlin", 52.52, 13.405, Some("DE")),
            ("Dallas", 32.78, -96.8, Some("US")),
            ("Tokyo", 35.68, 139.69, Some("JP")),
            ("Suva", -18.14, 178.44, Some("FJ")),
            ("Lagos", 6.45, 3.4, Some("NG")),
            ("São Paulo", -23.55, -46.63, Some("BR")),
            ("Vatican", 41.9029, 12.4534, Some("VA")),
            ("Null Island", 0.0, 0.0, None),
            ("Pacific", -48.0, -123.0, None),
        ] {
            assert_eq!(countries.of(lat, lon), expected, "{name}");
        }
    }

    #[test]
    fn no_point_is_too_odd_to_ask() {
        let countries = countries();
        for lat in [f64::NAN, f64::INFINITY, -91.0, -90.0, 0.0, 90.0, 1e300] {
            for lon in [f64::NAN, f64::NEG_INFINITY, -181.0, -180.0, 0.0, 180.0, 1e300] {
                let found = countries.of(lat, lon);
                assert!(found.is_none_or(|code| code.len() == 2), "{lat} {lon} {found:?}");
            }
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let whole = pack(BOUNDARIES_ODBL_360X180);
        for end in [0, 4, 8, whole.len() / 2, whole.len() - 1] {
            assert!(Countries::new(whole.get(..end).unwrap()).is_err(), "{end}");
        }
        assert!(Countries::new(BOUNDARIES_ODBL_360X180).is_err());
        assert!(Countries::new(&pack(b"\0\x03\0\0\0\0\0\0\0\0\0\0\0\0")).is_err());
        assert!(Countries::new(&whole).is_ok());
    }
}
