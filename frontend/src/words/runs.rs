//! Words about what ran. A run's `what` is the code's word; people read these.

use crate::numbers::{count, plural};
use crate::words::{listed, sentence};
use shared::api::{Run, RunState, Snapshot, SnapshotKind, SnapshotState, Trigger};

/// What a run does.
pub(crate) fn what(run: &Run) -> &str {
    match run.what.as_str() {
        "crawl" => "Full check",
        "import" => "Import of a saved list",
        "delete" => "A saved list deleted",
        "replay" => "History made anew from the saved lists",
        "heal" => "Saved lists read again by newer rules, false losses taken back",
        "tick" => "Hourly look at what is due",
        "count" => "Count",
        "tweets" => "Reading of tweets",
        "following" => "Reading of whom you follow and block",
        "verify" => "Look at who is missing",
        "lookup" => "People looked up",
        "push" => "Instant updates from X",
        "purge" => "Deleted tweets taken out of saved lists",
        "ingest" => "Reading of a saved list",
        "resume" => "Work taken up again",
        "refused" => "A request refused",
        "dead letter" => "A message given up",
        other => asked(other),
    }
}

/// What a request did that has no work of its own: the code names it by method and path. A word
/// that is not known yet is told by its method, never as it stands.
fn asked(what: &str) -> &'static str {
    match what {
        "POST /accounts" => "Account added",
        "PATCH /accounts/{account}" => "Account's settings changed",
        "DELETE /accounts/{account}" => "Account deleted",
        "PATCH /accounts/{account}/followers/{user}" => "Note or mute of a person changed",
        "PUT /accounts/{account}/push" => "Instant updates turned on or off",
        "DELETE /lookups/{lookup}" => "Look-up deleted",
        "POST /lookups/{lookup}/resume" => "Look-up taken up again",
        "PUT /budget" => "Limit changed",
        "PUT /credentials/{name}" => "Key for X stored",
        "DELETE /credentials/{name}" => "Key for X removed",
        "POST /credentials/check" => "Keys for X tried",
        "PUT /stream" => "Stream changed",
        "POST /stream/rules" => "Rule of the stream added",
        "DELETE /stream/rules" => "Rules of the stream removed",
        "POST /alerts" => "Alert added",
        "PATCH /alerts/{alert}" => "Alert changed",
        "DELETE /alerts/{alert}" => "Alert removed",
        "POST /alerts/{alert}/test" => "Alert tried",
        "POST /alerts/{alert}/retry" => "Messages of an alert sent again",
        other => match other.split_once(' ').map(|(method, _)| method) {
            Some("POST") => "Something added",
            Some("PUT" | "PATCH") => "A setting changed",
            Some("DELETE") => "Something removed",
            _ => "Other work",
        },
    }
}

/// Neighbours that did the same and ended well as one, the newest, with what they counted added
/// up; and how many they are.
pub(crate) fn together(runs: Vec<Run>) -> Vec<(Run, u64)> {
    let mut all: Vec<(Run, u64)> = Vec::with_capacity(runs.len());
    for run in runs {
        let same = |newer: &Run| {
            run.state == RunState::Done
                && (&newer.what, newer.trigger, newer.state) == (&run.what, run.trigger, run.state)
        };
        // A full check, and whatever else has much to tell, stands for itself.
        let small = matches!(run.what.as_str(), "purge" | "push" | "tick" | "verify")
            || run.what.contains(" /");
        match all.last_mut().filter(|(newer, _)| small && same(newer)) {
            Some((newer, times)) => {
                *times += 1;
                for (name, number) in &run.counts {
                    *newer.counts.entry(name.clone()).or_default() += number;
                }
            }
            None => all.push((run, 1)),
        }
    }
    all
}

/// What set it off.
pub(crate) fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Fetch => "asked for",
        Trigger::Cron => "on schedule",
        Trigger::Queue => "a new saved list",
        Trigger::Alarm => "on time",
        Trigger::Webhook => "message from X",
    }
}

/// Word and class of a state.
pub(crate) fn state(state: RunState) -> (&'static str, &'static str) {
    match state {
        RunState::Running => ("running", "busy"),
        RunState::Done => ("done", "good"),
        RunState::Failed => ("failed", "bad"),
        RunState::Quarantined => ("set aside", "warn"),
    }
}

/// Word and class of a saved list's state.
pub(crate) fn saved(state: SnapshotState) -> (&'static str, &'static str) {
    match state {
        SnapshotState::Accepted => ("read", "good"),
        SnapshotState::Quarantined => ("set aside", "warn"),
        SnapshotState::Pending => ("waiting", "busy"),
    }
}

/// Why a list was set aside, and that it harmed nobody.
pub(crate) fn set_aside(why: &str) -> String {
    let why = sentence(why);
    let told = why.to_lowercase();
    if told.contains("counted as left") || told.contains("nobody was counted") {
        return why;
    }
    format!("{why} Nobody was counted as left.")
}

/// That entries of a list could not be read; of a list of followers also what follows from it.
pub(crate) fn unread(entries: u64, followers: bool) -> String {
    let told = plural(entries, "entry", "entries");
    if followers {
        format!(
            "{told} could not be read, so whoever is missing from this list is not counted as \
             left: the next whole list tells."
        )
    } else {
        format!("{told} could not be read.")
    }
}

/// How many a saved list names, and how much of it could not be read.
pub(crate) fn named(item: &Snapshot) -> String {
    let followers = item.kind == SnapshotKind::Followers;
    let (one, many) = if followers { ("person", "people") } else { ("tweet", "tweets") };
    let count = item.count.map(|count| plural(count, one, many));
    let accepted = item.state == SnapshotState::Accepted;
    let unreadable = item.unreadable.filter(|&entries| entries > 0 && accepted);
    let unread = unreadable.map(|entries| unread(entries, followers));
    match (count, unread) {
        (Some(count), Some(unread)) => format!("{} {unread}", sentence(&count)),
        (count, unread) => count.or(unread).unwrap_or_default(),
    }
}

/// How a run ended, or stands, in a sentence.
pub(crate) fn outcome(run: &Run) -> String {
    let number = |name: &str| run.counts.get(name).copied().and_then(|n| u64::try_from(n).ok());
    let mut parts = Vec::new();
    if let Some(followers) = number("followers") {
        parts.push(plural(followers, "follower", "followers"));
    }
    if let Some(tweets) = number("tweets") {
        parts.push(plural(tweets, "tweet", "tweets"));
    }
    if let Some(files) = number("files") {
        parts.push(plural(files, "file", "files"));
    }
    if let Some(followed) = number("following") {
        parts.push(format!("{} followed", plural(followed, "account", "accounts")));
    }
    if let Some(blocked) = number("blocking") {
        parts.push(format!("{} blocked", count(blocked)));
    }
    if let Some(gained) = number("gained") {
        parts.push(format!("{} came", count(gained)));
    }
    if let Some(lost) = number("lost") {
        parts.push(format!("{} left", count(lost)));
    }
    let mut told = sentence(&listed(&parts));
    if let Some(retries) = number("retries").filter(|&retries| retries > 0) {
        let told_before = if told.is_empty() { "" } else { " " };
        told = format!("{told}{told_before}{}.", plural(retries, "retry", "retries"));
    }
    if let Some(dropped) = number("dropped").filter(|&dropped| dropped > 0) {
        let told_before = if told.is_empty() { "" } else { " " };
        told = format!("{told}{told_before}{}", unread(dropped, number("followers").is_some()));
    }
    match (run.state, &run.error) {
        (RunState::Quarantined, error) => {
            let why = error.as_ref().map_or("the list was incomplete", |error| &error.detail);
            format!("Set aside: {}", set_aside(why))
        }
        (_, Some(error)) => sentence(&error.detail),
        (RunState::Running, None) if told.is_empty() => "Under way.".to_owned(),
        (_, None) => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::Problem;
    use shared::time::UnixMs;

    fn run(state: RunState, counts: &[(&str, i64)], error: Option<&str>) -> Run {
        Run {
            id: "1".to_owned(),
            trigger: Trigger::Fetch,
            what: "crawl".to_owned(),
            account: None,
            state,
            started: UnixMs(0),
            ended: None,
            duration_ms: None,
            error: error.map(|detail| Problem {
                kind: String::new(),
                title: String::new(),
                status: 402,
                detail: detail.to_owned(),
                request_id: String::new(),
            }),
            counts: counts.iter().map(|&(name, number)| (name.to_owned(), number)).collect(),
        }
    }

    #[test]
    fn no_run_is_named_by_its_route() {
        use shared::routes::{Op, all};
        // These make runs with a name of their own, or none.
        let other = |op: Op| {
            let named = [Op::Crawl, Op::CheckTweets, Op::CheckFollowing, Op::Replay, Op::Resume];
            let files = [Op::ImportSnapshot, Op::DeleteSnapshot, Op::StartLookup];
            let none = [Op::SignIn, Op::SignOut, Op::Hook];
            named.contains(&op) || files.contains(&op) || none.contains(&op)
        };
        let changes = all().filter(|route| route.method != "GET" && !other(route.op));
        let mut words: Vec<&str> =
            changes.map(|route| asked(&format!("{} {}", route.method, route.path))).collect();
        for word in &words {
            assert!(!word.contains('/') && !word.contains('{'), "{word}");
        }
        let routes = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), routes, "each has words of its own: {words:?}");
        assert_eq!(asked("PUT /what/comes/later"), "A setting changed");
        assert_eq!(asked("later"), "Other work");
    }

    #[test]
    fn small_runs_of_one_kind_are_one_row() {
        let of = |what: &str, state, files| {
            let what = what.to_owned();
            Run { what, ..run(state, &[("files", files)], None) }
        };
        let runs = vec![
            of("purge", RunState::Done, 2),
            of("purge", RunState::Done, 3),
            of("purge", RunState::Failed, 0),
            of("crawl", RunState::Done, 0),
            of("crawl", RunState::Done, 0),
            of("purge", RunState::Done, 1),
        ];
        let rows = together(runs);
        let rows = rows.iter().map(|(run, times)| (run.what.as_str(), run.counts["files"], *times));
        let expected =
            [("purge", 5, 2), ("purge", 0, 1), ("crawl", 0, 1), ("crawl", 0, 1), ("purge", 1, 1)];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn outcomes_are_sentences() {
        let counts = [("followers", 10_432), ("gained", 9), ("lost", 4), ("retries", 0)];
        assert_eq!(
            outcome(&run(RunState::Done, &counts, None)),
            "10,432 followers, 9 came and 4 left."
        );
        assert_eq!(outcome(&run(RunState::Running, &[], None)), "Under way.");
        assert_eq!(outcome(&run(RunState::Failed, &[], Some("No credits"))), "No credits.");
        assert_eq!(
            outcome(&run(RunState::Quarantined, &counts, Some("40 of 10,432 were read"))),
            "Set aside: 40 of 10,432 were read. Nobody was counted as left."
        );
        let told = "It is incomplete. It was set aside, and nobody was counted as left.";
        assert_eq!(
            outcome(&run(RunState::Quarantined, &counts, Some(told))),
            format!("Set aside: {told}"),
            "said once"
        );
    }

    #[test]
    fn what_could_not_be_read_is_told() {
        let counts = [("followers", 120), ("dropped", 80)];
        assert_eq!(
            outcome(&run(RunState::Done, &counts, None)),
            "120 followers. 80 entries could not be read, so whoever is missing from this list is \
             not counted as left: the next whole list tells."
        );
        let counts = [("tweets", 3), ("dropped", 1)];
        assert_eq!(
            outcome(&run(RunState::Done, &counts, None)),
            "3 tweets. 1 entry could not be read."
        );
        let list = Snapshot {
            name: String::new(),
            kind: SnapshotKind::Followers,
            at: UnixMs(0),
            bytes: 1,
            count: Some(1),
            entries: Some(3),
            unreadable: Some(2),
            repeated: Some(0),
            origin: shared::api::Origin::Import,
            state: SnapshotState::Accepted,
            reason: None,
            etag: String::new(),
            run: None,
        };
        assert!(named(&list).starts_with("1 person. 2 entries could not be read, so whoever"));
        let tweets = Snapshot { kind: SnapshotKind::Tweets, ..list.clone() };
        assert_eq!(named(&tweets), "1 tweet. 2 entries could not be read.");
        let whole = Snapshot { unreadable: Some(0), ..list.clone() };
        assert_eq!(named(&whole), "1 person");
        assert_eq!(named(&Snapshot { unreadable: None, count: None, ..list }), "");
    }
}
