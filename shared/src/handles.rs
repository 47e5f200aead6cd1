//! The handles (usernames) of a roster's ids, in roster order. Owns: their byte format, and the
//! gathering of ids and handles that come in any order. Must not know: what a rename means.
//! Invariant: there is one handle (possibly empty: not known) per id, at the id's position.
//!
//! # Format
//! `HDL1`, the count, then each handle as its length in bytes (unsigned LEB128) and its UTF-8,
//! then the CRC-32 of all that as 4 little-endian bytes. In memory it is these very bytes:
//! about 13 MB for a million, with no table of offsets, so that it is read forwards.

use crate::id::UserId;
use crate::packed::{self, Damaged, Input};
use crate::roster::Roster;

const MAGIC: [u8; 4] = *b"HDL1";
const FORMAT: &str = "list of handles";

/// The handles of a roster's ids, in roster order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handles {
    bytes: Vec<u8>,
    /// Where the first handle begins.
    begin: usize,
    len: usize,
}

impl Handles {
    /// The packed bytes, copied. See [`Self::as_bytes`] for the same without a copy.
    pub fn encode(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The packed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The packed bytes, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Reads packed bytes back, and keeps them.
    ///
    /// # Errors
    /// [`Damaged`] for anything [`Self::encode`] cannot have written.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, Damaged> {
        let mut input = Input::open(FORMAT, MAGIC, &bytes)?;
        let len = input.count()?;
        // The checksum stands between the last handle and the end of the bytes.
        let begin = bytes.len() - 4 - input.rest().len();
        for index in 0..len {
            let length = input.varint()?;
            if std::str::from_utf8(input.take(length)?).is_err() {
                return Err(input.damaged(format!("handle {index} is not UTF-8")));
            }
        }
        input.end()?;
        Ok(Self { bytes, begin, len })
    }

    /// How many there are: as many as the roster has ids.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A reader standing before the first one.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { handles: self, rest: self.front(), next: 0, last: None }
    }

    fn front(&self) -> Input<'_> {
        Input::plain(FORMAT, self.bytes.get(self.begin..).unwrap_or_default())
    }
}

/// Reads handles by index. Going forwards costs what lies between; going back starts over.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    handles: &'a Handles,
    rest: Input<'a>,
    /// Index of the handle that `rest` begins with.
    next: usize,
    /// The handle at `next - 1`.
    last: Option<&'a str>,
}

impl<'a> Cursor<'a> {
    /// The handle at `index`; `None` beyond the end. Empty if it is not known.
    pub fn at(&mut self, index: usize) -> Option<&'a str> {
        if index >= self.handles.len {
            return None;
        }
        if index + 1 < self.next {
            *self = self.handles.cursor();
        }
        while self.next <= index {
            let length = self.rest.varint().ok()?;
            let bytes = self.rest.take(length).ok()?;
            self.last = (self.next == index).then(|| std::str::from_utf8(bytes).ok()).flatten();
            self.next += 1;
        }
        self.last
    }
}

/// Where one pushed handle lies: 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    id: u64,
    at: u32,
    len: u32,
}

/// Gathers ids with their handles in any order: 16 bytes and the handle's own per follower.
#[derive(Clone, Debug, Default)]
pub struct IndexBuilder {
    slots: Vec<Slot>,
    text: Texts,
}

/// Texts one after the other in chunks: one long string would move, and be there twice, whenever
/// it outgrows its room. Of a chunk's end a few bytes may stay empty.
#[derive(Clone, Debug, Default)]
struct Texts(Vec<String>);

/// Bytes of a chunk; a longer handle is none of X's.
const CHUNK: usize = 64 * 1024;

impl Texts {
    /// Adds a text; where it begins, or `None` if it is longer than a chunk or there are 4 GiB.
    fn push(&mut self, text: &str) -> Option<u32> {
        if self.0.last().is_none_or(|last| last.len() + text.len() > CHUNK) {
            self.0.push(String::with_capacity(CHUNK));
        }
        let at = self.end()?;
        self.0.last_mut().filter(|last| last.len() + text.len() <= CHUNK)?.push_str(text);
        Some(at)
    }

    /// Where the last text ends; `None` of 4 GiB, and where there are no chunks.
    fn end(&self) -> Option<u32> {
        let before = self.0.len().checked_sub(1)?;
        u32::try_from(before.checked_mul(CHUNK)?.checked_add(self.0.last()?.len())?).ok()
    }

    fn get(&self, at: u32, len: u32) -> Option<&str> {
        let (at, len) = (at as usize, len as usize);
        let start = at % CHUNK;
        self.0.get(at / CHUNK)?.get(start..start.checked_add(len)?)
    }

    fn len(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }
}

impl IndexBuilder {
    /// A builder with room for `n` followers; more only cost the moving of what is there.
    pub fn with_capacity(n: usize) -> Self {
        Self { slots: Vec::with_capacity(n), text: Texts::default() }
    }

    /// Adds one follower; an empty handle means that it is not known. A handle of more than
    /// 64 KiB, or one that no longer fits into 4 GiB of them, is left out as not known.
    pub fn push(&mut self, id: UserId, handle: &str) {
        let place = self.text.push(handle).zip(u32::try_from(handle.len()).ok());
        // What does not fit has its place in the order pushed all the same.
        let (at, len) = place.unwrap_or_else(|| (self.text.end().unwrap_or(u32::MAX), 0));
        self.slots.push(Slot { id: id.0, at, len });
    }

    /// How many were pushed, repeats included.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none was pushed.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The roster with its handles; of an id that came again the last is kept, as of profiles
    /// ([`crate::profile`]): the later entry is the newer sight.
    pub fn finish(self) -> Index {
        let Self { mut slots, text } = self;
        let pushed = slots.len();
        // Texts lie in the order pushed; of several at one place all but the last are empty.
        slots.sort_unstable_by_key(|slot| (slot.id, slot.at, slot.len));
        slots.dedup_by(|later, kept| {
            let same = later.id == kept.id;
            if same {
                *kept = *later;
            }
            same
        });
        let mut bytes = Vec::with_capacity(text.len() + slots.len() + 16);
        bytes.extend_from_slice(&MAGIC);
        packed::put_varint(&mut bytes, slots.len() as u64);
        let begin = bytes.len();
        for slot in &slots {
            let handle = text.get(slot.at, slot.len).unwrap_or_default();
            packed::put_varint(&mut bytes, handle.len() as u64);
            bytes.extend_from_slice(handle.as_bytes());
        }
        drop(text);
        let handles = Handles { bytes: packed::seal(bytes), begin, len: slots.len() };
        let repeats = (pushed - slots.len()) as u64;
        // Collecting the slots themselves would keep their room, twice what the ids need.
        let mut ids = Vec::with_capacity(slots.len());
        ids.extend(slots.iter().map(|slot| slot.id));
        drop(slots);
        let roster = Roster::new(ids);
        Index { roster, handles, repeats }
    }
}

/// A roster with the handle of each of its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The ids.
    pub roster: Roster,
    /// Their handles, in the same order.
    pub handles: Handles,
    /// How often an id came again; the last one's handle is kept.
    pub repeats: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn index(pairs: &[(u64, &str)]) -> Index {
        let mut builder = IndexBuilder::default();
        for &(id, handle) in pairs {
            builder.push(UserId(id), handle);
        }
        builder.finish()
    }

    fn all(handles: &Handles) -> Vec<&str> {
        let mut cursor = handles.cursor();
        (0..handles.len()).map_while(|index| cursor.at(index)).collect()
    }

    #[test]
    fn handles_stand_in_roster_order() {
        let index = index(&[(9, "nine"), (2, "two"), (5, "")]);
        assert_eq!(index.roster.ids(), [2, 5, 9]);
        assert_eq!(all(&index.handles), ["two", "", "nine"]);
    }

    #[test]
    fn of_a_repeated_id_the_last_handle_is_kept() {
        let repeated = index(&[(2, ""), (2, "later"), (1, "a"), (2, "last"), (1, "a")]);
        assert_eq!(repeated.repeats, 3);
        assert_eq!(all(&repeated.handles), ["a", "last"]);
        let too_long = "x".repeat(CHUNK + 1);
        let repeated =
            index(&[(1, &too_long), (2, "b"), (1, "a"), (2, &too_long), (3, "c"), (3, "")]);
        assert_eq!(all(&repeated.handles), ["a", "", ""]);
    }

    #[test]
    fn handles_of_many_chunks_come_back_whole() {
        let long = "é".repeat(CHUNK / 2);
        let names: Vec<String> = (0..10_000).map(|n| format!("name_{n}")).collect();
        let mut builder = IndexBuilder::default();
        for (id, name) in (0_u64..).zip(&names) {
            builder.push(UserId(id), name);
        }
        builder.push(UserId(10_000), &long);
        builder.push(UserId(10_001), &format!("{long}x"));
        let index = builder.finish();
        let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
        expected.extend([long.as_str(), ""]);
        assert_eq!(all(&index.handles), expected);
    }

    #[test]
    fn a_cursor_skips_repeats_and_goes_back() {
        let index = index(&[(1, "a"), (2, "b"), (3, "c")]);
        let mut cursor = index.handles.cursor();
        let read: Vec<_> = [0, 2, 2, 3, 0, 1].map(|at| cursor.at(at)).into();
        assert_eq!(read, [Some("a"), Some("c"), Some("c"), None, Some("a"), Some("b")]);
    }

    proptest! {
        #[test]
        fn packing_keeps_every_handle(pairs in prop::collection::vec((0_u64..50, ".{0,20}"), 0..60)) {
            let mut builder = IndexBuilder::with_capacity(pairs.len());
            let mut model = BTreeMap::new();
            for (id, handle) in &pairs {
                builder.push(UserId(*id), handle);
                model.insert(*id, handle.as_str());
            }
            let index = builder.finish();
            prop_assert_eq!(index.roster.ids(), model.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(all(&index.handles), model.values().copied().collect::<Vec<_>>());
            prop_assert_eq!(index.repeats, (pairs.len() - model.len()) as u64);
            prop_assert_eq!(Handles::decode(index.handles.encode()), Ok(index.handles));
        }
    }
}
