//! `cargo xtask dev`: Roost on this machine. Owns: the order of things from nothing to a page
//! with data, and the hours after. Invariant: when it ends, for whatever reason, everything it
//! started has ended and `.roost/dev.json` is gone.

use crate::api::Api;
use crate::args::Args;
use crate::build::Build;
use crate::children::Children;
use crate::clock::{self, Stopwatch};
use crate::dev_file::DevFile;
use crate::failure::{Explain, Failure, Outcome};
use crate::history::{self, Loader};
use crate::http::{self, Request};
use crate::project::Project;
use crate::sources::Sources;
use crate::stack::{self, WranglerDev};
use crate::steps::{self, Step};
use crate::vars::{self, Vars};
use crate::world::{self, World};
use crate::{browser, build, ports, stop};
use serde_json::{Value, json};
use shared::time::{HOUR_MS, UnixMs};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const HELP: &str = "\
cargo xtask dev [--port 8787] [--upstream URL] [--fresh] [--no-history]

  Installs what is missing, builds, starts the simulator of the X API and the worker, loads
  half a year of simulated history and prints the page's address. Ctrl-C stops everything.

  --port N         the page's port (8787)
  --upstream URL   the real X (https://api.x.com) or another simulator instead of ours; keys
                   come from .dev.vars, see .dev.vars.example
  --fresh          begin with an empty state (a real upstream's is moved aside, not deleted)
  --no-history     no simulated history

  State is kept per upstream in .roost/state; logs are .roost/wrangler.log and .roost/xsim.log.
  While it runs, .roost/dev.json says where everything is. A saved change of worker/, shared/ or
  frontend/ is built and served, and open pages load themselves anew; what does not compile is
  printed, and what was served stays. `cargo xtask bench loop` measures how long that takes.";

/// The simulated account (tests/xsim).
const ACCOUNT: &str = "12";
/// How long a check of 10,000 followers may take.
const CHECK_PATIENCE: Duration = Duration::from_mins(2);
/// How often sources are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A check that is due begins within this after a tick.
const CHECK_BEGINS: Duration = Duration::from_secs(4);

struct Options {
    port: u16,
    upstream: Option<String>,
    fresh: bool,
    history: bool,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    let options = Options {
        port: args.value("--port", "a port, such as 8788")?.unwrap_or(8787),
        upstream: args.text("--upstream")?,
        fresh: args.flag("--fresh"),
        history: !args.flag("--no-history"),
    };
    let bad = |url: &&String| !url.starts_with("http://") && !url.starts_with("https://");
    if let Some(url) = options.upstream.as_ref().filter(bad) {
        return Err(args.wrong(format!("--upstream wants http://… or https://…, not `{url}`")));
    }
    args.done()?;
    let watch = Stopwatch::start();
    let project = Project::find()?;
    // Before anything is built: nobody should wait minutes to hear it.
    std::fs::create_dir_all(project.at(".roost")).explain("making .roost/")?;
    let file = DevFile::claim(&project)?;
    if !ports::is_free(options.port) {
        return Err(stack::port_taken(options.port));
    }
    stop::listen()?;
    match live(&project, &options, file, watch) {
        Err(_) if stop::pressed() => {
            println!("\n  stopping");
            Ok(())
        }
        other => other,
    }
}

/// From the build to the end.
fn live(project: &Project, options: &Options, file: DevFile, watch: Stopwatch) -> Outcome {
    let sources = Sources::now(project)?;
    let simulator = || match options.upstream {
        Some(_) => Ok(None),
        None => stack::build_xsim(project).map(Some),
    };
    let (built, simulator) = std::thread::scope(|scope| {
        let simulator = scope.spawn(simulator);
        let built = build::everything(project, Build::Quick);
        (built, simulator.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    built?;
    let mut session = Session::new(project, options, file)?;
    let ended = session.begin(options, simulator?, watch).and_then(|()| session.stay(sources));
    build::note_served(project, None)?;
    ended
}

/// One running `dev`. Fields drop in order: the file first, then the servers.
struct Session<'a> {
    file: DevFile,
    children: Children,
    project: &'a Project,
    state: PathBuf,
    world: Option<World>,
    page: String,
    api: Api,
    token: String,
}

impl<'a> Session<'a> {
    fn new(project: &'a Project, options: &Options, file: DevFile) -> Outcome<Self> {
        let state = world::folder(project, options.upstream.as_deref());
        if options.fresh {
            clear(&state, options.upstream.is_some())?;
        }
        std::fs::create_dir_all(&state).explain(format!("making {}", state.display()))?;
        let token = vars::own_secret(&project.at(".dev.vars"), "ADMIN_TOKEN")?;
        let page = format!("http://127.0.0.1:{}/", options.port);
        let api = Api::new(format!("{page}api/v1"), token.clone());
        let world = match options.upstream {
            Some(_) => None,
            None => Some(choose_world(&state)?),
        };
        let children = Children::default();
        Ok(Self { file, children, project, state, world, page, api, token })
    }

    /// From built to ready.
    fn begin(
        &mut self,
        options: &Options,
        simulator: Option<PathBuf>,
        watch: Stopwatch,
    ) -> Outcome {
        let xsim = match self.world.clone().zip(simulator) {
            None => None,
            Some((world, binary)) => {
                let url = stack::start_xsim(self.project, &mut self.children, &binary, &world)?;
                self.file.note_groups(&self.children.groups())?;
                Some(url)
            }
        };
        let upstream = options.upstream.as_deref().or(xsim.as_deref()).unwrap_or_default();
        let vars = self.vars(upstream)?;
        let config = Build::Quick.folder(self.project).join("wrangler.toml");
        let dev =
            WranglerDev { port: options.port, config: &config, state: &self.state, vars: &vars };
        self.note_build()?;
        let up = dev.start(self.project, &mut self.children, &self.api);
        self.file.note_groups(&self.children.groups())?;
        up?;
        if xsim.is_some() {
            self.track()?;
        }
        let address = format!("{}#token={}", self.page, self.token);
        println!("\n  The page is there after {}: {address}\n", steps::seconds(watch.elapsed()));
        browser::open(self.project, &address);
        if let Some(xsim) = &xsim {
            self.fill(xsim, options.history)?;
        }
        let account = xsim.as_ref().map(|_| ACCOUNT);
        self.file.write(json!({
            "page": self.page,
            "api": format!("{}api/v1", self.page),
            "xsim": xsim,
            "admin_token": self.token,
            "account": account,
        }))?;
        println!("\n  Roost is ready after {}: {address}", steps::seconds(watch.elapsed()));
        println!("  A saved change of worker/, shared/ or frontend/ is taken up by itself.");
        println!("  Ctrl-C stops it. Logs: .roost/wrangler.log, .roost/xsim.log\n");
        Ok(())
    }

    /// Says beside the page that another build is served.
    fn note_build(&self) -> Outcome {
        build::note_served(self.project, Some(&clock::now().0.to_string()))
    }

    /// Settings of the worker: the simulator's keys, or the owner's own.
    fn vars(&self, upstream: &str) -> Outcome<Vars> {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut vars = match self.world {
            Some(_) => vars::SIMULATOR.map(|(name, value)| own(name, value)).to_vec(),
            None => vars::read(&self.project.at(".dev.vars"))?,
        };
        let set_here = ["X_API_URL", "ADMIN_TOKEN", "ROOST_SECRET"];
        vars.retain(|(name, _)| !set_here.contains(&name.as_str()));
        if self.world.is_none() {
            vars.retain(|(name, _)| name != "ROOST_SIM");
        }
        vars.push(own("X_API_URL", upstream));
        vars.push(own("ADMIN_TOKEN", &self.token));
        let sealing = vars::own_secret(&self.project.at(".dev.vars"), "ROOST_SECRET")?;
        vars.push(own("ROOST_SECRET", &sealing));
        Ok(vars)
    }

    /// The simulated account.
    fn track(&self) -> Outcome {
        let account = json!({"id": ACCOUNT, "schedule": "hourly", "monthly_cap_usd": 500});
        self.api.post("/accounts", &account, true)?;
        // The account of the demonstration shows all there is; its bill is a simulated one.
        self.api.patch(&format!("/accounts/{ACCOUNT}"), &json!({"tweets": true})).map(drop)
    }

    /// Its history and a first check.
    fn fill(&mut self, xsim: &str, with_history: bool) -> Outcome {
        if with_history {
            self.load_history(xsim)?;
        }
        let step = Step::start("first check (usually 3 s)");
        let since = clock::now();
        self.tick(since)?;
        let checked = self.wait_for_check(since)?;
        self.loaded_until(since)?;
        step.done(checked);
        Ok(())
    }

    fn load_history(&mut self, xsim: &str) -> Outcome {
        let until = self.world.as_ref().and_then(|world| world.loaded_until);
        let instants = history::missing(clock::now(), until);
        if instants.is_empty() {
            return Ok(());
        }
        let step = Step::start("history of half a year, while the page shows (usually 45 s)");
        let Self { api, children, world, state, .. } = self;
        let source = Loader { xsim, api, account: ACCOUNT };
        let loaded = source.load(&instants, until, &step, |done| {
            stop::check()?;
            children.check()?;
            match (done, world.as_mut()) {
                (Some(at), Some(world)) => note(world, state, at),
                _ => Ok(()),
            }
        })?;
        step.done(&format!("{} saved lists", loaded.lists));
        for refused in &loaded.refused {
            println!("    not taken in: {refused}");
        }
        Ok(())
    }

    fn loaded_until(&mut self, at: UnixMs) -> Outcome {
        self.world.as_mut().map_or(Ok(()), |world| note(world, &self.state, at))
    }

    /// Fires the hourly cron, which `wrangler dev` does not do by itself.
    fn tick(&self, now: UnixMs) -> Outcome {
        let path = format!("cdn-cgi/handler/scheduled?cron=0+*+*+*+*&time={}", now.0);
        let answer = http::send(&Request::get(&format!("{}{path}", self.page)));
        match answer {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(tick_failed(&format!(
                "the handler answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            ))),
            Err(why) => Err(tick_failed(&why)),
        }
    }

    /// Waits for the check that began since then; says how it ended.
    fn wait_for_check(&mut self, since: UnixMs) -> Outcome<&'static str> {
        let watch = Stopwatch::start();
        loop {
            let runs = self.api.get("/runs?limit=20")?;
            match check_state(&runs, since).as_deref() {
                Some("running") if watch.elapsed() > CHECK_PATIENCE => return Ok("still running"),
                None if watch.elapsed() > CHECK_BEGINS => return Ok("none was due"),
                Some("running") | None => {}
                Some("done") => return Ok("done"),
                Some("quarantined") => return Ok("set aside: see Collection on the page"),
                Some(_) => return Ok("failed: see Collection on the page"),
            }
            self.children.check()?;
            stop::check()?;
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Takes up what changes and ticks at every whole hour, until Ctrl-C or until a server ends.
    fn stay(&mut self, mut sources: Sources) -> Outcome {
        let hour = |at: UnixMs| at.0.div_euclid(HOUR_MS);
        let mut last = hour(clock::now());
        loop {
            std::thread::sleep(LOOK_EVERY);
            stop::check()?;
            self.children.check()?;
            let changed = sources.changed()?;
            if !changed.is_empty() {
                self.renew(&changed)?;
            }
            let now = clock::now();
            if hour(now) > last {
                last = hour(now);
                match self.tick(UnixMs(last * HOUR_MS)) {
                    Ok(()) => self.loaded_until(now)?,
                    // The next hour may do better; the page shows that a check is missing.
                    Err(failure) => eprintln!("{failure}"),
                }
            }
        }
    }

    /// Builds what changed; what is served stays where that fails.
    fn renew(&mut self, changed: &[PathBuf]) -> Outcome {
        let watch = Stopwatch::start();
        let first = changed.first().map(|path| path.display().to_string()).unwrap_or_default();
        let more = changed.len().saturating_sub(1);
        let others = if more == 0 { String::new() } else { format!(" and {more} more") };
        println!("  {first}{others} changed");
        let built = build::everything(self.project, Build::Quick);
        stop::check()?;
        match built {
            Ok(false) => println!("  nothing to build"),
            Ok(true) => {
                self.note_build()?;
                println!("  served after {}\n", steps::seconds(watch.elapsed()));
            }
            Err(failure) => {
                eprintln!("{failure}\n  What was built before it is still served.\n");
            }
        }
        Ok(())
    }
}

fn tick_failed(why: &str) -> Failure {
    Failure::new("firing the hourly cron", why, "see .roost/wrangler.log")
}

/// State of the newest check in a list of runs that began at `since` or later.
fn check_state(runs: &Value, since: UnixMs) -> Option<String> {
    let items = runs.get("items")?.as_array()?;
    let started = |run: &Value| UnixMs::parse(run.get("started")?.as_str()?);
    let is_check = |run: &&Value| {
        run.get("what").and_then(Value::as_str) == Some("crawl")
            && started(run).is_some_and(|at| at >= since.floor_second())
    };
    let newest = items.iter().filter(is_check).max_by_key(|run| started(run))?;
    newest.get("state")?.as_str().map(str::to_owned)
}

fn note(world: &mut World, state: &Path, at: UnixMs) -> Outcome {
    world.loaded_until = world.loaded_until.max(Some(at));
    world.save(state)
}

/// The world of the kept state, or a new one; its port is free.
fn choose_world(state: &Path) -> Outcome<World> {
    let kept = World::load(state);
    let wanted = kept.as_ref().map_or(stack::XSIM_PORT, |world| world.port);
    let port = ports::next_free(wanted).ok_or_else(|| stack::port_taken(wanted))?;
    let mut world = kept.unwrap_or_else(|| World::new(clock::now(), port));
    if world.port != port {
        println!("  port {wanted} is taken: the simulator moves to {port}");
        world.port = port;
    }
    world.save(state)?;
    Ok(world)
}

/// Empties a state. What came from a real upstream was paid for, so it is only moved aside.
fn clear(state: &Path, real: bool) -> Outcome {
    if !state.exists() {
        return Ok(());
    }
    let what = format!("clearing {}", state.display());
    if !real {
        return std::fs::remove_dir_all(state).explain(what);
    }
    let aside = state.with_extension(format!("before-{}", clock::now().0 / 1_000));
    println!("  the state so far is kept in {}", aside.display());
    std::fs::rename(state, aside).explain(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_check_since_the_tick_counts() {
        let runs = json!({"items": [
            {"what": "tick", "state": "done", "started": "2026-11-21T10:00:02Z"},
            {"what": "crawl", "state": "running", "started": "2026-11-21T10:00:01Z"},
            {"what": "crawl", "state": "failed", "started": "2026-11-21T09:00:00Z"},
        ]});
        let since = |text: &str| UnixMs::parse(text).unwrap();
        assert_eq!(check_state(&runs, since("2026-11-21T10:00:00Z")).unwrap(), "running");
        assert_eq!(check_state(&runs, since("2026-11-21T10:00:01.5Z")).unwrap(), "running");
        assert_eq!(check_state(&runs, since("2026-11-21T11:00:00Z")), None);
    }

    #[test]
    fn a_real_upstreams_state_is_moved_and_a_simulated_one_removed() {
        let base = std::env::temp_dir().join(format!("roost-clear-{}", std::process::id()));
        for (real, left) in [(false, 0), (true, 1)] {
            let state = base.join("state");
            std::fs::create_dir_all(&state).unwrap();
            clear(&state, real).unwrap();
            assert_eq!(std::fs::read_dir(&base).unwrap().count(), left);
        }
        std::fs::remove_dir_all(base).unwrap();
    }
}
