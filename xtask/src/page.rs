//! The page's build: wasm, its glue, the bundle in dist/. Owns: the order and the flags. Must
//! not know what the page shows. Invariant: dist/ holds what was built from these sources or
//! the stamp says that it is stale.

use crate::build::{self, Build};
use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::steps::Step;
use crate::{docs, geo, sizes, stamp};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The page's document.
const INDEX: &str = "index.html";

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

/// The page's crate.
pub(crate) const PACKAGE: &str = "frontend";
/// Cargo's profile of the page that is shipped.
pub(crate) const PROFILE: &str = "page";

const INPUTS: [&str; 14] = [
    "frontend",
    "shared",
    "Cargo.lock",
    "Cargo.toml",
    ".cargo/config.toml",
    "vite.config.js",
    "package-lock.json",
    ".assetsignore",
    "xtask/bindgen",
    "xtask/src/page.rs",
    "xtask/src/build.rs",
    "xtask/src/geo.rs",
    "xtask/src/docs.rs",
    "xtask/src/openapi.rs",
];

/// A page that is to be built.
pub(crate) struct Plan {
    build: Build,
    digest: String,
}

impl Plan {
    /// Nothing if the page is up to date.
    pub(crate) fn new(project: &Project, build: Build) -> Outcome<Option<Self>> {
        let digest = build::digest(project, build, &INPUTS)?;
        let dist = build.dist(project);
        let outputs = [dist.join(INDEX), geo::place(&dist)];
        let fresh = stamp::is_fresh(project, &stamp(build), &digest, &outputs);
        Ok((!fresh).then_some(Self { build, digest }))
    }

    /// From cargo's module to dist/.
    pub(crate) fn finish(self, project: &Project) -> Outcome {
        let Self { build, digest } = self;
        let step = Step::start("bundling the page");
        let module = build.module(project, PROFILE, "frontend.wasm");
        let pkg = project.at("frontend/pkg");
        build::bindgen(project, &step, "page", &module, &pkg)?;
        if build == Build::Shipped {
            optimize(project, &step, &pkg.join("frontend_bg.wasm"))?;
        }
        let staging = project.target().join("xtask").join(format!("page-{}", build.name()));
        let initial = bundle(project, &step, build, &staging)?;
        geo::write(&staging)?;
        docs::write(&staging)?;
        if build == Build::Shipped {
            sizes::page(&staging, &initial)?;
        }
        stamp::clear(project, &stamp(build));
        place(&staging, &build.dist(project))?;
        step.done(build.name());
        stamp::write(project, &stamp(build), &digest)
    }
}

fn stamp(build: Build) -> String {
    format!("page-{}", build.name())
}

fn optimize(project: &Project, step: &Step, module: &Path) -> Outcome {
    let mut optimize = project.node();
    optimize.arg(project.npm_bin("wasm-opt")).args(WASM_OPT).arg(module).arg("-o").arg(module);
    process::run(step, &mut optimize, &project.log("page-wasm-opt"))
}

/// Runs Vite into a folder of its own; the files that the page loads first.
fn bundle(project: &Project, step: &Step, build: Build, staging: &Path) -> Outcome<Vec<String>> {
    let mut vite = project.node();
    vite.arg(project.at("node_modules/vite/bin/vite.js")).args(["build", "--logLevel", "warn"]);
    vite.arg("--emptyOutDir").arg("--outDir").arg(staging).args(["--mode", build.name()]);
    process::run(step, &mut vite, &project.log("page-vite"))?;
    for (from, to) in [("frontend/_headers", "_headers"), (".assetsignore", ".assetsignore")] {
        std::fs::copy(project.at(from), staging.join(to)).explain(format!("copying {from}"))?;
    }
    let manifest = read_json(&staging.join(".vite/manifest.json"))?;
    let shipped = read_json(&staging.join(".vite/packages.json"))?;
    hold_packages(&shipped, &read_json(&project.at("package.json"))?)?;
    build::remove(&staging.join(".vite"))?;
    initial(&manifest).ok_or_else(|| {
        Failure::new(
            "reading Vite's manifest",
            "it names no index.html, or no wasm that it loads",
            "see vite.config.js",
        )
    })
}

fn read_json(path: &Path) -> Outcome<Value> {
    let what = format!("reading {}", path.display());
    serde_json::from_str(&std::fs::read_to_string(path).explain(&what)?).explain(&what)
}

/// What ships stands under `dependencies`, so that `npm audit --omit=dev` speaks of that alone.
fn hold_packages(shipped: &Value, package: &Value) -> Outcome {
    let shipped: BTreeSet<_> =
        shipped.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let listed = package.get("dependencies").and_then(Value::as_object);
    let listed: BTreeSet<_> = listed.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if shipped == listed {
        return Ok(());
    }
    let of = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| {
        a.difference(b).copied().collect::<Vec<_>>().join(", ")
    };
    Err(Failure::new(
        "package.json: `dependencies` are not what the page ships",
        format!(
            "in the bundle alone: {}\nlisted alone: {}",
            of(&shipped, &listed),
            of(&listed, &shipped)
        ),
        "list what ships under `dependencies`, the rest under `devDependencies`; then npm install",
    ))
}

/// Makes `dist` what `staging` is: new files first, then the page that names them, and only then are
/// those removed that nothing names any more. Who loads the page meanwhile gets one whole or the other.
fn place(staging: &Path, dist: &Path) -> Outcome {
    let names = files(staging)?;
    let index = Path::new(INDEX);
    for name in names.iter().filter(|name| *name != index).map(PathBuf::as_path).chain([index]) {
        let from = staging.join(name);
        let bytes = std::fs::read(&from).explain(format!("reading {}", from.display()))?;
        let to = dist.join(name);
        if std::fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        build::write_new(&to, &bytes)?;
    }
    let others = |old: &&PathBuf| !names.contains(old) && **old != *Path::new(build::SERVED);
    for old in files(dist)?.iter().filter(others) {
        let old = dist.join(old);
        std::fs::remove_file(&old).explain(format!("removing {}", old.display()))?;
    }
    Ok(())
}

/// Every file under a folder, relative to it.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut waiting = vec![folder.to_path_buf()];
    let mut files = Vec::new();
    while let Some(next) = waiting.pop() {
        let what = format!("reading {}", next.display());
        for entry in std::fs::read_dir(&next).explain(&what)? {
            let path = entry.explain(&what)?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.extend(path.strip_prefix(folder).ok().map(Path::to_path_buf));
            }
        }
    }
    Ok(files)
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
    // Vite leaves out what it does not find in the script, and says nothing.
    files.iter().any(|file| is_wasm(file)).then_some(files)
}

fn is_wasm(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|end| end == "wasm")
}

fn strings(chunk: &Value, list: &str) -> Vec<String> {
    let items = chunk.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_what_ships() {
        let package = serde_json::json!({"dependencies": {"a": "1", "b": "2"}, "devDependencies": {"c": "3"}});
        assert!(hold_packages(&serde_json::json!(["a", "b"]), &package).is_ok());
        for (shipped, wanted) in [
            (serde_json::json!(["a"]), "listed alone: b"),
            (serde_json::json!(["a", "b", "c"]), "alone: c"),
        ] {
            let text = hold_packages(&shipped, &package).unwrap_err().to_string();
            assert!(text.contains(wanted), "{text}");
        }
    }

    #[test]
    fn a_folder_becomes_the_one_beside_it() {
        let base = std::env::temp_dir().join(format!("roost-place-{}", std::process::id()));
        let (staging, dist) = (base.join("staging"), base.join("dist"));
        let put = |folder: &Path, name: &str, text: &str| {
            build::write_new(&folder.join(name), text.as_bytes()).unwrap();
        };
        put(&dist, INDEX, "old");
        put(&dist, "assets/old.js", "old");
        put(&dist, "geo/same.bin", "same");
        for (name, text) in [(INDEX, "new"), ("assets/new.js", "new"), ("geo/same.bin", "same")] {
            put(&staging, name, text);
        }
        place(&staging, &dist).unwrap();
        let mut names = files(&dist).unwrap();
        names.sort();
        assert_eq!(names, ["assets/new.js", "geo/same.bin", "index.html"].map(PathBuf::from));
        assert_eq!(std::fs::read_to_string(dist.join(INDEX)).unwrap(), "new");
        std::fs::remove_dir_all(base).unwrap();
    }

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
