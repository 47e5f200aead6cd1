//! `cargo xtask stream --check SECONDS`: whether X's stream can be read with these keys. Owns:
//! whose keys are used, what is asked before money is spent, the verdict. Must not know: how
//! Roost streams. Invariant: the one connection that X allows is never taken from a running Roost
//! unasked, nothing of a real account is spent unasked, and a rule made for the check is removed.

pub(crate) mod connection;
mod rules;
mod source;
mod tally;

use crate::api::Api;
use crate::args::Args;
use crate::clock::{self, Stopwatch};
use crate::dev_file;
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use connection::{Connection, Head, Next};
use rules::Temporary;
use serde_json::{Value, json};
use shared::budget::{Resource, price};
use shared::retry::Trouble;
use shared::stream::reconnect::{self, Backoff};
use shared::x::problem::{self, Class, XProblem};
use source::Source;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tally::Tally;

pub(crate) const HELP: &str = "\
cargo xtask stream --check SECONDS [--print] [--sample] [--track WORD] [--cap USD] [--yes]

  Connects to X's stream for so long and says what came: rate, tweets, keep-alives, notices,
  malformed lines, and a verdict. Beside a running `cargo xtask dev` it uses that one's
  upstream, otherwise X_BEARER_TOKEN of the environment or of .dev.vars.

  --print       also each message: a tweet's text, anything else as JSON
  --sample      the sample stream instead of the filtered one
  --track WORD  a rule for the time of the check; without it X's own rules, or `if` when X has none
  --cap USD     with real keys: end after so much (0.25)
  --yes         with real keys: do not ask
  --take-over   switch a running Roost's stream off for the check (X allows one connection);
                without it Roost's own figures are shown";

/// No byte for so long is a dead connection: X sends a keep-alive at least every 20 s.
const SILENCE: Duration = Duration::from_secs(21);
/// For the rest of a refusal.
const REFUSAL: Duration = Duration::from_secs(5);
/// For Roost to close its connection and X to notice.
const HANDOVER: Duration = Duration::from_secs(10);

static STOP: AtomicBool = AtomicBool::new(false);

#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Options {
    seconds: u64,
    print: bool,
    sample: bool,
    track: Option<String>,
    cap_usd: f64,
    yes: bool,
    take_over: bool,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    let options = Options {
        seconds: args
            .value("--check", "a number of seconds")?
            .ok_or_else(|| args.wrong("--check SECONDS is needed"))?,
        print: args.flag("--print"),
        sample: args.flag("--sample"),
        track: args.text("--track")?,
        cap_usd: args.value("--cap", "dollars")?.unwrap_or(0.25),
        yes: args.flag("--yes"),
        take_over: args.flag("--take-over"),
    };
    if options.seconds == 0 {
        return Err(args.wrong("--check wants more than 0 seconds"));
    }
    args.done()?;
    let project = Project::find()?;
    let running = dev_file::running(&project);
    let source = Source::choose(&project, running.as_ref())?;
    let api = running.as_ref().map(|it| Api::new(it.api.clone(), it.token.clone()));
    let holder = match &api {
        Some(api) if is_connected(api)? => Some(api),
        _ => None,
    };
    if let (Some(api), false) = (holder, options.take_over) {
        return watch(api, &options);
    }
    let posts = affordable(&source, &options);
    if !agreed(&source, &options, posts)? {
        println!("  nothing was done, nothing was spent");
        return Ok(());
    }
    // From here on things are switched off or made, and must be put right before the end.
    ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst)).explain("listening for Ctrl-C")?;
    let check = || check(&project, &source, &options, posts);
    holder.map_or_else(check, |api| take_over(api, check))
}

/// Whether Roost holds the connection, or is about to.
fn is_connected(api: &Api) -> Outcome<bool> {
    let stream = api.get("/stream")?;
    let state = stream.pointer("/connection/state").and_then(Value::as_str).unwrap_or_default();
    Ok(matches!(state, "live" | "connecting"))
}

/// Roost's own figures over the time of the check.
fn watch(api: &Api, options: &Options) -> Outcome {
    println!(
        "  Roost holds the one connection that X allows: these are its figures over {} s.\n  \
         (--take-over switches its stream off for a check of the connection itself.)",
        options.seconds
    );
    let read = || -> Outcome<(u64, String, f64)> {
        let stream = api.get("/stream")?;
        let number = |path: &str| stream.pointer(path).and_then(Value::as_f64).unwrap_or_default();
        let posts = stream.pointer("/meter/session_posts").and_then(Value::as_u64);
        let state = stream.pointer("/connection/state").and_then(Value::as_str);
        let state = state.unwrap_or("unknown").to_owned();
        Ok((posts.unwrap_or_default(), state, number("/meter/session_usd")))
    };
    let (before, ..) = read()?;
    std::thread::sleep(Duration::from_secs(options.seconds));
    let (after, state, usd) = read()?;
    let tweets = after.saturating_sub(before);
    println!(
        "  {tweets} tweets ({:.1}/s); connection {state}; ${usd:.2} this session",
        per_second(tweets, options.seconds)
    );
    if state == "live" {
        println!("  verdict: ok");
        return Ok(());
    }
    let why = api.get("/stream")?;
    let why = why.pointer("/connection/why").and_then(Value::as_str).unwrap_or("no reason given");
    Err(lost(why, "see Live on the page"))
}

#[allow(clippy::cast_precision_loss, reason = "a count of tweets and of seconds")]
fn per_second(tweets: u64, seconds: u64) -> f64 {
    tweets as f64 / seconds.max(1) as f64
}

/// Switches Roost's stream off, does it, and switches it on again whatever came of it.
fn take_over(api: &Api, check: impl FnOnce() -> Outcome) -> Outcome {
    println!("  Roost's stream is off for the time of the check");
    api.put("/stream", &json!({"state": "off"}))?;
    let _paused = Paused { api };
    let watch = Stopwatch::start();
    while is_connected(api)? && watch.elapsed() < HANDOVER {
        std::thread::sleep(Duration::from_millis(100));
    }
    check()
}

/// A stream that was switched off; on again when this is dropped.
struct Paused<'a> {
    api: &'a Api,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        let said = match self.api.put("/stream", &json!({"state": "on"})) {
            Ok(_) => "  Roost's stream is on again".to_owned(),
            Err(failure) => format!("  Roost's stream is still off: see Live on the page{failure}"),
        };
        // Whoever read this may be gone: nothing more can be done about it.
        let _ = writeln!(std::io::stderr(), "{said}");
    }
}

/// The check itself.
fn check(project: &Project, source: &Source, options: &Options, posts: Option<u64>) -> Outcome {
    // Removed when it is dropped, whatever comes of the check.
    let _rule: Option<Temporary> =
        if options.sample { None } else { rules::ensure(source, options.track.as_deref())? };
    let url = source.stream_url(options.sample);
    println!("  {}", url.split('?').next().unwrap_or_default());
    let watch = Stopwatch::start();
    let (head, mut connection) = connection::open(project, &url, &source.token)
        .map_err(|why| verdict_of(&Trouble::Network(why), &Head::default()))?;
    if head.status != 200 {
        let problem = problem::classify(head.status, &connection.body(REFUSAL));
        return Err(verdict_of(&Trouble::Http(problem), &head));
    }
    println!("  connected: {} after {:.1} s", head.status, watch.elapsed().as_secs_f64());
    let mut tally = Tally::default();
    let ended = listen(&mut connection, &mut tally, options, posts);
    println!("  {}", tally.line(ended.after.as_secs_f64()));
    conclude(source, &tally, ended)
}

/// How listening ended.
struct Ended {
    after: Duration,
    how: How,
}

enum How {
    Time,
    Money,
    Silent,
    Stopped,
    Closed(Option<String>),
}

fn listen(
    connection: &mut Connection,
    tally: &mut Tally,
    options: &Options,
    posts: Option<u64>,
) -> Ended {
    let (watch, most) = (Stopwatch::start(), Duration::from_secs(options.seconds));
    let mut last_byte = Duration::ZERO;
    let how = loop {
        let elapsed = watch.elapsed();
        let left = most.saturating_sub(elapsed);
        if left.is_zero() {
            break How::Time;
        }
        if STOP.load(Ordering::SeqCst) {
            break How::Stopped;
        }
        if elapsed.saturating_sub(last_byte) > SILENCE {
            break How::Silent;
        }
        match connection.next(left.min(Duration::from_millis(500))) {
            Next::Bytes(bytes) => {
                last_byte = watch.elapsed();
                // A reader that has seen enough, such as `head`, ends nothing here.
                let mut out = std::io::stdout().lock();
                tally.take(&bytes, options.print, &mut |line| drop(writeln!(out, "  {line}")));
            }
            Next::Silence => {}
            Next::End(why) => break How::Closed(why),
        }
        if posts.is_some_and(|posts| tally.tweets >= posts) {
            break How::Money;
        }
    };
    Ended { after: watch.elapsed(), how }
}

fn conclude(source: &Source, tally: &Tally, ended: Ended) -> Outcome {
    if !source.simulated {
        println!("  about ${:.3} at ${:.3} a tweet", usd(tally.tweets), usd(1));
    }
    if let Some(said) = &tally.disconnect {
        return Err(lost(&said.text(), "wait a minute, then try again"));
    }
    match ended.how {
        How::Time if tally.bytes == 0 => println!(
            "  verdict: ok so far; nothing came, which says little before {} s: X sends at least a \
             keep-alive by then",
            SILENCE.as_secs()
        ),
        How::Time if tally.tweets == 0 => {
            println!("  verdict: ok, but nothing matched the rules in this time");
        }
        How::Time => println!("  verdict: ok"),
        How::Money => println!("  verdict: ok; ended early at the cap (--cap)"),
        // Ctrl-C reaches Node too, and the connection then ends by it.
        How::Closed(_) | How::Stopped if STOP.load(Ordering::SeqCst) => {
            println!("  stopped before the end; no verdict");
        }
        How::Stopped => {}
        How::Silent => {
            let why = format!("not a byte for {} s, not even a keep-alive", SILENCE.as_secs());
            return Err(lost(&why, "check the network and any proxy between, then try again"));
        }
        How::Closed(why) => {
            let why = why.filter(|why| !why.is_empty()).unwrap_or_else(|| "without a word".into());
            let why =
                format!("X closed the stream after {:.1} s: {why}", ended.after.as_secs_f64());
            return Err(lost(&why, "try again; another program may use the same app"));
        }
    }
    Ok(())
}

/// Dollars for so many tweets.
#[allow(clippy::cast_precision_loss, reason = "micro-dollars of a check")]
fn usd(tweets: u64) -> f64 {
    tweets.saturating_mul(price(Resource::Post)) as f64 / 1e6
}

/// How many tweets the cap pays for; `None` where nothing is billed.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cap in dollars, held above nothing"
)]
fn affordable(source: &Source, options: &Options) -> Option<u64> {
    (!source.simulated).then(|| (options.cap_usd.max(0.0) / usd(1)).floor() as u64)
}

/// Whether the owner wants to spend it.
fn agreed(source: &Source, options: &Options, posts: Option<u64>) -> Outcome<bool> {
    let Some(posts) = posts else { return Ok(true) };
    println!(
        "  This reads from {} with your own keys: ${:.3} for each tweet that X delivers.\n  \
         The check ends after {} s or {posts} tweets, whichever comes first: at most ${:.2}.",
        source.base,
        usd(1),
        options.seconds,
        usd(posts),
    );
    if posts == 0 {
        let todo = "give it more: --cap 0.25";
        return Err(Failure::new("cargo xtask stream", "the cap pays for no tweet", todo));
    }
    if options.yes {
        return Ok(true);
    }
    print!("  Go on? [y/N] ");
    // A terminal that cannot be written to shows by the answer that never comes.
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// A refusal in words, with what to do: Roost's own policy knows both.
fn verdict_of(trouble: &Trouble, head: &Head) -> Failure {
    let header = |name: &str| head.header(name);
    let now = clock::now();
    let rate = problem::rate(
        header("x-rate-limit-limit"),
        header("x-rate-limit-remaining"),
        header("x-rate-limit-reset"),
        now,
    );
    // Roost pauses until the budget's period is over; a check is for whoever watches it.
    match trouble {
        Trouble::Http(XProblem { class: Class::Credits, .. }) => {
            let todo = "Buy credits in X's developer console, then try again";
            return refused("X's credits are used up", todo);
        }
        Trouble::Http(XProblem { class: Class::UsageCap, .. }) => {
            let todo =
                "Raise the spending limit in X's developer console, or wait for its next period";
            return refused("the cap set at X is reached", todo);
        }
        _ => {}
    }
    match Backoff::default().refused(trouble, rate.as_ref(), None, now) {
        reconnect::Next::Stop(stop) => refused(&stop.title, &stop.detail),
        reconnect::Next::Again { at, first, why } => {
            let wait = at.since(now).max(0) / 1_000;
            let todo = match first {
                Some(reconnect::Remedy::SyncRules) => {
                    "X wants rules first: --track WORD makes one for the check".to_owned()
                }
                Some(reconnect::Remedy::KillGhosts) => {
                    "another program streams with this app: stop it, or wait until X notices that \
                     it is gone"
                        .to_owned()
                }
                None if wait == 0 => "check the address and the network, then try again".to_owned(),
                None => format!("try again in {wait} s"),
            };
            refused(&why, &todo)
        }
    }
}

fn refused(why: &str, todo: &str) -> Failure {
    Failure::new("verdict: refused", why, todo)
}

/// What was connected and is no more.
fn lost(why: &str, todo: &str) -> Failure {
    Failure::new("verdict: disconnected", why, todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, wanted: &str) {
        let problem = problem::classify(status, body.as_bytes());
        let said = verdict_of(&Trouble::Http(problem), &Head::default()).to_string();
        assert!(said.contains("verdict: refused") && said.contains(wanted), "{said}");
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        check(401, "{}", "bearer token");
        check(402, "{}", "Buy credits");
        check(409, r#"{"connection_issue":"RuleConfigurationIssue"}"#, "--track WORD");
        let body = r#"{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed connection limit.","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#;
        check(429, body, "another program");
        check(503, "", "try again in 5 s");
    }

    #[test]
    fn a_dollar_pays_for_two_hundred_tweets() {
        assert!((usd(200) - 1.0).abs() < 1e-9);
    }
}
