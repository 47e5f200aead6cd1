//! Who writes: invented people with a home town, a language, a name and a handle.
//!
//! Knows the cities and the names. Invariant: an author's id and handle depend on the number
//! and the seed alone, and no two authors, and no follower, share one: handles of authors
//! have an underscore, those of followers have none.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "authors are numbered below 2^18 and times stay below 2^53"
)]

use super::cities::{self, City};
use super::languages::{self, Language};
use crate::bios;
use crate::calendar::{DAY_S, SECOND_MS, days_from_civil, format_ms};
use crate::hash::{below, hash, permute, unit};
use crate::names;
use crate::profile::{self, DEFAULT_PICTURE, Dialect, Fields, Object};

/// Authors per city; a few of them write most.
const PER_CITY: u32 = 512;
/// Bits of an author's number: 512 for each of up to 512 cities.
const CODE_BITS: u32 = 18;
/// Ids from before snowflakes; followers' end below.
const SMALL_ID_FIRST: u64 = 300_000_000;
/// X's snowflake epoch in milliseconds since 1970.
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;

const SALT_AGE: u64 = 112;
const SALT_LANGUAGE: u64 = 113;
const SALT_VERIFIED: u64 = 114;
/// Keeps authors' names and numbers apart from followers'.
const KEY_FIRST: u64 = 1 << 40;

/// An author, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Author(u32);

impl Author {
    /// The author of two hashes: a city by its people, and somebody there.
    pub(crate) fn draw(city: u64, person: u64) -> Self {
        let city = cities::draw(city).map_or(0, |city| city.index);
        let person = unit(person);
        Self(city * PER_CITY + (person * person * f64::from(PER_CITY)) as u32)
    }

    fn key(self) -> u64 {
        KEY_FIRST + u64::from(self.0)
    }

    pub(crate) fn city(self) -> Option<&'static City> {
        cities::by_index(self.0 / PER_CITY)
    }

    /// What the author writes in: the country's language, or English for one in eight.
    pub(crate) fn language(self, seed: u64) -> &'static Language {
        let english = languages::english();
        if hash(seed, self.key(), SALT_LANGUAGE).is_multiple_of(8) {
            return english;
        }
        let language = self.city().and_then(|city| languages::find(city.country.language));
        language.unwrap_or(english)
    }

    /// When the account was made: in 2009 to 2017, before any world starts.
    pub(crate) fn created_s(self, seed: u64) -> i64 {
        let first_s = days_from_civil(2009, 1, 1) * DAY_S;
        let young_s = days_from_civil(2016, 1, 1) * DAY_S;
        let last_s = days_from_civil(2018, 1, 1) * DAY_S;
        let draw = hash(seed, self.key(), SALT_AGE);
        let span = if self.is_old(seed) { first_s..young_s } else { young_s..last_s };
        span.start + below(draw.rotate_left(17), (span.end - span.start) as u64) as i64
    }

    /// Accounts from before 2016 have small ids.
    fn is_old(self, seed: u64) -> bool {
        !hash(seed, self.key(), SALT_AGE).is_multiple_of(3)
    }

    pub(crate) fn id(self, seed: u64) -> u64 {
        let code = permute(u64::from(self.0), CODE_BITS);
        if self.is_old(seed) {
            return SMALL_ID_FIRST + code * 37;
        }
        let created_ms = self.created_s(seed) * SECOND_MS - SNOWFLAKE_EPOCH_MS;
        (created_ms as u64) << 22 | code
    }

    pub(crate) fn username(self, seed: u64) -> String {
        let word = names::word_of(seed, self.key(), self.language(seed).script);
        let mut code = permute(u64::from(self.0), CODE_BITS);
        let mut digits = [b'0'; 4];
        for digit in digits.iter_mut().rev() {
            *digit = char::from_digit((code % 36) as u32, 36).map_or(b'0', |c| c as u8);
            code /= 36;
        }
        format!("{word}_{}", String::from_utf8_lossy(&digits))
    }

    pub(crate) fn name(self, seed: u64) -> String {
        names::person_of(seed, self.key(), self.language(seed).script).name
    }

    pub(crate) fn is_verified(self, seed: u64) -> bool {
        hash(seed, self.key(), SALT_VERIFIED).is_multiple_of(12)
    }

    pub(crate) fn description(self, seed: u64) -> &'static str {
        bios::description(seed, self.key(), self.language(seed).script)
    }

    /// As people fill it in: the city and the country.
    pub(crate) fn location(self) -> String {
        self.city().map_or_else(String::new, |city| format!("{}, {}", city.name, city.country.name))
    }

    pub(crate) fn counts(self, seed: u64, at_s: i64) -> profile::Counts {
        profile::counts(seed, self.key(), self.created_s(seed), at_s)
    }

    /// Writes the author as an entry of `includes.users`.
    pub(crate) fn write(
        self,
        out: &mut Vec<u8>,
        seed: u64,
        at_s: i64,
        fields: Fields,
        dialect: Dialect,
    ) {
        let mut user = Object::open(out);
        user.text("id", &self.id(seed).to_string());
        user.text("name", &self.name(seed));
        user.text("username", &self.username(seed));
        if fields.has("created_at") {
            user.text("created_at", &format_ms(self.created_s(seed) * SECOND_MS));
        }
        if fields.has("description") {
            user.text("description", self.description(seed));
        }
        if fields.has("location") {
            user.text("location", &self.location());
        }
        if fields.has("profile_image_url") {
            user.text("profile_image_url", DEFAULT_PICTURE);
        }
        if fields.has("protected") {
            user.raw("protected", false);
        }
        if fields.has("url") {
            user.text("url", "");
        }
        if fields.has("verified") {
            user.raw("verified", self.is_verified(seed));
        }
        if fields.has("verified_type") {
            user.text("verified_type", if self.is_verified(seed) { "blue" } else { "none" });
        }
        if fields.has("public_metrics") {
            profile::write_counts(&mut user, dialect, self.counts(seed, at_s));
        }
        user.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_handles_are_unique_and_fit_x() {
        let (mut ids, mut handles) = (HashSet::new(), HashSet::new());
        let authors = cities::all().len() as u32 * PER_CITY;
        assert!(authors < 1 << CODE_BITS);
        for author in (0..authors).map(Author) {
            let handle = author.username(1);
            assert!(handle.len() <= 15 && handle.contains('_'), "{handle}");
            assert!(ids.insert(author.id(1)), "{handle}");
            assert!(handles.insert(handle));
        }
    }

    #[test]
    fn languages_follow_the_country() {
        let mut japanese = 0;
        let tokyo = (0..PER_CITY).map(Author);
        for author in tokyo {
            assert_eq!(author.city().map(|c| c.name), Some("Tokyo"));
            assert!(["ja", "en"].contains(&author.language(1).code));
            japanese += u32::from(author.language(1).code == "ja");
        }
        assert!((400..500).contains(&japanese), "{japanese}");
    }

    #[test]
    fn accounts_are_older_than_any_world() {
        for author in (0..2_000).map(Author) {
            let created_s = author.created_s(7);
            assert!(created_s < days_from_civil(2018, 1, 1) * DAY_S);
            let snowflake = author.id(7) > 1 << 32;
            assert_eq!(snowflake, created_s >= days_from_civil(2016, 1, 1) * DAY_S);
        }
    }
}
