//! Profiles as last seen: raw X user objects, packed. Owns: the byte format of packs, how a pack
//! is renewed, and the sorting of more profiles than fit into memory. Must not know: what is in
//! a raw object, where packs are kept. Invariant: of one id the newest sight is kept that tells more
//! than the id, if there is one; the same profiles make the same packs.
//!
//! # Format
//! `PRF1`, the length of the body (unsigned LEB128), the body as raw deflate, then the CRC-32 of
//! all that as 4 little-endian bytes. The body: the count, then for each entry the distance of
//! its id to the one before (modulo 2^64), that of its instant in milliseconds (zigzag), and the
//! raw text with its length in front.

mod sorter;

pub use sorter::{Chunk, Sorted, Sorter};

use crate::id::UserId;
use crate::packed::{self, Damaged, Input};
use crate::roster::Roster;
use crate::time::UnixMs;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

const MAGIC: [u8; 4] = *b"PRF1";
const FORMAT: &str = "pack of profiles";
/// Fast above all: a first list of a million followers packs 0.5 GB twice. On user objects level
/// 3 takes more than twice the time to save a seventh of the bytes.
const LEVEL: u32 = 1;
/// Entries a pack is cut into.
const PACK_ENTRIES: usize = 1_000;
/// Entries above which a pack is cut: the slack keeps packs from crumbling as they grow.
const PACK_ENTRIES_MAX: usize = 1_500;
/// Body bytes above which a pack is cut. A `SQLite` value in a Durable Object ends at 2,000,000
/// bytes, and deflate adds at most 5 bytes per 16 KB to what it cannot shrink.
const PACK_BODY_MAX: usize = 1_800_000;
/// Id, instant and length take at most this many bytes of the body.
const ENTRY_OVERHEAD: usize = 25;
/// Deflate shrinks at most so much.
const DEFLATE_RATIO: usize = 1_032;
/// Followers per window.
const WINDOW: usize = 16_384;

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub id: UserId,
    /// When X showed it.
    pub seen: UnixMs,
    /// The raw JSON object; at most 64 KB ([`crate::x::user::USER_MAX_BYTES`]).
    pub raw: String,
}

impl Entry {
    /// Whether the object tells more than an id: an object of one field has no comma. Lists of ids,
    /// as X's archive is one, must not take from what is known of people.
    pub fn tells(&self) -> bool {
        self.raw.contains(',')
    }

    fn body_bytes(&self) -> usize {
        self.raw.len() + ENTRY_OVERHEAD
    }
}

/// Packed profiles of a range of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// The lowest id in it.
    pub lo: UserId,
    /// The packed bytes, at most 1,900,000.
    pub bytes: Vec<u8>,
}

/// Packs entries, in the order given.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut body = Vec::with_capacity(10 + entries.iter().map(Entry::body_bytes).sum::<usize>());
    packed::put_varint(&mut body, entries.len() as u64);
    let (mut id, mut seen) = (0_u64, 0_i64);
    for entry in entries {
        packed::put_varint(&mut body, entry.id.0.wrapping_sub(id));
        packed::put_varint(&mut body, zigzag(entry.seen.0.wrapping_sub(seen)));
        packed::put_varint(&mut body, entry.raw.len() as u64);
        body.extend_from_slice(entry.raw.as_bytes());
        (id, seen) = (entry.id.0, entry.seen.0);
    }
    let mut out = Vec::with_capacity(body.len() / 2 + 64);
    out.extend_from_slice(&MAGIC);
    packed::put_varint(&mut out, body.len() as u64);
    deflate(&body, &mut out);
    packed::seal(out)
}

/// Reads packed entries back, in the order packed.
///
/// # Errors
/// [`Damaged`] for anything [`encode`] cannot have written.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, Damaged> {
    let mut input = Input::open(FORMAT, MAGIC, bytes)?;
    let length = input.varint()?;
    let body = inflate(input.rest(), length)
        .ok_or_else(|| input.damaged(format!("its deflate data does not make {length} bytes")))?;
    let mut body = Input::plain(FORMAT, &body);
    let count = body.count()?;
    let mut entries = Vec::with_capacity(count);
    let (mut id, mut seen) = (0_u64, 0_i64);
    for index in 0..count {
        id = id.wrapping_add(body.varint()?);
        seen = seen.wrapping_add(unzigzag(body.varint()?));
        let length = body.varint()?;
        let raw = std::str::from_utf8(body.take(length)?)
            .map_err(|_| body.damaged(format!("profile {index} is not UTF-8")))?;
        entries.push(Entry { id: UserId(id), seen: UnixMs(seen), raw: raw.to_owned() });
    }
    body.end()?;
    Ok(entries)
}

/// Renews packs: of an id in both, the incoming entry wins unless it was seen earlier. Cuts the
/// result into packs of about 1,000.
pub fn repack(existing: Vec<Entry>, incoming: Vec<Entry>) -> Vec<Pack> {
    let mut all = existing;
    all.extend(incoming);
    keep_newest(&mut all);
    let mut packs = Vec::new();
    let parts = if all.len() <= PACK_ENTRIES_MAX { 1 } else { all.len().div_ceil(PACK_ENTRIES) };
    for part in even_parts(&all, parts) {
        pack_into(&mut packs, part);
    }
    packs
}

/// Sorts by id and leaves the newest of each, but an id alone only where nothing more is known; of
/// the equally new the one that came last.
pub fn keep_newest(entries: &mut Vec<Entry>) {
    // Stable and fast on runs that are sorted already, as they are here.
    entries.sort_by_key(|entry| (entry.id, entry.tells(), entry.seen));
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match kept.last_mut() {
            Some(last) if last.id == entry.id => *last = entry,
            _ => kept.push(entry),
        }
    }
    *entries = kept;
}

/// Packs entries, halving what is too large for one pack.
fn pack_into(packs: &mut Vec<Pack>, entries: &[Entry]) {
    let body: usize = entries.iter().map(Entry::body_bytes).sum();
    if body > PACK_BODY_MAX && entries.len() > 1 {
        for half in even_parts(entries, 2) {
            pack_into(packs, half);
        }
    } else if let Some(first) = entries.first() {
        packs.push(Pack { lo: first.id, bytes: encode(entries) });
    }
}

/// Cuts into so many parts whose lengths differ by one at most; empty ones are left out.
fn even_parts(entries: &[Entry], parts: usize) -> impl Iterator<Item = &[Entry]> {
    (0..parts)
        .filter_map(move |part| {
            entries.get(entries.len() * part / parts..entries.len() * (part + 1) / parts)
        })
        .filter(|part| !part.is_empty())
}

/// A range of ids, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The lowest id in it.
    pub from: UserId,
    /// The lowest id above it; `None`: it has no end.
    pub until: Option<UserId>,
}

/// Cuts all ids into windows of 16,384 followers each. There is at least one; the first begins at
/// 0, each begins where the one before ends, and the last has no end.
pub fn windows(roster: &Roster) -> Vec<Window> {
    let starts = roster.ids().iter().skip(WINDOW).step_by(WINDOW).copied().map(UserId);
    let mut windows = vec![Window { from: UserId(0), until: None }];
    for start in starts {
        if let Some(last) = windows.last_mut() {
            last.until = Some(start);
        }
        windows.push(Window { from: start, until: None });
    }
    windows
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn deflate(body: &[u8], out: &mut Vec<u8>) {
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    let mut read = 0;
    loop {
        out.reserve(out.capacity().max(4_096) / 2);
        let input = body.get(read..).unwrap_or_default();
        let before = compress.total_in();
        let status = compress.compress_vec(input, out, FlushCompress::Finish);
        read += packed::steps(before, compress.total_in());
        if !matches!(status, Ok(Status::Ok | Status::BufError)) {
            return;
        }
    }
}

/// The body, if the data make exactly so many bytes and end there.
fn inflate(data: &[u8], length: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    if length > data.len().saturating_mul(DEFLATE_RATIO) {
        return None;
    }
    // One byte more than claimed, so that a longer body shows.
    let mut body = Vec::with_capacity(length + 1);
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress_vec(data, &mut body, FlushDecompress::Finish).ok()?;
    let whole = status == Status::StreamEnd && inflate.total_in() == data.len() as u64;
    (whole && body.len() == length).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entry(id: u64, seen: i64, raw: &str) -> Entry {
        Entry { id: UserId(id), seen: UnixMs(seen), raw: raw.into() }
    }

    fn unpack(packs: &[Pack]) -> Vec<Entry> {
        packs.iter().flat_map(|pack| decode(&pack.bytes).unwrap()).collect()
    }

    fn many(n: u64, raw: &str) -> Vec<Entry> {
        (0..n).map(|id| entry(id, 0, raw)).collect()
    }

    /// Text that deflate cannot shrink below 6 bits a byte.
    fn noise(bytes: usize, mut seed: u64) -> String {
        let mut next = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b'0' + ((seed >> 58) as u8))
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn the_newest_sight_wins() {
        let existing = vec![entry(1, 5, "a"), entry(2, 5, "b"), entry(3, 5, "c")];
        let incoming = vec![entry(0, 1, "z"), entry(1, 4, "A"), entry(2, 5, "B"), entry(3, 6, "C")];
        let expected = [entry(0, 1, "z"), entry(1, 5, "a"), entry(2, 5, "B"), entry(3, 6, "C")];
        assert_eq!(unpack(&repack(existing, incoming)), expected);
    }

    #[test]
    fn a_list_of_ids_takes_nothing_from_a_profile() {
        let (named, bare) = (r#"{"id":"1","username":"ada"}"#, r#"{ "id": "1" }"#);
        for (old, new) in [(named, bare), (bare, named)] {
            let packs = repack(vec![entry(1, 5, old)], vec![entry(1, 9, new)]);
            assert_eq!(unpack(&packs)[0].raw, named);
        }
        let packs = repack(vec![entry(1, 5, bare)], vec![entry(1, 9, bare), entry(2, 9, bare)]);
        assert_eq!(unpack(&packs), [entry(1, 9, bare), entry(2, 9, bare)], "listed all the same");
    }

    #[test]
    fn packs_hold_about_a_thousand() {
        let sizes = |n| {
            let packs = repack(vec![], many(n, "{}"));
            packs.iter().map(|pack| decode(&pack.bytes).unwrap().len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(1_500), [1_500]);
        assert_eq!(sizes(1_501), [750, 751]);
        assert_eq!(sizes(3_000), [1_000, 1_000, 1_000]);
    }

    #[test]
    fn a_pack_begins_with_its_lowest_id() {
        let packs = repack(vec![], many(2_000, "{}"));
        assert_eq!(packs.iter().map(|pack| pack.lo.0).collect::<Vec<_>>(), [0, 1_000]);
    }

    #[test]
    fn no_pack_is_too_large_for_a_row() {
        let large: Vec<Entry> = (0..120).map(|id| entry(id, 0, &noise(65_536, id))).collect();
        let packs = repack(vec![], large.clone());
        assert!(packs.iter().all(|pack| pack.bytes.len() <= 1_900_000));
        assert_eq!(unpack(&packs), large);
    }

    #[track_caller]
    fn check_windows(followers: usize, expected: &[(u64, Option<u64>)]) {
        let roster = Roster::new((0..followers as u64).map(|id| id * 10 + 7).collect());
        let windows: Vec<_> =
            windows(&roster).iter().map(|w| (w.from.0, w.until.map(|id| id.0))).collect();
        assert_eq!(windows, expected, "{followers}");
    }

    #[test]
    fn windows_cover_every_id_once() {
        check_windows(0, &[(0, None)]);
        check_windows(16_384, &[(0, None)]);
        check_windows(16_385, &[(0, Some(163_847)), (163_847, None)]);
        check_windows(40_000, &[(0, Some(163_847)), (163_847, Some(327_687)), (327_687, None)]);
    }

    proptest! {
        #[test]
        fn packing_keeps_entries_in_their_order(
            parts in prop::collection::vec((any::<u64>(), any::<i64>(), ".{0,40}"), 0..40)
        ) {
            let entries: Vec<_> = parts.iter().map(|(id, seen, raw)| entry(*id, *seen, raw)).collect();
            prop_assert_eq!(decode(&encode(&entries)), Ok(entries));
        }

        #[test]
        fn repacking_is_a_map_of_the_newest(
            old in prop::collection::btree_map(0_u64..40, (0_i64..4, "[a-z]{1,3}"), 0..30),
            new in prop::collection::btree_map(0_u64..40, (0_i64..4, "[a-z]{1,3}"), 0..30),
        ) {
            let list = |map: &BTreeMap<u64, (i64, String)>| -> Vec<Entry> {
                map.iter().map(|(id, (seen, raw))| entry(*id, *seen, raw)).collect()
            };
            let mut model = old.clone();
            for (id, (seen, raw)) in &new {
                if model.get(id).is_none_or(|(known, _)| known <= seen) {
                    model.insert(*id, (*seen, raw.clone()));
                }
            }
            prop_assert_eq!(unpack(&repack(list(&old), list(&new))), list(&model));
        }
    }
}
