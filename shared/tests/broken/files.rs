//! Texts as files: encodings, gzip of several members, damage.

use crate::dice::Dice;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// What is done to a text on its way into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing that matters.
    Plain,
    /// A byte order mark before it.
    Mark,
    /// Two bytes a character: it cannot be read.
    Utf16,
    /// Cut, or altered: it cannot be read.
    Damaged,
}

impl Way {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        match dice.between(0, 19) {
            0..=2 => Self::Mark,
            3 => Self::Utf16,
            4 => Self::Damaged,
            _ => Self::Plain,
        }
    }

    /// Whether the file can be read.
    pub(crate) fn readable(self) -> bool {
        matches!(self, Self::Plain | Self::Mark)
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A file of a JSON text.
pub(crate) fn file(dice: &mut Dice, json: &str, way: Way) -> Vec<u8> {
    let text: Vec<u8> = match way {
        Way::Mark => format!("\u{feff}{json}").into_bytes(),
        Way::Utf16 => {
            let mark = if dice.one_in(2) { "\u{feff}" } else { "" };
            let units = format!("{mark}{json}").encode_utf16().collect::<Vec<_>>();
            let big = dice.one_in(2);
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            units.into_iter().flat_map(bytes).collect()
        }
        Way::Plain | Way::Damaged => json.as_bytes().to_vec(),
    };
    let members = usize::try_from(dice.between(1, 4)).unwrap();
    let part = text.len().div_ceil(members).max(1);
    let mut file: Vec<u8> = text.chunks(part).flat_map(gzip).collect();
    if way == Way::Damaged {
        match dice.between(0, 3) {
            0 => drop(file.drain(dice.index(file.len())..)),
            1 => file = json.as_bytes().to_vec(),
            // Without its last bracket.
            2 => file = gzip(&json.trim_end().as_bytes()[..json.trim_end().len() - 1]),
            _ => {
                // Within the checksum of the last member.
                let last = file.len() - 6;
                file[last] ^= 0x55;
            }
        }
    }
    file
}

/// A file in pieces, as a network cuts it.
pub(crate) fn pieces<'a>(dice: &mut Dice, file: &'a [u8]) -> Vec<&'a [u8]> {
    let mut rest = file;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let most = u64::try_from(rest.len()).unwrap();
        let at = usize::try_from(dice.between(1, most.min(40_000))).unwrap();
        let (piece, behind) = rest.split_at(at);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
