//! A JSON array, one value at a time, as bytes come. Invariant: at most one value of at most
//! 64 KB is held; a value is handed on only when it is whole and valid JSON; every value is
//! counted, whether it can be read or not.

use super::reader::{Damage, Seen};
use crate::id::UserId;
use crate::x::user::{Head, USER_MAX_BYTES};

/// The most text of one file, in bytes: 4 GB, about five million users.
const RAW_MAX_BYTES: u64 = 4_000_000_000;

/// The most entries of one file, repeats and those that cannot be read included: what they need in
/// memory is known then, whatever a file claims to hold.
pub const ENTRIES_MAX: u64 = 1_100_000;

/// The UTF-8 byte order mark, which programs of Windows put before a text.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Where in the array the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before `[`.
    Begin,
    /// Behind `[`: a value or `]`.
    First,
    /// Behind `,`: a value.
    Next,
    /// In a value.
    Value(Shape),
    /// Behind a value: `,` or `]`.
    Behind,
    /// Behind `]`.
    Done,
}

/// What tells a value's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An object, array or string: so many brackets are open, a string is, its last byte was `\`.
    Closed { depth: u64, string: bool, escaped: bool },
    /// A number or word: it ends before whatever cannot be part of it.
    Open,
}

/// Splits an array of users.
pub(super) struct Users {
    at: At,
    /// The value's text from earlier pushes.
    held: Vec<u8>,
    /// The value is over the limit: read over, not held.
    oversize: bool,
    /// Where the value begins.
    begin: u64,
    /// Text read.
    read: u64,
    /// Whether an entry proved, or the caller knows, that the writer does not round integers.
    pub(super) exact: bool,
    pub(super) entries: u64,
    pub(super) known: u64,
    /// Entries not handed on, for want of such a proof until then.
    pub(super) unproven: u64,
}

impl Users {
    pub(super) fn new(exact: bool) -> Self {
        Self {
            at: At::Begin,
            held: Vec::new(),
            oversize: false,
            begin: 0,
            read: 0,
            exact,
            entries: 0,
            known: 0,
            unproven: 0,
        }
    }

    /// Bytes of text read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Takes more of the text.
    pub(super) fn push(
        &mut self,
        mut text: &[u8],
        on_user: &mut dyn FnMut(Seen<'_>),
    ) -> Result<(), Damage> {
        while let Some((&byte, rest)) = text.split_first() {
            if let At::Value(shape) = self.at {
                let taken = self.value(shape, text, on_user)?;
                self.read += taken as u64;
                text = text.get(taken..).unwrap_or_default();
                continue;
            }
            if let Some(shape) = self.between(byte)? {
                // The value begins with this very byte.
                if self.entries == ENTRIES_MAX {
                    return Err(Damage::TooMany);
                }
                self.entries += 1;
                self.begin = self.read;
                self.at = At::Value(shape);
                continue;
            }
            self.read += 1;
            text = rest;
        }
        if self.read > RAW_MAX_BYTES { Err(Damage::TooLong) } else { Ok(()) }
    }

    /// The text has ended here.
    pub(super) fn finish(&self) -> Result<(), Damage> {
        match self.at {
            At::Done => Ok(()),
            At::Begin => Err(Damage::NotArray { at: self.read }),
            _ => Err(Damage::CutJson { at: self.read }),
        }
    }

    /// A byte between values; the shape of the value that begins with it, if one does.
    fn between(&mut self, byte: u8) -> Result<Option<Shape>, Damage> {
        let mark = usize::try_from(self.read).ok().and_then(|at| MARK.get(at));
        self.at = match (self.at, byte) {
            (At::Begin, byte) if mark == Some(&byte) => At::Begin,
            (At::Begin, 0xfe | 0xff) if self.read == 0 => return Err(Damage::Utf16),
            // ASCII of two bytes each: a text of UTF-16 without its mark.
            (At::Begin | At::First, 0) if self.read <= 1 => return Err(Damage::Utf16),
            (at, b' ' | b'\n' | b'\r' | b'\t') => at,
            (At::Begin, b'[') => At::First,
            (At::Begin, _) => return Err(Damage::NotArray { at: self.read }),
            (At::First | At::Behind, b']') => At::Done,
            (At::Behind, b',') => At::Next,
            (At::First | At::Next, b'{' | b'[' | b'"') => {
                return Ok(Some(Shape::Closed { depth: 0, string: false, escaped: false }));
            }
            (At::First | At::Next, b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                return Ok(Some(Shape::Open));
            }
            (At::Done, _) => return Err(Damage::AfterJson { at: self.read }),
            _ => return Err(Damage::BadJson { at: self.read }),
        };
        Ok(None)
    }

    /// Takes text of the value under way, up to its end if that is here.
    fn value(
        &mut self,
        mut shape: Shape,
        text: &[u8],
        on_user: &mut dyn FnMut(Seen<'_>),
    ) -> Result<usize, Damage> {
        let end = shape.end(text);
        let part = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        self.oversize |= self.held.len() + part.len() > USER_MAX_BYTES;
        if end.is_none() {
            self.at = At::Value(shape);
            if self.oversize {
                self.held = Vec::new();
            } else {
                self.held.extend_from_slice(part);
            }
            return Ok(part.len());
        }
        self.at = At::Behind;
        if std::mem::take(&mut self.oversize) {
            self.held.clear();
            return Ok(part.len());
        }
        // Most values lie whole in one piece of text: no copy.
        if self.held.is_empty() {
            self.whole(part, on_user)?;
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(part);
            self.whole(&held, on_user)?;
            held.clear();
            self.held = held;
        }
        Ok(part.len())
    }

    /// Hands a whole value on, if it is a user whose id can be trusted.
    fn whole(&mut self, value: &[u8], on_user: &mut dyn FnMut(Seen<'_>)) -> Result<(), Damage> {
        let broken = Damage::BadJson { at: self.begin };
        let raw = std::str::from_utf8(value).map_err(|_| broken.clone())?;
        let head = Head::read(raw).map_err(|_| broken)?;
        self.exact |= head.id.proves;
        if let Some(id) = head.id.by(self.exact) {
            self.known += 1;
            on_user(Seen { id: UserId(id), username: &head.username, raw });
        } else if head.id.told.is_some() {
            self.unproven += 1;
        }
        Ok(())
    }
}

impl Shape {
    /// Where in `text` the value ends, if it does; remembers what it saw.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        let Self::Closed { depth, string, escaped } = self else {
            return text.iter().position(|byte| {
                matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
            });
        };
        for (index, &byte) in text.iter().enumerate() {
            if *string {
                match byte {
                    _ if *escaped => *escaped = false,
                    b'\\' => *escaped = true,
                    b'"' => *string = false,
                    _ => continue,
                }
            } else {
                match byte {
                    b'"' => *string = true,
                    b'{' | b'[' => *depth += 1,
                    b'}' | b']' => *depth = depth.saturating_sub(1),
                    _ => continue,
                }
            }
            if *depth == 0 && !*string {
                return Some(index + 1);
            }
        }
        None
    }
}
