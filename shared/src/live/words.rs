//! Codes of languages and countries. Owns: how they are held (in place, no allocation) and which
//! exist. Must not know: who asks. Invariant: a code is short ASCII, one spelling each.

use std::fmt;

/// A language as X names it, in lower case: `en`, `zh-tw`, `und`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Language {
    bytes: [u8; LANGUAGE_MAX],
    len: u8,
}

/// Longest language taken: BCP 47 with a script and a region has 10 characters.
const LANGUAGE_MAX: usize = 11;

impl Language {
    /// Reads a language tag; `None` where it has not a tag's shape.
    pub fn read(text: &str) -> Option<Self> {
        // What nearly all are.
        if let &[first @ b'a'..=b'z', second @ b'a'..=b'z'] = text.as_bytes() {
            let mut bytes = [0; LANGUAGE_MAX];
            [bytes[0], bytes[1]] = [first, second];
            return Some(Self { bytes, len: 2 });
        }
        let primary = text.split('-').next()?;
        let shaped = (2..=3).contains(&primary.len())
            && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
            && text.split('-').all(|part| (2..=8).contains(&part.len()))
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let mut language = Self { bytes: [0; LANGUAGE_MAX], len: u8::try_from(text.len()).ok()? };
        language.bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        language.bytes.make_ascii_lowercase();
        shaped.then_some(language)
    }

    /// The tag, in lower case.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether who asks for `wanted` wants this: `zh` wants `zh-tw` too.
    pub fn is_a(&self, wanted: &Self) -> bool {
        self == wanted
            || self.as_str().strip_prefix(wanted.as_str()).is_some_and(|end| end.starts_with('-'))
    }

    /// Whether it is a language of ISO 639-1, or one of the others that X tells.
    pub fn is_known(&self) -> bool {
        let primary = self.as_str().split('-').next().unwrap_or_default();
        LANGUAGES.split(' ').any(|known| known == primary)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A country, ISO 3166-1 alpha-2, in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two letters.
    pub fn read(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        let letters = code.iter().all(u8::is_ascii_alphabetic);
        letters.then_some(Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether there is such a country.
    pub fn is_known(&self) -> bool {
        COUNTRIES.split(' ').any(|known| known == self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// ISO 639-1, its three withdrawn codes that X still tells (`in`, `iw`, `ji`), and X's own:
/// `art`, `ckb`, `qam`, `qct`, `qht`, `qme`, `qst`, `und`, `zxx`, with a few of ISO 639-3.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce \
    ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv \
    ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr \
    ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so \
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh \
    yi yo za zh zu in iw ji art ckb fil hmn qam qct qht qme qst und zxx";

/// ISO 3166-1 alpha-2, and `XK`, which X and others use for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI \
    BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY \
    CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN \
    GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH \
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN \
    VU WF WS XK YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags_in_any_case() {
        for (text, expected) in [
            ("en", Some("en")),
            ("zh-TW", Some("zh-tw")),
            ("sr-Latn-RS", Some("sr-latn-rs")),
            ("und", Some("und")),
            ("", None),
            ("e", None),
            ("engl", None),
            ("en-", None),
            ("e\u{301}", None),
            ("12", None),
            ("en-abcdefghi", None),
            ("en-abcdefgh-x", None),
        ] {
            let language = Language::read(text);
            assert_eq!(language.as_ref().map(Language::as_str), expected, "{text}");
        }
    }

    #[test]
    fn a_language_holds_its_regions() {
        let is_a = |one: &str, other: &str| {
            Language::read(one).unwrap().is_a(&Language::read(other).unwrap())
        };
        assert!(is_a("zh-TW", "zh") && is_a("zh", "zh") && is_a("zh-tw", "ZH-TW"));
        assert!(!is_a("zh", "zh-tw") && !is_a("zho", "zh") && !is_a("en", "de"));
    }

    #[test]
    fn every_listed_code_is_read_and_known() {
        for code in COUNTRIES.split(' ') {
            assert_eq!(Country::read(code).map(|country| country.is_known()), Some(true), "{code}");
        }
        for code in LANGUAGES.split(' ') {
            assert_eq!(Language::read(code).map(|it| it.is_known()), Some(true), "{code}");
        }
        assert_eq!(COUNTRIES.split(' ').count(), 250);
        assert!(!Country::read("ZZ").unwrap().is_known());
        assert!(!Language::read("xx").unwrap().is_known());
        assert!(Country::read("DEU").is_none() && Country::read("ü").is_none());
    }
}
