//! Gzip, member by member, as bytes come. Invariant: a member counts only when its checksum and
//! length held; what follows the last member is zeros or an error.

use super::reader::Damage;
use crate::packed;
use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

const OUT_BYTES: usize = 32 * 1024;
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FIXED_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
const HAS_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// Which part of a member comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The ten bytes every member begins with; so many are here.
    Fixed(usize),
    /// The low byte of the extra field's length, then its high byte.
    ExtraLow,
    ExtraHigh(u8),
    /// So many bytes that mean nothing here.
    Skip(usize),
    /// A name or comment, up to its zero byte.
    Text,
    /// Deflate data.
    Body,
    /// Checksum and length; so many bytes are here.
    Trailer(usize),
    /// Zeros behind the last member.
    Padding,
}

/// A push decoder of gzip.
pub(super) struct Gunzip {
    part: Part,
    /// Header flags not yet dealt with.
    flags: u8,
    trailer: [u8; TRAILER_BYTES],
    inflate: Decompress,
    crc: Hasher,
    /// Length of this member's text, modulo 2^32.
    length: u32,
    members: u64,
    /// Compressed bytes read.
    at: u64,
    out: Vec<u8>,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            part: Part::Fixed(0),
            flags: 0,
            trailer: [0; TRAILER_BYTES],
            inflate: Decompress::new(false),
            crc: Hasher::new(),
            length: 0,
            members: 0,
            at: 0,
            out: vec![0; OUT_BYTES],
        }
    }

    /// Members read to their end.
    pub(super) fn members(&self) -> u64 {
        self.members
    }

    /// Decodes `bytes`, giving the text to `sink` as it comes.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Damage>,
    ) -> Result<(), Damage> {
        while !bytes.is_empty() {
            if self.part == Part::Body {
                let read = self.body(bytes, sink)?;
                self.at += read as u64;
                bytes = bytes.get(read..).unwrap_or_default();
            } else if let Some((&byte, rest)) = bytes.split_first() {
                self.part = self.step(byte)?;
                self.at += 1;
                bytes = rest;
            }
        }
        Ok(())
    }

    /// The file has ended here.
    pub(super) fn finish(&self) -> Result<(), Damage> {
        match self.part {
            _ if self.at == 0 => Err(Damage::Empty),
            Part::Fixed(0) | Part::Padding => Ok(()),
            _ => Err(Damage::CutGzip { at: self.at }),
        }
    }

    /// One byte of header, trailer or padding.
    fn step(&mut self, byte: u8) -> Result<Part, Damage> {
        Ok(match self.part {
            Part::Fixed(0) if byte == 0 && self.members > 0 => Part::Padding,
            Part::Fixed(have) => {
                self.fixed(have, byte)?;
                if have + 1 < FIXED_BYTES { Part::Fixed(have + 1) } else { self.optional() }
            }
            Part::ExtraLow => Part::ExtraHigh(byte),
            Part::ExtraHigh(low) => match usize::from(u16::from_le_bytes([low, byte])) {
                0 => self.optional(),
                length => Part::Skip(length),
            },
            Part::Skip(left) if left > 1 => Part::Skip(left - 1),
            Part::Text if byte != 0 => Part::Text,
            Part::Skip(_) | Part::Text => self.optional(),
            Part::Trailer(have) => {
                if let Some(place) = self.trailer.get_mut(have) {
                    *place = byte;
                }
                if have + 1 < TRAILER_BYTES { Part::Trailer(have + 1) } else { self.close()? }
            }
            Part::Padding if byte == 0 => Part::Padding,
            Part::Padding | Part::Body => return Err(Damage::AfterGzip { at: self.at }),
        })
    }

    /// Byte `index` of the ten every member begins with.
    fn fixed(&mut self, index: usize, byte: u8) -> Result<(), Damage> {
        let fits = match index {
            0..3 => MAGIC.get(index) == Some(&byte),
            3 => byte & RESERVED == 0,
            _ => true,
        };
        if index == 3 {
            self.flags = byte;
        }
        match fits {
            true => Ok(()),
            false if self.members == 0 => Err(Damage::NotGzip { at: self.at }),
            false => Err(Damage::AfterGzip { at: self.at }),
        }
    }

    /// The next optional part of the header, else the body.
    fn optional(&mut self) -> Part {
        let parts = [
            (HAS_EXTRA, Part::ExtraLow),
            (HAS_NAME, Part::Text),
            (HAS_COMMENT, Part::Text),
            (HAS_CRC, Part::Skip(2)),
        ];
        for (flag, part) in parts {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                return part;
            }
        }
        self.inflate.reset(false);
        self.crc = Hasher::new();
        self.length = 0;
        Part::Body
    }

    /// Inflates what it can and tells how many bytes that took.
    fn body(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Damage>,
    ) -> Result<usize, Damage> {
        let mut read = 0;
        loop {
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let input = bytes.get(read..).unwrap_or_default();
            let damaged = Damage::BadDeflate { at: self.at + read as u64 };
            let status = self
                .inflate
                .decompress(input, &mut self.out, FlushDecompress::None)
                .map_err(|_| damaged.clone())?;
            let taken = packed::steps(in_before, self.inflate.total_in());
            let made = packed::steps(out_before, self.inflate.total_out());
            read += taken;
            let text = self.out.get(..made).unwrap_or_default();
            self.crc.update(text);
            self.length = self.length.wrapping_add(u32::try_from(made).unwrap_or(u32::MAX));
            sink(text)?;
            if status == Status::StreamEnd {
                self.part = Part::Trailer(0);
                return Ok(read);
            }
            if taken == 0 && made == 0 && read < bytes.len() {
                return Err(damaged);
            }
            // A full buffer may mean that more text is ready without further input.
            if read == bytes.len() && made < self.out.len() {
                return Ok(read);
            }
        }
    }

    /// A member's end: both of its sums must hold.
    fn close(&mut self) -> Result<Part, Damage> {
        let mut expected = [0; TRAILER_BYTES];
        let (crc, length) = expected.split_at_mut(4);
        crc.copy_from_slice(&self.crc.clone().finalize().to_le_bytes());
        length.copy_from_slice(&self.length.to_le_bytes());
        if expected != self.trailer {
            return Err(Damage::BadChecksum { member: self.members + 1 });
        }
        self.members += 1;
        Ok(Part::Fixed(0))
    }
}
