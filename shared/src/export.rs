//! Exports: gzip that is the same for the same data, the seed's JSON files piece by piece, tables
//! ([`csv`]) and what files are called ([`name`]). Owns: their bytes. Must not know: where rows
//! come from. Invariant: equal data is equal bytes, however it is cut into pieces.

pub mod csv;
pub mod name;

use crate::id::UserId;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Gzip's middle: beyond it user objects hardly shrink.
const LEVEL: u32 = 6;
/// "Unknown", so that every machine writes the same header.
const OS_UNKNOWN: u8 = 255;
/// What the compressor is fed at a time: always as much, so that pieces leave no trace.
const BLOCK_BYTES: usize = 32 * 1024;

/// Gzip with a fixed header, whose compressed bytes can be taken as they come.
pub struct Gz {
    encoder: GzEncoder<Vec<u8>>,
    block: Vec<u8>,
}

impl Default for Gz {
    fn default() -> Self {
        Self::new()
    }
}

impl Gz {
    /// An empty file.
    pub fn new() -> Self {
        let header = GzBuilder::new().mtime(0).operating_system(OS_UNKNOWN);
        let encoder = header.write(Vec::new(), Compression::new(LEVEL));
        Self { encoder, block: Vec::new() }
    }

    /// Appends to the file.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while self.block.len() + bytes.len() >= BLOCK_BYTES {
            let (now, rest) = bytes.split_at(BLOCK_BYTES - self.block.len());
            self.block.extend_from_slice(now);
            self.feed();
            bytes = rest;
        }
        self.block.extend_from_slice(bytes);
    }

    /// The compressed bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.encoder.get_mut())
    }

    /// Ends the file: the bytes not yet taken.
    pub fn finish(mut self) -> Vec<u8> {
        self.feed();
        self.encoder.finish().unwrap_or_default()
    }

    fn feed(&mut self) {
        // Writing into memory cannot fail.
        let _ = self.encoder.write_all(&self.block);
        self.block.clear();
    }
}

/// Writes `{"<stamp>":["<id>",…],…}` piece by piece: the seed's `NEW_FOLLOWERS` and
/// `LOST_FOLLOWERS`. Call [`Self::begin`], [`Self::id`]…, [`Self::end`] for each stamp.
#[derive(Debug, Default)]
pub struct StampedIds {
    out: Vec<u8>,
    begun: bool,
    /// The list under way has an id.
    filled: bool,
    done: bool,
}

impl StampedIds {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a stamp's list.
    pub fn begin(&mut self, stamp: &str) {
        self.out.extend_from_slice(if self.begun { b",\n" } else { b"{" });
        put_text(&mut self.out, stamp);
        self.out.extend_from_slice(b":[");
        (self.begun, self.filled) = (true, false);
    }

    /// Adds an id to the list under way.
    pub fn id(&mut self, id: UserId) {
        if self.filled {
            self.out.push(b',');
        }
        put_text(&mut self.out, &id.to_string());
        self.filled = true;
    }

    /// Ends the list under way.
    pub fn end(&mut self) {
        self.out.push(b']');
    }

    /// The bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Ends the file: the bytes not yet taken; `None` once that was done.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        self.out.extend_from_slice(if self.begun { b"}\n" } else { b"{}\n" });
        Some(self.take())
    }
}

/// Writes `{"<id>":<raw object>,…}` piece by piece: the seed's `USER_INFO`. Users come by id.
#[derive(Debug, Default)]
pub struct UserInfo {
    out: Vec<u8>,
    begun: bool,
}

impl UserInfo {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one user with its raw JSON object.
    pub fn user(&mut self, id: UserId, raw: &str) {
        self.out.extend_from_slice(if self.begun { b",\n" } else { b"{" });
        put_text(&mut self.out, &id.to_string());
        self.out.push(b':');
        self.out.extend_from_slice(raw.as_bytes());
        self.begun = true;
    }

    /// The bytes that are ready, each once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Ends the file: the bytes not yet taken.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(if self.begun { b"}\n" } else { b"{}\n" });
        self.out
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Writing a text into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// One row as a line of NDJSON: the wire type, with its line feed.
pub fn ndjson<T: serde::Serialize>(row: &T) -> String {
    // The wire types have no map with keys other than texts: this cannot fail.
    serde_json::to_string(row).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
