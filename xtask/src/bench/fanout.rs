//! `bench fanout`: how many viewers each server sustains. Owns: what counts as sustained, and the
//! table. Must not know how servers or viewers work. Invariant: all servers get the same posts a
//! second, the same viewers' program and the same verdict.

use super::ladder::Ladder;
use super::load::{self, Load, Seen};
use super::rivals::{CONTESTANTS, Contestant, Server};
use super::usage::{self, Usage};
use super::{Options, table};
use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::stack;
use crate::steps::Step;
use shared::figures::thousands;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// A post that takes longer is not live.
const P99_MS: u64 = 500;
/// Less than this share of the posts, and some are not delivered but only not missed yet.
const DELIVERED: f64 = 0.95;
/// Of a core: with more than this taken by others, the figures say little.
const DISTURBED: f64 = 0.25;
/// Nobody fails by one attempt.
const ATTEMPTS: u32 = 2;
/// What Roost aims at, as multiples of a rival's viewers.
const AIMS: [(&str, f64); 3] = [("ws", 5.0), ("socket.io", 10.0), ("Tornado", 20.0)];

/// How long and how finely is measured.
#[derive(Clone, Copy)]
struct Pace {
    settle: Duration,
    seconds: f64,
    halvings: u32,
    /// After so long a server that has failed once is not looked at more closely.
    budget: Duration,
}

/// One number of viewers, measured.
struct Rung {
    viewers: u32,
    seen: Seen,
    server: Usage,
    /// The server with nobody watching.
    idle: Usage,
    /// CPU seconds while it was counted.
    cpu: Spent,
}

/// CPU seconds, summed over cores.
#[derive(Clone, Copy, Default)]
struct Spent {
    server: f64,
    viewers: f64,
    /// The server, the viewers and whatever else was started for the benchmark.
    ours: f64,
    machine: f64,
}

impl Spent {
    fn now(server: u32, load: &Load) -> Self {
        let cpu = |pid| usage::of(pid).unwrap_or_default().cpu_s;
        let machine = usage::machine_cpu_s().unwrap_or_default();
        Self {
            server: cpu(server),
            viewers: load.usage().cpu_s,
            ours: cpu(std::process::id()),
            machine,
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            viewers: self.viewers - before.viewers,
            ours: self.ours - before.ours,
            machine: self.machine - before.machine,
        }
    }
}

/// What came of one server.
struct Result {
    title: &'static str,
    /// The most that it sustained.
    best: Option<Rung>,
    /// Nobody failed: `--most` was reached.
    open: bool,
    /// Why the next number was not sustained.
    end: String,
}

pub(super) fn run(project: &Project, options: &mut Options) -> Outcome {
    let chosen = chosen(options)?;
    let pace = if options.quick {
        Pace {
            settle: Duration::from_millis(700),
            seconds: 1.5,
            halvings: 1,
            budget: Duration::from_secs(15),
        }
    } else {
        Pace {
            settle: Duration::from_millis(1_500),
            seconds: 5.0,
            halvings: 2,
            budget: Duration::from_mins(2),
        }
    };
    if chosen.iter().any(|contestant| contestant.name.starts_with("roost")) {
        options.build(project)?;
        stack::build_fast_xsim(project)?;
    }
    let binary = load::build(project)?;
    let mut results = Vec::new();
    for contestant in chosen {
        match climb(project, &binary, contestant, options, pace)? {
            Ok(result) => results.push(result),
            Err(why) => println!("  {}: left out: {why}", contestant.title),
        }
    }
    print!("{}", report(&results, options.rate));
    Ok(())
}

fn chosen(options: &Options) -> Outcome<Vec<&'static Contestant>> {
    let names: Vec<_> = CONTESTANTS.iter().map(|contestant| contestant.name).collect();
    let Some(only) = &options.only else { return Ok(CONTESTANTS.iter().collect()) };
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Failure::new(
            "cargo xtask bench fanout --only",
            format!("no `{unknown}`: there are {}", names.join(", ")),
            "cargo xtask bench --help",
        ));
    }
    let is_asked = |contestant: &&Contestant| only.iter().any(|name| name == contestant.name);
    Ok(CONTESTANTS.iter().filter(is_asked).collect())
}

/// One server, from few viewers to too many.
fn climb(
    project: &Project,
    binary: &Path,
    contestant: &'static Contestant,
    options: &Options,
    pace: Pace,
) -> Outcome<std::result::Result<Result, String>> {
    let step = Step::start(format!("{}, {} posts a second", contestant.title, options.rate));
    let raise = || Stand::raise(project, binary, contestant, options.rate, pace);
    let mut stand = match raise()? {
        Ok(stand) => stand,
        Err(why) => return Ok(Err(why)),
    };
    let watch = Stopwatch::start();
    let mut ladder = Ladder::new(contestant.first, options.most, pace.halvings);
    let mut result = Result {
        title: contestant.title,
        best: None,
        open: true,
        end: String::from("the most that was asked for"),
    };
    let (mut failures, mut ended) = (0, String::new());
    while let Some(viewers) =
        ladder.next().filter(|_| failures == 0 || watch.elapsed() < pace.budget)
    {
        step.progress(&format!("{viewers} viewers"));
        crate::stop::check()?;
        let tried = stand.rung(viewers, pace)?;
        let verdict = tried.and_then(|rung| judge(&rung, f64::from(options.rate)).map(|()| rung));
        match verdict {
            Ok(rung) => {
                (result.best, failures) = (Some(rung), 0);
                ladder.note(viewers, true);
            }
            Err(why) => {
                failures += 1;
                ended = format!("{viewers} viewers: {why}");
                // What it still owes goes with it: the next number meets a fresh server. Something
                // else on this machine may have had its moment: nobody fails by one.
                drop(stand);
                if failures == ATTEMPTS {
                    failures = 0;
                    ladder.note(viewers, false);
                    result.end.clone_from(&ended);
                }
                stand = match raise()? {
                    Ok(stand) => stand,
                    Err(why) => return Ok(Err(why)),
                };
            }
        }
    }
    if ladder.is_open() && failures > 0 {
        result.end = ended;
    }
    result.open = ladder.is_open() && failures == 0;
    let best = result.best.as_ref().map_or(0, |rung| rung.viewers);
    step.done(&format!("{} viewers; {}", thousands(best.into()), result.end));
    Ok(Ok(result))
}

/// A server and its viewers. Fields drop in order: viewers first.
struct Stand {
    load: Load,
    server: Server,
    /// Its memory with nobody watching.
    idle: Usage,
}

impl Stand {
    /// Starts both; in words why they cannot be, if they are not here.
    fn raise(
        project: &Project,
        binary: &Path,
        contestant: &Contestant,
        rate: u32,
        pace: Pace,
    ) -> Outcome<std::result::Result<Self, String>> {
        let server = match (contestant.start)(project, rate)? {
            Ok(server) => server,
            Err(why) => return Ok(Err(why)),
        };
        let load = Load::start(project, binary, &server.target)?;
        std::thread::sleep(pace.settle);
        let idle = usage::of(server.pid).unwrap_or_default();
        Ok(Ok(Self { load, server, idle }))
    }

    /// Lets so many watch and counts; in words why they cannot.
    fn rung(&mut self, viewers: u32, pace: Pace) -> Outcome<std::result::Result<Rung, String>> {
        self.server.children.check()?;
        if let Err(why) = self.load.viewers(viewers)? {
            return Ok(Err(format!("some were not let in ({why})")));
        }
        std::thread::sleep(pace.settle);
        let before = Spent::now(self.server.pid, &self.load);
        let seen = self.load.measure(pace.seconds)?;
        let cpu = Spent::now(self.server.pid, &self.load).since(before);
        let server = usage::of(self.server.pid).unwrap_or_default();
        Ok(Ok(Rung { viewers, seen, server, idle: self.idle, cpu }))
    }
}

/// Whether they were served as they should.
fn judge(rung: &Rung, rate: f64) -> std::result::Result<(), String> {
    let Rung { viewers, seen, .. } = rung;
    let share = rung.rate() / rate;
    match seen.p99 {
        _ if seen.closed > 0 => Err(format!("{} connections were closed", seen.closed)),
        _ if seen.lost > 0 => Err(format!("{} posts never came", seen.lost)),
        _ if seen.declared > 0 => Err(format!("{} posts were left out", seen.declared)),
        _ if seen.repeated > 0 => Err(format!("{} posts came twice", seen.repeated)),
        None => Err(format!("none of {viewers} saw anything")),
        Some(p99) if p99 > P99_MS => Err(format!("p99 {p99} ms")),
        _ if share < DELIVERED => Err(format!("{:.0} % of the posts came", share * 100.0)),
        Some(_) => Ok(()),
    }
}

impl Rung {
    /// Posts a second that each viewer saw.
    fn rate(&self) -> f64 {
        self.seen.events / self.seen.seconds.max(f64::EPSILON) / f64::from(self.viewers.max(1))
    }
}

const HEAD: [&str; 13] = [
    "", "viewers", "p50 ms", "p95", "p99", "posts/s", "B/post", "frames/s", "kB/s", "CPU %",
    "CPU us/s", "RSS MB", "KiB",
];

fn report(results: &[Result], rate: u32) -> String {
    let rows: Vec<_> = results.iter().map(row).collect();
    let mut text = format!(
        "\nviewers sustained at {rate} posts a second with p99 under {P99_MS} ms\n\n{}",
        table::render(&HEAD, &rows)
    );
    text.push_str(
        "\n  Per viewer: posts/s, frames/s, kB/s, CPU us/s (microseconds of a core each second) and \
         KiB (memory\n  above that with nobody watching). CPU % is of one core, kernel included; \
         B/post is what a viewer\n  receives for one post, without websocket headers. Delivery is \
         from a post's creation to its arrival:\n  of Roost that includes reading X's stream and \
         the wait for the next flush.\n\n",
    );
    let mut disturbed = false;
    for result in results {
        let spent = result.best.as_ref().map(|rung| (rung.cpu, rung.seen.seconds));
        let (cpu, seconds) = spent.unwrap_or((Spent::default(), 1.0));
        let [clients, others] = [cpu.viewers, cpu.machine - cpu.ours].map(|cpu| cpu / seconds);
        let bound = if clients > 0.9 { ", which may be the limit" } else { "" };
        let _ = write!(
            text,
            "  {} ended at {}; its viewers took {:.0} % of a core{bound}",
            result.title,
            result.end,
            clients * 100.0
        );
        if others > 0.1 {
            let _ = write!(text, "; other programs {:.0} %", others * 100.0);
        }
        text.push('\n');
        disturbed |= others > DISTURBED;
    }
    if disturbed {
        text.push_str(
            "  Other programs took CPU while this was measured: repeat it on a quiet machine.\n",
        );
    }
    text.push_str(&ratios(results));
    text
}

#[allow(clippy::cast_precision_loss, reason = "kibibytes of memory")]
fn row(result: &Result) -> Vec<String> {
    let Some(rung) = &result.best else {
        let mut cells = vec![result.title.to_owned(), "0".to_owned()];
        cells.resize(HEAD.len(), "-".to_owned());
        return cells;
    };
    let (seen, viewers) = (&rung.seen, f64::from(rung.viewers.max(1)));
    let ms = |time: Option<u64>| time.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
    let each = |sum: f64| sum / seen.seconds / viewers;
    let grown = rung.server.rss_kib.saturating_sub(rung.idle.rss_kib) as f64;
    let more = if result.open { "+" } else { "" };
    vec![
        result.title.to_owned(),
        thousands(rung.viewers.into()) + more,
        ms(seen.p50),
        ms(seen.p95),
        ms(seen.p99),
        format!("{:.0}", rung.rate()),
        format!("{:.0}", seen.bytes / seen.events.max(1.0)),
        format!("{:.1}", each(seen.frames)),
        format!("{:.1}", each(seen.bytes) / 1_000.0),
        format!("{:.0}", rung.cpu.server / seen.seconds * 100.0),
        format!("{:.0}", each(rung.cpu.server) * 1e6),
        format!("{:.0}", rung.server.rss_kib as f64 / 1_024.0),
        format!("{:.0}", grown / viewers),
    ]
}

/// Roost's viewers beside each rival's, and what it aims at.
fn ratios(results: &[Result]) -> String {
    let viewers = |title: &str| {
        let found = results.iter().find(|result| result.title == title)?;
        Some(f64::from(found.best.as_ref()?.viewers))
    };
    let mut text = String::new();
    let Some(roost) = viewers("Roost, blips") else { return text };
    for (rival, aim) in AIMS {
        if let Some(theirs) = viewers(rival) {
            let _ = writeln!(text, "  Roost is {:.1} times {rival} (aim: {aim})", roost / theirs);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(seen: Seen) -> Rung {
        Rung {
            viewers: 10,
            seen,
            server: Usage::default(),
            idle: Usage::default(),
            cpu: Spent::default(),
        }
    }

    fn good() -> Seen {
        Seen {
            seconds: 2.0,
            events: 5_000.0,
            frames: 5_000.0,
            bytes: 1e6,
            p50: Some(1),
            p95: Some(2),
            p99: Some(P99_MS),
            ..Seen::default()
        }
    }

    #[track_caller]
    fn check(seen: Seen, wanted: std::result::Result<(), &str>) {
        assert_eq!(judge(&rung(seen), 250.0), wanted.map_err(str::to_owned));
    }

    #[test]
    fn a_server_must_deliver_all_of_it_in_time() {
        check(good(), Ok(()));
        check(Seen { p99: Some(501), ..good() }, Err("p99 501 ms"));
        check(Seen { p99: None, ..good() }, Err("none of 10 saw anything"));
        check(Seen { events: 4_700.0, ..good() }, Err("94 % of the posts came"));
        check(Seen { lost: 1, ..good() }, Err("1 posts never came"));
        check(Seen { declared: 2, ..good() }, Err("2 posts were left out"));
        check(Seen { repeated: 3, ..good() }, Err("3 posts came twice"));
        check(Seen { closed: 4, ..good() }, Err("4 connections were closed"));
    }

    #[test]
    fn every_row_has_a_cell_for_every_head() {
        let mut result =
            Result { title: "ws", best: Some(rung(good())), open: false, end: String::new() };
        assert_eq!(row(&result).len(), HEAD.len());
        result.best = None;
        assert_eq!(row(&result).len(), HEAD.len());
    }
}
