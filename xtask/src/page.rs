//! The page's build: wasm, its glue, the bundle in dist/. Owns: the order and the flags. Must
//! not know what the page shows. Invariant: dist/ holds what was built from these sources or
//! the stamp says that it is stale.

use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use crate::{docs, geo, sizes, stamp, tools};
use serde_json::Value;
use std::path::PathBuf;

/// Never `--all-features`: browsers refuse what binaryen 132 then writes. These are what rustc
/// emits for the target anyway.
const WASM_OPT: [&str; 10] = [
    "-Oz",
    // A function with one caller stays a function: to put it into its caller makes the file 2 %
    // shorter as it is and 16 % longer as it is sent, because what is alike lies apart.
    "--one-caller-inline-max-function-size=0",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    // Likeness of neighbours is what gzip lives on: 3 % less on the wire.
    "--reorder-functions-by-name",
];

/// Builds dist/ unless it is fresh; whether it did. `dev`: quick to build, not to load.
pub(crate) fn build(project: &Project, dev: bool) -> Outcome<bool> {
    let inputs = ["frontend", "shared", "Cargo.lock", "Cargo.toml", "vite.config.js"];
    let mut inputs: Vec<_> = inputs.iter().map(|path| project.at(path)).collect();
    inputs.extend([project.at("package-lock.json"), project.at(".assetsignore")]);
    let own = ["page.rs", "geo.rs", "docs.rs", "openapi.rs"];
    inputs.extend(own.map(|file| project.at("xtask/src").join(file)));
    let mode = if dev { "dev" } else { "release" };
    let digest = stamp::digest(project, &inputs, &[mode, &tools::rustc_version()])?;
    let dist = project.at("dist");
    if stamp::is_fresh(project, "page", &digest, &[dist.join("index.html"), geo::place(&dist)]) {
        return Ok(false);
    }
    stamp::clear(project, "page");
    let step = Step::start("building the page");
    compile(project, &step, dev)?;
    let initial = bundle(project, &step)?;
    geo::write(&dist)?;
    docs::write(&dist)?;
    step.done("dist/");
    if !dev {
        sizes::page(&dist, &initial)?;
    }
    // Last: what is too large is not taken for built the next time.
    stamp::write(project, "page", &digest)?;
    Ok(true)
}

fn compile(project: &Project, step: &Step, dev: bool) -> Outcome {
    let mut cargo = project.cargo();
    cargo.args(["build", "--target", tools::TARGET, "-p", "frontend"]);
    if !dev {
        cargo.args(["--profile", "page"]);
    }
    // One compiled view for many types of view: a tenth of the wasm less, and built sooner.
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("RUSTFLAGS", format!("{flags} --cfg erase_components"));
    process::run(step, &mut cargo, &project.log("page-cargo"))?;
    let profile = if dev { "debug" } else { "page" };
    let wasm = project.target().join(tools::TARGET).join(profile).join("frontend.wasm");
    let pkg = project.at("frontend/pkg");
    remove(&pkg)?;
    let mut bindgen = project.command(tools::WASM_BINDGEN.path(project));
    bindgen.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&pkg).arg(wasm);
    process::run(step, &mut bindgen, &project.log("page-bindgen"))?;
    if dev {
        return Ok(());
    }
    let glue = pkg.join("frontend_bg.wasm");
    let mut optimize = project.node();
    optimize.arg(project.npm_bin("wasm-opt")).args(WASM_OPT).arg(&glue).arg("-o").arg(&glue);
    process::run(step, &mut optimize, &project.log("page-wasm-opt"))
}

/// Runs Vite; the files that the page loads first.
fn bundle(project: &Project, step: &Step) -> Outcome<Vec<String>> {
    let mut vite = project.node();
    vite.arg(project.at("node_modules/vite/bin/vite.js")).args(["build", "--logLevel", "warn"]);
    process::run(step, &mut vite, &project.log("page-vite"))?;
    let dist = project.at("dist");
    for (from, to) in [("frontend/_headers", "_headers"), (".assetsignore", ".assetsignore")] {
        std::fs::copy(project.at(from), dist.join(to)).explain(format!("copying {from}"))?;
    }
    let manifest = dist.join(".vite/manifest.json");
    let text = std::fs::read_to_string(&manifest).explain("reading Vite's manifest")?;
    remove(&dist.join(".vite"))?;
    let manifest = serde_json::from_str(&text).explain("reading Vite's manifest")?;
    initial(&manifest).ok_or_else(|| {
        Failure::new(
            "reading Vite's manifest",
            "it names no entry index.html",
            "see vite.config.js",
        )
    })
}

/// The files that loading `index.html` brings: its script, what that imports at once, and the
/// styles and wasm of all of them. What is imported on demand is not counted.
fn initial(manifest: &Value) -> Option<Vec<String>> {
    let mut waiting = vec!["index.html".to_owned()];
    let mut seen = Vec::new();
    let mut files = Vec::new();
    while let Some(key) = waiting.pop() {
        if seen.contains(&key) {
            continue;
        }
        let chunk = manifest.get(&key)?;
        files.push(chunk.get("file")?.as_str()?.to_owned());
        for list in ["css", "assets"] {
            files.extend(strings(chunk, list));
        }
        waiting.extend(strings(chunk, "imports"));
        seen.push(key);
    }
    files.sort();
    files.dedup();
    Some(files)
}

fn strings(chunk: &Value, list: &str) -> Vec<String> {
    let items = chunk.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn remove(folder: &PathBuf) -> Outcome {
    if folder.exists() {
        std::fs::remove_dir_all(folder).explain(format!("removing {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_load_follows_imports_but_not_dynamic_ones() {
        let manifest = serde_json::json!({
            "index.html": {"file": "a.js", "css": ["a.css"], "assets": ["a.wasm"],
                "imports": ["_b.js"], "dynamicImports": ["map.js"]},
            "_b.js": {"file": "b.js", "imports": ["index.html"], "css": ["a.css"]},
            "map.js": {"file": "map.js"},
        });
        assert_eq!(initial(&manifest).unwrap(), ["a.css", "a.js", "a.wasm", "b.js"]);
    }

    #[test]
    fn the_headers_allow_no_inline_script_and_keep_hashed_files_for_good() {
        let headers = include_str!("../../frontend/_headers");
        let csp = headers.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
        assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe-inline"), "{csp}");
        assert!(csp.contains("script-src 'self' 'wasm-unsafe-eval';"), "{csp}");
        assert!(
            headers.contains("/assets/*\n  Cache-Control: public, max-age=31536000, immutable")
        );
    }
}
