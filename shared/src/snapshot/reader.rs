//! Reading a snapshot user by user. Invariant: users are handed on while the file comes, so
//! nothing may be made of them before [`Reader::finish`] said that the file was whole, and that
//! it need not be read [again](Summary::again).

use super::array::{ENTRIES_MAX, Users};
use super::gunzip::Gunzip;
use crate::id::UserId;

/// Why a file is not a list of users. Nothing read from it may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No bytes.
    #[error("the file is empty; put it into the bucket again")]
    Empty,
    /// No gzip at its beginning.
    #[error("the file is not gzip (byte {at}); compress it with gzip and put it again")]
    NotGzip {
        /// Where in the file.
        at: u64,
    },
    /// It ends within a gzip member.
    #[error("the file is cut: it ends within gzip data (byte {at}); put it again, whole")]
    CutGzip {
        /// Where in the file.
        at: u64,
    },
    /// Deflate data that cannot be.
    #[error("the file is damaged: its gzip data breaks at byte {at}; put it again")]
    BadDeflate {
        /// About where in the file.
        at: u64,
    },
    /// A member's checksum or length does not hold.
    #[error(
        "the file is damaged: the checksum of gzip member {member} does not match; put it again"
    )]
    BadChecksum {
        /// Which member, from 1.
        member: u64,
    },
    /// Something other than gzip or zeros behind the last member.
    #[error(
        "the file has other data behind its gzip data (byte {at}); remove that and put it again"
    )]
    AfterGzip {
        /// Where in the file.
        at: u64,
    },
    /// JSON of another kind, or none.
    #[error("the file's text is not a JSON array (byte {at}); a list of user objects is expected")]
    NotArray {
        /// Where in the text.
        at: u64,
    },
    /// Text of two bytes a character.
    #[error(
        "the file's text is UTF-16 (PowerShell writes that by itself); save it as UTF-8, compress \
         it and put it again"
    )]
    Utf16,
    /// More than [`ENTRIES_MAX`] entries.
    #[error(
        "the file has more than {ENTRIES_MAX} entries, repeated ones included; Roost reads \
         lists of at most so many"
    )]
    TooMany,
    /// Broken JSON.
    #[error("the file's JSON is broken at, or in the value that begins at, byte {at} of its text")]
    BadJson {
        /// Where in the text.
        at: u64,
    },
    /// The text ends within the array.
    #[error("the file's JSON is cut: its text ends at byte {at} before the list does")]
    CutJson {
        /// Where in the text.
        at: u64,
    },
    /// Something behind the array.
    #[error("the file's text goes on behind its list (byte {at}); one JSON array is expected")]
    AfterJson {
        /// Where in the text.
        at: u64,
    },
    /// Over 4 GB of text.
    #[error("the file's text is over 4 GB; no list of followers is: check what it holds")]
    TooLong,
}

/// A user met in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Who.
    pub id: UserId,
    /// The handle; empty if there is none.
    pub username: &'a str,
    /// The JSON object, byte for byte.
    pub raw: &'a str,
}

/// What a whole file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Entries of the list: users and whatever else stands there.
    pub entries: u64,
    /// Users handed on (an id that comes twice counts twice).
    pub users: u64,
    /// Entries left out: no object, no id that can be trusted (see [`crate::x::json_id`]), or over
    /// 64 KB.
    pub unreadable: u64,
    /// Users were left out before an entry behind them proved that their ids can be trusted:
    /// forget what was handed on and read the file again with [`Reader::exact`].
    pub again: bool,
    /// Gzip members.
    pub members: u64,
    /// Bytes of text.
    pub raw_bytes: u64,
}

/// Reads a snapshot as its bytes come. Holds one user object at most (64 KB) and 64 KB besides.
pub struct Reader {
    gunzip: Gunzip,
    users: Users,
    /// What went wrong: it stays wrong.
    damage: Option<Damage>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the beginning of a file.
    pub fn new() -> Self {
        Self { gunzip: Gunzip::new(), users: Users::new(false), damage: None }
    }

    /// A reader at the beginning of a file that is read [again](Summary::again).
    pub fn exact() -> Self {
        Self { gunzip: Gunzip::new(), users: Users::new(true), damage: None }
    }

    /// Takes more of the file, however it is cut into pieces.
    ///
    /// # Errors
    /// [`Damage`], now and in every later call.
    pub fn push(&mut self, bytes: &[u8], on_user: &mut dyn FnMut(Seen<'_>)) -> Result<(), Damage> {
        if let Some(damage) = &self.damage {
            return Err(damage.clone());
        }
        let users = &mut self.users;
        let result = self.gunzip.push(bytes, &mut |text| users.push(text, on_user));
        self.damage = result.clone().err();
        result
    }

    /// The file ends here.
    ///
    /// # Errors
    /// [`Damage`] if it was not one whole list.
    pub fn finish(self, _on_user: &mut dyn FnMut(Seen<'_>)) -> Result<Summary, Damage> {
        if let Some(damage) = self.damage {
            return Err(damage);
        }
        self.gunzip.finish()?;
        self.users.finish()?;
        Ok(Summary {
            entries: self.users.entries,
            users: self.users.known,
            unreadable: self.users.entries - self.users.known,
            again: self.users.exact && self.users.unproven > 0,
            members: self.gunzip.members(),
            raw_bytes: self.users.read(),
        })
    }
}
