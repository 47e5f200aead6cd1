//! Python for the rivals that are written in it. Owns: the virtual environment under target/.
//! Must not know what runs in it. Invariant: nothing of the machine's own Python is changed.

use crate::process;
use crate::project::Project;
use crate::steps::Step;
use std::path::PathBuf;

/// The rival of seed-like servers; the newest at the time of writing.
const TORNADO: &str = "tornado==6.6.1";

/// The machine's Python, if it has one.
pub(super) fn plain(project: &Project) -> Option<PathBuf> {
    let found = process::output(project.command("python3").arg("--version"))?;
    found.starts_with("Python 3").then(|| PathBuf::from("python3"))
}

/// A Python with Tornado; why not, in words, where that cannot be had.
pub(super) fn with_tornado(project: &Project) -> Result<PathBuf, String> {
    let python = plain(project).ok_or("python3 is not installed")?;
    let folder = project.target().join("xtask/python");
    let ours = folder.join("bin/python");
    let import = "import tornado; print(tornado.version)";
    if process::output(project.command(&ours).args(["-c", import])).is_some() {
        return Ok(ours);
    }
    let step = Step::start("Tornado, in an environment of its own");
    let log = project.log("python");
    let mut venv = project.command(python);
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    let mut pip = project.command(&ours);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", TORNADO]);
    for command in [&mut venv, &mut pip] {
        process::run(&step, command, &log)
            .map_err(|_| format!("it could not be installed: see {}", log.display()))?;
    }
    step.done("installed");
    Ok(ours)
}
