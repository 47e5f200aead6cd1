//! Archives broken by seed, against an oracle that is told what is readable in them. Invariant of
//! what is read: the list of followers is handed on only if nobody may be missing from it, and
//! then it names exactly the readable; every readable tweet is taken, and no other.

use super::tests::{classic, manifest};
use super::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// xorshift64*: the same archive for a seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Names and texts.
type Files = Vec<(String, String)>;

/// What is readable of what was written.
#[derive(Default)]
struct Oracle {
    ids: BTreeSet<u64>,
    unreadable: u64,
    tweets: BTreeSet<u64>,
    unreadable_tweets: u64,
    /// Somebody may be missing from the list.
    doubt: bool,
}

/// A script as text: what X writes, or what is left of it.
fn text(random: &mut Random, name: &str, entries: &[String]) -> String {
    let (open, between, close) =
        if random.once_in(2) { ("[\n  ", ",\n  ", "\n]") } else { ("[", ",", "]") };
    let mark = if random.once_in(4) { "\u{feff}" } else { "" };
    let end = ["", ";", ";\r\n", "\n\n"][random.below(4)];
    format!("{mark}window.YTD.{name}.part0 = {open}{}{close}{end}", entries.join(between))
}

/// An entry of a follower; whether an id can be read from it.
fn follower(random: &mut Random, id: u64) -> (String, bool) {
    let whole = json!({"follower": {"accountId": id.to_string(), "userLink": "https://twitter.com/intent/user"}});
    let odd = |value: Value| (json!({"follower": {"accountId": value}}).to_string(), false);
    match random.below(60) {
        0 => odd(json!(null)),
        1 => odd(json!(format!("{id}.0"))),
        2 => odd(json!(9_007_199_254_740_993_u64 + id)),
        3 => odd(json!([id.to_string()])),
        4 => ("null".to_owned(), false),
        5 => ("{}".to_owned(), false),
        6 => (format!("\"{id}\""), false),
        7 => (format!("{{\"follower\":{{\"accountId\":\"{id}\",\"name\":undefined}}}}"), false),
        8 => (format!("[{{\"accountId\":\"{id}\"}}]"), false),
        9 => (json!({"following": {"accountId": id.to_string()}}).to_string(), false),
        // Read all the same.
        10 => (json!({"accountId": id.to_string()}).to_string(), true),
        11 => (json!({"follower": {"accountId": id}}).to_string(), true),
        12 => (json!({"follower": {"accountId": id.to_string(), "userLink": 5}}).to_string(), true),
        _ => (whole.to_string(), true),
    }
}

/// An entry of a tweet; whether it can be read.
fn tweet(random: &mut Random, id: u64) -> (String, bool) {
    let mut whole = classic(id, "He said “]}, {\" and left \\ #sea https://t.co/abc @ada");
    let fields: Vec<String> =
        whole.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    // An odd field costs itself.
    let field = &fields[random.below(fields.len())];
    let values = [
        json!(null),
        json!(5),
        json!(-1.5),
        json!([]),
        json!({}),
        json!("x"),
        json!([null, {"indices": "x"}]),
        json!(true),
    ];
    if random.once_in(2) && !field.starts_with("id") {
        whole[field] = values[random.below(8)].clone();
    }
    match random.below(30) {
        0 => (json!({"tweet": null}).to_string(), false),
        1 => (json!({"tweet": {"full_text": "x"}}).to_string(), false),
        2 => ("17".to_owned(), false),
        3 => (format!("{{\"tweet\":{{\"id_str\":\"{id}\",\"full_text\":\"a \"b\" c\"}}}}"), false),
        4 => {
            whole["id_str"] = json!(1.5);
            (json!({ "tweet": whole }).to_string(), true)
        }
        5..12 => (whole.to_string(), true),
        _ => (json!({ "tweet": whole }).to_string(), true),
    }
}

/// What becomes of a file of followers.
enum Fate {
    Whole,
    /// Left out when the zip was packed anew.
    Lost,
    /// Its end is missing.
    Cut,
    /// Its first entry is missing, which only X's count tells.
    Short,
}

/// The files of followers, and what X counted in them.
fn followers(
    random: &mut Random,
    oracle: &mut Oracle,
    counted: bool,
) -> (Files, Vec<(String, u64)>) {
    let (mut files, mut stated, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let parts = random.below(4);
    for part in 0..parts {
        let suffix = if part == 0 { String::new() } else { format!("-part{part}") };
        let name = format!("data/follower{suffix}.js");
        let (mut entries, mut read) = (Vec::new(), Vec::new());
        for _ in 0..=random.below(29) {
            let id = 1 + random.below(1 << 40) as u64;
            let (entry, readable) = follower(random, id);
            entries.push(entry);
            read.push(readable.then_some(id));
        }
        stated.push((name.clone(), entries.len() as u64));
        let fate = match random.below(25) {
            0 => Fate::Lost,
            1 => Fate::Cut,
            2 if counted => Fate::Short,
            _ => Fate::Whole,
        };
        oracle.doubt |= matches!(fate, Fate::Cut | Fate::Short);
        let from = usize::from(matches!(fate, Fate::Short));
        let mut script = text(random, "follower", &entries[from..]);
        match fate {
            Fate::Lost => continue,
            Fate::Cut => {
                let end = script.rfind(']').unwrap();
                script.truncate(30 + random.below(end - 29));
            }
            Fate::Whole | Fate::Short => {}
        }
        kept.push(part);
        files.push((name, script));
        oracle.ids.extend(read.iter().flatten());
        oracle.unreadable += read.iter().filter(|id| id.is_none()).count() as u64;
    }
    // Where X counts nothing, nobody can know that the last part is gone.
    let lost = parts > kept.len();
    oracle.doubt |= lost && (counted || kept.last().is_some_and(|last| *last >= kept.len()));
    (files, stated)
}

/// The files of one archive, by the names X gives them, and what is readable in them.
fn make(random: &mut Random) -> (Files, Oracle) {
    let mut oracle = Oracle::default();
    let counted = random.once_in(2);
    let (mut files, stated) = followers(random, &mut oracle, counted);
    let mut tweets = Vec::new();
    for nth in 0..=random.below(19) {
        let id = 1_700_000_000_000_000_000 + nth as u64;
        let (entry, readable) = tweet(random, id);
        tweets.push(entry);
        if readable {
            oracle.tweets.insert(id);
        } else {
            oracle.unreadable_tweets += 1;
        }
    }
    let name = if random.once_in(3) { "data/tweet.js" } else { "data/tweets.js" };
    let script = text(random, "tweets", &tweets);
    files.push((name.to_owned(), script));
    let stated: Vec<(&str, &str, u64)> = stated
        .iter()
        .filter(|_| counted)
        .map(|(name, count)| ("follower", name.as_str(), *count))
        .collect();
    let mut config = manifest(&stated);
    if random.once_in(20) {
        config = config.replace("\"isPartialArchive\": false", "\"isPartialArchive\": true");
        oracle.doubt = true;
    }
    files.push(("data/manifest.js".to_owned(), config));
    files.push(("data/direct-messages.js".to_owned(), "window.YTD = [1]".to_owned()));
    (files, oracle)
}

/// Packs the files anew, as people and tools do.
fn pack(random: &mut Random, files: &mut Files) {
    let folder = ["", "", "twitter-2026-03-03/", "./"][random.below(4)];
    let (root, back) = (random.once_in(4), random.once_in(3));
    for (name, _) in files.iter_mut() {
        let bare = if root { name.trim_start_matches("data/") } else { name.as_str() };
        *name = format!("{folder}{bare}");
        if back {
            *name = name.replace('/', "\\");
        }
    }
    if random.once_in(3) {
        files.push(("__MACOSX/data/._follower.js".to_owned(), "Mac OS X".to_owned()));
    }
    for at in (1..files.len()).rev() {
        files.swap(at, random.below(at + 1));
    }
}

fn check(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut files, oracle) = make(&mut random);
    pack(&mut random, &mut files);
    let (found, people, tweets) = super::tests::read(&files);
    let dump = || {
        files.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("\n")
    };
    let readable = !oracle.ids.is_empty();
    assert_eq!(
        found.followers.importable(),
        readable && !oracle.doubt,
        "seed {seed}: {found:?}\n{}",
        dump()
    );
    if let Followers::Whole { unreadable, .. } = found.followers {
        assert_eq!(unreadable, oracle.unreadable, "seed {seed}\n{}", dump());
        // As the import reads what the page writes.
        let (ids, summary) = super::tests::imported(&people.snapshot());
        let read: BTreeSet<u64> = ids.into_iter().collect();
        assert_eq!((read, summary.unreadable), (oracle.ids, unreadable), "seed {seed}\n{}", dump());
    }
    let ids: BTreeSet<u64> = super::tests::taken(&tweets).iter().map(|tweet| tweet.id.0).collect();
    assert_eq!(
        (ids, found.unreadable_tweets),
        (oracle.tweets, oracle.unreadable_tweets),
        "seed {seed}\n{}",
        dump()
    );
}

#[test]
fn a_thousand_broken_archives_are_read_as_far_as_they_go() {
    (0..1_000).for_each(check);
}
