//! Browsers of this machine. Owns: finding one for tests, and opening the page for a person.
//! Invariant: opening never fails a command, and nothing is installed that is already there.

use crate::failure::{Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use std::path::PathBuf;
use std::process::Stdio;

/// Names that a Chromium goes by.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-headless-shell",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
];

/// A Chromium for tests: `ROOST_CHROMIUM`, or the first in PATH.
pub(crate) fn find() -> Option<PathBuf> {
    let named = std::env::var_os("ROOST_CHROMIUM").map(PathBuf::from);
    if let Some(path) = named.filter(|path| path.is_file()) {
        return Some(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&folders).collect();
    let on_mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let candidates = NAMES.iter().flat_map(|name| folders.iter().map(move |f| f.join(name)));
    candidates.chain([on_mac]).find(|path| path.is_file())
}

/// A Chromium for tests, installed where that can be done without asking.
pub(crate) fn ensure(project: &Project) -> Outcome<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    let root = process::output(project.command("id").arg("-u")).is_some_and(|id| id == "0");
    if root && process::output(project.command("apt-get").arg("--version")).is_some() {
        install(project)?;
    }
    find().ok_or_else(|| {
        Failure::new(
            "browser tests",
            "no Chromium was found (ROOST_CHROMIUM, chromium, chromium-headless-shell, google-chrome)",
            "Debian: sudo apt-get install -y chromium\n\
             elsewhere: install Chrome, or set ROOST_CHROMIUM to a Chromium's path",
        )
    })
}

fn install(project: &Project) -> Outcome {
    let step = Step::start("installing Chromium");
    for words in [&["update"][..], &["install", "-y", "--no-install-recommends", "chromium"]] {
        let mut apt = project.command("apt-get");
        apt.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&step, &mut apt, &project.log("chromium"))?;
    }
    step.done("");
    Ok(())
}

/// Opens an address where there is a desktop to open it on.
pub(crate) fn open(project: &Project, url: &str) {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let opener = match std::env::consts::OS {
        _ if set("CI") => return,
        "macos" => "open",
        _ if set("DISPLAY") || set("WAYLAND_DISPLAY") => "xdg-open",
        _ => return,
    };
    let mut command = project.command(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The address is printed as well: a desktop that refuses is no failure.
    if let Ok(mut child) = command.spawn() {
        std::thread::spawn(move || child.wait());
    }
}
