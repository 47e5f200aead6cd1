//! Blips for maps, packed. Owns: the binary form of a frame. Must not know: who draws it.
//! Invariant: what was encoded is decoded to the same numbers, to 1e-7 of a degree (a
//! centimetre).
//!
//! Little endian throughout; from byte 24 on everything is aligned.
//! ```text
//!  0  "RB1\0"
//!  4  f64  from     first sequence number that the frame covers
//! 12  f64  to       last one (whole numbers below 2^53)
//! 20  u32  blips
//! 24  then for each blip 24 bytes:
//!       0  u64  tweet id
//!       8  i32  latitude   in 1e-7 degrees
//!      12  i32  longitude  in 1e-7 degrees
//!      16  u32  radius in metres; 0 for a point
//!      20  u8   precision: 0 exact, 1 place, 2 country
//!      21  u8   what the tweet is: 0 tweet, 1 reply, 2 quote, 3 retweet
//!      22  two bytes, 0
//! ```
//! Gaps, greetings and the rest stay JSON in text frames.

use super::event::{Kept, Meta};
use super::geo::Spot;
use super::hydrate::Reference;
use crate::api::Precision;
use crate::id::TweetId;

const MAGIC: [u8; 4] = *b"RB1\0";
const HEADER_BYTES: usize = 24;
const BLIP_BYTES: usize = 24;
const PER_DEGREE: f64 = 1e7;
const PRECISIONS: [Precision; 3] = [Precision::Exact, Precision::Place, Precision::Country];
const REFERENCES: [Option<Reference>; 4] =
    [None, Some(Reference::RepliedTo), Some(Reference::Quoted), Some(Reference::Retweeted)];

/// A frame of blips.
#[derive(Clone, Debug, PartialEq)]
pub struct Blips {
    /// First sequence number covered.
    pub from: u64,
    /// Last one.
    pub to: u64,
    /// The blips, in order.
    pub blips: Vec<Blip>,
}

/// One blip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blip {
    /// The tweet.
    pub tweet: TweetId,
    /// Where it was.
    pub spot: Spot,
    /// What it is.
    pub refers: Option<Reference>,
}

/// Why bytes are no frame of blips.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these {0} bytes are no frame of packed blips")]
pub struct NoBlips(pub usize);

#[allow(clippy::cast_precision_loss, reason = "sequence numbers end below 2^53")]
/// Packs the events that are blips.
pub fn encode(from: u64, to: u64, events: &[&Kept]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES + events.len() * BLIP_BYTES);
    out.extend_from_slice(&MAGIC);
    // Exact: sequence numbers end below 2^53.
    out.extend_from_slice(&(from as f64).to_le_bytes());
    out.extend_from_slice(&(to as f64).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    for event in events {
        if let Meta { tweet: Some(tweet), spot: Some(spot), refers, .. } = &event.meta {
            put(&mut out, Blip { tweet: *tweet, spot: *spot, refers: *refers });
            count += 1;
        }
    }
    if let Some(place) = out.get_mut(20..24) {
        place.copy_from_slice(&count.to_le_bytes());
    }
    out
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "degrees end at 180e7 steps, places in short tables fit a byte"
)]
fn put(out: &mut Vec<u8>, blip: Blip) {
    let Spot { lat, lon, precision, radius_m } = blip.spot;
    out.extend_from_slice(&blip.tweet.0.to_le_bytes());
    // At most 180e7, which an i32 holds.
    out.extend_from_slice(&((lat * PER_DEGREE).round() as i32).to_le_bytes());
    out.extend_from_slice(&((lon * PER_DEGREE).round() as i32).to_le_bytes());
    out.extend_from_slice(&radius_m.to_le_bytes());
    out.push(PRECISIONS.iter().position(|one| *one == precision).unwrap_or_default() as u8);
    out.push(REFERENCES.iter().position(|one| *one == blip.refers).unwrap_or_default() as u8);
    out.extend_from_slice(&[0; 2]);
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// The bytes are something else.
pub fn decode(bytes: &[u8]) -> Result<Blips, NoBlips> {
    read(bytes).ok_or(NoBlips(bytes.len()))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be below 2^53 and not below 0"
)]
fn read(bytes: &[u8]) -> Option<Blips> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let number = |at| Some(f64::from_le_bytes(*header.get(at..)?.first_chunk()?));
    let count = u32::from_le_bytes(*header.get(20..)?.first_chunk()?) as usize;
    let (from, to) = (number(4)?, number(12)?);
    let whole = |number: f64| (0.0..9_007_199_254_740_992.0).contains(&number);
    let fits = header.starts_with(&MAGIC) && count.checked_mul(BLIP_BYTES)? == rest.len();
    if !(fits && whole(from) && whole(to)) {
        return None;
    }
    let blips = rest.chunks_exact(BLIP_BYTES).map(blip).collect::<Option<_>>()?;
    Some(Blips { from: from as u64, to: to as u64, blips })
}

fn blip(bytes: &[u8]) -> Option<Blip> {
    let degrees = |at| {
        let steps = i32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
        Some(f64::from(steps) / PER_DEGREE)
    };
    let spot = Spot {
        lat: degrees(8)?,
        lon: degrees(12)?,
        radius_m: u32::from_le_bytes(*bytes.get(16..)?.first_chunk()?),
        precision: *PRECISIONS.get(usize::from(*bytes.get(20)?))?,
    };
    let refers = *REFERENCES.get(usize::from(*bytes.get(21)?))?;
    Some(Blip { tweet: TweetId(u64::from_le_bytes(*bytes.first_chunk()?)), spot, refers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(blip: Blip) -> Kept {
        let meta = Meta {
            tweet: Some(blip.tweet),
            spot: Some(blip.spot),
            refers: blip.refers,
            ..Meta::default()
        };
        Kept { seq: 1, kind: crate::api::LiveKind::GeoBlip, json: "{}".into(), meta }
    }

    #[test]
    fn the_layout_is_what_the_page_reads() {
        let spot =
            Spot { lat: -1.5, lon: 179.999_999_9, precision: Precision::Country, radius_m: 7 };
        let blip = Blip { tweet: TweetId(258), spot, refers: Some(Reference::Retweeted) };
        let expected = [
            b"RB1\0".as_slice(),
            &1.0_f64.to_le_bytes(),
            &[0, 0, 0, 0, 0, 0, 0, 64],
            &[1, 0, 0, 0],
            &[2, 1, 0, 0, 0, 0, 0, 0],
            &(-15_000_000_i32).to_le_bytes(),
            &1_799_999_999_i32.to_le_bytes(),
            &[7, 0, 0, 0, 2, 3, 0, 0],
        ];
        assert_eq!(encode(1, 2, &[&kept(blip)]), expected.concat());
    }

    #[test]
    fn other_bytes_are_refused() {
        let whole = encode(1, 2, &[]);
        assert!(decode(&whole).is_ok());
        for end in 0..whole.len() {
            assert_eq!(decode(whole.get(..end).unwrap()), Err(NoBlips(end)));
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(decode(&longer).is_err());
        let mut other = whole;
        other[2] = b'2';
        assert!(decode(&other).is_err());
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(
            from in 0..1_u64 << 53, to in 0..1_u64 << 53,
            parts in prop::collection::vec(
                (any::<u64>(), -900_000_000..=900_000_000_i32, -1_800_000_000..=1_800_000_000_i32,
                 any::<u32>(), 0..3_usize, 0..4_usize), 0..9),
        ) {
            let blips: Vec<Blip> = parts.into_iter().map(|(id, lat, lon, radius_m, precision, refers)| {
                let (lat, lon) = (f64::from(lat) / PER_DEGREE, f64::from(lon) / PER_DEGREE);
                let spot = Spot { lat, lon, radius_m, precision: PRECISIONS[precision] };
                Blip { tweet: TweetId(id), spot, refers: REFERENCES[refers] }
            }).collect();
            let events: Vec<Kept> = blips.iter().copied().map(kept).collect();
            let bytes = encode(from, to, &events.iter().collect::<Vec<_>>());
            prop_assert_eq!(decode(&bytes), Ok(Blips { from, to, blips }));
        }
    }
}
