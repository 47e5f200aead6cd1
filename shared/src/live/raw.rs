//! A tweet as X sends it, in both of its dialects. Owns: which fields are read, under which
//! names, and where the two dialects put the same thing. Must not know: what is made of it.
//! Invariant: a field may be missing, null or odd without touching any other; a message is read
//! in one pass, and its texts are borrowed from it.
//!
//! | here | v2 (both name dialects) | v1.1 |
//! |---|---|---|
//! | id | `data.id` | `id_str`, `id` |
//! | body | `data.text` | `full_text`, `text` |
//! | whole body | `data.note_tweet` or `note_post` | `extended_tweet` |
//! | author | `data.author_id` in `includes.users` | `user` |
//! | point | `data.geo.coordinates` (lon, lat) | `coordinates` (lon, lat), `geo` (lat, lon) |
//! | place | `data.geo.place_id` in `includes.places` | `place` |
//! | refers | `data.referenced_tweets` or `…_posts` | `retweeted_status`, `in_reply_to_status_id_str`, `quoted_status_id_str` |

use super::few::Few;
use super::json::{Field, Malformed, Read, Reader, Shape, Text};
use entities::entities;

mod entities;

/// Users, places, rules and entities beyond this many of each are not read: X sends a few.
pub const LIST_MAX: usize = 256;

/// Which of X's two ways to write a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `{"data":…,"includes":…,"matching_rules":…}`.
    V2,
    /// A bare status object.
    V11,
}

/// One tweet, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw<'a> {
    /// Set by the fields that were there.
    pub dialect: Option<Dialect>,
    /// The tweet's id.
    pub id: Field<u64>,
    /// Its text, cut where it is a long one.
    pub body: Body<'a>,
    /// A long one's whole text.
    pub whole: Body<'a>,
    /// Its author's id, as the tweet names it.
    pub author: Field<u64>,
    /// When it was posted, as X writes it.
    pub created_at: Field<Text<'a>>,
    /// Its language.
    pub lang: Field<Text<'a>>,
    /// Marked as possibly sensitive.
    pub sensitive: Field<bool>,
    /// Longitude and latitude.
    pub point: Field<[f64; 2]>,
    /// The same from the older dialect's oldest field.
    pub old_point: Field<[f64; 2]>,
    /// The id of its place.
    pub place: Field<Text<'a>>,
    /// What it refers to.
    pub refers: Field<Few<RawRefers<'a>>>,
    /// Users the message brings.
    pub users: Few<RawUser<'a>>,
    /// Places the message brings.
    pub places: Few<RawPlace<'a>>,
    /// Tags, or ids where there is no tag, of the rules it matched.
    pub rules: Few<Text<'a>>,
}

/// A text with what is a link in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body<'a> {
    /// The text.
    pub text: Field<Text<'a>>,
    /// Its links.
    pub entities: Field<Few<RawEntity<'a>>>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawUser<'a> {
    /// The id.
    pub id: Field<u64>,
    /// The handle.
    pub username: Field<Text<'a>>,
    /// The name.
    pub name: Field<Text<'a>>,
    /// The picture.
    pub avatar: Field<Text<'a>>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPlace<'a> {
    /// The id.
    pub id: Field<Text<'a>>,
    /// "Berlin, Germany".
    pub full_name: Field<Text<'a>>,
    /// "Berlin".
    pub name: Field<Text<'a>>,
    /// `DE`.
    pub country: Field<Text<'a>>,
    /// `poi`, `neighborhood`, `city`, `admin`, `country`.
    pub kind: Field<Text<'a>>,
    /// West, south, east, north.
    pub bounds: Field<[f64; 4]>,
}

/// Another tweet that a tweet names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRefers<'a> {
    /// `retweeted`, `quoted` or `replied_to`.
    pub kind: Field<Text<'a>>,
    /// The other tweet.
    pub id: Field<u64>,
}

/// What an entity is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityKind {
    /// A link.
    #[default]
    Url,
    /// `#tag`.
    Hashtag,
    /// `@handle`.
    Mention,
    /// `$SYMBOL`.
    Cashtag,
}

/// A stretch of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawEntity<'a> {
    /// What it is.
    pub kind: EntityKind,
    /// First character.
    pub start: Field<u64>,
    /// After the last.
    pub end: Field<u64>,
    /// The tag, handle, symbol, or the link's short address.
    pub text: Field<Text<'a>>,
    /// A link's real address.
    pub expanded: Field<Text<'a>>,
    /// What is shown for a link.
    pub display: Field<Text<'a>>,
}

/// Reads a message. `None`: it is JSON, but no tweet (a notice, an error, a number).
///
/// # Errors
/// It is not JSON.
pub fn read(message: &str) -> Result<Option<Raw<'_>>, Malformed> {
    let mut raw = Raw::default();
    let mut reader = Reader::new(message);
    let shape = reader.object(|reader, key| match key {
        "data" => data(reader, &mut raw),
        "includes" => includes(reader, &mut raw),
        "matching_rules" => rules(reader, &mut raw.rules),
        _ => status(reader, key, &mut raw),
    });
    shape.and_then(|_| reader.end()).map_err(|_| reader.malformed())?;
    // As the stream's other messages have neither: an id with a text makes a tweet.
    let tweet = raw.id.get().is_some() && raw.body.text != Field::Absent;
    Ok(tweet.then_some(raw))
}

/// The tweet of a v2 message.
fn data<'a>(reader: &mut Reader<'a>, raw: &mut Raw<'a>) -> Read<()> {
    raw.dialect = Some(Dialect::V2);
    reader.object(|reader, key| {
        match key {
            "id" => raw.id = reader.whole()?,
            "text" => raw.body.text = reader.text()?,
            "entities" => raw.body.entities = entities(reader)?,
            "note_tweet" | "note_post" => {
                let whole = body(reader)?;
                // Either name; one that is null or empty takes nothing from the other.
                if raw.whole.text.get().is_none_or(Text::is_empty) {
                    raw.whole = whole;
                }
            }
            "author_id" => raw.author = reader.whole()?,
            "created_at" => raw.created_at = reader.text()?,
            "lang" => raw.lang = reader.text()?,
            "possibly_sensitive" => raw.sensitive = reader.flag()?,
            "referenced_tweets" | "referenced_posts" => raw.refers = refers(reader)?,
            "geo" => geo(reader, raw)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

/// One field of a v1.1 status.
fn status<'a>(reader: &mut Reader<'a>, key: &'a str, raw: &mut Raw<'a>) -> Read<()> {
    match key {
        "id_str" | "id" => {
            raw.dialect = raw.dialect.or(Some(Dialect::V11));
            id(reader, key, &mut raw.id)?;
        }
        "full_text" | "text" => {
            let text = reader.text()?;
            raw.body.text.or_take(text);
        }
        "entities" => raw.body.entities = entities(reader)?,
        "extended_tweet" => raw.whole = body(reader)?,
        "user" => {
            if one(reader, &mut raw.users, user)? {
                raw.author = raw.users.last().map_or(Field::Absent, |user| user.id);
            }
        }
        "created_at" => raw.created_at = reader.text()?,
        "lang" => raw.lang = reader.text()?,
        "possibly_sensitive" => raw.sensitive = reader.flag()?,
        "coordinates" => raw.point = point(reader)?,
        "geo" => raw.old_point = point(reader)?.and_then(|[lat, lon]| Some([lon, lat])),
        "place" => {
            if one(reader, &mut raw.places, place)? {
                raw.place = raw.places.last().map_or(Field::Absent, |place| place.id.clone());
            }
        }
        "retweeted_status" => {
            let id = identity(reader)?;
            refer(raw, "retweeted", id);
        }
        "in_reply_to_status_id_str" | "in_reply_to_status_id" => {
            let id = reader.whole()?;
            refer(raw, "replied_to", id);
        }
        "quoted_status_id_str" | "quoted_status_id" => {
            let id = reader.whole()?;
            refer(raw, "quoted", id);
        }
        _ => reader.skip()?,
    }
    Ok(())
}

/// Reads `id` or `id_str`; where both stand the latter counts: a number may have passed through
/// JavaScript, which rounds it.
fn id(reader: &mut Reader<'_>, key: &str, found: &mut Field<u64>) -> Read<()> {
    let read = reader.whole()?;
    if key == "id_str" && matches!(read, Field::Is(_)) {
        *found = read;
    } else {
        found.or_take(read);
    }
    Ok(())
}

/// The id of an embedded status.
fn identity(reader: &mut Reader<'_>) -> Read<Field<u64>> {
    let mut found = Field::Absent;
    let shape = reader.object(|reader, key| {
        if !matches!(key, "id_str" | "id") {
            return reader.skip();
        }
        id(reader, key, &mut found)
    })?;
    Ok(whole_of(shape, ()).and_then(|()| found.get().copied()))
}

fn refer(raw: &mut Raw<'_>, kind: &'static str, id: Field<u64>) {
    if id == Field::Absent {
        return;
    }
    let one = RawRefers { kind: Field::Is(Text::word(kind)), id };
    match &mut raw.refers {
        Field::Is(list) => list.push(one),
        none => *none = Field::Is(Few::One(one)),
    }
}

/// The field that an object or array of this shape makes.
fn whole_of<T>(shape: Shape, value: T) -> Field<T> {
    match shape {
        Shape::Read => Field::Is(value),
        Shape::Null => Field::Absent,
        Shape::Other => Field::Odd,
    }
}

/// A long text: v2's `note_tweet`, v1.1's `extended_tweet`.
fn body<'a>(reader: &mut Reader<'a>) -> Read<Body<'a>> {
    let mut body = Body::default();
    let shape = reader.object(|reader, key| {
        match key {
            "text" | "full_text" => body.text = reader.text()?,
            "entities" => body.entities = entities(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    if shape == Shape::Other {
        body.text = Field::Odd;
    }
    Ok(body)
}

fn includes<'a>(reader: &mut Reader<'a>, raw: &mut Raw<'a>) -> Read<()> {
    reader.object(|reader, key| {
        match key {
            "users" => _ = list(reader, &mut raw.users, user)?,
            "places" => _ = list(reader, &mut raw.places, place)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

/// Reads an array; what is no item is left out, and so is what exceeds [`LIST_MAX`].
fn list<'a, T: Default>(
    reader: &mut Reader<'a>,
    items: &mut Few<T>,
    mut item: impl FnMut(&mut Reader<'a>, &mut T) -> Read<Shape>,
) -> Read<Shape> {
    reader.array(|reader| {
        if items.len() == LIST_MAX {
            return reader.skip();
        }
        one(reader, items, &mut item).map(drop)
    })
}

/// Reads an item into its place behind the others, as it is large to be handed on; whether it was
/// one.
fn one<'a, T: Default>(
    reader: &mut Reader<'a>,
    items: &mut Few<T>,
    mut item: impl FnMut(&mut Reader<'a>, &mut T) -> Read<Shape>,
) -> Read<bool> {
    if reader.null()? {
        return Ok(false);
    }
    items.push(T::default());
    let Some(last) = items.last_mut() else { return Ok(false) };
    let read = item(reader, last)? == Shape::Read;
    if !read {
        items.drop_last();
    }
    Ok(read)
}

fn user<'a>(reader: &mut Reader<'a>, user: &mut RawUser<'a>) -> Read<Shape> {
    reader.object(|reader, key| {
        match key {
            "id" | "id_str" => id(reader, key, &mut user.id)?,
            "username" | "screen_name" => user.username = reader.text()?,
            "name" => user.name = reader.text()?,
            "profile_image_url_https" => user.avatar = reader.text()?,
            "profile_image_url" => {
                // v1.1 has it over plain HTTP beside the other one.
                let url = reader.text()?;
                user.avatar.or_take(url);
            }
            _ => reader.skip()?,
        }
        Ok(())
    })
}

fn place<'a>(reader: &mut Reader<'a>, place: &mut RawPlace<'a>) -> Read<Shape> {
    reader.object(|reader, key| {
        match key {
            "id" => place.id = reader.text()?,
            "full_name" => place.full_name = reader.text()?,
            "name" => place.name = reader.text()?,
            "country_code" => place.country = reader.text()?,
            "place_type" => place.kind = reader.text()?,
            "geo" => place.bounds = bbox(reader)?,
            "bounding_box" => place.bounds = polygon(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })
}

/// v2: `{"type":"Feature","bbox":[west, south, east, north],…}`.
fn bbox(reader: &mut Reader<'_>) -> Read<Field<[f64; 4]>> {
    let mut found = Field::Absent;
    let shape = reader.object(|reader, key| {
        match key {
            "bbox" => found = reader.numbers()?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(if shape == Shape::Other { Field::Odd } else { found })
}

/// v1.1: `{"type":"Polygon","coordinates":[[[lon, lat] × 4]]}`.
fn polygon(reader: &mut Reader<'_>) -> Read<Field<[f64; 4]>> {
    let mut corners: Few<[f64; 2]> = Few::None;
    let mut rings = Shape::Null;
    let mut odd = false;
    reader.object(|reader, key| {
        if key != "coordinates" {
            return reader.skip();
        }
        rings = reader.array(|reader| {
            let ring = list(reader, &mut corners, |reader, corner| {
                let read = reader.numbers::<2>()?;
                odd |= read.get().is_none();
                *corner = read.get().copied().unwrap_or_default();
                Ok(Shape::Read)
            })?;
            odd |= ring != Shape::Read;
            Ok(())
        })?;
        Ok(())
    })?;
    let bounds = super::geo::around(&corners).filter(|_| !odd);
    Ok(whole_of(rings, ()).and_then(|()| bounds))
}

/// `{"type":"Point","coordinates":[…, …]}`, the numbers in the order in which they stand.
fn point(reader: &mut Reader<'_>) -> Read<Field<[f64; 2]>> {
    let (mut found, mut other_kind) = (Field::Absent, false);
    let shape = reader.object(|reader, key| {
        match key {
            "coordinates" => found = reader.numbers()?,
            "type" => {
                let kind = reader.text()?;
                let point = |kind: &Text<'_>| kind.raw().eq_ignore_ascii_case("point");
                other_kind = kind != Field::Absent && !kind.get().is_some_and(point);
            }
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    let odd = shape == Shape::Other || other_kind && found != Field::Absent;
    Ok(if odd { Field::Odd } else { found })
}

/// v2: `{"place_id":…,"coordinates":{…}}`.
fn geo<'a>(reader: &mut Reader<'a>, raw: &mut Raw<'a>) -> Read<()> {
    let shape = reader.object(|reader, key| {
        match key {
            "place_id" => raw.place = reader.text()?,
            "coordinates" => raw.point = point(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    if shape == Shape::Other {
        raw.point = Field::Odd;
    }
    Ok(())
}

/// v2: `[{"type":…,"id":…}]`.
fn refers<'a>(reader: &mut Reader<'a>) -> Read<Field<Few<RawRefers<'a>>>> {
    let mut found = Few::None;
    let shape = list(reader, &mut found, |reader, one: &mut RawRefers<'a>| {
        reader.object(|reader, key| {
            match key {
                "type" => one.kind = reader.text()?,
                "id" => one.id = reader.whole()?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Shape::Read)
    })?;
    Ok(whole_of(shape, found))
}

/// v2: `[{"id":…,"tag":…}]`; a rule is called by its tag where it has one.
fn rules<'a>(reader: &mut Reader<'a>, rules: &mut Few<Text<'a>>) -> Read<()> {
    list(reader, rules, |reader, rule| {
        let (mut id, mut tag) = (Field::Absent, Field::Absent);
        reader.object(|reader, key| {
            match key {
                "id" => id = reader.text()?,
                "tag" => tag = reader.text()?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let tagged = tag.get().is_some_and(|tag: &Text<'_>| !tag.is_empty());
        let Field::Is(name) = (if tagged { tag } else { id }) else { return Ok(Shape::Other) };
        *rule = name;
        Ok(Shape::Read)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
