//! `cargo xtask sim`. Owns: nothing but the way to xsim. Invariant: every flag is xsim's own.

use crate::args::Args;
use crate::failure::Outcome;
use crate::project::Project;
use crate::{process, stack};
use std::os::unix::process::CommandExt;

pub(crate) const HELP: &str = "\
cargo xtask sim [flags of xsim]

  Builds the simulator of the X API and runs it alone; `cargo xtask sim --help` is answered by
  the simulator itself.";

pub(crate) fn run(args: Args) -> Outcome {
    let project = Project::find()?;
    let binary = stack::build_xsim(&project)?;
    // In our place, so that Ctrl-C and `kill` reach it and its exit code is ours.
    let error = project.command(binary).args(args.rest()).exec();
    Err(process::cannot_start("xsim", &error))
}
