//! The wire type of places to stream from. Owns: telling its two forms apart.

use super::BoundingBox;
use serde::Serialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// Boxes as boxes, or as X's old flat list of south-west and north-east corners.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Locations {
    /// `[[west, south, east, north], …]`.
    Boxes(Vec<BoundingBox>),
    /// `[west, south, east, north, …]`.
    Flat(Vec<f64>),
}

/// What stands in the list. By hand, since serde's own `untagged` buffers the value, and all the
/// ways to read from that buffer would be part of the worker.
enum Item {
    Box(BoundingBox),
    Number(f64),
}

impl<'de> Deserialize<'de> for Locations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut boxes, mut numbers) = (Vec::new(), Vec::new());
        for item in Vec::deserialize(deserializer)? {
            match item {
                Item::Box(place) => boxes.push(place),
                Item::Number(number) => numbers.push(number),
            }
        }
        match (boxes.is_empty(), numbers.is_empty()) {
            (_, true) => Ok(Self::Boxes(boxes)),
            (true, false) => Ok(Self::Flat(numbers)),
            (false, false) => Err(D::Error::custom("boxes and numbers stand in one list")),
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a box of four numbers, or a number")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Item, E> {
        Ok(Item::Number(number))
    }

    #[allow(clippy::cast_precision_loss, reason = "degrees; what is larger is refused later")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "degrees; what is larger is refused later")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Item, A::Error> {
        BoundingBox::deserialize(SeqAccessDeserializer::new(seq)).map(Item::Box)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<Locations>) {
        assert_eq!(serde_json::from_str(json).ok(), expected, "{json}");
    }

    #[test]
    fn both_forms_are_told_apart() {
        check("[]", Some(Locations::Boxes(vec![])));
        check("[[1,2,3.5,-4]]", Some(Locations::Boxes(vec![[1.0, 2.0, 3.5, -4.0]])));
        check("[1,-2,3.5,4,5]", Some(Locations::Flat(vec![1.0, -2.0, 3.5, 4.0, 5.0])));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for json in
            ["[[1,2,3]]", "[[1,2,3,4,5]]", "[[1,2,3,4],5]", r#"["1"]"#, "1", "null", "[null]"]
        {
            check(json, None);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for locations in [Locations::Boxes(vec![[1.0; 4]; 2]), Locations::Flat(vec![0.5; 8])] {
            check(&serde_json::to_string(&locations).unwrap(), Some(locations));
        }
    }
}
