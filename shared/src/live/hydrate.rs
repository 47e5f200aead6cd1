//! From a raw tweet to a clean one. Owns: the table of hydrators, each of which carries one
//! thing over, and the counting of those that could not. Must not know: what becomes of a clean
//! tweet. Invariant: each hydrator is on its own; an odd field costs what it would have become,
//! nothing else, and is counted under the hydrator's name.

use super::country::Countries;
use super::few::Few;
use super::geo::Spot;
use super::json::{Field, Malformed, Text};
use super::raw::{self, Body, Raw, RawPlace};
use super::stamp;
pub use super::words::{Country, Language};
use crate::api::Precision;
use crate::id::{TweetId, UserId};
use crate::time::UnixMs;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

mod links;

pub use links::Address;

/// Longest text taken, as written in JSON: X's longest post has 25,000 characters.
pub const BODY_MAX_BYTES: usize = 128 * 1024;
/// Longest name, handle, address or tag taken: X's own are under 300 bytes.
pub const NAME_MAX_BYTES: usize = 2_048;
/// The folder of X's picture of people who have none: they are shown as initials.
const NO_PICTURE: &str = "default_profile_images";

/// A tweet with everything that events are made of, each part of it absent where X gave none.
#[derive(Clone, Debug, PartialEq)]
pub struct Clean<'a> {
    /// Its id; every clean tweet has one.
    pub id: TweetId,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// The author's handle.
    pub username: Option<Text<'a>>,
    /// The author's name.
    pub name: Option<Text<'a>>,
    /// The author's picture.
    pub avatar: Option<Text<'a>>,
    /// The whole text.
    pub body: Option<Text<'a>>,
    /// What in it is a link, in order, none over another.
    pub links: Few<Link<'a>>,
    /// Its language.
    pub lang: Option<Language>,
    /// When it was posted.
    pub created_at: Option<UnixMs>,
    /// The name of its place.
    pub place: Option<Text<'a>>,
    /// Where that is.
    pub spot: Option<Spot>,
    /// In which country.
    pub country: Option<Country>,
    /// The tweet that it answers, quotes or repeats.
    pub refers: Option<(Reference, TweetId)>,
    /// X marks it as possibly sensitive.
    pub sensitive: bool,
    /// Tags of the rules it matched.
    pub rules: Few<Text<'a>>,
}

impl Clean<'_> {
    /// A tweet of which nothing but the id is known.
    pub fn new(id: TweetId) -> Self {
        Self {
            id,
            author: None,
            username: None,
            name: None,
            avatar: None,
            body: None,
            links: Few::None,
            lang: None,
            created_at: None,
            place: None,
            spot: None,
            country: None,
            refers: None,
            sensitive: false,
            rules: Few::None,
        }
    }
}

/// A linked stretch of a text, in Unicode scalar values.
#[derive(Clone, Debug, PartialEq)]
pub struct Link<'a> {
    /// First character.
    pub start: u32,
    /// After the last.
    pub end: u32,
    /// Where it leads; `http` or `https`.
    pub url: Address<'a>,
    /// What is shown for it, where that is not the text.
    pub display: Option<Text<'a>>,
}

/// How a tweet names another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// It is the other one, passed on.
    Retweeted,
    /// It answers it.
    RepliedTo,
    /// It shows it.
    Quoted,
}

impl Reference {
    const ALL: [Self; 3] = [Self::Retweeted, Self::RepliedTo, Self::Quoted];

    /// X's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retweeted => "retweeted",
            Self::RepliedTo => "replied_to",
            Self::Quoted => "quoted",
        }
    }

    /// What a tweet is that refers so.
    pub fn about(self) -> &'static str {
        match self {
            Self::Retweeted => "retweet",
            Self::RepliedTo => "reply",
            Self::Quoted => "quote",
        }
    }
}

/// What a hydrator looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'r, 'a> {
    /// The tweet as X gave it.
    pub raw: &'r Raw<'a>,
    /// Where to look up the country of a point.
    pub countries: Option<&'r Countries>,
}

/// A field that could not be used: what was odd about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd(pub &'static str);

/// One step from raw to clean.
pub struct Hydrator {
    /// Its name in `/status`.
    pub name: &'static str,
    /// What it does; where it fails it may still have done a part.
    pub run: for<'r, 'a> fn(Scene<'r, 'a>, &mut Clean<'a>) -> Result<(), Odd>,
}

/// Every step, in order: `coordinates` goes over what `place` found, `country` looks at both.
pub const HYDRATORS: &[Hydrator] = &[
    Hydrator { name: "user", run: user },
    Hydrator { name: "body", run: body },
    Hydrator { name: "entities", run: entities },
    Hydrator { name: "language", run: language },
    Hydrator { name: "created_at", run: created_at },
    Hydrator { name: "place", run: place },
    Hydrator { name: "coordinates", run: coordinates },
    Hydrator { name: "country", run: country },
    Hydrator { name: "refers", run: refers },
    Hydrator { name: "sensitive", run: sensitive },
    Hydrator { name: "rules", run: rules },
];

/// How often each hydrator failed, and what could not be read at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Messages that are no JSON.
    pub malformed: u64,
    counts: [u64; HYDRATORS.len()],
}

impl Failures {
    /// Names and counts of the hydrators that failed.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let named = HYDRATORS.iter().zip(self.counts);
        named.map(|(hydrator, count)| (hydrator.name, count)).filter(|&(_, count)| count > 0)
    }
}

/// The map `hydrator_failures` of `/status`.
impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, count) in self.iter() {
            map.serialize_entry(name, &count)?;
        }
        map.end()
    }
}

/// Reads and cleans one message; `None` where it is no tweet.
///
/// # Errors
/// It is not JSON; counted.
pub fn hydrate<'a>(
    message: &'a str,
    countries: Option<&Countries>,
    failures: &mut Failures,
) -> Result<Option<Clean<'a>>, Malformed> {
    let read = raw::read(message).inspect_err(|_| failures.malformed += 1)?;
    Ok(read.map(|raw| clean(&raw, countries, failures)))
}

/// Runs every hydrator over a tweet.
pub fn clean<'a>(
    raw: &Raw<'a>,
    countries: Option<&Countries>,
    failures: &mut Failures,
) -> Clean<'a> {
    let id = TweetId(raw.id.get().copied().unwrap_or_default());
    let mut clean = Clean::new(id);
    let scene = Scene { raw, countries };
    for (hydrator, count) in HYDRATORS.iter().zip(&mut failures.counts) {
        if (hydrator.run)(scene, &mut clean).is_err() {
            *count += 1;
        }
    }
    clean
}

/// A field's text, if it has one of a sane length.
fn name<'a>(field: &Field<Text<'a>>, what: &'static str) -> Result<Option<Text<'a>>, Odd> {
    match field {
        Field::Is(text) if text.raw().len() <= NAME_MAX_BYTES => {
            Ok(Some(text.clone()).filter(|text| !text.is_empty()))
        }
        Field::Absent => Ok(None),
        Field::Is(_) | Field::Odd => Err(Odd(what)),
    }
}

fn user<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let author = match scene.raw.author {
        Field::Is(id) => id,
        Field::Absent => return Ok(()),
        Field::Odd => return Err(Odd("the author's id")),
    };
    clean.author = Some(UserId(author));
    let user = scene.raw.users.iter().find(|user| user.id.get() == Some(&author));
    let user = user.ok_or(Odd("the author is not among the users"))?;
    clean.username = name(&user.username, "the handle")?;
    clean.name = name(&user.name, "the name")?;
    let is_own = |url: &Text<'_>| {
        let bytes = url.raw().as_bytes();
        let end = memchr::memrchr(b'/', bytes).unwrap_or_default();
        let folder = bytes.get(..end).unwrap_or_default();
        // Its whole name, not the end of another.
        let before = folder.strip_suffix(NO_PICTURE.as_bytes());
        before.is_none_or(|before| before.last().is_some_and(|&last| last != b'/'))
    };
    clean.avatar = name(&user.avatar, "the picture")?.filter(is_own);
    Ok(())
}

/// Which of the two texts counts: a long one's whole text where X gave it.
fn told<'r, 'a>(raw: &'r Raw<'a>) -> &'r Body<'a> {
    let long = raw.whole.text.get().is_some_and(|text| !text.is_empty());
    if long { &raw.whole } else { &raw.body }
}

/// The text with `&`, `<` and `>` where X writes them as HTML does, and where that moved the
/// indices; none where it names none of them. Both dialects do (of the newer X documents nothing;
/// "HTML Entities from the Twitter v2 API", kbravh.dev, 2022, shows it).
fn decoded(text: &Text<'_>) -> Option<(String, Vec<links::Cut>)> {
    // A text that was read has no escaped `&` left: those with `\u` are written anew.
    memchr::memchr(b'&', text.raw().as_bytes())?;
    let (plain, cuts) = links::without_html(&text.plain());
    (!cuts.is_empty()).then_some((plain, cuts))
}

fn body<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let text = told(scene.raw).text.get().filter(|text| text.raw().len() <= BODY_MAX_BYTES);
    let text = text.ok_or(Odd("the text"))?;
    clean.body = Some(decoded(text).map_or_else(|| text.clone(), |(plain, _)| Text::new(&plain)));
    if scene.raw.whole.text == Field::Odd { Err(Odd("the long text")) } else { Ok(()) }
}

fn entities<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let told = told(scene.raw);
    let found = match &told.entities {
        Field::Is(found) => found,
        Field::Absent => return Ok(()),
        Field::Odd => return Err(Odd("the entities")),
    };
    let (Some(body), Some(text)) = (&clean.body, told.text.get()) else { return Ok(()) };
    if found.is_empty() {
        return Ok(());
    }
    let (plain, cuts) = decoded(text).unwrap_or_default();
    let moves = links::Moves::new(&plain, &cuts);
    let (links, odd) = links::read(found, &moves, body.chars());
    clean.links = links;
    if odd { Err(Odd("an entity")) } else { Ok(()) }
}

fn language<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    if let Some(text) = name(&scene.raw.lang, "the language")? {
        clean.lang = Some(Language::read(text.raw()).ok_or(Odd("the language"))?);
    }
    Ok(())
}

fn created_at<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    if let Some(text) = name(&scene.raw.created_at, "the time")? {
        clean.created_at = Some(stamp::read(text.raw()).ok_or(Odd("the time"))?);
    }
    Ok(())
}

/// The tweet's place among those of the message.
fn place_of<'r, 'a>(raw: &'r Raw<'a>) -> Result<Option<&'r RawPlace<'a>>, Odd> {
    match &raw.place {
        Field::Is(id) => {
            let same = |place: &&RawPlace<'_>| place.id.get().is_some_and(|other| other == id);
            Ok(Some(raw.places.iter().find(same).ok_or(Odd("the place is not among the places"))?))
        }
        Field::Absent => Ok(None),
        Field::Odd => Err(Odd("the place's id")),
    }
}

fn place<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let Some(place) = place_of(scene.raw)? else { return Ok(()) };
    let full = name(&place.full_name, "the place's full name");
    clean.place = match &full {
        Ok(Some(full)) => Some(full.clone()),
        _ => name(&place.name, "the place's name")?,
    };
    let kind = name(&place.kind, "the place's type").ok().flatten();
    match place.bounds {
        Field::Is(bounds) => {
            let kind = kind.as_ref().map_or("", |kind| kind.raw());
            clean.spot = Some(Spot::of_box(bounds, kind).ok_or(Odd("the place's box"))?);
        }
        Field::Absent => {}
        Field::Odd => return Err(Odd("the place's box")),
    }
    full.map(|_| ())
}

/// A point counts for more than a place's box, and the newer field for more than the older.
fn coordinates<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let mut odd = false;
    for field in [&scene.raw.point, &scene.raw.old_point] {
        match field {
            Field::Is([lon, lat]) => match Spot::exact(*lat, *lon) {
                Some(spot) => {
                    clean.spot = Some(spot);
                    break;
                }
                None => odd = true,
            },
            Field::Absent => {}
            Field::Odd => odd = true,
        }
    }
    if odd { Err(Odd("the coordinates")) } else { Ok(()) }
}

/// The country X names; where it names none, that of the point, or of the place's centre.
fn country<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let place = place_of(scene.raw).ok().flatten();
    let named = match place.map(|place| &place.country) {
        None | Some(Field::Absent) => Ok(None),
        Some(Field::Is(code)) if code.is_empty() => Ok(None),
        Some(Field::Is(code)) => Country::read(code.raw()).map(Some).ok_or(Odd("the country")),
        Some(Field::Odd) => Err(Odd("the country")),
    };
    clean.country = named.ok().flatten().or_else(|| {
        let spot = clean.spot.filter(|spot| spot.precision != Precision::Country)?;
        Country::read(scene.countries?.of(spot.lat, spot.lon)?)
    });
    named.map(|_| ())
}

fn refers<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let found = match &scene.raw.refers {
        Field::Is(found) => found,
        Field::Absent => return Ok(()),
        Field::Odd => return Err(Odd("the references")),
    };
    let mut odd = false;
    for one in found.iter() {
        let kind = one.kind.get().and_then(|kind| {
            Reference::ALL.into_iter().find(|reference| reference.as_str() == kind.raw())
        });
        match (kind, one.id.get()) {
            (Some(kind), Some(&id)) => {
                // Of several the one that says most of what the tweet is.
                if clean.refers.is_none_or(|(known, _)| kind < known) {
                    clean.refers = Some((kind, TweetId(id)));
                }
            }
            _ => odd = true,
        }
    }
    if odd { Err(Odd("a reference")) } else { Ok(()) }
}

fn sensitive<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    clean.sensitive = scene.raw.sensitive.get().copied().unwrap_or_default();
    if scene.raw.sensitive == Field::Odd { Err(Odd("the mark")) } else { Ok(()) }
}

fn rules<'a>(scene: Scene<'_, 'a>, clean: &mut Clean<'a>) -> Result<(), Odd> {
    let sane = |tag: &&Text<'_>| tag.raw().len() <= NAME_MAX_BYTES;
    clean.rules = scene.raw.rules.iter().filter(sane).cloned().collect();
    if clean.rules.len() < scene.raw.rules.len() { Err(Odd("a rule's tag")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
