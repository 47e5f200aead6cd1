//! `bundle/`: a built Roost that deploys with Node alone. Owns: what is in that folder.
//! Invariant: its wrangler.toml names nothing outside it and builds nothing.

use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::tools;
use serde_json::{Value, json};
use std::path::Path;

const README: &str = "\
# Roost, built

Everything here is built: Node 20 or newer is all it takes.

1. `npm install`
2. `npx wrangler login`
3. `npx wrangler r2 bucket create roost`
4. `npx wrangler queues create roost-snapshots`, and the same for `roost-pushes`
5. `npx wrangler queues create roost-dead-letters`
6. `npx wrangler deploy`
7. `npx wrangler secret put ADMIN_TOKEN`: a password of your own making, it signs you in
8. Optional, your keys from the X developer console: `npx wrangler secret put X_API_KEY`, and
   the same for X_API_SECRET, X_ACCESS_TOKEN, X_ACCESS_SECRET

Steps 3 to 5, 7 and 8 are needed once. Open the address that step 6 prints.
";

/// Packages that the bundle's `npx wrangler deploy` needs: wrangler, and a Node that runs it.
const PACKAGES: [&str; 2] = ["node", "wrangler"];

/// Writes bundle/ anew from what was built.
pub(crate) fn write(project: &Project) -> Outcome {
    let step = Step::start("writing the bundle");
    let to = project.at("bundle");
    if to.exists() {
        std::fs::remove_dir_all(&to).explain("removing the old bundle/")?;
    }
    std::fs::create_dir_all(to.join("worker")).explain("making bundle/")?;
    for file in ["index.js", "index_bg.wasm"] {
        copy(&project.at("worker/build").join(file), &to.join("worker").join(file))?;
    }
    copy_all(&project.at("dist"), &to.join("dist"))?;
    for licence in ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&project.at(licence), &to.join(licence))?;
    }
    let read =
        |name: &str| std::fs::read_to_string(project.at(name)).explain(format!("reading {name}"));
    let save = |name: &str, text: &str| {
        std::fs::write(to.join(name), text).explain(format!("writing {name}"))
    };
    save("wrangler.toml", &config(project, "main = \"worker/index.js\"")?)?;
    let package = package_json(&read("package.json")?)?;
    save("package.json", &format!("{package:#}\n"))?;
    save("README.md", README)?;
    step.done("bundle/");
    Ok(())
}

/// Our wrangler.toml for a folder of built files: without its `[build]` table, with this line for
/// `main`.
pub(crate) fn config(project: &Project, main: &str) -> Outcome<String> {
    let ours =
        std::fs::read_to_string(project.at("wrangler.toml")).explain("reading wrangler.toml")?;
    wrangler_toml(&ours, main)
}

fn wrangler_toml(ours: &str, main: &str) -> Outcome<String> {
    let mut text = String::new();
    let mut in_build = false;
    let mut renamed = false;
    for line in ours.lines() {
        if line.starts_with('[') {
            in_build = line.trim() == "[build]";
        }
        if in_build {
            continue;
        }
        if line.starts_with("main = ") {
            renamed = true;
            text.push_str(main);
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    if renamed {
        return Ok(text);
    }
    Err(Failure::new(
        "writing a wrangler.toml for what is built",
        "wrangler.toml has no line that begins with `main = `",
        "put it back: main = \"worker/build/index.js\"",
    ))
}

fn package_json(ours: &str) -> Outcome<Value> {
    let ours: Value = serde_json::from_str(ours).explain("reading package.json")?;
    let pinned = |name: &&str| {
        tools::pinned(&ours, name).map(|version| ((*name).to_owned(), Value::from(version)))
    };
    let packages: serde_json::Map<_, _> = PACKAGES.iter().filter_map(pinned).collect();
    if packages.len() < PACKAGES.len() {
        return Err(Failure::new(
            "writing the bundle's package.json",
            format!("package.json must pin {}", PACKAGES.join(" and ")),
            "put the missing one back",
        ));
    }
    let scripts = ours.get("allowScripts").cloned().unwrap_or(Value::Null);
    Ok(json!({
        "name": "roost-bundle",
        "private": true,
        "license": "MIT OR Apache-2.0",
        "allowScripts": scripts,
        "devDependencies": packages,
    }))
}

fn copy_all(from: &Path, to: &Path) -> Outcome {
    std::fs::create_dir_all(to).explain(format!("making {}", to.display()))?;
    for entry in std::fs::read_dir(from).explain(format!("reading {}", from.display()))? {
        let path = entry.explain(format!("reading {}", from.display()))?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() { copy_all(&path, &target)? } else { copy(&path, &target)? }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    std::fs::copy(from, to).map(drop).explain(format!("copying {}", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundles_config_builds_nothing_and_stays_inside() {
        let main = "main = \"worker/index.js\"";
        let text = wrangler_toml(include_str!("../../wrangler.toml"), main).unwrap();
        assert!(text.contains("main = \"worker/index.js\"\n"), "{text}");
        let building = text.lines().find(|l| l.starts_with("[build") || l.starts_with("command"));
        assert_eq!(building, None);
        for kept in ["[vars]", "[assets]", "[[migrations]]", "directory = \"dist\""] {
            assert!(text.contains(kept), "{kept} is missing");
        }
    }

    #[test]
    fn the_bundle_pins_what_we_pin() {
        let package = package_json(include_str!("../../package.json")).unwrap();
        assert_eq!(package["devDependencies"]["wrangler"], "4.164.0");
        assert_eq!(package["devDependencies"].as_object().unwrap().len(), 2);
    }
}
