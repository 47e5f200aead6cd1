//! The servers of `bench fanout`. Owns: how each rival is started and when it counts as up. Must
//! not know what is measured. Invariant: a server ends with its [`Server`].

use super::load::Target;
use super::{python, roost};
use crate::children::Children;
use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::ports;
use crate::project::Project;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where rivals listen, or the next free after it.
const PORT: u16 = 8860;
/// A post of the rivals: what a blip of Roost has too, about.
const POST_BYTES: u32 = 200;
/// Node and Python begin in under a second; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that can be watched.
pub(super) struct Server {
    /// How it is watched.
    pub(super) target: Target,
    /// Its process; what that started belongs to it.
    pub(super) pid: u32,
    /// Ends everything that was started for it.
    pub(super) children: Children,
}

/// Somebody to measure.
pub(super) struct Contestant {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What the table calls it.
    pub(super) title: &'static str,
    /// Viewers to begin with.
    pub(super) first: u32,
    /// Starts it at so many posts a second; in words why it cannot be, if it is not here.
    pub(super) start: fn(&Project, u32) -> Outcome<Result<Server, String>>,
}

/// Who is measured, in order.
pub(super) const CONTESTANTS: [Contestant; 5] = [
    Contestant {
        name: "tornado",
        title: "Tornado",
        first: 50,
        start: |project, rate| match python::with_tornado(project) {
            Err(why) => Ok(Err(why)),
            Ok(python) => {
                let mut command = project.command(python);
                command.arg(project.at("tests/bench/tornado_server.py"));
                rival(project, "tornado", command, rate, ("/", "plain")).map(Ok)
            }
        },
    },
    Contestant {
        name: "socketio",
        title: "socket.io",
        first: 100,
        start: |project, rate| {
            let path = "/socket.io/?EIO=4&transport=websocket";
            rival(project, "socketio", script(project, "socketio.mjs"), rate, (path, "socketio"))
                .map(Ok)
        },
    },
    Contestant {
        name: "ws",
        title: "ws",
        first: 100,
        start: |project, rate| {
            rival(project, "ws", script(project, "ws.mjs"), rate, ("/", "plain")).map(Ok)
        },
    },
    Contestant {
        name: "roost",
        title: "Roost, blips",
        first: 400,
        start: |project, rate| roost::streaming(project, rate, &["geo_blip"]).map(Ok),
    },
    Contestant {
        name: "roost-tweets",
        title: "Roost, tweets",
        first: 400,
        start: |project, rate| roost::streaming(project, rate, &["simple_tweet"]).map(Ok),
    },
];

fn script(project: &Project, name: &str) -> Command {
    let mut node = project.node();
    node.arg(project.at("tests/bench").join(name));
    node
}

fn rival(
    project: &Project,
    name: &'static str,
    mut command: Command,
    rate: u32,
    (path, dialect): (&str, &'static str),
) -> Outcome<Server> {
    let port = ports::next_free(PORT).ok_or_else(|| crate::stack::port_taken(PORT))?;
    let (at, rate, bytes) = (port.to_string(), rate.to_string(), POST_BYTES.to_string());
    command.args(["--port", &at, "--rate", &rate, "--bytes", &bytes]);
    let mut children = Children::default();
    let log = project.log(&format!("bench-{name}"));
    let pid = start(&mut children, name, &mut command, &log)?;
    until(&mut children, name, || TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()))?;
    let url = format!("ws://127.0.0.1:{port}{path}");
    let target = Target { url, dialect, kinds: &[], token: None, ahead_ms: 0 };
    Ok(Server { target, pid, children })
}

/// Starts one; its process.
pub(super) fn start(
    children: &mut Children,
    name: &'static str,
    command: &mut Command,
    log: &Path,
) -> Outcome<u32> {
    children.start(name, command, log)?;
    // The leader of a group has the group's number.
    let pid = children.groups().last().map(|(_, pid)| *pid);
    pid.ok_or_else(|| Failure::new(format!("starting {name}"), "it has no process", "try again"))
}

/// Waits until `ready` gives something, or a server has ended.
pub(super) fn until<T>(
    children: &mut Children,
    what: &str,
    ready: impl Fn() -> Option<T>,
) -> Outcome<T> {
    let watch = Stopwatch::start();
    loop {
        if let Some(found) = ready() {
            return Ok(found);
        }
        children.check()?;
        crate::stop::check()?;
        if watch.elapsed() > PATIENCE {
            return Err(Failure::new(
                format!("starting {what}"),
                format!("it was not ready after {} s", PATIENCE.as_secs()),
                "see target/xtask/logs",
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rivals_take_the_same_flags() {
        for text in [
            include_str!("../../../tests/bench/posts.mjs"),
            include_str!("../../../tests/bench/tornado_server.py"),
        ] {
            for flag in ["port", "rate", "bytes"] {
                assert!(text.contains(flag), "{flag}");
            }
        }
    }
}
