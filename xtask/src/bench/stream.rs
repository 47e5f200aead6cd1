//! `bench stream`: posts a second from bytes to encoded events. Owns: the recording and the
//! comparison. Must not know how any of them hydrates. Invariant: all read the same recorded
//! bytes, and whoever claims the same work must give as many events.

use super::{Options, python, roost, table};
use crate::children::Children;
use crate::clock::Stopwatch;
use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::stack;
use crate::steps::Step;
use crate::stream::connection::{self, Next};
use crate::vars;
use serde_json::{Value, json};
use shared::api::StreamMode;
use shared::figures::thousands;
use shared::stream::frames::{Frame, Frames};
use shared::stream::message::{self, Message};
use shared::stream::settings;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often each reads all of it.
const RUNS: u32 = 5;
/// Readings of one request to the worker: the transfer of its body then weighs little.
const ROUNDS: u32 = 4;
/// The simulator's fastest.
const RECORD_RATE: u32 = 5_000;
/// Posts of one request to the worker: a body must fit its memory with all that is made of it.
const PART_POSTS: usize = 5_000;
/// The simulator stands still or refuses.
const PATIENCE: Duration = Duration::from_secs(20);

/// What Roost aims at, as multiples.
const AIMS: [(&str, f64); 2] = [("Python", 8.0), ("Node", 1.0)];

/// One of them.
struct Measured {
    title: &'static str,
    /// Seconds of each run.
    runs: Vec<f64>,
    posts: u64,
    events: u64,
    /// Of its events.
    bytes: u64,
}

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    options.build(project)?;
    let posts = if options.quick { options.posts.min(5_000) } else { options.posts };
    let lines = record(project, posts as usize)?;
    let file = save(project, &lines)?;
    let mut all = Vec::new();
    all.push(workerd(project, &lines)?);
    let mut node = project.node();
    node.arg(project.at("tests/bench/stream.mjs"));
    all.push(script("Node", node, &file)?);
    match python::plain(project) {
        None => println!("  Python: left out: python3 is not installed"),
        Some(python) => {
            let mut command = project.command(python);
            command.arg(project.at("tests/bench/stream.py"));
            all.push(script("Python", command, &file)?);
        }
    }
    print!("{}", report(&all, lines.iter().map(Vec::len).sum()));
    Ok(())
}

/// So many posts of the simulator's stream, byte by byte as they came.
fn record(project: &Project, posts: usize) -> Outcome<Vec<Vec<u8>>> {
    stack::build_fast_xsim(project)?;
    let mut children = Children::default();
    let xsim = roost::start_xsim(project, &mut children)?;
    let step = Step::start(format!("recording {posts} posts"));
    roost::sim(&xsim, "/sim/stream", &json!({"rate": RECORD_RATE, "sample": true}))?;
    let mut wanted = settings::defaults(true);
    wanted.mode = StreamMode::Sample;
    let (path, query) = settings::stream_path(&wanted);
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let url = format!("{xsim}{path}?{}", query.join("&"));
    let token = vars::SIMULATOR.iter().find(|(name, _)| *name == "X_BEARER_TOKEN");
    let (head, mut connection) = connection::open(project, &url, token.map_or("", |(_, t)| t))
        .map_err(|why| failed(&format!("{url}: {why}")))?;
    if head.status != 200 {
        let body = connection.body(PATIENCE);
        return Err(failed(&format!("{}: {}", head.status, String::from_utf8_lossy(&body))));
    }
    let (mut frames, mut lines) = (Frames::default(), Vec::new());
    while lines.len() < posts {
        match connection.next(PATIENCE) {
            Next::Bytes(bytes) => frames.push(&bytes, &mut |frame| {
                if let Frame::Message(line) = frame
                    && let Message::Post(_) = message::read(line)
                {
                    lines.push([line, b"\r\n"].concat());
                }
            }),
            Next::Silence => return Err(failed("the simulator fell silent")),
            Next::End(why) => return Err(failed(&why.unwrap_or_else(|| "it ended".to_owned()))),
        }
        step.progress(&format!("{}", lines.len()));
    }
    lines.truncate(posts);
    step.done(&format!("{} MB", lines.iter().map(Vec::len).sum::<usize>() / 1_000_000));
    Ok(lines)
}

fn failed(why: &str) -> Failure {
    Failure::new("recording the simulator's stream", why, "see target/xtask/logs/bench-xsim.log")
}

fn save(project: &Project, lines: &[Vec<u8>]) -> Outcome<PathBuf> {
    let path = project.target().join("xtask/bench-posts.ndjson");
    std::fs::write(&path, lines.concat()).explain(format!("writing {}", path.display()))?;
    Ok(path)
}

/// Roost's own way, in workerd. The runtime's clock stands still while code runs, so that time is
/// taken out here: of a request that reads its body [`ROUNDS`] times, less one that only gets it.
fn workerd(project: &Project, lines: &[Vec<u8>]) -> Outcome<Measured> {
    let roost = roost::start(project)?;
    let step = Step::start("Roost in workerd");
    let parts: Vec<_> = lines.chunks(PART_POSTS).map(<[Vec<u8>]>::concat).collect();
    let ask = |part: &[u8], rounds: u32| -> Outcome<(f64, [u64; 3])> {
        let watch = Stopwatch::start();
        let answer = roost.post_bytes(&format!("/api/sim/live/bench?rounds={rounds}"), part)?;
        let seconds = watch.elapsed().as_secs_f64();
        let count = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        let rounds = u64::from(rounds.max(1));
        Ok((seconds, ["posts", "events", "bytes"].map(|name| count(name) / rounds)))
    };
    let mut all =
        Measured { title: "Roost in workerd", runs: Vec::new(), posts: 0, events: 0, bytes: 0 };
    for _ in 0..RUNS {
        let (mut seconds, mut sums) = (0.0, [0; 3]);
        for part in &parts {
            let (bare, _) = ask(part, 0)?;
            let (whole, counts) = ask(part, ROUNDS)?;
            seconds += (whole - bare).max(0.0) / f64::from(ROUNDS);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        all.runs.push(seconds);
        [all.posts, all.events, all.bytes] = sums;
    }
    step.done("");
    Ok(all)
}

/// A script that reads the file so often and prints `{"posts","events","bytes","ms":[…]}`.
fn script(title: &'static str, mut command: Command, file: &Path) -> Outcome<Measured> {
    let step = Step::start(title);
    command.arg(file).arg(RUNS.to_string()).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| process::cannot_start(title, &error))?;
    let answer: Value =
        serde_json::from_slice(&output.stdout).explain(format!("reading what {title} says"))?;
    let whole = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let runs = answer.get("ms").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let runs = runs.iter().filter_map(Value::as_f64).map(|ms| ms / 1_000.0).collect();
    step.done("");
    let (posts, events, bytes) = (whole("posts"), whole("events"), whole("bytes"));
    Ok(Measured { title, runs, posts, events, bytes })
}

#[allow(clippy::cast_precision_loss, reason = "counts of a benchmark")]
impl Measured {
    /// Posts a second of the best and of the middle run.
    fn rates(&self) -> Option<[f64; 2]> {
        let mut runs = self.runs.clone();
        runs.sort_by(f64::total_cmp);
        let rate = |seconds: &f64| self.posts as f64 / seconds.max(1e-9);
        Some([rate(runs.first()?), rate(runs.get(runs.len() / 2)?)])
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates of a benchmark, above nothing"
)]
fn report(all: &[Measured], bytes: usize) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|measured| {
            let [best, median] = measured.rates().unwrap_or_default();
            vec![
                measured.title.to_owned(),
                thousands(best as u64),
                thousands(median as u64),
                thousands(measured.posts),
                thousands(measured.events),
                thousands(measured.bytes / 1_000),
            ]
        })
        .collect();
    let head = ["", "posts/s best", "median", "posts", "events", "kB out"];
    let mut text = format!(
        "\nposts a second from bytes to encoded events; {RUNS} runs over {} kB\n\n{}\n",
        thousands(bytes as u64 / 1_000),
        table::render(&head, &rows)
    );
    let rate = |title: &str| {
        all.iter().find(|measured| measured.title.starts_with(title))?.rates().map(|[_, m]| m)
    };
    if let Some(ours) = rate("Roost") {
        for (rival, aim) in AIMS {
            if let Some(theirs) = rate(rival) {
                let _ = writeln!(
                    text,
                    "  Roost is {:.1} times {rival} by the median (aim: {aim})",
                    ours / theirs
                );
            }
        }
    }
    let events = |title: &str| all.iter().find(|m| m.title.starts_with(title)).map(|m| m.events);
    if events("Roost") != events("Node") {
        text.push_str("  Roost and Node gave different numbers of events: not the same work\n");
    }
    text.push_str(
        "  Python does what such servers do: username, name, body, a corner of a place; encoded for \
         a queue,\n  and at its other end for a socket.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_and_median_come_from_the_runs() {
        let measured =
            Measured { title: "Node", runs: vec![4.0, 1.0, 2.0], posts: 8, events: 0, bytes: 0 };
        assert_eq!(measured.rates(), Some([8.0, 4.0]));
        assert_eq!(Measured { runs: Vec::new(), ..measured }.rates(), None);
    }

    #[test]
    fn unequal_work_is_said() {
        let one = |title, events| Measured { title, runs: vec![1.0], posts: 10, events, bytes: 0 };
        let said = report(&[one("Roost in workerd", 14), one("Node", 13)], 1_000);
        assert!(said.contains("not the same work") && said.contains("1.0 times Node"), "{said}");
    }
}
