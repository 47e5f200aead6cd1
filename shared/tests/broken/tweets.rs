//! Files of tweets: entries of one tweet in both lists, in parts, repeated, unreadable.

use crate::dice::Dice;
use crate::files::{Way, file, pieces};
use crate::{Made, odd};
use shared::time::UnixMs;
use shared::tweet::File;
use shared::tweets::{Damage, Gunzip, parse};
use std::collections::BTreeMap;

/// What a file says of one tweet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    text: Option<String>,
    lang: Option<String>,
    metrics: BTreeMap<&'static str, u64>,
    promoted: bool,
}

/// What a file says in all: tweets, and entries by what they came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    tweets: BTreeMap<u64, Told>,
    entries: u64,
    unreadable: u64,
    both: u64,
    repeated: u64,
}

const METRICS: [(&str, &str, &str); 4] = [
    ("public.like_count", "public_metrics", "like_count"),
    ("public.reply_count", "public_metrics", "reply_count"),
    ("promoted.like_count", "promoted_metrics", "like_count"),
    ("organic.like_count", "organic_metrics", "like_count"),
];

/// One readable entry, which is noted where nothing before it said otherwise.
fn entry(dice: &mut Dice, id: u64, promoted: bool, told: &mut Told) -> String {
    let mut members = vec![match dice.between(0, 2) {
        0 => format!("\"id\":\"{id}\""),
        1 => format!("\"id_str\":\"{id}\",\"id\":{}", id / 1_000 * 1_000),
        _ => format!("\"id\":\"{id}\",\"id_str\":null"),
    }];
    let mut word =
        |name: &str, known: &mut Option<String>, dice: &mut Dice| match dice.between(0, 3) {
            0 => {}
            1 => members.push(format!("\"{name}\":null")),
            _ => {
                let word = format!("{name} {}", dice.between(0, 9));
                members.push(format!("\"{name}\":\"{word}\""));
                known.get_or_insert(word);
            }
        };
    word("text", &mut told.text, dice);
    word("lang", &mut told.lang, dice);
    let mut families: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (metric, family, name) in METRICS {
        if dice.one_in(2) {
            continue;
        }
        let count = dice.between(0, 999);
        let value = match dice.between(0, 9) {
            0 => "null".to_owned(),
            1 => format!("\"{count}\""),
            _ => count.to_string(),
        };
        families.entry(family).or_default().push(format!("\"{name}\":{value}"));
        if value != "null" {
            told.metrics.entry(metric).or_insert(count);
            told.promoted |= family == "promoted_metrics";
        }
    }
    told.promoted |= promoted;
    for (family, values) in families {
        members.push(format!("\"{family}\":{{{}}}", values.join(",")));
    }
    format!("{{{}}}", members.join(","))
}

fn lists(dice: &mut Dice) -> (String, Said) {
    let mut said = Said::default();
    let ids: Vec<u64> =
        (0..dice.between(0, 9)).map(|n| 1_346_889_436_626_259_968 + n * 7_919).collect();
    let mut stands: BTreeMap<u64, bool> = BTreeMap::new();
    let broken = dice.one_in(3);
    let nothing = broken && dice.one_in(6);
    let mut texts = [Vec::new(), Vec::new()];
    for (list, texts) in texts.iter_mut().enumerate() {
        let promoted = list == 0;
        for _ in 0..dice.between(0, 8) {
            said.entries += 1;
            if nothing || ids.is_empty() || (broken && dice.one_in(3)) {
                said.unreadable += 1;
                texts.push(odd::unreadable(dice, 77));
                continue;
            }
            let id = *dice.pick(&ids);
            match stands.get(&id) {
                Some(before) if *before == promoted => said.repeated += 1,
                Some(_) => said.both += 1,
                None => drop(stands.insert(id, promoted)),
            }
            let told = said.tweets.entry(id).or_default();
            texts.push(entry(dice, id, promoted, told));
        }
    }
    let [promoted, unpromoted] = texts.map(|texts| texts.join(","));
    let json = if dice.one_in(2) {
        format!("{{\"promoted\":[{promoted}],\"unpromoted\":[{unpromoted}]}}")
    } else {
        format!("{{\"unpromoted\" : [{unpromoted}],\n\"x\":{{}},\"promoted\":[{promoted}] }}")
    };
    (json, said)
}

/// What the reader makes of a file.
fn read(dice: &mut Dice, bytes: &[u8]) -> Result<(Said, Option<String>), Damage> {
    let mut gunzip = Gunzip::new();
    for piece in pieces(dice, bytes) {
        gunzip.push(piece)?;
    }
    let json = gunzip.finish()?;
    let file = File::read(&json, UnixMs(1_800_000_000_000))?;
    let set_aside = file.set_aside();
    let tweets = file.tweets.iter().map(|listed| {
        let tweet = &listed.tweet;
        let known = |name: &str| METRICS.iter().map(|metric| metric.0).find(|known| *known == name);
        let metrics =
            tweet.metrics.iter().map(|(metric, n)| (known(&metric.to_string()).unwrap(), *n));
        let told = Told {
            text: tweet.text.clone(),
            lang: tweet.lang.clone(),
            metrics: metrics.collect(),
            promoted: listed.promoted,
        };
        (tweet.id.0, told)
    });
    let said = Said {
        tweets: tweets.collect(),
        entries: file.entries.entries,
        unreadable: file.entries.unreadable,
        both: file.both,
        repeated: file.repeated,
    };
    let mut distinct: Vec<u64> = parse(&json)?.into_iter().map(|sight| sight.id.0).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(
        distinct,
        said.tweets.keys().copied().collect::<Vec<_>>(),
        "STATS_TWEETS has others"
    );
    Ok((said, set_aside))
}

/// Makes a file and reads it.
pub(crate) fn live(dice: &mut Dice, made: &mut Made) -> Result<(), String> {
    let (json, expected) = lists(dice);
    let way = Way::any(dice);
    let bytes = file(dice, &json, way);
    let (said, set_aside) = match read(dice, &bytes) {
        Ok(read) if way.readable() => read,
        Ok((said, _)) => return Err(format!("{way:?}, and read as {said:?}")),
        Err(damage) if way.readable() => return Err(format!("it can be read: {damage}: {json}")),
        Err(_) => {
            *made.entry("damaged").or_default() += 1;
            return Ok(());
        }
    };
    if said != expected {
        return Err(format!("{said:?} where {expected:?} was told: {json}"));
    }
    let nothing = expected.entries > 0 && expected.entries == expected.unreadable;
    if set_aside.is_some() != nothing {
        return Err(format!("set aside: {set_aside:?}, of {expected:?}"));
    }
    for (name, times) in [
        ("whole", u64::from(expected.unreadable == 0)),
        ("unreadable", expected.unreadable),
        ("both", expected.both),
        ("repeated", expected.repeated),
        ("nothing readable", u64::from(nothing)),
    ] {
        *made.entry(name).or_default() += times;
    }
    Ok(())
}
