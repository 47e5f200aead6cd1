//! A stretch of events as bytes. Owns: the format `LVS1`. Must not know: which slot holds it.
//! Invariant: what was encoded comes back equal, or not at all; a row never exceeds
//! [`ROW_MAX_BYTES`].
//!
//! ```text
//! "LVS1"  length of the payload (varint)  payload (deflate)  CRC-32 (u32 LE)
//! payload: count, then for each event, numbers as varints:
//!   seq less the one before · kind (its place in `LiveKind::ALL`) · length of JSON · JSON
//!   · flags, and for each one set, lowest first:
//!     1 language (length, text)   2 country (2 letters)
//!     4 place (lat f64 LE, lon f64 LE, radius, precision)
//!     8 reference (its place in `Reference`'s order)
//!     16 tweet   32 author   64 account (a number each)
//!     128 its own JSON is the tweet's      256 the tweet is that of the event before
//!     512 the tweet's JSON (length, text)
//! ```

use super::event::{Kept, Meta, Told};
use super::geo::Spot;
use super::hydrate::Reference;
use super::words::{Country, Language};
use crate::api::{LiveKind, Precision};
use crate::id::{TweetId, UserId};
use crate::packed::{self, Damaged, Input, put_varint};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read, Write};
use std::rc::Rc;

/// Largest row: a value in the object's SQLite may have 2 MB.
pub const ROW_MAX_BYTES: usize = 2_000_000;
/// Largest payload taken; rows are made of a few megabytes.
const PAYLOAD_MAX_BYTES: u64 = 64 * 1024 * 1024;

const FORMAT: &str = "live window";
const MAGIC: [u8; 4] = *b"LVS1";

const LANGUAGE: u64 = 1;
const COUNTRY: u64 = 2;
const PLACE: u64 = 4;
const REFERENCE: u64 = 8;
const TWEET: u64 = 16;
const AUTHOR: u64 = 32;
const ACCOUNT: u64 = 64;
const TOLD_ITSELF: u64 = 128;
const TOLD_BEFORE: u64 = 256;
const TOLD: u64 = 512;

const REFERENCES: [Reference; 3] = [Reference::Retweeted, Reference::RepliedTo, Reference::Quoted];

/// Writes events, which are in the order of their numbers.
pub fn encode(events: &[Kept]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(events.iter().map(|event| event.json.len() + 48).sum());
    put_varint(&mut payload, events.len() as u64);
    let mut before: Option<&Kept> = None;
    for event in events {
        put_varint(&mut payload, event.seq.saturating_sub(before.map_or(0, |kept| kept.seq)));
        put_place_in(&mut payload, LiveKind::ALL, &event.kind);
        put_text(&mut payload, &event.json);
        put_meta(&mut payload, event, before);
        before = Some(event);
    }
    let mut out = MAGIC.to_vec();
    put_varint(&mut out, payload.len() as u64);
    // Fast: a row is written every two seconds, and read when someone comes back.
    let mut deflate = DeflateEncoder::new(out, Compression::fast());
    // Writing into a Vec cannot fail.
    let _ = deflate.write_all(&payload);
    packed::seal(deflate.finish().unwrap_or_default())
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_place_in<T: PartialEq>(out: &mut Vec<u8>, all: &[T], one: &T) {
    put_varint(out, all.iter().position(|other| other == one).unwrap_or_default() as u64);
}

fn put_meta(out: &mut Vec<u8>, event: &Kept, before: Option<&Kept>) {
    let meta = &event.meta;
    let told_before = before.and_then(|kept| kept.meta.told.as_ref());
    let told_flag = match &meta.told {
        None => 0,
        Some(told) if *told.json() == event.json => TOLD_ITSELF,
        Some(told) if told_before.is_some_and(|other| other == told) => TOLD_BEFORE,
        Some(_) => TOLD,
    };
    let flags = [
        (meta.lang.is_some(), LANGUAGE),
        (meta.country.is_some(), COUNTRY),
        (meta.spot.is_some(), PLACE),
        (meta.refers.is_some(), REFERENCE),
        (meta.tweet.is_some(), TWEET),
        (meta.author.is_some(), AUTHOR),
        (meta.account.is_some(), ACCOUNT),
    ];
    put_varint(
        out,
        flags.iter().filter(|(set, _)| *set).fold(told_flag, |sum, (_, flag)| sum | flag),
    );
    if let Some(lang) = &meta.lang {
        put_text(out, lang.as_str());
    }
    if let Some(country) = &meta.country {
        out.extend_from_slice(country.as_str().as_bytes());
    }
    if let Some(spot) = meta.spot {
        out.extend_from_slice(&spot.lat.to_le_bytes());
        out.extend_from_slice(&spot.lon.to_le_bytes());
        put_varint(out, spot.radius_m.into());
        put_place_in(out, Precision::ALL, &spot.precision);
    }
    if let Some(reference) = &meta.refers {
        put_place_in(out, &REFERENCES, reference);
    }
    let ids = [meta.tweet.map(|id| id.0), meta.author.map(|id| id.0), meta.account.map(|id| id.0)];
    for id in ids.into_iter().flatten() {
        put_varint(out, id);
    }
    if let Some(told) = meta.told.as_ref().filter(|_| told_flag == TOLD) {
        put_text(out, told.json());
    }
}

fn flags_hold(flags: u64, flag: u64) -> bool {
    flags & flag != 0
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// The bytes are damaged.
pub fn decode(bytes: &[u8]) -> Result<Vec<Kept>, Damaged> {
    let mut input = Input::open(FORMAT, MAGIC, bytes)?;
    let length = input.varint()?;
    if length > PAYLOAD_MAX_BYTES {
        return Err(input.damaged(format!("it claims a payload of {length} bytes")));
    }
    let mut payload = Vec::new();
    let read = DeflateDecoder::new(input.rest()).take(length + 1).read_to_end(&mut payload);
    if !read.is_ok_and(|read| read as u64 == length) {
        return Err(input.damaged("its payload has another length than it claims".to_owned()));
    }
    events(&mut Input::plain(FORMAT, &payload))
}

fn events(input: &mut Input<'_>) -> Result<Vec<Kept>, Damaged> {
    let count = input.count()?;
    let mut events: Vec<Kept> = Vec::with_capacity(count);
    for _ in 0..count {
        let before = events.last();
        let seq = before.map_or(0, |kept| kept.seq).saturating_add(input.varint()?);
        let kind = place_in(input, LiveKind::ALL)?;
        let json: Rc<str> = Rc::from(text(input)?);
        let meta = meta(input, &json, before)?;
        events.push(Kept { seq, kind, json, meta });
    }
    input.end()?;
    Ok(events)
}

fn text<'a>(input: &mut Input<'a>) -> Result<&'a str, Damaged> {
    let length = input.varint()?;
    let bytes = input.take(length)?;
    std::str::from_utf8(bytes).map_err(|_| input.damaged("it holds text that is none".to_owned()))
}

fn place_in<T: Copy>(input: &mut Input<'_>, all: &[T]) -> Result<T, Damaged> {
    let place = input.varint()?;
    let found = usize::try_from(place).ok().and_then(|place| all.get(place));
    found.copied().ok_or_else(|| input.damaged(format!("it holds an unknown word {place}")))
}

fn degrees(input: &mut Input<'_>) -> Result<f64, Damaged> {
    let bytes = input.take(8)?;
    let bytes = bytes.first_chunk::<8>().copied().unwrap_or_default();
    Ok(f64::from_le_bytes(bytes))
}

fn meta(input: &mut Input<'_>, json: &Rc<str>, before: Option<&Kept>) -> Result<Meta, Damaged> {
    let flags = input.varint()?;
    let mut meta = Meta::default();
    if flags_hold(flags, LANGUAGE) {
        meta.lang = Language::read(text(input)?);
    }
    if flags_hold(flags, COUNTRY) {
        meta.country = std::str::from_utf8(input.take(2)?).ok().and_then(Country::read);
    }
    if flags_hold(flags, PLACE) {
        let (lat, lon) = (degrees(input)?, degrees(input)?);
        let radius_m = u32::try_from(input.varint()?).unwrap_or(u32::MAX);
        meta.spot = Some(Spot { lat, lon, radius_m, precision: place_in(input, Precision::ALL)? });
    }
    if flags_hold(flags, REFERENCE) {
        meta.refers = Some(place_in(input, &REFERENCES)?);
    }
    if flags_hold(flags, TWEET) {
        meta.tweet = Some(TweetId(input.varint()?));
    }
    if flags_hold(flags, AUTHOR) {
        meta.author = Some(UserId(input.varint()?));
    }
    if flags_hold(flags, ACCOUNT) {
        meta.account = Some(UserId(input.varint()?));
    }
    if flags_hold(flags, TOLD_ITSELF) {
        meta.told = Some(Told::new(Rc::clone(json)));
    } else if flags_hold(flags, TOLD_BEFORE) {
        meta.told = before.and_then(|kept| kept.meta.told.clone());
    } else if flags_hold(flags, TOLD) {
        meta.told = Some(Told::new(Rc::from(text(input)?)));
    }
    Ok(meta)
}

#[cfg(test)]
mod tests;
