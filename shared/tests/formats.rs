//! The byte formats as bytes: stored data of today must be readable tomorrow. A change that
//! fails a golden test needs a new version in the magic, and a reader for the old one.
//!
//! Compressed bytes themselves are not golden: another deflate library may shrink better. Old
//! compressed bytes must be readable, and what is compressed must be the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, helpers included"
)]

use shared::export::{Gz, StampedIds, UserInfo};
use shared::handles::{Handles, IndexBuilder};
use shared::id::UserId;
use shared::profile::{self, Entry};
use shared::roster::{Damaged, Roster, Side, merge};
use shared::snapshot::{Place, Reader, member};
use shared::time::UnixMs;
use std::fmt::Write;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn roster() -> Roster {
    Roster::new(vec![12, 783_214, 1_857_043_292_182_618_112, 9_999_999_999_999_999_999])
}

fn handles() -> Handles {
    let mut builder = IndexBuilder::with_capacity(3);
    builder.push(UserId(783_214), "X");
    builder.push(UserId(12), "jack");
    builder.push(UserId(13), "");
    builder.push(UserId(14), "zoë");
    builder.finish().handles
}

fn entries() -> Vec<Entry> {
    let entry = |id, seen, raw: &str| Entry { id: UserId(id), seen: UnixMs(seen), raw: raw.into() };
    vec![
        entry(12, 1_795_248_000_000, r#"{"id":"12","username":"jack"}"#),
        entry(783_214, 1_795_161_600_000, r#"{"id":"783214","username":"X"}"#),
        entry(9_999_999_999_999_999_999, -1, r#"{"id":"9999999999999999999","name":"é"}"#),
    ]
}

const ROSTER: &str = "52535431040ce2e62f92d9949890e1e2e219ffbfdbb6b8ffe58071d4edb80d";
const HANDLES: &str = "48444c3104046a61636b00047a6fc3ab0158c175affe";
const PACK: &str = "50524631850165cb2b0a845018866186a9b38599f0a709038317f0b20c935554f08206c52407b4da8c2ec1262ec00b1693e00e44c1aac1ae8653c4af7df0bccf57906d7da9bd7dd015e08120e1079eab3ab664a9e73724d90434ceff7dc9850f460c4b91047d8522a03859bb7668a7e81156f55e685fccb9fbce16774d0ae8006c4f06ce";
const MEMBER: &str =
    "1f8b08000000000000ff8bae56ca4c51b2523254aad5e182b28d946a63b900ebe91ebd19000000";

#[test]
fn a_roster_is_these_bytes() {
    assert_eq!(hex(&roster().encode()), ROSTER);
    assert_eq!(Roster::decode(&unhex(ROSTER)), Ok(roster()));
}

#[test]
fn handles_are_these_bytes() {
    assert_eq!(hex(&handles().encode()), HANDLES);
    assert_eq!(Handles::decode(unhex(HANDLES)), Ok(handles()));
}

#[test]
fn a_stored_pack_can_be_read() {
    assert_eq!(profile::decode(&unhex(PACK)), Ok(entries()));
}

#[test]
fn a_pack_begins_with_its_version_and_its_bodys_length() {
    // The length, 133 bytes, stands uncompressed: it tells a change of the body.
    assert_eq!(profile::encode(&entries())[..6], unhex(PACK)[..6]);
}

#[test]
fn a_stored_snapshot_can_be_read() {
    let mut users = Vec::new();
    let mut on_user =
        |seen: shared::snapshot::Seen<'_>| users.push((seen.id.0, seen.raw.to_owned()));
    let mut reader = Reader::new();
    reader.push(&unhex(MEMBER), &mut on_user).unwrap();
    let summary = reader.finish(&mut on_user).unwrap();
    assert_eq!(users, [(1, r#"{"id":"1"}"#.to_owned()), (2, r#"{"id":"2"}"#.to_owned())]);
    assert_eq!((summary.users, summary.members, summary.raw_bytes), (2, 1, 25));
    let now = member(&[r#"{"id":"1"}"#, r#"{"id":"2"}"#], Place { first: true, last: true });
    // Header, and the text's checksum and length.
    assert_eq!(now[..10], unhex(MEMBER)[..10]);
    assert_eq!(now[now.len() - 8..], unhex(MEMBER)[unhex(MEMBER).len() - 8..]);
}

#[test]
fn exports_are_these_bytes() {
    let mut stamped = StampedIds::new();
    stamped.begin("2026-11-21T08:00:00Z");
    stamped.id(UserId(12));
    stamped.id(UserId(783_214));
    stamped.end();
    stamped.begin("2026-11-21T09:00:00Z");
    stamped.end();
    let stamped = stamped.finish().unwrap();
    let expected = "{\"2026-11-21T08:00:00Z\":[\"12\",\"783214\"],\n\"2026-11-21T09:00:00Z\":[]}\n";
    assert_eq!(String::from_utf8(stamped).unwrap(), expected);
    let mut info = UserInfo::new();
    for entry in entries().into_iter().take(1) {
        info.user(entry.id, &entry.raw);
    }
    assert_eq!(info.finish(), b"{\"12\":{\"id\":\"12\",\"username\":\"jack\"}}\n");
    let empty = Gz::new().finish();
    assert_eq!(hex(&empty), "1f8b08000000000000ff03000000000000000000");
}

/// Every changed, missing and added byte must be an error.
#[track_caller]
fn check_damage<T: std::fmt::Debug>(bytes: &[u8], decode: impl Fn(&[u8]) -> Result<T, Damaged>) {
    decode(bytes).unwrap();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= flip;
            let error = decode(&damaged).expect_err(&format!("byte {at} changed by {flip:#x}"));
            assert!(error.to_string().contains("is damaged"), "{error}");
        }
        decode(&bytes[..at]).expect_err(&format!("cut at {at}"));
    }
    for extra in [0, 1, 0xff] {
        decode(&[bytes, &[extra]].concat()).expect_err("a byte more");
    }
}

#[test]
fn every_damaged_byte_of_a_roster_shows() {
    check_damage(&roster().encode(), Roster::decode);
    check_damage(&Roster::default().encode(), Roster::decode);
}

#[test]
fn every_damaged_byte_of_handles_shows() {
    check_damage(&handles().encode(), |bytes| Handles::decode(bytes.to_vec()));
}

#[test]
fn every_damaged_byte_of_a_pack_shows() {
    check_damage(&profile::encode(&entries()), profile::decode);
    check_damage(&profile::encode(&[]), profile::decode);
}

/// Bytes with a checksum that holds, as a faulty writer would leave them.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &crc32fast::hash(body).to_le_bytes()].concat()
}

#[track_caller]
fn check_sealed(body: &[u8], expected: &str) {
    let bytes = sealed(body);
    let error = match body.first() {
        Some(b'R') => Roster::decode(&bytes).err(),
        Some(b'H') => Handles::decode(bytes).err(),
        _ => profile::decode(&bytes).err(),
    };
    assert_eq!(error.map(|error| error.what).as_deref(), Some(expected), "{}", hex(body));
}

#[test]
fn a_faulty_writers_bytes_are_told_apart() {
    check_sealed(b"RST2\0", "another version of Roost wrote it");
    check_sealed(b"RST1", "its 8 bytes end too early");
    check_sealed(b"RST1\x02\x05\x00", "id 1 does not ascend");
    check_sealed(b"RST1\x01\x05\x06", "1 bytes follow its end");
    check_sealed(b"RST1\xff\xff\xff\x0f\x05", "it claims 33554431 items in too few bytes");
    check_sealed(b"RST1\x01\x80\x00", "it holds a malformed number");
    let wraps = b"RST1\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    check_sealed(wraps, "id 1 does not ascend");
    check_sealed(b"HDL1\x01\x02\xc3\x28", "handle 0 is not UTF-8");
    check_sealed(b"HDL1\x01\x09ab", "its 12 bytes end too early");
    check_sealed(b"PRF1\x05\x03\x00", "its deflate data does not make 5 bytes");
    check_sealed(
        b"PRF1\xff\xff\xff\xff\x0f\x03\x00",
        "its deflate data does not make 4294967295 bytes",
    );
}

/// A million ids as X gives them out, in a random order.
fn million() -> Vec<u64> {
    let mut state = 88_172_645_463_325_252_u64;
    (0..1_000_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % 2_000_000_000_000_000_000
        })
        .collect()
}

#[test]
fn a_million_ids_are_packed_and_compared() {
    let ids = million();
    let (gone, kept) = ids.split_at(1_000);
    let fresh: Vec<u64> = (0..2_000).map(|n| 2_000_000_000_000_000_000 + n).collect();
    let prev = Roster::new(ids.clone());
    let next = Roster::new([kept, &fresh].concat());
    let bytes = prev.encode();
    assert!(bytes.len() < 7_000_000, "{} bytes", bytes.len());
    assert_eq!(Roster::decode(&bytes), Ok(prev.clone()));
    let (mut left, mut came, mut both) = (Vec::new(), Vec::new(), 0);
    merge(&prev, &next, |side| match side {
        Side::Left { id, prev: at } => left.push((id.0, prev.ids()[at])),
        Side::Came { id, next: at } => came.push((id.0, next.ids()[at])),
        Side::Both { id, prev: at, next: then } => {
            assert!(id.0 == prev.ids()[at] && id.0 == next.ids()[then]);
            both += 1;
        }
    });
    let pairs = |ids: &[u64]| {
        Roster::new(ids.to_vec()).ids().iter().map(|id| (*id, *id)).collect::<Vec<_>>()
    };
    assert_eq!(left, pairs(gone));
    assert_eq!(came, pairs(&fresh));
    assert_eq!(both, prev.len() - gone.len());
}

#[test]
fn a_million_handles_stand_beside_their_ids() {
    let ids = million();
    let mut builder = IndexBuilder::with_capacity(ids.len());
    for id in &ids {
        builder.push(UserId(*id), &format!("u{}", id % 1_000_003));
    }
    let index = builder.finish();
    let handles = Handles::decode(index.handles.into_bytes()).unwrap();
    let mut cursor = handles.cursor();
    for (at, id) in index.roster.ids().iter().enumerate() {
        assert_eq!(cursor.at(at), Some(format!("u{}", id % 1_000_003).as_str()), "{at}");
    }
    assert_eq!(handles.len(), index.roster.len());
}
