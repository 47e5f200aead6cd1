//! `cargo xtask screenshots`. Owns: handing a running stack to tests/browser/screenshots.ts.
//! Must not know the page.

use crate::args::Args;
use crate::dev_file;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::{browser, process};

pub(crate) const HELP: &str = "\
cargo xtask screenshots [--out docs/screenshots]

  Takes the README's pictures from a running `cargo xtask dev`, with Chromium.";

pub(crate) fn run(mut args: Args) -> Outcome {
    let out = args.text("--out")?.unwrap_or_else(|| "docs/screenshots".to_owned());
    args.done()?;
    let project = Project::find()?;
    let running = dev_file::running(&project).ok_or_else(|| {
        Failure::new(
            "cargo xtask screenshots",
            "no dev is running here",
            "cargo xtask dev, in another terminal",
        )
    })?;
    let mut node = project.node();
    node.args(["--disable-warning=ExperimentalWarning", "tests/browser/screenshots.ts"])
        .args(["--base", &running.page, "--token", &running.token, "--out", &out])
        .env("ROOST_CHROMIUM", browser::ensure(&project)?);
    if process::attached(&mut node)? {
        return Ok(());
    }
    Err(Failure::new(
        "taking screenshots",
        "the script failed, said above",
        "see tests/browser/screenshots.ts",
    ))
}
