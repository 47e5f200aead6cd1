//! The servers of `dev`: the simulator and `wrangler dev`. Owns: how each is started and when it
//! counts as up. Must not know what is done with them. Invariant: secrets reach wrangler in a
//! file, not on its command line, and it calls no one but its upstream.

use crate::api::Api;
use crate::children::Children;
use crate::clock::{self, Stopwatch};
use crate::failure::{Failure, Outcome};
use crate::http::{self, Request};
use crate::project::Project;
use crate::steps::Step;
use crate::vars::{self, Vars};
use crate::world::World;
use crate::{ports, process};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The simulator's first choice of port.
pub(crate) const XSIM_PORT: u16 = 9801;
/// A cold start of workerd on a slow machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Builds the simulator as the specs and `dev` use it; its binary. The tests of its crate use the same.
pub(crate) fn build_xsim(project: &Project) -> Outcome<PathBuf> {
    let step = Step::start("building the simulator (usually 1 min the first time)");
    build_xsim_as(project, step, "dev", "debug")
}

/// Builds the simulator so that it is not what a measurement measures; its binary.
pub(crate) fn build_fast_xsim(project: &Project) -> Outcome<PathBuf> {
    let step = Step::start("building the simulator for measuring (usually 1 min the first time)");
    build_xsim_as(project, step, "sim", "sim")
}

fn build_xsim_as(project: &Project, step: Step, profile: &str, folder: &str) -> Outcome<PathBuf> {
    let mut cargo = project.cargo();
    cargo.args(["build", "--profile", profile, "-p", "xsim"]);
    process::run(&step, &mut cargo, &project.log("xsim"))?;
    step.done("");
    Ok(project.target().join(folder).join("xsim"))
}

/// Starts the simulator and brings its clock to the present; its address.
pub(crate) fn start_xsim(
    project: &Project,
    children: &mut Children,
    binary: &Path,
    world: &World,
) -> Outcome<String> {
    let step = Step::start("starting the simulator (usually 1 s)");
    let flags = [
        ("--seed", world.seed.to_string()),
        ("--followers", world.followers.to_string()),
        ("--port", world.port.to_string()),
        ("--rate-limits", "x".to_owned()),
        ("--now", world.start.0.to_string()),
    ];
    let mut command = project.command(binary);
    command.args(flags.iter().flat_map(|(name, value)| [*name, value.as_str()]));
    children.start("xsim", &mut command, &project.at(".roost/xsim.log"))?;
    let url = format!("http://127.0.0.1:{}", world.port);
    let health = format!("{url}/sim/health");
    wait(children, "the simulator", || {
        http::send(&Request::get(&health)).is_ok_and(|answer| answer.status == 200)
    })?;
    let body = json!({"now": clock::now().0}).to_string();
    let answer = http::send(&Request {
        method: "POST",
        url: &format!("{url}/sim/clock"),
        token: None,
        content_type: Some("application/json"),
        body: body.as_bytes(),
    });
    match answer {
        Ok(answer) if answer.status == 200 => {}
        other => {
            return Err(Failure::new(
                "setting the simulator's clock",
                format!("{other:?}"),
                "start over with --fresh; its log is .roost/xsim.log",
            ));
        }
    }
    step.done(&format!("{url}, {} followers", world.followers));
    Ok(url)
}

/// What `wrangler dev` is started with.
pub(crate) struct WranglerDev<'a> {
    /// Where the page and the API will be.
    pub(crate) port: u16,
    /// The quick build's wrangler.toml, which builds nothing.
    pub(crate) config: &'a Path,
    /// Where storage is kept.
    pub(crate) state: &'a Path,
    /// Settings and secrets of the worker.
    pub(crate) vars: &'a Vars,
}

impl WranglerDev<'_> {
    /// Starts it and waits until the worker answers.
    pub(crate) fn start(&self, project: &Project, children: &mut Children, api: &Api) -> Outcome {
        let step = Step::start("starting the worker (usually 5 s)");
        let file = self.state.join("dev.vars");
        vars::write(&file, self.vars)?;
        let mut command = project.wrangler();
        self.arguments(&mut command, &file);
        children.start("wrangler", &mut command, &project.at(".roost/wrangler.log"))?;
        wait(children, "the worker", || api.is_up())?;
        step.done(&format!("http://127.0.0.1:{}", self.port));
        Ok(())
    }

    /// `--env-file` stands in for `.dev.vars`, whose values belong to the owner's own upstream.
    fn arguments(&self, command: &mut Command, file: &Path) {
        let port = self.port.to_string();
        command.args(["dev", "--ip", "127.0.0.1", "--port", &port]);
        command.arg("--config").arg(self.config);
        command.arg("--persist-to").arg(self.state).arg("--env-file").arg(file);
        command.arg("--show-interactive-dev-session=false");
        // Without it wrangler fetches a sample of Cloudflare's request properties.
        command.env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    }
}

/// Waits until `up`, or until a server of ours has ended.
fn wait(children: &mut Children, what: &str, up: impl Fn() -> bool) -> Outcome {
    let watch = Stopwatch::start();
    while !up() {
        children.check()?;
        crate::stop::check()?;
        if watch.elapsed() > PATIENCE {
            return Err(Failure::new(
                format!("starting {what}"),
                format!("no answer after {} s", PATIENCE.as_secs()),
                "read .roost/wrangler.log and .roost/xsim.log",
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// The failure of a port that someone has.
pub(crate) fn port_taken(port: u16) -> Failure {
    let holder = ports::holder(port).map_or(String::new(), |who| format!(" by {who}"));
    let free = ports::next_free(port.saturating_add(1)).unwrap_or(0);
    Failure::new(
        "cargo xtask dev",
        format!("port {port} is taken{holder}"),
        format!("stop it, or use another port: cargo xtask dev --port {free}"),
    )
}
