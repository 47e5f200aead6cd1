//! The oracle: what the seed's own algorithm makes of a folder of snapshots.
//!
//! `oracle DIR` reads every `FOLLOWERS_<time>.json.gz` and `TWEETS_<time>.json.gz` of DIR in the
//! order of their time stamps and writes `NEW_FOLLOWERS.json`, `LOST_FOLLOWERS.json`,
//! `USER_INFO.json` and `STATS_TWEETS.json` beside them. It follows the seed's Python line by
//! line, with sets where the seed searches lists. It shares no code with the service it checks,
//! and knows nothing of quarantine: the files of DIR are those that count. Invariant: a file
//! that cannot be read ends it with an error; it never counts as an empty list.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: oracle DIR");
        return ExitCode::from(2);
    };
    match run(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("oracle: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Outcome<()> {
    let (mut new, mut lost, mut info) = (Map::new(), Map::new(), Map::new());
    let mut before = Followers::default();
    for stamp in stamps(folder, "FOLLOWERS_")? {
        let current = followers(&read(folder, "FOLLOWERS_", &stamp)?, &mut info)
            .map_err(|why| format!("FOLLOWERS_{stamp}: {why}"))?;
        new.insert(stamp.clone(), current.without(&before));
        lost.insert(stamp, before.without(&current));
        before = current;
    }
    let mut stats = Map::new();
    for stamp in stamps(folder, "TWEETS_")? {
        tweets(&read(folder, "TWEETS_", &stamp)?, &stamp, &mut stats)
            .map_err(|why| format!("TWEETS_{stamp}: {why}"))?;
    }
    write(folder, "NEW_FOLLOWERS.json", new)?;
    write(folder, "LOST_FOLLOWERS.json", lost)?;
    write(folder, "USER_INFO.json", info)?;
    write(folder, "STATS_TWEETS.json", stats)
}

/// `sorted([blob.name.split("_")[1].replace(".json.gz", "") …])`
fn stamps(folder: &Path, prefix: &str) -> Outcome<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut stamps: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix(prefix)?.strip_suffix(".json.gz")?.to_owned())
        })
        .collect();
    stamps.sort_unstable();
    Ok(stamps)
}

/// `json.loads(gzip.decompress(data))`
fn read(folder: &Path, prefix: &str, stamp: &str) -> Outcome<Value> {
    let path = folder.join(format!("{prefix}{stamp}.json.gz"));
    let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_reader(MultiGzDecoder::new(BufReader::new(file)))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The ids of one list: in its order, and to look up.
#[derive(Default)]
struct Followers {
    listed: Vec<String>,
    known: BTreeSet<String>,
}

impl Followers {
    /// `[id for id in self if id not in other]`
    fn without(&self, other: &Self) -> Value {
        self.listed.iter().filter(|id| !other.known.contains(*id)).cloned().collect()
    }
}

/// `USER_INFO[user['id']] = user` for each, and the list of ids.
fn followers(users: &Value, info: &mut Map<String, Value>) -> Outcome<Followers> {
    let mut followers = Followers::default();
    for user in users.as_array().ok_or("no array of users")? {
        let id = id(user)?;
        info.insert(id.clone(), user.clone());
        followers.known.insert(id.clone());
        followers.listed.push(id);
    }
    Ok(followers)
}

fn id(entry: &Value) -> Outcome<String> {
    match entry.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(format!("an entry without an id: {entry}")),
    }
}

/// The seed's `TWEETS_` branch.
fn tweets(file: &Value, stamp: &str, stats: &mut Map<String, Value>) -> Outcome<()> {
    let list = |name: &str| {
        file.get(name).and_then(Value::as_array).ok_or_else(|| format!("no list of {name} tweets"))
    };
    for tweet in list("promoted")?.iter().chain(list("unpromoted")?) {
        let field = |name: &str| {
            tweet.get(name).cloned().ok_or_else(|| format!("a tweet without {name}: {tweet}"))
        };
        let metrics = |name: &str| tweet.get(name).cloned().unwrap_or(Value::Null);
        let told = stats.entry(id(tweet)?).or_insert_with(|| json!({"stats": {}}));
        let Some(told) = told.as_object_mut() else { return Err("no object".to_owned()) };
        told.insert("text".to_owned(), field("text")?);
        told.insert("created_at".to_owned(), field("created_at")?);
        if let Some(Value::Object(by_stamp)) = told.get_mut("stats") {
            let all = json!({
                "promoted_metrics": metrics("promoted_metrics"),
                "public_metrics": metrics("public_metrics"),
                "non_public_metrics": metrics("non_public_metrics"),
                "organic_metrics": metrics("organic_metrics"),
            });
            by_stamp.insert(stamp.to_owned(), all);
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, result: Map<String, Value>) -> Outcome<()> {
    let path = folder.join(name);
    fs::write(&path, Value::Object(result).to_string())
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, name: &str) -> Value {
        json!({"id": id, "name": name})
    }

    #[test]
    fn lists_keep_their_order_and_the_last_word_on_a_user_counts() {
        let mut info = Map::new();
        let first = followers(&json!([user("9", "a"), user("2", "b")]), &mut info).unwrap();
        let second =
            followers(&json!([user("30", "c"), user("2", "d"), user("1", "e")]), &mut info)
                .unwrap();
        assert_eq!(second.without(&first), json!(["30", "1"]));
        assert_eq!(first.without(&second), json!(["9"]));
        assert_eq!(info.get("2"), Some(&user("2", "d")));
        assert_eq!(info.len(), 4);
    }

    #[test]
    fn an_entry_without_an_id_is_an_error() {
        assert!(followers(&json!([{"name": "a"}]), &mut Map::new()).is_err());
        assert!(followers(&json!({}), &mut Map::new()).is_err());
    }

    #[test]
    fn metrics_are_kept_by_stamp_and_what_is_absent_is_null() {
        let file = |likes: u32, text: &str| {
            json!({"promoted": [], "unpromoted": [{"id": "5", "text": text,
                "created_at": "then", "public_metrics": {"like_count": likes}}]})
        };
        let mut stats = Map::new();
        tweets(&file(1, "a"), "t1", &mut stats).unwrap();
        tweets(&file(2, "b"), "t2", &mut stats).unwrap();
        let metrics = |likes: u32| {
            json!({"promoted_metrics": null, "public_metrics": {"like_count": likes},
                "non_public_metrics": null, "organic_metrics": null})
        };
        let expected = json!({"text": "b", "created_at": "then",
            "stats": {"t1": metrics(1), "t2": metrics(2)}});
        assert_eq!(stats.get("5"), Some(&expected));
    }
}
