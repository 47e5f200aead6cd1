//! What browsers receive. Owns: the table of events that a tweet makes, the JSON of every kind,
//! and what filters may look at. Must not know: who receives it. Invariant: an event's JSON is
//! written once, with its number in it, and reads as the type in [`crate::api`] of its kind.

use super::geo::Spot;
use super::hydrate::{Clean, Reference};
use super::json::{self, Reader, Text};
use super::sequence::Sequence;
use super::stamp;
use super::words::{Country, Language};
use crate::api::{EventKind, FollowerEvent, LiveKind, Run, StreamNotice};
use crate::id::{AccountId, TweetId, UserId};
use crate::time::UnixMs;
use std::cell::OnceCell;
use std::rc::Rc;

/// An event that a tweet may make.
pub struct Event {
    /// Its kind.
    pub kind: LiveKind,
    /// Whether a tweet has what it needs.
    pub made_by: fn(&Clean<'_>) -> bool,
    /// Writes the fields behind `seq`, `kind` and `at`, each with its comma before it.
    pub write: fn(&mut String, &Clean<'_>),
}

/// Every event of a tweet, in the order in which they are numbered.
pub const EVENTS: &[Event] = &[
    Event { kind: LiveKind::SimpleTweet, made_by: is_whole, write: simple_tweet },
    Event { kind: LiveKind::GeoBlip, made_by: is_placed, write: geo_blip },
];

/// One event, numbered and written.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its number.
    pub seq: u64,
    /// Its kind.
    pub kind: LiveKind,
    /// Its JSON, as it goes out.
    pub json: Rc<str>,
    /// What filters and purges look at.
    pub meta: Meta,
}

/// What filters and purges look at, so that nobody parses JSON to drop it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// The tweet's language.
    pub lang: Option<Language>,
    /// Its country.
    pub country: Option<Country>,
    /// Its place.
    pub spot: Option<Spot>,
    /// How it refers to another one.
    pub refers: Option<Reference>,
    /// The tweet.
    pub tweet: Option<TweetId>,
    /// Its author.
    pub author: Option<UserId>,
    /// The tracked account that a follower event or run is about.
    pub account: Option<AccountId>,
    /// The `simple_tweet` of the same tweet: its words and rules.
    pub told: Option<Rc<Told>>,
}

/// A `simple_tweet`'s JSON, and what is found in it once someone filters by it.
#[derive(Debug)]
pub struct Told {
    json: Rc<str>,
    words: OnceCell<Words>,
}

/// What of a tweet is compared with words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// Its text in lower case.
    pub text: String,
    /// Tags of the rules it matched.
    pub rules: Vec<String>,
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Told {
    /// The words of this `simple_tweet`.
    pub fn new(json: Rc<str>) -> Rc<Self> {
        Rc::new(Self { json, words: OnceCell::new() })
    }

    /// The `simple_tweet`.
    pub fn json(&self) -> &Rc<str> {
        &self.json
    }

    /// Its text and rules; looked up at the first call, however many ask.
    pub fn words(&self) -> &Words {
        self.words.get_or_init(|| {
            let mut words = Words::default();
            let mut reader = Reader::new(&self.json);
            // It is JSON of ours; if not, there are no words.
            let _ = reader.object(|reader, key| {
                match key {
                    "body" => {
                        let text = reader.text()?;
                        words.text = text.get().map(Text::plain).unwrap_or_default().to_lowercase();
                    }
                    "rules" => {
                        reader.array(|reader| {
                            let tag = reader.text()?;
                            words.rules.extend(tag.get().map(|tag| tag.plain().into_owned()));
                            Ok(())
                        })?;
                    }
                    _ => reader.skip()?,
                }
                Ok(())
            });
            words
        })
    }
}

/// When and how a tweet came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// When it reached Roost, as it is written in JSON.
    pub at_text: &'a str,
    /// From recent search, after a gap.
    pub late: bool,
}

/// Writes the events of one tweet behind `out`, in the order of [`EVENTS`], as far as there are
/// numbers (ask [`Sequence::ready`] for all of them before); `scratch` is what they are written
/// in. How many there were.
pub fn of_tweet(
    clean: &Clean<'_>,
    arrival: Arrival<'_>,
    sequence: &mut Sequence,
    scratch: &mut String,
    out: &mut Vec<Kept>,
) -> usize {
    let mut told = None;
    let before = out.len();
    for event in EVENTS.iter().filter(|event| (event.made_by)(clean)) {
        let Ok(numbers) = sequence.take(1) else { break };
        let seq = *numbers.start();
        scratch.clear();
        head(scratch, seq, event.kind, arrival.at_text);
        (event.write)(scratch, clean);
        let simple = event.kind == LiveKind::SimpleTweet;
        scratch.push_str(if simple && arrival.late { r#","late":true}"# } else { "}" });
        let json: Rc<str> = Rc::from(scratch.as_str());
        if simple {
            told = Some(Told::new(Rc::clone(&json)));
        }
        out.push(Kept { seq, kind: event.kind, json, meta: meta(clean, told.clone()) });
    }
    out.len() - before
}

fn meta(clean: &Clean<'_>, told: Option<Rc<Told>>) -> Meta {
    Meta {
        lang: clean.lang,
        country: clean.country,
        spot: clean.spot,
        refers: clean.refers.map(|(reference, _)| reference),
        tweet: Some(clean.id),
        author: clean.author,
        account: None,
        told,
    }
}

/// Writes parts one after the other. No function: where they stand in the code, those of ours
/// have lengths that are known, and are stored as a few words instead of copied.
macro_rules! put {
    ($out:expr, $($part:expr),+ $(,)?) => {{
        $($out.push_str($part);)+
    }};
}

fn head(out: &mut String, seq: u64, kind: LiveKind, at: &str) {
    out.push_str(r#"{"seq":"#);
    json::whole(out, seq);
    put!(out, r#","kind":""#, kind.as_str(), r#"","at":""#, at, "\"");
}

/// X's display rules ask for the author's name and handle beside the text.
fn is_whole(clean: &Clean<'_>) -> bool {
    clean.author.is_some() && clean.username.is_some() && clean.body.is_some()
}

fn is_placed(clean: &Clean<'_>) -> bool {
    clean.author.is_some() && clean.spot.is_some()
}

/// The tweet's id and its author's, under the name that the kind has for the former: ids are
/// strings on every wire.
fn ids(out: &mut String, key: &str, clean: &Clean<'_>) {
    out.push_str(key);
    json::whole(out, clean.id.0);
    out.push_str(r#"","author_id":""#);
    json::whole(out, clean.author.map_or(0, |author| author.0));
}

fn simple_tweet(out: &mut String, clean: &Clean<'_>) {
    ids(out, r#","id":""#, clean);
    let username = clean.username.as_ref().map_or("", Text::raw);
    let name = clean.name.as_ref().map_or(username, Text::raw);
    put!(out, r#"","username":""#, username, r#"","name":""#, name);
    if let Some(avatar) = &clean.avatar {
        put!(out, r#"","avatar":""#, avatar.raw());
    }
    put!(out, r#"","body":""#, clean.body.as_ref().map_or("", Text::raw), "\"");
    entities(out, clean);
    match clean.created_at {
        Some(at) => {
            out.push_str(r#","created_at":""#);
            stamp::write(out, at);
            out.push('"');
        }
        None => out.push_str(r#","created_at":null"#),
    }
    codes(out, clean);
    if !clean.rules.is_empty() {
        out.push_str(r#","rules":["#);
        for (at, rule) in clean.rules.iter().enumerate() {
            put!(out, if at == 0 { "\"" } else { ",\"" }, rule.raw(), "\"");
        }
        out.push(']');
    }
    if let Some((reference, other)) = clean.refers {
        put!(out, r#","refers":{"type":""#, reference.as_str(), r#"","id":""#);
        json::whole(out, other.0);
        out.push_str(r#""}"#);
    }
    if clean.sensitive {
        out.push_str(r#","sensitive":true"#);
    }
}

fn entities(out: &mut String, clean: &Clean<'_>) {
    for (at, link) in clean.links.iter().enumerate() {
        out.push_str(if at == 0 { r#","entities":[{"start":"# } else { r#",{"start":"# });
        json::whole(out, link.start.into());
        out.push_str(r#","end":"#);
        json::whole(out, link.end.into());
        out.push_str(r#","url":""#);
        link.url.write(out);
        if let Some(display) = &link.display {
            put!(out, r#"","display":""#, display.raw());
        }
        out.push_str(r#""}"#);
    }
    if !clean.links.is_empty() {
        out.push(']');
    }
}

fn codes(out: &mut String, clean: &Clean<'_>) {
    if let Some(lang) = &clean.lang {
        put!(out, r#","lang":""#, lang.as_str(), "\"");
    }
    if let Some(country) = &clean.country {
        put!(out, r#","country":""#, country.as_str(), "\"");
    }
}

fn geo_blip(out: &mut String, clean: &Clean<'_>) {
    let Some(spot) = clean.spot else { return };
    ids(out, r#","tweet_id":""#, clean);
    out.push_str(r#"","lat":"#);
    json::degrees(out, spot.lat);
    out.push_str(r#","lon":"#);
    json::degrees(out, spot.lon);
    put!(out, r#","precision":""#, spot.precision.as_str(), r#"","radius_m":"#);
    json::whole(out, spot.radius_m.into());
    if let Some(place) = &clean.place {
        put!(out, r#","place":""#, place.raw(), "\"");
    }
    codes(out, clean);
    let about = clean.refers.map_or("tweet", |(reference, _)| reference.about());
    put!(out, r#","type":""#, about, "\"");
}

/// A follower event: its own fields with `seq` and `account` before them.
///
/// # Errors
/// It cannot be written as JSON, which no value of the type does.
pub fn of_follower(
    seq: u64,
    account: AccountId,
    event: &FollowerEvent,
) -> serde_json::Result<Kept> {
    let kind = match event.kind {
        EventKind::Followed => LiveKind::Followed,
        EventKind::Lost => LiveKind::Lost,
        EventKind::Returned => LiveKind::Returned,
        EventKind::Renamed => LiveKind::Renamed,
    };
    let fields = serde_json::to_string(event)?;
    let fields = fields.strip_prefix('{').unwrap_or_default();
    let json = format!(r#"{{"seq":{seq},"account":"{account}",{fields}"#);
    let meta = Meta { account: Some(account), ..Meta::default() };
    Ok(Kept { seq, kind, json: json.into(), meta })
}

/// What the stream said that is no tweet; `seq` and `kind` are set here.
///
/// # Errors
/// It cannot be written as JSON, which no value of the type does.
pub fn of_notice(seq: u64, notice: StreamNotice) -> serde_json::Result<Kept> {
    let notice = StreamNotice { seq, kind: LiveKind::Notice, ..notice };
    let json = serde_json::to_string(&notice)?;
    Ok(Kept { seq, kind: LiveKind::Notice, json: json.into(), meta: Meta::default() })
}

/// A job that began or ended: `{"seq","kind":"run","at","account"?,"run":{…}}`.
///
/// # Errors
/// It cannot be written as JSON, which no value of the type does.
pub fn of_run(seq: u64, at: UnixMs, run: &Run) -> serde_json::Result<Kept> {
    let mut json = String::new();
    head(&mut json, seq, LiveKind::Run, &at.rfc3339());
    if let Some(account) = run.account {
        put!(json, r#","account":""#, &account.to_string(), "\"");
    }
    json.push_str(r#","run":"#);
    json.push_str(&serde_json::to_string(run)?);
    json.push('}');
    let meta = Meta { account: run.account, ..Meta::default() };
    Ok(Kept { seq, kind: LiveKind::Run, json: json.into(), meta })
}

impl Kept {
    /// The same event without its tweet's country and place.
    ///
    /// A `geo_blip` is nothing but place: it is not to be kept, which the caller sees to.
    #[must_use]
    pub fn without_place(&self) -> Self {
        let mut tweet = match serde_json::from_str::<crate::api::SimpleTweet>(&self.json) {
            Ok(tweet) if self.meta.country.is_some() || self.meta.spot.is_some() => tweet,
            _ => return self.clone(),
        };
        tweet.country = None;
        let json: Rc<str> =
            serde_json::to_string(&tweet).map_or_else(|_| Rc::clone(&self.json), Rc::from);
        let told = self.meta.told.as_ref().map(|_| Told::new(Rc::clone(&json)));
        let meta = Meta { country: None, spot: None, told, ..self.meta.clone() };
        Self { json, meta, ..*self }
    }
}

#[cfg(test)]
mod tests;
