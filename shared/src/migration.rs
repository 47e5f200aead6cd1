//! From one form of stored data to the next. Owns: what a migration is, which of them a database
//! needs, and what is said when it cannot be brought up to date. Must not know: any table, or how
//! statements run. Invariant: data of a newer Roost, or of a form that is not known, is never
//! touched: its object stops and says so.
//!
//! A migration that was released is never edited: databases that ran it do not run it again.
//! Whatever changes a table is a migration of its own, at the end of its object's list.

/// One step of a migration: SQL that SQLite runs in the migration's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A statement, as it is.
    Run(&'static str),
    /// A column that is added where the table lacks it.
    Column {
        /// The table.
        table: &'static str,
        /// The column's name.
        name: &'static str,
        /// Its type and, where rows exist that must have a value, its default.
        definition: &'static str,
    },
}

/// What brings a database from the version before to version `to`, in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version that a database has afterwards; the first is 1.
    pub to: i64,
    /// In order.
    pub steps: &'static [Step],
}

/// Whether migrations are numbered 1, 2, 3 and so on. For a `const` assertion beside each list.
#[must_use]
pub const fn are_numbered(mut migrations: &[Migration]) -> bool {
    let mut next = 1;
    while let [first, rest @ ..] = migrations {
        if first.to != next {
            return false;
        }
        next += 1;
        migrations = rest;
    }
    next > 1
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has no version: it is new, or older than versions are. Version 1 is written so that it
    /// leaves the tables of such a database as they are, and makes those of a new one.
    Unmarked,
    /// The versions in its table of versions: one, unless something else wrote there.
    Marked(Vec<i64>),
}

/// Why an object stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A newer Roost wrote it.
    Newer {
        /// The version found.
        found: i64,
        /// The newest version that this Roost knows.
        known: i64,
    },
    /// Its table of versions does not hold exactly one version.
    Unclear {
        /// What it holds.
        found: Vec<i64>,
    },
    /// A migration failed, and was taken back.
    Failed {
        /// The version found; 0 for a database without one.
        found: i64,
        /// The version that was not reached.
        to: i64,
        /// What SQLite said.
        why: String,
    },
    /// Nothing of the database could be read.
    Unreadable {
        /// What SQLite said.
        why: String,
    },
}

impl Stop {
    /// What was wrong, where, and what to do, for whoever calls `object`.
    #[must_use]
    pub fn detail(&self, object: &str) -> String {
        let wrong = match self {
            Self::Newer { found, known } => format!(
                "Its data has version {found}, written by a newer Roost; this Roost knows versions \
                 up to {known}. Deploy the newer Roost again"
            ),
            Self::Unclear { found } => format!(
                "Its table roost_version should hold one version from 1 and holds {found:?}. \
                 Restore the object to a time before that (point-in-time recovery), then deploy \
                 the same Roost again"
            ),
            Self::Failed { found, to, why } => format!(
                "Its data has version {found} and could not be brought to version {to}: {why}. \
                 Deploy the Roost that ran before, then report this message"
            ),
            Self::Unreadable { why } => format!(
                "The version of its data could not be read: {why}. It is tried again when the \
                 object is next loaded; if this stays, report this message"
            ),
        };
        format!("The {object} object has stopped. {wrong}. Nothing of its data was changed.")
    }
}

/// Which migrations a database needs, in order.
///
/// # Errors
/// The database must not be touched.
pub fn plan<'a>(found: &Found, all: &'a [Migration]) -> Result<&'a [Migration], Stop> {
    let known = all.last().map_or(0, |last| last.to);
    let version = match found {
        Found::Unmarked => return Ok(all),
        Found::Marked(versions) => match versions.as_slice() {
            [version] if *version >= 1 => *version,
            _ => return Err(Stop::Unclear { found: versions.clone() }),
        },
    };
    if version > known {
        return Err(Stop::Newer { found: version, known });
    }
    let done = all.iter().take_while(|migration| migration.to <= version).count();
    Ok(all.get(done..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn to(to: i64) -> Migration {
        Migration { to, steps: &[] }
    }

    const THREE: [Migration; 3] = [to(1), to(2), to(3)];

    fn check(found: &Found, expected: Result<&[i64], Stop>) {
        let planned = plan(found, &THREE);
        let planned = planned.map(|list| list.iter().map(|one| one.to).collect::<Vec<_>>());
        assert_eq!(planned, expected.map(<[i64]>::to_vec), "{found:?}");
    }

    #[test]
    fn a_database_gets_what_it_lacks() {
        check(&Found::Unmarked, Ok(&[1, 2, 3]));
        check(&Found::Marked(vec![1]), Ok(&[2, 3]));
        check(&Found::Marked(vec![2]), Ok(&[3]));
        check(&Found::Marked(vec![3]), Ok(&[]));
    }

    #[test]
    fn data_of_a_newer_roost_is_left_alone() {
        check(&Found::Marked(vec![4]), Err(Stop::Newer { found: 4, known: 3 }));
        check(&Found::Marked(vec![i64::MAX]), Err(Stop::Newer { found: i64::MAX, known: 3 }));
    }

    #[test]
    fn a_version_that_says_nothing_is_left_alone() {
        for found in [vec![], vec![0], vec![-1], vec![1, 1], vec![2, 3], vec![i64::MIN]] {
            check(&Found::Marked(found.clone()), Err(Stop::Unclear { found }));
        }
    }

    #[test]
    fn lists_are_numbered_from_one_without_holes() {
        assert!(are_numbered(&THREE));
        for wrong in [&[][..], &[to(0)], &[to(2)], &[to(1), to(3)], &[to(1), to(1)]] {
            assert!(!are_numbered(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_stop_names_object_versions_and_remedy() {
        let failed = Stop::Failed { found: 2, to: 3, why: "no such table: x".to_owned() };
        for (stop, words) in [
            (Stop::Newer { found: 7, known: 3 }, ["version 7", "up to 3", "newer Roost again"]),
            (Stop::Unclear { found: vec![1, 2] }, ["[1, 2]", "one version", "Restore"]),
            (failed, ["version 2", "to version 3: no such table: x", "that ran before"]),
            (Stop::Unreadable { why: "disk".to_owned() }, ["disk", "tried again", "report"]),
        ] {
            let detail = stop.detail("Account");
            assert!(detail.contains("The Account object"), "{detail}");
            assert!(detail.contains("Nothing of its data was changed"), "{detail}");
            for word in words {
                assert!(detail.contains(word), "{word}: {detail}");
            }
        }
    }
}
