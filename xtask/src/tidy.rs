//! `cargo xtask tidy`: the house rules as a test. Owns: which files each rule reads. Invariant:
//! each complaint is `file:line: rule: what to do`, and one complaint fails the command.

mod lexer;
mod rules;

use crate::args::Args;
use crate::failure::{Explain, Failure, Outcome};
use crate::openapi;
use crate::project::Project;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "\
cargo xtask tidy

  The house rules (ARCHITECTURE.md): lengths of files and functions, direction of imports, words
  that mark unfinished work, module docs, a reason for each dependency, each setting in README.md,
  a fresh openapi.json.";

/// Folders with code of ours.
const CODE: [&str; 6] = ["shared", "worker", "frontend", "xtask", "tests", ".ci"];
/// Folders in them that are built or fetched.
const SKIPPED: [&str; 5] = ["target", "node_modules", "pkg", "build", ".wrangler"];
/// Kinds of files with words of ours in them.
const KINDS: [&str; 8] = ["rs", "ts", "js", "css", "html", "toml", "md", "sql"];

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// Counted from 1.
    line: usize,
    rule: &'static str,
    todo: String,
}

pub(crate) fn run(args: Args) -> Outcome {
    args.done()?;
    let project = Project::find()?;
    let readme = project.at("README.md");
    let readme = std::fs::read_to_string(&readme).explain("reading README.md")?;
    let mut count = 0;
    let mut files = 0;
    let mut complain = |path: &Path, complaint: &Complaint| {
        count += 1;
        let path = path.strip_prefix(project.root()).unwrap_or(path).display();
        println!("{path}:{}: {}: {}", complaint.line, complaint.rule, complaint.todo);
    };
    for file in files_of(&project)? {
        let text = std::fs::read_to_string(&file).explain(format!("reading {}", file.display()))?;
        let relative = file.strip_prefix(project.root()).unwrap_or(&file).to_string_lossy();
        files += 1;
        for complaint in rules::check(&relative, &text) {
            complain(&file, &complaint);
        }
        if relative.starts_with("worker/") {
            for complaint in rules::settings(&text, &readme) {
                complain(&file, &complaint);
            }
        }
    }
    for (path, complaint) in dependencies(&project)? {
        complain(&path, &complaint);
    }
    if !openapi::is_fresh(&project)? {
        let todo = "run `cargo xtask openapi`".to_owned();
        complain(&project.at("worker/openapi.json"), &Complaint { line: 1, rule: "stale", todo });
    }
    if count == 0 {
        println!("  {files} files keep the house rules");
        return Ok(());
    }
    let what = format!("{count} of the house rules' complaints stand above");
    Err(Failure::new("cargo xtask tidy", what, "each line says what to do"))
}

fn files_of(project: &Project) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in CODE {
        list(&project.at(folder), &mut files).explain(format!("reading {folder}"))?;
    }
    let kind = |file: &PathBuf| {
        let end = file.extension().map(|end| end.to_string_lossy().into_owned());
        end.is_some_and(|end| KINDS.contains(&end.as_str()))
    };
    files.retain(kind);
    files.sort();
    Ok(files)
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
    } else if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
                list(&entry.path(), files)?;
            }
        }
    }
    Ok(())
}

/// Dependencies that ARCHITECTURE.md gives no reason for, and reasons for what is none.
fn dependencies(project: &Project) -> Outcome<Vec<(PathBuf, Complaint)>> {
    let place = project.at("ARCHITECTURE.md");
    let reasons = std::fs::read_to_string(&place).explain("reading ARCHITECTURE.md")?;
    let manifests = [
        "",
        "shared/",
        "worker/",
        "frontend/",
        "xtask/",
        "xtask/bindgen/",
        "tests/xsim/",
        "tests/load/",
    ];
    let mut complaints = Vec::new();
    let mut all =
        std::fs::read_to_string(project.at("package.json")).explain("reading package.json")?;
    for folder in manifests {
        let path = project.at(&format!("{folder}Cargo.toml"));
        let text = std::fs::read_to_string(&path).explain(format!("reading {}", path.display()))?;
        let found = rules::dependencies(&text, &reasons);
        complaints.extend(found.into_iter().map(|complaint| (path.clone(), complaint)));
        all.push_str(&text);
    }
    let found = rules::reasons_for_nothing(&reasons, &all);
    complaints.extend(found.into_iter().map(|complaint| (place.clone(), complaint)));
    Ok(complaints)
}
