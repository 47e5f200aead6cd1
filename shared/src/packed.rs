//! What every packed format shares: a magic of four bytes whose last one is the version, LEB128
//! numbers, a CRC-32 at the end. Owns: those and [`Damaged`]. Must not know: any one format.
//! Invariant: bytes whose checksum does not hold are never looked into.

const CRC_BYTES: usize = 4;
const MAGIC_BYTES: usize = 4;

/// Why packed bytes cannot be read: cut, altered, of another kind or another version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored {format} is damaged: {what}. Its snapshot still holds the data: \
     replay this account to write it anew"
)]
pub struct Damaged {
    /// Which format was expected: `roster`, `handles`, `profile pack`.
    pub format: &'static str,
    /// What does not hold, and where.
    pub what: String,
}

/// Writes an unsigned LEB128 number, shortest form.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// How far one of deflate's 64-bit counters went in a step, which slices in memory bound.
pub(crate) fn steps(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

/// Ends a packed value: puts the checksum of everything so far behind it.
pub(crate) fn seal(mut out: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Reads a packed value from its front to its end.
#[derive(Clone, Debug)]
pub(crate) struct Input<'a> {
    format: &'static str,
    whole: usize,
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Checks the magic and the checksum, and stands behind the magic.
    pub(crate) fn open(
        format: &'static str,
        magic: [u8; MAGIC_BYTES],
        bytes: &'a [u8],
    ) -> Result<Self, Damaged> {
        let input = Self { format, whole: bytes.len(), rest: bytes };
        let (body, crc) = bytes
            .split_last_chunk::<CRC_BYTES>()
            .filter(|(body, _)| body.len() >= MAGIC_BYTES)
            .ok_or_else(|| input.damaged(format!("{} bytes are too few", bytes.len())))?;
        let (found, rest) = body.split_at_checked(MAGIC_BYTES).unwrap_or((body, &[]));
        if found.get(..3) != magic.get(..3) {
            return Err(input.damaged("its first bytes name another format".into()));
        }
        if found != magic {
            return Err(input.damaged("another version of Roost wrote it".into()));
        }
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err(input.damaged("its checksum does not match".into()));
        }
        Ok(Self { rest, ..input })
    }

    /// Reads bytes that stand for themselves, without magic and checksum.
    pub(crate) fn plain(format: &'static str, bytes: &'a [u8]) -> Self {
        Self { format, whole: bytes.len(), rest: bytes }
    }

    /// The error for this value.
    pub(crate) fn damaged(&self, what: String) -> Damaged {
        Damaged { format: self.format, what }
    }

    /// The error for a value that ends too early.
    fn cut(&self) -> Damaged {
        self.damaged(format!("its {} bytes end too early", self.whole))
    }

    /// Everything not yet read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next number.
    pub(crate) fn varint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or_else(|| self.cut())?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if (shift == 63 && bits > 1) || (shift > 0 && byte == 0) {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.damaged("it holds a malformed number".into()))
    }

    /// The next number, as a count of items that take at least one byte each.
    pub(crate) fn count(&mut self) -> Result<usize, Damaged> {
        let count = self.varint()?;
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= self.rest.len())
            .ok_or_else(|| self.damaged(format!("it claims {count} items in too few bytes")))
    }

    /// The next so many bytes.
    pub(crate) fn take(&mut self, len: u64) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len))
            .ok_or_else(|| self.cut())?;
        self.rest = rest;
        Ok(taken)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Damaged> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self.damaged(format!("{left} bytes follow its end"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<u64>) {
        assert_eq!(Input::plain("number", bytes).varint().ok(), expected, "{bytes:?}");
    }

    #[test]
    fn numbers_of_every_length_come_back() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1_u64 << shift) - 1, u64::MAX >> shift] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                check(&out, Some(value));
            }
        }
    }

    #[test]
    fn cut_long_and_padded_numbers_are_refused() {
        check(&[], None);
        check(&[0x80], None);
        check(&[0x80, 0x00], None);
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], None);
        check(&[0xff; 11], None);
    }

    #[test]
    fn other_kinds_versions_and_ends_are_told_apart() {
        let text = |bytes: &[u8]| Input::open("roster", *b"RST1", bytes).unwrap_err().what;
        assert_eq!(text(b""), "0 bytes are too few");
        assert_eq!(text(&seal(b"HDL1\0".to_vec())), "its first bytes name another format");
        assert_eq!(text(&seal(b"RST2\0".to_vec())), "another version of Roost wrote it");
        assert_eq!(text(b"RST1\0\0\0\0\0"), "its checksum does not match");
    }
}
