//! The countries that tweets come from: codes, names, languages and boxes.
//!
//! Knows no cities and no tweets. Invariant: each code occurs once, and each box runs west to
//! east and south to north (main territory only, rounded to half a degree).

/// A country as X's places name it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// The language most of its tweets are in, as in `languages`.
    pub(crate) language: &'static str,
    /// West, south, east, north, in degrees.
    pub(crate) bbox: [f64; 4],
}

type Row = (&'static str, &'static str, &'static str, [f64; 4]);

const ROWS: &[Row] = &[
    ("AE", "United Arab Emirates", "ar", [51.5, 22.5, 56.5, 26.5]),
    ("AF", "Afghanistan", "fa", [60.5, 29.0, 75.0, 38.5]),
    ("AM", "Armenia", "ru", [43.5, 38.5, 46.5, 41.5]),
    ("AO", "Angola", "pt", [11.5, -18.0, 24.0, -4.5]),
    ("AR", "Argentina", "es", [-73.5, -55.0, -53.5, -22.0]),
    ("AT", "Austria", "de", [9.5, 46.5, 17.0, 49.0]),
    ("AU", "Australia", "en", [113.0, -43.5, 153.5, -10.5]),
    ("AZ", "Azerbaijan", "tr", [44.5, 38.5, 50.5, 42.0]),
    ("BD", "Bangladesh", "bn", [88.0, 20.5, 92.5, 26.5]),
    ("BE", "Belgium", "nl", [2.5, 49.5, 6.5, 51.5]),
    ("BG", "Bulgaria", "ru", [22.5, 41.0, 28.5, 44.0]),
    ("BO", "Bolivia", "es", [-69.5, -23.0, -57.5, -9.5]),
    ("BR", "Brazil", "pt", [-74.0, -33.5, -34.5, 5.0]),
    ("BY", "Belarus", "ru", [23.0, 51.5, 32.5, 56.0]),
    ("CA", "Canada", "en", [-141.0, 41.5, -52.5, 83.0]),
    ("CD", "DR Congo", "fr", [12.0, -13.5, 31.5, 5.5]),
    ("CG", "Congo", "fr", [11.0, -5.0, 18.5, 3.5]),
    ("CH", "Switzerland", "de", [6.0, 46.0, 10.5, 48.0]),
    ("CI", "Côte d'Ivoire", "fr", [-8.5, 4.5, -2.5, 10.5]),
    ("CL", "Chile", "es", [-75.5, -55.5, -66.5, -17.5]),
    ("CM", "Cameroon", "fr", [8.5, 1.5, 16.0, 13.0]),
    ("CN", "China", "zh", [73.5, 18.0, 134.5, 53.5]),
    ("CO", "Colombia", "es", [-79.0, -4.0, -67.0, 12.5]),
    ("CU", "Cuba", "es", [-85.0, 20.0, -74.0, 23.0]),
    ("CZ", "Czech Republic", "pl", [12.0, 48.5, 19.0, 51.0]),
    ("DE", "Germany", "de", [5.5, 47.5, 15.0, 55.0]),
    ("DK", "Denmark", "sv", [8.0, 54.5, 15.0, 57.5]),
    ("DO", "Dominican Republic", "es", [-72.0, 17.5, -68.5, 20.0]),
    ("DZ", "Algeria", "ar", [-8.5, 19.0, 12.0, 37.0]),
    ("EC", "Ecuador", "es", [-81.0, -5.0, -75.0, 1.5]),
    ("EG", "Egypt", "ar", [25.0, 22.0, 35.5, 31.5]),
    ("ES", "Spain", "es", [-9.5, 36.0, 3.5, 44.0]),
    ("ET", "Ethiopia", "en", [33.0, 3.5, 48.0, 15.0]),
    ("FI", "Finland", "sv", [20.5, 59.5, 31.5, 70.0]),
    ("FJ", "Fiji", "en", [177.0, -19.5, 180.0, -16.0]),
    ("FR", "France", "fr", [-5.0, 41.5, 9.5, 51.0]),
    ("GB", "United Kingdom", "en", [-8.5, 50.0, 2.0, 61.0]),
    ("GE", "Georgia", "ru", [40.0, 41.0, 46.5, 43.5]),
    ("GH", "Ghana", "en", [-3.5, 4.5, 1.0, 11.0]),
    ("GN", "Guinea", "fr", [-15.0, 7.0, -7.5, 12.5]),
    ("GR", "Greece", "el", [19.5, 35.0, 28.5, 42.0]),
    ("GT", "Guatemala", "es", [-92.0, 13.5, -88.0, 18.0]),
    ("HK", "Hong Kong", "zh", [113.5, 22.0, 114.5, 22.5]),
    ("HN", "Honduras", "es", [-89.5, 13.0, -83.0, 16.0]),
    ("HT", "Haiti", "fr", [-74.5, 18.0, -71.5, 20.0]),
    ("HU", "Hungary", "en", [16.0, 45.5, 23.0, 48.5]),
    ("ID", "Indonesia", "id", [95.0, -11.0, 141.0, 6.0]),
    ("IE", "Ireland", "en", [-10.5, 51.5, -6.0, 55.5]),
    ("IL", "Israel", "he", [34.0, 29.5, 36.0, 33.5]),
    ("IN", "India", "hi", [68.0, 6.5, 97.5, 35.5]),
    ("IQ", "Iraq", "ar", [38.5, 29.0, 48.5, 37.5]),
    ("IR", "Iran", "fa", [44.0, 25.0, 63.5, 40.0]),
    ("IS", "Iceland", "en", [-24.5, 63.0, -13.5, 66.5]),
    ("IT", "Italy", "it", [6.5, 36.5, 18.5, 47.0]),
    ("JM", "Jamaica", "en", [-78.5, 17.5, -76.0, 18.5]),
    ("JO", "Jordan", "ar", [35.0, 29.0, 39.5, 33.5]),
    ("JP", "Japan", "ja", [129.0, 31.0, 146.0, 45.5]),
    ("KE", "Kenya", "sw", [34.0, -4.5, 42.0, 5.0]),
    ("KH", "Cambodia", "en", [102.5, 10.5, 107.5, 14.5]),
    ("KR", "Republic of Korea", "ko", [125.0, 33.0, 130.0, 38.5]),
    ("KW", "Kuwait", "ar", [46.5, 28.5, 48.5, 30.0]),
    ("KZ", "Kazakhstan", "ru", [46.5, 40.5, 87.5, 55.5]),
    ("LB", "Lebanon", "ar", [35.0, 33.0, 36.5, 34.5]),
    ("LK", "Sri Lanka", "en", [79.5, 6.0, 82.0, 10.0]),
    ("LY", "Libya", "ar", [9.5, 19.5, 25.0, 33.0]),
    ("MA", "Morocco", "ar", [-13.0, 27.5, -1.0, 36.0]),
    ("MG", "Madagascar", "fr", [43.0, -25.5, 50.5, -12.0]),
    ("ML", "Mali", "fr", [-12.0, 10.0, 4.5, 25.0]),
    ("MM", "Myanmar", "en", [92.0, 10.0, 101.0, 28.5]),
    ("MN", "Mongolia", "en", [88.0, 41.5, 120.0, 52.0]),
    ("MX", "Mexico", "es", [-117.0, 14.5, -86.5, 32.5]),
    ("MY", "Malaysia", "id", [99.5, 1.0, 119.5, 7.5]),
    ("MZ", "Mozambique", "pt", [30.0, -27.0, 41.0, -10.5]),
    ("NE", "Niger", "fr", [0.0, 11.5, 16.0, 23.5]),
    ("NG", "Nigeria", "en", [2.5, 4.5, 14.5, 14.0]),
    ("NI", "Nicaragua", "es", [-87.5, 11.0, -83.0, 15.0]),
    ("NL", "The Netherlands", "nl", [3.5, 51.0, 7.0, 53.5]),
    ("NO", "Norway", "sv", [4.5, 58.0, 31.0, 71.0]),
    ("NP", "Nepal", "hi", [80.0, 26.5, 88.0, 30.5]),
    ("NZ", "New Zealand", "en", [166.5, -47.0, 178.5, -34.5]),
    ("OM", "Oman", "ar", [52.0, 16.5, 60.0, 26.5]),
    ("PA", "Panama", "es", [-83.0, 7.0, -77.0, 9.5]),
    ("PE", "Peru", "es", [-81.5, -18.5, -68.5, 0.0]),
    ("PG", "Papua New Guinea", "en", [141.0, -11.5, 156.0, -1.0]),
    ("PH", "Republic of the Philippines", "tl", [117.0, 5.0, 126.5, 19.0]),
    ("PK", "Pakistan", "ur", [61.0, 23.5, 77.0, 37.0]),
    ("PL", "Poland", "pl", [14.0, 49.0, 24.0, 55.0]),
    ("PR", "Puerto Rico", "es", [-67.5, 17.5, -65.0, 18.5]),
    ("PT", "Portugal", "pt", [-9.5, 37.0, -6.0, 42.0]),
    ("PY", "Paraguay", "es", [-62.5, -27.5, -54.0, -19.0]),
    ("QA", "Qatar", "ar", [50.5, 24.5, 52.0, 26.5]),
    ("RO", "Romania", "it", [20.0, 43.5, 30.0, 48.5]),
    ("RS", "Serbia", "ru", [18.5, 42.0, 23.0, 46.0]),
    ("RU", "Russia", "ru", [27.5, 41.0, 180.0, 77.5]),
    ("SA", "Kingdom of Saudi Arabia", "ar", [34.5, 16.5, 55.5, 32.0]),
    ("SD", "Sudan", "ar", [22.0, 8.5, 38.5, 22.0]),
    ("SE", "Sweden", "sv", [11.0, 55.5, 24.0, 69.0]),
    ("SG", "Singapore", "en", [103.5, 1.0, 104.0, 1.5]),
    ("SN", "Senegal", "fr", [-17.5, 12.5, -11.5, 16.5]),
    ("SO", "Somalia", "en", [41.0, -1.5, 51.5, 12.0]),
    ("SV", "El Salvador", "es", [-90.0, 13.0, -87.5, 14.5]),
    ("SY", "Syria", "ar", [36.0, 32.5, 42.5, 37.5]),
    ("TH", "Thailand", "th", [97.5, 5.5, 105.5, 20.5]),
    ("TN", "Tunisia", "ar", [7.5, 30.0, 11.5, 37.5]),
    ("TR", "Türkiye", "tr", [26.0, 36.0, 45.0, 42.0]),
    ("TW", "Taiwan", "zh", [120.0, 22.0, 122.0, 25.5]),
    ("TZ", "Tanzania", "sw", [29.5, -11.5, 40.5, -1.0]),
    ("UA", "Ukraine", "uk", [22.0, 44.5, 40.0, 52.5]),
    ("UG", "Uganda", "en", [29.5, -1.5, 35.0, 4.0]),
    ("US", "United States", "en", [-125.0, 24.5, -67.0, 49.5]),
    ("UY", "Uruguay", "es", [-58.5, -35.0, -53.0, -30.0]),
    ("UZ", "Uzbekistan", "ru", [56.0, 37.0, 73.0, 45.5]),
    ("VE", "Venezuela", "es", [-73.5, 0.5, -60.0, 12.5]),
    ("VN", "Vietnam", "vi", [102.0, 8.5, 109.5, 23.5]),
    ("YE", "Yemen", "ar", [42.5, 12.5, 53.0, 19.0]),
    ("ZA", "South Africa", "en", [16.5, -35.0, 33.0, -22.0]),
    ("ZM", "Zambia", "en", [22.0, -18.0, 33.5, -8.0]),
    ("ZW", "Zimbabwe", "en", [25.0, -22.5, 33.0, -15.5]),
];

/// The country of a code.
pub(crate) fn find(code: &str) -> Option<Country> {
    let at = ROWS.binary_search_by(|row| row.0.cmp(code)).ok()?;
    let &(code, name, language, bbox) = ROWS.get(at)?;
    Some(Country { code, name, language, bbox })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tweets::languages;

    #[test]
    fn every_row_is_found_under_its_code_alone() {
        for row in ROWS {
            assert_eq!(find(row.0).map(|c| c.name), Some(row.1));
        }
        assert_eq!(find("XX"), None);
    }

    #[test]
    fn boxes_run_from_southwest_to_northeast() {
        for (code, _, _, [west, south, east, north]) in ROWS {
            assert!(west < east && south < north, "{code}");
            assert!(*west >= -180.0 && *east <= 180.0, "{code}");
            assert!(*south >= -90.0 && *north <= 90.0, "{code}");
        }
    }

    #[test]
    fn every_language_is_spoken() {
        for (code, _, language, _) in ROWS {
            assert!(languages::find(language).is_some(), "{code} speaks {language}");
        }
    }
}
