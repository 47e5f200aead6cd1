//! Instants. Owns: the one time type and its texts. Must not know what time it is.
//! Invariant: [`UnixMs::rfc3339`] of a parsed text names the same millisecond, and its text can
//! always be read again: RFC 3339 has four digits for a year, so texts end at [`FIRST`] and
//! [`LAST`].

use chrono::{DateTime, Datelike, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// One second in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One UTC day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// 0000-01-01T00:00:00Z: the first instant that RFC 3339 can write.
pub const FIRST: UnixMs = UnixMs(-62_167_219_200_000);
/// 9999-12-31T23:59:59.999Z: the last one.
pub const LAST: UnixMs = UnixMs(253_402_300_799_999);

/// An instant: milliseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 text in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Reads any RFC 3339 text; a space where `+` stood (an unescaped query) is forgiven. A zone
    /// that leads out of the years 0 to 9999 leads to their end.
    pub fn parse(text: &str) -> Option<Self> {
        let mended;
        let text = match text.rfind(' ') {
            Some(at) if at > 10 => {
                mended = format!("{}+{}", text.get(..at)?, text.get(at + 1..)?);
                &mended
            }
            _ => text,
        };
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_millis()).writable())
    }

    /// The RFC 3339 text in UTC: whole seconds where they suffice, else milliseconds. Of an
    /// instant outside the years 0 to 9999 that of their nearest end.
    pub fn rfc3339(self) -> String {
        let at = self.writable();
        let format =
            if at.0 % SECOND_MS == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        at.utc().to_rfc3339_opts(format, true)
    }

    /// The nearest instant that RFC 3339 can write.
    #[must_use]
    pub fn writable(self) -> Self {
        self.clamp(FIRST, LAST)
    }

    /// This instant, cut to its second.
    #[must_use]
    pub fn floor_second(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(SECOND_MS)))
    }

    /// The UTC day, counted from 1970-01-01: X's window for free repeats.
    pub fn utc_day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// The UTC month as `2026-11`: the span of a monthly cap.
    pub fn utc_month(self) -> String {
        let at = self.utc();
        format!("{:04}-{:02}", at.year(), at.month())
    }

    /// Days left of this UTC month, today included, and its length: for forecasts.
    pub fn month_progress(self) -> (u32, u32) {
        let at = self.utc();
        let next = if at.month() == 12 {
            Utc.with_ymd_and_hms(at.year() + 1, 1, 1, 0, 0, 0)
        } else {
            Utc.with_ymd_and_hms(at.year(), at.month() + 1, 1, 0, 0, 0)
        };
        let days = next.single().map_or(30, |next| (next - chrono::Duration::days(1)).day());
        (days + 1 - at.day(), days)
    }

    /// When the next UTC month begins.
    #[must_use]
    pub fn next_utc_month(self) -> Self {
        Self((self.utc_day() + i64::from(self.month_progress().0)) * DAY_MS)
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// As chrono's type, within the years 0 to 9999.
    pub fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.writable().0).single().unwrap_or_default()
    }
}

impl fmt::Display for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for UnixMs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for UnixMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for UnixMs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "date-time", "description": "RFC 3339, UTC"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(UnixMs::parse(text).map(UnixMs::rfc3339).as_deref(), expected, "{text}");
    }

    #[test]
    fn rfc3339_is_read_in_every_zone_and_precision() {
        check("2021-01-06T18:40:40.123456+00:00", Some("2021-01-06T18:40:40.123Z"));
        check("2021-01-06T18:40:40Z", Some("2021-01-06T18:40:40Z"));
        check("2021-01-06T23:40:40+05:00", Some("2021-01-06T18:40:40Z"));
        check("2021-01-06T18:40:40.5-00:30", Some("2021-01-06T19:10:40.500Z"));
    }

    #[test]
    fn a_plus_lost_in_a_query_is_forgiven() {
        check("2021-01-06T18:40:40.123456 00:00", Some("2021-01-06T18:40:40.123Z"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "2021-01-06", "18:40", "2021-13-06T18:40:40Z", "now", "1609958440"] {
            check(text, None);
        }
    }

    #[test]
    fn the_ends_of_what_can_be_written_are_themselves() {
        check("0000-01-01T00:00:00Z", Some(&FIRST.rfc3339()));
        check("9999-12-31T23:59:59.999Z", Some(&LAST.rfc3339()));
        assert_eq!(UnixMs::parse("0000-01-01T00:00:00Z"), Some(FIRST));
        assert_eq!(UnixMs::parse("9999-12-31T23:59:59.999Z"), Some(LAST));
    }

    #[test]
    fn a_zone_that_leads_out_of_four_digits_leads_to_their_end() {
        check("9999-12-31T23:59:59-01:00", Some("9999-12-31T23:59:59.999Z"));
        check("0000-01-01T00:00:00+01:00", Some("0000-01-01T00:00:00Z"));
    }

    #[test]
    fn a_reset_in_milliseconds_read_as_seconds_can_be_read_again() {
        // A rate limit's header of thirteen digits: the year 58,000. Its text could be written and
        // not be read, so that whatever had it in its state failed for ever.
        let at = UnixMs(1_795_248_000_000_000);
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(text, "\"9999-12-31T23:59:59.999Z\"");
        assert_eq!(serde_json::from_str::<UnixMs>(&text).unwrap(), LAST);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(ms in any::<i64>()) {
            let at = UnixMs(ms);
            let read: UnixMs = serde_json::from_str(&serde_json::to_string(&at).unwrap()).unwrap();
            prop_assert_eq!(read, at.writable());
            let floor = at.floor_second();
            prop_assert_eq!(UnixMs::parse(&floor.rfc3339()), Some(floor.writable()));
            let _ = (at.utc_day(), at.utc_month(), at.month_progress());
        }

        #[test]
        fn within_four_digits_nothing_is_lost(ms in FIRST.0..=LAST.0) {
            prop_assert_eq!(UnixMs::parse(&UnixMs(ms).rfc3339()), Some(UnixMs(ms)));
        }
    }

    #[test]
    fn a_month_knows_how_much_is_left_of_it() {
        let at = |text| UnixMs::parse(text).unwrap().month_progress();
        assert_eq!(at("2026-11-21T00:00:00Z"), (10, 30));
        assert_eq!(at("2024-02-29T23:59:59Z"), (1, 29));
        assert_eq!(at("2026-12-01T00:00:00Z"), (31, 31));
    }
}
