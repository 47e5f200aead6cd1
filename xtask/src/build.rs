//! `cargo xtask build`, and the builds that other commands need. Owns: what a build consists of, and
//! where each of the two kinds goes. Invariant: two builds never run at once in one checkout.

use crate::args::Args;
use crate::failure::{Explain, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::{bundle, page, process, stamp, tools, worker};
use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "\
cargo xtask build [--quick] [--bundle] [--for-wrangler]

  Installs what is missing, builds the page into dist/ and the worker into worker/build/, and
  holds both to their size budgets. What did not change is not built again.

  --quick          the build of `dev` and of the specs instead, into build/quick/: ready in
                   seconds after a change, neither optimised nor small
  --bundle         also write bundle/: built files and a wrangler.toml that deploys with Node alone
  --for-wrangler   the same build, silent when nothing changed; wrangler calls it";

/// Which of the two builds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Build {
    /// Compiled incrementally and hardly optimised: for `dev` and the specs.
    Quick,
    /// What is deployed: optimised, shrunk, held to its size.
    Shipped,
}

impl Build {
    /// The folder with wrangler.toml, dist/ and worker/build/ of this build.
    pub(crate) fn folder(self, project: &Project) -> PathBuf {
        match self {
            Self::Quick => project.at("build/quick"),
            Self::Shipped => project.root().to_path_buf(),
        }
    }

    /// The page.
    pub(crate) fn dist(self, project: &Project) -> PathBuf {
        self.folder(project).join("dist")
    }

    /// The worker.
    pub(crate) fn worker(self, project: &Project) -> PathBuf {
        self.folder(project).join("worker/build")
    }

    /// In stamps and logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Shipped => "shipped",
        }
    }

    /// How long it takes from nothing on two processors, for whoever waits.
    fn usual(self) -> &'static str {
        match self {
            Self::Quick => "usually 3 min the first time, seconds after a change",
            Self::Shipped => "usually 5 min",
        }
    }

    /// The wasm file that cargo makes of a crate: by its profile for shipping, or the quick one.
    pub(crate) fn module(self, project: &Project, shipped: &str, file: &str) -> PathBuf {
        let folder = if self == Self::Quick { "debug" } else { shipped };
        project.target().join(tools::TARGET).join(folder).join(file)
    }
}

pub(crate) fn run(mut args: Args) -> Outcome {
    let (quick, bundled) = (args.flag("--quick"), args.flag("--bundle"));
    let for_wrangler = args.flag("--for-wrangler");
    if quick && bundled {
        return Err(
            args.wrong("--quick and --bundle exclude each other: a bundle is for deploying")
        );
    }
    args.done()?;
    let project = Project::find()?;
    let build = if quick { Build::Quick } else { Build::Shipped };
    let anew = everything(&project, build)?;
    if bundled {
        bundle::write(&project)?;
    }
    if !anew && !for_wrangler {
        println!("  page and worker are up to date");
    }
    Ok(())
}

/// Tools, page and worker; whether anything had to be built.
pub(crate) fn everything(project: &Project, build: Build) -> Outcome<bool> {
    let _lock = lock(project)?;
    tools::ensure_target(project)?;
    let page = page::Plan::new(project, build)?;
    let worker = worker::Plan::new(project, build)?;
    // Packages are fetched while crates are compiled: the one waits for the network, the other for
    // processors.
    let (packages, compiled) = std::thread::scope(|scope| {
        let packages = scope.spawn(|| tools::ensure_npm(project));
        let compiled = compile(project, build, page.as_ref(), worker.as_ref());
        (packages.join().unwrap_or_else(|panic| resume_unwind(panic)), compiled)
    });
    packages.and(compiled)?;
    let (page, worker) = std::thread::scope(|scope| {
        let page = page.map(|page| scope.spawn(move || page.finish(project)));
        let worker = worker.map(|worker| worker.finish(project));
        (page.map(|page| page.join().unwrap_or_else(|panic| resume_unwind(panic))), worker)
    });
    let anew = page.is_some() || worker.is_some();
    page.transpose()?;
    worker.transpose()?;
    if build == Build::Quick && anew {
        if !build.dist(project).join(SERVED).is_file() {
            note_served(project, None)?;
        }
        let config = bundle::config(project, "main = \"worker/build/index.js\"")?;
        write_new(&build.folder(project).join("wrangler.toml"), config.as_bytes())?;
    }
    Ok(anew)
}

/// Beside the quick page: which build `dev` serves. An open page that sees another loads itself anew.
pub(crate) const SERVED: &str = "build.json";

/// Notes which build is served; none where no `dev` runs.
pub(crate) fn note_served(project: &Project, id: Option<&str>) -> Outcome {
    let text = serde_json::json!({ "id": id }).to_string();
    write_new(&Build::Quick.dist(project).join(SERVED), text.as_bytes())
}

/// Compiles what is stale to wasm. The quick build is one call of cargo, so that what page and worker
/// share is compiled once; the shipped ones have profiles of their own and run beside each other.
fn compile(
    project: &Project,
    build: Build,
    page: Option<&page::Plan>,
    worker: Option<&worker::Plan>,
) -> Outcome {
    let (page, worker) = (page.map(|_| page::PACKAGE), worker.map(|_| worker::PACKAGE));
    if page.is_none() && worker.is_none() {
        return Ok(());
    }
    let step = Step::start(format!("compiling to wasm ({})", build.usual()));
    if build == Build::Quick {
        // Always both: for one alone cargo would choose other features of what they share, and
        // compile that again.
        cargo(project, &step, "dev", &[worker::PACKAGE, page::PACKAGE])?;
    } else {
        std::thread::scope(|scope| {
            let page = page.map(|page| {
                let step = &step;
                scope.spawn(move || cargo(project, step, page::PROFILE, &[page]))
            });
            let worker = worker.map(|worker| cargo(project, &step, worker::PROFILE, &[worker]));
            let page = page.map(|page| page.join().unwrap_or_else(|panic| resume_unwind(panic)));
            page.transpose().and(worker.transpose())
        })?;
    }
    step.done("");
    tools::build_bindgen(project)
}

fn cargo(project: &Project, step: &Step, profile: &str, packages: &[&str]) -> Outcome {
    let mut cargo = project.cargo();
    cargo.args(["build", "--target", tools::TARGET, "--profile", profile]);
    cargo.args(packages.iter().flat_map(|package| ["-p", package]));
    if profile == "dev" {
        // Reading lists is what the specs do most. Natively the rest of xtask would wait for it.
        cargo.args(["--config", "profile.dev.package.shared.opt-level=1"]);
    }
    process::run(step, &mut cargo, &project.log(&format!("wasm-{}", packages.join("-"))))
}

/// Writes the module and its JavaScript into a folder that is made anew.
pub(crate) fn bindgen(
    project: &Project,
    step: &Step,
    target: &str,
    module: &Path,
    folder: &Path,
) -> Outcome {
    remove(folder)?;
    let mut bindgen = project.command(tools::bindgen(project));
    bindgen.arg(target).arg(module).arg(folder);
    process::run(step, &mut bindgen, &project.log(&format!("bindgen-{target}")))
}

/// Removes a folder if it is there.
pub(crate) fn remove(folder: &Path) -> Outcome {
    if folder.exists() {
        std::fs::remove_dir_all(folder).explain(format!("removing {}", folder.display()))?;
    }
    Ok(())
}

/// Writes a file through another beside it: whoever reads it finds the old text or the new one.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Outcome {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
    }
    let beside = path.with_added_extension("new");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // Half a file is of no use to anyone, and the disk may be full.
        let _ = std::fs::remove_file(&beside);
    }
    written.explain(format!("writing {}", path.display()))
}

/// The digest of what a part of the build is made of.
pub(crate) fn digest(project: &Project, build: Build, inputs: &[&str]) -> Outcome<String> {
    let inputs: Vec<_> = inputs.iter().map(|path| project.at(path)).collect();
    stamp::digest(project, &inputs, &[build.name(), &tools::rustc_version()])
}

/// Held while building; the second caller waits and then finds everything fresh.
fn lock(project: &Project) -> Outcome<File> {
    let folder = project.target().join("xtask");
    std::fs::create_dir_all(&folder).explain(format!("making {}", folder.display()))?;
    let file = File::create(folder.join("build.lock")).explain("making the build's lock")?;
    file.lock().explain("waiting for another build")?;
    Ok(file)
}
