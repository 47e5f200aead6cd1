//! `cargo xtask sim`. Owns: nothing but the way to xsim. Invariant: every flag is xsim's own.

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::{process, stack};

pub(crate) const HELP: &str = "\
cargo xtask sim [flags of xsim]

  Builds the simulator of the X API and runs it alone; `cargo xtask sim --help` is answered by
  the simulator itself.";

pub(crate) fn run(args: Args) -> Outcome {
    let project = Project::find()?;
    let binary = stack::build_xsim(&project)?;
    if process::attached(project.command(binary).args(args.rest()))? {
        return Ok(());
    }
    Err(Failure::new("xsim", "it ended with an error, said above", "cargo xtask sim --help"))
}
