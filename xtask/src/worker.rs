//! The worker's build: one module and one script in worker/build/. Owns: the order and the flags. Must
//! not know what the worker does. Invariant: an older worker stays whole until the new one is.
//!
//! The steps are those of `worker-build` 0.8.7, the tool that comes with the crate `worker`. It has 245
//! dependencies, most of them for downloading the programs that are npm packages here: compiling it
//! took as long as compiling the worker.

use crate::build::{self, Build};
use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use crate::{sizes, stamp};
use std::path::Path;

/// The worker's crate.
pub(crate) const PACKAGE: &str = "worker-roost";
/// Cargo's profile of the worker that is shipped.
pub(crate) const PROFILE: &str = "release";

const INPUTS: [&str; 9] = [
    "worker",
    "shared",
    "Cargo.lock",
    "Cargo.toml",
    ".cargo/config.toml",
    "package-lock.json",
    "xtask/bindgen",
    "xtask/src/worker.rs",
    "xtask/src/build.rs",
];
const FILES: [&str; 2] = ["index_bg.wasm", "index.js"];

/// What rustc emits for the target anyway, and exceptions, which wasm-bindgen's glue catches. Never
/// `--all-features`: workerd refuses what binaryen 132 then writes.
const WASM_OPT: [&str; 9] = [
    "-O",
    "--reorder-functions-by-name",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
];

/// A worker that is to be built.
pub(crate) struct Plan {
    build: Build,
    digest: String,
}

impl Plan {
    /// Nothing if the worker is up to date.
    pub(crate) fn new(project: &Project, build: Build) -> Outcome<Option<Self>> {
        let digest = build::digest(project, build, &INPUTS)?;
        let folder = build.worker(project);
        let outputs = FILES.map(|file| folder.join(file));
        let fresh = stamp::is_fresh(project, &stamp(build), &digest, &outputs);
        Ok((!fresh).then_some(Self { build, digest }))
    }

    /// From cargo's module to worker/build/.
    pub(crate) fn finish(self, project: &Project) -> Outcome {
        let Self { build, digest } = self;
        let step = Step::start("bundling the worker");
        let staging = project.target().join("xtask").join(format!("worker-{}", build.name()));
        let module = build.module(project, PROFILE, "worker_roost.wasm");
        build::bindgen(project, &step, "worker", &module, &staging)?;
        import_by_evaluation(&staging.join("index.js"))?;
        if build == Build::Shipped {
            optimize(project, &step, &staging.join("index_bg.wasm"))?;
        }
        bundle(project, &step, build, &staging)?;
        stamp::clear(project, &stamp(build));
        place(&staging, &build.worker(project))?;
        step.done(build.name());
        if build == Build::Shipped {
            sizes::worker(&build.worker(project))?;
        }
        stamp::write(project, &stamp(build), &digest)
    }
}

fn stamp(build: Build) -> String {
    format!("worker-{}", build.name())
}

/// `import source` names a module without running it. Cloudflare knows such modules by a plain `import`
/// of a file that ends in .wasm.
fn import_by_evaluation(glue: &Path) -> Outcome {
    let what = format!("reading {}", glue.display());
    let text = std::fs::read_to_string(glue).explain(&what)?;
    let plain = text.replacen("import source ", "import ", 1);
    if plain == text {
        return Err(Failure::new(
            what,
            "wasm-bindgen's output has no `import source`",
            "compare xtask/src/worker.rs with the `worker-build` of the version of `worker`",
        ));
    }
    std::fs::write(glue, plain).explain(what)
}

/// Shrinks the module. Names of functions go as well: they are a tenth of it as it is sent.
fn optimize(project: &Project, step: &Step, module: &Path) -> Outcome {
    let mut optimize = project.node();
    optimize.arg(project.npm_bin("wasm-opt")).args(WASM_OPT).arg(module).arg("-o").arg(module);
    process::run(step, &mut optimize, &project.log("worker-wasm-opt"))
}

/// One script of the entry, the glue and its snippets.
fn bundle(project: &Project, step: &Step, build: Build, staging: &Path) -> Outcome {
    let entry = staging.join("entry.js");
    std::fs::copy(project.at("worker/js/entry.js"), &entry)
        .explain("copying worker/js/entry.js")?;
    let mut esbuild = project.command(project.npm_bin("esbuild"));
    esbuild.arg(&entry);
    esbuild.args(["--bundle", "--format=esm", "--log-level=warning", "--allow-overwrite"]);
    esbuild.args(["--external:./index_bg.wasm", "--external:cloudflare:*"]);
    if build == Build::Shipped {
        esbuild.arg("--minify");
    }
    esbuild.arg(format!("--outfile={}", staging.join("index.js").display()));
    process::run(step, &mut esbuild, &project.log("worker-esbuild"))
}

/// The script last: whoever watches it finds its module there.
fn place(staging: &Path, folder: &Path) -> Outcome {
    for file in FILES {
        let from = staging.join(file);
        let bytes = std::fs::read(&from).explain(format!("reading {}", from.display()))?;
        build::write_new(&folder.join(file), &bytes)?;
    }
    Ok(())
}
