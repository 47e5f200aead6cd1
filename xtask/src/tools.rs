//! What the build needs beyond cargo. Owns: which tools, which versions, and how each is
//! fetched. Invariant: nothing is fetched that is already there, and nothing outside the
//! checkout is changed but our cache folder and the toolchain's list of targets.

use crate::failure::{Explain, Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::stamp;
use crate::steps::Step;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that the worker and the page are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Node's first version that runs wrangler 4.164.
pub(crate) const NODE_FOR_WRANGLER: (u32, u32) = (22, 12);

/// Where the program is that writes the JavaScript beside a wasm module.
pub(crate) fn bindgen(project: &Project) -> PathBuf {
    project.target().join("debug/bindgen")
}

/// Builds it; cargo knows whether it has to.
pub(crate) fn build_bindgen(project: &Project) -> Outcome {
    let step = Step::start("building wasm-bindgen (usually 1 min, once)");
    let mut cargo = project.cargo();
    cargo.args(["build", "-p", "bindgen"]);
    process::run(&step, &mut cargo, &project.log("bindgen"))?;
    step.done("");
    Ok(())
}

/// Whether rustc can build for [`TARGET`].
pub(crate) fn has_target() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    process::output(&mut rustc).is_some_and(|folder| PathBuf::from(folder).is_dir())
}

/// What rustc calls itself: another compiler builds another file.
pub(crate) fn rustc_version() -> String {
    process::output(Command::new("rustc").arg("--version")).unwrap_or_default()
}

/// Adds the wasm target where it is missing.
pub(crate) fn ensure_target(project: &Project) -> Outcome {
    if has_target() {
        return Ok(());
    }
    let step = Step::start(format!("Rust target {TARGET}"));
    let mut rustup = project.command("rustup");
    rustup.args(["target", "add", TARGET]);
    process::run(&step, &mut rustup, &project.log("target")).map_err(|failure| {
        Failure::new(
            format!("the Rust target {TARGET} is missing and could not be added"),
            failure.to_string(),
            "with rustup: rustup target add wasm32-unknown-unknown\n\
             with a distribution's Rust: install its package for that target \
             (Debian: libstd-rust-dev-wasm32)",
        )
    })?;
    step.done("added");
    Ok(())
}

/// Adds clippy and rustfmt where rustup is there and they are not.
pub(crate) fn ensure_components(project: &Project) -> Outcome {
    for (component, tool) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        if process::output(project.cargo().args([tool, "--version"])).is_some() {
            continue;
        }
        let step = Step::start(format!("Rust component {component}"));
        let mut rustup = project.command("rustup");
        rustup.args(["component", "add", component]);
        process::run(&step, &mut rustup, &project.log("component"))?;
        step.done("added");
    }
    Ok(())
}

/// Runs `npm ci` unless `node_modules` is what the lock file says.
pub(crate) fn ensure_npm(project: &Project) -> Outcome {
    let lock = project.at("package-lock.json");
    let wanted = stamp::digest(project, &[lock, project.at("package.json")], &[])?;
    let mark = project.at("node_modules/.roost-lock");
    let marked = std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted);
    if marked && packages_are_there(project)? {
        return Ok(());
    }
    need_own_folder(&project.at("node_modules"))?;
    need_npm(project)?;
    let step = Step::start("npm packages (usually 20 s, once)");
    let mut npm = project.command("npm");
    // The engines of wrangler name Node 22, which is among the packages: no warning helps.
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run(&step, &mut npm, &project.log("npm"))?;
    let node = process::output(project.node().arg("--version")).unwrap_or_default();
    if version(&node) < Some(NODE_FOR_WRANGLER) {
        return Err(Failure::new(
            "npm packages: Node 22 did not arrive",
            format!("node_modules/.bin/node says `{node}`: npm did not run the package's script"),
            "npm config set ignore-scripts false, then try again; or install Node 22.12 or newer",
        ));
    }
    std::fs::write(&mark, wanted).explain(format!("writing {}", mark.display()))?;
    step.done(&format!("installed, Node {node}"));
    Ok(())
}

/// Whether every package that package.json names has its folder: some of them may have been removed.
fn packages_are_there(project: &Project) -> Outcome<bool> {
    let text =
        std::fs::read_to_string(project.at("package.json")).explain("reading package.json")?;
    let package: Value = serde_json::from_str(&text).explain("reading package.json")?;
    let lists = ["dependencies", "devDependencies"].iter().filter_map(|list| package.get(*list));
    let mut names = lists.filter_map(Value::as_object).flatten().map(|(name, _)| name);
    let folder = project.at("node_modules");
    Ok(names.all(|name| folder.join(name).join("package.json").is_file()))
}

/// npm empties the folder before it installs, also through a link: in another checkout, say.
fn need_own_folder(folder: &Path) -> Outcome {
    if !folder.is_symlink() {
        return Ok(());
    }
    let target = std::fs::read_link(folder).unwrap_or_default();
    Err(Failure::new(
        "npm packages",
        format!(
            "{} is a link to {}, whose packages are not those of package-lock.json here; npm would \
             delete them",
            folder.display(),
            target.display()
        ),
        format!("rm {}   # removes the link alone; then try again", folder.display()),
    ))
}

fn need_npm(project: &Project) -> Outcome {
    for tool in ["node", "npm"] {
        if process::output(project.command(tool).arg("--version")).is_none() {
            return Err(Failure::new(
                "npm packages",
                format!("`{tool}` is not installed"),
                "install Node 20 or newer with npm: https://nodejs.org, or your distribution's \
                 packages nodejs and npm",
            ));
        }
    }
    Ok(())
}

/// The version of a package that package.json names.
pub(crate) fn pinned<'a>(package: &'a Value, name: &str) -> Option<&'a str> {
    let listed = |list: &str| package.get(list)?.get(name)?.as_str();
    listed("dependencies").or_else(|| listed("devDependencies"))
}

/// Major and minor of `v22.23.3`, `1.95.0` or `cargo 1.95.0 (…)`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let word = text.split_whitespace().find(|word| word.contains('.'))?;
    let mut parts = word.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_tools_print() {
        for (text, wanted) in [
            ("v22.23.3", Some((22, 23))),
            ("rustc 1.95.0 (abc 2026-05-01)", Some((1, 95))),
            ("11.19.1", Some((11, 19))),
            ("", None),
            ("none", None),
        ] {
            assert_eq!(version(text), wanted, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn packages_are_not_installed_through_a_link() {
        let base = std::env::temp_dir().join(format!("roost-xtask-{}-link", std::process::id()));
        let (own, link, nowhere) = (base.join("own"), base.join("link"), base.join("nowhere"));
        std::fs::create_dir_all(&own).unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        std::os::unix::fs::symlink(base.join("gone"), &nowhere).unwrap();
        for (folder, wanted) in [
            (own.clone(), true),
            (base.join("absent"), true),
            (link.clone(), false),
            (nowhere, false),
        ] {
            assert_eq!(need_own_folder(&folder).is_ok(), wanted, "{}", folder.display());
        }
        let text = need_own_folder(&link).unwrap_err().to_string();
        assert!(text.contains(&format!("is a link to {}", own.display())), "{text}");
        assert!(text.contains(&format!("rm {}", link.display())), "{text}");
        std::fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn wasm_bindgen_and_what_writes_its_javascript_have_one_version() {
        let manifest = include_str!("../../Cargo.toml");
        let pin = |name: &str| {
            let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = ")));
            line.and_then(|line| line.split('"').nth(1)).unwrap()
        };
        assert_eq!(pin("wasm-bindgen"), pin("wasm-bindgen-cli-support"));
        assert!(pin("wasm-bindgen").starts_with('='));
        assert_eq!(pin("worker"), "=0.8.7", "compare worker/js/entry.js with its worker-build");
    }
}
