//! The worker's build. Owns: how worker-build is called. Must not know what the worker does.
//! Invariant: worker-build fetches nothing, because every tool it would fetch is named to it.

use crate::failure::Outcome;
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use crate::{sizes, stamp, tools, wasm};

/// Builds worker/build/ unless it is fresh; whether it did. `dev`: quick to build, large.
pub(crate) fn build(project: &Project, dev: bool) -> Outcome<bool> {
    let inputs = ["worker", "shared", "Cargo.lock", "Cargo.toml", "package-lock.json"];
    let mut inputs: Vec<_> = inputs.iter().map(|path| project.at(path)).collect();
    inputs.extend(["xtask/src/worker.rs", "xtask/src/wasm.rs"].map(|path| project.at(path)));
    let mode = if dev { "--dev" } else { "--release" };
    let digest = stamp::digest(project, &inputs, &[mode, &tools::rustc_version()])?;
    let folder = project.at("worker/build");
    let outputs = [folder.join("index.js"), folder.join("index_bg.wasm")];
    if stamp::is_fresh(project, "worker", &digest, &outputs) {
        return Ok(false);
    }
    stamp::clear(project, "worker");
    let step = Step::start("building the worker");
    let mut command = project.command(tools::WORKER_BUILD.path(project));
    command
        .arg(mode)
        .current_dir(project.at("worker"))
        .env("WASM_BINDGEN_BIN", tools::WASM_BINDGEN.path(project))
        .env("WASM_OPT_BIN", project.npm_bin("wasm-opt"))
        .env("ESBUILD_BIN", project.npm_bin("esbuild"));
    process::run(&step, &mut command, &project.log("worker"))?;
    step.done("worker/build/");
    if !dev {
        wasm::strip_names(&folder.join("index_bg.wasm"))?;
        sizes::worker(&folder)?;
    }
    stamp::write(project, "worker", &digest)?;
    Ok(true)
}
