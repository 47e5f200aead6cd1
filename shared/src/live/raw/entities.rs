//! What X marks in a text. Owns: the lists of both dialects and the names of their fields. Must
//! not know: what becomes of a mark. Invariant: one odd mark costs no other.

use super::{EntityKind, RawEntity, Read, list, whole_of};
use crate::live::few::Few;
use crate::live::json::{Field, Reader, Shape};

/// Reads `entities`, of a text or of a long one.
pub(super) fn entities<'a>(reader: &mut Reader<'a>) -> Read<Field<Few<RawEntity<'a>>>> {
    let mut found = Few::None;
    let mut odd = false;
    let shape = reader.object(|reader, key| {
        let kind = match key {
            // The older dialect lists pictures apart; they are links all the same.
            "urls" | "media" => EntityKind::Url,
            "hashtags" => EntityKind::Hashtag,
            "mentions" | "user_mentions" => EntityKind::Mention,
            "cashtags" | "symbols" => EntityKind::Cashtag,
            _ => return reader.skip(),
        };
        let shape = list(reader, &mut found, |reader, one| entity(reader, kind, one))?;
        odd |= shape == Shape::Other;
        Ok(())
    })?;
    Ok(if odd { Field::Odd } else { whole_of(shape, found) })
}

fn entity<'a>(reader: &mut Reader<'a>, kind: EntityKind, one: &mut RawEntity<'a>) -> Read<Shape> {
    one.kind = kind;
    reader.object(|reader, key| {
        match (key, kind) {
            ("start", _) => one.start = reader.whole()?,
            ("end", _) => one.end = reader.whole()?,
            ("indices", _) => {
                let mut ends = [&mut one.start, &mut one.end].into_iter();
                reader.array(|reader| {
                    let index = reader.whole()?;
                    if let Some(end) = ends.next() {
                        *end = index;
                    }
                    Ok(())
                })?;
            }
            ("url", EntityKind::Url)
            | ("tag" | "text", EntityKind::Hashtag | EntityKind::Cashtag)
            | ("username" | "screen_name", EntityKind::Mention) => one.text = reader.text()?,
            ("expanded_url", EntityKind::Url) => one.expanded = reader.text()?,
            ("display_url", EntityKind::Url) => one.display = reader.text()?,
            _ => reader.skip()?,
        }
        Ok(())
    })
}
