//! What of the stream one looks at. Owns: the choices of the Live page, as the address writes
//! them and as the server is asked. Must not know: the address as a whole. Invariant: what is
//! read from a written choice is that choice; what cannot be read is left out.

use shared::api::{BoundingBox, LiveKind, Subscribe};
use shared::text::cut;

/// Hundredths of a degree: 1.1 km at most, and an address that can be read.
const STEPS: f64 = 100.0;
/// As many as the server takes of one list.
const LIST_MOST: usize = 50;
/// As long as the server takes.
const WORDS_MOST: usize = 200;

/// The tabs beside the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Tab {
    #[default]
    Feed,
    Countries,
    Coverage,
    Stream,
}

impl Tab {
    /// In the order they stand in.
    pub(crate) const ORDER: [Self; 4] = [Self::Feed, Self::Countries, Self::Coverage, Self::Stream];

    /// As the address writes it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Countries => "countries",
            Self::Coverage => "coverage",
            Self::Stream => "stream",
        }
    }

    /// As the page writes it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Feed => "Feed",
            Self::Countries => "Countries",
            Self::Coverage => "Coverage",
            Self::Stream => "Stream",
        }
    }

    fn of(slug: &str) -> Self {
        Self::ORDER.into_iter().find(|one| one.slug() == slug).unwrap_or_default()
    }
}

/// West, south, east, north in hundredths of a degree; west may exceed east.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Area(pub(crate) [i32; 4]);

impl Area {
    /// The area of a box in degrees, if it is one.
    pub(crate) fn of(degrees: BoundingBox) -> Option<Self> {
        let steps = degrees.map(|degree| step(degree, STEPS));
        let [west, south, east, north] = steps;
        let sane = [west, east].iter().all(|lon| (-18_000..=18_000).contains(lon))
            && [south, north].iter().all(|lat| (-9_000..=9_000).contains(lat))
            && south < north
            && west != east;
        sane.then_some(Self(steps))
    }

    /// In degrees.
    pub(crate) fn degrees(self) -> BoundingBox {
        self.0.map(|step| f64::from(step) / STEPS)
    }
}

/// Where the camera looks: longitude and latitude in hundredths, zoom in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Camera(pub(crate) [i32; 3]);

impl Camera {
    /// From degrees and a zoom.
    pub(crate) fn of(lon: f64, lat: f64, zoom: f64) -> Option<Self> {
        let sane = (-180.0..=180.0).contains(&lon)
            && (-85.1..=85.1).contains(&lat)
            && (0.0..=12.0).contains(&zoom);
        sane.then(|| Self([step(lon, STEPS), step(lat, STEPS), step(zoom, 10.0)]))
    }

    /// `[lon, lat, zoom]`, as the map takes it.
    pub(crate) fn json(self) -> String {
        let [lon, lat, zoom] = self.0;
        let (lon, lat) = (f64::from(lon) / STEPS, f64::from(lat) / STEPS);
        format!("[{lon},{lat},{}]", f64::from(zoom) / 10.0)
    }
}

fn step(number: f64, steps: f64) -> i32 {
    i32::try_from(crate::numbers::whole(number * steps)).unwrap_or(i32::MAX)
}

/// Every choice of the Live page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) words: String,
    /// As X tells languages.
    pub(crate) lang: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: Vec<String>,
    /// A rule's tag.
    pub(crate) rule: Option<String>,
    pub(crate) area: Option<Area>,
    pub(crate) tab: Tab,
    /// Counts per place instead of blips.
    pub(crate) clusters: bool,
    pub(crate) camera: Option<Camera>,
}

impl Choice {
    /// Takes one pair of a query in; whether it was one of ours.
    pub(crate) fn read(&mut self, name: &str, value: &str) -> bool {
        match name {
            "words" => self.words = cut(value, WORDS_MOST),
            "lang" => self.lang = list(value, is_language),
            "country" => self.country = list(value, is_country),
            "rule" => self.rule = Some(value.to_owned()).filter(|rule| !rule.is_empty()),
            "area" => self.area = numbers(value).and_then(Area::of),
            "tab" => self.tab = Tab::of(value),
            "clusters" => self.clusters = value == "on",
            "camera" => {
                self.camera =
                    numbers(value).and_then(|[lon, lat, zoom]| Camera::of(lon, lat, zoom));
            }
            _ => return false,
        }
        true
    }

    /// The pairs of a query; defaults are not written.
    pub(crate) fn write(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut add = |name, value: String| {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        };
        add("words", self.words.clone());
        add("lang", self.lang.join(","));
        add("country", self.country.join(","));
        add("rule", self.rule.clone().unwrap_or_default());
        add("area", self.area.map(|area| degrees(&area.0, STEPS)).unwrap_or_default());
        if self.tab != Tab::default() {
            add("tab", self.tab.slug().to_owned());
        }
        if self.clusters {
            add("clusters", "on".to_owned());
        }
        if let Some(Camera([lon, lat, zoom])) = self.camera {
            add("camera", format!("{},{}", degrees(&[lon, lat], STEPS), degrees(&[zoom], 10.0)));
        }
        pairs
    }

    /// What the server is asked for.
    pub(crate) fn subscribe(&self) -> Subscribe {
        Subscribe {
            kinds: vec![LiveKind::SimpleTweet, LiveKind::GeoBlip, LiveKind::Notice],
            lang: self.lang.clone(),
            country: self.country.clone(),
            bbox: self.area.map(Area::degrees),
            text: Some(self.words.trim().to_owned()).filter(|words| !words.is_empty()),
            rules: self.rule.iter().cloned().collect(),
            ..Subscribe::default()
        }
    }

    /// Takes every filter off; where one looks stays.
    pub(crate) fn unfilter(&mut self) {
        let Self { tab, clusters, camera, .. } = *self;
        *self = Self { tab, clusters, camera, ..Self::default() };
    }

    /// How many filters are set.
    pub(crate) fn filters(&self) -> usize {
        [
            !self.words.trim().is_empty(),
            !self.lang.is_empty(),
            !self.country.is_empty(),
            self.rule.is_some(),
            self.area.is_some(),
        ]
        .into_iter()
        .filter(|&set| set)
        .count()
    }
}

fn list(value: &str, fits: fn(&str) -> bool) -> Vec<String> {
    value.split(',').filter(|one| fits(one)).take(LIST_MOST).map(str::to_owned).collect()
}

fn is_language(code: &str) -> bool {
    (2..=8).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn numbers<const N: usize>(value: &str) -> Option<[f64; N]> {
    let found: Option<Vec<f64>> = value.split(',').map(|one| one.parse().ok()).collect();
    let found: [f64; N] = found?.try_into().ok()?;
    found.iter().all(|number| number.is_finite()).then_some(found)
}

fn degrees(steps: &[i32], unit: f64) -> String {
    let texts: Vec<String> =
        steps.iter().map(|&step| (f64::from(step) / unit).to_string()).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Choice {
        let mut choice = Choice::default();
        for (name, value) in pairs {
            assert!(choice.read(name, value), "{name}");
        }
        choice
    }

    #[test]
    fn choices_survive_writing_and_reading() {
        let pairs = [
            ("words", "green tea"),
            ("lang", "de,pt-br"),
            ("country", "DE,BR"),
            ("rule", "tea & more"),
            ("area", "-10.5,35.25,30,60"),
            ("tab", "countries"),
            ("clusters", "on"),
            ("camera", "13.4,52.52,5.5"),
        ];
        let choice = read(&pairs);
        let written = choice.write();
        let written: Vec<_> = written.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(written, pairs);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for (name, value) in [
            ("lang", "deutschland,DE,*"),
            ("country", "de,Germany"),
            ("area", "1,2,3"),
            ("area", "10,60,20,50"),
            ("area", "10,50,10,60"),
            ("area", "0,0,NaN,5"),
            ("area", "-190,0,5,5"),
            ("tab", "else"),
            ("camera", "0,0,99"),
        ] {
            assert_eq!(read(&[(name, value)]), Choice::default(), "{name}={value}");
        }
    }

    #[test]
    fn the_server_is_asked_for_just_that() {
        let asked = read(&[("words", " tea "), ("area", "170,-20,-170,10"), ("rule", "x")]);
        let asked = asked.subscribe();
        assert_eq!(asked.text.as_deref(), Some("tea"));
        assert_eq!(asked.bbox, Some([170.0, -20.0, -170.0, 10.0]));
        assert_eq!(asked.rules, ["x"]);
        let plain = Choice::default().subscribe();
        assert_eq!((plain.text, plain.bbox, plain.max_per_s), (None, None, None));
    }

    #[test]
    fn filters_are_counted() {
        assert_eq!(read(&[("tab", "coverage"), ("words", " ")]).filters(), 0);
        assert_eq!(read(&[("words", "a"), ("lang", "de,en"), ("area", "0,0,1,1")]).filters(), 3);
    }
}
