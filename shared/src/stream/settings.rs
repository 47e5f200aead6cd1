//! What the owner wants of the stream. Owns: the defaults, what a change may be, what follows
//! from one. Must not know: who asks. Invariant: settings that were accepted make rules that X
//! takes; with real keys nothing streams before the owner said so.

use super::rules::{check_box, phrase, wanted};
use crate::api::{
    BoundingBox, FilterLevel, Locations, StreamChange, StreamMode, StreamSettings, Switch,
};
use crate::id::UserId;
use crate::retry::Trouble;
use crate::x::problem::Class;

/// X's old limits of its filter: words, accounts, boxes.
const TRACK_MAX: usize = 400;
const FOLLOW_MAX: usize = 5_000;
const LOCATIONS_MAX: usize = 25;
/// Seven days: X's terms let content be kept no longer than it is kept current.
const ARCHIVE_HOURS_MAX: u32 = 168;
const TRIES_MAX: u32 = 10_000;
/// More than anyone should be able to type by mistake.
const CAP_MAX_USD: f64 = 1_000_000.0;

/// What the demo tracks: frequent words of the world's languages, so that the map lives.
const SAMPLE_WORDS: &[&str] = &[
    "the",
    "and",
    "of",
    "this",
    "coffee",
    "music",
    "football",
    "rain",
    "city",
    "que",
    "el",
    "la",
    "de",
    "não",
    "uma",
    "le",
    "les",
    "est",
    "der",
    "und",
    "ist",
    "il",
    "che",
    "het",
    "een",
    "bir",
    "bu",
    "yang",
    "ini",
    "và",
    "w",
    "na",
    "и",
    "в",
    "на",
    "не",
    "з",
    "من",
    "في",
    "و",
    "یک",
    "है",
    "में",
    "এই",
    "の",
    "今日",
    "오늘",
    "今天",
    "วันนี้",
];

/// The settings of a new deployment.
pub fn defaults(simulated: bool) -> StreamSettings {
    let words: &[&str] = if simulated { SAMPLE_WORDS } else { &[] };
    StreamSettings {
        state: if simulated { Switch::On } else { Switch::Off },
        mode: StreamMode::Filtered,
        track: words.iter().map(|&word| word.to_owned()).collect(),
        follow: Vec::new(),
        locations: Vec::new(),
        session_cap_usd: (!simulated).then_some(1.0),
        month_cap_usd: (!simulated).then_some(5.0),
        stop_without_viewers: !simulated,
        fill_gaps: true,
        archive: false,
        archive_hours: 24,
        tries: None,
        filter_level: FilterLevel::None,
        stall_warnings: true,
    }
}

/// The settings after a change.
///
/// # Errors
/// Which field cannot be, and what it takes.
pub fn change(settings: &StreamSettings, change: StreamChange) -> Result<StreamSettings, String> {
    let old = settings.clone();
    let new = StreamSettings {
        state: change.state.unwrap_or(old.state),
        mode: change.mode.unwrap_or(old.mode),
        track: change.track.map_or(Ok(old.track), track)?,
        follow: change.follow.map_or(Ok(old.follow), follow)?,
        locations: change.locations.map_or(Ok(old.locations), locations)?,
        session_cap_usd: cap("session_cap_usd", change.session_cap_usd, old.session_cap_usd)?,
        month_cap_usd: cap("month_cap_usd", change.month_cap_usd, old.month_cap_usd)?,
        stop_without_viewers: change.stop_without_viewers.unwrap_or(old.stop_without_viewers),
        fill_gaps: change.fill_gaps.unwrap_or(old.fill_gaps),
        archive: change.archive.unwrap_or(old.archive),
        archive_hours: change.archive_hours.unwrap_or(old.archive_hours),
        tries: change.tries.unwrap_or(old.tries),
        filter_level: change.filter_level.unwrap_or(old.filter_level),
        stall_warnings: change.stall_warnings.unwrap_or(old.stall_warnings),
    };
    if !(1..=ARCHIVE_HOURS_MAX).contains(&new.archive_hours) {
        let hours = new.archive_hours;
        return Err(format!("`archive_hours`: 1 to {ARCHIVE_HOURS_MAX} is expected, not {hours}"));
    }
    if let Some(tries) = new.tries.filter(|tries| !(1..=TRIES_MAX).contains(tries)) {
        return Err(format!("`tries`: 1 to {TRIES_MAX} or null is expected, not {tries}"));
    }
    wanted(&new, &[])?;
    Ok(new)
}

#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
fn cap(name: &str, change: Option<Option<f64>>, old: Option<f64>) -> Result<Option<f64>, String> {
    match change {
        None => Ok(old),
        Some(Some(cap)) if !(0.0..=CAP_MAX_USD).contains(&cap) => {
            Err(format!("`{name}`: 0 to {CAP_MAX_USD} dollars or null is expected, not {cap}"))
        }
        Some(cap) => Ok(cap),
    }
}

fn bounded<T>(name: &str, list: &[T], max: usize) -> Result<(), String> {
    match list.len() {
        len if len > max => Err(format!("`{name}`: at most {max} are expected, not {len}")),
        _ => Ok(()),
    }
}

fn track(words: Vec<String>) -> Result<Vec<String>, String> {
    bounded("track", &words, TRACK_MAX)?;
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        phrase(&word)?;
        let word = word.trim();
        if !kept.iter().any(|known| known == word) {
            kept.push(word.to_owned());
        }
    }
    Ok(kept)
}

fn follow(users: Vec<UserId>) -> Result<Vec<UserId>, String> {
    bounded("follow", &users, FOLLOW_MAX)?;
    let mut seen = std::collections::BTreeSet::new();
    Ok(users.into_iter().filter(|user| seen.insert(*user)).collect())
}

fn locations(locations: Locations) -> Result<Vec<BoundingBox>, String> {
    let boxes = match locations {
        Locations::Boxes(boxes) => boxes,
        Locations::Flat(numbers) => {
            let (boxes, rest) = numbers.as_chunks::<4>();
            if !rest.is_empty() {
                return Err(format!(
                    "`locations`: four numbers a box (west, south, east, north) are expected, \
                     not {} in all",
                    numbers.len()
                ));
            }
            boxes.to_vec()
        }
    };
    bounded("locations", &boxes, LOCATIONS_MAX)?;
    for &place in &boxes {
        check_box(place).map_err(|error| format!("`locations`: {error}"))?;
    }
    Ok(boxes)
}

/// Whether a connection made under the old settings does not do for the new ones.
pub fn needs_reconnect(old: &StreamSettings, new: &StreamSettings) -> bool {
    stream_path(old) != stream_path(new)
}

/// Whether X's rules may have to change. They may while a connection stands.
pub fn needs_rules(old: &StreamSettings, new: &StreamSettings) -> bool {
    new.mode == StreamMode::Filtered
        && (old.mode != new.mode
            || old.track != new.track
            || old.follow != new.follow
            || old.locations != new.locations)
}

/// What of a tweet is asked for: what is shown of it, and no more. The names before X's renaming
/// of August 2026: its stream takes no others.
const FIELDS: &[(&str, &str)] = &[
    (
        "tweet.fields",
        "author_id,created_at,entities,geo,lang,possibly_sensitive,referenced_tweets,note_tweet,\
         edit_history_tweet_ids,withheld",
    ),
    ("expansions", "author_id,geo.place_id"),
    ("user.fields", "name,username,profile_image_url,verified,protected"),
    ("place.fields", "id,full_name,name,country,country_code,geo,place_type"),
];

/// The same for every request that brings tweets.
pub(super) fn fields() -> Vec<(String, String)> {
    FIELDS.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Where the stream is, with its query. `filter_level` and `stall_warnings` are of the old
/// dialect: API v2 has no such parameters and refuses unknown ones.
pub fn stream_path(settings: &StreamSettings) -> (&'static str, Vec<(String, String)>) {
    let path = match settings.mode {
        StreamMode::Filtered => "/2/tweets/search/stream",
        StreamMode::Sample => "/2/tweets/sample/stream",
    };
    (path, fields())
}

/// What an answer to a connect says of whether X grants this app the sample stream; none where
/// it says nothing of that. There is no other way to learn it.
pub fn sample_granted(mode: StreamMode, answer: Result<(), &Trouble>) -> Option<bool> {
    if mode != StreamMode::Sample {
        return None;
    }
    match answer {
        Ok(()) => Some(true),
        Err(Trouble::Http(problem)) => match problem.class {
            Class::Forbidden { .. } => Some(false),
            // A place that is taken is a place.
            Class::Connections => Some(true),
            _ => None,
        },
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x::problem::classify;

    fn json(text: &str) -> Result<StreamSettings, String> {
        change(&defaults(false), serde_json::from_str(text).unwrap())
    }

    #[test]
    fn with_real_keys_nothing_streams_and_caps_are_low() {
        let real = defaults(false);
        assert_eq!((real.state, real.mode), (Switch::Off, StreamMode::Filtered));
        assert_eq!((real.session_cap_usd, real.month_cap_usd), (Some(1.0), Some(5.0)));
        assert!(real.stop_without_viewers && real.track.is_empty() && !real.archive);
    }

    #[test]
    fn the_demo_streams_at_once_without_caps() {
        let demo = defaults(true);
        assert_eq!(
            (demo.state, demo.session_cap_usd, demo.month_cap_usd),
            (Switch::On, None, None)
        );
        assert!(!demo.stop_without_viewers);
        let rules = wanted(&demo, &[]).unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!(super::super::rules::check(&rules[0].value), Ok(()));
        assert_eq!(change(&demo, StreamChange::default()), Ok(demo));
    }

    #[test]
    fn what_is_absent_stays_and_null_takes_a_cap_away() {
        let new = json(r#"{"state":"on","session_cap_usd":null,"tries":7}"#).unwrap();
        let expected = StreamSettings {
            state: Switch::On,
            session_cap_usd: None,
            tries: Some(7),
            ..defaults(false)
        };
        assert_eq!(new, expected);
    }

    #[test]
    fn lists_are_cleaned() {
        let new = json(r#"{"track":[" cat ","dog","cat"],"follow":["3","1","3"]}"#).unwrap();
        assert_eq!(
            (new.track, new.follow),
            (vec!["cat".into(), "dog".into()], vec![UserId(3), UserId(1)])
        );
    }

    #[test]
    fn boxes_may_be_a_flat_list() {
        let boxes = vec![[13.1, 52.4, 13.6, 52.6], [0.0, 0.0, 0.1, 0.1]];
        for text in [
            r#"{"locations":[[13.1,52.4,13.6,52.6],[0,0,0.1,0.1]]}"#,
            r#"{"locations":[13.1,52.4,13.6,52.6,0,0,0.1,0.1]}"#,
        ] {
            assert_eq!(json(text).unwrap().locations, boxes);
        }
        assert!(json(r#"{"locations":[]}"#).unwrap().locations.is_empty());
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = json(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn every_field_is_looked_at() {
        refused(r#"{"track":["&"]}"#, "`track`: `&` holds no word");
        let words: Vec<String> = (0..401).map(|n| n.to_string()).collect();
        refused(&serde_json::json!({ "track": words }).to_string(), "at most 400");
        let users: Vec<String> = (0..5_001).map(|n| n.to_string()).collect();
        refused(&serde_json::json!({ "follow": users }).to_string(), "at most 5000");
        refused(r#"{"locations":[1,2,3]}"#, "four numbers a box");
        refused(r#"{"locations":[-180,-90,180,90]}"#, "place_country:");
        let boxes = vec![[0.0, 0.0, 0.1, 0.1]; 26];
        refused(&serde_json::json!({ "locations": boxes }).to_string(), "at most 25");
        refused(r#"{"session_cap_usd":-1}"#, "`session_cap_usd`: 0 to");
        refused(r#"{"month_cap_usd":1e9}"#, "`month_cap_usd`: 0 to");
        refused(r#"{"archive_hours":0}"#, "1 to 168");
        refused(r#"{"archive_hours":169}"#, "1 to 168");
        refused(r#"{"tries":0}"#, "`tries`: 1 to");
        for text in [r#"{"session_cap_usd":0}"#, r#"{"archive_hours":168}"#, r#"{"tries":null}"#] {
            assert!(json(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_follows_from_a_change() {
        let old = defaults(false);
        for (text, reconnect, rules) in [
            (r#"{"track":["cat"]}"#, false, true),
            (r#"{"follow":["1"]}"#, false, true),
            (r#"{"locations":[0,0,0.1,0.1]}"#, false, true),
            (r#"{"mode":"sample"}"#, true, false),
            (r#"{"state":"on","session_cap_usd":3,"archive":true,"tries":3}"#, false, false),
        ] {
            let new = json(text).unwrap();
            assert_eq!(
                (needs_reconnect(&old, &new), needs_rules(&old, &new)),
                (reconnect, rules),
                "{text}"
            );
            assert_eq!(needs_rules(&new, &old), rules || reconnect, "{text}, back");
        }
    }

    #[test]
    fn a_connect_tells_whether_the_sample_is_granted() {
        let not_enrolled = r#"{"title":"Client Forbidden","reason":"client-not-enrolled",
            "type":"https://api.x.com/2/problems/client-forbidden"}"#;
        let taken = r#"{"title":"ConnectionException","connection_issue":"TooManyConnections",
            "type":"https://api.x.com/2/problems/streaming-connection"}"#;
        for (status, body, expected) in [
            (403, not_enrolled, Some(false)),
            (403, "{}", Some(false)),
            (429, taken, Some(true)),
            (429, "{}", None),
            (401, "{}", None),
            (503, "{}", None),
        ] {
            let trouble = Trouble::Http(classify(status, body.as_bytes()));
            assert_eq!(sample_granted(StreamMode::Sample, Err(&trouble)), expected, "{status}");
            assert_eq!(sample_granted(StreamMode::Filtered, Err(&trouble)), None, "{status}");
        }
        assert_eq!(sample_granted(StreamMode::Sample, Ok(())), Some(true));
        assert_eq!(sample_granted(StreamMode::Filtered, Ok(())), None);
        assert_eq!(sample_granted(StreamMode::Sample, Err(&Trouble::Cut)), None);
    }

    #[test]
    fn the_query_asks_for_what_is_shown_by_the_old_names() {
        let (path, query) = stream_path(&defaults(false));
        assert_eq!(path, "/2/tweets/search/stream");
        let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tweet.fields", "expansions", "user.fields", "place.fields"]);
        assert!(
            query.iter().all(|(_, value)| !value.contains([' ', '\n']) && !value.contains("post"))
        );
    }
}
