//! Whether the instant in a file's name can be. Owns: the bounds. Must not know: what time it is.
//! Invariant: a file that is dated ahead of the clock never becomes "now" for everything after it.

use super::Name;
use crate::time::{MINUTE_MS, UnixMs};

/// How far ahead of this clock a file may be dated, in milliseconds: the clock of whoever made it
/// may be fast.
pub const AHEAD_MS: i64 = 10 * MINUTE_MS;
/// 2006-01-01T00:00:00Z: X, as Twitter, opened in that year, so no list is older.
pub const EARLIEST: UnixMs = UnixMs(1_136_073_600_000);

/// Why a file's date cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misdated {
    /// Later than the clock allows.
    #[error(
        "`{name}` is dated in the future: its name says {at}, and it is {now} now. If the clock \
         that named it was wrong, give the file the time it was made at"
    )]
    Ahead {
        /// The file.
        name: String,
        /// What its name says.
        at: UnixMs,
        /// The clock.
        now: UnixMs,
    },
    /// Earlier than anything X has.
    #[error(
        "`{name}` is dated {at}, before X began in 2006: give the file the time it was made at"
    )]
    Early {
        /// The file.
        name: String,
        /// What its name says.
        at: UnixMs,
    },
}

/// Judges the date of a file by the clock.
///
/// # Errors
/// [`Misdated`] more than [`AHEAD_MS`] after `now`, or before [`EARLIEST`].
pub fn dated(name: &Name, now: UnixMs) -> Result<(), Misdated> {
    let at = name.at();
    let text = || name.as_str().to_owned();
    if at < EARLIEST {
        Err(Misdated::Early { name: text(), at })
    } else if at.since(now) > AHEAD_MS {
        Err(Misdated::Ahead { name: text(), at, now })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stamp: &str, why: Option<&str>) {
        let now = UnixMs::parse("2026-11-21T08:00:00Z").unwrap();
        for kind in ["FOLLOWERS", "TWEETS"] {
            let name = Name::parse(&format!("{kind}_{stamp}.json.gz")).unwrap();
            match (dated(&name, now), why) {
                (Ok(()), None) => {}
                (Err(error), Some(why)) => assert!(error.to_string().contains(why), "{error}"),
                (outcome, _) => panic!("{stamp}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn what_was_made_by_now_is_taken() {
        for stamp in [
            "2006-01-01T00:00:00Z",
            "2021-01-06T18:40:40.123456+00:00",
            "2026-11-21T08:00:00Z",
            "2026-11-21T08:10:00Z",
            "2026-11-21T13:40:00+05:30",
        ] {
            check(stamp, None);
        }
    }

    #[test]
    fn what_is_dated_ahead_is_not() {
        for stamp in [
            "2026-11-21T08:10:00.001Z",
            "2026-11-21T08:10:01Z",
            "2026-11-21T08:00:00-01:00",
            "2026-11-22T08:00:00Z",
            "2062-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-10:00",
        ] {
            check(stamp, Some("dated in the future"));
        }
    }

    #[test]
    fn what_is_older_than_x_is_not() {
        for stamp in ["2005-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z"] {
            check(stamp, Some("before X began"));
        }
    }
}
